/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Runs of handlers and attempts: what they are given, how they end, and cancelling them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in:\n%s", part, text);
}

/* A project with connectors/out.lua as given, a transformer or two, and a handler. */
static struct project *load(const char *connector, const char *handler)
{
    struct project *p = project_new();
    struct buf script = {0};
    buf_printf(&script,
               "local s = SyncManager.new{}\ns:on('t', function(event)\n%s\nend)\ns:start()",
               handler);
    project_write(p, "scripts/main.lua", script.data);
    project_write(p, "connectors/out.lua", connector);
    project_write(p, "transformers/twice.lua",
                  "return function(data) return { n = data.n * 2 } end");
    project_write(p, "transformers/drop.lua",
                  "return function(data, event) return skip('not for ' .. event.type) end");
    project_write(p, "transformers/nothing.lua", "\nreturn function(data) data.x = 1 end");
    project_load_well(p);
    buf_deinit(&script);
    return p;
}

static struct project *attempt(const char *connector, const char *data)
{
    struct project *p = load(connector, "");
    project_attempt(p, "out", data);
    return p;
}

/* ---- what an attempt is given ---- */

/* What the connector's function returns, which is told here by a rejection, as JSON. */
static void assert_value(const char *connector, const char *data, const char *value)
{
    struct buf telling = {0};
    buf_printf(&telling,
               "local c = (function() %s end)()\n"
               "local send = type(c) == 'table' and c.send or c\n"
               "return { transformer = type(c) == 'table' and c.transformer or nil,\n"
               "send = function(...) reject(json.encode(send(...))) end }",
               connector);
    struct project *p = attempt(telling.data, data);
    assert_string_equal(project_error(p), value);
    assert_int_equal(p->result.end, SCRIPT_REJECT);
    buf_deinit(&telling);
    assert_null(p->run);
    assert_int_equal(p->result.count, 1);
    project_free(p);
}

static void test_an_attempt_gets_data_and_delivery(void **state)
{
    (void)state;
    assert_value(
        "return function(data, d) return { data.x, d.id, d.attempt, d.key, d.connector, d.handler, "
        "d.createdAt, d.lastError, d.event.id, d.event.data.from, d.nothing == nil } end",
        "{\"x\":[]}",
        "[[],\"d1\",2,\"k1\",\"out\",\"main/t#1\",\"2023-11-14T22:13:20.000Z\",\"it was "
        "busy\",\"e1\",\"event\",true]");
    assert_value("return function(data) return data end", NULL, "{\"from\":\"event\"}");
    assert_value("return function(data) return data == null end", "null", "true");
}

static void assert_rejects(const char *connector, const char *reason)
{
    struct project *p = attempt(connector, "{}");
    assert_string_equal(project_error(p), reason);
    assert_int_equal(p->result.end, SCRIPT_REJECT);
    project_free(p);
}

/* The delivery, and a transformer's event, aren't made for a function that has no parameter for it. */
static void test_second_arguments_come_to_whom_can_see_them(void **state)
{
    (void)state;
    assert_rejects("return function(data, d) reject(d.id) end", "d1");
    assert_rejects("return function(data, ...) reject((...).id) end", "d1");
    assert_rejects("return function(...) reject(select(2, ...).id) end", "d1");
    assert_rejects("return { send = function(data, d) reject(d.id) end }", "d1");
    assert_rejects("local function second(_, d) reject(d.id) end\n"
                   "return { send = function(...) return second(...) end }",
                   "d1");
    assert_rejects("return function(data) reject(tostring(select('#', data))) end", "1");
    assert_rejects(
        "return { transformer = { function(d) return d end, function(d, event) return "
        "event.id end, function(d) return d end }, send = function(data) reject(data) end }",
        "e1");
}

static void test_transformers_are_applied_in_turn(void **state)
{
    (void)state;
    assert_value("return { transformer = 'twice', send = function(data) return data end }",
                 "{\"n\":2}", "{\"n\":4}");
    assert_value(
        "return { transformer = { 'twice', function(d) d.n = d.n + 1 return d end, 'twice' }, "
        "send = function(data) return data end }",
        "{\"n\":2}", "{\"n\":10}");
    assert_value(
        "return { transformer = function(d, event) return { event.data.from, event.id, d.n } end, "
        "send = function(data) return data end }",
        "{\"n\":2}", "[\"event\",\"e1\",2]");
}

