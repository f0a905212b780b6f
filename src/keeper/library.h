/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A keeper is a static program, but it came with a liblxc.so.1. Who wants to know with which looks where LXC's
 * monitor shows it: programs that find what still runs an old library after an upgrade (needrestart(1), zypper ps)
 * read /proc/PID/maps for one that is "(deleted)". So the library's first page is mapped, and never read: address
 * space, and no memory.
 */
void library_show(void);
