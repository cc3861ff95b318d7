/* Any bytes as a message; what reads well must also be consistent. */
#include <stdlib.h>
#include <string.h>

#include "vnetprobe/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vp_dns_message *m)
{
	uint8_t buf[512];
	const char *at = m->question;

	/* Each link begins where the last one ended. */
	for (size_t i = 0; i < m->n_chain; i++) {
		if (strcmp(m->chain[i].owner, at) != 0)
			abort();
		at = m->chain[i].target;
	}
	if (m->alias_loop && m->n_addresses > 0)
		abort();
	for (size_t i = 0; i < m->n_addresses; i++) {
		uint8_t family = m->addresses[i].addr.family;

		if (m->type != (family == 4 ? VP_DNS_A : VP_DNS_AAAA) &&
		    m->type != 255)
			abort();
	}
	if (m->text != NULL &&
	    (m->type != VP_DNS_TXT || strlen(m->text) > VP_DNS_TEXT_MAX))
		abort();
	if ((m->soa.zone == NULL) != (m->soa.mname == NULL) ||
	    (m->soa.zone == NULL) != (m->soa.rname == NULL))
		abort();
	if (m->question == NULL)
		return;
	/* Whatever name was read can be asked. */
	if (strlen(m->question) >= VP_DNS_NAME_TEXT ||
	    vp_dns_question_write(buf, sizeof(buf), 1, m->question, 1, 1232) <
	            17)
		abort();
}

/* What a message asks can be asked again, and reads as the same. */
static void check_question(const uint8_t *data, size_t size)
{
	char name[VP_DNS_NAME_TEXT], again[VP_DNS_NAME_TEXT];
	uint8_t buf[512];
	struct vp_dns_header h;
	uint16_t type, type_again;
	int len;

	if (vp_dns_question_read(name, &type, &h, data, size) != 0)
		return;
	len = vp_dns_question_write(buf, sizeof(buf), h.id, name, type, 1232);
	if (len < 0)
		abort();
	vp_dns_question_checking_disabled(buf);
	if (vp_dns_question_read(again, &type_again, &h, buf, (size_t)len) !=
	            0 ||
	    strcmp(name, again) != 0 || type != type_again ||
	    h.flags != (VP_DNS_FLAG_RD | VP_DNS_FLAG_CD))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vp_arena *arena = vp_arena_create();
	char name[VP_DNS_NAME_TEXT], out[256], text[300];
	struct vp_dns_message m;
	struct vp_dns_header h;
	const char *why = NULL;
	uint16_t type;
	size_t n = size < sizeof(text) - 1 ? size : sizeof(text) - 1;

	if (vp_dns_message_read(&m, arena, data, size, &why) == 0)
		check(&m);
	else if (why == NULL)
		abort();
	(void)vp_dns_question_read(name, &type, &h, data, size);
	check_question(data, size);
	memcpy(text, data, n);
	text[n] = '\0';
	why = NULL;
	if (vp_dns_name_normalise(out, text, &why) != 0 && why == NULL)
		abort();
	(void)vp_dns_question_write((uint8_t *)name, sizeof(name), 1, text, 1,
	                            0);
	vp_arena_destroy(arena);
	return 0;
}
