/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/delivery.h"

#include <limits.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "delivery/batch.h"
#include "delivery/target.h"

#define NOT_YET INT64_MIN
#define LAST_ERROR_MAX 4096

/* ---- between the clocks ---- */

/* 0 stands for no time in a row. */
static int64_t wall_of(int64_t mono_ms, struct moment now)
{
    int64_t wall_ms = time_add(now.wall_ms, time_add(mono_ms, -now.mono_ms));
    return wall_ms > 1 ? wall_ms : 1;
}

/* ---- its beginning and end ---- */

void delivery_init(struct delivery *d, struct moment now, int64_t paused_ms)
{
    d->phase = PHASE_QUEUED;
    d->state = d->next = DELIVERY_NEW;
    d->cause = d->last_error = NULL;
    d->attempts = d->tries = d->refusals = 0;
    d->successes_seen = 0;
    d->unknown = d->was_cut_off;
    d->heir = NULL;
    d->is_overtaken = d->is_letter = d->is_replaced = d->is_ahead = false;
    d->started_at = d->parked_at = 0;
    d->is_shelved = false;
    d->first_attempt_at = NOT_YET;
    d->pause_seen_ms = paused_ms;
    d->due_at = d->delay_ms > 0 ? time_add(now.mono_ms, d->delay_ms) : AT_ONCE;
    d->expires_at = d->expires_ms > 0 ? moment_due_of(now, d->expires_ms, d->created_ms) : NEVER;
    d->due = d->expiry = (struct heap_node){0};
    d->size = sizeof(*d) + d->data.len + (d->event ? event_size(d->event) : 0);
    d->lane = NULL;
    d->batch = NULL;
    d->batch_place = 0;
    d->leaves_batch = d->is_gathered = false;
    list_init(&d->in_lane);
    list_init(&d->errand);
}

void delivery_restore(struct delivery *d, const struct delivery_row *row, struct moment now)
{
    d->state = d->next = row->state;
    d->unknown = row->unknown || d->was_cut_off;
    d->is_overtaken = row->stale_by.data != NULL;
    d->is_letter = row->state == DELIVERY_DEAD;
    d->last_error = row->error.len > 0 ? slice_dup(row->error) : NULL;
    if (row->state != DELIVERY_WAITING)
        return; /* it begins anew */
    d->attempts = d->tries = row->attempts;
    int64_t due_at = moment_due_of(now, row->due_ms, row->written_ms);
    d->due_at = due_at > now.mono_ms ? due_at : AT_ONCE;
    if (row->first_attempt_ms > 0) {
        int64_t first = row->first_attempt_ms < now.wall_ms ? row->first_attempt_ms : now.wall_ms;
        d->first_attempt_at = moment_mono_of(now, first);
    }
}

void delivery_deinit(struct delivery *d)
{
    free(d->cause);
    free(d->last_error);
}

/* ---- attempts ---- */

void delivery_sync_age(struct delivery *d, int64_t paused_ms)
{
    if (d->first_attempt_at != NOT_YET)
        d->first_attempt_at += paused_ms - d->pause_seen_ms;
    d->pause_seen_ms = paused_ms;
}

void delivery_skip_parked(struct delivery *d, int64_t now)
{
    if (d->first_attempt_at != NOT_YET)
        d->first_attempt_at += now - d->parked_at;
    d->parked_at = now;
}

void delivery_stand_still(struct delivery *d, int64_t until)
{
    if (d->first_attempt_at != NOT_YET && until > d->started_at)
        d->first_attempt_at = time_add(d->first_attempt_at, until - d->started_at);
}

void delivery_shelve(struct delivery *d, int64_t since)
{
    d->parked_at = since;
    d->is_shelved = true;
    d->due_at = NEVER;
}

void delivery_wake(struct delivery *d, int64_t now)
{
    if (d->is_shelved)
        delivery_skip_parked(d, now);
    d->is_shelved = false;
    d->due_at = AT_ONCE;
}

