/* SPDX-License-Identifier: MIT */
#pragma once
#include "spec/spec.h"

enum ready { READY_RUNNING, READY_NOTIFY, READY_ADDRESS };
enum restart_when { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS };

bool autostart_is_ephemeral(const struct spec *s);
/* at: of the line that says so; NULL: not asked for. */
enum ready autostart_ready(const struct spec *s, struct origin *at);
enum restart_when autostart_restart(const struct spec *s, unsigned *delay_s, unsigned *limit);
