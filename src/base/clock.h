/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Time as a parameter: whoever needs to know it is handed a clock, tests and the simulator hand in
 * their own.
 */
#ifndef LIAISON_BASE_CLOCK_H
#define LIAISON_BASE_CLOCK_H

#include <stdint.h>

/* In place; both functions are called with ctx. */
struct clock {
    int64_t (*wall_ms)(void *ctx); /* Unix time in milliseconds; may jump */
    int64_t (*mono_us)(void *ctx); /* microseconds of a clock that never goes back */
    void *ctx;
    void (*renew)(void *ctx); /* see clock_renew; NULL: nothing to do */
};

/* The system's own clocks. */
struct clock clock_system(void);

static inline int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c->ctx);
}

/* For durations that are measured; what waits until a time waits by milliseconds. */
static inline int64_t clock_mono_us(const struct clock *c)
{
    return c->mono_us(c->ctx);
}

static inline int64_t clock_mono_ms(const struct clock *c)
{
    return clock_mono_us(c) / 1000;
}

/* What was just done took its time. For clocks that stand still while something is done. */
static inline void clock_renew(const struct clock *c)
{
    if (c->renew)
        c->renew(c->ctx);
}

/* A clock that stands still until it is told otherwise. */
struct clock_fake {
    int64_t wall_ms, mono_ms;
};

struct clock clock_of_fake(struct clock_fake *fake);
void clock_fake_advance(struct clock_fake *fake, int64_t ms);

#endif
