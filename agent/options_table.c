/*
 * options_table.c - the commands and the options: a new one is a row here.
 */
#include "options_table.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "completion.h"
#include "wording.h"

#define N_OF(a) (sizeof(a) / sizeof(*(a)))

static const struct vp_command_row commands[] = {
	{ VP_COMMAND_CHECK, "check", "[TARGET...]",
	  "resolve, reach and watch once; print a verdict", 0, ~0u, true },
	{ VP_COMMAND_DNS, "dns", "[NAME...]",
	  "ask every resolver; say where answers turn public", 0, ~0u, true },
	{ VP_COMMAND_TARGETS, "targets", "[TARGET...]",
	  "what would be probed, what is expected of it, and why", 0, ~0u,
	  true },
	{ VP_COMMAND_WATCH, "watch", "[CMD ARG...]",
	  "only watch: for a time, or for the life of a command", 0, ~0u,
	  true },
	{ VP_COMMAND_ANALYZE, "analyze", "FILE.pcap",
	  "judge a saved capture: pcap or pcapng, - for stdin", 1, 1, true },
	{ VP_COMMAND_JUDGE, "judge", "REPORT.json",
	  "judge a saved report's facts again", 1, 1, true },
	{ VP_COMMAND_DIFF, "diff", "A.json B.json",
	  "what differs between two saved reports", 2, 2, true },
	{ VP_COMMAND_EXPLAIN, "explain", "[ID]",
	  "what a finding means and how to mend it", 0, 1, true },
	{ VP_COMMAND_INIT, "init", "",
	  "write a config from what is found, read or answered", 0, 0, true },
	{ VP_COMMAND_AGENT, "agent", "", "check on a schedule", 0, 0, false },
};

const struct vp_command_row *vp_options_commands(size_t *n)
{
	*n = N_OF(commands);
	return commands;
}

/* --- setters that only flags have ---------------------------------------- */

static int set_path(char **out, struct vp_settings *s, const char *text,
                    char *why, size_t size)
{
	if (*text == '\0') {
		snprintf(why, size, "expected the path of a file");
		return -EINVAL;
	}
	*out = vp_arena_strdup(s->arena, text);
	return 0;
}

static int set_config(struct vp_settings *s, const char *text, char *why,
                      size_t size)
{
	if (s->config != NULL) {
		snprintf(why, size,
		         "given twice; one file says it all: put what "
		         "the other has into it");
		return -EINVAL;
	}
	return set_path(&s->config, s, text, why, size);
}

static int set_output(struct vp_settings *s, const char *text, char *why,
                      size_t size)
{
	return set_path(&s->output, s, text, why, size);
}

static int set_evidence(struct vp_settings *s, const char *text, char *why,
                        size_t size)
{
	return set_path(&s->evidence, s, text, why, size);
}

static int set_evidence_keep(struct vp_settings *s, const char *text, char *why,
                             size_t size)
{
	char quoted[VP_QUOTE_TEXT];

	s->evidence_ring = strcmp(text, "ring") == 0;
	if (s->evidence_ring || strcmp(text, "first") == 0)
		return 0;
	snprintf(why, size, "%s is not one of first, ring",
	         vp_quote(quoted, text));
	return -EINVAL;
}

static int set_format(struct vp_settings *s, const char *text, char *why,
                      size_t size)
{
	char quoted[VP_QUOTE_TEXT];

	s->json = strcmp(text, "json") == 0;
	s->metrics = strcmp(text, "metrics") == 0;
	s->list = strcmp(text, "list") == 0;
	if (s->json || s->metrics || s->list || strcmp(text, "text") == 0)
		return 0;
	snprintf(why, size, "%s is not one of text, json, metrics, list",
	         vp_quote(quoted, text));
	return -EINVAL;
}

static int set_color(struct vp_settings *s, const char *text, char *why,
                     size_t size)
{
	static const char *const words[] = { "auto", "always", "never" };
	char quoted[VP_QUOTE_TEXT];

	for (size_t i = 0; i < N_OF(words); i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		s->color = (enum vp_color)i;
		return 0;
	}
	snprintf(why, size, "%s is not one of auto, always, never",
	         vp_quote(quoted, text));
	return -EINVAL;
}

