/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* http.* in connectors and handlers: what is asked for, what comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in:\n%s", part, text);
}

/* A project whose connector "out" is function(data, delivery) with that body. */
static struct project *load(const char *body)
{
    struct project *p = project_new();
    struct buf text = {0};
    buf_printf(&text, "return { timeout = '8s', send = function(data, delivery)\n%s\nend }", body);
    project_write(p, "connectors/out.lua", text.data);
    project_write(p, "scripts/s.lua",
                  "local s = SyncManager.new{}\ns:on('t', function(event)\n"
                  "local a = http.get('http://h/x')\n"
                  "s:send{ connector = 'out', data = { a.status, a.body } } end)\ns:start()");
    project_load_well(p);
    buf_deinit(&text);
    return p;
}

/* The request that an attempt with this body makes first. */
static void assert_request(const char *body, const char *request)
{
    struct project *p = load(body);
    project_attempt(p, "out", "{\"id\":7}");
    if (p->n_requests == 0)
        fail_msg("no request: %s", project_error(p));
    assert_string_equal(project_request_text(p, 0), request);
    project_free(p);
}

static void assert_error(const char *body, const char *error)
{
    struct project *p = load(body);
    project_attempt(p, "out", "{}");
    assert_int_equal(p->n_requests, 0);
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_contains(project_error(p), error);
    project_free(p);
}

/* ---- requests ---- */

static void test_verbs_make_requests(void **state)
{
    (void)state;
    assert_request("http.get('http://h/a')", "GET http://h/a\n\n");
    assert_request("http.post('http://h/a')", "POST http://h/a\nIdempotency-Key: d1\n\n");
    assert_request("http.put('http://h/a')", "PUT http://h/a\nIdempotency-Key: d1\n\n");
    assert_request("http.patch('http://h/a')", "PATCH http://h/a\nIdempotency-Key: d1\n\n");
    assert_request("http.delete('http://h/a')", "DELETE http://h/a\nIdempotency-Key: d1\n\n");
    assert_request("http.request('PROPFIND', 'HTTPS://h/a', {})", "PROPFIND HTTPS://h/a\n\n");
}

static void test_json_has_its_media_type_unless_given(void **state)
{
    (void)state;
    assert_request(
        "http.post('http://h', { json = { b = data.id, a = array{} } })",
        "POST http://h\nContent-Type: application/json\nIdempotency-Key: d1\n\n{\"a\":[],\"b\":7}");
    assert_request("http.post('http://h', { json = null, headers = { ['content-type'] = 'a/b' } })",
                   "POST http://h\ncontent-type: a/b\nIdempotency-Key: d1\n\nnull");
    assert_request(
        "http.post('http://h', { json = false, headers = { ['Content-Type'] = false } })",
        "POST http://h\nIdempotency-Key: d1\n\nfalse");
}

/* What a connector with this body sends, given an event's data and no others. */
static void assert_body(const char *body, const char *event_data, const char *sent)
{
    struct project *p = load(body);
    project_attempt_event(p, "out", event_data);
    if (p->n_requests == 0)
        fail_msg("no request: %s", project_error(p));
    assert_string_equal(strstr(project_request_text(p, 0), "\n\n") + 2, sent);
    project_free(p);
}

static void test_data_nobody_touched_leave_byte_by_byte(void **state)
{
    (void)state;
    const char *data = "{ \"z\": [1.50, 2e2],\n \"a\": {\"n\": null, \"s\": \"\\u00e9\\/\"} }";
    const char *post = "http.post('http://h', { json = data })";
    assert_body(post, data, data);
    assert_body(post, "\"\\u00e9\"", "\"\\u00e9\"");
    assert_body(post, "[ 1.0 ]", "[ 1.0 ]");
    assert_body(post, "{\"a\":1, \"a\":2}", "{\"a\":1, \"a\":2}");
    assert_body("http.post('http://h', { json = delivery.event.data })", data, data);
    assert_body("http.post('http://h', { json = { data } })", "{ \"a\": 1 }", "[{ \"a\": 1 }]");
}

