/* SPDX-License-Identifier: MIT */
/*
 * The system-call killer: calls each verb again and again, and kills one of its processes before each system call of
 * that process in turn. Afterwards the container is the old or the new one, and the host clean, or mended by the next
 * command.
 *
 *	killer BIN INIT [--verb NAME] [--process N] [--call N] [--every N] [--offset N] [--jobs N] [--scratch DIR] [-v]
 */
#include "host.h"
#include "lab.h"
#include "verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TOLD_MOST = 40, BEYOND = 40 };

static struct options {
	const char *bin, *init, *scratch, *verb;
	long every, offset, call, process;
	int jobs, verbose;
} opt = { .every = 1, .offset = -1, .process = -1, .jobs = 2 };

struct tally {
	long points, lost, left, told;
};

static long long began;

/* A finding is told once for all calls in a row that have it. */
static struct {
	char text[2 * TEXT + 4];
	int process;
	char who[32], what[32];
	long first, last;
} found;

static void flush_found(const struct verb *v, struct tally *t)
{
	if (found.text[0] && (t->told++ < TOLD_MOST || opt.verbose))
		(void)printf("  %s: process %d (%s), calls %ld (%s) to %ld: %s\n", v->name, found.process, found.who,
			     found.first, found.what, found.last, found.text);
	found.text[0] = 0;
}

static void find(const struct verb *v, const struct point *p, struct tally *t)
{
	char text[2 * TEXT + 4];

	(void)snprintf(text, sizeof(text), "%s%s%s", p->lost, p->lost[0] && p->left[0] ? "; " : "", p->left);
	if (strcmp(text, found.text) != 0 || found.process != p->victim.process) {
		flush_found(v, t);
		(void)snprintf(found.text, sizeof(found.text), "%s", text);
		(void)snprintf(found.who, sizeof(found.who), "%s", p->out.who);
		(void)snprintf(found.what, sizeof(found.what), "%s", p->out.what);
		found.process = p->victim.process;
		found.first = p->victim.call;
	}
	found.last = p->victim.call;
}

static void count(const struct verb *v, const struct point *p, struct tally *t)
{
	t->points++;
	t->lost += p->lost[0] != 0;
	t->left += p->left[0] != 0;
	if (p->lost[0] || p->left[0])
		find(v, p, t);
}

/* Every call of one process, until it has ended untouched. */
static void each_call(const struct verb *v, int process, const struct outcome *untouched, struct tally *t)
{
	static struct point p;
	long first = opt.call ? opt.call : 1 + opt.offset % opt.every;

	for (long call = first; call < untouched->calls[process] + BEYOND; call += opt.every) {
		p = (struct point){ .victim = { process, call } };
		v->point(v, &p);
		if (p.out.killed || p.lost[0] || p.left[0])
			count(v, &p, t);
		if (opt.call || (!p.out.killed && call > untouched->calls[process]))
			return;
	}
}

static void name_processes(const struct outcome *o)
{
	for (int i = 0; i < o->processes; i++)
		(void)printf("    process %d %-12s %ld calls\n", i, o->name[i], o->calls[i]);
}

static void one_verb(const struct verb *v, struct tally *t)
{
	struct outcome untouched;
	static struct point end;
	long long from = now_ms();
	double seconds;

	lab_begin(opt.scratch, opt.bin, opt.init);
	verb_begin(v, &untouched);
	if (opt.verbose)
		name_processes(&untouched);
	for (int i = 0; i < untouched.processes; i++)
		if (opt.process < 0 || opt.process == i)
			each_call(v, i, &untouched, t);
	flush_found(v, t);
	verb_end(v, &end);
	if (end.left[0])
		(void)printf("  %s: in the end: %s\n", v->name, end.left);
	t->left += end.left[0] != 0;
	lab_end();
	seconds = (double)(now_ms() - from) / 1000;
	(void)printf("%s: %ld points, %ld lost, %ld left behind (%d processes, %.1f s, %.0f points/s)\n", v->name,
		     t->points, t->lost, t->left, untouched.processes, seconds,
		     seconds > 0 ? (double)t->points / seconds : 0);
}

