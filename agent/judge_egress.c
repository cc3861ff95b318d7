/*
 * judge_egress.c - flows that matter in words: one finding for each id and
 * party.
 */
#include "judge_draft.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "catalogue.h"
#include "findings_private.h"
#include "judge_policy.h"
#include "wording.h"

/* --- flows in words ---------------------------------------------------- */

static const char *whom_text(struct judge *j, const struct vp_flow *f)
{
	if (f->sni != NULL)
		return vp_arena_printf(j->arena, ", server name %s%s%s", f->sni,
		                       f->sni_bound ? "" : " (claimed)",
		                       f->ech ? " (outer name, ECH)" : "");
	if (f->http_connect != NULL)
		return vp_arena_printf(j->arena, ", a proxy was asked for %s",
		                       f->http_connect);
	if (f->http_host != NULL)
		return vp_arena_printf(j->arena, ", HTTP host %s (claimed)",
		                       f->http_host);
	for (size_t i = 0; i < f->n_names; i++) {
		if (f->names[i].name != NULL)
			return vp_arena_printf(j->arena, ", known as %s",
			                       f->names[i].name);
	}
	return "";
}

static const char *state_text(const struct vp_flow *f)
{
	switch (f->state) {
	case VP_FLOW_ATTEMPTED:
		return f->direction == VP_DIRECTION_IN ? "not answered by us"
		                                       : "attempted, no answer";
	case VP_FLOW_ANSWERED:
		return "answered";
	case VP_FLOW_ESTABLISHED:
		return "established";
	}
	return "?";
}

static const char *volume(struct judge *j, uint64_t packets, uint64_t bytes)
{
	return vp_arena_printf(j->arena, "%llu packet%s (%llu bytes)",
	                       (unsigned long long)packets,
	                       packets == 1 ? "" : "s",
	                       (unsigned long long)bytes);
}

/* It calls itself otherwise than its executable is called: ", executable
 * /usr/bin/python3.11". More of a name than the other has is no other name. */
static const char *executable_text(struct judge *j, const struct vp_flow *f)
{
	if (f->process == NULL || f->owner->executable == NULL ||
	    strncmp(judge_process_name(f), f->process, strlen(f->process)) == 0)
		return "";
	return vp_arena_printf(j->arena, ", executable %s",
	                       f->owner->executable);
}

/* ", by python3 (pid 4711, user ml, container 3f2a..)" */
static const char *who_text(struct judge *j, const struct vp_flow *f)
{
	const struct vp_owner *o = f->owner;
	const char *text, *user = "", *container = "", *more = "";

	text = vp_flow_sender(j->facts, f);
	if (text == NULL && o == NULL)
		return "";
	if (text == NULL)
		text = "an unknown process";
	if (o == NULL)
		return vp_arena_printf(j->arena, ", by %s", text);
	if (o->user != NULL)
		user = vp_arena_printf(j->arena, ", user %s", o->user);
	else if (o->uid != VP_NO_UID)
		user = vp_arena_printf(j->arena, ", user %u", o->uid);
	if (o->container != NULL)
		container = vp_arena_printf(j->arena, ", container %.12s",
		                            o->container);
	if (f->n_owners > 1)
		more = vp_arena_printf(j->arena, ", and %u more",
		                       f->n_owners - 1);
	if (o->pid == 0) /* "(user ml)": without the comma */
		return *user || *container
		               ? vp_arena_printf(
					 j->arena, ", by %s (%s%s%s)", text,
					 *user ? user + 2 : container + 2,
					 *user ? container : "", more)
		               : vp_arena_printf(j->arena, ", by %s%s", text,
		                                 more);
	return vp_arena_printf(j->arena, ", by %s (pid %u%s%s%s%s)", text,
	                       o->pid, executable_text(j, f), user, container,
	                       more);
}

