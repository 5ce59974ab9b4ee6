/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * event/envelope: CloudEvents in binary mode.
 */
#include "event/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEADERS_MAX 16

static void no_id(void *ctx, char out[37])
{
    (void)ctx;
    (void)out;
    fail_msg("a CloudEvent has an id of its own");
}

/* What every CloudEvent needs, and up to a few headers more: name, value, …, NULL. */
static int parse_with(struct slice body, struct event **event, struct err *err,
                      const char *const *more)
{
    const struct envelope_context context = {
        .channel = SLICE_LIT("bus"), .received_ms = 99, .new_id = no_id};
    struct envelope_header headers[HEADERS_MAX] = {
        {SLICE_LIT("ce-specversion"), SLICE_LIT("1.0")}, {SLICE_LIT("ce-id"), SLICE_LIT("1")},
        {SLICE_LIT("ce-source"), SLICE_LIT("/s")},       {SLICE_LIT("ce-type"), SLICE_LIT("t")},
        {SLICE_LIT("Host"), SLICE_LIT("localhost")},
    };
    size_t n = 5;
    for (; *more; more += 2)
        headers[n++] = (struct envelope_header){slice_str(more[0]), slice_str(more[1])};
    return envelope_parse_binary(&context, headers, n, body, event, err);
}

static struct event *parse_body_with(const char *body, const char *const *more)
{
    struct event *event;
    struct err err = {0};
    if (parse_with(slice_str(body), &event, &err, more) < 0)
        fail_msg("%s", err.message);
    return event;
}

#define PARSE(body, ...) parse_body_with(body, (const char *const[]){__VA_ARGS__, NULL})

static void refuse(const char *why, const char *body, const char *const *more)
{
    struct event *event;
    struct err err = {0};
    if (parse_with(slice_str(body), &event, &err, more) == 0)
        fail_msg("taken, though %s", why);
    assert_int_equal(err.code, ERR_INVALID);
    if (!strstr(err.message, why))
        fail_msg("\"%s\" lacks \"%s\"", err.message, why);
}

#define REFUSE(why, body, ...) refuse(why, body, (const char *const[]){__VA_ARGS__, NULL})

