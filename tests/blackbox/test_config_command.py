# SPDX-License-Identifier: MIT
"""keg config on a container's file, and lxc-config on the system's settings."""
import fcntl
import json
import os
import subprocess
import time

import pytest

from lab import SLOW

FILE = """# the first line
lxc.uts.name = web1

lxc.include = {include}
lxc.environment = A=1
  lxc.start.auto=1
# behind it all
"""


@pytest.fixture
def config(keg, lxcpath):
    """A container's config, and keg config on it."""
    folder = lxcpath / "web1"
    folder.mkdir()

    class Config:
        file, include = folder / "config", lxcpath / "more.conf"

        def run(self, verb, *args):
            return keg.run("keg", "config", verb, "-P", lxcpath, "web1", *args)

        def told(self, verb, *args):
            r = self.run(verb, *args).fails(1)
            assert r.out == ""
            return r.err

    c = Config()
    c.include.write_text("lxc.environment = B=2\nlxc.group = onboot web\n")
    c.text = FILE.format(include=c.include)
    c.file.write_text(c.text)
    return c


def test_get_prints_the_text_form_of_lxc(config):
    assert config.run("get", "lxc.uts.name").ok().out == "web1\n"
    assert config.run("get", "lxc.environment").ok().out == "B=2\nA=1\n"
    assert config.run("get", "lxc.init.cwd").ok().out == ""
    assert config.run("get", "lxc.autodev").ok().out == "1\n"
    assert config.run("get", "lxc.net.4.link").ok().out == ""
    assert config.run("get", "lxc.uts.name", "--format", "json").ok().out == \
        '{"format": 1, "keys": [\n {"key": "lxc.uts.name", "value": "web1"}\n]}\n'
    assert json.loads(config.run("get", "lxc.init.cwd", "--format=json").ok().out)["keys"] == [{"key": "lxc.init.cwd", "value": None}]


def test_list_prints_what_is_set_and_where(config):
    assert config.run("list").ok().out == f"""\
{config.file}:2\tlxc.uts.name = web1
{config.include}:1\tlxc.environment = B=2
{config.file}:5\tlxc.environment = A=1
{config.file}:6\tlxc.start.auto = 1
{config.include}:2\tlxc.group = onboot
{config.include}:2\tlxc.group = web
"""
    first = json.loads(config.run("list", "--format", "json").ok().out)["keys"][0]
    assert first == {"key": "lxc.uts.name", "value": "web1", "file": str(config.file), "line": 2,
                     "help": "The host name that the container starts with. Without it, the host's own name is seen."}


def test_explain_tells_what_each_line_does(config):
    assert config.run("explain", "lxc.uts").ok().out == f"""\
lxc.uts.name = web1
  set by  {config.file}:2
  The host name that the container starts with. Without it, the host's own
  name is seen.
"""
    all_of_it = config.run("explain").ok().out
    assert [p.split(" = ")[0] for p in all_of_it.split("\n\n")] == ["lxc.uts.name", *2 * ["lxc.environment"], "lxc.start.auto",
                                                                    *2 * ["lxc.group"]]


def test_set_touches_its_own_line_only(config):
    config.run("set", "lxc.start.auto", "0").ok()
    assert config.file.read_text() == config.text.replace("  lxc.start.auto=1", "lxc.start.auto = 0")
    config.run("set", "lxc.start.delay", "5").ok()
    assert config.file.read_text().endswith("# behind it all\nlxc.start.delay = 5\n")


def test_a_list_gets_one_more_or_is_replaced(config):
    config.run("set", "lxc.environment", "C=3").ok()
    assert config.run("get", "lxc.environment").ok().out == "B=2\nA=1\nC=3\n"
    config.run("set", "--replace", "lxc.environment", "D=4").ok()
    assert config.run("get", "lxc.environment").ok().out == "D=4\n"
    assert config.include.read_text().startswith("lxc.environment = B=2\n")


