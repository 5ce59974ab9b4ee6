/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "traffic.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "life.h"
#include "plan.h"
#include "world.h"

#define RETRIES_MS 10000 /* in which they are counted */
#define RETRIES_MAX 120  /* of these 10 a second, and some at once */
#define RETRIES_SHARE 5

/* So many, in the window that ends now; by the millisecond. */
struct window {
    int64_t *at_ms;
    size_t first, len, cap;
};

struct flow {
    unsigned long n;
    unsigned probes; /* at this moment */
    struct window rated, attempts, retries;
};

struct traffic {
    struct world *world;
    int64_t open; /* attempts at this moment, of all connectors */
    struct flow flows[PLAN_CONNECTORS];
};

/* ---- windows ---- */

static void window_add(struct window *w, int64_t now_ms, int64_t ms)
{
    while (w->first < w->len && w->at_ms[w->first] <= now_ms - ms)
        w->first++;
    if (w->first > 256 && w->first > w->len / 2) {
        w->len -= w->first;
        memmove(w->at_ms, w->at_ms + w->first, w->len * sizeof(*w->at_ms));
        w->first = 0;
    }
    if (w->len == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 64;
        w->at_ms = mem_realloc(w->at_ms, w->cap * sizeof(*w->at_ms));
    }
    w->at_ms[w->len++] = now_ms;
}

static size_t window_count(const struct window *w)
{
    return w->len - w->first;
}

/* ---- what the daemon says of it ---- */

struct question {
    const char *name;
    enum target_pause pause;
};

static void take_pause(void *ctx, const struct engine_target_view *view)
{
    struct question *q = ctx;
    if (!target_is_handler(view->target) && strcmp(target_name(view->target), q->name) == 0)
        q->pause = view->status.pause;
}

static bool is_probe(struct traffic *t, int connector)
{
    struct question q = {.name = plan_connectors[connector].name};
    engine_each_target(life_engine(t->world->life), take_pause, &q);
    return q.pause != PAUSE_NONE;
}

/* ---- attempts ---- */

static void check_rate(struct traffic *t, int connector, struct flow *f, int64_t now_ms)
{
    const struct plan_connector *c = &plan_connectors[connector];
    if (c->rate_n == 0)
        return;
    window_add(&f->rated, now_ms, c->rate_ms);
    if (window_count(&f->rated) > c->rate_n + c->rate_n / 10 + 1)
        world_broken(t->world, 6, "%s makes %zu attempts in %d s", c->name, window_count(&f->rated),
                     (int)(c->rate_ms / 1000));
}

static void check_retries(struct traffic *t, int connector, struct flow *f, int64_t now_ms)
{
    window_add(&f->retries, now_ms, RETRIES_MS);
    size_t n = window_count(&f->retries);
    if (n > RETRIES_MAX && n > window_count(&f->attempts) / RETRIES_SHARE + RETRIES_MAX / 10)
        world_broken(t->world, 6, "%s makes %zu retries in %d s, of %zu attempts",
                     plan_connectors[connector].name, n, RETRIES_MS / 1000,
                     window_count(&f->attempts));
}

bool traffic_begin(struct traffic *t, int connector, bool is_retry)
{
    struct flow *f = &t->flows[connector];
    int64_t now_ms = t->world->agenda.now_us / US_PER_MS;
    bool probes = is_probe(t, connector);
    f->n++;
    if (++t->open > engine_config(life_engine(t->world->life))->in_flight)
        world_broken(t->world, 6, "%" PRId64 " attempts are in flight", t->open);
    if (probes && ++f->probes > 1)
        world_broken(t->world, 6, "%s is paused, and probed by %u attempts at once",
                     plan_connectors[connector].name, f->probes);
    check_rate(t, connector, f, now_ms);
    window_add(&f->attempts, now_ms, RETRIES_MS);
    if (is_retry)
        check_retries(t, connector, f, now_ms);
    return probes;
}

void traffic_end(struct traffic *t, int connector, bool is_probe)
{
    t->open--;
    t->flows[connector].probes -= is_probe;
}

unsigned long traffic_count(const struct traffic *t, int connector)
{
    return t->flows[connector].n;
}

/* ---- its life ---- */

struct traffic *traffic_new(struct world *w)
{
    struct traffic *t = mem_calloc(1, sizeof(*t));
    t->world = w;
    return t;
}

static void window_clear(struct window *w)
{
    w->first = w->len = 0;
}

void traffic_crashed(struct traffic *t)
{
    t->open = 0;
    for (int c = 0; c < PLAN_CONNECTORS; c++) {
        struct flow *f = &t->flows[c];
        f->probes = 0;
        window_clear(&f->rated);
        window_clear(&f->attempts);
        window_clear(&f->retries);
    }
}

void traffic_free(struct traffic *t)
{
    if (!t)
        return;
    for (int c = 0; c < PLAN_CONNECTORS; c++) {
        free(t->flows[c].rated.at_ms);
        free(t->flows[c].attempts.at_ms);
        free(t->flows[c].retries.at_ms);
    }
    free(t);
}
