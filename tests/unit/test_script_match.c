/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* The pattern matcher, held against LuaJIT's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/rng.h"
#include "script_project.h"

/* Runs `code` in LuaJIT as it is; its string result is the caller's. */
static char *run_plain(const char *code)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (luaL_dostring(L, code) != 0)
        fail_msg("%s", lua_tostring(L, -1));
    char *result = mem_strdup(lua_tostring(L, -1));
    lua_close(L);
    return result;
}

/* Calls each of the four functions on each case, and shows what came: values, or that it failed. A
   wrong pattern fails at the latest when its captures are asked for: then the whole case has
   failed. */
static const char runner[] =
    "local function show(...) local t = {} for i = 1, select('#', ...) do t[i] = "
    "tostring((select(i, ...))) end\n"
    "  return table.concat(t, ',') end\n"
    "local function try(f, ...) local r = { pcall(f, ...) } if not r[1] then return 'failed' end\n"
    "  return show(unpack(r, 1, table.maxn(r))) end\n"
    "local function all(s, p) local t = {} for a, b in s:gmatch(p) do t[#t + 1] = show(a, b) if #t "
    "> 99 then break end end\n"
    "  return table.concat(t, ';') end\n"
    "local out = {}\n"
    "for i, case in ipairs(cases) do local s, p = case[1], case[2]\n"
    "  out[#out + 1] = table.concat({ try(string.find, s, p), try(string.find, s, p, 3), "
    "try(string.match, s, p),\n"
    "    try(string.match, s, p, -2), try(all, s, p), try(string.gsub, s, p, '<%0>'), "
    "try(string.gsub, s, p, '%1-', 2),\n"
    "    try(string.gsub, s, p, { a = 'A', b = false }), try(string.gsub, s, p, function(a, b) "
    "return b and a .. b end) }, '|')\n"
    "end\n"
    "for i, line in ipairs(out) do if line:find('failed', 1, true) then out[i] = 'failed' end end\n"
    "local joined = table.concat(out, '\\n'):gsub('%z', '<NUL>')\n";

static void fail_difference(const char *cases, const char *expected, const char *got)
{
    size_t at = 0;
    while (expected[at] && expected[at] == got[at])
        at++;
    size_t from = at > 60 ? at - 60 : 0;
    fail_msg("of %s\nexpected …%.100s\ngot      …%.100s", cases, expected + from, got + from);
}

static void assert_same(const char *cases)
{
    struct buf plain = {0}, ours = {0};
    buf_printf(&plain, "local cases = %s\n%sreturn joined", cases, runner);
    buf_printf(&ours, "local cases = %s\n%sreturn { joined }", cases, runner);
    char *expected = run_plain(plain.data), *got = project_eval(ours.data, "{}");
    struct buf json = {0};
    buf_add_char(&json, '[');
    json_add_string(&json, slice_str(expected));
    buf_add_char(&json, ']');
    if (strcmp(json.data, got) != 0)
        fail_difference(cases, json.data, got);
    buf_deinit(&json);
    buf_deinit(&plain);
    buf_deinit(&ours);
    free(expected);
    free(got);
}

static void test_patterns_match_as_in_lua(void **state)
{
    (void)state;
    assert_same(
        "{ {'hello world','o'}, {'hello','l+'}, {'hello','l-o'}, {'key = "
        "value','^(%w+)%s*=%s*(%w+)$'},"
        "{'aaa','a?a?a?'}, {'abc','^b'}, {'abc','c$'}, {'a$c','a$c'}, {'a.b','%.'}, {'THE (quick) "
        "fox','%((%a+)%)'},"
        "{'f(a(b)c)d','%b()'}, {'THE END','%f[%a]%a+'}, {'x','()'}, {'abcabc','(abc)%1'}, {'','' "
        "}, {'abc','' },"
        "{'a]b','[]]'}, {'a-b','[a-]+'}, {'a^b','[%^x]'}, {'abc','[^a]'}, {'09','[0-9]+'}, "
        "{'a\\0b','%z'},"
        "{'a\\0b','[%z]'}, {'x y','%S+'}, {'aXbX','.-X'}, {'  trim  ','^%s*(.-)%s*$'},"
        "{'2026-11-23','(%d+)-(%d+)-(%d+)'}, {'%d','%%d'}, {'a,b,,c','([^,]*)'}, {'abc','.*'}, "
        "{'abc','a*'} }");
}

