#!/bin/bash
# SPDX-License-Identifier: MIT
# The packages in a Debian of their own: installed, used, purged; nothing is left. Then in the place of Debian's lxc.
#
#   tests/deb/check.sh FOLDER     that of the packages; a Debian of its own stays in it for the next time, base-*.tar
#
# That Debian has what our packages depend on, and holds Debian's lxc and its bindings ready to be installed: only the first time
# needs a network.
set -euo pipefail

here=$(readlink -f "$(dirname "$0")")
debs=$(readlink -f "$1")
top=$(mktemp -d /var/tmp/keg-deb.XXXXXX)
root=$top/root

# Ours alone: whatever is mounted in it is in a namespace that has ended by then.
trap 'rm -rf --one-file-system "$top"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
	echo "check.sh: $*" >&2
	exit 1
}

# SCRIPT [ARGUMENT...] with the tree as its root, in mount and pid namespaces of its own.
inside() {
	local script=$1
	shift
	# shellcheck disable=SC2016  # the inner shell's own
	timeout 120 unshare -n -m -p -f --propagation private sh -c '
		mount --bind "$0" "$0" && cd "$0" && mount -t proc none proc && mount --rbind /sys sys && mount --rbind /dev dev &&
		mount -t tmpfs none run && mkdir -p run/lock old && pivot_root . old && umount -l /old && rmdir /old &&
		cd / && exec /bin/sh "$@"' "$root" -eu "/check/$script" "$@"
}

depends=dnsmasq-base,iproute2,libcap2,libnftables1,libseccomp2,lua-filesystem,lua5.2,python3
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
base=$debs/base-$(echo "$release $depends" | sha256sum | cut -c 1-12).tar

# It gets its name when it is whole.
make_base() {
	# shellcheck disable=SC2016  # of mmdebstrap's shell
	timeout 600 mmdebstrap --quiet --variant=minbase --include="apt,busybox-static,$depends" --dpkgopt=force-unsafe-io \
		--skip=cleanup/apt --customize-hook='chroot "$1" apt-get update -qq' \
		--customize-hook='chroot "$1" apt-get install -qq -y --no-install-recommends --download-only lxc python3-lxc lua-lxc >/dev/null' \
		"$release" "$top/base.tar"
	rm -f "$debs"/base*.tar
	mv "$top/base.tar" "$base"
}

fresh() {
	rm -rf --one-file-system "$root"
	mkdir -p "$root/check"
	tar -C "$root" -xpf "$base" --exclude='./dev/*'
	cp "$here"/*.sh "$debs"/keg_*.deb "$debs"/liblxc*-keg_*.deb "$root/check/"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
}

# Of what packages log and cache there is more after each install; they are not ours.
files() {
	(cd "$root" && find . -xdev \( -path ./check -o -path ./var/cache -o -path ./var/lib/apt -o -path ./var/lib/dpkg -o -path ./var/log/apt \) \
		-prune -o -print | grep -vE '^\./var/log/(dpkg|alternatives)\.log$|^\./etc/(ld\.so\.cache|rc[0-6S]\.d(/.*)?)$' | sort)
}

echo "lintian"
lintian --fail-on error "$debs"/keg_*.changes 2>/dev/null || fail "lintian"

if ! [ -e "$base" ]; then
	echo "a Debian"
	make_base
fi

echo "install, use, purge"
fresh
files >"$top/before"
inside install.sh
inside use.sh
inside purge.sh
files >"$top/after"
diff "$top/before" "$top/after" >"$top/diff" || {
	head -n 40 "$top/diff" >&2
	fail "this is what a purge leaves, or takes away"
}

echo "in the place of Debian's lxc"
fresh
inside lxc.sh
echo "check.sh: all is well"
