/* SPDX-License-Identifier: MIT */
/* lxc.net.*: what values become, what is refused; and, as root, real devices in a namespace of the test's own. */
#include "unit.h"

#include "base/own.h"
#include "features/net/net.h"
#include "features/net/nic.h"
#include "sys/netns.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

static const struct origin here = { .file = "test", .line = 3 };

static struct spec *new_spec(void)
{
	struct spec *s = NULL;
	struct err e = { 0 };

	assert_int_equal(spec_new(&s, &e), 0);
	return s;
}

static void set(struct spec *s, const char *key, const char *value)
{
	struct err e = { 0 };

	if (spec_set(s, key, value, here, &e) < 0)
		fail_msg("%s = %s: %s", key, value, e.object);
}

static void refused(struct spec *s, const char *key, const char *value)
{
	struct err e = { 0 };

	if (spec_set(s, key, value, here, &e) == 0)
		fail_msg("%s = %s was taken", key, value);
	assert_string_equal(e.key, key);
}

static void is(const struct spec *s, const char *key, const char *want)
{
	_own_buf struct buf b = { 0 };

	assert_int_equal(spec_get(s, key, &b), 0);
	assert_string_equal(b.s ? b.s : "", want);
}

static struct spec *veth_spec(void)
{
	struct spec *s = new_spec();

	set(s, "lxc.net.0.type", "veth");
	return s;
}

static void test_addresses(void **state)
{
	_own_spec struct spec *s = veth_spec();

	(void)state;
	set(s, "lxc.net.0.ipv4.address", "10.2.3.4");
	set(s, "lxc.net.0.ipv4.address", "172.16.0.1");
	set(s, "lxc.net.0.ipv4.address", "192.168.0.1");
	set(s, "lxc.net.0.ipv4.address", "1.2.3.4/30 1.2.3.7");
	is(s, "lxc.net.0.ipv4.address", "10.2.3.4/8\n172.16.0.1/16\n192.168.0.1/24\n1.2.3.4/30");
	set(s, "lxc.net.0.ipv6.address", "fd00:0:0::1");
	set(s, "lxc.net.0.ipv6.address", "2003:db8:1:0:214:1234:fe0b:3596/128");
	is(s, "lxc.net.0.ipv6.address", "fd00::1/64\n2003:db8:1:0:214:1234:fe0b:3596/128");
	set(s, "lxc.net.0.ipv6.gateway", "2003:db8:1:0::1");
	is(s, "lxc.net.0.ipv6.gateway", "2003:db8:1::1");
	set(s, "lxc.net.0.ipv4.gateway", "auto");
	set(s, "lxc.net.0.ipv4.gateway", "");
	is(s, "lxc.net.0.ipv4.gateway", "");
	refused(s, "lxc.net.0.ipv4.address", "1.2.3.4/33");
	refused(s, "lxc.net.0.ipv4.address", "1.2.3.4/");
	refused(s, "lxc.net.0.ipv4.address", "1.2.3.4/24 1.2.3.255 8");
	refused(s, "lxc.net.0.ipv4.address", "1.2.3.4/24 foo");
	refused(s, "lxc.net.0.ipv6.address", "fd00::1/129");
	refused(s, "lxc.net.0.ipv6.address", "1.2.3.4");
	refused(s, "lxc.net.0.veth.ipv4.route", "192.0.2.1");
}

static void test_broadcast(void **state)
{
	struct ip a;
	int prefix;

	(void)state;
	assert_int_equal(ip_parse_prefix(AF_INET, "10.99.9.7/24", &a, &prefix), 0);
	assert_int_equal(ntohl(ip_broadcast(a.v4, prefix).s_addr), 0x0a6309ff);
	assert_int_equal(ntohl(ip_broadcast(a.v4, 8).s_addr), 0x0affffff);
	assert_int_equal(ntohl(ip_broadcast(a.v4, 32).s_addr), 0x0a630907);
	assert_int_equal(ntohl(ip_broadcast(a.v4, 0).s_addr), 0xffffffff);
}

