/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A container as its users see it: a name below an lxcpath, perhaps a config, perhaps running.
 * Every function leaves its caller's process alone (no chdir, umask, signals) and never prints.
 */
#include "engine/ended.h" /* ended_read(), ... */
#include "engine/event.h" /* monitor_open(), monitor_next(), ... */
#include "engine/state.h"
#include "spec/spec.h"

#include <pthread.h>

struct container {
	/* Of the config, for callers with threads; recursive. Held by whoever changes or reads spec and doc. */
	pthread_mutex_t lock;
	char *name;
	char *lxcpath;		 /* no trailing slash */
	char *dir;		 /* LXCPATH/NAME */
	char *config_file;	 /* LXCPATH/NAME/config, or what container_load() was given */
	const struct spec *spec; /* what it says; NULL until loaded */
	struct spec *own;	 /* the same, where it may be changed; NULL: it is ... */
	struct kept *kept;	 /* ... this one's (kept.h), which others read, too */
	/* The same as text, with what was set since: what container_save() writes. NULL until settings.c needs it. */
	struct document *doc;
};

/* Checks the name (no '/', not "." or "..", at most 255 bytes, no control characters). lxcpath NULL: the
 * configured one. Nothing is loaded or made. */
int container_open(struct container **out, const char *name, const char *lxcpath, struct err *e) _must_check;
void container_free(struct container *c);
static inline void own_container_end(struct container **c)
{
	if (*c)
		container_free(*c);
}
#define _own_container __attribute__((cleanup(own_container_end)))

/* Held to the end of the scope. */
static inline void own_lock_end(pthread_mutex_t **m)
{
	if (*m)
		(void)pthread_mutex_unlock(*m);
}
#define _own_lock __attribute__((cleanup(own_lock_end), unused)) pthread_mutex_t *
static inline pthread_mutex_t *container_lock(const struct container *c)
{
	pthread_mutex_t *m = &((struct container *)c)->lock; /* who only reads holds it, too */

	(void)pthread_mutex_lock(m);
	return m;
}

/* An absolute path without empty words, "." and slashes at its end; NULL: the configured one. */
int container_lxcpath(const char *lxcpath, char **out, struct err *e) _must_check;
bool container_defined(const struct container *c);
/* Loads its config (file NULL), or that file instead. Problems: as spec_read_file(); -ENOENT: no file. */
int container_load(struct container *c, const char *file, struct problems *p) _must_check;
/* What can be read of its own config, unless one is loaded. Of one that is not there nothing comes: whoever creates it
 * afterwards begins with the default config. */
void container_be_loaded(struct container *c);
/* -EEXIST/-ENOENT style words: "NAME is not defined" */
int container_status(const struct container *c, struct status *s, struct err *e) _must_check;

/* The configured lxc.lxcpath, lxc.default_config, ... (lxc.conf(5)); NULL: unknown or unset. The caller frees. */
char *global_config(const char *key);
/* The config that new containers begin with: lxc.default_config where that file is, else the one that is shipped. */
char *default_config(void);
/* Does the config at `path` put its container into a user namespace? */
bool config_maps_ids(const char *path);
/* The keys of lxc.conf(5), in LXC's order; NULL behind the last. */
struct global_key {
	const char *name, *values, *help, *root, *user; /* root, user: the default of root, and of others below $HOME */
	bool listed;					/* by lxc-config -l */
};
const struct global_key *global_key(size_t i);

/* --- update_config.c --- */
/* Gives the keys of an old file today's names; *changed: there were some, and FILE.backup is what it was. */
int config_update(const char *file, bool *changed, struct err *e) _must_check;
/* --- live.c --- */
/* Sets a key of a running one: in its cgroups at once, in the config that it runs with. -EPERM: that key cannot. */
int container_set_running(const struct container *c, const char *key, const char *value, struct err *e) _must_check;

