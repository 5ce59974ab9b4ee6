/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Which requests are alike, who shares an answer, and how long one is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call_fixture.h"
#include "http/cache.h"

#include <cmocka.h>

#define MINUTE 60000
#define OTHER_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Test: new\r\n\r\nother"

struct look {
    struct http_lookup *lookup;
    struct call_outcome outcome;
    bool is_kept;
    struct look *cancels, *sends; /* in its `done`, or NULL */
    struct fixture *f;
};

struct fixture {
    struct call_fixture *call;
    struct http_cache *cache;
    struct look looks[4];
    struct http_request request;
};

static int set_up(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    call_setup((void **)&f->call);
    f->cache = http_cache_new(f->call->client, f->call->loop, (size_t)64 * 1024);
    f->request = call_get(f->call);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    http_cache_free(f->cache);
    for (size_t i = 0; i < ARRAY_LEN(f->looks); i++)
        call_outcome_reset(&f->looks[i].outcome);
    call_teardown((void **)&f->call);
    free(f);
    return 0;
}

static void look_up(struct fixture *f, struct look *look, int64_t max_age_ms);

static void on_answer(void *ctx, const struct http_answer *answer)
{
    struct look *look = ctx;
    look->is_kept = answer->is_kept;
    call_note(&look->outcome, answer);
    if (look->cancels)
        http_lookup_cancel(look->cancels->lookup);
    if (look->sends)
        look_up(look->f, look->sends, MINUTE);
}

static void look_up(struct fixture *f, struct look *look, int64_t max_age_ms)
{
    struct err err = {0};
    call_outcome_reset(&look->outcome);
    look->f = f;
    look->lookup = http_cache_send(f->cache, &f->request, max_age_ms, on_answer, look, &err);
    if (!look->lookup)
        fail_msg("%s", err.message);
    assert_int_equal(look->outcome.n, 0);
}

static void expect(struct fixture *f, struct look *look, const char *body, bool is_kept)
{
    wire_wait(&f->call->peer, look->outcome.n > 0);
    assert_int_equal(look->outcome.n, 1);
    assert_int_equal(look->outcome.failure, HTTP_OK);
    buf_add_char(&look->outcome.body, '\0');
    assert_string_equal(look->outcome.body.data, body);
    assert_int_equal(look->is_kept, is_kept);
}

/* Each answer closes its connection, so that whether something was asked is seen by whether another
   comes. */
static void answer(struct fixture *f, const char *text)
{
    struct wire *peer = &f->call->peer;
    buf_clear(&peer->got);
    int fd = wire_accept(peer);
    wire_expect(peer, fd, "\r\n\r\n");
    wire_send(fd, text);
    close(fd);
}

static void keep_one(struct fixture *f)
{
    look_up(f, &f->looks[0], MINUTE);
    answer(f, OK_ANSWER);
    expect(f, &f->looks[0], "ok", false);
}

static void expect_no_hit(struct fixture *f)
{
    look_up(f, &f->looks[1], MINUTE);
    answer(f, OTHER_ANSWER);
    expect(f, &f->looks[1], "other", false);
}

static void test_an_answer_is_taken_again(void **state)
{
    struct fixture *f = *state;
    look_up(f, &f->looks[0], MINUTE);
    answer(f, OTHER_ANSWER);
    expect(f, &f->looks[0], "other", false);
    for (int i = 0; i < 3; i++) {
        look_up(f, &f->looks[1], MINUTE);
        expect(f, &f->looks[1], "other", true);
        assert_int_equal(f->looks[1].outcome.status, 200);
        assert_memory_equal(f->looks[1].outcome.header.data, "new", 4);
    }
    assert_false(wire_has_caller(&f->call->peer));
}

static void test_who_asks_says_how_old_it_may_be(void **state)
{
    struct fixture *f = *state;
    keep_one(f);
    wire_spend(&f->call->peer, 20);
    look_up(f, &f->looks[1], 10);
    answer(f, OTHER_ANSWER);
    expect(f, &f->looks[1], "other", false);
    look_up(f, &f->looks[2], MINUTE);
    expect(f, &f->looks[2], "other", true);
}

