# SPDX-License-Identifier: MIT
"""liblxc.so.1 as its callers use it: a whole life of a container through the table of functions."""
import ctypes as C
import subprocess
import sys
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, MARK, SLOW

LIB = "liblxc.so.1" if IS_LXC else str(BIN.parent / "lib/liblxc.so.1")
P, S, I, B = C.c_void_p, C.c_char_p, C.c_int, C.c_bool
AT = {  # offset, result, arguments
    "is_defined": (80, B), "state": (88, S), "is_running": (96, B), "freeze": (104, B), "unfreeze": (112, B), "init_pid": (120, I),
    "load_config": (128, B, S), "start": (136, B, I, P), "stop": (152, B), "want_daemonize": (160, B, B), "wait": (184, B, S, I),
    "set_config_item": (192, B, S, S), "destroy": (200, B), "save_config": (208, B, S), "create": (216, B, S, S, P, I, P),
    "shutdown": (248, B, I), "get_config_item": (272, I, S, P, I), "get_running_config_item": (280, S, S),
    "get_ips": (304, P, S, S, I), "get_cgroup_item": (312, I, S, P, I), "set_cgroup_item": (320, B, S, S),
    "console_getfd": (352, I, P, P), "attach_run_wait": (376, I, P, S, P), "snapshot": (392, I, S), "snapshot_list": (400, I, P),
    "rename": (232, B, S), "clone": (344, P, S, S, I, S, S, C.c_uint64, P),
    "snapshot_destroy": (416, B, S), "add_device_node": (432, B, S, S), "reboot2": (512, B, I), "seccomp_notify_fd_active": (544, I), "init_pidfd": (552, I),
}


class Object:
    """A struct lxc_container of a process of its own would be safer; the library promises to leave ours alone."""

    def __init__(self, lib, name, path):
        lib.lxc_container_new.restype, lib.lxc_container_new.argtypes = P, [S, S]
        lib.lxc_container_put.argtypes = [P]
        self.lib, self.c = lib, lib.lxc_container_new(name.encode(), str(path).encode())
        assert self.c

    def __getattr__(self, name):
        offset, result, *args = AT[name]
        f = C.CFUNCTYPE(result, P, *args)(C.cast(self.c + offset, C.POINTER(P))[0])
        return lambda *a: f(self.c, *[x.encode() if isinstance(x, str) else x for x in a])

    def error(self):
        return C.cast(self.c + 56, C.POINTER(S))[0].decode()

    def item(self, key):
        n = self.get_config_item(key, None, 0)
        buf = C.create_string_buffer(n + 1)
        assert self.get_config_item(key, buf, n + 1) == n
        return buf.value.decode()


@pytest.fixture
def lib():
    return C.CDLL(LIB)


@pytest.fixture
def put(lib):
    made = []

    def make(container):
        made.append(Object(lib, container.name, container.lxcpath))
        return made[-1]

    yield make
    for o in made:
        lib.lxc_container_put(o.c)


def argv(*words):
    return C.cast((S * (len(words) + 1))(*[w.encode() for w in words], None), P)


@pytest.mark.skipif(IS_LXC, reason="of Keg's keeper")
def test_a_keeper_shows_which_library_it_came_with(container):
    """As LXC's monitor does, which is linked to it; also while it is still the stage that has started the container."""
    c = container()
    c.run("lxc-start", "-d").ok()
    maps = Path(f"/proc/{c.keeper()}/maps").read_text()
    assert {line.split()[-1] for line in maps.splitlines() if "liblxc" in line} == {str(Path(LIB).resolve())}


@pytest.mark.skipif(IS_LXC, reason="of Keg's keeper")
def test_a_program_that_starts_one_finds_the_keeper_in_its_place(container, put):
    o = put(container())
    for _ in range(12):
        assert o.start(0, None), o.error()
        parent = Path(f"/proc/{o.init_pid()}/status").read_text().split("PPid:")[1].split()[0]
        assert str(Path(LIB).resolve()) in Path(f"/proc/{parent}/maps").read_text()
        assert o.stop(), o.error()


def test_a_whole_life(container, put):
    c = container()
    o = put(c)
    assert o.is_defined() and not o.is_running() and o.init_pid() == -1
    assert o.item("lxc.uts.name") == c.name
    assert o.start(0, None), o.error()
    assert o.is_running() and o.state() == b"RUNNING"
    assert o.init_pid() == c.pid()
    assert o.get_running_config_item("lxc.uts.name").decode() == c.name
    assert o.wait("RUNNING|FROZEN", 0) and not o.wait("STOPPED", 0)
    assert o.freeze() and o.state() == b"FROZEN"
    assert o.unfreeze() and o.state() == b"RUNNING"
    assert not o.start(0, None)
    assert o.error() == f"{c.name} is running already"
    assert o.stop() and not o.is_running()
    assert o.init_pidfd() < 0


