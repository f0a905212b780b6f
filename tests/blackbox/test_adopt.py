# SPDX-License-Identifier: MIT
"""A keeper that is killed, stopped or exchanged, with lxc.monitor.signal.pdeath = 0: its container lives on, nothing
of it is lost, and no command hangs.

Beside the keeper of such a container is its guard, which goes on in its place; without one the next command adopts.
"""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, SLOW, Terminal, gone, kill, wait_for

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
FAULTY = BIN.parent / "tests/libexec"
LIVES = "lxc.monitor.signal.pdeath = 0"


def runtime(c):
    return next(Path("/run/keg").glob(f"*/{c.name}"))


def fact(c, word):
    found = re.search(rf"^{word} (.*)$", (runtime(c) / "state").read_text(), re.M)
    return found[1] if found else None


def keeper(c):
    return int(fact(c, "keeper"))


def guard(c, of):
    """The child of the keeper that holds its fds."""
    def find():
        children = Path(f"/proc/{of}/task/{of}/children").read_text().split()
        return next((int(p) for p in children if Path(f"/proc/{p}/comm").read_text() == "keg-guard\n"), None)
    return wait_for(find, "the guard")


def kill_both(c):
    """The keeper and its guard at once, so that neither follows the other."""
    k = keeper(c)
    g = guard(c, k)
    kill(g, signal.SIGSTOP)
    kill(k)
    kill(g)
    wait_for(lambda: gone(k) and gone(g), "both are dead")
    return k


def followed(c, by_other_than):
    """Another keeper has written itself down, and serves."""
    wait_for(lambda: keeper(c) != by_other_than, "the guard has taken over")
    guard(c, keeper(c))
    return keeper(c)


# --- the guard --------------------------------------------------------------------------------------------

def test_a_killed_keeper_is_followed_by_its_guard_at_once(container):
    c = container(LIVES).up()
    init, first = c.pid(), keeper(c)
    guard(c, first)
    kill(first)
    second = followed(c, first)
    assert (c.state(), c.pid(), gone(init)) == ("RUNNING", init, False)
    assert Path(f"/proc/{second}/comm").read_text() == "keg-keeper\n"
    kill(second)  # and again: the new one has a guard, too
    third = followed(c, second)
    assert (c.state(), c.pid()) == ("RUNNING", init) and third not in (first, second)
    assert c.attach("/answer", "print", "here").ok().out == "here\n"
    c.run("lxc-stop", "-t", "10").ok()
    assert c.state() == "STOPPED"


def test_a_console_and_a_tty_outlive_a_killed_keeper(container):
    c = container(LIVES, "lxc.tty.max = 2", "lxc.pty.max = 16", "lxc.console.buffer.size = 4096", init="/answer touch /ready echo")
    c.up()
    with Terminal(c, "lxc-console", "-t", "0") as console:
        console.expect("to enter Ctrl+a itself")
        console.type("one\n")
        console.expect("you said: one")
        first = keeper(c)
        guard(c, first)
        kill(first)
        followed(c, first)
        console.type("two\n")
        console.expect("you said: two")
    with Terminal(c, "lxc-console", "-t", "0") as console:
        console.expect("to enter Ctrl+a itself")
        console.type("three\n")
        console.expect("you said: three")
    shown = c.run("lxc-console", "--log").ok().out
    assert [line for line in shown.splitlines() if line.startswith("you said")] == ["you said: one", "you said: two", "you said: three"]
    c.kill()


def test_a_killed_guard_is_replaced(container):
    c = container(LIVES).up()
    k = keeper(c)
    g = guard(c, k)
    kill(g)
    wait_for(lambda: gone(g) and guard(c, k) != g, "another guard")
    assert keeper(c) == k
    c.run("lxc-stop", "-k").ok()


def test_a_guard_without_an_init_undoes_what_the_start_made(container, lxcpath):
    c = container(LIVES, f"lxc.hook.post-stop = /bin/touch {lxcpath}/stopped").up()
    k, init = keeper(c), c.pid()
    guard(c, k)
    kill(k, signal.SIGSTOP)
    kill(init)
    kill(k)
    wait_for(lambda: (lxcpath / "stopped").exists(), "the post-stop hook ran")
    c.stopped()


def test_no_guard_where_init_dies_with_its_keeper(container):
    c = container().up()
    time.sleep(0.2)
    k = keeper(c)
    assert Path(f"/proc/{k}/task/{k}/children").read_text().split() == [str(c.pid())]


# --- adoption by the next command -------------------------------------------------------------------------

ASKERS = {
    "info": lambda c: c.run("lxc-info", "-s", "-H"),
    "ls": lambda c: c.keg.run("lxc-ls", "-f", "-P", c.lxcpath),
    "attach": lambda c: c.attach("/answer", "print", "here"),
    "wait": lambda c: c.run("lxc-wait", "-s", "RUNNING", "-t", "5"),
    "freeze": lambda c: c.run("lxc-freeze"),
    "cgroup": lambda c: c.run("lxc-cgroup", "pids.current"),
    "active": lambda c: c.keg.run("lxc-ls", "--active", "-P", c.lxcpath),
    "start": lambda c: c.run("lxc-start"),
}


