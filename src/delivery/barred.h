/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Lanes of which a dead letter keeps a part: what stands behind a barrier (barrier.h) gets its row
 * and waits, in memory or, where that is short, on disk alone. For the machine's own files; lanes.h
 * has the port and its answers.
 *
 * A letter that is attempted again takes its old place. Where its lane is on disk, or there is no
 * room, it goes there and its lane is read again from that place on. Since what is being read might
 * see it or not, it waits until its target reads nothing; and until nothing of its lane is under way.
 */
#ifndef LIAISON_DELIVERY_BARRED_H
#define LIAISON_DELIVERY_BARRED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct delivery;
struct lane;
struct lanes;
struct target;

/* Whether a dead letter stands before this place of a key that is a lane; before d, in its lane. */
bool barred_is_place(const struct target *t, struct slice key, int64_t position);
bool barred_is(const struct delivery *d);
/* d, the head of its lane, is: it waits, and all of the lane is to have its rows. Calls no port. */
void barred_keep_lane(struct lanes *lanes, struct delivery *d);
/* d was taken in behind a barrier. */
void barred_took(struct lanes *lanes, struct delivery *d);
/* d's end, d->next, is about to be written; and is queued, so that d has its number. */
void barred_note_end(struct lanes *lanes, struct delivery *d, int64_t wall_ms);
void barred_note_number(struct lanes *lanes, struct delivery *d, int64_t wall_ms);
/* Takes d, a dead letter, back into its old place; false where it keeps nothing. */
bool barred_take_back(struct lanes *lanes, struct delivery *d);
/* Those that can go to their places now do. Once in a pump: what they wait for ends between two. */
void barred_return_all(struct lanes *lanes);
/* t's policy was set. */
void barred_set_policy(struct lanes *lanes, struct target *t);
/* Asks for what has to be known; whether there is anything to ask. */
void barred_ask(struct lanes *lanes);
bool barred_has_to_ask(const struct lanes *lanes);
/* Some aren't known yet: what is taken in now might get a place before one of them. */
bool barred_are_asked(const struct lanes *lanes);

#endif