static void test_requests_that_differ_are_not_alike(void **state)
{
    struct fixture *f = *state;
    static const struct http_header language = {SLICE_LIT("Accept-Language"), SLICE_LIT("de")};
    static const struct http_auth auth = {.bearer = SLICE_LIT("one")};
    static const struct http_auth other = {.bearer = SLICE_LIT("two")};
    struct buf url = {0};
    const struct http_request plain = f->request;
    keep_one(f);
    f->request.headers = (struct http_headers){&language, 1};
    expect_no_hit(f);
    f->request = plain;
    f->request.auth = &auth;
    expect_no_hit(f);
    f->request.auth = &other;
    expect_no_hit(f);
    f->request = plain;
    f->request.body = SLICE_LIT("{}");
    f->request.has_body = true;
    expect_no_hit(f);
    f->request = plain;
    buf_printf(&url, "%s?id=7", f->call->peer.url);
    f->request.url = buf_slice(&url);
    expect_no_hit(f);
    f->request = plain;
    look_up(f, &f->looks[2], MINUTE);
    expect(f, &f->looks[2], "ok", true);
    buf_deinit(&url);
}

static void test_traces_make_no_difference(void **state)
{
    struct fixture *f = *state;
    struct http_header trace = {SLICE_LIT("traceparent"), SLICE_LIT("00-1")};
    f->request.headers = (struct http_headers){&trace, 1};
    keep_one(f);
    trace.value = SLICE_LIT("00-2");
    look_up(f, &f->looks[1], MINUTE);
    expect(f, &f->looks[1], "ok", true);
}

static void test_what_is_under_way_is_shared(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        look_up(f, &f->looks[i], MINUTE);
    answer(f, OK_ANSWER);
    for (int i = 0; i < 3; i++)
        expect(f, &f->looks[i], "ok", false);
    assert_false(wire_has_caller(&f->call->peer));
}

