/*
 * wording.h - what messages about wrong words have in common.
 */
#ifndef VP_AGENT_WORDING_H
#define VP_AGENT_WORDING_H

#include <stddef.h>

#define VP_QUOTE_TEXT 96
/* text in single quotes, control bytes as \xNN, cut after some 60: for
 * messages. Returns buf (VP_QUOTE_TEXT bytes). */
const char *vp_quote(char *buf, const char *text);

/* The word nearest to text among n of them, or NULL if none is near enough to
 * be what was meant. */
const char *vp_nearest(const char *text, const char *const *words, size_t n);

#endif
