/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The engine as seen from outside: its channels, connectors and problems.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "engine/parts.h"

/* A disk that hangs gives no error. What came in meanwhile would only wait in memory. */
#define STALLED "the journal has not committed for more than 30 s: its disk hangs"

#define HELD "paused by hand: liaison resume lets it go on"
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

static struct engine_channel_view view_of_channel(const struct engine_channel *c)
{
    struct engine_channel_view view = {
        .name = c->channel->name,
        .received = c->received,
        .duplicate = c->duplicate,
        .malformed = c->malformed,
        .unmatched = c->unmatched,
    };
    int64_t time_ms;
    struct err err;
    channel_status(c->channel, &view.status);
    view.has_lag = c->last_time[0] && text_parse_time(slice_str(c->last_time), &time_ms, &err) == 0;
    if (view.has_lag)
        view.lag_ms = c->last_received_ms - time_ms;
    return view;
}

void engine_each_channel(struct engine *e, engine_channel_fn fn, void *ctx)
{
    list_each (it, &e->channels) {
        const struct engine_channel_view view =
            view_of_channel(list_entry(it, struct engine_channel, link));
        fn(ctx, &view);
    }
}

/* ---- connectors and handlers ---- */

struct targets {
    struct target **all;
    size_t n;
};

static void note_target(void *ctx, struct target *t)
{
    struct targets *targets = ctx;
    targets->all = mem_grow(targets->all, targets->n, sizeof(struct target *));
    targets->all[targets->n++] = t;
}

static int compare_targets(const void *a, const void *b)
{
    const struct target *x = *(struct target *const *)a, *y = *(struct target *const *)b;
    if (target_is_handler(x) != target_is_handler(y))
        return target_is_handler(x) ? 1 : -1;
    return strcmp(target_name(x), target_name(y));
}

/* Connectors, then handlers, by name: who looks twice finds each where it was. */
static void each_target_by_name(struct engine *e, target_visit_fn fn, void *ctx)
{
    struct targets targets = {0};
    lanes_each_target(e->lanes, note_target, &targets);
    if (targets.n > 0)
        qsort(targets.all, targets.n, sizeof(struct target *), compare_targets);
    for (size_t i = 0; i < targets.n; i++)
        fn(ctx, targets.all[i]);
    free(targets.all);
}

struct target_walk {
    struct engine *engine;
    engine_target_fn fn;
    void *ctx;
};

/* Where no bus gets dead letters, their connector is nothing to look at, once nothing waits; and so
   is what is gone. */
static bool is_idle(const struct engine *e, const struct target *t,
                    const struct target_status *status)
{
    if (targets_has_nothing(t, status))
        return true;
    if (target_is_handler(t) || target_owner(t) != script_dead_letters(e->machine) ||
        status->waiting || status->in_flight || status->is_behind)
        return false;
    list_each (it, &e->channels) {
        if (!list_entry(it, struct engine_channel, link)->unpublished)
            return false;
    }
    return true;
}

static void visit_target(void *ctx, struct target *t)
{
    const struct target_walk *walk = ctx;
    struct engine_target_view view = {.target = t,
                                      .file = targets_file(walk->engine, t),
                                      .now_ms = clock_wall_ms(&walk->engine->clock)};
    target_status(t, walk->engine->lanes, &view.status);
    if (!is_idle(walk->engine, t, &view.status))
        walk->fn(walk->ctx, &view);
}

void engine_each_target(struct engine *e, engine_target_fn fn, void *ctx)
{
    struct target_walk walk = {e, fn, ctx};
    each_target_by_name(e, visit_target, &walk);
}

/* ---- what was dropped ---- */

struct dropped_before {
    struct map_node node; /* by connector */
    char *connector;
    int64_t n;
};

static bool note_dropped(void *ctx, const char *scope, const char *name, const char *term,
                         int64_t value)
{
    struct engine *e = ctx;
    if (strcmp(scope, "connector") != 0 || strcmp(term, "dropped") != 0 || value == 0)
        return true;
    struct dropped_before *before = mem_calloc(1, sizeof(*before));
    before->connector = mem_strdup(name);
    before->n = value;
    before->node.key = slice_str(before->connector);
    map_insert(&e->dropped, &before->node);
    return true;
}

