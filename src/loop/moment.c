/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "loop/moment.h"

static bool stands(const struct moment *m)
{
    /* The owner first: the rest is its alone. */
    return pthread_equal(pthread_self(), m->owner) && m->stands;
}

static int64_t mono_us(void *ctx)
{
    struct moment *m = ctx;
    if (!stands(m))
        return clock_mono_us(&m->clock);
    if (!m->has_mono)
        m->mono_us = clock_mono_us(&m->clock);
    m->has_mono = true;
    return m->mono_us;
}

static int64_t wall_ms(void *ctx)
{
    struct moment *m = ctx;
    if (!stands(m))
        return clock_wall_ms(&m->clock);
    int64_t now_us = mono_us(m);
    if (!m->has_wall) {
        m->wall_ms = clock_wall_ms(&m->clock);
        m->wall_at_us = now_us;
        m->has_wall = true;
    }
    return m->wall_ms + (now_us - m->wall_at_us) / 1000;
}

static void renew(void *ctx)
{
    struct moment *m = ctx;
    m->has_mono = false;
}

void moment_init(struct moment *m, struct clock clock)
{
    *m = (struct moment){.clock = clock, .owner = pthread_self()};
}

static bool change(struct moment *m, bool stands)
{
    bool stood = m->stands;
    m->stands = stands;
    m->has_mono = m->has_wall = false;
    return stood;
}

bool moment_begin(struct moment *m)
{
    return change(m, true);
}

void moment_end(struct moment *m, bool stood)
{
    change(m, stood);
}

struct clock moment_clock(struct moment *m)
{
    return (struct clock){.wall_ms = wall_ms, .mono_us = mono_us, .ctx = m, .renew = renew};
}
