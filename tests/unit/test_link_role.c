/* link: roles, from hand-made links; what a namespace cannot play (a VF). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "link_role.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define MOST 6

struct row {
	struct vp_link_told l;
	enum vp_link_role want;
};

#define LINK(i, k, m)                                                          \
	.l.pub = { .index = (i), .kind = k, .master = (m) },                   \
	.l.has_mac = true, .l.ethernet = true
#define MAC(x) .l.mac = { 0, 0x0d, 0x3a, 0, 0, (x) }

static void check(const char *name, const struct row *rows, size_t n)
{
	struct vp_link_told all[MOST] = { 0 };

	for (size_t i = 0; i < n; i++)
		all[i] = rows[i].l;
	for (size_t i = 0; i < n; i++) {
		enum vp_link_role got = vp_link_role_of(all, n, i);

		if (got != rows[i].want)
			fail_msg("%s, link %d: %s, not %s", name,
			         all[i].pub.index, vp_link_role_name(got),
			         vp_link_role_name(rows[i].want));
	}
}

/* https://learn.microsoft.com/azure/virtual-network/
 * accelerated-networking-how-it-works: one MAC address, the VF is a slave. */
static void test_accelerated_networking(void **state)
{
	static const struct row told_by_master[] = {
		{ LINK(2, "", 0), MAC(1), .want = VP_LINK_EXIT },
		{ LINK(3, "", 2), MAC(1), .l.slave = true,
		  .want = VP_LINK_LOWER },
		{ LINK(4, "", 0), MAC(2), .want = VP_LINK_EXIT },
	};
	static const struct row told_by_flag[] = {
		{ LINK(2, "", 0), MAC(1), .l.slave = true,
		  .want = VP_LINK_LOWER },
		{ LINK(3, "", 0), MAC(1), .want = VP_LINK_EXIT },
	};
	static const struct row told_by_driver[] = {
		{ LINK(2, "", 0), MAC(1), .l.driver = "mana",
		  .want = VP_LINK_LOWER },
		{ LINK(3, "", 0), MAC(1), .l.driver = "hv_netvsc",
		  .want = VP_LINK_EXIT },
	};
	static const struct row not_told[] = {
		{ LINK(2, "", 0), MAC(1), .want = VP_LINK_EXIT },
		{ LINK(3, "", 0), MAC(1), .want = VP_LINK_EXIT },
	};
	/* A VLAN and a macvlan have the MAC address of what they stand on. */
	static const struct row no_vf[] = {
		{ LINK(2, "", 0), MAC(1), .l.driver = "mlx5_core",
		  .want = VP_LINK_EXIT },
		{ LINK(3, "vlan", 0), MAC(1), .want = VP_LINK_UPPER },
		{ LINK(4, "", 0), MAC(0), .l.slave = true,
		  .want = VP_LINK_EXIT },
		{ LINK(5, "", 77), MAC(3), .want = VP_LINK_EXIT },
	};

	(void)state;
	check("by master", told_by_master, N(told_by_master));
	check("by flag", told_by_flag, N(told_by_flag));
	check("by driver", told_by_driver, N(told_by_driver));
	check("not told", not_told, N(not_told));
	check("no VF", no_vf, N(no_vf));
}

static void test_masters(void **state)
{
	static const struct row bonded[] = {
		{ LINK(2, "", 4), MAC(1), .l.slave = true,
		  .want = VP_LINK_LOWER },
		{ LINK(3, "", 4), MAC(1), .l.slave = true,
		  .want = VP_LINK_LOWER },
		{ LINK(4, "bond", 5), MAC(1), .want = VP_LINK_EXIT },
		{ LINK(5, "bridge", 0), MAC(1), .l.leads_out = true,
		  .want = VP_LINK_UPPER },
		{ LINK(6, "veth", 5), MAC(7), .want = VP_LINK_ENTRY },
	};
	static const struct row others[] = {
		{ LINK(2, "team", 0), MAC(1), .want = VP_LINK_EXIT },
		{ LINK(3, "", 2), MAC(1), .want = VP_LINK_LOWER },
		{ LINK(4, "vrf", 0), MAC(4), .want = VP_LINK_UPPER },
		{ LINK(5, "", 4), MAC(5), .want = VP_LINK_EXIT },
		{ LINK(6, "veth", 2), MAC(6), .want = VP_LINK_LOWER },
	};

	(void)state;
	check("bonded", bonded, N(bonded));
	check("others", others, N(others));
}

static void test_kinds(void **state)
{
	static const struct {
		const char *kind;
		bool ethernet, leads_out, elsewhere;
		enum vp_link_role want;
	} cases[] = {
		{ "", true, false, false, VP_LINK_EXIT },
		{ "dummy", true, false, false, VP_LINK_EXIT },
		{ "veth", true, false, false, VP_LINK_ENTRY },
		{ "veth", true, false, true, VP_LINK_ENTRY },
		{ "veth", true, true, true, VP_LINK_EXIT },
		{ "netkit", false, true, true, VP_LINK_EXIT },
		{ "tun", true, false, false, VP_LINK_ENTRY },
		{ "tun", false, true, false, VP_LINK_UPPER },
		{ "macvtap", true, false, false, VP_LINK_ENTRY },
		{ "macvlan", true, true, false, VP_LINK_UPPER },
		{ "macvlan", true, false, true, VP_LINK_UPPER },
		{ "macvlan", true, true, true, VP_LINK_EXIT },
		{ "wireguard", false, true, false, VP_LINK_UPPER },
		{ "vxlan", true, false, false, VP_LINK_UPPER },
		{ "ifb", true, false, false, VP_LINK_LOWER },
		{ "nlmon", false, false, false, VP_LINK_UNKNOWN },
		{ "of-2031", true, true, false, VP_LINK_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct vp_link_told l = { 0 };

		l.pub.index = 2;
		snprintf(l.pub.kind, sizeof(l.pub.kind), "%s", cases[i].kind);
		l.ethernet = cases[i].ethernet;
		l.leads_out = cases[i].leads_out;
		l.below_elsewhere = cases[i].elsewhere;
		if (vp_link_role_of(&l, 1, 0) != cases[i].want)
			fail_msg("row %zu, %s: not %s", i, cases[i].kind,
			         vp_link_role_name(cases[i].want));
		l.loopback = true;
		assert_int_equal(vp_link_role_of(&l, 1, 0), VP_LINK_LOOPBACK);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(vp_link_role_name(VP_LINK_UNKNOWN), "unknown");
	assert_string_equal(vp_link_role_name(VP_LINK_LOOPBACK), "loopback");
	assert_string_equal(vp_link_role_name(VP_LINK_ENTRY), "entry");
	assert_string_equal(vp_link_role_name(VP_LINK_UPPER), "upper");
	assert_string_equal(vp_link_role_name(VP_LINK_LOWER), "lower");
	assert_string_equal(vp_link_role_name(VP_LINK_EXIT), "exit");
	assert_string_equal(vp_link_role_name((enum vp_link_role)99),
	                    "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accelerated_networking),
		cmocka_unit_test(test_masters),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
