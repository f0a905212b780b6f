/* SPDX-License-Identifier: MIT */
#pragma once
#include "spec/spec.h"

bool autostart_is_ephemeral(const struct spec *s);