static void test_mac(void **state)
{
	_own_spec struct spec *s = veth_spec();
	_own_buf struct buf one = { 0 }, two = { 0 };
	unsigned char mac[MAC_LEN];
	char text[MAC_TEXT];

	(void)state;
	assert_int_equal(mac_parse("10:66:6A:00:0f:ff", mac), 0);
	mac_print(mac, text);
	assert_string_equal(text, "10:66:6a:00:0f:ff");
	assert_int_equal(mac_parse("10:66:6a:00:0f", mac), -EINVAL);
	assert_int_equal(mac_parse("10:66:6a:00:0f:ff:00", mac), -EINVAL);
	assert_int_equal(mac_parse("10-66-6a-00-0f-ff", mac), -EINVAL);
	for (int i = 0; i < 50; i++) {
		_own_buf struct buf again = { 0 };

		set(s, "lxc.net.0.hwaddr", "xx:xx:XX:xx:xx:xx");
		assert_int_equal(spec_get(s, "lxc.net.0.hwaddr", &again), 0);
		assert_int_equal(mac_parse(again.s, mac), 0);
		assert_int_equal(mac[0] & 1, 0); /* not a multicast address */
	}
	assert_int_equal(spec_get(s, "lxc.net.0.hwaddr", &one), 0);
	set(s, "lxc.net.0.hwaddr", "xx:xx:xx:xx:xx:xx");
	assert_int_equal(spec_get(s, "lxc.net.0.hwaddr", &two), 0);
	assert_string_not_equal(one.s, two.s);
	set(s, "lxc.net.0.hwaddr", "10:66:6a:12:34:56");
	is(s, "lxc.net.0.hwaddr", "10:66:6a:12:34:56");
}

static void test_type_resets(void **state)
{
	_own_spec struct spec *s = new_spec();

	(void)state;
	is(s, "lxc.net", "");
	set(s, "lxc.net.0.flags", "whatever");
	is(s, "lxc.net.0.flags", "up");
	is(s, "lxc.net.0.type", "empty");
	set(s, "lxc.net.0.type", "macvlan");
	is(s, "lxc.net.0.flags", "");
	is(s, "lxc.net.0.macvlan.mode", "private");
	set(s, "lxc.net.7.type", "phys");
	set(s, "lxc.net.3.type", "ipvlan");
	is(s, "lxc.net.3.ipvlan.mode", "l2");
	is(s, "lxc.net", "macvlan\nipvlan\nphys\n");
	refused(s, "lxc.net.0.veth.pair", "a");
	refused(s, "lxc.net.0.vlan.id", "3");
	refused(s, "lxc.net.0.type", "foo");
	refused(s, "lxc.net.0", "veth");
	refused(s, "lxc.net.2147483647.type", "veth");
	set(s, "lxc.net.3", "");
	is(s, "lxc.net", "macvlan\nphys\n");
	set(s, "lxc.net", "");
	is(s, "lxc.net", "");
}

static void test_own_namespace(void **state)
{
	_own_spec struct spec *s = new_spec();

	(void)state;
	assert_true(net_own_namespace(s));
	set(s, "lxc.net.0.type", "none");
	assert_false(net_own_namespace(s));
	set(s, "lxc.net.1.type", "veth");
	assert_true(net_own_namespace(s));
}

static void test_inner_names(void **state)
{
	_own_spec struct spec *s = veth_spec();
	const struct net *net = s->part[FEATURE_NET];
	char name[IFNAMSIZ];

	(void)state;
	set(s, "lxc.net.1.type", "empty");
	set(s, "lxc.net.2.type", "veth");
	set(s, "lxc.net.2.name", "eth0");
	set(s, "lxc.net.3.type", "veth");
	nic_inner_name(net, 0, name);
	assert_string_equal(name, "eth1");
	nic_inner_name(net, 2, name);
	assert_string_equal(name, "eth0");
	nic_inner_name(net, 3, name);
	assert_string_equal(name, "eth2");
}

