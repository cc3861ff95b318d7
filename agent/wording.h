/*
 * wording.h - words that messages and reports have in common.
 */
#ifndef VP_AGENT_WORDING_H
#define VP_AGENT_WORDING_H

#include <stddef.h>
#include <stdint.h>

#define VP_QUOTE_TEXT 96
/* text in single quotes, control bytes as \xNN, cut after some 60: for
 * messages. Returns buf (VP_QUOTE_TEXT bytes). */
const char *vp_quote(char *buf, const char *text);

/* The word nearest to text among n of them, or NULL if none is near enough to
 * be what was meant. */
const char *vp_nearest(const char *text, const char *const *words, size_t n);

#define VP_PROTOCOL_TEXT 16
/* "tcp", "icmpv6", "protocol 47"; constant, or in buf. */
const char *vp_protocol_text(char buf[VP_PROTOCOL_TEXT], uint8_t proto);

#endif
