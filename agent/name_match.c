/* name_match.c - see name_match.h. */
#include "name_match.h"

#include <string.h>
#include <strings.h>

bool vp_name_below(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	return n > z + 1 && name[n - z - 1] == '.' &&
	       strcasecmp(name + n - z, zone) == 0;
}

bool vp_name_ends_in(const char *name, const char *suffix)
{
	if (*suffix == '.')
		return vp_name_below(name, suffix + 1);
	if (*suffix == '-') {
		size_t n = strlen(name), s = strlen(suffix);

		return n > s && name[n - s - 1] != '.' &&
		       strcasecmp(name + n - s, suffix) == 0;
	}
	return strcasecmp(name, suffix) == 0;
}

/* The length of the first label. */
static size_t label(const char *name)
{
	return strcspn(name, ".");
}

static bool label_fits(const char *name, const char *pattern,
                       const char *region)
{
	size_t n = label(name);

	if (strncmp(pattern, "REGION.", 7) == 0) {
		if (region == NULL)
			return n > 0;
		return n > 0 && strlen(region) == n &&
		       strncasecmp(region, name, n) == 0;
	}
	return label(pattern) == n && strncasecmp(pattern, name, n) == 0;
}

static bool labels_fit(const char *name, const char *pattern,
                       const char *region)
{
	while (*pattern != '\0' && *name != '\0') {
		if (!label_fits(name, pattern, region))
			return false;
		pattern += label(pattern);
		name += label(name);
		pattern += *pattern == '.';
		name += *name == '.';
	}
	return *pattern == '\0' && *name == '\0';
}

bool vp_name_fits(const char *name, const char *pattern, const char *region)
{
	if (strncmp(pattern, "*.", 2) != 0)
		return labels_fit(name, pattern, region);
	for (const char *dot = strchr(name, '.'); dot != NULL;
	     dot = strchr(dot + 1, '.')) {
		if (dot > name && labels_fit(dot + 1, pattern + 2, region))
			return true;
	}
	return false;
}