def test_unset_takes_the_lines_away(config):
    config.run("unset", "lxc.start.auto").ok()
    assert config.file.read_text() == config.text.replace("  lxc.start.auto=1\n", "")
    config.run("unset", "lxc.start.auto").ok()
    config.run("unset", "lxc.environment").ok()
    assert config.run("get", "lxc.environment").ok().out == ""


@pytest.mark.parametrize("argv, told", [
    (("set", "lxc.start.auto", "often"), 'keg: web1: bad value "often" of lxc.start.auto: allowed is 0 or 1\n'),
    (("set", "lxc.uts.nam", "x"), "keg: web1: unknown key lxc.uts.nam\n  try     did you mean lxc.uts.name?\n"),
    (("set", "lxc.utsname", "x"), "keg: web1: unknown key lxc.utsname\n"
                                  "  try     did you mean lxc.uts.name? keg update-config translates old files\n"),
    (("set", "lxc.uts.name", "a\nlxc.init.cmd = /evil"), "keg: web1: a value of lxc.uts.name cannot hold a newline\n"),
    (("set", "lxc.uts.name"), "usage: keg config set NAME KEY VALUE\n  try     keg config set --help\n"),
    (("get", "lxc.uts.nam"), "keg: web1: unknown key lxc.uts.nam\n  try     did you mean lxc.uts.name?\n"),
    (("unset", "lxc.uts.nam"), "keg: web1: unknown key lxc.uts.nam\n  try     did you mean lxc.uts.name?\n"),
    (("list", "--format", "xml"), "keg: --format xml: none of table, json, csv\n"),
    (("get", "lxc.uts.name", "--running"), "keg: web1: it is not running\n  try     keg start web1\n"),
])
def test_what_is_wrong_changes_nothing(config, argv, told):
    assert config.told(*argv) == told
    assert config.file.read_text() == config.text


def test_check_tells_every_mistake(config):
    assert config.run("check").ok().out == f"web1: nothing is wrong with {config.file}\n"
    config.file.write_text("lxc.start.auto = often\nlxc.utsname = x\nlxc.cap.drop = sys_time\nlxc.cap.keep = chown\n")
    assert config.told("check") == f"""\
keg: web1: bad value "often" of lxc.start.auto: allowed is 0 or 1
  set by  {config.file}:1  lxc.start.auto
keg: web1: unknown key lxc.utsname
  set by  {config.file}:2  lxc.utsname
  try     did you mean lxc.uts.name? keg update-config translates old files
keg: web1: lxc.cap.drop and lxc.cap.keep exclude each other
  set by  {config.file}:4  lxc.cap.keep
  try     remove one of the two
"""
    assert config.run("get", "lxc.cap.keep").ok().out == "chown\n"  # what is right in it can still be read ...
    config.run("unset", "lxc.cap.keep").ok()  # ... and mended
    assert "lxc.cap.keep" not in config.file.read_text()


def test_a_container_without_a_config(config):
    config.file.unlink()
    for verb, *args in (("get", "lxc.uts.name"), ("list",), ("set", "lxc.uts.name", "x"), ("check",), ("explain",)):
        assert config.told(verb, *args) == "keg: web1: Container is not defined\n"
    assert not config.file.exists()


def test_the_running_config_is_what_it_was_at_its_start(container):
    c = container().up()
    c.add("lxc.uts.name = later")
    assert c.keg.run("keg", "config", "get", "-P", c.lxcpath, c.name, "lxc.uts.name").ok().out == "later\n"
    assert c.keg.run("keg", "config", "get", "-P", c.lxcpath, c.name, "lxc.uts.name", "--running").ok().out == f"{c.name}\n"
    assert f"{c.config}:2\tlxc.uts.name = {c.name}\n" in \
        c.keg.run("keg", "config", "list", "-P", c.lxcpath, c.name, "--running").ok().out


# --- lxc-config ---

