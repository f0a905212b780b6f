# SPDX-License-Identifier: MIT
"""A keeper that is killed, stopped or exchanged, with lxc.monitor.signal.pdeath = 0: its container lives on, nothing
of it is lost, and no command hangs.

Beside the keeper of such a container is its guard, which goes on in its place; without one the next command adopts.
"""
import ctypes
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, MARK, SLOW, Container, Terminal, gone, kill, needs, process_state, wait_for

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
FAULTY = BIN.parent / "tests/libexec"
LIVES = "lxc.monitor.signal.pdeath = 0"


def runtime(c):
    return next(Path("/run/keg").glob(f"*/{c.name}"))


def fact(c, word):
    found = re.search(rf"^{word} (.*)$", (runtime(c) / "state").read_text(), re.M)
    return found[1] if found else None


def keeper(c):
    return int(fact(c, "keeper"))


def guard(c, of):
    """The child of the keeper that holds its fds."""
    def find():
        children = Path(f"/proc/{of}/task/{of}/children").read_text().split()
        return next((int(p) for p in children if Path(f"/proc/{p}/comm").read_text() == "keg-guard\n"), None)
    return wait_for(find, "the guard")


def kill_both(c):
    """The keeper and its guard at once, so that neither follows the other."""
    k = keeper(c)
    g = guard(c, k)
    kill(g, signal.SIGSTOP)
    kill(k)
    kill(g)
    wait_for(lambda: gone(k) and gone(g), "both are dead")
    return k


def followed(c, by_other_than):
    """Another keeper has written itself down, and serves."""
    wait_for(lambda: keeper(c) != by_other_than, "the guard has taken over")
    guard(c, keeper(c))
    return keeper(c)


# --- who has it ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("tool, first, told", [
    ("keg create", "", [LIVES]),
    ("lxc-create", "", []),
    ("keg create", "lxc.monitor.signal.pdeath = SIGTERM\n", ["lxc.monitor.signal.pdeath = SIGTERM"]),
    ("keg create", "lxc.monitor.signal.pdeath = SIGKILL\n", ["lxc.monitor.signal.pdeath = SIGKILL"]),
    ("keg create", "lxc.include = {}/more.conf\n", []),
], ids=["keg's", "lxc's", "told otherwise", "told the default", "told by an include"])
def test_what_keg_creates_outlives_its_keeper(keg, lxcpath, tool, first, told):
    (lxcpath / "more.conf").write_text("lxc.monitor.signal.pdeath = SIGKILL\n")
    (lxcpath / "first.conf").write_text("lxc.net.0.type = empty\n" + first.format(lxcpath))
    keg.run(*tool.split(), "-n", f"{MARK}-x", "-P", lxcpath, "-f", lxcpath / "first.conf", "-t", "none").ok()
    text = (lxcpath / f"{MARK}-x/config").read_text()
    assert [line for line in text.splitlines() if "pdeath" in line] == told
    keg.run("lxc-destroy", "-n", f"{MARK}-x", "-P", lxcpath).ok()


def test_a_container_of_kegs_own_lives_on(keg, lxcpath):
    needs(shutil.which("busybox"), "no busybox")
    c = Container(keg, lxcpath, f"{MARK}-x")
    (lxcpath / "first.conf").write_text("lxc.net.0.type = empty\n")
    keg.run("keg", "create", c.name, "-P", lxcpath, "-f", lxcpath / "first.conf", "-t", "busybox", timeout=60).ok()
    c.run("lxc-start").ok()
    init, dead = c.pid(), kill_both(c)
    assert (c.state(), c.pid()) == ("RUNNING", init) and keeper(c) != dead
    c.run("lxc-stop", timeout=60).ok()


# --- the guard --------------------------------------------------------------------------------------------

