/* What is public by design, and what only looks like it. */
#include "catalogue.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void rows(void **state)
{
	static const struct {
		const char *cloud, *region, *name;
		uint8_t proto;
		uint16_t port;
		bool want;
	} cases[] = {
		{ "public", "eastus", "login.microsoftonline.com", IPPROTO_TCP,
		  443, true },
		{ "public", "eastus", "LOGIN.microsoftonline.com", IPPROTO_TCP,
		  443, true },
		{ "public", "eastus", "login.microsoftonline.com", IPPROTO_TCP,
		  8443, false },
		{ "public", "eastus", "login.microsoftonline.com", IPPROTO_UDP,
		  443, false },
		{ "public", "eastus", "xlogin.microsoftonline.com", IPPROTO_TCP,
		  443, false },
		{ "public", "eastus", "login.microsoftonline.com.evil.example",
		  IPPROTO_TCP, 443, false },
		{ "china", "eastus", "login.microsoftonline.com", IPPROTO_TCP,
		  443, false },
		{ "public", "eastus", "eastus.api.azureml.ms", IPPROTO_TCP, 443,
		  true },
		{ "public", "eastus", "westus.api.azureml.ms", IPPROTO_TCP, 443,
		  false },
		{ "public", NULL, "westus.api.azureml.ms", IPPROTO_TCP, 443,
		  true },
		/* a workspace of somebody's is not the region's own name */
		{ "public", NULL, "guid.workspace.westus.api.azureml.ms",
		  IPPROTO_TCP, 443, false },
		/* Batch's own or anybody's account: of nodes only, below */
		{ "public", "eastus", "a.eastus.batch.azure.com", IPPROTO_TCP,
		  443, false },
		{ "public", "eastus", "a.eastus.service.batch.azure.com",
		  IPPROTO_TCP, 443, false },
		{ "public", "eastus", "eastus.batch.azure.com", IPPROTO_TCP,
		  443, false },
		{ "public", "eastus", "a.blob.core.windows.net", IPPROTO_TCP,
		  443, false },
		/* public, and yet nothing here has to talk to it */
		{ "public", "eastus", "graph.microsoft.com", IPPROTO_TCP, 443,
		  false },
		{ "public", "eastus", "graph.microsoft.com", 0, 0, false },
		{ "public", "eastus", "", IPPROTO_TCP, 443, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool got = vp_catalogue_required(
				   cases[i].cloud, cases[i].region,
				   VP_TRAFFIC_ALWAYS, cases[i].name,
				   cases[i].proto, cases[i].port) != NULL;

		if (got != cases[i].want)
			fail_msg("%s in %s: %d", cases[i].name, cases[i].cloud,
			         got);
	}
	assert_non_null(vp_catalogue_required(
		"public", "eastus", VP_TRAFFIC_NODE, "a.eastus.batch.azure.com",
		IPPROTO_TCP, 443));
	assert_non_null(vp_catalogue_required(
		"public", "eastus", VP_TRAFFIC_NODE,
		"a.b.eastus.service.batch.azure.com", IPPROTO_TCP, 443));
	assert_null(vp_catalogue_required("public", "eastus", VP_TRAFFIC_NODE,
	                                  "eastus.batch.azure.com", IPPROTO_TCP,
	                                  443));
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
