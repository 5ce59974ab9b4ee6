/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Look-up tables: what is found in them, and what is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

#define ROOMS                                                                                      \
    "code,name,\"the, floor\"\nA1,Hall,1\nB2,\"The \"\"big\"\" one\",2\n,Nowhere,3\n7,Seven,\n"
#define STAFF                                                                                      \
    "[{\"id\":7,\"tags\":[],\"n\":12345678901234567890},{\"id\":\"x\\u00e9\"},{\"id\":null}]"

/* A project with one handler that sends what `expression` gives. */
static struct project *new_project(const char *expression)
{
    struct project *p = project_new();
    struct buf script = {0};
    buf_printf(&script,
               "local sync = SyncManager.new{}\n"
               "sync:on('t', function(event)\n"
               "  sync:send{ connector = 'out', data = { %s } }\n"
               "end)\nsync:start()\n",
               expression);
    project_write(p, "connectors/out.lua", "return function() end");
    project_write(p, "scripts/main.lua", script.data);
    project_write(p, "data/rooms.csv", ROOMS);
    project_write(p, "data/staff.json", STAFF);
    buf_deinit(&script);
    return p;
}

static void assert_found(const char *expression, const char *json)
{
    struct project *p = new_project(expression);
    project_load_well(p);
    project_handle(p, "{\"room\":\"B2\",\"n\":7}");
    if (p->n_sends != 1)
        fail_msg("%s: %s", expression, project_error(p));
    assert_string_equal(p->sends[0].data.data, json);
    project_free(p);
}

static void rows_are_found_by_their_keys(void **state)
{
    (void)state;
    assert_found("lookup('rooms', 'code').A1",
                 "[{\"code\":\"A1\",\"name\":\"Hall\",\"the, floor\":\"1\"}]");
    assert_found("lookup('rooms', 'code')[event.data.room].name", "[\"The \\\"big\\\" one\"]");
    assert_found("lookup('rooms', 'the, floor')[2].code", "[\"B2\"]");
    assert_found("lookup('rooms', 'code')[event.data.n].name", "[\"Seven\"]");
    assert_found("lookup('rooms', 'code')[''] == nil, lookup('rooms', 'code')[null] == nil, "
                 "lookup('rooms', 'code').C3 == nil",
                 "[true,true,true]");
    assert_found("lookup('staff', 'id')[7]", "[{\"id\":7,\"n\":12345678901234567890,\"tags\":[]}]");
    assert_found("lookup('staff', 'id')['x\\195\\169'].id", "[\"x\u00e9\"]");
    assert_found("lookup('staff', 'n')[json.decode '12345678901234567890'].id", "[7]");
}

static void rows_are_the_callers_own(void **state)
{
    (void)state;
    assert_found("(function() lookup('rooms', 'code').A1.name = 'x' "
                 "return lookup('rooms', 'code').A1.name end)()",
                 "[\"Hall\"]");
    assert_found("(pcall(function() lookup('rooms', 'code').A1 = {} end))", "[false]");
    assert_found("(pcall(pairs, lookup('rooms', 'code')))", "[false]");
}

static void assert_finding(const char *expression, const char *text)
{
    struct project *p = new_project(expression);
    (void)project_load(p);
    if (!strstr(p->problems.data, text))
        fail_msg("%s: %s", expression, p->problems.data);
    project_free(p);
}

static void literal_calls_are_checked(void **state)
{
    (void)state;
    assert_finding("lookup('room', 'code').A1",
                   "scripts/main.lua:3: lookup: there is no data/room.csv or "
                   "data/room.json: did you mean \"rooms\"?");
    assert_finding("lookup('rooms', 'kode').A1",
                   "lookup: data/rooms.csv has no column \"kode\": did you mean \"code\"?");
    assert_finding("lookup('staff', 'missing').A1",
                   "data/staff.json has no column \"missing\"; it has id, tags, n");
    assert_finding("lookup('staff', 'tags').A1",
                   "data/staff.json:1: what column \"tags\" has there is no key");
}

static void assert_refused(const char *path, const char *text, const char *problem)
{
    struct project *p = new_project("lookup('x', 'a').b");
    project_write(p, path, text);
    (void)project_load(p);
    if (!strstr(p->problems.data, problem))
        fail_msg("%s: %s", text, p->problems.data);
    project_free(p);
}

static void files_are_checked(void **state)
{
    (void)state;
    assert_refused("data/x.csv", "a,b\n1\n",
                   "data/x.csv:2: the line has fewer fields than the 2 of the header");
    assert_refused("data/x.csv", "a,b\n1,2\n\"3", "data/x.csv:3: a quote is never closed");
    assert_refused("data/x.csv", "a,b\r1,2\r", "do lines end by \\r alone?");
    assert_refused("data/x.csv", "a,a\n", "the header names \"a\" twice");
    assert_refused("data/x.csv", "", "there is no header");
    struct buf wide = {0};
    for (int i = 0; i < 5000; i++)
        buf_printf(&wide, "\"column %d\",", i);
    assert_refused("data/x.csv", wide.data, "the header has more than 4096 columns");
    buf_deinit(&wide);
    assert_refused("data/x.csv", "a\n1\n2\n1\n",
                   "data/x.csv:4: \"1\" stands in column \"a\" twice, in line 2 before");
    assert_refused("data/x.json", "{\"a\":1}", "data/x.json:0: it must be a list of objects");
    assert_refused("data/x.json", "[{\"a\":1},2]", "element 2 is no object");
    assert_refused("data/x.json", "[{\"a\":1},", "data/x.json:0: ");
    assert_refused("data/rooms.json", "[]", "has the same name");
    assert_refused("data/x.csv", "a,b\n1,2\n\xe9,3\n",
                   "data/x.csv:3: the line isn't UTF-8: save the file as UTF-8");
    assert_refused("data/x.csv",
                   "\xff\xfe"
                   "a",
                   "data/x.csv:1: the line isn't UTF-8");
}

static void what_is_asked_of_a_file_is_told_by_what_is_wrong_with_it(void **state)
{
    (void)state;
    assert_refused("data/x.csv", "a,a\n", "lookup: data/x.csv is broken: mend that first");
    assert_refused("data/x.csv", "a;b\n1;2\n",
                   "data/x.csv has no column \"a\"; it has a;b: save the file with commas");
    assert_finding("lookup('rooms.csv', 'code')",
                   "lookup: write \"rooms\", without the ending, for data/rooms.csv");
    struct project *p = new_project("lookup('none', 'code').A == nil");
    project_write(p, "data/none.json", "[]");
    project_load_well(p);
    project_handle(p, "{}");
    assert_string_equal(p->sends[0].data.data, "[true]");
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found_by_their_keys),
        cmocka_unit_test(rows_are_the_callers_own),
        cmocka_unit_test(literal_calls_are_checked),
        cmocka_unit_test(files_are_checked),
        cmocka_unit_test(what_is_asked_of_a_file_is_told_by_what_is_wrong_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
