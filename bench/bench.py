#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds Keg against LXC, crun, runc, bubblewrap, systemd-nspawn and the floor (floor.c), all in one run.

    bench.py [--keg BIN] [--out FOLDER] [--rounds N] [--containers N] [--only SUBJECT,...]

As root. Each round measures every subject once, in an order that changes from round to round, so that what
else the machine does hits all alike; the medians and their ratios are what counts. One rootfs and one config
text for Keg and LXC; a bridge of the bench's own. Writes FOLDER/bench.json and FOLDER/bench.svg.

    start    until init runs: the wall time of `lxc-start` (it returns then), `crun run -d`, `runc run -d`; of bwrap
             and systemd-nspawn until init's first word. Keg, LXC, nspawn and the floor make a veth on the bridge;
             crun, runc and bwrap make none, and are listed so.
    attach   a program that does nothing, run in the container (for the others: exec)
    stop     from the halt signal until all is gone
    info     lxc-info       ls   lxc-ls -f, 20 running containers       create   the busybox template
    load     common.conf with what it includes, and a config of 200 lines, by each liblxc.so.1 in a process of its own
    state    lxc_container_new, state and put of a running container, one of 50, in such a process
    run_wait attach_run_wait of a program that does nothing, in such a process; floor: the same program without a container
    memory   Pss of the process that stays for each of 50 running containers