/* --- settings.c: a container's config in memory, both as a spec and as the text that will be saved --- */
/* Loads its own config to be read, by many: from memory where it has not changed. Problems: as spec_read_file(). */
int container_recall(struct container *c, struct problems *p) _must_check;
/* The spec is its own from now on. */
void container_take(struct container *c, struct spec *s);
/* Reads that file (NULL: its own) on top of what is loaded. What could be read is kept, problems or not. */
int container_merge(struct container *c, const char *file, struct problems *p) _must_check;
/* As spec_set() and document_set(). */
int container_set(struct container *c, const char *key, const char *value, struct err *e) _must_check;
int container_clear_key(struct container *c, const char *key, struct err *e) _must_check;
/* As if nothing had been loaded. */
void container_forget(struct container *c);
/* Writes the config to the file (NULL: its own, whose folder is made); nothing loaded: the default config. */
int container_save(struct container *c, const char *file, struct err *e) _must_check;
/* Writes it to a new file below /tmp, for a container that is yet to be created; the caller unlinks and frees. */
int container_draft(struct container *c, char **path, struct err *e) _must_check;
/* Below another lxcpath from now on; what is loaded stays. */
int container_move(struct container *c, const char *lxcpath, struct err *e) _must_check;
/* --- running.c --- */
/* The config that a running one runs with, which its file may no longer say. The caller has asked whether it runs. */
int container_running(const struct container *c, struct spec **out, struct err *e) _must_check;
/* The same for who has read its state. */
int container_running_as(const struct container *c, const struct status *st, struct spec **out,
			 struct err *e) _must_check;

/* --- start.c --- */
struct start_request {
	bool foreground, use_init;
	char **argv;	   /* NULL: the config's */
	bool pass_signals; /* in the foreground: the caller's process gives the container its signals while it stays */
	bool leaves;	   /* the caller's process ends right after: the keeper may be its child until then */
	int log_level;	   /* of -l, beside the log of base/log.h, if there is one; -1: the config's */
	const char *pidfile;			     /* NULL: none; holds the keeper's pid */
	void (*warn)(void *arg, const struct err *); /* told once it runs, or does not; NULL: nobody asks */
	void *warn_arg;
	struct strv *steps; /* NULL, or: nothing is started, the steps are added as seq_explain() does */
	bool trace;	    /* what each took is printed to `out` */
	struct buf *out;
};
/* Every mistake of its config and, with what this host has, every warning. 0: no mistake; -EINVAL. */
int container_check(const struct container *c, struct problems *p) _must_check;
/* Returns when it runs (or, in the foreground, has stopped; *status is then init's wait status). */
int container_start(struct container *c, const struct start_request *r, int *status, struct err *e) _must_check;

/* --- adopt.c --- */
/* After a keeper that was killed: 1: its init lives on, under a new one; 0: what it left is cleared up. */
int container_adopt(const struct container *c, struct err *e) _must_check;
/* As container_status(), frozen or not. */
int container_look(const struct container *c, struct status *s, struct err *e) _must_check;
/* For who works on its files: 0: it is stopped, and what a killed keeper has left is cleared up; -EBUSY, without words:
 * it runs. */
int container_at_rest(const struct container *c, struct err *e) _must_check;

/* --- keepers.c --- */
struct keeper_info {
	pid_t pid;
	char version[16]; /* "": not to be known while it starts or stops */
	int64_t uptime_s; /* -1: not to be known */
	int replaced;	  /* its program is not the one that is installed now; -1: not to be known */
};
/* Nothing is asked of the keeper. -ESRCH: it is not running. */
int container_keeper(const struct container *c, struct keeper_info *k, struct err *e) _must_check;
/* The keeper goes on as the program that is installed now. */
int container_upgrade_keeper(const struct container *c, struct err *e) _must_check;

/* --- stop.c, kill.c, freeze.c --- */
/* The hard stop: lxc.signal.stop to init, and half a minute for hooks, or what lxc.hook.timeout gives. 0 also when it
 * was stopped already. */
