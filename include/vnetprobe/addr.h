/*
 * addr.h - IP addresses, prefixes, endpoints, and what kind of place they are.
 *
 * Plain values; nothing here allocates. Text is what inet_ntop() writes.
 */
#ifndef VNETPROBE_ADDR_H
#define VNETPROBE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* family 0 is "no address". IPv4 uses bytes[0..3]; the rest is zero. */
struct vp_addr {
	uint8_t family; /* 0, 4 or 6 */
	uint8_t bytes[16];
};

struct vp_endpoint {
	struct vp_addr addr;
	uint16_t port; /* host byte order */
};

struct vp_prefix {
	struct vp_addr addr; /* host bits are zero */
	uint8_t len;
};

/*
 * Where an address is, seen from a virtual machine in Azure. Documentation and
 * unassigned ranges are public too; NAT64 (64:ff9b::/96), 6to4 and v4-mapped
 * addresses take the scope of the IPv4 address inside. Order is not meaningful.
 */
#define VP_SCOPES(X)                                                           \
	X(UNSPECIFIED, "unspecified")                                          \
	X(LOOPBACK, "loopback")                                                \
	X(LINK_LOCAL, "link-local")                                            \
	X(MULTICAST, "multicast") /* and 255.255.255.255 */                    \
	X(PLATFORM, "platform")   /* 168.63.129.16, 169.254.169.254 */         \
	X(VNET, "vnet")           /* in a declared prefix, any range */        \
	X(PRIVATE, "private")     /* RFC 1918, RFC 6598, RFC 4193 */           \
	X(PUBLIC, "public")

enum vp_scope {
#define X(id, name) VP_SCOPE_##id,
	VP_SCOPES(X)
#undef X
};

#define VP_ADDR_TEXT 46     /* INET6_ADDRSTRLEN */
#define VP_ENDPOINT_TEXT 56 /* [addr]:port */
#define VP_PREFIX_TEXT 50

/* Strict: no port, no brackets, no zone. Returns 0 or -EINVAL. */
int vp_addr_parse(struct vp_addr *out, const char *text);
/* Writes into buf (VP_ADDR_TEXT bytes) and returns it; "" for no address. */
const char *vp_addr_format(const struct vp_addr *a, char *buf);
bool vp_addr_equal(const struct vp_addr *a, const struct vp_addr *b);
int vp_addr_compare(const struct vp_addr *a, const struct vp_addr *b);

/* "IP", "IP:PORT" or "[IP6]:PORT"; port 0 means default_port. -EINVAL. */
int vp_endpoint_parse(struct vp_endpoint *out, const char *text,
                      uint16_t default_port);
const char *vp_endpoint_format(const struct vp_endpoint *e, char *buf);
bool vp_endpoint_equal(const struct vp_endpoint *a,
                       const struct vp_endpoint *b);

/* "IP/LEN" or a bare IP; -EINVAL for bad text or host bits that are set. */
int vp_prefix_parse(struct vp_prefix *out, const char *text);
const char *vp_prefix_format(const struct vp_prefix *p, char *buf);
bool vp_prefix_contains(const struct vp_prefix *p, const struct vp_addr *a);

enum vp_scope vp_addr_scope(const struct vp_addr *a,
                            const struct vp_prefix *vnet, size_t n_vnet);
/* True for vnet, private, platform, loopback, link-local: the packet stays. */
bool vp_scope_is_private(enum vp_scope scope);
const char *vp_scope_name(enum vp_scope scope);
/* The prefixes of RFC 1918, 6598, 4193: what is PRIVATE with no declaration. */
const struct vp_prefix *vp_private_prefixes(size_t *n);

/* Returns the length used in ss. */
socklen_t vp_endpoint_to_sockaddr(const struct vp_endpoint *e,
                                  struct sockaddr_storage *ss);
/* Returns 0, or -EAFNOSUPPORT for anything but IPv4 and IPv6. */
int vp_endpoint_from_sockaddr(struct vp_endpoint *out,
                              const struct sockaddr *sa);
/* The local end of a socket; -errno. */
int vp_endpoint_of_socket(struct vp_endpoint *out, int fd);

#endif
