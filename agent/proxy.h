/*
 * proxy.h - proxy settings, and what programs would make of them.
 *
 * The environment, and files that put a proxy there or set one for a single
 * program. Nothing is asked and no proxy is used: it is told who would.
 */
#ifndef VP_AGENT_PROXY_H
#define VP_AGENT_PROXY_H

#include "vnetprobe/facts.h"

/* Fills facts->proxies and facts->proxy_settings. root: before the paths of
 * files ("" for the system's own); home: the user's, or NULL. */
void vp_proxy_read(struct vp_facts *f, const char *root, const char *home);

/* The clients whose rules are known (curl 7.88, requests 2.31 with Python
 * 3.11, Go's x/net/http/httpproxy). */
#define VP_PROXY_CLIENTS(X) X(CURL, "curl") X(PYTHON, "python") X(GO, "go")
enum vp_proxy_client {
#define X(id, name) VP_PROXY_##id,
	VP_PROXY_CLIENTS(X)
#undef X
		VP_PROXY_CLIENT_COUNT
};
const char *vp_proxy_client_name(enum vp_proxy_client c);

/* Is a proxy set for programs in general? */
bool vp_proxy_is_set(const struct vp_facts *f);
/* The setting with the address of a script (PAC), or NULL. */
const struct vp_proxy_setting *vp_proxy_script(const struct vp_facts *f);
/* The proxy that a client would use for a URL of this host; NULL: none, it
 * goes directly. */
const char *vp_proxy_for(const struct vp_facts *f, enum vp_proxy_client client,
                         bool https, const char *host, uint16_t port);

/* Addresses that no proxy can serve (docs/sources.md: P7). */
extern const char *const vp_proxy_platform[2];

#endif
