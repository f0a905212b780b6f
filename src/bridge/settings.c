/* SPDX-License-Identifier: MIT */
/* Reads KEY="value" files of shell assignments, without a shell. */
#include "bridge/settings.h"

#include "base/io.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

enum { FILE_MOST = 64 << 10 };

/* The name goes into firewall rules and file names: no quotes, no surprises. */
#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

#define SETTING(key, var, dflt)                                                                                        \
	{                                                                                                              \
		key, offsetof(struct settings, var), dflt                                                              \
	}

static const struct {
	const char *key;
	size_t field;
	const char *dflt;
} rows[] = {
	SETTING("USE_LXC_BRIDGE", use_bridge, "true"),
	SETTING("LXC_BRIDGE", bridge, "lxcbr0"),
	SETTING("LXC_BRIDGE_MAC", bridge_mac, "10:66:6a:00:00:00"),
	SETTING("LXC_ADDR", addr, "10.0.3.1"),
	SETTING("LXC_NETMASK", netmask, "255.255.255.0"),
	SETTING("LXC_NETWORK", network, "10.0.3.0/24"),
	SETTING("LXC_DHCP_RANGE", dhcp_range, "10.0.3.2,10.0.3.254"),
	SETTING("LXC_DHCP_MAX", dhcp_max, "253"),
	SETTING("LXC_DHCP_CONFILE", dhcp_confile, ""),
	SETTING("LXC_DHCP_PING", dhcp_ping, "true"),
	SETTING("LXC_DOMAIN", domain, ""),
	SETTING("LXC_IPV6_ENABLE", ipv6_enable, ""),
	SETTING("LXC_IPV6_ADDR", ipv6_addr, ""),
	SETTING("LXC_IPV6_MASK", ipv6_mask, "64"),
	SETTING("LXC_IPV6_NETWORK", ipv6_network, ""),
	SETTING("LXC_IPV6_NAT", ipv6_nat, "true"),
	/* ours: so that two of them can live side by side */
	SETTING("LXC_RUNDIR", run_dir, "/run/lxc"),
	SETTING("LXC_LEASE_DIR", lease_dir, "/var/lib/misc"),
};

/* The network that LXC itself offers where IPv6 is switched on without one. */
static const char ula_addr[] = "fc42:5009:ba4b:5ab0::1", ula_network[] = "fc42:5009:ba4b:5ab0::/64";

static char **field_of(struct settings *s, size_t row)
{
	return (char **)((char *)s + rows[row].field);
}

/* One word of shell: quotes of both kinds, backslashes, a comment behind a blank. -EINVAL: it would need a shell. */
static int unquote(const char *text, char **out)
{
	char *word = malloc(strlen(text) + 1), *to = word, quote = 0;

	if (!word)
		return -ENOMEM;
	for (; *text && (quote || !isspace((unsigned char)*text)); text++) {
		if (quote != '\'' && (*text == '$' || *text == '`'))
			goto shell;
		if (*text == '\\' && quote != '\'' && text[1])
			*to++ = *++text;
		else if (!quote && (*text == '"' || *text == '\''))
			quote = *text;
		else if (quote && *text == quote)
			quote = 0;
		else if (!quote && strchr(";&|<>()", *text))
			goto shell;
		else
			*to++ = *text;
	}
	text += strspn(text, " \t\r");
	if (quote || (*text && *text != '#'))
		goto shell;
	*to = 0;
	*out = word;
	return 0;
shell:
	free(word);
	return -EINVAL;
}

static int read_assignment(struct settings *s, const char *line, const char *file, unsigned n, struct err *e)
{
	const char *equals;

	line += strspn(line, " \t");
	if (str_starts(line, "export "))
		line += strlen("export ") + strspn(line + strlen("export "), " \t");
	equals = strchr(line, '=');
	if (!equals)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *value, **field = field_of(s, i);
		size_t len = strlen(rows[i].key);
		int r;

		if (len != (size_t)(equals - line) || strncmp(line, rows[i].key, len) != 0)
			continue;
		r = unquote(equals + 1, &value);
		if (r == -EINVAL)
			return err_say(e, EINVAL, "%s:%u: the value of %s needs a shell: write it out", file, n,
				       rows[i].key);
		if (r < 0)
			return err_num(e, -r, "read", "%s", file);
		free(*field);
		*field = value;
		if (field == &s->use_bridge)
			(void)snprintf(s->use_bridge_at, sizeof(s->use_bridge_at), "%s:%u", file, n);
		return 0;
	}
	return 0;
}

static int read_file(struct settings *s, const char *file, bool must, struct err *e)
{
	_own_free char *text = NULL;
	unsigned n = 1;
	int r = io_read_file(AT_FDCWD, file, FILE_MOST, &text, NULL);

	if (r == -ENOENT && !must)
		return 0;
	if (r < 0)
		return err_num(e, -r, "read", "%s", file);
	for (char *line = text, *end; line && r == 0; line = end, n++) {
		end = strchr(line, '\n');
		if (end)
			*end++ = 0;
		r = read_assignment(s, line, file, n, e);
	}
	return r;
}

static int wrong(struct err *e, const char *key, const char *value, const char *allowed)
{
	return err_say(e, EINVAL, "bad value \"%.200s\" of %s: allowed is %s", value, key, allowed);
}

static bool is_true(const char *value)
{
	return strcmp(value, "true") == 0;
}

