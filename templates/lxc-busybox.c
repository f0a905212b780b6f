/* SPDX-License-Identifier: MIT */
/*
 * Template "busybox": the smallest system, made of the host's busybox. A program and not a script, for
 * a script forks once per applet: several hundred times.
 */
#include "base/io.h"
#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/fs.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { ANSWER_MOST = 1 << 20, CONFIG_MOST = 4 << 20 };

struct request {
	const char *name, *path, *rootfs, *busybox;
	long uid, gid; /* -1: as they are */
};

static const char usage[] = "Usage: lxc-busybox --path=PATH --name=NAME [--rootfs=PATH] [--busybox-path=FILE]\n"
			    "\n"
			    "Makes a container of the host's busybox.\n"
			    "\n"
			    "Options:\n"
			    "  -h, --help               Show this help\n"
			    "      --busybox-path=FILE  The busybox to copy (default: the first one in $PATH)\n"
			    "\n"
			    "Given by lxc-create:\n"
			    "  -n, --name=NAME          The container's name\n"
			    "  -p, --path=PATH          The container's folder\n"
			    "      --rootfs=PATH        Where its root file system goes\n"
			    "      --mapped-uid=UID     Who owns the config, in a user namespace\n"
			    "      --mapped-gid=GID\n";

static const char *const folders[] = {
	"selinux", "dev",     "home",	  "root", "etc",     "etc/init.d", "bin",	"usr",
	"usr/bin", "sbin",    "usr/sbin", "proc", "sys",     "mnt",	   "tmp",	"var",
	"var/log", "var/run", "dev/pts",  "lib",  "usr/lib", "lib64",	   "usr/lib64",
};

static const struct file {
	const char *path, *text;
	mode_t mode;
} files[] = {
	{ "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", 0644 },
	{ "etc/group", "root:x:0:root\n", 0644 },
	{ "etc/fstab", "", 0644 },
	{ "etc/shadow", "", 0644 },
	{ "etc/init.d/rcS", "#!/bin/sh\n/bin/syslogd\n/bin/mount -a\n/bin/udhcpc -R &\n", 0744 },
	{ "etc/inittab",
	  "::sysinit:/etc/init.d/rcS\n"
	  "tty1::respawn:/bin/getty -L tty1 115200 vt100\n"
	  "console::askfirst:/bin/sh\n",
	  0644 },
};

static const char dhcp_script[] =
	"#!/bin/sh\n"
	"# What udhcpc calls when it has, renews or loses a lease.\n"
	"case \"$1\" in\n"
	"deconfig)\n"
	"	ip addr flush dev \"$interface\"\n"
	"	;;\n"
	"bound | renew)\n"
	"	[ -z \"$router\" ] || ip route del default 2>/dev/null\n"
	"	ip addr add \"$ip/$mask\" ${broadcast:+broadcast \"$broadcast\"} dev \"$interface\" 2>/dev/null\n"
	"	[ -z \"$router\" ] || ip route add default via \"${router%% *}\" dev \"$interface\"\n"
	"	{\n"
	"		[ -z \"$domain\" ] || echo \"search $domain\"\n"
	"		for server in $dns; do\n"
	"			echo \"nameserver $server\"\n"
	"		done\n"
	"	} >/etc/resolv.conf\n"
	"	;;\n"
	"esac\n"
	"exit 0\n";

static const char config_begin[] = "lxc.autodev = 1\n"
				   "lxc.tty.max = 5\n"
				   "lxc.pty.max = 1\n"
				   "lxc.cap.drop = sys_module mac_admin mac_override sys_time\n"
				   "\n"
				   "# When using LXC with apparmor, uncomment the next line to run unconfined:\n"
				   "#lxc.apparmor.profile = unconfined\n"
				   "\n"
				   "lxc.mount.auto = cgroup:mixed proc:mixed sys:ro\n"
				   "lxc.mount.entry = shm dev/shm tmpfs defaults,create=dir 0 0\n"
				   "lxc.mount.entry = mqueue dev/mqueue mqueue defaults,optional,create=dir 0 0\n";

__attribute__((format(printf, 1, 2))) static int fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("ERROR: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	return -1;
}

static int fail_at(const char *what, const char *path)
{
	return fail("cannot %s %s: %s", what, path, strerror(errno));
}