"""
import argparse
import json
import os
import re
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent
BRIDGE = f"kb{os.getpid() % 1000000}"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Broken(Exception):
    """A subject cannot do this here; the words say why."""


def timed(*argv, env=None, ok=(0,), cwd=None):
    """Milliseconds that a command takes. Its stderr is a file: a pipe would stay open in what it leaves running. Its end
    is told by a pidfd: Python's own wait with a timeout sleeps 0.5, 1, 2, 4 ... ms in between, and so measures those."""
    with tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        p = subprocess.Popen([str(a) for a in argv], env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
        end = os.pidfd_open(p.pid)
        ended = select.select([end], [], [], 60)[0]
        took = (time.perf_counter() - began) * 1e3
        os.close(end)
        if not ended:
            p.kill()
        p.wait()
        if not ended:
            raise Broken(f"{Path(argv[0]).name}: not done after 60 s")
        if p.returncode not in ok:
            err.seek(0)
            said = err.read().decode(errors="replace").strip().splitlines()
            raise Broken(f"{Path(argv[0]).name}: exit {p.returncode}: {said[-1] if said else ''}")
    return took


class Lxc:
    """The lxc-* commands of a folder: LXC's own, or Keg's."""

    def __init__(self, name, tools, work, rootfs):
        self.name, self.tools, self.path, self.rootfs = name, Path(tools), work / name, rootfs
        self.path.mkdir()
        self.env = {"PATH": f"{tools}:{PATH}", "HOME": "/root", "TERM": "linux"}
        self.define("one")

    def define(self, name, net=True):
        (self.path / name).mkdir()
        lines = [f"lxc.rootfs.path = dir:{self.rootfs}", f"lxc.uts.name = {name}", "lxc.init.cmd = /answer sleep", "lxc.pty.max = 16",
                 "lxc.tty.max = 1", "lxc.mount.auto = proc:mixed sys:ro", "lxc.cap.drop = sys_module mac_admin mac_override sys_time"]
        lines += ["lxc.net.0.type = veth", f"lxc.net.0.link = {BRIDGE}", "lxc.net.0.flags = up"] if net else ["lxc.net.0.type = empty"]
        (self.path / name / "config").write_text("\n".join(lines) + "\n")

    def run(self, tool, *args, name="one", ok=(0,)):
        return timed(self.tools / f"lxc-{tool}", "-n", name, "-P", self.path, *args, env=self.env, ok=ok)

    def round(self):
        """{measure: milliseconds} of one life."""
        took = {"start": self.run("start", "-d")}
        try:
            time.sleep(0.02)  # init must have its handlers in place before it is told to halt
            took["attach"] = self.run("attach", "--", "/answer", "exit", "0")
            took["info"] = self.run("info")
        finally:
            took["stop"] = self.run("stop")
        return took

    def rich(self):
        """A start with 50 mounts and a policy of 500 rules: every call of this machine, and some with conditions."""
        folder = self.path / "rich"
        if not folder.exists():
            self.define("rich", net=False)
            names = re.findall(r"#define __NR_(\w+)", Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h").read_text())
            rules = [n for n in names if n != "personality"]
            rules += [f"personality allow [0,{n},SCMP_CMP_EQ]" for n in range(500 - len(rules))]
            (folder / "policy").write_text("\n".join(["2", "allowlist errno 1", *rules]) + "\n")
            with (folder / "config").open("a") as f:
                f.writelines(f"lxc.mount.entry = /etc m{n} none bind,ro,create=dir 0 0\n" for n in range(50))
                f.write(f"lxc.seccomp.profile = {folder}/policy\n")
        took = self.run("start", "-d", name="rich")
        self.run("stop", "-k", name="rich")
        return took

    def create(self, n):
        conf = self.path / "empty.conf"
        conf.write_text("lxc.net.0.type = empty\n")
        took = self.run("create", "-t", "busybox", "-f", conf, name=f"made{n}")
        self.run("destroy", name=f"made{n}")
        return took

    def fill(self, names):
        for n in names:
            self.define(n, net=False)
            self.run("start", "-d", name=n)

    def ls(self):
        return timed(self.tools / "lxc-ls", "-f", "-P", self.path, env=self.env)

    def keeper(self, name):
        p = subprocess.run([self.tools / "lxc-info", "-n", name, "-P", self.path, "-p", "-H"], env=self.env, capture_output=True, text=True)
        return int(re.search(r"^PPid:\s*(\d+)", Path(f"/proc/{int(p.stdout)}/status").read_text(), re.M)[1])

    def end(self):
        for folder in self.path.iterdir():
            if folder.is_dir():
                try:
                    self.run("stop", "-k", name=folder.name, ok=(0, 2))
                except (Broken, subprocess.TimeoutExpired) as e:
                    print(f"  {self.name}: {folder.name} is left: {e}", file=sys.stderr)


class Calls:
    """What a program pays that lives in either library (calls.c). Its config is as both load it: Debian's common.conf if
    it is there, then 200 lines of every kind."""

    def __init__(self, work):
        self.program, self.config = work / "calls", work / "load.conf"
        cc(HERE / "calls.c", self.program, f"-I{TOP / 'include'}")
        common = Path("/usr/share/lxc/config/common.conf")
        lines = [f"lxc.include = {common}"] if common.exists() else []
        for i in range(20):
            lines += [f"lxc.net.{i}.type = veth", f"lxc.net.{i}.link = br{i}", f"lxc.net.{i}.flags = up", f"lxc.net.{i}.ipv4.address = 10.0.{i}.2/24",
                      f"lxc.mount.entry = /srv/data{i} srv/data{i} none bind,create=dir 0 0", f"lxc.cgroup2.io.max.{i} = 1", f"# number {i}",
                      f"lxc.environment = NAME{i}=value {i}", "lxc.cap.drop = sys_time", ""]
        self.config.write_text("\n".join(lines) + "\n")

    def ask(self, library, *what):
        """Milliseconds of one call."""
        p = subprocess.run([str(x) for x in (self.program, library, *what)], capture_output=True, text=True, timeout=120)
        if p.returncode:
            raise Broken(p.stderr.strip().splitlines()[-1])
        return float(p.stdout.split()[0]) / 1e3


class Oci:
    """crun and runc: `run -d` of a bundle made of the same rootfs."""

    def __init__(self, tool, work, rootfs):
        self.name, self.tool, self.n = tool, shutil.which(tool, path=PATH), 0
        if not self.tool:
            raise Broken("not installed")
        self.bundle, self.state = work / f"{tool}-bundle", work / f"{tool}-state"
        self.bundle.mkdir()
        timed(self.tool, "spec", cwd=self.bundle)
        spec = json.loads((self.bundle / "config.json").read_text())
        spec["process"].update(terminal=False, args=["/answer", "sleep"], cwd="/")
        spec["root"] = {"path": str(rootfs), "readonly": False}
        spec["linux"].pop("seccomp", None)
        (self.bundle / "config.json").write_text(json.dumps(spec))
        self.round()  # it fails here or not at all

    def run(self, *args):
        return timed(self.tool, "--root", self.state, *args, cwd=self.bundle)

    def delete(self, name):
        """As soon as its init is gone; crun and runc do not wait for that."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            try:
                return self.run("delete", name)
            except Broken:
                time.sleep(0.01)
        return self.run("delete", "-f", name)

    def round(self):
        self.n += 1
        name = f"{BRIDGE}-{self.n}"
        took = {"start": self.run("run", "-d", "--bundle", self.bundle, name)}
        try:
            time.sleep(0.02)
            took["attach"] = self.run("exec", name, "/answer", "exit", "0")
        finally:
            self.run("kill", name, "KILL")
            self.delete(name)
        return took

    def end(self):
        pass


class Spoken:
    """bwrap and systemd-nspawn stay in the foreground: until init's first word."""

    def __init__(self, name, argv):
        self.name, self.argv = name, argv
        self.argv[0] = shutil.which(argv[0], path=PATH)
        if not self.argv[0]:
            raise Broken("not installed")
        self.round()

    def round(self):
        began = time.perf_counter()
        p = subprocess.Popen([*map(str, self.argv), "/answer", "print", "up", "await", "/never"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            word = p.stdout.readline()
            took = (time.perf_counter() - began) * 1e3
        finally:
            p.terminate()
            try:
                said = p.communicate(timeout=10)[1]
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, 9)
                said = p.communicate()[1]
        if b"up" not in word:
            raise Broken((said.decode(errors="replace").strip().splitlines() or ["init said nothing"])[-1])
        return {"start": took}

    def end(self):
        pass


class Floor:
    name = "floor"

    def __init__(self, work, rootfs):
        self.argv = [work / "floor", rootfs, BRIDGE]
        cc(HERE / "floor.c", self.argv[0])
        self.round()

    def round(self):
        p = subprocess.run(self.argv, capture_output=True, text=True)
        if p.returncode:
            raise Broken(p.stderr.strip())
        return {"start": int(p.stdout) / 1e3}

    def end(self):
        pass


def cc(source, to, *flags):
    subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", *flags, "-o", to, source], check=True)


def make_rootfs(work):
    """busybox and the init that answers (tests/answer.c)."""
    root = work / "rootfs"
    for d in ("bin", "dev", "etc", "proc", "root", "sys", "tmp", "usr", "var", "run"):
        (root / d).mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), root / "bin/busybox")
    for name in ("sh", "true"):
        (root / "bin" / name).symlink_to("busybox")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/os-release").write_text("ID=bench\n")  # systemd-nspawn asks for it
    cc(TOP / "tests/answer.c", root / "answer", "-static")
    return root


def pss(pid):
    return int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("Pss:")[1].split()[0])


