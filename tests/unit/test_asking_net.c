/* The questions of a run: which, of whom, when, and what is left of them when
 * the run is cut short. Servers of our own on loopback count what they get. */
#include "asking.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_dns.h"
#include "vnetprobe/dns_message.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MOST_SEEN 4096
#define ZONE "blob.core.windows.net"

enum { FIRST, SECOND, REFERENCE, N_SERVERS };

struct seen { /* one question at one server */
	int server;
	char name[256];
	uint16_t type, port;
	bool tcp, cd;
	uint64_t ns;
};

struct fixture {
	uv_loop_t loop;
	struct fake_dns servers[N_SERVERS];
	struct vp_facts *facts;
	struct vp_settings settings;
	struct vp_nss *nss;
	struct vp_asking *asking;
	uv_timer_t end;
	struct seen *seen;
	size_t n_seen;
	bool mute_version;
	size_t n_rows, n_done;
	bool stop_at_row, destroy_at_row, destroy_at_done;
};

static bool on_seen(const struct fake_dns *s, const uint8_t *msg, size_t len,
                    bool tcp, void *arg)
{
	struct fixture *f = arg;
	struct seen *q = &f->seen[f->n_seen];
	struct vp_dns_header h;
	char name[VP_DNS_NAME_TEXT];

	if (f->n_seen == MOST_SEEN)
		fail_msg("more than %d questions", MOST_SEEN);
	assert_int_equal(vp_dns_question_read(name, &q->type, &h, msg, len), 0);
	f->n_seen++;
	snprintf(q->name, sizeof(q->name), "%.255s", name);
	q->server = (int)(s - f->servers);
	q->tcp = tcp;
	q->cd = (h.flags & VP_DNS_FLAG_CD) != 0;
	q->port = s->peer.port;
	q->ns = uv_hrtime();
	return !(f->mute_version && q->type == VP_DNS_TXT);
}

static void on_end(uv_timer_t *t)
{
	(void)t;
	fail_msg("nothing came in twenty seconds");
}

static void add_resolver(struct fixture *f, size_t i,
                         enum vp_resolver_source source)
{
	struct vp_resolver *r = VP_PUSH(f->facts->arena, f->facts->resolvers,
	                                f->facts->n_resolvers);

	r->source = source;
	if (source != VP_RESOLVER_NSS)
		r->endpoint = f->servers[i].addr;
}

/* Three servers, the last one to compare with. */
static void open_fixture(struct fixture *f, bool dns_only, unsigned rounds)
{
	static const char *const addresses[] = { "127.0.0.1:5301",
		                                 "127.0.0.1:5302",
		                                 "127.0.0.1:5303" };

	memset(f, 0, sizeof(*f));
	/* before there is a loop: a fork shares its descriptors */
	assert_int_equal(vp_nss_create(&f->nss, 4), 0);
	f->seen = calloc(MOST_SEEN, sizeof(*f->seen));
	assert_int_equal(uv_loop_init(&f->loop), 0);
	f->facts = vp_facts_create();
	f->facts->mode = dns_only ? VP_MODE_DNS : VP_MODE_CHECK;
	f->facts->rounds = rounds;
	f->facts->machine.ndots = 1;
	f->settings.round_interval_ms = 200;
	f->settings.timeout_ms = FAKE_TIMEOUT_MS;
	for (int i = 0; i < N_SERVERS; i++) {
		/* below the ports of clients, whose connections linger */
		fake_dns_start(&f->servers[i], &f->loop, addresses[i], true);
		f->servers[i].seen = on_seen;
		f->servers[i].arg = f;
		add_resolver(f, (size_t)i,
		             i == REFERENCE ? VP_RESOLVER_COMPARE
		                            : VP_RESOLVER_RESOLV_CONF);
	}
	uv_timer_init(&f->loop, &f->end);
	uv_timer_start(&f->end, on_end, 20000, 0);
}