/* What `busybox ARGS` says on both its outputs. It writes line by line: into memory that costs no switch to us. */
static int ask_busybox(const char *busybox, char *const argv[], char **answer)
{
	_own_fd int out = memfd_create("answer", MFD_CLOEXEC);
	posix_spawn_file_actions_t fa;
	int r, status;
	pid_t pid;

	if (out < 0)
		return fail_at("ask", busybox);
	(void)posix_spawn_file_actions_init(&fa);
	(void)posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&fa, out, 1);
	(void)posix_spawn_file_actions_adddup2(&fa, out, 2);
	r = posix_spawn(&pid, busybox, &fa, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&fa);
	if (r != 0)
		return fail("cannot run %s: %s", busybox, strerror(r));
	(void)waitpid(pid, &status, 0);
	r = lseek(out, 0, SEEK_SET) < 0 ? -errno : io_read_fd(out, ANSWER_MOST, answer, NULL);
	return r < 0 ? fail("cannot read what %s says: %s", busybox, strerror(-r)) : 0;
}

static char *in_path(void)
{
	const char *path = getenv("PATH");
	_own_strv struct strv dirs = { 0 };

	if (strv_split(&dirs, path ? path : "/usr/sbin:/usr/bin:/sbin:/bin", ":") < 0)
		return NULL;
	for (size_t i = 0; i < dirs.n; i++) {
		_own_free char *file = str_fmt("%s/busybox", dirs.v[i]);

		if (file && access(file, X_OK) == 0)
			return take_ptr(&file);
	}
	return NULL;
}

static int make_folders(int root)
{
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		mode_t mode = strcmp(folders[i], "tmp") == 0 ? 01777 : 0755;

		if (mkdirat(root, folders[i], 0755) < 0 && errno != EEXIST)
			return fail_at("create folder", folders[i]);
		if (fchmodat(root, folders[i], mode, 0) < 0)
			return fail_at("set the mode of", folders[i]);
	}
	return 0;
}

static int append(int root, const char *path, const char *text, mode_t mode)
{
	_own_fd int fd = openat(root, path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, mode);
	int r;

	if (fd < 0)
		return fail_at("create", path);
	r = io_write_all(fd, text, strlen(text));
	errno = -r;
	if (r < 0 || fchmod(fd, mode) < 0)
		return fail_at("write", path);
	return 0;
}

/* Where this busybox' udhcpc looks for its script is compiled in, and told by its help: "(default PATH)". */
static int make_dhcp_script(int root, const char *busybox)
{
	char *const argv[] = { (char *)"busybox", (char *)"udhcpc", (char *)"--help", NULL };
	_own_free char *help = NULL;
	char *path, *slash, *end;

	if (ask_busybox(busybox, argv, &help) < 0)
		return -1;
	path = strstr(help, "default.script");
	while (path && path > help && path[-1] != ' ' && path[-1] != '(')
		path--;
	if (!path)
		return 0; /* no udhcpc in it */
	path += strspn(path, "/");
	end = path + strcspn(path, ") \n");
	*end = 0;
	for (slash = path; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = 0;
		if (mkdirat(root, path, 0755) < 0 && errno != EEXIST)
			return fail_at("create folder", path);
	}
	return append(root, path, dhcp_script, 0744);
}

static int copy_bytes(int from, int to)
{
	char buf[65536];
	ssize_t n;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	while ((n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0)) > 0)
		;
	if (n == 0 || errno == ENOSPC)
		return n == 0 ? 0 : -1;
	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (io_write_all(to, buf, (size_t)n) < 0)
			return -1;
	return n < 0 ? -1 : 0;
}

static int copy_busybox(int root, const char *busybox)
{
	_own_fd int from = open(busybox, O_RDONLY | O_CLOEXEC), to = -1;

	if (from < 0)
		return fail_at("open", busybox);
	to = openat(root, "bin/busybox", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0755);
	if (to < 0 || copy_bytes(from, to) < 0 || fchmod(to, 0755) < 0)
		return fail_at("copy busybox to", "bin/busybox");
	if (linkat(root, "bin/busybox", root, "sbin/init", 0) < 0 && errno != EEXIST)
		return fail_at("create", "sbin/init");
	return 0;
}

/*
 * One link to busybox, with a name for each applet: a further name costs a line in the folder, where a link of
 * its own would cost an inode. A file system without hard links gets the latter.
 */
static int link_applet(int bin, const char *applet, const char **first)
{
	if (*first && (linkat(bin, *first, bin, applet, 0) == 0 || errno == EEXIST))
		return 0;
	if (symlinkat("busybox", bin, applet) < 0)
		return errno == EEXIST ? 0 : fail_at("link applet", applet);
	*first = applet;
	return 0;
}

