/*
 * netlink.c - see netlink.h; also opens and closes struct vp_routes, which is
 * this socket.
 */
#include "netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "vnetprobe/route.h"

/* What kernels use at most for one part of a dump (NLMSG_GOODSIZE). */
#define BUFFER_BYTES 32768

struct vp_routes {
	struct mnl_socket *nl;
	uint32_t seq;
	char out[512];
	char in[BUFFER_BYTES];
};

int vp_routes_open(struct vp_routes **out)
{
	struct timeval wait = { .tv_sec = 5 };
	struct vp_routes *r = calloc(1, sizeof(*r));
	int err;

	*out = NULL;
	if (r == NULL)
		return -ENOMEM;
	r->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (r->nl == NULL ||
	    mnl_socket_bind(r->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		err = -errno;
		vp_routes_close(r);
		return err;
	}
	/* The kernel answers before the request returns: this only keeps a
	 * lost answer from hanging us. */
	setsockopt(mnl_socket_get_fd(r->nl), SOL_SOCKET, SO_RCVTIMEO, &wait,
	           sizeof(wait));
	*out = r;
	return 0;
}

void vp_routes_close(struct vp_routes *r)
{
	if (r == NULL)
		return;
	if (r->nl != NULL)
		mnl_socket_close(r->nl);
	free(r);
}

struct nlmsghdr *vp_netlink_message(struct vp_routes *r, uint16_t type,
                                    uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(r->out);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	return nlh;
}

/* Reads away what is left of an answer that was given up. */
static void flush(struct vp_routes *r)
{
	int fd = mnl_socket_get_fd(r->nl);

	while (recv(fd, r->in, sizeof(r->in), MSG_DONTWAIT) > 0)
		;
}

int vp_netlink_ask(struct vp_routes *r, struct nlmsghdr *nlh, mnl_cb_t cb,
                   void *arg)
{
	unsigned port = mnl_socket_get_portid(r->nl);
	bool dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int more = MNL_CB_OK, err;

	nlh->nlmsg_seq = ++r->seq;
	if (mnl_socket_sendto(r->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(r->nl, r->in, sizeof(r->in));

		if (n < 0 && errno == EINTR)
			continue; /* a signal */
		/* EINTR from here: NLM_F_DUMP_INTR, things changed while the
		 * kernel was listing them. */
		more = n < 0 ? MNL_CB_ERROR
		             : mnl_cb_run(r->in, (size_t)n, r->seq, port, cb,
		                          arg);
		if (!dump && more > MNL_CB_STOP)
			break; /* one message is the whole answer */
	}
	if (more != MNL_CB_ERROR)
		return 0;
	err = -errno;
	flush(r);
	return err;
}

struct vp_addr vp_netlink_addr(const void *bytes, size_t len)
{
	struct vp_addr a = { 0 };

	if (len != 4 && len != 16)
		return a;
	a.family = len == 4 ? 4 : 6;
	memcpy(a.bytes, bytes, len);
	return a;
}

struct vp_addr vp_netlink_via(const struct nlattr *attr)
{
	const uint8_t *via = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	/* struct rtvia: a 16-bit family, then the address. */
	if (len < 2)
		return (struct vp_addr){ 0 };
	return vp_netlink_addr(via + 2, len - 2);
}

void vp_netlink_attributes(const void *attrs, size_t len,
                           const struct nlattr **tb, unsigned max)
{
	const struct nlattr *attr = attrs;
	int left = (int)len;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	while (mnl_attr_ok(attr, left)) {
		unsigned type = mnl_attr_get_type(attr);

		if (type <= max)
			tb[type] = attr;
		left -= (int)MNL_ALIGN(attr->nla_len);
		attr = mnl_attr_next(attr);
	}
}

void vp_netlink_parse(const struct nlmsghdr *nlh, size_t header,
                      const struct nlattr **tb, unsigned max)
{
	size_t skip = (header + 3) & ~(size_t)3;
	size_t len = mnl_nlmsg_get_payload_len(nlh);
	const char *payload = mnl_nlmsg_get_payload(nlh);

	vp_netlink_attributes(payload + (skip < len ? skip : len),
	                      skip < len ? len - skip : 0, tb, max);
}

uint32_t vp_netlink_u32(const struct nlattr *attr, uint32_t otherwise)
{
	if (attr == NULL || mnl_attr_get_payload_len(attr) < sizeof(uint32_t))
		return otherwise;
	return mnl_attr_get_u32(attr);
}
