#!/bin/sh
# SPDX-License-Identifier: MIT
# What is needed beside a checkout, by purpose; installs what is missing where it may.
#
#   tools/deps.sh build|demo|check|abi|clients|bindings|fuzz|lint|bench|deb|check-deb...
#
# Looks for the things themselves (a program, a pkg-config module, a file), so that it also serves where
# they came from elsewhere. As root on a machine with apt-get it installs the Debian packages of what is
# missing, in one call; otherwise it names them and exits 1.
set -eu

missing=

# need KIND:WHAT PACKAGE
need() {
	what=${1#*:}
	case $1 in
	cmd:*) PATH="$PATH:/usr/sbin:/sbin" command -v "$what" >/dev/null 2>&1 && return ;;
	pc:*) pkg-config --exists "$what" 2>/dev/null && return ;;
	file:*) [ -e "$what" ] && return ;;
	esac
	case " $missing " in
	*" $2 "*) ;;
	*) missing="$missing $2" ;;
	esac
}

build() {
	need cmd:gcc gcc
	need file:/usr/include/stdio.h libc6-dev
	need cmd:make make
	need cmd:meson meson
	need cmd:ninja ninja-build
	need cmd:pkg-config pkg-config
	need pc:libcap libcap-dev
	need pc:libseccomp libseccomp-dev
	need pc:libnftables libnftables-dev
}

demo() {
	need cmd:busybox busybox-static
	need cmd:dnsmasq dnsmasq-base
	need cmd:python3 python3
}

check() {
	demo
	need file:/usr/include/cmocka.h libcmocka-dev
	need cmd:pytest python3-pytest
	need cmd:nft nftables
	need cmd:ip iproute2
	need cmd:strace strace
	need cmd:mkfs.btrfs btrfs-progs
	need cmd:mkfs.xfs xfsprogs
	need cmd:newuidmap uidmap
	need cmd:groff groff-base
	need cmd:mmdebstrap mmdebstrap
	need file:/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
	need cmd:zsh zsh
	need cmd:fish fish
}

fuzz() {
	need cmd:clang clang
	need file:"$(clang -print-resource-dir 2>/dev/null)/lib/linux/libclang_rt.fuzzer-$(uname -m).a" libclang-rt-dev
}

# LXC's own header and library.
abi() {
	check
	need file:/usr/include/lxc/lxccontainer.h lxc-dev
}

# Programs that were written for LXC. Their services do not start now, as for all packages here.
clients() {
	demo
	need cmd:ip iproute2
	need cmd:unshare util-linux
	need cmd:lxd lxd
	need cmd:lxc lxd-client
	need cmd:lxc-start lxc
	need cmd:go golang-go
	need file:/usr/share/gocode/src/gopkg.in/lxc/go-lxc.v2/container.go golang-gopkg-lxc-go-lxc.v2-dev
	need file:/usr/share/gocode/src/golang.org/x/sys/unix golang-golang-x-sys-dev
	need file:/usr/include/lxc/lxccontainer.h lxc-dev
	need file:/usr/lib/python3/dist-packages/lxc/__init__.py python3-lxc
	need file:/usr/share/lua/5.2/lxc.lua lua-lxc
	need cmd:lua5.2 lua5.2
}

bindings() {
	demo
	need cmd:ruby ruby
	need cmd:ghc ghc
}

lint() {
	need cmd:run-clang-tidy clang-tidy
	need cmd:shellcheck shellcheck
	need cmd:mandoc mandoc
}

deb() {
	build
	need cmd:dh debhelper
	need cmd:dpkg-buildpackage dpkg-dev
}

check_deb() {
	deb
	need cmd:mmdebstrap mmdebstrap
	need cmd:lintian lintian
}

bench() {
	demo
	need cmd:ip iproute2
	need cmd:lxc-start lxc
	need cmd:crun crun
	need cmd:runc runc
	need cmd:bwrap bubblewrap
	need cmd:systemd-nspawn systemd-container
}

[ $# -gt 0 ] || set -- build
for purpose; do
	case $purpose in
	build | demo | check | abi | clients | bindings | fuzz | lint | bench | deb) $purpose ;;
	check-deb) check_deb ;;
	*)
		echo "deps.sh: unknown purpose $purpose: build, demo, check, abi, clients, bindings, fuzz, lint, bench, deb or check-deb" >&2
		exit 1
		;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "deps.sh: missing here:$missing" >&2
	echo "  try     apt-get install --no-install-recommends$missing    (as root; the names are Debian's)" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
# No package may start a service of its own accord: invoke-rc.d asks this file (policy-rc.d(8)).
policy=/usr/sbin/policy-rc.d
if ! [ -e $policy ]; then
	trap 'rm -f $policy' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi
ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || apt-get update -qq
echo "deps.sh: installing$missing"
# shellcheck disable=SC2086  # a list of words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
