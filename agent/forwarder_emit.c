/*
 * forwarder_emit.c - `dns --emit`: a whole file for a DNS server, or entries
 * for a hosts file, with a head that says what it is for and where it goes.
 */
#include "forwarder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "wording.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))
#define REFUSED 2
#define NAMES_A_LINE 8 /* of a hosts file; Windows reads 9 at most */

struct emit {
	FILE *out;
	const struct vp_facts *facts;
	struct vp_addr upstream;
	const char **zones;
	size_t n_zones;
	struct vp_arena *arena;
};

/* Each line of text behind a "#". */
static void comment(const struct emit *e, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		fprintf(e->out, n > 0 ? "# %.*s\n" : "#%.*s\n", (int)n, text);
		text += n;
		text += *text == '\n';
	}
}

/* --- servers -------------------------------------------------------------- */

static void then(const struct emit *e, enum vp_server_kind kind)
{
	fprintf(e->out, "# then: %s\n", vp_forwarder_then(kind));
}

static void bind_notes(const struct emit *e)
{
	comment(e, "\n"
	           "Where it goes: save it as /etc/bind/named.conf.azureml, "
	           "and write into\n"
	           "/etc/bind/named.conf (with views: into each of them)\n"
	           "    include \"/etc/bind/named.conf.azureml\";\n");
	then(e, VP_SERVER_BIND);
	comment(e, "\n"
	           "Private zones are not signed. Unless this server has "
	           "\"dnssec-validation no\",\n"
	           "write into its options { }:\n"
	           "    validate-except {\n");
	for (size_t i = 0; i < e->n_zones; i++)
		fprintf(e->out, "#         \"%s\";\n", e->zones[i]);
	comment(e, "    };\n"
	           "If options { } has deny-answer-addresses, name these "
	           "zones in its except-from.\n");
}

static void unbound_notes(const struct emit *e)
{
	comment(e, "\n"
	           "Where it goes: /etc/unbound/unbound.conf.d/azureml.conf, "
	           "or any file that\n"
	           "unbound.conf includes\n");
	then(e, VP_SERVER_UNBOUND);
	comment(e, "\n"
	           "Private zones are not signed, and their addresses are "
	           "private: domain-insecure\n"
	           "and private-domain let them through. With \"tls-upstream: "
	           "yes\" everything is\n"
	           "forwarded over TLS, which Azure DNS does not speak: set "
	           "forward-tls-upstream\n"
	           "where it is wanted instead.\n");
}

static void dnsmasq_notes(const struct emit *e)
{
	comment(e, "\n"
	           "Where it goes: /etc/dnsmasq.d/azureml.conf, or any file "
	           "that a conf-file or\n"
	           "conf-dir line of /etc/dnsmasq.conf names\n");
	then(e, VP_SERVER_DNSMASQ);
}

static void coredns_notes(const struct emit *e)
{
	comment(e, "\n"
	           "Where it goes: into the Corefile, beside the block for "
	           "\".\", or into a file\n"
	           "that it imports. In AKS into the ConfigMap coredns-custom "
	           "of kube-system, as a\n"
	           "key that ends in .server:\n"
	           "    kubectl -n kube-system create configmap "
	           "coredns-custom \\\n"
	           "        --from-file=azureml.server=FILE\n"
	           "    kubectl -n kube-system rollout restart deployment "
	           "coredns\n");
}

static void windows_notes(const struct emit *e)
{
	comment(e,
	        "\n"
	        "Where it goes: run it in PowerShell as an administrator, "
	        "on each DNS server;\n"
	        "again does no harm. The forwarders are not stored in Active "
	        "Directory: to have\n"
	        "them there, add -ReplicationScope Forest to the line "
	        "that begins with Add.\n"
	        "\n"
	        "The time-out is above 4 seconds: with less the server "
	        "gives up on Azure DNS\n"
	        "under load. Without recursion it then fails, and finds no "
	        "public address.\n");
}

