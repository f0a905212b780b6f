/* SPDX-License-Identifier: MIT */
/* Programs that are no verbs of keg's, and the file that one of them reads. */
#include "man/man.h"

void man_user_nic(FILE *f)
{
	static const char *const see[] = { "lxc-usernet(5)", "lxc-start(1)", "lxc.container.conf(5)", "keg(1)", NULL };

	roff_head(f, "lxc-user-nic", 1, "gives a plain user's container a network interface");
	roff_section(f, "synopsis");
	roff_lines(f, "lxc-user-nic create LXCPATH NAME PID TYPE BRIDGE [NICNAME]\n"
		      "lxc-user-nic delete LXCPATH NAME /proc/PID/ns/net TYPE BRIDGE NICNAME");
	roff_section(f, "description");
	roff_text(
		f,
		"A start by who is not root runs it for each interface of the type veth; nobody needs to call it by "
		"hand. It works only where root has made it setuid: \"keg check\", as the user, says so, and where it "
		"is. (Where it comes from a package, dpkg-statoverride --add root root 4755 FILE makes that last.) "
		"Without it, a plain user's containers have lxc.net.N.type = empty.");
	roff_text(f,
		  "create makes a pair of interfaces, one end a port of BRIDGE, the other one called NICNAME (the next "
		  "eth0, eth1, ... without it) in the network namespace of the process PID, and prints "
		  "INNER:INDEX:HOST:INDEX. The namespace must belong to a user namespace that the caller has made. How "
		  "many he may have, lxc-usernet(5) says. TYPE is veth; BRIDGE none makes one that is at no bridge. "
		  "The host's end is called vethUID_XXXX, and has the bridge's MTU; what else a config says of the "
		  "interface, the container does inside.");
	roff_text(f, "delete takes a port of his, by the name of the host's end, from a bridge of Open vSwitch. Other "
		     "interfaces go with their network namespace. LXCPATH and NAME have no meaning.");
	roff_section(f, "files");
	roff_entry(f, "/etc/lxc/lxc-usernet");
	roff_more(f, NULL, "Who may have how many; heeded if only root may write to it.");
	roff_entry(f, "/run/lxc/nics");
	roff_more(f, NULL,
		  "What was made for whom, a line OWNER TYPE BRIDGE NIC for each. Lines of interfaces that have "
		  "gone are dropped at each call.");
	roff_section(f, "exit status");
	roff_text(f, "0, or 1 with the reason on standard error.");
	roff_see(f, see);
}

void man_init(FILE *f)
{
	static const char *const see[] = { "lxc-execute(1)", "keg(1)", NULL };

	roff_head(f, "init.lxc", 1, "a small init for one command");
	roff_section(f, "synopsis");
	roff_lines(f, "init.lxc --name=NAME [--quiet] [--lxcpath=PATH] -- COMMAND [ARGUMENT...]");
	roff_section(f, "description");
	roff_text(
		f,
		"Is pid 1 of a container and runs COMMAND as its child, in a session of its own. Signals go on to it; "
		"what is orphaned is reaped. At SIGTERM or SIGPWR all processes get SIGTERM, and SIGKILL once nothing "
		"has ended for a second. init.lxc.static is the same program; both are static. lxc-execute(1) brings "
		"it along by itself.");
	roff_text(f, "Where it is not pid 1, only COMMAND is its to end.");
	roff_section(f, "exit status");
	roff_text(f, "That of COMMAND; 128 and the signal's number if one has ended it; 255 if it cannot be run; 1 for "
		     "a wrong command line.");
	roff_see(f, see);
}

