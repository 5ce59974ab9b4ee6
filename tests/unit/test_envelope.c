/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * event/envelope: what a message on a channel means, what POST /events takes, events as JSON.
 */
#include "event/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "envelope_fixture.h"

#define EVENTS_MAX 8

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" lacks \"%s\"", text, part);
}

static struct event *parse_in(const struct envelope_context *c, const char *message)
{
    struct err err = {0};
    struct event *event;
    if (envelope_parse(c, slice_str(message), &event, &err) < 0)
        fail_msg("%s", err.message);
    return event;
}

static struct event *parse(const char *message)
{
    struct envelope_context c = context();
    return parse_in(&c, message);
}

static void assert_malformed(struct slice message, const char *why)
{
    struct envelope_context c = context();
    struct err err = {0};
    struct event *event;
    assert_int_equal(envelope_parse(&c, message, &event, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_contains(err.message, why);
}

struct taken {
    struct event *events[EVENTS_MAX];
    size_t n;
};

static void take(void *ctx, struct event *event)
{
    struct taken *t = ctx;
    assert_true(t->n < EVENTS_MAX);
    t->events[t->n++] = event;
}

static void drop(struct taken *t)
{
    for (size_t i = 0; i < t->n; i++)
        event_unref(t->events[i]);
    t->n = 0;
}

static int parse_body(struct taken *t, enum envelope_media media, struct slice body,
                      struct err *err)
{
    struct envelope_context c = context();
    return envelope_parse_body(&c, media, body, take, t, err);
}

static void assert_refused(enum envelope_media media, const char *body, const char *why)
{
    struct taken t = {0};
    struct err err = {0};
    if (parse_body(&t, media, slice_str(body), &err) == 0)
        fail_msg("%s was taken", body);
    assert_int_equal(err.code, ERR_INVALID);
    assert_contains(err.message, why);
    drop(&t);
}

/* ---- Rule 1 ---- */

#define CE "\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\""

static void a_cloudevent_is_taken_with_its_attributes(void **state)
{
    (void)state;
    struct event *e = parse("{" CE ",\"subject\":\"sub\",\"time\":\"2018-04-05T16:31:00-01:00\","
                            "\"ext\":5,\"unset\":null,\"data\":{\"a\":[1, 2]}}");
    assert_slice(e->id, "1");
    assert_slice(e->source, "/s");
    assert_slice(e->type, "t");
    assert_slice(e->subject, "sub");
    assert_slice(e->time, "2018-04-05T16:31:00-01:00");
    assert_slice(e->attributes, "{\"specversion\":\"1.0\",\"ext\":5}");
    assert_slice(e->data, "{\"a\":[1, 2]}");
    assert_slice(e->channel, "bus");
    assert_int_equal(e->data_kind, EVENT_DATA_JSON);
    assert_true(e->has_own_id);
    assert_int_equal(e->received_ms, 99);
    event_unref(e);
}

static void the_channels_own_type_and_id_yield_to_a_cloudevents(void **state)
{
    struct envelope_context c = context();
    (void)state;
    c.type = SLICE_LIT("subject.of.the.bus");
    c.id = SLICE_LIT("7");
    struct event *e = parse_in(&c, "{" CE "}");
    assert_slice(e->type, "t");
    assert_slice(e->id, "1");
    assert_int_equal(e->data_kind, EVENT_DATA_NONE);
    event_unref(e);
}

static void escapes_in_attributes_are_decoded(void **state)
{
    (void)state;
    struct event *e = parse("{\"specversion\":\"1.0\",\"id\":\"\\u0041\\\"\",\"source\":\"\\/s\","
                            "\"\\u0074ype\":\"t\"}");
    assert_slice(e->id, "A\"");
    assert_slice(e->source, "/s");
    assert_slice(e->type, "t");
    event_unref(e);
}

static void text_of_another_content_type_is_bytes(void **state)
{
    (void)state;
    struct event *e = parse("{" CE ",\"datacontenttype\":\"application/xml\",\"data\":\"<a\\/>\"}");
    assert_int_equal(e->data_kind, EVENT_DATA_BYTES);
    assert_slice(e->data, "<a/>");
    event_unref(e);
    e = parse("{" CE ",\"datacontenttype\":\"application/xml\",\"data\":{\"a\":1}}");
    assert_int_equal(e->data_kind, EVENT_DATA_JSON);
    assert_slice(e->data, "{\"a\":1}");
    event_unref(e);
}

static void a_json_content_type_leaves_data_as_they_are(void **state)
{
    static const char *const types[] = {"application/json", "text/JSON; charset=utf-8",
                                        "application/vnd.x+json"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        char message[256];
        snprintf(message, sizeof(message), "{" CE ",\"datacontenttype\":\"%s\",\"data\":\"{}\"}",
                 types[i]);
        struct event *e = parse(message);
        assert_int_equal(e->data_kind, EVENT_DATA_JSON);
        assert_slice(e->data, "\"{}\"");
        event_unref(e);
    }
}

static void base64_data_are_bytes_unless_declared_and_being_json(void **state)
{
    (void)state;
    struct event *e = parse("{" CE ",\"data_base64\":\"eyJhIjoxfQ==\"}");
    assert_int_equal(e->data_kind, EVENT_DATA_BYTES);
    assert_slice(e->data, "{\"a\":1}");
    event_unref(e);
    e = parse("{" CE ",\"datacontenttype\":\"application/json\",\"data_base64\":\"eyJhIjoxfQ==\"}");
    assert_int_equal(e->data_kind, EVENT_DATA_JSON);
    event_unref(e);
    e = parse("{" CE ",\"datacontenttype\":\"application/json\",\"data_base64\":\"eyJh\"}");
    assert_int_equal(e->data_kind, EVENT_DATA_BYTES);
    event_unref(e);
}

static void data_that_are_null_are_data(void **state)
{
    (void)state;
    struct event *e = parse("{" CE ",\"data\":null,\"data_base64\":null}");
    assert_int_equal(e->data_kind, EVENT_DATA_JSON);
    assert_slice(e->data, "null");
    event_unref(e);
}

static void an_invalid_cloudevent_is_malformed_and_the_reason_says_what(void **state)
{
    static const char *const cases[][2] = {
        {"{\"specversion\":\"1.0\",\"source\":\"/s\",\"type\":\"t\"}", "attribute id"},
        {"{\"specversion\":\"1.0\",\"id\":\"1\",\"type\":\"t\"}", "attribute source"},
        {"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\"}", "attribute type"},
        {"{" CE ",\"specversion\":\"0.3\"}", "specversion \"0.3\" must be \"1.0\""},
        {"{" CE ",\"specversion\":1.0}", "specversion must be a string"},
        {"{" CE ",\"id\":\"\"}", "id is empty"},
        {"{" CE ",\"id\":7}", "id must be a string"},
        {"{" CE ",\"type\":null}", "attribute type"},
        {"{" CE ",\"subject\":\"\"}", "subject is empty"},
        {"{" CE ",\"subject\":\"a\\nb\"}", "subject holds control characters"},
        {"{" CE ",\"source\":\"a b\"}", "must be a URI reference"},
        {"{" CE ",\"source\":\"/%4\"}", "must be a URI reference"},
        {"{" CE ",\"dataschema\":\"schema\"}", "dataschema \"schema\" must be a URI"},
        {"{" CE ",\"time\":\"2018-04-05T18:31Z\"}", "must be a time"},
        {"{" CE ",\"time\":\"2018-04-05 18:31:00\"}", "must be a time"},
        {"{" CE ",\"datacontenttype\":\"xyz\"}", "must be a media type"},
        {"{" CE ",\"my.extension\":\"bad\"}", "name \"my.extension\""},
        {"{" CE ",\"Ext\":\"bad\"}", "name \"Ext\""},
        {"{" CE ",\"\":\"bad\"}", "name \"\""},
        {"{" CE ",\"ext\":1.5}", "attribute ext must be"},
        {"{" CE ",\"ext\":1e2}", "attribute ext must be"},
        {"{" CE ",\"ext\":2147483648}", "attribute ext must be"},
        {"{" CE ",\"ext\":{}}", "attribute ext must be"},
        {"{" CE ",\"ext\":\"\\ufdd0\"}", "attribute ext must be"},
        {"{" CE ",\"data\":1,\"data_base64\":\"\"}", "not both"},
        {"{" CE ",\"data_base64\":\"a\"}", "padded base64"},
        {"{" CE ",\"data_base64\":5}", "padded base64"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_malformed(slice_str(cases[i][0]), cases[i][1]);
}

static void long_attribute_names_are_taken(void **state)
{
    (void)state;
    struct event *e = parse("{" CE ",\"anextensionoffarmorethantwentycharacters1\":-2147483648}");
    assert_slice(e->attributes, "{\"specversion\":\"1.0\","
                                "\"anextensionoffarmorethantwentycharacters1\":-2147483648}");
    event_unref(e);
}

/* ---- Rule 2 ---- */

static void an_object_with_type_and_data_is_an_event(void **state)
{
    (void)state;
    struct event *e = parse(" {\"type\":\"schedule.updated\",\"data\":{\"id\":5},\"id\":\"a\","
                            "\"subject\":\"s\",\"priority\":\"high\"}\n");
    assert_slice(e->type, "schedule.updated");
    assert_slice(e->id, "a");
    assert_true(e->has_own_id);
    assert_slice(e->subject, "s");
    assert_slice(e->key, "s");
    assert_slice(e->source, "http://bus/events");
    assert_slice(e->attributes, "{\"priority\":\"high\"}");
    assert_slice(e->data, "{\"id\":5}");
    event_unref(e);
}

static void what_is_no_attribute_beside_type_and_data_does_no_harm(void **state)
{
    (void)state;
    struct event *e = parse("{\"type\":\"t\",\"data\":1,\"id\":{},\"subject\":5,\"time\":\"noon\","
                            "\"createdAt\":1,\"list\":[1],\"specversion\":null}");
    assert_slice(e->id, FRESH_ID);
    assert_false(e->has_own_id);
    assert_null(e->subject.data);
    assert_null(e->time.data);
    assert_null(e->attributes.data);
    event_unref(e);
}

static void a_whole_number_is_an_id_too(void **state)
{
    (void)state;
    struct event *e = parse("{\"type\":\"t\",\"data\":1,\"id\":17}");
    assert_slice(e->id, "17");
    assert_true(e->has_own_id);
    event_unref(e);
}

/* ---- Rule 3 ---- */

static void any_other_object_is_the_data_and_nothing_in_it_an_attribute(void **state)
{
    (void)state;
    struct event *e = parse("{\"id\":\"5\",\"subject\":\"s\",\"time\":\"x\",\"type\":\"room\"}");
    assert_slice(e->data, "{\"id\":\"5\",\"subject\":\"s\",\"time\":\"x\",\"type\":\"room\"}");
    assert_slice(e->type, "room");
    assert_slice(e->id, FRESH_ID);
    assert_false(e->has_own_id);
    assert_null(e->subject.data);
    assert_slice(e->key, "5");
    event_unref(e);
}

static void the_type_is_the_channels_then_the_objects_then_message(void **state)
{
    struct envelope_context c = context();
    (void)state;
    c.type = SLICE_LIT("channels");
    struct event *e = parse_in(&c, "{\"type\":\"own\"}");
    assert_slice(e->type, "channels");
    event_unref(e);
    e = parse("{\"type\":5,\"data\":1}");
    assert_slice(e->type, "message");
    event_unref(e);
    e = parse("{\"type\":\"\",\"data\":1}");
    assert_slice(e->type, "message");
    assert_slice(e->data, "{\"type\":\"\",\"data\":1}");
    event_unref(e);
}

static void other_json_values_are_the_data(void **state)
{
    static const char *const values[] = {
        "[1,{\"type\":\"t\",\"data\":1}]", "42", "\"text\"", "null", "true", "[]"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct event *e = parse(values[i]);
        assert_int_equal(e->data_kind, EVENT_DATA_JSON);
        assert_slice(e->data, values[i]);
        assert_slice(e->type, "message");
        event_unref(e);
    }
}

static void the_channels_id_is_the_senders(void **state)
{
    struct envelope_context c = context();
    (void)state;
    c.id = SLICE_LIT("block-7");
    struct event *e = parse_in(&c, "{}");
    assert_slice(e->id, "block-7");
    assert_true(e->has_own_id);
    event_unref(e);
}

/* ---- Rule 4 ---- */

static void other_text_is_the_data_as_a_string(void **state)
{
    static const char *const texts[] = {"hello", " spaced out ", "", "nul", "1 2", "\"open"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct event *e = parse(texts[i]);
        assert_int_equal(e->data_kind, EVENT_DATA_BYTES);
        assert_slice(e->data, texts[i]);
        event_unref(e);
    }
}

static void what_begins_like_json_and_isnt_is_malformed(void **state)
{
    (void)state;
    assert_malformed(SLICE_LIT("{\"a\":1"), "line 1, column 7");
    assert_malformed(SLICE_LIT("  [1,]"), "begins like JSON and isn't");
    assert_malformed(SLICE_LIT("{\"type\":\"t\",\"data\":1} x"), "begins like JSON and isn't");
    assert_malformed(SLICE_LIT("{\"a\":\"\xFF\"}"), "UTF-8");
}

static void broken_utf8_is_malformed(void **state)
{
    (void)state;
    assert_malformed(SLICE_LIT("caf\xE9"), "neither JSON nor text in UTF-8");
}

static void every_beginning_of_a_message_is_parsed_or_refused(void **state)
{
    static const char message[] =
        "{" CE ",\"time\":\"2018-04-05T16:31:00Z\",\"ext\":\"\\u00e9\",\"data_base64\":\"eyJh\"}";
    struct envelope_context c = context();
    (void)state;
    for (size_t len = 1; len < sizeof(message) - 1; len++) {
        struct event *event;
        assert_int_equal(envelope_parse(&c, slice_of(message, len), &event, NULL), -1);
    }
    event_unref(parse(message));
}

/* ---- Bodies ---- */

static void a_body_is_an_event_or_an_array_of_such(void **state)
{
    struct taken t = {0};
    struct err err = {0};
    (void)state;
    assert_int_equal(
        parse_body(&t, ENVELOPE_JSON, SLICE_LIT(" {\"type\":\"t\",\"data\":1} "), &err), 0);
    assert_int_equal(t.n, 1);
    drop(&t);
    assert_int_equal(
        parse_body(&t, ENVELOPE_JSON, SLICE_LIT("[{\"type\":\"a\",\"data\":1},{" CE "}]"), &err),
        0);
    assert_int_equal(t.n, 2);
    assert_slice(t.events[0]->type, "a");
    assert_slice(t.events[1]->type, "t");
    drop(&t);
    assert_int_equal(parse_body(&t, ENVELOPE_JSON, SLICE_LIT("[]"), &err), 0);
    assert_int_equal(parse_body(&t, ENVELOPE_CE_BATCH, SLICE_LIT("[ ]"), &err), 0);
    assert_int_equal(t.n, 0);
}

static void a_body_that_is_no_event_is_refused_and_the_element_named(void **state)
{
    (void)state;
    assert_refused(ENVELOPE_JSON, "{\"data\":1}", "an event needs a \"type\"");
    assert_refused(ENVELOPE_JSON, "{\"type\":\"\",\"data\":1}", "an event needs a \"type\"");
    assert_refused(ENVELOPE_JSON, "{\"type\":\"t\"}", "an event needs a \"type\"");
    assert_refused(ENVELOPE_JSON, "5", "must be an object");
    assert_refused(ENVELOPE_JSON, "", "the body isn't JSON");
    assert_refused(ENVELOPE_JSON, "hello", "the body isn't JSON");
    assert_refused(ENVELOPE_JSON, "[{\"type\":\"t\",\"data\":1},7]", "events[1]: ");
    assert_refused(ENVELOPE_JSON, "[{\"type\":\"t\",\"data\":1},{\"specversion\":\"1.0\"}]",
                   "events[1]: a CloudEvent must have the attribute id");
    assert_refused(ENVELOPE_JSON, "[{\"type\":\"t\",\"data\":1},", "the body isn't JSON: line 1");
    assert_refused(ENVELOPE_JSON, "[{\"type\":\"t\",\"data\":1}] 2", "the body isn't JSON");
    assert_refused(ENVELOPE_JSON, "{\"type\":\"t\",\"data\":1}}", "the body isn't JSON");
}

static void each_cloudevents_media_type_takes_its_form_alone(void **state)
{
    (void)state;
    assert_refused(ENVELOPE_CE, "[{" CE "}]", "must be an object");
    assert_refused(ENVELOPE_CE_BATCH, "{" CE "}", "must be an array");
    assert_refused(ENVELOPE_CE, "{\"type\":\"t\",\"data\":1}", "attribute specversion");
    assert_refused(ENVELOPE_CE_BATCH, "[{\"type\":\"t\",\"data\":1}]",
                   "events[0]: a CloudEvent must have the attribute specversion");
}

/* ---- As JSON ---- */

static void assert_json(const char *message, const char *expected)
{
    struct buf out = {0};
    struct event *e = parse(message);
    envelope_add_json(&out, e);
    if (!json_is_same(buf_slice(&out), slice_str(expected)))
        fail_msg("%s instead of %s", out.data, expected);
    event_unref(e);
    buf_deinit(&out);
}

static void a_cloudevent_leaves_as_it_came(void **state)
{
    static const char *const messages[] = {
        "{" CE "}",
        "{" CE ",\"subject\":\"s\",\"time\":\"2018-04-05T16:31:00Z\",\"ext\":true,\"data\":{}}",
        "{" CE ",\"dataschema\":\"urn:x\",\"data\":null}",
        "{" CE ",\"datacontenttype\":\"text/plain\",\"data\":\"a\\\"b\"}",
        "{" CE ",\"data_base64\":\"/w==\"}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(messages); i++)
        assert_json(messages[i], messages[i]);
}

static void any_event_becomes_a_cloudevent(void **state)
{
    (void)state;
    assert_json("hi \"there\"", "{\"specversion\":\"1.0\",\"id\":\"" FRESH_ID "\","
                                "\"type\":\"message\",\"source\":\"http://bus/events\","
                                "\"data\":\"hi \\\"there\\\"\"}");
    assert_json("{\"type\":\"t\",\"data\":[],\"ext\":1}",
                "{\"specversion\":\"1.0\",\"id\":\"" FRESH_ID "\",\"type\":\"t\",\"ext\":1,"
                "\"source\":\"http://bus/events\",\"data\":[]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cloudevent_is_taken_with_its_attributes),
        cmocka_unit_test(the_channels_own_type_and_id_yield_to_a_cloudevents),
        cmocka_unit_test(escapes_in_attributes_are_decoded),
        cmocka_unit_test(text_of_another_content_type_is_bytes),
        cmocka_unit_test(a_json_content_type_leaves_data_as_they_are),
        cmocka_unit_test(base64_data_are_bytes_unless_declared_and_being_json),
        cmocka_unit_test(data_that_are_null_are_data),
        cmocka_unit_test(an_invalid_cloudevent_is_malformed_and_the_reason_says_what),
        cmocka_unit_test(long_attribute_names_are_taken),
        cmocka_unit_test(an_object_with_type_and_data_is_an_event),
        cmocka_unit_test(what_is_no_attribute_beside_type_and_data_does_no_harm),
        cmocka_unit_test(a_whole_number_is_an_id_too),
        cmocka_unit_test(any_other_object_is_the_data_and_nothing_in_it_an_attribute),
        cmocka_unit_test(the_type_is_the_channels_then_the_objects_then_message),
        cmocka_unit_test(other_json_values_are_the_data),
        cmocka_unit_test(the_channels_id_is_the_senders),
        cmocka_unit_test(other_text_is_the_data_as_a_string),
        cmocka_unit_test(what_begins_like_json_and_isnt_is_malformed),
        cmocka_unit_test(broken_utf8_is_malformed),
        cmocka_unit_test(every_beginning_of_a_message_is_parsed_or_refused),
        cmocka_unit_test(a_body_is_an_event_or_an_array_of_such),
        cmocka_unit_test(a_body_that_is_no_event_is_refused_and_the_element_named),
        cmocka_unit_test(each_cloudevents_media_type_takes_its_form_alone),
        cmocka_unit_test(a_cloudevent_leaves_as_it_came),
        cmocka_unit_test(any_event_becomes_a_cloudevent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
