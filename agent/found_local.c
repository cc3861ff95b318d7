/*
 * found_local.c - what this machine's files and variables say.
 *
 * On a compute instance: /mnt/azmnt/.nbvm, variables CI_..., and the mount of
 * the workspace's file share. In a job: variables AZUREML_.... Anywhere: the
 * config.json that the SDK reads (docs/sources.md: A13; SDK sources). Each may
 * be missing, cut or somebody's joke; what cannot be a value is left out.
 */
#include "found.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../probes/text_lines.h"
#include "catalogue.h"
#include "input.h"
#include "wording.h"

#define SMALL (64u << 10)
#define MOUNTS_MAX (4u << 20)
#define GUID 36

/* Cuts blanks and one pair of quotes. */
static char *trimmed(char *text)
{
	size_t n;

	text += strspn(text, " \t");
	n = strlen(text);
	while (n > 0 && strchr(" \t\r", text[n - 1]) != NULL)
		text[--n] = '\0';
	if (n >= 2 && (*text == '"' || *text == '\'') && text[n - 1] == *text) {
		text[n - 1] = '\0';
		text++;
	}
	return text;
}

/* "key = value" in place. NULL: no such line. */
static char *split(char *line, char **value)
{
	char *eq = strchr(line, '=');

	line += strspn(line, " \t");
	if (strncmp(line, "export ", 7) == 0)
		line += 7;
	if (*line == '#' || eq == NULL || eq < line)
		return NULL;
	*eq = '\0';
	*value = trimmed(eq + 1);
	return trimmed(line);
}

/* "https://host:port/path" to its host; NULL: not a URL. */
static char *url_host(struct vp_arena *arena, const char *url)
{
	const char *at = strstr(url, "://");
	size_t n;

	if (at == NULL)
		return NULL;
	at += 3;
	n = strcspn(at, ":/?#@");
	return at[n] == '@' ? NULL : vp_arena_strndup(arena, at, n);
}

static void add_url(struct vp_found *f, const char *url)
{
	char *host = url_host(f->arena, url), quoted[VP_QUOTE_TEXT];

	if (host == NULL || !vp_found_host(f, host))
		vp_found_note(f, "%s is no address of a workspace",
		              vp_quote(quoted, url));
}

/* err of vp_input_read_plain(). What is not there, or may not be read, names
 * nothing here; what should be there and was not read is told of. */
static void note_unread(struct vp_found *f, int err, const char *why)
{
	if (err != -EINVAL && err != -ETIMEDOUT)
		return;
	vp_found_note(f, "%s: not read", why);
	if (err == -ETIMEDOUT)
		*VP_PUSH(f->arena, f->out->unread, f->out->n_unread) =
			vp_arena_strdup(f->arena, f->source);
}

/* --- /mnt/azmnt/.nbvm -------------------------------------------------------
 */

/* What is no instance's name would have us ask for it. */
static void add_instance(struct vp_found *f, const char *instance,
                         const char *suffix)
{
	const struct vp_catalogue_suffix *row;
	char *name, quoted[VP_QUOTE_TEXT];

	name = vp_arena_printf(f->arena, "%.200s.%.200s", instance,
	                       suffix[0] == '.' ? suffix + 1 : suffix);
	row = vp_catalogue_find(name);
	if (row == NULL || row->kind != VP_KIND_COMPUTE_INSTANCE ||
	    !vp_found_host(f, name))
		vp_found_note(f, "%s is no name of a compute instance",
		              vp_quote(quoted, name));
}

void vp_found_nbvm(struct vp_found *f, char *text)
{
	const char *instance = NULL, *suffix = NULL;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		char *value = NULL, *key = split(line, &value);

		if (key == NULL || *value == '\0')
			continue;
		if (strcmp(key, "instance") == 0)
			instance = value;
		if (strcmp(key, "domainsuffix") == 0)
			suffix = value;
		if (strcmp(key, "certurl") == 0)
			add_url(f, value);
	}
	if (instance != NULL && suffix != NULL)
		add_instance(f, instance, suffix);
	else if (instance != NULL)
		vp_found_add(f, "compute_instance", instance);
}

