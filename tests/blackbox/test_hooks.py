# SPDX-License-Identifier: MIT
"""lxc.hook.*: programs of the user's run in their order, are told what LXC tells them, and a failure is told whole."""
import re
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, SLOW, gone, kill, needs, wait_for

HOST = ("pre-start", "start-host", "stop", "post-stop")
INSIDE = ("pre-mount", "mount", "autodev", "start")
ORDER = ["pre-start", "up", "pre-mount", "mount", "autodev", "start", "start-host", "down", "stop", "post-stop"]
OURS = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
FAULTY = {"KEG_LIBEXEC": str(BIN.parent / "tests/libexec"), "KEG_FAULT": "hurry-hooks"}


def script(path, *lines):
    path.write_text("#!/bin/sh\n" + "".join(line + "\n" for line in lines))
    path.chmod(0o755)
    return path


@pytest.fixture
def hooked(container):
    """A container with a shell, whose hooks of every kind (but `without`) append to /log of its rootfs:
    KIND, then `facts`. c.log() gives the lines."""
    needs(shutil.which("busybox"), "no busybox")

    def make(*lines, without=(), facts="", **how):
        c = container(*lines, net="", **how)
        (c.rootfs / "bin").mkdir(exist_ok=True)
        shutil.copy(shutil.which("busybox"), c.rootfs / "bin/busybox")
        (c.rootfs / "bin/sh").symlink_to("busybox")
        say = script(c.dir / "say", f'kind=$1; shift; {{ echo "$kind"{facts}; }} >> {c.rootfs}/log')
        script(c.rootfs / "say", f'kind=start; {{ echo "$kind"{facts}; }} >> /log')
        for kind in HOST + INSIDE:
            if kind not in without:
                c.add(f"lxc.hook.{kind} = " + ("/say" if kind == "start" else f"{say} {kind}"))
        c.add("lxc.net.0.type = veth", f"lxc.net.0.script.up = {say} up", f"lxc.net.0.script.down = {say} down")
        c.log = lambda: (c.rootfs / "log").read_text().splitlines() if (c.rootfs / "log").exists() else []
        return c

    return make


def test_every_kind_runs_in_its_order(hooked):
    c = hooked()
    c.up()
    assert c.log() == ORDER[:7]
    c.run("lxc-stop", "-k").ok()
    assert c.log() == ORDER


def test_several_of_one_kind_run_in_the_order_of_their_lines_and_the_first_that_fails_is_the_last(hooked):
    c = hooked(without=HOST + INSIDE)
    for word in ("one", "two", "three"):
        c.add(f"lxc.hook.pre-start = {c.dir}/say {word}" if word != "two" else "lxc.hook.pre-start = /bin/false")
    c.run("lxc-start").fails()
    assert c.log() == ["one"]


def test_autodev_hooks_are_for_a_dev_of_our_own(hooked):
    c = hooked("lxc.autodev = 0")
    c.up()
    assert c.log() == [k for k in ORDER[:7] if k != "autodev"]


def variables(c):
    """{kind: {variable: value}} and {kind: arguments} of what the hooks have logged."""
    env, args, kind = {}, {}, None
    for line in c.log():
        if line in ORDER:
            kind = line
            env[kind] = {}
        elif line.startswith("args"):
            args[kind] = line[5:]
        else:
            key, value = line.split("=", 1)
            env[kind][key] = value
    return env, args


FACTS = '; echo "args $*"; busybox env | busybox grep -E "^(LXC|KT)_" | busybox sort'


