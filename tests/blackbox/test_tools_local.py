# SPDX-License-Identifier: MIT
"""lxc-create -t local: a tarball of a tree, one of its description. lxc-ls --nesting."""
import io
import os
import tarfile

import pytest

from lab import BIN, IS_LXC, MARK, Container, needs


def tarball(path, files):
    """{name: text, or (type, target)}"""
    with tarfile.open(path, "w:xz") as t:
        for name, what in files.items():
            info = tarfile.TarInfo(name)
            if isinstance(what, tuple):
                info.type, info.linkname = what
                t.addfile(info)
            elif what is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                t.addfile(info)
            else:
                data = what.encode()
                info.size, info.mode = len(data), 0o644
                t.addfile(info, io.BytesIO(data))
    return path


TREE = {"./etc": None, "./etc/hostname": "LXC_NAME\n", "./etc/other": "LXC_NAME\n", "./skipped": None, "./skipped/file": "x",
        "./dev": None, "./dev/file": "x", "./link": (tarfile.SYMTYPE, "/etc/hostname")}
META = {"config": "lxc.include = LXC_TEMPLATE_CONFIG/common.conf\nlxc.arch = x86_64\n", "excludes": "./skipped\n",
        "fstab": "none LXC_ROOTFS/tmp tmpfs defaults 0 0\n", "templates": "/etc/hostname\n/link\n/../../etc/hostname\n/nosuch\n",
        "create-message": "You are LXC_NAME\n"}


@pytest.fixture
def create(keg, lxcpath, tmp_path):
    (lxcpath / "first.conf").write_text("lxc.net.0.type = empty\nlxc.start.delay = 7\n# a word\n")

    def make(*args, tree=TREE, meta=META):
        c = Container(keg, lxcpath, f"{MARK}-x")
        given = ["-f", tarball(tmp_path / "tree.tar.xz", tree)]
        if meta is not None:
            given += ["-m", tarball(tmp_path / "meta.tar.xz", meta)]
        return c, c.run("lxc-create", "-t", "local", "-f", lxcpath / "first.conf", "--", *given, *args, timeout=60)
    return make


def test_local(create, tmp_path):
    host = open("/etc/hostname").read()
    c, r = create()
    assert r.ok().out == "Unpacking the rootfs\n\n---\nYou are LXC_NAME\n"
    text = c.config.read_text()
    _, _, text = text.partition("\n# Distribution configuration\n")
    confdir = "/usr/share/lxc/config" if IS_LXC else BIN.parent / "config"
    own = f"lxc.start.delay = 7\nlxc.rootfs.path = dir:{c.rootfs}\nlxc.mount.fstab = {c.dir}/fstab\nlxc.uts.name = {c.name}\n"
    assert text.startswith(f"lxc.include = {confdir}/common.conf\nlxc.arch = x86_64\n\n# Container specific configuration\n")
    assert IS_LXC or text.endswith(f"# Container specific configuration\n{own}\n# Network configuration\nlxc.net.0.type = empty\n")
    assert (c.dir / "fstab").read_text() == f"none {c.rootfs}/tmp tmpfs defaults 0 0\n"
    assert (c.rootfs / "etc/hostname").read_text() == f"{c.name}\n" and (c.rootfs / "etc/other").read_text() == "LXC_NAME\n"
    assert not (c.rootfs / "skipped").exists() and (c.rootfs / "dev/pts").is_dir() and (c.rootfs / "dev/file").exists()
    assert open("/etc/hostname").read() == host
    assert c.run("lxc-info", "-c", "lxc.start.delay").ok().out == "lxc.start.delay = 7\n"
    c.run("lxc-destroy").ok()


def test_local_without_a_description(create):
    needs(not IS_LXC, "the subject is LXC itself")  # since 7.0
    c, r = create("--no-dev", meta=None)
    assert r.ok().out == "Metadata file was not passed\nUnpacking the rootfs\n"
    assert not (c.rootfs / "dev/file").exists() and (c.rootfs / "etc/hostname").read_text() == "LXC_NAME\n"
    assert c.config.read_text().endswith(f"lxc.uts.name = {c.name}\n\n# Network configuration\nlxc.net.0.type = empty\n")


def test_a_description_leads_nowhere_else(create, tmp_path):
    needs(not IS_LXC, "the subject is LXC itself")
    (tmp_path / "secret").write_text("lxc.uts.name = secret\n")
    c, r = create(meta={"config": (tarfile.SYMTYPE, str(tmp_path / "secret"))})
    r.ok()
    assert "secret" not in c.config.read_text()


def test_local_fails_and_leaves_nothing(keg, lxcpath, create, tmp_path):
    c = Container(keg, lxcpath, f"{MARK}-y")
    for args, told in (((), "ERROR: Rootfs file was not passed\n"), (("-f", "/nonexistent"), "ERROR: Rootfs file does not exist: /nonexistent\n")):
        r = c.run("lxc-create", "-t", "local", "-f", lxcpath / "first.conf", "--", *args).fails(1)
        assert IS_LXC or told in r.err
        assert not c.dir.exists()
    (tmp_path / "bad").write_text("no tarball")
    c.run("lxc-create", "-t", "local", "-f", lxcpath / "first.conf", "--", "-f", tmp_path / "bad").fails(1)
    assert not c.dir.exists()


# --- containers in containers -----------------------------------------------------------------------------

def test_ls_nesting(keg, lxcpath, container):
    needs(not IS_LXC, "the subject is LXC itself")  # LXC's says nothing where the container has no LXC
    a, b = container(name="kt-a").up(), container(name="kt-b")
    for c, names in ((a, ("two", "one")), (b, ("hidden",))):
        for n in names:
            (c.rootfs / "var/lib/lxc" / n).mkdir(parents=True)
            (c.rootfs / "var/lib/lxc" / n / "config").write_text("lxc.group = g\n" if n == "one" else "")
    ls = lambda *args: keg.run("lxc-ls", "-P", lxcpath, *args)
    assert ls("-1").ok().out == "kt-a\nkt-b\n"
    assert ls("-1", "--nesting").ok().out == ls("-1", "--nesting=1").ok().out == "kt-a\nkt-a/one\nkt-a/two\nkt-b\n"
    assert ls("-1", "--nesting=0").ok().out == "kt-a\nkt-b\n"
    assert ls("--nesting", "-f", "-F", "name,state,groups").ok().out == (
        "NAME     STATE   GROUPS \n"
        "kt-a     RUNNING -      \n"
        "kt-a/one STOPPED g      \n"
        "kt-a/two STOPPED -      \n"
        "kt-b     STOPPED -      \n")
    assert ls("--nesting=soon").fails(1).err == "lxc-ls: could not parse command line\n"


def test_what_a_container_puts_in_the_way_hangs_nothing(keg, lxcpath, container):
    needs(not IS_LXC, "the subject is LXC itself")
    a = container(name="kt-a").up()
    (a.rootfs / "var/lib/lxc/one").mkdir(parents=True)
    os.mkfifo(a.rootfs / "var/lib/lxc/one/config")
    r = keg.run("lxc-ls", "-P", lxcpath, "--nesting", "-f", "-F", "name,groups", timeout=30).ok()
    assert r.out.startswith("NAME")
