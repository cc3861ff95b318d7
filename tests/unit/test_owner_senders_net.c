/*
 * Who sent, by BPF, where it is not plain: sockets that are shared, passed on,
 * or wait; processes that change while they send. Each case forks its senders,
 * in a network namespace of this program's own.
 */
#include "vnetprobe/owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NEAR "203.0.113.7"   /* ours */
#define FAR "198.51.100.9"   /* its neighbour is not known */
#define OURS "198.51.100.1"  /* towards that one */
#define FAR2 "198.51.100.10" /* nor this */

static uv_loop_t loop;
static struct vp_owners *owners;
static struct vp_arena *arena;
static int64_t began; /* the case */
static bool tells_streams;

static struct vp_endpoint end(const char *address, uint16_t port)
{
	struct vp_endpoint e = { .port = port };

	assert_int_equal(vp_addr_parse(&e.addr, address), 0);
	return e;
}

static socklen_t sockaddr(const char *address, uint16_t port,
                          struct sockaddr_storage *ss)
{
	struct vp_endpoint e = end(address, port);

	return vp_endpoint_to_sockaddr(&e, ss);
}

static int udp(uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = sockaddr("0.0.0.0", port, &ss);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	return fd;
}

static int send_to(int fd, const char *address, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = sockaddr(address, port, &ss);

	return sendto(fd, "x", 1, 0, (struct sockaddr *)&ss, len) == 1 ? 0 : 1;
}

static void done(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static struct vp_flow find(uint8_t proto, const char *local, uint16_t port,
                           const char *remote, uint16_t to)
{
	struct vp_flow f = { .proto = proto,
		             .local = end(local, port),
		             .remote = end(remote, to),
		             .origin = VP_ORIGIN_HOST,
		             .first_us = began };
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	f.last_us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
	uv_run(&loop, UV_RUN_NOWAIT);
	vp_owners_drain(owners);
	vp_owners_find(owners, arena, &f);
	return f;
}

static void is_of(const struct vp_flow *f, pid_t pid)
{
	if (f->owner == NULL)
		fail_msg("nobody");
	assert_int_equal(f->owner->how, VP_OWNER_BPF);
	assert_int_equal(f->n_owners, 1);
	assert_int_equal(f->owner->pid, pid);
}

/* Nobody, that one, or several: not somebody else alone. */
static void is_not_wrong(const struct vp_flow *f, pid_t pid)
{
	if (f->owner != NULL && f->n_owners == 1)
		assert_int_equal(f->owner->pid, pid);
}

static void resolve(const char *address)
{
	char line[128];

	snprintf(line, sizeof(line),
	         "ip neigh replace %s nud permanent lladdr 02:00:00:00:00:09 "
	         "dev vpa",
	         address);
	assert_int_equal(system(line), 0);
}

static void forget(void)
{
	assert_int_equal(system("ip neigh flush all nud permanent dev vpa; "
	                        "ip neigh flush all dev vpa"),
	                 0);
}

/* --- what waits ----------------------------------------------------------- */

/* The sender may be gone when its packets leave. */
static void test_waits(void **state)
{
	const bool holds[] = { true, false };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int hold[2];
		struct vp_flow f;
		pid_t pid;
		char c;

		forget();
		assert_int_equal(pipe(hold), 0);
		pid = fork();
		if (pid == 0) {
			int rc = send_to(udp((uint16_t)(4000 + i)), FAR, 53);

			close(hold[1]);
			if (rc == 0 && holds[i])
				(void)!read(hold[0], &c, 1);
			_exit(rc);
		}
		close(hold[0]);
		usleep(100000);
		resolve(FAR);
		close(hold[1]);
		done(pid);
		f = find(IPPROTO_UDP, OURS, (uint16_t)(4000 + i), FAR, 53);
		is_of(&f, pid);
	}
}

