/* TCP attempts on the loopback of a namespace of its own. */
#include "vnetprobe/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct seen {
	int calls;
	struct vp_tcp_result res;
	struct vp_tcp **destroy; /* from within the callback */
	bool release;
	int fd;
};

static void on_tcp(const struct vp_tcp_result *res, void *arg)
{
	struct seen *s = arg;

	s->calls++;
	s->res = *res;
	if (s->release)
		s->fd = vp_tcp_release(*s->destroy);
	if (s->destroy != NULL) {
		vp_tcp_destroy(*s->destroy);
		*s->destroy = NULL;
	}
}

static struct vp_endpoint endpoint(const char *text)
{
	struct vp_endpoint e;

	assert_int_equal(vp_endpoint_parse(&e, text, 0), 0);
	return e;
}

/* A socket bound to addr, listening or not; its endpoint in *at. */
static int bound(struct vp_endpoint *at, const char *addr, bool listening)
{
	struct vp_endpoint e = endpoint(addr);
	struct sockaddr_storage ss;
	socklen_t len = vp_endpoint_to_sockaddr(&e, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	if (listening)
		assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(vp_endpoint_of_socket(at, fd), 0);
	return fd;
}

static void attempt(struct seen *seen, const struct vp_endpoint *remote,
                    unsigned timeout_ms)
{
	struct vp_tcp *t = NULL;
	uv_loop_t loop;

	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(
		vp_tcp_create(&t, &loop, remote, timeout_ms, on_tcp, seen), 0);
	assert_int_equal(seen->calls, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	vp_tcp_destroy(t);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(seen->calls, 1);
}

static void connects(void **state)
{
	static const char *const addrs[] = { "127.0.0.1:0", "[::1]:0" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct vp_endpoint at, peer;
		int fd = bound(&at, addrs[i], true), conn;
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);
		struct seen seen = { 0 };

		attempt(&seen, &at, 1000);
		assert_int_equal(seen.res.outcome, VP_OUTCOME_OK);
		assert_true(seen.res.elapsed_us < 1000000);
		/* Our end is the end that the server saw. */
		conn = accept(fd, (struct sockaddr *)&ss, &len);
		assert_true(conn >= 0);
		assert_int_equal(vp_endpoint_from_sockaddr(
					 &peer, (struct sockaddr *)&ss),
		                 0);
		assert_true(vp_endpoint_equal(&peer, &seen.res.local));
		close(conn);
		close(fd);
	}
}

static void refused(void **state)
{
	struct vp_endpoint at;
	int fd = bound(&at, "127.0.0.1:0", false);
	struct seen seen = { 0 };

	(void)state;
	attempt(&seen, &at, 1000);
	assert_int_equal(seen.res.outcome, VP_OUTCOME_REFUSED);
	assert_true(seen.res.local.port != 0);
	assert_true(seen.res.local.addr.family == 4);
	close(fd);
}

static void routes(void **state)
{
	static const struct {
		const char *remote;
		enum vp_outcome want;
	} cases[] = {
		{ "10.1.0.1:443", VP_OUTCOME_UNREACHABLE }, /* no route */
		{ "10.2.0.1:443", VP_OUTCOME_DENIED },      /* prohibit */
		{ "10.3.0.1:443", VP_OUTCOME_UNREACHABLE }, /* unreachable */
		{ "[fd01::1]:443", VP_OUTCOME_UNREACHABLE },
	};

	(void)state;
	assert_int_equal(system("ip route add prohibit 10.2.0.0/16"), 0);
	assert_int_equal(system("ip route add unreachable 10.3.0.0/16"), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vp_endpoint at = endpoint(cases[i].remote);
		struct seen seen = { 0 };

		attempt(&seen, &at, 1000);
		assert_int_equal(seen.res.outcome, cases[i].want);
	}
}

/* Routed into the loopback, where nobody has the address: no answer. */
static void times_out(void **state)
{
	struct vp_endpoint at = endpoint("10.4.0.1:443");
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(system("ip route add 10.4.0.0/16 dev lo"), 0);
	attempt(&seen, &at, 100);
	assert_int_equal(seen.res.outcome, VP_OUTCOME_TIMEOUT);
	assert_true(seen.res.elapsed_us >= 99000);
	assert_true(seen.res.elapsed_us < 2000000);
	assert_true(seen.res.local.port != 0);
}

static void destroyed_early(void **state)
{
	struct vp_endpoint at;
	int fd = bound(&at, "127.0.0.1:0", true);
	struct seen seen = { 0 };
	struct vp_tcp *t;
	uv_loop_t loop;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(vp_tcp_create(&t, &loop, &at, 1000, on_tcp, &seen), 0);
	assert_int_equal(vp_tcp_release(t), UV_EBADF);
	vp_tcp_destroy(t);
	vp_tcp_destroy(NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(seen.calls, 0);
	close(fd);
}

static void released_in_callback(void **state)
{
	struct vp_endpoint at, local;
	int fd = bound(&at, "127.0.0.1:0", true);
	struct vp_tcp *t = NULL;
	struct seen seen = { .destroy = &t, .release = true, .fd = -1 };
	uv_loop_t loop;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(vp_tcp_create(&t, &loop, &at, 1000, on_tcp, &seen), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_null(t);
	assert_true(seen.fd >= 0);
	assert_int_equal(vp_endpoint_of_socket(&local, seen.fd), 0);
	assert_true(vp_endpoint_equal(&local, &seen.res.local));
	assert_int_equal(write(seen.fd, "x", 1), 1);
	close(seen.fd);
	close(fd);
}

static void no_address(void **state)
{
	struct vp_endpoint none = { 0 };
	struct vp_tcp *t;
	uv_loop_t loop;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(vp_tcp_create(&t, &loop, &none, 0, on_tcp, NULL),
	                 UV_EINVAL);
	assert_null(t);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(connects),
		cmocka_unit_test(refused),
		cmocka_unit_test(routes),
		cmocka_unit_test(times_out),
		cmocka_unit_test(destroyed_early),
		cmocka_unit_test(released_in_callback),
		cmocka_unit_test(no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
