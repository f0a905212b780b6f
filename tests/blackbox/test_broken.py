# SPDX-License-Identifier: MIT
"""Containers that cannot start, and what is told of each: what, on what, why, which line asked for it, what to do.

A row is a set-up that is broken in one way. It is started in the foreground, as a daemon and by --format json, which
must say the same: words are interface, so the whole message is compared. In it {c.name}, {c.dir}, {c.rootfs} and
{c.config} are filled in; {at:TEXT} is "FILE:LINE" of the config's line that holds TEXT, {fstab:TEXT} the same of the
container's fstab, {veth} any name of a veth, {...} whatever this host says there.
"""
import errno
import json
import os
import re
import shutil
import struct
from collections import namedtuple
from pathlib import Path

import pytest

from lab import IS_LXC

pytestmark = pytest.mark.skipif(IS_LXC, reason="the subject is LXC itself")

Row = namedtuple("Row", "about says lines set_up under args modes", defaults=((), lambda c: None, (), (), ("-F", "-d")))
PIDS_V1 = Path("/sys/fs/cgroup/pids").exists()
# Of the version that this host has: what the other's words mean nothing in is left out, as in LXC.
PIDS = "lxc.cgroup.pids" if PIDS_V1 else "lxc.cgroup2.pids"
MAPPED = ("lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536")
VETH = "lxc.net.0.type = veth"


def in_own_mounts(script):
    """Behind a script in a mount namespace of its own; {c.dir} and the like are filled in."""
    return "unshare", "-m", "sh", "-c", f'{script} && exec "$@"', "sh"


def other_machine(c):
    """The ELF header's e_machine: one that is nobody's, as qemu may be registered for all the others."""
    data = bytearray((c.rootfs / "answer").read_bytes())
    data[18:20] = (0xFEED).to_bytes(2, "little")
    (c.rootfs / "answer").write_bytes(data)


def script(first, text="", mode=0o755):
    def set_up(c):
        (c.rootfs / "answer").write_text(f"{first}\n{text}")
        (c.rootfs / "answer").chmod(mode)
    return set_up


def dynamic(c):
    """An ELF program of this machine that asks for a loader: a header, one PT_INTERP, and its text."""
    data = (c.rootfs / "answer").read_bytes()[:64]
    name = b"/lib/ld-nosuch.so.1\0"
    header = data[:32] + struct.pack("<QQIHHHHHH", 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 3, 4, 120, 120, 120, len(name), len(name), 1)
    (c.rootfs / "answer").write_bytes(header + segment + name)


def file(name, text="", mode=0o644):
    def set_up(c):
        path = c.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(c=c))
        path.chmod(mode)
    return set_up


def both(*steps):
    def set_up(c):
        for s in steps:
            s(c)
    return set_up


def without(name):
    return lambda c: c.config.write_text("".join(line for line in c.config.read_text().splitlines(True) if not line.startswith(name)))


def as_rootfs(path):
    """Another rootfs than the one that was made."""
    return lambda c: (without("lxc.rootfs.path")(c), c.add(f"lxc.rootfs.path = {path.format(c=c)}"))


def crowd(c):
    """A cgroup that has room for one process."""
    return Path("/sys/fs/cgroup", "pids" if PIDS_V1 else "", f"{c.name}-crowd")


def crowded(c):
    crowd(c).mkdir()
    (crowd(c) / "pids.max").write_text("1")
    return crowd(c).rmdir


def mine(c):
    """The rootfs is the mapped root's."""
    for p in (c.rootfs, *c.rootfs.rglob("*")):
        os.chown(p, 100000, 100000)


ROWS = {}

