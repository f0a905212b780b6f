# SPDX-License-Identifier: MIT
"""Nothing is removed that Keg did not make, and whoever fails leaves all as it was: canaries, and trees held against
themselves. What is killed half way is test_kill.py's and test_copy.py's."""
import hashlib
import os
import shutil
import stat
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab import IS_LXC, MARK, Container, wait_for

pytestmark = pytest.mark.skipif(IS_LXC, reason="LXC removes what lxc.rootfs.path names")


def digest(folder):
    """{path: mode, owner, contents}: everything that could be lost."""
    found = {}
    for at, folders, files in os.walk(folder):
        for name in [".", *folders, *files]:
            p = Path(at, name)
            s = p.lstat()
            data = p.read_bytes() if stat.S_ISREG(s.st_mode) else os.readlink(p) if p.is_symlink() else ""
            found[str(p)] = s.st_mode, s.st_uid, hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()
    return found


def canary(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "letters").mkdir(exist_ok=True)
    (folder / "letters/canary").write_text("precious\n")
    return folder


@contextmanager
def mounted(*what):
    subprocess.run(["mount", *map(str, what)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", what[-1]], check=True)


def filler(folder, leave):
    """Fills the file system of the folder but for so many KiB."""
    with (folder / "filler").open("wb", buffering=0) as f:
        try:
            while True:
                f.write(bytes(1 << 16))
        except OSError:
            pass
        try:
            while True:
                f.write(bytes(1 << 10))
        except OSError:
            pass
    os.truncate(folder / "filler", max(0, (folder / "filler").stat().st_size - (leave << 10)))


def point(c, rootfs):
    """Another rootfs than its own."""
    c.config.write_text(c.config.read_text().replace(f"dir:{c.rootfs}", str(rootfs)))


# --- destroy ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("where", [".", "sub", "{full}"])
def test_a_folder_with_something_in_it_is_not_taken_for_a_rootfs(keg, lxcpath, where):
    mine = canary(lxcpath / "mine")
    canary(mine / "sub")
    before = digest(mine)
    x = Container(keg, lxcpath, f"{MARK}-x")
    r = x.run("lxc-create", "-t", "none", "--dir", where.format(full=mine), cwd=mine)
    destroyed = x.run("lxc-destroy", cwd=mine)
    assert digest(mine) == before
    assert r.rc == 1 or destroyed.rc == 0
    assert not x.dir.exists()


def test_a_rootfs_that_create_made_goes_and_its_neighbours_stay(keg, lxcpath):
    mine = canary(lxcpath / "mine")
    before = digest(mine)
    x = Container(keg, lxcpath, f"{MARK}-x")
    (lxcpath / "template").write_text("#!/bin/sh\nexit 0\n")
    (lxcpath / "template").chmod(0o755)
    x.run("lxc-create", "-t", lxcpath / "template", "-f", "/dev/null", "--dir", mine / "tree").ok()
    assert (mine / "tree").is_dir()
    x.run("lxc-destroy").ok()
    assert digest(mine) == before and not x.dir.exists()


def test_a_rootfs_that_another_container_marked_is_not_ours(keg, lxcpath, container):
    tree, owner, c = lxcpath / "tree", Container(keg, lxcpath, f"{MARK}-x"), container()
    (lxcpath / "template").write_text(f"#!/bin/sh\nmkdir {tree}/letters && echo precious >{tree}/letters/canary\n")
    (lxcpath / "template").chmod(0o755)
    owner.run("lxc-create", "-t", lxcpath / "template", "-f", "/dev/null", "--dir", tree).ok()
    before = digest(tree)
    point(c, tree)
    c.run("lxc-destroy").ok()
    assert not c.dir.exists() and digest(tree) == before
    owner.run("lxc-destroy").ok()
    assert not tree.exists()


@pytest.mark.parametrize("what", ["home", "ancestor", "parent", "link", "dots"])
def test_a_rootfs_that_names_what_is_not_ours(lxcpath, container, what):
    home = canary(lxcpath / "home")
    canary(home / "work/here")
    (lxcpath / "link").symlink_to(home)
    before, c = digest(home), container()
    point(c, {"home": home, "ancestor": home / "work", "parent": home, "link": lxcpath / "link",
              "dots": c.dir / "rootfs/../../home"}[what])
    c.run("lxc-destroy", env={"HOME": str(home)}, cwd=home / "work/here").ok()
    assert not c.dir.exists() and digest(home) == before


def test_the_hosts_root_as_rootfs(lxcpath, container):
    """Where nothing but the lxcpath can be written: a mistake here would be the last one."""
    c = container()
    point(c, "/")
    cage = f'mount --bind {lxcpath} {lxcpath} && mount -o remount,bind,ro / && ! touch /etc/canary 2>/dev/null && exec "$@"'
    c.run("lxc-destroy", under=("unshare", "-m", "sh", "-c", cage, "sh")).ok()
    assert not c.dir.exists() and Path("/etc/passwd").exists()


def test_a_rootfs_that_is_a_link(lxcpath, container):
    mine, c = canary(lxcpath / "mine"), container()
    shutil.rmtree(c.rootfs)
    c.rootfs.symlink_to(mine)
    before = digest(mine)
    c.run("lxc-destroy").ok()
    assert not c.dir.exists() and digest(mine) == before


@pytest.mark.parametrize("where", ["rootfs", "rootfs/mnt", "mnt"])
def test_what_is_mounted_inside_is_no_part_of_it(lxcpath, container, where):
    mine, c = canary(lxcpath / "mine"), container()
    (c.dir / where).mkdir(exist_ok=True)
    before = digest(mine)
    with mounted("--bind", mine, c.dir / where):
        r = c.run("lxc-destroy").fails()
        assert digest(mine) == before and c.config.exists()
    assert f"{c.dir / where}" in r.err, r.err
    c.run("lxc-destroy").ok()
    assert not c.dir.exists() and digest(mine) == before


def test_what_lies_where_destroy_moves_a_rootfs_to_is_not_ours(keg, lxcpath):
    """A rootfs elsewhere becomes .trash-NAME beside itself first."""
    srv, x = lxcpath / "srv", Container(keg, lxcpath, f"{MARK}-x")
    mine = canary(srv / f".trash-{x.name}")
    before = digest(mine)
    (lxcpath / "template").write_text("#!/bin/sh\nexit 0\n")
    (lxcpath / "template").chmod(0o755)
    x.run("lxc-create", "-t", lxcpath / "template", "-f", "/dev/null", "--dir", srv / "tree").ok()
    r = x.run("lxc-destroy").fails()
    assert r.err == f"lxc-destroy: {x.name}: cannot remove {mine}: File exists\n  try     it is not {x.name}'s: move it away\n"
    assert digest(mine) == before and (srv / "tree").exists() and x.config.exists()
    mine.rename(lxcpath / "kept")
    x.run("lxc-destroy").ok()
    assert not (srv / "tree").exists() and not x.dir.exists()


@pytest.mark.parametrize("name", [".trash-1000", ".new-7", ".new-words", ".restore-mine", ".restore-{c.name}"])
def test_folders_of_names_that_we_use_are_swept_only_if_they_are_ours(lxcpath, container, name):
    """An lxcpath may be the top of somebody's disk; what commands that were killed left there bears our mark."""
    c = container()
    mine = canary(lxcpath / name.replace("{c.name}", c.name))
    before = digest(mine)
    c.run("lxc-snapshot").ok()
    c.run("lxc-snapshot", "-d", "snap0").ok()
    c.run("lxc-destroy").ok()
    assert digest(mine) == before


def test_what_lies_where_destroy_moves_a_container_to_is_not_ours(lxcpath, container):
    c = container()
    mine = canary(lxcpath / f".trash-{c.name}")
    before = digest(mine)
    assert c.run("lxc-destroy").fails().err == (f"lxc-destroy: {c.name}: cannot remove {mine}: File exists\n"
                                                "  try     it bears no mark of keg's: look what it is, and move it away\n")
    assert digest(mine) == before and c.config.exists()
    mine.rename(lxcpath / "kept")
    c.run("lxc-destroy").ok()


# --- create, restore, copy --------------------------------------------------------------------------------

def test_create_with_a_bad_key_over_what_is_there(keg, lxcpath):
    mine, x = canary(lxcpath / "mine"), Container(keg, lxcpath, f"{MARK}-x")
    canary(x.dir)
    bad = lxcpath / "bad.conf"
    bad.write_text("lxc.uts.nam = web\n")
    before = digest(lxcpath)
    for options in ((), ("--dir", mine), ("-B", "dir"), ("-B", "overlay")):
        x.run("lxc-create", "-t", "busybox", "-f", bad, *options, timeout=60)
        after = digest(lxcpath)
        assert {p for p in before if after.get(p) != before[p]} == set(), options


def test_create_by_a_template_that_fails_over_what_is_there(keg, lxcpath):
    mine, x = canary(lxcpath / "mine"), Container(keg, lxcpath, f"{MARK}-x")
    canary(x.dir)
    (lxcpath / "template").write_text("#!/bin/sh\nexit 3\n")
    (lxcpath / "template").chmod(0o755)
    before = digest(lxcpath)
    for options in ((), ("--dir", mine)):
        x.run("lxc-create", "-t", lxcpath / "template", "-f", "/dev/null", *options).fails()
        assert digest(lxcpath) == before, options


def test_what_a_killed_creators_template_runs_keeps_the_folder(keg, lxcpath):
    """The template ends with its creator; the program that it waits for goes on, and would fill what the next one has made."""
    x = Container(keg, lxcpath, f"{MARK}-x")
    (lxcpath / "template").write_text("#!/bin/sh\nfor w; do case $w in --rootfs=*) r=${w#*=}; esac; done\n"
                                      f"[ -e {lxcpath}/begun ] && exit 0\ntouch {lxcpath}/begun\nsh -c \"sleep 1; mkdir -p $r/late\"\n:\n")
    (lxcpath / "template").chmod(0o755)
    create = ("-t", lxcpath / "template", "-f", "/dev/null")
    p = x.popen("lxc-create", *create)
    wait_for((lxcpath / "begun").exists, "the template runs")
    time.sleep(0.2)
    p.kill()
    p.wait()
    assert x.run("lxc-create", *create).fails().err == f"lxc-create: {x.name}: Container already exists: it is being created just now\n"
    wait_for(lambda: x.run("lxc-create", *create).rc == 0, "its program has ended")
    assert list(x.rootfs.iterdir()) == []
    x.run("lxc-destroy").ok()
    assert not x.dir.exists()


@pytest.mark.parametrize("name", ["nosuch", "snap9", "..", "../rootfs", ""])
def test_restoring_what_is_no_snapshot(container, name):
    c = container()
    c.run("lxc-snapshot", timeout=60).ok()
    before = digest(c.dir)
    c.run("lxc-snapshot", "-r", name).fails()
    c.run("lxc-snapshot", "-r", name, "-N", f"{c.name}-n").fails()
    assert digest(c.dir) == before and [p.name for p in c.lxcpath.iterdir()] == [c.name]
    assert c.keg.run("lxc-ls", "-P", c.lxcpath).ok().out.split() == [c.name]


@pytest.fixture
def small(keg, lxcpath, answer):
    """A container with a snapshot on a disk of its own of 8 MiB."""
    disk = lxcpath / "disk"
    disk.mkdir()
    with mounted("-t", "tmpfs", "-o", "size=8m", "none", disk):
        c = Container(keg, disk, f"{MARK}-0")
        c.rootfs.mkdir(parents=True)
        shutil.copy(answer, c.rootfs / "answer")
        c.config.write_text("")
        c.add(f"lxc.rootfs.path = dir:{c.rootfs}", "lxc.init.cmd = /answer", "lxc.net.0.type = empty")
        c.run("lxc-snapshot", timeout=60).ok()
        yield c


@pytest.mark.parametrize("tool, args", [
    ("lxc-snapshot", ("-r", "snap0")),
    ("lxc-snapshot", ("-r", "snap0", "-N", "copy")),
    ("lxc-snapshot", ()),
    ("lxc-copy", ("-N", "copy")),
    ("lxc-copy", ("-N", "copy", "-s")),
    ("lxc-create", ("-t", "busybox", "-f", "/dev/null")),
], ids=" ".join)
def test_a_full_disk_leaves_all_as_it_was(small, tool, args):
    c = small
    name = "copy" if tool == "lxc-create" else c.name
    failed = 0
    for leave in (0, 4, 12, 64, 400):
        filler(c.lxcpath, leave)
        before = digest(c.lxcpath)
        r = c.keg.run(tool, "-n", name, "-P", c.lxcpath, *args, timeout=60)
        if r.rc == 0:  # a clone needs but a few folders
            break
        failed += 1
        assert "No space left on device" in r.err, r.err
        after = digest(c.lxcpath)
        assert {p for p in before if before[p] != after.get(p)} == set(), f"{leave} KiB left: lost or changed"
        assert set(after) - set(before) == set(), f"{leave} KiB left: remains"
    assert failed, "the disk was never full"


@pytest.mark.parametrize("leave", [0, 4])
def test_a_config_is_saved_whole_or_not_at_all(small, leave):
    c = small
    filler(c.lxcpath, leave)
    before, big = digest(c.lxcpath), "x" * 20000
    r = c.keg.run("keg", "config", "set", c.name, "lxc.environment", f"A={big}", "-P", c.lxcpath).fails()
    assert "No space left on device" in r.err
    assert digest(c.lxcpath) == before