static void attempt_with_transformer(struct project *p, const char *transformer)
{
    struct event *event = project_event("t", "{\"n\":3}");
    const struct script_attempt a = {
        .event = event, .id = SLICE_LIT("d"), .transformer = slice_str(transformer)};
    p->run = script_attempt(p->machine, script_connector_at(p->machine, 0), &a, NULL, p);
    event_unref(event);
}

static void test_a_sends_transformer_takes_the_connectors_place(void **state)
{
    (void)state;
    struct project *p = load("return { transformer = 'drop', send = function(data) "
                             "http.put('http://h', { json = data }) end }",
                             "");
    attempt_with_transformer(p, "twice");
    assert_contains(project_request_text(p, 0), "{\"n\":6}");
    project_free(p);
}

static void test_a_transformer_that_returns_nothing_is_told(void **state)
{
    (void)state;
    struct project *p = attempt("return { transformer = 'nothing', send = print }", "{}");
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_contains(project_error(p),
                    "the transformer at transformers/nothing.lua:2 returned nothing: return "
                    "the data, or skip \"reason\"");
    project_free(p);
}

/* ---- how runs end ---- */

static void assert_end(const char *body, enum script_end end, const char *error, int64_t after_ms)
{
    struct buf connector = {0};
    buf_printf(&connector, "return function(data)\n%s\nend", body);
    struct project *p = attempt(connector.data, "{}");
    if (p->result.end != end)
        fail_msg("ended as %d: %s", (int)p->result.end, project_error(p));
    assert_contains(project_error(p), error);
    assert_int_equal(p->result.after_ms, after_ms);
    assert_int_equal(p->result.count, 1);
    buf_deinit(&connector);
    project_free(p);
}

static void test_skip_retry_and_reject_end_a_run(void **state)
{
    (void)state;
    assert_end("skip 'not ours'", SCRIPT_SKIP, "not ours", -1);
    assert_end("return retry('busy')", SCRIPT_RETRY, "busy", -1);
    assert_end("retry('busy', { after = '90s' })", SCRIPT_RETRY, "busy", 90000);
    assert_end("retry('busy', { after = 0.5 })", SCRIPT_RETRY, "busy", 500);
    assert_end("reject('bad data')", SCRIPT_REJECT, "bad data", -1);
    struct project *p = attempt("return { transformer = 'drop', send = print }", "{}");
    assert_int_equal(p->result.end, SCRIPT_SKIP);
    assert_string_equal(project_error(p), "not for t");
    project_free(p);
}

static void test_nothing_swallows_an_end(void **state)
{
    (void)state;
    assert_end("pcall(retry, 'a') error('never here')", SCRIPT_RETRY, "a", -1);
    assert_end("pcall(pcall, pcall, reject, 'a') error('never here')", SCRIPT_REJECT, "a", -1);
    assert_end("xpcall(function() skip 'a' end, print) error('never here')", SCRIPT_SKIP, "a", -1);
    assert_end(
        "pcall(table.sort, { 3, 2, 1 }, function() pcall(retry, 'a') end) error('never here')",
        SCRIPT_RETRY, "a", -1);
    assert_end("pcall(string.gsub, 'x', 'x', function() pcall(skip, 'a') while true do end end) "
               "error('never here')",
               SCRIPT_SKIP, "a", -1);
    assert_end("local t = setmetatable({}, { __index = function() reject 'a' end }) "
               "pcall(function() return t.x end) "
               "error('never here')",
               SCRIPT_REJECT, "a", -1);
}