def test_a_killed_keeper_is_followed_by_its_guard_at_once(container):
    c = container(LIVES).up()
    init, first = c.pid(), keeper(c)
    guard(c, first)
    kill(first)
    second = followed(c, first)
    assert (c.state(), c.pid(), gone(init)) == ("RUNNING", init, False)
    assert Path(f"/proc/{second}/comm").read_text() == "keg-keeper\n"
    kill(second)  # and again: the new one has a guard, too
    third = followed(c, second)
    assert (c.state(), c.pid()) == ("RUNNING", init) and third not in (first, second)
    assert c.attach("/answer", "print", "here").ok().out == "here\n"
    c.run("lxc-stop", "-t", "10").ok()
    assert c.state() == "STOPPED"


def test_a_console_and_a_tty_outlive_a_killed_keeper(container):
    c = container(LIVES, "lxc.tty.max = 2", "lxc.pty.max = 16", "lxc.console.buffer.size = 4096", init="/answer touch /ready echo")
    c.up()
    with Terminal(c, "lxc-console", "-t", "0") as console:
        console.expect("to enter Ctrl+a itself")
        console.type("one\n")
        console.expect("you said: one")
        first = keeper(c)
        guard(c, first)
        kill(first)
        followed(c, first)
        console.type("two\n")
        console.expect("you said: two")
    with Terminal(c, "lxc-console", "-t", "0") as console:
        console.expect("to enter Ctrl+a itself")
        console.type("three\n")
        console.expect("you said: three")
    shown = c.run("lxc-console", "--log").ok().out
    assert [line for line in shown.splitlines() if line.startswith("you said")] == ["you said: one", "you said: two", "you said: three"]
    c.kill()


def test_the_next_keeper_hears_that_it_is_ready(container):
    c = container(LIVES, "lxc.start.ready = notify")
    c.up("--", "/answer", "touch", "/begun", "await", "/go", "notify", "READY=1", "sleep")
    first = keeper(c)
    guard(c, first)
    kill(first)
    second = followed(c, first)
    c.run("lxc-wait", "-s", "READY", "-t", "0").fails(1)
    (c.rootfs / "go").touch()
    c.run("lxc-wait", "-s", "READY", "-t", "20").ok()
    kill(second)  # the guard that was there before knows of a socket that is closed
    followed(c, second)
    c.run("lxc-wait", "-s", "READY", "-t", "0").ok()


def test_a_killed_guard_is_replaced(container):
    c = container(LIVES).up()
    k = keeper(c)
    g = guard(c, k)
    kill(g)
    wait_for(lambda: gone(g) and guard(c, k) != g, "another guard")
    assert keeper(c) == k
    c.run("lxc-stop", "-k").ok()


def test_a_guard_without_an_init_undoes_what_the_start_made(container, lxcpath):
    c = container(LIVES, f"lxc.hook.post-stop = /bin/touch {lxcpath}/stopped").up()
    k, init = keeper(c), c.pid()
    guard(c, k)
    kill(k, signal.SIGSTOP)
    kill(init)
    kill(k)
    wait_for(lambda: (lxcpath / "stopped").exists(), "the post-stop hook ran")
    c.stopped()


def test_no_guard_where_init_dies_with_its_keeper(container):
    c = container().up()
    time.sleep(0.2)
    k = keeper(c)
    assert Path(f"/proc/{k}/task/{k}/children").read_text().split() == [str(c.pid())]


# --- adoption by the next command -------------------------------------------------------------------------

ASKERS = {
    "info": lambda c: c.run("lxc-info", "-s", "-H"),
    "ls": lambda c: c.keg.run("lxc-ls", "-f", "-P", c.lxcpath),
    "attach": lambda c: c.attach("/answer", "print", "here"),
    "wait": lambda c: c.run("lxc-wait", "-s", "RUNNING", "-t", "5"),
    "freeze": lambda c: c.run("lxc-freeze"),
    "cgroup": lambda c: c.run("lxc-cgroup", "pids.current"),
    "active": lambda c: c.keg.run("lxc-ls", "--active", "-P", c.lxcpath),
    "start": lambda c: c.run("lxc-start"),
}