int container_kill(struct container *c, struct err *e) _must_check;
/* The same of who has had the time to end: the hooks of its end, which may be at work, have all of theirs. */
int container_kill_late(struct container *c, struct err *e) _must_check;
/* lxc.signal.halt, else what its init is seen to listen to; then waits timeout_ms (-1: for ever, 0: not at all);
 * -ETIMEDOUT. */
int container_shutdown(struct container *c, int timeout_ms, struct err *e) _must_check;
/* The same, but -EOPNOTSUPP as soon as it is plain that its init listens to nothing that would end it. */
int container_halt(struct container *c, int timeout_ms, struct err *e) _must_check;
/* lxc.signal.reboot; with timeout_ms != 0 waits until it runs again. */
int container_reboot(struct container *c, int timeout_ms, struct err *e) _must_check;
enum { FREEZE_MS = 10 * 1000 };
int container_freeze(struct container *c, bool freeze, int timeout_ms, struct err *e) _must_check;
/* --- wait.c --- */
/* states: bit mask of 1 << enum state, or READY. 0, -ETIMEDOUT. */
int container_wait(const struct container *c, unsigned states, int timeout_ms, struct err *e) _must_check;
/* The cgroup tree of a running one; the caller closes it. host must outlive the tree. */
int container_cgroup(const struct container *c, struct cgroup_host *host, struct cgroup_tree *t,
		     struct err *e) _must_check;
/* The same, but one whose start is under way is waited for. */
int container_cgroup_begun(const struct container *c, struct cgroup_host *host, struct cgroup_tree *t,
			   struct err *e) _must_check;
int container_cgroup_as(const struct status *s, struct cgroup_host *host, struct cgroup_tree *t,
			struct err *e) _must_check;
/* What a running one uses (`wanted`: STATS_*); the host is looked at once for all who are asked. */
int container_stats(const struct container *c, const struct cgroup_host *host, unsigned wanted,
		    struct cgroup_stats *out, struct err *e) _must_check;
/* The same for who has read its state; what is not wanted is left as it was. */
int container_stats_as(const struct status *s, const struct cgroup_host *host, unsigned wanted,
		       struct cgroup_stats *out, struct err *e) _must_check;

/* --- attach.c: engine's attach table --- */
struct attach_request {
	const char *program;	 /* NULL: argv[0] */
	char **argv;		 /* NULL: the login shell of the uid, else /bin/sh */
	int (*function)(void *); /* called in the attached process instead of a program */
	void *payload;
	uint64_t namespaces;		       /* CLONE_NEW*; 0: all that it has */
	bool keep_cgroup, keep_caps, keep_lsm; /* elevated: the caller's own are kept */
	const char *label;		       /* AppArmor's or SELinux's instead of init's; NULL: init's */
	bool label_now, no_new_privs, remount; /* see engine/attach.h */
	const gid_t *groups;
	size_t n_groups;
	const char *cwd; /* NULL: the caller's; entered where it is there, else "/" */
	bool no_pty;	 /* it gets the caller's fds, terminals or not, and stays in the caller's session */
	bool clear_env;
	char **set_env, **keep_env; /* "K=V"; names; NULL: none */
	int64_t uid, gid;	    /* -1: init's */
	const char *pty_log;	    /* NULL: none */
	long personality;	    /* -1: the container's */
	int fd[3];		    /* what the command gets as 0, 1, 2 */
};
/* Returns when it runs, and in a terminal of its own when it has ended; *pid is the caller's child, and his to reap. */
int container_attach_begin(struct container *c, const struct attach_request *r, pid_t *pid, struct err *e) _must_check;
/* Runs it to its end; *status is its wait status. A program that cannot be run ends with 126 or 127. */
int container_attach(struct container *c, const struct attach_request *r, int *status, struct err *e) _must_check;

