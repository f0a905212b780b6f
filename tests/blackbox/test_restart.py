# SPDX-License-Identifier: MIT
"""lxc.start.restart: what ended by itself begins again, after a pause, so often and no more; what was stopped does not."""
import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

from lab import IS_LXC, SLOW, gone, kill, needs, wait_for


@pytest.fixture(autouse=True)
def ours():
    needs(not IS_LXC, "the subject is LXC itself")


def lives(c):
    """How often its init began: each adds a line."""
    f = c.rootfs / "lives"
    return len(f.read_text().splitlines()) if f.exists() else 0


def start(c, *words):
    c.run("lxc-start", "--", "/answer", "append", "/lives", *words)


@pytest.mark.parametrize("when, words, again", [
    ("no", ("exit", 1), False),
    ("on-failure", ("exit", 1), True),
    ("on-failure", ("crash",), True),
    ("on-failure", ("exit", 0), False),
    ("on-failure", ("halt",), False),
    ("always", ("exit", 0), True),
    ("always", ("halt",), True),
])
def test_which_ends_are_none(container, when, words, again):
    c = container(f"lxc.start.restart = {when}", "lxc.start.restart.delay = 0", "lxc.start.restart.limit = 2")
    start(c, *words)
    c.stopped()
    wait_for(lambda: lives(c) == (3 if again else 1), "all its lives")
    c.stopped()
    time.sleep(0.2)
    assert (lives(c), c.state()) == (3 if again else 1, "STOPPED")


@pytest.mark.parametrize("args", [(), ("-k",)])
def test_a_stop_is_an_end(container, args):
    c = container("lxc.start.restart = always", "lxc.start.restart.delay = 0")
    start(c, "touch", "/ready", "sleep")
    wait_for((c.rootfs / "ready").exists, "/ready")
    c.run("lxc-stop", *args).ok()
    time.sleep(0.3)
    assert (lives(c), c.state()) == (1, "STOPPED")


def test_a_kill_by_somebody_else_is_none(container):
    c = container("lxc.start.restart = on-failure", "lxc.start.restart.delay = 0")
    start(c, "touch", "/ready", "sleep")
    wait_for((c.rootfs / "ready").exists, "/ready")
    keeper, init = c.keeper(), c.pid()
    kill(init)
    wait_for(lambda: lives(c) == 2 and c.state() == "RUNNING", "it runs again")
    assert c.keeper() == keeper and c.pid() != init


def test_the_pause_doubles(container):
    c = container("lxc.start.restart = always", "lxc.start.restart.delay = 1", "lxc.start.restart.limit = 2")
    begin = time.monotonic()
    start(c, "exit", "0")
    wait_for(lambda: lives(c) == 3, "all its lives", 20)
    assert 3 <= time.monotonic() - begin < 3 + 3 * SLOW
    c.stopped()
    end = json.loads((c.run("lxc-info", "--format", "json").ok().out))["containers"][0]
    assert (end["reason"], end["status"]) == ("exit", 0)


@pytest.mark.parametrize("args", [(), ("-k",), ("-t", "5")])
def test_a_stop_ends_a_pause(container, args):
    c = container("lxc.start.restart = always", "lxc.start.restart.delay = 100")
    start(c, "exit", "1")
    wait_for(lambda: c.state() == "STARTING", "it pauses")
    begin = time.monotonic()
    c.run("lxc-stop", *args).ok()
    assert time.monotonic() - begin < 2 * SLOW
    assert (lives(c), c.state()) == (1, "STOPPED")


def broken(container, *lines):
    """Running, with a policy; what it is to mount has gone meanwhile, and it has ended: no start of it can succeed."""
    c = container("lxc.start.restart = always", "lxc.net.0.flags = up", *lines, net="lxc.net.0.type = veth")
    source = c.dir / "source"
    source.mkdir()
    (c.rootfs / "mnt").mkdir()
    c.add(f"lxc.mount.entry = {source} mnt none bind 0 0", f"lxc.log.file = {c.lxcpath}/log", "lxc.log.level = NOTICE",
          f"lxc.hook.post-stop = sh -c 'echo over >> {c.lxcpath}/over' #")
    start(c, "touch", "/ready", "sleep")
    wait_for((c.rootfs / "ready").exists, "/ready")
    c.keeper_pid, c.source = c.keeper(), source
    source.rmdir()
    kill(c.pid())
    return c


