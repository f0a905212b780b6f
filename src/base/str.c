/* SPDX-License-Identifier: MIT */
/* Growable text and vectors of text. */
#include "base/str.h"

#include "base/own.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct buf *b, size_t more)
{
	size_t need = b->len + more + 1, cap = b->cap ? b->cap : 128;
	char *s;

	if (b->failed)
		return false;
	if (need <= b->cap)
		return true;
	while (cap < need)
		cap *= 2;
	s = realloc(b->s, cap);
	if (!s) {
		b->failed = true;
		return false;
	}
	b->s = s;
	b->cap = cap;
	return true;
}

void buf_add(struct buf *b, const char *data, size_t len)
{
	if (!reserve(b, len))
		return;
	memcpy(b->s + b->len, data, len);
	b->len += len;
	b->s[b->len] = 0;
}

static void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || !reserve(b, (size_t)n)) {
		b->failed = true;
		return;
	}
	(void)vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

char *buf_take(struct buf *b)
{
	char *s;

	buf_add(b, "", 0);
	if (b->failed) {
		buf_free(b);
		return NULL;
	}
	s = b->s;
	*b = (struct buf){ 0 };
	return s;
}

void buf_free(struct buf *b)
{
	free(b->s);
	*b = (struct buf){ 0 };
}

static int strv_own(struct strv *v, char *s)
{
	char **grown = s ? realloc(v->v, (v->n + 2) * sizeof(*grown)) : NULL;

	if (!grown) {
		free(s);
		return -ENOMEM;
	}
	v->v = grown;
	v->v[v->n++] = s;
	v->v[v->n] = NULL;
	return 0;
}

int strv_add(struct strv *v, const char *s)
{
	return strv_own(v, strdup(s));
}

int strv_addf(struct strv *v, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	return strv_own(v, buf_take(&b));
}

void strv_free(struct strv *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->v[i]);
	free(v->v);
	*v = (struct strv){ 0 };
}

int strv_split(struct strv *v, const char *text, const char *at)
{
	for (size_t n; *text; text += n) {
		text += strspn(text, at);
		n = strcspn(text, at);
		if (n && strv_own(v, strndup(text, n)) < 0)
			return -ENOMEM;
	}
	return 0;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);

	return n >= k && strcmp(s + n - k, suffix) == 0;
}

char *str_fmt(const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	return buf_take(&b);
}

int str_copy(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	to[0] = 0;
	if (n >= size)
		return -ENAMETOOLONG;
	memcpy(to, from, n + 1);
	return 0;
}

unsigned long long str_fnv64(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ULL;
	return h;
}

unsigned str_distance(const char *a, const char *b)
{
	enum { MOST = 64 };
	size_t n = strlen(a), m = strlen(b);
	unsigned row[3][MOST + 1];

	if (n > MOST || m > MOST)
		return MOST;
	for (size_t j = 0; j <= m; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[n % 3][m];
}

void nearest_see(struct nearest *n, const char *name)
{
	unsigned d = str_distance(n->to, name);

	if (d >= n->edits)
		return;
	n->edits = d;
	n->found = name;
}
