/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * When to connect again. After a stream that served its purpose the bus's own reconnection time is
 * waited for; after failures in a row twice as long each time, up to a minute. Never less than the
 * reconnection time, and always with some jitter, so that many who lost one bus don't return at
 * once.
 *
 *     struct reconnect r;
 *     reconnect_init(&r);
 *     loop_timer_start(timer, reconnect_after_failure(&r, 0, rng));
 */
#ifndef LIAISON_CHANNEL_RECONNECT_H
#define LIAISON_CHANNEL_RECONNECT_H

#include <stdint.h>

#include "base/rng.h"

#define RECONNECT_DEFAULT_MS 1000
#define RECONNECT_LEAST_MS 20    /* of a reconnection time: a bus that says 0 is polled, not spun */
#define RECONNECT_GROWN_MS 60000 /* what the delay grows to by itself */
#define RECONNECT_ASKED_MS 3600000 /* what a bus may ask for */

struct reconnect {
    int64_t base_ms;   /* the reconnection time */
    unsigned failures; /* in a row */
};

void reconnect_init(struct reconnect *r);
/* The bus's own reconnection time, brought within the bounds above. */
void reconnect_set_base(struct reconnect *r, int64_t base_ms);
/* The other side serves: the next failure is the first. */
void reconnect_succeeded(struct reconnect *r);

/* How long to wait, in ms, after a stream that ended in good order: the reconnection time and up to
   a tenth of it. */
int64_t reconnect_after_end(const struct reconnect *r, struct rng *rng);
/* The same after a failure; `asked_ms` is what the other side asked for (Retry-After), or 0. The
   nth in a row waits from half to the whole of base * 2^n. */
int64_t reconnect_after_failure(struct reconnect *r, int64_t asked_ms, struct rng *rng);

#endif
