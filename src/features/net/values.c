/* SPDX-License-Identifier: MIT */
/* The kinds of value that lxc.net.* takes: names, addresses, modes. */
#include "features/net/nic.h"

#include "base/num.h"
#include "base/own.h"

#include <ctype.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/random.h>

struct word {
	const char *name;
	long long n;
};

static int word_number(const struct word *w, size_t n, const char *text, long long *out)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(w[i].name, text) == 0) {
			*out = w[i].n;
			return 0;
		}
	}
	return -EINVAL;
}

static void word_print(const struct word *w, size_t n, long long v, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		if (w[i].n == v)
			buf_addf(out, "%s", w[i].name);
	if (v < 0)
		buf_addf(out, "(invalid)"); /* LXC's own answer for a mode that was cleared */
}

/* A type whose values are words: the table, and the two functions that look into it. */
#define WORDS(var, ...)                                                                                                \
	static const struct word var##_words[] = { __VA_ARGS__ };                                                      \
	static int var##_number(const char *text, long long *out)                                                      \
	{                                                                                                              \
		return word_number(var##_words, ARRAY_SIZE(var##_words), text, out);                                   \
	}                                                                                                              \
	static void var##_print(long long v, struct buf *out)                                                          \
	{                                                                                                              \
		word_print(var##_words, ARRAY_SIZE(var##_words), v, out);                                              \
	}                                                                                                              \
	const struct type var = { .name = #var, .shape = SHAPE_NUMBER, .number = var##_number, .print = var##_print }

WORDS(net_type_type, { "empty", NET_EMPTY }, { "none", NET_NONE }, { "veth", NET_VETH }, { "vlan", NET_VLAN },
      { "macvlan", NET_MACVLAN }, { "ipvlan", NET_IPVLAN }, { "phys", NET_PHYS });
WORDS(net_type_veth_mode, { "bridge", VETH_BRIDGE }, { "router", VETH_ROUTER });
WORDS(net_type_macvlan_mode, { "private", MACVLAN_MODE_PRIVATE }, { "vepa", MACVLAN_MODE_VEPA },
      { "bridge", MACVLAN_MODE_BRIDGE }, { "passthru", MACVLAN_MODE_PASSTHRU });
WORDS(net_type_ipvlan_mode, { "l2", IPVLAN_MODE_L2 }, { "l3", IPVLAN_MODE_L3 }, { "l3s", IPVLAN_MODE_L3S });
WORDS(net_type_isolation, { "bridge", 0 }, { "private", IPVLAN_F_PRIVATE }, { "vepa", IPVLAN_F_VEPA });

const char *nic_type_name(const struct nic *nic)
{
	for (size_t i = 0; i < ARRAY_SIZE(net_type_type_words); i++)
		if (net_type_type_words[i].n == nic->type.n)
			return net_type_type_words[i].name;
	return "(invalid)";
}

/* "eth%d" asks for the lowest free number. */
bool nic_name_pattern(const char *name)
{
	const char *number = strstr(name, "%d");
	char sample[IFNAMSIZ + 1];

	if (!number || strlen(name) >= IFNAMSIZ)
		return false;
	(void)snprintf(sample, sizeof(sample), "%.*s0%s", (int)(number - name), name, number + 2);
	return link_name_valid(sample);
}

static int give(char *s, char **out)
{
	if (!s)
		return -ENOMEM;
	*out = s;
	return 0;
}

/* Any text means "up", as LXC takes it. */
static int clean_flags(const char *text, char **out)
{
	(void)text;
	return give(strdup("up"), out);
}

static int clean_ifname(const char *text, char **out)
{
	return strlen(text) < IFNAMSIZ ? give(strdup(text), out) : -EINVAL;
}

/*
 * Every x becomes a random digit, once, when the value is set: a container keeps its address for as long
 * as its config does. The second digit is even, for an odd one would make a multicast address.
 */
static int clean_hwaddr(const char *text, char **out)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char dice[32];
	char *s = strdup(text);

	if (!s)
		return -ENOMEM;
	if (getrandom(dice, sizeof(dice), 0) != (ssize_t)sizeof(dice)) {
		free(s);
		return -EIO;
	}
	for (size_t i = 0; s[i]; i++)
		if (tolower((unsigned char)s[i]) == 'x')
			s[i] = hex[dice[i % sizeof(dice)] & (i == 1 ? 14 : 15)];
	return give(s, out);
}

static int clean_address4(const char *text, char **out)
{
	_own_strv struct strv words = { 0 };
	struct ip a, b;
	int prefix;

	if (strv_split(&words, text, " \t") < 0)
		return -ENOMEM;
	if (words.n < 1 || words.n > 2 || ip_parse_prefix(AF_INET, words.v[0], &a, &prefix) < 0 ||
	    (words.n == 2 && ip_parse(AF_INET, words.v[1], &b) < 0))
		return -EINVAL;
	if (prefix < 0)
		prefix = ip_class_prefix(a.v4);
	/* inet_pton(3) takes one form of an IPv4 address only, the one that it would be printed in */
	words.v[0][strcspn(words.v[0], "/")] = 0;
	if (words.n == 1)
		return give(str_fmt("%s/%d", words.v[0], prefix), out);
	return give(str_fmt("%s/%d %s", words.v[0], prefix, words.v[1]), out);
}

static int clean_address6(const char *text, char **out)
{
	char at[IP_TEXT];
	struct ip a;
	int prefix;

	if (ip_parse_prefix(AF_INET6, text, &a, &prefix) < 0)
		return -EINVAL;
	ip_print(&a, at);
	return give(str_fmt("%s/%d", at, prefix < 0 ? 64 : prefix), out);
}

static int clean_gateway(int family, const char *text, char **out)
{
	char at[IP_TEXT];
	struct ip a;

	if (strcmp(text, "auto") == 0 || strcmp(text, "dev") == 0)
		return give(strdup(text), out);
	if (ip_parse(family, text, &a) < 0)
		return -EINVAL;
	ip_print(&a, at);
	return give(strdup(at), out);
}

static int clean_gateway4(const char *text, char **out)
{
	return clean_gateway(AF_INET, text, out);
}

static int clean_gateway6(const char *text, char **out)
{
	return clean_gateway(AF_INET6, text, out);
}

static int clean_route(int family, const char *text, char **out)
{
	char at[IP_TEXT];
	struct ip a;
	int prefix;

	if (ip_parse_prefix(family, text, &a, &prefix) < 0 || prefix < 0)
		return -EINVAL;
	ip_print(&a, at);
	return give(str_fmt("%s/%d", at, prefix), out);
}

static int clean_route4(const char *text, char **out)
{
	return clean_route(AF_INET, text, out);
}

static int clean_route6(const char *text, char **out)
{
	return clean_route(AF_INET6, text, out);
}

static int number_within(const char *text, uint64_t most, long long *out)
{
	uint64_t v;
	int r = num_u64_c(text, most, &v);

	if (r == 0)
		*out = (long long)v;
	return r;
}

static int number_vlan(const char *text, long long *out)
{
	return number_within(text, UINT16_MAX, out);
}

static int number_port_vlan(const char *text, long long *out)
{
	if (strcmp(text, "none") == 0 || strcmp(text, "-1") == 0) { /* LXC prints "none" as -1 */
		*out = -1;
		return 0;
	}
	return number_within(text, 4094, out);
}

static int number_queues(const char *text, long long *out)
{
	int r = number_within(text, INT32_MAX, out);

	return r == 0 && *out == 0 ? -ERANGE : r;
}

static void print_queues(long long n, struct buf *out)
{
	if (n > 0)
		buf_addf(out, "%lld", n);
}

static int clean_tagged(const char *text, char **out)
{
	long long v = 0;
	int r = number_within(text, 4094, &v);

	return r < 0 ? r : give(str_fmt("%lld", v), out);
}

const struct type net_type_flags = { .name = "flags", .shape = SHAPE_TEXT, .clean = clean_flags };
const struct type net_type_ifname = { .name = "interface name", .shape = SHAPE_TEXT, .clean = clean_ifname };
const struct type net_type_hwaddr = { .name = "MAC address", .shape = SHAPE_TEXT, .clean = clean_hwaddr };
const struct type net_type_address4 = {
	.name = "IPv4 address", .shape = SHAPE_LIST, .clean = clean_address4, .joined = true
};
const struct type net_type_address6 = {
	.name = "IPv6 address", .shape = SHAPE_LIST, .clean = clean_address6, .joined = true
};
const struct type net_type_gateway4 = { .name = "IPv4 gateway", .shape = SHAPE_TEXT, .clean = clean_gateway4 };
const struct type net_type_gateway6 = { .name = "IPv6 gateway", .shape = SHAPE_TEXT, .clean = clean_gateway6 };
const struct type net_type_route4 = {
	.name = "IPv4 route", .shape = SHAPE_LIST, .clean = clean_route4, .joined = true
};
const struct type net_type_route6 = {
	.name = "IPv6 route", .shape = SHAPE_LIST, .clean = clean_route6, .joined = true
};
const struct type net_type_queues = {
	.name = "queues", .shape = SHAPE_NUMBER, .number = number_queues, .print = print_queues
};
const struct type net_type_vlan = { .name = "VLAN id", .shape = SHAPE_NUMBER, .number = number_vlan };
const struct type net_type_port_vlan = { .name = "VLAN id of a port",
					 .shape = SHAPE_NUMBER,
					 .number = number_port_vlan };
const struct type net_type_tagged = { .name = "VLAN ids", .shape = SHAPE_LIST, .clean = clean_tagged, .joined = true };
