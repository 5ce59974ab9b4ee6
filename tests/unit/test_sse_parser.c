/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The parser of event streams: each rule of the standard, the limit, broken text; every stream is
 * cut into pieces of each size.
 */
#include "channel/sse_parser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

#define LIMIT 4096

/* ---- A stream as text ----------------------------------------------------------------------- */

/* One line a message: type|data|last id, and the first letters of what is marked. */
static void add_message(struct buf *out, const struct sse_message *m)
{
    buf_add_slice(out, m->type);
    buf_add_char(out, '|');
    json_add_string(out, m->data);
    buf_add_char(out, '|');
    buf_add_slice(out, m->last_id);
    buf_printf(out, "%s%s%s\n", m->has_id ? " id" : "", m->is_too_long ? " long" : "",
               m->is_broken ? " broken" : "");
}

static void feed(struct sse_parser *p, struct slice stream, size_t chunk, struct buf *out)
{
    for (size_t at = 0; at < stream.len; at += chunk) {
        struct sse_message m;
        /* A piece of its own on the heap, gone at once: nothing may be borrowed from it. */
        struct slice bytes = slice_upto(slice_from(stream, at), chunk);
        char *piece = slice_dup(bytes);
        sse_parser_feed(p, slice_of(piece, bytes.len));
        free(piece);
        while (sse_parser_next(p, &m))
            add_message(out, &m);
    }
}

static void read_stream(struct slice stream, size_t max, size_t chunk, struct buf *out)
{
    struct sse_parser *p = sse_parser_new(max, SLICE_NULL);
    buf_clear(out);
    feed(p, stream, chunk, out);
    buf_printf(out, "=%.*s", SLICE_FMT(sse_parser_last_id(p)));
    sse_parser_free(p);
}

static void assert_stream_max(struct slice stream, size_t max, const char *expected)
{
    struct buf out = {0};
    for (size_t chunk = 1; chunk <= stream.len + 1; chunk++) {
        read_stream(stream, max, chunk, &out);
        if (strcmp(out.data, expected) != 0)
            fail_msg("%.*s\nin pieces of %zu became\n%s", SLICE_FMT(stream), chunk, out.data);
    }
    buf_deinit(&out);
}

/* What comes of a stream: its messages, "=", the last event ID. */
#define assert_stream(stream, expected) assert_stream_max(SLICE_LIT(stream), LIMIT, expected)

/* ---- The standard --------------------------------------------------------------------------- */

static void joins_data_lines_and_ends_a_message_at_a_blank_line(void **state)
{
    (void)state;
    assert_stream("data: a\n\n", "message|\"a\"|\n=");
    assert_stream("data: YHOO\ndata: +2\ndata: 10\n\n", "message|\"YHOO\\n+2\\n10\"|\n=");
    assert_stream("data: a\n\ndata: b\n\n", "message|\"a\"|\nmessage|\"b\"|\n=");
    assert_stream("data:a\n\n\n\n\n", "message|\"a\"|\n=");
}

static void removes_one_space_behind_the_colon(void **state)
{
    (void)state;
    assert_stream("data:a\n\ndata: a\n\ndata:  a\n\ndata:\ta\n\n",
                  "message|\"a\"|\nmessage|\"a\"|\nmessage|\" a\"|\nmessage|\"\\ta\"|\n=");
    assert_stream("data: a: b\n\n", "message|\"a: b\"|\n=");
}

static void empty_data_are_a_message_and_no_data_are_none(void **state)
{
    (void)state;
    assert_stream("data\n\ndata\ndata\n\ndata:", "message|\"\"|\nmessage|\"\\n\"|\n=");
    assert_stream("event: a\n\ndata: b\n\n", "message|\"b\"|\n=");
    assert_stream("\n\n\n", "=");
}

static void an_incomplete_message_at_the_end_is_dropped(void **state)
{
    (void)state;
    assert_stream("data: a", "=");
    assert_stream("data: a\n", "=");
    assert_stream("id: 1\ndata: a\n", "=");
    assert_stream("data: a\n\nid: 1\ndata: b", "message|\"a\"|\n=");
}