static int set_attribution(struct vp_settings *s, const char *text, char *why,
                           size_t size)
{
	static const char *const words[] = { "bpf", "socket", "off" };
	char quoted[VP_QUOTE_TEXT];

	for (size_t i = 0; i < N_OF(words); i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		s->attribution = (enum vp_attribution)i;
		return 0;
	}
	snprintf(why, size, "%s is not one of bpf, socket, off",
	         vp_quote(quoted, text));
	return -EINVAL;
}

static int set_no_capture(struct vp_settings *s, const char *text, char *why,
                          size_t size)
{
	(void)text, (void)why, (void)size;
	s->no_capture = true;
	return 0;
}

static int set_probe_required(struct vp_settings *s, const char *text,
                              char *why, size_t size)
{
	(void)text, (void)why, (void)size;
	s->probe_required = true;
	return 0;
}

static int set_probe_public(struct vp_settings *s, const char *text, char *why,
                            size_t size)
{
	(void)text, (void)why, (void)size;
	s->probe_public = true;
	return 0;
}

static int set_learn(struct vp_settings *s, const char *text, char *why,
                     size_t size)
{
	(void)text, (void)why, (void)size;
	s->learn = true;
	return 0;
}

static int set_trust_notes(struct vp_settings *s, const char *text, char *why,
                           size_t size)
{
	(void)text, (void)why, (void)size;
	s->trust_notes = true;
	return 0;
}

static int set_trace(struct vp_settings *s, const char *text, char *why,
                     size_t size)
{
	(void)text, (void)why, (void)size;
	s->trace = true;
	return 0;
}

static int set_emit(struct vp_settings *s, const char *text, char *why,
                    size_t size)
{
	(void)why, (void)size; /* vp_emit() knows the words */
	s->emit = vp_arena_strdup(s->arena, text);
	return 0;
}

static int set_upstream(struct vp_settings *s, const char *text, char *why,
                        size_t size)
{
	return vp_value_read_addr(&s->upstream, text, why, size);
}

static int set_discover(struct vp_settings *s, const char *text, char *why,
                        size_t size)
{
	(void)text, (void)why, (void)size;
	s->discover = true;
	return 0;
}

static int set_ask(struct vp_settings *s, const char *text, char *why,
                   size_t size)
{
	(void)text, (void)why, (void)size;
	s->ask = true;
	return 0;
}

static int set_force(struct vp_settings *s, const char *text, char *why,
                     size_t size)
{
	(void)text, (void)why, (void)size;
	s->force = true;
	return 0;
}

static int set_workspace(struct vp_settings *s, const char *text, char *why,
                         size_t size)
{
	const char *at = text;
	size_t n = strlen(text);

	for (; *at != '\0' && *at > ' ' && *at < 0x7f; at++)
		;
	if (n == 0 || n > 600 || *at != '\0') {
		snprintf(why, size,
		         "expected a workspace's name, or its id: "
		         "/subscriptions/.../workspaces/NAME");
		return -EINVAL;
	}
	s->arm_workspace = vp_arena_strdup(s->arena, text);
	return 0;
}

static int set_from(struct vp_settings *s, const char *text, char *why,
                    size_t size)
{
	char *path = NULL;

	if (set_path(&path, s, text, why, size) != 0)
		return -EINVAL;
	*VP_PUSH(s->arena, s->from_files, s->n_from_files) = path;
	return 0;
}

static int set_no_discover(struct vp_settings *s, const char *text, char *why,
                           size_t size)
{
	(void)text, (void)why, (void)size;
	s->no_discover = true;
	return 0;
}

static int set_all(struct vp_settings *s, const char *text, char *why,
                   size_t size)
{
	(void)text, (void)why, (void)size;
	s->all = true;
	return 0;
}

static int set_verbose(struct vp_settings *s, const char *text, char *why,
                       size_t size)
{
	(void)text;
	if (s->verbosity < 0) {
		snprintf(why, size, "cannot be combined with -q");
		return -EINVAL;
	}
	s->verbosity++;
	return 0;
}

static int set_quiet(struct vp_settings *s, const char *text, char *why,
                     size_t size)
{
	(void)text;
	if (s->verbosity > 0) {
		snprintf(why, size, "cannot be combined with -v");
		return -EINVAL;
	}
	s->verbosity = -1;
	return 0;
}

