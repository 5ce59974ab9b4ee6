/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A pause may become graver and never milder: a target that is gone isn't probed for its
 * credentials.
 */
#include "delivery/pause.h"

#include <assert.h>
#include <stdlib.h>

#define PROBE_FIRST_MS 5000
#define PROBE_LAST_MS (INT64_C(5) * 60 * 1000)
#define REFUSED_MAX 20
#define STOPPED_MAX 3

void pause_deinit(struct pause *p)
{
    free(p->reason);
}

bool pause_is_probed(const struct pause *p)
{
    return p->why == PAUSE_BREAKER || p->why == PAUSE_AUTH || p->why == PAUSE_REFUSALS;
}

bool pause_is_on(const struct pause *p)
{
    return p->why != PAUSE_NONE || p->is_held;
}

int64_t pause_total_ms(const struct pause *p, int64_t now)
{
    return p->past_ms + (pause_is_on(p) ? now - p->since : 0);
}

/* ---- what calls for one ---- */

static bool count_refused(struct pause *p, int status)
{
    if (p->refused_status != status)
        p->refused_count = 0;
    p->refused_status = status;
    return ++p->refused_count >= REFUSED_MAX;
}

enum target_pause pause_called_for(struct pause *p, const struct attempt_end *end,
                                   const struct verdict *verdict, bool is_handler)
{
    if (end->kind == ATTEMPT_STARVED) /* for what it isn't to blame */
        return PAUSE_NONE;
    p->stopped_count = end->kind == ATTEMPT_LIMIT ? p->stopped_count + 1 : 0;
    if (p->stopped_count >= STOPPED_MAX)
        return PAUSE_SET_ASIDE;
    if (verdict->outcome == OUTCOME_PAUSE)
        return PAUSE_AUTH;
    if (verdict->outcome == OUTCOME_DELIVERED)
        p->refused_count = 0;
    /* A handler's refusals are answers to what it looked up, each for one event alone. */
    bool is_refused = verdict->outcome == OUTCOME_DEAD && end->kind == ATTEMPT_STATUS;
    if (is_refused && !is_handler && count_refused(p, end->status))
        return PAUSE_REFUSALS;
    return PAUSE_NONE;
}

/* The first line of the error says what was asked where, and what came of it. */
static void add_missing(struct buf *b, struct slice error)
{
    struct slice line = slice_upto(error, slice_find(error, '\n'));
    buf_add_str(b, "its credentials can't be had");
    if (line.len > 0)
        buf_printf(b, ": %.*s", SLICE_FMT(line));
}

void pause_add_reason(struct buf *b, enum target_pause why, const struct attempt_end *end)
{
    if (why == PAUSE_SET_ASIDE)
        buf_printf(b, "stopped %d times running for its limits of time or memory", STOPPED_MAX);
    else if (why == PAUSE_REFUSALS)
        buf_printf(b, "%d deliveries in a row were refused with %d", REFUSED_MAX, end->status);
    else if (end->said == SAID_PAUSE)
        buf_printf(b, "it answered %d, for which its `statuses` say to pause", end->status);
    else if (end->kind == ATTEMPT_STATUS)
        buf_printf(b, "its credentials were refused with %d", end->status);
    else
        add_missing(b, end->error);
}

/* ---- beginning and end ---- */

static void forget_probes(struct pause *p, struct heap *probes)
{
    heap_remove(probes, &p->probe_at);
    p->is_probe_due = false;
    p->probe = NULL;
}

bool pause_begin(struct pause *p, enum target_pause why, const char *reason, int64_t now,
                 struct heap *probes)
{
    static_assert(PAUSE_NONE < PAUSE_BREAKER && PAUSE_BREAKER < PAUSE_AUTH &&
                      PAUSE_AUTH < PAUSE_REFUSALS && PAUSE_REFUSALS < PAUSE_SET_ASIDE &&
                      PAUSE_SET_ASIDE < PAUSE_GONE,
                  "the graver, the greater");
    if (why <= p->why)
        return false;
    if (!pause_is_on(p))
        p->since = now;
    p->why = why;
    free(p->reason);
    p->reason = mem_strdup(reason);
    forget_probes(p, probes);
    if (pause_is_probed(p) && why != PAUSE_BREAKER) {
        p->probe_ms = PROBE_FIRST_MS;
        heap_insert(probes, &p->probe_at, now + p->probe_ms);
    }
    return true;
}

bool pause_end(struct pause *p, int64_t now, struct heap *probes)
{
    p->refused_count = 0;
    p->stopped_count = 0;
    if (p->why == PAUSE_NONE)
        return false;
    if (!p->is_held)
        p->past_ms = pause_total_ms(p, now);
    p->why = PAUSE_NONE;
    free(p->reason);
    p->reason = NULL;
    forget_probes(p, probes);
    return true;
}

void pause_hold(struct pause *p, int64_t now)
{
    if (!pause_is_on(p))
        p->since = now;
    if (!p->is_held)
        p->held_at = now;
    p->is_held = true;
}

void pause_release(struct pause *p, int64_t now)
{
    if (p->is_held && p->why == PAUSE_NONE)
        p->past_ms = pause_total_ms(p, now);
    p->is_held = false;
}

/* ---- probes ---- */

void pause_probe_due(struct pause *p, struct heap *probes)
{
    heap_remove(probes, &p->probe_at);
    p->is_probe_due = true;
}

void pause_probe_start(struct pause *p, const struct delivery *d)
{
    p->is_probe_due = false;
    p->probe = d;
}

bool pause_probe_end(struct pause *p, const struct delivery *d)
{
    if (p->probe != d)
        return false;
    p->probe = NULL;
    return true;
}

void pause_probe_in(struct pause *p, int64_t ms, int64_t now, struct heap *probes)
{
    heap_insert(probes, &p->probe_at, now + ms);
}

void pause_probe_later(struct pause *p, int64_t now, struct heap *probes)
{
    p->probe_ms = p->probe_ms < PROBE_LAST_MS / 2 ? p->probe_ms * 2 : PROBE_LAST_MS;
    heap_insert(probes, &p->probe_at, now + p->probe_ms);
}

void pause_probe_soon(struct pause *p, struct heap *probes)
{
    p->probe_ms = PROBE_FIRST_MS;
    if (!p->probe)
        pause_probe_due(p, probes);
}

void pause_probe_undo(struct pause *p, const struct delivery *d, struct heap *probes)
{
    if (pause_probe_end(p, d))
        pause_probe_soon(p, probes);
}
