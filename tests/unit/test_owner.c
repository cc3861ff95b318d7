/* Claims, and the names of cgroups, containers and users. */
#include "vnetprobe/owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "owner_bpf.h"
#include "owner_claims.h"
#include "owner_names.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD "12345678-1234-1234-1234-123456789abc"
#define POD_ "12345678_1234_1234_1234_123456789abc"
#define S INT64_C(1000000)

static void test_container(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "/system.slice/docker-" ID ".scope", ID },
		{ "/system.slice/docker-" ID ".scope/init", ID },
		{ "/docker/" ID, ID },
		{ "/kubepods.slice/kubepods-pod" POD_
		  ".slice/cri-containerd-" ID ".scope",
		  ID },
		{ "/kubepods.slice/kubepods-besteffort.slice/"
		  "kubepods-besteffort-pod" POD_ ".slice/crio-" ID ".scope",
		  ID },
		{ "/kubepods/burstable/pod" POD "/" ID, ID },
		{ "/kubepods/burstable/pod" POD, "pod" POD },
		{ "/kubepods.slice/kubepods-besteffort.slice/"
		  "kubepods-besteffort-pod" POD_ ".slice",
		  "pod" POD },
		{ "/user.slice/user-1000.slice/user@1000.service/user.slice/"
		  "libpod-" ID ".scope/container",
		  ID },
		/* a container in a container: the inner one */
		{ "/system.slice/docker-" ID ".scope/docker/" ID2, ID2 },
		{ "/lxc.payload.web", "web" },
		{ "/lxc.payload.", NULL },
		{ "/", NULL },
		{ "", NULL },
		{ "/system.slice/docker.service", NULL },
		{ "/docker/0123", NULL },
		{ "/docker/g123456789abcdef0123456789abcdef0123456789abcdef"
		  "0123456789abcdef",
		  NULL },
		{ "/x" ID, NULL }, /* 65 characters, not marked off */
		{ "/kubepods/pod12", NULL },
		{ "/podcast.slice", NULL },
	};
	struct vp_arena *a = vp_arena_create();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = vp_container_of(a, cases[i].path);

		if (cases[i].want == NULL && got != NULL)
			fail_msg("%s: %s", cases[i].path, got);
		if (cases[i].want == NULL)
			continue;
		if (got == NULL)
			fail_msg("%s: nothing", cases[i].path);
		assert_string_equal(got, cases[i].want);
	}
	vp_arena_destroy(a);
}

static void test_user(void **state)
{
	static const char text[] = "root:x:0:0:root:/root:/bin/sh\n"
				   "# a remark\n"
				   "\n"
				   ":x:5:5::/:\n"
				   "short:x\n"
				   "odd:x:7x:7::/:\n"
				   "neg:x:-1:7::/:\n"
				   "az:x:1000:1000::/home/az:/bin/sh\n"
				   "az2:x:1000:1000::/home/az:/bin/sh\n"
				   "last:x:1001:1::/:";
	char path[] = "/tmp/vp-passwd-XXXXXX";
	struct vp_arena *a = vp_arena_create();
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_string_equal(vp_user_name(a, path, 0), "root");
	assert_string_equal(vp_user_name(a, path, 1000), "az");
	assert_string_equal(vp_user_name(a, path, 1001), "last");
	assert_null(vp_user_name(a, path, 5));
	assert_null(vp_user_name(a, path, 7));
	assert_null(vp_user_name(a, path, VP_NO_UID));
	unlink(path);
	assert_null(vp_user_name(a, path, 0));
	vp_arena_destroy(a);
}

/* Any tree of directories will do: an id is an inode. */
static void test_cgroup_walk(void **state)
{
	char root[] = "/tmp/vp-cgroup-XXXXXX", path[64];
	struct vp_cgroup_names *c;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/a.slice", root);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/a.slice/b.scope", root);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(stat(path, &st), 0);
	c = vp_cgroup_names_create(root);
	assert_string_equal(vp_cgroup_name(c, st.st_ino), "/a.slice/b.scope");
	assert_int_equal(rmdir(path), 0);
	/* gone, and still known */
	assert_string_equal(vp_cgroup_name(c, st.st_ino), "/a.slice/b.scope");
	assert_null(vp_cgroup_name(c, 1));
	assert_null(vp_cgroup_name(c, 0));
	vp_cgroup_names_add(c, 77, "/told");
	assert_string_equal(vp_cgroup_name(c, 77), "/told");
	vp_cgroup_names_destroy(c);
	snprintf(path, sizeof(path), "%s/a.slice", root);
	rmdir(path);
	assert_int_equal(stat(root, &st), 0);
	c = vp_cgroup_names_create(root);
	assert_string_equal(vp_cgroup_name(c, st.st_ino), "/");
	vp_cgroup_names_destroy(c);
	rmdir(root);
}