static int set_help(struct vp_settings *s, const char *text, char *why,
                    size_t size)
{
	(void)text, (void)why, (void)size;
	s->help = true;
	return 0;
}

static int set_version(struct vp_settings *s, const char *text, char *why,
                       size_t size)
{
	(void)text, (void)why, (void)size;
	s->version = true;
	return 0;
}

static int set_completion(struct vp_settings *s, const char *text, char *why,
                          size_t size)
{
	s->completion = true;
	return vp_completion_known(text, why, size);
}

/* --- the table ------------------------------------------------------------ */

#define CHECK VP_FOR(VP_COMMAND_CHECK)
#define DNS VP_FOR(VP_COMMAND_DNS)
#define RUN (CHECK | DNS)
#define WATCH VP_FOR(VP_COMMAND_WATCH)
#define PLAN (RUN | VP_FOR(VP_COMMAND_TARGETS))
#define INIT VP_FOR(VP_COMMAND_INIT)
#define ANALYZE VP_FOR(VP_COMMAND_ANALYZE)
#define CONFIG (PLAN | WATCH | ANALYZE | VP_FOR(VP_COMMAND_JUDGE))
#define VERDICT (RUN | WATCH | ANALYZE | VP_FOR(VP_COMMAND_JUDGE))
#define FLOWS (WATCH | ANALYZE)
#define DIFF VP_FOR(VP_COMMAND_DIFF)
#define REPORT (CONFIG | DIFF | VP_FOR(VP_COMMAND_EXPLAIN))

