/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The event loop: timers, descriptors, signals, wake-ups from other threads, and a hook before it
 * sleeps. libev stands behind it and is seen nowhere else. One loop belongs to one thread; only
 * loop_wake_send may be called from others.
 *
 *     struct loop *loop = loop_new(&err);
 *     struct loop_timer *t = loop_timer_new(loop, on_due, self);
 *     loop_timer_start(t, 200);
 *     loop_run(loop);                 // until loop_stop
 *
 * A callback fetches its self, takes one step and returns; it may free the very thing it was
 * called for. Freeing stops. All _free accept NULL.
 */
#ifndef LIAISON_LOOP_LOOP_H
#define LIAISON_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"

struct loop;

/* Also has the process ignore SIGPIPE: a peer that went away is a failed write, not our end. */
struct loop *loop_new(struct err *err) must_check;
void loop_free(struct loop *loop); /* after all that was made on it */
/* Turns until loop_stop; returns at once when that was called before. May be called again after. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* The system's clock, which within a callback stands still from the first time that it is asked on
   (clock_renew moves it on); as long as the loop. Other threads may ask it too. */
struct clock loop_clock(struct loop *loop);
/* One turn; waits for something to happen when `wait`. For tests and nested drains. */
void loop_turn(struct loop *loop, bool wait);

typedef void (*loop_fn)(void *ctx);

/* Fires once, `after_ms` from now; starting a running one moves it. */
struct loop_timer;
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn fn, void *ctx);
void loop_timer_free(struct loop_timer *timer);
void loop_timer_start(struct loop_timer *timer, int64_t after_ms);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_is_active(const struct loop_timer *timer);

/* A descriptor that can be read or written; level-triggered. */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
typedef void (*loop_io_fn)(void *ctx, int events);
struct loop_io;
struct loop_io *loop_io_new(struct loop *loop, int fd, int events, loop_io_fn fn, void *ctx);
void loop_io_free(struct loop_io *io); /* the descriptor stays open */
/* 0 stops it. */
void loop_io_set(struct loop_io *io, int events);

/* A signal, delivered on the loop. */
struct loop_signal;
struct loop_signal *loop_signal_new(struct loop *loop, int signum, loop_fn fn, void *ctx);
void loop_signal_free(struct loop_signal *sig);

/* A wake-up that any thread (and a signal handler) may send; several before the loop turns are one.
   fn runs on the loop thread. */
struct loop_wake;
struct loop_wake *loop_wake_new(struct loop *loop, loop_fn fn, void *ctx);
void loop_wake_free(struct loop_wake *wake);
void loop_wake_send(struct loop_wake *wake);

/* fn runs on each turn before the loop sleeps, in the order of creation: here work gathered during
   the turn is handed on as one group. */
struct loop_prepare;
struct loop_prepare *loop_prepare_new(struct loop *loop, loop_fn fn, void *ctx);
void loop_prepare_free(struct loop_prepare *hook);

/* Makes the next turn not sleep: a prepare hook that made new work says so. */
void loop_hurry(struct loop *loop);

#endif
