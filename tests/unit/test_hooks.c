/* SPDX-License-Identifier: MIT */
/* lxc.hook.*: which arguments and variables a hook gets, and how its command line ends. */
#include "unit.h"

#include "base/own.h"
#include "base/script.h"
#include "features/hook_call.h"
#include "features/hooks.h"
#include "features/rootfs.h"
#include "engine/start.h"

#include <signal.h>
#include <time.h>

static const struct origin here = { .file = "/c/config", .line = 7 };

static struct spec *spec_of(const char *const lines[])
{
	struct spec *s = NULL;
	struct err e = { 0 };

	assert_int_equal(spec_new(&s, &e), 0);
	for (; lines[0]; lines += 2)
		if (spec_set(s, lines[0], lines[1], here, &e) < 0)
			fail_msg("%s = %s: %s", lines[0], lines[1], e.object);
	return s;
}

static char *joined(const struct strv *v)
{
	_own_buf struct buf b = { 0 };

	for (size_t i = 0; i < v->n; i++)
		buf_addf(&b, "%s%s", i ? "|" : "", v->v[i]);
	return buf_take(&b);
}

static void expect_arguments(const struct hook_call *c, const char *wanted)
{
	_own_strv struct strv v = { 0 };
	_own_free char *got = NULL;

	assert_int_equal(hook_arguments(c, &v), 0);
	got = joined(&v);
	assert_string_equal(got, wanted);
}

static void expect_environment(const struct hook_call *c, char *const *base, const char *wanted)
{
	_own_strv struct strv v = { 0 };
	_own_free char *got = NULL;

	assert_int_equal(hook_environment(c, base, &v), 0);
	got = joined(&v);
	assert_string_equal(got, wanted);
}

static void test_arguments(void **state)
{
	_own_spec struct spec *zero = spec_of((const char *const[]){ NULL });
	_own_spec struct spec *one = spec_of((const char *const[]){ "lxc.hook.version", "1", NULL });
	char *const held[] = { "mnt:/proc/1/fd/3", NULL }, *const net[] = { "veth", "br0", "veth1", NULL };
	struct plan plan = { .name = "c1", .lxcpath = "/x", .spec = zero };
	struct hook_call c = { .plan = &plan, .section = "lxc", .type = "stop", .args0 = held };
	struct hook_call n = { .plan = &plan, .section = "net", .type = "up", .args = net };

	(void)state;
	expect_arguments(&c, "c1|lxc|stop|mnt:/proc/1/fd/3");
	expect_arguments(&n, "c1|net|up|veth|br0|veth1");
	plan.spec = one;
	expect_arguments(&c, "");
	expect_arguments(&n, "veth|br0|veth1");
}

static void test_environment(void **state)
{
	_own_spec struct spec *s = spec_of((const char *const[]){
		"lxc.rootfs.path", "dir:/c/rootfs", "lxc.rootfs.mount", "/mnt", "lxc.environment", "A=both",
		"lxc.environment.hooks", "B=hooks", "lxc.environment.runtime", "C=init", NULL });
	struct plan plan = { .name = "c1", .lxcpath = "/x", .config_file = "/c/config", .spec = s };
	struct run run;
	struct hook_call c = { .plan = &plan, .section = "lxc", .type = "mount" };
	/* what an outer container's hook was told is not ours */
	char *const base[] = { "PATH=/bin", "A=caller", "LXC_PID=1", "LXC_HOOK_TYPE=stop", "LXC_NAMES=x", NULL };

	(void)state;
	expect_environment(&c, NULL,
			   "LXC_NAME=c1|LXC_ROOTFS_MOUNT=/mnt|LXC_CONFIG_FILE=/c/config|LXC_ROOTFS_PATH=/c/rootfs");
	run_init_fields(&run, &plan);
	c.run = &run;
	c.inside = true;
	run.init_pid = 1;
	expect_environment(&c, base,
			   "PATH=/bin|A=both|LXC_NAMES=x|LXC_NAME=c1|LXC_ROOTFS_MOUNT=/mnt|LXC_CONFIG_FILE=/c/config|"
			   "LXC_ROOTFS_PATH=/c/rootfs|LXC_CGNS_AWARE=1|LXC_LOG_LEVEL=ERROR|LXC_HOOK_VERSION=0|B=hooks");
}

static void test_environment_of_an_end(void **state)
{
	_own_spec struct spec *s =
		spec_of((const char *const[]){ "lxc.hook.version", "1", "lxc.console.path", "none",
					       "lxc.console.logfile", "/l", "lxc.log.level", "debug", NULL });
	struct plan plan = { .name = "c1", .lxcpath = "/x", .config_file = "/c/config", .spec = s };
	struct run run;
	struct hook_call c = {
		.plan = &plan, .section = "lxc", .type = "stop", .target = "reboot", .ends = true, .run = &run
	};
	_own_free char *at = rootfs_mountpoint(&plan);
	_own_free char *wanted = str_fmt("LXC_NAME=c1|LXC_ROOTFS_MOUNT=%s|LXC_CONFIG_FILE=/c/config|LXC_CONSOLE=none|"
					 "LXC_CONSOLE_LOGPATH=/l|LXC_CGNS_AWARE=1|LXC_LOG_LEVEL=DEBUG|"
					 "LXC_HOOK_VERSION=1|LXC_PID=77|LXC_MNT_NS=/proc/%d/fd/9|LXC_TARGET=reboot|"
					 "LXC_HOOK_TYPE=stop|LXC_HOOK_SECTION=lxc",
					 at, (int)getpid());

	(void)state;
	run_init_fields(&run, &plan);
	run.hooks.init_pid = 77; /* reaped, but told */
	run.hooks.ns_fd[1] = 9;
	expect_environment(&c, NULL, wanted);
}

