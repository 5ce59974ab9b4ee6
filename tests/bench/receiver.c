/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The other system, never the bottleneck:
 *
 *     receiver --port P [--keys K]
 *
 * POST /NAME                    counts the events in the body ("n":NUMBER) and their latencies
 *                               ("sentAt":µs); any NAME, eight at most
 * POST /control?name=NAME&status=503&delay=5    how NAME answers from now on; delay in ms
 * GET /stats                    {NAME: {…}} of those who were called
 * GET /latencies?NAME           microseconds, one a line
 *
 * A status that is no 2xx takes nothing in. Out of order is an event whose key (n modulo K) has
 * already had a later one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stand_in.h"

#define NAMES_MAX 8
#define EVENTS_MAX ((int64_t)16 << 20)

struct name {
    char name[32];
    int status, delay_ms;
    int64_t requests, failed, events, duplicates, disordered;
    int64_t first_us, last_us;
    unsigned char *seen;  /* by event number */
    int64_t *newest;      /* by key */
    uint32_t *latency_us; /* of each event that brought a time */
    size_t n_latencies, cap_latencies;
};

/* An answer that is late on purpose; the delays are equal, but for a change on the way, so that a
   queue does. */
struct late {
    int64_t due_us;
    struct connection_ref to;
    int status;
};

#define LATE_MAX 65536
struct receiver {
    struct stand_in *server;
    int64_t keys;
    struct name names[NAMES_MAX];
    size_t n_names;
    struct late late[LATE_MAX]; /* a ring */
    size_t first_late, n_late;
};

static void *make(size_t n, size_t size)
{
    void *block = calloc(n, size);
    if (!block) {
        perror("calloc");
        exit(1);
    }
    return block;
}

/* `text` ends at `len`; NULL when there are more names than NAMES_MAX. */
static struct name *find_name(struct receiver *r, const char *text, size_t len)
{
    for (size_t i = 0; i < r->n_names; i++) {
        if (strlen(r->names[i].name) == len && memcmp(r->names[i].name, text, len) == 0)
            return &r->names[i];
    }
    if (r->n_names == NAMES_MAX || len >= sizeof(r->names[0].name))
        return NULL;
    struct name *name = &r->names[r->n_names++];
    memcpy(name->name, text, len);
    name->status = 200;
    name->seen = make((size_t)EVENTS_MAX, 1);
    name->newest = make((size_t)r->keys, sizeof(int64_t));
    return name;
}

/* ---- what a request brings ---- */

static void count_event(struct receiver *r, struct name *name, int64_t n)
{
    name->events++;
    if (n < 0 || n >= EVENTS_MAX)
        return;
    if (name->seen[n]) {
        name->duplicates++;
        return;
    }
    name->seen[n] = 1;
    int64_t *newest = &name->newest[n % r->keys];
    if (n < *newest)
        name->disordered++;
    else
        *newest = n;
}

static void note_latency(struct name *name, int64_t us)
{
    if (name->n_latencies == name->cap_latencies) {
        name->cap_latencies = name->cap_latencies ? name->cap_latencies * 2 : 65536;
        name->latency_us = realloc(name->latency_us, name->cap_latencies * sizeof(uint32_t));
        if (!name->latency_us)
            exit(1);
    }
    name->latency_us[name->n_latencies++] = us < 0            ? 0
                                            : us > UINT32_MAX ? UINT32_MAX
                                                              : (uint32_t)us;
}

/* The number behind the next `label` from *at on, which is moved behind it; false: none. */
static bool next_number(const char **at, const char *end, const char *label, int64_t *number)
{
    const char *found = memmem(*at, (size_t)(end - *at), label, strlen(label));
    if (!found)
        return false;
    found += strlen(label);
    *number = 0;
    while (found < end && *found >= '0' && *found <= '9')
        *number = *number * 10 + (*found++ - '0');
    *at = found;
    return true;
}

static void take(struct receiver *r, struct name *name, const struct request *request)
{
    int64_t now = now_us(), number;
    const char *end = request->body + request->body_len;
    for (const char *at = request->body; next_number(&at, end, "\"n\":", &number);)
        count_event(r, name, number);
    for (const char *at = request->body; next_number(&at, end, "\"sentAt\":", &number);)
        note_latency(name, now - number);
    if (name->first_us == 0)
        name->first_us = now;
    name->last_us = now;
}