ROWS["the network"] = [
    Row("no such bridge", """\
lxc-start: {c.name}: cannot attach {veth} to bridge nosuchbr0: No such device
  set by  {at:net.0.link}  lxc.net.0.link
  step    net.make (keeper)
  try     create it: "keg net up" makes lxcbr0
""", (VETH, "lxc.net.0.link = nosuchbr0")),
    Row("a bridge that is none", """\
lxc-start: {c.name}: cannot attach {veth} to lo: it is not a bridge
  set by  {at:net.0.link}  lxc.net.0.link
  step    net.make (keeper)
  try     for a container on lo itself, take type macvlan or phys
""", (VETH, "lxc.net.0.link = lo")),
    Row("no such link for a macvlan", """\
lxc-start: {c.name}: cannot make the macvlan on nosuch0: No such device
  set by  {at:net.0.link}  lxc.net.0.link
  step    net.make (keeper)
  try     the host has no device nosuch0: "ip link" shows those it has
""", ("lxc.net.0.type = macvlan", "lxc.net.0.link = nosuch0")),
    Row("no such link for an ipvlan", """\
lxc-start: {c.name}: cannot make the ipvlan on nosuch0: No such device
  set by  {at:net.0.link}  lxc.net.0.link
  step    net.make (keeper)
  try     the host has no device nosuch0: "ip link" shows those it has
""", ("lxc.net.0.type = ipvlan", "lxc.net.0.link = nosuch0")),
    Row("no such link for a vlan", """\
lxc-start: {c.name}: cannot make the vlan on nosuch0: No such device
  set by  {at:net.0.link}  lxc.net.0.link
  step    net.make (keeper)
  try     the host has no device nosuch0: "ip link" shows those it has
""", ("lxc.net.0.type = vlan", "lxc.net.0.link = nosuch0", "lxc.net.0.vlan.id = 7")),
    Row("no such device to move", """\
lxc-start: {c.name}: cannot move nosuch0 into the container: No such device
  set by  {at:net.0.link}  lxc.net.0.link
  step    net.make (keeper)
  try     the host has no such device: "ip link" shows those it has
""", ("lxc.net.0.type = phys", "lxc.net.0.link = nosuch0")),
    Row("a device that cannot be moved", """\
lxc-start: {c.name}: cannot move lo into the container: Invalid argument
  set by  {at:net.0.link}  lxc.net.0.link
  said    The interface netns is immutable
  try     some devices (bridges, tunnels without a peer) cannot change their network namespace
""", ("lxc.net.0.type = phys", "lxc.net.0.link = lo")),
    Row("an unknown type of device", """\
lxc-start: {c.name}: bad value "token-ring" of lxc.net.0.type: allowed is empty, none, veth, vlan, macvlan, ipvlan or phys
  set by  {at:token-ring}  lxc.net.0.type
""", ("lxc.net.0.type = token-ring",)),
    Row("an MTU that the kernel refuses", """\
lxc-start: {c.name}: cannot create veth {veth}: Invalid argument
  set by  {at:net.0.mtu}  lxc.net.0.mtu
  step    net.make (keeper)
  try     a veth takes an MTU from 68 to 65535
""", (VETH, "lxc.net.0.mtu = 70000000")),
    Row("a bad MAC address", """\
lxc-start: {c.name}: bad value "00:16:3e:zz:00:01" of lxc.net.0.hwaddr: allowed is a MAC address such as 10:66:6a:xx:xx:xx
  set by  {at:net.0.hwaddr}  lxc.net.0.hwaddr
""", (VETH, "lxc.net.0.hwaddr = 00:16:3e:zz:00:01")),
    Row("a multicast MAC address", """\
lxc-start: {c.name}: bad value "01:16:3e:00:00:01" of lxc.net.0.hwaddr: allowed is a MAC address such as 10:66:6a:xx:xx:xx
  set by  {at:net.0.hwaddr}  lxc.net.0.hwaddr
  try     make the first byte even: an odd one is that of a multicast address
""", (VETH, "lxc.net.0.hwaddr = 01:16:3e:00:00:01")),
    Row("a bad address", """\
lxc-start: {c.name}: bad value "10.0.3.300/24" of lxc.net.0.ipv4.address: allowed is ADDRESS, ADDRESS/PREFIX or ADDRESS/PREFIX BROADCAST
  set by  {at:net.0.ipv4.address}  lxc.net.0.ipv4.address
""", (VETH, "lxc.net.0.ipv4.address = 10.0.3.300/24")),
    Row("a bad prefix", """\
lxc-start: {c.name}: bad value "10.0.3.5/33" of lxc.net.0.ipv4.address: allowed is ADDRESS, ADDRESS/PREFIX or ADDRESS/PREFIX BROADCAST
  set by  {at:net.0.ipv4.address}  lxc.net.0.ipv4.address
""", (VETH, "lxc.net.0.ipv4.address = 10.0.3.5/33")),
    Row("a gateway of a device that is not up", """\
lxc-start: {c.name}: lxc.net.0.ipv4.gateway needs the device to be up (flags = up)
  set by  {at:net.0.ipv4.gateway}  lxc.net.0.ipv4.gateway
""", (VETH, "lxc.net.0.ipv4.address = 10.9.9.2/24", "lxc.net.0.ipv4.gateway = 10.9.9.1")),
    Row("two gateways", """\
lxc-start: {c.name}: cannot set the default route of eth1 by 10.9.8.1: File exists
  set by  {at:net.1.ipv4.gateway}  lxc.net.1.ipv4.gateway
  step    net.configure (container init)
  try     another device has a gateway already: one default route is enough
""", (VETH, "lxc.net.0.flags = up", "lxc.net.0.ipv4.address = 10.9.9.2/24", "lxc.net.0.ipv4.gateway = 10.9.9.1", "lxc.net.1.type = veth", "lxc.net.1.flags = up", "lxc.net.1.ipv4.address = 10.9.8.2/24", "lxc.net.1.ipv4.gateway = 10.9.8.1")),
    Row("an interface name that is too long", """\
lxc-start: {c.name}: bad value "eth0123456789abcdef" of lxc.net.0.name: allowed is an interface name of at most 15 bytes; %d in it becomes the next free number
  set by  {at:net.0.name}  lxc.net.0.name
""", (VETH, "lxc.net.0.name = eth0123456789abcdef")),
    Row("an interface name twice", """\
lxc-start: {c.name}: lxc.net.1.name is another device's name already
  set by  {at:net.1.name}  lxc.net.1.name
""", (VETH, "lxc.net.0.name = eth7", "lxc.net.1.type = veth", "lxc.net.1.name = eth7")),
    Row("an interface name that is taken inside", """\
lxc-start: {c.name}: lxc.net.0.name cannot be lo: every container has one already
  set by  {at:net.0.name}  lxc.net.0.name
""", (VETH, "lxc.net.0.name = lo")),
    Row("a name on the host that is taken", """\
lxc-start: {c.name}: cannot create veth lo: File exists
  set by  {at:net.0.veth.pair}  lxc.net.0.veth.pair
  step    net.make (keeper)
  try     the host has a device of that name: choose another, or none for one by chance
""", (VETH, "lxc.net.0.veth.pair = lo")),
]

