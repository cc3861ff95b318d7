/*
 * found_imds.c - /metadata/instance of the machine's metadata service, to
 * values (docs/sources.md: G44314 and samples for the shapes).
 *
 * It tells of this machine, not of the workspace: subscription and cloud are
 * the best guess there is, and a region that only the machine has.
 */
#include "found_azure.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define INTERFACES_MAX 16

const char *vp_azure_cloud(const char *name)
{
	static const struct {
		const char *name, *cloud;
	} rows[] = {
		{ "AzurePublicCloud", "public" },
		{ "AzureCloud", "public" },
		{ "AzureUSGovernmentCloud", "usgovernment" },
		{ "AzureUSGovernment", "usgovernment" },
		{ "AzureChinaCloud", "china" },
	};

	for (size_t i = 0; name != NULL && i < sizeof(rows) / sizeof(*rows);
	     i++) {
		if (strcasecmp(name, rows[i].name) == 0)
			return rows[i].cloud;
	}
	return NULL;
}

static void add_subnet(struct vp_found *f, const json_t *subnet)
{
	const char *address =
		json_string_value(json_object_get(subnet, "address"));
	const char *prefix =
		json_string_value(json_object_get(subnet, "prefix"));

	if (address != NULL && prefix != NULL)
		vp_found_add(f, "machine_subnet",
		             vp_arena_printf(f->arena, "%.64s/%.3s", address,
		                             prefix));
}

static void add_interfaces(struct vp_found *f, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list) && i < INTERFACES_MAX;
	     i++) {
		const json_t *v4 =
			json_object_get(json_array_get(list, i), "ipv4");
		const json_t *a = json_object_get(v4, "ipAddress");

		for (size_t k = 0; k < json_array_size(a) && k < 8; k++)
			vp_found_add(f, "machine_address",
			             json_string_value(json_object_get(
					     json_array_get(a, k),
					     "privateIpAddress")));
		add_subnet(f, json_array_get(json_object_get(v4, "subnet"), 0));
	}
}

/* An instance or a node is compute of a workspace, other machines are not. */
static bool is_compute(const struct vp_discovery *d)
{
	for (size_t i = 0; i < d->n_values; i++) {
		if (strcmp(d->values[i].key, "compute_instance") == 0 ||
		    strncmp(d->values[i].source, "environment AZUREML_", 20) ==
		            0)
			return true;
	}
	return false;
}

static void add_compute(struct vp_found *f, const json_t *c)
{
	const char *environment = vp_azure_text(c, "azEnvironment");
	const char *id = vp_azure_text(c, "resourceId");
	const struct vp_placement place = {
		.role = is_compute(f->out) ? VP_PLACEMENT_COMPUTE
		                           : VP_PLACEMENT_MACHINE,
		.name = vp_arena_strdup(f->arena, vp_azure_text(c, "name")),
		.location =
			vp_arena_strdup(f->arena, vp_azure_text(c, "location")),
	};

	if (environment != NULL && vp_azure_cloud(environment) == NULL)
		vp_found_note(f, "its azEnvironment is none of the three "
		                 "clouds known here");
	vp_found_add(f, "cloud", vp_azure_cloud(environment));
	vp_found_add(f, "machine_name", place.name);
	vp_found_add(f, "machine_region", place.location);
	vp_found_add(f, "machine_id", id);
	f->inferred = true;
	vp_found_add(f, "subscription", vp_azure_text(c, "subscriptionId"));
	f->inferred = false;
	vp_found_place(f, &place);
}

bool vp_found_imds(struct vp_found *f, const char *data, size_t len)
{
	json_error_t error;
	json_t *root = json_loadb(data, len, 0, &error);
	const json_t *compute = json_object_get(root, "compute");
	bool ok = json_is_object(compute);

	if (root == NULL)
		vp_found_note(f, "its answer is not JSON");
	else if (!ok)
		vp_found_note(f, "its answer does not tell of a machine");
	else
		add_compute(f, compute);
	if (ok)
		add_interfaces(f,
		               json_object_get(json_object_get(root, "network"),
		                               "interface"));
	json_decref(root);
	return ok;
}
