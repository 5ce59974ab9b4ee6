/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * All waiting is wire.h's.
 */
#include "call_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int call_setup(void **state)
{
    struct call_fixture *f = mem_calloc(1, sizeof(*f));
    struct err err = {0};
    f->loop = loop_new(&err);
    f->client = http_client_new(f->loop, "Liaison-Test/1", &err);
    assert_non_null(f->client);
    wire_listen(&f->peer, f->loop);
    *state = f;
    return 0;
}

int call_setup_transfers(void **state)
{
    call_setup(state);
    struct call_fixture *f = *state;
    f->follow = 1;
    return 0;
}

void call_outcome_reset(struct call_outcome *o)
{
    buf_deinit(&o->body);
    buf_deinit(&o->error);
    buf_deinit(&o->header);
    *o = (struct call_outcome){0};
}

int call_teardown(void **state)
{
    struct call_fixture *f = *state;
    http_client_free(f->client);
    wire_deinit(&f->peer);
    loop_free(f->loop);
    call_outcome_reset(&f->outcome);
    free(f);
    return 0;
}

void call_note(void *ctx, const struct http_answer *answer)
{
    struct call_outcome *o = ctx;
    o->n++;
    o->failure = answer->failure;
    o->was_written = answer->was_written;
    o->status = answer->status;
    buf_add_slice(&o->body, answer->body);
    buf_add_slice(&o->error, answer->error);
    buf_add_slice(&o->header, http_header_get(answer->headers, "x-test"));
    assert_true(answer->ms >= 0);
    assert_int_equal(answer->failure == HTTP_OK, answer->error.len == 0);
}

struct http_request call_post(const struct call_fixture *f, const char *body)
{
    return (struct http_request){
        .method = SLICE_LIT("POST"),
        .url = slice_str(f->peer.url),
        .body = slice_str(body),
        .has_body = true,
        .timeout_ms = 10000,
        .follow = f->follow,
    };
}

struct http_request call_get(const struct call_fixture *f)
{
    return (struct http_request){.method = SLICE_LIT("GET"),
                                 .url = slice_str(f->peer.url),
                                 .timeout_ms = 10000,
                                 .follow = f->follow};
}

void call_start(struct call_fixture *f, const struct http_request *request)
{
    struct err err = {0};
    call_outcome_reset(&f->outcome);
    buf_clear(&f->peer.got);
    f->call = http_client_send(f->client, request, call_note, &f->outcome, &err);
    if (!f->call)
        fail_msg("%s", err.message);
    assert_int_equal(f->outcome.n, 0);
}

int call_start_and_accept(struct call_fixture *f, const struct http_request *request)
{
    call_start(f, request);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    return fd;
}

static void await(struct call_fixture *f)
{
    wire_wait(&f->peer, f->outcome.n > 0);
    assert_int_equal(f->outcome.n, 1);
}

void call_expect_failure(struct call_fixture *f, enum http_failure failure, bool was_written)
{
    await(f);
    assert_string_equal(http_failure_name(f->outcome.failure), http_failure_name(failure));
    assert_int_equal(f->outcome.was_written, was_written);
}

void call_expect_answer(struct call_fixture *f, int status, const char *body)
{
    await(f);
    assert_string_equal(http_failure_name(f->outcome.failure), "");
    assert_int_equal(f->outcome.status, status);
    buf_add_char(&f->outcome.body, '\0');
    assert_string_equal(f->outcome.body.data, body);
}

bool call_has_sent(const struct call_fixture *f, const char *text)
{
    return f->peer.got.data && strstr(f->peer.got.data, text);
}

void call_forget_proxies(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        unsetenv(names[i]);
}
