#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many idle containers: what does each cost, and does a start get slower with their number?

    density.py [--containers 500] [--lxc 100] [--starts 31] [--idle 60]

Of Keg, and of LXC's own commands in /usr/bin where they are, with fewer containers: its start grows, its monitors take more.
    Pss       of each keeper (LXC: monitor), from smaps_rollup
    wake-ups  context switches of all keepers in a minute in which nothing is asked of them
    start     median of so many starts of one container, with none running beside it and with all
Aims: Pss at most 128 KiB, no wake-up, the start beside all at most 1.5 times that beside none. They are judged at 500; with fewer
containers the parts of a keeper that all share are shared by fewer.
"""
import argparse
import re
import statistics
import sys
import time
from pathlib import Path

from crowd import Crowd, apart, lab

NET = "lxc.net.0.type = empty"


def pss(pid):
    return int(re.search(r"^Pss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])


def switches(pids):
    return {p: sum(map(int, re.findall(r"^\w*voluntary_ctxt_switches:\s+(\d+)", Path(f"/proc/{p}/status").read_text(), re.M))) for p in pids}


def starts(crowd, name, n):
    """Milliseconds of each start."""
    took = []
    for _ in range(n + 2):
        took.append(crowd.run("lxc-start", name) * 1e3)
        crowd.run("lxc-stop", name, "-k")
    return took[2:]


def keepers(crowd, names):
    return {n: crowd.keeper(n) for n in names}


def measure(title, tools, count, args):
    """The row of a table, as a dict. The first and the last measure of a start are made close to each other in time as well: once
    more beside none, after all have stopped, so that what else the machine does is seen."""
    with Crowd("density", tools) as crowd:
        one, *names = [crowd.define(i, NET) for i in range(count + 1)]
        alone = starts(crowd, one, args.starts)
        began = time.monotonic()
        crowd.each(names, "lxc-start")
        filled = time.monotonic() - began
        beside = starts(crowd, one, args.starts)
        pids = keepers(crowd, names)
        time.sleep(1)
        kib = [pss(p) for p in pids.values()]
        before = switches(pids.values())
        time.sleep(args.idle)
        after = switches(pids.values())
        woken = {n: after[p] - before[p] for n, p in pids.items() if after[p] != before[p]}
        crowd.states(names, "RUNNING")
        crowd.each(names, "lxc-stop", "-k", at_once=4)
        alone += starts(crowd, one, args.starts)
    return {"who": title, "n": count, "pss": statistics.mean(kib), "pss_max": max(kib), "woken": sum(woken.values()), "wakers": len(woken), "filled": filled,
            "alone": statistics.median(alone), "beside": statistics.median(beside), "wrong": len(crowd.wrong)}


def show(row):
    return (f"  {row['who']:<5} {row['n']:>5} containers  Pss {row['pss']:>7.1f} KiB (most {row['pss_max']})  wake-ups {row['woken']} of {row['wakers']}  "
            f"start {row['alone']:.2f} ms alone, {row['beside']:.2f} ms beside all: x {row['beside'] / row['alone']:.2f}")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--containers", type=int, default=500)
    ap.add_argument("--lxc", type=int, default=100)
    ap.add_argument("--starts", type=int, default=31)
    ap.add_argument("--idle", type=float, default=60)
    args = ap.parse_args()
    apart()
    keg = measure("keg", lab.BIN, args.containers, args)
    print(show(keg), flush=True)
    if Path("/usr/bin/lxc-start").exists() and args.lxc:
        print(show(measure("lxc", Path("/usr/bin"), args.lxc, args)), flush=True)
    else:
        print("  lxc: its commands are not in /usr/bin (tools/deps.sh bench installs them)")
    missed = [words for ok, words in ((keg["pss"] <= 128, "Pss"), (keg["woken"] == 0, "wake-ups"), (keg["beside"] <= 1.5 * keg["alone"], "start")) if not ok]
    print(f"density: {keg['n']} idle containers: {'missed: ' + ', '.join(missed) if missed else 'all aims reached'}; {keg['wrong']} wrong", flush=True)
    return 1 if missed or keg["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