def told(c, category):
    return [line.split(" - ", 2)[2] for line in (c.lxcpath / "log").read_text().splitlines() if f" {category} - " in line]


def test_a_start_that_fails_is_tried_again(container):
    c = broken(container, "lxc.start.restart.delay = 1", "lxc.start.restart.limit = 5")
    wait_for(lambda: len(told(c, "restart")) == 2, "the first has failed", 20)
    wait_for(lambda: c.state() == "STARTING", "it pauses")
    c.source.mkdir()
    wait_for(lambda: lives(c) == 2 and c.state() == "RUNNING", "it runs again", 20)
    assert c.keeper() == c.keeper_pid
    assert told(c, "restart") == ["it begins again in 1 seconds, for the 1. time in a row", "it begins again in 2 seconds, for the 2. time in a row"]
    assert (c.lxcpath / "over").read_text() == "over\n" * 2  # of the life, of the start that failed
    c.run("lxc-stop", "-k").ok()


def test_starts_that_fail_have_their_limit(container):
    c = broken(container, "lxc.start.restart.delay = 1", "lxc.start.restart.limit = 2")
    c.stopped(30)
    assert told(c, "restart") == ["it begins again in 1 seconds, for the 1. time in a row", "it begins again in 2 seconds, for the 2. time in a row",
                                  "it began again 2 times in a row, and could not start once more"]
    assert (c.lxcpath / "log").read_text().count(f" - cannot mount {c.source} on mnt: No such file or directory; set by {c.config}:") == 2
    assert (c.lxcpath / "over").read_text() == "over\n" * 3
    assert c.run("lxc-start").fails().err.startswith(f"lxc-start: {c.name}: cannot mount {c.source} on mnt: No such file or directory\n")


@pytest.mark.parametrize("args", [(), ("-k",)])
def test_a_stop_ends_a_row_of_starts_that_fail(container, args):
    c = broken(container, "lxc.start.restart.delay = 1", "lxc.start.restart.limit = 0")
    wait_for(lambda: len(told(c, "restart")) == 3, "two have failed", 20)
    begin = time.monotonic()
    c.run("lxc-stop", *args).ok()
    assert time.monotonic() - begin < 2 * SLOW and c.state() == "STOPPED"


def test_starts_that_fail_leave_nothing_in_the_keeper(container):
    c = broken(container, "lxc.start.restart.delay = 0", "lxc.start.restart.limit = 150")
    fds, kib = [], []
    while not gone(c.keeper_pid):
        try:
            fds.append(len(os.listdir(f"/proc/{c.keeper_pid}/fd")))
            kib.append(int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{c.keeper_pid}/status").read_text())[1]))
        except (OSError, TypeError):
            pass
        time.sleep(0.02)
    c.stopped()
    assert len(told(c, "restart")) == 151
    half = len(fds) // 2
    assert max(fds[half:]) <= max(fds[:half]) + 1, fds
    assert max(kib[half:]) <= max(kib[:half]) + 256, kib


def test_what_is_set_while_it_runs_counts(container, keg):
    c = container()
    start(c, "touch", "/ready", "sleep")
    wait_for((c.rootfs / "ready").exists, "/ready")
    for key, value in (("lxc.start.restart", "always"), ("lxc.start.restart.delay", "0")):
        keg.run("keg", "config", "set", "--running", "-P", c.lxcpath, c.name, key, value).ok()
    kill(c.pid(), signal.SIGKILL)
    wait_for(lambda: lives(c) == 2, "it began again")


def test_an_execute_ends_with_its_command(container):
    c = container("lxc.start.restart = always", "lxc.start.restart.delay = 0")
    c.run("lxc-execute", "--", "/answer", "append", "/lives", "exit", "4").fails(4)
    assert (lives(c), c.state()) == (1, "STOPPED")