/* The journal's writer drops letters by age, and others are dropped by hand: the sums know of both. */
int view_start(struct engine *e, struct journal_reader *reader, struct err *err)
{
    return journal_sums(reader, note_dropped, e, err);
}

int64_t engine_dropped_before(const struct engine *e, struct slice connector)
{
    struct map_node *node = map_find(&e->dropped, connector);
    return node ? container_of(node, struct dropped_before, node)->n : 0;
}

static void free_dropped(void *ctx, struct map_node *node)
{
    struct engine *e = ctx;
    struct dropped_before *before = container_of(node, struct dropped_before, node);
    map_remove(&e->dropped, node);
    free(before->connector);
    free(before);
}

void view_free(struct engine *e)
{
    map_each(&e->dropped, free_dropped, e);
    map_deinit(&e->dropped);
}

/* ---- deliveries ---- */

/* A person waits for the answer, and the loop for the walk. */
#define WALK_MAX 20000

struct delivery_walk {
    struct engine *engine;
    engine_delivery_fn fn;
    void *ctx;
};

static bool visit_delivery(void *ctx, const struct delivery *d)
{
    const struct delivery_walk *walk = ctx;
    char run_id[DELIVERY_ID_SIZE];
    struct engine_delivery shown = {
        .row = lanes_describe(walk->engine->lanes, d),
        .event = d->event,
        .has_row = d->state == DELIVERY_WAITING,
        .is_in_flight = d->phase == PHASE_ATTEMPTING,
    };
    if (!d->id) {
        identity_format_run(walk->engine, d->event, slice_str(d->handler), run_id);
        shown.row.id = slice_str(run_id);
    }
    return walk->fn(walk->ctx, &shown);
}

