/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A config file as its user wrote it: every line, comment, blank and line ending is kept, in its order. A change
 * touches the lines of one key only; included files are never inlined. What the lines mean is the spec's business
 * (spec/spec.h): a value is checked there, with spec_set(), before it goes into a document.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct document;

/* An empty one: a file that is yet to be written. */
int document_new(struct document **out, struct err *e) _must_check;
/* The file's lines. -ENOENT: there is no such file. */
int document_read(struct document **out, const char *path, struct err *e) _must_check;
/* The same out of text; path (may be NULL) is where document_save() will put it. */
int document_parse(struct document **out, const char *text, size_t len, const char *path, struct err *e) _must_check;
void document_free(struct document *d);
static inline void own_document_end(struct document **d)
{
	if (*d)
		document_free(*d);
}
#define _own_document __attribute__((cleanup(own_document_end)))

/* Adds the lines of that file behind its own, as lxc_container's load_config() does. */
int document_append(struct document *d, const char *text, size_t len, struct err *e) _must_check;

/*
 * "KEY = VALUE". A scalar's last line is replaced where it stands (others of that key stay), or appended if there is
 * none, or if an lxc.include behind it could set it again. A list's value is appended. An empty value: as
 * document_clear() (lxc.autodev: 0). Refused: an unknown key, a newline in the value.
 */
int document_set(struct document *d, const char *key, const char *value, struct err *e) _must_check;
/*
 * Takes the key's lines away; "lxc.net", "lxc.net.0", "lxc.hook", "lxc.cgroup", "lxc.cgroup2", "lxc.sysctl", "lxc.proc"
 * and "lxc.prlimit" stand for all below them. Where an included file sets the key, a line "KEY =" that clears it again
 * is put at the end.
 */
int document_clear(struct document *d, const char *key, struct err *e) _must_check;

/* The number (from 1) of the key's last line, 0 if only an include or nothing sets it. */
unsigned document_line(struct document *d, const char *key);
bool document_changed(const struct document *d);
/* The file's text, to be freed; len may be NULL. NULL: no memory. */
char *document_text(const struct document *d, size_t *len) _must_check;
/*
 * Replaces the file by rename: mode and owner stay, a symbolic link keeps pointing to it, and it is on disk when this
 * returns. path NULL: the one it was read from, which is not touched if nothing was changed.
 */
int document_save(struct document *d, const char *path, struct err *e) _must_check;
