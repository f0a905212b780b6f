# SPDX-License-Identifier: MIT
"""Root file systems whose pid 1 is a distribution's own: the program out of Debian's packages, unpacked, with the libraries that
it needs and as little as it runs on. Each is made in seconds, once for all tests; nothing is installed.
"""
import re
import shutil
import subprocess
from pathlib import Path

from lab import needs

LOADER = Path("/lib64/ld-linux-x86-64.so.2")

# Of each: its packages, what is started, and the files that it reads.
KINDS = {
    "systemd": (["systemd", "libsystemd-shared", "libsystemd0", "libkmod2", "libapparmor1", "libaudit1", "libcap-ng0", "libip4tc2", "libcryptsetup12",
                 "libfdisk1", "libp11-kit0", "libpam0g", "libargon2-1", "libjson-c5", "libdevmapper1.02.1", "dbus"],
                "/usr/lib/systemd/systemd", {
        "etc/machine-id": "",
        "etc/systemd/system/default.target": "[Unit]\nDescription=up\nAllowIsolate=yes\nWants=up.service\n",
        "etc/systemd/system/up.service": "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/busybox touch /ready\n",
    }),
    "openrc": (["openrc", "sysvinit-core", "libeinfo1", "librc1", "libaudit1", "libpam0g", "libcap-ng0"], "/sbin/init", {
        "etc/inittab": "id:2:initdefault:\nsi::sysinit:/sbin/openrc sysinit\nl2:2:wait:/sbin/openrc default\nl0:0:wait:/sbin/openrc shutdown\nm0:0:wait:/sbin/halt -f -d\n"
                       "l6:6:wait:/sbin/openrc reboot\nm6:6:wait:/sbin/reboot -f -d\npf::powerwait:/sbin/init 0\n",
        "etc/insserv.conf": "",
        "etc/init.d/ready": "#!/sbin/openrc-run\nstart() { /bin/busybox touch /ready; }\n",
    }),
    "sysvinit": (["sysvinit-core"], "/sbin/init", {
        "etc/inittab": "id:2:initdefault:\nl2:2:wait:/bin/busybox touch /ready\nl0:0:wait:/sbin/halt -f -d\nl6:6:wait:/sbin/reboot -f -d\n"
                       "pf::powerwait:/sbin/init 0\n",
    }),
    "runit": (["runit"], "/sbin/runit", {
        "etc/runit/1": "#!/bin/sh\nmkdir -p /run/runit; touch /run/runit/reboot /run/runit/stopit; chmod 0 /run/runit/reboot /run/runit/stopit\n",
        "etc/runit/2": "#!/bin/sh\ntouch /ready; exec runsvdir -P /services\n",
        "etc/runit/3": "#!/bin/sh\nexec true\n",
        "etc/runit/ctrlaltdel": "#!/bin/sh\nexec true\n",
        "services/sleeper/run": "#!/bin/sh\nexec sleep 1000\n",
    }),
    "s6": (["s6", "execline", "libs6-2.11", "libexecline2.9", "libskarnet2.13"], "/usr/bin/s6-svscan /scan", {
        "scan/.s6-svscan/finish": "#!/bin/sh\nexec true\n",
        "scan/.s6-svscan/crash": "#!/bin/sh\nexec true\n",
        "scan/sleeper/run": "#!/bin/sh\ntouch /ready; exec sleep 1000\n",
    }),
}


def download(packages, to):
    """Of the machine's own mirror."""
    needs(LOADER.exists(), "this machine reaches no Debian mirror for its architecture")
    to.mkdir()
    r = subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *packages], cwd=to, capture_output=True, text=True, timeout=300)
    needs(r.returncode == 0, "this machine reaches no Debian mirror")
    return sorted(to.glob("*.deb"))


def is_elf(path):
    with path.open("rb") as f:
        return f.read(4) == b"\x7fELF"


def libraries(rootfs):
    """What its programs are linked against, of this machine where the packages had none. (ldd(1) may run a program.)"""
    at = ":".join(f"{rootfs}/{d}" for d in ("usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/systemd", "usr/lib/systemd"))
    for program in [p for p in (rootfs / "usr").rglob("*") if p.is_file() and not p.is_symlink() and is_elf(p)]:
        found = subprocess.run([LOADER, "--library-path", at, "--list", program], capture_output=True, text=True, timeout=20).stdout
        for path in re.findall(r"(/\S+\.so\S*) \(0x", found):
            to = rootfs / path.lstrip("/")
            if not path.startswith(str(rootfs)) and not to.exists():
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, to)


def make(kind, folder):
    """The root file system of that kind, and what its init is called by."""
    packages, init, files = KINDS[kind]
    rootfs = folder / kind
    for d in ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "proc", "sys", "dev", "run", "tmp", "etc", "root", "var"):
        (rootfs / d).mkdir(parents=True)
    for d in ("bin", "sbin", "lib", "lib64"):
        (rootfs / d).symlink_to(f"usr/{d}")
    for deb in download(packages, folder / f"{kind}.debs"):
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as tar:
            subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C", rootfs], stdin=tar.stdout, check=True)
    shutil.copy(shutil.which("busybox"), rootfs / "usr/bin/busybox")
    for name in ("sh", "sleep", "touch", "true", "mkdir", "chmod", "mount", "umount", "cat"):
        if not (rootfs / "usr/bin" / name).exists():
            (rootfs / "usr/bin" / name).symlink_to("busybox")
    libraries(rootfs)
    (rootfs / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nmessagebus:x:100:100::/:/bin/false\n")
    (rootfs / "etc/group").write_text("root:x:0:\nmessagebus:x:100:\n")
    if kind == "openrc":
        (rootfs / "etc/runlevels/default").mkdir(parents=True, exist_ok=True)
        (rootfs / "etc/runlevels/default/ready").symlink_to("/etc/init.d/ready")
    for name, text in files.items():
        at = rootfs / name
        at.parent.mkdir(parents=True, exist_ok=True)
        if at.is_symlink():
            at.unlink()
        at.write_text(text)
        at.chmod(0o755 if text.startswith("#!") else 0o644)
    return rootfs, init