static void test_line(void **state)
{
	char *const args[] = { "c1", "lxc", "two words", "it's", "", "$x", NULL };
	_own_free char *line = script_line("/bin/hook 'a b' >/dev/null", args), *bare = script_line("x", NULL);

	(void)state;
	assert_string_equal(line, "exec /bin/hook 'a b' >/dev/null c1 lxc 'two words' 'it'\\''s' '' '$x'");
	assert_string_equal(bare, "exec x");
}

static int run_line(const char *command, struct err *e)
{
	char *const env[] = { "PATH=/usr/bin:/bin", NULL };
	struct script s = {
		.command = command, .envp = env, .in = -1, .what = "hook", .key = "lxc.hook.mount", .at = here
	};

	*e = (struct err){ 0 };
	return script_run(&s, e);
}

static void test_ends(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(run_line("true", &e), 0);
	assert_int_equal(run_line("sh -c 'echo one; echo two >&2; exit 3'", &e), -ECHILD);
	assert_string_equal(e.object,
			    "hook sh -c 'echo one; echo two >&2; exit 3' (lxc.hook.mount) exited with status 3");
	assert_string_equal(e.said, "one\n          two");
	assert_string_equal(e.key, "lxc.hook.mount");
	assert_string_equal(e.file, "/c/config");
	assert_int_equal(e.line, 7);
	assert_int_equal(run_line("sh -c 'kill -9 $$'", &e), -ECHILD);
	assert_string_equal(e.object, "hook sh -c 'kill -9 $$' (lxc.hook.mount) was killed by signal 9 (Killed)");
	assert_string_equal(e.said, "");
	assert_int_equal(run_line("/no/such", &e), -ECHILD);
	assert_string_equal(e.object, "hook /no/such (lxc.hook.mount) exited with status 127");
	assert_non_null(strstr(e.said, "/no/such: not found"));
}

static void test_much_output(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(run_line("sh -c 'yes line | head -c 1048576; printf \"\\033[2Jthe end\"; exit 1'", &e),
			 -ECHILD);
	assert_string_equal(e.said, "line\n          line\n          line\n          line\n          line\n"
				    "          l?[2Jthe end");
	assert_int_equal(run_line("sh -c 'head -c 5000 /dev/zero | tr \"\\0\" x; exit 1'", &e), -ECHILD);
	assert_int_equal(strlen(e.said), 900);
}

static void test_a_daemon_is_not_waited_for(void **state)
{
	time_t begin = time(NULL);
	struct err e;

	(void)state;
	assert_int_equal(run_line("sh -c 'sleep 5 & exit 0'", &e), 0);
	assert_true(time(NULL) - begin < 4);
}

/* Dead, reaped or not. */
static bool is_gone(pid_t pid)
{
	char path[32], text[256] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return true;
	(void)!fgets(text, sizeof(text), f);
	(void)fclose(f);
	return strstr(text, ") Z ");
}

static void test_deadline_ends_all_of_it(void **state)
{
	time_t begin = time(NULL);
	char pid[32] = "";
	FILE *f;
	struct err e;

	(void)state;
	script_hurry(1000);
	assert_int_equal(run_line("sh -c 'sleep 30 & echo $! >/tmp/keg-unit.pid; echo waits; wait'", &e), -ETIMEDOUT);
	script_hurry(SCRIPT_MS);
	assert_true(time(NULL) - begin < 20);
	assert_string_equal(e.object, "hook sh -c 'sleep 30 & echo $! >/tmp/keg-unit.pid; echo waits; wait' "
				      "(lxc.hook.mount) was killed: it had not ended after 1 seconds");
	assert_string_equal(e.said, "waits");
	f = fopen("/tmp/keg-unit.pid", "re");
	assert_non_null(f);
	assert_non_null(fgets(pid, sizeof(pid), f));
	(void)fclose(f);
	(void)unlink("/tmp/keg-unit.pid");
	(void)usleep(100000);
	assert_true(is_gone(atoi(pid)));
}

static void test_hook_takes_all_away(void **state)
{
	_own_spec struct spec *s = spec_of((const char *const[]){
		"lxc.hook.mount", "/a", "lxc.hook.mount", "/b", "lxc.hook.stop", "/c", "lxc.hook.version", "1", NULL });
	struct plan p = { .spec = s };
	_own_buf struct buf b = { 0 }, all = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(spec_get(s, "lxc.hook.mount", &b), 0);
	assert_string_equal(b.s, "/a\n/b\n");
	assert_true(hook_mount_wanted(&p) && hook_stop_wanted(&p));
	assert_int_equal(spec_get(s, "lxc.hook", &all), -EINVAL);
	assert_int_equal(spec_set(s, "lxc.hook", "", here, &e), 0);
	assert_false(hook_mount_wanted(&p) || hook_stop_wanted(&p));
	assert_int_equal(hooks_version(s), 1);
}

static void test_clone(void **state)
{
	_own_spec struct spec *s = spec_of(
		(const char *const[]){ "lxc.hook.clone", "sh -c 'echo $LXC_SRC_NAME \"$@\"; exit 1' sh", NULL });
	const struct plan p = { .name = "new", .lxcpath = "/x", .config_file = "/c/config", .spec = s };
	char *const args[] = { "a b", "c", NULL };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(hooks_run_clone(&p, "old", args, &e), -ECHILD);
	assert_string_equal(e.said, "old new lxc clone a b c");
	assert_string_equal(e.key, "lxc.hook.clone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_environment_of_an_end),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_much_output),
		cmocka_unit_test(test_a_daemon_is_not_waited_for),
		cmocka_unit_test(test_deadline_ends_all_of_it),
		cmocka_unit_test(test_hook_takes_all_away),
		cmocka_unit_test(test_clone),
	};

	return RUN(tests);
}
