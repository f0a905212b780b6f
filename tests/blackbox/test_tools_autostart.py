# SPDX-License-Identifier: MIT
"""lxc-autostart: who takes part, in which order, and what is said."""
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, SLOW, TOP, needs, wait_for


@pytest.fixture
def auto(keg, lxcpath):
    def run(*args, **how):
        return keg.run("lxc-autostart", "-P", lxcpath, *args, **how)
    return run


@pytest.fixture
def four(container):
    return [container("lxc.start.auto = 1", "lxc.start.order = 5", "lxc.start.delay = 3", name="kt-a"),
            container("lxc.start.auto = 1", "lxc.start.order = -5", "lxc.group = onboot", "lxc.group = web", name="kt-b"),
            container("lxc.start.auto = 1", "lxc.group = web", name="kt-c"),
            container(name="kt-d")]


@pytest.mark.parametrize("args, out", [
    ((), "kt-a 3\n"),
    (("-a",), "kt-b 0\nkt-c 0\nkt-a 3\n"),
    (("-A",), "kt-d 0\nkt-a 3\n"),
    (("-a", "-A"), "kt-b 0\nkt-c 0\nkt-d 0\nkt-a 3\n"),
    (("-g", "web"), "kt-b 0\nkt-c 0\n"),
    (("-g", "onboot,"), "kt-b 0\nkt-a 3\n"),
    (("-g", "web,onboot,"), "kt-b 0\nkt-c 0\nkt-a 3\n"),
    (("-g", "onboot", "-g", "web"), "kt-b 0\nkt-c 0\n"),
    (("--groups=nosuch",), ""),
    (("-r", "-a"), ""),
    (("-s", "-a"), ""),
    (("-k", "-a"), ""),
])
def test_list(auto, four, args, out):
    r = auto("-L", *args).ok()
    assert (r.out, r.err) == (out, "")


def test_an_empty_group_first_does_not_hide_the_others(auto, four):
    needs(not IS_LXC, "the subject is LXC itself")
    assert auto("-L", "-g", ",onboot").ok().out == "kt-a 3\nkt-b 0\n"
    assert auto("-L", "-g", "webserver").ok().out == ""  # LXC compares beginnings: web would be in it


def test_all_are_started_and_stopped_from_the_last(auto, container, lxcpath, keg):
    a, b = container("lxc.start.auto = 1", "lxc.start.order = 2", name="kt-a"), container("lxc.start.auto = 1", name="kt-b")
    r = auto().ok()
    assert (r.out, r.err) == ("", "")
    assert (a.state(), b.state()) == ("RUNNING", "RUNNING")
    assert auto("-L").ok().out == ""
    assert auto("-L", "-s").ok().out == "kt-a\nkt-b\n"
    assert auto("-L", "-k").ok().out == "kt-a\nkt-b\n"
    assert auto("-L", "-r").ok().out == "kt-b 0\nkt-a 0\n"
    assert auto("-k").ok().out == ""
    assert (a.state(), b.state()) == ("STOPPED", "STOPPED")


def test_who_does_not_end_is_killed_when_the_time_is_over(auto, container):
    c = container("lxc.start.auto = 1", "lxc.signal.halt = SIGWINCH").up()
    begin = time.monotonic()
    auto("-s", "-t", "1").ok()
    assert time.monotonic() - begin >= 1
    assert c.state() == "STOPPED"


def test_the_delay_comes_after_each(auto, container):
    container("lxc.start.auto = 1", "lxc.start.delay = 1", name="kt-a")
    begin = time.monotonic()
    auto().ok()
    assert time.monotonic() - begin >= 1


def test_one_that_fails_does_not_keep_the_others(auto, container):
    needs(not IS_LXC, "the subject is LXC itself")
    bad = container("lxc.start.auto = 1", "lxc.start.order = -1", "lxc.mount.entry = /nonexistent mnt none bind", name="kt-bad")
    good = container("lxc.start.auto = 1", name="kt-good")
    r = auto().fails(2)
    assert r.err.startswith("lxc-autostart: kt-bad: cannot mount /nonexistent on mnt: No such file or directory\n"
                            f"  set by  {bad.config}:8  lxc.mount.entry\n")
    assert (bad.state(), good.state()) == ("STOPPED", "RUNNING")
    assert auto().fails(1).err == r.err  # it is the only one that is left


def test_a_config_that_cannot_be_read_is_skipped(auto, container):
    bad, good = container("lxc.nonsense = 1", name="kt-bad"), container("lxc.start.auto = 1", name="kt-good")
    r = auto("-L").ok()
    assert r.out == "kt-good 0\n"
    assert IS_LXC or r.err.startswith("Failed to load config for kt-bad\nlxc-autostart: kt-bad: ")