static void test_errors_are_shared_and_not_kept(void **state)
{
    struct fixture *f = *state;
    look_up(f, &f->looks[0], MINUTE);
    look_up(f, &f->looks[1], MINUTE);
    answer(f, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    for (int i = 0; i < 2; i++) {
        wire_wait(&f->call->peer, f->looks[i].outcome.n > 0);
        assert_int_equal(f->looks[i].outcome.status, 503);
    }
    expect_no_hit(f);
}

static void test_an_old_answer_outlives_a_failure(void **state)
{
    struct fixture *f = *state;
    keep_one(f);
    wire_spend(&f->call->peer, 20);
    look_up(f, &f->looks[1], 10);
    answer(f, "");
    wire_wait(&f->call->peer, f->looks[1].outcome.n > 0);
    assert_int_equal(f->looks[1].outcome.failure, HTTP_BROKEN);
    look_up(f, &f->looks[2], MINUTE);
    expect(f, &f->looks[2], "ok", true);
}

static void test_it_goes_on_for_those_who_stay(void **state)
{
    struct fixture *f = *state;
    look_up(f, &f->looks[0], MINUTE);
    look_up(f, &f->looks[1], MINUTE);
    http_lookup_cancel(f->looks[0].lookup);
    answer(f, OK_ANSWER);
    expect(f, &f->looks[1], "ok", false);
    assert_int_equal(f->looks[0].outcome.n, 0);
}

static void test_it_ends_with_the_last_who_waits(void **state)
{
    struct fixture *f = *state;
    look_up(f, &f->looks[0], MINUTE);
    int fd = wire_accept(&f->call->peer);
    wire_expect(&f->call->peer, fd, "\r\n\r\n");
    http_lookup_cancel(f->looks[0].lookup);
    wire_rest(&f->call->peer, fd);
    close(fd);
    expect_no_hit(f);
}

static void test_each_has_its_own_timeout(void **state)
{
    struct fixture *f = *state;
    look_up(f, &f->looks[0], MINUTE);
    f->request.timeout_ms = 20;
    look_up(f, &f->looks[1], MINUTE);
    wire_wait(&f->call->peer, f->looks[1].outcome.n > 0);
    assert_int_equal(f->looks[1].outcome.failure, HTTP_TIMEOUT);
    assert_string_equal(f->looks[1].outcome.error.data, "No answer came within 20 ms");
    answer(f, OK_ANSWER);
    expect(f, &f->looks[0], "ok", false);
}

static void test_one_may_cancel_another_when_it_is_answered(void **state)
{
    struct fixture *f = *state;
    look_up(f, &f->looks[0], MINUTE);
    look_up(f, &f->looks[1], MINUTE);
    look_up(f, &f->looks[2], MINUTE);
    f->looks[0].cancels = &f->looks[1];
    answer(f, OK_ANSWER);
    expect(f, &f->looks[2], "ok", false);
    assert_int_equal(f->looks[1].outcome.n, 0);
}

static void test_one_may_ask_again_when_it_is_answered(void **state)
{
    struct fixture *f = *state;
    f->looks[0].sends = &f->looks[1];
    look_up(f, &f->looks[0], MINUTE);
    answer(f, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    answer(f, OK_ANSWER);
    expect(f, &f->looks[1], "ok", false);
    f->looks[0].sends = &f->looks[2];
    look_up(f, &f->looks[0], MINUTE);
    expect(f, &f->looks[2], "ok", true);
}

static void test_a_hit_can_be_cancelled(void **state)
{
    struct fixture *f = *state;
    keep_one(f);
    look_up(f, &f->looks[1], MINUTE);
    http_lookup_cancel(f->looks[1].lookup);
    look_up(f, &f->looks[2], MINUTE);
    expect(f, &f->looks[2], "ok", true);
    assert_int_equal(f->looks[1].outcome.n, 0);
}

static void test_what_cannot_be_sent_is_refused(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    f->request.url = SLICE_LIT("gopher://host/");
    assert_null(http_cache_send(f->cache, &f->request, MINUTE, on_answer, &f->looks[0], &err));
    assert_int_equal(err.code, ERR_INVALID);
}

static void look_at(struct fixture *f, int i, size_t len)
{
    struct buf url = {0}, text = {0};
    buf_printf(&url, "%s?id=%d", f->call->peer.url, i);
    f->request.url = buf_slice(&url);
    look_up(f, &f->looks[0], MINUTE);
    buf_printf(&text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
    buf_reserve(&text, len);
    memset(text.data + text.len, 'x', len);
    text.len += len;
    buf_add_char(&text, '\0');
    answer(f, text.data);
    wire_wait(&f->call->peer, f->looks[0].outcome.n > 0);
    buf_deinit(&text);
    buf_deinit(&url);
}

static bool is_kept(struct fixture *f, int i)
{
    struct buf url = {0};
    buf_printf(&url, "%s?id=%d", f->call->peer.url, i);
    f->request.url = buf_slice(&url);
    look_up(f, &f->looks[1], MINUTE);
    wire_wait(&f->call->peer, f->looks[1].outcome.n > 0 || wire_has_caller(&f->call->peer));
    bool is = f->looks[1].outcome.n > 0;
    if (!is) {
        http_lookup_cancel(f->looks[1].lookup);
        close(wire_accept(&f->call->peer));
    }
    buf_deinit(&url);
    return is;
}

static void test_what_was_used_longest_ago_makes_room(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 9; i++)
        look_at(f, i, 6000);
    assert_true(is_kept(f, 0)); /* used just now */
    for (int i = 9; i < 12; i++)
        look_at(f, i, 6000);
    assert_true(is_kept(f, 0));
    assert_true(is_kept(f, 11));
    assert_false(is_kept(f, 1));
    assert_false(is_kept(f, 2));
}

static void test_a_large_answer_is_not_kept(void **state)
{
    struct fixture *f = *state;
    look_at(f, 1, 8192);
    assert_true(is_kept(f, 1));
    look_at(f, 2, 8193);
    assert_false(is_kept(f, 2));
}

int main(void)
{
    call_forget_proxies();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_an_answer_is_taken_again),
        TEST(test_who_asks_says_how_old_it_may_be),
        TEST(test_requests_that_differ_are_not_alike),
        TEST(test_traces_make_no_difference),
        TEST(test_what_is_under_way_is_shared),
        TEST(test_errors_are_shared_and_not_kept),
        TEST(test_an_old_answer_outlives_a_failure),
        TEST(test_it_goes_on_for_those_who_stay),
        TEST(test_it_ends_with_the_last_who_waits),
        TEST(test_each_has_its_own_timeout),
        TEST(test_one_may_cancel_another_when_it_is_answered),
        TEST(test_one_may_ask_again_when_it_is_answered),
        TEST(test_a_hit_can_be_cancelled),
        TEST(test_what_cannot_be_sent_is_refused),
        TEST(test_what_was_used_longest_ago_makes_room),
        TEST(test_a_large_answer_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
