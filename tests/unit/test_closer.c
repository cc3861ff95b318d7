/* Which names deserve a closer look, and at what. */
#include "closer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define GUID "01234567-89ab-cdef-0123-456789abcdef"

static void aliases(void **state)
{
	static const struct {
		const char *name, *zone, *guid, *want;
	} cases[] = {
		{ "st.blob.core.windows.net",
		  "privatelink.blob.core.windows.net", NULL,
		  "st.privatelink.blob.core.windows.net" },
		{ "kv.vault.azure.net", "privatelink.vaultcore.azure.net", NULL,
		  "kv.privatelink.vaultcore.azure.net" },
		{ "cr.eastus.data.azurecr.io", "privatelink.azurecr.io", NULL,
		  "cr.eastus.data.privatelink.azurecr.io" },
		{ GUID ".workspace.eastus.cert.api.azureml.ms",
		  "privatelink.api.azureml.ms", GUID,
		  GUID ".workspace.eastus.cert.privatelink.api.azureml.ms" },
		{ "score.eastus.inference.ml.azure.com",
		  "privatelink.api.azureml.ms", GUID,
		  "score." GUID
		  ".inference.eastus.privatelink.api.azureml.ms" },
		/* whose workspace it is, nobody said */
		{ "score.eastus.inference.ml.azure.com",
		  "privatelink.api.azureml.ms", NULL, NULL },
		{ "score.inference.ml.azure.com", "privatelink.api.azureml.ms",
		  GUID, NULL },
		{ "ci.eastus.instances.azureml.ms", NULL, GUID, NULL },
		/* it is one itself */
		{ "st.privatelink.blob.core.windows.net",
		  "privatelink.blob.core.windows.net", NULL, NULL },
		{ "blob.core.windows.net", "privatelink.blob.core.windows.net",
		  NULL, NULL },
		{ "a.example", "privatelink.blob.core.windows.net", NULL,
		  NULL },
		{ "a.example", "corp.example", NULL, NULL },
	};
	struct vp_facts *f = vp_facts_create();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vp_name name = {
			.name = (char *)(uintptr_t)cases[i].name
		};
		const char *got =
			vp_closer_alias(f, &name, cases[i].zone, cases[i].guid);

		if (cases[i].want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, cases[i].want);
	}
	vp_facts_destroy(f);
}

/* What an answer says goes before what the documents say. */
static void alias_seen(void **state)
{
	struct vp_chain_link chain[] = {
		{ (char *)(uintptr_t) "st.blob.core.windows.net",
		  (char *)(uintptr_t) "x.privatelink.blob.core.windows.net",
		  60 },
		{ (char *)(uintptr_t) "x.privatelink.blob.core.windows.net",
		  (char *)(uintptr_t) "blob.stamp.store.core.windows.net", 60 },
	};
	struct vp_dns_row row = { .chain = chain, .n_chain = 2 };
	struct vp_name name = {
		.name = (char *)(uintptr_t) "st.blob.core.windows.net",
		.rows = &row,
		.n_rows = 1,
	};
	struct vp_facts *f = vp_facts_create();

	(void)state;
	assert_string_equal(vp_closer_alias(f, &name,
	                                    "privatelink.blob.core.windows.net",
	                                    NULL),
	                    "x.privatelink.blob.core.windows.net");
	assert_string_equal(vp_closer_alias(f, &name, NULL, NULL),
	                    "x.privatelink.blob.core.windows.net");
	vp_facts_destroy(f);
}