ROWS["the root file system"] = [
    Row("rootfs is missing", """\
lxc-start: {c.name}: cannot open the rootfs {c.rootfs}: No such file or directory
  set by  {at:rootfs.path}  lxc.rootfs.path
  step    rootfs.open (keeper)
  try     create it, or correct lxc.rootfs.path
""", (), lambda c: shutil.rmtree(c.rootfs)),
    Row("rootfs is a file", """\
lxc-start: {c.name}: cannot open the rootfs {c.rootfs}: Not a directory
  set by  {at:rootfs.path}  lxc.rootfs.path
  step    rootfs.open (keeper)
  try     a folder or an overlay can be a rootfs; images and volumes cannot yet
""", (), lambda c: (shutil.rmtree(c.rootfs), c.rootfs.write_text(""))),
    Row("rootfs is a link to nothing", """\
lxc-start: {c.name}: cannot open the rootfs {c.rootfs}: No such file or directory
  set by  {at:rootfs.path}  lxc.rootfs.path
  step    rootfs.open (keeper)
  try     create it, or correct lxc.rootfs.path
""", (), lambda c: (shutil.rmtree(c.rootfs), c.rootfs.symlink_to("/nosuch/tree"))),
    Row("rootfs of an unknown kind", """\
lxc-start: {c.name}: storage of type zfs is not supported
  set by  {at:rootfs.path}  lxc.rootfs.path
  step    rootfs.open (keeper)
  try     a folder or an overlay can be a rootfs; images and volumes cannot yet
""", (), as_rootfs("zfs:tank/web")),
    Row("an overlay without its lower folder", """\
lxc-start: {c.name}: cannot use mount option lowerdir={c.dir}/nosuch: No such file or directory
  set by  {at:rootfs.path}  lxc.rootfs.path
  step    rootfs.mount (container init)
  try     create the folder, or correct lxc.rootfs.path
""", (), both(lambda c: (c.dir / "upper").mkdir(), as_rootfs("overlay:{c.dir}/nosuch:{c.dir}/upper"))),
    Row("an overlay with one folder", """\
lxc-start: {c.name}: an overlay takes overlay:LOWER:UPPER with absolute paths, not {c.rootfs}
  set by  {at:rootfs.path}  lxc.rootfs.path
  step    rootfs.mount (container init)
""", (), as_rootfs("overlay:{c.rootfs}")),
    Row("an overlay without its upper folder", """\
lxc-start: {c.name}: cannot open the rootfs {c.dir}/nosuch: No such file or directory
  set by  {at:rootfs.path}  lxc.rootfs.path
  step    rootfs.open (keeper)
  try     create it, or correct lxc.rootfs.path
""", (), as_rootfs("overlay:{c.rootfs}:{c.dir}/nosuch")),
    Row("a rootfs that is not the mapped root's", """\
lxc-start: {c.name}: cannot use the folder /dev of the rootfs: Permission denied
  set by  {at:rootfs.path}  lxc.rootfs.path
  step    dev.mount (container init)
  try     the rootfs is not the container's: chown it to ids that lxc.idmap maps, or set lxc.rootfs.options = idmap=container
""", MAPPED, lambda c: (c.rootfs / "dev").rmdir()),
    Row("a rootfs that is mounted noexec", """\
lxc-start: {c.name}: cannot run /answer: Permission denied
  set by  {at:init.cmd}  lxc.init.cmd
  step    init.exec (container init)
  try     it is on a mount with noexec: remount that with exec
""",
        under=in_own_mounts("mount --bind {c.rootfs} {c.rootfs} && mount -o remount,bind,noexec {c.rootfs}")),
    Row("a rootfs on a full disk", """\
lxc-start: {c.name}: cannot mount /etc on srv/data: No space left on device
  set by  {at:mount.entry}  lxc.mount.entry
  step    mount.entries (container init)
  try     the disk of the rootfs is full: make room on it, or create srv/data beforehand
""", ("lxc.mount.entry = /etc srv/data none bind,create=dir 0 0",),
        under=in_own_mounts("mount -t tmpfs -o nr_inodes=5 none {c.rootfs} && cd {c.rootfs} && mkdir dev proc etc sys && cd /")),
    Row("a read-only rootfs that lacks a folder", """\
lxc-start: {c.name}: cannot use the folder /dev of the rootfs: Read-only file system
  set by  {at:rootfs.path}  lxc.rootfs.path
  step    dev.mount (container init)
  try     it is missing and the rootfs is read-only: create it beforehand
""", ("lxc.rootfs.options = ro",), lambda c: (c.rootfs / "dev").rmdir()),
    Row("a place for the rootfs that is no folder", """\
lxc-start: {c.name}: /etc/passwd, where the rootfs is to be mounted, is no folder
  set by  {at:rootfs.mount}  lxc.rootfs.mount
  step    rootfs.open (keeper)
  try     create it, or take lxc.rootfs.mount out of the config
""", ("lxc.rootfs.mount = /etc/passwd",)),
    Row("a bad option of the rootfs", """\
lxc-start: {c.name}: bad value "optional" of lxc.rootfs.options: allowed is mount options without create=, optional and relative, parted by commas
  set by  {at:rootfs.options}  lxc.rootfs.options
""", ("lxc.rootfs.options = optional",)),
    Row("a link as /dev of the rootfs", """\
lxc-start: {c.name}: cannot use the folder /dev of the rootfs: Not a directory
  set by  {at:rootfs.path}  lxc.rootfs.path
  step    dev.mount (container init)
  try     it is a link or no folder, and nothing of the host's may be mounted there
""", (), lambda c: ((c.rootfs / "dev").rmdir(), (c.rootfs / "dev").symlink_to("/etc"))),
]

ROWS["init"] = [
    Row("a rootfs without init", """\
lxc-start: {c.name}: cannot run /answer: No such file or directory
  set by  {at:init.cmd}  lxc.init.cmd
  step    init.exec (container init)
  try     the rootfs has no such program: set lxc.init.cmd to one that it has
""", (), lambda c: (c.rootfs / "answer").unlink()),
    Row("a rootfs without /sbin/init", """\
lxc-start: {c.name}: cannot run /sbin/init: No such file or directory
  step    init.exec (container init)
  try     the rootfs has no such program: set lxc.init.cmd to one that it has
""", (), without("lxc.init.cmd")),
    Row("init is not executable", """\
lxc-start: {c.name}: cannot run /answer: Permission denied
  set by  {at:init.cmd}  lxc.init.cmd
  step    init.exec (container init)
  try     make it executable: chmod +x in the rootfs
""", (), lambda c: (c.rootfs / "answer").chmod(0o644)),
    Row("init is a folder", """\
lxc-start: {c.name}: cannot run /etc: Permission denied
  set by  {at:/etc}  lxc.init.cmd
  step    init.exec (container init)
  try     it is a folder: name a program in it
""", ("lxc.init.cmd = /etc",)),
    Row("init is for another architecture", """\
lxc-start: {c.name}: cannot run /answer: Exec format error
  set by  {at:init.cmd}  lxc.init.cmd
  step    init.exec (container init)
  try     it is built for another architecture
""", (), other_machine),
    Row("init is empty", """\
lxc-start: {c.name}: cannot run /answer: Exec format error
  set by  {at:init.cmd}  lxc.init.cmd
  step    init.exec (container init)
  try     it is no program; a script begins with the line #!/bin/sh
""", (), script("")),
    Row("init is a script whose interpreter is missing", """\
lxc-start: {c.name}: cannot run /answer: No such file or directory
  set by  {at:init.cmd}  lxc.init.cmd
  step    init.exec (container init)
  try     it is a script, and its interpreter /bin/nosuch is not in the rootfs
""", (), script("#!/bin/nosuch -e")),
    Row("init is a script with line ends of another system", """\
lxc-start: {c.name}: cannot run /answer: No such file or directory
  set by  {at:init.cmd}  lxc.init.cmd
  step    init.exec (container init)
  try     its first line ends in a carriage return: write it with the line ends of Unix
""", (), script("#!/answer\r")),
    Row("init is a program whose loader is missing", """\
lxc-start: {c.name}: cannot run /answer: No such file or directory
  set by  {at:init.cmd}  lxc.init.cmd
  step    init.exec (container init)
  try     its loader /lib/ld-nosuch.so.1 is not in the rootfs
""", (), dynamic),
    Row("init by a link that leads to nothing", """\
lxc-start: {c.name}: cannot run /answer: No such file or directory
  set by  {at:init.cmd}  lxc.init.cmd
  step    init.exec (container init)
  try     /answer is a link to /usr/lib/nosuch/init, which the rootfs has not
""", (), lambda c: ((c.rootfs / "answer").unlink(), (c.rootfs / "answer").symlink_to("/usr/lib/nosuch/init"))),
    Row("a user id that is none", """\
lxc-start: {c.name}: bad value "root" of lxc.init.uid: allowed is a user id
  set by  {at:init.uid}  lxc.init.uid
""", ("lxc.init.uid = root",)),
]

