# SPDX-License-Identifier: MIT
"""A container's life, seen from outside: start, stop, attach, execute, and what their exit codes say."""
import hashlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from lab import IS_LXC, MARK, Terminal, gone, idle_kib, kill, needs, wait_for


# --- start and stop ---------------------------------------------------------------------------------------

def test_a_container_starts_runs_and_stops(container):
    c = container()
    assert c.state() == "STOPPED"
    c.up()
    assert c.state() == "RUNNING"
    assert Path(f"/proc/{c.pid()}/exe").readlink().name == "answer"
    c.run("lxc-stop").ok()
    assert c.state() == "STOPPED"


def test_a_start_says_nothing(container):
    r = container().run("lxc-start").ok()
    assert (r.out, r.err) == ("", "")


def test_arguments_behind_the_name_are_init(container):
    c = container()
    c.up("--", "/answer", "touch", "/came", "sleep")
    wait_for((c.rootfs / "came").exists, "/came")


@pytest.mark.parametrize("code", [0, 7])
def test_start_in_the_foreground_is_0_whatever_init_returned(container, code):
    c = container()
    c.run("lxc-start", "-F", "--", "/answer", "exit", code).ok()
    assert c.state() == "STOPPED"


def test_start_in_the_foreground_shows_the_console_on_a_terminal(container):
    with Terminal(container(), "lxc-start", "-F", "--", "/answer", "print", "hello from init", "echo") as t:
        t.expect("hello from init")
        t.type("a line\n")
        t.expect("you said: a line")
        t.type("\x04")
        assert t.end() == 0


