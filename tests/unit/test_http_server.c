/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/server, against bare sockets.
 */
#include "http/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "server_fixture.h"

#include <cmocka.h>

struct fixture {
    struct server_fixture http;
    struct http_exchange *waiting[8]; /* not answered yet */
    size_t n_waiting;
    size_t n_calls;  /* of routes */
    int refuse_with; /* what `admit` says */
    size_t n_admitted;
};

/* ---- Routes ---- */

static void reply_echo(void *ctx, struct http_exchange *x)
{
    struct fixture *f = ctx;
    f->n_calls++;
    http_exchange_reply(x, 200, "application/octet-stream", http_exchange_body(x));
}

static void reply_later(void *ctx, struct http_exchange *x)
{
    struct fixture *f = ctx;
    f->n_calls++;
    f->waiting[f->n_waiting++] = x;
}

/* Says what it sees: "METHOD path segment segment q=query". */
static void reply_seen(void *ctx, struct http_exchange *x)
{
    struct fixture *f = ctx;
    f->n_calls++;
    struct buf text = {0};
    buf_printf(&text, "%.*s %.*s", SLICE_FMT(http_exchange_method(x)),
               SLICE_FMT(http_exchange_path(x)));
    for (size_t i = 0; http_exchange_segment(x, i).data; i++)
        buf_printf(&text, " [%.*s]", SLICE_FMT(http_exchange_segment(x, i)));
    if (http_exchange_query(x, "q").data)
        buf_printf(&text, " q=(%.*s)", SLICE_FMT(http_exchange_query(x, "q")));
    http_exchange_reply(x, 200, "text/plain", buf_slice(&text));
    buf_deinit(&text);
}

static void reply_headers(void *ctx, struct http_exchange *x)
{
    (void)ctx;
    struct http_headers all = http_exchange_headers(x);
    assert_true(slice_is_equal(http_header_get(all, "x-one"), http_exchange_header(x, "X-ONE")));
    assert_null(http_exchange_header(x, "X-Two").data);
    http_exchange_add_header(x, "Retry-After", "7");
    http_exchange_add_header(x, "X-Seen", http_exchange_header(x, "X-One").data);
    http_exchange_reply(x, 503, NULL, SLICE_LIT("not sent"));
}

static void reply_problem(void *ctx, struct http_exchange *x)
{
    (void)ctx;
    http_exchange_problem(x, 422, "\"%s\" isn't right", "it");
}

static const struct http_route routes[] = {
    {"POST", "/echo", reply_echo},      {"PUT", "/echo", reply_echo},
    {"GET", "/", reply_seen},           {"GET", "/items", reply_seen},
    {"GET", "/items/*", reply_seen},    {"DELETE", "/items/*", reply_seen},
    {"GET", "/a/*/b/*", reply_seen},    {"POST", "/later", reply_later},
    {"GET", "/later", reply_later},     {"GET", "/headers", reply_headers},
    {"GET", "/problem", reply_problem},
};

static int admit(void *ctx, struct http_exchange *x, const char **detail)
{
    struct fixture *f = ctx;
    f->n_admitted++;
    assert_int_equal(http_exchange_body(x).len, 0);
    assert_true(http_exchange_header(x, "Host").len > 0);
    *detail = "Not from here";
    return f->refuse_with;
}

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    server_setup(&f->http, routes, ARRAY_LEN(routes), f);
    f->http.options.admit = admit;
    server_restart(&f->http);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    server_teardown(&f->http);
    free(f);
    return 0;
}

static bool is_closed(struct fixture *f)
{
    buf_clear(&f->http.wire.got);
    wire_rest(&f->http.wire, f->http.fd);
    return true;
}

/* ---- Requests ---- */

static void test_a_body_is_there_whole_however_it_came(void **state)
{
    struct fixture *f = *state;
    const char *request = POST("/echo", "Content-Length: 10\r\n", "0123456789");
    for (size_t size = 1; size <= strlen(request); size += size < 8 ? 1 : 13) {
        buf_clear(&f->http.wire.got);
        for (size_t from = 0; from < strlen(request); from += size) {
            size_t n = strlen(request) - from;
            assert_true(send(f->http.fd, request + from, n < size ? n : size, MSG_NOSIGNAL) > 0);
            loop_turn(f->http.loop, false);
        }
        wire_expect(&f->http.wire, f->http.fd, "\r\n\r\n0123456789");
    }
    assert_int_equal(f->n_calls, f->n_admitted);
}

