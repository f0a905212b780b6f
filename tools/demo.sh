#!/bin/bash
# SPDX-License-Identifier: MIT
# A walk through Keg, as a first-time user does it, with every promise checked.
#
#   tools/demo.sh [BIN]        BIN: the folder of the commands (build/bin)
#
# As root. It works in a folder of its own below /tmp, so that no container of yours is touched; the
# bridge lxcbr0 is used where it is up, else brought up and down again. Whatever way it ends, it clears
# up behind itself. Exits 1 and names the promise where one is broken.
set -u

top=$(cd "$(dirname "$0")/.." && pwd)
bin=$(cd "${1:-$top/build/bin}" && pwd) || exit 1
export PATH="$bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" LANG=C.UTF-8
unset PS1

bold='' dim='' good='' bad='' plain=''
if [ -t 1 ]; then
	bold=$'\e[1m' dim=$'\e[2m' good=$'\e[32m' bad=$'\e[31m' plain=$'\e[0m'
fi

[ "$(id -u)" = 0 ] || { echo "demo: the walk makes a bridge and privileged containers: run it as root" >&2; exit 1; }
[ -x "$bin/lxc-start" ] || { echo "demo: no commands in $bin: run make first" >&2; exit 1; }

dir=$(mktemp -d /tmp/keg-demo.XXXXXX) && chmod 755 "$dir" || exit 1
name=busybox-lxc
# Cgroups are named by the container's name alone: one of the same name may run already.
if compgen -G "/sys/fs/cgroup/*lxc.payload.$name" >/dev/null || compgen -G "/sys/fs/cgroup/*/lxc.payload.$name" >/dev/null; then
	name=busybox-demo
fi
bridge_was_up=$(grep -q '^ *lxcbr0:' /proc/net/dev && echo yes)
monitor='' promise='' ended='' begun=$SECONDS
cd / || exit 1

# --- how it looks -----------------------------------------------------------------------------------------

step() {
	printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

# The command as a user types it: without the -P (and -f) that lead to the demo's own folder.
shown() {
	local words=("$@") line='' i
	for ((i = 0; i < ${#words[@]}; i++)); do
		case ${words[i]} in
		-P | -f) ((i++)) ;;
		*' '* | *'$'* | *'>'*) line+=" '${words[i]}'" ;;
		*) line+=" ${words[i]}" ;;
		esac
	done
	printf '%s#%s%s\n' "$dim" "$plain" "$line"
}

# Runs a command of the walk; its output is shown and kept in $out, its exit status in $rc.
run() {
	shown "$@"
	out=$("$@" 2>&1)
	rc=$?
	[ -z "$out" ] || printf '%s\n' "$out"
}

# The same, and it must exit with 0.
must() {
	run "$@"
	keeps "$1 exits with 0" [ "$rc" = 0 ]
}

# keeps PROMISE COMMAND...: the command must succeed.
keeps() {
	promise=$1
	shift
	if "$@" >/dev/null 2>&1; then
		printf '%s  ok  %s%s\n' "$good" "$promise" "$plain"
	else
		broken
	fi
}

broken() {
	printf '%s  BROKEN  %s%s\n' "$bad" "$promise" "$plain"
	echo "demo: a promise is broken: $promise" >&2
	exit 1
}

# within SECONDS COMMAND...: until it succeeds. KEG_SLOW is a factor for slow machines.
within() {
	local slow=${KEG_SLOW:-1}
	local end=$(($(date +%s) + $1 * ${slow%.*}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.1
	done
}

says() { # says REGEX: the last output has it
	grep -qE -- "$1" <<<"$out"
}

silent() {
	! says "$1"
}

# --- questions to the host --------------------------------------------------------------------------------

init_pid() {
	lxc-info -n "$name" -P "$dir" -p -H 2>/dev/null
}

address() {
	lxc-info -n "$name" -P "$dir" -i -H 2>/dev/null | grep -m1 '^[0-9.]*$'
}

has_address() {
	[ -n "$(address)" ]
}

interfaces() {
	sed -n 's/^ *\([^:]*\):.*/\1/p' /proc/net/dev
}

# The host's numbers of the container's processes: all that are in its pid namespace.
pids() {
	find -L /proc/[0-9]*/ns/pid -maxdepth 0 -samefile "/proc/$(init_pid)/ns/pid" 2>/dev/null | cut -d/ -f3
}

# What they have used of the processors, in ticks: utime and stime of proc(5).
cpu_time() {
	local p
	for p in $(pids); do
		cat "/proc/$p/stat" 2>/dev/null
	done | sed 's/.*) //' | awk '{ sum += $12 + $13 } END { print sum + 0 }'
}

uses_cpu() { # uses_cpu yes|no, within half a second
	local before after
	before=$(cpu_time)
	sleep 0.5
	after=$(cpu_time)
	if [ "$1" = yes ]; then [ "$after" -gt "$before" ]; else [ "$after" = "$before" ]; fi
}

different_namespaces() {
	local ns
	for ns in cgroup ipc mnt net pid uts; do
		grep -q "$ns:\[" <<<"$inside" || return 1
		[ "$(readlink /proc/self/ns/$ns)" != "$(grep -o "$ns:\[[0-9]*\]" <<<"$inside" | head -n1)" ] || return 1
	done
}

# The words that are looked for come from a file, so that grep does not find itself.
no_process() {
	! grep -qszF -f <(printf '%s' "$dir") /proc/[0-9]*/cmdline
}

nothing_left() {
	case $1 in
	folder) ! [ -e "$dir/$name" ] ;;
	cgroup) [ -z "$(find /sys/fs/cgroup -type d -name "lxc.*.$name*" 2>/dev/null)" ] ;;
	interface) [ "$(interfaces)" = "$links" ] ;;
	mount) ! grep -qF " $dir/" /proc/self/mountinfo ;;
	process) no_process ;;
	lease) [ -z "$mac" ] || ! grep -rqsF "$mac" /run/keg /var/lib/misc/dnsmasq.lxcbr0.leases ;;
	esac
}

