/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The state machine of deliveries. A target is what is attempted: a connector, or a handler, whose
 * runs are tried, put off and given up by the same rules. A lane is one target's deliveries of one
 * key, in order: its head alone is attempted, and the next only after the settle before it is on
 * disk. Deliveries without a key, and those of targets without order, are each a lane of their own.
 *
 * What waits for a target may be more than memory should hold. Then it falls behind: what it has in
 * memory gets its rows, and what comes for it from then on goes to the disk alone (backlog.h says
 * how it comes back). So memory is bounded by `struct lanes_limits`, whatever waits.
 *
 * Pure: clock, randomness, journal and attempts are handed in, nothing waits, nothing is global.
 *
 *     lanes_take(lanes, d);                  // it waits in its lane now
 *     lanes_pump(lanes);                     // once a turn: ports.attempt(d) for what may start
 *     lanes_attempt_ended(lanes, d, &end);   // ports.put(d, …): its row; or ports.ended at once
 *     lanes_settled(lanes, d);               // the row is on disk: the lane moves on
 *     timer at lanes_next_ms(lanes)          // then pump again
 *
 * lanes_take and lanes_restore may write; lanes_settled and lanes_next_ms call no port. Attempts start
 * in lanes_pump only, so that one that ends at once never recurses.
 */
#ifndef LIAISON_DELIVERY_LANES_H
#define LIAISON_DELIVERY_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/rng.h"
#include "base/slice.h"
#include "delivery/breaker.h"
#include "delivery/gate.h"
#include "delivery/outcome.h"
#include "event/event.h"
#include "event/record.h"

struct batch;
struct lanes;
struct lane;
struct target;
struct tally;

/* Where a delivery stands. It changes in one place (lanes.c, `move`), by a table. */
enum delivery_phase {
    PHASE_QUEUED,     /* in its lane, behind others, or ready at its head */
    PHASE_LATER,      /* head, and not due yet */
    PHASE_BARRED,     /* head, and a dead letter before it keeps it */
    PHASE_ATTEMPTING, /* the port has it */
    PHASE_PARKED,     /* the port has it, but waits for something else meanwhile */
    PHASE_SETTLING,   /* its row is being written */
    PHASE_ENDED,      /* out of its lane: its owner's to free */
    PHASE_AWAY,       /* on disk alone: its owner's to free */
};

/* One delivery in memory. Its owner allocates it, fills in the first block, and may free it in
   ports.ended; the rest is lanes.c's. */
struct delivery {
    struct event *event; /* the owner's reference */
    struct target *target;
    int64_t seq;        /* its row's number; the owner gives it at the latest in ports.put, write */
    int64_t position;   /* where it wishes to stand; 0, and what is taken: at the end */
    char *id;           /* public; NULL for a handler's run that has no row yet */
    char *key;          /* NULL: none, and no order */
    char *handler;      /* whose send it is, or (target is a handler) its own name */
    char *transformer;  /* the send's own, by name, or NULL */
    struct slice data;  /* JSON the owner holds; absent: the event's */
    int64_t created_ms; /* wall */
    int64_t expires_ms; /* wall; 0: never */
    int64_t delay_ms;   /* before the first attempt, from lanes_take on */
    bool was_cut_off;   /* an attempt may have been under way when the process before ended */