class Bench:
    def __init__(self, args, work):
        self.args, self.work, self.rootfs = args, work, make_rootfs(work)
        self.subjects, self.why_not, self.took, self.memory = {}, {}, {}, {}

    def subject(self, name, make):
        if self.args.only and name not in self.args.only:
            return
        try:
            self.subjects[name] = make()
        except (Broken, OSError, subprocess.SubprocessError) as e:
            self.why_not[name] = str(e)

    def find_subjects(self):
        w, r = self.work, self.rootfs
        keg, lxc = self.args.keg, Path("/usr/bin")
        self.subject("floor", lambda: Floor(w, r))
        if keg and (keg / "lxc-start").exists():
            self.subject("keg", lambda: Lxc("keg", keg, w, r))
        else:
            self.why_not["keg"] = f"no commands in {keg}"
        if (lxc / "lxc-start").exists():
            self.subject("lxc", lambda: Lxc("lxc", lxc, w, r))
        else:
            self.why_not["lxc"] = "not installed"
        self.subject("crun", lambda: Oci("crun", w, r))
        self.subject("runc", lambda: Oci("runc", w, r))
        self.subject("bwrap", lambda: Spoken("bwrap", ["bwrap", "--die-with-parent", "--unshare-all", "--bind", r, "/", "--proc", "/proc", "--dev", "/dev"]))
        self.subject("nspawn", lambda: Spoken("nspawn", ["systemd-nspawn", "-q", "--register=no", "--keep-unit", "--console=pipe",
                                                         "-D", r, f"--network-bridge={BRIDGE}"]))

    def measure(self, name, do):
        """do() gives {measure: ms}; a subject that breaks is out of the run, with its reason."""
        try:
            for what, ms in do().items():
                self.took.setdefault(what, {}).setdefault(name, []).append(ms)
        except (Broken, OSError, subprocess.SubprocessError, ValueError) as e:
            self.why_not[name] = str(e)
            self.subjects.pop(name).end()

    def rounds(self):
        for n in range(self.args.rounds + 2):
            if n == 2:  # the first two warm the caches
                self.took.clear()
            names = list(self.subjects)
            for name in names[n % len(names):] + names[:n % len(names)]:
                self.measure(name, self.subjects[name].round)
            progress(f"round {n + 1} of {self.args.rounds + 2}")

    def managers(self):
        return [(n, s) for n, s in list(self.subjects.items()) if isinstance(s, Lxc)]

    def call(self, what, rounds, words):
        """Not by measure(): what one library cannot do is no reason to leave its commands out. words(subject): of calls.c; None: not of
        that subject."""
        libraries = {"keg": self.args.keg.parent / "lib/liblxc.so.1", "lxc": "liblxc.so.1", "floor": "liblxc.so.1"}
        for n in range(rounds):
            for name in ("keg", "floor", "lxc") if n % 2 else ("lxc", "floor", "keg"):
                if name not in self.subjects or not words(self.subjects[name]):
                    continue
                try:
                    ms = self.calls.ask(libraries[name], *words(self.subjects[name]))
                    self.took.setdefault(what, {}).setdefault(name, []).append(ms)
                except (Broken, OSError, subprocess.SubprocessError) as e:
                    self.why_not[f"{what} by {name}"] = str(e)
            progress(f"{what} {n + 1} of {rounds}")

    def library(self):
        """Behind commands(), whose containers run still."""
        self.calls = Calls(self.work)
        self.call("load", self.args.rounds, lambda s: None if s.name == "floor" else ("load", self.calls.config))
        self.call("state", 6, lambda s: None if s.name == "floor" else ("state", s.path, "c"))
        self.call("run_wait", 6, lambda s: ("run", self.rootfs / "bin/true", 100) if s.name == "floor" else ("attach", s.path, "c00", 100))

    def commands(self):
        for n in range(10):
            for name, s in self.managers():
                self.measure(name, lambda s=s, n=n: {"create": s.create(n)})
        for n in range(self.args.rounds):
            for name, s in self.managers()[::-1 if n % 2 else 1]:
                self.measure(name, lambda s=s: {"rich": s.rich()})
            progress(f"rich start {n + 1} of {self.args.rounds}")
        names = [f"c{i:02}" for i in range(self.args.containers)]
        for name, s in self.managers():
            self.measure(name, lambda s=s: s.fill(names[:20]) or {})
        for n in range(self.args.rounds):
            for name, s in self.managers():
                self.measure(name, lambda s=s: {"ls": s.ls()})
            progress(f"ls {n + 1} of {self.args.rounds}")
        for name, s in self.managers():
            self.measure(name, lambda s=s: s.fill(names[20:]) or {})
        time.sleep(1)
        for name, s in self.managers():
            self.memory[name] = [pss(s.keeper(n)) for n in names]
            progress(f"memory of {name}")

    def end(self):
        for s in self.subjects.values():
            s.end()


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


