/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The JSON reader: tokens, escapes, the number grammar, what it refuses and where, looking up.
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

#include "base/json_string.h"

/* Exactly sized on the heap, so that a sanitizer sees a read behind the end. */
static struct slice exact(struct slice s)
{
    char *copy = malloc(s.len > 0 ? s.len : 1);
    assert_non_null(copy);
    if (s.len > 0)
        memcpy(copy, s.data, s.len);
    return slice_of(copy, s.len);
}

static void drop(struct slice s)
{
    free((void *)(uintptr_t)s.data);
}

/* ---- Tokens --------------------------------------------------------------------------------- */

/* A walk as text: one letter a token, scalars and names with their text. */
static void walk(struct slice doc, struct buf *out)
{
    static const char letters[] = {
        [JSON_ERROR] = '!',     [JSON_END] = '.',          [JSON_NULL] = 'n',
        [JSON_TRUE] = 't',      [JSON_FALSE] = 'f',        [JSON_NUMBER] = '#',
        [JSON_STRING] = '"',    [JSON_KEY] = ':',          [JSON_ARRAY_BEGIN] = '[',
        [JSON_ARRAY_END] = ']', [JSON_OBJECT_BEGIN] = '{', [JSON_OBJECT_END] = '}'};
    struct json_reader r;
    enum json_token t;
    json_reader_init(&r, doc);
    do {
        t = json_next(&r);
        buf_add_char(out, letters[t]);
        if (t == JSON_NUMBER || t == JSON_STRING || t == JSON_KEY)
            buf_printf(out, "%.*s ", SLICE_FMT(r.text));
    } while (t != JSON_END && t != JSON_ERROR);
    json_reader_deinit(&r);
}

static void assert_walk(const char *doc, const char *expected)
{
    struct buf out = {0};
    struct slice text = exact(slice_str(doc));
    walk(text, &out);
    assert_string_equal(out.data, expected);
    buf_deinit(&out);
    drop(text);
}

static void reads_every_kind_of_token(void **state)
{
    (void)state;
    assert_walk("null", "n.");
    assert_walk("true", "t.");
    assert_walk("false", "f.");
    assert_walk("0", "#0 .");
    assert_walk("\"a\"", "\"a .");
    assert_walk("[]", "[].");
    assert_walk("{}", "{}.");
    assert_walk("[null,true,false,-1.5e+3,\"x\",[],{}]", "[ntf#-1.5e+3 \"x []{}].");
    assert_walk("{\"a\":1,\"b\":{\"c\":[2,{}]},\"a\":null}", "{:a #1 :b {:c [#2 {}]}:a n}.");
}

static void takes_white_space_wherever_it_may_stand(void **state)
{
    (void)state;
    assert_walk(" \t\r\n{ \"a\" :\n[ 1 ,\t2 ] , \"b\"\r: { } } \n", "{:a [#1 #2 ]:b {}}.");
}

static void tells_where_each_token_stands(void **state)
{
    (void)state;
    struct json_reader r;
    json_reader_init(&r, SLICE_LIT(" { \"ab\" : -12 , \"c\\n\": [ ] }"));
    static const struct {
        enum json_token token;
        size_t start, pos;
    } expected[] = {{JSON_OBJECT_BEGIN, 1, 2}, {JSON_KEY, 3, 7},           {JSON_NUMBER, 10, 13},
                    {JSON_KEY, 16, 21},        {JSON_ARRAY_BEGIN, 23, 24}, {JSON_ARRAY_END, 25, 26},
                    {JSON_OBJECT_END, 27, 28}, {JSON_END, 28, 28}};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_int_equal(json_next(&r), expected[i].token);
        assert_int_equal(r.start, expected[i].start);
        assert_int_equal(r.pos, expected[i].pos);
    }
    json_reader_deinit(&r);
}

static void gives_the_end_or_the_error_again(void **state)
{
    (void)state;
    struct json_reader r;
    json_reader_init(&r, SLICE_LIT("1"));
    assert_int_equal(json_next(&r), JSON_NUMBER);
    for (int i = 0; i < 3; i++)
        assert_int_equal(json_next(&r), JSON_END);
    json_reader_deinit(&r);

    json_reader_init(&r, SLICE_LIT("[1 2]"));
    assert_int_equal(json_next(&r), JSON_ARRAY_BEGIN);
    assert_int_equal(json_next(&r), JSON_NUMBER);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(json_next(&r), JSON_ERROR);
        assert_string_equal(json_reader_error(&r), "expected ',' or ']', found '2' at byte 3");
    }
    json_reader_deinit(&r);
}

