#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian packages of this checkout, in a folder of its own: dpkg-buildpackage leaves what it makes beside the sources.
#
#   tools/deb.sh FOLDER
set -eu
cd "$(dirname "$0")/.."

to=$1
rm -rf "$to"/keg* "$to"/liblxc*
mkdir -p "$to/keg"
tar -cf - --exclude=./build* --exclude=./.git . | tar -xf - -C "$to/keg"
cd "$to/keg"
if ! dpkg-buildpackage -b -us -uc >../log 2>&1; then
	tail -n 30 ../log >&2
	echo "deb.sh: all of it is in $to/log" >&2
	exit 1
fi
cd ..
rm -rf keg
ls ./*.deb