@pytest.mark.parametrize("asker", ASKERS)
def test_the_next_command_adopts_a_container_without_keeper_and_guard(container, asker):
    c = container(LIVES, "lxc.cgroup2.pids.max = 100").up()
    init, dead = c.pid(), kill_both(c)
    r = ASKERS[asker](c)
    if asker == "start":
        assert (r.rc, r.err) == (0, f"lxc-start: {c.name}: Container is already running\n"), r
    else:
        r.ok()
    assert (fact(c, "state"), int(fact(c, "init"))) == ("RUNNING", init)
    assert keeper(c) != dead
    guard(c, keeper(c))  # it has one when it is settled
    if asker == "active":
        assert c.name in r.out
    c.kill()


def test_what_was_adopted_stops_as_ever(container, lxcpath):
    """Hooks, the pidfile, the cgroup, the state file: what the start made is undone by another process."""
    c = container(LIVES, *(f"lxc.hook.{h} = /bin/touch {lxcpath}/{h}" for h in ("stop", "post-stop")))
    c.up("-p", lxcpath / "pidfile")
    wait_for((c.rootfs / "ready").exists, "it is up")
    dead = kill_both(c)
    c.run("lxc-info").ok()
    assert int((lxcpath / "pidfile").read_text()) == keeper(c) != dead
    c.run("lxc-stop", "-t", "10").ok()
    c.stopped()
    assert sorted(p.name for p in lxcpath.iterdir() if p.is_file()) == ["post-stop", "stop"]


def test_the_new_keeper_hears_how_init_ended(container):
    """Not its child: /proc tells while it is a zombie, its pidfd when it is reaped (Linux 6.15)."""
    c = container(LIVES, init="/answer touch /ready await /go exit 7").up()
    kill_both(c)
    with subprocess.Popen([BIN / "keg", "events", "--format", "json", "-P", c.lxcpath, "-n", c.name], stdout=subprocess.PIPE, text=True,
                          env=c.keg.environ()) as p:
        time.sleep(0.3 * SLOW)
        c.run("lxc-info").ok()
        (c.rootfs / "go").touch()
        c.stopped()
        time.sleep(0.2)
        p.terminate()
        out = p.stdout.read()
    assert re.search(r'"exited".*7', out), out


def test_what_was_adopted_reboots_from_inside(container):
    c = container(LIVES).up()
    init = c.pid()
    kill_both(c)
    c.run("lxc-stop", "-r", "-t", "10").ok()
    assert c.state() == "RUNNING" and c.pid() != init
    assert Path(f"/proc/{c.pid()}/status").read_text().split("PPid:\t")[1].split()[0] == str(keeper(c))


@pytest.mark.parametrize("lines", [(), ("lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536")], ids=["", "mapped"])
def test_what_was_adopted_says_that_it_is_ready(container, lines):
    """What it had said before stays said; what it says from then on is heard, at the same place."""
    c = container(LIVES, "lxc.start.ready = notify", *lines)
    (c.rootfs / "answer").chmod(0o755)
    c.rootfs.chmod(0o777)
    c.up("--", "/answer", "touch", "/begun", "await", "/go", "notify", "READY=1", "sleep")
    wait_for((c.rootfs / "begun").exists, "/begun")
    kill_both(c)
    c.run("lxc-wait", "-s", "READY", "-t", "0").fails(1)
    (c.rootfs / "go").touch()
    c.run("lxc-wait", "-s", "READY", "-t", "20").ok()
    kill_both(c)
    c.run("lxc-wait", "-s", "READY", "-t", "0").ok()
    c.run("lxc-stop", "-k").ok()


@pytest.mark.parametrize("when", ["before", "meanwhile", "after"])
def test_what_was_adopted_gets_its_address(container, when):
    c = container(LIVES, "lxc.start.ready = address", net="lxc.net.0.type = veth\nlxc.net.0.flags = up").up()

    def add():
        subprocess.run(["nsenter", "-t", str(c.pid() if when != "meanwhile" else init), "-n", "ip", "address", "add", "10.9.8.7/24", "dev", "eth0"], check=True)
    init = c.pid()
    if when == "before":
        add()
        c.run("lxc-wait", "-s", "READY", "-t", "20").ok()
    kill_both(c)
    if when == "meanwhile":
        add()
    assert c.state() == "RUNNING"
    if when == "after":
        c.run("lxc-wait", "-s", "READY", "-t", "1").fails(1)
        add()
    c.run("lxc-wait", "-s", "READY", "-t", "20").ok()
    c.kill()


