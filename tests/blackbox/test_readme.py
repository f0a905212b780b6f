# SPDX-License-Identifier: MIT
"""README's first five minutes, typed on a terminal as they stand there, and a mistake that is mended by its hint."""
import re
import subprocess
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, OWN_NET, TOP, Terminal, needs

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is Keg's README")
INSTALLED = ("make", "apt-get")  # what a checkout that is tested has behind it
SHELL = 'mount -t tmpfs none /var/lib && mkdir -p /var/lib/lxc /var/lib/misc && exec env PS1="newcomer> " bash --norc --noprofile --noediting -i'


def lines_of_the_readme():
    text = (TOP / "README.md").read_text().split("## Five minutes", 1)[1].split("What goes wrong", 1)[0]
    lines = [line.split(" #")[0].strip() for line in text.splitlines() if line.startswith("    ")]
    return [line for line in lines if line and not line.startswith(INSTALLED)]


class Newcomer(Terminal):
    """A shell of root's in network and mount namespaces of its own: nothing of this machine's containers is seen."""

    def __init__(self, keg):
        self.keg, self.name = keg, "newcomer"
        super().__init__(self, "sh", "-c", OWN_NET + SHELL, columns=120)
        self.expect("newcomer> ")

    def popen(self, *argv, **how):
        return subprocess.Popen(["unshare", "-n", "-m", "--propagation", "private", *argv], env=self.keg.environ(), start_new_session=True, **how)

    def enter(self, line, inside=None):
        """What it shows, and its exit status; `inside` is typed into the shell that it opens."""
        self.type(f"{line}\r")
        self.expect("\n")
        if inside:
            self.expect("# ", 20)
            self.type(f"{inside}\rexit\r")
        self.expect_prompt()
        shown, self.answer = self.answer, ""
        self.type("echo status=$?\r")
        self.expect("\n")
        self.expect_prompt()
        return shown, int(re.search(r"status=(\d+)", self.answer)[1])

    def expect_prompt(self):
        whole = self.seen
        while "newcomer> " not in self.seen:
            before = self.seen
            if not self.read(30):
                pytest.fail(f"the shell has ended:\n{self.seen}")
            if self.seen == before:
                pytest.fail(f"nothing came for 30 s; shown was:\n{self.seen}")
        whole, self.seen = self.seen.split("newcomer> ", 1)
        self.answer = whole.replace("\r", "")

    def done(self):
        self.type("exit\r")
        self.whole()
        return self.end()


@pytest.fixture
def newcomer(keg):
    needs(not list(Path("/sys/fs/cgroup").glob("*/lxc.payload.web1")), "a container web1 of somebody's runs here")
    n = Newcomer(keg)
    yield n
    if n.process.poll() is None:
        n.enter("keg destroy -s -f web1; keg net down")
        n.done()


def test_every_line_of_the_readme_does_what_it_says(newcomer):
    says = {
        "keg run busybox": r"uname\n",
        "keg ls -f": r"(?m)^web1 +RUNNING .* 10\.0\.3\.\d+ ",
        "keg shell web1": r"\nweb1\n",
        "keg snapshot web1": "",
        "keg destroy -s web1": "",
    }
    lines = lines_of_the_readme()
    assert set(says) <= set(lines), lines
    for line in lines:
        opens = {"keg run busybox": "echo un''ame", "keg shell web1": "hostname"}.get(line)
        shown, status = newcomer.enter(line, opens)
        assert status == 0, f"{line}: exit {status}\n{shown}"
        assert re.search(says.get(line, ""), shown), f"{line}:\n{shown}"
        if line == "keg start web1":  # the lease takes its time
            newcomer.enter("for i in 1 2 3 4 5 6 7 8 9 10; do keg ls -f | grep -q 10.0.3 && break; sleep 1; done")
    shown, _ = newcomer.enter("keg net down; ls /var/lib/lxc; ls /sys/class/net")
    assert shown.split() == ["lo"]


def test_a_mistake_is_mended_by_its_hint(newcomer, lxcpath):
    where = lxcpath / "data"
    for line in ("keg create web1 -t busybox", "keg config set web1 lxc.net.0.type empty", f'keg config set web1 lxc.mount.entry "{where} data none bind,create=dir 0 0"'):
        shown, status = newcomer.enter(line)
        assert status == 0, shown
    shown, status = newcomer.enter("keg start web1")
    assert status == 1
    line = next(n for n, text in enumerate(newcomer.enter("cat /var/lib/lxc/web1/config")[0].splitlines(), 1) if "data none" in text)
    assert shown == f"""\
keg: web1: cannot mount {where} on data: No such file or directory
  set by  /var/lib/lxc/web1/config:{line}  lxc.mount.entry
  step    mount.entries (container init)
  try     create {where} on the host, or add "optional" to the entry
"""
    for line in (f"mkdir {where}", "keg start web1", "keg shell web1 -- test -d /data"):
        shown, status = newcomer.enter(line)
        assert (shown, status) == ("", 0), line
