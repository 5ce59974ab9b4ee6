/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* An event's data are a table like any other, whoever looks into it first, and by what way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

#define DATA "{ \"b\": 1, \"a\": [2, 3], \"c\": {\"d\": null} }"

/* What a connector that returns this expression finds, as JSON, with DATA in `data`. */
static void assert_finds(const char *expression, const char *expected)
{
    struct project *p = project_new();
    struct buf text = {0};
    buf_printf(
        &text,
        "local function count(t) local n = 0 for _ in pairs(t) do n = n + 1 end return n end\n"
        "local function look(data) %s end\n"
        "return function(data) reject(json.encode(look(data))) end",
        expression);
    project_write(p, "connectors/out.lua", text.data);
    project_write(p, "scripts/s.lua", "");
    project_load_well(p);
    project_attempt_event(p, "out", DATA);
    assert_string_equal(project_error(p), expected);
    assert_int_equal(p->result.end, SCRIPT_REJECT);
    buf_deinit(&text);
    project_free(p);
}

static void test_members_are_found(void **state)
{
    (void)state;
    assert_finds("return data.b", "1");
    assert_finds("return data.a[2]", "3");
    assert_finds("return data.nothing == nil", "true");
    assert_finds("return data[1] == nil", "true");
    assert_finds("return get(data, 'a[1]')", "2");
    assert_finds("return get(data, 'c.d', 'none')", "\"none\"");
    assert_finds("return setmetatable({}, { __index = data }).b", "1");
    assert_finds("return (string.gsub('b', 'b', data))", "\"1\"");
}

static void test_members_are_walked_over(void **state)
{
    (void)state;
    assert_finds("return count(data)", "3");
    assert_finds("return next(data) ~= nil", "true");
    assert_finds("return (pcall(next, data, 'b'))", "true");
    assert_finds("local n = 0 for k in next, data do n = n + 1 end return n", "3");
    assert_finds("local n = 0 for k in next, data do data[k] = nil end return count(data)", "0");
    assert_finds("return #data", "0");
    assert_finds("for _ in ipairs(data) do return 'one' end return 'none'", "\"none\"");
    assert_finds("return select('#', unpack(data))", "0");
    assert_finds("return table.concat(data)", "\"\"");
    assert_finds("return table.maxn(data)", "0");
    assert_finds("return table.remove(data) == nil", "true");
    assert_finds("table.sort(data) return count(data)", "3");
}

static void test_members_are_set(void **state)
{
    (void)state;
    assert_finds("data.b = 5 return { data.b, count(data) }", "[5,3]");
    assert_finds("data.x = 5 return { data.x, data.b, count(data) }", "[5,1,4]");
    assert_finds("data.b = nil return count(data)", "2");
    assert_finds("rawset(data, 'b', 5) return { data.b, count(data) }", "[5,3]");
    assert_finds("table.insert(data, 7) return { data[1], data.b, #data, count(data) }",
                 "[7,1,1,4]");
    assert_finds("table.insert(data, 7) return (pcall(http.post, 'http://h', { json = data }))",
                 "false");
    assert_finds("table.insert(data, 7) return { table.remove(data), count(data) }", "[7,3]");
    assert_finds("table.move({ 7 }, 1, 1, 1, data) return { data[1], count(data) }", "[7,4]");
    assert_finds("setmetatable({}, { __newindex = data }).x = 5 return { data.x, count(data) }",
                 "[5,4]");
}

static void test_it_has_no_metatable(void **state)
{
    (void)state;
    assert_finds("return getmetatable(data) == nil", "true");
    assert_finds("local mt = { __index = function() return 9 end }\n"
                 "setmetatable(data, mt)\n"
                 "return { data.zzz, data.b, getmetatable(data) == mt, count(data) }",
                 "[9,1,true,3]");
    assert_finds("return { rawget(data, 'b'), rawget(data, 'x') == nil, rawequal(data, data) }",
                 "[1,true,true]");
    assert_finds("return type(data)", "\"table\"");
    assert_finds("return tostring(data) == tostring(data)", "true");
    assert_finds("local _, e = pcall(error, data) return e.b", "1");
}

static void test_it_is_written(void **state)
{
    (void)state;
    const char *anew = "{\"a\":[2,3],\"b\":1,\"c\":{\"d\":null}}";
    assert_finds("return data", anew);
    assert_finds("return { x = data }", "{\"x\":{\"a\":[2,3],\"b\":1,\"c\":{\"d\":null}}}");
    assert_finds("data.c = nil return data", "{\"a\":[2,3],\"b\":1}");
    assert_finds("return #require('cjson').encode(data)", "32");
    assert_finds("log.info('seen', data) return count(data)", "3");
}

