/* report_writer.c - values as they stand in the JSON report. */
#include "report_writer.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "report_private.h"

static const char *const proto_names[] = {
	[IPPROTO_TCP] = "tcp",
	[IPPROTO_UDP] = "udp",
	[IPPROTO_ICMP] = "icmp",
	[IPPROTO_ICMPV6] = "icmpv6",
};

/* As with the arena: no half-written verdict. */
json_t *report_must(json_t *v)
{
	if (v == NULL) {
		fputs("vnetprobe: out of memory\n", stderr);
		exit(3);
	}
	return v;
}

void report_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(report_must(object), key, report_must(value)) !=
	    0)
		report_must(NULL);
}

void report_append(json_t *array, json_t *value)
{
	if (json_array_append_new(report_must(array), report_must(value)) != 0)
		report_must(NULL);
}

json_t *report_string(struct writer *w, const char *s)
{
	return s != NULL ? json_string(report_escape(w->scratch, s))
	                 : json_null();
}

json_t *report_number(uint64_t n)
{
	return json_integer(n < INT64_MAX ? (json_int_t)n : INT64_MAX);
}

json_t *report_moment(int64_t us)
{
	char buf[REPORT_TIME_TEXT];

	return us > 0 ? json_string(report_time(buf, us)) : json_null();
}

/* Certificates may claim anything: what is outside the calendar is its end. */
json_t *report_moment_s(int64_t s)
{
	static const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z */

	return report_moment((s < 0 ? 0 : s < last ? s : last) * 1000000);
}

json_t *report_address(const struct vp_addr *a)
{
	char buf[VP_ADDR_TEXT];

	return a->family != 0 ? json_string(vp_addr_format(a, buf))
	                      : json_null();
}

json_t *report_endpoint(const struct vp_endpoint *e)
{
	char buf[VP_ENDPOINT_TEXT];

	return e->addr.family != 0 ? json_string(vp_endpoint_format(e, buf))
	                           : json_null();
}

json_t *report_strings(struct writer *w, char *const *list, size_t n)
{
	json_t *array = report_must(json_array());

	for (size_t i = 0; i < n; i++)
		report_append(array, report_string(w, list[i]));
	return array;
}

json_t *report_addresses(const struct vp_addr *list, size_t n)
{
	json_t *array = report_must(json_array());

	for (size_t i = 0; i < n; i++)
		report_append(array, report_address(&list[i]));
	return array;
}

json_t *report_protocol(uint8_t proto)
{
	size_t n = sizeof(proto_names) / sizeof(proto_names[0]);
	const char *name = proto < n ? proto_names[proto] : NULL;

	return name != NULL ? json_string(name)
	                    : json_sprintf("proto-%u", (unsigned)proto);
}

json_t *report_route(struct writer *w, const struct vp_route *r)
{
	json_t *o = report_must(json_object());

	report_put(o, "outcome", json_string(vp_outcome_name(r->outcome)));
	report_put(o, "interface", report_string(w, r->interface));
	report_put(o, "source", report_address(&r->source));
	report_put(o, "gateway", report_address(&r->gateway));
	return o;
}

void report_put_string(struct writer *w, json_t *object, const char *key,
                       const char *s)
{
	if (s != NULL)
		report_put(object, key, report_string(w, s));
}

void report_put_true(json_t *object, const char *key, bool value)
{
	if (value)
		report_put(object, key, json_true());
}

void report_put_strings(struct writer *w, json_t *object, const char *key,
                        char *const *list, size_t n)
{
	if (n > 0)
		report_put(object, key, report_strings(w, list, n));
}