static void with_nss(struct fixture *f)
{
	assert_int_equal(vp_nss_start(f->nss, &f->loop), 0);
	add_resolver(f, 0, VP_RESOLVER_NSS);
}

static struct vp_target *add_name(struct fixture *f, const char *name,
                                  const char *zone)
{
	struct vp_facts *facts = f->facts;
	struct vp_target *t =
		VP_PUSH(facts->arena, facts->targets, facts->n_targets);

	t->name = vp_arena_alloc(facts->arena, sizeof(*t->name));
	t->name->name = vp_arena_strdup(facts->arena, name);
	t->zone = vp_arena_strdup(facts->arena, zone);
	t->expect = VP_EXPECT_PRIVATE;
	*VP_PUSH(facts->arena, facts->names, facts->n_names) = t->name;
	return t;
}

static void close_fixture(struct fixture *f)
{
	vp_asking_destroy(f->asking);
	vp_nss_destroy(f->nss);
	for (int i = 0; i < N_SERVERS; i++)
		fake_dns_stop(&f->servers[i]);
	uv_close((uv_handle_t *)&f->end, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	vp_facts_destroy(f->facts);
	free(f->seen);
}

static void on_row(size_t name, const struct vp_dns_row *row, void *arg)
{
	struct fixture *f = arg;

	assert_in_range(name, 0, f->facts->n_names - 1);
	assert_int_equal(row->question, VP_QUESTION_NAME);
	assert_int_not_equal(row->resolver, REFERENCE);
	f->n_rows++;
	if (f->stop_at_row)
		vp_asking_stop(f->asking);
	if (f->destroy_at_row) {
		vp_asking_destroy(f->asking);
		f->asking = NULL;
	}
	if (f->stop_at_row || f->destroy_at_row)
		uv_stop(&f->loop);
}

static void on_done(void *arg)
{
	struct fixture *f = arg;

	f->n_done++;
	if (f->destroy_at_done) {
		vp_asking_destroy(f->asking);
		f->asking = NULL;
	}
	uv_stop(&f->loop);
}

static void start(struct fixture *f)
{
	const struct vp_asking_options opt = {
		.loop = &f->loop,
		.facts = f->facts,
		.settings = &f->settings,
		.nss = f->nss,
		.row = on_row,
		.done = on_done,
		.arg = f,
	};
	char why[256] = "";

	assert_int_equal(vp_asking_start(&f->asking, &opt, why, sizeof(why)),
	                 0);
	assert_int_equal(f->n_seen, 0); /* nothing from inside */
	assert_int_equal(f->n_done, 0);
}

static void run(struct fixture *f)
{
	struct vp_asking_counts c;

	start(f);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(f->n_done, 1);
	if (f->asking == NULL)
		return;
	vp_asking_count(f->asking, &c);
	assert_int_equal(c.answered, c.questions);
	assert_int_equal(c.round, c.rounds);
}

/* How many questions of this kind a server got; name NULL: any. */
static size_t count(const struct fixture *f, int server, const char *name,
                    uint16_t type, bool tcp)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_seen; i++) {
		const struct seen *q = &f->seen[i];

		n += q->server == server && q->type == type && q->tcp == tcp &&
		     (name == NULL || strcmp(q->name, name) == 0);
	}
	return n;
}

static size_t at_server(const struct fixture *f, int server)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_seen; i++)
		n += f->seen[i].server == server;
	return n;
}

static size_t rows_of(const struct fixture *f, size_t name,
                      enum vp_question_kind kind)
{
	const struct vp_name *n = f->facts->names[name];
	size_t count = 0;

	for (size_t i = 0; i < n->n_rows; i++)
		count += n->rows[i].question == kind;
	return count;
}

/* --- which questions ----------------------------------------------------- */

/* Healthy names cost a check two questions at each listed server, and who is
 * there to compare with is not asked at all. */
