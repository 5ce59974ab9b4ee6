/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Coalescing: of several deliveries of one handler and key that wait for a target whose policy says
 * so, only the newest is sent. For the machine's own files.
 *
 * The newest one replaces those before it when it comes, or is loaded: it takes the first one's place,
 * the time at which that was due, and its turn, so that however fast they come one is sent in time.
 * Those end as superseded; they stay in the lane behind it until that is on disk, and it isn't
 * attempted before: else a crash might have an older one attempted after it. One whose turn comes
 * meanwhile has it when they have ended, and isn't replaced any more.
 *
 * What has been attempted, or may have been, is never replaced, nor is what a person retries. Newer
 * is what is of a newer event, or sent later at the same: what a replay sends doesn't replace what is
 * newer than it.
 *
 * On disk alone nothing is replaced: it is when it is loaded. So one that could be replaced isn't
 * attempted, when its turn comes, before all that was on disk then of its key has been loaded: of
 * each handler but the newest stays in memory meanwhile. Where there are more keys than may be known,
 * or memory is full of what can't be replaced, it is attempted without.
 */
#ifndef LIAISON_DELIVERY_COALESCE_H
#define LIAISON_DELIVERY_COALESCE_H

#include <stdbool.h>

struct delivery;
struct lane;
struct lanes;
struct target;

/* d has come to the end of its lane: it may replace others. */
void coalesce_came(struct lanes *lanes, struct delivery *d);
/* d, in its lane, waits (again) since its row is written: the newest behind it may replace it. */
void coalesce_waits(struct lanes *lanes, struct delivery *d);
/* d, which was replaced, has ended and left `lane`. */
void coalesce_ended(struct lanes *lanes, struct lane *lane);
/* The turn of the lane has come: whether its head has to wait for what it replaced, or for what may
   replace it. Then the lane is among its target's `held`, and ready, with the turn that it had, once
   that is over. */
bool coalesce_is_held(struct lanes *lanes, struct lane *lane);
/* So many are held that no others should be looked at. */
bool coalesce_holds_enough(const struct target *t);
/* What is known of the disk has changed: lets go those that needn't wait any more. */
void coalesce_look(struct lanes *lanes, struct target *t);
/* Whether the lane waits for rows that are on disk alone. */
bool coalesce_wants(const struct lane *lane);

#endif
