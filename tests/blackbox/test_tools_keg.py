# SPDX-License-Identifier: MIT
"""keg's own face: run, shell, logs, events, set."""
import itertools
import json
import re
import shutil
import signal
import subprocess
import time

import pytest

from lab import IS_LXC, MARK, SLOW, Container, Terminal, needs, wait_for


@pytest.fixture(autouse=True)
def only_keg():
    needs(not IS_LXC, "the subject is LXC itself")


@pytest.fixture
def run(keg, lxcpath):
    """keg run, without a network of its own."""
    needs(shutil.which("busybox"), "no busybox")
    (lxcpath / "first.conf").write_text("lxc.net.0.type = empty\n")

    def do(*args, **how):
        return keg.run("keg", "run", "-P", lxcpath, "-f", lxcpath / "first.conf", *args, timeout=60, **how)
    yield do
    for name in keg.run("lxc-ls", "-P", lxcpath, "-1").out.split():
        keg.run("lxc-stop", "-P", lxcpath, "-n", name, "-k")


def test_run_is_gone_afterwards(keg, lxcpath, run):
    r = run("busybox", f"{MARK}-x", "--", "sh", "-c", "hostname; exit 5").fails(5)
    assert (r.out, r.err) == (f"{MARK}-x\n", "")
    assert keg.run("lxc-ls", "-P", lxcpath).out == ""
    assert sorted(p.name for p in lxcpath.iterdir()) == ["first.conf"]


def test_run_gives_a_name_where_it_is_given_none(run):
    assert re.fullmatch(r"busybox-[a-z2-9]{6}\n", run("busybox", "--", "hostname").ok().out)


def test_run_keeps_what_it_is_told_to_keep(keg, lxcpath, run):
    name = f"{MARK}-x"
    r = run("busybox", name, "--keep", "--", "true").ok()
    assert (r.out, r.err) == ("", f"{name} runs on: keg shell {name}, keg stop {name}\n")
    assert keg.run("lxc-info", "-P", lxcpath, "-n", name, "-sH").out == "RUNNING\n"
    assert keg.run("keg", "shell", "-P", lxcpath, name, "--", "hostname").ok().out == f"{name}\n"
    keg.run("lxc-stop", "-P", lxcpath, "-n", name, "-k").ok()
    assert keg.run("lxc-ls", "-P", lxcpath).out.split() == [name]


def test_run_takes_keys(run):
    assert run("-s", "lxc.uts.name = elsewhere", "busybox", "--", "hostname").ok().out == "elsewhere\n"


def test_a_run_that_cannot_start_leaves_nothing(keg, lxcpath, run):
    r = run("busybox", f"{MARK}-x", "-s", "lxc.mount.entry = /nonexistent mnt none bind", "--", "true").fails(1)
    assert r.err.startswith(f"keg: {MARK}-x: cannot mount /nonexistent on mnt: No such file or directory\n")
    assert sorted(p.name for p in lxcpath.iterdir()) == ["first.conf"]
    r = run("nosuchtemplate", f"{MARK}-x").fails(1)
    assert r.err == (f'keg: {MARK}-x: Template "nosuchtemplate" not found\n'
                     "  try     there are busybox, debian, local; or give a template's absolute path\n")
    assert keg.run("lxc-ls", "-P", lxcpath).out == ""


@pytest.mark.parametrize("args, told", [
    ((), "which template? Such as: keg run busybox"),
    (("busybox", "a", "b"), "a command stands behind --"),
])
def test_run_misunderstood(keg, args, told):
    assert keg.run("keg", "run", *args).fails(1).err == (f"keg: {told}\nusage: keg run TEMPLATE [NAME] [--keep] [-- COMMAND]\n"
                                                         "  try     keg run --help\n")


def test_run_gives_a_shell_on_a_terminal(keg, lxcpath, run):
    class Nameless:
        def popen(self, tool, *rest, **how):
            return keg.start(tool, *rest, **how)
    with Terminal(Nameless(), "keg", "run", "-P", lxcpath, "-f", lxcpath / "first.conf", "busybox", f"{MARK}-x") as t:
        t.expect("# ", timeout=30)
        t.type("echo $((6*7)) $HOME $container; exit 3\n")
        t.expect("42 /root lxc")
        assert t.end(30) == 3
    assert keg.run("lxc-ls", "-P", lxcpath).out == ""


def test_a_shell_needs_a_running_container(container):
    c = container()
    r = c.keg.run("keg", "shell", "-P", c.lxcpath, c.name).fails(1)
    assert r.err == f"keg: {c.name}: it is not running\n  try     keg start {c.name}\n"
    c.up()
    assert c.keg.run("keg", "shell", "-P", c.lxcpath, c.name, "--", "/answer", "nonsense").rc != 127


# --- set --------------------------------------------------------------------------------------------------

