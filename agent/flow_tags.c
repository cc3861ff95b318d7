/* flow_tags.c - see flow_tags.h. */
#include "flow_tags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wording.h"

#define REFUSED 2

/* --- rules that name tags ------------------------------------------------- */

/* "vnetprobe.yaml:12:20: egress.allow[0].service_tag" */
static const char *where(struct vp_arena *arena, const struct vp_settings *s,
                         size_t rule)
{
	const char *path =
		vp_arena_printf(arena, "egress.allow[%zu].service_tag", rule);
	const char *above = vp_arena_printf(arena, "egress.allow[%zu]", rule);

	for (size_t i = 0; i < s->n_places; i++) {
		if (strcmp(s->places[i].path, above) == 0)
			return vp_arena_printf(
				arena, "%s:%u:%u: %s", s->config_name,
				s->places[i].line, s->places[i].column, path);
	}
	return path;
}

static int check_rule(const struct vp_service_tags *t, struct vp_facts *facts,
                      const struct vp_settings *s, size_t rule, char *why,
                      size_t size)
{
	const char *tag = s->allow[rule].service_tag, *near;
	char quoted[VP_QUOTE_TEXT];

	if (tag == NULL || (t == NULL && facts->policy.tags.file != NULL) ||
	    (t != NULL && vp_service_tags_has(t, tag)))
		return 0;
	if (t == NULL) {
		snprintf(why, size,
		         "%s: no file tells what is in it: give "
		         "egress.service_tags or --service-tags",
		         where(facts->arena, s, rule));
		return REFUSED;
	}
	near = vp_service_tags_nearest(t, tag);
	snprintf(why, size, "%s: %s is no tag of %s%s%s%s",
	         where(facts->arena, s, rule), vp_quote(quoted, tag),
	         facts->policy.tags.file,
	         near != NULL ? "; did you mean '" : "",
	         near != NULL ? near : "", near != NULL ? "'?" : "");
	return REFUSED;
}

/* The file's own name of the cloud. */
static bool is_of_cloud(const char *file, const char *cloud)
{
	if (strcmp(cloud, "usgovernment") == 0)
		return strcasecmp(file, "AzureGovernment") == 0;
	return strcasecmp(file, cloud) == 0;
}

int vp_flow_tags_open(struct vp_service_tags **out, struct vp_facts *facts,
                      const struct vp_settings *s, char *why, size_t size)
{
	struct vp_tags_facts *tags = &facts->policy.tags;
	const char *cloud = facts->cloud != NULL ? facts->cloud : s->cloud;
	int status = 0;

	*out = NULL;
	if (s->service_tags != NULL &&
	    vp_service_tags_read(out, s->service_tags, why, size) != 0)
		return REFUSED;
	if (*out != NULL) {
		vp_service_tags_describe(*out, facts->arena, tags);
		if (!is_of_cloud(tags->cloud, cloud)) {
			snprintf(why, size,
			         "%s: is of the cloud %s, and this run's is %s",
			         tags->file, tags->cloud, cloud);
			status = REFUSED;
		}
	}
	for (size_t i = 0; status == 0 && i < s->n_allow; i++)
		status = check_rule(*out, facts, s, i, why, size);
	if (status != 0) {
		vp_service_tags_destroy(*out);
		*out = NULL;
	}
	return status;
}

/* --- tags of flows -------------------------------------------------------- */

static int remote_order(const void *a, const void *b)
{
	const struct vp_flow *x = *(struct vp_flow *const *)a;
	const struct vp_flow *y = *(struct vp_flow *const *)b;

	return vp_addr_compare(&x->remote.addr, &y->remote.addr);
}

/* There may be 200,000 flows to a few addresses: each address is looked up
 * once, and its flows share the list. */
void vp_flow_tags_fill(struct vp_facts *facts, const struct vp_service_tags *t)
{
	const struct vp_policy *p = &facts->policy;
	struct vp_flow **sorted, *before = NULL;
	size_t n = 0;

	if (t == NULL || facts->n_flows == 0)
		return;
	sorted = vp_arena_alloc(facts->arena, facts->n_flows * sizeof(*sorted));
	for (size_t i = 0; i < facts->n_flows; i++) {
		struct vp_flow *f = &facts->flows[i];

		f->tags = NULL;
		f->n_tags = 0;
		if (vp_addr_scope(&f->remote.addr, p->vnet, p->n_vnet) ==
		    VP_SCOPE_PUBLIC)
			sorted[n++] = f;
	}
	qsort(sorted, n, sizeof(*sorted), remote_order);
	for (size_t i = 0; i < n; before = sorted[i++]) {
		struct vp_flow *f = sorted[i];

		if (before != NULL &&
		    vp_addr_equal(&before->remote.addr, &f->remote.addr)) {
			f->tags = before->tags;
			f->n_tags = before->n_tags;
			continue;
		}
		f->tags = vp_service_tags_find(t, facts->arena, &f->remote.addr,
		                               &f->n_tags);
	}
}
