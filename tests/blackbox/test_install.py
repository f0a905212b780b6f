# SPDX-License-Identifier: MIT
"""What `make install` lays out, and where. That what is installed works, tests/deb shows with the packages."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lab import BIN, IS_LXC, needs

pytestmark = pytest.mark.skipif(IS_LXC, reason="keg's own files")
BUILD = BIN.parent
PREFIX = Path("usr/local")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Of the build folder as it is: its layout is that of `make install`, which builds another one for the prefix."""
    needs(shutil.which("meson"), "no meson")
    prefix = subprocess.run(["meson", "introspect", "--buildoptions", BUILD], capture_output=True, text=True, check=True).stdout
    needs(re.search(r'"name": "prefix",[^}]*"value": "/usr/local"|"value": "/usr/local"[^}]*"name": "prefix"', prefix), "another prefix")
    top = tmp_path_factory.mktemp("install")
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet"], env={**os.environ, "DESTDIR": str(top)}, check=True,
                   stdout=subprocess.DEVNULL)
    return top


def files(tree, below=""):
    return sorted(str(p.relative_to(tree / below)) for p in (tree / below).rglob("*") if p.is_symlink() or p.is_file())


def libdir(tree):
    return next((tree / PREFIX).rglob("liblxc.so.1")).parent


def test_nothing_is_put_anywhere_else(tree):
    assert sorted(p.name for p in tree.iterdir()) == ["etc", "usr"]
    assert files(tree, "etc") == ["default/lxc", "default/lxc-net", "lxc/default.conf"]
    assert [p.name for p in (tree / "usr").iterdir()] == ["local"]
    assert sorted(p.name for p in (tree / PREFIX).iterdir()) == ["bin", "include", "lib", "libexec", "sbin", "share"]


def test_every_command_is_a_link_to_keg(tree):
    names = files(tree, PREFIX / "bin")
    scripts = ["lxc-unpriv-attach", "lxc-unpriv-start"]
    assert names == ["keg", *sorted(p.name for p in BIN.glob("lxc-*"))] and set(scripts) < set(names)
    for name in scripts:
        script = tree / PREFIX / "bin" / name
        assert script.stat().st_mode & 0o7777 == 0o755 and f"/usr/local/bin/lxc-{name.split('-')[2]} " in script.read_text()
    for name in [n for n in names[1:] if n not in scripts]:
        assert os.readlink(tree / PREFIX / "bin" / name) == "keg"
    assert (tree / PREFIX / "bin/keg").stat().st_mode & 0o7777 == 0o755  # nothing is setuid
    assert files(tree, PREFIX / "libexec") == ["keg/keg-idle", "keg/keg-init", "keg/keg-keeper", "keg/keg-net", "keg/lxc-user-nic",
                                               "lxc/lxc-containers", "lxc/lxc-monitord", "lxc/lxc-net", "lxc/lxc-user-nic"]
    assert files(tree, PREFIX / "sbin") == ["init.lxc", "init.lxc.static"]
    assert {p.resolve() for p in (tree / PREFIX / "sbin").iterdir()} == {tree / PREFIX / "libexec/keg/keg-init"}
    assert (tree / PREFIX / "libexec/keg/lxc-user-nic").resolve() == tree / PREFIX / "libexec/lxc/lxc-user-nic"
    assert (tree / PREFIX / "libexec/lxc/lxc-user-nic").stat().st_mode & 0o7777 == 0o755  # that is root's to change


def test_the_library_its_header_and_pkg_config(tree, tmp_path):
    lib = libdir(tree)
    assert os.readlink(lib / "liblxc.so") == "liblxc.so.1"
    assert re.fullmatch(r"liblxc\.so\.1\.\d+\.\d+", os.readlink(lib / "liblxc.so.1")) and (lib / "liblxc.so.1").is_file()
    assert files(tree, PREFIX / "include") == ["lxc/attach_options.h", "lxc/lxccontainer.h", "lxc/version.h"]
    needs(shutil.which("pkg-config"), "no pkg-config")
    env = {**os.environ, "PKG_CONFIG_LIBDIR": str(lib / "pkgconfig"), "PKG_CONFIG_SYSROOT_DIR": str(tree)}
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "lxc"], env=env, capture_output=True, text=True, check=True).stdout.split()
    (tmp_path / "a.c").write_text("#include <lxc/lxccontainer.h>\n#include <stdio.h>\nint main(void) { return puts(lxc_get_version()) < 0; }\n")
    subprocess.run(["gcc", "-o", tmp_path / "a", tmp_path / "a.c", *flags], check=True)
    r = subprocess.run([tmp_path / "a"], env={**os.environ, "LD_LIBRARY_PATH": str(lib)}, capture_output=True, text=True)
    assert (r.returncode, r.stdout) == (0, subprocess.run([BIN / "lxc-ls", "--version"], capture_output=True, text=True).stdout)


def test_manual_and_completion_for_every_command(tree):
    names = [n for n in files(tree, PREFIX / "bin") if "unpriv" not in n]  # those two are scripts, and nothing to complete
    share = PREFIX / "share"
    assert files(tree, share / "man/man1") == sorted(f"{n}.1" for n in [*names, "init.lxc", "lxc-monitord", "lxc-unpriv-attach", "lxc-unpriv-start", "lxc-user-nic"])
    assert files(tree, share / "man/man5") == ["lxc-usernet.5", "lxc.conf.5", "lxc.container.conf.5", "lxc.system.conf.5"]
    assert files(tree, share / "bash-completion/completions") == names
    assert files(tree, share / "fish/vendor_completions.d") == [f"{n}.fish" for n in names]
    assert files(tree, share / "zsh/site-functions") == ["_keg"]


def test_configs_templates_units(tree):
    share = PREFIX / "share/lxc"
    assert {"common.conf", "common.seccomp", "nesting.conf", "userns.conf", "debian.common.conf"} <= set(files(tree, share / "config"))
    assert files(tree, share / "templates") == ["lxc-busybox", "lxc-debian", "lxc-local"]
    assert all(os.access(p, os.X_OK) for p in (tree / share / "templates").iterdir())
    assert files(tree, share / "openrc") == ["openrc.lxc", "openrc.lxc-net"]
    assert files(tree, PREFIX / "lib/systemd/system") == ["lxc-monitord.service", "lxc-net.service", "lxc.service", "lxc@.service"]
    for unit in (tree / PREFIX / "lib/systemd/system").iterdir():
        for program in re.findall(r"^Exec\w+=-?(/\S+)", unit.read_text(), re.M):
            assert os.path.lexists(f"{tree}{program}"), f"{unit.name}: {program}"
    included = re.findall(r"^lxc\.include = (/usr/local\S+)", "".join(p.read_text() for p in (tree / share / "config").glob("*.conf")), re.M)
    assert included and all(os.path.exists(f"{tree}{path}") for path in included)
