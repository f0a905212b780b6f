/* SPDX-License-Identifier: MIT */
/* What reaches into a running container, where it works; how it fails is in parity_stopped.c and parity_running.c. */
#include "parity.h"

#include <sched.h>

static bool appears(const char *path)
{
	for (int i = 0; i < 200 && access(path, F_OK) < 0; i++)
		(void)usleep(20000);
	return access(path, F_OK) == 0;
}

static void up(struct lxc_container *c)
{
	MUST(c, c->start(c, 0, NULL));
	EXPECT(appears(below("a/rootfs/ready")));
}

static void down(struct lxc_container *c)
{
	EXPECT(c->stop(c));
	(void)lxc_container_put(c);
}

static void started_with_words(void)
{
	struct lxc_container *c = container("a", "exit 1", "");

	EXPECT(c->want_close_all_fds(c, true));
	MUST(c, c->startl(c, 0, "/answer", "touch", "/started-so", "sleep", NULL));
	EXPECT(appears(below("a/rootfs/started-so")) && c->is_running(c));
	down(c);
}

static void rebooted_without_waiting(void)
{
	struct lxc_container *c = container("a", "", "");
	pid_t before;

	up(c);
	before = c->init_pid(c);
	MUST(c, c->reboot(c));
	for (int i = 0; i < 200 && (c->init_pid(c) <= 0 || c->init_pid(c) == before); i++)
		(void)usleep(50000);
	EXPECT(c->init_pid(c) > 0 && c->init_pid(c) != before);
	down(c);
}

static bool has_device(struct lxc_container *c)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/root/dev/kmsg", (int)c->init_pid(c));
	return stat(path, &st) == 0 && S_ISCHR(st.st_mode);
}

static void a_device(void)
{
	struct lxc_container *c = container("a", "", "lxc.autodev = 1\n");

	up(c);
	EXPECT(!has_device(c));
	MUST(c, c->add_device_node(c, "/dev/kmsg", NULL));
	EXPECT(has_device(c));
	MUST(c, c->remove_device_node(c, "/dev/kmsg", NULL));
	EXPECT(!has_device(c));
	down(c);
}

static bool run(const char *how, int pid)
{
	char line[512];

	(void)snprintf(line, sizeof(line), how, pid);
	return system(line) == 0;
}

static bool has_interface(struct lxc_container *c, const char *name)
{
	char **v = c->get_interfaces(c);
	bool has = false;

	for (char **p = v; p && *p; p++) {
		has |= strcmp(*p, name) == 0;
		free(*p);
	}
	free(v);
	return has;
}

/* In a network namespace of the test's own. */
static void an_interface(void)
{
	struct lxc_container *c = container("a", "", "");
	char **ips;

	EXPECT(unshare(CLONE_NEWNET) == 0 && run("ip link add abi0 type veth peer name abi1", 0));
	up(c);
	MUST(c, c->attach_interface(c, "abi0", "in0"));
	EXPECT(has_interface(c, "in0") && !run("ip link show abi0 2>/dev/null >&2", 0));
	EXPECT(run("nsenter -t %d -n sh -c 'ip addr add 10.9.9.9/24 dev in0 && ip link set in0 up'", c->init_pid(c)));
	EXPECT(run("ip link set abi1 up", 0));
	ips = c->get_ips(c, "in0", "inet", 0);
	EXPECT(ips && strcmp(ips[0], "10.9.9.9") == 0 && !ips[1]);
	if (ips)
		free(ips[0]);
	free(ips);
	MUST(c, c->detach_interface(c, "in0", "abi0"));
	EXPECT(!has_interface(c, "in0") && run("ip link show abi0 >/dev/null", 0));
	down(c);
}

