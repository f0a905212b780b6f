/* SPDX-License-Identifier: MIT */
/* The cgroup driver, against the hierarchies that this machine really has. */
#include "base/io.h"
#include "base/own.h"
#include "cgroup/inside.h"
#include "sys/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

static struct cgroup_host host; /* as it is */
static struct cgroup_host only_v2;
static char name[64];

#define need(what, why)                                                                                                \
	do {                                                                                                           \
		if (!(what)) {                                                                                         \
			print_message("skipped: %s\n", why);                                                           \
			skip();                                                                                        \
		}                                                                                                      \
	} while (0)

static void ok(int r, const struct err *e)
{
	char text[2048];

	if (r == 0)
		return;
	err_text(e, text, sizeof(text));
	fail_msg("%d: %s", r, text);
}

static void said(const struct err *e, const char *want)
{
	char text[2048];

	err_text(e, text, sizeof(text));
	if (!strstr(text, want))
		fail_msg("\"%s\" does not say \"%s\"", text, want);
}

static void writable(void)
{
	need(geteuid() == 0, "only root may make cgroups here");
	need(host.n > 0, "no cgroup hierarchy is mounted");
}

static void init(struct cgroup_tree *t, const struct cgroup_host *h, const char *path)
{
	struct err e = { 0 };

	ok(cgroup_tree_init(t, h, path, &e), &e);
}

static void made(struct cgroup_tree *t, const struct cgroup_host *h, const char *path)
{
	struct err e = { 0 };

	init(t, h, path);
	ok(cgroup_tree_make(t, &e), &e);
}

static void removed(struct cgroup_tree *t)
{
	struct err e = { 0 };

	ok(cgroup_tree_remove(t, 5000, &e), &e);
}

static bool there(size_t i, const char *path)
{
	char full[CGROUP_PATH];

	(void)snprintf(full, sizeof(full), "%s/%s", host.v[i].mount, path);
	return access(full, F_OK) == 0;
}

static void nothing_left(const char *path)
{
	for (size_t i = 0; i < host.n; i++)
		if (there(i, path))
			fail_msg("%s is left in %s", path, host.v[i].mount);
}

/* A child that lives until it is killed. It tells when it runs. */
static pid_t child(void)
{
	int p[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)!write(p[1], "x", 1);
		(void)alarm(30);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(p[0], &c, 1), 1);
	(void)close(p[0]);
	(void)close(p[1]);
	return pid;
}

/* The signal that ended it; -1: it lives, or went by itself */
static int died_of(pid_t pid)
{
	int64_t deadline = cgroup_now() + 10000;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (cgroup_left(deadline) == 0)
			return -1;
		cgroup_sleep(2);
	}
	return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

static void enter(const struct cgroup_tree *t, pid_t pid)
{
	struct err e = { 0 };

	ok(cgroup_tree_enter(t, pid, false, &e), &e);
}

static char *get(const struct cgroup_tree *t, const char *file)
{
	struct buf out = { 0 };
	struct err e = { 0 };

	ok(cgroup_tree_get(t, file, &out, &e), &e);
	return buf_take(&out);
}

static void reads(const struct cgroup_tree *t, const char *file, const char *want)
{
	_own_free char *is = get(t, file);

	assert_string_equal(is, want);
}

static void set(const struct cgroup_tree *t, const char *file, const char *value)
{
	struct err e = { 0 };

	ok(cgroup_tree_set(t, file, value, &e), &e);
}

/* --- make, enter, kill, remove --- */

static void host_is_seen(void **state)
{
	(void)state;
	need(host.n > 0, "no cgroup hierarchy is mounted");
	for (size_t i = 0; i < host.n; i++) {
		assert_true(host.v[i].mount[0] == '/');
		assert_int_equal(host.v[i].v2, host.unified == (int)i);
		if (geteuid() == 0)
			assert_string_equal(host.v[i].base, "");
	}
}

