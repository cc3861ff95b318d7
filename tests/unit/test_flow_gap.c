/* flow: bytes of TCP that were acknowledged and never seen. */
#include "flow_feed.h"

#define S VP_TCP_SYN
#define A VP_TCP_ACK
#define R VP_TCP_RST
#define F VP_TCP_FIN

/* Ours; the peer's with I. */
#define I 0x100

struct step {
	unsigned flags;
	uint32_t seq, ack;
	size_t n;
};

static uint32_t shift; /* of all numbers: to go round */

static void play(const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n && steps[i].flags != 0; i++) {
		const struct step *s = &steps[i];

		if (s->flags & I)
			tcp(IN, PUB, 443, US, 50000, s->seq + shift,
			    s->ack + shift, s->flags & 0xff, s->n);
		else
			tcp(OUT, US, 50000, PUB, 443, s->seq + shift,
			    s->ack + shift, s->flags, s->n);
	}
}

#define OPEN                                                                   \
	{ S, 99, 0, 0 }, { I | S | A, 499, 100, 0 },                           \
	{                                                                      \
		A, 100, 500, 0                                                 \
	}

static const struct {
	const char *what;
	struct step steps[12];
	uint64_t want;
} cases[] = {
	{ "all seen",
	  { OPEN,
	    { A, 100, 500, 10 },
	    { I | A, 500, 110, 20 },
	    { A, 110, 520, 0 },
	    { A | F, 110, 520, 0 },
	    { I | A | F, 520, 111, 0 },
	    { A, 111, 521, 0 } },
	  0 },
	{ "ours missing", { OPEN, { I | A, 500, 150, 0 } }, 50 },
	{ "the peer's missing", { OPEN, { A, 100, 530, 0 } }, 30 },
	{ "in the middle",
	  { OPEN,
	    { A, 100, 500, 10 },
	    { A, 130, 500, 10 },
	    { I | A, 500, 140, 0 } },
	  20 },
	{ "missing, but not acknowledged: lost on the way",
	  { OPEN,
	    { A, 100, 500, 10 },
	    { A, 130, 500, 10 },
	    { I | A, 500, 110, 0 } },
	  0 },
	{ "reordered",
	  { OPEN,
	    { A, 120, 500, 10 },
	    { A, 100, 500, 20 },
	    { I | A, 500, 130, 0 } },
	  0 },
	{ "seen late, after its acknowledgement",
	  { OPEN, { I | A, 500, 150, 0 }, { A, 100, 500, 50 } },
	  0 },
	{ "partly seen late",
	  { OPEN, { I | A, 500, 150, 0 }, { A, 110, 500, 10 } },
	  40 },
	{ "sent again, as other segments",
	  { OPEN,
	    { A, 100, 500, 30 },
	    { A, 110, 500, 30 },
	    { A, 100, 500, 40 },
	    { I | A, 500, 140, 0 } },
	  0 },
	{ "keep-alives and window probes",
	  { OPEN,
	    { A, 99, 500, 0 },
	    { I | A, 500, 100, 0 },
	    { A, 99, 500, 1 },
	    { I | A, 499, 100, 0 } },
	  0 },
	{ "a reset with odd numbers",
	  { OPEN, { R | A, 77777, 88888, 0 }, { I | R | A, 5, 99999, 0 } },
	  0 },
	{ "from the middle on",
	  { { A, 100, 500, 10 },
	    { I | A, 500, 110, 10 },
	    { A, 110, 510, 10 },
	    { I | A, 510, 120, 0 } },
	  0 },
	{ "from the middle on, with a gap",
	  { { A, 100, 500, 10 },
	    { I | A, 500, 110, 10 },
	    { I | A, 510, 150, 0 } },
	  40 },
	{ "the ports used again",
	  { OPEN,
	    { A, 100, 500, 10 },
	    { S, 70000, 0, 0 },
	    { I | S | A, 90000, 70001, 0 },
	    { A, 70001, 90001, 5 },
	    { I | A, 90001, 70006, 0 } },
	  0 },
	{ "a challenge to a SYN, from the connection before",
	  { { S, 99, 0, 0 },
	    { I | A, 7000000, 8000000, 0 },
	    { R, 8000000, 0, 0 },
	    { S, 99, 0, 0 },
	    { I | S | A, 499, 100, 0 },
	    { A, 100, 500, 10 },
	    { I | A, 500, 110, 0 } },
	  0 },
	{ "data in the SYN, not taken",
	  { { S, 99, 0, 50 },
	    { I | S | A, 499, 100, 0 },
	    { A, 100, 500, 50 },
	    { I | A, 500, 150, 0 } },
	  0 },
	{ "our direction is out of sight",
	  { { I | A, 500, 1000, 10 },
	    { I | A, 510, 2000, 10 },
	    { I | A, 520, 3000, 10 } },
	  2000 },
	{ "only one of a stranger's",
	  { { I | A, 500, 1000, 0 },
	    { R, 1000, 0, 0 },
	    { I | A, 500, 9000, 0 } },
	  0 },
	{ "a gap outlives the connection",
	  { OPEN,
	    { I | A, 500, 150, 0 },
	    { S, 70000, 0, 0 },
	    { I | S | A, 90000, 70001, 0 } },
	  50 },
};

