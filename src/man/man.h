/* SPDX-License-Identifier: MIT */
#pragma once
/* The manual is written by a program out of the same rows that parse command lines and configs. Built, not installed.
 */
#include "cli/cli.h"

#include <stdio.h>

/* --- roff.c: text that man(7) shows as it is --- */
void roff_head(FILE *f, const char *page, int section, const char *what);
void roff_section(FILE *f, const char *title); /* in capitals */
void roff_sub(FILE *f, const char *title);
/* A paragraph; `\n` parts them. */
void roff_text(FILE *f, const char *text);
/* An entry in bold, what is said of it follows indented. */
void roff_entry(FILE *f, const char *entry);
/* A paragraph that goes on under an entry, begun by a word in italics (NULL: none). */
void roff_more(FILE *f, const char *label, const char *text);
/* Lines as they are. */
void roff_lines(FILE *f, const char *text);
void roff_see(FILE *f, const char *const *pages);

/* --- container_conf.c, programs.c, system_conf.c, verbs.c: whole pages --- */
void man_container_conf(FILE *f);
void man_lxc_conf(FILE *f);
void man_system_conf(FILE *f);
void man_keg(FILE *f);
void man_init(FILE *f);
void man_monitord(FILE *f);
void man_unpriv(FILE *f);
void man_user_nic(FILE *f);
void man_usernet(FILE *f);
void man_verb(FILE *f, const struct verb *v); /* lxc-VERB(1) */