static void test_data_that_were_looked_at_leave_byte_by_byte_too(void **state)
{
    (void)state;
    const char *data = "{ \"z\": [1.50, 2e2],\n \"a\": {\"n\": null, \"s\": \"\\u00e9\\/\"} }";
    const char *put = "http.put('http://h/' .. data.z[1], { json = data })";
    assert_body(put, data, data);
    assert_body("data.z[1] = 1.5 http.post('http://h', { json = data })", data, data);
    assert_body("data.z[1] = 7 http.post('http://h', { json = data })", data,
                "{\"a\":{\"n\":null,\"s\":\"é/\"},\"z\":[7,200]}");
    assert_body("data.b = 1 http.post('http://h', { json = data })", "{ \"a\": 1 }",
                "{\"a\":1,\"b\":1}");
    assert_body("data.a = nil http.post('http://h', { json = data })", "{ \"a\": 1 }", "{}");
    assert_body("local a = data.a http.post('http://h', { json = data })", "{\"a\":1, \"a\":2}",
                "{\"a\":2}");
}

/* A part that nobody has looked into is compared by what it says. */
static void test_unread_parts_are_compared_too(void **state)
{
    (void)state;
    struct project *p = load("data.c = delivery.event.data http.post('http://h', { json = data })");
    project_attempt(p, "out", "{ \"c\": {\"from\": \"event\"} }");
    assert_contains(project_request_text(p, 0), "\n\n{ \"c\": {\"from\": \"event\"} }");
    project_free(p);
}

static void assert_second_body(const char *body, const char *stored, const char *event_data,
                               const char *sent)
{
    struct project *p = load(body);
    if (stored)
        project_attempt(p, "out", stored);
    else
        project_attempt_event(p, "out", event_data);
    project_answer(p, 200, "");
    assert_string_equal(strstr(project_request_text(p, 1), "\n\n") + 2, sent);
    project_free(p);
}

static void test_after_a_wait_data_leave_as_they_came_too(void **state)
{
    (void)state;
    const char *untouched = "http.get('http://h') http.post('http://h', { json = data })";
    const char *looked_at = "local a = data.a http.get('http://h')\n"
                            "http.post('http://h', { json = data })";
    const char *data = "{ \"b\": 1, \"a\": 2 }";
    assert_second_body(untouched, NULL, data, data);
    assert_second_body(looked_at, NULL, data, data);
    assert_second_body(untouched, data, NULL, data);
    /* Stored data aren't there any more; those that a handler sent are written so anyway. */
    assert_second_body(looked_at, data, NULL, "{\"a\":2,\"b\":1}");
}

static void test_what_a_transformer_looks_at_is_written_anew(void **state)
{
    (void)state;
    static const char *const transformers[] = {"function(data) return data end",
                                               "function(data) return data.b and data end"};
    static const char *const bodies[] = {"\n\n{ \"b\": 1, \"a\": 2 }", "\n\n{\"a\":2,\"b\":1}"};
    for (size_t i = 0; i < 2; i++) {
        struct project *p = project_new();
        struct buf connector = {0};
        buf_printf(&connector,
                   "return { transformer = %s,\n"
                   "send = function(data) http.post('http://h', { json = data }) end }",
                   transformers[i]);
        project_write(p, "connectors/out.lua", connector.data);
        project_write(p, "scripts/s.lua", "");
        project_load_well(p);
        project_attempt_event(p, "out", "{ \"b\": 1, \"a\": 2 }");
        assert_contains(project_request_text(p, 0), bodies[i]);
        buf_deinit(&connector);
        project_free(p);
    }
}

static void test_bodies_and_forms(void **state)
{
    (void)state;
    assert_request("http.put('http://h', { body = 'raw' })",
                   "PUT http://h\nIdempotency-Key: d1\n\nraw");
    assert_request(
        "http.put('http://h', { form = { b = 'x y&z', a = { 1, true }, ['ü'] = "
        "json.decode('9007199254740993') } })",
        "PUT http://h\nContent-Type: application/x-www-form-urlencoded\nIdempotency-Key: d1\n\n"
        "a=1&a=true&b=x+y%26z&%C3%BC=9007199254740993");
    struct project *p = load("http.get('http://h') http.post('http://h', { body = '' })");
    project_attempt(p, "out", "{}");
    assert_false(p->requests[0].has_body);
    project_answer(p, 200, "");
    assert_true(p->requests[1].has_body);
    project_free(p);
}

static void test_a_query_joins_the_url(void **state)
{
    (void)state;
    assert_request("http.get('http://h/p', { query = { b = 'x y', a = 1 } })",
                   "GET http://h/p?a=1&b=x%20y\n\n");
    assert_request("http.get('http://h/p?z=1#frag', { query = { a = 1 } })",
                   "GET http://h/p?z=1&a=1\n\n");
    assert_request("http.get('http://h/p?', { query = { a = 1 } })", "GET http://h/p?a=1\n\n");
    assert_request("http.get('http://h/p', { query = {} })", "GET http://h/p\n\n");
}

