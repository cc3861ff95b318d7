/* Any bytes in the place of each of the machine's files: what is taken from
 * them stays within its bounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vnetprobe/dns_message.h"
#include "vnetprobe/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fd = -1;
static char dir[] = "/tmp/vp-fuzz-XXXXXX", file[64], link_path[64];

static void clean_up(void)
{
	unlink(link_path);
	rmdir(dir);
}

/* One file in memory; "1", the state of the loopback, leads to it too. */
static void set_up(void)
{
	fd = memfd_create("machine", MFD_CLOEXEC);
	if (fd < 0 || mkdtemp(dir) == NULL)
		abort();
	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	snprintf(link_path, sizeof(link_path), "%s/1", dir);
	if (symlink(file, link_path) != 0)
		abort();
	atexit(clean_up);
}

static void check(const struct vp_facts *f)
{
	const struct vp_machine *m = &f->machine;
	const struct vp_name *n = f->names[0];
	char name[256];
	const char *why;

	if (m->ndots > 15 || m->n_search > 64)
		abort();
	for (size_t i = 0; i < m->n_search; i++) {
		if (vp_dns_name_normalise(name, m->search[i], &why) != 0 ||
		    strcmp(name, m->search[i]) != 0)
			abort();
	}
	if (m->hosts_sources != NULL && strpbrk(m->hosts_sources, "\n#\t"))
		abort();
	for (size_t i = 0; i < n->n_hosts; i++) {
		if (n->hosts[i].addr.family == 0 ||
		    (i > 0 && n->hosts[i].line <= n->hosts[i - 1].line))
			abort();
	}
	for (size_t i = 0; i < m->n_links; i++) {
		if (m->links[i].n_servers + m->links[i].n_domains == 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vp_machine_files files = { file, file, file, file,
		                                dir,  dir,  file };
	struct vp_facts *f;
	struct vp_name name = { 0 };

	if (fd < 0)
		set_up();
	if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	f = vp_facts_create();
	name.name = vp_arena_strdup(f->arena, "a.b");
	*VP_PUSH(f->arena, f->names, f->n_names) = &name;
	vp_machine_read(f, &files);
	check(f);
	vp_facts_destroy(f);
	return 0;
}
