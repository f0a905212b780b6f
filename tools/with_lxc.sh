#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a command that uses Debian's lxc, and takes away what LXC leaves: the cgroup lxc.pivot into which its monitors withdraw.
# One that was there before stays.
#
#   tools/with_lxc.sh COMMAND [ARGUMENT...]

pivots() {
	find /sys/fs/cgroup -maxdepth 3 -type d -name lxc.pivot 2>/dev/null | sort
}

# A monitor's last moment may still be in it.
undo() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		left=
		for dir in $(pivots); do
			case " $before " in *" $dir "*) continue ;; esac
			rmdir "$dir" 2>/dev/null || left=1
		done
		[ "$left" ] || return 0
		sleep 0.2
	done
}

before=$(pivots | tr '\n' ' ')
trap undo EXIT
trap 'exit 130' HUP INT TERM
"$@"
