/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "engine/record_json.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "event/envelope.h"

/* ---- data ---- */

static void add_event_data(struct json_writer *w, const struct event *event)
{
    if (event->data_kind == EVENT_DATA_JSON)
        json_member_raw(w, "data", event->data);
    else if (event->data_kind == EVENT_DATA_BYTES)
        json_member_string(w, "data", event->data);
    else
        json_member_null(w, "data");
}

static void add_data(struct json_writer *w, const struct delivery_row *row,
                     const struct event *event)
{
    if (row->data.data)
        json_member_raw(w, "data", row->data);
    else
        add_event_data(w, event);
}

/* ---- a delivery's event ---- */

static void add_event(struct json_writer *w, const struct delivery_row *row,
                      const struct event *event, enum letter_extent extent)
{
    struct event shown = *event;
    struct buf json = {0};
    if (extent == LETTER_WHOLE) {
        add_data(w, row, event);
    } else {
        json_member_null(w, "data");
        shown.data = SLICE_NULL;
        shown.data_kind = EVENT_DATA_NONE;
    }
    envelope_add_json(&json, &shown);
    json_member_raw(w, "event", buf_slice(&json));
    json_member_integer(w, "eventSeq", event->seq);
    buf_deinit(&json);
}

struct event_wish {
    struct json_writer *w;
    const struct delivery_row *row;
    enum letter_extent extent;
};

static bool visit_event(void *ctx, struct event *event, enum event_state state)
{
    (void)state;
    const struct event_wish *wish = ctx;
    add_event(wish->w, wish->row, event, wish->extent);
    return false;
}

