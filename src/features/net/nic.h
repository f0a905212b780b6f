/* SPDX-License-Identifier: MIT */
#pragma once
/* Inside features/net only: one lxc.net.N, as it is configured. */
#include "engine/run.h"
#include "spec/key.h"
#include "sys/link.h"
#include "sys/route.h"

enum net_type { NET_INVALID, NET_EMPTY, NET_NONE, NET_VETH, NET_VLAN, NET_MACVLAN, NET_IPVLAN, NET_PHYS, NET_TYPES };

enum veth_mode { VETH_BRIDGE, VETH_ROUTER };

struct nic {
	unsigned index;
	struct number type; /* enum net_type */
	struct text flags, link, name, hwaddr, mtu;
	struct text script_up, script_down;
	struct list ipv4, ipv6;		/* "ADDRESS/PREFIX", IPv4 also "ADDRESS/PREFIX BROADCAST" */
	struct text gateway4, gateway6; /* an address, "auto" or "dev" */
	struct number l2proxy;
	struct text veth_pair;
	struct number veth_mode, veth_rx, veth_tx; /* queues 0: the kernel's choice */
	struct list veth_route4, veth_route6, veth_tagged;
	struct number veth_vlan;					    /* -1: "none" */
	struct number vlan_id, macvlan_mode, ipvlan_mode, ipvlan_isolation; /* modes: the kernel's numbers */
};

struct net {
	struct nic **v; /* by index */
	size_t n;
};

/* nics.c: see struct feature */
void *nic_at(void *part, unsigned index, bool create);
int nic_nth(const void *part, size_t n);
void nic_drop(void *part, unsigned index);

/* net.c: all that a device says is forgotten; what has a default has it again. */
void nic_reset(struct nic *nic);

enum { NIC_KEY = 48 };

/* "lxc.net.3.link" into key[NIC_KEY]; returns key. */
const char *nic_key(const struct nic *nic, const char *sub, char *key);
const char *nic_type_name(const struct nic *nic);
bool nic_has_device(const struct nic *nic);
bool nic_name_pattern(const char *name);
/* Its name in the container: .name; where that has a %d, or is missing (eth%d), with the lowest number that no other
 * device has or asks for. */
void nic_inner_name(const struct net *net, size_t nth, char name[IFNAMSIZ]);
/* The name with which the KEEPER makes it in the container's namespace. */
void nic_birth_name(const struct net *net, size_t nth, char name[IFNAMSIZ]);
/* 0: not asked for. */
unsigned nic_mtu(const struct nic *nic);

/* values.c: the kinds of value of the rows */
extern const struct type net_type_type, net_type_flags, net_type_ifname, net_type_hwaddr, net_type_address4,
	net_type_address6, net_type_gateway4, net_type_gateway6, net_type_route4, net_type_route6, net_type_veth_mode,
	net_type_queues, net_type_vlan, net_type_port_vlan, net_type_tagged, net_type_macvlan_mode,
	net_type_ipvlan_mode, net_type_isolation;

/* check.c */
void net_check(const struct spec *s, struct problems *p);

/* What making one device works with. */
struct nic_job {
	struct run *run;
	const struct net *net;
	size_t nth;
	const struct nic *nic;
	struct nl *nl;
	struct nic_state *state; /* to fill: what undo takes away */
};

/* What putting the host back works with. */
struct undo {
	struct run *run;
	struct nl here, there; /* there: the container's namespace, pinned; opened when first needed */
};

/* journal.c: notes "WORD NAME REST", in place of what was noted of that WORD and NAME before. */
int journal_note(struct run *run, const char *word, const char *name, const char *rest, struct err *e) _must_check;
int journal_strike(struct run *run, const char *word, const char *name, struct err *e) _must_check;
/* 1: a line is wanted; 0: none is */
int journal_find(const struct run *run, bool (*wanted)(char **words, size_t n, void *arg), void *arg) _must_check;

/* An error about a key of the device, with where it was set. Returns r. */
int nic_blame(const struct nic_job *j, int r, const char *sub, struct origin at, struct err *e);
/* The link that .link names; an error is about what was to be done: "take the MTU of". */
int nic_find_link(const struct nic_job *j, const char *what, struct link *out, struct err *e) _must_check;

/* The address of an ipv4.address or ipv6.address. */
int nic_item_ip(const struct item *it, int family, struct ip *out) _must_check;

/* What a veth's host end is connected to: nothing, a bridge, one of Open vSwitch, or the host's routes. */
enum uplink { UPLINK_NONE, UPLINK_BRIDGE, UPLINK_OVS, UPLINK_ROUTED };

int veth_make(struct nic_job *j, struct err *e) _must_check;
/* The bridge that .link names, and which kind it is. */
int veth_find_bridge(const struct nic_job *j, struct link *bridge, enum uplink *kind, struct err *e) _must_check;
/* user_nic.c: the same of who may not */
int user_nic_make(struct nic_job *j, struct err *e) _must_check;
void user_port_undo(struct undo *u, char **words, size_t n);
int router_make(const struct nic_job *j, struct err *e) _must_check;
bool nic_has_vlans(const struct nic *nic);
uint16_t nic_vlan(const struct item *it);
int vlan_check(const struct nic_job *j, const struct link *bridge, struct err *e) _must_check;
int vlan_make(const struct nic_job *j, const struct link *bridge, struct err *e) _must_check;
int ovs_make(const struct nic_job *j, struct err *e) _must_check;
void ovs_undo(struct undo *u, char **words, size_t n);
/* .l2proxy */
int proxy_make(struct nic_job *j, struct err *e) _must_check;
void proxy_undo(struct undo *u, char **words, size_t n);
void host_route_undo(struct undo *u, char **words, size_t n);
int stacked_make(struct nic_job *j, struct err *e) _must_check; /* vlan, macvlan, ipvlan */
int phys_make(struct nic_job *j, struct err *e) _must_check;
void phys_undo(struct undo *u, char **words, size_t n);
void phys_unpin(struct run *run);

/* script.c: lxc.net.#.script.up of the device, and .down of all that have been up */
bool nic_has_script(const struct nic *nic);
int nic_script_up(struct nic_job *j, struct err *e) _must_check;
void nic_scripts_down(struct run *r);

/* gateway.c: what net_find_gateways() found; family 0: nothing. */
struct ip gateway_of_link(size_t nth, int family);
