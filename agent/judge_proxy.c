/* judge_proxy.c - what proxy settings would do to the targets. */
#include "judge_reach.h"

void judge_proxies(struct judge *j)
{
	struct judge_draft *d;

	if (j->facts->n_proxies == 0)
		return;
	d = judge_add(j, "proxy-configured", NULL);
	d->detail = "The environment sets a proxy; it was not used.";
	for (size_t i = 0; i < j->facts->n_proxies; i++)
		judge_evidence(j, d, j->facts->proxies[i]);
}
