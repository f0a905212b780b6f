#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many containers: what listing and watching them takes, of Keg and of LXC in one run; and a copy of a large rootfs.

    many.py [--keg BIN] [--out FOLDER] [--rounds N] [--defined N] [--running N] [--watched N] [--copied MIB]

As root; writes FOLDER/many.json.
    ls, ls -f     lxc-ls of all that are defined, of which some run
    state         lxc_container_new, state and put of each of them, by the library, for one
    top           lxc-top -b and keg top's screen at 3 seconds: their part of one core while so many run
    copy          lxc-copy of a rootfs of that size beside cp -a of it; on this file system, and on xfs, which shares the blocks
Then what strace -f sees of ls -f: forks and setns (none).
"""
import argparse
import fcntl
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

from bench import PATH, TOP, Broken, Calls, Lxc, make_rootfs, progress, timed

TICK = os.sysconf("SC_CLK_TCK")


def define(manager, defined, running):
    for i in range(defined):
        manager.define(f"c{i:04}", net=False)
    for i in range(running):
        manager.run("start", "-d", name=f"c{i:04}")
        progress(f"{manager.name}: {i + 1} of {running} run")


def paired(rounds, subjects, do):
    """{name: median of do(subject)}, in an order that changes from round to round."""
    took = {}
    for n in range(rounds + 1):
        for s in subjects[::-1 if n % 2 else 1]:
            ms = do(s)
            if n:  # the first warms
                took.setdefault(s.name, []).append(ms)
    return {name: statistics.median(v) for name, v in took.items()}


def library_of(args, s):
    return args.keg.parent / "lib/liblxc.so.1" if s.name == "keg" else "liblxc.so.1"


def drain(master):
    try:
        while os.read(master, 65536):
            pass
    except OSError:  # nobody has the other end any more
        os.close(master)


def watched(keg, *argv, seconds=30):
    """The part of a core that one of its programs takes on a terminal of 200 columns, in percent."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    threading.Thread(target=drain, args=(master,), daemon=True).start()
    p = subprocess.Popen([keg.tools / argv[0], *argv[1:], "-P", keg.path], env=keg.env, stdin=slave, stdout=slave)
    os.close(slave)
    try:
        time.sleep(2)
        stat = Path(f"/proc/{p.pid}/stat")
        used = lambda: sum(map(int, stat.read_text().rsplit(")", 1)[1].split()[11:13]))  # noqa: E731
        before, began = used(), time.monotonic()
        time.sleep(seconds)
        return (used() - before) / TICK / (time.monotonic() - began) * 100
    finally:
        p.kill()
        p.wait()


def calls_of_ls(keg):
    """How often strace sees lxc-ls -f fork or enter a namespace; None: there is no strace."""
    with tempfile.NamedTemporaryFile() as log:
        try:
            timed("strace", "-f", "-o", log.name, "-e", "trace=clone,clone3,fork,vfork,setns", keg.tools / "lxc-ls", "-f", "-P", keg.path, env=keg.env)
        except (Broken, OSError):
            return None
        return sum("(" in line and "exited" not in line for line in Path(log.name).read_text().splitlines())


