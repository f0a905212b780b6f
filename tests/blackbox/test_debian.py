# SPDX-License-Identifier: MIT
"""lxc-create -t debian: a whole distribution with systemd, made once for all tests and kept in ~/.cache/keg-tests for the
next run; what it is like in a container; what is wrong with a mirror, a tool or a disk."""
import functools
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, MARK, SLOW, Container, Terminal, needs, wait_for

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")  # its lxc-debian is another package's
CACHE = Path.home() / ".cache/keg-tests"
MAPPED = "lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n"
TEMPLATE = BIN.parent / "templates/lxc-debian"
MADE = []  # a container of this run's: from then on the tree is kept
ASKED = ("--packages", "openssh-server")


@pytest.fixture
def create(keg, lxcpath):
    """Runs lxc-create -t debian; what it made is killed at the end."""
    made = []

    def make(*args, name="d", conf="", cache=CACHE, env=None, under=(), timeout=60):
        (lxcpath / "first.conf").write_text("lxc.net.0.type = empty\n" + conf)
        c = Container(keg, lxcpath, f"{MARK}-{name}")
        made.append(c)
        return c, c.run("lxc-create", "-t", "debian", "-f", lxcpath / "first.conf", "--", *args, timeout=timeout, under=under,
                        env={"LXC_CACHE_PATH": str(cache), **(env or {})})
    yield make
    for c in made:
        c.kill()


@pytest.fixture
def debian(create):
    """A new container of the one tree. Only the first test of a machine's first run waits for the mirror."""
    needs(shutil.which("mmdebstrap") or shutil.which("debootstrap", path="/usr/sbin:/sbin"), "no mmdebstrap or debootstrap")

    def make(name="d", conf="", *args):
        c, r = create(*ASKED, *args, name=name, conf=conf, timeout=1200)
        needs("no Debian mirror is known" not in r.err and "does not answer" not in r.err, "this machine reaches no Debian mirror")
        MADE.append(r.ok())
        return c
    return make


@pytest.fixture
def tree(debian):
    """The one tree is kept."""
    if not MADE:
        debian("first").run("lxc-destroy", timeout=60).ok()


def booted(c):
    """Starts it; returns the state that its systemd ends up in."""
    c.run("lxc-start").ok()
    return settled(c)


def settled(c):
    return wait_for(lambda: re.search(r"^(running|degraded|maintenance)$", c.attach("systemctl", "is-system-running").out, re.M),
                    f"{c.name}: systemd has started all", 60)[0]


def failures(c):
    return c.attach("systemctl", "--failed", "--no-legend", "--plain").out + c.attach("journalctl", "-b", "-p", "3", "-q", "-o", "cat").out


# --- what it is -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("conf", ("", MAPPED), ids=("root", "mapped"))
def test_it_runs_and_stops(debian, conf):
    c = debian(conf=conf)
    assert booted(c) == "running", failures(c)
    assert c.attach("hostname").out == f"{c.name}\n"
    for tty in ("console-getty", *(f"getty@tty{n}" for n in range(1, 5)), "systemd-networkd", "systemd-resolved", "ssh"):
        assert c.attach("systemctl", "is-active", tty).out == "active\n", tty
    with Terminal(c, "lxc-console", "-t", "2") as t:
        t.expect("Connected to tty 2")
        t.type("\r")
        t.expect(f"{c.name} login:")
        t.type("\x01q")
    first = c.pid()
    c.attach("systemctl", "reboot")
    wait_for(lambda: c.runs_anew(first), "it has rebooted")
    assert settled(c) == "running", failures(c)
    begin = time.monotonic()
    c.run("lxc-stop", timeout=20).ok()
    assert time.monotonic() - begin < 10 * SLOW  # by its own shutdown: killed it is after 60 s
    assert "Journal stopped" in subprocess.run(["journalctl", "-q", "-D", c.rootfs / "var/log/journal"], capture_output=True, text=True).stdout


def test_two_have_nothing_secret_in_common(debian):
    a, b = debian("a"), debian("b")
    for c in (a, b):
        assert (c.rootfs / "etc/machine-id").read_text() == "" and (c.rootfs / "etc/hostname").read_text() == f"{c.name}\n"
        assert "root:*:" in (c.rootfs / "etc/shadow").read_text()
        assert not (c.rootfs / "var/lib/dbus/machine-id").exists()
        assert not list(c.rootfs.glob("etc/*/*.d/99mmdebstrap"))
    for kind in ("ecdsa", "ed25519", "rsa"):
        key = f"etc/ssh/ssh_host_{kind}_key"
        assert (a.rootfs / key).read_text() != (b.rootfs / key).read_text()
        assert (a.rootfs / key).stat().st_mode & 0o777 == 0o600
    assert {booted(a), booted(b)} == {"running"}, failures(a) + failures(b)
    assert a.attach("cat", "/etc/machine-id").out != b.attach("cat", "/etc/machine-id").out


