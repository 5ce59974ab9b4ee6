/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The parts put together: what is made when, what hangs on what, and how it all ends.
 */
#include "engine/engine.h"

#include <stdlib.h>

#include "base/buf.h"
#include "engine/parts.h"
#include "engine/project.h"
#include "version.h"

/* ---- targets: the scripts' handlers and connectors as delivery/ knows them ---- */

static struct retry_policy retry_policy_of(const struct script_connector *c)
{
    static const enum growth growths[] = {
        [SCRIPT_GROWTH_CONSTANT] = GROWTH_CONSTANT,
        [SCRIPT_GROWTH_LINEAR] = GROWTH_LINEAR,
        [SCRIPT_GROWTH_EXPONENTIAL] = GROWTH_EXPONENTIAL,
    };
    return (struct retry_policy){
        .attempts = c->attempts,
        .base_ms = c->base_ms,
        .growth = growths[c->growth],
        .factor = c->factor,
        .cap_ms = c->cap_ms,
        .jitter = c->jitter,
        .age_ms = c->age_ms,
    };
}

static void set_connector(struct engine *e, const struct script_connector *c)
{
    const struct target_policy policy = {
        .retry = retry_policy_of(c),
        .is_ordered = c->is_ordered,
        .concurrency = c->concurrency,
    };
    target_set_owner(lanes_set_target(e->lanes, c->name, false, &policy), (void *)c);
}

static void set_connectors(struct engine *e)
{
    for (size_t i = 0; i < script_connector_count(e->machine); i++)
        set_connector(e, script_connector_at(e->machine, i));
    set_connector(e, script_dead_letters(e->machine));
}

/* A handler that asks to be tried again is, by the policy a connector has by default. */
static void set_handlers(struct engine *e)
{
    const struct target_policy policy = {
        .retry = {.base_ms = 200,
                  .growth = GROWTH_EXPONENTIAL,
                  .factor = 2,
                  .cap_ms = INT64_C(5) * 60 * 1000,
                  .jitter = true,
                  .age_ms = INT64_C(72) * 3600 * 1000},
        .is_ordered = true,
        .concurrency = (unsigned)e->config->in_flight,
    };
    size_t n = script_handler_count(e->machine);
    e->handlers = mem_calloc(n + 1, sizeof(struct target *));
    for (size_t i = 0; i < n; i++) {
        e->handlers[i] =
            lanes_set_target(e->lanes, script_handler_at(e->machine, i)->name, true, &policy);
        target_set_owner(e->handlers[i], &e->handlers[i]);
    }
}

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

/* Before the loop sleeps: everything that this turn made possible is started. */
static void on_pump(void *ctx)
{
    struct engine *e = ctx;
    arrivals_pump(e);
    lanes_pump(e->lanes);
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
}

/* From the journal's threads. */
static void wake_for_journal(void *ctx)
{
    struct engine *e = ctx;
    loop_wake_send(e->journal_wake);
}

/* ---- making ---- */

static int load_scripts(struct engine *e, const struct engine_options *options,
                        script_problem_fn problem, void *ctx)
{
    e->ports = (struct script_ports){
        .http_send = attempt_http_send,
        .http_cancel = attempt_http_cancel,
        .send = handle_send,
        .await = await_begin,
        .ctx = e,
    };
    const struct project_options project = {
        .config = e->config,
        .data_dir = options->data_dir,
        .module_dir = options->module_dir,
        .ports = &e->ports,
        .clock = e->clock,
        .log = e->log,
        .mask = e->mask,
    };
    e->machine = project_load(&project, problem, ctx);
    return e->machine ? 0 : -1;
}

struct engine *engine_new(const struct engine_options *options, script_problem_fn problem,
                          void *ctx, struct err *err)
{
    struct engine *e = mem_calloc(1, sizeof(*e));
    e->config = options->config;
    e->loop = options->loop;
    e->log = options->log;
    e->mask = options->mask;
    e->clock = options->clock;
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
    if (load_scripts(e, options, problem, ctx) < 0) {
        err_set(err, ERR_SCRIPT, "the project has errors");
        goto out;
    }
    const struct lanes_ports ports = {
        .attempt = attempt_start,
        .put = settle_put,
        .ended = settle_ended,
        .kept = settle_kept,
        .write = settle_write,
        .spilled = settle_spilled,
        .scan = backlog_scan,
        .load = backlog_load,
        .find_expired = expiry_find,
        .paused = settle_paused,
        .ctx = e,
    };
    const struct lanes_limits limits = lanes_limits_default((size_t)e->config->in_flight);
    e->lanes = lanes_new(&ports, e->clock, rng_next(&e->rng), &limits);
    set_connectors(e);
    set_handlers(e);
    e->newest = newest_new(e);
    return e;
out:
    engine_free(e);
    return NULL;
}

