/* SPDX-License-Identifier: MIT */
#pragma once
#define KEG_VERSION "0.1.0"
/* The LXC whose command lines, config and library we stand in for: what lxc-* --version prints. */
#define KEG_LXC_VERSION "7.0.0"