static void takes_all_line_ends_in_all_splits(void **state)
{
    (void)state;
    assert_stream("data: a\r\rdata: b\r\n\r\ndata: c\n\n",
                  "message|\"a\"|\nmessage|\"b\"|\nmessage|\"c\"|\n=");
    assert_stream("data: a\rdata: b\r\ndata: c\n\r\n", "message|\"a\\nb\\nc\"|\n=");
    assert_stream("data: a\r\n\rdata: b\n\r\n", "message|\"a\"|\nmessage|\"b\"|\n=");
    assert_stream("data: a\n\rdata: b\r\n\n", "message|\"a\"|\nmessage|\"b\"|\n=");
}

static void a_message_is_given_at_the_cr_without_waiting_for_more(void **state)
{
    (void)state;
    struct buf out = {0};
    struct sse_parser *p = sse_parser_new(LIMIT, SLICE_NULL);
    feed(p, SLICE_LIT("data: a\r\r"), 9, &out);
    assert_string_equal(out.data, "message|\"a\"|\n");
    feed(p, SLICE_LIT("\ndata: b\r\r"), 10, &out);
    assert_string_equal(out.data, "message|\"a\"|\nmessage|\"b\"|\n");
    sse_parser_free(p);
    buf_deinit(&out);
}

static void the_type_is_that_of_the_block_alone(void **state)
{
    (void)state;
    assert_stream("event: a\ndata: 1\n\ndata: 2\n\n", "a|\"1\"|\nmessage|\"2\"|\n=");
    assert_stream("event: a\nevent: b\ndata: 1\n\n", "b|\"1\"|\n=");
    assert_stream("event: a\nevent\ndata: 1\n\n", "message|\"1\"|\n=");
    assert_stream("event: a\n\ndata: 2\n\n", "message|\"2\"|\n=");
}

static void the_id_holds_until_another_comes(void **state)
{
    (void)state;
    assert_stream("id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n",
                  "message|\"a\"|1 id\nmessage|\"b\"|1\nmessage|\"c\"|2 id\n=2");
    assert_stream("id: 1\ndata: a\n\nid\ndata: b\n\n", "message|\"a\"|1 id\nmessage|\"b\"| id\n=");
    assert_stream("id: 1\nid: 2\ndata: a\n\n", "message|\"a\"|2 id\n=2");
}

static void a_block_with_an_id_alone_sets_it_without_a_message(void **state)
{
    (void)state;
    assert_stream("id: 42\n\n", "=42");
    assert_stream("id: 42\n\ndata: a\n\n", "message|\"a\"|42\n=42");
    assert_stream("id: 42\n", "=");
}

static void an_id_with_nul_is_ignored(void **state)
{
    (void)state;
    assert_stream("id: 1\nid: 2\0\ndata: a\n\n", "message|\"a\"|1 id\n=1");
    assert_stream("id: \0\ndata: a\n\n", "message|\"a\"|\n=");
    assert_stream("data: a\0b\n\n", "message|\"a\\u0000b\"|\n=");
}

static void fields_without_meaning_are_ignored(void **state)
{
    (void)state;
    assert_stream("dat: a\nDATA: b\n data: c\ndata : d\nfoo\ndata: e\n\n", "message|\"e\"|\n=");
    assert_stream("data\0: a\ndata: b\n\n", "message|\"b\"|\n=");
}

static void one_byte_order_mark_is_dropped_at_the_start_alone(void **state)
{
    (void)state;
    assert_stream("\xEF\xBB\xBF"
                  "data: a\n\n",
                  "message|\"a\"|\n=");
    assert_stream("\xEF\xBB\xBF\ndata: a\n\n", "message|\"a\"|\n=");
    assert_stream("\xEF\xBB\xBF\xEF\xBB\xBF"
                  "data: a\ndata: b\n\n",
                  "message|\"b\"|\n=");
    assert_stream("data: a\n\n\xEF\xBB\xBF"
                  "data: b\n\ndata: c\n\n",
                  "message|\"a\"|\nmessage|\"c\"|\n=");
    assert_stream("data: \xEF\xBB\xBF"
                  "a\n\n",
                  "message|\"\xEF\xBB\xBF"
                  "a\"|\n=");
}

static int64_t retry_of(struct slice stream)
{
    struct buf out = {0};
    struct sse_parser *p = sse_parser_new(LIMIT, SLICE_NULL);
    feed(p, stream, 3, &out);
    int64_t ms = sse_parser_retry_ms(p);
    sse_parser_free(p);
    buf_deinit(&out);
    return ms;
}

