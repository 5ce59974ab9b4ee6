/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The connection of the channel of server-sent events: paused, lost, refused, opened again.
 */
#include "channel/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include "channel/sse_intake.h"
#include "sse_fixture.h"

#include <cmocka.h>

/* ---- back-pressure ---- */

/* More than sockets and buffers swallow. */
#define LINE_256                                                                                   \
    "data: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"  \
    "56789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456" \
    "7890123456789012345678901234567890123456789012345678901234567890123456789\n\n"
#define MANY 100000

static void test_while_too_much_is_unkept_the_socket_is_not_read(void **state)
{
    struct sse_fixture *f = *state;
    f->fake.mode = FAKE_HOLDS;
    will_answer(f, HEAD, LINE_256, MANY, SCRIPT_HOLD);
    open_bus(f);
    fake_host_wait(&f->fake, f->fake.n_taken >= SSE_UNKEPT_MAX);
    fake_host_spend(&f->fake, 100);
    assert_true(f->fake.n_taken < 3 * SSE_UNKEPT_MAX);
    assert_true(scripted_server_stuck(f->server) > 0);
    assert_true(status_of(f).is_connected);

    size_t taken = f->fake.n_taken;
    fake_host_keep(&f->fake, f->fake.n_unkept);
    fake_host_wait(&f->fake, f->fake.n_taken > taken);
    f->fake.mode = FAKE_KEEPS;
    wait_taken(f, MANY);
    assert_int_equal(scripted_server_stuck(f->server), 0);
}

static void test_a_paused_channel_reads_nothing_until_it_is_resumed(void **state)
{
    struct sse_fixture *f = *state;
    will_answer(f, HEAD, LINE_256, MANY, SCRIPT_HOLD);
    open_bus(f);
    channel_pause(f->channel);
    fake_host_wait(&f->fake, status_of(f).is_connected);
    fake_host_spend(&f->fake, 100);
    assert_int_equal(f->fake.n_taken, 0);
    assert_true(scripted_server_stuck(f->server) > 0);
    channel_resume(f->channel);
    wait_taken(f, MANY);
}

static void test_what_the_host_refuses_is_held_and_given_again_in_order(void **state)
{
    struct sse_fixture *f = *state;
    f->fake.mode = FAKE_REFUSES;
    f->n_answers = 1;
    f->parts[0] = (struct script_part){SLICE_LIT("id: 1\ndata: a\n\ndata: [\n\n"), 1, 0};
    f->parts[1] = (struct script_part){SLICE_LIT("id: 2\ndata: b\n\n"), 1, 30};
    f->answers[0] = (struct script_answer){HEAD, f->parts, 2, SCRIPT_HOLD};
    open_bus(f);
    fake_host_wait(&f->fake, f->fake.n_refused > 0);
    fake_host_spend(&f->fake, 100);
    assert_int_equal(f->fake.n_refused, 1); /* nothing is tried behind it, nor before resume */

    channel_resume(f->channel);
    assert_int_equal(f->fake.n_refused, 2);
    f->fake.mode = FAKE_KEEPS;
    channel_resume(f->channel);
    wait_taken(f, 3);
    assert_data(f, 0, "a");
    assert_position(f, 0, "1");
    assert_malformed(f, 1, "[", "JSON");
    assert_data(f, 2, "b");
    assert_position(f, 2, "2");
}

static void test_closing_with_much_under_way_leaves_nothing_behind(void **state)
{
    struct sse_fixture *f = *state;
    f->fake.mode = FAKE_HOLDS;
    f->n_answers = 1;
    f->parts[0] = (struct script_part){SLICE_LIT("data: a\n\n"), 1, 0};
    f->parts[1] = (struct script_part){SLICE_LIT("data: b\n\ndata: half"), 1, 30};
    f->answers[0] = (struct script_answer){HEAD, f->parts, 2, SCRIPT_HOLD};
    open_bus(f);
    wait_taken(f, 1);
    f->fake.mode = FAKE_REFUSES;
    fake_host_wait(&f->fake, f->fake.n_refused == 1);
    /* sse_teardown closes the channel; the leak checker judges */
}

