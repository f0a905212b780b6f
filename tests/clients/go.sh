#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's go-lxc: the tests that it comes with, whose template is ours, as theirs wants the internet.
#
#   go.sh NAME...     these tests of it alone (a regular expression)
# shellcheck source=tests/clients/common.sh
. "$(dirname "$0")/common.sh"
own_machine "$@"
own_lxc
export USER=root # a test wants it to be there

source=/usr/share/gocode/src/gopkg.in/lxc/go-lxc.v2
# No cgroup v1 of this kernel has them, with any library, and a container without a rootfs is no test of ours.
left_out='^(TestExecute|TestKernelMemoryUsage|TestKernelMemoryLimit|TestSetKernelMemoryLimit)$'

# LXC's own library refuses to restore a snapshot of a container of which there is an overlay, as here.
[ -n "$library" ] || left_out=${left_out%)$}'|TestRestoreSnapshot)$'

build() {
	export GO111MODULE=off GOPATH=$work/go:/usr/share/gocode GOCACHE=${KEG_GO_CACHE:-$work/go-cache} GOFLAGS=-p=2
	mkdir -p "$work/go/src/gopkg.in/lxc"
	cp -r $source "$work/go/src/gopkg.in/lxc/go-lxc.v2"
	cd "$work/go/src/gopkg.in/lxc/go-lxc.v2" || return 1
	sed -i -e "s,Template: \"download\"\\,,Template: \"$here/busybox\"\\,," \
		-e '/Distro: *"alpine"/d' -e '/Release: *"edge"/d' -e '/Arch: *"amd64",/d' lxc_test.go
	go test -c -o "$work/go-lxc.test" .
}

# "--- PASS: NAME (..." lines as ours
tests() {
	local name
	cd "$work" || return 1
	"$work/go-lxc.test" -test.v -test.run "$1" >"$work/tested" 2>&1
	rm -f /tmp/lorem # its log
	sed -n -e 's/^--- PASS: \([^ ]*\).*/ok \1/p' -e 's/^--- SKIP: \([^ ]*\).*/# skipped: \1/p' "$work/tested"
	for name in $(sed -n 's/^--- FAIL: \([^ ]*\).*/\1/p' "$work/tested"); do
		echo "not ok $name"
		sed -n "/^=== RUN  *$name\$/,/^--- FAIL: $name /p" "$work/tested" | sed '1d;$d;s/^/#   /' | head -n 5
	done
	grep -qE '^(PASS|FAIL)$' "$work/tested" || tail -n 20 "$work/tested" | cut -c1-200 >&2
	grep -qE '^(PASS|FAIL)$' "$work/tested"
}

check "it builds" build
names=$("$work/go-lxc.test" -test.list "${1:-.}" | grep ^Test | grep -vE "$left_out" | paste -sd '|')
counted tests "^($names)\$"
finish go
