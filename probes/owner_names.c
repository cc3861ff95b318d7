/* owner_names.c - see owner_names.h: containers, users, cgroups. */
#include "owner_names.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "hash.h"

#define CGROUPS_MOST 65536
#define CGROUP_DEPTH 24
#define WALKS_EVERY_NS 200000000 /* at most */

/* --- containers --------------------------------------------------------------
 */

static bool is_id(const char *s, size_t len)
{
	if (len != 64)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

static bool starts(const char *s, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len > n && strncmp(s, with, n) == 0;
}

/* One component of a path: is a container named? */
static bool container(const char **id, size_t *id_len, const char *s,
                      size_t len)
{
	static const char scope[] = ".scope";
	size_t tail = sizeof(scope) - 1;
	const char *dash;

	if (len > tail && strncmp(s + len - tail, scope, tail) == 0)
		len -= tail;
	if (starts(s, len, "lxc.payload.")) {
		*id = s + strlen("lxc.payload.");
		*id_len = len - strlen("lxc.payload.");
		return true;
	}
	if (len < 64)
		return false;
	dash = s + len - 64;
	if (!is_id(dash, 64) || (dash != s && dash[-1] != '-'))
		return false;
	*id = dash;
	*id_len = 64;
	return true;
}

/* "pod<uid>" or "kubepods-besteffort-pod<uid>.slice", whose uid has '_' for
 * '-', as systemd takes the latter for a level. */
static bool pod(const char **id, size_t *id_len, const char *s, size_t len)
{
	static const char slice[] = ".slice";
	size_t tail = sizeof(slice) - 1;
	const char *at = s;

	if (len > tail && strncmp(s + len - tail, slice, tail) == 0)
		len -= tail;
	if (!starts(s, len, "pod")) {
		if (!starts(s, len, "kubepods"))
			return false;
		at = memmem(s, len, "-pod", 4);
		if (at == NULL)
			return false;
		at++;
	}
	*id = at;
	*id_len = len - (size_t)(at - s);
	/* A UID: pod and 36 characters, or a static pod's hash of 32. */
	return *id_len == 3 + 36 || *id_len == 3 + 32;
}

char *vp_container_of(struct vp_arena *arena, const char *cgroup)
{
	const char *found = NULL, *found_pod = NULL, *id;
	size_t found_len = 0, pod_len = 0, len, n;
	char *text;

	for (const char *s = cgroup; *s != '\0'; s += len) {
		s += strspn(s, "/");
		len = strcspn(s, "/");
		if (container(&id, &n, s, len)) {
			found = id;
			found_len = n;
		} else if (pod(&id, &n, s, len)) {
			found_pod = id;
			pod_len = n;
		}
	}
	if (found != NULL)
		return vp_arena_strndup(arena, found, found_len);
	if (found_pod == NULL)
		return NULL;
	text = vp_arena_strndup(arena, found_pod, pod_len);
	for (char *c = text; *c != '\0'; c++)
		if (*c == '_')
			*c = '-';
	return text;
}

/* --- users
 * -------------------------------------------------------------------- */

char *vp_user_name(struct vp_arena *arena, const char *path, uint32_t uid)
{
	FILE *f = fopen(path != NULL ? path : "/etc/passwd", "re");
	char line[1024];
	char *name = NULL;
	bool whole = true; /* the line before ended */

	if (f == NULL)
		return NULL;
	while (name == NULL && fgets(line, sizeof(line), f) != NULL) {
		bool begins = whole;
		char *colon = strchr(line, ':'), *number, *end;
		unsigned long v;

		whole = strchr(line, '\n') != NULL;
		if (!begins || colon == NULL || colon == line)
			continue;
		number = strchr(colon + 1, ':'); /* behind the password */
		if (number == NULL || !isdigit((unsigned char)number[1]))
			continue;
		errno = 0;
		v = strtoul(number + 1, &end, 10);
		if (errno == 0 && *end == ':' && v == uid)
			name = vp_arena_strndup(arena, line,
			                        (size_t)(colon - line));
	}
	fclose(f);
	return name;
}

/* --- cgroups
 * -------------------------------------------------------------------- */

struct vp_cgroup_names {
	struct vp_hash_key key;
	struct vp_index index;
	struct vp_arena *arena; /* of the paths */
	struct cgroup {
		uint64_t id;
		const char *path;
	} * all;
	size_t n;
	char root[256]; /* "": none */
	uint64_t walked_ns;
};

/* "36 25 0:30 / /sys/fs/cgroup rw,... - cgroup2 cgroup2 rw" */
static void find_root(char *out, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[1024], path[256];

	out[0] = '\0';
	if (f == NULL)
		return;
	while (out[0] == '\0' && fgets(line, sizeof(line), f) != NULL) {
		const char *type = strstr(line, " - ");

		if (type == NULL || strncmp(type, " - cgroup2 ", 11) != 0 ||
		    sscanf(line, "%*s %*s %*s %*s %255s", path) != 1)
			continue;
		snprintf(out, size, "%s", path);
	}
	fclose(f);
}

struct vp_cgroup_names *vp_cgroup_names_create(const char *root)
{
	struct vp_cgroup_names *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->arena = vp_arena_create();
	vp_hash_key_random(&c->key);
	if (root != NULL)
		snprintf(c->root, sizeof(c->root), "%s", root);
	else
		find_root(c->root, sizeof(c->root));
	return c;
}

void vp_cgroup_names_destroy(struct vp_cgroup_names *c)
{
	if (c == NULL)
		return;
	vp_index_free(&c->index);
	vp_arena_destroy(c->arena);
	free(c);
}

static const char *known(const struct vp_cgroup_names *c, uint64_t id)
{
	uint64_t h = vp_hash(&c->key, &id, sizeof(id));
	struct vp_index_cursor cursor = { 0 };
	uint32_t at;

	while ((at = vp_index_next(&c->index, h, &cursor)) != VP_INDEX_NONE)
		if (c->all[at].id == id)
			return c->all[at].path;
	return NULL;
}

void vp_cgroup_names_add(struct vp_cgroup_names *c, uint64_t id,
                         const char *path)
{
	struct cgroup *g;

	if (c->n >= CGROUPS_MOST || known(c, id) != NULL)
		return;
	if (!vp_index_put(&c->index, vp_hash(&c->key, &id, sizeof(id)),
	                  (uint32_t)c->n))
		return;
	g = VP_PUSH(c->arena, c->all, c->n);
	g->id = id;
	g->path = vp_arena_strdup(c->arena, path);
}

/* The id of a cgroup is the inode of its directory (64 bit kernels). path is
 * that of the directory behind fd, size of the buffer it stands in. */
static void walk(struct vp_cgroup_names *c, int fd, char *path, size_t size,
                 unsigned depth)
{
	size_t len = strlen(path);
	const struct dirent *d;
	struct stat st;
	DIR *dir;

	if (fstat(fd, &st) != 0 || (dir = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	vp_cgroup_names_add(c, st.st_ino, len > 0 ? path : "/");
	while (depth > 0 && (d = readdir(dir)) != NULL) {
		int below;

		if (d->d_type != DT_DIR || d->d_name[0] == '.' ||
		    len + strlen(d->d_name) + 2 > size)
			continue;
		below = openat(fd, d->d_name,
		               O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (below < 0)
			continue;
		snprintf(path + len, size - len, "/%s", d->d_name);
		walk(c, below, path, size, depth - 1);
		path[len] = '\0';
	}
	closedir(dir);
}

const char *vp_cgroup_name(struct vp_cgroup_names *c, uint64_t id)
{
	const char *path = known(c, id);
	char buf[4096] = "";
	int fd;

	if (path != NULL || c->root[0] == '\0' || id == 0)
		return path;
	if (c->walked_ns != 0 && uv_hrtime() - c->walked_ns < WALKS_EVERY_NS)
		return NULL;
	fd = open(c->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		walk(c, fd, buf, sizeof(buf), CGROUP_DEPTH);
	c->walked_ns = uv_hrtime();
	return known(c, id);
}
