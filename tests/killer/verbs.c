/* SPDX-License-Identifier: MIT */
/* The table of verbs, and what is made for each before it is called. */
#include "verbs.h"

#include "lab.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void note(char *text, const char *fmt, ...)
{
	size_t n = strlen(text);
	va_list ap;

	if (n >= TEXT - 1)
		return;
	if (n)
		n += (size_t)snprintf(text + n, TEXT - n, "; ");
	va_start(ap, fmt);
	(void)vsnprintf(text + n, TEXT - n, fmt, ap);
	va_end(ap);
}

static char *below(const char *folder, const char *name)
{
	static char path[4][4096];
	static int next;

	next = (next + 1) % 4;
	(void)snprintf(path[next], sizeof(path[next]), "%s/%s", folder, name);
	return path[next];
}

/* A file of the container's. */
static char *of_container(const char *file)
{
	static char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s/%s", lab.lxcpath, lab.name, file);
	return path;
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0755) < 0)
		fail("make %s", path);
}

/* --- containers of files --- */

/* One of each kind. It fills what lxc-create has made; as a template it is a script, so that there are more processes.
 */
static const char template[] = "#!/bin/sh\n"
			       "for a; do case $a in --rootfs=*) r=${a#*=};; --path=*) p=${a#*=};; esac; done\n"
			       "mkdir -p $r/sbin $r/etc/deep/er && echo init >$r/sbin/init && echo 127.0.0.1 "
			       ">$r/etc/hosts && echo a >$r/etc/deep/er/a &&\n"
			       "ln -s hosts $r/etc/link && ln $r/etc/hosts $r/etc/hard && mkfifo $r/etc/fifo && echo "
			       "'lxc.environment = A=b' >>$p/config\n";

static void make_template(void)
{
	if (access(below(lab.top, "template"), F_OK) == 0)
		return;
	write_text(below(lab.top, "template"), template, 0755);
	write_text(below(lab.top, "first.conf"), "# kept\nlxc.net.0.type = empty\nlxc.tty.max = 2\n", 0644);
}

static void must(int status)
{
	if (status)
		fail("make ready (exit %d): %s", status, said());
}

static void set_up_empty(const struct verb *v)
{
	(void)v;
	make_template();
}

static void set_up_files(const struct verb *v)
{
	set_up_empty(v);
	must(run("lxc-create", "-n", lab.name, "-P", lab.lxcpath, "-t", below(lab.top, "template"), "-f",
		 below(lab.top, "first.conf"), NULL));
	if (v->config) {
		FILE *f = fopen(of_container("config"), "ae");

		if (!f || fputs(v->config, f) < 0 || fclose(f) != 0)
			fail("write the config");
	}
}

/* What a snapshot holds differs from what it was taken of. */
static void set_up_snapshot(const struct verb *v)
{
	set_up_files(v);
	must(run("lxc-snapshot", "-n", lab.name, "-P", lab.lxcpath, NULL));
	write_text(of_container("rootfs/etc/hosts"), "changed since\n", 0644);
	write_text(of_container("rootfs/etc/new"), "new\n", 0644);
	must(run("keg", "config", "set", "-P", lab.lxcpath, lab.name, "lxc.uts.name", "changed", NULL));
}

static void set_up_clone(const struct verb *v)
{
	char other[40];

	set_up_files(v);
	(void)snprintf(other, sizeof(other), "%s2", lab.name);
	must(run("lxc-copy", "-n", lab.name, "-P", lab.lxcpath, "-s", "-N", other, NULL));
}

/* --- containers that run --- */

static const char running_config[] =
	"lxc.uts.name = killed\nlxc.init.cmd = /init%s\nlxc.tty.max = 1\nlxc.pty.max = 16\n"
	"lxc.mount.auto = proc sys:ro cgroup\n"
	"lxc.mount.entry = %s/given mnt none bind,ro,create=dir 0 0\n"
	"lxc.cgroup2.pids.max = 100\nlxc.prlimit.nofile = 100\n"
	"lxc.rootfs.path = dir:%s/%s/rootfs\n%s";

/* A device of the host's for lxc.net.N.type = phys. Not every kernel has dummies: half a veth pair is as good. */
static void make_device(void)
{
	char name[24], other[24];

	(void)snprintf(name, sizeof(name), "%sd", lab.mark);
	(void)snprintf(other, sizeof(other), "%se", lab.mark);
	if (run("/sbin/ip", "link", "add", name, "type", "veth", "peer", "name", other, NULL) != 0)
		fail("make a device: %s", said());
}

