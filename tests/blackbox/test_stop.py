# SPDX-License-Identifier: MIT
"""A stop ends whatever init there is, in whatever state, by the signal that it listens to, within its time."""
import csv
import shutil
import signal
import subprocess
import time

import pytest

from lab import BIN, IS_LXC, SLOW, kill, needs, wait_for


def ours():
    needs(not IS_LXC, "the subject is LXC itself")


def took(f):
    begin = time.monotonic()
    f()
    return time.monotonic() - begin


def named(c, name):
    """The init that answers, under another's name."""
    (c.rootfs / "sbin").mkdir(exist_ok=True)
    shutil.copy(c.rootfs / "answer", c.rootfs / "sbin" / name)
    return f"/sbin/{name}"


def hearing(c, name, number):
    (c.rootfs / "ready").unlink(missing_ok=True)
    c.run("lxc-start", "--", named(c, name), "hear", number).ok()
    wait_for((c.rootfs / "ready").exists, "/ready")


RTMIN3 = 34 + 3


@pytest.mark.parametrize("name, listens, told", [
    ("systemd", 0, RTMIN3),
    ("busybox", 0, signal.SIGUSR1),
    ("busybox.static", 0, signal.SIGUSR1),
    ("openrc-init", 0, signal.SIGTERM),
    ("runit", 0, signal.SIGPWR),
    ("runit", signal.SIGCONT, signal.SIGCONT),
    ("s6-svscan", 0, signal.SIGTERM),
    ("s6-svscan", signal.SIGUSR1, signal.SIGUSR1),
    ("dinit", 0, signal.SIGTERM),
    ("finit", 0, signal.SIGUSR2),
    ("init", 0, signal.SIGPWR),
    ("init", signal.SIGTERM, signal.SIGTERM),
    ("program", 0, signal.SIGTERM),
    ("program", signal.SIGPWR, signal.SIGPWR),
    ("program", signal.SIGINT, signal.SIGINT),
])
def test_an_init_is_told_what_it_listens_to(container, name, listens, told):
    ours()
    c = container()
    hearing(c, name, listens)
    assert took(lambda: c.run("lxc-stop").ok()) < 1 * SLOW
    assert (c.rootfs / "heard").read_text() == f"{told:d}\n"


def test_what_the_config_says_goes_out(container):
    c = container("lxc.signal.halt = SIGUSR2")
    hearing(c, "systemd", 0)
    c.run("lxc-stop").ok()
    assert (c.rootfs / "heard").read_text() == f"{signal.SIGUSR2:d}\n"


@pytest.mark.parametrize("name, told", [("busybox", signal.SIGTERM), ("systemd", signal.SIGINT), ("program", signal.SIGINT)])
def test_a_reboot_is_told_likewise(container, name, told):
    ours()
    c = container()
    hearing(c, name, 0)
    c.run("lxc-stop", "-r", "-W").ok()
    wait_for((c.rootfs / "heard").exists, "/heard")
    c.stopped()
    assert (c.rootfs / "heard").read_text() == f"{told:d}\n"


def test_who_listens_to_nothing_is_killed_at_once(container):
    ours()
    c = container()
    c.up("--", "/answer", "deaf")
    time.sleep(2.5)  # it has had its time to begin to listen
    assert took(lambda: c.run("lxc-stop").ok()) < 0.5 * SLOW
    assert c.state() == "STOPPED"


def test_an_explicit_time_is_kept_even_so(container):
    c = container()
    c.up("--", "/answer", "deaf")
    assert 0.9 < took(lambda: c.run("lxc-stop", "-t", "1").ok()) < 1 + 0.5 * SLOW


def test_who_ignores_all_is_gone_when_its_time_is_over(container):
    c = container()
    c.up("--", "/answer", "touch", "/ready", "stubborn")
    assert 3.0 <= took(lambda: c.run("lxc-stop", "-t", "3").ok()) < 3 + 0.2 * SLOW
    assert c.state() == "STOPPED"


def test_a_stop_right_after_the_start(container):
    """Its init does not listen yet, and a signal would be lost."""
    ours()
    c = container()
    for _ in range(10):
        c.run("lxc-start", "--", "/answer", "hear", "0").ok()
        assert took(lambda: c.run("lxc-stop").ok()) < 1.5 * SLOW
        (c.rootfs / "heard").unlink()


def test_a_stop_before_init_has_set_itself_up(container):
    ours()
    c = container()
    c.run("lxc-start", "--", "/answer", "nap", "500", "hear", "0").ok()
    assert took(lambda: c.run("lxc-stop").ok()) < 1.5 * SLOW
    assert (c.rootfs / "heard").exists()


