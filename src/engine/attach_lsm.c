/* SPDX-License-Identifier: MIT */
/* Rows of an attach: the AppArmor profile or the SELinux context of what is attached. */
#include "engine/attach.h"

#include "base/io.h"
#include "base/own.h"
#include "features/apparmor.h"
#include "features/selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static bool is_selinux(const struct run *r)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0 && !r->attach->profile;
}

/* Its own file of the host's procfs, which is out of reach when the label changes. */
static int open_current(struct run *r, struct err *e)
{
	r->label_fd = open("/proc/self/attr/apparmor/current", O_WRONLY | O_CLOEXEC); /* Linux 5.1 */
	if (r->label_fd < 0)
		r->label_fd = open("/proc/self/attr/current", O_WRONLY | O_CLOEXEC);
	return r->label_fd < 0 ? err_sys(e, "open", "the label of the program") : 0;
}

/* A label that was asked for is given or refused, never left out. */
static int can_label(const struct run *r, const char *label, struct err *e)
{
	if (is_selinux(r) || r->attach->profile || access("/sys/kernel/security/apparmor", F_OK) == 0)
		return 0;
	return err_say(e, ENOTSUP, "this kernel runs neither AppArmor nor SELinux, so there is no label %s", label);
}

static int label_at_exec(struct run *r, const char *label, struct err *e)
{
	int x;

	if (!is_selinux(r))
		return apparmor_at_exec(label, e);
	x = io_write_file(AT_FDCWD, "/proc/self/attr/exec", label);
	return x < 0 ? err_num(e, -x, "change to the SELinux context", "%s", label) : 0;
}

int attach_label(struct run *r, struct err *e)
{
	const struct attach *a = r->attach;
	const char *label = a->label ? a->label : a->profile;
	int x = 0;

	if (a->keep_lsm)
		return 0;
	if (label)
		x = can_label(r, label, e);
	if (label && x == 0)
		x = a->label_now ? open_current(r, e) : label_at_exec(r, label, e);
	else if (!label && selinux_labels(r->plan))
		x = selinux_set_context(r, e);
	if (x < 0)
		err_hint(e, "lxc-attach -e LSM keeps the caller's label");
	return x;
}

int attach_label_now(struct run *r, struct err *e)
{
	const char *label = r->attach->label ? r->attach->label : r->attach->profile;
	_own_free char *text = NULL;
	int x;

	if (r->label_fd < 0)
		return 0;
	text = str_fmt("%s%s", is_selinux(r) ? "" : "changeprofile ", label);
	x = text ? io_write_all(r->label_fd, text, strlen(text)) : -ENOMEM;
	close_fd(&r->label_fd);
	return x < 0 ? err_num(e, -x, "change to the label", "%s", label) : 0;
}
