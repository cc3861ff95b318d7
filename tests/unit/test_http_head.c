/* http_head: whom the head of a request is for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vnetprobe/http_head.h"

static char host[256];
static uint16_t port;

/* From a copy of exact size, so that ASan sees one byte too many. */
static enum vp_http_head look(const char *data, size_t len)
{
	uint8_t *copy = calloc(1, len > 0 ? len : 1);
	enum vp_http_head got;

	memcpy(copy, data, len);
	strcpy(host, "before");
	port = 7;
	got = vp_http_head_read(host, &port, copy, len);
	free(copy);
	return got;
}

#define HOST VP_HTTP_HEAD_HOST
#define URL VP_HTTP_HEAD_URL
#define CONNECT VP_HTTP_HEAD_CONNECT
#define NO_HOST VP_HTTP_HEAD_NO_HOST
#define MORE VP_HTTP_HEAD_MORE
#define NOT VP_HTTP_HEAD_NOT

static const struct {
	const char *text;
	enum vp_http_head want;
	const char *host;
	uint16_t port;
} heads[] = {
	{ "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", HOST, "a.example", 80 },
	{ "GET /x HTTP/1.1\r\nhOST:\t A.Example.:8080 \r\n\r\nbody", HOST,
	  "a.example", 8080 },
	{ "POST / HTTP/1.0\nX: y\nHost: a\n\n", HOST, "a", 80 },
	{ "GET / HTTP/1.1\r\nHost: [2001:DB8::1]:81\r\n\r\n", HOST,
	  "2001:db8::1", 81 },
	{ "GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n", HOST, "2001:db8::1",
	  80 },
	{ "GET / HTTP/1.1\r\nHost: 203.0.113.7:\r\n\r\n", HOST, "203.0.113.7",
	  80 },
	{ "M-SEARCH * HTTP/1.1\r\nHost: x\r\n\r\n", HOST, "x", 80 },
	/* RFC 9112 3.2.2: the target wins, and needs no more */
	{ "GET http://b.example/x?y HTTP/1.1\r\nHost: a\r\n\r\n", URL,
	  "b.example", 80 },
	{ "GET http://b.example:99 HTTP/1.1\r\n", URL, "b.example", 99 },
	{ "GET HTTPS://b.example HTTP/1.1\r\n", URL, "b.example", 443 },
	{ "GET http://u@b.example/ HTTP/1.1\r\n\r\n", NO_HOST, NULL, 0 },
	{ "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", NO_HOST, NULL, 0 },
	{ "CONNECT Kv.vault.azure.net:443 HTTP/1.1\r\n", CONNECT,
	  "kv.vault.azure.net", 443 },
	{ "CONNECT [::1]:22 HTTP/1.1\r\n\r\n", CONNECT, "::1", 22 },
	{ "CONNECT a.example HTTP/1.1\r\n\r\n", NO_HOST, NULL, 0 },
	{ "CONNECT a.example: HTTP/1.1\r\n\r\n", NO_HOST, NULL, 0 },
	{ "CONNECT a.example:0 HTTP/1.1\r\n\r\n", NO_HOST, NULL, 0 },
	{ "CONNECT a.example:65536 HTTP/1.1\r\n\r\n", NO_HOST, NULL, 0 },
	{ "CONNECT :443 HTTP/1.1\r\n\r\n", NO_HOST, NULL, 0 },
	{ "CONNECT [::1:443 HTTP/1.1\r\n\r\n", NO_HOST, NULL, 0 },
	{ "CONNECT [::g]:443 HTTP/1.1\r\n\r\n", NO_HOST, NULL, 0 },
	/* whom it is for is not the same to everybody */
	{ "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", NO_HOST, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", NO_HOST, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", NO_HOST, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost : a\r\n\r\n", NO_HOST, NULL, 0 },
	{ "GET / HTTP/1.1\r\nX: a\r\n b\r\nHost: c\r\n\r\n", HOST, "c", 80 },
	{ "GET / HTTP/1.1\r\n\r\n", NO_HOST, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", NO_HOST, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: .\r\n\r\n", NO_HOST, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", NO_HOST, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", NO_HOST, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", NO_HOST, NULL, 0 },
	/* not yet */
	{ "", MORE, NULL, 0 },
	{ "G", MORE, NULL, 0 },
	{ "GET / HTTP/1.1\r", MORE, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: a\r\n", MORE, NULL, 0 },
	{ "GET / HTTP/1.1\r\nHost: a\r\n\r", MORE, NULL, 0 },
	{ "CONNECT a.example:443 HTTP/1.1", MORE, NULL, 0 },
	/* never */
	{ "\x16\x03\x01", NOT, NULL, 0 },
	{ " GET / HTTP/1.1\r\n", NOT, NULL, 0 },
	{ "get / HTTP/1.1\r\n\r\n", NOT, NULL, 0 },
	{ "SSH-2.0-OpenSSH_9.2\r\n", NOT, NULL, 0 },
	{ "EHLO a.example\r\n", NOT, NULL, 0 },
	{ "PRI * HTTP/2.0\r\n\r\n", NOT, NULL, 0 },
	{ "OPTIONS rtsp://a/ RTSP/1.0\r\n", NOT, NULL, 0 },
	{ "GET / HTTP/1.1 \r\n", NOT, NULL, 0 },
	{ "GET  HTTP/1.1\r\n", NOT, NULL, 0 },
	{ "GET\r\n", NOT, NULL, 0 },
	{ "GET /\r\n", NOT, NULL, 0 }, /* HTTP/0.9 has no host */
	{ "GET /\x01", NOT, NULL, 0 },
	{ "AAAAAAAAAAAAAAAAAAAAAAAAA", NOT, NULL, 0 },
	{ "AAAAAAAAAAAAAAAAAAAAAAAA", MORE, NULL, 0 },
};

static void test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		enum vp_http_head got =
			look(heads[i].text, strlen(heads[i].text));

		if (got != heads[i].want)
			print_message("%s\n", heads[i].text);
		assert_int_equal(got, heads[i].want);
		assert_string_equal(host, heads[i].host != NULL ? heads[i].host
		                                                : "before");
		assert_int_equal(port,
		                 heads[i].host != NULL ? heads[i].port : 7);
	}
}

/* What curl 7.88 sends. */
static const char curl_head[] = "GET /x HTTP/1.1\r\n"
				"Host: acct.blob.core.windows.net\r\n"
				"User-Agent: curl/7.88.1\r\n"
				"Accept: */*\r\n"
				"\r\n";

static void test_every_cut(void **state)
{
	size_t n = sizeof(curl_head) - 1;

	(void)state;
	assert_int_equal(look(curl_head, n), HOST);
	assert_string_equal(host, "acct.blob.core.windows.net");
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(look(curl_head, cut), MORE);
}

/* A line without an end is no request for ever. */
static void test_bounds(void **state)
{
	static char line[20000];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "GET /", 5);
	assert_int_equal(look(line, 8000), MORE);
	assert_int_equal(look(line, sizeof(line)), NOT);
	memcpy(line, "GET / HTTP/1.1\r\nHost: ", 22);
	memcpy(line + 22 + 253, "\r\n\r\n", 4);
	assert_int_equal(look(line, 22 + 253 + 4), HOST);
	assert_int_equal(strlen(host), 253);
	line[22 + 253] = 'x';
	memcpy(line + 22 + 254, "\r\n\r\n", 4);
	assert_int_equal(look(line, 22 + 254 + 4), NO_HOST);
	assert_int_equal(look("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29),
	                 NO_HOST);
	assert_int_equal(look("GET http://a\0b HTTP/1.1\r\n\r\n", 27), NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
