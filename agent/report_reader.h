/*
 * report_reader.h - what the files that read a saved report share.
 */
#ifndef VP_AGENT_REPORT_READER_H
#define VP_AGENT_REPORT_READER_H

#include "report_fields.h"

#define MOST_ROUNDS 1000000

/* Of fields_each(): one object into what arg points at. */
void report_read_row(struct fields *r, const json_t *o, void *name);
void report_read_hosts_line(struct fields *r, const json_t *o, void *name);
void report_read_resolver(struct fields *r, const json_t *o, void *facts);

/* The member "route" of an object. */
void report_read_route(struct fields *r, const json_t *parent,
                       struct vp_route *route);
/* report_read_packets.c */
void report_read_flow(struct fields *r, const json_t *o, void *facts);
void report_read_capture(struct fields *r, const json_t *parent);
/* The members "watched" of a report and "service_tags" of a policy. */
void report_read_watched(struct fields *r, const json_t *parent);
void report_read_tags_file(struct fields *r, const json_t *parent);
struct vp_prefix report_read_prefix(struct fields *r, const char *key,
                                    const char *s);

/* Zones, trace and machine of the whole report; resolvers come before. */
void report_read_dns(struct fields *r, const json_t *o);

/* The member "proxy": report_json_proxy.c. */
void report_read_proxy(struct fields *r, const json_t *parent);

/* Refuses a target whose facts contradict each other: report_read_check.c. */
void report_check_target(struct fields *r, struct vp_target *t);
/* Refuses a report that lacks flows it is said to list: alike. */
void report_check_flows(struct fields *r, const json_t *report);

/* What was found out by itself: report_read_discovery.c. */
void report_read_discovery(struct fields *r, const json_t *o);

#endif