@pytest.mark.parametrize("asker", ASKERS)
def test_the_next_command_adopts_a_container_without_keeper_and_guard(container, asker):
    c = container(LIVES, "lxc.cgroup2.pids.max = 100").up()
    init, dead = c.pid(), kill_both(c)
    r = ASKERS[asker](c)
    if asker == "start":
        assert (r.rc, r.err) == (0, f"lxc-start: {c.name}: Container is already running\n"), r
    else:
        r.ok()
    assert (fact(c, "state"), int(fact(c, "init"))) == ("RUNNING", init)
    assert keeper(c) != dead
    guard(c, keeper(c))  # it has one when it is settled
    if asker == "active":
        assert c.name in r.out
    c.kill()


def test_what_was_adopted_stops_as_ever(container, lxcpath):
    """Hooks, the pidfile, the cgroup, the state file: what the start made is undone by another process."""
    c = container(LIVES, *(f"lxc.hook.{h} = /bin/touch {lxcpath}/{h}" for h in ("stop", "post-stop")))
    c.up("-p", lxcpath / "pidfile")
    wait_for((c.rootfs / "ready").exists, "it is up")
    dead = kill_both(c)
    c.run("lxc-info").ok()
    assert int((lxcpath / "pidfile").read_text()) == keeper(c) != dead
    c.run("lxc-stop", "-t", "10").ok()
    c.stopped()
    assert sorted(p.name for p in lxcpath.iterdir() if p.is_file()) == ["post-stop", "stop"]


def test_the_new_keeper_hears_how_init_ended(container):
    """Not its child: /proc tells while it is a zombie, its pidfd when it is reaped (Linux 6.15)."""
    c = container(LIVES, init="/answer touch /ready await /go exit 7").up()
    kill_both(c)
    with subprocess.Popen([BIN / "keg", "events", "--format", "json", "-P", c.lxcpath, "-n", c.name], stdout=subprocess.PIPE, text=True,
                          env=c.keg.environ()) as p:
        time.sleep(0.3 * SLOW)
        c.run("lxc-info").ok()
        (c.rootfs / "go").touch()
        c.stopped()
        time.sleep(0.2)
        p.terminate()
        out = p.stdout.read()
    assert re.search(r'"exited".*7', out), out


def test_what_was_adopted_reboots_from_inside(container):
    c = container(LIVES).up()
    init = c.pid()
    kill_both(c)
    c.run("lxc-stop", "-r", "-t", "10").ok()
    assert c.state() == "RUNNING" and c.pid() != init
    assert Path(f"/proc/{c.pid()}/status").read_text().split("PPid:\t")[1].split()[0] == str(keeper(c))


def test_one_of_many_commands_adopts(container):
    c = container(LIVES).up()
    for _ in range(3):
        dead = kill_both(c)
        askers = [c.popen("lxc-info", "-s", "-H", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(16)]
        assert {p.communicate(timeout=20 * SLOW)[0] for p in askers} == {"RUNNING\n"}
        k = keeper(c)
        assert k != dead
        ours = [p for p in Path("/proc").glob("[0-9]*/cmdline") if f"\0{c.name}\0".encode() in read(p) and b"keg-keeper" in read(p)]
        assert len(ours) == 2, "one keeper and its guard"  # the guard is a copy
    c.kill()


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("point", ["begin", "listen", "handover", "state"])
def test_an_adopter_that_is_killed_is_followed_by_the_next(container, point):
    c = container(LIVES).up()
    init = c.pid()
    kill_both(c)
    r = c.run("lxc-info", "-s", "-H", env={"KEG_LIBEXEC": str(FAULTY), "KEG_FAULT": f"kill-keeper:adopt.{point}"})
    assert (r.rc, r.err) == (1, f"lxc-info: {c.name}: its keeper was killed, and so was the one that was to follow\n")
    assert (c.state(), c.pid()) == ("RUNNING", init)
    c.run("lxc-stop", "-t", "10").ok()
    c.stopped()


def test_another_process_of_inits_pid_is_not_taken_for_it(container):
    """What is written down is compared with the process that is there; a container without init is cleared up."""
    c = container(LIVES).up()
    init = c.pid()
    kill_both(c)
    state = runtime(c) / "state"
    state.write_text(re.sub(r"^(inode|since) .*", r"\1 1", state.read_text(), flags=re.M))
    assert c.state() == "STOPPED"
    c.up()  # clears up first: its cgroup is emptied
    assert gone(init)
    c.kill()


def test_a_container_that_ends_without_a_keeper_is_cleared_up(container, lxcpath):
    c = container(LIVES, f"lxc.hook.post-stop = /bin/touch {lxcpath}/stopped").up()
    init = c.pid()
    kill_both(c)
    kill(init)
    wait_for(lambda: gone(init), "init is dead")
    assert c.state() == "STOPPED"
    assert c.run("lxc-stop").fails(2).err == f"lxc-stop: {c.name}: {c.name} is not running\n"
    assert (lxcpath / "stopped").exists()
