# SPDX-License-Identifier: MIT
"""Options of the commands that no other file shows; doc/TOOLS.md says where each is shown."""
import json
import os
import re
import shutil
import signal
import subprocess
import termios

import pytest

from lab import IS_LXC, MARK, SLOW, Terminal, for_others, needs, wait_for

TOOLS = ("attach autostart cgroup checkpoint console create destroy device execute freeze info ls monitor snapshot start stop top "
         "unfreeze unshare wait").split()


# --- what all have ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("tool", TOOLS)
def test_common_options(keg, tool):
    r = keg.run(f"lxc-{tool}", "--help").ok()
    assert r.out == "" and r.err.startswith(f"Usage: lxc-{tool}")
    for option in ("--usage", "--version", "--quiet", "--logfile=FILE", "--logpriority=LEVEL", "--lxcpath=PATH"):
        assert option in r.err, option
    r = keg.run(f"lxc-{tool}", "--usage").ok()
    assert r.out == "" and r.err.startswith(f"Usage: lxc-{tool} [-") and "[-P|--lxcpath=LXCPATH]" in r.err
    r = keg.run(f"lxc-{tool}", "--version").ok()
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", r.out)
    r = keg.run(f"lxc-{tool}", "--colour").fails(1)
    assert r.err.startswith(f"lxc-{tool}: unrecognized option '--colour'\n")
    keg.run(f"lxc-{tool}", "-?").fails(1)


def test_a_name_may_stand_alone_and_long_options_be_cut(container):
    c = container()
    assert c.keg.run("lxc-info", "--lxcp", c.lxcpath, c.name, "-s", "--no-h").ok().out == "STOPPED\n"
    r = c.keg.run("lxc-info", "-P", c.lxcpath, "-P", c.lxcpath, c.name).fails(1)
    assert "only accepts" in r.err or IS_LXC
    assert "No container name specified" in c.keg.run("lxc-info").fails(1).err


def test_quiet_and_a_log(container, tmp_path):
    c = container()
    assert c.run("lxc-stop", "-q").fails(2).err == ""
    c.run("lxc-stop", "-o", tmp_path / "log", "-l", "DEBUG").fails(2)
    assert IS_LXC or f"{c.name} is not running" in (tmp_path / "log").read_text()
    assert IS_LXC or c.run("lxc-stop", "-l", "LOUD").fails(1).err == (
        'lxc-stop: "LOUD" is no log level\nlxc-stop: could not parse command line\n')


def test_rcfile(container, tmp_path):
    c = container()
    (tmp_path / "other").write_text("lxc.uts.name = other\n")
    assert c.run("lxc-info", "--rcfile", tmp_path / "other", "-c", "lxc.uts.name").ok().out == "lxc.uts.name = other\n"


def test_checkconfig(keg):
    r = keg.run("lxc-checkconfig")
    for line in ("--- Namespaces ---", "--- Control groups ---", "--- Misc ---", "--- Checkpoint/Restore ---"):
        assert line in r.out or r.rc == 1


# --- attach -----------------------------------------------------------------------------------------------

def test_attach_arch(busybox):
    c = busybox()
    c.run("lxc-start").ok()
    assert c.attach("uname", "-m", options=("-a", "i686")).ok().out == "i686\n"
    assert c.attach("uname", "-m", options=("--arch=x86_64",)).ok().out == "x86_64\n"
    c.attach("true", options=("-a", "pdp11")).fails(1)


def test_attach_namespaces(busybox):
    c = busybox()
    c.run("lxc-start").ok()
    mine = os.uname().nodename
    assert c.attach("hostname", options=("-s", "UTSNAME")).ok().out == f"{c.name}\n"
    assert c.attach("hostname", options=("-s", "NETWORK|PID")).ok().out == f"{mine}\n"
    c.attach("true", options=("-s", "COLOUR")).fails(1)
    c.attach("true", options=("-eCOLOUR",)).fails(1)


