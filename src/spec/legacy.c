/* SPDX-License-Identifier: MIT */
/* The names that keys had before LXC 2.1, and the translation of files that were written with them. */
#include "spec/legacy.h"

#include "base/own.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A name that ends in '.' stands for all below it. */
static const struct {
	const char *old, *now; /* now NULL: gone */
} names[] = {
	{ "lxc.utsname", "lxc.uts.name" },
	{ "lxc.rootfs", "lxc.rootfs.path" },
	{ "lxc.rootfs.backend", NULL }, /* the TYPE: of lxc.rootfs.path */
	{ "lxc.mount", "lxc.mount.fstab" },
	{ "lxc.tty", "lxc.tty.max" },
	{ "lxc.pts", "lxc.pty.max" },
	{ "lxc.devttydir", "lxc.tty.dir" },
	{ "lxc.console", "lxc.console.path" },
	{ "lxc.id_map", "lxc.idmap" },
	{ "lxc.aa_profile", "lxc.apparmor.profile" },
	{ "lxc.aa_allow_incomplete", "lxc.apparmor.allow_incomplete" },
	{ "lxc.se_context", "lxc.selinux.context" },
	{ "lxc.seccomp", "lxc.seccomp.profile" },
	{ "lxc.haltsignal", "lxc.signal.halt" },
	{ "lxc.rebootsignal", "lxc.signal.reboot" },
	{ "lxc.stopsignal", "lxc.signal.stop" },
	{ "lxc.syslog", "lxc.log.syslog" },
	{ "lxc.loglevel", "lxc.log.level" },
	{ "lxc.logfile", "lxc.log.file" },
	{ "lxc.init_cmd", "lxc.init.cmd" },
	{ "lxc.init_uid", "lxc.init.uid" },
	{ "lxc.init_gid", "lxc.init.gid" },
	{ "lxc.limit", "lxc.prlimit" },
	{ "lxc.limit.", "lxc.prlimit." },
	{ "lxc.pivotdir", NULL },
	{ "lxc.kmsg", NULL },
};

static const char NETWORK[] = "lxc.network";

/* "lxc.network.ipv4" of device nic, or "lxc.network.3.ipv4". */
static void network_now(const char *key, unsigned nic, char now[KEY_NAME_MOST])
{
	const char *sub = key + strlen(NETWORK);
	size_t digits;

	if (!*sub) {
		(void)snprintf(now, KEY_NAME_MOST, "lxc.net");
		return;
	}
	sub++;
	digits = strspn(sub, "0123456789");
	if (digits && (!sub[digits] || sub[digits] == '.')) {
		(void)snprintf(now, KEY_NAME_MOST, "lxc.net.%.*s", (int)digits, sub);
		sub += digits + (sub[digits] == '.');
	} else {
		(void)snprintf(now, KEY_NAME_MOST, "lxc.net.%u", nic);
	}
	if (*sub)
		(void)snprintf(now + strlen(now), KEY_NAME_MOST - strlen(now), ".%s%s", sub,
			       strcmp(sub, "ipv4") == 0 || strcmp(sub, "ipv6") == 0 ? ".address" : "");
}

bool legacy_find(const char *key, unsigned nic, char now[KEY_NAME_MOST])
{
	if (strlen(key) > KEY_NAME_MOST / 2)
		return false;
	if (strcmp(key, NETWORK) == 0 || str_starts(key, "lxc.network.")) {
		network_now(key, nic, now);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *old = names[i].old;

		if (str_ends(old, ".") ? !str_starts(key, old) || !key[strlen(old)] : strcmp(key, old) != 0)
			continue;
		(void)snprintf(now, KEY_NAME_MOST, "%s%s", names[i].now ? names[i].now : "",
			       str_ends(old, ".") ? key + strlen(old) : "");
		return true;
	}
	return false;
}

bool legacy_hint(const char *key, char *hint, size_t size)
{
	char now[KEY_NAME_MOST];

	if (!legacy_find(key, 0, now))
		return false;
	if (*now)
		(void)snprintf(hint, size, "did you mean %s? lxc-update-config translates old files", now);
	else if (strcmp(key, "lxc.rootfs.backend") == 0)
		(void)snprintf(hint, size,
			       "it is the TYPE: of lxc.rootfs.path now; lxc-update-config translates old files");
	else
		(void)snprintf(hint, size,
			       "it is gone since LXC 3.0: remove the line; lxc-update-config does so for old files");
	return true;
}

