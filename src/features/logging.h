/* SPDX-License-Identifier: MIT */
#pragma once
#include "spec/spec.h"

/* A keeper's lines begin with it where no command has given its own name. */
#define LOG_PREFIX "keg-keeper"

/* lxc.log.level, ERROR where it is not set. */
int logging_level(const struct spec *s);
/* Opens what lxc.log.file says, at lxc.log.level. Where there is none nothing is done. */
int logging_begin(const struct spec *s, const char *name, struct err *e) _must_check;
/* The same for lxc.log.syslog; without a /dev/log it is an error that a caller may only warn of. */
int logging_begin_syslog(const struct spec *s, struct err *e) _must_check;