void man_unpriv(FILE *f)
{
	static const char *const see[] = { "lxc-start(1)", "lxc-attach(1)", "lxc-user-nic(1)", "keg(1)", NULL };

	roff_head(f, "lxc-unpriv-start", 1, "starts or enters a plain user's container, with cgroups of his own");
	roff_section(f, "synopsis");
	roff_lines(f, "lxc-unpriv-start [OPTION...]\nlxc-unpriv-attach [OPTION...]");
	roff_section(f, "description");
	roff_text(f,
		  "They run lxc-start(1) and lxc-attach(1) with the same options, in a scope of the user's own systemd "
		  "with Delegate=yes. The container then has cgroups that the user may write to: limits, freezing and "
		  "figures work. A systemd of his own a user has while he is logged in, or, after \"loginctl "
		  "enable-linger\" by root, always.");
	roff_text(f, "Without them a plain user's container starts as well, where its config asks for no limits.");
	roff_section(f, "example");
	roff_lines(f, "lxc-create -n web1 -t busybox\nlxc-unpriv-start -n web1\nlxc-unpriv-attach -n web1");
	roff_see(f, see);
}

void man_monitord(FILE *f)
{
	static const char *const see[] = { "lxc-monitor(1)", "keg(1)", NULL };

	roff_head(f, "lxc-monitord", 1, "serves LXC's monitor channel");
	roff_section(f, "synopsis");
	roff_lines(f, "lxc-monitord LXCPATH PIPEFD\nlxc-monitord --daemon [LXCPATH]");
	roff_section(f, "description");
	roff_text(f,
		  "Tells the containers' changes of state to programs that speak LXC's own monitor channel. "
		  "lxc-monitor(1) and the others of Keg's commands do without; a program that needs it starts it, or "
		  "lxc-monitord.service does.");
	roff_text(
		f,
		"With PIPEFD it writes \"S\" to that fd when it can be connected to, and ends half a minute after its "
		"last client has left; with --daemon it stays. The four bytes \"quit\" from a client, as "
		"\"lxc-monitor -Q\" sends them, end it. Clients are of the same user, or root. One that does not read "
		"is left.");
	roff_text(f,
		  "Its socket is the abstract lxc/HASH/LXCPATH, HASH being the 64 bits of FNV-1a of "
		  "lxc/LXCPATH/monitor-sock; a record has 264 bytes: a number (0: a state, 2: an exit), a name of 256, "
		  "a number.");
	roff_section(f, "files");
	roff_entry(f, "/run/lxc/LXCPATH/monitor-fifo");
	roff_more(f, NULL,
		  "Takes the same records from containers that LXC itself runs. Of who is not root it is below "
		  "$XDG_RUNTIME_DIR, or $HOME/.cache/lxc/run.");
	roff_see(f, see);
}

void man_usernet(FILE *f)
{
	static const char *const see[] = { "lxc-user-nic(1)", "lxc.container.conf(5)", NULL };

	roff_head(f, "lxc-usernet", 5, "which users may have network interfaces for their containers");
	roff_section(f, "description");
	roff_text(
		f,
		"/etc/lxc/lxc-usernet is read by lxc-user-nic(1). Each of its lines has four words, parted by blanks; "
		"what else is in it means nothing. Without a line a user has no interface.");
	roff_lines(f, "USER TYPE BRIDGE COUNT\n@GROUP TYPE BRIDGE COUNT");
	roff_entry(f, "USER, @GROUP");
	roff_more(f, NULL,
		  "A user by his name (by his number, if /etc/passwd does not know him), or all who are in the "
		  "group.");
	roff_entry(f, "TYPE");
	roff_more(f, NULL, "veth");
	roff_entry(f, "BRIDGE");
	roff_more(f, NULL, "The bridge's name, or none for an interface at no bridge.");
	roff_entry(f, "COUNT");
	roff_more(f, NULL,
		  "How many at the same time. Lines of one owner for one bridge add up. Where several owners' "
		  "lines are about a user, his interfaces count for the first of them that has some to spare; a "
		  "group's are all its members' together.");
	roff_section(f, "example");
	roff_lines(f, "joe veth lxcbr0 10\n@staff veth lxcbr0 50");
	roff_see(f, see);
}
