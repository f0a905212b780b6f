/* SPDX-License-Identifier: MIT */
/*
 * Any value of any row: lines "KEY = VALUE", each set by itself. It is taken, and then told, copied and cleared, or
 * refused with its key; then all is looked at together, as before a start: id maps, devices, mounts, hooks.
 */
#include "fuzz.h"

#include "base/own.h"
#include "features/userns.h"
#include "spec/key.h"

#include <string.h>

enum { LINES = 64 };

static void set(struct spec *s, const char *key, const char *value)
{
	_own_buf struct buf told = { 0 };
	struct err e = { 0 };
	int x = spec_set(s, key, value, (struct origin){ .file = spec_file(s, "fuzz"), .line = 1 }, &e);

	fuzz_assert((x < 0) == e.set);
	if (x < 0)
		fuzz_assert(e.object[0] && e.key[0] && e.line == 1);
	else
		(void)!spec_get(s, key, &told);
}

/* What passes the check means something: an id has one other, and that one alone. */
static void look_at(const struct spec *s)
{
	_own_problems struct problems p = { 0 };
	int x = spec_check(s, &p);

	for (size_t i = 0; i < p.n; i++)
		fuzz_assert(p.v[i].set && p.v[i].object[0]);
	fuzz_assert(x == 0 || p.n);
	if (x < 0 || !userns_wanted(s))
		return;
	for (uid_t id = 0; id < 4; id++)
		fuzz_assert(userns_host_uid(s, id) < UINT32_MAX && userns_host_gid(s, id) < UINT32_MAX);
}

static void clear(struct spec *s, const char *key)
{
	struct err e = { 0 };

	fuzz_assert((spec_clear(s, key, &e) < 0) == e.set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_own_spec struct spec *s = NULL, *copy = NULL;
	_own_free char *text = malloc(size + 1);
	const char *keys[LINES];
	size_t n = 0;
	struct err e = { 0 };

	fuzz_assert(text && spec_new(&s, &e) == 0);
	memcpy(text, data, size);
	text[size] = 0;
	for (char *rest = text, *line; n < LINES && (line = strsep(&rest, "\n"));) {
		char *value = strstr(line, " = ");

		if (!value || strncmp(line, "lxc.", 4) != 0 || strncmp(line, "lxc.include", 11) == 0)
			continue;
		*value = 0;
		set(s, line, value + 3);
		keys[n++] = line;
	}
	look_at(s);
	fuzz_assert(spec_copy(s, &copy, &e) == 0);
	look_at(copy);
	while (n)
		clear(s, keys[--n]);
	return 0;
}