/* The first problem's words, or "" */
static void first_problem(const struct spec *s, char text[256])
{
	_own_problems struct problems p = { 0 };

	net_check(s, &p);
	text[0] = 0;
	if (p.n) {
		err_text(&p.v[0], text, 256);
		assert_int_equal(p.v[0].line, 3);
	}
}

static void test_checks(void **state)
{
	static const struct {
		const char *type, *key, *value, *want;
	} cases[] = {
		{ "macvlan", "flags", "up",
		  "lxc.net.0.link is missing: a device of type macvlan needs one of the host's" },
		{ "veth", "mtu", "abc", "bad value \"abc\" of lxc.net.0.mtu: allowed is a number of bytes" },
		{ "veth", "hwaddr", "hello",
		  "bad value \"hello\" of lxc.net.0.hwaddr: allowed is a MAC address such as 10:66:6a:xx:xx:xx" },
		{ "veth", "veth.mode", "router", "" },
		{ "veth", "veth.mode", "", "lxc.net.0.veth.mode is empty: the device has no mode" },
		{ "veth", "hwaddr", "01:00:00:00:00:01",
		  "bad value \"01:00:00:00:00:01\" of lxc.net.0.hwaddr: allowed is a MAC address such as "
		  "10:66:6a:xx:xx:xx" },
		{ "veth", "l2proxy", "1",
		  "lxc.net.0.l2proxy = 1 needs veth.mode = router: over a bridge the container answers itself" },
		{ "phys", "l2proxy", "1", "lxc.net.0.link is missing: a device of type phys needs one of the host's" },
		{ "veth", "veth.vlan.id", "5", "lxc.net.0.veth.vlan.id needs a bridge (.link)" },
		{ "veth", "veth.vlan.tagged.id", "5", "lxc.net.0.veth.vlan.tagged.id needs a bridge (.link)" },
		{ "vlan", "vlan.id", "4095",
		  "bad value \"4095\" of lxc.net.0.vlan.id: allowed is a number up to 4094" },
		{ "veth", "name", "lan%d", "" },
		{ "veth", "name", "lan%s",
		  "bad value \"lan%s\" of lxc.net.0.name: allowed is an interface name of at most 15 bytes; %d in it "
		  "becomes the next free number" },
		{ "veth", "name", "a/b",
		  "bad value \"a/b\" of lxc.net.0.name: allowed is an interface name of at most 15 bytes; %d in it "
		  "becomes the next free number" },
		{ "veth", "ipv4.gateway", "10.0.0.1", "lxc.net.0.ipv4.gateway needs the device to be up (flags = up)" },
		{ "empty", "name", "foo", "lxc.net.0.name has no meaning for type empty: there is only lo" },
		{ "empty", "flags", "up", "" },
		{ "veth", "name", "lan0", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_own_spec struct spec *s = new_spec();
		char key[64], text[256];

		(void)snprintf(key, sizeof(key), "lxc.net.0.%s", cases[i].key);
		set(s, "lxc.net.0.type", cases[i].type);
		set(s, key, cases[i].value);
		first_problem(s, text);
		assert_string_equal(text, cases[i].want);
	}
}

/* A process that waits in a network namespace of its own, in the place of init. */
static pid_t wait_in_namespace(int *netns_fd)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (unshare(CLONE_NEWNET) == 0)
			(void)!write(ready[1], "x", 1);
		alarm(30);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	*netns_fd = netns_of_pid(pid);
	assert_true(*netns_fd >= 0);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Everything below happens in a network namespace of the test's: the machine's own is left alone. */
static bool in_own_namespace(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		print_message("needs root: skipped\n");
		return false;
	}
	return true;
}

static int make_test_bridge(struct nl *nl)
{
	struct link_want w = { .name = "kegunit0", .mtu = 1400, .up = true };
	struct link l;

	assert_int_equal(link_make_bridge(nl, &w), 0);
	assert_int_equal(link_get(nl, "kegunit0", &l), 0);
	assert_string_equal(l.kind, "bridge");
	return l.index;
}

struct want_address {
	int index;
	bool found;
};

