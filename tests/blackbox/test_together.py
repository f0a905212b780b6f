# SPDX-License-Identifier: MIT
"""Keys that each have a test of their own, in one container: a user namespace, hooks, seccomp, limits, sysctls, a shared
namespace, a veth; through its start, an attach, a reboot and its stop."""
import os
import re
import shutil

import pytest

from lab import IS_LXC, needs, wait_for

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
KINDS = ("pre-start", "pre-mount", "mount", "autodev", "start-host", "start", "stop", "post-stop")


@pytest.fixture
def everything(container, lxcpath):
    """A container with all of it; .said() is what its hooks wrote, a word each."""
    needs(shutil.which("busybox"), "no busybox")
    c = container(net="\n".join((
        "lxc.net.0.type = veth", "lxc.net.0.veth.mode = router", "lxc.net.0.flags = up", "lxc.net.0.name = lan0",
        "lxc.net.0.ipv4.address = 192.0.2.250/32", f"lxc.net.0.script.up = {lxcpath}/hook net-up",
        f"lxc.net.0.script.down = {lxcpath}/hook net-down")))
    c.dir.chmod(0o755)
    for p in (c.rootfs, *c.rootfs.rglob("*")):
        os.lchown(p, 100000, 100000)
    (c.rootfs / "bin").mkdir()
    shutil.copy(shutil.which("busybox"), c.rootfs / "bin/sh")
    (c.rootfs / "said").touch()
    (c.rootfs / "said").chmod(0o666)
    hook = lxcpath / "hook"
    hook.write_text(f"#!/bin/sh\necho \"$LXC_HOOK_TYPE\" >>{lxcpath}/said\n")
    hook.chmod(0o755)
    (lxcpath / "said").touch()
    (lxcpath / "said").chmod(0o666)
    (c.dir / "policy").write_text("2\ndenylist\nmkdirat errno 77\nmkdir errno 77\n")
    c.add("lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536", "lxc.hook.version = 1",
          *(f"lxc.hook.{k} = {hook}" for k in KINDS if k != "start"), "lxc.hook.start = /bin/sh -c 'echo start >>/said'",
          f"lxc.seccomp.profile = {c.dir}/policy", "lxc.prlimit.nofile = 200:300", "lxc.prlimit.core = 0",
          "lxc.sysctl.net.ipv4.ip_forward = 1", "lxc.sysctl.kernel.msgmax = 4000", f"lxc.namespace.share.time = {os.getpid()}",
          "lxc.proc.oom_score_adj = 77", "lxc.no_new_privs = 1", "lxc.cap.drop = sys_time mknod", "lxc.environment = A=b",
          "lxc.tty.max = 2", "lxc.pty.max = 8", "lxc.cgroup.devices.deny = a", "lxc.cgroup.devices.allow = c 1:3 rwm",
          "lxc.cgroup2.pids.max = 100", "lxc.mount.auto = sys:mixed", "lxc.mount.entry = tmpfs mnt tmpfs create=dir,size=1m 0 0",
          "lxc.config.strict = 1", "lxc.signal.halt = SIGTERM")
    c.said = lambda: [w for p in (lxcpath / "said", c.rootfs / "said") for w in p.read_text().split()]
    return c


def looks_right(report):
    for line in (r"uid = 0", r"env = A=b", r"status = NoNewPrivs:\s1", r"status = Seccomp:\s2", r"mount = .* /mnt .* tmpfs .*"):
        assert re.search(rf"^{line}$", report, re.M), line


def test_everything_together_starts_reboots_and_stops(everything):
    c = everything
    c.up()
    assert sorted(c.said()) == sorted(["pre-start", "up", "pre-mount", "mount", "autodev", "start", "start-host"])
    looks_right(c.attach("/answer", "report", "-").ok().out)
    limits = open(f"/proc/{c.pid()}/limits").read()
    assert re.search(r"Max open files +200 +300", limits) and re.search(r"Max core file size +0 +0", limits)
    assert open(f"/proc/{c.pid()}/oom_score_adj").read() == "77\n"
    before = c.pid()
    c.run("lxc-stop", "-r").ok()
    wait_for(lambda: c.state() == "RUNNING" and c.pid() != before, "the reboot")
    looks_right(c.attach("/answer", "report", "-").ok().out)
    c.run("lxc-stop").ok()
    wait_for(lambda: c.said().count("post-stop") == 2, "the hooks of its end")
    for word in (*KINDS, "up", "down"):
        assert c.said().count(word) == 2, word


def test_everything_together_is_explained_and_traced(everything):
    c = everything
    steps = re.findall(r"^\s*(?:keeper|init)\s+(\S+\.\S+)", c.keg.run("keg", "start", "--explain", "-n", c.name, "-P", c.lxcpath).ok().out,
                       re.M | re.I)
    r = c.keg.run("keg", "start", "--trace", "-n", c.name, "-P", c.lxcpath).ok()
    for step in steps:
        assert step in r.out + r.err, step
    c.run("lxc-stop", "-k").ok()
    assert {"userns.map", "hook.start", "seccomp.load", "init.limits", "sysctl.write", "namespace.open", "net.make",
            "cgroup.devices"} <= set(steps)


def test_strict_refuses_it_for_one_word_that_means_nothing_here(everything):
    c = everything
    c.add("lxc.cgroup.nosuch.limit = 1")
    r = c.run("lxc-start").fails(1)
    assert f"  set by  {c.config}:{len(c.config.read_text().splitlines())}  lxc.cgroup.nosuch.limit\n" in r.err, r.err
    assert c.said() == [] and c.state() == "STOPPED"
