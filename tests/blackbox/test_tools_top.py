# SPDX-License-Identifier: MIT
"""lxc-top: the screen, the lines for a file, the keys; and the same numbers for programs."""
import csv
import io
import json
import os
import re
import select
import signal
import subprocess
import termios
import time

import pytest

from lab import IS_LXC, SLOW, Terminal, needs

ABOVE = "%-18s %12s %12s %12s %36s %10s" % ("Container", "CPU", "CPU", "CPU", "BlkIO", "Mem")
BELOW = "%-18s %12s %12s %12s %36s %10s" % ("Name", "Used", "Sys", "User", "Total(Read/Write)", "Used")
HEAD = ("time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,mem_used_bytes,memsw_used_bytes,"
        "kernel_mem_used_bytes")


class Top(Terminal):
    """On a terminal; without the -n that a container's command has."""

    def __init__(self, keg, lxcpath, *args, columns=80):
        class Nameless:
            def popen(self, tool, *rest, **how):
                return keg.start(tool, "-P", lxcpath, *rest, **how)
        super().__init__(Nameless(), "lxc-top", *args, columns=columns)


def test_the_screen(keg, container, lxcpath):
    container(name="kt-a").up()
    with Top(keg, lxcpath, "-d", "1", columns=160) as t:
        t.expect("\033[H\033[J\033[7m\033[1m" + ABOVE)
        t.expect(BELOW)
        t.expect("\033[0mkt-a ")
        t.expect("TOTAL 1 of 1")
        t.expect("\033[H\033[J")  # again, after the delay
        t.type("q")
        assert t.end() == 0


def test_the_terminal_is_left_as_it_was(keg, lxcpath):
    keys = termios.ICANON | termios.ECHO
    for how in ("q", signal.SIGTERM, signal.SIGINT):
        with Top(keg, lxcpath) as t:
            t.expect("TOTAL 0 of 0")
            assert termios.tcgetattr(t.master)[3] & keys == 0
            if how == "q":
                t.type("q")
            else:
                t.process.send_signal(how)
            if how == "q" or not IS_LXC:
                assert t.end() == 0
                assert termios.tcgetattr(t.master)[3] & keys == keys


@pytest.mark.parametrize("args, order", [((), "kt-a kt-b"), (("-r",), "kt-b kt-a"), (("-s", "n", "-r"), "kt-b kt-a")])
def test_order(keg, container, lxcpath, args, order):
    for n in ("kt-a", "kt-b"):
        container(name=n).up()
    with Top(keg, lxcpath, *args) as t:
        for n in order.split():
            t.expect(f"{n} ")
        t.type("r")
        for n in reversed(order.split()):
            t.expect(f"{n} ")
        t.type("q")
        assert t.end() == 0


def test_the_hungriest_is_first(keg, container, lxcpath):
    needs(not IS_LXC, "the subject is LXC itself")
    container(name="kt-a").up()
    container(name="kt-b").up()
    rows = json.loads(keg.run("keg", "top", "-P", lxcpath, "--format", "json", "-s", "c").ok().out)["containers"]
    assert [r["cpu_ns"] for r in rows] == sorted((r["cpu_ns"] for r in rows), reverse=True)


def read_lines(process, n, timeout=10):
    """Its first n lines; then it is told to end."""
    end, text = time.monotonic() + timeout * SLOW, ""
    while text.count("\n") < n and time.monotonic() < end:
        if select.select([process.stdout], [], [], 0.1)[0]:
            text += os.read(process.stdout.fileno(), 65536).decode()
    process.terminate()
    process.wait(10)
    return text.split("\n")


def test_lines_for_a_file(keg, container, lxcpath):
    needs(not IS_LXC, "the subject is LXC itself")  # LXC's wants a terminal even for this
    container(name="kt-a").up()
    lines = read_lines(keg.start("lxc-top", "-P", lxcpath, "-b", "-d", "1", stdout=subprocess.PIPE), 4)
    assert lines[0] == HEAD
    row = lines[1].split(",")
    assert abs(int(row[0]) / 1000 - time.time()) < 60 * SLOW and row[1] == "kt-a"
    assert len(row) == 10 and all(re.fullmatch(r"\d+", n) for n in row[2:])
    assert int(row[2]) > 0 and int(row[7]) > 0
    assert lines[2] == ""


def test_no_terminal_no_screen(keg, lxcpath):
    r = keg.run("lxc-top", "-P", lxcpath).fails(1)
    assert r.err.startswith("stdin is not a tty\n") and r.err.endswith("Failed to setup terminal\n")
    assert IS_LXC or r.err == "stdin is not a tty\nlxc-top: Failed to setup terminal\n"


@pytest.mark.parametrize("args", [("-s", "x"), ("-d", "0"), ("-d", "soon"), ("--colour",)])
def test_wrong_options(keg, lxcpath, args):
    needs(not IS_LXC, "the subject is LXC itself")
    keg.run("lxc-top", "-P", lxcpath, *args).fails(1)


def test_numbers_for_programs(keg, container, lxcpath):
    needs(not IS_LXC, "the subject is LXC itself")
    c = container(name="kt-a").up()
    answer = json.loads(keg.run("keg", "top", "-P", lxcpath, "--format", "json").ok().out)
    assert answer["format"] == 1 and [r["name"] for r in answer["containers"]] == ["kt-a"]
    row = answer["containers"][0]
    assert row["cpu_ns"] > 0 and row["memory_bytes"] > 0 and row["pids"] >= 1
    assert row["memory_swap_bytes"] >= row["memory_bytes"] * 0.5
    rows = list(csv.DictReader(io.StringIO(keg.run("keg", "top", "-P", lxcpath, "--format", "csv").ok().out)))
    assert rows[0]["name"] == "kt-a" and list(rows[0]) == list(row)
    table = keg.run("keg", "top", "-P", lxcpath, "--format", "table").ok().out.split("\n")
    assert table[0].split() == [k.upper() for k in row] and table[1].split()[0] == "kt-a"
    r = keg.run("keg", "top", "-P", lxcpath, "--format", "xml").fails(1)
    assert r.err == "keg: --format xml: none of table, json, csv\n"
    c.run("lxc-stop", "-k").ok()
    assert json.loads(keg.run("keg", "top", "-P", lxcpath, "--format", "json").ok().out) == {"format": 1, "containers": []}


def test_more_than_one_folder(keg, container, lxcpath, tmp_path):
    needs(not IS_LXC, "the subject is LXC itself")
    container(name="kt-a").up()
    r = keg.run("lxc-top", "-P", tmp_path, "-P", lxcpath, "--format", "csv").ok()
    assert r.out.split("\n")[1].startswith("kt-a,")


@pytest.mark.skipif(IS_LXC, reason="--format is keg's")
def test_a_relative_lxcpath_means_the_same_folder(keg, container, lxcpath):
    c = container().up()
    r = keg.run("lxc-top", "-P", f"./{lxcpath.name}/", "--format", "csv", cwd=lxcpath.parent).ok()
    assert [line.split(",")[0] for line in r.out.splitlines()[1:]] == [c.name]
