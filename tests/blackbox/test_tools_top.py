# SPDX-License-Identifier: MIT
"""lxc-top: the screen, the lines for a file, the keys; the same numbers for programs; keg top's own screen."""
import csv
import fcntl
import io
import json
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, SLOW, Terminal, needs

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


def pressure_of(c, what):
    """Its file, where cgroup v2 has one; None."""
    for at in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")):
        file = at / f"lxc.payload.{c.name}" / f"{what}.pressure"
        if file.exists():
            return file.read_text()
    return None


def test_numbers_for_programs(keg, container, lxcpath):
    needs(not IS_LXC, "the subject is LXC itself")
    c = container(name="kt-a").up()
    answer = json.loads(keg.run("keg", "top", "-P", lxcpath, "--format", "json").ok().out)
    assert answer["format"] == 1 and [r["name"] for r in answer["containers"]] == ["kt-a"]
    row = answer["containers"][0]
    assert row["cpu_ns"] > 0 and row["memory_bytes"] > 0 and row["pids"] >= 1
    assert row["memory_swap_bytes"] >= row["memory_bytes"] * 0.5
    assert row["rx_bytes"] == row["tx_bytes"] == 0  # it has an empty network
    for what in ("cpu", "memory", "io"):
        ns, percent = row[f"{what}_pressure_ns"], row[f"{what}_pressure_percent"]
        assert (ns is None) == (percent is None) == (pressure_of(c, what) is None)
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


# --- keg top --------------------------------------------------------------------------------------------------

TO_OWN, TO_OLD = "\033[?1049h\033[?25l", "\033[?25h\033[?1049l"
TITLES = re.compile("\033\\[[0-9;]*[mKHJ]")
AT_80 = "NAME CPU% MEMORY MEM-P% I/O/s IN/s OUT/s CPU-P% I/O-P%"


class KegTop(Terminal):
    def __init__(self, keg, lxcpath, *args, columns=80, tool=("keg", "top")):
        class Nameless:
            def popen(self, tool, *rest, **how):
                return keg.start(*tool, "-P", lxcpath, *rest, **how)
        super().__init__(Nameless(), tool, *args, columns=columns)

    def screen(self):
        """The lines of the next screen."""
        self.expect("\033[H")
        while "\033[J" not in self.seen:
            assert self.read(10 * SLOW)
        text, self.seen = self.seen.split("\033[J", 1)
        return [TITLES.sub("", line) for line in text.split("\r\n")]


class Shell(Terminal):
    """A script that has job control, on a terminal of its own."""

    def __init__(self, keg, script):
        class Script:
            def popen(self, tool, *rest, **how):
                return subprocess.Popen([tool, *rest], start_new_session=True, **how)
        super().__init__(Script(), "sh", "-c", script)


@pytest.fixture
def only_keg():
    needs(not IS_LXC, "the subject is LXC itself")


def test_kegs_screen(only_keg, keg, container, lxcpath):
    c = container("lxc.net.0.type = veth", "lxc.net.0.flags = up", name="kt-a").up()
    with KegTop(keg, lxcpath, "-d", "1") as t:
        t.expect(TO_OWN)
        head, titles, row, keys = t.screen()
        assert head == "1 running, 1 shown; by cpu; per second since the last look"
        assert titles.split() == AT_80.split()
        assert keys == "q quit  < > sort by  r reverse  t sums  n c m b i o p columns  C M B pressure"
        name, cpu, memory, *rest = row.split()
        assert (name, cpu) == ("kt-a", "-")  # there is no rate yet
        assert re.fullmatch(r"[\d.]+[KM]", memory)
        row = t.screen()[2].split()
        assert re.fullmatch(r"\d+\.\d", row[1]) and all(re.fullmatch(r"[\d.]+[KM]?", n) for n in row[4:7])
        known = r"\d+\.\d" if pressure_of(c, "memory") else "-"
        assert all(re.fullmatch(known, row[i]) for i in (3, 7, 8))
        assert max(map(len, t.screen())) <= 80
        t.type("q")
        t.expect(TO_OLD)
        assert t.end() == 0


@pytest.mark.parametrize("columns, titles", [
    (24, "NAME CPU%"), (40, "NAME CPU% MEMORY MEM-P%"), (80, AT_80),
    (140, AT_80 + " PIDS MEM+SW READ/s WRITE/s KERNEL")])
def test_the_columns_that_a_terminal_has_room_for(only_keg, keg, lxcpath, columns, titles):
    with KegTop(keg, lxcpath, columns=columns) as t:
        screen = t.screen()
        assert screen[1].split() == titles.split() and max(map(len, screen)) <= columns
        t.type("q")
        assert t.end() == 0


