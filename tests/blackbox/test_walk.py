# SPDX-License-Identifier: MIT
"""The walk of a first-time user (tools/demo.sh), and that the walk itself can be trusted: a broken promise is
named, and whatever way it ends, nothing is left."""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, OWN_NET, SLOW, TOP, in_own_net, wait_for

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
DEMO = TOP / "tools/demo.sh"


def test_every_promise_of_the_walk_is_kept_twice_in_a_row(keg):
    for _ in range(2):
        r = in_own_net(keg, f"{DEMO} {BIN}", timeout=90)
        assert r.returncode == 0, r.stdout[-3000:] + r.stderr
        assert "BROKEN" not in r.stdout and "All promises kept" in r.stdout
        steps = re.findall(r"^(\d+(?:-\d+)?)  ", r.stdout, re.M)
        assert steps == ["0", "1", "2", "3", "4", "5", "6-10", "11", "12", "13", "14", "15", "16", "17"]
        assert "\x1b" not in r.stdout, "colour is for a terminal"


@pytest.mark.parametrize("tool,promise", [
    ("lxc-freeze", "State: FROZEN"),
    ("lxc-cgroup", "it reads back"),
])
def test_a_broken_promise_is_named(keg, lxcpath, tool, promise):
    """One command does nothing and says that all went well."""
    for f in BIN.iterdir():
        (lxcpath / f.name).symlink_to(f)
    (lxcpath / tool).unlink()
    (lxcpath / tool).symlink_to("/bin/true")
    r = in_own_net(keg, f"{DEMO} {lxcpath}", timeout=90)
    assert r.returncode == 1
    assert r.stderr.splitlines()[-1] == f"demo: a promise is broken: {promise}"


def test_a_walk_that_is_interrupted_leaves_nothing(keg):
    """At step 4, the container runs."""
    p = subprocess.Popen(["unshare", "-n", "-m", "--propagation", "private", "sh", "-c", OWN_NET + f"exec {DEMO} {BIN}"], env=keg.environ(),
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    end = time.monotonic() + 60 * SLOW
    for line in p.stdout:
        folder = re.search(r"/tmp/keg-demo\.\w+", line) or locals().get("folder")
        if line.startswith("5  ") or time.monotonic() > end:
            break
    os.kill(p.pid, signal.SIGTERM)  # unshare has become the demo
    rest = p.communicate(timeout=30 * SLOW)[0]
    assert p.returncode == 130, rest
    wait_for(lambda: not Path(folder[0]).exists(), "its folder is gone")