@pytest.mark.parametrize("version", (0, 1))
def test_what_each_kind_is_told(hooked, version):
    c = hooked(f"lxc.hook.version = {version}", "lxc.environment = KT_BOTH=1", "lxc.rootfs.mount = /mnt",
               *(() if IS_LXC else ("lxc.environment.hooks = KT_HOOKS=1", "lxc.environment.runtime = KT_INIT=1")), facts=FACTS)
    c.up(env={"KT_CALLER": "1"})
    pid, keeper = c.pid(), c.keeper()
    host = re.search(r"^Link:\s*(\S+)", c.run("lxc-info").ok().out, re.M)[1]
    c.run("lxc-stop", "-k").ok()
    env, args = variables(c)
    always = {"LXC_NAME": c.name, "LXC_CONFIG_FILE": str(c.config), "LXC_ROOTFS_MOUNT": "/mnt", "LXC_ROOTFS_PATH": str(c.rootfs),
              "LXC_CGNS_AWARE": "1", "LXC_LOG_LEVEL": "ERROR", "LXC_HOOK_VERSION": str(version), "KT_CALLER": "1"}
    for kind in ORDER:
        section = "net" if kind in ("up", "down") else "lxc"
        want = dict(always)
        if kind in INSIDE:
            want |= {"KT_BOTH": "1"} | ({} if IS_LXC else {"KT_HOOKS": "1"})
        elif kind != "pre-start":
            want["LXC_PID"] = str(pid)
        if kind in ("stop", "post-stop"):
            want["LXC_TARGET"] = "stop"
        if version == 1:
            want |= {"LXC_HOOK_TYPE": kind, "LXC_HOOK_SECTION": section}
            if section == "net":
                want |= {"LXC_NET_TYPE": "veth", "LXC_NET_PARENT": "", "LXC_NET_PEER": host}
        got = {k: v for k, v in env[kind].items() if not k.endswith("_NS")}
        assert got == want, kind
        held = {k: v for k, v in env[kind].items() if k.endswith("_NS")}
        assert set(held) == ({f"LXC_{n}_NS" for n in ("MNT", "PID", "UTS", "IPC", "NET", "CGROUP")} if kind in ("down", "stop") else set())
        assert all(v.startswith(f"/proc/{keeper}/fd/") for v in held.values())
        tail = f"veth {host}" if section == "net" else ""
        if kind == "stop" and version == 0:
            tail = " ".join(f"{n}:{held[f'LXC_{n.upper()}_NS']}" for n in ("mnt", "pid", "uts", "ipc", "net", "cgroup"))
        head = f"{c.name} {section} {kind}" if version == 0 else ""
        assert args[kind] == f"{head} {tail}".strip(), kind


@OURS
def test_the_namespaces_are_there_while_the_stop_hook_runs(hooked):
    c = hooked("lxc.hook.version = 1", facts='; [ -z "$LXC_NET_NS" ] || stat -L -c %i $LXC_NET_NS', without=INSIDE)
    c.up()
    inode = str(Path(f"/proc/{c.pid()}/ns/net").stat().st_ino)
    c.run("lxc-stop", "-k").ok()
    assert c.log()[-5:] == ["down", inode, "stop", inode, "post-stop"]


@OURS
def test_an_outer_containers_variables_do_not_get_through(hooked):
    c = hooked(facts='; env | grep -c -E "LXC_(TARGET|SRC_NAME|NET_NS)=outer" || :', without=INSIDE)
    c.up(env={"LXC_TARGET": "outer", "LXC_SRC_NAME": "outer", "LXC_NET_NS": "outer"})
    assert c.log() == ["pre-start", "0", "up", "0", "start-host", "0"]


@pytest.mark.parametrize("kind", [k for k in ORDER[:7]])
def test_a_failing_hook_ends_the_start(hooked, kind):
    c = hooked(facts=' "$LXC_TARGET"')
    bad = "/bad" if kind == "start" else c.dir / "bad"
    script(c.rootfs / "bad" if kind == "start" else bad, "echo out", "echo err >&2", "exit 3")
    key = "lxc.net.0.script.up" if kind == "up" else f"lxc.hook.{kind}"
    c.add(f"{key} = {bad}")
    line = len(c.config.read_text().splitlines())
    r = c.run("lxc-start").fails()
    before = [k for k in ORDER[:7] if ORDER.index(k) < ORDER.index(kind)] + [kind] * (kind != "up")
    made = ORDER.index(kind) > 0 and not IS_LXC
    assert c.log() == [f"{k} " for k in before] + ["down "] * made + ["stop stop", "post-stop stop"]
    if IS_LXC:
        return
    who, step = ("container init", f"hook.{kind}") if kind in INSIDE else ("keeper", "net.make" if kind == "up" else f"hook.{kind}")
    assert r.err == (f"lxc-start: {c.name}: {'script' if kind == 'up' else 'hook'} {bad} ({key}) exited with status 3\n"
                     f"  set by  {c.config}:{line}  {key}\n  step    {step} ({who})\n  said    out\n          err\n")
    c.run("lxc-start", "-F").fails()
    assert c.state() == "STOPPED"