ROWS["user namespaces"] = [
    Row("ids of users without groups", """\
lxc-start: {c.name}: u 0 100000 10 has no line for groups beside it
  set by  {at:u 0 100000}  lxc.idmap
  try     a user namespace needs both: lxc.idmap = g ...
""", ("lxc.idmap = u 0 100000 10",)),
    Row("a map of no ids", """\
lxc-start: {c.name}: u 70000 1 0 maps nothing: its range is 0
  set by  {at:u 70000}  lxc.idmap
""", (*MAPPED, "lxc.idmap = u 70000 1 0")),
    Row("ids inside that two lines map", """\
lxc-start: {c.name}: u 10 500000 5 maps ids inside that u 0 100000 65536 maps, too
  set by  {at:u 10 500000}  lxc.idmap
""", (*MAPPED, "lxc.idmap = u 10 500000 5")),
    Row("ids on the host that two lines map", """\
lxc-start: {c.name}: g 70000 100005 5 maps ids on the host that g 0 100000 65536 maps, too
  set by  {at:g 70000}  lxc.idmap
""", (*MAPPED, "lxc.idmap = g 70000 100005 5")),
    Row("init's user is not mapped", """\
lxc-start: {c.name}: u 1 100000 10 and the others map no user 0, which init runs as
  set by  {at:u 1 100000}  lxc.idmap
  try     map it, or set lxc.init.uid and lxc.init.gid
""", ("lxc.idmap = u 1 100000 10", "lxc.idmap = g 0 100000 10")),
    Row("a map beyond the last id", """\
lxc-start: {c.name}: u 0 1 4294967295 goes beyond the last id, 4294967294
  set by  {at:u 0 1 4294967295}  lxc.idmap
""", ("lxc.idmap = u 0 1 4294967295", "lxc.idmap = g 0 1 10")),
    Row("a map that is none", """\
lxc-start: {c.name}: bad value "b 0 100000 10" of lxc.idmap: allowed is u or g, the first id in the container, the first id on the host, how many
  set by  {at:b 0 100000}  lxc.idmap
""", ("lxc.idmap = b 0 100000 10",)),
    Row("a rootfs mapped without a map", """\
lxc-start: {c.name}: idmap=container, but the container has no user namespace
  set by  {at:idmap=container}  lxc.rootfs.options
  try     set lxc.idmap, or name another user namespace: idmap=/proc/PID/ns/user
""", ("lxc.rootfs.options = idmap=container",)),
    Row("a new file system that is to be mapped", """\
lxc-start: {c.name}: idmap=container of tmp: only a bind can be idmapped
  set by  {at:tmpfs tmp}  lxc.mount.entry
  try     add "bind" to the entry
""", (*MAPPED, "lxc.mount.entry = tmpfs tmp tmpfs idmap=container 0 0"), mine),
    Row("a file system that cannot be mapped", """\
lxc-start: {c.name}: cannot map the ids of /proc: Invalid argument
  set by  {at:/proc mnt}  lxc.mount.entry
  step    mount.idmap (keeper)
  try     proc cannot be idmapped by this kernel; chown the files to the container's ids instead
""", (*MAPPED, "lxc.mount.entry = /proc mnt none bind,create=dir,idmap=container 0 0"), mine),
    Row("no such user namespace", """\
lxc-start: {c.name}: cannot open the user namespace /no/such: No such file or directory
  set by  {at:/etc mnt}  lxc.mount.entry
  step    mount.idmap (keeper)
""", (*MAPPED, "lxc.mount.entry = /etc mnt none bind,create=dir,idmap=/no/such 0 0"), mine),
    Row("a user whom nothing maps", """\
lxc-start: {c.name}: u 0 100000 65536 and the others map no user 70000, which init runs as
  set by  {at:idmap}  lxc.idmap
  try     map it, or set lxc.init.uid and lxc.init.gid
""", (*MAPPED, "lxc.init.uid = 70000")),
]

