/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The machine's insides, for lanes.c (what befalls a delivery), park.c (attempts that wait),
 * barred.c (dead letters that keep others), coalesce.c (those that replace others), pump.c (what starts when), backlog.c (what is on disk) and setup.c (its targets, beginning and
 * end). Nobody else includes this.
 */
#ifndef LIAISON_DELIVERY_MACHINE_H
#define LIAISON_DELIVERY_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/rng.h"
#include "delivery/barred.h"
#include "delivery/coalesce.h"
#include "delivery/lane.h"
#include "delivery/lanes.h"
#include "delivery/target.h"

struct lanes {
    struct lanes_ports ports;
    struct clock clock;
    struct rng rng;
    struct lane_pool pool;
    struct map connectors, handlers; /* struct target, by name */
    struct list serving;             /* targets that may start an attempt, in turn */
    struct list errands;             /* deliveries that lanes_pump has to tell or write */
    struct heap due, expiries;       /* struct delivery */
    struct heap probes;              /* struct pause */
    struct heap gates;               /* struct target, which may start an attempt then */
    struct heap parked;              /* struct lane */
    struct heap sweeps;              /* struct expiry */
    struct heap waits;               /* struct batching */
    struct heap batches;             /* struct batch */
    struct list reading;             /* targets that may have to read */
    struct list full;                /* targets that are full and not behind */
    struct list asking;              /* targets that have to ask for their barriers */
    struct list unknown;             /* targets whose barriers are asked for and not known */
    struct list returning;           /* dead letters that go back to their places when they can */
    struct lanes_limits limits;
    size_t n_in_flight, n_settling;
    int64_t first_position; /* connectors' places are behind it */
    bool is_stopped, is_pumping;
};

static inline int64_t machine_now(const struct lanes *lanes)
{
    return clock_mono_ms(&lanes->clock);
}

/* Changes d's phase, and with it the lists, heaps and counters that it is in; dies where the table
   of phases has no such way. */
void machine_move(struct lanes *lanes, struct delivery *d, enum delivery_phase to);
/* The next lanes_pump tells or writes what there is of d. */
void machine_add_errand(struct lanes *lanes, struct delivery *d);
/* d's attempt begins. */
void machine_start(struct lanes *lanes, struct delivery *d, int64_t now);
/* d waits at the head of its lane: until it is due, or until its target takes it. */
void machine_head_arrived(struct lanes *lanes, struct delivery *d);
/* Puts t among those served, last in the round, or takes it out, by what it can start now. To be
   called when anything has changed that target_can_start looks at. */
void machine_offer(struct lanes *lanes, struct target *t);

/* Sets what isn't the owner's; `row` is NULL where d has none. */
void machine_init(struct lanes *lanes, struct delivery *d, const struct delivery_row *row);
/* d, which is at the end of its lane, is in memory from now on. */
void machine_enter(struct lanes *lanes, struct delivery *d);
/* Has d's row written, as one that waits, and goes on. */
void machine_write(struct lanes *lanes, struct delivery *d);
/* An attempt of several deliveries begins, or has ended. */
void machine_begin_flight(struct lanes *lanes, struct target *t);
void machine_end_flight(struct lanes *lanes, struct target *t);
/* What an attempt's end, of d or of several like d, tells of the target as a whole. `is_split`: it is
   about some of these, and not yet known which: nothing is paused for that. */
void machine_learn(struct lanes *lanes, struct delivery *d, const struct attempt_end *end,
                   const struct verdict *verdict, bool is_split);
/* Pauses t where the end calls for it. */
void machine_call_pause(struct lanes *lanes, struct target *t, const struct attempt_end *end,
                        const struct verdict *verdict);
/* What becomes of d. One that is to be tried again is so at the time that its policy gives. */
void machine_conclude(struct lanes *lanes, struct delivery *d, const struct attempt_end *end,
                      const struct verdict *verdict);
/* How long d's policy has it wait for the next attempt, ms; and when it is due after such a delay: at
   the end of its age at the latest. */
int64_t machine_delay_after(struct lanes *lanes, const struct delivery *d,
                            const struct attempt_end *end);
int64_t machine_due_in(struct lanes *lanes, struct delivery *d, int64_t delay_ms);
/* It waits until then; or that was the last attempt. */
void machine_put_off(struct lanes *lanes, struct delivery *d, const struct attempt_end *end,
                     int64_t due_at);

/* Takes d, which was set up, into its lane. */
void machine_take(struct lanes *lanes, struct delivery *d);
/* Hands the journal d's row as it will be; `end` is that of the attempt that failed, or NULL. Last
   in what is done with d: the port may do with it what it likes, but for freeing it. */
void machine_settle(struct lanes *lanes, struct delivery *d, enum delivery_state next,
                    const struct attempt_end *end);
/* Its time is over: it settles as dead. */
void machine_expire(struct lanes *lanes, struct delivery *d, const struct attempt_end *end);

/* Pauses t, or for a graver reason; and lets it go on. Both tell the port. */
void machine_pause(struct lanes *lanes, struct target *t, enum target_pause why,
                   const char *reason);
void machine_unpause(struct lanes *lanes, struct target *t);
/* t, whose pause is probed, is so at once. */
void machine_probe_now(struct lanes *lanes, struct target *t);

/* Gives d to its owner for good: it ended, or only its row is left. */
void machine_tell_end(struct lanes *lanes, struct delivery *d, enum delivery_state final);
void machine_tell_spilled(struct lanes *lanes, struct delivery *d);

#endif
