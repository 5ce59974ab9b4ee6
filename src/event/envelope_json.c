/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Events as CloudEvents in JSON.
 */
#include "event/envelope.h"

#include "base/base64.h"
#include "base/json.h"

static void add_text(struct json_writer *w, const char *name, struct slice text)
{
    if (text.data)
        json_member_string(w, name, text);
}

/* The attributes as they are stored, without the braces around them. */
static void add_attributes(struct buf *out, struct slice attributes)
{
    struct slice none, inner = slice_trim(attributes);
    if (!json_get(attributes, "specversion", &none))
        buf_add_str(out, ",\"specversion\":\"1.0\"");
    if (inner.len > 2) {
        buf_add_char(out, ',');
        buf_add_slice(out, slice_of(inner.data + 1, inner.len - 2));
    }
}

static void add_data(struct json_writer *w, const struct event *event)
{
    struct buf encoded = {0};
    if (event->data_kind == EVENT_DATA_JSON) {
        json_member_raw(w, "data", event->data);
    } else if (event->data_kind == EVENT_DATA_BYTES && slice_is_utf8(event->data)) {
        json_member_string(w, "data", event->data);
    } else if (event->data_kind == EVENT_DATA_BYTES) {
        base64_add(&encoded, event->data);
        json_member_string(w, "data_base64", buf_slice(&encoded));
    }
    buf_deinit(&encoded);
}

void envelope_add_json(struct buf *out, const struct event *event)
{
    struct json_writer w = {.out = out};
    json_object_begin(&w, NULL);
    json_member_string(&w, "id", event->id);
    add_text(&w, "type", event->type);
    add_text(&w, "source", event->source);
    add_text(&w, "subject", event->subject);
    add_text(&w, "time", event->time);
    add_attributes(out, event->attributes);
    add_data(&w, event);
    json_object_end(&w);
}