static void test_headers_are_sorted_and_may_be_left_out(void **state)
{
    (void)state;
    assert_request(
        "http.get('http://h', { headers = { ['X-B'] = 'b', Accept = 5, ['X-A'] = false } })",
        "GET http://h\nAccept: 5\nX-B: b\n\n");
}

static void test_the_idempotency_key_counts_writes(void **state)
{
    (void)state;
    struct project *p =
        load("http.post('http://h/token', { headers = { ['idempotency-key'] = false } })\n"
             "http.get('http://h') http.post('http://h') http.put('http://h')\n"
             "http.post('http://h', { headers = { ['Idempotency-Key'] = 'mine' } })");
    static const char *const keys[] = {"\n\n", "\n\n", "Idempotency-Key: d1\n",
                                       "Idempotency-Key: d1-2\n", "Idempotency-Key: mine\n"};
    project_attempt(p, "out", "{}");
    for (size_t i = 0; i < 5; i++) {
        assert_contains(project_request_text(p, i), keys[i]);
        if (i < 2)
            assert_null(strcasestr(project_request_text(p, i), "idempotency"));
        project_answer(p, 200, "");
    }
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    project_free(p);
}

static void test_a_handlers_request_has_no_key_and_ten_seconds(void **state)
{
    (void)state;
    struct project *p = load("");
    project_handle(p, "{}");
    assert_non_null(p->run);
    assert_string_equal(project_request_text(p, 0), "GET http://h/x\n\n");
    assert_int_equal(p->requests[0].timeout_ms, 10000);
    assert_int_equal(p->n_sends, 0);
    project_answer(p, 201, "hi");
    assert_string_equal(p->sends[0].data.data, "[201,\"hi\"]");
    assert_int_equal(p->result.count, 1);
    project_free(p);
}

static void test_a_timeout_is_at_most_what_is_left_of_the_attempt(void **state)
{
    (void)state;
    struct project *p = load("http.get('http://h') http.get('http://h', { timeout = 2 })\n"
                             "http.get('http://h', { timeout = '1m' }) http.get('http://h')");
    static const int64_t expected[] = {8000, 2000, 2000, 1000};
    static const int64_t passes[] = {5000, 1000, 1000, 0};
    project_attempt(p, "out", "{}");
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(p->requests[i].timeout_ms, expected[i]);
        clock_fake_advance(&p->clock, passes[i]);
        project_answer(p, 200, "");
    }
    project_free(p);
}

static void test_a_request_after_the_attempts_time_fails_as_a_timeout(void **state)
{
    (void)state;
    struct project *p = load("http.get('http://h/a') http.get('http://h/b?secret=1')");
    project_attempt(p, "out", "{}");
    clock_fake_advance(&p->clock, 8000);
    project_answer(p, 200, "");
    assert_int_equal(p->n_requests, 1);
    assert_int_equal(p->result.end, SCRIPT_HTTP);
    assert_string_equal(p->result.failure.data, "timeout");
    assert_string_equal(project_error(p),
                        "GET http://h/b failed (timeout): it was not sent, since the "
                        "connector's `timeout` is used up");
    project_free(p);
}

static void test_follow_and_compress_are_passed_on(void **state)
{
    (void)state;
    struct project *p =
        load("http.get('http://h') http.get('http://h', { follow = true, compress = true })\n"
             "http.get('http://h', { follow = 2, compress = false })");
    static const unsigned follow[] = {0, 5, 2};
    project_attempt(p, "out", "{}");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(p->requests[i].follow, follow[i]);
        assert_int_equal(p->requests[i].compressed, i == 1);
        project_answer(p, 200, "");
    }
    project_free(p);
}

static void test_secrets_are_sent_as_they_are(void **state)
{
    (void)state;
    setenv("S", "s3cr3t", 1);
    assert_request(
        "local s = secret 'S' http.post('http://h/' .. s, { headers = { A = 'Bearer ' .. s }, "
        "query = { q = s }, json = { k = s } })",
        "POST http://h/s3cr3t?q=s3cr3t\nA: Bearer s3cr3t\nContent-Type: application/json\n"
        "Idempotency-Key: d1\n\n{\"k\":\"s3cr3t\"}");
    assert_request("http.put('http://h', { body = secret 'S' })",
                   "PUT http://h\nIdempotency-Key: d1\n\ns3cr3t");
    assert_request(
        "http.put('http://h', { form = { p = secret 'S' } })",
        "PUT http://h\nContent-Type: application/x-www-form-urlencoded\nIdempotency-Key: d1\n\n"
        "p=s3cr3t");
    unsetenv("S");
}

