/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Ownership by type: a variable marked _own_X gives its thing back at the end of its scope, however
 * the scope is left; take_fd() and take_ptr() give the thing away and leave "nothing" behind.
 * -1 is "no fd".
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void own_fd_end(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void own_free_end(void *p)
{
	free(*(void **)p);
}

static inline void own_dir_end(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static inline void own_file_end(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

#define _own_fd	  __attribute__((cleanup(own_fd_end)))
#define _own_free __attribute__((cleanup(own_free_end)))
#define _own_dir  __attribute__((cleanup(own_dir_end)))
#define _own_file __attribute__((cleanup(own_file_end)))

static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

#define take_ptr(p)                                                                                                    \
	({                                                                                                             \
		__typeof__(*(p)) taken_ = *(p);                                                                        \
		*(p) = NULL;                                                                                           \
		taken_;                                                                                                \
	})

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
