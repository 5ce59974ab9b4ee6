/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Lanes under test with a fake clock, a fake journal that writes when it is told to, and a trace of
 * what the ports were asked, in a word each:
 *
 *     +a1             an attempt at a1 began
 *     +[a1,b1]        … at a batch of these
 *     a1:waiting      its row is to be written so; a1:dead/refused with the cause
 *     a1:written      … to wait, while it goes on
 *     a1~             it is kept: waiting, and on disk
 *     a1=delivered    it ended; a1=dead/refused with the cause, a1=new when it was let go
 *     !calendar=auth  the target paused; =none: it goes on
 *     a1^             it is on disk alone
 *     ?calendar:4-9   places are asked for, behind 4 up to 9
 *     ?calendar/a:4-9*2  rows of key a are asked for, behind 4 up to 9, at most two
 *
 *     ?calendar:expired  what expired is asked for, where has_expired says that something has
 *
 *     ?calendar:dead  its dead letters are asked for
 *
 *     take(f, "a1", "a");                     // to "calendar", with key "a"
 *     turn(f);
 *     assert_trace(f, "+a1");
 *     fail_with(f, "a1", 503);
 *     settle(f, "a1");
 */
#ifndef LIAISON_TESTS_LANES_FIXTURE_H
#define LIAISON_TESTS_LANES_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "delivery/batch.h"
#include "delivery/lanes.h"

/* A delivery and its row in the fake journal. */
struct parcel {
    struct delivery d;
    struct lanes_fixture *fixture;
    struct list link; /* in fixture->parcels, until it ended */
    bool is_attempted;
    bool is_unsettled;
};

struct lanes_fixture {
    struct clock_fake time;
    struct lanes *lanes;
    struct target_policy
        policy;              /* of both targets: by default 3 attempts a second apart, no jitter */
    struct target *calendar; /* a connector */
    struct target *handler;
    struct list parcels;
    struct buf trace;
    int64_t next_seq;

    /* The row and attempt last put, for what the trace doesn't say; texts live until
       the next one. */
    struct delivery_row row;
    enum delivery_state from;
    bool has_attempt;
    struct attempt_row attempt;
    struct buf texts;
    char pause_reason[300]; /* the last one told */
    int n_spared;           /* times that a target asked to be */
    char number[32];

    bool has_expired;     /* there is an answer to come when what expired is asked for */
    bool settles_at_once; /* lanes_settled from within put */
    int64_t put_takes_ms; /* by the clock */
    void (*on_attempt)(struct lanes_fixture *f, struct parcel *p); /* NULL: it only begins */
};

int lanes_setup(void **state);
int lanes_teardown(void **state);
/* Four in memory; half of that is what a target may have when something is read. */
int lanes_setup_small(void **state);
/* Frees the lanes with all that is inside; the trace says what was let go. */
void let_go_all(struct lanes_fixture *f);
/* Makes them anew, with at most so many attempts in flight. */
void begin_with(struct lanes_fixture *f, size_t in_flight_max);
/* … with these limits. */
void begin_within(struct lanes_fixture *f, const struct lanes_limits *limits);
/* Sets both targets' policy to f->policy; a handler never parks. */
void set_policy(struct lanes_fixture *f);

struct take {
    struct target *target; /* NULL: calendar */
    int64_t delay_ms;
    int64_t expires_in_ms; /* 0: never */
};
struct parcel *parcel_new(struct lanes_fixture *f, const char *id, const char *key,
                          struct take take);
struct parcel *take_so(struct lanes_fixture *f, const char *id, const char *key, struct take take);
/* key NULL: none. */
struct parcel *take(struct lanes_fixture *f, const char *id, const char *key);
struct parcel *take_run(struct lanes_fixture *f, const char *id, const char *key);
/* From a row that waits, with this much of it; its seq and id are filled in. */
struct parcel *restore(struct lanes_fixture *f, const char *id, const char *key,
                       struct delivery_row row);
/* Answers a scan of the calendar's: "a5 b7@2-x -8" stands for key a at 5,
   b at 7, of batch 2-x, and none at 8, all due. */
void scanned(struct lanes_fixture *f, const char *places, bool is_all);
/* One row of the calendar's load, which waits at this position. */
struct parcel *loaded(struct lanes_fixture *f, size_t want, const char *id, const char *key,
                      struct delivery_row row);
/* One row that has expired, as `loaded`; false: lanes didn't take it. */
bool expired(struct lanes_fixture *f, const char *id, const char *key, struct delivery_row row);
/* Answers that question: "a5 b7" stands for a dead letter of key a at 5, … */
void dead_found(struct lanes_fixture *f, const char *places);
struct parcel *find_parcel(struct lanes_fixture *f, const char *id);
/* "a12" of "a" and 12; stands until the next call. */
const char *numbered(struct lanes_fixture *f, const char *word, int n);

void turn(struct lanes_fixture *f);             /* lanes_pump */
void pass(struct lanes_fixture *f, int64_t ms); /* time, and a turn */

void end_attempt(struct lanes_fixture *f, const char *id, struct attempt_end end);
void succeed(struct lanes_fixture *f, const char *id);
void fail_with(struct lanes_fixture *f, const char *id, int status);
void fail_by(struct lanes_fixture *f, const char *id, enum attempt_kind kind);
/* The same of the batch that it is in; `own`: see lanes_batch_ended. */
void end_batch(struct lanes_fixture *f, const char *id, struct attempt_end end,
               const struct attempt_end *const *own);
void succeed_batch(struct lanes_fixture *f, const char *id);
void fail_batch(struct lanes_fixture *f, const char *id, int status);
/* All rows that were put are on disk; then a turn. */
void settle_all(struct lanes_fixture *f);
/* The row that was put is on disk; then a turn. */
void settle(struct lanes_fixture *f, const char *id);
/* Fails, is settled, and a turn. */
void refuse(struct lanes_fixture *f, const char *id, int status);
/* So many dead letters of that status, one after the other. */
void refuse_many(struct lanes_fixture *f, int n, int status);
/* a1 is refused for its credentials, b1 is ready behind it. */
void pause_by_a1(struct lanes_fixture *f);
/* Succeeds, is settled, and a turn. */
void deliver(struct lanes_fixture *f, const char *id);

/* What was traced since the last time; words in their order. */
void assert_trace(struct lanes_fixture *f, const char *words);
void forget_trace(struct lanes_fixture *f);
/* a1 to a4 are in memory, of which a1 is attempted; a5 is on disk, at position 5. For
   lanes_setup_small. */
void fall_behind(struct lanes_fixture *f);
struct target_status calendar_status(const struct lanes_fixture *f);

#endif