ROWS["mounts"] = [
    Row("the source of a mount is missing", """\
lxc-start: {c.name}: cannot mount /nosuch/data on data: No such file or directory
  set by  {at:mount.entry}  lxc.mount.entry
  step    mount.entries (container init)
  try     create /nosuch/data on the host, or add "optional" to the entry
""", ("lxc.mount.entry = /nosuch/data data none bind,create=dir 0 0",)),
    Row("the target of a mount is missing", """\
lxc-start: {c.name}: cannot mount /etc on data: No such file or directory
  set by  {at:mount.entry}  lxc.mount.entry
  step    mount.entries (container init)
  try     create data in the rootfs, or add "create=dir" to the entry
""", ("lxc.mount.entry = /etc data none bind 0 0",)),
    Row("a folder on a file", """\
lxc-start: {c.name}: cannot mount /etc on data: Invalid argument
  set by  {at:mount.entry}  lxc.mount.entry
  step    mount.entries (container init)
  try     of source and target one is a folder, the other is none
""", ("lxc.mount.entry = /etc data none bind,create=file 0 0",)),
    Row("a target by a link that leads to nothing", """\
lxc-start: {c.name}: cannot mount /etc on srv/data: No such file or directory
  set by  {at:mount.entry}  lxc.mount.entry
  step    mount.entries (container init)
  try     create srv/data in the rootfs, or add "create=dir" to the entry
""", ("lxc.mount.entry = /etc srv/data none bind 0 0",), lambda c: (c.rootfs / "srv").symlink_to("/nosuch")),
    Row("an unknown file system", """\
lxc-start: {c.name}: cannot mount none on mnt: No such device
  set by  {at:mount.entry}  lxc.mount.entry
  step    mount.entries (container init)
  said    cannot mount a file system of type nosuchfs: No such device
""", ("lxc.mount.entry = none mnt nosuchfs create=dir 0 0",)),
    Row("an option that the file system does not know", """\
lxc-start: {c.name}: cannot mount none on mnt: Invalid argument
  set by  {at:mount.entry}  lxc.mount.entry
  step    mount.entries (container init)
  said    tmpfs: Unknown parameter 'colour'
""", ("lxc.mount.entry = none mnt tmpfs size=1M,colour=blue,create=dir 0 0",)),
    Row("a bind that forgets to say so", """\
lxc-start: {c.name}: cannot mount /etc on data: No such device
  set by  {at:mount.entry}  lxc.mount.entry
  said    cannot mount a file system of type none: No such device
  try     type none is for binds: add "bind" to the entry
""", ("lxc.mount.entry = /etc data none create=dir 0 0",)),
    Row("a mount entry of two words", """\
lxc-start: {c.name}: a mount entry needs SOURCE, TARGET and TYPE: /etc data
  set by  {at:mount.entry}  lxc.mount.entry
  try     for a folder of the host's: /srv/data data none bind,create=dir 0 0
""", ("lxc.mount.entry = /etc data",)),
    Row("a disk that is no disk", """\
lxc-start: {c.name}: cannot mount /etc/passwd on mnt: Block device required
  set by  {at:mount.entry}  lxc.mount.entry
  step    mount.entries (container init)
  said    /etc/passwd: Can't lookup blockdev
""", ("lxc.mount.entry = /etc/passwd mnt ext4 create=dir 0 0",)),
    Row("a remount of what is not mounted", """\
lxc-start: {c.name}: cannot mount none on tmp: Invalid argument
  set by  {at:mount.entry}  lxc.mount.entry
  step    mount.entries (container init)
  try     nothing is mounted on tmp that could be remounted
""", ("lxc.mount.entry = none tmp none remount,ro 0 0",)),
    Row("the fstab is missing", """\
lxc-start: {c.name}: cannot read /nosuch/fstab: No such file or directory
  set by  {at:mount.fstab}  lxc.mount.fstab
  step    mount.fstab (container init)
  try     create it, or take lxc.mount.fstab out of the config
""", ("lxc.mount.fstab = /nosuch/fstab",)),
    Row("a broken line of the fstab", """\
lxc-start: {c.name}: a mount entry needs SOURCE, TARGET and TYPE: /srv data
  set by  {fstab:/srv data}  lxc.mount.fstab
  step    mount.fstab (container init)
  try     for a folder of the host's: /srv/data data none bind,create=dir 0 0
""", (), both(file("fstab", "# data\n/srv data\n"), lambda c: c.add(f"lxc.mount.fstab = {c.dir}/fstab"))),
    Row("a line of the fstab whose source is missing", """\
lxc-start: {c.name}: cannot mount /nosuch/data on data: No such file or directory
  set by  {fstab:/nosuch/data data none bind,create}  lxc.mount.fstab
  step    mount.fstab (container init)
  try     create /nosuch/data on the host, or add "optional" to the entry
""", (), both(file("fstab", "\n/nosuch/data data none bind,create=dir\n"), lambda c: c.add(f"lxc.mount.fstab = {c.dir}/fstab"))),
    Row("a mount that has others below it, in a user namespace", """\
lxc-start: {c.name}: cannot mount /sys on data: Invalid argument
  set by  {at:mount.entry}  lxc.mount.entry
  step    mount.entries (container init)
  try     a user namespace cannot leave behind what is mounted below /sys: write rbind
""", (*MAPPED, "lxc.mount.entry = /sys data none bind 0 0"), mine),
    Row("an unknown word of mount.auto", """\
lxc-start: {c.name}: bad value "proc sysfs" of lxc.mount.auto: allowed is proc[:mixed|:rw], sys[:mixed|:ro|:rw], cgroup[:mixed|:ro|:rw][:force], cgroup-full[:mixed|:ro|:rw][:force], cgroup2[:ro][:force], shmounts:HOST[:CONTAINER]
  set by  {at:proc sysfs}  lxc.mount.auto
""", ("lxc.mount.auto = proc sysfs",)),
]

ROWS["hooks"] = [
    Row("a hook that is missing", """\
lxc-start: {c.name}: hook /nosuch/hook (lxc.hook.pre-start) exited with status 127
  set by  {at:hook.pre-start}  lxc.hook.pre-start
  said    {...}
  try     there is no /nosuch/hook: create it, or take this line out
""", ("lxc.hook.pre-start = /nosuch/hook",)),
    Row("a hook that is not executable", """\
lxc-start: {c.name}: hook {c.dir}/hook (lxc.hook.pre-start) exited with status 126
  set by  {at:hook.pre-start}  lxc.hook.pre-start
  said    {...}
  try     make it executable: chmod +x {c.dir}/hook
""", (), both(file("hook", "#!/bin/sh\n"), lambda c: c.add(f"lxc.hook.pre-start = {c.dir}/hook"))),
    Row("a hook that fails", """\
lxc-start: {c.name}: hook sh -c 'echo no disk today >&2; exit 3' # (lxc.hook.mount) exited with status 3
  set by  {at:hook.mount}  lxc.hook.mount
  step    hook.mount (container init)
  said    no disk today
""", ("lxc.hook.mount = sh -c 'echo no disk today >&2; exit 3' #",)),
    Row("a hook that kills itself", """\
lxc-start: {c.name}: hook sh -c 'kill -9 $$' # (lxc.hook.pre-start) was killed by signal 9 (Killed)
  set by  {at:hook.pre-start}  lxc.hook.pre-start
  step    hook.pre-start (keeper)
""", ("lxc.hook.pre-start = sh -c 'kill -9 $$' #",)),
    Row("a start hook that is not in the container", """\
lxc-start: {c.name}: cannot run /bin/sh: No such file or directory
  set by  {at:hook.start}  lxc.hook.start
  step    hook.start (container init)
  try     a hook is run by /bin/sh, which must be in the container for lxc.hook.start
""", ("lxc.hook.start = /nosuch/hook",)),
]

ROWS["what confines"] = [
    Row("a seccomp policy that is missing", """\
lxc-start: {c.name}: cannot read the seccomp policy /nosuch/policy: No such file or directory
  set by  {at:seccomp.profile}  lxc.seccomp.profile
  step    seccomp.compile (keeper)
""", ("lxc.seccomp.profile = /nosuch/policy",)),
    Row("an unknown action in the seccomp policy", """\
lxc-start: {c.name}: {c.dir}/policy:3: unknown action "frob": allowed is kill, errno N, allow, trap, log or notify
  set by  {at:seccomp.profile}  lxc.seccomp.profile
  step    seccomp.compile (keeper)
""", (), both(file("policy", "2\ndenylist\nmkdir frob\n"), lambda c: c.add(f"lxc.seccomp.profile = {c.dir}/policy"))),
    Row("an unknown call in the seccomp policy, strictly", """\
lxc-start: {c.name}: {c.dir}/policy:3: unknown system call "mkdri" is left out
  set by  {at:seccomp.profile}  lxc.seccomp.profile
  step    seccomp.compile (keeper)
  try     take the line out, or unset lxc.config.strict
""", ("lxc.config.strict = 1",), both(file("policy", "2\ndenylist\nmkdri\n"), lambda c: c.add(f"lxc.seccomp.profile = {c.dir}/policy"))),
    Row("a seccomp policy that forbids init itself", """\
lxc-start: {c.name}: container init was killed by signal 31 (Bad system call) in step seccomp.load
  try     the seccomp policy kills it for a system call that the start itself needs: allow that one
""", (), both(file("policy", "2\nallowlist\nmkdir\n"), lambda c: c.add(f"lxc.seccomp.profile = {c.dir}/policy"))),
    Row("an unknown architecture in the seccomp policy", """\
lxc-start: {c.name}: {c.dir}/policy:3: unknown architecture [pdp11]
  set by  {at:seccomp.profile}  lxc.seccomp.profile
  step    seccomp.compile (keeper)
""", (), both(file("policy", "2\ndenylist\n[pdp11]\nmkdir errno 1\n"), lambda c: c.add(f"lxc.seccomp.profile = {c.dir}/policy"))),
    Row("no seccomp policy but a text", """\
lxc-start: {c.name}: {c.dir}/policy:1: bad version "deny all": a policy begins with 1 or 2
  set by  {at:seccomp.profile}  lxc.seccomp.profile
  step    seccomp.compile (keeper)
""", (), both(file("policy", "deny all\n"), lambda c: c.add(f"lxc.seccomp.profile = {c.dir}/policy"))),
    Row("an unknown capability", """\
lxc-start: {c.name}: bad value "sys_tiem" of lxc.cap.drop: allowed is capabilities in lower case without "cap_", or their numbers
  set by  {at:cap.drop}  lxc.cap.drop
""", ("lxc.cap.drop = sys_tiem",)),
    Row("capabilities dropped and kept", """\
lxc-start: {c.name}: lxc.cap.drop and lxc.cap.keep exclude each other
  set by  {at:cap.keep}  lxc.cap.keep
  try     remove one of the two
""", ("lxc.cap.drop = sys_time", "lxc.cap.keep = sys_admin")),
]