static void decodes_escapes_and_surrogate_pairs(void **state)
{
    (void)state;
    static const struct {
        const char *source, *decoded;
    } cases[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20AC\\uffff\"", "A\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBF"},
        {"\"\\ud834\\udd1e\"", "\xF0\x9D\x84\x9E"},
        {"\"\\uD800\\uDC00 \\uDBFF\\uDFFF\"", "\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"},
        {"\"\\ud7ff\\ue000\"", "\xED\x9F\xBF\xEE\x80\x80"},
        {"\"\xC3\xA9 \xE2\x82\xAC \xF0\x9D\x84\x9E\"", "\xC3\xA9 \xE2\x82\xAC \xF0\x9D\x84\x9E"},
        {"\"plain for long enough \\n to pass eight bytes\"",
         "plain for long enough \n to pass eight bytes"},
        {"\"\x7F\"", "\x7F"},
        {"\"\"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_reader r;
        struct slice source = exact(slice_str(cases[i].source));
        json_reader_init(&r, source);
        assert_int_equal(json_next(&r), JSON_STRING);
        assert_int_equal(r.text.len, strlen(cases[i].decoded));
        assert_memory_equal(r.text.data, cases[i].decoded, r.text.len);
        assert_int_equal(json_next(&r), JSON_END);
        json_reader_deinit(&r);
        drop(source);
    }
}

static void keeps_nul_characters_in_strings(void **state)
{
    (void)state;
    struct json_reader r;
    json_reader_init(&r, SLICE_LIT("{\"\\u0000a\":\"b\\u0000\"}"));
    assert_int_equal(json_next(&r), JSON_OBJECT_BEGIN);
    assert_int_equal(json_next(&r), JSON_KEY);
    assert_true(slice_is_equal(r.text, SLICE_LIT("\0a")));
    assert_int_equal(json_next(&r), JSON_STRING);
    assert_true(slice_is_equal(r.text, SLICE_LIT("b\0")));
    json_reader_deinit(&r);
}

/* Special bytes at each place of strings of each length: the reader takes eight bytes at a time. */
static void finds_special_bytes_at_every_place(void **state)
{
    (void)state;
    static const char *const specials[] = {"\"", "\\n", "\\\\", "\x1F", "\xC3\xA9", "\xFF",
                                           "!",  "#",   "[",    "]",    "\x7F",     " "};
    for (size_t k = 0; k < ARRAY_LEN(specials); k++) {
        bool bad = specials[k][0] == '\x1F' || specials[k][0] == '\xFF';
        for (size_t len = 0; len < 20; len++) {
            for (size_t at = 0; at <= len; at++) {
                struct buf doc = {0};
                buf_printf(&doc, "\"%.*s%s%.*s\"", (int)at, "aaaaaaaaaaaaaaaaaaaa", specials[k],
                           (int)(len - at), "zzzzzzzzzzzzzzzzzzzz");
                struct slice text = exact(buf_slice(&doc));
                struct json_reader r;
                json_reader_init(&r, text);
                enum json_token t = json_next(&r);
                assert_int_equal(t, bad ? JSON_ERROR : JSON_STRING);
                if (bad || specials[k][0] == '"')
                    assert_int_equal(r.pos, at + (bad ? 1 : 2));
                else
                    assert_int_equal(r.pos, doc.len);
                json_reader_deinit(&r);
                drop(text);
                buf_deinit(&doc);
            }
        }
    }
}

static void takes_the_numbers_of_the_grammar_and_no_others(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",      "-0",     "7",      "10",   "-10",
        "0.0",    "-0.5",   "12.034", "1e5",  "1E5",
        "1e+5",   "1E-5",   "0e0",    "1e05", "123456789012345678901",
        "0.1e-9", "1.5E+10"};
    static const char *const bad[] = {"-",        "+1",        "01",   "-01", "00",      ".5",
                                      "-.5",      "1.",        "1.e1", "1e",  "1e+",     "1e-",
                                      "1e1.5",    "0x10",      "1_0",  "--1", "1-",      "1..2",
                                      "Infinity", "-Infinity", "NaN",  "1,2", "\xD9\xA1"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct slice text = exact(slice_str(good[i]));
        struct json_reader r;
        json_reader_init(&r, text);
        assert_int_equal(json_next(&r), JSON_NUMBER);
        assert_true(slice_is_equal(r.text, text));
        assert_int_equal(json_next(&r), JSON_END);
        json_reader_deinit(&r);
        drop(text);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct slice text = exact(slice_str(bad[i]));
        if (json_check(text, NULL) == 0)
            fail_msg("%s was taken", bad[i]);
        drop(text);
    }
}

