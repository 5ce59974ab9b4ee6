/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* delivery:await(): what a connector returned, on its way to the handler that waits for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "script_project.h"

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in:\n%s", part, text);
}

/* A connector with this body, and a handler that sends to it and then runs `code`, with `d` at
   hand. */
static struct project *load(const char *connector, const char *code)
{
    struct project *p = project_new();
    struct buf text = {0};
    buf_printf(&text,
               "local sync = SyncManager.new{}\nsync:on('t', function(event)\n"
               "local d = sync:send{ connector = 'out', data = 1 }\n%s\nend)\nsync:start()",
               code);
    project_write(p, "scripts/s.lua", text.data);
    buf_clear(&text);
    buf_printf(&text, "return function(data)\n%s\nend", connector);
    project_write(p, "connectors/out.lua", text.data);
    buf_deinit(&text);
    project_load_well(p);
    return p;
}

#define TELL "sync:send{ connector = 'out', data = { d:await() } }"

static const char *told(struct project *p, size_t i)
{
    assert_true(i < p->n_sends);
    return p->sends[i].data.data;
}

/* ---- waiting ---- */

static void test_a_handler_waits_for_the_end_of_its_delivery(void **state)
{
    (void)state;
    struct project *p = load("", TELL);
    project_handle(p, "{}");
    assert_int_equal(p->result.count, 0);
    assert_string_equal(p->awaited.data, "sent-1");
    project_end_awaited(p, &(struct script_awaited){.is_delivered = true});
    assert_int_equal(p->result.count, 1);
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_string_equal(told(p, 1), "[true]");
    project_free(p);
}

static void test_what_was_not_delivered_is_nil_and_why(void **state)
{
    (void)state;
    struct project *p = load("", "local ok, e = d:await()\n"
                                 "sync:send{ connector = 'out', data = { ok == nil, e.cause, "
                                 "e.error, e.attempts } }");
    project_handle(p, "{}");
    project_end_awaited(p, &(struct script_awaited){.cause = SLICE_LIT("exhausted"),
                                                    .error = SLICE_LIT("it was busy"),
                                                    .attempts = 3});
    assert_string_equal(told(p, 1), "[true,\"exhausted\",\"it was busy\",3]");
    project_free(p);
}

static void test_deliveries_are_awaited_in_any_order_and_more_than_once(void **state)
{
    (void)state;
    struct project *p = load("", "local e = sync:send{ connector = 'out', data = 2 }\n"
                                 "local ok, one = pcall(e.await, e)\n"
                                 "local list = { one }\n"
                                 "for _, x in ipairs{ d, e } do list[#list + 1] = x:await() end\n"
                                 "sync:send{ connector = 'out', data = list }");
    project_handle(p, "{}");
    static const char *const ids[] = {"sent-2", "sent-1", "sent-2"};
    static const char *const values[] = {"{\"value\":7}", "{\"value\":[]}", "{\"value\":null}"};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(p->awaited.data, ids[i]);
        project_end_awaited(p, &(struct script_awaited){true, .value = slice_str(values[i])});
    }
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_string_equal(told(p, 2), "[7,[],null]");
    project_free(p);
}

static void test_a_handlers_time_stands_still_while_it_awaits(void **state)
{
    (void)state;
    struct project *p = load("", "for i = 1, 20 do d:await() end");
    project_handle(p, "{}");
    for (int i = 0; i < 20; i++) {
        clock_fake_advance(&p->clock, 60000);
        project_end_awaited(p, &(struct script_awaited){.is_delivered = true});
    }
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    project_free(p);
}

static void test_a_run_that_awaits_can_be_cancelled(void **state)
{
    (void)state;
    struct project *p = load("", "d:await()");
    project_handle(p, "{}");
    script_cancel(p->run);
    assert_int_equal(p->result.count, 0);
    project_handle(p, "{}"); /* and once more: the machine goes away with it */
    project_free(p);
}

/* ---- what is wrong ---- */

static void assert_refused(const char *code, const char *error)
{
    struct project *p = load("", code);
    project_handle(p, "{}");
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_contains(project_error(p), error);
    project_free(p);
}

static void test_wrong_awaits_say_what_to_write(void **state)
{
    (void)state;
    assert_refused("d.await()", "scripts/s.lua:4: write delivery:await() with a colon");
    assert_refused("d.await{ id = d.id }", "write delivery:await() with a colon");
    assert_refused("d.id = nil d:await()", "await works in the handler that sent the delivery");
    assert_refused("table.sort({ 1, 2 }, function() d:await() end)",
                   "await waits, which is not possible within a comparator");
}