static void what_the_console_showed(void)
{
	struct lxc_container *c =
		container("a", "append /dev/console touch /ready sleep", "lxc.console.buffer.size = 4096\n");
	uint64_t most = 0;
	int said = -1;
	struct lxc_console_log log = { .read = true, .clear = true, .read_max = &most };

	up(c);
	for (int i = 0; i < 100 && (said = c->console_log(c, &log)) == -ENODATA; i++)
		(void)usleep(20000); /* the monitor has not read it yet */
	if (said != 0)
		printf("  console_log: %d\n", said);
	MUST(c, said == 0);
	EXPECT(log.data && most >= 9 && memmem(log.data, most, "once more", 9));
	free(log.data);
	log.data = NULL;
	most = 0;
	EXPECT(c->console_log(c, &log) == -ENODATA && !log.data);
	down(c);
}

/* By pipes: a line for the container's terminal, then the escape. */
static void a_console(void)
{
	struct lxc_container *c = container("a", "touch /ready tty /dev/tty1", "lxc.tty.max = 1\n");
	int in[2], out[2], status = -1;
	char said[512] = "";
	size_t n = 0;
	pid_t pid;

	up(c);
	EXPECT(pipe(in) == 0 && pipe(out) == 0);
	pid = fork();
	if (pid == 0)
		_exit(c->console(c, 1, in[0], out[1], out[1], 1) == 0 ? 0 : 1);
	(void)fcntl(out[0], F_SETFL, O_NONBLOCK);
	(void)usleep(300000);
	EXPECT(write(in[1], "hello\n", 6) == 6);
	for (int i = 0; i < 100 && !strstr(said, "you said: hello"); i++) {
		ssize_t got = read(out[0], said + n, sizeof(said) - 1 - n);

		n += got > 0 ? (size_t)got : 0;
		(void)usleep(20000);
	}
	EXPECT(strstr(said, "you said: hello") != NULL);
	EXPECT(write(in[1], "\001q", 2) == 2);
	EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
	down(c);
}

/* In a mount namespace of the test's own, whose folder for mounts is shared with the container's. */
static void a_mount(void)
{
	struct lxc_container *c;
	struct lxc_mount mnt = { .version = LXC_MOUNT_API_V1 };
	char line[8300], path[64];

	EXPECT(mkdir(below("shared"), 0755) == 0 && mkdir(below("given"), 0755) == 0);
	write_file(below("given/file"), "given");
	EXPECT(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0);
	EXPECT(mount("shared", below("shared"), "tmpfs", 0, NULL) == 0 &&
	       mount(NULL, below("shared"), NULL, MS_SHARED, NULL) == 0);
	(void)snprintf(line, sizeof(line), "lxc.mount.auto = shmounts:%s:/dev/.shared\nlxc.autodev = 1\n",
		       below("shared"));
	c = container("a", "", line);
	EXPECT(mkdir(below("a/rootfs/tmp/at"), 0755) == 0);
	up(c);
	(void)snprintf(path, sizeof(path), "/proc/%d/root/tmp/at/file", (int)c->init_pid(c));
	MUST(c, c->mount(c, below("given"), "/tmp/at", "none", MS_BIND, NULL, &mnt) == 0);
	EXPECT(strcmp(read_file(path), "given") == 0);
	MUST(c, c->umount(c, "/tmp/at", MNT_DETACH, &mnt) == 0);
	EXPECT(access(path, F_OK) < 0);
	down(c);
}

static void all_snapshots_go(void)
{
	struct lxc_container *c = container("a", "", "");
	struct lxc_snapshot *list = NULL;

	EXPECT(c->snapshot(c, NULL) == 0 && c->snapshot(c, NULL) == 1);
	MUST(c, c->snapshot_destroy_all(c));
	EXPECT(c->snapshot_list(c, &list) == 0 && c->is_defined(c));
	(void)lxc_container_put(c);
}

const struct test inside_tests[] = {
	{ "started_with_words", started_with_words, NULL, true },
	{ "rebooted_without_waiting", rebooted_without_waiting, NULL, true },
	{ "a_device", a_device, NULL, true },
	{ "an_interface", an_interface, NULL, true },
	{ "what_the_console_showed", what_the_console_showed, NULL, true },
	{ "a_console", a_console, NULL, true },
	{ "a_mount", a_mount, NULL, true },
	{ "all_snapshots_go", all_snapshots_go, NULL, true },
	{ 0 },
};
