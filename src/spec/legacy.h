/* SPDX-License-Identifier: MIT */
#pragma once
/* The names that keys had before LXC 2.1, which 3.0 took away: what they are called now, and a whole file's way there.
 */
#include "base/str.h"

/* Room for any key's name. */
enum { KEY_NAME_MOST = 256 };

/*
 * Is that an old name? now[]: today's, "" for one that went without a successor. A network key that names no device is
 * of the nic-th one.
 */
bool legacy_find(const char *key, unsigned nic, char now[KEY_NAME_MOST]);
/* For "did you mean": what to do about an old name; false: it is none. */
bool legacy_hint(const char *key, char *hint, size_t size);

/*
 * A config file with today's names. Only keys are replaced (in "#lxc.utsname = x" as well), and what lxc.rootfs.backend
 * said becomes the TYPE: of lxc.rootfs.path; lines of keys that are gone are left out; all else stays as it is.
 * NULL: no memory.
 */
char *legacy_translate(const char *text) _must_check;