static void test_gaps(void **state)
{
	static const uint32_t shifts[] = { 0, 0xffffff00, 0xffffff90,
		                           0x7fffff90 };

	(void)state;
	for (size_t k = 0; k < 4; k++) {
		shift = shifts[k];
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			again(NULL);
			play(cases[i].steps, 12);
			finish(1);
			if (facts->flows[0].gap_bytes != cases[i].want)
				print_error("%s\n", cases[i].what);
			assert_int_equal(facts->flows[0].gap_bytes,
			                 cases[i].want);
			assert_int_equal(facts->capture.gap_bytes,
			                 cases[i].want);
			assert_int_equal(facts->capture.gap_flows,
			                 cases[i].want != 0);
		}
	}
	shift = 0;
}

/* More holes than are kept: none is forgotten. */
static void test_many_holes(void **state)
{
	static const struct step open[] = { OPEN };
	uint32_t seq = 100;

	(void)state;
	play(open, 3);
	for (int i = 0; i < 50; i++, seq += 20) {
		tcp(OUT, US, 50000, PUB, 443, seq + 10, 500, A, 10);
		tcp(IN, PUB, 443, US, 50000, 500, seq + 20, A, 0);
	}
	assert_int_equal(finish(1)->gap_bytes, 500);
}

/* At several interfaces a packet shows again: that is no new one. */
static void test_several_taps(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		for (at = ETH0; at <= VF; at += VF - ETH0)
			tcp(OUT, US, 50000, PUB, 443, 100 + (uint32_t)i * 10,
			    500, A, 10);
		for (at = ETH0; at <= VF; at += VF - ETH0)
			tcp(IN, PUB, 443, US, 50000, 500,
			    110 + (uint32_t)i * 10, A, 0);
	}
	assert_int_equal(finish(1)->gap_bytes, 0);
}

/* Another machine's answers may go round us. */
static void test_forwarded_one_way(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		at = ETH1;
		tcp(IN, PUB, 443, "10.9.0.1", 50000, 500, 1000 * i, A, 0);
		at = ETH0;
		tcp(OUT, PUB, 443, "10.9.0.1", 50000, 500, 1000 * i, A, 0);
	}
	assert_int_equal(finish(1)->gap_bytes, 0);
}

/* The numbers of a fragmented segment do not tell its length. */
static void test_fragmented(void **state)
{
	static const struct step open[] = { OPEN };

	(void)state;
	play(open, 3);
	f_sll2(&f, OUT, ETH0, 0x0800);
	f_ip4(&f, US, PUB, IPPROTO_TCP, 20 + 12, 9, 0x2000);
	f_tcp(&f, 50000, 443, 100, 500, A);
	f_fill(&f, 'x', 12);
	feed();
	tcp(IN, PUB, 443, US, 50000, 500, 900, A, 0);
	assert_int_equal(finish(1)->gap_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_gaps),         T(test_many_holes),
		T(test_several_taps), T(test_forwarded_one_way),
		T(test_fragmented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