static void check_healthy(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, false, 1);
	add_name(&f, "st1." ZONE, "privatelink." ZONE);
	add_name(&f, "st2." ZONE, "privatelink." ZONE);
	run(&f);
	assert_int_equal(f.n_rows, 8);
	for (int i = FIRST; i <= SECOND; i++) {
		assert_int_equal(count(&f, i, "st1." ZONE, VP_DNS_A, false), 1);
		assert_int_equal(count(&f, i, "st1." ZONE, VP_DNS_AAAA, false),
		                 1);
		assert_int_equal(
			count(&f, i, "version.bind", VP_DNS_TXT, false), 1);
		assert_int_equal(at_server(&f, i), 5);
		assert_non_null(f.facts->resolvers[i].version);
	}
	assert_int_equal(at_server(&f, REFERENCE), 0);
	assert_int_equal(f.facts->n_zones, 0);
	assert_int_equal(f.facts->names[0]->n_rows, 4);
	assert_int_equal(f.facts->names[0]->rows[0].round, 1);
	assert_null(f.facts->names[0]->rows[0].asked);
	close_fixture(&f);
}

/* Only the name that is not private is looked at more closely, also at the
 * server to compare with, whose rows nobody connects to. */
static void check_suspect(void **state)
{
	static const char alias[] = "nx.privatelink." ZONE;
	struct fixture f;

	(void)state;
	open_fixture(&f, false, 1);
	add_name(&f, "st1." ZONE, "privatelink." ZONE);
	add_name(&f, "nx." ZONE, "privatelink." ZONE);
	add_name(&f, "nx.public.test", NULL)->expect = VP_EXPECT_PUBLIC;
	run(&f);
	assert_int_equal(f.n_rows, 12);
	for (int i = 0; i < N_SERVERS; i++) {
		assert_int_equal(count(&f, i, "nx." ZONE, VP_DNS_A, false), 1);
		assert_int_equal(count(&f, i, "nx." ZONE, VP_DNS_AAAA, false),
		                 1);
		assert_int_equal(count(&f, i, alias, VP_DNS_A, false), 1);
		assert_int_equal(count(&f, i, ZONE, VP_DNS_SOA, false), 1);
		assert_int_equal(
			count(&f, i, "privatelink." ZONE, VP_DNS_SOA, false),
			1);
		assert_int_equal(count(&f, i, NULL, VP_DNS_SOA, false), 2);
		assert_int_equal(
			count(&f, i, "nx.public.test", VP_DNS_A, false),
			i == REFERENCE ? 0 : 1);
		assert_int_equal(count(&f, i, NULL, VP_DNS_A, true), 0);
	}
	assert_int_equal(at_server(&f, REFERENCE), 5);
	assert_int_equal(f.facts->n_zones, 2);
	assert_int_equal(f.facts->zones[0].n_rows, N_SERVERS);
	assert_int_equal(f.facts->zones[0].rows[0].type, VP_DNS_SOA);
	assert_int_equal(rows_of(&f, 1, VP_QUESTION_NAME), 6);
	assert_int_equal(rows_of(&f, 1, VP_QUESTION_ALIAS), 3);
	close_fixture(&f);
}

static size_t ports(const struct fixture *f, int server)
{
	uint16_t seen[64];
	size_t n = 0, k;

	for (size_t i = 0; i < f->n_seen; i++) {
		if (f->seen[i].server != server || f->seen[i].tcp)
			continue;
		for (k = 0; k < n && seen[k] != f->seen[i].port; k++)
			;
		if (k == n && n < COUNT(seen))
			seen[n++] = f->seen[i].port;
	}
	return n;
}

