/* Who has an address, by the official file's form; and by the official files,
 * where they are at hand. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "service_tags_table.h"

#define SAMPLE VP_TEST_DATA "/data/ServiceTags_Sample_20260601.json"
#define JUNE_2026 INT64_C(1780272000) /* 2026-06-01, Unix seconds */

static struct vp_service_tags *sample(void)
{
	struct vp_service_tags *t;
	char why[512] = "";

	if (vp_service_tags_read(&t, SAMPLE, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	return t;
}

/* "Storage.EastUS2 198.51.100.16/28, Storage ..." */
static char *found_text(const struct vp_service_tags *t, struct vp_arena *arena,
                        const struct vp_addr *a)
{
	struct vp_flow_tag *tags;
	char *text = vp_arena_strdup(arena, ""), buf[VP_PREFIX_TEXT];
	size_t n;

	tags = vp_service_tags_find(t, arena, a, &n);
	for (size_t i = 0; i < n; i++)
		text = vp_arena_printf(arena, "%s%s%s %s", text,
		                       i > 0 ? ", " : "", tags[i].name,
		                       vp_prefix_format(&tags[i].prefix, buf));
	return text;
}

static void ranks(void **state)
{
	static const struct {
		const char *addr, *want;
	} cases[] = {
		{ "198.51.100.20",
		  "Storage.EastUS2 198.51.100.16/28, Storage 198.51.100.16/28, "
		  "AzureCloud.eastus2 198.51.100.0/25, AzureCloud "
		  "198.51.100.0/24" },
		{ "198.51.100.15",
		  "AzureCloud.eastus2 198.51.100.0/25, AzureCloud "
		  "198.51.100.0/24" },
		{ "198.51.100.16",
		  "Storage.EastUS2 198.51.100.16/28, Storage 198.51.100.16/28, "
		  "AzureCloud.eastus2 198.51.100.0/25, AzureCloud "
		  "198.51.100.0/24" },
		{ "198.51.100.32",
		  "AzureCloud.eastus2 198.51.100.0/25, AzureCloud "
		  "198.51.100.0/24" },
		{ "198.51.100.127",
		  "Storage 198.51.100.64/26, AzureCloud.eastus2 "
		  "198.51.100.0/25, AzureCloud 198.51.100.0/24" },
		{ "198.51.100.128", "AzureCloud 198.51.100.0/24" },
		{ "198.51.100.255", "AzureCloud 198.51.100.0/24" },
		{ "198.51.101.0", "" },
		{ "198.51.99.255", "" },
		/* before the first prefix, and after the last */
		{ "1.0.0.0", "" },
		{ "255.255.255.255", "" },
		/* a service that lies outside of AzureCloud */
		{ "203.0.113.203", "AzureActiveDirectory 203.0.113.200/29" },
		/* a dot in the name is no region */
		{ "203.0.113.240", "AzureFrontDoor.Frontend 203.0.113.240/28" },
		{ "2001:db8:1:2::1f",
		  "Storage.EastUS2 2001:db8:1:2::10/124, Storage "
		  "2001:db8:1:2::10/124, AzureCloud.eastus2 "
		  "2001:db8:1:2::/64, AzureCloud 2001:db8:1::/48" },
		{ "2001:db8:1:2::20",
		  "AzureCloud.eastus2 2001:db8:1:2::/64, AzureCloud "
		  "2001:db8:1::/48" },
		{ "2001:db8::", "" },
		{ "::", "" },
		/* the same bytes in the other family */
		{ "c633:6414::", "" },
	};
	struct vp_arena *arena = vp_arena_create();
	struct vp_service_tags *t = sample();
	struct vp_addr a, none = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(vp_addr_parse(&a, cases[i].addr), 0);
		assert_string_equal(found_text(t, arena, &a), cases[i].want);
	}
	assert_string_equal(found_text(t, arena, &none), "");
	vp_service_tags_destroy(t);
	vp_arena_destroy(arena);
}

static void names(void **state)
{
	struct vp_service_tags *t = sample();

	(void)state;
	assert_true(vp_service_tags_has(t, "Storage.EastUS2"));
	assert_true(vp_service_tags_has(t, "storage.eastus2"));
	assert_true(vp_service_tags_has(t, "AZURECLOUD"));
	assert_false(vp_service_tags_has(t, "Storage.EastUS"));
	assert_false(vp_service_tags_has(t, "Stor"));
	assert_false(vp_service_tags_has(t, ""));
	assert_string_equal(vp_service_tags_nearest(t, "Storage.EastUS"),
	                    "Storage.EastUS2");
	vp_service_tags_destroy(t);
}

static void description(void **state)
{
	struct vp_arena *arena = vp_arena_create();
	struct vp_service_tags *t = sample();
	struct vp_tags_facts facts;

	(void)state;
	vp_service_tags_describe(t, arena, &facts);
	vp_service_tags_destroy(t); /* the facts own what they say */
	assert_string_equal(facts.file, SAMPLE);
	assert_string_equal(facts.cloud, "Public");
	assert_int_equal(facts.change_number, 7);
	assert_int_equal(facts.dated_us, JUNE_2026 * 1000000);
	assert_int_equal(facts.n_tags, 9);
	assert_int_equal(facts.n_prefixes, 17);
	vp_arena_destroy(arena);
}

#define ONE                                                                    \
	"{\"cloud\":\"Public\",\"values\":[{\"name\":\"A\",\"properties\":{"   \
	"\"addressPrefixes\":[\"192.0.2.0/24\",\"192.0.2.0/24\"]}}]}"

static void dates(void **state)
{
	static const struct {
		const char *name;
		int64_t want_s; /* 0: that of the file's change */
	} cases[] = {
		{ "ServiceTags_Public_20260601.json", JUNE_2026 },
		{ "/a_20200101/ServiceTags_Public_20260601.json", JUNE_2026 },
		{ "/a_20200101/ServiceTags_Public.json", 0 },
		{ "_20260601", JUNE_2026 },
		{ "ServiceTags_Public_20260601-copy.json", JUNE_2026 },
		{ "ServiceTags_Public_202606011.json", 0 },
		{ "ServiceTags_Public_2026060.json", 0 },
		{ "ServiceTags_Public_20260631.json", 0 },
		{ "ServiceTags_Public_20261301.json", 0 },
		{ "ServiceTags_Public_00000000.json", 0 },
		{ "tags.json", 0 },
	};
	struct vp_service_tags *t;
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t want = cases[i].want_s != 0 ? cases[i].want_s : 77;

		assert_int_equal(vp_service_tags_parse(&t, cases[i].name, ONE,
		                                       strlen(ONE), 77000000,
		                                       why, sizeof(why)),
		                 0);
		if (t->dated_us != want * 1000000)
			fail_msg("%s: %lld", cases[i].name,
			         (long long)t->dated_us);
		assert_int_equal(t->n_owners, 1); /* listed twice: once */
		vp_service_tags_destroy(t);
	}
}

