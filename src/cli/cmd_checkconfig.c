/* SPDX-License-Identifier: MIT */
/* keg checkconfig: does this kernel, and this host, have what containers need? */
#include "cli/cli.h"

#include "base/io.h"
#include "base/own.h"
#include "cli/checkconfig.h"
#include "base/version.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

struct fact {
	const char *title;
	const char *options[3]; /* any of them will do */
	bool required;
	const char *module;
};

static const struct fact namespaces[] = {
	{ "Namespaces", { "CONFIG_NAMESPACES" }, .required = true },
	{ "Utsname namespace", { "CONFIG_UTS_NS" } },
	{ "Ipc namespace", { "CONFIG_IPC_NS" }, .required = true },
	{ "Pid namespace", { "CONFIG_PID_NS" }, .required = true },
	{ "User namespace", { "CONFIG_USER_NS" } },
};

static const struct fact network[] = {
	{ "Network namespace", { "CONFIG_NET_NS" } },
};

static const struct fact cgroups[] = {
	{ "Cgroups", { "CONFIG_CGROUPS" }, .required = true },
	{ "Cgroup namespace", { "CONFIG_CGROUPS" }, .required = true }, /* Linux 4.6, without a switch of its own */
};

static const struct fact controllers[] = {
	{ "Cgroup device", { "CONFIG_CGROUP_DEVICE" } },
	{ "Cgroup sched", { "CONFIG_CGROUP_SCHED" } },
	{ "Cgroup cpu account", { "CONFIG_CGROUP_CPUACCT" } },
	{ "Cgroup memory controller", { "CONFIG_MEMCG", "CONFIG_CGROUP_MEM_RES_CTLR" } },
	{ "Cgroup cpuset", { "CONFIG_CPUSETS" } },
};

/* Masquerading: by iptables' own target, by the one for both families, or by nftables. */
/* clang-format off */
#define MASQUERADE(own) { own, "CONFIG_NETFILTER_XT_TARGET_MASQUERADE", "CONFIG_NFT_MASQ" }
/* clang-format on */

static const struct fact misc[] = {
	{ "Veth pair device", { "CONFIG_VETH" }, .module = "veth" },
	{ "Macvlan", { "CONFIG_MACVLAN" }, .module = "macvlan" },
	{ "Vlan", { "CONFIG_VLAN_8021Q" }, .module = "8021q" },
	{ "Bridges", { "CONFIG_BRIDGE" }, .module = "bridge" },
	{ "Advanced netfilter", { "CONFIG_NETFILTER_ADVANCED" } },
	{ "CONFIG_IP_NF_TARGET_MASQUERADE", MASQUERADE("CONFIG_IP_NF_TARGET_MASQUERADE"), .module = "nf_nat" },
	{ "CONFIG_IP6_NF_TARGET_MASQUERADE", MASQUERADE("CONFIG_IP6_NF_TARGET_MASQUERADE"), .module = "nf_nat" },
	{ "CONFIG_NETFILTER_XT_TARGET_CHECKSUM", { "CONFIG_NETFILTER_XT_TARGET_CHECKSUM" }, .module = "xt_CHECKSUM" },
	{ "CONFIG_NETFILTER_XT_MATCH_COMMENT", { "CONFIG_NETFILTER_XT_MATCH_COMMENT" }, .module = "xt_comment" },
	{ "FUSE (for use with lxcfs)", { "CONFIG_FUSE_FS" }, .module = "fuse" },
};

static const struct fact checkpoint[] = {
	{ "checkpoint restore", { "CONFIG_CHECKPOINT_RESTORE" } },
	{ "CONFIG_FHANDLE", { "CONFIG_FHANDLE" } },
	{ "CONFIG_EVENTFD", { "CONFIG_EVENTFD" } },
	{ "CONFIG_EPOLL", { "CONFIG_EPOLL" } },
	{ "CONFIG_UNIX_DIAG", { "CONFIG_UNIX_DIAG" }, .module = "unix_diag" },
	{ "CONFIG_INET_DIAG", { "CONFIG_INET_DIAG" }, .module = "inet_diag" },
	{ "CONFIG_PACKET_DIAG", { "CONFIG_PACKET_DIAG" }, .module = "af_packet_diag" },
	{ "CONFIG_NETLINK_DIAG", { "CONFIG_NETLINK_DIAG" }, .module = "netlink_diag" },
};

