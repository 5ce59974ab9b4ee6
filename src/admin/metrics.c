/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * GET /metrics. What the loop's thread knows is shown as it stands when the answer is written; what
 * the journal alone knows is read for each scrape, on its reader's thread, and left out where that
 * takes too long: an ill disk must show in metrics, not end them.
 */
#include <stdlib.h>

#include "admin/exposition.h"
#include "admin/families.h"
#include "admin/figures.h"
#include "admin/routes.h"
#include "base/buf.h"

/* Prometheus itself gives up after 10 s unless it is told otherwise. */
#define WAIT_MS 5000

struct metrics {
    struct letters_count letters;
    size_t n_late; /* readings that were given up and still go on */
};

/* One answer on its way. */
struct scrape {
    struct pending pending;
    struct admin *admin;
    struct http_exchange *x; /* NULL: answered */
    struct loop_timer *late;
    struct figures figures;
};

static int64_t now_us(void)
{
    struct clock clock = clock_system();
    return clock_mono_us(&clock);
}

/* ---- the answer ---- */

static void take_channel(void *ctx, const struct engine_channel_view *channel)
{
    struct metrics_view *v = ctx;
    v->channels = mem_realloc(v->channels, (v->n_channels + 1) * sizeof(*v->channels));
    v->channels[v->n_channels++] = *channel;
}

static void take_target(void *ctx, const struct engine_target_view *target)
{
    struct metrics_view *v = ctx;
    v->targets = mem_realloc(v->targets, (v->n_targets + 1) * sizeof(*v->targets));
    v->targets[v->n_targets++] = *target;
}

static void answer(struct scrape *s)
{
    const struct admin *a = s->admin;
    struct buf out = {0};
    struct metrics_view view = {
        .engine = a->engine,
        .config = a->config,
        .now_ms = engine_now_ms(a->engine),
        .figures = &s->figures,
        .letters = &a->metrics->letters,
    };
    engine_each_channel(a->engine, take_channel, &view);
    engine_each_target(a->engine, take_target, &view);
    process_look(&view.process);
    families_add(&out, &view);
    http_exchange_reply(s->x, 200, EXPOSITION_TYPE, buf_slice(&out));
    s->x = NULL;
    free(view.channels);
    free(view.targets);
    buf_deinit(&out);
}

/* ---- what is read for it ---- */

static void scrape_free(void *self)
{
    struct scrape *s = self;
    list_remove(&s->pending.link);
    loop_timer_free(s->late);
    figures_deinit(&s->figures);
    free(s);
}

/* The reading goes on, and is nobody's any more: till then s->figures is another thread's. */
static void on_late(void *ctx)
{
    struct scrape *s = ctx;
    struct scrape without = {.admin = s->admin, .x = s->x};
    s->admin->metrics->n_late++;
    s->x = NULL;
    figures_init(&without.figures);
    answer(&without);
}

static void read_figures(struct journal_reader *reader, void *ctx)
{
    struct scrape *s = ctx;
    figures_read(&s->figures, reader);
}

static void on_read(void *ctx)
{
    struct scrape *s = ctx;
    letters_count_take(&s->admin->metrics->letters, &s->figures, now_us());
    if (s->x)
        answer(s);
    else
        s->admin->metrics->n_late--;
    scrape_free(s);
}

static void ask_oldest(void *ctx, const struct engine_target_view *t)
{
    struct scrape *s = ctx;
    if (!target_is_handler(t->target) && target_oldest_ms(t->target) == TARGET_OLDEST_ON_DISK)
        figures_add(&s->figures.waiting, SLICE_NULL, slice_str(target_name(t->target)), SLICE_NULL,
                    0);
}

void route_metrics(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct scrape *s = pending_new(a, sizeof(*s), scrape_free);
    s->admin = a;
    s->x = x;
    figures_init(&s->figures);
    if (a->metrics->n_late > 0) { /* another reading would only wait behind that one */
        answer(s);
        scrape_free(s);
        return;
    }
    s->figures.counts_letters = letters_count_is_due(&a->metrics->letters, now_us());
    engine_each_target(a->engine, ask_oldest, s);
    s->late = loop_timer_new(a->loop, on_late, s);
    loop_timer_start(s->late, WAIT_MS);
    journal_read(engine_journal(a->engine), read_figures, on_read, s);
}

/* ---- all of them ---- */

struct metrics *metrics_new(void)
{
    struct metrics *m = mem_calloc(1, sizeof(*m));
    letters_count_init(&m->letters);
    return m;
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    letters_count_deinit(&m->letters);
    free(m);
}
