#!/bin/sh
# SPDX-License-Identifier: MIT
# Tests the bindings on the library of a build folder: check.sh BUILD [ruby|haskell]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LXC_TEST_INIT="$build/tests/answer"

ruby() {
	command -v ruby >/dev/null || return 0
	LIBLXC=$build/lib/liblxc.so.1 command ruby -w "$here/ruby/test/test_lxc.rb"
}

haskell() {
	command -v ghc >/dev/null || return 0
	ghc -v0 -threaded -Wall -outputdir "$work" -i"$here/haskell" -L"$build/lib" -llxc -o "$work/life" "$here/haskell/test/Life.hs"
	LD_LIBRARY_PATH=$build/lib "$work/life"
}

for binding in ${2:-ruby haskell}; do
	echo "=== $binding"
	$binding
done