/* "255.255.255.0" or "24" */
static int prefix_of(const char *mask, int *prefix)
{
	struct ip ip;
	int64_t bits;
	uint32_t m;

	if (num_i64(mask, 0, 32, &bits) == 0) {
		*prefix = (int)bits;
		return 0;
	}
	if (ip_parse(AF_INET, mask, &ip) < 0)
		return -EINVAL;
	m = ntohl(ip.v4.s_addr);
	if (~m & (~m + 1)) /* ones behind zeros */
		return -EINVAL;
	*prefix = __builtin_popcount(m);
	return 0;
}

static int check_network(const char *key, int family, const char *text, struct err *e)
{
	struct ip ip;
	int prefix;

	if (ip_parse_prefix(family, text, &ip, &prefix) < 0 || prefix < 0)
		return wrong(e, key, text, "ADDRESS/PREFIX");
	return 0;
}

static int understand4(struct settings *s, struct err *e)
{
	_own_strv struct strv range = { 0 };
	struct ip ip;
	int64_t most;

	if (!link_name_valid(s->bridge) || strspn(s->bridge, NAME_BYTES) != strlen(s->bridge))
		return wrong(e, "LXC_BRIDGE", s->bridge, "an interface name");
	if (mac_parse(s->bridge_mac, s->mac) < 0)
		return wrong(e, "LXC_BRIDGE_MAC", s->bridge_mac, "a MAC address");
	if (ip_parse(AF_INET, s->addr, &s->ip4) < 0)
		return wrong(e, "LXC_ADDR", s->addr, "an IPv4 address");
	if (prefix_of(s->netmask, &s->prefix4) < 0)
		return wrong(e, "LXC_NETMASK", s->netmask, "a mask such as 255.255.255.0");
	if (strv_split(&range, s->dhcp_range, ",") < 0 || range.n < 2 || ip_parse(AF_INET, range.v[0], &ip) < 0 ||
	    ip_parse(AF_INET, range.v[1], &ip) < 0)
		return wrong(e, "LXC_DHCP_RANGE", s->dhcp_range, "FIRST,LAST");
	if (num_i64(s->dhcp_max, 1, UINT32_MAX, &most) < 0)
		return wrong(e, "LXC_DHCP_MAX", s->dhcp_max, "a number");
	return check_network("LXC_NETWORK", AF_INET, s->network, e);
}

/* Off unless it is asked for: a container with an address that leads nowhere waits for it in vain. */
static int understand6(struct settings *s, struct err *e)
{
	int64_t bits;

	s->ipv6 = is_true(s->ipv6_enable) || (!*s->ipv6_enable && *s->ipv6_addr);
	s->nat6 = is_true(s->ipv6_nat);
	if (!s->ipv6)
		return 0;
	if (!*s->ipv6_addr) {
		free(s->ipv6_addr);
		free(s->ipv6_network);
		s->ipv6_addr = strdup(ula_addr);
		s->ipv6_network = strdup(ula_network);
		if (!s->ipv6_addr || !s->ipv6_network)
			return err_num(e, ENOMEM, "read", "the settings");
	}
	if (ip_parse(AF_INET6, s->ipv6_addr, &s->ip6) < 0)
		return wrong(e, "LXC_IPV6_ADDR", s->ipv6_addr, "an IPv6 address");
	if (num_i64(s->ipv6_mask, 0, 128, &bits) < 0)
		return wrong(e, "LXC_IPV6_MASK", s->ipv6_mask, "a prefix length");
	s->prefix6 = (int)bits;
	s->nat6 = s->nat6 && *s->ipv6_network;
	return s->nat6 ? check_network("LXC_IPV6_NETWORK", AF_INET6, s->ipv6_network, e) : 0;
}

static int name_files(struct settings *s, struct err *e)
{
	if (s->run_dir[0] != '/')
		return wrong(e, "LXC_RUNDIR", s->run_dir, "an absolute path");
	if (s->lease_dir[0] != '/')
		return wrong(e, "LXC_LEASE_DIR", s->lease_dir, "an absolute path");
	s->flag = str_fmt("%s/network_up", s->run_dir);
	s->memory = str_fmt("%s/network_before", s->run_dir);
	s->pid_file = str_fmt("%s/dnsmasq.pid", s->run_dir);
	s->leases = str_fmt("%s/dnsmasq.%s.leases", s->lease_dir, s->bridge);
	return s->flag && s->memory && s->pid_file && s->leases ? 0 : err_num(e, ENOMEM, "read", "the settings");
}

static int read_system(struct settings *s, struct err *e)
{
	static const char *const folders[] = { "/etc/sysconfig", "/etc/default" };
	static const char *const names[] = { "lxc", "lxc-net" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(folders) * ARRAY_SIZE(names) && r == 0; i++) {
		_own_free char *path = str_fmt("%s/%s", folders[i / 2], names[i % 2]);

		r = path ? read_file(s, path, false, e) : err_num(e, ENOMEM, "read", "the settings");
	}
	return r;
}

int settings_read(struct settings *s, const char *file, struct err *e)
{
	int r = 0;

	*s = (struct settings){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(rows) && r == 0; i++) {
		*field_of(s, i) = strdup(rows[i].dflt);
		if (!*field_of(s, i))
			r = err_num(e, ENOMEM, "read", "the settings");
	}
	if (r == 0)
		r = file ? read_file(s, file, true, e) : read_system(s, e);
	if (r == 0)
		r = understand4(s, e);
	if (r == 0)
		r = understand6(s, e);
	if (r == 0)
		r = name_files(s, e);
	s->wanted = r == 0 && is_true(s->use_bridge);
	s->ping = r == 0 && is_true(s->dhcp_ping);
	return r;
}

void settings_free(struct settings *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		free(*field_of(s, i));
	free(s->flag);
	free(s->memory);
	free(s->pid_file);
	free(s->leases);
}