def test_the_config(debian, tmp_path):
    (tmp_path / "key").write_text("ssh-ed25519 AAAA me\n")
    c = debian("d", MAPPED + "lxc.cap.drop = sys_boot\n", "--auth-key", tmp_path / "key")
    confdir = BIN.parent / "config"
    _, _, text = c.config.read_text().partition("\n# Distribution configuration\n")
    arch = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True).stdout
    assert text == (f"lxc.include = {confdir}/debian.common.conf\nlxc.include = {confdir}/debian.userns.conf\nlxc.arch = {arch}"
                    "lxc.apparmor.profile = generated\nlxc.apparmor.allow_nesting = 1\n\n"
                    f"# Container specific configuration\n{MAPPED}lxc.cap.drop = sys_boot\nlxc.rootfs.path = dir:{c.rootfs}\n"
                    f"lxc.uts.name = {c.name}\n\n# Network configuration\nlxc.net.0.type = empty\n")
    assert (c.rootfs / "root/.ssh/authorized_keys").read_text() == "ssh-ed25519 AAAA me\n"
    assert (c.rootfs / "usr/bin/true").stat().st_uid == 100000
    assert sorted(p.name for p in c.dir.iterdir()) == ["config", "rootfs"]


def test_a_cancelled_creation_leaves_nothing(tree, keg, lxcpath):
    c = Container(keg, lxcpath, f"{MARK}-b")
    (lxcpath / "first.conf").write_text("lxc.net.0.type = empty\n")
    p = c.popen("lxc-create", "-t", "debian", "-f", lxcpath / "first.conf", "--", *ASKED, env={"LXC_CACHE_PATH": str(CACHE)},
                stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    wait_for((c.rootfs / "usr/bin").exists, "it is being unpacked")
    p.send_signal(signal.SIGINT)
    assert p.communicate(timeout=20)[1].removeprefix("Terminated\n") == f"lxc-create: {c.name}: the creation was cancelled\n" and p.returncode != 0
    assert not c.dir.exists() and not list(CACHE.glob("debian/*/*/*/new.*"))


# --- what is wrong ----------------------------------------------------------------------------------------

@pytest.fixture
def mirror(tmp_path):
    """A mirror on loopback: its URL, and its folder."""
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass
    folder = tmp_path / "mirror"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()


def refused(c, r, words, lxcpath):
    """It failed in these words, and nothing is left of it."""
    assert r.rc == 1 and words in r.err and "  said    " in r.err, r.out + r.err
    assert not c.dir.exists() and [p.name for p in lxcpath.iterdir()] == ["first.conf"]


KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
TOOLS = pytest.mark.parametrize("tool", ("mmdebstrap", "debootstrap"))


def has(tool):
    needs(shutil.which(tool, path="/usr/bin:/usr/sbin"), f"no {tool}")
    needs(Path(KEYRING).exists(), "no debian-archive-keyring")


@TOOLS
def test_no_such_release(create, mirror, lxcpath, tool, tmp_path):
    has(tool)
    c, r = create("--mirror", mirror[0], "-r", "nosuch", "--tool", tool, cache=tmp_path)
    arch = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True).stdout.strip()
    refused(c, r, f"ERROR: there is no release nosuch for {arch} at {mirror[0]}\n", lxcpath)


@TOOLS
def test_no_such_mirror(create, lxcpath, tool, tmp_path):
    has(tool)
    c, r = create("--mirror", "http://127.0.0.1:9", "-r", "bookworm", "--tool", tool, cache=tmp_path)
    refused(c, r, "ERROR: the mirror http://127.0.0.1:9 does not answer\n", lxcpath)


@TOOLS
def test_packages_that_nobody_signed(create, mirror, lxcpath, tool, tmp_path):
    has(tool)
    at = mirror[1] / "dists/bookworm"
    at.mkdir(parents=True)
    release = "Origin: Debian\nSuite: bookworm\nCodename: bookworm\nComponents: main\nArchitectures: amd64 arm64\nSHA256:\n"
    (at / "Release").write_text(release)
    c, r = create("--mirror", mirror[0], "-r", "bookworm", "--tool", tool, cache=tmp_path)
    refused(c, r, f"ERROR: the packages of {mirror[0]} are not signed by a key of {KEYRING}\n", lxcpath)


