/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The writer's lists: callers add to `queue`; the thread moves all of that to its `backlog`, and
 * from there one group after the other. Order is that of queueing throughout, but for what is
 * `held`.
 *
 * A group that met damage is halved until the operation is found that can't be written.
 */
#include "journal/writer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long it rests: for each row that a commit had, within bounds. */
#define REST_ROW_NS INT64_C(24000)
#define REST_MIN_NS INT64_C(1000000)
#define REST_MAX_NS INT64_C(4000000)

struct writer {
    struct writer_options options;
    pthread_t thread;

    pthread_mutex_t mutex;
    pthread_cond_t filled; /* `queue` is no longer empty, has_retention, or `stopping` */
    struct list queue;
    size_t n_queued; /* in queue, backlog, group and held */
    size_t n_held;
    const struct op *oldest; /* of those the thread has taken; NULL when it has none */
    bool stopping, dropping;
    bool was_told; /* of damage that somebody else met */
    struct buf problem;
    enum err_code problem_code;
    struct journal_space space;
    int letter_holds;
    struct journal_retention retention; /* another one than before, where it has_retention */
    bool has_retention;
    struct histogram commits;

    /* the thread's alone */
    struct list backlog, group;
    struct list held; /* in order, until the end */
    bool is_damaged;
    size_t group_max;  /* rows of the next group … */
    size_t group_rows; /* … and of the last one */
};

/* ---- Groups --------------------------------------------------------------------------------- */

/* Whether it has to come behind something that is held. What is appended to a damaged file could be
   lost again, and a position that is written would cover what isn't. */
static bool is_held_up(const struct writer *w, const struct op *op)
{
    if (!w->is_damaged || op_is_append(op))
        return w->is_damaged;
    list_each (link, &w->held) {
        const struct op *held = list_entry(link, struct op, task.link);
        if (!op_is_append(held) && (op->kind == OP_FENCE || op->seq == held->seq))
            return true;
    }
    return false;
}

/* With the mutex held. */
static void note_oldest(struct writer *w)
{
    bool has_none = list_is_empty(&w->backlog);
    w->oldest = has_none ? NULL : list_first(&w->backlog, struct op, task.link);
}

static void hold(struct writer *w, struct op *op)
{
    list_remove(&op->task.link);
    list_add_tail(&w->held, &op->task.link);
    pthread_mutex_lock(&w->mutex);
    w->n_held++;
    if (w->oldest == op)
        note_oldest(w);
    pthread_mutex_unlock(&w->mutex);
}

/* Moves the next group out of the backlog, the ops of one group at most. */
static void fill_group(struct writer *w)
{
    size_t weight = 0;
    while (!list_is_empty(&w->backlog) && weight < w->group_max) {
        struct op *op = list_first(&w->backlog, struct op, task.link);
        if (is_held_up(w, op)) {
            hold(w, op);
            continue;
        }
        weight += op_weight(op);
        list_remove(&op->task.link);
        list_add_tail(&w->group, &op->task.link);
    }
    w->group_rows = weight;
}

static size_t count(const struct list *ops)
{
    size_t n = 0;
    for (const struct list *link = ops->next; link != ops; link = link->next)
        n++;
    return n;
}

/* Sets the problem; whether it changed. */
static bool set_problem(struct writer *w, enum err_code code, const char *problem)
{
    pthread_mutex_lock(&w->mutex);
    w->problem_code = code;
    bool changed = !slice_is_equal(buf_slice(&w->problem), slice_str(problem));
    if (changed) {
        buf_clear(&w->problem);
        buf_add_str(&w->problem, problem);
    }
    pthread_mutex_unlock(&w->mutex);
    return changed;
}

