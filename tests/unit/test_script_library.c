/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Subjects of helpers: opened when they are used, a copy for each file, out of scripts' reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script/machine.h"
#include "script_project.h"

static void test_a_subject_is_no_global_before_it_is_used(void **state)
{
    (void)state;
    assert_eval("local before = rawget(_G, 'text') == nil\n"
                "local s = text.trim ' a '\n"
                "return { before, s, rawget(_G, 'text') == text, rawget(_G, 'nothing') == nil }",
                "[true,\"a\",true,true]");
}

static void test_a_name_that_is_none_stays_nil(void **state)
{
    (void)state;
    assert_eval("return { nothing == nil, _G[1] == nil, _G['text\\0'] == nil, _G[''] == nil, "
                "_G['text.trim'] == nil, text.nothing == nil }",
                "[true,true,true,true,true,true]");
}

static void test_scripts_cannot_see_how_it_is_found(void **state)
{
    (void)state;
    assert_eval("return { getmetatable(_G), (pcall(setmetatable, _G, {})) }", "[false,false]");
}

static void test_each_file_has_its_own(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua", "return function() end");
    project_write(p, "scripts/a.lua",
                  "text.trim = function() return 'evil' end; text.new = 1\n"
                  "SyncManager.new{}:start()");
    project_write(
        p, "scripts/b.lua",
        "local sync = SyncManager.new{}\n"
        "sync:on('t', function(event)\n"
        "  sync:send{ connector = 'out', data = { text.trim ' x ', tostring(text.new) } }\n"
        "end)\nsync:start()");
    project_load_well(p);
    project_handle(p, "{}");
    assert_string_equal(p->sends[0].data.data, "[\"x\",\"nil\"]");
    project_free(p);
}

static void test_a_file_may_have_a_global_of_that_name(void **state)
{
    (void)state;
    assert_eval("text = { trim = function() return 'own' end }\nreturn text.trim ' x '", "\"own\"");
}

static void test_a_subject_that_met_the_limit_of_memory_opens_the_next_time(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua", "return function() end");
    project_write(p, "scripts/a.lua",
                  "local sync = SyncManager.new{}\n"
                  "sync:on('t', function(event)\n"
                  "  sync:send{ connector = 'out', data = text.trim ' x ' }\n"
                  "end)\nsync:start()");
    project_load_well(p);
    size_t max = p->machine->memory.max;
    for (size_t room = 0; p->n_sends == 0; room += 64) {
        p->machine->memory.max = p->machine->memory.used + room;
        project_handle(p, "{}");
        assert_true(room < 100000);
    }
    p->machine->memory.max = max;
    project_handle(p, "{}");
    assert_string_equal(p->sends[1].data.data, "\"x\"");
    project_free(p);
}

static void test_a_module_that_is_not_there_is_an_error_of_the_script(void **state)
{
    (void)state;
    struct project *p = project_new();
    p->options.module_dir = p->dir;
    project_write(p, "x.lua", "text.upper 'é'");
    project_write(p, "scripts/a.lua", "assert(text.upper 'e' == 'E')\ntext.upper 'é'");
    assert_false(project_load(p));
    assert_non_null(strstr(p->problems.data,
                           "scripts/a.lua:2: text.upper needs Liaison's module unicode, which "
                           "can't be loaded: "));
    assert_non_null(strstr(p->problems.data, "unicode.so"));
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_subject_is_no_global_before_it_is_used),
        cmocka_unit_test(test_a_name_that_is_none_stays_nil),
        cmocka_unit_test(test_scripts_cannot_see_how_it_is_found),
        cmocka_unit_test(test_each_file_has_its_own),
        cmocka_unit_test(test_a_file_may_have_a_global_of_that_name),
        cmocka_unit_test(test_a_subject_that_met_the_limit_of_memory_opens_the_next_time),
        cmocka_unit_test(test_a_module_that_is_not_there_is_an_error_of_the_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