def test_nowait_tells_it_as_well(container):
    ours()
    c = container()
    c.run("lxc-start", "--", "/answer", "hear", "0").ok()
    c.run("lxc-stop", "-W").ok()
    c.stopped()
    assert (c.rootfs / "heard").exists()


def test_a_frozen_container_stops_by_itself(container):
    ours()
    c = container()
    hearing(c, "program", 0)
    c.run("lxc-freeze").ok()
    assert took(lambda: c.run("lxc-stop").ok()) < 1.5 * SLOW
    assert (c.rootfs / "heard").exists()


def start_in_background(c):
    p = c.popen("lxc-start", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: c.state() == "STARTING", "it starts")
    return p


def test_a_start_under_way_is_waited_for_and_stopped(container):
    ours()
    c = container("lxc.hook.pre-start = sleep 1 #")
    p = start_in_background(c)
    c.run("lxc-stop").ok()
    assert c.state() == "STOPPED"
    assert p.wait(10) == 0 and p.stderr.read() == ""
    p.stderr.close()


def test_a_start_whose_hook_hangs_is_killed(container):
    ours()
    c = container("lxc.hook.pre-start = sleep 100 #")
    p = start_in_background(c)
    assert took(lambda: c.run("lxc-stop", "-k").ok()) < 2 * SLOW
    assert c.state() == "STOPPED"
    assert p.wait(10) == 1 and "hook sleep 100 # (lxc.hook.pre-start) was interrupted" in p.stderr.read()
    p.stderr.close()


def test_a_stop_of_a_start_that_hangs_ends_it_at_its_time(container):
    ours()
    c = container("lxc.hook.start-host = sleep 100 #")
    p = start_in_background(c)
    assert 1 <= took(lambda: c.run("lxc-stop", "-t", "1").ok()) < 1 + 2 * SLOW
    assert c.state() == "STOPPED" and p.wait(10) == 1
    p.stderr.close()


def test_a_stopping_container_is_waited_for(container):
    ours()
    c = container("lxc.hook.post-stop = sleep 1 #").up()
    kill(c.pid())
    wait_for(lambda: c.state() == "STOPPING", "it stops")
    c.run("lxc-stop").ok()
    assert c.state() == "STOPPED"


def test_a_stop_between_two_lives_of_a_reboot_ends_it(container):
    ours()
    c = container("lxc.hook.post-stop = sleep 1 #").up()
    c.run("lxc-stop", "-r", "-W").ok()
    wait_for(lambda: c.state() == "STOPPING", "it stops")
    c.run("lxc-stop").ok()
    assert c.state() == "STOPPED"


@pytest.mark.parametrize("how", [("-k",), ("-t", "20")], ids=["kill", "stop"])
def test_a_stop_amid_a_reboot_ends_both_lives(container, how):
    """Whatever the keeper is about just then: it was asked for no next life, or that one is ended, too."""
    ours()
    c = container()
    for ms in (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20) * 2:
        c.up()
        other = subprocess.Popen([BIN / "lxc-stop", "-r", "-n", c.name, "-P", c.lxcpath], stderr=subprocess.DEVNULL)
        time.sleep(ms / 1000)
        other.kill()
        other.wait(10)
        c.run("lxc-stop", *how).ok()
        assert c.state() == "STOPPED", f"{ms} ms after a reboot was asked for"


def test_a_stop_that_was_given_up_leaves_a_later_reboot_one(container):
    """What it was asked for is forgotten with the time that was given."""
    ours()
    c = container(init="/answer touch /ready nap 5000 reboot").up()
    first = c.pid()
    assert c.run("lxc-stop", "--nokill", "-t", "1").rc != 0
    wait_for(lambda: c.runs_anew(first), "it has rebooted")
    c.run("lxc-stop", "-k").ok()


def test_a_stop_signal_that_is_not_heeded_becomes_a_kill(container):
    ours()
    c = container("lxc.signal.stop = SIGUSR2")
    c.up("--", "/answer", "touch", "/ready", "stubborn")
    assert 9 < took(lambda: c.run("lxc-stop", "-k", timeout=30).ok()) < 11 + SLOW
    assert c.state() == "STOPPED"


@pytest.mark.parametrize("age", [0, 2.5])
def test_a_real_busybox_needs_no_key(busybox, age):
    """Once it has begun all it is in sigtimedwait(2), and seems to listen to nothing."""
    ours()
    c = busybox()
    c.config.write_text("".join(line for line in c.config.read_text().splitlines(True) if "lxc.signal" not in line))
    for _ in range(3):
        c.run("lxc-start").ok()
        time.sleep(age)
        assert took(lambda: c.run("lxc-stop").ok()) < 3 * SLOW
        end = next(csv.DictReader(c.run("lxc-info", "--format", "csv").out.splitlines()))
        assert (end["reason"], end["status"]) == ("stop", "130"), end