@OURS
def test_a_hook_that_cannot_be_run(hooked):
    c = hooked("lxc.hook.pre-start = /no/such", without=HOST + INSIDE)
    r = c.run("lxc-start").fails()
    assert re.fullmatch(rf"""lxc-start: {c.name}: hook /no/such \(lxc.hook.pre-start\) exited with status 127
  set by  {c.config}:\d+  lxc.hook.pre-start
  said    .*/no/such: not found
  try     there is no /no/such: create it, or take this line out
""", r.err), r.err


@OURS
def test_a_start_hook_takes_a_shell_in_the_container(container):
    c = container("lxc.hook.start = /say")
    r = c.run("lxc-start").fails()
    assert re.fullmatch(rf"""lxc-start: {c.name}: cannot run /bin/sh: No such file or directory
  set by  {c.config}:\d+  lxc.hook.start
  step    hook.start \(container init\)
  try     a hook is run by /bin/sh, which must be in the container for lxc.hook.start
""", r.err), r.err


def test_a_hook_line_is_the_shells_its_arguments_come_last(hooked):
    c = hooked(without=HOST + INSIDE)
    show = script(c.dir / "show", f'for a; do echo "[$a]"; done >> {c.rootfs}/log')
    c.add(f"lxc.hook.pre-start = {show} a 'b  c' \"$LXC_NAME\" 2>/dev/null")
    c.up()
    assert c.log()[:6] == ["[a]", "[b  c]", f"[{c.name}]", f"[{c.name}]", "[lxc]", "[pre-start]"]


@OURS
def test_a_hook_that_prints_a_mebibyte(hooked):
    c = hooked("lxc.hook.pre-start = sh -c 'head -c 1048576 /dev/zero; echo; echo done >&2' #", without=HOST + INSIDE)
    c.up()


@OURS
@pytest.mark.parametrize("kind", ("pre-start", "mount", "start-host"))
def test_a_daemon_that_holds_the_output_open_does_not_hold_the_start(hooked, kind):
    c = hooked(without=HOST + INSIDE)
    c.add(f"lxc.hook.{kind} = sh -c 'sleep 4 & exit 0' #")
    begin = time.monotonic()
    c.run("lxc-start").ok()
    assert time.monotonic() - begin < 3 * SLOW


@OURS
@pytest.mark.parametrize("kind, who", (("pre-start", "keeper"), ("mount", "container init"), ("start-host", "keeper")))
def test_a_hook_that_hangs_is_killed(hooked, kind, who):
    c = hooked(without=(kind, "start"))
    c.add(f"lxc.hook.{kind} = sh -c 'echo waits; sleep 77' #")
    r = c.run("lxc-start", env=FAULTY).fails()
    assert re.fullmatch(rf"""lxc-start: {c.name}: hook sh -c 'echo waits; sleep 77' # \(lxc.hook.{kind}\) was killed: it had not ended after 1 seconds
  set by  {c.config}:\d+  lxc.hook.{kind}
  step    hook.{kind} \({who}\)
  said    waits
""", r.err), r.err
    assert c.log()[-2:] == ["stop", "post-stop"]


@OURS
def test_a_stop_hook_that_hangs_or_fails_ends_nothing(hooked):
    c = hooked("lxc.hook.stop = sh -c 'sleep 77' #", "lxc.hook.post-stop = /bin/false", without=HOST + INSIDE)
    c.up(env=FAULTY)
    c.run("lxc-stop", "-k", timeout=30).ok()
    assert c.state() == "STOPPED"
    c.up(env=FAULTY)


