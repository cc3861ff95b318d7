/*
 * Routes and the state of the network, in a namespace that each test changes
 * with ip(8).
 */
#include "vnetprobe/route.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netstate.h"

static struct vp_routes *routes;
static struct vp_arena *arena;
static char resolv[] = "/tmp/vp-resolv-XXXXXX";

static void sh(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static struct vp_route ask(const char *to)
{
	struct vp_route route;
	struct vp_addr a;
	int err;

	assert_int_equal(vp_addr_parse(&a, to), 0);
	err = vp_routes_get(routes, arena, &a, &route);
	if (err != 0)
		fail_msg("%s: %s", to, strerror(-err));
	return route;
}

static void test_routes(void **state)
{
	static const struct {
		const char *to;
		enum vp_outcome outcome;
		const char *interface, *source, *gateway;
	} cases[] = {
		{ "10.9.0.7", VP_OUTCOME_OK, "vpa", "10.9.0.1", "" },
		{ "10.9.0.1", VP_OUTCOME_OK, "lo", "10.9.0.1", "" },
		{ "127.0.0.1", VP_OUTCOME_OK, "lo", "127.0.0.1", "" },
		{ "203.0.113.7", VP_OUTCOME_OK, "vpa", "10.9.0.1",
		  "10.9.0.254" },
		{ "203.0.113.8", VP_OUTCOME_OK, "vpa", "10.9.0.2",
		  "10.9.0.253" },
		{ "203.0.113.9", VP_OUTCOME_OK, "vpa", "10.9.0.1", "fd09::fe" },
		{ "8.8.8.8", VP_OUTCOME_UNREACHABLE, NULL, "", "" },
		{ "198.51.100.1", VP_OUTCOME_UNREACHABLE, NULL, "", "" },
		{ "198.51.100.2", VP_OUTCOME_UNREACHABLE, NULL, "", "" },
		{ "198.51.100.3", VP_OUTCOME_DENIED, NULL, "", "" },
		{ "fd09::7", VP_OUTCOME_OK, "vpa", "fd09::1", "" },
		{ "2001:db8:1::7", VP_OUTCOME_OK, "vpa", "fd09::1",
		  "fd09::fe" },
		{ "2001:db8:2::7", VP_OUTCOME_UNREACHABLE, NULL, "", "" },
		{ "2001:db8:3::7", VP_OUTCOME_UNREACHABLE, NULL, "", "" },
		{ "2001:db8:4::7", VP_OUTCOME_DENIED, NULL, "", "" },
		{ "2600::1", VP_OUTCOME_UNREACHABLE, NULL, "", "" },
	};

	(void)state;
	sh("ip addr add 10.9.0.2/24 dev vpa && "
	   "ip route add 203.0.113.0/24 via 10.9.0.254 && "
	   "ip route add 203.0.113.8 via 10.9.0.253 src 10.9.0.2 && "
	   "ip route add 203.0.113.9 via inet6 fd09::fe dev vpa && "
	   "ip route add blackhole 198.51.100.1 && "
	   "ip route add unreachable 198.51.100.2 && "
	   "ip route add prohibit 198.51.100.3 && "
	   "ip route add 2001:db8:1::/48 via fd09::fe && "
	   "ip route add blackhole 2001:db8:2::/48 && "
	   "ip route add unreachable 2001:db8:3::/48 && "
	   "ip route add prohibit 2001:db8:4::/48");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vp_route r = ask(cases[i].to);
		char src[VP_ADDR_TEXT], gw[VP_ADDR_TEXT];

		vp_addr_format(&r.source, src);
		vp_addr_format(&r.gateway, gw);
		if (r.outcome != cases[i].outcome ||
		    (r.interface == NULL) != (cases[i].interface == NULL) ||
		    (r.interface != NULL &&
		     strcmp(r.interface, cases[i].interface) != 0) ||
		    strcmp(src, cases[i].source) != 0 ||
		    strcmp(gw, cases[i].gateway) != 0)
			fail_msg("%s: %s, %s, from %s, via %s", cases[i].to,
			         vp_outcome_name(r.outcome),
			         r.interface != NULL ? r.interface : "-", src,
			         gw);
	}
}

