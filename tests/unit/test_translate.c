/* SPDX-License-Identifier: MIT */
/* Every row of the table of the two versions of cgroups, both ways, written and read, against plain folders. */
#include "base/io.h"
#include "base/own.h"
#include "cgroup/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A cgroup of either version: its files. */
static const char *const v1_files[][2] = {
	{ "memory.limit_in_bytes", "1000000\n" },
	{ "memory.soft_limit_in_bytes", "9223372036854771712\n" },
	{ "memory.memsw.limit_in_bytes", "1500000\n" },
	{ "memory.memsw.usage_in_bytes", "5000\n" },
	{ "memory.usage_in_bytes", "4000\n" },
	{ "memory.max_usage_in_bytes", "4500\n" },
	{ "memory.failcnt", "7\n" },
	{ "cpu.shares", "512\n" },
	{ "cpu.cfs_quota_us", "-1\n" },
	{ "cpu.cfs_period_us", "100000\n" },
	{ "cpu.cfs_burst_us", "20\n" },
	{ "cpuacct.usage", "5000000\n" },
	{ "cpuacct.usage_user", "3000000\n" },
	{ "cpuset.effective_cpus", "0-1\n" },
	{ "blkio.weight", "250\n" },
	{ "blkio.weight_device", "8:0 1000\n" },
	{ "blkio.bfq.weight", "300\n" },
	{ "blkio.throttle.read_bps_device", "8:0 1048576\n8:16 5\n" },
	{ "blkio.throttle.write_bps_device", "" },
	{ "blkio.throttle.read_iops_device", "" },
	{ "blkio.throttle.write_iops_device", "8:0 9\n" },
	{ "blkio.throttle.io_service_bytes", "8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 30\n" },
	{ "blkio.throttle.io_serviced", "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n" },
	{ "hugetlb.2MB.limit_in_bytes", "9223372036854771712\n" },
	{ "hugetlb.2MB.usage_in_bytes", "2097152\n" },
	{ "freezer.state", "THAWED\n" },
};

static const char *const v2_files[][2] = {
	{ "memory.max", "1000000\n" },
	{ "memory.low", "0\n" },
	{ "memory.swap.max", "500000\n" },
	{ "memory.swap.current", "1000\n" },
	{ "memory.current", "4000\n" },
	{ "memory.peak", "4500\n" },
	{ "memory.stat", "anon 1\nkernel 77\n" },
	{ "memory.events", "low 0\nhigh 0\nmax 7\noom 0\noom_kill 2\n" },
	{ "memory.swap.events", "high 0\nmax 3\n" },
	{ "cpu.weight", "50\n" },
	{ "cpu.max", "max 100000\n" },
	{ "cpu.max.burst", "20\n" },
	{ "cpu.stat", "usage_usec 5000\nuser_usec 30000\nsystem_usec 20000\n" },
	{ "cpuset.cpus.effective", "0-1\n" },
	{ "io.weight", "default 50\n8:0 200\n" },
	{ "io.bfq.weight", "default 300\n8:16 7\n" },
	{ "io.max", "8:0 rbps=1048576 wbps=max riops=max wiops=9\n8:16 rbps=5 wbps=max riops=max wiops=max\n" },
	{ "io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n" },
	{ "hugetlb.2MB.max", "max\n" },
	{ "hugetlb.2MB.current", "2097152\n" },
	{ "hugetlb.2MB.events", "max 4\n" },
	{ "cgroup.events", "populated 1\nfrozen 1\n" },
	{ "cgroup.freeze", "1\n" },
	{ "cgroup.threads", "5\n6\n" },
};

static char v1_dir[32], v2_dir[32];
static int v1 = -1, v2 = -1;

static int folder(char dir[32], const char *const files[][2], size_t n)
{
	int fd;

	(void)snprintf(dir, 32, "/tmp/keg-test-XXXXXX");
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++) {
		struct err e = { 0 };

		assert_int_equal(io_replace_file_fast(fd, files[i][0], files[i][1], strlen(files[i][1]), 0600, &e), 0);
	}
	return fd;
}