def test_a_program_is_attached_and_waited_for(container, put):
    c = container()
    o = put(c)
    assert o.start(0, None), o.error()
    assert o.attach_run_wait(None, "/answer", argv("/answer", "exit", "7")) == 7 << 8
    assert o.attach_run_wait(None, "/nonexistent", argv("/nonexistent")) == 127 << 8
    assert o.stop()


def test_a_container_that_cannot_start_says_why(container, put):
    c = container("lxc.rootfs.path = dir:/nonexistent")
    o = put(c)
    assert not o.start(0, None)
    assert o.error() == "cannot open the rootfs /nonexistent: No such file or directory"
    assert o.state() == b"STOPPED"


def test_cgroups_through_the_table(container, put):
    c = container()
    o = put(c)
    assert o.start(0, None), o.error()
    assert o.set_cgroup_item("pids.max", "77"), o.error()
    buf = C.create_string_buffer(16)
    assert o.get_cgroup_item("pids.max", None, 0) == 3
    assert o.get_cgroup_item("pids.max", buf, 16) == 3
    assert buf.value == b"77\n"
    assert o.stop()


def test_what_is_set_is_created_and_saved(lib, lxcpath):
    o = Object(lib, "made", lxcpath)
    assert o.set_config_item("lxc.uts.name", "other"), o.error()
    assert o.create(None, None, None, 0, None), o.error()
    assert "lxc.uts.name = other" in (lxcpath / "made/config").read_text()
    assert o.set_config_item("lxc.tty.max", "3") and o.save_config(None), o.error()
    again = Object(lib, "made", lxcpath)
    assert again.item("lxc.tty.max") == "3"
    assert o.destroy(), o.error()
    assert not (lxcpath / "made").exists()
    for x in (o, again):
        lib.lxc_container_put(x.c)


def test_a_config_that_cannot_be_read_is_no_object(container):
    c = container("lxc.nonsense = 1")
    p = subprocess.run([sys.executable, "-c", "import ctypes as C, sys\n"
                        "f = C.CDLL(sys.argv[1]).lxc_container_new; f.restype = C.c_void_p\n"
                        "print(f(sys.argv[2].encode(), sys.argv[3].encode()))", LIB, c.name, str(c.lxcpath)],
                       capture_output=True, text=True, timeout=20 * SLOW)
    assert p.stdout == "None\n"
    line = len(c.config.read_text().splitlines())
    assert p.stderr == (f"liblxc: {c.name}: unknown key lxc.nonsense\n  set by  {c.config}:{line}  lxc.nonsense\n"
                        f"Failed to load config for {c.name}\n")


def test_no_symbol_but_the_documented_ones(lib):
    out = subprocess.run(["nm", "-D", "--defined-only", LIB], capture_output=True, text=True).stdout.split("\n")
    names = sorted(line.split()[2] for line in out if line)
    assert names == sorted("""list_active_containers list_all_containers list_defined_containers lxc_attach_run_command
        lxc_attach_run_shell lxc_config_item_is_supported lxc_container_get lxc_container_new lxc_container_put
        lxc_get_global_config_item lxc_get_version lxc_get_wait_states lxc_has_api_extension lxc_log_close lxc_log_init""".split())
    assert Path(LIB).resolve().name == "liblxc.so.1.9.0"


def test_a_copy_and_another_name(container, put, lxcpath, lib):
    c = container("lxc.hook.clone = echo >$LXC_ROOTFS_MOUNT/told")
    o = put(c)
    copy = o.clone(f"{MARK}-c", None, 0, None, None, 0, argv("one", "two words"))
    assert copy, o.error()
    lib.lxc_container_put(C.c_void_p(copy))
    assert (lxcpath / f"{MARK}-c/rootfs/told").read_text() == f"{MARK}-c lxc clone one two words\n"
    clone = o.clone(f"{MARK}-s", str(lxcpath), 4 | 1 | 2, None, None, 0, None)
    assert clone, o.error()
    lib.lxc_container_put(C.c_void_p(clone))
    config = (lxcpath / f"{MARK}-s/config").read_text()
    assert f"lxc.rootfs.path = overlay:{c.rootfs}:{lxcpath}/{MARK}-s/overlay/delta\n" in config
    assert f"lxc.uts.name = {c.name}\n" in config
    assert not o.clone(f"{MARK}-s", None, 0, None, None, 0, None) and o.error() == f"Container already exists: {MARK}-s"
    assert not o.rename("x") and o.error() == f"Renaming {c.name} failed: {c.name} has clones"
    (other,) = [put(type(c)(c.keg, lxcpath, f"{MARK}-c"))]
    assert other.rename(f"{MARK}-r") and (lxcpath / f"{MARK}-r/rootfs/answer").exists()
    assert not (lxcpath / f"{MARK}-c").exists()