static void retry_takes_digits_alone_and_at_once(void **state)
{
    (void)state;
    assert_int_equal(retry_of(SLICE_LIT("data: a\n\n")), -1);
    assert_int_equal(retry_of(SLICE_LIT("retry: 3000\n")), 3000);
    assert_int_equal(retry_of(SLICE_LIT("retry:0\n")), 0);
    assert_int_equal(retry_of(SLICE_LIT("retry: 007\n\n")), 7);
    assert_int_equal(retry_of(SLICE_LIT("retry: 3000")), -1);
    assert_int_equal(retry_of(SLICE_LIT("retry: 5\nretry: 3x\nretry: -1\nretry: 1.5\nretry\n")), 5);
    assert_int_equal(retry_of(SLICE_LIT("retry:  5\n")), -1);
    assert_int_equal(retry_of(SLICE_LIT("retry: 9223372036854775807\n")), INT64_MAX);
    assert_int_equal(retry_of(SLICE_LIT("retry: 9223372036854775808\n")), INT64_MAX);
    assert_int_equal(retry_of(SLICE_LIT("retry: 99999999999999999999999\n")), INT64_MAX);
}

static void comments_are_no_message_but_a_sign_of_life(void **state)
{
    (void)state;
    assert_stream(": hello\n\n:\n\ndata: a\n: b\ndata: c\n\n", "message|\"a\\nc\"|\n=");
}

/* ---- Streams one after another -------------------------------------------------------------- */

static void a_new_stream_drops_half_a_message_and_keeps_the_id_and_the_wait(void **state)
{
    (void)state;
    struct buf out = {0};
    struct sse_parser *p = sse_parser_new(LIMIT, SLICE_NULL);
    feed(p, SLICE_LIT("retry: 70\nid: 1\ndata: a\n\nid: 2\nevent: x\ndata: half\ndata: li"), 5,
         &out);
    assert_true(slice_is_equal(sse_parser_last_id(p), SLICE_LIT("1")));
    sse_parser_begin(p);
    feed(p,
         SLICE_LIT("\xEF\xBB\xBF"
                   "data: b\n\n"),
         5, &out);
    assert_string_equal(out.data, "message|\"a\"|1 id\nmessage|\"b\"|1\n");
    assert_int_equal(sse_parser_retry_ms(p), 70);
    sse_parser_free(p);
    buf_deinit(&out);
}

static void goes_on_from_the_stored_id(void **state)
{
    (void)state;
    struct buf out = {0};
    struct sse_parser *p = sse_parser_new(LIMIT, SLICE_LIT("stored"));
    assert_true(slice_is_equal(sse_parser_last_id(p), SLICE_LIT("stored")));
    feed(p, SLICE_LIT("data: a\n\nid: 1\ndata: b\n\n"), 4, &out);
    assert_string_equal(out.data, "message|\"a\"|stored\nmessage|\"b\"|1 id\n");
    sse_parser_free(p);
    buf_deinit(&out);
}

static void bytes_not_asked_for_are_dropped_by_a_new_stream(void **state)
{
    (void)state;
    struct buf out = {0};
    struct sse_message m;
    struct sse_parser *p = sse_parser_new(LIMIT, SLICE_NULL);
    sse_parser_feed(p, SLICE_LIT("data: a\n\ndata: b\n\n"));
    assert_true(sse_parser_next(p, &m));
    sse_parser_begin(p);
    assert_false(sse_parser_next(p, &m));
    sse_parser_feed(p, SLICE_LIT("data: c\n\ndata: d"));
    assert_true(sse_parser_next(p, &m));
    assert_true(slice_is_equal(m.data, SLICE_LIT("c")));
    sse_parser_feed(p, SLICE_LIT("e\n\n"));
    assert_true(sse_parser_next(p, &m));
    assert_true(slice_is_equal(m.data, SLICE_LIT("de")));
    sse_parser_free(p);
    buf_deinit(&out);
}

/* ---- Broken text and the limit -------------------------------------------------------------- */

#define R "\xEF\xBF\xBD"

