/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Whole reads, whole writes, and files that are replaced by rename, never truncated.
 * Functions without a `struct err` return 0 (or a length) or -errno and leave the words to the caller.
 * `dir` is a directory fd or AT_FDCWD.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

int io_write_all(int fd, const void *data, size_t len) _must_check;
/* Reads until `len` bytes or the end of the file; returns how many. */
ssize_t io_read_full(int fd, void *data, size_t len) _must_check;
/* The whole file, NUL added, at most `most` bytes (-EFBIG). The caller frees *out. len may be NULL. */
int io_read_file(int dir, const char *path, size_t most, char **out, size_t *len) _must_check;
int io_read_fd(int fd, size_t most, char **out, size_t *len) _must_check;
/* The same of a regular file just opened, whose st_size is known: one read and no more. 0: io_read_fd() it is. */
int io_read_regular(int fd, size_t size, size_t most, char **out, size_t *len) _must_check;
/* One write(2) to an existing file, as the kernel's own files want it. */
int io_write_file(int dir, const char *path, const char *text) _must_check;
/* The first line of a short (< size) file of the kernel's, without its newline; returns its length. */
int io_read_line(int dir, const char *path, char *line, size_t size) _must_check;
/* --- replace.c --- */
struct replace {
	mode_t mode;		 /* of a new file */
	const struct stat *like; /* its owner and mode instead, as far as they may be given; NULL: none */
	bool sync;		 /* it, and its place in the folder, are on disk in the end */
};
/*
 * Writes beside, renames over `path`: a reader sees the old file or the new one, never half. A writer that is killed
 * leaves nothing, or PATH.new, which the next writer takes away.
 */
int io_replace(int dir, const char *path, const void *data, size_t len, const struct replace *how) _must_check;
/* The same with fsync and words. */
int io_replace_file(int dir, const char *path, const void *data, size_t len, mode_t mode, struct err *e) _must_check;
/* Without fsync, for files that do not outlive the machine's run (tmpfs). */
int io_replace_file_fast(int dir, const char *path, const void *data, size_t len, mode_t mode,
			 struct err *e) _must_check;
/* mkdir -p; folders that are there are left as they are. Begins anew where one goes away meanwhile. */
int io_mkdir_p(const char *path, mode_t mode, struct err *e) _must_check;
/* 1: nothing is in that folder; 0; -errno. */
int io_is_empty(const char *path) _must_check;
/* Removes the folder and those above it, `top` the last one, as long as they are empty: the last one out. */
void io_rmdir_up(const char *path, const char *top);
/* Removes a folder and all in it by dirfd, without following links or crossing mounts. Absent: 0. */
int io_remove_tree(int dir, const char *name, struct err *e) _must_check;
/* A memfd that holds `data`, offset 0, close-on-exec; sealed against any change. */
int io_memfd(const char *name, const void *data, size_t len) _must_check;
