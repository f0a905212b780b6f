#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds doc/TOOLS.md against the commands of a build: every option of every lxc-* command has its row, and every test that
is named exists, and every option of LXC's is taken; 0: all is well.   tools/options.py BUILD"""
import re
import subprocess
import sys
from pathlib import Path

# What LXC 7.0's commands take beside the common options.
LXC = {
    "attach": "elevated-privileges arch namespaces remount-sys-proc clear-env keep-env keep-var set-var pty-log rcfile uid gid context",
    "autostart": "kill list reboot shutdown all ignore-auto groups timeout",
    "cgroup": "",
    "checkpoint": "restore checkpoint-dir verbose action-script stop pre-dump predump-dir daemon foreground",
    "console": "tty escape",
    "copy": "newname newpath rename snapshot allowrunning ephemeral keepdata daemon foreground mount backingstorage tmpfs fssize "
            "keepname keepmac",
    "create": "config template bdev lvname vgname thinpool fstype fssize zfsroot dir rbdname rbdpool rbduser",
    "destroy": "force snapshots",
    "device": "",
    "execute": "rcfile define daemon uid gid share-net share-ipc share-uts share-pid",
    "freeze": "",
    "info": "config ips pid stats no-humanize state",
    "ls": "line fancy fancy-format active running frozen stopped defined nesting groups filter",
    "monitor": "quit",
    "snapshot": "list showcomments restore newname destroy comment",
    "start": "daemon foreground pidfile rcfile console console-log close-all-fds define share-net share-ipc share-uts share-pid",
    "stop": "reboot nowait timeout kill nolock nokill",
    "top": "delay batch sort reverse",
    "unfreeze": "",
    "unshare": "namespaces user hostname ifname daemon remount",
    "wait": "state timeout",
}
COMMON = "name help usage version quiet logfile logpriority lxcpath rcfile"

TOP = Path(__file__).resolve().parent.parent


def options(command):
    """The long names of the rows that are the command's own; it has a row of -n for the container's name, too."""
    r = subprocess.run([command, "--help"], capture_output=True, text=True, timeout=20)
    rows = (r.stdout + r.stderr).split("\nOptions :\n")[-1].split("\nCommon options :")[0]
    return [n for n in re.findall(r"^  (?:-., |    )--([\w-]+)", rows, re.M) if n != "name"]


def taken(command):
    """All long names, also those that --help leaves out."""
    r = subprocess.run([command, "--usage"], capture_output=True, text=True, timeout=20)
    return set(re.findall(r"--([\w-]+)", r.stdout + r.stderr))


def missing(build, sections):
    """What LXC's commands take and ours do not, or what has no row."""
    for verb, own in LXC.items():
        command = f"lxc-{verb}"
        has = taken(Path(build) / "bin" / command)
        yield from (f"{command}: --{o}, which LXC's has, is not taken" for o in (COMMON + " " + own).split() if o not in has)
        yield from (f"doc/TOOLS.md: {command}: no row of --{o}" for o in own.split() if f"`--{o}`" not in sections.get(command, ""))


def main(build):
    text = (TOP / "doc/TOOLS.md").read_text()
    sections = dict(re.findall(r"^## (lxc-[\w-]+)\n(.*?)(?=^## |\Z)", text, re.M | re.S))
    tests = set(re.findall(r"^def (test_\w+)", "".join(p.read_text() for p in (TOP / "tests/blackbox").glob("*.py")), re.M))
    files = {p.stem for p in (TOP / "tests/blackbox").glob("test_*.py")}
    wrong = [f"doc/TOOLS.md: there is no {t}" for t in sorted(set(re.findall(r"\btest_\w+", text)) - tests - files)]
    for command in sorted((Path(build) / "bin").glob("lxc-*")):
        if command.name not in sections:
            wrong.append(f"doc/TOOLS.md: no section of {command.name}")
        if command.name not in sections or not command.is_symlink():  # a script has the options of what it runs
            continue
        wrong += [f"doc/TOOLS.md: {command.name}: no row of --{o}" for o in options(command)
                  if not re.search(rf"`--{o}`", sections[command.name])]
    wrong += [w for w in missing(build, sections) if w not in wrong]
    print("\n".join(wrong + [f"options: {len(sections)} commands, {len(wrong)} gaps"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else TOP / "build"))