/* Makes known what was measured with a commit, and says so when room comes or goes. */
static void publish_space(struct writer *w)
{
    struct log *log = w->options.committer.log;
    struct journal_space space = *retain_space(w->options.retain);
    pthread_mutex_lock(&w->mutex);
    bool changed = space.room != w->space.room;
    space.since_ms = changed ? clock_wall_ms(&w->options.clock) : w->space.since_ms;
    w->space = space;
    pthread_mutex_unlock(&w->mutex);
    if (!changed)
        return;
    if (space.room == JOURNAL_HAS_ROOM)
        log_info(log, "journal: there is room again, events are taken");
    else
        log_error(log,
                  space.room == JOURNAL_FULL ? "journal: full, no events are taken"
                                             : "journal: the disk is short of room, no "
                                               "events are taken",
                  LOG_INT("bytes", space.bytes), LOG_INT("free", space.disk_free));
    w->options.notify(w->options.ctx);
}

/* From the push on the ops are the loop's, which frees them: nothing may point to them any more. */
static void hand_over(struct writer *w, int64_t took_us)
{
    pthread_mutex_lock(&w->mutex);
    histogram_observe(&w->commits, took_us);
    w->n_queued -= count(&w->group);
    note_oldest(w);
    pthread_mutex_unlock(&w->mutex);
    mailbox_push_all(w->options.committed, &w->group);
    w->options.notify(w->options.ctx);
}

/* The group, or `retain` in its transaction, met damage. An op that was alone is held; others go back,
   to come without those that aren't committed from now on, and in a smaller group where it isn't
   known which of them it was. */
static void narrow(struct writer *w, const struct retain *retain, const struct err *err)
{
    size_t n = count(&w->group);
    w->is_damaged = true;
    w->options.damaged(w->options.ctx, err->message);
    if (n == 1 && !retain) {
        struct op *op = list_first(&w->group, struct op, task.link);
        log_error(w->options.committer.log,
                  "journal: damage keeps an operation from being written until the next start",
                  LOG_STR("operation", op_kind_name(op->kind)), LOG_INT("event", op->seq),
                  LOG_STR("error", err->message));
        hold(w, op);
        return;
    }
    if (!retain)
        w->group_max = n / 2;
    list_splice_tail(&w->group, &w->backlog);
    list_splice_tail(&w->backlog, &w->group);
}

static void report_refusal(struct writer *w, const struct err *err)
{
    if (!set_problem(w, err->code, err->message))
        return;
    log_error(w->options.committer.log, "journal: cannot commit, trying again",
              LOG_STR("error", err->message));
    w->options.notify(w->options.ctx);
}

static void report_commit(struct writer *w)
{
    if (set_problem(w, ERR_NONE, ""))
        log_info(w->options.committer.log, "journal: commits work again");
    publish_space(w);
    w->group_max = w->group_max < WRITER_GROUP_MAX / 2 ? 2 * w->group_max : WRITER_GROUP_MAX;
}

/* Commits the group, filled from the backlog where it is empty, and perhaps empty still; false when
   the disk refuses. What was refused is tried by itself: retention waits until it is through, and
   removes nothing from a damaged file. */
static bool work(struct writer *w)
{
    struct err err = {0};
    bool is_retry = !list_is_empty(&w->group);
    struct retain *retain = is_retry || w->is_damaged ? NULL : w->options.retain;
    int64_t began_us = clock_mono_us(&w->options.clock);
    if (!is_retry)
        fill_group(w);
    if (list_is_empty(&w->group) && !retain)
        return true; /* all of it is held */
    if (commit_group(&w->options.committer, &w->group, retain, &err) == 0) {
        report_commit(w);
        if (!list_is_empty(&w->group))
            hand_over(w, clock_mono_us(&w->options.clock) - began_us);
        return true;
    }
    if (err.code == ERR_CORRUPT)
        narrow(w, retain, &err);
    else
        report_refusal(w, &err);
    return err.code == ERR_CORRUPT;
}

static bool has_work(const struct writer *w)
{
    return !list_is_empty(&w->group) || !list_is_empty(&w->backlog);
}