/* --- who has a socket ----------------------------------------------------- */

#define BETWEEN_SCANS_US 300000

static uint64_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void hand_over(int to, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} c = { .space = { 0 } };
	struct iovec v = { (char[]){ "x" }, 1 };
	struct msghdr m = { .msg_iov = &v,
		            .msg_iovlen = 1,
		            .msg_control = c.space,
		            .msg_controllen = sizeof(c.space) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &fd, sizeof(fd));
	if (sendmsg(to, &m, 0) != 1)
		_exit(9);
}

static int take_over(int from)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} c = { .space = { 0 } };
	char byte;
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v,
		            .msg_iovlen = 1,
		            .msg_control = c.space,
		            .msg_controllen = sizeof(c.space) };
	int fd;

	assert_int_equal(recvmsg(from, &m, 0), 1);
	assert_non_null(CMSG_FIRSTHDR(&m));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

/* Makes a socket and tells its inode; then does what it is told to. */
__attribute__((noreturn)) static void holder(int line)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	uint64_t inode = inode_of(fd);
	char word;

	prctl(PR_SET_NAME, "benign");
	if (write(line, &inode, sizeof(inode)) != sizeof(inode))
		_exit(1);
	while (read(line, &word, 1) == 1) {
		if (word == 'n')
			prctl(PR_SET_NAME, "leaker");
		else if (word == 'c')
			close(fd);
		else if (word == 'p')
			hand_over(line, fd);
		if (word != 'p' && write(line, &word, 1) != 1)
			_exit(2);
	}
	_exit(0);
}

static pid_t start_holder(int *line, uint64_t *inode)
{
	int pair[2];
	pid_t pid;

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		holder(pair[1]);
	}
	close(pair[1]);
	*line = pair[0];
	assert_int_equal(read(*line, inode, sizeof(*inode)), sizeof(*inode));
	return pid;
}

static void tell(int line, char word)
{
	assert_int_equal(write(line, &word, 1), 1);
	assert_int_equal(read(line, &word, 1), 1);
}

/* What was seen once is not believed for ever: the socket goes from hand to
 * hand, and a process becomes another program. */
static void test_holder(void **state)
{
	struct vp_holders *h = vp_holders_create();
	struct vp_holder who;
	uint64_t inode;
	int line, fd;
	pid_t pid = start_holder(&line, &inode);

	(void)state;
	assert_true(vp_holder_of(h, inode, &who));
	assert_int_equal(who.pid, pid);
	assert_int_equal(who.n, 1);
	assert_string_equal(who.process, "benign");
	assert_non_null(who.executable);
	/* the same again, without another scan */
	assert_true(vp_holder_of(h, inode, &who));
	assert_string_equal(who.process, "benign");

	tell(line, 'n');
	assert_false(vp_holder_of(h, inode, &who)); /* too soon to look */
	usleep(BETWEEN_SCANS_US);
	assert_true(vp_holder_of(h, inode, &who));
	assert_int_equal(who.pid, pid);
	assert_string_equal(who.process, "leaker");

	assert_int_equal(write(line, "p", 1), 1);
	fd = take_over(line);
	tell(line, 'c'); /* it lives on, without the socket */
	usleep(BETWEEN_SCANS_US);
	assert_true(vp_holder_of(h, inode, &who));
	assert_int_equal(who.pid, getpid());
	assert_string_not_equal(who.process, "leaker");
	close(fd);
	usleep(BETWEEN_SCANS_US);
	assert_false(vp_holder_of(h, inode, &who));
	close(line);
	waitpid(pid, NULL, 0);
	vp_holders_destroy(h);
}

