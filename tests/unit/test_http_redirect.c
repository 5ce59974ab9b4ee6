/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/client: redirects, and what goes along with them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "call_fixture.h"

#include <cmocka.h>

static void redirect(int fd, const char *status, const char *location)
{
    char text[256];
    snprintf(text, sizeof(text),
             "HTTP/1.1 %s\r\nLocation: %s\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmove",
             status, location);
    wire_send(fd, text);
    close(fd);
}

static int accept_next(struct call_fixture *f)
{
    buf_clear(&f->peer.got);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    return fd;
}

static void test_a_redirect_is_the_answer_unless_it_is_to_be_followed(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    redirect(call_start_and_accept(f, &request), "302 Found", "/else");
    call_expect_answer(f, 302, "move");
}

static void test_redirects_are_followed_up_to_the_limit(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    request.follow = 2;
    redirect(call_start_and_accept(f, &request), "302 Found", "one?a=b");
    int fd = accept_next(f);
    assert_memory_equal(f->peer.got.data, "GET /one?a=b ", 13);
    redirect(fd, "307 Temporary Redirect", "/two");
    fd = accept_next(f);
    assert_memory_equal(f->peer.got.data, "GET /two ", 9);
    redirect(fd, "301 Moved Permanently", "/three");
    call_expect_answer(f, 301, "move");
}

static void test_a_redirect_changes_the_method_as_browsers_do(void **state)
{
    struct call_fixture *f = *state;
    static const struct {
        const char *method, *status, *then;
    } cases[] = {
        {"POST", "301 Moved", "GET"}, {"POST", "302 Found", "GET"},  {"POST", "303 Other", "GET"},
        {"PUT", "303 Other", "GET"},  {"POST", "307 Temp", "POST"},  {"POST", "308 Perm", "POST"},
        {"PUT", "302 Found", "PUT"},  {"HEAD", "303 Other", "HEAD"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_header type = {SLICE_LIT("Content-Type"), SLICE_LIT("text/plain")};
        struct http_request request = call_post(f, "body");
        request.method = slice_str(cases[i].method);
        request.has_body = cases[i].method[0] == 'P';
        request.headers = (struct http_headers){&type, 1};
        request.follow = 1;
        redirect(call_start_and_accept(f, &request), cases[i].status, "/else");
        int fd = accept_next(f);
        assert_memory_equal(f->peer.got.data, cases[i].then, strlen(cases[i].then));
        bool keeps_body = cases[i].then[0] == 'P';
        assert_int_equal(call_has_sent(f, "Content-Length: 4"), keeps_body);
        assert_true(strcmp(cases[i].then, "GET") != 0 || !call_has_sent(f, "Content-Type"));
        wire_send(fd, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        call_expect_answer(f, 204, "");
        close(fd);
    }
}

static const struct http_header credentials[] = {
    {SLICE_LIT("Authorization"), SLICE_LIT("Bearer t0ken")},
    {SLICE_LIT("cookie"), SLICE_LIT("a=b")},
    {SLICE_LIT("webhook-signature"), SLICE_LIT("v1,t0ken")},
    {SLICE_LIT("x-amz-security-token"), SLICE_LIT("t0ken")},
    {SLICE_LIT("X-Kept"), SLICE_LIT("yes")},
};

static void test_credentials_stay_within_an_origin(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    request.headers = (struct http_headers){credentials, ARRAY_LEN(credentials)};
    request.follow = 1;
    redirect(call_start_and_accept(f, &request), "302 Found", "/else");
    int fd = accept_next(f);
    assert_true(call_has_sent(f, "Authorization: Bearer t0ken\r\n") &&
                call_has_sent(f, "cookie: a=b\r\n"));
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

static void expect_credentials_dropped(struct call_fixture *f, struct wire *other,
                                       const char *location)
{
    struct http_request request = call_get(f);
    request.headers = (struct http_headers){credentials, ARRAY_LEN(credentials)};
    request.follow = 2;
    redirect(call_start_and_accept(f, &request), "302 Found", location);
    buf_clear(&other->got);
    int fd = wire_accept(other);
    wire_expect(other, fd, "\r\n\r\n");
    assert_null(strstr(other->got.data, "t0ken"));
    assert_null(strcasestr(other->got.data, "cookie"));
    assert_non_null(strstr(other->got.data, "X-Kept: yes\r\n"));
    /* Nor do they come back on the way back. */
    redirect(fd, "302 Found", f->peer.url);
    fd = accept_next(f);
    assert_false(call_has_sent(f, "t0ken"));
    assert_true(call_has_sent(f, "X-Kept"));
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

static void test_credentials_are_dropped_for_another_port(void **state)
{
    struct call_fixture *f = *state;
    struct wire other;
    wire_listen(&other, f->loop);
    expect_credentials_dropped(f, &other, other.url);
    wire_deinit(&other);
}

static void test_credentials_are_dropped_for_another_host(void **state)
{
    struct call_fixture *f = *state;
    char location[64];
    snprintf(location, sizeof(location), "http://localhost:%s/", strrchr(f->peer.host, ':') + 1);
    expect_credentials_dropped(f, &f->peer, location);
}

static void test_a_redirect_to_what_is_no_url_of_http_is_a_failure(void **state)
{
    struct call_fixture *f = *state;
    static const char *const locations[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "http://"};
    for (size_t i = 0; i < ARRAY_LEN(locations); i++) {
        struct http_request request = call_get(f);
        request.follow = 3;
        redirect(call_start_and_accept(f, &request), "302 Found", locations[i]);
        call_expect_failure(f, HTTP_BAD_URL, true);
    }
}

static void test_a_timeout_counts_over_all_redirects(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    request.follow = 5;
    request.timeout_ms = 60;
    redirect(call_start_and_accept(f, &request), "302 Found", "/else");
    int fd = accept_next(f);
    call_expect_failure(f, HTTP_TIMEOUT, true);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, call_setup, call_teardown)

int main(void)
{
    call_forget_proxies();
    const struct CMUnitTest tests[] = {
        TEST(test_a_redirect_is_the_answer_unless_it_is_to_be_followed),
        TEST(test_redirects_are_followed_up_to_the_limit),
        TEST(test_a_redirect_changes_the_method_as_browsers_do),
        TEST(test_credentials_stay_within_an_origin),
        TEST(test_credentials_are_dropped_for_another_port),
        TEST(test_credentials_are_dropped_for_another_host),
        TEST(test_a_redirect_to_what_is_no_url_of_http_is_a_failure),
        TEST(test_a_timeout_counts_over_all_redirects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