static void colour(const char *word)
{
	static const struct {
		const char *word;
		int colour;
	} colours[] = { { "enabled", 32 }, { "missing", 33 }, { "required", 31 } };

	for (size_t i = 0; cli_colour() && i < ARRAY_SIZE(colours); i++)
		if (strcmp(colours[i].word, word) == 0) {
			(void)printf("\033[1;%dm%s\033[0;39m", colours[i].colour, word);
			return;
		}
	(void)fputs(word, stdout);
}

static enum option_state state_of(const char *text, const struct fact *f)
{
	enum option_state s = OPTION_NO;

	for (size_t k = 0; s == OPTION_NO && k < ARRAY_SIZE(f->options) && f->options[k]; k++)
		s = kernel_config_state(text, f->options[k]);
	return s;
}

/* 1, 0; -1: it is not a module. */
static int is_loaded(const struct fact *f, enum option_state s)
{
	return s == OPTION_MODULE && f->module ? kernel_module_loaded(f->module) : -1;
}

static void show_items(const char *text, const struct fact *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum option_state s = state_of(text, &v[i]);
		int loaded = is_loaded(&v[i], s);

		(void)printf("%s: ", v[i].title);
		colour(s != OPTION_NO ? "enabled" : v[i].required ? "required" : "missing");
		(void)puts(loaded < 0 ? "" : loaded ? ", loaded" : ", not loaded");
	}
}
#define SHOW(text, v) show_items(text, v, ARRAY_SIZE(v))

static void show_helper(const char *name)
{
	_own_strv struct strv dirs = { 0 };
	const char *path = getenv("PATH");

	if (strv_split(&dirs, path ? path : "/usr/bin:/bin", ":") < 0)
		return;
	for (size_t i = 0; i < dirs.n; i++) {
		_own_free char *file = str_fmt("%s/%s", dirs.v[i], name);
		struct stat st;

		if (!file || stat(file, &st) < 0)
			continue;
		/* Some distributions give it capabilities instead of the bit. */
		if (!(st.st_mode & S_ISUID && st.st_uid == 0) && getxattr(file, "security.capability", NULL, 0) <= 0)
			(void)printf("Warning: %s is not setuid-root\n", name);
		return;
	}
	(void)printf("%s is not installed\n", name);
}

static void show_limits(void)
{
	static const char *const kinds[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };

	(void)puts("Namespace limits:");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_own_free char *file = str_fmt("/proc/sys/user/max_%s_namespaces", kinds[i]);
		char line[32];

		if (file && io_read_line(AT_FDCWD, file, line, sizeof(line)) > 0)
			(void)printf("  %s: %s\n", kinds[i], line);
	}
}

/* Prints the mount points of one kind; says whether any of them, or its options, hold `word`. */
static bool show_mounts(const char *mounts, const char *type, bool print, const char *word)
{
	_own_free char *copy = strdup(mounts);
	char *rest = copy, *line;
	bool found = false;

	while ((line = strsep(&rest, "\n"))) {
		char at[1024], kind[64], options[1024];

		if (sscanf(line, "%*s %1023s %63s %1023s", at, kind, options) != 3 || strcmp(kind, type) != 0)
			continue;
		if (print)
			(void)printf(" - %s\n", at);
		if (word && (strcmp(at, word) == 0 || strstr(options, word)))
			found = true;
	}
	return found;
}

/* What only v1 needs, where v2 is not the host's one hierarchy. */
static void show_v1(const char *mounts)
{
	if (!show_mounts(mounts, "cgroup", false, "name=systemd")) {
		(void)fputs("Cgroup v1 systemd controller: ", stdout);
		colour("missing");
		(void)puts("");
	}
	if (!show_mounts(mounts, "cgroup", false, "freezer")) {
		(void)fputs("Cgroup v1 freezer controller: ", stdout);
		colour("missing");
		(void)puts("");
	}
	(void)fputs("Cgroup v1 clone_children flag: ", stdout);
	colour("enabled"); /* since Linux 3.0 */
	(void)puts("");
}

