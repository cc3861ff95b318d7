/*
 * golden.h - reports as text, compared with files byte by byte.
 *
 * VP_UPDATE=1 rewrites the files for review. To be included after cmocka.h.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Not inlined: gcc 12 takes the stream's pointer for one to its own local. */
static __attribute__((noinline, unused)) char *json_of(const struct vp_facts *f)
{
	struct vp_arena *arena = vp_arena_create();
	struct vp_judgement j;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	vp_judge(&j, f, arena);
	assert_int_equal(vp_report_json(out, f, &j), 0);
	fclose(out);
	vp_arena_destroy(arena);
	return text;
}

static inline bool updating(void)
{
	return getenv("VP_UPDATE") != NULL;
}

static inline char *load(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text;
	long size;

	if (f == NULL)
		fail_msg("%s cannot be read (VP_UPDATE=1 writes it)", path);
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	text = malloc((size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, f), size);
	text[size] = '\0';
	fclose(f);
	return text;
}

static inline void compare_with_file(const char *path, const char *text)
{
	char *want;
	FILE *f;

	if (updating()) {
		f = fopen(path, "wb");
		assert_non_null(f);
		fputs(text, f);
		fclose(f);
		return;
	}
	want = load(path);
	if (strcmp(want, text) != 0)
		fail_msg("%s differs; VP_UPDATE=1 rewrites it\n%s", path, text);
	free(want);
}

#endif
