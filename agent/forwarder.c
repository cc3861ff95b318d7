/*
 * forwarder.c - forwarding these zones, in each server's own words.
 *
 * No tabs: the lines stand in remedies too, where they are indented. Lines
 * that a report must not fold for a shell have a semicolon in them.
 */
#include "forwarder.h"

#include <stdarg.h>
#include <string.h>

#include "forwarder_zones.h"

struct lines {
	struct vp_arena *arena;
	const char *const *zones;
	size_t n_zones;
	const char *upstream;
	char *text;
};

/* Appends. */
__attribute__((format(printf, 2, 3))) static void put(struct lines *l,
                                                      const char *fmt, ...);

static void put(struct lines *l, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	l->text = vp_arena_printf(l->arena, "%s%s\n", l->text, line);
}

/* "forward only": without it BIND asks the root servers when the upstream is
 * slow, and the answer is the public one. */
static void bind_lines(struct lines *l)
{
	for (size_t i = 0; i < l->n_zones; i++)
		put(l,
		    "zone \"%s\" { type forward; forward only; "
		    "forwarders { %s; }; };",
		    l->zones[i], l->upstream);
}

/*
 * private-domain lets private addresses through where private-address would
 * strip them; domain-insecure keeps a validating server from asking for proofs
 * that a private zone has none of. Neither harms a server that does neither.
 */
static void unbound_lines(struct lines *l)
{
	put(l, "server:");
	for (size_t i = 0; i < l->n_zones; i++) {
		put(l, "    private-domain: \"%s.\"", l->zones[i]);
		put(l, "    domain-insecure: \"%s.\"", l->zones[i]);
	}
	for (size_t i = 0; i < l->n_zones; i++) {
		put(l, "forward-zone:");
		put(l, "    name: \"%s.\"", l->zones[i]);
		put(l, "    forward-addr: %s", l->upstream);
		put(l, "    forward-first: no");
	}
}

/* rebind-domain-ok: as unbound's private-domain, against stop-dns-rebind. */
static void dnsmasq_lines(struct lines *l)
{
	for (size_t i = 0; i < l->n_zones; i++) {
		put(l, "server=/%s/%s", l->zones[i], l->upstream);
		put(l, "rebind-domain-ok=/%s/", l->zones[i]);
	}
}

static void coredns_lines(struct lines *l)
{
	for (size_t i = 0; i < l->n_zones; i++) {
		put(l, "%s:53 {", l->zones[i]);
		put(l, "    errors");
		put(l, "    cache 30");
		put(l, "    forward . %s", l->upstream);
		put(l, "}");
	}
}

/*
 * A time-out above 4 seconds: with the shorter default the server gives up on
 * Azure DNS under load (G115313). Without recursion it then fails, rather than
 * asking the root servers for the public answer. A zone that is there already
 * is set right; one of another type is refused by Set.
 */
static void windows_lines(struct lines *l)
{
	put(l, "foreach ($zone in");
	for (size_t i = 0; i < l->n_zones; i++)
		put(l, "    '%s'%s", l->zones[i],
		    i + 1 < l->n_zones ? "," : ") {");
	put(l, "    if (-not (Get-DnsServerZone $zone -EA 0)) {");
	put(l,
	    "        Add-DnsServerConditionalForwarderZone -Name $zone "
	    "-MasterServers %s -ForwarderTimeout 6;",
	    l->upstream);
	put(l, "    }");
	put(l,
	    "    Set-DnsServerConditionalForwarderZone -Name $zone "
	    "-MasterServers %s -ForwarderTimeout 6 -UseRecursion $false;",
	    l->upstream);
	put(l, "}");
}

/* The private zones behind these public ones, each linked once. */
static void link_lines(struct lines *l, const char *vnet)
{
	for (size_t i = 0; i < l->n_zones; i++) {
		const struct vp_forwarder_zone *row =
			vp_forwarder_row(l->zones[i]);
		bool done = row == NULL || row->privatelink == NULL;

		for (size_t k = 0; k < i && !done; k++) {
			const struct vp_forwarder_zone *other =
				vp_forwarder_row(l->zones[k]);

			done = other != NULL && other->privatelink != NULL &&
			       strcmp(other->privatelink, row->privatelink) ==
			               0;
		}
		if (!done)
			put(l,
			    "az network private-dns link vnet create -g RG "
			    "-z %s -n LINK -v %s -e false",
			    row->privatelink, vnet);
	}
}

/* The proxy has one upstream for all names, so Azure DNS has to see the zones
 * from where the firewall is (G127450). */