static int setup(void **state)
{
	(void)state;
	v1 = folder(v1_dir, v1_files, ARRAY_SIZE(v1_files));
	v2 = folder(v2_dir, v2_files, ARRAY_SIZE(v2_files));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close_fd(&v1);
	close_fd(&v2);
	return io_remove_tree(AT_FDCWD, v1_dir, NULL) | io_remove_tree(AT_FDCWD, v2_dir, NULL);
}

struct saying {
	const char *file, *value, *writes; /* "FILE=VALUE;..."; "": nothing has to be written */
};

static void says(int dir, const struct saying *s, size_t n, bool into_v2)
{
	for (size_t i = 0; i < n; i++) {
		struct cgroup_writes w = { 0 };
		char is[512] = "";
		int r = cgroup_translate(dir, s[i].file, into_v2, s[i].value, &w);

		for (size_t k = 0; r == 0 && k < w.n; k++)
			(void)snprintf(is + strlen(is), sizeof(is) - strlen(is), "%s%s=%s", k ? ";" : "", w.v[k].file,
				       w.v[k].value);
		if (r < 0)
			(void)snprintf(is, sizeof(is), "%s", r == -EINVAL ? "EINVAL" : r == -EOPNOTSUPP ? "none" : "?");
		if (strcmp(is, s[i].writes) != 0)
			fail_msg("%s = %s: \"%s\", not \"%s\"", s[i].file, s[i].value, is, s[i].writes);
	}
}

static void v1_is_said_in_v2(void **state)
{
	static const struct saying sayings[] = {
		{ "memory.limit_in_bytes", "512M", "memory.max=536870912" },
		{ "memory.limit_in_bytes", "-1", "memory.max=max" },
		{ "memory.limit_in_bytes", "bogus", "memory.max=bogus" },
		{ "memory.soft_limit_in_bytes", "4M", "memory.low=4194304" },
		{ "memory.soft_limit_in_bytes", "-1", "memory.low=0" },
		{ "memory.memsw.limit_in_bytes", "1500000", "memory.swap.max=500000" },
		{ "memory.memsw.limit_in_bytes", "-1", "memory.swap.max=max" },
		{ "memory.memsw.limit_in_bytes", "5", "EINVAL" },
		{ "memory.memsw.usage_in_bytes", "5", "none" },
		{ "memory.failcnt", "0", "none" },
		{ "memory.oom_control", "0", "" },
		{ "memory.oom_control", "1", "none" },
		{ "memory.oom_control", "2", "EINVAL" },
		{ "memory.use_hierarchy", "1", "" },
		{ "memory.use_hierarchy", "0", "none" },
		{ "memory.move_charge_at_immigrate", "0", "" },
		{ "memory.swappiness", "60", "none" },
		{ "memory.kmem.limit_in_bytes", "1M", "none" },
		{ "cpu.shares", "1024", "cpu.weight=100" },
		{ "cpu.shares", "2", "cpu.weight=1" },
		{ "cpu.shares", "262144", "cpu.weight=10000" },
		{ "cpu.shares", "0", "EINVAL" },
		{ "cpu.cfs_quota_us", "50000", "cpu.max=50000 100000" },
		{ "cpu.cfs_quota_us", "-1", "cpu.max=max 100000" },
		{ "cpu.cfs_period_us", "20000", "cpu.max=max 20000" },
		{ "cpu.cfs_period_us", "x", "EINVAL" },
		{ "cpu.cfs_burst_us", "10", "cpu.max.burst=10" },
		{ "cpu.rt_runtime_us", "950000", "none" },
		{ "cpuacct.usage", "0", "none" },
		{ "cpuset.memory_migrate", "1", "" },
		{ "cpuset.cpu_exclusive", "0", "" },
		{ "cpuset.cpu_exclusive", "1", "none" },
		{ "blkio.weight", "500", "io.weight=100" },
		{ "blkio.weight", "10", "io.weight=2" },
		{ "blkio.weight", "1000", "io.weight=200" },
		{ "blkio.weight", "5", "EINVAL" },
		{ "blkio.weight_device", "8:0 1000", "io.weight=8:0 200" },
		{ "blkio.weight_device", "8:0 0", "io.weight=8:0 default" },
		{ "blkio.bfq.weight", "300", "io.bfq.weight=300" },
		{ "blkio.bfq.weight_device", "8:0 300", "io.bfq.weight=8:0 300" },
		{ "blkio.throttle.read_bps_device", "8:0 1048576", "io.max=8:0 rbps=1048576" },
		{ "blkio.throttle.write_bps_device", "8:0 1", "io.max=8:0 wbps=1" },
		{ "blkio.throttle.read_iops_device", "8:0 1", "io.max=8:0 riops=1" },
		{ "blkio.throttle.write_iops_device", "8:16 0", "io.max=8:16 wiops=max" },
		{ "blkio.throttle.write_iops_device", "nonsense", "EINVAL" },
		{ "hugetlb.2MB.limit_in_bytes", "4M", "hugetlb.2MB.max=4194304" },
		{ "hugetlb.1GB.rsvd.limit_in_bytes", "1G", "hugetlb.1GB.rsvd.max=1073741824" },
		{ "freezer.state", "FROZEN", "cgroup.freeze=1" },
		{ "freezer.state", "cold", "EINVAL" },
		{ "notify_on_release", "0", "" },
		{ "net_cls.classid", "1", "none" },
		{ "net_prio.ifpriomap", "eth0 5", "none" },
	};

	(void)state;
	says(v2, sayings, ARRAY_SIZE(sayings), true);
}

