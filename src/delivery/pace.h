/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How a connector comes back after trouble: slowly, however much has piled up. For 10 s no more than
 * one and a half times as many attempts a second as there were before, then twice as many every 5 s,
 * until that holds nothing back any more. What there was before is measured while all is well, as the
 * mean of the last minutes. Pure, in place; times are monotonic ms.
 *
 *     pace_start(&p, now);                 // with each attempt
 *     pace_stop(&p, now);                  // the breaker opens, a person pauses it, …
 *     pace_resume(&p, now);                // … and it is over
 *     if (pace_opens_at(&p, now) <= now)   // may one start?
 */
#ifndef LIAISON_DELIVERY_PACE_H
#define LIAISON_DELIVERY_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/bucket.h"

enum pace_state {
    PACE_STEADY,  /* all is well: measured, and nothing is held back */
    PACE_STOPPED, /* trouble */
    PACE_RISING,  /* after it */
};

struct pace {
    enum pace_state state;
    double attempts,
        ms;           /* of the last minutes: how many, in what time; what is older weighs less */
    unsigned counted; /* attempts that aren't in there yet … */
    int64_t since;    /* … of the time from here on; INT64_MIN: before the first */
    int64_t resumed_at;
    int64_t pressed_at; /* when something was held back last */
    struct bucket bucket;
};

void pace_init(struct pace *p);
/* An attempt starts. */
void pace_start(struct pace *p, int64_t now);
/* Trouble begins, or goes on. */
void pace_stop(struct pace *p, int64_t now);
/* It is over, now or at a time to come. Nothing where there was none. */
void pace_resume(struct pace *p, int64_t at);
/* When the next attempt may start, at the earliest now. */
int64_t pace_opens_at(const struct pace *p, int64_t now);

#endif