static void test_a_changed_channel_goes_on_where_it_stands_by_its_new_options(void **state)
{
    struct sse_fixture *f = *state;
    const struct http_header header = {SLICE_LIT("X-Key"), SLICE_LIT("new")};
    struct buf url = {0};
    will_stream(f, "id: 1\ndata: a\n\ndata: half", SCRIPT_HOLD);
    will_stream(f, "id: 2\ndata: b\n\n", SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 1);
    buf_add_str(&url, f->channel->url);
    const struct channel_options options = {
        .name = "bus", .url = url.data, .headers = {&header, 1}};
    struct err err = {0};
    assert_int_equal(channel_check(&options, &err), 0);
    assert_true(channel_change(f->channel, &options));
    wait_taken(f, 2);
    assert_data(f, 1, "b");
    assert_header(f, 1, "Last-Event-ID", "1");
    assert_header(f, 1, "X-Key", "new");
    assert_false(channel_change(f->channel, &(struct channel_options){.name = "x", .url = ""}));
    buf_deinit(&url);
}

static void test_options_that_make_no_channel_are_found_before_it_is_opened(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(
        channel_check(&(struct channel_options){.name = "x", .url = "http:///events"}, &err), -1);
    assert_string_equal(err.message, "the URL of the bus names no host");
    assert_int_equal(channel_check(&(struct channel_options){.name = "x", .url = ""}, &err), 0);
}

/* ---- reconnecting ---- */

static void assert_gap(const struct sse_fixture *f, size_t request, int64_t low_ms, int64_t high_ms)
{
    int64_t gap_ms =
        scripted_server_at_ms(f->server, request) - scripted_server_at_ms(f->server, request - 1);
    if (gap_ms < low_ms || gap_ms > high_ms)
        fail_msg("%lld ms between requests", (long long)gap_ms);
}

static void test_a_stream_that_ends_is_opened_again_where_it_ended(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f, "retry: 300\nid: 1\ndata: a\n\ndata: half", SCRIPT_CLOSE);
    will_stream(f, "data: b\n\n", SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 2);
    assert_data(f, 1, "b");
    assert_header(f, 1, "Last-Event-ID", "1");
    assert_gap(f, 1, 300, 600);
    assert_int_equal(logged(f, "channel connected"), 1);
    assert_int_equal(logged(f, "disconnected"), 0);
    assert_null(status_of(f).problem);
}

static void test_a_stream_that_breaks_is_opened_again_and_logged_once(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f, "retry: 50\nid: 1\ndata: a\n\n", SCRIPT_RESET);
    will_stream(f, "data: b\n\n", SCRIPT_HOLD);
    open_bus(f);
    fake_host_wait(&f->fake, status_of(f).problem);
    assert_false(status_of(f).is_connected);
    wait_taken(f, 2);
    assert_true(status_of(f).is_connected);
    assert_null(status_of(f).problem);
    assert_header(f, 1, "Last-Event-ID", "1");
    assert_int_equal(logged(f, "channel connected"), 2);
    assert_int_equal(logged(f, "channel disconnected"), 1);
}

static void test_failures_are_tried_again_more_and_more_slowly(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f, "retry: 20\n\n", SCRIPT_CLOSE);
    will_answer(f, STATUS("503 Busy"), NULL, 0, SCRIPT_CLOSE);
    will_answer(f, STATUS("503 Busy"), NULL, 0, SCRIPT_CLOSE);
    will_answer(f, STATUS("500 Broken"), NULL, 0, SCRIPT_CLOSE);
    will_stream(f, "data: a\n\n", SCRIPT_HOLD);
    open_bus(f);
    wait_requests(f, 3);
    assert_string_equal(status_of(f).problem, "the bus answered 503");
    wait_taken(f, 1);
    assert_gap(f, 1, 20, 150);
    assert_gap(f, 2, 200, 600);
    assert_gap(f, 3, 400, 1000);
    assert_gap(f, 4, 800, 1800);
    assert_int_equal(logged(f, "answered 503"), 1);
    assert_int_equal(logged(f, "answered 500"), 1);
    assert_null(status_of(f).problem);
}

static void test_an_event_makes_the_next_failure_the_first(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f, "retry: 20\n\n", SCRIPT_CLOSE);
    will_answer(f, STATUS("503 Busy"), NULL, 0, SCRIPT_CLOSE);
    will_answer(f, STATUS("503 Busy"), NULL, 0, SCRIPT_CLOSE);
    will_stream(f, "data: a\n\n", SCRIPT_RESET);
    will_answer(f, STATUS("503 Busy"), NULL, 0, SCRIPT_CLOSE);
    will_stream(f, "data: b\n\n", SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 2);
    assert_gap(f, 3, 400, 1000);
    assert_gap(f, 5, 200, 600);
}

static void test_retry_after_is_waited_for(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f, "retry: 20\n\n", SCRIPT_CLOSE);
    will_answer(f, "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nConnection: close\r\n\r\n", NULL, 0,
                SCRIPT_CLOSE);
    will_stream(f, "data: a\n\n", SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 1);
    assert_gap(f, 2, 1000, 1400);
}

