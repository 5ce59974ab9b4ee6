/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "engine/trials.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json_items.h"
#include "base/list.h"
#include "base/thread.h"
#include "dryrun/compare.h"
#include "dryrun/given.h"
#include "engine/findings.h"

#define QUEUE_MAX 16
#define TIME_MAX_MS 30000
#define ANSWER_MAX ((size_t)64 << 20)

/* One version of the scripts, as the thread has it. */
struct side {
    struct dry_scripts scripts;
    struct sources *sources; /* of its own; given back on the loop */
    struct buf settings;
    struct dry_machine *machine;
};

struct trial {
    struct list link; /* in trials.queue */
    struct trials *trials;
    struct side after, before;
    bool compares;
    struct buf events, delivery; /* `delivery` empty: absent */
    int64_t now_ms, until_us;
    trial_fn done;
    void *ctx;

    /* What comes of it. */
    struct err err;
    struct findings findings;
    struct buf out;
};

struct trials {
    struct loop_wake *wake;
    struct list queue;
    size_t n_queued;
    struct trial *current;
    pthread_t thread;
    atomic_bool is_ending;
};

/* ---- on its thread ---- */

static int load(struct trial *t, struct side *side)
{
    findings_clear(&t->findings);
    side->machine = dry_machine_new(&side->scripts, findings_add, &t->findings);
    if (side->machine)
        return 0;
    struct buf text = {0};
    const struct engine_finding *first = findings_first_error(&t->findings);
    if (first)
        findings_format(first, &text);
    err_set(&t->err, ERR_SCRIPT, "%s", text.data ? text.data : "the scripts can't be loaded");
    buf_deinit(&text);
    return -1;
}

static void run_event(struct side *side, const struct event *event, struct buf *json)
{
    struct dryrun_result *result = dry_machine_try(side->machine, event);
    dryrun_add_json(json, result);
    dryrun_result_free(result);
}

static int attempt_delivery(struct trial *t, const struct event *event)
{
    struct given_delivery delivery;
    given_delivery_init(&delivery, buf_slice(&t->delivery));
    struct dryrun_result *result =
        dry_machine_attempt(t->after.machine, event, &delivery.wish, &t->err);
    if (result)
        dryrun_add_json(&t->out, result);
    dryrun_result_free(result);
    given_delivery_deinit(&delivery);
    return result ? 0 : -1;
}

static int compare_event(struct trial *t, struct compare *compare, const struct event *event)
{
    struct buf before = {0}, after = {0};
    run_event(&t->before, event, &before);
    run_event(&t->after, event, &after);
    int rc = compare_add(compare, buf_slice(&before), buf_slice(&after), &t->err);
    buf_deinit(&before);
    buf_deinit(&after);
    return rc;
}

static int check_time(struct trial *t)
{
    const struct clock clock = clock_system();
    if (atomic_load(&t->trials->is_ending))
        return err_set(&t->err, ERR_CANCELLED, "the daemon stops");
    if (clock_mono_us(&clock) > t->until_us)
        return err_set(&t->err, ERR_TIMEOUT, "the trial took longer than %d s: try fewer events",
                       TIME_MAX_MS / 1000);
    if (t->out.len > ANSWER_MAX)
        return err_set(&t->err, ERR_FULL, "the result passes %zu MB: try fewer events",
                       ANSWER_MAX >> 20);
    return 0;
}

static int try_event(struct trial *t, struct compare *compare, struct slice json)
{
    if (check_time(t) < 0)
        return -1;
    struct event *event = given_event(json, t->now_ms, &t->err);
    if (!event)
        return -1;
    int rc = 0;
    if (compare) {
        rc = compare_event(t, compare, event);
    } else {
        if (t->out.len > 1)
            buf_add_char(&t->out, ',');
        if (t->delivery.len > 0)
            rc = attempt_delivery(t, event);
        else
            run_event(&t->after, event, &t->out);
    }
    event_unref(event);
    return rc;
}

static int try_events(struct trial *t, struct compare *compare)
{
    struct json_items items;
    struct slice unused, event;
    int rc = 0;
    json_items_begin(&items, buf_slice(&t->events));
    while (rc == 0 && json_items_next(&items, &unused, &event))
        rc = try_event(t, compare, event);
    json_items_end(&items);
    return rc;
}

