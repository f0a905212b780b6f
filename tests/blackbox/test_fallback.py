# SPDX-License-Identifier: MIT
"""The older way behind the same function: what a container sees is the same on a kernel without mount_setattr(2)."""
import re
from pathlib import Path

import pytest

from lab import BIN, IS_LXC

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
LINES = ("lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed:force", "lxc.tty.max = 2", "lxc.pty.max = 16", "lxc.rootfs.options = nodev",
         "lxc.mount.entry = /etc mnt none bind,ro,nosuid,create=dir 0 0", "lxc.mount.entry = /usr usr none rbind,ro,rslave,create=dir 0 0",
         "lxc.mount.entry = tmpfs run tmpfs size=1m,noexec,create=dir 0 0")


def mounts(c):
    """Each mount with its flags and whether it is shared; numbers and random names evened out."""
    lines = Path(f"/proc/{c.pid()}/mountinfo").read_text().splitlines()
    return sorted(re.sub(r":\d+|pts/\d+|payload\.\S+", "", " ".join(line.split()[3:])) for line in lines)


def test_mounts_of_an_old_kernel_are_the_same(container):
    c = container(*LINES).up()
    new = mounts(c)
    c.run("lxc-stop", "-k").ok()
    c.up(env={"KEG_LIBEXEC": str(BIN.parent / "tests/libexec"), "KEG_FAULT": "old-mount"})
    assert mounts(c) == new
    assert any(" /mnt ro,nosuid" in line for line in new), new


def test_check_says_whether_it_could_start_and_starts_nothing(container):
    c = container("lxc.uts.name = here")
    r = c.run("lxc-start", "--check").ok()
    assert (r.out, r.err, c.state()) == ("", "", "STOPPED")
    c.config.write_text(c.config.read_text() + "lxc.cap.drop = nonsense\nlxc.tty.max = many\n")
    r = c.run("lxc-start", "--check")
    assert (r.rc, r.out) == (1, "")
    assert "nonsense" in r.err and "many" in r.err