static void v2_is_said_in_v1(void **state)
{
	static const struct saying sayings[] = {
		{ "memory.max", "800000", "memory.limit_in_bytes=800000;memory.memsw.limit_in_bytes=1300000" },
		{ "memory.max", "2000000", "memory.memsw.limit_in_bytes=2500000;memory.limit_in_bytes=2000000" },
		{ "memory.max", "max", "memory.memsw.limit_in_bytes=-1;memory.limit_in_bytes=-1" },
		{ "memory.low", "0", "memory.soft_limit_in_bytes=-1" },
		{ "memory.low", "1M", "memory.soft_limit_in_bytes=1048576" },
		{ "memory.swap.max", "500000", "memory.memsw.limit_in_bytes=1500000" },
		{ "memory.swap.max", "max", "memory.memsw.limit_in_bytes=-1" },
		{ "memory.high", "max", "" },
		{ "memory.high", "1", "none" },
		{ "memory.min", "0", "" },
		{ "memory.oom.group", "1", "none" },
		{ "cpu.weight", "100", "cpu.shares=1024" },
		{ "cpu.weight", "1", "cpu.shares=10" },
		{ "cpu.weight", "0", "EINVAL" },
		{ "cpu.weight.nice", "0", "cpu.shares=1024" },
		{ "cpu.weight.nice", "-20", "cpu.shares=88761" },
		{ "cpu.weight.nice", "20", "EINVAL" },
		{ "cpu.max", "50000 100000", "cpu.cfs_quota_us=-1;cpu.cfs_period_us=100000;cpu.cfs_quota_us=50000" },
		{ "cpu.max", "max", "cpu.cfs_quota_us=-1" },
		{ "cpu.max.burst", "5", "cpu.cfs_burst_us=5" },
		{ "cpu.stat", "1", "none" },
		{ "cpuset.cpus.partition", "member", "" },
		{ "cpuset.cpus.partition", "root", "none" },
		{ "io.weight", "default 100", "blkio.weight=500" },
		{ "io.weight", "100", "blkio.weight=500" },
		{ "io.weight", "8:0 200", "blkio.weight_device=8:0 1000" },
		{ "io.weight", "8:0 default", "blkio.weight_device=8:0 0" },
		{ "io.bfq.weight", "100", "blkio.bfq.weight=100" },
		{ "io.bfq.weight", "8:0 7", "blkio.bfq.weight_device=8:0 7" },
		{ "io.max", "8:0 rbps=1 wiops=max",
		  "blkio.throttle.read_bps_device=8:0 1;blkio.throttle.write_iops_device=8:0 0" },
		{ "io.max", "8:0 bogus=1", "EINVAL" },
		{ "io.latency", "8:0 target=1", "none" },
		{ "hugetlb.2MB.max", "max", "hugetlb.2MB.limit_in_bytes=-1" },
		{ "hugetlb.2MB.rsvd.max", "1", "hugetlb.2MB.rsvd.limit_in_bytes=1" },
		{ "cgroup.freeze", "1", "freezer.state=FROZEN" },
		{ "cgroup.max.depth", "max", "" },
		{ "cgroup.max.depth", "3", "none" },
	};

	(void)state;
	says(v1, sayings, ARRAY_SIZE(sayings), false);
}

