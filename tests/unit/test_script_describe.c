/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What connectors that are made by options say of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void note(void *ctx, const struct script_problem *problem)
{
    buf_printf(ctx, "%s:%d: %s\n", problem->file, problem->line, problem->text);
}

static void assert_described(struct project *p, int rc, const char *json, const char *problems)
{
    struct buf out = {0}, told = {0};
    buf_add_str(&told, "");
    assert_int_equal(script_describe_connectors(p->dir, &out, note, &told), rc);
    assert_string_equal(out.data, json);
    if (!strstr(told.data, problems) || (*problems == '\0' && told.len > 0))
        fail_msg("told: %s", told.data);
    buf_deinit(&out);
    buf_deinit(&told);
}

static void test_they_are_described_by_name(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/rows/init.lua",
                  "return { about = 'Inserts', new = function() end, options = {\n"
                  "  { name = 'url', type = 'text', required = true },\n"
                  "  { name = 'rows', type = 'number', default = 500, help = 'at once' } } }");
    project_write(p, "connectors/bare.lua", "return { new = function() end }");
    project_write(p, "connectors/plain.lua", "return function() end");
    project_write(p, "connectors/table.lua", "return { send = function() end }");
    assert_described(
        p, 0,
        "[{\"name\":\"bare\"},{\"name\":\"rows\",\"about\":\"Inserts\",\"options\":"
        "[{\"name\":\"url\",\"required\":true,\"type\":\"text\"},"
        "{\"default\":500,\"help\":\"at once\",\"name\":\"rows\",\"type\":\"number\"}]}]",
        "");
    project_free(p);
}

static void test_where_nothing_ships_the_list_is_empty(void **state)
{
    (void)state;
    struct project *p = project_new();
    assert_described(p, 0, "[]", "");
    project_free(p);
}

static void test_one_that_is_broken_is_told(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/good.lua", "return { new = function() end }");
    project_write(p, "connectors/wrong.lua", "return {");
    assert_described(p, -1, "[{\"name\":\"good\"}]", "connectors/wrong.lua:1: ");
    project_write(p, "connectors/wrong.lua",
                  "return { new = function() end, options = { { default = function() end } } }");
    assert_described(p, -1, "[{\"name\":\"good\"},{\"name\":\"wrong\"}]",
                     "connectors/wrong.lua:0: options[1].default: ");
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_they_are_described_by_name),
        cmocka_unit_test(test_where_nothing_ships_the_list_is_empty),
        cmocka_unit_test(test_one_that_is_broken_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
