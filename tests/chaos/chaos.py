#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random verbs on many containers by several workers, with random kills; then everything must be as it was before.

    chaos.py [--seconds N] [--seed N] [--containers N] [--workers N] [--verbs create,start,...]

While it goes on
    no command takes longer than its deadline, none ends by a signal that we did not send,
    what a command says is one of the lines of errors.txt, each failure says something,
    each state that is shown is one of LXC's.
In the end each container is stopped and destroyed by the ordinary commands, and the host is held against what it was.
The seed decides who does what; which of two things happens first is the machine's to decide.
"""
import argparse
import collections
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from crowd import apart, lab

HERE = Path(__file__).resolve().parent
STATES = {"STOPPED", "STARTING", "RUNNING", "STOPPING", "ABORTING", "FREEZING", "FROZEN", "THAWED"}
DEADLINE = 45 * lab.SLOW  # of a command: 5 s of asking, 30 s of killing, and what eight workers on few cores take
ATTACH = 5 * lab.SLOW
TEMPLATE = """#!/bin/sh
# lxc-create runs it: --name=NAME --path=PATH --rootfs=ROOTFS
for word; do case $word in --rootfs=*) rootfs=${{word#*=}} ;; --path=*) path=${{word#*=}} ;; esac; done
mkdir -p "$rootfs/proc" "$rootfs/sys" "$rootfs/dev" "$rootfs/tmp" && cp {answer} "$rootfs/answer" || exit 1
grep -q '^lxc.rootfs.path' "$path/config" || echo "lxc.rootfs.path = dir:$rootfs" >>"$path/config"
"""
CONFIG = """lxc.init.cmd = /answer print {mark} sleep
lxc.mount.auto = proc:mixed
lxc.tty.max = 1
lxc.pty.max = 16
lxc.cgroup.devices.allow = c 1:7 rwm
lxc.net.0.type = veth
lxc.net.0.flags = up
"""


class Wrong(list):
    """What should not have happened, by several threads."""

    def __init__(self, known):
        super().__init__()
        self.known = [re.compile(line) for line in known]
        self.told = set()

    def say(self, text):
        self.append(text)
        print(f"WRONG {text}", file=sys.stderr, flush=True)

    def check_words(self, line, rc, err, names):
        """Each message is a known one, each failure has one."""
        said = [words for words in err.splitlines() if not words.startswith("  ")]
        if rc and not err.strip():
            self.say(f"{line}: exit {rc} without a word")
        for words in said:
            plain = re.sub(names, "NAME", words)
            if plain not in self.told and not any(k.fullmatch(plain) for k in self.known):
                self.told.add(plain)
                self.say(f"{line}: exit {rc}: not a known message: {plain!r}\n{err}")


def read(path):
    try:
        return Path(path).read_text().strip()
    except OSError as e:
        return e.strerror


def held_in(session):
    """What a command, its children, and each keeper that is at work wait in: for whoever has to find out why it did not end."""
    told = []
    for p in filter(str.isdigit, os.listdir("/proc")):
        fields = read(f"/proc/{p}/stat").rsplit(")", 1)[-1].split()
        words = read(f"/proc/{p}/cmdline").replace("\0", " ")
        if len(fields) > 3 and (fields[3] == str(session) or re.match("keg-keeper (start|stop|adopt)", words)):
            at = next((line.split(":")[2] for line in read(f"/proc/{p}/cgroup").splitlines() if ":freezer:" in line), None)
            freezer = at and f"{at} {read(f'/sys/fs/cgroup/freezer{at}/freezer.state')}"
            told.append(f"{p} ({words}) {fields[0]}, child of {fields[1]}: {read(f'/proc/{p}/stack').splitlines()[:3]}, "
                        f"call {read(f'/proc/{p}/syscall')}, freezer {freezer}")
    return "".join(f"\n    {line}" for line in told)


class Chaos:
    def __init__(self, args, work, answer):
        self.args, self.path = args, work / "c"
        self.path.mkdir()
        self.names = [f"{lab.MARK}-c{i:02}" for i in range(args.containers)]
        self.any_name = re.compile("|".join(map(re.escape, self.names)))
        known = [words for words in (HERE / "errors.txt").read_text().splitlines() if words and not words.startswith("#")]
        self.wrong = Wrong(known)
        self.env = lab.Keg().environ()
        self.template, self.config = work / "template", work / "config"
        self.template.write_text(TEMPLATE.format(answer=answer))
        self.template.chmod(0o755)
        self.config.write_text(CONFIG.format(mark=lab.MARK))
        self.count, self.failed, self.kills = collections.Counter(), collections.Counter(), collections.Counter()
        self.slowest = {}
        self.lock = threading.Lock()

    # --- one command ---

    def run(self, tool, *argv, kill_after=None, attaches=False, quiet_failure=False):
        """(exit status, stdout, stderr); None where we killed it."""
        line = [str(lab.BIN / tool), *map(str, argv)]
        began = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            p = subprocess.Popen(line, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
            fd = os.pidfd_open(p.pid)
            ended = select.select([fd], [], [], (ATTACH if attaches else DEADLINE) if kill_after is None else kill_after)[0]
            frozen = not ended and attaches and kill_after is None and self.is_frozen(argv)
            if not ended and attaches and kill_after is None and not frozen:
                ended = select.select([fd], [], [], DEADLINE)[0]
            late = not ended and kill_after is None and not frozen
            if late:
                held = held_in(p.pid) + f"\n    {self.state_of(argv)}"
            if not ended:
                p.kill()
            p.wait()
            os.close(fd)
            out.seek(0)
            err.seek(0)
            said = out.read().decode(errors="replace"), err.read().decode(errors="replace")
        words = f"{tool} {' '.join(map(str, argv))}"
        if not ended:
            if late:
                self.wrong.say(f"{words}: not done after {DEADLINE} s; {said[1]}{held}")
            self.note(self.kills, "attach to a frozen container" if frozen else "command")
            return None
        killed = attaches and p.returncode == 128 + signal.SIGKILL  # with its container
        self.judge(tool, words, p.returncode, said[1], time.monotonic() - began, quiet_failure or killed)
        return p.returncode, *said

    def state_of(self, argv):
        done = self.on("lxc-info", argv[1], "-s", "-H")
        return done and done[1].strip()

    def is_frozen(self, argv):
        """What was attached to it then does not run either, until somebody thaws it."""
        return self.state_of(argv) in ("FROZEN", "FREEZING", "THAWED")

    def judge(self, tool, words, rc, err, took, quiet_failure):
        with self.lock:
            self.count[tool] += 1
            self.failed[tool] += rc != 0
            if took > self.slowest.get(tool, (0, ""))[0]:
                self.slowest[tool] = took, words
        if rc < 0:
            self.wrong.say(f"{words}: ended by signal {-rc}: {err}")
        self.wrong.check_words(words, 0 if quiet_failure else rc, err, self.any_name)

    def note(self, counter, what):
        with self.lock:
            counter[what] += 1

    # --- the verbs ---

    def on(self, tool, name, *argv, **how):
        return self.run(tool, "-n", name, "-P", self.path, *argv, **how)

    def keg(self, r, verb, *argv, **how):
        return self.run("keg", *verb.split(), "-P", self.path, *argv, **how)

    def create(self, r, name, how):
        self.on("lxc-create", name, "-t", self.template, "-f", self.config, **how)

    def start(self, r, name, how):
        self.on("lxc-start", name, **how)

    def stop(self, r, name, how):
        self.on("lxc-stop", name, *r.choice((["-t", "3"], ["-t", "0"], ["-k"], ["-W"])), **how)

    def reboot(self, r, name, how):
        self.on("lxc-stop", name, "-r", "-t", "3", **how)

    def freeze(self, r, name, how):
        self.on("lxc-freeze", name, **how)

    def unfreeze(self, r, name, how):
        self.on("lxc-unfreeze", name, **how)

    def attach(self, r, name, how):
        done = self.on("lxc-attach", name, "--", "/answer", "print", "hello", attaches=True, **how)
        if done and done[0] == 0 and done[1] != "hello\n":
            self.wrong.say(f"lxc-attach {name}: said {done[1]!r}")

    def info(self, r, name, how):
        done = self.on("lxc-info", name, *r.choice((["-s", "-H"], [], ["--format", "json"])), **how)
        shown = re.search(r'"?[Ss]tate"?: *"?(\w+)', done[1]) or re.search(r"^(\w+)$", done[1]) if done and not done[0] else None
        if done and not done[0] and (not shown or shown[1].upper() not in STATES):
            self.wrong.say(f"lxc-info {name}: shows {done[1]!r}")

    def ls(self, r, name, how):
        done = self.run("lxc-ls", "-P", self.path, *r.choice((["-f"], ["-1"], ["--format", "json"])), **how)
        if done and done[1].startswith("["):
            self.look_at(json.loads(done[1]))

    def look_at(self, rows):
        for row in rows:
            row = {k.lower(): v for k, v in row.items()}
            if row["name"] not in self.names or row["state"] not in STATES:
                self.wrong.say(f"lxc-ls shows {row}")

    def wait(self, r, name, how):
        self.on("lxc-wait", name, "-s", r.choice(("RUNNING", "STOPPED", "RUNNING|STOPPED", "FROZEN")), "-t", "1", quiet_failure=True, **how)

    def snapshot(self, r, name, how):
        self.on("lxc-snapshot", name, *r.choice(([], [], ["-L"], ["-r", "snap0"], ["-r", "snap0", "-N", r.choice(self.names)],
                                                 ["-d", "snap0"], ["-d", "ALL"])), **how)

    def copy(self, r, name, how):
        self.on("lxc-copy", name, "-N", r.choice(self.names), *r.choice(([], [], ["-a"], ["-s", "-B", "overlay"])), **how)

    def rename(self, r, name, how):
        self.on("lxc-copy", name, "-R", "-N", r.choice(self.names), **how)

    def destroy(self, r, name, how):
        self.on("lxc-destroy", name, *r.choice(([], ["-f"], ["-f", "-s"])), **how)

    def change(self, r, name, how):
        verb, *words = r.choice((["config set", name, "lxc.environment", f"N={r.random()}"], ["config unset", name, "lxc.environment"],
                                 ["config get", name, "lxc.environment"], ["set", name, f"pids={r.randint(50, 99)}"],
                                 ["config set", "--running", name, "lxc.cgroup.pids.max", str(r.randint(50, 99))]))
        self.keg(r, verb, *words, **how)

    def device(self, r, name, how):
        self.on("lxc-device", name, "--", *r.choice((["add", "/dev/full"], ["del", "/dev/full"])), **how)

    VERBS = {"create": 12, "start": 30, "stop": 12, "reboot": 5, "freeze": 5, "unfreeze": 12, "attach": 10, "info": 8, "ls": 3, "wait": 4,
             "snapshot": 6, "copy": 5, "rename": 4, "destroy": 5, "change": 6, "device": 4}

    # --- kills ---

    def processes_of(self, name):
        """(keeper, init) as its state file tells; a pid each or None."""
        for state in Path("/run/keg").glob(f"*/{name}/state"):
            try:
                text = state.read_text()
            except OSError:
                continue
            found = (re.search(rf"^{word} (\d+)$", text, re.M) for word in ("keeper", "init"))
            return tuple(int(m[1]) if m else None for m in found)
        return None, None

    def kill(self, r, name):
        """Its keeper or its init, held by a pidfd and looked at, before it is killed."""
        which = r.choice((0, 1))
        pid = self.processes_of(name)[which]
        try:
            fd = os.pidfd_open(pid) if pid else -1
        except OSError:
            return
        if fd < 0:
            return
        try:
            if lab.MARK.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                signal.pidfd_send_signal(fd, signal.SIGKILL)
                self.note(self.kills, ("keeper", "init")[which])
        except OSError:
            pass
        finally:
            os.close(fd)

    # --- the run ---

    def work(self, number, end):
        r = random.Random(f"{self.args.seed} {number}")
        verbs, weights = zip(*((v, weight) for v, weight in self.VERBS.items() if not self.args.verbs or v in self.args.verbs.split(",")))
        while time.monotonic() < end and len(self.wrong) < 50:
            name, verb = r.choice(self.names), r.choices(verbs, weights)[0]
            how = {"kill_after": r.random() * 0.06} if r.random() < 0.12 else {}
            dies = r.random() < 0.1
            try:
                getattr(self, verb)(r, name, how)
                if dies:
                    self.kill(r, name)
            except Exception as e:  # of this program
                self.wrong.say(f"{verb} {name}: {e!r}")

    def go(self):
        for name in self.names[::2]:
            self.on("lxc-create", name, "-t", self.template, "-f", self.config)
        end = time.monotonic() + self.args.seconds
        workers = [threading.Thread(target=self.work, args=(i, end)) for i in range(self.args.workers)]
        for w in workers:
            w.start()
        for w in workers:
            w.join()

    def clean(self):
        """By the ordinary commands alone. A container with clones goes after them."""
        self.args.seconds = 0
        left = list(self.names)
        for _ in range(len(self.names)):
            for name in left:
                self.on("lxc-stop", name, "-k")
                done = self.on("lxc-info", name, "-s", "-H")
                if done and done[0] == 0 and done[1] != "STOPPED\n":
                    self.wrong.say(f"{name} is {done[1]!r} after lxc-stop -k")
            again = [name for name in left if "has clones" in (self.on("lxc-destroy", name, "-s") or ("", "", ""))[2]]
            if again == left or not again:
                break
            left = again
        done = self.run("lxc-ls", "-P", self.path, "-1")
        if not done or done[1]:
            self.wrong.say(f"containers that cannot be destroyed: {done}")
        for p in sorted(self.path.rglob("*"))[:20]:
            words = f": {read(p)!r}" if p.name in ("lxc_snapshots", "lxc_rdepends", ".was") else ""
            self.wrong.say(f"left in the containers' folder: {p.relative_to(self.path)}{words}")

    def summary(self):
        n, bad = sum(self.count.values()), sum(self.failed.values())
        for tool in sorted(self.count):
            slow = self.slowest[tool]
            print(f"  {tool:<14} {self.count[tool]:>6} runs  {self.failed[tool]:>6} refused  slowest {slow[0]:6.2f} s")
        kills = ", ".join(f"{v} {k}{'s' * (v != 1)}" for k, v in sorted(self.kills.items()))
        print(f"chaos: seed {self.args.seed}: {n} commands of {self.args.workers} workers on {len(self.names)} containers, {bad} refused; "
              f"killed: {kills or 'nobody'}; {len(self.wrong)} wrong", flush=True)


def host_settles(before, wrong):
    end = time.monotonic() + 10 * lab.SLOW
    while lab.difference(before) and time.monotonic() < end:
        time.sleep(0.1)
    for line in lab.difference(before):
        wrong.say(f"the host: {line.strip()}")


def run(args):
    work = Path(tempfile.mkdtemp(prefix=f"{lab.MARK}-chaos-"))
    work.chmod(0o755)
    try:
        answer = os.environ.get("KEG_ANSWER", lab.BIN.parent / "tests/answer")
        before = lab.look()
        chaos = Chaos(args, work, answer)
        chaos.go()
        chaos.clean()
        host_settles(before, chaos.wrong)
        chaos.summary()
        return 1 if chaos.wrong else 0
    finally:
        lab.leave(work)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--seconds", type=float, default=60)
    ap.add_argument("--seed", type=int, default=None)
    ap.add_argument("--containers", type=int, default=50)
    ap.add_argument("--workers", type=int, default=8)
    ap.add_argument("--verbs", help="these alone; create makes half of the containers whatever it says")
    args = ap.parse_args()
    if args.seed is None:
        args.seed = random.SystemRandom().randrange(1 << 32)
        print(f"chaos: --seed {args.seed} chooses the same verbs again", flush=True)
    apart("--seed", str(args.seed))
    return run(args)


if __name__ == "__main__":
    sys.exit(main())