    enum delivery_phase phase;
    enum delivery_state state; /* of its row on disk: DELIVERY_NEW where it has none */
    enum delivery_state next;  /* of its row once it is settled */
    char *cause;               /* of its end */
    unsigned attempts;         /* those that count: what a paused target refuses uses nothing up */
    unsigned tries;            /* all of them */
    unsigned refusals;         /* … that were refused and kept waiting by a pause */
    uint64_t successes_seen;   /* the target's count at the last of these */
    bool unknown;              /* an attempt's end was never seen */
    bool is_letter;            /* a dead letter that a person retries */
    bool is_ahead;             /* of its row, which says another place, or less than is known */
    bool is_replaced;          /* something newer takes its place: coalesce.h */
    const struct delivery *heir; /* … which has a row; while its own end is described */
    bool is_overtaken; /* something newer of its key has succeeded: dead, it keeps nothing */
    char *last_error;
    int64_t started_at;       /* all `_at` are monotonic ms; of the attempt in progress */
    int64_t first_attempt_at; /* moved on by pauses; INT64_MIN: none yet */
    int64_t pause_seen_ms;    /* the target's paused time when that was last brought up to it */
    int64_t parked_at;        /* while it is parked or shelved */
    bool is_shelved;          /* due when it is woken */
    int64_t due_at;           /* INT64_MIN: at once */
    int64_t expires_at;       /* INT64_MAX: never */
    struct heap_node due;     /* queued while PHASE_LATER */
    struct heap_node expiry;  /* queued while it waits, where it expires at all */
    size_t size;              /* bytes, by which memory is bounded */
    struct lane *lane;
    struct batch *batch;  /* that it is a member of, see batch.h, or NULL … */
    unsigned batch_place; /* … which of them */
    bool leaves_batch;    /* once its row is written */
    bool is_gathered;     /* counted as ready for the next batch */
    struct list in_lane;
    struct list errand; /* in a list of what the next lanes_pump has to tell or write of it */
};

/* A batch is formed when it has so many members, or so many bytes of JSON, at the latest when its
   first one has been ready for wait_ms. */
struct batch_policy {
    size_t size; /* 0: what is sent is sent by itself */
    size_t bytes;
    int64_t wait_ms;
};
#define BATCH_ID_SIZE 48

struct target_policy {
    struct retry_policy retry;
    struct batch_policy batch;
    bool is_ordered;
    bool parks;           /* ordered: a dead letter keeps what stands behind it in its lane */
    bool coalesces;       /* ordered: of one handler's only the newest that waits is sent */
    unsigned concurrency; /* 0: auto, adapts to what the other side bears */
    struct breaker_policy breaker;
    struct rate_policy rate;
};

/* Why a target's deliveries wait. */
enum target_pause {
    PAUSE_NONE,
    PAUSE_BREAKER,   /* the other side is down, it seems: probed now and then */
    PAUSE_AUTH,      /* 401 or 407: probed, too */
    PAUSE_REFUSALS,  /* 20 dead letters in a row of one status: probed, too */
    PAUSE_SET_ASIDE, /* stopped three times running for its limits; until it is loaded anew */
    PAUSE_GONE,      /* no such connector any more; until one is loaded */
};

/* What is to be read of a lane: the first `limit` rows that wait for its target with this key, their
   positions behind `after` and up to `through`. Without a key it is the one row at `through`. */
struct lane_want {
    struct slice key;
    bool has_key;
    int64_t after, through;
    size_t limit;
};

/* Where a row stands that waits. */
struct lane_place {
    int64_t position;
    struct slice key;
    bool has_key;
    int64_t due_ms;     /* wall … */
    int64_t written_ms; /* … as the clock was then; 0: it isn't known */
    struct slice batch; /* which it is to be tried again in, if any */
};

/* A dead letter that keeps its followers: its place, and its row's number. */
struct lane_barrier {
    struct slice key;
    int64_t position, seq;
    int64_t at_ms; /* when it died, wall */
};

