/* catalogue_resolvers.c - resolvers of the Internet, by address and by name. */
#include "catalogue.h"

#include <string.h>

#include "name_match.h"
#include "vnetprobe/addr.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

/* Resolvers that answer everybody: asking one tells the Internet our names.
 * Their operators' published addresses. */
static const char *const public_resolvers[] = {
	/* Google */
	"8.8.8.8",
	"8.8.4.4",
	"2001:4860:4860::8888",
	"2001:4860:4860::8844",
	"2001:4860:4860::64",
	"2001:4860:4860::6464",
	/* Cloudflare, and its filtering variants */
	"1.1.1.1",
	"1.0.0.1",
	"1.1.1.2",
	"1.0.0.2",
	"1.1.1.3",
	"1.0.0.3",
	"2606:4700:4700::1111",
	"2606:4700:4700::1001",
	"2606:4700:4700::1112",
	"2606:4700:4700::1002",
	"2606:4700:4700::1113",
	"2606:4700:4700::1003",
	"2606:4700:4700::64",
	"2606:4700:4700::6400",
	/* Quad9 */
	"9.9.9.9",
	"149.112.112.112",
	"9.9.9.10",
	"149.112.112.10",
	"9.9.9.11",
	"149.112.112.11",
	"2620:fe::fe",
	"2620:fe::9",
	"2620:fe::10",
	"2620:fe::fe:10",
	"2620:fe::11",
	"2620:fe::fe:11",
	/* OpenDNS */
	"208.67.222.222",
	"208.67.220.220",
	"208.67.222.123",
	"208.67.220.123",
	"2620:119:35::35",
	"2620:119:53::53",
	/* AdGuard */
	"94.140.14.14",
	"94.140.15.15",
	"94.140.14.140",
	"94.140.14.141",
	"2a10:50c0::ad1:ff",
	"2a10:50c0::ad2:ff",
	/* Level 3, Verisign/Neustar, CleanBrowsing, DNS.WATCH, Yandex */
	"4.2.2.1",
	"4.2.2.2",
	"4.2.2.3",
	"4.2.2.4",
	"64.6.64.6",
	"64.6.65.6",
	"185.228.168.9",
	"185.228.169.9",
	"84.200.69.80",
	"84.200.70.40",
	"77.88.8.8",
	"77.88.8.1",
	/* AliDNS, DNSPod, 114DNS, Baidu */
	"223.5.5.5",
	"223.6.6.6",
	"2400:3200::1",
	"2400:3200:baba::1",
	"119.29.29.29",
	"114.114.114.114",
	"114.114.115.115",
	"180.76.76.76",
};

bool vp_catalogue_public_resolver(const struct vp_addr *addr)
{
	char text[VP_ADDR_TEXT];

	if (addr->family == 0)
		return false;
	vp_addr_format(addr, text);
	for (size_t i = 0; i < N_OF(public_resolvers); i++) {
		if (strcmp(text, public_resolvers[i]) == 0)
			return true;
	}
	return false;
}

static const char *const doh_names[] = {
	"dns.google",
	"dns.google.com",
	"dns64.dns.google",
	"cloudflare-dns.com",
	".cloudflare-dns.com",
	"one.one.one.one",
	"1dot1dot1dot1.cloudflare-dns.com",
	"dns.quad9.net",
	"dns9.quad9.net",
	"dns10.quad9.net",
	"dns11.quad9.net",
	"doh.opendns.com",
	"doh.familyshield.opendns.com",
	"dns.opendns.com",
	"doh.umbrella.com",
	"dns.nextdns.io",
	".dns.nextdns.io",
	"dns.adguard.com",
	"dns.adguard-dns.com",
	".adguard-dns.com",
	"doh.cleanbrowsing.org",
	"dns.alidns.com",
	"doh.pub",
	"dns.pub",
	"doh.360.cn",
	"doh.dns.sb",
	"dns.mullvad.net",
	".dns.mullvad.net",
	"dns.controld.com",
	"freedns.controld.com",
	"doh.xfinity.com",
	"doh.dns.apple.com",
	"mozilla.cloudflare-dns.com",
	"odoh.cloudflare-dns.com",
};

bool vp_catalogue_doh_name(const char *name)
{
	for (size_t i = 0; i < N_OF(doh_names); i++) {
		if (vp_name_ends_in(name, doh_names[i]))
			return true;
	}
	return false;
}
