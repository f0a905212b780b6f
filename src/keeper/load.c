/* SPDX-License-Identifier: MIT */
/* What every stage of a keeper begins with: the config out of its memfd, the host, the plan. */
#include "keeper/keeper.h"

#include "base/io.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/own.h"
#include "features/logging.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int read_config(struct keeper *k, struct err *e)
{
	_own_problems struct problems p = { 0 };
	_own_free char *text = NULL;
	size_t len;
	int x;

	if (lseek(k->hand.config_fd, 0, SEEK_SET) < 0)
		return err_sys(e, "read", "the config of %s", k->hand.name);
	x = io_read_fd(k->hand.config_fd, 16 << 20, &text, &len);
	if (x < 0)
		return err_num(e, -x, "read", "the config of %s", k->hand.name);
	x = spec_read_text(k->spec, text, len, k->hand.config_file, SPEC_WIRE, &p);
	if (x < 0 && p.n)
		*e = p.v[0];
	return x < 0 && !e->set ? err_num(e, -x, "read", "the config of %s", k->hand.name) : x;
}

int keeper_load(struct keeper *k, struct err *e)
{
	struct request r = {
		.name = k->hand.name,
		.lxcpath = k->hand.lxcpath,
		.config_file = k->hand.config_file,
		.cgroup_pattern = k->hand.cgroup_pattern,
		.foreground = k->hand.foreground,
		.use_init = k->hand.use_init,
		.argv = k->argv.v,
		.stdio = { -1, -1, -1 },
	};
	int x = spec_new(&k->spec, e);

	if (x == 0)
		x = read_config(k, e);
	if (x == 0 && k->log_level)
		x = spec_set(k->spec, "lxc.log.level", k->log_level, (struct origin){ 0 }, e);
	if (x == 0)
		x = host_look(&k->host, e);
	if (x == 0 && k->hand.cgroup_use[0])
		x = host_use(&k->host, k->hand.cgroup_use, e);
	if (x == 0)
		x = plan_make(&k->plan, k->spec, &k->host, &r, e);
	if (x == 0)
		run_init_fields(&k->run, &k->plan);
	return x;
}

int keeper_log(struct keeper *k, struct err *e)
{
	struct handover *h = &k->hand;
	struct err why = { 0 };
	int x = 0;

	if (h->log_fd >= 0)
		log_begin(h->log_prefix, h->name, logging_level(k->spec), fcntl(h->log_fd, F_DUPFD_CLOEXEC, 3));
	else
		x = logging_begin(k->spec, h->name, e);
	if (x == 0 && logging_begin_syslog(k->spec, &why) < 0)
		x = run_warn(&k->run, &why, e);
	return x;
}

void keeper_tell(const struct keeper *k, unsigned type, const struct err *e, int status)
{
	struct verdict v = { .keeper_pid = getpid(), .init_pid = k->run.init_pid, .status = status };

	if (e)
		v.err = *e;
	if (k->hand.verdict_fd >= 0)
		(void)!msg_send(k->hand.verdict_fd, (uint16_t)type, &v, sizeof(v), NULL, 0);
}