#define TAG(name, prefixes)                                                    \
	"{\"name\":" name ",\"properties\":{\"addressPrefixes\":" prefixes "}" \
	"}"
#define FILE_OF(values) "{\"cloud\":\"Public\",\"values\":[" values "]}"

static void refused(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "line " },
		{ "{", "is not JSON" },
		{ "\xff\xfe{", "UTF-16" },
		{ "[]", "this is no ServiceTags file" },
		{ "{\"values\":[]}", "this is no ServiceTags file" },
		{ "{\"cloud\":\"Public\",\"values\":{}}",
		  "no ServiceTags file" },
		{ "{\"cloud\":\"a b\",\"values\":[]}", "no ServiceTags file" },
		{ "{\"cloud\":\"Public\",\"cloud\":\"China\",\"values\":[]}",
		  "duplicate" },
		{ "{\"cloud\":\"Public\",\"changeNumber\":\"7\",\"values\":[]}",
		  "changeNumber is not a number" },
		{ FILE_OF(""), "no prefix in it" },
		{ FILE_OF(TAG("\"A\"", "[]")), "no prefix in it" },
		{ FILE_OF("7"), "values[0].name" },
		{ FILE_OF(TAG("7", "[]")), "values[0].name" },
		{ FILE_OF(TAG("\"\"", "[]")), "values[0].name" },
		{ FILE_OF(TAG("\"A\\nB\"", "[]")), "values[0].name" },
		{ FILE_OF(TAG("\"A\"", "7")),
		  "values[0].properties.addressPrefixes is not a list" },
		{ FILE_OF(TAG("\"A\"", "[7]")),
		  "values[0].properties.addressPrefixes[0] is not text" },
		{ FILE_OF(TAG("\"A\"", "[\"192.0.2.0/24\",\"192.0.2.1/24\"]")),
		  "addressPrefixes[1]: '192.0.2.1/24' is not a prefix" },
		{ FILE_OF(TAG("\"A\"", "[\"192.0.2.0/33\"]")),
		  "'192.0.2.0/33' is not a prefix" },
		/* one such line would excuse everything */
		{ FILE_OF(TAG("\"A\"", "[\"0.0.0.0/0\"]")),
		  "'0.0.0.0/0' is too large to be a service's" },
		{ FILE_OF(TAG("\"A\"", "[\"12.0.0.0/7\"]")), "too large" },
		{ FILE_OF(TAG("\"A\"", "[\"2000::/3\"]")), "too large" },
		{ FILE_OF(TAG("\"A\"", "[\"192.0.2.0/24\"]") "," TAG(
			  "\"a\"", "[\"192.0.2.0/24\"]")),
		  "stands there twice" },
	};
	struct vp_service_tags *t;
	char why[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int err = vp_service_tags_parse(&t, "f.json", cases[i].text,
		                                strlen(cases[i].text), 0, why,
		                                sizeof(why));

		if (err != -EINVAL || t != NULL ||
		    strncmp(why, "f.json: ", 8) != 0 ||
		    strstr(why, cases[i].want) == NULL)
			fail_msg("%s: %d, %s", cases[i].text, err, why);
	}
}

