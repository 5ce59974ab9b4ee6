/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the channel of server-sent events asks its bus for, and what it makes of the answer.
 */
#include "channel/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include "channel/sse_intake.h"
#include "sse_fixture.h"

#include <cmocka.h>

/* ---- the request ---- */

static void test_the_first_request_asks_for_an_event_stream(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f, "data: 1\n\n", SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 1);
    assert_header(f, 0, "method", "GET");
    assert_header(f, 0, "Accept", "text/event-stream");
    assert_header(f, 0, "Cache-Control", "no-cache");
    assert_header(f, 0, "Last-Event-ID", NULL);
    assert_header(f, 0, "Authorization", NULL);
}

static void test_headers_of_the_options_are_sent_and_take_precedence(void **state)
{
    struct sse_fixture *f = *state;
    const struct http_header headers[] = {{SLICE_LIT("X-Tenant"), SLICE_LIT("7")},
                                          {SLICE_LIT("accept"), SLICE_LIT("text/plain")}};
    will_stream(f, "data: 1\n\n", SCRIPT_HOLD);
    serve(f);
    open_with(f, (struct http_headers){headers, 2}, NULL);
    wait_taken(f, 1);
    assert_header(f, 0, "X-Tenant", "7");
    assert_header(f, 0, "Accept", "text/plain");
}

static void test_a_stored_position_is_resumed(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f, "data: 1\n\n", SCRIPT_HOLD);
    serve(f);
    open_with(f, (struct http_headers){NULL, 0}, "h\303\251-41");
    assert_true(status_of(f).is_resumable);
    wait_taken(f, 1);
    assert_header(f, 0, "Last-Event-ID", "h\303\251-41");
    assert_position(f, 0, NULL);
}

static void test_a_header_says_where_to_begin_until_a_position_is_stored(void **state)
{
    struct sse_fixture *f = *state;
    const struct http_header header = {SLICE_LIT("Last-Event-ID"), SLICE_LIT("7")};
    will_stream(f, "retry: 20\nid: 8\ndata: 1\n\n", SCRIPT_CLOSE);
    will_stream(f, ":\n", SCRIPT_HOLD);
    serve(f);
    open_with(f, (struct http_headers){&header, 1}, NULL);
    wait_requests(f, 2);
    assert_header(f, 0, "Last-Event-ID", "7");
    assert_header(f, 1, "Last-Event-ID", "8");
}

static void test_credentials_of_the_url_are_basic_authentication(void **state)
{
    struct sse_fixture *f = *state;
    struct err err = {0};
    will_stream(f, "data: 1\n\n", SCRIPT_HOLD);
    serve(f);
    struct buf url = {0};
    buf_printf(&url, "http://al%%20i:p@ss:%%77ord@%s/events?a=b", scripted_server_host(f->server));
    const struct channel_options options = {.name = "bus", .url = url.data};
    f->channel = channel_open(&options, &f->fake.host, &err);
    buf_deinit(&url);
    assert_non_null(f->channel);
    wait_taken(f, 1);
    assert_header(f, 0, "Authorization", "Basic YWwgaTpwQHNzOndvcmQ="); /* al i:p@ss:word */
    assert_header(f, 0, "Host", scripted_server_host(f->server));
}

static void test_credentials_are_never_logged(void **state)
{
    struct sse_fixture *f = *state;
    struct err err = {0};
    will_answer(f, STATUS("401 Unauthorized"), NULL, 0, SCRIPT_CLOSE);
    serve(f);
    struct buf url = {0};
    buf_printf(&url, "http://alice:pa55word@%s/", scripted_server_host(f->server));
    const struct channel_options options = {.name = "bus", .url = url.data};
    f->channel = channel_open(&options, &f->fake.host, &err);
    buf_deinit(&url);
    fake_host_wait(&f->fake, status_of(f).problem);
    assert_non_null(strstr(status_of(f).problem, "401: credentials are missing or wrong"));
    assert_int_equal(logged(f, "bus answered 401"), 1);
    assert_int_equal(logged(f, "pa55word"), 0);
    assert_int_equal(logged(f, "alice"), 0);
}

static void test_a_url_that_is_none_fails_to_open(void **state)
{
    struct sse_fixture *f = *state;
    static const char *const urls[] = {"http:",     "http:/x",      "http://",
                                       "http:///x", "http://u:p@/", "https://:80/"};
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct err err = {0};
        const struct channel_options options = {.name = "bus", .url = urls[i]};
        assert_null(channel_open(&options, &f->fake.host, &err));
        assert_int_equal(err.code, ERR_INVALID);
    }
}

/* ---- events ---- */

