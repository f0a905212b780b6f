/* SPDX-License-Identifier: MIT */
/* ip_forward and its IPv6 brother. */
#include "bridge/forward.h"

#include "base/io.h"
#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const char forward4[] = "/proc/sys/net/ipv4/ip_forward", forward6[] = "/proc/sys/net/ipv6/conf/all/forwarding";

static int switch_on(const char *file, struct err *e)
{
	char now[16];
	int r;

	if (io_read_line(AT_FDCWD, file, now, sizeof(now)) > 0 && strcmp(now, "1") == 0)
		return 0;
	r = io_write_file(AT_FDCWD, file, "1");
	return r < 0 ? err_num(e, -r, "switch on", "forwarding in %s", file) : 0;
}

static int remember(const struct settings *s, struct err *e)
{
	char four[16] = "1", six[16] = "1";
	_own_free char *text = NULL;

	if (access(s->memory, F_OK) == 0)
		return 0;
	(void)!io_read_line(AT_FDCWD, forward4, four, sizeof(four));
	(void)!io_read_line(AT_FDCWD, forward6, six, sizeof(six));
	text = str_fmt("%s %s\n", four, s->ipv6 ? six : "1");
	if (!text)
		return err_num(e, ENOMEM, "remember", "what forwarding was");
	return io_replace_file_fast(AT_FDCWD, s->memory, text, strlen(text), 0644, e);
}

int forward_on(const struct settings *s, struct err *e)
{
	int r = remember(s, e);

	if (r == 0)
		r = switch_on(forward4, e);
	if (r == 0 && s->ipv6)
		r = switch_on(forward6, e);
	return r;
}

/* Only what we switched on goes off again: "1" in the memory means that it was on before. */
void forward_back(const struct settings *s)
{
	char line[32];

	if (io_read_line(AT_FDCWD, s->memory, line, sizeof(line)) < 3)
		return;
	if (line[0] == '0')
		(void)!io_write_file(AT_FDCWD, forward4, "0");
	if (line[2] == '0')
		(void)!io_write_file(AT_FDCWD, forward6, "0");
	(void)unlink(s->memory);
}