def state_word(c, word):
    return int(re.search(rf"^{word} (\d+)", state_file(c).read_text(), re.M)[1])


def hanging(number):
    """The processes `sleep NUMBER`."""
    return [int(d.name) for d in Path("/proc").iterdir() if d.name.isdigit() and kind_of(d) == f"sleep\0{number}\0".encode()]


@OURS
@pytest.mark.parametrize("kind", HOST[:2] + INSIDE)
def test_a_hook_has_the_time_that_the_key_gives_it(hooked, kind):
    c = hooked("lxc.hook.timeout = 1", without=(kind, "start"))
    c.add(f"lxc.hook.{kind} = sh -c 'echo waits; sleep 7531' #")
    begin = time.monotonic()
    r = c.run("lxc-start", timeout=30).fails()
    assert 1 <= time.monotonic() - begin < 2 + 2 * SLOW
    assert r.err.startswith(f"lxc-start: {c.name}: hook sh -c 'echo waits; sleep 7531' # (lxc.hook.{kind}) was killed: it had not ended after 1 "
                            f"seconds\n  set by  {c.config}:") and r.err.endswith("  said    waits\n"), r.err
    assert c.log()[-2:] == ["stop", "post-stop"] and not hanging(7531)


@OURS
@pytest.mark.parametrize("kind", ("script.down", "stop", "post-stop"))
@pytest.mark.parametrize("args", ((), ("-k",), ("-t", "3")))
def test_a_stop_has_its_end_whatever_hangs(hooked, lxcpath, kind, args):
    c = hooked("lxc.hook.timeout = 1", f"lxc.log.file = {lxcpath}/log", without=HOST + INSIDE)
    key = f"lxc.net.0.{kind}" if kind == "script.down" else f"lxc.hook.{kind}"
    text = re.sub(r"lxc.net.0.script.down = .*\n", "", c.config.read_text())
    c.config.write_text(text + f"{key} = sh -c 'echo waits; sleep 7532' #\n")
    c.up()
    begin = time.monotonic()
    c.run("lxc-stop", *args, timeout=30).ok()
    assert 1 <= time.monotonic() - begin < 2 + 3 * SLOW
    assert c.state() == "STOPPED" and not hanging(7532)
    what = "script" if kind == "script.down" else "hook"
    line = len(c.config.read_text().splitlines())
    assert (f"{what} sh -c 'echo waits; sleep 7532' # ({key}) was killed: it had not ended after 1 seconds; set by {c.config}:{line} {key}; "
            "said waits\n") in (lxcpath / "log").read_text()


@OURS
@pytest.mark.parametrize("kind", ("pre-start", "mount", "start-host", "stop", "post-stop"))
def test_a_hook_does_not_outlive_a_keeper_that_is_killed(hooked, kind):
    c = hooked(without=(kind, "start"))
    c.add(f"lxc.hook.{kind} = sh -c 'exec sleep 7534' #")
    p = None if kind in ("stop", "post-stop") else c.popen("lxc-start", stderr=subprocess.DEVNULL)
    if not p:
        kill(c.up().pid())
    wait_for(lambda: hanging(7534), "the hook runs")
    kill(state_word(c, "keeper"))
    wait_for(lambda: not hanging(7534), "the hook is dead")
    if p:
        assert p.wait(20 * SLOW) == 1  # and has cleared up
    else:
        config = runtime_config(c)
        config.write_text(config.read_text() + "lxc.hook.timeout = 1\n")
    c.config.write_text(c.config.read_text().replace("exec sleep 7534", "exit 0"))
    begin = time.monotonic()
    c.up()  # clears up first, by the hooks of the life that was cut short
    assert time.monotonic() - begin < 3 + 2 * SLOW
    c.run("lxc-stop", "-k").ok()


def runtime_config(c):
    return state_file(c).with_name("config")


