# SPDX-License-Identifier: MIT
"""Logs: lxc.log.*, -o and -l; a start, its steps, its failure and its end."""
import os
import re
import socket
from pathlib import Path

from lab import needs, wait_for

LINE = re.compile(r"^(?P<prefix>\S+) (?P<name>\S+) \d{14}\.\d{3} (?P<level>[A-Z]+) +(?P<category>\S+) - "
                  r"(?P<file>[^:]+):(?P<function>\w+):(?P<line>\d+) - (?P<text>.*)$")


def lines(path):
    found = []
    for text in Path(path).read_text().splitlines():
        m = LINE.match(text)
        assert m, text
        found.append(m.groupdict())
    return found


def texts(path, level):
    return [x["text"] for x in lines(path) if x["level"] == level]


def ended(path):
    """The keeper's last line comes when a stop has returned already."""
    wait_for(lambda: texts(path, "NOTICE")[-1] == "it has stopped", "the end in the log")


def test_the_configs_log_tells_of_start_and_end(container):
    c = container()
    log = c.lxcpath / "logs/c.log"
    c.add(f"lxc.log.file = {log}", "lxc.log.level = INFO")
    c.up()
    pid = c.pid()
    c.run("lxc-stop", "-k").ok()
    ended(log)
    assert [(x["level"], x["category"], x["text"]) for x in lines(log)] == [
        ("INFO", "start", f"starting {c.name} of {c.lxcpath}"),
        ("NOTICE", "start", f"it runs: init is process {pid}"),
        ("INFO", "stop", "init was killed by signal 9 (Killed)"),
        ("INFO", "stop", "why it ended: kill"),
        ("NOTICE", "stop", "it has stopped"),
    ]
    assert {(x["prefix"], x["name"]) for x in lines(log)} == {("keg-keeper", c.name)}
    assert log.stat().st_mode & 0o777 == 0o640


def test_every_step_of_both_processes_is_there_with_its_time(container):
    c = container()
    log = c.lxcpath / "c.log"
    c.up("-o", log, "-l", "trace")
    c.run("lxc-stop", "-k").ok()
    steps = {x["category"]: x for x in lines(log) if x["level"] == "DEBUG" and x["text"].startswith("done in")}
    assert {"runtime.lock", "init.clone", "rootfs.mount", "root.pivot"} <= steps.keys()
    assert re.fullmatch(r"done in \d+ us", steps["uts.name"]["text"])
    assert (steps["uts.name"]["prefix"], steps["uts.name"]["file"], steps["uts.name"]["function"]) == (
        "lxc-start", "src/engine/seq.c", "run_row")
    assert {"init.exec"} <= {x["category"] for x in lines(log) if x["level"] == "TRACE"}
    assert {"cgroup.make", "runtime.lock"} <= {x["category"] for x in lines(log) if x["text"] == "undone"}


def test_the_command_line_wins_over_the_config(container):
    c = container()
    mine, other = c.lxcpath / "mine.log", c.lxcpath / "other.log"
    c.add(f"lxc.log.file = {other}", "lxc.log.level = TRACE")
    c.up("-o", mine, "-l", "NOTICE")
    assert not other.exists()
    assert {x["level"] for x in lines(mine)} == {"NOTICE"}
    c.run("lxc-stop", "-k").ok()
    ended(mine)


def test_a_file_of_the_command_line_keeps_the_configs_level(container):
    c = container("lxc.log.level = NOTICE")
    c.up("-o", c.lxcpath / "mine.log")
    assert [x["text"] for x in lines(c.lxcpath / "mine.log")] == [f"it runs: init is process {c.pid()}"]


def test_a_level_alone_logs_beside_the_config(container):
    c = container()
    c.up("-l", "NOTICE")
    assert [x["text"] for x in lines(c.dir / f"{c.name}.log")] == [f"it runs: init is process {c.pid()}"]


def test_none_is_no_file(container):
    c = container("lxc.log.file = none", "lxc.log.level = TRACE")
    c.up("-o", "none", "-l", "TRACE")
    assert not list(c.lxcpath.glob("**/*.log"))


def test_a_failure_is_logged_with_all_its_fields(container):
    c = container("lxc.mount.entry = /nonexistent mnt none bind 0 0")
    (c.rootfs / "mnt").mkdir()
    log = c.lxcpath / "c.log"
    c.add(f"lxc.log.file = {log}")
    c.run("lxc-start").fails(1)
    assert texts(log, "ERROR") == [
        "cannot mount /nonexistent on mnt: No such file or directory; set by "
        f"{c.config}:6 lxc.mount.entry; step mount.entries of the container init; "
        'try create /nonexistent on the host, or add "optional" to the entry']


def test_a_warning_is_logged_in_the_words_of_the_terminal(container):
    c = container("lxc.cgroup.nosuch.limit = 5")
    log = c.lxcpath / "c.log"
    c.add(f"lxc.log.file = {log}", "lxc.log.level = WARN")
    c.up()
    assert texts(log, "WARN") == ["lxc.cgroup.nosuch.limit = 5 has no effect: this host has no cgroup controller nosuch; "
                                  f"set by {c.config}:6 lxc.cgroup.nosuch.limit"]


