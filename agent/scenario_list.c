/*
 * scenario_list.c - what has to pass a firewall, to paste or to read by a
 * program: "name port protocol direction" a line. Service tags are marked, what
 * is to be known besides stands in comments.
 */
#include "scenario_print.h"

#include <netinet/in.h>
#include <string.h>

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
			fputs("# behind the next one are anybody's resources, "
			      "too: data can leave by it\n",
			      out);
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