static void paths_are_checked(void **state)
{
	static const char *const bad[] = { "/a", "", "a//b", "../a", "a/..", "a/./b", "a/", "./", "." };
	struct cgroup_tree t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = { 0 };

		assert_int_equal(cgroup_tree_init(&t, &host, bad[i], &e), -EINVAL);
		said(&e, "is not the relative path of a cgroup");
	}
}

static void made_and_removed(void **state)
{
	struct cgroup_tree t;

	(void)state;
	writable();
	made(&t, &host, name);
	for (size_t i = 0; i < host.n; i++) {
		assert_true(t.fd[i] >= 0);
		assert_true(there(i, name));
		assert_true(fcntl(t.fd[i], F_GETFD) & FD_CLOEXEC);
	}
	removed(&t);
	nothing_left(name);
	removed(&t); /* idempotent */
}

static void processes_enter_and_are_killed(void **state)
{
	char proc[64], want[128];
	_own_free char *text = NULL;
	struct err e = { 0 };
	struct cgroup_tree t;
	unsigned n = 0;
	pid_t pid;

	(void)state;
	writable();
	made(&t, &host, name);
	pid = child();
	enter(&t, pid);
	(void)snprintf(proc, sizeof(proc), "/proc/%d/cgroup", (int)pid);
	(void)snprintf(want, sizeof(want), ":/%s\n", name);
	assert_int_equal(io_read_file(-1, proc, 65536, &text, NULL), 0);
	for (const char *p = text; (p = strstr(p, want)); p++)
		n++;
	assert_int_equal(n, host.n);
	ok(cgroup_tree_kill(&t, 5000, &e), &e);
	assert_int_equal(died_of(pid), SIGKILL);
	removed(&t);
	nothing_left(name);
}

static void remove_kills_and_takes_subcgroups(void **state)
{
	struct cgroup_tree t, again;
	pid_t pid[2];

	(void)state;
	writable();
	made(&t, &host, name);
	for (size_t i = 0; i < host.n; i++) {
		assert_int_equal(mkdirat(t.fd[i], "a", 0755), 0);
		assert_int_equal(mkdirat(t.fd[i], "a/b", 0755), 0);
		assert_int_equal(mkdirat(t.fd[i], "c", 0755), 0);
	}
	for (int k = 0; k < 2; k++) {
		pid[k] = child();
		enter(&t, pid[k]);
	}
	if (host.unified >= 0) {
		char text[16];

		(void)snprintf(text, sizeof(text), "%d", (int)pid[1]);
		assert_int_equal(io_write_file(t.fd[host.unified], "a/b/cgroup.procs", text), 0);
	}
	cgroup_tree_close(&t);
	init(&again, &host, name); /* by its path alone, as another process does it */
	removed(&again);
	assert_int_equal(died_of(pid[0]), SIGKILL);
	assert_int_equal(died_of(pid[1]), SIGKILL);
	nothing_left(name);
}

static void killing_works_frozen_and_without_cgroup_kill(void **state)
{
	struct cgroup_tree t;
	struct err e = { 0 };
	pid_t pid;

	(void)state;
	writable();
	made(&t, &host, name);
	pid = child();
	enter(&t, pid);
	ok(cgroup_tree_freeze(&t, true, 2000, &e), &e);
	assert_int_equal(cgroup_tree_frozen(&t), 1);
	for (size_t i = 0; i < host.n; i++) /* what v1 and kernels before 5.14 do */
		(void)cgroup_kill_below(t.fd[i], cgroup_v1_index(&host, "freezer") == (int)i, NULL);
	ok(cgroup_tree_kill(&t, 5000, &e), &e);
	assert_int_equal(died_of(pid), SIGKILL);
	removed(&t);
}

static void freeze_and_thaw(const struct cgroup_host *h)
{
	struct cgroup_tree t;
	struct err e = { 0 };
	pid_t pid;

	made(&t, h, name);
	pid = child();
	enter(&t, pid);
	assert_int_equal(cgroup_tree_frozen(&t), 0);
	ok(cgroup_tree_freeze(&t, true, 2000, &e), &e);
	assert_int_equal(cgroup_tree_frozen(&t), 1);
	reads(&t, "freezer.state", "FROZEN\n");
	ok(cgroup_tree_freeze(&t, false, 2000, &e), &e);
	assert_int_equal(cgroup_tree_frozen(&t), 0);
	reads(&t, "freezer.state", "THAWED\n");
	removed(&t);
	assert_int_equal(died_of(pid), SIGKILL);
}

