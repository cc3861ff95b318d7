/* evidence_notes.c - see evidence_notes.h. */
#include "evidence_notes.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"
#include "vnetprobe/link.h"

#define PREFIX "vnetprobe: "
#define LINE_MAX_BYTES 255
#define WORDS 4

/* --- writing ------------------------------------------------------------- */

static bool is_plain(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != '%';
}

static void escape(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 4 <= size; text++) {
		uint8_t c = (uint8_t)*text;

		if (is_plain(c))
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, 4, "%%%02X", c);
	}
	out[n] = '\0';
}

void vp_evidence_note_local(struct vp_evidence *e, const struct vp_addr *addr)
{
	char line[LINE_MAX_BYTES], text[VP_ADDR_TEXT];

	snprintf(line, sizeof(line), PREFIX "local %s",
	         vp_addr_format(addr, text));
	vp_evidence_note(e, line);
}

void vp_evidence_note_interface(struct vp_evidence *e, int index,
                                const char *name, enum vp_link_role role)
{
	char line[LINE_MAX_BYTES], text[3 * 64];

	if (name[0] == '\0')
		return;
	escape(text, sizeof(text), name);
	snprintf(line, sizeof(line), PREFIX "interface %d %s %s", index, text,
	         vp_link_role_name(role));
	vp_evidence_note(e, line);
}

void vp_evidence_note_listener(struct vp_evidence *e, uint16_t port)
{
	char line[LINE_MAX_BYTES];

	snprintf(line, sizeof(line), PREFIX "listener %u", port);
	vp_evidence_note(e, line);
}

void vp_evidence_note_all_interfaces(struct vp_evidence *e)
{
	vp_evidence_note(e, PREFIX "all-interfaces");
}

static void note_resolver(struct vp_evidence *e, const struct vp_endpoint *r)
{
	char line[LINE_MAX_BYTES], text[VP_ENDPOINT_TEXT];

	if (r->addr.family == 0 || r->port == 0)
		return;
	snprintf(line, sizeof(line), PREFIX "resolver %s",
	         vp_endpoint_format(r, text));
	vp_evidence_note(e, line);
}

void vp_evidence_note_plan(struct vp_evidence *e, const struct vp_facts *facts)
{
	char line[LINE_MAX_BYTES], text[VP_PREFIX_TEXT];

	for (size_t i = 0; i < facts->n_resolvers; i++)
		if (facts->resolvers[i].endpoint.port != 53)
			note_resolver(e, &facts->resolvers[i].endpoint);

	for (size_t i = 0; i < facts->policy.n_vnet; i++) {
		snprintf(line, sizeof(line), PREFIX "vnet %s",
		         vp_prefix_format(&facts->policy.vnet[i], text));
		vp_evidence_note(e, line);
	}
}

void vp_evidence_note_resolvers(struct vp_evidence *e,
                                const struct vp_facts *plan,
                                const struct vp_facts *told)
{
	for (size_t i = 0; i < plan->n_resolvers; i++)
		if (plan->resolvers[i].endpoint.port == 53)
			note_resolver(e, &plan->resolvers[i].endpoint);
	for (size_t i = 0; i < told->n_resolvers; i++)
		note_resolver(e, &told->resolvers[i].endpoint);
	vp_evidence_note(e, PREFIX "resolvers-known");
}

static void proto_write(char *out, size_t size, uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		snprintf(out, size, "tcp");
	else if (proto == IPPROTO_UDP)
		snprintf(out, size, "udp");
	else
		snprintf(out, size, "%u", proto);
}

void vp_evidence_note_own(struct vp_evidence *e, const struct vp_facts *facts)
{
	char line[LINE_MAX_BYTES], proto[8];
	char local[VP_ENDPOINT_TEXT], remote[VP_ENDPOINT_TEXT];

	for (size_t i = 0; i < facts->n_flows; i++) {
		const struct vp_flow *f = &facts->flows[i];

		if (!f->own || f->tunnel != NULL)
			continue;
		proto_write(proto, sizeof(proto), f->proto);
		snprintf(line, sizeof(line), PREFIX "own %s %s %s", proto,
		         vp_endpoint_format(&f->local, local),
		         vp_endpoint_format(&f->remote, remote));
		vp_evidence_note(e, line);
	}
}

void vp_evidence_note_left_out(struct vp_evidence *e)
{
	char line[LINE_MAX_BYTES];
	uint64_t n = vp_evidence_left_out(e);

	if (n == 0)
		return;
	snprintf(line, sizeof(line), PREFIX "left-out %llu",
	         (unsigned long long)n);
	vp_evidence_note(e, line);
}

/* --- words -----------------------------------------------------------------
 */

static int read_number(uint64_t *out, const char *text, uint64_t most)
{
	unsigned long long v;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || v > most)
		return -EINVAL;
	*out = v;
	return 0;
}

