/* SPDX-License-Identifier: MIT */
/* lxc.apparmor.*: the AppArmor profile of init. Without AppArmor in the kernel the keys change nothing. */
#include "features/apparmor.h"

#include "base/io.h"
#include "base/own.h"
#include "base/spawn.h"
#include "features/apparmor_text.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define POLICY "/sys/kernel/security/apparmor"
/* What LXC's package loads, for containers that name none. */
#define LXC_DEFAULT "lxc-container-default-cgns"

enum { PARSER_MS = 60 * 1000 };

struct apparmor {
	struct text profile;
	struct number incomplete, nesting;
	struct list raw;
};

static const struct key keys[] = {
	{
		.name = "lxc.apparmor.profile",
		.type = &type_text,
		.field = offsetof(struct apparmor, profile),
		.values = "a profile's name, unconfined, unchanged or generated",
		.help = "The profile under which init runs where the kernel has AppArmor; elsewhere it changes "
			"nothing. "
			"Without it " LXC_DEFAULT " where that is loaded, else a generated one.",
		.since = "2.1",
		.good = { "generated", "unconfined", "lxc-container-default-cgns" },
	},
	{
		.name = "lxc.apparmor.allow_incomplete",
		.type = &type_bool,
		.field = offsetof(struct apparmor, incomplete),
		.values = "0 or 1",
		.help = "Start although the kernel's AppArmor cannot confine mounts.",
		.since = "2.1",
		.good = { "0", "1" },
		.bad = { "2", "yes" },
	},
	{
		.name = "lxc.apparmor.allow_nesting",
		.type = &type_bool,
		.field = offsetof(struct apparmor, nesting),
		.values = "0 or 1",
		.help = "Containers may be run inside: a generated profile lets proc, sysfs and binds of them be "
			"mounted anywhere, and next to the mount entries a clean procfs and sysfs stand below "
			"/dev/.lxc.",
		.since = "3.1",
		.good = { "0", "1" },
		.bad = { "2", "yes" },
	},
	{
		.name = "lxc.apparmor.raw",
		.type = &type_list,
		.field = offsetof(struct apparmor, raw),
		.values = "a line of AppArmor's profile language",
		.help = "Added to a generated profile.",
		.since = "3.1",
		.good = { "deny /proc/sysrq-trigger w," },
	},
};

const struct feature apparmor_feature = {
	FEATURE_TEXT("AppArmor", "The AppArmor profile that confines the container."),
	.name = "apparmor",
	.size = sizeof(struct apparmor),
	.keys = keys,
	.n_keys = ARRAY_SIZE(keys),
};

bool apparmor_allows_nesting(const struct plan *p)
{
	const struct apparmor *a = plan_part(p, FEATURE_APPARMOR);

	return a->nesting.n;
}

bool apparmor_confines(const struct plan *p)
{
	const struct apparmor *a = plan_part(p, FEATURE_APPARMOR);

	return p->host->apparmor && !(a->profile.s && strcmp(a->profile.s, "unchanged") == 0);
}

/* "NAME (enforce)", "unconfined". Without AppArmor the file is not there, or another module's (EINVAL). */
int apparmor_of(pid_t pid, char **profile, struct err *e)
{
	_own_free char *path = str_fmt("/proc/%d/attr/apparmor/current", (int)pid); /* Linux 5.1 */
	_own_free char *text = NULL;
	char *mode;
	int x = path ? io_read_file(AT_FDCWD, path, 1 << 16, &text, NULL) : -ENOMEM;

	if (x == -ENOENT || x == -EINVAL) {
		*profile = NULL;
		return 0;
	}
	if (x < 0)
		return err_num(e, -x, "read", "the AppArmor profile of process %d", (int)pid);
	text[strcspn(text, "\n")] = 0;
	mode = strrchr(text, '(');
	if (mode && mode > text && mode[-1] == ' ')
		mode[-1] = 0;
	*profile = strcmp(text, "unconfined") == 0 ? NULL : take_ptr(&text);
	return 0;
}

int apparmor_at_exec(const char *profile, struct err *e)
{
	_own_free char *text = str_fmt("exec %s", profile);
	int x;

	if (!text)
		return err_num(e, ENOMEM, "hold", "the profile");
	x = io_write_file(AT_FDCWD, "/proc/self/attr/apparmor/exec", text); /* Linux 5.1 */
	if (x == -ENOENT)
		x = io_write_file(AT_FDCWD, "/proc/self/attr/exec", text);
	return x < 0 ? err_num(e, -x, "change to AppArmor profile", "%s", profile) : 0;
}

