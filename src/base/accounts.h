/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Who users and groups of the host are, by our own reading of /etc/passwd and its like: a static program has no NSS,
 * and one with more rights than its caller must load nothing on his behalf.
 */
#include "base/err.h"

#include <sys/types.h>

enum { ACCOUNT_NAME = 256 };

/* Calls for every line's first three fields ("NAME:x:ID"), until one answers with other than 0; that, or -errno. */
int accounts_each(const char *file, int (*seen)(char *const field[3], void *), void *arg) _must_check;
/* By /etc/passwd; the number where it has none. */
void account_name(uid_t uid, char *name, size_t size);
