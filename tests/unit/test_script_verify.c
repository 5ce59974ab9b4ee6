/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* A connector's `verify`: when it is asked, with what, and what follows from what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

#define SEND "send = function(data) return http.put('http://h/' .. data.id, { json = data }) end"
#define ASK                                                                                        \
    "verify = function(data)\n"                                                                    \
    "    return http.get('http://h/' .. data.id, { accept = 404 }).status == 200\n"                \
    "  end"

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in:\n%s", part, text);
}

/* The connector "out" with these options is attempted where an earlier attempt was never answered. */
static struct project *begin(const char *options)
{
    struct project *p = project_new();
    struct buf text = {0};
    buf_printf(&text, "return {\n  %s,\n}", options);
    project_write(p, "connectors/out.lua", text.data);
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    buf_deinit(&text);
    p->was_unknown = true;
    p->keeps_value = true;
    project_attempt(p, "out", "{\"id\":7}");
    return p;
}

/* ---- when it is asked ---- */

static void test_what_is_there_is_delivered_and_not_sent(void **state)
{
    (void)state;
    struct project *p = begin(ASK ", " SEND);
    assert_string_equal(project_request_text(p, 0), "GET http://h/7\n\n");
    project_answer(p, 200, "{}");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_int_equal(p->n_requests, 1);
    assert_false(p->result.has_value);
    project_free(p);
}

static void test_what_isnt_there_is_sent(void **state)
{
    (void)state;
    struct project *p = begin(ASK ", " SEND);
    project_answer(p, 404, "");
    assert_contains(project_request_text(p, 1), "PUT http://h/7\nContent-Type: application/json\n"
                                                "Idempotency-Key: d1\n\n{\"id\":7}");
    project_answer(p, 201, "{\"a\":1}");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_string_equal(p->result.value.data,
                        "{\"answer\":{\"status\":201,\"body\":\"{\\\"a\\\":1}\"}}");
    project_free(p);
}

static void test_it_takes_no_answer_of_before(void **state)
{
    (void)state;
    struct project *p =
        begin("verify = function() return http.get('http://h', { cache = '5m' }).json end, " SEND);
    assert_int_equal(p->requests[0].max_age_ms, 0);
    project_answer(p, 200, "true");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    project_free(p);
}

static void test_it_isnt_asked_where_each_attempt_was_answered(void **state)
{
    (void)state;
    struct project *p = begin(ASK ", " SEND);
    project_answer(p, 200, "");
    p->was_unknown = false;
    project_attempt(p, "out", "{\"id\":8}");
    assert_contains(project_request_text(p, 1), "PUT http://h/8\n");
    project_free(p);
}

static void test_it_gets_what_send_gets(void **state)
{
    (void)state;
    struct project *p =
        begin("transformer = function(data) data.id = data.id + 1 return data end,\n"
              "  verify = function(data, delivery)\n"
              "    http.get('http://h/' .. data.id .. delivery.id .. delivery.attempt)\n"
              "    return false\n  end,\n  " SEND);
    assert_string_equal(project_request_text(p, 0), "GET http://h/8d12\n\n");
    project_answer(p, 200, "");
    assert_contains(project_request_text(p, 1), "PUT http://h/8\n");
    project_free(p);
}

static void test_its_requests_are_no_sends(void **state)
{
    (void)state;
    struct project *p =
        begin("statuses = { [404] = 'accept', [503] = 'refuse' },\n"
              "  verify = function(data) return pcall(http.post, 'http://h/find') end,\n"
              "  " SEND);
    assert_string_equal(project_request_text(p, 0), "POST http://h/find\n\n");
    project_answer(p, 404, "");
    assert_contains(project_request_text(p, 1), "\nIdempotency-Key: d1\n");
    project_answer(p, 404, "");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    project_free(p);
    p = begin("statuses = { [503] = 'refuse' }, " ASK ", " SEND);
    project_answer(p, 503, "");
    assert_int_equal(p->result.said, SCRIPT_SAID_REFUSE);
    project_free(p);
}

/* ---- a 409 ---- */

static void test_a_409_asks_once_more(void **state)
{
    (void)state;
    struct project *p = begin(ASK ", " SEND);
    project_answer(p, 404, "");
    project_answer(p, 409, "");
    assert_string_equal(project_request_text(p, 2), "GET http://h/7\n\n");
    project_answer(p, 200, "");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_int_equal(p->n_requests, 3);
    project_free(p);
}

static void test_a_409_that_is_no_echo_ends_the_attempt(void **state)
{
    (void)state;
    struct project *p = begin(ASK ", " SEND);
    project_answer(p, 404, "");
    project_answer(p, 409, "taken");
    project_answer(p, 404, "");
    assert_int_equal(p->result.end, SCRIPT_HTTP);
    assert_int_equal(p->result.status, 409);
    assert_string_equal(project_error(p), "PUT http://h/7 answered 409 Conflict: taken");
    project_free(p);
}