void engine_each_delivery(struct engine *e, engine_delivery_fn fn, void *ctx)
{
    struct delivery_walk walk = {e, fn, ctx};
    lanes_each_delivery(e->lanes, WALK_MAX, visit_delivery, &walk);
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

const char *engine_problem_name(enum problem_code code)
{
    static const char *const names[] = {
        [PROBLEM_JOURNAL] = "journal",
        [PROBLEM_JOURNAL_FULL] = "journal-full",
        [PROBLEM_DISK_FULL] = "disk-full",
        [PROBLEM_JOURNAL_DAMAGED] = "journal-damaged",
        [PROBLEM_JOURNAL_LOST] = "journal-lost",
        [PROBLEM_RECOVERY] = "recovery",
        [PROBLEM_CHANNEL] = "channel",
        [PROBLEM_CONNECTOR_BREAKER] = "connector-breaker",
        [PROBLEM_CONNECTOR_AUTH] = "connector-auth",
        [PROBLEM_CONNECTOR_REFUSED] = "connector-refused",
        [PROBLEM_CONNECTOR_SET_ASIDE] = "connector-set-aside",
        [PROBLEM_CONNECTOR_GONE] = "connector-gone",
        [PROBLEM_CONNECTOR_PAUSED] = "connector-paused",
        [PROBLEM_CONNECTOR_SPARED] = "connector-spared",
        [PROBLEM_KEYS_PARKED] = "keys-parked",
        [PROBLEM_HANDLER_SET_ASIDE] = "handler-set-aside",
        [PROBLEM_HANDLER_GONE] = "handler-gone",
        [PROBLEM_SCRIPTS_MEMORY] = "scripts-memory",
        [PROBLEM_RELOAD] = "reload",
        [PROBLEM_RESTART] = "restart",
    };
    static_assert(ARRAY_LEN(names) == PROBLEM_CODES, "each problem has its name");
    return names[code];
}

static void channel_problem(void *ctx, const struct engine_channel_view *channel)
{
    const struct problem_walk *walk = ctx;
    const struct channel_status *status = &channel->status;
    if (status->problem)
        walk->fn(walk->ctx, &(struct engine_problem){PROBLEM_CHANNEL, channel->name,
                                                     status->since_ms, status->problem});
}

/* A problem's text stands while it is told. */
static const char *describe_breaker(const struct target_status *status, int64_t now_ms,
                                    struct buf *text)
{
    char since[TEXT_TIME_LEN + 1], next[TEXT_TIME_LEN + 1];
    text_format_time(since, now_ms - status->paused_ms);
    text_format_time(next, now_ms + status->probe_in_ms);
    buf_printf(text, "%s: breaker open since %s, ", status->reason, since);
    if (status->breaker == BREAKER_HALF_OPEN)
        buf_add_str(text, "a probe is under way");
    else if (status->is_held)
        buf_add_str(text, "probed when it goes on");
    else
        buf_printf(text, "next probe at %s", next);
    return text->data;
}

static const char *describe_pause(const struct target_status *status, int64_t now_ms,
                                  struct buf *text)
{
    char next[TEXT_TIME_LEN + 1];
    if (status->breaker != BREAKER_CLOSED)
        return describe_breaker(status, now_ms, text);
    if (!target_is_probed_in(status))
        return status->reason;
    text_format_time(next, now_ms + status->probe_in_ms);
    buf_printf(text, "%s: next probe at %s", status->reason, next);
    return text->data;
}

/* What is asked for less is how rate limits are, and nobody's problem. */
#define SPARED_LONG_MS 60000

static void spared_problem(const struct problem_walk *walk, const struct target *t,
                           const struct target_status *status, int64_t now_ms)
{
    if (status->spared_since_ms + status->spared_ms < SPARED_LONG_MS)
        return;
    struct buf text = {0};
    char until[TEXT_TIME_LEN + 1];
    text_format_time(until, now_ms + status->spared_ms);
    buf_printf(
        &text,
        "it asked to be left alone until %s, by Retry-After or since nothing was left of its "
        "rate limit: liaison resume asks it at once, by what else waits",
        until);
    walk->fn(walk->ctx, &(struct engine_problem){PROBLEM_CONNECTOR_SPARED, target_name(t),
                                                 now_ms - status->spared_since_ms, text.data});
    buf_deinit(&text);
}

/* Some of them, for a person to begin with. */
#define PARKED_NAMED 5

struct naming {
    struct buf *out;
    size_t n;
};

static bool name_parked(void *ctx, const struct lane_barrier *first, size_t n_letters)
{
    struct naming *naming = ctx;
    (void)n_letters;
    buf_add_str(naming->out, naming->n ? ", " : "");
    buf_add_slice(naming->out, utf8_cut(first->key, 100));
    return ++naming->n < PARKED_NAMED;
}

static void parked_problem(const struct problem_walk *walk, const struct target *t,
                           const struct target_status *status)
{
    struct buf text = {0};
    struct naming naming = {.out = &text};
    if (status->is_overbarred) {
        buf_printf(&text,
                   "%zu dead letters park their keys, more than are known at once, so all of it "
                   "waits: retry or drop them",
                   status->barriers);
    } else {
        buf_printf(&text, "%zu %s parked by dead letters (", status->barred_keys,
                   status->barred_keys == 1 ? "key is" : "keys are");
        target_each_barred(t, name_parked, &naming);
        buf_printf(&text, "%s): what follows waits until they are retried or dropped",
                   status->barred_keys > PARKED_NAMED ? ", …" : "");
    }
    walk->fn(walk->ctx, &(struct engine_problem){PROBLEM_KEYS_PARKED, target_name(t),
                                                 status->barred_ms, text.data});
    buf_deinit(&text);
}

static void pause_problem(const struct problem_walk *walk, const struct target *t,
                          const struct target_status *status, int64_t now_ms)
{
    /* A handler's run never pauses its handler for what was answered to it. */
    static const enum problem_code codes[][2] = {
        [PAUSE_BREAKER] = {PROBLEM_CONNECTOR_BREAKER, PROBLEM_CODES},
        [PAUSE_AUTH] = {PROBLEM_CONNECTOR_AUTH, PROBLEM_CODES},
        [PAUSE_REFUSALS] = {PROBLEM_CONNECTOR_REFUSED, PROBLEM_CODES},
        [PAUSE_SET_ASIDE] = {PROBLEM_CONNECTOR_SET_ASIDE, PROBLEM_HANDLER_SET_ASIDE},
        [PAUSE_GONE] = {PROBLEM_CONNECTOR_GONE, PROBLEM_HANDLER_GONE},
    };
    struct buf text = {0};
    const char *reason = describe_pause(status, now_ms, &text);
    walk->fn(walk->ctx,
             &(struct engine_problem){codes[status->pause][target_is_handler(t)], target_name(t),
                                      now_ms - status->paused_ms, reason ? reason : "paused"});
    buf_deinit(&text);
}

/* In the order of enum problem_code. */
static void target_problem(void *ctx, struct target *t)
{
    const struct problem_walk *walk = ctx;
    struct target_status status = {0};
    target_status(t, walk->engine->lanes, &status);
    if (targets_has_nothing(t, &status))
        return;
    int64_t now_ms = clock_wall_ms(&walk->engine->clock);
    if (status.pause != PAUSE_NONE)
        pause_problem(walk, t, &status, now_ms);
    if (status.is_held)
        walk->fn(walk->ctx, &(struct engine_problem){PROBLEM_CONNECTOR_PAUSED, target_name(t),
                                                     now_ms - status.held_ms, HELD});
    if (status.pause == PAUSE_NONE && !status.is_held)
        spared_problem(walk, t, &status, now_ms);
    if (status.barriers > 0)
        parked_problem(walk, t, &status);
}

/* Each look at whose it is costs some milliseconds, and is had only then. */
static void memory_problem(const struct problem_walk *walk)
{
    struct script_machine *m = walk->engine->machine;
    struct script_memory memory;
    struct buf text = {0};
    script_memory(m, &memory);
    if (memory.full_since_ms == 0)
        return;
    buf_printf(&text,
               "the scripts hold %zu of the %zu MB of limits.memory, and what finds no room is "
               "tried again later",
               memory.used >> 20, memory.max >> 20);
    buf_add_str(&text, ": ");
    size_t before = text.len;
    script_add_hoarder(m, &text);
    if (text.len > before)
        buf_add_str(&text, "; ");
    buf_add_str(&text, "keep less in variables that outlive an event, or raise limits.memory. A "
                       "reload begins with none of it");
    walk->fn(walk->ctx, &(struct engine_problem){PROBLEM_SCRIPTS_MEMORY, "limits.memory",
                                                 memory.full_since_ms, text.data});
    buf_deinit(&text);
}

/* Why nothing is written, or only what ends. */
static void commit_problem(const struct problem_walk *walk)
{
    struct engine *e = walk->engine;
    struct journal_space space;
    const char *text = journal_problem(e->journal);
    struct engine_problem problem = {PROBLEM_JOURNAL, e->config->journal, 0, text};
    journal_space(e->journal, &space);
    if (!text && engine_is_stalled(e))
        problem.text = text = STALLED;
    if (text) {
        if (journal_problem_code(e->journal) == ERR_FULL)
            problem.code = PROBLEM_DISK_FULL;
        problem.since_ms = clock_wall_ms(&e->clock) - journal_stalled_ms(e->journal);
    } else if (space.room != JOURNAL_HAS_ROOM) {
        problem.code = space.room == JOURNAL_FULL ? PROBLEM_JOURNAL_FULL : PROBLEM_DISK_FULL;
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
        walk->fn(walk->ctx, &(struct engine_problem){PROBLEM_JOURNAL_DAMAGED, path,
                                                     journal_damage_ms(e->journal), damage});
    if (lost)
        walk->fn(walk->ctx, &(struct engine_problem){PROBLEM_JOURNAL_LOST, path,
                                                     journal_unconfirmed_ms(e->journal), lost});
}

void engine_each_problem(struct engine *e, engine_problem_fn fn, void *ctx)
{
    struct problem_walk walk = {e, fn, ctx};
    journal_problems(&walk);
    memory_problem(&walk);
    engine_each_channel(e, channel_problem, &walk);
    const char *unread = page_problem(e);
    if (unread)
        fn(ctx,
           &(struct engine_problem){PROBLEM_RECOVERY, e->config->journal, e->started_ms, unread});
    each_target_by_name(e, target_problem, &walk);
    reload_problems(e, fn, ctx);
}
