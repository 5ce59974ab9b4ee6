/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The laws of docs/ARCHITECTURE.md that are held against the journal and the engine; those about
 * attempts are held by the ledger as they are made.
 *
 *     1. what was acknowledged is there when the daemon starts, once
 *     2. the sums hold after each commit; at each start they fit the rows, and the file is sound
 *     6. what is in memory stays within the limits; at the end nothing is stuck, and each send has ended
 */
#ifndef LIAISON_SIM_LAWS_H
#define LIAISON_SIM_LAWS_H

#include <stdbool.h>

/* Of one connector, as many deliveries may be in memory, by the limits handed in; half as much again
   of one that coalesces. */
#define LAWS_LOADED 40

struct buf;
struct engine;
struct laws;
struct world;

/* For one life. */
struct laws *laws_open(struct world *w, struct engine *engine);
/* As it ends, while the disk is as it was; accepts NULL. */
void laws_close(struct laws *laws);
void laws_after_start(struct laws *laws);
void laws_after_commit(struct laws *laws);
void laws_after_turn(struct laws *laws);
/* Whether nothing waits any more, neither in memory nor on disk. */
bool laws_is_over(struct laws *laws);
/* What waits, and for what: " ledger (3 wait, 0 in flight …)". */
void laws_describe(struct laws *laws, struct buf *out);
/* When no daemon lives, and all was over. */
void laws_at_end(struct world *w);

#endif
