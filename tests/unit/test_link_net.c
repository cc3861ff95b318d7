/* link: links of the kernel's own making, in a namespace, and their changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vnetprobe/link.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static struct vp_routes *routes;

static void sh(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

/* False, said aloud, if this kernel has no such kind of link. */
static bool can(const char *what, const char *command)
{
	char quiet[256];

	snprintf(quiet, sizeof(quiet), "{ %s; } 2>/dev/null", command);
	if (system(quiet) == 0)
		return true;
	print_message("not tested: this kernel has no %s\n", what);
	return false;
}

static bool find(const char *name, struct vp_link *out)
{
	struct vp_link *all;
	bool found = false;
	size_t n;

	assert_int_equal(vp_links_read(&all, &n, routes), 0);
	assert_true(n >= 1);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(all[i].name, name) != 0)
			continue;
		*out = all[i];
		found = true;
	}
	free(all);
	return found;
}

static void expect(const char *name, const char *kind, enum vp_link_role role)
{
	struct vp_link l;

	if (!find(name, &l))
		fail_msg("no link %s", name);
	assert_string_equal(l.kind, kind);
	if (l.role != role)
		fail_msg("%s is %s, not %s", name, vp_link_role_name(l.role),
		         vp_link_role_name(role));
	assert_true(l.index > 0);
}

static void test_loopback(void **state)
{
	struct vp_link l;

	(void)state;
	expect("lo", "", VP_LINK_LOOPBACK);
	assert_true(find("lo", &l));
	assert_int_equal(l.index, 1);
	assert_true(l.up);
	assert_int_equal(l.master, 0);
	assert_false(find("nosuch0", &l));
}

static void test_veth(void **state)
{
	struct vp_link l;

	(void)state;
	sh("ip link add va type veth peer name vb");
	assert_true(find("va", &l));
	assert_false(l.up);
	sh("ip link set va up && ip link set vb up && "
	   "ip addr add 10.9.0.1/24 dev va");
	assert_true(find("va", &l));
	assert_true(l.up);
	expect("va", "veth", VP_LINK_ENTRY);
	expect("vb", "veth", VP_LINK_ENTRY);
	/* A route to private prefixes does not make it the way out. */
	sh("ip route add 10.8.0.0/16 via 10.9.0.2");
	expect("va", "veth", VP_LINK_ENTRY);
	sh("ip route add default via 10.9.0.2");
	expect("va", "veth", VP_LINK_EXIT);
	expect("vb", "veth", VP_LINK_ENTRY);
	/* Of any table. */
	sh("ip route del default; ip route add default via 10.9.0.2 table 77");
	expect("va", "veth", VP_LINK_EXIT);
	sh("ip link del va");
}

static void test_bridge(void **state)
{
	struct vp_link bridge, port;

	(void)state;
	if (!can("bridge", "ip link add br0 type bridge"))
		return;
	sh("ip link add va type veth peer name vb && ip link set va master "
	   "br0");
	expect("br0", "bridge", VP_LINK_UPPER);
	expect("va", "veth", VP_LINK_ENTRY);
	assert_true(find("br0", &bridge));
	assert_true(find("va", &port));
	assert_int_equal(port.master, bridge.index);
	sh("ip link del br0 && ip link del va");
}

static void test_stacked(void **state)
{
	(void)state;
	sh("ip link add va type veth peer name vb");
	if (can("macvlan", "ip link add link va name mv type macvlan"))
		expect("mv", "macvlan", VP_LINK_UPPER);
	if (can("vlan", "ip link add link va name vl type vlan id 5"))
		expect("vl", "vlan", VP_LINK_UPPER);
	if (can("vxlan", "ip link add vx type vxlan id 5 dstport 4789")) {
		expect("vx", "vxlan", VP_LINK_UPPER);
		sh("ip link del vx");
	}
	if (can("bond", "ip link add bo type bond && ip link set va down && "
	                "ip link set va master bo")) {
		expect("bo", "bond", VP_LINK_EXIT);
		expect("va", "veth", VP_LINK_LOWER);
		sh("ip link del bo");
	}
	sh("ip link del va");
}

static void test_tun(void **state)
{
	(void)state;
	if (!can("tun", "ip tuntap add tu mode tun && "
	                "ip tuntap add ta mode tap"))
		return;
	expect("tu", "tun", VP_LINK_UPPER);
	expect("ta", "tun", VP_LINK_ENTRY);
	sh("ip link del tu && ip link del ta");
}

/* Half of a macvlan is in another namespace, kept by a sleeping process: what
 * it stands on cannot be seen from there. */
static void test_lower_in_another_namespace(void **state)
{
	(void)state;
	sh("ip link add va type veth peer name vb");
	if (!can("macvlan", "ip link add link va name mv type macvlan")) {
		sh("ip link del va");
		return;
	}
	sh("ip link add link va name my type macvlan");
	sh("unshare -n sleep 20 & p=$!; sleep 0.2; ip link set va netns $p && "
	   "echo $p >/tmp/vp-link-sleeper-$PPID");
	sh("ip link set mv up && ip addr add 10.9.0.1/24 dev mv");
	expect("mv", "macvlan", VP_LINK_UPPER);
	sh("ip route add default dev mv");
	expect("mv", "macvlan", VP_LINK_EXIT);
	expect("my", "macvlan", VP_LINK_UPPER);
	sh("f=/tmp/vp-link-sleeper-$PPID; kill $(cat $f); rm $f; "
	   "ip link del mv 2>/dev/null; ip link del vb 2>/dev/null; true");
}