static void test_syn_waits(void **state)
{
	struct sockaddr_storage ss;
	socklen_t len = sockaddr(FAR, 443, &ss);
	struct vp_endpoint local;
	struct vp_flow f;
	int told[2];
	pid_t pid;

	(void)state;
	forget();
	assert_int_equal(pipe(told), 0);
	pid = fork();
	if (pid == 0) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		(void)!connect(fd, (struct sockaddr *)&ss, len);
		if (vp_endpoint_of_socket(&local, fd) != 0 ||
		    write(told[1], &local, sizeof(local)) != sizeof(local))
			_exit(1);
		usleep(300000);
		_exit(0);
	}
	assert_int_equal(read(told[0], &local, sizeof(local)), sizeof(local));
	f = find(IPPROTO_TCP, OURS, local.port, FAR, 443);
	resolve(FAR);
	f = find(IPPROTO_TCP, OURS, local.port, FAR, 443);
	is_of(&f, pid);
	done(pid);
	close(told[0]);
	close(told[1]);
}

/* Datagrams of two processes wait at one socket. */
static void test_shared_waits(void **state)
{
	int fd = udp(4010);
	struct vp_flow f;
	pid_t pid;

	(void)state;
	forget();
	assert_int_equal(send_to(fd, FAR, 53), 0);
	pid = fork();
	if (pid == 0)
		_exit(send_to(fd, FAR2, 53));
	done(pid);
	resolve(FAR2);
	resolve(FAR);
	f = find(IPPROTO_UDP, OURS, 4010, FAR, 53);
	is_not_wrong(&f, getpid());
	f = find(IPPROTO_UDP, OURS, 4010, FAR2, 53);
	is_not_wrong(&f, pid);
	/* another one sends what does not wait, while the first one's does */
	forget();
	assert_int_equal(send_to(fd, FAR, 54), 0);
	pid = fork();
	if (pid == 0)
		_exit(send_to(fd, NEAR, 54));
	done(pid);
	f = find(IPPROTO_UDP, NEAR, 4010, NEAR, 54);
	is_not_wrong(&f, pid);
	resolve(FAR);
	f = find(IPPROTO_UDP, OURS, 4010, FAR, 54);
	is_not_wrong(&f, getpid());
	close(fd);
}

/* The cookie is another one though the socket may be the same memory. */
static void test_memory_used_again(void **state)
{
	struct vp_flow f;

	(void)state;
	for (uint16_t i = 0; i < 50; i++) {
		pid_t first, second;

		forget();
		first = fork();
		if (first == 0)
			_exit(send_to(udp(4100), FAR, 53));
		done(first);
		second = fork();
		if (second == 0)
			_exit(send_to(udp(4100), NEAR, (uint16_t)(100 + i)));
		done(second);
		f = find(IPPROTO_UDP, NEAR, 4100, NEAR, (uint16_t)(100 + i));
		is_of(&f, second);
	}
}

/* --- sockets of several ----------------------------------------------------
 */

static void test_reuseport(void **state)
{
	struct vp_flow f;
	pid_t pid[2];

	(void)state;
	for (uint16_t i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			int fd = udp(4020);

			usleep(100000); /* both are there */
			_exit(send_to(fd, NEAR, (uint16_t)(60 + i)) |
			      send_to(fd, NEAR, 70));
		}
	}
	done(pid[0]);
	done(pid[1]);
	for (uint16_t i = 0; i < 2; i++) {
		f = find(IPPROTO_UDP, NEAR, 4020, NEAR, (uint16_t)(60 + i));
		is_of(&f, pid[i]);
	}
	f = find(IPPROTO_UDP, NEAR, 4020, NEAR, 70);
	assert_non_null(f.owner);
	assert_int_equal(f.n_owners, 2);
}

static int pass(int over, int fd)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .h = { .cmsg_len = CMSG_LEN(sizeof(int)),
		             .cmsg_level = SOL_SOCKET,
		             .cmsg_type = SCM_RIGHTS } };
	char c = 'x';
	struct iovec iov = { &c, 1 };
	struct msghdr m = { .msg_iov = &iov,
		            .msg_iovlen = 1,
		            .msg_control = &control,
		            .msg_controllen = sizeof(control.room) };

	if (fd < 0)
		return recvmsg(over, &m, 0) == 1
		               ? *(int *)(void *)CMSG_DATA(&control.h)
		               : -1;
	memcpy(CMSG_DATA(&control.h), &fd, sizeof(fd));
	return sendmsg(over, &m, 0) == 1 ? 0 : -1;
}

