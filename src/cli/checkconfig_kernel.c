/* SPDX-License-Identifier: MIT */
/* Finds and reads the configuration that the running kernel was built with. */
#include "cli/checkconfig.h"

#include "base/io.h"
#include "base/own.h"
#include "base/str.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONFIG_MOST = 16 << 20 };

/* %s is the kernel's release. */
static const char *const elsewhere[] = {
	"/lib/modules/%s/config",
	"/lib/modules/%s/build/.config",
	"/boot/config-%s",
	"/usr/src/linux-headers-%s/.config",
	"/usr/src/linux-%s/.config",
	"/usr/lib/kernel/config-%s",
	"/usr/lib/ostree-boot/config-%s",
};

static char *unzip_with(const char *program, const char *path)
{
	char *const argv[] = { (char *)program, (char *)"-dc", (char *)path, NULL };
	_own_fd int in = -1, out = -1;
	posix_spawn_file_actions_t fa;
	char *text = NULL;
	int pipes[2], status = 0, r;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return NULL;
	in = pipes[0];
	out = pipes[1];
	(void)posix_spawn_file_actions_init(&fa);
	(void)posix_spawn_file_actions_adddup2(&fa, out, 1);
	(void)posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	r = posix_spawnp(&pid, program, &fa, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&fa);
	close_fd(&out);
	if (r != 0)
		return NULL;
	if (io_read_fd(in, CONFIG_MOST, &text, NULL) < 0)
		text = NULL;
	close_fd(&in);
	/* waits: it has closed its output */
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return text;
	free(text);
	return NULL;
}

static char *read_one(const char *path)
{
	_own_free char *text = NULL;
	char *unzipped;

	if (io_read_file(AT_FDCWD, path, CONFIG_MOST, &text, NULL) < 0)
		return NULL;
	if (strncmp(text, "\x1f\x8b", 2) != 0)
		return take_ptr(&text);
	unzipped = unzip_with("gzip", path);
	return unzipped ? unzipped : unzip_with("zcat", path);
}

char *kernel_config_read(char **where, bool tell)
{
	const char *asked = getenv("CONFIG"), *first = asked && *asked ? asked : "/proc/config.gz";
	char *text = read_one(first);
	struct utsname u;

	*where = NULL;
	if (text) {
		*where = strdup(first);
		if (tell)
			(void)printf("Kernel configuration found at %s\n", first);
		return text;
	}
	if (tell)
		(void)printf("Kernel configuration not found at %s; searching...\n", first);
	if (uname(&u) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++) {
		const char *hole = strstr(elsewhere[i], "%s");
		_own_free char *path =
			str_fmt("%.*s%s%s", (int)(hole - elsewhere[i]), elsewhere[i], u.release, hole + 2);

		text = path ? read_one(path) : NULL;
		if (!text)
			continue;
		if (tell)
			(void)printf("Kernel configuration found at %s\n", path);
		*where = take_ptr(&path);
		return text;
	}
	return NULL;
}

enum option_state kernel_config_state(const char *text, const char *option)
{
	size_t n = strlen(option);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, option, n) != 0 || line[n] != '=')
			continue;
		return line[n + 1] == 'y' ? OPTION_BUILT_IN : line[n + 1] == 'm' ? OPTION_MODULE : OPTION_NO;
	}
	return OPTION_NO;
}

int kernel_module_loaded(const char *module)
{
	_own_free char *text = NULL, *word = str_fmt("\n%s ", module);

	if (!word || io_read_file(AT_FDCWD, "/proc/modules", CONFIG_MOST, &text, NULL) < 0)
		return -1;
	return strncmp(text, word + 1, strlen(word + 1)) == 0 || strstr(text, word) != NULL;
}
