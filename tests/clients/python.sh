#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's python3-lxc: the test program that it comes with, then the life of a container.
# shellcheck source=tests/clients/common.sh
. "$(dirname "$0")/common.sh"
own_machine "$@"
own_lxc

# Its random names begin with our tag, and its template, which wants the internet, is ours.
api_test() {
	local program=/usr/share/doc/python3-lxc/examples/api_test.py
	[ -e $program ] || { echo "# skipped: api_test.py, which is not installed here"; return; }
	sed -e "s,\"download\",\"$here/busybox\"," -e 's,^uuid = .*,,' \
		-e "s,str(uuid.uuid1()),\"$tag-\" + str(uuid.uuid1())," $program >"$work/api_test.py"
	check "api_test.py" /usr/bin/python3 "$work/api_test.py"
}

api_test
counted /usr/bin/python3 "$here/life.py" "$here/busybox"
finish python
