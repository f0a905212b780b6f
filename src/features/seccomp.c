/* SPDX-License-Identifier: MIT */
/* lxc.seccomp.*: which system calls init, and so everything inside, can make, and who is asked about some. */
#include "features/seccomp.h"

#include "base/io.h"
#include "base/own.h"
#include "engine/places.h"
#include "seccomp/filter.h"
#include "seccomp/notify.h"
#include "spec/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>

enum { POLICY_LARGEST = 4 << 20 };

struct seccomp {
	struct text profile, proxy, cookie;
	struct number nesting;
};

static int check_proxy(const char *text, struct err *e)
{
	(void)e;
	if (!str_starts(text, "unix:/") && !str_starts(text, "unix:@"))
		return -EINVAL;
	text += strlen("unix:");
	return text[1] && strlen(text) < NOTIFY_ADDRESS ? 0 : -EINVAL;
}

static int check_cookie(const char *text, struct err *e)
{
	(void)e;
	return strlen(text) < NOTIFY_COOKIE ? 0 : -EINVAL;
}

/* As LXC answers: without "unix:", and without the @. */
static int get_proxy(const void *part, unsigned index, struct buf *out)
{
	const struct seccomp *s = part;
	const char *at = s->proxy.s ? s->proxy.s + strlen("unix:") : "";

	(void)index;
	buf_addf(out, "%s", *at == '@' ? at + 1 : at);
	return out->failed ? -ENOMEM : 0;
}

static const struct key keys[] = {
	{
		.name = "lxc.seccomp.allow_nesting",
		.type = &type_bool,
		.field = offsetof(struct seccomp, nesting),
		.values = "0 or 1",
		.help = "Load the policy although whoever starts the container is under a seccomp filter already. "
			"Without "
			"it that filter, which the container inherits, stays the only one, and a warning says so.",
		.since = "3.2",
		.good = { "0", "1" },
		.bad = { "2", "yes" },
	},
	{
		.name = "lxc.seccomp.notify.cookie",
		.type = &type_text,
		.field = offsetof(struct seccomp, cookie),
		.values = "a text of at most 1023 bytes",
		.help = "Sent along with each notification to the proxy.",
		.since = "3.2",
		.good = { "web1" },
		.check = check_cookie,
	},
	{
		.name = "lxc.seccomp.notify.proxy",
		.type = &type_text,
		.field = offsetof(struct seccomp, proxy),
		.values = "unix:/PATH or unix:@NAME of at most 107 bytes",
		.help = "The socket (SOCK_SEQPACKET) of the program that decides about system calls whose rule in the "
			"policy "
			"says notify. Nobody listens there: the container does not start. It goes away later: such "
			"calls "
			"fail with ENOSYS until it is back.",
		.since = "3.2",
		.good = { "unix:/run/decide.sock", "unix:@decide" },
		.bad = { "/run/decide.sock", "unix:decide", "tcp:1", "unix:@" },
		.check = check_proxy,
		.get = get_proxy,
	},
	{
		.name = "lxc.seccomp.profile",
		.type = &type_path,
		.field = offsetof(struct seccomp, profile),
		.values = "a path",
		.help = "The file of the seccomp policy. Its first line is 1 (numbers that are allowed) or 2; the "
			"second "
			"allowlist or denylist, in version 2 with the action for all other calls; then rules: SYSCALL "
			"[ACTION] [[INDEX,VALUE,OPERATOR[,MASK]]...], reject_force_umount, and sections as [all] or "
			"[x86_64]. A section of one of the machine's architectures speaks for all of them. Actions are "
			"kill, errno N, allow, trap, log and notify.",
		.since = "2.1",
		.good = { "/usr/share/lxc/config/common.seccomp" },
	},
};

const struct feature seccomp_feature = {
	FEATURE_TEXT("Seccomp",
		     "Which system calls can be made inside, see seccomp(2). What is not said by a policy is "
		     "free, or in an allowlist kills."),
	.name = "seccomp", .size = sizeof(struct seccomp), .keys = keys, .n_keys = ARRAY_SIZE(keys)
};

bool seccomp_wanted(const struct plan *p)
{
	const struct seccomp *s = plan_part(p, FEATURE_SECCOMP);

	return s->profile.s;
}

bool seccomp_has_proxy(const struct plan *p)
{
	const struct seccomp *s = plan_part(p, FEATURE_SECCOMP);

	return s->profile.s && s->proxy.s;
}

const char *seccomp_proxy(const struct spec *spec)
{
	const struct seccomp *s = spec->part[FEATURE_SECCOMP];

	return s->proxy.s ? s->proxy.s + strlen("unix:") : "";
}

const char *seccomp_cookie(const struct spec *spec)
{
	const struct seccomp *s = spec->part[FEATURE_SECCOMP];

	return s->cookie.s ?: "";
}