/* dns: every server in every round, from new sockets; the rest once. */
static void dns_rounds(void **state)
{
	uint64_t first[2] = { 0, 0 };
	struct fixture f;

	(void)state;
	open_fixture(&f, true, 2);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "st1." ZONE, "st2." ZONE,
			                             "st3." ZONE };

		add_name(&f, names[i], "privatelink." ZONE);
	}
	run(&f);
	assert_int_equal(f.n_rows, 3 * 2 * (4 + 1));
	for (int i = 0; i < N_SERVERS; i++) {
		assert_int_equal(count(&f, i, "st1." ZONE, VP_DNS_A, false), 2);
		assert_int_equal(count(&f, i, "st1." ZONE, VP_DNS_AAAA, false),
		                 2);
		assert_int_equal(count(&f, i, "st1." ZONE, VP_DNS_A, true), 1);
		assert_int_equal(
			count(&f, i, "st1.privatelink." ZONE, VP_DNS_A, false),
			1);
		assert_int_equal(count(&f, i, NULL, VP_DNS_SOA, false), 2);
		assert_int_equal(count(&f, i, NULL, VP_DNS_TXT, false), 1);
		assert_int_equal(at_server(&f, i), 3 * 6 + 3);
		assert_int_equal(ports(&f, i), 2);
	}
	for (size_t i = 0; i < f.facts->names[0]->n_rows; i++) {
		const struct vp_dns_row *row = &f.facts->names[0]->rows[i];
		unsigned r = row->round;

		assert_in_range(r, 1, 2);
		if (first[r - 1] == 0 || (uint64_t)row->sent_us < first[r - 1])
			first[r - 1] = (uint64_t)row->sent_us;
	}
	assert_in_range(first[1] - first[0], 195000, 2000000);
	close_fixture(&f);
}

/* A failing server is asked whether it fails without checking too; the others
 * are not. */
static void unchecked(void **state)
{
	struct fixture f;
	size_t n = 0;

	(void)state;
	open_fixture(&f, true, 1);
	add_name(&f, "bogus." ZONE, "privatelink." ZONE);
	add_name(&f, "st1." ZONE, "privatelink." ZONE);
	run(&f);
	for (size_t i = 0; i < f.n_seen; i++) {
		n += f.seen[i].cd;
		if (f.seen[i].cd)
			assert_string_equal(f.seen[i].name, "bogus." ZONE);
	}
	assert_int_equal(n, N_SERVERS);
	assert_int_equal(rows_of(&f, 0, VP_QUESTION_UNCHECKED), N_SERVERS);
	assert_int_equal(rows_of(&f, 1, VP_QUESTION_UNCHECKED), 0);
	close_fixture(&f);
}

/* ndots makes programs append the search domain first: so is asked, of those
 * whom programs ask. */
static void searched(void **state)
{
	static char *domains[] = { (char *)(uintptr_t) "corp.test",
		                   (char *)(uintptr_t) "." };
	struct fixture f;

	(void)state;
	for (unsigned ndots = 4; ndots <= 5; ndots++) {
		size_t n = ndots == 5;

		open_fixture(&f, true, 1);
		f.facts->machine.search = domains;
		f.facts->machine.n_search = 2;
		f.facts->machine.ndots = ndots;
		add_name(&f, "st1." ZONE, "privatelink." ZONE); /* four dots */
		run(&f);
		assert_int_equal(count(&f, FIRST, "st1." ZONE ".corp.test",
		                       VP_DNS_A, false),
		                 n);
		assert_int_equal(count(&f, SECOND, "st1." ZONE ".corp.test",
		                       VP_DNS_A, false),
		                 n);
		assert_int_equal(count(&f, REFERENCE, "st1." ZONE ".corp.test",
		                       VP_DNS_A, false),
		                 0);
		assert_int_equal(rows_of(&f, 0, VP_QUESTION_SEARCH), 2 * n);
		close_fixture(&f);
	}
}

/* The hosts file says something else than the servers: search names too. */
static void nss_differs(void **state)
{
	static char *domains[] = { (char *)(uintptr_t) "corp.test" };
	static const struct {
		const char *name;
		size_t want;
	} cases[] = { { "same." ZONE, 0 }, { "other." ZONE, 1 } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char name[128];
		struct fixture f;

		open_fixture(&f, true, 2);
		with_nss(&f);
		f.facts->machine.search = domains;
		f.facts->machine.n_search = 1;
		add_name(&f, cases[i].name, "privatelink." ZONE);
		run(&f);
		snprintf(name, sizeof(name), "%s.corp.test", cases[i].name);
		assert_int_equal(count(&f, FIRST, name, VP_DNS_A, false),
		                 cases[i].want);
		assert_int_equal(f.n_rows, 2 * (4 + 1) + 2);
		close_fixture(&f);
	}
}

