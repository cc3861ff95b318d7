/*
 * machine.c - see vnetprobe/machine.h.
 *
 * Each file is read line by line, as glibc or systemd read it; what they pass
 * over is passed over here. Nothing is asked of a daemon: that could send.
 */
#include "vnetprobe/machine.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "text_lines.h"
#include "vnetprobe/dns_message.h"

#define BLANKS " \t"
#define SPACES " \t\n\v\f\r" /* isspace() in the C locale */
#define KIB 1024u
#define MIB (1024u * KIB)
#define SMALL (64 * KIB)
/* Lists of names to block are a few MiB; this is for who fills a disk. */
#define HOSTS_MAX (256 * MIB)
#define HOSTS_LINES_MAX 64 /* of one name */
#define SEARCH_MAX 64      /* glibc: 6 before 2.26, no limit since */
#define NDOTS_MAX 15       /* glibc's RES_MAXNDOTS */
#define SOURCES_MAX 512
#define LINKS_MAX 1024
/* systemd takes 256 of each for a link. */
#define LINK_SERVERS_MAX 256
#define LINK_DOMAINS_MAX 256

/* What follows "word" and a blank at the start of a line; NULL: another line.
 * glibc (resolv/res_init.c) skips no blanks before it. */
static char *after_word(char *line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || line[n] == '\0' ||
	    strchr(BLANKS, line[n]) == NULL)
		return NULL;
	return line + n + strspn(line + n, BLANKS);
}

/* --- resolv.conf -----------------------------------------------------------
 */

/* A line that names none leaves what was there, as in glibc. What is no name
 * (".", a comment behind the list) cannot be asked for. */
static void read_search(struct vp_facts *f, char *list, bool only_first)
{
	struct vp_machine *m = &f->machine;
	char name[256], *save = NULL;
	const char *why;

	if (*list == '\0')
		return;
	m->search = NULL;
	m->n_search = 0;
	for (char *word = strtok_r(list, BLANKS, &save);
	     word != NULL && m->n_search < SEARCH_MAX;
	     word = only_first ? NULL : strtok_r(NULL, BLANKS, &save)) {
		if (vp_dns_name_normalise(name, word, &why) == 0)
			*VP_PUSH(f->arena, m->search, m->n_search) =
				vp_arena_strdup(f->arena, name);
	}
}

static unsigned read_ndots(const char *digits)
{
	unsigned v = 0;

	for (; isdigit((unsigned char)*digits) && v <= NDOTS_MAX; digits++)
		v = v * 10 + (unsigned)(*digits - '0');
	return v < NDOTS_MAX ? v : NDOTS_MAX;
}

static void on_resolv_conf(char *line, unsigned number, void *arg)
{
	struct vp_facts *f = arg;
	char *rest, *save = NULL;

	(void)number;
	rest = after_word(line, "domain");
	if (rest != NULL)
		read_search(f, rest, true);
	rest = after_word(line, "search");
	if (rest != NULL)
		read_search(f, rest, false);
	rest = after_word(line, "options");
	if (rest == NULL)
		return;
	for (char *word = strtok_r(rest, BLANKS, &save); word != NULL;
	     word = strtok_r(NULL, BLANKS, &save)) {
		if (strncmp(word, "ndots:", 6) == 0)
			f->machine.ndots = read_ndots(word + 6);
	}
}

/* --- nsswitch.conf ---------------------------------------------------------
 */

/* "  hosts:  files [NOTFOUND=return]  dns # why" to "files [NOTFOUND=return]
 * dns". The last such line counts (glibc since 2.34, nss/nss_database.c). */
