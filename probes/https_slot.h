/*
 * https_slot.h - what https.c and https_easy.c share: a place for one attempt.
 *
 * https.c owns it and runs the phases; https_easy.c is all that libcurl is told
 * and asks for.
 */
#ifndef VP_PROBES_HTTPS_SLOT_H
#define VP_PROBES_HTTPS_SLOT_H

#include "curl_loop.h"
#include "handshake.h"
#include "vnetprobe/https.h"
#include "vnetprobe/tcp.h"

#define VP_HTTPS_HEADERS_FIRST 1024 /* grows from here */
#define VP_HTTPS_BODY_MAX 2048

enum vp_https_phase {
	PHASE_FREE,
	PHASE_TCP,
	PHASE_TLS,
	PHASE_HTTP,
};

/* A request from start to report. */
struct vp_https {
	struct vp_https *next;
	struct vp_arena *arena;
	struct vp_endpoint remote;
	enum vp_kind kind;
	vp_https_cb *cb;
	void *arg;
	struct vp_https_result res;
	const char *path;
	char name[]; /* and the path behind it */
};

struct vp_https_slot {
	struct vp_https_pool *pool;
	struct vp_https_slot *next_free;
	struct vp_https *req; /* NULL: free */
	enum vp_https_phase phase;
	struct vp_tcp *tcp;
	uv_timer_t timer;
	CURL *easy;
	bool added; /* easy is in the multi handle */
	struct curl_slist *connect_to;
	struct vp_handshake handshake;
	int fd;               /* -1: none, or libcurl has it */
	bool taken;           /* libcurl got it */
	int could_not;        /* our own errno: the attempt ends as ERROR */
	uint64_t phase_began; /* uv_hrtime() */
	char *headers;
	size_t headers_len, headers_size;
	size_t headers_total; /* of all responses, 1xx included */
	bool headers_done, headers_flood;
	size_t body_len;
	char body[VP_HTTPS_BODY_MAX];
};

struct vp_https_pool {
	uv_loop_t *loop;
	struct vp_curl_loop *curl;
	struct vp_trust *trust;
	struct curl_slist *storage_header;
	unsigned timeout_ms;
	size_t max_slots, n_slots;
	struct vp_https_slot **slots;
	struct vp_https_slot *free_slots;
	struct vp_https *first, **last; /* waiting, in order */
	size_t open;                    /* handles not closed yet */
	bool destroyed;
};

/* Aims the slot's easy handle (made if need be) at its request, for the
 * connected socket in fd. 0, or a negative UV_E... */
int vp_https_easy_aim(struct vp_https_slot *s);

/* What libcurl's result means for the phase the attempt was in. */
enum vp_outcome vp_https_tls_outcome(const struct vp_https_slot *s,
                                     CURLcode result);
enum vp_outcome vp_https_http_outcome(const struct vp_https_slot *s,
                                      CURLcode result);

/* Of https.c: bounds the phase from now on. */
void vp_https_arm(struct vp_https_slot *s, unsigned ms);

static inline uint64_t vp_https_us_since(uint64_t t0)
{
	return (uv_hrtime() - t0) / 1000;
}

#endif
