/*
 * main.c - which command, and in what order its steps are taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze.h"
#include "completion.h"
#include "diff.h"
#include "discover.h"
#include "flow_tags.h"
#include "forwarder.h"
#include "init.h"
#include "judge.h"
#include "learn.h"
#include "output.h"
#include "plan.h"
#include "report.h"
#include "run.h"
#include "self.h"
#include "settings.h"
#include "watched.h"
#include "vnetprobe/nss.h"
#include "vnetprobe/machine.h"
#include "vnetprobe/owner.h"

#define EXIT_USAGE 2
#define EXIT_INCONCLUSIVE 3

#define IS_THERE "%s is there already: --force replaces it"

static void (*caller_pipe)(int); /* what SIGPIPE did before */

static int complain(int status, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int complain(int status, const char *fmt, ...)
{
	va_list ap;

	fputs("vnetprobe: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

/* From here to the loop a signal waits; the loop takes it then and the run
 * still says what it knows. */
static void hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/*
 * Whoever reads stdout may have stopped reading: from here on a signal ends
 * the process again. Those that came until now were meant for the run.
 */
static void release_signals(void)
{
	const struct timespec now = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	while (sigtimedwait(&set, NULL, &now) > 0)
		;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static struct vp_text_style text_style(const struct vp_settings *s, FILE *to)
{
	bool terminal = isatty(fileno(to)) != 0;
	struct winsize w;

	return (struct vp_text_style){
		.color = s->color == VP_COLOR_ALWAYS ||
		         (s->color == VP_COLOR_AUTO && terminal),
		.columns = terminal && ioctl(fileno(to), TIOCGWINSZ, &w) == 0 &&
		                           w.ws_col >= 60
		                   ? w.ws_col
		                   : 80,
		.verbose = s->verbosity > 0,
	};
}

static int write_report(const struct vp_settings *s,
                        const struct vp_facts *facts,
                        const struct vp_judgement *j, FILE *to)
{
	struct vp_text_style style;

	if (s->learn) { /* in the report's place: it is a config */
		if (s->verbosity >= 0)
			complain(0, "%s", j->summary);
		return vp_learn(to, facts, j);
	}
	if (s->json)
		return vp_report_json(to, facts, j);
	if (s->metrics)
		return vp_report_metrics(to, facts, j);
	style = text_style(s, to);
	return facts->mode == VP_MODE_DNS
	               ? vp_report_dns(to, facts, j, &style)
	               : vp_report_text(to, facts, j, &style);
}

/* stdout is the command's, if there is one. */
static FILE *report_stream(const struct vp_settings *s,
                           const struct vp_facts *facts,
                           struct vp_output *output)
{
	return facts->command.n_argv > 0 && s->output == NULL &&
	                       s->command == VP_COMMAND_WATCH
	               ? stderr
	               : vp_output_stream(output);
}

/* A command whose watch passes has the last word. */
static int exit_status(const struct vp_settings *s,
                       const struct vp_facts *facts,
                       const struct vp_judgement *j)
{
	const struct vp_command_facts *c = &facts->command;

	if (j->verdict != VP_VERDICT_PASS || c->n_argv == 0 ||
	    s->command != VP_COMMAND_WATCH)
		return j->exit_status;
	return c->signal != 0 ? 128 + c->signal : c->exit_status;
}

/* The facts' verdict, the report in its place, then the exit status. */
static int deliver(const struct vp_settings *s, struct vp_facts *facts,
                   struct vp_output *output)
{
	struct vp_judgement j;
	int rc;

	vp_judge(&j, facts, facts->arena);
	if (s->output == NULL)
		release_signals(); /* a file would be left half written */
	rc = write_report(s, facts, &j, report_stream(s, facts, output));
	if (rc != 0) {
		vp_output_abandon(output);
		return complain(EXIT_INCONCLUSIVE,
		                "cannot write the report: %s", strerror(-rc));
	}
	rc = vp_output_commit(output);
	if (rc != 0)
		return complain(EXIT_INCONCLUSIVE,
		                "cannot write the report: %s", strerror(-rc));
	return exit_status(s, facts, &j);
}

static bool same_file(const struct vp_settings *s)
{
	return s->output != NULL && s->evidence != NULL &&
	       strcmp(s->output, s->evidence) == 0;
}

/* A list that is there may have its reasons by now: somebody's work. */
static bool is_somebodys(const struct vp_settings *s)
{
	struct stat st;

	return s->learn && !s->force && s->output != NULL &&
	       stat(s->output, &st) == 0 && S_ISREG(st.st_mode);
}

/* Under sudo a file is refused where root could have written: say why. */
static void explain_refusal(char *why, size_t size)
{
	const char *user = getenv("SUDO_USER");
	size_t len = strlen(why);

	if (user == NULL || strstr(why, strerror(EACCES)) == NULL)
		return;
	snprintf(why + len, size - len,
	         " (root's rights are given up before files are opened: name a "
	         "place where %s may write)",
	         user);
}

/* What is asked of whom. Only files are read; nothing is sent. */
static int plan(const struct vp_settings *s, struct vp_facts *facts, char *why,
                size_t size)
{
	const struct vp_machine_files files = {
		.resolv_conf = s->resolv_conf,
		.hosts = s->hosts_file,
		.nsswitch = s->nsswitch_file,
		.dmi = s->dmi_file,
	};
	char again[1024];
	int status = vp_plan_make(facts, s, why, size);

	if (status == 0 && s->command == VP_COMMAND_DNS) {
		status = vp_plan_keep_named(facts, s, again, sizeof(again));
		if (status != 0)
			snprintf(why, size, "%s", again);
	}
	if (status != 0)
		return status;
	if (why[0] != '\0' && s->verbosity >= 0)
		complain(0, "%s", why); /* such as a resolver passed over */
	vp_machine_read(facts, &files);
	if (s->command != VP_COMMAND_WATCH) /* it asks nobody */
		vp_plan_references(facts, s);
	return 0;
}

/* Holds rules by service tag against their file, which the facts then name. */
static int check_tags(const struct vp_settings *s, struct vp_facts *facts,
                      char *why, size_t size)
{
	struct vp_service_tags *tags;
	int status = vp_flow_tags_open(&tags, facts, s, why, size);

	vp_flow_tags_fill(facts, tags); /* flows of a saved report */
	vp_service_tags_destroy(tags);
	return status;
}

/* The command of watch, with the caller's rights, mask and signals. */
static int fork_command(const struct vp_settings *s,
                        struct vp_run_helpers *helpers, char *why, size_t size)
{
	char **argv;
	int rc;

	if (s->command != VP_COMMAND_WATCH || s->n_arguments == 0)
		return 0;
	argv = vp_arena_alloc(s->arena, (s->n_arguments + 1) * sizeof(*argv));
	for (size_t i = 0; i < s->n_arguments; i++)
		argv[i] = s->arguments[i];
	signal(SIGPIPE, caller_pipe);
	rc = vp_watched_fork(&helpers->command, argv, why, size);
	signal(SIGPIPE, SIG_IGN);
	return rc == 0 ? 0 : EXIT_USAGE;
}

/* check, dns and watch: what they do differently, run.c knows. */
static int run(const struct vp_settings *s, struct vp_facts *facts)
{
	struct vp_run_helpers helpers = { 0 };
	struct vp_output *output = NULL;
	struct vp_run *run = NULL;
	char why[1024] = "";
	int status;

	if (same_file(s))
		return complain(EXIT_USAGE, "--output and --evidence name the "
		                            "same file");
	if (is_somebodys(s))
		return complain(EXIT_USAGE, IS_THERE, s->output);
	status = fork_command(s, &helpers, why, sizeof(why));
	hold_signals();
	if (status == 0)
		status = vp_run_fork(&helpers, s, why, sizeof(why));
	if (status == 0)
		status = plan(s, facts, why, sizeof(why));
	if (status != 0) {
		vp_run_helpers_end(&helpers);
		return complain(status, "%s", why);
	}
	status = vp_run_prepare(&run, &helpers, facts, s, why, sizeof(why));
	if (status == 0 &&
	    vp_output_open(&output, s->output, why, sizeof(why)) != 0)
		status = EXIT_USAGE;
	if (status == 0)
		status = vp_run_go(run, why, sizeof(why));
	if (status != 0) {
		vp_output_abandon(output);
		vp_run_destroy(run);
		explain_refusal(why, sizeof(why));
		return complain(status, "%s", why);
	}
	status = vp_run_commit(run);
	if (status != 0)
		complain(0, "the evidence %s could not be written: %s",
		         s->evidence, strerror(-status));
	vp_run_destroy(run); /* its memory serves the report */
	return deliver(s, facts, output);
}

static int judge(const struct vp_settings *s)
{
	struct vp_output *output;
	struct vp_facts *facts;
	char why[1024];
	int status;

	if (s->n_arguments != 1)
		return complain(EXIT_USAGE, "judge takes one report: vnetprobe "
		                            "judge REPORT.json");
	if (vp_report_read(&facts, s->arguments[0], why, sizeof(why)) != 0)
		return complain(EXIT_USAGE, "%s", why);
	status = s->config == NULL ? 0
	                           : vp_plan_apply(facts, s, why, sizeof(why));
	if (status == 0)
		status = check_tags(s, facts, why, sizeof(why));
	if (status == 0 &&
	    vp_output_open(&output, s->output, why, sizeof(why)) != 0)
		status = EXIT_USAGE;
	if (status == 0)
		status = deliver(s, facts, output);
	else
		complain(status, "%s", why);
	vp_facts_destroy(facts);
	return status;
}

/* Compares; then the status, as diff(1) has it. */
static int compare(const struct vp_settings *s,
                   const struct vp_diff_side side[2], struct vp_output *output,
                   struct vp_arena *arena)
{
	FILE *to = vp_output_stream(output);
	bool noise = s->all || s->verbosity > 0;
	struct vp_text_style style = text_style(s, to);
	struct vp_diff diff;
	int rc;

	vp_diff_make(&diff, &side[0], &side[1], arena);
	rc = s->json ? vp_diff_json(to, &diff, noise)
	             : vp_diff_text(to, &diff, &style, noise);
	if (rc != 0)
		vp_output_abandon(output);
	else
		rc = vp_output_commit(output);
	if (rc != 0)
		return complain(EXIT_USAGE, "cannot write the comparison: %s",
		                strerror(-rc));
	return vp_diff_exit_status(&diff);
}

static int diff(const struct vp_settings *s)
{
	struct vp_facts *facts[2] = { NULL, NULL };
	struct vp_judgement j[2];
	struct vp_diff_side side[2];
	struct vp_output *output;
	char why[1024];
	int status = 0;

	if (strcmp(s->arguments[0], "-") == 0 &&
	    strcmp(s->arguments[1], "-") == 0)
		return complain(EXIT_USAGE, "diff: only one of the two reports "
		                            "can be standard input");
	for (int i = 0; i < 2 && status == 0; i++) {
		if (vp_report_read(&facts[i], s->arguments[i], why,
		                   sizeof(why)) != 0) {
			status = EXIT_USAGE;
			break;
		}
		vp_judge(&j[i], facts[i], facts[i]->arena);
		side[i] = (struct vp_diff_side){ s->arguments[i], facts[i],
			                         &j[i] };
	}
	if (status == 0 &&
	    vp_output_open(&output, s->output, why, sizeof(why)) != 0)
		status = EXIT_USAGE;
	if (status == 0)
		status = compare(s, side, output, s->arena);
	else
		complain(status, "%s", why);
	vp_facts_destroy(facts[0]);
	vp_facts_destroy(facts[1]);
	return status;
}

static int analyze(const struct vp_settings *s, struct vp_facts *facts)
{
	struct vp_analyze *analyze = NULL;
	struct vp_output *output = NULL;
	char why[1024] = "";
	int status;

	if (is_somebodys(s))
		return complain(EXIT_USAGE, IS_THERE, s->output);
	status = vp_plan_make(facts, s, why, sizeof(why));
	if (status == 0)
		status = vp_analyze_open(&analyze, facts, s, why, sizeof(why));
	if (status == 0 &&
	    vp_output_open(&output, s->output, why, sizeof(why)) != 0)
		status = EXIT_USAGE;
	if (status != 0) {
		vp_analyze_close(analyze);
		return complain(status, "%s", why);
	}
	hold_signals();
	vp_analyze_read(analyze);
	vp_analyze_close(analyze);
	return deliver(s, facts, output);
}

static int targets(const struct vp_settings *s, struct vp_facts *facts)
{
	struct vp_output *output;
	char why[1024] = "";
	int status = plan(s, facts, why, sizeof(why));

	if (status == 0)
		status = check_tags(s, facts, why, sizeof(why));
	if (status == 0 &&
	    vp_output_open(&output, s->output, why, sizeof(why)) != 0)
		status = EXIT_USAGE;
	if (status != 0)
		return complain(status, "%s", why);
	status = vp_plan_print(facts, s, vp_output_stream(output));
	if (status != 0)
		vp_output_abandon(output);
	else
		status = vp_output_commit(output);
	if (status != 0)
		return complain(EXIT_INCONCLUSIVE, "cannot write the plan: %s",
		                strerror(-status));
	return 0;
}

/* dns --emit: a configuration is printed, and nothing is sent. */
static int emit(const struct vp_settings *s, struct vp_facts *facts)
{
	struct vp_output *output;
	char why[1024] = "";
	int status = plan(s, facts, why, sizeof(why));

	if (status == 0 &&
	    vp_output_open(&output, s->output, why, sizeof(why)) != 0)
		status = EXIT_USAGE;
	if (status != 0)
		return complain(status, "%s", why);
	status = vp_emit(vp_output_stream(output), facts, s, why, sizeof(why));
	if (status != 0)
		vp_output_abandon(output);
	else
		status = vp_output_commit(output);
	if (status > 0)
		return complain(status, "%s", why);
	if (status < 0)
		return complain(EXIT_INCONCLUSIVE,
		                "cannot write the configuration: %s",
		                strerror(-status));
	return 0;
}

static int explain(const struct vp_settings *s)
{
	const char *id = s->n_arguments > 0 ? s->arguments[0] : NULL;
	int status;

	if (s->n_arguments > 1)
		return complain(EXIT_USAGE, "explain takes one finding id");
	status = vp_explain(stdout, id, s->json);
	if (status > 0)
		return EXIT_USAGE; /* it said why */
	if (status == 0 && fflush(stdout) != 0)
		status = -errno;
	if (status != 0)
		return complain(EXIT_INCONCLUSIVE,
		                "cannot write the explanation: %s",
		                strerror(-status));
	return 0;
}

static int init(const struct vp_settings *s, struct vp_facts *facts)
{
	char why[1024] = "";
	int status = vp_init(s, facts, why, sizeof(why));

	return status == 0 ? 0 : complain(status, "%s", why);
}

static int run_command(struct vp_settings *s)
{
	struct vp_facts *facts;
	char why[1024];
	int status;

	switch (s->command) {
	case VP_COMMAND_JUDGE:
		return judge(s);
	case VP_COMMAND_DIFF:
		return diff(s);
	case VP_COMMAND_EXPLAIN:
		return explain(s);
	default:
		break;
	}
	facts = vp_facts_create();
	status = vp_discover(s, facts, why, sizeof(why));
	if (status != 0)
		complain(status, "%s", why);
	else if (s->command == VP_COMMAND_INIT)
		status = init(s, facts);
	else if (s->command == VP_COMMAND_TARGETS)
		status = targets(s, facts);
	else if (s->command == VP_COMMAND_ANALYZE)
		status = analyze(s, facts);
	else if (s->emit != NULL)
		status = emit(s, facts);
	else
		status = run(s, facts);
	vp_facts_destroy(facts);
	return status;
}

/*
 * A standard descriptor that is closed would be given to the next socket, and
 * the report written into that. Something unreadable or unwritable stands in,
 * so that writing there fails as it should.
 */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			return;
	}
}

int main(int argc, char **argv)
{
	struct vp_settings settings = { .arena = vp_arena_create() };
	int status;

	fill_standard_descriptors();
	vp_self_prepare();
	/* A report cut short is said, not died of. */
	caller_pipe = signal(SIGPIPE, SIG_IGN);
	status = vp_options_read(&settings, argc, argv);
	if (status == 0 &&
	    (settings.version || settings.help || settings.completion)) {
		if (settings.completion)
			vp_completion_print(stdout);
		else if (settings.version)
			printf("vnetprobe " VP_VERSION "\nBPF: %s\n",
			       vp_owners_have_bpf() ? "built in"
			                            : "not built in");
		else
			vp_options_help(settings.command, stdout);
		if (fflush(stdout) != 0)
			status = complain(EXIT_INCONCLUSIVE,
			                  "cannot write to stdout: %s",
			                  strerror(errno));
	} else if (status == 0) {
		status = run_command(&settings);
	}
	vp_arena_destroy(settings.arena);
	return status;
}
