# SPDX-License-Identifier: MIT
"""Together: keys that each have a test of their own, in one container: a user namespace, hooks, seccomp, limits, sysctls, a
shared namespace, a veth; through its start, an attach, a reboot and its stop. And commands at once, on one container."""
import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lab import IS_LXC, MARK, SLOW, in_own_net, needs, wait_for

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


# --- commands at once -------------------------------------------------------------------------------------

def at_once(keg, *commands):
    """[(exit status, stderr)]: all are begun before one is waited for."""
    begun = [keg.start(*c, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for c in commands]
    ends = [(p.communicate(timeout=60 * SLOW)[1], p.returncode) for p in begun]
    return [(rc, err) for err, rc in ends]


def test_of_sixty_four_starts_at_once_one_wins_and_the_others_say_so(container):
    c = container()
    ends = at_once(c.keg, *[("lxc-start", "-n", c.name, "-P", c.lxcpath)] * 64)
    already = (0, f"lxc-start: {c.name}: Container is already running\n")
    assert sorted(ends) == [(0, "")] + [already] * 63
    assert c.state() == "RUNNING"


def on(tool, name, c, *more):
    return (tool, "-n", name, "-P", c.lxcpath, *more)


def create(name, c):
    conf = c.lxcpath / "empty.conf"
    conf.write_text("lxc.net.0.type = empty\n")
    return on("lxc-create", name, c, "-t", "busybox", "-f", conf)


def test_of_creations_of_one_name_one_wins(container, keg):
    needs(shutil.which("busybox"), "no busybox")
    c, name = container(), f"{MARK}-new"
    for _ in range(4):
        ends = at_once(keg, *[create(name, c)] * 4)
        lost = [err for rc, err in ends if rc]
        assert sorted(rc for rc, _ in ends) == [0, 1, 1, 1], ends
        assert all(re.fullmatch(rf"lxc-create: {name}: Container already exists(: it is being created just now\n|\n  try     take another name, or remove it first: lxc-destroy -n {name}\n)", err) for err in lost), ends
        assert (c.lxcpath / name / "rootfs/bin/sh").exists() and not (c.lxcpath / name / "partial").exists()
        keg.run(*on("lxc-destroy", name, c)).ok()
        assert sorted(p.name for p in c.lxcpath.iterdir()) == sorted([c.name, "empty.conf"])


def test_of_destructions_of_one_container_one_wins(container, keg):
    c = container()
    for _ in range(6):
        keg.run(*on("lxc-copy", c.name, c, "-N", f"{MARK}-copy")).ok()
        ends = at_once(keg, *[on("lxc-destroy", f"{MARK}-copy", c)] * 4)
        assert sorted(ends) == [(0, "")] + [(1, f"lxc-destroy: {MARK}-copy: Container is not defined\n")] * 3
        assert [p.name for p in c.lxcpath.iterdir()] == [c.name]


def test_of_renamings_one_wins_and_a_container_is_whole(container, keg):
    c = container()
    a, names = f"{MARK}-a", [f"{MARK}-r{i}" for i in range(4)]
    for _ in range(4):
        keg.run(*on("lxc-copy", c.name, c, "-N", a)).ok()
        ends = at_once(keg, *[on("lxc-copy", a, c, "-R", "-N", n) for n in names])
        assert sorted(rc for rc, _ in ends) == [0, 1, 1, 1], ends
        assert all(err in (f"lxc-copy: {a}: Container is not defined\n", f"lxc-copy: {a}: {a} is not defined\n") for rc, err in ends if rc), ends
        won = names[[rc for rc, _ in ends].index(0)]
        assert sorted(p.name for p in c.lxcpath.iterdir()) == sorted([c.name, won])
        text = (c.lxcpath / won / "config").read_text()
        assert f"lxc.rootfs.path = dir:{c.lxcpath}/{won}/rootfs\n" in text and f"lxc.uts.name = {won}\n" in text
        assert "renamed" not in " ".join(p.name for p in (c.lxcpath / won).iterdir())
        keg.run(*on("lxc-destroy", won, c)).ok()


def test_a_copy_and_the_destruction_of_what_it_copies_do_not_mix(container, keg):
    """The copy is whole, or there is none; what is destroyed is gone, or it is said that it is in use."""
    c = container()
    a, b = f"{MARK}-a", f"{MARK}-b"
    for _ in range(6):
        keg.run(*on("lxc-copy", c.name, c, "-N", a)).ok()
        (copied, said), (gone, why) = at_once(keg, on("lxc-copy", a, c, "-N", b), on("lxc-destroy", a, c))
        assert copied == 0 or said in (f"lxc-copy: {a}: Container is not defined\n", f"lxc-copy: {a}: {a} is not defined\n"), said
        assert gone == 0, why
        left = [c.name] + [b] * (copied == 0)
        assert sorted(p.name for p in c.lxcpath.iterdir()) == sorted(left)
        if copied == 0:
            assert (c.lxcpath / b / "rootfs/answer").read_bytes() == (c.rootfs / "answer").read_bytes()
            keg.run(*on("lxc-destroy", b, c)).ok()


def test_a_container_in_the_making_neither_starts_nor_is_destroyed(container, keg):
    c = container()
    template = c.lxcpath / "template"
    template.write_text("#!/bin/sh\nmkdir -p \"$LXC_ROOTFS\"; touch %s/begun; while [ ! -e %s/go ]; do sleep 0.01; done\n" % (c.lxcpath, c.lxcpath))
    template.chmod(0o755)
    name = f"{MARK}-slow"
    p = keg.start(*on("lxc-create", name, c, "-t", template), stderr=subprocess.PIPE, text=True)
    wait_for((c.lxcpath / "begun").exists, "the template runs")
    for tool, *more in (("lxc-start",), ("lxc-destroy",), ("lxc-copy", "-N", f"{MARK}-x"), ("lxc-copy", "-R", "-N", f"{MARK}-x"), ("lxc-snapshot",)):
        r = keg.run(*on(tool, name, c, *more)).fails(1)
        assert r.err == f"{tool}: {name}: {name} is being created just now\n"
    (c.lxcpath / "go").touch()
    err = p.communicate(timeout=20 * SLOW)[1]
    assert p.returncode == 0, err
    keg.run(*on("lxc-destroy", name, c)).ok()


def test_a_start_and_who_changes_its_files_wait_for_each_other(container):
    """What a destroy, a renaming or a restore holds alone, a start holds with others until it runs."""
    c = container()
    fd = os.open(c.dir, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    assert c.run("lxc-start").fails(1).err == f"lxc-start: {c.name}: another command is at work on the files of {c.name}\n"
    fcntl.flock(fd, fcntl.LOCK_SH)
    c.up()
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # who runs is known by the keeper's lock
    os.close(fd)
    c.run("lxc-stop", "-k").ok()
    c.add("lxc.hook.pre-start = sleep 3 #")
    p = c.keg.start(*on("lxc-start", c.name, c), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: c.state() == "STARTING", "it starts")
    assert c.run("lxc-destroy").fails(1).err == (f"lxc-destroy: {c.name}: {c.name} is running\n"
                                                 f"  try     lxc-destroy -f -n {c.name} stops it first\n")
    assert p.wait(20 * SLOW) == 0, p.stderr.read()


def test_of_restores_under_one_new_name_one_wins(container, keg):
    c, new = container(), f"{MARK}-new"
    c.run("lxc-snapshot").ok()
    for _ in range(8):
        ends = at_once(keg, *[on("lxc-snapshot", c.name, c, "-r", "snap0", "-N", new)] * 4)
        assert sorted(rc for rc, _ in ends) == [0, 1, 1, 1], ends
        lost = (f"lxc-snapshot: {c.name}: Container already exists: {new}\n", f"lxc-snapshot: {c.name}: {new} is being restored just now\n")
        assert all(err in lost for rc, err in ends if rc), ends
        keg.run(*on("lxc-destroy", new, c)).ok()


def test_the_remains_of_a_killed_creation_are_told_and_destroyed(container, keg):
    c = container()
    (c.dir / "partial").touch()
    r = c.run("lxc-start").fails(1)
    assert r.err == (f"lxc-start: {c.name}: {c.name} is not complete: its creation was cut short\n"
                     f"  try     lxc-destroy -n {c.name} takes away what there is\n")
    c.run("lxc-destroy").ok()
    assert not c.dir.exists()


def test_what_killed_commands_left_goes_with_the_next_one(container, keg):
    c = container()
    for left in (f".trash-{MARK}-gone", f".restore-{MARK}-gone"):
        (c.lxcpath / left / "rootfs").mkdir(parents=True)
        os.setxattr(c.lxcpath / left, "trusted.keg.owner", str(c.lxcpath / f"{MARK}-gone").encode())  # as all that is ours
    keg.run(*on("lxc-copy", c.name, c, "-N", f"{MARK}-copy")).ok()
    assert sorted(p.name for p in c.lxcpath.iterdir()) == sorted([c.name, f"{MARK}-copy"])


def test_a_destroy_takes_away_where_a_killed_copy_was_mounted(container):
    c = container()
    at = Path("/run/keg/rootfs", str(c.lxcpath).replace("-", "\\x2d").replace("/", "-"), c.name)
    at.mkdir(parents=True)
    c.run("lxc-destroy").ok()
    assert not at.parent.exists()


def test_network_devices_that_are_added_at_once_are_all_put_back(container, keg):
    c = container()
    n = 8
    script = "\n".join([*(f"ip link add dum{i} type veth peer name per{i} || exit 1" for i in range(n)),
                        f"lxc-start -n {c.name} -P {c.lxcpath} || exit 1",
                        *(f"lxc-device -n {c.name} -P {c.lxcpath} -- add dum{i} in{i} &" for i in range(n)), "wait",
                        f"grep -c ^phys /run/keg/*/{c.name}/net", f"lxc-stop -k -n {c.name} -P {c.lxcpath} || exit 1",
                        "ls /sys/class/net | grep -c dum"])
    r = in_own_net(keg, script)
    assert (r.returncode, r.stdout, r.stderr) == (0, f"{n}\n{n}\n", "")