/* Silence about the version holds nothing up. */
static void version_not_waited_for(void **state)
{
	uint64_t began = uv_hrtime();
	struct fixture f;

	(void)state;
	open_fixture(&f, false, 1);
	f.mute_version = true;
	add_name(&f, "st1." ZONE, "privatelink." ZONE);
	run(&f);
	assert_in_range((uv_hrtime() - began) / 1000000, 0,
	                FAKE_TIMEOUT_MS - 20);
	assert_null(f.facts->resolvers[0].version);
	close_fixture(&f);
}

/* Silent servers, refused TCP, truncation: each question has its last row. */
static void trouble(void **state)
{
	static const char *const names[] = { "drop." ZONE, "tcfine." ZONE,
		                             "tcclose." ZONE, "refused." ZONE,
		                             "loop." ZONE };
	struct fixture f;

	(void)state;
	open_fixture(&f, true, 2);
	for (size_t i = 0; i < COUNT(names); i++)
		add_name(&f, names[i], "privatelink." ZONE);
	run(&f);
	for (size_t i = 0; i < f.facts->n_names; i++)
		assert_in_range(rows_of(&f, i, VP_QUESTION_NAME), N_SERVERS * 5,
		                N_SERVERS * 10);
	close_fixture(&f);
}

/* --- when ---------------------------------------------------------------- */

/* No more than the bucket at once and 700 a second, whoever is asked. */
static void paced(void **state)
{
	struct fixture f;
	uint64_t t0;

	(void)state;
	open_fixture(&f, true, 1);
	for (int i = 0; i < 100; i++) {
		char name[64];

		snprintf(name, sizeof(name), "st%d." ZONE, i);
		add_name(&f, name, "privatelink." ZONE);
	}
	run(&f);
	assert_int_equal(f.n_seen, 3 * (4 * 100 + 3));
	t0 = f.seen[0].ns;
	for (size_t i = 0; i < f.n_seen; i++) {
		uint64_t ms = (f.seen[i].ns - t0) / 1000000;

		/* a little more: the clock is read when it has come */
		if (i > 128 + 700 * (ms + 200) / 1000)
			fail_msg("%zu questions in %u ms", i, (unsigned)ms);
	}
	assert_in_range((f.seen[f.n_seen - 1].ns - t0) / 1000000,
	                (f.n_seen - 128) * 1000 / 700 - 50,
	                f.n_seen * 4000 / 700);
	close_fixture(&f);
}

/* --- being cut short ----------------------------------------------------- */

static void fill(struct fixture *f)
{
	static const char *const names[] = { "st1." ZONE,    "drop." ZONE,
		                             "tcfine." ZONE, "servfail." ZONE,
		                             "nx." ZONE,     "late." ZONE };

	open_fixture(f, true, 2);
	with_nss(f);
	for (size_t i = 0; i < COUNT(names); i++)
		add_name(f, names[i], "privatelink." ZONE);
	for (int i = 0; i < 60; i++) {
		char name[64];

		snprintf(name, sizeof(name), "more%d." ZONE, i);
		add_name(f, name, "privatelink." ZONE);
	}
}

/* Each name has its row of each question of the rounds that began. */
static void all_accounted_for(const struct fixture *f)
{
	for (size_t i = 0; i < f->facts->n_names; i++) {
		const struct vp_name *n = f->facts->names[i];
		size_t last = 0;

		for (size_t k = 0; k < n->n_rows; k++)
			last += n->rows[k].question == VP_QUESTION_NAME &&
			        !n->rows[k].truncated;
		/* a truncated answer whose TCP row was cut short: one more */
		assert_int_equal(last, f->facts->rounds * (2 * N_SERVERS + 1) +
		                               N_SERVERS);
	}
}

