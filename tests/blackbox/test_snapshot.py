# SPDX-License-Identifier: MIT
"""Snapshots and destruction: what is kept, what is put back, and what is not touched."""
import re
import shutil

from lab import IS_LXC, needs, wait_for

if IS_LXC:  # LXC copies by rsync, which is no dependency of Keg's
    pytestmark = __import__("pytest").mark.skipif(not shutil.which("rsync"), reason="the subject is LXC itself")


def test_no_snapshots(container):
    assert container().run("lxc-snapshot", "-L").ok().out.strip() == "No snapshots"


def test_a_snapshot_is_taken_listed_and_restored(container, lxcpath):
    c = container()
    (c.rootfs / "etc/motd").write_text("before\n")
    r = c.run("lxc-snapshot", timeout=60).ok()
    assert (r.out, r.err) == ("", "")
    listed = c.run("lxc-snapshot", "-L").ok().out
    assert re.fullmatch(rf"snap0 \({re.escape(str(c.dir))}/snaps\) \d{{4}}:\d\d:\d\d \d\d:\d\d:\d\d\n", listed)
    (c.rootfs / "etc/motd").write_text("after\n")
    (c.rootfs / "etc/new").write_text("")
    c.run("lxc-snapshot", "-r", "snap0", timeout=60).ok()
    assert (c.rootfs / "etc/motd").read_text() == "before\n"
    assert not (c.rootfs / "etc/new").exists()
    assert f"lxc.uts.name = {c.name}" in c.config.read_text()
    c.up()
    c.run("lxc-stop").ok()
    assert sorted(p.name for p in lxcpath.iterdir()) == [c.name], "restoring leaves nothing beside the container"


def test_a_snapshot_keeps_links_modes_and_owners(container):
    c = container()
    (c.rootfs / "etc/link").symlink_to("/etc/passwd")
    (c.rootfs / "etc/hard").hardlink_to(c.rootfs / "etc/passwd")
    (c.rootfs / "etc/mode").write_text("x")
    (c.rootfs / "etc/mode").chmod(0o4751)
    shutil.chown(c.rootfs / "etc/passwd", 1000, 1000)
    c.run("lxc-snapshot", timeout=60).ok()
    at = c.dir / "snaps/snap0/rootfs/etc"
    assert (at / "link").readlink().as_posix() == "/etc/passwd"
    assert (at / "mode").stat().st_mode & 0o7777 == 0o4751
    assert (at / "passwd").stat().st_uid == 1000
    assert (at / "passwd").stat().st_ino == (at / "hard").stat().st_ino


def test_snapshots_are_numbered_by_the_lowest_free_number(container):
    c = container()
    for _ in range(3):
        c.run("lxc-snapshot", timeout=60).ok()
    c.run("lxc-snapshot", "-d", "snap1").ok()
    c.run("lxc-snapshot", timeout=60).ok()
    names = [line.split()[0] for line in c.run("lxc-snapshot", "-L").ok().out.splitlines()]
    assert sorted(names) == ["snap0", "snap1", "snap2"]


def test_a_comment_is_kept_with_the_snapshot(container, lxcpath):
    c = container()
    (lxcpath / "why").write_text("before the upgrade\n")
    c.run("lxc-snapshot", "-c", lxcpath / "why", timeout=60).ok()
    assert c.run("lxc-snapshot", "-L", "-C").ok().out.endswith("before the upgrade\n")
    (lxcpath / "why").unlink()


def test_a_snapshot_is_restored_under_a_new_name(container, lxcpath, keg):
    c = container()
    c.run("lxc-snapshot", timeout=60).ok()
    other = f"{c.name}-copy"
    c.run("lxc-snapshot", "-r", "snap0", "-N", other, timeout=60).ok()
    assert (lxcpath / other / "rootfs/answer").exists() and (c.rootfs / "answer").exists()
    assert keg.run("lxc-info", "-n", other, "-P", lxcpath, "-s", "-H").ok().out == "STOPPED\n"


def test_restoring_what_is_not_there_leaves_the_container_alone(container):
    c = container()
    c.run("lxc-snapshot", "-r", "snap9").fails(1)
    assert (c.rootfs / "answer").exists() and c.config.exists()


def test_a_container_with_snapshots_is_not_destroyed(container):
    c = container()
    c.run("lxc-snapshot", timeout=60).ok()
    assert "snapshots" in c.run("lxc-destroy").fails(1).err
    assert c.config.exists()
    c.run("lxc-snapshot", "-d", "ALL").ok()
    c.run("lxc-destroy").ok()
    assert not c.dir.exists()


def test_a_running_container_is_not_destroyed_unless_forced(container):
    c = container().up()
    err = c.run("lxc-destroy").fails(1).err
    assert "is running" in err if IS_LXC else err == (
        f"lxc-destroy: {c.name}: {c.name} is running\n  try     lxc-destroy -f -n {c.name} stops it first\n")
    assert c.state() == "RUNNING"
    c.run("lxc-destroy", "-f").ok()
    assert not c.dir.exists()


def test_destroying_does_not_follow_links_out_of_the_container(container, lxcpath):
    c, outside = container(), lxcpath / "outside"
    outside.mkdir()
    (outside / "kept").write_text("")
    (c.rootfs / "way-out").symlink_to(outside)
    c.run("lxc-destroy").ok()
    assert not c.dir.exists() and (outside / "kept").exists()


def test_destroying_does_not_remove_a_rootfs_that_keg_did_not_make(container, lxcpath):
    """LXC deletes it: a folder that the user named, outside of the container's own."""
    needs(not IS_LXC, "the subject is LXC itself")
    c, mine = container(), lxcpath / "my-tree"
    c.rootfs.rename(mine)
    c.config.write_text(c.config.read_text().replace(str(c.rootfs), str(mine)))
    c.run("lxc-destroy").ok()
    assert not c.dir.exists() and (mine / "answer").exists()


def test_an_ephemeral_container_goes_when_it_stops(container):
    c = container("lxc.ephemeral = 1").up()
    c.run("lxc-stop").ok()
    wait_for(lambda: not c.dir.exists(), "its folder is gone")
