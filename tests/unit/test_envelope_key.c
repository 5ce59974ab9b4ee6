/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * event/envelope: what an event is known and ordered by.
 */
#include "event/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "envelope_fixture.h"

#define CE "\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\""

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

static void assert_key(const char *message, const char *key)
{
    struct event *e = parse(message);
    assert_int_equal(e->has_key, key != NULL);
    if (key)
        assert_slice(e->key, key);
    event_unref(e);
}

static void the_key_is_the_id_of_the_data(void **state)
{
    (void)state;
    assert_key("{\"type\":\"t\",\"data\":{\"id\":\"a\"}}", "a");
    assert_key("{\"data\":{\"id\":\"a\"},\"type\":\"t\"}", "a");
    assert_key("{\"type\":\"t\",\"data\":{\"id\":\"a\",\"b\":{\"id\":2},\"id\":7}}", "7");
    assert_key("{\"type\":\"t\",\"data\":{\"id\":\"a\"},\"data\":{\"b\":1}}", NULL);
    assert_key("{\"type\":\"t\",\"data\":[{\"id\":1}],\"other\":{\"id\":2}}", NULL);
    assert_key("{" CE ",\"data\":{\"id\":\"a\"}}", "a");
    assert_key("{" CE ",\"datacontenttype\":\"application/json\",\"data_base64\":\"eyJpZCI6MX0=\"}",
               "1");
    assert_key("{\"id\":12,\"x\":1}", "12");
    assert_key("[{\"id\":12}]", NULL);
}

static void an_id_in_the_message_is_told_from_the_channels(void **state)
{
    (void)state;
    struct envelope_context c = context();
    c.id = SLICE_LIT("1");
    static const struct {
        const char *message;
        bool is_inner;
    } cases[] = {
        {"{" CE "}", true},
        {"{\"type\":\"t\",\"id\":1,\"data\":2}", true},
        {"{\"type\":\"t\",\"data\":{\"id\":\"1\"}}", false},
        {"{\"id\":\"1\"}", false}, /* is data */
        {"text", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct event *e = parse_in(&c, cases[i].message);
        assert_true(e->has_own_id);
        assert_int_equal(e->has_inner_id, cases[i].is_inner);
        event_unref(e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_is_the_id_of_the_data),
        cmocka_unit_test(an_id_in_the_message_is_told_from_the_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
