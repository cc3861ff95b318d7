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
/* Zones, trace and machine of the whole report; resolvers come before. */
void report_read_dns(struct fields *r, const json_t *o);

#endif
