/*
 * dns_service.c - the data of SVCB and HTTPS records (RFC 9460).
 *
 * A priority, the name of a target, and parameters, of which the address hints
 * are read.
 */
#include "dns_service.h"

#include <string.h>

#include "cursor.h"

#define KEY_IPV4HINT 4 /* section 14.3.2 */
#define KEY_IPV6HINT 6

/* Section 7.3: addresses, one after the other. */
static bool hints_read(struct vp_dns_service *s, struct vp_arena *arena,
                       struct vp_cursor *value, uint8_t family)
{
	size_t size = family == 4 ? 4 : 16;

	if (vp_cur_left(value) == 0 || vp_cur_left(value) % size != 0)
		return false;
	while (vp_cur_left(value) > 0) {
		struct vp_dns_address *a = VP_PUSH(arena, s->hints, s->n_hints);

		a->addr.family = family;
		memcpy(a->addr.bytes, vp_cur_take(value, size), size);
		a->ttl = s->ttl;
	}
	return true;
}

/* Section 2.2: keys in strictly growing order. */
static bool parameters_read(struct vp_dns_service *s, struct vp_arena *arena,
                            struct vp_cursor *c)
{
	int32_t last = -1;

	while (vp_cur_left(c) > 0) {
		uint16_t key = vp_cur_be16(c);
		struct vp_cursor value = vp_cur_sub(c, vp_cur_be16(c));

		if (c->bad || key <= last)
			return false;
		last = key;
		if (key == KEY_IPV4HINT && !hints_read(s, arena, &value, 4))
			return false;
		if (key == KEY_IPV6HINT && !hints_read(s, arena, &value, 6))
			return false;
	}
	return true;
}

bool vp_dns_service_read(struct vp_dns_service *out, struct vp_arena *arena,
                         const uint8_t *msg, size_t at, size_t end,
                         const struct vp_dns_name *owner, uint32_t ttl)
{
	struct vp_cursor c = vp_cur_init(msg + at, end - at);
	struct vp_dns_service s = { .ttl = ttl };
	char text[VP_DNS_NAME_TEXT];
	struct vp_dns_name target;

	s.priority = vp_cur_be16(&c);
	at += 2;
	if (c.bad || vp_dns_name_read(&target, msg, end, &at) != NULL)
		return false;
	c = vp_cur_init(msg + at, end - at);
	/* Section 2.4.2: parameters of an alias are to be ignored. */
	if (s.priority != 0 && !parameters_read(&s, arena, &c))
		return false;
	vp_dns_name_text(text, target.len == 1 ? owner : &target);
	s.target = vp_arena_strdup(arena, text);
	*out = s;
	return true;
}
