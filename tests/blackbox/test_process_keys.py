# SPDX-License-Identifier: MIT
"""What init gets as a process: limits, kernel parameters, values in /proc, no_new_privs, core scheduling; and that
attached programs get the same."""
import ctypes
import os
import re
import subprocess
from pathlib import Path

import pytest

from lab import IS_LXC, kill, needs

words = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")


def limit(pid, title):
    """(soft, hard) out of /proc/PID/limits."""
    return tuple(re.search(rf"^{title}\s+(\S+)\s+(\S+)", Path(f"/proc/{pid}/limits").read_text(), re.M).groups())


def fact(text, name):
    return re.search(rf"^{name}:\s*(.*)", text, re.M)[1].split()


def attached(c, file):
    """A file of /proc of an attached program's own, told by it."""
    out = c.attach("/answer", "report", "-").ok().out
    return "".join(line.split(" = ", 1)[1] + "\n" for line in out.splitlines() if line.startswith(file + " = "))


def says(c, line, *lines, step=None, hint=None, key=None):
    """A start that fails because of the config's last line, with these words."""
    c.add(line)
    n = len(c.config.read_text().splitlines())
    want = [f"lxc-start: {c.name}: {lines[0]}", f"  set by  {c.config}:{n}  {key or line.split()[0]}"]
    if step:
        want.append(f"  step    {step}")
    if hint:
        want.append(f"  try     {hint}")
    r = c.run("lxc-start").fails()
    assert r.err == "\n".join(want) + "\n"
    assert c.state() == "STOPPED"


# --- lxc.prlimit ------------------------------------------------------------------------------------------

def test_limits_are_those_of_init_and_of_attached_programs(container):
    c = container("lxc.prlimit.nofile = 100 : 200", "lxc.prlimit.nproc = 50", "lxc.prlimit.core = unlimited").up()
    assert limit(c.pid(), "Max open files") == ("100", "200")
    assert limit(c.pid(), "Max processes") == ("50", "50")
    assert limit(c.pid(), "Max core file size") == ("unlimited", "unlimited")
    p = c.popen("lxc-attach", "--", "/answer", "touch", "/in", "sleep")
    try:
        while not (c.rootfs / "in").exists():
            assert p.poll() is None
        inside = [int(d.name) for d in Path("/proc").iterdir() if d.name.isdigit() and is_child(d, p.pid)]
        assert [limit(pid, "Max open files") for pid in inside] == [("100", "200")]
    finally:
        p.terminate()
        p.wait()
        c.kill()


def is_child(d, parent):
    try:
        return int(re.search(r"^PPid:\s*(\d+)", (d / "status").read_text(), re.M)[1]) == parent
    except OSError:
        return False


def test_the_last_limit_of_a_name_counts_and_an_empty_one_takes_it_away(container):
    c = container("lxc.prlimit.nofile = 100", "lxc.prlimit.nofile = 90", "lxc.prlimit.nproc = 50", "lxc.prlimit.nproc =").up()
    assert limit(c.pid(), "Max open files") == ("90", "90")
    assert limit(c.pid(), "Max processes") == limit(os.getpid(), "Max processes")
    c.run("lxc-stop", "-k").ok()
    c.add("lxc.prlimit =")
    assert limit(c.up().pid(), "Max open files") != ("90", "90")


def test_a_limit_that_would_stop_the_start_itself_does_not(container):
    c = container("lxc.prlimit.nofile = 3", "lxc.prlimit.nproc = 1", "lxc.init.uid = 1000", init="/answer sleep")
    c.run("lxc-start").ok()
    assert limit(c.pid(), "Max open files") == ("3", "3")


