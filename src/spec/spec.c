/* SPDX-License-Identifier: MIT */
/* Sets, clears, gets and prints the values of a spec by their rows. */
#include "spec/spec.h"

#include "base/own.h"
#include "spec/key.h"
#include "spec/legacy.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* The room is the power of two above n: it grows only when n reaches one. */
static struct item *grow(struct list *l)
{
	size_t n = l->n;

	return n && n & (n - 1) ? l->v : realloc(l->v, (n ? 2 * n : 1) * sizeof(*l->v));
}

/* Takes text, which may be NULL for want of memory; also where it fails. */
static int list_take(struct list *l, const char *name, char *text, struct origin at)
{
	struct item *grown = grow(l);
	struct item it = { .name = name ? strdup(name) : NULL, .text = text, .at = at };

	if (grown)
		l->v = grown;
	if (!grown || !it.text || (name && !it.name)) {
		free(it.name);
		free(it.text);
		return -ENOMEM;
	}
	l->v[l->n++] = it;
	return 0;
}

int list_add(struct list *l, const char *name, const char *text, struct origin at)
{
	return list_take(l, name, strdup(text), at);
}

void list_clear(struct list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].text);
	}
	free(l->v);
	*l = (struct list){ 0 };
}

/* Takes the elements of that name away; their order is kept. */
static void list_drop(struct list *l, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].name, name) == 0) {
			free(l->v[i].name);
			free(l->v[i].text);
		} else {
			l->v[kept++] = l->v[i];
		}
	}
	l->n = kept;
}

void field_clear(const struct key *k, void *field, const char *rest, const char *dflt)
{
	struct text *t = field;
	struct number *n = field;

	switch (k->type->shape) {
	case SHAPE_TEXT:
		free(t->s);
		*t = (struct text){ .s = dflt ? strdup(dflt) : NULL };
		return;
	case SHAPE_NUMBER:
		*n = (struct number){ 0 };
		if (dflt)
			(void)k->type->number(dflt, &n->n);
		return;
	case SHAPE_LIST:
		if (rest)
			list_drop(field, rest);
		else
			list_clear(field);
		return;
	}
}

static void *base_of(const struct spec *s, enum feature_id f, const struct key *k, unsigned index, bool create)
{
	if (strchr(k->name, '#') && features[f]->at)
		return features[f]->at(s->part[f], index, create);
	return s->part[f];
}

int spec_new(struct spec **out, struct err *e)
{
	struct spec *s = calloc(1, sizeof(*s));

	for (unsigned f = 0; s && f < FEATURE_COUNT; f++) {
		s->part[f] = calloc(1, features[f]->size ? features[f]->size : 1);
		if (!s->part[f]) {
			spec_free(s);
			s = NULL;
			break;
		}
		for (size_t k = 0; k < features[f]->n_keys; k++)
			if (!strchr(features[f]->keys[k].name, '#') && features[f]->keys[k].dflt)
				field_clear(&features[f]->keys[k], (char *)s->part[f] + features[f]->keys[k].field,
					    NULL, features[f]->keys[k].dflt);
	}
	if (!s)
		return err_num(e, ENOMEM, "hold the config", "%s", "");
	*out = s;
	return 0;
}

void spec_free(struct spec *s)
{
	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		if (!s->part[f])
			continue;
		if (features[f]->drop)
			features[f]->drop(s->part[f], UINT_MAX);
		for (size_t k = 0; k < features[f]->n_keys; k++)
			if (!strchr(features[f]->keys[k].name, '#') && !features[f]->keys[k].set)
				field_clear(&features[f]->keys[k], (char *)s->part[f] + features[f]->keys[k].field,
					    NULL, NULL);
		free(s->part[f]);
	}
	strv_free(&s->files);
	free(s);
}

const char *spec_file(struct spec *s, const char *file)
{
	for (size_t i = 0; i < s->files.n; i++)
		if (strcmp(s->files.v[i], file) == 0)
			return s->files.v[i];
	return strv_add(&s->files, file) < 0 ? NULL : s->files.v[s->files.n - 1];
}

