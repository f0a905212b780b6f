# SPDX-License-Identifier: MIT
"""lxc.cgroup.* and lxc.cgroup2.*: limits in either version's words, what is warned of, where the cgroups lie."""
from pathlib import Path

import pytest

from lab import needs, wait_for

V1 = {c: line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup " in line
      for c in line.split()[-1].split(",")}
V2 = next((line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup2 " in line), None)
V2_HAS = Path(V2, "cgroup.controllers").read_text().split() if V2 else []


def line_of(container, key):
    return next(i for i, line in enumerate(container.config.read_text().splitlines(), 1) if line.startswith(key))


def cgroup(container, file, value=None):
    return container.run("lxc-cgroup", file, *([value] if value else [])).ok().out.strip()


# --- translation ------------------------------------------------------------------------------------------

SAME = [  # v1, its value, v2, its value
    ("memory.limit_in_bytes", "67108864", "memory.max", "67108864"),
    ("memory.soft_limit_in_bytes", "33554432", "memory.low", "33554432"),
    ("cpu.shares", "512", "cpu.weight", "50"),
    ("cpuset.cpus", "0", "cpuset.cpus", "0"),
    ("pids.max", "77", "pids.max", "77"),
]


@pytest.mark.parametrize("row", SAME, ids=lambda row: row[0])
@pytest.mark.parametrize("written", [0, 2], ids=["v1", "v2"])
def test_a_limit_of_either_version_takes_effect_and_is_read_in_both(container, row, written):
    controller = row[0].split(".")[0]
    needs(controller in V1 or controller in V2_HAS, f"this kernel has no {controller}")
    c = container(f"lxc.cgroup{'2' if written else ''}.{row[written]} = {row[written + 1]}")
    r = c.run("lxc-start").ok()
    assert r.err == ""
    assert cgroup(c, row[0]) == row[1]
    assert cgroup(c, row[2]) == row[3]


@pytest.mark.parametrize("keys", [("lxc.cgroup.cpu.cfs_quota_us = 50000", "lxc.cgroup.cpu.cfs_period_us = 200000"),
                                  ("lxc.cgroup2.cpu.max = 50000 200000",)], ids=["v1", "v2"])
def test_two_keys_of_v1_are_one_of_v2(container, keys):
    needs("cpu" in V1 or "cpu" in V2_HAS, "this kernel has no cpu controller")
    c = container(*keys)
    assert c.run("lxc-start").ok().err == ""
    assert cgroup(c, "cpu.max") == "50000 200000"
    assert cgroup(c, "cpu.cfs_quota_us") == "50000"
    assert cgroup(c, "cpu.cfs_period_us") == "200000"


def test_what_is_always_so_in_the_other_version_is_no_warning(container):
    c = container("lxc.cgroup2.cgroup.max.depth = max", "lxc.cgroup2.memory.high = max", "lxc.cgroup2.memory.min = 0")
    assert c.run("lxc-start").ok().err == ""


def test_said_twice_the_hosts_own_version_counts(container):
    c = container("lxc.cgroup2.cpu.weight = 10", "lxc.cgroup.cpu.shares = 512", "lxc.cgroup2.cpu.weight = 50")
    assert c.run("lxc-start").ok().err == ""
    assert cgroup(c, "cpu.shares") == "512"


# --- what has no meaning here -----------------------------------------------------------------------------

ODD = "lxc.cgroup.nosuch.limit"
ODD_TEXT = f"{ODD} = 5 has no effect: this host has no cgroup controller nosuch"


def warning(c, tool, key=ODD, text=ODD_TEXT):
    return f"{tool}: {c.name}: warning: {text}\n  set by  {c.config}:{line_of(c, key)}  {key}\n"


@pytest.mark.parametrize("how", ["-d", "-F"])
def test_what_has_no_meaning_is_a_warning_with_file_and_line(container, how):
    c = container(f"{ODD} = 5")
    args = ("--", "/answer", "exit", "0") if how == "-F" else ()
    assert c.run("lxc-start", how, *args).ok().err == warning(c, "lxc-start")


def test_what_the_other_version_cannot_say_is_a_warning(container):
    v1 = "memory" in V1
    key, value = ("lxc.cgroup2.memory.high", "1M") if v1 else ("lxc.cgroup.memory.swappiness", "60")
    c = container(f"{key} = {value}")
    text = f"{key} = {value} has no effect: cgroup v{1 if v1 else 2}, which has the controller here, has nothing like it"
    assert c.run("lxc-start").ok().err == warning(c, "lxc-start", key, text)


def test_a_check_warns_in_the_same_words(container, keg):
    c = container(f"{ODD} = 5")
    r = c.run("lxc-start", "--check").ok()
    assert (r.out, r.err) == ("", warning(c, "lxc-start"))
    assert c.state() == "STOPPED"


def test_strict_makes_it_an_error_before_anything_is_made(container):
    c = container(f"{ODD} = 5", "lxc.config.strict = 1")
    told = (f"lxc-start: {c.name}: {ODD_TEXT}\n  set by  {c.config}:{line_of(c, ODD)}  {ODD}\n"
            "  try     take the line out, or unset lxc.config.strict\n")
    assert c.run("lxc-start").fails(1).err == told
    assert c.run("lxc-start", "--check").fails(1).err == told
    assert c.state() == "STOPPED"


def test_a_file_that_the_hosts_own_controller_lacks_is_an_error(container):
    needs("memory" in V1, "this kernel has no v1 memory controller")
    c = container("lxc.cgroup.memory.nosuch = 5")
    assert c.run("lxc-start").fails(1).err == (
        f"lxc-start: {c.name}: the cgroup controller memory has no file memory.nosuch here\n"
        f"  set by  {c.config}:{line_of(c, 'lxc.cgroup.memory.nosuch')}  lxc.cgroup.memory.nosuch\n"
        "  step    cgroup.limits (keeper)\n")


# --- where they lie ---------------------------------------------------------------------------------------

TREES = sorted({line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup" in line})


def places(pid):
    """The paths of its cgroups below each mounted hierarchy, without those that nobody has mounted."""
    return {line.split(":", 2)[2] for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()
            if line.split(":")[1].split(",")[0] in V1 or line.startswith("0::") or line.split(":")[1] == "name=systemd"}


@pytest.mark.parametrize("keys, path", [
    ((), "/lxc.payload.NAME"),
    (("lxc.cgroup.dir = NAME-d/x",), "/NAME-d/x/lxc.payload.NAME"),
    (("lxc.cgroup.dir.container = NAME-c/p", "lxc.cgroup.dir.monitor = NAME-c/m"), "/NAME-c/p"),
    (("lxc.cgroup.dir.container = NAME-c/p", "lxc.cgroup.dir.monitor = NAME-c/m", "lxc.cgroup.dir.monitor.pivot = NAME-v",
      "lxc.cgroup.dir.container.inner = in"), "/NAME-c/p/in"),
], ids=["none", "dir", "container", "inner"])
def test_the_dir_keys_say_where_and_nothing_is_left(container, keys, path):
    c = container()
    c.add(*(k.replace("NAME", c.name) for k in keys))
    c.up()
    assert places(c.pid()) == {path.replace("NAME", c.name)}
    c.run("lxc-stop", "-k").ok()
    assert not [t for t in TREES for p in Path(t).glob(f"*{c.name}*") if p.is_dir()]


def test_limits_are_on_the_container_not_on_the_inner_one(container):
    c = container()
    c.add(f"lxc.cgroup.dir.container = {c.name}", f"lxc.cgroup.dir.monitor = {c.name}-m", "lxc.cgroup.dir.container.inner = in",
          "lxc.cgroup2.pids.max = 77")
    needs("pids" in V1 or "pids" in V2_HAS, "this kernel has no pids controller")
    c.up()
    outer = Path(V1.get("pids", V2), c.name)
    assert (outer / "pids.max").read_text() == "77\n"
    assert (outer / "in/pids.max").read_text() == "max\n"


def with_lxc_conf(c, text, *args):
    """A start that sees another /etc/lxc/lxc.conf."""
    folder = c.lxcpath / "etc"
    folder.mkdir(exist_ok=True)
    (folder / "lxc.conf").write_text(text)
    script = 'mkdir -p /etc/lxc && mount --bind "$0" /etc/lxc && exec "$@"'
    return c.run("lxc-start", *args, under=("unshare", "-m", "--propagation", "slave", "sh", "-c", script, folder))


def test_the_systems_pattern_counts_without_dir_keys(container):
    needs(Path("/etc/lxc").is_dir(), "this machine has no /etc/lxc")
    c = container()
    with_lxc_conf(c, f"lxc.cgroup.pattern = {c.name}-p/%n\n").ok()
    assert places(c.pid()) == {f"/{c.name}-p/{c.name}/payload"}
    c.run("lxc-stop", "-k").ok()
    c.add(f"lxc.cgroup.dir = {c.name}-d")
    with_lxc_conf(c, f"lxc.cgroup.pattern = {c.name}-p/%n\n").ok()
    assert places(c.pid()) == {f"/{c.name}-d/lxc.payload.{c.name}"}


def test_a_controller_that_the_system_demands_must_be_there(container):
    needs(Path("/etc/lxc").is_dir(), "this machine has no /etc/lxc")
    c = container()
    assert with_lxc_conf(c, "lxc.cgroup.use = pids,nosuch\n").fails(1).err == (
        f"lxc-start: {c.name}: this host has no cgroup controller nosuch\n"
        "  set by  lxc.cgroup.use\n"
        "  try     lxc.cgroup.use of the system's lxc.conf lists what every container needs\n")


def test_only_the_controllers_that_the_system_uses_are_set_up(container):
    needs(Path("/etc/lxc").is_dir(), "this machine has no /etc/lxc")
    needs("pids" in V1 and "memory" in V1, "this kernel has no v1 controllers mounted")
    c = container()
    with_lxc_conf(c, "lxc.cgroup.use = pids\n").ok()
    assert Path(V1["pids"], f"lxc.payload.{c.name}").is_dir()
    assert not Path(V1["memory"], f"lxc.payload.{c.name}").exists()


# --- v2 alone ---------------------------------------------------------------------------------------------

ONLY_V2 = """
    umount -l /sys/fs/cgroup && mount -t tmpfs none /sys/fs/cgroup && rmdir /sys/fs/cgroup 2>/dev/null
    umount /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup && exec "$@"
"""


def on_v2(c, tool, *args, **how):
    """The same host as one that has mounted nothing but cgroup2."""
    return c.run(tool, *args, under=("unshare", "-m", "--propagation", "slave", "sh", "-c", ONLY_V2, "sh"), **how)


@pytest.mark.parametrize("mode, can_write", [("mixed", True), ("ro", False), ("rw", True)])
def test_without_a_cgroup_namespace_v2_shows_the_own_cgroup_where_proc_says(container, mode, can_write):
    needs(V2, "this kernel has no cgroup2 mounted")
    c = container("lxc.namespace.keep = cgroup", f"lxc.mount.auto = cgroup:{mode}:force")
    on_v2(c, "lxc-start").ok()
    own = Path(f"/proc/{c.pid()}/root/sys/fs/cgroup")
    assert [p.name for p in own.iterdir()] == [f"lxc.payload.{c.name}"]
    assert str(c.pid()) in (own / f"lxc.payload.{c.name}/cgroup.procs").read_text().split()
    flags = {line.split()[4]: line.split()[5].split(",")[0] for line in Path(f"/proc/{c.pid()}/mountinfo").read_text().splitlines()}
    assert flags["/sys/fs/cgroup"] == ("rw" if mode == "rw" else "ro")
    assert flags[f"/sys/fs/cgroup/lxc.payload.{c.name}"] == ("rw" if can_write else "ro")


# --- devices ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("version", ["", "2"])
@pytest.mark.parametrize("where", ["here", "on v2"])
def test_the_last_a_resets_the_device_rules(container, where, version):
    needs(where == "here" or V2, "this kernel has no cgroup2 mounted")
    c = container(*(f"lxc.cgroup{version}.devices.{rule}" for rule in (
        "deny = a", "allow = c 1:5 rwm", "allow = a", "deny = c 1:3 w", "deny = a", "allow = c 1:3 rw")))
    (c.run if where == "here" else lambda *a: on_v2(c, *a))("lxc-start").ok()
    run = c.run if where == "here" else lambda *a: on_v2(c, *a)
    assert run("lxc-cgroup", "devices.list").ok().out.strip() == "c 1:3 rw"


def test_a_limit_below_a_cgroup_with_processes_says_what_to_do(container):
    needs(V2 and "hugetlb" in V2_HAS and "hugetlb" not in V1, "this kernel has no hugetlb controller in cgroup2")
    c = container("lxc.cgroup.relative = 1", "lxc.cgroup2.hugetlb.2MB.max = 2097152")
    own = Path(V2, f"{c.name}-own")
    own.mkdir()
    try:
        r = c.run("lxc-start", under=("sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', own)).fails(1)
    finally:
        wait_for(lambda: not (own / "cgroup.procs").read_text(), "the cgroup is empty")
        own.rmdir()
    assert r.err == (
        f"lxc-start: {c.name}: cannot enable the cgroup controllers hugetlb below {own}: Device or resource busy\n"
        f"  set by  {c.config}:7  lxc.cgroup2.hugetlb.2MB.max\n"
        "  step    cgroup.limits (keeper)\n"
        "  try     that cgroup has processes of its own; move them into one below it\n")