static void network(const struct verb *v, char *text, size_t size)
{
	(void)snprintf(text, size, "lxc.net.0.type = veth\nlxc.net.0.veth.pair = %sv\nlxc.net.0.flags = up\n%s",
		       lab.mark, v->config ? v->config : "");
	if (v->config && strcmp(v->config, "phys") == 0) {
		make_device();
		(void)snprintf(
			text, size,
			"lxc.net.0.type = phys\nlxc.net.0.link = %sd\nlxc.net.0.name = eth0\nlxc.net.0.flags = up\n",
			lab.mark);
	}
}

static void set_up_running(const struct verb *v)
{
	static const char *const folders[] = { "",	     "/rootfs", "/rootfs/proc", "/rootfs/sys", "/rootfs/dev",
					       "/rootfs/tmp" };
	char dir[400], config[4096], net[512], path[512];

	(void)snprintf(dir, sizeof(dir), "%s/%s", lab.lxcpath, lab.name);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", dir, folders[i]);
		make_folder(path);
	}
	if (access(below(lab.top, "given"), F_OK) < 0)
		make_folder(below(lab.top, "given"));
	if (access(below(lab.top, "init"), F_OK) < 0)
		must(run("/bin/cp", lab.init, below(lab.top, "init"), NULL));
	if (link(below(lab.top, "init"), below(dir, "rootfs/init")) < 0)
		fail("link %s/init", lab.top);
	network(v, net, sizeof(net));
	(void)snprintf(config, sizeof(config), running_config, v->whole_life ? " exit 0" : "", lab.top, lab.lxcpath,
		       lab.name, net);
	write_text(below(dir, "config"), config, 0640);
	trace_payload(below(dir, "rootfs/init"));
	/* What a start makes for good (folders of mount points) is there before the first look. */
	must(run("lxc-start", "-n", lab.name, "-P", lab.lxcpath, v->whole_life ? "-F" : "-d", NULL));
	if (!v->whole_life)
		must(run("lxc-stop", "-k", "-n", lab.name, "-P", lab.lxcpath, NULL));
}

static void clear_device(void)
{
	char name[24];

	(void)snprintf(name, sizeof(name), "%sd", lab.mark);
	(void)run("/sbin/ip", "link", "del", name, NULL);
}

#define IDMAP	"lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\nlxc.rootfs.options = idmap=container\n"
#define SCRIPTS "lxc.hook.pre-start = /bin/true\nlxc.hook.post-stop = /bin/true\nlxc.hook.mount = /bin/true\n"

const struct verb verbs[] = {
	/* clang-format off */
	{ "create",           { "lxc-create", "-n", "@", "-P", "%", "-t", "%/../template", "-f", "%/../first.conf" }, "already exists",
	  set_up_empty, disk_point },
	{ "destroy",          { "lxc-destroy", "-n", "@", "-P", "%" }, "not defined", set_up_files, disk_point },
	{ "config save",      { "keg", "config", "set", "-P", "%", "@", "lxc.uts.name", "saved" }, NULL, set_up_files, disk_point },
	{ "copy",             { "lxc-copy", "-n", "@", "-P", "%", "-N", "@2" }, "already exists", set_up_files, disk_point },
	{ "copy -s",          { "lxc-copy", "-n", "@", "-P", "%", "-s", "-N", "@2" }, "already exists", set_up_files, disk_point },
	{ "destroy a clone",  { "lxc-destroy", "-n", "@2", "-P", "%" }, "not defined", set_up_clone, disk_point },
	{ "rename",           { "lxc-copy", "-R", "-n", "@", "-P", "%", "-N", "@2" }, "not defined", set_up_files, disk_point,
	  .result = "@2" },
	{ "rename a clone",   { "lxc-copy", "-R", "-n", "@2", "-P", "%", "-N", "@3" }, "not defined", set_up_clone, disk_point,
	  .result = "@3" },
	{ "snapshot",         { "lxc-snapshot", "-n", "@", "-P", "%" }, NULL, set_up_files, disk_point, .snapshots = true, .twice = true },
	{ "restore",          { "lxc-snapshot", "-n", "@", "-P", "%", "-r", "snap0" }, NULL, set_up_snapshot, disk_point,
	  .snapshots = true },
	{ "restore as another", { "lxc-snapshot", "-n", "@", "-P", "%", "-r", "snap0", "-N", "@2" }, "already exists", set_up_snapshot,
	  disk_point, .snapshots = true },
	{ "destroy a snapshot", { "lxc-snapshot", "-n", "@", "-P", "%", "-d", "snap0" }, "has no snapshot", set_up_snapshot, disk_point,
	  .snapshots = true },
	{ "destroy -s",       { "lxc-destroy", "-s", "-n", "@", "-P", "%" }, "not defined", set_up_snapshot, disk_point },
	{ "freeze",           { "lxc-freeze", "-n", "@", "-P", "%" }, NULL, set_up_running, freeze_point },
	{ "unfreeze",         { "lxc-unfreeze", "-n", "@", "-P", "%" }, NULL, set_up_running, freeze_point },
	{ "start",            { "lxc-start", "-n", "@", "-P", "%" }, NULL, set_up_running, start_point },
	{ "start with a host's device", { "lxc-start", "-n", "@", "-P", "%" }, NULL, set_up_running, start_point, .config = "phys" },
	{ "start in a user namespace", { "lxc-start", "-n", "@", "-P", "%" }, NULL, set_up_running, start_point, .config = IDMAP },
	{ "start with hooks", { "lxc-start", "-n", "@", "-P", "%" }, NULL, set_up_running, start_point, .config = SCRIPTS },
	{ "start after a killed keeper", { "lxc-start", "-n", "@", "-P", "%" }, NULL, set_up_running, start_point, .dead = true },
	{ "stop after a killed keeper", { "lxc-stop", "-n", "@", "-P", "%" }, NULL, set_up_running, start_point, .dead = true },
	{ "start -F",         { "lxc-start", "-F", "-n", "@", "-P", "%" }, NULL, set_up_running, start_point, .whole_life = true },
	{ "stop",             { "lxc-stop", "-n", "@", "-P", "%" }, NULL, set_up_running, stop_point },
	{ "stop -k",          { "lxc-stop", "-k", "-n", "@", "-P", "%" }, NULL, set_up_running, stop_point },
	{ "stop with a host's device", { "lxc-stop", "-n", "@", "-P", "%" }, NULL, set_up_running, stop_point, .config = "phys" },
	{ "reboot",           { "lxc-stop", "-r", "-n", "@", "-P", "%" }, NULL, set_up_running, stop_point },
	/* clang-format on */
};

