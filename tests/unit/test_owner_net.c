/*
 * Who sent: real processes, in a network namespace with a loopback and one
 * public address on it. By BPF where this machine lets us (it takes rights in
 * the first user namespace, so the test makes its own network namespace then),
 * and by socket diagnosis.
 */
#include "vnetprobe/owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PUBLIC "203.0.113.7"
#define PUBLIC6 "2001:db8::7"

static bool bpf; /* of this run of the tests */
static uv_loop_t loop;
static struct vp_owners *owners;
static struct vp_arena *arena;
static int listener, listener6, sink, sink6;
static struct vp_endpoint tcp, tcp6, udp, udp6;

struct sent {
	struct vp_endpoint local;
	uint32_t pid;
};

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int open_server(const char *address, int type, struct vp_endpoint *at)
{
	struct vp_endpoint e = { .port = 0 };
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	assert_int_equal(vp_addr_parse(&e.addr, address), 0);
	len = vp_endpoint_to_sockaddr(&e, &ss);
	fd = socket(ss.ss_family, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(vp_endpoint_of_socket(at, fd), 0);
	return fd;
}

/* In a child: sends to `to` and tells which socket did it. Keeps the socket
 * open until `hold` is closed, if there is one. */
static void child(int type, const struct vp_endpoint *to, bool connected,
                  int out, int hold)
{
	struct sent s = { .pid = (uint32_t)getpid() };
	struct sockaddr_storage ss;
	socklen_t len = vp_endpoint_to_sockaddr(to, &ss);
	int fd = socket(ss.ss_family, type, 0);
	char c;

	if (connected && connect(fd, (struct sockaddr *)&ss, len) != 0)
		_exit(1);
	if (connected ? send(fd, "x", 1, 0) != 1
	              : sendto(fd, "x", 1, 0, (struct sockaddr *)&ss, len) != 1)
		_exit(2);
	vp_endpoint_of_socket(&s.local, fd);
	s.local.addr = to->addr; /* all of it is one machine here */
	if (write(out, &s, sizeof(s)) != sizeof(s))
		_exit(3);
	if (hold >= 0 && read(hold, &c, 1) != 0)
		_exit(4);
	_exit(0);
}

static struct sent run(int type, const struct vp_endpoint *to, bool connected,
                       int *hold, pid_t *pid)
{
	int told[2], held[2] = { -1, -1 }, status;
	struct sent s;

	assert_int_equal(pipe(told), 0);
	if (hold != NULL)
		assert_int_equal(pipe(held), 0);
	*pid = fork();
	if (*pid == 0) {
		if (hold != NULL)
			close(held[1]);
		child(type, to, connected, told[1], held[0]);
	}
	close(told[1]);
	if (hold != NULL) {
		close(held[0]);
		*hold = held[1];
	}
	assert_int_equal(read(told[0], &s, sizeof(s)), sizeof(s));
	close(told[0]);
	if (hold == NULL) {
		waitpid(*pid, &status, 0);
		assert_int_equal(status, 0);
	}
	return s;
}

static struct vp_flow flow_of(uint8_t proto, const struct sent *s,
                              const struct vp_endpoint *to, int64_t first)
{
	return (struct vp_flow){ .proto = proto,
		                 .local = s->local,
		                 .remote = *to,
		                 .origin = VP_ORIGIN_HOST,
		                 .first_us = first,
		                 .last_us = now_us() };
}

static void turn(void)
{
	uv_run(&loop, UV_RUN_NOWAIT);
	vp_owners_drain(owners);
}

static void check_owner(const struct vp_flow *f, uint32_t pid,
                        enum vp_owner_how how)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (f->owner == NULL)
		fail_msg("nobody");
	self[n > 0 ? n : 0] = '\0';
	assert_int_equal(f->owner->how, how);
	assert_int_equal(f->n_owners, 1);
	assert_int_equal(f->owner->pid, pid);
	assert_int_equal(f->owner->uid, geteuid());
	assert_string_equal(f->process, "test_owner_net");
	assert_string_equal(f->owner->executable, self);
	assert_true(f->owner->cgroup_id != 0);
}

