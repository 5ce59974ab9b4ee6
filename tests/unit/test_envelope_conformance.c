/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The conformance cases of CloudEvents: what requests in structured, batch and binary mode become,
 * each case a test. Skipped where the cases aren't there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/json.h"
#include "event/envelope.h"

#include <cmocka.h>

#define CASES LIAISON_SOURCE_DIR "/../shared/conformance/cloudevents-cases.json"
#define CASES_MAX 200
#define HEADERS_MAX 16
#define EVENTS_MAX 8

struct taken {
    struct event *events[EVENTS_MAX];
    size_t n;
};

static void no_id(void *ctx, char out[37])
{
    (void)ctx;
    (void)out;
    fail_msg("a CloudEvent has an id of its own");
}

static const struct envelope_context context = {
    .channel = {"embedded", 8},
    .source = {"embedded", 8},
    .new_id = no_id,
};

static void take(void *ctx, struct event *event)
{
    struct taken *t = ctx;
    assert_true(t->n < EVENTS_MAX);
    t->events[t->n++] = event;
}

/* The headers of a case, whose texts stand in `storage`. */
struct case_headers {
    struct envelope_header items[HEADERS_MAX];
    size_t n;
    struct buf storage[2 * HEADERS_MAX];
};

static void read_headers(struct slice request, struct case_headers *h)
{
    struct json_reader r;
    struct slice headers;
    assert_true(json_get(request, "headers", &headers));
    json_reader_init(&r, headers);
    json_next(&r);
    while (json_next(&r) == JSON_ARRAY_BEGIN) {
        struct buf *name = &h->storage[2 * h->n], *value = name + 1;
        assert_true(h->n < HEADERS_MAX);
        json_next(&r);
        buf_add_slice(name, r.text);
        json_next(&r);
        buf_add_slice(value, r.text);
        json_next(&r);
        h->items[h->n++] = (struct envelope_header){buf_slice(name), buf_slice(value)};
    }
    json_reader_deinit(&r);
}

static struct slice find_header(const struct case_headers *h, const char *name)
{
    for (size_t i = 0; i < h->n; i++)
        if (slice_is_equal_nocase(h->items[i].name, slice_str(name)))
            return h->items[i].value;
    return SLICE_NULL;
}

static void string_of(struct slice object, const char *name, struct buf *out)
{
    struct slice value;
    buf_clear(out);
    buf_reserve(out, 0);
    assert_true(json_get(object, name, &value));
    assert_int_equal(json_get_string(value, out), 0);
}

static void check_attributes(struct slice expected, const struct event *event, const char *id)
{
    struct json_reader r;
    struct buf json = {0};
    envelope_add_json(&json, event);
    json_reader_init(&r, expected);
    assert_int_equal(json_next(&r), JSON_OBJECT_BEGIN);
    while (json_next(&r) == JSON_KEY) {
        struct slice wanted, found = SLICE_NULL;
        char *name = slice_dup(r.text);
        assert_int_equal(json_skip(&r, &wanted), 0);
        if (!json_get(buf_slice(&json), name, &found) || !json_is_same(wanted, found))
            fail_msg("%s: %s is %.*s", id, name, SLICE_FMT(found));
        free(name);
    }
    json_reader_deinit(&r);
    buf_deinit(&json);
}

static void check_data(struct slice expected, const struct event *event, const char *id)
{
    struct slice value;
    struct buf text = {0}, bytes = {0};
    bool same = event->data_kind == EVENT_DATA_NONE;
    if (json_get(expected, "data_json", &value)) {
        same = event->data_kind == EVENT_DATA_JSON && json_is_same(value, event->data);
    } else if (json_get(expected, "data_text", &value)) {
        string_of(expected, "data_text", &text);
        same =
            event->data_kind == EVENT_DATA_BYTES && slice_is_equal(buf_slice(&text), event->data);
    } else if (json_get(expected, "data_b64", &value)) {
        string_of(expected, "data_b64", &text);
        assert_int_equal(base64_parse(buf_slice(&text), &bytes), 0);
        same =
            event->data_kind == EVENT_DATA_BYTES && slice_is_equal(buf_slice(&bytes), event->data);
    }
    if (!same)
        fail_msg("%s: the data are %.*s", id, SLICE_FMT(event->data));
    buf_deinit(&text);
    buf_deinit(&bytes);
}

