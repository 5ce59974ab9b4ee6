/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A client on a loop, and a bare socket as the other end of its calls.
 *
 *     struct http_request request = call_post(f, "body");
 *     int fd = call_start_and_accept(f, &request);
 *     wire_send(fd, OK_ANSWER);
 *     call_expect_answer(f, 200, "ok");
 */
#ifndef LIAISON_TESTS_CALL_FIXTURE_H
#define LIAISON_TESTS_CALL_FIXTURE_H

#include <stdbool.h>

#include "base/buf.h"
#include "http/client.h"
#include "wire.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* What a call came to. */
struct call_outcome {
    int n; /* times that `done` was called */
    enum http_failure failure;
    bool was_written;
    int status;
    struct buf body, error, header; /* `header`: the answer's X-Test */
};

void call_outcome_reset(struct call_outcome *o);

struct call_fixture {
    struct loop *loop;
    struct http_client *client;
    struct wire peer;
    struct call_outcome outcome; /* of the newest call */
    struct http_call *call;
    unsigned follow; /* redirects, for each request that is made here */
};

int call_setup(void **state);
/* Has requests follow a redirect, so that curl's transfers carry them and not our own hand. */
int call_setup_transfers(void **state);
int call_teardown(void **state);
/* Forgets the proxies of this machine's environment; once, from main. */
void call_forget_proxies(void);

/* To the peer's URL, with a timeout of 10 s. */
struct http_request call_post(const struct call_fixture *f, const char *body);
struct http_request call_get(const struct call_fixture *f);

/* An http_answer_fn whose ctx is a call_outcome. */
void call_note(void *ctx, const struct http_answer *answer);
void call_start(struct call_fixture *f, const struct http_request *request);
/* Starts the request and reads its head from a new connection, which it returns. */
int call_start_and_accept(struct call_fixture *f, const struct http_request *request);
/* Whether the text stands in what the peer has read. */
bool call_has_sent(const struct call_fixture *f, const char *text);

void call_expect_failure(struct call_fixture *f, enum http_failure failure, bool was_written);
void call_expect_answer(struct call_fixture *f, int status, const char *body);

#endif
