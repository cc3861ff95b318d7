/*
 * run.c - one run of check, dns or watch.
 *
 *     ARM      capture started, self-test packet on its way
 *     WORK     questions and attempts (probing.c), or only watching: for a
 *              time, for the life of a command, or until a signal
 *     LINGER   nothing is sent; late packets may come
 *     PROVE    second self-test: the capture still worked at the end
 *     DONE     drained, counted, closed
 *
 * The deadline or a signal moves on from any phase: probes are stopped, what
 * the capture holds is read, and the facts say that the run was cut short.
 * Without a capture only WORK remains.
 */
#include "run.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <uv.h>

#include "watched.h"
#include "probing.h"
#include "progress.h"
#include "proxy.h"
#include "vnetprobe/nss.h"
#include "watching.h"

#define TICK_MS 100
#define NSS_THREADS 32
#define LEAST_DESCRIPTORS 48 /* beside those of attempts: some 20 */
#define DNS_ROUNDS 3

enum phase { ARM, WORK, LINGER, PROVE, DONE };

struct vp_run {
	struct vp_facts *facts;
	const struct vp_settings *settings;
	uv_loop_t loop;
	bool loop_open;
	size_t n_signals; /* handles of signals[] that are open */
	enum phase phase;
	bool signalled; /* watch: a signal came */
	bool finishing; /* nothing is sent any more, whatever comes back */
	struct vp_watching *watching;
	struct vp_nss *nss;
	struct vp_probing *probing;
	struct vp_watched *command; /* of watch; NULL: none */
	int64_t command_us;         /* when it was started; 0: it was not */
	uv_timer_t deadline, pause, tick;
	uv_signal_t signals[3];
	struct vp_progress progress;
	uint64_t began_ns; /* uv_hrtime() */
	uint64_t phase_ns; /* uv_hrtime() when the phase began */
	uint64_t tick_ns;  /* uv_hrtime() at the last tick */
	int rc;            /* exit status if nothing could be sent */
	char why[512];
};

static const int signal_numbers[] = { SIGINT, SIGTERM, SIGHUP };
#define N_SIGNALS (sizeof(signal_numbers) / sizeof(signal_numbers[0]))

static int64_t now_us(void)
{
	uv_timeval64_t t;

	uv_gettimeofday(&t);
	return t.tv_sec * 1000000 + t.tv_usec;
}

static uint64_t phase_us(const struct vp_run *r)
{
	return (uv_hrtime() - r->phase_ns) / 1000;
}

static void enter(struct vp_run *r, enum phase phase)
{
	r->phase = phase;
	r->phase_ns = uv_hrtime();
}

/* --- preparing --------------------------------------------------------- */

static void describe_host(struct vp_facts *f)
{
	struct utsname u;

	f->tool = vp_arena_strdup(f->arena, "vnetprobe " VP_VERSION);
	if (uname(&u) != 0)
		return;
	f->hostname = vp_arena_strdup(f->arena, u.nodename);
	f->kernel = vp_arena_printf(f->arena, "%s %s", u.sysname, u.release);
}

/* The roots that certificates are judged by, where somebody chose them: the
 * option, or the variable that OpenSSL obeys. */
static void note_roots(struct vp_facts *f, const struct vp_settings *s)
{
	const char *chosen = s->ca_file;

	if (chosen == NULL)
		chosen = getenv("SSL_CERT_FILE");
	if (chosen != NULL && *chosen != '\0')
		f->trust.ca_file = vp_arena_strdup(f->arena, chosen);
}

/*
 * With too few descriptors libraries below us end the process instead of
 * saying so: refused before. A soft limit that is too low is ours to raise.
 */
static int reserve_descriptors(char *why, size_t size)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur >= LEAST_DESCRIPTORS)
		return 0;
	if (limit.rlim_max >= LEAST_DESCRIPTORS) {
		limit.rlim_cur = LEAST_DESCRIPTORS;
		if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
			return 0;
	}
	snprintf(why, size,
	         "%llu open files are allowed here (ulimit -n), and %d are "
	         "needed",
	         (unsigned long long)limit.rlim_max, LEAST_DESCRIPTORS);
	return 2;
}

