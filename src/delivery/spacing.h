/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Attempts one after the other with time between them, for a receiver that refuses for its rate what comes
 * even one at once: a limiter without a burst counts how long ago the last one was, and not how many
 * there are. How much time that has to be is found out by trying: somewhat fewer than were taken when one
 * is refused, and gently more while none is; the more gently, the more a refusal costs. Pure, in place;
 * times are monotonic ms.
 *
 *     spacing_refused(&s, true, after_ms, started_at, now);  // by its rate, and one at once is the least
 *     if (spacing_opens_at(&s, now) <= now)                  // may one start?
 *         spacing_start(&s, now);
 *     spacing_succeeded(&s, started_at);
 */
#ifndef LIAISON_DELIVERY_SPACING_H
#define LIAISON_DELIVERY_SPACING_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/bucket.h"

struct spacing {
    double per_ms;      /* attempts; 0: they aren't spaced */
    double good_per_ms; /* were taken before the last refusal: until there it rises fast */
    unsigned round;     /* successes until it is a quarter more, from there on */
    unsigned successes; /* since the last refusal */
    unsigned at_will;   /* attempts in a row that weren't held back */
    int64_t refused_at; /* the last refusal that counted; INT64_MIN: there was none */
    struct bucket bucket;
};

void spacing_init(struct spacing *s);
void spacing_forget(struct spacing *s);

static inline bool spacing_is_on(const struct spacing *s)
{
    return s->per_ms > 0;
}

/* The time between two, to the nearest millisecond; 0: they aren't spaced. */
int64_t spacing_ms(const struct spacing *s);

/* The other side refused for its rate, and asked for `after_ms` without any (-1: it didn't say). Where
   attempts aren't spaced they are from now on, if `is_one` is the most at once, and if it has taken
   something since it refused before: who takes nothing at all is no matter of rates. */
void spacing_refused(struct spacing *s, bool is_one, int64_t after_ms, int64_t started_at,
                     int64_t now);
void spacing_succeeded(struct spacing *s, int64_t started_at);
/* When the next attempt may start, at the earliest now. */
int64_t spacing_opens_at(const struct spacing *s, int64_t now);
/* One starts. */
void spacing_start(struct spacing *s, int64_t now);

#endif