/* Takes what is queued, with the mutex held. */
static void take_queue(struct writer *w)
{
    retain_hold_letters(w->options.retain, w->letter_holds > 0);
    if (w->has_retention)
        retain_set(w->options.retain, &w->retention);
    w->has_retention = false;
    w->is_damaged = w->is_damaged || w->was_told;
    if (!has_work(w) && !list_is_empty(&w->queue))
        w->oldest = list_first(&w->queue, struct op, task.link);
    list_splice_tail(&w->backlog, &w->queue);
}

static int64_t retain_at_ms(const struct writer *w)
{
    return w->is_damaged ? INT64_MAX : retain_next_ms(w->options.retain);
}

static bool is_retain_due(const struct writer *w)
{
    int64_t next_ms = retain_at_ms(w);
    return next_ms != INT64_MAX && clock_mono_ms(&w->options.clock) >= next_ms;
}

/* ---- The thread ----------------------------------------------------------------------------- */

static struct timespec in_ms(int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    if (ms < 0)
        ms = 0;
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return until;
}

/* Waits, with the mutex held, until something is queued or retention is due. */
static void wait_for_queue(struct writer *w)
{
    int64_t next_ms = retain_at_ms(w);
    if (next_ms == INT64_MAX) {
        pthread_cond_wait(&w->filled, &w->mutex);
        return;
    }
    struct timespec until = in_ms(next_ms - clock_mono_ms(&w->options.clock));
    pthread_cond_timedwait(&w->filled, &w->mutex, &until);
}

/* Waits for work; false when there is none and the writer stops. */
static bool wait_for_work(struct writer *w)
{
    pthread_mutex_lock(&w->mutex);
    while (!has_work(w) && list_is_empty(&w->queue) && !is_retain_due(w) && !w->has_retention &&
           !w->stopping)
        wait_for_queue(w);
    take_queue(w);
    bool goes_on = has_work(w) || !w->stopping;
    bool dropping = w->dropping;
    pthread_mutex_unlock(&w->mutex);
    return goes_on && !dropping;
}

/* Lets a refusing disk rest; false when the writer stops, which gives up. */
static bool wait_for_disk(struct writer *w)
{
    struct timespec until = in_ms(WRITER_RETRY_MS);
    int rc = 0;
    pthread_mutex_lock(&w->mutex);
    while (!w->stopping && rc == 0)
        rc = pthread_cond_timedwait(&w->filled, &w->mutex, &until);
    bool goes_on = !w->stopping;
    pthread_mutex_unlock(&w->mutex);
    return goes_on;
}

/* What comes shortly after a commit shares the next one: each costs the same, however little it
   holds. What is queued already is enough for one. The more comes, the longer it pays to wait; who
   waits for commits to go on is held up for each of its rows alike, beyond the first millisecond. */
static void rest(const struct writer *w)
{
    int64_t ns = (int64_t)w->group_rows * REST_ROW_NS;
    const struct timespec time = {.tv_nsec = ns < REST_MIN_NS   ? REST_MIN_NS
                                             : ns > REST_MAX_NS ? REST_MAX_NS
                                                                : ns};
    if (!has_work(w))
        nanosleep(&time, NULL);
}

static void *run(void *ctx)
{
    struct writer *w = ctx;
    while (wait_for_work(w)) {
        if (work(w))
            rest(w);
        else if (!wait_for_disk(w))
            break;
    }
    return NULL;
}

bool writer_step(struct writer *w)
{
    pthread_mutex_lock(&w->mutex);
    take_queue(w);
    pthread_mutex_unlock(&w->mutex);
    return (has_work(w) || is_retain_due(w)) && work(w);
}

/* ---- Callers -------------------------------------------------------------------------------- */

struct writer *writer_new(const struct writer_options *options)
{
    struct writer *w = mem_calloc(1, sizeof(*w));
    pthread_condattr_t attr;
    w->options = *options;
    w->commits.scale = &histogram_work;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->filled, &attr);
    pthread_condattr_destroy(&attr);
    list_init(&w->queue);
    list_init(&w->backlog);
    list_init(&w->group);
    list_init(&w->held);
    w->group_max = WRITER_GROUP_MAX;
    if (!w->options.stepped)
        tasks_start_thread(&w->thread, "journal-writer", run, w);
    return w;
}