struct lanes_ports {
    /* Starts an attempt at d; later, or from within, lanes_attempt_ended(d) is called once. */
    void (*attempt)(void *ctx, struct delivery *d);
    /* The same for a target that takes batches, and lanes_batch_ended (batch.h). */
    void (*attempt_batch)(void *ctx, struct batch *b);
    /* Writes `row`, which describes d as it is now (the owner adds seq where it has none, and all
       texts are masked by it); `attempt` is NULL but for one that failed. When it is on disk
       lanes_settled(d) must be called. */
    void (*put)(void *ctx, struct delivery *d, struct delivery_row *row, enum delivery_state from,
                const struct attempt_row *attempt);
    /* d ended (`final`: delivered, dead, skipped, superseded) and is on disk if it needs to be: called from
       lanes_pump, after which lanes.c knows d no more. */
    void (*ended)(void *ctx, struct delivery *d, enum delivery_state final, const char *cause);
    /* d waits and its row is on disk, or queued for it by `write`: its event need not stay open for
       it. From lanes_pump. */
    void (*kept)(void *ctx, struct delivery *d);
    /* Writes `row`, which says that d waits, over one in state `from`. Nobody waits for it: what is
       put, written or read of d later comes behind it. */
    void (*write)(void *ctx, struct delivery *d, struct delivery_row *row,
                  enum delivery_state from);
    /* d's row, as written, is all that is left of it: lanes.c knows d no more. */
    void (*spilled)(void *ctx, struct delivery *d);
    /* Finds the places of t's rows that wait, in order, from behind `after` up to `through`, and
       calls lanes_scanned. As all reading it must see what was put and written before. */
    void (*scan)(void *ctx, struct target *t, int64_t after, int64_t through, size_t limit);
    /* Reads what `wants` says, and calls lanes_loaded for each row, lanes_load_ended in the end. The
       wants are borrowed. Once bytes_max has been passed, no more need be read. */
    void (*load)(void *ctx, struct target *t, const struct lane_want *wants, size_t n_wants,
                 size_t bytes_max);
    /* Finds t's rows that wait and have expired, from behind `after` up to that wall time, and calls
       lanes_expired for each, lanes_expired_ended in the end. As for what is loaded, bytes_max. */
    void (*find_expired)(void *ctx, struct target *t, const struct delivery_expiry *after,
                         int64_t through_ms, size_t limit, size_t bytes_max);
    /* Finds t's dead letters that have a key and that nothing newer has made void, and calls
       lanes_barriers_found, never from within; what there is beyond `limit` need only be counted. As all reading it must
       see what was put before. */
    void (*find_barriers)(void *ctx, struct target *t, size_t limit);
    /* The target paused or goes on; `reason`, in words for people, is NULL when it goes on. */
    void (*paused)(void *ctx, struct target *t, enum target_pause why, const char *reason);
    /* The other side asks to be spared for so long, which is news. */
    void (*spared)(void *ctx, struct target *t, int64_t ms);
    void *ctx;
};

struct lanes_limits {
    /* Attempts in progress over all targets, and ends of attempts that are not on disk yet: where
       there are as many, none is started. */
    size_t in_flight;
    /* Of one target, in memory; one that takes batches has room for a few of these: */
    size_t loaded; /* deliveries, and … */
    size_t bytes;  /* … what they and their events hold */
    size_t lanes;  /* keys that are known to have something on disk */
};
/* All but `in_flight`, which is the caller's to choose. */
struct lanes_limits lanes_limits_default(size_t in_flight);

struct lanes *lanes_new(const struct lanes_ports *ports, struct clock clock, uint64_t seed,
                        const struct lanes_limits *limits);
/* Deliveries still inside are handed to ports.ended with state DELIVERY_NEW, for their memory. */
void lanes_free(struct lanes *lanes);

/* A connector (is_handler false) or a handler. `name` is copied, and unique among its kind.
   `policy` NULL: it is gone (PAUSE_GONE). Set again to change it, as a reload does: what was set
   aside goes on, what is probed is probed at once. */
struct target *lanes_set_target(struct lanes *lanes, struct slice name, bool is_handler,
                                const struct target_policy *policy);
/* What may be in progress at once from now on. */
void lanes_set_in_flight(struct lanes *lanes, size_t in_flight);
struct target *lanes_find_target(struct lanes *lanes, struct slice name, bool is_handler);
const char *target_name(const struct target *t);
bool target_is_handler(const struct target *t);
/* It took batches before this process began, or does: of what waited then each may have been attempted,
   and not only the first of its lane. */
void target_set_took_batches(struct target *t);
bool target_took_batches(const struct target *t);
/* For what the owner wants to find again with a target. */
void target_set_owner(struct target *t, void *owner);
void *target_owner(const struct target *t);

/* A person has it wait, whatever else does; and lets it go on: where something else holds it that is
   probed, it is probed at once, and who wished to be spared is asked again. */
void lanes_hold_target(struct lanes *lanes, struct target *t);
void lanes_release_target(struct lanes *lanes, struct target *t);

/* The numbers are those of the metric. */
enum breaker_state {
    BREAKER_CLOSED,
    BREAKER_HALF_OPEN, /* a probe is under way, or due */
    BREAKER_OPEN,
};

/* The other side says that it takes nothing more for so long: nothing is attempted meanwhile, for an
   hour at most, and nothing used up. */