int vp_run_fork(struct vp_run_helpers *out, const struct vp_settings *s,
                char *why, size_t size)
{
	int rc;

	if (reserve_descriptors(why, size) != 0)
		return 2;
	if (s->command == VP_COMMAND_WATCH)
		return 0; /* asks nobody */
	rc = vp_nss_create(&out->nss, NSS_THREADS);
	if (rc == 0)
		return 0;
	snprintf(why, size, "cannot start: %s", strerror(-rc));
	return 2;
}

void vp_run_helpers_end(const struct vp_run_helpers *helpers)
{
	vp_nss_destroy(helpers->nss);
	vp_watched_destroy(helpers->command);
}

static enum vp_mode mode_of(enum vp_command command)
{
	if (command == VP_COMMAND_WATCH)
		return VP_MODE_WATCH;
	return command == VP_COMMAND_DNS ? VP_MODE_DNS : VP_MODE_CHECK;
}

int vp_run_prepare(struct vp_run **out, const struct vp_run_helpers *helpers,
                   struct vp_facts *facts, const struct vp_settings *s,
                   char *why, size_t size)
{
	struct vp_run *r = calloc(1, sizeof(*r));
	int rc;

	*out = NULL;
	if (r == NULL) {
		vp_run_helpers_end(helpers);
		snprintf(why, size, "out of memory");
		return 2;
	}
	r->nss = helpers->nss;
	r->command = helpers->command;
	r->facts = facts;
	r->settings = s;
	facts->mode = mode_of(s->command);
	facts->traced = s->trace;
	facts->rounds = s->rounds > 0                ? s->rounds
	                : facts->mode == VP_MODE_DNS ? DNS_ROUNDS
	                                             : 1;
	describe_host(facts);
	vp_proxy_read(facts, "", getenv("HOME"));
	note_roots(facts, s);
	vp_progress_init(&r->progress, s->verbosity < 0);
	rc = vp_watching_open(&r->watching, facts, s, why, size);
	if (rc == 0 && r->command != NULL)
		vp_watching_command(r->watching, vp_watched_cgroup(r->command),
		                    vp_watched_keeper(r->command));
	if (rc == 0)
		rc = vp_watching_drop(r->watching, why, size);
	if (rc != 0) {
		vp_run_destroy(r);
		return rc;
	}
	*out = r;
	return 0;
}

/* --- phases ------------------------------------------------------------ */

static void finish(struct vp_run *r);

static void on_proven(void *arg)
{
	finish(arg);
}

static void prove(struct vp_run *r)
{
	if (r->phase == LINGER)
		r->facts->timing.linger_us = phase_us(r);
	enter(r, PROVE);
	vp_watching_prove(r->watching, on_proven, r);
}

static void on_linger_over(uv_timer_t *timer)
{
	prove(timer->data);
}

static void linger(struct vp_run *r)
{
	enter(r, LINGER);
	uv_update_time(&r->loop);
	uv_timer_start(&r->pause, on_linger_over, r->settings->linger_ms, 0);
}

static void on_watched(uv_timer_t *timer)
{
	linger(timer->data);
}

static void on_probing_done(void *arg)
{
	struct vp_run *r = arg;

	if (vp_watching_on(r->watching))
		linger(r);
	else
		finish(r);
}

static void probe(struct vp_run *r)
{
	struct vp_probing_options opt = {
		.loop = &r->loop,
		.facts = r->facts,
		.settings = r->settings,
		.nss = r->nss,
		.routes = vp_watching_routes(r->watching),
		.done = on_probing_done,
		.arg = r,
	};

	enter(r, WORK);
	if (vp_probing_start(&r->probing, &opt, r->why, sizeof(r->why)) == 0)
		return;
	r->rc = 2;
	finish(r);
}

