/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The time of a callback: the clock is read when it is first asked for the time, and stands still
 * until the callback returns, or what it did took long. An event asks for the time some thirty
 * times, and to read the system's clock costs more than most of what asks.
 *
 *     bool stood = moment_begin(&loop->moment);
 *     fn(ctx);
 *     moment_end(&loop->moment, stood);
 */
#ifndef LIAISON_LOOP_MOMENT_H
#define LIAISON_LOOP_MOMENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* In place. */
struct moment {
    struct clock clock; /* that is read */
    pthread_t owner;    /* the thread whose time stands */
    bool stands;
    bool has_mono, has_wall; /* they were read, at … */
    int64_t mono_us;
    int64_t wall_ms, wall_at_us; /* … this time by the other clock */
};

/* Of the calling thread. */
void moment_init(struct moment *moment, struct clock clock);
/* A callback begins and ends, perhaps within another one; moment_end takes what moment_begin gave. */
bool moment_begin(struct moment *moment);
void moment_end(struct moment *moment, bool stood);
/* Its clock. Outside of callbacks, and to other threads, it is the one that is read; clock_renew
   has it read anew. Wall time goes on with the other clock within a callback. */
struct clock moment_clock(struct moment *moment);

#endif
