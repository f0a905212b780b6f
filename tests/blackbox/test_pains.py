# SPDX-License-Identifier: MIT
"""What has hurt users of containers most, where no other file has the test (doc/TESTING.md: which number is shown where).
Short in `make check`; whole, as it was described, by `make pains` (KEG_WHOLE).
"""
import os
import resource
import statistics
import subprocess
import time
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, SLOW, cgroups, kill, wait_for

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
WHOLE = bool(os.environ.get("KEG_WHOLE"))


# --- 6: cgroups left behind -------------------------------------------------------------------------------

def trees(c):
    """The container's cgroups, but what is below them: in which hierarchies, and under which names."""
    found = [g for g in cgroups() if Path(g).name.startswith((f"lxc.payload.{c.name}", f"lxc.monitor.{c.name}"))]
    return sorted(found), {Path(g).name for g in found}


def test_cycles_of_killed_monitors_leave_one_tree_while_it_runs_and_none_afterwards(container):
    """start, attach a sleeper, kill -9 of the monitor, start: never a name with a suffix."""
    c = container().up()
    first, _ = trees(c)
    for n in range(500 if WHOLE else 10):
        (c.rootfs / "there").unlink(missing_ok=True)
        sleeper = c.popen("lxc-attach", "--", "/answer", "touch", "/there", "stubborn", stderr=subprocess.DEVNULL)
        wait_for((c.rootfs / "there").exists, "the sleeper is in")
        assert trees(c) == (first, {f"lxc.payload.{c.name}"}), n
        kill(c.keeper())
        assert sleeper.wait(10 * SLOW)
        c.up()
    assert trees(c)[0] == first
    c.run("lxc-stop", "-k").ok()
    assert trees(c) == ([], set())


# --- 17: file descriptors ---------------------------------------------------------------------------------

def cost(argv, before, rounds=9):
    """The median of so many runs, in ms, by a parent that hands on all the fds it has."""
    took = []
    for _ in range(rounds):
        before()
        begin = time.monotonic()
        subprocess.run(argv, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        took.append(1000 * (time.monotonic() - begin))
    return statistics.median(took)


def many_fds():
    """So many may be open; 100,000 where the limit may be raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (110000, max(hard, 110000)))
        return 100000
    except ValueError:  # a root that may not
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return hard - 1000


def test_a_caller_with_a_hundred_thousand_fds_starts_as_fast(container, keg):
    """Against a program that does nothing, and inherits them as well: what is left is the start's own."""
    c = container()
    start = [BIN / "lxc-start", "-n", c.name, "-P", c.lxcpath]
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]

    def stopped():
        c.run("lxc-stop", "-k")

    def extra():
        return cost(start, stopped) - cost(["/bin/true"], lambda: None)
    few, held = extra(), []
    try:
        n = many_fds()
        source = os.open("/dev/null", os.O_RDONLY)
        held = [os.dup(source) for _ in range(n)] + [source]
        for fd in held:
            os.set_inheritable(fd, True)
        many = extra()
        keeper = c.keeper()
        assert len(os.listdir(f"/proc/{keeper}/fd")) < 32
    finally:
        for fd in held:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    print(f"a start takes {few:.1f} ms more than /bin/true, with {n} fds {many:.1f} ms")
    assert many - few < 2 * SLOW


# --- 22: console logs -------------------------------------------------------------------------------------

def poured(c, mib):
    """How many ms init took to write so many MiB to its console."""
    for name in ("poured", "ready"):
        (c.rootfs / name).unlink(missing_ok=True)
    c.run("lxc-start", "--", "/answer", "pour", mib, "touch", "/ready", "sleep").ok()
    wait_for((c.rootfs / "ready").exists, "all is written", 600)
    return int((c.rootfs / "poured").read_text())


def test_a_chatty_guest_fills_no_disk_and_is_not_held_up(container):
    mib, log = 2048 if WHOLE else 32, "console.log"
    c = container("lxc.console.buffer.size = 64KB")
    without = poured(c, mib)
    c.run("lxc-stop", "-k").ok()
    c.add(f"lxc.console.logfile = {c.lxcpath}/{log}", "lxc.console.size = 1MB", "lxc.console.rotate = 1")
    logged = poured(c, mib)
    wait_for(lambda: (c.lxcpath / log).read_text().endswith("the last line\n"), "the newest line is there")
    files = {p.name: p.stat().st_size for p in c.lxcpath.glob(f"{log}*")}
    assert set(files) == {log, f"{log}.1"} and max(files.values()) <= 1 << 20, files
    print(f"{mib} MiB: {without} ms without a log, {logged} ms with one")
    assert logged <= without * (1.1 if WHOLE else 2) + 200 * SLOW
    c.run("lxc-stop", "-k").ok()