/* ---- What is refused ------------------------------------------------------------------------ */

static const struct {
    const char *doc;
    size_t pos;
    const char *error; /* of json_check, behind the column */
} malformed[] = {
    {"", 0, "expected a value, found the end of the text"},
    {"  \n", 3, "expected a value, found the end of the text"},
    {"\xEF\xBB\xBF{}", 0, "expected a value, found a byte order mark"},
    {"nul", 0, "expected a value, found 'nul'"},
    {"True", 0, "expected a value, found 'True'"},
    {"undefined", 0, "expected a value, found 'undefined'"},
    {"nullx", 4, "expected nothing behind the value, found 'x'"},
    {"'a'", 0, "expected a value, found '''"},
    {"/* c */ 1", 0, "expected a value, found '/'"},
    {"\x01", 0, "expected a value, found byte 0x01"},
    {"\xFF", 0, "expected a value, found byte 0xff"},
    {"\xC3\xA9", 0, "expected a value, found '\xC3\xA9'"},
    {"1 2", 2, "expected nothing behind the value, found '2'"},
    {"{} ,", 3, "expected nothing behind the value, found ','"},
    {"]", 0, "expected a value, found ']'"},
    {"}", 0, "expected a value, found '}'"},
    {"[", 1, "expected a value or ']', found the end of the text"},
    {"[}", 1, "expected a value or ']', found '}'"},
    {"[,1]", 1, "expected a value or ']', found ','"},
    {"[1", 2, "expected ',' or ']', found the end of the text"},
    {"[1 2]", 3, "expected ',' or ']', found '2'"},
    {"[1}", 2, "expected ',' or ']', found '}'"},
    {"[1:2]", 2, "expected ',' or ']', found ':'"},
    {"[1,]", 3, "expected a value behind ',', found ']'"},
    {"[1,,2]", 3, "expected a value behind ',', found ','"},
    {"[1,", 3, "expected a value behind ',', found the end of the text"},
    {"{", 1, "expected a name in double quotes or '}', found the end of the text"},
    {"{]", 1, "expected a name in double quotes or '}', found ']'"},
    {"{a:1}", 1, "expected a name in double quotes or '}', found 'a'"},
    {"{1:1}", 1, "expected a name in double quotes or '}', found '1'"},
    {"{,}", 1, "expected a name in double quotes or '}', found ','"},
    {"{\"a\"}", 4, "expected ':', found '}'"},
    {"{\"a\"", 4, "expected ':', found the end of the text"},
    {"{\"a\" 1}", 5, "expected ':', found '1'"},
    {"{\"a\",1}", 4, "expected ':', found ','"},
    {"{\"a\"=1}", 4, "expected ':', found '='"},
    {"{\"a\":}", 5, "expected a value, found '}'"},
    {"{\"a\":,}", 5, "expected a value, found ','"},
    {"{\"a\"::1}", 5, "expected a value, found ':'"},
    {"{\"a\":1", 6, "expected ',' or '}', found the end of the text"},
    {"{\"a\":1]", 6, "expected ',' or '}', found ']'"},
    {"{\"a\":1 \"b\":2}", 7, "expected ',' or '}', found '\"'"},
    {"{\"a\":1,}", 7, "expected a name in double quotes behind ',', found '}'"},
    {"{\"a\":1,2}", 7, "expected a name in double quotes behind ',', found '2'"},
    {"{\"a\":1,", 7, "expected a name in double quotes behind ',', found the end of the text"},
    {"-", 1, "expected a digit, found the end of the text"},
    {"-a", 1, "expected a digit, found 'a'"},
    {"[-]", 2, "expected a digit, found ']'"},
    {"-01", 1, "a number must not begin with 0"},
    {"00", 0, "a number must not begin with 0"},
    {"1.", 2, "expected a digit behind '.', found the end of the text"},
    {"1.e5", 2, "expected a digit behind '.', found 'e'"},
    {"1e", 2, "expected a digit of the exponent, found the end of the text"},
    {"1e+x", 3, "expected a digit of the exponent, found 'x'"},
    {"0x1F", 1, "expected nothing behind the value, found 'x'"},
    {"1.5.2", 3, "expected nothing behind the value, found '.'"},
    {"\"abc", 0, "a string has no closing quote"},
    {"[\"abc]", 1, "a string has no closing quote"},
    {"\"a\\\"", 0, "a string has no closing quote"},
    {"\"a\nb\"", 2, "a string may hold a control character only as an escape such as \\n"},
    {"\"\x1F\"", 1, "a string may hold a control character only as an escape such as \\n"},
    {"\"\\", 1, "a string may escape only \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u"},
    {"\"\\x41\"", 1, "a string may escape only \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u"},
    {"\"a\\'\"", 2, "a string may escape only \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u"},
    {"\"\\u12\"", 1, "\\u must be followed by four hexadecimal digits"},
    {"\"\\u12G4\"", 1, "\\u must be followed by four hexadecimal digits"},
    {"\"\\u", 1, "\\u must be followed by four hexadecimal digits"},
    {"\"\\U0041\"", 1, "a string may escape only \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u"},
    {"\"\\ud800\"", 1,
     "half of a surrogate pair: \\uD800 to \\uDBFF and \\uDC00 to \\uDFFF come in pairs"},
    {"\"\\udc00\"", 1,
     "half of a surrogate pair: \\uD800 to \\uDBFF and \\uDC00 to \\uDFFF come in pairs"},
    {"\"\\udc00\\udc00\"", 1,
     "half of a surrogate pair: \\uD800 to \\uDBFF and \\uDC00 to \\uDFFF come in pairs"},
    {"\"\\ud800\\u0041\"", 1,
     "half of a surrogate pair: \\uD800 to \\uDBFF and \\uDC00 to \\uDFFF come in pairs"},
    {"\"\\ud800\\ud800\"", 1,
     "half of a surrogate pair: \\uD800 to \\uDBFF and \\uDC00 to \\uDFFF come in pairs"},
    {"\"\\ud800\\udc0\"", 1,
     "half of a surrogate pair: \\uD800 to \\uDBFF and \\uDC00 to \\uDFFF come in pairs"},
    {"\"\\ud800 \\udc00\"", 1,
     "half of a surrogate pair: \\uD800 to \\uDBFF and \\uDC00 to \\uDFFF come in pairs"},
    {"\"ab\x80\"", 3, "a string must be UTF-8"},           /* a continuation alone */
    {"\"\xC0\xAF\"", 1, "a string must be UTF-8"},         /* overlong */
    {"\"\xE0\x80\xAF\"", 1, "a string must be UTF-8"},     /* overlong */
    {"\"\xF0\x80\x80\xAF\"", 1, "a string must be UTF-8"}, /* overlong */
    {"\"\xED\xA0\x80\"", 1, "a string must be UTF-8"},     /* a surrogate */
    {"\"\xF4\x90\x80\x80\"", 1, "a string must be UTF-8"}, /* beyond U+10FFFF */
    {"\"\xF8\x88\x80\x80\x80\"", 1, "a string must be UTF-8"},
    {"\"\xE2\x82\"", 1, "a string must be UTF-8"}, /* cut short */
    {"\"\xE2\x82", 1, "a string must be UTF-8"},
    {"{\"\xFF\":1}", 2, "a string must be UTF-8"},
    {"{\"a\\q\":1}", 3, "a string may escape only \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u"},
};

