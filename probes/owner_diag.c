/* owner_diag.c - see owner_diag.h. */
#include "owner_diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <uv.h>

#include "netlink.h"

#define ASKED_MOST 4000 /* questions a second */
#define LISTED_MOST 40  /* lists of all UDP sockets a second */
#define BUFFER_BYTES 32768
#define TCP_LISTEN_STATE 10 /* the kernel's tcp_states.h */
#define CGROUP_ID_ATTR 21   /* INET_DIAG_CGROUP_ID, Linux 5.7 */

struct vp_diag {
	struct mnl_socket *nl;
	uint32_t seq;
	uint64_t second;
	unsigned asked, listed;
	char out[256];
	char in[BUFFER_BYTES];
};

/* What the answer is compared with, and what came of it. */
struct look {
	uint8_t proto;
	const struct vp_endpoint *local, *remote;
	struct vp_diag_socket found;
	unsigned exact, any; /* sockets that fit */
};

int vp_diag_open(struct vp_diag **out)
{
	struct timeval wait = { .tv_sec = 1 };
	struct vp_diag *d = calloc(1, sizeof(*d));
	int err;

	*out = NULL;
	if (d == NULL)
		return -ENOMEM;
	d->nl = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (d->nl == NULL ||
	    mnl_socket_bind(d->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		err = -errno;
		vp_diag_close(d);
		return err;
	}
	/* The kernel answers before the request returns: this only keeps a
	 * lost answer from hanging us. */
	setsockopt(mnl_socket_get_fd(d->nl), SOL_SOCKET, SO_RCVTIMEO, &wait,
	           sizeof(wait));
	*out = d;
	return 0;
}

void vp_diag_close(struct vp_diag *d)
{
	if (d == NULL)
		return;
	if (d->nl != NULL)
		mnl_socket_close(d->nl);
	free(d);
}

/* --- answers ----------------------------------------------------------------
 */

/* ::ffff:a.b.c.d is what IPv4 looks like to an IPv6 socket. */
static struct vp_endpoint end_of(uint8_t family, const __be32 a[4], __be16 port)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *bytes = (const uint8_t *)a;
	struct vp_endpoint e = { .port = ntohs(port) };

	if (family == AF_INET6 && memcmp(bytes, mapped, 12) == 0) {
		family = AF_INET;
		bytes += 12;
	}
	e.addr.family = family == AF_INET6 ? 6 : 4;
	memcpy(e.addr.bytes, bytes, family == AF_INET6 ? 16 : 4);
	return e;
}

static bool is_any(const struct vp_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->bytes, zero, 16) == 0;
}

/* :: takes IPv4 as well, unless it is told not to, which is not told here: two
 * that fit are nobody. */
static bool has_local(const struct vp_endpoint *have,
                      const struct vp_endpoint *local)
{
	if (have->port != local->port)
		return false;
	if (is_any(&have->addr))
		return have->addr.family == 6 || local->addr.family == 4;
	return vp_addr_equal(&have->addr, &local->addr);
}

static uint64_t cgroup_of(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	const struct nlattr *tb[CGROUP_ID_ATTR + 1];

	vp_netlink_parse(nlh, sizeof(struct inet_diag_msg), tb, CGROUP_ID_ATTR);
	attr = tb[CGROUP_ID_ATTR];
	if (attr != NULL && mnl_attr_get_payload_len(attr) >= sizeof(uint64_t))
		return mnl_attr_get_u64(attr);
	return 0;
}

static int on_socket(const struct nlmsghdr *nlh, void *arg)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(nlh);
	struct vp_endpoint local, remote;
	struct look *l = arg;
	bool exact;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*m))
		return MNL_CB_OK;
	/* TIME_WAIT and the like belong to nobody; a listener is found where
	 * there is no connection, and is none. */
	if (m->idiag_inode == 0 ||
	    (l->proto == IPPROTO_TCP && m->idiag_state == TCP_LISTEN_STATE))
		return MNL_CB_OK;
	local = end_of(m->idiag_family, m->id.idiag_src, m->id.idiag_sport);
	remote = end_of(m->idiag_family, m->id.idiag_dst, m->id.idiag_dport);
	exact = vp_endpoint_equal(&remote, l->remote);
	if (!has_local(&local, l->local) || (!exact && remote.port != 0))
		return MNL_CB_OK;
	if (exact)
		l->exact++;
	else
		l->any++;
	if (!exact && l->exact > 0)
		return MNL_CB_OK;
	l->found = (struct vp_diag_socket){
		.inode = m->idiag_inode,
		.uid = m->idiag_uid,
		.cgroup_id = cgroup_of(nlh),
		.exact = exact,
	};
	return MNL_CB_OK;
}

