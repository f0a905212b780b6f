#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a command on a terminal of its own and types lines at its prompt, as a user would.

    terminal.py PROMPT COMMAND [ARG...] < LINES

Each line of stdin is typed when the prompt is shown; at the end of stdin, "exit". What the terminal shows
goes to stdout. Exits as the command does; 124 where the prompt does not come within ten seconds.
"""
import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time


def shown(master, wait):
    """What is shown next; None at the end."""
    if not select.select([master], [], [], wait)[0]:
        return ""
    try:
        return os.read(master, 65536).decode(errors="replace") or None
    except OSError:  # EIO: nobody has the terminal open any more
        return None


def show(text):
    """Without what only a terminal understands: carriage returns, and busybox's question where the cursor is."""
    sys.stdout.write(re.sub(r"\r|\x1b\[[0-9;]*[A-Za-z]", "", text))
    sys.stdout.flush()


def until(master, text, wait=10):
    seen, end = "", time.monotonic() + wait
    while text not in seen:
        more = shown(master, 0.1)
        if more is None:
            return False
        show(more)
        seen += more
        if time.monotonic() > end:
            print(f"\nterminal.py: no prompt {text!r} within {wait} s", file=sys.stderr)
            sys.exit(124)
    return True


def main():
    prompt, command = sys.argv[1], sys.argv[2:]
    lines = sys.stdin.read().splitlines() + ["exit"]
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    p = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                         preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))
    os.close(slave)
    try:
        for line in lines:
            if not until(master, prompt):
                break
            os.write(master, line.encode() + b"\n")
        end = time.monotonic() + 10
        while p.poll() is None and time.monotonic() < end:
            show(shown(master, 0.1) or "")
    finally:
        if p.poll() is None:
            p.kill()
    sys.exit(p.wait() if p.returncode >= 0 else 128 - p.returncode)


if __name__ == "__main__":
    main()
