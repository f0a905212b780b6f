# SPDX-License-Identifier: MIT
"""Many containers at once: what chaos.py, together.py, soak.py and density.py share.

As root. KEG_BIN, KEG_SLOW and KEG_SHARED_HOST are those of tests/blackbox/lab.py. Each program runs in a network, a /run and a
/sys of its own, so that each link, rule and runtime folder there is its own, and holds its host against what it was before.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/blackbox"))
import lab  # noqa: E402

INSIDE = "KEG_CROWD_INSIDE"
LINES = """lxc.rootfs.path = dir:{rootfs}
lxc.uts.name = {name}
lxc.init.cmd = /answer print {mark} sleep
lxc.mount.auto = proc:mixed
lxc.tty.max = 1
lxc.pty.max = 16
"""


def apart(*more):
    """Runs this program again in namespaces of its own, unless it is there already."""
    if os.geteuid():
        sys.exit(f"{Path(sys.argv[0]).name}: run as root")
    if os.environ.get(INSIDE):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was begun is taken back then, too
        return
    again = [sys.executable, *sys.argv, *more]
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-n", "-m", "--propagation", "private", "sh", "-c", lab.OWN_NET + 'exec "$@"', "sh", *again])


class Crowd:
    """A folder of containers with one rootfs, and the host as it was before; `with` clears up and complains."""

    def __init__(self, name, tools=lab.BIN):
        self.tools = tools
        self.env = {**lab.Keg().environ(), "PATH": f"{tools}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        self.wrong = []
        self.before = lab.look()
        self.work = Path(tempfile.mkdtemp(prefix=f"{lab.MARK}-{name}-"))
        self.work.chmod(0o755)
        self.path, self.rootfs = self.work / "c", self.work / "rootfs"
        self.path.mkdir()
        for d in ("proc", "sys", "dev", "tmp"):
            (self.rootfs / d).mkdir(parents=True)
        shutil.copy(Path(os.environ.get("KEG_ANSWER", lab.BIN.parent / "tests/answer")), self.rootfs / "answer")

    def say(self, text):
        self.wrong.append(text)
        if len(self.wrong) < 50:
            print(f"WRONG {text}", file=sys.stderr, flush=True)

    def define(self, number, net="lxc.net.0.type = empty"):
        name = f"{lab.MARK}-{number:04}"
        (self.path / name).mkdir(exist_ok=True)
        (self.path / name / "config").write_text(LINES.format(rootfs=self.rootfs, name=name, mark=lab.MARK) + net + "\n")
        return name

    def run(self, tool, name, *args, deadline=60, ok=(0,)):
        """Seconds that it took."""
        argv = [str(self.tools / tool), "-n", name, "-P", str(self.path), *map(str, args)]
        began = time.monotonic()
        with tempfile.TemporaryFile() as said:
            p = subprocess.Popen(argv, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True)
            try:
                p.wait(deadline * lab.SLOW)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
                self.say(f"{tool} {name}: not done after {deadline * lab.SLOW} s")
            took = time.monotonic() - began
            if p.returncode not in ok:
                said.seek(0)
                self.say(f"{tool} {name}: exit {p.returncode}: {said.read().decode(errors='replace').strip()}")
        return took

    def each(self, names, tool, *args, at_once=1, **how):
        """On all the containers, so many at a time; the seconds that each took."""
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda name: self.run(tool, name, *args, **how), names))

    def states(self, names, wanted):
        out = subprocess.run([self.tools / "lxc-ls", "-P", self.path, "-f", "-F", "NAME,STATE"], env=self.env, capture_output=True, text=True,
                             timeout=120 * lab.SLOW).stdout
        found = dict(line.split()[:2] for line in out.splitlines()[1:])
        for name in names:
            if found.get(name) != wanted:
                self.say(f"{name} is {found.get(name)}, not {wanted}")

    def info(self, name):
        out = subprocess.run([self.tools / "lxc-info", "-n", name, "-P", self.path, "-p", "-H"], env=self.env, capture_output=True, text=True)
        return int(out.stdout)

    def keeper(self, name):
        return int(next(line for line in Path(f"/proc/{self.info(name)}/status").read_text().splitlines() if line.startswith("PPid")).split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.each([folder.name for folder in self.path.iterdir()], "lxc-stop", "-k", at_once=8, ok=(0, 2))
        lab.leave(self.work)
        end = time.monotonic() + 15 * lab.SLOW
        while self.tools == lab.BIN and lab.difference(self.before) and time.monotonic() < end:
            time.sleep(0.1)
        for line in lab.difference(self.before) if self.tools == lab.BIN else ():  # LXC's own commands leave something
            self.say(f"the host: {line.strip()}")
