/*
 * json_schema.h - does JSON fit a published schema?
 *
 * As much of JSON Schema as the files of deploy/ use, so that the check needs
 * nothing but the tests: $ref, anyOf, enum, const, type, pattern, bounds,
 * items, properties, required, additionalProperties: false. CI may use a full
 * validator besides. To be included after cmocka.h.
 */
#ifndef JSON_SCHEMA_H
#define JSON_SCHEMA_H

#include <jansson.h>
#include <regex.h>
#include <stdbool.h>
#include <string.h>

static json_t *schema_root;

static inline bool fits(json_t *schema, json_t *v);

static inline bool has_type(const char *type, json_t *v)
{
	return strcmp(type, "object") == 0    ? json_is_object(v)
	       : strcmp(type, "array") == 0   ? json_is_array(v)
	       : strcmp(type, "string") == 0  ? json_is_string(v)
	       : strcmp(type, "integer") == 0 ? json_is_integer(v)
	       : strcmp(type, "boolean") == 0 ? json_is_boolean(v)
	                                      : json_is_null(v);
}

static inline bool type_fits(json_t *type, json_t *v)
{
	json_t *one;
	size_t i;

	if (type == NULL || json_is_string(type))
		return type == NULL || has_type(json_string_value(type), v);
	json_array_foreach(type, i, one)
	{
		if (has_type(json_string_value(one), v))
			return true;
	}
	return false;
}

static inline bool enum_fits(json_t *list, json_t *v)
{
	json_t *one;
	size_t i;

	if (list == NULL)
		return true;
	json_array_foreach(list, i, one)
	{
		if (json_equal(one, v))
			return true;
	}
	return false;
}

static inline bool any_fits(json_t *list, json_t *v)
{
	json_t *one;
	size_t i;

	if (list == NULL)
		return true;
	json_array_foreach(list, i, one)
	{
		if (fits(one, v))
			return true;
	}
	return false;
}

static inline bool pattern_fits(json_t *pattern, json_t *v)
{
	regex_t re;
	bool ok;

	if (pattern == NULL || !json_is_string(v))
		return true;
	assert_int_equal(regcomp(&re, json_string_value(pattern),
	                         REG_EXTENDED | REG_NOSUB),
	                 0);
	ok = regexec(&re, json_string_value(v), 0, NULL, 0) == 0;
	regfree(&re);
	return ok;
}

static inline bool bounds_fit(json_t *schema, json_t *v)
{
	json_t *least = json_object_get(schema, "minimum");
	json_t *most = json_object_get(schema, "maximum");

	if (!json_is_integer(v))
		return true;
	return (least == NULL ||
	        json_integer_value(v) >= json_integer_value(least)) &&
	       (most == NULL ||
	        json_integer_value(v) <= json_integer_value(most));
}

enum { PRESENT = 1, ABSENT = 2 };

/* Whether a key that may be left out was there, by its place in the schema. */
static json_t *optional_seen;

static inline void note(json_t *property, int what)
{
	char place[32];

	snprintf(place, sizeof(place), "%p", (void *)property);
	what |= (int)json_integer_value(json_object_get(optional_seen, place));
	json_object_set_new(optional_seen, place, json_integer(what));
}

static inline bool is_required(json_t *schema, const char *key)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, one)
	{
		if (strcmp(json_string_value(one), key) == 0)
			return true;
	}
	return false;
}

/* Each key that may be left out sometimes is, and sometimes not: neither is it
 * forgotten in "required" nor misspelt. */
static inline void check_optional(json_t *schema)
{
	json_t *properties = json_object_get(schema, "properties"), *one;
	const char *key;
	char place[32];
	size_t i;

	if (properties != NULL && json_object_get(schema, "type") != NULL) {
		json_object_foreach(properties, key, one)
		{
			snprintf(place, sizeof(place), "%p", (void *)one);
			if (!is_required(schema, key) &&
			    json_integer_value(
				    json_object_get(optional_seen, place)) !=
			            (PRESENT | ABSENT))
				fail_msg("optional key %s", key);
		}
	}
	if (json_is_array(schema)) {
		json_array_foreach(schema, i, one) check_optional(one);
	} else {
		json_object_foreach(schema, key, one) check_optional(one);
	}
}

static inline bool object_fits(json_t *schema, json_t *v)
{
	json_t *properties = json_object_get(schema, "properties"), *one;
	const char *key;
	size_t i;

	if (properties == NULL || !json_is_object(v))
		return true;
	/* strict everywhere: a forgotten key is a mistake in the schema */
	assert_true(
		json_is_false(json_object_get(schema, "additionalProperties")));
	json_object_foreach(properties, key, one)
	{
		if (!is_required(schema, key))
			note(one, json_object_get(v, key) != NULL ? PRESENT
			                                          : ABSENT);
	}
	json_array_foreach(json_object_get(schema, "required"), i, one)
	{
		if (json_object_get(v, json_string_value(one)) == NULL)
			return false;
	}
	json_object_foreach(v, key, one)
	{
		if (json_object_get(properties, key) == NULL ||
		    !fits(json_object_get(properties, key), one))
			return false;
	}
	return true;
}

static inline bool array_fits(json_t *schema, json_t *v)
{
	json_t *items = json_object_get(schema, "items"), *one;
	size_t i;

	if (items == NULL || !json_is_array(v))
		return true;
	json_array_foreach(v, i, one)
	{
		if (!fits(items, one))
			return false;
	}
	return true;
}

static inline bool fits(json_t *schema, json_t *v)
{
	static const char prefix_text[] = "#/$defs/";
	const char *ref = json_string_value(json_object_get(schema, "$ref"));
	json_t *constant = json_object_get(schema, "const");

	if (ref != NULL)
		return fits(
			json_object_get(json_object_get(schema_root, "$defs"),
		                        ref + strlen(prefix_text)),
			v);
	return type_fits(json_object_get(schema, "type"), v) &&
	       enum_fits(json_object_get(schema, "enum"), v) &&
	       (constant == NULL || json_equal(constant, v)) &&
	       any_fits(json_object_get(schema, "anyOf"), v) &&
	       pattern_fits(json_object_get(schema, "pattern"), v) &&
	       bounds_fit(schema, v) && object_fits(schema, v) &&
	       array_fits(schema, v);
}

static inline void check_schema(const char *text, bool want)
{
	json_t *v = json_loads(text, 0, NULL);

	assert_non_null(v);
	if (fits(schema_root, v) != want)
		fail_msg("%s the schema:\n%s", want ? "does not fit" : "fits",
		         text);
	json_decref(v);
}

#endif