@words
@pytest.mark.parametrize("line, text, hint", [
    ("lxc.prlimit.nofiles = 5", "lxc.prlimit.nofiles: there is no resource nofiles", "did you mean lxc.prlimit.nofile?"),
    ("lxc.prlimit.NOFILE = 5", "lxc.prlimit.NOFILE: there is no resource NOFILE",
     "resources are those of getrlimit(2) in lower case: nofile, nproc, memlock, ..."),
    ("lxc.prlimit.nofile = many", 'bad value "many" of lxc.prlimit.nofile: allowed is SOFT or SOFT:HARD, each a number or '
     '"unlimited", SOFT at most HARD', None),
    ("lxc.prlimit.nofile = 20:10", 'bad value "20:10" of lxc.prlimit.nofile: allowed is SOFT or SOFT:HARD, each a number or '
     '"unlimited", SOFT at most HARD', None),
    ("lxc.prlimit = 5", 'bad value "5" of lxc.prlimit: allowed is nothing: an empty value takes all lxc.prlimit.* away', None),
])
def test_a_wrong_limit_is_refused(container, line, text, hint):
    says(container(), line, text, hint=hint)


@words
def test_a_hard_limit_that_cannot_be_raised_is_told(container):
    caps = int(re.search(r"CapEff:\s*(\S+)", Path("/proc/self/status").read_text())[1], 16)
    needs(not caps >> 24 & 1, "this kernel has no limit that CAP_SYS_RESOURCE cannot raise")
    hard = limit(os.getpid(), "Max open files")[1]
    says(container(), "lxc.prlimit.nofile = 5:9999999", "cannot limit nofile to 5:9999999: Operation not permitted",
         step="init.limits (keeper)", hint=f"the hard limit is {hard} here, and raising it takes CAP_SYS_RESOURCE")


# --- lxc.sysctl -------------------------------------------------------------------------------------------

def test_parameters_of_the_containers_namespaces_are_set(container):
    host = Path("/proc/sys/net/ipv4/conf/lo/forwarding").read_text()
    c = container("lxc.mount.auto =", "lxc.mount.auto = proc:mixed", "lxc.sysctl.net.ipv4.conf.lo.forwarding = 1",
                  "lxc.sysctl.kernel/msgmax = 4000", "lxc.sysctl.net.ipv4.ip_default_ttl = 60", "lxc.sysctl.net.ipv4.ip_default_ttl = 61")
    c.up()
    script = "cat /proc/sys/net/ipv4/conf/lo/forwarding /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_default_ttl"
    assert in_namespaces(c, script) == "1\n4000\n61\n"
    assert Path("/proc/sys/net/ipv4/conf/lo/forwarding").read_text() == host


def in_namespaces(c, script):
    return subprocess.run(["nsenter", "-t", str(c.pid()), "-n", "-i", "sh", "-c", script], capture_output=True, text=True, check=True).stdout


def test_without_a_proc_of_its_own_they_are_set_too(container):
    c = container("lxc.mount.auto =", "lxc.sysctl.kernel.msgmax = 4000").up()
    assert in_namespaces(c, "cat /proc/sys/kernel/msgmax") == "4000\n"


def test_a_name_with_slashes_keeps_its_dots(container):
    """An interface whose name holds a dot; it is there by the time that the parameters are set."""
    c = container("lxc.net.0.type = veth", "lxc.net.0.name = e.1", "lxc.net.0.flags = up",
                  "lxc.sysctl.net/ipv4/conf/e.1/forwarding = 1", "lxc.sysctl.net.ipv4.conf.e/1.rp_filter = 2", net="lxc.net.0.type = empty").up()
    assert in_namespaces(c, "cat /proc/sys/net/ipv4/conf/e.1/forwarding /proc/sys/net/ipv4/conf/e.1/rp_filter") == "1\n2\n"


@words
@pytest.mark.parametrize("line, text, step, hint", [
    ("lxc.sysctl.no.such = 5", "cannot set no.such to 5: No such file or directory", "sysctl.write (container init)",
     "the container has no /proc/sys/no/such"),
    ("lxc.sysctl.net.ipv4.ip_forward = abc", "cannot set net.ipv4.ip_forward to abc: Invalid argument", "sysctl.write (container init)", None),
    ("lxc.sysctl.../../etc/passwd = x", "lxc.sysctl.../../etc/passwd: the name is that of a file below /proc/sys, such as "
     "net.ipv4.ip_forward", None, None),
    ("lxc.sysctl.net/../../self/comm = x", "lxc.sysctl.net/../../self/comm: the name is that of a file below /proc/sys, such as "
     "net.ipv4.ip_forward", None, None),
])
def test_a_wrong_parameter_is_told(container, line, text, step, hint):
    says(container(), line, text, step=step, hint=hint)