# --- what came of it --------------------------------------------------------------------------------------

def summary(bench):
    medians = {what: {n: statistics.median(v) for n, v in by.items()} for what, by in bench.took.items()}
    kib = {n: statistics.mean(v) for n, v in bench.memory.items()}
    return {"rounds": bench.args.rounds, "containers": bench.args.containers, "kernel": os.uname().release, "cpus": os.cpu_count(),
            "median_ms": medians, "pss_kib": kib, "not_measured": bench.why_not,
            "quartiles_ms": {w: {n: statistics.quantiles(v, n=4) for n, v in by.items() if len(v) > 1} for w, by in bench.took.items()}}


def aims(s):
    """(what is aimed at, what was measured, reached)."""
    ms, kib = s["median_ms"], s["pss_kib"]

    def ratio(what, a, b):
        return ms[what][a] / ms[what][b] if a in ms.get(what, {}) and b in ms.get(what, {}) else None

    rows = [("start at most 1.5 times the floor", ratio("start", "keg", "floor"), lambda x: x <= 1.5),
            ("start at least 2.5 times faster than LXC", ratio("start", "lxc", "keg"), lambda x: x >= 2.5)]
    plain = ratio("start", "lxc", "keg")
    rows += [("start with 50 mounts and 500 rules faster than LXC by the plain start's ratio", ratio("rich", "lxc", "keg"), lambda x: x >= (plain or 1))]
    rows += [(f"{w} at least 3 times faster than LXC", ratio(w, "lxc", "keg"), lambda x: x >= 3) for w in ("attach", "info", "ls", "load", "run_wait")]
    rows += [("state of a running container by the library at least 10 times faster", ratio("state", "lxc", "keg"), lambda x: x >= 10)]
    rows += [("Pss of a keeper at most 128 KiB", kib.get("keg"), lambda x: x <= 128),
             ("Pss at most a third of LXC's", kib["keg"] / kib["lxc"] if {"keg", "lxc"} <= set(kib) else None, lambda x: x <= 1 / 3)]
    return [(text, x, x is not None and reached(x)) for text, x, reached in rows]