def test_no_containers_is_no_failure_but_no_folder_is(auto, keg):
    assert IS_LXC or auto().ok().out == ""  # 5.0: 1
    r = keg.run("lxc-autostart", "-P", "/nonexistent").fails(1)
    assert IS_LXC or r.err == "lxc-autostart: cannot read folder /nonexistent: No such file or directory\n"
    r = auto("-t", "x").fails(1)
    assert r.err.endswith("lxc-autostart: could not parse command line\n")


# --- the script that services call ------------------------------------------------------------------------

@pytest.fixture
def script(tmp_path, keg):
    """lxc-containers with folders of the test's own, and an lxc-autostart that tells its arguments."""
    (tmp_path / "lxc-autostart").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "lxc-autostart").chmod(0o755)
    (tmp_path / "etc/default").mkdir(parents=True)
    text = (TOP / "services/lxc-containers.in").read_text()
    for word, at in {"BINDIR": tmp_path, "LOCALSTATEDIR": tmp_path / "var", "SYSCONFDIR": tmp_path / "etc"}.items():
        text = text.replace(f"@{word}@", str(at))
    (tmp_path / "lxc-containers").write_text(text)

    def run(*args):
        return subprocess.run(["sh", tmp_path / "lxc-containers", *args], capture_output=True, text=True, timeout=20 * SLOW)
    run.etc = tmp_path / "etc/default/lxc"
    return run


def test_lxc_containers(script):
    assert (script("start").stdout, script("stop").stdout) == ("-j 4 -g onboot,\n", "-a -A -s -t 5\n")
    assert script("restart").stdout == "-a -A -s -t 5\n-j 4 -g onboot,\n"
    script.etc.write_text('LXC_AUTO="false"\nSTOPOPTS="-A -k"\nSHUTDOWNDELAY=9\n')
    assert (script("start").stdout, script("stop").stdout) == ("", "-A -k -t 9\n")
    script.etc.write_text('OPTIONS="-a -A"\nBOOTGROUPS="web,"\nJOBS=9\n')
    assert script("start").stdout == "-j 9 -a -A -g web,\n"
    r = script("nonsense")
    assert (r.returncode, r.stderr) == (2, "usage: lxc-containers {start|stop|restart|reload|force-reload}\n")


def unit(name, **places):
    """A unit as it is installed, but in the folders of the build."""
    text = (TOP / f"services/{name}.in").read_text()
    for word, at in {"BINDIR": BIN, "LIBEXEC": BIN.parent / "services", "SYSCONFDIR": "/etc", "LOCALSTATEDIR": "/var", **places}.items():
        text = text.replace(f"@{word}@", str(at))
    return text


@pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
def test_units_are_understood(tmp_path):
    needs(shutil.which("systemd-analyze"), "no systemd-analyze")
    program = shutil.which("true")
    for name in ("lxc.service", "lxc@.service", "lxc-net.service"):
        text = unit(name)
        (tmp_path / name.replace("@", "@one")).write_text(re.sub(r"^(Exec\w+=)\S+", rf"\1{program}", text, flags=re.M))
    r = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *sorted(tmp_path.glob("*.service"))], capture_output=True,
                       text=True, timeout=60 * SLOW)
    ours = [line for line in r.stderr.splitlines() if str(tmp_path) in line]
    assert not ours, r.stderr


@pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
def test_a_containers_unit_is_active_when_it_is_ready(container):
    """Its commands as systemd runs them: the second one's end is what makes the unit active."""
    c = container("lxc.start.ready = notify", init="/answer await /go notify READY=1 touch /ready sleep")
    lines = dict(line.split("=", 1) for line in unit("lxc@.service").splitlines() if line.startswith("Exec"))
    command = {k: v.replace("-n %i", f"-n {c.name} -P {c.lxcpath}").split() for k, v in lines.items()}
    main = subprocess.Popen(command["ExecStart"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    post = subprocess.Popen(command["ExecStartPost"])
    wait_for(lambda: c.state() == "RUNNING", "it runs")
    time.sleep(0.3)
    assert post.poll() is None
    (c.rootfs / "go").touch()
    assert post.wait(10 * SLOW) == 0 and main.poll() is None
    assert subprocess.run(command["ExecStop"], timeout=30 * SLOW).returncode == 0
    assert main.wait(10 * SLOW) == 0


@pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
def test_the_openrc_script_calls_it(tmp_path):
    (tmp_path / "lxc-containers").write_text('#!/bin/sh\necho "called $*"\n[ "$1" = start ]\n')
    (tmp_path / "lxc-containers").chmod(0o755)
    (tmp_path / "lxc").write_text(unit("openrc.lxc", LIBEXEC=tmp_path))
    openrc = 'ebegin() { echo "begin $*"; }; eend() { echo "end $1"; return "$1"; }; . "$1"; "$2"'
    out = {verb: subprocess.run(["sh", "-c", openrc, "sh", tmp_path / "lxc", verb], capture_output=True, text=True) for verb in ("start", "stop")}
    assert (out["start"].stdout, out["start"].returncode) == ("begin Starting containers\ncalled start\nend 0\n", 0)
    assert (out["stop"].stdout, out["stop"].returncode) == ("begin Stopping containers\ncalled stop\nend 1\n", 1)


# --- what needs what ------------------------------------------------------------------------------------

OURS = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")


def started_at(c):
    """When its init began, in ticks since the boot."""
    return int(Path(f"/proc/{c.pid()}/stat").read_text().rpartition(")")[2].split()[19])


@OURS
def test_what_is_required_is_started_and_ready_before(auto, container):
    web = container("lxc.start.auto = 1", "lxc.start.order = -9", "lxc.start.requires = kt-db:ready", name="kt-web")
    db = container("lxc.start.ready = notify", "lxc.init.cmd = /answer await /go notify READY=1 sleep", name="kt-db")
    p = subprocess.Popen([str(x) for x in (BIN / "lxc-autostart", "-P", web.lxcpath, "-j", "4")])
    wait_for(lambda: db.state() == "RUNNING", "what is required is started, although it does not say so itself")
    time.sleep(0.3)
    assert web.state() == "STOPPED"
    (db.rootfs / "go").touch()
    assert p.wait(20 * SLOW) == 0
    assert web.state() == "RUNNING" and started_at(web) >= started_at(db)
    assert auto("-L", "-s").ok().out == "kt-web\n"


@OURS
def test_stops_go_the_other_way_round(auto, container):
    db = container("lxc.start.auto = 1", name="kt-a-db")
    web = container("lxc.start.auto = 1", "lxc.start.after = kt-a-db", name="kt-web")
    log = web.lxcpath / "log"
    for c in (db, web):
        hook = c.dir / "gone"
        hook.write_text(f"#!/bin/sh\n{'sleep 1' if c is web else ''}\necho $LXC_NAME >> {log}\n")
        hook.chmod(0o755)
        c.add(f"lxc.hook.post-stop = {hook}")
    auto("-j", "4").ok()
    auto("-s", "-j", "4").ok()
    assert log.read_text() == "kt-web\nkt-a-db\n"


@OURS
def test_what_goes_round_is_named(auto, container):
    a = container("lxc.start.auto = 1", "lxc.start.requires = kt-b", name="kt-a")
    b = container("lxc.start.auto = 1", "lxc.start.after = kt-a", name="kt-b")
    r = auto().fails(1)
    assert (r.out, r.err) == ("", "lxc-autostart: kt-a: lxc.start.after and lxc.start.requires go round: kt-a needs kt-b needs kt-a\n")
    assert (a.state(), b.state()) == ("STOPPED", "STOPPED")


@OURS
@pytest.mark.parametrize("needed, why", [
    ("kt-none", "it requires kt-none, which does not exist"),
    ("kt-bad", "it requires kt-bad, which did not start"),
])
def test_what_cannot_be_started_starts_nothing_that_requires_it(auto, container, needed, why):
    web = container("lxc.start.auto = 1", f"lxc.start.requires = {needed}", name="kt-web")
    other = container("lxc.start.auto = 1", f"lxc.start.after = {needed}", name="kt-other")
    if needed == "kt-bad":
        container("lxc.init.cmd = /nosuch", name="kt-bad")
    r = auto().fails(2)
    assert r.err.endswith(f"lxc-autostart: kt-web: {why}\n"), r.err
    assert (web.state(), other.state()) == ("STOPPED", "RUNNING")


@OURS
def test_several_at_once(auto, container):
    """Each takes a second; those of one order begin together, and a later order waits for them."""
    all = [container("lxc.start.auto = 1", f"lxc.start.order = {i // 4}", name=f"kt-{i}") for i in range(5)]
    for c in all:
        hook = c.dir / "slow"
        hook.write_text("#!/bin/sh\nsleep 1\n")
        hook.chmod(0o755)
        c.add(f"lxc.hook.pre-start = {hook}")
    auto("-j", "9").ok()
    at = [started_at(c) for c in all]
    ticks = os.sysconf("SC_CLK_TCK")
    assert max(at[:4]) - min(at[:4]) < 0.9 * ticks * SLOW and at[4] - max(at[:4]) >= 0.9 * ticks


@OURS
def test_listed_for_programs(auto, four):
    assert json.loads(auto("-L", "-a", "--format", "json").ok().out)["containers"][0] == {
        "name": "kt-b", "delay_s": 0, "order": -5, "groups": ["onboot", "web"], "ok": None}