static void test_wrong_patterns_fail_as_in_lua(void **state)
{
    (void)state;
    assert_same("{ {'a','%'}, {'a','[a'}, {'a','('}, {'a',')'}, {'a','(a'}, {'a','a)'}, "
                "{'a','%1'}, {'a','(%1)'},"
                "{'a','%b'}, {'a','%bx'}, {'a','%f'}, {'a','%fa'}, {'a','[%'}, {'a','[^'}, "
                "{'a','[]'}, {'aa','(a)%2'} }");
}

static void test_random_patterns_match_as_in_lua(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "a", "b", ".",  "%a", "%A", "%d", "[ab]", "[^a]",  "[a-b]", "*", "+", "-",    "?",
        "(", ")", "()", "^",  "$",  "%1", "%b()", "%f[a]", "%.",    "x", "]", "[%a-]"};
    struct rng rng;
    rng_init(&rng, 20261123);
    for (int round = 0; round < 20; round++) {
        struct buf cases = {0};
        buf_add_str(&cases, "{");
        for (int i = 0; i < 60; i++) {
            buf_add_str(&cases, "{'");
            for (uint64_t n = rng_upto(&rng, 8); n > 0; n--)
                buf_add_char(&cases, "aabb().1x$"[rng_upto(&rng, 9)]);
            buf_add_str(&cases, "','");
            for (uint64_t n = rng_upto(&rng, 6); n > 0; n--)
                buf_add_str(&cases, parts[rng_upto(&rng, sizeof(parts) / sizeof(parts[0]) - 1)]);
            buf_add_str(&cases, "'},");
        }
        buf_add_str(&cases, "}");
        assert_same(cases.data);
        buf_deinit(&cases);
    }
}

static void test_find_takes_plain_text_and_a_start(void **state)
{
    (void)state;
    assert_eval("return { ('a.b.c'):find('.', 3, true) }", "[4,4]");
    assert_eval("return { ('abc'):find('', 10) }", "[4,3]");
    assert_eval("return { string.find(12345, 34) }", "[3,4]");
}

static void test_wrong_arguments_are_told(void **state)
{
    (void)state;
    char *got = project_eval("return string.find(nil, 'a')", "{}");
    assert_non_null(strstr(got, "bad argument #1 to 'find' (string expected, got nil)"));
    free(got);
    got = project_eval("return ('a'):gsub('a', true)", "{}");
    assert_non_null(strstr(got, "bad argument #3 to 'gsub' (string, function or table expected"));
    free(got);
    got = project_eval("return ('a'):gsub('a', function() return {} end)", "{}");
    assert_non_null(strstr(got, "invalid replacement value (a table)"));
    free(got);
}

static void test_long_texts_match_in_linear_time(void **state)
{
    (void)state;
    assert_eval("return #(('a'):rep(200000) .. 'b'):match('^a*b$')", "200001");
    assert_eval("return select(2, ('ab'):rep(50000):gsub('a', 'x'))", "50000");
    assert_eval("return ('x'):rep(100000):find(('x'):rep(5000))", "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns_match_as_in_lua),
        cmocka_unit_test(test_wrong_patterns_fail_as_in_lua),
        cmocka_unit_test(test_random_patterns_match_as_in_lua),
        cmocka_unit_test(test_find_takes_plain_text_and_a_start),
        cmocka_unit_test(test_wrong_arguments_are_told),
        cmocka_unit_test(test_long_texts_match_in_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
