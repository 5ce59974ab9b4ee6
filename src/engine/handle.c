/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * From an event to its handlers, and from a handler's sync:send to a delivery in its lane.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "engine/parts.h"
#include "event/pattern.h"

#define UNMATCHED_MAX 100
#define UNTAKEN "the handler does not take this event any more"

/* ---- an event's handlers ---- */

/* Dead letters that a bus echoes are no type that somebody forgot to handle. */
void handle_unmatched(struct engine *e, const struct event *event)
{
    struct slice type = event->type;
    struct engine_channel *c = engine_find_channel(e, event->channel);
    if (c)
        c->unmatched++;
    if (slice_is_equal(type, SLICE_LIT(PATTERN_DEAD_LETTER)))
        return;
    struct map_node *node = map_find(&e->unmatched, type);
    if (node) {
        container_of(node, struct unmatched, node)->count++;
        return;
    }
    if (e->unmatched.len >= UNMATCHED_MAX)
        return;
    struct unmatched *u = mem_calloc(1, sizeof(*u));
    u->type = slice_dup(type);
    u->count = 1;
    u->node.key = slice_str(u->type);
    map_insert(&e->unmatched, &u->node);
}

/* Set aside until it is loaded anew: its functions, too, have had their chances. What comes for it
   waits, and asks them then. */
static bool is_set_aside(const struct engine *e, const struct target *t)
{
    struct target_status status;
    target_status(t, e->lanes, &status);
    return status.pause == PAUSE_SET_ASIDE;
}

static void ask(struct engine *e, size_t index, const struct event *event,
                struct script_asked *asked)
{
    if (is_set_aside(e, e->handlers[index]))
        *asked = (struct script_asked){.passes = true, .key = event_key(event)};
    else
        script_handler_ask(e->machine, index, event, asked);
}

/* On the heap, since few items have one; NULL where it is none. */
static struct err *keep_error(const struct err *err)
{
    if (err->code == ERR_NONE)
        return NULL;
    struct err *kept = mem_alloc(sizeof(*kept));
    *kept = *err;
    return kept;
}

/* An item for handler `index`; NULL when its filter lets the event pass by. Runs stand in the order
   of their events. */
static struct item *run_new(struct engine *e, struct work *work, size_t index)
{
    struct script_asked asked;
    struct item *item = NULL;
    ask(e, index, work->event, &asked);
    if (asked.passes) {
        item = item_new(e, work,
                        &(struct item_parts){
                            .event = work->event,
                            .target = e->handlers[index],
                            .key = asked.key,
                            .handler = script_handler_at(e->machine, index)->name,
                        });
        item->early = keep_error(&asked.err);
        item->d.position = delivery_seq(work->seq, 0);
    }
    script_asked_deinit(&asked);
    return item;
}

/* A replay may be for one handler alone. */
static bool handler_takes(const struct script_handler *handler, const struct event *event)
{
    struct slice only = event->replay_handler;
    return (!only.data || slice_is_equal(handler->name, only)) &&
           slice_is_equal(handler->channel, event->channel) &&
           pattern_matches(handler->pattern, event->type);
}

bool handle_is_matched(const struct engine *e, const struct event *event)
{
    for (size_t i = 0; i < script_handler_count(e->machine); i++) {
        if (handler_takes(script_handler_at(e->machine, i), event))
            return true;
    }
    return false;
}

void handle_event(struct engine *e, struct event *event)
{
    struct work *work = NULL;
    for (size_t i = 0; i < script_handler_count(e->machine); i++) {
        if (!handler_takes(script_handler_at(e->machine, i), event))
            continue;
        if (!work)
            work = work_new(e, event);
        struct item *item = run_new(e, work, i);
        if (item)
            lanes_take(e->lanes, &item->d);
    }
    if (work) {
        work_release(e, work);
    } else {
        handle_unmatched(e, event);
        journal_set_event(e->journal, event->seq, event->channel, EVENT_OPEN, EVENT_UNMATCHED, NULL,
                          NULL);
    }
    event_unref(event);
}

/* ---- an event that the journal knows already ---- */