static void refuses_malformed_text_and_says_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        struct slice text = exact(slice_str(malformed[i].doc));
        struct json_reader r;
        enum json_token t;
        json_reader_init(&r, text);
        while ((t = json_next(&r)) != JSON_ERROR && t != JSON_END)
            ;
        if (t != JSON_ERROR || r.pos != malformed[i].pos)
            fail_msg("%s: token %d at byte %zu", malformed[i].doc, (int)t, r.pos);
        char at[32];
        snprintf(at, sizeof(at), " at byte %zu", r.pos);
        struct slice error = slice_str(json_reader_error(&r));
        assert_true(slice_has_suffix(error, slice_str(at)));
        json_reader_deinit(&r);

        struct err err = {0};
        assert_int_equal(json_check(text, &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
        const char *message = strstr(err.message, ": ");
        assert_non_null(message);
        assert_string_equal(message + 2, malformed[i].error);
        drop(text);
    }
}

static void refuses_every_beginning_of_a_document(void **state)
{
    (void)state;
    struct slice doc =
        SLICE_LIT("{\"a\":[1.5e-3,true,null,\"x\\u00e9\\ud834\\udd1e\xE2\x82\xAC\"],\"b\":{}}");
    assert_int_equal(json_check(doc, NULL), 0);
    for (size_t len = 0; len < doc.len; len++) {
        struct slice text = exact(slice_upto(doc, len));
        assert_int_equal(json_check(text, NULL), -1);
        drop(text);
    }
}

