/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A timer of the loop beats, the thread looks whether it did. A loop that only sleeps beats, too.
 */
#include "loop/guard.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"

#define LOOKS 30 /* without a beat */

struct loop_guard {
    struct loop_timer *timer;
    int64_t look_ms; /* between two looks, and two beats */
    int64_t limit_ms;
    _Atomic uint64_t beats; /* 0: the loop hasn't turned yet */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool is_ending;
};

static void on_beat(void *ctx)
{
    struct loop_guard *g = ctx;
    atomic_fetch_add(&g->beats, 1);
    loop_timer_start(g->timer, g->look_ms);
}

/* Whether there is a next look. */
static bool wait_for_look(struct loop_guard *g)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + g->look_ms % 1000 * 1000000;
    until.tv_sec += g->look_ms / 1000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    int rc = 0;
    pthread_mutex_lock(&g->mutex);
    while (!g->is_ending && rc == 0)
        rc = pthread_cond_timedwait(&g->ended, &g->mutex, &until);
    bool goes_on = !g->is_ending;
    pthread_mutex_unlock(&g->mutex);
    return goes_on;
}

static void *look_on(void *ctx)
{
    struct loop_guard *g = ctx;
    uint64_t seen = 0;
    for (int looks = 0; wait_for_look(g);) {
        uint64_t beats = atomic_load(&g->beats);
        looks = beats != seen || beats == 0 ? 0 : looks + 1;
        seen = beats;
        if (looks == LOOKS)
            die("the loop has not turned for %lld ms: a fault of Liaison, start it again",
                (long long)g->limit_ms);
    }
    return NULL;
}

static int start_thread(struct loop_guard *g)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&g->thread, NULL, look_on, g);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        pthread_setname_np(g->thread, "loop-guard");
    return rc;
}

struct loop_guard *loop_guard_new(struct loop *loop, int64_t limit_ms, struct err *err)
{
    struct loop_guard *g = mem_calloc(1, sizeof(*g));
    pthread_condattr_t attr;
    g->limit_ms = limit_ms;
    g->look_ms = limit_ms / LOOKS > 0 ? limit_ms / LOOKS : 1;
    g->timer = loop_timer_new(loop, on_beat, g);
    pthread_mutex_init(&g->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&g->ended, &attr);
    pthread_condattr_destroy(&attr);
    loop_timer_start(g->timer, 0);
    int rc = start_thread(g);
    if (rc == 0)
        return g;
    err_set_errno(err, ERR_IO, rc, "cannot start the loop's guard");
    g->is_ending = true;
    loop_timer_free(g->timer);
    free(g);
    return NULL;
}

void loop_guard_free(struct loop_guard *g)
{
    if (!g)
        return;
    pthread_mutex_lock(&g->mutex);
    g->is_ending = true;
    pthread_mutex_unlock(&g->mutex);
    pthread_cond_signal(&g->ended);
    pthread_join(g->thread, NULL);
    loop_timer_free(g->timer);
    pthread_cond_destroy(&g->ended);
    pthread_mutex_destroy(&g->mutex);
    free(g);
}
