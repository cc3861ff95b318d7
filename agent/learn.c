/*
 * learn.c - see learn.h.
 *
 * A rule proposed here matches the flows that it was made of, by the same
 * proofs that the judge wants: a name that was only claimed becomes no rule.
 * Names come from the network and processes choose theirs: whatever a plain
 * scalar cannot hold stays in comments, with its odd bytes taken out.
 */
#include "learn.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "judge_policy.h"

#define MOST_RULES 200 /* more than anybody will give reasons for */
#define MOST_PROCESSES 4
#define MOST_LEAKS 20

struct group { /* flows that one rule would cover */
	const char *name;
	const struct vp_flow_tag *tag;
	struct vp_addr addr; /* where there is neither */
	uint16_t port;       /* 0: any */
	size_t *flows;
	size_t n_flows;
	uint64_t count, bytes_out, bytes_in;
	int64_t first_us, last_us;
};

struct refused { /* a flow, and the name that nobody is to allow */
	const char *name;
	size_t flow;
};

struct learner {
	FILE *out;
	const struct vp_facts *facts;
	const struct vp_judgement *j;
	struct vp_arena *arena;
	struct group *groups;
	size_t n_groups;
	struct refused *refused; /* flows that get no rule for their name */
	size_t n_refused;
	struct refused *cut; /* those whose name may be cut; name: address */
	size_t n_cut;
};

/* --- what a rule would go by ---------------------------------------------- */

/* As a config takes it. */
static bool plain_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < 254 && *name != '.' && name[n - 1] != '.' &&
	       strstr(name, "..") == NULL &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
	                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

static const char *name_of(const struct vp_flow *f)
{
	for (size_t i = 0; i < f->n_names; i++) {
		if (judge_name_explains(f, &f->names[i]) &&
		    plain_name(f->names[i].name))
			return f->names[i].name;
	}
	return NULL;
}

/* Half of the world's traffic would fit a cloud as a whole. */
static const struct vp_flow_tag *tag_of(const struct vp_facts *facts,
                                        const struct vp_flow *f)
{
	if (facts->policy.tags.file == NULL || f->n_tags == 0 ||
	    strncasecmp(f->tags[0].name, "AzureCloud", 10) == 0)
		return NULL;
	return &f->tags[0];
}

struct keyed { /* a flow and what a rule would go by */
	struct group key;
	size_t flow;
};

static struct keyed key_of(const struct learner *l, size_t flow)
{
	const struct vp_flow *f = &l->facts->flows[flow];
	struct keyed k = { .flow = flow };

	k.key.port = judge_service_port(f);
	k.key.name = name_of(f);
	if (k.key.name == NULL)
		k.key.tag = tag_of(l->facts, f);
	if (k.key.name == NULL && k.key.tag == NULL)
		k.key.addr = f->remote.addr;
	return k;
}

static int text_order(const char *x, const char *y)
{
	if (x == NULL || y == NULL)
		return (x == NULL) -
		       (y == NULL); /* those that have one first */
	return strcasecmp(x, y);
}

static int key_order(const struct group *x, const struct group *y)
{
	int order = text_order(x->name, y->name);

	if (order == 0)
		order = text_order(x->tag != NULL ? x->tag->name : NULL,
		                   y->tag != NULL ? y->tag->name : NULL);
	if (order == 0)
		order = vp_addr_compare(&x->addr, &y->addr);
	return order != 0 ? order : (x->port > y->port) - (x->port < y->port);
}

static int keyed_order(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order = key_order(&x->key, &y->key);

	return order != 0 ? order : (x->flow > y->flow) - (x->flow < y->flow);
}

/* The busiest first: they are what somebody has a reason for. */
static int group_order(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return key_order(x, y);
}

static void add_flow(struct learner *l, struct group *g, size_t flow)
{
	const struct vp_flow *f = &l->facts->flows[flow];

	*VP_PUSH(l->arena, g->flows, g->n_flows) = flow;
	g->count += f->flows > 1 ? f->flows : 1;
	g->bytes_out += f->bytes_out;
	g->bytes_in += f->bytes_in;
	if (g->first_us == 0 || f->first_us < g->first_us)
		g->first_us = f->first_us;
	if (f->last_us > g->last_us)
		g->last_us = f->last_us;
}

static const char *address_text(struct learner *l, const struct vp_flow *f)
{
	char text[VP_ADDR_TEXT];

	return vp_arena_strdup(l->arena, vp_addr_format(&f->remote.addr, text));
}