/* --- only watching ------------------------------------------------------ */

/* Could not be started: nothing was watched. Its keeper gone: what it does now
 * is not known. */
static void on_command_ended(void *arg)
{
	struct vp_run *r = arg;
	struct vp_command_facts *c = &r->facts->command;

	vp_watched_finish(r->command, r->facts->arena, c);
	if (!c->started) {
		snprintf(r->why, sizeof(r->why), "cannot run %s: %s",
		         c->argv[0], c->why);
		r->rc = 2;
		finish(r);
		return;
	}
	if (c->why != NULL)
		r->facts->interrupted = true;
	linger(r);
}

static void on_command_socket(uint64_t inode, void *arg)
{
	struct vp_run *r = arg;

	vp_watching_command_socket(r->watching, inode);
}

/* Somebody sits there who may not know how such a watch ends. */
static void hint(struct vp_run *r)
{
	if (r->settings->verbosity < 0 || isatty(STDERR_FILENO) == 0)
		return;
	vp_progress_clear(&r->progress);
	fputs("vnetprobe: watching; Ctrl-C ends it and gives the verdict\n",
	      stderr);
}

static void watch(struct vp_run *r)
{
	int rc = 0;

	enter(r, WORK);
	r->command_us = now_us();
	if (r->command != NULL && !vp_watching_tells_all(r->watching))
		vp_watched_look(r->command, on_command_socket, r);
	if (r->command != NULL)
		rc = vp_watched_start(r->command, &r->loop, on_command_ended,
		                      r);
	else if (r->settings->for_ms > 0)
		rc = uv_timer_start(&r->pause, on_watched, r->settings->for_ms,
		                    0);
	else
		hint(r);
	if (rc == 0)
		return;
	snprintf(r->why, sizeof(r->why), "cannot watch: %s", uv_strerror(rc));
	r->rc = 2;
	finish(r);
}

static void on_armed(void *arg)
{
	struct vp_run *r = arg;

	r->facts->timing.arming_us = phase_us(r);
	if (r->finishing)
		return; /* cut short, and seen in the last drain */
	if (r->facts->mode == VP_MODE_WATCH)
		watch(r);
	else
		probe(r);
}

static void arm(struct vp_run *r)
{
	enter(r, ARM);
	vp_watching_arm(r->watching, &r->loop, on_armed, r);
}

/* The end, from whichever phase: no more packets are sent or read. */
static void finish(struct vp_run *r)
{
	if (r->finishing)
		return; /* the last drain may tell of a self-test */
	r->finishing = true;
	if (r->probing != NULL)
		vp_probing_stop(r->probing);
	vp_watching_stop(r->watching);
	if (r->phase == PROVE)
		r->facts->timing.drain_us = phase_us(r);
	enter(r, DONE);
	r->facts->ended_us = now_us();
	vp_progress_clear(&r->progress);
	uv_stop(&r->loop);
}

/* Cut short: what was sent until now is still proven, if it can be. */
static void cut_short(struct vp_run *r)
{
	uv_timer_stop(&r->pause);
	if (r->probing != NULL)
		vp_probing_stop(r->probing);
	if (r->phase == WORK && vp_watching_on(r->watching))
		prove(r);
	else if (r->phase == LINGER)
		prove(r);
	else if (r->phase != PROVE)
		finish(r);
}

/*
 * What is left until the deadline. Unless the user named it there is room for
 * what pacing and rounds take, which is known better as answers come.
 */
static uint64_t left_ms(const struct vp_run *r)
{
	uint64_t passed = (uv_hrtime() - r->began_ns) / 1000000;
	uint64_t limit = r->settings->deadline_ms;
	struct vp_probing_counts c = { 0 };

	if (!r->settings->deadline_stated && r->probing != NULL) {
		vp_probing_count(r->probing, &c);
		limit += c.asking.paced_ms;
	}
	return limit > passed ? limit - passed : 0;
}

