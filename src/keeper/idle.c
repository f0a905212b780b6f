/* SPDX-License-Identifier: MIT */
/*
 * The idle stage of a keeper: a small static program without a heap that waits for init's end, hands out
 * ttys, and moves the console's output to its log and to whoever has the console. Zero wake-ups while
 * nothing happens. For all else it execs the engine stage again.
 *
 *	keg-keeper FD NAME LXCPATH	the hand-over is in that fd; the names are for ps(1)
 *	keg-idle check			does nothing
 *	keg-idle log FILE SIZE OLD	is no keeper, but writes a console's log: writer.h
 */
#include "base/msg.h"
#include "base/own.h"
#include "base/version.h"
#include "engine/ended.h"
#include "keeper/control.h"
#include "keeper/hear.h"
#include "keeper/idle.h"
#include "keeper/library.h"
#include "keeper/verdict.h"
#include "keeper/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

enum { DRAIN_MS = 1000 };

struct handover hand;
struct live *live;
int hand_fd;

/* --- the console ------------------------------------------------------------------------------- */

static void take_peer(int fd)
{
	live->peer_fd = fd;
	live->peer_mute = 0;
	if (fd >= 0)
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void drop_peer(void)
{
	if (live->peer_fd >= 0)
		(void)close(live->peer_fd);
	live->peer_fd = -1;
	live->pending.at = live->pending.end = 0;
}

static void push_peer(void)
{
	ssize_t n = write(live->peer_fd, live->pending.data + live->pending.at, live->pending.end - live->pending.at);

	if (n > 0)
		live->pending.at += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		drop_peer();
	if (live->pending.at == live->pending.end)
		live->pending.at = live->pending.end = 0;
}

/* Without a reader the pty would fill and stop the container's writers: so it is always read. */
static bool read_console(void)
{
	size_t n = 0;
	ssize_t some;

	/* a line at a time is what a terminal gives; waits: it is O_NONBLOCK */
	while (n < LIVE_CHUNK && (some = read(hand.console_fd, live->pending.data + n, LIVE_CHUNK - n)) > 0)
		n += (size_t)some;
	if (n == 0)
		return false; /* EIO: nobody has the slave open (yet); EAGAIN: nothing there */
	log_console(live->pending.data, n);
	ring_add(&live->shown, live->pending.data, n);
	live->ever += n;
	live->pending.at = 0;
	live->pending.end = live->peer_fd >= 0 ? (uint32_t)n : 0;
	if (live->pending.end)
		push_peer();
	return true;
}

/* What the user types. */
static void read_peer(void)
{
	char data[512];
	/* waits: poll has seen it */
	ssize_t n = read(live->peer_fd, data, sizeof(data));
	struct stat st;

	if (n > 0 && hand.console_fd >= 0)
		(void)!write(hand.console_fd, data, (size_t)n);
	else if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	else if (n <= 0 && fstat(live->peer_fd, &st) == 0 && S_ISREG(st.st_mode))
		live->peer_mute = 1; /* it goes on taking */
	else if (n <= 0)
		drop_peer();
}

/* init is dead: what it wrote last still reaches the log and the peer. */
static void drain_console(void)
{
	struct pollfd p = { .events = POLLOUT };

	if (hand.console_fd < 0)
		return;
	do {
		while (live->peer_fd >= 0 && live->pending.at < live->pending.end) {
			p.fd = live->peer_fd;
			if (poll(&p, 1, DRAIN_MS) <= 0)
				drop_peer();
			else
				push_peer();
		}
	} while (read_console());
}

/* --- clients ----------------------------------------------------------------------------------- */

static void drop_client(struct live_client *c)
{
	if (c->console)
		drop_peer();
	(void)close(c->fd);
	*c = (struct live_client){ .fd = -1 };
}

static bool is_ours(int fd)
{
	struct ucred u;
	socklen_t len = sizeof(u);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &len) == 0 && (u.uid == 0 || u.uid == geteuid());
}

