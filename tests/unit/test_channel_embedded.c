/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * POST /events, over the real server and client, to a host that stands for the journal.
 */
#include "channel/embedded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "channel/batch.h"
#include "channel/identity.h"
#include "event/envelope.h"
#include "fake_host.h"

#include <cmocka.h>

#define CLOUDEVENT(id)                                                                             \
    "{\"specversion\":\"1.0\",\"type\":\"order.made\",\"source\":\"/shop\",\"id\":\"" id           \
    "\",\"data\":{\"n\":1}}"

struct answer {
    int status; /* 0: none yet */
    struct buf body, retry_after, content_type;
};

struct fixture {
    struct fake_host fake;
    struct channel *channel;
    struct http_server *server;
    struct answer answers[64];
    size_t n_answers;
};

static void on_post(void *ctx, struct http_exchange *x)
{
    struct fixture *f = ctx;
    embedded_post(f->channel, x);
}

static const struct http_route routes[] = {{"POST", "/events", on_post}};

static int setup(void **state)
{
    struct err err = {0};
    struct fixture *f = mem_calloc(1, sizeof(*f));
    fake_host_init(&f->fake);
    const struct channel_options options = {.name = CHANNEL_EMBEDDED_NAME, .url = ""};
    f->channel = channel_open(&options, &f->fake.host, &err);
    assert_non_null(f->channel);
    const struct http_server_options server = {
        .listen = "127.0.0.1:0", .routes = routes, .n_routes = 1, .ctx = f, .body_max = 1 << 20};
    f->server = http_server_new(f->fake.host.loop, &server, &err);
    assert_non_null(f->server);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    channel_close(f->channel);
    http_server_free(f->server);
    fake_host_deinit(&f->fake);
    for (size_t i = 0; i < f->n_answers; i++) {
        buf_deinit(&f->answers[i].body);
        buf_deinit(&f->answers[i].retry_after);
        buf_deinit(&f->answers[i].content_type);
    }
    free(f);
    return 0;
}

static void on_answer(void *ctx, const struct http_answer *answer)
{
    struct answer *a = ctx;
    assert_int_equal(answer->failure, HTTP_OK);
    a->status = answer->status;
    buf_add_slice(&a->body, answer->body);
    buf_add_char(&a->body, '\0');
    buf_add_slice(&a->retry_after, http_header_get(answer->headers, "Retry-After"));
    buf_add_slice(&a->content_type, http_header_get(answer->headers, "Content-Type"));
}

static struct answer *send_with(struct fixture *f, struct http_headers headers, const char *body)
{
    struct err err = {0};
    struct buf url = {0};
    buf_printf(&url, "http://%s/events", http_server_address(f->server));
    const struct http_request request = {
        .method = SLICE_LIT("POST"),
        .url = buf_slice(&url),
        .headers = headers,
        .body = slice_str(body),
        .has_body = true,
    };
    struct answer *a = &f->answers[f->n_answers++];
    assert_non_null(http_client_send(f->fake.host.http, &request, on_answer, a, &err));
    buf_deinit(&url);
    return a;
}

static struct answer *send_as(struct fixture *f, const char *media, const char *body)
{
    const struct http_header header = {SLICE_LIT("Content-Type"), slice_str(media)};
    return send_with(f, (struct http_headers){&header, 1}, body);
}

static struct answer *post_as(struct fixture *f, const char *media, const char *body)
{
    struct answer *a = send_as(f, media, body);
    fake_host_wait(&f->fake, a->status != 0);
    return a;
}

static struct answer *post(struct fixture *f, const char *body)
{
    return post_as(f, "application/json", body);
}

static void assert_says(const struct answer *a, const char *words)
{
    if (!strstr(a->body.data, words))
        fail_msg("%s doesn't say \"%s\"", a->body.data, words);
}

static void assert_slice(struct slice s, const char *text)
{
    if (!slice_is_equal(s, slice_str(text)))
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_FMT(s), text);
}

/* ---- what is taken ---- */

