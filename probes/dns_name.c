/* dns_name.c - see dns_name.h. */
#include "dns_name.h"

#include <errno.h>
#include <string.h>

#include "cursor.h"

const char vp_dns_name_cut[] = "name runs past the end";

static bool push(struct vp_dns_name *n, const uint8_t *label, size_t len)
{
	if (n->len + 1 + len > VP_DNS_WIRE_MAX)
		return false;
	n->wire[n->len++] = (uint8_t)len;
	for (size_t i = 0; i < len; i++)
		n->wire[n->len++] = vp_dns_lower(label[i]);
	return true;
}

/*
 * Reads the name at *at of the message, following compression pointers, and
 * moves *at behind it. A pointer must lead to before the place where the
 * labels being read began (RFC 1035 section 4.1.4: "a prior occurrence"), so
 * every jump goes strictly backwards and the loop ends.
 */
const char *vp_dns_name_read(struct vp_dns_name *n, const uint8_t *msg,
                             size_t len, size_t *at)
{
	struct vp_cursor c = vp_cur_init(msg + *at, len - *at);
	size_t start = *at;
	bool jumped = false;

	n->len = 0;
	for (;;) {
		uint8_t b = vp_cur_u8(&c);
		const uint8_t *label;

		if (c.bad)
			return vp_dns_name_cut;
		if (b >= 0xc0) {
			size_t to = (size_t)(b & 0x3f) << 8 | vp_cur_u8(&c);

			if (c.bad)
				return vp_dns_name_cut;
			if (!jumped)
				*at = (size_t)(c.p - msg);
			jumped = true;
			if (to >= start)
				return "compression loop";
			start = to;
			c = vp_cur_init(msg + to, len - to);
			continue;
		}
		if (b > VP_DNS_LABEL_MAX)
			return "unknown label type";
		label = vp_cur_take(&c, b);
		if (label == NULL)
			return vp_dns_name_cut;
		if (!push(n, label, b))
			return "name longer than 255 bytes";
		if (b == 0)
			break;
	}
	if (!jumped)
		*at = (size_t)(c.p - msg);
	return NULL;
}

bool vp_dns_name_equal(const struct vp_dns_name *a, const struct vp_dns_name *b)
{
	return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

uint16_t vp_dns_name_hash(const struct vp_dns_name *n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n->len; i++)
		h = (h ^ n->wire[i]) * 16777619u;
	return (uint16_t)(h ^ h >> 16);
}

/* RFC 1035 section 5.1: what a zone file would have to quote is escaped. */
static bool plain(uint8_t b)
{
	return b > 0x20 && b < 0x7f && strchr(".\\\"();@$", b) == NULL;
}

static size_t put_byte(char *out, uint8_t b)
{
	if (plain(b)) {
		out[0] = (char)b;
		return 1;
	}
	out[0] = '\\';
	out[1] = (char)('0' + b / 100);
	out[2] = (char)('0' + b / 10 % 10);
	out[3] = (char)('0' + b % 10);
	return 4;
}

void vp_dns_name_text(char out[VP_DNS_NAME_TEXT], const struct vp_dns_name *n)
{
	size_t at = 0, i = 0;

	while (i < n->len && n->wire[i] != 0) {
		size_t end = i + 1 + n->wire[i];

		if (at > 0)
			out[at++] = '.';
		for (i++; i < end; i++)
			at += put_byte(out + at, n->wire[i]);
	}
	if (at == 0)
		out[at++] = '.';
	out[at] = '\0';
}

bool vp_dns_name_below(const struct vp_dns_name *name,
                       const struct vp_dns_name *suffix, size_t *prefix_len)
{
	size_t i = 0;

	while (name->len - i > suffix->len)
		i += 1u + name->wire[i];
	*prefix_len = i;
	return i > 0 && name->len - i == suffix->len &&
	       memcmp(name->wire + i, suffix->wire, suffix->len) == 0;
}

/* One byte of a label, escapes undone (RFC 1035 section 5.1). Returns the
 * characters used; 0 for a bad escape. */
static size_t label_byte(uint8_t *out, const char *s)
{
	unsigned v = 0;

	if (s[0] != '\\') {
		*out = (uint8_t)s[0];
		return 1;
	}
	if (s[1] < '0' || s[1] > '9') {
		*out = (uint8_t)s[1];
		return s[1] == '\0' ? 0 : 2;
	}
	for (size_t i = 1; i <= 3; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		v = v * 10 + (unsigned)(s[i] - '0');
	}
	*out = (uint8_t)v;
	return v > 255 ? 0 : 4;
}

/* Reads one label into buf. Returns the characters used, 0 if it is empty,
 * too long or badly escaped. */
static size_t label_parse(uint8_t buf[VP_DNS_LABEL_MAX], size_t *len,
                          const char *s)
{
	size_t i = 0;

	*len = 0;
	while (s[i] != '\0' && s[i] != '.') {
		uint8_t b;
		size_t used = label_byte(&b, s + i);

		if (used == 0 || *len == VP_DNS_LABEL_MAX)
			return 0;
		buf[(*len)++] = b;
		i += used;
	}
	return i;
}

int vp_dns_name_parse(struct vp_dns_name *out, const char *text)
{
	out->len = 0;
	if (text[0] == '\0')
		return -EINVAL;
	if (strcmp(text, ".") == 0)
		text = "";
	while (text[0] != '\0') {
		uint8_t label[VP_DNS_LABEL_MAX];
		size_t len, used = label_parse(label, &len, text);

		if (used == 0 || !push(out, label, len))
			return -EINVAL;
		text += used;
		if (text[0] == '.')
			text++;
	}
	return push(out, NULL, 0) ? 0 : -EINVAL;
}
