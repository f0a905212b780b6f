#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds doc/TOOLS.md against the commands of a build: every option of every lxc-* command has its row, and every test that
is named exists; 0: all is well.   tools/options.py BUILD"""
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def options(command):
    """The long names of the rows that are the command's own; it has a row of -n for the container's name, too."""
    r = subprocess.run([command, "--help"], capture_output=True, text=True, timeout=20)
    rows = (r.stdout + r.stderr).split("\nOptions :\n")[-1].split("\nCommon options :")[0]
    return [n for n in re.findall(r"^  (?:-., |    )--([\w-]+)", rows, re.M) if n != "name"]


def main(build):
    text = (TOP / "doc/TOOLS.md").read_text()
    sections = dict(re.findall(r"^## (lxc-[\w-]+)\n(.*?)(?=^## |\Z)", text, re.M | re.S))
    tests = set(re.findall(r"^def (test_\w+)", "".join(p.read_text() for p in (TOP / "tests/blackbox").glob("*.py")), re.M))
    files = {p.stem for p in (TOP / "tests/blackbox").glob("test_*.py")}
    wrong = [f"doc/TOOLS.md: there is no {t}" for t in sorted(set(re.findall(r"\btest_\w+", text)) - tests - files)]
    for command in sorted((Path(build) / "bin").glob("lxc-*")):
        if command.name not in sections:
            wrong.append(f"doc/TOOLS.md: no section of {command.name}")
            continue
        wrong += [f"doc/TOOLS.md: {command.name}: no row of --{o}" for o in options(command)
                  if not re.search(rf"`--{o}`", sections[command.name])]
    print("\n".join(wrong + [f"options: {len(sections)} commands, {len(wrong)} gaps"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else TOP / "build"))