/* What the policy names and libseccomp does not know: one warning, whoever wrote it sees all of it. */
static int warn_of(struct run *r, const struct seccomp *s, const struct strv *warnings, struct err *e)
{
	_own_buf struct buf rest = { 0 };
	struct err w = { 0 };

	if (!warnings->n)
		return 0;
	(void)err_say(&w, ENOSYS, "%s", warnings->v[0]);
	err_key(&w, "lxc.seccomp.profile", s->profile.at);
	for (size_t i = 1; i < warnings->n; i++)
		buf_addf(&rest, "%s%s", i > 1 ? "\n          " : "", warnings->v[i]);
	if (rest.len)
		err_said(&w, "%s", rest.s);
	return run_warn(r, &w, e);
}

static int compile(struct run *r, const struct seccomp *s, struct err *e)
{
	_own_strv struct strv warnings = { 0 };
	_own_policy struct policy policy = { 0 };
	_own_free char *text = NULL, *instead = place_instead(s->profile.s);
	size_t len;
	int x = io_read_file(AT_FDCWD, instead ? instead : s->profile.s, POLICY_LARGEST, &text, &len);

	if (x < 0)
		return err_num(e, -x, "read", "the seccomp policy %s", s->profile.s);
	x = policy_parse(&policy, text, len, s->profile.s, e);
	if (x == 0)
		x = filter_compile(&policy, &r->filter, &warnings, e);
	return x < 0 ? x : warn_of(r, s, &warnings, e);
}

/* Whoever is confined hands that on to all that it starts. Says whether a policy of ours is added. */
static int adds_filter(struct run *r, const struct seccomp *s, bool *adds, struct err *e)
{
	int mode = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	struct err w = { 0 };

	if (mode < 0 && errno == EINVAL)
		return err_say(e, ENOSYS, "this kernel has no seccomp: the policy %s cannot be enforced", s->profile.s);
	*adds = mode == 0 || s->nesting.n; /* negative: a filter that forbids to ask */
	if (*adds)
		return 0;
	(void)err_say(&w, EBUSY, "whoever starts it is under a seccomp filter already: the policy %s is not loaded",
		      s->profile.s);
	err_key(&w, "lxc.seccomp.profile", s->profile.at);
	err_hint(&w, "set lxc.seccomp.allow_nesting = 1 to have both");
	return run_warn(r, &w, e);
}

/*
 * Leaves: r->filter, and a copy in the runtime folder for programs that are attached later; or neither,
 *	   where the keeper is confined already. INIT has it by the clone.
 */
int seccomp_make_filter(struct run *r, struct err *e)
{
	const struct seccomp *s = plan_part(r->plan, FEATURE_SECCOMP);
	bool adds = false;
	int x = adds_filter(r, s, &adds, e);

	if (x == 0 && adds)
		x = compile(r, s, e);
	if (x == 0 && adds)
		x = io_replace_file_fast(r->runtime_fd, "seccomp", r->filter, filter_size(r->filter), 0600, e);
	if (x < 0)
		err_key(e, "lxc.seccomp.profile", s->profile.at);
	return x;
}

void seccomp_drop_filter(struct run *r)
{
	free(r->filter);
	r->filter = NULL;
	if (r->runtime_fd >= 0)
		(void)unlinkat(r->runtime_fd, "seccomp", 0);
}

/*
 * Leaves: r->proxy_fd, a connection to the proxy, before anything is made: a container that should be
 *	   decided about by a program that is not there would be one of failing calls.
 */
int seccomp_reach_proxy(struct run *r, struct err *e)
{
	const struct seccomp *s = plan_part(r->plan, FEATURE_SECCOMP);
	int fd = notify_connect(seccomp_proxy(r->plan->spec));

	if (fd < 0) {
		(void)err_num(e, -fd, "connect to the seccomp proxy", "%s", s->proxy.s);
		err_key(e, "lxc.seccomp.notify.proxy", s->proxy.at);
		err_hint(e, "start the program that listens there (SOCK_SEQPACKET)");
		return fd;
	}
	r->proxy_fd = fd;
	return 0;
}

void seccomp_leave_proxy(struct run *r)
{
	close_fd(&r->proxy_fd);
}

/*
 * Needs:    CAP_SYS_ADMIN, still: dropped capabilities go at the exec, other ids come behind this row.
 * Leaves:   every call from here on under the policy; the listener, if it notifies, to the keeper.
 */
int seccomp_load_filter(struct run *r, struct err *e)
{
	int listener = -1, x = r->filter ? filter_load(r->filter, &listener) : 0;

	if (x < 0) {
		const struct seccomp *s = plan_part(r->plan, FEATURE_SECCOMP);

		(void)err_num(e, -x, "load", "the seccomp policy %s", s->profile.s);
		err_key(e, "lxc.seccomp.profile", s->profile.at);
		return x;
	}
	return listener < 0 ? 0 : run_give(r, SLOT_SECCOMP, listener, e);
}

int seccomp_running_filter(int runtime_fd, struct filter **out, struct err *e)
{
	_own_free char *data = NULL;
	size_t len;
	int x = io_read_file(runtime_fd, "seccomp", POLICY_LARGEST, &data, &len);

	if (x == -ENOENT) {
		*out = NULL;
		return 0;
	}
	if (x == 0)
		x = filter_check((const struct filter *)data, len);
	if (x < 0)
		return err_num(e, -x, "read", "the seccomp filter of the running container");
	*out = (struct filter *)take_ptr(&data);
	return 0;
}