static void test_wrong_ends_say_what_to_write(void **state)
{
    (void)state;
    assert_end("local x = retry()", SCRIPT_ERROR,
               "connectors/out.lua:2: retry takes its reason as a string", -1);
    assert_end("retry('x', { afer = 1 })", SCRIPT_ERROR,
               "retry: there is no option `afer`: did you mean `after`?", -1);
    assert_end("retry('x', { after = 'soon' })", SCRIPT_ERROR,
               "retry: `after`: \"soon\" is no duration", -1);
    assert_end("retry('x', { items = { 1 } })", SCRIPT_ERROR,
               "retry: `items` are rows of a batch: it belongs into the `send` of a connector "
               "with `batch`",
               -1);
    assert_end("reject('x', { items = 1 })", SCRIPT_ERROR,
               "reject: `items` must be a list of rows, as in { 1, 3 }", -1);
}

static void test_an_error_has_its_place_and_the_frames_of_scripts(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "lib/deep.lua",
                  "return function(t)\n  local x = t.slots.first\n  return x\nend");
    project_write(p, "connectors/out.lua",
                  "local deep = require 'deep'\nlocal function inner(d)\n  local x = deep(d)\n"
                  "  return x\nend\nreturn function(data)\n  local x = pcall(inner, {slots={}})\n"
                  "  local y = inner(data)\n  return y\nend");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_string_equal(project_error(p),
                        "lib/deep.lua:2: t.slots.first: t has no slots; it is empty\n"
                        "    2 | local x = t.slots.first\n"
                        "      |           ^^^^^^^ attempt to index field 'slots' (a nil value)\n"
                        "  in connector out, event e1 (t)\n"
                        "  lib/deep.lua:2: in function 'deep'\n"
                        "  connectors/out.lua:3: in function 'inner'\n"
                        "  connectors/out.lua:8: in the function of line 6");
    project_free(p);
}

static void test_errors_that_are_no_text_are_shown(void **state)
{
    (void)state;
    assert_end("error({ code = 7, why = 'x' })", SCRIPT_ERROR, "{\"code\":7,\"why\":\"x\"}", -1);
    assert_end("error({ f = print })", SCRIPT_ERROR, "an error that is a table", -1);
    assert_end("error(nil)", SCRIPT_ERROR, "an error that is nil", -1);
    assert_end("error(print)", SCRIPT_ERROR, "an error that is a function", -1);
    assert_end("error(setmetatable({}, { __tostring = function() while true do end end }))",
               SCRIPT_ERROR, "{}", -1);
    assert_end("error('no place', 0)", SCRIPT_ERROR, "no place", -1);
}

static void test_a_secret_in_an_error_is_masked(void **state)
{
    (void)state;
    setenv("TOP", "very-secret-value", 1);
    assert_end("local s = secret 'TOP' error('the value is ' .. tostring(s))", SCRIPT_ERROR,
               "the value is ***", -1);
    struct project *p =
        attempt("local s = secret 'TOP'\nreturn function() http.post('http://h/' .. s) end", "{}");
    const struct script_answer answer = {.failure = "connect",
                                         .error = SLICE_LIT("no way to very-secret-value")};
    project_answer_with(p, &answer);
    assert_null(strstr(project_error(p), "very-secret-value"));
    project_free(p);
    unsetenv("TOP");
}

/* What 400 answers: `before` bytes, then the secret, then more. */
static struct project *answered_with_secret(size_t before)
{
    struct buf body = {0};
    struct project *p =
        attempt("local s = secret 'TOP'\nreturn function() http.post('http://h/') end", "{}");
    while (body.len < before)
        buf_add_char(&body, 'x');
    buf_add_str(&body, "very-secret-value, and so on");
    project_answer(p, 400, body.data);
    assert_int_equal(p->result.end, SCRIPT_HTTP);
    buf_deinit(&body);
    return p;
}

static void test_a_secret_across_the_cut_of_an_answer_is_masked(void **state)
{
    (void)state;
    setenv("TOP", "very-secret-value", 1);
    struct project *p = answered_with_secret(1020);
    assert_int_equal(p->result.answer.len, 1024);
    assert_string_equal(p->result.answer.data + 1019, "x***,");
    project_free(p);
    p = answered_with_secret(190);
    assert_contains(project_error(p), "x***, and s…");
    project_free(p);
    unsetenv("TOP");
}

