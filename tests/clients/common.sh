# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034
# shellcheck shell=bash
# Sourced by the scripts of this folder: a program of Debian's that was written for LXC, unmodified, on a liblxc.so.1.
#
#   LIBLXC_DIR=DIR SCRIPT     as root; DIR holds the liblxc.so.1, none: the system's
#
# Each prints "ok NAME" or "not ok NAME" for a check, and one line at its end; exit status 0: all passed.
set -u
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
library=${LIBLXC_DIR:+$(cd "$LIBLXC_DIR" && pwd)}
passed=0 failed=0

# --- checks

# check NAME COMMAND...: a program or one of the functions below; the whole run has a deadline
check() {
	local name=$1
	shift
	if "$@" >"$work/said" 2>&1 </dev/null; then
		passed=$((passed + 1))
		echo "ok $name"
	else
		failed=$((failed + 1))
		echo "not ok $name"
		tail -n 8 "$work/said" | cut -c1-300 | sed 's/^/#   /'
	fi
}

# counted COMMAND...: a program that prints such lines itself; one that ends badly is a failure, too
counted() {
	local line status
	while IFS= read -r line; do
		case $line in
		"ok "*) passed=$((passed + 1)) ;;
		"not ok "*) failed=$((failed + 1)) ;;
		"status "*) status=${line#status } && continue ;;
		esac
		printf '%s\n' "$line"
	done < <("$@" 2>"$work/stderr" </dev/null; echo "status $?")
	[ "$status" = 0 ] && return
	failed=$((failed + 1))
	echo "not ok $1 ends with $status"
	tail -n 8 "$work/stderr" | cut -c1-300 | sed 's/^/#   /'
}

# says EXPECTED COMMAND...: its whole output
says() {
	local expected=$1 said
	shift
	said=$("$@" 2>&1)
	[ "$said" = "$expected" ] || { echo "expected '$expected', got '$said' from: $*"; return 1; }
}

# exits STATUS COMMAND...
exits() {
	local expected=$1 status
	shift
	"$@"
	status=$?
	[ $status = "$expected" ] || { echo "expected $expected, got $status from: $*"; return 1; }
}

fails() { ! "$@"; }

# within SECONDS COMMAND...
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "not in time: $*"; return 1; }
		sleep 0.2
	done
}

# The file of the library that is asked about.
KEG_CLIENT_LIBRARY=${library:+$library/liblxc.so.1}
KEG_CLIENT_LIBRARY=$(readlink -f "${KEG_CLIENT_LIBRARY:-$(ldconfig -p | sed -n 's/.*liblxc\.so\.1 .*=> //p' | head -n 1)}")
export KEG_CLIENT_LIBRARY

# maps_library PID: the process has loaded that one, and no other
maps_library() {
	says "$KEG_CLIENT_LIBRARY" \
		sh -c "sed -n 's/.* \\(\\/.*liblxc\\.so[^ ]*\\)\$/\\1/p' /proc/$1/maps | sort -u"
}

# finish NAME
finish() {
	if [ $failed != 0 ]; then
		echo "$1: $failed checks failed, $passed passed"
		exit 1
	fi
	echo "$1: $passed checks passed"
	exit 0
}

# --- a machine of its own

# Mount, network and pid namespaces with a /run of their own: what is left when it ends ends with them. Cgroups of
# its containers, whose names begin with $tag, are taken away.
# own_machine ARGUMENT...: the script's own
own_machine() {
	if [ -z "${KEG_CLIENT_WORK:-}" ]; then
		export KEG_CLIENT_TAG=kc$$ KEG_CLIENT_WORK
		KEG_CLIENT_WORK=$(mktemp -d /tmp/keg-client.XXXXXX)
		chmod 711 "$KEG_CLIENT_WORK"
		timeout -k 10 "${KEG_CLIENT_SECONDS:-400}" \
			unshare -m -n -p --fork --kill-child --mount-proc "$0" "$@" </dev/null
		status=$?
		[ $status = 0 ] || [ ! -e "$KEG_CLIENT_WORK/log" ] || tail -n 30 "$KEG_CLIENT_WORK/log" | sed 's/^/# /'
		for _ in 1 2 3 4 5 6 7 8 9 10; do # what ends with the namespace is gone a moment later
			find /sys/fs/cgroup -depth -type d -path "*/lxc.*.$KEG_CLIENT_TAG*" -exec rmdir {} + 2>/dev/null
			find /sys/fs/cgroup -type d -name "lxc.*.$KEG_CLIENT_TAG*" 2>/dev/null | grep -q . || break
			sleep 0.3
		done
		[ -n "${KEG_CLIENT_KEEP:-}" ] || rm -rf --one-file-system "$KEG_CLIENT_WORK"
		exit $status
	fi
	work=$KEG_CLIENT_WORK
	export tag=$KEG_CLIENT_TAG
	mount --make-rprivate /
	mkdir -p "$work/cgroup" "$work/home"
	mount --rbind /sys/fs/cgroup "$work/cgroup"
	mount -t sysfs sysfs /sys
	mount --rbind "$work/cgroup" /sys/fs/cgroup
	umount -l "$work/cgroup"
	mount -t tmpfs -o mode=755 run /run
	# Nothing here may start the system's init by accident.
	[ ! -e /usr/lib/systemd/systemd ] || mount --bind /bin/false /usr/lib/systemd/systemd
	ip link set lo up
	export HOME=$work/home
	[ -z "$library" ] || export LD_LIBRARY_PATH=$library
	ulimit -n 65536 2>/dev/null
}

# Where LXC's programs look by themselves, and a bridge that gives addresses.
own_lxc() {
	local place
	for place in var/lib/lxc etc/lxc var/cache/lxc; do
		mkdir -p "/$place" "$work/$place"
		mount --bind "$work/$place" "/$place"
	done
	printf 'lxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.flags = up\nlxc.net.0.name = eth0\n' \
		>/etc/lxc/default.conf
	ip link add lxcbr0 type bridge
	ip addr add 10.96.0.1/24 dev lxcbr0
	ip link set lxcbr0 up
	dnsmasq --conf-file=/dev/null --user=root --bind-interfaces --pid-file= --interface=lxcbr0 --except-interface=lo \
		--dhcp-range 10.96.0.2,10.96.0.254 --dhcp-no-override --dhcp-leasefile="$work/leases" --dhcp-authoritative \
		--no-ping --port=0
}
