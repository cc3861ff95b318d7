/*
 * service_tags_read.c - ServiceTags_*.json to the table.
 *
 * The file decides what is excused, so nothing in it is guessed: the first
 * thing that is not as the official files have it ends the reading with a
 * sentence. One prefix passed over would be one that a rule by tag is
 * believed to cover. What the official files have beside (ids, platforms,
 * network features) is not looked at.
 */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "input.h"
#include "service_tags_table.h"
#include "wording.h"

#define MAX_BYTES (64u << 20) /* the official file has 4 MiB */
/* jansson takes up to some 200 bytes a value; the official file has 150,000 */
#define MAX_VALUES 2000000u
#define MAX_NAME 100 /* the longest of the official ones has 47 */

/* What is shorter holds much that is not Azure's; the shortest in the official
 * files are /14 and /39. */
#define SHORTEST_V4 8
#define SHORTEST_V6 19

struct reader {
	struct vp_service_tags *t;
	const char *file;
	struct vp_tag_pair *pairs;
	size_t n_pairs;
	char *why;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct reader *r,
                                                         const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(r->why, r->size, "%s: %s", r->file, text);
	return false;
}

/* --- the document --------------------------------------------------------- */

static bool plain_word(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n > MAX_NAME)
		return false;
	for (; *text != '\0'; text++) {
		if (!isalnum((unsigned char)*text) &&
		    strchr("._-", *text) == NULL)
			return false;
	}
	return true;
}

static enum vp_tag_rank rank_of(const char *name, const char *region)
{
	bool cloud = strncasecmp(name, "AzureCloud", 10) == 0 &&
	             (name[10] == '\0' || name[10] == '.');

	if (cloud)
		return name[10] == '.' ? VP_TAG_CLOUD_REGION : VP_TAG_CLOUD;
	/* a dot alone does not make a region: AzureFrontDoor.Frontend */
	return *region != '\0' ? VP_TAG_SERVICE_REGION : VP_TAG_SERVICE;
}

static bool read_prefix(struct reader *r, const json_t *v, size_t tag, size_t i)
{
	const char *text = json_string_value(v);
	struct vp_tag_pair *pair = &r->pairs[r->n_pairs];
	char quoted[VP_QUOTE_TEXT];

	if (text == NULL)
		return refuse(r,
		              "values[%zu].properties.addressPrefixes[%zu] is "
		              "not text",
		              tag, i);
	if (vp_prefix_parse(&pair->prefix, text) != 0)
		return refuse(r,
		              "values[%zu].properties.addressPrefixes[%zu]: %s "
		              "is not a prefix",
		              tag, i, vp_quote(quoted, text));
	if (pair->prefix.len <
	    (pair->prefix.addr.family == 4 ? SHORTEST_V4 : SHORTEST_V6))
		return refuse(r,
		              "values[%zu].properties.addressPrefixes[%zu]: %s "
		              "is too large to be a service's",
		              tag, i, vp_quote(quoted, text));
	pair->tag = (uint16_t)tag;
	r->n_pairs++;
	return true;
}

static bool read_tag(struct reader *r, const json_t *v, size_t index)
{
	const json_t *properties = json_object_get(v, "properties");
	const json_t *prefixes = json_object_get(properties, "addressPrefixes");
	const json_t *region = json_object_get(properties, "region");
	const char *name = json_string_value(json_object_get(v, "name"));
	struct vp_tag *tag = &r->t->tags[index];

	if (name == NULL || !plain_word(name))
		return refuse(r, "values[%zu].name is not the name of a tag",
		              index);
	if (!json_is_array(prefixes))
		return refuse(r,
		              "values[%zu].properties.addressPrefixes is not a "
		              "list",
		              index);
	if (region != NULL && !json_is_null(region) && !json_is_string(region))
		return refuse(r, "values[%zu].properties.region is not text",
		              index);
	tag->name = vp_arena_strdup(r->t->arena, name);
	tag->rank = rank_of(
		name, json_is_string(region) ? json_string_value(region) : "");
	for (size_t i = 0; i < json_array_size(prefixes); i++) {
		if (!read_prefix(r, json_array_get(prefixes, i), index, i))
			return false;
	}
	return true;
}

/* How many there are in all, whatever they are. */
static size_t count_prefixes(const json_t *values)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(values); i++)
		n += json_array_size(json_object_get(
			json_object_get(json_array_get(values, i),
		                        "properties"),
			"addressPrefixes"));
	return n;
}

static int tag_order(const void *a, const void *b)
{
	return strcasecmp((*(const struct vp_tag *const *)a)->name,
	                  (*(const struct vp_tag *const *)b)->name);
}

/* A name that stands there twice would have two meanings. */
static bool check_names(struct reader *r)
{
	size_t n = r->t->n_tags;
	const struct vp_tag **sorted = calloc(n + 1, sizeof(*sorted));
	bool ok = sorted != NULL;

	for (size_t i = 0; ok && i < n; i++)
		sorted[i] = &r->t->tags[i];
	if (!ok)
		return refuse(r, "%s", strerror(ENOMEM));
	qsort(sorted, n, sizeof(*sorted), tag_order);
	for (size_t i = 1; ok && i < n; i++) {
		if (tag_order(&sorted[i - 1], &sorted[i]) == 0)
			ok = refuse(r, "the tag '%s' stands there twice",
			            sorted[i]->name);
	}
	free(sorted);
	return ok;
}