def test_what_is_in_the_way_of_the_socket_stays_and_is_told(container, lxcpath):
    c = container(LIVES, "lxc.start.ready = notify", f"lxc.log.file = {lxcpath}/log", "lxc.log.level = WARN")
    c.up("--", "/answer", "touch", "/begun", "sleep")
    wait_for((c.rootfs / "begun").exists, "/begun")
    dev = Path(f"/proc/{c.pid()}/root/dev")
    kill_both(c)
    (dev / "notify").unlink()
    (dev / "notify").symlink_to("/elsewhere")
    assert c.state() == "RUNNING"
    assert os.readlink(dev / "notify") == "/elsewhere" and not os.path.lexists(dev.parent / "elsewhere")
    assert "cannot hear by another /dev/notify that it is ready: Address already in use" in (lxcpath / "log").read_text()
    c.kill()


def talks(c, tty, words):
    with Terminal(c, "lxc-console", "-t", tty) as console:
        console.expect("to enter Ctrl+a itself")
        for typed, shown in words:
            console.type(typed)
            console.expect(shown)


def test_what_was_adopted_has_a_console_and_ttys_for_those_who_open_them_anew(busybox, lxcpath):
    """Gettys are hung up with the keeper, and init begins them again."""
    c = busybox(conf=f"lxc.net.0.type = empty\n{LIVES}\nlxc.console.logfile = {lxcpath}/console.log\nlxc.console.buffer.size = 4096\n")
    inittab = c.rootfs / "etc/inittab"
    inittab.write_text(inittab.read_text().replace("console::askfirst", "console::respawn"))
    c.run("lxc-start").ok()
    shell = [("\n", "# "), ("echo a$((1+1))b\n", "a2b")]
    talks(c, 0, shell)
    for _ in range(2):  # and once more
        kill_both(c)
        assert c.state() == "RUNNING"
        talks(c, 1, [("", "login: ")])
        talks(c, 0, shell)
    assert c.attach("cat", "/proc/mounts").ok().out.count(" /dev/console ") == 1
    assert "a2b" in c.run("lxc-console", "--log").ok().out
    c.run("lxc-stop", "-t", "20").ok()
    assert (lxcpath / "console.log").read_text().count("a2b") == 3


TERMINALS = {
    "its own devpts": [],
    "the host's": ["lxc.pty.max = 0"],
    "a folder": ["lxc.tty.dir = lxc"],
    "mapped": ["lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536"],
    "mapped, the host's": ["lxc.pty.max = 0", "lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536"],
}


def in_terminals(container, lines):
    c = container(LIVES, "lxc.tty.max = 2", "lxc.pty.max = 16", f"lxc.log.file = {{}}", "lxc.log.level = WARN", *lines)
    c.config.write_text(c.config.read_text().format(c.lxcpath / "log"))
    (c.rootfs / "answer").chmod(0o755)
    c.rootfs.chmod(0o777)
    return c.up()


def told(c):
    return [line.rsplit(" - ", 1)[1] for line in (c.lxcpath / "log").read_text().splitlines()]


@pytest.mark.parametrize("kind", TERMINALS)
def test_the_terminals_of_what_was_adopted(container, kind):
    c = in_terminals(container, TERMINALS[kind])
    kill_both(c)
    assert c.state() == "RUNNING"
    again = "was hung up with the killed keeper, and is new for whoever opens it from now on"
    assert told(c) == [f"its console {again}", f"its tty1 {again}", f"its tty2 {again}"]
    for n, path in ((0, "/dev/console"), (1, "/dev/tty1"), (2, "/dev/tty2")):
        getty = c.popen("lxc-attach", "--", "/answer", "tty", path, stderr=subprocess.DEVNULL)
        talks(c, n, [("hello\n", "you said: hello")])
        getty.terminate()
        getty.wait()
    c.kill()


