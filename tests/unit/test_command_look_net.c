/* What is seen of a command's processes: their sockets, whoever made them, and
 * other network namespaces. Nothing is sent. */
#include "command_look.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct vp_command_group no_group; /* by descent */

static uint64_t wanted; /* inode */
static unsigned times;
static unsigned entered;
static char who_entered[16];

static void on_socket(uint64_t inode, void *arg)
{
	(void)arg;
	times += inode == wanted;
}

static void on_elsewhere(uint64_t netns, const char *who, void *arg)
{
	(void)arg;
	assert_true(netns != 0);
	entered++;
	memcpy(who_entered, who, sizeof(who_entered));
}

static struct vp_command_look *look(void)
{
	const struct vp_command_look_sink sink = { on_socket, on_elsewhere,
		                                   NULL };
	struct vp_command_look *l = vp_command_look_create(&sink);

	assert_non_null(l);
	times = entered = 0;
	return l;
}

__attribute__((noreturn)) static void stand_still(int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)!write(ready, "x", 1);
	pause();
	_exit(0);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void wait_for(int ready)
{
	char c;

	assert_int_equal(read(ready, &c, 1), 1);
}

/* Of a child's child, once for all looks; ours alone is not its. */
static void test_sockets(void **state)
{
	int ready[2], fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct vp_command_look *l = look();
	struct stat st;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(fstat(fd, &st), 0);
	wanted = st.st_ino;
	assert_true(vp_command_look(l, &no_group) > 0);
	assert_int_equal(times, 0);
	pid = fork();
	if (pid == 0) {
		pid = fork();
		if (pid > 0)
			close(fd);
		stand_still(ready[1]);
	}
	wait_for(ready[0]);
	wait_for(ready[0]);
	for (int i = 0; i < 2; i++)
		vp_command_look(l, &no_group);
	assert_int_equal(times, 1);
	assert_int_equal(entered, 0);
	end(pid);
	close(fd);
	vp_command_look_destroy(l);
}

/* What it enters counts if it leads anywhere: a sandbox has a loopback only. */
static void enters(const char *links, unsigned want)
{
	struct vp_command_look *l = look();
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NAME, "wanderer");
		if (unshare(CLONE_NEWNET) != 0 || system(links) != 0)
			_exit(1);
		stand_still(ready[1]);
	}
	close(ready[1]);
	wait_for(ready[0]);
	for (int i = 0; i < 2; i++)
		vp_command_look(l, &no_group);
	assert_int_equal(entered, want);
	if (want > 0)
		assert_string_equal(who_entered, "wanderer");
	end(pid);
	close(ready[0]);
	vp_command_look_destroy(l);
}

static void test_namespaces(void **state)
{
	(void)state;
	enters("true", 0);
	enters("ip link set lo up", 0);
	enters("ip link add vpx type veth peer name vpy", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
