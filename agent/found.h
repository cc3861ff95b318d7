/*
 * found.h - what was found out by itself: which values there are, how each is
 * checked, and how they become settings.
 *
 * A source is a file, the environment, the machine's metadata or Azure Resource
 * Manager: none is trusted further than a user's own config. Every value goes
 * through vp_found_add(), by one table of keys; what a helper process hands
 * over goes through it once more.
 */
#ifndef VP_AGENT_FOUND_H
#define VP_AGENT_FOUND_H

#include <sys/types.h>

#include "settings.h"

/* Bounds of one set: a source that says more is cut, and that is noted. */
#define VP_FOUND_VALUES_MAX 2000
#define VP_FOUND_NOTES_MAX 64

/* Where values go, and who says what comes next. */
struct vp_found {
	struct vp_arena *arena;
	struct vp_discovery *out;
	const char *source; /* "environment CI_NAME" */
	bool inferred;      /* what is added next follows from something else */
};

/* The keys, in the order in which they are told; NULL ends. */
const char *vp_found_key(size_t i);
/* More than one value is no contradiction. */
bool vp_found_key_repeats(const char *key);

/* Adds a value in its normal form, once. False, with a note, for a key that
 * there is not or a value that cannot be one; NULL and "" add nothing. */
bool vp_found_add(struct vp_found *f, const char *key, const char *value);
/* A name and the addresses that it must have: key "address". */
bool vp_found_add_address(struct vp_found *f, const char *name,
                          const struct vp_addr *list, size_t n);
/* One sentence about the source. */
__attribute__((format(printf, 2, 3))) void vp_found_note(struct vp_found *f,
                                                         const char *fmt, ...);
/* A whole one, which lives in the arena; each is told once. */
void vp_found_take_note(struct vp_found *f, char *text);
/* Where a resource is. Texts that cannot be ids are left out, with a note. */
void vp_found_place(struct vp_found *f, const struct vp_placement *p);
void vp_found_peering(struct vp_found *f, const char *vnet, const char *remote,
                      bool connected);

/* The value of a key, one that is not inferred before one that is; NULL. */
const struct vp_discovered *vp_found_get(const struct vp_discovery *d,
                                         const char *key);

/* "environment CI_WORKSPACE, mount table (inferred)": who all says this value.
 * NULL: it stands further up. */
const char *vp_found_sources(struct vp_arena *arena,
                             const struct vp_discovery *d, size_t index);

/* What a host's name says: whose workspace, account, vault or registry it is,
 * region and cloud. False: nothing that is known here. */
bool vp_found_host(struct vp_found *f, const char *name);
/* A part of an ARM id that follows segment: "/resourceGroups/". NULL: it has
 * none. */
char *vp_found_id_part(struct vp_arena *arena, const char *id,
                       const char *segment);
/* The subscription, group and workspace of an ARM id, or of a URL with one. */
void vp_found_workspace_id(struct vp_found *f, const char *id);
/* An ARM id, in lower case, if it can be one; else NULL. */
char *vp_found_arm_id(struct vp_arena *arena, const char *text);

/* --- local sources: found_local.c ----------------------------------------- */

/* NULL: the system's own, for all but environment. */
struct vp_found_local {
	const char *nbvm;          /* /mnt/azmnt/.nbvm */
	const char *mounts;        /* /proc/self/mounts */
	const char *const *files;  /* of variables: /etc/environment, ... */
	const char *const *config; /* config.json, .azureml/config.json */
	char *const *environment;  /* "NAME=value"...; NULL: none */
};

/* Reads files and variables; nothing is sent. */
void vp_found_local(struct vp_found *f, const struct vp_found_local *from);
/* One source each, as text. */
void vp_found_nbvm(struct vp_found *f, char *text);
void vp_found_mount_line(struct vp_found *f, char *line);
void vp_found_variable(struct vp_found *f, const char *name, const char *value);
void vp_found_config_json(struct vp_found *f, const char *data, size_t len);
/* May a config.json of the working directory be believed that owner wrote?
 * sudo_uid: the variable of that name, or NULL. */
bool vp_found_trusts(uid_t owner, uid_t self, const char *sudo_uid);

/* --- settings: found_apply.c ---------------------------------------------- */

/* Fills what settings do not say. targets: what was found becomes targets, not
 * only what is known of those that there are. */
void vp_found_apply(struct vp_settings *s, const struct vp_discovery *d,
                    bool targets);

#endif
