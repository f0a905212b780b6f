/* SPDX-License-Identifier: MIT */
/* How a function or a program is run in a running container. */
#ifndef __LXC_ATTACH_OPTIONS_H
#define __LXC_ATTACH_OPTIONS_H

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What becomes of the caller's environment. */
typedef enum lxc_attach_env_policy_t {
	LXC_ATTACH_KEEP_ENV = 0,
	LXC_ATTACH_CLEAR_ENV = 1,
#define LXC_ATTACH_KEEP_ENV  LXC_ATTACH_KEEP_ENV
#define LXC_ATTACH_CLEAR_ENV LXC_ATTACH_CLEAR_ENV
} lxc_attach_env_policy_t;

enum {
	/* on by default */
	LXC_ATTACH_MOVE_TO_CGROUP = 0x00000001,
	LXC_ATTACH_DROP_CAPABILITIES = 0x00000002,
	LXC_ATTACH_SET_PERSONALITY = 0x00000004,
	LXC_ATTACH_LSM_EXEC = 0x00000008,
#define LXC_ATTACH_MOVE_TO_CGROUP    LXC_ATTACH_MOVE_TO_CGROUP
#define LXC_ATTACH_DROP_CAPABILITIES LXC_ATTACH_DROP_CAPABILITIES
#define LXC_ATTACH_SET_PERSONALITY   LXC_ATTACH_SET_PERSONALITY
#define LXC_ATTACH_LSM_EXEC	     LXC_ATTACH_LSM_EXEC

	/* off by default */
	LXC_ATTACH_REMOUNT_PROC_SYS = 0x00010000,
	LXC_ATTACH_LSM_NOW = 0x00020000,
	LXC_ATTACH_NO_NEW_PRIVS = 0x00040000,
	LXC_ATTACH_TERMINAL = 0x00080000,
	LXC_ATTACH_LSM_LABEL = 0x00100000,
	LXC_ATTACH_SETGROUPS = 0x00200000,
#define LXC_ATTACH_REMOUNT_PROC_SYS LXC_ATTACH_REMOUNT_PROC_SYS
#define LXC_ATTACH_LSM_NOW	    LXC_ATTACH_LSM_NOW
#define LXC_ATTACH_NO_NEW_PRIVS	    LXC_ATTACH_NO_NEW_PRIVS
#define LXC_ATTACH_TERMINAL	    LXC_ATTACH_TERMINAL
#define LXC_ATTACH_LSM_LABEL	    LXC_ATTACH_LSM_LABEL
#define LXC_ATTACH_SETGROUPS	    LXC_ATTACH_SETGROUPS

	LXC_ATTACH_DEFAULT = 0x0000FFFF,
#define LXC_ATTACH_DEFAULT LXC_ATTACH_DEFAULT
};

#define LXC_ATTACH_LSM (LXC_ATTACH_LSM_EXEC | LXC_ATTACH_LSM_NOW | LXC_ATTACH_LSM_LABEL)

/* The personality of the container's own programs. */
#define LXC_ATTACH_DETECT_PERSONALITY ((long)~0L)

/* Called in the attached process; what it returns is its exit code. */
typedef int (*lxc_attach_exec_t)(void *payload);

typedef struct lxc_groups_t {
	size_t size;
	gid_t *list;
} lxc_groups_t;

typedef struct lxc_attach_options_t {
	int attach_flags;
	int namespaces; /* CLONE_NEW*; -1: all that the container has */
	long personality;
	char *initial_cwd; /* NULL: the caller's, or "/" where it does not exist */
	uid_t uid;	   /* (uid_t)-1: init's */
	gid_t gid;
	lxc_attach_env_policy_t env_policy;
	char **extra_env_vars; /* "NAME=VALUE", ended by NULL */
	char **extra_keep_env; /* names that stay with LXC_ATTACH_CLEAR_ENV, ended by NULL */
	int stdin_fd;
	int stdout_fd;
	int stderr_fd;
	int log_fd;
	char *lsm_label;
	lxc_groups_t groups;
} lxc_attach_options_t;

/* Whoever uses this includes <errno.h>, too. */
#define LXC_ATTACH_OPTIONS_DEFAULT                                                                                     \
	{                                                                                                              \
		/* .attach_flags = */ LXC_ATTACH_DEFAULT, /* .namespaces = */ -1,                                      \
			/* .personality = */ LXC_ATTACH_DETECT_PERSONALITY, /* .initial_cwd = */ NULL,                 \
			/* .uid = */ (uid_t)-1, /* .gid = */ (gid_t)-1, /* .env_policy = */ LXC_ATTACH_KEEP_ENV,       \
			/* .extra_env_vars = */ NULL, /* .extra_keep_env = */ NULL, /* .stdin_fd = */ 0,               \
			/* .stdout_fd = */ 1, /* .stderr_fd = */ 2, /* .log_fd = */ -EBADF, /* .lsm_label = */ NULL,   \
			/* .groups = */ { 0, NULL },                                                                   \
	}

typedef struct lxc_attach_command_t {
	char *program; /* searched for in PATH, as by execvp() */
	char **argv;   /* ended by NULL */
} lxc_attach_command_t;

/* Two functions to attach with: a program (payload: lxc_attach_command_t), and the user's shell (payload: NULL). */
extern int lxc_attach_run_command(void *payload);
extern int lxc_attach_run_shell(void *payload);

#ifdef __cplusplus
}
#endif

#endif