static void broken_utf8_is_replaced_and_marked(void **state)
{
    (void)state;
    assert_stream("data: a\xFF"
                  "b\n\ndata: c\n\n",
                  "message|\"a" R "b\"| broken\nmessage|\"c\"|\n=");
    assert_stream("data: \xE2\x82\ndata: \xAC\n\n", "message|\"" R "\\n" R "\"| broken\n=");
    assert_stream("event: \xED\xA0\x80\ndata: a\n\n", R R R "|\"a\"| broken\n=");
    assert_stream("id: \xC3\ndata: a\n\ndata: b\n\n",
                  "message|\"a\"|" R " id broken\nmessage|\"b\"|" R "\n=" R);
    assert_stream("id: \xC3\n\ndata: b\n\n", "message|\"b\"|" R "\n=" R);
    assert_stream(": \xFF\n\xFF: x\ndata: a\n\n", "message|\"a\"|\n=");
}

static void broken_data_are_shown_as_they_came_too(void **state)
{
    (void)state;
    struct sse_message m;
    struct sse_parser *p = sse_parser_new(LIMIT, SLICE_NULL);
    sse_parser_feed(p, SLICE_LIT("data: a\xFF\ndata: b\n\ndata: c\n\n"));
    assert_true(sse_parser_next(p, &m));
    assert_true(slice_is_equal(m.raw, SLICE_LIT("a\xFF\nb")));
    assert_true(slice_is_equal(m.data, SLICE_LIT("a" R "\nb")));
    assert_true(sse_parser_next(p, &m));
    assert_true(slice_is_equal(m.raw, m.data));
    sse_parser_free(p);
}

static void a_message_of_just_the_limit_is_taken(void **state)
{
    (void)state;
    assert_stream_max(SLICE_LIT("data: 12345678\n\n"), 8, "message|\"12345678\"|\n=");
    assert_stream_max(SLICE_LIT("data: 1234\ndata: 678\n\n"), 8, "message|\"1234\\n678\"|\n=");
    assert_stream_max(SLICE_LIT("data: 123456789\n\n"), 8, "message|\"123456789\"| long\n=");
    assert_stream_max(SLICE_LIT("data: 1234\ndata: 6789\n\n"), 8,
                      "message|\"1234\\n6789\"| long\n=");
    assert_stream_max(SLICE_LIT("data: 12345678\ndata\n\n"), 8, "message|\"12345678\\n\"| long\n=");
    assert_stream_max(SLICE_LIT("\xEF\xBB\xBF"
                                "event: 12345678\ndata\n\n"),
                      8, "12345678|\"\"|\n=");
}

/* The longest line that is no longer than a message may be: all that can stand around its value. */
static void a_line_of_just_the_limit_is_read_whole(void **state)
{
    (void)state;
    struct buf stream = {0}, expected = {0};
    buf_printf(&stream,
               "\xEF\xBB\xBF"
               "event: %01100d\ndata\n\n",
               0);
    buf_printf(&expected, "%01100d|\"\"|\n=", 0);
    assert_stream_max(buf_slice(&stream), 1100, expected.data);
    buf_deinit(&stream);
    buf_deinit(&expected);
}

/* A long message in all cuts: 1 KiB of it is kept, and the next one is as if it had not been. */
static void of_a_message_that_is_too_long_the_beginning_is_kept(void **state)
{
    (void)state;
    for (int lines = 1; lines <= 700; lines += 233) {
        struct buf stream = {0}, data = {0}, expected = {0};
        for (int i = 0; i < lines; i++) {
            buf_add_str(&stream, "data: ");
            size_t from = stream.len;
            for (int k = 0; k < 1400 / lines; k++)
                buf_add_str(&stream, "\xE2\x82\xAC");
            buf_add_slice(&data, slice_from(buf_slice(&stream), from));
            buf_add_char(&stream, '\n');
            buf_add_char(&data, '\n');
        }
        buf_add_str(&stream, "id: 7\n\nevent: next\ndata: b\n\n");
        size_t kept = SSE_KEPT_MAX; /* no character of three bytes is cut */
        while (slice_is_utf8(slice_upto(buf_slice(&data), kept)) == false)
            kept--;
        buf_add_str(&expected, "message|");
        json_add_string(&expected, slice_upto(buf_slice(&data), kept));
        buf_add_str(&expected, "|7 id long\nnext|\"b\"|7\n=7");
        assert_stream_max(buf_slice(&stream), 1200, expected.data);
        buf_deinit(&stream);
        buf_deinit(&data);
        buf_deinit(&expected);
    }
}