/* --- questions ---------------------------------------------------------------
 */

static void put_end(__be32 a[4], __be16 *port, const struct vp_endpoint *e)
{
	memcpy(a, e->addr.bytes, e->addr.family == 6 ? 16 : 4);
	*port = htons(e->port);
}

static struct nlmsghdr *request(struct vp_diag *d, struct look *l, int family,
                                bool list)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(d->out);
	struct inet_diag_req_v2 *req;

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST | (list ? NLM_F_DUMP : 0);
	nlh->nlmsg_seq = ++d->seq;
	req = mnl_nlmsg_put_extra_header(nlh, sizeof(*req));
	req->sdiag_family = (uint8_t)family;
	req->sdiag_protocol = l->proto;
	req->idiag_states = ~0u;
	req->id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	req->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	if (list)
		return nlh;
	/* "src and dst are swapped for historical reasons", as the kernel's
	 * net/ipv4/udp_diag.c has it, for UDP alone. */
	if (l->proto == IPPROTO_UDP) {
		put_end(req->id.idiag_src, &req->id.idiag_sport, l->remote);
		put_end(req->id.idiag_dst, &req->id.idiag_dport, l->local);
	} else {
		put_end(req->id.idiag_src, &req->id.idiag_sport, l->local);
		put_end(req->id.idiag_dst, &req->id.idiag_dport, l->remote);
	}
	return nlh;
}

static int ask(struct vp_diag *d, struct look *l, int family, bool list)
{
	const struct nlmsghdr *nlh = request(d, l, family, list);
	unsigned port = mnl_socket_get_portid(d->nl);
	int more = MNL_CB_OK, err;

	if (mnl_socket_sendto(d->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(d->nl, d->in, sizeof(d->in));

		if (n < 0 && errno == EINTR)
			continue;
		more = n < 0 ? MNL_CB_ERROR
		             : mnl_cb_run(d->in, (size_t)n, d->seq, port,
		                          on_socket, l);
		if (!list && more > MNL_CB_STOP)
			break;
	}
	if (more != MNL_CB_ERROR)
		return 0;
	err = -errno;
	while (recv(mnl_socket_get_fd(d->nl), d->in, sizeof(d->in),
	            MSG_DONTWAIT) > 0)
		; /* what is left of an answer that was given up */
	return err;
}

static bool may_ask(struct vp_diag *d)
{
	uint64_t second = uv_hrtime() / 1000000000;

	if (second != d->second) {
		d->second = second;
		d->asked = d->listed = 0;
	}
	return d->asked++ < ASKED_MOST;
}

/* A socket for any remote: is it the only one at this port? Several share it
 * with SO_REUSEPORT, or by their local addresses. */
static int list_udp(struct vp_diag *d, struct look *l)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int rc = 0;

	if (d->listed++ >= LISTED_MOST)
		return -EBUSY;
	l->exact = l->any = 0;
	for (size_t i = 0; rc == 0 && i < 2; i++)
		rc = ask(d, l, families[i], true);
	return rc;
}

int vp_diag_find(struct vp_diag *d, struct vp_diag_socket *out, uint8_t proto,
                 const struct vp_endpoint *local,
                 const struct vp_endpoint *remote)
{
	struct look l = { .proto = proto, .local = local, .remote = remote };
	int rc;

	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return -EPROTONOSUPPORT;
	if (!may_ask(d))
		return -EBUSY;
	rc = ask(d, &l, local->addr.family == 6 ? AF_INET6 : AF_INET, false);
	if (rc == 0 && l.exact == 0 && l.any > 0)
		rc = list_udp(d, &l);
	if (rc != 0)
		return rc;
	if (l.exact > 1 || (l.exact == 0 && l.any != 1))
		return -ENOENT;
	*out = l.found;
	return 0;
}