def fill(rootfs, mib):
    """Files of 4 MiB, and a thousand small ones."""
    rootfs.mkdir(parents=True)
    for i in range(mib // 4):
        (rootfs / f"large{i}").write_bytes(os.urandom(4 << 20))
    for i in range(1000):
        (rootfs / f"small{i}").write_text("small\n")


def copies(keg, folder, mib):
    """Milliseconds of lxc-copy and of cp -a, each twice in turn, of which the smaller counts; what is written is flushed before."""
    home = folder / "copies"
    fill(home / "big/rootfs", mib)
    (home / "big/config").write_text(f"lxc.rootfs.path = dir:{home}/big/rootfs\nlxc.uts.name = big\nlxc.net.0.type = empty\n")
    took = {"keg": [], "cp": []}
    for n in range(2):
        os.sync()
        took["keg"].append(timed(keg.tools / "lxc-copy", "-P", home, "-n", "big", "-N", f"copy{n}", env=keg.env))
        os.sync()
        took["cp"].append(timed("cp", "-a", home / "big/rootfs", home / f"cp{n}"))
    timed("rm", "-rf", home)
    return {who: min(ms) for who, ms in took.items()}


def on_xfs(work, mib, do):
    image, at = work / "xfs", work / "on-xfs"
    with image.open("wb") as f:
        f.truncate((mib * 5 + 512) << 20)
    at.mkdir()
    timed("mkfs.xfs", "-q", image)
    timed("mount", "-o", "loop", image, at)
    try:
        return do(at)
    finally:
        timed("umount", at)


def measure(args, work):
    rootfs, calls = make_rootfs(work), Calls(work)
    subjects = [Lxc(name, tools, work, rootfs) for name, tools in (("keg", args.keg), ("lxc", Path("/usr/bin"))) if (tools / "lxc-ls").exists()]
    keg = subjects[0]
    found = {"defined": args.defined, "running": args.running, "watched": args.watched, "copied_mib": args.copied, "kernel": os.uname().release}
    try:
        for s in subjects:
            define(s, args.defined, args.running)
        rows = {
            "ls": lambda s: timed(s.tools / "lxc-ls", "-P", s.path, env=s.env),
            "ls -f": lambda s: timed(s.tools / "lxc-ls", "-f", "-P", s.path, env=s.env),
            "state": lambda s: calls.ask(library_of(args, s), "state", s.path, "c") * args.defined,
        }
        for what, do in rows.items():
            progress(what)
            found[what] = paired(args.rounds if what != "state" else 4, subjects, do)
        found["calls of ls -f"] = calls_of_ls(keg)
        for s in subjects[1:]:
            s.end()
        for i in range(args.running, args.watched):
            keg.run("start", "-d", name=f"c{i:04}")
            progress(f"keg: {i + 1} of {args.watched} run")
        progress("top")
        found["top"] = watched(keg, "lxc-top", "-b", "-d", "3")
        found["top, screen"] = watched(keg, "keg", "top", "-d", "3")
    finally:
        for s in subjects:
            s.end()
    progress("copy")
    found["copy"] = copies(keg, work, args.copied)
    try:
        found["copy on xfs"] = on_xfs(work, args.copied, lambda at: copies(keg, at, args.copied))
    except (Broken, OSError) as e:
        found["not measured"] = f"copy on xfs: {e}"
    return found


def table(f):
    out = [f"{f['defined']} containers, of which {f['running']} run; kernel {f['kernel']}", f"{'median, ms':<14}{'keg':>10}{'lxc':>10}{'lxc/keg':>10}"]
    for what in ("ls", "ls -f", "state"):
        by = f[what]
        ratio = f"{by['lxc'] / by['keg']:>9.1f}x" if "lxc" in by else ""
        out.append(f"{what:<14}" + "".join(f"{by[n]:>10.2f}" if n in by else f"{'-':>10}" for n in ("keg", "lxc")) + ratio)
    out.append(f"ls -f forks or enters a namespace {f['calls of ls -f']} times; of {f['watched']}: lxc-top -b {f['top']:.2f} % of a core, keg top "
               f"{f['top, screen']:.2f} %")
    for what in ("copy", "copy on xfs"):
        if what in f:
            out.append(f"{what} of {f['copied_mib']} MiB: {f[what]['keg']:.0f} ms, cp -a {f[what]['cp']:.0f} ms")
    return "\n".join(out + [f[w] for w in ("not measured",) if w in f])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--keg", type=lambda p: Path(p).resolve(), default=TOP / "build/bin")
    ap.add_argument("--out", type=Path, default=TOP / "build")
    ap.add_argument("--rounds", type=int, default=15)
    ap.add_argument("--defined", type=int, default=1000)
    ap.add_argument("--running", type=int, default=100)
    ap.add_argument("--watched", type=int, default=500)
    ap.add_argument("--copied", type=int, default=1024, help="MiB")
    args = ap.parse_args()
    if os.geteuid():
        sys.exit("many.py: run as root")
    os.environ["PATH"] = PATH
    work = Path(tempfile.mkdtemp(prefix="keg-many-", dir="/var/tmp"))
    work.chmod(0o755)
    try:
        found = measure(args, work)
        progress("")
        (args.out / "many.json").write_text(json.dumps(found, indent=1) + "\n")
        print(table(found))
    finally:
        timed("rm", "-rf", work)


if __name__ == "__main__":
    main()
