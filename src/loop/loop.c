/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * libev's epoll loop behind loop.h. Each watcher embeds libev's own, so that starting and stopping
 * allocates nothing. Stopping a libev watcher also takes back an event that it has pending: that is
 * why anything may be freed at any time.
 */
#include "loop/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

#include <ev.h>

#include "base/buf.h"
#include "base/list.h"
#include "loop/moment.h"

/* A walk over the prepare hooks that stands at `next`; freeing that hook moves it on. A hook that
   turns the loop itself puts a walk inside a walk. */
struct hook_walk {
    struct list *next;
    struct hook_walk *outer;
};

struct loop {
    struct ev_loop *ev;
    ev_prepare prepare;
    ev_idle hurry; /* while it is active libev doesn't sleep */
    struct list hooks;
    struct hook_walk *walk; /* the innermost under way, else NULL */
    bool is_stopped;
    struct moment moment;
    int64_t told_us; /* the time at which libev looked at its own clock last */
};

struct loop_timer {
    ev_timer ev;
    struct loop *loop;
    loop_fn fn;
    void *ctx;
};

struct loop_io {
    ev_io ev;
    struct loop *loop;
    loop_io_fn fn;
    void *ctx;
};

struct loop_signal {
    ev_signal ev;
    struct loop *loop;
    loop_fn fn;
    void *ctx;
};

struct loop_wake {
    ev_async ev;
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

/* ---- The loop ------------------------------------------------------------------------------- */

/* A callback begins; it may free what it was called for. */
static void call(struct loop *loop, loop_fn fn, void *ctx)
{
    bool stood = moment_begin(&loop->moment);
    fn(ctx);
    moment_end(&loop->moment, stood);
}

/* libev runs pending watchers of a kind backwards; the order of creation is ours to keep. */
static void run_hooks(struct ev_loop *ev, ev_prepare *watcher, int revents)
{
    (void)ev, (void)revents;
    struct loop *loop = watcher->data;
    struct hook_walk walk = {loop->hooks.next, loop->walk};
    loop->walk = &walk;
    while (walk.next != &loop->hooks) {
        struct loop_prepare *hook = list_entry(walk.next, struct loop_prepare, link);
        walk.next = walk.next->next;
        call(loop, hook->fn, hook->ctx);
    }
    loop->walk = walk.outer;
}

static void end_hurry(struct ev_loop *ev, ev_idle *watcher, int revents)
{
    (void)revents;
    ev_idle_stop(ev, watcher);
}

struct loop *loop_new(struct err *err)
{
    struct ev_loop *ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (!ev) {
        err_set_errno(err, ERR_IO, errno, "cannot make an event loop");
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN);

