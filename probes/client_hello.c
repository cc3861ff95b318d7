/*
 * client_hello.c - the server name in a TLS ClientHello (RFC 8446, RFC 6066).
 *
 * Two readers on top of each other: the lower one yields the handshake bytes
 * of consecutive records as if the record headers were not there, the upper
 * one walks the hello. Whenever the lower one runs dry the answer is MORE;
 * when a length inside does not fit the one around it, NOT_TLS.
 */
#include "vnetprobe/client_hello.h"

#include <string.h>

#include "cursor.h"

#define RECORD_HANDSHAKE 22
#define RECORD_MAX (16384 + 256) /* what TLS 1.2 servers put up with */
#define CLIENT_HELLO 1
#define EXTENSION_SERVER_NAME 0
#define EXTENSION_ECH 0xfe0d /* draft-ietf-tls-esni */
#define HOST_NAME 0
#define HELLO_MAX 65536 /* of a message; real ones stay below 4 KiB */

struct records {
	struct vp_cursor c;
	size_t left; /* bytes of the open record still to come */
	bool bare;   /* no records: QUIC carries messages as they are */
	bool not_tls;
};

/* Opens the next record: RFC 8446 section 5.1. */
static bool record_open(struct records *r)
{
	uint8_t type, major;
	size_t len;

	if (r->bare)
		return false;
	type = vp_cur_u8(&r->c);
	major = vp_cur_u8(&r->c);
	vp_cur_u8(&r->c);
	len = vp_cur_be16(&r->c);
	if (r->c.bad)
		return false;
	if (type != RECORD_HANDSHAKE || major != 3 || len == 0 ||
	    len > RECORD_MAX) {
		r->not_tls = true;
		return false;
	}
	r->left = len;
	return true;
}

/* Moves on by n handshake bytes, into out unless that is NULL. */
static bool take(struct records *r, uint8_t *out, size_t n)
{
	while (n > 0) {
		size_t now;
		const uint8_t *b;

		if (r->left == 0 && !record_open(r))
			return false;
		now = n < r->left ? n : r->left;
		b = vp_cur_take(&r->c, now);
		if (b == NULL)
			return false;
		if (out != NULL) {
			memcpy(out, b, now);
			out += now;
		}
		r->left -= now;
		n -= now;
	}
	return true;
}

/* An unfinished hello; budget counts what its own length leaves. */
struct hello {
	struct records r;
	size_t budget;
};

static bool get(struct hello *h, uint8_t *out, size_t n)
{
	if (n > h->budget) {
		h->r.not_tls = true;
		return false;
	}
	if (!take(&h->r, out, n))
		return false;
	h->budget -= n;
	return true;
}

/* A vector with a length of width bytes, skipped. */
static bool skip_vector(struct hello *h, size_t width)
{
	uint8_t b[2] = { 0 };

	if (!get(h, b, width))
		return false;
	return get(h, NULL, width == 1 ? b[0] : (size_t)b[0] << 8 | b[1]);
}

static bool get16(struct hello *h, size_t *out)
{
	uint8_t b[2];

	if (!get(h, b, 2))
		return false;
	*out = (size_t)b[0] << 8 | b[1];
	return true;
}

static bool host_byte(uint8_t b)
{
	return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-' ||
	       b == '_' || b == '.';
}

/* RFC 6066 section 3: a DNS name in ASCII without the final dot, which some
 * clients leave there and servers pass over. */
static bool name_copy(char name[256], const uint8_t *b, size_t len)
{
	char out[256];

	if (len > 1 && b[len - 1] == '.')
		len--;
	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t l = b[i];

		if (l >= 'A' && l <= 'Z')
			l = (uint8_t)(l | 0x20);
		if (!host_byte(l))
			return false;
		out[i] = (char)l;
	}
	out[len] = '\0';
	memcpy(name, out, len + 1);
	return true;
}

/*
 * One name of those that a hello should have at most one of. With two that
 * differ it is the server's choice which counts.
 */
static void name_found(struct vp_hello_found *out, const uint8_t *b, size_t len)
{
	char name[256];

	if (!name_copy(name, b, len)) {
		out->doubtful = true; /* another one than any that resolves */
		return;
	}
	if (out->name[0] != '\0')
		out->doubtful |= strcmp(out->name, name) != 0;
	else
		memcpy(out->name, name, strlen(name) + 1);
}

