/* SPDX-License-Identifier: MIT */
/* Device rules of a tree on hosts whose kernel keeps them by eBPF (v2), not by the v1 controller's files. */
#include "cgroup/inside.h"

#include "sys/bpf.h"

#include <errno.h>

bool cgroup_devices_by_bpf(const struct cgroup_host *h)
{
	return h->unified >= 0 && cgroup_v1_index(h, "devices") < 0;
}

int cgroup_tree_set_devices(const struct cgroup_tree *t, const struct bpf_devices *d, struct err *e)
{
	int dir = t->host->unified < 0 ? -1 : t->fd[t->host->unified];
	int r = dir < 0 ? -ENOENT : bpf_devices_attach(dir, d);

	if (r < 0) {
		r = err_num(e, -r, "attach", "the device rules to the cgroup %s", t->path);
		if (r == -EPERM)
			err_hint(e, "device rules of cgroup v2 are eBPF programs, which only root may attach");
		else if (r == -ENOSYS || r == -EINVAL)
			err_hint(e, "device rules of cgroup v2 need a kernel with CONFIG_CGROUP_BPF");
	}
	return r;
}
