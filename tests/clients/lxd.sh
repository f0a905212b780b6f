#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's LXD: a daemon, an image of busybox, and the life of some containers on it.
# shellcheck source=tests/clients/common.sh
. "$(dirname "$0")/common.sh"
own_machine "$@"

state() { says "$2" lxc list -f csv -c s "^$1\$"; }
init_of() { lxc query "/1.0/instances/$1/state" | sed -n 's/.*"pid": \([0-9]*\).*/\1/p' | tail -n 1; }
owned_by() { says "$1" stat -c %u "/proc/$(init_of "$2")"; }

has_new_init() {
	local pid
	pid=$(init_of "$1")
	[ "${pid:-0}" -gt 0 ] && [ "$pid" != "$2" ]
}

inside() { timeout 30 lxc exec "$@"; }

# limit CONTAINER V1 V2: of its cgroup, in whichever version holds that controller
limit() {
	local controller=${2%%.*} path
	path=$(sed -n "s/^[0-9]*:$controller:\\(.*\\)/$controller\\1/p" "/proc/$(init_of "$1")/cgroup")
	if [ -n "$path" ]; then
		cat "/sys/fs/cgroup/${path%/.lxc}/$2"
	else
		path=$(sed -n 's/^0:://p' "/proc/$(init_of "$1")/cgroup")
		cat "/sys/fs/cgroup/${path%/.lxc}/$3"
	fi
}

# The ids that LXD gives away are root's here, whatever the machine's own say.
echo root:1000000:1000000000 >"$work/subids"
for file in /etc/subuid /etc/subgid; do
	[ ! -e $file ] || mount --bind "$work/subids" $file
done
export LXD_DIR=$work/d
mkdir -p "$LXD_DIR"

image() {
	mkdir -p "$work/image/rootfs"
	"$here/busybox" --rootfs="$work/image/rootfs"
	printf 'architecture: x86_64\ncreation_date: 1\nproperties:\n  os: busybox\n' >"$work/image/metadata.yaml"
	tar -C "$work/image" -czf "$work/image.tar.gz" metadata.yaml rootfs
}

preseed() {
	lxd init --preseed <<-I
		storage_pools:
		- name: default
		  driver: dir
		networks:
		- name: lxdbr0
		  type: bridge
		  config: { ipv4.address: 10.97.0.1/24, ipv4.nat: "false", ipv4.firewall: "false", ipv6.address: none }
		profiles:
		- name: default
		  config: { raw.lxc: "lxc.signal.halt = SIGUSR1" }
		  devices:
		    root: { type: disk, path: /, pool: default }
		    eth0: { type: nic, name: eth0, network: lxdbr0 }
	I
}

daemon() {
	lxd --group root --logfile "$work/log" >"$work/lxd.out" 2>&1 </dev/null &
	daemon=$!
	timeout 60 lxd waitready --timeout=60
}

stop_daemon() {
	timeout 60 lxc query -X PUT /internal/shutdown >/dev/null 2>&1 || kill -TERM $daemon
	within 30 sh -c "! kill -0 $daemon 2>/dev/null"
}

image
a=$tag-a b=$tag-b c=$tag-c

check "the daemon starts" daemon
check "it uses the library" maps_library $daemon
check "storage, a network and a profile are made" preseed
check "an image is imported" lxc image import "$work/image.tar.gz" --alias bb

# --- a life
check "a container is launched" lxc launch bb "$a"
check "it is RUNNING" state "$a" RUNNING
check "its root is an ordinary user of the host" owned_by 1000000 "$a"
check "a program runs in it" says hello inside "$a" -- echo hello
check "its name is the host's" says "$a" inside "$a" -- hostname
check "the exit status comes back" exits 7 inside "$a" -- sh -c 'exit 7'
check "a signal is a status" exits 137 inside "$a" -- sh -c 'kill -9 $$'
check "what is not there is 127" exits 127 inside "$a" -- /no/such
check "what is not executable is 126" exits 126 inside "$a" -- /etc/passwd
check "the environment is the one asked for" says yes inside "$a" --env ASKED=yes -- sh -c 'echo $ASKED'
check "the folder is the one asked for" says /tmp inside "$a" --cwd /tmp -- pwd
check "user and group are those asked for" says 5:6 inside "$a" --user 5 --group 6 -- sh -c 'echo $(id -u):$(id -g)'
check "stdin arrives" sh -c "echo through | lxc exec $a -- cat | grep -qx through"
check "a terminal is the container's" sh -c "sleep 3 | lxc exec -t $a -- tty | grep -q /dev/pts/"
check "its network has an address" within 15 sh -c "lxc list -f csv -c 4 '^$a\$' | grep -q '^10.97.0.'"
check "a file is pushed" lxc file push "$0" "$a/root/pushed"
check "and pulled again" sh -c "lxc file pull $a/root/pushed - | cmp - '$0'"
check "the log of its console is there" lxc console "$a" --show-log

