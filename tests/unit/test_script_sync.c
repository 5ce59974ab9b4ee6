/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* SyncManager: channels, handlers and sends. */
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

/* Loads one script, and expects that it fails with this problem. */
static void assert_problem(const char *script, const char *problem)
{
    struct project *p = project_new();
    project_write(p, "scripts/s.lua", script);
    assert_false(project_load(p));
    assert_contains(p->problems.data, problem);
    project_free(p);
}

static struct project *load(const char *script)
{
    struct project *p = project_new();
    project_write(p, "connectors/out.lua", "return function() end");
    project_write(p, "transformers/plain.lua", "return function(data) return data end");
    project_write(p, "scripts/s.lua", script);
    project_load_well(p);
    return p;
}

/* A handler that runs `code`, with `sync` and `event` at hand. */
static struct project *load_handler(const char *code)
{
    struct buf script = {0};
    buf_printf(
        &script,
        "local sync = SyncManager.new{}\nsync:on('t', function(event)\n%s\nend)\nsync:start()",
        code);
    struct project *p = load(script.data);
    buf_deinit(&script);
    return p;
}

static void assert_handler_error(const char *code, const char *error)
{
    struct project *p = load_handler(code);
    project_handle(p, "{\"a\":1}");
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_contains(project_error(p), error);
    assert_int_equal(p->n_sends, 0);
    project_free(p);
}

/* ---- SyncManager.new ---- */

static void assert_channel(const char *options, const char *channel, const char *url)
{
    struct buf script = {0};
    buf_printf(&script, "\nSyncManager.new{ %s }:start()", options);
    struct project *p = load(script.data);
    const struct script_manager *m = script_manager_at(p->machine, 0);
    assert_int_equal(script_manager_count(p->machine), 1);
    assert_string_equal(m->channel.data, channel);
    assert_true(slice_is_equal(m->url, slice_str(url)));
    assert_true(m->is_started);
    assert_string_equal(m->file.data, "scripts/s.lua");
    assert_int_equal(m->line, 2);
    buf_deinit(&script);
    project_free(p);
}

static void test_a_channel_is_its_name_or_its_url_without_credentials(void **state)
{
    (void)state;
    assert_channel("", "embedded", "");
    assert_channel("eventBusUrl = 'embedded'", "embedded", "");
    assert_channel("eventBusUrl = 'http://hms-sys:9000/events'", "http://hms-sys:9000/events",
                   "http://hms-sys:9000/events");
    assert_channel("eventBusUrl = 'https://me:p@ss@bus/x?a=b@c'", "https://bus/x?a=b@c",
                   "https://me:p@ss@bus/x?a=b@c");
    assert_channel("eventBusUrl = 'nats://u@h', name = 'bus'", "bus", "nats://u@h");
}

static void test_headers_and_dead_letters_of_a_channel_are_read(void **state)
{
    (void)state;
    setenv("BUS_TOKEN", "tok3n\n", 1);
    struct project *p =
        load("SyncManager.new{ name = 'a', eventBusUrl = 'http://b',\n"
             "headers = { ['X-B'] = 2, Authorization = 'Bearer ' .. secret 'BUS_TOKEN' },\n"
             "deadLetters = false }:start()\n"
             "SyncManager.new{ deadLetters = true }:start()\n"
             "SyncManager.new{ eventBusUrl = 'https://c' }:start()\n"
             "SyncManager.new{ eventBusUrl = 'nats://d' }:start()");
    const struct script_manager *m = script_manager_at(p->machine, 0);
    assert_int_equal(m->n_headers, 2);
    assert_string_equal(m->headers[0].name.data, "Authorization");
    assert_string_equal(m->headers[0].value.data, "Bearer tok3n");
    assert_string_equal(m->headers[1].value.data, "2");
    assert_false(m->dead_letters);
    assert_true(script_manager_at(p->machine, 1)->dead_letters);
    assert_true(script_manager_at(p->machine, 2)->dead_letters);
    assert_false(script_publishes(p->machine, SLICE_LIT("a")));
    assert_false(script_publishes(p->machine, SLICE_LIT("embedded")));
    assert_true(script_publishes(p->machine, SLICE_LIT("https://c")));
    assert_false(script_publishes(p->machine, SLICE_LIT("nats://d")));
    assert_false(script_publishes(p->machine, SLICE_LIT("none")));
    project_free(p);
    unsetenv("BUS_TOKEN");
}

