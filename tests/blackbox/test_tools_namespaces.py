# SPDX-License-Identifier: MIT
"""lxc-unshare and lxc-usernsexec: a program in new namespaces without a container; lxc-checkpoint, which refuses."""
import os
import re
import subprocess

import pytest

from lab import IS_LXC, needs, wait_for


def unshare(keg, *args, **how):
    return keg.run("lxc-unshare", *args, **how)


def same(r, text):
    """LXC's messages have a place in its source before the words."""
    assert text in r.err if IS_LXC else r.err == f"lxc-unshare: {text}\n"


def test_unshare_says_whether_the_command_was_content(keg):
    r = unshare(keg, "-s", "UTSNAME", "--", "sh", "-c", "id -u; exit 3").fails(1)
    assert r.out == "0\n"
    assert unshare(keg, "-s", "UTSNAME", "--", "true").ok().out == ""


def test_unshare_makes_the_namespaces_that_are_named(keg):
    names = ("mnt", "pid", "uts", "ipc", "net", "cgroup", "time")
    mine = {n: os.readlink(f"/proc/self/ns/{n}") for n in names}
    for words in ("UTSNAME|IPC", "uts|ipc", "MOUNT|NETWORK|PID"):
        wanted = {"UTSNAME": "uts", "IPC": "ipc", "MOUNT": "mnt", "NETWORK": "net", "PID": "pid"}
        new = {wanted.get(w, w) for w in words.split("|")}
        out = unshare(keg, "-s", words, "--", "sh", "-c", "cd /proc/self/ns; for n in " + " ".join(names) + "; do readlink $n; done").out
        if "pid" in new:  # the host's /proc does not know a pid of the new namespace
            continue
        theirs = dict(zip(names, out.split()))
        assert {n for n in names if theirs[n] != mine[n]} == new


def test_unshare_begins_with_pid_1(keg):
    assert unshare(keg, "-s", "PID", "--", "sh", "-c", "echo $$").ok().out == "1\n"


def test_unshare_sets_the_host_name(keg):
    before = os.uname().nodename
    assert unshare(keg, "-s", "UTSNAME", "-H", "elsewhere", "--", "hostname").ok().out == "elsewhere\n"
    assert os.uname().nodename == before


def test_unshare_of_users(keg):
    maps = "cat /proc/self/uid_map /proc/self/gid_map"
    assert unshare(keg, "-s", "USER", "--", "sh", "-c", f"id -u; {maps}").ok().out == "65534\n"
    for user in ("daemon", "1"):
        out = unshare(keg, "-s", "USER", "-u", user, "--", "sh", "-c", f"id -u; {maps}").ok().out
        assert out.split() == ["1", "1", "0", "1"]


def test_unshare_moves_network_devices(keg):
    needs(not IS_LXC, "the subject is LXC itself")  # LXC's needs the ip program's own way
    name = f"kt{os.getpid() % 100000}"
    subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", f"{name}p"], check=True)
    try:
        out = unshare(keg, "-s", "NETWORK|MOUNT", "-i", name, "--", "cat", "/proc/net/dev").ok().out
        assert re.search(rf"^ *{name}:", out, re.M)
    finally:
        subprocess.run(["ip", "link", "del", name], capture_output=True)
    r = unshare(keg, "-s", "NETWORK", "-i", "nosuch0", "--", "true").fails(1)
    assert r.err == "lxc-unshare: cannot move the network device nosuch0: No such device\n"


def test_unshare_mounts_a_proc_of_its_own(keg):
    needs(not IS_LXC, "the subject is LXC itself")  # LXC's has none
    mounts = open("/proc/self/mountinfo").read()
    out = unshare(keg, "-s", "PID|MOUNT", "-M", "--", "sh", "-c", "echo /proc/[0-9]*").ok().out
    assert out == "/proc/1\n"
    assert open("/proc/self/mountinfo").read() == mounts


