/* SPDX-License-Identifier: MIT */
/* The killer's place; see lab.h. */
#include "lab.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 24, RUN_MS = 30 * 1000, END_MS = 10 * 1000, TICK_MS = 20 };

struct lab lab;

static double factor = 1;
static char text_said[4096];
static char *environment[8];

void fail(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	(void)fprintf(stderr, "killer: cannot go on: ");
	(void)vfprintf(stderr, fmt, ap);
	(void)fprintf(stderr, ": %s\n", strerror(error));
	va_end(ap);
	exit(2);
}

long long now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int slow(int ms)
{
	return (int)(ms * factor);
}

static void nothing(int sig)
{
	(void)sig;
}

void tick(bool on)
{
	struct itimerval each = { { 0, on ? TICK_MS * 1000 : 0 }, { 0, on ? TICK_MS * 1000 : 0 } };

	(void)setitimer(ITIMER_REAL, &each, NULL);
}

int read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = 0;
	text[strcspn(text, "\n")] = 0;
	return n < 0 ? -errno : 0;
}

void write_text(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fchmod(fd, mode) < 0)
		fail("write %s", path);
	(void)close(fd);
}

/* Only what commands need, so that they do not depend on who runs us. */
static void set_environment(void)
{
	static char path[512];
	const char *libexec = getenv("KEG_LIBEXEC");
	int n = 0;

	(void)snprintf(path, sizeof(path), "PATH=%s:/usr/sbin:/usr/bin:/sbin:/bin", lab.bin);
	environment[n++] = path;
	environment[n++] = "HOME=/root";
	environment[n++] = "LANG=C.UTF-8";
	if (libexec && asprintf(&environment[n], "KEG_LIBEXEC=%s", libexec) > 0)
		n++;
}

