#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same again and again: what grows?

    soak.py [--scale 1.0]

1,000 starts and stops, 10,000 attaches by the command and 10,000 by the library in one process, each times the scale. Looks
before and after each, with a warm-up first (what grew is looked at in a second and a third round of the same: a leak grows in each,
the kernel's caches do not): cgroups, dying ones, mounts, namespaces, processes, the kernel's own objects, the
keeper's memory and fds, the memory and fds of the process with the library. On a host that others use (KEG_SHARED_HOST) what is
the whole kernel's is shown, and not judged.
"""
import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from crowd import Crowd, apart, lab

SLABS = ("pid", "pid_2", "pid_namespace", "net_namespace", "mnt_cache", "task_struct", "cred", "cred_jar", "files_cache", "signal_cache",
         "sock_inode_cache", "nsproxy", "uts_namespace", "user_namespace")


def namespaces():
    found = set()
    for p in Path("/proc").glob("[0-9]*/ns/*"):
        try:
            found.add(os.readlink(p))
        except OSError:
            pass
    return len(found)


def kernel():
    """{what: number} of what the whole machine has."""
    seen = {"namespaces": namespaces(), "processes": sum(p.name.isdigit() for p in Path("/proc").iterdir())}
    for stat in Path("/sys/fs/cgroup").rglob("cgroup.stat"):
        m = re.search(r"^nr_dying_descendants (\d+)", stat.read_text(), re.M)
        seen["dying cgroups"] = int(m[1])
        break
    rows = [line.split() for line in Path("/proc/slabinfo").read_text().splitlines()[2:]]
    seen.update({f"slab {r[0]}": int(r[1]) for r in rows if r[0] in SLABS})
    seen["unreclaimable KiB"] = int(re.search(r"^SUnreclaim: +(\d+)", Path("/proc/meminfo").read_text(), re.M)[1])
    return seen


def ours():
    """What carries our mark, and this mount namespace's mounts."""
    seen = lab.look()
    return {"our cgroups": sum(x.startswith("cgroup ") and lab.MARK in x for x in seen), "our files of /run": sum("file /run/keg" in x for x in seen),
            "mounts here": len(Path("/proc/self/mountinfo").read_text().splitlines()), "links here": len(list(Path("/sys/class/net").iterdir()))}


def keeper_of(pid):
    pss = int(re.search(r"^Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])
    return {"keeper's Pss KiB": pss, "keeper's fds": len(os.listdir(f"/proc/{pid}/fd"))}


ROUNDS = 3
KERNELS = ("slab", "unreclaimable", "namespaces", "processes", "dying")


class Soak:
    def __init__(self, crowd):
        self.crowd, self.rows = crowd, []

    def grown(self, title, times, before, after, slack):
        """A row for each thing; what has grown by more than its slack, and by a part of the times."""
        found = {}
        for what in after:
            by = after[what] - before.get(what, 0)
            judged = not lab.SHARED or what.startswith(("our", "mounts", "links", "keeper", "library"))
            most = max(slack.get(what, 0), 64 if what.startswith("slab") else 0, times * 0.02 if what.startswith(KERNELS) else 0)
            self.rows.append(f"  {title:<26} {what:<26} {before.get(what, 0):>9} {after[what]:>9} {by:>+7}{'' if judged else '   (shared)'}")
            if judged and by > most:
                found[what] = by
        return found

    def hold(self, title, times, act, look, slack):
        """act() does it all once, and may give two more looks, of its own."""
        before, always = look(), None
        for _ in range(ROUNDS):
            first, last = act() or ({}, {})
            time.sleep(1)  # the kernel frees what RCU held
            after = {**look(), **last}
            found = self.grown(title, times, {**before, **first}, after, slack)
            always = found if always is None else {what: found[what] for what in always if what in found}
            if not always:
                return
            before = after
        for what, by in always.items():
            self.crowd.say(f"{title}: {what} grew by {by} in {times}, {ROUNDS} times")

    def cycles(self, name, times):
        def cycle():
            self.crowd.run("lxc-start", name)
            self.crowd.run("lxc-stop", name, "-k")

        def act():
            for _ in range(times):
                cycle()
        for _ in range(max(3, times // 50)):
            cycle()
        self.hold(f"{times} starts and stops", times, act, lambda: {**ours(), **kernel()}, {"unreclaimable KiB": 4096})

    def attaches(self, name, times):
        pid = self.crowd.keeper(name)

        def act():
            self.crowd.each([name] * times, "lxc-attach", "--", "/answer", "exit", "0", at_once=2)
        self.crowd.each([name] * 20, "lxc-attach", "--", "/answer", "exit", "0")
        self.hold(f"{times} attaches", times, act, lambda: {**ours(), **kernel(), **keeper_of(pid)},
                  {"unreclaimable KiB": 4096, "keeper's Pss KiB": 16})

    def library(self, name, times):
        pid, program = self.crowd.keeper(name), lab.BIN.parent / "tests/chaos/attaches"

        def act():
            p = subprocess.run([program, self.crowd.path, name, str(times)], env=self.crowd.env, capture_output=True, text=True, timeout=3600)
            if p.returncode:
                return self.crowd.say(f"attaches by the library: exit {p.returncode}: {p.stderr}")
            found = dict((word, (int(a), int(b))) for word, a, b in (line.split() for line in p.stdout.splitlines()))
            return [{"library's fds": found["fds"][i], "library's RSS KiB": found["rss"][i]} for i in (0, 1)]
        self.hold(f"{times} attaches, one process", times, act, lambda: {**ours(), **kernel(), **keeper_of(pid)},
                  {"unreclaimable KiB": 4096, "keeper's Pss KiB": 16, "library's RSS KiB": 128})


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--scale", type=float, default=float(os.environ.get("SOAK_SCALE", "1")))
    args = ap.parse_args()
    apart()
    began = time.monotonic()
    starts, attaches = max(5, int(1000 * args.scale)), max(20, int(10000 * args.scale))
    with Crowd("soak") as crowd:
        soak = Soak(crowd)
        name = crowd.define(0, "lxc.net.0.type = veth\nlxc.net.0.flags = up")
        soak.cycles(name, starts)
        crowd.run("lxc-start", name)
        soak.attaches(name, attaches)
        soak.library(name, attaches)
    print(f"  {'after':<26} {'what':<26} {'before':>9} {'after':>9} {'grown':>7}\n" + "\n".join(soak.rows))
    print(f"soak: {starts} starts and stops, 2 x {attaches} attaches in {time.monotonic() - began:.0f} s; {len(crowd.wrong)} things grew", flush=True)
    return 1 if crowd.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