static void test_wrong_options_of_a_manager_are_told(void **state)
{
    (void)state;
    assert_problem(
        "\nSyncManager.new{ eventBusURL = 'x' }",
        "scripts/s.lua:2: SyncManager.new: there is no option `eventBusURL`: did you mean "
        "`eventBusUrl`?");
    assert_problem("SyncManager.new{ eventBusUrl = 5 }",
                   "`eventBusUrl` must be a string or a secret");
    assert_problem("SyncManager.new{ eventBusUrl = 'ftp://x' }",
                   "`eventBusUrl` must begin with http://");
    assert_problem("SyncManager.new{ eventBusUrl = 'hms-sys' }",
                   "`eventBusUrl` must begin with http://");
    assert_problem("SyncManager.new{ deadLetters = 'no' }", "`deadLetters` must be true or false");
    assert_problem("SyncManager.new{ headers = { a = 'x\\ny' } }",
                   "header `a` must be a text of one line");
    assert_problem("SyncManager.new('http://x')", "its options must be a table, not a string");
}

static void test_managers_of_one_channel_must_agree(void **state)
{
    (void)state;
    assert_problem(
        "SyncManager.new{ eventBusUrl = 'http://x' }\n"
        "SyncManager.new{ eventBusUrl = 'http://x', headers = { a = '1' } }",
        "scripts/s.lua:2: SyncManager.new: the channel http://x is made with other headers at "
        "scripts/s.lua:1");
    assert_problem("SyncManager.new{ eventBusUrl = 'http://a:b@x' }\n"
                   "SyncManager.new{ eventBusUrl = 'http://c:d@x' }",
                   "is made with another URL at scripts/s.lua:1");
    assert_problem("SyncManager.new{}\nSyncManager.new{ name = 'own' }",
                   "scripts/s.lua:2: SyncManager.new: POST /events feeds one channel, which "
                   "scripts/s.lua:1 calls embedded: give this one the same `name`");
    assert_problem("SyncManager.new{ eventBusUrl = 'http://x', name = 'embedded' }",
                   "`name` can't be \"embedded\" with an `eventBusUrl`");
    struct project *p =
        load("SyncManager.new{ eventBusUrl = 'http://x', headers = { a = '1' } }:start()\n"
             "SyncManager.new{ eventBusUrl = 'http://x', headers = { a = '1' } }:start()");
    assert_int_equal(script_manager_count(p->machine), 2);
    project_free(p);
}

/* ---- sync:on ---- */

static void test_handlers_are_registered_with_their_options(void **state)
{
    (void)state;
    struct project *p = load("local s = SyncManager.new{ name = 'bus' }\n"
                             "s:on('a', print)\n"
                             "s:on('b.*', { name = 'mine', key = print, filter = print }, print)\n"
                             "s:on('*', {}, print) s:start()");
    assert_int_equal(script_handler_count(p->machine), 3);
    const struct script_handler *h = script_handler_at(p->machine, 1);
    assert_string_equal(h->name.data, "mine");
    assert_string_equal(h->pattern.data, "b.*");
    assert_string_equal(h->channel.data, "bus");
    assert_true(h->has_key && h->has_filter);
    assert_true(slice_is_equal(h->file, SLICE_LIT("scripts/s.lua")));
    assert_false(script_handler_at(p->machine, 0)->has_key);
    assert_false(script_handler_at(p->machine, 2)->has_filter);
    project_free(p);
}

static void test_wrong_registrations_are_told(void **state)
{
    (void)state;
    assert_problem("local s = SyncManager.new{}\ns:on('a', { nam = 'x' }, print)",
                   "scripts/s.lua:2: sync:on: there is no option `nam`: did you mean `name`?");
    assert_problem("SyncManager.new{}:on('a*b', print)", "sync:on: ");
    assert_problem("SyncManager.new{}:on('', print)", "sync:on: ");
    assert_problem("SyncManager.new{}:on(5, print)", "takes the event's type as a string");
    assert_problem("SyncManager.new{}:on('a')",
                   "takes the handler last: a function of the event, not nil");
    assert_problem("SyncManager.new{}:on('a', { key = 'id' }, print)",
                   "`key` must be a function of the event");
    assert_problem("local s = SyncManager.new{}\ns.on('a', print)",
                   "scripts/s.lua:2: write sync:on with a colon");
    assert_problem("local s = SyncManager.new{}\ns:on('a', { name = 'x' }, print)\n"
                   "s:on('b', { name = 'x' }, print)",
                   "scripts/s.lua:3: sync:on: there is a handler named \"x\" already");
}

static void test_registering_in_a_handler_is_an_error(void **state)
{
    (void)state;
    assert_handler_error("sync:on('x', print)", "sync:on belongs at the top of a script");
    assert_handler_error("sync:start()", "sync:start() belongs at the end of a script");
    assert_handler_error("SyncManager.new{}", "SyncManager.new belongs at the top of a script");
}

