/* SPDX-License-Identifier: MIT */
/* A container's config as the list of what is set, for the verbs of `keg config`. */
#include "cli/config.h"

#include "base/num.h"
#include "base/own.h"
#include "spec/key.h"

#include <errno.h>
#include <string.h>

/* `# LINE "FILE"`, as spec_print() writes it. */
static struct origin origin_of(const struct spec *s, char *line)
{
	char *quote = strchr(line, '"'), *end = quote ? strrchr(quote + 1, '"') : NULL;
	struct origin at = { 0 };
	uint64_t n;

	if (!end || quote < line + 3)
		return at;
	*end = 0;
	quote[-1] = 0;
	if (num_u64_c(line + 2, UINT32_MAX, &n) < 0 || !quote[1])
		return at;
	for (size_t i = 0; i < s->files.n; i++)
		if (strcmp(s->files.v[i], quote + 1) == 0)
			at = (struct origin){ .file = s->files.v[i], .line = (unsigned)n };
	return at;
}

static int add(struct values *out, char *line, struct origin at)
{
	struct value *grown = reallocarray(out->v, out->n + 1, sizeof(*grown));
	char *equals = strstr(line, " = ");

	if (!grown)
		return -ENOMEM;
	out->v = grown;
	if (!equals)
		return 0;
	*equals = 0;
	grown[out->n] = (struct value){ .key = strdup(line), .text = strdup(equals + 3), .at = at };
	out->n++;
	return grown[out->n - 1].key && grown[out->n - 1].text ? 0 : -ENOMEM;
}

int config_values(const struct spec *s, struct values *out)
{
	_own_buf struct buf b = { 0 };
	_own_values struct values found = { 0 };
	struct origin at = { 0 };
	int r = spec_print(s, &b);
	char *rest = b.s, *line;

	while (r == 0 && rest && (line = strsep(&rest, "\n"))) {
		if (str_starts(line, "# "))
			at = origin_of(s, line);
		else if (*line)
			r = add(&found, line, at);
	}
	if (r < 0)
		return r;
	*out = found;
	found = (struct values){ 0 };
	return 0;
}

void config_values_free(struct values *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->v[i].key);
		free(v->v[i].text);
	}
	free(v->v);
	*v = (struct values){ 0 };
}

static int load_running(const struct cli *c, struct container *ct)
{
	struct spec *s = NULL;
	struct err e = { 0 };

	if (!cli_runs(c, ct))
		return cli_not_running(c, "it is not running");
	if (container_running(ct, &s, &e) < 0)
		return cli_fail(c, &e);
	container_take(ct, s);
	return 0;
}

struct container *config_of(const struct cli *c, bool running)
{
	_own_container struct container *ct = cli_container(c);
	_own_problems struct problems told_by_check = { 0 };
	int r = 0;

	if (!ct)
		return NULL;
	if (running)
		return load_running(c, ct) == 0 ? take_ptr(&ct) : NULL;
	r = container_load(ct, c->rcfile, &told_by_check);
	if (r == -ENOENT && c->rcfile)
		(void)cli_say(c, "cannot read the config %s: %s", c->rcfile, strerror(ENOENT));
	else if (r == -ENOENT)
		(void)cli_say(c, "Container is not defined");
	else if (r < 0 && r != -EINVAL)
		(void)cli_problems(c, &told_by_check);
	else
		return take_ptr(&ct);
	return NULL;
}

bool config_below(const char *key, const char *asked)
{
	size_t n = asked ? strlen(asked) : 0;

	return !asked || (strncmp(key, asked, n) == 0 && (!key[n] || key[n] == '.'));
}

static int add_row(struct strv *cells, const struct value *v)
{
	enum feature_id feature;
	const char *rest;
	unsigned index;
	const struct key *k = key_find(v->key, &feature, &index, &rest);
	int bad = strv_add(cells, v->key) | strv_add(cells, v->text) | strv_add(cells, v->at.file ? v->at.file : "");

	bad |= v->at.file ? strv_addf(cells, "%u", v->at.line) : strv_add(cells, "");
	return bad | strv_add(cells, k ? k->help : "");
}

int config_answer(const struct cli *c, const struct values *all, const char *below)
{
	static const struct format_column columns[] = {
		{ "key", CELL_TEXT },	{ "value", CELL_TEXT }, { "file", CELL_TEXT },
		{ "line", CELL_PLAIN }, { "help", CELL_TEXT },
	};
	struct answer a = { .noun = "keys", .columns = columns, .n = ARRAY_SIZE(columns) };
	int bad = 0;

	for (size_t i = 0; i < all->n; i++)
		if (config_below(all->v[i].key, below))
			bad |= add_row(&a.cells, &all->v[i]);
	return cli_answer(c, &a, bad);
}