static void test_other_answers_and_what_statuses_say_of_a_409_hold(void **state)
{
    (void)state;
    struct project *p = begin(ASK ", " SEND);
    project_answer(p, 404, "");
    project_answer(p, 503, "");
    assert_int_equal(p->result.status, 503);
    project_free(p);
    p = begin("statuses = { [409] = 'refuse' }, " ASK ", " SEND);
    project_answer(p, 404, "");
    project_answer(p, 409, "");
    assert_int_equal(p->result.said, SCRIPT_SAID_REFUSE);
    assert_int_equal(p->n_requests, 2);
    project_free(p);
}

/* ---- errors ---- */

static void test_an_error_of_it_ends_the_attempt(void **state)
{
    (void)state;
    struct project *p = begin(ASK ", " SEND);
    project_answer(p, 500, "");
    assert_int_equal(p->result.end, SCRIPT_HTTP);
    assert_int_equal(p->result.status, 500);
    assert_int_equal(p->n_requests, 1);
    project_free(p);
    p = begin("verify = function(data) return data.a.b end, " SEND);
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_contains(project_error(p), "connectors/out.lua:2: data.a.b: data has no a");
    project_free(p);
    p = begin("verify = function() retry('busy', { after = '9s' }) end, " SEND);
    assert_int_equal(p->result.end, SCRIPT_RETRY);
    assert_int_equal(p->result.after_ms, 9000);
    project_free(p);
}

static void test_a_404_of_it_says_what_to_write(void **state)
{
    (void)state;
    struct project *p =
        begin("verify = function() return http.get('http://h/7').status == 200 end, " SEND);
    project_answer(p, 404, "");
    assert_string_equal(
        project_error(p),
        "GET http://h/7 answered 404 Not Found in `verify`: write accept = 404 where "
        "that says that it isn't there");
    project_free(p);
}

static void test_it_says_true_or_false(void **state)
{
    (void)state;
    struct project *p = begin("\n\n  verify = function() end, " SEND);
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_contains(
        project_error(p),
        "connectors/out.lua:4: `verify` must return true, where it is there already, or "
        "false, where it is to be sent; not nil");
    project_free(p);
    p = begin("verify = function() return 'yes' end, " SEND);
    assert_contains(project_error(p), "not a string");
    project_free(p);
}

/* What was seen where it was raised isn't lost on the way through. */
static void test_an_error_of_send_after_it_is_explained_as_ever(void **state)
{
    (void)state;
    struct project *p = begin("verify = function() return false end,\n"
                              "  send = function(data)\n"
                              "    local function inner() local n = data.room.name end\n"
                              "    inner()\n  end");
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_contains(project_error(p), "connectors/out.lua:4: data.room.name: data has no room");
    assert_contains(project_error(p), "connectors/out.lua:5: in ");
    project_free(p);
    p = begin("verify = function() return false end,\n"
              "  send = function(data) local t = {} while true do t[#t + 1] = ('x'):rep(1e6) .. #t "
              "end end");
    assert_int_equal(p->result.end, SCRIPT_LIMIT);
    assert_contains(project_error(p), "needs more memory than");
    project_free(p);
    p = begin("verify = function() return false end, send = function() reject 'no' end");
    assert_int_equal(p->result.end, SCRIPT_REJECT);
    project_free(p);
}

static void test_it_shares_the_attempts_time(void **state)
{
    (void)state;
    struct project *p = begin("timeout = '8s', " ASK ", " SEND);
    p->clock.mono_ms += 3000;
    project_answer(p, 404, "");
    assert_int_equal(p->requests[0].timeout_ms, 8000);
    assert_int_equal(p->requests[1].timeout_ms, 5000);
    project_free(p);
}

static void test_it_must_be_a_function(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua", "return { send = print,\n verify = true }");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    assert_false(project_load(p));
    assert_contains(p->problems.data,
                    "connectors/out.lua:2: a connector: `verify` must be a function "
                    "of the data and the delivery, not true");
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_there_is_delivered_and_not_sent),
        cmocka_unit_test(test_what_isnt_there_is_sent),
        cmocka_unit_test(test_it_takes_no_answer_of_before),
        cmocka_unit_test(test_it_isnt_asked_where_each_attempt_was_answered),
        cmocka_unit_test(test_it_gets_what_send_gets),
        cmocka_unit_test(test_its_requests_are_no_sends),
        cmocka_unit_test(test_a_409_asks_once_more),
        cmocka_unit_test(test_a_409_that_is_no_echo_ends_the_attempt),
        cmocka_unit_test(test_other_answers_and_what_statuses_say_of_a_409_hold),
        cmocka_unit_test(test_an_error_of_it_ends_the_attempt),
        cmocka_unit_test(test_a_404_of_it_says_what_to_write),
        cmocka_unit_test(test_it_says_true_or_false),
        cmocka_unit_test(test_an_error_of_send_after_it_is_explained_as_ever),
        cmocka_unit_test(test_it_shares_the_attempts_time),
        cmocka_unit_test(test_it_must_be_a_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