/* ---- key and filter ---- */

static int read_key(const char *code, const char *data, struct buf *key, bool *has_key,
                    struct err *err)
{
    struct buf script = {0};
    buf_printf(
        &script,
        "local s = SyncManager.new{}\n"
        "s:on('t', { key = function(event) %s end, filter = function(event) %s end }, print)\n"
        "s:start()",
        code, code);
    struct project *p = load(script.data);
    struct event *event = project_event("t", data);
    int rc = script_handler_key(p->machine, 0, event, key, has_key, err);
    event_unref(event);
    buf_deinit(&script);
    project_free(p);
    return rc;
}

static void assert_key(const char *code, const char *expected)
{
    struct buf key = {0};
    struct err err = {0};
    bool has_key = false;
    assert_int_equal(read_key(code, "{\"big\":12345678901234567890}", &key, &has_key, &err), 0);
    assert_int_equal(has_key, expected != NULL);
    if (expected)
        assert_string_equal(key.data, expected);
    buf_deinit(&key);
}

static void test_a_key_is_text_or_a_number_or_none(void **state)
{
    (void)state;
    assert_key("return event.type .. '/x'", "t/x");
    assert_key("return 42", "42");
    assert_key("return event.data.big", "12345678901234567890");
    assert_key("return nil", NULL);
    assert_key("return null", NULL);
    assert_key("", NULL);
}

static void assert_key_error(const char *code, const char *error)
{
    struct buf key = {0};
    struct err err = {0};
    bool has_key;
    assert_int_equal(read_key(code, "{}", &key, &has_key, &err), -1);
    assert_contains(err.message, error);
    buf_deinit(&key);
}

static void test_a_key_that_fails_is_an_error(void **state)
{
    (void)state;
    assert_key_error(
        "return {}",
        "scripts/s.lua:2: s/t#1: `key` must return a string, a number or nil, not an object");
    assert_key_error("return 'k' .. 1700000000123456",
                     "`key` returned 1.7000000001235e+15, a number whose digits .. has cut");
    assert_key_error("return 1 / 0", "a string, a number or nil, not NaN or infinity");
    assert_key_error("return event.data.x.y", "scripts/s.lua:2: event.data.x.y: data has no x");
    if (PROJECT_CAN_STOP)
        assert_key_error("while true do end", "s/t#1 was stopped: it ran longer than 100ms");
    assert_key_error("http.get('http://x')", "http.get can't be used in `key` or `filter`");
    assert_key_error("skip 'x'", "skip can't be used in `key` or `filter`");
}