static void firewall_lines(struct lines *l)
{
	put(l,
	    "az network firewall policy update -g RG -n POLICY "
	    "--enable-dns-proxy true --dns-servers %s",
	    l->upstream);
	if (strcmp(l->upstream, VP_AZURE_DNS_TEXT) == 0)
		link_lines(l, "FIREWALL_VNET");
}

/* A ruleset cannot send to 168.63.129.16 (P6): what the resolver sees there
 * is decided by the links of its VNet. */
static void resolver_lines(struct lines *l)
{
	if (strcmp(l->upstream, VP_AZURE_DNS_TEXT) == 0) {
		link_lines(l, "RESOLVER_VNET");
		return;
	}
	for (size_t i = 0; i < l->n_zones; i++) {
		char *rule = vp_arena_strdup(l->arena, l->zones[i]);

		for (char *p = rule; *p != '\0'; p++)
			*p = *p == '.' ? '-' : *p;
		put(l,
		    "az dns-resolver forwarding-rule create -g RG "
		    "--ruleset-name RULESET -n %s --domain-name %s. "
		    "--target-dns-servers \"[{ip-address:%s,port:53}]\"",
		    rule, l->zones[i], l->upstream);
	}
}

const char *vp_forwarder_lines(struct vp_arena *arena, enum vp_server_kind kind,
                               const char *const *zones, size_t n_zones,
                               const struct vp_addr *upstream)
{
	static void (*const writers[])(struct lines * l) = {
		[VP_SERVER_UNKNOWN] = NULL,
		[VP_SERVER_BIND] = bind_lines,
		[VP_SERVER_UNBOUND] = unbound_lines,
		[VP_SERVER_DNSMASQ] = dnsmasq_lines,
		[VP_SERVER_COREDNS] = coredns_lines,
		[VP_SERVER_WINDOWS] = windows_lines,
		[VP_SERVER_AZURE_FIREWALL] = firewall_lines,
		[VP_SERVER_PRIVATE_RESOLVER] = resolver_lines,
	};
	char address[VP_ADDR_TEXT];
	struct lines l = {
		.arena = arena,
		.zones = zones,
		.n_zones = n_zones,
		.upstream = vp_addr_format(upstream, address),
		.text = vp_arena_strdup(arena, ""),
	};

	if ((size_t)kind >= sizeof(writers) / sizeof(*writers) ||
	    writers[kind] == NULL)
		return NULL;
	if (n_zones > 0)
		writers[kind](&l);
	return l.text;
}

static const struct make {
	const char *name, *then;
} makes[] = {
	[VP_SERVER_UNKNOWN] = { NULL, NULL },
	[VP_SERVER_BIND] = { "BIND",
	                     "named-checkconf && rndc reconfig && rndc flush" },
	[VP_SERVER_UNBOUND] = { "unbound",
	                        "unbound-checkconf && unbound-control reload" },
	[VP_SERVER_DNSMASQ] = { "dnsmasq",
	                        "dnsmasq --test && systemctl restart dnsmasq" },
	[VP_SERVER_COREDNS] = { "CoreDNS", NULL }, /* where it runs varies */
	[VP_SERVER_WINDOWS] = { "Windows DNS", "Clear-DnsServerCache -Force" },
	[VP_SERVER_AZURE_FIREWALL] = { "Azure Firewall", NULL },
	[VP_SERVER_PRIVATE_RESOLVER] = { "Private Resolver", NULL },
};

const char *vp_forwarder_then(enum vp_server_kind kind)
{
	return (size_t)kind < sizeof(makes) / sizeof(*makes) ? makes[kind].then
	                                                     : NULL;
}

const char *vp_forwarder_make(enum vp_server_kind kind)
{
	return (size_t)kind < sizeof(makes) / sizeof(*makes) ? makes[kind].name
	                                                     : NULL;
}

/* RFC 4892: the version, which mostly begins with the name. */
enum vp_server_kind vp_forwarder_kind(const struct vp_resolver *r)
{
	static const struct {
		const char *start;
		enum vp_server_kind kind;
	} starts[] = {
		{ "unbound", VP_SERVER_UNBOUND },
		{ "dnsmasq", VP_SERVER_DNSMASQ },
		{ "CoreDNS", VP_SERVER_COREDNS },
		{ "BIND", VP_SERVER_BIND },
		{ "9.", VP_SERVER_BIND }, /* the bare version, by default */
	};
	char address[VP_ADDR_TEXT];

	vp_addr_format(&r->endpoint.addr, address);
	if (r->kind != VP_SERVER_UNKNOWN || r->version == NULL ||
	    strcmp(address, VP_AZURE_DNS_TEXT) == 0) /* nobody's to mend */
		return r->kind;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (strncmp(r->version, starts[i].start,
		            strlen(starts[i].start)) == 0)
			return starts[i].kind;
	}
	return VP_SERVER_UNKNOWN;
}