static void make_groups(struct learner *l)
{
	struct keyed *keyed = NULL;
	size_t n = 0;

	for (size_t i = 0; i < l->facts->n_flows; i++) {
		const char *name;

		if (l->j->flows[i].class != VP_CLASS_UNEXPLAINED ||
		    l->facts->flows[i].of_others)
			continue;
		name = judge_private_name(l->facts, &l->facts->flows[i]);
		if (name != NULL)
			*VP_PUSH(l->arena, l->refused, l->n_refused) =
				(struct refused){ name, i };
		else if (judge_name_may_be_cut(l->facts, &l->facts->flows[i]))
			*VP_PUSH(l->arena, l->cut, l->n_cut) = (struct refused){
				address_text(l, &l->facts->flows[i]), i
			};
		else
			*VP_PUSH(l->arena, keyed, n) = key_of(l, i);
	}
	if (n > 0)
		qsort(keyed, n, sizeof(*keyed), keyed_order);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || key_order(&keyed[i - 1].key, &keyed[i].key) != 0)
			*VP_PUSH(l->arena, l->groups, l->n_groups) =
				keyed[i].key;
		add_flow(l, &l->groups[l->n_groups - 1], keyed[i].flow);
	}
	if (l->n_groups > 0)
		qsort(l->groups, l->n_groups, sizeof(*l->groups), group_order);
}

/* --- text ------------------------------------------------------------------
 */

/* For comments: no control byte, nothing that is not ASCII. */
static const char *safe(struct learner *l, const char *text)
{
	char *copy = vp_arena_strdup(l->arena, text);

	for (char *p = copy; *p != '\0'; p++) {
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	}
	return copy;
}

/* A double-quoted scalar of printable text. */
static void put_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static bool printable(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < 0x20 || *text > 0x7e)
			return false;
	}
	return true;
}

static const char *moment(struct learner *l, int64_t us)
{
	time_t s = (time_t)(us / 1000000);
	char buf[40];
	struct tm tm;

	if (us <= 0 || gmtime_r(&s, &tm) == NULL)
		return "?";
	strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return vp_arena_strdup(l->arena, buf);
}

static const char *proto_text(struct learner *l, uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return "tcp";
	if (proto == IPPROTO_UDP)
		return "udp";
	return vp_arena_printf(l->arena, "protocol %u", proto);
}

/* Appends an entry unless the list has it; more than most are counted. */
struct list {
	const char *entries[MOST_PROCESSES];
	size_t n, more;
};

static void list_add(struct list *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->entries[i], text) == 0)
			return;
	}
	if (list->n < MOST_PROCESSES)
		list->entries[list->n++] = text;
	else
		list->more = 1;
}

static void put_list(struct learner *l, const char *what,
                     const struct list *list)
{
	if (list->n == 0)
		return;
	fprintf(l->out, "    # %s", what);
	for (size_t i = 0; i < list->n; i++)
		fprintf(l->out, "%s %s", i > 0 ? "," : "",
		        safe(l, list->entries[i]));
	fprintf(l->out, "%s\n", list->more > 0 ? " and others" : "");
}

static const char *process_text(struct learner *l, const struct vp_flow *f)
{
	const char *path = f->owner != NULL ? f->owner->executable : NULL;

	if (f->process == NULL)
		return path != NULL ? path : "a process that is not known";
	return path == NULL
	               ? f->process
	               : vp_arena_printf(l->arena, "%s (%s)", f->process, path);
}

static void put_seen(struct learner *l, const struct group *g)
{
	struct list protos = { 0 }, to = { 0 }, by = { 0 }, claimed = { 0 };
	struct list names = { 0 };
	char text[VP_ADDR_TEXT];

	for (size_t i = 0; i < g->n_flows; i++) {
		const struct vp_flow *f = &l->facts->flows[g->flows[i]];

		list_add(&protos, proto_text(l, f->proto));
		list_add(&to, vp_arena_intern(
				      l->arena,
				      vp_addr_format(&f->remote.addr, text)));
		list_add(&by, process_text(l, f));
		if (f->sni != NULL && !f->sni_bound)
			list_add(&claimed, f->sni);
		for (size_t k = 0; k < f->n_names; k++) {
			if (f->names[k].name != NULL && f->names[k].bound &&
			    text_order(f->names[k].name, g->name) != 0)
				list_add(&names, f->names[k].name);
		}
	}
	fprintf(l->out,
	        "    # %llu flow%s, %llu bytes out, %llu in, from %s to %s\n",
	        (unsigned long long)g->count, g->count == 1 ? "" : "s",
	        (unsigned long long)g->bytes_out,
	        (unsigned long long)g->bytes_in, moment(l, g->first_us),
	        moment(l, g->last_us));
	put_list(l, "by", &protos);
	put_list(l, "to", &to);
	put_list(l, "sent by", &by);
	put_list(l, "claimed, and no answer seen proves it:", &claimed);
	put_list(l, "the address has other names, too:", &names);
}