# --- limits, while it runs
check "memory is limited" lxc config set "$a" limits.memory 64MiB
check "to that" says 67108864 limit "$a" memory.limit_in_bytes memory.max
check "processes are limited" lxc config set "$a" limits.processes 50
check "to that many" says 50 limit "$a" pids.max pids.max
check "cpus are limited" lxc config set "$a" limits.cpu 1
check "to one" within 15 says 1 inside "$a" -- nproc # it deals them out some time after
check "the share of cpu is limited" lxc config set "$a" limits.cpu.allowance 50ms/100ms
check "to half" sh -c 'echo "$0" | grep -Eqx "50000( 100000)?"' "$(limit "$a" cpu.cfs_quota_us cpu.max)"
check "a limit is lifted" lxc config unset "$a" limits.processes
check "usage is told" sh -c "lxc query /1.0/instances/$a/state | tr -d ' \n' | grep -Eq '\"memory\":[{][^}]*\"usage\":[1-9]'"

# --- devices, while it runs
mkdir -p "$work/share" && echo shared >"$work/share/file" && chmod 755 "$work/share"
check "a disk is plugged" lxc config device add "$a" extra disk source="$work/share" path=/mnt/extra
check "and seen" says shared inside "$a" -- cat /mnt/extra/file
check "a disk is unplugged" lxc config device remove "$a" extra
check "and gone" fails inside "$a" -- cat /mnt/extra/file
check "a device is plugged" lxc config device add "$a" full unix-char source=/dev/full path=/dev/clfull
check "and seen as a device" inside "$a" -- test -c /dev/clfull
check "a nic is plugged" lxc config device add "$a" eth1 nic nictype=p2p name=eth1
check "and seen as a link" inside "$a" -- test -e /sys/class/net/eth1
check "a nic is unplugged" lxc config device remove "$a" eth1
check "and seen no more" fails inside "$a" -- test -e /sys/class/net/eth1

# --- freeze, stop, restart
check "it is paused" lxc pause "$a"
check "it is FROZEN" state "$a" FROZEN
check "it is resumed" lxc start "$a"
check "it is RUNNING again" state "$a" RUNNING
check "a restart" lxc restart "$a" --timeout 20
check "is RUNNING, too" state "$a" RUNNING
check "limits last" says 67108864 limit "$a" memory.limit_in_bytes memory.max
before=$(init_of "$a")
inside "$a" -- reboot
check "a reboot from inside is a new init" within 20 has_new_init "$a" "$before"
check "a daemon is stopped" stop_daemon
check "and started again" daemon
check "it finds the container RUNNING or has started it" within 20 state "$a" RUNNING
check "and runs programs in it" says hello inside "$a" -- echo hello

# --- snapshots, copies
check "a file is written" inside "$a" -- sh -c 'echo first >/root/mark'
check "a snapshot of the running one" lxc snapshot "$a" one
check "the file is changed" inside "$a" -- sh -c 'echo second >/root/mark'
check "a clean stop" lxc stop "$a" --timeout 20
check "is STOPPED" state "$a" STOPPED
check "nothing of its cgroups is left" sh -c "! find /sys/fs/cgroup -type d -name 'lxc.payload.$a' | grep ."
check "the snapshot is restored" lxc restore "$a" one
check "and started" lxc start "$a"
check "with the file of then" says first inside "$a" -- cat /root/mark
check "a copy of the snapshot" lxc copy "$a/one" "$b"
check "starts" lxc start "$b"
check "with the same file" says first inside "$b" -- cat /root/mark
check "a running one is not deleted" fails lxc delete "$b"
check "a paused one is stopped by force" sh -c "lxc pause $b && lxc stop -f $b"
check "and renamed" lxc move "$b" "$b-new"
check "and deleted" lxc delete "$b-new"

# --- privileged, nested
check "a privileged container is launched" lxc launch bb "$c" -c security.privileged=true -c security.nesting=true
check "its root is root" owned_by 0 "$c"
check "a program runs in it, too" says hello inside "$c" -- echo hello
check "its config in LXC's words" lxc config show "$c" --expanded
check "a start that fails says so" fails lxc start "$c"
check "all are deleted by force" lxc delete -f "$a" "$c"
check "and listed no more" says "" lxc list -f csv -c n

# --- a config that cannot be
check "a container with a wrong raw.lxc" lxc init bb "$b" -c raw.lxc="lxc.no.such = 1"
check "does not start" fails lxc start "$b"
check "and is STOPPED" state "$b" STOPPED
check "and can be mended" lxc config set "$b" raw.lxc="lxc.signal.halt = SIGUSR1"
check "and starts" lxc start "$b"
check "and goes" lxc delete -f "$b"
check "the daemon ends" stop_daemon

finish lxd
