/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Why and for how long a target's deliveries wait all together, and the probes that find out
 * whether they still have to. Pure; lanes.c asks and tells.
 */
#ifndef LIAISON_DELIVERY_PAUSE_H
#define LIAISON_DELIVERY_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/heap.h"
#include "delivery/lanes.h"

/* All times are monotonic ms. */
struct pause {
    enum target_pause why;
    char *reason;    /* for people */
    bool is_held;    /* a person has it wait, beside or without a reason of its own … */
    int64_t held_at; /* … since then */
    int64_t since;   /* when it began to wait, for whatever reason since */
    int64_t past_ms; /* of all pauses that are over */

    struct heap_node probe_at;    /* in the heap of probes, until one is due */
    int64_t probe_ms;             /* between the last two probes */
    bool is_probe_due;            /* one may start */
    const struct delivery *probe; /* the one in progress */

    int refused_status;     /* of the dead letters in a row … */
    unsigned refused_count; /* … and how many there are */
    unsigned stopped_count; /* attempts in a row that were over their limits */
};

void pause_deinit(struct pause *p);

/* An attempt's end and what it was found to be: the pause that it calls for, or PAUSE_NONE. Counts
   rows of refusals and of limits. */
enum target_pause pause_called_for(struct pause *p, const struct attempt_end *end,
                                   const struct verdict *verdict, bool is_handler);
/* Adds, in words for people, why that end calls for it; nothing of what the other side said, which
   would have to be masked. */
void pause_add_reason(struct buf *b, enum target_pause why, const struct attempt_end *end);

/* Begins, or goes on for a graver reason; what is no graver changes nothing and is false. The first
   probe of PAUSE_BREAKER waits for pause_probe_in. */
bool pause_begin(struct pause *p, enum target_pause why, const char *reason, int64_t now,
                 struct heap *probes);
/* False when there was none. */
bool pause_end(struct pause *p, int64_t now, struct heap *probes);
/* By a person: beside every other pause, and nothing is probed meanwhile. */
void pause_hold(struct pause *p, int64_t now);
void pause_release(struct pause *p, int64_t now);
/* Whether anything makes it wait. */
bool pause_is_on(const struct pause *p);
/* How long it has been paused in all, up to now. */
int64_t pause_total_ms(const struct pause *p, int64_t now);
/* Whether it waits for a probe to succeed. */
bool pause_is_probed(const struct pause *p);

/* The time of probe_at has come: it leaves the heap. */
void pause_probe_due(struct pause *p, struct heap *probes);
/* d is the probe that was due. */
void pause_probe_start(struct pause *p, const struct delivery *d);
/* d's attempt has ended; true when it was the probe. */
bool pause_probe_end(struct pause *p, const struct delivery *d);
/* The next probe in so many ms, for a pause that doesn't choose the time itself (PAUSE_BREAKER). */
void pause_probe_in(struct pause *p, int64_t ms, int64_t now, struct heap *probes);
/* The next probe in twice the time. */
void pause_probe_later(struct pause *p, int64_t now, struct heap *probes);
/* The next one at once, where none is in progress, and the times from the shortest again. */
void pause_probe_soon(struct pause *p, struct heap *probes);
/* d's attempt is gone, and told nothing: where it was the probe, the next one is at once. */
void pause_probe_undo(struct pause *p, const struct delivery *d, struct heap *probes);

#endif
