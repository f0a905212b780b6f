# SPDX-License-Identifier: MIT
"""lxc.namespace.share.*: init lives in a namespace of another container, of a process, of a file."""
import os
import subprocess

import pytest

from lab import IS_LXC, gone, kill, wait_for

words = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
KINDS = ("pid", "uts", "ipc", "net", "cgroup", "time")


def ns(pid, kind):
    return os.readlink(f"/proc/{pid}/ns/{kind}")


@pytest.fixture
def pair(container):
    """(the one that has the namespaces, running; another one with these lines)"""
    def make(*lines):
        return container(name="owner" + str(os.getpid())).up(), container(*lines, name="guest" + str(os.getpid()))
    return make


@pytest.mark.parametrize("kind", KINDS)
def test_a_namespace_of_another_container(pair, kind):
    owner, guest = pair()
    guest.add(f"lxc.namespace.share.{kind} = {owner.name}")
    guest.up()
    assert ns(guest.pid(), kind) == ns(owner.pid(), kind)
    others = [k for k in (*KINDS, "mnt") if k not in (kind, "time")]
    assert not [k for k in others if ns(guest.pid(), k) == ns(owner.pid(), k)]
    assert not [k for k in others if ns(guest.keeper(), k) != ns(os.getpid(), k)], "the keeper has moved"
    guest.attach("/answer", "exit", "0").ok()
    guest.run("lxc-stop").ok()
    guest.stopped()
    assert owner.state() == "RUNNING"
    owner.attach("/answer", "exit", "0").ok()


def test_all_of_them_by_process_file_and_path(pair):
    owner, guest = pair()
    pid = owner.pid()
    guest.add(f"lxc.namespace.share.ipc = {pid}", f"lxc.namespace.share.net = /proc/{pid}/ns/net",
              f"lxc.namespace.share.uts = {owner.dir}", "lxc.sysctl.net.ipv4.ip_default_ttl = 61", "lxc.sysctl.kernel.msgmax = 4000")
    guest.up()
    assert [ns(guest.pid(), k) == ns(pid, k) for k in ("ipc", "net", "uts", "pid")] == [True, True, True, False]
    seen = subprocess.run(["nsenter", "-t", str(pid), "-n", "-i", "cat", "/proc/sys/net/ipv4/ip_default_ttl", "/proc/sys/kernel/msgmax"],
                          capture_output=True, text=True, check=True).stdout
    assert seen == "61\n4000\n"


def test_what_belongs_to_a_shared_namespace_is_not_touched(pair):
    owner, guest = pair("lxc.net.0.type = veth", "lxc.net.0.flags = up", "lxc.time.offset.boot = 1000s")
    for kind in ("uts", "net", "time"):
        guest.add(f"lxc.namespace.share.{kind} = {owner.name}")
    guest.up()
    out = guest.attach("/answer", "report", "-").ok().out
    assert f"host = {owner.name}\n" in out
    links = subprocess.run(["nsenter", "-t", str(owner.pid()), "-n", "ls", "/proc/sys/net/ipv4/conf"], capture_output=True, text=True, check=True)
    assert "eth0" not in links.stdout
    assert ns(guest.pid(), "time") == ns(os.getpid(), "time")
    guest.run("lxc-stop", "-k").ok()
    assert owner.state() == "RUNNING"


def test_a_mount_namespace(pair):
    owner, guest = pair()
    guest.config.write_text(f"lxc.init.cmd = /answer touch /guest sleep\nlxc.uts.name = {guest.name}\n"
                            f"lxc.namespace.share.mnt = {owner.name}\nlxc.net.0.type = empty\n")
    guest.run("lxc-start").ok()
    wait_for((owner.rootfs / "guest").exists, "it is in the rootfs of the other")
    assert ns(guest.pid(), "mnt") == ns(owner.pid(), "mnt")
    guest.run("lxc-stop", "-k").ok()
    assert owner.state() == "RUNNING"
    owner.attach("/answer", "exit", "0").ok()


def test_the_owner_of_a_pid_namespace_stops_and_so_does_who_shares_it(pair):
    owner, guest = pair()
    guest.add(f"lxc.namespace.share.pid = {owner.name}")
    pid = guest.up().pid()
    owner.run("lxc-stop", "-k").ok()
    guest.stopped()
    assert gone(pid)


