/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An event bus over server-sent events that is never the bottleneck:
 *
 *     source --port P [--events N] [--keys K] [--rate EVENTS_PER_SECOND]
 *
 * GET /events    the stream; nothing comes before `go`; Last-Event-ID resumes behind it
 * POST /go       from now on, as fast as the socket takes it or at the rate
 * GET /stats     {"streams", "sent"}
 *
 * An event is stamped when it is due, whether or not the socket takes it: what a slow reader makes
 * it wait is part of its latency.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stand_in.h"

/* What is made ahead of the socket. */
#define AHEAD_MAX ((size_t)65536)
/* In bytes, of one write to the stream. */
#define CHUNK_MAX ((size_t)32768)
#define TICK_MS 1

struct source {
    struct stand_in *server;
    int64_t events, keys, rate;
    struct connection_ref stream; /* the newest; fd -1: none yet */
    int64_t streams;
    int64_t next; /* the next event's number, from 1 */
    int64_t started_us;
    int64_t started_at; /* `next` at that time */
};

static void start(struct source *s)
{
    s->started_us = now_us();
    s->started_at = s->next;
}

static size_t add_block(const struct source *s, char *out, int64_t n)
{
    int head = sprintf(out,
                       "id: %" PRId64 "\nevent: schedule.updated\n"
                       "data: {\"type\":\"schedule.updated\",\"data\":",
                       n);
    size_t len = (size_t)head;
    len += event_data(out + len, n, s->keys, now_us());
    memcpy(out + len, "}\n\n", 3);
    return len + 3;
}

/* The number behind the last event that may be sent now. */
static int64_t due_end(const struct source *s)
{
    if (s->rate == 0)
        return s->events + 1;
    int64_t due = s->started_at + (now_us() - s->started_us) * s->rate / 1000000;
    return due < s->events + 1 ? due : s->events + 1;
}

static void pump(struct source *s)
{
    static char chunk[CHUNK_MAX + 2 * EVENT_MAX];
    struct connection *c = connection_find(s->server, s->stream);
    if (!c || s->started_us == 0)
        return;
    int64_t end = due_end(s);
    while (s->next < end && (s->rate > 0 || connection_backlog(c) < AHEAD_MAX)) {
        size_t len = 0;
        while (s->next < end && len < CHUNK_MAX)
            len += add_block(s, chunk + len, s->next++);
        connection_write(c, chunk, len);
    }
}

static void open_stream(struct source *s, struct connection *c, const struct request *request)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                               "Cache-Control: no-store\r\n\r\n";
    s->stream = connection_ref(c);
    s->streams++;
    s->next = 1 + (request->last_event_id ? strtoll(request->last_event_id, NULL, 10) : 0);
    if (s->started_us > 0)
        start(s);
    connection_write(c, head, sizeof(head) - 1);
}

static void on_request(void *ctx, struct connection *c, const struct request *request)
{
    struct source *s = ctx;
    char body[128];
    if (strcmp(request->target, "/events") == 0 && !request->is_post) {
        open_stream(s, c, request);
        return;
    }
    if (strcmp(request->target, "/go") == 0)
        start(s);
    int len = snprintf(body, sizeof(body), "{\"streams\":%" PRId64 ",\"sent\":%" PRId64 "}",
                       s->streams, s->next - 1);
    connection_answer(c, 200, body, (size_t)len);
}

static int turn_timeout(const struct source *s)
{
    bool is_done = s->started_us == 0 || s->next > s->events;
    return s->rate > 0 && !is_done ? TICK_MS : -1;
}

int main(int argc, char **argv)
{
    struct source s = {
        .events = argument(argc, argv, "events", 50000),
        .keys = argument(argc, argv, "keys", 10000),
        .rate = argument(argc, argv, "rate", 0),
        .stream = {.fd = -1},
        .next = 1,
    };
    s.server = stand_in_new((uint16_t)argument(argc, argv, "port", 0), on_request, &s);
    for (;;) {
        stand_in_turn(s.server, turn_timeout(&s));
        pump(&s);
    }
}