/* Small on disk and large in memory, deep, or too long: said, not eaten. */
static void hostile(void **state)
{
	size_t n = (64u << 20) + 1;
	struct vp_service_tags *t;
	char *data = malloc(n), why[512];

	(void)state;
	assert_non_null(data);
	memset(data, ' ', n);
	assert_int_equal(
		vp_service_tags_parse(&t, "f", data, n, 0, why, sizeof(why)),
		-EINVAL);
	assert_string_equal(why, "f: larger than 64 MiB");
	memset(data, '[', 1u << 20);
	assert_int_equal(vp_service_tags_parse(&t, "f", data, 1u << 20, 0, why,
	                                       sizeof(why)),
	                 -EINVAL);
	assert_non_null(strstr(why, "is not JSON"));
	for (size_t i = 0; i + 3 <= 6u << 20; i += 3)
		memcpy(data + i, "{},", 3);
	assert_int_equal(vp_service_tags_parse(&t, "f", data, 6u << 20, 0, why,
	                                       sizeof(why)),
	                 -EINVAL);
	assert_non_null(strstr(why, "more than 2000000 values"));
	free(data);
}

static void not_readable(void **state)
{
	struct vp_service_tags *t;
	char why[512];

	(void)state;
	assert_int_equal(
		vp_service_tags_read(&t, "/nowhere/x", why, sizeof(why)),
		-ENOENT);
	assert_string_equal(why, "/nowhere/x: No such file or directory");
	assert_int_equal(vp_service_tags_read(&t, "/", why, sizeof(why)),
	                 -EISDIR);
	assert_null(t);
}

/* --- the official files, by a scan of all that stands in them --------------
 */

struct pair {
	struct vp_prefix prefix;
	size_t tag;
};

struct naive { /* read without the reader */
	const struct vp_service_tags *t;
	json_t *root;
	struct pair *pairs;
	size_t n;
};

static void load_naive(struct naive *n, const char *file)
{
	json_t *values, *tag, *prefix;
	size_t i, k;

	n->root = json_load_file(file, 0, NULL);
	values = json_object_get(n->root, "values");
	n->pairs = calloc(200000, sizeof(*n->pairs));
	assert_non_null(n->pairs);
	json_array_foreach(values, i, tag)
	{
		json_t *list = json_object_get(
			json_object_get(tag, "properties"), "addressPrefixes");

		json_array_foreach(list, k, prefix)
		{
			assert_true(n->n < 200000);
			assert_int_equal(
				vp_prefix_parse(&n->pairs[n->n].prefix,
			                        json_string_value(prefix)),
				0);
			n->pairs[n->n++].tag = i;
		}
	}
}

static const char *tag_name(const struct naive *n, size_t tag)
{
	return json_string_value(json_object_get(
		json_array_get(json_object_get(n->root, "values"), tag),
		"name"));
}

