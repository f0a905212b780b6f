# SPDX-License-Identifier: MIT
"""--format: every verb that answers, held against the table of doc/FORMAT.md, in JSON, in CSV and as a table."""
import csv
import io
import json
import os
import re

import pytest

from lab import IS_LXC, MARK, TOP, needs, wait_for

ROW = re.compile(r"^\| `(.+?)` \| ?(?:`(\w+)`)? ?\| (.*) \|$", re.M)
SCHEMA = {verb: (noun, re.findall(r"`(\w+)([#?]|\[\])?`", fields))
          for verb, noun, fields in ROW.findall((TOP / "doc/FORMAT.md").read_text())}
TYPES = {"#": (int, float, type(None)), "?": (bool, type(None)), "[]": list, "": (str, type(None))}
# They do a thing, hand over to a program or a terminal, or show what such a one has said.
NO_ANSWER = """attach checkpoint console copy create destroy device execute freeze logs rename run set shell stop
unfreeze unshare update-config usernsexec""".split()


@pytest.fixture(autouse=True)
def only_keg():
    needs(not IS_LXC, "the subject is LXC itself")


def verbs(keg):
    return [row["name"] for row in json.loads(keg.run("keg", "help", "--format", "json").ok().out)["verbs"]]


def test_every_verb_is_in_the_table_or_has_no_answer(keg):
    assert sorted({v.split()[0] for v in SCHEMA} | set(NO_ANSWER)) == sorted(verbs(keg))
    for v in verbs(keg):
        if v not in ("net", "config", "keepers"):  # which have verbs of their own
            assert ("Answer as table, json or csv" in keg.run("keg", "help", v).out) == (v not in NO_ANSWER), v


def fits(row, fields):
    assert list(row) == [name for name, _ in fields]
    for name, kind in fields:
        assert isinstance(row[name], TYPES[kind]) and (kind == "?" or not isinstance(row[name], bool)), f"{name}: {row[name]!r}"


def ask(run, verb, *argv):
    """The rows, which are the same in every format."""
    noun, fields = SCHEMA[verb]
    r = run("json")
    answer = json.loads(r.out)
    assert list(answer) == ["format", noun] and answer["format"] == 1 and r.err == ""
    for row in answer[noun]:
        fits(row, fields)
    lines = list(csv.reader(io.StringIO(run("csv").out)))
    assert lines[0] == [name for name, _ in fields]
    assert len(lines) - 1 == len(answer[noun])
    table = run("table").out.split("\n")
    if verb != "ls":  # its table is LXC's
        assert table[0].split() == [name.upper() for name, _ in fields]
    return answer[noun]


def test_answers_about_a_container(keg, container):
    c = container("lxc.start.auto = 1", "lxc.start.delay = 2", "lxc.group = web", "lxc.group = two")
    where = ("-P", c.lxcpath)
    (c.lxcpath / "comment").write_text('first, "quoted"\nsecond\n')
    c.run("lxc-snapshot", "-c", c.lxcpath / "comment").ok()

    def of(*argv):
        return lambda f: keg.run(*argv, "--format", f, *where).ok()

    assert ask(of("lxc-autostart", "-L", "-a"), "autostart -L") == [
        {"name": c.name, "delay_s": 2, "order": 0, "groups": ["web", "two"]}]
    snap = ask(of("lxc-snapshot", "-n", c.name, "-L"), "snapshot -L")
    assert [(s["name"], s["comment"]) for s in snap] == [("snap0", 'first, "quoted"\nsecond\n')]
    assert ask(of("lxc-info", "-n", c.name), "info")[0]["pid"] is None
    steps = ask(of("lxc-start", "-n", c.name, "--explain"), "start --explain")
    assert {"step": "runtime.lock", "role": "keeper", "after": None, "undone": True} in steps
    assert {"step": "cgroup.namespace", "role": "container init", "after": "cgroup.enter", "undone": False} in steps
    words = [f"{'KEEPER' if s['role'] == 'keeper' else 'INIT':6} {s['step']}" + (f"  (after {s['after']})" if s["after"] else "")
             + ("  (undone at the end)" if s["undone"] else "") for s in steps]
    assert keg.run("lxc-start", "-n", c.name, "--explain", *where).ok().out.splitlines() == words
    r = keg.run("lxc-start", "-n", c.name, "--format", "csv", *where).fails(1)
    assert r.err == "lxc-start: --format csv: errors are told as json, or in words without it\n"
    c.up()
    assert ask(of("lxc-ls"), "ls")[0]["state"] == "RUNNING"
    assert ask(of("lxc-info", "-n", c.name), "info")[0]["pid"] == c.pid()
    assert ask(of("lxc-top"), "top")[0]["name"] == c.name
    assert ask(of("lxc-wait", "-n", c.name, "-s", "RUNNING"), "wait") == [{"name": c.name, "state": "RUNNING"}]
    assert ask(of("lxc-cgroup", "-n", c.name, "pids.max"), "cgroup") == [{"name": c.name, "file": "pids.max", "value": "max"}]
    assert ask(of("keg", "config", "get", c.name, "lxc.uts.name"), "config get") == [{"key": "lxc.uts.name", "value": c.name}]
    assert ask(of("keg", "config", "get", c.name, "lxc.init.cwd"), "config get") == [{"key": "lxc.init.cwd", "value": None}]
    listed = ask(of("keg", "config", "list", c.name), "config list")
    assert {"key": "lxc.uts.name", "value": c.name, "file": str(c.config), "line": 2} in [
        {k: row[k] for k in ("key", "value", "file", "line")} for row in listed]
    assert [row["key"] for row in ask(of("keg", "config", "explain", c.name, "lxc.uts"), "config explain")] == ["lxc.uts.name"]
    assert ask(of("keg", "config", "check", c.name), "config check") == []