def test_attach_remounts_what_the_hosts_mounts_show_wrong(busybox):
    c = busybox()
    c.run("lxc-start").ok()
    mounts = open("/proc/self/mountinfo").read()
    pids = "cat /proc/1/comm; ls /sys/class/net"
    host = c.attach("sh", "-c", pids, options=("-s", "PID|NETWORK")).ok().out
    assert host.split()[0] == open("/proc/1/comm").read().strip()
    inside = c.attach("sh", "-c", pids, options=("-R", "-s", "PID|NETWORK")).ok().out
    assert inside.split() == ["init", "lo"]
    assert c.attach("sh", "-c", "cat /proc/1/comm", options=("-R",)).ok().out == "init\n"
    assert open("/proc/self/mountinfo").read() == mounts


def test_attach_context(busybox):
    needs(not os.path.exists("/sys/fs/selinux/enforce"), "this kernel has no machine without SELinux")
    c = busybox()
    c.run("lxc-start").ok()
    r = c.attach("true", options=("-c", "system_u:system_r:lxc_t:s0")).fails(1)
    assert IS_LXC or os.path.exists("/sys/kernel/security/apparmor") or r.err == (
        f"lxc-attach: {c.name}: this kernel runs neither AppArmor nor SELinux, so there is no label system_u:system_r:lxc_t:s0\n"
        "  step    attach.label (attached process)\n"
        "  try     lxc-attach -e LSM keeps the caller's label\n")
    r = c.attach("true", options=("-e", "-c", "x")).fails(1)
    assert IS_LXC or r.err == "lxc-attach: -c does not go with -e LSM\nlxc-attach: could not parse command line\n"


def test_attach_environment(busybox):
    c = busybox()
    c.run("lxc-start").ok()
    env = {"KT_A": "1"}
    assert "KT_A=1\n" in c.attach("env", options=("--keep-env",), env=env).ok().out
    assert "KT_A" not in c.attach("env", options=("--clear-env",), env=env).ok().out


def test_attach_logs_its_terminal(busybox, tmp_path):
    c = busybox()
    c.run("lxc-start").ok()
    with Terminal(c, "lxc-attach", "-L", tmp_path / "log", "--", "echo", "to be kept") as t:
        t.expect("to be kept")
        assert t.end() == 0
    assert "to be kept" in (tmp_path / "log").read_text()
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


# --- console, create, execute -----------------------------------------------------------------------------

@pytest.mark.parametrize("escape, key, shown", [("b", "\x02", "b"), ("^C", "\x03", "c")])
def test_console_escape(busybox, escape, key, shown):
    c = busybox()
    c.run("lxc-start").ok()
    with Terminal(c, "lxc-console", "-t", "0", "-e", escape) as t:
        t.expect(f"Type <Ctrl+{shown} q> to exit the console, <Ctrl+{shown} Ctrl+{shown}> to enter Ctrl+{shown} itself")
        wait_for(lambda: not termios.tcgetattr(t.master)[3] & termios.ICANON, "the terminal is raw")
        t.type(key + "q")
        assert t.end() == 0
    c.run("lxc-console", "-e", "!").fails(1)


@pytest.mark.parametrize("kind", ["dir", "best", "none"])
def test_create_in_a_folder(keg, lxcpath, kind):
    needs(not IS_LXC or kind != "best", "the subject is LXC itself")
    (lxcpath / "first.conf").write_text("lxc.net.0.type = empty\n")
    common = ("-n", f"{MARK}-x", "-P", lxcpath)
    keg.run("lxc-create", *common, "-B", kind, "-t", "busybox", "-f", lxcpath / "first.conf", timeout=60).ok()
    assert f"lxc.rootfs.path = dir:{lxcpath}/{MARK}-x/rootfs\n" in (lxcpath / f"{MARK}-x/config").read_text()
    keg.run("lxc-destroy", *common).ok()


def test_create_dir(keg, lxcpath, tmp_path):
    (lxcpath / "first.conf").write_text("lxc.net.0.type = empty\n")
    common = ("-n", f"{MARK}-x", "-P", lxcpath)
    keg.run("lxc-create", *common, "--dir", tmp_path / "tree", "-t", "busybox", "-f", lxcpath / "first.conf", timeout=60).ok()
    assert f"lxc.rootfs.path = dir:{tmp_path}/tree\n" in (lxcpath / f"{MARK}-x/config").read_text()
    assert (tmp_path / "tree/bin/busybox").exists()
    keg.run("lxc-destroy", *common).ok()