/* Where its packets stand in the evidence: ", packets 12 to 87 of F (13)". */
static const char *packets_text(struct judge *j, const struct vp_flow *f)
{
	const char *file = j->facts->capture.evidence;

	if (file == NULL || f->evidence_first == 0)
		return "";
	if (f->evidence_first == f->evidence_last)
		return vp_arena_printf(j->arena, ", packet %llu of %s",
		                       (unsigned long long)f->evidence_first,
		                       file);
	return vp_arena_printf(j->arena, ", packets %llu to %llu of %s (%llu)",
	                       (unsigned long long)f->evidence_first,
	                       (unsigned long long)f->evidence_last, file,
	                       (unsigned long long)f->evidence_packets);
}

/* A rule by its name would not match. */
static const char *foreign_text(const struct vp_flow *f)
{
	for (size_t i = 0; i < f->n_names; i++) {
		if (judge_is_foreign(f, &f->names[i]))
			return ", named by a server that is no resolver of "
			       "this machine";
	}
	return "";
}

static const char *flow_text(struct judge *j, const struct vp_flow *f)
{
	char protocol[VP_PROTOCOL_TEXT];
	const char *arrow = f->direction == VP_DIRECTION_IN ? "<-" : "->";

	const char *where = "", *who = who_text(j, f);

	if (f->interface != NULL)
		where = vp_arena_printf(j->arena, " on %s", f->interface);
	if (f->tunnel != NULL)
		where = vp_arena_printf(
			j->arena, "%s inside %s to %s", where, f->tunnel,
			judge_endpoint_text(j, &f->tunnel_peer));
	if (f->translated_from.addr.family != 0)
		where = vp_arena_printf(
			j->arena, "%s (before NAT %s)", where,
			judge_endpoint_text(j, &f->translated_from));
	if (f->flows > 1)
		where = vp_arena_printf(j->arena, "%s, %llu flows put together",
		                        where, (unsigned long long)f->flows);
	return vp_arena_printf(
		j->arena, "%s %s %s %s %s%s: %s%s%s%s, %s out, %s in%s",
		judge_clock(j, f->first_us),
		vp_protocol_text(protocol, f->proto),
		judge_endpoint_text(j, &f->local), arrow,
		judge_endpoint_text(j, &f->remote), where, state_text(f),
		whom_text(j, f), foreign_text(f), who,
		volume(j, f->packets_out, f->bytes_out),
		volume(j, f->packets_in, f->bytes_in), packets_text(j, f));
}

static const char *questions_text(struct judge *j, const struct vp_flow *f)
{
	const char *text = "asked for";
	size_t more = f->questions_left_out;

	for (size_t i = 0; i < f->n_questions && i < 4; i++)
		text = vp_arena_printf(j->arena, "%s%s %s", text,
		                       i > 0 ? "," : "", f->questions[i]);
	if (f->n_questions > 4)
		more += f->n_questions - 4;
	if (more > 0)
		text = vp_arena_printf(j->arena, "%s and %zu more", text, more);
	return text;
}

/* --- findings: one for each id and remote party ------------------------ */

static const struct {
	enum vp_flow_class class;
	const char *id, *detail;
} reported[] = {
	{ VP_CLASS_LEAK_TARGET, "leak-target",
	  "{what} left for {name} at its public address {address}." },
	{ VP_CLASS_LEAK_DNS, "leak-dns",
	  "{what} went to the public resolver {address}." },
	{ VP_CLASS_UNEXPLAINED, "egress-unexplained",
	  "{what} left for {address} port {port}." },
	{ VP_CLASS_INBOUND, "inbound-public",
	  "{what} came in from {address}." },
	{ VP_CLASS_ALLOWED, "egress-allowed",
	  "{what} left for public addresses by a rule." },
	{ VP_CLASS_PROXIED, "egress-proxied",
	  "{what} asked the proxy {address} to connect to {name}." },
	{ VP_CLASS_FORWARDED, "egress-forwarded",
	  "{what} for public addresses came in from elsewhere and passed "
	  "through." },
	{ VP_CLASS_TUNNELED, "egress-tunneled",
	  "{what} for public addresses went inside tunnels to public peers." },
	{ VP_CLASS_NOT_LEFT, "egress-not-left",
	  "{what} for public addresses did not leave this machine." },
};

