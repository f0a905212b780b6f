# SPDX-License-Identifier: MIT
"""A start or a stop that breaks at any step: it is told, nobody waits for ever, and nothing is left behind.

The keeper of build/tests/libexec is built with fault points (engine/fault.h): KEG_FAULT=fail:STEP,
kill-keeper:STEP, kill-init:STEP, hold:STEP, which makes it late, and undo:STEP, which kills the keeper while it undoes the step.
"""
import os
import re
import shutil
import socket
import time

import pytest

from lab import BIN, IS_LXC, SLOW, difference, gone, kill, look, wait_for

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
FAULTY = BIN.parent / "tests/libexec"
LINES = ("lxc.tty.max = 1", "lxc.pty.max = 16", "lxc.environment = A=b", "lxc.cap.drop = sys_time", "lxc.mount.auto = sys:ro cgroup:ro",
         "lxc.mount.entry = /etc mnt none bind,ro,create=dir 0 0", "lxc.prlimit.nofile = 100", "lxc.sysctl.kernel.msgmax = 4000",
         "lxc.proc.oom_score_adj = 50", "lxc.no_new_privs = 1", "lxc.cgroup2.pids.max = 1000", f"lxc.namespace.share.time = {os.getpid()}",
         "lxc.monitor.unshare = 1",
         *(f"lxc.hook.{k} = /bin/true" for k in ("pre-start", "pre-mount", "mount", "autodev", "start-host", "stop", "post-stop")))
# The rows of a user namespace and of idmapped mounts.
MAPPED = ("lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536", "lxc.rootfs.options = idmap=container",
          "lxc.mount.entry = /etc mnt2 none bind,create=dir,idmap=container 0 0")
# A network device that changes nothing of its host but a route through itself.
NET = "\n".join(("lxc.net.0.type = veth", "lxc.net.0.veth.mode = router", "lxc.net.0.flags = up", "lxc.net.0.ipv4.address = 192.0.2.251/32"))


def steps_of(c):
    """[(role, step)] of a start, in order."""
    out = c.keg.run("keg", "start", "--explain", "-n", c.name, "-P", c.lxcpath).ok().out
    found = [(m[1].lower(), m[2]) for m in re.finditer(r"^\s*(keeper|init)\s+(\S+\.\S+)", out, re.M | re.I)]
    assert len(found) > 10, out
    return found


def faulty(fault):
    return {"KEG_LIBEXEC": str(FAULTY), "KEG_FAULT": fault}


def quiet(now):
    """Nothing changes: the keeper of the first start is gone, too."""
    time.sleep(0.2)
    return not difference(now)


@pytest.fixture(params=[(), MAPPED], ids=["plain", "user namespace"])
def broken(container, request):
    """break_at(fault): starts with the fault; gives the result, and checks that all is well again after it."""
    assert FAULTY.exists(), f"no keeper with fault points in {FAULTY}"
    c, wrong = container(*LINES, *request.param, net=NET), []
    c.dir.chmod(0o755)  # a mapped root must be able to pass
    (c.dir / "policy").write_text("2\ndenylist\nmkdir notify\n")
    c.add(f"lxc.seccomp.profile = {c.dir}/policy", f"lxc.seccomp.notify.proxy = unix:{c.dir}/proxy")
    proxy = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # nobody takes the calls; they wait in its queue
    proxy.bind(str(c.dir / "proxy"))
    proxy.listen(4096)
    if shutil.which("busybox"):
        (c.rootfs / "bin").mkdir()
        shutil.copy(shutil.which("busybox"), c.rootfs / "bin/sh")
        c.add("lxc.hook.start = /bin/sh -c true")
    c.up()
    c.run("lxc-stop").ok()  # whatever the first start makes for good is there now
    wait_for(lambda: quiet(look()), "the host is quiet")
    before = look()

    def complain(fault, text):
        wrong.append(f"{fault}: {text}")

    def left(fault):
        end = time.monotonic() + 5 * SLOW
        while difference(before) and time.monotonic() < end:
            time.sleep(0.02)
        lines = difference(before)
        if lines:
            complain(fault, "left behind:\n" + "\n".join(lines))

    def works_again(fault):
        """What a killed keeper could not clear away, the next start does."""
        r = c.run("lxc-start")
        if r.rc:
            complain(fault, f"the next start fails: {r.err}")
        c.run("lxc-stop", "-k")
        left(fault)

    c.complain, c.left, c.works_again = complain, left, works_again
    yield c
    proxy.close()
    assert not wrong, "\n".join(wrong)


def test_a_step_that_fails_is_named_and_undone(broken):
    for role, step in steps_of(broken):
        fault = f"fail:{step}"
        for mode in ("-d", "-F"):
            r = broken.run("lxc-start", mode, env=faulty(fault))
            who = "container init" if role == "init" else "keeper"
            if r.rc != 1 or f"  step    {step} ({who})\n" not in r.err:
                broken.complain(fault, f"{mode}: exit {r.rc}: {r.err}")
            broken.left(fault)
    broken.works_again("in the end")


