/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Lines that hold code, and those that ran. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script/lines.h"
#include "script/sources.h"
#include "script/spec.h"
#include "script_project.h"

/* "1 3 4" */
static void add_text(struct buf *out, const struct lines *lines)
{
    for (size_t line = 1; lines && line <= lines->last; line++)
        if (lines_have(lines, line))
            buf_printf(out, "%s%zu", out->len > 0 ? " " : "", line);
}

static void assert_lines(const struct lines *lines, const char *expected)
{
    struct buf text = {0};
    buf_add_str(&text, "");
    add_text(&text, lines);
    assert_string_equal(text.data, expected);
    buf_deinit(&text);
}

static void a_set_holds_what_was_added(void **state)
{
    (void)state;
    struct lines some = {0}, others = {0};
    assert_false(lines_have(NULL, 1));
    assert_false(lines_have(&some, 1));
    lines_add(&some, 1);
    lines_add(&some, 10000);
    lines_add(&others, 7);
    lines_add(&others, 8);
    lines_add_all(&some, &others);
    lines_add_all(&some, NULL);
    assert_lines(&some, "1 7 8 10000");
    assert_false(lines_have(&some, 9999));
    assert_false(lines_have(&some, 10001));
    lines_deinit(&some);
    lines_deinit(&others);
}

static void code_is_found_in_functions_within_functions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *lines;
    } cases[] = {
        {"", "1"},
        {"-- nothing\n\nlocal x = 1", "3"},
        {"local function f()\n\n  return function()\n    return 1\n  end\nend\nreturn f",
         "4 5 6 7"},
        {"local t = {\n  a = 1,\n  b = tostring(2),\n}\nif t.a then\n  t.a = 2\nelse\n  t.a = "
         "3\nend",
         "1 3 5 6 8 9"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct lines code = {0};
        struct err err = {0};
        assert_int_equal(lines_find_code(slice_str(cases[i].text), &code, &err), 0);
        assert_lines(&code, cases[i].lines);
        lines_deinit(&code);
    }
}

static void what_is_no_lua_holds_none(void **state)
{
    (void)state;
    struct lines code = {0};
    struct err err = {0};
    assert_int_equal(lines_find_code(SLICE_LIT("local ="), &code, &err), -1);
    assert_int_equal(lines_find_code(SLICE_LIT("\x1bLJ\x02"), &code, &err), -1);
    lines_deinit(&code);
}

static void do_nothing(void *ctx, int64_t wall_ms)
{
    (void)ctx, (void)wall_ms;
}

static int refuse(void *ctx, const struct script_ask *ask, struct buf *answer, struct err *err)
{
    (void)ctx, (void)ask, (void)answer;
    return err_set(err, ERR_INVALID, "no");
}

static void ignore(void *ctx, const struct script_spec_end *end)
{
    (void)ctx, (void)end;
}

static void lines_that_ran_are_noted_of_each_file(void **state)
{
    (void)state;
    struct project *p = project_new();
    const struct script_spec_options options = {.set_time = do_nothing, .counts_lines = true};
    const struct script_spec_host host = {.ask = refuse};
    struct buf path = {0};
    project_write(
        p, "lib/x.lua",
        "return function(n)\n  if n > 1 then\n    return 'many'\n  end\n  return 'one'\nend\n");
    project_write(p, "tests/t.lua",
                  "local x = require 'x'\nit('loops', function()\n  while true do x(1) end\nend)\n"
                  "it('goes on', function()\n  x(2)\nend)\n");
    buf_printf(&path, "%s/tests/t.lua", p->dir);
    struct sources *own = sources_read(&(struct sources_options){.project = p->dir});
    p->options.sources = sources_with_spec(own, path.data);
    p->options.spec = &options;
    project_load_well(p);
    assert_lines(script_lines_run(p->machine, SLICE_LIT("lib/x.lua")), "6");
    if (PROJECT_CAN_STOP) {
        script_spec_run(p->machine, 0, &host, ignore, NULL);
        assert_lines(script_lines_run(p->machine, SLICE_LIT("lib/x.lua")), "2 5 6");
    }
    script_spec_run(p->machine, 1, &host, ignore, NULL);
    assert_true(lines_have(script_lines_run(p->machine, SLICE_LIT("lib/x.lua")), 3));
    assert_null(script_lines_run(p->machine, SLICE_LIT("lib/y.lua")));
    sources_unref(p->options.sources);
    sources_unref(own);
    buf_deinit(&path);
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_holds_what_was_added),
        cmocka_unit_test(code_is_found_in_functions_within_functions),
        cmocka_unit_test(what_is_no_lua_holds_none),
        cmocka_unit_test(lines_that_ran_are_noted_of_each_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
