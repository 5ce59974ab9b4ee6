/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Connections whose client takes too long to send a request, even if it sends a byte now and then for
 * ever, or to take a short answer. For server.c.
 *
 *     deadline_begin(&d, &c, fd);        // a connection was made
 *     deadline_restart(&c);              // a request begins, its answer goes, or has gone
 *     deadline_stop(&c);                 // the request is here whole, or the connection is closed
 */
#ifndef LIAISON_HTTP_DEADLINE_H
#define LIAISON_HTTP_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"
#include "loop/loop.h"

/* In place. */
struct deadlines {
    struct loop *loop;
    struct clock clock;
    struct loop_timer *timer;
    struct list running; /* struct deadline: who began first ends first */
    int64_t ms;
    bool is_hurried;
};

/* In place, as part of what is kept of a connection. */
struct deadline {
    struct list link;
    struct deadlines *all;
    int fd;
    int64_t begun_ms; /* monotonic */
};

void deadlines_init(struct deadlines *all, struct loop *loop, int64_t ms);
void deadlines_deinit(struct deadlines *all);
/* While others want the room, all have this part of their time: who is slow gives way. */
#define DEADLINES_HURRY 12
void deadlines_hurry(struct deadlines *all, bool is_hurried);

/* After `ms` both directions of `fd` are shut down, which its owner comes to see. */
void deadline_begin(struct deadlines *all, struct deadline *d, int fd);
void deadline_restart(struct deadline *d);
void deadline_stop(struct deadline *d);

#endif