/* By likeness it is another machine's; but a socket here has its local end. */
static void check_not_translated(const struct vp_flow *of, bool sure)
{
	struct vp_flow f = *of;

	f.owner = NULL;
	f.origin = VP_ORIGIN_FORWARDED;
	f.translated_from = f.local;
	f.translated_from.port ^= 2;
	vp_owners_find(owners, arena, &f);
	assert_int_equal(f.origin, sure ? VP_ORIGIN_HOST : VP_ORIGIN_UNKNOWN);
	assert_int_equal(f.translated_from.addr.family,
	                 sure ? 0 : f.local.addr.family);
	assert_int_equal(f.owner != NULL, sure);
	/* At another port nobody is known. */
	f.origin = VP_ORIGIN_FORWARDED;
	f.translated_from = f.local;
	f.local.port ^= 1;
	vp_owners_find(owners, arena, &f);
	assert_int_equal(f.origin, VP_ORIGIN_FORWARDED);
	assert_int_equal(f.translated_from.addr.family, f.local.addr.family);
}

/* Processes that live for one connection or one datagram. */
static void test_short(void **state)
{
	const struct {
		int type;
		uint8_t proto;
		const struct vp_endpoint *to;
		bool connected;
	} cases[] = {
		{ SOCK_STREAM, IPPROTO_TCP, &tcp, true },
		{ SOCK_STREAM, IPPROTO_TCP, &tcp6, true },
		{ SOCK_DGRAM, IPPROTO_UDP, &udp, true },
		{ SOCK_DGRAM, IPPROTO_UDP, &udp, false },
		{ SOCK_DGRAM, IPPROTO_UDP, &udp6, true },
		{ SOCK_DGRAM, IPPROTO_UDP, &udp6, false },
	};

	(void)state;
	if (!bpf)
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t first = now_us();
		struct vp_flow f;
		struct sent s;
		pid_t pid;

		s = run(cases[i].type, cases[i].to, cases[i].connected, NULL,
		        &pid);
		f = flow_of(cases[i].proto, &s, cases[i].to, first);
		turn();
		vp_owners_find(owners, arena, &f);
		check_owner(&f, s.pid, VP_OWNER_BPF);
		assert_false(f.of_command || f.of_others);
		check_not_translated(&f, true);
		/* not its flow: another port, another namespace, a router's */
		f.owner = NULL;
		f.local.port ^= 1;
		vp_owners_find(owners, arena, &f);
		assert_null(f.owner);
		f.local.port ^= 1;
		f.origin = VP_ORIGIN_NAMESPACE;
		vp_owners_find(owners, arena, &f);
		assert_null(f.owner);
		f.origin = VP_ORIGIN_FORWARDED;
		vp_owners_find(owners, arena, &f);
		assert_null(f.owner);
	}
	assert_int_equal(vp_owners_lost(owners), 0);
}

/* What answers by itself (RST, ICMP unreachable) is nobody's, though some
 * process happens to run. */
static void test_kernel(void **state)
{
	struct vp_endpoint closed = tcp;
	int64_t first = now_us();
	struct vp_flow f;
	struct sent s;
	pid_t pid;

	(void)state;
	if (!bpf)
		skip();
	closed.port = 9;
	s = run(SOCK_DGRAM, &closed, true, NULL, &pid);
	turn();
	f = flow_of(IPPROTO_UDP, &s, &closed, first);
	vp_owners_find(owners, arena, &f);
	check_owner(&f, s.pid, VP_OWNER_BPF);
	f = flow_of(IPPROTO_ICMP, &s, &closed, first);
	f.local.port = f.remote.port = 0;
	vp_owners_find(owners, arena, &f);
	assert_null(f.owner);
	f = flow_of(IPPROTO_UDP, &s, &closed, first);
	f.remote = s.local; /* the other way round */
	f.local = closed;
	vp_owners_find(owners, arena, &f);
	assert_null(f.owner);
}

/* A datagram waits for its neighbour's address, and leaves from within a call
 * of the process that says it: that one is not the sender. */
static void test_waiting(void **state)
{
	int64_t first = now_us();
	struct vp_endpoint to;
	struct vp_flow f;
	struct sent s;
	pid_t pid;
	int hold;

	(void)state;
	if (!bpf)
		skip();
	assert_int_equal(vp_endpoint_parse(&to, "198.51.100.9:9", 0), 0);
	assert_int_equal(system("ip link add vpa type veth peer name vpb && "
	                        "ip link set vpb up arp off && "
	                        "ip link set vpa up && "
	                        "ip addr add 198.51.100.1/24 dev vpa"),
	                 0);
	s = run(SOCK_DGRAM, &to, true, &hold, &pid);
	assert_int_equal(vp_addr_parse(&s.local.addr, "198.51.100.1"), 0);
	assert_int_equal(system("ip neigh replace 198.51.100.9 nud permanent "
	                        "lladdr 02:00:00:00:00:09 dev vpa"),
	                 0);
	turn();
	f = flow_of(IPPROTO_UDP, &s, &to, first);
	vp_owners_find(owners, arena, &f);
	check_owner(&f, s.pid, VP_OWNER_BPF);
	close(hold);
	waitpid(pid, NULL, 0);
	/* and now it does not wait */
	s = run(SOCK_DGRAM, &to, true, NULL, &pid);
	assert_int_equal(vp_addr_parse(&s.local.addr, "198.51.100.1"), 0);
	turn();
	f = flow_of(IPPROTO_UDP, &s, &to, first);
	vp_owners_find(owners, arena, &f);
	check_owner(&f, s.pid, VP_OWNER_BPF);
}