static void a_nul_byte_is_no_end(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(json_check(SLICE_LIT("1\0"), &err), -1);
    assert_string_equal(err.message,
                        "line 1, column 2: expected nothing behind the value, found byte 0x00");
    assert_int_equal(json_check(SLICE_LIT("\0"), NULL), -1);
    assert_int_equal(json_check(SLICE_LIT("[\0]"), NULL), -1);
    assert_int_equal(json_check(SLICE_LIT("\"\0\""), NULL), -1);
}

static void counts_lines_and_columns_in_characters(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(
        json_check(SLICE_LIT("{\n  \"a\": 1,\n  \"\xE2\x82\xAC\xC3\xA9\": x\n}"), &err), -1);
    assert_string_equal(err.message, "line 3, column 9: expected a value, found 'x'");
    assert_int_equal(json_check(SLICE_LIT("[\r\n1\r\n"), &err), -1);
    assert_string_equal(err.message,
                        "line 3, column 1: expected ',' or ']', found the end of the text");
}

static void add_nested(struct buf *b, size_t depth)
{
    for (size_t i = 0; i < depth; i++)
        buf_add_str(b, i % 3 == 0 ? "{\"a\":" : "[");
    buf_add_str(b, "1");
    for (size_t i = depth; i-- > 0;)
        buf_add_char(b, i % 3 == 0 ? '}' : ']');
}

static void bounds_the_depth(void **state)
{
    (void)state;
    struct buf b = {0};
    struct err err = {0};
    add_nested(&b, JSON_DEPTH_MAX);
    assert_int_equal(json_check(buf_slice(&b), &err), 0);
    assert_true(json_is_same(buf_slice(&b), buf_slice(&b)));
    buf_clear(&b);
    add_nested(&b, JSON_DEPTH_MAX + 1);
    assert_int_equal(json_check(buf_slice(&b), &err), -1);
    assert_non_null(strstr(err.message, "nested too deeply: 512 levels at most"));
    buf_deinit(&b);
}

/* ---- Skipping and looking up ---------------------------------------------------------------- */

static void assert_skips(struct json_reader *r, const char *expected)
{
    struct slice value;
    assert_int_equal(json_skip(r, &value), 0);
    assert_int_equal(value.len, strlen(expected));
    assert_memory_equal(value.data, expected, value.len);
}

static void skips_whole_values_with_their_source(void **state)
{
    (void)state;
    struct json_reader r;
    json_reader_init(&r,
                     SLICE_LIT(" {\"a\": [1, {\"b\": \"]\\\"\"}] , \"c\" : -1.50, \"d\":{ }} "));
    assert_int_equal(json_next(&r), JSON_OBJECT_BEGIN);
    assert_int_equal(json_next(&r), JSON_KEY);
    assert_skips(&r, "[1, {\"b\": \"]\\\"\"}]");
    assert_int_equal(json_next(&r), JSON_KEY);
    assert_skips(&r, "-1.50");
    assert_int_equal(json_next(&r), JSON_KEY);
    assert_int_equal(json_next(&r), JSON_OBJECT_BEGIN);
    assert_skips(&r, "{ }");
    assert_int_equal(json_next(&r), JSON_OBJECT_END);
    assert_int_equal(json_next(&r), JSON_END);
    json_reader_deinit(&r);
}

