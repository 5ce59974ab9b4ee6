/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The parts put together: what is made when, what hangs on what, and how it all ends.
 */
#include "engine/engine.h"

#include <stdlib.h>

#include "base/buf.h"
#include "engine/parts.h"
#include "version.h"

/* ---- the turn of the loop ---- */

static void arm_due(struct engine *e)
{
    int64_t next_ms = lanes_next_ms(e->lanes);
    if (next_ms == INT64_MAX) {
        loop_timer_stop(e->due);
        return;
    }
    int64_t after_ms = next_ms - clock_mono_ms(&e->clock);
    loop_timer_start(e->due, after_ms > 0 ? after_ms : 0);
}

static void drain_check(struct engine *e);

/* A turn of the loop handles events for no longer: meanwhile answers wait, and the places of those
   attempts stand idle. */
#define TURN_MS 1

/* Before the loop sleeps: everything that this turn made possible is started. */
static void on_pump(void *ctx)
{
    struct engine *e = ctx;
    int64_t until = clock_mono_ms(&e->clock) + TURN_MS;
    do {
        arrivals_pump(e, until);
        lanes_pump(e->lanes);
    } while (arrivals_can_go_on(e) && clock_mono_ms(&e->clock) < until);
    if (arrivals_can_go_on(e))
        loop_hurry(e->loop);
    arm_due(e);
    if (e->is_draining)
        drain_check(e);
}

static void on_due(void *ctx)
{
    (void)ctx; /* the turn that this timer makes ends in on_pump */
}

static void on_journal(void *ctx)
{
    struct engine *e = ctx;
    journal_dispatch(e->journal);
    accept_resume(e);
    parking_look(e);
}

/* From the journal's threads. */
static void wake_for_journal(void *ctx)
{
    struct engine *e = ctx;
    loop_wake_send(e->journal_wake);
}

/* ---- making ---- */

struct engine *engine_new(const struct engine_options *options, script_problem_fn problem,
                          void *ctx, struct err *err)
{
    struct engine *e = mem_calloc(1, sizeof(*e));
    e->config = options->config;
    e->loop = options->loop;
    e->log = options->log;
    e->mask = options->mask;
    e->clock = options->clock;
    e->module_dir = options->module_dir;
    e->steps_journal = options->stepped;
    e->started_ms = clock_wall_ms(&e->clock);
    rng_init_entropy(&e->rng);
    list_init(&e->channels);
    list_init(&e->letters);
    list_init(&e->lingering);
    list_init(&e->pages);
    list_init(&e->acceptances);
    list_init(&e->confirmations);
    map_init(&e->works);
    map_init(&e->unmatched);
    map_init(&e->dropped);

    e->http = http_client_new(e->loop, "Liaison/" LIAISON_VERSION, err);
    if (!e->http)
        goto out;
    http_client_mask_tokens(e->http, e->mask);
    e->ports = (struct script_ports){
        .http_send = attempt_http_send,
        .http_cancel = attempt_http_cancel,
        .send = handle_send,
        .await = await_begin,
        .ctx = e,
    };
    if (reload_first(e, options, problem, ctx) < 0) {
        err_set(err, ERR_SCRIPT, "the project has errors");
        goto out;
    }
    const struct lanes_ports ports = {
        .attempt = attempt_start,
        .attempt_batch = batch_attempt_start,
        .put = settle_put,
        .ended = settle_ended,
        .kept = settle_kept,
        .write = settle_write,
        .spilled = settle_spilled,
        .scan = backlog_scan,
        .load = backlog_load,
        .find_expired = expiry_find,
        .find_barriers = parking_find,
        .paused = settle_paused,
        .spared = settle_spared,
        .ctx = e,
    };
    struct lanes_limits limits = lanes_limits_default(0);
    if (options->limits)
        limits = *options->limits;
    limits.in_flight = (size_t)e->config->in_flight;
    e->lanes = lanes_new(&ports, e->clock, rng_next(&e->rng), &limits);
    targets_set(e);
    e->newest = newest_new(e);
    return e;
out:
    engine_free(e);
    return NULL;
}

/* ---- starting ---- */

