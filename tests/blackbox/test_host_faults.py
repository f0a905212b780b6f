# SPDX-License-Identifier: MIT
"""A host that is out of something: processes, memory, a /run that can be written to, disk. No command hangs, each says
what is missing, nothing is left behind, and with the thing back all goes on. (A full /run: test_adopt.py. A full disk
under create, copy, snapshot: test_data_safety.py.)
"""
import os
import subprocess
import time
from pathlib import Path

import pytest

from lab import IS_LXC, MARK, SLOW, gone, needs, wait_for

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
LIVES = "lxc.monitor.signal.pdeath = 0"


class Limited:
    """A v1 cgroup of the test's own."""

    def __init__(self, controller):
        self.at = Path(f"/sys/fs/cgroup/{controller}/{MARK}-limited")
        self.at.mkdir()

    def set(self, file, value):
        (self.at / file).write_text(f"{value}\n")

    def take(self, pid):
        self.set("cgroup.procs", pid)

    def end(self):
        for pid in (self.at / "cgroup.procs").read_text().split():
            (self.at.parent / "cgroup.procs").write_text(pid)
        self.at.rmdir()


def limited(controller):
    needs(os.path.isdir(f"/sys/fs/cgroup/{controller}"), f"this kernel has no {controller} of cgroup v1")
    g = Limited(controller)
    yield g
    g.end()


@pytest.fixture
def few_pids():
    yield from limited("pids")


@pytest.fixture
def little_memory():
    yield from limited("memory")


def within(seconds, what):
    begin = time.monotonic()
    r = what()
    assert time.monotonic() - begin < seconds * SLOW
    return r


# --- processes --------------------------------------------------------------------------------------------

def test_a_start_without_a_process_to_have(few_pids, container):
    """Of each number of processes that may be: it runs, or it says so; more room never makes it worse."""
    c, results = container(), []
    for n in range(1, 9):
        few_pids.set("pids.max", n)
        r = within(10, lambda: c.run("lxc-start", preexec_fn=lambda: few_pids.take(os.getpid())))
        results.append(r.rc)
        if r.rc:
            assert r.err.startswith(f"lxc-start: {c.name}: ") and "Resource temporarily unavailable" in r.err, r.err
            assert c.state() == "STOPPED"
        else:
            assert r.err == "" and c.state() == "RUNNING"
            c.run("lxc-stop", "-k").ok()
    assert set(results) == {0, 1} and sorted(results, reverse=True) == results, results


TOOLS = {"lxc-info": ("-s", "-H"), "lxc-ls": None, "lxc-attach": ("--", "/answer", "print", "here"), "lxc-freeze": (), "lxc-unfreeze": (),
         "lxc-wait": ("-s", "RUNNING", "-t", "1"), "lxc-cgroup": ("pids.max",), "lxc-stop": ("-k",)}


@pytest.mark.parametrize("tool", TOOLS)
def test_tools_without_a_process_to_have(few_pids, container, keg, tool):
    c = container().up()
    few_pids.set("pids.max", 1)
    how = {"preexec_fn": lambda: few_pids.take(os.getpid())}
    r = within(10, lambda: c.run(tool, *TOOLS[tool], **how) if TOOLS[tool] is not None else keg.run(tool, "-f", "-P", c.lxcpath, **how))
    if tool == "lxc-attach":
        assert r.fails().err == (f"lxc-attach: {c.name}: cannot fork for the program: Resource temporarily unavailable\n  step    attach.fork (keeper)\n"
                                 "  try     no more processes may be made: see pids.max of this cgroup, and ulimit -u\n"), r.err
    else:
        assert (r.ok().err, c.state()) == ("", "STOPPED" if tool == "lxc-stop" else "FROZEN" if tool == "lxc-freeze" else "RUNNING")
    if tool == "lxc-freeze":
        c.run("lxc-unfreeze").ok()
    c.kill()


# --- memory -----------------------------------------------------------------------------------------------

def test_a_keeper_without_memory_goes_on_serving(little_memory, container, keg):
    """It allocates nothing while it is idle: not a page more may be had, and all works."""
    c = container("lxc.tty.max = 1", "lxc.pty.max = 16").up()
    k = c.keeper()
    little_memory.set("memory.limit_in_bytes", 4096)
    little_memory.take(k)
    for tool, args in TOOLS.items():
        if tool != "lxc-stop":
            within(10, lambda t=tool, a=args: c.run(t, *a) if a is not None else keg.run(t, "-f", "-P", c.lxcpath)).ok()
    assert not gone(k) and c.keeper() == k
    little_memory.set("memory.limit_in_bytes", -1)
    c.run("lxc-stop", "-t", "5").ok()