def keg_set(c, *args):
    return c.keg.run("keg", "set", "-P", c.lxcpath, c.name, *args)


def test_set_holds_at_once_and_in_the_config(container):
    c = container("lxc.cgroup2.memory.max = 1G").up()
    assert keg_set(c, "memory=64M", "cpus=1.5", "pids=50").ok() [:3] == (0, "", "")
    for file, value in {"memory.max": "67108864", "cpu.max": "150000 100000", "pids.max": "50"}.items():
        assert c.run("lxc-cgroup", file).ok().out.split() == value.split()
    lines = c.config.read_text().splitlines()
    assert [x for x in lines if "cgroup2" in x] == ["lxc.cgroup2.memory.max = 64M", "lxc.cgroup2.cpu.max = 150000 100000",
                                                     "lxc.cgroup2.pids.max = 50"]
    c.run("lxc-stop", "-k").ok()
    c.up()
    assert c.run("lxc-cgroup", "pids.max").ok().out == "50\n\n"
    keg_set(c, "pids=max", "cpus=max").ok()
    assert c.run("lxc-cgroup", "pids.max").ok().out == "max\n\n"


def test_set_of_a_stopped_one(container):
    c = container()
    keg_set(c, "autostart=yes", "swap=1G", "cpuset=0").ok()
    assert c.config.read_text().splitlines()[-3:] == ["lxc.start.auto = 1", "lxc.cgroup2.memory.swap.max = 1G",
                                                      "lxc.cgroup2.cpuset.cpus = 0"]


@pytest.mark.parametrize("arg, told", [
    ("memory=lots", "memory=lots: memory takes bytes, such as 512M, or max"),
    ("memory=512", "memory=512: memory takes bytes, such as 512M, or max"),
    ("memory=5X", "memory=5X: memory takes bytes, such as 512M, or max"),
    ("cpus=0", "cpus=0: cpus takes a number of cpus, such as 1.5, or max"),
    ("cpus=0x1", "cpus=0x1: cpus takes a number of cpus, such as 1.5, or max"),
    ("pids=-1", "pids=-1: pids takes a number of processes, or max"),
    ("autostart=perhaps", "autostart=perhaps: autostart takes yes or no"),
    ("colour=red", "colour=red: there is no such setting\n"
                   "  try     memory=512M swap=1G cpus=1.5 cpuset=0-3 pids=100 autostart=yes; keys: keg config set"),
])
def test_set_of_what_is_wrong_changes_nothing(container, arg, told):
    c = container()
    before = c.config.read_bytes()
    assert keg_set(c, "pids=5", arg).fails(1).err == f"keg: {c.name}: {told}\n"
    assert c.config.read_bytes() == before


# --- logs, events -----------------------------------------------------------------------------------------

def test_logs_of_a_file_and_of_the_buffer(busybox):
    c = busybox(conf="lxc.net.0.type = empty\nlxc.console.buffer.size = 64K\n")
    c.run("lxc-start").ok()
    c.attach("sh", "-c", "echo one two >/dev/console").ok()
    show = lambda *a, **how: c.keg.run("keg", "logs", "-P", c.lxcpath, c.name, *a, **how)
    wait_for(lambda: "one two" in show().out, "the console's line")
    p = c.keg.start("keg", "logs", "-P", c.lxcpath, c.name, "-f", stdout=subprocess.PIPE, text=True)
    c.attach("sh", "-c", "echo three >/dev/console").ok()
    until = lambda word: "".join(itertools.takewhile(lambda line: word not in line, p.stdout))
    assert "one two" in until("three")
    c.attach("sh", "-c", "echo four >/dev/console").ok()
    assert "one two" not in until("four"), "each line once"
    c.run("lxc-stop", "-k").ok()
    assert p.wait(40) == 0
    assert "one two" in show().ok().out and "four" in show("-f").ok().out, "the last of it, after the end"
    (c.dir / "ended.console").unlink()
    r = show().fails(1)
    assert r.err == (f"keg: {c.name}: it is not running, and nothing of what its console has shown is kept\n"
                     f"  try     keg config set {c.name} lxc.console.logfile {c.dir}/console.log keeps it for good\n")
    c.add(f"lxc.console.logfile = {c.dir}/console.log")
    c.run("lxc-start").ok()
    c.attach("sh", "-c", "echo four >/dev/console").ok()
    wait_for(lambda: "four" in show().out, "the line in the file")
    c.run("lxc-stop", "-k").ok()
    assert "four" in show().ok().out and "four" in show("-f").ok().out


