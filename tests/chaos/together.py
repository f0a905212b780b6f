#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many starts at once, again and again: all succeed.

    together.py [--containers 200] [--at-once 40] [--rounds 50]

Each round starts all containers, so many at a time, asks lxc-ls whether all run, and stops them in the same way. The host is
then as it was.
"""
import argparse
import statistics
import sys
import time

from crowd import Crowd, apart


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--containers", type=int, default=200)
    ap.add_argument("--at-once", type=int, default=40)
    ap.add_argument("--rounds", type=int, default=50)
    args = ap.parse_args()
    apart()
    took, began = [], time.monotonic()
    with Crowd("together") as crowd:
        net = "lxc.net.0.type = veth\nlxc.net.0.flags = up"
        names = [crowd.define(i, net) for i in range(args.containers)]
        for n in range(args.rounds):
            took += crowd.each(names, "lxc-start", at_once=args.at_once)
            crowd.states(names, "RUNNING")
            crowd.each(names, "lxc-stop", "-k", at_once=args.at_once)
            crowd.states(names, "STOPPED")
            if sys.stderr.isatty():
                print(f"\rround {n + 1} of {args.rounds}", end="\r", file=sys.stderr, flush=True)
    print(f"together: {len(took)} starts of {args.containers} containers, {args.at_once} at once, in {args.rounds} rounds, "
          f"{time.monotonic() - began:.0f} s: median {statistics.median(took) * 1e3:.0f} ms, slowest {max(took) * 1e3:.0f} ms; "
          f"{len(crowd.wrong)} wrong", flush=True)
    return 1 if crowd.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