static void test_a_plain_event_is_taken(void **state)
{
    struct fixture *f = *state;
    struct answer *a = post(f, "{\"type\":\"order.made\",\"data\":{\"n\":1}}");
    assert_int_equal(a->status, 202);
    assert_string_equal(a->body.data, "{\"accepted\":1,\"duplicates\":0}");
    assert_slice(buf_slice(&a->content_type), "application/json");
    assert_int_equal(f->fake.n_taken, 1);
    const struct event *e = f->fake.taken[0].event;
    assert_slice(e->type, "order.made");
    assert_slice(e->data, "{\"n\":1}");
    assert_slice(e->channel, "embedded");
    assert_slice(e->source, "embedded");
    assert_int_equal(e->id.len, 36);
    assert_false(e->has_own_id);
    assert_false(f->fake.taken[0].has_identity);
    assert_false(f->fake.taken[0].has_position);
}

static void test_a_structured_cloudevent_is_taken(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(post_as(f, "application/cloudevents+json", CLOUDEVENT("7"))->status, 202);
    const struct taken *t = &f->fake.taken[0];
    assert_slice(t->event->id, "7");
    assert_slice(t->event->source, "/shop");
    assert_true(t->has_identity);
}

static void test_a_cloudevent_is_taken_as_plain_json(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(post(f, CLOUDEVENT("7"))->status, 202);
    assert_slice(f->fake.taken[0].event->id, "7");
}

static void test_a_batch_is_one_append_in_order(void **state)
{
    struct fixture *f = *state;
    struct answer *a = post_as(f, "application/cloudevents-batch+json",
                               "[" CLOUDEVENT("1") "," CLOUDEVENT("2") "," CLOUDEVENT("3") "]");
    assert_int_equal(a->status, 202);
    assert_string_equal(a->body.data, "{\"accepted\":3,\"duplicates\":0}");
    assert_int_equal(f->fake.n_batches, 1);
    assert_int_equal(f->fake.n_taken, 3);
    assert_slice(f->fake.taken[0].event->id, "1");
    assert_slice(f->fake.taken[2].event->id, "3");
}

static void test_a_large_batch_is_taken_whole(void **state)
{
    struct fixture *f = *state;
    struct buf body = {0};
    for (int i = 0; i < 1000; i++)
        buf_printf(&body, "%c{\"type\":\"t\",\"data\":%d}", i == 0 ? '[' : ',', i);
    buf_add_char(&body, ']');
    struct answer *a = post(f, body.data);
    buf_deinit(&body);
    assert_string_equal(a->body.data, "{\"accepted\":1000,\"duplicates\":0}");
    assert_int_equal(f->fake.n_batches, 1);
    assert_slice(f->fake.taken[999].event->data, "999");
}

static void test_an_empty_array_is_accepted_without_an_append(void **state)
{
    struct fixture *f = *state;
    struct answer *a = post(f, "[]");
    assert_int_equal(a->status, 202);
    assert_string_equal(a->body.data, "{\"accepted\":0,\"duplicates\":0}");
    assert_int_equal(f->fake.n_batches, 0);
}

static void test_duplicates_are_counted_apart(void **state)
{
    struct fixture *f = *state;
    f->fake.duplicates = 1;
    struct answer *a = post(f, "[" CLOUDEVENT("1") "," CLOUDEVENT("1") "]");
    assert_string_equal(a->body.data, "{\"accepted\":1,\"duplicates\":1}");
}

static void test_an_identity_is_source_and_id_alone(void **state)
{
    struct fixture *f = *state;
    post(
        f,
        "[" CLOUDEVENT("1") "," CLOUDEVENT(
            "2") ","
                 "{\"specversion\":\"1.0\",\"type\":\"other\",\"source\":\"/shop\",\"id\":\"1\"},"
                 "{\"specversion\":\"1.0\",\"type\":\"other\",\"source\":\"/mall\",\"id\":\"1\"}]");
    const struct taken *t = f->fake.taken;
    assert_int_equal(f->fake.n_taken, 4);
    assert_memory_not_equal(t[0].identity.bytes, t[1].identity.bytes, 16);
    assert_memory_equal(t[0].identity.bytes, t[2].identity.bytes, 16);
    assert_memory_not_equal(t[2].identity.bytes, t[3].identity.bytes, 16);
}

/* ---- when it is answered ---- */

