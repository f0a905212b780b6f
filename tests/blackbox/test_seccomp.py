# SPDX-License-Identifier: MIT
"""Seccomp: which calls a container can make, what else is done about them, and who decides about some."""
import array
import ctypes
import fcntl
import os
import select
import shutil
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

from lab import IS_LXC, MARK, SLOW, wait_for
from test_abi import LIB, Object

PROBE = r"""
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
/* NAME[,ARG...]...: what each call returns, or the number of its error; "mode": that of seccomp; "await": says
   /ready, goes on when there is /go, and writes to /result */
int main(int argc, char **argv)
{
	struct { const char *name; long nr; } known[] = { { "mkdir", SYS_mkdir }, { "rmdir", SYS_rmdir }, { "umount2", SYS_umount2 } };
	for (int i = 1; i < argc; i++) {
		long a[6] = { 0 }, r = -1;
		char *word = strtok(argv[i], ","), *arg;
		for (int n = 0; (arg = strtok(NULL, ",")); n++)
			a[n] = strtol(arg, NULL, 0);
		if (strcmp(word, "mode") == 0)
			r = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
		for (int k = 0; k < 3; k++)
			if (strcmp(known[k].name, word) == 0)
				r = syscall(known[k].nr, a[0], a[1], a[2]);
		if (strcmp(word, "await") == 0) {
			for (fclose(fopen("/ready", "w")); access("/go", F_OK); usleep(10000))
				;
			r = freopen("/result", "w", stdout) ? 0 : -1;
		}
		printf("%s %ld\n", word, r < 0 ? (long)errno : -r);
	}
	return 0;
}
"""
EFAULT, EACCES, ENOSYS = 14, 13, 38


@pytest.fixture(scope="session")
def probe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    (folder / "probe.c").write_text(PROBE)
    subprocess.run(["cc", "-O1", "-static", "-o", folder / "probe", folder / "probe.c"], check=True)
    return folder / "probe"


@pytest.fixture
def confined(container, probe):
    """A container under a policy; calls(WORD...) makes them in it and gives what each got."""
    def make(policy, *lines):
        c = container(*lines)
        shutil.copy(probe, c.rootfs / "probe")
        c.policy = c.dir / "policy"
        c.policy.write_text(policy)
        c.add(f"lxc.seccomp.profile = {c.policy}")

        def calls(*words, tool="lxc-execute", **how):
            args = ("--",) if tool == "lxc-execute" else ("-F", "--")
            r = c.run(tool, *args, "/probe", *words, **how).ok()
            assert r.err == ""
            return answers(r.out)
        c.calls = calls
        return c
    return make


def answers(out):
    return [int(line.split()[1]) for line in out.splitlines()]


# --- policies ---------------------------------------------------------------------------------------------

def test_a_denylist_denies_what_it_names(confined):
    c = confined("2\ndenylist\nreject_force_umount  # why\n[all]\nmkdir errno 77\nrmdir errno 0\n")
    assert c.calls("mkdir", "rmdir", "umount2,0,1", "umount2,0,0", "mode") == [77, 0, EACCES, EFAULT, -2]


def test_an_allowlist_with_a_default_action(confined):
    c = confined("2\nallowlist allow\nmkdir errno 77 [1,3,SCMP_CMP_MASKED_EQ,15] [0,0,==]\n")
    assert c.calls("mkdir,0,0x13", "mkdir,0,2", "mkdir,1,3") == [77, EFAULT, EFAULT]


def test_without_an_action_a_denied_call_kills(confined):
    c = confined("2\ndenylist\nmkdir\n")
    assert c.run("lxc-execute", "--", "/probe", "mkdir").rc == 128 + 31


@pytest.mark.skipif(IS_LXC, reason="LXC loses what an init that ends at once has said")
def test_init_itself_is_under_the_policy(confined):
    c = confined("2\ndenylist\nmkdir errno 77\n")
    assert c.run("lxc-start", "-F", "--", "/probe", "mkdir", "mode").ok().out.split() == ["mkdir", "77", "mode", "-2"]


def test_dropped_capabilities_and_another_user_do_not_matter(confined):
    c = confined("2\ndenylist\nmkdir errno 77\n", "lxc.cap.drop = sys_admin", "lxc.init.uid = 1000", "lxc.init.gid = 1000")
    assert c.calls("mkdir", "mode") == [77, -2]


def test_without_a_policy_nothing_is_loaded(container, probe):
    c = container()
    shutil.copy(probe, c.rootfs / "probe")
    r = c.run("lxc-execute", "--", "/probe", "mode").ok()
    assert r.out == "mode 0\n"


@pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
def test_all_mistakes_of_a_policy_are_told_together(confined):
    c = confined("2\ndenylist\nmkdir errno 70000\n[pdp11]\nrmdir kill [9,0,==]\n")
    assert c.run("lxc-start").fails().err == f"""\
lxc-start: {c.name}: {c.policy}:3: bad errno "70000": allowed is 0 to 4095
  set by  {c.config}:6  lxc.seccomp.profile
  step    seccomp.compile (keeper)
  said    {c.policy}:4: unknown architecture [pdp11]
          {c.policy}:5: bad argument index "9": allowed is 0 to 5
"""


def test_five_hundred_rules(confined):
    names = subprocess.run(["cc", "-E", "-dM", "-x", "c", "-"], input="#include <sys/syscall.h>\n", capture_output=True, text=True,
                           check=True).stdout
    calls = sorted({line.split()[1][4:] for line in names.splitlines() if line.startswith("#define SYS_")})
    denied = ("mk", "rm", "ren", "sym", "link", "un", "add", "key", "io_", "mq_", "quo")
    rules = [f"{n} {'errno 77' if n.startswith(denied) else 'allow'}" for n in calls]
    rules += [f"socket errno 77 [0,{n},==]" for n in range(1000, 1500 - len(rules))]
    assert len(rules) == 500
    c = confined("2\nallowlist\n[all]\n" + "\n".join(rules) + "\n")
    assert c.calls("mkdir", "rmdir") == [77, 77]


# --- one filter on another --------------------------------------------------------------------------------

NEST = r"""
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	struct sock_filter f = { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW };
	struct sock_fprog p = { 1, &f };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p) || execv(argv[1], argv + 1);
}
"""


@pytest.fixture(scope="session")
def nest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nest")
    (folder / "nest.c").write_text(NEST)
    subprocess.run(["cc", "-O1", "-o", folder / "nest", folder / "nest.c"], check=True)
    return folder / "nest"


def test_under_a_filter_already_a_policy_is_added_only_where_nesting_is_allowed(confined, nest):
    c = confined("2\ndenylist\nmkdir errno 77\n")
    r = c.run("lxc-execute", "--", "/probe", "mkdir", "mode", under=[nest]).ok()
    assert answers(r.out) == [EFAULT, -2]
    c.add("lxc.seccomp.allow_nesting = 1")
    r = c.run("lxc-execute", "--", "/probe", "mkdir", "mode", under=[nest]).ok()
    assert answers(r.out) == [77, -2]


# --- attach -----------------------------------------------------------------------------------------------

def test_attached_programs_are_under_the_policy(confined):
    c = confined("2\ndenylist\nmkdir errno 77\n").up()
    assert answers(c.attach("/probe", "mkdir", "mode").ok().out) == [77, -2]
    assert answers(c.attach("/probe", "mkdir", "mode", options=("-u", "1000", "-g", "1000")).ok().out) == [77, -2]
    assert answers(c.attach("/probe", "mkdir", "mode", options=("-eCAP",)).ok().out) == [77, -2]
    for elevated in ("-eLSM", "-e"):
        assert answers(c.attach("/probe", "mkdir", "mode", options=(elevated,)).ok().out) == [EFAULT, 0]


@pytest.mark.skipif(IS_LXC, reason="LXC reads the file again")
def test_attached_programs_get_the_filter_that_init_has(confined):
    c = confined("2\ndenylist\nmkdir errno 77\n").up()
    c.policy.write_text("2\ndenylist\nmkdir errno 66\n")
    assert answers(c.attach("/probe", "mkdir").ok().out) == [77]
    c.policy.unlink()
    assert answers(c.attach("/probe", "mkdir").ok().out) == [77]


# --- notifications ----------------------------------------------------------------------------------------

HEAD = struct.Struct("=QiiHHHxxQ")


