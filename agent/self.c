/* self.c - see self.h. */
#include "self.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool vp_self_bundled(const char *exe)
{
	const char *base = base_of(exe);

	return strncmp(base, "ld-", 3) == 0 && strstr(base, ".so") != NULL;
}

/* As a word of a shell. */
static char *shell_word(struct vp_arena *arena, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+";
	char *word, *at;

	if (text[strspn(text, plain)] == '\0')
		return vp_arena_strdup(arena, text);
	word = at = vp_arena_alloc(arena, strlen(text) * 4 + 3);
	*at++ = '\'';
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			at = stpcpy(at, "'\\'");
		*at++ = *text;
	}
	strcpy(at, "'");
	return word;
}

/* DIR/vnetprobe for DIR/lib/ld-linux-x86-64.so.2 */
static char *launcher(struct vp_arena *arena, const char *exe)
{
	char *dir = vp_arena_strdup(arena, exe), *slash;

	for (int i = 0; i < 2; i++) {
		slash = strrchr(dir, '/');
		if (slash == NULL)
			return vp_arena_strdup(arena, "vnetprobe");
		*slash = '\0';
	}
	return vp_arena_printf(arena, "%s/vnetprobe", dir);
}

char *vp_self_remedy(struct vp_arena *arena, const char *exe)
{
	if (vp_self_bundled(exe))
		return vp_arena_printf(arena, "sudo %s check ...",
		                       shell_word(arena, launcher(arena, exe)));
	return vp_arena_printf(arena, "sudo setcap cap_net_raw+ep %s",
	                       shell_word(arena, exe));
}

static bool read_exe(char *out, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", out, size - 1);

	if (len <= 0 || (size_t)len >= size - 1)
		return false;
	out[len] = '\0';
	return true;
}

char *vp_self_remedy_now(struct vp_arena *arena)
{
	char exe[4096];

	return read_exe(exe, sizeof(exe)) ? vp_self_remedy(arena, exe) : NULL;
}

void vp_self_prepare(void)
{
	char exe[4096];

	if (read_exe(exe, sizeof(exe)) && vp_self_bundled(exe) &&
	    getenv("OPENSSL_CONF") == NULL)
		OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}
