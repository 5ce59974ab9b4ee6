/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "engine/letter_json.h"

#include "base/buf.h"
#include "event/envelope.h"

struct letter {
    struct json_writer *w;
    const struct delivery_row *row;
    enum letter_extent extent;
};

static void add_text(struct json_writer *w, const char *name, struct slice text)
{
    if (text.data)
        json_member_string(w, name, text);
    else
        json_member_null(w, name);
}

/* ---- its event ---- */

static void add_data(struct json_writer *w, const struct delivery_row *row,
                     const struct event *event)
{
    if (row->data.data)
        json_member_raw(w, "data", row->data);
    else if (event->data_kind == EVENT_DATA_JSON)
        json_member_raw(w, "data", event->data);
    else if (event->data_kind == EVENT_DATA_BYTES)
        json_member_string(w, "data", event->data);
    else
        json_member_null(w, "data");
}

static bool add_event(void *ctx, struct event *event, enum event_state state)
{
    (void)state;
    struct letter *l = ctx;
    struct event shown = *event;
    struct buf json = {0};
    if (l->extent == LETTER_WHOLE) {
        add_data(l->w, l->row, event);
    } else {
        json_member_null(l->w, "data");
        shown.data = SLICE_NULL;
        shown.data_kind = EVENT_DATA_NONE;
    }
    envelope_add_json(&json, &shown);
    json_member_raw(l->w, "event", buf_slice(&json));
    json_member_integer(l->w, "eventSeq", event->seq);
    buf_deinit(&json);
    return false;
}

/* ---- its attempts ---- */

static bool add_attempt(void *ctx, const struct attempt_row *attempt)
{
    struct json_writer *w = ctx;
    json_object_begin(w, NULL);
    json_member_integer(w, "n", attempt->n);
    json_member_time(w, "at", attempt->at_ms);
    json_member_string(w, "code", attempt->code);
    json_member_integer(w, "ms", attempt->ms);
    json_member_string(w, "error", attempt->error);
    json_member_string(w, "answer", attempt->answer);
    json_object_end(w);
    return true;
}

static int add_history(struct journal_reader *reader, struct letter *l, struct err *err)
{
    const struct delivery_row *row = l->row;
    add_text(l->w, "key", row->has_key ? row->key : SLICE_NULL);
    if (journal_find_event(reader, delivery_event_seq(row->seq), add_event, l, err) < 0)
        return -1;
    json_array_begin(l->w, "attempts");
    if (journal_attempts(reader, row->seq, add_attempt, l->w, err) < 0)
        return -1;
    json_array_end(l->w);
    return 0;
}

/* ---- the whole ---- */

int letter_add_json(struct journal_reader *reader, struct json_writer *w,
                    const struct delivery_row *row, enum letter_extent extent, struct err *err)
{
    struct letter l = {w, row, extent};
    json_object_begin(w, NULL);
    add_text(w, "id", row->id);
    add_text(w, "cause", row->cause);
    add_text(w, "connector", row->connector);
    add_text(w, "handler", row->handler);
    if (extent != LETTER_BARE && add_history(reader, &l, err) < 0)
        return -1;
    add_text(w, "error", row->error);
    json_member_time(w, "at", row->ended_ms);
    json_member_null(w, "staleBy");
    if (extent != LETTER_WHOLE)
        json_member_bool(w, "truncated", true);
    json_object_end(w);
    return 0;
}
