#!/bin/bash
# SPDX-License-Identifier: MIT
# all.sh NAME...: these scripts of this folder, one after the other; what fails is shown, and a line for all of them
set -u
here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0
for name; do
	said=$("$here/$name.sh")
	grep -vE '^(ok|# skipped)' <<<"$said"
	passed=$((passed + $(grep -c '^ok ' <<<"$said")))
	failed=$((failed + $(grep -c '^not ok ' <<<"$said")))
	grep -qE "^$name: [0-9]+ checks" <<<"$said" || failed=$((failed + 1)) # it did not come to its end
done
echo "clients: $passed checks passed, $failed failed ($*)"
[ $failed = 0 ] && [ $passed -gt 0 ]
