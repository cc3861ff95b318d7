/*
 * flow_keep.c - what is worth looking at, and worth keeping as evidence.
 *
 * Bulk between private ends is neither: the kernel's filter (capture_filter.c)
 * does not hand it over, and from a file it is passed over here by the same
 * rules, so that both ways see the same flows. Kept whole is what proves who
 * was meant: DNS, handshakes, the first request in plain HTTP, errors. Of the
 * rest of a public flow the headers do.
 */
#include <netinet/in.h>
#include <string.h>

#include "capture_filter.h"
#include "flow_table.h"

enum { IN = VP_FLOW_IN, OUT = VP_FLOW_OUT };

#define PORT_DOT 853         /* RFC 7858 */
#define TLS_RECORD_MAX 18432 /* 2^14 + 2048, RFC 5246 section 6.2.3 */

static bool begins(const struct vp_packet *p, const char *word, uint32_t len)
{
	return p->payload_caplen >= len && memcmp(p->payload, word, len) == 0;
}

bool vp_flow_asks_proxy(const struct vp_packet *p)
{
	if (p->payload_caplen < 4 || p->payload[0] < 'C' || p->payload[0] > 'P')
		return false;
#define X(word) || begins(p, word, sizeof(word) - 1)
	return false VP_PROXY_REQUESTS(X);
#undef X
}

static bool is_tcp_bulk(const struct vp_packet *p)
{
	if ((p->tcp_flags & (VP_TCP_SYN | VP_TCP_FIN | VP_TCP_RST)) != 0)
		return false;
	/* A handshake record, RFC 8446 section 5.1. */
	return p->payload_caplen == 0 ||
	       (p->payload[0] != 22 && !vp_flow_asks_proxy(p));
}

/* RFC 792, RFC 4443 section 2.1: errors and redirects are of interest. */
static bool is_icmp_bulk(const struct vp_packet *p)
{
	if (p->proto == IPPROTO_ICMPV6)
		return p->icmp_type >= 128 && p->icmp_type != 137;
	return p->icmp_type != 3 && p->icmp_type != 4 && p->icmp_type != 5 &&
	       p->icmp_type != 11 && p->icmp_type != 12;
}

bool vp_flow_is_bulk(const struct vp_flows *t, const struct vp_packet *p)
{
	if (p->fragment || p->has_quoted)
		return false;
	if (p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6)
		return is_icmp_bulk(p);
	if (!p->has_ports ||
	    (p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP) ||
	    vp_flow_is_dns(t, p) || p->sport == PORT_DOT ||
	    p->dport == PORT_DOT)
		return false;
	return p->proto == IPPROTO_UDP || is_tcp_bulk(p);
}

/* --- what to keep -------------------------------------------------------- */

/* Change cipher spec, alert, handshake: a record that is no data. */
static bool is_talk(const uint8_t *b)
{
	return b[0] >= 20 && b[0] <= 22 && b[1] == 3 && b[2] <= 4;
}

/*
 * Records of a handshake follow each other over segments: where the last one
 * ends, another begins, or the data. Goes along them; true if any of this
 * segment is of one.
 */
static bool is_handshake(struct vp_flow_row *f, const struct vp_packet *p,
                         int dir)
{
	uint32_t seq = vp_flow_data_seq(p);
	int32_t at = (int32_t)(f->tls_end[dir] - seq);
	bool whole = false;
	uint32_t from;

	if (f->tls_end[dir] == 0 || at < 0 || at > TLS_RECORD_MAX)
		at = 0; /* none goes on here: one may begin */
	else
		whole = at > 0;
	for (from = (uint32_t)at; from + 5 <= p->payload_caplen;) {
		const uint8_t *b = p->payload + from;
		uint32_t len = (uint32_t)b[3] << 8 | b[4];

		if (!is_talk(b) || len > TLS_RECORD_MAX)
			return whole;
		whole = true;
		from += 5 + len;
		f->tls_end[dir] = seq + from;
	}
	return whole;
}

static bool is_http_head(const struct vp_packet *p)
{
	static const char *const words[] = { "GET ", "HEAD", "POST", "PUT ",
		                             "DELE", "CONN", "OPTI", "TRAC",
		                             "PATC", "HTTP" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (begins(p, words[i], 4))
			return true;
	return false;
}

static bool is_tcp_whole(struct vp_flow_row *f, const struct vp_packet *p,
                         int dir)
{
	bool first;

	/* Of SYN, FIN and RST the headers are all there is to know, and some
	 * carry data. */
	if (p->payload_caplen == 0 || f->crowd)
		return false;
	first = !(dir == OUT ? f->http_out : f->http_in);
	if (dir == OUT)
		f->http_out = true;
	else
		f->http_in = true;
	/* Records of a hello come in any order. */
	return is_handshake(f, p, dir) ||
	       vp_flow_hello_wants(f, p, dir == OUT) ||
	       (first && is_http_head(p)) || vp_flow_asks_proxy(p);
}

enum vp_keep vp_flow_keep(struct vp_flows *t, struct vp_flow_row *f,
                          const struct vp_packet *p, int dir)
{
	if (p->has_quoted)
		return VP_KEEP_WHOLE;
	if (!p->has_ports)
		return VP_KEEP_HEADERS;
	if (vp_flow_is_dns(t, p))
		return VP_KEEP_WHOLE;
	if (f == NULL)
		return VP_KEEP_HEADERS;
	if (p->proto == IPPROTO_TCP)
		return is_tcp_whole(f, p, dir) ? VP_KEEP_WHOLE
		                               : VP_KEEP_HEADERS;
	/* A long header of QUIC, whose connection id has 20 bytes at most: RFC
	 * 9000 section 17.2. */
	if (p->proto == IPPROTO_UDP && p->payload_caplen > 5 &&
	    (p->payload[0] & 0xc0) == 0xc0 && p->payload[5] <= 20 && !f->crowd)
		return VP_KEEP_WHOLE;
	return VP_KEEP_HEADERS;
}