const unsigned n_verbs = sizeof(verbs) / sizeof(*verbs);

/* The verb's words, with what stands for something in its place. */
static char *const *words_of(const struct verb *v)
{
	static char text[VERB_WORDS][4096], *argv[VERB_WORDS + 1];
	int n = 0;

	for (; n < VERB_WORDS && v->argv[n]; n++) {
		const char *w = v->argv[n];

		if (n == 0)
			(void)snprintf(text[n], sizeof(text[n]), "%s/%s", lab.bin, w);
		else if (*w == '@')
			(void)snprintf(text[n], sizeof(text[n]), "%s%s", lab.name, w + 1);
		else if (*w == '%')
			(void)snprintf(text[n], sizeof(text[n]), "%s%s", lab.lxcpath, w + 1);
		else
			(void)snprintf(text[n], sizeof(text[n]), "%s", w);
		argv[n] = text[n];
	}
	argv[n] = NULL;
	return argv;
}

void strike_verb(const struct verb *v, pid_t keeper, struct point *p)
{
	int r;

	if (ftruncate(lab.said_fd, 0) < 0 || lseek(lab.said_fd, 0, SEEK_SET) < 0)
		fail("empty what was said");
	p->victim.whole_life = v->whole_life;
	r = trace_run(words_of(v), keeper, p->victim, lab.said_fd, &p->out);
	if (r < 0)
		fail("trace %s (%d)", v->name, r);
	if (p->out.hangs[0])
		note(p->lost, "does not come to rest: %s", p->out.hangs);
}

int again(const struct verb *v)
{
	return run_argv(words_of(v));
}

void verb_begin(const struct verb *v, struct outcome *untouched)
{
	struct point p = { .victim = { -1, 0 } };

	v->set_up(v);
	tree_copy(lab.lxcpath, lab.golden);
	if (v->point == disk_point)
		disk_learn(v, &p);
	else
		v->point(v, &p);
	if (p.lost[0] || p.left[0])
		fail("%s, untouched: %s%s", v->name, p.lost, p.left);
	*untouched = p.out;
}

void verb_end(const struct verb *v, struct point *p)
{
	char who[256] = "";

	if (v->point != disk_point) {
		(void)run("lxc-stop", "-k", "-n", lab.name, "-P", lab.lxcpath, NULL);
		if (!all_ended(who, sizeof(who)))
			note(p->left, "processes:%s", who);
	}
	if (v->config && strcmp(v->config, "phys") == 0)
		clear_device();
	tree_empty(lab.lxcpath);
	tree_empty(lab.golden);
}
