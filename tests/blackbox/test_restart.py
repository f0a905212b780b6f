# SPDX-License-Identifier: MIT
"""lxc.start.restart: what ended by itself begins again, after a pause, so often and no more; what was stopped does not."""
import json
import signal
import time

import pytest

from lab import IS_LXC, SLOW, kill, needs, wait_for


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
