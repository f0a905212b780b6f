# SPDX-License-Identifier: MIT
"""lxc.cgroup.* and lxc.cgroup2.*: limits in either version's words, what is warned of, where the cgroups lie."""
import os
import subprocess
from pathlib import Path

import pytest

from lab import BIN, MARK, needs

V1 = {c: line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup " in line
      for c in line.split()[-1].split(",")}
V2 = next((line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup2 " in line), None)
V2_HAS = Path(V2, "cgroup.controllers").read_text().split() if V2 else []


def line_of(container, key):
    return next(i for i, line in enumerate(container.config.read_text().splitlines(), 1) if line.startswith(key))


def cgroup(container, file, value=None):
    return container.run("lxc-cgroup", file, *([value] if value else [])).ok().out.strip()


# --- translation ------------------------------------------------------------------------------------------

SAME = [  # v1, its value, v2, its value
    ("memory.limit_in_bytes", "67108864", "memory.max", "67108864"),
    ("memory.soft_limit_in_bytes", "33554432", "memory.low", "33554432"),
    ("cpu.shares", "512", "cpu.weight", "50"),
    ("cpuset.cpus", "0", "cpuset.cpus", "0"),
    ("pids.max", "77", "pids.max", "77"),
]


@pytest.mark.parametrize("row", SAME, ids=lambda row: row[0])
@pytest.mark.parametrize("written", [0, 2], ids=["v1", "v2"])
def test_a_limit_of_either_version_takes_effect_and_is_read_in_both(container, row, written):
    controller = row[0].split(".")[0]
    needs(controller in V1 or controller in V2_HAS, f"this kernel has no {controller}")
    c = container(f"lxc.cgroup{'2' if written else ''}.{row[written]} = {row[written + 1]}")
    r = c.run("lxc-start").ok()
    assert r.err == ""
    assert cgroup(c, row[0]) == row[1]
    assert cgroup(c, row[2]) == row[3]


@pytest.mark.parametrize("keys", [("lxc.cgroup.cpu.cfs_quota_us = 50000", "lxc.cgroup.cpu.cfs_period_us = 200000"),
                                  ("lxc.cgroup2.cpu.max = 50000 200000",)], ids=["v1", "v2"])
def test_two_keys_of_v1_are_one_of_v2(container, keys):
    needs("cpu" in V1 or "cpu" in V2_HAS, "this kernel has no cpu controller")
    c = container(*keys)
    assert c.run("lxc-start").ok().err == ""
    assert cgroup(c, "cpu.max") == "50000 200000"
    assert cgroup(c, "cpu.cfs_quota_us") == "50000"
    assert cgroup(c, "cpu.cfs_period_us") == "200000"


def test_what_is_always_so_in_the_other_version_is_no_warning(container):
    c = container("lxc.cgroup2.cgroup.max.depth = max", "lxc.cgroup2.memory.high = max", "lxc.cgroup2.memory.min = 0")
    assert c.run("lxc-start").ok().err == ""


def test_said_twice_the_hosts_own_version_counts(container):
    c = container("lxc.cgroup2.cpu.weight = 10", "lxc.cgroup.cpu.shares = 512", "lxc.cgroup2.cpu.weight = 50")
    assert c.run("lxc-start").ok().err == ""
    assert cgroup(c, "cpu.shares") == "512"


# --- what has no meaning here -----------------------------------------------------------------------------

ODD = "lxc.cgroup.nosuch.limit"
ODD_TEXT = f"{ODD} = 5 has no effect: this host has no cgroup controller nosuch"


def warning(c, tool, key=ODD, text=ODD_TEXT):
    return f"{tool}: {c.name}: warning: {text}\n  set by  {c.config}:{line_of(c, key)}  {key}\n"


@pytest.mark.parametrize("how", ["-d", "-F"])
def test_what_has_no_meaning_is_a_warning_with_file_and_line(container, how):
    c = container(f"{ODD} = 5")
    args = ("--", "/answer", "exit", "0") if how == "-F" else ()
    assert c.run("lxc-start", how, *args).ok().err == warning(c, "lxc-start")


def test_what_the_other_version_cannot_say_is_a_warning(container):
    v1 = "memory" in V1
    key, value = ("lxc.cgroup2.memory.high", "1M") if v1 else ("lxc.cgroup.memory.swappiness", "60")
    c = container(f"{key} = {value}")
    text = f"{key} = {value} has no effect: cgroup v{1 if v1 else 2}, which has the controller here, has nothing like it"
    assert c.run("lxc-start").ok().err == warning(c, "lxc-start", key, text)


def test_a_check_warns_in_the_same_words(container, keg):
    c = container(f"{ODD} = 5")
    r = c.run("lxc-start", "--check").ok()
    assert (r.out, r.err) == ("", warning(c, "lxc-start"))
    assert c.state() == "STOPPED"


def test_strict_makes_it_an_error_before_anything_is_made(container):
    c = container(f"{ODD} = 5", "lxc.config.strict = 1")
    told = (f"lxc-start: {c.name}: {ODD_TEXT}\n  set by  {c.config}:{line_of(c, ODD)}  {ODD}\n"
            "  try     take the line out, or unset lxc.config.strict\n")
    assert c.run("lxc-start").fails(1).err == told
    assert c.run("lxc-start", "--check").fails(1).err == told
    assert c.state() == "STOPPED"


def test_a_file_that_the_hosts_own_controller_lacks_is_an_error(container):
    needs("memory" in V1, "this kernel has no v1 memory controller")
    c = container("lxc.cgroup.memory.nosuch = 5")
    assert c.run("lxc-start").fails(1).err == (
        f"lxc-start: {c.name}: the cgroup controller memory has no file memory.nosuch here\n"
        f"  set by  {c.config}:{line_of(c, 'lxc.cgroup.memory.nosuch')}  lxc.cgroup.memory.nosuch\n"
        "  step    cgroup.limits (keeper)\n")