static void test_holder_ends(void **state)
{
	struct vp_holders *h = vp_holders_create();
	struct vp_holder who;
	uint64_t inode;
	int line, fd;
	pid_t pid = start_holder(&line, &inode);

	(void)state;
	vp_holders_scan(h);
	assert_int_equal(write(line, "p", 1), 1);
	fd = take_over(line);
	usleep(BETWEEN_SCANS_US);
	/* still its socket, and nobody has looked whose else it is */
	assert_true(vp_holder_of(h, inode, &who));
	assert_int_equal(who.pid, pid);
	vp_holders_scan(h);
	assert_true(vp_holder_of(h, inode, &who));
	assert_int_equal(who.pid, 0);
	assert_int_equal(who.n, 2);
	assert_string_equal(who.process, "");
	close(line);
	waitpid(pid, NULL, 0);
	/* one of them is gone; which of both had sent is not known by that */
	assert_true(vp_holder_of(h, inode, &who));
	assert_int_equal(who.pid, 0);
	close(fd);
	vp_holders_destroy(h);
}

/* A number is given again. */
static void test_process(void **state)
{
	struct vp_process p = { .pid = (uint32_t)getpid() };
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	p.began = vp_process_began(p.pid);
	assert_true(p.began > 0);
	assert_true(vp_process_is_there(&p));
	p.began++;
	assert_false(vp_process_is_there(&p));
	p.began = 0;
	assert_true(vp_process_is_there(&p));
	waitpid(pid, NULL, 0);
	p.pid = (uint32_t)pid;
	assert_false(vp_process_is_there(&p));
	assert_int_equal(vp_process_began(p.pid), 0);
}

static void test_path(void **state)
{
	struct vp_bpf_path p = { .len = 13 };
	char text[64], tiny[8];

	(void)state;
	memcpy(p.names, "curl\0bin\0usr\0", 13);
	assert_int_equal(vp_bpf_path_text(&p, text, sizeof(text)), 0);
	assert_string_equal(text, "/usr/bin/curl");
	p.cut = 1;
	assert_int_equal(vp_bpf_path_text(&p, text, sizeof(text)), 0);
	assert_string_equal(text, ".../usr/bin/curl");
	assert_true(vp_bpf_path_text(&p, tiny, sizeof(tiny)) < 0);
	p.len = 12; /* not ended */
	assert_true(vp_bpf_path_text(&p, text, sizeof(text)) < 0);
	p.len = 0;
	assert_true(vp_bpf_path_text(&p, text, sizeof(text)) < 0);
	p.len = sizeof(p.names) + 1;
	assert_true(vp_bpf_path_text(&p, text, sizeof(text)) < 0);
}

/* --- claims ------------------------------------------------------------------
 */

static struct vp_endpoint end(const char *text)
{
	struct vp_endpoint e;

	assert_int_equal(vp_endpoint_parse(&e, text, 0), 0);
	return e;
}

static struct vp_claim claim(const char *local, const char *remote,
                             uint32_t pid, int64_t at)
{
	struct vp_claim c = {
		.proto = 6,
		.local = end(local),
		.remote = end(remote),
		.how = VP_OWNER_BPF,
		.netns = 1,
		.tgid = pid,
		.pid = pid,
		.first_us = at,
		.last_us = at,
	};

	snprintf(c.process, sizeof(c.process), "p%u", pid);
	return c;
}

#define L "10.0.0.4:40000"
#define R "203.0.113.7:443"

static struct vp_claim_answer find(struct vp_claims *c, int64_t first,
                                   int64_t last)
{
	struct vp_claim_query q = { .proto = 6,
		                    .local = end(L),
		                    .remote = end(R),
		                    .first_us = first,
		                    .last_us = last };
	struct vp_claim_answer a;

	vp_claims_find(c, &q, &a);
	return a;
}

static void test_one(void **state)
{
	struct vp_claims *c = vp_claims_create(100, NULL, 0);
	struct vp_claim k = claim(L, R, 7, 100 * S);

	(void)state;
	assert_null(find(c, 100 * S, 101 * S).claim);
	vp_claims_add(c, &k);
	assert_int_equal(find(c, 100 * S, 101 * S).claim->pid, 7);
	assert_int_equal(find(c, 100 * S, 101 * S).processes, 1);
	/* told a little before: the packet waited for ARP */
	assert_non_null(find(c, 102 * S, 102 * S).claim);
	/* long before: another socket's by now */
	assert_null(find(c, 104 * S, 110 * S).claim);
	/* after the flow's last packet: another's */
	assert_null(find(c, 98 * S, 99 * S).claim);
	/* other ends */
	k.local.port++;
	vp_claims_add(c, &k);
	k.local.port--;
	k.proto = 17;
	vp_claims_add(c, &k);
	assert_int_equal(find(c, 100 * S, 101 * S).processes, 1);
	vp_claims_destroy(c);
}

