/* SPDX-License-Identifier: MIT */
/*
 * Runs the tests of parity.h on the liblxc.so.1 that is loaded.
 *
 *	parity [--lxc] ANSWER [NAME]	--lxc: the library is LXC's own, whose known defects may show
 */
#include "parity.h"

#include <ftw.h>
#include <sys/prctl.h>

bool on_lxc;
const char *lxcpath, *init_bin;

static char top[] = "/tmp/keg-abi.XXXXXX";
static int failures; /* of this process' test */

void expect(bool holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	printf("  %s:%d: %s (errno %d)\n", file, line, what, errno);
	failures++;
}

static const char *words_of(struct lxc_container *c)
{
	return c && c->error_string ? c->error_string : "";
}

static bool is_absent(struct lxc_container *c)
{
	static const char not_yet[] = " is not there yet";
	const char *said = on_lxc ? "" : words_of(c);
	size_t n = strlen(said), m = sizeof(not_yet) - 1;

	return n > m && strcmp(said + n - m, not_yet) == 0;
}

static void leave_if_absent(struct lxc_container *c)
{
	if (!is_absent(c))
		return;
	printf("  %s\n", words_of(c));
	exit(failures ? 1 : ABSENT);
}

void must(struct lxc_container *c, bool holds, const char *what, const char *file, int line)
{
	int saved = errno;

	if (!holds)
		leave_if_absent(c);
	errno = saved;
	expect(holds, what, file, line);
	if (!holds)
		printf("    said: %s\n", words_of(c));
	errno = saved;
}

void says(struct lxc_container *c, int errnum, const char *words, const char *file, int line)
{
	int saved = errno;

	if (on_lxc)
		return;
	leave_if_absent(c);
	if (saved == errnum && strcmp(words_of(c), words) == 0)
		return;
	printf("  %s:%d: errno %d, not %d; said \"%s\", not \"%s\"\n", file, line, saved, errnum, words_of(c), words);
	failures++;
}

const char *below(const char *rest)
{
	static char ring[4][4096];
	static unsigned next;
	char *at = ring[next++ % 4];

	(void)snprintf(at, sizeof(ring[0]), "%s/%s", lxcpath, rest);
	return at;
}

void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t n = strlen(text);

	EXPECT(fd >= 0 && write(fd, text, n) == (ssize_t)n);
	(void)close(fd);
}

char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	static char text[8192];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		(void)close(fd);
	text[n < 0 ? 0 : n] = 0;
	return text;
}

struct lxc_container *object(const char *name)
{
	struct lxc_container *c = lxc_container_new(name, lxcpath);

	if (!c) {
		printf("  no object for %s (errno %d)\n", name, errno);
		exit(1);
	}
	return c;
}

static void copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	static char buf[1 << 16];
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		EXPECT(write(out, buf, (size_t)n) == n);
	EXPECT(n == 0);
	(void)close(in);
	(void)close(out);
}

struct lxc_container *container(const char *name, const char *words, const char *more)
{
	static const char *const folders[] = { "",
					       "/rootfs",
					       "/rootfs/proc",
					       "/rootfs/sys",
					       "/rootfs/dev",
					       "/rootfs/tmp",
					       "/rootfs/etc",
					       "/rootfs/root" };
	char path[4096], config[8192];

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s%s", lxcpath, name, folders[i]);
		EXPECT(mkdir(path, 0755) == 0);
	}
	(void)snprintf(path, sizeof(path), "%s/%s/rootfs/answer", lxcpath, name);
	copy(init_bin, path);
	(void)snprintf(config, sizeof(config),
		       "lxc.rootfs.path = dir:%s/%s/rootfs\nlxc.uts.name = %s\nlxc.init.cmd = /answer %s\n"
		       "lxc.mount.auto = proc:rw\nlxc.net.0.type = empty\nlxc.cgroup.dir = keg-abi-%d\n%s",
		       lxcpath, name, name, words, getpid(), more); /* a cgroup that no other run is in */
	(void)snprintf(path, sizeof(path), "%s/%s/config", lxcpath, name);
	write_file(path, config);
	return object(name);
}

/* --- one test: a process, then whatever it left --- */

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st;
	(void)what;
	(void)at;
	return remove(path);
}

static void stop_all(void)
{
	struct lxc_container **v = NULL;
	int n = list_active_containers(lxcpath, NULL, &v);

	for (int i = 0; i < n; i++) {
		(void)v[i]->stop(v[i]);
		(void)lxc_container_put(v[i]);
	}
	free(v);
}

static int in_child(void (*f)(void))
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)alarm(90);
		f();
		(void)fflush(stdout);
		exit(failures ? 1 : 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void report(const struct test *t, int status, int *bad, int *absent)
{
	bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	bool missing = WIFEXITED(status) && WEXITSTATUS(status) == ABSENT;

	if (WIFSIGNALED(status))
		printf("  ended by signal %d\n", WTERMSIG(status));
	if (missing)
		printf("absent %s\n", t->name);
	else if (ok)
		printf("ok %s%s\n", t->name, on_lxc && t->defect ? " (LXC's defect did not show)" : "");
	else if (on_lxc && t->defect)
		printf("known %s: %s\n", t->name, t->defect);
	else
		printf("not ok %s\n", t->name);
	*absent += missing;
	*bad += !ok && !missing && !(on_lxc && t->defect);
}

static void run_one(const struct test *t, int *bad, int *absent)
{
	char path[sizeof(top) + 8];

	if (t->root && geteuid() != 0)
		return;
	(void)snprintf(path, sizeof(path), "%s/p", top);
	lxcpath = path;
	(void)mkdir(path, 0755);
	(void)fflush(stdout);
	report(t, in_child(t->run), bad, absent);
	(void)fflush(stdout);
	(void)in_child(stop_all);
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

int main(int argc, char **argv)
{
	static const struct test *const all[] = { free_tests,	 config_tests, stopped_tests, storage_tests,
						  running_tests, hook_tests,   inside_tests };
	int bad = 0, absent = 0, n = 0;
	const char *only;

	on_lxc = argc > 1 && strcmp(argv[1], "--lxc") == 0;
	if (argc < 2 + on_lxc)
		return 2;
	init_bin = argv[1 + on_lxc];
	only = argc > 2 + on_lxc ? argv[2 + on_lxc] : "";
	/* What a container runs has no /proc of its own where the leak checker looks; this process' children are
	 * checked. */
	(void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	if (!mkdtemp(top) || chmod(top, 0755) < 0)
		return 2;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		for (const struct test *t = all[i]; t->name; t++) {
			if (!strstr(t->name, only))
				continue;
			run_one(t, &bad, &absent);
			n++;
		}
	}
	/* All of it is ours: LXC's own library clones to "../b", too. */
	(void)nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	printf("%d tests on liblxc %s, %d failed, %d of functions that are not there yet\n", n, lxc_get_version(), bad,
	       absent);
	return bad ? 1 : 0;
}