static void test_the_name_of_the_event_is_its_type(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f,
                "event: order.made\ndata: {\"n\":1}\n\ndata: hello\n\n"
                "event: message\ndata: {\"type\":\"inner\",\"x\":1}\n\n",
                SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 3);
    assert_slice(f->fake.taken[0].event->type, "order.made");
    assert_slice(f->fake.taken[1].event->type, "message");
    assert_slice(f->fake.taken[2].event->type, "inner");
    assert_data(f, 0, "{\"n\":1}");
    assert_data(f, 1, "hello");
    assert_slice(f->fake.taken[0].event->channel, "bus");
}

static void test_what_comes_together_is_one_append(void **state)
{
    struct sse_fixture *f = *state;
    will_answer(f, HEAD, "data: 1\n\n", 100, SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 100);
    assert_int_equal(f->fake.n_batches, 1);
}

static void test_a_batch_is_bounded(void **state)
{
    struct sse_fixture *f = *state;
    will_answer(f, HEAD, "data: 1\n\n", SSE_BATCH_MAX + 1, SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, SSE_BATCH_MAX + 1);
    assert_int_equal(f->fake.n_batches, 2);
    assert_int_equal(f->fake.taken[SSE_BATCH_MAX - 1].batch, 0);
}

/* ---- positions ---- */

static void test_the_position_is_the_id_behind_the_last_event_of_the_batch(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f, "id: 1\ndata: a\n\nid: 2\ndata: b\n\ndata: c\n\n", SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 3);
    assert_int_equal(f->fake.n_batches, 1);
    assert_position(f, 2, "2");
    assert_true(status_of(f).is_resumable);
    assert_slice(f->fake.taken[1].event->id, "2");
    assert_true(f->fake.taken[1].event->has_own_id);
    assert_false(f->fake.taken[2].event->has_own_id);
}

static void test_a_position_is_told_once(void **state)
{
    struct sse_fixture *f = *state;
    f->n_answers = 1;
    f->parts[0] = (struct script_part){SLICE_LIT("id: 1\ndata: a\n\n"), 1, 0};
    f->parts[1] = (struct script_part){SLICE_LIT("data: b\n\n"), 1, 30};
    f->answers[0] = (struct script_answer){HEAD, f->parts, 2, SCRIPT_HOLD};
    open_bus(f);
    wait_taken(f, 2);
    assert_int_equal(f->fake.n_batches, 2);
    assert_position(f, 0, "1");
    assert_position(f, 1, NULL);
}

static void test_an_id_without_an_event_is_told_with_the_next_event(void **state)
{
    struct sse_fixture *f = *state;
    f->n_answers = 1;
    f->parts[0] = (struct script_part){SLICE_LIT("id: 1\ndata: a\n\nid: 2\n\n"), 1, 0};
    f->parts[1] = (struct script_part){SLICE_LIT("data: b\n\n"), 1, 30};
    f->answers[0] = (struct script_answer){HEAD, f->parts, 2, SCRIPT_HOLD};
    open_bus(f);
    wait_taken(f, 2);
    assert_position(f, 0, "1");
    assert_position(f, 1, "2");
}

static void test_an_empty_id_takes_the_position_back(void **state)
{
    struct sse_fixture *f = *state;
    f->n_answers = 2;
    f->parts[0] = (struct script_part){SLICE_LIT("retry: 20\nid: 1\ndata: a\n\n"), 1, 0};
    f->parts[1] = (struct script_part){SLICE_LIT("id\ndata: b\n\n"), 1, 30};
    f->answers[0] = (struct script_answer){HEAD, f->parts, 2, SCRIPT_CLOSE};
    f->answers[1] = (struct script_answer){HEAD, NULL, 0, SCRIPT_HOLD};
    open_bus(f);
    wait_requests(f, 2);
    assert_position(f, 0, "1");
    assert_position(f, 1, "");
    assert_header(f, 1, "Last-Event-ID", NULL);
    assert_false(status_of(f).is_resumable);
    assert_true(status_of(f).has_resume_known);
}

static void test_a_bus_without_ids_is_shown_as_not_resumable(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f, "data: a\n\ndata: b\n\n", SCRIPT_HOLD);
    open_bus(f);
    assert_false(status_of(f).has_resume_known);
    wait_taken(f, 2);
    assert_false(status_of(f).is_resumable);
    assert_true(status_of(f).has_resume_known);
    assert_true(status_of(f).last_event_ms > 0);
    assert_int_equal(logged(f, "without ids"), 1);
}

/* ---- identities ---- */

#define CLOUDEVENT(id, data)                                                                       \
    "data: {\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"" id                 \
    "\",\"data\":" data "}\n\n"