/* The port is used again by another: told apart by the time. */
static void test_reuse(void **state)
{
	struct vp_claims *c = vp_claims_create(100, NULL, 0);
	struct vp_claim first = claim(L, R, 7, 100 * S);
	struct vp_claim second = claim(L, R, 8, 200 * S);

	(void)state;
	vp_claims_add(c, &first);
	vp_claims_add(c, &second);
	assert_int_equal(find(c, 100 * S, 150 * S).claim->pid, 7);
	assert_int_equal(find(c, 200 * S, 250 * S).claim->pid, 8);
	assert_int_equal(find(c, 200 * S, 250 * S).processes, 1);
	/* one row of the table over both: the first, and that there are two */
	assert_int_equal(find(c, 100 * S, 250 * S).claim->pid, 7);
	assert_int_equal(find(c, 100 * S, 250 * S).processes, 2);
	/* the same number, another process */
	second.tgid = second.pid = 7;
	first.began = 1;
	second.began = 2;
	second.first_us = second.last_us = 300 * S;
	first.first_us = first.last_us = 300 * S;
	vp_claims_add(c, &first);
	vp_claims_add(c, &second);
	assert_int_equal(find(c, 300 * S, 301 * S).processes, 2);
	vp_claims_destroy(c);
}

/* A process that goes on sending is one claim; between two uses of the first
 * another may have had the ends. */
static void test_merge(void **state)
{
	struct vp_claims *c = vp_claims_create(4, NULL, 0);
	struct vp_claim k = claim(L, R, 7, 0);

	(void)state;
	for (int i = 0; i < 1000; i++) {
		k.first_us = k.last_us = i * 10 * S;
		vp_claims_add(c, &k);
	}
	assert_int_equal(vp_claims_lost(c), 0);
	assert_int_equal(find(c, 5003 * S, 5004 * S).claim->pid, 7);
	k = claim(L, R, 8, 10000 * S);
	vp_claims_add(c, &k);
	k = claim(L, R, 7, 10020 * S);
	vp_claims_add(c, &k);
	assert_int_equal(find(c, 10000 * S, 10001 * S).claim->pid, 8);
	assert_int_equal(find(c, 10000 * S, 10001 * S).processes, 1);
	/* the first one's two claims are one process */
	assert_int_equal(find(c, 9990 * S, 10020 * S).processes, 2);
	vp_claims_destroy(c);
}

/* The same ends in two namespaces (two bridges with the same prefix). */
static void test_ambiguous(void **state)
{
	struct vp_claims *c = vp_claims_create(100, NULL, 0);
	struct vp_claim k = claim(L, R, 7, 100 * S);
	struct vp_claim_query q = { .proto = 6,
		                    .local = end(L),
		                    .remote = end(R),
		                    .first_us = 100 * S,
		                    .last_us = 101 * S };
	struct vp_claim_answer a;

	(void)state;
	vp_claims_add(c, &k);
	k.netns = 2;
	k.tgid = k.pid = 8;
	vp_claims_add(c, &k);
	a = find(c, 100 * S, 101 * S);
	assert_null(a.claim);
	assert_true(a.ambiguous);
	q.netns = 2;
	vp_claims_find(c, &q, &a);
	assert_int_equal(a.claim->pid, 8);
	q.netns = 0;
	q.not_netns = 2;
	vp_claims_find(c, &q, &a);
	assert_int_equal(a.claim->pid, 7);
	/* even one process in both: which of its flows is it? */
	k.tgid = k.pid = 7;
	k.first_us = k.last_us = 500 * S;
	vp_claims_add(c, &k);
	k.netns = 1;
	vp_claims_add(c, &k);
	assert_null(find(c, 500 * S, 501 * S).claim);
	vp_claims_destroy(c);
}

