/*
 * service_tags_table.h - the table behind service_tags.h, for the one who
 * fills it (service_tags_read.c) and the one who searches it (service_tags.c).
 *
 * Prefixes never cross: two of them are nested or apart. So the distinct ones,
 * sorted by address and then by length, form a forest, and each knows the next
 * larger one around it. An address is looked up by finding the last prefix
 * that begins at or before it, and going outwards from there: some 17 steps
 * of bisection and the nesting's depth. The official file's 95,823 prefixes
 * of 3,041 tags take some 1.9 MB.
 */
#ifndef VP_AGENT_SERVICE_TAGS_TABLE_H
#define VP_AGENT_SERVICE_TAGS_TABLE_H

#include "service_tags.h"

#define VP_TAGS_MAX 65535 /* a uint16_t tells which; the file has 3,041 */
#define VP_TAGS_NONE UINT32_MAX

/* Most telling first: docs/sources.md, P12, and what the file itself shows. */
enum vp_tag_rank {
	VP_TAG_SERVICE_REGION, /* Storage.EastUS2 */
	VP_TAG_SERVICE,        /* Storage */
	VP_TAG_CLOUD_REGION,   /* AzureCloud.eastus2 */
	VP_TAG_CLOUD,          /* AzureCloud */
};

struct vp_tag {
	char *name;
	enum vp_tag_rank rank;
};

/* One distinct prefix; its tags are owners[first] up to the next one's. */
struct vp_tag_prefix {
	struct vp_prefix prefix;
	uint32_t around; /* index of the next larger one, or VP_TAGS_NONE */
	uint32_t first;
};

struct vp_service_tags {
	char *file, *cloud;
	uint64_t change_number;
	int64_t dated_us;
	struct vp_arena *arena; /* of the names */
	struct vp_tag *tags;
	size_t n_tags;
	struct vp_tag_prefix *prefixes; /* one more than n: the last's end */
	size_t n_prefixes;
	uint16_t *owners; /* indices of tags */
	size_t n_owners;
};

/* What the reader collects: one prefix of one tag. */
struct vp_tag_pair {
	struct vp_prefix prefix;
	uint16_t tag;
};

/* Makes prefixes and owners; sorts the pairs. 0 or -ENOMEM. */
int vp_tags_build(struct vp_service_tags *t, struct vp_tag_pair *pairs,
                  size_t n);

/* The file's bytes: as vp_service_tags_read(). changed_us is the file's time
 * of change, for a name that tells no date. */
int vp_service_tags_parse(struct vp_service_tags **out, const char *name,
                          const char *data, size_t len, int64_t changed_us,
                          char *why, size_t size);

#endif
