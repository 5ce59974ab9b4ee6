/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Events as they are given to be tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dryrun/given.h"

#define NOW_MS 1700000000000

static struct event *read_well(const char *json)
{
    struct err err = {0};
    struct event *event = given_event(slice_str(json), NOW_MS, &err);
    if (!event)
        fail_msg("%s", err.message);
    return event;
}

static void assert_refused(const char *json, const char *said)
{
    struct err err = {0};
    assert_null(given_event(slice_str(json), NOW_MS, &err));
    if (!strstr(err.message, said))
        fail_msg("expected \"%s\" in \"%s\"", said, err.message);
}

#define assert_slice(got, text)                                                                    \
    do {                                                                                           \
        char *copied = slice_dup(got);                                                             \
        assert_string_equal(copied, (text));                                                       \
        free(copied);                                                                              \
    } while (0)

static void test_an_object_with_type_and_data(void **state)
{
    (void)state;
    struct event *event = read_well(" {\"type\":\"t\",\"data\":{\"id\":7},\"mine\":\"x\"}\n");
    assert_slice(event->type, "t");
    assert_slice(event->data, "{\"id\":7}");
    assert_slice(event->id, GIVEN_ID);
    assert_slice(event->key, "7");
    assert_int_equal(event->channel.len, 0);
    assert_int_equal(event->received_ms, NOW_MS);
    event_unref(event);
}

static void test_a_cloudevent(void **state)
{
    (void)state;
    struct event *event = read_well("{\"specversion\":\"1.0\",\"id\":\"e\",\"source\":\"/s\","
                                    "\"type\":\"t\",\"data_base64\":\"AAE=\"}");
    assert_slice(event->id, "e");
    assert_int_equal(event->data_kind, EVENT_DATA_BYTES);
    assert_int_equal(event->data.len, 2);
    event_unref(event);
}

static void test_a_recorded_one_keeps_number_channel_and_receipt(void **state)
{
    (void)state;
    struct event *event =
        read_well("{\"seq\":12,\"id\":\"e\",\"type\":\"t\",\"source\":\"/s\",\"subject\":null,"
                  "\"time\":\"2026-11-23T10:00:00Z\",\"key\":\"k\",\"attributes\":{\"mine\":\"x\"},"
                  "\"data\":[],\"channel\":\"c\",\"state\":\"closed\",\"replay\":0,"
                  "\"received\":\"2026-11-23T10:00:00.005Z\"}");
    assert_int_equal(event->seq, 12);
    assert_slice(event->channel, "c");
    assert_slice(event->key, "k");
    assert_null(event->subject.data);
    assert_slice(event->attributes, "{\"mine\":\"x\"}");
    assert_slice(event->data, "[]");
    assert_int_equal(event->received_ms, 1795428000005);
    event_unref(event);
}

static void test_a_recorded_text_is_text_again(void **state)
{
    (void)state;
    struct event *event =
        read_well("{\"seq\":1,\"id\":\"e\",\"type\":\"t\",\"channel\":\"c\",\"data\":\"a\\nb\","
                  "\"attributes\":{\"datacontenttype\":\"text/"
                  "plain\"},\"received\":\"2026-11-23T10:00:00Z\"}");
    assert_int_equal(event->data_kind, EVENT_DATA_BYTES);
    assert_slice(event->data, "a\nb");
    event_unref(event);
}

static void test_data_of_a_type(void **state)
{
    (void)state;
    struct err err = {0};
    struct event *event = given_data(SLICE_LIT(" 7\n"), SLICE_LIT("t"), NOW_MS, &err);
    assert_slice(event->data, "7");
    event_unref(event);
    assert_null(given_data(SLICE_LIT("x"), SLICE_LIT("t"), NOW_MS, &err));
    assert_non_null(strstr(err.message, "the data aren't JSON"));
}

static void test_a_delivery_has_what_it_is_given(void **state)
{
    (void)state;
    struct given_delivery d;
    given_delivery_init(&d, SLICE_LIT("{\"id\":\"1-a\",\"connector\":\"c\\n\",\"handler\":\"h\","
                                      "\"key\":\"\",\"transformer\":\"t\",\"data\":null,"
                                      "\"wasUnknown\":true}"));
    assert_slice(d.wish.id, "1-a");
    assert_slice(d.wish.connector, "c\n");
    assert_slice(d.wish.handler, "h");
    assert_slice(d.wish.transformer, "t");
    assert_slice(d.wish.data, "null");
    assert_true(d.wish.key.data && d.wish.key.len == 0 && d.wish.was_unknown);
    given_delivery_deinit(&d);

    given_delivery_init(&d, SLICE_LIT("{\"connector\":\"c\"}"));
    assert_null(d.wish.id.data);
    assert_null(d.wish.key.data);
    assert_null(d.wish.data.data);
    assert_false(d.wish.was_unknown);
    given_delivery_deinit(&d);
}

static void test_what_is_no_event_is_refused(void **state)
{
    (void)state;
    assert_refused("", "the event isn't JSON");
    assert_refused("7", "an event is an object");
    assert_refused("[]", "an event is an object");
    assert_refused("{\"data\":1}", "an event needs a \"type\"");
    assert_refused("{\"specversion\":\"1.0\"}", "must have the attribute");
    assert_refused("{\"seq\":1,\"channel\":\"c\",\"received\":\"x\"}", "time");
    assert_refused("{\"seq\":1,\"channel\":\"c\",\"received\":\"2026-11-23T10:00:00Z\"}",
                   "no `id` or no `type`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_object_with_type_and_data),
        cmocka_unit_test(test_a_cloudevent),
        cmocka_unit_test(test_a_recorded_one_keeps_number_channel_and_receipt),
        cmocka_unit_test(test_a_recorded_text_is_text_again),
        cmocka_unit_test(test_data_of_a_type),
        cmocka_unit_test(test_a_delivery_has_what_it_is_given),
        cmocka_unit_test(test_what_is_no_event_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
