/* Addresses, prefixes, endpoints: both sides of every edge. */
#include "vnetprobe/addr.h"
#include "vnetprobe/arena.h"
#include "vnetprobe/outcome.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void scopes(void **state)
{
	static const struct {
		const char *addr;
		enum vp_scope want;
	} cases[] = {
		{ "9.255.255.255", VP_SCOPE_PUBLIC },
		{ "10.0.0.0", VP_SCOPE_PRIVATE },
		{ "10.255.255.255", VP_SCOPE_PRIVATE },
		{ "11.0.0.0", VP_SCOPE_PUBLIC },
		{ "172.15.255.255", VP_SCOPE_PUBLIC },
		{ "172.16.0.0", VP_SCOPE_PRIVATE },
		{ "172.31.255.255", VP_SCOPE_PRIVATE },
		{ "172.32.0.0", VP_SCOPE_PUBLIC },
		{ "192.167.255.255", VP_SCOPE_PUBLIC },
		{ "192.168.0.0", VP_SCOPE_PRIVATE },
		{ "192.169.0.0", VP_SCOPE_PUBLIC },
		{ "100.63.255.255", VP_SCOPE_PUBLIC },
		{ "100.64.0.0", VP_SCOPE_PRIVATE },
		{ "100.127.255.255", VP_SCOPE_PRIVATE },
		{ "100.128.0.0", VP_SCOPE_PUBLIC },
		{ "168.63.129.16", VP_SCOPE_PLATFORM },
		{ "168.63.129.15", VP_SCOPE_PUBLIC },
		{ "169.254.169.254", VP_SCOPE_PLATFORM },
		{ "169.254.169.253", VP_SCOPE_LINK_LOCAL },
		{ "169.255.0.0", VP_SCOPE_PUBLIC },
		{ "0.0.0.0", VP_SCOPE_UNSPECIFIED },
		{ "127.0.0.53", VP_SCOPE_LOOPBACK },
		{ "128.0.0.0", VP_SCOPE_PUBLIC },
		{ "223.255.255.255", VP_SCOPE_PUBLIC },
		{ "224.0.0.1", VP_SCOPE_MULTICAST },
		{ "240.0.0.1", VP_SCOPE_PUBLIC }, /* unassigned is public */
		{ "255.255.255.255", VP_SCOPE_MULTICAST },
		{ "198.51.100.1", VP_SCOPE_PUBLIC }, /* documentation too */
		{ "20.40.0.1", VP_SCOPE_VNET },      /* declared below */
		{ "20.41.0.1", VP_SCOPE_PUBLIC },
		{ "::", VP_SCOPE_UNSPECIFIED },
		{ "::1", VP_SCOPE_LOOPBACK },
		{ "::2", VP_SCOPE_PUBLIC },
		{ "fe80::1", VP_SCOPE_LINK_LOCAL },
		{ "febf::1", VP_SCOPE_LINK_LOCAL },
		{ "fec0::1", VP_SCOPE_PUBLIC },
		{ "fbff::1", VP_SCOPE_PUBLIC },
		{ "fc00::1", VP_SCOPE_PRIVATE },
		{ "fdff::1", VP_SCOPE_PRIVATE },
		{ "fe00::1", VP_SCOPE_PUBLIC },
		{ "ff02::fb", VP_SCOPE_MULTICAST },
		{ "2001:db8::1", VP_SCOPE_PUBLIC },
		{ "2001:db8:20::1", VP_SCOPE_VNET }, /* declared below */
		{ "::ffff:10.0.0.1", VP_SCOPE_PRIVATE },
		{ "::ffff:8.8.8.8", VP_SCOPE_PUBLIC },
		{ "64:ff9b::10.0.0.1", VP_SCOPE_PRIVATE },
		{ "64:ff9b::8.8.8.8", VP_SCOPE_PUBLIC },
		{ "64:ff9b::20.40.0.1", VP_SCOPE_VNET },
		{ "2002:0a00:0001::1", VP_SCOPE_PRIVATE },
		{ "2002:0808:0808::1", VP_SCOPE_PUBLIC },
	};
	struct vp_prefix vnet[2];

	(void)state;
	assert_int_equal(vp_prefix_parse(&vnet[0], "20.40.0.0/16"), 0);
	assert_int_equal(vp_prefix_parse(&vnet[1], "2001:db8:20::/48"), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vp_addr a;

		assert_int_equal(vp_addr_parse(&a, cases[i].addr), 0);
		if (vp_addr_scope(&a, vnet, 2) != cases[i].want)
			fail_msg("%s is %s", cases[i].addr,
			         vp_scope_name(vp_addr_scope(&a, vnet, 2)));
	}
}

