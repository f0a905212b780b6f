# SPDX-License-Identifier: MIT
"""Containers with a user namespace: who is who inside and outside, in a start, an attach and on disk."""
import os
import re
import subprocess
from pathlib import Path

import pytest

from lab import IS_LXC, MARK, Container, Terminal, gone, wait_for

MAP = ("lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 200000 65536")
HOLES = ("lxc.idmap = u 0 100000 1000", "lxc.idmap = u 1000 1000 1", "lxc.idmap = u 1001 101001 64535", "lxc.idmap = g 0 200000 65536")
LXC_SHIFTS = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")


def owned(c, uid=100000, gid=200000):
    """The rootfs as a template leaves it."""
    for at, folders, files in os.walk(c.rootfs):
        for name in [".", *files]:
            os.chown(os.path.join(at, name), uid, gid, follow_symlinks=False)
    c.dir.chmod(0o755)
    return c


def facts(text):
    """{fact: [values]} of tests/answer.c's report."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(" = ")
        found.setdefault(name, []).append(value)
    for line in found.pop("status", []):
        name, _, value = line.partition(":")
        found[name] = value.split()
    return found


def inside(c, *path):
    return Path(f"/proc/{c.pid()}/root", *path)


def ids(path):
    s = os.stat(path, follow_symlinks=False)
    return s.st_uid, s.st_gid


def id_map(c, kind="uid"):
    return [tuple(map(int, line.split())) for line in Path(f"/proc/{c.pid()}/{kind}_map").read_text().splitlines()]


# --- a start ----------------------------------------------------------------------------------------------

def test_root_inside_is_another_outside(container):
    c = owned(container(*MAP)).up()
    status = facts(Path(f"/proc/{c.pid()}/status").read_text().replace(":\t", " = "))
    assert (status["Uid"], status["Gid"]) == (["\t".join(["100000"] * 4)], ["\t".join(["200000"] * 4)])
    assert status["Groups"][0].strip() == ""
    assert id_map(c) == [(0, 100000, 65536)] and id_map(c, "gid") == [(0, 200000, 65536)]
    assert ids(c.rootfs / "ready") == (100000, 200000)


def test_several_ranges(container):
    c = owned(container(*HOLES)).up()
    assert id_map(c) == [(0, 100000, 1000), (1000, 1000, 1), (1001, 101001, 64535)]
    assert facts(c.attach("/answer", "report", "-", options=("-u", "1000")).ok().out)["Uid"] == ["1000"] * 4


def test_devices_are_the_hosts_and_work(container):
    c = owned(container(*MAP)).up()
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        there, host = os.stat(inside(c, "dev", name)), os.stat(f"/dev/{name}")
        assert (there.st_rdev, there.st_dev) == (host.st_rdev, host.st_dev), name
    assert ids(inside(c, "dev")) == (100000, 200000)
    assert c.attach("/answer", "touch", "/dev/null").ok().err == ""


@pytest.mark.parametrize("pty, group", [(1024, 200005), (1, 200000)], ids=["own devpts", "the host's pty"])
def test_console_is_the_mapped_roots(container, pty, group):
    c = owned(container(*MAP, f"lxc.pty.max = {pty}", "lxc.tty.max = 1")).up()
    console, tty = os.stat(inside(c, "dev/console")), os.stat(inside(c, "dev/tty1"))
    assert (console.st_uid, console.st_gid, console.st_mode & 0o7777) == (100000, group, 0o700)
    assert tty.st_uid == 100000


def test_console_and_tty_are_reached(container):
    c = owned(container(*MAP, "lxc.pty.max = 1024", "lxc.tty.max = 1", init="/answer touch /ready tty /dev/tty1")).up()
    with Terminal(c, "lxc-console", "-t", "1") as t:
        t.expect("to exit the console")
        t.type("hello\r")
        t.expect("you said: hello")


def test_a_devpts_without_group_5(container):
    c = owned(container("lxc.idmap = u 0 100000 5", "lxc.idmap = g 0 200000 5", "lxc.pty.max = 16")).up()
    line = next(x for x in Path(f"/proc/{c.pid()}/mountinfo").read_text().splitlines() if " /dev/pts " in x)
    assert "gid=" not in line


@LXC_SHIFTS
def test_its_cgroups_are_its_own(container):
    c = owned(container(*MAP)).up()
    found = [p for p in Path("/sys/fs/cgroup").glob(f"**/lxc.payload.{c.name}")]
    assert found
    for p in found:
        assert ids(p) == (100000, 200000) == ids(p / "cgroup.procs"), p
        assert all(ids(f) == (0, 0) for f in p.iterdir() if f.name.startswith(("memory.", "pids.", "devices."))), p


def test_automatic_mounts_and_network(container):
    c = owned(container(*MAP, "lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed:force", "lxc.net.0.flags = up",
                        "lxc.net.0.ipv4.address = 10.9.8.7/24", net="lxc.net.0.type = veth")).up()
    lines = Path(f"/proc/{c.pid()}/mountinfo").read_text()
    for at in ("/proc", "/proc/sys", "/sys", "/sys/fs/cgroup"):
        assert f" {at} " in lines, at
    assert "10.9.8.7" in c.run("lxc-info", "-i").ok().out


def test_init_as_another_user(container):
    c = owned(container(*MAP, "lxc.init.uid = 1000", "lxc.init.gid = 1001", init="/answer sleep"))
    c.run("lxc-start").ok()
    assert re.search(r"^Uid:\s101000\s.*^Gid:\s201001\s", Path(f"/proc/{c.pid()}/status").read_text(), re.M | re.S)


def test_a_dead_keeper_takes_init_along(container):
    c = owned(container(*MAP, "lxc.apparmor.profile = unconfined")).up()
    pid, keeper = c.pid(), c.keeper()
    os.kill(keeper, 9)
    wait_for(lambda: gone(pid), "init is gone")
    c.up()  # and what it left is cleared away


def test_execute(container):
    c = owned(container(*MAP))
    r = c.run("lxc-execute", "--", "/answer", "report", "-").ok()
    f = facts(r.out)
    assert (f["uid"], f["gid"], f["Uid"]) == (["0"], ["0"], ["0"] * 4)


def test_reboot(container):
    c = owned(container(*MAP)).up()
    first = c.pid()
    c.run("lxc-stop", "-r").ok()
    wait_for(lambda: c.runs_anew(first), "it runs again")
    assert id_map(c) == [(0, 100000, 65536)]


def test_kept_user_namespace_and_unmapped_clone(container):
    c = container(*MAP, "lxc.namespace.keep = user").up()
    assert id_map(c) == [(0, 0, 4294967295)]
    c.run("lxc-stop", "-k").ok()
    c = container("lxc.namespace.clone = user mnt pid uts ipc net cgroup").up()
    assert id_map(c) == [(0, 0, 4294967295)]


# --- attach, ls -------------------------------------------------------------------------------------------

def test_attach_is_root_of_the_container(container):
    c = owned(container(*MAP)).up()
    f = facts(c.attach("/answer", "report", "-", "touch", "/made").ok().out)
    assert (f["Uid"], f["Gid"], f.get("Groups")) == (["0"] * 4, ["0"] * 4, [])
    assert f["CapBnd"] == f["CapEff"]
    assert f["ns.user"] == [os.readlink(f"/proc/{c.pid()}/ns/user")]
    assert ids(c.rootfs / "made") == (100000, 200000)


def test_attach_as_user_and_group(container):
    c = owned(container(*MAP)).up()
    f = facts(c.attach("/answer", "report", "-", options=("-u", "1000", "-g", "1001")).ok().out)
    assert (f["Uid"], f["Gid"]) == (["1000"] * 4, ["1001"] * 4)


@pytest.mark.parametrize("pty", [1024, 0], ids=["own devpts", "the host's pty"])
def test_attach_on_a_terminal(container, pty):
    c = owned(container(*MAP, f"lxc.pty.max = {pty}")).up()
    with Terminal(c, "lxc-attach", "-u", "1000", "--", "/answer", "tty", "/dev/tty") as t:
        t.type("hello\r")
        t.expect("you said: hello")
        tty = re.search(r"/\S+", os.readlink(f"/proc/{child_of(t.process.pid)}/fd/0"))[0]
        if pty:
            assert ids(inside(c, tty[1:]))[0] == 101000
        t.type("\x04")


def child_of(pid):
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[-1])


def test_ls_says_unprivileged(container, keg):
    c = owned(container(*MAP))
    out = keg.run("lxc-ls", "-P", c.lxcpath, "-f", "-F", "NAME,UNPRIVILEGED").ok().out
    assert out.split() == ["NAME", "UNPRIVILEGED", c.name, "true"]


def test_a_device_is_added_and_works(container):
    c = owned(container(*MAP)).up()
    c.run("lxc-device", "add", "/dev/zero", "/dev/added").ok()
    there = os.stat(inside(c, "dev/added"))
    assert there.st_rdev == os.stat("/dev/zero").st_rdev
    assert c.attach("/answer", "touch", "/dev/added").ok().err == ""  # it opens it
    c.run("lxc-device", "del", "/dev/added").ok()
    assert not inside(c, "dev/added").exists()


# --- idmapped mounts --------------------------------------------------------------------------------------

def test_idmapped_rootfs(container):
    c = container(*MAP, "lxc.rootfs.options = idmap=container,nodev")
    c.dir.chmod(0o755)
    c.up()
    assert ids(c.rootfs / "answer") == (0, 0) == ids(c.rootfs / "ready")
    assert ids(inside(c, "ready")) == (100000, 200000)
    line = next(x for x in Path(f"/proc/{c.pid()}/mountinfo").read_text().splitlines() if x.split()[4] == "/")
    assert {"idmapped", "nodev"} <= set(line.split()[5].split(","))


def test_idmapped_entries(container, lxcpath):
    data = lxcpath / "data"
    data.mkdir()
    (data / "file").write_text("")
    os.chown(data / "file", 7, 8)
    fstab = lxcpath / "fstab"
    fstab.write_text(f"# one\n{data} opt/fstab none bind,create=dir,idmap=container 0 0\n")
    c = owned(container(*MAP, f"lxc.mount.fstab = {fstab}", f"lxc.mount.entry = {data} opt/plain none bind,create=dir 0 0",
                        f"lxc.mount.entry = {data} opt/own none bind,create=dir,idmap=container,ro 0 0",
                        "lxc.mount.entry = /no/such opt/absent none bind,create=dir,optional,idmap=container 0 0",
                        f"lxc.mount.entry = {data} opt/path none bind,create=dir,idmap=/proc/{os.getpid()}/ns/user,optional 0 0")).up()
    assert ids(inside(c, "opt/fstab/file")) == (100007, 200008) == ids(inside(c, "opt/own/file"))
    assert ids(inside(c, "opt/plain/file")) == (7, 8)
    assert not inside(c, "opt/absent").exists()  # and the host's own map is none
    assert not inside(c, "opt/path").exists()


def test_an_entry_with_the_map_of_another(container, lxcpath):
    data = lxcpath / "data"
    data.mkdir()
    os.chown(data, 7, 8)
    other = subprocess.Popen(["unshare", "-U", "sleep", "60"])
    try:
        wait_for(lambda: os.readlink(f"/proc/{other.pid}/ns/user") != os.readlink("/proc/self/ns/user"), "it has a user namespace")
        Path(f"/proc/{other.pid}/uid_map").write_text("0 300000 65536")
        Path(f"/proc/{other.pid}/gid_map").write_text("0 400000 65536")
        c = container(f"lxc.mount.entry = {data} mnt none bind,create=dir,idmap=/proc/{other.pid}/ns/user 0 0").up()
        assert ids(inside(c, "mnt")) == (300007, 400008)
    finally:
        other.kill()
        other.wait()


# --- on disk ----------------------------------------------------------------------------------------------

def test_destroy_and_snapshot_by_root(container):
    c = owned(container(*MAP)).up()
    c.run("lxc-stop", "-k").ok()
    c.run("lxc-snapshot").ok()
    c.run("lxc-snapshot", "-r", "snap0").ok()
    assert ids(c.rootfs / "answer") == (100000, 200000)
    c.up()
    c.run("lxc-stop", "-k").ok()
    c.run("lxc-destroy", "-s").ok()
    assert not c.dir.exists()


def test_a_template_fills_it_as_the_containers_root(keg, lxcpath):
    config = lxcpath / "initial"
    config.write_text("\n".join((*MAP, "lxc.net.0.type = empty", "")))
    c = Container(keg, lxcpath, f"{MARK}-0")
    try:
        c.run("lxc-create", "-t", "busybox", "-f", config).ok()
        assert ids(c.dir) == ids(c.rootfs) == ids(c.rootfs / "bin/busybox") == (100000, 200000)
        assert ids(c.config) == (0, 0)
        c.run("lxc-start").ok()
        assert c.attach("id", "-u").ok().out == "0\n"
    finally:
        c.kill()
    c.run("lxc-destroy").ok()
    assert not c.dir.exists()


# --- an ordinary user ---------------------------------------------------------------------------------------

USER = 4321
# His name and ranges are known in a mount namespace of the command's own only.
AS_USER = f"""
    cp /etc/passwd /etc/group "$0" && echo user:x:{USER}:{USER}::/:/bin/sh >>"$0/passwd" && echo user:x:{USER}: >>"$0/group" &&
    echo user:100000:65536 >"$0/subuid" && cp "$0/subuid" "$0/subgid" || exit 99
    for f in passwd group subuid subgid; do touch /etc/$f && mount --bind "$0/$f" /etc/$f || exit 99; done
    exec setpriv --reuid {USER} --regid {USER} --clear-groups -- "$@"