def test_start_in_the_foreground_forwards_sigterm_to_init(container):
    c = container()
    p = c.popen("lxc-start", "-F", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for((c.rootfs / "ready").exists, "/ready")
    p.terminate()
    assert p.wait(10) == 0, p.stderr.read()
    p.stderr.close()
    assert c.state() == "STOPPED"


def test_starting_a_running_container_exits_0_and_leaves_it_alone(container):
    c = container().up()
    pid = c.pid()
    r = c.run("lxc-start").ok()
    assert "already running" in r.err
    assert c.pid() == pid


def test_a_pidfile_holds_the_keeper_and_goes_with_it(container, lxcpath):
    c, file = container(), lxcpath / "pid"
    c.run("lxc-start", "-p", file).ok()
    assert int(file.read_text()) == c.keeper()
    c.run("lxc-stop", "-k").ok()
    wait_for(lambda: not file.exists(), "the pidfile is gone")


def test_define_sets_a_key_for_this_start_alone(container):
    c = container()
    before = c.config.read_text()
    c.up("-s", "lxc.uts.name=otherwise", "--", "/answer", "report", "/report", "touch", "/done", "sleep")
    wait_for((c.rootfs / "done").exists, "/done")
    assert "host = otherwise\n" in (c.rootfs / "report").read_text()
    assert c.config.read_text() == before


def test_init_ending_by_itself_stops_the_container(container):
    c = container()
    c.run("lxc-start", "--", "/answer", "exit", "3")
    c.stopped()


def test_init_gets_the_environment_of_a_container_and_nothing_else(container):
    c = container("lxc.environment = COLOUR=blue")
    c.up("--", "/answer", "report", "/report", "touch", "/done", "sleep", env={"SECRET": "of the host"})
    wait_for((c.rootfs / "done").exists, "/done")
    env = {line[6:] for line in (c.rootfs / "report").read_text().splitlines() if line.startswith("env = ")}
    assert {"COLOUR=blue", "container=lxc"} <= env
    assert not [e for e in env if e.split("=")[0] not in ("COLOUR", "container", "container_ttys")]


def test_no_fd_of_the_caller_reaches_init(container, lxcpath):
    c = container()
    with open(lxcpath / "secret", "w") as secret:
        os.set_inheritable(secret.fileno(), True)
        c.up("--", "/answer", "report", "/report", "touch", "/done", "sleep", pass_fds=[secret.fileno()])
    wait_for((c.rootfs / "done").exists, "/done")
    fds = [line for line in (c.rootfs / "report").read_text().splitlines() if line.startswith("fd.")]
    assert {line.split(" = ")[0] for line in fds} == {"fd.0", "fd.1", "fd.2"}, fds


# --- stop -------------------------------------------------------------------------------------------------

def test_stopping_a_stopped_container_exits_2(container):
    container().run("lxc-stop").fails(2)


def test_stop_k_kills(container):
    c = container().up()
    pid = c.pid()
    c.run("lxc-stop", "-k").ok()
    assert c.state() == "STOPPED" and gone(pid)


def test_stop_kills_at_its_timeout_what_does_not_listen(container):
    c = container()
    c.up("--", "/answer", "touch", "/ready", "stubborn")
    wait_for((c.rootfs / "ready").exists, "/ready")
    began = time.monotonic()
    c.run("lxc-stop", "-t", "1").ok()
    assert 0.9 < time.monotonic() - began < 8
    assert c.state() == "STOPPED"


def test_stop_nokill_leaves_it_running_at_its_timeout(container):
    c = container()
    c.up("--", "/answer", "touch", "/ready", "stubborn")
    wait_for((c.rootfs / "ready").exists, "/ready")
    c.run("lxc-stop", "-t", "1", "--nokill").fails(1)
    assert c.state() == "RUNNING"


def processes_of(c):
    """The host's numbers of all that are in init's pid namespace."""
    def ns(pid):
        try:
            return os.readlink(f"/proc/{pid}/ns/pid")
        except OSError:  # it ended meanwhile
            return None

    mine = ns(c.pid())
    return {int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and ns(p.name) == mine}


def test_stop_takes_every_process_along(container):
    c = container()
    c.up("--", "/answer", "children", "5", "touch", "/ready", "sleep")
    wait_for((c.rootfs / "ready").exists, "/ready")
    inside = processes_of(c)
    assert len(inside) >= 6
    c.run("lxc-stop", "-k").ok()
    assert all(gone(p) for p in inside)


@pytest.mark.parametrize("options,words", [(("-k", "-r"), "-k can't be used with -r"), (("-k", "-t", "5"), "-k doesn't allow timeouts")])
def test_stop_refuses_options_that_contradict(container, options, words):
    assert words in container().run("lxc-stop", *options).fails(1).err


def test_reboot_gives_a_new_init_under_the_same_keeper(container):
    c = container().up()
    pid, keeper = c.pid(), c.keeper()
    (c.rootfs / "ready").unlink()
    c.run("lxc-stop", "-r").ok()
    wait_for((c.rootfs / "ready").exists, "/ready again")
    assert c.pid() != pid and c.keeper() == keeper


def test_a_name_is_free_again_the_moment_stop_returns(container):
    c = container()
    for _ in range(5):
        c.up()
        c.run("lxc-stop").ok()


# --- freeze -----------------------------------------------------------------------------------------------

def cpu_ticks(pid):
    f = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(f[11]) + int(f[12])


def test_frozen_means_that_nothing_runs(container):
    c = container()
    c.up("--", "/answer", "touch", "/ready", "spin")
    wait_for((c.rootfs / "ready").exists, "/ready")
    c.run("lxc-freeze").ok()
    assert c.state() == "FROZEN"
    before = cpu_ticks(c.pid())
    time.sleep(0.2)
    assert cpu_ticks(c.pid()) == before
    c.run("lxc-unfreeze").ok()
    assert c.state() == "RUNNING"
    wait_for(lambda: cpu_ticks(c.pid()) > before, "it runs again")


def test_freezing_a_stopped_container_fails(container):
    c = container()
    assert "not running" in c.run("lxc-freeze").fails(1).err
    if not IS_LXC:
        assert c.keg.run("keg", "unfreeze", "-P", c.lxcpath, c.name).fails(1).err == f"keg: {c.name}: it is not running\n  try     keg start {c.name}\n"
        c.run("lxc-unfreeze").ok()  # as LXC's


def test_a_frozen_container_can_be_killed(container):
    c = container().up()
    c.run("lxc-freeze").ok()
    c.run("lxc-stop", "-k").ok()
    assert c.state() == "STOPPED"


# --- attach -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("argv,code", [
    (("/answer", "exit", 0), 0),
    (("/answer", "exit", 42), 42),
    (("/answer", "exit", 255), 255),
    (("/answer", "kill", 9), 128 + 9),
    (("/answer", "kill", 1), 128 + 1),
    (("/nosuch",), 127),
    (("nosuch",), 127),
    (("/etc/passwd",), 126),
    (("/etc",), 126),
])
def test_attach_passes_the_exit_code_on(container, argv, code):
    container().up().attach(*argv).fails(code)


def test_attach_to_a_stopped_container_exits_1(container):
    assert "not running" in container().attach("/answer", "exit", 0).fails(1).err


def report(result):
    return [line for line in result.ok().out.splitlines()]