static void show_cgroups(const char *text)
{
	_own_free char *mounts = NULL;

	if (io_read_file(AT_FDCWD, "/proc/self/mounts", 64 << 20, &mounts, NULL) < 0)
		mounts = strdup("");
	(void)puts("\n--- Control groups ---");
	SHOW(text, cgroups);
	(void)puts("Cgroup v1 mount points: ");
	(void)show_mounts(mounts ? mounts : "", "cgroup", true, NULL);
	(void)puts("Cgroup v2 mount points: ");
	if (mounts && !show_mounts(mounts, "cgroup2", true, "/sys/fs/cgroup"))
		show_v1(mounts);
	SHOW(text, controllers);
}

static void show_all(const char *text)
{
	(void)puts("\n--- Namespaces ---");
	SHOW(text, namespaces);
	show_helper("newuidmap");
	show_helper("newgidmap");
	SHOW(text, network);
	show_limits();
	show_cgroups(text);
	(void)puts("\n--- Misc ---");
	SHOW(text, misc);
	(void)puts("\n--- Checkpoint/Restore ---");
	SHOW(text, checkpoint);
	(void)fputs("File capabilities: ", stdout);
	colour("enabled"); /* since Linux 2.6.33 always built in */
	(void)puts("");
}

static int add_facts(struct strv *cells, const char *text, const struct fact *v, size_t n)
{
	int bad = 0;

	for (size_t i = 0; i < n; i++) {
		enum option_state s = state_of(text, &v[i]);
		int loaded = is_loaded(&v[i], s);

		bad |= strv_add(cells, v[i].title) | strv_add(cells, s != OPTION_NO ? "true" : "false") |
		       strv_add(cells, v[i].required ? "true" : "false") |
		       strv_add(cells, loaded < 0 ? ""
				       : loaded	  ? "true"
						  : "false");
	}
	return bad;
}

static int answer(const struct cli *c, const char *text)
{
	static const struct {
		const struct fact *v;
		size_t n;
	} all[] = {
		{ namespaces, ARRAY_SIZE(namespaces) },
		{ network, ARRAY_SIZE(network) },
		{ cgroups, ARRAY_SIZE(cgroups) },
		{ controllers, ARRAY_SIZE(controllers) },
		{ misc, ARRAY_SIZE(misc) },
		{ checkpoint, ARRAY_SIZE(checkpoint) },
	};
	static const struct format_column columns[] = {
		{ "name", CELL_TEXT }, { "enabled", CELL_PLAIN }, { "needed", CELL_PLAIN }, { "loaded", CELL_PLAIN }
	};
	struct answer a = { .noun = "facts", .columns = columns, .n = ARRAY_SIZE(columns) };
	int bad = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		bad |= add_facts(&a.cells, text, all[i].v, all[i].n);
	return cli_answer(c, &a, bad);
}

static int run(struct cli *c)
{
	_own_free char *where = NULL, *text = NULL;
	bool told = c->format == FORMAT_NONE;

	if (told)
		(void)puts("LXC version " KEG_LXC_VERSION);
	text = kernel_config_read(&where, told);
	(void)fflush(stdout);
	if (!text) {
		(void)fprintf(stderr,
			      "%s: unable to retrieve kernel configuration\n\n"
			      "Build the kernel with CONFIG_IKCONFIG_PROC, install its headers,\n"
			      "or tell where its configuration is:\n"
			      "  CONFIG=<path> %s\n",
			      c->prog, c->prog);
		return 1;
	}
	if (!told)
		return answer(c, text);
	show_all(text);
	(void)printf("\nNote: Before booting a new kernel, you can check its configuration with:\n\n"
		     "  CONFIG=/path/to/config %s\n\n",
		     c->prog);
	return 0;
}

static const struct opt opts[] = { OPT_FORMAT };

const struct verb verb_checkconfig = {
	.name = "checkconfig",
	.synopsis = "",
	.about = "shows whether this kernel has what containers need",
	OPTS(opts),
	.flags = VERB_NAMELESS | VERB_NO_LOG,
	.run = run,
	.examples = {
		{ "", "each feature of the kernel, and whether it is there" },
	},
};
