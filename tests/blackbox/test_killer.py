# SPDX-License-Identifier: MIT
"""A sample of `make killer`: every verb is called again and again, and killed before one of its system calls.

    KEG_KILLER_EVERY    each so manieth call is tried
"""
import os
import re
import subprocess
import time

import pytest

from lab import BIN, IS_LXC, SLOW, Keg

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")
KILLER = BIN.parent / "tests/killer/killer"
EVERY = os.environ.get("KEG_KILLER_EVERY", "61")


def test_what_is_killed_before_any_system_call_is_old_or_new_and_mended_by_the_next_command(answer):
    offset = str(int(time.time()) % int(EVERY))  # another sample each time; told, so that it can be tried again
    p = subprocess.run([KILLER, BIN, answer, "--every", EVERY, "--offset", offset], env={**Keg().environ(), "KEG_SLOW": str(SLOW)},
                       capture_output=True, text=True, timeout=300 * SLOW)
    last = p.stdout.splitlines()[-1] if p.stdout else ""
    assert re.fullmatch(r"killer: \d\d verbs, [1-9]\d* points in \d+ s: all held", last), p.stdout + p.stderr
    assert p.returncode == 0