/* Always the same, known, and such that the rule's text means it. */
static const char *process_of(const struct learner *l, const struct group *g)
{
	const char *process = judge_process_name(&l->facts->flows[g->flows[0]]);

	if (process == NULL || *process == '\0' || !printable(process) ||
	    strchr(process, '/') != NULL)
		return NULL;
	for (size_t i = 0; i < g->n_flows; i++) {
		const struct vp_flow *f = &l->facts->flows[g->flows[i]];

		const char *name = judge_process_name(f);

		if (f->n_owners > 1 || name == NULL ||
		    strcmp(name, process) != 0)
			return NULL;
	}
	return process;
}

static void put_key(struct learner *l, const struct group *g)
{
	char text[VP_ADDR_TEXT];

	fputs("    - ", l->out);
	if (g->name != NULL) {
		fputs("name: ", l->out);
		put_quoted(l->out, g->name);
	} else if (g->tag != NULL) {
		fputs("service_tag: ", l->out);
		put_quoted(l->out, g->tag->name);
	} else {
		fputs("prefix: ", l->out);
		put_quoted(l->out, vp_addr_format(&g->addr, text));
	}
	fputc('\n', l->out);
}

static void put_rule(struct learner *l, const struct group *g)
{
	const char *process = process_of(l, g);

	put_seen(l, g);
	put_key(l, g);
	if (g->port != 0)
		fprintf(l->out, "      port: %u\n", g->port);
	if (process != NULL) {
		fputs("      process: ", l->out);
		put_quoted(l->out, process);
		fputc('\n', l->out);
	}
	fputs("      reason: \"\"\n", l->out);
}

/* --- names that nobody is to allow -----------------------------------------
 */

static int refused_order(const void *a, const void *b)
{
	const struct refused *x = a, *y = b;
	int order = strcasecmp(x->name, y->name);

	return order != 0 ? order : (x->flow > y->flow) - (x->flow < y->flow);
}

/* Of n flows with one name: how many, and where the first of them went. */
static void put_refused_name(struct learner *l, const struct refused *r,
                             size_t n)
{
	const struct vp_flow *f = &l->facts->flows[r->flow];
	char text[VP_ENDPOINT_TEXT];
	bool others = false;
	uint64_t count = 0;

	for (size_t i = 0; i < n; i++) {
		const struct vp_flow *w = &l->facts->flows[r[i].flow];

		count += w->flows > 1 ? w->flows : 1;
		others = others || w->proto != f->proto ||
		         !vp_endpoint_equal(&w->remote, &f->remote);
	}
	fprintf(l->out, "#   %s: %llu flow%s, %s %s%s\n", safe(l, r->name),
	        (unsigned long long)count, count == 1 ? "" : "s",
	        proto_text(l, f->proto), vp_endpoint_format(&f->remote, text),
	        others ? " and others" : "");
}

static void put_refused_list(struct learner *l, struct refused *all, size_t n,
                             const char *what, const char *why)
{
	size_t shown = 0, names = 0, end;

	if (n == 0)
		return;
	qsort(all, n, sizeof(*all), refused_order);
	fputs(why, l->out);
	for (size_t i = 0; i < n; i = end) {
		end = i + 1;
		while (end < n && strcasecmp(all[i].name, all[end].name) == 0)
			end++;
		names++;
		if (shown < MOST_LEAKS) {
			put_refused_name(l, &all[i], end - i);
			shown++;
		}
	}
	if (names > shown)
		fprintf(l->out, "#   and %zu more %s\n", names - shown, what);
}

