# SPDX-License-Identifier: MIT
"""Starts and stops of containers with the inits of distributions: none hangs, each ends soon, told by the signal that it listens to.
Short in `make check`; 1,000 of them, and how long they took, by `make pains` (KEG_WHOLE). What an init is told: test_stop.py.
"""
import os
import shutil
import time

import pytest

import inits
from lab import IS_LXC, MARK, SLOW, Container, needs, wait_for

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
WHOLE = bool(os.environ.get("KEG_WHOLE"))
CYCLES = 1000 // (len(inits.KINDS) + 1) if WHOLE else 3


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    """Each is made when it is asked for first."""
    needs(shutil.which("apt-get") and shutil.which("dpkg-deb"), "this machine reaches no Debian mirror")
    folder, made = tmp_path_factory.mktemp(f"{MARK}-inits"), {}

    def image(kind):
        if kind not in made:
            made[kind] = inits.make(kind, folder)
        return made[kind]
    yield image
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def distribution(keg, lxcpath, images, request):
    """A container of that kind, whose init touches /ready."""
    made = []

    def make(kind):
        c = Container(keg, lxcpath, f"{MARK}-{kind}")
        rootfs, init = images(kind)
        c.dir.mkdir()
        shutil.copytree(rootfs, c.rootfs, symlinks=True)
        c.config.write_text("")
        c.add(f"lxc.rootfs.path = dir:{c.rootfs}", f"lxc.uts.name = {c.name}", f"lxc.init.cmd = {init}", "lxc.net.0.type = empty",
              "lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed", "lxc.pty.max = 16")
        made.append(c)
        return c
    yield make
    for c in made:
        c.kill()


def cycle(c):
    """How long a stop takes of what has come up; it has ended by its own will."""
    (c.rootfs / "ready").unlink(missing_ok=True)
    c.run("lxc-start").ok()
    wait_for((c.rootfs / "ready").exists, f"{c.name} is up", 30)
    begin = time.monotonic()
    c.run("lxc-stop").ok()
    took = time.monotonic() - begin
    assert "reason stop\n" in (c.dir / "ended").read_text()  # not "kill"
    return took


OWN_SLEEP = {"busybox": 2.0, "runit": 2.0}  # between its SIGTERM and its SIGKILL to all others, and behind that, whether there are any


def soon(kind, took):
    took = sorted(took)
    p99 = took[len(took) * 99 // 100] if len(took) > 50 else took[-1]
    print(f"{len(took)} stops: {1000 * took[len(took) // 2]:.0f} ms in the middle, {1000 * p99:.0f} ms at 99 %")
    return p99 < (1.5 + OWN_SLEEP.get(kind, 0)) * max(1, SLOW / 2)


@pytest.mark.parametrize("kind", inits.KINDS)
def test_an_init_of_a_distribution_stops_soon(distribution, kind):
    c = distribution(kind)
    assert soon(kind, [cycle(c) for _ in range(CYCLES)])


def test_busybox_stops_soon(busybox):
    c = busybox()
    c.config.write_text("".join(line for line in c.config.read_text().splitlines(True) if "lxc.signal" not in line))
    rc = c.rootfs / "etc/init.d/rcS"
    rc.write_text(rc.read_text() + "touch /ready\n")
    assert soon("busybox", [cycle(c) for _ in range(CYCLES)])
