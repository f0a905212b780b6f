/* SPDX-License-Identifier: MIT */
/* How an error is filled, and how it is shown: once. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(char *field, size_t size, const char *fmt, va_list ap)
{
	if (!field[0])
		(void)vsnprintf(field, size, fmt, ap);
}

static void record(struct err *e, int errnum, const char *op, const char *fmt, va_list ap)
{
	if (!e || e->set)
		return;
	e->set = true;
	e->errnum = errnum;
	(void)snprintf(e->op, sizeof(e->op), "%s", op);
	fill(e->object, sizeof(e->object), fmt, ap);
}

int err_sys(struct err *e, const char *op, const char *fmt, ...)
{
	int errnum = errno ? errno : EIO;
	va_list ap;

	va_start(ap, fmt);
	record(e, errnum, op, fmt, ap);
	va_end(ap);
	return -errnum;
}

int err_num(struct err *e, int errnum, const char *op, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(e, errnum, op, fmt, ap);
	va_end(ap);
	return -errnum;
}

int err_say(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(e, 0, "", fmt, ap);
	va_end(ap);
	return -code;
}

void err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e || !e->set)
		return;
	va_start(ap, fmt);
	fill(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
}

/* What somebody else chose, or a program has said, may hold what a terminal would obey. Newlines only where asked. */
static void show_only(char *text, bool lines)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' && !(lines && *text == '\n')) || *text == 0x7f)
			*text = '?';
}

void err_said(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e || !e->set)
		return;
	va_start(ap, fmt);
	fill(e->said, sizeof(e->said), fmt, ap);
	show_only(e->said, true);
	va_end(ap);
}

void err_key(struct err *e, const char *key, struct origin at)
{
	if (!e || !e->set || e->key[0])
		return;
	(void)snprintf(e->key, sizeof(e->key), "%s", key);
	show_only(e->key, false);
	if (at.file) {
		(void)snprintf(e->file, sizeof(e->file), "%s", at.file);
		show_only(e->file, false);
		e->line = at.line;
	}
}

void err_step(struct err *e, const char *step, const char *role)
{
	if (!e || !e->set || e->step[0])
		return;
	(void)snprintf(e->step, sizeof(e->step), "%s", step);
	(void)snprintf(e->role, sizeof(e->role), "%s", role);
}

void err_clear(struct err *e)
{
	memset(e, 0, sizeof(*e));
}

void err_text(const struct err *e, char *buf, size_t size)
{
	const char *cannot = e->op[0] ? "cannot " : "", *space = e->op[0] && e->object[0] ? " " : "";

	if (e->errnum)
		(void)snprintf(buf, size, "%s%s%s%s: %s", cannot, e->op, space, e->object, strerror(e->errnum));
	else
		(void)snprintf(buf, size, "%s%s%s%s", cannot, e->op, space, e->object);
	show_only(buf, false);
}

void err_print(const struct err *e, const char *who, const char *name)
{
	char text[ERR_TEXT], shown[1024];

	err_text(e, text, sizeof(text));
	(void)snprintf(shown, sizeof(shown), "%s", name ? name : "");
	show_only(shown, false);
	(void)fprintf(stderr, "%s: %s%s%s%s\n", who, shown, name ? ": " : "", e->warning ? "warning: " : "", text);
	if (e->file[0])
		(void)fprintf(stderr, "  set by  %s:%u%s%s\n", e->file, e->line, e->key[0] ? "  " : "", e->key);
	else if (e->key[0])
		(void)fprintf(stderr, "  set by  %s\n", e->key);
	if (e->step[0] && !(e->said[0] && e->hint[0])) /* four lines at most; the log has them all */
		(void)fprintf(stderr, "  step    %s (%s)\n", e->step, e->role);
	if (e->said[0])
		(void)fprintf(stderr, "  said    %s\n", e->said);
	if (e->hint[0])
		(void)fprintf(stderr, "  try     %s\n", e->hint);
}
