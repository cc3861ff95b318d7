/* progress.c - one line on a terminal that says how far a run has come. */
#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define EVERY_NS 100000000u

void vp_progress_init(struct vp_progress *p, bool quiet)
{
	const char *term = getenv("TERM");

	*p = (struct vp_progress){
		.active = !quiet && isatty(STDERR_FILENO) && term != NULL &&
		          strcmp(term, "dumb") != 0,
	};
}

void vp_progress_show(struct vp_progress *p, const char *fmt, ...)
{
	uint64_t now = uv_hrtime();
	char line[80];
	va_list ap;

	if (!p->active || (p->shown && now - p->last_ns < EVERY_NS))
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "\r\033[K%s", line);
	fflush(stderr);
	p->shown = true;
	p->last_ns = now;
}

void vp_progress_clear(struct vp_progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
