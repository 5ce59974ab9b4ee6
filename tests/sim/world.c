/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "world.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

#define EXIT_BROKEN 3

static void add_time(struct buf *line, int64_t now_us)
{
    int64_t ms = now_us / US_PER_MS;
    buf_printf(line, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%03" PRId64 " ", ms / 3600000,
               ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

/* FNV-1a. */
static uint64_t mix(uint64_t hash, struct slice line)
{
    for (size_t i = 0; i < line.len; i++)
        hash = (hash ^ (unsigned char)line.data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

void world_say(struct world *w, const char *fmt, ...)
{
    struct buf line = {0};
    va_list args;
    add_time(&line, w->agenda.now_us);
    va_start(args, fmt);
    buf_vprintf(&line, fmt, args);
    va_end(args);
    w->hash = mix(w->hash, buf_slice(&line));
    w->n_lines++;
    if (w->wish.has_trace)
        puts(line.data);
    buf_deinit(&line);
}

void world_broken(struct world *w, int law, const char *fmt, ...)
{
    struct buf line = {0};
    va_list args;
    buf_printf(&line, "seed %" PRIu64 ": law %d broken at ", w->wish.seed, law);
    add_time(&line, w->agenda.now_us);
    va_start(args, fmt);
    buf_vprintf(&line, fmt, args);
    va_end(args);
    puts(line.data);
    fflush(stdout);
    _Exit(EXIT_BROKEN);
}

uint64_t world_below(struct world *w, uint64_t n)
{
    return rng_upto(&w->rng, n - 1);
}

bool world_chance(struct world *w, unsigned permille)
{
    return world_below(w, 1000) < permille;
}

int64_t world_span_us(struct world *w, int64_t low_us, int64_t high_us)
{
    double doublings = log2((double)high_us / (double)low_us);
    double at = (double)world_below(w, 1 << 20) / (1 << 20);
    return (int64_t)((double)low_us * exp2(doublings * at));
}

int64_t world_wait_us(struct world *w, int64_t mean_us)
{
    double drawn = (double)(world_below(w, 1 << 20) + 1) / (1 << 20);
    return (int64_t)(-log(drawn) * (double)mean_us);
}
