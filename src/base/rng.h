/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A pseudo-random generator that a seed repeats (xoshiro256**, Blackman and Vigna), for jitter,
 * sampling and simulations; never for secrets, which crypto/ draws.
 */
#ifndef LIAISON_BASE_RNG_H
#define LIAISON_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_init(struct rng *r, uint64_t seed);
/* Seeded by the system's entropy (getrandom). */
void rng_init_entropy(struct rng *r);
uint64_t rng_next(struct rng *r);
/* Evenly from 0 to max inclusive, without bias. */
uint64_t rng_upto(struct rng *r, uint64_t max);

#endif