static void on_post(struct receiver *r, struct connection *c, const struct request *request)
{
    const char *text = request->target + 1;
    struct name *name = find_name(r, text, strcspn(text, "?"));
    if (!name) {
        connection_answer(c, 404, "{}", 2);
        return;
    }
    name->requests++;
    if (name->status / 100 == 2)
        take(r, name, request);
    else
        name->failed++;
    if (name->delay_ms == 0 || r->n_late == LATE_MAX) {
        connection_answer(c, name->status, "{}", 2);
        return;
    }
    r->late[(r->first_late + r->n_late++) % LATE_MAX] =
        (struct late){.due_us = now_us() + name->delay_ms * INT64_C(1000),
                      .to = connection_ref(c),
                      .status = name->status};
}

/* ---- late answers ---- */

static void answer_due(struct receiver *r)
{
    while (r->n_late > 0 && r->late[r->first_late].due_us <= now_us()) {
        const struct late *late = &r->late[r->first_late];
        struct connection *c = connection_find(r->server, late->to);
        if (c)
            connection_answer(c, late->status, "{}", 2);
        r->first_late = (r->first_late + 1) % LATE_MAX;
        r->n_late--;
    }
}

static int turn_timeout(const struct receiver *r)
{
    if (r->n_late == 0)
        return -1;
    int64_t left_us = r->late[r->first_late].due_us - now_us();
    return left_us > 0 ? (int)(left_us / 1000) + 1 : 0;
}

/* ---- what the driver asks ---- */

/* The text behind `label` in the query; NULL: it isn't there. */
static const char *query_value(const char *target, const char *label)
{
    const char *found = strstr(target, label);
    return found ? found + strlen(label) : NULL;
}

static void control(struct receiver *r, struct connection *c, const char *target)
{
    const char *text = query_value(target, "name=");
    const char *status = query_value(target, "status=");
    const char *delay = query_value(target, "delay=");
    struct name *name = text ? find_name(r, text, strcspn(text, "&")) : NULL;
    if (!name) {
        connection_answer(c, 400, "{}", 2);
        return;
    }
    if (status)
        name->status = atoi(status);
    if (delay)
        name->delay_ms = atoi(delay);
    connection_answer(c, 200, "{}", 2);
}

static void show_stats(const struct receiver *r, struct connection *c)
{
    char body[512 * NAMES_MAX];
    int len = sprintf(body, "{");
    for (size_t i = 0; i < r->n_names; i++) {
        const struct name *n = &r->names[i];
        len += sprintf(body + len,
                       "%s\"%s\":{\"requests\":%" PRId64 ",\"failed\":%" PRId64
                       ",\"events\":%" PRId64 ",\"duplicates\":%" PRId64 ",\"disordered\":%" PRId64
                       ",\"firstUs\":%" PRId64 ",\"lastUs\":%" PRId64 "}",
                       i ? "," : "", n->name, n->requests, n->failed, n->events, n->duplicates,
                       n->disordered, n->first_us, n->last_us);
    }
    len += sprintf(body + len, "}");
    connection_answer(c, 200, body, (size_t)len);
}

static void show_latencies(struct receiver *r, struct connection *c, const char *text)
{
    const struct name *name = find_name(r, text, strlen(text));
    if (!name || name->n_latencies == 0) {
        connection_answer(c, 200, "", 0);
        return;
    }
    char *body = make(name->n_latencies, 11);
    size_t len = 0;
    for (size_t i = 0; i < name->n_latencies; i++)
        len += (size_t)sprintf(body + len, "%" PRIu32 "\n", name->latency_us[i]);
    connection_answer(c, 200, body, len);
    free(body);
}

static void on_request(void *ctx, struct connection *c, const struct request *request)
{
    struct receiver *r = ctx;
    if (!request->is_post && strncmp(request->target, "/latencies?", 11) == 0)
        show_latencies(r, c, request->target + 11);
    else if (!request->is_post)
        show_stats(r, c);
    else if (strncmp(request->target, "/control?", 9) == 0)
        control(r, c, request->target);
    else
        on_post(r, c, request);
}

int main(int argc, char **argv)
{
    struct receiver *r = make(1, sizeof(*r));
    r->keys = argument(argc, argv, "keys", 10000);
    r->server = stand_in_new((uint16_t)argument(argc, argv, "port", 0), on_request, r);
    for (;;) {
        stand_in_turn(r->server, turn_timeout(r));
        answer_due(r);
    }
}