IN_THE_WAY = {  # of whoever makes another pty in there: what the container has put into its place, and the word for it
    "no devpts": ("umount -l /dev/pts", "No such file or directory"),
    "another ptmx": ("mount --bind /dev/null /dev/pts/ptmx", "No such device"),
    "a fifo": ("mount -t tmpfs none /dev/pts && mkfifo /dev/pts/ptmx", "No such device"),
}


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_what_is_in_the_way_of_new_terminals_is_told(busybox, what, lxcpath):
    c = busybox(conf=f"lxc.net.0.type = empty\n{LIVES}\nlxc.log.file = {lxcpath}/log\nlxc.log.level = WARN\n")
    c.add("lxc.tty.max = 2", "lxc.pty.max = 16")
    command, why = IN_THE_WAY[what]
    c.run("lxc-start").ok()
    c.attach("sh", "-c", command).ok()
    kill_both(c)
    assert c.state() == "RUNNING"
    lost = "was hung up with the killed keeper, and is dead until it is started anew"
    assert told(c) == [f"cannot put a new pty on /dev/console: {why}", f"its console {lost}", f"its tty1 {lost}", f"its tty2 {lost}"]
    assert c.run("lxc-console", "-t", "1").rc == 1
    c.kill()


def test_one_of_many_commands_adopts(container):
    c = container(LIVES).up()
    for _ in range(3):
        dead = kill_both(c)
        askers = [c.popen("lxc-info", "-s", "-H", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(16)]
        assert {p.communicate(timeout=20 * SLOW)[0] for p in askers} == {"RUNNING\n"}
        k = keeper(c)
        assert k != dead
        ours = [p for p in Path("/proc").glob("[0-9]*/cmdline") if f"\0{c.name}\0".encode() in read(p) and b"keg-keeper" in read(p)]
        assert len(ours) == 2, "one keeper and its guard"  # the guard is a copy
    c.kill()


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("point", ["begin", "listen", "handover", "state"])
def test_an_adopter_that_is_killed_is_followed_by_the_next(container, point):
    c = container(LIVES).up()
    init = c.pid()
    kill_both(c)
    r = c.run("lxc-info", "-s", "-H", env={"KEG_LIBEXEC": str(FAULTY), "KEG_FAULT": f"kill-keeper:adopt.{point}"})
    assert (r.rc, r.err) == (1, f"lxc-info: {c.name}: its keeper was killed, and so was the one that was to follow\n")
    assert (c.state(), c.pid()) == ("RUNNING", init)
    c.run("lxc-stop", "-t", "10").ok()
    c.stopped()


def test_another_process_of_inits_pid_is_not_taken_for_it(container):
    """What is written down is compared with the process that is there; a container without init is cleared up."""
    c = container(LIVES).up()
    init = c.pid()
    kill_both(c)
    state = runtime(c) / "state"
    state.write_text(re.sub(r"^(inode|since) .*", r"\1 1", state.read_text(), flags=re.M))
    assert c.state() == "STOPPED"
    c.up()  # clears up first: its cgroup is emptied
    assert gone(init)
    c.kill()


def test_a_container_that_ends_without_a_keeper_is_cleared_up(container, lxcpath):
    c = container(LIVES, f"lxc.hook.post-stop = /bin/touch {lxcpath}/stopped").up()
    init = c.pid()
    kill_both(c)
    kill(init)
    wait_for(lambda: gone(init), "init is dead")
    assert c.state() == "STOPPED"
    assert c.run("lxc-stop").fails(2).err == f"lxc-stop: {c.name}: {c.name} is not running\n"
    assert (lxcpath / "stopped").exists()


# --- another program --------------------------------------------------------------------------------------

def keepers(keg, lxcpath, *args, **how):
    return keg.run("keg", "keepers", *args, "-P", lxcpath, **how)


def listed(keg, lxcpath, **how):
    r = keepers(keg, lxcpath, "--format", "csv", **how).ok()
    head, *rows = [line.split(",") for line in r.out.splitlines()]
    assert head == ["name", "pid", "version", "uptime_s", "replaced"]
    return {row[0]: dict(zip(head[1:], row[1:])) for row in rows}


@pytest.fixture
def newer(tmp_path):
    """The same programs elsewhere, as an upgrade leaves them: other files."""
    for program in ("keg-keeper", "keg-idle"):
        shutil.copy(BIN.parent / "libexec" / program, tmp_path / program)
    return {"KEG_LIBEXEC": str(tmp_path)}


@pytest.fixture
def version(keg):
    return keg.run("keg", "version").ok().out.split()[1]


def test_keepers_are_listed_with_what_they_run(keg, container, newer, version):
    c = container(LIVES).up()
    row = listed(keg, c.lxcpath)[c.name]
    assert int(row.pop("uptime_s")) < 60
    assert row == {"pid": str(keeper(c)), "version": version, "replaced": "false"}
    assert listed(keg, c.lxcpath, env=newer)[c.name]["replaced"] == "true"
    c.kill()
    assert listed(keg, c.lxcpath) == {}
    assert keepers(keg, c.lxcpath, c.name).fails().err == f"keg: {c.name}: it is not running\n"


@pytest.mark.parametrize("lines", [(LIVES,), ()], ids=["with a guard", "without"])
def test_an_upgrade_cuts_nobody_off(keg, container, newer, lines):
    c = container(*lines, "lxc.tty.max = 1", "lxc.pty.max = 16", "lxc.console.buffer.size = 4096", init="/answer touch /ready echo").up()
    first, init = keeper(c), c.pid()
    login = c.popen("lxc-attach", "--", "/answer", "touch", "/login", "tty", "/dev/tty1")
    wait_for((c.rootfs / "login").exists, "somebody has the tty open")
    time.sleep(0.2 * SLOW)
    with Terminal(c, "lxc-console", "-t", "0") as console, Terminal(c, "lxc-console", "-t", "1") as tty:
        console.expect("to enter Ctrl+a itself")
        tty.expect("to enter Ctrl+a itself")
        console.type("one\n")
        console.expect("you said: one")
        for _ in range(3):
            r = keepers(keg, c.lxcpath, "upgrade", c.name, env=newer)
            assert (r.rc, r.out, r.err) == (0, "", "")
        assert (keeper(c), c.pid(), c.state()) == (first, init, "RUNNING")
        assert os.readlink(f"/proc/{first}/exe") == f"{newer['KEG_LIBEXEC']}/keg-idle"
        console.type("two\n")
        console.expect("you said: two")
        tty.type("three\n")
        tty.expect("you said: three")
        assert c.run("lxc-console", "-t", "1").fails().err == f"lxc-console: {c.name}: tty 1 is in use\n"
        shown = c.keg.run("keg", "console", "--log", "-n", c.name, "-P", c.lxcpath).ok().out
        assert [line for line in shown.splitlines() if line.startswith("you said")] == ["you said: one", "you said: two"]
    c.run("lxc-stop", "-k").ok()
    assert c.state() == "STOPPED"
    login.wait(10 * SLOW)


def test_an_upgrade_in_the_foreground_ends_as_ever(keg, container, newer):
    c = container(init="/answer touch /ready await /go exit 3")
    p = c.popen("lxc-start", "-F", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wait_for((c.rootfs / "ready").exists, "it is up")
    wait_for(lambda: fact(c, "state") == "RUNNING", "it is running")
    keepers(keg, c.lxcpath, "upgrade", env=newer).ok()
    (c.rootfs / "go").touch()
    assert p.wait(20 * SLOW) == 0
    c.stopped()


def test_a_program_that_does_not_run_is_no_upgrade(keg, container, newer, tmp_path):
    c = container(LIVES).up()
    (tmp_path / "keg-idle").write_bytes(b"no program")
    r = keepers(keg, c.lxcpath, "upgrade", c.name, env=newer).fails()
    assert r.err == f"keg: {c.name}: cannot run {tmp_path}/keg-idle: Exec format error\n"
    (tmp_path / "keg-idle").write_text("#!/bin/false\n")
    r = keepers(keg, c.lxcpath, "upgrade", c.name, env=newer).fails()
    assert r.err == f"keg: {c.name}: {tmp_path}/keg-idle does not run here: the keeper stays what it is\n"
    assert c.state() == "RUNNING"
    c.kill()


# --- a reboot ---------------------------------------------------------------------------------------------

def test_a_reboot_keeps_what_the_console_has_shown_and_who_reads_it(container, lxcpath):
    c = container("lxc.console.buffer.size = 4096", f"lxc.console.logfile = {lxcpath}/console.log",
                  init="/answer print begin touch /ready sleep").up()
    with Terminal(c, "lxc-console", "-t", "0") as console:
        console.expect("to enter Ctrl+a itself")
        c.run("lxc-stop", "-r", "-t", "10").ok()
        console.expect("begin")
    shown = c.keg.run("keg", "console", "--log", "-n", c.name, "-P", c.lxcpath).ok().out
    assert shown.count("begin") >= 2, shown
    assert (lxcpath / "console.log").read_text().count("begin") >= 2
    c.kill()


# --- a keeper that does not answer ------------------------------------------------------------------------

QUIET = {  # what does not need it: the answer is as ever
    "lxc-info": ["-s", "-H"], "lxc-attach": ["--", "/answer", "print", "here"], "lxc-freeze": [], "lxc-unfreeze": [],
    "lxc-cgroup": ["pids.current"], "lxc-wait": ["-s", "RUNNING", "-t", "1"],
}
ASKING = {  # what needs it says so
    "lxc-console": [], "lxc-console -t 0": [], "lxc-console --log": [], "lxc-stop -r": ["-t", "20"], "lxc-stop": ["-t", "20"], "lxc-stop -k": [],
}


@pytest.fixture
def stopped_keeper(container):
    c = container("lxc.cgroup2.pids.max = 100", "lxc.tty.max = 1", "lxc.pty.max = 16", "lxc.console.buffer.size = 4096").up()
    other = container("lxc.cgroup2.pids.max = 100").up()
    k = keeper(c)
    kill(k, signal.SIGSTOP)
    yield c, other, k
    kill(k, signal.SIGCONT)
    if c.died and not c.reboots:
        c.stopped()


def test_what_does_not_need_the_keeper_does_without(keg, stopped_keeper):
    c, other, k = stopped_keeper
    c.died = False
    for tool, args in QUIET.items():
        assert c.run(tool, *args, timeout=3).ok().err == ""
    rows = keg.run("lxc-ls", "-f", "-P", c.lxcpath, timeout=3).ok().out.splitlines()[1:]
    assert sorted(line.split()[:2] for line in rows) == sorted([[c.name, "RUNNING"], [other.name, "RUNNING"]])
    assert listed(keg, c.lxcpath)[c.name]["pid"] == str(k)
    assert c.run("lxc-start", timeout=3).rc == 0  # already running
    assert c.run("lxc-destroy", timeout=3).fails().err == (
        f"lxc-destroy: {c.name}: {c.name} is running\n  try     lxc-destroy -f -n {c.name} stops it first\n")


@pytest.mark.parametrize("tool", ASKING)
def test_what_needs_the_keeper_says_that_it_does_not_answer(stopped_keeper, tool):
    c, other, k = stopped_keeper
    c.died, c.reboots = tool.startswith("lxc-stop"), tool == "lxc-stop -r"
    words = tool.split() + ASKING[tool]
    r = c.run(*words, timeout=15)
    assert (r.rc, r.err) == (4, f"{words[0]}: {c.name}: its keeper (pid {k}) does not answer: Timer expired\n  try     it is stopped: kill -CONT {k}\n")


def test_many_who_ask_a_stopped_keeper_do_not_wait_for_ever(keg, stopped_keeper):
    """Its queue of connections is full then: connect(2) itself waits."""
    c, other, k = stopped_keeper
    c.died = False
    asking = [c.popen("lxc-console", "-t", "0", stderr=subprocess.DEVNULL) for _ in range(24)]
    assert [p.wait(30 * SLOW) for p in asking] == [4] * 24
    assert keepers(keg, c.lxcpath, "upgrade").fails(4).err.startswith(f"keg: {c.name}: its keeper (pid {k}) does not answer: Timer expired\n")


# --- a runtime folder that takes nothing ------------------------------------------------------------------

def in_own_run(keg, c, options, script):
    """With a /run of its own; keepers see it, too."""
    return subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", f"mount -t tmpfs {options} none /run && {script}", "sh",
                           "-n", c.name, "-P", c.lxcpath], env=keg.environ(), capture_output=True, text=True, timeout=60 * SLOW)


