/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What is in memory of an open event and of its deliveries, and when it goes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/parts.h"

static struct slice seq_key(const int64_t *seq)
{
    return slice_of((const char *)seq, sizeof(*seq));
}

/* Events that are open at once have numbers that lie close together: a number is its own hash. */
struct work *work_find(struct engine *e, int64_t seq)
{
    struct map_node *node = map_find_hashed(&e->works, seq_key(&seq), (uint64_t)seq);
    return node ? container_of(node, struct work, node) : NULL;
}

struct work *work_new(struct engine *e, struct event *event)
{
    struct work *work = mem_calloc(1, sizeof(*work));
    work->seq = event->seq;
    work->event = event_ref(event);
    work->pending = 1; /* its maker's, who releases it */
    list_init(&work->lingering);
    work->node.key = seq_key(&work->seq);
    list_init(&work->items);
    assert(!work_find(e, work->seq));
    map_insert_sought(&e->works, &work->node, (uint64_t)work->seq);
    return work;
}

void work_free(struct engine *e, struct work *work)
{
    map_remove(&e->works, &work->node);
    list_each (it, &work->items)
        list_remove(it);
    list_remove(&work->lingering);
    counts_deinit(&work->sends);
    counts_deinit(&work->stored);
    event_unref(work->event);
    free(work);
}

void work_hold(struct work *work)
{
    list_remove(&work->lingering);
    work->pending++;
}

/* Its event stays open. What is being read may be of it, and older than what is known here. */
static void let_go(struct engine *e, struct work *work)
{
    if (e->n_run_loads > 0)
        list_add_tail(&e->lingering, &work->lingering);
    else
        work_free(e, work);
}

void work_end_lingering(struct engine *e)
{
    list_each (it, &e->lingering)
        work_free(e, list_entry(it, struct work, lingering));
}

void work_release(struct engine *e, struct work *work)
{
    if (--work->pending > 0)
        return;
    if (work->n_away > 0) {
        let_go(e, work);
        return;
    }
    enum event_state end = work->n_dead         ? EVENT_DEAD
                           : work->is_unmatched ? EVENT_UNMATCHED
                                                : EVENT_CLOSED;
    journal_set_event(e->journal, work->seq, work->event->channel, EVENT_OPEN, end, NULL, NULL);
    if (work->has_results && end != EVENT_DEAD) /* a dead one's handler may be retried */
        journal_clear_results(e->journal, work->seq);
    work_free(e, work);
}

const struct item *work_find_item(const struct work *work, struct slice id)
{
    list_each (it, &work->items) {
        const struct item *item = list_entry(it, struct item, in_work);
        if (slice_is_equal(slice_str(item->id), id))
            return item;
    }
    return NULL;
}

void work_asked_all(struct work *work, const char *handler)
{
    list_each (it, &work->items) {
        struct item *item = list_entry(it, struct item, in_work);
        if (strcmp(item->d.handler, handler) == 0)
            item->keeps_result = false;
    }
}

/* Copies `s` to *place and moves that on; NULL for an absent one. */
static char *put_text(char **place, struct slice s)
{
    if (!s.data)
        return NULL;
    char *text = *place;
    memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    *place += s.len + 1;
    return text;
}

struct item *item_new(struct engine *e, struct work *work, const struct item_parts *parts)
{
    size_t texts = parts->key.len + parts->handler.len + parts->transformer.len + parts->data.len;
    struct item *item = mem_alloc(sizeof(*item) + texts + 4);
    *item = (struct item){.engine = e, .work = work, .version = e->version};

    char *place = (char *)(item + 1);
    item->d.key = put_text(&place, parts->key);
    item->d.handler = put_text(&place, parts->handler);
    item->d.transformer = put_text(&place, parts->transformer);
    item->d.data = slice_of(put_text(&place, parts->data), parts->data.len);

    item->d.event = event_ref(parts->event);
    item->d.target = parts->target;
    item->d.created_ms = clock_wall_ms(&e->clock);
    list_init(&item->in_work);
    list_init(&item->asks);
    newest_set(item, newest_mode_of(item));
    if (work)
        work_hold(work);
    return item;
}

void item_take_row(struct item *item, const struct delivery_row *row)
{
    size_t len = row->id.len < DELIVERY_ID_SIZE ? row->id.len : DELIVERY_ID_SIZE - 1;
    memcpy(item->id, row->id.data, len);
    item->d.id = item->id;
    item->d.seq = row->seq;
    item->d.position = row->position;
    item->d.created_ms = row->created_ms;
    item->d.expires_ms = row->expires_ms;
    item->script_version = row->script_version;
}

struct item *item_from_row(struct engine *e, struct work *work, struct event *event,
                           struct target *target, const struct delivery_row *row)
{
    struct item *item = item_new(e, work,
                                 &(struct item_parts){
                                     .event = event,
                                     .target = target,
                                     .key = row->has_key ? slice_present(row->key) : SLICE_NULL,
                                     .handler = row->handler,
                                     .transformer = row->transformer,
                                     .data = row->data,
                                 });
    item_take_row(item, row);
    item->keeps_result = true; /* the journal knows whether its event is still open */
    return item;
}

void item_free(struct item *item)
{
    await_forget(item);
    script_cancel(item->run);
    batch_attempt_forget(item);
    newest_set(item, NEWEST_IGNORED);
    list_remove(&item->in_work);
    buf_deinit(&item->result);
    publication_forget(item);
    counts_deinit(&item->sent);
    free(item->early);
    event_unref(item->d.event);
    free(item);
}
