/*
 * fetch.h - one GET after another of small JSON answers, from a server that
 * may be hostile: time, headers and body are bounded, nothing is followed,
 * nothing is unpacked, no proxy is used, and nothing is kept (libcurl's easy
 * interface; it blocks, so it is for a helper process).
 */
#ifndef VNETPROBE_FETCH_H
#define VNETPROBE_FETCH_H

#include <stddef.h>

struct vp_fetcher;

#define VP_FETCHES(X)                                                          \
	X(OK, "")                                                              \
	X(TIMEOUT, "no answer in time")                                        \
	X(NAME, "its name cannot be resolved")                                 \
	X(CONNECT, "it cannot be connected to")                                \
	X(TLS, "its certificate is not the right one, or TLS failed")          \
	X(HEADERS, "its answer's headers do not end")                          \
	X(SIZE, "its answer is too large")                                     \
	X(ENCODING, "its answer is packed, which nobody asked for")            \
	X(REDIRECT, "it answers with a redirect, which is not followed")       \
	X(BROKEN, "its answer broke off or is not HTTP")
enum vp_fetch_outcome {
#define X(id, text) VP_FETCH_##id,
	VP_FETCHES(X)
#undef X
};
/* The words above. */
const char *vp_fetch_text(enum vp_fetch_outcome o);

struct vp_fetch_request {
	const char *url;            /* https:, or http: of an IP address */
	const char *const *headers; /* "Name: value"; NULL ends; NULL: none */
	unsigned timeout_ms;        /* from the first packet to the last */
	size_t max_bytes;           /* of the body */
};

struct vp_fetch_result {
	enum vp_fetch_outcome outcome;
	long status;            /* 0: none */
	unsigned retry_after_s; /* of 429 and 503; 0: not told */
	char *body;             /* closed by a NUL; NULL: none */
	size_t len;
};

/*
 * To be called once in a process that then does nothing else: memory that
 * libcurl gives back is overwritten, since secrets were in it. ca_file NULL:
 * the system's roots. NULL: out of memory.
 */
struct vp_fetcher *vp_fetcher_create(const char *ca_file);
void vp_fetcher_destroy(struct vp_fetcher *f);

/* Blocks until the outcome. */
void vp_fetch(struct vp_fetcher *f, const struct vp_fetch_request *request,
              struct vp_fetch_result *result);
/* Overwrites the body first. */
void vp_fetch_end(struct vp_fetch_result *result);

/* malloc()'s kin, for libraries that handle secrets: free overwrites. */
void *vp_wiping_malloc(size_t size);
void vp_wiping_free(void *p);

#endif