void lanes_spare_target(struct lanes *lanes, struct target *t, int64_t ms);

struct target_status {
    enum target_pause pause;
    const char *reason; /* of the pause, NULL without one */
    enum breaker_state breaker;
    int64_t probe_in_ms; /* when the next probe is due; 0: it is, or there is none */
    bool is_held;        /* a person has it wait */
    int64_t held_ms;     /* for how long */
    int64_t paused_ms;   /* for how long */
    size_t unended;      /* in memory or on disk */
    size_t waiting;      /* … and neither in progress nor parked */
    bool is_behind;      /* more waits on disk */
    size_t in_flight;
    size_t parked;
    unsigned concurrency; /* in force */
    int64_t spaced_ms;    /* between attempts, where one at once was too many; 0: nothing is kept */
    /* How long rate, budget, pace or the other side's wish hold back what could start otherwise. */
    int64_t opens_in_ms;
    int64_t spared_ms;       /* how long the other side still wishes to be spared, and … */
    int64_t spared_since_ms; /* … for how long it has been */
    size_t barriers;         /* dead letters that keep their followers … */
    size_t barred_keys;      /* … of so many keys */
    int64_t barred_ms;       /* when the first of them died, wall */
    bool is_overbarred;      /* they are too many: all of it waits */
};
void target_status(const struct target *t, const struct lanes *lanes, struct target_status *out);
/* Whether it waits for a reason of its own; an open breaker is told apart from that. */
static inline bool target_status_is_paused(const struct target_status *status)
{
    return status->pause > PAUSE_BREAKER;
}
/* Whether the time of its next probe is known: none is made while a person has it wait. */
static inline bool target_is_probed_in(const struct target_status *status)
{
    return status->probe_in_ms > 0 && !status->is_held;
}
/* When the oldest of t's deliveries that haven't ended was made, wall ms; 0: there is none.
   TARGET_OLDEST_ON_DISK: some are on disk alone, and all have rows there. */
#define TARGET_OLDEST_ON_DISK (-1)
int64_t target_oldest_ms(const struct target *t);
/* What happened at t since it was made; stands as long as the lanes do. */
const struct tally *target_tally(const struct target *t);
typedef void (*target_visit_fn)(void *ctx, struct target *t);
void lanes_each_target(struct lanes *lanes, target_visit_fn fn, void *ctx);

/* The last one of t's with this key that is in memory, where each is attempted only when the one
   before it has ended: t keeps order, and takes no batches, nor did.
   NULL: there is none, or it is otherwise. */
const struct delivery *target_last_in_order(const struct target *t, struct slice key);
/* Visits what is in memory, lane by lane, until one visit returns false or so many lanes were looked
   at. */
typedef bool (*delivery_visit_fn)(void *ctx, const struct delivery *d);
void lanes_each_delivery(struct lanes *lanes, size_t lanes_max, delivery_visit_fn fn, void *ctx);
/* How d would be recorded now, as one that waits; borrows from d. */
struct delivery_row lanes_describe(const struct lanes *lanes, const struct delivery *d);

/* Takes d in at the end of its lane; its first block must be filled in. With a delay to wait it
   gets its row as soon as it is the head of its lane. d may be gone after. */
void lanes_take(struct lanes *lanes, struct delivery *d);
/* As lanes_take, for one that has a row. Of one that waits, what the row says is restored (attempts,
   due time, age), and its place, where nothing was taken in behind that. What had ended begins anew,
   over its row: a handler's run that is made once more; and a dead letter, which is attempted when
   its row says that it waits: in its old place where it kept its followers, else at the end. */
void lanes_restore(struct lanes *lanes, struct delivery *d, const struct delivery_row *row);
/* A dead letter of t is none any more (dropped), and is on disk so: what it kept goes on. */
void lanes_letter_gone(struct lanes *lanes, struct target *t, struct slice key, int64_t position);
/* Others of t's may be gone: they are asked for again. */
void lanes_ask_barriers(struct lanes *lanes, struct target *t);
/* Answers ports.find_barriers: the first of n_all. */
void lanes_barriers_found(struct lanes *lanes, struct target *t, const struct lane_barrier *found,
                          size_t n_found, size_t n_all);
/* Visits the keys of t that a dead letter keeps, each by its first one, with how many it has. False
   ends it. */