static const struct server {
	const char *word, *title;
	enum vp_server_kind kind;
	void (*notes)(const struct emit *e);
	const char *end; /* behind the lines; NULL: nothing */
} servers[] = {
	{ "bind", "BIND 9", VP_SERVER_BIND, bind_notes, NULL },
	{ "unbound", "unbound", VP_SERVER_UNBOUND, unbound_notes, NULL },
	{ "dnsmasq", "dnsmasq", VP_SERVER_DNSMASQ, dnsmasq_notes, NULL },
	{ "coredns", "CoreDNS", VP_SERVER_COREDNS, coredns_notes, NULL },
	/* what the server knows from before would stay until it expires */
	{ "windows", "Windows DNS", VP_SERVER_WINDOWS, windows_notes,
	  "Clear-DnsServerCache -Force" },
};

static void upstream_notes(const struct emit *e)
{
	char text[VP_ADDR_TEXT];

	vp_addr_format(&e->upstream, text);
	comment(e, vp_arena_printf(e->arena, "\nThey go to %s%s", text,
	                           strcmp(text, VP_AZURE_DNS_TEXT) == 0
	                                   ? ", which is Azure's own DNS: it "
	                                     "answers in Azure only,\n"
	                                     "from the private DNS zones "
	                                     "that are linked to the VNet "
	                                     "this server is in.\n"
	                                     "For a server on premises give "
	                                     "--upstream the inbound "
	                                     "endpoint of a private\n"
	                                     "resolver, or a DNS server in "
	                                     "the VNet.\n"
	                                   : ". That has to be in Azure: the "
	                                     "inbound endpoint of a\n"
	                                     "private resolver, or a DNS "
	                                     "server, in a VNet that the "
	                                     "private DNS zones are\n"
	                                     "linked to.\n"));
}

/* Names that must be private, and that these zones do not cover. */
static void not_covered(const struct emit *e)
{
	bool title = false;

	for (size_t i = 0; i < e->facts->n_targets; i++) {
		const struct vp_target *t = &e->facts->targets[i];

		if (t->expect != VP_EXPECT_PRIVATE ||
		    vp_forwarder_zone_of(t->name->name) != NULL)
			continue;
		if (!title)
			comment(e, "\nNot covered, since their zone is not "
			           "known:\n");
		title = true;
		fprintf(e->out, "#     %s\n", t->name->name);
	}
}

static void emit_server(const struct emit *e, const struct server *s)
{
	comment(e, vp_arena_printf(
			   e->arena,
			   "Conditional forwarders for %s: Azure Machine "
			   "Learning behind private\nendpoints. Written by "
			   "vnetprobe %s.\n",
			   s->title, VP_VERSION));
	upstream_notes(e);
	comment(e,
	        "\n"
	        "The zones are the public ones. A server that forwards only "
	        "privatelink zones\n"
	        "asks others for the public name, and gets the public "
	        "address. None may be left\n"
	        "out, or some names are private and others public. What this "
	        "server has for\n"
	        "these zones already, or for zones below them, has to go.\n");
	s->notes(e);
	not_covered(e);
	fputc('\n', e->out);
	fputs(vp_forwarder_lines(e->arena, s->kind, e->zones, e->n_zones,
	                         &e->upstream),
	      e->out);
	if (s->end != NULL)
		fprintf(e->out, "%s\n", s->end);
}

/* --- hosts ---------------------------------------------------------------- */

struct entry {
	struct vp_addr addr; /* family 0: none, for the reason in gap */
	const char *name;
	const char *gap;
};

struct entries {
	struct entry *list;
	size_t n;
};

static int by_name(const void *a, const void *b)
{
	const struct vp_target *const *x = a, *const *y = b;

	return strcmp((*x)->name->name, (*y)->name->name);
}

static int by_address(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = vp_addr_compare(&x->addr, &y->addr);

	return order != 0 ? order : strcmp(x->name, y->name);
}

static void add_address(struct vp_arena *arena, struct vp_addr **list,
                        size_t *n, const struct vp_addr *a)
{
	for (size_t i = 0; i < *n; i++) {
		if (vp_addr_equal(&(*list)[i], a))
			return;
	}
	*VP_PUSH(arena, *list, *n) = *a;
}

