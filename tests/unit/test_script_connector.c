/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* connector "NAME" { … }, and the connector for ClickHouse that is used so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

/* A project whose connector `out` is that text. */
static struct project *new_project(const char *out)
{
    struct project *p = project_new();
    p->options.data_dir = LIAISON_SOURCE_DIR;
    project_write(p, "connectors/out.lua", out);
    project_write(p, "scripts/main.lua",
                  "local sync = SyncManager.new{}\n"
                  "sync:on('t', function() sync:send{ connector = 'out', data = {} } end)\n"
                  "sync:start()");
    return p;
}

static void assert_refused(const char *out, const char *text)
{
    struct project *p = new_project(out);
    assert_false(project_load(p));
    if (!strstr(p->problems.data, text))
        fail_msg("%s: %s", out, p->problems.data);
    project_free(p);
}

static void test_wrong_options_are_named(void **state)
{
    (void)state;
    assert_refused("return connector 'clickhouse' { url = 'http://x', tabel = 'a' }",
                   "connector \"clickhouse\": there is no option `tabel`: did you mean `table`?");
    assert_refused("return connector 'clickhouse' { url = 'http://x' }",
                   "connector \"clickhouse\" needs `table`: the table, whose columns");
    assert_refused("return connector 'clickhouse' { url = 'http://x', table = 7 }",
                   "`table` must be a string, not a number");
    assert_refused("return connector 'clickhouse' 'x'",
                   "its options must be a table, not a string");
    assert_refused("return connector 'nothing' {}", "none of that name ships with Liaison");
    assert_refused("return connector {}", "connector takes a name");
    assert_refused("return connector 'calendarApi' { a = 1 }",
                   "connector \"calendarApi\" takes no options");
    assert_refused("return connector 'out' {}", "none of that name ships with Liaison");
}

static void test_what_takes_options_is_no_connector_itself(void **state)
{
    (void)state;
    struct project *p = new_project("return function() end");
    project_write(p, "scripts/other.lua",
                  "local sync = SyncManager.new{}\n"
                  "sync:on('u', function() sync:send{ connector = 'clickhouse', data = {} } end)\n"
                  "sync:start()");
    assert_false(project_load(p));
    assert_non_null(
        strstr(p->problems.data,
               "the connector \"clickhouse\" takes options: make a file of connectors/"));
    project_free(p);
}

static void test_files_of_the_project_take_options_too(void **state)
{
    (void)state;
    struct project *p = new_project("return connector 'base' { url = 'http://x' }");
    project_write(p, "connectors/base.lua",
                  "return { options = { { name = 'url', type = 'text', required = true }, "
                  "{ name = 'path', type = 'string', default = '/p' } },\n"
                  "new = function(o) return function(data) http.get(o.url .. o.path) end end }");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    assert_non_null(strstr(project_request_text(p, 0), "GET http://x/p\n"));
    project_free(p);
}

static struct project *new_warehouse(void)
{
    setenv("CONNECTOR_PASSWORD", "s3cret-password", 1);
    struct project *p =
        new_project("return connector 'clickhouse' { url = 'http://ch:8123', table = 'a`b', "
                    "database = 'd', password = secret 'CONNECTOR_PASSWORD' }");
    project_load_well(p);
    unsetenv("CONNECTOR_PASSWORD");
    project_attempt(p, "out", "{\"id\":12345678901234567890}");
    return p;
}

static void test_clickhouse_gets_a_row(void **state)
{
    (void)state;
    struct project *p = new_warehouse();
    const char *request = project_request_text(p, 0);
    assert_non_null(strstr(
        request, "POST http://ch:8123?date_time_input_format=best_effort&query=INSERT%20INTO%20"
                 "%60d%60.%60a%5C%60b%60%20FORMAT%20JSONEachRow\n"));
    assert_non_null(strstr(request, "X-ClickHouse-User: default\n"));
    assert_non_null(strstr(request, "X-ClickHouse-Key: s3cret-password\n"));
    assert_non_null(strstr(request, "\n\n{\"id\":12345678901234567890}\n"));
    project_answer(p, 200, "");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    project_free(p);
}

/* ClickHouse refuses a request that says twice who inserts. */
static void test_clickhouse_may_be_told_by_auth_who_inserts(void **state)
{
    (void)state;
    struct project *p = new_project("return connector 'clickhouse' { url = 'http://ch:8123', "
                                    "table = 't', auth = { bearer = 'token' } }");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    assert_null(strstr(project_request_text(p, 0), "X-ClickHouse-"));
    assert_string_equal(p->requests[0].auth.data, "bearer=token");
    project_free(p);
    assert_refused("return connector 'clickhouse' { url = 'http://x', table = 't', user = 'me', "
                   "auth = { basic = { user = 'me', password = '' } } }",
                   "connector \"clickhouse\": `auth` says who inserts: leave `user` and "
                   "`password` out");
}

static void answer_with_code(struct project *p, const char *code)
{
    const struct script_header header = {SLICE_LIT("X-ClickHouse-Exception-Code"), slice_str(code)};
    const struct script_answer answer = {
        .status = 500, .headers = &header, .n_headers = 1, .body = SLICE_LIT("Code: 27.")};
    project_answer_with(p, &answer);
}

static void test_clickhouse_refuses_a_bad_row_for_good(void **state)
{
    (void)state;
    struct project *p = new_warehouse();
    answer_with_code(p, "27");
    assert_int_equal(p->result.end, SCRIPT_REJECT);
    assert_string_equal(project_error(p), "ClickHouse refuses the row: Code: 27.");
    project_free(p);
    p = new_warehouse();
    answer_with_code(p, "241"); /* its memory is full just now */
    assert_int_equal(p->result.end, SCRIPT_HTTP);
    assert_int_equal(p->result.status, 500);
    project_free(p);
    p = new_warehouse();
    project_answer(p, 500, "Code: 27, e.displayText()"); /* as older ones do, without the header */
    assert_int_equal(p->result.end, SCRIPT_REJECT);
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_options_are_named),
        cmocka_unit_test(test_what_takes_options_is_no_connector_itself),
        cmocka_unit_test(test_files_of_the_project_take_options_too),
        cmocka_unit_test(test_clickhouse_gets_a_row),
        cmocka_unit_test(test_clickhouse_may_be_told_by_auth_who_inserts),
        cmocka_unit_test(test_clickhouse_refuses_a_bad_row_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