/* Of these classes the command of `watch -- CMD` is accused. */
static bool accuses(enum vp_flow_class class)
{
	return class == VP_CLASS_LEAK_TARGET || class == VP_CLASS_LEAK_DNS ||
	       class == VP_CLASS_UNEXPLAINED;
}

static bool is_private(const struct vp_target *t)
{
	return t != NULL && t->expect == VP_EXPECT_PRIVATE;
}

/* NULL: as its class says. With a command, a flow that is not its own, or of
 * which nobody knows, is told as such. */
static const char *told_as(const struct judge *j, const struct vp_flow *f,
                           enum vp_flow_class class,
                           const struct vp_target *target)
{
	if (j->facts->command.n_argv == 0 || f->of_command || f->own)
		return NULL;
	if (class == VP_CLASS_PROXIED) /* it did not leave for the public */
		return is_private(target) && !f->of_others ? "owner-unknown"
		                                           : NULL;
	if (!accuses(class))
		return NULL;
	return f->of_others ? "egress-others" : "owner-unknown";
}

struct group { /* a flow that is reported, and under what */
	size_t reported;
	const char *as;   /* another id: told_as(); NULL: the class's */
	const char *key;  /* the finding's target */
	const char *name; /* of leak-target and egress-proxied */
	bool worse;       /* than the id says: an error */
	size_t flow;
};

static int group_order_of(const struct group *a, const struct group *b)
{
	int order =
		strcmp(a->as != NULL ? a->as : "", b->as != NULL ? b->as : "");

	if (order != 0)
		return order;
	if (a->as == NULL && a->reported != b->reported)
		return a->reported < b->reported ? -1 : 1;
	return strcmp(a->key, b->key);
}

static int group_order(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	int order = group_order_of(x, y);

	if (order != 0)
		return order;
	return x->flow < y->flow ? -1 : x->flow > y->flow;
}

/* Whom an unexplained flow went to: the bound name, or the address. */
static const char *party(struct judge *j, const struct vp_flow *f)
{
	if (f->sni != NULL && f->sni_bound)
		return f->sni;
	for (size_t i = 0; i < f->n_names; i++) {
		if (f->names[i].bound && f->names[i].name != NULL)
			return f->names[i].name;
	}
	return judge_addr_text(j, &f->remote.addr);
}

static void set_key(struct judge *j, struct group *g,
                    const struct vp_target *target)
{
	const struct vp_flow *f = &j->facts->flows[g->flow];

	g->key = "";
	if (g->as != NULL)
		return; /* one for all of them */
	switch (reported[g->reported].class) {
	case VP_CLASS_LEAK_TARGET:
		g->key = g->name = target->name->name;
		return;
	case VP_CLASS_PROXIED:
		g->key = g->name =
			vp_arena_strndup(j->arena, f->http_connect,
		                         strcspn(f->http_connect, ":"));
		g->worse = is_private(target) &&
		           (j->facts->command.n_argv == 0 || f->of_command);
		return;
	case VP_CLASS_UNEXPLAINED:
		g->key = party(j, f);
		return;
	case VP_CLASS_INBOUND:
		g->worse =
			judge_closed(j, f) != NULL && !judge_peer_unknown(j, f);
		g->key = judge_addr_text(j, &f->remote.addr);
		return;
	case VP_CLASS_LEAK_DNS:
		g->key = judge_addr_text(j, &f->remote.addr);
		return;
	default:
		return;
	}
}

static const char *detail_of(const struct group *g)
{
	if (g->as == NULL)
		return reported[g->reported].detail;
	return strcmp(g->as, "egress-others") == 0
	               ? "{what} of other processes left for public addresses."
	               : "Who sent {what} for public addresses is not known.";
}

