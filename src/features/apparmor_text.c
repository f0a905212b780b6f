/* SPDX-License-Identifier: MIT */
/* Writes the generated AppArmor profile; see apparmor_text.h. */
#include "features/apparmor_text.h"

#include "base/own.h"

#include <string.h>

/* A path has come as far as `at` characters: which one could be next, each once? false: it is one of these already. */
static bool gather(const char *const *prefixes, size_t n, const char *so_far, size_t at, char *next)
{
	size_t some = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(prefixes[i]);

		if (strncmp(prefixes[i], so_far, len < at ? len : at) != 0)
			continue;
		if (len <= at)
			return false;
		if (!memchr(next, prefixes[i][at], some))
			next[some++] = prefixes[i][at];
	}
	next[some] = 0;
	return true;
}

void apparmor_all_but(const char *root, const char *const *prefixes, size_t n, const char *before, const char *behind,
		      struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t at = 0; at <= strlen(prefixes[i]); at++) {
			char next[64] = "";
			bool first = true;

			/* Where two prefixes begin alike, the first of them speaks for both. */
			for (size_t other = 0; other < i; other++)
				if (strncmp(prefixes[other], prefixes[i], at) == 0)
					first = false;
			if (!first || !gather(prefixes, n, prefixes[i], at, next))
				continue;
			buf_addf(out, "%s%s%.*s[^%s]**%s\n", before, root, (int)at, prefixes[i], next, behind);
		}
	}
}

/* What of the kernel's files a container may write: what belongs to its namespaces. */
static const char *const own_sysctls[] = {
	"net/", "fs/mqueue/", "kernel/hostname", "kernel/domainname", "kernel/msg", "kernel/sem", "kernel/shm",
};
static const char *const own_sysfs[] = { "fs/cgroup/", "devices/virtual/net/", "class/net/" };
static const char *const own_sysfs_and_policy[] = { "fs/cgroup/", "devices/virtual/net/", "class/net/",
						    "kernel/security/apparmor/" };
static const char *const proc_only[] = { "proc/" };
static const char *const sys_only[] = { "sys/" };

static void add_files(const struct apparmor_want *w, struct buf *out)
{
	const char *const *sysfs = w->space ? own_sysfs_and_policy : own_sysfs;
	size_t n = w->space ? ARRAY_SIZE(own_sysfs_and_policy) : ARRAY_SIZE(own_sysfs);

	buf_addf(out, "\n\t# files: all but the kernel's own, as far as they are not the container's\n\tfile,\n");
	apparmor_all_but("/proc/sys/", own_sysctls, ARRAY_SIZE(own_sysctls), "\tdeny ", " wl,", out);
	apparmor_all_but("/sys/", sysfs, n, "\tdeny ", " wl,", out);
	buf_addf(out, "\tdeny /proc/{kcore,kmem,mem,sysrq-trigger} rwlx,\n"
		      "\tdeny /proc/{acpi,bus,fs,irq,scsi,tty}/** wl,\n"
		      "\tdeny /sys/firmware/efi/efivars/** rwl,\n"
		      "\tdeny /dev/.lxc/{proc,sys}/** wlx,\n");
}

/* A mount is a second way to a file, past the rules above. */
static void add_mounts(const struct apparmor_want *w, struct buf *out)
{
	buf_addf(out, "\n\t# mounts: not those that reach the host's kernel\n"
		      "\tmount,\n\tumount,\n\tremount,\n\tpivot_root,\n"
		      "\tdeny mount fstype=(binfmt_misc, bpf, configfs, debugfs, devtmpfs, efivarfs, fusectl, pstore, "
		      "tracefs),\n");
	if (!w->space)
		buf_addf(out, "\tdeny mount fstype=securityfs,\n");
	if (w->nesting)
		return;
	apparmor_all_but("/", proc_only, 1, "\tdeny mount fstype=proc -> ", ",", out);
	apparmor_all_but("/", sys_only, 1, "\tdeny mount fstype=sysfs -> ", ",", out);
	buf_addf(out, "\tdeny mount fstype=proc -> /proc/[^/]**,\n"
		      "\tdeny mount fstype=sysfs -> /sys/[^/]**,\n"
		      "\tdeny mount /proc/ -> /**,\n"
		      "\tdeny mount /proc/sys{,/**} -> /**,\n"
		      "\tdeny mount /sys{,/**} -> /**,\n");
}

void apparmor_text(const struct apparmor_want *w, struct buf *out)
{
	buf_addf(out, "# Made by Keg at the start of the container; changes are lost.\n");
	buf_addf(out, "profile \"%s\" flags=(attach_disconnected,mediate_deleted) {\n", w->profile);
	buf_addf(out, "\tcapability,\n\tnetwork,\n\tdbus,\n\tptrace,\n\tsignal,\n\tunix,\n");
	add_files(w, out);
	add_mounts(w, out);
	if (w->space)
		buf_addf(out,
			 "\n\t# a policy of the container's own, in its own namespace\n"
			 "\tchange_profile -> \":%s:*\",\n\tchange_profile -> \":%s://**\",\n",
			 w->space, w->space);
	if (w->nesting)
		buf_addf(out, "\tchange_profile -> \"%s\",\n", w->profile);
	for (char *const *line = w->raw; line && *line; line++)
		buf_addf(out, "\t%s\n", *line);
	buf_addf(out, "}\n");
}
