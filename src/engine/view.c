/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The engine as seen from outside: its channels, connectors and problems.
 */
#include "base/text.h"
#include "engine/parts.h"

/* A disk that hangs gives no error. What came in meanwhile would only wait in memory. */
#define STALLED "the journal has not committed for more than 30 s: its disk hangs"

#define DAMAGED "the journal is damaged: see status, and restart to have it set aside"
#define UNCONFIRMED                                                                                \
    "something was lost of the journal: see status, then confirm by liaison fsck --confirm"

struct channel *engine_embedded(struct engine *e)
{
    return e->embedded;
}

struct journal *engine_journal(struct engine *e)
{
    return e->journal;
}

const struct config *engine_config(const struct engine *e)
{
    return e->config;
}

int64_t engine_started_ms(const struct engine *e)
{
    return e->started_ms;
}

int64_t engine_now_ms(const struct engine *e)
{
    return clock_wall_ms(&e->clock);
}

const char *engine_refusal(struct engine *e)
{
    if (e->is_draining)
        return "stopping: send it again in a moment";
    const char *refusal = journal_refusal(e->journal);
    if (!refusal && engine_is_stalled(e))
        refusal = STALLED;
    if (!refusal && journal_damage(e->journal))
        refusal = DAMAGED;
    /* Whether to go on with the new journal, or to bring back a copy of the old one, is for a person
       to say: what was taken until then would be in the wrong one. */
    if (!refusal && journal_unconfirmed(e->journal))
        refusal = UNCONFIRMED;
    return refusal;
}

bool engine_is_stalled(struct engine *e)
{
    return journal_stalled_ms(e->journal) > ENGINE_STALL_MS;
}

void engine_each_channel(struct engine *e, engine_channel_fn fn, void *ctx)
{
    list_each (it, &e->channels) {
        const struct channel *c = list_entry(it, struct engine_channel, link)->channel;
        struct channel_status status = {0};
        channel_status(c, &status);
        fn(ctx, c->name, &status);
    }
}

struct connector_walk {
    struct engine *engine;
    engine_connector_fn fn;
    void *ctx;
};

/* Where no bus gets dead letters, their connector is nothing to look at, once nothing waits. */
static bool is_idle(const struct engine *e, const struct target *t,
                    const struct target_status *status)
{
    if (target_owner(t) != script_dead_letters(e->machine) || status->waiting ||
        status->in_flight || status->is_behind)
        return false;
    list_each (it, &e->channels) {
        if (!list_entry(it, struct engine_channel, link)->unpublished)
            return false;
    }
    return true;
}

static void visit_connector(void *ctx, struct target *t)
{
    const struct connector_walk *walk = ctx;
    if (target_is_handler(t))
        return;
    struct target_status status = {0};
    target_status(t, walk->engine->lanes, &status);
    if (is_idle(walk->engine, t, &status))
        return;
    walk->fn(walk->ctx, target_name(t), &status);
}

void engine_each_connector(struct engine *e, engine_connector_fn fn, void *ctx)
{
    struct connector_walk walk = {e, fn, ctx};
    lanes_each_target(e->lanes, visit_connector, &walk);
}

/* ---- unmatched types ---- */

struct unmatched_walk {
    struct engine *engine;
    engine_unmatched_fn fn;
    void *ctx;
};

#define PATTERNS_MAX 256

static const char *nearest_pattern(struct engine *e, struct slice type)
{
    const char *patterns[PATTERNS_MAX];
    size_t n = script_handler_count(e->machine);
    if (n > PATTERNS_MAX)
        n = PATTERNS_MAX;
    for (size_t i = 0; i < n; i++)
        patterns[i] = script_handler_at(e->machine, i)->pattern.data;
    return text_nearest(type, patterns, n);
}

static void visit_unmatched(void *ctx, struct map_node *node)
{
    const struct unmatched_walk *walk = ctx;
    const struct unmatched *u = container_of(node, struct unmatched, node);
    walk->fn(walk->ctx, slice_str(u->type), u->count,
             nearest_pattern(walk->engine, slice_str(u->type)));
}

void engine_each_unmatched(struct engine *e, engine_unmatched_fn fn, void *ctx)
{
    struct unmatched_walk walk = {e, fn, ctx};
    map_each(&e->unmatched, visit_unmatched, &walk);
}

/* ---- problems ---- */

struct problem_walk {
    struct engine *engine;
    engine_problem_fn fn;
    void *ctx;
};

static void channel_problem(void *ctx, const char *name, const struct channel_status *status)
{
    const struct problem_walk *walk = ctx;
    if (!status->problem)
        return;
    walk->fn(walk->ctx,
             &(struct engine_problem){"channel", name, status->since_ms, status->problem});
}

static void target_problem(void *ctx, struct target *t)
{
    static const char *const codes[][2] = {
        [PAUSE_AUTH] = {"connector-auth", "handler-auth"},
        [PAUSE_REFUSALS] = {"connector-refused", "handler-refused"},
        [PAUSE_SET_ASIDE] = {"connector-set-aside", "handler-set-aside"},
        [PAUSE_GONE] = {"connector-gone", "handler-gone"},
    };
    const struct problem_walk *walk = ctx;
    struct target_status status = {0};
    target_status(t, walk->engine->lanes, &status);
    if (status.pause == PAUSE_NONE)
        return;
    walk->fn(walk->ctx,
             &(struct engine_problem){codes[status.pause][target_is_handler(t)], target_name(t),
                                      clock_wall_ms(&walk->engine->clock) - status.paused_ms,
                                      status.reason ? status.reason : "paused"});
}

/* Why nothing is written, or only what ends. */
static void commit_problem(const struct problem_walk *walk)
{
    struct engine *e = walk->engine;
    struct journal_space space;
    const char *text = journal_problem(e->journal);
    struct engine_problem problem = {"journal", e->config->journal, 0, text};
    journal_space(e->journal, &space);
    if (!text && engine_is_stalled(e))
        problem.text = text = STALLED;
    if (text) {
        if (journal_problem_code(e->journal) == ERR_FULL)
            problem.code = "disk-full";
        problem.since_ms = clock_wall_ms(&e->clock) - journal_stalled_ms(e->journal);
    } else if (space.room != JOURNAL_HAS_ROOM) {
        problem.code = space.room == JOURNAL_FULL ? "journal-full" : "disk-full";
        problem.since_ms = space.since_ms;
        problem.text = journal_refusal(e->journal);
    }
    if (problem.text)
        walk->fn(walk->ctx, &problem);
}

static void journal_problems(const struct problem_walk *walk)
{
    struct engine *e = walk->engine;
    const char *path = e->config->journal;
    const char *damage = journal_damage(e->journal), *lost = journal_unconfirmed(e->journal);
    commit_problem(walk);
    if (damage)
        walk->fn(walk->ctx,
                 &(struct engine_problem){"journal-damaged", path, e->started_ms, damage});
    if (lost)
        walk->fn(walk->ctx, &(struct engine_problem){"journal-lost", path, e->started_ms, lost});
}

void engine_each_problem(struct engine *e, engine_problem_fn fn, void *ctx)
{
    struct problem_walk walk = {e, fn, ctx};
    journal_problems(&walk);
    engine_each_channel(e, channel_problem, &walk);
    const char *unread = page_problem(e);
    if (unread)
        fn(ctx, &(struct engine_problem){"recovery", e->config->journal, e->started_ms, unread});
    lanes_each_target(e->lanes, target_problem, &walk);
}
