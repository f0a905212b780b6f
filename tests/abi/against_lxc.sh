#!/bin/sh
# SPDX-License-Identifier: MIT
# What the tests of the library ask is LXC's truth, not ours: the same files are built against the header of
# Debian's lxc-dev and against ours, and each program is run on Debian's liblxc and on ours.
#
#   against_lxc.sh BUILD    as root; BUILD is a build folder of ours
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Wno-missing-field-initializers -g"
[ -e /usr/include/lxc/lxccontainer.h ] || { echo "against_lxc.sh: no lxc/lxccontainer.h: install lxc-dev" >&2; exit 1; }

# shellcheck disable=SC2086  # flags are words
for header in theirs ours; do
	include=
	[ $header = theirs ] || include="-I$here/../../include"
	cc $flags $include -o "$work/offsets-$header" "$here/offsets.c"
	"$work/offsets-$header" >"$work/offsets-$header.txt"
	cc $flags $include -o "$work/parity-$header" "$here"/parity*.c -L"$build/lib" -llxc
done
diff "$work/offsets-theirs.txt" "$work/offsets-ours.txt"
echo "every offset is the same with both headers ($(wc -l <"$work/offsets-ours.txt") lines)"

echo "=== built with Debian's header, on Debian's library"
"$work/parity-theirs" --lxc "$build/tests/answer" 2>"$work/said" || { cat "$work/said"; exit 1; }
for header in theirs ours; do
	echo "=== built with $header, on our library"
	LD_LIBRARY_PATH=$build/lib "$work/parity-$header" "$build/tests/answer"
done
# Debian's lxc leaves the cgroups of containers with lxc.cgroup.dir.
find /sys/fs/cgroup -depth -type d -path '*/keg-abi-*' -exec rmdir {} + 2>/dev/null || true
