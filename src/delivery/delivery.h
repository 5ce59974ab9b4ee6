/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * One delivery by itself: what is known of it in memory, in monotonic time, and its row, in wall
 * time. The two are as far from now in the one as in the other, so that a clock that is set
 * expires nothing in memory. A row also says when it was written, for a clock that is set back.
 */
#ifndef LIAISON_DELIVERY_DELIVERY_H
#define LIAISON_DELIVERY_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "delivery/lanes.h"

#define AT_ONCE INT64_MIN
#define NEVER INT64_MAX

/* One moment by both clocks. */
struct moment {
    int64_t mono_ms, wall_ms;
};

static inline struct moment moment_now(const struct clock *clock)
{
    return (struct moment){clock_mono_ms(clock), clock_wall_ms(clock)};
}

/* a + b, no further than an int64_t goes. */
static inline int64_t time_add(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

/* A wall time by the monotonic clock. */
static inline int64_t moment_mono_of(struct moment now, int64_t wall_ms)
{
    return time_add(now.mono_ms, wall_ms - now.wall_ms);
}

/* When that is, by the monotonic clock, which was to be at `due_ms` as seen at `written_ms` (0: that
   isn't known), both by the clock on the wall. It may have been set back since: nothing waits for
   longer than it was to, until the clock has caught up. */
static inline int64_t moment_due_of(struct moment now, int64_t due_ms, int64_t written_ms)
{
    bool is_ahead = written_ms > now.wall_ms;
    return time_add(now.mono_ms, due_ms - (is_ahead ? written_ms : now.wall_ms));
}

/* Sets what isn't the owner's, as of one that has no row. `paused_ms` is its target's so far. */
void delivery_init(struct delivery *d, struct moment now, int64_t paused_ms);
/* Then, as its row says. */
void delivery_restore(struct delivery *d, const struct delivery_row *row, struct moment now);
void delivery_deinit(struct delivery *d);

/* An attempt begins. */
void delivery_start(struct delivery *d, int64_t now, int64_t paused_ms);
/* It has ended: remembers that and how. `counts`: it uses up one of its attempts. */
void delivery_note_end(struct delivery *d, const struct attempt_end *end, bool counts);
/* Brings its age up to its target's paused time. */
void delivery_sync_age(struct delivery *d, int64_t paused_ms);
/* The time since it was parked doesn't count as its age. */
void delivery_skip_parked(struct delivery *d, int64_t now);
/* Its age stands still from the start of its attempt to that time. */
void delivery_stand_still(struct delivery *d, int64_t until);
/* It waits to be woken, since then; and is, or is due at once for another reason. */
void delivery_shelve(struct delivery *d, int64_t since);
void delivery_wake(struct delivery *d, int64_t now);
/* Its attempt is gone as if it had never begun: unless one has failed before, its age begins with
   the next. */
void delivery_undo_start(struct delivery *d);
/* So, and it is due at once. `is_unknown`: the other side may have taken it, which is then known of d
   itself, whatever it stood behind before. */
void delivery_take_back(struct delivery *d, bool is_unknown);
/* What its end will be given as; copied. */
void delivery_set_cause(struct delivery *d, struct slice cause);

/* How it is recorded when it is d->next; borrows from d. */
struct delivery_row delivery_describe(const struct delivery *d, struct moment now);
/* How its last attempt is recorded; borrows from `end` and `code`. */
struct attempt_row delivery_describe_attempt(const struct delivery *d,
                                             const struct attempt_end *end,
                                             char code[static OUTCOME_CODE_SIZE],
                                             struct moment now);

#endif
