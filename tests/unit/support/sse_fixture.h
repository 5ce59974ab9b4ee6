/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A channel of server-sent events under test: a scripted server as its bus, a fake host, its log.
 *
 *     will_stream(f, "data: 1\n\n", SCRIPT_HOLD);     // what the first connection gets
 *     open_bus(f);
 *     wait_taken(f, 1);
 */
#ifndef LIAISON_TESTS_SSE_FIXTURE_H
#define LIAISON_TESTS_SSE_FIXTURE_H

#include "channel/sse.h"
#include "fake_host.h"
#include "scripted_server.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define STATUS(line) "HTTP/1.1 " line "\r\nConnection: close\r\n\r\n"

struct sse_fixture {
    struct fake_host fake;
    struct scripted_server *server;
    struct channel *channel;
    struct script_part parts[8];
    struct script_answer answers[8];
    size_t n_answers;
    int log_fd;
};

int sse_setup(void **state);
int sse_teardown(void **state);
/* The next connection gets this head, this body (NULL: none) so many times, and this end. */
void will_answer(struct sse_fixture *f, const char *head, const char *body, size_t count,
                 enum script_end end);
void will_stream(struct sse_fixture *f, const char *body, enum script_end end);
void serve(struct sse_fixture *f);
void open_with(struct sse_fixture *f, struct http_headers headers, const char *position);
void open_bus(struct sse_fixture *f);
struct channel_status status_of(const struct sse_fixture *f);
void wait_taken(struct sse_fixture *f, size_t n);
void wait_requests(struct sse_fixture *f, size_t n);
void assert_slice(struct slice s, const char *text);
void assert_header(const struct sse_fixture *f, size_t request, const char *name,
                   const char *value);
void assert_data(const struct sse_fixture *f, size_t n, const char *data);
/* NULL: the nth taken one came without a position. */
void assert_position(const struct sse_fixture *f, size_t n, const char *position);
/* How often the log says it. */
size_t logged(const struct sse_fixture *f, const char *words);
void assert_malformed(const struct sse_fixture *f, size_t n, const char *bytes, const char *words);

#endif