static void on_nsswitch(char *line, unsigned number, void *arg)
{
	struct vp_facts *f = arg;
	char text[SOURCES_MAX] = "", *colon, *save = NULL;
	size_t used = 0, n;

	(void)number;
	line[strcspn(line, "#")] = '\0';
	line += strspn(line, SPACES);
	n = strcspn(line, SPACES ":");
	colon = line + n + strspn(line + n, SPACES);
	if (n != 5 || strncmp(line, "hosts", 5) != 0 || *colon != ':')
		return;
	for (char *word = strtok_r(colon + 1, SPACES, &save); word != NULL;
	     word = strtok_r(NULL, SPACES, &save)) {
		n = strlen(word);
		if (used + n + 2 > sizeof(text))
			break;
		if (used > 0)
			text[used++] = ' ';
		memcpy(text + used, word, n + 1);
		used += n;
	}
	f->machine.hosts_sources = vp_arena_strdup(f->arena, text);
}

/* --- hosts -----------------------------------------------------------------
 */

/* The names of the plan, to be found by each word of the file: open addressing,
 * at most half full; slots hold index + 1. */
struct hosts {
	struct vp_facts *facts;
	size_t *slots;
	size_t size;
};

static size_t hash(const char *name)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a, without case */

	for (; *name != '\0'; name++)
		h = (h ^ (uint64_t)tolower((unsigned char)*name)) *
		    1099511628211u;
	return (size_t)(h ^ (h >> 32));
}

/* The slot of this name: taken, or where it goes. */
static size_t *slot_of(const struct hosts *h, const char *name)
{
	size_t at = hash(name) & (h->size - 1);

	while (h->slots[at] != 0 &&
	       strcasecmp(h->facts->names[h->slots[at] - 1]->name, name) != 0)
		at = (at + 1) & (h->size - 1);
	return &h->slots[at];
}

static void index_names(struct hosts *h, struct vp_arena *arena)
{
	const struct vp_facts *f = h->facts;

	h->size = 64;
	while (h->size < 2 * f->n_names)
		h->size *= 2;
	h->slots = vp_arena_alloc(arena, h->size * sizeof(*h->slots));
	for (size_t i = 0; i < f->n_names; i++)
		*slot_of(h, f->names[i]->name) = i + 1;
}

static void add_line(struct hosts *h, struct vp_name *name,
                     const struct vp_addr *addr, unsigned number)
{
	struct vp_hosts_line *l;

	if (name->n_hosts == HOSTS_LINES_MAX ||
	    (name->n_hosts > 0 &&
	     name->hosts[name->n_hosts - 1].line == number))
		return; /* the name stands twice on this line */
	l = VP_PUSH(h->facts->arena, name->hosts, name->n_hosts);
	l->addr = *addr;
	l->line = number;
}

/* "ADDRESS NAME ALIAS... # comment", hosts(5). A name with a final dot is
 * another one to glibc. */
static void on_hosts(char *line, unsigned number, void *arg)
{
	struct hosts *h = arg;
	struct vp_addr addr;
	char *save = NULL, *word;
	size_t slot;

	line[strcspn(line, "#")] = '\0';
	word = strtok_r(line, SPACES, &save);
	if (word == NULL || vp_addr_parse(&addr, word) != 0)
		return;
	while ((word = strtok_r(NULL, SPACES, &save)) != NULL) {
		slot = *slot_of(h, word);
		if (slot != 0)
			add_line(h, h->facts->names[slot - 1], &addr, number);
	}
}

static void read_hosts(struct vp_facts *f, const char *path)
{
	struct vp_arena *scratch = vp_arena_create();
	struct hosts h = { .facts = f };

	for (size_t i = 0; i < f->n_names; i++) {
		f->names[i]->hosts = NULL;
		f->names[i]->n_hosts = 0;
	}
	index_names(&h, scratch);
	vp_lines_of_file(path, HOSTS_MAX, on_hosts, &h);
	vp_arena_destroy(scratch);
}

/* --- Azure -----------------------------------------------------------------
 */

/* The same on every virtual machine of Azure, in all clouds; cloud-init knows
 * its Azure data source by it, too. */
#define AZURE_CHASSIS "7783-7084-3265-9085-8269-3286-77"

#define DMI "/sys/class/dmi/id/chassis_asset_tag"

