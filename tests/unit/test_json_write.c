/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Writing JSON: strings, the builder, text without white space.
 */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"

static void assert_string(struct slice s, const char *expected)
{
    struct buf b = {0};
    json_add_string(&b, s);
    assert_string_equal(b.data, expected);
    buf_deinit(&b);
}

static void writes_strings_with_the_fewest_escapes(void **state)
{
    (void)state;
    assert_string(SLICE_NULL, "\"\"");
    assert_string(SLICE_LIT("a/b 'c' \x7F"), "\"a/b 'c' \x7F\"");
    assert_string(SLICE_LIT("\"\\\b\f\n\r\t"), "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
    assert_string(SLICE_LIT("\0\x01\x1F "), "\"\\u0000\\u0001\\u001f \"");
    assert_string(SLICE_LIT("\xE2\x82\xAC\n\xF0\x9D\x84\x9E"),
                  "\"\xE2\x82\xAC\\n\xF0\x9D\x84\x9E\"");
}

/* Text is passed over in steps of several bytes. */
static void finds_what_needs_an_escape_wherever_it_stands(void **state)
{
    (void)state;
    const char *const odd[] = {"\"", "\\", "\n", "\x1F", "\x7F"};
    const char *const escaped[] = {"\\\"", "\\\\", "\\n", "\\u001f", "\x7F"};
    for (int len = 0; len < 28; len++)
        for (int at = 0; at <= len; at++)
            for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
                char text[64], expected[64];
                snprintf(text, sizeof(text), "%.*s%s%.*s", at, "abcdefghijklmnopqrstuvwxyz~!",
                         odd[i], len - at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ[]");
                snprintf(expected, sizeof(expected), "\"%.*s%s%.*s\"", at,
                         "abcdefghijklmnopqrstuvwxyz~!", escaped[i], len - at,
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ[]");
                assert_string(slice_str(text), expected);
            }
}

static void repairs_broken_utf8(void **state)
{
    (void)state;
    assert_string(SLICE_LIT("a\xFF"
                            "b\xE2\x82\n\xC3"),
                  "\"a\xEF\xBF\xBD"
                  "b\xEF\xBF\xBD\\n\xEF\xBF\xBD\"");
}

static void what_it_writes_reads_back(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 7);
    for (int round = 0; round < 2000; round++) {
        char bytes[64];
        struct buf text = {0}, back = {0};
        size_t len = rng_upto(&rng, sizeof(bytes));
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)rng_upto(&rng, round % 2 ? 0x7F : 0xFF);
        json_add_string(&text, slice_of(bytes, len));
        assert_int_equal(json_check(buf_slice(&text), NULL), 0);
        assert_int_equal(json_get_string(buf_slice(&text), &back), 0);
        if (round % 2) {
            assert_int_equal(back.len, len);
            assert_memory_equal(back.data, bytes, len);
        }
        buf_deinit(&text);
        buf_deinit(&back);
    }
}

static void builds_documents_with_commas_where_they_belong(void **state)
{
    (void)state;
    struct buf b = {0};
    struct json_writer w = {.out = &b};
    json_object_begin(&w, NULL);
    json_member_string(&w, "s\n", SLICE_LIT("x"));
    json_member_cstr(&w, "c", "y");
    json_member_cstr(&w, "none", NULL);
    json_array_begin(&w, "list");
    json_array_begin(&w, NULL);
    json_array_end(&w);
    json_member_integer(&w, NULL, -7);
    json_object_begin(&w, NULL);
    json_object_end(&w);
    json_member_bool(&w, NULL, true);
    json_array_end(&w);
    json_member_bool(&w, "no", false);
    json_member_null(&w, "nil");
    json_member_raw(&w, "raw", SLICE_LIT("[1, 2]"));
    json_member_time(&w, "at", 1795373775042);
    json_member_time(&w, "never", 0);
    json_object_end(&w);
    assert_string_equal(b.data,
                        "{\"s\\n\":\"x\",\"c\":\"y\",\"none\":null,\"list\":[[],-7,{},true],\"no\":"
                        "false,\"nil\":null,\"raw\":[1, 2],\"at\":\"2026-11-22T18:56:15.042Z\","
                        "\"never\":null}");
    assert_int_equal(json_check(buf_slice(&b), NULL), 0);
    buf_deinit(&b);
}

static void compacts_without_touching_strings(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {" 1 ", "1"},
        {"\n{ \"a b\" : [ 1 ,\t2 ] , \"c\\\" \\\\\" : \" \" }\r\n",
         "{\"a b\":[1,2],\"c\\\" \\\\\":\" \"}"},
        {"[ ]", "[]"},
        {"\"\"", "\"\""},
        {"[1.50,1e2]", "[1.50,1e2]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf b = {0};
        json_compact(&b, slice_str(cases[i][0]));
        assert_string_equal(b.data, cases[i][1]);
        buf_deinit(&b);
    }
}

/* No caller may hand it such text, but reading behind the end would be worse than a bad result. */
static void a_pretty_text_has_a_line_for_each_member(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_add_str(&b, "[");
    json_pretty(
        &b, SLICE_LIT(" {\"a\":[ ],\"b\": [1,\"x,[\\\"{\",-2.5e1],\"c\":{ },\n\"d\":null} "), 1);
    assert_string_equal(b.data, "[{\n"
                                "   \"a\": [],\n"
                                "   \"b\": [\n"
                                "     1,\n"
                                "     \"x,[\\\"{\",\n"
                                "     -2.5e1\n"
                                "   ],\n"
                                "   \"c\": {},\n"
                                "   \"d\": null\n"
                                " }");
    buf_clear(&b);
    json_pretty(&b, SLICE_LIT("]}x\""), 0);
    assert_string_equal(b.data, "\n]\n}x\"");
    buf_deinit(&b);
}

static void compacting_stays_within_malformed_text(void **state)
{
    (void)state;
    static const char *const cases[] = {"\"", "\"\\", "[\"a", "\"a\\\""};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf b = {0};
        char *copy = malloc(strlen(cases[i]));
        assert_non_null(copy);
        memcpy(copy, cases[i], strlen(cases[i]));
        json_compact(&b, slice_of(copy, strlen(cases[i])));
        assert_int_equal(b.len, strlen(cases[i]));
        free(copy);
        buf_deinit(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_strings_with_the_fewest_escapes),
        cmocka_unit_test(finds_what_needs_an_escape_wherever_it_stands),
        cmocka_unit_test(repairs_broken_utf8),
        cmocka_unit_test(what_it_writes_reads_back),
        cmocka_unit_test(builds_documents_with_commas_where_they_belong),
        cmocka_unit_test(compacts_without_touching_strings),
        cmocka_unit_test(a_pretty_text_has_a_line_for_each_member),
        cmocka_unit_test(compacting_stays_within_malformed_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