def a_kill_does_not_wait_for_a_hook_that_hangs(c):
    """The hook had ten minutes; a kill leaves it half a minute, and five seconds more."""
    c.add(f"lxc.log.file = {c.dir}/log", "lxc.hook.post-stop = sleep 7533 #")
    c.up()
    begin = time.monotonic()
    c.run("lxc-stop", "-k", timeout=60).ok()
    assert 34 < time.monotonic() - begin < 36 + 2 * SLOW
    assert c.state() == "STOPPED" and not hanging(7533)
    assert "hook sleep 7533 # (lxc.hook.post-stop) was killed: it had not ended 5 seconds after a kill; " in (c.dir / "log").read_text()


def a_kill_leaves_hooks_the_time_that_the_config_gives_them(c):
    """More than the half minute that a kill leaves where lxc.hook.timeout is not set."""
    c.add("lxc.hook.timeout = 60", f"lxc.hook.post-stop = sh -c 'sleep 37; touch {c.dir}/done' #")
    c.up()
    c.run("lxc-stop", "-k", timeout=60).ok()
    assert (c.dir / "done").exists() and c.state() == "STOPPED"


def a_recovery_does_not_wait_for_hooks_for_ever(c):
    """They had ten minutes each; to clear up they have half a minute together."""
    c.add("lxc.hook.stop = sleep 7535 #", "lxc.hook.post-stop = sleep 7535 #")
    c.up()
    keeper = c.keeper()
    kill(keeper)
    wait_for(lambda: gone(keeper), "it is dead")
    begin = time.monotonic()
    assert c.run("lxc-start", timeout=60).ok().err == ""
    assert 30 < time.monotonic() - begin < 33 + 2 * SLOW
    text = runtime_config(c).read_text()
    runtime_config(c).write_text(text.replace("sleep 7535", "true"))
    c.run("lxc-stop", "-k").ok()


@OURS
def test_what_takes_half_a_minute(hooked):
    """Each waits for hooks, so they do it at the same time."""
    whats = (a_kill_does_not_wait_for_a_hook_that_hangs, a_kill_leaves_hooks_the_time_that_the_config_gives_them,
             a_recovery_does_not_wait_for_hooks_for_ever)
    made = [hooked(without=HOST + INSIDE) for _ in whats]
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(what, c) for what, c in zip(whats, made)]:
            done.result()


@OURS
def test_hooks_of_every_kind_have_three_fds(hooked, lxcpath):
    """Whatever its keeper, and whoever called, has open."""
    c = hooked(without=HOST + INSIDE, facts=' $(ls /proc/$$/fd 2>/dev/null | wc -l)')
    text = re.sub(r"lxc.net.0.script.* = .*\n", "", c.config.read_text())
    say = f"{c.rootfs}/answer report {lxcpath}/fds-"
    text += "".join(f"lxc.net.0.script.{kind} = {say}{kind} #\n" for kind in ("up", "down"))
    text += "".join(f"lxc.hook.{kind} = {say}{kind} #\n" for kind in HOST + INSIDE[:3] + ("clone", "destroy"))
    text += "lxc.hook.start = /answer report /fds-start #\n"
    c.config.write_text(text)
    with open("/dev/null") as secret:
        c.up(pass_fds=[secret.fileno()])
        c.run("lxc-stop", "-k", pass_fds=[secret.fileno()]).ok()
        shutil.move(c.rootfs / "fds-start", lxcpath / "fds-start")
        c.run("lxc-copy", "-N", f"{c.name}-2", pass_fds=[secret.fileno()]).ok()
        c.keg.run("lxc-destroy", "-n", f"{c.name}-2", "-P", lxcpath, pass_fds=[secret.fileno()]).ok()
    seen = {f.name[4:]: [line.split(" = ")[0] for line in f.read_text().splitlines() if line.startswith("fd.")] for f in lxcpath.glob("fds-*")}
    assert seen == {kind: ["fd.0", "fd.1", "fd.2"] for kind in (*HOST, *INSIDE, "up", "down", "clone", "destroy")}


def test_a_reboot_is_told_by_its_target(hooked):
    c = hooked(facts=' "$LXC_TARGET"')
    c.up()
    first = c.pid()
    c.run("lxc-stop", "-r").ok()
    wait_for(lambda: c.runs_anew(first), "it runs again")
    c.run("lxc-stop", "-k").ok()
    said = [line if line.startswith(("stop", "post-stop")) else line.split()[0] for line in c.log()]
    assert said == ORDER[:8] + ["stop reboot", "post-stop reboot"] + ORDER[:8] + ["stop stop", "post-stop stop"]