typedef bool (*target_barred_fn)(void *ctx, const struct lane_barrier *first, size_t n_letters);
void target_each_barred(const struct target *t, target_barred_fn fn, void *ctx);
/* A place behind all others, for a row that is written before its delivery is taken in. */
int64_t lanes_next_position(struct target *t);
/* Whoever has something to take in should wait a little: a target has all that it may have in
   memory and is expected to work it off, and no other one would go hungry. Ask again once a turn.
   Meanwhile no handler's run is started either. */
bool lanes_should_hold(struct lanes *lanes);

/* ---- what is on disk ---- */

/* At the start: connectors' places from now on are behind this one, so that what was given before a restart is before all
   that comes. */
void lanes_begin_at(struct lanes *lanes, int64_t position);
/* At the start: so many rows wait for t, up to this position. */
void lanes_begin_behind(struct lanes *lanes, struct target *t, int64_t through, int64_t count);
/* Answers ports.scan. `is_all`: there are no more up to where it was to go. */
void lanes_scanned(struct lanes *lanes, struct target *t, const struct lane_place *places,
                   size_t n_places, bool is_all);
/* One row of ports.load, of the want of this number; a want's rows come in their order. */
void lanes_loaded(struct lanes *lanes, struct target *t, size_t want, struct delivery *d,
                  const struct delivery_row *row);
/* … and that was all. By want: whether it has rows that weren't given. */
void lanes_load_ended(struct lanes *lanes, struct target *t, const bool *has_more);
/* One row of ports.find_expired, with its d; false: it isn't on disk alone (any more), d is its
   owner's to free. */
bool lanes_expired(struct lanes *lanes, struct target *t, struct delivery *d,
                   const struct delivery_row *row);
/* … and that was all: up to `passed`, from where it goes on; or, NULL, all that has expired. Then
   next_ms, wall, is when the next one does, 0: none. */
void lanes_expired_ended(struct lanes *lanes, struct target *t,
                         const struct delivery_expiry *passed, int64_t next_ms);
/* What waits for t at this place (key: data NULL for none) is due now, wherever it is: in memory, in
   progress (then it will be), on disk. Nothing where nothing waits there. */
void lanes_wake_place(struct lanes *lanes, struct target *t, struct slice key, int64_t position);

/* ---- attempts that wait for something else ---- */

/* A target with so many of them starts no more. */
#define LANES_PARKED_MAX 256

/* d and what stands before it in its lane get their rows now: what is made of them is on disk, and
   stays in its order there. */
void lanes_keep(struct lanes *lanes, struct delivery *d);
/* The attempt in progress waits, and takes up no attempt's place meanwhile; and goes on. The time
   between doesn't count as d's age. */
void lanes_park(struct lanes *lanes, struct delivery *d);
void lanes_unpark(struct lanes *lanes, struct delivery *d);
/* The attempt that was parked is gone without an end: d gets its row and waits in its lane until it
   is woken by lanes_wake_place, or the process starts anew; d may leave memory meanwhile. */
void lanes_shelve(struct lanes *lanes, struct delivery *d);
/* The attempt in progress, parked or not, is gone without an end, and counts as none: d is due at
   once, at the head of its lane. `is_unknown`: the other side may have taken it. */
void lanes_take_back(struct lanes *lanes, struct delivery *d, bool is_unknown);

void lanes_attempt_ended(struct lanes *lanes, struct delivery *d, const struct attempt_end *end);
void lanes_settled(struct lanes *lanes, struct delivery *d);
/* Starts what may start, ends what has ended, until nothing more can; or, where attempts take time
   at once, until 10 ms have passed: then lanes_next_ms is now. Once a turn. */
void lanes_pump(struct lanes *lanes);
/* No new attempts from now on (drain), and nothing expires; what is in progress may
   end and settle. */
void lanes_stop(struct lanes *lanes);
/* When lanes_pump has something to do next, monotonic ms; INT64_MAX: nothing by time alone. */
int64_t lanes_next_ms(struct lanes *lanes);
/* Attempts in progress, and rows being written. */
size_t lanes_in_flight(const struct lanes *lanes);
size_t lanes_settling(const struct lanes *lanes);

#endif