/* ---- starting ---- */

static int open_channel(struct engine *e, const struct script_manager *m,
                        struct journal_reader *reader, struct err *err)
{
    struct buf position = {0};
    bool has_position;
    if (journal_position(reader, m->channel, &position, &has_position, err) < 0)
        return -1;
    struct engine_channel *c = mem_calloc(1, sizeof(*c));
    char *name = slice_dup(m->channel), *url = slice_dup(m->url);
    const struct channel_options options = {
        .name = name,
        .url = url,
        .headers = {(const struct http_header *)m->headers, m->n_headers},
        .position = has_position ? buf_slice(&position) : SLICE_NULL,
    };
    c->channel = channel_open(&options, &e->host, err);
    free(name);
    free(url);
    buf_deinit(&position);
    if (!c->channel) {
        free(c);
        return -1;
    }
    c->unpublished = publication_objection(e, m->channel);
    list_add_tail(&e->channels, &c->link);
    if (m->url.len == 0)
        e->embedded = c->channel;
    return 0;
}

struct engine_channel *engine_find_channel(const struct engine *e, struct slice name)
{
    list_each (it, &e->channels) {
        struct engine_channel *c = list_entry(it, struct engine_channel, link);
        if (slice_is_equal(slice_str(c->channel->name), name))
            return c;
    }
    return NULL;
}

static bool is_started(const struct engine *e, struct slice channel)
{
    for (size_t i = 0; i < script_manager_count(e->machine); i++) {
        const struct script_manager *m = script_manager_at(e->machine, i);
        if (slice_is_equal(m->channel, channel) && !m->is_started)
            return false;
    }
    return true;
}

/* The daemon's own channel as a script calls it, where one does. */
static struct slice embedded_name(const struct engine *e)
{
    for (size_t i = 0; i < script_manager_count(e->machine); i++) {
        const struct script_manager *m = script_manager_at(e->machine, i);
        if (m->url.len == 0)
            return m->channel;
    }
    return SLICE_LIT(CHANNEL_EMBEDDED_NAME);
}

/* Managers of one channel share it; it starts when all of them have called start. The daemon's own
   is always there. */
static int open_channels(struct engine *e, struct journal_reader *reader, struct err *err)
{
    const struct script_manager embedded = {.channel = embedded_name(e)};
    int result = open_channel(e, &embedded, reader, err);
    for (size_t i = 0; result == 0 && i < script_manager_count(e->machine); i++) {
        const struct script_manager *m = script_manager_at(e->machine, i);
        if (!engine_find_channel(e, m->channel) && is_started(e, m->channel))
            result = open_channel(e, m, reader, err);
    }
    return result;
}

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
        result = replay_start(e, reader, err);
    if (result == 0) {
        arrivals_start(e);
        result = open_channels(e, reader, err);
    }
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
        .retention =
            {
                .delivered_ms = e->config->retain_delivered_ms,
                .dead_ms = e->config->retain_dead_ms,
                .size_max = e->config->journal_max,
                .disk_free_min = e->config->disk_free_min,
            },
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

static void free_channels(struct engine *e)
{
    list_each (it, &e->channels) {
        struct engine_channel *c = list_entry(it, struct engine_channel, link);
        list_remove(it);
        channel_close(c->channel);
        free(c);
    }
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    free_channels(e);
    journal_close(e->journal); /* what is queued is kept; no `done` runs after this */
    lanes_free(e->lanes);
    await_free(e->awaits);
    newest_free(e->newest);
    replay_free(e->replay);
    ends_free(e->ends);
    letters_free(e);
    page_free_all(e);
    arrivals_free(e);
    accept_free(e);
    map_each(&e->works, free_work, e);
    map_deinit(&e->works);
    map_each(&e->unmatched, free_unmatched, e);
    map_deinit(&e->unmatched);
    view_free(e);
    script_free(e->machine);
    http_client_free(e->http);
    free(e->handlers);
    loop_timer_free(e->drain_limit);
    loop_timer_free(e->due);
    confirm_free(e);
    loop_prepare_free(e->pump);
    loop_wake_free(e->journal_wake);
    free(e);
}
