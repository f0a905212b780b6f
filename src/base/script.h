/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Runs a command line that a user wrote into a config, as LXC's contract for hooks has it: by
 * `/bin/sh -c "exec COMMAND ARGS"`. What it prints is captured, its end is awaited within a deadline, and
 * a failure tells its status and its last words.
 */
#include "base/err.h"

enum {
	SCRIPT_MS = 10 * 60 * 1000, /* LXC waits for ever; nobody waits for a hook that takes longer */
	SCRIPT_HURRY_MS = 5 * 1000  /* what is left to one that is told to hurry */
};

/* What SIGINT, SIGTERM, SIGQUIT or SIGHUP, blocked in the caller, are to it; SCRIPT_HURRIES: SIGTERM alone. */
enum script_signals { SCRIPT_DEAF, SCRIPT_ENDS, SCRIPT_HURRIES };

struct script {
	const char *command;
	char *const *args; /* behind it, each one word whatever is in it; NULL: none */
	char *const *envp;
	int in;		 /* becomes its fd 0; -1: /dev/null */
	int deadline_ms; /* 0: SCRIPT_MS */
	enum script_signals signals;
	bool dies;	  /* with the caller, who has no threads */
	const char *what; /* "hook", "script": for the words of an error */
	const char *key;  /* of the config, and where its value was written */
	struct origin at;
	void (*on_line)(const char *command, const char *line); /* each line that it prints; NULL: nobody listens */
};

/*
 * 0: it exited with 0. It runs in a session of its own, in "/", with no fd but 0 to 2. What it left running
 * behind it is not waited for, even where that still holds its output open.
 */
int script_run(const struct script *s, struct err *e) _must_check;
/* The text behind `-c`: COMMAND as it is, then the args, quoted where the shell would see more than a word. */
char *script_line(const char *command, char *const *args) _must_check;
/* For tests: as if SCRIPT_MS were this. */
void script_hurry(int ms);
