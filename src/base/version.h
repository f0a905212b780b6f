/* SPDX-License-Identifier: MIT */
#pragma once
#define KEG_VERSION "0.1.0"
#define KEG_DATE    "2026-11-24" /* of this version: the manual bears it */
/* The LXC whose command lines, config and library we stand in for: what lxc-* --version prints. */
#define KEG_LXC_VERSION "7.0.0"