def test_last_words_are_followed_and_kept(container):
    c = container("lxc.console.buffer.size = 4096", init="/answer")
    logs = lambda *a: c.keg.run("keg", "logs", "-P", c.lxcpath, c.name, *a)
    for n in range(3):
        c.up("--", "/answer", "touch", f"/ready{n}", "await", f"/go{n}", "print", f"the last words of life {n}", "exit", "3")
        p = c.keg.start("keg", "logs", "-P", c.lxcpath, c.name, "-f", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        time.sleep(0.3 * SLOW)
        (c.rootfs / f"go{n}").touch()
        assert p.wait(20 * SLOW) == 0
        assert p.stdout.read().splitlines() == [f"the last words of life {n}"]
        assert logs().ok().out.splitlines() == [f"the last words of life {n}"]
        assert (c.dir / "ended.console").stat().st_mode & 0o777 == 0o600


def test_of_much_the_last_is_kept(container):
    """64 KiB, whatever the buffer holds; and no more is shown than a later end has kept."""
    c = container("lxc.console.buffer.size = 256KB")
    c.run("lxc-start", "--", "/answer", "pour", "1", "exit", "0")
    c.stopped()
    show = lambda *a: c.keg.run("keg", "logs", "-P", c.lxcpath, c.name, *a)
    assert (c.dir / "ended.console").stat().st_size == 64 << 10 and show().ok().out.endswith("the last line\n")
    c.run("lxc-start", "--", "/answer", "exit", "0")
    c.stopped()
    assert "nothing of what its console has shown is kept" in show().fails(1).err


@pytest.mark.parametrize("tool, first, told", [
    ("keg create", "", ["lxc.console.buffer.size = auto"]),
    ("lxc-create", "", []),
    ("keg create", "lxc.console.buffer.size = 4096\n", ["lxc.console.buffer.size = 4096"])])
def test_who_is_created_by_keg_has_logs(keg, lxcpath, tool, first, told):
    c = Container(keg, lxcpath, f"{MARK}-x")
    (lxcpath / "first.conf").write_text("lxc.net.0.type = empty\n" + first)
    keg.run(*tool.split(), "-n", c.name, "-P", lxcpath, "-f", lxcpath / "first.conf", "-t", "busybox", timeout=60).ok()
    assert [line for line in c.config.read_text().splitlines() if "console" in line] == told
    c.run("lxc-start").ok()
    try:
        logs = lambda: keg.run("keg", "logs", "-P", lxcpath, c.name)
        if told:
            c.attach("sh", "-c", "echo one two >/dev/console").ok()
            wait_for(lambda: "one two" in logs().ok().out, "the console's line")
            assert "one two" in logs().ok().out, "it is read, not taken away"
        else:
            assert logs().fails(1).err == (f"keg: {c.name}: nothing of what its console shows is kept\n"
                                           f"  try     keg config set {c.name} lxc.console.buffer.size auto; then stop and start it\n")
    finally:
        c.run("lxc-stop", "-k")
        c.run("lxc-destroy")


def test_events_as_json(container, keg, lxcpath):
    c = container()
    p = keg.start("keg", "events", "-P", lxcpath, "--format", "json", stdout=subprocess.PIPE, text=True)
    wait_for(lambda: p.poll() is None and subprocess.run(["ls", f"/proc/{p.pid}/fd"], capture_output=True).stdout.count(b"\n") > 3, "it listens")
    c.up()
    c.run("lxc-stop", "-k").ok()
    c.stopped()
    seen = []
    while not seen or seen[-1].get("state") != "STOPPED":
        seen.append(json.loads(p.stdout.readline()))
    p.send_signal(signal.SIGTERM)
    assert p.wait(10) == 0
    assert [(e["name"], e["event"], e["state"], e["status"]) for e in seen] == [
        (c.name, "state", "STARTING", None), (c.name, "state", "RUNNING", None), (c.name, "exited", None, 137),
        (c.name, "state", "STOPPING", None), (c.name, "state", "STOPPED", None)]
    assert all(e["format"] == 1 and e["time_ms"] > 1e12 for e in seen)


@pytest.mark.skipif(IS_LXC, reason="keg's own")
def test_run_tells_why_its_template_failed(keg, lxcpath, tmp_path):
    """What the template says is not shown while all goes well; its last error, with its hint, is."""
    conf = tmp_path / "conf"
    conf.write_text("lxc.net.0.type = empty\n")
    for text, said in (("echo working; echo 'ERROR: no disk' >&2; echo '  try     a disk' >&2", "  said    no disk\n  try     a disk\n"),
                       ("echo first >&2; echo last words >&2", "  said    last words\n"),
                       ("echo hello", "  said    {} ended with exit status 3\n")):
        template = tmp_path / "template"
        template.write_text(f"#!/bin/sh\n{text}\nexit 3\n")
        template.chmod(0o755)
        r = keg.run("keg", "run", template, f"{MARK}-t", "-P", lxcpath, "-f", conf).fails(1)
        assert (r.out, r.err.split("\n", 1)[1]) == ("", said.format(template))
        assert r.err.startswith("keg: ") and r.err.split("\n")[0].endswith("Failed to create container from template")
        assert not (lxcpath / f"{MARK}-t").exists()