static void assert_slice(struct slice s, const char *expected)
{
    if (!s.data || !slice_is_equal(s, slice_str(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_FMT(s), expected);
}

/* ---- Attributes ---- */

static void attributes_come_from_headers(void **state)
{
    (void)state;
    struct event *e = PARSE("{\"a\":1}", "CE-Subject", "sub", "ce-time", "2018-04-05T03:56:24Z",
                            "ce-dataschema", "urn:x", "Ce-ComExampleNumber", "5", "Content-Type",
                            "application/json; charset=utf-8");
    assert_slice(e->id, "1");
    assert_slice(e->source, "/s");
    assert_slice(e->type, "t");
    assert_slice(e->subject, "sub");
    assert_slice(e->time, "2018-04-05T03:56:24Z");
    assert_slice(e->key, "sub");
    assert_slice(e->attributes, "{\"specversion\":\"1.0\",\"datacontenttype\":\"application/json; "
                                "charset=utf-8\",\"dataschema\":\"urn:x\","
                                "\"comexamplenumber\":\"5\"}");
    assert_slice(e->channel, "bus");
    assert_true(e->has_own_id);
    assert_int_equal(e->received_ms, 99);
    event_unref(e);
}

/* The text of an attribute whose header holds `value`. */
static void assert_decodes(const char *value, const char *expected)
{
    struct event *e = PARSE("", "ce-subject", value);
    assert_slice(e->subject, expected);
    event_unref(e);
}

static void values_are_decoded_once(void **state)
{
    (void)state;
    assert_decodes("Euro%20%E2%82%AC%20%f0%9f%98%80", "Euro \xe2\x82\xac \xf0\x9f\x98\x80");
    assert_decodes("%41%42C", "ABC");
    assert_decodes("100%2525", "100%25");
    assert_decodes("a+b", "a+b");
    assert_decodes("  a b\t", "a b");
    assert_decodes("caf\xc3\xa9", "caf\xc3\xa9");
}

static void quoted_strings_are_unquoted_first(void **state)
{
    (void)state;
    assert_decodes("\"Hello World\"", "Hello World");
    assert_decodes("\"a \\\"b\\\" \\\\ \\c\"", "a \"b\" \\ c");
    assert_decodes("\"%20x\"", " x");
    assert_decodes("%22x%22", "\"x\"");
    assert_decodes("5\"", "5\"");
}

static void values_that_cant_be_decoded_are_refused(void **state)
{
    (void)state;
    REFUSE("header ce-subject: a % must be followed by two hex digits", "", "ce-subject", "100%");
    REFUSE("two hex digits", "", "ce-subject", "100%4");
    REFUSE("two hex digits", "", "ce-subject", "100%4x");
    REFUSE("header ce-x: the value isn't UTF-8", "", "ce-x", "%C0%A0");
    REFUSE("isn't UTF-8", "", "ce-subject", "%FF");
    REFUSE("isn't UTF-8", "", "ce-subject", "\xff");
    REFUSE("quoted string", "", "ce-subject", "\"abc");
    REFUSE("quoted string", "", "ce-subject", "\"abc\\\"");
    REFUSE("quoted string", "", "ce-subject", "\"abc\" def");
    REFUSE("quoted string", "", "ce-subject", "\"");
    REFUSE("control characters", "", "ce-subject", "a%0Ab");
    REFUSE("control characters", "", "ce-subject", "a%00b");
    REFUSE("control characters", "", "ce-x", "a%00b");
}

static void attributes_are_checked_as_in_a_body(void **state)
{
    (void)state;
    REFUSE("the subject is empty", "", "ce-subject", "");
    REFUSE("the time \"lunchtime\"", "", "ce-time", "lunchtime");
    REFUSE("the datacontenttype \"xyz\"", "", "Content-Type", "xyz");
    REFUSE("header ce-my-ext: the attribute name \"my-ext\"", "", "ce-my-ext", "x");
    REFUSE("the attribute name \"\"", "", "ce-", "x");
    REFUSE("data is no attribute", "", "ce-data", "x");
}

static void each_required_attribute_is_missed(void **state)
{
    static const char *const names[] = {"ce-specversion", "ce-id", "ce-source", "ce-type"};
    (void)state;
    for (size_t left = 0; left < ARRAY_LEN(names); left++) {
        const struct envelope_context context = {.new_id = no_id};
        struct envelope_header headers[ARRAY_LEN(names)];
        struct event *event;
        struct err err = {0};
        size_t n = 0;
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            if (i != left)
                headers[n++] = (struct envelope_header){slice_str(names[i]), SLICE_LIT("1.0")};
        assert_int_equal(envelope_parse_binary(&context, headers, n, SLICE_NULL, &event, &err), -1);
        assert_non_null(strstr(err.message, names[left]));
    }
}

static void a_header_that_stands_twice_is_refused(void **state)
{
    (void)state;
    REFUSE("header CE-Id stands twice", "", "CE-Id", "1");
    REFUSE("header ce-x stands twice", "", "ce-X", "1", "ce-x", "1");
    REFUSE("stands twice", "", "Content-Type", "text/plain", "content-type", "text/plain");
    struct event *e = PARSE("", "Accept", "a/b", "accept", "c/d");
    event_unref(e);
}

/* ---- Data ---- */

static void assert_data(struct event *e, enum event_data kind, const char *data)
{
    assert_int_equal(e->data_kind, kind);
    assert_slice(e->data, data);
    event_unref(e);
}

static void data_are_json_where_the_type_says_so(void **state)
{
    (void)state;
    assert_data(PARSE("{\"a\": 1}\n", "Content-Type", "application/json"), EVENT_DATA_JSON,
                "{\"a\": 1}");
    assert_data(PARSE("\"text\"", "content-type", "Application/Vnd.X+JSON;v=1"), EVENT_DATA_JSON,
                "\"text\"");
    assert_data(PARSE("{\"a\":1}", "Content-Type", "text/plain"), EVENT_DATA_BYTES, "{\"a\":1}");
    assert_data(PARSE("{\"a\":1}", "X", "y"), EVENT_DATA_BYTES, "{\"a\":1}");
    assert_data(PARSE(" <a/>\n", "Content-Type", "application/xml"), EVENT_DATA_BYTES, " <a/>\n");
    REFUSE("the body isn't JSON", "{\"a\":", "Content-Type", "application/json");
    REFUSE("the body isn't JSON", "hello", "Content-Type", "application/json");
}

static void bytes_are_kept_as_they_came(void **state)
{
    (void)state;
    struct event *e;
    struct err err = {0};
    const char *const type[] = {"Content-Type", "image/png", NULL};
    struct slice body = SLICE_LIT("\x89PNG\0\xff");
    assert_int_equal(parse_with(body, &e, &err, type), 0);
    assert_int_equal(e->data_kind, EVENT_DATA_BYTES);
    assert_true(slice_is_equal(e->data, body));
    event_unref(e);
}

static void an_empty_body_is_no_data(void **state)
{
    (void)state;
    struct event *e = PARSE("", "Content-Type", "application/json");
    assert_int_equal(e->data_kind, EVENT_DATA_NONE);
    assert_null(e->data.data);
    event_unref(e);
}

static void a_type_of_its_own_header_holds_where_there_is_no_content_type(void **state)
{
    (void)state;
    assert_data(PARSE("[1]", "ce-datacontenttype", "application/json"), EVENT_DATA_JSON, "[1]");
    REFUSE("leave ce-datacontenttype out", "[1]", "ce-datacontenttype", "application/json",
           "Content-Type", "text/plain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_come_from_headers),
        cmocka_unit_test(values_are_decoded_once),
        cmocka_unit_test(quoted_strings_are_unquoted_first),
        cmocka_unit_test(values_that_cant_be_decoded_are_refused),
        cmocka_unit_test(attributes_are_checked_as_in_a_body),
        cmocka_unit_test(each_required_attribute_is_missed),
        cmocka_unit_test(a_header_that_stands_twice_is_refused),
        cmocka_unit_test(data_are_json_where_the_type_says_so),
        cmocka_unit_test(bytes_are_kept_as_they_came),
        cmocka_unit_test(an_empty_body_is_no_data),
        cmocka_unit_test(a_type_of_its_own_header_holds_where_there_is_no_content_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
