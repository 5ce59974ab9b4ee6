/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>

#include "base/buf.h"
#include "base/thread.h"
#include "script/machine.h"

#define TICK_MS 5
#define TICK_US ((int64_t)TICK_MS * 1000)
/* Ticks without a script after which the thread sleeps until it is woken. */
#define IDLE_TICKS 40

struct watchdog {
    lua_State *L;
    pthread_t thread;  /* that looks on */
    pthread_t watched; /* that runs scripts */
    clockid_t clock;   /* processor time of `watched` */
    sem_t wake;

    _Atomic uint64_t run;       /* number of the run that is on, 0: none */
    _Atomic int64_t budget_us;  /* of that run */
    _Atomic uint64_t condemned; /* number of the run that a signal is meant for */
    _Atomic uint64_t seen;      /* number of the run that was seen last, */
    _Atomic int64_t seen_at_us; /* and the processor time then */
    atomic_bool is_asleep, is_ending;

    uint64_t last_run;
    int64_t entered_us;
    volatile sig_atomic_t is_armed;
};

static int64_t read_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- on the watched thread ---- */

static void on_instruction(lua_State *L, lua_Debug *ar)
{
    struct script_run *run = machine_of(L)->current;
    if (lua_isyieldable(L)) {
        if (run && lua_getinfo(L, "l", ar))
            run->stop_line = ar->currentline;
        lua_yield(L, 0);
    }
    luaL_error(L, "stopped");
}

void watchdog_stop(struct watchdog *w)
{
    w->is_armed = 1;
    lua_sethook(w->L, on_instruction, LUA_MASKCOUNT, 1); /* may be called in a signal handler */
}

/* A signal that comes too late finds another run, or none, and does nothing. */
static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    if (info->si_code != SI_QUEUE || info->si_pid != getpid())
        return;
    struct watchdog *w = info->si_value.sival_ptr;
    if (atomic_load(&w->run) == atomic_load(&w->condemned))
        watchdog_stop(w);
}

void watchdog_enter(struct watchdog *w, int64_t budget_us)
{
    w->entered_us = read_us(CLOCK_MONOTONIC);
    atomic_store_explicit(&w->budget_us, budget_us, memory_order_relaxed);
    atomic_store(&w->run, ++w->last_run);
    if (atomic_load(&w->is_asleep) && atomic_exchange(&w->is_asleep, false))
        sem_post(&w->wake);
}

/* What a run that takes longer than a tick has taken of the processor: others may have had it most of
   that time. One that wasn't seen yet has taken no more than a tick. */
static int64_t ran_us(const struct watchdog *w)
{
    int64_t elapsed_us = read_us(CLOCK_MONOTONIC) - w->entered_us;
    if (elapsed_us <= TICK_US || atomic_load(&w->seen) != w->last_run)
        return elapsed_us;
    int64_t used_us = read_us(w->clock) - atomic_load(&w->seen_at_us) + TICK_US;
    return used_us < elapsed_us ? used_us : elapsed_us;
}

int64_t watchdog_leave(struct watchdog *w, bool *was_stopped)
{
    atomic_store(&w->run, 0);
    *was_stopped = w->is_armed;
    if (w->is_armed) {
        lua_sethook(w->L, NULL, 0, 0);
        w->is_armed = 0;
    }
    return ran_us(w);
}

bool watchdog_is_stopping(const struct watchdog *w)
{
    return w->is_armed;
}

/* ---- on its own thread ---- */

static void condemn(struct watchdog *w, uint64_t run)
{
    atomic_store(&w->condemned, run);
    pthread_sigqueue(w->watched, SIGUSR1, (union sigval){.sival_ptr = w});
}

static void see(struct watchdog *w, uint64_t run, int64_t now_us)
{
    atomic_store(&w->seen_at_us, now_us);
    atomic_store(&w->seen, run);
}

static void sleep_tick(void)
{
    struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, NULL);
}

/* Sleeps until a run begins. A run that began before `is_asleep` was seen is found by the second
   look; both sides use sequentially consistent accesses for that. */
static void sleep_until_woken(struct watchdog *w)
{
    atomic_store(&w->is_asleep, true);
    if ((atomic_load(&w->run) || atomic_load(&w->is_ending)) &&
        atomic_exchange(&w->is_asleep, false))
        return;
    while (sem_wait(&w->wake) < 0 && errno == EINTR)
        ;
}

/* Counts processor time, not the clock on the wall: a busy machine condemns nobody. */
static void *look_on(void *arg)
{
    struct watchdog *w = arg;
    for (int idle = 0; !atomic_load(&w->is_ending);) {
        uint64_t run = atomic_load(&w->run), seen = atomic_load(&w->seen);
        int64_t now_us = run ? read_us(w->clock) : 0;
        if (run && run == seen &&
            now_us - atomic_load(&w->seen_at_us) >= atomic_load(&w->budget_us))
            condemn(w, run);
        else if (run != seen)
            see(w, run, now_us);
        idle = run || seen ? 0 : idle + 1;
        if (idle > IDLE_TICKS)
            sleep_until_woken(w);
        else
            sleep_tick();
    }
    return NULL;
}

/* ---- life ---- */

/* The handler is the process's, but knows its watchdog from the signal itself. */
static void install_handler(void)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
}

struct watchdog *watchdog_new(lua_State *L, struct err *err)
{
    struct watchdog *w = mem_calloc(1, sizeof(*w));
    w->L = L;
    w->watched = pthread_self();
    pthread_getcpuclockid(w->watched, &w->clock);
    sem_init(&w->wake, 0, 0);
    install_handler();
    if (thread_start(&w->thread, "watchdog", look_on, w, err) < 0) {
        sem_destroy(&w->wake);
        free(w);
        return NULL;
    }
    return w;
}

/* A signal on its way is delivered on the return of a system call, before the memory goes. */
static void drain_signals(void)
{
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
}

void watchdog_free(struct watchdog *w)
{
    if (!w)
        return;
    atomic_store(&w->is_ending, true);
    sem_post(&w->wake);
    pthread_join(w->thread, NULL);
    drain_signals();
    sem_destroy(&w->wake);
    free(w);
}