def test_attach_enters_every_namespace_of_init(container):
    c = container().up()
    told = dict(line.split(" = ", 1) for line in report(c.attach("/answer", "report", "-")) if line.startswith("ns."))
    init = {f"ns.{n.name}": str(n.readlink()) for n in Path(f"/proc/{c.pid()}/ns").iterdir()}
    assert told == init


def test_attach_keeps_the_environment_and_adds_container(container):
    lines = report(container().up().attach("/answer", "report", "-", env={"KEPT": "yes"}))
    assert "env = KEPT=yes" in lines and "env = container=lxc" in lines


def test_attach_clears_the_environment(container):
    c = container("lxc.environment = COLOUR=blue").up()
    lines = report(c.attach("/answer", "report", "-", options=("--clear-env", "-v", "SET=here", "--keep-var", "KEPT"),
                            env={"KEPT": "yes", "LOST": "no"}))
    env = [line[6:] for line in lines if line.startswith("env = ")]
    assert sorted(env) == ["COLOUR=blue", "KEPT=yes", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                           "SET=here", "container=lxc"]


def test_attach_starts_in_the_callers_folder_where_it_exists(container):
    c = container().up()
    assert "cwd = /etc" in report(c.attach("/answer", "report", "-", cwd="/etc"))
    assert "cwd = /" in report(c.attach("/answer", "report", "-", cwd="/usr"))


def test_attach_takes_uid_and_gid(container):
    lines = report(container().up().attach("/answer", "report", "-", options=("-u", "1000", "-g", "1000")))
    assert "uid = 1000" in lines and "gid = 1000" in lines
    assert "status = Groups:\t" in [line.rstrip(" ") for line in lines]


def test_attach_without_a_command_runs_the_login_shell(container):
    """root's shell in this rootfs is /answer, which without a word makes /ready and stays."""
    c = container()
    c.up("--", "/answer", "sleep")
    p = c.popen("lxc-attach", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for((c.rootfs / "ready").exists, "the shell came")
    p.kill()
    p.wait()


def test_attach_gives_a_terminal_of_the_containers_own(container):
    c = container("lxc.pty.max = 16").up()
    with Terminal(c, "lxc-attach", "--", "/answer", "report", "-", "echo") as t:
        t.expect("fd.0 = /dev/pts/")
        t.expect("mount = ")
        t.type("typed\n")
        t.expect("you said: typed")


def test_sixteen_mebibytes_pass_through_attach_unchanged(container):
    data = os.urandom(16 << 20)
    r = container().up().attach("/answer", "cat", input=data, text=False, timeout=60).ok()
    assert hashlib.sha256(r.out).digest() == hashlib.sha256(data).digest()
    assert r.err == b""


def test_attach_keeps_stdout_and_stderr_apart(container):
    r = container().up().attach("/answer", "print", "to stdout", "nosuchword", "x")
    assert (r.rc, r.out, r.err) == (111, "to stdout\n", "answer: unknown word nosuchword\n")


def test_console_reaches_a_tty_and_leaves_by_its_escape(container):
    c = container("lxc.tty.max = 2", "lxc.pty.max = 16")
    c.up("--", "/answer", "touch", "/ready", "tty", "/dev/tty1")
    wait_for((c.rootfs / "ready").exists, "/ready")
    with Terminal(c, "lxc-console", "-t", "1") as t:
        t.expect("Connected to tty 1")
        t.type("knock\n")
        t.expect("you said: knock")
        t.type("\x01q")
        assert t.end() == 0


def test_eight_attaches_at_once(container):
    c = container().up()
    many = [c.popen("lxc-attach", "--", "/answer", "exit", str(n)) for n in range(8)]
    assert [p.wait(30) for p in many] == list(range(8))


# --- execute ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("words,code", [
    (("exit", 0), 0), (("exit", 3), 3), (("exit", 255), 255), (("kill", 9), 137), (("kill", 1), 129),
])
def test_execute_passes_the_exit_code_on(container, words, code):
    c = container()
    c.run("lxc-execute", "--", "/answer", *words).fails(code)
    assert c.state() == "STOPPED"


def test_execute_exits_255_where_the_command_cannot_run(container):
    container().run("lxc-execute", "--", "/nosuch").fails(255)


def test_execute_runs_the_command_below_an_init(container):
    r = container().run("lxc-execute", "--", "/answer", "report", "-").ok()
    assert "pid = 2" in r.out.splitlines()


def test_execute_passes_pipes_through(container):
    data = os.urandom(1 << 20)
    r = container().run("lxc-execute", "--", "/answer", "cat", input=data, text=False).ok()
    assert r.out == data


