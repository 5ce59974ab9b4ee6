/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The daemon's lives, one after the other: it is started, its disk does its work step by step, and it
 * ends: in order, killed, or with the power, which may go in the midst of a commit and take with it what
 * wasn't synced. For some time the disk may take nothing.
 */
#ifndef LIAISON_SIM_LIFE_H
#define LIAISON_SIM_LIFE_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct channel;
struct engine;
struct life;
struct world;

struct life *life_new(struct world *w);
void life_free(struct life *l);
/* Starts it now; later where it can't. */
void life_begin(struct life *l);
/* One turn, or where no daemon lives the next thing on the agenda. */
void life_turn(struct life *l);
/* No more crashes and jumps of the clock; where it isn't alive, it is soon. */
void life_heal(struct life *l);
/* The power goes at this moment: nothing that the daemon does from now on counts, behind the callback under
   way. Nothing where it isn't alive, or healed. */
void life_cut(struct life *l);
/* Ends it in order, now; what it queued is on disk. */
void life_end(struct life *l);

/* Whether it is alive, and nothing is left to do. */
bool life_is_over(struct life *l);
/* What is left to do, for people. */
void life_describe(struct life *l, struct buf *out);
/* NULL while it isn't alive. */
struct engine *life_engine(struct life *l);
/* The daemon's own channel, NULL while it isn't alive. */
struct channel *life_door(struct life *l);
const char *life_journal_path(struct life *l);
unsigned life_number(const struct life *l);

#endif
