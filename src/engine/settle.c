/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The way out: how a delivery stands goes to the journal, its end into the log, and with its last
 * delivery an event is closed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "engine/parts.h"
#include "event/trace.h"

static const char *target_kind(const struct target *t)
{
    return target_is_handler(t) ? "handler" : "connector";
}

/* `s` with secrets masked, in `room`, which the caller frees. */
static struct slice masked(const struct mask *mask, struct slice s, struct buf *room)
{
    if (s.len == 0)
        return s;
    buf_add_slice(room, s);
    mask_apply(mask, room, 0);
    return buf_slice(room);
}

static void name_run(struct item *item)
{
    identity_format_run(item->engine, item->d.event, slice_str(item->d.handler), item->id);
    item->d.id = item->id;
}

/* A batch that is put off has one line for all. */
static void log_put_off(struct item *item, const struct delivery_row *row)
{
    struct engine *e = item->engine;
    size_t n_rows = row->batch.len > 0 ? batch_attempt_to_log(item) : 1;
    if (n_rows == 0)
        return;
    struct buf in = {0};
    struct trace trace;
    trace_of_event(&trace, item->d.event, NULL);
    int64_t delay_ms = row->due_ms - clock_wall_ms(&e->clock);
    text_add_duration(&in, delay_ms > 0 ? delay_ms : 0);
    log_warn(e->log, "to be tried again",
             LOG_STR(target_kind(item->d.target), target_name(item->d.target)),
             n_rows > 1 ? LOG_SLICE("batch", row->batch) : LOG_STR("delivery", item->id),
             LOG_STR("key", n_rows > 1 ? NULL : item->d.key), LOG_INT("attempt", item->d.tries),
             LOG_SLICE("in", buf_slice(&in)), LOG_SLICE("trace", trace.id),
             LOG_SLICE("error", slice_upto(row->error, slice_find(row->error, '\n'))));
    buf_deinit(&in);
}

static void on_settled(void *ctx)
{
    struct item *item = ctx;
    struct letter_request *letter = item->letter;
    item->letter = NULL;
    lanes_settled(item->engine->lanes, &item->d);
    if (letter)
        letters_retried(letter);
}

/* What the row needs and the item may not have had yet. */
static void identify(struct item *item, struct delivery_row *row)
{
    struct delivery *d = &item->d;
    if (!d->id)
        name_run(item);
    if (d->seq == 0)
        d->seq = delivery_seq(d->event->seq, item->work->next_ordinal++);
    row->seq = d->seq;
    row->id = slice_str(d->id);
    row->script_version = item->script_version;
    item->ended_ms = row->ended_ms;
}

static void on_letter_settled(void *ctx, int64_t publication_seq)
{
    struct item *item = ctx;
    publication_take(item->publication, publication_seq);
    item->publication = NULL;
    lanes_settled(item->engine->lanes, &item->d);
}

/* A death that is published is written in one with its publication. */
static void put(struct item *item, const struct delivery_row *row, enum delivery_state from,
                const struct attempt_row *attempt)
{
    struct journal *journal = item->engine->journal;
    if (row->state == DELIVERY_DEAD)
        item->publication = publication_of(item, row);
    if (!item->publication) {
        journal_put_delivery(journal, row, from, attempt, on_settled, item);
        return;
    }
    const struct delivery_row publication = publication_row(item->publication);
    journal_put_letter(journal, row, from, attempt, &publication, on_letter_settled, item);
}

/* For the handler that asks for it, now or when it is run again. */
static void add_result(struct item *item, struct delivery_row *row)
{
    if (!item->keeps_result || item->result.len == 0)
        return;
    row->result = buf_slice(&item->result);
    struct work *work = work_find(item->engine, item->d.event->seq);
    if (work)
        work->has_results = true;
}

void settle_put(void *ctx, struct delivery *d, struct delivery_row *row, enum delivery_state from,
                const struct attempt_row *attempt)
{
    struct engine *e = ctx;
    struct item *item = item_of(d);
    identify(item, row);
    row->marks_waiting = row->state == DELIVERY_DELIVERED && newest_is_used(e);
    if (row->state == DELIVERY_DELIVERED)
        add_result(item, row);
    struct buf error = {0}, attempt_error = {0}, answer = {0};
    struct attempt_row shown;
    row->error = masked(e->mask, row->error, &error);
    if (attempt) {
        shown = *attempt;
        shown.error = masked(e->mask, attempt->error, &attempt_error);
        shown.answer = masked(e->mask, attempt->answer, &answer);
    }
    put(item, row, from, attempt ? &shown : NULL);
    if (row->state == DELIVERY_WAITING && attempt)
        log_put_off(item, row);
    buf_deinit(&error);
    buf_deinit(&attempt_error);
    buf_deinit(&answer);
}

static void on_letter_written(void *ctx)
{
    letters_retried(ctx);
}

