/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * When a whole target waits: refused credentials, a row of refusals, runs that had to be stopped, or
 * nobody there. The first two are probed now and then; one success ends them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "delivery/parts.h"

#define PROBE_FIRST_MS 5000
#define PROBE_LAST_MS (5 * 60 * 1000)
#define REFUSED_MAX 20
#define LIMIT_RUNS_MAX 3

bool target_is_paused(const struct target *t)
{
    return t->pause.why != PAUSE_NONE;
}

int64_t target_paused_ms(const struct target *t, int64_t now)
{
    return t->pause.total_ms + (target_is_paused(t) ? now - t->pause.since : 0);
}

static bool is_probed(enum target_pause why)
{
    return why == PAUSE_AUTH || why == PAUSE_REFUSALS;
}

void target_pause_set(struct target *t, enum target_pause why, const char *reason)
{
    struct lanes *lanes = t->owner_lanes;
    struct pause *p = &t->pause;
    if (p->why == why)
        return;
    int64_t now = clock_mono_ms(&lanes->clock);
    if (!target_is_paused(t))
        p->since = now;
    p->why = why;
    free(p->reason);
    p->reason = mem_strdup(reason);
    heap_remove(&lanes->probes, &p->probe);
    if (is_probed(why)) {
        p->probe_ms = PROBE_FIRST_MS;
        heap_insert(&lanes->probes, &p->probe, now + p->probe_ms);
    }
    target_update_serving(t);
    lanes->ports.paused(lanes->ports.ctx, t, why, p->reason);
}

void target_pause_end(struct target *t)
{
    struct lanes *lanes = t->owner_lanes;
    struct pause *p = &t->pause;
    if (!target_is_paused(t))
        return;
    p->total_ms = target_paused_ms(t, clock_mono_ms(&lanes->clock));
    p->why = PAUSE_NONE;
    p->refused_count = p->limit_count = 0;
    free(p->reason);
    p->reason = NULL;
    heap_remove(&lanes->probes, &p->probe);
    target_update_serving(t);
    lanes->ports.paused(lanes->ports.ctx, t, PAUSE_NONE, NULL);
}

void target_probe_later(struct target *t, int64_t now)
{
    struct pause *p = &t->pause;
    struct heap *probes = &t->owner_lanes->probes;
    p->probe_ms = p->probe_ms * 2 < PROBE_LAST_MS ? p->probe_ms * 2 : PROBE_LAST_MS;
    heap_remove(probes, &p->probe);
    heap_insert(probes, &p->probe, now + p->probe_ms);
}

/* ---- what ends of attempts tell ---- */

/* Refused once more, while others succeeded: it is this delivery and not the target. */
static bool is_its_own_fault(const struct target *t, const struct delivery *d)
{
    return d->refusals >= 2 && t->pause.successes > d->successes_seen;
}

static bool keep_refused(struct target *t, struct delivery *d)
{
    if (d->refusals++ == 0)
        d->successes_seen = t->pause.successes;
    return !is_its_own_fault(t, d);
}

static void pause_for_auth(struct target *t, int status)
{
    char reason[96];
    snprintf(reason, sizeof(reason), "answered %d: mend its credentials; it is probed meanwhile", status);
    target_pause_set(t, PAUSE_AUTH, reason);
}

/* A dead letter more of that status; the last of a row of them pauses the target. */
static void count_refused(struct target *t, int status)
{
    struct pause *p = &t->pause;
    if (p->refused_status != status)
        p->refused_count = 0;
    p->refused_status = status;
    if (++p->refused_count < REFUSED_MAX)
        return;
    char reason[96];
    snprintf(reason, sizeof(reason),
             "%d deliveries in a row were refused with %d; it is probed meanwhile", REFUSED_MAX, status);
    target_pause_set(t, PAUSE_REFUSALS, reason);
}

static void count_stopped(struct target *t)
{
    if (++t->pause.limit_count >= LIMIT_RUNS_MAX)
        target_pause_set(t, PAUSE_SET_ASIDE,
                         "stopped three times running for its time or memory: mend it, then restart");
}

static void learn_success(struct target *t)
{
    struct pause *p = &t->pause;
    p->successes++;
    p->refused_count = 0;
    if (is_probed(p->why))
        target_pause_end(t);
}

bool target_learn(struct target *t, struct delivery *d, const struct attempt_end *end,
                  const struct verdict *verdict)
{
    if (end->kind == ATTEMPT_LIMIT)
        count_stopped(t);
    else
        t->pause.limit_count = 0;

    if (verdict->outcome == OUTCOME_DELIVERED) {
        learn_success(t);
        return false;
    }
    if (verdict->outcome == OUTCOME_PAUSE) {
        bool is_kept = keep_refused(t, d);
        if (is_kept)
            pause_for_auth(t, end->status);
        return is_kept;
    }
    bool is_refused = verdict->outcome == OUTCOME_DEAD && end->kind == ATTEMPT_STATUS && !t->is_handler;
    if (!is_refused)
        return false;
    if (t->pause.why == PAUSE_REFUSALS && end->status == t->pause.refused_status)
        return keep_refused(t, d);
    count_refused(t, end->status);
    return false;
}