static void accept_client(void)
{
	/* waits: it is O_NONBLOCK */
	int fd = accept4(hand.control_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (int i = 0; i < LIVE_CLIENTS && is_ours(fd); i++) {
		if (live->client[i].fd < 0) {
			live->client[i] = (struct live_client){ .fd = fd };
			return;
		}
	}
	(void)close(fd);
}

static bool is_taken(int tty)
{
	for (int i = 0; i < LIVE_CLIENTS; i++)
		if (live->client[i].fd >= 0 && live->client[i].tty == tty)
			return true;
	return false;
}

/* A pty's master: 1..N, or -1 for the first that is free. */
static int give_tty(struct live_client *c, struct control_tty *t)
{
	for (int n = 1; t->number == -1 && n <= hand.n_ttys; n++)
		if (!is_taken(n))
			t->number = n;
	if (t->number < 1 || t->number > hand.n_ttys)
		return t->number == -1 && hand.n_ttys ? EBUSY : ENODEV;
	if (is_taken(t->number))
		return EBUSY;
	c->tty = t->number;
	return 0;
}

/* The console has one user at a time: a stream to it, so that a slow one never blocks us. */
static int give_console(struct live_client *c, int *stream)
{
	int pair[2];

	if (hand.console_fd < 0)
		return ENODEV;
	if (live->peer_fd >= 0)
		return EBUSY;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return errno;
	take_peer(pair[0]);
	c->console = true;
	*stream = pair[1];
	return 0;
}

static void answer_tty(struct live_client *c, const struct msg *m)
{
	struct control_tty t;
	int fd = -1, stream = -1;

	memcpy(&t, m->body, sizeof(t));
	if (t.number == 0) {
		t.error = give_console(c, &stream);
		fd = stream;
	} else {
		t.error = give_tty(c, &t);
		fd = t.error ? -1 : hand.tty[t.number - 1];
	}
	if (msg_send(c->fd, CONTROL_TTY, &t, sizeof(t), &fd, fd >= 0) < 0)
		drop_client(c);
	if (stream >= 0)
		(void)close(stream);
}

static void answer_error(struct live_client *c, uint16_t type, int error, int fd)
{
	struct control_error a = { .error = error };

	if (msg_send(c->fd, type, &a, sizeof(a), &fd, fd >= 0) < 0)
		drop_client(c);
}

static void give_listener(struct live_client *c)
{
	int fd = notify_give();

	answer_error(c, CONTROL_SECCOMP, fd < 0 ? ENODEV : 0, fd);
}

/* Of a program that was attached: its filter has a listener of its own. */
static void take_listener(struct live_client *c, struct msg *m)
{
	int x = m->fd[0] < 0 ? -EBADF : notify_add(m->fd[0]);

	if (x == 0)
		m->fd[0] = -1;
	answer_error(c, CONTROL_LISTENER, -x, -1);
}

static void resize_console(void)
{
	const struct winsize ws = { .ws_row = live->rows, .ws_col = live->columns };

	if (hand.console_fd >= 0)
		(void)ioctl(hand.console_fd, TIOCSWINSZ, &ws);
}

static void set_size(const struct msg *m)
{
	struct control_winch w;

	memcpy(&w, m->body, sizeof(w));
	live->rows = w.rows;
	live->columns = w.columns;
	resize_console();
}

/* The whole of it into the log file, which is begun anew where old ones are kept. */
static int shown_to_logfile(void)
{
	return hand.console_log[0] ? -log_shown() : EBADF;
}

/* Into a file of the asker's own: however much it is, nobody waits for him to take it. */
static int shown_to_memory(const struct ring *r, size_t n, int *fd)
{
	int mem = memfd_create("keg-console", MFD_CLOEXEC), x = mem < 0 ? -errno : ring_write(r, n, mem);

	if (x == 0 && lseek(mem, 0, SEEK_SET) == 0) {
		*fd = mem;
		return 0;
	}
	if (mem >= 0)
		(void)close(mem);
	return x ? -x : EIO;
}

/* What is asked for: the oldest of it, or, where it stays, the newest. */
static struct ring asked_for(const struct control_log *l)
{
	struct ring r = live->shown;

	if (l->stays)
		ring_drop(&r, r.used - (live->ever - l->from < r.used ? live->ever - l->from : r.used));
	else if (l->most && l->most < r.used)
		r.used = (size_t)l->most;
	else if (!l->most && !l->read)
		r.used = 0;
	return r;
}

static void answer_log(struct live_client *c, const struct msg *m)
{
	struct control_log l;
	struct ring asked;
	int fd = -1;

	memcpy(&l, m->body, sizeof(l));
	asked = asked_for(&l);
	l.error = !asked.data ? EFAULT : (l.read && !asked.used) || (l.to_logfile && !live->shown.used) ? ENODATA : 0;
	if (!l.error && l.to_logfile)
		l.error = shown_to_logfile();
	if (!l.error && l.read)
		l.error = shown_to_memory(&asked, asked.used, &fd);
	if (!l.error && !l.stays)
		ring_drop(&live->shown, l.clear ? live->shown.used : asked.used);
	l.most = asked.used;
	l.from = live->ever;
	if (msg_send(c->fd, CONTROL_LOG, &l, sizeof(l), &fd, fd >= 0) < 0)
		drop_client(c);
	if (fd >= 0)
		(void)close(fd);
}

/* The answer is the newer program's. */
static void upgrade(struct live_client *c, const struct msg *m)
{
	struct control_upgrade u;
	int error = EINVAL;

	memcpy(&u, m->body, sizeof(u));
	c->upgrading = 1;
	if (live->magic && memchr(u.idle, 0, sizeof(u.idle)) && memchr(u.keeper, 0, sizeof(u.keeper)))
		error = become_newer(u.idle, u.keeper);
	c->upgrading = 0;
	answer_error(c, CONTROL_UPGRADE, error, -1);
}

static void answer_upgrade(void)
{
	for (int i = 0; i < LIVE_CLIENTS; i++) {
		struct live_client *c = &live->client[i];

		if (c->fd < 0 || !c->upgrading)
			continue;
		c->upgrading = 0;
		answer_error(c, CONTROL_UPGRADE, 0, -1);
	}
}

/* What each message's body must measure; checked before it is looked at. */
static const struct {
	uint16_t type;
	uint16_t size;
} sizes[] = {
	{ CONTROL_PING, 0 },
	{ CONTROL_TTY, sizeof(struct control_tty) },
	{ CONTROL_WINCH, sizeof(struct control_winch) },
	{ CONTROL_SECCOMP, 0 },
	{ CONTROL_LISTENER, 0 },
	{ CONTROL_LOG, sizeof(struct control_log) },
	{ CONTROL_UPGRADE, sizeof(struct control_upgrade) },
};

static bool has_its_size(const struct msg *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i].type == m->head.type)
			return sizes[i].size == m->head.size;
	return false;
}