static const char *gap_of(const struct emit *e, const struct vp_addr *list,
                          size_t n, bool private)
{
	const struct vp_policy *p = &e->facts->policy;
	size_t v4 = 0;

	for (size_t i = 0; i < n; i++) {
		v4 += list[i].family == 4;
		if (private && vp_addr_scope(&list[i], p->vnet, p->n_vnet) ==
		                       VP_SCOPE_PUBLIC)
			return "the expected address is public";
	}
	if (n == 0 && private)
		return "no expected address is known";
	if (v4 > 1 || n - v4 > 1)
		return "several addresses are allowed; which is its own is not "
		       "known";
	return NULL;
}

/* Of the names that an instance may have, another one stands before this: an
 * entry for a name that does not exist hides that from everybody. */
static bool is_other_suffix(const struct emit *e, const struct vp_target *t)
{
	const struct vp_facts *f = e->facts;

	for (size_t i = 0; t->alternative_of != NULL && &f->targets[i] != t;
	     i++) {
		const struct vp_target *before = &f->targets[i];

		if (before->alternative_of != NULL && before->name != t->name &&
		    strcmp(before->alternative_of, t->alternative_of) == 0)
			return true;
	}
	return false;
}

/*
 * The entries of one name, which n targets have. A hosts file gives one address
 * of each family: of two that are allowed nobody knows here which is right.
 * What has to be public is not made private.
 */
static void add_entries(const struct emit *e, struct entries *out,
                        const struct vp_target *const *targets, size_t n)
{
	struct entry entry = { .name = targets[0]->name->name };
	struct vp_addr *list = NULL;
	bool private = false, open = true;
	size_t n_list = 0;

	for (size_t i = 0; i < n; i++) {
		private = private || targets[i]->expect == VP_EXPECT_PRIVATE;
		open = open &&
		       (targets[i]->expect == VP_EXPECT_PUBLIC ||
		        targets[i]->expect == VP_EXPECT_SERVICE_ENDPOINT);
		for (size_t k = 0; k < targets[i]->n_expected; k++)
			add_address(e->arena, &list, &n_list,
			            &targets[i]->expected[k]);
	}
	if (open)
		return;
	entry.gap = is_other_suffix(e, targets[0])
	                    ? "the same instance by another suffix; only one "
	                      "of them is in use"
	                    : gap_of(e, list, n_list, private);
	if (entry.gap != NULL)
		*VP_PUSH(e->arena, out->list, out->n) = entry;
	for (size_t i = 0; i < n_list && entry.gap == NULL; i++) {
		entry.addr = list[i];
		*VP_PUSH(e->arena, out->list, out->n) = entry;
	}
}

/* Without address first, then by address and name. */
static struct entries make_entries(const struct emit *e)
{
	const struct vp_facts *f = e->facts;
	const struct vp_target **sorted =
		vp_arena_alloc(e->arena, (f->n_targets + 1) * sizeof(*sorted));
	struct entries out = { 0 };
	size_t end;

	for (size_t i = 0; i < f->n_targets; i++)
		sorted[i] = &f->targets[i];
	qsort(sorted, f->n_targets, sizeof(*sorted), by_name);
	for (size_t i = 0; i < f->n_targets; i = end) {
		for (end = i + 1; end < f->n_targets; end++)
			if (by_name(&sorted[i], &sorted[end]) != 0)
				break;
		add_entries(e, &out, &sorted[i], end - i);
	}
	if (out.n > 0)
		qsort(out.list, out.n, sizeof(*out.list), by_address);
	return out;
}

static void print_entries(const struct emit *e, const struct entries *entries)
{
	char text[VP_ADDR_TEXT];
	size_t on_line = 0;

	for (size_t i = 0; i < entries->n; i++) {
		const struct entry *x = &entries->list[i];

		if (x->addr.family == 0)
			continue;
		if (on_line == NAMES_A_LINE ||
		    (on_line > 0 && !vp_addr_equal(&x[-1].addr, &x->addr))) {
			fputc('\n', e->out);
			on_line = 0;
		}
		if (on_line++ == 0)
			fputs(vp_addr_format(&x->addr, text), e->out);
		fprintf(e->out, " %s", x->name);
	}
	fputc('\n', e->out);
	for (size_t i = 0; i < entries->n; i++) {
		if (entries->list[i].gap != NULL)
			fprintf(e->out, "# %s: %s\n", entries->list[i].name,
			        entries->list[i].gap);
	}
}