static void test_what_the_port_refuses_is_the_scripts_error(void **state)
{
    (void)state;
    struct project *p = load("", "d:await()");
    p->refuse_await = "it belongs to another event";
    project_handle(p, "{}");
    assert_contains(project_error(p), "scripts/s.lua:4: await: it belongs to another event");
    p->refuse_await = NULL;
    project_handle(p, "{}");
    project_end_awaited(p, &(struct script_awaited){.refusal = SLICE_LIT("it is not yours")});
    assert_contains(project_error(p), "scripts/s.lua:4: await: it is not yours");
    project_free(p);
}

static void test_await_elsewhere_says_where_it_belongs(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "lib/shared.lua", "return {}");
    project_write(p, "connectors/out.lua",
                  "local shared = require 'shared'\nreturn function() shared.d:await() end");
    project_write(p, "scripts/s.lua",
                  "local shared = require 'shared'\nlocal sync = SyncManager.new{}\n"
                  "sync:on('t', { filter = function() shared.d:await() end }, function()\n"
                  "shared.d = sync:send{ connector = 'out', data = 1 }\nend)\nsync:start()");
    project_load_well(p);
    project_handle(p, "{}");
    project_attempt(p, "out", "1");
    assert_contains(project_error(p),
                    "connectors/out.lua:2: await works in the handler that sent the delivery");
    struct event *event = project_event("t", "{}");
    struct err err = {0};
    bool passes;
    assert_int_equal(script_handler_filter(p->machine, 0, event, &passes, &err), -1);
    assert_contains(err.message, "scripts/s.lua:3: await can't be used in `key` or `filter`");
    event_unref(event);
    project_free(p);
}

/* ---- what a connector returned ---- */

/* The connector's body returns, after an answer where one is given; the handler then shows what it
   awaited by `show`, an expression of `v`. */
static void assert_arrives(const char *body, const char *answer, const char *kept, const char *show,
                           const char *shown)
{
    struct buf code = {0};
    buf_printf(&code, "local v = d:await()\nsync:send{ connector = 'out', data = { %s } }", show);
    struct project *p = load(body, code.data);
    p->keeps_value = true;
    project_attempt(p, "out", "1");
    if (answer)
        project_answer(p, 201, answer);
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    if (kept)
        assert_string_equal(p->result.value.data, kept);
    struct buf value = {0};
    buf_add_slice(&value, buf_slice(&p->result.value));
    bool has_value = p->result.has_value;
    project_handle(p, "{}");
    project_end_awaited(
        p, &(struct script_awaited){.is_delivered = true,
                                    .value = has_value ? buf_slice(&value) : SLICE_NULL});
    if (p->result.end != SCRIPT_RETURNED)
        fail_msg("%s", project_error(p));
    assert_string_equal(told(p, 1), shown);
    buf_deinit(&value);
    buf_deinit(&code);
    project_free(p);
}

static void test_nothing_arrives_as_true(void **state)
{
    (void)state;
    assert_arrives("", NULL, "", "v", "[true]");
    assert_arrives("return nil, 5", NULL, "", "v", "[true]");
}

static void test_values_arrive_as_they_were_returned(void **state)
{
    (void)state;
    assert_arrives("return false", NULL, "{\"value\":false}", "v", "[false]");
    assert_arrives("return null", NULL, "{\"value\":null}", "v == null", "[true]");
    assert_arrives("return 'text', 2", NULL, "{\"value\":\"text\"}", "v", "[\"text\"]");
    assert_arrives("return json.decode '12345678901234567890'", NULL,
                   "{\"value\":12345678901234567890}", "v", "[12345678901234567890]");
    assert_arrives("return { id = 7, none = array{}, one = { 1 } }", NULL,
                   "{\"value\":{\"id\":7,\"none\":[],\"one\":[1]}}", "v",
                   "[{\"id\":7,\"none\":[],\"one\":[1]}]");
}

static void test_an_answer_arrives_with_status_body_and_json(void **state)
{
    (void)state;
    assert_arrives("return http.post('http://h')", "{\"id\":12345678901234567890}",
                   "{\"answer\":{\"status\":201,\"body\":\"{\\\"id\\\":12345678901234567890}\"}}",
                   "v.status, v.body, v.json.id, v.headers == nil, tostring(v)",
                   "[201,\"{\\\"id\\\":12345678901234567890}\",12345678901234567890,true,"
                   "\"201 {\\\"id\\\":12345678901234567890}\"]");
    assert_arrives("return http.post('http://h')", "", NULL, "v.status, v.body, v.json == nil",
                   "[201,\"\",true]");
    assert_arrives("return http.post('http://h')", "\xff\xfe",
                   "{\"answer\":{\"status\":201,\"base64\":\"//4=\"}}",
                   "v.body == '\\255\\254', v.cut == nil", "[true,true]");
}

