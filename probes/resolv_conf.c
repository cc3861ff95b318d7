/*
 * resolv_conf.c - the "nameserver" lines of resolv.conf, as glibc reads them.
 *
 * glibc (resolv/res_init.c) wants a keyword at the start of the line and a
 * blank after it; an address ends at a blank, ';' or '#'. Where glibc would not
 * take a line that a person meant as a resolver, the resolver is still asked
 * (the person wants to know about it) and a note says what glibc makes of it.
 */
#include "vnetprobe/resolv_conf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_BYTES (64 * 1024)
#define MAX_RESOLVERS 64
#define DNS_PORT 53

struct notes {
	char *buf;
	size_t size, used;
};

/* One file's worth of work. */
struct reader {
	struct vp_facts *facts;
	enum vp_resolver_source source;
	const char *path;
	struct notes *notes;
	int appended;
	bool stub; /* systemd-resolved's own address was among them */
};

__attribute__((format(printf, 2, 3))) static void note(struct notes *n,
                                                       const char *fmt, ...)
{
	va_list ap;
	int len;

	if (n->used > 0 && n->used + 2 < n->size) {
		memcpy(n->buf + n->used, "; ", 3);
		n->used += 2;
	}
	if (n->used + 1 >= n->size)
		return; /* full: the first notes matter most */
	va_start(ap, fmt);
	len = vsnprintf(n->buf + n->used, n->size - n->used, fmt, ap);
	va_end(ap);
	if (len > 0)
		n->used += (size_t)len;
	if (n->used >= n->size)
		n->used = n->size - 1;
}

/* Returns the bytes read (at most size), or -errno. Never waits: a FIFO or a
 * terminal in this place is refused. */
static ssize_t slurp(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	size_t used = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		n = -errno;
	else if (S_ISDIR(st.st_mode))
		n = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		n = -EINVAL;
	while (n >= 0 && used < size) {
		n = read(fd, buf + used, size - used);
		if (n < 0 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n < 0)
			n = -errno;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	close(fd);
	return n < 0 ? n : (ssize_t)used;
}

static bool is_stub(const struct vp_addr *a)
{
	struct vp_addr stub;

	for (int i = 53; i <= 54; i++) {
		char text[16];

		snprintf(text, sizeof(text), "127.0.0.%d", i);
		if (vp_addr_parse(&stub, text) == 0 && vp_addr_equal(a, &stub))
			return true;
	}
	return false;
}

/* Also the short and octal forms of inet_aton(), which glibc takes here. */
static int parse_address(struct vp_addr *out, const char *text)
{
	struct in_addr v4;

	if (vp_addr_parse(out, text) == 0)
		return 0;
	if (inet_aton(text, &v4) == 0)
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	out->family = 4;
	memcpy(out->bytes, &v4, sizeof(v4));
	return 0;
}

static void append(struct reader *r, const struct vp_addr *addr)
{
	struct vp_facts *f = r->facts;
	struct vp_endpoint e = { *addr, DNS_PORT };
	struct vp_resolver *res;

	if (is_stub(addr))
		r->stub = true;
	for (size_t i = 0; i < f->n_resolvers; i++)
		if (vp_endpoint_equal(&f->resolvers[i].endpoint, &e))
			return;
	if (r->appended == MAX_RESOLVERS) {
		note(r->notes, "%s: only the first %d resolvers are taken",
		     r->path, MAX_RESOLVERS);
		r->appended++; /* says it once */
	}
	if (r->appended > MAX_RESOLVERS)
		return;
	res = VP_PUSH(f->arena, f->resolvers, f->n_resolvers);
	res->endpoint = e;
	res->source = r->source;
	r->appended++;
}

static void read_line(struct reader *r, char *line, size_t number)
{
	static const char word[] = "nameserver";
	char *addr = line + sizeof(word) - 1;
	struct vp_addr a;
	size_t len;

	if (strncmp(line, word, sizeof(word) - 1) != 0 ||
	    (*addr != ' ' && *addr != '\t'))
		return; /* comment, options, search, or not a keyword */
	addr += strspn(addr, " \t");
	len = strcspn(addr, " \t;#");
	addr[len] = '\0';
	if (len > 0 && addr[len - 1] == '\r') {
		addr[len - 1] = '\0';
		note(r->notes,
		     "%s:%zu: ends in CR LF, so glibc ignores this nameserver",
		     r->path, number);
	}
	if (strlen(addr) > VP_ADDR_TEXT)
		addr[VP_ADDR_TEXT] = '\0'; /* no address; keeps notes short */
	if (strchr(addr, '%') != NULL) {
		/* Programs ask it, so it stands in the plan, where asking fails
		 * and is seen to: a link-local address leads nowhere alone. */
		note(r->notes,
		     "%s:%zu: scoped address %s is not supported: it cannot "
		     "be asked",
		     r->path, number, addr);
		*strchr(addr, '%') = '\0';
	}
	if (parse_address(&a, addr) < 0)
		note(r->notes, "%s:%zu: \"%s\" is no IP address: skipped",
		     r->path, number, addr);
	else
		append(r, &a);
}

static int read_file(struct reader *r)
{
	char buf[MAX_BYTES + 1];
	ssize_t n = slurp(r->path, buf, sizeof(buf));
	size_t number = 0;

	if (n < 0)
		return (int)n;
	if (n > MAX_BYTES) {
		/* not the line that is cut: half an address is another one */
		for (n = MAX_BYTES; n > 0 && buf[n - 1] != '\n'; n--)
			;
		note(r->notes, "%s: only the first %d KiB were read", r->path,
		     MAX_BYTES / 1024);
	}
	buf[n] = '\0';
	for (char *p = buf, *end = buf + n; p < end;) {
		char *nl = memchr(p, '\n', (size_t)(end - p));

		if (nl == NULL)
			nl = end;
		*nl = '\0';
		read_line(r, p, ++number);
		p = nl + 1;
	}
	return 0;
}

static const char *reason(int err)
{
	return err == -EINVAL ? "is not a regular file" : strerror(-err);
}

int vp_resolv_conf_read(struct vp_facts *facts, const char *path,
                        const char *upstream_path, char *why, size_t size)
{
	struct notes notes = { why, size, 0 };
	struct reader r = {
		.facts = facts,
		.source = VP_RESOLVER_RESOLV_CONF,
		.path = path != NULL ? path : "/etc/resolv.conf",
		.notes = &notes,
	};
	size_t before = facts->n_resolvers;
	int err;

	if (size > 0)
		why[0] = '\0';
	err = read_file(&r);
	if (err < 0) {
		note(&notes, "cannot read %s: %s", r.path, reason(err));
		return err;
	}
	if (r.stub) {
		r.source = VP_RESOLVER_SYSTEMD_RESOLVED;
		r.path = upstream_path != NULL
		                 ? upstream_path
		                 : "/run/systemd/resolve/resolv.conf";
		r.appended = 0;
		err = read_file(&r);
		if (err < 0)
			note(&notes,
			     "cannot read %s, so the resolvers behind "
			     "systemd-resolved are not known: %s",
			     r.path, reason(err));
	}
	return (int)(facts->n_resolvers - before);
}