static int emit_hosts(const struct emit *e, char *why, size_t size)
{
	struct entries entries = make_entries(e);

	if (entries.n == 0 || entries.list[entries.n - 1].gap != NULL) {
		snprintf(why, size,
		         "--emit hosts: no target has an expected address of "
		         "its own: give --endpoint FILE, or 'addresses' in "
		         "the config");
		return REFUSED;
	}
	comment(e, "Addresses of private endpoints, for Azure Machine "
	           "Learning. Written by\nvnetprobe " VP_VERSION ".\n"
	           "\n"
	           "Where it goes: at the end of /etc/hosts (Windows:\n"
	           "C:\\Windows\\System32\\drivers\\etc\\hosts) on each "
	           "machine that needs these names.\n"
	           "Lines with the same names that are there already have to "
	           "go.\n"
	           "\n"
	           "A stopgap until DNS is right: no entry follows an "
	           "endpoint that is made anew,\n"
	           "and there are no wildcards.\n");
	fputc('\n', e->out);
	print_entries(e, &entries);
	return 0;
}

/* --- which ---------------------------------------------------------------- */

static int unknown_word(const char *word, char *why, size_t size)
{
	const char *words[N_OF(servers) + 1], *near;
	char quoted[VP_QUOTE_TEXT];
	size_t n = 0;

	for (; n < N_OF(servers); n++)
		words[n] = servers[n].word;
	words[n++] = "hosts";
	near = vp_nearest(word, words, n);
	snprintf(why, size,
	         "--emit: %s is not one of bind, unbound, dnsmasq, coredns, "
	         "windows, hosts%s%s%s",
	         vp_quote(quoted, word), near != NULL ? "; did you mean '" : "",
	         near != NULL ? near : "", near != NULL ? "'?" : "");
	return REFUSED;
}

/* Forwarding to these is the mistake that this file is meant to cure. */
static bool upstream_fits(const struct vp_addr *a, const struct vp_policy *p,
                          char *why, size_t size)
{
	enum vp_scope scope = vp_addr_scope(a, p->vnet, p->n_vnet);
	char text[VP_ADDR_TEXT];

	if (vp_catalogue_public_resolver(a)) {
		snprintf(why, size,
		         "--upstream: %s is a public resolver, which knows no "
		         "private zone",
		         vp_addr_format(a, text));
		return false;
	}
	if (scope == VP_SCOPE_VNET || scope == VP_SCOPE_PRIVATE ||
	    scope == VP_SCOPE_PUBLIC || /* may be a VNet's own range (P8) */
	    strcmp(vp_addr_format(a, text), VP_AZURE_DNS_TEXT) == 0)
		return true;
	snprintf(why, size,
	         "--upstream: %s is a %s address: give that of a DNS server "
	         "in Azure",
	         vp_addr_format(a, text), vp_scope_name(scope));
	return false;
}

static int emit(const struct emit *e, const struct vp_settings *s, char *why,
                size_t size)
{
	if (strcmp(s->emit, "hosts") == 0)
		return emit_hosts(e, why, size);
	for (size_t i = 0; i < N_OF(servers); i++) {
		if (strcmp(s->emit, servers[i].word) != 0)
			continue;
		if (!upstream_fits(&e->upstream, &e->facts->policy, why, size))
			return REFUSED;
		emit_server(e, &servers[i]);
		return 0;
	}
	return unknown_word(s->emit, why, size);
}

int vp_emit(FILE *out, const struct vp_facts *facts,
            const struct vp_settings *s, char *why, size_t size)
{
	struct emit e = {
		.out = out,
		.facts = facts,
		.upstream = s->upstream,
		.arena = vp_arena_create(),
	};
	int rc;

	if (e.upstream.family == 0)
		vp_addr_parse(&e.upstream, VP_AZURE_DNS_TEXT);
	e.n_zones = vp_forwarder_zones(facts, e.arena, &e.zones);
	rc = emit(&e, s, why, size);
	vp_arena_destroy(e.arena);
	if (rc != 0)
		return rc;
	if (fflush(out) != 0)
		return errno != 0 ? -errno : -EIO;
	return ferror(out) ? -EIO : 0;
}