"""


class Ordinary:
    def __init__(self, folder):
        self.folder = folder
        for name in ("etc", "home", "run"):
            (folder / name).mkdir()
            os.chown(folder / name, USER, USER)
        self.how = {"under": ("unshare", "-m", "--propagation", "private", "sh", "-c", AS_USER, folder / "etc"),
                    "env": {"HOME": str(folder / "home"), "XDG_RUNTIME_DIR": str(folder / "run"), "USER": "user"}}

    def make(self, c, *lines):
        """A container of his, of one that root has made."""
        owned(c)
        os.chown(c.dir, USER, USER)
        os.chown(c.dir.parent, USER, USER)
        for at, folders, files in os.walk(c.rootfs):
            for name in [".", *files]:
                os.chown(os.path.join(at, name), 100000, 100000)
        c.add("lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536", "lxc.pty.max = 16", *lines)
        return c


@pytest.fixture
def ordinary(lxcpath):
    user = Ordinary(lxcpath)
    yield user
    left = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(lxcpath) in line}
    assert not left


def test_a_user_starts_enters_and_stops(container, ordinary):
    c = ordinary.make(container())
    try:
        c.up(**ordinary.how)
        pid = int(c.run("lxc-info", "-p", "-H", **ordinary.how).ok().out)
        assert "100000" in Path(f"/proc/{pid}/uid_map").read_text()
        f = facts(c.attach("/answer", "report", "-", options=("-u", "7"), **ordinary.how).ok().out)
        assert (f["uid"], f["ns.user"]) == (["7"], [os.readlink(f"/proc/{pid}/ns/user")])
        assert c.run("lxc-ls", "--active", **ordinary.how).ok().out.split() == [c.name]
    finally:
        c.run("lxc-stop", "-k", **ordinary.how)
    assert c.run("lxc-info", "-s", "-H", **ordinary.how).ok().out == "STOPPED\n"


def test_a_user_executes_with_his_own_id_alone(container, ordinary):
    c = ordinary.make(container())
    c.config.write_text(re.sub(r"lxc.idmap = (.).*", rf"lxc.idmap = \1 0 {USER} 1", c.config.read_text()).replace("type = empty", "type = none"))
    for at, folders, files in os.walk(c.rootfs):
        for name in [".", *files]:
            os.chown(os.path.join(at, name), USER, USER)
    f = facts(c.run("lxc-execute", "--", "/answer", "report", "-", **ordinary.how).ok().out)
    assert (f["Uid"], f["Gid"]) == (["0"] * 4, ["0"] * 4)


def test_a_user_creates_snapshots_and_destroys(keg, lxcpath, ordinary):
    os.chown(lxcpath, USER, USER)
    config = lxcpath / "initial"
    config.write_text("lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\nlxc.net.0.type = empty\n")
    c = Container(keg, lxcpath, f"{MARK}-0")
    try:
        c.run("lxc-create", "-t", "busybox", "-f", config, **ordinary.how).ok()
        assert (ids(c.dir), ids(c.rootfs / "bin"), ids(c.config)) == ((100000, USER), (100000, 100000), (USER, USER))
        c.run("lxc-start", **ordinary.how).ok()
        assert c.attach("id", "-u", **ordinary.how).ok().out == "0\n"
        c.run("lxc-stop", "-k", **ordinary.how).ok()
        c.run("lxc-snapshot", **ordinary.how).ok()
        c.run("lxc-snapshot", "-r", "snap0", **ordinary.how).ok()
        assert ids(c.rootfs / "bin") == (100000, 100000)
    finally:
        c.run("lxc-stop", "-k", **ordinary.how)
    c.run("lxc-destroy", "-s", **ordinary.how).ok()
    assert not c.dir.exists()


def test_a_user_copies_clones_and_renames(container, lxcpath, ordinary, keg):
    c = ordinary.make(container())
    c.dir.chmod(0o755)
    run = lambda tool, name, *args: keg.run(tool, "-n", name, "-P", lxcpath, *args, **{"timeout": 40, **ordinary.how}).ok()
    copy, clone, other = (f"{MARK}-{n}" for n in ("copy", "clone", "other"))
    try:
        run("lxc-copy", c.name, "-N", copy)
        run("lxc-copy", c.name, "-N", clone, "-s")
        assert ids(lxcpath / copy / "rootfs/answer") == ids(lxcpath / clone / "overlay/delta") == (100000, 100000)
        assert (c.dir / "lxc_snapshots").read_text() == f"{lxcpath}\n{clone}\n"
        run("lxc-copy", clone, "-N", other, "-R")
        for name in (copy, other):
            run("lxc-start", name)
            assert Path(f"/proc/{run('lxc-info', name, '-p', '-H').out.strip()}/root/answer").exists()
            run("lxc-stop", name, "-k")
        run("lxc-copy", c.name, "-N", f"{MARK}-e", "-e", "-t")
        run("lxc-stop", f"{MARK}-e", "-k")
        wait_for(lambda: not (lxcpath / f"{MARK}-e").exists(), "it is gone")
    finally:
        for name in (copy, other, f"{MARK}-e"):
            keg.run("lxc-stop", "-k", "-n", name, "-P", lxcpath, **ordinary.how)
    for name in (copy, other, c.name):
        run("lxc-destroy", name)
    assert not [p for p in lxcpath.iterdir() if p.name.startswith(MARK)]


def said(c, text):
    def at(m):
        for n, line in enumerate(c.config.read_text().splitlines(), 1):
            if m[1] in line:
                return f"{c.config}:{n}"
        raise AssertionError(m[1])
    return re.sub(r"\{at:([^}]*)\}", at, text).replace("{c.name}", c.name).replace("{c.dir}", str(c.dir)).replace("{c.rootfs}", str(c.rootfs))


FORBIDDEN = [
    ("ids that are not his", ("lxc.idmap = u 70000 500000 10",), """\
