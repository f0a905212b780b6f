/* SPDX-License-Identifier: MIT */
/* lxc-update-config: a config file with the names that keys have today; what it was is kept beside it. */
#include "client/container.h"

#include "base/io.h"
#include "base/own.h"
#include "spec/document.h"
#include "spec/legacy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { CONFIG_MOST = 16 << 20 };

/* As the file itself: a config may hold what not everybody shall read. */
static int keep_backup(const char *file, const char *text, size_t len, struct err *e)
{
	_own_free char *backup = str_fmt("%s.backup", file);
	struct stat st;

	if (!backup)
		return err_num(e, ENOMEM, "write", "%s.backup", file);
	if (stat(file, &st) < 0)
		return err_sys(e, "read", "%s", file);
	return io_replace_file(AT_FDCWD, backup, text, len, st.st_mode & 07777, e);
}

int config_update(const char *file, bool *changed, struct err *e)
{
	_own_document struct document *d = NULL;
	_own_free char *text = NULL, *now = NULL;
	size_t len = 0;
	int r = io_read_file(AT_FDCWD, file, CONFIG_MOST, &text, &len);

	if (r < 0)
		return err_num(e, -r, "read", "%s", file);
	if (memchr(text, 0, len))
		return err_say(e, EINVAL, "%s holds a NUL byte: it is not a config file", file);
	now = legacy_translate(text);
	if (!now)
		return err_num(e, ENOMEM, "translate", "%s", file);
	*changed = strcmp(text, now) != 0;
	if (!*changed)
		return 0;
	r = document_parse(&d, now, strlen(now), NULL, e);
	if (r == 0)
		r = keep_backup(file, text, len, e);
	return r < 0 ? r : document_save(d, file, e);
}