def test_unshare_does_not_wait_for_a_daemon(keg, tmp_path):
    mark = tmp_path / "mark"
    r = keg.start("lxc-unshare", "-d", "-s", "UTSNAME", "--", "sh", "-c", f"sleep 0.3; echo here >{mark}; exit 3",
                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert r.wait(10) == 0
    assert not mark.exists()
    wait_for(mark.exists, "what the daemon leaves")


@pytest.mark.parametrize("args, told", [
    ((), "A command to execute in the new namespace is required"),
    (("-s", "UTSNAME"), "A command to execute in the new namespace is required"),
    (("true",), "A namespace to execute command is required"),
    (("-s", "MOUNT", "-i", "eth0", "true"), "-i <interfacename> needs -s NETWORK option"),
    (("-s", "MOUNT", "-H", "x", "true"), "-H <hostname> needs -s UTSNAME option"),
    (("-s", "UTSNAME", "-M", "true"), "-M needs -s MOUNT option"),
    (("-s", "FOO", "true"), "could not parse command line"),
    (("-s", "UTSNAME", "--colour", "true"), None),
])
def test_unshare_refuses(keg, args, told):
    r = unshare(keg, *args).fails(1)
    if told:
        same(r, told)


def test_unshare_of_a_user_who_is_not_there(keg):
    r = unshare(keg, "-s", "USER", "-u", "nosuch", "true").fails(1)
    if not IS_LXC:
        assert r.err == "lxc-unshare: there is no user nosuch\nlxc-unshare: could not parse command line\n"
    r = unshare(keg, "-s", "UTSNAME", "/nonexistent").fails(1)
    if not IS_LXC:
        assert r.err == "lxc-unshare: cannot run /nonexistent: No such file or directory\n"


# --- usernsexec -------------------------------------------------------------------------------------------

def usernsexec(keg, *args, **how):
    return keg.run("lxc-usernsexec", *args, **how)


MAPS = "id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map"


def test_usernsexec_is_root_of_its_maps(keg):
    needs(not IS_LXC, "the subject is LXC itself")  # LXC's asks newuidmap even as root
    r = usernsexec(keg, "-m", "b:0:100000:10", "--", "sh", "-c", f"{MAPS}; exit 4").fails(4)
    assert r.out.split() == "0 0 0 100000 10 0 100000 10".split()
    r = usernsexec(keg, "-m", "u:0:100000:10", "-m", "g:0:200000:5", "--", "sh", "-c", MAPS).ok()
    assert r.out.split() == "0 0 0 100000 10 0 200000 5".split()


def test_usernsexec_maps_the_caller_behind_the_others(keg):
    r = usernsexec(keg, "-m", "b:0:100000:10", "-s", "--", "cat", "/proc/self/uid_map")
    needs(not (IS_LXC and r.rc), "the subject is LXC itself")
    assert r.ok().out.split() == "0 100000 10 10 0 1".split()


def test_usernsexec_becomes_another(keg):
    needs(not IS_LXC, "the subject is LXC itself")  # since 6.0
    r = usernsexec(keg, "-u", "1", "-g", "2", "-m", "b:1:100000:10", "--", "sh", "-c", "id -u; id -g").ok()
    assert r.out == "1\n2\n"


def test_usernsexec_tells_the_commands_end(keg):
    needs(not IS_LXC, "the subject is LXC itself")
    assert usernsexec(keg, "-m", "b:0:100000:10", "--", "sh", "-c", "kill -9 $$").fails(137).err == ""
    r = usernsexec(keg, "-m", "b:0:100000:10", "--", "/nonexistent").fails(1)
    assert r.err == "lxc-usernsexec: cannot run /nonexistent: No such file or directory\n"


def test_usernsexec_without_a_root_in_its_maps(keg):
    needs(not IS_LXC, "the subject is LXC itself")
    r = usernsexec(keg, "-m", "b:1:100000:10", "--", "id").fails(1)
    assert r.err == ("lxc-usernsexec: no map of users has an id 0\n"
                     "  try     add one with -m u:0:HOSTID:1, or become another by -u and -g\n")
    r = usernsexec(keg, "-m", "u:0:100000:10", "--", "id").fails(1)
    assert r.err == ("lxc-usernsexec: no map of groups has an id 0\n"
                     "  try     add one with -m g:0:HOSTID:1, or become another by -u and -g\n")


def test_usernsexec_takes_the_callers_subids(keg):
    needs(not IS_LXC, "the subject is LXC itself")
    if re.search(r"^(root|0):", open("/etc/subuid").read() + "\n", re.M):
        first = re.search(r"^(?:root|0):(\d+):(\d+)", open("/etc/subuid").read(), re.M)
        assert usernsexec(keg, "--", "cat", "/proc/self/uid_map").ok().out.split() == ["0", *first.groups()]
    else:
        r = usernsexec(keg, "--", "id").fails(1)
        assert r.err == ("lxc-usernsexec: /etc/subuid has no line of root\n"
                         "  try     give maps with -m, or add root:100000:65536 to /etc/subuid\n")


@pytest.mark.parametrize("args", [("-m", "foo"), ("-m", "b:0:1"), ("-m", "x:0:1:2"), ("-m", "b:0:1:-1"), ("-x",)])
def test_usernsexec_refuses_a_bad_map(keg, args):
    r = usernsexec(keg, *args).fails(1)
    if not IS_LXC:
        assert r.out.startswith("usage: lxc-usernsexec [-h] [-m MAP]... [-s] [-u UID] [-g GID] [-- COMMAND [ARG...]]\n")
    assert usernsexec(keg, "-h").rc == 0


# --- checkpoint -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("args, why", [
    ((), "-D DIR must be given"),
    (("-r", "-s", "-D", "/x"), "-s does not go with -r"),
    (("-r", "-p", "-D", "/x"), "-p does not go with -r"),
    (("-F", "-D", "/x"), "-d and -F go with -r only"),
    (("-d", "-D", "/x"), "-d and -F go with -r only"),
])
def test_checkpoint_refuses_what_does_not_go_together(keg, args, why):
    r = keg.run("lxc-checkpoint", "-n", "nosuch", *args).fails(1)
    assert r.err.endswith("lxc-checkpoint: could not parse command line\n")
    assert IS_LXC or r.err == f"lxc-checkpoint: {why}\nlxc-checkpoint: could not parse command line\n"


def test_checkpoint_says_that_it_cannot(container, tmp_path):
    c = container()
    r = c.run("lxc-checkpoint", "-D", tmp_path).fails(1)
    assert f"{c.name} not running, not checkpointing" in r.err
    needs(not IS_LXC, "the subject is LXC itself")
    c.up()
    for args, what in (((), "taken"), (("-s", "-v"), "taken"), (("-p", "--predump-dir", "x", "-A", "/x"), "taken")):
        r = c.run("lxc-checkpoint", "-D", tmp_path, *args).fails(1)
        assert r.err == (f"lxc-checkpoint: {c.name}: checkpoints cannot be {what}: that is not built yet\n"
                         "  try     lxc-freeze holds a running container; lxc-snapshot keeps its files\n")
    assert c.state() == "RUNNING" and not list(tmp_path.iterdir())
    c.run("lxc-stop", "-k").ok()
    r = c.run("lxc-checkpoint", "-r", "-F", "-D", tmp_path).fails(1)
    assert r.err.startswith(f"lxc-checkpoint: {c.name}: checkpoints cannot be restored: that is not built yet\n")
