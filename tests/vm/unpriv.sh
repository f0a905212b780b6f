#!/bin/bash
# SPDX-License-Identifier: MIT
# A fresh user's first container, with an interface and cgroups of its own: what no test on this machine can show, for it takes
# a systemd, cgroup v2 and a login. As root on a machine that may be changed - a virtual one - with Keg installed:
#
#   tests/vm/unpriv.sh [TREE]      TREE: of `make install DESTDIR=TREE`, which is laid over this machine first
#
# What root does is what `keg check` tells the user; after that each thing is one command of his. What is shown is all that he sees.
set -euo pipefail

user=kegjoe
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

say() {
	printf '\n%s\n' "$*"
}

fail() {
	echo "unpriv.sh: $*" >&2
	exit 1
}

# A login of the user's, by PAM: with a session, a systemd of his own, and its XDG_RUNTIME_DIR.
as_user() {
	printf '%s$ %s\n' "$user" "$1"
	systemd-run --quiet --pipe --wait --collect -p PAMName=login --uid="$user" -p WorkingDirectory="~" /bin/bash -lc "$1"
}

# COMMAND WHAT: until it says something.
eventually() {
	for _ in $(seq 60); do
		[ -z "$(as_user "$1" | tail -n +2)" ] || return 0
		sleep 1
	done
	fail "not within a minute: $2"
}

# The command that mends that row, by its own words.
told() {
	as_user "keg check || true" | sed -n "/^missing  $1: /{n; s/^ *try *//; s/    (as root)\$//; p}"
}

[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] || fail "this machine has not cgroup v2 alone"
if [ -n "${1:-}" ]; then
	cp -a "$1/." /
	systemctl daemon-reload
fi

say "root: a bridge, and a user with ids"
keg net up
useradd --create-home --shell /bin/bash $user
grep -q "^$user:" /etc/subuid || fail "useradd gives no ids here"
loginctl enable-linger $user

say "root: what the user is told that root has to do"
for _ in 1 2 3; do
	command=$(told lxc-user-nic)
	[ -n "$command" ] || break
	echo "root# $command"
	bash -c "$command"
done
[ -z "$(told lxc-user-nic)" ] || fail "lxc-user-nic is still not to be had"

say "the user: once, what he is told to do himself"
command=$(told "default config")
as_user "$command"
as_user "keg check"

say "the user: three commands"
as_user "lxc-create -n c1 -t busybox"
as_user "lxc-unpriv-start -n c1"
as_user "lxc-unpriv-attach -n c1 -- id"

say "it has an address by the bridge's DHCP, and reaches the host"
eventually "lxc-info -n c1 -iH" "an address"
as_user "lxc-info -n c1"
as_user "lxc-unpriv-attach -n c1 -- ping -c 1 10.0.3.1"
cat /run/lxc/nics
grep -q "^$user veth lxcbr0 veth$(id -u $user)_" /run/lxc/nics || fail "it is not noted"

say "it has cgroups of its own"
as_user "lxc-cgroup -n c1 pids.max 50 && lxc-cgroup -n c1 pids.max && keg set c1 memory=64M && lxc-info -n c1 -S"
as_user "lxc-freeze -n c1 && lxc-info -n c1 -sH && lxc-unfreeze -n c1 && lxc-info -n c1 -sH"
as_user "lxc-ls -f"

say "it restarts, stops and goes"
as_user "lxc-stop -n c1 -r && lxc-wait -n c1 -s RUNNING -t 30"
eventually "lxc-info -n c1 -iH" "an address after a reboot"
as_user "lxc-stop -n c1"
as_user "lxc-destroy -n c1"
as_user "lxc-ls; ls -A .local/share/lxc"
for _ in $(seq 50); do
	ip -o link show type veth | grep -q . || break
	sleep 0.1
done
! ip -o link show type veth | grep . || fail "a veth is left"
! find /sys/fs/cgroup -name 'lxc.*' | grep . || fail "a cgroup is left"
keg net down
say "unpriv.sh: all is well"
