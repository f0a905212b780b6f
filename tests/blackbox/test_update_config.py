# SPDX-License-Identifier: MIT
"""lxc-update-config: files of LXC before 2.1 get the names of today."""

USAGE = "lxc-update-config -h|--help [-c|--config]\nconfig: the container configuration to update\n"
OLD = """# a comment about lxc.utsname
lxc.utsname = web1
\tlxc.rootfs = /srv/web1
lxc.network.type = veth
lxc.network.ipv4 = 10.0.3.4/24

lxc.network.type = empty
lxc.limit.nofile = 1024
lxc.kmsg = 0
#lxc.aa_profile = unconfined
lxc.rootfs.backend = btrfs
"""
NEW = """# a comment about lxc.utsname
lxc.uts.name = web1
\tlxc.rootfs.path = btrfs:/srv/web1
lxc.net.0.type = veth
lxc.net.0.ipv4.address = 10.0.3.4/24

lxc.net.1.type = empty
lxc.prlimit.nofile = 1024
#lxc.apparmor.profile = unconfined
"""


def test_keys_are_translated_and_the_old_file_is_kept(keg, tmp_path):
    file, backup = tmp_path / "config", tmp_path / "config.backup"
    file.write_text(OLD)
    file.chmod(0o640)
    r = keg.run("lxc-update-config", "-c", file).ok()
    assert (r.out, r.err) == ("", "")
    assert file.read_text() == NEW and backup.read_text() == OLD
    assert file.stat().st_mode & 0o777 == backup.stat().st_mode & 0o777 == 0o640
    at = file.stat()
    keg.run("lxc-update-config", "--config", file).ok()
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (at.st_ino, at.st_mtime_ns)  # nothing to do: not touched
    assert backup.read_text() == OLD
    assert sorted(p.name for p in tmp_path.iterdir()) == ["config", "config.backup"]


def test_a_link_keeps_pointing_to_the_file(keg, tmp_path):
    (tmp_path / "real").write_text("lxc.utsname = a\n")
    (tmp_path / "config").symlink_to("real")
    keg.run("keg", "update-config", "-c", tmp_path / "config").ok()
    assert (tmp_path / "config").is_symlink() and (tmp_path / "real").read_text() == "lxc.uts.name = a\n"


def test_calls_as_lxc_has_them(keg, tmp_path):
    assert keg.run("lxc-update-config").ok().out == USAGE
    for argv in (("-h",), ("--help",)):
        assert keg.run("lxc-update-config", *argv).ok().out.startswith(f"{USAGE}\nExamples :\n")
    assert keg.run("lxc-update-config", "-c", tmp_path / "no").fails(1).err == \
        f"lxc-update-config: cannot read {tmp_path}/no: No such file or directory\n"
    keg.run("lxc-update-config", "config").fails(1)
    (tmp_path / "binary").write_bytes(b"lxc.utsname = a\0b\n")
    assert keg.run("lxc-update-config", "-c", tmp_path / "binary").fails(1).err == \
        f"lxc-update-config: {tmp_path}/binary holds a NUL byte: it is not a config file\n"


def test_a_start_says_what_an_old_key_is_called_now(container):
    c = container("lxc.utsname = x")
    assert c.run("lxc-start").fails(1).err == f"""\
lxc-start: {c.name}: unknown key lxc.utsname
  set by  {c.config}:6  lxc.utsname
  try     did you mean lxc.uts.name? lxc-update-config translates old files
"""