def test_a_failing_post_stop_hook_turns_a_reboot_into_a_stop(hooked):
    c = hooked()
    c.add("lxc.hook.post-stop = /bin/false")
    c.up()
    c.run("lxc-stop", "-r")
    c.stopped()
    assert c.log() == ORDER


@OURS
@pytest.mark.parametrize("kind", ("pre-start", "mount", "start-host"))
def test_a_keeper_that_is_killed_in_a_hook(hooked, kind):
    c = hooked(without=(kind, "start"))
    c.add(f"lxc.hook.{kind} = sh -c 'touch {c.rootfs}/there; exec sleep 30' #")
    p = c.popen("lxc-start", stderr=subprocess.PIPE, text=True)
    wait_for((c.rootfs / "there").exists, "the hook runs")
    hooks = [int(d.name) for d in Path("/proc").iterdir() if d.name.isdigit() and kind_of(d) == b"sleep\x0030\0"]
    kill(int(re.search(r"^keeper (\d+)", state_file(c).read_text(), re.M)[1]))
    _, err = p.communicate(timeout=20 * SLOW)
    assert p.returncode == 1 and err == f"lxc-start: {c.name}: its keeper died in step {step_of(kind)}\n"
    assert c.log()[-2:] == ["stop", "post-stop"]  # of whoever cleared up
    assert c.state() == "STOPPED"
    for pid in hooks:
        if not gone(pid):
            kill(pid)
    text = c.config.read_text().replace("exec sleep 30", "exit 0")
    c.config.write_text(text)
    c.up()


def kind_of(proc):
    try:
        return (proc / "cmdline").read_bytes()
    except OSError:
        return b""


def step_of(kind):
    return {"mount": "hook.start-host"}.get(kind, f"hook.{kind}")  # in which the keeper waits for it


def state_file(c):
    return next(Path("/run/keg").glob(f"*/{c.name}/state"))


@OURS
def test_a_foreground_start_is_interrupted_in_its_hook(hooked):
    c = hooked(without=("pre-start",))
    c.add(f"lxc.hook.pre-start = sh -c 'touch {c.rootfs}/there; sleep 30' #")
    p = c.popen("lxc-start", "-F", stderr=subprocess.PIPE, text=True)
    wait_for((c.rootfs / "there").exists, "the hook runs")
    p.send_signal(signal.SIGINT)
    _, err = p.communicate(timeout=10 * SLOW)
    assert p.returncode == 1 and "(lxc.hook.pre-start) was interrupted\n" in err
    assert c.log() == ["stop", "post-stop"]


def test_a_pre_mount_hook_mounts_what_the_rootfs_is_taken_from(hooked, lxcpath):
    c = hooked(without=HOST + INSIDE)
    at = lxcpath / "at"
    at.mkdir()
    c.config.write_text(c.config.read_text().replace(f"dir:{c.rootfs}", f"dir:{at}"))
    c.add(f"lxc.hook.pre-mount = mount --bind {c.rootfs} {at} #")
    c.up()
    assert not list(at.iterdir())  # the host does not see it


def test_a_mount_hook_mounts_into_the_rootfs(hooked):
    c = hooked(without=HOST + INSIDE)
    c.add("lxc.hook.mount = mount -t tmpfs -o mode=0711 kt-hook $LXC_ROOTFS_MOUNT/tmp #")
    c.up()
    assert "kt-hook /tmp tmpfs" in Path(f"/proc/{c.pid()}/mounts").read_text()


def test_an_autodev_hook_makes_nodes(hooked):
    c = hooked(without=HOST + INSIDE)
    c.add("lxc.hook.autodev = mknod $LXC_ROOTFS_MOUNT/dev/kt c 1 3 #")
    c.up()
    assert Path(f"/proc/{c.pid()}/root/dev/kt").is_char_device()


