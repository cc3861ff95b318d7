/*
 * report_writer.h - values as they stand in the JSON report.
 *
 * Each maker gives a new value; out of memory ends the process, as with the
 * arena: there is no half-written verdict. What is absent is null, unless a
 * key was added after the first version of the report: such a key is left out
 * where it would say nothing.
 */
#ifndef VP_AGENT_REPORT_WRITER_H
#define VP_AGENT_REPORT_WRITER_H

#include <jansson.h>
#include <stdio.h>

#include "judge.h"

struct writer {
	FILE *out;
	const struct vp_facts *facts;
	const struct vp_judgement *j;
	struct vp_arena *scratch; /* escaped text, freed with each element */
	bool first;
};

json_t *report_must(json_t *v);
/* Both take the value over. */
void report_put(json_t *object, const char *key, json_t *value);
void report_append(json_t *array, json_t *value);

json_t *report_string(struct writer *w, const char *s);
json_t *report_strings(struct writer *w, char *const *list, size_t n);
json_t *report_number(uint64_t n);
json_t *report_moment(int64_t us);
/* Certificates may claim anything: what is outside the calendar is its end. */
json_t *report_moment_s(int64_t s);
json_t *report_address(const struct vp_addr *a);
json_t *report_addresses(const struct vp_addr *list, size_t n);
json_t *report_endpoint(const struct vp_endpoint *e);
json_t *report_protocol(uint8_t proto);
json_t *report_route(struct writer *w, const struct vp_route *r);

/* Nothing is put where there is nothing to say. */
void report_put_string(struct writer *w, json_t *object, const char *key,
                       const char *s);
void report_put_true(json_t *object, const char *key, bool value);
void report_put_strings(struct writer *w, json_t *object, const char *key,
                        char *const *list, size_t n);

/* report_json_dns.c: what the doctor of DNS found. */
json_t *report_rows(struct writer *w, const struct vp_dns_row *rows, size_t n);
json_t *report_hosts(const struct vp_name *name);
json_t *report_resolver(struct writer *w, size_t index);
json_t *report_zone(struct writer *w, size_t index);
json_t *report_dns_packet(struct writer *w, size_t index);
/* report_json_proxy.c; NULL: no proxy is set anywhere. */
json_t *report_proxy(struct writer *w);
/* NULL: nothing is known of the machine. */
json_t *report_machine(struct writer *w);

/* report_json_packets.c */
json_t *report_flow(struct writer *w, size_t index);
json_t *report_capture(struct writer *w);
json_t *report_watched(struct writer *w);
json_t *report_tags_file(struct writer *w);

/* report_json_discovery.c */
json_t *report_discovered(struct writer *w, size_t index);
json_t *report_placement(struct writer *w, size_t index);
json_t *report_peering(struct writer *w, size_t index);
json_t *report_discovery_notes(struct writer *w);
json_t *report_discovery_unread(struct writer *w);

#endif