static size_t group_evidence(struct judge *j, struct judge_draft *d,
                             const struct group *g, size_t n)
{
	size_t attempted = 0;

	for (size_t i = 0; i < n; i++) {
		const struct vp_flow *f = &j->facts->flows[g[i].flow];

		attempted += f->state == VP_FLOW_ATTEMPTED;
		judge_evidence(j, d, flow_text(j, f));
		if (f->n_questions > 0)
			judge_evidence(j, d, questions_text(j, f));
	}
	return attempted;
}

/* A process names itself as it likes: only what needs no quoting. */
static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text > '~' || strchr("\"\\{}", *text))
			return false;
	}
	return true;
}

/* A name that an allow rule could go by: addresses change. */
static const char *allowed_by(struct judge *j, const struct vp_flow *f)
{
	for (size_t i = 0; i < f->n_names; i++) {
		if (judge_name_explains(f, &f->names[i]) &&
		    is_plain(f->names[i].name))
			return vp_arena_printf(j->arena, "name: \"%s\"",
			                       f->names[i].name);
	}
	return "prefix: \"{address}\"";
}

/* The table's words, with a rule that is as narrow as this flow allows. */
static const char *allow_text(struct judge *j, const struct vp_flow *f,
                              bool known)
{
	const char *process = "", *port = "";

	if (known)
		process =
			vp_arena_printf(j->arena, "          process: \"%s\"\n",
		                        judge_process_name(f));
	if (judge_service_port(f) != 0)
		port = "          port: {port}\n";
	return vp_arena_printf(
		j->arena,
		FIND_SENDER
		"If it is wanted, allow it in the config, with a reason:\n"
		"    egress:\n"
		"      allow:\n"
		"        - %s\n%s%s"
		"          reason: why this may leave\n"
		"If it is not, turn off what makes %s send it.",
		allowed_by(j, f), port, process,
		known ? f->process : "the program");
}

/* Claimed by whoever sent it: in a command only what is a name. */
static const char *host_word(const char *name)
{
	return *name != '-' && strspn(name, "abcdefghijklmnopqrstuvwxyz"
	                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                                    "0123456789-_.") == strlen(name)
	               ? name
	               : "NAME";
}

/* A rule would open the way to a name that may be anybody's. */
static const char *private_text(struct judge *j, const char *name,
                                const char *process)
{
	return vp_arena_printf(
		j->arena,
		FIND_SENDER
		"No rule is proposed for %s: it is a name of a service that "
		"has private endpoints, reached at a public address. If it is "
		"yours, give it as a target, to see why it is not reached "
		"privately:\n"
		"    vnetprobe check %s\n"
		"If it is not, turn off what makes %s send it.",
		host_word(name), host_word(name), process);
}

/* Nobody knows what a rule by address would open. */
static const char *cut_text(struct judge *j, const char *process)
{
	return vp_arena_printf(
		j->arena,
		FIND_SENDER
		"No rule is proposed: packets of this capture were cut or left "
		"out, and with them the name that {address} was asked for may "
		"be. It may be a resource of your own, reached at its public "
		"address. Capture again with whole packets:\n"
		"    sudo tcpdump -i any -s 0 -w FILE.pcap\n"
		"If it is not wanted, turn off what makes %s send it.",
		process);
}

static const char *unexplained_text(struct judge *j, const struct group *g,
                                    size_t n, bool known)
{
	const struct vp_flow *f = &j->facts->flows[g[0].flow];

	for (size_t i = 0; i < n; i++) {
		const char *name = judge_private_name(
			j->facts, &j->facts->flows[g[i].flow]);

		if (name != NULL)
			return private_text(j, name,
			                    known ? f->process : "the program");
	}
	for (size_t i = 0; i < n; i++) {
		if (judge_name_may_be_cut(j->facts,
		                          &j->facts->flows[g[i].flow]))
			return cut_text(j, known ? f->process : "the program");
	}
	return allow_text(j, f, known);
}

/* Who sent is known: the sentence and the commands that find it out are left
 * out. */
