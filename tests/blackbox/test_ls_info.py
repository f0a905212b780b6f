# SPDX-License-Identifier: MIT
"""lxc-ls and lxc-info: byte by byte what scripts read."""
import json
import os
import re
from pathlib import Path

import pytest

from lab import IS_LXC, needs


def ls(keg, lxcpath, *args):
    return keg.run("lxc-ls", "-P", lxcpath, *args).ok()


def test_nothing_to_list_is_no_output(keg, lxcpath):
    for args in ((), ("-f",), ("-1",), ("--running",)):
        r = ls(keg, lxcpath, *args)
        assert (r.out, r.err) == ("", "")
    assert keg.run("lxc-ls", "-P", lxcpath / "nosuch").ok().out == ""


def test_names_are_listed_one_a_line_where_there_is_no_terminal(keg, lxcpath, container):
    b, a = container(name="kt-b"), container(name="kt-a")
    assert ls(keg, lxcpath).out.split() == ["kt-a", "kt-b"]
    assert ls(keg, lxcpath, "-1").out == "kt-a\nkt-b\n"
    assert (a.name, b.name) == ("kt-a", "kt-b")


def test_the_fancy_table(keg, lxcpath, container):
    container("lxc.start.auto = 1", "lxc.group = one", "lxc.group = two", name="kt-a").up()
    container(name="kt-bbb")
    assert ls(keg, lxcpath, "-f").out == (
        "NAME   STATE   AUTOSTART GROUPS   IPV4 IPV6 UNPRIVILEGED \n"
        "kt-a   RUNNING 1         one, two -    -    false        \n"
        "kt-bbb STOPPED 0         -        -    -    false        \n")


def test_columns_can_be_chosen(keg, lxcpath, container):
    c = container(name="kt-a").up()
    assert ls(keg, lxcpath, "-f", "-F", "name,pid,state").out == (
        f"NAME {'PID':<{max(3, len(str(c.pid())))}} STATE   \nkt-a {c.pid():<3} RUNNING \n")
    assert ls(keg, lxcpath, "-f", "-F", "COLOUR").err == "Invalid key: COLOUR\n"


def test_states_select(keg, lxcpath, container):
    container(name="kt-down")
    container(name="kt-up").up()
    container(name="kt-ice").up().run("lxc-freeze").ok()
    def names(*args):
        return ls(keg, lxcpath, "-1", *args).out.split()
    assert names("--stopped") == ["kt-down"]
    assert names("--frozen") == ["kt-ice"]
    assert names("--running") == ["kt-ice", "kt-up"]
    assert names("--active") == ["kt-ice", "kt-up"]
    assert names("--defined") == ["kt-down", "kt-ice", "kt-up"]
    assert names("--filter", "^kt-[du]") == ["kt-down", "kt-up"]


def test_groups_select(keg, lxcpath, container):
    container("lxc.group = web,db", name="kt-a")
    container("lxc.group = web", name="kt-b")
    assert ls(keg, lxcpath, "-1", "-g", "web").out == "kt-a\nkt-b\n"
    assert ls(keg, lxcpath, "-1", "-g", "web,db").out == "kt-a\n"


def test_ls_as_json(keg, lxcpath, container):
    needs(not IS_LXC, "the subject is LXC itself")
    container("lxc.start.auto = 1", name="kt-a").up()
    rows = json.loads(keg.run("keg", "ls", "-P", lxcpath, "--format", "json").ok().out)["containers"]
    assert [(r["name"], r["state"], r["autostart"], r["unprivileged"]) for r in rows] == [("kt-a", "RUNNING", 1, False)]
    assert json.loads(keg.run("keg", "ls", "-P", lxcpath, "--format", "json", "--stopped").ok().out) == {"format": 1, "containers": []}


# --- info -------------------------------------------------------------------------------------------------

def test_info_of_a_stopped_container(container):
    c = container()
    assert c.run("lxc-info").ok().out == f"Name:           {c.name}\nState:          STOPPED\n"


def test_info_of_a_running_container(container):
    c = container().up()
    lines = c.run("lxc-info").ok().out.splitlines()
    assert lines[:3] == [f"Name:           {c.name}", "State:          RUNNING", f"PID:            {c.pid()}"]
    for line in lines[3:]:
        assert re.fullmatch(r"(CPU use: {8}\d+\.\d\d seconds|(BlkIO use: {6}|Memory use: {5}|KMem use: {7})(\d+ bytes|\d+\.\d\d [KMG]iB))", line), line


@pytest.mark.parametrize("args,out", [
    (("-s",), "State:          RUNNING\n"),
    (("-s", "-H"), "RUNNING\n"),
    (("-c", "lxc.init.cmd"), "lxc.init.cmd = /answer\n"),
    (("-c", "lxc.init.cmd", "-H"), "/answer\n"),
    (("-c", "lxc.group"), "lxc.group =\n"),
])
def test_info_of_one_thing(container, args, out):
    assert container().up().run("lxc-info", *args).ok().out == out


def test_info_of_an_unknown_key_goes_on(container):
    r = container().run("lxc-info", "-c", "lxc.nosuch", "-s").ok()
    assert "lxc.nosuch invalid" in r.err and "State:          STOPPED" in r.out


def test_info_of_a_container_that_is_not_there(keg, lxcpath):
    r = keg.run("lxc-info", "-n", "nosuch", "-P", lxcpath).fails(1)
    assert (r.out, r.err) == ("", "nosuch doesn't exist\n")


def test_info_does_not_make_anything(keg, lxcpath):
    keg.run("lxc-info", "-n", "nosuch", "-P", lxcpath)
    assert list(lxcpath.iterdir()) == []


def test_the_name_may_stand_alone(keg, lxcpath, container):
    c = container()
    assert keg.run("lxc-info", c.name, "-P", lxcpath, "-s").ok().out == "State:          STOPPED\n"


# --- cgroup and device ------------------------------------------------------------------------------------

def memory_file(c):
    v1 = c.run("lxc-cgroup", "memory.limit_in_bytes").rc == 0
    return "memory.limit_in_bytes" if v1 else "memory.max"


def test_a_limit_holds_at_once_and_reads_back(container):
    c = container().up()
    file = memory_file(c)
    r = c.run("lxc-cgroup", file, "67108864").ok()
    assert (r.out, r.err) == ("", "")
    assert c.run("lxc-cgroup", file).ok().out.strip() == "67108864"


def test_a_limit_of_a_stopped_container_fails(container):
    container().run("lxc-cgroup", "memory.max", "1G").fails(1)


def test_a_device_is_added_and_taken_away(container):
    c = container().up()
    at = Path(f"/proc/{c.pid()}/root/dev/kmsg")
    c.run("lxc-device", "add", "/dev/kmsg").ok()
    assert at.is_char_device() and at.stat().st_rdev == os.makedev(1, 11)
    c.run("lxc-device", "del", "/dev/kmsg").ok()
    assert not at.exists()
