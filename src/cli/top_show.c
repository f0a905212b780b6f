/* SPDX-License-Identifier: MIT */
/* The screen of `top`, its lines for a file, its answer to programs. */
#include "cli/top.h"

#include "base/own.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

enum { SIZE_TEXT = 32, LINES = 24, AROUND = 3, NS_OF_TICK = 10 * 1000 * 1000 };

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

static void line(FILE *f, const char *name, const struct cgroup_stats *s, const struct cgroup_stats *sum)
{
	char all[SIZE_TEXT], in[SIZE_TEXT], out[SIZE_TEXT], io[3 * SIZE_TEXT], size[SIZE_TEXT];

	(void)snprintf(io, sizeof(io), "%s(%s/%s)", size_text(s->io_bytes, all), size_text(s->io_read, in),
		       size_text(s->io_write, out));
	(void)fprintf(f, "%-18.18s %12.2f %12.2f %12.2f %36s %10s", name, (double)s->cpu_ns / ns,
		      (double)s->cpu_sys_ns / ns, (double)s->cpu_user_ns / ns, io, size_text(s->memory, size));
	if (sum->memory_swap > 0)
		(void)fprintf(f, " %10s", size_text(s->memory_swap, size));
	if (sum->kmem > 0)
		(void)fprintf(f, " %10s", size_text(s->kmem, size));
}

static void head(FILE *f, const char *const text[8], const struct cgroup_stats *sum)
{
	(void)fprintf(f, "%-18s %12s %12s %12s %36s %10s", text[0], text[1], text[2], text[3], text[4], text[5]);
	if (sum->memory_swap > 0)
		(void)fprintf(f, " %10s", text[6]);
	if (sum->kmem > 0)
		(void)fprintf(f, " %10s", text[7]);
	(void)fputc('\n', f);
}

static struct cgroup_stats sum_of(const struct top_rows *rows)
{
	struct cgroup_stats t = { 0 };

	for (size_t i = 0; i < rows->n; i++) {
		const struct cgroup_stats *s = &rows->v[i].s;

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

static size_t room(void)
{
	struct winsize w;
	size_t lines = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row ? w.ws_row : LINES;

	return lines > AROUND ? lines - AROUND : 1;
}

void top_show_screen(const struct top_rows *rows, FILE *f)
{
	static const char *const above[] = { "Container", "CPU", "CPU", "CPU", "BlkIO", "Mem", "MemSw", "KMem" };
	static const char *const below[] = {
		"Name", "Used", "Sys", "User", "Total(Read/Write)", "Used", "Used", "Used"
	};
	struct cgroup_stats sum = sum_of(rows);
	size_t shown = rows->n < room() ? rows->n : room();
	char total[64];

	(void)fputs("\033[H\033[J\033[7m\033[1m", f);
	head(f, above, &sum);
	head(f, below, &sum);
	(void)fputs("\033[0m", f);
	for (size_t i = 0; i < shown; i++) {
		line(f, rows->v[i].name, &rows->v[i].s, &sum);
		(void)fputc('\n', f);
	}
	(void)snprintf(total, sizeof(total), "TOTAL %zu of %zu", shown, rows->n);
	line(f, total, &sum, &sum);
	(void)fflush(f);
}

void top_show_batch_head(FILE *f)
{
	(void)fputs("time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,mem_used_bytes,"
		    "memsw_used_bytes,kernel_mem_used_bytes\n",
		    f);
	(void)fflush(f);
}

void top_show_batch(const struct top_rows *rows, FILE *f)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	for (size_t i = 0; i < rows->n; i++) {
		const struct cgroup_stats *s = &rows->v[i].s;

		(void)fprintf(f,
			      "%" PRId64 ",%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
			      ",%" PRId64 ",%" PRId64 "\n",
			      (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, rows->v[i].name, s->cpu_ns,
			      s->cpu_sys_ns / NS_OF_TICK, s->cpu_user_ns / NS_OF_TICK, s->io_bytes, s->io_ops,
			      s->memory, s->memory_swap, s->kmem);
	}
	(void)fputc('\n', f);
	(void)fflush(f);
}

int top_show_answer(const struct cli *c, const struct top_rows *rows)
{
	static const struct format_column columns[] = {
		{ "name", CELL_TEXT },		 { "cpu_ns", CELL_PLAIN },	  { "cpu_user_ns", CELL_PLAIN },
		{ "cpu_system_ns", CELL_PLAIN }, { "memory_bytes", CELL_PLAIN },  { "memory_swap_bytes", CELL_PLAIN },
		{ "kernel_bytes", CELL_PLAIN },	 { "io_read_bytes", CELL_PLAIN }, { "io_write_bytes", CELL_PLAIN },
		{ "io_operations", CELL_PLAIN }, { "pids", CELL_PLAIN },
	};
	struct answer a = { .noun = "containers", .columns = columns, .n = ARRAY_SIZE(columns) };
	int bad = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct cgroup_stats *s = &rows->v[i].s;
		const int64_t n[] = { s->cpu_ns, s->cpu_user_ns, s->cpu_sys_ns, s->memory, s->memory_swap,
				      s->kmem,	 s->io_read,	 s->io_write,	s->io_ops, s->pids };

		bad |= strv_add(&a.cells, rows->v[i].name);
		for (size_t k = 0; k < ARRAY_SIZE(n); k++)
			bad |= strv_addf(&a.cells, "%" PRId64, n[k]);
	}
	return cli_answer(c, &a, bad);
}