ROWS["values for the kernel"] = [
    Row("a parameter that the kernel does not know", """\
lxc-start: {c.name}: cannot set net.ipv4.ip_froward to 1: No such file or directory
  set by  {at:sysctl.net.ipv4.ip_froward}  lxc.sysctl.net.ipv4.ip_froward
  step    sysctl.write (container init)
  try     the container has no /proc/sys/net/ipv4/ip_froward
""", ("lxc.sysctl.net.ipv4.ip_froward = 1",)),
    Row("a parameter whose value the kernel refuses", """\
lxc-start: {c.name}: cannot set net.ipv4.ip_forward to yes: Invalid argument
  set by  {at:sysctl.net.ipv4.ip_forward}  lxc.sysctl.net.ipv4.ip_forward
  step    sysctl.write (container init)
""", ("lxc.sysctl.net.ipv4.ip_forward = yes",)),
    Row("a parameter that cannot be written", """\
lxc-start: {c.name}: cannot set kernel.ostype to Plan9: Permission denied
  set by  {at:sysctl.kernel.ostype}  lxc.sysctl.kernel.ostype
  step    sysctl.write (container init)
  try     it belongs to the host: the container's namespaces have none of their own
""", ("lxc.sysctl.kernel.ostype = Plan9",)),
    Row("a file of /proc that is not there", """\
lxc-start: {c.name}: cannot write 1 to nosuch of init: No such file or directory
  set by  {at:proc.nosuch}  lxc.proc.nosuch
  step    init.proc (keeper)
  try     /proc/PID of this kernel has no such file
""", ("lxc.proc.nosuch = 1",)),
    Row("a value that a file of /proc does not take", """\
lxc-start: {c.name}: cannot write 5000 to oom_score_adj of init: Invalid argument
  set by  {at:proc.oom_score_adj}  lxc.proc.oom_score_adj
  step    init.proc (keeper)
""", ("lxc.proc.oom_score_adj = 5000",)),
    Row("an unknown resource", """\
lxc-start: {c.name}: lxc.prlimit.nofiles: there is no resource nofiles
  set by  {at:prlimit.nofiles}  lxc.prlimit.nofiles
  try     did you mean lxc.prlimit.nofile?
""", ("lxc.prlimit.nofiles = 1024",)),
    Row("a soft limit above the hard one", """\
lxc-start: {c.name}: bad value "200:100" of lxc.prlimit.nofile: allowed is SOFT or SOFT:HARD, each a number or "unlimited", SOFT at most HARD
  set by  {at:prlimit.nofile}  lxc.prlimit.nofile
""", ("lxc.prlimit.nofile = 200:100",)),
    Row("a limit that the kernel refuses a process", """\
lxc-start: {c.name}: cannot limit nofile to 4294967296: Operation not permitted
  set by  {at:prlimit.nofile}  lxc.prlimit.nofile
  step    init.limits (keeper)
  try     the hard limit is {...} here, and raising it takes CAP_SYS_RESOURCE
""", ("lxc.prlimit.nofile = 4294967296",)),
    Row("a limit that the kernel refuses a cgroup", """\
lxc-start: {c.name}: cannot set pids.max of the cgroup lxc.payload.{c.name} to "lots": Invalid argument
  set by  {at:cgroup.pids.max}  lxc.cgroup.pids.max
  step    cgroup.limits (keeper)
""", ("lxc.cgroup.pids.max = lots",)),
    Row("a cgroup file that is not there", """\
lxc-start: {c.name}: the cgroup controller pids has no file pids.nosuch here
  set by  {at:cgroup.pids.nosuch}  lxc.cgroup.pids.nosuch
  step    cgroup.limits (keeper)
""", (f"{PIDS}.nosuch = 1",)),
    Row("cpus that this machine has not", """\
lxc-start: {c.name}: cannot set cpuset.cpus of the cgroup lxc.payload.{c.name} to "4000": Numerical result out of range
  set by  {at:cgroup.cpuset.cpus}  lxc.cgroup.cpuset.cpus
  step    cgroup.limits (keeper)
  try     a list of CPUs such as 0-3,6; those of this host are {...}
""", ("lxc.cgroup.cpuset.cpus = 4000",)),
    Row("a rule of devices that is none", """\
lxc-start: {c.name}: "null rwm" is no rule of devices
  set by  {at:cgroup.devices.allow}  lxc.cgroup.devices.allow
  try     a device rule is "a", or as in "c 1:3 rwm" (b or c, MAJOR:MINOR or *, what is allowed)
""", ("lxc.cgroup.devices.allow = null rwm",)),
    Row("a cgroup above all", """\
lxc-start: {c.name}: bad value "../web" of lxc.cgroup.dir: allowed is a relative path without ".."
  set by  {at:cgroup.dir}  lxc.cgroup.dir
""", ("lxc.cgroup.dir = ../web",)),
    Row("cgroups that may not be written", """\
lxc-start: {c.name}: cannot make the cgroup {...}/lxc.payload.{c.name}: Read-only file system
  step    cgroup.make (keeper)
  try     the cgroups are mounted read-only: mount -o remount,rw {...}
""", under=in_own_mounts(
        "for m in $(findmnt -rn -t cgroup,cgroup2 -o TARGET); do mount -o remount,bind,ro $m || exit 9; done")),
]