/* A kernel without iocost (v2), or without CFQ's weights (v1, since 5.0), has BFQ's. */
static void the_weight_that_is_there_counts(void **state)
{
	static const struct saying in_v2[] = { { "blkio.weight", "500", "io.bfq.weight=100" },
					       { "blkio.weight", "1000", "io.bfq.weight=200" } };
	static const struct saying in_v1[] = { { "io.weight", "100", "blkio.bfq.weight=100" },
					       { "io.weight", "8:0 10000", "blkio.bfq.weight_device=8:0 1000" } };

	(void)state;
	assert_int_equal(renameat(v2, "io.weight", v2, "away"), 0);
	assert_int_equal(renameat(v1, "blkio.weight", v1, "away"), 0);
	says(v2, in_v2, ARRAY_SIZE(in_v2), true);
	says(v1, in_v1, ARRAY_SIZE(in_v1), false);
	assert_int_equal(renameat(v2, "away", v2, "io.weight"), 0);
	assert_int_equal(renameat(v1, "away", v1, "blkio.weight"), 0);
}

struct reading {
	const char *file, *text; /* NULL: it cannot be read there */
};

static void shows(int dir, const struct reading *s, size_t n, bool from_v2)
{
	for (size_t i = 0; i < n; i++) {
		_own_buf struct buf out = { 0 };
		int r = cgroup_translate_back(dir, s[i].file, from_v2, &out);
		const char *is = r < 0 ? "(none)" : out.s ? out.s : "";

		if (strcmp(is, s[i].text ? s[i].text : "(none)") != 0)
			fail_msg("%s: \"%s\" (%d), not \"%s\"", s[i].file, is, r, s[i].text);
	}
}