/* A child that does nothing; it ends with us also where a test fails. */
static void stand_still(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pause();
	_exit(0);
}

/* Children of this process, and those that are not. */
static void test_command(void **state)
{
	int64_t first = now_us();
	struct vp_flow f;
	struct sent s;
	pid_t pid, other;

	(void)state;
	if (!bpf)
		skip();
	vp_owners_command(owners, 0, (uint32_t)getpid());
	s = run(SOCK_DGRAM, &udp, true, NULL, &pid);
	turn();
	f = flow_of(IPPROTO_UDP, &s, &udp, first);
	vp_owners_find(owners, arena, &f);
	assert_true(f.of_command && !f.of_others);
	other = fork(); /* nobody's ancestor */
	if (other == 0)
		stand_still();
	vp_owners_command(owners, 0, (uint32_t)other);
	s = run(SOCK_DGRAM, &udp, true, NULL, &pid);
	turn();
	f = flow_of(IPPROTO_UDP, &s, &udp, first);
	vp_owners_find(owners, arena, &f);
	assert_true(!f.of_command && f.of_others);
	vp_owners_command(owners, f.owner->cgroup_id, (uint32_t)other);
	s = run(SOCK_DGRAM, &udp, true, NULL, &pid);
	turn();
	f = flow_of(IPPROTO_UDP, &s, &udp, first);
	vp_owners_find(owners, arena, &f);
	assert_true(f.of_command && !f.of_others);
	vp_owners_command(owners, 0, 0);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

/* Two processes send from one socket: both count. */
static void test_shared(void **state)
{
	struct sent s = { .pid = (uint32_t)getpid() };
	int64_t first = now_us();
	struct sockaddr_storage ss;
	socklen_t len = vp_endpoint_to_sockaddr(&udp, &ss);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), status;
	struct vp_flow f;
	pid_t pid;

	(void)state;
	if (!bpf)
		skip();
	assert_int_equal(connect(fd, (struct sockaddr *)&ss, len), 0);
	vp_endpoint_of_socket(&s.local, fd);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	pid = fork();
	if (pid == 0)
		_exit(send(fd, "x", 1, 0) == 1 ? 0 : 1);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	turn();
	f = flow_of(IPPROTO_UDP, &s, &udp, first);
	vp_owners_find(owners, arena, &f);
	assert_non_null(f.owner);
	assert_int_equal(f.n_owners, 2);
	assert_int_equal(f.owner->pid, getpid());
	close(fd);
}

/* Sockets that are open when their flow is first seen. */
static void test_look(void **state)
{
	const struct {
		int type;
		uint8_t proto;
		const struct vp_endpoint *to;
		bool connected;
	} cases[] = {
		{ SOCK_STREAM, IPPROTO_TCP, &tcp, true },
		{ SOCK_STREAM, IPPROTO_TCP, &tcp6, true },
		{ SOCK_DGRAM, IPPROTO_UDP, &udp, true },
		{ SOCK_DGRAM, IPPROTO_UDP, &udp, false },
		{ SOCK_DGRAM, IPPROTO_UDP, &udp6, true },
		{ SOCK_DGRAM, IPPROTO_UDP, &udp6, false },
	};

	(void)state;
	if (bpf)
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t first = now_us();
		struct vp_flow f;
		struct sent s;
		pid_t pid;
		int hold;

		s = run(cases[i].type, cases[i].to, cases[i].connected, &hold,
		        &pid);
		usleep(300000); /* scans of /proc are that far apart */
		vp_owners_look(owners, cases[i].proto, &s.local, cases[i].to);
		f = flow_of(cases[i].proto, &s, cases[i].to, first);
		vp_owners_find(owners, arena, &f);
		check_owner(&f, s.pid, VP_OWNER_SOCKET);
		check_not_translated(&f, cases[i].connected);
		close(hold);
		waitpid(pid, NULL, 0);
		/* gone: a later flow from the same port is not its */
		f.owner = NULL;
		f.first_us = now_us();
		f.last_us = f.first_us + 1000000;
		vp_owners_look(owners, cases[i].proto, &s.local, cases[i].to);
		vp_owners_find(owners, arena, &f);
		assert_null(f.owner);
	}
}