class Proxy:
    """Answers each notification by decide(args): (value, error)."""

    def __init__(self, address, decide=lambda args: (0, -int(args[1])), cut=0):
        self.address, self.decide, self.cut, self.asked = address, decide, cut, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.bind(address)
        self.socket.listen(5)
        self.end_r, self.end_w = os.pipe()
        self.connections = 0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        open_ = [self.socket]
        while True:
            ready = select.select([*open_, self.end_r], [], [])[0]
            if self.end_r in ready:
                break
            for s in ready:
                if s is self.socket:
                    open_.append(s.accept()[0])
                    self.connections += 1
                elif not self.one(s):
                    s.close()
                    open_.remove(s)
        for s in open_:
            s.close()

    def one(self, s):
        data, control, _, _ = s.recvmsg(4096, 256)
        if not data:
            return False
        fds = array.array("i")
        for _, _, more in control:
            fds.frombytes(more)
        _, keeper, init, n_notif, n_resp, _, n_cookie = HEAD.unpack_from(data)
        notif = data[HEAD.size:HEAD.size + n_notif]
        cookie = data[HEAD.size + n_notif + n_resp:]
        assert len(cookie) == n_cookie
        id_, pid = struct.unpack_from("=QI", notif)
        args = struct.unpack_from("=6Q", notif, 32)
        self.asked.append({"keeper": keeper, "init": init, "pid": pid, "cookie": cookie, "args": args, "sizes": (n_notif, n_resp),
                           "fds": [os.readlink(f"/proc/self/fd/{f}") for f in fds]})
        for f in fds:
            os.close(f)
        answer = self.decide(args)
        if answer is None:
            return False
        value, error = answer
        s.send((data[:HEAD.size] + notif + struct.pack("=QqiI", id_, value, error, 0))[:-self.cut or None])
        return True

    def stop(self):
        os.write(self.end_w, b"x")
        self.thread.join()
        for f in (self.end_r, self.end_w):
            os.close(f)
        if not self.address.startswith("\0"):
            os.unlink(self.address)


@pytest.fixture
def proxy():
    started = []

    def make(address, **how):
        started.append(Proxy(address, **how))
        return started[-1]
    yield make
    for p in started:
        if p.thread.is_alive():
            p.stop()


NOTIFY = "2\ndenylist\nmkdir notify\n"


@pytest.mark.parametrize("kind", ["path", pytest.param("abstract", marks=pytest.mark.skipif(IS_LXC, reason="LXC connects to another name"))])
def test_a_proxy_decides(confined, proxy, kind):
    c = confined(NOTIFY, "lxc.seccomp.notify.cookie = a cookie")
    name = f"{MARK}-proxy"
    p = proxy(f"\0{name}" if kind == "abstract" else str(c.dir / "proxy"))
    c.add(f"lxc.seccomp.notify.proxy = unix:{'@' + name if kind == 'abstract' else c.dir / 'proxy'}")
    assert c.calls("mkdir,0,71", "mkdir,0,72", "rmdir") == [71, 72, EFAULT]
    assert p.connections == 1
    one = p.asked[0]
    assert one["cookie"] == b"a cookie" and one["sizes"] == (80, 24)
    assert one["fds"] == [f"/proc/{one['pid']}", f"/proc/{one['pid']}/mem", "anon_inode:seccomp notify"]
    assert p.asked[1]["args"][:2] == (0, 72)


def test_the_pids_of_keeper_and_init_are_told(confined, proxy):
    c = confined(NOTIFY)
    p = proxy(str(c.dir / "proxy"))
    c.add(f"lxc.seccomp.notify.proxy = unix:{c.dir}/proxy")
    c.up()
    assert answers(c.attach("/probe", "mkdir,0,71").ok().out) == [71]
    assert (p.asked[0]["keeper"], p.asked[0]["init"]) == (c.keeper(), c.pid())
    assert p.asked[0]["cookie"] == b""


@pytest.mark.skipif(IS_LXC, reason="LXC answers EFAULT or hangs")
def test_a_proxy_that_comes_and_goes(confined, proxy):
    c = confined(NOTIFY)
    first = proxy(str(c.dir / "proxy"))
    c.add(f"lxc.seccomp.notify.proxy = unix:{c.dir}/proxy")
    c.up()
    assert answers(c.attach("/probe", "mkdir,0,71").ok().out) == [71]
    first.stop()
    assert answers(c.attach("/probe", "mkdir,0,71").ok().out) == [ENOSYS]
    second = proxy(str(c.dir / "proxy"))
    assert answers(c.attach("/probe", "mkdir,0,72").ok().out) == [72]
    assert len(second.asked) == 1


@pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
def test_a_proxy_that_dies_over_a_question_is_asked_once_more(confined, proxy):
    c = confined(NOTIFY)
    p = proxy(str(c.dir / "proxy"), decide=lambda args: None)
    c.add(f"lxc.seccomp.notify.proxy = unix:{c.dir}/proxy")
    assert c.calls("mkdir,0,71") == [ENOSYS]
    assert (len(p.asked), p.connections) == (2, 2)