def test_chosen_columns(only_keg, keg, lxcpath):
    with KegTop(keg, lxcpath, "--columns", "pids,memory", "--totals", "-s", "io") as t:
        head, titles = t.screen()[:2]
        assert (head, titles.split()) == ("0 running, 0 shown; by io; sums since the start", ["NAME", "MEMORY", "PIDS"])
    with KegTop(keg, lxcpath, "--columns", "io", tool=("lxc-top",)) as t:
        assert t.screen()[1].split() == ["NAME", "I/O/s"]
    r = keg.run("keg", "top", "-P", lxcpath, "--columns", "pids,colour").fails(1)
    assert r.err == ("keg: --columns: there is no colour among cpu, memory, memory-pressure, io, rx, tx, cpu-pressure, io-pressure, "
                     "pids, memory-swap, read, write, kernel\n")
    keg.run("keg", "top", "-P", lxcpath, "-s", "colour").fails(1)


def test_keys(only_keg, keg, container, lxcpath):
    container(name="kt-a").up()
    container("lxc.init.cmd = /answer children 3 touch /ready sleep", name="kt-b").up()
    with KegTop(keg, lxcpath, "-d", "60") as t:
        def names():
            return [line.split()[0] for line in t.screen()[2:-1]]

        assert "by cpu;" in t.screen()[0]
        t.screen()  # the second look, after a second
        for key, head in (("p", "by pids;"), ("r", "by pids, reversed;"), ("r", "by pids;")):
            t.type(key)
            screen = t.screen()
            assert head in screen[0] and "PIDS" in screen[1]
            assert [line.split()[0] for line in screen[2:-1]] == (["kt-a", "kt-b"] if "reversed" in head else ["kt-b", "kt-a"])
        t.type("n")
        assert names() == ["kt-a", "kt-b"]
        for key, by in ((">", "cpu"), ("\033[C", "memory"), ("<", "cpu"), ("<", "name"), ("\033[D", "io-pressure"), ("M", "memory-pressure"),
                        ("i", "rx"), ("o", "tx"), ("k", "kernel")):
            t.type(key)
            assert f"by {by};" in t.screen()[0]
        t.type("\033OP")  # a key that means nothing
        t.type("t")
        assert "sums since the start" in t.screen()[0]
        t.type("q")
        assert t.end() == 0


def test_a_network_that_is_the_hosts_is_not_counted(only_keg, keg, container, lxcpath):
    container("lxc.net.0.type = none", name="kt-c").up()
    row = json.loads(keg.run("keg", "top", "-P", lxcpath, "--format", "json").ok().out)["containers"][0]
    assert (row["rx_bytes"], row["tx_bytes"]) == (None, None)
    with KegTop(keg, lxcpath, "--columns", "rx,tx", "--totals") as t:
        assert t.screen()[2].split() == ["kt-c", "-", "-"]


def test_the_old_screen_comes_back(only_keg, keg, lxcpath):
    keys = termios.ICANON | termios.ECHO
    for how in ("q", signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with KegTop(keg, lxcpath) as t:
            t.screen()
            assert termios.tcgetattr(t.master)[3] & keys == 0
            t.type("q") if how == "q" else t.process.send_signal(how)
            t.expect(TO_OLD)
            assert t.end() == 0
            assert termios.tcgetattr(t.master)[3] & keys == keys


def test_another_size(only_keg, keg, lxcpath):
    with KegTop(keg, lxcpath, "-d", "60") as t:
        t.screen()
        t.screen()
        fcntl.ioctl(t.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 24, 0, 0))
        assert t.screen()[1].split() == ["NAME", "CPU%"]
        t.type("q")
        assert t.end() == 0


def test_stopped_by_the_shell_and_back(only_keg, keg, lxcpath):
    """^Z: the terminal is the shell's as it was; fg: keg top's again."""
    script = f"set -m; {BIN / 'keg'} top -P {lxcpath} -d 60; echo stopped $?; stty -a; fg; echo ended $?; stty -a"
    with Shell(keg, script) as t:
        t.expect(TO_OWN)
        t.expect("\033[J")
        t.expect("\033[J")
        t.type("\x1a")
        t.expect(TO_OLD)
        t.expect("stopped 148")
        t.expect(" icanon ")
        t.expect(" echo ")
        t.expect(TO_OWN)
        t.expect("0 running")
        t.type("q")
        t.expect(TO_OLD)
        t.expect("ended 0")
        t.expect(" icanon ")
        t.expect(" echo ")


def test_without_a_terminal_one_look_as_a_table(only_keg, keg, container, lxcpath):
    container(name="kt-a").up()
    lines = keg.run("keg", "top", "-P", lxcpath, stdin=subprocess.DEVNULL).ok().out.split("\n")
    assert lines[0].split()[:2] == ["NAME", "CPU_NS"] and lines[1].split()[0] == "kt-a"