static void freezes(void **state)
{
	(void)state;
	writable();
	freeze_and_thaw(&host);
}

static void freezes_by_v2(void **state)
{
	(void)state;
	writable();
	need(only_v2.n, "no cgroup v2 is mounted");
	freeze_and_thaw(&only_v2);
}

static void stale_tree_is_made_anew(void **state)
{
	struct cgroup_tree t, again;
	struct err e = { 0 };
	pid_t pid;

	(void)state;
	writable();
	made(&t, &host, name);
	pid = child();
	enter(&t, pid);
	if (cgroup_v1_index(&host, "pids") >= 0)
		set(&t, "pids.max", "77");
	cgroup_tree_close(&t);
	made(&again, &host, name);
	assert_int_equal(died_of(pid), SIGKILL);
	for (size_t i = 0; i < host.n; i++)
		assert_false(cgroup_populated(again.fd[i], host.v[i].v2, NULL));
	if (cgroup_v1_index(&host, "pids") >= 0)
		reads(&again, "pids.max", "max\n");
	ok(cgroup_tree_kill(&again, 0, &e), &e); /* nobody is there */
	removed(&again);
}

static void another_owners_tree_is_left_alone(void **state)
{
	struct cgroup_tree t, mine;
	struct err e = { 0 };
	pid_t pid;

	(void)state;
	writable();
	init(&t, &host, name);
	ok(cgroup_tree_set_owner(&t, "/srv/one", &e), &e);
	ok(cgroup_tree_make(&t, &e), &e);
	pid = child();
	enter(&t, pid);
	init(&mine, &host, name);
	ok(cgroup_tree_set_owner(&mine, "/srv/two", &e), &e);
	assert_int_equal(cgroup_tree_make(&mine, &e), -EBUSY);
	said(&e, "is in use by process");
	removed(&mine); /* the undo of the failed make */
	assert_int_equal(kill(pid, 0), 0);
	assert_true(there(0, name));
	cgroup_tree_close(&t); /* its own owner may */
	init(&mine, &host, name);
	ok(cgroup_tree_set_owner(&mine, "/srv/one", &e), &e);
	removed(&mine);
	assert_int_equal(died_of(pid), SIGKILL);
	nothing_left(name);
}

static void parents_of_ours_go_with_the_last(void **state)
{
	char path[128], other[128], foreign[CGROUP_PATH];
	struct cgroup_tree a, b;

	(void)state;
	writable();
	(void)snprintf(path, sizeof(path), "%s/x/a", name);
	(void)snprintf(other, sizeof(other), "%s/b", name);
	made(&a, &host, path);
	made(&b, &host, other);
	removed(&a);
	assert_true(there(0, other));
	removed(&b);
	nothing_left(name);

	(void)snprintf(foreign, sizeof(foreign), "%s/%s", host.v[0].mount, name);
	assert_int_equal(mkdir(foreign, 0755), 0); /* somebody's */
	made(&b, &host, other);
	removed(&b);
	assert_true(there(0, name));
	assert_int_equal(rmdir(foreign), 0);
	nothing_left(name);
}

static void inner_holds_the_processes(void **state)
{
	char proc[64], want[128];
	_own_free char *text = NULL;
	struct cgroup_tree t;
	struct err e = { 0 };
	pid_t pid;

	(void)state;
	writable();
	init(&t, &host, name);
	ok(cgroup_tree_set_inner(&t, "in", &e), &e);
	ok(cgroup_tree_make(&t, &e), &e);
	pid = child();
	enter(&t, pid);
	(void)snprintf(proc, sizeof(proc), "/proc/%d/cgroup", (int)pid);
	(void)snprintf(want, sizeof(want), ":/%s/in\n", name);
	assert_int_equal(io_read_file(-1, proc, 65536, &text, NULL), 0);
	assert_non_null(strstr(text, want));
	removed(&t);
	assert_int_equal(died_of(pid), SIGKILL);
	nothing_left(name);
}

