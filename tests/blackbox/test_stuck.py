# SPDX-License-Identifier: MIT
"""A process that waits inside the kernel, for a file system that does not answer: neither freeze nor stop hang, and both
name it; when it is let go all goes on.
"""
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, SLOW, gone, needs, wait_for
from silent import Silent

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")


@pytest.fixture
def stuck(container, tmp_path):
    """A running container, one process of which has asked the file system; its pid; the file system."""
    needs(os.path.exists("/dev/fuse"), "this machine has no /dev/fuse")
    at = tmp_path / "silent"  # not in the lxcpath: who lists that looks into each folder
    at.mkdir()
    silent, ended = Silent(at), []

    def make(*lines):
        c = container(f"lxc.mount.entry = {at} mnt none bind,create=dir 0 0", *lines).up()
        asker = c.popen("lxc-attach", "--", "/answer", "touch", "/mnt/stuck", stderr=subprocess.DEVNULL)
        ended.append(asker)
        return c, wait_for(lambda: asks(c), "it asks")
    make.silent = silent
    yield make
    if silent.thread.is_alive():
        silent.end()
    for p in ended:
        p.wait(20 * SLOW)


def asks(c):
    """The pid of the process that waits: all of its line has been read by the file system."""
    for p in Path("/proc").glob("[0-9]*"):
        try:
            if (p / "cmdline").read_bytes() == b"/answer\0touch\0/mnt/stuck\0" and (p / "wchan").read_text() == "request_wait_answer":
                return int(p.name)
        except OSError:
            pass
    return None


def test_a_freeze_that_cannot_be_is_rolled_back_and_names_who(stuck):
    c, pid = stuck()
    begin = time.monotonic()
    r = c.run("lxc-freeze", "-t", "2", timeout=30).fails()
    assert 2 <= time.monotonic() - begin < 3 + 2 * SLOW
    assert r.err == (f"lxc-freeze: {c.name}: process {pid} (answer) does not freeze, so all run on: it waits inside the kernel, in request_wait_answer\n"
                     f"  try     what does not answer it is a disk or a file system: see /proc/{pid}/stack\n")
    assert c.state() == "RUNNING"
    assert c.attach("/answer", "print", "here").ok().out == "here\n"  # all others run
    stuck.silent.end()
    wait_for(lambda: gone(pid), "it has its answer, and ended")
    c.run("lxc-freeze", "-t", "10").ok()
    assert c.state() == "FROZEN"
    c.run("lxc-unfreeze").ok()


def test_who_listens_hears_that_it_runs_on(stuck, keg, lxcpath):
    c, _ = stuck()
    with subprocess.Popen([BIN / "lxc-monitor", "-P", lxcpath, "-n", c.name], stdout=subprocess.PIPE,
                          text=True, env=keg.environ()) as p:
        time.sleep(0.3 * SLOW)
        c.run("lxc-freeze", "-t", "1", timeout=30).fails()
        time.sleep(0.2)
        p.terminate()
        assert re.findall(r"\[(\w+)\]", p.stdout.read()) == ["FREEZING", "RUNNING"]


@pytest.mark.parametrize("args, most", [(("-k",), 11), (("-t", "2"), 13)])
def test_a_stop_that_cannot_be_says_why_in_its_time(stuck, args, most):
    c, pid = stuck()
    begin = time.monotonic()
    r = c.run("lxc-stop", *args, timeout=40).fails()
    assert time.monotonic() - begin < most + SLOW
    assert r.err == (f"lxc-stop: {c.name}: process {pid} (answer) was killed, but does not end: it waits inside the kernel, in request_wait_answer\n"
                     f"  try     what does not answer it is a disk or a file system: see /proc/{pid}/stack\n")
    assert c.state() in ("RUNNING", "STOPPING")
    r = c.run("lxc-destroy").fails()
    assert "is running" in r.err and c.rootfs.exists()
    stuck.silent.end()
    c.stopped(20)
    c.up().run("lxc-stop", "-k").ok()


def test_what_is_stuck_keeps_nobody_else(stuck, keg, container, lxcpath):
    """Others start, list and stop meanwhile."""
    c, _ = stuck()
    stop = c.popen("lxc-stop", "-k", stderr=subprocess.DEVNULL)
    other = container(name=f"{c.name}-b")
    begin = time.monotonic()
    other.up()
    assert other.name in keg.run("lxc-ls", "-f", "-P", lxcpath).ok().out
    other.run("lxc-stop", "-k").ok()
    assert time.monotonic() - begin < 5 + SLOW
    stuck.silent.end()
    assert stop.wait(40 * SLOW) == 0