static void test_no_address(void **state)
{
	struct vp_addr none = { 0 };
	struct vp_route route = { .outcome = VP_OUTCOME_CANCELLED };

	(void)state;
	assert_int_equal(vp_routes_get(routes, arena, &none, &route),
	                 -EAFNOSUPPORT);
	assert_int_equal(route.outcome, VP_OUTCOME_CANCELLED); /* untouched */
}

/* --- the state ---------------------------------------------------------- */

static struct vp_netstate *take(void)
{
	struct vp_netstate *s;

	assert_int_equal(vp_netstate_take_from(&s, routes, resolv), 0);
	return s;
}

static char lines[4096];

static void on_line(const char *text, void *arg)
{
	assert_ptr_equal(arg, lines);
	strncat(lines, text, sizeof(lines) - strlen(lines) - 1);
	strncat(lines, "\n", sizeof(lines) - strlen(lines) - 1);
}

/* What a command changes has to read like this; "" is no difference. */
struct change {
	const char *command;
	bool interfaces;
	const char *lines;
};

static const struct change changes[] = {
	{ "true", false, "" },
	{ "ip addr add 10.9.0.9/24 dev vpa", false,
	  "address 10.9.0.9 on vpa added\n" },
	{ "ip addr del 10.9.0.9/24 dev vpa", false,
	  "address 10.9.0.9 on vpa removed\n" },
	/* lifetimes, neighbours, counters, caches */
	{ "ip addr change fd09::1/64 dev vpa valid_lft 5000 preferred_lft 5000",
	  false, "" },
	{ "ip neigh add 10.9.0.77 lladdr 02:00:00:00:00:77 dev vpa", false,
	  "" },
	{ "ip addr change fd09::1/64 dev vpa preferred_lft 0", false, "" },
	{ "ip link set vpa txqueuelen 77", false, "" },
	/* links */
	{ "ip link add vpx type veth peer name vpy", true,
	  "interface vpy appeared\ninterface vpx appeared\n" },
	{ "ip link set vpx name vpz", false,
	  "interface vpx is now called vpz\n" },
	{ "ip link set vpz address 02:00:00:00:00:55", false,
	  "interface vpz changed its hardware address\n" },
	{ "ip link set vpz up", false, "interface vpz came up\n" },
	/* vpz gets its carrier and a link-local address, but no other */
	{ "ip link set vpy up; sleep 1.5", false, "interface vpy came up\n" },
	{ "ip link set vpy down", false, "interface vpy went down\n" },
	{ "ip link del vpz", true,
	  "interface vpy vanished\ninterface vpz vanished\n" },
	/* carrier, with an address; the kernel tells of it late */
	{ "ip link set vpb down; sleep 1.5", false,
	  "interface vpb went down\ninterface vpa lost its carrier\n" },
	{ "ip link set vpb up; sleep 1.5", false,
	  "interface vpb came up\ninterface vpa got back its carrier\n" },
	/* routes */
	{ "ip route add default via 10.9.0.254", false,
	  "default route added (via 10.9.0.254 on vpa)\n" },
	{ "ip route replace default via 10.9.0.253", false,
	  "default route changed (via 10.9.0.254 on vpa, now via 10.9.0.253 "
	  "on vpa)\n" },
	{ "ip route add default via 10.9.0.254 metric 50", false,
	  "default route (metric 50) added (via 10.9.0.254 on vpa)\n" },
	{ "ip route del default metric 50", false,
	  "default route (metric 50) removed (via 10.9.0.254 on vpa)\n" },
	{ "ip route add 192.0.2.0/24 nexthop via 10.9.0.4 nexthop via "
	  "10.9.0.5",
	  false,
	  "route to 192.0.2.0/24 added (via 10.9.0.4 on vpa and via 10.9.0.5 "
	  "on vpa)\n" },
	{ "ip route replace blackhole 192.0.2.0/24", false,
	  "route to 192.0.2.0/24 changed (via 10.9.0.4 on vpa and via "
	  "10.9.0.5 on vpa, now to nowhere (blackhole))\n" },
	{ "ip route del 192.0.2.0/24", false,
	  "route to 192.0.2.0/24 removed (to nowhere (blackhole))\n" },
	{ "ip -6 route add default via fd09::fe", false,
	  "IPv6 default route (metric 1024) added (via fd09::fe on vpa)\n" },
	{ "ip -6 route del default", false,
	  "IPv6 default route (metric 1024) removed (via fd09::fe on vpa)\n" },
	{ "ip route add 192.0.2.9 via 10.9.0.4 table 77", false, "" },
	{ "ip route del default", false,
	  "default route removed (via 10.9.0.253 on vpa)\n" },
};

