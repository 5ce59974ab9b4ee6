/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How deliveries ended lately, for who follows along. Nobody pays for it while nobody does: what is
 * remembered begins with the first question, and goes a minute after the last.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "engine/parts.h"

#define ENDS_MAX 1000
#define IDLE_MS 60000
#define TEXT_MAX 300 /* bytes of an error */

struct ends {
    int64_t asked_at; /* monotonic ms */
    int64_t first, n; /* the numbers of those that are there, from `first` on */
    struct buf items[ENDS_MAX];
};

static struct ends *ends_new(const struct engine *e)
{
    struct ends *ends = mem_calloc(1, sizeof(*ends));
    /* Numbers rise over restarts, so that a cursor from before is told from one of now. */
    ends->first = clock_wall_ms(&e->clock) * 1000;
    return ends;
}

void ends_free(struct ends *ends)
{
    for (size_t i = 0; ends && i < ENDS_MAX; i++)
        buf_deinit(&ends->items[i]);
    free(ends);
}

static struct buf *item_at(struct ends *ends, int64_t number)
{
    return &ends->items[number % ENDS_MAX];
}

static void add_text(struct json_writer *w, const char *name, struct slice text)
{
    if (text.data)
        json_member_string(w, name, utf8_cut(text, TEXT_MAX));
    else
        json_member_null(w, name);
}

static void write_end(struct buf *out, const struct item *item, enum delivery_state final,
                      const char *cause)
{
    const struct delivery *d = &item->d;
    struct json_writer w = {.out = out};
    bool is_run = target_is_handler(d->target), is_failure = final == DELIVERY_DEAD;
    json_object_begin(&w, NULL);
    json_member_time(&w, "at", clock_wall_ms(&item->engine->clock));
    add_text(&w, "id", slice_str(d->id));
    json_member_cstr(&w, "state", delivery_state_name(final));
    add_text(&w, "cause", slice_str(cause));
    add_text(&w, "connector", is_run ? SLICE_NULL : slice_str(target_name(d->target)));
    add_text(&w, "handler", slice_str(d->handler));
    add_text(&w, "key", slice_str(d->key));
    add_text(&w, "type", d->event->type);
    json_member_integer(&w, "eventSeq", d->event->seq);
    json_member_integer(&w, "attempts", d->attempts);
    json_member_integer(&w, "ms", item->run_us / 1000);
    add_text(&w, "error", is_failure ? slice_str(d->last_error) : SLICE_NULL);
    json_object_end(&w);
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
    struct buf *out = item_at(ends, ends->first + ends->n);
    buf_clear(out);
    write_end(out, item, final, cause);
    if (ends->n < ENDS_MAX)
        ends->n++;
    else
        ends->first++;
}

int64_t engine_each_end(struct engine *e, int64_t after, bool *has_missed, engine_end_fn fn,
                        void *ctx)
{
    if (!e->ends)
        e->ends = ends_new(e);
    struct ends *ends = e->ends;
    int64_t end = ends->first + ends->n;
    ends->asked_at = clock_mono_ms(&e->clock);
    *has_missed = after > 0 && after < ends->first;
    if (after <= 0)
        return end;
    for (int64_t i = after < ends->first ? ends->first : after; i < end; i++)
        fn(ctx, buf_slice(item_at(ends, i)));
    return end;
}
