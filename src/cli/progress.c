/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/progress.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "cli/terminal.h"

#define LINE_MAX_LEN 160
#define ERASE "\r\033[K"

struct progress {
    FILE *out;
    const char *what;
    pthread_t thread;
    pthread_mutex_t mutex; /* over all below */
    pthread_cond_t ended;
    bool is_ended, is_drawn;
    size_t done, total;
    long seconds;
};

static void draw(struct progress *p)
{
    char line[LINE_MAX_LEN];
    if (p->total > 0)
        snprintf(line, sizeof(line), "%s, %zu of %zu, %ld s", p->what, p->done, p->total,
                 p->seconds);
    else if (p->done > 0)
        snprintf(line, sizeof(line), "%s, %zu so far, %ld s", p->what, p->done, p->seconds);
    else
        snprintf(line, sizeof(line), "%s, %ld s", p->what, p->seconds);
    struct slice shown = terminal_cut(slice_str(line), terminal_line_width(p->out) - 1);
    fprintf(p->out, ERASE "%.*s", SLICE_FMT(shown));
    fflush(p->out);
    p->is_drawn = true;
}

static void erase(struct progress *p)
{
    if (!p->is_drawn)
        return;
    fputs(ERASE, p->out);
    fflush(p->out);
    p->is_drawn = false;
}

static void *run(void *ctx)
{
    struct progress *p = ctx;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&p->mutex);
    for (next.tv_sec++; !p->is_ended;) {
        if (pthread_cond_timedwait(&p->ended, &p->mutex, &next) == 0)
            continue;
        next.tv_sec++;
        p->seconds++;
        draw(p);
    }
    erase(p);
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

static void init_ended(struct progress *p)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&p->ended, &attr);
    pthread_condattr_destroy(&attr);
}

struct progress *progress_new(FILE *out, const char *what)
{
    if (!terminal_takes_controls(fileno(out)))
        return NULL;
    struct progress *p = mem_calloc(1, sizeof(*p));
    p->out = out;
    p->what = what;
    pthread_mutex_init(&p->mutex, NULL);
    init_ended(p);
    if (pthread_create(&p->thread, NULL, run, p) == 0)
        return p;
    /* It does without. */
    pthread_mutex_destroy(&p->mutex);
    pthread_cond_destroy(&p->ended);
    free(p);
    return NULL;
}

void progress_set(struct progress *p, size_t done, size_t total)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->mutex);
    p->done = done;
    p->total = total;
    pthread_mutex_unlock(&p->mutex);
}

void progress_hide(struct progress *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->mutex);
    erase(p);
    pthread_mutex_unlock(&p->mutex);
}

void progress_free(struct progress *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->mutex);
    p->is_ended = true;
    pthread_cond_signal(&p->ended);
    pthread_mutex_unlock(&p->mutex);
    pthread_join(p->thread, NULL);
    pthread_mutex_destroy(&p->mutex);
    pthread_cond_destroy(&p->ended);
    free(p);
}