# --- the walk ---------------------------------------------------------------------------------------------

walk() {
	printf 'lxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.flags = up\n' >"$dir/default.conf"
	echo "A walk through Keg. Each command also gets -P $dir (and lxc-create -f default.conf), left out here;"
	echo "with neither, it works in /var/lib/lxc with /etc/lxc/default.conf."
	if [ -z "$bridge_was_up" ]; then
		step "0  The bridge lxcbr0, with DHCP and DNS"
		must keg net up
		keeps "lxcbr0 is there" grep -q '^ *lxcbr0:' /proc/net/dev
	fi
	links=$(interfaces)
	lxc-monitor -P "$dir" >"$dir/monitor" 2>&1 &
	monitor=$!
	echo $monitor >"$dir/monitor.pid"
	within 5 grep -qzF lxc-monitor "/proc/$monitor/cmdline"

	step "1  What this kernel can do"
	must lxc-checkconfig
	for section in Namespaces 'Control groups' Misc Checkpoint/Restore; do
		keeps "a section $section" says "--- $section ---"
	done
	keeps "cgroup mount points are shown" says 'Cgroup v[12] mount points'
	keeps "nothing that is required is missing" silent ': required'

	step "2  A container, made of this machine's busybox"
	must lxc-create -n $name -P "$dir" -f "$dir/default.conf" -t busybox
	keeps "its config is in its folder" [ -s "$dir/$name/config" ]

	step "3  It is there, stopped"
	must lxc-info -n $name -P "$dir"
	keeps "Name: and State: STOPPED" says '^State: +STOPPED$'

	step "4  Start"
	must lxc-start -n $name -P "$dir"
	keeps "it runs when lxc-start returns" [ -n "$(init_pid)" ]

	step "5  What is known of it"
	promise="it gets an address by DHCP" && within 20 has_address || broken
	ip=$(address)
	must lxc-info -n $name -P "$dir"
	for line in 'State: +RUNNING' 'PID: +[0-9]+' "IP: +$ip" 'Link: +veth' ' TX bytes:' ' RX bytes:' ' Total bytes:'; do
		keeps "a line like \"$line\"" says "^$line"
	done
	mac=$(cat "/proc/$(init_pid)/root/sys/class/net/eth0/address" 2>/dev/null)

	step "6-10  Inside, on a terminal"
	shown lxc-attach -n $name
	inside=$("$top/tools/terminal.py" '/ # ' lxc-attach -n $name -P "$dir" <<-'LINES'
		tty
		top -b -n1
		ip addr
		ping -c1 -W2 $(ip route | sed -n 's/^default via \([0-9.]*\).*/\1/p') >/dev/null && echo the host is reached
		ls -l /proc/1/ns
		cat /proc/self/cgroup
	LINES
	)
	rc=$?
	printf '%s\n' "$inside"
	out=$inside
	keeps "lxc-attach exits with 0" [ $rc = 0 ]
	keeps "a prompt / #" says '^/ # '
	keeps "a terminal of its own" says '^/dev/(pts/[0-9]+|console)'
	keeps "top: pid 1 is init" says '^ +1 +0 root .* (/sbin/)?init'
	keeps "top: syslogd, udhcpc, getty on tty1" eval 'says syslogd && says udhcpc && says "getty.*tty1"'
	keeps "top: nothing of the host" silent 'lxc-|keg|dnsmasq'
	keeps "ip addr: the address $ip" says "inet $ip/"
	keeps "the container reaches the host" says '^the host is reached'
	keeps "the host reaches the container" busybox ping -c1 -W2 "$ip"
	keeps "cgroup, ipc, mnt, net, pid, uts differ from the host's" different_namespaces
	out=$(grep -E '^[0-9]+:.*:/' <<<"$inside")
	keeps "it sees itself at / of every hierarchy" silent ':/[^.]'
	run grep -h . "/proc/$(init_pid)/cgroup"
	keeps "and is at lxc.payload.$name from outside" says "/lxc.payload.$name$"
	run ls -l /proc/self/ns

	step "11  Freeze"
	lxc-attach -n $name -P "$dir" -- /bin/sh -c 'while :; do :; done >/dev/null 2>&1 & echo $! >/tmp/busy' </dev/null
	keeps "something runs in it" uses_cpu yes
	must lxc-freeze -n $name -P "$dir"
	must lxc-info -n $name -P "$dir" -s
	keeps "State: FROZEN" says '^State: +FROZEN$'
	keeps "not one process runs" uses_cpu no
	must lxc-unfreeze -n $name -P "$dir"
	must lxc-info -n $name -P "$dir" -s
	keeps "State: RUNNING" says '^State: +RUNNING$'
	keeps "and it runs on" uses_cpu yes
	lxc-attach -n $name -P "$dir" -- /bin/sh -c 'kill $(cat /tmp/busy)' </dev/null

	step "12  A limit"
	limit=memory.limit_in_bytes
	grep -qE '^[0-9]+:memory:' "/proc/$(init_pid)/cgroup" || limit=memory.max
	must lxc-cgroup -n $name -P "$dir" $limit 64M
	must lxc-cgroup -n $name -P "$dir" $limit
	keeps "it reads back" says '^67108864$'

	step "13  A device"
	if [ -e /dev/fuse ]; then
		must lxc-device add -n $name -P "$dir" /dev/fuse
		must lxc-attach -n $name -P "$dir" -- /bin/sh -c 'ls -l /dev/fuse && exec 3<>/dev/fuse && echo it opens'
		keeps "the node is there, and may be opened" says '^it opens$'
	else
		echo "this machine has no /dev/fuse: left out"
	fi

	step "14  One program in a container of its own"
	mkdir "$dir/app"
	printf '%s\n' "lxc.include = $dir/$name/config" 'lxc.uts.name = app' 'lxc.net =' 'lxc.net.0.type = empty' >"$dir/app/config"
	run lxc-execute -n app -P "$dir" -- /bin/sh -c 'hostname; exit 7'
	keeps "its output comes" says '^app$'
	keeps "its exit status, 7, comes back" [ $rc = 7 ]

	step "15  What lxc-monitor, in another terminal, has told so far"
	out=$(grep -F "'$name'" "$dir/monitor")
	printf '%s\n' "$out"
	for state in STARTING RUNNING FREEZING FROZEN; do
		keeps "$state was told" says "^'$name' changed state to \[$state\]$"
	done

	kill "$monitor" && wait "$monitor" 2>/dev/null
	rm "$dir/monitor.pid"
	lxc-monitor -P "$dir" -Q >/dev/null 2>&1 # LXC's monitor daemon stays for half a minute unless told to go

	step "16  Stop, and a snapshot"
	must lxc-stop -n $name -P "$dir"
	echo before >"$dir/$name/rootfs/etc/motd"
	must lxc-snapshot -n $name -P "$dir"
	must lxc-snapshot -n $name -P "$dir" -L
	keeps "snap0 is listed" says '^snap0 '
	echo after >"$dir/$name/rootfs/etc/motd"
	must lxc-snapshot -n $name -P "$dir" -r snap0
	keeps "it is as it was" [ "$(cat "$dir/$name/rootfs/etc/motd")" = before ]
	must lxc-snapshot -n $name -P "$dir" -d snap0

	step "17  Destroy"
	must lxc-destroy -n $name -P "$dir"
	for what in folder cgroup interface mount process lease; do
		keeps "no $what is left" within 3 nothing_left $what
	done

	printf '\n%sAll promises kept, in %d seconds.%s\n' "$good" $((SECONDS - begun)) "$plain"
}