static void on_deadline(uv_timer_t *timer)
{
	struct vp_run *r = timer->data;
	uint64_t left = left_ms(r);

	if (r->phase > WORK || r->facts->mode == VP_MODE_WATCH)
		return; /* all is known, only the capture is being closed */
	if (left > 0) {
		uv_timer_start(timer, on_deadline, left, 0);
		return;
	}
	r->facts->deadline_hit = true;
	cut_short(r);
}

/*
 * watch: with a command, the first signal is the command's own affair: one of
 * the terminal's has reached it already, others are passed on. Without command
 * and time, a signal is the end that was meant.
 */
static bool is_for_watch(struct vp_run *r, int number)
{
	bool first = !r->signalled;

	if (r->facts->mode != VP_MODE_WATCH || r->phase != WORK)
		return false;
	r->signalled = true;
	if (r->command != NULL && first) {
		if (number != SIGINT)
			vp_watched_signal(r->command, number);
		return true;
	}
	if (r->command != NULL || r->settings->for_ms > 0)
		return false;
	linger(r);
	return true;
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct vp_run *r = handle->data;

	if (is_for_watch(r, number))
		return;
	if (r->facts->interrupted)
		finish(r); /* a second one: do not even wait for proof */
	r->facts->interrupted = true;
	cut_short(r);
}

/* A machine that was paused finds all its timers due before it has read the
 * answers that came meanwhile. */
static void note_stall(struct vp_run *r)
{
	uint64_t now = uv_hrtime(), late = 0;
	uint64_t matters = (uint64_t)r->settings->timeout_ms * 1000 / 2;

	if (r->phase == WORK && r->tick_ns != 0)
		late = (now - r->tick_ns) / 1000 - TICK_MS * 1000;
	r->tick_ns = now;
	if ((int64_t)late > (int64_t)matters && late > r->facts->stalled_us)
		r->facts->stalled_us = late;
}

static void show_probing(struct vp_run *r)
{
	struct vp_probing_counts c = { 0 };
	const struct vp_asking_counts *q = &c.asking;
	char round[48] = "", left[48] = "";

	if (r->probing != NULL)
		vp_probing_count(r->probing, &c);
	if (q->rounds > 1)
		snprintf(round, sizeof(round), "round %u of %u, ", q->round,
		         q->rounds);
	if (q->least_ms >= 1000)
		snprintf(left, sizeof(left), ", %u s or more to go",
		         (unsigned)((q->least_ms + 999) / 1000));
	if (r->facts->mode == VP_MODE_DNS)
		vp_progress_show(&r->progress,
		                 "%s%zu of %zu questions answered%s", round,
		                 q->answered, q->questions, left);
	else
		vp_progress_show(&r->progress,
		                 "%s%zu of %zu questions answered, "
		                 "%zu of %zu addresses tried",
		                 round, q->answered, q->questions, c.finished,
		                 c.attempts);
}

static void on_tick(uv_timer_t *timer)
{
	struct vp_run *r = timer->data;

	note_stall(r);
	if (r->phase == ARM)
		vp_progress_show(&r->progress, "opening the capture");
	else if (r->phase == WORK && r->facts->mode == VP_MODE_WATCH)
		vp_progress_show(&r->progress, "watching, %u s",
		                 (unsigned)(phase_us(r) / 1000000));
	else if (r->phase == WORK)
		show_probing(r);
	else
		vp_progress_show(&r->progress, "watching for late packets");
}

/* --- going --------------------------------------------------------------- */

static int open_loop(struct vp_run *r)
{
	int rc = uv_loop_init(&r->loop);

	if (rc != 0)
		return rc;
	r->loop_open = true;
	uv_timer_init(&r->loop, &r->deadline);
	uv_timer_init(&r->loop, &r->pause);
	uv_timer_init(&r->loop, &r->tick);
	r->deadline.data = r->pause.data = r->tick.data = r;
	while (r->n_signals < N_SIGNALS && rc == 0) {
		uv_signal_t *s = &r->signals[r->n_signals];

		rc = uv_signal_init(&r->loop, s);
		if (rc != 0)
			return rc;
		s->data = r;
		rc = uv_signal_start(s, on_signal,
		                     signal_numbers[r->n_signals++]);
	}
	if (r->nss == NULL || rc != 0)
		return rc;
	/* getaddrinfo() goes from server to server: two attempts' time. */
	vp_nss_limit(r->nss, 2 * r->settings->timeout_ms);
	return vp_nss_start(r->nss, &r->loop);
}