static void test_nothing_is_answered_before_it_is_kept(void **state)
{
    struct fixture *f = *state;
    f->fake.mode = FAKE_HOLDS;
    struct answer *a = send_as(f, "application/json", CLOUDEVENT("1"));
    fake_host_wait(&f->fake, f->fake.n_unkept == 1);
    fake_host_spend(&f->fake, 50);
    assert_int_equal(a->status, 0);
    fake_host_keep(&f->fake, 1);
    fake_host_wait(&f->fake, a->status == 202);
}

static void test_requests_of_one_moment_are_appended_and_answered_each(void **state)
{
    struct fixture *f = *state;
    f->fake.mode = FAKE_HOLDS;
    struct answer *a[8];
    for (int i = 0; i < 8; i++)
        a[i] = send_as(f, "application/json", CLOUDEVENT("1"));
    fake_host_wait(&f->fake, f->fake.n_unkept == 8);
    assert_int_equal(f->fake.n_batches, 8);
    fake_host_keep(&f->fake, 8);
    for (int i = 0; i < 8; i++)
        fake_host_wait(&f->fake, a[i]->status == 202);
}

static void test_closing_with_answers_owed_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    f->fake.mode = FAKE_HOLDS;
    send_as(f, "application/json", CLOUDEVENT("1"));
    fake_host_wait(&f->fake, f->fake.n_unkept == 1);
    /* teardown closes the channel; the leak checker judges */
}

/* ---- what is refused ---- */

static void test_a_bad_element_is_named_and_nothing_is_kept(void **state)
{
    struct fixture *f = *state;
    struct answer *a = post(f, "[" CLOUDEVENT("1") ",{\"type\":\"t\"}]");
    assert_int_equal(a->status, 400);
    assert_says(a, "events[1]");
    assert_slice(buf_slice(&a->content_type), "application/problem+json");
    assert_int_equal(f->fake.n_taken, 0);
}

static void test_what_a_refused_request_left_isnt_part_of_the_next(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(post(f, "[" CLOUDEVENT("1") ",5]")->status, 400);
    assert_int_equal(post(f, CLOUDEVENT("2"))->status, 202);
    assert_int_equal(f->fake.n_taken, 1);
    assert_slice(f->fake.taken[0].event->id, "2");
}

static void test_text_that_isnt_json_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(post(f, "{\"type\":\"t\",\"data\":")->status, 400);
    assert_int_equal(post(f, "")->status, 400);
    assert_int_equal(post(f, "hello")->status, 400);
}

static void test_other_media_types_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const media[] = {"text/plain", "application/cloudevents+xml",
                                        "application/cloudevents", "application/jsonx",
                                        "application/x-www-form-urlencoded"};
    for (size_t i = 0; i < ARRAY_LEN(media); i++) {
        struct answer *a = post_as(f, media[i], CLOUDEVENT("1"));
        assert_int_equal(a->status, 415);
        assert_says(a, "application/cloudevents-batch+json");
    }
}

static void test_a_missing_media_type_is_refused(void **state)
{
    struct fixture *f = *state;
    struct answer *a = send_with(f, (struct http_headers){NULL, 0}, CLOUDEVENT("1"));
    fake_host_wait(&f->fake, a->status != 0);
    assert_int_equal(a->status, 415);
}

static void test_media_types_are_read_in_any_case_and_with_parameters(void **state)
{
    struct fixture *f = *state;
    static const char *const media[] = {
        "Application/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\"",
        "application/cloudevents+json; charset=utf-8", "application/json ; profile=x"};
    for (size_t i = 0; i < ARRAY_LEN(media); i++)
        assert_int_equal(post_as(f, media[i], CLOUDEVENT("1"))->status, 202);
}

static void test_another_charset_is_refused(void **state)
{
    struct fixture *f = *state;
    struct answer *a = post_as(f, "application/json; charset=iso-8859-1", CLOUDEVENT("1"));
    assert_int_equal(a->status, 415);
    assert_says(a, "UTF-8");
    assert_int_equal(f->fake.n_taken, 0);
}

/* ---- binary mode ---- */

