/* SPDX-License-Identifier: MIT */
/* nftables by its library: neither nft nor iptables is run. */
#include "bridge/firewall.h"

#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <nftables/libnftables.h>
#include <string.h>
#include <sys/socket.h>

static void own_nft_end(struct nft_ctx **c)
{
	if (*c)
		nft_ctx_free(*c);
}
#define _own_nft __attribute__((cleanup(own_nft_end)))

/* The library ends its program where the kernel has no netfilter sockets: so that is asked first. */
static int open_nft(struct nft_ctx **out, struct err *e)
{
	_own_fd int probe = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	struct nft_ctx *c;

	if (probe < 0) {
		int r = err_sys(e, "set", "firewall rules: no netfilter in this kernel");

		err_hint(e, "the kernel needs CONFIG_NF_TABLES: modprobe nf_tables");
		return r;
	}
	c = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!c || nft_ctx_buffer_error(c) || nft_ctx_buffer_output(c)) {
		if (c)
			nft_ctx_free(c);
		return err_num(e, ENOMEM, "set", "firewall rules");
	}
	*out = c;
	return 0;
}

static int run_rules(const char *rules, const char *what, struct err *e)
{
	_own_nft struct nft_ctx *c = NULL;
	const char *said;
	int r = open_nft(&c, e);

	if (r < 0)
		return r;
	if (nft_run_cmd_from_buffer(c, rules) == 0)
		return 0;
	said = nft_ctx_get_error_buffer(c);
	r = err_say(e, EIO, "cannot %s the firewall rules of the bridge", what);
	if (said)
		err_said(e, "%.*s", (int)strcspn(said, "\n"), said);
	err_hint(e, "the kernel needs CONFIG_NF_TABLES and CONFIG_NFT_MASQ: modprobe nf_tables nft_masq nft_chain_nat");
	return r;
}

/* A table is added first, since there is no "delete if it is there" before Linux 6.3. */
static void drop(struct buf *b, const char *family)
{
	buf_addf(b, "add table %s lxc\ndelete table %s lxc\n", family, family);
}

static void add_masquerade(struct buf *b, const char *family, const char *network)
{
	drop(b, family);
	buf_addf(b,
		 "table %s lxc {\n"
		 " chain postrouting {\n"
		 "  type nat hook postrouting priority srcnat; policy accept;\n"
		 "  %s saddr %s %s daddr != %s counter masquerade\n"
		 " }\n"
		 "}\n",
		 family, family, network, family, network);
}

int firewall_up(const struct settings *s, struct err *e)
{
	_own_buf struct buf b = { 0 };

	drop(&b, "inet");
	buf_addf(&b,
		 "table inet lxc {\n"
		 " chain input {\n"
		 "  type filter hook input priority filter; policy accept;\n"
		 "  iifname \"%s\" udp dport { 53, 67 } accept\n"
		 "  iifname \"%s\" tcp dport { 53, 67 } accept\n"
		 " }\n"
		 " chain forward {\n"
		 "  type filter hook forward priority filter; policy accept;\n"
		 "  iifname \"%s\" accept\n"
		 "  oifname \"%s\" accept\n"
		 " }\n"
		 "}\n",
		 s->bridge, s->bridge, s->bridge, s->bridge);
	add_masquerade(&b, "ip", s->network);
	if (s->ipv6 && s->nat6)
		add_masquerade(&b, "ip6", s->ipv6_network);
	if (b.failed)
		return err_num(e, ENOMEM, "set", "firewall rules");
	return run_rules(b.s, "set", e);
}

/* IPv6's by itself: a kernel without it refuses to hear of its tables. */
int firewall_down(struct err *e)
{
	_own_buf struct buf b = { 0 }, six = { 0 };
	struct err ignored = { 0 };

	drop(&b, "inet");
	drop(&b, "ip");
	drop(&six, "ip6");
	if (b.failed || six.failed)
		return err_num(e, ENOMEM, "remove", "firewall rules");
	(void)!run_rules(six.s, "remove", &ignored);
	return run_rules(b.s, "remove", e);
}

bool firewall_is_up(void)
{
	_own_nft struct nft_ctx *c = NULL;
	struct err ignored = { 0 };

	return open_nft(&c, &ignored) == 0 && nft_run_cmd_from_buffer(c, "list table inet lxc") == 0;
}
