/* evidence_notes.c - see evidence_notes.h. */
#include "evidence_notes.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

#define PREFIX "vnetprobe: "
#define LINE_MAX_BYTES 255
#define WORDS 4

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

static int read_role(enum vp_link_role *out, const char *word)
{
	static const char *const words[] = {
		[VP_LINK_UNKNOWN] = "unknown", [VP_LINK_LOOPBACK] = "loopback",
		[VP_LINK_ENTRY] = "entry",     [VP_LINK_UPPER] = "upper",
		[VP_LINK_LOWER] = "lower",     [VP_LINK_EXIT] = "exit",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0) {
			*out = (enum vp_link_role)i;
			return 0;
		}
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
	    strlen(words[1]) >= VP_NOTE_NAME)
		return -EINVAL;
	n->ifindex = (int)index;
	strcpy(n->name, words[1]);
	return read_role(&n->role, words[2]);
}

static int read_left_out(struct vp_note *n, char *const *words)
{
	return read_number(&n->packets, words[0], UINT64_MAX);
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
	{ "left-out", VP_NOTE_LEFT_OUT, 1, read_left_out },
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