def test_a_start_with_a_read_only_run_is_an_error(keg, container):
    c = container(LIVES)
    r = in_own_run(keg, c, "-o ro", 'lxc-start "$@"')
    assert r.returncode == 1 and "Read-only file system" in r.stderr and r.stderr.startswith(f"lxc-start: {c.name}: cannot create folder "), r.stderr


def test_a_start_with_a_full_run_is_an_error_at_each_size(keg, container):
    """The file system has so many pages: each start fails where there is one too few, or the container runs and stops."""
    c, results = container(LIVES), []
    for pages in range(1, 16):
        r = in_own_run(keg, c, f"-o size={pages * 4}k", 'lxc-start "$@" && lxc-stop -k "$@"; x=$?; find /run -mindepth 1 >&2; exit $x')
        results.append(r.returncode)
        if r.returncode:
            assert "No space left on device" in r.stderr and "/run/" not in r.stderr.split("\n", 1)[1], r.stderr
        else:
            assert r.stderr == ""
    assert set(results) == {0, 1} and sorted(results, reverse=True) == results, results


def test_an_adoption_with_a_full_run_is_an_error_and_works_when_there_is_room(keg, container):
    c = container(LIVES)
    r = in_own_run(keg, c, "-o size=256k", f'''
        lxc-start "$@" || exit 9
        keeper=$(sed -n "s/^keeper //p" /run/keg/*/{c.name}/state)
        until guard=$(cat /proc/$keeper/task/$keeper/children) && grep -l keg-guard $(printf "/proc/%s/comm " $guard) >/dev/null; do sleep 0.02; done
        for p in $guard; do grep -q keg-guard /proc/$p/comm && kill -STOP $p && kill -9 $keeper $p; done
        cat /dev/zero >/run/fill 2>/dev/null
        sleep 0.2
        lxc-info -s -H "$@"; echo "exit $?"
        rm /run/fill
        lxc-info -s -H "$@"
        lxc-stop -k "$@"; find /run -mindepth 1''')
    assert r.stdout == "exit 1\nRUNNING\n", r.stdout + r.stderr
    assert "No space left on device" in r.stderr


