/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "http/deadline.h"

#include <sys/socket.h>

static void end_late_ones(void *ctx)
{
    struct deadlines *all = ctx;
    int64_t ms = all->is_hurried ? all->ms / DEADLINES_HURRY : all->ms;
    int64_t late_ms = clock_mono_ms(&all->clock) - ms;
    list_each (it, &all->running) {
        struct deadline *d = list_entry(it, struct deadline, link);
        if (d->begun_ms > late_ms) {
            loop_timer_start(all->timer, d->begun_ms - late_ms);
            return;
        }
        list_remove(&d->link);
        shutdown(d->fd, SHUT_RDWR);
    }
}

void deadlines_init(struct deadlines *all, struct loop *loop, int64_t ms)
{
    *all = (struct deadlines){.loop = loop, .clock = loop_clock(loop), .ms = ms};
    list_init(&all->running);
    all->timer = loop_timer_new(loop, end_late_ones, all);
}

void deadlines_deinit(struct deadlines *all)
{
    loop_timer_free(all->timer);
    all->timer = NULL;
}

/* Who is late by now ends in the loop's next turn. */
void deadlines_hurry(struct deadlines *all, bool is_hurried)
{
    bool is_sooner = is_hurried && !all->is_hurried && !list_is_empty(&all->running);
    all->is_hurried = is_hurried;
    if (is_sooner)
        loop_timer_start(all->timer, 0);
}

void deadline_begin(struct deadlines *all, struct deadline *d, int fd)
{
    *d = (struct deadline){.all = all, .fd = fd};
    list_init(&d->link);
    deadline_restart(d);
}

/* A timer that runs is left as it is: when it is due, it is set for who is the first then. */
void deadline_restart(struct deadline *d)
{
    struct deadlines *all = d->all;
    d->begun_ms = clock_mono_ms(&all->clock);
    list_remove(&d->link);
    list_add_tail(&all->running, &d->link);
    if (!loop_timer_is_active(all->timer))
        loop_timer_start(all->timer, all->ms);
}

void deadline_stop(struct deadline *d)
{
    list_remove(&d->link);
}