void delivery_undo_start(struct delivery *d)
{
    if (d->tries == 0)
        d->first_attempt_at = NOT_YET;
}

void delivery_take_back(struct delivery *d, bool is_unknown)
{
    delivery_undo_start(d);
    d->due_at = AT_ONCE;
    if (is_unknown)
        d->unknown = d->is_ahead = true;
}

void delivery_start(struct delivery *d, int64_t now, int64_t paused_ms)
{
    delivery_sync_age(d, paused_ms);
    d->started_at = now;
    if (d->first_attempt_at == NOT_YET)
        d->first_attempt_at = now;
}

static void count(unsigned *n)
{
    if (*n < UINT_MAX)
        (*n)++;
}

static bool is_failure(const struct attempt_end *end)
{
    return end->kind != ATTEMPT_RETURNED && end->kind != ATTEMPT_SKIPPED &&
           end->kind != ATTEMPT_OLDER;
}

void delivery_note_end(struct delivery *d, const struct attempt_end *end, bool counts)
{
    count(&d->tries);
    if (counts)
        count(&d->attempts);
    d->unknown = d->unknown || end->unknown;
    if (is_failure(end)) {
        free(d->last_error);
        d->last_error = slice_dup(utf8_cut(end->error, LAST_ERROR_MAX));
    }
}

void delivery_set_cause(struct delivery *d, struct slice cause)
{
    free(d->cause);
    d->cause = slice_dup(cause);
}

/* ---- its row ---- */

/* The one in which it is to be tried again. */
static struct slice batch_of(const struct delivery *d)
{
    bool stays = d->batch && !d->leaves_batch && d->next == DELIVERY_WAITING;
    return stays && *d->batch->id ? slice_str(d->batch->id) : SLICE_NULL;
}

static int64_t due_ms_of(const struct delivery *d, struct moment now)
{
    if (d->is_shelved)
        return 0;
    return d->due_at > now.mono_ms ? wall_of(d->due_at, now) : now.wall_ms;
}

struct delivery_row delivery_describe(const struct delivery *d, struct moment now)
{
    bool waits = d->next == DELIVERY_WAITING;
    bool is_handler = target_is_handler(d->target);
    return (struct delivery_row){
        .seq = d->seq,
        .position = d->position,
        .id = slice_str(d->id),
        .connector = is_handler ? SLICE_NULL : slice_str(target_name(d->target)),
        .handler = slice_str(d->handler),
        .key = slice_str(d->key),
        .has_key = d->key != NULL,
        .transformer = slice_str(d->transformer),
        .batch = batch_of(d),
        .data = d->data,
        .state = d->next,
        .cause = slice_str(d->cause),
        .error = slice_str(d->last_error),
        .attempts = d->attempts,
        .unknown = d->unknown,
        .created_ms = d->created_ms,
        .first_attempt_ms = d->first_attempt_at == NOT_YET ? 0 : wall_of(d->first_attempt_at, now),
        .due_ms = waits ? due_ms_of(d, now) : 0,
        .heir_seq = d->heir ? d->heir->seq : 0,
        .heir_due_ms = d->heir ? due_ms_of(d->heir, now) : 0,
        .written_ms = waits ? now.wall_ms : 0,
        .expires_ms = d->expires_ms,
        .ended_ms = waits ? 0 : now.wall_ms,
    };
}

struct attempt_row delivery_describe_attempt(const struct delivery *d,
                                             const struct attempt_end *end,
                                             char code[static OUTCOME_CODE_SIZE], struct moment now)
{
    outcome_code_format(outcome_code(end), code);
    return (struct attempt_row){
        .n = d->tries,
        .at_ms = wall_of(d->started_at, now),
        .ms = end->us / 1000,
        .code = slice_str(code),
        .error = end->error,
        .answer = end->answer,
    };
}
