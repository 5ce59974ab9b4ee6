/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Virtual time: what is to happen, and when. Time passes only by going to the next thing on the
 * agenda, so that hours take as long as what happens in them. It goes on over the lives of the daemon.
 *
 *     agenda_put(&agenda, &bus->next_event, 250000);   // in 250 ms
 *     while (agenda_step(&agenda)) …                   // goes there, and calls it
 */
#ifndef LIAISON_SIM_AGENDA_H
#define LIAISON_SIM_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/heap.h"

/* In place, in what it is about. */
struct agenda_item {
    struct heap_node node;
    void (*fn)(void *ctx);
    void *ctx;
    bool is_aside; /* the daemon's loop isn't woken by it */
};

struct agenda {
    struct heap items;
    int64_t now_us;  /* monotonic */
    int64_t wall_us; /* what the wall clock shows more than that; jumps */
    uint64_t n_seen; /* what the daemon's loop was woken by, or for */
};

#define US_PER_MS INT64_C(1000)
#define US_PER_S INT64_C(1000000)
#define US_PER_MIN (60 * US_PER_S)
#define US_PER_H (60 * US_PER_MIN)

/* An item already on it is moved. Of one moment they come in the order in which they were put. */
void agenda_put(struct agenda *a, struct agenda_item *item, int64_t after_us);
void agenda_remove(struct agenda *a, struct agenda_item *item); /* nothing where it isn't on it */
/* When the next one is due; INT64_MAX: there is none. */
int64_t agenda_next_us(const struct agenda *a);
/* Goes to the next item and calls it; false when there is none. */
bool agenda_step(struct agenda *a);
/* Everything on it is its owner's. */
void agenda_deinit(struct agenda *a);
/* Its time, as long as it lives. */
struct clock agenda_clock(struct agenda *a);

#endif
