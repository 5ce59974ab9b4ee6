/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/answer: every answer is read in pieces of every size, and comes to the same.
 */
#include "http/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* What an answer came to. */
struct reading {
    enum answer_step step; /* the last one */
    int status;
    bool is_kept;
    struct buf head; /* "name=value;" for each header */
    struct buf body; /* all of it */
    size_t n_left;   /* bytes that weren't taken */
    const char *fault;
};

static void read_pieces(struct answer *a, struct slice text, size_t size, struct reading *r)
{
    struct slice body;
    r->step = ANSWER_MORE;
    while (text.len > 0 && r->step == ANSWER_MORE) {
        /* A copy, so that reading beyond the piece is seen by the sanitizers. */
        struct slice piece = slice_upto(text, size);
        char *copy = slice_dup(piece);
        struct slice input = slice_of(copy, piece.len);
        while ((r->step = answer_next(a, &input, &body)) == ANSWER_BODY)
            buf_add_slice(&r->body, body);
        text = slice_from(text, piece.len - input.len);
        free(copy);
    }
    r->n_left = text.len;
    if (r->step == ANSWER_MORE)
        r->step = answer_close(a);
}

static void note(struct answer *a, struct reading *r)
{
    struct http_headers headers = head_headers(&a->head);
    for (size_t i = 0; i < headers.len; i++)
        buf_printf(&r->head, "%.*s=%.*s;", SLICE_FMT(headers.items[i].name),
                   SLICE_FMT(headers.items[i].value));
    buf_add_char(&r->body, '\0');
    r->status = a->status;
    r->is_kept = a->is_kept;
    r->fault = a->fault;
}

typedef void (*check_fn)(const struct reading *r, const void *expected);

static void read_in_every_size(struct slice text, bool is_head, check_fn check,
                               const void *expected)
{
    struct answer a = {0};
    for (size_t size = 1; size <= text.len; size++) {
        struct reading r = {0};
        answer_begin(&a, is_head);
        read_pieces(&a, text, size, &r);
        note(&a, &r);
        check(&r, expected);
        buf_deinit(&r.head);
        buf_deinit(&r.body);
    }
    answer_deinit(&a);
}

/* ---- Whole answers ---- */

struct whole {
    const char *text;
    bool is_head; /* the request was one */
    int status;
    const char *head, *body;
    bool is_kept;
    size_t n_left;
};

static void check_whole(const struct reading *r, const void *expected)
{
    const struct whole *w = expected;
    if (r->step != ANSWER_END)
        fail_msg("%s: %s", w->text, r->fault ? r->fault : "doesn't end");
    assert_int_equal(r->status, w->status);
    assert_string_equal(r->head.data ? r->head.data : "", w->head);
    assert_string_equal(r->body.data, w->body);
    assert_int_equal(r->is_kept, w->is_kept);
    assert_int_equal(r->n_left, w->n_left);
}

static void expect_whole(const struct whole *all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        read_in_every_size(slice_str(all[i].text), all[i].is_head, check_whole, &all[i]);
}

static void test_a_body_is_as_long_as_its_length_says(void **state)
{
    (void)state;
    static const struct whole all[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, 200, "Content-Length=5;",
         "hello", true, 0},
        {"HTTP/1.1 200\r\ncontent-length:5 \r\n\r\nhello", false, 200, "content-length=5;", "hello",
         true, 0},
        {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", false, 200, "Content-Length=0;", "", true, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok", false, 200,
         "Content-Length=2, 2;Content-Length=2;", "ok", true, 0},
        {"HTTP/1.1 500 No\r\nX: 1\r\nContent-Length: 1\r\n\r\nx", false, 500,
         "X=1;Content-Length=1;", "x", true, 0},
    };
    expect_whole(all, ARRAY_LEN(all));
}

static void test_a_body_without_a_length_lasts_until_the_end_of_the_connection(void **state)
{
    (void)state;
    static const struct whole all[] = {
        {"HTTP/1.1 200 OK\r\n\r\nto the end\r\n", false, 200, "", "to the end\r\n", false, 0},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nx", false, 200, "Connection=keep-alive;",
         "x", false, 0},
    };
    expect_whole(all, ARRAY_LEN(all));
}

