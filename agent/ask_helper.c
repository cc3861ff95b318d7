/*
 * ask_helper.c - see ask_helper.h.
 *
 * The helper is forked before the plan is made and before any thread. It has
 * the token; nothing else ever has: it cannot be traced or dumped, its memory
 * is overwritten when it is freed, and what it hands over is searched for
 * pieces of the token before it goes. Its parent reads a JSON text of bounded
 * length, and puts each value through found.c as if it were a user's.
 */
#include "ask_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "report_fields.h"
#include "report_reader.h"
#include "report_writer.h"
#include "vnetprobe/rights.h"

#define OUT_FD 3
#define TEXT_MAX (4u << 20)
#define GRACE_MS 500
#define REQUESTS_MAX 80
#define MEMORY_MAX (512ul << 20)

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1 /* its shadow is larger than any bound */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* --- the helper
 * ----------------------------------------------------------------- */

static void limit(__rlimit_resource_t resource, rlim_t most)
{
	const struct rlimit l = { most, most };

	setrlimit(resource, &l); /* less than before is always allowed */
}

/* Keeps the pipe, as OUT_FD, and stderr: sanitizers write there. */
static void keep_only(int out)
{
	int null;

	if (out != OUT_FD && dup2(out, OUT_FD) < 0)
		_exit(1);
	if (close_range(OUT_FD + 1, ~0u, 0) != 0) {
		for (int fd = OUT_FD + 1; fd < 1024; fd++)
			close(fd); /* Linux before 5.9 */
	}
	null = open("/dev/null", O_RDWR);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		close(null);
	}
}