/* The same of those that were looked up: by their parents, else by cgroup. */
static void test_look_command(void **state)
{
	const struct {
		bool by_cgroup, ours;
		bool of_command;
	} cases[] = {
		{ false, true, true },
		{ false, false, false },
		{ true, true, true },
		{ true, false, false },
	};
	uint64_t cgroup = 0;
	pid_t other = fork();

	(void)state;
	if (other == 0)
		stand_still();
	for (size_t i = 0; !bpf && i < 4; i++) {
		int64_t first = now_us();
		struct vp_flow f;
		struct sent s;
		pid_t pid;
		int hold;

		vp_owners_command(owners,
		                  !cases[i].by_cgroup ? 0
		                  : cases[i].ours     ? cgroup
		                                      : UINT64_MAX,
		                  (uint32_t)(cases[i].ours ? getpid() : other));
		s = run(SOCK_STREAM, &tcp, true, &hold, &pid);
		usleep(300000);
		vp_owners_look(owners, IPPROTO_TCP, &s.local, &tcp);
		f = flow_of(IPPROTO_TCP, &s, &tcp, first);
		vp_owners_find(owners, arena, &f);
		assert_int_equal(f.of_command, cases[i].of_command);
		/* a cgroup that is not there is no ground to say no */
		assert_int_equal(f.of_others,
		                 !cases[i].of_command && !cases[i].by_cgroup);
		cgroup = f.owner->cgroup_id;
		close(hold);
		waitpid(pid, NULL, 0);
	}
	vp_owners_command(owners, 0, 0);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	if (bpf)
		skip();
}

/* One socket, several processes: the command's, others', or both. */
static void test_look_several(void **state)
{
	const struct {
		bool first, second; /* is that one of the command */
		bool of_command, of_others;
	} cases[] = {
		{ false, false, false, true },
		{ false, true, false, false },
		{ true, true, true, false },
	};
	pid_t other = fork();

	(void)state;
	if (other == 0)
		stand_still();
	for (size_t i = 0; !bpf && i < 3; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		struct sent s = { .pid = 0 };
		int64_t first = now_us();
		struct sockaddr_storage ss;
		struct vp_flow f;
		pid_t heir;

		assert_int_equal(connect(fd, (struct sockaddr *)&ss,
		                         vp_endpoint_to_sockaddr(&udp, &ss)),
		                 0);
		assert_int_equal(vp_endpoint_of_socket(&s.local, fd), 0);
		heir = fork();
		if (heir == 0)
			stand_still();
		vp_owners_command(owners, 0,
		                  (uint32_t)(cases[i].first    ? getpid()
		                             : cases[i].second ? heir
		                                               : other));
		usleep(300000);
		vp_owners_look(owners, IPPROTO_UDP, &s.local, &udp);
		f = flow_of(IPPROTO_UDP, &s, &udp, first);
		vp_owners_find(owners, arena, &f);
		assert_non_null(f.owner);
		assert_int_equal(f.owner->pid, 0);
		assert_int_equal(f.of_command, cases[i].of_command);
		assert_int_equal(f.of_others, cases[i].of_others);
		assert_int_equal(f.shared,
		                 !cases[i].of_command && !cases[i].of_others);
		close(fd);
		kill(heir, SIGKILL);
		waitpid(heir, NULL, 0);
	}
	vp_owners_command(owners, 0, 0);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	if (bpf)
		skip();
}

static uint64_t inode_of(uint32_t pid)
{
	char line[128], text[64] = "";
	uint64_t inode = 0;
	FILE *f;

	snprintf(line, sizeof(line),
	         "readlink /proc/%u/fd/* | grep socket: | sort | tail -1", pid);
	f = popen(line, "r");
	assert_non_null(fgets(text, sizeof(text), f));
	pclose(f);
	assert_int_equal(sscanf(text, "socket:[%" SCNu64 "]", &inode), 1);
	return inode;
}

/* Made by another process and met with one of the command, too: not of others
 * alone. With another socket nothing is said. */
