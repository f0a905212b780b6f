/* SPDX-License-Identifier: MIT */
/* Rows and columns as a table, as JSON, as CSV. */
#include "base/format.h"

#include "base/own.h"
#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { COLUMNS_MOST = 32 };

int format_of(const char *word, enum format *out)
{
	static const char *const words[] = { [FORMAT_TABLE] = "table", [FORMAT_JSON] = "json", [FORMAT_CSV] = "csv" };

	for (size_t i = FORMAT_TABLE; i < ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i]) == 0) {
			*out = (enum format)i;
			return 0;
		}
	return -EINVAL;
}

void format_json_text(FILE *f, const char *s)
{
	(void)fputc('"', f);
	while (*s) {
		unsigned char ch = (unsigned char)*s;
		size_t n = utf8_length(s);

		if (ch == '"' || ch == '\\')
			(void)fprintf(f, "\\%c", ch);
		else if (ch < 0x20 || ch == 0x7f)
			(void)fprintf(f, "\\u%04x", ch);
		else if (n)
			(void)fwrite(s, 1, n, f);
		else
			(void)fputs("\\ufffd", f);
		s += n ? n : 1;
	}
	(void)fputc('"', f);
}

static void json_list(FILE *f, const char *lines)
{
	_own_strv struct strv v = { 0 };

	(void)fputc('[', f);
	if (strv_split(&v, lines, "\n") == 0)
		for (size_t i = 0; i < v.n; i++) {
			if (i)
				(void)fputs(", ", f);
			format_json_text(f, v.v[i]);
		}
	(void)fputc(']', f);
}

static void json_cell(FILE *f, enum cell kind, const char *cell)
{
	if (kind == CELL_LIST)
		json_list(f, cell);
	else if (!*cell)
		(void)fputs("null", f);
	else if (kind == CELL_PLAIN)
		(void)fputs(cell, f);
	else
		format_json_text(f, cell);
}

static void json_object(const struct format_column *columns, size_t n, char *const *cells, FILE *f)
{
	for (size_t k = 0; k < n; k++) {
		(void)fprintf(f, "%s\"%s\": ", k ? ", " : "{", columns[k].name);
		json_cell(f, columns[k].kind, cells[k]);
	}
	(void)fputc('}', f);
}

void format_line(const struct format_column *columns, size_t n, char *const *cells, FILE *out)
{
	json_object(columns, n, cells, out);
	(void)fputc('\n', out);
}

static void print_json(const struct answer *a, FILE *f)
{
	(void)fprintf(f, "{\"format\": %d, \"%s\": [", FORMAT_VERSION, a->noun);
	for (size_t i = 0; i < a->cells.n; i += a->n) {
		(void)fputs(i ? ",\n " : "\n ", f);
		json_object(a->columns, a->n, a->cells.v + i, f);
	}
	(void)fputs(a->cells.n ? "\n]}\n" : "]}\n", f);
}

/* RFC 4180: in quotes where it must be, a quote doubled. A list's elements are parted by blanks. */
static void csv_cell(FILE *f, enum cell kind, const char *s)
{
	bool quoted = s[strcspn(s, kind == CELL_LIST ? ",\"\r" : ",\"\r\n")];

	if (quoted)
		(void)fputc('"', f);
	for (; *s; s++) {
		if (*s == '"')
			(void)fputc('"', f);
		(void)fputc(kind == CELL_LIST && *s == '\n' ? ' ' : *s, f);
	}
	if (quoted)
		(void)fputc('"', f);
}

void format_csv_head(const struct format_column *columns, size_t n, FILE *f)
{
	for (size_t k = 0; k < n; k++)
		(void)fprintf(f, "%s%s", k ? "," : "", columns[k].name);
	(void)fputc('\n', f);
}

void format_csv_line(const struct format_column *columns, size_t n, char *const *cells, FILE *f)
{
	for (size_t k = 0; k < n; k++) {
		csv_cell(f, columns[k].kind, cells[k]);
		(void)fputc(k + 1 < n ? ',' : '\n', f);
	}
}

static void print_csv(const struct answer *a, FILE *f)
{
	format_csv_head(a->columns, a->n, f);
	for (size_t i = 0; i < a->cells.n; i += a->n)
		format_csv_line(a->columns, a->n, a->cells.v + i, f);
}

static void table_cell(FILE *f, const char *s, int width, bool right, bool last)
{
	int blanks = width - (int)utf8_columns(s);

	(void)fprintf(f, "%*s%s%*s", right ? blanks : 0, "", s, right || last ? 0 : blanks, "");
	(void)fputs(last ? "\n" : "  ", f);
}

static void print_table(const struct answer *a, FILE *f)
{
	int width[COLUMNS_MOST];
	char name[64];

	for (size_t i = 0; i < a->cells.n; i++)
		for (char *p = a->cells.v[i]; *p; p++)
			if (*p == '\n')
				*p = ' ';
	for (size_t k = 0; k < a->n; k++) {
		width[k] = (int)strlen(a->columns[k].name);
		for (size_t i = k; i < a->cells.n; i += a->n)
			if ((int)utf8_columns(a->cells.v[i]) > width[k])
				width[k] = (int)utf8_columns(a->cells.v[i]);
	}
	for (size_t k = 0; k < a->n; k++) {
		size_t n = 0;

		for (const char *p = a->columns[k].name; *p && n + 1 < sizeof(name); p++)
			name[n++] = (char)toupper((unsigned char)*p);
		name[n] = 0;
		table_cell(f, name, width[k], a->columns[k].kind == CELL_PLAIN, k + 1 == a->n);
	}
	for (size_t i = 0; i < a->cells.n; i++)
		table_cell(f, *a->cells.v[i] ? a->cells.v[i] : "-", width[i % a->n],
			   a->columns[i % a->n].kind == CELL_PLAIN, (i + 1) % a->n == 0);
}

int format_print(const struct answer *a, enum format f, FILE *out)
{
	if (a->n > COLUMNS_MOST)
		return -1;
	if (f == FORMAT_JSON)
		print_json(a, out);
	else if (f == FORMAT_CSV)
		print_csv(a, out);
	else
		print_table(a, out);
	return 0;
}
