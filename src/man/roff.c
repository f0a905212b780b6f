/* SPDX-License-Identifier: MIT */
/* Plain text in the language of man(7). */
#include "man/man.h"

#include "base/version.h"

#include <ctype.h>
#include <string.h>

/* A heading begins its first paragraph by itself. */
static bool behind_heading;

static void paragraph(FILE *f)
{
	if (!behind_heading)
		(void)fputs(".PP\n", f);
	behind_heading = false;
}

/* literal: what is typed, where a hyphen must stay one. */
static void put(FILE *f, const char *text, size_t n, bool literal)
{
	if (n && (*text == '.' || *text == '\''))
		(void)fputs("\\&", f);
	for (size_t i = 0; i < n; i++) {
		switch (text[i]) {
		case '\\':
			(void)fputs("\\e", f);
			break;
		case '-':
			(void)fputs(literal ? "\\-" : "-", f);
			break;
		case '"':
			(void)fputs("\\(dq", f);
			break;
		case '\'':
			(void)fputs(literal ? "\\(aq" : "'", f);
			break;
		case '^':
			(void)fputs("\\(ha", f);
			break;
		case '~':
			(void)fputs("\\(ti", f);
			break;
		case '`':
			(void)fputs("\\(ga", f);
			break;
		default:
			(void)fputc(text[i], f);
		}
	}
}

void roff_head(FILE *f, const char *page, int section, const char *what)
{
	(void)fputs(".\\\" Written by keg-man out of the program's own tables.\n", f);
	(void)fprintf(f, ".TH %s %d \"%s\" \"Keg %s\" \"Linux containers\"\n.SH NAME\n", page, section, KEG_DATE,
		      KEG_VERSION);
	put(f, page, strlen(page), true);
	(void)fputs(" \\- ", f);
	put(f, what, strlen(what), false);
	(void)fputc('\n', f);
}

void roff_section(FILE *f, const char *title)
{
	(void)fputs(".SH ", f);
	for (; *title; title++)
		(void)fputc(toupper((unsigned char)*title), f);
	(void)fputc('\n', f);
	behind_heading = true;
}

void roff_sub(FILE *f, const char *title)
{
	(void)fputs(".SS ", f);
	put(f, title, strlen(title), true);
	(void)fputc('\n', f);
	behind_heading = true;
}

void roff_text(FILE *f, const char *text)
{
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		paragraph(f);
		put(f, text, n, false);
		(void)fputc('\n', f);
	}
}

void roff_entry(FILE *f, const char *entry)
{
	behind_heading = false;
	(void)fputs(".TP\n\\fB", f);
	put(f, entry, strlen(entry), true);
	(void)fputs("\\fR\n", f);
}

void roff_more(FILE *f, const char *label, const char *text)
{
	if (label)
		(void)fprintf(f, ".IP\n\\fI%s:\\fR ", label);
	put(f, text, strlen(text), false);
	(void)fputc('\n', f);
}

void roff_lines(FILE *f, const char *text)
{
	paragraph(f);
	(void)fputs(".RS 4\n.nf\n", f);
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		put(f, text, n, true);
		(void)fputc('\n', f);
	}
	(void)fputs(".fi\n.RE\n", f);
}

/* "lxc.conf(5)": its name in bold. */
void roff_see(FILE *f, const char *const *pages)
{
	roff_section(f, "see also");
	for (; *pages; pages++) {
		const char *behind = strchr(*pages, '(');

		(void)fputs(".BR ", f);
		put(f, *pages, (size_t)(behind - *pages), true);
		(void)fprintf(f, " %s%s\n", behind, pages[1] ? "," : "");
	}
}