static void test_look_command_socket(void **state)
{
	pid_t other = fork();

	(void)state;
	if (other == 0)
		stand_still();
	for (int has = 0; !bpf && has < 2; has++) {
		int64_t first = now_us();
		struct vp_flow f;
		struct sent s;
		pid_t pid;
		int hold;

		vp_owners_command(owners, 0, (uint32_t)other);
		s = run(SOCK_STREAM, &tcp, true, &hold, &pid);
		usleep(300000);
		vp_owners_look(owners, IPPROTO_TCP, &s.local, &tcp);
		vp_owners_command_socket(owners,
		                         inode_of(s.pid) + (has ? 0 : 1000000));
		f = flow_of(IPPROTO_TCP, &s, &tcp, first);
		vp_owners_find(owners, arena, &f);
		assert_false(f.of_command);
		assert_int_equal(f.of_others, !has);
		assert_int_equal(f.shared, has);
		close(hold);
		waitpid(pid, NULL, 0);
	}
	vp_owners_command(owners, 0, 0);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	if (bpf)
		skip();
}

/* Two sockets share a port: which sent? */
static void test_look_shared(void **state)
{
	struct sent s = { .pid = 0 };
	int64_t first = now_us();
	struct sockaddr_storage ss;
	int fd[2], on = 1;
	struct vp_flow f;
	socklen_t len;

	(void)state;
	if (bpf)
		skip();
	s.local = udp;
	s.local.port = 5353;
	len = vp_endpoint_to_sockaddr(&s.local, &ss);
	for (int i = 0; i < 2; i++) {
		fd[i] = socket(AF_INET, SOCK_DGRAM, 0);
		setsockopt(fd[i], SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
		assert_int_equal(bind(fd[i], (struct sockaddr *)&ss, len), 0);
		vp_owners_look(owners, IPPROTO_UDP, &s.local, &udp);
		f = flow_of(IPPROTO_UDP, &s, &udp, first);
		vp_owners_find(owners, arena, &f);
		if (i == 0)
			assert_non_null(f.owner);
		first = now_us();
	}
	assert_null(f.owner);
	close(fd[0]);
	close(fd[1]);
}

/* A server's listener is not the one that has a connection. */
static void test_look_listener(void **state)
{
	struct sent s = { .local = tcp };
	struct vp_endpoint peer = tcp;
	struct vp_flow f;

	(void)state;
	if (bpf)
		skip();
	peer.port = 1;
	vp_owners_look(owners, IPPROTO_TCP, &s.local, &peer);
	f = flow_of(IPPROTO_TCP, &s, &peer, now_us() - 1000000);
	vp_owners_find(owners, arena, &f);
	assert_null(f.owner);
}

static int set_up(void **state)
{
	const struct vp_owners_options opt = { .no_bpf = !bpf };
	char why[512];

	(void)state;
	uv_loop_init(&loop);
	arena = vp_arena_create();
	assert_int_equal(vp_owners_open(&owners, &opt, why, sizeof(why)), 0);
	print_message("%s; %s\n", vp_owner_how_name(vp_owners_how(owners)),
	              why[0] != '\0' ? why : "nothing to say");
	assert_int_equal(vp_owners_start(owners, &loop), 0);
	if (bpf && vp_owners_how(owners) != VP_OWNER_BPF)
		bpf = false; /* refused: said above */
	usleep(20000);
	listener = open_server(PUBLIC, SOCK_STREAM, &tcp);
	listener6 = open_server(PUBLIC6, SOCK_STREAM, &tcp6);
	sink = open_server(PUBLIC, SOCK_DGRAM, &udp);
	sink6 = open_server(PUBLIC6, SOCK_DGRAM, &udp6);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(listener);
	close(listener6);
	close(sink);
	close(sink6);
	vp_owners_destroy(owners);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	vp_arena_destroy(arena);
	return 0;
}

/* Only the loopback, and no link to anywhere: made by in_namespace, or here. */
static int enter_namespace(void)
{
	if (getenv("VP_IN_NAMESPACE") == NULL && unshare(CLONE_NEWNET) != 0)
		return -1;
	if (system("ip link set lo up && "
	           "ip addr add " PUBLIC "/32 dev lo && "
	           "ip addr add " PUBLIC6 "/128 dev lo nodad") != 0)
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_look_command),
		cmocka_unit_test(test_look_several),
		cmocka_unit_test(test_look_command_socket),
		cmocka_unit_test(test_look_shared),
		cmocka_unit_test(test_look_listener),
	};

	bpf = argc > 1 && strcmp(argv[1], "bpf") == 0;
	if (enter_namespace() != 0) {
		puts("no network namespace here: skipped");
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
