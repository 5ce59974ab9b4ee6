/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The smallest HTTP/1.1 server that a benchmark's stand-ins need: one thread, epoll, kept
 * connections, bodies by Content-Length, 127.0.0.1 only. Broken input closes its connection.
 *
 *     struct stand_in *s = stand_in_new(port, on_request, self);
 *     for (;;)
 *         stand_in_turn(s, timeout_ms);
 *
 * And the events of all workloads, so that source, bare loop and design send the same bytes.
 */
#ifndef LIAISON_BENCH_STAND_IN_H
#define LIAISON_BENCH_STAND_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stand_in;
struct connection;

struct request {
    bool is_post;
    const char *target;        /* NUL-terminated, with its query */
    const char *last_event_id; /* NULL: none was sent */
    const char *body;
    size_t body_len;
};

/* Valid during the call only. Answers by connection_answer, now or later, or by connection_write. */
typedef void (*request_fn)(void *ctx, struct connection *c, const struct request *request);

/* Names a connection beyond the call; it finds nothing once that has been closed. */
struct connection_ref {
    int fd;
    unsigned serial;
};

/* Ends the process with a message where the port can't be had. */
struct stand_in *stand_in_new(uint16_t port, request_fn fn, void *ctx);
/* Waits for what comes, at most `timeout_ms` (-1: without end), and serves it. */
void stand_in_turn(struct stand_in *s, int timeout_ms);

struct connection_ref connection_ref(const struct connection *c);
/* NULL when it is closed. */
struct connection *connection_find(struct stand_in *s, struct connection_ref ref);
void connection_answer(struct connection *c, int status, const char *body, size_t len);
/* Queues bytes and sends what the socket takes. May close the connection. */
void connection_write(struct connection *c, const char *data, size_t len);
/* Bytes that the socket hasn't taken. */
size_t connection_backlog(const struct connection *c);

/* Since the machine started, so that all its processes have the same. */
int64_t now_us(void);

#define EVENT_MAX 512
/* The data of event `n`, about 300 bytes of JSON: "id" is its key, "n" its number, "sentAt" now_us()
   at its making. Returns its length. */
size_t event_data(char out[static EVENT_MAX], int64_t n, int64_t keys, int64_t sent_at_us);

/* The value of --NAME among the arguments, else `otherwise`; exits 2 with a message when it is no
   number. */
int64_t argument(int argc, char **argv, const char *name, int64_t otherwise);

#endif