static void check_events(struct slice expect, const struct taken *t, const char *id)
{
    struct json_reader r;
    struct slice events, expected, attributes;
    size_t n = 0;
    assert_true(json_get(expect, "events", &events));
    json_reader_init(&r, events);
    json_next(&r);
    while (json_next(&r) == JSON_OBJECT_BEGIN) {
        assert_int_equal(json_skip(&r, &expected), 0);
        assert_true(n < t->n);
        assert_true(json_get(expected, "attributes", &attributes));
        check_attributes(attributes, t->events[n], id);
        check_data(expected, t->events[n], id);
        n++;
    }
    assert_int_equal(n, t->n);
    json_reader_deinit(&r);
}

static enum envelope_media media_of(struct slice type)
{
    if (slice_has_prefix(type, SLICE_LIT("application/cloudevents-batch+json")))
        return ENVELOPE_CE_BATCH;
    bool is_structured = slice_has_prefix(type, SLICE_LIT("application/cloudevents+json"));
    return is_structured ? ENVELOPE_CE : ENVELOPE_JSON;
}

/* Takes the request as it is meant: in binary mode by its mark, else by its type. */
static int take_request(struct taken *t, const struct case_headers *h, struct slice body,
                        struct err *err)
{
    struct slice type = find_header(h, "Content-Type");
    if (!find_header(h, "ce-specversion").data)
        return envelope_parse_body(&context, media_of(type), body, take, t, err);
    int rc = envelope_parse_binary(&context, h->items, h->n, body, &t->events[0], err);
    t->n = rc == 0 ? 1 : 0;
    return rc;
}

static void test_case(void **state)
{
    const struct slice one = *(struct slice *)*state;
    struct slice request, expect, accept;
    struct buf id = {0}, encoded = {0}, body = {0};
    struct case_headers headers = {0};
    struct taken t = {0};
    struct err err = {0};
    assert_true(json_get(one, "request", &request) && json_get(one, "expect", &expect));
    read_headers(request, &headers);
    string_of(one, "id", &id);
    string_of(request, "body_b64", &encoded);
    assert_int_equal(base64_parse(buf_slice(&encoded), &body), 0);
    assert_true(json_get(expect, "accept", &accept));
    int rc = take_request(&t, &headers, buf_slice(&body), &err);
    if ((rc == 0) != slice_is_equal(accept, SLICE_LIT("true")))
        fail_msg("%s: %s", id.data, rc == 0 ? "taken" : err.message);
    if (rc == 0)
        check_events(expect, &t, id.data);
    for (size_t i = 0; i < t.n; i++)
        event_unref(t.events[i]);
    for (size_t i = 0; i < ARRAY_LEN(headers.storage); i++)
        buf_deinit(&headers.storage[i]);
    buf_deinit(&id);
    buf_deinit(&encoded);
    buf_deinit(&body);
}

static void test_nothing(void **state)
{
    (void)state;
    print_message("skipped: there are no cases at %s\n", CASES);
    skip();
}

/* Makes a test of each case in the file; returns their number. The names are the tests' to free. */
static size_t read_cases(struct slice file, struct slice *cases, struct CMUnitTest *tests)
{
    struct json_reader r;
    struct slice ingest;
    size_t n = 0;
    if (!json_get(file, "ingest", &ingest))
        die("%s has no cases", CASES);
    json_reader_init(&r, ingest);
    json_next(&r);
    while (json_next(&r) == JSON_OBJECT_BEGIN) {
        struct buf name = {0};
        if (n == CASES_MAX || json_skip(&r, &cases[n]) < 0)
            die("%s has too many cases or isn't JSON", CASES);
        string_of(cases[n], "id", &name);
        tests[n] = (struct CMUnitTest){buf_take(&name), test_case, NULL, NULL, &cases[n]};
        n++;
    }
    json_reader_deinit(&r);
    return n;
}

int main(void)
{
    struct buf file = {0};
    struct err err = {0};
    struct slice cases[CASES_MAX];
    struct CMUnitTest tests[CASES_MAX] = {cmocka_unit_test(test_nothing)};
    if (access(CASES, R_OK) != 0)
        return _cmocka_run_group_tests("CloudEvents", tests, 1, NULL, NULL);
    if (buf_read_file(&file, CASES, 1 << 20, &err) < 0)
        die("%s", err.message);
    size_t n = read_cases(buf_slice(&file), cases, tests);
    int failed = _cmocka_run_group_tests("CloudEvents", tests, n, NULL, NULL);
    for (size_t i = 0; i < n; i++)
        free((char *)tests[i].name);
    buf_deinit(&file);
    return failed;
}