static int make_applets(int root, const char *busybox)
{
	char *const argv[] = { (char *)"busybox", (char *)"--list", NULL };
	_own_free char *list = NULL;
	_own_fd int bin = openat(root, "bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *first = NULL;
	char *rest, *applet;

	if (bin < 0)
		return fail_at("open folder", "bin");
	if (ask_busybox(busybox, argv, &list) < 0)
		return -1;
	rest = list;
	while ((applet = strsep(&rest, "\n"))) {
		if (!*applet || strchr(applet, '/') || strstr(applet, "busybox"))
			continue;
		if (link_applet(bin, applet, &first) < 0)
			return -1;
	}
	return 0;
}

static bool has_rootfs_path(const char *config)
{
	static const char key[] = "lxc.rootfs.path";

	return str_starts(config, key) || strstr(config, "\nlxc.rootfs.path");
}

static void add_host_folders(struct buf *b)
{
	static const char *const shared[] = { "lib", "usr/lib", "lib64", "usr/lib64" };

	for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
		_own_free char *on_host = str_fmt("/%s", shared[i]);
		struct stat st;

		if (on_host && stat(on_host, &st) == 0 && S_ISDIR(st.st_mode))
			buf_addf(b, "lxc.mount.entry = %s %s none ro,bind 0 0\n", on_host, shared[i]);
	}
}

static int write_config(const struct request *r)
{
	_own_free char *file = str_fmt("%s/config", r->path), *config = NULL;
	_own_fd int fd = file ? open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640) : -1;
	_own_buf struct buf b = { 0 };
	int x;

	if (fd < 0)
		return fail_at("open", file ? file : r->path);
	x = io_read_fd(fd, CONFIG_MOST, &config, NULL);
	if (x == 0) {
		if (!has_rootfs_path(config))
			buf_addf(&b, "lxc.rootfs.path = dir:%s\n", r->rootfs);
		buf_addf(&b, "lxc.signal.halt = SIGUSR1\nlxc.signal.reboot = SIGTERM\n");
		buf_addf(&b, "lxc.uts.name = \"%s\"\n%s", r->name, config_begin);
		add_host_folders(&b);
		buf_addf(&b, "lxc.mount.entry = /sys/kernel/security sys/kernel/security none ro,bind,optional 0 0\n");
		x = b.failed ? -ENOMEM : io_write_all(fd, b.s, b.len);
	}
	errno = -x;
	if (x < 0)
		return fail_at("write", file);
	if ((r->uid >= 0 || r->gid >= 0) && fchown(fd, (uid_t)r->uid, (gid_t)r->gid) < 0)
		return fail_at("set the owner of", file);
	return 0;
}

static int make(const struct request *r)
{
	_own_fd int root = -1;

	(void)umask(022);
	if (mkdir(r->rootfs, 0755) < 0 && errno != EEXIST)
		return fail_at("create folder", r->rootfs);
	root = open(r->rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail_at("open folder", r->rootfs);
	if (make_folders(root) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (append(root, files[i].path, files[i].text, files[i].mode) < 0)
			return -1;
	if (make_dhcp_script(root, r->busybox) < 0 || copy_busybox(root, r->busybox) < 0 ||
	    make_applets(root, r->busybox) < 0)
		return -1;
	return write_config(r);
}

static int parse(struct request *r, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "name", required_argument, NULL, 'n' },
		{ "path", required_argument, NULL, 'p' },
		{ "rootfs", required_argument, NULL, 'r' },
		{ "mapped-uid", required_argument, NULL, 'u' },
		{ "mapped-gid", required_argument, NULL, 'g' },
		{ "busybox-path", required_argument, NULL, 'b' },
		{ 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "hn:p:", options, NULL)) != -1;) {
		switch (c) {
		case 'h':
			(void)fputs(usage, stdout);
			exit(0);
		case 'n':
			r->name = optarg;
			break;
		case 'p':
			r->path = optarg;
			break;
		case 'r':
			r->rootfs = optarg;
			break;
		case 'u':
			r->uid = strtol(optarg, NULL, 10);
			break;
		case 'g':
			r->gid = strtol(optarg, NULL, 10);
			break;
		case 'b':
			r->busybox = optarg;
			break;
		default:
			(void)fputs(usage, stderr);
			return -1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct request r = { .uid = -1, .gid = -1 };
	_own_free char *rootfs = NULL, *found = NULL;

	if (parse(&r, argc, argv) < 0)
		return 1;
	if (!r.name || !r.path)
		return -fail("--name and --path are needed; lxc-create gives them");
	if (!r.busybox)
		r.busybox = found = in_path();
	if (!r.busybox || access(r.busybox, X_OK) < 0)
		return -fail("Failed to find busybox binary (%s)\n  try     apt-get install busybox-static, or give "
			     "one with "
			     "--busybox-path=FILE",
			     r.busybox ? r.busybox : "not in PATH");
	if (!r.rootfs)
		r.rootfs = rootfs = str_fmt("%s/rootfs", r.path);
	return r.rootfs && make(&r) == 0 ? 0 : 1;
}
