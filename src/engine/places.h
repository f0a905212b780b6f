/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Where things are on disk: compiled-in folders, and how a binary that is run from its build folder
 * finds the templates and the configuration of its own source tree instead.
 */
#ifndef KEG_SYSCONFDIR
#define KEG_SYSCONFDIR "/etc"
#endif
#ifndef KEG_LOCALSTATEDIR
#define KEG_LOCALSTATEDIR "/var"
#endif
#ifndef KEG_DATADIR
#define KEG_DATADIR "/usr/share/lxc" /* with LXC's own folder name in it */
#endif

#define KEG_LXCPATH KEG_LOCALSTATEDIR "/lib/lxc"
#define KEG_LOGDIR  KEG_LOCALSTATEDIR "/log/lxc"

enum place { PLACE_TEMPLATES, PLACE_CONFIG };

/* The path of a file that Keg ships: of the build or source tree where the program is run in place, else
 * the installed one (whether it is there or not). NULL where memory ran out. The caller frees. */
char *place_find(enum place where, const char *file);

/* The file of ours for one below LXC's /usr/share/lxc/config that is not there: a container that LXC made names those,
 * also where only Keg is installed, below another prefix. NULL: there is no need, or no such file. The caller frees. */
char *place_instead(const char *path);

/* A helper program of ours. NULL where memory ran out. The caller frees. */
char *place_program(const char *program);

/* The installed folder, as it is written into users' files. */
const char *place_installed(enum place where);
