/* SPDX-License-Identifier: MIT */
/* legacy: names of before LXC 2.1, one by one and as files. */
#include "unit.h"

#include "base/err.h"
#include "base/own.h"
#include "spec/key.h"
#include "spec/legacy.h"

static void assert_now(const char *old, const char *now)
{
	char found[KEY_NAME_MOST];

	assert_true(legacy_find(old, 2, found));
	assert_string_equal(found, now);
}

static void every_old_name_has_its_place(void **state)
{
	(void)state;
	assert_now("lxc.utsname", "lxc.uts.name");
	assert_now("lxc.rootfs", "lxc.rootfs.path");
	assert_now("lxc.rootfs.backend", "");
	assert_now("lxc.mount", "lxc.mount.fstab");
	assert_now("lxc.limit.nofile", "lxc.prlimit.nofile");
	assert_now("lxc.network", "lxc.net");
	assert_now("lxc.network.7", "lxc.net.7");
	assert_now("lxc.network.7.ipv4", "lxc.net.7.ipv4.address");
	assert_now("lxc.network.ipv6", "lxc.net.2.ipv6.address");
	assert_now("lxc.network.ipv6.gateway", "lxc.net.2.ipv6.gateway");
	assert_now("lxc.network.veth.pair", "lxc.net.2.veth.pair");
	assert_now("lxc.kmsg", "");
}

static void names_of_today_are_none(void **state)
{
	char found[KEY_NAME_MOST];

	(void)state;
	assert_false(legacy_find("lxc.uts.name", 0, found));
	assert_false(legacy_find("lxc.mount.entry", 0, found));
	assert_false(legacy_find("lxc.console.logfile", 0, found));
	assert_false(legacy_find("lxc.networks", 0, found));
	assert_false(legacy_find("lxc.limit.", 0, found));
	for (unsigned f = 0; f < FEATURE_COUNT; f++)
		for (size_t i = 0; i < features[f]->n_keys; i++)
			if (legacy_find(features[f]->keys[i].name, 0, found))
				fail_msg("%s is said to be old", features[f]->keys[i].name);
}

static void assert_translated(const char *old, const char *now)
{
	_own_free char *once = legacy_translate(old), *twice = once ? legacy_translate(once) : NULL;

	assert_non_null(twice);
	assert_string_equal(once, now);
	assert_string_equal(twice, now);
}

static void only_keys_are_replaced(void **state)
{
	(void)state;
	assert_translated("", "");
	assert_translated("# lxc.utsname is old\n\n\tlxc.utsname=\"a b\" \nlxc.tty  =  4\r\nnot ours",
			  "# lxc.utsname is old\n\n\tlxc.uts.name=\"a b\" \nlxc.tty.max  =  4\r\nnot ours");
	assert_translated("#lxc.aa_profile = unconfined\n# lxc.kmsg = 0\nlxc.kmsg = 0\nlxc.pivotdir = x",
			  "#lxc.apparmor.profile = unconfined\n# lxc.kmsg = 0\n");
	assert_translated("lxc.utsname\nlxc.include = /etc/lxc.utsname = x\n",
			  "lxc.utsname\nlxc.include = /etc/lxc.utsname = x\n");
}

static void each_type_begins_a_network_device(void **state)
{
	(void)state;
	assert_translated("lxc.network.type = veth\nlxc.network.ipv4 = 10.0.3.4/24\nlxc.network.type = empty\n"
			  "lxc.network.flags = up\nlxc.network.5.ipv4 = 10.0.3.5\n",
			  "lxc.net.0.type = veth\nlxc.net.0.ipv4.address = 10.0.3.4/24\nlxc.net.1.type = empty\n"
			  "lxc.net.1.flags = up\nlxc.net.5.ipv4.address = 10.0.3.5\n");
	assert_translated("lxc.network.name = eth0\nlxc.network.type = veth\n",
			  "lxc.net.0.name = eth0\nlxc.net.0.type = veth\n");
}

static void the_backend_becomes_the_type_wherever_it_stands(void **state)
{
	(void)state;
	assert_translated("lxc.rootfs.backend = lvm\nlxc.rootfs = /dev/lxc/a\n", "lxc.rootfs.path = lvm:/dev/lxc/a\n");
	assert_translated("lxc.rootfs = /a\nlxc.rootfs.backend = btrfs\n# end\n",
			  "lxc.rootfs.path = btrfs:/a\n# end\n");
	assert_translated("lxc.rootfs = \"/a\"\n", "lxc.rootfs.path = \"dir:/a\"\n");
	assert_translated("lxc.rootfs = overlayfs:/a:/b\nlxc.rootfs.backend = overlayfs\n",
			  "lxc.rootfs.path = overlayfs:/a:/b\n");
	assert_translated("lxc.rootfs = /dev/lxc/a\n", "lxc.rootfs.path = /dev/lxc/a\n");
	assert_translated("lxc.rootfs =\n", "lxc.rootfs.path =\n");
}

static void an_old_key_says_what_it_is_called_now(void **state)
{
	_own_spec struct spec *s = NULL;
	struct err e = { 0 };
	char text[128];

	(void)state;
	assert_int_equal(spec_new(&s, NULL), 0);
	assert_int_equal(spec_set(s, "lxc.utsname", "a", (struct origin){ "config", 3 }, &e), -EINVAL);
	err_text(&e, text, sizeof(text));
	assert_string_equal(text, "unknown key lxc.utsname");
	assert_string_equal(e.hint, "did you mean lxc.uts.name? lxc-update-config translates old files");
	err_clear(&e);
	assert_int_equal(spec_set(s, "lxc.kmsg", "0", (struct origin){ "config", 3 }, &e), -EINVAL);
	assert_string_equal(e.hint,
			    "it is gone since LXC 3.0: remove the line; lxc-update-config does so for old files");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_old_name_has_its_place),
		cmocka_unit_test(names_of_today_are_none),
		cmocka_unit_test(only_keys_are_replaced),
		cmocka_unit_test(each_type_begins_a_network_device),
		cmocka_unit_test(the_backend_becomes_the_type_wherever_it_stands),
		cmocka_unit_test(an_old_key_says_what_it_is_called_now),
	};

	return RUN(tests);
}