static void test_cache_says_how_old_an_answer_may_be(void **state)
{
    (void)state;
    struct project *p = load("http.get('http://h') http.get('http://h', { cache = '5m' })\n"
                             "http.request('GET', 'http://h', { cache = 30 })");
    static const int64_t max_age_ms[] = {0, 300000, 30000};
    project_attempt(p, "out", "{}");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(p->requests[i].max_age_ms, max_age_ms[i]);
        project_answer(p, 200, "");
    }
    project_free(p);
}

static void test_wrong_requests_say_what_to_write(void **state)
{
    (void)state;
    assert_error("http.post('http://h', { jsn = 1 })\n",
                 "connectors/out.lua:2: http.post: there is no option `jsn`: did you mean `json`?");
    assert_error("local a = http.get()", "http.get takes a URL as a string, not nil");
    assert_error("local a = http.get('h/x')",
                 "http.get: the URL must begin with http:// or https://: \"h/x\"");
    assert_error("local a = http.get('http://h/a b')", "white space or a control character");
    assert_error("local a = http.get('http://h/a\\r\\nX: y')",
                 "white space or a control character");
    assert_error("local a = http.post('http://h', { json = 1, body = 'x' })",
                 "takes one of `json`, `body` and `form`");
    assert_error("local a = http.post('http://h', { json = { x = 0/0 } })",
                 "http.post: json.x: NaN can't be sent");
    assert_error("local a = http.post('http://h', { body = {} })",
                 "`body` must be a string or a secret, not an object");
    assert_error("local a = http.get('http://h', { query = { a = {{}} } })",
                 "`query.a` must be a text, a number");
    assert_error("local a = http.get('http://h', { headers = { A = 'x\\ny' } })",
                 "header `A` has a line break");
    assert_error("local a = http.get('http://h', { headers = { ['A:'] = 'x' } })",
                 "`A:` is no name of a header");
    assert_error("local a = http.get('http://h', { headers = { A = true } })",
                 "header `A` must be a text");
    assert_error("local a = http.get('http://h', { headers = { 'A' } })", "names must be strings");
    assert_error("local a = http.get('http://h', { timeout = 'x' })",
                 "`timeout`: \"x\" is no duration");
    assert_error("local a = http.get('http://h', { timeout = 0 })",
                 "`timeout` must be more than 0");
    assert_error("local a = http.get('http://h', { accept = 'abc' })",
                 "`accept` takes statuses as in 404");
    assert_error("local a = http.get('http://h', { accept = { 404, 9 } })",
                 "`accept` takes statuses");
    assert_error("local a = http.get('http://h', { follow = -1 })",
                 "`follow` must be true, false, or");
    assert_error("local a = http.get('http://h', { cache = '5 x' })",
                 "`cache`: \"5 x\" is no duration");
    assert_error("local a = http.put('http://h', { cache = '5m' })",
                 "http.put: `cache` is for GET alone");
    assert_error("local a = http.request('get it', 'http://h')",
                 "takes a method in capitals first");
}

static void test_a_tail_call_is_found_in_the_connectors_function(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua",
                  "\nreturn function(data)\n  return http.post('http://h', { jsn = 1 })\nend");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    assert_contains(project_error(p), "connectors/out.lua:3: http.post: there is no option `jsn`");
    project_free(p);
}

static void test_what_the_port_refuses_is_the_scripts_error(void **state)
{
    (void)state;
    struct project *p = load("local a = http.get('http://[')");
    p->refuse_request = "no host in the URL";
    project_attempt(p, "out", "{}");
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_contains(project_error(p), "connectors/out.lua:2: http.get: no host in the URL");
    project_free(p);
}

/* ---- answers ---- */

/* With a connector that tells what the body returns: it rejects its delivery with that as JSON. */
static struct project *load_telling(const char *body)
{
    struct buf text = {0};
    buf_printf(&text,
               "local function send(data, delivery)\n%s\nend\n"
               "reject(json.encode(send(data, delivery)))",
               body);
    struct project *p = load(text.data);
    buf_deinit(&text);
    return p;
}

static void assert_told(const struct project *p, const char *value)
{
    assert_string_equal(project_error(p), value);
    assert_int_equal(p->result.end, SCRIPT_REJECT);
}

