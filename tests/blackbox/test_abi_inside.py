# SPDX-License-Identifier: MIT
"""liblxc.so.1 in a running container: attach with a function and all options, fds, mounts, addresses, the log; threads."""
import ctypes as C
import errno
import os
import subprocess
import threading

import pytest

from lab import BIN, IS_LXC, needs
from test_abi import AT, LIB, Object, argv

P, S, I, B, L = C.c_void_p, C.c_char_p, C.c_int, C.c_bool, C.c_ulong
AT.update({
    "get_interfaces": (296, P), "attach": (368, I, P, P, P, P), "attach_interface": (448, B, S, S), "checkpoint": (464, B, S, B, B),
    "console_log": (504, I, P), "mount": (520, I, S, S, S, L, P, P), "umount": (528, I, S, L, P), "seccomp_notify_fd": (536, I),
    "devpts_fd": (560, I),
})
NO_NEW_PRIVS, LSM_LABEL, SETGROUPS = 0x40000, 0x100000, 0x200000
MS_RDONLY, MS_NODEV, MS_BIND = 1, 4, 4096


class Options(C.Structure):
    """lxc_attach_options_t, with LXC_ATTACH_OPTIONS_DEFAULT."""
    _fields_ = [("flags", I), ("namespaces", I), ("personality", C.c_long), ("cwd", S), ("uid", C.c_uint), ("gid", C.c_uint), ("env", I),
                ("extra", P), ("keep", P), ("stdin", I), ("stdout", I), ("stderr", I), ("log", I), ("label", S), ("n_groups", C.c_size_t),
                ("groups", P)]

    def __init__(self, **k):
        super().__init__(flags=0xffff, namespaces=-1, personality=-1, uid=0xffffffff, gid=0xffffffff, stdout=1, stderr=2, log=-9)
        for name, value in k.items():
            setattr(self, name, value)


class Command(C.Structure):
    _fields_ = [("program", S), ("argv", P)]


@pytest.fixture
def lib():
    return C.CDLL(LIB, use_errno=True)


@pytest.fixture
def put(lib):
    made = []

    def make(container, start=True):
        made.append(Object(lib, container.name, container.lxcpath))
        if start:
            assert made[-1].start(0, None), made[-1].error()
        return made[-1]

    yield make
    for o in made:
        o.stop()
        lib.lxc_container_put(o.c)


def attached(lib, o, *words, **options):
    """What lxc_attach_run_command() of these words prints, and its exit code."""
    r, w = os.pipe()
    opts, pid = Options(stdout=w, **options), I()
    command = Command(words[0].encode(), argv(*words))
    x = o.attach(C.cast(lib.lxc_attach_run_command, P), C.addressof(command), C.addressof(opts), C.addressof(pid))
    os.close(w)
    with os.fdopen(r) as f:
        out = f.read()
    assert x == 0, o.error()
    return out, os.waitstatus_to_exitcode(os.waitpid(pid.value, 0)[1])


def strings(array):
    found = []
    while array and C.cast(array, C.POINTER(S))[len(found)]:
        found.append(C.cast(array, C.POINTER(S))[len(found)].decode())
    return found


def facts(text):
    return dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)


def test_a_function_is_called_inside_with_every_option(lib, container, put):
    o = put(container())
    assert attached(lib, o, "/answer", "exit", "5") == ("", 5)
    assert attached(lib, o, "/nonexistent") == ("", 127)
    groups = (C.c_uint * 2)(11, 12)
    out, rc = attached(lib, o, "/answer", "report", "-", cwd=b"/etc", uid=1000, gid=1000, env=1, extra=C.cast(argv("A=1"), P).value,
                       flags=0xffff | NO_NEW_PRIVS | SETGROUPS, n_groups=2, groups=C.addressof(groups))
    f = facts(out)
    assert rc == 0 and f["cwd"] == "/etc", out
    assert "status = Groups:\t11 12" in out and "status = NoNewPrivs:\t1" in out, out
    assert f["uid"] == f["gid"] == "1000", out
    env = {line.removeprefix("env = ") for line in out.splitlines() if line.startswith("env = ")}
    assert {"A=1", "container=lxc"} <= env and not any(e.startswith("HOME=") for e in env), out


def test_a_label_that_nobody_can_give_is_refused(lib, container, put):
    needs(not os.path.exists("/sys/kernel/security/apparmor") and not os.path.exists("/sys/fs/selinux/enforce"), "there is an LSM")
    o = put(container())
    opts = Options(flags=0xffff | LSM_LABEL, label=b"strict")
    assert o.attach_run_wait(C.addressof(opts), "/answer", argv("/answer", "exit", "0")) == -1
    assert o.error() == "this kernel runs neither AppArmor nor SELinux, so there is no label strict"


def test_what_runs_in_the_callers_terminal_stays_in_its_session(lib, container, put):
    o = put(container())
    out, _ = attached(lib, o, "/answer", "report", "-")
    assert facts(out)["sid"] == "0"  # of a process outside of the container's pid namespace


def test_interfaces_and_addresses(lib, container, put):
    c = container()
    o = put(c)
    enter = ["nsenter", "-t", str(o.init_pid()), "-n", "ip"]
    for words in (["link", "add", "two", "type", "veth", "peer", "name", "one"], ["addr", "add", "10.9.8.7/24", "dev", "one"],
                  ["link", "set", "one", "up"], ["link", "set", "two", "up"], ["link", "set", "lo", "up"]):
        subprocess.run(enter + words, check=True)
    assert strings(o.get_interfaces()) == ["lo", "one", "two"]
    assert strings(o.get_ips(None, None, 0)) == ["10.9.8.7"]
    assert strings(o.get_ips("lo", "inet", 0)) == ["127.0.0.1"]
    assert strings(o.get_ips("one", "inet", 0)) == ["10.9.8.7"]
    assert strings(o.get_ips("two", None, 0)) == []
    index = int(subprocess.run(["nsenter", "-t", str(o.init_pid()), "-n", "cat", "/proc/net/if_inet6"], capture_output=True,
                               text=True).stdout.split("one")[0].splitlines()[-1].split()[1], 16)
    assert [a[:6] for a in strings(o.get_ips("one", "inet6", index))] == ["fe80::"]
    assert not o.get_ips(None, "ipx", 0)
    assert o.error() == '"ipx" is not a family: inet, inet6'
    assert o.stop() and not o.get_interfaces()
    assert o.error() == f"Container {c.name} is not running"


