/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * event/trace: W3C Trace Context.
 */
#include "event/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/json.h"

#include <cmocka.h>

#define ID "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"
#define PARENT "00-" ID "-" SPAN "-01"

static void test_what_a_traceparent_is(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is;
    } rows[] = {
        {PARENT, true},
        {"00-" ID "-" SPAN "-00", true},
        {"01-" ID "-" SPAN "-01", true},
        {"cc-" ID "-" SPAN "-01-what-the-future-will-be-like", true},
        {"", false},
        {"00", false},
        {"ff-" ID "-" SPAN "-01", false},
        {"0g-" ID "-" SPAN "-01", false},
        {"00-" ID "-" SPAN "-01-more", false},
        {"cc-" ID "-" SPAN "-01more", false},
        {"00-" ID "-" SPAN "-1", false},
        {"00-" ID "-" SPAN, false},
        {"00-" ID "-" SPAN "-0x", false},
        {"00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01", false},
        {"00-00000000000000000000000000000000-" SPAN "-01", false},
        {"00-" ID "-0000000000000000-01", false},
        {"00-" ID "0-" SPAN "-01", false},
        {"00_" ID "_" SPAN "_01", false},
        {" " PARENT, false},
        {PARENT " ", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct trace trace;
        if (trace_parse(&trace, slice_str(rows[i].text)) != rows[i].is)
            fail_msg("%s", rows[i].text);
        assert_true(rows[i].is ? slice_is_equal(trace.id, SLICE_LIT(ID)) : trace.id.data == NULL);
    }
    struct trace trace;
    assert_false(trace_parse(&trace, SLICE_NULL));
}

static void test_the_next_one_has_a_span_of_its_own(void **state)
{
    (void)state;
    struct trace trace;
    struct buf out = {0};
    assert_true(trace_parse(&trace, SLICE_LIT("00-" ID "-" SPAN "-00")));
    trace_add_parent(&out, &trace, 0xBEEF);
    assert_string_equal(out.data, "00-" ID "-000000000000beef-00");
    assert_true(trace_parse(&trace, buf_slice(&out)));
    buf_deinit(&out);
}

static void expect_of_event(const char *attributes, bool has, const char *state)
{
    struct event *event = event_new(&(struct event_parts){
        .channel = SLICE_LIT("c"), .id = SLICE_LIT("1"), .attributes = slice_str(attributes)});
    struct buf room = {0};
    struct trace trace;
    if (trace_of_event(&trace, event, &room) != has)
        fail_msg("%s", attributes);
    assert_true(slice_is_equal(trace.state, slice_str(state)));
    assert_int_equal(trace_of_event(&trace, event, NULL), has);
    buf_deinit(&room);
    event_unref(event);
}

static void test_the_one_of_an_event_stands_in_its_attributes(void **state)
{
    (void)state;
    expect_of_event(NULL, false, NULL);
    expect_of_event("{\"specversion\":\"1.0\"}", false, NULL);
    expect_of_event("{\"traceparent\":\"" PARENT "\"}", true, NULL);
    expect_of_event("{\"a\":\"b\",\"tracestate\":\"x=\\\"1\\\"\",\"traceparent\":\"" PARENT "\"}",
                    true, "x=\"1\"");
    expect_of_event("{\"a\":\"traceparent\"}", false, NULL);
    expect_of_event("{\"traceparent\":\"" PARENT "0\"}", false, NULL);
    expect_of_event("{\"traceparent\":7}", false, NULL);
}

static void test_it_is_added_to_attributes(void **state)
{
    (void)state;
    static const struct {
        const char *before, *tracestate, *after;
    } rows[] = {
        {NULL, NULL, "{\"traceparent\":\"p\"}"},
        {"{}", NULL, "{\"traceparent\":\"p\"}"},
        {"{\"a\":\"b\"}", "s=\"", "{\"a\":\"b\",\"traceparent\":\"p\",\"tracestate\":\"s=\\\"\"}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out = {0};
        trace_add_attributes(&out, slice_str(rows[i].before), SLICE_LIT("p"),
                             slice_str(rows[i].tracestate));
        assert_string_equal(out.data, rows[i].after);
        buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_traceparent_is),
        cmocka_unit_test(test_the_next_one_has_a_span_of_its_own),
        cmocka_unit_test(test_the_one_of_an_event_stands_in_its_attributes),
        cmocka_unit_test(test_it_is_added_to_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