static void a_type_or_an_id_may_be_too_long(void **state)
{
    (void)state;
    struct buf stream = {0};
    buf_printf(&stream, "id: 1\n\nid: %02000d\ndata: a\n\nevent: %02000d\ndata: b\n\n", 0, 0);
    assert_stream_max(buf_slice(&stream), 100, "message|\"a\"|1 long\nmessage|\"b\"|1 long\n=1");
    buf_deinit(&stream);
}

static void what_has_no_meaning_may_be_of_any_length(void **state)
{
    (void)state;
    struct buf stream = {0};
    buf_printf(&stream, ":%02000d\nfoo: %02000d\nretry: %02000d\ndata: a\n\n", 0, 0, 0);
    assert_stream_max(buf_slice(&stream), 100, "message|\"a\"|\n=");
    assert_int_equal(retry_of(buf_slice(&stream)), 0);
    buf_deinit(&stream);
}

/* ---- Conformance cases ---------------------------------------------------------------------- */

#define CASES LIAISON_SOURCE_DIR "/../shared/conformance/sse-cases.json"

static void add_base64(struct buf *out, struct slice s)
{
    buf_reserve(out, s.len);
    int len = EVP_DecodeBlock((unsigned char *)out->data + out->len, (const unsigned char *)s.data,
                              (int)s.len);
    assert_true(len >= 0);
    size_t padding = slice_has_suffix(s, SLICE_LIT("==")) + slice_has_suffix(s, SLICE_LIT("="));
    out->len += (size_t)len - padding;
}

static struct slice member(struct slice object, const char *name)
{
    struct slice value;
    if (!json_get(object, name, &value))
        fail_msg("no %s in %.*s", name, SLICE_FMT(slice_upto(object, 200)));
    return value;
}

static struct buf member_string(struct slice object, const char *name)
{
    struct buf out = {0};
    assert_int_equal(json_get_string(member(object, name), &out), 0);
    return out;
}

typedef void (*element_fn)(struct buf *out, struct slice element);

static void each_element(struct slice array, element_fn fn, struct buf *out)
{
    struct json_reader r;
    struct slice element;
    json_reader_init(&r, array);
    assert_int_equal(json_next(&r), JSON_ARRAY_BEGIN);
    while (json_next(&r) != JSON_ARRAY_END) {
        assert_int_equal(json_skip(&r, &element), 0);
        fn(out, element);
    }
    json_reader_deinit(&r);
}

static void add_part(struct buf *out, struct slice part)
{
    struct slice value;
    if (json_get(part, "fill", &value)) {
        int64_t count = 0;
        struct buf fill = member_string(part, "fill");
        assert_int_equal(json_get_integer(member(part, "count"), &count), 0);
        for (; count > 0; count--)
            buf_add_slice(out, buf_slice(&fill));
        buf_deinit(&fill);
    } else {
        struct buf text = member_string(part, "b64");
        add_base64(out, buf_slice(&text));
        buf_deinit(&text);
    }
}

static void add_connection(struct buf *out, struct slice connection)
{
    each_element(member(connection, "parts"), add_part, out);
}

/* type|data|last id, as add_seen has it. */
static void add_expected(struct buf *out, struct slice event)
{
    struct slice value;
    struct buf type = member_string(event, "type"), id = member_string(event, "lastEventId");
    struct buf data = {0};
    buf_printf(out, "%s|", type.data);
    if (json_get(event, "data_sha256", &value)) {
        assert_int_equal(json_get_string(value, out), 0);
    } else {
        assert_int_equal(json_get_string(member(event, "data"), &data), 0);
        json_add_string(out, buf_slice(&data));
    }
    buf_printf(out, "|%s\n", id.data ? id.data : "");
    buf_deinit(&type);
    buf_deinit(&id);
    buf_deinit(&data);
}

static void add_seen(struct buf *out, const struct sse_message *m)
{
    buf_printf(out, "%.*s|", SLICE_FMT(m->type));
    if (m->data.len > 100000) {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned len = 0;
        EVP_Digest(m->data.data, m->data.len, digest, &len, EVP_sha256(), NULL);
        text_add_hex(out, digest, len);
    } else {
        json_add_string(out, m->data);
    }
    buf_printf(out, "|%.*s\n", SLICE_FMT(m->last_id));
}