/* --- console.c --- */
/* A tty (-1: the first free one, 0: the console): the master's fd; *hold keeps it ours until closed. */
int container_tty(struct container *c, int *tty, int *hold, struct err *e) _must_check;
/* Relays the caller's terminal to what container_tty() gave, until ESCAPE q (1 = ctrl-a) or the other side's end. */
int container_console(int tty, int master, int hold, int in, int out, int escape, struct err *e) _must_check;

/* The listener of its seccomp filter, from now on the caller's to serve; -ENODEV: there is none. */
int container_seccomp_fd(const struct container *c, struct err *e) _must_check;

/* What its console has shown (lxc.console.buffer.size), as LXC's console_log(). */
struct console_log {
	bool read, clear, to_logfile; /* reading takes away what was read; clearing all */
	bool stays;		      /* it does not: */
	uint64_t from;		      /* what was shown since there were so many bytes; set to how many there are now */
	uint64_t most;		      /* bytes; 0: all */
};
/* *data (NUL added; the caller frees) and *len only where something was read. -EFAULT: there is no buffer;
 * -ENODATA: it is empty; -EBADF: there is no log file. */
int container_console_log(const struct container *c, struct console_log *l, char **data, size_t *len,
			  struct err *e) _must_check;

/* --- create.c, destroy.c, snapshot.c, list.c --- */
/* A line of a new config, unless the initial one says something of that key. */
struct create_default {
	const char *key, *value;
};
struct create_request {
	const char *template;		       /* name or absolute path; NULL: none */
	const char *config;		       /* initial config; NULL: lxc.default_config */
	const char *bdev;		       /* NULL or "dir" */
	const char *dir;		       /* --dir: the rootfs folder itself */
	bool quiet;			       /* the template's output goes to /dev/null */
	bool go_on;			       /* from a config of that name that is there, if it names no rootfs */
	const struct create_default *defaults; /* ended by a key that is NULL; NULL: none */
	char **args;			       /* of the template */
};
int container_create(struct container *c, const struct create_request *r, struct err *e) _must_check;
/* --- copy.c --- */
enum { /* LXC_CLONE_*, with their numbers */
       COPY_KEEP_NAME = 1,
       COPY_KEEP_MACS = 2,
       COPY_SNAPSHOT = 4, /* an overlay on the same files */
       COPY_KEEP_TYPE = 8,
       COPY_MAYBE_SNAPSHOT = 16, /* of an overlay one more; of a folder a copy */
       COPY_RUNNING = 64,
};
struct copy_request {
	const char *name, *lxcpath; /* NULL: the same */
	unsigned flags;
	const char *bdev; /* NULL: what goes with it */
	char **hook_args; /* NULL: none */
};
/* *out (may be NULL): the new one, loaded; the caller's. */
int container_copy(struct container *c, const struct copy_request *r, struct container **out,
		   struct err *e) _must_check;
/* --- ephemeral.c --- */
/* Lines for a copy that is started for a while: lxc.ephemeral, mounts ("bind=SRC[:DST][:ro|rw]"), a tmpfs as its upper.
 */
struct ephemeral {
	bool keep, tmpfs;
	const struct strv *mounts;
};
int ephemeral_check(const struct ephemeral *x, struct err *e) _must_check;
int container_make_ephemeral(struct container *c, const struct ephemeral *x, struct err *e) _must_check;
/* --- rename.c --- */
/* Only stopped ones, without snapshots and clones. c keeps the old name. */
int container_rename(struct container *c, const char *new_name, struct err *e) _must_check;

/* Only stopped ones, without snapshots and clones. */
int container_destroy(struct container *c, struct err *e) _must_check;
int container_snapshot(struct container *c, const char *comment_file, int *number, struct err *e) _must_check;
struct snapshot {
	char *name, *path, *comment_file, *timestamp;
};
int container_snapshots(struct container *c, struct snapshot **v, size_t *n, struct err *e) _must_check;
void snapshots_free(struct snapshot *v, size_t n);
/* new_name NULL or its own: replaces the container, by exchange. */
int container_snapshot_restore(struct container *c, const char *snap, const char *new_name, struct err *e) _must_check;
int container_snapshot_destroy(struct container *c, const char *snap, struct err *e) _must_check;
/* All that there are. */
int container_snapshots_destroy(struct container *c, struct err *e) _must_check;