def test_execute_d_returns_when_it_runs(container):
    c = container()
    c.run("lxc-execute", "-d", "--", "/answer").ok()
    assert c.state() == "RUNNING"


def test_execute_reaps_orphans(container):
    c = container()
    c.run("lxc-execute", "-d", "--", "/answer", "orphan", "touch", "/done", "sleep").ok()
    wait_for((c.rootfs / "done").exists, "/done")
    time.sleep(0.3)
    assert len(processes_of(c)) == 2  # init, and the command


# --- wait and monitor -------------------------------------------------------------------------------------

def test_wait_returns_when_the_state_is_reached(container):
    c = container()
    p = c.popen("lxc-wait", "-s", "RUNNING", "-t", "20")
    c.up()
    assert p.wait(10) == 0
    c.run("lxc-wait", "-s", "RUNNING|FROZEN", "-t", "0").ok()
    c.run("lxc-wait", "-s", "STOPPED", "-t", "1").fails(1)


def test_monitor_tells_every_change(container, lxcpath, tools_monitor):
    c = container()
    lines = tools_monitor(lxcpath)
    c.up()
    c.run("lxc-freeze").ok()
    c.run("lxc-unfreeze").ok()
    c.run("lxc-stop").ok()
    wait_for(lambda: f"'{c.name}' changed state to [STOPPED]" in lines(), "STOPPED is told")
    told = [line.split(" ", 1)[1] for line in lines()]
    once = [line for i, line in enumerate(told) if i == 0 or told[i - 1] != line]  # LXC tells some twice
    assert once == [f"changed state to [{s}]" for s in ("STARTING", "RUNNING", "FREEZING", "FROZEN", "THAWED", "RUNNING")] + \
        ["exited with status [0]"] + [f"changed state to [{s}]" for s in ("STOPPING", "STOPPED")]


@pytest.fixture
def tools_monitor(keg):
    """Starts lxc-monitor on an lxcpath; returns what gives its lines so far."""
    running = []

    def start(path):
        out = open(path / "monitor.out", "w+")
        p = keg.start("lxc-monitor", "-P", path, stdout=out, stderr=subprocess.DEVNULL)
        running.append((p, out, path))
        time.sleep(0.3)
        return lambda: (path / "monitor.out").read_text().splitlines()

    yield start
    for p, out, path in running:
        p.terminate()
        p.wait(10)
        out.close()
        keg.run("lxc-monitor", "-P", path, "-Q")


# --- the keeper -------------------------------------------------------------------------------------------

def test_the_keeper_is_a_daemon(container):
    c = container().up()
    keeper = c.keeper()
    stat = Path(f"/proc/{keeper}/stat").read_text().rsplit(")", 1)[1].split()
    assert stat[1] == "1" or stat[1] != str(os.getpid())
    assert stat[3] == str(keeper)  # a session of its own
    assert os.readlink(f"/proc/{keeper}/cwd") == "/"
    assert {os.readlink(f"/proc/{keeper}/fd/{n}") for n in range(3)} == {"/dev/null"}


def test_the_keeper_wakes_up_for_nothing(container):
    c = container().up()
    keeper = c.keeper()

    def switches():
        return sum(int(line.split()[1]) for line in Path(f"/proc/{keeper}/status").read_text().splitlines() if "ctxt_switches" in line)

    time.sleep(0.3)
    before = switches()
    time.sleep(1)
    assert switches() == before


def test_a_session_on_a_tty_outlives_its_gettys_and_ends_with_the_container(container):
    """Between two gettys nobody has the tty open."""
    needs(not IS_LXC, "the subject is LXC itself")
    c = container("lxc.tty.max = 1", "lxc.pty.max = 16").up()
    with Terminal(c, "lxc-console", "-t", "1") as console:
        console.expect("to enter Ctrl+a itself")
        for _ in range(2):
            getty = c.popen("lxc-attach", "--", "/answer", "tty", "/dev/tty1")
            console.type("hello\n")
            console.expect("you said: hello")
            getty.terminate()
            getty.wait()
        assert console.process.poll() is None
        c.run("lxc-stop", "-k").ok()
        assert console.end() == 0


def test_an_idle_keeper_takes_at_most_128_kib(container):
    """Of fifty that run alike, which share the program's own pages; `make bench` measures just that."""
    needs(not IS_LXC, "the subject is LXC itself")
    needs("ASAN_OPTIONS" not in os.environ, "a sanitizer's own memory would be counted")
    c = container().up()
    time.sleep(0.3)
    assert idle_kib(c.keeper()) <= 128