static void assert_case(struct slice test, struct slice stream, struct slice expected, size_t chunk)
{
    struct buf out = {0};
    struct sse_message m;
    struct sse_parser *p = sse_parser_new(16 << 20, SLICE_NULL);
    for (size_t at = 0; at < stream.len; at += chunk) {
        sse_parser_feed(p, slice_upto(slice_from(stream, at), chunk));
        while (sse_parser_next(p, &m)) {
            assert_false(m.is_too_long);
            add_seen(&out, &m);
        }
    }
    if (!slice_is_equal(buf_slice(&out), expected))
        fail_msg("%.*s in pieces of %zu:\n%.*s", SLICE_FMT(member(test, "name")), chunk,
                 SLICE_FMT(buf_slice(&out)));
    sse_parser_free(p);
    buf_deinit(&out);
}

/* In pieces of each size; a stream of megabytes in a few. */
static void run_case(struct buf *count, struct slice test)
{
    struct buf stream = {0}, expected = {0};
    if (!slice_is_equal(member(test, "kind"), SLICE_LIT("\"parse\"")))
        return;
    each_element(member(test, "connections"), add_connection, &stream);
    each_element(member(member(test, "expect"), "events"), add_expected, &expected);
    size_t step = stream.len > 100000 ? 700001 : 1;
    for (size_t chunk = step > 1 ? 1000 : 1; chunk <= stream.len + step; chunk += step)
        assert_case(test, buf_slice(&stream), buf_slice(&expected), chunk);
    buf_add_char(count, '.');
    buf_deinit(&stream);
    buf_deinit(&expected);
}

static void meets_the_conformance_cases(void **state)
{
    (void)state;
    if (access(CASES, R_OK) != 0) {
        print_message("no ../shared/conformance/sse-cases.json beside the checkout: skipped\n");
        skip();
    }
    struct buf file = {0}, count = {0};
    struct err err = {0};
    if (buf_read_file(&file, CASES, 16 << 20, &err) < 0)
        fail_msg("%s", err.message);
    each_element(member(buf_slice(&file), "cases"), run_case, &count);
    assert_int_not_equal(count.len, 0);
    buf_deinit(&file);
    buf_deinit(&count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_data_lines_and_ends_a_message_at_a_blank_line),
        cmocka_unit_test(removes_one_space_behind_the_colon),
        cmocka_unit_test(empty_data_are_a_message_and_no_data_are_none),
        cmocka_unit_test(an_incomplete_message_at_the_end_is_dropped),
        cmocka_unit_test(takes_all_line_ends_in_all_splits),
        cmocka_unit_test(a_message_is_given_at_the_cr_without_waiting_for_more),
        cmocka_unit_test(the_type_is_that_of_the_block_alone),
        cmocka_unit_test(the_id_holds_until_another_comes),
        cmocka_unit_test(a_block_with_an_id_alone_sets_it_without_a_message),
        cmocka_unit_test(an_id_with_nul_is_ignored),
        cmocka_unit_test(fields_without_meaning_are_ignored),
        cmocka_unit_test(one_byte_order_mark_is_dropped_at_the_start_alone),
        cmocka_unit_test(retry_takes_digits_alone_and_at_once),
        cmocka_unit_test(comments_are_no_message_but_a_sign_of_life),
        cmocka_unit_test(a_new_stream_drops_half_a_message_and_keeps_the_id_and_the_wait),
        cmocka_unit_test(goes_on_from_the_stored_id),
        cmocka_unit_test(bytes_not_asked_for_are_dropped_by_a_new_stream),
        cmocka_unit_test(broken_utf8_is_replaced_and_marked),
        cmocka_unit_test(broken_data_are_shown_as_they_came_too),
        cmocka_unit_test(a_message_of_just_the_limit_is_taken),
        cmocka_unit_test(a_line_of_just_the_limit_is_read_whole),
        cmocka_unit_test(of_a_message_that_is_too_long_the_beginning_is_kept),
        cmocka_unit_test(a_type_or_an_id_may_be_too_long),
        cmocka_unit_test(what_has_no_meaning_may_be_of_any_length),
        cmocka_unit_test(meets_the_conformance_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
