/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Batches: several deliveries of one target in one attempt, of many keys, and of one key in its
 * order. A target whose policy says so sends all that it sends in them, be it one alone.
 *
 * A batch is formed when it is full, or the first of its members has been ready for so long as the
 * policy says. One that is to be tried again keeps its members, and so its id, also where these leave
 * memory meanwhile and over restarts: their rows say which batch they are of. One that was refused is
 * split: first the one half is attempted, and when its ends are on disk, the other; so in the end only
 * single members are refused for good.
 *
 *     ports.attempt_batch(ctx, b);                // the owner begins, and gives b its id
 *     lanes_batch_ended(lanes, b, &end, own);     // once; b is gone after
 */
#ifndef LIAISON_DELIVERY_BATCH_H
#define LIAISON_DELIVERY_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "delivery/lanes.h"

/* Where a batch stands. */
enum batch_phase {
    BATCH_BEHIND,     /* another one's turn comes before */
    BATCH_READY,      /* to be attempted */
    BATCH_ATTEMPTING, /* the port has it */
    BATCH_SETTLING,   /* rows of members are being written */
    BATCH_LATER,      /* not due yet */
    BATCH_AWAY,       /* its members are on disk alone */
    BATCH_LOADING,    /* … and come back */
};

/* While the port has it, members and n stand, and none of these is NULL. */
struct batch {
    struct target *target;
    struct delivery **members; /* in the order of their sends */
    size_t n;
    /* Tells it from others with other members: digits, how many they are, and what the owner chooses
       behind these. The owner sets it before the attempt ends, by those that are in it still. */
    char id[BATCH_ID_SIZE];

    enum batch_phase phase;
    struct list all;       /* among all of its target's */
    struct list link;      /* among those of its phase, or that are due */
    struct map_node node;  /* while it is away: by id */
    struct heap_node due;  /* until it is */
    int64_t due_at;        /* monotonic ms; AT_ONCE */
    struct batch *next;    /* its turn comes when this one is over */
    size_t n_unsettled;    /* members whose rows are being written, and who is at work here */
    struct list lanes_out; /* lanes whose members of it are on disk alone */
    size_t n_known, cap;   /* of these, so far; room for members */
};

/* The end of a member that wasn't sent after all: it is as if there had been no attempt at it. */
extern const struct attempt_end lanes_left_out;
/* Whether such an end has d wait for another attempt: what is behind it in its lane is not to be sent
   then. */
bool lanes_will_wait(const struct delivery *d, const struct attempt_end *end);

/* Which member, of the number of the one given, is before it in its lane; itself: none is. */
size_t lanes_member_before(const struct batch *b, size_t i);

/* The attempt at b has ended so: `end` for all members but those that have an end of their own in
   `own`, by member (NULL: it has none; or no list at all). `end` is NULL where all have. */
void lanes_batch_ended(struct lanes *lanes, struct batch *b, const struct attempt_end *end,
                       const struct attempt_end *const *own);
/* As lanes_take_back for all of it: it stays the batch that it is. */
void lanes_take_back_batch(struct lanes *lanes, struct batch *b, bool is_unknown);

#endif
