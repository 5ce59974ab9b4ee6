/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * From a handler's sync:send to a delivery in its lane.
 */
#include <string.h>

#include "base/buf.h"
#include "engine/parts.h"

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
static uint64_t send_id(struct item *run, const struct target *target,
                        const struct script_send *send, char id[static DELIVERY_ID_SIZE])
{
    struct engine *e = run->engine;
    /* Nobody gains by a clash among one run's own sends. */
    const uint64_t seed[2] = {(uintptr_t)target, send->key.data != NULL};
    return identity_format(
        &(struct identity){
            .journal = slice_str(journal_id(e->journal)),
            .event = run->d.event->seq,
            .replay = run->d.event->replay,
            .handler = slice_str(run->d.handler),
            .connector = send->connector,
            .key = send->key,
            .has_key = send->key.data != NULL,
            .n = counts_add(&run->sent, hash_siphash(seed, send->key)),
        },
        id);
}

/* ---- a send that was made before ---- */

uint64_t send_stored_hash(uint64_t prefix, struct slice data)
{
    const uint64_t seed[2] = {prefix, data.data != NULL};
    return hash_siphash(seed, data);
}

/* What an earlier run sent stands; that this one would send something else is told once. */
static void compare(const struct item *run, const char *id, const struct script_send *send)
{
    struct work *work = run->work;
    uint64_t hash = send_stored_hash(identity_prefix(slice_str(id)), send->data);
    const struct item *item = work_find_item(work, slice_str(id));
    bool is_same = item && slice_is_equal(item->d.data, send->data) &&
                   (item->d.data.data != NULL) == (send->data.data != NULL);
    if (is_same || counts_get(&work->stored, hash) > 0)
        return;
    counts_add(&work->stored, hash);
    log_warn(run->engine->log,
             "a handler that ran again sent other data: what it sent first stands",
             LOG_STR("handler", run->d.handler), LOG_SLICE("connector", send->connector),
             LOG_STR("delivery", id));
}

/* ---- what may have been attempted before ---- */

/* A handler's runs of one key come in the order of their events, and so do the sends that share it.
   Behind one that was made again, too, and hasn't ended, none was attempted: as little by the
   process before, if the handler sent the same to it. */
static bool is_behind(const struct item *run, const struct target *target, struct slice key)
{
    const struct event *event = run->d.event;
    const struct delivery *last = target_last_in_order(target, key);
    if (!last || !target_last_in_order(run->d.target, slice_str(run->d.key)))
        return false;
    return container_of(last, struct item, d)->is_again &&
           slice_is_equal(slice_str(last->handler), slice_str(run->d.handler)) &&
           last->event->replay == event->replay && last->event->seq <= event->seq;
}

int handle_send(void *ctx, void *run_ctx, const struct script_send *send, struct script_sent *sent,
                struct err *err)
{
    struct engine *e = ctx;
    struct item *run = run_ctx;
    struct work *work = run->work;
    struct target *target = lanes_find_target(e->lanes, send->connector, false);
    /* A run of older scripts may know one that is gone by now: what it sends waits for that. */
    bool is_older = run->version != e->version;
    if (!target || (!target_owner(target) && !is_older))
        return no_such_connector(e, send->connector, err);

    char public_id[DELIVERY_ID_SIZE];
    uint64_t prefix = send_id(run, target, send, public_id);
    buf_add_str(sent->id, public_id);
    if (counts_get(&work->sends, prefix) > 0) {
        compare(run, public_id, send);
        return 0; /* made before, by an earlier run of this handler: it stands as it is */
    }
    if (work->next_ordinal + work->pending > DELIVERY_ORDINAL_MAX)
        return err_set(err, ERR_FULL, "one event can't have more than %d deliveries",
                       DELIVERY_ORDINAL_MAX);
    counts_add(&work->sends, prefix);

    struct item *item = item_new(e, work,
                                 &(struct item_parts){
                                     .event = work->event,
                                     .target = target,
                                     .key = send->key,
                                     .handler = slice_str(run->d.handler),
                                     .transformer = send->transformer,
                                     .data = send->data,
                                 });
    list_add_tail(&work->items, &item->in_work);
    item->keeps_result = true;
    memcpy(item->id, public_id, sizeof(public_id));
    item->d.id = item->id;
    item->d.delay_ms = send->delay_ms;
    item->is_again = work->is_again && slice_is_equal(send->key, slice_str(run->d.key));
    item->d.was_cut_off = work->is_again && !(item->is_again && is_behind(run, target, send->key));
    if (send->expires_ms > 0)
        item->d.expires_ms = item->d.created_ms + send->expires_ms;
    lanes_take(e->lanes, &item->d);
    return 0;
}
