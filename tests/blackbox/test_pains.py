# SPDX-License-Identifier: MIT
"""What has hurt users of containers most, where no other file has the test (doc/TESTING.md: which number is shown where).
Short in `make check`; whole, as it was described, by `make pains` (KEG_WHOLE).
"""
import os
import re
import resource
import signal
import statistics
import subprocess
import time
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, MARK, SLOW, Terminal, cgroups, gone, idle_kib, kill, needs, process_state, wait_for
from test_adopt import QUIET

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
WHOLE = bool(os.environ.get("KEG_WHOLE"))


# --- 4: a monitor that is stuck ----------------------------------------------------------------------------

def memory_cgroup():
    """A cgroup of the test's own in which nothing more can be had, and the file that says how much: v2 throttles and reclaims
    again and again, v1, told not to kill, lets wait."""
    v1, v2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
    if (v2 / "cgroup.subtree_control").exists() and "memory" in (v2 / "cgroup.subtree_control").read_text():
        return v2 / f"{MARK}-thrash", "memory.high"
    needs(v1.is_dir(), "this kernel has no memory controller")
    return v1 / f"{MARK}-thrash", "memory.limit_in_bytes"


@pytest.fixture
def thrash():
    at, limit = memory_cgroup()
    at.mkdir()
    (at / limit).write_text("4096\n")
    if limit != "memory.high":
        (at / "memory.oom_control").write_text("1\n")

    def take(pid):
        (at / "cgroup.procs").write_text(f"{pid}\n")
    yield take
    (at / limit).write_text("max\n" if limit == "memory.high" else "-1\n")
    for pid in (at / "cgroup.procs").read_text().split():
        (at.parent / "cgroup.procs").write_text(pid)
    at.rmdir()


@pytest.mark.parametrize("stuck", ["stopped", "thrashing"])
def test_no_tool_waits_for_a_monitor_that_is_stuck(container, keg, request, stuck):
    """What does not need it answers; what does, does so, or says that it does not answer, by an exit code of its own."""
    c = container("lxc.cgroup2.pids.max = 100", "lxc.tty.max = 1", "lxc.pty.max = 16", "lxc.console.buffer.size = 4096").up()
    other = container("lxc.cgroup2.pids.max = 100").up()
    k = c.keeper()
    if stuck == "stopped":
        kill(k, signal.SIGSTOP)
    else:
        request.getfixturevalue("thrash")(k)

    def within_5_s(tool, *args, **how):
        begin = time.monotonic()
        r = keg.run(tool, "-P", c.lxcpath, *args, timeout=20, **how)
        assert time.monotonic() - begin < 5 * max(1, SLOW / 2), (tool, args)
        return r
    try:
        for tool, args in QUIET.items():
            assert within_5_s(tool, "-n", c.name, *args).ok().err == ""
        for tool in ("lxc-console", "lxc-console -t 0", "lxc-console --log"):
            r = within_5_s(*tool.split(), "-n", c.name)
            told = f"{tool.split()[0]}: {c.name}: its keeper (pid {k}) does not answer: Timer expired\n"
            assert r.rc == 4 and r.err.startswith(told) or r.rc in (0, 1) and stuck == "thrashing" and "does not answer" not in r.err, r
        rows = within_5_s("lxc-ls", "-f").ok().out.splitlines()[1:]
        assert sorted(line.split()[:2] for line in rows) == sorted([[c.name, "RUNNING"], [other.name, "RUNNING"]])
        assert "is running" in within_5_s("lxc-destroy", "-n", c.name).fails().err
        assert within_5_s("lxc-start", "-n", c.name).ok().err.endswith("Container is already running\n")
        within_5_s("lxc-autostart", "-L").ok()
    finally:
        kill(k, signal.SIGCONT)
    for x in (c, other):
        x.kill()


# --- 6: cgroups left behind -------------------------------------------------------------------------------

def trees(c):
    """The container's cgroups, but what is below them: in which hierarchies, and under which names."""
    found = [g for g in cgroups() if Path(g).name.startswith((f"lxc.payload.{c.name}", f"lxc.monitor.{c.name}"))]
    return sorted(found), {Path(g).name for g in found}