static void read_nbvm(struct vp_found *f, const char *path)
{
	struct vp_input in;
	const char *why;
	int err;

	f->source = path;
	err = vp_input_read_plain(&in, path, SMALL, &why);
	note_unread(f, err, why);
	if (err != 0)
		return; /* no compute instance */
	if (in.len > SMALL) {
		vp_found_note(f, "larger than 64 KiB: not read");
	} else if (memchr(in.data, '\0', in.len) != NULL) {
		vp_found_note(f, "it has NUL bytes: not read");
	} else {
		char *text = vp_arena_strndup(f->arena, in.data, in.len);

		vp_found_nbvm(f, text);
	}
	free(in.data);
}

/* --- the mount table ---------------------------------------------------------
 */

/* "//ACCOUNT.file.core.windows.net/code-GUID /mnt/... cifs ...": the account is
 * the workspace's own, and its share is named after the workspace (I). */
void vp_found_mount_line(struct vp_found *f, char *line)
{
	const struct vp_catalogue_suffix *row;
	char *host = line + 2, *share;

	if (strncmp(line, "//", 2) != 0)
		return;
	share = strchr(host, '/');
	if (share == NULL)
		return;
	*share++ = '\0';
	share[strcspn(share, " \t/")] = '\0';
	if (strncmp(share, "code-", 5) != 0 || strlen(share) != 5 + GUID)
		return; /* somebody's other share */
	row = vp_catalogue_find(host);
	if (row == NULL || row->kind != VP_KIND_FILE || !vp_found_host(f, host))
		return;
	f->inferred = true;
	vp_found_add(f, "workspace_id", share + 5);
	f->inferred = false;
}

static void on_mount(char *line, unsigned number, void *arg)
{
	(void)number;
	vp_found_mount_line(arg, line);
}

/* --- variables ---------------------------------------------------------------
 */

static void add_value(struct vp_found *f, const char *key, const char *value)
{
	vp_found_add(f, key, value);
}

static void add_tracking(struct vp_found *f, const char *key, const char *value)
{
	(void)key;
	if (strncmp(value, "azureml://", 10) != 0)
		return; /* another MLflow server */
	add_url(f, value);
	vp_found_workspace_id(f, value);
}

static void add_service(struct vp_found *f, const char *key, const char *value)
{
	(void)key;
	add_url(f, value);
}

/* A GUID, or an ARM id. */
static void add_id(struct vp_found *f, const char *key, const char *value)
{
	if (*value == '/')
		vp_found_workspace_id(f, value);
	else
		vp_found_add(f, key, value);
}

static const struct variable {
	const char *name, *key;
	void (*add)(struct vp_found *f, const char *key, const char *value);
} variables[] = {
	/* compute instances (A13) */
	{ "CI_NAME", "compute_instance", add_value },
	{ "CI_WORKSPACE", "workspace", add_value },
	{ "CI_RESOURCE_GROUP", "resource_group", add_value },
	/* jobs */
	{ "AZUREML_ARM_SUBSCRIPTION", "subscription", add_value },
	{ "AZUREML_ARM_RESOURCEGROUP", "resource_group", add_value },
	{ "AZUREML_ARM_WORKSPACE_NAME", "workspace", add_value },
	{ "AZUREML_WORKSPACE_ID", "workspace_id", add_id },
	{ "AZUREML_WORKSPACE_SCOPE", "workspace_id", add_id },
	{ "AZUREML_SERVICE_ENDPOINT", NULL, add_service },
	{ "AZUREML_DISCOVERY_SERVICE_ENDPOINT", NULL, add_service },
	/* both */
	{ "MLFLOW_TRACKING_URI", NULL, add_tracking },
	{ "MSI_ENDPOINT", "identity_endpoint", add_value },
};
#define N_VARIABLES (sizeof(variables) / sizeof(*variables))

void vp_found_variable(struct vp_found *f, const char *name, const char *value)
{
	for (size_t i = 0; i < N_VARIABLES; i++) {
		if (strcmp(name, variables[i].name) == 0 && *value != '\0')
			variables[i].add(f, variables[i].key, value);
	}
}

