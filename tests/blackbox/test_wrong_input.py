# SPDX-License-Identifier: MIT
"""Commands that cannot do their work, and whole files that are wrong: what is told, word by word. Starts: test_broken.py."""
import os
import random
import re
import shutil
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from lab import IS_LXC, MARK, for_others, in_own_net

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")

# --- commands ---------------------------------------------------------------------------------------------

def say(result, expected, rc=1):
    assert result.err == expected
    assert (result.rc, result.out) == (rc, "")


@pytest.mark.parametrize("tool,words,rc", [
    ("lxc-start", "No container config specified", 1),
    ("lxc-attach", "nosuch is not running", 1),
    ("lxc-freeze", "nosuch is not running", 1),
    ("lxc-console", "nosuch is not running", 1),
    ("lxc-stop", "nosuch is not running", 2),
    ("lxc-destroy", "Container is not defined", 1),
    ("lxc-snapshot", "Container is not defined", 1),
])
def test_there_is_no_such_container(keg, lxcpath, tool, words, rc):
    say(keg.run(tool, "-n", "nosuch", "-P", lxcpath), f"{tool}: nosuch: {words}\n", rc)
    assert list(lxcpath.iterdir()) == []


@pytest.mark.parametrize("tool,args,words,rc", [
    ("lxc-attach", ("--", "/answer"), "{c.name} is not running", 1),
    ("lxc-freeze", (), "{c.name} is not running", 1),
    ("lxc-cgroup", ("memory.max",), "'{c.lxcpath}:{c.name}' is not running", 1),
    ("lxc-console", (), "{c.name} is not running", 1),
    ("lxc-device", ("add", "/dev/null"), "Container {c.name} is not running", 1),
    ("lxc-stop", (), "{c.name} is not running", 2),
])
def test_a_container_is_not_running(container, tool, args, words, rc):
    c = container()
    say(c.run(tool, *args), f"{tool}: {c.name}: {words.format(c=c)}\n", rc)


def test_a_container_is_already_running(container):
    c = container().up()
    say(c.run("lxc-start"), f"lxc-start: {c.name}: Container is already running\n", 0)


def test_a_name_with_a_slash(keg, lxcpath):
    say(keg.run("lxc-start", "-n", "a/b", "-P", lxcpath),
        "lxc-start: a/b: \"a/b\" cannot be a container's name\n  try     a name holds neither \"/\" nor control characters\n")


@pytest.mark.parametrize("name", [".", "..", "n" * 300])
def test_a_name_cannot_be_one(keg, lxcpath, name):
    for tool, *args in (("lxc-start",), ("lxc-create", "-t", "none"), ("lxc-destroy",)):
        say(keg.run(tool, "-n", name, "-P", lxcpath, *args), f"{tool}: {name}: \"{name}\" cannot be a container's name\n")


def test_a_name_with_control_characters_does_not_reach_the_terminal(keg, lxcpath):
    r = keg.run("lxc-start", "-n", "a\x1b[31m\nb", "-P", lxcpath).fails(1)
    assert "cannot be a container's name" in r.err
    assert "\x1b" not in r.err and "\nb" not in r.err


def test_no_name_is_given(keg):
    r = keg.run("lxc-start").fails(1)
    assert r.err.startswith("lxc-start: No container name specified\n")


def test_an_unknown_option(keg):
    r = keg.run("lxc-start", "--nosuch").fails(1)
    assert "unrecognized option '--nosuch'" in r.err.splitlines()[0]


def test_a_config_that_may_not_be_read(container):
    """As somebody who is not root; root reads everything."""
    c = container()
    c.config.chmod(0o600)
    r = c.run("lxc-start", under=("setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "--bounding-set=-all",
                                  "--inh-caps=-all"))
    say(r, f"lxc-start: {c.name}: cannot read {c.config}: Permission denied\n")