static int refuse(struct err *e, const struct key *k, const char *key, const char *value, struct origin at)
{
	int r = err_say(e, EINVAL, "bad value \"%.200s\" of %s: allowed is %s", value, key,
			k->values ? k->values : k->type->name);

	err_key(e, key, at);
	return r;
}

int spec_refuse(const char *key, const char *value, struct origin at, struct err *e)
{
	enum feature_id f;
	unsigned index;
	const char *rest;

	return refuse(e, key_find(key, &f, &index, &rest), key, value, at);
}

/* The element of that name gets another value. 0: there is none. */
static int list_replace(struct list *l, const char *name, const char *text, struct origin at)
{
	for (size_t i = 0; i < l->n; i++) {
		char *copy;

		if (strcmp(l->v[i].name, name) != 0)
			continue;
		copy = strdup(text);
		if (!copy)
			return -ENOMEM;
		free(l->v[i].text);
		l->v[i].text = copy;
		l->v[i].at = at;
		return 1;
	}
	return 0;
}

/* Cleans one element and adds it; a named list holds each name as often as it was set unless its row says once. */
static int add_element(const struct key *k, struct list *l, const char *rest, const char *text, struct origin at,
		       struct err *e)
{
	_own_free char *cleaned = NULL;
	int r = rest && k->check_name ? k->check_name(rest, e) : 0;

	if (r < 0)
		return r;
	if (k->type->clean && k->type->clean(text, &cleaned) < 0)
		return -EINVAL;
	if (k->check) {
		r = k->check(cleaned ? cleaned : text, e);
		if (r < 0)
			return r;
	}
	r = rest && k->once ? list_replace(l, rest, cleaned ? cleaned : text, at) : 0;
	if (r)
		return r < 0 ? r : 0;
	return list_take(l, rest, cleaned ? take_ptr(&cleaned) : strdup(text), at);
}

static int set_list(const struct key *k, struct list *l, const char *rest, const char *value, struct origin at,
		    struct err *e)
{
	char comma[2] = { k->type->comma, 0 };
	_own_strv struct strv words = { 0 };
	size_t before = l->n;
	int r;

	if (k->type->whole)
		return -EINVAL;
	if (!k->type->split && !k->type->comma)
		return add_element(k, l, rest, value, at, e);
	r = strv_split(&words, value, k->type->comma ? comma : " \t");
	for (size_t i = 0; r == 0 && i < words.n; i++)
		r = add_element(k, l, rest, words.v[i], at, e);
	while (r < 0 && l->n > before) { /* all of a line or nothing */
		l->n--;
		free(l->v[l->n].name);
		free(l->v[l->n].text);
	}
	return r;
}

static int set_text(const struct key *k, struct text *t, const char *value, struct origin at, struct err *e)
{
	_own_free char *cleaned = NULL;
	int r = k->type->clean ? k->type->clean(value, &cleaned) : 0;

	if (r == 0 && !cleaned)
		cleaned = strdup(value);
	if (r == 0 && !cleaned)
		r = -ENOMEM;
	if (r == 0 && k->check)
		r = k->check(cleaned, e);
	if (r < 0)
		return r;
	free(t->s);
	*t = (struct text){ .s = take_ptr(&cleaned), .at = at };
	return 0;
}

static int set_number(const struct key *k, struct number *n, const char *value, struct origin at, struct err *e)
{
	long long v = 0;
	int r = k->type->number(value, &v);

	if (r == 0 && k->check)
		r = k->check(value, e);
	if (r == 0)
		*n = (struct number){ .n = v, .set = true, .at = at };
	return r;
}

static int unknown_key(struct err *e, const char *key, struct origin at)
{
	const char *near = key_nearest(key);
	char old[160];
	int r = err_say(e, EINVAL, "unknown key %s", key);

	err_key(e, key, at);
	if (legacy_hint(key, old, sizeof(old)))
		err_hint(e, "%s", old);
	else if (near)
		err_hint(e, "did you mean %s?", near);
	return r;
}

