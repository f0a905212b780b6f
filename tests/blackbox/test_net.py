# SPDX-License-Identifier: MIT
"""keg net: the bridge lxcbr0 with its addresses, rules, DHCP and DNS, in a network namespace of the test's own."""
import re

import pytest

from lab import IS_LXC, in_own_net

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")

# What there is of the bridge: addresses, rules, forwarding, and the dnsmasq of this network namespace.
SHOW = """
    echo --; ip -o -4 addr show lxcbr0 2>/dev/null
    echo --; nft list ruleset
    echo --; cat /proc/sys/net/ipv4/ip_forward
    echo --; for p in /proc/[0-9]*; do
        [ "$(cat $p/comm 2>/dev/null)" = dnsmasq ] || continue
        [ "$(readlink $p/ns/net)" = "$(readlink /proc/self/ns/net)" ] && tr '\\0' ' ' <$p/cmdline && echo
    done
"""


def sections(keg, script):
    r = in_own_net(keg, script)
    assert r.stderr == "", r.stderr
    return [s.strip("\n") for s in re.split(r"^--\n", r.stdout, flags=re.M)]


def test_up_makes_the_bridge_its_rules_and_its_dhcp(keg):
    _, addr, rules, forward, dnsmasq = sections(keg, f"keg net up || exit; {SHOW} keg net down")
    assert "10.0.3.1/24" in addr
    assert "masquerade" in rules and "10.0.3.0/24" in rules
    assert forward == "1"
    assert len(dnsmasq.splitlines()) == 1 and "--bind-" in dnsmasq


def test_down_leaves_nothing(keg):
    script = f"""
        look() {{ nft list ruleset; ls -R /run; ip -br link; }}
        before=$(look)
        keg net up; keg net down
        {SHOW}
        echo --; after=$(look); [ "$before" = "$after" ] && echo same || echo "$after" """
    _, addr, rules, _, dnsmasq, same = sections(keg, script)
    assert (addr, rules, dnsmasq, same) == ("", "", "", "same")


def test_up_twice_and_down_twice_are_as_good_as_once(keg):
    first, addr, _, _, dnsmasq = sections(keg, f"keg net up >/dev/null; echo $?; keg net up >/dev/null; echo $?; {SHOW} keg net down; keg net down >/dev/null")
    assert first.split() == ["0", "0"]
    assert addr.count("10.0.3.1/24") == 1 and len(dnsmasq.splitlines()) == 1


def test_a_container_gets_its_address_by_dhcp_and_reaches_the_host(keg, busybox, lxcpath):
    """The container is busybox's; udhcpc in it asks, dnsmasq answers."""
    c = busybox(conf="lxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.flags = up\n")
    n = f"-n {c.name} -P {lxcpath}"
    r = in_own_net(keg, f"""
        keg net up && lxc-start {n} || exit 1
        for i in $(seq 150); do ip=$(lxc-info {n} -i -H); [ -n "$ip" ] && break; sleep 0.1; done
        echo "address $ip"
        lxc-attach {n} -- /bin/ping -c 1 -W 2 10.0.3.1 >/dev/null; echo "out $?"
        busybox ping -c 1 -W 2 "$ip" >/dev/null; echo "in $?"
        lxc-info {n} | grep -o '^Link:  *veth'
        lxc-stop {n}; keg net down""", timeout=60)
    assert re.search(r"^address 10\.0\.3\.\d+$", r.stdout, re.M), r.stdout + r.stderr
    assert "out 0\nin 0\n" in r.stdout, r.stdout + r.stderr
    assert "Link:" in r.stdout