static void run_trial(struct trial *t)
{
    const struct clock clock = clock_system();
    struct compare *compare = t->compares ? compare_new(COMPARE_REQUESTS) : NULL;
    t->until_us = clock_mono_us(&clock) + INT64_C(1000) * TIME_MAX_MS;
    if (!compare)
        buf_add_char(&t->out, '[');
    if (load(t, &t->after) < 0 || (compare && load(t, &t->before) < 0) ||
        try_events(t, compare) < 0)
        goto out;
    if (compare)
        compare_add_json(&t->out, compare);
    else
        buf_add_char(&t->out, ']');
out:
    dry_machine_free(t->after.machine);
    dry_machine_free(t->before.machine);
    compare_free(compare);
}

static void *run(void *ctx)
{
    struct trials *trials = ctx;
    run_trial(trials->current);
    loop_wake_send(trials->wake);
    return NULL;
}

/* ---- on the loop ---- */

static void side_init(struct side *side, const struct dry_scripts *scripts)
{
    side->scripts = *scripts;
    side->sources = side->scripts.sources = sources_copy(scripts->sources);
    buf_add_slice(&side->settings, scripts->settings);
    side->scripts.settings = buf_slice(&side->settings);
}

static void side_deinit(struct side *side)
{
    sources_unref(side->sources);
    buf_deinit(&side->settings);
}

static void trial_free(struct trial *t)
{
    list_remove(&t->link);
    side_deinit(&t->after);
    side_deinit(&t->before);
    buf_deinit(&t->events);
    buf_deinit(&t->delivery);
    findings_clear(&t->findings);
    buf_deinit(&t->out);
    free(t);
}

static void finish(struct trial *t)
{
    struct trial_end end = {.err = t->err};
    if (t->err.code == ERR_NONE)
        end.json = buf_slice(&t->out);
    if (t->err.code == ERR_SCRIPT) {
        end.findings = t->findings.items;
        end.n_findings = t->findings.len;
    }
    t->done(t->ctx, &end);
    trial_free(t);
}

/* Those for which no thread can be had end at once. */
static void start_next(struct trials *trials)
{
    while (!trials->current && !list_is_empty(&trials->queue)) {
        struct trial *t = list_first(&trials->queue, struct trial, link);
        list_remove(&t->link);
        trials->n_queued--;
        trials->current = t;
        if (thread_start(&trials->thread, "trial", run, trials, &t->err) == 0)
            return;
        trials->current = NULL;
        finish(t);
    }
}

static void on_wake(void *ctx)
{
    struct trials *trials = ctx;
    struct trial *t = trials->current;
    pthread_join(trials->thread, NULL);
    trials->current = NULL;
    start_next(trials);
    finish(t);
}

int trials_start(struct trials *trials, const struct trial_wish *wish, trial_fn done, void *ctx,
                 struct err *err)
{
    if (trials->n_queued >= QUEUE_MAX)
        return err_set(err, ERR_FULL, "%d trials wait already", QUEUE_MAX);
    struct trial *t = mem_calloc(1, sizeof(*t));
    t->trials = trials;
    side_init(&t->after, &wish->scripts);
    t->compares = wish->before != NULL;
    if (t->compares)
        side_init(&t->before, wish->before);
    buf_add_slice(&t->events, wish->events);
    buf_add_slice(&t->delivery, wish->delivery);
    t->now_ms = wish->now_ms;
    t->done = done;
    t->ctx = ctx;
    list_add_tail(&trials->queue, &t->link);
    trials->n_queued++;
    start_next(trials);
    return 0;
}

/* ---- life ---- */

struct trials *trials_new(struct loop *loop)
{
    struct trials *trials = mem_calloc(1, sizeof(*trials));
    list_init(&trials->queue);
    trials->wake = loop_wake_new(loop, on_wake, trials);
    return trials;
}

static void cancel(struct trial *t)
{
    t->err = (struct err){0};
    err_set(&t->err, ERR_CANCELLED, "the daemon stops");
    finish(t);
}

void trials_free(struct trials *trials)
{
    if (!trials)
        return;
    atomic_store(&trials->is_ending, true);
    if (trials->current) {
        pthread_join(trials->thread, NULL);
        cancel(trials->current);
    }
    list_each (it, &trials->queue)
        cancel(list_entry(it, struct trial, link));
    loop_wake_free(trials->wake);
    free(trials);
}
