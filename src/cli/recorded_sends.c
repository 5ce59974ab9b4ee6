/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/recorded_sends.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "cli/json_view.h"

bool recorded_sends_are_whole(struct slice event)
{
    struct buf state = {0};
    view_add(&state, event, "state");
    int given = event_state_of(buf_slice(&state));
    buf_deinit(&state);
    return (given == EVENT_CLOSED || given == EVENT_UNMATCHED) &&
           view_integer(event, "replay", 0) == 0;
}

/* ---- rows ---- */

struct sent {
    struct slice handler, connector, key, transformer, data; /* data absent: the event's */
    bool is_told;
};

struct sends {
    struct sent *items;
    size_t len, cap;
    struct arena arena;
};

/* A handler's own run is no send, and publications are Liaison's. */
static bool take_row(void *ctx, const struct delivery_row *row)
{
    struct sends *sends = ctx;
    if (!row->connector.data || delivery_ordinal(row->seq) >= DELIVERY_PUBLICATIONS)
        return true;
    if (sends->len == sends->cap) {
        sends->cap = sends->cap ? 2 * sends->cap : 16;
        sends->items = mem_realloc(sends->items, sends->cap * sizeof(*sends->items));
    }
    sends->items[sends->len++] = (struct sent){
        .handler = arena_copy(&sends->arena, row->handler),
        .connector = arena_copy(&sends->arena, row->connector),
        .key = row->has_key ? arena_copy(&sends->arena, row->key) : SLICE_NULL,
        .transformer = arena_copy(&sends->arena, row->transformer),
        .data = arena_copy(&sends->arena, row->data),
    };
    return true;
}

/* ---- JSON ---- */

static void add_text(struct json_writer *w, const char *name, struct slice text)
{
    if (text.data)
        json_member_string(w, name, text);
}

static void add_send(struct json_writer *w, const struct sent *sent, struct slice event)
{
    struct slice data = sent->data;
    json_object_begin(w, NULL);
    json_member_string(w, "connector", sent->connector);
    add_text(w, "key", sent->key);
    add_text(w, "transformer", sent->transformer);
    if (data.data || json_get(event, "data", &data))
        json_member_raw(w, "data", data);
    json_object_end(w);
}

/* All sends of the handler of the first one. */
static void add_handler(struct json_writer *w, struct sent *first, const struct sent *end,
                        struct slice event)
{
    json_object_begin(w, NULL);
    json_member_string(w, "handler", first->handler);
    json_array_begin(w, "sends");
    for (struct sent *s = first; s < end; s++) {
        if (!s->is_told && slice_is_equal(s->handler, first->handler)) {
            add_send(w, s, event);
            s->is_told = true;
        }
    }
    json_array_end(w);
    json_object_end(w);
}

int recorded_sends_add(struct journal_reader *r, struct slice event, struct buf *out,
                       struct err *err)
{
    struct sends sends = {0};
    struct json_writer w = {.out = out};
    int rc = journal_event_deliveries(r, view_integer(event, "seq", 0), take_row, &sends, err);
    const struct sent *end = sends.items + sends.len;
    json_object_begin(&w, NULL);
    json_object_begin(&w, "event");
    json_member_raw(&w, "id", view_member(event, "id"));
    json_member_raw(&w, "type", view_member(event, "type"));
    json_object_end(&w);
    json_array_begin(&w, "handlers");
    for (size_t i = 0; i < sends.len; i++) {
        if (!sends.items[i].is_told)
            add_handler(&w, &sends.items[i], end, event);
    }
    json_array_end(&w);
    json_object_end(&w);
    free(sends.items);
    arena_deinit(&sends.arena);
    return rc;
}