static void v1_is_read_from_v2(void **state)
{
	static const struct reading readings[] = {
		{ "memory.limit_in_bytes", "1000000\n" },
		{ "memory.soft_limit_in_bytes", "9223372036854771712\n" },
		{ "memory.memsw.limit_in_bytes", "1500000\n" },
		{ "memory.memsw.usage_in_bytes", "5000\n" },
		{ "memory.usage_in_bytes", "4000\n" },
		{ "memory.max_usage_in_bytes", "4500\n" },
		{ "memory.kmem.usage_in_bytes", "77\n" },
		{ "memory.failcnt", "7\n" },
		{ "memory.memsw.failcnt", "3\n" },
		{ "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n" },
		{ "memory.use_hierarchy", "1\n" },
		{ "memory.swappiness", NULL },
		{ "cpu.shares", "512\n" },
		{ "cpu.cfs_quota_us", "-1\n" },
		{ "cpu.cfs_period_us", "100000\n" },
		{ "cpu.cfs_burst_us", "20\n" },
		{ "cpuacct.usage", "5000000\n" },
		{ "cpuacct.usage_user", "30000000\n" },
		{ "cpuacct.usage_sys", "20000000\n" },
		{ "cpuacct.stat", "user 3\nsystem 2\n" },
		{ "cpuset.effective_cpus", "0-1\n" },
		{ "blkio.weight", "250\n" },
		{ "blkio.weight_device", "8:0 1000\n" },
		{ "blkio.bfq.weight", "300\n" },
		{ "blkio.bfq.weight_device", "8:16 7\n" },
		{ "blkio.throttle.read_bps_device", "8:0 1048576\n8:16 5\n" },
		{ "blkio.throttle.write_bps_device", "" },
		{ "blkio.throttle.write_iops_device", "8:0 9\n" },
		{ "blkio.throttle.io_service_bytes", "8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 30\n" },
		{ "blkio.throttle.io_serviced", "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n" },
		{ "hugetlb.2MB.limit_in_bytes", "9223372036854771712\n" },
		{ "hugetlb.2MB.usage_in_bytes", "2097152\n" },
		{ "hugetlb.2MB.failcnt", "4\n" },
		{ "freezer.state", "FROZEN\n" },
		{ "tasks", "5\n6\n" },
	};

	(void)state;
	shows(v2, readings, ARRAY_SIZE(readings), true);
}

static void v2_is_read_from_v1(void **state)
{
	static const struct reading readings[] = {
		{ "memory.max", "1000000\n" },
		{ "memory.low", "0\n" },
		{ "memory.swap.max", "500000\n" },
		{ "memory.swap.current", "1000\n" },
		{ "memory.current", "4000\n" },
		{ "memory.peak", "4500\n" },
		{ "memory.high", "max\n" },
		{ "memory.events", "max 7\n" },
		{ "memory.pressure", NULL },
		{ "cpu.weight", "50\n" },
		{ "cpu.weight.nice", "3\n" },
		{ "cpu.max", "max 100000\n" },
		{ "cpu.max.burst", "20\n" },
		{ "cpu.stat", "usage_usec 5000\nuser_usec 3000\n" },
		{ "cpuset.cpus.effective", "0-1\n" },
		{ "io.weight", "default 50\n8:0 200\n" },
		{ "io.bfq.weight", "default 300\n" },
		{ "io.max", "8:0 rbps=1048576 wbps=max riops=max wiops=9\n8:16 rbps=5 wbps=max riops=max wiops=max\n" },
		{ "io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=2\n" },
		{ "hugetlb.2MB.max", "max\n" },
		{ "hugetlb.2MB.current", "2097152\n" },
		{ "cgroup.freeze", "0\n" },
		{ "cgroup.type", "domain\n" },
	};

	(void)state;
	shows(v1, readings, ARRAY_SIZE(readings), false);
}

static void twins_have_names(void **state)
{
	char twin[64];

	(void)state;
	assert_int_equal(cgroup_twin("memory.limit_in_bytes", true, twin, sizeof(twin)), 0);
	assert_string_equal(twin, "memory.max");
	assert_int_equal(cgroup_twin("hugetlb.1GB.max", false, twin, sizeof(twin)), 0);
	assert_string_equal(twin, "hugetlb.1GB.limit_in_bytes");
	assert_int_equal(cgroup_twin("memory.use_hierarchy", true, twin, sizeof(twin)), -EOPNOTSUPP);
	assert_int_equal(cgroup_twin("memory.swappiness", true, twin, sizeof(twin)), -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v1_is_said_in_v2),
		cmocka_unit_test(v2_is_said_in_v1),
		cmocka_unit_test(the_weight_that_is_there_counts),
		cmocka_unit_test(v1_is_read_from_v2),
		cmocka_unit_test(v2_is_read_from_v1),
		cmocka_unit_test(twins_have_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