def test_a_keeper_that_is_killed_while_it_starts(broken):
    for role, step in steps_of(broken):
        if role != "keeper":
            continue
        fault = f"kill-keeper:{step}"
        r = broken.run("lxc-start", env=faulty(fault))
        if r.rc != 1 or "keeper" not in r.err:
            broken.complain(fault, f"exit {r.rc}: {r.err}")
        if broken.state() != "STOPPED":
            broken.complain(fault, f"it is {broken.state()}")
        broken.works_again(fault)


def test_an_init_that_is_killed_while_it_starts(broken):
    steps = steps_of(broken)
    cloned = next(i for i, s in enumerate(steps) if s[0] == "init")
    for role, step in steps[cloned:]:
        fault = f"kill-init:{step}"
        r = broken.run("lxc-start", env=faulty(fault))
        # At the exec itself nobody can tell an init that was killed before from one that was killed after it.
        if step == steps[-1][1]:
            broken.stopped()
        elif r.rc != 1 or "container init" not in r.err:
            broken.complain(fault, f"exit {r.rc}: {r.err}")
        broken.left(fault)
    broken.works_again("in the end")


def test_a_keeper_that_is_killed_while_it_stops(broken):
    for role, step in steps_of(broken):
        if role != "keeper":
            continue
        fault = f"undo:{step}"
        r = broken.run("lxc-start", env=faulty(fault))
        if r.rc:
            broken.complain(fault, f"start: exit {r.rc}: {r.err}")
        r = broken.run("lxc-stop", "-k", timeout=30)
        if r.rc not in (0, 1):
            broken.complain(fault, f"stop: exit {r.rc}: {r.err}")
        if broken.state() != "STOPPED":
            broken.complain(fault, f"it is {broken.state()}")
        broken.works_again(fault)


def test_an_init_that_is_killed_while_it_runs(broken):
    broken.up()
    pid = broken.pid()
    kill(pid)
    broken.stopped()
    assert gone(pid)
    broken.left("kill init")


def settled(c):
    """The state that has not changed for half a second: the keeper may not even have begun."""
    state, since, end = c.state(), time.monotonic(), time.monotonic() + 10 * SLOW
    while time.monotonic() < min(end, since + 0.5 * SLOW) or (state == "STARTING" and time.monotonic() < end):
        now = c.state()
        if now != state:
            state, since = now, time.monotonic()
        time.sleep(0.02)
    return state


def test_a_caller_that_is_killed_while_it_starts_leaves_a_container_or_nothing(broken):
    """lxc-start itself, at any moment: the container runs in the end, or there is nothing of it."""
    for delay in (0, 0.002, 0.005, 0.01, 0.02, 0.04):
        p = broken.popen("lxc-start")
        time.sleep(delay)
        p.kill()
        p.wait()
        state = settled(broken)
        if state not in ("STOPPED", "RUNNING"):
            broken.complain(f"{delay} s", f"it is {state}")
        broken.run("lxc-stop", "-k")
        broken.left(f"{delay} s")


@pytest.mark.parametrize("late", ["pts.mount", "console.open", "tty.open"])
def test_rules_of_devices_wait_for_what_the_start_itself_opens(container, late):
    c = container("lxc.tty.max = 1", "lxc.cgroup.devices.deny = a", "lxc.cgroup.devices.allow = c 1:3 rwm")
    c.run("lxc-start", env=faulty(f"hold:{late}")).ok()
    c.run("lxc-stop", "-k").ok()


def test_a_destroy_is_enough_after_a_killed_start(container):
    """Also where the start had not yet written down what it was making."""
    c = container("lxc.apparmor.profile = unconfined", "lxc.cgroup2.pids.max = 1000", net=NET)
    saved = c.dir.with_name("saved")
    shutil.copytree(c.dir, saved, symlinks=True)
    c.up()
    c.run("lxc-stop").ok()
    wait_for(lambda: quiet(look()), "the host is quiet")
    before, wrong = look(), []

    def left():
        return [line for line in difference(before) if "/ended" not in line]

    for role, step in steps_of(c):
        if role != "keeper":
            continue
        c.run("lxc-start", env=faulty(f"kill-keeper:{step}"))
        c.run("lxc-destroy").ok()
        shutil.copytree(saved, c.dir, symlinks=True)
        (c.dir / "ended").unlink(missing_ok=True)
        end = time.monotonic() + 5 * SLOW  # a veth goes with its network namespace, which the kernel takes down in its own time
        while left() and time.monotonic() < end:
            time.sleep(0.02)
        wrong += [f"{step}: {line}" for line in left()]
    shutil.rmtree(saved)
    assert not wrong, "\n".join(wrong)