static int see(const struct addr_seen *a, void *arg)
{
	struct want_address *w = arg;
	char text[IP_TEXT];

	ip_print(&a->ip, text);
	w->found |= a->index == w->index && strcmp(text, "10.9.9.7") == 0 && a->prefix == 24;
	return 0;
}

/* As INIT does it: the process that configures is in the container's namespace. */
static void configure_inside(struct run *r, int netns_fd)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct err e = { 0 };
		int x = setns(netns_fd, CLONE_NEWNET) < 0 ? -errno : net_configure(r, &e);

		if (x < 0)
			err_print(&e, "test", NULL);
		_exit(x < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static const struct host as_root = { .net_admin = true };

static void test_veth(void **state)
{
	_own_spec struct spec *s = veth_spec();
	struct plan plan = { .name = "unit", .spec = s, .host = &as_root, .clone_flags = CLONE_NEWNET };
	struct run r = { .plan = &plan, .runtime_fd = -1 };
	_own_nl struct nl nl = NL_CLOSED, there = NL_CLOSED;
	struct want_address w = { 0 };
	struct err e = { 0 };
	struct link host, in;
	int netns_fd, bridge, id;

	(void)state;
	if (!in_own_namespace())
		skip();
	assert_int_equal(nl_open(&nl, &e), 0);
	bridge = make_test_bridge(&nl);
	set(s, "lxc.net.0.link", "kegunit0");
	set(s, "lxc.net.0.flags", "up");
	set(s, "lxc.net.0.name", "lan0");
	set(s, "lxc.net.0.hwaddr", "10:66:6a:12:34:56");
	set(s, "lxc.net.0.ipv4.address", "10.9.9.7/24");
	r.init_pid = wait_in_namespace(&netns_fd);
	assert_int_equal(net_make(&r, &e), 0);
	assert_int_equal(r.nics.n, 1);
	assert_int_equal(strncmp(r.nics.v[0].host, "veth", 4), 0);
	assert_int_equal(strlen(r.nics.v[0].host), 10);
	assert_int_equal(link_get_index(&nl, r.nics.v[0].ifindex, &host), 0);
	assert_string_equal(host.name, r.nics.v[0].host);
	assert_int_equal(host.master, bridge);
	assert_int_equal(host.mtu, 1400);
	assert_int_equal(host.mac[0], 0xfe);
	assert_true(host.flags & IFF_UP);
	configure_inside(&r, netns_fd);
	assert_int_equal(netns_nl_open(&there, netns_fd, &e), 0);
	assert_int_equal(link_get(&there, "lan0", &in), 0);
	assert_int_equal(in.mtu, 1400);
	assert_true(in.flags & IFF_UP);
	assert_memory_equal(in.mac, "\x10\x66\x6a\x12\x34\x56", MAC_LEN);
	assert_int_equal(netns_id(&nl, netns_fd, &id), 0);
	w.index = in.index;
	assert_int_equal(addr_each(&nl, AF_INET, id, see, &w), 0);
	assert_true(w.found);
	net_undo(&r);
	assert_int_equal(link_get(&nl, host.name, &host), -ENODEV);
	net_undo(&r);
	end(r.init_pid);
	close(netns_fd);
}

/* A killed keeper's veth is waited for, for the kernel takes it away; one whose container lives is in the way. */
static void test_veth_of_an_ended_namespace(void **state)
{
	_own_spec struct spec *s = veth_spec();
	struct plan plan = { .name = "unit", .spec = s, .host = &as_root, .clone_flags = CLONE_NEWNET };
	struct run r = { .plan = &plan, .runtime_fd = -1 };
	_own_nl struct nl nl = NL_CLOSED;
	struct err e = { 0 };
	char text[256];
	int netns_fd;
	pid_t first;

	(void)state;
	if (!in_own_namespace())
		skip();
	assert_int_equal(nl_open(&nl, &e), 0);
	set(s, "lxc.net.0.veth.pair", "vethunit");
	r.init_pid = first = wait_in_namespace(&netns_fd);
	assert_int_equal(net_make(&r, &e), 0);
	assert_false(link_is_ending(&nl, "vethunit"));
	close(netns_fd);
	r.init_pid = wait_in_namespace(&netns_fd);
	assert_int_equal(net_make(&r, &e), -EEXIST);
	err_text(&e, text, sizeof(text));
	assert_string_equal(text, "cannot create veth vethunit: File exists");
	err_clear(&e);
	end(first);
	assert_int_equal(net_make(&r, &e), 0);
	net_undo(&r);
	end(r.init_pid);
	close(netns_fd);
}

static void test_missing_bridge(void **state)
{
	_own_spec struct spec *s = veth_spec();
	struct plan plan = { .name = "unit", .spec = s, .host = &as_root, .clone_flags = CLONE_NEWNET };
	struct run r = { .plan = &plan, .runtime_fd = -1 };
	struct err e = { 0 };
	char text[256], want[256];
	int netns_fd;

	(void)state;
	if (!in_own_namespace())
		skip();
	set(s, "lxc.net.0.link", "nobridge9");
	set(s, "lxc.net.0.veth.pair", "vethunit");
	r.init_pid = wait_in_namespace(&netns_fd);
	assert_int_equal(net_make(&r, &e), -ENODEV);
	err_text(&e, text, sizeof(text));
	(void)snprintf(want, sizeof(want), "cannot attach vethunit to bridge nobridge9: No such device");
	assert_string_equal(text, want);
	assert_string_equal(e.key, "lxc.net.0.link");
	assert_string_equal(e.hint, "create it: \"keg net up\" makes lxcbr0");
	net_undo(&r);
	end(r.init_pid);
	close(netns_fd);
}

/* A device that would be deleted with the container's namespace comes back as it was, with init dead. */
static void test_phys_returns(void **state)
{
	_own_spec struct spec *s = new_spec();
	struct plan plan = { .name = "unit", .spec = s, .host = &as_root, .clone_flags = CLONE_NEWNET };
	struct run r = { .plan = &plan };
	_own_nl struct nl nl = NL_CLOSED;
	struct link_want a = { .name = "kegphys0", .mtu = 1450, .up = true }, b = { .name = "kegphys1" };
	_own_free char *folder = NULL;
	struct link before, after;
	struct err e = { 0 };
	int netns_fd;

	(void)state;
	if (!in_own_namespace())
		skip();
	r.runtime_fd = unit_folder(&folder);
	assert_int_equal(nl_open(&nl, &e), 0);
	a.master = make_test_bridge(&nl);
	assert_int_equal(link_make_veth(&nl, &a, &b), 0);
	assert_int_equal(link_get(&nl, "kegphys0", &before), 0);
	set(s, "lxc.net.0.type", "phys");
	set(s, "lxc.net.0.link", "kegphys0");
	set(s, "lxc.net.0.name", "wan0");
	set(s, "lxc.net.0.mtu", "1300");
	set(s, "lxc.net.0.hwaddr", "02:00:00:00:00:07");
	r.init_pid = wait_in_namespace(&netns_fd);
	assert_int_equal(net_make(&r, &e), 0);
	assert_int_equal(link_get(&nl, "kegphys0", &after), -ENODEV);
	close(netns_fd);
	end(r.init_pid);
	net_undo(&r);
	net_restore_host(&r);
	assert_int_equal(link_get(&nl, "kegphys0", &after), 0);
	assert_int_equal(after.mtu, 1450);
	assert_int_equal(after.master, a.master);
	assert_memory_equal(after.mac, before.mac, MAC_LEN);
	assert_true(after.flags & IFF_UP);
	close(r.runtime_fd);
	assert_int_equal(rmdir(folder), 0); /* neither journal nor pin is left */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_broadcast),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_type_resets),
		cmocka_unit_test(test_own_namespace),
		cmocka_unit_test(test_inner_names),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_veth),
		cmocka_unit_test(test_veth_of_an_ended_namespace),
		cmocka_unit_test(test_missing_bridge),
		cmocka_unit_test(test_phys_returns),
	};

	return RUN(tests);
}
