/* SPDX-License-Identifier: MIT */
/*
 * What a program that lives in a liblxc.so.1 pays for its calls, in microseconds. Both libraries are asked through the
 * same functions.
 *
 *	calls LIBRARY load CONFIG		a load of that config: median of many, after some that warm it
 *	calls LIBRARY state LXCPATH BEGIN	new, state and put of a container whose name begins so: median
 *						of passes over all; how many there are, and run
 *	calls LIBRARY attach LXCPATH NAME N	an attach_run_wait of /bin/true: mean of N; by how many fds and
 *						KiB the process has grown since the first hundred
 *	calls LIBRARY run PROGRAM N		a fork, an exec of that program and a wait, which an attach cannot do
 *						without: mean of N; nothing of the library is called
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <lxc/attach_options.h>
#include <lxc/lxccontainer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PASSES = 7, WARM = 100, MOST = 4096, LOADS = 41, LOADS_WARM = 5 };

typedef struct lxc_container *(*new_fn)(const char *, const char *);
typedef int (*put_fn)(struct lxc_container *);

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int entries(const char *folder, const char *begin, char **names, int most)
{
	DIR *d = opendir(folder);
	int n = 0;

	for (struct dirent *x; d && (x = readdir(d));)
		if (*x->d_name != '.' && strncmp(x->d_name, begin, strlen(begin)) == 0 && n < most)
			names[n++] = strdup(x->d_name);
	if (d)
		(void)closedir(d);
	return n;
}

static int fds(void)
{
	char *names[MOST];
	int n = entries("/proc/self/fd", "", names, MOST);

	for (int i = 0; i < n; i++)
		free(names[i]);
	return n;
}

/* Pages of the process that are its own. */
static long kib(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long size = 0, resident = 0, shared = 0;

	if (!f || fscanf(f, "%ld %ld %ld", &size, &resident, &shared) != 3)
		resident = shared = 0;
	if (f)
		(void)fclose(f);
	return (resident - shared) * (sysconf(_SC_PAGESIZE) / 1024);
}

static int loads(new_fn new, put_fn put, const char *config)
{
	struct lxc_container *c = new ("keg-bench-load", "/tmp");
	double took[LOADS];

	for (int i = -LOADS_WARM; c && i < LOADS; i++) {
		double began = now();

		if (!c->load_config(c, config))
			return 1;
		if (i >= 0)
			took[i] = now() - began;
		c->clear_config(c);
	}
	if (!c)
		return 1;
	qsort(took, LOADS, sizeof(*took), by_size);
	(void)printf("%.1f\n", took[LOADS / 2]);
	(void)put(c);
	return 0;
}

static int states(new_fn new, put_fn put, const char *lxcpath, const char *begin)
{
	char *names[MOST];
	int n = entries(lxcpath, begin, names, MOST), running = 0;
	double took[PASSES];

	for (int pass = -1; pass < PASSES; pass++) { /* the first warms */
		double began = now();

		running = 0;
		for (int i = 0; i < n; i++) {
			struct lxc_container *c = new (names[i], lxcpath);

			if (!c)
				return 1;
			running += strcmp(c->state(c), "RUNNING") == 0;
			(void)put(c);
		}
		if (pass >= 0)
			took[pass] = (now() - began) / n;
	}
	qsort(took, PASSES, sizeof(*took), by_size);
	(void)printf("%.2f %d %d\n", took[PASSES / 2], n, running);
	return 0;
}

static int attaches(new_fn new, put_fn put, const char *lxcpath, const char *name, int n)
{
	static const char *const argv[] = { "/bin/true", NULL };
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	struct lxc_container *c = new (name, lxcpath);
	double began = 0;
	long memory = 0;
	int open = 0;

	for (int i = -WARM; c && i < n; i++) {
		if (i == 0) {
			open = fds();
			memory = kib();
			began = now();
		}
		if (c->attach_run_wait(c, &options, argv[0], argv) != 0)
			return 1;
	}
	if (!c)
		return 1;
	(void)printf("%.2f ", (now() - began) / n);
	(void)printf("%d %ld\n", fds() - open, kib() - memory);
	(void)put(c);
	return 0;
}

static int runs(const char *program, int n)
{
	double began = 0;

	for (int i = -WARM; i < n; i++) {
		int status = -1;
		pid_t pid;

		if (i == 0)
			began = now();
		pid = fork();
		if (pid == 0) {
			(void)execl(program, program, (char *)NULL);
			_exit(1);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
			return 1;
	}
	(void)printf("%.2f\n", (now() - began) / n);
	return 0;
}

int main(int argc, char **argv)
{
	void *library = argc > 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
	new_fn new = library ? (new_fn)dlsym(library, "lxc_container_new") : NULL;
	put_fn put = library ? (put_fn)dlsym(library, "lxc_container_put") : NULL;
	int failed = 1;

	if (!new || !put)
		(void)fprintf(stderr, "calls: %s\n",
			      argc > 3 ? dlerror() : "LIBRARY load|state|attach|run CONFIG|LXCPATH|PROGRAM [NAME] [N]");
	else if (strcmp(argv[2], "load") == 0)
		failed = loads(new, put, argv[3]);
	else if (strcmp(argv[2], "state") == 0)
		failed = states(new, put, argv[3], argc > 4 ? argv[4] : "");
	else if (strcmp(argv[2], "run") == 0 && argc > 4)
		failed = runs(argv[3], atoi(argv[4]));
	else if (argc > 5)
		failed = attaches(new, put, argv[3], argv[4], atoi(argv[5]));
	if (failed && new)
		(void)fprintf(stderr, "calls: %s of %s failed\n", argv[2], argv[3]);
	return failed;
}
