/* SPDX-License-Identifier: MIT */
/* lxc-top's screen, its lines for a file, and the answer to programs. */
#include "cli/top.h"

#include "base/own.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { NAME = 18, SIZE_TEXT = 32, LINES = 24, AROUND = 3, HEAD = 2, NS_OF_TICK = 10 * 1000 * 1000 };

static const double ns = 1e9;

/* Ten columns: "704.00 KiB"; bytes have no unit. */
static char *size_text(int64_t n, char text[SIZE_TEXT])
{
	static const char *const units[] = { "  ", " KiB", " MiB", " GiB", " TiB" };
	double v = (double)n;
	size_t u = 0;

	if (n > 1024)
		for (u = 1, v /= 1024; v >= 1024 && u + 1 < ARRAY_SIZE(units); u++)
			v /= 1024;
	(void)snprintf(text, SIZE_TEXT, "%6.2f%s%s", v, units[u], u ? "" : " ");
	return text;
}

/* printf() counts bytes. */
static void name_cell(FILE *f, const char *name)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "%s", name);
	text_cut(text, NAME);
	(void)fprintf(f, "%s%*s", text, NAME - (int)utf8_columns(text), "");
}

/* What a line has beside name, CPU, I/O and memory. */
struct layout {
	bool cpu_parts, io_parts, swap, kernel;
};

static void line(FILE *f, const char *name, const struct cgroup_stats *s, const struct layout *l)
{
	char all[SIZE_TEXT], in[SIZE_TEXT], out[SIZE_TEXT], io[3 * SIZE_TEXT], size[SIZE_TEXT];

	name_cell(f, name);
	(void)fprintf(f, " %12.2f", (double)s->cpu_ns / ns);
	if (l->cpu_parts)
		(void)fprintf(f, " %12.2f %12.2f", (double)s->cpu_sys_ns / ns, (double)s->cpu_user_ns / ns);
	(void)snprintf(io, sizeof(io), "%s(%s/%s)", size_text(s->io_bytes, all), size_text(s->io_read, in),
		       size_text(s->io_write, out));
	(void)fprintf(f, l->io_parts ? " %36s" : " %10s", l->io_parts ? io : all);
	(void)fprintf(f, " %10s", size_text(s->memory, size));
	if (l->swap)
		(void)fprintf(f, " %10s", size_text(s->memory_swap, size));
	if (l->kernel)
		(void)fprintf(f, " %10s", size_text(s->kmem, size));
}

static void head(FILE *f, const char *const text[8], const struct layout *l)
{
	(void)fprintf(f, "%-*s %12s", NAME, text[0], text[1]);
	if (l->cpu_parts)
		(void)fprintf(f, " %12s %12s", text[2], text[3]);
	(void)fprintf(f, l->io_parts ? " %36s %10s" : " %10.5s %10s", text[4], text[5]);
	if (l->swap)
		(void)fprintf(f, " %10s", text[6]);
	if (l->kernel)
		(void)fprintf(f, " %10s", text[7]);
}

static size_t width(const struct layout *l)
{
	return NAME + 13 + (l->cpu_parts ? 26 : 0) + (l->io_parts ? 37 : 11) + 11 + (l->swap ? 11 : 0) +
	       (l->kernel ? 11 : 0);
}

/* LXC's columns where the terminal has room for them; else without the parts of a sum. 0: no terminal. */
static struct layout layout_for(const struct cgroup_stats *sum, size_t columns)
{
	struct layout l = {
		.cpu_parts = true, .io_parts = true, .swap = sum->memory_swap > 0, .kernel = sum->kmem > 0
	};

	if (columns && width(&l) > columns)
		l.cpu_parts = false;
	if (columns && width(&l) > columns)
		l.io_parts = false;
	return l;
}

static struct cgroup_stats sum_of(struct top_row *const *rows, size_t n)
{
	struct cgroup_stats t = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct cgroup_stats *s = &rows[i]->s;

		t.cpu_ns += s->cpu_ns;
		t.cpu_sys_ns += s->cpu_sys_ns;
		t.cpu_user_ns += s->cpu_user_ns;
		t.io_bytes += s->io_bytes;
		t.io_read += s->io_read;
		t.io_write += s->io_write;
		t.memory += s->memory;
		t.memory_swap += s->memory_swap;
		t.kmem += s->kmem;
	}
	return t;
}

size_t top_lines(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row ? w.ws_row : LINES;
}

static size_t room(void)
{
	size_t lines = top_lines();

	return lines > AROUND ? lines - AROUND : 1;
}