static void test_chunks_are_joined_and_trailers_come_last(void **state)
{
    (void)state;
    static const struct whole all[] = {
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
         "chunked\r\n\r\n3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n"
         "0\r\n\r\n",
         false, 200, "Transfer-Encoding=chunked;", "abc0123456789", true, 0},
        {"HTTP/1.1 200 OK\r\ntransfer-encoding:\r\n CHUNKED\r\n\r\n01 \r\na\r\n000\r\nX-Sum: 1\r\n"
         "X-More:\r\n\r\n",
         false, 200, "transfer-encoding=CHUNKED;X-Sum=1;X-More=;", "a", true, 0},
    };
    expect_whole(all, ARRAY_LEN(all));
}

static void test_answers_that_have_no_body_end_with_their_head(void **state)
{
    (void)state;
    static const struct whole all[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true, 200, "Content-Length=9;", "", true,
         0},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true, 200,
         "Transfer-Encoding=chunked;", "", true, 0},
        {"HTTP/1.1 204 No\r\n\r\n", false, 204, "", "", true, 0},
        {"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n", false, 304, "Content-Length=9;", "",
         true, 0},
    };
    expect_whole(all, ARRAY_LEN(all));
}

static void test_interim_answers_are_skipped(void **state)
{
    (void)state;
    static const struct whole all[] = {
        {"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
         false, 204, "", "", true, 0},
    };
    expect_whole(all, ARRAY_LEN(all));
}

static void test_a_connection_is_kept_only_where_both_ends_know_of_its_state(void **state)
{
    (void)state;
    static const struct whole all[] = {
        {"HTTP/1.1 204 No\r\nConnection: x, Close\r\n\r\n", false, 204, "Connection=x, Close;", "",
         false, 0},
        {"HTTP/1.0 204 No\r\n\r\n", false, 204, "", "", false, 0},
        {"HTTP/1.0 204 No\r\nConnection: Keep-Alive\r\n\r\n", false, 204, "Connection=Keep-Alive;",
         "", true, 0},
        {"HTTP/1.0 204 No\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false, 204,
         "Connection=keep-alive;Connection=close;", "", false, 0},
        /* Both a length and chunks: RFC 9112, 6.3. */
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
         "\r\n",
         false, 200, "Content-Length=3;Transfer-Encoding=chunked;", "x", false, 0},
    };
    expect_whole(all, ARRAY_LEN(all));
}

static void test_what_follows_an_answer_is_left_alone(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    struct answer a = {0};
    struct slice input = slice_str(text), body;
    answer_begin(&a, false);
    assert_int_equal(answer_next(&a, &input, &body), ANSWER_END);
    assert_int_equal(input.len, 19);
    assert_int_equal(answer_next(&a, &input, &body), ANSWER_END);
    assert_int_equal(input.len, 19);
    answer_deinit(&a);
}

static void test_folded_lines_and_those_without_a_colon_say_nothing_of_the_body(void **state)
{
    (void)state;
    static const struct whole all[] = {
        {"HTTP/1.1 200 OK\r\nX: 1\r\n Transfer-Encoding: chunked\r\nno colon\r\n"
         "Content-Length: 1\r\n\r\nx",
         false, 200, "X=1 Transfer-Encoding: chunked;no colon=;Content-Length=1;", "x", true, 0},
    };
    expect_whole(all, ARRAY_LEN(all));
}

/* ---- Broken ones ---- */

static void check_broken(const struct reading *r, const void *expected)
{
    const struct slice *text = expected;
    if (r->step != ANSWER_BROKEN)
        fail_msg("was taken: %.*s", SLICE_FMT(*text));
    assert_non_null(r->fault);
}

