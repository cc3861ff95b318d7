/*
 * report_fields.h - the fields of a saved report, checked one by one.
 *
 * Every read names a key of a JSON object; a wrong type or range is a mistake,
 * the first of which is kept with the path of its key, as in
 * "targets[3].dns[0].outcome". After a mistake reads yield zero or NULL.
 */
#ifndef VP_AGENT_REPORT_FIELDS_H
#define VP_AGENT_REPORT_FIELDS_H

#include <jansson.h>

#include "vnetprobe/facts.h"

struct fields {
	struct vp_facts *f;
	struct vp_arena *arena; /* of the facts */
	const char *file;
	char *why;
	size_t size;
	bool failed;
	char path[256]; /* of the object at hand: "targets[3].dns[0]" */
	size_t path_len;
	json_t *names; /* name to its index in facts->names */
};

/* Goes down to key; returns what fields_leave() needs. */
size_t fields_enter(struct fields *r, const char *key);
void fields_leave(struct fields *r, size_t before);
/* The first mistake counts, and is told with the path of its key. */
void fields_fail(struct fields *r, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "an object", "a string", ...: what was found. */
const char *fields_type_text(const json_t *v);
const json_t *fields_member(struct fields *r, const json_t *o, const char *key);
/* The string as it stands in the file, or NULL after fields_fail(). */
const char *fields_raw(struct fields *r, const json_t *o, const char *key);
/* The same; null gives NULL without a mistake. */
const char *fields_raw_or_null(struct fields *r, const json_t *o,
                               const char *key);
/* Unescaped, in the arena; null gives NULL. */
char *fields_text(struct fields *r, const json_t *o, const char *key);
uint64_t fields_number(struct fields *r, const json_t *o, const char *key,
                       int64_t most);
int fields_integer(struct fields *r, const json_t *o, const char *key,
                   int least, int most);
uint64_t fields_count(struct fields *r, const json_t *o, const char *key);
bool fields_boolean(struct fields *r, const json_t *o, const char *key);
/* NULL after fields_fail(). */
const json_t *fields_object(struct fields *r, const json_t *o, const char *key);
const json_t *fields_array(struct fields *r, const json_t *o, const char *key);
struct vp_addr fields_parse_address(struct fields *r, const char *key,
                                    const char *s);
struct vp_addr fields_address(struct fields *r, const json_t *o,
                              const char *key);
struct vp_endpoint fields_endpoint(struct fields *r, const json_t *o,
                                   const char *key);
/* RFC 3339 in UTC to microseconds since the Unix epoch; null gives 0. */
int64_t fields_moment(struct fields *r, const json_t *o, const char *key);
/* An array of strings, in the arena. */
char **fields_texts(struct fields *r, const json_t *o, const char *key,
                    size_t *n);
/* An array of addresses, in the arena. */
struct vp_addr *fields_addresses(struct fields *r, const json_t *o,
                                 const char *key, size_t *n);
/* Is there such a key? Those added later are read only then. */
bool fields_has(const json_t *o, const char *key);
/* A boolean; absent, it is false. */
bool fields_flag(struct fields *r, const json_t *o, const char *key);
/* Calls one for each object of an array, with the path set. */
void fields_each(struct fields *r, const json_t *o, const char *key,
                 void (*one)(struct fields *, const json_t *, void *),
                 void *arg);
uint8_t fields_protocol(struct fields *r, const json_t *o, const char *key);
/* The file as JSON, or NULL with a sentence in why and *rc set. */
json_t *fields_load(const char *path, int *rc, char *why, size_t size);
/* The sentence may quote the file: no control byte of it reaches a terminal. */
void fields_make_safe(char *why);

/* One word of a closed list; parse is that list's vp_..._parse(). */
#define FIELDS_WORD(r, o, key, parse, out)                                     \
	do {                                                                   \
		const char *word_ = fields_raw((r), (o), (key));               \
		if (word_ != NULL && (parse)((out), word_) != 0)               \
			fields_fail((r), (key), "\"%.40s\" is not known here", \
			            word_);                                    \
	} while (0)

#endif
