/* SPDX-License-Identifier: MIT */
/* Starting, finding and ending our dnsmasq. */
#include "bridge/dnsmasq.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"
#include "base/spawn.h"
#include "base/str.h"
#include "bridge/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { START_MS = 10000, TERM_MS = 2000, KILL_MS = 2000, SAID_MOST = 16 << 10, NOT_BOUND = 2 };

static const char *find_program(void)
{
	static const char *const places[] = { "/usr/sbin/dnsmasq", "/usr/bin/dnsmasq", "/usr/local/sbin/dnsmasq",
					      "/usr/local/bin/dnsmasq", "/sbin/dnsmasq" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

static const char *find_user(void)
{
	static const char *const users[] = { "lxc-dnsmasq", "dnsmasq", "nobody" };

	for (size_t i = 0; i < ARRAY_SIZE(users); i++)
		if (getpwnam(users[i]))
			return users[i];
	return "root";
}

/* Remembers the first failure, so that the list below reads as a list. */
static void add(struct strv *v, int *r, const char *word)
{
	if (*r == 0)
		*r = strv_add(v, word);
}

static void add_pair(struct strv *v, int *r, const char *option, const char *value)
{
	if (*r == 0)
		*r = strv_addf(v, "%s=%s", option, value);
}

static int make_argv(const struct settings *s, const char *program, struct strv *v)
{
	int r = 0;

	add(v, &r, program);
	add_pair(v, &r, "--conf-file", *s->dhcp_confile ? s->dhcp_confile : "/dev/null");
	if (*s->domain) {
		add_pair(v, &r, "--domain", s->domain);
		if (r == 0)
			r = strv_addf(v, "--server=/%s/", s->domain);
	}
	if (!s->ping)
		add(v, &r, "--no-ping");
	add_pair(v, &r, "--user", find_user());
	add(v, &r, "--strict-order");
	add(v, &r, "--bind-interfaces");
	add_pair(v, &r, "--pid-file", s->pid_file);
	add_pair(v, &r, "--listen-address", s->addr);
	add_pair(v, &r, "--dhcp-range", s->dhcp_range);
	add_pair(v, &r, "--dhcp-lease-max", s->dhcp_max);
	add(v, &r, "--dhcp-no-override");
	add(v, &r, "--except-interface=lo");
	add_pair(v, &r, "--interface", s->bridge);
	add_pair(v, &r, "--dhcp-leasefile", s->leases);
	add(v, &r, "--dhcp-authoritative");
	if (s->ipv6) {
		if (r == 0)
			r = strv_addf(v, "--dhcp-range=%s,ra-only", s->ipv6_addr);
		add_pair(v, &r, "--listen-address", s->ipv6_addr);
	}
	return r;
}

/* What it wrote, as one line without its own name before each part. */
static void relay(int fd, struct err *e)
{
	_own_free char *text = NULL;
	_own_strv struct strv lines = { 0 };
	_own_buf struct buf b = { 0 };

	if (lseek(fd, 0, SEEK_SET) < 0 || io_read_fd(fd, SAID_MOST, &text, NULL) < 0 ||
	    strv_split(&lines, text, "\n\r") < 0)
		return;
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i] + (str_starts(lines.v[i], "dnsmasq: ") ? strlen("dnsmasq: ") : 0);

		buf_addf(&b, "%s%s", i ? "; " : "", line);
	}
	if (b.s && !b.failed)
		err_said(e, "%s", b.s);
}

/* Its exit status 2 is trouble with the network: mostly somebody else on the port. */
static int failed(const struct settings *s, int status, int said_fd, struct err *e)
{
	_own_free char *who = NULL;
	int port = 0, r;

	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_BOUND)
		port = holder_find(s->addr, 53, &who) ? 53 : holder_find(s->addr, 67, &who) ? 67 : 0;
	if (port == 53) {
		r = err_say(e, EADDRINUSE, "cannot serve DNS on %s: port 53 is taken%s%s", s->addr, who ? " by " : "",
			    who ? who : "");
		err_hint(
			e,
			"end that, bind it to other addresses, or set LXC_DHCP_CONFILE to a file with the line port=0");
	} else if (port == 67) {
		r = err_say(e, EADDRINUSE, "cannot serve DHCP on %s: port 67 is taken%s%s", s->addr, who ? " by " : "",
			    who ? who : "");
		err_hint(e, "end that, or bind it to other interfaces");
	} else if (WIFEXITED(status)) {
		r = err_say(e, EIO, "cannot run dnsmasq: it gave up with status %d", WEXITSTATUS(status));
	} else {
		r = err_say(e, EIO, "cannot run dnsmasq: it was killed by signal %d", WTERMSIG(status));
	}
	relay(said_fd, e);
	return r;
}