static void test_a_bus_that_cannot_be_reached_is_a_problem(void **state)
{
    struct sse_fixture *f = *state;
    struct err err = {0};
    will_stream(f, "", SCRIPT_HOLD);
    serve(f);
    char *url = mem_strdup(scripted_server_url(f->server));
    scripted_server_free(f->server);
    f->server = NULL;
    const struct channel_options options = {.name = "bus", .url = url};
    f->channel = channel_open(&options, &f->fake.host, &err);
    free(url);
    assert_non_null(f->channel);
    fake_host_wait(&f->fake, status_of(f).problem);
    assert_false(status_of(f).is_connected);
    assert_int_equal(logged(f, "channel disconnected"), 1);
}

static void test_a_204_stops_for_good(void **state)
{
    struct sse_fixture *f = *state;
    will_stream(f, "retry: 20\ndata: a\n\n", SCRIPT_CLOSE);
    will_answer(f, STATUS("204 No Content"), NULL, 0, SCRIPT_CLOSE);
    open_bus(f);
    fake_host_wait(&f->fake, status_of(f).is_stopped);
    assert_false(status_of(f).is_connected);
    assert_non_null(strstr(status_of(f).problem, "204"));
    assert_int_equal(logged(f, "channel stopped"), 1);
    fake_host_spend(&f->fake, 300);
    assert_int_equal(scripted_server_requests(f->server), 2);
    channel_pause(f->channel);
    channel_resume(f->channel);
}

static void test_an_answer_of_another_type_is_no_stream(void **state)
{
    struct sse_fixture *f = *state;
    will_answer(f, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "data: a\n\n", 1,
                SCRIPT_CLOSE);
    open_bus(f);
    fake_host_wait(&f->fake, status_of(f).problem);
    assert_string_equal(status_of(f).problem,
                        "the bus answered with text/html instead of text/event-stream");
    fake_host_spend(&f->fake, 100);
    assert_int_equal(f->fake.n_taken, 0);
    assert_false(status_of(f).is_connected);
}

static void test_a_redirect_to_another_origin_takes_no_credentials_along(void **state)
{
    struct sse_fixture *f = *state;
    struct err err = {0};
    will_stream(f, "id: 1\ndata: a\n\n", SCRIPT_HOLD);
    serve(f);
    struct buf head = {0}, url = {0};
    buf_printf(&head, "HTTP/1.1 307 Elsewhere\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
               scripted_server_url(f->server));
    const struct script_answer elsewhere = {head.data, NULL, 0, SCRIPT_CLOSE};
    struct scripted_server *first = scripted_server_new(f->fake.host.loop, &elsewhere, 1);
    buf_printf(&url, "http://u:p@%s/", scripted_server_host(first));
    const struct channel_options options = {.name = "bus", .url = url.data};
    f->channel = channel_open(&options, &f->fake.host, &err);
    wait_taken(f, 1);
    assert_non_null(scripted_server_header(first, 0, "Authorization").data);
    assert_header(f, 0, "Authorization", NULL);
    assert_header(f, 0, "Accept", "text/event-stream");
    scripted_server_free(first);
    buf_deinit(&head);
    buf_deinit(&url);
}

#define SSE_TEST(name) cmocka_unit_test_setup_teardown(name, sse_setup, sse_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SSE_TEST(test_while_too_much_is_unkept_the_socket_is_not_read),
        SSE_TEST(test_a_paused_channel_reads_nothing_until_it_is_resumed),
        SSE_TEST(test_what_the_host_refuses_is_held_and_given_again_in_order),
        SSE_TEST(test_closing_with_much_under_way_leaves_nothing_behind),
        SSE_TEST(test_a_changed_channel_goes_on_where_it_stands_by_its_new_options),
        SSE_TEST(test_options_that_make_no_channel_are_found_before_it_is_opened),
        SSE_TEST(test_a_stream_that_ends_is_opened_again_where_it_ended),
        SSE_TEST(test_a_stream_that_breaks_is_opened_again_and_logged_once),
        SSE_TEST(test_failures_are_tried_again_more_and_more_slowly),
        SSE_TEST(test_an_event_makes_the_next_failure_the_first),
        SSE_TEST(test_retry_after_is_waited_for),
        SSE_TEST(test_a_bus_that_cannot_be_reached_is_a_problem),
        SSE_TEST(test_a_204_stops_for_good),
        SSE_TEST(test_an_answer_of_another_type_is_no_stream),
        SSE_TEST(test_a_redirect_to_another_origin_takes_no_credentials_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