static void serve(struct live_client *c)
{
	static struct msg m;

	if (msg_recv(c->fd, &m, 0) != 1) {
		drop_client(c);
		return;
	}
	if (!has_its_size(&m)) {
		msg_close_fds(&m);
		drop_client(c);
		return;
	}
	switch (m.head.type) {
	case CONTROL_PING:
		if (msg_send(c->fd, CONTROL_PING, NULL, 0, NULL, 0) < 0)
			drop_client(c);
		break;
	case CONTROL_TTY:
		answer_tty(c, &m);
		break;
	case CONTROL_WINCH:
		set_size(&m);
		break;
	case CONTROL_SECCOMP:
		give_listener(c);
		break;
	case CONTROL_LISTENER:
		take_listener(c, &m);
		break;
	case CONTROL_LOG:
		answer_log(c, &m);
		break;
	case CONTROL_UPGRADE:
		upgrade(c, &m);
		break;
	}
	msg_close_fds(&m);
}

/* --- waiting ----------------------------------------------------------------------------------- */

static pid_t teller;

/* Written down here; listeners are told by a process that has memory for it. */
static void tell_ready(void)
{
	char *argv[] = { "keg-keeper", "ready", hand.name, hand.lxcpath, NULL };

	(void)!pwrite(hand.lock_fd, "1", 1, READY_AT);
	hand.ready_fd = -1;
	guard_renew();
	teller = vfork();
	if (teller != 0)
		return;
	(void)syscall(SYS_close_range, 3U, ~0U, 0U); /* Linux 5.9 */
	(void)execve(hand.keeper, argv, environ);
	_exit(1);
}