static int run(const struct settings *s, const char *program, struct err *e)
{
	_own_fd int said = memfd_create("dnsmasq-said", MFD_CLOEXEC);
	_own_strv struct strv argv = { 0 };
	int stdio[3] = { -1, said, said }, status, r;
	struct spawn sp = { .path = program, .stdio = stdio };
	pid_t pid;

	if (said < 0)
		return err_sys(e, "run", "dnsmasq");
	r = make_argv(s, program, &argv);
	if (r < 0)
		return err_num(e, -r, "run", "dnsmasq");
	sp.argv = argv.v;
	r = spawn(&sp, &pid, e);
	if (r < 0)
		return r;
	/* It goes into the background by itself, and its first process ends once the sockets are bound. */
	r = spawn_wait(pid, START_MS, &status);
	if (r == -ETIMEDOUT)
		r = err_say(e, ETIMEDOUT, "cannot run dnsmasq: it was not ready within %d s", START_MS / 1000);
	else if (r < 0)
		r = err_num(e, -r, "wait for", "dnsmasq");
	else if (status != 0)
		r = failed(s, status, said, e);
	return r;
}

int dnsmasq_start(const struct settings *s, struct err *e)
{
	const char *program = find_program();
	int r;

	if (!program) {
		r = err_num(e, ENOENT, "run", "dnsmasq");
		err_hint(e, "apt install dnsmasq-base");
		return r;
	}
	r = io_mkdir_p(s->lease_dir, 0755, e);
	return r < 0 ? r : run(s, program, e);
}

static bool has_word(const char *words, size_t len, const char *word)
{
	size_t n = strlen(word) + 1;

	for (size_t i = 0; i + n <= len; i += strlen(words + i) + 1)
		if (memcmp(words + i, word, n) == 0)
			return true;
	return false;
}

/* A pid file may be older than the process that has its number now: only one that was told our pid file is ours. */
static bool is_ours(const struct settings *s, pid_t pid)
{
	_own_free char *path = str_fmt("/proc/%d/cmdline", (int)pid), *words = NULL,
		       *option = str_fmt("--pid-file=%s", s->pid_file);
	size_t len;

	if (!path || !option || io_read_file(AT_FDCWD, path, 64 << 10, &words, &len) < 0)
		return false;
	return len && str_ends(words, "dnsmasq") && has_word(words, len, option);
}

pid_t dnsmasq_pid(const struct settings *s)
{
	char line[32];
	int64_t pid;

	if (io_read_line(AT_FDCWD, s->pid_file, line, sizeof(line)) < 0 || num_i64(line, 2, INT32_MAX, &pid) < 0)
		return 0;
	return is_ours(s, (pid_t)pid) ? (pid_t)pid : 0;
}

static bool ended_within(int pidfd, int ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int r;

	do
		r = poll(&p, 1, ms);
	while (r < 0 && errno == EINTR);
	return r > 0;
}

int dnsmasq_stop(const struct settings *s, struct err *e)
{
	pid_t pid = dnsmasq_pid(s);
	_own_fd int pidfd = pid ? (int)syscall(SYS_pidfd_open, pid, 0) : -1; /* Linux 5.3 */

	if (pidfd >= 0 && is_ours(s, pid)) { /* asked again, of the process that the fd holds */
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
		if (!ended_within(pidfd, TERM_MS)) {
			(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
			if (!ended_within(pidfd, KILL_MS))
				return err_say(e, ETIMEDOUT, "cannot end dnsmasq: process %d does not go", (int)pid);
		}
	}
	(void)unlink(s->pid_file);
	(void)unlink(s->leases);
	return 0;
}
