/* SPDX-License-Identifier: MIT */
/* Any bytes as lines of lxc.mount.fstab: an entry with all its parts, or words that say what is wrong. */
#include "fuzz.h"

#include "base/own.h"
#include "features/mount_parts.h"

#include <string.h>

static void one(const char *line)
{
	_own_entry struct entry n = { 0 };
	struct err e = { 0 };
	int x = entry_parse(line, &n, &e);

	fuzz_assert(x == 0 ? n.source && n.target && n.type && !e.set : !n.source && e.set && e.object[0]);
	if (x < 0)
		return;
	fuzz_assert(strlen(n.source) + strlen(n.target) + strlen(n.type) <= strlen(line));
	fuzz_assert(!n.data || (*n.data && strlen(n.data) <= strlen(line)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_own_free char *text = malloc(size + 1);

	fuzz_assert(text != NULL);
	memcpy(text, data, size);
	text[size] = 0;
	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		one(line);
	return 0;
}