/* More than one part of a dump holds. */
static void test_many(void **state)
{
	struct vp_link *all;
	size_t n, veths = 0;

	(void)state;
	sh("for i in $(seq 40); do "
	   "echo link add m$i type veth peer name n$i; done | ip -batch -");
	assert_int_equal(vp_links_read(&all, &n, routes), 0);
	for (size_t i = 0; i < n; i++)
		veths += strcmp(all[i].kind, "veth") == 0 &&
		         all[i].role == VP_LINK_ENTRY;
	free(all);
	assert_int_equal(veths, 80);
	sh("for i in $(seq 40); do echo link del m$i; done | ip -batch -");
}

/* --- watching ---------------------------------------------------------- */

struct run {
	uv_loop_t loop;
	uv_timer_t limit;
	struct vp_link_watch *w;
	unsigned calls;
	bool stop_in_call;
};

static void on_changed(void *arg)
{
	struct run *r = arg;

	r->calls++;
	if (r->stop_in_call) {
		vp_link_watch_stop(r->w);
		r->w = NULL;
	}
}

static void on_limit(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void start(struct run *r)
{
	memset(r, 0, sizeof(*r));
	assert_int_equal(uv_loop_init(&r->loop), 0);
	uv_timer_init(&r->loop, &r->limit);
	assert_int_equal(vp_link_watch_start(&r->w, &r->loop, on_changed, r),
	                 0);
}

static void spin(struct run *r, unsigned ms)
{
	uv_update_time(&r->loop);
	uv_timer_start(&r->limit, on_limit, ms, 0);
	uv_run(&r->loop, UV_RUN_DEFAULT);
}

static void finish(struct run *r)
{
	vp_link_watch_stop(r->w);
	uv_close((uv_handle_t *)&r->limit, NULL);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&r->loop), 0);
}

static void test_changes_are_told(void **state)
{
	static const char *const changes[] = {
		"ip link add va type veth peer name vb",
		"ip link set va up && ip link set vb up",
		"ip addr add 10.9.0.1/24 dev va",
		"ip addr del 10.9.0.1/24 dev va",
		"ip -6 addr add fd00::1/64 dev va nodad",
		"ip link set vb down",
		"ip link del va",
	};
	struct run r;

	(void)state;
	start(&r);
	spin(&r, 100);
	assert_int_equal(r.calls, 0); /* nothing changed */
	for (size_t i = 0; i < N(changes); i++) {
		spin(&r, 150); /* what the last one still sets off */
		r.calls = 0;
		sh(changes[i]);
		spin(&r, 150);
		if (r.calls == 0)
			fail_msg("not told: %s", changes[i]);
	}
	finish(&r);
}

static void test_burst_is_one(void **state)
{
	struct run r;

	(void)state;
	start(&r);
	sh("ip link add va type veth peer name vb && ip link set va up && "
	   "ip addr add 10.9.0.1/24 dev va && ip link del va");
	spin(&r, 200);
	assert_int_equal(r.calls, 1);
	finish(&r);
}

/* More than the socket's buffer holds: the kernel says so by ENOBUFS. */
static void test_lost_notifications(void **state)
{
	struct run r;

	(void)state;
	start(&r);
	sh("for i in $(seq 100); do echo link add m$i type veth peer name n$i; "
	   "echo link del m$i; done | ip -batch -");
	spin(&r, 300);
	assert_true(r.calls >= 1);
	r.calls = 0;
	sh("ip addr add 10.77.0.1/32 dev lo; ip addr del 10.77.0.1/32 dev lo");
	spin(&r, 200);
	assert_true(r.calls >= 1); /* and goes on */
	finish(&r);
}

static void test_stop_in_call(void **state)
{
	struct run r;

	(void)state;
	start(&r);
	r.stop_in_call = true;
	sh("ip addr add 10.77.0.1/32 dev lo; ip addr del 10.77.0.1/32 dev lo");
	spin(&r, 200);
	assert_int_equal(r.calls, 1);
	sh("ip addr add 10.77.0.1/32 dev lo; ip addr del 10.77.0.1/32 dev lo");
	spin(&r, 100);
	assert_int_equal(r.calls, 1);
	finish(&r);
	vp_link_watch_stop(NULL);
}

static int open_routes(void **state)
{
	(void)state;
	return vp_routes_open(&routes);
}

static int close_routes(void **state)
{
	(void)state;
	vp_routes_close(routes);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_veth),
		cmocka_unit_test(test_bridge),
		cmocka_unit_test(test_stacked),
		cmocka_unit_test(test_tun),
		cmocka_unit_test(test_lower_in_another_namespace),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_changes_are_told),
		cmocka_unit_test(test_burst_is_one),
		cmocka_unit_test(test_lost_notifications),
		cmocka_unit_test(test_stop_in_call),
	};

	return cmocka_run_group_tests(tests, open_routes, close_routes);
}
