/* SPDX-License-Identifier: MIT */
/* seeds FOLDER: a config file of each row's good and bad examples, for fuzz_reader and fuzz_rows to begin with. */
#include "base/io.h"
#include "base/own.h"
#include "spec/key.h"

#include <fcntl.h>
#include <string.h>

/* '#' is device 3, of a kind that has the key; '*' is what the example says before its "=", or x. */
static void add_line(struct buf *b, const struct key *k, const char *example)
{
	const char *equals = strchr(k->name, '*') ? strchr(example, '=') : NULL;

	for (const char *c = k->name; *c; c++) {
		if (*c == '#')
			buf_addf(b, "3");
		else if (*c == '*')
			buf_addf(b, "%.*s", equals ? (int)(equals - example) : 1, equals ? example : "x");
		else
			buf_add(b, c, 1);
	}
	buf_addf(b, " = %s\n", equals ? equals + 1 : example);
}

static void add_row(struct buf *b, const struct key *k)
{
	const char *kind = strstr(k->name, "macvlan")				     ? "macvlan"
			   : strstr(k->name, "ipvlan")				     ? "ipvlan"
			   : strstr(k->name, ".vlan.id") && !strstr(k->name, "veth") ? "vlan"
										     : "veth";

	if (strchr(k->name, '#'))
		buf_addf(b, "lxc.net.3.type = %s\n", kind);
	for (size_t i = 0; i < ARRAY_SIZE(k->good) && k->good[i]; i++)
		add_line(b, k, k->good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(k->bad) && k->bad[i]; i++)
		add_line(b, k, k->bad[i]);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };

	if (argc != 2 || io_mkdir_p(argv[1], 0755, &e) < 0) {
		(void)fprintf(stderr, "seeds: %s\n", argc == 2 ? e.object : "FOLDER");
		return 1;
	}
	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		for (size_t i = 0; i < features[f]->n_keys; i++) {
			_own_buf struct buf b = { 0 };
			_own_free char *path = str_fmt("%s/%s-%zu", argv[1], features[f]->name, i);

			add_row(&b, &features[f]->keys[i]);
			if (!path || !b.len || io_replace_file_fast(AT_FDCWD, path, b.s, b.len, 0644, &e) < 0)
				return 1;
		}
	}
	return 0;
}