static int read_event(struct journal_reader *reader, struct json_writer *w,
                      const struct delivery_row *row, enum letter_extent extent, struct err *err)
{
    struct event_wish wish = {w, row, extent};
    return journal_find_event(reader, delivery_event_seq(row->seq), visit_event, &wish, err);
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

static int read_attempts(struct journal_reader *reader, struct json_writer *w,
                         const struct delivery_row *row, struct err *err)
{
    json_array_begin(w, "attempts");
    int rc = journal_attempts(reader, row->seq, add_attempt, w, err);
    json_array_end(w);
    return rc;
}

/* What its data were before people edited them. */
static bool add_edit(void *ctx, int64_t at_ms, struct slice data)
{
    struct json_writer *w = ctx;
    json_object_begin(w, NULL);
    json_member_time(w, "at", at_ms);
    if (data.data)
        json_member_raw(w, "data", data);
    else
        json_member_null(w, "data");
    json_object_end(w);
    return true;
}

static bool add_retry(void *ctx, int64_t at_ms, int64_t died_ms, struct slice cause)
{
    struct json_writer *w = ctx;
    json_object_begin(w, NULL);
    json_member_time(w, "at", at_ms);
    json_member_time(w, "died", died_ms);
    json_member_string(w, "cause", cause);
    json_object_end(w);
    return true;
}

/* What people did with it. */
static int read_deeds(struct journal_reader *reader, struct json_writer *w,
                      const struct delivery_row *row, struct err *err)
{
    json_array_begin(w, "edits");
    if (journal_edits(reader, row->seq, add_edit, w, err) < 0)
        return -1;
    json_array_end(w);
    json_array_begin(w, "retries");
    if (journal_retries(reader, row->seq, add_retry, w, err) < 0)
        return -1;
    json_array_end(w);
    return 0;
}

/* By which scripts it was attempted last. */
static int read_scripts(struct journal_reader *reader, struct json_writer *w,
                        const struct delivery_row *row, struct err *err)
{
    struct buf hash = {0};
    int rc = row->script_version ? journal_scripts(reader, row->script_version, &hash, err) : 0;
    json_member_text(w, "scripts", buf_slice(&hash));
    buf_deinit(&hash);
    return rc;
}

/* ---- letters ---- */

static void add_names(struct json_writer *w, const struct delivery_row *row)
{
    json_member_text(w, "connector", row->connector);
    json_member_text(w, "handler", row->handler);
}

static void add_key(struct json_writer *w, const struct delivery_row *row)
{
    json_member_text(w, "key", row->has_key ? row->key : SLICE_NULL);
}

static void add_end(struct json_writer *w, const struct delivery_row *row)
{
    json_member_text(w, "error", row->error);
    json_member_time(w, "at", row->ended_ms);
    json_member_text(w, "staleBy", row->stale_by);
}

int letter_add_json(struct journal_reader *reader, struct json_writer *w,
                    const struct delivery_row *row, enum letter_extent extent, struct err *err)
{
    json_object_begin(w, NULL);
    json_member_text(w, "id", row->id);
    json_member_text(w, "cause", row->cause);
    add_names(w, row);
    if (extent != LETTER_BARE) {
        add_key(w, row);
        if (read_event(reader, w, row, extent, err) < 0 || read_attempts(reader, w, row, err) < 0)
            return -1;
    }
    add_end(w, row);
    if (extent == LETTER_WHOLE &&
        (read_deeds(reader, w, row, err) < 0 || read_scripts(reader, w, row, err) < 0))
        return -1;
    if (extent != LETTER_WHOLE)
        json_member_bool(w, "truncated", true);
    json_object_end(w);
    return 0;
}

/* ---- ends ---- */

static void add_short(struct json_writer *w, const char *name, struct slice text)
{
    json_member_text(w, name, utf8_cut(text, END_TEXT_MAX));
}

void end_add_json(struct json_writer *w, const struct delivery_row *row, struct slice type,
                  int64_t ms)
{
    json_object_begin(w, NULL);
    json_member_time(w, "at", row->ended_ms);
    add_short(w, "id", row->id);
    json_member_cstr(w, "state", delivery_state_name(row->state));
    add_short(w, "cause", row->cause);
    add_short(w, "connector", row->connector);
    add_short(w, "handler", row->handler);
    add_short(w, "key", row->key);
    add_short(w, "type", type);
    json_member_integer(w, "eventSeq", delivery_event_seq(row->seq));
    json_member_integer(w, "attempts", row->attempts);
    if (ms >= 0)
        json_member_integer(w, "ms", ms);
    else
        json_member_null(w, "ms");
    add_short(w, "error", row->state == DELIVERY_DEAD ? row->error : SLICE_NULL);
    json_object_end(w);
}

/* ---- deliveries ---- */

static void begin_delivery(struct json_writer *w, const struct delivery_row *row)
{
    json_object_begin(w, NULL);
    json_member_text(w, "id", row->id);
    json_member_cstr(w, "state", delivery_state_name(row->state));
    add_names(w, row);
    add_key(w, row);
}

static void end_delivery(struct json_writer *w, const struct delivery_row *row, bool is_in_flight)
{
    add_end(w, row);
    json_member_text(w, "cause", row->cause);
    json_member_bool(w, "inFlight", is_in_flight);
    json_member_time(w, "created", row->created_ms);
    json_member_time(w, "due", row->state == DELIVERY_WAITING ? row->due_ms : 0);
    json_member_time(w, "expires", row->expires_ms);
    json_object_end(w);
}

int delivery_add_json(struct journal_reader *reader, struct json_writer *w,
                      const struct delivery_row *row, bool is_in_flight, struct err *err)
{
    begin_delivery(w, row);
    if (read_event(reader, w, row, LETTER_WHOLE, err) < 0 ||
        read_attempts(reader, w, row, err) < 0 || read_scripts(reader, w, row, err) < 0)
        return -1;
    end_delivery(w, row, is_in_flight);
    return 0;
}

void delivery_add_json_unkept(struct json_writer *w, const struct delivery_row *row,
                              const struct event *event, bool is_in_flight)
{
    begin_delivery(w, row);
    add_event(w, row, event, LETTER_WHOLE);
    json_array_begin(w, "attempts");
    json_array_end(w);
    json_member_null(w, "scripts");
    end_delivery(w, row, is_in_flight);
}

int delivery_add_json_brief(struct journal_reader *reader, struct json_writer *w,
                            const struct delivery_row *row, bool is_in_flight, struct err *err)
{
    begin_delivery(w, row);
    if (read_attempts(reader, w, row, err) < 0 || read_deeds(reader, w, row, err) < 0 ||
        read_scripts(reader, w, row, err) < 0)
        return -1;
    end_delivery(w, row, is_in_flight);
    return 0;
}

/* ---- events ---- */

void event_add_members(struct json_writer *w, const struct event *event, enum event_state state)
{
    json_member_integer(w, "seq", event->seq);
    json_member_text(w, "id", event->id);
    json_member_text(w, "type", event->type);
    json_member_text(w, "source", event->source);
    json_member_text(w, "subject", event->subject);
    json_member_text(w, "time", event->time);
    json_member_text(w, "key", event->has_key ? event->key : SLICE_NULL);
    if (event->attributes.data)
        json_member_raw(w, "attributes", event->attributes);
    else
        json_member_null(w, "attributes");
    add_event_data(w, event);
    json_member_string(w, "channel", event->channel);
    json_member_cstr(w, "state", event_state_name(state));
    json_member_integer(w, "replay", event->replay);
    json_member_time(w, "received", event->received_ms);
}

void event_add_json(struct json_writer *w, const struct event *event, enum event_state state)
{
    json_object_begin(w, NULL);
    event_add_members(w, event, state);
    json_object_end(w);
}