static void stop_anywhere(void **state)
{
	(void)state;
	for (int turns = 0; turns < 120; turns = turns * 4 / 3 + 1) {
		struct fixture f;

		fill(&f);
		start(&f);
		for (int i = 0; i < turns; i++)
			uv_run(&f.loop, UV_RUN_ONCE);
		vp_asking_stop(f.asking);
		f.n_rows = 0;
		all_accounted_for(&f);
		for (int i = 0; i < 5; i++)
			uv_run(&f.loop, UV_RUN_NOWAIT);
		assert_int_equal(f.n_rows, 0);
		assert_int_equal(f.n_done, 0);
		all_accounted_for(&f);
		close_fixture(&f);
	}
}

static void destroy_anywhere(void **state)
{
	(void)state;
	for (int turns = 0; turns < 120; turns = turns * 4 / 3 + 1) {
		struct fixture f;

		fill(&f);
		start(&f);
		for (int i = 0; i < turns; i++)
			uv_run(&f.loop, UV_RUN_ONCE);
		vp_asking_destroy(f.asking);
		f.asking = NULL;
		f.n_rows = 0;
		for (int i = 0; i < 5; i++)
			uv_run(&f.loop, UV_RUN_NOWAIT);
		assert_int_equal(f.n_rows, 0);
		assert_int_equal(f.n_done, 0);
		close_fixture(&f);
	}
}

static void from_within(void **state)
{
	struct fixture f;

	(void)state;
	fill(&f);
	f.stop_at_row = true;
	start(&f);
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(f.n_rows, 1);
	all_accounted_for(&f);
	close_fixture(&f);

	fill(&f);
	f.destroy_at_row = true;
	start(&f);
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(f.n_rows, 1);
	close_fixture(&f);

	open_fixture(&f, false, 1);
	f.destroy_at_done = true;
	add_name(&f, "st1." ZONE, "privatelink." ZONE);
	run(&f);
	close_fixture(&f);
}

static void nobody_to_ask(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, true, 2);
	run(&f); /* no names: done all the same, from the loop */
	assert_int_equal(f.n_seen, N_SERVERS * 0);
	close_fixture(&f);
}

/* --- the hosts file is ours, in a mount namespace that goes with us ------ */

static char dir[64];

static int put(const char *name, const char *text)
{
	char path[128], over[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(over, sizeof(over), "/etc/%s", name);
	file = fopen(path, "w");
	if (file == NULL)
		return -1;
	fputs(text, file);
	if (fclose(file) != 0)
		return -1;
	return mount(path, over, "none", MS_BIND, NULL);
}

static int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* our servers' clients go away */
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	snprintf(dir, sizeof(dir), "/tmp/test_asking.XXXXXX");
	if (mkdtemp(dir) == NULL || mount("none", dir, "tmpfs", 0, NULL) < 0)
		return -1;
	if (put("hosts", "10.0.0.5 same." ZONE "\n10.0.0.99 other." ZONE "\n") <
	    0)
		return -1;
	return put("nsswitch.conf", "hosts: files\n");
}

static int teardown(void **state)
{
	(void)state;
	umount2(dir, MNT_DETACH);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_healthy),
		cmocka_unit_test(check_suspect),
		cmocka_unit_test(dns_rounds),
		cmocka_unit_test(unchecked),
		cmocka_unit_test(searched),
		cmocka_unit_test(nss_differs),
		cmocka_unit_test(version_not_waited_for),
		cmocka_unit_test(trouble),
		cmocka_unit_test(paced),
		cmocka_unit_test(stop_anywhere),
		cmocka_unit_test(destroy_anywhere),
		cmocka_unit_test(from_within),
		cmocka_unit_test(nobody_to_ask),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