/* Answers one request and expects what the body then returns. */
static void assert_value(const char *body, int status, const char *answer, const char *value)
{
    struct project *p = load_telling(body);
    project_attempt(p, "out", "{}");
    project_answer(p, status, answer);
    assert_told(p, value);
    project_free(p);
}

static void test_an_answer_has_status_headers_body_and_json(void **state)
{
    (void)state;
    assert_value("local a = http.get('http://h') return { a.status, a.body, a.json.x, "
                 "a.headers['RETRY-after'], "
                 "a.headers['content-type'], a.headers.vary }",
                 200, "{\"x\":[]}",
                 "[200,\"{\\\"x\\\":[]}\",[],\"7\",\"application/json\",\"a, b\"]");
    assert_value("local a = http.get('http://h') return { a.json == nil, a.nothing == nil, "
                 "a.headers.nope == nil }",
                 204, "", "[true,true,true]");
    assert_value("local a = http.get('http://h') return a.json == a.json", 200, "{}", "true");
    assert_value("return get(http.get('http://h'), 'json.a.b')", 200, "{\"a\":{\"b\":3}}", "3");
}

static void test_an_answer_reads_as_its_status_and_body(void **state)
{
    (void)state;
    assert_value("return tostring(http.get('http://h'))", 200, " {\"id\":1}\n",
                 "\"200 {\\\"id\\\":1}\"");
    assert_value("return 'got ' .. http.get('http://h')", 204, "", "\"got 204\"");
    assert_value("return #tostring(http.get('http://h', { accept = 404 }))", 404,
                 "0123456789012345678901234567890123456789012345678901234567890123456789"
                 "0123456789012345678901234567890123456789012345678901234567890123456789"
                 "0123456789012345678901234567890123456789012345678901234567890123456789",
                 "207");
}

static void test_accept_widens_success(void **state)
{
    (void)state;
    assert_value("return http.get('http://h', { accept = 404 }).status", 404, "", "404");
    assert_value("return http.get('http://h', { accept = '4xx' }).status", 404, "", "404");
    assert_value("return http.get('http://h', { accept = { 409, '3xx' } }).status", 302, "", "302");
    assert_value("return http.get('http://h', { accept = '503' }).status", 503, "", "503");
    assert_value("return http.get('http://h', { accept = { 404 } }).status", 200, "", "200");
}

static void test_any_other_status_raises_an_error(void **state)
{
    (void)state;
    assert_value(
        "local ok, e = pcall(http.post, 'https://h/a?token=x', { accept = 404 })\n"
        "return { ok, e.status, e.code, e.json.why, e.headers.date, tostring(e), 'E: ' .. e }",
        503, "{\"why\":\"busy\"}",
        "[false,503,\"status\",\"busy\",\"Mon, 23 Nov 2026 10:00:00 GMT\","
        "\"POST https://h/a answered 503 Service Unavailable: {\\\"why\\\":\\\"busy\\\"}\","
        "\"E: POST https://h/a answered 503 Service Unavailable: {\\\"why\\\":\\\"busy\\\"}\"]");
    assert_value("local ok, e = pcall(http.get, 'http://h') return tostring(e)", 302, "",
                 "\"GET http://h answered 302 Found\"");
    assert_value("local ok, e = pcall(http.get, 'http://h') return tostring(e)", 599,
                 " line\n two ", "\"GET http://h answered 599: line  two\"");
}

static void test_only_the_start_of_an_answer_is_shown(void **state)
{
    (void)state;
    char body[1000];
    memset(body, 'x', sizeof(body));
    body[sizeof(body) - 1] = '\0';
    memcpy(body + 199, "ä", 2);
    struct project *p = load("http.get('http://h')");
    project_attempt(p, "out", "{}");
    project_answer(p, 500, body);
    assert_int_equal(strlen(project_error(p)),
                     strlen("GET http://h answered 500 Internal Server Error: ") + 199 +
                         strlen("…"));
    project_free(p);
}

static void test_a_failure_raises_an_error_with_its_code(void **state)
{
    (void)state;
    struct project *p = load_telling("local ok, e = pcall(http.post, 'http://h')\n"
                                     "return { ok, e.status, e.code, e.body, tostring(e) }");
    const struct script_answer answer = {.failure = "dns", .error = SLICE_LIT("h has no address")};
    project_attempt(p, "out", "{}");
    project_answer_with(p, &answer);
    assert_told(p, "[false,0,\"dns\",\"\",\"POST http://h failed (dns): h has no address\"]");
    assert_false(p->result.unknown);
    project_free(p);
}