def test_no_keyring(create, lxcpath, tmp_path):
    has("mmdebstrap")
    c, r = create("--mirror", "http://127.0.0.1:9", "--keyring", "/nosuch", cache=tmp_path)
    assert r.err.startswith("ERROR: without the keyring /nosuch nobody can say who signed the packages\n"
                            "  try     apt-get install debian-archive-keyring, or give one with --keyring=FILE\n")
    refused(c, r, "", lxcpath)


def test_no_tool(create, lxcpath, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for p in Path("/usr/bin").iterdir():
        if p.name != "mmdebstrap":
            (programs / p.name).symlink_to(p)
    c, r = create("--mirror", "http://127.0.0.1:9", "--tool", "mmdebstrap", cache=tmp_path, env={"PATH": str(programs)})
    assert r.err.startswith("ERROR: mmdebstrap is not installed\n  try     apt-get install mmdebstrap\n")
    refused(c, r, "", lxcpath)


def test_no_mirror_is_known(create, lxcpath, tmp_path):
    """On a machine without apt, or whose apt has no Debian."""
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "apt-get").chmod(0o755)
    c, r = create(cache=tmp_path, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    refused(c, r, "ERROR: no Debian mirror is known: this machine's apt has none, give one with --mirror=URL\n", lxcpath)


@pytest.mark.parametrize("option, value", (("--release", "a b"), ("--release", "../x"), ("--packages", "a b"), ("--mirror", "http://x/ [a=b]"),
                                           ("--arch", "../x"), ("--mirror", "-x")))
def test_what_cannot_be_one(create, lxcpath, tmp_path, option, value):
    c, r = create(*(("--mirror", "http://127.0.0.1:9") if option != "--mirror" else ()), option, value, cache=tmp_path)
    refused(c, r, f'ERROR: {option}: "{value}" is not one\n', lxcpath)


def test_an_unknown_option(create, lxcpath, tmp_path):
    c, r = create("--nosuch", "x", cache=tmp_path)
    refused(c, r, "ERROR: there is no option --nosuch\n", lxcpath)


def test_a_full_disk(tree, lxcpath):
    (lxcpath / "first.conf").write_text("lxc.net.0.type = empty\n")
    (lxcpath / "small").mkdir()
    r = subprocess.run(["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=30m none "$0/small"; "$1/lxc-create" -n x -P "$0/small" -t debian '
                        '-f "$0/first.conf" -- --packages openssh-server; echo "exit $?"; ls "$0/small"', lxcpath, BIN],
                       capture_output=True, text=True, env={**os.environ, "LXC_CACHE_PATH": str(CACHE)}, timeout=60)
    assert r.stderr.startswith(f"ERROR: the disk is full: {lxcpath}/small/x/rootfs\n"), r.stdout + r.stderr
    assert r.stdout.endswith("exit 1\n")


def test_a_damaged_tree_is_told(tree, create, tmp_path):
    for p in CACHE.glob("debian/*/*/*/rootfs.tar.gz"):
        to = tmp_path / p.relative_to(CACHE)
        to.parent.mkdir(parents=True)
        to.write_bytes(p.read_bytes()[:1 << 20])
    c, r = create(*ASKED, name="b", cache=tmp_path)
    assert re.search(r"^ERROR: the tree that was kept in \S+ cannot be unpacked\n  try     lxc-create ... -- --flush-cache makes it anew\n",
                     r.err), r.err
    assert r.rc == 1 and not c.dir.exists()


def test_a_rootfs_that_is_there(lxcpath, tmp_path):
    (tmp_path / "rootfs/etc").mkdir(parents=True)
    r = subprocess.run([TEMPLATE, f"--path={tmp_path}", "--name=x", "--rootfs", tmp_path / "rootfs"], capture_output=True, text=True)
    assert (r.returncode, r.stderr) == (1, f"ERROR: {tmp_path}/rootfs is not empty\n")


def test_clean_removes_only_trees(tmp_path):
    at = tmp_path / "debian/bookworm/amd64/0123456789ab"
    at.mkdir(parents=True)
    for name in ("rootfs.tar.gz", "made-of", "new.abcdef"):
        (at / name).touch()
    (tmp_path / "debian/bookworm/mine").touch()
    r = subprocess.run([TEMPLATE, "--clean"], capture_output=True, text=True, env={**os.environ, "LXC_CACHE_PATH": str(tmp_path)})
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")
    assert [str(p.relative_to(tmp_path)) for p in sorted(tmp_path.rglob("*"))] == ["debian", "debian/bookworm", "debian/bookworm/mine"]


def test_help():
    r = subprocess.run([TEMPLATE, "-h"], capture_output=True, text=True)
    assert r.returncode == 0 and r.stdout.startswith("lxc-debian: a Debian system with systemd\n") and r.stderr == ""