/* For each tag the longest prefix that contains the address, or none. */
static void compare(const struct naive *n, const struct vp_addr *a)
{
	struct vp_arena *arena = vp_arena_create();
	const struct vp_prefix **best =
		vp_arena_alloc(arena, n->t->n_tags * sizeof(*best));
	const struct vp_flow_tag *tags;
	size_t found, expected = 0;
	char text[VP_ADDR_TEXT];

	tags = vp_service_tags_find(n->t, arena, a, &found);
	for (size_t i = 0; i < n->n; i++) {
		const struct vp_prefix *p = &n->pairs[i].prefix;
		const struct vp_prefix **b = &best[n->pairs[i].tag];

		if (!vp_prefix_contains(p, a))
			continue;
		expected += *b == NULL;
		if (*b == NULL || (*b)->len < p->len)
			*b = p;
	}
	for (size_t i = 0; i < found; i++) {
		size_t k = 0;

		while (strcmp(tag_name(n, k), tags[i].name) != 0)
			k++;
		if (best[k] == NULL || best[k]->len != tags[i].prefix.len)
			fail_msg("%s: wrongly %s", vp_addr_format(a, text),
			         tags[i].name);
	}
	if (found != expected)
		fail_msg("%s: %zu tags, not %zu", vp_addr_format(a, text),
		         found, expected);
	vp_arena_destroy(arena);
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* One beyond either end of the prefix, its ends, or somewhere. */
static struct vp_addr address(const struct vp_prefix *p, unsigned which,
                              uint32_t *seed)
{
	struct vp_addr a = p->addr;
	unsigned bits = a.family == 4 ? 32 : 128;
	int step = which == 0 ? -1 : which == 3 ? 1 : 0;

	for (unsigned i = p->len; i < bits && which > 1; i++) {
		if (which < 4 || (next(seed) & 1) != 0)
			a.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	for (int i = (int)bits / 8 - 1; step != 0 && i >= 0; i--) {
		a.bytes[i] = (uint8_t)(a.bytes[i] + step);
		if (a.bytes[i] != (step > 0 ? 0 : 0xff))
			break;
	}
	return a;
}

static void look_up(const char *file)
{
	struct naive n = { 0 };
	struct vp_service_tags *t;
	uint32_t seed = 4;
	char why[512];

	if (vp_service_tags_read(&t, file, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	n.t = t;
	load_naive(&n, file);
	for (size_t i = 0; i < 120; i++) {
		const struct vp_prefix *p =
			&t->prefixes[next(&seed) % t->n_prefixes].prefix;

		for (unsigned which = 0; which < 5; which++) {
			struct vp_addr a = address(p, which, &seed);

			compare(&n, &a);
		}
	}
	for (size_t i = 0; i < 100; i++) { /* anywhere at all */
		struct vp_addr a = { .family = 4 };

		for (size_t k = 0; k < 4; k++)
			a.bytes[k] = (uint8_t)next(&seed);
		compare(&n, &a);
	}
	free(n.pairs);
	json_decref(n.root);
	vp_service_tags_destroy(t);
}

static void like_a_scan(void **state)
{
	(void)state;
	look_up(SAMPLE);
}

static void official(void **state)
{
	static const char *const files[] = {
		"ServiceTags_Public.json",
		"ServiceTags_AzureGovernment.json",
		"ServiceTags_China.json",
		"ServiceTags_Public_subset_20260626.json",
	};
	const char *dir = getenv("VP_SERVICE_TAGS");
	char path[4096];
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (dir == NULL)
			dir = VP_SOURCE_DIR "/../shared/data";
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		if (access(path, R_OK) != 0)
			continue;
		look_up(path);
		seen++;
	}
	if (seen == 0) {
		print_message("no official file in %s (VP_SERVICE_TAGS)\n",
		              dir);
		skip();
	}
}

/* What domain 9 and K1 say of the file of 2025-11-17. */
static void official_facts(void **state)
{
	const char *file = VP_SOURCE_DIR "/../shared/data/"
					 "ServiceTags_Public.json";
	struct vp_arena *arena = vp_arena_create();
	struct vp_service_tags *t = NULL;
	struct vp_tags_facts facts;
	struct vp_addr a;
	char why[512];

	(void)state;
	if (access(file, R_OK) == 0) {
		assert_int_equal(
			vp_service_tags_read(&t, file, why, sizeof(why)), 0);
		vp_service_tags_describe(t, arena, &facts);
		assert_int_equal(facts.change_number, 376);
		assert_int_equal(facts.n_tags, 3041);
		assert_int_equal(facts.n_prefixes, 71348 + 24475);
		assert_int_equal(t->n_prefixes, 53586);
		vp_addr_parse(&a, "52.168.109.101");
		assert_int_equal(strncmp(found_text(t, arena, &a),
		                         "AzureCloud.eastus ", 18),
		                 0);
		vp_addr_parse(&a, "168.63.129.16");
		assert_string_equal(found_text(t, arena, &a), "");
		vp_addr_parse(&a, "169.254.169.254");
		assert_string_equal(found_text(t, arena, &a), "");
	}
	vp_service_tags_destroy(t);
	vp_arena_destroy(arena);
	if (t == NULL)
		skip();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranks),
		cmocka_unit_test(names),
		cmocka_unit_test(description),
		cmocka_unit_test(dates),
		cmocka_unit_test(refused),
		cmocka_unit_test(hostile),
		cmocka_unit_test(not_readable),
		cmocka_unit_test(like_a_scan),
		cmocka_unit_test(official),
		cmocka_unit_test(official_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