def test_mounts_go_in_and_out_where_shmounts_is_set(lib, container, put, tmp_path):
    (tmp_path / "file").write_text("hey\n")
    o = put(container("lxc.mount.auto = shmounts:/dev/shm"))
    assert o.mount(str(tmp_path), "/mnt/x", "none", MS_BIND, None, None) == 0, o.error()
    assert attached(lib, o, "/answer", "await", "/mnt/x/file") == ("", 0)
    assert o.mount(str(tmp_path / "file"), "/mnt/file", None, MS_BIND | MS_RDONLY, None, None) == 0, o.error()
    assert attached(lib, o, "/answer", "touch", "/mnt/file")[1] != 0
    assert o.mount("none", "/mnt/t", "tmpfs", MS_NODEV, C.cast(S(b"size=1m"), P), None) == 0, o.error()
    assert o.umount("/mnt/x", 0, None) == 0, o.error()
    assert o.umount("/mnt/x", 0, None) == -errno.EINVAL
    assert o.error() == "cannot unmount /mnt/x: Invalid argument"
    assert o.mount("/nonexistent", "/mnt/x", "none", MS_BIND, None, None) == -errno.ENOENT
    assert o.error() == "cannot bind /nonexistent: No such file or directory"


def test_mounts_are_refused_without_shmounts(lib, container, put, tmp_path):
    c = container()
    o = put(c)
    assert o.mount(str(tmp_path), "/mnt/x", "none", MS_BIND, None, None) == -errno.EINVAL
    assert o.error() == f"{c.name} takes no mounts while it runs"


def test_fds_of_a_running_one(lib, container, put):
    o = put(container("lxc.pty.max = 16", "lxc.console.buffer.size = 4096"))
    fd = o.devpts_fd()
    master = os.open("ptmx", os.O_RDWR | os.O_NOCTTY, dir_fd=fd)
    os.close(master)
    os.close(fd)
    assert o.seccomp_notify_fd() == -errno.EBADF
    assert o.error() == "this process has no listener: seccomp_notify_fd_active() gets the running one's"
    assert o.seccomp_notify_fd_active() == -errno.EBADF
    most = C.c_uint64(0)
    log = (C.c_uint64 * 3)(1 << 8, C.addressof(most), 0)  # clear, read, read_max, data
    assert o.console_log(C.addressof(log)) == -errno.ENODATA
    assert o.error() == "its console has shown nothing since it was read last"


def test_checkpoints_say_that_they_are_not_there(lib, container, put):
    o = put(container(), start=False)
    assert not o.checkpoint("/tmp", False, False)
    assert o.error() == "checkpoint: checkpoints are not in this version"


def test_the_log_of_a_program(lib, container, put, tmp_path):
    class Log(C.Structure):
        _fields_ = [("name", S), ("lxcpath", S), ("file", S), ("level", S), ("prefix", S), ("quiet", B)]

    o = put(container(), start=False)
    file = tmp_path / "deep/log"
    assert lib.lxc_log_init(C.byref(Log(b"web", None, str(file).encode(), b"ERROR", b"mine", True))) == 0
    assert o.devpts_fd() < 0
    lib.lxc_log_close()
    line = file.read_text().split()
    assert line[:2] == ["mine", "web"] and line[3:6] == ["ERROR", "lxccontainer", "-"]
    assert file.read_text().endswith("is not running\n")
    assert lib.lxc_log_init(C.byref(Log(None, None, b"none", b"NONSENSE", None, True))) == -errno.EINVAL


def test_threads_attach_to_one_container_and_set_its_config(lib, container, put):
    o = put(container())
    fds, bad = len(os.listdir("/proc/self/fd")), []

    def attach(n):
        for _ in range(10):
            if o.attach_run_wait(None, "/answer", argv("/answer", "exit", str(n))) != n << 8:
                bad.append(o.error())

    def change():
        for i in range(200):
            if not o.set_config_item("lxc.environment", f"A={i}"):
                bad.append(o.error())

    threads = [threading.Thread(target=attach, args=(n,)) for n in range(1, 5)] + [threading.Thread(target=change) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert bad == []
    assert len(os.listdir("/proc/self/fd")) == fds
    assert o.item("lxc.environment").count("\n") == 400


def test_a_foreground_start_leaves_a_threaded_callers_signals_alone(lib, container, put):
    needs(not IS_LXC, "LXC starts in the foreground from one thread only")
    c = container(init="/answer exit 3")
    o = put(c, start=False)
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()  # first: libc catches a signal of its own from the first thread on
    before = [line for line in open("/proc/self/status") if line.startswith("Sig")]
    cwd, umask = os.getcwd(), os.umask(0o27)
    try:
        assert o.want_daemonize(False)
        assert o.start(0, None), o.error()
    finally:
        done.set()
        other.join()
        after = os.umask(umask)
    assert C.cast(o.c + 64, C.POINTER(I))[0] == 3 << 8
    assert before == [line for line in open("/proc/self/status") if line.startswith("Sig")]
    assert (os.getcwd(), after) == (cwd, 0o27)