# --- lxc.proc ---------------------------------------------------------------------------------------------

def test_values_in_proc_are_those_of_init_and_of_attached_programs(container):
    c = container("lxc.proc.oom_score_adj = 50", "lxc.proc.oom_score_adj = 77", "lxc.proc.timerslack_ns = 60000").up()
    assert Path(f"/proc/{c.pid()}/oom_score_adj").read_text() == "77\n"
    assert Path(f"/proc/{c.pid()}/timerslack_ns").read_text() == "60000\n"


@words
@pytest.mark.parametrize("line, text, step, hint", [
    ("lxc.proc.no_such = 5", "cannot write 5 to no_such of init: No such file or directory", "init.proc (keeper)",
     "/proc/PID of this kernel has no such file"),
    ("lxc.proc.oom_score_adj = x", "cannot write x to oom_score_adj of init: Invalid argument", "init.proc (keeper)", None),
    ("lxc.proc.root/etc/passwd = x", "cannot write x to root/etc/passwd of init: Too many levels of symbolic links", "init.proc (keeper)", None),
    ("lxc.proc.../1/oom_score_adj = 5", 'lxc.proc.../1/oom_score_adj: the name is that of a file in /proc/PID, without ".."', None, None),
])
def test_a_wrong_value_in_proc_is_told(container, line, text, step, hint):
    says(container(), line, text, step=step, hint=hint)


# --- the rest ---------------------------------------------------------------------------------------------

def test_no_new_privs(container):
    c = container("lxc.no_new_privs = 1").up()
    assert fact(Path(f"/proc/{c.pid()}/status").read_text(), "NoNewPrivs") == ["1"]
    assert fact(attached(c, "status"), "NoNewPrivs") == ["1"]


def test_without_it_setuid_programs_work(container):
    c = container().up()
    assert fact(Path(f"/proc/{c.pid()}/status").read_text(), "NoNewPrivs") == ["0"]
    assert fact(attached(c, "status"), "NoNewPrivs") == ["0"]


def core_scheduling():
    """0, or the errno with which this kernel refuses PR_SCHED_CORE_GET."""
    libc, cookie = ctypes.CDLL(None, use_errno=True), ctypes.c_ulong()
    return 0 if libc.prctl(62, 0, 0, 0, ctypes.byref(cookie)) == 0 else ctypes.get_errno()


@words
def test_core_scheduling_where_there_is_none_is_an_error(container):
    error = core_scheduling()
    needs(error, "this kernel has no lack of core scheduling")
    hint = {22: "this kernel has no core scheduling (Linux 5.14, CONFIG_SCHED_CORE)",
            19: "the cores of this processor have one thread each: there is nothing to share; take it out"}[error]
    says(container(), "lxc.sched.core = 1", f"cannot make a core scheduling domain: {os.strerror(error)}", step="sched.look (keeper)", hint=hint)


def test_core_scheduling(container):
    needs(not core_scheduling(), "this kernel has no core scheduling")
    c = container("lxc.sched.core = 1").up()
    c.attach("/answer", "exit", "0").ok()


def test_init_as_somebody_else_with_groups(container):
    c = container("lxc.init.uid = 1000", "lxc.init.gid = 1001", "lxc.init.groups = 7,8", "lxc.init.groups = 9", init="/answer sleep")
    c.run("lxc-start").ok()
    status = Path(f"/proc/{c.pid()}/status").read_text()
    assert fact(status, "Uid") == ["1000"] * 4 and fact(status, "Gid") == ["1001"] * 4
    assert fact(status, "Groups") == ["7", "8", "9"]