static void on_dmi(char *line, unsigned number, void *arg)
{
	enum vp_azure *azure = arg;

	if (number > 1)
		return;
	line += strspn(line, SPACES);
	line[strcspn(line, SPACES)] = '\0';
	*azure = strcmp(line, AZURE_CHASSIS) == 0 ? VP_AZURE_YES : VP_AZURE_NO;
}

enum vp_azure vp_machine_azure(const char *path)
{
	enum vp_azure azure = VP_AZURE_UNKNOWN;

	vp_lines_of_file(path != NULL ? path : DMI, SMALL, on_dmi, &azure);
	return azure;
}

/* --- DNS of each link ------------------------------------------------------
 */

struct link_reader {
	struct vp_facts *facts;
	struct vp_link_dns *link;
};

static bool link_has(const struct vp_link_dns *l, const struct vp_addr *addr)
{
	for (size_t i = 0; i < l->n_servers; i++) {
		if (vp_addr_equal(&l->servers[i], addr))
			return true;
	}
	return false;
}

/* ADDR, ADDR:PORT, [ADDR]:PORT, and behind it %INTERFACE and #NAME, the name
 * in the server's certificate. */
static void add_server(struct link_reader *r, char *text)
{
	struct vp_link_dns *l = r->link;
	struct vp_endpoint e;

	text[strcspn(text, "%#")] = '\0';
	if (l->n_servers < LINK_SERVERS_MAX &&
	    vp_endpoint_parse(&e, text, 53) == 0 && !link_has(l, &e.addr))
		*VP_PUSH(r->facts->arena, l->servers, l->n_servers) = e.addr;
}

static void add_domain(struct link_reader *r, const char *text, bool route_only)
{
	struct vp_link_dns *l = r->link;
	bool mark = route_only || *text == '~';
	char name[256] = ".", *domain;
	const char *why;

	text += *text == '~';
	if (l->n_domains == LINK_DOMAINS_MAX ||
	    (strcmp(text, ".") != 0 &&
	     vp_dns_name_normalise(name, text, &why) != 0))
		return;
	domain =
		vp_arena_printf(r->facts->arena, "%s%s", mark ? "~" : "", name);
	for (size_t i = 0; i < l->n_domains; i++) {
		if (strcmp(l->domains[i], domain) == 0)
			return;
	}
	*VP_PUSH(r->facts->arena, l->domains, l->n_domains) = domain;
}

/* KEY=words. systemd-resolved writes SERVERS and DOMAINS (with "~"), for links
 * that networkd does not manage; networkd DNS, DOMAINS and ROUTE_DOMAINS. */
static void on_link(char *line, unsigned number, void *arg)
{
	struct link_reader *r = arg;
	char *value = strchr(line, '='), *save = NULL;
	bool servers, domains, route_only;

	(void)number;
	if (value == NULL)
		return;
	*value++ = '\0';
	servers = strcmp(line, "SERVERS") == 0 || strcmp(line, "DNS") == 0;
	route_only = strcmp(line, "ROUTE_DOMAINS") == 0;
	domains = route_only || strcmp(line, "DOMAINS") == 0;
	if (!servers && !domains)
		return;
	for (char *word = strtok_r(value, SPACES "\"", &save); word != NULL;
	     word = strtok_r(NULL, SPACES "\"", &save)) {
		if (servers)
			add_server(r, word);
		else
			add_domain(r, word, route_only);
	}
}

static struct vp_link_dns *link_of(struct vp_facts *f, const char *interface)
{
	struct vp_machine *m = &f->machine;
	struct vp_link_dns *l;

	for (size_t i = 0; i < m->n_links; i++) {
		if (strcmp(m->links[i].interface, interface) == 0)
			return &m->links[i];
	}
	l = VP_PUSH(f->arena, m->links, m->n_links);
	l->interface = vp_arena_strdup(f->arena, interface);
	return l;
}