/* A line "lxc.KEY = VALUE", perhaps behind a "#". */
struct line {
	const char *start, *key, *behind_key, *value, *end; /* end: its newline, or the text's end */
	bool comment;
};

/* False: the line is of another kind; start and end are set all the same. */
static bool take_apart(const char *text, struct line *l)
{
	const char *p = text + strspn(text, " \t");

	*l = (struct line){ .start = text, .end = text + strcspn(text, "\n"), .comment = *p == '#' };
	if (l->comment)
		p += 1 + strspn(p + 1, " \t");
	if (!str_starts(p, "lxc."))
		return false;
	l->key = p;
	l->behind_key = p + strcspn(p, " \t=\n");
	p = l->behind_key + strspn(l->behind_key, " \t");
	if (*p != '=')
		return false;
	p++;
	l->value = p + strspn(p, " \t");
	if (*l->value == '"' || *l->value == '\'')
		l->value++;
	return true;
}

static bool is_key(const struct line *l, const char *key)
{
	size_t n = strlen(key);

	return (size_t)(l->behind_key - l->key) == n && memcmp(l->key, key, n) == 0;
}

/* The value of the last lxc.rootfs.backend, "" without one. */
static void find_backend(const char *text, char *backend, size_t size)
{
	struct line l;

	*backend = 0;
	for (; *text; text = l.end + (*l.end == '\n'))
		if (take_apart(text, &l) && !l.comment && is_key(&l, "lxc.rootfs.backend"))
			(void)snprintf(backend, size, "%.*s", (int)strspn(l.value, "abcdefghijklmnopqrstuvwxyz"),
				       l.value);
}

/* What stands before the path of lxc.rootfs. A type that is there stays; LXC has always detected that of a device. */
static void add_type(const struct line *l, const char *backend, struct buf *out)
{
	static const char *const types[] = { "dir",	  "zfs",  "lvm",  "btrfs", "overlay",
					     "overlayfs", "aufs", "loop", "nbd",   "rbd" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (str_starts(l->value, types[i]) && l->value[strlen(types[i])] == ':')
			return;
	if (l->value >= l->end || (!*backend && str_starts(l->value, "/dev/")))
		return;
	buf_addf(out, "%s:", *backend && strcmp(backend, "best") != 0 ? backend : "dir");
}

/* *nic: the device that a network key without a number is of; each type begins the next one. */
static void translate_line(const struct line *l, const char *backend, int *nic, struct buf *out)
{
	_own_free char *key = strndup(l->key, (size_t)(l->behind_key - l->key));
	char now[KEY_NAME_MOST];

	if (!key) {
		out->failed = true;
		return;
	}
	if (strcmp(key, "lxc.network.type") == 0 && !l->comment)
		++*nic;
	if (!legacy_find(key, *nic < 0 ? 0 : (unsigned)*nic, now) || (l->comment && !*now)) {
		buf_add(out, l->start, (size_t)(l->end - l->start));
	} else if (*now) {
		buf_add(out, l->start, (size_t)(l->key - l->start));
		buf_addf(out, "%s", now);
		buf_add(out, l->behind_key, (size_t)(l->value - l->behind_key));
		if (strcmp(key, "lxc.rootfs") == 0)
			add_type(l, backend, out);
		buf_add(out, l->value, (size_t)(l->end - l->value));
	} else {
		return; /* without its newline */
	}
	if (*l->end)
		buf_addf(out, "\n");
}

char *legacy_translate(const char *text)
{
	_own_buf struct buf out = { 0 };
	char backend[32];
	struct line l;
	int nic = -1;

	find_backend(text, backend, sizeof(backend));
	for (; *text; text = l.end + (*l.end == '\n')) {
		if (take_apart(text, &l))
			translate_line(&l, backend, &nic, &out);
		else
			buf_add(&out, l.start, (size_t)(l.end - l.start) + (*l.end == '\n'));
	}
	return buf_take(&out);
}