static void test_a_filter_passes_what_is_true(void **state)
{
    (void)state;
    struct project *p =
        load("local s = SyncManager.new{}\n"
             "s:on('t', { filter = function(event) return event.data.ok end }, print) s:start()");
    const struct {
        const char *data;
        bool passes;
    } cases[] = {{"{\"ok\":true}", true},
                 {"{\"ok\":1}", true},
                 {"{\"ok\":false}", false},
                 {"{}", false},
                 {"{\"ok\":null}", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct event *event = project_event("t", cases[i].data);
        struct err err = {0};
        bool passes = !cases[i].passes;
        assert_int_equal(script_handler_filter(p->machine, 0, event, &passes, &err), 0);
        assert_int_equal(passes, cases[i].passes);
        event_unref(event);
    }
    project_free(p);
}

/* ---- the event ---- */

static void test_an_event_has_cloudevents_names(void **state)
{
    (void)state;
    char *got = project_eval(
        "local e = event; return { e.id, e.type, e.source, e.subject, e.time, e.key, e.data.x }",
        "{\"x\":[]}");
    assert_string_equal(got, "[\"e1\",\"t\",\"/test\",\"s1\",\"2026-11-23T10:00:00Z\",\"s1\",[]]");
    free(got);
}

static void handle_parts(struct project *p, struct event_parts parts)
{
    struct event *event = event_new(&parts);
    struct script_run *run = script_handle(p->machine, 0, event, SLICE_NULL, NULL, p);
    assert_null(run);
    event_unref(event);
}

static void test_extension_attributes_stand_beside_the_names(void **state)
{
    (void)state;
    struct project *p = load_handler(
        "sync:send{ connector = 'out', data = { event.traceparent, event.num, event.id, "
        "event.data == nil } }");
    handle_parts(
        p, (struct event_parts){.channel = SLICE_LIT("c"),
                                .id = SLICE_LIT("real"),
                                .type = SLICE_LIT("t"),
                                .attributes = SLICE_LIT("{\"traceparent\":\"00-a\",\"num\":7}")});
    assert_string_equal(p->sends[0].data.data, "[\"00-a\",7,\"real\",true]");
    project_free(p);
}

static void test_data_that_is_no_json_is_a_string(void **state)
{
    (void)state;
    struct project *p = load_handler("sync:send{ connector = 'out', data = { #event.data } }\n"
                                     "sync:send{ connector = 'out', data = event.data }");
    handle_parts(p, (struct event_parts){.channel = SLICE_LIT("c"),
                                         .id = SLICE_LIT("i"),
                                         .type = SLICE_LIT("t"),
                                         .data = SLICE_LIT("\xff\x00x"),
                                         .data_kind = EVENT_DATA_BYTES});
    assert_string_equal(p->sends[0].data.data, "[3]");
    assert_false(p->sends[1].has_data);
    project_free(p);
}

/* ---- sync:send ---- */

static void test_a_send_reaches_the_port(void **state)
{
    (void)state;
    struct project *p = load_handler(
        "local d = sync:send{ connector = 'out', data = { b = 1, a = 2 }, key = 'k', "
        "transformer = 'plain', "
        "delay = '5s', expires = 60 }\n"
        "sync:send{ connector = 'out', data = { d.id, d.connector, d.key } }\n"
        "local e = sync:send{ connector = 'out', data = 1, key = 12 }\n"
        "local f = sync:send{ connector = 'out', data = null, key = event.key .. 'x' }\n"
        "local g = sync:send{ connector = 'out', data = 1 }\n"
        "sync:send{ connector = 'out', data = { f.key, g.key } }");
    p->key = "the handler's";
    project_handle(p, "{}");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_int_equal(p->n_sends, 6);
    assert_string_equal(p->sends[0].connector.data, "out");
    assert_string_equal(p->sends[0].data.data, "{\"a\":2,\"b\":1}");
    assert_string_equal(p->sends[0].key.data, "k");
    assert_string_equal(p->sends[0].transformer.data, "plain");
    assert_int_equal(p->sends[0].delay_ms, 5000);
    assert_int_equal(p->sends[0].expires_ms, 60000);
    assert_string_equal(p->sends[1].data.data, "[\"sent-1\",\"out\",\"k\"]");
    assert_string_equal(p->sends[1].key.data, "the handler's");
    assert_int_equal(p->sends[1].expires_ms, 0);
    assert_string_equal(p->sends[2].key.data, "12");
    assert_string_equal(p->sends[3].data.data, "null");
    assert_string_equal(p->sends[3].key.data, "s1x");
    assert_string_equal(p->sends[5].data.data, "[\"s1x\",\"the handler's\"]");
    project_free(p);
}

static void assert_is_passed_on(const char *code, const char *data, bool is)
{
    struct project *p = load_handler(code);
    project_handle(p, data);
    assert_int_equal(p->n_sends, 1);
    assert_int_equal(!p->sends[0].has_data, is);
    project_free(p);
}

static void test_data_passed_on_as_it_came_is_not_sent_again(void **state)
{
    (void)state;
    const char *data = "{ \"z\": [1, 2],\n \"a\": {\"n\": null, \"big\": 12345678901234567890} }";
    const char *pass_on = "sync:send{ connector = 'out', data = event.data }";
    assert_is_passed_on(pass_on, data, true);
    assert_is_passed_on(pass_on, "[]", true);
    assert_is_passed_on(pass_on, "\"text\"", true);
    assert_is_passed_on(pass_on, NULL, true);
    assert_is_passed_on("event.data.z[1] = 7 sync:send{ connector = 'out', data = event.data }",
                        data, false);
    assert_is_passed_on("event.data.a = nil sync:send{ connector = 'out', data = event.data }",
                        data, false);
    assert_is_passed_on("sync:send{ connector = 'out', data = event.data.z }", data, false);
    assert_is_passed_on("event.data.z[3] = 3 sync:send{ connector = 'out', data = event.data }",
                        data, false);
    assert_is_passed_on("event.data.b = 1 sync:send{ connector = 'out', data = event.data }", data,
                        false);
    assert_is_passed_on("sync:send{ connector = 'out', data = {} }", "[]", false);
    assert_is_passed_on("sync:send{ connector = 'out', data = array{} }", "{}", false);
    assert_is_passed_on("event.data.z[1] = 1 sync:send{ connector = 'out', data = event.data }",
                        data, true);
    assert_is_passed_on("local copy = {} for k, v in pairs(event.data) do copy[k] = v end "
                        "sync:send{ connector = 'out', data = copy }",
                        data, false);
    assert_is_passed_on(pass_on, "{\"a\":1,\"a\":2}", true);
    assert_is_passed_on("local a = event.data.a sync:send{ connector = 'out', data = event.data }",
                        "{\"a\":1,\"a\":2}", false);
}

static void test_wrong_sends_say_what_to_write(void **state)
{
    (void)state;
    assert_handler_error(
        "sync:send{ connector = 'out', dat = 1 }",
        "scripts/s.lua:3: sync:send: there is no option `dat`: did you mean `data`?");
    assert_handler_error("sync:send{ data = 1 }", "`connector` is missing");
    assert_handler_error("local n = 'Out' sync:send{ connector = n, data = 1 }",
                         "no connector \"Out\": did you mean \"out\"?");
    assert_handler_error("local n = 'zzz' sync:send{ connector = n, data = 1 }",
                         "no connector \"zzz\": make connectors/zzz.lua");
    assert_handler_error("sync:send{ connector = 'out', data = event.data.typo }",
                         "`data` is missing (nil); write null where nothing is meant");
    assert_handler_error("sync:send{ connector = 'out', data = { f = print } }",
                         "sync:send: data.f: a function can't be sent");
    assert_handler_error("sync:send{ connector = 'out', data = 1, key = {} }",
                         "`key` must be a string or a number, not an object");
    assert_handler_error("sync:send{ connector = 'out', data = 1, key = 0 / 0 }",
                         "`key` must be a string or a number, not NaN or infinity");
    assert_handler_error("sync:send{ connector = 'out', data = 1, delay = 'soon' }",
                         "`delay`: \"soon\" is no duration");
    assert_handler_error("sync:send{ connector = 'out', data = 1, expires = 0 }",
                         "`expires` must be more than 0");
    assert_handler_error(
        "local n = 'plan' sync:send{ connector = 'out', data = 1, transformer = n }",
        "no transformer \"plan\": make transformers/plan.lua");
    assert_handler_error(
        "sync:send{ connector = 'out', data = 1, transformer = print }",
        "`transformer` must be the name of a file in transformers/, not a function");
    assert_handler_error("sync.send{ connector = 'out', data = 1 }",
                         "write sync:send{…} with a colon");
    assert_handler_error("sync:send()", "sync:send takes a table");
}

static void test_what_the_port_refuses_is_the_scripts_error(void **state)
{
    (void)state;
    struct project *p = load_handler("sync:send{ connector = 'out', data = 1 }");
    p->refuse_send = "the journal is full";
    project_handle(p, "{}");
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_contains(project_error(p), "scripts/s.lua:3: sync:send: the journal is full");
    project_free(p);
}

static void test_a_send_outside_of_a_handler_says_so(void **state)
{
    (void)state;
    assert_problem("local sync = SyncManager.new{}\nsync:send{ connector = x, data = 1 }",
                   "scripts/s.lua:2: sync:send works inside a handler only");
    struct project *p = project_new();
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_write(p, "connectors/out.lua",
                  "local sync = SyncManager.new{}\nsync:start()\n"
                  "return function() sync:send{ connector = 'out', data = 1 } end");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    assert_contains(project_error(p),
                    "connectors/out.lua:3: sync:send works inside a handler only");
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_channel_is_its_name_or_its_url_without_credentials),
        cmocka_unit_test(test_headers_and_dead_letters_of_a_channel_are_read),
        cmocka_unit_test(test_wrong_options_of_a_manager_are_told),
        cmocka_unit_test(test_managers_of_one_channel_must_agree),
        cmocka_unit_test(test_handlers_are_registered_with_their_options),
        cmocka_unit_test(test_wrong_registrations_are_told),
        cmocka_unit_test(test_registering_in_a_handler_is_an_error),
        cmocka_unit_test(test_a_key_is_text_or_a_number_or_none),
        cmocka_unit_test(test_a_key_that_fails_is_an_error),
        cmocka_unit_test(test_a_filter_passes_what_is_true),
        cmocka_unit_test(test_an_event_has_cloudevents_names),
        cmocka_unit_test(test_extension_attributes_stand_beside_the_names),
        cmocka_unit_test(test_data_that_is_no_json_is_a_string),
        cmocka_unit_test(test_a_send_reaches_the_port),
        cmocka_unit_test(test_data_passed_on_as_it_came_is_not_sent_again),
        cmocka_unit_test(test_wrong_sends_say_what_to_write),
        cmocka_unit_test(test_what_the_port_refuses_is_the_scripts_error),
        cmocka_unit_test(test_a_send_outside_of_a_handler_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
