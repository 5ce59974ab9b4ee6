/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What expires while it waits on disk alone: it ends in time, also while its target is paused or its
 * lane waits for another time. For the machine's own files; lanes.h has the port and its answers.
 *
 * Such a row ends by itself, without coming into its lane. When the first may have expired a sweep
 * asks for those that have, page by page, as the one reading of its target: so nothing is loaded
 * meanwhile, and no lane parked. What is found is on disk alone exactly if it stands behind what its
 * lane has loaded or, without a lane, behind the cursor; all else is in memory, where it expires by
 * its lane, or has ended. What is read later is read behind the row's end.
 */
#ifndef LIAISON_DELIVERY_EXPIRY_H
#define LIAISON_DELIVERY_EXPIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "event/record.h"

struct delivery;
struct lanes;
struct target;

/* Part of a backlog. */
struct expiry {
    struct heap_node next;         /* queued until the first that is known of expires */
    bool is_due;                   /* a sweep is to begin or to go on … */
    bool is_due_again;             /* … and another is to follow it */
    struct delivery_expiry passed; /* by the sweep so far */
    struct list ending;            /* deliveries found, until their end is on disk */
};

void expiry_init(struct expiry *x);
/* Something of t is on disk alone from now on, and expires then; NEVER: it doesn't. */
void expiry_note(struct lanes *lanes, struct target *t, int64_t expires_at);
/* Something of t may have expired. */
void expiry_come(struct lanes *lanes, struct target *t);
/* Asks for what has expired, where that is due; whether it did. */
bool expiry_ask(struct lanes *lanes, struct target *t);
/* The end of one that was found is on disk. */
void expiry_ended(struct lanes *lanes, struct delivery *d);
/* Nothing of t is on disk alone. */
void expiry_forget(struct lanes *lanes, struct target *t);
/* At the end: hands those that are ending to their owner. */
void expiry_let_go(struct lanes *lanes, struct target *t);

#endif
