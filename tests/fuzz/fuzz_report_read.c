/* Any bytes as a saved report: refused with one printable line, or facts that
 * can be judged, shown, saved, that read back as the same, from which nothing
 * then differs, and that can be compared with nothing at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "diff.h"
#include "report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vp_facts *read_back(const void *data, size_t size)
{
	char path[64], why[512] = "";
	struct vp_facts *f = NULL;
	int fd = memfd_create("report", 0), rc;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = vp_report_read(&f, path, why, sizeof(why));
	close(fd);
	if ((rc == 0) != (f != NULL) || (rc != 0 && *why == '\0'))
		abort();
	for (const char *p = why; *p != '\0'; p++) {
		if (*p < 0x20 || *p > 0x7e)
			abort();
	}
	return f;
}

static char *save(const struct vp_facts *f, size_t *size)
{
	struct vp_arena *arena = vp_arena_create();
	struct vp_text_style style = { .columns = 80, .verbose = true };
	struct vp_judgement j;
	char *text = NULL, *json = NULL;
	size_t text_size;
	FILE *out = open_memstream(&text, &text_size);

	vp_judge(&j, f, arena);
	if (out == NULL || vp_report_text(out, f, &j, &style) != 0)
		abort();
	fclose(out);
	free(text);
	out = open_memstream(&text, &text_size);
	if (out == NULL || vp_report_dns(out, f, &j, &style) != 0)
		abort();
	fclose(out);
	free(text);
	out = open_memstream(&json, size);
	if (out == NULL || vp_report_json(out, f, &j) != 0)
		abort();
	fclose(out);
	vp_arena_destroy(arena);
	return json;
}

/* How many changes there are, of all weights. */
static size_t compare(const struct vp_facts *a, const struct vp_facts *b)
{
	struct vp_arena *arena = vp_arena_create();
	struct vp_text_style style = { .columns = 80, .color = true };
	struct vp_judgement j[2];
	struct vp_diff d;
	char *text = NULL;
	size_t size, n;
	FILE *out;

	vp_judge(&j[0], a, arena);
	vp_judge(&j[1], b, arena);
	vp_diff_make(&d, &(struct vp_diff_side){ "-", a, &j[0] },
	             &(struct vp_diff_side){ "b", b, &j[1] }, arena);
	out = open_memstream(&text, &size);
	if (out == NULL || vp_diff_text(out, &d, &style, true) != 0 ||
	    vp_diff_json(out, &d, true) != 0)
		abort();
	fclose(out);
	free(text);
	n = d.n_changes;
	vp_arena_destroy(arena);
	return n;
}

static void compare_all(const struct vp_facts *first,
                        const struct vp_facts *second)
{
	struct vp_facts *nothing = vp_facts_create();

	nothing->scenario = vp_arena_strdup(nothing->arena, "");
	if (compare(first, second) != 0)
		abort();
	compare(first, nothing);
	compare(nothing, first);
	vp_facts_destroy(nothing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vp_facts *first = read_back(data, size), *second;
	size_t n, m;
	char *a, *b;

	if (first == NULL)
		return 0;
	a = save(first, &n);
	second = read_back(a, n);
	if (second == NULL)
		abort();
	b = save(second, &m);
	if (n != m || memcmp(a, b, n) != 0)
		abort();
	compare_all(first, second);
	free(a);
	free(b);
	vp_facts_destroy(first);
	vp_facts_destroy(second);
	return 0;
}
