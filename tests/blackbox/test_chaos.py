# SPDX-License-Identifier: MIT
"""The programs of tests/chaos in their short forms; their long ones are `make chaos`, `make together`, `make soak`."""
import os
import subprocess
import sys

import pytest

from lab import BIN, IS_LXC, SLOW, TOP

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")


def run(capsys, answer, program, *args):
    env = {**os.environ, "KEG_BIN": str(BIN), "KEG_ANSWER": str(answer)}
    r = subprocess.run([sys.executable, TOP / "tests/chaos" / program, *map(str, args)], env=env, capture_output=True, text=True,
                       timeout=900 * SLOW)
    with capsys.disabled():
        print("\n" + r.stdout.splitlines()[-1] if r.stdout else "")
    assert r.returncode == 0, r.stdout + r.stderr


def test_a_minute_of_chaos_leaves_nothing_behind(capsys, answer):
    run(capsys, answer, "chaos.py", "--seconds", os.environ.get("CHAOS_SECONDS", "60"))


def test_forty_containers_start_together_twice(capsys, answer):
    run(capsys, answer, "together.py", "--containers", 40, "--rounds", 2)


def test_nothing_grows_with_starts_and_attaches(capsys, answer):
    if not (BIN.parent / "tests/chaos/attaches").exists():
        pytest.fail("tests/chaos/attaches is not built")
    run(capsys, answer, "soak.py", "--scale", "0.02")