def test_quotes_keep_the_words_of_the_command_together(container):
    c = container(init='''/answer print "two  words" print 'a "b"' sleep''')
    c.run("lxc-start").ok()
    argv = Path(f"/proc/{c.pid()}/cmdline").read_bytes().split(b"\0")
    assert argv[:-1] == [b"/answer", b"print", b"two  words", b"print", b'a "b"', b"sleep"]


def test_the_environment_of_init_and_of_attached_programs(container):
    c = container("lxc.environment = A=both", "lxc.environment.runtime = B=two words", "lxc.environment.hooks = C=hooks").up()
    env = Path(f"/proc/{c.pid()}/environ").read_bytes().decode().split("\0")
    assert env[:-1] == ["A=both", "B=two words", "container=lxc"]
    out = c.attach("/answer", "report", "-").ok().out
    assert "env = A=both\n" in out and "env = B=two words\n" in out and "C=hooks" not in out


# --- security modules -------------------------------------------------------------------------------------

NO_APPARMOR = not os.path.exists("/sys/kernel/security/apparmor")
NO_SELINUX = not os.path.exists("/sys/fs/selinux/enforce")


@pytest.mark.parametrize("profile", ["generated", "unconfined", "unchanged", "no-such-profile"])
def test_without_apparmor_its_keys_change_nothing(container, profile):
    needs(NO_APPARMOR, "this kernel has no lack of AppArmor")
    container(f"lxc.apparmor.profile = {profile}", "lxc.apparmor.raw = deny /x rw,", "lxc.apparmor.allow_incomplete = 1").up()


def label(c):
    return Path(f"/proc/{c.pid()}/attr/current").read_text().rstrip("\0\n")


@words
def test_a_generated_profile_confines_and_goes_with_the_container(container):
    needs(not NO_APPARMOR, "this kernel has no AppArmor")
    c = container("lxc.apparmor.profile = generated", "lxc.apparmor.raw = deny /secret rw,").up()
    profile = f"lxc-{c.name}_<{c.lxcpath}>"
    assert label(c).startswith(profile)
    (c.rootfs / "secret").write_text("x")
    assert c.attach("/answer", "touch", "/secret").fails(111).err == "answer: /secret: Permission denied\n"
    assert c.attach("/answer", "touch", "/other").rc == 0
    kill(c.keeper())
    c.stopped()
    c.up()
    c.run("lxc-stop", "-k").ok()
    assert profile not in Path("/sys/kernel/security/apparmor/profiles").read_text()


@words
def test_a_profile_that_is_not_loaded_is_told(container):
    needs(not NO_APPARMOR, "this kernel has no AppArmor")
    says(container(), "lxc.apparmor.profile = no-such", "the AppArmor profile no-such is not loaded", step="apparmor.load (keeper)",
         hint="load it: apparmor_parser -r FILE; or set lxc.apparmor.profile = generated")


@words
@pytest.mark.parametrize("key", ["lxc.selinux.context", "lxc.selinux.context.keyring"])
def test_a_context_without_selinux_is_an_error(container, key):
    needs(NO_SELINUX, "this kernel has no lack of SELinux")
    says(container(), f"{key} = system_u:system_r:lxc_t:s0", "this kernel does not run SELinux, so there is no context "
         "system_u:system_r:lxc_t:s0", step="selinux.look (keeper)",
         hint="take lxc.selinux.* out of the config, or boot with security=selinux")


@pytest.mark.parametrize("lines, there", [(("lxc.mount.entry = none tmp tmpfs create=dir 0 0",), True), ((), False)])
def test_nesting_has_a_clean_proc_and_sys_beside_the_mount_entries(container, lines, there):
    c = container("lxc.apparmor.allow_nesting = 1", *lines).up()
    mounts = Path(f"/proc/{c.pid()}/mountinfo").read_text()
    assert [f" /dev/.lxc/{n} " in mounts for n in ("proc", "sys")] == [there, there]
