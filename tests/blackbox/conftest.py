# SPDX-License-Identifier: MIT
"""What the black-box tests stand on: containers with an init that answers, and the host held against itself
before and after each test. What can be asked of both is in lab.py, with the variables that steer a run; and

    KEG_SANITIZER_REPORTS   the folder to which sanitizers write (make check-asan)
    CI                      a test that skips for a reason outside of MAY_SKIP fails

A test skips by needs() only, with a reason from MAY_SKIP where a machine may really be without the thing.
"""
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from lab import BIN, MARK, SLOW, TOP, Container, Keg, difference, leave, look, needs

MAY_SKIP = ("this kernel has no ", "this machine reaches no Debian mirror", "no debootstrap", "this machine has no /dev/fuse", "the subject is LXC itself")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = call.excinfo.value.msg if call.excinfo else ""
        if not reason.startswith(MAY_SKIP):
            report.outcome, report.longrepr = "failed", f"skipped in CI, where it could run: {reason}"


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="the black box runs as root"))


def pytest_report_header():
    return f"commands under test: {BIN}"


@pytest.fixture(scope="session")
def keg():
    assert (BIN / "lxc-start").exists(), f"no commands in {BIN}: run make first, or set KEG_BIN"
    return Keg()


@pytest.fixture(scope="session")
def answer():
    """The init that answers (tests/answer.c), static; as built before where this machine has no compiler."""
    if not shutil.which("cc"):
        yield BIN.parent / "tests/answer"
        return
    with tempfile.TemporaryDirectory(prefix=f"{MARK}-answer-") as folder:
        to = Path(folder) / "answer"
        subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O1", "-static", "-o", to, TOP / "tests/answer.c"], check=True)
        yield to


@pytest.fixture
def lxcpath():
    path = Path(tempfile.mkdtemp(prefix=f"{MARK}-"))
    path.chmod(0o755)  # a mapped root must be able to pass
    yield path
    leave(path)


@pytest.fixture
def container(keg, lxcpath, answer):
    """Makes containers whose init is tests/answer.c; they are killed at the test's end."""
    made = []

    def make(*lines, name=None, net="lxc.net.0.type = empty", init="/answer"):
        c = Container(keg, lxcpath, name or f"{MARK}-{len(made)}")
        for d in ("proc", "sys", "dev", "tmp", "etc", "root"):
            (c.rootfs / d).mkdir(parents=True, exist_ok=True)
        shutil.copy(answer, c.rootfs / "answer")
        (c.rootfs / "etc/passwd").write_text("root:x:0:0:root:/root:/answer\nuser:x:1000:1000::/tmp:/answer\n")
        c.config.write_text("")
        c.add(f"lxc.rootfs.path = dir:{c.rootfs}", f"lxc.uts.name = {c.name}", f"lxc.init.cmd = {init}",
              "lxc.mount.auto = proc:rw", net, *lines)
        made.append(c)
        return c

    yield make
    for c in made:
        c.kill()


@pytest.fixture
def busybox(keg, lxcpath):
    """A container made by the busybox template, without a network of its own unless told."""
    needs(shutil.which("busybox"), "no busybox")
    made = []

    def make(name=None, conf="lxc.net.0.type = empty\n"):
        c = Container(keg, lxcpath, name or f"{MARK}-bb")
        first = lxcpath / "default.conf"
        first.write_text(conf)
        c.run("lxc-create", "-t", "busybox", "-f", first, timeout=60).ok()
        made.append(c)
        return c

    yield make
    for c in made:
        c.kill()


@pytest.fixture(autouse=True)
def host_unchanged(request):
    """Nothing of the host is changed by a test: cgroups, links, mounts, processes, loop devices, rules, files."""
    if request.node.get_closest_marker("changes_host"):
        yield
        return
    before = look()
    yield
    end = time.monotonic() + 5 * SLOW  # what ends by itself may take its moment
    while (changed := difference(before)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not changed, "the test changed its host:\n" + "\n".join(changed)


@pytest.fixture(autouse=True)
def no_sanitizer_report():
    yield
    reports = sorted(Path(os.environ.get("KEG_SANITIZER_REPORTS", "/nonexistent")).glob("*"))
    text = "\n".join(p.read_text(errors="replace") for p in reports)
    for p in reports:
        p.unlink()
    assert not reports, text
