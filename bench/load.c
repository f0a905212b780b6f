/* SPDX-License-Identifier: MIT */
/*
 * load LIBRARY CONFIG: how long a liblxc.so.1 takes to load a config, in microseconds: the median of many loads in
 * one process, after some that warm it. Both libraries are asked through the same functions of their table.
 */
#include <dlfcn.h>
#include <lxc/lxccontainer.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WARM = 5, LOADS = 41 };

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

int main(int argc, char **argv)
{
	void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
	struct lxc_container *(*make)(const char *, const char *) =
		library ? dlsym(library, "lxc_container_new") : NULL;
	struct lxc_container *c = make ? make("keg-bench-load", "/tmp") : NULL;
	double took[LOADS];

	if (!c) {
		(void)fprintf(stderr, "load: %s\n", library ? "no container" : dlerror() ?: "LIBRARY CONFIG");
		return 1;
	}
	for (int i = -WARM; i < LOADS; i++) {
		double began = now();
		bool ok = c->load_config(c, argv[2]);

		if (i >= 0)
			took[i] = now() - began;
		if (!ok) {
			(void)fprintf(stderr, "load: %s: it is not loaded\n", argv[2]);
			return 1;
		}
		c->clear_config(c);
	}
	qsort(took, LOADS, sizeof(*took), by_size);
	(void)printf("%.1f\n", took[LOADS / 2]);
	return 0;
}