static void stop(struct writer *w, bool flush)
{
    if (w->options.stepped) {
        while (flush && writer_queued(w) > 0 && writer_step(w))
            ;
        return;
    }
    pthread_mutex_lock(&w->mutex);
    w->stopping = true;
    w->dropping = !flush;
    pthread_mutex_unlock(&w->mutex);
    pthread_cond_signal(&w->filled);
    pthread_join(w->thread, NULL);
}

void writer_free(struct writer *w, bool flush)
{
    if (!w)
        return;
    stop(w, flush);
    tasks_finish(&w->held, false);
    tasks_finish(&w->group, false);
    tasks_finish(&w->backlog, false);
    tasks_finish(&w->queue, false);
    pthread_cond_destroy(&w->filled);
    pthread_mutex_destroy(&w->mutex);
    buf_deinit(&w->problem);
    free(w);
}

void writer_queue(struct writer *w, struct op *op)
{
    pthread_mutex_lock(&w->mutex);
    bool was_empty = list_is_empty(&w->queue);
    list_add_tail(&w->queue, &op->task.link);
    w->n_queued++;
    pthread_mutex_unlock(&w->mutex);
    if (was_empty)
        pthread_cond_signal(&w->filled);
}

size_t writer_queued(struct writer *w)
{
    pthread_mutex_lock(&w->mutex);
    size_t n = w->n_queued;
    pthread_mutex_unlock(&w->mutex);
    return n;
}

size_t writer_held(struct writer *w)
{
    pthread_mutex_lock(&w->mutex);
    size_t n = w->n_held;
    pthread_mutex_unlock(&w->mutex);
    return n;
}

bool writer_oldest(struct writer *w, int64_t *queued_ms)
{
    pthread_mutex_lock(&w->mutex);
    const struct op *oldest = w->oldest;
    if (!oldest && !list_is_empty(&w->queue))
        oldest = list_first(&w->queue, struct op, task.link);
    if (oldest)
        *queued_ms = oldest->queued_ms;
    pthread_mutex_unlock(&w->mutex);
    return oldest != NULL;
}

bool writer_problem(struct writer *w, struct buf *text)
{
    buf_clear(text);
    pthread_mutex_lock(&w->mutex);
    buf_add_slice(text, buf_slice(&w->problem));
    pthread_mutex_unlock(&w->mutex);
    return text->len > 0;
}

enum err_code writer_problem_code(struct writer *w)
{
    pthread_mutex_lock(&w->mutex);
    enum err_code code = w->problem_code;
    pthread_mutex_unlock(&w->mutex);
    return code;
}

void writer_space(struct writer *w, struct journal_space *space)
{
    pthread_mutex_lock(&w->mutex);
    *space = w->space;
    pthread_mutex_unlock(&w->mutex);
}

void writer_commits(struct writer *w, struct histogram *out)
{
    pthread_mutex_lock(&w->mutex);
    *out = w->commits;
    pthread_mutex_unlock(&w->mutex);
}

void writer_tell_damage(struct writer *w)
{
    pthread_mutex_lock(&w->mutex);
    w->was_told = true;
    pthread_mutex_unlock(&w->mutex);
}

void writer_set_retention(struct writer *w, const struct journal_retention *retention)
{
    pthread_mutex_lock(&w->mutex);
    w->retention = *retention;
    w->has_retention = true;
    pthread_cond_signal(&w->filled);
    pthread_mutex_unlock(&w->mutex);
}

void writer_hold_letters(struct writer *w, int by)
{
    pthread_mutex_lock(&w->mutex);
    w->letter_holds += by;
    pthread_mutex_unlock(&w->mutex);
}