/* The handler's run at the event as it stands; replays have runs of their own. */
static const struct delivery_row *run_row(const struct engine *e, const struct event *event,
                                          const struct list *rows, struct slice handler)
{
    char id[DELIVERY_ID_SIZE];
    identity_format_run(e, event, handler, id);
    list_each (it, rows) {
        const struct delivery_row *row = known_row_of(it);
        if (!row->connector.data && slice_is_equal(row->handler, handler) &&
            (event->replay == 0 || slice_is_equal(row->id, slice_str(id))))
            return row;
    }
    return NULL;
}

static void learn_send(struct work *work, const struct delivery_row *row)
{
    uint64_t prefix = identity_prefix(row->id);
    counts_add(&work->sends, prefix);
    counts_add(&work->stored, send_stored_hash(prefix, row->data));
    /* What waits may end before this work is asked to keep its result. */
    work->has_results |= row->result.data || row->state == DELIVERY_WAITING;
}

void handle_learn(struct work *work, const struct list *rows)
{
    list_each (it, rows) {
        const struct delivery_row *row = known_row_of(it);
        int64_t ordinal = delivery_ordinal(row->seq);
        if (ordinal >= DELIVERY_PUBLICATIONS) /* no handler's send */
            continue;
        if (ordinal >= work->next_ordinal)
            work->next_ordinal = ordinal + 1;
        if (row->connector.data)
            learn_send(work, row);
        else if (row->state == DELIVERY_DEAD)
            work->n_dead++;
    }
}

/* Its handler takes the event no more: what waited for the next run is over. */
static void skip_run(struct engine *e, const struct delivery_row *row)
{
    struct delivery_row skipped = *row;
    skipped.state = DELIVERY_SKIPPED;
    skipped.cause = SLICE_LIT(UNTAKEN);
    skipped.due_ms = 0;
    skipped.ended_ms = clock_wall_ms(&e->clock);
    journal_put_delivery(e->journal, &skipped, DELIVERY_WAITING, NULL, NULL, NULL);
}

/* One that has another key than its row says gets a place, and so a row, anew. */
static void restore_run(struct engine *e, struct item *item, const struct delivery_row *row)
{
    struct delivery_row known = *row;
    item_take_row(item, row);
    if (!slice_is_equal(slice_str(item->d.key), row->key) || (item->d.key != NULL) != row->has_key)
        known.position = 0;
    lanes_restore(e->lanes, &item->d, &known);
}

/* A handler that has a row is dead or was skipped, and stays so; or it waits for its next run; or
   it was through, but its event was not: it runs once more, over the same row. */
static void handle_once_more(struct engine *e, struct work *work, size_t index,
                             const struct delivery_row *row)
{
    if (row && row->state != DELIVERY_WAITING && row->state != DELIVERY_DELIVERED)
        return;
    struct item *item = run_new(e, work, index);
    if (item && row) {
        restore_run(e, item, row);
    } else if (item) {
        lanes_take(e->lanes, &item->d);
    } else if (row && row->state == DELIVERY_WAITING) {
        skip_run(e, row);
    }
}

/* What waits for a handler that today's scripts don't have waits on, and its event stays open; what
   waits for one that has turned to other events doesn't. */
static void keep_run(struct engine *e, struct work *work, const struct delivery_row *row)
{
    struct target *target = lanes_find_target(e->lanes, row->handler, true);
    if (target && target_owner(target)) {
        skip_run(e, row);
        return;
    }
    if (!target)
        target = lanes_set_target(e->lanes, row->handler, true, NULL);
    struct item *item = item_from_row(e, work, work->event, target, row);
    lanes_restore(e->lanes, &item->d, row);
}

/* True when any of today's handlers takes the event. */
static bool handle_by_todays(struct engine *e, struct work *work, const struct list *rows)
{
    bool any = false;
    for (size_t i = 0; i < script_handler_count(e->machine); i++) {
        const struct script_handler *handler = script_handler_at(e->machine, i);
        if (!handler_takes(handler, work->event))
            continue;
        any = true;
        handle_once_more(e, work, i, run_row(e, work->event, rows, handler->name));
    }
    return any;
}

static bool is_taken(struct engine *e, const struct event *event, struct slice name)
{
    for (size_t i = 0; i < script_handler_count(e->machine); i++) {
        const struct script_handler *handler = script_handler_at(e->machine, i);
        if (slice_is_equal(handler->name, name) && handler_takes(handler, event))
            return true;
    }
    return false;
}