static void test_changes(void **state)
{
	struct vp_netstate *before = take(), *after;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *c = &changes[i];
		bool interfaces = !c->interfaces;
		size_t n, want = 0;

		sh(c->command);
		after = take();
		lines[0] = '\0';
		n = vp_netstate_compare(before, after, &interfaces, on_line,
		                        lines);
		for (const char *p = c->lines; *p != '\0'; p++)
			want += *p == '\n';
		if (strcmp(lines, c->lines) != 0 || n != want ||
		    interfaces != c->interfaces)
			fail_msg("%s: %zu differences, interfaces %d:\n%s",
			         c->command, n, interfaces, lines);
		vp_netstate_free(before);
		before = after;
	}
	vp_netstate_free(before);
}

static void write_resolv(const char *text)
{
	FILE *f = fopen(resolv, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void expect_between(const char *before_text, const char *after_text,
                           const char *want)
{
	struct vp_netstate *before, *after;
	bool interfaces = true;

	unlink(resolv);
	if (before_text != NULL)
		write_resolv(before_text);
	before = take();
	unlink(resolv);
	if (after_text != NULL)
		write_resolv(after_text);
	after = take();
	lines[0] = '\0';
	vp_netstate_compare(before, after, &interfaces, on_line, lines);
	assert_string_equal(lines, want);
	assert_false(interfaces);
	vp_netstate_free(before);
	vp_netstate_free(after);
}

static void test_resolv_conf(void **state)
{
	(void)state;
	expect_between("nameserver 10.0.0.4\n", "nameserver 10.0.0.4\n", "");
	expect_between("nameserver 10.0.0.4\n", "nameserver 10.0.0.5\n",
	               "/etc/resolv.conf changed\n");
	expect_between(NULL, "nameserver 10.0.0.5\n",
	               "/etc/resolv.conf was added\n");
	expect_between("nameserver 10.0.0.4\n", NULL,
	               "/etc/resolv.conf was removed\n");
	expect_between(NULL, NULL, "");
	expect_between("", "", "");
}

static void test_unreadable_resolv_conf(void **state)
{
	struct vp_netstate *s = (void *)1;

	(void)state;
	assert_int_equal(vp_netstate_take_from(&s, routes, "/tmp"), -EISDIR);
	assert_null(s);
}

static void test_interfaces(void **state)
{
	const struct vp_interface *i;
	struct vp_netstate *s;
	size_t n, seen = 0;

	(void)state;
	sh("ip link set vpa address 02:00:00:00:00:0a");
	assert_int_equal(vp_netstate_take(&s, routes), 0);
	n = vp_netstate_interfaces(s, &i);
	for (; n > 0; n--, i++) {
		if (strcmp(i->name, "lo") == 0) {
			assert_true(i->up && i->loopback);
			assert_int_equal(i->index, 1);
			seen++;
		} else if (strcmp(i->name, "vpa") == 0) {
			struct vp_addr a;
			bool found = false;

			assert_true(i->up && !i->loopback);
			assert_int_equal(i->mac[5], 0x0a);
			vp_addr_parse(&a, "10.9.0.1");
			for (size_t k = 0; k < i->n_addresses; k++)
				found |= vp_addr_equal(&i->addresses[k], &a);
			assert_true(found);
			seen++;
		}
	}
	assert_int_equal(seen, 2);
	vp_netstate_free(s);
}

/* By which interfaces may packets for public addresses leave? */
static void test_ways_out(void **state)
{
	static const struct {
		const char *route;
		bool out;
	} cases[] = {
		{ "10.77.0.0/16 dev vpb", false },
		{ "192.168.5.0/24 dev vpb", false },
		{ "100.64.7.0/24 dev vpb", false },
		{ "169.254.3.0/24 dev vpb", false },
		{ "168.63.129.16/32 dev vpb", false },
		{ "fd77::/64 dev vpb", false },
		{ "fc00::/7 dev vpb", false },
		{ "203.0.113.64/26 dev vpb", true },
		{ "0.0.0.0/1 dev vpb", true },
		{ "8.0.0.0/6 dev vpb", true }, /* 10.0.0.0/8 is a part of it */
		{ "default dev vpb table 77", true },
		{ "2001:db8:77::/48 dev vpb", true },
		{ "default dev vpb table 77 metric 7", true },
		{ "203.0.113.128/26 nexthop dev vpa nexthop dev vpb", true },
	};

	(void)state;
	sh("ip link set vpb up");
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct vp_netstate *s;
		const struct vp_interface *i;
		char command[128];
		size_t n;
		bool out = false;

		snprintf(command, sizeof(command), "ip route add %s",
		         cases[k].route);
		sh(command);
		s = take();
		for (n = vp_netstate_interfaces(s, &i); n > 0; n--, i++)
			out |= strcmp(i->name, "vpb") == 0 && i->leads_out;
		if (out != cases[k].out)
			fail_msg("%s", cases[k].route);
		vp_netstate_free(s);
		memcpy(command, "ip route del", 12);
		sh(command);
	}
}

/* More than one part of a dump, and order that does not matter. */
static void test_many_routes(void **state)
{
	struct vp_netstate *before, *after;
	bool interfaces;
	char batch[] = "/tmp/vp-batch-XXXXXX", command[128];
	FILE *f = fdopen(mkstemp(batch), "w");

	(void)state;
	for (int i = 0; i < 4000; i++)
		fprintf(f, "route add 172.20.%d.%d/32 via 10.9.0.254\n",
		        i / 250, i % 250);
	fclose(f);
	snprintf(command, sizeof(command), "ip -batch %s", batch);
	before = take();
	sh(command);
	after = take();
	assert_int_equal(
		vp_netstate_compare(before, after, &interfaces, NULL, NULL),
		4000);
	vp_netstate_free(before);
	sh("ip route del 172.20.2.99"); /* in the middle of the kernel's list */
	before = take();
	assert_int_equal(
		vp_netstate_compare(before, after, &interfaces, NULL, NULL), 1);
	vp_netstate_free(before);
	sh("ip route add 172.20.2.99 via 10.9.0.254");
	sh("ip route del 172.20.3.3 && ip route add 172.20.3.3 via 10.9.0.254");
	before = take();
	assert_int_equal(
		vp_netstate_compare(before, after, &interfaces, NULL, NULL), 0);
	vp_netstate_free(before);
	vp_netstate_free(after);
	unlink(batch);
	sh("ip route flush root 172.20.0.0/16");
}

/* Interfaces come and go while they are listed. */
static void test_changing_meanwhile(void **state)
{
	pid_t pid;

	(void)state;
	/* Enough for a list of several parts. */
	sh("i=0; while [ $i -lt 100 ]; do echo link add vp$i type veth; "
	   "i=$((i+1)); done | ip -batch -");
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 60; i++)
			sh("ip link add vpx type veth peer name vpy; "
			   "ip link del vpx");
		_exit(0);
	}
	for (int i = 0; i < 200; i++) {
		struct vp_netstate *s;
		int err = vp_netstate_take_from(&s, routes, resolv);

		assert_true(err == 0 || err == -EAGAIN);
		vp_netstate_free(s);
	}
	/* The socket is still in step. */
	assert_string_equal(ask("127.0.0.1").interface, "lo");
	while (wait(NULL) > 0)
		;
}

static int set_up(void **state)
{
	int fd = mkstemp(resolv);

	(void)state;
	close(fd);
	arena = vp_arena_create();
	sh("ip link add vpa type veth peer name vpb && "
	   "ip link set vpa up && ip link set vpb up && "
	   "ip addr add 10.9.0.1/24 dev vpa && "
	   "ip addr add fd09::1/64 dev vpa nodad && "
	   "ip -6 addr flush scope link dev vpa && "
	   "ip -6 addr flush scope link dev vpb");
	sleep(2); /* what the kernel adds by itself has come */
	sh("ip -6 addr flush scope link dev vpa && "
	   "ip -6 addr flush scope link dev vpb");
	return vp_routes_open(&routes);
}

static int tear_down(void **state)
{
	(void)state;
	unlink(resolv);
	vp_routes_close(routes);
	vp_arena_destroy(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_resolv_conf),
		cmocka_unit_test(test_unreadable_resolv_conf),
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_ways_out),
		cmocka_unit_test(test_many_routes),
		cmocka_unit_test(test_changing_meanwhile),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