static void skips_the_whole_document_at_the_start(void **state)
{
    (void)state;
    struct json_reader r;
    json_reader_init(&r, SLICE_LIT("\n[1,[2]]\n"));
    assert_skips(&r, "[1,[2]]");
    assert_int_equal(json_next(&r), JSON_END);
    json_reader_deinit(&r);
}

static void gives_the_source_of_each_element_of_an_array(void **state)
{
    (void)state;
    static const char *const expected[] = {"1", "\"a\\n\"", "[2,3]", "{\"b\":[]}", "null"};
    struct json_reader r;
    json_reader_init(&r, SLICE_LIT("[1,\"a\\n\",[2,3],{\"b\":[]},null]"));
    assert_int_equal(json_next(&r), JSON_ARRAY_BEGIN);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_int_not_equal(json_next(&r), JSON_ERROR);
        assert_skips(&r, expected[i]);
    }
    assert_int_equal(json_next(&r), JSON_ARRAY_END);
    json_reader_deinit(&r);
}

static void does_not_skip_where_no_value_began_or_it_is_malformed(void **state)
{
    (void)state;
    struct json_reader r;
    struct slice value;
    json_reader_init(&r, SLICE_LIT("[[],1}"));
    assert_int_equal(json_next(&r), JSON_ARRAY_BEGIN);
    assert_int_equal(json_next(&r), JSON_ARRAY_BEGIN);
    assert_int_equal(json_next(&r), JSON_ARRAY_END);
    assert_int_equal(json_skip(&r, &value), -1);
    assert_int_equal(json_next(&r), JSON_NUMBER);
    assert_int_equal(json_next(&r), JSON_ERROR);
    assert_int_equal(json_skip(&r, &value), -1);
    json_reader_deinit(&r);
    json_reader_init(&r, SLICE_LIT("[1,[2,3}]"));
    assert_int_equal(json_skip(&r, &value), -1);
    assert_int_equal(json_next(&r), JSON_ERROR);
    assert_string_equal(json_reader_error(&r), "expected ',' or ']', found '}' at byte 7");
    json_reader_deinit(&r);
}

static void assert_member(const char *doc, const char *name, const char *expected)
{
    struct slice value, text = exact(slice_str(doc));
    bool found = json_get(text, name, &value);
    assert_int_equal(found, expected != NULL);
    if (expected)
        assert_true(slice_is_equal(value, slice_str(expected)));
    drop(text);
}

static void gets_members_of_the_top_object(void **state)
{
    (void)state;
    assert_member(" {\"a\":1, \"b\" : [1, 2] , \"c\":{\"b\":3}}", "b", "[1, 2]");
    assert_member("{\"a\":1}", "b", NULL);
    assert_member("{\"ab\":1}", "a", NULL);
    assert_member("{\"a\":1}", "ab", NULL);
    assert_member("{\"\":1}", "", "1");
    assert_member("{\"b\":1,\"a\":{\"b\":2},\"b\":3}", "b", "3");
    assert_member("{\"\\u0062\\n\\ud834\\udd1e\":1}", "b\n\xF0\x9D\x84\x9E", "1");
    assert_member("{\"\\u0062\":1}", "\\u0062", NULL);
    assert_member("[\"b\"]", "b", NULL);
    assert_member("\"b\"", "b", NULL);
    assert_member("", "b", NULL);
    assert_member("{\"b\":1,", "b", NULL);
    assert_member("{\"b\":1,\"c\":}", "b", NULL);
}

static void assert_skips_with_member(const char *doc, const char *value, const char *member)
{
    struct json_reader r;
    struct slice got, found;
    json_reader_init(&r, slice_str(doc));
    assert_int_equal(json_next(&r), JSON_OBJECT_BEGIN);
    assert_int_equal(json_next(&r), JSON_KEY);
    assert_int_equal(json_skip_member(&r, "id", &got, &found), value ? 0 : -1);
    if (value) {
        assert_true(slice_is_equal(got, slice_str(value)));
        assert_int_equal(json_next(&r), JSON_OBJECT_END);
    }
    assert_true(slice_is_equal(found, slice_str(member ? member : "")));
    json_reader_deinit(&r);
}