static void test_what_is_too_long_is_cut_between_characters(void **state)
{
    (void)state;
    struct buf body = {0};
    struct project *p = attempt("return function() http.post('http://h/') end", "{}");
    buf_add_char(&body, 'x');
    while (body.len < 2000)
        buf_add_str(&body, "ä");
    project_answer(p, 400, body.data);
    assert_int_equal(p->result.answer.len, 1023);
    assert_true(slice_is_utf8(buf_slice(&p->result.answer)));
    assert_true(slice_is_utf8(buf_slice(&p->result.error)));
    assert_contains(project_error(p), "ä…");
    project_free(p);

    p = attempt("return function() reject('x' .. string.rep('ä', 5000)) end", "{}");
    assert_int_equal(p->result.error.len, 8191);
    assert_true(slice_is_utf8(buf_slice(&p->result.error)));
    project_free(p);
    buf_deinit(&body);
}

static void test_an_http_error_that_nobody_caught_ends_as_one(void **state)
{
    (void)state;
    struct project *p = attempt("return function() return http.post('http://h/x') end", "{}");
    project_answer(p, 503, "{\"busy\":true}");
    assert_int_equal(p->result.end, SCRIPT_HTTP);
    assert_int_equal(p->result.status, 503);
    assert_false(p->result.has_failure);
    assert_string_equal(p->result.retry_after.data, "7");
    assert_string_equal(p->result.date.data, "Mon, 23 Nov 2026 10:00:00 GMT");
    assert_string_equal(p->result.answer.data, "{\"busy\":true}");
    assert_string_equal(project_error(p),
                        "POST http://h/x answered 503 Service Unavailable: {\"busy\":true}");
    assert_false(p->result.unknown);
    project_free(p);
}

static void test_an_http_error_that_is_raised_again_is_still_one(void **state)
{
    (void)state;
    struct project *p = attempt(
        "return function() local ok, e = pcall(http.post, 'http://h/x') error(e) end", "{}");
    project_answer(p, 400, "");
    assert_int_equal(p->result.end, SCRIPT_HTTP);
    assert_int_equal(p->result.status, 400);
    project_free(p);
}