@pytest.mark.parametrize("args, told", [
    (("-B", "zfs", "--zfsroot", "x"), 'storage of type "zfs" is not supported'),
    (("-B", "loop", "--fssize", "1G", "--fstype", "ext4"), 'storage of type "loop" is not supported'),
    (("-B", "lvm", "--vgname", "x", "--lvname", "y", "--thinpool", "z"), 'storage of type "lvm" is not supported'),
    (("-B", "rbd", "--rbdname", "x", "--rbdpool", "y", "--rbduser", "z"), 'storage of type "rbd" is not supported'),
    (("-B", "colour"), ""),
])
def test_create_in_storage_that_is_not_there(keg, lxcpath, args, told):
    needs(not IS_LXC, "the subject is LXC itself")
    r = keg.run("lxc-create", "-n", f"{MARK}-x", "-P", lxcpath, "-t", "busybox", *args).fails(1)
    assert told in r.err
    assert not (lxcpath / f"{MARK}-x").exists()


def test_execute_options(container):
    needs(not IS_LXC, "the subject is LXC itself")
    c = container()
    (c.dir / "other").write_text(c.config.read_text())
    assert c.run("lxc-execute", "-f", c.dir / "other", "-s", "lxc.uts.name = elsewhere", "--", "/answer", "exit", "3").rc >= 0
    r = c.run("lxc-execute", "-s", "nonsense", "--", "/answer").fails(1)
    assert r.err == "lxc-execute: could not parse command line\n"
    c.run("lxc-execute", "-u", "soon", "--", "/answer").fails(1)


def test_execute_as_another(busybox):
    c = busybox()
    assert c.run("lxc-execute", "-u", "1000", "-g", "100", "--", "sh", "-c", "id -u; id -g").ok().out == "1000\n100\n"
    assert c.run("lxc-execute", "-s", "lxc.uts.name = elsewhere", "--", "hostname").ok().out == "elsewhere\n"
    (c.dir / "other").write_text(c.config.read_text() + "lxc.uts.name = third\n")
    assert c.run("lxc-execute", "-f", c.dir / "other", "--", "hostname").ok().out == "third\n"


@pytest.mark.parametrize("tool", ["lxc-start", "lxc-execute"])
def test_shared_namespaces(container, tool):
    needs(not IS_LXC, "the subject is LXC itself")
    a, b = container(name=f"{MARK}-a").up(), container(name=f"{MARK}-b")
    before = {n: os.readlink(f"/proc/{a.pid()}/ns/{n}") for n in ("net", "ipc", "uts")}
    share = ("--share-net", a.name, "--share-ipc", a.name, "--share-uts", a.pid())
    if tool == "lxc-start":
        b.run(tool, *share, "-s", "lxc.net.0.type = none").ok()
    else:
        b.run(tool, "-d", *share, "-s", "lxc.net.0.type = none", "--", "/answer").ok()
    wait_for(lambda: b.state() == "RUNNING", "it runs")
    for n, what in before.items():
        assert os.readlink(f"/proc/{b.pid()}/ns/{n}") == what
    b.run("lxc-stop", "-k").ok()
    r = b.run(tool, "--share-pid", "nosuchcontainer", "--", "/answer").fails(1)
    assert "nosuchcontainer" in r.err


# --- start, stop, info, monitor ---------------------------------------------------------------------------

def test_start_logs_its_console(busybox, tmp_path):
    c = busybox()
    c.run("lxc-start", "-L", tmp_path / "log").ok()
    c.attach("sh", "-c", "echo to be kept >/dev/console").ok()
    wait_for(lambda: "to be kept" in (tmp_path / "log").read_text(), "the console's log")


def test_start_closes_fds(container):
    c = container()
    c.run("lxc-start", "-C").ok()
    assert c.state() == "RUNNING"


def test_start_with_another_config(container):
    c = container()
    (c.dir / "other").write_text(c.config.read_text() + "lxc.uts.name = other\n")
    c.run("lxc-start", "-d", "-f", c.dir / "other").ok()
    assert c.state() == "RUNNING"
    assert c.run("lxc-attach", "-f", c.dir / "other", "--", "/answer", "exit", "4").fails(4).err == ""