    struct loop *loop = mem_calloc(1, sizeof(*loop));
    loop->ev = ev;
    list_init(&loop->hooks);
    moment_init(&loop->moment, clock_system());
    ev_prepare_init(&loop->prepare, run_hooks);
    loop->prepare.data = loop;
    ev_prepare_start(ev, &loop->prepare);
    /* Of the highest priority, for libev keeps an idle watcher back while others are pending. */
    ev_idle_init(&loop->hurry, end_hurry);
    ev_set_priority(&loop->hurry, EV_MAXPRI);
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    assert(list_is_empty(&loop->hooks));
    ev_loop_destroy(loop->ev);
    free(loop);
}

void loop_run(struct loop *loop)
{
    if (!loop->is_stopped)
        ev_run(loop->ev, 0);
    loop->is_stopped = false;
}

void loop_stop(struct loop *loop)
{
    loop->is_stopped = true;
    ev_break(loop->ev, EVBREAK_ALL);
}

struct clock loop_clock(struct loop *loop)
{
    return moment_clock(&loop->moment);
}

void loop_turn(struct loop *loop, bool wait)
{
    ev_run(loop->ev, wait ? EVRUN_ONCE : EVRUN_NOWAIT);
}

void loop_hurry(struct loop *loop)
{
    ev_idle_start(loop->ev, &loop->hurry);
}

/* ---- Timers --------------------------------------------------------------------------------- */

static void timer_due(struct ev_loop *ev, ev_timer *watcher, int revents)
{
    (void)ev, (void)revents;
    struct loop_timer *timer = watcher->data;
    call(timer->loop, timer->fn, timer->ctx);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn fn, void *ctx)
{
    struct loop_timer *timer = mem_alloc(sizeof(*timer));
    timer->loop = loop;
    timer->fn = fn;
    timer->ctx = ctx;
    ev_timer_init(&timer->ev, timer_due, 0., 0.);
    timer->ev.data = timer;
    return timer;
}

void loop_timer_free(struct loop_timer *timer)
{
    if (!timer)
        return;
    loop_timer_stop(timer);
    free(timer);
}

/* libev counts from the turn's beginning: in a long turn timers would fire too early. */
static void tell_time(struct loop *loop)
{
    struct clock clock = loop_clock(loop);
    int64_t now_us = clock_mono_us(&clock);
    if (now_us != loop->told_us)
        ev_now_update(loop->ev);
    loop->told_us = now_us;
}

void loop_timer_start(struct loop_timer *timer, int64_t after_ms)
{
    struct ev_loop *ev = timer->loop->ev;
    ev_timer_stop(ev, &timer->ev);
    tell_time(timer->loop);
    ev_timer_set(&timer->ev, after_ms > 0 ? (double)after_ms / 1000. : 0., 0.);
    ev_timer_start(ev, &timer->ev);
}

void loop_timer_stop(struct loop_timer *timer)
{
    ev_timer_stop(timer->loop->ev, &timer->ev);
}

bool loop_timer_is_active(const struct loop_timer *timer)
{
    return ev_is_active(&timer->ev);
}

/* ---- Descriptors ---------------------------------------------------------------------------- */

static int events_to_ev(int events)
{
    return (events & LOOP_READ ? EV_READ : 0) | (events & LOOP_WRITE ? EV_WRITE : 0);
}

static void io_ready(struct ev_loop *ev, ev_io *watcher, int revents)
{
    (void)ev;
    struct loop_io *io = watcher->data;
    int events = (revents & EV_READ ? LOOP_READ : 0) | (revents & EV_WRITE ? LOOP_WRITE : 0);
    /* libev found the descriptor closed and has stopped the watcher: let its reader see that. */
    if (revents & EV_ERROR)
        events = LOOP_READ | LOOP_WRITE;
    struct loop *loop = io->loop;
    bool stood = moment_begin(&loop->moment);
    io->fn(io->ctx, events);
    moment_end(&loop->moment, stood);
}

struct loop_io *loop_io_new(struct loop *loop, int fd, int events, loop_io_fn fn, void *ctx)
{
    struct loop_io *io = mem_alloc(sizeof(*io));
    io->loop = loop;
    io->fn = fn;
    io->ctx = ctx;
    ev_io_init(&io->ev, io_ready, fd, events_to_ev(events));
    io->ev.data = io;
    if (events)
        ev_io_start(loop->ev, &io->ev);
    return io;
}

void loop_io_free(struct loop_io *io)
{
    if (!io)
        return;
    ev_io_stop(io->loop->ev, &io->ev);
    free(io);
}

void loop_io_set(struct loop_io *io, int events)
{
    ev_io_stop(io->loop->ev, &io->ev);
    ev_io_modify(&io->ev, events_to_ev(events));
    if (events)
        ev_io_start(io->loop->ev, &io->ev);
}

/* ---- Signals -------------------------------------------------------------------------------- */

static void signal_came(struct ev_loop *ev, ev_signal *watcher, int revents)
{
    (void)ev, (void)revents;
    struct loop_signal *sig = watcher->data;
    call(sig->loop, sig->fn, sig->ctx);
}

struct loop_signal *loop_signal_new(struct loop *loop, int signum, loop_fn fn, void *ctx)
{
    struct loop_signal *sig = mem_alloc(sizeof(*sig));
    sig->loop = loop;
    sig->fn = fn;
    sig->ctx = ctx;
    ev_signal_init(&sig->ev, signal_came, signum);
    sig->ev.data = sig;
    ev_signal_start(loop->ev, &sig->ev);
    return sig;
}

void loop_signal_free(struct loop_signal *sig)
{
    if (!sig)
        return;
    ev_signal_stop(sig->loop->ev, &sig->ev);
    free(sig);
}

/* ---- Wake-ups ------------------------------------------------------------------------------- */

static void wake_came(struct ev_loop *ev, ev_async *watcher, int revents)
{
    (void)ev, (void)revents;
    struct loop_wake *wake = watcher->data;
    call(wake->loop, wake->fn, wake->ctx);
}

struct loop_wake *loop_wake_new(struct loop *loop, loop_fn fn, void *ctx)
{
    struct loop_wake *wake = mem_alloc(sizeof(*wake));
    wake->loop = loop;
    wake->fn = fn;
    wake->ctx = ctx;
    ev_async_init(&wake->ev, wake_came);
    wake->ev.data = wake;
    ev_async_start(loop->ev, &wake->ev);
    return wake;
}

void loop_wake_free(struct loop_wake *wake)
{
    if (!wake)
        return;
    ev_async_stop(wake->loop->ev, &wake->ev);
    free(wake);
}

void loop_wake_send(struct loop_wake *wake)
{
    ev_async_send(wake->loop->ev, &wake->ev);
}

/* ---- Prepare hooks -------------------------------------------------------------------------- */

struct loop_prepare *loop_prepare_new(struct loop *loop, loop_fn fn, void *ctx)
{
    struct loop_prepare *hook = mem_alloc(sizeof(*hook));
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
    for (struct hook_walk *walk = hook->loop->walk; walk; walk = walk->outer) {
        if (walk->next == &hook->link)
            walk->next = hook->link.next;
    }
    list_remove(&hook->link);
    free(hook);
}