lxc-start: {c.name}: newuidmap refuses the user map of the container
  set by  {at:u 0 100000}  lxc.idmap
  said    newuidmap: uid range [70000-70010) -> [500000-500010) not allowed
  try     /etc/subuid needs a line that allows it, such as user:500000:10
"""),
    ("a limit without a cgroup", ("lxc.cgroup2.pids.max = 10",), """\
lxc-start: {c.name}: cannot make the cgroup {a cgroup}: Permission denied
  set by  {at:pids.max}  lxc.cgroup2.pids.max
  step    cgroup.make (keeper)
  try     this limit needs a cgroup that is the user's: delegate one to him, or take the limit out
"""),
]


@LXC_SHIFTS
@pytest.mark.parametrize("lines, text", [w[1:] for w in FORBIDDEN], ids=[w[0] for w in FORBIDDEN])
def test_what_a_user_may_not(container, ordinary, lines, text):
    c = ordinary.make(container(), *lines)
    r = c.run("lxc-start", **ordinary.how).fails()
    assert re.sub(r"/sys/fs/cgroup\S*(?=: Perm)", "{a cgroup}", r.err) == said(c, text)


@LXC_SHIFTS
def test_newuidmap_is_missing(container, ordinary):
    c = ordinary.make(container())
    how = {**ordinary.how, "under": (*ordinary.how["under"], "/usr/bin/env", "PATH=/nowhere")}
    assert c.run("lxc-start", **how).fails().err == said(c, """\