/* Each verb in a process of its own: what it leaves behind is its own as well. */
static pid_t begin_worker(const struct verb *v, int to)
{
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		static char buffer[1 << 20];
		struct tally t = { 0 };

		(void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
		one_verb(v, &t);
		(void)fflush(stdout);
		if (write(to, &t, sizeof(t)) != sizeof(t))
			_exit(2);
		_exit(0);
	}
	return pid;
}

static bool asked_for(const struct verb *v)
{
	return !opt.verb || strcmp(opt.verb, v->name) == 0;
}

static int end_worker(void)
{
	int status;

	while (wait(&status) < 0)
		if (errno != EINTR)
			fail("wait for a worker");
	return status;
}

static int all_verbs(void)
{
	struct tally sum = { 0 }, one;
	int pipes[2], running = 0, broken = 0, called = 0;

	if (pipe(pipes) < 0)
		fail("pipe");
	for (unsigned i = 0; i < n_verbs; i++) {
		if (!asked_for(&verbs[i]))
			continue;
		if (running == opt.jobs && running--)
			broken += end_worker() != 0;
		(void)begin_worker(&verbs[i], pipes[1]);
		running++;
		called++;
	}
	while (running-- > 0)
		broken += end_worker() != 0;
	(void)close(pipes[1]);
	while (read(pipes[0], &one, sizeof(one)) == sizeof(one)) {
		sum.points += one.points;
		sum.lost += one.lost;
		sum.left += one.left;
	}
	(void)printf("killer: %d verbs, %ld points in %lld s: ", called, sum.points, (now_ms() - began) / 1000);
	if (!sum.lost && !sum.left && !broken && called)
		(void)printf("all held\n");
	else
		(void)printf("%ld lost, %ld left behind, %d verbs broken off\n", sum.lost, sum.left, broken);
	return sum.lost || sum.left || broken || !called;
}

static long number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*text || *end || n < 0) {
		(void)fprintf(stderr, "killer: not a number: %s\n", text);
		exit(2);
	}
	return n;
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = { { "verb", 1, NULL, 'V' },    { "process", 1, NULL, 'p' },
						 { "call", 1, NULL, 'c' },    { "every", 1, NULL, 'e' },
						 { "offset", 1, NULL, 'o' },  { "jobs", 1, NULL, 'j' },
						 { "scratch", 1, NULL, 's' }, { 0 } };
	int o;

	while ((o = getopt_long(argc, argv, "v", options, NULL)) != -1) {
		switch (o) {
		case 'V':
			opt.verb = optarg;
			break;
		case 'p':
			opt.process = number(optarg);
			break;
		case 'c':
			opt.call = number(optarg);
			break;
		case 'e':
			opt.every = number(optarg) ?: 1;
			break;
		case 'o':
			opt.offset = number(optarg);
			break;
		case 'j':
			opt.jobs = (int)number(optarg) ?: 1;
			break;
		case 's':
			opt.scratch = optarg;
			break;
		case 'v':
			opt.verbose = 1;
			break;
		default:
			exit(2);
		}
	}
	if (argc - optind != 2) {
		(void)fprintf(
			stderr,
			"usage: killer BIN INIT [--verb NAME] [--process N] [--call N] [--every N] [--offset N] ...\n");
		exit(2);
	}
	opt.bin = argv[optind];
	opt.init = argv[optind + 1];
}

int main(int argc, char **argv)
{
	began = now_ms();
	parse(argc, argv);
	if (geteuid() != 0) {
		(void)fprintf(stderr, "killer: this takes root: it starts containers\n");
		return 2;
	}
	if (!opt.scratch) /* in memory, where there is such a place: nothing waits for a disk */
		opt.scratch = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	if (opt.offset < 0)
		opt.offset = time(NULL) % opt.every;
	if (opt.every > 1)
		(void)printf("killer: every %ldth call, from call %ld on (--every %ld --offset %ld)\n", opt.every,
			     1 + opt.offset, opt.every, opt.offset);
	return all_verbs();
}