/* Who sends counts, not who made the socket. */
static void test_passed_on(void **state)
{
	int pair[2], fd;
	struct vp_flow f;
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		fd = pass(pair[1], -1);
		_exit(fd < 0 ? 1 : send_to(fd, NEAR, 80));
	}
	fd = udp(4030);
	assert_int_equal(pass(pair[0], fd), 0);
	close(fd);
	done(pid);
	f = find(IPPROTO_UDP, NEAR, 4030, NEAR, 80);
	is_of(&f, pid);
	close(pair[0]);
	close(pair[1]);
}

/* Connected by one, used by another: both are told, and that one of them is of
 * the command. Who gets a connection and does not use it is not told. */
static void stream(uint16_t port, bool uses)
{
	int pair[2], server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), passed;
	struct sockaddr_storage ss;
	struct vp_endpoint local;
	socklen_t len = sockaddr(NEAR, port, &ss);
	struct vp_flow f;
	pid_t pid;

	assert_int_equal(bind(server, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(listen(server, 1), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		close(fd);
		passed = pass(pair[1], -1);
		_exit(passed >= 0 && (!uses || write(passed, "x", 1) == 1) ? 0
		                                                           : 1);
	}
	vp_owners_command(owners, 0, (uint32_t)pid);
	assert_int_equal(connect(fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(vp_endpoint_of_socket(&local, fd), 0);
	assert_int_equal(pass(pair[0], fd), 0);
	done(pid);
	f = find(IPPROTO_TCP, NEAR, local.port, NEAR, port);
	assert_non_null(f.owner);
	assert_int_equal(f.n_owners, uses ? 2 : 1);
	assert_int_equal(f.of_command, uses);
	assert_int_equal(f.of_others, !uses);
	assert_int_equal(f.owner->pid, getpid());
	vp_owners_command(owners, 0, 0);
	close(fd);
	close(server);
	close(pair[0]);
	close(pair[1]);
}

static void test_stream(void **state)
{
	(void)state;
	if (!tells_streams)
		skip();
	stream(4081, true);
	stream(4082, false);
}

/* --- processes that change --------------------------------------------------
 */

static void test_exec(void **state)
{
	struct sockaddr_storage ss;
	socklen_t len = sockaddr(NEAR, 90, &ss);
	struct vp_flow f;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		int fd = udp(4040);

		if (connect(fd, (struct sockaddr *)&ss, len) != 0 ||
		    dup2(fd, 9) != 9)
			_exit(1);
		execl("/bin/sh", "sh", "-c", "echo x >&9", (char *)NULL);
		_exit(2);
	}
	done(pid);
	f = find(IPPROTO_UDP, NEAR, 4040, NEAR, 90);
	is_of(&f, pid);
	assert_string_equal(f.process, "sh");
}

static void *thread(void *arg)
{
	int *fd = arg;

	prctl(PR_SET_NAME, "worker");
	*fd = send_to(*fd, NEAR, 91);
	return NULL;
}

static void test_thread(void **state)
{
	int fd = udp(4041);
	struct vp_flow f;
	pthread_t t;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, thread, &fd), 0);
	pthread_join(t, NULL);
	assert_int_equal(fd, 0);
	f = find(IPPROTO_UDP, NEAR, 4041, NEAR, 91);
	is_of(&f, getpid());
	assert_string_equal(f.process, "test_owner_send"); /* 15 bytes */
}

/* The rights that it sent with. */
static void test_user(void **state)
{
	struct vp_flow f;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		int fd = udp(4042);

		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(1);
		_exit(send_to(fd, NEAR, 92));
	}
	done(pid);
	f = find(IPPROTO_UDP, NEAR, 4042, NEAR, 92);
	is_of(&f, pid);
	assert_int_equal(f.owner->uid, 65534);
}