void lab_begin(const char *scratch, const char *bin, const char *init)
{
	struct sigaction act = { .sa_handler = nothing };
	const char *s = getenv("KEG_SLOW");

	factor = s && atof(s) > 0 ? atof(s) : 1;
	(void)snprintf(lab.mark, sizeof(lab.mark), "kk%d", (int)getpid());
	(void)snprintf(lab.top, sizeof(lab.top), "%.200s/%s", scratch, lab.mark);
	(void)snprintf(lab.lxcpath, sizeof(lab.lxcpath), "%s/lxc", lab.top);
	(void)snprintf(lab.golden, sizeof(lab.golden), "%s/golden", lab.top);
	(void)snprintf(lab.name, sizeof(lab.name), "%sc", lab.mark);
	if (!realpath(bin, lab.bin) || !realpath(init, lab.init))
		fail("find %s and %s", bin, init);
	if (mkdir(lab.top, 0755) < 0 || mkdir(lab.lxcpath, 0755) < 0 || mkdir(lab.golden, 0755) < 0)
		fail("make %s", lab.lxcpath);
	lab.said_fd = memfd_create("said", MFD_CLOEXEC);
	set_environment();
	(void)sigaction(SIGALRM, &act, NULL);
	/* Whatever a killed command leaves becomes our child: none can be overlooked. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		fail("become a subreaper");
}

void lab_end(void)
{
	tree_empty(lab.top);
	(void)rmdir(lab.top);
}

/* --- commands --- */

void become_command(int err_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	(void)dup2(null, 0);
	(void)dup2(err_fd, 1);
	(void)dup2(err_fd, 2);
	environ = environment;
}

static int await(pid_t pid)
{
	long long end = now_ms() + slow(RUN_MS);
	int status;

	tick(true);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR || now_ms() > end)
			(void)kill(pid, SIGKILL);
	tick(false);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int run_argv(char *const argv[])
{
	posix_spawn_file_actions_t to;
	pid_t pid;
	ssize_t n;
	int r;

	if (ftruncate(lab.said_fd, 0) < 0 || lseek(lab.said_fd, 0, SEEK_SET) < 0)
		fail("empty what was said");
	(void)posix_spawn_file_actions_init(&to);
	(void)posix_spawn_file_actions_addopen(&to, 0, "/dev/null", O_RDWR, 0);
	(void)posix_spawn_file_actions_adddup2(&to, lab.said_fd, 1);
	(void)posix_spawn_file_actions_adddup2(&to, lab.said_fd, 2);
	errno = posix_spawn(&pid, argv[0], &to, NULL, argv, environment);
	if (errno)
		fail("run %s", argv[0]);
	(void)posix_spawn_file_actions_destroy(&to);
	r = await(pid);
	n = pread(lab.said_fd, text_said, sizeof(text_said) - 1, 0);
	text_said[n > 0 ? n : 0] = 0;
	return r;
}

int run(const char *tool, ...)
{
	char path[400], *argv[WORDS] = { path };
	va_list ap;
	int n = 1;

	(void)snprintf(path, sizeof(path), *tool == '/' ? "%.0s%s" : "%s/%s", lab.bin, tool);
	va_start(ap, tool);
	while (n < WORDS - 1 && (argv[n] = va_arg(ap, char *)))
		n++;
	va_end(ap);
	return run_argv(argv);
}

const char *said(void)
{
	return text_said;
}

/* --- processes --- */

static void tell_children(char *who, size_t size)
{
	char path[64], list[512], *save = NULL;
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	(void)read_text(path, list, sizeof(list));
	for (char *word = strtok_r(list, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char stat[256], name[32] = "?";

		(void)snprintf(path, sizeof(path), "/proc/%s/stat", word);
		if (read_text(path, stat, sizeof(stat)) == 0)
			(void)sscanf(stat, "%*d (%31[^)]", name);
		n += (size_t)snprintf(who + n, n < size ? size - n : 0, " %s(%s)", name, word);
		if (n >= size)
			n = size - 1;
		(void)kill((pid_t)atoi(word), SIGKILL);
	}
}

bool all_ended(char *who, size_t size)
{
	long long end = now_ms() + slow(END_MS);
	bool told = false;

	tick(true);
	for (;;) {
		pid_t pid = waitpid(-1, NULL, __WALL);

		if (pid < 0 && errno == ECHILD)
			break;
		if (now_ms() < end)
			continue;
		if (!told)
			tell_children(who, size);
		told = true;
		if (now_ms() > end + slow(END_MS))
			break;
	}
	tick(false);
	return !told;
}

/* --- trees --- */

static void copy_attributes(const char *from, const char *to)
{
	char names[1024], value[512];
	ssize_t n = llistxattr(from, names, sizeof(names));

	for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		ssize_t size = lgetxattr(from, name, value, sizeof(value));

		if (size >= 0 && lsetxattr(to, name, value, (size_t)size, 0) < 0)
			fail("set %s of %s", name, to);
	}
}

static void copy_file(const char *from, const char *to, const struct stat *st)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char buf[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		fail("copy %s to %s", from, to);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			fail("write %s", to);
	(void)fchmod(out, st->st_mode & 07777);
	(void)close(in);
	(void)close(out);
}

static void copy_entry(const char *from, const char *to)
{
	struct stat st;
	char target[4096];
	ssize_t n;

	if (lstat(from, &st) < 0)
		fail("look at %s", from);
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		if (mkdir(to, 0700) < 0)
			fail("make %s", to);
		tree_copy(from, to);
		(void)chmod(to, st.st_mode & 07777);
		break;
	case S_IFLNK:
		n = readlink(from, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = 0;
		if (symlink(target, to) < 0)
			fail("link %s", to);
		break;
	case S_IFREG:
		if (st.st_size > 65536) { /* an init: nobody writes to it */
			if (link(from, to) < 0)
				fail("link %s", to);
			return;
		}
		copy_file(from, to, &st);
		break;
	default:
		if (mknod(to, st.st_mode, st.st_rdev) < 0)
			fail("make %s", to);
	}
	(void)lchown(to, st.st_uid, st.st_gid);
	copy_attributes(from, to);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void tree_copy(const char *from, const char *to)
{
	DIR *d = opendir(from);

	if (!d)
		fail("open %s", from);
	for (struct dirent *x; (x = readdir(d));) {
		char a[4096], b[4096];

		if (is_dots(x->d_name))
			continue;
		(void)snprintf(a, sizeof(a), "%s/%s", from, x->d_name);
		(void)snprintf(b, sizeof(b), "%s/%s", to, x->d_name);
		copy_entry(a, b);
	}
	(void)closedir(d);
}

void tree_empty(const char *folder)
{
	DIR *d = opendir(folder);

	for (struct dirent *x; d && (x = readdir(d));) {
		char path[4096];

		if (is_dots(x->d_name))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, x->d_name);
		if (unlink(path) == 0)
			continue;
		tree_empty(path);
		if (rmdir(path) < 0)
			fail("remove %s", path);
	}
	if (d)
		(void)closedir(d);
}
