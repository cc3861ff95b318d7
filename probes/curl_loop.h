/*
 * curl_loop.h - a libcurl multi handle on the libuv loop.
 *
 * Knows sockets and the timer, nothing of what is transferred.
 */
#ifndef VP_PROBES_CURL_LOOP_H
#define VP_PROBES_CURL_LOOP_H

#include <curl/curl.h>
#include <uv.h>

struct vp_curl_loop;

/*
 * A transfer ended by itself. It was removed from the multi handle already.
 * Runs from the loop, never from inside a libcurl callback, so anything may be
 * done here, vp_curl_loop_destroy() included.
 */
typedef void vp_curl_done_cb(CURL *easy, CURLcode result, void *arg);

/* Returns 0, or a negative UV_E... and *out is NULL. */
int vp_curl_loop_create(struct vp_curl_loop **out, uv_loop_t *loop,
                        vp_curl_done_cb *done, void *arg);

/* Returns 0, or UV_ENOMEM. */
int vp_curl_loop_add(struct vp_curl_loop *l, CURL *easy);

/* Ends a transfer early, without done; not from within a libcurl callback. */
void vp_curl_loop_remove(struct vp_curl_loop *l, CURL *easy);

/*
 * All transfers must have been removed. NULL is fine. What libcurl's callbacks
 * point at must live until this returns; the rest is freed by the loop.
 */
void vp_curl_loop_destroy(struct vp_curl_loop *l);

#endif
