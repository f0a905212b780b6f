# SPDX-License-Identifier: MIT
"""How a container ended is known when all else of it is gone: status, signal and reason, by keg info and keg events."""
import json
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from lab import IS_LXC, SLOW, gone, kill, needs, wait_for


@pytest.fixture(autouse=True)
def ours():
    needs(not IS_LXC, "the subject is LXC itself")


def end_of(c):
    """reason, status, signal of the last end."""
    told = json.loads(c.run("lxc-info", "--format", "json").ok().out)["containers"][0]
    return told["reason"], told["status"], told["signal"]


def from_inside(c, *words):
    c.run("lxc-start", "--", "/answer", *words)
    c.stopped()


@pytest.mark.parametrize("words, end", [
    (("exit", 0), ("exit", 0, None)),
    (("exit", 7), ("exit", 7, None)),
    (("halt",), ("halt", 130, 2)),
    (("crash",), ("crash", 139, 11)),
])
def test_what_init_did_by_itself(container, words, end):
    c = container()
    assert end_of(c) == (None, None, None)
    from_inside(c, *words)
    assert end_of(c) == end


@pytest.mark.parametrize("args, end", [
    ((), ("stop", 0, None)),
    (("-k",), ("kill", 137, 9)),
])
def test_what_it_was_asked_for(container, args, end):
    c = container().up()
    c.run("lxc-stop", *args).ok()
    assert end_of(c) == end


def test_a_stop_whose_time_is_over_is_a_kill(container):
    c = container()
    c.up("--", "/answer", "stubborn", "touch", "/ready")
    c.run("lxc-stop", "-t", "1").ok()
    assert end_of(c) == ("kill", 137, 9)


def test_a_kill_by_somebody_else_is_a_crash(container):
    c = container().up()
    kill(c.pid())
    c.stopped()
    assert end_of(c) == ("crash", 137, 9)


def test_a_killed_keeper_leaves_no_status(container):
    c = container().up()
    init = c.pid()
    kill(c.keeper())
    wait_for(lambda: gone(init), "init died with its keeper")
    c.run("lxc-stop", "-k").fails(2)
    assert end_of(c) == ("lost", None, None)


def test_a_call_that_the_filter_kills_for(container, lxcpath):
    policy = lxcpath / "policy"
    policy.write_text("2\ndenylist\nsethostname kill\n")
    c = container(f"lxc.seccomp.profile = {policy}")
    from_inside(c, "sethostname", "x")
    assert end_of(c) == ("seccomp", 159, 31)


def test_the_kernel_kills_for_memory(container):
    c = container("lxc.cgroup2.memory.max = 16M", "lxc.cgroup2.memory.swap.max = 0")
    from_inside(c, "eat", 64)
    assert end_of(c) == ("oom", 137, 9)


def test_a_reboot_is_an_end_until_the_next(container):
    c = container().up()
    (c.rootfs / "ready").unlink()
    c.run("lxc-stop", "-r").ok()
    wait_for((c.rootfs / "ready").exists, "/ready again")
    assert end_of(c) == ("reboot", 129, 1)
    c.run("lxc-stop").ok()
    assert end_of(c) == ("stop", 0, None)


def test_a_signal_to_the_keeper_asks_as_well(container):
    c = container().up()
    kill(c.keeper(), signal.SIGTERM)
    c.stopped()
    assert end_of(c) == ("stop", 0, None)


def test_keg_shows_it_and_lxc_does_not(container, keg):
    c = container()
    from_inside(c, "exit", "3")
    assert c.run("lxc-info").ok().out == f"Name:           {c.name}\nState:          STOPPED\n"
    out = keg.run("keg", "info", "-P", c.lxcpath, c.name).ok().out
    assert re.fullmatch(rf"Name: +{c.name}\nState: +STOPPED\nEnded: +[0-9-]{{10}} [0-9:]{{8}}, exit, with status 3\n", out), out


def test_it_goes_with_the_container_and_not_into_a_copy(container, keg):
    c = container()
    from_inside(c, "exit", "3")
    c.run("lxc-copy", "-N", "other").ok()
    assert not (c.lxcpath / "other/ended").exists()
    keg.run("lxc-destroy", "-P", c.lxcpath, "other").ok()
    c.run("lxc-destroy").ok()
    assert not c.dir.exists()


def test_a_folder_that_cannot_be_written_holds_up_nothing(container):
    c = container().up()
    (c.dir / "ended").mkdir()
    c.run("lxc-stop").ok()
    assert c.state() == "STOPPED" and end_of(c) == (None, None, None)


def events(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def told(keg, lxcpath):
    """Starts keg events; returns what gives its lines so far."""
    running = []

    def start(*args, name="events"):
        file = lxcpath / f"{name}.out"
        out = open(file, "w")
        running.append((keg.start("keg", "events", "-P", lxcpath, *args, stdout=out), out))
        time.sleep(0.3)
        return file

    yield start
    for p, out in running:
        p.terminate()
        p.wait(10)
        out.close()


def test_events_tell_the_reason(container, told):
    file, lines, c = told("--format", "json"), told(name="lines"), container()
    from_inside(c, "exit", "3")
    wait_for(lambda: any(e["state"] == "STOPPED" for e in events(file)), "STOPPED is told")
    end = next(e for e in events(file) if e["event"] == "exited")
    assert (end["name"], end["status"], end["reason"]) == (c.name, 3, "exit")
    assert f"'{c.name}' exited with status [3] (exit)\n" in lines.read_text()


@pytest.fixture
def listener(lxcpath, keg):
    """A socket as keg events has it, to be read at leisure."""
    p = keg.start("keg", "events", "-P", lxcpath)  # makes the folder
    at = Path("/run/keg/monitors") / str(lxcpath).replace("-", "\\x2d").replace("/", "-")
    wait_for(lambda: at.is_dir() and list(at.iterdir()), "it listens")
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(str(at / "1.1"))
    yield s
    s.shutdown(socket.SHUT_RDWR)
    s.close()
    (at / "1.1").unlink(missing_ok=True)
    p.terminate()
    p.wait(10)


def test_a_listener_that_is_behind_loses_nothing(container, listener):
    """The kernel keeps ten events for a socket (net.unix.max_dgram_qlen), and twelve lives have sixty."""
    many, heard = [container() for _ in range(12)], []

    def read():
        while len(heard) < 60 and (event := listener.recv(1024)):
            heard.append(event)
            time.sleep(0.004)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    for p in [c.popen("lxc-start", "--", "/answer", "exit", "3") for c in many]:
        p.wait(60)
    reader.join(20)
    assert not reader.is_alive(), f"{len(heard)} of 60 were heard"


def test_a_listener_that_never_reads_holds_nobody_up_for_long(container, listener):
    c = container()
    for _ in range(4):
        c.up()
        c.run("lxc-stop", "-k").ok()
    begin = time.monotonic()
    c.up()
    c.run("lxc-stop", "-k").ok()
    assert time.monotonic() - begin < 3 * SLOW


def test_a_wait_that_comes_late_does_not_hang(container):
    """Between asking for the state and listening nothing is lost: many lives, each awaited from its very begin."""
    c = container()
    for _ in range(25):
        p = c.popen("lxc-wait", "-s", "STOPPED", "-t", "20")
        c.run("lxc-start", "--", "/answer", "exit", "0")
        assert p.wait(30) == 0
        c.stopped()