/* All lines of the screen. */
static void print_screen(struct top_row *const *rows, size_t n, size_t columns, FILE *f)
{
	static const char *const above[] = { "Container", "CPU", "CPU", "CPU", "BlkIO", "Mem", "MemSw", "KMem" };
	static const char *const below[] = {
		"Name", "Used", "Sys", "User", "Total(Read/Write)", "Used", "Used", "Used"
	};
	struct cgroup_stats sum = sum_of(rows, n);
	struct layout l = layout_for(&sum, columns);
	size_t shown = n < room() ? n : room();
	char total[64];

	head(f, above, &l);
	(void)fputc('\n', f);
	head(f, below, &l);
	for (size_t i = 0; i < shown; i++) {
		(void)fputc('\n', f);
		line(f, rows[i]->name, &rows[i]->s, &l);
	}
	(void)snprintf(total, sizeof(total), "TOTAL %zu of %zu", shown, n);
	(void)fputc('\n', f);
	line(f, total, &sum, &l);
}

/* A line that is wider than the terminal would go on in the next one, and the screen upwards: it is cut. */
void top_show_screen(struct top_row *const *rows, size_t n, FILE *f)
{
	size_t len = 0, columns = text_columns(STDOUT_FILENO);
	char *text = NULL, *rest, *l;
	FILE *m = open_memstream(&text, &len);

	if (!m)
		return;
	print_screen(rows, n, columns, m);
	if (fclose(m) == 0) {
		(void)fputs("\033[H\033[J\033[7m\033[1m", f);
		rest = text;
		for (int i = 0; (l = strsep(&rest, "\n")); i++) {
			if (columns)
				text_cut(l, columns);
			(void)fprintf(f, "%s%s%s", i == HEAD ? "\033[0m" : "", l, rest ? "\n" : "");
		}
		(void)fflush(f);
	}
	free(text);
}

void top_show_batch_head(FILE *f)
{
	(void)fputs("time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,mem_used_bytes,"
		    "memsw_used_bytes,kernel_mem_used_bytes\n",
		    f);
	(void)fflush(f);
}

void top_show_batch(struct top_row *const *rows, size_t n, FILE *f)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	for (size_t i = 0; i < n; i++) {
		const struct cgroup_stats *s = &rows[i]->s;

		(void)fprintf(f,
			      "%" PRId64 ",%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
			      ",%" PRId64 ",%" PRId64 "\n",
			      (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, rows[i]->name, s->cpu_ns,
			      s->cpu_sys_ns / NS_OF_TICK, s->cpu_user_ns / NS_OF_TICK, s->io_bytes, s->io_ops,
			      s->memory, s->memory_swap, s->kmem);
	}
	(void)fputc('\n', f);
	(void)fflush(f);
}

/* What is not known is empty. */
static int add_known(struct strv *cells, int64_t n)
{
	return n < 0 ? strv_add(cells, "") : strv_addf(cells, "%" PRId64, n);
}

int top_show_answer(const struct cli *c, struct top_row *const *rows, size_t n_rows)
{
	static const struct format_column columns[] = {
		{ "name", CELL_TEXT },
		{ "cpu_ns", CELL_PLAIN },
		{ "cpu_user_ns", CELL_PLAIN },
		{ "cpu_system_ns", CELL_PLAIN },
		{ "memory_bytes", CELL_PLAIN },
		{ "memory_swap_bytes", CELL_PLAIN },
		{ "kernel_bytes", CELL_PLAIN },
		{ "io_read_bytes", CELL_PLAIN },
		{ "io_write_bytes", CELL_PLAIN },
		{ "io_operations", CELL_PLAIN },
		{ "pids", CELL_PLAIN },
		{ "rx_bytes", CELL_PLAIN },
		{ "tx_bytes", CELL_PLAIN },
		CLI_PRESSURE_COLUMNS,
	};
	struct answer a = { .noun = "containers", .columns = columns, .n = ARRAY_SIZE(columns) };
	int bad = 0;

	for (size_t i = 0; i < n_rows; i++) {
		const struct cgroup_stats *s = &rows[i]->s;
		const int64_t n[] = { s->cpu_ns, s->cpu_user_ns, s->cpu_sys_ns, s->memory, s->memory_swap,
				      s->kmem,	 s->io_read,	 s->io_write,	s->io_ops, s->pids };

		bad |= strv_add(&a.cells, rows[i]->name);
		for (size_t k = 0; k < ARRAY_SIZE(n); k++)
			bad |= strv_addf(&a.cells, "%" PRId64, n[k]);
		bad |= add_known(&a.cells, rows[i]->rx) | add_known(&a.cells, rows[i]->tx) |
		       cli_add_pressure(&a.cells, s);
	}
	return cli_answer(c, &a, bad);
}