/* Posts `body` of type `media` (NULL: of none), `id` as ce-id, and what else a CloudEvent needs. */
static struct answer *post_binary(struct fixture *f, const char *media, const char *id,
                                  const char *body)
{
    const struct http_header headers[] = {
        {SLICE_LIT("CE-SpecVersion"), SLICE_LIT("1.0")},
        {SLICE_LIT("ce-type"), SLICE_LIT("order.made")},
        {SLICE_LIT("ce-source"), SLICE_LIT("/shop")},
        {SLICE_LIT("ce-subject"), SLICE_LIT("caf%C3%A9%20au%20lait")},
        {SLICE_LIT("ce-id"), slice_str(id)},
        {SLICE_LIT("Content-Type"), slice_str(media)},
    };
    size_t n = ARRAY_LEN(headers) - (media ? 0 : 1);
    struct answer *a = send_with(f, (struct http_headers){headers, n}, body);
    fake_host_wait(&f->fake, a->status != 0);
    return a;
}

static void test_a_binary_cloudevent_is_taken(void **state)
{
    struct fixture *f = *state;
    struct answer *a = post_binary(f, "application/json", "7", "{\"n\":1}");
    assert_int_equal(a->status, 202);
    assert_string_equal(a->body.data, "{\"accepted\":1,\"duplicates\":0}");
    const struct taken *t = &f->fake.taken[0];
    assert_slice(t->event->id, "7");
    assert_slice(t->event->type, "order.made");
    assert_slice(t->event->source, "/shop");
    assert_slice(t->event->subject, "caf\xc3\xa9 au lait");
    assert_slice(t->event->data, "{\"n\":1}");
    assert_int_equal(t->event->data_kind, EVENT_DATA_JSON);
    assert_true(t->has_identity);
}

static void test_a_binary_cloudevent_may_have_any_type_or_none(void **state)
{
    struct fixture *f = *state;
    static const char *const media[] = {"text/plain; charset=iso-8859-1", "image/png", NULL};
    for (size_t i = 0; i < ARRAY_LEN(media); i++) {
        assert_int_equal(post_binary(f, media[i], "7", "{\"n\":1}")->status, 202);
        assert_int_equal(f->fake.taken[i].event->data_kind, EVENT_DATA_BYTES);
    }
}

static void test_an_invalid_binary_cloudevent_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(post_binary(f, "application/json", "%FF", "{}")->status, 400);
    assert_int_equal(post_binary(f, "application/json", "7", "{")->status, 400);
    struct answer *a = post_binary(f, "application/json; charset=utf-16", "7", "{}");
    assert_int_equal(a->status, 415);
    assert_says(a, "UTF-8");
    assert_int_equal(f->fake.n_taken, 0);
}

static void test_a_cloudevents_type_says_that_all_stands_in_the_body(void **state)
{
    struct fixture *f = *state;
    const char *structured = "application/cloudevents+json";
    assert_int_equal(post_binary(f, structured, "7", CLOUDEVENT("8"))->status, 202);
    assert_slice(f->fake.taken[0].event->id, "8");
    assert_int_equal(post_binary(f, "application/cloudevents+avro", "7", "?")->status, 415);
}

static void test_an_event_over_the_limit_is_named(void **state)
{
    struct fixture *f = *state;
    f->fake.host.message_max = 1000;
    struct buf body = {0};
    buf_printf(&body, "[" CLOUDEVENT("1") ",{\"type\":\"t\",\"data\":\"%01000d\"}]", 0);
    struct answer *a = post(f, body.data);
    buf_deinit(&body);
    assert_int_equal(a->status, 413);
    assert_says(a, "events[1]");
    assert_int_equal(f->fake.n_taken, 0);
    assert_int_equal(post(f, CLOUDEVENT("1"))->status, 202);
}

/* ---- when nothing can be taken ---- */

static struct channel_status status_of(const struct fixture *f)
{
    struct channel_status status;
    channel_status(f->channel, &status);
    return status;
}

static void test_a_host_that_is_full_makes_senders_come_again(void **state)
{
    struct fixture *f = *state;
    f->fake.mode = FAKE_REFUSES;
    struct answer *a = post(f, CLOUDEVENT("1"));
    assert_int_equal(a->status, 503);
    assert_says(a, "the disk is full");
    assert_true(atoi(a->retry_after.data) > 0);
    assert_non_null(status_of(f).problem);

    f->fake.mode = FAKE_KEEPS;
    channel_resume(f->channel);
    assert_null(status_of(f).problem);
    assert_int_equal(post(f, CLOUDEVENT("1"))->status, 202);
    assert_int_equal(f->fake.n_taken, 1);
}