def test_answers_about_the_host(keg):
    def of(*argv):
        return lambda f: keg.run(*argv, "--format", f)

    assert {"mount namespaces", "cgroups"} <= {row["name"] for row in ask(of("keg", "check"), "check")}
    if keg.run("lxc-checkconfig").rc == 0:
        assert "Namespaces" in [row["name"] for row in ask(of("lxc-checkconfig"), "checkconfig")]
    assert {"name": "lxc.lxcpath", "value": "/var/lib/lxc"} in ask(of("lxc-config", "-l"), "config")
    assert ask(of("lxc-config", "lxc.lxcpath"), "config") == [{"name": "lxc.lxcpath", "value": "/var/lib/lxc"}]
    assert ask(of("keg", "explain", "lxc.uts.name"), "explain")[0]["examples"] == ["lxc.uts.name = alpha"]
    assert len(ask(of("keg", "help", "--keys"), "explain")) == len(keg.run("keg", "help", "--keys").out.split())
    assert "start" in [row["name"] for row in ask(of("keg", "help"), "help")]
    assert ask(of("keg", "net", "status"), "net status")[0]["name"] == "lxcbr0"


def test_mistakes_of_a_config_as_rows(keg, container):
    c = container("lxc.nonsense = 1", "lxc.uts.nam = x")
    r = keg.run("keg", "config", "check", "-P", c.lxcpath, c.name, "--format", "json").fails(1)
    n = len(c.config.read_text().splitlines())
    rows = json.loads(r.out)["problems"]
    assert r.err == ""
    assert [(p["key"], p["file"], p["line"], p["try"]) for p in rows][1] == (
        "lxc.uts.nam", str(c.config), n, "did you mean lxc.uts.name?")


@pytest.mark.parametrize("verb", ["monitor", "events"])
@pytest.mark.parametrize("form", ["json", "csv"])
def test_events(keg, container, verb, form, tmp_path):
    c = container()
    out = tmp_path / "out"
    with out.open("w") as f:
        p = keg.start("keg", verb, "-P", c.lxcpath, "--format", form, stdout=f)
    try:
        wait_for(lambda: len(os.listdir(f"/proc/{p.pid}/fd")) > 3, "it listens")
        c.run("lxc-start").ok()
        wait_for(lambda: "RUNNING" in out.read_text(), "the event")
    finally:
        p.terminate()
        p.wait(10)
    _, fields = SCHEMA[verb]
    if form == "json":
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        for row in rows:
            fits(row, fields)
    else:
        rows = list(csv.DictReader(io.StringIO(out.read_text())))
        assert list(rows[0]) == [name for name, _ in fields]
    assert {row["name"] for row in rows} == {c.name} and rows[-1]["state"] == "RUNNING"


def test_what_is_no_format(keg):
    for argv in (("keg", "check"), ("lxc-ls",), ("lxc-wait", "-n", MARK, "-s", "STOPPED"), ("keg", "net", "status")):
        r = keg.run(*argv, "--format", "xml")
        assert r.rc != 0 and r.out == "" and r.err.endswith("--format xml: none of table, json, csv\n"), r


# --- names beyond ASCII ---------------------------------------------------------------------------------------

def test_names_are_utf8_and_tables_are_straight(keg, container):
    names = [f"{MARK}-Bücher", f"{MARK}-書庫", f"{MARK}-abcdefgh"]
    made = [container(name=n) for n in names]
    path = made[0].lxcpath
    made[1].up()
    assert made[1].state() == "RUNNING"
    rows = json.loads(keg.run("keg", "ls", "-P", path, "--format", "json").ok().out)["containers"]
    assert sorted(row["name"] for row in rows) == sorted(names)
    lines = keg.run("lxc-ls", "-f", "-P", path).ok().out.splitlines()

    def column(line, word):
        return sum(2 if ch > "\u2e80" else 1 for ch in line[:line.index(word)])

    states = [column(line, "RUNNING" if names[1] in line else "STOPPED") for line in lines[1:]]
    assert states == [column(lines[0], "STATE")] * 3


def test_a_byte_that_is_no_utf8_leaves_json_valid(keg, container):
    c = container()
    (c.lxcpath / "comment").write_bytes(b"\xff \xc3\xa4\x01\n")
    c.run("lxc-snapshot", "-c", c.lxcpath / "comment").ok()
    r = keg.run("lxc-snapshot", "-n", c.name, "-P", c.lxcpath, "-L", "--format", "json", text=False).ok()
    assert json.loads(r.out.decode())["snapshots"][0]["comment"] == "\ufffd ä\x01\n"
