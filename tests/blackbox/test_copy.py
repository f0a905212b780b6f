# SPDX-License-Identifier: MIT
"""Copies, clones, other names: what they hold byte by byte, who is noted as whose, and what stays when they fail."""
import fcntl
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest
from lab import IS_LXC, MARK, leave, needs, wait_for

if IS_LXC:  # LXC copies by rsync, which is no dependency of Keg's
    pytestmark = pytest.mark.skipif(not shutil.which("rsync"), reason="the subject is LXC itself")
ours = pytest.mark.skipif(IS_LXC, reason="where Keg leaves LXC's ways, or LXC says it otherwise")


def tree(top):
    """All that makes a tree what it is, by path."""
    found, inodes = {}, {}
    for folder, names, files in os.walk(top):
        for path in [os.path.join(folder, n) for n in names + files] + ([folder] if folder == str(top) else []):
            st = os.lstat(path)
            what = os.path.relpath(path, top)
            content = None
            if stat.S_ISLNK(st.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(st.st_mode):
                with open(path, "rb") as f:
                    content = f.read()
            marks = ("trusted.keg.owner", "user.keg.owner")
            xattrs = {n: os.getxattr(path, n, follow_symlinks=False) for n in os.listxattr(path, follow_symlinks=False)
                      if n not in marks}
            first = inodes.setdefault((st.st_dev, st.st_ino), what) if not stat.S_ISDIR(st.st_mode) else what
            found[what] = (oct(st.st_mode), st.st_uid, st.st_gid, st.st_rdev, st.st_mtime_ns, content, xattrs,
                           inodes_sorted(first, what))
    return found


def inodes_sorted(first, what):
    return "same as another" if first != what else ""


def rich(rootfs):
    """One of everything that a rootfs can hold."""
    at = rootfs / "rich"
    at.mkdir()
    (at / "plain").write_bytes(os.urandom(100_000))
    (at / "hard").hardlink_to(at / "plain")
    (at / "setuid").write_text("x")
    (at / "setuid").chmod(0o4711)
    os.chown(at / "plain", 1234, 4321)
    (at / "dangling").symlink_to("/no/such/file")
    os.lchown(at / "dangling", 77, 88)
    with open(at / "sparse", "wb") as f:
        f.seek(40 << 20)
        f.write(b"end")
    os.mknod(at / "null", stat.S_IFCHR | 0o640, os.makedev(1, 3))
    os.mknod(at / "disk", stat.S_IFBLK | 0o600, os.makedev(7, 99))
    os.mkfifo(at / "fifo", 0o622)
    s = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(at)
    s.bind("socket")
    os.chdir(here)
    s.close()
    os.setxattr(at / "plain", "user.note", b"kept\0bytes")
    os.setxattr(at / "plain", "trusted.note", b"root's")
    os.setxattr(at / "dangling", "trusted.note", b"of a link", follow_symlinks=False)
    cap = bytes.fromhex("0100000200200000000000000000000000000000")
    os.setxattr(at / "setuid", "security.capability", cap)
    acl = bytes.fromhex("02000000" "01000700ffffffff" "02000400e8030000" "04000500ffffffff" "10000500ffffffff" "20000500ffffffff")
    os.setxattr(at / "hard", "system.posix_acl_access", acl)
    (at / "deep/er").mkdir(parents=True, mode=0o2750)
    (at / "deep").chmod(0o1777)
    name = at / ("n" * 255)
    name.write_text("a long name\n")
    (at / "line\nbreak").write_text("")
    for i, p in enumerate(sorted(at.rglob("*"))):
        os.utime(p, ns=(10**18 + i, 10**18 + 7 * i + 3), follow_symlinks=False)
    return at


def pairs(folder, file):
    path = folder / file
    if not path.exists():
        return []
    lines = path.read_text().split("\n")
    assert lines.pop() == "", "the last line has its end"
    return [tuple(lines[i:i + 2]) for i in range(0, len(lines), 2)]


def value(folder, key):
    return re.findall(rf"^{re.escape(key)} = (.*)$", (folder / "config").read_text(), re.M)


def copy(c, name, *options, **how):
    return c.run("lxc-copy", "-N", name, *options, **{"timeout": 60, **how})


# --- a full copy ------------------------------------------------------------------------------------------

@ours
def test_a_copy_is_equal_byte_by_byte(container, lxcpath):
    c = container()
    rich(c.rootfs)
    r = copy(c, f"{MARK}-c").ok()
    assert (r.out, r.err) == ("", "")
    there = lxcpath / f"{MARK}-c"
    assert tree(there / "rootfs") == tree(c.rootfs)
    sparse = (there / "rootfs/rich/sparse").stat()
    assert sparse.st_blocks * 512 < 1 << 20, "a hole stays a hole"
    assert stat.S_IMODE(there.stat().st_mode) == 0o770 and stat.S_IMODE((there / "config").stat().st_mode) == 0o640
    assert sorted(p.name for p in there.iterdir()) == ["config", "rootfs"]
    assert pairs(c.dir, "lxc_snapshots") == [], "a full copy lies on nobody's files"


def test_a_copy_has_its_own_name_addresses_and_files(container, lxcpath):
    c = container("lxc.net.0.type = veth", "lxc.net.0.hwaddr = 00:16:3e:11:22:33", "# lxc.net.9.hwaddr = 00:16:3e:11:22:33",
                  "lxc.hook.start-host = /bin/true", net="")
    (c.dir / "hook").write_text("#!/bin/sh\nexit 0\n")
    (c.dir / "hook").chmod(0o755)
    (c.dir / "fstab").write_text("# nothing\n")
    (c.rootfs / "etc/hostname").write_text("old\n")
    c.add(f"lxc.hook.pre-start = {c.dir}/hook", f"lxc.mount.fstab = {c.dir}/fstab")
    copy(c, f"{MARK}-c").ok()
    there = lxcpath / f"{MARK}-c"
    assert value(there, "lxc.uts.name") == [f"{MARK}-c"]
    assert value(there, "lxc.rootfs.path") == [f"dir:{there}/rootfs"]
    assert value(there, "lxc.hook.pre-start") == [f"{there}/hook"]
    assert value(there, "lxc.hook.start-host") == ["/bin/true"]
    assert value(there, "lxc.mount.fstab") == [f"{there}/fstab"]
    assert (there / "hook").read_text() == "#!/bin/sh\nexit 0\n" and (there / "hook").stat().st_mode & 0o777 == 0o755
    assert (there / "fstab").read_text() == "# nothing\n"
    assert (there / "rootfs/etc/hostname").read_text() == f"{MARK}-c", "as LXC writes it"
    (mac,) = value(there, "lxc.net.0.hwaddr")
    assert re.fullmatch(r"00:16:3e(:[0-9a-f]{2}){3}", mac) and mac != "00:16:3e:11:22:33"
    assert "# lxc.net.9.hwaddr = 00:16:3e:11:22:33\n" in (there / "config").read_text()
    assert (c.rootfs / "etc/hostname").read_text() == "old\n"


@ours
def test_a_hook_with_arguments_and_one_in_the_rootfs_move_too(container, lxcpath):
    c = container()
    for at in (c.dir / "hooks/deep/hook", c.rootfs / "hook"):
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text("#!/bin/sh\n")
        at.chmod(0o755)
    c.add(f"lxc.hook.pre-start = {c.dir}/hooks/deep/hook --config '{c.dir}/hooks/deep' x", f"lxc.hook.mount = {c.rootfs}/hook",
          f"lxc.hook.post-stop = {c.dir}-other/hook")
    copy(c, f"{MARK}-c").ok()
    copy(c, f"{MARK}-s", "-s").ok()
    there, over = lxcpath / f"{MARK}-c", lxcpath / f"{MARK}-s"
    assert value(there, "lxc.hook.pre-start") == [f"{there}/hooks/deep/hook --config '{there}/hooks/deep' x"]
    assert value(there, "lxc.hook.mount") == [f"{there}/rootfs/hook"] and (there / "rootfs/hook").exists()
    assert value(over, "lxc.hook.mount") == [f"{c.rootfs}/hook"], "of an overlay it is in the lower folder"
    assert value(there, "lxc.hook.post-stop") == [f"{c.dir}-other/hook"], "another folder's name that begins alike"
    assert (there / "hooks/deep/hook").exists() and (over / "hooks/deep/hook").exists()


def test_keepname_and_keepmac(container, lxcpath):
    c = container("lxc.net.0.type = veth", "lxc.net.0.hwaddr = 00:16:3e:11:22:33", net="")
    (c.rootfs / "etc/hostname").write_text("old\n")
    copy(c, f"{MARK}-c", "-K", "-M").ok()
    there = lxcpath / f"{MARK}-c"
    assert value(there, "lxc.uts.name") == [c.name] and value(there, "lxc.net.0.hwaddr") == ["00:16:3e:11:22:33"]
    assert (there / "rootfs/etc/hostname").read_text() == "old\n"


@ours
def test_another_lxcpath(container, lxcpath, keg):
    c = container()
    other = lxcpath / "other"
    copy(c, c.name, "-p", other).ok()
    copy(c, f"{MARK}-s", "-s", "-p", other).ok()
    assert value(other / c.name, "lxc.rootfs.path") == [f"dir:{other}/{c.name}/rootfs"]
    assert pairs(c.dir, "lxc_snapshots") == [(str(other), f"{MARK}-s")]
    assert pairs(other / f"{MARK}-s", "lxc_rdepends") == [(str(lxcpath), c.name)]
    keg.run("lxc-destroy", "-n", f"{MARK}-s", "-P", other).ok()
    assert not (c.dir / "lxc_snapshots").exists()


def test_a_copy_starts(container, lxcpath, keg):
    c = container()
    copy(c, f"{MARK}-c").ok()
    copy(c, f"{MARK}-s", "-s").ok()
    for name in (f"{MARK}-c", f"{MARK}-s"):
        keg.run("lxc-start", "-n", name, "-P", lxcpath).ok()
        try:
            assert keg.run("lxc-info", "-s", "-H", "-n", name, "-P", lxcpath).ok().out == "RUNNING\n"
        finally:
            keg.run("lxc-stop", "-k", "-n", name, "-P", lxcpath)


def test_the_clone_hook(container, lxcpath, tmp_path):
    script = tmp_path / "hook"
    script.write_text(f"#!/bin/sh\necho \"$*\"; env | grep ^LXC_ | sort; ls $LXC_ROOTFS_MOUNT; touch $LXC_ROOTFS_MOUNT/made\n")
    script.write_text(f"#!/bin/sh\nexec > {tmp_path}/out\n" + script.read_text().split("\n", 1)[1])
    script.chmod(0o755)
    c = container(f"lxc.hook.clone = {script} own")
    for options, name in (((), "c"), (("-s",), "s")):
        copy(c, f"{MARK}-{name}", *options, "--", "more", "two words").ok()
        out = (tmp_path / "out").read_text().splitlines()
        assert out[0] == f"own {MARK}-{name} lxc clone more two words"
        assert f"LXC_SRC_NAME={c.name}" in out and f"LXC_NAME={MARK}-{name}" in out
        assert f"LXC_CONFIG_FILE={lxcpath}/{MARK}-{name}/config" in out and "answer" in out
    assert (lxcpath / f"{MARK}-c/rootfs/made").exists() and (lxcpath / f"{MARK}-s/overlay/delta/made").exists()
    assert not (c.rootfs / "made").exists()


@ours
def test_a_clone_hook_that_fails_leaves_nothing(container, lxcpath):
    c = container("lxc.hook.clone = /bin/false")
    before = tree(c.dir)
    for options in ((), ("-s",)):
        r = copy(c, f"{MARK}-c", *options).fails(1)
        assert r.err.splitlines()[0] == f"lxc-copy: {c.name}: hook /bin/false (lxc.hook.clone) exited with status 1"
        assert sorted(p.name for p in lxcpath.iterdir()) == [c.name]
        assert {k: v for k, v in tree(c.dir).items() if k != "."} == {k: v for k, v in before.items() if k != "."}


# --- clones -----------------------------------------------------------------------------------------------

def test_a_clone_is_an_overlay_and_is_noted(container, lxcpath, keg):
    c = container()
    (c.rootfs / "etc/hostname").write_text("old\n")
    os.chown(c.rootfs, 5, 6)
    c.rootfs.chmod(0o711)
    one, two, three = (lxcpath / f"{MARK}-{n}" for n in "123")
    copy(c, one.name, "-s").ok()
    assert sorted(p.name for p in one.iterdir()) == ["config", "lxc_rdepends", "overlay", "rootfs"]
    assert list((one / "rootfs").iterdir()) == []
    assert value(one, "lxc.rootfs.path") == [f"overlay:{c.rootfs}:{one}/overlay/delta"]
    assert [p.relative_to(one / "overlay").as_posix() for p in sorted((one / "overlay/delta").rglob("*"))] == ["delta/etc", "delta/etc/hostname"]
    assert (one / "lxc_rdepends").read_text() == f"{lxcpath}\n{c.name}\n"
    assert (c.dir / "lxc_snapshots").read_text() == f"{lxcpath}\n{one.name}\n"
    if not IS_LXC:
        st = (one / "overlay/delta").stat()
        assert (st.st_uid, st.st_gid, st.st_mode & 0o7777) == (5, 6, 0o711), "it is what the container sees of /"

    (one / "overlay/delta/new").write_text("of one\n")
    os.mknod(one / "overlay/delta/answer", stat.S_IFCHR, os.makedev(0, 0))  # a file that was removed
    keg.run("lxc-copy", "-n", one.name, "-N", two.name, "-s", "-P", lxcpath).ok()
    assert value(two, "lxc.rootfs.path") == [f"overlay:{c.rootfs}:{two}/overlay/delta"], "the lower folder stays"
    assert (two / "overlay/delta/new").read_text() == "of one\n"
    assert stat.S_ISCHR((two / "overlay/delta/answer").stat().st_mode)
    assert pairs(two, "lxc_rdepends") == [(str(lxcpath), c.name), (str(lxcpath), one.name)]
    assert pairs(c.dir, "lxc_snapshots") == [(str(lxcpath), one.name), (str(lxcpath), two.name)]
    assert pairs(one, "lxc_snapshots") == [(str(lxcpath), two.name)]

    keg.run("lxc-copy", "-n", two.name, "-N", three.name, "-B", "dir", "-P", lxcpath).ok()
    assert (three / "rootfs/new").read_text() == "of one\n" and not (three / "rootfs/answer").exists()
    assert (three / "rootfs/etc/passwd").read_text() == (c.rootfs / "etc/passwd").read_text()
    assert not (three / "lxc_rdepends").exists() and value(three, "lxc.rootfs.path") == [f"dir:{three}/rootfs"]

    r = c.run("lxc-destroy").fails(1)
    if not IS_LXC:
        assert r.err == (f"lxc-destroy: {c.name}: Destroying {c.name} failed: {c.name} has clones\n"
                         f"  try     its rootfs is the lower folder of {one} and others\n")
    for folder in (two, one):
        keg.run("lxc-destroy", "-n", folder.name, "-P", lxcpath).ok()
    assert not (c.dir / "lxc_snapshots").exists()
    c.run("lxc-destroy").ok()


def test_b_takes_any_prefix_of_overlay(container, lxcpath):
    c = container()
    for i, word in enumerate(("o", "over", "overlay")):
        copy(c, f"{MARK}-b{i}", "-s", "-B", word).ok()
        assert value(lxcpath / f"{MARK}-b{i}", "lxc.rootfs.path")[0].startswith("overlay:")


@ours
def test_a_copy_of_an_overlay_is_a_folder(container, lxcpath, keg):
    c = container()
    copy(c, f"{MARK}-s", "-s").ok()
    keg.run("lxc-copy", "-n", f"{MARK}-s", "-N", f"{MARK}-f", "-P", lxcpath).ok()
    there = tree(lxcpath / f"{MARK}-f/rootfs")
    there["."] = tree(c.rootfs)["."]  # the upper folder's times are what an overlay shows of its top
    assert there == tree(c.rootfs)


@ours
@pytest.mark.parametrize("options, said", [
    (("-N", "x", "-B", "overlay"), "The overlay storage driver can only be used for snapshots"),
    (("-N", "x", "-B", "btrfs"), "storage of type \"btrfs\" is not supported\n  try     \"dir\" and \"overlay\" (of a snapshot, lxc-copy -s) are"),
    (("-N", "x", "-s", "-B", "dir"), "a snapshot is an overlay: it cannot be of type \"dir\""),
    ((), "You must provide a NEWNAME for the clone"),
    (("-N", "x", "-t"), "-d, -D, -F, -m and -t go with -e only"),
    (("-e", "-t", "-D"), "A container that is placed on a tmpfs (-t) cannot keep its data (-D)"),
    (("-e", "-m", "bond=/tmp"), "\"bond=/tmp\" is no mount\n  try     bind=SOURCE[:TARGET][:ro|rw] or overlay=SOURCE[:TARGET], with absolute paths"),
    (("-e", "-m", "bind=tmp"), "\"bind=tmp\" is no mount\n  try     bind=SOURCE[:TARGET][:ro|rw] or overlay=SOURCE[:TARGET], with absolute paths"),
    (("-N", "x", "-L", "1G"), "the storage option \"1G\" does not go with a rootfs that is a folder"),
    (("-N", "x", "-R", "-p", "/tmp"), "-R renames a container where it is: it does not go with -p"),
    (("-N", "a/b"), "\"a/b\" cannot be a container's name\n  try     a name holds neither \"/\" nor control characters"),
])
def test_what_is_refused(container, lxcpath, options, said):
    c = container()
    r = c.run("lxc-copy", *options).fails(1)
    assert (r.out, r.err) == ("", f"lxc-copy: {c.name}: {said}\n")
    assert [p.name for p in lxcpath.iterdir()] == [c.name]


@ours
def test_what_is_there_and_what_is_not(container, lxcpath, keg):
    c, other = container(), container()
    assert copy(c, other.name).fails(1).err == f"lxc-copy: {c.name}: Container already exists: {other.name}\n"
    assert copy(c, c.name).fails(1).err == f"lxc-copy: {c.name}: Container already exists: {c.name}\n"
    (lxcpath / "data").mkdir()
    (lxcpath / "data/precious").write_text("x")
    assert copy(c, "data").fails(1).err == f"lxc-copy: {c.name}: Container already exists: data\n"
    assert (lxcpath / "data/precious").exists()
    r = keg.run("lxc-copy", "-n", "nope", "-N", "x", "-P", lxcpath).fails(1)
    assert r.err == "lxc-copy: nope: Container is not defined\n"


@ours
def test_a_running_one_is_copied_only_if_told(container, lxcpath):
    c = container().up()
    said = (f"lxc-copy: {c.name}: {c.name} is running: its files may change while they are copied\n"
            "  try     stop it, or allow that (lxc-copy -a)\n")
    assert copy(c, f"{MARK}-c").fails(1).err == said
    assert c.run("lxc-copy", "-e").fails(1).err == said
    copy(c, f"{MARK}-c", "-a").ok()
    copy(c, f"{MARK}-s", "-s", "-a").ok()
    assert (lxcpath / f"{MARK}-c/rootfs/ready").exists()


# --- ephemeral --------------------------------------------------------------------------------------------

def test_an_ephemeral_one_goes_with_its_stop(container, lxcpath, keg):
    c = container()
    r = c.run("lxc-copy", "-e").ok()
    (name,) = re.fullmatch(rf"Created ({c.name}_[A-Za-z0-9]{{6}}) as clone of {c.name}\n", r.out).groups()
    assert value(lxcpath / name, "lxc.ephemeral") == ["1"]
    assert pairs(c.dir, "lxc_snapshots") == [(str(lxcpath), name)]
    keg.run("lxc-stop", "-k", "-n", name, "-P", lxcpath).ok()
    wait_for(lambda: not (lxcpath / name).exists() and not (c.dir / "lxc_snapshots").exists(), "it is gone, and unlisted")
    assert c.run("lxc-copy", "-e", "-q", "-N", f"{MARK}-q").ok().out == ""
    keg.run("lxc-stop", "-k", "-n", f"{MARK}-q", "-P", lxcpath).ok()
    wait_for(lambda: [p.name for p in lxcpath.iterdir()] == [c.name], "nothing is left")


def test_daemon_and_foreground(container, lxcpath, keg):
    c = container()
    assert c.run("lxc-copy", "-e", "-d", "-N", f"{MARK}-d").ok().out == f"Created {MARK}-d as clone of {c.name}\n"
    p = c.popen("lxc-copy", "-e", "-F", "-N", f"{MARK}-f", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    for name in (f"{MARK}-d", f"{MARK}-f"):
        keg.run("lxc-wait", "-n", name, "-P", lxcpath, "-s", "RUNNING", "-t", "10").ok()
        assert (p.poll() is None) or name == f"{MARK}-d"
        keg.run("lxc-stop", "-k", "-n", name, "-P", lxcpath).ok()
    assert (p.wait(10), p.stdout.read()) == (0, f"Created {MARK}-f as clone of {c.name}\n")
    p.stdout.close()
    wait_for(lambda: [p.name for p in lxcpath.iterdir()] == [c.name], "nothing is left")


def test_another_config(container, lxcpath, tmp_path):
    c = container()
    (tmp_path / "other").write_text(c.config.read_text() + "lxc.start.order = 7\n")
    copy(c, f"{MARK}-o", "--rcfile", tmp_path / "other").ok()
    assert value(lxcpath / f"{MARK}-o", "lxc.start.order") == ["7"] and value(c.dir, "lxc.start.order") == []


def test_a_folder_has_no_size(container):
    c = container()
    r = copy(c, f"{MARK}-s", "-L", "1G").fails(1)
    assert r.err == f"lxc-copy: {c.name}: the storage option \"1G\" does not go with a rootfs that is a folder\n"


def test_keepdata_stays(container, lxcpath, keg):
    c = container()
    c.run("lxc-copy", "-e", "-D", "-N", f"{MARK}-k").ok()
    keg.run("lxc-stop", "-k", "-n", f"{MARK}-k", "-P", lxcpath).ok()
    time.sleep(0.2)
    assert value(lxcpath / f"{MARK}-k", "lxc.ephemeral") == [] and (lxcpath / f"{MARK}-k/overlay/delta").is_dir()


def test_on_a_tmpfs(container, lxcpath, keg):
    c = container()
    if IS_LXC:
        c.add("lxc.hook.pre-mount =")
    c.run("lxc-copy", "-e", "-t", "-N", f"{MARK}-t").ok()
    there = lxcpath / f"{MARK}-t"
    (hook,) = value(there, "lxc.hook.pre-mount")
    assert re.fullmatch(rf"{there}/pre-start-[A-Za-z0-9]{{6}}", hook)
    pid = int(keg.run("lxc-info", "-p", "-H", "-n", there.name, "-P", lxcpath).ok().out)
    assert open(f"/proc/{pid}/root/etc/hostname").read() == f"{there.name}\n"
    open(f"/proc/{pid}/root/etc/made", "w").close()
    assert not (there / "overlay/delta/etc/made").exists(), "it is in memory alone"
    keg.run("lxc-stop", "-k", "-n", there.name, "-P", lxcpath).ok()
    wait_for(lambda: not there.exists(), "it is gone")


def test_mounts_of_an_ephemeral_one(container, lxcpath, keg, tmp_path):
    c = container()
    (tmp_path / "file").write_text("of the host\n")
    tmp_path.chmod(0o755)
    c.run("lxc-copy", "-e", "-N", f"{MARK}-m", "-m", f"bind={tmp_path}:/a:ro,overlay={tmp_path}:/b", "-m", f"bind={tmp_path}/file:/c").ok()
    there = lxcpath / f"{MARK}-m"
    read_only, over, file = value(there, "lxc.mount.entry")
    assert read_only == f"{tmp_path} a none bind,optional,ro,create=dir 0 0"
    assert file == f"{tmp_path}/file c none bind,optional,rw,create=file 0 0"
    assert re.fullmatch(rf"{tmp_path} b overlay lowerdir={tmp_path},upperdir={there}/delta#\w{{6}},workdir={there}/work#\w{{6}},create=dir", over)
    pid = int(keg.run("lxc-info", "-p", "-H", "-n", there.name, "-P", lxcpath).ok().out)
    top = f"/proc/{pid}/root"
    with pytest.raises(OSError):
        open(f"{top}/a/new", "w")
    with open(f"{top}/b/new", "w") as f:
        f.write("over")
    assert open(f"{top}/c").read() == "of the host\n" and not (tmp_path / "new").exists()
    keg.run("lxc-stop", "-k", "-n", there.name, "-P", lxcpath).ok()
    wait_for(lambda: not there.exists(), "it is gone")


def test_a_command_in_an_ephemeral_one(busybox, lxcpath):
    c = busybox()
    r = c.run("lxc-copy", "-e", "-N", f"{MARK}-x", "--", "/bin/echo", "hello", timeout=40).ok()
    assert sorted(r.out.splitlines()) == [f"Created {MARK}-x as clone of {c.name}", "hello"]
    wait_for(lambda: not (lxcpath / f"{MARK}-x").exists(), "it has stopped and is gone")


@ours
def test_an_ephemeral_one_that_cannot_start_leaves_nothing(container, lxcpath):
    c = container(init="/no/such/init")
    r = c.run("lxc-copy", "-e", "-N", f"{MARK}-n").fails(1)
    assert "/no/such/init" in r.err and r.out == ""
    wait_for(lambda: [p.name for p in lxcpath.iterdir()] == [c.name], "nothing is left")
    assert not (c.dir / "lxc_snapshots").exists()


# --- another name -----------------------------------------------------------------------------------------

def test_rename(container, lxcpath, keg):
    c = container("lxc.net.0.type = veth", "lxc.net.0.hwaddr = 00:16:3e:11:22:33", net="")
    (c.rootfs / "etc/hostname").write_text("old\n")
    (c.dir / "hook").write_text("#!/bin/sh\n")
    c.add(f"lxc.hook.pre-start = {c.dir}/hook")
    inode = (c.rootfs / "answer").stat().st_ino
    r = copy(c, f"{MARK}-r", "-R").ok()
    assert (r.out, r.err) == ("", "")
    there = lxcpath / f"{MARK}-r"
    assert [p.name for p in lxcpath.iterdir()] == [there.name]
    assert value(there, "lxc.rootfs.path") == [f"dir:{there}/rootfs"] and value(there, "lxc.uts.name") == [there.name]
    assert value(there, "lxc.net.0.hwaddr") == ["00:16:3e:11:22:33"] and value(there, "lxc.hook.pre-start") == [f"{there}/hook"]
    assert (there / "rootfs/etc/hostname").read_text() == there.name
    if not IS_LXC:
        assert (there / "rootfs/answer").stat().st_ino == inode, "nothing was copied"
        assert not [p for p in there.iterdir() if p.name.startswith(".")]


@ours
def test_rename_of_a_clone_and_by_keg(container, lxcpath, keg):
    c = container()
    copy(c, f"{MARK}-s", "-s").ok()
    keg.run("keg", "rename", f"{MARK}-s", f"{MARK}-r", "-P", lxcpath).ok()
    there = lxcpath / f"{MARK}-r"
    assert value(there, "lxc.rootfs.path") == [f"overlay:{c.rootfs}:{there}/overlay/delta"]
    assert pairs(c.dir, "lxc_snapshots") == [(str(lxcpath), there.name)]
    keg.run("lxc-start", "-n", there.name, "-P", lxcpath).ok()
    keg.run("lxc-stop", "-k", "-n", there.name, "-P", lxcpath).ok()
    keg.run("lxc-destroy", "-n", there.name, "-P", lxcpath).ok()
    assert not (c.dir / "lxc_snapshots").exists()


@ours
def test_what_cannot_be_renamed(container, lxcpath, keg):
    c, other = container(), container()
    assert copy(c, other.name, "-R").fails(1).err == f"lxc-copy: {c.name}: Container already exists: {other.name}\n"
    copy(c, f"{MARK}-s", "-s").ok()
    assert copy(c, "x", "-R").fails(1).err == f"lxc-copy: {c.name}: Renaming {c.name} failed: {c.name} has clones\n"
    other.run("lxc-snapshot").ok()
    assert copy(other, "x", "-R").fails(1).err == f"lxc-copy: {other.name}: Renaming {other.name} failed: {other.name} has snapshots\n"
    running = container().up()
    assert copy(running, "x", "-R").fails(1).err == f"lxc-copy: {running.name}: {running.name} is running\n"
    assert keg.run("keg", "rename", c.name, "-P", lxcpath).fails(1).err == \
        f"keg: {c.name}: a new name must be given: keg rename NAME NEWNAME\n"


@ours
def test_a_rename_that_was_cut_short_is_ended_by_the_next_look(container, lxcpath, keg):
    c = container()
    there = lxcpath / f"{MARK}-r"
    c.up()
    c.run("lxc-stop", "-k").ok()
    (c.dir / ".was").write_text(c.name)
    (c.dir / f".renamed-{there.name}").write_text(c.config.read_text().replace(c.name, there.name))
    (c.dir / ".renamed-another").write_text("lxc.uts.name = wrong\n")
    c.dir.rename(there)
    keg.run("lxc-start", "-n", there.name, "-P", lxcpath).ok()
    keg.run("lxc-stop", "-k", "-n", there.name, "-P", lxcpath).ok()
    assert value(there, "lxc.rootfs.path") == [f"dir:{there}/rootfs"]


# --- snapshots of overlays --------------------------------------------------------------------------------

def test_a_snapshot_of_an_overlay(container, lxcpath, keg):
    c = container()
    copy(c, f"{MARK}-s", "-s").ok()
    s = lxcpath / f"{MARK}-s"
    (s / "overlay/delta/note").write_text("first\n")
    keg.run("lxc-snapshot", "-n", s.name, "-P", lxcpath).ok()
    snap = s / "snaps/snap0"
    assert value(snap, "lxc.rootfs.path") == [f"overlay:{c.rootfs}:{snap}/overlay/delta"]
    assert value(snap, "lxc.uts.name") == [s.name]
    assert pairs(snap, "lxc_rdepends") == [(str(lxcpath), c.name)]
    assert pairs(c.dir, "lxc_snapshots") == [(str(lxcpath), s.name), (f"{s}/snaps", "snap0")]
    assert not (s / "lxc_snapshots").exists()
    if not IS_LXC:  # whose restore of an overlay fails, after it has destroyed the container
        (s / "overlay/delta/note").write_text("second\n")
        keg.run("lxc-snapshot", "-n", s.name, "-P", lxcpath, "-r", "snap0", "-N", f"{MARK}-r").ok()
        there = lxcpath / f"{MARK}-r"
        assert (there / "overlay/delta/note").read_text() == "first\n"
        assert pairs(there, "lxc_rdepends") == [(str(lxcpath), c.name)]
        keg.run("lxc-snapshot", "-n", s.name, "-P", lxcpath, "-r", "snap0").ok()
        assert (s / "overlay/delta/note").read_text() == "first\n" and snap.exists()
        assert value(s, "lxc.rootfs.path") == [f"overlay:{c.rootfs}:{s}/overlay/delta"]
        keg.run("lxc-destroy", "-n", there.name, "-P", lxcpath).ok()
    keg.run("lxc-snapshot", "-n", s.name, "-P", lxcpath, "-d", "ALL").ok()
    assert pairs(c.dir, "lxc_snapshots") == [(str(lxcpath), s.name)]
    keg.run("lxc-destroy", "-n", s.name, "-P", lxcpath).ok()
    c.run("lxc-destroy").ok()


@ours
def test_a_container_with_clones_is_not_restored_over(container, lxcpath):
    c = container()
    c.run("lxc-snapshot").ok()
    copy(c, f"{MARK}-s", "-s").ok()
    before = tree(c.rootfs)
    r = c.run("lxc-snapshot", "-r", "snap0").fails(1)
    assert r.err == f"lxc-snapshot: {c.name}: {c.name} has clones: its rootfs cannot be replaced\n"
    assert tree(c.rootfs) == before


def test_create_as_an_overlay(keg, lxcpath, tmp_path):
    template = tmp_path / "template"
    template.write_text("#!/bin/sh\nfor a; do case $a in --rootfs=*) r=${a#*=};; esac; done\nmkdir -p $r/etc; echo x > $r/etc/f\n")
    template.chmod(0o755)
    (tmp_path / "conf").write_text("lxc.net.0.type = empty\n")
    here = lxcpath / f"{MARK}-o"
    keg.run("lxc-create", "-n", here.name, "-P", lxcpath, "-B", "overlay", "-f", tmp_path / "conf", "-t", template).ok()
    assert value(here, "lxc.rootfs.path") == [f"overlay:{here}/rootfs:{here}/overlay/delta"]
    assert (here / "rootfs/etc/f").exists() and list((here / "overlay/delta").iterdir()) == []
    if IS_LXC:
        return
    keg.run("lxc-snapshot", "-n", here.name, "-P", lxcpath).ok()
    r = keg.run("lxc-snapshot", "-n", here.name, "-P", lxcpath, "-r", "snap0").fails(1)
    assert r.err == (f"lxc-snapshot: {here.name}: the lower folder of {here.name} is in its own folder, "
                     "which cannot be replaced\n")
    keg.run("lxc-snapshot", "-n", here.name, "-P", lxcpath, "-r", "snap0", "-N", f"{MARK}-n").ok()
    assert pairs(here, "lxc_snapshots") == [(str(lxcpath), f"{MARK}-n")], "it lies on this one's lower folder"
    assert (here / "rootfs/etc/f").exists()


# --- what goes wrong --------------------------------------------------------------------------------------

@ours
def test_a_hostile_rootfs_leads_nowhere(container, lxcpath, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    c = container()
    shutil.rmtree(c.rootfs / "etc")
    (c.rootfs / "etc").symlink_to(tmp_path)
    (tmp_path / "hostname").write_text("the host's\n")
    (c.rootfs / "away").symlink_to(tmp_path)
    copy(c, f"{MARK}-c").ok()
    assert (tmp_path / "hostname").read_text() == "the host's\n" and (lxcpath / f"{MARK}-c/rootfs/away").is_symlink()
    for kind in ("device", "fifo", "link"):
        (c.rootfs / "etc").unlink() if (c.rootfs / "etc").is_symlink() else shutil.rmtree(c.rootfs / "etc")
        (c.rootfs / "etc").mkdir()
        at = c.rootfs / "etc/hostname"
        if kind == "device":
            os.mknod(at, stat.S_IFCHR | 0o666, os.makedev(1, 7))  # /dev/full: a write fails
        elif kind == "fifo":
            os.mkfifo(at)  # an open waits
        else:
            at.symlink_to(victim)
        copy(c, f"{MARK}-{kind}", timeout=20).ok()
        assert victim.read_text() == "precious\n"


@ours
def test_what_is_mounted_in_a_rootfs_is_not_copied(container, lxcpath, tmp_path):
    c = container()
    (c.rootfs / "mnt").mkdir()
    subprocess.run(["mount", "--bind", tmp_path, c.rootfs / "mnt"], check=True)
    try:
        r = copy(c, f"{MARK}-c").fails(1)
    finally:
        subprocess.run(["umount", c.rootfs / "mnt"], check=True)
    assert r.err == f"lxc-copy: {c.name}: cannot copy {c.rootfs}/mnt, another mount: Invalid cross-device link\n"
    assert [p.name for p in lxcpath.iterdir()] == [c.name]


@ours
def test_a_full_disk(container, lxcpath, keg):
    c = container()
    (c.rootfs / "big").write_bytes(b"x" * (3 << 20))
    small = lxcpath / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], check=True)
    try:
        r = copy(c, f"{MARK}-c", "-p", small).fails(1)
        assert r.err == f"lxc-copy: {c.name}: cannot copy {c.rootfs}/big: No space left on device\n"
        assert list(small.iterdir()) == [], "and it is empty again"
    finally:
        subprocess.run(["umount", small], check=True)


@ours
@pytest.mark.parametrize("how", [(), ("-s",)])
def test_a_copy_that_is_killed_can_be_made_again(container, lxcpath, how):
    c = container()
    rich(c.rootfs)
    for i in range(40):
        (c.rootfs / f"f{i}").write_bytes(os.urandom(1 << 16))
    before = tree(c.rootfs)
    there = lxcpath / f"{MARK}-c"
    there.mkdir()  # as it is right after the first step
    for i in range(24):
        p = c.popen("lxc-copy", "-N", there.name, *how, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.0007 * i)
        p.send_signal(signal.SIGKILL)
        p.wait()
        if not (there / "partial").exists() and (there / "config").exists():
            c.keg.run("lxc-destroy", "-n", there.name, "-P", lxcpath).ok()  # it was done already
    assert tree(c.rootfs) == before
    wait_for(lambda: copy(c, there.name, *how).rc == 0 or not there.exists(), "the next one goes through")
    assert not (there / "partial").exists()
    if not how:
        assert tree(there / "rootfs") == before
    assert pairs(c.dir, "lxc_snapshots") == ([(str(lxcpath), there.name)] if how else [])
    c.keg.run("lxc-destroy", "-n", there.name, "-P", lxcpath).ok()
    assert not (c.dir / "lxc_snapshots").exists()


@ours
def test_remains_of_a_killed_clone_can_be_destroyed(container, lxcpath, keg):
    c = container()
    copy(c, f"{MARK}-s", "-s").ok()
    s = lxcpath / f"{MARK}-s"
    (s / "partial").touch()
    (s / "config").unlink()
    keg.run("lxc-destroy", "-n", s.name, "-P", lxcpath).ok()
    assert not s.exists() and not (c.dir / "lxc_snapshots").exists()


@ours
def test_remains_of_a_killed_clone_are_unlisted_by_the_next_copy(container, lxcpath):
    c = container()
    copy(c, f"{MARK}-s", "-s").ok()
    s = lxcpath / f"{MARK}-s"
    (s / "partial").touch()
    (s / "config").unlink()
    copy(c, s.name).ok()
    assert not (c.dir / "lxc_snapshots").exists() and not (s / "overlay").exists() and (s / "rootfs/answer").exists()


@ours
def test_who_depends_on_nobody_can_say_whom_is_not_destroyed(container, lxcpath, keg):
    c = container()
    copy(c, f"{MARK}-s", "-s").ok()
    s = lxcpath / f"{MARK}-s"
    keg.run("lxc-snapshot", "-n", s.name, "-P", lxcpath).ok()
    whole = lambda folder: {k: v for k, v in tree(folder).items() if k not in (".", "snaps", "lxc_rdepends")}  # an empty snaps goes
    for folder, command in ((s / "snaps/snap0", ("lxc-snapshot", "-d", "snap0")), (s, ("lxc-destroy", "-s"))):
        text, before = (folder / "lxc_rdepends").read_text(), whole(folder)
        (folder / "lxc_rdepends").write_text("/one/line\n")
        assert keg.run(*command, "-n", s.name, "-P", lxcpath).fails(1).err == \
            f"{command[0]}: {s.name}: {folder}/lxc_rdepends is cut short: it has to have two lines for each container\n"
        (folder / "lxc_rdepends").write_text(text)
        assert whole(folder) == before
        keg.run(*command, "-n", s.name, "-P", lxcpath).ok()
    c.run("lxc-destroy").ok()


@ours
def test_a_killed_destroy_is_unlisted_though_anothers_clone_has_the_name(container, lxcpath, keg):
    c, other = container(), container()
    copy(c, f"{MARK}-s", "-s").ok()
    s, trash = lxcpath / f"{MARK}-s", lxcpath / f".trash-{MARK}-s"
    s.rename(trash)
    at_work = os.open(trash, os.O_RDONLY)
    fcntl.flock(at_work, fcntl.LOCK_EX)
    copy(other, s.name, "-s").ok()
    assert trash.exists()
    os.close(at_work)
    copy(c, f"{MARK}-t", "-s").ok()
    assert not trash.exists()
    assert pairs(c.dir, "lxc_snapshots") == [(str(lxcpath), f"{MARK}-t")] and pairs(other.dir, "lxc_snapshots") == [(str(lxcpath), s.name)]
    for name in (f"{MARK}-t", c.name, s.name, other.name):
        keg.run("lxc-destroy", "-n", name, "-P", lxcpath).ok()


@ours
def test_a_killed_destroy_does_not_unlist_a_new_clone_of_the_name(container, lxcpath):
    c = container()
    copy(c, f"{MARK}-s", "-s").ok()
    s, trash = lxcpath / f"{MARK}-s", lxcpath / f".trash-{MARK}-s"
    s.rename(trash)
    at_work = os.open(trash, os.O_RDONLY)
    fcntl.flock(at_work, fcntl.LOCK_EX)
    copy(c, s.name, "-s").ok()
    os.close(at_work)
    copy(c, f"{MARK}-t").ok()
    assert not trash.exists() and pairs(c.dir, "lxc_snapshots") == [(str(lxcpath), s.name)]


@ours
def test_a_killed_restore_is_unlisted_by_another_of_the_name(container, lxcpath, keg):
    c, plain = container(), container()
    copy(c, f"{MARK}-s", "-s").ok()
    s, there = lxcpath / f"{MARK}-s", lxcpath / f"{MARK}-r"
    keg.run("lxc-snapshot", "-n", s.name, "-P", lxcpath).ok()
    keg.run("lxc-snapshot", "-n", s.name, "-P", lxcpath, "-r", "snap0", "-N", there.name).ok()
    there.rename(lxcpath / f".restore-{there.name}")
    plain.run("lxc-snapshot").ok()
    plain.run("lxc-snapshot", "-r", "snap0", "-N", there.name).ok()
    assert pairs(c.dir, "lxc_snapshots") == [(str(lxcpath), s.name), (f"{s}/snaps", "snap0")]
    assert not (there / "lxc_rdepends").exists()


@ours
@pytest.mark.parametrize("verb", ["destroy", "rename"])
def test_a_killed_snapshot_is_unlisted_with_its_container(container, lxcpath, keg, verb):
    c = container()
    copy(c, f"{MARK}-s", "-s").ok()
    s = lxcpath / f"{MARK}-s"
    keg.run("lxc-snapshot", "-n", s.name, "-P", lxcpath).ok()
    (s / "snaps/snap0").rename(s / "snaps/.new-77")
    if verb == "rename":
        keg.run("lxc-copy", "-R", "-n", s.name, "-N", f"{MARK}-r", "-P", lxcpath).ok()
        assert pairs(c.dir, "lxc_snapshots") == [(str(lxcpath), f"{MARK}-r")]
    else:
        keg.run("lxc-destroy", "-n", s.name, "-P", lxcpath).ok()
        assert not (c.dir / "lxc_snapshots").exists()


@ours
def test_a_killed_rename_is_unlisted_though_anothers_clone_has_the_name(container, lxcpath, keg):
    c, other = container(), container()
    copy(c, f"{MARK}-s", "-s").ok()
    copy(other, f"{MARK}-r", "-s").ok()
    s = lxcpath / f"{MARK}-s"
    (c.dir / "lxc_snapshots").write_text(f"{lxcpath}\n{s.name}\n{lxcpath}\n{MARK}-r\n")
    (s / ".was").write_text(s.name)
    (s / f".renamed-{MARK}-r").write_text("")
    keg.run("lxc-info", "-n", s.name, "-P", lxcpath).ok()
    keg.run("lxc-start", "-n", s.name, "-P", lxcpath).ok()
    keg.run("lxc-stop", "-k", "-n", s.name, "-P", lxcpath).ok()
    assert pairs(c.dir, "lxc_snapshots") == [(str(lxcpath), s.name)] and pairs(other.dir, "lxc_snapshots") == [(str(lxcpath), f"{MARK}-r")]


@ours
def test_a_copy_that_is_told_to_end_takes_back_what_it_made(container, lxcpath):
    c = container("lxc.hook.clone = sleep 0.3; true")
    p = c.popen("lxc-copy", "-N", f"{MARK}-c", "-s", stderr=subprocess.PIPE, text=True)
    wait_for((lxcpath / f"{MARK}-c").exists, "it has begun")
    p.terminate()
    assert p.wait(10) == 1
    assert [x.name for x in lxcpath.iterdir()] == [c.name] and not (c.dir / "lxc_snapshots").exists()
    assert p.stderr.read() == f"lxc-copy: {c.name}: the copy was cancelled\n"
    p.stderr.close()


@ours
def test_two_at_once(container, lxcpath):
    c = container()
    many = [c.popen("lxc-copy", "-s", "-N", f"{MARK}-m{i}", stderr=subprocess.DEVNULL) for i in range(8)]
    same = [c.popen("lxc-copy", "-s", "-N", f"{MARK}-same", stderr=subprocess.DEVNULL) for _ in range(3)]
    assert [p.wait(30) for p in many] == [0] * 8
    assert sorted(p.wait(30) for p in same) == [0, 1, 1]
    assert sorted(name for _, name in pairs(c.dir, "lxc_snapshots")) == sorted([f"{MARK}-m{i}" for i in range(8)] + [f"{MARK}-same"])


@ours
@pytest.mark.parametrize("mkfs", ["mkfs.btrfs", "mkfs.xfs"])
def test_a_gibibyte_is_copied_at_once_where_blocks_can_be_shared(container, lxcpath, tmp_path, keg, mkfs):
    needs(shutil.which(mkfs), f"no {mkfs}")
    image, at = tmp_path / "image", lxcpath / "fs"
    at.mkdir()
    with open(image, "wb") as f:
        f.truncate(3 << 30)
    subprocess.run([mkfs, "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, at], check=True)
    try:
        rootfs = at / "q/rootfs"
        rootfs.mkdir(parents=True)
        for i in range(8):
            with open(rootfs / f"big{i}", "wb") as f:
                os.posix_fallocate(f.fileno(), 0, 128 << 20)
        (at / "q/config").write_text(f"lxc.rootfs.path = dir:{rootfs}\nlxc.net.0.type = empty\n")
        os.sync()
        began = time.monotonic()
        keg.run("lxc-copy", "-n", "q", "-N", "r", "-P", at).ok()
        assert time.monotonic() - began < 1
        assert (at / "r/rootfs/big7").stat().st_size == 128 << 20
    finally:
        subprocess.run(["umount", at], check=True)
