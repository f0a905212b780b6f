/* SPDX-License-Identifier: MIT */
/*
 * The floor under a start on this machine: one container by the system calls that nothing can leave out,
 * and nothing else. Cgroups in every hierarchy, clone3, a veth on a bridge, the mounts of a system
 * container, pivot_root, exec.
 *
 *   floor ROOTFS [BRIDGE]      prints the microseconds from the first call to init's exec
 *
 * ROOTFS holds /answer (tests/answer.c), and empty proc, sys and dev. As root.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 24 };

static struct {
	char path[256];
	int procs; /* fd of cgroup.procs; v2: of the folder */
} cgroup[MOST];
static size_t cgroups;
static int unified = -1; /* index of the v2 hierarchy */

static void must(long r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(9);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Where the hierarchies are; asked before the clock runs, as every manager may know it. */
static void find_hierarchies(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], at[200];

	while (f && fgets(line, sizeof(line), f) && cgroups < MOST) {
		char *type = strstr(line, " - cgroup");

		if (!type || sscanf(line, "%*s %*s %*s %*s %199s", at) != 1)
			continue;
		if (type[9] == '2')
			unified = (int)cgroups;
		snprintf(cgroup[cgroups].path, sizeof(cgroup[0].path), "%s/floor.%d", at, (int)getpid());
		cgroups++;
	}
	if (f)
		fclose(f);
}

/* A cpuset is of no use before it has cpus and memory nodes. */
static void fill_cpuset(int dir)
{
	static const char *const from[] = { "../cpuset.cpus", "../cpuset.mems" };

	for (int i = 0; i < 2; i++) {
		int fd = openat(dir, from[i], O_RDONLY | O_CLOEXEC);
		char text[256];
		ssize_t n;

		if (fd < 0)
			return;
		n = read(fd, text, sizeof(text));
		close(fd);
		fd = openat(dir, from[i] + 3, O_WRONLY | O_CLOEXEC);
		must(fd, from[i]);
		must(write(fd, text, n > 0 ? (size_t)n : 0), from[i]);
		close(fd);
	}
}

static void make_cgroups(void)
{
	for (size_t i = 0; i < cgroups; i++) {
		int dir;

		must(mkdir(cgroup[i].path, 0755), cgroup[i].path);
		dir = open(cgroup[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		must(dir, cgroup[i].path);
		if (strstr(cgroup[i].path, "cpuset"))
			fill_cpuset(dir);
		cgroup[i].procs = (int)i == unified ? dir : openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
		must(cgroup[i].procs, cgroup[i].path);
	}
}

static void enter_cgroups(pid_t pid)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	for (size_t i = 0; i < cgroups; i++)
		if ((int)i != unified)
			must(write(cgroup[i].procs, text, (size_t)n), cgroup[i].path);
}

static struct rtattr *add(struct nlmsghdr *n, unsigned short type, const void *data, size_t len)
{
	struct rtattr *r = (void *)((char *)n + NLMSG_ALIGN(n->nlmsg_len));

	r->rta_type = type;
	r->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(r), data, len);
	n->nlmsg_len = NLMSG_ALIGN(n->nlmsg_len) + RTA_ALIGN(r->rta_len);
	return r;
}

static void end(struct nlmsghdr *n, struct rtattr *nest)
{
	nest->rta_len = (unsigned short)((char *)n + NLMSG_ALIGN(n->nlmsg_len) - (char *)nest);
}