static void test_of_a_long_answer_its_beginning_arrives(void **state)
{
    (void)state;
    char *body = mem_alloc(70001);
    memset(body, 'x', 70000);
    body[70000] = '\0';
    assert_arrives("return http.post('http://h')", body, NULL, "#v.body, v.cut", "[65536,true]");
    free(body);
}

static void assert_not_kept(const char *body, const char *why)
{
    struct project *p = load(body, "local v = d:await()");
    p->keeps_value = true;
    project_attempt(p, "out", "1");
    assert_int_equal(p->result.end, SCRIPT_RETURNED); /* it was delivered all the same */
    struct buf value = {0};
    buf_add_slice(&value, buf_slice(&p->result.value));
    project_handle(p, "{}");
    project_end_awaited(p, &(struct script_awaited){true, .value = buf_slice(&value)});
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_contains(project_error(p), "scripts/s.lua:4: await: what the connector \"out\" "
                                      "returned can't be kept: ");
    assert_contains(project_error(p), why);
    buf_deinit(&value);
    project_free(p);
}

static void test_what_cannot_be_kept_is_an_error_of_who_awaits_it(void **state)
{
    (void)state;
    assert_not_kept("return print", "result: a function can't be sent as JSON");
    assert_not_kept("return { a = { f = print } }", "result.a.f: a function can't be sent as JSON");
    assert_not_kept("return 0/0", "result: NaN can't be sent as JSON");
    assert_not_kept("return '\\255'", "result: it is not UTF-8 text");
    assert_not_kept("return ('x'):rep(70000)", "its JSON is larger than 65536 bytes");
    assert_not_kept("local t = {} for i = 1, 40000 do t[i] = i end return t",
                    "its JSON is larger than 65536 bytes");
    assert_not_kept("local t = {} for i = 1, 20000 do t[i] = 12345 end return t",
                    "its JSON is larger than 65536 bytes");
    assert_not_kept("local t = {} t[1] = t return t", "does one contain itself?");
}

static void test_secrets_do_not_arrive(void **state)
{
    (void)state;
    setenv("AWAIT_TOKEN", "s3cr3t-token", 1);
    setenv("AWAIT_PIN", "12345678", 1);
    assert_not_kept("local t = secret 'AWAIT_TOKEN' return { t = t }", "result.t: a secret");
    assert_arrives("secret 'AWAIT_TOKEN' return { t = 's3cr3t' .. '-token' }", NULL,
                   "{\"value\":{\"t\":\"***\"}}", "v.t", "[\"***\"]");
    assert_arrives("secret 'AWAIT_TOKEN' return http.post('http://h')", "got s3cr3t-token",
                   "{\"answer\":{\"status\":201,\"body\":\"got ***\"}}", "v.body", "[\"got ***\"]");
    assert_not_kept("secret 'AWAIT_PIN' return { n = 12345678 }", "there is a secret in it");
    unsetenv("AWAIT_TOKEN");
    unsetenv("AWAIT_PIN");
}

static void test_a_value_is_told_only_where_it_is_asked_for(void **state)
{
    (void)state;
    struct project *p = load("return { id = 7 }", "");
    project_attempt(p, "out", "1");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_false(p->result.has_value);
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_handler_waits_for_the_end_of_its_delivery),
        cmocka_unit_test(test_what_was_not_delivered_is_nil_and_why),
        cmocka_unit_test(test_deliveries_are_awaited_in_any_order_and_more_than_once),
        cmocka_unit_test(test_a_handlers_time_stands_still_while_it_awaits),
        cmocka_unit_test(test_a_run_that_awaits_can_be_cancelled),
        cmocka_unit_test(test_wrong_awaits_say_what_to_write),
        cmocka_unit_test(test_what_the_port_refuses_is_the_scripts_error),
        cmocka_unit_test(test_await_elsewhere_says_where_it_belongs),
        cmocka_unit_test(test_nothing_arrives_as_true),
        cmocka_unit_test(test_values_arrive_as_they_were_returned),
        cmocka_unit_test(test_an_answer_arrives_with_status_body_and_json),
        cmocka_unit_test(test_of_a_long_answer_its_beginning_arrives),
        cmocka_unit_test(test_what_cannot_be_kept_is_an_error_of_who_awaits_it),
        cmocka_unit_test(test_secrets_do_not_arrive),
        cmocka_unit_test(test_a_value_is_told_only_where_it_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
