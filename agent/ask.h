/*
 * ask.h - inside discover.c: what the helper process asks Azure.
 *
 * ask_machine.c asks the machine's metadata, and for a token; ask_arm.c walks
 * from the workspace to its resources, their private endpoints and networks.
 */
#ifndef VP_AGENT_ASK_H
#define VP_AGENT_ASK_H

#include <jansson.h>

#include "found_azure.h"
#include "handover.h"
#include "vnetprobe/fetch.h"

#define VP_TOKEN_MAX 16384

struct vp_asker {
	struct vp_found *f;
	const struct vp_settings *s;
	struct vp_fetcher *fetcher;
	uint64_t until_ms;      /* CLOCK_MONOTONIC: no request begins later */
	unsigned requests_left; /* to Azure Resource Manager */
	const char *arm;        /* its host: "management.azure.com" */
	char *secrets[2];       /* the token, MSI_SECRET; for free() */
	char *header;           /* "Authorization: Bearer ..." */
	/* After each stage: what is known so far is not lost with what may
	 * hang behind it. NULL: nobody waits. */
	void (*stage)(struct vp_asker *a);
	struct vp_discovery handed; /* so much was handed over */
	bool withheld;              /* and no more is */
};

static inline void vp_ask_stage(struct vp_asker *a)
{
	if (a->stage != NULL)
		a->stage(a);
}

/* What is left, at most max; 0: nothing. */
unsigned vp_ask_time(const struct vp_asker *a, unsigned max_ms);

/* Metadata of this machine. */
void vp_ask_metadata(struct vp_asker *a);
/* A token for Azure Resource Manager, into a->header. False, with a note. */
bool vp_ask_token(struct vp_asker *a);
/* The workspace and what belongs to it. */
void vp_ask_arm(struct vp_asker *a);

/* The host of Azure Resource Manager in a cloud; NULL. */
const char *vp_arm_host(const char *cloud);

/* --- pure parts, for tests --------------------------------------------------
 */

/* Is this the agent on this machine that gives tokens? Only loopback over
 * plain HTTP: a secret is sent there. */
bool vp_msi_endpoint_is_local(const char *url);
/* Where IMDS gives a token; client: of one of several identities, or NULL. */
void vp_token_url(char *out, size_t size, const char *arm, const char *client);
/* The token of an answer, for free(); NULL: there is none. */
char *vp_token_of(const char *data, size_t len);
/* The path of the next page, from "/": NULL if there is none, or, with *bad, if
 * it leads elsewhere. */
const char *vp_next_link(const json_t *page, const char *host, bool *bad);
/* An ARM error's code, if it is one of those known; else NULL. Its message is
 * never shown: it is text from elsewhere that may quote what we sent. */
const char *vp_arm_error_code(const json_t *root);
/* Does text have a part of a secret in it? */
bool vp_has_secret(const char *text, size_t len, const char *secret);

#endif
