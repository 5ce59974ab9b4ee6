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

/* ---- an event's handlers ---- */

static void remember_unmatched(struct engine *e, struct slice type)
{
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

/* An item for handler `index`, whose key and filter functions are asked; NULL when the filter lets
   the event pass by. An error in one of them is how the run will end. */
static struct item *run_new(struct engine *e, struct work *work, size_t index)
{
    const struct script_handler *handler = script_handler_at(e->machine, index);
    struct event *event = work->event;
    struct err err = {0};
    bool passes = true, has_key = event->has_key;
    struct buf own_key = {0};
    struct slice key = event->key;

    if (handler->has_filter &&
        script_handler_filter(e->machine, index, event, &passes, &err) == 0 && !passes)
        return NULL;
    if (err.code == ERR_NONE && handler->has_key &&
        script_handler_key(e->machine, index, event, &own_key, &has_key, &err) == 0)
        key = buf_slice(&own_key);

    if (!has_key)
        key = SLICE_NULL;
    else if (!key.data)
        key = SLICE_LIT("");
    struct item *item = item_new(e, work,
                                 &(struct item_parts){
                                     .event = event,
                                     .target = e->handlers[index],
                                     .key = key,
                                     .handler = handler->name,
                                 });
    if (err.code != ERR_NONE)
        item->early_error = mem_strdup(err.message);
    buf_deinit(&own_key);
    return item;
}

static bool handler_takes(const struct script_handler *handler, const struct event *event)
{
    return slice_is_equal(handler->channel, event->channel) &&
           pattern_matches(handler->pattern, event->type);
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
        remember_unmatched(e, event->type);
        journal_set_event(e->journal, event->seq, event->channel, EVENT_OPEN, EVENT_UNMATCHED, NULL,
                          NULL);
    }
    event_unref(event);
}

/* ---- an event that the journal knows already ---- */

static const struct delivery_row *run_row(const struct list *rows, struct slice handler)
{
    list_each(it, rows)
    {
        const struct delivery_row *row = known_row_of(it);
        if (!row->connector.data && slice_is_equal(row->handler, handler))
            return row;
    }
    return NULL;
}

void handle_learn(struct work *work, const struct list *rows, struct slice except)
{
    list_each(it, rows)
    {
        const struct delivery_row *row = known_row_of(it);
        int64_t ordinal = row->seq & DELIVERY_ORDINAL_MAX;
        if (ordinal >= work->next_ordinal)
            work->next_ordinal = ordinal + 1;
        if (row->connector.data)
            counts_add(&work->sends, identity_prefix(row->id));
        else if (row->state == DELIVERY_DEAD && !slice_is_equal(row->id, except))
            work->is_dead = true;
    }
}

/* A handler that has a row is dead or was skipped, and stays so; or it waits for its next run; or
   it was through, but its event was not: it runs once more, over the same row. */
static void handle_once_more(struct engine *e, struct work *work, size_t index,
                             const struct delivery_row *row)
{
    if (row && row->state != DELIVERY_WAITING && row->state != DELIVERY_DELIVERED)
        return;
    struct item *item = run_new(e, work, index);
    if (!item)
        return;
    if (!row) {
        lanes_take(e->lanes, &item->d);
        return;
    }
    memcpy(item->id, row->id.data, row->id.len < DELIVERY_ID_SIZE ? row->id.len : 0);
    item->d.id = item->id;
    item->d.seq = row->seq;
    lanes_restore(e->lanes, &item->d, row);
}

void handle_again(struct engine *e, struct event *event, const struct list *rows)
{
    struct work *work = work_new(e, event);
    work->is_again = true;
    handle_learn(work, rows, SLICE_NULL);
    for (size_t i = 0; i < script_handler_count(e->machine); i++) {
        const struct script_handler *handler = script_handler_at(e->machine, i);
        if (handler_takes(handler, event))
            handle_once_more(e, work, i, run_row(rows, handler->name));
    }
    work_release(e, work);
    event_unref(event);
}

/* ---- one run ---- */

static void end_early(struct item *item)
{
    const struct attempt_end end = {
        .kind = ATTEMPT_SCRIPT,
        .after_ms = -1,
        .error = slice_str(item->early_error),
    };
    lanes_attempt_ended(item->engine->lanes, &item->d, &end);
}

void handle_run(struct item *item)
{
    struct engine *e = item->engine;
    counts_clear(&item->sent);
    if (item->early_error) {
        end_early(item);
        return;
    }
    struct target **place = target_owner(item->d.target);
    size_t index = (size_t)(place - e->handlers);
    item->run = script_handle(e->machine, index, item->d.event, attempt_ended, item);
}

/* ---- its sends ---- */

static int no_such_connector(struct engine *e, struct slice name, struct err *err)
{
    const char *nearest = script_connector_nearest(e->machine, name);
    if (nearest)
        return err_set(err, ERR_NOT_FOUND,
                       "no connector \"%.*s\": did you mean \"%s\"? Else make connectors/%.*s.lua",
                       SLICE_FMT(name), nearest, SLICE_FMT(name));
    return err_set(err, ERR_NOT_FOUND, "no connector \"%.*s\": make connectors/%.*s.lua",
                   SLICE_FMT(name), SLICE_FMT(name));
}

/* The id of the n-th send of this run to this connector and key: the same whenever it is made. */
static uint64_t send_id(struct item *run, struct slice connector, struct slice key,
                        char id[static DELIVERY_ID_SIZE])
{
    struct engine *e = run->engine;
    static const uint64_t seed[2] = {0, 0}; /* nobody gains by a clash among one run's own sends */
    uint64_t place =
        hash_siphash(seed, connector) * 31 + hash_siphash(seed, key) + (key.data != NULL);
    return identity_format(
        &(struct identity){
            .journal = slice_str(journal_id(e->journal)),
            .event = run->d.event->seq,
            .replay = run->d.event->replay,
            .handler = slice_str(run->d.handler),
            .connector = connector,
            .key = key,
            .has_key = key.data != NULL,
            .n = counts_add(&run->sent, place),
        },
        id);
}

int handle_send(void *ctx, void *run_ctx, const struct script_send *send, struct buf *id,
                struct err *err)
{
    struct engine *e = ctx;
    struct item *run = run_ctx;
    struct work *work = run->work;
    struct target *target = lanes_find_target(e->lanes, send->connector, false);
    if (!target || !target_owner(target))
        return no_such_connector(e, send->connector, err);

    struct slice key = send->key_given ? send->key : slice_str(run->d.key);
    char public_id[DELIVERY_ID_SIZE];
    uint64_t prefix = send_id(run, send->connector, key, public_id);
    buf_add_str(id, public_id);
    if (counts_add(&work->sends, prefix) > 0)
        return 0; /* made before, by an earlier run of this handler: it stands as it is */
    if (work->next_ordinal + work->pending > DELIVERY_ORDINAL_MAX)
        return err_set(err, ERR_FULL, "one event can't have more than %d deliveries",
                       DELIVERY_ORDINAL_MAX);

    struct item *item = item_new(e, work,
                                 &(struct item_parts){
                                     .event = work->event,
                                     .target = target,
                                     .key = key,
                                     .handler = slice_str(run->d.handler),
                                     .transformer = send->transformer,
                                     .data = send->data,
                                 });
    memcpy(item->id, public_id, sizeof(public_id));
    item->d.id = item->id;
    item->d.delay_ms = send->delay_ms;
    item->d.was_cut_off = work->is_again;
    if (send->expires_ms > 0)
        item->d.expires_ms = item->d.created_ms + send->expires_ms;
    lanes_take(e->lanes, &item->d);
    return 0;
}