static void attach_uses_a_leaf_on_v2(void **state)
{
	char proc[64], want[128];
	_own_free char *text = NULL;
	struct cgroup_tree t, later;
	struct err e = { 0 };
	pid_t pid;

	(void)state;
	writable();
	need(only_v2.n, "no cgroup v2 is mounted");
	made(&t, &only_v2, name);
	init(&later, &only_v2, name);
	ok(cgroup_tree_open(&later, &e), &e);
	pid = child();
	enter(&later, pid);
	cgroup_tree_close(&later);
	(void)snprintf(proc, sizeof(proc), "/proc/%d/cgroup", (int)pid);
	(void)snprintf(want, sizeof(want), "0::/%s/.lxc\n", name);
	assert_int_equal(io_read_file(-1, proc, 65536, &text, NULL), 0);
	assert_non_null(strstr(text, want));
	removed(&t);
	assert_int_equal(died_of(pid), SIGKILL);
}

static void open_of_nothing_says_so(void **state)
{
	struct cgroup_tree t;
	struct err e = { 0 };

	(void)state;
	init(&t, &host, "keg.test.none");
	assert_int_equal(cgroup_tree_open(&t, &e), -ENOENT);
	said(&e, "there is no cgroup keg.test.none");
}

/* --- items --- */

static void limits_read_back(void **state)
{
	struct cgroup_tree t;
	struct cgroup_stats s;

	(void)state;
	writable();
	need(cgroup_v1_index(&host, "memory") >= 0 && cgroup_v1_index(&host, "cpu") >= 0, "no v1 memory and cpu here");
	made(&t, &host, name);
	set(&t, "memory.limit_in_bytes", "64M");
	reads(&t, "memory.limit_in_bytes", "67108864\n");
	reads(&t, "memory.max", "67108864\n");
	set(&t, "memory.max", "max");
	reads(&t, "memory.limit_in_bytes", "9223372036854771712\n");
	set(&t, "cpu.weight", "50");
	reads(&t, "cpu.shares", "512\n");
	reads(&t, "cpu.weight", "50\n");
	cgroup_tree_stats(&t, STATS_ALL, &s);
	assert_int_equal(s.memory, 0);
	assert_true(s.cpu_ns >= 0);
	removed(&t);
}

static void errors_name_what_is_missing(void **state)
{
	struct cgroup_tree t;
	struct err e = { 0 };
	struct buf out = { 0 };

	(void)state;
	writable();
	made(&t, &host, name);
	assert_int_equal(cgroup_tree_get(&t, "nonsense.max", &out, &e), -ENOENT);
	said(&e, "this host has no cgroup controller nonsense for nonsense.max");
	err_clear(&e);
	assert_int_equal(cgroup_tree_set(&t, "../x", "1", &e), -EINVAL);
	said(&e, "\"../x\" is not the name of a cgroup's file");
	if (cgroup_v1_index(&host, "memory") >= 0) {
		err_clear(&e);
		assert_int_equal(cgroup_tree_set(&t, "memory.limit_in_bytes", "nonsense", &e), -EINVAL);
		said(&e, "cannot set memory.limit_in_bytes of the cgroup");
		err_clear(&e);
		assert_int_equal(cgroup_tree_get(&t, "memory.nonsense", &out, &e), -ENOENT);
		said(&e, "the cgroup controller memory has no file memory.nonsense here");
	}
	removed(&t);
}

