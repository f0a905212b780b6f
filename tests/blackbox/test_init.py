# SPDX-License-Identifier: MIT
"""keg-init, pid 1 of lxc-execute: reaps what is orphaned, passes signals on, ends as its command ends."""
import signal
import time
from pathlib import Path

import pytest

from lab import IS_LXC, SLOW, gone, kill, needs, process_state, wait_for


@pytest.fixture(autouse=True)
def ours():
    needs(not IS_LXC, "the subject is LXC itself")


def execute(c, *words):
    """In the background; its process, when the command has come to /ready."""
    (c.rootfs / "ready").unlink(missing_ok=True)
    p = c.popen("lxc-execute", "--", "/answer", *words)
    wait_for((c.rootfs / "ready").exists, "/ready")
    return p


def below(c):
    """The processes below its init: (pid, state). One may be reaped while it is looked at."""
    children = Path(f"/proc/{c.pid()}/task/{c.pid()}/children").read_text().split()
    return [(int(p), state) for p in children if (state := process_state(p))]


@pytest.mark.parametrize("sig", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGALRM,
                                 signal.SIGCONT, signal.SIGRTMIN + 3])
def test_a_signal_goes_on_to_the_command(container, sig):
    c = container()
    p = execute(c, "touch", "/ready", "hear", int(sig))
    time.sleep(0.1 * SLOW)
    kill(c.pid(), sig)
    assert p.wait(10 * SLOW) == 0
    assert (c.rootfs / "heard").read_text().split() == [str(int(sig))]


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGPWR])
@pytest.mark.parametrize("words, status", [(("sleep",), 0), (("nap", 100000), 128 + 15), (("stubborn",), 128 + 9)])
def test_an_end_is_the_commands_end(container, sig, words, status):
    """It is asked by SIGTERM, and has a second."""
    c = container()
    p = execute(c, "touch", "/ready", *words)
    time.sleep(0.1 * SLOW)
    begin = time.monotonic()
    kill(c.pid(), sig)
    assert p.wait(10 * SLOW) == status
    assert time.monotonic() - begin < (2 if words == ("stubborn",) else 0.8) + SLOW
    assert c.state() == "STOPPED"


def test_who_does_not_heed_an_end_does_not_hold_it(container):
    """The command ends when it is asked to; two others do not: one that it has left behind, one that is attached."""
    c = container()
    p = execute(c, "stray", "touch", "/ready", "sleep")
    deaf = c.popen("lxc-attach", "--", "/answer", "touch", "/there", "stubborn")
    wait_for((c.rootfs / "there").exists, "/there")
    begin = time.monotonic()
    kill(c.pid(), signal.SIGTERM)
    assert p.wait(5 * SLOW) == 0 and deaf.wait(5 * SLOW) == 128 + 9
    assert time.monotonic() - begin < 1 + SLOW


def test_the_status_is_the_commands_whoever_ends_after_it(container):
    """Other children end at the same time, by other ways: what counts is how the command did."""
    c = container()
    for n in range(5):
        p = execute(c, "orphan", "children", 3, "touch", "/ready", "await", f"/go{n}", "exit", 7)
        (c.rootfs / f"go{n}").touch()
        assert p.wait(10 * SLOW) == 7


def test_two_hundred_orphans_leave_no_zombie(container):
    c = container()
    p = execute(c, *["orphan"] * 200, "touch", "/ready", "sleep")
    wait_for(lambda: len(below(c)) == 1, "all are reaped")
    assert [state for _, state in below(c)] == ["S"]
    kill(c.pid(), signal.SIGTERM)
    assert p.wait(10 * SLOW) == 0


def test_a_stopped_command_goes_on(container):
    c = container()
    p = execute(c, "touch", "/ready", "sleep")
    (command, _), = below(c)
    kill(command, signal.SIGSTOP)
    wait_for(lambda: below(c) == [(command, "T")], "it is stopped")
    kill(c.pid(), signal.SIGCONT)
    wait_for(lambda: below(c) == [(command, "S")], "it goes on")
    c.run("lxc-stop", "-t", "5").ok()
    assert p.wait(10 * SLOW) == 0 and gone(command)
