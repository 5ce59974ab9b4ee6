/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* The pattern matcher, held against LuaJIT's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "pattern_oracle.h"
#include "script_project.h"

#define RANDOM_CASES 40000

static int set_up(void **state)
{
    *state = pattern_oracle_new();
    return 0;
}

static int tear_down(void **state)
{
    pattern_oracle_free(*state);
    return 0;
}

static void assert_same(struct pattern_oracle *o, struct slice text, struct slice pattern,
                        struct slice by)
{
    const char *difference = pattern_oracle_compare(o, text, pattern, by);
    if (difference)
        fail_msg("%s", difference);
}

static void test_patterns_match_as_in_lua(void **state)
{
    static const char *const cases[][2] = {
        {"hello world", "o"},
        {"hello", "l+"},
        {"hello", "l-o"},
        {"key = value", "^(%w+)%s*=%s*(%w+)$"},
        {"aaa", "a?a?a?"},
        {"abc", "^b"},
        {"abc", "c$"},
        {"a$c", "a$c"},
        {"a.b", "%."},
        {"THE (quick) fox", "%((%a+)%)"},
        {"f(a(b)c)d", "%b()"},
        {"a'b'c'd", "%b''"},
        {"THE END", "%f[%a]%a+"},
        {"THE END", "%f[%z]"},
        {"x", "()"},
        {"abcabc", "(abc)%1"},
        {"abab", "()%1"},
        {"", ""},
        {"abc", ""},
        {"a]b", "[]]"},
        {"a-b", "[a-]+"},
        {"a^b", "[%^x]"},
        {"abc", "[^a]"},
        {"09", "[0-9]+"},
        {"x y", "%S+"},
        {"aXbX", ".-X"},
        {"  trim  ", "^%s*(.-)%s*$"},
        {"2026-11-23", "(%d+)-(%d+)-(%d+)"},
        {"%d", "%%d"},
        {"a,b,,c", "([^,]*)"},
        {"abc", ".*"},
        {"abc", "a*"},
        {"a\xc3\xa4\x80", "[\x80-\xff]+"},
        {"\x7f\x1f z", "%c%C%g%G%p%P"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_same(*state, slice_str(cases[i][0]), slice_str(cases[i][1]), SLICE_LIT("<%0%1>"));
}

static void test_wrong_patterns_fail_as_in_lua(void **state)
{
    static const char *const patterns[] = {
        "%",  "[a",  "(",  ")",   "(a", "a)",  "a(",  "%1",     "%0",   "(%1)", "%b",  "%bx",
        "%f", "%fa", "[%", "[%]", "[^", "[^]", "[]",  "(a)%2",  "()(",  "(()",  "[a",  "[a%",
        "*a", "+",   "-",  "?",   "^*", "$*",  "a**", "%b()()", "%f[a", "%f[^", "%f[]"};
    static const char *const by[] = {"%", "%1", "%2", "%9", "a%%%", "%x"};
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
        for (size_t k = 0; k < ARRAY_LEN(by); k++)
            assert_same(*state, SLICE_LIT("aa(b)"), slice_str(patterns[i]), slice_str(by[k]));
}

static void test_a_zero_ends_a_pattern_as_in_lua(void **state)
{
    static const struct slice patterns[] = {SLICE_LIT("a\0b"), SLICE_LIT("a.\0(("),
                                            SLICE_LIT("[\0]"), SLICE_LIT("\0.")};
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
        assert_same(*state, SLICE_LIT("xa\0b\0"), patterns[i], SLICE_LIT("%\0"));
}

static void repeat(struct buf *out, const char *text, int n)
{
    for (int i = 0; i < n; i++)
        buf_add_str(out, text);
}

/* Items without a choice don't nest, however many there are; those that nest have a limit. */
static void test_long_patterns_match_as_in_lua(void **state)
{
    static const char *const items[] = {"a",  "%a", "[ab]", ".",  "a?",
                                        "a*", "a-", "(a)",  "()", "%f[b]"};
    static const int lengths[] = {31, 32, 33, 198, 199, 200, 201, 1000};
    struct buf text = {0};
    repeat(&text, "a", 1100);
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        for (size_t k = 0; k < ARRAY_LEN(lengths); k++) {
            struct buf pattern = {0};
            buf_add_char(&pattern, '^');
            repeat(&pattern, items[i], lengths[k]);
            assert_same(*state, buf_slice(&text), buf_slice(&pattern), SLICE_LIT("x"));
            buf_deinit(&pattern);
        }
    }
    buf_deinit(&text);
}

static void add_random(struct buf *out, struct rng *rng, const char *const *parts, size_t n_parts,
                       uint64_t max)
{
    for (uint64_t n = rng_upto(rng, max); n > 0; n--)
        buf_add_str(out, parts[rng_upto(rng, n_parts - 1)]);
}

static void test_random_patterns_match_as_in_lua(void **state)
{
    static const char *const texts[] = {"a", "a", "b", "b", "ab", "(", ")", ".", "1",   "x",
                                        "$", "^", "%", "-", " ",  "A", "]", "[", "\xe4"};
    static const char *const parts[] = {
        "a",  "b",  "ab", ".",  "%a",  "%A",    "%d",    "%s",   "%w",    "%x",      "%p",
        "%u", "(",  ")",  "()", "(a)", "(.-)",  "(a*)",  "[ab]", "[^a]",  "[a-b",    "]",
        "*",  "+",  "-",  "?",  "^",   "$",     "%1",    "%2",   "%b()",  "%bab",    "%f[a]",
        "%.", "%%", "x",  "*",  "+",   "%f[%w", "[%a-]", "-",    "[%w.]", "[^%d%s]", "%f[^b]"};
    static const char *const by[] = {"a", "%0", "%1", "%2", "<", ">", "%%", "%", "-"};
    struct rng rng;
    rng_init(&rng, 20261123);
    for (int i = 0; i < RANDOM_CASES; i++) {
        struct buf text = {0}, pattern = {0}, replacement = {0};
        add_random(&text, &rng, texts, ARRAY_LEN(texts), 12);
        add_random(&pattern, &rng, parts, ARRAY_LEN(parts), 7);
        add_random(&replacement, &rng, by, ARRAY_LEN(by), 3);
        assert_same(*state, buf_slice(&text), buf_slice(&pattern), buf_slice(&replacement));
        buf_deinit(&text);
        buf_deinit(&pattern);
        buf_deinit(&replacement);
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
    static const char *const cases[][2] = {
        {"local a = string.find(nil, 'a')",
         "main.lua:3: bad argument #1 to 'find' (string expected, got nil)"},
        {"local a = ('a'):find()",
         "main.lua:3: bad argument #1 to 'find' (string expected, got no value)"},
        {"local a = ('a'):find('a', {})",
         "main.lua:3: bad argument #2 to 'find' (number expected, got table)"},
        {"local a = ('a'):gsub('a', true)",
         "main.lua:3: bad argument #2 to 'gsub' (string/function/table expected)"},
        {"local a = ('a'):gsub('a', function() return {} end)",
         "main.lua:3: invalid replacement value (a table)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *got = project_eval(cases[i][0], "{}");
        if (!strstr(got, cases[i][1]))
            fail_msg("%s: %s", cases[i][0], got);
        free(got);
    }
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
        cmocka_unit_test(test_a_zero_ends_a_pattern_as_in_lua),
        cmocka_unit_test(test_long_patterns_match_as_in_lua),
        cmocka_unit_test(test_random_patterns_match_as_in_lua),
        cmocka_unit_test(test_find_takes_plain_text_and_a_start),
        cmocka_unit_test(test_wrong_arguments_are_told),
        cmocka_unit_test(test_long_texts_match_in_linear_time),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