/* The name of the profile, or of the policy namespace, that belongs to a container; LXC's own choice. */
static char *name_of(const struct plan *p, bool space)
{
	char *name = str_fmt("lxc-%s_<%s>", p->name, p->lxcpath);

	for (char *c = name; space && c && *c; c++)
		if (*c == '/')
			*c = '-';
	return name;
}

/* A name of another namespace, or of several profiles, is the kernel's to look up. */
static bool is_loaded(const char *profile)
{
	_own_free char *text = NULL;
	char *save = NULL;

	if (profile[0] == ':' || strstr(profile, "//&") ||
	    io_read_file(AT_FDCWD, POLICY "/profiles", 4 << 20, &text, NULL) < 0)
		return true;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t n = strlen(profile);

		if (strncmp(line, profile, n) == 0 && line[n] == ' ' && line[n + 1] == '(')
			return true;
	}
	return false;
}

static int refuse(const struct apparmor *a, int x, struct err *e)
{
	err_key(e, "lxc.apparmor.profile", a->profile.at);
	return x;
}

static const char *parser(void)
{
	static const char *const paths[] = { "/sbin/apparmor_parser", "/usr/sbin/apparmor_parser" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

/*
 * The folder of the container's that keeps the text and what it was compiled to, as LXC has it: compiling takes ten
 * times as long as a whole start. -errno: there is no such container on disk, or it cannot be written.
 */
static int keep_text(const struct plan *p, const struct buf *text, char **file, char **cache)
{
	_own_free char *folder = str_fmt("%s/%s/apparmor", p->lxcpath, p->name), *old = NULL;
	_own_fd int dir = -1;
	struct err none = { 0 };
	int x;

	if (!folder || (mkdir(folder, 0700) < 0 && errno != EEXIST))
		return folder ? -errno : -ENOMEM;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return -errno;
	x = io_read_file(dir, "profile", 1 << 20, &old, NULL);
	if (x < 0 || strcmp(old, text->s) != 0)
		x = io_replace_file_fast(dir, "profile", text->s, text->len, 0600, &none);
	if (x < 0)
		return x;
	*file = str_fmt("%s/profile", folder);
	*cache = str_fmt("%s/cache", folder);
	return *file && *cache ? 0 : -ENOMEM;
}

/* apparmor_parser, which reads the file, or its stdin; what it says is kept. */
static int run_parser(char *const *argv, int in, struct err *e)
{
	_own_fd int said = memfd_create("keg-said", MFD_CLOEXEC);
	const int stdio[] = { in, -1, said };
	struct spawn s = { .path = parser(), .argv = argv, .stdio = stdio, .session = true };
	_own_free char *words = NULL;
	int status = 0, x;
	pid_t pid;

	if (!s.path) {
		x = err_say(e, ENOENT, "there is no apparmor_parser, which loads a generated profile");
		err_hint(e, "install apparmor, or set lxc.apparmor.profile = unconfined");
		return x;
	}
	x = spawn(&s, &pid, e);
	if (x < 0)
		return x;
	x = spawn_wait(pid, PARSER_MS, &status);
	if (x == 0 && status == 0)
		return 0;
	if (x < 0)
		x = err_num(e, -x, "load", "the generated AppArmor profile");
	else
		x = err_say(e, EINVAL, "apparmor_parser refuses the generated AppArmor profile");
	if (said >= 0 && lseek(said, 0, SEEK_SET) == 0 && io_read_fd(said, 1 << 16, &words, NULL) == 0)
		err_said(e, "%.*s", (int)strcspn(words, "\n"), words);
	return x;
}

static int load_text(const struct plan *p, const struct buf *text, struct err *e)
{
	_own_free char *file = NULL, *cache = NULL;
	_own_fd int in = -1;

	if (keep_text(p, text, &file, &cache) == 0) {
		char *argv[] = { "apparmor_parser", "-r", "-W", "-L", cache, file, NULL };

		return run_parser(argv, -1, e);
	}
	in = io_memfd("keg-profile", text->s, text->len);
	if (in < 0)
		return err_num(e, -in, "hold", "the AppArmor profile");
	return run_parser((char *[]){ "apparmor_parser", "-r", "-K", NULL }, in, e);
}

/* A policy namespace of the container's, where it can load profiles of its own. */
static int make_space(const char *space, struct err *e)
{
	_own_free char *path = str_fmt(POLICY "/policy/namespaces/%s", space);

	if (!path)
		return err_num(e, ENOMEM, "hold", "a name");
	return mkdir(path, 0755) < 0 && errno != EEXIST ? err_sys(e, "make the AppArmor namespace", "%s", space) : 0;
}

static int generate(struct run *r, char **label, struct err *e)
{
	const struct apparmor *a = plan_part(r->plan, FEATURE_APPARMOR);
	_own_free char *profile = name_of(r->plan, false);
	_own_free char *space = r->plan->host->apparmor_spaces ? name_of(r->plan, true) : NULL;
	struct apparmor_want w = { .profile = profile, .space = space, .nesting = a->nesting.n };
	_own_strv struct strv raw = { 0 };
	_own_buf struct buf text = { 0 };
	int x = profile ? 0 : -ENOMEM;

	for (size_t i = 0; x == 0 && i < a->raw.n; i++)
		x = strv_add(&raw, a->raw.v[i].text);
	w.raw = raw.v;
	if (x == 0)
		apparmor_text(&w, &text);
	if (x < 0 || text.failed)
		return err_num(e, ENOMEM, "hold", "the AppArmor profile");
	x = space ? make_space(space, e) : 0;
	if (x == 0)
		x = load_text(r->plan, &text, e);
	if (x < 0) {
		if (a->raw.n)
			err_key(e, "lxc.apparmor.raw", a->raw.v[0].at);
		return x;
	}
	*label = space ? str_fmt("%s//&:%s:unconfined", profile, space) : take_ptr(&profile);
	return *label ? 0 : err_num(e, ENOMEM, "hold", "a label");
}

static int take_loaded(const struct apparmor *a, const char *profile, char **label, struct err *e)
{
	if (!is_loaded(profile)) {
		int x = err_say(e, ENOENT, "the AppArmor profile %s is not loaded", profile);

		err_hint(e, "load it: apparmor_parser -r FILE; or set lxc.apparmor.profile = generated");
		return refuse(a, x, e);
	}
	*label = strdup(profile);
	return *label ? 0 : err_num(e, ENOMEM, "hold", "a label");
}

/*
 * Leaves: r->apparmor, the label that init gets; the profile loaded that is to be generated. Who is confined
 *	   already, or not root, cannot load one, and stays as he is unless the config names another.
 */
int apparmor_load(struct run *r, struct err *e)
{
	const struct apparmor *a = plan_part(r->plan, FEATURE_APPARMOR);
	const char *profile = a->profile.s;
	_own_free char *own = NULL;
	int x = apparmor_of(getpid(), &own, e);

	if (x < 0 || (profile && strcmp(profile, "unconfined") == 0 && !own))
		return x;
	if (!profile || strcmp(profile, "generated") == 0)
		profile = own || geteuid() != 0 ? NULL : !profile && is_loaded(LXC_DEFAULT) ? LXC_DEFAULT : "generated";
	if (!profile)
		return 0;
	if (strcmp(profile, "unconfined") != 0 && !r->plan->host->apparmor_mounts && !a->incomplete.n) {
		x = err_say(e, ENOTSUP, "AppArmor of this kernel cannot confine mounts");
		err_hint(e, "lxc.apparmor.allow_incomplete = 1 starts it all the same");
		return refuse(a, x, e);
	}
	if (strcmp(profile, "generated") != 0)
		return take_loaded(a, profile, &r->apparmor, e);
	x = generate(r, &r->apparmor, e);
	return x < 0 ? refuse(a, x, e) : 0;
}

/* By its name, which is the container's: whoever stops it need not know whether it was loaded. */
void apparmor_unload(struct run *r)
{
	const struct apparmor *a = plan_part(r->plan, FEATURE_APPARMOR);
	_own_free char *profile = name_of(r->plan, false), *space = name_of(r->plan, true);
	_own_free char *path = space ? str_fmt(POLICY "/policy/namespaces/%s", space) : NULL;

	free(take_ptr(&r->apparmor));
	if (a->profile.s && strcmp(a->profile.s, "generated") != 0)
		return;
	if (profile)
		(void)!io_write_file(AT_FDCWD, POLICY "/.remove", profile);
	if (path)
		(void)rmdir(path);
}

/*
 * Needs:  the host's /proc, or one of our own, at /proc: before root.pivot.
 * Leaves: the next exec changes to the profile.
 */
int apparmor_set_profile(struct run *r, struct err *e)
{
	const struct apparmor *a = plan_part(r->plan, FEATURE_APPARMOR);

	return r->apparmor && apparmor_at_exec(r->apparmor, e) < 0 ? refuse(a, -EACCES, e) : 0;
}