def test_a_killed_keeper_takes_its_container_along(container):
    """lxc.monitor.signal.pdeath is SIGKILL; what is left of it, the next command clears away. Unconfined: the kernel
    forgets that signal when an exec changes to an AppArmor profile."""
    c = container("lxc.apparmor.profile = unconfined").up()
    init = c.pid()
    kill(c.keeper(), signal.SIGKILL)
    wait_for(lambda: gone(init), "init died with its keeper")
    assert c.state() == "STOPPED"
    c.up()
    assert c.state() == "RUNNING"
    assert f"/lxc.payload.{c.name}\n" in Path(f"/proc/{c.pid()}/cgroup").read_text(), MARK


@pytest.mark.parametrize("what", [("lxc-destroy",), ("lxc-copy", "-R", "-N", f"{MARK}-other"), ("lxc-copy", "-N", f"{MARK}-other"), ("lxc-snapshot",)],
                         ids=("destroy", "rename", "copy", "snapshot"))
@pytest.mark.parametrize("lines", [(), ("lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536")], ids=("root", "mapped"))
@pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
def test_who_works_on_its_files_clears_up_after_a_killed_keeper(container, what, lines):
    """Nobody else would: the next start of that name is another container's, or there is none."""
    c = container("lxc.apparmor.profile = unconfined", *lines)
    if lines:
        for at in (c.rootfs, *c.rootfs.rglob("*")):
            os.chown(at, 100000, 100000, follow_symlinks=False)
        c.dir.chmod(0o755)
    c.up()
    init = c.pid()
    kill(c.keeper(), signal.SIGKILL)
    wait_for(lambda: gone(init), "init died with its keeper")
    assert list(Path("/sys/fs/cgroup").glob(f"**/lxc.payload.{c.name}"))
    c.run(*what).ok()
    assert not list(Path("/sys/fs/cgroup").glob(f"**/lxc.payload.{c.name}")) and not list(Path("/run/keg").glob(f"*/{c.name}"))


def test_execute_without_a_config_runs_on_the_hosts_root_in_namespaces_of_its_own(keg, lxcpath):
    """By the default config; /etc is the test's own, so that this host's default.conf plays no part."""
    script = (f"mount -t tmpfs none /etc && mkdir /etc/lxc && echo lxc.net.0.type = empty > /etc/lxc/default.conf && "
              f"exec lxc-execute -n app -P {lxcpath} -- /bin/sh -c 'echo $$ /proc/[0-9]*; exit 5'")
    result = keg.run("/usr/bin/unshare", "-m", "--propagation", "private", "sh", "-c", script)
    assert (result.rc, result.out, result.err) == (5, "2 /proc/1 /proc/2\n", "")
    assert list(lxcpath.iterdir()) == []


def test_a_file_as_console_gets_what_init_says(container, lxcpath):
    c, file = container(), lxcpath / "console"
    c.up("-c", file, "--", "/answer", "print", "on the console", "sleep")
    wait_for(lambda: file.exists() and "on the console" in file.read_text(), "the words are in the file")
    assert file.stat().st_mode & 0o777 == 0o600
    before = Path(f"/proc/{c.keeper()}/stat").read_text().split()[13:15]
    time.sleep(0.5)  # a file is always readable: nobody may wait for that
    assert Path(f"/proc/{c.keeper()}/stat").read_text().split()[13:15] == before


UNIFIED = ("/sys/fs/cgroup/unified", "/sys/fs/cgroup")


@pytest.mark.skipif(not any(Path(p, "cgroup.procs").exists() for p in UNIFIED), reason="the host has no cgroup2")
def test_a_keeper_leaves_the_cgroup_that_it_was_started_from(container):
    """As systemd ends a service whose main process has: all that is left in its cgroup, and the container with it."""
    top = next(Path(p) for p in UNIFIED if Path(p, "cgroup.procs").exists())
    mine, c = top / "kt-service", container()
    mine.mkdir()
    try:
        c.run("lxc-start", under=("sh", "-c", f'echo $$ >{mine}/cgroup.procs; exec "$@"', "sh")).ok()
        keeper = c.keeper()
        assert f"0::/{mine.name}" not in Path(f"/proc/{keeper}/cgroup").read_text()
        wait_for(lambda: not (mine / "cgroup.procs").read_text(), "nobody is in the cgroup of the service")
    finally:
        c.run("lxc-stop", "-k")
        mine.rmdir()
