/*
 * scenario_list.c - what has to pass a firewall, to paste or to read by a
 * program: "name port protocol direction" a line. Service tags are marked, what
 * is to be known besides stands in comments.
 */
#include "scenario_print.h"

#include <netinet/in.h>
#include <string.h>

/* The ports of private endpoints: "443, 445". "" if there are none. */
static void endpoint_ports(char *out, size_t size, const struct vp_facts *f)
{
	unsigned traffic = vp_scenario_of(f)->traffic;
	const struct vp_catalogue_port *rows;
	size_t n, used = 0;

	*out = '\0';
	rows = vp_catalogue_ports(&n);
	for (size_t i = 0; i < n && used < size; i++) {
		const struct vp_catalogue_port *p = &rows[i];

		if ((p->traffic & traffic) != 0 && p->endpoint)
			used += (size_t)snprintf(out + used, size - used,
			                         "%s%u", used > 0 ? ", " : "",
			                         p->first);
	}
}

static void put_within(FILE *out, const struct vp_facts *f)
{
	char ports[128];

	endpoint_ports(ports, sizeof(ports), f);
	if (*ports == '\0')
		return;
	fprintf(out,
	        "# If this firewall also stands between the machines and the "
	        "private endpoints,\n"
	        "# it needs a NETWORK rule to their subnet as well: tcp %s.\n"
	        "# (An application rule would ask the name again and connect "
	        "from its own\n"
	        "# address.)\n",
	        ports);
}

/* NULL: this scenario has no UDP to a name. */
static const char *udp_tag(const struct vp_facts *f)
{
	const struct vp_catalogue_required *rows;
	const struct vp_catalogue_tagged *tags;
	bool named = false;
	size_t n;

	rows = vp_catalogue_required_rows(&n);
	for (size_t i = 0; i < n; i++)
		named = named || (rows[i].proto == IPPROTO_UDP &&
		                  vp_scenario_requires(f, &rows[i]));
	tags = vp_catalogue_tagged(&n);
	for (size_t i = 0; named && i < n; i++) {
		if (tags[i].proto == IPPROTO_UDP && !tags[i].inbound &&
		    vp_scenario_tagged(f, &tags[i]))
			return tags[i].tag;
	}
	return NULL;
}

static void put_advice(FILE *out, const struct vp_facts *f)
{
	const char *tag = udp_tag(f);

	put_within(out, f);
	fputs("# Names are for rules by name (application rules), tags for "
	      "rules by address\n"
	      "# (network rules, security groups). What stands here by name "
	      "and "
	      "by tag needs\n"
	      "# one of the two; what stands here once needs that one.\n",
	      out);
	if (tag != NULL)
		fprintf(out,
		        "# Azure Firewall's application rules are for HTTP, "
		        "HTTPS and MSSQL, and a name\n"
		        "# with * fits no other rule: what is udp goes by "
		        "tag:%s.\n",
		        tag);
	fputs("# Not here: what pip, conda and the system's updates need.\n",
	      out);
}

static void put_head(FILE *out, const struct vp_facts *f)
{
	fprintf(out,
	        "# vnetprobe targets: scenario %s, cloud %s%s%s\n"
	        "# What has to pass to and from public addresses, one a line: "
	        "name port protocol\n"
	        "# direction. tag:NAME is a service tag. Names that are "
	        "expected to be private are\n"
	        "# not here: they need no way out.\n",
	        vp_scenario_of(f)->name, f->cloud != NULL ? f->cloud : "public",
	        f->region != NULL ? ", region " : "",
	        f->region != NULL ? f->region : "");
	if (f->region == NULL)
		fputs("# REGION stands for the region: name it in the config "
		      "(region: westeurope).\n",
		      out);
	put_advice(out, f);
}

static void put_names(FILE *out, const struct vp_facts *f)
{
	const struct vp_catalogue_required *rows;
	char name[160];
	size_t n;

	rows = vp_catalogue_required_rows(&n);
	for (size_t i = 0; i < n; i++) {
		if (vp_scenario_requires(f, &rows[i]))
			fprintf(out, "%s %u %s out\n",
			        vp_scenario_place(name, sizeof(name),
			                          rows[i].name, f->region),
			        rows[i].port, vp_scenario_proto(rows[i].proto));
	}
}

static bool is_name(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text > '~' || *text == '#')
			return false;
	}
	return true;
}

/* Those of the plan that may be public, unless a row has them. */
static void put_targets(FILE *out, const struct vp_facts *f)
{
	const char *cloud = f->cloud != NULL ? f->cloud : "public";
	unsigned traffic = vp_scenario_of(f)->traffic;

	for (size_t i = 0; i < f->n_targets; i++) {
		const struct vp_target *t = &f->targets[i];
		const char *name = t->name->name;

		if ((t->expect != VP_EXPECT_PUBLIC &&
		     t->expect != VP_EXPECT_ANY) ||
		    !is_name(name))
			continue;
		if (vp_catalogue_required(cloud, f->region, traffic, name,
		                          IPPROTO_TCP, t->port) == NULL)
			fprintf(out, "%s %u tcp out\n", name, t->port);
	}
}

/* Rows that differ only in the name that they want besides. */
static bool is_repeated(const struct vp_facts *f,
                        const struct vp_catalogue_tagged *rows, size_t index)
{
	const struct vp_catalogue_tagged *r = &rows[index];

	for (size_t i = 0; i < index; i++) {
		if (vp_scenario_tagged(f, &rows[i]) &&
		    strcmp(rows[i].tag, r->tag) == 0 &&
		    rows[i].proto == r->proto && rows[i].port == r->port &&
		    rows[i].inbound == r->inbound)
			return true;
	}
	return false;
}

/* Nodes need it, and it opens more than they need. */
static void put_danger(FILE *out, const struct vp_catalogue_tagged *row)
{
	if (strncmp(row->tag, "Storage.", strlen("Storage.")) == 0)
		fputs("# the next one opens every account in the region; limit "
		      "it by a service\n"
		      "# endpoint policy (/services/Azure/MachineLearning)\n",
		      out);
	else
		fputs("# the next one opens every account of this service in "
		      "the region\n",
		      out);
}

static void put_tags(FILE *out, const struct vp_facts *f)
{
	const struct vp_catalogue_tagged *rows;
	char tag[160];
	size_t n;

	fputs("# by service tag, for rules that go by addresses\n", out);
	rows = vp_catalogue_tagged(&n);
	for (size_t i = 0; i < n; i++) {
		if (!vp_scenario_tagged(f, &rows[i]) || is_repeated(f, rows, i))
			continue;
		if (rows[i].somebodys)
			put_danger(out, &rows[i]);
		fprintf(out, "tag:%s %u %s %s\n",
		        vp_scenario_place(tag, sizeof(tag), rows[i].tag,
		                          f->region),
		        rows[i].port, vp_scenario_proto(rows[i].proto),
		        rows[i].inbound ? "in" : "out");
	}
}

void vp_scenario_list(FILE *out, const struct vp_facts *f)
{
	put_head(out, f);
	put_names(out, f);
	put_targets(out, f);
	put_tags(out, f);
}