lxc-start: {c.name}: newuidmap, which writes the user map for who is not root, is not installed
  set by  {at:u 0 100000}  lxc.idmap
  step    userns.map (keeper)
  try     install it (Debian's package uidmap), or start the container as root
""")


@LXC_SHIFTS
def test_a_template_that_root_runs_may_mount(keg, lxcpath):
    """mount(8) is setuid, and there the host's root is one of many ids: it would leave the rights behind."""
    c = Container(keg, lxcpath, f"{MARK}-t")
    template, first = lxcpath / "lxc-mounts", lxcpath / "first.conf"
    template.write_text('#!/bin/sh\nset -e\nmkdir "${3#--rootfs=}/at"\nmount -t tmpfs none "${3#--rootfs=}/at"\n')
    template.chmod(0o755)
    first.write_text("\n".join((*MAP, "")))
    c.run("lxc-create", "-t", template, "-f", first).ok()
    assert ids(c.rootfs / "at") == (100000, 200000) and not os.path.ismount(c.rootfs / "at")


def test_a_folder_that_the_mapped_root_may_not_pass(container):
    """As LXD has it: the way is the host's root's alone. LXC makes the folder over to the container's root; we leave it."""
    c = owned(container(*MAP))
    c.dir.chmod(0o100)
    assert c.run("lxc-start").ok().err == ""
    assert c.dir.stat().st_mode & 0o777 == 0o100
    c.run("lxc-stop", "-k").ok()