static const char *without_search(const char *remedy)
{
	remedy = strchr(remedy, '\n') + 1;
	while (strncmp(remedy, "    ", 4) == 0)
		remedy = strchr(remedy, '\n') + 1;
	return remedy;
}

/* One and the same sender of all of them. */
static bool known_sender(const struct judge *j, const struct group *g, size_t n)
{
	const char *process = j->facts->flows[g[0].flow].process;
	const char *name = judge_process_name(&j->facts->flows[g[0].flow]);

	if (process == NULL || !is_plain(process) || !is_plain(name))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct vp_flow *f = &j->facts->flows[g[i].flow];

		if (f->n_owners > 1 || f->process == NULL ||
		    strcmp(f->process, process) != 0 ||
		    strcmp(judge_process_name(f), name) != 0)
			return false;
	}
	return true;
}

static void set_remedy(struct judge *j, struct judge_draft *d,
                       const struct group *g, size_t n)
{
	enum vp_flow_class class = reported[g[0].reported].class;
	bool known = known_sender(j, g, n);

	if (!accuses(class))
		return;
	d->f.remedy = class == VP_CLASS_UNEXPLAINED
	                      ? unexplained_text(j, g, n, known)
	                      : d->f.type->remedy;
	if (known)
		d->f.remedy = without_search(d->f.remedy);
}

/* What the scenario says of who comes in. */
static const char *contradicted(struct judge *j,
                                const struct vp_catalogue_closed *row)
{
	return vp_arena_printf(j->arena,
	                       "{what} came in from {address} and got answers; "
	                       "by the scenario %s, %s (%s).",
	                       j->facts->scenario, row->why, row->source);
}

/* Of all of them it is not known who came: no network rule is to blame. */
static void set_unknown_peer(const struct judge *j, struct judge_draft *d,
                             const struct group *g, size_t n)
{
	if (reported[g[0].reported].class != VP_CLASS_INBOUND)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!judge_peer_unknown(j, &j->facts->flows[g[i].flow]))
			return;
	}
	d->detail = "{what} came in from {address} to port {port}, as Azure ML "
		    "does to a node with a public IP address; who came is not "
		    "known without a file of service tags.";
	d->f.remedy = "Give service_tags: download the present file (Azure IP "
		      "Ranges and Service Tags) elsewhere, and name it:\n"
		      "    vnetprobe check --service-tags "
		      "ServiceTags_Public_DATE.json\n"
		      "or in the config:\n"
		      "    egress:\n"
		      "      service_tags: ServiceTags_Public_DATE.json";
}

static void write_group(struct judge *j, const struct group *g, size_t n)
{
	const struct vp_flow *first = &j->facts->flows[g[0].flow];
	const char *id = g[0].as != NULL ? g[0].as : reported[g[0].reported].id;
	struct judge_draft *d = judge_add(j, id, *g[0].key ? g[0].key : NULL);
	size_t attempted;

	d->detail = detail_of(&g[0]);
	d->words.name = g[0].name;
	if (g[0].name != NULL)
		d->words.account = vp_arena_strndup(j->arena, g[0].name,
		                                    strcspn(g[0].name, "."));
	d->words.address = judge_addr_text(j, &first->remote.addr);
	d->words.port = vp_arena_printf(j->arena, "%u",
	                                first->direction == VP_DIRECTION_IN
	                                        ? first->local.port
	                                        : first->remote.port);
	attempted = group_evidence(j, d, g, n);
	d->words.what = judge_count(j, n, "flow", "flows");
	if (attempted > 0 && first->direction != VP_DIRECTION_IN)
		d->words.what =
			vp_arena_printf(j->arena, "%s (%zu only attempted)",
		                        d->words.what, attempted);
	if (g[0].as != NULL)
		return;
	set_remedy(j, d, g, n);
	set_unknown_peer(j, d, g, n);
	if (reported[g[0].reported].class == VP_CLASS_UNEXPLAINED &&
	    j->facts->policy.report_only)
		d->f.severity = VP_SEVERITY_WARNING;
	for (size_t i = 0; i < n; i++) {
		if (!g[i].worse)
			continue;
		d->f.severity = VP_SEVERITY_ERROR;
		if (reported[g[i].reported].class == VP_CLASS_INBOUND)
			d->detail = contradicted(
				j,
				judge_closed(j, &j->facts->flows[g[i].flow]));
	}
}

