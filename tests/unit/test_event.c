/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * event/event, event/record: events and their keys, names of states.
 */
#include "event/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "event/record.h"

static void assert_slice(struct slice s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.data, expected, s.len);
}

static void assert_key(const struct event_parts *parts, const char *expected)
{
    struct event *e = event_new(parts);
    assert_int_equal(e->has_key, expected != NULL);
    if (expected)
        assert_slice(e->key, expected);
    else
        assert_int_equal(e->key.len, 0);
    event_unref(e);
}

static void assert_key_of_data(const char *data, const char *expected)
{
    assert_key(&(struct event_parts){.data = slice_str(data), .data_kind = EVENT_DATA_JSON},
               expected);
}

static void an_event_keeps_copies_of_its_parts(void **state)
{
    char id[] = "id", data[] = "{\"a\":1}";
    struct event_parts parts = {
        .channel = SLICE_LIT("c"),
        .id = slice_str(id),
        .type = SLICE_LIT("t"),
        .source = SLICE_LIT("/s"),
        .subject = SLICE_LIT("sub"),
        .time = SLICE_LIT("2026-11-23T18:56:15Z"),
        .attributes = SLICE_LIT("{\"x\":1}"),
        .data = slice_str(data),
        .data_kind = EVENT_DATA_JSON,
        .has_own_id = true,
        .received_ms = 12,
    };
    (void)state;
    struct event *e = event_new(&parts);
    memset(id, '!', 2);
    memset(data, '!', 7);
    assert_slice(e->channel, "c");
    assert_slice(e->id, "id");
    assert_slice(e->type, "t");
    assert_slice(e->source, "/s");
    assert_slice(e->subject, "sub");
    assert_slice(e->time, "2026-11-23T18:56:15Z");
    assert_slice(e->attributes, "{\"x\":1}");
    assert_slice(e->data, "{\"a\":1}");
    assert_true(e->has_own_id);
    assert_int_equal(e->received_ms, 12);
    assert_int_equal(e->seq, 0);
    event_unref(e);
}

static void absent_parts_stay_absent_and_empty_ones_empty(void **state)
{
    (void)state;
    struct event *e =
        event_new(&(struct event_parts){.data = SLICE_LIT(""), .data_kind = EVENT_DATA_BYTES});
    assert_null(e->subject.data);
    assert_null(e->attributes.data);
    assert_non_null(e->data.data);
    assert_int_equal(e->data.len, 0);
    event_unref(e);
}

static void an_event_lives_until_its_last_reference(void **state)
{
    (void)state;
    struct event *e = event_new(&(struct event_parts){.type = SLICE_LIT("t")});
    assert_ptr_equal(event_ref(e), e);
    event_unref(e);
    assert_slice(e->type, "t");
    event_unref(e);
    event_unref(NULL);
}

static void the_size_grows_with_the_data(void **state)
{
    (void)state;
    struct event *small = event_new(&(struct event_parts){.data = SLICE_LIT("1")});
    struct event *large = event_new(&(struct event_parts){.data = SLICE_LIT("1234567")});
    assert_int_equal(event_size(large) - event_size(small), 6);
    event_unref(small);
    event_unref(large);
}

static void the_partition_key_comes_before_the_subject_and_the_id(void **state)
{
    struct event_parts parts = {
        .attributes = SLICE_LIT("{\"partitionkey\":\"p\"}"),
        .subject = SLICE_LIT("s"),
        .data = SLICE_LIT("{\"id\":\"d\"}"),
        .data_kind = EVENT_DATA_JSON,
    };
    (void)state;
    assert_key(&parts, "p");
    parts.attributes = SLICE_LIT("{\"other\":\"p\"}");
    assert_key(&parts, "s");
    parts.subject = SLICE_NULL;
    assert_key(&parts, "d");
    parts.data_kind = EVENT_DATA_BYTES;
    assert_key(&parts, NULL);
    parts.key = SLICE_LIT("given");
    assert_key(&parts, "given");
}

static void a_string_or_a_whole_number_as_the_datas_id_is_the_key(void **state)
{
    (void)state;
    assert_key_of_data("{\"id\":\"a\\u00e9\"}", "aé");
    assert_key_of_data("{\"id\":\"\"}", "");
    assert_key_of_data("{\"id\":17}", "17");
    assert_key_of_data("{\"id\":-17}", "-17");
    assert_key_of_data("{\"id\":17.0}", "17");
    assert_key_of_data("{\"id\":1e2}", "100");
    assert_key_of_data("{\"id\":12345678901234567890123}", "12345678901234567890123");
}

static void other_data_have_no_key(void **state)
{
    (void)state;
    assert_key_of_data("{\"id\":1.5}", NULL);
    assert_key_of_data("{\"id\":null}", NULL);
    assert_key_of_data("{\"id\":true}", NULL);
    assert_key_of_data("{\"id\":[1]}", NULL);
    assert_key_of_data("{\"a\":{\"id\":1}}", NULL);
    assert_key_of_data("[{\"id\":1}]", NULL);
    assert_key_of_data("7", NULL);
}

static void states_have_names_that_lead_back_to_them(void **state)
{
    (void)state;
    for (int i = EVENT_NEW; i <= EVENT_MALFORMED; i++)
        assert_int_equal(event_state_of(slice_str(event_state_name((enum event_state)i))), i);
    for (int i = DELIVERY_NEW; i <= DELIVERY_DROPPED; i++)
        assert_int_equal(delivery_state_of(slice_str(delivery_state_name((enum delivery_state)i))),
                         i);
    assert_string_equal(event_state_name(EVENT_UNMATCHED), "unmatched");
    assert_string_equal(delivery_state_name(DELIVERY_SUPERSEDED), "superseded");
    assert_int_equal(event_state_of(SLICE_LIT("waiting")), -1);
    assert_int_equal(delivery_state_of(SLICE_LIT("open")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_keeps_copies_of_its_parts),
        cmocka_unit_test(absent_parts_stay_absent_and_empty_ones_empty),
        cmocka_unit_test(an_event_lives_until_its_last_reference),
        cmocka_unit_test(the_size_grows_with_the_data),
        cmocka_unit_test(the_partition_key_comes_before_the_subject_and_the_id),
        cmocka_unit_test(a_string_or_a_whole_number_as_the_datas_id_is_the_key),
        cmocka_unit_test(other_data_have_no_key),
        cmocka_unit_test(states_have_names_that_lead_back_to_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
