/* SPDX-License-Identifier: MIT */
#pragma once
#include "engine/step.h"

/* "K=V" of lxc.environment and lxc.environment.runtime, then container=lxc: init's whole environment. */
/* "K=V" of lxc.environment and lxc.environment.hooks: what hooks in the container find besides. */
int environ_of_hooks(const struct spec *s, struct strv *out) _must_check;
int environ_of_init(const struct spec *s, struct strv *out) _must_check;