static void test_members(void **state)
{
	struct vp_claims *c = vp_claims_create(100, NULL, 0);
	struct vp_claim k = claim(L, R, 7, 100 * S);

	(void)state;
	vp_claims_add(c, &k);
	assert_int_equal(find(c, 100 * S, 101 * S).member, VP_MEMBER_UNKNOWN);
	k = claim(L, R, 8, 200 * S);
	k.member = VP_MEMBER_NO;
	vp_claims_add(c, &k);
	assert_int_equal(find(c, 200 * S, 201 * S).member, VP_MEMBER_NO);
	/* one that is not known is among them */
	assert_int_equal(find(c, 100 * S, 201 * S).member, VP_MEMBER_UNKNOWN);
	k = claim(L, R, 9, 201 * S);
	k.member = VP_MEMBER_YES;
	vp_claims_add(c, &k);
	assert_int_equal(find(c, 100 * S, 201 * S).member, VP_MEMBER_YES);
	vp_claims_destroy(c);
}

/* Seen by looking: at just these ends, or by the port alone. */
static void test_looked(void **state)
{
	struct vp_claims *c = vp_claims_create(100, NULL, 0);
	struct vp_claim k = claim(L, R, 7, 100 * S);

	(void)state;
	k.reach = VP_CLAIM_OPEN;
	vp_claims_add(c, &k);
	assert_non_null(find(c, 99 * S, 99999999).claim);
	assert_null(find(c, 98 * S, 99 * S).claim);
	assert_null(find(c, 101 * S, 102 * S).claim);
	vp_claims_destroy(c);
	c = vp_claims_create(100, NULL, 0);
	k.reach = VP_CLAIM_PORT;
	vp_claims_add(c, &k);
	assert_null(find(c, 99 * S, 100 * S - 1).claim);
	assert_non_null(find(c, 99 * S, 100 * S).claim);
	assert_null(find(c, 100 * S + 1, 102 * S).claim);
	vp_claims_destroy(c);
}

/* Room for four: those for private remotes go first, and what goes for a
 * public one is counted. */
static void test_room(void **state)
{
	struct vp_claims *c = vp_claims_create(4, NULL, 0);
	struct vp_claim k;

	(void)state;
	for (uint16_t i = 0; i < 4; i++) {
		k = claim("10.0.0.4:1", "10.0.0.5:80", 7, S);
		k.local.port = i;
		vp_claims_add(c, &k);
	}
	for (uint16_t i = 0; i < 4; i++) {
		k = claim("10.0.0.4:1", R, 8, S);
		k.local.port = i;
		vp_claims_add(c, &k);
	}
	assert_int_equal(vp_claims_lost(c), 0);
	k = claim("10.0.0.4:1", "10.0.0.5:80", 9, S);
	vp_claims_add(c, &k); /* no room among public ones */
	assert_int_equal(vp_claims_lost(c), 1);
	assert_false(vp_claims_has(c, 6, &k.local, &k.remote, 0));
	k = claim(L, R, 9, S);
	vp_claims_add(c, &k);
	assert_int_equal(vp_claims_lost(c), 2);
	assert_true(vp_claims_has(c, 6, &k.local, &k.remote, S));
	assert_false(vp_claims_has(c, 6, &k.local, &k.remote, S + 1));
	k = claim("10.0.0.4:0", R, 8, S);
	assert_false(vp_claims_has(c, 6, &k.local, &k.remote, 0));
	k.local.port = 1;
	assert_true(vp_claims_has(c, 6, &k.local, &k.remote, 0));
	vp_claims_destroy(c);
}

static void test_many(void **state)
{
	struct vp_claims *c = vp_claims_create(50000, NULL, 0);
	struct vp_claim k;

	(void)state;
	for (uint32_t i = 0; i < 60000; i++) {
		k = claim(L, R, i + 1, 100 * S);
		k.local.port = (uint16_t)i;
		k.remote.port = (uint16_t)(i >> 8);
		vp_claims_add(c, &k);
	}
	assert_int_equal(vp_claims_lost(c), 10000);
	assert_true(vp_claims_has(c, 6, &k.local, &k.remote, 0));
	vp_claims_destroy(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_container),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_cgroup_walk),
		cmocka_unit_test(test_holder),
		cmocka_unit_test(test_holder_ends),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_looked),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
