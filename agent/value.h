/*
 * value.h - the text of one setting to its value.
 *
 * Flags and the config file take the same texts, so both come here and refuse
 * the same things. Each setter returns 0, or -EINVAL with a sentence in why
 * that says what was found and what was expected; whoever called puts the
 * flag, or file, line and key before it.
 */
#ifndef VP_AGENT_VALUE_H
#define VP_AGENT_VALUE_H

#include "settings.h"

typedef int vp_value_setter(struct vp_settings *s, const char *text, char *why,
                            size_t size);

vp_value_setter vp_value_cloud;
vp_value_setter vp_value_region; /* lower case, the short form */
vp_value_setter vp_value_scenario;
vp_value_setter vp_value_expect;
vp_value_setter vp_value_vnet;     /* appends */
vp_value_setter vp_value_local;    /* appends */
vp_value_setter vp_value_resolver; /* appends */
vp_value_setter vp_value_compare;  /* LABEL=IP[:PORT]; appends */
vp_value_setter vp_value_azure_dns;
vp_value_setter vp_value_rounds;
vp_value_setter vp_value_round_interval;
vp_value_setter vp_value_endpoint_file; /* appends */
vp_value_setter vp_value_service_tags;
vp_value_setter vp_value_ca_file;
vp_value_setter vp_value_identity;
vp_value_setter vp_value_interface;
vp_value_setter vp_value_timeout;
vp_value_setter vp_value_deadline;
vp_value_setter vp_value_linger;
vp_value_setter vp_value_for;
vp_value_setter vp_value_concurrency;
vp_value_setter vp_value_capture_buffer;
vp_value_setter vp_value_evidence_size;

/* The two halves of --compare; the same label or server twice is refused. */
int vp_value_add_compare(struct vp_settings *s, const char *label,
                         const char *address, char *why, size_t size);

/* Values that stand in more than one place. */
int vp_value_read_expect(enum vp_expect *out, const char *text, char *why,
                         size_t size);
int vp_value_read_kind(enum vp_kind *out, const char *text, char *why,
                       size_t size);
int vp_value_read_server_kind(enum vp_server_kind *out, const char *text,
                              char *why, size_t size);
int vp_value_read_addr(struct vp_addr *out, const char *text, char *why,
                       size_t size);
int vp_value_read_prefix(struct vp_prefix *out, const char *text, char *why,
                         size_t size);
/* A prefix that a VNet can have. */
int vp_value_read_vnet(struct vp_prefix *out, const char *text, char *why,
                       size_t size);
int vp_value_read_port(uint16_t *out, const char *text, char *why, size_t size);
/* A GUID, to lower case. */
int vp_value_read_guid(char out[37], const char *text, char *why, size_t size);

/* Milliseconds: "300ms", "5s", "2m", "1h"; a bare number is seconds. */
int vp_value_read_duration(unsigned *out, const char *text, unsigned min_ms,
                           unsigned max_ms, char *why, size_t size);
/* Bytes: "65536", "64KiB", "4MiB", "1GiB". */
int vp_value_read_size(unsigned *out, const char *text, unsigned min,
                       unsigned max, char *why, size_t size);

#endif