/* Goes on where the journal stands. */
static int go_on(struct engine *e, struct err *err)
{
    struct journal_reader *reader = journal_reader_open(e->config->journal, err);
    if (!reader)
        return -1;
    int result = view_start(e, reader, err) < 0 ? -1 : backlog_start(e, reader, err);
    if (result == 0)
        result = pauses_start(e, reader, err);
    if (result == 0)
        result = batchers_start(e, reader, err);
    if (result == 0)
        result = replay_start(e, reader, err);
    if (result == 0) {
        arrivals_start(e);
        result = channels_set(e, reader, err);
    }
    if (result == 0)
        result = reload_start(e, reader, err);
    journal_reader_close(reader);
    return result;
}

int engine_start(struct engine *e, const char *owner, struct err *err)
{
    e->journal_wake = loop_wake_new(e->loop, on_journal, e);
    const struct journal_options options = {
        .path = e->config->journal,
        .owner = owner,
        .clock = e->clock,
        .log = e->log,
        .notify = wake_for_journal,
        .ctx = e,
        .stepped = e->steps_journal,
        .retention = retention_of(e->config),
    };
    e->journal = journal_open(&options, err);
    if (!e->journal)
        return -1;
    e->pump = loop_prepare_new(e->loop, on_pump, e);
    e->due = loop_timer_new(e->loop, on_due, e);
    e->awaits = await_new(e);
    confirm_start(e);
    e->host = (struct channel_host){
        .append = accept_batch,
        .ctx = e,
        .loop = e->loop,
        .http = e->http,
        .log = e->log,
        .clock = e->clock,
        .rng = &e->rng,
        .message_max = (size_t)e->config->message_max,
    };
    return go_on(e, err);
}

/* ---- ending ---- */

static void drain_end(struct engine *e)
{
    if (e->has_drained)
        return;
    e->has_drained = true;
    loop_timer_stop(e->drain_limit);
    e->drain.done(e->drain.ctx);
}

static void drain_check(struct engine *e)
{
    if (lanes_in_flight(e->lanes) == 0 && lanes_settling(e->lanes) == 0 &&
        list_is_empty(&e->acceptances) && list_is_empty(&e->letters) &&
        e->drain.is_clear(e->drain.ctx))
        drain_end(e);
}

static void on_drain_limit(void *ctx)
{
    struct engine *e = ctx;
    log_warn(e->log, "drain time is over: what still runs is tried again at the next start",
             LOG_INT("attempts", (int64_t)lanes_in_flight(e->lanes)));
    drain_end(e);
}

void engine_drain(struct engine *e, const struct engine_drain *drain)
{
    if (e->is_draining)
        return;
    e->is_draining = true;
    e->drain = *drain;
    reload_stop(e);
    list_each (it, &e->channels)
        channel_pause(list_entry(it, struct engine_channel, link)->channel);
    lanes_stop(e->lanes);
    e->drain_limit = loop_timer_new(e->loop, on_drain_limit, e);
    loop_timer_start(e->drain_limit, e->config->drain_ms);
    loop_hurry(e->loop);
}

static void free_work(void *ctx, struct map_node *node)
{
    work_free(ctx, container_of(node, struct work, node));
}

static void free_unmatched(void *ctx, struct map_node *node)
{
    struct engine *e = ctx;
    struct unmatched *u = container_of(node, struct unmatched, node);
    map_remove(&e->unmatched, node);
    free(u->type);
    free(u);
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    channels_free(e);
    journal_close(e->journal); /* what is queued is kept; no `done` runs after this */
    lanes_free(e->lanes);
    await_free(e->awaits);
    newest_free(e->newest);
    page_free_all(e);
    replay_free(e->replay);
    ends_free(e->ends);
    letters_free(e);
    arrivals_free(e);
    accept_free(e);
    map_each(&e->works, free_work, e);
    map_deinit(&e->works);
    map_each(&e->unmatched, free_unmatched, e);
    map_deinit(&e->unmatched);
    view_free(e);
    trials_free(e->trials);
    reload_free(e);
    script_free(e->machine);
    http_cache_free(e->cache);
    http_client_free(e->http);
    free(e->handlers);
    loop_timer_free(e->drain_limit);
    loop_timer_free(e->due);
    confirm_free(e);
    loop_prepare_free(e->pump);
    loop_wake_free(e->journal_wake);
    free(e);
}
