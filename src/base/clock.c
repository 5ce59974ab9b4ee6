/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The system's clocks, and one that stands still.
 */
#include "base/clock.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "base/err.h"

static struct timespec read_clock(clockid_t id)
{
    struct timespec t;
    if (clock_gettime(id, &t) < 0)
        die("cannot read the clock: %s", strerrordesc_np(errno));
    return t;
}

static int64_t system_wall_ms(void *ctx)
{
    (void)ctx;
    struct timespec t = read_clock(CLOCK_REALTIME);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_mono_us(void *ctx)
{
    (void)ctx;
    struct timespec t = read_clock(CLOCK_MONOTONIC);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct clock clock_system(void)
{
    return (struct clock){.wall_ms = system_wall_ms, .mono_us = system_mono_us};
}

static int64_t fake_wall_ms(void *ctx)
{
    const struct clock_fake *fake = ctx;
    return fake->wall_ms;
}

static int64_t fake_mono_us(void *ctx)
{
    const struct clock_fake *fake = ctx;
    return fake->mono_ms * 1000;
}

struct clock clock_of_fake(struct clock_fake *fake)
{
    return (struct clock){.wall_ms = fake_wall_ms, .mono_us = fake_mono_us, .ctx = fake};
}

void clock_fake_advance(struct clock_fake *fake, int64_t ms)
{
    fake->wall_ms += ms;
    fake->mono_ms += ms;
}