/* The body of the extension: a list of names, of which one is a host name. */
static bool server_name(struct vp_hello_found *out, struct hello *h, size_t len)
{
	uint8_t body[512];
	struct vp_cursor c, list;

	if (len > sizeof(body)) { /* more than a name has room for */
		out->doubtful = true;
		return get(h, NULL, len);
	}
	if (!get(h, body, len))
		return false;
	c = vp_cur_init(body, len);
	list = vp_cur_sub(&c, vp_cur_be16(&c));
	while (!list.bad && vp_cur_left(&list) > 0) {
		uint8_t type = vp_cur_u8(&list);
		struct vp_cursor n = vp_cur_sub(&list, vp_cur_be16(&list));

		if (!list.bad && type == HOST_NAME)
			name_found(out, n.p, vp_cur_left(&n));
	}
	return true;
}

/* False if the bytes end before the extensions do, or they make no sense. */
static bool extensions(struct vp_hello_found *out, struct hello *h)
{
	size_t len, type, rest;

	if (h->budget == 0)
		return true; /* TLS 1.2 without any */
	if (!get16(h, &len))
		return false;
	if (len > h->budget) {
		h->r.not_tls = true;
		return false;
	}
	rest = h->budget - len;
	h->budget = len;
	while (h->budget > 0) {
		if (!get16(h, &type) || !get16(h, &len))
			return false;
		if (len > h->budget) {
			h->r.not_tls = true;
			return false;
		}
		out->ech |= type == EXTENSION_ECH;
		if (type == EXTENSION_SERVER_NAME ? !server_name(out, h, len)
		                                  : !get(h, NULL, len))
			return false;
	}
	h->budget = rest;
	return get(h, NULL, rest);
}

/* RFC 8446 section 4.1.2. False for any read that failed; the caller tells
 * the two reasons apart. */
static bool client_hello(struct vp_hello_found *out, struct hello *h)
{
	uint8_t head[4];

	if (!get(h, head, 4))
		return false;
	h->budget = (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
	if (head[0] != CLIENT_HELLO || h->budget > HELLO_MAX) {
		h->r.not_tls = true;
		return false;
	}
	return get(h, NULL, 2 + 32) && /* version, random */
	       skip_vector(h, 1) &&    /* session id */
	       skip_vector(h, 2) &&    /* cipher suites */
	       skip_vector(h, 1) &&    /* compression methods */
	       extensions(out, h);
}

static enum vp_hello hello_read(struct vp_hello_found *out, struct hello *h,
                                const uint8_t *data)
{
	bool whole;

	memset(out, 0, sizeof(*out));
	whole = client_hello(out, h);
	if (h->r.not_tls) {
		memset(out, 0, sizeof(*out));
		return VP_HELLO_NOT_TLS;
	}
	if (!whole)
		return VP_HELLO_MORE;
	out->len = (size_t)(h->r.c.p - data);
	return out->name[0] != '\0' ? VP_HELLO_NAME : VP_HELLO_NO_NAME;
}

/* Can these few bytes still become a handshake record with a hello? */
bool vp_client_hello_begins(const uint8_t *data, size_t len)
{
	if (len > 0 && data[0] != RECORD_HANDSHAKE)
		return false;
	if (len > 1 && data[1] != 3)
		return false;
	return len <= 5 || data[5] == CLIENT_HELLO;
}

enum vp_hello vp_client_hello_read(struct vp_hello_found *out,
                                   const uint8_t *data, size_t len)
{
	struct hello h = { .r.c = vp_cur_init(data, len), .budget = 4 };

	if (!vp_client_hello_begins(data, len)) {
		memset(out, 0, sizeof(*out));
		return VP_HELLO_NOT_TLS;
	}
	return hello_read(out, &h, h.r.c.p);
}

enum vp_hello vp_client_hello_message(struct vp_hello_found *out,
                                      const uint8_t *msg, size_t len)
{
	struct hello h = {
		.r = { .c = vp_cur_init(msg, len), .left = len, .bare = true },
		.budget = 4
	};

	if (len > 0 && msg[0] != CLIENT_HELLO) {
		memset(out, 0, sizeof(*out));
		return VP_HELLO_NOT_TLS;
	}
	return hello_read(out, &h, h.r.c.p);
}
