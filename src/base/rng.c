/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * xoshiro256** 1.0, its state spread from one seed by splitmix64, as its authors advise.
 */
#include "base/rng.h"

#include <sys/random.h>

#include "base/err.h"

static uint64_t rotate_left(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

void rng_init(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix64(&seed);
}

void rng_init_entropy(struct rng *r)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        die("the system gives no random bytes");
    rng_init(r, seed);
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t rng_upto(struct rng *r, uint64_t max)
{
    if (max == UINT64_MAX)
        return rng_next(r);
    uint64_t n = max + 1;
    /* The 2^64 mod n smallest draws would make the low results likelier: draw again. */
    uint64_t surplus = (0 - n) % n;
    uint64_t draw;
    do
        draw = rng_next(r);
    while (draw < surplus);
    return draw % n;
}
