/* SPDX-License-Identifier: MIT */
/* The fifteen functions that belong to no object, and the making of objects. */
#include "parity.h"

static void objects_are_counted(void)
{
	struct lxc_container *c = object("a");

	EXPECT(strcmp(c->name, "a") == 0 && strcmp(c->config_path, lxcpath) == 0);
	EXPECT(c->daemonize && !c->lxc_conf);
	EXPECT(lxc_container_get(c) == 1);
	EXPECT(lxc_container_put(c) == 0);
	EXPECT(lxc_container_put(c) == 1);
	EXPECT(lxc_container_put(NULL) == -1);
	EXPECT(lxc_container_get(NULL) == 0);
	EXPECT(!lxc_container_new(NULL, NULL));
	EXPECT(!lxc_container_new(NULL, lxcpath));
}

static void a_name_is_one_word_of_a_path(void)
{
	static const char *const names[] = { "", "a/b", "../a", "/", ".", "..", "a\nb", "a\033b" };
	char name[300];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		errno = 0;
		EXPECT(!lxc_container_new(names[i], lxcpath) && errno == EINVAL);
	}
	memset(name, 'n', sizeof(name));
	name[299] = 0;
	EXPECT(!lxc_container_new(name, lxcpath) && errno == EINVAL);
}

static void a_path_may_be_long_or_missing(void)
{
	struct lxc_container *c = lxc_container_new("a", below("no/such/folder//"));
	static char path[8192];

	EXPECT(c && !c->is_defined(c) && strcmp(c->config_path, below("no/such/folder")) == 0);
	(void)lxc_container_put(c);
	memset(path, '/', 1);
	memset(path + 1, 'p', sizeof(path) - 2);
	c = lxc_container_new("a", path);
	if (c) {
		EXPECT(!c->is_defined(c) && !c->save_config(c, NULL) && !c->create(c, NULL, NULL, NULL, 0, NULL));
		(void)lxc_container_put(c);
	}
}

static void a_broken_config_is_no_object(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)dup2(null, 2);
	(void)close(null);
	EXPECT(mkdir(below("broken"), 0755) == 0);
	write_file(below("broken/config"), "lxc.nonsense = 1\n");
	EXPECT(!lxc_container_new("broken", lxcpath));
}

static void lists(void)
{
	struct lxc_container **objects = (void *)1;
	char **names = NULL;

	EXPECT(list_defined_containers(below("none"), &names, NULL) == -1);
	EXPECT(list_all_containers(lxcpath, &names, &objects) == 0 && !names && !objects);
	for (const char *n = "cab"; *n; n++) {
		char path[16] = { *n, 0 };

		EXPECT(mkdir(below(path), 0755) == 0);
		(void)snprintf(path, sizeof(path), "%c/config", *n);
		write_file(below(path), "");
	}
	EXPECT(mkdir(below("empty"), 0755) == 0 && mkdir(below(".hidden"), 0755) == 0);
	write_file(below(".hidden/config"), "");
	EXPECT(list_defined_containers(lxcpath, NULL, NULL) == 3);
	EXPECT(list_active_containers(lxcpath, NULL, NULL) == 0);
	EXPECT(list_all_containers(lxcpath, &names, &objects) == 3);
	for (int i = 0; names && objects && i < 3; i++) {
		EXPECT(names[i][0] == 'a' + i && !names[i][1] && strcmp(objects[i]->name, names[i]) == 0);
		EXPECT(lxc_container_put(objects[i]) == 1);
		free(names[i]);
	}
	free(names);
	free(objects);
}

static void the_system_is_told(void)
{
	const char *states[8] = { NULL };
	int major = 0, minor = 0;

	EXPECT(sscanf(lxc_get_version(), "%d.%d", &major, &minor) == 2 && major >= 4);
	EXPECT(lxc_get_wait_states(NULL) == 8 && lxc_get_wait_states(states) == 8);
	EXPECT(states[0] && strcmp(states[0], "STOPPED") == 0 && states[7] && strcmp(states[7], "THAWED") == 0);
	EXPECT(lxc_get_global_config_item("lxc.lxcpath") != NULL);
	EXPECT(lxc_get_global_config_item("lxc.default_config") != NULL);
	errno = 0;
	EXPECT(!lxc_get_global_config_item("lxc.nonsense") && errno == EINVAL);
	EXPECT(lxc_config_item_is_supported("lxc.net") && lxc_config_item_is_supported("lxc.cgroup2"));
	EXPECT(!lxc_config_item_is_supported("lxc.net.0.type") && !lxc_config_item_is_supported("lxc.utsname"));
	EXPECT(lxc_has_api_extension(NULL) && lxc_has_api_extension("mount_injection_file"));
	EXPECT(!lxc_has_api_extension("") && !lxc_has_api_extension("init_pidfd"));
}

static void nothing_is_asked_of_the_system(void)
{
	EXPECT(!lxc_get_global_config_item(NULL));
	EXPECT(!lxc_config_item_is_supported(NULL) && !lxc_config_item_is_supported(""));
	EXPECT(list_defined_containers("", NULL, NULL) == -1);
}

static void a_log(void)
{
	struct lxc_log log = { .name = "a", .lxcpath = lxcpath, .level = "INFO", .prefix = "t", .quiet = true };
	char *file = strdup(below("a.log"));

	lxc_log_close();
	log.file = file;
	EXPECT(lxc_log_init(&log) == 0);
	EXPECT(lxc_log_init(&log) == 0);
	EXPECT(access(file, F_OK) == 0);
	lxc_log_close();
	free(file);
}

static void no_log(void)
{
	EXPECT(lxc_log_init(NULL) < 0);
}

static void programs_to_attach(void)
{
	char *missing[] = { (char *)"/no/such/program", NULL }, *plain[] = { (char *)below("plain"), NULL };
	char *none[] = { (char *)"/bin/true", NULL };
	lxc_attach_command_t command = { missing[0], missing };
	int status = 0;
	pid_t pid;

	EXPECT(lxc_attach_run_command(&command) == 127);
	write_file(plain[0], "");
	command = (lxc_attach_command_t){ plain[0], plain };
	EXPECT(lxc_attach_run_command(&command) == 126);
	command = (lxc_attach_command_t){ none[0], none };
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(lxc_attach_run_command(&command));
	EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(open("/dev/null", O_RDONLY), 0);
		_exit(lxc_attach_run_shell(NULL));
	}
	EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
}

const struct test free_tests[] = {
	{ "objects_are_counted", objects_are_counted },
	{ "a_name_is_one_word_of_a_path", a_name_is_one_word_of_a_path, "takes any name: ../a is a folder elsewhere" },
	{ "a_path_may_be_long_or_missing", a_path_may_be_long_or_missing },
	{ "a_broken_config_is_no_object", a_broken_config_is_no_object },
	{ "lists", lists },
	{ "the_system_is_told", the_system_is_told },
	{ "nothing_is_asked_of_the_system", nothing_is_asked_of_the_system, "crashes on NULL" },
	{ "a_log", a_log },
	{ "no_log", no_log },
	{ "programs_to_attach", programs_to_attach },
	{ 0 },
};