/* --- device.c --- */
/* A node like the host's `path`, at `to` (NULL: the same) in the running container, allowed by its cgroup. */
int container_device_node(struct container *c, bool add, const char *path, const char *to, struct err *e) _must_check;

/* A network device of the host's moves into the running container, or back; `to` is its name there (NULL: the same;
 * back: the one that it had). It returns by itself when the container stops. */
int container_device_net(struct container *c, bool add, const char *device, const char *to, struct err *e) _must_check;

/* The pid of its init, held by a pidfd that the caller closes. -ESRCH: it is not running. */
int container_hold_init(const struct container *c, pid_t *pid, int *pidfd, struct err *e) _must_check;
/* The same with all of its state; the caller frees that. -ESRCH without words: it does not run. */
int container_find_init(const struct container *c, struct status *s, int *pidfd, struct err *e) _must_check;

/* --- mount.c --- */
struct mount_request {
	const char *source, *target, *type; /* type NULL or "none": source is bound */
	unsigned long flags;		    /* MS_* */
	const char *data;		    /* of a file system; NULL: none */
};
/* Only where lxc.mount.auto has shmounts (-EINVAL). The target is made where it is missing. */
int container_mount(const struct container *c, const struct mount_request *m, struct err *e) _must_check;
int container_umount(const struct container *c, const char *target, unsigned long flags, struct err *e) _must_check;
/* The folder of its devpts, for openat(2); the caller closes it. -ENODEV: it has none of its own. */
int container_devpts(const struct container *c, struct err *e) _must_check;

/* Names, sorted. */
int list_defined(const char *lxcpath, struct strv *names, struct err *e) _must_check;
int list_active(const char *lxcpath, struct strv *names, struct err *e) _must_check;
/* All that have a runtime folder: those that run, and those whose keeper was killed. Whoever is not among them is
 * STOPPED. */
int list_remembered(const char *lxcpath, struct strv *names, struct err *e) _must_check;

/* --- addresses.c --- */
/* The addresses ("10.0.3.51"; without link-local and lo) of a running container, sorted. */
int container_addresses(const struct container *c, bool v6, struct strv *out, struct err *e) _must_check;
/* The same of one interface (NULL: all but lo), both families (family 0) or AF_INET, AF_INET6, with that IPv6 scope id:
 * 0, or a link-local address' interface. Sorted as words. */
int container_ips(const struct container *c, const char *interface, int family, int scope, struct strv *out,
		  struct err *e) _must_check;
/* The names of its interfaces, sorted. */
int container_interfaces(const struct container *c, struct strv *out, struct err *e) _must_check;
/* RX and TX bytes of a host interface, as the container counts them (its RX is the host's TX). */
int link_bytes(const char *ifname, uint64_t *rx, uint64_t *tx);

/* --- traffic.c --- */
/* What every link of the host's has carried, asked for at once for all who are looked at. */
struct traffic_seen {
	int index;
	uint64_t rx, tx;
};
struct traffic {
	struct traffic_seen *v; /* by index */
	size_t n;
};
int traffic_look(struct traffic *t, struct err *e) _must_check;
void traffic_free(struct traffic *t);
/* Bytes in and out of a running container, as it counts them: by the host's ends of its devices, else asked for in its
 * network namespace. -ENODATA: it has the host's network, -errno. */
int container_traffic(const struct status *s, const struct traffic *host, uint64_t *rx, uint64_t *tx) _must_check;

/* --- nested.c --- */
typedef int inside_fn(int fd, void *arg);
/* Runs f in a process in the namespaces of that init; what it writes to fd is added to *out. The caller has one thread.
 */
int container_inside(pid_t init, inside_fn *f, void *arg, int timeout_ms, struct buf *out, struct err *e) _must_check;