static void read_link(struct vp_facts *f, const char *dir, unsigned index)
{
	struct vp_link_dns found = { 0 };
	struct link_reader r = { .facts = f, .link = &found };
	char interface[IF_NAMESIZE], path[PATH_MAX];
	struct vp_link_dns *l;

	if (if_indextoname(index, interface) == NULL ||
	    snprintf(path, sizeof(path), "%s/%u", dir, index) >=
	            (int)sizeof(path))
		return; /* left over from an interface that is gone */
	vp_lines_of_file(path, SMALL, on_link, &r);
	if (found.n_servers == 0 && found.n_domains == 0)
		return;
	l = link_of(f, interface);
	r.link = l;
	for (size_t i = 0; i < found.n_servers; i++) {
		if (!link_has(l, &found.servers[i]))
			*VP_PUSH(f->arena, l->servers, l->n_servers) =
				found.servers[i];
	}
	for (size_t i = 0; i < found.n_domains; i++)
		add_domain(&r, found.domains[i], false);
}

/* The index that a file's name is; 0: it is none. */
static unsigned index_of(const char *name)
{
	unsigned long v;
	char *end;

	if (!isdigit((unsigned char)*name))
		return 0;
	v = strtoul(name, &end, 10);
	return *end == '\0' && v <= INT_MAX ? (unsigned)v : 0;
}

static int by_number(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

static void read_links(struct vp_facts *f, const char *dir)
{
	unsigned *indices = calloc(LINKS_MAX, sizeof(*indices));
	DIR *d = opendir(dir);
	struct dirent *entry;
	size_t n = 0;

	while (d != NULL && indices != NULL && n < LINKS_MAX &&
	       (entry = readdir(d)) != NULL) {
		indices[n] = index_of(entry->d_name);
		n += indices[n] != 0;
	}
	if (n > 0)
		qsort(indices, n, sizeof(*indices), by_number);
	for (size_t i = 0; i < n; i++)
		read_link(f, dir, indices[i]);
	if (d != NULL)
		closedir(d);
	free(indices);
}

static void set_interfaces(struct vp_facts *f)
{
	for (size_t i = 0; i < f->n_resolvers; i++) {
		struct vp_resolver *r = &f->resolvers[i];

		if (r->source == VP_RESOLVER_NSS)
			continue;
		for (size_t k = 0; k < f->machine.n_links; k++) {
			const struct vp_link_dns *l = &f->machine.links[k];

			if (r->interface == NULL &&
			    link_has(l, &r->endpoint.addr))
				r->interface = l->interface;
		}
	}
}

/* --- all -------------------------------------------------------------------
 */

static const char *or_else(const char *path, const char *usual)
{
	return path != NULL ? path : usual;
}

void vp_machine_read(struct vp_facts *f, const struct vp_machine_files *files)
{
	static const struct vp_machine_files none = { 0 };
	struct vp_machine *m = &f->machine;
	struct stat st;

	if (files == NULL)
		files = &none;
	*m = (struct vp_machine){
		.ndots = 1,
		.vnet_dns = m->vnet_dns,
		.n_vnet_dns = m->n_vnet_dns,
		.vnet_dns_from = m->vnet_dns_from,
	};
	vp_lines_of_file(or_else(files->resolv_conf, "/etc/resolv.conf"), SMALL,
	                 on_resolv_conf, f);
	vp_lines_of_file(or_else(files->nsswitch, "/etc/nsswitch.conf"), SMALL,
	                 on_nsswitch, f);
	read_hosts(f, or_else(files->hosts, "/etc/hosts"));
	m->azure = vp_machine_azure(files->dmi);
	if (stat(or_else(files->nscd_socket, "/var/run/nscd/socket"), &st) ==
	            0 &&
	    S_ISSOCK(st.st_mode))
		m->cache = vp_arena_strdup(f->arena, "nscd");
	read_links(f, or_else(files->links, "/run/systemd/resolve/netif"));
	read_links(f, or_else(files->networkd, "/run/systemd/netif/links"));
	set_interfaces(f);
}