static void assert_request(const char *options, const char *event_data, const char *request)
{
    struct project *p = project_new();
    struct buf text = {0};
    buf_printf(&text, "return function(data) http.get('http://h', %s) end", options);
    project_write(p, "connectors/out.lua", text.data);
    project_write(p, "scripts/s.lua", "");
    project_load_well(p);
    project_attempt_event(p, "out", event_data);
    assert_int_equal(p->n_requests, 1);
    assert_string_equal(project_request_text(p, 0), request);
    buf_deinit(&text);
    project_free(p);
}

static void test_it_serves_as_options(void **state)
{
    (void)state;
    assert_request("{ query = data }", "{\"a\":1}", "GET http://h?a=1\n\n");
    assert_request("{ headers = data }", "{\"A\":\"x\"}", "GET http://h\nA: x\n\n");
    assert_request("data", "{\"query\":{\"a\":1}}", "GET http://h?a=1\n\n");
}

/* Its text is its own: the event may be gone. */
static void test_it_may_be_looked_into_after_its_run(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua",
                  "local kept\n"
                  "return function(data)\n"
                  "  if not kept then kept = data return end\n"
                  "  reject(json.encode { kept.b, data.b })\n"
                  "end");
    project_write(p, "scripts/s.lua", "");
    project_load_well(p);
    project_attempt_event(p, "out", "{\"b\":1}");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    project_attempt_event(p, "out", "{\"b\":2}");
    assert_string_equal(project_error(p), "[1,2]");
    project_free(p);
}

/* Tables of what is only passed on have no room for members; one may be looked into nevertheless. */
static void test_one_of_many_that_are_passed_on_may_be_looked_into(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua",
                  "local n = 0\n"
                  "return function(data)\n"
                  "  n = n + 1\n"
                  "  if n > 200 then reject(json.encode { data.b, data }) end\n"
                  "end");
    project_write(p, "scripts/s.lua", "");
    project_load_well(p);
    for (int i = 0; i < 200; i++)
        project_attempt_event(p, "out", DATA);
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    for (int i = 0; i < 2; i++) {
        project_attempt_event(p, "out", DATA);
        assert_string_equal(project_error(p), "[1,{\"a\":[2,3],\"b\":1,\"c\":{\"d\":null}}]");
    }
    project_free(p);
}

static void test_each_handler_has_its_own(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua", "return print");
    project_write(p, "scripts/s.lua",
                  "local s = SyncManager.new{}\n"
                  "local first\n"
                  "s:on('t', function(event) first = event.data first.b = 7 end)\n"
                  "s:on('t', function(event) first.b = 8 reject(json.encode(event.data)) end)\n"
                  "s:start()");
    project_load_well(p);
    project_handle_at(p, 0, DATA);
    project_handle_at(p, 1, "{ \"b\": 1 }");
    assert_string_equal(project_error(p), "{\"b\":1}");
    project_free(p);
}

/* One text of 20 MB is within the limit of the test's machine, two are not. */
static void test_what_there_is_no_memory_for_stays_unread(void **state)
{
    (void)state;
    struct buf data = {0};
    buf_add_str(&data, "{ \"a\": 1, \"b\": \"");
    size_t from = data.len;
    buf_reserve(&data, 20 << 20);
    memset(data.data + from, 'x', 20 << 20);
    data.len = from + (20 << 20);
    buf_add_str(&data, "\" }");
    struct project *p = project_new();
    project_write(p, "connectors/out.lua",
                  "return function(data)\n"
                  "  if pcall(function() return data.a end) then reject('it was read') end\n"
                  "  http.post('http://h', { json = data })\n"
                  "end");
    project_write(p, "scripts/s.lua", "");
    p->options.handler_time_ms = 10000; /* slow under valgrind */
    project_load_well(p);
    project_attempt_event(p, "out", data.data);
    if (p->n_requests == 0)
        fail_msg("no request: %s", project_error(p));
    assert_string_equal(strstr(project_request_text(p, 0), "\n\n") + 2, data.data);
    buf_deinit(&data);
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_are_found),
        cmocka_unit_test(test_members_are_walked_over),
        cmocka_unit_test(test_members_are_set),
        cmocka_unit_test(test_it_has_no_metatable),
        cmocka_unit_test(test_it_is_written),
        cmocka_unit_test(test_it_serves_as_options),
        cmocka_unit_test(test_it_may_be_looked_into_after_its_run),
        cmocka_unit_test(test_one_of_many_that_are_passed_on_may_be_looked_into),
        cmocka_unit_test(test_each_handler_has_its_own),
        cmocka_unit_test(test_what_there_is_no_memory_for_stays_unread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
