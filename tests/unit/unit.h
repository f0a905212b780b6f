/* SPDX-License-Identifier: MIT */
#pragma once
/* What cmocka wants included before it, and the few words that our units share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

/* A new empty folder, open; *path is to be freed. */
static inline int unit_folder(char **path)
{
	*path = strdup("/tmp/keg-unit.XXXXXX");
	assert_non_null(*path);
	assert_non_null(mkdtemp(*path));
	return open(*path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static inline void unit_write(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}