def test_start_explains_and_traces(container):
    needs(not IS_LXC, "the subject is LXC itself")
    c = container()
    r = c.run("lxc-start", "--explain").ok()
    assert "rootfs.mount" in r.out and c.state() == "STOPPED"
    assert c.run("lxc-start", "--check").ok().out == ""
    assert "rootfs.mount" in c.run("lxc-start", "--trace").ok().out


@pytest.mark.parametrize("args, told", [
    (("-k", "-r"), "-k can't be used with -r"),
    (("-k", "-t", "3"), "-k doesn't allow timeouts"),
    (("-k", "-W"), "-k doesn't allow timeouts"),
    (("--nolock",), "--nolock may only be used with -k"),
    (("-t", "-3"), "Invalid timeout"),
    (("-k", "--nokill"), "-k can't be used with --nokill"),
])
def test_stop_refuses(container, args, told):
    assert told in container().run("lxc-stop", *args).fails(1).err


def test_stop_without_locks(container):
    c = container().up()
    c.run("lxc-stop", "-k", "--nolock").ok()
    assert c.state() == "STOPPED"


def test_info_of_a_running_one(container):
    c = container().up()
    assert c.run("lxc-info", "-p", "-H").ok().out == f"{c.pid()}\n"
    out = c.run("lxc-info", "-S").ok().out
    assert IS_LXC or re.match(r"CPU use: {8}\d+\.\d\d seconds\n", out)
    out = c.run("lxc-info", "-S", "-H").ok().out
    assert IS_LXC or re.match(r"CPU use: {8}\d+\n", out)
    assert c.run("lxc-info", "-i").ok().out == ""


def test_info_for_programs(container):
    needs(not IS_LXC, "the subject is LXC itself")
    c = container()
    ask = lambda *a: c.keg.run("keg", "info", "-P", c.lxcpath, c.name, *a).ok().out
    stopped = json.loads(ask("--format", "json"))
    assert stopped == {"format": 1, "containers": [{
        "name": c.name, "state": "STOPPED", "pid": None, "addresses": [], "cpu_ns": None, "memory_bytes": None, "swap_bytes": None,
        "kernel_bytes": None, "io_bytes": None, "pids": None, "links": [], "rx_bytes": None, "tx_bytes": None,
        "ended_ms": None, "reason": None, "status": None, "signal": None, "ready": None,
        "io_read_bytes": None, "io_write_bytes": None, "cpu_pressure_ns": None, "cpu_pressure_percent": None, "memory_pressure_ns": None,
        "memory_pressure_percent": None, "io_pressure_ns": None, "io_pressure_percent": None}]}
    c.up()
    row = json.loads(ask("--format", "json"))["containers"][0]
    assert (row["state"], row["pid"], row["links"], row["pids"] >= 1, row["cpu_ns"] > 0) == ("RUNNING", c.pid(), [], True, True)
    assert row["io_read_bytes"] >= 0 and (row["rx_bytes"], row["tx_bytes"]) == (0, 0)
    words = ask("-S")
    assert re.search(r"^Processes: {6}\d+$", words, re.M) and "Processes:" not in c.run("lxc-info", "-S").ok().out
    assert ("Pressure:" in words) == (row["cpu_pressure_ns"] is not None)
    if "Pressure:" in words:
        assert re.search(r"^Pressure: {7}cpu \d+\.\d\d %, memory \d+\.\d\d %, I/O \d+\.\d\d %$", words, re.M)
    assert "Network:        inside\n TX bytes:      0 bytes\n" in words  # it has no end on the host
    head, line, _ = ask("--format", "csv").split("\n")
    assert head == ",".join(row) and line.startswith(f"{c.name},RUNNING,{c.pid()},,")
    assert ask("--format", "table").split("\n")[0].split()[:3] == ["NAME", "STATE", "PID"]