def test_cycles_of_killed_monitors_leave_one_tree_while_it_runs_and_none_afterwards(container):
    """start, attach a sleeper, kill -9 of the monitor, start: never a name with a suffix."""
    c = container().up()
    first, _ = trees(c)
    for n in range(500 if WHOLE else 10):
        (c.rootfs / "there").unlink(missing_ok=True)
        sleeper = c.popen("lxc-attach", "--", "/answer", "touch", "/there", "stubborn", stderr=subprocess.DEVNULL)
        wait_for((c.rootfs / "there").exists, "the sleeper is in")
        assert trees(c) == (first, {f"lxc.payload.{c.name}"}), n
        kill(c.keeper())
        assert sleeper.wait(10 * SLOW)
        c.up()
    assert trees(c)[0] == first
    c.run("lxc-stop", "-k").ok()
    assert trees(c) == ([], set())


# --- 17: file descriptors ---------------------------------------------------------------------------------

def cost(argv, before, rounds=9):
    """The median of so many runs, in ms, by a parent that hands on all the fds it has."""
    took = []
    for _ in range(rounds):
        before()
        begin = time.monotonic()
        subprocess.run(argv, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        took.append(1000 * (time.monotonic() - begin))
    return statistics.median(took)


def many_fds():
    """So many may be open; 100,000 where the limit may be raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (110000, max(hard, 110000)))
        return 100000
    except ValueError:  # a root that may not
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return hard - 1000


def test_a_caller_with_a_hundred_thousand_fds_starts_as_fast(container, keg):
    """Against a program that does nothing, and inherits them as well: what is left is the start's own."""
    c = container()
    start = [BIN / "lxc-start", "-n", c.name, "-P", c.lxcpath]
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]

    def stopped():
        c.run("lxc-stop", "-k")

    def extra():
        return cost(start, stopped) - cost(["/bin/true"], lambda: None)
    few, held = extra(), []
    try:
        n = many_fds()
        source = os.open("/dev/null", os.O_RDONLY)
        held = [os.dup(source) for _ in range(n)] + [source]
        for fd in held:
            os.set_inheritable(fd, True)
        many = extra()
        keeper = c.keeper()
        assert len(os.listdir(f"/proc/{keeper}/fd")) < 32
    finally:
        for fd in held:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    print(f"a start takes {few:.1f} ms more than /bin/true, with {n} fds {many:.1f} ms")
    assert many - few < 10 * SLOW  # to close them one by one takes 1 ms for each thousand, and more


# --- 22: console logs -------------------------------------------------------------------------------------

def poured(c, mib):
    """How many ms init took to write so many MiB to its console."""
    for name in ("poured", "ready"):
        (c.rootfs / name).unlink(missing_ok=True)
    c.run("lxc-start", "--", "/answer", "pour", mib, "touch", "/ready", "sleep").ok()
    wait_for((c.rootfs / "ready").exists, "all is written", 600)
    return int((c.rootfs / "poured").read_text())


def held_up(without, logged):
    """More than a tenth slower, in the long form; the short one is too short to be held to that."""
    print(f"{without} ms without a log, {logged} ms with one")
    return logged > without * (1.1 if WHOLE else 2) + 200 * SLOW


def test_a_chatty_guest_fills_no_disk_and_is_not_held_up(container):
    mib, log = 2048 if WHOLE else 32, "console.log"
    c = container("lxc.console.buffer.size = 64KB")
    without = poured(c, mib)
    c.run("lxc-stop", "-k").ok()
    c.add(f"lxc.console.logfile = {c.lxcpath}/{log}", "lxc.console.size = 1MB", "lxc.console.rotate = 3")
    logged = poured(c, mib)
    wait_for(lambda: (c.lxcpath / log).read_text().endswith("the last line\n"), "the newest line is there")
    files = {p.name: p.stat().st_size for p in c.lxcpath.glob(f"{log}*")}
    assert set(files) == {log, f"{log}.1", f"{log}.2", f"{log}.3"} and max(files.values()) <= 1 << 20, files
    assert not held_up(without, logged)
    c.run("lxc-stop", "-k").ok()


@pytest.fixture
def disk(lxcpath):
    """A file system of its own, which can be frozen: whoever writes waits in state D."""
    at, image = lxcpath / "disk", lxcpath / "image"
    needs(os.path.exists("/dev/loop-control"), "this kernel has no loop devices")
    at.mkdir()
    with image.open("w") as f:
        f.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, at], check=True)

    class Disk:
        path, log = at, at / "console.log"

        def freeze(self):
            subprocess.run(["fsfreeze", "-f", at], check=True)

        def thaw(self):
            subprocess.run(["fsfreeze", "-u", at], stderr=subprocess.DEVNULL)
    yield Disk()
    Disk().thaw()
    subprocess.run(["umount", at], check=True)