int spec_set(struct spec *s, const char *key, const char *value, struct origin at, struct err *e)
{
	enum feature_id f;
	const char *rest;
	unsigned index;
	const struct key *k = key_find(key, &f, &index, &rest);
	char *base;
	int r = -EINVAL;

	if (!k)
		return unknown_key(e, key, at);
	if (strpbrk(value, "\n\r")) {
		r = err_say(e, EINVAL, "a value of %s cannot hold a newline", key);
		err_key(e, key, at);
		return r;
	}
	if (f == FEATURE_INCLUDE)
		return spec_include(s, value, at, e);
	if (k->set) {
		r = k->set(s->part[f], index, value, at, e);
	} else {
		base = base_of(s, f, k, index, true);
		if (!base)
			return err_num(e, ENOMEM, "hold", "%s", key);
		base += k->field;
		if (!*value) {
			field_clear(k, base, rest, k->emptied ? k->emptied : k->dflt);
			return 0;
		}
		switch (k->type->shape) {
		case SHAPE_TEXT:
			r = set_text(k, (struct text *)base, value, at, e);
			break;
		case SHAPE_NUMBER:
			r = set_number(k, (struct number *)base, value, at, e);
			break;
		case SHAPE_LIST:
			r = set_list(k, (struct list *)base, rest, value, at, e);
			break;
		}
	}
	if (r < 0 && e && !e->set)
		return refuse(e, k, key, value, at);
	if (r < 0)
		err_key(e, key, at);
	return r;
}

int spec_clear(struct spec *s, const char *key, struct err *e)
{
	enum feature_id f;
	const char *rest;
	unsigned index;
	const struct key *k = key_find(key, &f, &index, &rest);
	char *base;

	if (!k)
		return unknown_key(e, key, (struct origin){ 0 });
	if (k->set)
		return k->set(s->part[f], index, "", (struct origin){ 0 }, e);
	base = base_of(s, f, k, index, false);
	if (base)
		field_clear(k, base + k->field, rest, k->dflt);
	return 0;
}

static void print_item(const struct key *k, const struct item *it, struct buf *out)
{
	(void)k;
	buf_addf(out, "%s", it->text);
}

static void get_list(const struct key *k, const struct list *l, const char *rest, struct buf *out)
{
	bool first = true;

	for (size_t i = 0; i < l->n; i++) {
		if (rest && strcmp(l->v[i].name, rest) != 0)
			continue;
		if (k->type->whole)
			buf_addf(out, "%s.%s = %s\n", k->name, l->v[i].name, l->v[i].text);
		else if (k->type->bare)
			print_item(k, &l->v[i], out);
		else if (k->type->comma || k->type->joined) {
			if (!first)
				buf_addf(out, "%c", k->type->comma ? k->type->comma : '\n');
			print_item(k, &l->v[i], out);
		} else {
			print_item(k, &l->v[i], out);
			buf_addf(out, "\n");
		}
		first = false;
	}
}

static void print_number(const struct key *k, long long n, struct buf *out)
{
	if (k->type->print)
		k->type->print(n, out);
	else
		buf_addf(out, "%lld", n);
}

int spec_get(const struct spec *s, const char *key, struct buf *out)
{
	enum feature_id f;
	const char *rest;
	unsigned index;
	const struct key *k = key_find(key, &f, &index, &rest);
	const char *base;

	if (!k)
		return -EINVAL;
	if (k->get)
		return k->get(s->part[f], index, out);
	base = base_of(s, f, k, index, false);
	if (!base)
		return -EINVAL;
	base += k->field;
	switch (k->type->shape) {
	case SHAPE_TEXT:
		buf_addf(out, "%s", ((const struct text *)base)->s ?: "");
		break;
	case SHAPE_NUMBER:
		print_number(k, ((const struct number *)base)->n, out);
		break;
	case SHAPE_LIST:
		get_list(k, (const struct list *)base, rest, out);
		break;
	}
	return out->failed ? -ENOMEM : 0;
}

/* The name as the user writes it: '#' and '*' filled in. */
static void print_name(const struct key *k, unsigned index, const char *rest, struct buf *out)
{
	for (const char *c = k->name; *c; c++) {
		if (*c == '#')
			buf_addf(out, "%u", index);
		else if (*c == '*')
			buf_addf(out, "%s", rest ? rest : "");
		else
			buf_add(out, c, 1);
	}
}