@OURS
def test_monitor_unshare_keeps_the_hooks_mounts_from_the_host(hooked, lxcpath):
    c = hooked("lxc.monitor.unshare = 1", without=HOST + INSIDE)
    at = lxcpath / "at"
    at.mkdir()
    c.config.write_text(c.config.read_text().replace(f"dir:{c.rootfs}", f"dir:{at}"))
    c.add(f"lxc.hook.pre-start = mount --bind {c.rootfs} {at} #", f"lxc.hook.post-stop = sh -c 'ls {at} > {lxcpath}/seen' #")
    c.up()
    assert not list(at.iterdir())
    assert Path(f"/proc/{c.keeper()}/ns/mnt").readlink() != Path("/proc/self/ns/mnt").readlink()
    c.run("lxc-stop", "-k").ok()
    assert "answer" in (lxcpath / "seen").read_text().split()


def test_a_destroy_hook_may_refuse(hooked, lxcpath):
    c = hooked(without=HOST + INSIDE)
    bad = script(c.dir / "bad", "echo still needed", "exit 1")
    c.add(f"lxc.hook.destroy = {bad}")
    line = len(c.config.read_text().splitlines())
    r = c.run("lxc-destroy").fails()
    assert c.rootfs.is_dir()
    if not IS_LXC:
        assert r.err == (f"lxc-destroy: {c.name}: hook {bad} (lxc.hook.destroy) exited with status 1\n"
                         f"  set by  {c.config}:{line}  lxc.hook.destroy\n  said    still needed\n")
    script(bad, f'echo "$* $LXC_ROOTFS_PATH" > {lxcpath}/said; test -d $LXC_ROOTFS_PATH')
    c.run("lxc-destroy").ok()
    assert not c.dir.exists()
    assert (lxcpath / "said").read_text() == f"{c.name} lxc destroy {c.rootfs}\n"


def test_an_ephemeral_container_goes_after_its_post_stop_hook(hooked, lxcpath):
    c = hooked("lxc.ephemeral = 1", without=HOST + INSIDE)
    for kind in ("post-stop", "destroy"):
        c.add(f"lxc.hook.{kind} = sh -c 'test -d {c.rootfs} && echo {kind} >> {lxcpath}/said' #")
    c.up()
    c.run("lxc-stop", "-k").ok()
    wait_for(lambda: not c.dir.exists(), "it is gone")
    assert (lxcpath / "said").read_text() == "post-stop\ndestroy\n"


def test_scripts_of_a_network_without_a_device(hooked):
    c = hooked(without=HOST + INSIDE, facts=' "$*"')
    c.config.write_text(c.config.read_text().replace("lxc.net.0.type = veth", "lxc.net.0.type = empty"))
    c.up()
    c.run("lxc-stop", "-k").ok()
    assert c.log() == [f"up {c.name} net up empty", f"down {c.name} net down empty"]


@OURS
def test_a_start_that_somebody_freezes_goes_on(hooked):
    """A cgroup has the same name in each life: who means the last one freezes the next, before it runs."""
    c = hooked(without=("mount",))
    c.add(f"lxc.hook.mount = sh -c 'touch {c.dir}/there; while [ ! -e {c.dir}/go ]; do sleep 0.05; done' #")
    p = c.popen("lxc-start", stderr=subprocess.PIPE, text=True)
    wait_for((c.dir / "there").exists, "the hook runs")
    assert c.run("lxc-freeze").fails(1).err == f"lxc-freeze: {c.name}: it is still starting\n"
    cgroup = re.search(r"^cgroup (.+)$", state_file(c).read_text(), re.M)[1]
    freezer, word = Path(f"/sys/fs/cgroup/freezer/{cgroup}/freezer.state"), "FROZEN"
    if not freezer.exists():
        freezer, word = next(Path("/sys/fs/cgroup").glob(f"**/{cgroup}/cgroup.freeze")), "1"
    freezer.write_text(word)
    (c.dir / "go").touch()
    assert p.wait(5 * SLOW) == 0 and p.stderr.read() == ""
    p.stderr.close()
    assert c.state() == "RUNNING"
    c.run("lxc-stop", "-k").ok()