static void finds_a_member_in_passing(void **state)
{
    (void)state;
    assert_skips_with_member("{\"a\":{\"x\":{\"id\":1},\"id\" : [2] }}",
                             "{\"x\":{\"id\":1},\"id\" : [2] }", "[2]");
    assert_skips_with_member("{\"a\":{\"id\":1,\"i\\u0064\":2}}", "{\"id\":1,\"i\\u0064\":2}", "2");
    assert_skips_with_member("{\"a\":{}}", "{}", NULL);
    assert_skips_with_member("{\"a\":[{\"id\":1}]}", "[{\"id\":1}]", NULL);
    assert_skips_with_member("{\"a\":\"id\"}", "\"id\"", NULL);
    assert_skips_with_member("{\"a\":}", NULL, NULL);
    assert_skips_with_member("{\"a\":{\"b\":1,}}", NULL, NULL);
}

static void gets_strings_and_integers(void **state)
{
    (void)state;
    struct buf b = {0};
    int64_t i = 0;
    buf_add_str(&b, "=");
    assert_int_equal(json_get_string(SLICE_LIT("\"a\\tb\""), &b), 0);
    assert_string_equal(b.data, "=a\tb");
    assert_int_equal(json_get_string(SLICE_LIT("12"), &b), -1);
    assert_int_equal(json_get_string(SLICE_LIT("\"a"), &b), -1);
    assert_string_equal(b.data, "=a\tb");
    buf_deinit(&b);

    static const struct {
        const char *text;
        bool whole;
        int64_t value;
    } cases[] = {{"0", true, 0},
                 {"-0", true, 0},
                 {"-17", true, -17},
                 {"1e2", true, 100},
                 {"120e-1", true, 12},
                 {"5.0", true, 5},
                 {"9007199254740992", true, 9007199254740992},
                 {"-9007199254740992", true, -9007199254740992},
                 {"9007199254740993", false, 0},
                 {"9007199254740992.5", false, 0},
                 {"1e16", false, 0},
                 {"0.5", false, 0},
                 {"1e-400", false, 0},
                 {"1e400", false, 0},
                 {"\"1\"", false, 0},
                 {"1 2", false, 0},
                 {"", false, 0},
                 {"null", false, 0}};
    for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
        assert_int_equal(json_get_integer(slice_str(cases[k].text), &i) == 0, cases[k].whole);
        if (cases[k].whole)
            assert_int_equal(i, cases[k].value);
    }
}

static void names_are_compared_as_decoded(void **state)
{
    (void)state;
    assert_true(json_string_is_equal(SLICE_LIT("a\\u0062c"), SLICE_LIT("abc")));
    assert_false(json_string_is_equal(SLICE_LIT("a\\u0062c"), SLICE_LIT("abcd")));
    assert_false(json_string_is_equal(SLICE_LIT("a\\u0062c"), SLICE_LIT("ab")));
    assert_false(json_string_is_equal(SLICE_LIT("\\u20ac"), SLICE_LIT("\xE2\x82")));
    assert_true(json_string_is_equal(SLICE_LIT("\\u20ac"), SLICE_LIT("\xE2\x82\xAC")));
    assert_true(json_string_is_equal(SLICE_LIT("\\\\n"), SLICE_LIT("\\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_token),
        cmocka_unit_test(takes_white_space_wherever_it_may_stand),
        cmocka_unit_test(tells_where_each_token_stands),
        cmocka_unit_test(gives_the_end_or_the_error_again),
        cmocka_unit_test(decodes_escapes_and_surrogate_pairs),
        cmocka_unit_test(keeps_nul_characters_in_strings),
        cmocka_unit_test(finds_special_bytes_at_every_place),
        cmocka_unit_test(takes_the_numbers_of_the_grammar_and_no_others),
        cmocka_unit_test(refuses_malformed_text_and_says_where),
        cmocka_unit_test(refuses_every_beginning_of_a_document),
        cmocka_unit_test(a_nul_byte_is_no_end),
        cmocka_unit_test(counts_lines_and_columns_in_characters),
        cmocka_unit_test(bounds_the_depth),
        cmocka_unit_test(skips_whole_values_with_their_source),
        cmocka_unit_test(skips_the_whole_document_at_the_start),
        cmocka_unit_test(gives_the_source_of_each_element_of_an_array),
        cmocka_unit_test(does_not_skip_where_no_value_began_or_it_is_malformed),
        cmocka_unit_test(gets_members_of_the_top_object),
        cmocka_unit_test(finds_a_member_in_passing),
        cmocka_unit_test(gets_strings_and_integers),
        cmocka_unit_test(names_are_compared_as_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