def test_check_tells_what_is_missing(keg):
    needs(not IS_LXC, "the subject is LXC itself")
    r = keg.run("keg", "check", "--format", "json")
    rows = json.loads(r.out)["checks"]
    assert r.rc == (0 if all(x["ok"] for x in rows if x["needed"]) else 1)
    by_name = {x["name"]: x for x in rows}
    for n in ("mount namespaces", "pid namespaces", "network namespaces", "cgroups", "seccomp"):
        assert by_name[n]["ok"] and by_name[n]["try"] is None, by_name[n]
    bridge = by_name["bridge lxcbr0"]
    assert bridge["ok"] == os.path.exists("/sys/class/net/lxcbr0") and (bridge["ok"] or bridge["try"] == "keg net up")
    text = keg.run("keg", "check").out
    assert "ok       mount namespaces\n" in text
    assert bridge["ok"] or "missing  bridge lxcbr0: there is none; containers that name it do not start\n         try     keg net up\n" in text


PLAIN = 4711  # a user of these tests alone


def test_check_of_a_plain_user_names_what_is_missing(keg, lxcpath):
    """Step by step, each by the command that the step before has told."""
    needs(not IS_LXC, "the subject is LXC itself")
    needs(shutil.which("newuidmap"), "no uidmap")
    commands, etc, home = for_others(lxcpath), lxcpath / "etc", lxcpath / "home"
    etc.mkdir()
    home.mkdir()
    lxcpath.chmod(0o755)
    os.chown(home, PLAIN, PLAIN)
    (etc / "passwd").write_text(f"root:x:0:0:root:/root:/bin/sh\nkt-joe:x:{PLAIN}:{PLAIN}::{home}:/bin/sh\n")
    for name in ("subuid", "subgid"):
        (etc / name).write_text("kt-ann:100000:65536\n")
    script = f"for f in passwd subuid subgid; do mount --bind {etc}/$f /etc/$f; done; exec setpriv --reuid {PLAIN} --regid {PLAIN} --clear-groups " \
             f"{commands}/keg check"
    # Whatever this host's other checks say.
    rows = "id maps", "default config", "bridge lxcbr0", "IPv4 forwarding"

    def check():
        r = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", script], capture_output=True, text=True, timeout=30 * SLOW,
                           env=keg.environ({"HOME": str(home)}))
        found = re.findall(r"^(ok|missing) +(.*)\n((?:   .*\n)?)", r.stdout, re.M)
        return r.returncode, [(a, b, c.strip()) for a, b, c in found if b.split(":")[0] in rows]

    assert check() == (1, [
        ("missing", "id maps: /etc/subuid and /etc/subgid give this user no ids",
         "try     usermod --add-subuids 165536-231071 --add-subgids 165536-231071 kt-joe    (as root)"),
        ("missing", "default config: new containers get no id map, and so would take root", "")])
    for name in ("subuid", "subgid"):
        with open(etc / name, "a") as f:
            f.write("kt-joe:165536:65536\n")
    rc, (maps, config) = check()
    assert (rc, maps, config[:2]) == (0, ("ok", "id maps", ""), ("missing", "default config: new containers get no id map, and so would take root"))
    file = home / ".config/lxc/default.conf"
    lines = r"lxc.net.0.type = empty\nlxc.idmap = u 0 165536 65536\nlxc.idmap = g 0 165536 65536\n"
    assert config[2] == f"try     mkdir -p {file.parent} && printf '{lines}' >>{file}"
    subprocess.run(config[2].removeprefix("try     "), shell=True, check=True)
    assert check() == (0, [("ok", "id maps", ""), ("ok", "default config", "")])


def test_monitor_has_nobody_to_quit(keg, lxcpath):
    needs(not IS_LXC, "the subject is LXC itself")
    r = keg.run("lxc-monitor", "-P", lxcpath, "-Q").fails(1)
    assert (r.out, r.err) == ("", "")


def test_monitor_by_name(container, keg, lxcpath):
    needs(not IS_LXC, "the subject is LXC itself")
    a, b = container(name=f"{MARK}-a"), container(name=f"{MARK}-b")
    p = keg.start("lxc-monitor", "-P", lxcpath, "-n", f"{MARK}-[b]", stdout=subprocess.PIPE, text=True)
    wait_for(lambda: len(os.listdir(f"/proc/{p.pid}/fd")) > 3, "it listens")
    a.up()
    b.up()
    assert p.stdout.readline() == f"'{b.name}' changed state to [STARTING]\n"
    assert p.stdout.readline() == f"'{b.name}' changed state to [RUNNING]\n"
    p.send_signal(signal.SIGTERM)
    assert p.wait(10 * SLOW) == 0