@pytest.mark.parametrize("argv, rc, out", [
    (("-l",), 0, "lxc.default_config\nlxc.lxcpath\nlxc.bdev.lvm.vg\nlxc.bdev.lvm.thin_pool\nlxc.bdev.zfs.root\nlxc.cgroup.use\n"
                 "lxc.cgroup.pattern\n"),
    (("lxc.lxcpath",), 0, "/var/lib/lxc\n"),
    (("lxc.bdev.lvm.vg",), 0, "lxc\n"),
    (("lxc.bdev.zfs.root", "more"), 0, "lxc\n"),
    (("lxc.cgroup.use",), 0, "lxc.cgroup.use is not set.\n"),
    (("lxc",), 0, "/etc/lxc/default.conf\n"),
    (("lxc.nope",), 1, "Unknown configuration item: lxc.nope\n"),
    (("lxc.bdev.rbd.rbdpool",), 1, "Unknown configuration item: lxc.bdev.rbd.rbdpool\n"),
    (("-x",), 1, "Unknown configuration item: -x\n"),
    (("get",), 1, "Unknown configuration item: get\n"),
    ((), 0, "Usage: lxc-config -l: list all available configuration items\n"
            "       lxc-config item: print configuration item\n"),
])
def test_lxc_config(keg, argv, rc, out):
    r = keg.run("lxc-config", *argv)
    assert (r.rc, r.out.replace(r.argv[0], "lxc-config"), r.err) == (rc, out, "")


def test_lxc_config_of_a_user_file(keg, tmp_path):
    # Root reads /etc/lxc/lxc.conf only; what a file may hold is a unit's subject.
    (tmp_path / ".config/lxc").mkdir(parents=True)
    (tmp_path / ".config/lxc/lxc.conf").write_text("lxc.lxcpath = /elsewhere\n")
    assert keg.run("lxc-config", "lxc.lxcpath", env={"HOME": str(tmp_path)}).ok().out == "/var/lib/lxc\n"


@pytest.mark.parametrize("verb", ["config set", "set"])
def test_changes_at_the_same_time_are_all_there(keg, lxcpath, container, verb):
    """Read, change, replace: one after the other, or what one has written the next does not know of."""
    c = container()
    if verb == "set":
        changes = [("set", c.name, f"{word}={value}") for word, value in (("memory", "512M"), ("swap", "1G"), ("cpus", "2"), ("cpuset", "0"),
                                                                          ("pids", "100"), ("autostart", "yes"))]
        lines = ["memory.max = 512M", "memory.swap.max = 1G", "cpu.max = 200000 100000", "cpuset.cpus = 0", "pids.max = 100"]
        expected = {f"lxc.cgroup2.{line}" for line in lines} | {"lxc.start.auto = 1"}
    else:
        changes = [("config", "set", c.name, "lxc.environment", f"N{n}=1") for n in range(20)]
        expected = {f"lxc.environment = N{n}=1" for n in range(20)}
    before = c.config.read_text().splitlines()
    for _ in range(3):
        running = [keg.start("keg", *words, "-P", lxcpath, stderr=subprocess.PIPE, text=True) for words in changes]
        assert [(p.wait(60 * SLOW), p.stderr.read()) for p in running] == [(0, "")] * len(changes)
        for p in running:
            p.stderr.close()
        after = c.config.read_text().splitlines()
        assert after[:len(before)] == before and sorted(after[len(before):]) == sorted(expected)
        c.config.write_text("".join(line + "\n" for line in before))


def test_a_change_waits_for_who_reads_its_files(keg, lxcpath, container):
    """A copy that is made: what is set meanwhile would be half in it."""
    c = container()
    fd = os.open(c.dir, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        p = keg.start("keg", "config", "set", "-P", lxcpath, c.name, "lxc.environment", "A=1", stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)
        assert p.poll() is None and "A=1" not in c.config.read_text()
    finally:
        os.close(fd)
    assert p.communicate(timeout=20 * SLOW)[1] == "" and p.returncode == 0
    assert "lxc.environment = A=1\n" in c.config.read_text()
