/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* The connector that publishes dead letters: what it posts, and what it makes of the answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

#define LETTER "{\"id\":\"7-ab\",\"at\":\"2026-11-23T10:00:00.000Z\",\"big\":12345678901234567890}"

/* A project whose one manager has these options. */
static struct project *load(const char *options)
{
    struct project *p = project_new();
    struct buf script = {0};
    buf_printf(&script, "SyncManager.new{ %s }:start()", options);
    project_write(p, "scripts/s.lua", script.data);
    project_load_well(p);
    buf_deinit(&script);
    return p;
}

static void assert_posted(const char *options, const char *url, const char *headers)
{
    struct project *p = load(options);
    struct buf request = {0};
    buf_printf(&request,
               "POST %s\n%s\n"
               "{\"datacontenttype\":\"application/json\",\"id\":\"d1\",\"source\":\"liaison\","
               "\"specversion\":\"1.0\",\"subject\":\"7-ab\",\"time\":\"2026-11-23T10:00:00.000Z\","
               "\"type\":\"sync.deadletter\",\"data\":{\"at\":\"2026-11-23T10:00:00.000Z\","
               "\"big\":12345678901234567890,\"id\":\"7-ab\"}}",
               url, headers);
    project_attempt(p, SCRIPT_DEAD_LETTERS, LETTER);
    assert_string_equal(project_request_text(p, 0), request.data);
    buf_deinit(&request);
    project_free(p);
}

static void test_a_letter_is_posted_to_the_bus_as_an_event(void **state)
{
    (void)state;
    assert_posted("eventBusUrl = 'http://bus/events?a=1'", "http://bus/events?a=1",
                  "Content-Type: application/cloudevents+json\nIdempotency-Key: d1\n");
}

static void test_credentials_of_the_url_are_a_header_unless_one_is_given(void **state)
{
    (void)state;
    assert_posted("eventBusUrl = 'http://me:p%40s@bus/events#x'", "http://bus/events",
                  "Authorization: Basic bWU6cEBz\nContent-Type: application/cloudevents+json\n"
                  "Idempotency-Key: d1\n");
    assert_posted("eventBusUrl = 'http://me:no@bus', headers = { authorization = 'Bearer x' }",
                  "http://bus",
                  "Content-Type: application/cloudevents+json\nauthorization: Bearer x\n"
                  "Idempotency-Key: d1\n");
}

static void test_headers_of_the_stream_are_left_out(void **state)
{
    (void)state;
    assert_posted("eventBusUrl = 'http://bus', headers = { ['X-Tenant'] = 7, accept = 'a/b', "
                  "['last-Event-ID'] = '9', ['content-type'] = 'c/d' }",
                  "http://bus",
                  "Content-Type: application/cloudevents+json\nX-Tenant: 7\n"
                  "Idempotency-Key: d1\n");
}

static void assert_end(int status, enum script_end end)
{
    struct project *p = load("eventBusUrl = 'http://bus'");
    project_attempt(p, SCRIPT_DEAD_LETTERS, LETTER);
    project_answer(p, status, "");
    assert_int_equal(p->result.count, 1);
    assert_int_equal(p->result.end, end);
    project_free(p);
}

static void test_a_bus_that_takes_no_posts_ends_it_as_skipped(void **state)
{
    (void)state;
    assert_end(404, SCRIPT_SKIP);
    assert_end(405, SCRIPT_SKIP);
    assert_end(501, SCRIPT_SKIP);
    assert_end(200, SCRIPT_RETURNED);
    assert_end(202, SCRIPT_RETURNED);
    assert_end(204, SCRIPT_RETURNED);
    assert_end(308, SCRIPT_HTTP);
    assert_end(401, SCRIPT_HTTP);
    assert_end(403, SCRIPT_HTTP);
    assert_end(500, SCRIPT_HTTP);
    assert_end(503, SCRIPT_HTTP);
}

/* ---- it is Liaison's own ---- */

static void assert_problem(const char *path, const char *text, const char *problem)
{
    struct project *p = project_new();
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_write(p, path, text);
    assert_false(project_load(p));
    if (!strstr(p->problems.data, problem))
        fail_msg("expected \"%s\" in:\n%s", problem, p->problems.data);
    project_free(p);
}

static void test_its_name_is_taken(void **state)
{
    (void)state;
    const char *const text = "return function() end";
    assert_problem("connectors/deadLetters.lua", text,
                   "connectors/deadLetters.lua:0: the name deadLetters is taken by the connector "
                   "that publishes dead letters: give this one another name\n");
    assert_problem("connectors/deadLetters/init.lua", text,
                   "connectors/deadLetters/init.lua:0: the name deadLetters is taken by the "
                   "connector that publishes dead letters: give this one another name\n");
}

static void test_scripts_cant_send_to_it(void **state)
{
    (void)state;
    assert_problem("scripts/s.lua",
                   "local s = SyncManager.new{}\ns:on('t', function()\n"
                   "s:send{ connector = 'deadLetters', data = 1 } end)\ns:start()",
                   "scripts/s.lua:3: nothing is sent to the connector deadLetters: dead letters "
                   "are published by themselves\n");

    struct project *p = project_new();
    project_write(p, "scripts/s.lua",
                  "local s, name = SyncManager.new{}, 'deadLetters'\ns:on('t', function()\n"
                  "s:send{ connector = name, data = 1 } end)\ns:start()");
    project_load_well(p);
    project_handle(p, "{}");
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_non_null(strstr(project_error(p), "nothing is sent to the connector deadLetters"));
    assert_int_equal(script_connector_count(p->machine), 0);
    assert_null(script_connector_nearest(p->machine, SLICE_LIT("deadLetter")));
    project_free(p);
}

static void test_scripts_cant_reach_its_parts(void **state)
{
    (void)state;
    struct project *p = load("eventBusUrl = 'http://bus'");
    project_write(p, "scripts/a.lua",
                  "http.post = nil; json.encode = nil; skip = nil; string.sub = nil");
    project_load_well(p);
    project_attempt(p, SCRIPT_DEAD_LETTERS, LETTER);
    assert_int_equal(p->n_requests, 1);
    project_answer(p, 405, "");
    assert_int_equal(p->result.end, SCRIPT_SKIP);
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_letter_is_posted_to_the_bus_as_an_event),
        cmocka_unit_test(test_credentials_of_the_url_are_a_header_unless_one_is_given),
        cmocka_unit_test(test_headers_of_the_stream_are_left_out),
        cmocka_unit_test(test_a_bus_that_takes_no_posts_ends_it_as_skipped),
        cmocka_unit_test(test_its_name_is_taken),
        cmocka_unit_test(test_scripts_cant_send_to_it),
        cmocka_unit_test(test_scripts_cant_reach_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