static bool is_same(const struct sse_fixture *f, size_t a, size_t b)
{
    const struct taken *t = f->fake.taken;
    assert_true(t[a].has_identity && t[b].has_identity);
    return memcmp(&t[a].identity, &t[b].identity, sizeof(t[a].identity)) == 0;
}

static void test_a_cloudevents_identity_is_its_source_and_id(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f,
                "id: 1\n" CLOUDEVENT("1", "1") "id: 9\n" CLOUDEVENT("1", "2") /* other content */
                CLOUDEVENT("1", "3") CLOUDEVENT("2", "1"),
                SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 4);
    assert_true(is_same(f, 0, 1));
    assert_true(is_same(f, 0, 2));
    assert_false(is_same(f, 0, 3));
}

static void test_a_bus_id_needs_the_same_content_too(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f,
                "id: 1\ndata: {\"id\":\"1\"}\n\n"
                "id: 1\ndata: {\"id\":\"1\"}\n\n"
                "id: 1\ndata: {\"id\":\"1\",\"b\":1}\n\n"
                "id: 1\nevent: x\ndata: {\"id\":\"1\"}\n\n"
                "id: 2\ndata: {\"id\":\"1\"}\n\n",
                SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 5);
    assert_true(is_same(f, 0, 1));
    assert_false(is_same(f, 0, 2));
    assert_false(is_same(f, 0, 3));
    assert_false(is_same(f, 0, 4));
}

static void test_an_event_whose_block_has_no_id_has_no_identity(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f, "id: 1\ndata: a\n\ndata: a\n\nid:\ndata: a\n\n", SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 3);
    assert_true(f->fake.taken[0].has_identity);
    assert_false(f->fake.taken[1].has_identity);
    assert_false(f->fake.taken[2].has_identity);
}

/* ---- what is no event ---- */

static void test_what_is_malformed_is_handed_over_in_its_place(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f,
                "id: 1\ndata: a\n\nid: 2\ndata: {not json\n\nid: 3\ndata: b\n\n"
                "data: {\"specversion\":\"1.0\",\"type\":\"t\"}\n\ndata: caf\351\n\n",
                SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 5);
    assert_data(f, 0, "a");
    assert_position(f, 0, "1");
    assert_malformed(f, 1, "{not json", "JSON");
    assert_position(f, 1, "2");
    assert_data(f, 2, "b");
    assert_malformed(f, 3, "{\"specversion\":\"1.0\",\"type\":\"t\"}", "CloudEvent");
    assert_malformed(f, 4, "caf\351", "UTF-8");
}

static void test_a_message_over_the_limit_is_malformed_and_the_next_one_is_taken(void **state)
{
    struct sse_fixture *f = *state;
    f->fake.host.message_max = 100;
    struct buf body = {0};
    buf_printf(&body, "data: %0200d\n\ndata: b\n\n", 0);
    will_stream(f, body.data, SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 2);
    buf_deinit(&body);
    assert_null(f->fake.taken[0].event);
    assert_true(f->fake.taken[0].malformed.len > 0);
    assert_data(f, 1, "b");
}

#define SSE_TEST(name) cmocka_unit_test_setup_teardown(name, sse_setup, sse_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SSE_TEST(test_the_first_request_asks_for_an_event_stream),
        SSE_TEST(test_headers_of_the_options_are_sent_and_take_precedence),
        SSE_TEST(test_a_stored_position_is_resumed),
        SSE_TEST(test_a_header_says_where_to_begin_until_a_position_is_stored),
        SSE_TEST(test_credentials_of_the_url_are_basic_authentication),
        SSE_TEST(test_credentials_are_never_logged),
        SSE_TEST(test_a_url_that_is_none_fails_to_open),
        SSE_TEST(test_the_name_of_the_event_is_its_type),
        SSE_TEST(test_what_comes_together_is_one_append),
        SSE_TEST(test_a_batch_is_bounded),
        SSE_TEST(test_the_position_is_the_id_behind_the_last_event_of_the_batch),
        SSE_TEST(test_a_position_is_told_once),
        SSE_TEST(test_an_id_without_an_event_is_told_with_the_next_event),
        SSE_TEST(test_an_empty_id_takes_the_position_back),
        SSE_TEST(test_a_bus_without_ids_is_shown_as_not_resumable),
        SSE_TEST(test_a_cloudevents_identity_is_its_source_and_id),
        SSE_TEST(test_a_bus_id_needs_the_same_content_too),
        SSE_TEST(test_an_event_whose_block_has_no_id_has_no_identity),
        SSE_TEST(test_what_is_malformed_is_handed_over_in_its_place),
        SSE_TEST(test_a_message_over_the_limit_is_malformed_and_the_next_one_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