void settle_write(void *ctx, struct delivery *d, struct delivery_row *row, enum delivery_state from)
{
    struct engine *e = ctx;
    struct item *item = item_of(d);
    struct buf error = {0};
    identify(item, row);
    row->error = masked(e->mask, row->error, &error);
    e->n_unwatched++;
    journal_put_delivery(e->journal, row, from, NULL, item->letter ? on_letter_written : NULL,
                         item->letter);
    item->letter = NULL;
    buf_deinit(&error);
}

static void log_end(struct item *item, enum delivery_state final, const char *cause)
{
    static const char *const words[] = {
        [DELIVERY_NEW] = "let go",          [DELIVERY_WAITING] = "waiting",
        [DELIVERY_DELIVERED] = "delivered", [DELIVERY_DEAD] = "dead letter",
        [DELIVERY_SKIPPED] = "skipped",     [DELIVERY_SUPERSEDED] = "superseded",
        [DELIVERY_DROPPED] = "dropped",
    };
    struct engine *e = item->engine;
    const struct delivery *d = &item->d;
    bool is_dead = final == DELIVERY_DEAD;
    enum log_level level = is_dead ? LOG_ERROR : LOG_INFO;
    if (target_is_handler(d->target) && final == DELIVERY_DELIVERED)
        level = LOG_DEBUG; /* what it sent has lines of its own */
    if (!log_has_level(e->log, level))
        return;
    struct trace trace;
    trace_of_event(&trace, d->event, NULL);
    log_at(e->log, level,
           target_is_handler(d->target) && final == DELIVERY_DELIVERED ? "handled" : words[final],
           LOG_STR(target_kind(d->target), target_name(d->target)),
           LOG_SLICE("type", d->event->type), LOG_STR("key", d->key), LOG_STR("delivery", d->id),
           LOG_INT("attempt", d->tries), LOG_INT("ms", item->run_us / 1000),
           LOG_SLICE("trace", trace.id),
           is_dead || final == DELIVERY_SKIPPED || final == DELIVERY_SUPERSEDED
               ? LOG_STR("cause", cause)
               : LOG_STR(NULL, NULL),
           is_dead ? LOG_LINES("error", d->last_error) : LOG_STR(NULL, NULL));
}

static void run_ended(struct item *item, enum delivery_state final)
{
    if (final == DELIVERY_DEAD)
        item->work->n_dead++;
    else
        work_asked_all(item->work, item->d.handler);
}

/* From here on it is known by its row alone; its handler may run again, and must find what it sent. */
static void leave_work(struct item *item)
{
    list_remove(&item->in_work);
    struct work *work = item->keeps_result ? work_find(item->engine, item->d.event->seq) : NULL;
    if (work)
        counts_add(&work->stored,
                   send_stored_hash(identity_prefix(slice_str(item->d.id)), item->d.data));
}

void settle_ended(void *ctx, struct delivery *d, enum delivery_state final, const char *cause)
{
    struct engine *e = ctx;
    struct item *item = item_of(d);
    if (final != DELIVERY_NEW) {
        log_end(item, final, cause);
        ends_note(e, item, final, cause);
        if (target_is_handler(d->target)) {
            run_ended(item, final);
        } else {
            leave_work(item);
            if (final == DELIVERY_DELIVERED)
                newest_delivered(item);
            await_ended(e, item, final, cause);
        }
        if (item->work)
            work_release(e, item->work);
    }
    item_free(item);
}

void settle_spilled(void *ctx, struct delivery *d)
{
    struct engine *e = ctx;
    struct item *item = item_of(d);
    struct work *work = item->work;
    if (!target_is_handler(d->target))
        leave_work(item);
    else if (work)
        work->n_away++;
    if (work)
        work_release(e, work);
    item_free(item);
}

void settle_kept(void *ctx, struct delivery *d)
{
    struct engine *e = ctx;
    struct item *item = item_of(d);
    if (target_is_handler(d->target) || !item->work)
        return; /* an event stays open until its handlers have run */
    struct work *work = item->work;
    item->work = NULL;
    work_release(e, work);
}

void settle_paused(void *ctx, struct target *t, enum target_pause why, const char *reason)
{
    struct engine *e = ctx;
    if (why == PAUSE_NONE)
        log_info(e->log, "goes on", LOG_STR(target_kind(t), target_name(t)));
    else
        log_warn(e->log, why == PAUSE_BREAKER ? "breaker open" : "paused",
                 LOG_STR(target_kind(t), target_name(t)), LOG_STR("reason", reason));
}

/* That is how rate limits are, every second anew. */
#define SPARED_SHORT_MS 5000
#define SPARED "asks to be left alone"

void settle_spared(void *ctx, struct target *t, int64_t ms)
{
    struct engine *e = ctx;
    struct buf wait = {0};
    text_add_duration(&wait, ms);
    if (ms < SPARED_SHORT_MS)
        log_debug(e->log, SPARED, LOG_STR("connector", target_name(t)),
                  LOG_SLICE("for", buf_slice(&wait)));
    else
        log_info(e->log, SPARED, LOG_STR("connector", target_name(t)),
                 LOG_SLICE("for", buf_slice(&wait)));
    buf_deinit(&wait);
}