static void settle(int out)
{
	sigset_t none;
	char why[256];

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	keep_only(out);
	prctl(PR_SET_NAME, "vnetprobe-ask");
	if (vp_rights_drop(why, sizeof(why)) < 0)
		_exit(1);
	/* After the change of credentials, which would undo both. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, 20);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_NOFILE, 64);
#ifndef SANITIZED
	limit(RLIMIT_AS, MEMORY_MAX);
#endif
	json_set_alloc_funcs(vp_wiping_malloc, vp_wiping_free);
}

static json_t *list_of(struct writer *w, size_t from, size_t n,
                       json_t *(*make)(struct writer *, size_t))
{
	json_t *list = report_must(json_array());

	for (size_t i = from; i < n; i++)
		report_append(list, make(w, i));
	return list;
}

/* What there was before the fork is the parent's own. */
static char *text_of(struct vp_found *f, const struct vp_discovery *before)
{
	struct vp_facts facts = { .arena = f->arena, .discovery = *f->out };
	struct writer w = { .facts = &facts, .scratch = f->arena };
	const struct vp_discovery *d = f->out;
	json_t *o = report_must(json_object());
	char *text;

	report_put(
		o, "discovered",
		list_of(&w, before->n_values, d->n_values, report_discovered));
	report_put(o, "placements",
	           list_of(&w, before->n_placements, d->n_placements,
	                   report_placement));
	report_put(
		o, "peerings",
		list_of(&w, before->n_peerings, d->n_peerings, report_peering));
	report_put(o, "discovery_notes",
	           report_strings(&w, d->notes + before->n_notes,
	                          d->n_notes - before->n_notes));
	text = json_dumps(o, JSON_ENSURE_ASCII | JSON_COMPACT);
	json_decref(o);
	return text;
}

static void wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* A line of JSON with what came since the last one. */
static void hand_stage(struct vp_asker *a)
{
	static const char withheld[] =
		"{\"discovery_notes\": [\"Azure: an answer had this machine's "
		"token in it: nothing of it is believed\"]}\n";
	char *text;

	if (a->withheld)
		return;
	text = text_of(a->f, &a->handed);
	if (text == NULL)
		_exit(1);
	a->handed = *a->f->out;
	a->withheld = vp_has_secret(text, strlen(text), a->secrets[0]) ||
	              vp_has_secret(text, strlen(text), a->secrets[1]);
	if (a->withheld) {
		vp_hand_over(OUT_FD, withheld, sizeof(withheld) - 1);
	} else {
		vp_hand_over(OUT_FD, text, strlen(text));
		vp_hand_over(OUT_FD, "\n", 1);
	}
	wipe(text);
}

static void ask_all(struct vp_asker *a, const struct vp_ask_what *what)
{
	const struct vp_discovered *cloud;

	if (what->metadata)
		vp_ask_metadata(a);
	vp_ask_stage(a);
	if (!what->arm)
		return;
	cloud = vp_found_get(a->f->out, "cloud");
	a->arm = vp_arm_host(cloud != NULL && !a->s->has_cloud ? cloud->value
	                                                       : a->s->cloud);
	if (a->arm != NULL && vp_ask_token(a))
		vp_ask_arm(a);
}

_Noreturn static void helper(struct vp_found *f, const struct vp_settings *s,
                             const struct vp_ask_what *what, int out)
{
	struct vp_asker a = {
		.f = f,
		.s = s,
		.until_ms = vp_now_ms() + what->limit_ms,
		.requests_left = REQUESTS_MAX,
		.stage = hand_stage,
		.handed = *f->out,
	};

	settle(out);
	a.fetcher = vp_fetcher_create(s->ca_file);
	if (a.fetcher == NULL)
		_exit(1);
	ask_all(&a, what);
	hand_stage(&a);
	vp_fetcher_destroy(a.fetcher); /* may wait for a resolver */
	wipe(a.header);
	wipe(a.secrets[0]);
	wipe(a.secrets[1]);
	_exit(0);
}

/* --- its parent
 * ----------------------------------------------------------------- */

/* Nothing is believed that found.c would not take from a file. */
void vp_ask_read(struct vp_found *f, const char *data, size_t len)
{
	struct vp_facts facts = { .arena = f->arena };
	const struct vp_discovery *d = &facts.discovery;
	char why[256] = "";
	struct fields r = { .f = &facts,
		            .arena = f->arena,
		            .file = "the helper",
		            .why = why,
		            .size = sizeof(why) };
	json_error_t error;
	json_t *root = json_loadb(data, len, 0, &error);

	f->source = "Azure";
	if (json_is_object(root))
		report_read_discovery(&r, root);
	if (!json_is_object(root) || r.failed) {
		vp_found_note(f, "what the helper handed over cannot be read");
		json_decref(root);
		return;
	}
	for (size_t i = 0; i < d->n_values; i++) {
		f->source = d->values[i].source;
		f->inferred = d->values[i].inferred;
		vp_found_add(f, d->values[i].key, d->values[i].value);
	}
	f->inferred = false;
	for (size_t i = 0; i < d->n_placements; i++) {
		f->source = d->placements[i].source;
		vp_found_place(f, &d->placements[i]);
	}
	for (size_t i = 0; i < d->n_peerings; i++)
		vp_found_peering(f, d->peerings[i].vnet, d->peerings[i].remote,
		                 d->peerings[i].connected);
	for (size_t i = 0; i < d->n_notes; i++)
		vp_found_take_note(
			f, vp_arena_strndup(f->arena, d->notes[i], 600));
	json_decref(root);
}

size_t vp_ask_read_lines(struct vp_found *f, const char *data, size_t len)
{
	const char *end;
	size_t n = 0;

	/* What ends in the middle of a line was not finished. */
	while ((end = memchr(data, '\n', len)) != NULL) {
		vp_ask_read(f, data, (size_t)(end - data));
		len -= (size_t)(end + 1 - data);
		data = end + 1;
		n++;
	}
	return n;
}

static void collect(struct vp_found *f, int fd, pid_t pid, unsigned limit_ms)
{
	char *buf = malloc(TEXT_MAX);
	size_t len = 0, lines;
	/* As much as there is room for is too much. */
	bool whole = buf != NULL &&
	             vp_take_over(fd, buf, TEXT_MAX, &len,
	                          vp_now_ms() + limit_ms + GRACE_MS) == 0 &&
	             len < TEXT_MAX;

	if (!whole)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	f->source = "Azure";
	lines = buf != NULL ? vp_ask_read_lines(f, buf, len) : 0;
	f->source = "Azure";
	if (!whole)
		vp_found_note(f,
		              "no answer in %.1f s: what was to be asked "
		              "then is not known",
		              (double)limit_ms / 1000);
	else if (lines == 0)
		vp_found_note(f, "the helper process that asks ended early");
	free(buf);
}

void vp_ask(struct vp_found *f, const struct vp_settings *s,
            const struct vp_ask_what *what)
{
	int ends[2];
	pid_t pid;

	f->source = "Azure";
	if (pipe2(ends, O_CLOEXEC) != 0) {
		vp_found_note(f, "not asked: %s", strerror(errno));
		return;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		helper(f, s, what, ends[1]);
	close(ends[1]);
	if (pid < 0)
		vp_found_note(f, "not asked: %s", strerror(errno));
	else
		collect(f, ends[0], pid, what->limit_ms);
	close(ends[0]);
}
