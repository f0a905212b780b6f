# SPDX-License-Identifier: MIT
"""What a plain user's containers have of the host: an interface by lxc-user-nic, and the programs that LXC installs beside
its commands. Each test's host is a network and mount namespace of its own, with a bridge unbr0, two users and an /etc/lxc.
"""
import json
import os
import re
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, MARK, SLOW, Result, for_others, gone, needs, wait_for
from test_net_keys import NetHost

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")

USER, OTHER = 4321, 4322
# Names, ranges and /etc/lxc are the mount namespace's own.
TOWN = f"""
    cp /etc/passwd /etc/group @ETC@
    printf '%s\\n' user:x:{USER}:{USER}::/:/bin/sh us:x:{OTHER}:{OTHER}::/:/bin/sh >>@ETC@/passwd
    printf '%s\\n' user:x:{USER}: us:x:{OTHER}: team:x:{USER + 10}:user,us >>@ETC@/group
    printf '%s\\n' user:100000:65536 us:200000:65536 >@ETC@/subuid; cp @ETC@/subuid @ETC@/subgid
    for f in passwd group subuid subgid; do touch /etc/$f; mount --bind @ETC@/$f /etc/$f; done
    mkdir -p @ETC@/lxc /etc/lxc; mount --bind @ETC@/lxc /etc/lxc
    ip link add unbr0 type bridge; ip link set unbr0 mtu 1400 up; ip addr add 10.77.0.1/24 dev unbr0
"""


class Town(NetHost):
    """The host of plain users."""

    def __init__(self, keg, folder):
        super().__init__(keg)
        self.folder, self.etc = folder, folder / "etc"
        self.etc.mkdir()
        self.sh(TOWN.replace("@ETC@", str(self.etc)))
        self.bin = for_others(folder)
        self.nic = folder / "libexec/lxc-user-nic"
        self.nic.chmod(0o4755)
        for name in ("home", "run"):
            (folder / name).mkdir()
            os.chown(folder / name, USER, USER)

    def usernet(self, *lines):
        (self.etc / "lxc/lxc-usernet").write_text("".join(f"{line}\n" for line in lines))

    def as_user(self, uid=USER, groups=()):
        how = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
        return [*self.under(), "setpriv", "--reuid", str(uid), "--regid", str(uid), *how, "--"]

    def how(self, **more):
        env = {"HOME": str(self.folder / "home"), "XDG_RUNTIME_DIR": str(self.folder / "run"), "USER": "user"}
        return {"under": self.as_user(), "env": env, "commands": self.bin, **more}

    def user_nic(self, *argv, uid=USER, groups=(), env=None):
        p = subprocess.run([*self.as_user(uid, groups), str(self.nic), *map(str, argv)], capture_output=True, text=True,
                           stdin=subprocess.DEVNULL, timeout=30 * SLOW, env=env)
        return Result(p.returncode, p.stdout, p.stderr, ["lxc-user-nic", *map(str, argv)])

    def create(self, pid, bridge="unbr0", *name, type="veth", **how):
        return self.user_nic("create", "/x", "c1", pid, type, bridge, *name, **how)

    def nics(self):
        return self.sh("cat /run/lxc/nics 2>/dev/null || true")

    def veths(self):
        return re.findall(r"^\d+: (veth\w+)", self.sh("ip -o link show type veth"), re.M)


@pytest.fixture
def town(keg, lxcpath):
    t = Town(keg, lxcpath)
    yield t
    t.end()


