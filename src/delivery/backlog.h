/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What waits for a target on disk, and how it comes back into memory. For lanes.c, pump.c and
 * setup.c alone; lanes.h has the ports and the answers to them.
 *
 * Positions are given in the order of taking in, so that of a lane, too. A target that is behind has
 * a row for all that waits, and a cursor. What comes for it gets a position behind all others and
 * goes to the disk alone. Reading is of two kinds, one at a time for a target:
 *
 *   - a scan goes on from the cursor and finds places only. A key that has no lane gets one, marked
 *     as having more on disk; one that has is marked where the place is behind what it has loaded.
 *   - a load reads, for lanes that are marked and can go on, the next rows behind what they have
 *     loaded, up to the cursor.
 *
 * Where memory is short, a lane whose head isn't due yet is parked: all it has loaded leaves memory,
 * and the lane stays, marked, with the time at which its head is due. That head, like any row, comes
 * back by a load.
 *
 * Nothing is lost: a row up to the cursor is in memory, or behind what its lane has loaded and the
 * lane marked; a row behind the cursor will be scanned. A lane that is marked isn't freed, and is
 * unmarked only by a load that found no more. What a scan or load doesn't see because it was written
 * later stands behind all that it was to read: they see all that was written before they were asked
 * for.
 *
 * Nothing is taken twice: only a load brings rows, only of positions behind what its lane has
 * loaded, and in order. A row may leave memory by its end, which is on disk before the lane moves
 * on, so that a later load doesn't find it; or by being parked, whereby the lane goes back to before
 * its head. A scan may see a row that has ended since: that makes a mark for which a load finds
 * nothing.
 *
 * What expires while it is on disk alone ends there: expiry.h.
 *
 * A target is behind no more when the cursor has reached the last position written and no lane is
 * marked.
 */
#ifndef LIAISON_DELIVERY_BACKLOG_H
#define LIAISON_DELIVERY_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "delivery/expiry.h"

struct delivery;
struct lane;
struct lane_want;
struct lanes;
struct target;

/* Part of a target. */
struct backlog {
    bool is_behind;
    bool is_reading;     /* a scan or a load is under way */
    struct list reading; /* among targets for which the next lanes_pump may have to read */
    int64_t cursor;      /* all rows up to this position are in memory, or their lanes are marked */
    int64_t through;     /* the last one that is on disk alone, or may be */
    int64_t asked;       /* how far the scan under way goes */
    /* Marked lanes, by enum lane_more; those that want, the longest so first. */
    struct list resting, wanting;
    struct list urgent; /* wanting, of which a turn has come: coalesce.h */
    size_t n_lanes[4];
    struct lane_want *wants; /* of the load under way … */
    struct lane **asked_for; /* … and their lanes */
    size_t n_asked, cap_wants;

    int64_t n_away;       /* how many wait on disk alone */
    struct expiry expiry; /* of these */

    struct list
        returning; /* dead letters that go back to their places when nothing is being read */

    struct list full;  /* among targets that are full and not behind */
    int64_t full_at;   /* monotonic ms */
    int64_t served_at; /* monotonic ms of its last success; INT64_MIN: none yet */
};

void backlog_init(struct backlog *b);
void backlog_deinit(struct backlog *b);

/* Whether what comes for t must go to the disk alone: it is behind, or falls behind now because it
   is full. */
bool backlog_takes(struct lanes *lanes, struct target *t);
/* d, in a lane, gets a row that says that it waits, unless it has one or gets it now. */
void backlog_write(struct lanes *lanes, struct delivery *d);
/* d, which has its position and isn't in a lane, goes to the disk; it `is_written` where its row
   stands as it should. */
void backlog_spill(struct lanes *lanes, struct delivery *d, bool is_written);

/* What t has in memory, or a lane, has changed: something may be read now. */
void backlog_changed(struct lanes *lanes, struct target *t);
void backlog_lane_changed(struct lanes *lanes, struct lane *lane);
/* What stood there, on disk alone, is over: its lane, where it waits for that one's time, goes on. */
void backlog_passed(struct lanes *lanes, struct lane *lane, int64_t position);
/* So many rows of the lane are needed, whatever they wait for. */
void backlog_want(struct lanes *lanes, struct lane *lane, unsigned n_rows);
/* The lane waits for no batch any more, but for that time where it still has nothing in memory. */
void backlog_release(struct lanes *lanes, struct lane *lane, int64_t due_at);
/* Whether all that the lane has in memory may go, its rows being as they should; and that. */
bool backlog_can_leave(const struct lane *lane);
void backlog_leave(struct lanes *lanes, struct lane *lane);
/* What is on disk alone of a lane that was parked for a barrier may go on, as far as that is known. */
void backlog_unbar(struct lanes *lanes, struct lane *lane);
/* d, a dead letter in no lane, waits in its old place on disk, from where its lane is read again.
   Nothing is being read for its target, and its lane can leave memory. */
void backlog_put_back(struct lanes *lanes, struct delivery *d);
/* The time of a parked lane has come. */
void backlog_lane_due(struct lanes *lanes, struct lane *lane);
/* The turn of the lane has come, or is over. */
void backlog_turn_changed(struct lanes *lanes, struct lane *lane);
/* Whether it is known of all rows up to there, or as far as that can be, whose they are. */
bool backlog_is_scanned(const struct lanes *lanes, const struct target *t, int64_t through);
/* Asks for what is to be read now. */
void backlog_read(struct lanes *lanes);

/* An attempt for t has succeeded. */
void backlog_served(struct target *t, int64_t now);
/* Whether handlers should wait, since what they send would go to a full target that is worth waiting
   for. */
bool backlog_holds_runs(struct lanes *lanes);
/* When the next full target is held for no longer; INT64_MAX: none is. */
int64_t backlog_held_until(const struct lanes *lanes);

#endif