ROWS["namespaces"] = [
    Row("namespaces kept and cloned", """\
lxc-start: {c.name}: lxc.namespace.clone and lxc.namespace.keep exclude each other
  set by  {at:namespace.keep}  lxc.namespace.keep
  try     remove one of the two
""", ("lxc.namespace.keep = net", "lxc.namespace.clone = ipc")),
    Row("an unknown namespace", """\
lxc-start: {c.name}: bad value "network" of lxc.namespace.clone: allowed is user, mnt, pid, uts, ipc, net, cgroup, time
  set by  {at:namespace.clone}  lxc.namespace.clone
""", ("lxc.namespace.clone = network",)),
    Row("the network of a container that is stopped", """\
lxc-start: {c.name}: nosuch, whose net namespace is to be shared, is not running
  set by  {at:namespace.share.net}  lxc.namespace.share.net
  step    namespace.open (keeper)
  try     start it first: lxc-start -P {c.lxcpath} -n nosuch
""", ("lxc.namespace.share.net = nosuch",)),
    Row("the network of a process that is not there", """\
lxc-start: {c.name}: there is no process 4194303 whose net namespace could be shared
  set by  {at:namespace.share.net}  lxc.namespace.share.net
  step    namespace.open (keeper)
""", ("lxc.namespace.share.net = 4194303",)),
    Row("a namespace that is no namespace", """\
lxc-start: {c.name}: /etc/passwd is not a net namespace
  set by  {at:namespace.share.net}  lxc.namespace.share.net
  step    namespace.open (keeper)
""", ("lxc.namespace.share.net = /etc/passwd",)),
    Row("a SELinux context without SELinux", """\
lxc-start: {c.name}: this kernel does not run SELinux, so there is no context system_u:system_r:lxc_t:s0
  set by  {at:selinux.context}  lxc.selinux.context
  step    selinux.look (keeper)
  try     take lxc.selinux.* out of the config, or boot with security=selinux
""", ("lxc.selinux.context = system_u:system_r:lxc_t:s0",)),
]

ROWS["terminals and logs"] = [
    Row("more ttys than files may be open", """\
lxc-start: {c.name}: cannot {...}: Too many open files
  set by  {at:tty.max}  lxc.tty.max
  step    tty.open (container init)
  try     every tty takes an open file: raise ulimit -n, or lower lxc.tty.max
""", ("lxc.tty.max = 100",), under=("prlimit", "--nofile=64:64")),
    Row("a console on a file in a missing folder", """\
lxc-start: {c.name}: cannot open the console /nosuch/console: No such file or directory
  set by  {at:console.path}  lxc.console.path
  try     create the folder that it is to be in
""", ("lxc.console.path = /nosuch/console",), modes=("-d",)),
    Row("a console on a folder", """\
lxc-start: {c.name}: cannot open the console /etc: Is a directory
  set by  {at:console.path}  lxc.console.path
""", ("lxc.console.path = /etc",), modes=("-d",)),
    Row("the console's log in a missing folder", """\
lxc-start: {c.name}: cannot open the console's log /nosuch/console.log: No such file or directory
  set by  {at:console.logfile}  lxc.console.logfile
  try     create the folder that it is to be in
""", ("lxc.console.logfile = /nosuch/console.log",)),
    Row("a console buffer of no size", """\
lxc-start: {c.name}: bad value "huge" of lxc.console.buffer.size: allowed is a size in bytes, KB, MB or GB, or auto (128 KiB)
  set by  {at:console.buffer.size}  lxc.console.buffer.size
""", ("lxc.console.buffer.size = huge",)),
    Row("a log below a file", """\
lxc-start: {c.name}: cannot open the log /etc/passwd/web.log: Not a directory
  set by  {at:log.file}  lxc.log.file
""", ("lxc.log.file = /etc/passwd/web.log",)),
    Row("a log in a folder that cannot be made", """\
lxc-start: {c.name}: cannot create folder /proc/nosuch: No such file or directory
  set by  {at:log.file}  lxc.log.file
""", ("lxc.log.file = /proc/nosuch/web.log",)),
    Row("an unknown level of the log", """\
lxc-start: {c.name}: bad value "LOUD" of lxc.log.level: allowed is TRACE, DEBUG, INFO, NOTICE, WARN, ERROR, CRIT, ALERT, FATAL, or 0 to 8
  set by  {at:log.level}  lxc.log.level
""", ("lxc.log.level = LOUD",)),
    Row("a pidfile in a missing folder", """\
lxc-start: {c.name}: cannot write /nosuch/pid: No such file or directory
  set by  --pidfile
  try     create the folder that it is to be in
""", args=("-p", "/nosuch/pid")),
]

ROWS["the config"] = [
    Row("a host name of 70 bytes", """\
lxc-start: {c.name}: bad value "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" of lxc.uts.name: allowed is a host name of at most 64 bytes
  set by  {at:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}  lxc.uts.name
""", (), lambda c: c.add("lxc.uts.name = " + "a" * 70)),
    Row("an unknown architecture", """\
lxc-start: {c.name}: bad value "pdp11" of lxc.arch: allowed is an architecture: i686, x86_64, armhf, arm64, ...
  set by  {at:arch}  lxc.arch
""", ("lxc.arch = pdp11",)),
    Row("an unknown signal", """\
lxc-start: {c.name}: bad value "SIGNOSUCH" of lxc.signal.halt: allowed is a signal such as SIGTERM, SIGRTMIN+3 or 15
  set by  {at:signal.halt}  lxc.signal.halt
""", ("lxc.signal.halt = SIGNOSUCH",)),
    Row("an unknown key", """\
lxc-start: {c.name}: unknown key lxc.uts.nam
  set by  {at:lxc.uts.nam = web}  lxc.uts.nam
  try     did you mean lxc.uts.name?
""", ("lxc.uts.nam = web",)),
    Row("a key of LXC 1", """\
lxc-start: {c.name}: unknown key lxc.utsname
  set by  {at:utsname}  lxc.utsname
  try     did you mean lxc.uts.name? lxc-update-config translates old files
""", ("lxc.utsname = web",)),
    Row("a bad value", """\
lxc-start: {c.name}: bad value "often" of lxc.start.auto: allowed is 0 or 1
  set by  {at:start.auto}  lxc.start.auto
""", ("lxc.start.auto = often",)),
    Row("three mistakes at once", """\
lxc-start: {c.name}: unknown key lxc.colour
  set by  {at:colour}  lxc.colour
  try     did you mean lxc.cgroup?
lxc-start: {c.name}: bad value "often" of lxc.start.auto: allowed is 0 or 1
  set by  {at:start.auto}  lxc.start.auto
lxc-start: {c.name}: a config line needs a "=" behind its key
  set by  {at:group web}  lxc.group web
""", ("lxc.colour = blue", "lxc.start.auto = often", "lxc.group web")),
    Row("an included file is missing", """\
lxc-start: {c.name}: cannot read /nosuch.conf: No such file or directory
  set by  {at:include}  lxc.include
""", ("lxc.include = /nosuch.conf",)),
    Row("a file includes itself", """\
lxc-start: {c.name}: {c.config} includes itself
  set by  {at:include}  lxc.include
""", (), lambda c: c.add(f"lxc.include = {c.config}")),
    Row("a mistake in an included file", """\
lxc-start: {c.name}: bad value "some" of lxc.tty.max: allowed is a number
  set by  {more.conf:tty.max}  lxc.tty.max
""", (), both(file("more.conf", "# more\nlxc.tty.max = some\n"), lambda c: c.add(f"lxc.include = {c.dir}/more.conf"))),
    Row("a config that is a folder", """\
lxc-start: {c.name}: cannot read {c.config}: Is a directory
""", (), lambda c: (c.config.unlink(), c.config.mkdir())),
]