static void mask_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < N_SIGNALS; i++)
		sigaddset(&set, signal_numbers[i]);
	sigprocmask(how, &set, NULL);
}

/* A connection that was there before the command was is not its own; of a
 * datagram's ends another process may have been the user before, and of rows
 * that were put together any. */
static bool is_older(const struct vp_run *r, const struct vp_flow *f)
{
	if (f->flows > 1)
		return false;
	return f->proto == IPPROTO_TCP ? f->first_us < r->command_us
	                               : f->last_us < r->command_us;
}

static void clear_command(struct vp_run *r)
{
	struct vp_facts *f = r->facts;

	for (size_t i = 0; i < f->n_flows; i++) {
		struct vp_flow *flow = &f->flows[i];

		if (!flow->of_command && !flow->shared && is_older(r, flow))
			flow->of_others = true;
	}
}

static void note_command(struct vp_run *r)
{
	struct vp_command_facts *c = &r->facts->command;

	vp_watched_finish(r->command, r->facts->arena, c);
	if (!c->started && c->why == NULL)
		c->why = vp_arena_strdup(r->facts->arena,
		                         "the watch ended before it began");
}

int vp_run_go(struct vp_run *r, char *why, size_t size)
{
	struct vp_facts *f = r->facts;
	int rc = open_loop(r);

	if (rc != 0) {
		snprintf(why, size, "cannot start the event loop: %s",
		         uv_strerror(rc));
		return 2;
	}
	f->started_us = now_us();
	vp_watching_look(r->watching);
	r->began_ns = uv_hrtime();
	uv_timer_start(&r->deadline, on_deadline, r->settings->deadline_ms, 0);
	uv_timer_start(&r->tick, on_tick, 0, TICK_MS);
	if (vp_watching_on(r->watching))
		arm(r);
	else if (f->mode != VP_MODE_WATCH)
		probe(r);
	else
		finish(r); /* nothing to do, and no command is run unwatched */
	mask_signals(SIG_UNBLOCK);
	if (!r->finishing)
		uv_run(&r->loop, UV_RUN_DEFAULT);
	mask_signals(SIG_BLOCK); /* the report is written in peace */
	if (r->rc != 0) {
		snprintf(why, size, "%s", r->why);
		return r->rc;
	}
	if (r->command != NULL)
		note_command(r);
	vp_watching_finish(r->watching);
	if (r->command != NULL && r->command_us != 0)
		clear_command(r);
	return 0;
}

int vp_run_commit(struct vp_run *r)
{
	return vp_watching_commit(r->watching);
}

/* Everything on the loop is told to close, then the loop runs until it has. */
static void close_loop(struct vp_run *r)
{
	if (!r->loop_open)
		return;
	for (size_t i = 0; i < r->n_signals; i++)
		uv_close((uv_handle_t *)&r->signals[i], NULL);
	uv_close((uv_handle_t *)&r->deadline, NULL);
	uv_close((uv_handle_t *)&r->pause, NULL);
	uv_close((uv_handle_t *)&r->tick, NULL);
	/* Told to stop before it ran, it stops once more. */
	while (uv_run(&r->loop, UV_RUN_DEFAULT) != 0)
		;
	uv_loop_close(&r->loop);
}

void vp_run_destroy(struct vp_run *r)
{
	if (r == NULL)
		return;
	vp_probing_destroy(r->probing);
	vp_nss_destroy(r->nss);
	vp_watched_destroy(r->command);
	vp_watching_destroy(r->watching);
	close_loop(r);
	free(r);
}
