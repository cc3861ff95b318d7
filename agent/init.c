/* init.c - see init.h: the order of things, and the file. */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "found.h"
#include "output.h"
#include "plan.h"

#define USAGE 2
#define NOT_WRITTEN 3
#define INCOMPLETE 1 /* written, and check refuses it */

static bool asks(const struct vp_settings *s, struct vp_arena *arena,
                 const struct vp_discovery *d)
{
	bool enough = vp_init_knows(d) && vp_init_lacks(arena, d) == NULL;

	return s->ask || (!enough && isatty(STDIN_FILENO) != 0 &&
	                  isatty(STDERR_FILENO) != 0);
}

/* As `targets -c` would. */
struct vp_facts *vp_init_plan(const char *text, const struct vp_discovery *d,
                              char *why, size_t size)
{
	struct vp_facts *facts = vp_facts_create();
	struct vp_settings s = { .arena = facts->arena,
		                 .command = VP_COMMAND_TARGETS,
		                 .config = (char[]){ "the config" },
		                 .emit = (char[]){ "hosts" },
		                 .found = d };
	int err;

	s.cloud = vp_arena_strdup(s.arena, "public");
	s.scenario = vp_arena_strdup(s.arena, "secured");
	err = vp_config_parse(&s, "the config", (const unsigned char *)text,
	                      strlen(text), why, size);
	if (err == 0)
		err = vp_plan_make(facts, &s, why, size);
	if (err == 0)
		return facts;
	vp_facts_destroy(facts);
	return NULL;
}

/* Written twice: what the first makes of the names tells which address each
 * must have, and the second is tried as well. */
static int compose(struct vp_arena *arena, const struct vp_discovery *d,
                   const char *scenario, char **text, char *why, size_t size)
{
	char *first = vp_init_text(arena, d, scenario, NULL);
	struct vp_facts *plan = NULL, *again = NULL;
	int status = USAGE;

	*text = NULL;
	if (first != NULL)
		plan = vp_init_plan(first, d, why, size);
	if (plan != NULL)
		*text = vp_init_text(arena, d, scenario, plan);
	if (first == NULL || (plan != NULL && *text == NULL)) {
		snprintf(why, size, "out of memory");
		status = NOT_WRITTEN;
	} else if (plan != NULL) {
		again = vp_init_plan(*text, NULL, why, size);
		status = again != NULL ? 0 : USAGE;
	}
	vp_facts_destroy(again);
	vp_facts_destroy(plan);
	free(first);
	return status;
}

/* A file that is there is somebody's work. */
static int write_new(const char *path, const char *text, char *why, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	size_t n = strlen(text);

	if (fd < 0 && errno == EEXIST) {
		snprintf(why, size, "%s is there already: --force replaces it",
		         path);
		return USAGE;
	}
	if (fd < 0) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return USAGE;
	}
	if (write(fd, text, n) == (ssize_t)n && close(fd) == 0)
		return 0;
	snprintf(why, size, "%s: %s", path, strerror(errno));
	unlink(path);
	return NOT_WRITTEN;
}

static int write_over(const char *path, const char *text, char *why,
                      size_t size)
{
	struct vp_output *output;
	int err;

	if (vp_output_open(&output, path, why, size) != 0)
		return USAGE;
	if (fputs(text, vp_output_stream(output)) < 0) {
		vp_output_abandon(output);
		err = -EIO;
	} else {
		err = vp_output_commit(output);
	}
	if (err == 0)
		return 0;
	snprintf(why, size, "cannot write the config: %s", strerror(-err));
	return NOT_WRITTEN;
}

static const char *what_next(const struct vp_settings *s,
                             const struct vp_discovery *d)
{
	if (!s->discover)
		return "try --discover, --from with what az prints, or --ask";
	for (size_t i = 0; i < d->n_values; i++) {
		if (strcmp(d->values[i].source, "IMDS") == 0)
			return "try --workspace ID, --from with what az "
			       "prints, or --ask";
	}
	return "169.254.169.254 does not answer: this is no Azure VM, or it is "
	       "blocked; use --from or --ask";
}

int vp_init(const struct vp_settings *s, struct vp_facts *facts, char *why,
            size_t size)
{
	struct vp_discovery *d = &facts->discovery;
	struct vp_init_questions q = {
		.arena = facts->arena,
		.d = d,
		.scenario = s->scenario,
		.in = stdin,
		.out = stderr,
		.again = isatty(STDIN_FILENO) != 0,
		.why = why,
		.size = size,
	};
	char *text, *lacks;
	int status = 0;

	if (asks(s, facts->arena, d) && !vp_init_ask(&q))
		return USAGE;
	for (size_t i = 0; i < d->n_notes && s->verbosity >= 0; i++)
		fprintf(stderr, "vnetprobe: %s\n", d->notes[i]);
	if (!vp_init_knows(d)) {
		snprintf(why, size,
		         "no workspace was found, and nothing of it: %s",
		         what_next(s, d));
		return USAGE;
	}
	lacks = vp_init_lacks(facts->arena, d);
	if (lacks == NULL)
		status = compose(facts->arena, d, q.scenario, &text, why, size);
	else
		text = vp_init_text(facts->arena, d, q.scenario, NULL);
	if (status == 0 && text == NULL) {
		snprintf(why, size, "out of memory");
		status = NOT_WRITTEN;
	}
	if (status == 0)
		status = s->output != NULL && !s->force
		                 ? write_new(s->output, text, why, size)
		                 : write_over(s->output, text, why, size);
	free(text);
	if (status == 0 && lacks != NULL) {
		snprintf(why, size, "%s", lacks);
		return INCOMPLETE;
	}
	return status;
}