static void reap_teller(void)
{
	if (teller > 0 && waitpid(teller, NULL, WNOHANG) > 0)
		teller = 0;
}

/* Whoever signals the keeper means its init; a hangup means: end. */
static void pass_signal(int fd)
{
	struct signalfd_siginfo si;

	/* waits: poll has seen it */
	if (read(fd, &si, sizeof(si)) != sizeof(si))
		return;
	if (si.ssi_signo == SIGCHLD) {
		guard_look();
		reap_teller();
		writer_reap(&hand);
		return;
	}
	if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGHUP || si.ssi_signo == SIGPWR || si.ssi_signo == SIGINT ||
	    si.ssi_signo == SIGQUIT)
		hand.asked = ASKED_STOP;
	(void)syscall(SYS_pidfd_send_signal, hand.init_pidfd, si.ssi_signo == SIGHUP ? SIGTERM : (int)si.ssi_signo,
		      NULL, 0);
}

/* init has ended. Whoever holds a tty of it is let go; who has the console stays for what comes, the end or a reboot.
 */
_Noreturn static void end(void)
{
	drain_console();
	log_drain();
	for (int i = 0; i < LIVE_CLIENTS; i++)
		if (live->client[i].fd >= 0 && (live->client[i].tty || !live->magic))
			drop_client(&live->client[i]);
	notify_end();
	become_engine();
}

enum {
	WAIT_INIT,
	WAIT_SIGNAL,
	WAIT_CONTROL,
	WAIT_CONSOLE,
	WAIT_PEER,
	WAIT_VERDICT,
	WAIT_READY,
	WAIT_LOG,
	WAIT_CLIENTS,
	WAIT_NOTIFY = WAIT_CLIENTS + LIVE_CLIENTS
};

static void wait_once(int signal_fd)
{
	struct pollfd p[WAIT_NOTIFY + NOTIFY_FDS] = {
		[WAIT_INIT] = { hand.init_pidfd, POLLIN, 0 },
		[WAIT_SIGNAL] = { signal_fd, POLLIN, 0 },
		[WAIT_CONTROL] = { hand.control_fd, POLLIN, 0 },
		[WAIT_CONSOLE] = { live->pending.at < live->pending.end ? -1 : hand.console_fd, POLLIN, 0 },
		[WAIT_PEER] = { live->peer_fd,
				(live->peer_mute ? 0 : POLLIN) | (live->pending.at < live->pending.end ? POLLOUT : 0),
				0 },
		[WAIT_VERDICT] = { live->foreground ? hand.verdict_fd : -1, 0, 0 },
		[WAIT_READY] = { hear_fd(), POLLIN, 0 },
		[WAIT_LOG] = { log_wait_fd(), POLLOUT, 0 },
	};

	for (int i = 0; i < LIVE_CLIENTS; i++)
		p[WAIT_CLIENTS + i] = (struct pollfd){ live->client[i].fd, POLLIN, 0 };
	notify_poll(p + WAIT_NOTIFY);
	if (poll(p, ARRAY_SIZE(p), notify_timeout()) < 0)
		return;
	if (p[WAIT_INIT].revents)
		end();
	if (p[WAIT_SIGNAL].revents)
		pass_signal(signal_fd);
	/* Whoever stayed for a foreground start is gone: so goes the container, as under LXC. */
	if (p[WAIT_VERDICT].revents & (POLLHUP | POLLERR)) {
		(void)syscall(SYS_pidfd_send_signal, hand.init_pidfd, SIGKILL, NULL, 0);
		live->foreground = 0;
		hand.asked = ASKED_KILL;
	}
	if (p[WAIT_READY].revents && hear_ready())
		tell_ready();
	if (p[WAIT_LOG].revents)
		log_push();
	if (p[WAIT_PEER].revents & POLLOUT)
		push_peer();
	if (p[WAIT_PEER].revents & (POLLIN | POLLHUP | POLLERR) && live->peer_fd >= 0)
		read_peer();
	if (p[WAIT_CONSOLE].revents & POLLIN)
		(void)read_console();
	for (int i = 0; i < LIVE_CLIENTS; i++)
		if (p[WAIT_CLIENTS + i].revents && live->client[i].fd >= 0)
			serve(&live->client[i]);
	notify_serve(p + WAIT_NOTIFY);
	if (p[WAIT_CONTROL].revents)
		accept_client();
}