def writers(disk):
    """The processes that write that log."""
    return [p.parent for p in Path("/proc").glob("[0-9]*/cmdline") if p.read_bytes().startswith(f"keg-log\0log\0{disk.log}\0".encode())]


def test_a_guest_runs_on_while_the_disk_of_its_log_is_frozen(disk, container):
    mib = 512 if WHOLE else 16
    c = container(f"lxc.console.logfile = {disk.log}", "lxc.console.size = 1MB", "lxc.console.rotate = 1", "lxc.console.buffer.size = 64KB",
                  init=f"/answer pour {mib} touch /ready await /go pour {mib} touch /again echo")
    c.run("lxc-start").ok()
    wait_for((c.rootfs / "ready").exists, "all is written", 600)
    without = int((c.rootfs / "poured").read_text())
    disk.freeze()
    (c.rootfs / "go").touch()
    wait_for((c.rootfs / "again").exists, "all is written", 600)
    assert not held_up(without, int((c.rootfs / "poured").read_text()))
    writer, = writers(disk)
    assert process_state(writer.name) == "D"
    for tool, args in (("lxc-info", ("-s", "-H")), ("lxc-attach", ("--", "/answer", "print", "here")), ("lxc-console", ("--log",)),
                       ("lxc-freeze", ()), ("lxc-unfreeze", ())):
        c.run(tool, *args, timeout=3).ok()
    say(c, "the newest line")
    disk.thaw()
    wait_for(lambda: disk.log.read_text().endswith("you said: the newest line\n"), "the newest line is there")
    text = (disk.path / "console.log.1").read_text() + disk.log.read_text()
    assert re.search(r"\n\(keg: [1-9]\d* bytes are missing here: the disk of this log did not take them\)\n", text)
    c.run("lxc-stop", "-k").ok()


def say(c, word):
    with Terminal(c, "lxc-console", "-t", "0") as console:
        console.expect("to enter Ctrl+a itself")
        console.type(f"{word}\n")
        console.expect(f"you said: {word}")


def test_a_life_ends_and_another_begins_while_the_disk_of_the_log_is_frozen(disk, container):
    c = container(f"lxc.console.logfile = {disk.log}", init="/answer print begun touch /ready sleep").up()
    disk.freeze()
    for _ in range(2):
        c.run("lxc-stop", "-r", "-t", "10").ok()
    c.run("lxc-stop", "-k", timeout=5).ok()
    assert len(writers(disk)) == 1  # it waits, but nobody for it
    disk.thaw()
    wait_for(lambda: not writers(disk), "it has written, and ended")
    assert disk.log.read_text().count("begun") == 3


def test_a_life_begins_while_the_disk_of_the_log_is_frozen(disk, container):
    c = container(f"lxc.console.logfile = {disk.log}", init="/answer touch /ready echo")
    disk.freeze()
    line = next(n for n, text in enumerate(c.config.read_text().splitlines(), 1) if "logfile" in text)
    assert c.run("lxc-start", timeout=10).ok().err == (
        f"lxc-start: {c.name}: warning: cannot open the console's log {disk.log}: Connection timed out\n"
        f"  set by  {c.config}:{line}  lxc.console.logfile\n"
        "  try     its disk does not answer: what the console shows last is written when it does\n")
    say(c, "here")
    disk.thaw()
    wait_for(lambda: disk.log.exists() and disk.log.read_text().endswith("you said: here\n"), "it is written")
    c.run("lxc-stop", "-k").ok()


def test_a_log_goes_on_behind_a_writer_that_was_killed(container, lxcpath):
    class disk:
        log = lxcpath / "console.log"
    c = container(f"lxc.console.logfile = {disk.log}", init="/answer touch /ready echo").up()
    writer, = writers(disk)
    kill(int(writer.name))
    wait_for(lambda: gone(int(writer.name)), "it is dead")
    say(c, "on")
    wait_for(lambda: disk.log.read_text().endswith("you said: on\n"), "it is in the log")
    assert not Path(f"/proc/{writer.name}").exists()  # reaped
    c.run("lxc-stop", "-k").ok()
    assert not writers(disk)


def test_a_writer_is_tiny(container, lxcpath):
    class disk:
        log = lxcpath / "console.log"
    c = container(f"lxc.console.logfile = {disk.log}").up()
    writer, = writers(disk)
    needs("ASAN_OPTIONS" not in os.environ, "a sanitizer's own memory would be counted")
    assert idle_kib(writer.name) <= 128
    assert len(os.listdir(writer / "fd")) == 4  # its socket, three times, and the file
    c.run("lxc-stop", "-k").ok()