/* In the table's order, whatever that of the environment is. */
static void read_environment(struct vp_found *f, char *const *environment)
{
	for (size_t i = 0; i < N_VARIABLES; i++) {
		size_t n = strlen(variables[i].name);

		for (char *const *e = environment; *e != NULL; e++) {
			if (strncmp(*e, variables[i].name, n) != 0 ||
			    (*e)[n] != '=')
				continue;
			f->source = vp_arena_printf(f->arena, "environment %s",
			                            variables[i].name);
			vp_found_variable(f, variables[i].name, *e + n + 1);
			break;
		}
	}
}

struct variables_file {
	struct vp_found *f;
	const char *path;
};

static void on_variable(char *line, unsigned number, void *arg)
{
	struct variables_file *file = arg;
	char *value = NULL, *name = split(line, &value);

	(void)number;
	if (name == NULL)
		return;
	file->f->source =
		vp_arena_printf(file->f->arena, "%s %.60s", file->path, name);
	vp_found_variable(file->f, name, value);
}

/* --- config.json
 * -------------------------------------------------------------- */

/* What the SDK writes and reads: three strings. A file of that name that lacks
 * one is something else's. */
void vp_found_config_json(struct vp_found *f, const char *data, size_t len)
{
	static const char *const names[] = { "subscription_id",
		                             "resource_group",
		                             "workspace_name" };
	static const char *const to[] = { "subscription", "resource_group",
		                          "workspace" };
	json_error_t error;
	json_t *root = json_loadb(data, len, 0, &error);
	bool whole = true;

	for (size_t i = 0; i < 3; i++)
		whole = whole &&
		        json_is_string(json_object_get(root, names[i]));
	for (size_t i = 0; whole && i < 3; i++)
		vp_found_add(
			f, to[i],
			json_string_value(json_object_get(root, names[i])));
	json_decref(root);
}

/* The directory may be one where anybody writes. */
bool vp_found_trusts(uid_t owner, uid_t self, const char *sudo_uid)
{
	char *end;
	unsigned long of_sudo;

	if (owner == 0 || owner == self)
		return true;
	if (self != 0 || sudo_uid == NULL || !isdigit((unsigned char)*sudo_uid))
		return false;
	of_sudo = strtoul(sudo_uid, &end, 10);
	return *end == '\0' && of_sudo == owner;
}

static void read_config_json(struct vp_found *f, const char *path)
{
	struct vp_input in;
	const char *why;
	int err;

	f->source = path;
	err = vp_input_read_plain(&in, path, SMALL, &why);
	note_unread(f, err, why);
	if (err != 0)
		return;
	if (!vp_found_trusts(in.owner, geteuid(), getenv("SUDO_UID")))
		vp_found_note(f,
		              "it is the file of another user (uid %u): not "
		              "believed",
		              (unsigned)in.owner);
	else if (in.len > SMALL)
		vp_found_note(f, "larger than 64 KiB: not read");
	else
		vp_found_config_json(f, in.data, in.len);
	free(in.data);
}

/* --- all of them
 * --------------------------------------------------------------- */

void vp_found_local(struct vp_found *f, const struct vp_found_local *from)
{
	static const char *const of_system[] = { "/etc/environment",
		                                 "/etc/environment.sso", NULL };
	static const char *const of_sdk[] = { "config.json",
		                              ".azureml/config.json", NULL };
	const char *const *files =
		from->files != NULL ? from->files : of_system;
	const char *const *config =
		from->config != NULL ? from->config : of_sdk;
	const char *mounts =
		from->mounts != NULL ? from->mounts : "/proc/self/mounts";

	read_nbvm(f, from->nbvm != NULL ? from->nbvm : "/mnt/azmnt/.nbvm");
	if (from->environment != NULL)
		read_environment(f, from->environment);
	for (; *files != NULL; files++) {
		struct variables_file file = { f, *files };

		vp_lines_of_file(*files, SMALL, on_variable, &file);
	}
	f->source = "mount table";
	vp_lines_of_file(mounts, MOUNTS_MAX, on_mount, f);
	for (; *config != NULL; config++)
		read_config_json(f, *config);
}
