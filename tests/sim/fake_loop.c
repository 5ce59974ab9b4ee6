/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A turn is as libev makes it: the hooks, then a sleep unless there is something to do, then what came
 * of it. All that is due at one moment is one turn's.
 */
#include "fake_loop.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/list.h"

struct loop {
    struct agenda *agenda;
    struct world *world;
    struct list hooks;
    struct list *next_hook; /* of the walk under way; freeing that hook moves it on */
    struct list woken;      /* struct loop_wake */
    bool hurries, is_stopped;
};

struct loop_timer {
    struct agenda_item item;
    struct loop *loop;
};

struct loop_wake {
    struct list link; /* in loop.woken */
    struct loop *loop;
    loop_fn fn;
    void *ctx;
};

struct loop_prepare {
    struct list link;
    struct loop *loop;
    loop_fn fn;
    void *ctx;
};

/* ---- the loop ---- */

struct loop *fake_loop_new(struct agenda *agenda, struct world *world)
{
    struct loop *loop = mem_calloc(1, sizeof(*loop));
    loop->agenda = agenda;
    loop->world = world;
    list_init(&loop->hooks);
    list_init(&loop->woken);
    return loop;
}

struct agenda *fake_loop_agenda(struct loop *loop)
{
    return loop->agenda;
}

struct world *fake_loop_world(struct loop *loop)
{
    return loop->world;
}

bool fake_loop_is_woken(const struct loop *loop)
{
    return loop->hurries || !list_is_empty(&loop->woken);
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    assert(list_is_empty(&loop->hooks));
    free(loop);
}

static void run_hooks(struct loop *loop)
{
    loop->next_hook = loop->hooks.next;
    while (loop->next_hook != &loop->hooks) {
        struct loop_prepare *hook = list_entry(loop->next_hook, struct loop_prepare, link);
        loop->next_hook = loop->next_hook->next;
        hook->fn(hook->ctx);
    }
}

static void run_woken(struct loop *loop)
{
    struct list woken;
    list_init(&woken);
    list_splice_tail(&woken, &loop->woken);
    while (!list_is_empty(&woken)) {
        struct loop_wake *wake = list_first(&woken, struct loop_wake, link);
        list_remove(&wake->link);
        wake->fn(wake->ctx);
    }
}

void loop_turn(struct loop *loop, bool wait)
{
    struct agenda *agenda = loop->agenda;
    run_hooks(loop);
    bool sleeps = wait && !loop->hurries && list_is_empty(&loop->woken);
    loop->hurries = false;
    run_woken(loop);
    if (sleeps)
        agenda_step(agenda);
    else
        agenda->n_seen++;
    while (agenda_next_us(agenda) <= agenda->now_us)
        agenda_step(agenda);
}

void loop_run(struct loop *loop)
{
    while (!loop->is_stopped)
        loop_turn(loop, true);
    loop->is_stopped = false;
}

void loop_stop(struct loop *loop)
{
    loop->is_stopped = true;
}

struct clock loop_clock(struct loop *loop)
{
    return agenda_clock(loop->agenda);
}

void loop_hurry(struct loop *loop)
{
    loop->hurries = true;
}

/* ---- timers ---- */

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn fn, void *ctx)
{
    struct loop_timer *timer = mem_calloc(1, sizeof(*timer));
    timer->loop = loop;
    timer->item.fn = fn;
    timer->item.ctx = ctx;
    return timer;
}

void loop_timer_free(struct loop_timer *timer)
{
    if (!timer)
        return;
    loop_timer_stop(timer);
    free(timer);
}

void loop_timer_start(struct loop_timer *timer, int64_t after_ms)
{
    agenda_put(timer->loop->agenda, &timer->item, after_ms * US_PER_MS);
}

void loop_timer_stop(struct loop_timer *timer)
{
    agenda_remove(timer->loop->agenda, &timer->item);
}

bool loop_timer_is_active(const struct loop_timer *timer)
{
    return heap_has(&timer->item.node);
}

/* ---- wake-ups ---- */

struct loop_wake *loop_wake_new(struct loop *loop, loop_fn fn, void *ctx)
{
    struct loop_wake *wake = mem_calloc(1, sizeof(*wake));
    wake->loop = loop;
    wake->fn = fn;
    wake->ctx = ctx;
    list_init(&wake->link);
    return wake;
}

void loop_wake_free(struct loop_wake *wake)
{
    if (!wake)
        return;
    list_remove(&wake->link);
    free(wake);
}

void loop_wake_send(struct loop_wake *wake)
{
    if (list_is_empty(&wake->link))
        list_add_tail(&wake->loop->woken, &wake->link);
}

/* ---- prepare hooks ---- */

struct loop_prepare *loop_prepare_new(struct loop *loop, loop_fn fn, void *ctx)
{
    struct loop_prepare *hook = mem_calloc(1, sizeof(*hook));
    hook->loop = loop;
    hook->fn = fn;
    hook->ctx = ctx;
    list_add_tail(&loop->hooks, &hook->link);
    return hook;
}

void loop_prepare_free(struct loop_prepare *hook)
{
    if (!hook)
        return;
    if (hook->loop->next_hook == &hook->link)
        hook->loop->next_hook = hook->link.next;
    list_remove(&hook->link);
    free(hook);
}

/* ---- what there is none of ---- */

struct loop_io *loop_io_new(struct loop *loop, int fd, int events, loop_io_fn fn, void *ctx)
{
    (void)loop, (void)events, (void)fn, (void)ctx;
    die("descriptor %d: the simulated loop watches none", fd);
}

void loop_io_free(struct loop_io *io)
{
    assert(!io);
}

void loop_io_set(struct loop_io *io, int events)
{
    (void)events;
    assert(!io);
}