static void test_a_write_that_was_never_answered_leaves_the_end_unknown(void **state)
{
    (void)state;
    const struct script_answer written = {.failure = "broken", .was_written = true};
    const struct script_answer unwritten = {.failure = "connect"};
    const struct {
        const char *connector;
        const struct script_answer *answer;
        bool unknown;
    } cases[] = {
        {"return function() http.post('http://h/x') end", &written, true},
        {"return function() http.post('http://h/x') end", &unwritten, false},
        {"return function() http.get('http://h/x') end", &written, false},
        {"return function() pcall(http.post, 'http://h/x') end", &written, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct project *p = attempt(cases[i].connector, "{}");
        project_answer_with(p, cases[i].answer);
        assert_int_equal(p->result.unknown, cases[i].unknown);
        project_free(p);
    }
}

static void test_a_handler_ends_like_an_attempt(void **state)
{
    (void)state;
    struct project *p =
        load("return print",
             "if event.data.r then retry('later') end s:send{ connector = 'out', data = 1 }");
    project_handle(p, "{\"r\":1}");
    assert_int_equal(p->result.end, SCRIPT_RETRY);
    project_handle(p, "{}");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_int_equal(p->n_sends, 1);
    assert_int_equal(p->result.count, 2);
    project_free(p);
}

/* ---- many at once, and cancelling ---- */

static void test_runs_that_wait_do_not_disturb_each_other(void **state)
{
    (void)state;
    struct project *p = load("return function(data) local a = http.post('http://h/' .. data.n) "
                             "reject(data.n .. a.body) end",
                             "");
    struct buf data = {0};
    for (int i = 0; i < 20; i++) {
        buf_clear(&data);
        buf_printf(&data, "{\"n\":%d}", i);
        project_attempt(p, "out", data.data);
        assert_non_null(p->run);
    }
    for (int i = 19; i >= 0; i--) {
        char body[16], value[32];
        snprintf(body, sizeof(body), "b%d", i);
        project_answer(p, 200, body);
        snprintf(value, sizeof(value), "%db%d", i, i);
        assert_string_equal(project_error(p), value);
    }
    assert_int_equal(p->result.count, 20);
    buf_deinit(&data);
    project_free(p);
}

static void test_a_cancelled_run_cancels_its_request_and_is_silent(void **state)
{
    (void)state;
    struct project *p = attempt("return function() http.post('http://h') end", "{}");
    script_cancel(p->run);
    assert_true(p->requests[0].is_cancelled);
    assert_int_equal(p->result.count, 0);
    script_cancel(NULL);
    project_attempt(p, "out", "{}");
    assert_contains(project_request_text(p, 1), "Idempotency-Key: d1\n");
    project_answer(p, 200, "");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    project_free(p);
}

static void test_freeing_a_machine_cancels_its_requests(void **state)
{
    (void)state;
    struct project *p = attempt("return function() http.get('http://h') end", "{}");
    project_attempt(p, "out", "{}");
    script_free(p->machine);
    p->machine = NULL;
    assert_true(p->requests[0].is_cancelled && p->requests[1].is_cancelled);
    assert_int_equal(p->result.count, 0);
    project_free(p);
}

static void free_machine(void *ctx, const struct script_result *result)
{
    struct project *p = ctx;
    script_free(p->machine);
    p->machine = NULL;
    p->result.count += result->error.len > 0;
}

static void test_a_callback_may_free_the_machine(void **state)
{
    (void)state;
    struct project *p = load("return print", "error('x')");
    struct event *event = project_event("t", "{}");
    assert_null(script_handle(p->machine, 0, event, SLICE_NULL, free_machine, p));
    assert_int_equal(p->result.count, 1);
    event_unref(event);
    project_free(p);
}

static int send_and_cancel(void *ctx, void *run_ctx, const struct script_send *send,
                           struct script_sent *sent, struct err *err)
{
    (void)run_ctx, (void)send, (void)err;
    struct project *p = ctx;
    buf_add_str(sent->id, "x");
    script_cancel(p->run);
    p->n_sends++;
    return 0;
}

static void test_a_run_may_be_cancelled_from_within_its_own_port(void **state)
{
    (void)state;
    struct project *p =
        load("return print",
             "http.get('http://h')\nfor i = 1, 3 do s:send{ connector = 'out', data = i } end");
    p->ports.send = send_and_cancel;
    project_handle(p, "{}");
    assert_non_null(p->run);
    project_answer(p, 200, "");
    assert_int_equal(p->n_sends, 1);
    assert_int_equal(p->result.count, 0);
    p->n_sends = 0;
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_attempt_gets_data_and_delivery),
        cmocka_unit_test(test_second_arguments_come_to_whom_can_see_them),
        cmocka_unit_test(test_transformers_are_applied_in_turn),
        cmocka_unit_test(test_a_sends_transformer_takes_the_connectors_place),
        cmocka_unit_test(test_a_transformer_that_returns_nothing_is_told),
        cmocka_unit_test(test_skip_retry_and_reject_end_a_run),
        cmocka_unit_test(test_nothing_swallows_an_end),
        cmocka_unit_test(test_wrong_ends_say_what_to_write),
        cmocka_unit_test(test_an_error_has_its_place_and_the_frames_of_scripts),
        cmocka_unit_test(test_errors_that_are_no_text_are_shown),
        cmocka_unit_test(test_a_secret_in_an_error_is_masked),
        cmocka_unit_test(test_a_secret_across_the_cut_of_an_answer_is_masked),
        cmocka_unit_test(test_what_is_too_long_is_cut_between_characters),
        cmocka_unit_test(test_an_http_error_that_nobody_caught_ends_as_one),
        cmocka_unit_test(test_an_http_error_that_is_raised_again_is_still_one),
        cmocka_unit_test(test_a_write_that_was_never_answered_leaves_the_end_unknown),
        cmocka_unit_test(test_a_handler_ends_like_an_attempt),
        cmocka_unit_test(test_runs_that_wait_do_not_disturb_each_other),
        cmocka_unit_test(test_a_cancelled_run_cancels_its_request_and_is_silent),
        cmocka_unit_test(test_freeing_a_machine_cancels_its_requests),
        cmocka_unit_test(test_a_callback_may_free_the_machine),
        cmocka_unit_test(test_a_run_may_be_cancelled_from_within_its_own_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
