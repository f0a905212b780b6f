# What Keg's template scripts share; the build puts it into each of them.

die()
{
	echo "ERROR: $*" >&2
	exit 1
}

# One option and its value: "--opt value" or "--opt=value"; sets $value, and $used words are gone.
value_of()
{
	case $1 in
	--*=*)
		value=${1#*=}
		used=1
		;;
	*)
		[ $# -ge 2 ] || die "$1 needs a value"
		value=$2
		used=2
		;;
	esac
}

# The program that runs in the background, so that the traps are heard; "": none.
running=""

# It may have mounts to take back before it ends.
stop_tool()
{
	[ -n "$running" ] || return 0
	kill "$running" 2>/dev/null || :
	wait "$running" || :
}

# On a terminal, while it runs, after half a second: for how long, and what the command WHAT... prints.
show_progress()
{
	[ -t 1 ] || return 0
	begin=$(date +%s)
	looks=0
	while kill -0 "$running" 2>/dev/null; do
		if [ $looks -ge 5 ] && [ $((looks % 5)) -eq 0 ]; then
			printf '\r%4d s  %s\033[K' $(($(date +%s) - begin)) "$("$@")"
		fi
		looks=$((looks + 1))
		sleep 0.1
	done
	[ $looks -le 5 ] || printf '\r\033[K'
}

# "yes": in a user namespace, whose root is not the machine's.
in_userns()
{
	[ -e /proc/self/uid_map ] || return 1
	read -r inside outside count </proc/self/uid_map || return 1
	[ "$inside $outside $count" = "0 0 4294967295" ] && return 1
	cmp -s /proc/self/uid_map /proc/1/uid_map && return 1
	return 0
}

# Sets $mode: "user" where the tree belongs to mapped ids, else "system".
choose_mode()
{
	mode=system
	in_userns || return 0
	case ${mapped_uid:--1} in
	-1 | *[!0-9]*) die "In a user namespace without a map" ;;
	esac
	mode=user
}

# In a user namespace: these files are the caller's, as far as they are there.
give_to_caller()
{
	[ "$mode" = user ] || return 0
	for file; do
		[ ! -e "$file" ] || chown "$mapped_uid:${mapped_gid:-$mapped_uid}" "$file" 2>/dev/null || :
	done
}

# The config FILE with the words on stdin as its distribution's part; LAST is a line behind the container's own. The image's
# words come first, what lxc-create has put there overrules them, and the network is last.
merged_config()
{
	grep -v 'lxc\.' "$1" || :
	echo
	echo "# Distribution configuration"
	cat
	echo
	echo "# Container specific configuration"
	grep 'lxc\.' "$1" | grep -v 'lxc\.net\.0' || :
	[ -z "$2" ] || echo "$2"
	echo "lxc.uts.name = $name"
	echo
	echo "# Network configuration"
	grep 'lxc\.net\.0' "$1" || :
}
