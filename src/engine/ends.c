/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How deliveries ended lately, for who follows along. Nobody pays for it while nobody does: what is
 * remembered begins with the first question, and goes a minute after the last.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "engine/parts.h"
#include "engine/record_json.h"

#define ENDS_MAX 1000
#define IDLE_MS 60000

struct end {
    int64_t number;
    struct engine_end told; /* its slices point into `texts` */
    struct buf texts;
};

/* Numbers are wall times in µs, each above the one before: so one of an earlier process, or of what
   was remembered before, is told from one of now, and says since when ends are missing. */
struct ends {
    int64_t asked_at; /* monotonic ms */
    int64_t began;    /* no end has a number below it … */
    int64_t lost;     /* … those up to this one are overwritten … */
    int64_t last;     /* … and those behind this one are to come */
    size_t n;         /* so many were noted, the newest ENDS_MAX of which are there */
    struct end items[ENDS_MAX];
};

static int64_t next_number(const struct engine *e, const struct ends *ends)
{
    int64_t now = clock_wall_ms(&e->clock) * 1000;
    return now > ends->last ? now : ends->last + 1;
}

static struct ends *ends_new(const struct engine *e)
{
    struct ends *ends = mem_calloc(1, sizeof(*ends));
    ends->began = next_number(e, ends);
    ends->last = ends->lost = ends->began - 1;
    return ends;
}

void ends_free(struct ends *ends)
{
    for (size_t i = 0; ends && i < ENDS_MAX; i++)
        buf_deinit(&ends->items[i].texts);
    free(ends);
}

static struct engine_end describe(const struct item *item, enum delivery_state final,
                                  const char *cause)
{
    const struct delivery *d = &item->d;
    bool is_run = target_is_handler(d->target);
    return (struct engine_end){
        .row = {.seq = delivery_seq(d->event->seq, 0),
                .id = slice_str(d->id),
                .connector = is_run ? SLICE_NULL : slice_str(target_name(d->target)),
                .handler = slice_str(d->handler),
                .key = slice_str(d->key),
                .has_key = d->key != NULL,
                .state = final,
                .cause = slice_str(cause),
                .error = slice_str(d->last_error),
                .attempts = d->attempts,
                .ended_ms = item->ended_ms ? item->ended_ms : clock_wall_ms(&item->engine->clock)},
        .type = d->event->type,
        .ms = item->run_us / 1000,
    };
}

/* There may be many at once: of long texts the beginnings that are shown. */
static void keep_texts(struct end *end)
{
    struct delivery_row *row = &end->told.row;
    struct slice *const texts[] = {&row->id,    &row->connector, &row->handler,  &row->key,
                                   &row->cause, &row->error,     &end->told.type};
    buf_clear(&end->texts);
    buf_reserve(&end->texts, ARRAY_LEN(texts) * END_TEXT_MAX); /* at once: the slices stay */
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct slice text = utf8_cut(*texts[i], END_TEXT_MAX);
        const char *kept = end->texts.data + end->texts.len;
        buf_add_slice(&end->texts, text);
        if (text.data)
            *texts[i] = slice_of(kept, text.len);
    }
}

void ends_note(struct engine *e, const struct item *item, enum delivery_state final,
               const char *cause)
{
    struct ends *ends = e->ends;
    if (!ends || (target_is_handler(item->d.target) && final != DELIVERY_DEAD))
        return;
    if (clock_mono_ms(&e->clock) - ends->asked_at > IDLE_MS) {
        ends_free(ends);
        e->ends = NULL;
        return;
    }
    struct end *end = &ends->items[ends->n % ENDS_MAX];
    if (ends->n >= ENDS_MAX)
        ends->lost = end->number;
    ends->n++;
    ends->last = end->number = next_number(e, ends);
    end->told = describe(item, final, cause);
    keep_texts(end);
}

static struct ends *asked(struct engine *e)
{
    if (!e->ends)
        e->ends = ends_new(e);
    e->ends->asked_at = clock_mono_ms(&e->clock);
    return e->ends;
}

int64_t engine_ends_began(struct engine *e)
{
    return asked(e)->began;
}

int64_t engine_each_end(struct engine *e, int64_t after, bool *has_missed, engine_end_fn fn,
                        void *ctx)
{
    struct ends *ends = asked(e);
    int64_t next = next_number(e, ends);
    *has_missed = after > 0 && after <= ends->lost;
    ends->last = next - 1; /* what ends in this very moment is behind the answer, too */
    for (size_t i = ends->n > ENDS_MAX ? ends->n - ENDS_MAX : 0; after > 0 && i < ends->n; i++) {
        const struct end *end = &ends->items[i % ENDS_MAX];
        if (end->number >= after)
            fn(ctx, &end->told);
    }
    return next;
}
