/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What is known of each event and of each send from outside the daemon: who accepted what, which
 * attempts were made and how they ended. Each attempt is held against the laws as it begins:
 *
 *     3. order: one attempt a lane at a time; each handler's sends of a key in the order of its events
 *     4. no needless repeat: what was seen to succeed isn't attempted again; after a crash the last of a
 *        lane may be, once
 *     5. a send has one id, whatever happens; a replay gives it another one
 */
#ifndef LIAISON_SIM_LEDGER_H
#define LIAISON_SIM_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/slice.h"
#include "plan.h"

struct ledger_lane;
struct world;

/* An event that somebody has sent, or tried to. */
struct occurrence {
    struct map_node node; /* by id */
    struct list link;     /* in ledger.occurrences */
    char id[24];
    char key[24]; /* empty: none */
    const char *channel, *type;
    unsigned n;              /* its place among those of its channel and key, from 1 */
    bool is_accepted;        /* the sender was told so, or its position covers it */
    unsigned replays;        /* that may have been begun of it */
    bool is_handled_by_hand; /* a person had a handler that failed run again */
    int64_t at_us;
    size_t n_rows; /* in the journal, as it was looked at last */
};

#define SEND_IDS 8

/* One delivery of a send: it has one, and another one for each replay. */
struct sent_id {
    struct map_node node; /* by id */
    struct list link;     /* in ledger.unsettled */
    struct send *send;
    char id[48];
    unsigned n_attempts;
    uint64_t group;     /* of rows with which it was attempted last */
    char batch[64];     /* … by the id of that; empty: alone */
    bool is_put_off;    /* … which failed, and is to be tried again as it was */
    bool has_succeeded; /* that was seen … */
    unsigned life;      /* … in this one */
    uint64_t turn;      /* … and this turn of it */
    bool is_settled;    /* … and is on disk */
    bool may_repeat; /* … or may not have been when its life ended, and it was its lane\'s last */
    const struct ledger_lane *lane;
    bool was_taken;   /* the receiver took it, whatever it answered */
    bool was_retried; /* by a person */
    bool was_dropped; /* … */
    bool was_edited;  /* … which they were told is kept */
};

struct send {
    struct map_node node; /* by mark and connector */
    char *name;           /* that */
    struct occurrence *event;
    int handler, connector;
    unsigned nth;
    struct sent_id ids[SEND_IDS];
    size_t n_ids;
};

struct ledger_lane;

/* What the daemon sees of an attempt's end. */
enum seen {
    SEEN_SUCCESS,
    SEEN_FAILURE, /* it may be tried again as it was */
    SEEN_NOTHING, /* it was cut off, or refused */
};

/* An attempt in progress. */
struct attempt {
    struct send *send;
    struct sent_id *id;
    struct ledger_lane *lane; /* NULL: without order */
    uint64_t kept_with;       /* the group with which it was put off, if so */
    bool is_retry;            /* of one that has failed */
};

/* A row of a request: all of these are one attempt. */
struct ledger_row {
    struct slice connector;
    struct slice mark;    /* its send's */
    struct slice id, key; /* the delivery's; key with data NULL: none */
    struct slice batch;   /* the id that they have together; absent: it is alone */
    uint64_t group;       /* another one for each request */
    struct slice data;    /* absent: it isn't known */
};

struct ledger;

struct ledger *ledger_new(struct world *w);
void ledger_free(struct ledger *l);

/* An event is about to be sent for the first time. */
struct occurrence *ledger_add(struct ledger *l, const char *channel, const char *type,
                              const char *id, const char *key, unsigned n);
/* NULL: nobody sent one. */
struct occurrence *ledger_find(struct ledger *l, struct slice id);
typedef void (*occurrence_fn)(void *ctx, struct occurrence *o);
void ledger_each(struct ledger *l, occurrence_fn fn, void *ctx);

/* The daemon makes a request for a delivery. */
struct attempt ledger_begin(struct ledger *l, const struct ledger_row *row);
/* The receiver took it, whether or not its answer is seen. */
void ledger_taken(struct attempt *a);
/* It is over for the daemon, which has seen this of its end. */
void ledger_end(struct ledger *l, struct attempt *a, enum seen seen);
/* The daemon's loop turns. */
void ledger_turn(struct ledger *l);
/* Everything that the daemon had queued for its disk before this turn is there. */
void ledger_settled(struct ledger *l);
/* The daemon has ended, with or without a word. */
void ledger_crashed(struct ledger *l);
/* A person has this delivery of an event attempted again, or its handler run. */
void ledger_retried(struct ledger *l, struct slice delivery_id, struct slice event_id);
/* … or has changed its data, to have LEDGER_EDITED in it from now on. */
#define LEDGER_EDITED "\"edited\":true"
void ledger_edited(struct ledger *l, struct slice delivery_id);
/* … or drops it. */
void ledger_dropped(struct ledger *l, struct slice delivery_id);
/* Events of this channel and key may be handled as new; false, and they aren't: that was asked for too
   often. */
bool ledger_replays(struct ledger *l, const char *channel, const char *key);
/* Whether nothing came behind it, of its channel, key and, up to the dot, type. */
bool ledger_is_newest(struct ledger *l, const struct occurrence *o);
/* A send's delivery by its id, NULL where no attempt at it was ever seen. */
struct sent_id *ledger_find_id(struct ledger *l, struct slice delivery_id);

#endif
