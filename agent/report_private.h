/*
 * report_private.h - what the report's writers and its reader share.
 */
#ifndef VP_AGENT_REPORT_PRIVATE_H
#define VP_AGENT_REPORT_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "vnetprobe/arena.h"
#include "vnetprobe/facts.h"

#define REPORT_SCHEMA "vnetprobe.report/1"

/*
 * Text in JSON must be UTF-8, text from the network need not be. A byte that
 * is no part of valid UTF-8 (and DEL) is written as \xNN (in the text itself,
 * so \\xNN in the file), and a backslash that would then look like one as \x5c.
 * Reading turns both back: every C string survives unchanged. Control
 * characters are left to JSON's own \uNNNN.
 */
char *report_escape(struct vp_arena *a, const char *text);
char *report_unescape(struct vp_arena *a, const char *text);

/* Length of the valid UTF-8 sequence at p (RFC 3629), 0 if there is none. */
size_t report_utf8_length(const unsigned char *p);

/* RFC 3339 in UTC with microseconds, and back (-EINVAL). Years 1970 to 9999. */
#define REPORT_TIME_TEXT 32
const char *report_time(char buf[REPORT_TIME_TEXT], int64_t us);
int report_time_parse(int64_t *us, const char *text);

/* The packets of all flows that are listed, cut to what JSON's integers hold:
 * with their number it tells that flows were taken away. */
uint64_t report_listed_packets(const struct vp_facts *facts);

#endif
