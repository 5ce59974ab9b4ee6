/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "events.h"

#include <string.h>

#include "base/json.h"
#include "fuzz.h"

static void new_id(void *ctx, char out[37])
{
    (void)ctx;
    strcpy(out, "01935a2c-0000-7000-8000-000000000000");
}

const struct envelope_context events_context = {
    .channel = {"bus", 3},
    .source = {"http://bus/events", 17},
    .received_ms = 99,
    .new_id = new_id,
};

static bool is_text(struct slice s)
{
    return s.data && s.len > 0 && slice_is_utf8(s);
}

void events_check(const struct event *e)
{
    require(is_text(e->id) && is_text(e->type) && is_text(e->source) && is_text(e->channel));
    require(!e->subject.data || is_text(e->subject));
    require(!e->time.data || is_text(e->time));
    require(e->has_key ? slice_is_utf8(e->key) : e->key.len == 0);
    require(!e->attributes.data ||
            (json_check(e->attributes, NULL) == 0 && json_is_object(e->attributes)));
    if (e->data_kind == EVENT_DATA_JSON)
        require(json_check(e->data, NULL) == 0);
    else
        require((e->data_kind == EVENT_DATA_BYTES) == (e->data.data != NULL));
    require(event_size(e) >= e->data.len + e->type.len);
}

static bool is_same_json(struct slice a, struct slice b)
{
    return a.data && b.data ? json_is_same(a, b) : a.data == b.data;
}

bool events_are_same(const struct event *a, const struct event *b)
{
    bool is_same_data = a->data_kind == EVENT_DATA_JSON ? is_same_json(a->data, b->data)
                                                        : slice_is_equal(a->data, b->data);
    return slice_is_equal(a->id, b->id) && slice_is_equal(a->type, b->type) &&
           slice_is_equal(a->source, b->source) && slice_is_equal(a->subject, b->subject) &&
           slice_is_equal(a->time, b->time) && a->has_key == b->has_key &&
           slice_is_equal(a->key, b->key) && is_same_json(a->attributes, b->attributes) &&
           a->data_kind == b->data_kind && is_same_data;
}

/* Bytes of a JSON type, which JSON can only carry as base64, are taken for JSON where they are. */
static bool may_change(const struct event *e)
{
    return e->data_kind == EVENT_DATA_BYTES;
}

void events_check_json(const struct event *e, bool is_cloudevent)
{
    struct event *again = NULL;
    struct err err = {0};
    struct buf json = {0};
    envelope_add_json(&json, e);
    require(json_check(buf_slice(&json), NULL) == 0 && json_is_object(buf_slice(&json)));
    if (is_cloudevent) {
        require(envelope_parse(&events_context, buf_slice(&json), &again, &err) == 0);
        events_check(again);
        require(may_change(e) || events_are_same(e, again));
        event_unref(again);
    }
    buf_deinit(&json);
}
