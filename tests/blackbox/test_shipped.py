# SPDX-License-Identifier: MIT
"""What is shipped beside the programs: configs to include, hooks; and configs that templates of LXC 2 to 7 left, which
include them: all of these load, and start."""
import os
import re
import subprocess
from pathlib import Path

import pytest

from lab import BIN, TOP, needs

DATA = sorted((TOP / "tests/data/configs").glob("*.conf"))
SHIPPED = next(p for p in (BIN.parent / "config", BIN.parent / "share/lxc/config", BIN) if p.is_dir())


def fill_in(text, c):
    for word, value in (("LXC_NAME", c.name), ("LXC_PATH", c.dir), ("LXC_ROOTFS", c.rootfs), ("LXC_TEMPLATE_CONFIG", SHIPPED)):
        text = text.replace(word, str(value))
    return text


@pytest.mark.parametrize("data", DATA, ids=lambda p: p.stem)
def test_a_config_of_a_template_loads_and_starts(busybox, data):
    c = busybox()
    c.config.write_text(fill_in(data.read_text(), c))
    (c.dir / "fstab").write_text("# nothing more\n")
    if "-2.0" in data.name:
        assert "keg update-config translates old files" in c.keg.run("keg", "config", "check", "-P", c.lxcpath, c.name).fails(1).err
        c.keg.run("lxc-update-config", "-c", c.config).ok()
    c.keg.run("keg", "config", "check", "-P", c.lxcpath, c.name).ok()
    if "unprivileged" in data.name:
        c.dir.chmod(0o755)
        for p in (c.rootfs, *c.rootfs.rglob("*")):
            os.lchown(p, 100000, 100000)
    # The bridge is the host's: here is none.
    c.run("lxc-start", "-s", "lxc.net.0.type = empty", "-s", "lxc.signal.stop = SIGKILL").ok()
    assert c.state() == "RUNNING"
    assert c.attach("/bin/hostname").ok().out == f"{c.name}\n"
    c.run("lxc-stop", "-k").ok()


@pytest.mark.parametrize("name", sorted(p.name for p in SHIPPED.glob("*.conf") if not p.name.startswith("installed-")))
def test_a_shipped_config_has_no_mistake(keg, lxcpath, name):
    folder = lxcpath / "a"
    folder.mkdir()
    (folder / "config").write_text(f"lxc.include = {SHIPPED / name}\n")
    keg.run("keg", "config", "check", "-P", lxcpath, "a").ok()


def test_shipped_configs_name_only_shipped_files(keg):
    for p in SHIPPED.glob("*.conf"):
        for path in re.findall(r"^lxc\.(?:include|seccomp\.profile|hook\.\S+) = (\S+[^/\s])$", p.read_text(), re.M):
            if not p.name.startswith("installed-"):
                assert Path(path).exists(), f"{p}: {path}"


def test_the_clone_hook_renames_in_files_of_the_copy_only(tmp_path):
    etc = tmp_path / "rootfs/etc"
    etc.mkdir(parents=True)
    (etc / "hosts").write_text("127.0.1.1 a.b a.b axb\n::1 localhost\n")
    (tmp_path / "outside").write_text("a.b\n")
    (etc / "sysconfig").mkdir()
    (etc / "sysconfig/network").symlink_to(tmp_path / "outside")
    env = {"PATH": "/usr/bin:/bin", "LXC_ROOTFS_MOUNT": str(tmp_path / "rootfs"), "LXC_SRC_NAME": "a.b", "LXC_NAME": "c&d"}
    subprocess.run([TOP / "hooks/clonehostname"], env=env, check=True)
    assert (etc / "hosts").read_text() == "127.0.1.1 c&d a.b axb\n::1 localhost\n"
    assert (tmp_path / "outside").read_text() == "a.b\n"


# --- a container that LXC made ------------------------------------------------------------------------------

LXC = Path("/usr/share/lxc/config")
WITHOUT_LXC = ("unshare", "-m", "sh", "-c", f"! [ -d {LXC} ] || mount -t tmpfs none {LXC} || exit 9; exec \"$@\"", "sh")


def test_lxcs_own_common_conf_loads_and_starts_as_it_is(busybox):
    needs((LXC / "common.conf").exists() and not (LXC / "common.conf").is_symlink(), f"no {LXC}/common.conf of LXC's")
    c = busybox()
    c.add(f"lxc.include = {LXC}/common.conf", "lxc.signal.stop = SIGKILL")
    r = c.run("lxc-start").ok()
    assert r.err == ""
    assert c.attach("/bin/hostname").ok().out == f"{c.name}\n"
    assert "Seccomp:\t2" in c.attach("/bin/cat", "/proc/self/status").ok().out
    c.run("lxc-stop", "-k").ok()


def test_without_lxc_its_files_are_taken_from_what_is_shipped(busybox):
    c = busybox()
    c.add(f"lxc.include = {LXC}/debian.common.conf", f"lxc.include = {LXC}/nesting.conf", "lxc.signal.stop = SIGKILL",
          f"lxc.seccomp.profile = {LXC}/common.seccomp")
    c.keg.run("keg", "config", "check", "-P", c.lxcpath, c.name, under=WITHOUT_LXC).ok()
    c.run("lxc-start", under=WITHOUT_LXC).ok()
    assert "Seccomp:\t2" in c.attach("/bin/cat", "/proc/self/status").ok().out
    c.run("lxc-stop", "-k", under=WITHOUT_LXC).ok()


def test_a_file_that_nobody_ships_is_missing_still(container):
    c = container(f"lxc.include = {LXC}/nobodys.conf")
    n = len(c.config.read_text().splitlines())
    assert c.run("lxc-start").fails(1).err == f"""\
lxc-start: {c.name}: cannot read {LXC}/nobodys.conf: No such file or directory
  set by  {c.config}:{n}  lxc.include
"""