# --- the end, whatever it is ------------------------------------------------------------------------------

has_ended() { # a zombie has, too, and may wait long for pid 1
	! grep -q . "/proc/$1/cmdline"
}

# What the walk has just called is left to end by itself: a start that is cut off is a test of its own.
end_walk() {
	local walk=${!-} children='' child
	[ -z "$ended" ] && kill -STOP "$walk" 2>/dev/null || return
	read -r children <"/proc/$walk/task/$walk/children"
	kill -KILL "$walk"
	wait "$walk" 2>/dev/null
	for child in $children; do
		[ "$child" = "$monitor" ] || within 20 has_ended "$child"
	done
}

clean_up() {
	trap '' HUP INT TERM
	[ -s "$dir/monitor.pid" ] && read -r monitor <"$dir/monitor.pid"
	end_walk
	[ -z "$monitor" ] || kill "$monitor" 2>/dev/null
	local n
	for n in "$name" app; do
		[ -d "$dir/$n" ] && lxc-stop -k -n "$n" -P "$dir" >/dev/null 2>&1
	done
	[ -n "$bridge_was_up" ] || keg net down >/dev/null 2>&1
	rm -rf --one-file-system "$dir"
}

# The walk is a child, so that this shell does nothing but wait: bash 5.2 runs a trap even amid its parsing of
# a "$(", which aborts it.
trap clean_up EXIT
trap 'exit 130' HUP INT TERM
walk </dev/null &
wait $!
rc=$? ended=yes
exit $rc