@pytest.mark.parametrize("killed", [True, False])
def test_a_keeper_without_memory_at_the_end(little_memory, container, lxcpath, killed):
    """To undo the start it becomes a bigger program, for which there is no room: it is killed, or its exec fails. The stop
    ends, the next command clears up."""
    c = container(f"lxc.hook.post-stop = /bin/touch {lxcpath}/over").up()
    k = c.keeper()
    little_memory.set("memory.limit_in_bytes", 4096)
    little_memory.set("memory.oom_control", 0 if killed else 1)
    little_memory.take(k)
    within(15, lambda: c.run("lxc-stop", "-t", "5")).ok()
    wait_for(lambda: gone(k), "the keeper is gone")
    assert c.state() == "STOPPED"
    c.up()
    assert (lxcpath / "over").exists()
    c.run("lxc-stop", "-k").ok()


# --- /run -------------------------------------------------------------------------------------------------

READ_ONLY = ("unshare", "-m", "--propagation", "private", "sh", "-c", 'mount --bind /run /run && mount -o remount,bind,ro /run && exec "$@"', "sh")


def test_tools_with_a_read_only_run(keg, container):
    """As a service that systemd runs with ReadOnlyPaths=/run; the keeper is not in there. What need not write answers."""
    c = container().up()

    def ask(tool, *args):
        return within(15, lambda: c.run(tool, *args, under=READ_ONLY))
    assert ask("lxc-info", "-s", "-H").ok().out == "RUNNING\n"
    assert c.name in keg.run("lxc-ls", "--active", "-P", c.lxcpath, under=READ_ONLY).ok().out
    assert ask("lxc-attach", "--", "/answer", "print", "here").ok().out == "here\n"
    ask("lxc-freeze").ok()
    assert ask("lxc-info", "-s", "-H").ok().out == "FROZEN\n"
    ask("lxc-unfreeze").ok()
    ask("lxc-cgroup", "pids.max").ok()
    assert ask("lxc-start").ok().err == f"lxc-start: {c.name}: Container is already running\n"
    waits = c.popen("lxc-wait", "-s", "STOPPED", "-t", "20", under=READ_ONLY)
    for args in ((), ("-k",), ("-r",), ("-t", "2")):  # nobody could tell it from a crash: refused, before any signal goes out
        r = ask("lxc-stop", *args).fails()
        assert r.err == (f"lxc-stop: {c.name}: cannot note for its keeper what is asked for: Read-only file system\n"
                         "  try     the folder of its state is read-only to this command: see findmnt -T /run/keg\n"), r.err
    assert waits.poll() is None and c.state() == "RUNNING"
    c.run("lxc-stop", "-k").ok()
    assert waits.wait(5 * SLOW) == 0  # without a socket to be told by
    r = ask("lxc-start").fails()
    assert r.err.startswith(f"lxc-start: {c.name}: cannot ") and "Read-only file system\n" in r.err, r.err


# --- disk -------------------------------------------------------------------------------------------------

@pytest.fixture
def full(lxcpath):
    """A file system of its own as place for logs; full() leaves no byte in it, room() gives all back."""
    at = lxcpath / "disk"
    at.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", at], check=True)

    class Disk:
        path = at

        def full(self):
            subprocess.run(["sh", "-c", f"cat /dev/zero > {at}/fill"], stderr=subprocess.DEVNULL)

        def room(self):
            (at / "fill").unlink()
    yield Disk()
    subprocess.run(["umount", "-l", at])


def test_logs_on_a_full_disk_hold_nothing(full, container):
    """The console's log, the container's and the command's: what cannot be written is lost, init goes on, a life ends as ever."""
    c = container(f"lxc.console.logfile = {full.path}/console", f"lxc.log.file = {full.path}/log", "lxc.log.level = TRACE",
                  init="/answer touch /ready echo")
    full.full()
    within(10, lambda: c.run("lxc-start", "-l", "TRACE", "-o", full.path / "command")).ok()
    wait_for((c.rootfs / "ready").exists, "init has begun")
    within(10, lambda: c.run("lxc-stop", "-k")).ok()
    full.room()
    c.up()
    full.full()
    within(10, lambda: c.attach("/answer", "print", "here")).ok()
    within(10, lambda: c.run("lxc-stop", "-k")).ok()
    assert c.state() == "STOPPED"


def test_a_container_on_a_full_disk_stops_and_starts(full, keg, container):
    """How it ended cannot be written down; that is all."""
    c = container()
    on = full.path / c.name
    on.mkdir()
    (on / "config").write_text(c.config.read_text())
    full.full()
    at = ("-n", c.name, "-P", full.path)
    for _ in range(2):
        within(10, lambda: keg.run("lxc-start", *at)).ok()
        within(10, lambda: keg.run("lxc-stop", "-k", *at)).ok()
    before = (on / "config").read_bytes()
    r = within(10, lambda: keg.run("keg", "config", "set", "-P", full.path, c.name, "lxc.environment", "A=" + "1" * 3000)).fails()
    assert "No space left on device" in r.err and (on / "config").read_bytes() == before
    assert sorted(p.name for p in on.iterdir()) == ["config"]