/* One request makes both ends: ours up and on the bridge, the other in the container, as eth0. */
static void make_veth(const char *name, const char *bridge, pid_t pid)
{
	_Alignas(8) char buf[1024] = { 0 };
	struct nlmsghdr *n = (void *)buf;
	struct ifinfomsg up = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP }, down = { 0 };
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), master = (int)if_nametoindex(bridge);
	struct rtattr *info, *data, *peer;
	struct nlmsgerr *answer = NLMSG_DATA(n);

	must(s, "netlink");
	must(master ? 0 : -1, bridge);
	n->nlmsg_len = NLMSG_LENGTH(sizeof(up));
	n->nlmsg_type = RTM_NEWLINK;
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	memcpy(NLMSG_DATA(n), &up, sizeof(up));
	add(n, IFLA_IFNAME, name, strlen(name) + 1);
	add(n, IFLA_MASTER, &master, sizeof(master));
	info = add(n, IFLA_LINKINFO, NULL, 0);
	add(n, IFLA_INFO_KIND, "veth", 4);
	data = add(n, IFLA_INFO_DATA, NULL, 0);
	peer = add(n, VETH_INFO_PEER, &down, sizeof(down)); /* a peer cannot be born up */
	add(n, IFLA_IFNAME, "eth0", 5);
	add(n, IFLA_NET_NS_PID, &pid, sizeof(pid));
	end(n, peer);
	end(n, data);
	end(n, info);
	must(send(s, n, n->nlmsg_len, 0), "veth");
	must(recv(s, buf, sizeof(buf), 0), "veth");
	errno = -answer->error;
	must(answer->error, "veth");
	close(s);
}

static void make_dev(void)
{
	static const struct {
		const char *path;
		unsigned maj, min;
	} node[] = { { "dev/null", 1, 3 },   { "dev/zero", 1, 5 },    { "dev/full", 1, 7 },
		     { "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 } };

	must(mount("none", "dev", "tmpfs", MS_NOSUID, "size=500000,mode=755"), "dev");
	for (size_t i = 0; i < sizeof(node) / sizeof(*node); i++)
		must(mknod(node[i].path, S_IFCHR | 0666, makedev(node[i].maj, node[i].min)), node[i].path);
	must(mkdir("dev/pts", 0755), "dev/pts");
	must(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5"),
	     "devpts");
}

/* The container's side, once the other one has placed it in its cgroups. */
static void become_init(const char *root, int go, int network)
{
	char c;

	must(read(go, &c, 1), "go");
	must(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "/");
	must(mount(root, root, NULL, MS_BIND | MS_REC, NULL), root);
	must(chdir(root), root);
	must(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "proc");
	if (network)
		must(mount("sysfs", "sys", "sysfs", MS_RDONLY, NULL), "sys");
	make_dev();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(sethostname("floor", 5), "sethostname");
	execl("/answer", "answer", "exit", "0", NULL);
	must(-1, "exec");
}

int main(int argc, char **argv)
{
	const char *bridge = argc > 2 ? argv[2] : NULL;
	int go[2], done[2], pidfd, status;
	struct clone_args args = { .exit_signal = SIGCHLD,
				   .pidfd = (uintptr_t)&pidfd,
				   .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP |
					    CLONE_PIDFD };
	char name[16], c;
	double began;
	long pid;

	if (argc < 2)
		return 111;
	find_hierarchies();
	snprintf(name, sizeof(name), "fl%d", (int)getpid());
	began = now();
	make_cgroups();
	must(pipe2(go, O_CLOEXEC), "pipe");
	must(pipe2(done, O_CLOEXEC), "pipe");
	if (bridge)
		args.flags |= CLONE_NEWNET;
	if (unified >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned long long)cgroup[unified].procs;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	must(pid, "clone3");
	if (pid == 0)
		become_init(argv[1], go[0], bridge != NULL);
	enter_cgroups((pid_t)pid);
	if (bridge)
		make_veth(name, bridge, (pid_t)pid);
	close(done[1]);
	must(write(go[1], "g", 1), "go");
	must(read(done[0], &c, 1), "done"); /* its end: init has exec'ed */
	printf("%.0f\n", now() - began);
	waitpid((pid_t)pid, &status, 0);
	for (size_t i = 0; i < cgroups; i++)
		must(rmdir(cgroup[i].path), cgroup[i].path);
	return status != 0;
}