def test_the_owner_of_another_one_stops_and_it_lives_on(pair):
    owner, guest = pair()
    guest.add(f"lxc.namespace.share.net = {owner.name}", f"lxc.namespace.share.ipc = {owner.name}")
    guest.up()
    owner.run("lxc-stop", "-k").ok()
    guest.attach("/answer", "exit", "0").ok()
    assert guest.state() == "RUNNING"


def test_what_is_left_in_a_shared_pid_namespace_dies_with_its_container(pair):
    owner, guest = pair()
    guest.config.write_text(guest.config.read_text().replace("= /answer\n", "= /answer children 3 touch /ready sleep\n"))
    guest.add(f"lxc.namespace.share.pid = {owner.name}")
    pid = guest.up().pid()
    children = [int(p) for p in open(f"/proc/{pid}/task/{pid}/children").read().split()]
    assert len(children) == 3
    kill(pid)
    guest.stopped()
    wait_for(lambda: all(gone(c) for c in children), "its children are dead")
    assert owner.state() == "RUNNING"


def test_lxc_execute_in_a_shared_pid_namespace(pair):
    owner, guest = pair()
    guest.add(f"lxc.namespace.share.pid = {owner.name}")
    assert guest.run("lxc-execute", "--", "/answer", "exit", "7").rc == 7
    assert owner.state() == "RUNNING"


def test_one_that_is_killed_while_it_shares_leaves_nothing(pair):
    owner, guest = pair()
    guest.add(f"lxc.namespace.share.uts = {owner.name}")
    kill(guest.up().keeper())
    guest.stopped()
    guest.up()


# --- wrong ------------------------------------------------------------------------------------------------

def says(c, line, text, hint=None, step="namespace.open (keeper)"):
    c.add(line)
    n = len(c.config.read_text().splitlines())
    want = f"lxc-start: {c.name}: {text}\n  set by  {c.config}:{n}  {line.split()[0]}\n"
    want += f"  step    {step}\n" if step else ""
    want += f"  try     {hint}\n" if hint else ""
    assert c.run("lxc-start").fails().err == want


@words
def test_one_that_is_not_running(container, lxcpath):
    container(name="sleeper")
    says(container(name="guest"), "lxc.namespace.share.uts = sleeper", "sleeper, whose uts namespace is to be shared, is not running",
         f"start it first: lxc-start -P {lxcpath} -n sleeper")


@words
@pytest.mark.parametrize("value, text", [
    ("999999999", "there is no process 999999999 whose net namespace could be shared"),
    ("/etc/no-such", "cannot open /etc/no-such, whose net namespace is to be shared: No such file or directory"),
    ("/etc/passwd", "/etc/passwd is not a net namespace"),
    (f"/proc/{os.getpid()}/ns/uts", f"/proc/{os.getpid()}/ns/uts is not a net namespace"),
])
def test_what_is_no_namespace(container, value, text):
    says(container(), f"lxc.namespace.share.net = {value}", text)


@words
def test_wrong_names(container):
    c = container("lxc.namespace.share.mount = x", "lxc.namespace.share.net = a/b")
    n = len(c.config.read_text().splitlines())
    assert c.run("lxc-start").fails().err == (
        f"lxc-start: {c.name}: unknown key lxc.namespace.share.mount\n"
        f"  set by  {c.config}:{n - 1}  lxc.namespace.share.mount\n"
        "  try     did you mean lxc.namespace.share.mnt?\n"
        f'lxc-start: {c.name}: bad value "a/b" of lxc.namespace.share.net: allowed is a process id, a container\'s name, '
        "LXCPATH/NAME, or the path of a namespace file\n"
        f"  set by  {c.config}:{n}  lxc.namespace.share.net\n")


@words
def test_another_user_namespace_is_refused(container):
    p = subprocess.Popen(["unshare", "-U", "sleep", "60"])
    try:
        wait_for(lambda: ns(p.pid, "user") != ns(os.getpid(), "user"), "it has unshared")
        says(container(), f"lxc.namespace.share.user = {p.pid}",
             f"the user namespace of {p.pid} is another one, which cannot be shared")
    finally:
        p.kill()
        p.wait()


def test_the_callers_own_user_namespace_is_none_to_enter(container):
    container(f"lxc.namespace.share.user = {os.getpid()}").up()


@words
def test_a_rootfs_in_a_shared_mount_namespace_is_refused(pair):
    owner, guest = pair()
    says(guest, f"lxc.namespace.share.mnt = {owner.name}", f"a container in the mount namespace of {owner.name} cannot have a rootfs of its own",
         "take lxc.rootfs.path out of the config, or lxc.namespace.share.mnt", step=None)