static const struct vp_option options[] = {
	{ "config", 'c', "FILE", "read settings from a YAML file; flags win",
	  CONFIG, set_config },
	{ "format", 0, "text|json|metrics|list",
	  "form of the report; metrics are of a verdict, a list is what a "
	  "firewall has to let pass, by targets (text)",
	  REPORT, set_format },
	{ "output", 'o', "FILE", "write the report there, not to stdout",
	  CONFIG | DIFF | INIT, set_output },
	{ "evidence", 0, "FILE.pcapng", "keep the packets that count",
	  RUN | WATCH, set_evidence },
	{ "evidence-size", 0, "SIZE", "limit of that file (64MiB)", RUN | WATCH,
	  vp_value_evidence_size },
	{ "evidence-keep", 0, "first|ring",
	  "what it keeps when that is reached: the first packets, or the last "
	  "ones (first)",
	  RUN | WATCH, set_evidence_keep },
	{ "interface", 0, "IF", "capture on this interface only (all)",
	  RUN | WATCH, vp_value_interface },
	{ "no-capture", 0, NULL, "do not watch packets: egress is not checked",
	  CHECK, set_no_capture },
	{ "capture-buffer", 0, "SIZE",
	  "kernel buffer of the capture (8MiB, watch 16MiB)", RUN | WATCH,
	  vp_value_capture_buffer },
	{ "attribution", 0, "HOW",
	  "tell who sends by bpf (else by sockets), socket or off (bpf)",
	  CHECK | WATCH, set_attribution },
	{ "resolver", 0, "IP[:PORT]",
	  "ask this resolver, not those of resolv.conf; repeatable",
	  PLAN | WATCH | ANALYZE, vp_value_resolver },
	{ "compare", 0, "LABEL=IP[:PORT]",
	  "ask this server too, to compare with; repeatable", PLAN,
	  vp_value_compare },
	{ "azure-dns", 0, "WHEN",
	  "ask 168.63.129.16 to compare with: auto, always or never (auto)",
	  PLAN, vp_value_azure_dns },
	{ "rounds", 0, "N", "ask each question N times (check 1, dns 3)", RUN,
	  vp_value_rounds },
	{ "round-interval", 0, "T", "from one round to the next (4s)", RUN,
	  vp_value_round_interval },
	{ "trace", 0, NULL, "every question and answer in time order", DNS,
	  set_trace },
	{ "emit", 0, "WORD",
	  "send nothing; print forwarders for bind, unbound, dnsmasq, coredns "
	  "or windows, or entries for hosts",
	  DNS, set_emit },
	{ "upstream", 0, "IP", "where the zones of --emit go (168.63.129.16)",
	  DNS, set_upstream },
	{ "endpoint", 0, "FILE",
	  "expected addresses, from what az prints of a private endpoint or "
	  "its network interface; repeatable",
	  PLAN | WATCH | ANALYZE, vp_value_endpoint_file },
	{ "discover", 0, NULL,
	  "ask this machine's metadata, and Azure Resource Manager with its "
	  "managed identity, what belongs to the workspace",
	  PLAN | INIT, set_discover },
	{ "no-discover", 0, NULL,
	  "look nowhere for a workspace that nothing names",
	  PLAN | INIT | FLOWS, set_no_discover },
	{ "workspace", 0, "WORKSPACE",
	  "which workspace --discover is to look for", PLAN | INIT,
	  set_workspace },
	{ "identity-client-id", 0, "GUID",
	  "which managed identity --discover uses, where there are several",
	  PLAN | INIT, vp_value_identity },
	{ "from", 0, "FILE",
	  "the workspace and its resources, from what az prints of them; "
	  "repeatable",
	  PLAN | INIT, set_from },
	{ "ask", 0, NULL, "ask on stderr, and read an answer a line from stdin",
	  INIT, set_ask },
	{ "force", 0, NULL, "replace the file of --output", INIT | FLOWS,
	  set_force },
	{ "vnet", 0, "PREFIX", "address space of the VNet; repeatable",
	  PLAN | WATCH | ANALYZE, vp_value_vnet },
	{ "local", 0, "IP",
	  "an address of the machine that captured; repeatable", ANALYZE,
	  vp_value_local },
	{ "trust-notes", 0, NULL,
	  "believe what the file says of its machine: it is your own evidence",
	  ANALYZE, set_trust_notes },
	{ "expect", 0, "WHAT",
	  "private, public, service-endpoint or any, for all targets",
	  PLAN | WATCH | ANALYZE, vp_value_expect },
	{ "scenario", 0, "NAME", "what is expected of each kind (secured)",
	  PLAN | WATCH | ANALYZE | INIT, vp_value_scenario },
	{ "service-tags", 0, "FILE",
	  "tell the service tags of public addresses by this "
	  "ServiceTags_*.json",
	  CONFIG | FLOWS, vp_value_service_tags },
	{ "learn", 0, NULL, "propose an allow list for what no rule explains",
	  FLOWS, set_learn },
	{ "ca-file", 0, "PEM", "trust these roots, not the system's",
	  PLAN | INIT, vp_value_ca_file },
	{ "timeout", 0, "T", "limit of one attempt (5s)", RUN,
	  vp_value_timeout },
	{ "deadline", 0, "T", "limit of the whole run (2m)", RUN,
	  vp_value_deadline },
	{ "for", 0, "T", "watch so long (until a signal)", WATCH,
	  vp_value_for },
	{ "linger", 0, "T", "keep capturing after the last probe (300ms)",
	  RUN | WATCH, vp_value_linger },
	{ "concurrency", 0, "N", "attempts at a time (32)", CHECK,
	  vp_value_concurrency },
	{ "probe-required", 0, NULL,
	  "also probe what the scenario requires and is public", PLAN,
	  set_probe_required },
	{ "probe-public", 0, NULL,
	  "connect to public addresses although private is expected", CHECK,
	  set_probe_public },
	{ "all", 0, NULL, "also what differs by chance, such as times", DIFF,
	  set_all },
	{ "color", 0, "WHEN", "auto, always or never (auto)", VERDICT | DIFF,
	  set_color },
	{ "verbose", 'v', NULL, "more detail; repeatable", VP_FOR_ALL,
	  set_verbose },
	{ "quiet", 'q', NULL, "no progress, only errors on stderr", VP_FOR_ALL,
	  set_quiet },
	{ "completion", 0, "SHELL", "print a completion script: bash",
	  VP_FOR_ALL, set_completion },
	{ "version", 0, NULL, "print the version", VP_FOR_ALL, set_version },
	{ "help", 'h', NULL, "print this help", VP_FOR_ALL, set_help },
};

static_assert(N_OF(options) <= VP_OPTIONS_MAX, "a bit for each");
static_assert(N_OF(commands) <= VP_COMMANDS_MAX, "room for each");

const struct vp_option *vp_options_table(size_t *n)
{
	*n = N_OF(options);
	return options;
}