ROWS["the host"] = [
    Row("/run is read-only", """\
lxc-start: {c.name}: cannot create folder /run/keg{...}: Read-only file system
  step    runtime.lock (keeper)
  try     what runs is noted there: mount it writable, or a tmpfs on it
""", under=in_own_mounts("mount --bind /run /run && mount -o remount,bind,ro /run")),
    Row("no more processes", """\
lxc-start: {c.name}: cannot run {...}/keg-keeper: Resource temporarily unavailable
  try     no more processes may be made: see pids.max of this cgroup, and ulimit -u
""", (), crowded, ("sh", "-c", 'echo $$ >"$0" && exec "$@"', "{crowd}")),
    Row("no more files", """\
lxc-start: {c.name}: cannot run {...}/keg-keeper: Too many open files
  try     no more files may be open: raise ulimit -n
""", under=("prlimit", "--nofile=12:12")),
    Row("no more namespaces", """\
lxc-start: {c.name}: cannot clone the container's init: No space left on device
  step    init.clone (keeper)
  try     sysctl user.max_net_namespaces is 0: raise it
""", under=("unshare", "-Ur", "sh", "-c", 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"', "sh")),
    Row("the keeper is not installed", """\
lxc-start: {c.name}: cannot run /nosuch/keg-keeper: No such file or directory
  try     it is a part of Keg: install Keg again, or unset KEG_LIBEXEC
""", under=("env", "KEG_LIBEXEC=/nosuch")),
]


# --- what is expected -------------------------------------------------------------------------------------

def line_of(file, text):
    return f"{file}:{next(n for n, line in enumerate(file.read_text().splitlines(), 1) if text in line)}"


def pattern(says, c):
    """Word by word, but for what chance or this host chose."""
    says = re.sub(r"\{at:([^}]*)\}", lambda m: line_of(c.config, m[1]), says)
    says = re.sub(r"\{(fstab|more\.conf):([^}]*)\}", lambda m: line_of(c.dir / m[1], m[2]), says)
    says = re.sub(r"\{c\.(\w+)\}", lambda m: str(getattr(c, m[1])), says)
    return re.escape(says).replace(r"\{veth\}", r"veth\w{6}").replace(r"\{\.\.\.\}", ".*")


def in_words(tool, record):
    """A record of --format json as it is told without; every field must be where the words have it."""
    warning = "warning: " if record["warning"] else ""
    lines = [f"{tool}: {record['name']}: {warning}{record['error']}"]
    if record["file"]:
        lines.append(f"  set by  {record['file']}:{record['line']}" + (f"  {record['key']}" if record["key"] else ""))
    elif record["key"]:
        lines.append(f"  set by  {record['key']}")
    if record["step"] and not (record["said"] and record["hint"]):
        lines.append(f"  step    {record['step']} ({record['role']})")
    lines += [f"  said    {record['said']}"] if record["said"] else []
    lines += [f"  try     {record['hint']}"] if record["hint"] else []
    return "".join(line + "\n" for line in lines)


def check_record(record):
    assert record["format"] == 1
    if record["errno"]:
        why = os.strerror(getattr(errno, record["errno"]))
        assert record["error"] == f"cannot {record['op']} {record['object']}: {why}"
    else:
        assert record["error"] == (f"cannot {record['op']} {record['object']}" if record["op"] else record["object"])
        assert not re.search(r": [A-Z][a-z]+ [a-z ]+$", record["error"]), "an errno's words without an errno"


@pytest.fixture
def broken(container):
    """Sets a row up; takes back what that left on the host."""
    undo = []

    def make(row):
        c = container(*row.lines)
        undo.append(row.set_up(c))
        return c

    yield make
    for u in undo:
        if callable(u):
            u()


def start(c, row, *how):
    fill = {"{c.rootfs}": str(c.rootfs), "{crowd}": str(crowd(c) / "cgroup.procs")}
    under = [re.sub(r"\{c\.rootfs\}|\{crowd\}", lambda m: fill[m[0]], word) for word in row.under]
    return c.run("lxc-start", *how, *row.args, under=under)


def check_start(c, row):
    expected = pattern(row.says, c)
    for mode in row.modes:
        r = start(c, row, mode)
        assert re.fullmatch(expected, r.err), f"{mode}: said was\n{r.err}in place of\n{row.says}"
        assert (r.rc, r.out) == (1, "")
    for told in re.split(r"^(?=lxc-start: )", r.err, flags=re.M)[1:]:
        assert told.count("\n") <= 4, f"more than four lines:\n{told}"
    r = start(c, row, "-d", "--format", "json")
    records = [json.loads(line) for line in r.err.splitlines()]
    words = "".join(in_words("lxc-start", x) for x in records)
    assert re.fullmatch(expected, words), f"--format json: said was\n{r.err}in words\n{words}"
    for record in records:
        check_record(record)
    assert (r.rc, r.out) == (1, "")


# By subject, not by row: to hold the host against itself takes longer than a start.
@pytest.mark.parametrize("subject", ROWS)
def test_a_start_that_fails_says_why_and_what_to_do(broken, subject):
    wrong = []
    for row in ROWS[subject]:
        try:
            check_start(broken(row), row)
        except AssertionError as why:
            wrong.append(f"{row.about}: {why}")
    assert not wrong, "\n".join(wrong)


def test_the_table_is_long_enough():
    rows = [row.about for rows in ROWS.values() for row in rows]
    assert len(rows) >= 60 and len(set(rows)) == len(rows)