@pytest.mark.skipif(IS_LXC, reason="LXC says the same, and more on stderr")
def test_a_short_answer_means_the_default(confined, proxy):
    c = confined(NOTIFY)
    proxy(str(c.dir / "proxy"), cut=8)
    c.add(f"lxc.seccomp.notify.proxy = unix:{c.dir}/proxy")
    assert c.calls("mkdir,0,71") == [ENOSYS]


@pytest.mark.skipif(IS_LXC, reason="LXC leaves the caller waiting")
def test_without_a_proxy_such_a_call_does_not_exist(confined):
    assert confined(NOTIFY).calls("mkdir,0,71") == [ENOSYS]


RECV, SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND
MSG_MAGIC, CONTROL_SECCOMP = 0x6B656731, 4  # base/msg.h, keeper/control.h


def ask_for_the_listener(c):
    """(error, fds) of the control socket's answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(str(next(Path("/run/keg").glob(f"*/{c.name}/control"))))
        s.send(struct.pack("=IHHI", MSG_MAGIC, CONTROL_SECCOMP, 0, 0))
        data, fds, _, _ = socket.recv_fds(s, 64, 4)
    assert struct.unpack_from("=IHHI", data) == (MSG_MAGIC, CONTROL_SECCOMP, len(fds), 4)
    return struct.unpack_from("=i", data, 12)[0], fds


def listener_by_the_library(c):
    lib = ctypes.CDLL(LIB)
    o = Object(lib, c.name, c.lxcpath)
    try:
        fd = o.seccomp_notify_fd_active()
        assert fd >= 0, o.error()
        assert os.get_inheritable(fd) is False
        return 0, [fd]
    finally:
        lib.lxc_container_put(o.c)


@pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
@pytest.mark.parametrize("ask", [ask_for_the_listener, listener_by_the_library])
def test_a_program_that_asks_for_the_listener_answers_for_init(confined, ask):
    c = confined(NOTIFY)
    c.config.write_text(c.config.read_text().replace("lxc.init.cmd = /answer", "lxc.init.cmd = /probe await mkdir,0,1 mkdir,0,2"))
    c.up()
    error, fds = ask(c)
    assert error == 0 and len(fds) == 1
    (c.rootfs / "go").touch()
    for answer in (71, 72):
        assert select.select(fds, [], [], 10 * SLOW)[0] == fds
        notif = bytearray(80)
        fcntl.ioctl(fds[0], RECV, notif)
        id_, pid = struct.unpack_from("=QI", notif)
        assert pid == c.pid()
        fcntl.ioctl(fds[0], SEND, struct.pack("=QqiI", id_, 0, -answer, 0))
    os.close(fds[0])
    c.stopped()
    assert answers((c.rootfs / "result").read_text()) == [0, 71, 72]


@pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
def test_a_container_that_notifies_nobody_has_no_listener(confined):
    c = confined("2\ndenylist\nmkdir errno 77\n").up()
    assert ask_for_the_listener(c) == (19, [])


@pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
def test_a_proxy_that_is_not_there(confined):
    c = confined(NOTIFY, "lxc.seccomp.notify.proxy = unix:/nosuch/proxy")
    assert c.run("lxc-start").fails().err == f"""\
lxc-start: {c.name}: cannot connect to the seccomp proxy unix:/nosuch/proxy: No such file or directory
  set by  {c.config}:6  lxc.seccomp.notify.proxy
  step    seccomp.proxy (keeper)
  try     start the program that listens there (SOCK_SEQPACKET)
"""


def test_it_goes_on_after_a_reboot(confined, proxy):
    c = confined(NOTIFY)
    p = proxy(str(c.dir / "proxy"))
    c.add(f"lxc.seccomp.notify.proxy = unix:{c.dir}/proxy")
    c.up()
    before = c.pid()
    (c.rootfs / "ready").unlink()
    c.run("lxc-stop", "-r").ok()
    wait_for(lambda: (c.rootfs / "ready").exists() and c.pid() != before, "it is back")
    assert answers(c.attach("/probe", "mkdir,0,71").ok().out) == [71]
    assert p.asked[-1]["init"] == c.pid()


@pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
def test_a_keeper_with_a_listener_sleeps(confined, proxy):
    c = confined(NOTIFY)
    proxy(str(c.dir / "proxy"))
    c.add(f"lxc.seccomp.notify.proxy = unix:{c.dir}/proxy")
    c.up()
    assert answers(c.attach("/probe", "mkdir,0,71").ok().out) == [71]

    def switches():
        with open(f"/proc/{c.keeper()}/status") as f:
            return [line for line in f if "ctxt_switches" in line]
    time.sleep(0.2)
    before = switches()
    time.sleep(0.5)
    assert switches() == before