/* A name of any bytes, and a path that does not fit. */
static void test_long_names(void **state)
{
	char dir[] = "/tmp/vp-owner-XXXXXX", path[1024], copy[1200];
	struct vp_flow f;
	size_t n;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	n = (size_t)snprintf(path, sizeof(path), "%s", dir);
	for (int i = 0; i < 8; i++) {
		memset(path + n, i % 2 == 0 ? 'd' : '"', 100);
		path[n] = '/';
		path[n += 100] = '\0';
		assert_int_equal(mkdir(path, 0700), 0);
	}
	snprintf(copy, sizeof(copy), "cp /bin/sh '%s/sh'", path);
	assert_int_equal(system(copy), 0);
	pid = fork();
	if (pid == 0) {
		struct sockaddr_storage ss;
		socklen_t len = sockaddr(NEAR, 93, &ss);
		int fd = udp(4043);

		strcat(path, "/sh");
		if (connect(fd, (struct sockaddr *)&ss, len) != 0 ||
		    dup2(fd, 9) != 9)
			_exit(1);
		execl(path, "sh", "-c",
		      "printf '\\377\\033' >/proc/self/comm;"
		      "echo x >&9",
		      (char *)NULL);
		_exit(2);
	}
	done(pid);
	f = find(IPPROTO_UDP, NEAR, 4043, NEAR, 93);
	is_of(&f, pid);
	assert_non_null(f.owner->executable);
	assert_int_equal(strncmp(f.owner->executable, ".../", 4), 0);
	snprintf(copy, sizeof(copy), "rm -r %s", dir);
	assert_int_equal(system(copy), 0);
}

/* Numbers are those of our own pid namespace. */
static void test_pid_namespace(void **state)
{
	int inner[2], outside;
	struct vp_flow f;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(inner), 0);
	pid = fork();
	if (pid == 0) {
		pid_t child;
		int status;

		if (unshare(CLONE_NEWPID) != 0)
			_exit(3);
		child = fork(); /* the first one there */
		if (child == 0)
			_exit(getpid() != 1 || send_to(udp(4044), NEAR, 94));
		status = child;
		if (write(inner[1], &status, sizeof(status)) < 0)
			_exit(4);
		waitpid(child, &status, 0);
		_exit(WEXITSTATUS(status));
	}
	assert_int_equal(read(inner[0], &outside, sizeof(outside)),
	                 sizeof(outside));
	done(pid);
	f = find(IPPROTO_UDP, NEAR, 4044, NEAR, 94);
	is_of(&f, outside);
	close(inner[0]);
	close(inner[1]);
}

static int each(void **state)
{
	struct timespec t;

	(void)state;
	clock_gettime(CLOCK_REALTIME, &t);
	began = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
	return 0;
}

/* Links of this namespace only; what stands behind vpb is nobody. */
static int enter_namespace(void)
{
	if (getenv("VP_IN_NAMESPACE") == NULL && unshare(CLONE_NEWNET) != 0)
		return -1;
	return system("ip link set lo up && ip addr add " NEAR "/32 dev lo && "
	              "ip link add vpa type veth peer name vpb && "
	              "ip link set vpb up arp off && ip link set vpa up && "
	              "ip addr add " OURS "/24 dev vpa");
}

#define CASE(f) cmocka_unit_test_setup(f, each)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_waits),        CASE(test_syn_waits),
		CASE(test_shared_waits), CASE(test_memory_used_again),
		CASE(test_reuseport),    CASE(test_passed_on),
		CASE(test_stream),       CASE(test_exec),
		CASE(test_thread),       CASE(test_user),
		CASE(test_long_names),   CASE(test_pid_namespace),
	};
	const struct vp_owners_options opt = { .no_bpf = false };
	char why[512];
	int failed = 77;

	if (enter_namespace() != 0) {
		puts("no network namespace here: skipped");
		return 77;
	}
	uv_loop_init(&loop);
	arena = vp_arena_create();
	if (vp_owners_open(&owners, &opt, why, sizeof(why)) != 0)
		return 1;
	vp_owners_start(owners, &loop);
	tells_streams = strstr(why, "bytes on TCP") == NULL;
	if (vp_owners_how(owners) == VP_OWNER_BPF)
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	else
		printf("no BPF here: %s\n", why);
	vp_owners_destroy(owners);
	uv_run(&loop, UV_RUN_DEFAULT);
	vp_arena_destroy(arena);
	return uv_loop_close(&loop) == 0 ? failed : 1;
}
