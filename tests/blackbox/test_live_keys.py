# SPDX-License-Identifier: MIT
"""keg config set --running: keys that change while a container runs, and those that do not."""
from pathlib import Path

import pytest

from lab import wait_for
from test_cgroup_keys import V1, V2_HAS, cgroup, needs
from test_logging import ended, texts


def set_running(c, key, value):
    return c.keg.run("keg", "config", "set", "--running", "-P", c.lxcpath, c.name, key, value)


def running(c, key):
    return c.keg.run("keg", "config", "get", "--running", "-P", c.lxcpath, c.name, key).ok().out


def test_a_limit_changes_at_once_and_in_the_running_config_alone(container):
    needs("pids" in V1 or "pids" in V2_HAS, "this kernel has no pids controller")
    c = container("lxc.cgroup2.pids.max = 77")
    file = c.config.read_bytes()
    c.up()
    r = set_running(c, "lxc.cgroup2.pids.max", "55").ok()
    assert (r.out, r.err) == ("", "")
    assert cgroup(c, "pids.max") == "55"
    assert running(c, "lxc.cgroup2.pids.max").strip() == "55"
    assert c.config.read_bytes() == file


def test_a_limit_is_translated(container):
    needs("cpu" in V1 or "cpu" in V2_HAS, "this kernel has no cpu controller")
    c = container().up()
    set_running(c, "lxc.cgroup2.cpu.weight", "50").ok()
    set_running(c, "lxc.cgroup.cpu.cfs_quota_us", "20000").ok()
    assert cgroup(c, "cpu.shares") == "512"
    assert cgroup(c, "cpu.max") == "20000 100000"


def test_device_rules_add_up(container):
    c = container("lxc.cgroup2.devices.deny = a").up()
    set_running(c, "lxc.cgroup2.devices.allow", "c 1:3 rw").ok()
    set_running(c, "lxc.cgroup2.devices.allow", "c 1:5 r").ok()
    assert cgroup(c, "devices.list") == "c 1:3 rw\nc 1:5 r"


def test_a_reboot_keeps_what_was_set(container):
    needs("pids" in V1 or "pids" in V2_HAS, "this kernel has no pids controller")
    c = container().up()
    set_running(c, "lxc.cgroup2.pids.max", "55").ok()
    (c.rootfs / "ready").unlink()
    c.run("lxc-stop", "-r", "-W").ok()
    wait_for((c.rootfs / "ready").exists, "/ready")
    assert cgroup(c, "pids.max") == "55"


def test_the_logs_level_counts_for_the_end(container):
    c = container()
    log = c.lxcpath / "c.log"
    c.up("-o", log, "-l", "NOTICE")
    assert running(c, "lxc.log.level").strip() == "NOTICE"
    set_running(c, "lxc.log.level", "DEBUG").ok()
    c.run("lxc-stop", "-k").ok()
    ended(log)
    assert "init was killed by signal 9 (Killed)" in texts(log, "INFO")


def test_ephemeral_can_be_decided_while_it_runs(container):
    c = container().up()
    set_running(c, "lxc.ephemeral", "1").ok()
    c.run("lxc-stop", "-k").ok()
    wait_for(lambda: not c.dir.exists(), "it is destroyed")


@pytest.mark.parametrize("key, value", [("lxc.uts.name", "x"), ("lxc.net.0.type", "none"), ("lxc.cgroup.dir", "x")])
def test_others_cannot_change(container, key, value):
    c = container().up()
    assert set_running(c, key, value).fails(1).err == (
        f"keg: {c.name}: {key} cannot change while the container runs\n  try     set it in the config and restart\n")


def test_wrong_ones_say_so(container):
    c = container().up()
    assert set_running(c, "lxc.cgroup2.nosuch.max", "5").fails(1).err == (
        f"keg: {c.name}: this host has no cgroup controller nosuch\n")
    assert set_running(c, "lxc.cgroup2.pids.max", "").fails(1).err == (
        f"keg: {c.name}: pids.max cannot be taken back while the container runs\n"
        "  try     set the kernel's word for no limit, such as max\n")


def test_a_stopped_one_is_not_running(container):
    c = container()
    assert set_running(c, "lxc.cgroup2.pids.max", "5").fails(1).err == f"keg: {c.name}: it is not running\n"
