/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a config: read as a file and as a keeper's wire, printed, read again and equal; changed and saved as a
 * document. Includes lead nowhere: their key is made unknown.
 */
#include "fuzz.h"

#include "base/own.h"
#include "spec/document.h"
#include "spec/key.h"

#include <stdlib.h>
#include <string.h>

static void demand(bool true_)
{
	if (!true_)
		abort();
}

/* What is printed reads back, without a mistake, as what prints the same. */
static void go_round(const struct spec *s)
{
	_own_spec struct spec *copy = NULL;
	_own_buf struct buf first = { 0 }, second = { 0 };
	struct err e = { 0 };

	demand(spec_print(s, &first) == 0);
	demand(spec_copy(s, &copy, &e) == 0);
	demand(spec_print(copy, &second) == 0);
	demand(first.len == second.len && (!first.len || memcmp(first.s, second.s, first.len) == 0));
}

static void read_as(const char *text, size_t len, unsigned flags)
{
	_own_spec struct spec *s = NULL;
	_own_problems struct problems p = { 0 };
	struct err e = { 0 };
	int r;

	demand(spec_new(&s, &e) == 0);
	r = spec_read_text(s, text, len, "fuzz", flags, &p);
	demand((r == 0) == (p.n == 0));
	for (size_t i = 0; i < p.n; i++)
		demand(p.v[i].set && p.v[i].object[0]);
	go_round(s);
}

/* A document is its text, and what is put into it is there afterwards. */
static void change(const char *text, size_t len)
{
	_own_document struct document *d = NULL;
	_own_free char *same = NULL, *other = NULL;
	struct err e = { 0 };
	size_t n;

	demand(document_parse(&d, text, len, NULL, &e) == 0);
	same = document_text(d, &n);
	demand(n == len && memcmp(same, text, len) == 0);
	demand(document_set(d, "lxc.uts.name", "fuzz", &e) == 0);
	demand(document_line(d, "lxc.uts.name") > 0);
	demand(document_clear(d, "lxc.net", &e) == 0);
	demand(document_line(d, "lxc.net.0.type") == 0);
	other = document_text(d, &n);
	demand(strlen(other) <= n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_own_free char *text = malloc(size + 1);

	demand(text);
	memcpy(text, data, size);
	text[size] = 0;
	for (char *at = text; (at = memmem(at, (size_t)(text + size - at), "lxc.include", 11));)
		*at = '#';
	read_as(text, size, 0);
	read_as(text, size, SPEC_WIRE);
	change(text, size);
	return 0;
}