static void test_a_chunked_body_is_joined(void **state)
{
    struct fixture *f = *state;
    server_expect(
        &f->http,
        POST("/echo", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"),
        "200 ", "\r\n\r\nabcde");
    server_expect(&f->http, POST("/echo", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), "200 ",
                  "Content-Length: 0\r\n\r\n");
}

static void test_requests_in_a_row_are_answered_in_order(void **state)
{
    struct fixture *f = *state;
    server_expect(&f->http,
                  POST("/echo", "Content-Length: 1\r\n", "a") GET("/items/1")
                      POST("/later", "Content-Length: 0\r\n", "")
                          POST("/echo", "Content-Length: 1\r\n", "z"),
                  "200 ", "GET /items/1 [1]");
    wire_wait(&f->http.wire, f->n_waiting == 1);
    assert_int_equal(f->n_calls, 3);
    http_exchange_reply(f->waiting[0], 202, "text/plain", SLICE_LIT("later"));
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\nz");
    char *a = strstr(f->http.wire.got.data, "\r\n\r\na"),
         *items = strstr(f->http.wire.got.data, "[1]"),
         *later = strstr(f->http.wire.got.data, "later");
    assert_true(a && items && later && a < items && items < later);
}

static void test_paths_and_queries_are_decoded(void **state)
{
    struct fixture *f = *state;
    static const char *const cases[][2] = {
        {GET("/"), "GET /"},
        {GET("/items?q=1"), "GET /items q=(1)"},
        {GET("/items?x=1&q=a%20b+c%2B&q=2"), "GET /items q=(a b c+)"},
        {GET("/items?q"), "GET /items q=()"},
        {GET("/items?q=a=b"), "GET /items q=(a=b)"},
        {GET("/items?&&%71=%C3%A9"), "GET /items q=(\xc3\xa9)"},
        {GET("/items?Q=1"), "GET /items"},
        {GET("/%69tems/a%2Fb+c"), "GET /%69tems/a%2Fb+c [a/b+c]"},
        {GET("/a/1/b/%32"), "GET /a/1/b/%32 [1] [2]"},
        {GET("http://other.example/items/7?q=8"), "GET /items/7 [7] q=(8)"},
        {GET("http://other.example"), "GET /"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char expected[128];
        snprintf(expected, sizeof(expected), "Content-Length: %zu\r\n", strlen(cases[i][1]));
        server_ask(&f->http, cases[i][0], cases[i][1]);
        if (!strstr(f->http.wire.got.data, expected))
            fail_msg("%s: %s", cases[i][0], f->http.wire.got.data);
    }
}

static void test_broken_percent_encoding_is_a_bad_request(void **state)
{
    struct fixture *f = *state;
    static const char *const cases[] = {
        GET("/items/%"),    GET("/items/%4"),    GET("/items/%zz"),
        GET("/items/%4g"),  GET("/items/%00"),   GET("/items?q=%"),
        GET("/items?%f=1"), GET("/items?q=%00"), GET("/items/%-1"),
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        server_expect(&f->http, cases[i], "400 ", "percent-encoding");
    assert_int_equal(f->n_calls, 0);
    assert_int_equal(f->n_admitted, 0);
}

static void test_an_unknown_path_is_not_found(void **state)
{
    struct fixture *f = *state;
    static const char *const cases[] = {
        GET("/nothing"),
        GET("/items/"),
        GET("/items/1/2"),
        GET("//items"),
        GET("/items/1/"),
        GET("/a/1/b"),
        GET("/ITEMS"),
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        GET("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"),
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        server_expect(&f->http, cases[i], "404 ", "\"status\":404");
    assert_int_equal(f->n_calls, 0);
}

static void test_a_path_that_was_perhaps_meant_is_named(void **state)
{
    struct fixture *f = *state;
    server_expect(&f->http, GET("/Itms"), "404 ", "nothing at /Itms: did you mean /items?");
    server_expect(&f->http, GET("/items/"), "404 ", "nothing at /items/: did you mean /items?");
    server_expect(&f->http, GET("/nothing"), "404 ", "nothing at /nothing\"");
}

static void test_another_method_is_told_which_are_allowed(void **state)
{
    struct fixture *f = *state;
    server_expect(&f->http, "PATCH /items/1 HTTP/1.1\r\nHost: x\r\n\r\n", "405 ", "\"status\":405");
    assert_non_null(strstr(f->http.wire.got.data, "Allow: GET, HEAD, DELETE\r\n"));
    server_expect(&f->http, GET("/echo"), "405 ", "\"status\":405");
    assert_non_null(strstr(f->http.wire.got.data, "Allow: POST, PUT\r\n"));
}

static void test_head_is_answered_as_get_without_a_body(void **state)
{
    struct fixture *f = *state;
    server_expect(&f->http, "HEAD /items/1 HTTP/1.1\r\nHost: x\r\n\r\n" GET("/items/2"), "200 ",
                  "\r\n\r\nGET /items/2 [2]");
    assert_non_null(strstr(f->http.wire.got.data, "Content-Length: 17\r\n"));
    assert_null(strstr(f->http.wire.got.data, "HEAD /items"));
    assert_int_equal(f->n_calls, 2);
}

/* ---- Answers ---- */

static void test_headers_are_read_and_added(void **state)
{
    struct fixture *f = *state;
    server_expect(&f->http, "GET /headers HTTP/1.1\r\nHost: x\r\nX-One: a b\r\n\r\n", "503 ",
                  "\r\n\r\n");
    assert_non_null(strstr(f->http.wire.got.data, "Retry-After: 7\r\n"));
    assert_non_null(strstr(f->http.wire.got.data, "X-Seen: a b\r\n"));
    assert_non_null(strstr(f->http.wire.got.data, "Content-Length: 0\r\n"));
    assert_null(strstr(f->http.wire.got.data, "Content-Type"));
    assert_null(strstr(f->http.wire.got.data, "not sent"));
}

static void test_a_problem_is_a_document_of_rfc_9457(void **state)
{
    struct fixture *f = *state;
    server_expect(&f->http, GET("/problem"), "422 ", "}");
    assert_non_null(strstr(f->http.wire.got.data, "Content-Type: application/problem+json\r\n"));
    struct slice doc = slice_str(strstr(f->http.wire.got.data, "\r\n\r\n") + 4);
    static const char expected[] =
        "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\",\"status\":422,"
        "\"detail\":\"\\\"it\\\" isn't right\"}";
    assert_true(json_is_same(doc, slice_str(expected)));
}

static void test_an_answer_may_come_later(void **state)
{
    struct fixture *f = *state;
    wire_send(f->http.fd, POST("/later", "Content-Length: 3\r\n", "abc"));
    wire_wait(&f->http.wire, f->n_waiting == 1);
    assert_int_equal(http_server_pending(f->http.server), 1);
    wire_spend(&f->http.wire, 5);
    assert_memory_equal(http_exchange_body(f->waiting[0]).data, "abc", 3);
    http_exchange_reply(f->waiting[0], 202, "text/plain", SLICE_LIT("done"));
    assert_int_equal(http_server_pending(f->http.server), 0);
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\ndone");
    assert_int_equal(f->n_calls, 1);
    server_expect(&f->http, POST("/echo", "Content-Length: 1\r\n", "x"), "200 ", "\r\n\r\nx");
}

static void answer_all(void *ctx)
{
    struct fixture *f = ctx;
    while (f->n_waiting > 0)
        http_exchange_reply(f->waiting[--f->n_waiting], 202, "text/plain", SLICE_LIT("done"));
}

static void test_answers_given_by_a_hook_before_the_loop_sleeps_leave_at_once(void **state)
{
    struct fixture *f = *state;
    /* Made after the server's own hook, so it runs after that one. */
    struct loop_prepare *hook = loop_prepare_new(f->http.loop, answer_all, f);
    for (int i = 0; i < 5; i++)
        server_expect(&f->http, GET("/later"), "202 ", "\r\n\r\ndone");
    loop_prepare_free(hook);
}

static void test_answers_come_in_any_order(void **state)
{
    struct fixture *f = *state;
    int second = wire_connect(http_server_address(f->http.server));
    wire_send(f->http.fd, GET("/later"));
    wire_wait(&f->http.wire, f->n_waiting == 1);
    wire_send(second, GET("/later"));
    wire_wait(&f->http.wire, f->n_waiting == 2);
    http_exchange_reply(f->waiting[1], 200, "text/plain", SLICE_LIT("second"));
    wire_expect(&f->http.wire, second, "\r\n\r\nsecond");
    http_exchange_reply(f->waiting[0], 200, "text/plain", SLICE_LIT("first"));
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\nfirst");
    close(second);
}

/* What the library makes of an answer is shared where it is the same. */
static void test_answers_that_are_alike_and_others_are_told_apart(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *type, *body, *header;
    } answers[] = {
        {"text/plain", "same", NULL}, {"text/plain", "same", NULL}, {"text/plain", "other", NULL},
        {"text/html", "same", NULL},  {"text/plain", "same", "1"},  {"text/plain", "same", NULL},
        {"text/html", "same", NULL},
    };
    int clients[ARRAY_LEN(answers)];
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        clients[i] = wire_connect(http_server_address(f->http.server));
        wire_send(clients[i], GET("/later"));
        wire_wait(&f->http.wire, f->n_waiting == i + 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        if (answers[i].header)
            http_exchange_add_header(f->waiting[i], "X-One", answers[i].header);
        http_exchange_reply(f->waiting[i], 400 + (int)i, answers[i].type,
                            slice_str(answers[i].body));
    }
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        char status[16], type[40], end[16];
        snprintf(status, sizeof(status), "HTTP/1.1 %zu ", 400 + i);
        snprintf(type, sizeof(type), "Content-Type: %s\r\n", answers[i].type);
        snprintf(end, sizeof(end), "\r\n\r\n%s", answers[i].body);
        buf_clear(&f->http.wire.got);
        wire_expect(&f->http.wire, clients[i], end);
        assert_non_null(strstr(f->http.wire.got.data, status));
        assert_non_null(strstr(f->http.wire.got.data, type));
        assert_int_equal(strstr(f->http.wire.got.data, "X-One") != NULL, answers[i].header != NULL);
        close(clients[i]);
    }
}

static void test_a_client_that_left_meanwhile_is_no_error(void **state)
{
    struct fixture *f = *state;
    wire_send(f->http.fd, POST("/later", "Content-Length: 3\r\n", "abc"));
    wire_wait(&f->http.wire, f->n_waiting == 1);
    wire_reset(f->http.fd);
    f->http.fd = wire_connect(http_server_address(f->http.server));
    wire_spend(&f->http.wire, 5);
    http_exchange_add_header(f->waiting[0], "X-A", "b");
    http_exchange_reply(f->waiting[0], 202, "text/plain", SLICE_LIT("done"));
    assert_int_equal(http_server_pending(f->http.server), 0);
    wire_spend(&f->http.wire, 5);
    server_expect(&f->http, POST("/echo", "Content-Length: 1\r\n", "x"), "200 ", "\r\n\r\nx");
}

static void test_a_client_that_leaves_within_its_request_is_forgotten(void **state)
{
    struct fixture *f = *state;
    static const char *const beginnings[] = {
        "PO", "POST /echo HTTP/1.1\r\nHost:", POST("/echo", "Content-Length: 10\r\n", "abc")};
    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
        wire_send(f->http.fd, beginnings[i]);
        wire_spend(&f->http.wire, 2);
        server_reconnect(&f->http);
        wire_spend(&f->http.wire, 2);
    }
    assert_int_equal(f->n_calls, 0);
    server_expect(&f->http, POST("/echo", "Content-Length: 1\r\n", "x"), "200 ", "\r\n\r\nx");
}

static void test_freeing_the_server_drops_what_was_never_answered(void **state)
{
    struct fixture *f = *state;
    int second = wire_connect(http_server_address(f->http.server));
    wire_send(f->http.fd, GET("/later"));
    wire_send(second, GET("/later"));
    wire_wait(&f->http.wire, f->n_waiting == 2);
    /* One of them answered, but the answer has had no turn to leave. */
    http_exchange_reply(f->waiting[1], 200, "text/plain", SLICE_LIT("late"));
    http_server_free(f->http.server);
    f->http.server = NULL;
    assert_true(is_closed(f));
    close(second);
}

/* ---- Limits ---- */

static void test_a_body_said_to_be_too_large_is_refused_at_once(void **state)
{
    struct fixture *f = *state;
    server_expect(&f->http, POST("/echo", "Content-Length: 1001\r\n", ""), "413 ", "1000 bytes");
    assert_true(is_closed(f));
    server_reconnect(&f->http);
    server_expect(&f->http, POST("/echo", "Content-Length: 99999999999999999\r\n", ""), "413 ",
                  "1000 bytes");
    assert_int_equal(f->n_calls, 0);
}

static void test_a_client_that_sends_too_much_all_the_same_sees_its_answer(void **state)
{
    struct fixture *f = *state;
    static char body[1024 * 1024];
    memset(body, 'x', sizeof(body));
    wire_send(f->http.fd, POST("/echo", "Content-Length: 8388608\r\n", ""));
    for (int i = 0; i < 8; i++) {
        for (size_t sent = 0; sent < sizeof(body);) {
            ssize_t n =
                send(f->http.fd, body + sent, sizeof(body) - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n > 0)
                sent += (size_t)n;
            loop_turn(f->http.loop, false);
        }
    }
    wire_expect(&f->http.wire, f->http.fd, "413 ");
    wire_rest(&f->http.wire, f->http.fd);
    assert_non_null(strstr(f->http.wire.got.data, "1000 bytes"));
}

/* A chunked POST of so many bytes, in chunks of 100. */
static void make_chunked(struct buf *request, size_t len)
{
    buf_clear(request);
    buf_add_str(request, POST("/echo", "Transfer-Encoding: chunked\r\n", ""));
    for (size_t done = 0; done < len; done += 100)
        buf_printf(request, "64\r\n%0100d\r\n", 0);
    buf_add_str(request, "0\r\n\r\n");
}

static void test_a_chunked_body_is_counted(void **state)
{
    struct fixture *f = *state;
    struct buf request = {0};
    make_chunked(&request, SERVER_BODY_MAX);
    server_expect(&f->http, request.data, "200 ", "Content-Length: 1000\r\n");
    wire_spend(&f->http.wire, 2);
    make_chunked(&request, SERVER_BODY_MAX + 100);
    server_reconnect(&f->http);
    server_expect(&f->http, request.data, "413 ", "1000 bytes");
    /* It was read to its end, so that the connection lives on. */
    server_expect(&f->http, POST("/echo", "Content-Length: 1\r\n", "x"), "200 ", "\r\n\r\nx");
    assert_int_equal(f->n_calls, 2);
    buf_deinit(&request);
}

static void test_what_admit_refuses_is_not_handled(void **state)
{
    struct fixture *f = *state;
    f->refuse_with = 403;
    server_expect(&f->http, GET("/items"), "403 ", "Not from here");
    /* Without a body to be read the connection lives on. */
    f->refuse_with = 0;
    server_expect(&f->http, GET("/items"), "200 ", "GET /items");
    f->refuse_with = 401;
    server_expect(&f->http, POST("/echo", "Content-Length: 3\r\n", "abc"), "401 ", "Not from here");
    assert_true(is_closed(f));
    assert_int_equal(f->n_calls, 1);
    assert_int_equal(f->n_admitted, 3);
}

static void test_a_row_for_all_takes_what_no_other_does(void **state)
{
    struct fixture *f = *state;
    static const struct http_route all[] = {{"*", "**", reply_seen}, {"POST", "/echo", reply_echo}};
    f->http.options.routes = all;
    f->http.options.n_routes = ARRAY_LEN(all);
    server_restart(&f->http);
    server_expect(&f->http, POST("/echo", "Content-Length: 1\r\n", "x"), "200 ", "\r\n\r\nx");
    server_expect(&f->http, "REPORT /any/where?q=1 HTTP/1.1\r\nHost: x\r\n\r\n", "200 ",
                  "REPORT /any/where q=(1)");
}

/* ---- The end ---- */

static void test_a_quiet_server_accepts_no_more_but_ends_what_it_has(void **state)
{
    struct fixture *f = *state;
    wire_send(f->http.fd, GET("/later"));
    wire_wait(&f->http.wire, f->n_waiting == 1);
    char address[64];
    snprintf(address, sizeof(address), "%s", http_server_address(f->http.server));
    http_server_quiesce(f->http.server);
    http_server_quiesce(f->http.server);
    /* Its port is free. */
    http_server_free(server_open(&f->http, address));
    http_exchange_reply(f->waiting[0], 200, "text/plain", SLICE_LIT("done"));
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\ndone");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_body_is_there_whole_however_it_came),
        TEST(test_a_chunked_body_is_joined),
        TEST(test_requests_in_a_row_are_answered_in_order),
        TEST(test_paths_and_queries_are_decoded),
        TEST(test_broken_percent_encoding_is_a_bad_request),
        TEST(test_an_unknown_path_is_not_found),
        TEST(test_a_path_that_was_perhaps_meant_is_named),
        TEST(test_another_method_is_told_which_are_allowed),
        TEST(test_head_is_answered_as_get_without_a_body),
        TEST(test_headers_are_read_and_added),
        TEST(test_a_problem_is_a_document_of_rfc_9457),
        TEST(test_an_answer_may_come_later),
        TEST(test_answers_given_by_a_hook_before_the_loop_sleeps_leave_at_once),
        TEST(test_answers_come_in_any_order),
        TEST(test_answers_that_are_alike_and_others_are_told_apart),
        TEST(test_a_client_that_left_meanwhile_is_no_error),
        TEST(test_a_client_that_leaves_within_its_request_is_forgotten),
        TEST(test_freeing_the_server_drops_what_was_never_answered),
        TEST(test_a_body_said_to_be_too_large_is_refused_at_once),
        TEST(test_a_client_that_sends_too_much_all_the_same_sees_its_answer),
        TEST(test_a_chunked_body_is_counted),
        TEST(test_what_admit_refuses_is_not_handled),
        TEST(test_a_row_for_all_takes_what_no_other_does),
        TEST(test_a_quiet_server_accepts_no_more_but_ends_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
