/* SPDX-License-Identifier: MIT */
/*
 * Several threads on one container and on several, all functions mixed: for ThreadSanitizer, which the library is built
 * with (make check-tsan), and to see that the caller's fds stay as many.
 *
 *	stress ANSWER [SECONDS]
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <lxc/lxccontainer.h>

enum { THREADS = 6 };

static char lxcpath[] = "/tmp/keg-stress.XXXXXX";
static char shared_name[32]; /* cgroups are named after containers: with our pid, that no other run is in the way */
static struct lxc_container *shared; /* one object, each thread with a reference of its own */
static time_t end;
static atomic_int rounds, failures;

static void expect(bool holds, const char *what)
{
	if (holds)
		return;
	printf("%s (errno %d)\n", what, errno);
	failures++;
}
#define EXPECT(x) expect((x), #x)

static int fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

static void make(const char *name, const char *init)
{
	static const char *const folders[] = { "",	     "/rootfs", "/rootfs/proc", "/rootfs/sys", "/rootfs/dev",
					       "/rootfs/tmp" };
	static char buf[1 << 16];
	char path[256];
	int in, out;
	FILE *f;
	ssize_t n;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s%s", lxcpath, name, folders[i]);
		EXPECT(mkdir(path, 0755) == 0);
	}
	(void)snprintf(path, sizeof(path), "%s/%s/rootfs/answer", lxcpath, name);
	in = open(init, O_RDONLY | O_CLOEXEC);
	out = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		EXPECT(write(out, buf, (size_t)n) == n);
	(void)close(in);
	(void)close(out);
	(void)snprintf(path, sizeof(path), "%s/%s/config", lxcpath, name);
	f = fopen(path, "we");
	fprintf(f,
		"lxc.rootfs.path = dir:%s/%s/rootfs\nlxc.uts.name = %s\nlxc.init.cmd = /answer\nlxc.net.0.type = "
		"empty\n",
		lxcpath, name, name);
	(void)fclose(f);
}

static void name_of(char name[48], int i)
{
	(void)snprintf(name, 48, "%s-%d", shared_name, i);
}

static void asks(struct lxc_container *c)
{
	char buf[128];
	int fd;

	EXPECT(c->state(c) != NULL);
	(void)c->is_running(c);
	(void)c->init_pid(c);
	fd = c->init_pidfd(c);
	if (fd >= 0)
		(void)close(fd);
	(void)c->get_config_item(c, "lxc.uts.name", buf, sizeof(buf));
	(void)c->get_config_item(c, "lxc.nonsense", buf, sizeof(buf));
	(void)c->get_cgroup_item(c, "pids.max", buf, sizeof(buf));
	free(c->get_running_config_item(c, "lxc.uts.name"));
	EXPECT(lxc_get_global_config_item("lxc.lxcpath") && !lxc_get_global_config_item("lxc.nonsense"));
	EXPECT(list_defined_containers(lxcpath, NULL, NULL) >= 1);
}

static void changes(struct lxc_container *c, int i)
{
	char value[32];

	(void)snprintf(value, sizeof(value), "N=%d", i);
	EXPECT(c->set_config_item(c, "lxc.environment", value));
	if (i % 8 == 0)
		EXPECT(c->clear_config_item(c, "lxc.environment"));
	(void)c->set_config_item(c, "lxc.nonsense", value);
	(void)c->get_keys(c, "lxc.net.0", NULL, 0);
}

/* On the shared object, on another of the same container, and on a container of its own. */
static void *work(void *number)
{
	char name[48];
	struct lxc_container *own;
	int i = 0;

	name_of(name, (int)(intptr_t)number);
	EXPECT(lxc_container_get(shared) == 1);
	own = lxc_container_new(name, lxcpath);
	EXPECT(own != NULL);
	for (; own && time(NULL) < end; i++) {
		struct lxc_container *other = lxc_container_new(shared_name, lxcpath);

		EXPECT(other != NULL);
		asks(shared);
		changes(shared, i);
		asks(other);
		if (shared->attach_run_waitl(shared, NULL, "/answer", "/answer", "exit", "0", NULL) != 0)
			expect(false, shared->error_string ? shared->error_string : "attach");
		EXPECT(own->start(own, 0, NULL));
		EXPECT(own->freeze(own) && own->unfreeze(own));
		asks(own);
		EXPECT(own->stop(own));
		(void)lxc_container_put(other);
		rounds++;
	}
	(void)lxc_container_put(own);
	(void)lxc_container_put(shared);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	char name[48], command[64];
	int before, after;

	if (argc < 2 || geteuid() != 0)
		return argc < 2 ? 2 : 77;
	if (!mkdtemp(lxcpath) || chmod(lxcpath, 0755) < 0)
		return 2;
	(void)snprintf(shared_name, sizeof(shared_name), "keg-stress-%d", getpid());
	make(shared_name, argv[1]);
	shared = lxc_container_new(shared_name, lxcpath);
	EXPECT(shared != NULL);
	if (shared && !shared->start(shared, 0, NULL))
		expect(false, shared->error_string ? shared->error_string : "start");
	asks(shared);
	end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 10);
	before = fds();
	for (int i = 0; i < THREADS; i++) {
		name_of(name, i);
		make(name, argv[1]);
		EXPECT(pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i) == 0);
	}
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	after = fds();
	EXPECT(after == before);
	EXPECT(shared->stop(shared));
	EXPECT(lxc_container_put(shared) == 1);
	(void)snprintf(command, sizeof(command), "rm -rf --one-file-system %s", lxcpath);
	EXPECT(system(command) == 0);
	printf("%d rounds of %d threads, %d failures\n", rounds, THREADS, failures);
	return failures || !rounds ? 1 : 0;
}
