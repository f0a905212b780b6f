# SPDX-License-Identifier: MIT
"""lxc.start.ready: a container says when it is ready, by sd_notify or by its first address, and others wait for that."""
import json
import subprocess
import time
from pathlib import Path

import pytest

from lab import IS_LXC, needs, wait_for


@pytest.fixture(autouse=True)
def ours():
    needs(not IS_LXC, "the subject is LXC itself")


def is_ready(c):
    return json.loads(c.run("lxc-info", "--format", "json").ok().out)["containers"][0]["ready"]


def test_without_the_key_it_is_ready_when_it_runs(container):
    c = container()
    assert is_ready(c) is None
    p = c.popen("lxc-wait", "-s", "READY", "-t", "20")
    c.up()
    assert p.wait(20) == 0
    assert is_ready(c) is True
    c.run("lxc-wait", "-s", "READY", "-t", "0").ok()


def test_notify(container, keg):
    c = container("lxc.start.ready = notify")
    c.up("--", "/answer", "touch", "/ready", "await", "/go", "notify", "STATUS=not yet", "touch", "/said", "await", "/now",
         "notify", "STATUS=up\nREADY=1", "sleep")
    (c.rootfs / "go").touch()
    wait_for((c.rootfs / "said").exists, "/said")
    assert c.state() == "RUNNING" and is_ready(c) is False
    c.run("lxc-wait", "-s", "READY", "-t", "1").fails(1)
    p = keg.start("keg", "wait", "--ready", "-P", c.lxcpath, c.name)
    time.sleep(0.3)
    assert p.poll() is None
    (c.rootfs / "now").touch()
    assert p.wait(20) == 0
    assert is_ready(c) is True
    c.run("lxc-wait", "-s", "READY", "-t", "0").ok()
    c.run("lxc-stop", "-k").ok()
    assert is_ready(c) is None


def test_a_reboot_is_to_get_ready_anew(container):
    c = container("lxc.start.ready = notify")
    c.up("--", "/answer", "notify", "READY=1", "touch", "/ready", "await", "/go", "reboot")
    c.run("lxc-wait", "-s", "READY", "-t", "20").ok()
    before = c.pid()
    (c.rootfs / "go").touch()
    wait_for(lambda: c.run("lxc-info", "-p", "-H").out.strip() not in ("", str(before)), "it runs again")
    (c.rootfs / "go").unlink()
    c.run("lxc-wait", "-s", "READY", "-t", "20").ok()


def test_an_address(container):
    c = container("lxc.start.ready = address", net="lxc.net.0.type = veth\nlxc.net.0.flags = up")
    c.up()
    c.run("lxc-wait", "-s", "READY", "-t", "1").fails(1)
    assert is_ready(c) is False
    subprocess.run(["nsenter", "-t", str(c.pid()), "-n", "ip", "address", "add", "10.9.8.7/24", "dev", "eth0"], check=True)
    c.run("lxc-wait", "-s", "READY", "-t", "20").ok()
    assert is_ready(c) is True


def test_an_address_that_was_there_first(container):
    c = container("lxc.start.ready = address", net="lxc.net.0.type = veth\nlxc.net.0.flags = up\nlxc.net.0.ipv4.address = 10.9.8.7/24")
    c.up()
    c.run("lxc-wait", "-s", "READY", "-t", "20").ok()


def test_events_tell_it(container, keg, lxcpath):
    c = container("lxc.start.ready = notify")
    p = keg.start("keg", "events", "-P", lxcpath, "--format", "json", stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    c.up("--", "/answer", "notify", "READY=1", "touch", "/ready", "sleep")
    c.run("lxc-wait", "-s", "READY", "-t", "20").ok()
    time.sleep(0.5)
    p.terminate()
    assert [e["event"] for e in map(json.loads, p.communicate(timeout=20)[0].splitlines())] == ["state", "state", "ready"]


def test_without_a_dev_of_its_own_there_is_no_socket(container):
    c = container("lxc.start.ready = notify", "lxc.autodev = 0")
    err = c.run("lxc-start").fails(1).err
    assert "its init has no place to find $NOTIFY_SOCKET at: it has no /dev of its own" in err
    assert "config:6  lxc.start.ready" in err


def test_a_wrong_word(container):
    c = container("lxc.start.ready = soon")
    assert "lxc.start.ready" in c.run("lxc-start").fails(1).err


def test_the_keeper_waits_for_it_without_waking_up(container):
    c = container("lxc.start.ready = notify").up()

    def switches():
        status = Path(f"/proc/{c.keeper()}/status").read_text().splitlines()
        return sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)

    time.sleep(0.5)
    before = switches()
    time.sleep(1)
    assert switches() == before