static bool same_group(const struct group *a, const struct group *b)
{
	return group_order_of(a, b) == 0;
}

static void write_findings(struct judge *j, struct group *groups, size_t n)
{
	size_t end;

	if (n > 0)
		qsort(groups, n, sizeof(*groups), group_order);
	for (size_t i = 0; i < n; i = end) {
		end = i + 1;
		while (end < n && same_group(&groups[end], &groups[i]))
			end++;
		write_group(j, &groups[i], end - i);
	}
}

/* --- what a row excuses, and may be anybody's ---------------------------- */

static int text_order(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each once, in order; of many the first. */
static const char *names_once(struct judge *j, const char **names, size_t n,
                              size_t max)
{
	const char *text = "";
	size_t shown = 0, more = 0;

	qsort(names, n, sizeof(*names), text_order);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && strcasecmp(names[i], names[i - 1]) == 0)
			continue;
		if (shown == max) {
			more++;
			continue;
		}
		text = vp_arena_printf(j->arena, "%s%s%s", text,
		                       shown > 0 ? ", " : "", names[i]);
		shown++;
	}
	return more == 0 ? text
	                 : vp_arena_printf(j->arena, "%s and %zu more", text,
	                                   more);
}

static bool is_told_by(const struct vp_flow_judgement *o, const char *id)
{
	return o->class == VP_CLASS_REQUIRED && o->told_by != NULL &&
	       strcmp(o->told_by, id) == 0;
}

/* One for all of them: who knows the accounts goes through one list. */
static void somebodys(struct judge *j, const char *id, const char *detail)
{
	const char **names = NULL;
	struct judge_draft *d;
	struct vp_addr address;
	size_t n = 0, first = 0;

	for (size_t i = 0; i < j->facts->n_flows; i++) {
		const struct vp_flow_judgement *o = &j->out->flows[i];

		if (!is_told_by(o, id))
			continue;
		if (n == 0)
			first = i;
		*VP_PUSH(j->arena, names, n) = o->somebodys;
	}
	if (n == 0)
		return;
	d = judge_add(j, id, NULL);
	d->detail = detail;
	if (is_plain(j->out->flows[first].somebodys) &&
	    vp_addr_parse(&address, j->out->flows[first].somebodys) != 0)
		d->words.name = j->out->flows[first].somebodys;
	d->words.what = judge_count(j, n, "flow", "flows");
	d->words.names = names_once(j, names, n, 16);
	for (size_t i = first; i < j->facts->n_flows; i++) {
		const struct vp_flow_judgement *o = &j->out->flows[i];

		if (is_told_by(o, id))
			judge_evidence(j, d, flow_text(j, &j->facts->flows[i]));
	}
}

void judge_egress(struct judge *j, const struct vp_target *const *targets)
{
	struct group *groups = NULL, *g;
	size_t n = 0;

	for (size_t i = 0; i < j->facts->n_flows; i++) {
		enum vp_flow_class class = j->out->flows[i].class;

		for (size_t k = 0; k < sizeof(reported) / sizeof(reported[0]);
		     k++) {
			if (reported[k].class != class)
				continue;
			g = VP_PUSH(j->arena, groups, n);
			g->reported = k;
			g->flow = i;
			g->as = told_as(j, &j->facts->flows[i], class,
			                targets[i]);
			set_key(j, g, targets[i]);
		}
	}
	write_findings(j, groups, n);
	somebodys(j, "egress-somebodys-storage",
	          "{what} left for storage that may be Azure Batch's or "
	          "anybody's: {names}.");
	somebodys(j, "egress-somebodys-batch",
	          "{what} left for Azure Batch; whose account it is was not "
	          "proven: {names}.");
}