@pytest.mark.parametrize("lines, command", [((), ()), (("lxc.init.cmd = /sbin/init 3",), ()), ((), ("/sbin/init",))])
def test_the_hosts_own_init_without_a_rootfs(container, lines, command):
    """Only --explain: where it is not refused, the host's services would start again, and /tmp be emptied."""
    c = container()
    c.config.write_text("\n".join(("lxc.net.0.type = empty", *lines)) + "\n")
    r = c.run("lxc-start", "--explain", "--", *command)
    why = f"lxc-start: {c.name}: without a rootfs /sbin/init is the host's own, and would boot on the host's files\n"
    key = f"  set by  {c.config}:2  lxc.init.cmd\n" if lines else ""
    say(r, f"{why}{key}  try     set lxc.rootfs.path, or name another program by lxc.init.cmd or behind \"--\"\n")


def test_a_start_without_the_right_to(container):
    c = container()
    c.config.chmod(0o644)
    r = c.run("lxc-start", under=("setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"), commands=for_others(c.dir))
    assert r.rc == 1 and r.err.startswith(f"lxc-start: {c.name}: cannot ") and "  try     " in r.err, r.err
    assert "Permission denied" in r.err or "not permitted" in r.err


# --- create -----------------------------------------------------------------------------------------------

def create(keg, lxcpath, *args, name=MARK, **how):
    return keg.run("lxc-create", "-n", name, "-P", lxcpath, *args, **how)


def template(lxcpath, text):
    t = lxcpath / "template"
    t.write_text(f"#!/bin/sh\n{text}\n")
    t.chmod(0o755)
    return t


def test_create_without_a_template(keg, lxcpath):
    r = create(keg, lxcpath).fails(1)
    assert r.err == f"lxc-create: {MARK}: A template must be specified\n" \
        f"lxc-create: {MARK}: Use \"none\" if you really want a container without a rootfs\n"
    assert list(lxcpath.iterdir()) == []


def test_create_with_a_template_that_is_not_there(keg, lxcpath):
    r = create(keg, lxcpath, "-t", "nosuch").fails(1)
    assert r.err == (f"lxc-create: {MARK}: Template \"nosuch\" not found\n"
                     "  try     there are busybox, debian, local; or give a template's absolute path\n")
    assert create(keg, lxcpath, "-t", "debain").fails(1).err.endswith("  try     did you mean debian?\n")
    assert list(lxcpath.iterdir()) == []


def test_create_with_a_name_that_is_taken_touches_nothing(keg, lxcpath, container):
    c = container()
    before = c.config.read_text()
    say(create(keg, lxcpath, "-t", "none", name=c.name), f"lxc-create: {c.name}: Container already exists\n"
        f"  try     take another name, or remove it first: lxc-destroy -n {c.name}\n")
    assert c.config.read_text() == before and (c.rootfs / "answer").exists()


def test_a_template_that_fails_half_way_leaves_nothing(keg, lxcpath):
    t = template(lxcpath, 'for a; do case $a in --rootfs=*) mkdir "${a#--rootfs=}/half";; esac; done; echo no more >&2; exit 3')
    r = create(keg, lxcpath, "-t", t)
    assert r.rc == 1 and r.err.splitlines()[0] == "no more"
    assert r.err.splitlines()[1:] == [
        f"lxc-create: {MARK}: Failed to create container from template", f"  said    {t} ended with exit status 3"]
    assert [p.name for p in lxcpath.iterdir()] == ["template"]


def test_a_template_that_fails_leaves_what_was_there_before(keg, lxcpath):
    mine = lxcpath / MARK
    mine.mkdir()
    (mine / "notes").write_text("mine")
    create(keg, lxcpath, "-t", template(lxcpath, "exit 3")).fails(1)
    assert (mine / "notes").read_text() == "mine"


def test_a_template_that_is_killed_leaves_nothing(keg, lxcpath):
    create(keg, lxcpath, "-t", template(lxcpath, "kill -9 $$")).fails(1)
    assert [p.name for p in lxcpath.iterdir()] == ["template"]


