# SPDX-License-Identifier: MIT
"""The commands under test, containers, and the host as a set of lines. conftest.py makes fixtures of them.

    KEG_BIN                 the folder of the commands (default: build/bin). /usr/bin holds LXC's own against the tests
    KEG_SLOW                a factor for every deadline
    KEG_SHARED_HOST         others work on this machine: only what carries the tests' own mark is compared
"""
import fcntl
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
from collections import namedtuple
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("KEG_BIN", TOP / "build/bin")).resolve()
SLOW = float(os.environ.get("KEG_SLOW", "1"))
IS_LXC = BIN == Path("/usr/bin")
MARK = f"kt{os.getpid()}"  # begins every name that the tests give, and is in every lxcpath


def needs(there, reason):
    if not there:
        pytest.skip(reason)


# --- the commands -----------------------------------------------------------------------------------------

class Result(namedtuple("Result", "rc out err argv")):
    def ok(self):
        assert self.rc == 0, f"{' '.join(self.argv)}: exit {self.rc}\n{self.out}{self.err}"
        return self

    def fails(self, rc=1):
        assert self.rc == rc, f"{' '.join(self.argv)}: exit {self.rc} in place of {rc}\n{self.out}{self.err}"
        return self


class Keg:
    """Runs a command of BIN to its end, or to its deadline."""

    def environ(self, extra=None):
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        keep = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS") or k in ("LD_LIBRARY_PATH", "KEG_LIBEXEC", "KEG_SLOW")}
        return {"PATH": f"{BIN}:{path}", "HOME": "/root", "LANG": "C.UTF-8", "TERM": "linux", **keep, **(extra or {})}

    def start(self, *argv, env=None, under=(), **how):
        argv = [*map(str, under), str(BIN / argv[0]), *map(str, argv[1:])]
        return subprocess.Popen(argv, env=self.environ(env), **{"stdin": subprocess.DEVNULL, "start_new_session": True, **how})

    def run(self, *argv, timeout=20, input=None, env=None, text=True, under=(), commands=BIN, **how):
        argv = [*map(str, under), str(commands / argv[0]), *map(str, argv[1:])]
        how.setdefault("stdin", subprocess.DEVNULL if input is None else subprocess.PIPE)
        p = subprocess.Popen(argv, env=self.environ(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=text,
                             errors="replace" if text else None, start_new_session=True, **how)
        try:
            out, err = p.communicate(input, timeout * SLOW)
        except subprocess.TimeoutExpired:
            p.kill()  # a daemon that still holds the pipes must not hold the test
            for f in (p.stdout, p.stderr):
                f.close()
            pytest.fail(f"{' '.join(argv)}: not done after {timeout} s")
        return Result(p.returncode, out, err, argv)


def for_others(folder):
    """A copy of the commands in the folder, for users who may not pass a checkout below /root."""
    for part in ("bin", "libexec"):
        shutil.copytree(BIN.parent / part, folder / part, symlinks=True, ignore=shutil.ignore_patterns("*.p", "meson*"))
    return folder / "bin"


def wait_for(question, what, timeout=10.0):
    """Asks until the answer is true; returns it."""
    end = time.monotonic() + timeout * SLOW
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            pytest.fail(f"not within {timeout} s: {what}")
        time.sleep(0.01)


# --- containers -------------------------------------------------------------------------------------------

class Container:
    def __init__(self, keg, lxcpath, name):
        self.keg, self.lxcpath, self.name = keg, lxcpath, name
        self.dir = lxcpath / name
        self.rootfs, self.config = self.dir / "rootfs", self.dir / "config"

    def run(self, tool, *args, **how):
        return self.keg.run(tool, "-n", self.name, "-P", self.lxcpath, *args, **how)

    def popen(self, tool, *args, **how):
        return self.keg.start(tool, "-n", self.name, "-P", self.lxcpath, *args, **how)

    def add(self, *lines):
        with self.config.open("a") as f:
            f.write("".join(line + "\n" for line in lines))

    def up(self, *args, **how):
        """Starts it; returns when its init answers."""
        (self.rootfs / "ready").unlink(missing_ok=True)
        self.run("lxc-start", *args, **how).ok()
        if not args:
            wait_for((self.rootfs / "ready").exists, f"{self.name}: /ready")
        return self

    def state(self):
        return self.run("lxc-info", "-s", "-H").ok().out.strip()

    def runs_anew(self, first):
        """Another init than that pid's; between two there is none."""
        return self.state() == "RUNNING" and self.run("lxc-info", "-p", "-H").out not in ("", f"{first}\n")

    def pid(self):
        return int(self.run("lxc-info", "-p", "-H").ok().out)

    def attach(self, *argv, options=(), **how):
        return self.run("lxc-attach", *options, "--", *argv, **how)

    def stopped(self, timeout=10):
        wait_for(lambda: self.state() == "STOPPED", f"{self.name} is stopped", timeout)

    def keeper(self):
        """The pid of the process that owns it: the parent of its init."""
        return int(re.search(r"^PPid:\s*(\d+)", Path(f"/proc/{self.pid()}/status").read_text(), re.M)[1])

    def kill(self):
        if self.config.exists():
            self.run("lxc-stop", "-k", timeout=30)


def leave(folder):
    """Removes the folder, and what a failed test left mounted in it."""
    at = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for m in reversed([m for m in at if m.startswith(f"{folder}/")]):
        subprocess.run(["umount", "-l", m])
    shutil.rmtree(folder, ignore_errors=True)


# A /sys of the new network namespace's own, with the cgroups where they were; and a place for leases.
OWN_NET = """
    mount -t tmpfs none /run && mkdir /run/cgroup && mount --rbind /sys/fs/cgroup /run/cgroup && umount -R -l /sys &&
    mount -t sysfs none /sys && mount --rbind /run/cgroup /sys/fs/cgroup && umount -R /run/cgroup && rmdir /run/cgroup &&
    mount -t tmpfs none /var/lib/misc && ip link set lo up || exit 99
"""


def in_own_net(keg, script, timeout=30, under=()):
    """A shell script in a network and mount namespace of its own, with our commands on its PATH and an empty /run."""
    p = subprocess.Popen([*under, "unshare", "-n", "-m", "--propagation", "private", "sh", "-c", OWN_NET + script], env=keg.environ(),
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        out, err = p.communicate(timeout=timeout * SLOW)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGTERM)
        pytest.fail(f"not done after {timeout} s:\n{script}")
    return subprocess.CompletedProcess(script, p.returncode, out, err)


class Terminal:
    """Runs a command of a container on a terminal of its own."""

    def __init__(self, container, *argv, columns=80):
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        tool, *args = argv
        self.process = container.popen(tool, *args, stdin=slave, stdout=slave, stderr=slave,
                                       preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.seen = ""

    def read(self, wait):
        """More of what is shown; False at the end."""
        if not select.select([self.master], [], [], wait)[0]:
            return True
        try:
            more = os.read(self.master, 65536)
        except OSError:  # EIO: nobody has the terminal open any more
            return False
        self.seen += more.decode(errors="replace")
        return bool(more)

    def expect(self, text, timeout=10.0):
        """Reads until the text was shown; what follows it is kept for the next one."""
        end = time.monotonic() + timeout * SLOW
        while text not in self.seen:
            more = self.read(0.1)
            if text not in self.seen and (not more or time.monotonic() > end):
                pytest.fail(f"not shown: {text!r}; shown was:\n{self.seen}")
        self.seen = self.seen.split(text, 1)[1]

    def whole(self, timeout=10.0):
        """All that is shown, to the end."""
        end = time.monotonic() + timeout * SLOW
        while self.read(0.1):
            if time.monotonic() > end:
                pytest.fail(f"not done after {timeout} s; shown was:\n{self.seen}")
        return self.seen

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self, timeout=10):
        return self.process.wait(timeout * SLOW)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()  # lxc-start in the foreground is a keeper, which clears up behind itself
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


# --- the host ---------------------------------------------------------------------------------------------

SHARED = bool(os.environ.get("KEG_SHARED_HOST"))
OURS = re.compile(r"^(keg|answer$|answer-child$|lxc-)")


def cgroups():
    """Every cgroup of every hierarchy, but those of whatever runs this machine's commands."""
    for mount in {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup" in line}:
        for at, folders, _ in os.walk(mount):
            folders[:] = [f for f in folders if f != "process_api" and not f.endswith((".slice", ".scope", ".service"))]
            for f in folders:
                if not (IS_LXC and f == "lxc.pivot"):
                    yield f"{at}/{f}"


def processes():
    for p in Path("/proc").iterdir():
        if not p.name.isdigit():
            continue
        try:
            comm, exe = (p / "comm").read_text().strip(), os.readlink(p / "exe")
            line = (p / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if OURS.match(comm) or exe.startswith(f"{BIN.parent}/") and not IS_LXC or exe.endswith("/answer"):
            yield f"process {p.name} {comm}: {line}"


def files():
    yield from filter(os.path.exists, ("/run/keg",))
    for top in ("/run/keg", "/run/lxc", "/var/lib/lxc", "/etc/lxc"):
        if IS_LXC and top == "/run/lxc":
            continue
        for at, folders, names in os.walk(top):
            yield from (f"{at}/{f}" for f in folders + names)


def nft():
    if not shutil.which("nft", path="/usr/sbin:/usr/bin:/sbin"):
        return []
    out = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin"}).stdout
    return [f"nft {n}: {re.sub(r'packets [0-9]+ bytes [0-9]+', '', line)}" for n, line in enumerate(out.splitlines())]


def look():
    """The host as a set of lines."""
    found = {f"cgroup {c}" for c in cgroups()} | set(processes()) | {f"file {f}" for f in files()}
    found |= {f"mount {line.split()[4]}" for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    found |= {f"loop {p.name} {p.joinpath('loop/backing_file').read_text().strip()}"
              for p in Path("/sys/block").glob("loop*") if p.joinpath("loop/backing_file").exists()}
    if SHARED:
        return {x for x in found if MARK in x}
    return found | {f"link {p.name}" for p in Path("/sys/class/net").iterdir()} | set(nft())


def difference(before):
    now = look()
    return sorted(f"  left    {x}" for x in now - before) + sorted(f"  missing {x}" for x in before - now)


# --- processes --------------------------------------------------------------------------------------------

def process_state(pid):
    """Its letter of proc(5); None: there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return None


def gone(pid):
    """The process is dead, reaped or not."""
    return process_state(pid) in (None, "Z")


def kill(pid, sig=signal.SIGKILL):
    """By a pidfd that is held against the number's reuse."""
    fd = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(fd, sig)
    finally:
        os.close(fd)


def idle_kib(pid):
    """Its part of the memory where fifty run alike, which share their program's own pages."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {m[1]: int(m[2]) for m in re.finditer(r"^(\w+):\s+(\d+) kB", rollup, re.M)}
    return kib["Private_Dirty"] + (kib["Rss"] - kib["Private_Dirty"]) / 50
