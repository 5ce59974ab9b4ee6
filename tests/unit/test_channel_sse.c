/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The channel of server-sent events, over real sockets, to a host that stands for the journal.
 */
#include "channel/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "channel/sse_intake.h"
#include "fake_host.h"
#include "scripted_server.h"

#include <cmocka.h>

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define STATUS(line) "HTTP/1.1 " line "\r\nConnection: close\r\n\r\n"

struct fixture {
    struct fake_host fake;
    struct scripted_server *server;
    struct channel *channel;
    struct script_part parts[8];
    struct script_answer answers[8];
    size_t n_answers;
    int log_fd;
};

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    fake_host_init(&f->fake);
    f->log_fd = memfd_create("log", MFD_CLOEXEC);
    const struct log_options log = {.fd = f->log_fd, .clock = f->fake.host.clock};
    f->fake.host.log = log_new(&log);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    channel_close(f->channel);
    if (f->server)
        scripted_server_free(f->server);
    log_free(f->fake.host.log);
    close(f->log_fd);
    fake_host_deinit(&f->fake);
    free(f);
    return 0;
}

/* The next connection gets this head, this body (NULL: none) so many times, and this end. */
static void will_answer(struct fixture *f, const char *head, const char *body, size_t count,
                        enum script_end end)
{
    size_t n = f->n_answers++;
    f->parts[n] = (struct script_part){slice_str(body), count, 0};
    f->answers[n] = (struct script_answer){head, &f->parts[n], body ? 1 : 0, end};
}

static void will_stream(struct fixture *f, const char *body, enum script_end end)
{
    will_answer(f, HEAD, body, 1, end);
}

static void serve(struct fixture *f)
{
    f->server = scripted_server_new(f->fake.host.loop, f->answers, f->n_answers);
}

static void open_with(struct fixture *f, struct http_headers headers, const char *position)
{
    struct err err = {0};
    const struct channel_options options = {.name = "bus",
                                            .url = scripted_server_url(f->server),
                                            .headers = headers,
                                            .position = slice_str(position)};
    f->channel = channel_open(&options, &f->fake.host, &err);
    if (!f->channel)
        fail_msg("%s", err.message);
}

static void open_bus(struct fixture *f)
{
    serve(f);
    open_with(f, (struct http_headers){NULL, 0}, NULL);
}

static struct channel_status status_of(const struct fixture *f)
{
    struct channel_status status;
    channel_status(f->channel, &status);
    return status;
}

static void wait_taken(struct fixture *f, size_t n)
{
    fake_host_wait(&f->fake, f->fake.n_taken >= n);
    assert_int_equal(f->fake.n_taken, n);
}

static void wait_requests(struct fixture *f, size_t n)
{
    fake_host_wait(&f->fake, scripted_server_requests(f->server) >= n);
}

static void assert_slice(struct slice s, const char *text)
{
    if (!slice_is_equal(s, slice_str(text)) || !s.data != !text)
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_FMT(s), text ? text : "(absent)");
}

static void assert_header(const struct fixture *f, size_t request, const char *name,
                          const char *value)
{
    assert_slice(scripted_server_header(f->server, request, name), value);
}

static void assert_data(const struct fixture *f, size_t n, const char *data)
{
    assert_non_null(f->fake.taken[n].event);
    assert_slice(f->fake.taken[n].event->data, data);
}

/* NULL: the nth taken one came without a position. */
static void assert_position(const struct fixture *f, size_t n, const char *position)
{
    const struct taken *t = &f->fake.taken[n];
    assert_int_equal(t->has_position, position != NULL);
    if (position)
        assert_true(slice_is_equal(buf_slice(&t->told), slice_str(position)));
}

/* How often the log says it. */
static size_t logged(const struct fixture *f, const char *words)
{
    struct err err = {0};
    struct buf text = {0}, path = {0};
    size_t n = 0;
    buf_printf(&path, "/proc/self/fd/%d", f->log_fd);
    assert_int_equal(buf_read_file(&text, path.data, 1 << 20, &err), 0);
    buf_add_char(&text, '\n');
    for (const char *at = text.data; (at = strstr(at, words)); at++)
        n++;
    buf_deinit(&text);
    buf_deinit(&path);
    return n;
}

/* ---- the request ---- */

static void test_the_first_request_asks_for_an_event_stream(void **state)
{
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
    will_answer(f, HEAD, "data: 1\n\n", 100, SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 100);
    assert_int_equal(f->fake.n_batches, 1);
}

