/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * One simulation, from its seed to its end: hours of trouble, then the world heals, and all that is
 * left has to be worked off.
 */
#ifndef LIAISON_SIM_SIMULATE_H
#define LIAISON_SIM_SIMULATE_H

#include <stdint.h>

#include "world.h"

struct simulated {
    uint64_t hash;    /* of its trace: the same seed has the same */
    uint64_t n_lines; /* of that */
    int64_t us;       /* how much time went by */
    unsigned n_lives;
};

/* A world with all that is in it, at its beginning; its end; and how it heals: from then on nothing goes
   wrong and nothing new comes. */
void world_make(struct world *w, const struct wish *wish);
void world_unmake(struct world *w);
void world_heal(struct world *w);

/* In a process of its own: where a law is broken, it says so and ends it. */
struct simulated simulate(const struct wish *wish);

#endif