static int read_proto(uint8_t *out, const char *word)
{
	static const struct {
		const char *word;
		uint8_t proto;
	} names[] = { { "tcp", IPPROTO_TCP },
		      { "udp", IPPROTO_UDP },
		      { "icmp", IPPROTO_ICMP },
		      { "icmpv6", IPPROTO_ICMPV6 } };
	uint64_t number;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(word, names[i].word) == 0) {
			*out = names[i].proto;
			return 0;
		}
	}
	if (read_number(&number, word, UINT8_MAX) != 0)
		return -EINVAL;
	*out = (uint8_t)number;
	return 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int unescape(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		uint8_t c = (uint8_t)*text;

		if (n + 1 >= size || (c != '%' && !is_plain(c)))
			return -EINVAL;
		if (c == '%') {
			int high = hex(text[1]);
			int low = high < 0 ? -1 : hex(text[2]);

			if (low < 0 || (high | low) == 0)
				return -EINVAL;
			c = (uint8_t)(high << 4 | low);
			text += 2;
		}
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return n > 0 ? 0 : -EINVAL;
}

static int read_role(enum vp_link_role *out, const char *word)
{
	for (int r = VP_LINK_UNKNOWN; r <= VP_LINK_EXIT; r++) {
		*out = (enum vp_link_role)r;
		if (strcmp(word, vp_link_role_name(*out)) == 0)
			return 0;
	}
	return -EINVAL;
}

/* --- kinds -----------------------------------------------------------------
 */

static int read_local(struct vp_note *n, char *const *words)
{
	return vp_addr_parse(&n->addr, words[0]);
}

/* As a flag would have it: no prefix that takes in the Internet. */
static int read_vnet(struct vp_note *n, char *const *words)
{
	char why[256];

	return vp_value_read_vnet(&n->vnet, words[0], why, sizeof(why));
}

static int read_own(struct vp_note *n, char *const *words)
{
	int rc = read_proto(&n->proto, words[0]);

	if (rc == 0)
		rc = vp_endpoint_parse(&n->local, words[1], 0);
	if (rc == 0)
		rc = vp_endpoint_parse(&n->remote, words[2], 0);
	return rc;
}

static int read_interface(struct vp_note *n, char *const *words)
{
	uint64_t index;

	if (read_number(&index, words[0], INT32_MAX) != 0 ||
	    unescape(n->name, sizeof(n->name), words[1]) != 0)
		return -EINVAL;
	n->ifindex = (int)index;
	return read_role(&n->role, words[2]);
}

static int read_left_out(struct vp_note *n, char *const *words)
{
	return read_number(&n->packets, words[0], UINT64_MAX);
}

static int read_listener(struct vp_note *n, char *const *words)
{
	uint64_t port;

	if (read_number(&port, words[0], UINT16_MAX) != 0)
		return -EINVAL;
	n->port = (uint16_t)port;
	return 0;
}

static int read_resolver(struct vp_note *n, char *const *words)
{
	return vp_endpoint_parse(&n->remote, words[0], 53);
}

static int read_nothing(struct vp_note *n, char *const *words)
{
	(void)n, (void)words;
	return 0;
}

static const struct kind {
	const char *word;
	enum vp_note_kind kind;
	size_t n_words; /* after it */
	int (*read)(struct vp_note *n, char *const *words);
} kinds[] = {
	{ "local", VP_NOTE_LOCAL, 1, read_local },
	{ "vnet", VP_NOTE_VNET, 1, read_vnet },
	{ "own", VP_NOTE_OWN, 3, read_own },
	{ "interface", VP_NOTE_INTERFACE, 3, read_interface },
	{ "listener", VP_NOTE_LISTENER, 1, read_listener },
	{ "resolver", VP_NOTE_RESOLVER, 1, read_resolver },
	{ "resolvers-known", VP_NOTE_RESOLVERS_KNOWN, 0, read_nothing },
	{ "all-interfaces", VP_NOTE_ALL_INTERFACES, 0, read_nothing },
	{ "left-out", VP_NOTE_LEFT_OUT, 1, read_left_out },
	{ "notes-left-out", VP_NOTE_NOTES_LEFT_OUT, 0, read_nothing },
};

int vp_note_read(struct vp_note *out, const char *text, size_t len)
{
	char line[LINE_MAX_BYTES + 1], *words[WORDS + 1], *rest = line, *word;
	const size_t before = strlen(PREFIX);
	size_t n = 0;

	if (len < before || memcmp(text, PREFIX, before) != 0)
		return -ENOENT;
	if (len - before > LINE_MAX_BYTES || memchr(text, '\0', len) != NULL)
		return -EINVAL;
	memcpy(line, text + before, len - before);
	line[len - before] = '\0';
	while (n <= WORDS && (word = strsep(&rest, " ")) != NULL)
		words[n++] = word;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(words[0], kinds[i].word) != 0)
			continue;
		*out = (struct vp_note){ .kind = kinds[i].kind };
		return n == kinds[i].n_words + 1 ? kinds[i].read(out, words + 1)
		                                 : -EINVAL;
	}
	return -ENOENT;
}