static void test_a_paused_channel_takes_nothing_until_it_is_resumed(void **state)
{
    struct fixture *f = *state;
    channel_pause(f->channel);
    struct answer *a = post(f, CLOUDEVENT("1"));
    assert_int_equal(a->status, 503);
    assert_true(atoi(a->retry_after.data) > 0);
    assert_int_equal(f->fake.n_taken, 0);
    channel_resume(f->channel);
    assert_int_equal(post(f, CLOUDEVENT("1"))->status, 202);
}

static void test_the_status_is_connected_and_tells_the_last_event(void **state)
{
    struct fixture *f = *state;
    assert_true(status_of(f).is_connected);
    assert_true(status_of(f).is_resumable);
    assert_int_equal(status_of(f).last_event_ms, 0);
    post(f, CLOUDEVENT("1"));
    assert_true(status_of(f).last_event_ms > 0);
}

/* ---- kinds ---- */

static void test_the_kind_is_found_by_no_url_and_by_its_name(void **state)
{
    (void)state;
    const struct channel_kind *kind = NULL;
    assert_int_equal(channel_kind_of("", &kind, NULL), 0);
    assert_ptr_equal(kind, &channel_embedded);
    assert_int_equal(channel_kind_of("embedded", &kind, NULL), 0);
    assert_ptr_equal(kind, &channel_embedded);
}

static void test_an_unknown_scheme_is_an_error_that_names_those_there_are(void **state)
{
    (void)state;
    struct err err = {0};
    const struct channel_kind *kind = NULL;
    assert_int_equal(channel_kind_of("gopher://user:secret@host/", &kind, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.message, "gopher"));
    assert_non_null(strstr(err.message, "http, https, embedded"));
    assert_null(strstr(err.message, "secret"));
    assert_int_equal(channel_kind_of("embedded://x", &kind, &err), -1);
    assert_int_equal(channel_kind_of("http", &kind, &err), -1);
    assert_int_equal(channel_kind_of("hms-sys", &kind, &err), -1);
}

#define POST_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POST_TEST(test_a_plain_event_is_taken),
        POST_TEST(test_a_structured_cloudevent_is_taken),
        POST_TEST(test_a_cloudevent_is_taken_as_plain_json),
        POST_TEST(test_a_batch_is_one_append_in_order),
        POST_TEST(test_a_large_batch_is_taken_whole),
        POST_TEST(test_an_empty_array_is_accepted_without_an_append),
        POST_TEST(test_duplicates_are_counted_apart),
        POST_TEST(test_an_identity_is_source_and_id_alone),
        POST_TEST(test_nothing_is_answered_before_it_is_kept),
        POST_TEST(test_requests_of_one_moment_are_appended_and_answered_each),
        POST_TEST(test_closing_with_answers_owed_leaves_nothing_behind),
        POST_TEST(test_a_bad_element_is_named_and_nothing_is_kept),
        POST_TEST(test_what_a_refused_request_left_isnt_part_of_the_next),
        POST_TEST(test_text_that_isnt_json_is_refused),
        POST_TEST(test_other_media_types_are_refused),
        POST_TEST(test_a_missing_media_type_is_refused),
        POST_TEST(test_media_types_are_read_in_any_case_and_with_parameters),
        POST_TEST(test_another_charset_is_refused),
        POST_TEST(test_a_binary_cloudevent_is_taken),
        POST_TEST(test_a_binary_cloudevent_may_have_any_type_or_none),
        POST_TEST(test_an_invalid_binary_cloudevent_is_refused),
        POST_TEST(test_a_cloudevents_type_says_that_all_stands_in_the_body),
        POST_TEST(test_an_event_over_the_limit_is_named),
        POST_TEST(test_a_host_that_is_full_makes_senders_come_again),
        POST_TEST(test_a_paused_channel_takes_nothing_until_it_is_resumed),
        POST_TEST(test_the_status_is_connected_and_tells_the_last_event),
        cmocka_unit_test(test_the_kind_is_found_by_no_url_and_by_its_name),
        cmocka_unit_test(test_an_unknown_scheme_is_an_error_that_names_those_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