def lock_of(pid):
    """A second fd for the lock that this process holds, as a child of its has."""
    fd = next(int(p.name) for p in Path(f"/proc/{pid}/fd").iterdir() if os.readlink(p).endswith("/lock"))
    pidfd = os.pidfd_open(pid)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        mine = libc.syscall(438, pidfd, fd, 0)  # pidfd_getfd(2), Linux 5.6
        assert mine >= 0, os.strerror(ctypes.get_errno())
        return mine
    finally:
        os.close(pidfd)


def test_a_dead_keeper_that_nobody_has_reaped_is_none(container):
    """Its lock is held for a moment more by a child that dies with it: whoever is to clear up waits for that."""
    c = container()
    libc = ctypes.CDLL(None)
    libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: it stays a zombie until we say
    try:
        c.run("lxc-start", "-d").ok()
        k, folder = keeper(c), runtime(c)
        lock = lock_of(k)
        kill(k)
        wait_for(lambda: process_state(k) == "Z", "it is a zombie")
        adopter = subprocess.Popen([BIN.parent / "libexec/keg-keeper", "adopt", c.name, str(c.lxcpath)], stdin=subprocess.DEVNULL)
        time.sleep(0.3)
        assert adopter.poll() is None
        os.close(lock)
        assert adopter.wait(20 * SLOW) == 0
        assert not folder.exists()
    finally:
        libc.prctl(36, 0, 0, 0, 0)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