static void print_line(const struct key *k, unsigned index, const char *rest, const char *value, struct origin at,
		       struct buf *out)
{
	buf_addf(out, "# %u \"%s\"\n", at.line, at.file ? at.file : "");
	print_name(k, index, rest, out);
	buf_addf(out, " = %s\n", value);
}

static void print_field(const struct key *k, unsigned index, const void *field, struct buf *out)
{
	const struct text *t = field;
	const struct number *n = field;
	const struct list *l = field;

	switch (k->type->shape) {
	case SHAPE_TEXT:
		if (t->s && (t->at.file || !k->dflt || strcmp(t->s, k->dflt) != 0))
			print_line(k, index, NULL, t->s, t->at, out);
		break;
	case SHAPE_NUMBER: {
		_own_buf struct buf v = { 0 };
		long long dflt = 0, ignored;

		if (k->dflt)
			(void)k->type->number(k->dflt, &dflt);
		if (n->set || n->n != dflt) {
			bool written;

			print_number(k, n->n, &v);
			written = v.s && k->type->number(v.s, &ignored) == 0;
			/* What cannot be written, such as the mode of a device that was cleared, is what an empty value
			 * makes of one that is there. */
			if (!written && k->dflt)
				print_line(k, index, NULL, k->dflt, n->at, out);
			print_line(k, index, NULL, written ? v.s : "", n->at, out);
		}
		break;
	}
	case SHAPE_LIST:
		for (size_t i = 0; i < l->n && !k->type->whole; i++)
			print_line(k, index, l->v[i].name, l->v[i].text, l->v[i].at, out);
		break;
	}
}

int spec_print(const struct spec *s, struct buf *out)
{
	for (unsigned f = 0; f < FEATURE_COUNT; f++) {
		const struct feature *ft = features[f];

		for (size_t k = 0; k < ft->n_keys; k++)
			if (!strchr(ft->keys[k].name, '#') && !ft->keys[k].set)
				print_field(&ft->keys[k], 0, (char *)s->part[f] + ft->keys[k].field, out);
		for (size_t i = 0; ft->nth; i++) {
			int index = ft->nth(s->part[f], i);
			char *base = index < 0 ? NULL : ft->at(s->part[f], (unsigned)index, false);

			if (!base)
				break;
			for (size_t k = 0; k < ft->n_keys; k++)
				if (strchr(ft->keys[k].name, '#') && ft->keys[k].type)
					print_field(&ft->keys[k], (unsigned)index, base + ft->keys[k].field, out);
		}
	}
	return out->failed ? -ENOMEM : 0;
}

struct err *problems_next(struct problems *p)
{
	struct err *grown = p->n < PROBLEMS_MOST ? realloc(p->v, (p->n + 1) * sizeof(*grown)) : NULL;

	if (!grown)
		return NULL;
	p->v = grown;
	err_clear(&p->v[p->n]);
	return &p->v[p->n++];
}

struct err *problems_warn(struct problems *p)
{
	struct err *e = problems_next(p);

	if (e)
		e->warning = true;
	return e;
}

void problems_free(struct problems *p)
{
	free(p->v);
	*p = (struct problems){ 0 };
}

bool spec_strict(const struct spec *s)
{
	_own_buf struct buf b = { 0 };

	return spec_get(s, "lxc.config.strict", &b) == 0 && b.s && strcmp(b.s, "1") == 0;
}

void problem_harden(struct err *e)
{
	if (!e->warning)
		return;
	e->warning = false;
	err_hint(e, "take the line out, or unset lxc.config.strict");
}

int spec_check(const struct spec *s, struct problems *p)
{
	size_t before = p->n;
	bool strict = spec_strict(s);
	int x = 0;

	for (unsigned f = 0; f < FEATURE_COUNT; f++)
		if (features[f]->check)
			features[f]->check(s, p);
	for (size_t i = before; i < p->n; i++) {
		if (strict)
			problem_harden(&p->v[i]);
		if (!p->v[i].warning)
			x = -EINVAL;
	}
	return x;
}