static void test_a_request_cannot_be_waited_for_in_a_comparator(void **state)
{
    (void)state;
    assert_error("table.sort({ 2, 1 }, function(a, b) http.get('http://h') return a < b end)",
                 "connectors/out.lua:2: http.get waits, which is not possible within");
    assert_error("('x'):gsub('x', function() http.get('http://h') end)", "http.get waits, which");
}

static void test_requests_wait_within_pcall_iterators_and_metamethods(void **state)
{
    (void)state;
    struct project *p =
        load_telling("local t = setmetatable({}, { __index = function(_, k) return "
                     "http.get('http://h/' .. k).body end })\n"
                     "local ok, a = pcall(function() return t.a end)\n"
                     "local got = {} for x in function() if #got < 1 then return t.b end "
                     "end do got[#got + 1] = x end\n"
                     "return { a, got[1] }");
    project_attempt(p, "out", "{}");
    project_answer(p, 200, "A");
    project_answer(p, 200, "B");
    assert_told(p, "[\"A\",\"B\"]");
    project_free(p);
}

static void test_what_returned_tells_the_last_answer_s_status(void **state)
{
    (void)state;
    struct project *p = load("if data.none then return end\n"
                             "http.get('http://h')\n"
                             "return http.post('http://h', { accept = 409 })");
    project_attempt(p, "out", "{\"none\":true}");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_int_equal(p->result.status, 0);
    project_attempt(p, "out", "{}");
    project_answer(p, 200, "");
    project_answer(p, 409, "");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_int_equal(p->result.status, 409);
    project_free(p);
}

static void test_a_request_without_an_answer_leaves_no_status(void **state)
{
    (void)state;
    struct project *p = load("http.get('http://h') pcall(http.get, 'http://i')");
    const struct script_answer lost = {.failure = "dns", .error = SLICE_LIT("no address")};
    project_attempt(p, "out", "{}");
    project_answer(p, 200, "");
    project_answer_with(p, &lost);
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_int_equal(p->result.status, 0);
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verbs_make_requests),
        cmocka_unit_test(test_json_has_its_media_type_unless_given),
        cmocka_unit_test(test_what_returned_tells_the_last_answer_s_status),
        cmocka_unit_test(test_a_request_without_an_answer_leaves_no_status),
        cmocka_unit_test(test_data_nobody_touched_leave_byte_by_byte),
        cmocka_unit_test(test_data_that_were_looked_at_leave_byte_by_byte_too),
        cmocka_unit_test(test_unread_parts_are_compared_too),
        cmocka_unit_test(test_after_a_wait_data_leave_as_they_came_too),
        cmocka_unit_test(test_what_a_transformer_looks_at_is_written_anew),
        cmocka_unit_test(test_bodies_and_forms),
        cmocka_unit_test(test_a_query_joins_the_url),
        cmocka_unit_test(test_headers_are_sorted_and_may_be_left_out),
        cmocka_unit_test(test_the_idempotency_key_counts_writes),
        cmocka_unit_test(test_a_handlers_request_has_no_key_and_ten_seconds),
        cmocka_unit_test(test_a_timeout_is_at_most_what_is_left_of_the_attempt),
        cmocka_unit_test(test_a_request_after_the_attempts_time_fails_as_a_timeout),
        cmocka_unit_test(test_follow_and_compress_are_passed_on),
        cmocka_unit_test(test_cache_says_how_old_an_answer_may_be),
        cmocka_unit_test(test_secrets_are_sent_as_they_are),
        cmocka_unit_test(test_wrong_requests_say_what_to_write),
        cmocka_unit_test(test_a_tail_call_is_found_in_the_connectors_function),
        cmocka_unit_test(test_what_the_port_refuses_is_the_scripts_error),
        cmocka_unit_test(test_an_answer_has_status_headers_body_and_json),
        cmocka_unit_test(test_accept_widens_success),
        cmocka_unit_test(test_an_answer_reads_as_its_status_and_body),
        cmocka_unit_test(test_any_other_status_raises_an_error),
        cmocka_unit_test(test_only_the_start_of_an_answer_is_shown),
        cmocka_unit_test(test_a_failure_raises_an_error_with_its_code),
        cmocka_unit_test(test_a_request_cannot_be_waited_for_in_a_comparator),
        cmocka_unit_test(test_requests_wait_within_pcall_iterators_and_metamethods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