/* Opens a device in a child that is in the tree: 0 or an errno. */
static int opens(const struct cgroup_tree *t, const char *path, int flags)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (cgroup_tree_enter(t, 0, false, NULL) < 0)
			_exit(255);
		_exit(open(path, flags) < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void devices_obey(const struct cgroup_host *h)
{
	struct err e = { 0 };
	struct cgroup_tree t;

	made(&t, h, name);
	assert_int_equal(opens(&t, "/dev/null", O_RDWR), 0);
	set(&t, "devices.deny", "a");
	assert_int_equal(opens(&t, "/dev/null", O_RDWR), EPERM);
	set(&t, "devices.allow", "c 1:3 r");
	assert_int_equal(opens(&t, "/dev/null", O_RDWR), EPERM);
	assert_int_equal(opens(&t, "/dev/null", O_RDONLY), 0);
	set(&t, "devices.allow", "c 1:3 w");
	set(&t, "devices.allow", "c 5:* rwm");
	assert_int_equal(opens(&t, "/dev/null", O_RDWR), 0);
	assert_int_equal(opens(&t, "/dev/zero", O_RDONLY), EPERM);
	reads(&t, "devices.list", "c 1:3 rw\nc 5:* rwm\n");
	set(&t, "devices.deny", "c 1:3 w");
	assert_int_equal(opens(&t, "/dev/null", O_WRONLY), EPERM);
	assert_int_equal(cgroup_tree_set(&t, "devices.allow", "x 1:3", &e), -EINVAL);
	set(&t, "devices.allow", "a");
	set(&t, "devices.deny", "c 1:5 w");
	assert_int_equal(opens(&t, "/dev/zero", O_RDONLY), 0);
	assert_int_equal(opens(&t, "/dev/zero", O_RDWR), EPERM);
	assert_int_equal(opens(&t, "/dev/null", O_RDWR), 0);
	removed(&t);
}

static void devices_by_v1(void **state)
{
	(void)state;
	writable();
	need(cgroup_v1_index(&host, "devices") >= 0, "no v1 devices controller here");
	devices_obey(&host);
}

static void devices_by_ebpf(void **state)
{
	(void)state;
	writable();
	need(only_v2.n, "no cgroup v2 is mounted");
	devices_obey(&only_v2);
}

static void as_many_rules_as_fit(void **state)
{
	_own_free struct bpf_devices *d = malloc(sizeof(*d)), *back = malloc(sizeof(*back));
	struct cgroup_tree t;
	struct err e = { 0 };
	char rule[32];

	(void)state;
	writable();
	need(only_v2.n, "no cgroup v2 is mounted");
	bpf_devices_init(d);
	assert_int_equal(bpf_devices_change(d, false, "a"), 0);
	for (int i = 0; i < BPF_DEVICES_MOST; i++) {
		(void)snprintf(rule, sizeof(rule), "b %d:%d rw", i + 1, i);
		assert_int_equal(bpf_devices_change(d, true, rule), 0);
	}
	assert_int_equal(bpf_devices_change(d, true, "c 1:3 rwm"), -ENOSPC);
	made(&t, &only_v2, name);
	ok(cgroup_tree_set_devices(&t, d, &e), &e);
	assert_int_equal(bpf_devices_read(t.fd[0], back), 0);
	assert_memory_equal(d, back, sizeof(*d));
	removed(&t);
}

static void device_rules_are_strict(void **state)
{
	static const char *const bad[] = { "",	     "x",	"c",	    "c 1",    "c 1:",	    "c 1:3",
					   "c 1:3 ", "c 1:3 q", "c -1:3 r", "c1:3 r", "c 1:3 rw x", "c 99999999999:1 r",
					   "all" };
	_own_free struct bpf_devices *d = malloc(sizeof(*d));

	(void)state;
	bpf_devices_init(d);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(bpf_devices_change(d, true, bad[i]), -EINVAL);
	assert_int_equal(bpf_devices_change(d, false, "a *:* rwm"), 0);
	assert_false(d->allow);
	assert_int_equal(bpf_devices_change(d, true, "b *:7 rm\n"), 0);
	assert_int_equal(d->n, 1);
	assert_int_equal(d->v[0].major, -1);
	assert_int_equal(d->v[0].access, BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_MKNOD);
	assert_int_equal(bpf_devices_change(d, false, "b *:7 rwm"), 0);
	assert_int_equal(d->n, 0);
}

/* A folder in the place of a pure v2 host: what is written to subtree_control, and what is said of a missing file. */
static void controllers_are_enabled_above(void **state)
{
	struct cgroup_host h = { .n = 1, .unified = 0 };
	_own_free char *text = NULL;
	struct cgroup_tree t;
	struct err e = { 0 };
	char dir[32] = "/tmp/keg-test-XXXXXX";
	_own_fd int fd = -1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(io_replace_file_fast(fd, "cgroup.subtree_control", "cpu\n", 4, 0600, &e), 0);
	h.v[0] = (struct cgroup_hierarchy){ .controllers = "cpuset cpu memory", .v2 = true };
	(void)snprintf(h.v[0].mount, sizeof(h.v[0].mount), "%s", dir);
	made(&t, &h, "web1");
	assert_int_equal(io_read_file(fd, "cgroup.subtree_control", 100, &text, NULL), 0);
	assert_string_equal(text, "+cpuset +memory ");
	assert_true(cgroup_is_native(&h, "memory.max", true));
	assert_false(cgroup_is_native(&h, "memory.limit_in_bytes", false));
	assert_int_equal(unlinkat(fd, "cgroup.subtree_control", 0), 0);
	assert_int_equal(cgroup_tree_set(&t, "memory.limit_in_bytes", "1M", &e), -ENOENT);
	said(&e, "cannot enable the cgroup controller memory below");
	removed(&t);
	assert_int_equal(rmdir(dir), 0);
}

/* One that has processes, and is not the root: cpu and pids would make it threaded, and nothing could enter below. */
static void crowded_cgroup_is_left_as_it_is(void **state)
{
	static const char *const files[][2] = { { "cgroup.type", "domain\n" },
						{ "cgroup.procs", "1\n" },
						{ "cgroup.subtree_control", "\n" } };
	struct cgroup_host h = { .n = 1, .unified = 0 };
	_own_free char *text = NULL;
	struct cgroup_tree t;
	struct err e = { 0 };
	char dir[32] = "/tmp/keg-test-XXXXXX";
	_own_fd int fd = -1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		ok(io_replace_file_fast(fd, files[i][0], files[i][1], strlen(files[i][1]), 0600, &e), &e);
	h.v[0] = (struct cgroup_hierarchy){ .controllers = "cpu pids", .v2 = true };
	(void)snprintf(h.v[0].mount, sizeof(h.v[0].mount), "%s", dir);
	made(&t, &h, "web1");
	assert_int_equal(io_read_file(fd, "cgroup.subtree_control", 100, &text, NULL), 0);
	assert_string_equal(text, "\n");
	assert_int_equal(cgroup_tree_set(&t, "pids.max", "10", &e), -ENOENT);
	said(&e, "cannot enable the cgroup controllers pids below");
	removed(&t);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(unlinkat(fd, files[i][0], 0), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* A cgroup of v2 as the base, whose first controller is one that only a key asks for. */
static int base_v2(struct cgroup_host *h, char *controller, size_t size, char *path, size_t path_size)
{
	char have[256] = "", *save = NULL, *w;
	int fd;

	*h = only_v2;
	(void)snprintf(path, path_size, "%s/%s.base", h->v[0].mount, name);
	(void)snprintf(h->v[0].base, sizeof(h->v[0].base), "/%s.base", name);
	assert_int_equal(mkdir(path, 0755), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)!io_read_line(fd, "cgroup.controllers", have, sizeof(have));
	(void)snprintf(h->v[0].controllers, sizeof(h->v[0].controllers), "%s", have);
	for (w = strtok_r(have, " ", &save); w && strcmp(w, "hugetlb") != 0; w = strtok_r(NULL, " ", &save))
		;
	(void)snprintf(controller, size, "%s", w ? w : "");
	return fd;
}

static void controls(int base, const char *want)
{
	char is[256] = "";

	(void)!io_read_line(base, "cgroup.subtree_control", is, sizeof(is));
	if (strcmp(is, want) != 0)
		fail_msg("\"%s\" is enabled, not \"%s\"", is, want);
}

static void the_last_one_takes_controllers_back(void **state)
{
	struct cgroup_host h;
	struct cgroup_tree a, b, c;
	char controller[32], path[CGROUP_PATH], other[CGROUP_PATH + 32];
	_own_fd int base = -1;
	struct err e = { 0 };

	(void)state;
	writable();
	need(only_v2.n, "no cgroup v2 is mounted");
	base = base_v2(&h, controller, sizeof(controller), path, sizeof(path));
	if (!controller[0])
		(void)rmdir(path);
	need(controller[0], "no hugetlb controller in cgroup v2 here");
	(void)snprintf(h.v[0].controllers, sizeof(h.v[0].controllers), "hugetlb"); /* the others are for all */
	init(&a, &h, "a");
	ok(cgroup_tree_set_owner(&a, "/x", &e), &e);
	ok(cgroup_tree_make(&a, &e), &e);
	controls(base, "");
	init(&b, &h, "b");
	ok(cgroup_tree_set_owner(&b, "/x", &e), &e);
	cgroup_tree_want(&b, "hugetlb.2MB.limit_in_bytes");
	ok(cgroup_tree_make(&b, &e), &e);
	controls(base, "hugetlb");
	removed(&b);
	controls(base, "hugetlb"); /* a is there and may use it */
	removed(&a);
	controls(base, "");
	/* somebody else's limit keeps it */
	made(&c, &h, "c");
	set(&c, "hugetlb.2MB.max", "2097152"); /* enabled for the first who sets it */
	controls(base, "hugetlb");
	(void)snprintf(other, sizeof(other), "%s/other", path);
	assert_int_equal(mkdir(other, 0755), 0);
	(void)snprintf(other, sizeof(other), "%s/other/hugetlb.2MB.max", path);
	ok(io_write_file(AT_FDCWD, other, "4194304"), &e);
	removed(&c);
	controls(base, "hugetlb");
	ok(io_write_file(AT_FDCWD, other, "max"), &e);
	made(&c, &h, "c");
	removed(&c);
	controls(base, "");
	/* what was enabled before us stays */
	ok(io_write_file(base, "cgroup.subtree_control", "+hugetlb"), &e);
	made(&c, &h, "c");
	removed(&c);
	controls(base, "hugetlb");
	(void)snprintf(other, sizeof(other), "%s/other", path);
	assert_int_equal(rmdir(other), 0);
	assert_int_equal(rmdir(path), 0);
}

static int setup(void **state)
{
	struct err e = { 0 };

	(void)state;
	(void)snprintf(name, sizeof(name), "keg.test.%d", (int)getpid());
	if (cgroup_look(&host, &e) < 0)
		return -1;
	only_v2.unified = -1;
	if (host.unified >= 0) {
		only_v2.unified = 0;
		only_v2.n = 1;
		only_v2.v[0] = host.v[host.unified];
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_is_seen),
		cmocka_unit_test(paths_are_checked),
		cmocka_unit_test(made_and_removed),
		cmocka_unit_test(processes_enter_and_are_killed),
		cmocka_unit_test(remove_kills_and_takes_subcgroups),
		cmocka_unit_test(killing_works_frozen_and_without_cgroup_kill),
		cmocka_unit_test(freezes),
		cmocka_unit_test(freezes_by_v2),
		cmocka_unit_test(stale_tree_is_made_anew),
		cmocka_unit_test(another_owners_tree_is_left_alone),
		cmocka_unit_test(parents_of_ours_go_with_the_last),
		cmocka_unit_test(inner_holds_the_processes),
		cmocka_unit_test(attach_uses_a_leaf_on_v2),
		cmocka_unit_test(open_of_nothing_says_so),
		cmocka_unit_test(limits_read_back),
		cmocka_unit_test(errors_name_what_is_missing),
		cmocka_unit_test(devices_by_v1),
		cmocka_unit_test(devices_by_ebpf),
		cmocka_unit_test(as_many_rules_as_fit),
		cmocka_unit_test(device_rules_are_strict),
		cmocka_unit_test(controllers_are_enabled_above),
		cmocka_unit_test(crowded_cgroup_is_left_as_it_is),
		cmocka_unit_test(the_last_one_takes_controllers_back),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
