/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A server on a bare socket that answers each connection by a script: exact bytes in exact parts
 * with delays between them, and an end that may be a close, a reset, or silence. For clients whose
 * behaviour on the wire is under test.
 *
 *     static const struct script_part parts[] = {{SLICE_LIT("data: 1\n\n"), 1, 0}};
 *     const struct script_answer answers[] = {
 *         {.head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
 *          .parts = parts, .n_parts = 1, .end = SCRIPT_HOLD}};
 *     struct scripted_server *s = scripted_server_new(loop, answers, 1);
 *     … scripted_server_url(s) …
 *
 * The nth request gets the nth answer, those behind the last one the last. In heads and parts
 * {{self}} stands for the server's URL and {{NAME}} for that header of the request.
 */
#ifndef LIAISON_TESTS_SCRIPTED_SERVER_H
#define LIAISON_TESTS_SCRIPTED_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "loop/loop.h"

struct script_part {
    struct slice bytes;
    size_t count; /* so many times */
    int64_t delay_ms;
};

enum script_end { SCRIPT_CLOSE, SCRIPT_HOLD, SCRIPT_RESET };

/* Borrowed until the server is freed. */
struct script_answer {
    const char *head;
    const struct script_part *parts;
    size_t n_parts;
    enum script_end end;
};

struct scripted_server;

/* Listens on a free port of 127.0.0.1; the test fails when it can't. */
struct scripted_server *scripted_server_new(struct loop *loop, const struct script_answer *answers,
                                            size_t n_answers);
void scripted_server_free(struct scripted_server *s);

const char *
scripted_server_url(const struct scripted_server *s); /* "http://127.0.0.1:PORT/events" */
const char *scripted_server_host(const struct scripted_server *s); /* "127.0.0.1:PORT" */

size_t scripted_server_requests(const struct scripted_server *s);
/* The nth request's (from 0) header; data NULL without it. "method" is its method. */
struct slice scripted_server_header(const struct scripted_server *s, size_t n, const char *name);
int64_t scripted_server_at_ms(const struct scripted_server *s, size_t n); /* monotonic */
/* Bytes of answers that the sockets haven't taken: the client doesn't read. */
size_t scripted_server_stuck(const struct scripted_server *s);
/* Connections that are open. */
size_t scripted_server_open(const struct scripted_server *s);

#endif