static void put_refused(struct learner *l)
{
	put_refused_list(l, l->refused, l->n_refused, "names",
	                 "#\n"
	                 "# No rule for these: names of services that have "
	                 "private endpoints, reached at a\n"
	                 "# public address. Give what is yours as a target "
	                 "(vnetprobe check NAME), and make\n"
	                 "# it private; turn off what sends to the rest.\n");
	put_refused_list(l, l->cut, l->n_cut, "addresses",
	                 "#\n"
	                 "# No rule for these: packets of the capture were cut "
	                 "or left out, and with them the\n"
	                 "# names of these may be: they may be resources of "
	                 "your own. Capture again with whole\n"
	                 "# packets (tcpdump -s 0).\n");
}

/* --- what gets no rule -------------------------------------------------------
 */

static void put_leaks(struct learner *l, enum vp_flow_class class,
                      const char *why)
{
	size_t n = 0;
	char text[VP_ENDPOINT_TEXT];

	for (size_t i = 0; i < l->facts->n_flows; i++) {
		const struct vp_flow *f = &l->facts->flows[i];

		if (l->j->flows[i].class != class)
			continue;
		if (n++ == 0)
			fprintf(l->out, "#\n# %s\n", why);
		if (n <= MOST_LEAKS)
			fprintf(l->out, "#   %s %s: %s\n",
			        proto_text(l, f->proto),
			        vp_endpoint_format(&f->remote, text),
			        safe(l, l->j->flows[i].rule));
	}
	if (n > MOST_LEAKS)
		fprintf(l->out, "#   and %zu more\n", n - MOST_LEAKS);
}

static void put_left_out(struct learner *l)
{
	size_t others = 0;

	put_refused(l);
	put_leaks(l, VP_CLASS_LEAK_TARGET,
	          "No rule for these: a target went by a public path. That is "
	          "to be mended.");
	put_leaks(l, VP_CLASS_LEAK_DNS,
	          "No rule for these: names went to a public resolver. That is "
	          "to be mended.");
	put_leaks(l, VP_CLASS_INBOUND,
	          "No rule for these: a public address came to this machine.");
	for (size_t i = 0; i < l->facts->n_flows; i++)
		others += l->facts->flows[i].of_others &&
		          l->j->flows[i].class == VP_CLASS_UNEXPLAINED;
	if (others > 0)
		fprintf(l->out,
		        "#\n# No rule for %zu flow%s of processes that are not "
		        "the command's.\n",
		        others, others == 1 ? "" : "s");
	if (l->facts->capture.state != VP_CAPTURE_COMPLETE)
		fprintf(l->out,
		        "#\n# Not all packets were seen: there may be "
		        "more.%s%s\n",
		        l->facts->capture.reason != NULL ? " " : "",
		        l->facts->capture.reason != NULL
		                ? safe(l, l->facts->capture.reason)
		                : "");
}

static void put_list_of_rules(struct learner *l)
{
	const struct vp_tags_facts *tags = &l->facts->policy.tags;
	size_t n = l->n_groups < MOST_RULES ? l->n_groups : MOST_RULES;
	bool by_tag = false;

	for (size_t i = 0; i < n; i++)
		by_tag = by_tag || l->groups[i].tag != NULL;
	fputs("egress:\n", l->out);
	if (by_tag && printable(tags->file)) {
		fputs("  service_tags: ", l->out);
		put_quoted(l->out, tags->file);
		fputc('\n', l->out);
	}
	if (n == 0) {
		fputs("  allow: []\n", l->out);
		return;
	}
	fputs("  allow:\n", l->out);
	for (size_t i = 0; i < n; i++)
		put_rule(l, &l->groups[i]);
	if (n < l->n_groups)
		fprintf(l->out,
		        "    # and %zu more, each of fewer flows: too many to "
		        "be "
		        "meant\n",
		        l->n_groups - n);
}

int vp_learn(FILE *out, const struct vp_facts *facts,
             const struct vp_judgement *j)
{
	struct learner l = {
		.out = out,
		.facts = facts,
		.j = j,
		.arena = vp_arena_create(),
	};

	make_groups(&l);
	fprintf(out,
	        "# Proposed by vnetprobe from what it saw from %s to %s.\n"
	        "# It tells what left, not that it may: keep what is wanted, "
	        "and say why.\n"
	        "# A config with an empty reason is refused.\n",
	        moment(&l, facts->started_us), moment(&l, facts->ended_us));
	put_left_out(&l);
	put_list_of_rules(&l);
	vp_arena_destroy(l.arena);
	if (fflush(out) != 0)
		return errno != 0 ? -errno : -EIO;
	return ferror(out) ? -EIO : 0;
}