def test_the_disk_is_full_while_creating(keg, lxcpath):
    """A tmpfs of 64 KiB as the lxcpath."""
    small = lxcpath / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], check=True)
    try:
        r = create(keg, small, "-t", "busybox").fails(1)
        assert "No space left on device" in r.err
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


def test_the_disk_is_full_while_taking_a_snapshot(container, lxcpath):
    c = container()
    snaps = c.dir / "snaps"
    snaps.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", snaps], check=True)
    try:
        r = c.run("lxc-snapshot").fails(1)
        assert "No space left on device" in r.err
        assert list(snaps.iterdir()) == [] and (c.rootfs / "answer").exists()
    finally:
        subprocess.run(["umount", snaps], check=True)


# --- the bridge -------------------------------------------------------------------------------------------

def test_port_53_of_the_bridge_is_taken(keg):
    """By somebody who listens on every address."""
    hog = "import socket,time; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 53)); print('up', flush=True); time.sleep(60)"
    r = in_own_net(keg, f'python3 -c "{hog}" >/run/hog & hog=$!; until grep -q up /run/hog; do sleep 0.05; done; '
                        "keg net up; echo exit $?; ip -br link show lxcbr0; kill $hog")
    assert "exit 1" in r.stdout, r.stdout + r.stderr
    assert r.stderr.startswith("keg: cannot ") or "dnsmasq" in r.stderr, r.stderr
    assert "Address already in use" in r.stderr
    assert "lxcbr0  " not in r.stdout, "the bridge was left behind"


def test_dnsmasq_is_missing(keg):
    with tempfile.TemporaryDirectory() as empty:
        r = in_own_net(keg, f"mount --bind {empty} /usr/sbin; keg net up; echo exit $?")
    assert "exit 1" in r.stdout, r.stdout + r.stderr
    assert "dnsmasq" in r.stderr and "  try     " in r.stderr


# --- whole files that are wrong -------------------------------------------------------------------------------

def loop(c):
    (c.dir / "a.conf").write_text(f"# a\nlxc.include = {c.dir}/b.conf\n")
    (c.dir / "b.conf").write_text(f"lxc.include = {c.dir}/a.conf\n")
    return f"lxc.include = {c.dir}/a.conf\n"


def deep(c):
    for n in range(40):
        (c.dir / f"{n}.conf").write_text(f"lxc.include = {c.dir}/{n + 1}.conf\n")
    (c.dir / "40.conf").write_text("")
    return f"lxc.include = {c.dir}/0.conf\n"


def fifo(c):
    os.mkfifo(c.dir / "fifo")
    return f"lxc.include = {c.dir}/fifo\n"


def random_bytes(c):
    """Always the same ones, without a NUL; and lines that a key begins."""
    r = random.Random(7)
    return b"".join(b"lxc." * (n % 3 == 0) + bytes(r.randrange(1, 256) for _ in range(r.randrange(60))) + b"\n" for n in range(300))


