# SPDX-License-Identifier: MIT
"""Every lxc.net.N.* key takes effect: what the container and the host have of it, and that nothing of it stays.

Each test has a network namespace of its own for a host (NetHost), in which the commands run.
"""
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from lab import IS_LXC, OWN_NET, SLOW, kill, needs, wait_for

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")


class NetHost:
    """A process that holds a network namespace, with a /run and a /sys of its own; commands run in it by nsenter."""

    def __init__(self, keg):
        self.keg = keg
        self.holder = subprocess.Popen(["unshare", "-n", "-m", "--propagation", "private", "sh", "-c", f"{OWN_NET} echo ok; exec sleep 1000"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ok\n"

    def under(self, pid=None, mount=True):
        return ["nsenter", "-t", str(pid or self.holder.pid), "-n", *(["-m"] if mount else []), "--"]

    def sh(self, script, env=None):
        r = subprocess.run([*self.under(), "sh", "-ec", script], env=self.keg.environ(env), capture_output=True, text=True,
                           stdin=subprocess.DEVNULL, timeout=30 * SLOW)
        assert r.returncode == 0, f"{script}\n{r.stdout}{r.stderr}"
        return r.stdout

    def has(self, device):
        return subprocess.run([*self.under(), "ip", "link", "show", device], capture_output=True).returncode == 0

    def look(self):
        """What a container must not leave anything in."""
        return self.sh("ip -o link | sed 's/^[0-9]*: //; s/@if[0-9]*//; s/<.*mtu/mtu/; s/qdisc.*link/link/; s/ link-netnsid [0-9]*//'; ip route; ip -6 route | grep -v 'proto kernel' || true; "
                       "ip neigh show proxy; ip -6 neigh show proxy; find /run/keg -mindepth 1 2>/dev/null | grep -v -e monitors -e rootfs || true")

    def end(self):
        kill(self.holder.pid)
        self.holder.wait()
        self.holder.stdout.close()


@pytest.fixture
def host(keg):
    h = NetHost(keg)
    yield h
    h.end()


@pytest.fixture
def nic(host, container):
    """A container in that host; its commands run there, .inside() looks into its network."""
    made = []

    def make(*lines, **how):
        c = container(net="\n".join(lines), **how)
        plain, env = c.run, how.pop("env", None)
        c.run = lambda tool, *a, **k: plain(tool, *a, under=host.under(), **k)
        c.inside = lambda script: subprocess.run([*host.under(c.pid(), mount=False), "sh", "-c", script], capture_output=True, text=True,
                                                 timeout=20 * SLOW).stdout
        made.append(c)
        return c

    yield make
    for c in made:
        c.run("lxc-stop", "-k")


def error_of(c):
    return c.run("lxc-start").fails().err


UPLINK = """ip link add up0 type veth peer name up1; ip link set up1 up; ip addr add 10.97.0.1/24 dev up0
            ip -6 addr add fd97::1/64 dev up0 nodad; ip link set up0 mtu 1400 up; ip route add default via 10.97.0.254\n"""
BRIDGE = "ip link add br0 address 02:00:00:00:00:b0 type bridge; ip link set br0 up\n"
FORWARD = """sysctl -qw net.ipv4.conf.up0.forwarding=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.up0.forwarding=1 \
             net.ipv6.conf.up0.proxy_ndp=1\n"""
ROUTER = ("lxc.net.0.type = veth", "lxc.net.0.veth.mode = router", "lxc.net.0.veth.pair = vr0", "lxc.net.0.link = up0",
          "lxc.net.0.flags = up", "lxc.net.0.ipv4.address = 10.97.0.7/32", "lxc.net.0.ipv6.address = fd97::7/128")


# --- veth: router ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("gw4, gw6", [("169.254.1.1", "fe80::1"), ("auto", "auto")])
def test_router_mode_routes_addresses_and_answers_for_gateways(host, nic, gw4, gw6):
    host.sh(UPLINK + FORWARD)
    before = host.look()
    c = nic(*ROUTER, f"lxc.net.0.ipv4.gateway = {gw4}", f"lxc.net.0.ipv6.gateway = {gw6}").up()
    via4, via6 = gw4.replace("auto", "10.97.0.1"), gw6.replace("auto", "fd97::1")
    assert "10.97.0.7 dev vr0 scope link" in host.sh("ip route")
    assert "fd97::7 dev vr0 metric 1024" in host.sh("ip -6 route")
    assert f"{via4} dev vr0 proxy" in host.sh("ip neigh show proxy")
    assert f"{via6} dev vr0 proxy" in host.sh("ip -6 neigh show proxy")
    assert host.sh("cat /proc/sys/net/ipv4/conf/vr0/forwarding /proc/sys/net/ipv6/conf/vr0/proxy_ndp").split() == ["1", "1"]
    assert "mtu 1400" in host.sh("ip link show vr0") and "master" not in host.sh("ip link show vr0")
    routes = c.inside("ip route; ip -6 route")
    assert f"default via {via4} dev eth0" in routes and f"{via4} dev eth0 scope link" in routes
    assert f"default via {via6} dev eth0" in routes
    assert "0% packet loss" in c.inside("busybox ping -c 1 -W 5 10.97.0.1")
    # the address may be used when the kernel knows that it is nobody else's, after a second or two
    wait_for(lambda: " 0% packet loss" in c.inside("busybox ping -c 1 -W 2 fd97::1"), "IPv6 reaches the host")
    host.sh("busybox ping -c 1 -W 5 10.97.0.7; busybox ping -c 1 -W 5 fd97::7")
    c.run("lxc-stop").ok()
    assert host.look() == before


def test_router_mode_with_gateways_out_of_the_device_answers_for_nobody(host, nic):
    host.sh(UPLINK)
    c = nic(*ROUTER, "lxc.net.0.ipv4.gateway = dev", "lxc.net.0.ipv6.gateway = dev").up()
    assert "vr0" not in host.sh("ip neigh show proxy; ip -6 neigh show proxy")
    routes = c.inside("ip route; ip -6 route")
    assert "default dev eth0 scope link" in routes and "default dev eth0 metric 1024" in routes


def test_router_mode_tells_what_ipv6_lacks_before_anything_is_made(host, nic):
    host.sh(UPLINK)
    c = nic(*ROUTER, "lxc.net.0.ipv6.gateway = fe80::1")
    assert error_of(c) == (f"lxc-start: {c.name}: lxc.net.0.ipv6.gateway needs net.ipv6.conf.all.forwarding = 1 on the host; it is 0\n"
                           f"  set by  {c.config}:12  lxc.net.0.ipv6.gateway\n"
                           "  step    net.host (keeper)\n"
                           "  try     sysctl -w net.ipv6.conf.all.forwarding=1\n")


def test_an_address_that_the_host_routes_elsewhere_is_an_error_with_its_line(host, nic):
    host.sh(UPLINK + "ip route add 10.97.0.7/32 dev up0")
    before = host.look()
    c = nic(*ROUTER)
    assert error_of(c) == (f"lxc-start: {c.name}: cannot route 10.97.0.7/32 to vr0: File exists\n"
                           f"  set by  {c.config}:10  lxc.net.0.ipv4.address\n"
                           "  step    net.make (keeper)\n"
                           "  try     the host has a route to that address already\n")
    assert host.look() == before


# --- l2proxy --------------------------------------------------------------------------------------------------

def test_l2proxy_answers_on_the_link_and_stops_to(host, nic):
    host.sh(UPLINK + FORWARD + "ip neigh add proxy 10.97.0.8 dev up0")
    before = host.look()
    c = nic(*ROUTER, "lxc.net.0.ipv4.address = 10.97.0.8/32", "lxc.net.0.l2proxy = 1").up()
    assert {"10.97.0.7 dev up0 proxy", "fd97::7 dev up0 proxy"} <= {line.strip() for line in host.sh("ip neigh show proxy").splitlines()}
    c.run("lxc-stop").ok()
    assert host.look() == before  # the administrator's own entry for .8 is still there


def test_l2proxy_goes_after_a_killed_keeper(host, nic):
    host.sh(UPLINK + FORWARD)
    before = host.look()
    c = nic(*ROUTER, "lxc.net.0.l2proxy = 1").up()
    kill(c.keeper())
    c.stopped()
    assert "10.97.0.7 dev up0 proxy" in host.sh("ip neigh show proxy")
    c.run("lxc-stop", "-k")
    wait_for(lambda: host.look() == before, "nothing is left on the host")


@pytest.mark.parametrize("missing, value, address", [
    ("net.ipv4.conf.up0.forwarding", 0, 4), ("net.ipv6.conf.up0.proxy_ndp", 0, 6), ("net.ipv6.conf.up0.forwarding", 0, 6)])
def test_l2proxy_tells_which_setting_it_lacks(host, nic, missing, value, address):
    host.sh(UPLINK + FORWARD + f"sysctl -qw {missing}={value}")
    c = nic(*ROUTER, "lxc.net.0.l2proxy = 1")
    assert error_of(c) == (f"lxc-start: {c.name}: lxc.net.0.l2proxy needs {missing} = 1 on the host; it is 0\n"
                           f"  set by  {c.config}:12  lxc.net.0.l2proxy\n"
                           "  step    net.host (keeper)\n"
                           f"  try     sysctl -w {missing}=1\n")


# --- veth: bridge ---------------------------------------------------------------------------------------------

def test_a_bridged_veth_has_all_that_its_keys_say(host, nic):
    host.sh(BRIDGE + "ip link set br0 mtu 1300")
    before = host.look()
    c = nic("lxc.net.3.type = veth", "lxc.net.3.link = br0", "lxc.net.3.flags = up", "lxc.net.3.name = lan%d", "lxc.net.3.veth.pair = vb0",
            "lxc.net.3.hwaddr = 02:66:6a:xx:xx:07", "lxc.net.3.veth.n_rxqueues = 2", "lxc.net.3.veth.n_txqueues = 3",
            "lxc.net.3.ipv4.address = 10.98.0.7/24 10.98.0.200", "lxc.net.3.ipv4.address = 172.16.3.4", "lxc.net.3.ipv6.address = fd98::7",
            "lxc.net.3.ipv4.gateway = 192.0.2.1", "lxc.net.3.ipv6.gateway = fd99::1",
            "lxc.net.3.veth.ipv4.route = 192.0.2.0/24", "lxc.net.3.veth.ipv6.route = 2001:db8::/32",
            "lxc.net.9.type = veth", "lxc.net.9.name = lan%d", "lxc.net.9.mtu = 1234").up()
    link = host.sh("ip -d link show vb0")
    assert "master br0" in link and "mtu 1300" in link and "numtxqueues 2 numrxqueues 3" in link and "UP" in link
    assert "192.0.2.0/24 dev vb0 scope link" in host.sh("ip route") and "2001:db8::/32 dev vb0" in host.sh("ip -6 route")
    inside = c.inside("ip -d -o link; ip -o addr; ip route; ip -6 route")
    assert re.search(r"lan0@.* mtu 1300 .*link/ether 02:66:6a:..:..:07 .*numtxqueues 3 numrxqueues 2", inside)
    assert re.search(r"lan1@.*<BROADCAST,MULTICAST> mtu 1234", inside)
    assert "inet 10.98.0.7/24 brd 10.98.0.200 " in inside and "inet 172.16.3.4/16 brd 172.16.255.255 " in inside
    assert "inet6 fd98::7/64 " in inside
    assert "default via 192.0.2.1 dev lan0" in inside and "192.0.2.1 dev lan0 scope link" in inside
    assert "default via fd99::1 dev lan0" in inside
    c.run("lxc-stop").ok()
    assert host.look() == before


def test_many_mistakes_are_told_together(nic):
    c = nic("lxc.net.0.type = veth", "lxc.net.0.veth.mode = router", "lxc.net.0.veth.vlan.id = 5", "lxc.net.0.l2proxy = 1",
            "lxc.net.0.hwaddr = 01:00:00:00:00:00", "lxc.net.0.mtu = big", "lxc.net.0.veth.pair = same", "lxc.net.1.type = veth",
            "lxc.net.1.veth.pair = same", "lxc.net.1.name = a/b", "lxc.net.1.l2proxy = 1", "lxc.net.1.veth.vlan.tagged.id = 7",
            "lxc.net.2.type = macvlan", "lxc.net.2.macvlan.mode =")
    told = re.findall(rf"{c.name}: (.*)\n  set by  {c.config}:(\d+)", error_of(c))
    assert [(int(line), text) for text, line in told] == [
        (9, 'bad value "01:00:00:00:00:00" of lxc.net.0.hwaddr: allowed is a MAC address such as 10:66:6a:xx:xx:xx'),
        (10, 'bad value "big" of lxc.net.0.mtu: allowed is a number of bytes'),
        (8, "lxc.net.0.l2proxy = 1 needs a .link to answer on"),
        (7, "lxc.net.0.veth.vlan.id needs veth.mode = bridge: a router has no VLANs"),
        (14, 'bad value "a/b" of lxc.net.1.name: allowed is an interface name of at most 15 bytes; %d in it becomes the next free number'),
        (15, "lxc.net.1.l2proxy = 1 needs veth.mode = router: over a bridge the container answers itself"),
        (16, "lxc.net.1.veth.vlan.tagged.id needs a bridge (.link)"),
        (18, "lxc.net.2.macvlan.mode is empty: the device has no mode"),
        (17, "lxc.net.2.link is missing: a device of type macvlan needs one of the host's"),
        (13, "lxc.net.1.veth.pair is another device's already"),
    ]


# --- VLANs of a bridge's port ---------------------------------------------------------------------------------

VETH = ("lxc.net.0.type = veth", "lxc.net.0.link = br0", "lxc.net.0.veth.pair = vp0", "lxc.net.0.flags = up")


def filtering_bridge(host):
    needs(subprocess.run([*host.under(), "ip", "link", "add", "br0", "type", "bridge", "vlan_filtering", "1"],
                         capture_output=True).returncode == 0, "this kernel has no VLAN filtering in bridges")
    host.sh("ip link set br0 up")


def vlans(host):
    """{id: flags} of the port."""
    lines = host.sh("bridge vlan show dev vp0").splitlines()
    found = [line.replace("vp0", "").split() for line in lines[1:]]
    return {int(f[0]): f[1:] for f in found if f}


@pytest.mark.parametrize("lines, want", [
    ((), {1: ["PVID", "Egress", "Untagged"]}),
    (("lxc.net.0.veth.vlan.id = 10",), {10: ["PVID", "Egress", "Untagged"]}),
    (("lxc.net.0.veth.vlan.id = 1",), {1: ["PVID", "Egress", "Untagged"]}),
    (("lxc.net.0.veth.vlan.id = none",), {}),
    (("lxc.net.0.veth.vlan.tagged.id = 20", "lxc.net.0.veth.vlan.tagged.id = 4094"),
     {1: ["PVID", "Egress", "Untagged"], 20: [], 4094: []}),
    (("lxc.net.0.veth.vlan.id = 10", "lxc.net.0.veth.vlan.tagged.id = 20"), {10: ["PVID", "Egress", "Untagged"], 20: []}),
    (("lxc.net.0.veth.vlan.id = none", "lxc.net.0.veth.vlan.tagged.id = 20"), {20: []}),
])
def test_the_port_is_in_the_vlans_that_are_asked_for(host, nic, lines, want):
    filtering_bridge(host)
    nic(*VETH, *lines).up()
    assert vlans(host) == want


def test_a_bridge_that_does_not_filter_vlans_is_told(host, nic):
    host.sh(BRIDGE)
    c = nic(*VETH, "lxc.net.0.veth.vlan.id = 10")
    assert error_of(c) == (f"lxc-start: {c.name}: lxc.net.0.veth.vlan.id needs a bridge that filters VLANs; br0 does not\n"
                           f"  set by  {c.config}:9  lxc.net.0.veth.vlan.id\n"
                           "  step    net.host (keeper)\n"
                           "  try     ip link set br0 type bridge vlan_filtering 1\n")


def test_vlan_0_is_none_of_a_bridge(host, nic):
    filtering_bridge(host)
    c = nic(*VETH, "lxc.net.0.veth.vlan.id = 10", "lxc.net.0.veth.vlan.tagged.id = 0")
    assert f"{c.name}: lxc.net.0.veth.vlan.tagged.id = 0 is no VLAN of the bridge br0: it has 1 to 4094\n" in error_of(c)


# --- Open vSwitch, by an ovs-vsctl that only writes down what it is told ----------------------------------------

OVS = """#!/bin/sh
[ "$2" = br-exists ] || echo "$@" >>@LOG@
[ -e @LOG@.broken ] && [ "$2" = add-port ] && { echo "ovs-vsctl: no row \\"$3\\"" >&2; exit 1; }
[ "$2" != br-exists ] || [ "$3" = ovs0 ]
"""


@pytest.fixture
def ovs(lxcpath, host, keg, monkeypatch):
    log, bin = lxcpath / "ovs.log", lxcpath / "bin"
    bin.mkdir()
    (bin / "ovs-vsctl").write_text(OVS.replace("@LOG@", str(log)))
    (bin / "ovs-vsctl").chmod(0o755)
    plain = keg.environ
    monkeypatch.setattr(keg, "environ", lambda extra=None: {**plain(extra), "PATH": f"{bin}:{plain()['PATH']}"})
    host.sh("ip link add ovs0 type veth peer name ovs1")
    return log


OVS_VETH = ("lxc.net.0.type = veth", "lxc.net.0.link = ovs0", "lxc.net.0.veth.pair = vo0", "lxc.net.0.flags = up")


@pytest.mark.parametrize("lines, words", [
    ((), ""),
    (("lxc.net.0.veth.vlan.id = 5",), " tag=5 vlan_mode=access"),
    (("lxc.net.0.veth.vlan.id = 5", "lxc.net.0.veth.vlan.tagged.id = 6", "lxc.net.0.veth.vlan.tagged.id = 7"),
     " trunks=6,7 tag=5 vlan_mode=native-untagged"),
    (("lxc.net.0.veth.vlan.tagged.id = 6",), " trunks=6 vlan_mode=trunk"),
    (("lxc.net.0.veth.vlan.id = none", "lxc.net.0.veth.vlan.tagged.id = 6"), " trunks=6 vlan_mode=trunk"),
])
def test_open_vswitch_gets_the_port_and_loses_it(nic, ovs, lines, words):
    c = nic(*OVS_VETH, *lines).up()
    assert ovs.read_text() == f"--timeout=5 add-port ovs0 vo0{words}\n"
    c.run("lxc-stop").ok()
    assert ovs.read_text().splitlines()[1:] == ["--timeout=5 --if-exists del-port ovs0 vo0"]


def test_open_vswitch_loses_the_port_of_a_killed_keeper(nic, ovs):
    c = nic(*OVS_VETH).up()
    kill(c.keeper())
    c.stopped()
    c.run("lxc-stop", "-k")
    wait_for(lambda: "--if-exists del-port ovs0 vo0" in ovs.read_text(), "the port is taken away")


def test_what_ovs_vsctl_says_is_told(host, nic, ovs):
    (ovs.parent / "ovs.log.broken").touch()
    c = nic(*OVS_VETH)
    assert error_of(c) == (f"lxc-start: {c.name}: cannot attach vo0 to bridge ovs0: ovs-vsctl ended with 1\n"
                           f"  set by  {c.config}:6  lxc.net.0.link\n"
                           "  step    net.make (keeper)\n"
                           "  said    ovs-vsctl: no row \"ovs0\"\n")
    assert not host.has("vo0")


def test_open_vswitch_has_no_port_without_a_vlan(nic, ovs):
    c = nic(*OVS_VETH, "lxc.net.0.veth.vlan.id = none")
    assert f"{c.name}: lxc.net.0.veth.vlan.id = none leaves the port of ovs0, a bridge of Open vSwitch, no VLAN\n" in error_of(c)


def test_a_link_that_is_no_bridge_is_told(host, nic):
    host.sh(UPLINK)
    c = nic("lxc.net.0.type = veth", "lxc.net.0.link = up0", "lxc.net.0.veth.pair = vp0")
    assert f"{c.name}: cannot attach vp0 to up0: it is not a bridge\n" in error_of(c)


# --- devices on top of others ---------------------------------------------------------------------------------

def has_kind(host, kind, *more):
    """A request that only lacks a parent is refused for that, one for an unknown kind for the kind."""
    r = subprocess.run([*host.under(), "ip", "link", "add", "link", "up0", "name", "try0", "type", kind, *more], capture_output=True, text=True)
    if r.returncode == 0:
        host.sh("ip link del try0")
    needs(r.returncode == 0, f"this kernel has no {kind}")


SEND = """import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind((sys.argv[1], 0))
for i in range(20): s.send(b"\\xff" * 6 + b"\\2\\0\\0\\0\\0\\1" + b"\\x88\\xb5" + bytes(986))"""


@pytest.mark.parametrize("device, lines", [
    ("vb0", ("lxc.net.0.type = veth", "lxc.net.0.veth.pair = vb0", "lxc.net.0.flags = up")),
    ("xp1", ("lxc.net.0.type = phys", "lxc.net.0.link = xp0", "lxc.net.0.flags = up"))])
def test_what_it_receives_is_counted(host, nic, device, lines):
    """By the host's end of a device, and where it has none, in the container's namespace."""
    host.sh("ip link add xp0 type veth peer name xp1; ip link set xp1 up")
    c = nic(*lines).up()

    def received(*argv):
        return json.loads(host.keg.run("keg", *argv, "-P", c.lxcpath, "--format", "json", under=host.under()).ok().out)["containers"][0]["rx_bytes"]

    before = received("top")
    subprocess.run([*host.under(), "python3", "-c", SEND, device], check=True)
    for argv in (("top",), ("info", c.name)):
        assert 20000 <= received(*argv) - before < 26000


@pytest.mark.parametrize("mode", ["private", "vepa", "bridge", "passthru"])
def test_macvlan_has_its_mode(host, nic, mode):
    host.sh(UPLINK)
    has_kind(host, "macvlan")
    before = host.look()
    c = nic("lxc.net.0.type = macvlan", "lxc.net.0.link = up0", f"lxc.net.0.macvlan.mode = {mode}", "lxc.net.0.name = mv0",
            "lxc.net.0.flags = up", "lxc.net.0.mtu = 1280", "lxc.net.0.hwaddr = 02:00:00:00:00:21", "lxc.net.0.ipv4.address = 10.97.0.9/24",
            "lxc.net.0.ipv4.gateway = auto").up()
    link = c.inside("ip -d -o link show mv0")
    assert f"macvlan mode {mode}" in link and "mtu 1280" in link and "02:00:00:00:00:21" in link and "UP" in link
    assert "default via 10.97.0.1 dev mv0" in c.inside("ip route")
    c.run("lxc-stop").ok()
    wait_for(lambda: host.look() == before, "the parent is as it was, its MAC address, too")


def test_macvlan_with_l2proxy(host, nic):
    host.sh(UPLINK + FORWARD)
    has_kind(host, "macvlan")
    before = host.look()
    c = nic("lxc.net.0.type = macvlan", "lxc.net.0.link = up0", "lxc.net.0.l2proxy = 1", "lxc.net.0.ipv4.address = 10.97.0.9/24").up()
    assert "10.97.0.9 dev up0 proxy" in host.sh("ip neigh show proxy")
    c.run("lxc-stop").ok()
    assert host.look() == before


def test_a_second_passthru_is_told_in_the_kernels_words(host, nic):
    host.sh(UPLINK)
    has_kind(host, "macvlan")
    nic("lxc.net.0.type = macvlan", "lxc.net.0.link = up0", "lxc.net.0.macvlan.mode = passthru").up()
    c = nic("lxc.net.0.type = macvlan", "lxc.net.0.link = up0")
    err = error_of(c)
    assert f"{c.name}: cannot create macvlan device on up0: " in err and f"  set by  {c.config}:5  lxc.net.0.type\n" in err


@pytest.mark.parametrize("mode", ["l2", "l3", "l3s"])
@pytest.mark.parametrize("isolation", ["bridge", "private", "vepa"])
def test_ipvlan_has_its_mode_and_isolation(host, nic, mode, isolation):
    host.sh(UPLINK)
    has_kind(host, "ipvlan")
    c = nic("lxc.net.0.type = ipvlan", "lxc.net.0.link = up0", f"lxc.net.0.ipvlan.mode = {mode}", f"lxc.net.0.ipvlan.isolation = {isolation}",
            "lxc.net.0.flags = up", "lxc.net.0.ipv4.address = 10.97.0.9/24", "lxc.net.0.ipv4.gateway = dev").up()
    assert f"ipvlan  mode {mode} {isolation}" in c.inside("ip -d -o link show eth0")
    assert "default dev eth0" in c.inside("ip route")


def test_ipvlan_with_l2proxy(host, nic):
    host.sh(UPLINK + FORWARD)
    has_kind(host, "ipvlan")
    before = host.look()
    c = nic("lxc.net.0.type = ipvlan", "lxc.net.0.link = up0", "lxc.net.0.ipvlan.mode = l3s", "lxc.net.0.l2proxy = 1",
            "lxc.net.0.flags = up", "lxc.net.0.ipv4.address = 10.97.0.9/32", "lxc.net.0.ipv4.gateway = dev").up()
    assert "10.97.0.9 dev up0 proxy" in host.sh("ip neigh show proxy")
    assert "10.97.0.9 dev lo scope link" in host.sh("ip route")
    c.run("lxc-stop").ok()
    assert host.look() == before


def test_vlan_has_its_id(host, nic):
    host.sh(UPLINK)
    has_kind(host, "vlan", "id", "9")
    before = host.look()
    c = nic("lxc.net.0.type = vlan", "lxc.net.0.link = up0", "lxc.net.0.vlan.id = 77", "lxc.net.0.flags = up",
            "lxc.net.0.hwaddr = 02:00:00:00:00:22", "lxc.net.0.mtu = 1280").up()
    link = c.inside("ip -d -o link show eth0")
    assert "vlan protocol 802.1Q id 77" in link and "mtu 1280" in link and "02:00:00:00:00:22" in link
    c.run("lxc-stop").ok()
    assert host.look() == before


@pytest.mark.parametrize("kind", ["vlan", "ipvlan"])
def test_a_kind_that_the_kernel_lacks_is_told(host, nic, kind):
    host.sh(UPLINK)
    r = subprocess.run([*host.under(), "ip", "link", "add", "link", "up0", "name", "try0", "type", kind, *(["id", "9"] if kind == "vlan" else [])],
                       capture_output=True)
    if r.returncode == 0:
        return  # it has: see above
    c = nic(f"lxc.net.0.type = {kind}", "lxc.net.0.link = up0")
    assert error_of(c) == (f"lxc-start: {c.name}: cannot create {kind} device on up0: Operation not supported\n"
                           f"  set by  {c.config}:5  lxc.net.0.type\n"
                           "  said    Unknown device type\n"
                           f"  try     the kernel has no {kind}: modprobe it, or take veth\n")


# --- phys -----------------------------------------------------------------------------------------------------

PHYS = """ip link add br0 type bridge; ip link add xp0 type veth peer name xp1
          ip link set xp0 mtu 1450 address 02:00:00:00:00:31 master br0 up; ip link property add dev xp0 altname theuplink altname second\n"""
MOVED = ("lxc.net.0.type = phys", "lxc.net.0.name = wan0", "lxc.net.0.flags = up", "lxc.net.0.mtu = 1300", "lxc.net.0.hwaddr = 02:00:00:00:00:32")


def phys(host):
    """What is to come back of it; its number and its carrier may be others."""
    return re.findall(r"xp0|mtu \d+|master \S+|link/ether \S+|altname \S+|[<,]UP\b", host.sh("ip link show xp0"))


@pytest.mark.parametrize("link", ["xp0", "xp0+"])
def test_a_device_moves_in_and_returns_as_it_was(host, nic, link):
    host.sh(PHYS)
    before = phys(host)
    assert "altname theuplink" in before and "master br0" in before
    c = nic(*MOVED, f"lxc.net.0.link = {link}").up()
    assert not host.has("xp0")
    inside = c.inside("ip -o link show wan0")
    assert "mtu 1300" in inside and "02:00:00:00:00:32" in inside and ",UP" in inside
    c.run("lxc-stop").ok()
    assert phys(host) == before


def test_a_device_returns_after_a_killed_keeper(host, nic):
    host.sh(PHYS)
    before, all_before = phys(host), host.look()
    c = nic(*MOVED, "lxc.net.0.link = xp0").up()
    kill(c.keeper())
    c.stopped()
    assert not host.has("xp0")
    c.run("lxc-stop", "-k")
    wait_for(lambda: host.has("xp0") and phys(host) == before, "the device is back")
    wait_for(lambda: sorted(host.look().splitlines()) == sorted(all_before.splitlines()), "nothing is left")


def test_a_device_is_not_moved_by_a_start_that_fails(host, nic):
    host.sh(PHYS)
    before = phys(host)
    c = nic(*MOVED, "lxc.net.0.link = xp0", "lxc.net.1.type = phys", "lxc.net.1.link = nothere")
    assert f"{c.name}: cannot move nothere into the container: No such device\n" in error_of(c)
    assert phys(host) == before


# --- a running container --------------------------------------------------------------------------------------

def test_a_running_container_tells_the_names_that_its_veths_got(host, nic):
    host.sh(BRIDGE)
    c = nic("lxc.net.1.type = empty", "lxc.net.4.type = veth", "lxc.net.4.link = br0", "lxc.net.6.type = veth", "lxc.net.6.veth.pair = mine").up()

    def pair(n):
        return c.keg.run("keg", "config", "get", "--running", "-P", c.lxcpath, c.name, f"lxc.net.{n}.veth.pair", under=host.under()).ok().out.strip()

    assert re.fullmatch(r"veth[A-Za-z0-9]{6}", pair(4)) and host.has(pair(4))
    assert pair(6) == "mine"


def test_a_device_is_handed_to_a_running_container_and_taken_back(host, nic):
    host.sh(PHYS)
    before = phys(host)
    c = nic("lxc.net.0.type = empty").up()
    c.run("lxc-device", "add", "xp0", "eth7").ok()
    assert not host.has("xp0") and "eth7" in c.inside("ip -o link")
    c.run("lxc-device", "del", "eth7").ok()
    assert phys(host) == before
    c.run("lxc-device", "add", "xp0").ok()
    c.run("lxc-device", "del", "xp0", "xp9").ok()
    assert host.has("xp9") and not host.has("xp0")


@pytest.mark.parametrize("how", ["stop", "kill keeper"])
def test_a_device_that_was_handed_over_returns_with_the_end(host, nic, how):
    host.sh(PHYS)
    before = phys(host)
    c = nic("lxc.net.0.type = empty").up()
    c.run("lxc-device", "add", "xp0", "eth7").ok()
    if how == "stop":
        c.run("lxc-stop").ok()
    else:
        kill(c.keeper())
        c.stopped()
        c.run("lxc-stop", "-k")
    wait_for(lambda: host.has("xp0"), "the device is back")
    assert phys(host) == before


def test_what_cannot_be_handed_over_is_told(host, nic):
    c = nic("lxc.net.0.type = empty").up()
    assert c.run("lxc-device", "add", "nothere").fails().err == f"lxc-device: {c.name}: nothere is neither a device's path nor a network interface\n"
    assert c.run("lxc-device", "del", "nothere").fails().err == f"lxc-device: {c.name}: cannot find nothere in the container: No such device\n"
    n = nic("lxc.net.0.type = none", name=f"{c.name}n").up()
    host.sh(UPLINK)
    assert n.run("lxc-device", "add", "up0").fails().err == f"lxc-device: {n.name}: {n.name} has the host's own network: there is nowhere to move up0\n"
