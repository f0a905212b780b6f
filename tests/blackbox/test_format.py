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


# Each row of FORMAT.md as a command line: C is a container, P its lxcpath. Those of LXC's names are called by both.
STOPPED, RUNNING = False, True
CALLS = {
    "ls": ("ls -P P", RUNNING),
    "info": ("info -P P -n C", RUNNING),
    "top": ("top -P P", RUNNING),
    "wait": ("wait -P P -n C -s STOPPED|RUNNING", STOPPED),
    "start --explain": ("start -P P -n C --explain", STOPPED),
    "autostart -L": ("autostart -P P -a -L", STOPPED),
    "autostart": ("autostart -P P -a", STOPPED),
    "snapshot": ("snapshot -P P -n C", STOPPED),
    "snapshot -L": ("snapshot -P P -n C -L", STOPPED),
    "cgroup": ("cgroup -P P -n C pids.max", RUNNING),
    "check": ("check", STOPPED),
    "checkconfig": ("checkconfig", STOPPED),
    "config": ("config -l", STOPPED),
    "config get": ("config get -P P C lxc.uts.name", STOPPED),
    "config list": ("config list -P P C", STOPPED),
    "config explain": ("config explain -P P C", STOPPED),
    "config check": ("config check -P P C", STOPPED),
    "explain": ("explain lxc.uts.name", STOPPED),
    "help": ("help", STOPPED),
    "keepers": ("keepers -P P", RUNNING),
    "net status": ("net status", STOPPED),
    "monitor": None,  # without an end: test_events
    "events": None,
}
# Where no row is an answer, too; what is only keg's; what may fail on a machine that lacks something.
MAY_BE_EMPTY = ("snapshot -L", "config check")
ONLY_KEGS = ("check", "config get", "config list", "config explain", "config check", "explain", "help", "keepers", "net status")
MAY_FAIL = ("check", "checkconfig", "net status")


def test_every_row_of_the_contract_is_called():
    assert set(CALLS) == set(SCHEMA)


@pytest.mark.parametrize("verb, tool", [(v, t) for v, call in CALLS.items() if call for t in ("keg", "lxc") if t == "keg" or v not in ONLY_KEGS])
def test_every_verb_that_answers(keg, container, verb, tool):
    """In the three formats: the fields are those of the contract, and the rows as many."""
    c = container("lxc.start.auto = 1")
    line, state = CALLS[verb]
    if state == RUNNING:
        c.up()
    argv = [{"C": c.name, "P": c.lxcpath}.get(word, word) for word in line.split()]
    argv = ["keg", *argv] if tool == "keg" else [f"lxc-{argv[0]}", *argv[1:]]

    def run(form):
        if state == STOPPED and c.state() != "STOPPED":
            c.run("lxc-stop", "-k").ok()
        r = keg.run(*argv, "--format", form)
        assert verb in MAY_FAIL or r.rc == 0, r
        assert r.err == ""
        return r
    rows = ask(run, verb)
    assert rows or verb in MAY_BE_EMPTY
    r = keg.run(*argv, "--format", "xml")
    assert r.rc != 0 and r.out == "" and r.err.endswith("--format xml: none of table, json, csv\n"), r


# The rest of a command line behind the name.
REST = {"attach": ["--", "/answer"], "copy": ["-N", "other"], "device": ["add", "/dev/null"], "rename": ["other"], "set": ["memory=1G"],
        "execute": ["-f", "/nosuch/config", "--", "/answer"], "create": ["-t", "nosuch"], "checkpoint": ["-D", "/tmp"]}


@pytest.mark.parametrize("verb", [v for v in NO_ANSWER if v not in ("run", "unshare", "update-config", "usernsexec")])
def test_errors_of_a_verb_without_an_answer(keg, lxcpath, verb):
    rest = REST.get(verb, [])
    r = keg.run("keg", verb, "-P", lxcpath, "-n", "nosuch", "--format", "json", *rest)
    assert r.rc != 0 and r.out == ""
    for line in r.err.splitlines():
        record = json.loads(line)
        assert record["format"] == 1 and record["name"] == "nosuch" and record["error"] and record["warning"] is False
    for form in ("csv", "table"):
        r = keg.run("keg", verb, "-P", lxcpath, "-n", "nosuch", "--format", form, *rest).fails(1)
        assert r.err == f"keg: --format {form}: errors are told as json, or in words without it\n"


def ask(run, verb):
    """The rows, which are as many in every format."""
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

    def of(*argv):
        return lambda f: keg.run(*argv, "--format", f, *where).ok()

    taken = ask(of("lxc-snapshot", "-n", c.name, "-c", c.lxcpath / "comment"), "snapshot")
    assert [(s["name"], s["folder"], s["comment"]) for s in taken] == [("snap0", f"{c.dir}/snaps", 'first, "quoted"\nsecond\n')]
    assert [s["name"] for s in ask(of("lxc-snapshot", "-n", c.name, "-L"), "snapshot -L")] == ["snap0", "snap1", "snap2"]
    r = keg.run("keg", "snapshot", c.name, "-d", "snap2", "--format", "json", *where).ok()
    assert (r.out, len(ask(of("lxc-snapshot", "-n", c.name, "-L"), "snapshot -L"))) == ("", 2)
    assert ask(of("lxc-autostart", "-L", "-a"), "autostart -L") == [
        {"name": c.name, "delay_s": 2, "order": 0, "groups": ["web", "two"], "ok": None}]
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


def test_what_autostart_did(keg, container):
    good = container("lxc.start.auto = 1", name=f"{MARK}-a")
    container("lxc.start.auto = 1", "lxc.init.cmd = /nosuch", name=f"{MARK}-b")
    r = keg.run("keg", "autostart", "-P", good.lxcpath, "--format", "json").fails(2)
    assert [(row["name"], row["ok"]) for row in json.loads(r.out)["containers"]] == [(f"{MARK}-a", True), (f"{MARK}-b", False)]
    assert json.loads(r.err)["name"] == f"{MARK}-b"
    r = keg.run("keg", "autostart", "-P", good.lxcpath, "--format", "csv", "-k").ok()
    assert r.out == f"name,delay_s,order,groups,ok\n{MARK}-a,0,0,,true\n"


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