void handle_again(struct engine *e, struct event *event, const struct list *rows, bool is_again)
{
    struct work *work = work_new(e, event);
    work->is_again = is_again;
    handle_learn(work, rows);
    work->is_unmatched = !handle_by_todays(e, work, rows) && list_is_empty(rows);
    list_each (it, rows) {
        const struct delivery_row *row = known_row_of(it);
        if (!row->connector.data && row->state == DELIVERY_WAITING &&
            !is_taken(e, event, row->handler))
            keep_run(e, work, row);
    }
    if (work->is_unmatched)
        handle_unmatched(e, event);
    work_release(e, work);
    event_unref(event);
}

/* ---- a run that waited on disk ---- */

unsigned handle_count_waiting(const struct list *rows)
{
    unsigned n = 0;
    list_each (it, rows) {
        const struct delivery_row *row = known_row_of(it);
        n += !row->connector.data && row->state == DELIVERY_WAITING;
    }
    return n;
}

/* What is in memory of an event knows better than rows that were read a while ago. */
static struct work *hold_work(struct engine *e, struct event *event, const struct list *rows)
{
    struct work *work = work_find(e, event->seq);
    if (work) {
        work_hold(work);
    } else {
        work = work_new(e, event);
        work->is_again = arrivals_is_old(e, event->seq);
        work->n_away = handle_count_waiting(rows);
        handle_learn(work, rows);
    }
    return work;
}

/* Asks today's functions only whether they fail: it was let through before. */
static struct err *ask_early(struct engine *e, const struct target *target, struct event *event)
{
    struct target **place = target_owner(target);
    struct script_asked asked = {0};
    if (place)
        ask(e, (size_t)(place - e->handlers), event, &asked);
    script_asked_deinit(&asked);
    return keep_error(&asked.err);
}

struct item *handle_load(struct engine *e, struct target *target, struct event *event,
                         const struct delivery_row *row, const struct list *rows)
{
    struct work *work = hold_work(e, event, rows);
    struct item *item = item_from_row(e, work, work->event, target, row);
    item->early = ask_early(e, target, work->event);
    work->n_away--;
    work_release(e, work);
    return item;
}

/* ---- one run ---- */

static enum attempt_kind kind_of_early(const struct err *early)
{
    switch (early->code) {
    case ERR_TIMEOUT:
        return ATTEMPT_LIMIT;
    case ERR_NO_MEMORY:
        return ATTEMPT_STARVED;
    default:
        return ATTEMPT_SCRIPT;
    }
}

static void end_early(struct item *item)
{
    const struct attempt_end end = {
        .kind = kind_of_early(item->early),
        .after_ms = -1,
        .error = slice_str(item->early->message),
    };
    if (end.kind == ATTEMPT_STARVED)
        item->version = 0; /* so that the functions are asked again */
    else
        reload_note_error(item->engine, item->d.target, end.error);
    lanes_attempt_ended(item->engine->lanes, &item->d, &end);
}

static void end_untaken(struct item *item)
{
    const struct attempt_end end = {
        .kind = ATTEMPT_SKIPPED, .after_ms = -1, .error = SLICE_LIT(UNTAKEN)};
    lanes_attempt_ended(item->engine->lanes, &item->d, &end);
}

/* The scripts that let it through were replaced: today's are asked. False where they don't take it. */
static bool ask_again(struct item *item, size_t index)
{
    struct engine *e = item->engine;
    struct script_asked asked = {0};
    item->version = e->version;
    free(item->early);
    item->early = NULL;
    if (!handler_takes(script_handler_at(e->machine, index), item->d.event))
        return false;
    ask(e, index, item->d.event, &asked);
    item->early = keep_error(&asked.err);
    script_asked_deinit(&asked);
    return asked.passes;
}

void handle_run(struct item *item)
{
    struct engine *e = item->engine;
    struct target **place = target_owner(item->d.target);
    size_t index = (size_t)(place - e->handlers);
    counts_deinit(&item->sent);
    if (item->version != e->version && !ask_again(item, index)) {
        end_untaken(item);
        return;
    }
    if (item->early) {
        end_early(item);
        return;
    }
    item->script_version = e->script_version;
    item->run = script_handle(e->machine, index, item->d.event, slice_str(item->d.key),
                              attempt_ended, item);
}