File = namedtuple("File", "about text says")
FILES = [
    File("an unknown key", "lxc.uts.nam = a\n", """\
unknown key lxc.uts.nam
  set by  {c.config}:1  lxc.uts.nam
  try     did you mean lxc.uts.name?
"""),
    File("a key of old", "lxc.utsname = a\n", None),
    File("a NUL byte", b"# one\nlxc.uts.name = a\0b\n", """\
a config file cannot hold a NUL byte
  set by  {c.config}:2
"""),
    File("random bytes", random_bytes, None),
    File("a value of 1 MiB", "lxc.uts.name = " + "a" * (1 << 20) + "\n", 'bad value "' + "a" * 200 + """\
" of lxc.uts.name: allowed is a host name of at most 64 bytes
  set by  {c.config}:1  lxc.uts.name
"""),
    File("a key of 1 MiB", "lxc." + "a" * (1 << 20) + " = 1\n", None),
    File("a line of 1 MiB without a value", "lxc." + "a" * (1 << 20) + "\n", None),
    File("two files that include each other", loop, """\
{c.dir}/a.conf includes itself
  set by  {c.dir}/b.conf:1  lxc.include
"""),
    File("includes 40 deep", deep, """\
includes are nested more than 32 deep
  set by  {c.dir}/31.conf:1  lxc.include
"""),
    File("an included fifo", fifo, """\
{c.dir}/fifo is a pipe, which cannot be a config file
  set by  {c.config}:1  lxc.include
"""),
    File("an included device", "lxc.include = /dev/zero\n", None),
    File("a bad mount", "lxc.mount.entry = /data\n", """\
a mount entry needs SOURCE, TARGET and TYPE: /data
  set by  {c.config}:1  lxc.mount.entry
  try     for a folder of the host's: /srv/data data none bind,create=dir 0 0
"""),
    File("maps that overlap", "lxc.idmap = u 0 100000 10\nlxc.idmap = u 5 200000 10\nlxc.idmap = g 0 100000 10\n", """\
u 5 200000 10 maps ids inside that u 0 100000 10 maps, too
  set by  {c.config}:2  lxc.idmap
"""),
    File("a bad address, a bad MAC, a bad MTU", "lxc.net.1.type = veth\nlxc.net.1.hwaddr = zz\nlxc.net.1.mtu = big\n", """\
bad value "zz" of lxc.net.1.hwaddr: allowed is a MAC address such as 10:66:6a:xx:xx:xx
  set by  {c.config}:2  lxc.net.1.hwaddr
lxc-start: {c.name}: bad value "big" of lxc.net.1.mtu: allowed is a number of bytes
  set by  {c.config}:3  lxc.net.1.mtu
"""),
]


@pytest.mark.parametrize("row", FILES, ids=[f.about for f in FILES])
def test_a_wrong_file_stops_the_start_and_nothing_else(container, row):
    c = container()
    good = c.config.read_text()
    text = row.text(c) if callable(row.text) else row.text
    c.config.write_bytes((text if isinstance(text, bytes) else text.encode()) + good.encode())
    for mode in ("-F", "-d"):
        r = c.run("lxc-start", mode)
        assert (r.rc, r.out) == (1, "") and r.err.startswith(f"lxc-start: {c.name}: "), r.err[:400]
        assert len(r.err) < 60000 and f"  set by  {c.dir}/" in r.err, r.err[:400]
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", r.err)
        if row.says:
            assert r.err == f"lxc-start: {c.name}: {row.says.format(c=c)}"
    assert c.state() == "STOPPED"
    assert c.keg.run("lxc-ls", "-P", c.lxcpath).ok().out.split() == [c.name]
    say(c.run("lxc-stop"), f"lxc-stop: {c.name}: {c.name} is not running\n", 2)
    c.run("lxc-destroy").ok()
    assert not c.dir.exists()


def test_line_ends_of_another_system_are_line_ends(container):
    c = container()
    c.config.write_bytes(c.config.read_bytes().replace(b"\n", b"\r\n"))
    c.up()
    assert f"host = {c.name}\n" in c.attach("/answer", "report", "-").ok().out


def test_a_config_that_breaks_while_it_runs_is_no_obstacle_to_its_end(container):
    c = container().up()
    c.config.write_text("lxc.nosuch = 1\nlxc.uts.name =" + "a" * 100 + "\n\0")
    assert c.state() == "RUNNING"
    assert c.keg.run("lxc-ls", "-P", c.lxcpath, "--running").ok().out.split() == [c.name]
    c.run("lxc-freeze").ok()
    c.run("lxc-unfreeze").ok()
    c.run("lxc-stop", "-k").ok()
    c.run("lxc-destroy").ok()
    assert not c.dir.exists()