static void prefixes(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* NULL: refused */
	} cases[] = {
		{ "10.0.0.0/8", "10.0.0.0/8" },
		{ "10.0.0.1/8", NULL },
		{ "10.0.0.1", "10.0.0.1/32" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "10.0.0.0/33", NULL },
		{ "10.0.0.0/", NULL },
		{ "10.0.0.0/-1", NULL },
		{ "10.0.0/8", NULL },
		{ "fd20::/64", "fd20::/64" },
		{ "fd20::1/64", NULL },
		{ "fd20::/129", NULL },
		{ "", NULL },
		{ "/8", NULL },
		{ "10.0.0.0/8 ", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vp_prefix p;
		char buf[VP_PREFIX_TEXT];
		int rc = vp_prefix_parse(&p, cases[i].text);

		if (cases[i].want == NULL) {
			assert_int_equal(rc, -EINVAL);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_string_equal(vp_prefix_format(&p, buf), cases[i].want);
	}
}

static void endpoints(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* NULL: refused */
	} cases[] = {
		{ "10.0.0.4", "10.0.0.4:53" },
		{ "10.0.0.4:5353", "10.0.0.4:5353" },
		{ "10.0.0.4:65536", NULL },
		{ "10.0.0.4:", NULL },
		{ "10.0.0.4:x", NULL },
		{ "fd20::4", "[fd20::4]:53" },
		{ "[fd20::4]", "[fd20::4]:53" },
		{ "[fd20::4]:5353", "[fd20::4]:5353" },
		{ "[fd20::4", NULL },
		{ "[fd20::4]x", NULL },
		{ "[10.0.0.4]:53", NULL },
		{ "", NULL },
		{ "dns.example", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vp_endpoint e;
		char buf[VP_ENDPOINT_TEXT];
		int rc = vp_endpoint_parse(&e, cases[i].text, 53);

		if (cases[i].want == NULL) {
			assert_int_equal(rc, -EINVAL);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_string_equal(vp_endpoint_format(&e, buf), cases[i].want);
	}
}

static void sockaddr_round_trip(void **state)
{
	static const char *const texts[] = { "10.1.2.3:443", "[fd20::9]:53" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct sockaddr_storage ss;
		struct vp_endpoint a, b;

		assert_int_equal(vp_endpoint_parse(&a, texts[i], 0), 0);
		vp_endpoint_to_sockaddr(&a, &ss);
		assert_int_equal(
			vp_endpoint_from_sockaddr(&b, (struct sockaddr *)&ss),
			0);
		assert_true(vp_endpoint_equal(&a, &b));
	}
}

static void arena_grows(void **state)
{
	struct vp_arena *a = vp_arena_create();
	uint32_t *numbers = NULL;
	size_t n = 0;
	char *big;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		*VP_PUSH(a, numbers, n) = i;
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(numbers[i], i);
	big = vp_arena_alloc(a, 3000000);
	for (size_t i = 0; i < 3000000; i += 4099)
		assert_int_equal(big[i], 0);
	assert_string_equal(vp_arena_printf(a, "%s-%d", "x", 7), "x-7");
	assert_string_equal(vp_arena_strndup(a, "abcdef", 3), "abc");
	assert_null(vp_arena_strdup(a, NULL));
	vp_arena_destroy(a);
	vp_arena_destroy(NULL);
}

static void outcomes(void **state)
{
	(void)state;
	for (int i = 0; i < VP_OUTCOME_COUNT; i++) {
		enum vp_outcome o;

		assert_int_equal(
			vp_outcome_parse(&o,
		                         vp_outcome_name((enum vp_outcome)i)),
			0);
		assert_int_equal(o, i);
	}
	assert_int_equal(vp_outcome_from_errno(-ECONNREFUSED),
	                 VP_OUTCOME_REFUSED);
	assert_int_equal(vp_outcome_from_errno(0), VP_OUTCOME_OK);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(scopes),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(sockaddr_round_trip),
		cmocka_unit_test(arena_grows),
		cmocka_unit_test(outcomes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
