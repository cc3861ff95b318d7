/*
 * replay.c - runs a fuzz target over the files of a corpus, without libFuzzer.
 *
 * Every ordinary build links this, so that ctest repeats the seeds and all old
 * crashes under whatever compiler and sanitizer is at hand. Arguments are
 * files or directories. An empty or missing corpus is an error: a replay that
 * looked at nothing proves nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t replayed;

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	long size;
	int r = -1;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		goto out;
	rewind(f);
	/* Exactly as long as the input, so that ASan sees one byte too many. */
	data = malloc(size > 0 ? (size_t)size : 1);
	if (data == NULL || fread(data, 1, (size_t)size, f) != (size_t)size)
		goto out;
	LLVMFuzzerTestOneInput(data, (size_t)size);
	replayed++;
	r = 0;
out:
	if (r != 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (f != NULL)
		fclose(f);
	free(data);
	return r;
}

static int replay_directory(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int r = 0;

	if (d == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while ((e = readdir(d)) != NULL) {
		char file[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (replay_file(file) != 0)
			r = -1;
	}
	closedir(d);
	return r;
}

int main(int argc, char **argv)
{
	int r = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;
		bool dir = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);

		if ((dir ? replay_directory : replay_file)(argv[i]) != 0)
			r = 1;
	}
	if (replayed == 0) {
		fprintf(stderr, "nothing was replayed\n");
		r = 1;
	}
	printf("%zu inputs replayed\n", replayed);
	return r;
}