def test_a_log_that_cannot_be_opened_is_an_error_with_its_line(container):
    c = container()
    c.add("lxc.log.file = /proc/nosuch")
    assert c.run("lxc-start").fails(1).err == (
        f"lxc-start: {c.name}: cannot open the log /proc/nosuch: No such file or directory\n"
        f"  set by  {c.config}:6  lxc.log.file\n")


def test_a_reboot_goes_on_in_the_same_log(container):
    c = container()
    log = c.lxcpath / "c.log"
    c.up("-o", log, "-l", "INFO")
    wait_for((c.rootfs / "ready").exists, "/ready")
    (c.rootfs / "ready").unlink()
    c.run("lxc-stop", "-r", "-W").ok()
    wait_for((c.rootfs / "ready").exists, "/ready")
    wait_for(lambda: len(texts(log, "NOTICE")) == 2, "a second start in the log")
    assert [t for t in texts(log, "INFO") if t.startswith("init ")] == ["init asks for a reboot"]


def test_syslog_gets_the_same_by_its_facility(container):
    c = container("lxc.log.syslog = local3", "lxc.log.level = NOTICE")
    folder = c.lxcpath / "dev"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(folder / "log"))
        s.settimeout(10)
        script = 'touch /dev/log 2>/dev/null; mount --bind "$0/log" /dev/log && exec "$@"'
        existed = Path("/dev/log").exists()
        c.run("lxc-start", under=("unshare", "-m", "--propagation", "slave", "sh", "-c", script, folder)).ok()
        got = s.recv(4096).decode()
        if not existed:
            Path("/dev/log").unlink()
    assert re.fullmatch(rf"<157>keg-keeper\[\d+\]: {c.name} start: it runs: init is process {c.pid()}", got)


def test_without_a_syslog_daemon_it_is_a_warning(container):
    needs(not Path("/dev/log").exists(), "this machine has no syslog-free /dev")
    c = container("lxc.log.syslog = daemon")
    assert c.run("lxc-start").ok().err == (
        f"lxc-start: {c.name}: warning: cannot log to syslog, by /dev/log: No such file or directory\n"
        f"  set by  {c.config}:6  lxc.log.syslog\n"
        "  try     start a syslog daemon, or unset lxc.log.syslog\n")


def test_the_containers_processes_have_no_fd_of_the_log(container):
    c = container()
    log = c.lxcpath / "c.log"
    c.up("-o", log, "-l", "TRACE")
    assert not [f for f in Path(f"/proc/{c.pid()}/fd").iterdir() if os.readlink(f) == str(log)]


# --- the console's buffer ---------------------------------------------------------------------------------

def shown(c, rc=0):
    r = c.run("lxc-console", "--log").fails(rc)
    return r.err if rc else r.out


def test_what_the_console_shows_is_kept_and_read_once(container):
    c = container("lxc.console.buffer.size = auto")
    c.up("--", "/answer", "print", "hello", "echo")
    wait_for(lambda: c.run("lxc-console", "--log").out.startswith("hello"), "the console's output")
    assert shown(c, 1) == f"lxc-console: {c.name}: its console has shown nothing since it was read last\n" \
        "  try     lxc.console.logfile keeps it in a file, to be read again\n"


def test_the_buffer_has_its_size_and_the_newest(container):
    c = container("lxc.console.buffer.size = 4096")
    c.up("--", "/answer", "print", "x" * 6000, "echo")
    text = wait_for(lambda: c.run("lxc-console", "--log", text=False).out, "the console's output")
    assert text == b"x" * 4094 + b"\r\n"


def test_without_a_buffer_it_says_so(container):
    c = container().up()
    assert shown(c, 1) == (f"lxc-console: {c.name}: nothing of what its console shows is kept\n"
                           f"  try     keg config set {c.name} lxc.console.buffer.size auto; then stop and start it\n")


def test_what_hooks_say_and_stop_hooks_that_fail_are_logged(container):
    c = container()
    good, bad = c.dir / "good", c.dir / "bad"
    for script, text in ((good, "echo one; printf two"), (bad, "echo sorry; exit 3")):
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)
    log = c.lxcpath / "c.log"
    c.add(f"lxc.log.file = {log}", "lxc.log.level = DEBUG", "lxc.hook.version = 1",
          f"lxc.hook.pre-start = {good}", f"lxc.hook.stop = {bad}", f"lxc.hook.post-stop = {bad}")
    c.up()
    c.run("lxc-stop", "-k").ok()
    ended(log)
    told = [x for x in lines(log) if x["category"] in ("hook", "hook.stop", "hook.post-stop")]
    assert [(x["level"], x["text"]) for x in told if x["file"].endswith("hook_call.c")] == [
        ("DEBUG", f"Script exec {good} produced output: one"), ("DEBUG", f"Script exec {good} produced output: two"),
        ("DEBUG", f"Script exec {bad} produced output: sorry"),
        ("ERROR", f"hook {bad} (lxc.hook.stop) exited with status 3; set by {c.config}:10 lxc.hook.stop; said sorry"),
        ("DEBUG", f"Script exec {bad} produced output: sorry"),
        ("ERROR", f"hook {bad} (lxc.hook.post-stop) exited with status 3; set by {c.config}:11 lxc.hook.post-stop; said sorry")]