NO_VETH = {"crun", "runc", "bwrap"}


def table(s):
    names = [n for n in ("floor", "keg", "lxc", "crun", "runc", "bwrap", "nspawn") if any(n in by for by in s["median_ms"].values())]
    out = [f"{'median, ms':<12}" + "".join(f"{n + ('*' if n in NO_VETH else ''):>10}" for n in names) + f"{'lxc/keg':>10}"]
    for what in ("start", "attach", "stop", "info", "ls", "create", "rich", "load", "state", "run_wait"):
        by = s["median_ms"].get(what, {})
        ratio = f"{by['lxc'] / by['keg']:>9.1f}x" if {"lxc", "keg"} <= set(by) else ""
        out.append(f"{what:<12}" + "".join(f"{by[n]:>10.{2 if by[n] >= 1 else 3}f}" if n in by else f"{'-':>10}" for n in names) + ratio)
    out.append(f"{'Pss, KiB':<12}" + "".join(f"{s['pss_kib'][n]:>10.0f}" if n in s["pss_kib"] else f"{'-':>10}" for n in names))
    out.append(f"* makes no network device. {s['rounds']} rounds, kernel {s['kernel']}, {s['cpus']} cpus")
    out += [f"not measured: {n}: {why}" for n, why in s["not_measured"].items()]
    out += [f"{'reached ' if ok else 'MISSED  ' if x is not None else 'unknown '} {text}" + (f" ({x:.2f})" if x is not None else "")
            for text, x, ok in aims(s)]
    return "\n".join(out)


COLOURS = {"floor": "#9aa0a6", "keg": "#1a73e8", "lxc": "#e8710a", "crun": "#34a853", "runc": "#a142f4", "bwrap": "#d93025", "nspawn": "#795548"}


def svg(s):
    """One group of bars for each measure; each group has its own scale."""
    groups = [(f"{w}, ms", s["median_ms"][w]) for w in ("start", "attach", "stop", "info", "ls", "create", "rich", "load", "state", "run_wait") if w in s["median_ms"]]
    if s["pss_kib"]:
        groups.append(("Pss of the keeper, KiB", s["pss_kib"]))
    y, rows = 10, []
    for title, by in groups:
        rows.append(f'<text x="10" y="{y + 14}" font-weight="bold">{title}</text>')
        y += 22
        for name, value in sorted(by.items(), key=lambda x: x[1]):
            width = 420 * value / max(by.values())
            label = name + (" (no veth)" if name in NO_VETH and title.startswith("start") else "")
            rows.append(f'<text x="110" y="{y + 13}" text-anchor="end">{label}</text>'
                        f'<rect x="118" y="{y}" width="{width:.1f}" height="17" fill="{COLOURS.get(name, "#888")}"/>'
                        f'<text x="{124 + width:.1f}" y="{y + 13}">{value:.{1 if value < 100 else 0}f}</text>')
            y += 21
        y += 10
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="620" height="{y}" font-family="sans-serif" font-size="13">'
            f'<rect width="100%" height="100%" fill="white"/>' + "\n".join(rows) + "</svg>\n")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--keg", type=lambda p: Path(p).resolve(), default=TOP / "build/bin")
    ap.add_argument("--out", type=Path, default=TOP / "build")
    ap.add_argument("--rounds", type=int, default=50)
    ap.add_argument("--containers", type=int, default=50)
    ap.add_argument("--only", type=lambda s: s.split(","))
    args = ap.parse_args()
    if os.geteuid():
        sys.exit("bench.py: run as root")
    os.environ["PATH"] = PATH
    work = Path(tempfile.mkdtemp(prefix="keg-bench-"))
    work.chmod(0o755)
    subprocess.run(["ip", "link", "add", BRIDGE, "type", "bridge"], check=True)
    subprocess.run(["ip", "link", "set", BRIDGE, "up"], check=True)
    bench = None
    try:
        bench = Bench(args, work)
        bench.find_subjects()
        bench.rounds()
        bench.commands()
        bench.library()
        progress("")
        s = summary(bench)
        args.out.mkdir(exist_ok=True)
        (args.out / "bench.json").write_text(json.dumps(s, indent=1) + "\n")
        (args.out / "bench.svg").write_text(svg(s))
        print(table(s))
    finally:
        if bench:
            bench.end()
        subprocess.run(["ip", "link", "del", BRIDGE])
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
