/* SPDX-License-Identifier: MIT */
/*
 * One process that attaches again and again by liblxc: what does it keep?
 *
 *	attaches LXCPATH NAME TIMES
 *
 * Says "fds BEFORE AFTER" and "rss BEFORE AFTER" (KiB), before: after a tenth of the times, when all is warm.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lxc/lxccontainer.h>

static int fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = -1; /* the folder's own */

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static long rss(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kib = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

static int attach(struct lxc_container *c, int times)
{
	for (int i = 0; i < times; i++) {
		int status = c->attach_run_waitl(c, NULL, "/answer", "/answer", "exit", "0", NULL);

		if (status != 0) {
			fprintf(stderr, "attach %d: status %d: %s\n", i, status,
				c->error_string ? c->error_string : "");
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	int times = argc == 4 ? atoi(argv[3]) : 0, before;
	struct lxc_container *c = times > 0 ? lxc_container_new(argv[2], argv[1]) : NULL;
	long kib;

	if (!c)
		return 2;
	if (attach(c, times / 10 + 50) != 0)
		return 1;
	before = fds();
	kib = rss();
	if (attach(c, times) != 0)
		return 1;
	printf("fds %d %d\nrss %ld %ld\n", before, fds(), kib, rss());
	return lxc_container_put(c) == 1 ? 0 : 1;
}