static void test_a_batch_is_bounded(void **state)
{
    struct fixture *f = *state;
    will_answer(f, HEAD, "data: 1\n\n", SSE_BATCH_MAX + 1, SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, SSE_BATCH_MAX + 1);
    assert_int_equal(f->fake.n_batches, 2);
    assert_int_equal(f->fake.taken[SSE_BATCH_MAX - 1].batch, 0);
}

/* ---- positions ---- */

static void test_the_position_is_the_id_behind_the_last_event_of_the_batch(void **state)
{
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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

static bool is_same(const struct fixture *f, size_t a, size_t b)
{
    const struct taken *t = f->fake.taken;
    assert_true(t[a].has_identity && t[b].has_identity);
    return memcmp(&t[a].identity, &t[b].identity, sizeof(t[a].identity)) == 0;
}

static void test_a_cloudevents_identity_is_its_source_and_id(void **state)
{
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
    will_stream(f, "id: 1\ndata: a\n\ndata: a\n\nid:\ndata: a\n\n", SCRIPT_HOLD);
    open_bus(f);
    wait_taken(f, 3);
    assert_true(f->fake.taken[0].has_identity);
    assert_false(f->fake.taken[1].has_identity);
    assert_false(f->fake.taken[2].has_identity);
}

/* ---- what is no event ---- */

static void assert_malformed(const struct fixture *f, size_t n, const char *bytes,
                             const char *words)
{
    struct taken *t = &f->fake.taken[n];
    assert_null(t->event);
    assert_true(slice_is_equal(buf_slice(&t->malformed), slice_str(bytes)));
    buf_add_char(&t->error, '\0');
    if (!strstr(t->error.data, words))
        fail_msg("\"%s\" doesn't say \"%s\"", t->error.data, words);
}

static void test_what_is_malformed_is_handed_over_in_its_place(void **state)
{
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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

/* ---- back-pressure ---- */

/* More than sockets and buffers swallow. */
#define LINE_256                                                                                   \
    "data: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"  \
    "56789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456" \
    "7890123456789012345678901234567890123456789012345678901234567890123456789\n\n"
#define MANY 100000

static void test_while_too_much_is_unkept_the_socket_is_not_read(void **state)
{
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
    f->fake.mode = FAKE_HOLDS;
    f->n_answers = 1;
    f->parts[0] = (struct script_part){SLICE_LIT("data: a\n\n"), 1, 0};
    f->parts[1] = (struct script_part){SLICE_LIT("data: b\n\ndata: half"), 1, 30};
    f->answers[0] = (struct script_answer){HEAD, f->parts, 2, SCRIPT_HOLD};
    open_bus(f);
    wait_taken(f, 1);
    f->fake.mode = FAKE_REFUSES;
    fake_host_wait(&f->fake, f->fake.n_refused == 1);
    /* teardown closes the channel; the leak checker judges */
}

/* ---- reconnecting ---- */

static void assert_gap(const struct fixture *f, size_t request, int64_t low_ms, int64_t high_ms)
{
    int64_t gap_ms =
        scripted_server_at_ms(f->server, request) - scripted_server_at_ms(f->server, request - 1);
    if (gap_ms < low_ms || gap_ms > high_ms)
        fail_msg("%lld ms between requests", (long long)gap_ms);
}

static void test_a_stream_that_ends_is_opened_again_where_it_ended(void **state)
{
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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

static void test_retry_after_is_waited_for(void **state)
{
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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
    struct fixture *f = *state;
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

#define SSE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        SSE_TEST(test_while_too_much_is_unkept_the_socket_is_not_read),
        SSE_TEST(test_a_paused_channel_reads_nothing_until_it_is_resumed),
        SSE_TEST(test_what_the_host_refuses_is_held_and_given_again_in_order),
        SSE_TEST(test_closing_with_much_under_way_leaves_nothing_behind),
        SSE_TEST(test_a_stream_that_ends_is_opened_again_where_it_ended),
        SSE_TEST(test_a_stream_that_breaks_is_opened_again_and_logged_once),
        SSE_TEST(test_failures_are_tried_again_more_and_more_slowly),
        SSE_TEST(test_retry_after_is_waited_for),
        SSE_TEST(test_a_bus_that_cannot_be_reached_is_a_problem),
        SSE_TEST(test_a_204_stops_for_good),
        SSE_TEST(test_an_answer_of_another_type_is_no_stream),
        SSE_TEST(test_a_redirect_to_another_origin_takes_no_credentials_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