@pytest.fixture
def netns(town):
    """Makes network namespaces: processes that sit in one, and in a user namespace of the user's own."""
    made = []

    def make(uid=USER, flags="-Urn"):
        p = subprocess.Popen([*town.as_user(uid), "unshare", flags, "sh", "-c", "echo ok; exec sleep 1000"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, text=True)
        made.append(p)
        assert p.stdout.readline() == "ok\n"
        return p.pid

    yield make
    for p in made:
        p.kill()
        p.wait()
        p.stdout.close()


def links(pid):
    """What is in that network namespace: {name: its record}"""
    out = subprocess.run(["nsenter", "-t", str(pid), "-n", "ip", "-j", "addr"], capture_output=True, text=True, check=True).stdout
    return {x["ifname"]: x for x in json.loads(out)}


# --- lxc-user-nic -----------------------------------------------------------------------------------------

USAGE = """\
Usage: lxc-user-nic create LXCPATH NAME PID TYPE BRIDGE [NICNAME]
       lxc-user-nic delete LXCPATH NAME /proc/PID/ns/net TYPE BRIDGE NICNAME

  Gives a container of yours a network device at a bridge of the host's, as far as
  /etc/lxc/lxc-usernet lets you; delete takes a port from Open vSwitch.
"""


def test_a_device_is_made_and_noted(town, netns):
    town.usernet("user veth unbr0 2")
    pid = netns()
    out = town.create(pid, "unbr0", "lan0").ok().out
    inner, index, host, host_index = out.rstrip("\n").split(":")
    there = links(pid)["lan0"]
    assert out.endswith("\n") and inner == "lan0" and re.fullmatch(rf"veth{USER}_\w{{4}}", host)
    assert (there["ifindex"], there["link_index"], there["mtu"]) == (int(index), int(host_index), 1400)
    ours = json.loads(town.sh(f"ip -j link show {host}"))[0]
    assert (ours["ifindex"], ours["master"], ours["mtu"]) == (int(host_index), "unbr0", 1400)
    assert ours["address"].startswith("fe:") and "UP" in ours["flags"]
    assert town.nics() == f"user veth unbr0 {host}\n"
    assert town.sh("stat -c '%a %u' /run/lxc/nics /run/lxc/nics.lock") == "600 0\n600 0\n"


def test_without_a_name_it_is_the_next_eth(town, netns):
    town.usernet("user veth unbr0 2")
    pid = netns()
    assert [town.create(pid).ok().out.split(":")[0] for _ in range(2)] == ["eth0", "eth1"]


def test_none_is_a_veth_without_a_bridge(town, netns):
    town.usernet("user veth none 1")
    host = town.create(netns(), "none").ok().out.split(":")[2]
    assert "master" not in json.loads(town.sh(f"ip -j link show {host}"))[0]
    assert town.nics() == f"user veth none {host}\n"


QUOTA = ("lxc-user-nic: Quota reached\n", 1)


@pytest.mark.parametrize("lines", [
    (), ("us veth unbr0 9",), ("user veth unbr01 9",), ("user veth unbr 9",), ("user macvlan unbr0 9",), ("use veth unbr0 9",),
    ("user veth unbr0",), ("user veth unbr0 9 9",), ("user veth unbr0 -1",), ("user veth unbr0 0",), ("user veth unbr0 0x9",),
    ("user veth unbr0 9a",), ("#user veth unbr0 9",), ("@user veth unbr0 0",), ("@team veth unbr0 9",), (f"{USER} veth unbr0 9",),
], ids=" ".join)
def test_who_has_no_line_gets_nothing(town, netns, lines):
    town.usernet(*lines)
    r = town.create(netns()).fails()
    assert (r.err, r.rc, r.out, town.veths(), town.nics()) == (*QUOTA, "", [], "")


def test_other_types_are_not_made_whatever_a_line_says(town, netns):
    town.usernet("user macvlan unbr0 9")
    assert town.create(netns(), type="macvlan").fails().err == QUOTA[0]


def test_lines_of_one_owner_add_up_and_groups_pay_next(town, netns):
    town.usernet("@team veth unbr0 1", "user veth unbr0 1", "junk", "user veth unbr0 1")
    pid = netns()
    for _ in range(3):
        town.create(pid, groups=[USER + 10]).ok()
    assert town.create(pid, groups=[USER + 10]).fails().err == QUOTA[0]
    owners = [line.split()[0] for line in town.nics().splitlines()]
    assert owners == ["@team", "user", "user"]
    # the group's is used up for its other members, too; who left the group has nothing of it
    assert town.create(netns(OTHER), uid=OTHER, groups=[USER + 10]).fails().err == QUOTA[0]


def test_what_has_gone_counts_no_more(town, netns):
    town.usernet("user veth unbr0 1")
    first = netns()
    town.create(first).ok()
    os.kill(first, 9)
    wait_for(lambda: gone(first), "it is dead")
    host = town.create(netns()).ok().out.split(":")[2]  # at once: the kernel may still be about to take the first one away
    assert town.nics() == f"user veth unbr0 {host}\n"


def test_a_note_of_a_device_that_is_somebody_elses_counts_no_more(town, netns):
    town.usernet("user veth unbr0 1")
    town.sh("ip link add veth4321_aaaa type bridge; mkdir -p /run/lxc; echo 'user veth unbr0 veth4321_aaaa' >/run/lxc/nics; echo junk >>/run/lxc/nics")
    host = town.create(netns()).ok().out.split(":")[2]
    assert town.nics() == f"user veth unbr0 {host}\n"


@pytest.mark.parametrize("argv", [(), ("create",), ("create", 1, 2, 3, 4), ("create", *"1234567"), ("delete", *"12345"),
                                  ("delete", *"1234567"), ("make", *"12345"), ("--help",)], ids=lambda a: " ".join(map(str, a)) or "nothing")
def test_usage(town, argv):
    r = town.user_nic(*argv).fails()
    assert (r.out, r.err) == ("", USAGE)


@pytest.mark.parametrize("pid", ["abc", "", "0", "-1", "1a", "99999999999", " 1"])
def test_a_pid_is_a_number(town, pid):
    town.usernet("user veth unbr0 1")
    assert town.create(pid).fails().err == f"lxc-user-nic: Could not read pid: {pid}\n"


@pytest.mark.parametrize("name", ["averylongname1234", "a/b", "", "a b", "eth%d", "."])
def test_a_name_of_a_device(town, netns, name):
    town.usernet("user veth unbr0 1")
    assert town.create(netns(), "unbr0", name).fails().err == f"lxc-user-nic: {name} is no name of a network device\n"


def test_what_fails_leaves_nothing(town, netns):
    town.usernet("user veth unbr0 9", "user veth unbr1 9", "user veth lo 9")
    pid = netns()
    town.create(pid, "unbr0", "lan0").ok()
    notes, veths = town.nics(), town.veths()
    assert town.create(pid, "unbr0", "lan0").fails().err == "lxc-user-nic: cannot create lan0 in the container: File exists\n"
    err = town.create(pid, "unbr1").fails().err
    assert re.fullmatch(r"lxc-user-nic: cannot attach veth4321_\w{4} to bridge unbr1: No such device\n", err)
    assert re.fullmatch(r"lxc-user-nic: cannot attach veth4321_\w{4} to lo: it is not a bridge\n", town.create(pid, "lo").fails().err)
    assert (town.nics(), town.veths()) == (notes, veths)


def test_whose_network_namespace_it_is(town, netns):
    """CVE-2017-5985. One text for all that is not his, so that nothing is told of what he may not see."""
    town.usernet("user veth unbr0 9", "us veth unbr0 9", "root veth unbr0 9")
    others, mine = netns(OTHER), netns()
    roots = subprocess.Popen([*town.under(), "unshare", "-n", "sleep", "1000"])
    plain = subprocess.Popen([*town.as_user(), "sleep", "1000"])
    try:
        for pid in (others, roots.pid, plain.pid, 1, 2 ** 22):
            r = town.create(pid).fails()
            assert (r.out, r.err) == ("", f"lxc-user-nic: User {USER} may not modify netns for pid {pid}\n")
        assert town.veths() == []
        town.create(mine).ok()
    finally:
        for p in (roots, plain):
            p.kill()
            p.wait()


def test_root_needs_a_line_too_and_may_any_but_the_hosts(town, netns):
    pid = netns()
    run = lambda pid: subprocess.run([*town.under(), str(town.nic), "create", "/x", "c1", str(pid), "veth", "unbr0"], capture_output=True, text=True)
    assert run(pid).stderr == QUOTA[0]
    town.usernet("root veth unbr0 1")
    assert run(town.holder.pid).stderr == f"lxc-user-nic: User 0 may not modify netns for pid {town.holder.pid}\n"
    assert re.fullmatch(r"eth0:\d+:veth\w{6}:\d+\n", run(pid).stdout)


def test_a_user_namespace_that_hides_whose_it_is(town, netns):
    """In a namespace whose maker is not mapped in it, everybody's number may look like the caller's."""
    town.usernet("user veth unbr0 9")
    outer = netns()
    r = subprocess.run(["nsenter", "-t", str(outer), "-U", "-n", "--preserve-credentials", str(town.nic), "create", "/x", "c1", str(outer), "veth", "unbr0"],
                       capture_output=True, text=True)
    assert r.returncode == 1 and r.stdout == "" and town.veths() == []


def test_files_that_others_may_write_say_nothing(town, netns):
    town.usernet("user veth unbr0 9")
    (town.etc / "lxc/lxc-usernet").chmod(0o666)
    assert town.create(netns()).fails().err == QUOTA[0]
    (town.etc / "lxc/lxc-usernet").chmod(0o600)
    town.sh("mkdir -p /run/lxc; chmod 777 /run/lxc")
    assert town.create(netns()).fails().err == "lxc-user-nic: cannot look up what is allowed: Operation not permitted\n"
    assert town.veths() == []


def test_a_link_in_the_place_of_the_notes_is_not_followed(town, netns):
    town.usernet("user veth unbr0 9")
    town.sh("mkdir -p /run/lxc; ln -s /etc/passwd /run/lxc/nics.lock")
    assert town.create(netns()).fails().err == "lxc-user-nic: cannot look up what is allowed: Too many levels of symbolic links\n"


def test_what_the_caller_hands_down_counts_for_nothing(town, netns):
    """Limits, timers, environment, fds, an output that is full: the device is made and noted, and the lock is free again."""
    town.usernet("user veth unbr0 9")
    pid, (r, w) = netns(), os.pipe()
    os.set_blocking(w, False)
    while True:
        try:
            os.write(w, b"x" * 4096)
        except BlockingIOError:
            break
    os.set_blocking(w, True)
    limits = "import os,resource,signal,sys\n" \
             "resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8)); signal.setitimer(signal.ITIMER_REAL, 2)\n" \
             "os.execve(sys.argv[1], sys.argv[1:], {'PATH': '/nowhere', 'LD_PRELOAD': '/x'})"
    argv = [*town.as_user(), "/usr/bin/python3", "-c", limits, str(town.nic), "create", "/x", "c1", str(pid), "veth", "unbr0"]
    p, began = subprocess.Popen(argv, stdout=w, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL), time.monotonic()
    wait_for(lambda: len(town.veths()) == 1, "the device")
    host = town.create(pid).ok().out.split(":")[2]  # while the first one still stands with its output
    assert town.nics().splitlines()[1] == f"user veth unbr0 {host}" and len(town.nics().splitlines()) == 2
    assert Path(f"/proc/{p.pid}/status").read_text().split("\nUid:")[1].split("\n")[0].split() == ["0"] * 4
    assert re.search(r"^CapPrm:\t0000000000001000$", Path(f"/proc/{p.pid}/status").read_text(), re.M)  # CAP_NET_ADMIN
    assert subprocess.run([*town.as_user(), "kill", "-9", str(p.pid)], capture_output=True).returncode == 1
    wait_for(lambda: time.monotonic() > began + 3, "his timer")
    assert p.poll() is None
    os.close(w)
    while os.read(r, 65536):
        pass
    assert p.wait(10 * SLOW) == 0
    os.close(r)


def test_a_limit_of_the_callers_gains_him_nothing(town, netns):
    """Root lifts it, or where he may not (no CAP_SYS_RESOURCE) nothing is made that is not noted."""
    town.usernet("user veth unbr0 9")
    argv = [*town.as_user(), "prlimit", "--fsize=0", str(town.nic), "create", "/x", "c1", str(netns()), "veth", "unbr0"]
    r = subprocess.run(argv, capture_output=True, text=True, timeout=30 * SLOW)
    assert r.returncode == 0 or r.stderr == "lxc-user-nic: cannot note the new device: File too large\n"
    assert len(town.veths()) == len(town.nics().splitlines()) == (r.returncode == 0)


def test_many_at_once_keep_to_the_quota(town, netns):
    town.usernet("user veth unbr0 5")
    pid = netns()
    argv = [*town.as_user(), str(town.nic), "create", "/x", "c1", str(pid), "veth", "unbr0"]
    all = [subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(16)]
    said = [p.communicate(timeout=60 * SLOW) for p in all]
    assert sorted(p.returncode for p in all) == [0] * 5 + [1] * 11
    assert [err for out, err in said if not out] == [QUOTA[0]] * 11
    assert len(town.nics().splitlines()) == len(town.veths()) == 5


def test_who_has_the_lock_for_too_long(town, netns):
    town.usernet("user veth unbr0 5")
    town.sh("mkdir -p /run/lxc")
    holder = subprocess.Popen([*town.under(), "/usr/bin/python3", "-c", "import fcntl,struct,time\nf = open('/run/lxc/nics.lock', 'w')\n"
                               "fcntl.fcntl(f, 37, struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 0, 0))\nprint(flush=True)\ntime.sleep(1000)"], stdout=subprocess.PIPE)
    try:
        holder.stdout.readline()
        began = time.monotonic()
        assert town.create(netns()).fails().err == "lxc-user-nic: cannot look up what is allowed: Resource temporarily unavailable\n"
        assert 9 < time.monotonic() - began < 12 + 5 * SLOW
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_without_the_setuid_bit_it_says_so(town, netns):
    town.usernet("user veth unbr0 5")
    town.nic.chmod(0o755)
    assert town.create(netns()).fails().err == "lxc-user-nic: this program is not setuid root: as root, chmod u+s it\n"


# --- Open vSwitch, by an ovs-vsctl that only writes down what it is told ----------------------------------------

OVS = """#!/bin/sh
echo "$@" >>@LOG@
[ "$2" != br-exists ] || [ "$3" = unovs0 ]
"""


@pytest.fixture
def ovs(town):
    (town.folder / "ovs").mkdir()
    log, fake = town.folder / "ovs/log", town.folder / "ovs/ovs-vsctl"
    fake.write_text(OVS.replace("@LOG@", str(log)))
    fake.chmod(0o755)
    town.sh(f"mkdir -p {town.folder}/sbin; mount --rbind /usr/local {town.folder}/sbin; mount -t tmpfs none /usr/local; mkdir /usr/local/sbin; "
            f"cp {fake} /usr/local/sbin; ip link add unovs0 type veth peer name unovs1")
    town.usernet("user veth unovs0 2", "us veth unovs0 2", "@team veth unovs0 2", "user veth unbr0 1")
    yield log
    town.sh(f"umount -l {town.folder}/sbin")


def said(log):
    return [line for line in log.read_text().splitlines() if "br-exists" not in line]


def test_a_port_of_open_vswitch(town, netns, ovs):
    pid = netns()
    host = town.create(pid, "unovs0").ok().out.split(":")[2]
    assert said(ovs) == [f"--timeout=5 add-port unovs0 {host}"]
    delete = lambda nic, uid=USER, bridge="unovs0", path=f"/proc/{pid}/ns/net", **how: town.user_nic("delete", "/x", "c1", path, "veth", bridge, nic, uid=uid, **how)
    # CVE-2026-39402: neither a part of a name, nor another's
    refused = lambda nic: f'lxc-user-nic: Caller is not allowed to delete network device "{nic}"\n'
    for nic in (host[:-1], host + "x", "veth", f"veth{USER}_"):
        assert delete(nic).fails().err == refused(nic)
    assert delete(host, OTHER, path=f"/proc/{netns(OTHER)}/ns/net").fails().err == refused(host)
    assert delete(host, bridge="unbr0").fails().err == refused(host)
    assert delete(host, OTHER).fails().err == f"lxc-user-nic: User {OTHER} may not modify netns for pid {pid}\n"
    assert len(said(ovs)) == 1
    delete(host).ok()
    assert said(ovs)[1:] == [f"--timeout=5 --if-exists del-port unovs0 {host}"] and town.nics() == ""


def test_a_path_is_taken_as_words_and_never_opened(town, netns, ovs):
    """CVE-2018-6556, CVE-2022-47952: nothing is told of a file that is there, or not, or a fifo."""
    os.mkfifo(town.folder / "fifo")
    for path in ("/etc/shadow", "/nosuch", f"{town.folder}/fifo", "/proc/1/ns/mnt", "/proc/self/ns/net", "/proc/1/../1/ns/net", "/proc//ns/net"):
        assert town.user_nic("delete", "/x", "c1", path, "veth", "unovs0", "veth0").fails().err == f"lxc-user-nic: Could not read pid: {path}\n"


def test_the_port_of_a_device_that_has_gone_is_taken_away(town, netns, ovs):
    pid = netns()
    host = town.create(pid, "unovs0").ok().out.split(":")[2]
    os.kill(pid, 9)
    wait_for(lambda: host not in town.veths(), "the device is gone")
    town.create(netns(), "unbr0").ok()
    assert said(ovs)[1:] == [f"--timeout=5 --if-exists del-port unovs0 {host}"]


def test_a_port_by_another_members_quota_is_not_his(town, netns, ovs):
    town.usernet("@team veth unovs0 2")
    pid = netns()
    host = town.create(pid, "unovs0", groups=[USER + 10]).ok().out.split(":")[2]
    r = town.user_nic("delete", "/x", "c1", f"/proc/{netns(OTHER)}/ns/net", "veth", "unovs0", host, uid=OTHER, groups=[USER + 10])
    assert r.fails().err == f'lxc-user-nic: Caller is not allowed to delete network device "{host}"\n'


# --- a plain user's container ---------------------------------------------------------------------------------------

VETH = ("lxc.net.0.type = veth", "lxc.net.0.link = unbr0", "lxc.net.0.flags = up")


@pytest.fixture
def users(town, container):
    """Makes containers of the user's; .run() is him."""
    made = []

    def make(*lines):
        c = container(net="\n".join(lines))
        c.add("lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536", "lxc.pty.max = 16")
        for at, _, files in os.walk(c.rootfs):
            for name in [".", *files]:
                os.chown(os.path.join(at, name), 100000, 100000)
        for folder in (c.dir, c.dir.parent):
            os.chown(folder, USER, USER)
            folder.chmod(0o755)
        plain = c.run
        c.run = lambda tool, *args, **how: plain(tool, *args, **{**town.how(), **how})
        made.append(c)
        return c

    yield make
    for c in made:
        c.run("lxc-stop", "-k")


def at(c, text):
    """FILE:LINE of the config's first line with that text."""
    return f"{c.config}:{next(n for n, line in enumerate(c.config.read_text().splitlines(), 1) if text in line)}"


def test_a_users_container_has_a_veth(town, users):
    town.usernet("user veth unbr0 1")
    c = users(*VETH, "lxc.net.0.name = lan0", "lxc.net.0.hwaddr = 10:66:6a:01:02:03", "lxc.net.0.mtu = 1300", "lxc.net.0.ipv4.address = 10.77.0.7/24",
              "lxc.net.0.ipv4.gateway = 10.77.0.1").up()
    pid = c.pid()
    nic = links(pid)["lan0"]
    assert (nic["address"], nic["mtu"], "UP" in nic["flags"]) == ("10:66:6a:01:02:03", 1300, True)
    assert [a["local"] for a in nic["addr_info"] if a["family"] == "inet"] == ["10.77.0.7"]
    route = subprocess.run(["nsenter", "-t", str(pid), "-n", "ip", "route"], capture_output=True, text=True).stdout
    assert "default via 10.77.0.1 dev lan0" in route
    host = town.veths()[0]
    assert town.nics() == f"user veth unbr0 {host}\n"
    assert f"Link:           {host}\n" in c.run("lxc-info").ok().out
    town.sh("ping -c1 -W2 10.77.0.7 >/dev/null") if os.path.exists("/usr/bin/ping") or os.path.exists("/bin/ping") else None
    c.run("lxc-stop", "-k").ok()
    wait_for(lambda: town.veths() == [], "the veth goes with its namespace")


def test_two_devices_and_a_restart_at_once(town, users):
    town.usernet("user veth unbr0 1", "user veth none 1")
    c = users(*VETH, "lxc.net.1.type = veth", "lxc.net.1.flags = up").up()
    assert {"eth0", "eth1"} <= set(links(c.pid()))
    for _ in range(3):  # the quota is one of each: those that are about to go do not count
        c.run("lxc-stop", "-k").ok()
        c.up()
    first = c.pid()
    c.run("lxc-stop", "-r").ok()
    wait_for(lambda: c.runs_anew(first) and "eth0" in links(c.pid()), "it runs again, with its devices")


def test_its_scripts_are_told_of_it(town, users):
    town.usernet("user veth unbr0 1")
    log, script = town.folder / "run/log", town.folder / "script"
    script.write_text(f"#!/bin/sh\necho \"$@\" >>{log}\n")
    script.chmod(0o755)
    c = users(*VETH, f"lxc.net.0.script.up = {script}", f"lxc.net.0.script.down = {script}").up()
    host = town.veths()[0]
    c.run("lxc-stop", "-k").ok()
    assert log.read_text() == "".join(f"{c.name} net {way} veth unbr0 {host}\n" for way in ("up", "down"))


def test_a_port_of_open_vswitch_goes_with_the_container(town, users, ovs):
    c = users(*VETH[:1], "lxc.net.0.link = unovs0").up()
    host = next(v for v in town.veths() if v.startswith("veth"))
    assert said(ovs) == [f"--timeout=5 add-port unovs0 {host}"]
    c.run("lxc-stop", "-k").ok()
    assert said(ovs)[1:] == [f"--timeout=5 --if-exists del-port unovs0 {host}"] and town.nics() == ""


NO_BIT = "said    lxc-user-nic: this program is not setuid root: as root, chmod u+s it"
NO_QUOTA = "said    lxc-user-nic: Quota reached"
REFUSED = [
    ("no line", (), 0o4755, NO_QUOTA, 'as root: echo "user veth unbr0 10" >>/etc/lxc/lxc-usernet'),
    ("no bit", ("user veth unbr0 1",), 0o755, NO_BIT, "as root: chown root {nic}; chmod u+s {nic}"),
    ("neither", ("user veth unbr1 1",), 0o755, NO_BIT, 'as root: chmod u+s {nic}; echo "user veth unbr0 10" >>/etc/lxc/lxc-usernet'),
    ("too few", ("user veth unbr0 0", "user veth unbr0 0"), 0o4755, NO_QUOTA, 'as root: echo "user veth unbr0 10" >>/etc/lxc/lxc-usernet'),
]


@pytest.mark.parametrize("lines, mode, said, hint", [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_root_has_to_do_first(town, users, lines, mode, said, hint):
    town.usernet(*lines)
    town.nic.chmod(mode)
    c = users(*VETH)
    assert c.run("lxc-start").fails().err == f"""\
lxc-start: {c.name}: cannot create a veth at bridge unbr0: lxc-user-nic ended with 1
  set by  {at(c, "net.0.link")}  lxc.net.0.link
  {said}
  try     {hint.replace("{nic}", str(town.nic))}
"""


def test_all_that_he_may_have_are_in_use(town, users, netns):
    town.usernet("user veth unbr0 1")
    town.create(netns()).ok()
    c = users(*VETH)
    assert c.run("lxc-start").fails().err == f"""\
lxc-start: {c.name}: cannot create a veth at bridge unbr0: lxc-user-nic ended with 1
  set by  {at(c, "net.0.link")}  lxc.net.0.link
  {NO_QUOTA}
  try     of user's devices at unbr0, /etc/lxc/lxc-usernet allows 1: root may raise it
"""


def test_a_bridge_that_is_not_there(town, users):
    town.usernet("user veth lxcbr0 1")
    c = users("lxc.net.0.type = veth", "lxc.net.0.link = lxcbr0")
    err = c.run("lxc-start").fails().err
    assert re.sub(r"veth4321_\w{4}", "vethX", err) == f"""\
lxc-start: {c.name}: cannot create a veth at bridge lxcbr0: lxc-user-nic ended with 1
  set by  {at(c, "net.0.link")}  lxc.net.0.link
  said    lxc-user-nic: cannot attach vethX to bridge lxcbr0: No such device
  try     as root: keg net up
"""


@pytest.mark.parametrize("line", ["veth.mode = router", "veth.vlan.id = 5", "veth.vlan.tagged.id = 5", "veth.ipv4.route = 192.0.2.0/24",
                                  "veth.ipv6.route = 2001:db8::/32"])
def test_keys_that_are_about_the_hosts_end(town, users, line):
    town.usernet("user veth unbr0 1")
    c = users(*VETH, f"lxc.net.0.{line}")
    key = f"lxc.net.0.{line.split()[0]}"
    err = c.run("lxc-start").fails().err
    if "vlan" not in line:  # of VLANs the bridge is asked first
        assert err == f"""\
lxc-start: {c.name}: {key} takes root: a plain user's veth is a port of a bridge, and no more
  set by  {at(c, key)}  {key}
  step    net.make (keeper)
"""
    assert key in err and town.veths() == []


def test_keys_that_are_not_heeded(town, users):
    town.usernet("user veth unbr0 1")
    c = users(*VETH, "lxc.net.0.veth.pair = mine0")
    r = c.run("lxc-start").ok()
    assert r.err == f"""\
lxc-start: {c.name}: warning: lxc.net.0.veth.pair is not heeded: lxc-user-nic gives a plain user's veth its name
  set by  {at(c, "veth.pair")}  lxc.net.0.veth.pair
"""
    assert town.veths() != [] and "mine0" not in town.veths()


def test_check_names_each_step(town):
    """Each by the command that the step before has told: root's, then the user's."""
    town.usernet()
    town.nic.chmod(0o755)
    check = lambda: {x["name"]: x for x in json.loads(town.keg.run("keg", "check", "--format", "json", **town.how()).out)["checks"]}
    row = check()["lxc-user-nic"]
    assert (row["why"], row["try"]) == ("lxc-user-nic, which gives a user's containers an interface, is not setuid root",
                                        f"chown root {town.nic}; chmod u+s {town.nic}")
    assert r"lxc.net.0.type = empty\nlxc.idmap" in check()["default config"]["try"]
    town.sh(row["try"])
    row = check()["lxc-user-nic"]
    assert (row["why"], row["try"]) == ("/etc/lxc/lxc-usernet gives this user no veth at lxcbr0", 'echo "user veth lxcbr0 10" >>/etc/lxc/lxc-usernet')
    town.sh(row["try"])
    (town.etc / "lxc/lxc-usernet").chmod(0o664)
    row = check()["lxc-user-nic"]
    assert (row["why"], row["try"]) == ("/etc/lxc/lxc-usernet is not heeded while others than root may write to it",
                                        "chown root /etc/lxc/lxc-usernet; chmod go-w /etc/lxc/lxc-usernet")
    town.sh(row["try"])
    rows = check()
    assert rows["lxc-user-nic"]["ok"]
    assert r"lxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.flags = up\nlxc.idmap" in rows["default config"]["try"]


def test_other_devices_take_root(town, users):
    c = users("lxc.net.0.type = macvlan", "lxc.net.0.link = unbr0")
    err = c.run("lxc-start").fails().err
    assert err == f"""\
lxc-start: {c.name}: cannot create macvlan device on unbr0: Operation not permitted
  set by  {at(c, "net.0.type")}  lxc.net.0.type
  step    net.make (keeper)
  try     this takes root: a plain user's containers have lxc.net.0.type = veth or empty
"""


# --- lxc-monitord -----------------------------------------------------------------------------------------------

MONITORD = BIN.parent / "libexec/lxc-monitord"
# What a program does that speaks LXC's monitor channel: a record is a number, a name, a number.
CLIENT = """
import socket, struct, sys
h = 0xcbf29ce484222325
for c in f"lxc/{sys.argv[1]}/monitor-sock".encode():
    h = (h ^ c) * 0x100000001b3 & (1 << 64) - 1
s = socket.socket(socket.AF_UNIX)
s.connect(f"\\0lxc/{h:016x}/{sys.argv[1]}"[:107])
print("there", flush=True)
while True:
    try:
        if sys.argv[2:]:
            s.send(sys.argv.pop().encode())
        record = s.recv(264, socket.MSG_WAITALL)
    except OSError:  # he was closed before he had said a word
        break
    if not record:
        break
    kind, name, value = struct.unpack("i256si", record)
    print(kind, name.split(b"\\0")[0].decode(), value, flush=True)
"""


class Monitord:
    def __init__(self, town, lxcpath, stays=False):
        self.town, self.lxcpath, self.clients = town, lxcpath, []
        r, w = os.pipe()
        argv = [*town.under(), str(MONITORD), *(["--daemon", str(lxcpath)] if stays else [str(lxcpath), str(w)])]
        self.process = subprocess.Popen(argv, pass_fds=[w], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        os.close(w)
        if stays:
            wait_for(lambda: str(lxcpath) in town.sh("cat /proc/net/unix"), "it listens")
            self.told = b""
        else:
            self.told = os.read(r, 9)
        os.close(r)

    def client(self, *words, uid=0):
        p = subprocess.Popen([*self.town.as_user(uid), "/usr/bin/python3", "-c", CLIENT, str(self.lxcpath), *words], stdout=subprocess.PIPE, text=True)
        self.clients.append(p)
        assert p.stdout.readline() == "there\n"
        return p.stdout

    def fifo(self):
        return f"/run/lxc{self.lxcpath}/monitor-fifo"

    def end(self):
        self.process.terminate()
        self.process.wait(10 * SLOW)
        self.process.stderr.close()
        for p in self.clients:
            p.kill()
            p.wait()
            p.stdout.close()


@pytest.fixture
def monitord(town):
    made = []

    def make(*args, **how):
        made.append(Monitord(town, *args, **how))
        return made[-1]

    yield make
    for m in made:
        m.end()


@pytest.fixture
def roots(town, container):
    """A container of root's in the town."""
    c = container()
    plain = c.run
    c.run = lambda tool, *args, **how: plain(tool, *args, under=town.under(), **how)
    yield c
    c.run("lxc-stop", "-k")


def test_the_monitor_channel_tells_what_containers_do(town, roots, monitord, lxcpath):
    m = monitord(lxcpath)
    assert m.told == b"S"
    a, b = m.client(), m.client()
    roots.up()
    roots.run("lxc-freeze").ok()
    roots.run("lxc-unfreeze").ok()
    roots.run("lxc-stop", "-k").ok()
    lines = [f"0 {roots.name} {n}\n" for n in (1, 2, 5, 6, 7, 2)] + [f"2 {roots.name} 9\n"] + [f"0 {roots.name} {n}\n" for n in (3, 0)]
    said = [a.readline() for _ in lines]
    assert said == lines and [b.readline() for _ in lines] == lines


def test_a_container_of_lxcs_tells_by_the_fifo(town, monitord, lxcpath):
    m = monitord(lxcpath)
    client = m.client()
    assert town.sh(f"stat -c '%a %F' {m.fifo()}") == "600 fifo\n"
    record = struct.pack("i256si", 2, b"theirs", 256)
    (lxcpath / "record").write_bytes(b"short" + b"")
    town.sh(f"cat {lxcpath}/record >{m.fifo()}")  # nothing that could be a record
    (lxcpath / "record").write_bytes(record)
    town.sh(f"cat {lxcpath}/record >{m.fifo()}")
    assert client.readline() == "2 theirs 256\n"


def test_quit(town, roots, monitord, lxcpath, keg):
    quit = lambda: keg.run("lxc-monitor", "-P", lxcpath, "-Q", under=town.under())
    assert quit().rc == 1
    for stays in (False, True):
        m = monitord(lxcpath, stays=stays)
        client = m.client("hello")  # which means nothing
        quit().ok()
        assert m.process.wait(10 * SLOW) == 0 and client.readline() == ""
        assert town.sh(f"ls -d {m.fifo()} 2>/dev/null || echo gone") == "gone\n"
    assert quit().rc == 1


def test_there_is_one_for_a_path(town, monitord, lxcpath):
    monitord(lxcpath)
    second = monitord(lxcpath)
    assert (second.told, second.process.wait(10 * SLOW)) == (b"", 1)
    assert second.process.stderr.read() == f"lxc-monitord: there is an lxc-monitord for {lxcpath} already\n"


def test_a_killed_one_is_followed_by_the_next(town, monitord, lxcpath):
    first = monitord(lxcpath)
    first.process.kill()
    first.process.wait()
    assert monitord(lxcpath).told == b"S"


def test_nobody_else_may_listen(town, monitord, lxcpath):
    assert monitord(lxcpath).client(uid=USER).readline() == ""


def test_a_client_who_does_not_read_holds_nobody_up(town, monitord, lxcpath):
    m = monitord(lxcpath)
    deaf, client = m.client(), m.client()
    os.kill(m.clients[0].pid, 19)  # SIGSTOP
    (lxcpath / "records").write_bytes(struct.pack("i256si", 0, b"c", 2) * 10)
    for _ in range(300):
        town.sh(f"cat {lxcpath}/records >{m.fifo()}")
        for _ in range(10):
            assert client.readline() == "0 c 2\n"
    os.kill(m.clients[0].pid, 18)  # SIGCONT
    assert len(deaf.readlines()) < 3000  # and then the end, in place of a gap


def test_it_ends_half_a_minute_after_its_last_client(town, monitord, lxcpath):
    m = monitord(lxcpath)
    m.client()
    began = time.monotonic()
    m.clients[0].kill()
    assert m.process.wait(60 + 10 * SLOW) == 0 and 29 < time.monotonic() - began < 60 + 10 * SLOW


@pytest.mark.parametrize("argv", [(), ("/x",), ("x", "3"), ("/x", "y"), ("/x", "-1"), ("--daemon", "/x", "3"), ("--help",)], ids=" ".join)
def test_monitords_usage(argv):
    p = subprocess.run([MONITORD, *argv], capture_output=True, text=True)
    assert (p.returncode, p.stdout, p.stderr.splitlines()[:2]) == (1, "", ["Usage: lxc-monitord LXCPATH PIPEFD", "       lxc-monitord --daemon [LXCPATH]"])


def test_lxcs_own_monitor_on_our_daemon(town, roots, monitord, lxcpath):
    """Where LXC's command is installed: it finds our daemon, and tells of our container."""
    needs(os.path.exists("/usr/libexec/lxc/lxc-monitord"), "the subject is LXC itself")
    m = monitord(lxcpath)
    p = subprocess.Popen([*town.under(), "/usr/bin/lxc-monitor", "-P", str(lxcpath), "-n", ".*"], stdout=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: town.sh("cat /proc/net/unix").count(str(lxcpath)) > 1, "it is connected")
        roots.up()
        assert p.stdout.readline() == f"'{roots.name}' changed state to [STARTING]\n"
        assert p.stdout.readline() == f"'{roots.name}' changed state to [RUNNING]\n"
        r = subprocess.run([*town.under(), "/usr/bin/lxc-monitor", "-P", str(lxcpath), "-Q"], capture_output=True, text=True)
        assert r.returncode == 0 and m.process.wait(10 * SLOW) == 0
    finally:
        p.kill()
        p.wait()
        p.stdout.close()


# --- init.lxc, lxc CMD ------------------------------------------------------------------------------------------

INIT = BIN.parent / "libexec/init.lxc"


def init(*argv, own=True):
    """As pid 1, unless it is told otherwise."""
    under = ["unshare", "-p", "-f", "--kill-child", "--mount-proc"] if own else []
    p = subprocess.run([*under, INIT, *argv], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20 * SLOW)
    return Result(p.returncode, p.stdout, p.stderr, ["init.lxc", *argv])


@pytest.mark.parametrize("options", [("--name=c",), ("-n", "c"), ("--nam", "c"), ("-q", "-P", "/x", "-n", "c"), ("-n", "c", "--lxcpath=/x", "--quiet")], ids=" ".join)
def test_init_runs_a_command_below_it(options):
    r = init(*options, "--", "sh", "-c", "echo $$ $PPID; exit 7").fails(7)
    assert (r.out, r.err) == ("2 1\n", "")


def test_init_ends_as_its_command_ends():
    init("-n", "c", "--", "sh", "-c", "kill -9 $$").fails(137)
    assert init("-n", "c", "--", "/nosuch").fails(255).err == "init: cannot run /nosuch: No such file or directory\n"
    assert init("-n", "c", "-q", "--", "/nosuch").fails(255).err == ""
    init("-n", "c", "true").ok()


@pytest.mark.parametrize("argv, said", [(("--", "true"), "missing container name, use --name option"), (("c", "true"), "missing container name, use --name option"),
                                        (("-n", "c"), "missing command to run"), (("-n", "c", "--"), "missing command to run")], ids=str)
def test_init_lacks_something(argv, said):
    assert init(*argv).fails().err == f"init.lxc: {said}\n"


def test_inits_help():
    first = "Usage: init.lxc --name=NAME [--quiet] [--lxcpath=PATH] -- COMMAND [ARGUMENT...]\n"
    assert init("--usage").ok().err == first
    text = init("-h").ok().err
    assert text.startswith(first) and init("--help").ok().err == text
    r = init("-x").fails()
    assert r.err == f"{INIT}: invalid option -- 'x'\n{text}"
    assert init("--version").ok().out == subprocess.run([BIN / "lxc-ls", "--version"], capture_output=True, text=True).stdout


def test_init_that_is_not_pid_1_ends_nobody_else():
    """In a pid namespace of its own all the same: what it must not end would be this machine."""
    script = f"sleep 100 & other=$!; {INIT} -n c -- sleep 100 & init=$!; sleep 0.5; kill -TERM $init; wait $init; echo $?; kill -0 $other && echo there; kill $other"
    p = subprocess.run(["unshare", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c", script], capture_output=True, text=True, timeout=20 * SLOW)
    assert p.stdout == "143\nthere\n"


def test_lxc_is_a_name_of_all_commands(keg, tmp_path):
    (tmp_path / "lxc").symlink_to(BIN / "keg")
    run = lambda *argv: subprocess.run([tmp_path / "lxc", *argv], capture_output=True, text=True, env=keg.environ())
    r, theirs = run("info", "-n", "no-such", "-P", tmp_path), keg.run("lxc-info", "-n", "no-such", "-P", tmp_path)
    assert (r.returncode, r.stdout, r.stderr) == theirs[:3]
    usage = 'Usage: lxc COMMAND [ARGUMENT...]\n\n  "lxc start" is lxc-start, and so on; see keg(1).\n'
    for argv, rc in (((), 1), (("--help",), 0), (("nosuch",), 1)):
        assert (run(*argv).returncode, run(*argv).stderr) == (rc, usage)


# --- lxc-unpriv-start, lxc-unpriv-attach ------------------------------------------------------------------------

SCRIPTS = ["lxc-unpriv-start", "lxc-unpriv-attach"]
# A systemd of the user's is a socket, and who asks it for a scope here only says what he was told, and does it.
SYSTEMD_RUN = '''#!/bin/sh
echo "$XDG_RUNTIME_DIR $DBUS_SESSION_BUS_ADDRESS $*" >>@LOG@
while [ "$1" != @LAST@ ]; do shift; done
shift
exec "$@"
'''


@pytest.fixture
def session(town):
    """Of the user; the log of what systemd-run was told."""
    log = town.folder / "home/systemd.log"
    fake = town.folder / "fake"
    fake.mkdir()
    for last, name in (("--", "systemd-run"), ("Delegate=yes", "debians-systemd-run")):
        (fake / name).write_text(SYSTEMD_RUN.replace("@LOG@", str(log)).replace("@LAST@", last))
        (fake / name).chmod(0o755)
    (fake / "ps").write_text("#!/bin/sh\necho user 1 systemd --user\n")
    (fake / "ps").chmod(0o755)
    town.sh(f"mkdir -p /run/user/{USER}/systemd; chown -R {USER}:{USER} /run/user/{USER}")
    subprocess.run([*town.as_user(), "/usr/bin/python3", "-c", f"import socket; socket.socket(socket.AF_UNIX).bind('/run/user/{USER}/systemd/private')"], check=True)
    return log


def in_session(town, **more):
    env = {**town.how()["env"], "XDG_RUNTIME_DIR": "/run/user/0", "PATH": f"{town.folder}/fake:{town.bin}:/usr/sbin:/usr/bin:/sbin:/bin"}
    return town.how(**{"env": env, **more})


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_scripts_without_a_systemd_of_the_users(town, script):
    r = town.keg.run(script, "-n", "c1", **town.how()).fails()
    assert (r.out, r.err) == ("", f"""\
{script}: this user has no systemd of his own, as a login gives him one
  try     as root: loginctl enable-linger user    (one without a login, too, from then on)
""")
    env = {**town.how()["env"], "PATH": f"{town.folder}/none"}
    town.sh(f"mkdir {town.folder}/none; ln -s /usr/bin/id {town.folder}/none")
    how = town.how(under=[*town.under(), "/usr/bin/setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "/usr/bin/env", f"PATH={town.folder}/none"])
    assert town.keg.run(script, **how).fails().err == f"{script}: there is no systemd here: take lxc-{script.split('-')[2]}\n"


def test_the_scripts_run_the_command_in_a_scope_of_the_users(town, users, session):
    c = users("lxc.net.0.type = empty")
    own = f"/run/user/{USER}"
    town.sh(f"sed -i 's# [^ ]*/\\(lxc-[a-z]*\\) \"# {town.bin}/\\1 \"#' {town.bin}/lxc-unpriv-*")  # the copy
    for name in SCRIPTS:
        assert f" {town.bin}/lxc-" in (town.bin / name).read_text()
    c.run("lxc-unpriv-start", **in_session(town)).ok()
    r = c.run("lxc-unpriv-attach", "--", "/answer", "report", "-", **in_session(town)).ok()
    assert "uid 0" in r.out or "Uid" in r.out
    first = f"{own} unix:path={own}/bus --user --scope --quiet -p Delegate=yes -- /bin/sh -c"
    at = f"-n {c.name} -P {c.lxcpath}"
    asked = [re.sub(r"(?<=/sh -c) (.|\n)*exec \"\$0\" \"\$@\" ", " ", x) for x in re.split(r"\n(?=/run)", session.read_text())]
    assert asked == [f"{first} {town.bin}/lxc-start {at}", f"{first} {town.bin}/lxc-attach {at} -- /answer report -\n"]
    c.run("lxc-stop", "-k", env={**town.how()["env"], "XDG_RUNTIME_DIR": own}).ok()


@pytest.mark.parametrize("script", SCRIPTS)
def test_debians_own_scripts_run_our_commands(town, users, session, script):
    """They name /usr/bin/lxc-start and /usr/bin/systemd-run: ours and the one of this test lie there for them."""
    needs(os.path.exists(f"/usr/bin/{script}"), "the subject is LXC itself")
    c = users("lxc.net.0.type = empty")
    own = {"env": {**town.how()["env"], "XDG_RUNTIME_DIR": f"/run/user/{USER}"}}
    town.sh(f"mount --bind {town.bin}/keg /usr/bin/lxc-start; mount --bind {town.bin}/keg /usr/bin/lxc-attach; "
            f"mount --bind {town.folder}/fake/debians-systemd-run /usr/bin/systemd-run")
    how = {"KEG_LIBEXEC": str(town.folder / "libexec")}
    r = c.run("lxc-start" if script.endswith("attach") else script, env={**in_session(town)["env"], **own["env"], **how},
              commands=town.bin if script.endswith("attach") else Path("/usr/bin")).ok()
    if script.endswith("attach"):
        r = c.run(script, "--", "/answer", "report", "-", env={**in_session(town)["env"], **how}, commands=Path("/usr/bin")).ok()
        assert "Uid" in r.out or "uid 0" in r.out
    else:
        assert c.run("lxc-info", "-sH", **own).ok().out == "RUNNING\n"
    assert f"/usr/bin/lxc-{script.split('-')[2]} -n {c.name}" in session.read_text()
    c.run("lxc-stop", "-k", **own).ok()


# --- cgroups that were given to him ------------------------------------------------------------------------------

@pytest.fixture
def delegated(town):
    """A cgroup of v2 that is the user's: as a scope of his systemd is."""
    mount = next(line.split()[1] for line in Path("/proc/mounts").read_text().splitlines() if line.split()[2] == "cgroup2")
    folder = Path(mount) / f"{MARK}-user"
    folder.mkdir()
    for name in (".", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"):
        os.chown(folder / name, USER, USER)
    yield folder
    wait_for(lambda: "populated 0" in (folder / "cgroup.events").read_text(), "all have ended")
    for below in sorted(folder.rglob("*"), reverse=True):
        if below.is_dir():
            below.rmdir()
    folder.rmdir()


def test_his_cgroups_are_found_from_anywhere(town, delegated, users):
    """Started in a scope, from a leaf of it, asked from a session: the cgroup of who asks is another one."""
    c = users("lxc.net.0.type = empty")
    within = [*town.under(), "sh", "-c", f"mkdir -p {delegated}/lxc.monitor; echo $$ >{delegated}/lxc.monitor/cgroup.procs && exec \"$@\"", "sh", *town.as_user()[len(town.under()):]]
    c.up(under=within)
    own = delegated / f"lxc.payload.{c.name}"
    assert own.is_dir()
    c.run("lxc-freeze").ok()
    assert (own / "cgroup.freeze").read_text() == "1\n" and c.run("lxc-info", "-sH").ok().out == "FROZEN\n"
    c.run("lxc-unfreeze").ok()
    c.attach("/answer", "report", "-").ok()  # from where he may not move a process into the container's: it stays outside
    assert not (own / ".lxc").exists()
    c.attach("/answer", "report", "-", under=within).ok()  # which is in a leaf of its own, that is the container's root's
    assert c.run("lxc-cgroup", "cgroup.max.depth", "7").ok().err == "" and (own / "cgroup.max.depth").read_text() == "7\n"
    first = c.pid()
    c.run("lxc-stop", "-r").ok()
    wait_for(lambda: c.runs_anew(first), "it runs again")
    assert own.is_dir()
    c.run("lxc-stop", "-k").ok()
    assert not own.exists()


# --- LXC's own completion -----------------------------------------------------------------------------------------

BASH_COMPLETION, THEIRS = Path("/usr/share/bash-completion/bash_completion"), Path("/usr/share/bash-completion/completions/_lxc")
# WORD...: what can follow, the last word being the begin of it
REPLY = f"""
    source {BASH_COMPLETION}; source {THEIRS}
    f=$(complete -p "$1" | sed 's/.*-F \\([^ ]*\\).*/\\1/')
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${{#COMP_LINE}}; COMP_TYPE=9; COMP_KEY=9
    "$f" "$1" "${{COMP_WORDS[-1]}}" "${{COMP_WORDS[-2]}}" 2>/dev/null
    printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def test_lxcs_own_completion_asks_our_commands(town, roots, lxcpath):
    needs(BASH_COMPLETION.exists() and THEIRS.exists(), "the subject is LXC itself: its completion is not installed")
    (town.etc / "lxc/lxc.conf").write_text(f"lxc.lxcpath = {lxcpath}\n")
    reply = lambda *words: subprocess.run([*town.under(), "bash", "-c", REPLY, "bash", *words], env=town.keg.environ(), capture_output=True,
                                          text=True, timeout=30 * SLOW).stdout.split()
    assert "--daemon" in reply("lxc-start", "--d") and "--define=" in reply("lxc-start", "--d")
    assert "lxc.lxcpath" in reply("lxc-config", "") and reply("lxc-config", "lxc.d") == ["lxc.default_config"]
    assert "busybox" in reply("lxc-create", "-t", "")
    assert reply("lxc-start", "-n", "") == reply("lxc-info", "-n", "") == [roots.name]
    roots.up()
    assert reply("lxc-start", "-n", "") == [] and reply("lxc-stop", "-n", "") == reply("lxc-attach", "-n", roots.name[:2]) == [roots.name]
