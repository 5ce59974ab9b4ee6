/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The other end of a connection, by hand: a bare socket that a test reads and writes byte by byte,
 * while the loop under test turns. What doesn't happen within 10 s fails the test.
 *
 *     struct wire peer;
 *     wire_listen(&peer, loop);
 *     … have the client send to wire_url(&peer) …
 *     int fd = wire_accept(&peer);
 *     wire_expect(&peer, fd, "\r\n\r\n");          // reads up to there, into peer.got
 *     wire_send(fd, "HTTP/1.1 204 No Content\r\n\r\n");
 */
#ifndef LIAISON_TESTS_WIRE_H
#define LIAISON_TESTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "loop/loop.h"

/* In place. */
struct wire {
    struct loop *loop;
    int listen_fd;  /* -1: none */
    char host[32];  /* "127.0.0.1:PORT" */
    char url[64];   /* "http://127.0.0.1:PORT/hook" */
    struct buf got; /* what wire_expect and wire_rest read */
};

void wire_init(struct wire *w, struct loop *loop);
/* Listens on a free port of 127.0.0.1. */
void wire_listen(struct wire *w, struct loop *loop);
void wire_deinit(struct wire *w);
/* The next connection; nobody else closes it. */
int wire_accept(struct wire *w);
/* Whether another one waits to be accepted. */
bool wire_has_caller(struct wire *w);
/* Connects to "127.0.0.1:PORT". */
int wire_connect(const char *address);
void wire_send(int fd, const char *text);
/* Reads at least until `text` has come, which is looked for in what is new since `got` was last
   cleared. */
void wire_expect(struct wire *w, int fd, const char *text);
/* Reads once; the other side must not close. */
void wire_more(struct wire *w, int fd);
/* Reads until the other side closes. */
void wire_rest(struct wire *w, int fd);
/* Closes with a reset instead of an end. */
void wire_reset(int fd);

/* Turns the loop until the condition holds. */
#define wire_wait(w, condition)                                                                    \
    do {                                                                                           \
        struct loop_timer *wire_late = wire_start_wait(w);                                         \
        while (!(condition) && loop_timer_is_active(wire_late))                                    \
            loop_turn((w)->loop, true);                                                            \
        loop_timer_free(wire_late);                                                                \
        if (!(condition))                                                                          \
            fail_msg("not within 10 s: %s", #condition);                                           \
    } while (0)
struct loop_timer *wire_start_wait(const struct wire *w);
/* Turns the loop for so long. */
void wire_spend(const struct wire *w, int64_t ms);

#endif
