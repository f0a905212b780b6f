/* SPDX-License-Identifier: MIT */
/* Any bytes as a file of lxc-usernet: what it allows is whose it says, and never more than a number can be. */
#include "fuzz.h"

#include "base/own.h"
#include "usernic/usernet.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct usernet_who who = { .name = "al" };
	_own_free char *text = malloc(size + 1);
	_own_quotas struct quotas q = { 0 };

	fuzz_assert(text != NULL && strv_add(&who.groups, "@team") == 0);
	memcpy(text, data, size);
	text[size] = 0;
	fuzz_assert(usernet_quotas(text, &who, "veth", "br1", &q) == 0 && q.n <= 2);
	for (size_t i = 0; i < q.n; i++)
		fuzz_assert((strcmp(q.v[i].owner, "al") == 0 || strcmp(q.v[i].owner, "@team") == 0) &&
			    q.v[i].most <= 1 << 20);
	usernet_who_free(&who);
	return 0;
}