static bool read_values(struct reader *r, const json_t *values)
{
	size_t n = json_array_size(values);

	if (n > VP_TAGS_MAX)
		return refuse(r, "more than %d tags", VP_TAGS_MAX);
	r->t->tags = vp_arena_alloc(r->t->arena, (n + 1) * sizeof(*r->t->tags));
	r->pairs = calloc(count_prefixes(values) + 1, sizeof(*r->pairs));
	if (r->pairs == NULL)
		return refuse(r, "%s", strerror(ENOMEM));
	for (size_t i = 0; i < n; i++) {
		if (!read_tag(r, json_array_get(values, i), i))
			return false;
		r->t->n_tags++;
	}
	if (r->n_pairs == 0)
		return refuse(r, "no prefix in it");
	return check_names(r);
}

static bool read_document(struct reader *r, const json_t *root)
{
	const json_t *values = json_object_get(root, "values");
	const json_t *change = json_object_get(root, "changeNumber");
	const char *cloud = json_string_value(json_object_get(root, "cloud"));

	if (!json_is_array(values) || cloud == NULL || !plain_word(cloud))
		return refuse(r, "this is no ServiceTags file: expected "
		                 "\"cloud\" and a list of \"values\"");
	if (change != NULL &&
	    (!json_is_integer(change) || json_integer_value(change) < 0))
		return refuse(r, "changeNumber is not a number");
	r->t->cloud = vp_arena_strdup(r->t->arena, cloud);
	r->t->change_number = (uint64_t)json_integer_value(change);
	return read_values(r, values);
}

/* Bytes that begin or part values, those inside of text as well: a bound on
 * what the parser will make of them. */
static bool too_many_values(const char *data, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += data[i] == '[' || data[i] == '{' || data[i] == ',';
	return n > MAX_VALUES;
}

static bool read_bytes(struct reader *r, const char *data, size_t len)
{
	char quoted[VP_QUOTE_TEXT];
	json_error_t error;
	json_t *root;
	bool ok;

	if (len > MAX_BYTES)
		return refuse(r, "larger than 64 MiB");
	if (len >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 ||
	                 memcmp(data, "\xfe\xff", 2) == 0))
		return refuse(r, "UTF-16: expected UTF-8");
	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		data += 3, len -= 3;
	if (too_many_values(data, len))
		return refuse(r,
		              "more than %u values: this is no ServiceTags "
		              "file",
		              MAX_VALUES);
	root = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL)
		return refuse(r, "line %d is not JSON: %s", error.line,
		              vp_quote(quoted, error.text));
	ok = read_document(r, root);
	json_decref(root);
	return ok;
}

/* --- the date ------------------------------------------------------------- */

static int two(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* ServiceTags_Public_20251117.json: the day it was published. 0: not so. */
static int64_t date_of_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *p = slash != NULL ? slash + 1 : path;
	int64_t found = 0;

	for (p = strchr(p, '_'); p != NULL; p = strchr(p + 1, '_')) {
		struct tm tm = { 0 };
		time_t s;

		if (strspn(p + 1, "0123456789") != 8)
			continue;
		tm.tm_year = two(p + 1) * 100 + two(p + 3) - 1900;
		tm.tm_mon = two(p + 5) - 1;
		tm.tm_mday = two(p + 7);
		s = timegm(&tm);
		/* timegm() makes 32 January the first of February */
		if (s > 0 && tm.tm_mon == two(p + 5) - 1 &&
		    tm.tm_mday == two(p + 7))
			found = (int64_t)s * 1000000;
	}
	return found;
}

int vp_service_tags_parse(struct vp_service_tags **out, const char *name,
                          const char *data, size_t len, int64_t changed_us,
                          char *why, size_t size)
{
	struct vp_service_tags *t = calloc(1, sizeof(*t));
	struct reader r = { .t = t, .file = name, .why = why, .size = size };
	int err = -EINVAL;

	*out = NULL;
	if (t == NULL) {
		refuse(&r, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	t->arena = vp_arena_create();
	t->file = vp_arena_strdup(t->arena, name);
	t->dated_us = date_of_name(name);
	if (t->dated_us == 0)
		t->dated_us = changed_us;
	if (read_bytes(&r, data, len)) {
		err = vp_tags_build(t, r.pairs, r.n_pairs);
		if (err != 0)
			refuse(&r, "%s", strerror(-err));
	}
	free(r.pairs);
	if (err == 0)
		*out = t;
	else
		vp_service_tags_destroy(t);
	return err;
}

int vp_service_tags_read(struct vp_service_tags **out, const char *path,
                         char *why, size_t size)
{
	struct vp_input in;
	const char *reason;
	int err = vp_input_read(&in, path, MAX_BYTES, &reason);

	*out = NULL;
	if (err != 0) {
		snprintf(why, size, "%s: %s", path, reason);
		return err;
	}
	err = vp_service_tags_parse(out, path, in.data, in.len, in.changed_us,
	                            why, size);
	free(in.data);
	return err;
}