/*
 * The master hangs up (POLLHUP, again and again) while nobody has its slave open; we hold it open
 * ourselves then, or poll(2) would spin.
 */
static void hold_console_open(void)
{
	int flags, slave;

	if (hand.console_fd < 0)
		return;
	flags = fcntl(hand.console_fd, F_GETFL);
	(void)fcntl(hand.console_fd, F_SETFL, flags | O_NONBLOCK);
	slave = ioctl(hand.console_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC); /* Linux 4.13 */
	(void)slave;
}

static void begin_ring(void)
{
	live->shown.data = NULL; /* of another program's memory */
	/* without memory: as if there were none */
	if (hand.ring_fd >= 0)
		(void)!ring_map(&live->shown, hand.ring_fd);
	else if (hand.console_buffer_size > 0)
		(void)!ring_make(&live->shown, (size_t)hand.console_buffer_size, &hand.ring_fd);
	if (live->ever < live->shown.used) /* an older keeper did not count */
		live->ever = live->shown.used;
}

static void begin_notify(void)
{
	notify_begin(&live->notify, hand.proxy, hand.cookie, hand.init_pid, hand.proxy_fd);
	if (hand.listener_fd >= 0 && notify_add(hand.listener_fd) < 0)
		(void)close(hand.listener_fd); /* such calls fail with ENOSYS then */
	hand.listener_fd = hand.proxy_fd = -1; /* known in there from now on */
}

/* Another program wrote it, perhaps an older one: what follows shall find this one's. */
static void sign(void)
{
	if (hand.size == sizeof(hand) && strcmp(hand.version, KEG_VERSION) == 0)
		return;
	hand.size = sizeof(hand);
	memcpy(hand.version, KEG_VERSION, sizeof(KEG_VERSION));
	(void)!handover_write(hand_fd, &hand);
}

static int number_of(const char *text)
{
	int n = 0;

	while (*text >= '0' && *text <= '9')
		n = n * 10 + *text++ - '0';
	return n;
}

/* Whoever started it finds its keeper in its place: its library in the maps, its socket served. */
static void tell_begun(void)
{
	static struct verdict v; /* without an error */

	if (hand.begun_fd < 0)
		return;
	v.keeper_pid = getpid();
	v.init_pid = hand.init_pid;
	(void)!msg_send(hand.begun_fd, VERDICT_RUNNING, &v, sizeof(v), NULL, 0);
	close_fd(&hand.begun_fd);
	(void)!pwrite(hand_fd, &hand.begun_fd, sizeof(hand.begun_fd), offsetof(struct handover, begun_fd));
}

int main(int argc, char **argv)
{
	sigset_t all;
	int signal_fd;

	if (argc < 2)
		return 2;
	if (strcmp(argv[1], "check") == 0) /* whoever is about to put a keeper onto this program: it runs here */
		return 0;
	if (strcmp(argv[1], "log") == 0)
		return writer_main(argv + 2);
	library_show(); /* first: whoever was told that it runs may look already */
	hand_fd = number_of(argv[1]);
	(void)prctl(PR_SET_NAME, "keg-keeper", 0, 0, 0);
	if (handover_read(hand_fd, &hand) < 0)
		return 2;
	live = live_map(&hand.live_fd);
	live->size = sizeof(*live);
	begin_notify();
	begin_ring();
	log_begin_console();
	hear_begin(hand.ready_fd, hand.notifies);
	hold_console_open();
	if (live->rows)
		resize_console();
	take_peer(hand.peer_fd);
	live->foreground = hand.foreground;
	sign();
	(void)signal(SIGPIPE, SIG_IGN); /* of our own writes; not init's business */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	tell_begun();
	guard_begin();
	answer_upgrade();
	for (;;)
		wait_once(signal_fd);
}