static void test_what_leaves_its_end_open_is_broken(void **state)
{
    (void)state;
    static const struct slice all[] = {
        SLICE_LIT("220 mail.example.org ESMTP\r\n"),
        SLICE_LIT("HTTP/2 200 OK\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 20 OK\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 099 OK\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 2000 OK\r\n\r\n"),
        SLICE_LIT("HTTP/1.1200 OK\r\n\r\n"),
        SLICE_LIT("\r\nHTTP/1.1 200 OK\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 101 Switching\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\na"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\na"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\na"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length\r\n\r\na"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\na"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nX: a\rContent-Length: 0\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 1\r\na\r\n0\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 1\r\na\r\n0\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\n"),
        SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: a\0b\r\n\r\n"),
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        read_in_every_size(all[i], false, check_broken, &all[i]);
}

static void test_every_beginning_of_an_answer_is_broken_when_the_connection_closes(void **state)
{
    (void)state;
    static const struct slice all[] = {
        SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
        SLICE_LIT(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: 1\r\n\r\n"),
        SLICE_LIT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n"),
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        for (size_t len = 1; len < all[i].len; len++) {
            struct slice beginning = slice_upto(all[i], len);
            read_in_every_size(beginning, false, check_broken, &beginning);
        }
    }
    struct answer a = {0};
    answer_begin(&a, false);
    assert_int_equal(answer_close(&a), ANSWER_BROKEN);
    assert_false(a.has_begun);
    answer_deinit(&a);
}

/* ---- Limits ---- */

/* `line` so often that it passes HEAD_MAX, behind `start`. */
static void expect_too_large(const char *start, const char *line)
{
    struct answer a = {0};
    struct slice input = slice_str(start), body;
    answer_begin(&a, false);
    enum answer_step step = answer_next(&a, &input, &body);
    for (size_t n = 0; n < HEAD_MAX + 1024 && step != ANSWER_BROKEN; n += strlen(line)) {
        input = slice_str(line);
        while ((step = answer_next(&a, &input, &body)) == ANSWER_BODY)
            ;
    }
    if (step != ANSWER_BROKEN)
        fail_msg("went on and on: %s", start);
    assert_in_range(a.head.lines.cap + a.line.cap, 0, 4 * HEAD_MAX);
    answer_deinit(&a);
}

static void test_heads_without_an_end_are_broken(void **state)
{
    (void)state;
    expect_too_large("", "HTTP/1.1 100 Continue\r\n\r\n");
    expect_too_large("", "HTTP/1.1 200 OK and so on");
    expect_too_large("HTTP/1.1 200 OK\r\n", "X-Header: again\r\n");
    expect_too_large("HTTP/1.1 200 OK\r\nX: ", "a long value");
    expect_too_large("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0000000000000000");
    expect_too_large("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: again\r\n");
}

static void test_chunks_of_any_number_are_taken(void **state)
{
    (void)state;
    struct answer a = {0};
    struct slice input = SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), body;
    answer_begin(&a, false);
    assert_int_equal(answer_next(&a, &input, &body), ANSWER_MORE);
    size_t n = 0;
    for (size_t i = 0; i < HEAD_MAX / 4; i++) {
        input = SLICE_LIT("1;an=extension\r\nx\r\n");
        enum answer_step step;
        while ((step = answer_next(&a, &input, &body)) == ANSWER_BODY)
            n += body.len;
        assert_int_equal(step, ANSWER_MORE);
    }
    assert_int_equal(n, HEAD_MAX / 4);
    answer_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body_is_as_long_as_its_length_says),
        cmocka_unit_test(test_a_body_without_a_length_lasts_until_the_end_of_the_connection),
        cmocka_unit_test(test_chunks_are_joined_and_trailers_come_last),
        cmocka_unit_test(test_answers_that_have_no_body_end_with_their_head),
        cmocka_unit_test(test_interim_answers_are_skipped),
        cmocka_unit_test(test_a_connection_is_kept_only_where_both_ends_know_of_its_state),
        cmocka_unit_test(test_what_follows_an_answer_is_left_alone),
        cmocka_unit_test(test_folded_lines_and_those_without_a_colon_say_nothing_of_the_body),
        cmocka_unit_test(test_what_leaves_its_end_open_is_broken),
        cmocka_unit_test(test_every_beginning_of_an_answer_is_broken_when_the_connection_closes),
        cmocka_unit_test(test_heads_without_an_end_are_broken),
        cmocka_unit_test(test_chunks_of_any_number_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