static void zones(void **state)
{
	static const struct {
		const char *name, *zone, *first, *second;
	} cases[] = {
		{ "st.blob.core.windows.net",
		  "privatelink.blob.core.windows.net", "blob.core.windows.net",
		  NULL },
		{ "kv.vault.azure.net", "privatelink.vaultcore.azure.net",
		  "vaultcore.azure.net", "vault.azure.net" },
		{ "score.eastus.inference.ml.azure.com",
		  "privatelink.api.azureml.ms", "api.azureml.ms",
		  "inference.ml.azure.com" },
		{ "ci.eastus.instances.azureml.ms", NULL,
		  "instances.azureml.ms", NULL },
		{ "www.example", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got[2] = { NULL, NULL };
		size_t n = vp_closer_public_zones(got, cases[i].name,
		                                  cases[i].zone);

		assert_int_equal(n, (cases[i].first != NULL) +
		                            (cases[i].second != NULL));
		if (n > 0)
			assert_string_equal(got[0], cases[i].first);
		if (n > 1)
			assert_string_equal(got[1], cases[i].second);
	}
}

static struct vp_dns_address address(const char *text)
{
	struct vp_dns_address a = { .ttl = 10 };

	assert_int_equal(vp_addr_parse(&a.addr, text), 0);
	return a;
}

static void suspects(void **state)
{
	static const struct {
		uint16_t type;
		enum vp_outcome outcome;
		int rcode;
		const char *address;
		bool truncated, want;
	} cases[] = {
		{ VP_DNS_A, VP_OUTCOME_OK, 0, "10.0.0.4", false, false },
		{ VP_DNS_A, VP_OUTCOME_OK, 0, "100.64.0.4", false, false },
		{ VP_DNS_A, VP_OUTCOME_OK, 0, "20.0.0.4", false, true },
		{ VP_DNS_A, VP_OUTCOME_OK, 0, "0.0.0.0", false, true },
		{ VP_DNS_A, VP_OUTCOME_OK, 0, "127.0.0.1", false, true },
		{ VP_DNS_A, VP_OUTCOME_OK, 0, NULL, false, true },
		{ VP_DNS_AAAA, VP_OUTCOME_OK, 0, NULL, false, false },
		{ VP_DNS_AAAA, VP_OUTCOME_OK, 0, "2603::1", false, true },
		{ VP_DNS_AAAA, VP_OUTCOME_OK, 3, NULL, false, true },
		{ VP_DNS_AAAA, VP_OUTCOME_TIMEOUT, -1, NULL, false, true },
		{ VP_DNS_A, VP_OUTCOME_OK, 2, NULL, false, true },
		{ VP_DNS_A, VP_OUTCOME_OK, 0, NULL, true, false },
		{ 0, VP_OUTCOME_OK, -1, NULL, false, true }, /* NSS */
		{ 0, VP_OUTCOME_OK, -1, "10.0.0.4", false, false },
	};
	struct vp_facts *f = vp_facts_create();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vp_dns_address a = { .ttl = 0 };
		struct vp_dns_row row = {
			.type = cases[i].type,
			.outcome = cases[i].outcome,
			.rcode = cases[i].rcode,
			.truncated = cases[i].truncated,
			.addresses = &a,
			.n_addresses = cases[i].address != NULL,
		};
		struct vp_name name = { .rows = &row, .n_rows = 1 };

		if (cases[i].address != NULL)
			a = address(cases[i].address);
		if (vp_closer_is_suspect(f, &name) != cases[i].want)
			fail_msg("case %zu", i);
	}
	vp_facts_destroy(f);
}

/* A server that is only there to compare with gives NSS no right. */
static void nss_differs(void **state)
{
	struct vp_resolver resolvers[] = {
		{ .source = VP_RESOLVER_RESOLV_CONF },
		{ .source = VP_RESOLVER_COMPARE },
		{ .source = VP_RESOLVER_NSS },
	};
	struct vp_dns_address one = address("10.0.0.4"),
			      two = address("10.0.0.5");
	struct vp_dns_row rows[] = {
		{ .resolver = 0,
		  .type = VP_DNS_A,
		  .addresses = &one,
		  .n_addresses = 1 },
		{ .resolver = 1,
		  .type = VP_DNS_A,
		  .addresses = &two,
		  .n_addresses = 1 },
		{ .resolver = 2,
		  .transport = VP_TRANSPORT_NSS,
		  .addresses = &one,
		  .n_addresses = 1 },
	};
	struct vp_name name = { .rows = rows, .n_rows = 3 };
	struct vp_facts *f = vp_facts_create();

	(void)state;
	f->resolvers = resolvers;
	f->n_resolvers = COUNT(resolvers);
	assert_false(vp_closer_nss_differs(f, &name));
	rows[2].addresses = &two;
	assert_true(vp_closer_nss_differs(f, &name));
	rows[2].n_addresses = 0;
	assert_false(vp_closer_nss_differs(f, &name));
	vp_facts_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aliases),     cmocka_unit_test(alias_seen),
		cmocka_unit_test(zones),       cmocka_unit_test(suspects),
		cmocka_unit_test(nss_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
