/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The insides of batches, for the machine's own files: batch.c (what is ready, forming, whose turn it
 * is), batch_end.c (what an attempt's end means for each member), batch_away.c (out of memory and back).
 *
 * Members of a batch are in their lanes as all others are, at the front: no other attempt is made at
 * them, and what is behind them waits. What could go into the next one is counted ("gathered"): of
 * each lane that is ready its head, and the followers that are due, up to the first that isn't.
 */
#ifndef LIAISON_DELIVERY_BATCHING_H
#define LIAISON_DELIVERY_BATCHING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "delivery/batch.h"

struct lane;
struct lanes;
struct target;
struct verdict;

/* Part of a target. */
struct batching {
    struct list all;        /* batches */
    struct list ready;      /* … in the order of their turns */
    struct list later;      /* … in memory, by chance in the order of their times */
    struct list wanted;     /* … that are due and away */
    struct map away;        /* … by id */
    struct batch *loading;  /* one at a time, so that each finds room; or NULL */
    size_t gathered, bytes; /* what could go into the next one */
    struct heap_node wait;  /* until what is gathered needs wait no longer */
    bool is_wait_over, is_forming;
};

void batching_init(struct batching *b);
/* Frees the batches, and nothing of their members. */
void batching_deinit(struct batching *b);

/* ---- what is gathered ---- */

/* The lane's head is ready, or something behind it may have become so: counts what is. */
void batch_gather(struct lanes *lanes, struct lane *lane);
/* d, which is behind others, has just come. */
void batch_gather_last(struct delivery *d);
/* d isn't ready any more, nor is what is behind it. */
void batch_ungather(struct delivery *d);
/* All of the target's, after the lists have changed. */
void batch_gather_all(struct lanes *lanes, struct target *t);
/* What the target's policy says of batches has changed; `took` is whether it had any before. */
void batch_policy_changed(struct lanes *lanes, struct target *t, bool took);

/* Dead letters have come to be known that keep what follows them, or keep it no more: that is in no
   batch any more, nor gathered for one. */
void batch_bar(struct lanes *lanes, struct target *t);

/* ---- what starts ---- */

bool batch_can_start(const struct target *t);
/* Whether what it would start with is one that is tried again. */
bool batch_next_is_retry(const struct target *t);
/* Sees to it that what is gathered waits no longer than it should. */
void batch_set_wait(struct lanes *lanes, struct target *t);
/* That time has come. */
void batch_wait_over(struct lanes *lanes, struct target *t);
/* Begins the next attempt. */
void batch_start_next(struct lanes *lanes, struct target *t, int64_t now);

/* ---- what becomes of one ---- */

/* A new one of that room, without members and BEHIND. */
struct batch *batch_new(struct target *t, size_t cap);
void batch_join(struct batch *b, struct delivery *d);
/* It is gone, whatever its members do. */
void batch_discard(struct lanes *lanes, struct batch *b);
/* Its time has come. */
void batch_due(struct lanes *lanes, struct batch *b);
/* A member that waits has expired, and will be settled. */
void batch_expires(struct delivery *d, struct lanes *lanes);
/* d is about to move on, since its row is on disk: the batch that it is of, or NULL; which it leaves
   unless it is to be tried again with it. batch_settled is to be called after. */
struct batch *batch_settling(struct delivery *d);
void batch_settled(struct lanes *lanes, struct batch *b);
/* All that waited for b's end is free: each by itself again. */
void batch_release_rest(struct lanes *lanes, struct batch *b);
/* It goes on: now, later, or it is over since nobody is left in it. */
void batch_resume(struct lanes *lanes, struct batch *b);

/* ---- out of memory and back: batch_away.c ---- */

/* All of it goes, with what is behind it in its lanes; false where that can't be now. */
bool batch_leave(struct lanes *lanes, struct batch *b);
/* A lane's first row was found at `place`, of a batch; or a further one of the same lane. Whether the
   lane waits for the batch from now on, or did. */
bool batch_mark(struct lanes *lanes, struct lane *lane, const struct lane_place *place,
                int64_t due_at);
void batch_mark_more(struct lane *lane, const struct lane_place *place);
/* Has the lanes of a batch that is due, and known in full, want what is on disk; whether it did. */
bool batch_fetch_due(struct lanes *lanes, struct target *t);
/* The same for this one, due or not. */
void batch_fetch(struct lanes *lanes, struct batch *b);
/* d, just read and not in its lane yet, is of the batch that its lane waits for. */
void batch_take_back_in(struct delivery *d, struct lane *lane, struct slice batch);
/* What was asked for of the lane was read. */
void batch_lane_read(struct lanes *lanes, struct lane *lane, bool has_more);
/* The first row of a lane that waits for its batch is over; whether the lane waits no longer. */
bool batch_lane_passed(struct lanes *lanes, struct lane *lane);
/* The lane waits for no batch any more. */
void batch_lane_forget(struct lane *lane);
/* Its lanes wait for themselves from now on, and it is gone. */
void batch_disband_away(struct lanes *lanes, struct batch *b);

#endif
