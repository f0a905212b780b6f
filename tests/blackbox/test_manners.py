# SPDX-License-Identifier: MIT
"""What a person at a terminal sees and a pipe does not: colour, widths, progress; names in any script."""
import json
import os
import re
import subprocess
import unicodedata

import pytest

from lab import IS_LXC, MARK, Container, Terminal, needs

pytestmark = pytest.mark.skipif(IS_LXC, reason="keg's own words")


class Typed:
    """What Terminal runs."""

    def __init__(self, keg, env=None):
        self.keg, self.env = keg, env

    def popen(self, *argv, **how):
        return self.keg.start(*argv, env=self.env, **how)


def shown(keg, *argv, env=None, columns=80, timeout=30):
    """What a command shows on a terminal of so many columns, and its exit code."""
    with Terminal(Typed(keg, env), *argv, columns=columns) as t:
        return t.whole(timeout).replace("\r\n", "\n"), t.end()


# --- colour -----------------------------------------------------------------------------------------------

ESCAPE = "\033["


@pytest.mark.parametrize("env, coloured", [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_for_a_terminal_unless_NO_COLOR(keg, env, coloured):
    assert (ESCAPE in shown(keg, "lxc-checkconfig", env=env)[0]) == coloured


def test_a_pipe_gets_no_escape_sequence(keg, container):
    c = container()
    c.up()
    for argv in (("lxc-checkconfig",), ("keg", "check"), ("keg", "ls", "-P", c.lxcpath, "-f"), ("keg", "info", "-P", c.lxcpath, c.name),
                 ("keg", "top", "-P", c.lxcpath, "--format", "table"), ("keg", "help"), ("keg", "start", "--help")):
        r = keg.run(*argv)
        assert "\033" not in r.out + r.err, argv


# --- widths -----------------------------------------------------------------------------------------------

def names(lxcpath, *which):
    for name in which:
        (lxcpath / name).mkdir()
        (lxcpath / name / "config").write_text("lxc.uts.name = x\n")


def test_names_in_as_many_columns_as_the_terminal_has_room_for(keg, lxcpath):
    names(lxcpath, *(f"web{n}" for n in range(1, 10)))
    assert shown(keg, "keg", "ls", "-P", lxcpath, columns=22)[0].splitlines() == [
        "web1 web2 web3 web4 ", "web5 web6 web7 web8 ", "web9 "]
    assert len(shown(keg, "keg", "ls", "-P", lxcpath, columns=200)[0].splitlines()) == 1
    assert len(shown(keg, "keg", "ls", "-P", lxcpath, columns=0)[0].splitlines()) == 1  # it does not say: 80
    # COLUMNS is what the user wants of a terminal.
    assert len(shown(keg, "keg", "ls", "-P", lxcpath, columns=200, env={"COLUMNS": "22"})[0].splitlines()) == 3
    assert len(shown(keg, "keg", "ls", "-P", lxcpath, columns=22, env={"COLUMNS": "wide"})[0].splitlines()) == 3
    assert keg.run("keg", "ls", "-P", lxcpath, env={"COLUMNS": "200"}).ok().out.split() == [f"web{n}" for n in range(1, 10)]


def columns_of(text):
    """As a terminal shows it: east Asian letters are two wide."""
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 0 if unicodedata.combining(ch) else 1 for ch in text)


SCRIPTS = ("каталог", "数据库", "naïve", "e\u0301te", "a")


def test_names_of_any_script_stand_in_straight_columns(keg, lxcpath):
    names(lxcpath, *SCRIPTS)
    for argv in (("-f", "-F", "NAME,STATE"), ("--format", "table", "-F", "NAME,STATE")):
        lines = keg.run("keg", "ls", "-P", lxcpath, *argv).ok().out.splitlines()
        assert sorted(line.split()[0] for line in lines[1:]) == sorted(SCRIPTS)
        assert len({columns_of(line[:line.index("ST")]) for line in lines}) == 1, lines
    text = shown(keg, "keg", "ls", "-P", lxcpath, columns=18)[0]
    rows = text.splitlines()
    assert sorted(text.split()) == sorted(SCRIPTS) and len(rows) == 3
    assert [columns_of(row) for row in rows] == [16, 16, 8], rows
    assert {r["name"] for r in json.loads(keg.run("keg", "ls", "-P", lxcpath, "--format", "json").ok().out)["containers"]} == set(SCRIPTS)


@pytest.mark.parametrize("columns", (60, 200))
def test_top_is_as_wide_as_the_terminal(keg, container, columns):
    c = container()
    c.up()
    with Terminal(Typed(keg), "lxc-top", "-P", c.lxcpath, "-d", "60", columns=columns) as t:
        t.expect("\033[H")
        t.type("q")
        lines = re.sub(r"\033\[[\d;?]*[A-Za-z]", "", t.whole()).replace("\r", "").splitlines()
        assert t.end() == 0
    assert ("Sys" in lines[1]) == ("(Read/Write)" in lines[1]) == (columns == 200) and "Mem" in lines[0]
    assert any("TOTAL 1 of 1" in line for line in lines) and max(map(columns_of, lines)) <= columns, lines


# --- progress ---------------------------------------------------------------------------------------------

PROGRESS = re.compile(r"\r(\S+): (copying|restoring|taking a snapshot), (?:(\d+) MiB, )?(\d+) s\033\[K")


@pytest.fixture
def big(keg, container, lxcpath):
    """A container that takes more than half a second to copy, wherever it is copied."""
    c = container()
    some = os.urandom(1 << 20)
    with open(c.rootfs / "big", "wb") as f:
        for _ in range(1500):
            f.write(some)
    return c


def test_a_copy_shows_how_far_it_is_and_leaves_nothing_of_it(keg, big, lxcpath):
    copy = Container(keg, lxcpath, f"{MARK}-copy")
    text, code = shown(keg, "keg", "copy", "-P", lxcpath, big.name, "-N", copy.name)
    seen = PROGRESS.findall(text)
    needs(seen, "this disk copies 1500 MiB in half a second")
    assert code == 0 and {s[:2] for s in seen} == {(big.name, "copying")}
    assert [int(s[2] or 0) for s in seen] == sorted(int(s[2] or 0) for s in seen) and 0 < int(seen[-1][2]) <= 1501
    assert text.endswith("\r\033[K") and PROGRESS.sub("", text) == "\r\033[K"
    copy.run("lxc-destroy").ok()
    text, code = shown(keg, "keg", "copy", "-P", lxcpath, big.name, "-N", copy.name, columns=24)
    assert code == 0 and all(columns_of(line) < 24 for line in re.sub(r"\033\[K", "", text).split("\r"))
    copy.run("lxc-destroy").ok()


def test_nothing_of_it_for_a_pipe_or_the_quiet(keg, big, lxcpath):
    copy = Container(keg, lxcpath, f"{MARK}-copy")
    r = keg.run("keg", "copy", "-P", lxcpath, big.name, "-N", copy.name, timeout=60).ok()
    assert (r.out, r.err) == ("", "")
    copy.run("lxc-destroy").ok()
    assert shown(keg, "keg", "copy", "-q", "-P", lxcpath, big.name, "-N", copy.name) == ("", 0)
    copy.run("lxc-destroy").ok()


def test_a_cancelled_copy_takes_its_line_away(keg, big, lxcpath):
    copy = Container(keg, lxcpath, f"{MARK}-copy")
    with Terminal(Typed(keg), "keg", "copy", "-P", lxcpath, big.name, "-N", copy.name) as t:
        t.expect("MiB")
        t.type("\x03")
        assert t.whole().split("\r\033[K")[-1].replace("\r\n", "\n") == f"keg: {big.name}: the copy was cancelled\n"
        assert t.end() == 1
    assert not copy.config.exists()


def test_unpacking_is_told_on_a_terminal(keg, big, lxcpath, tmp_path):
    tar = tmp_path / "tree.tar"
    subprocess.run(["tar", "-C", big.rootfs, "-cf", tar, "."], check=True)
    c = Container(keg, lxcpath, f"{MARK}-local")
    argv = ("lxc-create", "-P", lxcpath, "-n", c.name, "-t", "local", "-f", "/dev/null", "--", "-f", tar)
    text, code = shown(keg, *argv, timeout=60)
    assert code == 0 and re.search(r"\r   \d s  unpacking\033\[K", text) and "\r\033[K" in text
    c.run("lxc-destroy").ok()
    assert "\r" not in keg.run(*argv, timeout=60).ok().out
    c.run("lxc-destroy").ok()


# --- hints in the words of who is told ------------------------------------------------------------------------

def test_a_hint_names_the_command_as_its_reader_does(container):
    c = container().up()
    for tool, says in (("keg destroy", f"keg destroy -f {c.name} stops it first"), ("lxc-destroy", f"lxc-destroy -f -n {c.name} stops it first")):
        prog = tool.split()[0]
        r = c.run(tool) if prog != "keg" else c.keg.run("keg", "destroy", "-P", c.lxcpath, c.name)
        assert r.fails(1).err == f"{prog}: {c.name}: {c.name} is running\n  try     {says}\n"
        argv = ("keg", "destroy") if prog == "keg" else (tool,)
        r = c.keg.run(*argv, "-P", c.lxcpath, "-n", c.name, "--format", "json").fails(1)
        assert json.loads(r.err)["hint"] == says


@pytest.mark.parametrize("argv, says", [
    (("snapshot", "-r", "snap7"), "keg snapshot -L {} lists those that there are"),
    (("copy", "-N", f"{MARK}-2"), "stop it, or allow that (keg copy -a)"),
])
def test_options_of_a_hint_stay(container, argv, says):
    c = container().up()
    r = c.keg.run("keg", argv[0], "-P", c.lxcpath, c.name, *argv[1:]).fails(1)
    assert r.err.endswith(f"  try     {says.format(c.name)}\n"), r.err


# --- mistakes of a beginner -----------------------------------------------------------------------------------

EXISTING = [("attach",), ("cgroup", "pids.max"), ("console",), ("copy", "-N", "x"), ("destroy",), ("freeze",), ("info",), ("logs",),
            ("rename", "x"), ("set", "memory=1G"), ("shell",), ("snapshot",), ("start",), ("stop",), ("unfreeze",), ("config get", "lxc.uts.name"),
            ("config list",), ("config set", "lxc.uts.name", "x"), ("config check",)]


@pytest.mark.parametrize("verb", EXISTING, ids=lambda v: v[0])
def test_a_name_that_is_none(container, keg, lxcpath, verb):
    def of(name):
        return keg.run("keg", *verb[0].split(), "-P", lxcpath, name, *verb[1:]).fails(1).err

    assert of("weba") == "keg: weba: there is no container of that name\n  try     keg create weba -t busybox makes it\n"
    container(name=f"{MARK}-web1")
    assert of(f"{MARK}-wbe1") == f"keg: {MARK}-wbe1: there is no container of that name\n  try     did you mean {MARK}-web1?\n"
    assert of("other") == "keg: other: there is no container of that name\n  try     keg ls lists those that there are\n"


@pytest.mark.parametrize("verb", [("attach",), ("cgroup", "pids.max"), ("console",), ("freeze",), ("shell",), ("unfreeze",),
                                  ("config get", "--running", "lxc.uts.name")], ids=lambda v: v[0])
def test_one_that_does_not_run(container, verb):
    c = container()
    r = c.keg.run("keg", *verb[0].split(), "-P", c.lxcpath, c.name, *verb[1:]).fails(1)
    assert r.err == f"keg: {c.name}: it is not running\n  try     keg start {c.name}\n"


@pytest.mark.parametrize("argv, told", [
    (("start",), "keg: No container name specified\n  try     keg start web1\n"),
    (("create",), "keg: No container name specified\n  try     keg create web1 -t busybox\n"),
    (("create", "web1"), "keg: web1: of which template? There are busybox, debian, local, and none for a config alone\n"
                         "  try     keg create web1 -t busybox\n"),
    (("create", "web1", "-t", "bsuybox"), 'keg: web1: Template "bsuybox" not found\n  try     did you mean busybox?\n'),
    (("create", "we/b", "-t", "busybox"), 'keg: we/b: "we/b" cannot be a container\'s name\n'
                                          '  try     a name holds neither "/" nor control characters\n'),
    (("set", "web1"), "keg: what is to be set? Such as: keg set web1 memory=512M cpus=1.5\nusage: keg set NAME WORD=VALUE...\n"
                      "  try     keg set --help\n"),
    (("wait", "web1"), "keg: Missing state option to wait for\nusage: keg wait NAME --state=STATE\n  try     keg wait --help\n"),
])
def test_what_is_left_out_is_asked_for(keg, lxcpath, argv, told):
    assert keg.run("keg", *argv[:1], "-P", lxcpath, *argv[1:]).fails(1).err == told
    assert list(lxcpath.iterdir()) == []


WORDLESS = {"destroy": "[-f] [-s]", "stop": "", "freeze": "", "unfreeze": "", "info": "", "logs": "[-f]", "console": "[--tty NUMBER]"}


@pytest.mark.parametrize("verb", WORDLESS)
def test_a_word_too_many_is_not_passed_over(keg, container, verb):
    """Who names two containers is not to find that one of them was destroyed."""
    c, other = container(), container()
    r = keg.run("keg", verb, "-P", c.lxcpath, c.name, other.name).fails(1)
    usage = " ".join(f"usage: keg {verb} NAME {WORDLESS[verb]}".split())
    assert r.err == f'keg: "{other.name}" is one word too many\n{usage}\n  try     keg {verb} --help\n'
    assert c.config.exists() and other.config.exists()


def test_a_name_that_is_taken(keg, container):
    c = container()
    for argv in (("create", c.name, "-t", "none"), ("run", "busybox", c.name)):
        r = keg.run("keg", *argv, "-P", c.lxcpath).fails(1)
        assert r.err == f"keg: {c.name}: Container already exists\n  try     take another name, or remove it first: keg destroy {c.name}\n"
    assert (c.rootfs / "answer").exists()


def test_a_limit_below_what_is_used(container):
    c = container("lxc.init.cmd = /answer eat 8 touch /ready sleep").up()
    r = c.keg.run("keg", "set", "-P", c.lxcpath, c.name, "memory=64K").fails(1)
    assert r.err.startswith(f"keg: {c.name}: cannot set memory.")
    assert r.err.endswith("  try     more than that is in use, and cannot be freed: take more, such as 64M\n")


def test_copy_and_snapshot_without_an_option(keg, container):
    c = container()
    keg.run("keg", "copy", "-P", c.lxcpath, c.name, f"{MARK}-copy").ok()
    copy = Container(keg, c.lxcpath, f"{MARK}-copy")
    assert copy.config.exists()
    assert [keg.run("keg", "snapshot", "-P", c.lxcpath, copy.name).ok().out for _ in "ab"] == ["snap0\n", "snap1\n"]
    assert copy.run("lxc-snapshot").ok().out == ""
    r = keg.run("keg", "copy", "-P", c.lxcpath, c.name).fails(1)
    assert r.err == f"keg: {c.name}: You must provide a NEWNAME for the clone\n  try     keg copy {c.name} NEWNAME\n"
    keg.run("keg", "destroy", "-s", "-P", c.lxcpath, copy.name).ok()


def test_what_is_next_is_told_on_a_terminal(keg, lxcpath):
    assert shown(keg, "keg", "create", f"{MARK}-a", "-P", lxcpath, "-t", "none") == (f"{MARK}-a is there: keg start {MARK}-a\n", 0)
    assert shown(keg, "lxc-create", "-n", f"{MARK}-b", "-P", lxcpath, "-t", "none") == ("", 0)
    r = keg.run("keg", "create", f"{MARK}-c", "-P", lxcpath, "-t", "none").ok()
    assert (r.out, r.err) == ("", "")
    for which in "abc":
        keg.run("keg", "destroy", "-P", lxcpath, f"{MARK}-{which}").ok()


def test_an_empty_list_says_so_on_a_terminal(keg, lxcpath):
    assert shown(keg, "keg", "ls", "-P", lxcpath) == ("none yet: keg run busybox\n", 0)
    assert shown(keg, "keg", "ls", "-P", lxcpath, "--running") == ("none\n", 0)
    assert shown(keg, "lxc-ls", "-P", lxcpath) == ("", 0)
    assert keg.run("keg", "ls", "-P", lxcpath).ok().err == ""


def test_a_stop_that_takes_its_time_is_told(keg, container):
    c = container("lxc.init.cmd = /answer touch /ready stubborn", "lxc.signal.halt = SIGUSR2").up()
    with Terminal(Typed(keg), "keg", "stop", "-P", c.lxcpath, "-t", "2", c.name) as t:
        t.expect(f"{c.name}: stopping, ")
        assert t.whole(20).endswith("\r\033[K") and t.end() == 0


def test_the_verbs_of_a_first_day_come_first(keg):
    lines = keg.run("keg", "--help").ok().out.splitlines()
    assert lines[2] == "To begin with: keg run busybox"
    first, others = lines[4:lines.index("All others")], lines[lines.index("All others"):]
    assert [line.split()[0] for line in first if line] == [
        "check", "net", "run", "create", "start", "shell", "ls", "info", "top", "logs", "set", "stop", "snapshot", "destroy"]
    assert not {line.split()[0] for line in first if line} & {line.split()[0] for line in others if line.startswith("  ")}
