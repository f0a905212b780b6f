/* SPDX-License-Identifier: MIT */
/* Reads one line of fstab(5) (lxc.mount.entry, lxc.mount.fstab), or its options alone (lxc.rootfs.options). */
#include "features/mount_parts.h"

#include "base/own.h"

#include <errno.h>
#include <linux/mount.h>
#include <string.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW /* Linux 5.14 */
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

/* Words about the mount itself; those with `fs` are of concern to a new file system, too. */
static const struct {
	const char *word;
	uint64_t set, clear;
	bool fs;
} attributes[] = {
	{ "ro", MOUNT_ATTR_RDONLY, 0, .fs = true },
	{ "rw", 0, MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID, 0 },
	{ "suid", 0, MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV, 0 },
	{ "dev", 0, MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC, 0 },
	{ "exec", 0, MOUNT_ATTR_NOEXEC },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME, 0 },
	{ "diratime", 0, MOUNT_ATTR_NODIRATIME },
	{ "noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
	{ "relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
	{ "atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
	{ "sync", 0, 0, .fs = true },
	{ "async", 0, 0, .fs = true },
	{ "dirsync", 0, 0, .fs = true },
	{ "lazytime", 0, 0, .fs = true },
	{ "nolazytime", 0, 0, .fs = true },
};

static const struct {
	const char *word;
	unsigned long propagation;
} propagations[] = {
	{ "private", MS_PRIVATE },	 { "rprivate", MS_PRIVATE | MS_REC },
	{ "shared", MS_SHARED },	 { "rshared", MS_SHARED | MS_REC },
	{ "slave", MS_SLAVE },		 { "rslave", MS_SLAVE | MS_REC },
	{ "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
};

/* What mount(8) keeps to itself in an fstab: who may mount, and when. "mand" is no longer a thing since Linux 5.15. */
static const char *const ignored[] = { "defaults", "auto",  "noauto", "user",	 "nouser", "users",
				       "owner",	   "group", "nofail", "_netdev", "mand",   "nomand" };

static bool take_attribute(const char *o, struct entry *n, bool *fs)
{
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (strcmp(attributes[i].word, o) != 0)
			continue;
		n->shape.set = (n->shape.set & ~attributes[i].clear) | attributes[i].set;
		n->shape.clear = (n->shape.clear & ~attributes[i].set) | attributes[i].clear;
		*fs = attributes[i].fs;
		return true;
	}
	return false;
}

static bool take_word(const char *o, struct entry *n)
{
	for (size_t i = 0; i < ARRAY_SIZE(propagations); i++) {
		if (strcmp(propagations[i].word, o) == 0) {
			n->shape.propagation = propagations[i].propagation;
			return true;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		if (strcmp(ignored[i], o) == 0)
			return true;
	return str_starts(o, "x-") || str_starts(o, "comment=");
}

/* LXC's own words, and the kinds of mount. */
static bool take_own(const char *o, struct entry *n)
{
	if (strcmp(o, "bind") == 0 || strcmp(o, "rbind") == 0) {
		if (n->kind == ENTRY_NEW)
			n->kind = ENTRY_BIND;
		n->recursive |= *o == 'r';
	} else if (strcmp(o, "move") == 0) {
		n->kind = ENTRY_MOVE;
	} else if (strcmp(o, "remount") == 0) {
		n->kind = ENTRY_REMOUNT;
	} else if (strcmp(o, "create=dir") == 0) {
		n->create = CREATE_DIR;
	} else if (strcmp(o, "create=file") == 0) {
		n->create = CREATE_FILE;
	} else if (strcmp(o, "optional") == 0) {
		n->optional = true;
	} else if (strcmp(o, "relative") == 0) {
		n->relative = true;
	} else {
		return false;
	}
	return true;
}

static int take_option(const char *o, struct entry *n, struct buf *data, struct err *e)
{
	bool fs = true;

	if (str_starts(o, "idmap=")) {
		free(n->idmap);
		n->idmap = strdup(o + strlen("idmap="));
		return n->idmap ? 0 : err_num(e, ENOMEM, "hold", "mount options");
	}
	if (take_own(o, n) || take_word(o, n))
		return 0;
	if (str_starts(o, "create="))
		return err_say(e, EINVAL, "bad mount option %s: allowed is create=dir or create=file", o);
	(void)take_attribute(o, n, &fs);
	if (fs)
		buf_addf(data, "%s%s", data->len ? "," : "", o);
	return 0;
}

int entry_options(const char *options, struct entry *out, struct err *e)
{
	_own_strv struct strv words = { 0 };
	_own_buf struct buf data = { 0 };
	int x = strv_split(&words, options, ",") < 0 ? err_num(e, ENOMEM, "hold", "mount options") : 0;

	for (size_t i = 0; x == 0 && i < words.n; i++)
		x = take_option(words.v[i], out, &data, e);
	if (x < 0)
		return x;
	/* "rw" and its like take back a word before them; of a mount that is copied they lift nothing. */
	if (out->kind != ENTRY_REMOUNT)
		out->shape.clear &= out->shape.set & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0;
	if (out->kind != ENTRY_NEW || !data.len)
		return 0;
	out->data = buf_take(&data);
	return out->data ? 0 : err_num(e, ENOMEM, "hold", "mount options");
}

static bool is_octal(const char *s)
{
	return s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7';
}

/* fstab(5): a blank is written \040, a tab \011, a newline \012, a backslash \134. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (is_octal(s)) {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = 0;
}

int entry_parse(const char *line, struct entry *out, struct err *e)
{
	_own_strv struct strv field = { 0 };
	_own_entry struct entry n = { 0 };
	int x;

	if (strv_split(&field, line, " \t") < 0)
		return err_num(e, ENOMEM, "hold", "a mount entry");
	if (field.n < 3) {
		x = err_say(e, EINVAL, "a mount entry needs SOURCE, TARGET and TYPE: %s", line);
		err_hint(e, "for a folder of the host's: /srv/data data none bind,create=dir 0 0");
		return x;
	}
	for (size_t i = 0; i < field.n && i < 4; i++)
		unescape(field.v[i]);
	x = entry_options(field.n > 3 ? field.v[3] : "", &n, e);
	if (x < 0)
		return x;
	n.source = strdup(field.v[0]);
	n.target = strdup(field.v[1]);
	n.type = strdup(field.v[2]);
	if (!n.source || !n.target || !n.type)
		return err_num(e, ENOMEM, "hold", "a mount entry");
	*out = n;
	n = (struct entry){ 0 };
	return 0;
}

void entry_free(struct entry *n)
{
	free(n->source);
	free(n->target);
	free(n->type);
	free(n->data);
	free(n->idmap);
	*n = (struct entry){ 0 };
}
