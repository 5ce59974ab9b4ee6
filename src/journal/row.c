/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Rows, column by column.
 */
#include "journal/row.h"

#include "base/attr.h"
#include "journal/recent.h"

static const char *const data_kinds[] = {
    [EVENT_DATA_NONE] = "none",
    [EVENT_DATA_JSON] = "json",
    [EVENT_DATA_BYTES] = "bytes",
};

/* ---- New rows ------------------------------------------------------------------------------- */

static void give_text(sqlite3_context *value, struct slice text)
{
    if (text.data)
        sqlite3_result_text64(value, text.data, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

static void give_str(sqlite3_context *value, const char *text)
{
    give_text(value, slice_str(text));
}

static void give_time(sqlite3_context *value, int64_t ms)
{
    if (ms != 0)
        sqlite3_result_int64(value, ms);
}

/* JSON reads as text in the database, anything else may hold any bytes. */
static void give_data(sqlite3_context *value, struct slice data, enum event_data kind)
{
    if (kind == EVENT_DATA_JSON)
        give_text(value, data);
    else if (kind == EVENT_DATA_BYTES)
        sqlite3_result_blob64(value, data.data ? data.data : "", data.len, SQLITE_STATIC);
}

void row_give_event(sqlite3_context *value, int column, const struct event_row *row)
{
    const struct event *event = row->event;
    switch (column) {
    case 0:
        sqlite3_result_int64(value, row->seq);
        break;
    case 1:
        give_text(value, row->channel);
        break;
    case 2:
        give_text(value, event->id);
        break;
    case 3:
        give_text(value, event->type);
        break;
    case 4:
        give_text(value, event->source);
        break;
    case 5:
        give_text(value, event->subject);
        break;
    case 6:
        give_text(value, event->time);
        break;
    case 7:
        give_text(value, event->has_key ? event->key : SLICE_NULL);
        break;
    case 8:
        give_text(value, event->attributes);
        break;
    case 9:
        give_data(value, event->data, event->data_kind);
        break;
    case 10:
        give_str(value, data_kinds[event->data_kind]);
        break;
    case 11:
        sqlite3_result_int64(value, event->received_ms);
        break;
    case 12:
        give_str(value, event_state_name(row->state));
        break;
    case 13:
        sqlite3_result_int64(value, event->has_own_id);
        break;
    case 14:
        if (row->identity)
            sqlite3_result_blob64(value, row->identity, IDENTITY_LEN, SQLITE_STATIC);
        break;
    default:
        die("new events have no column %d", column);
    }
}

/* Those behind the result. */
static void give_wait(sqlite3_context *value, int column, const struct delivery_row *row)
{
    switch (column) {
    case 18:
        give_time(value, row->position);
        break;
    case 19:
        give_time(value, row->script_version);
        break;
    case 20:
        give_text(value, row->batch);
        break;
    case 21:
        give_time(value, row->written_ms);
        break;
    default:
        die("new deliveries have no column %d", column);
    }
}

void row_give_delivery(sqlite3_context *value, int column, const struct delivery_row *row)
{
    switch (column) {
    case 0:
        sqlite3_result_int64(value, row->seq);
        break;
    case 1:
        give_text(value, row->id);
        break;
    case 2:
        give_text(value, row->connector);
        break;
    case 3:
        give_text(value, row->handler);
        break;
    case 4:
        give_text(value, row->has_key ? row->key : SLICE_NULL);
        break;
    case 5:
        give_text(value, row->transformer);
        break;
    case 6:
        give_text(value, row->data);
        break;
    case 7:
        give_str(value, delivery_state_name(row->state));
        break;
    case 8:
        give_text(value, row->cause);
        break;
    case 9:
        give_text(value, row->error);
        break;
    case 10:
        sqlite3_result_int64(value, row->attempts);
        break;
    case 11:
        sqlite3_result_int64(value, row->unknown);
        break;
    case 12:
        sqlite3_result_int64(value, row->created_ms);
        break;
    case 13:
        give_time(value, row->first_attempt_ms);
        break;
    case 14:
        give_time(value, row->due_ms);
        break;
    case 15:
        give_time(value, row->expires_ms);
        break;
    case 16:
        give_time(value, row->ended_ms);
        break;
    case 17:
        give_text(value, row->result);
        break;
    default:
        give_wait(value, column, row);
    }
}

/* ---- Parameters ----------------------------------------------------------------------------- */

void row_bind_delivery(sqlite3_stmt *s, const struct delivery_row *row)
{
    db_bind_int(s, 1, row->seq);
    db_bind_text(s, 2, row->id);
    db_bind_text(s, 3, row->connector);
    db_bind_text(s, 4, row->handler);
    db_bind_text(s, 5, row->has_key ? row->key : SLICE_NULL);
    db_bind_text(s, 6, row->transformer);
    db_bind_text(s, 7, row->data);
    db_bind_str(s, 8, delivery_state_name(row->state));
    db_bind_text(s, 9, row->cause);
    db_bind_text(s, 10, row->error);
    db_bind_int(s, 11, row->attempts);
    db_bind_int(s, 12, row->unknown);
    db_bind_int(s, 13, row->created_ms);
    db_bind_time(s, 14, row->first_attempt_ms);
    db_bind_time(s, 15, row->due_ms);
    db_bind_time(s, 16, row->expires_ms);
    db_bind_time(s, 17, row->ended_ms);
    db_bind_text(s, 18, row->result);
    db_bind_time(s, 20, row->position);
    db_bind_time(s, 21, row->script_version);
    db_bind_text(s, 22, row->batch);
    db_bind_time(s, 23, row->written_ms);
}

void row_bind_attempt(sqlite3_stmt *s, int64_t delivery, const struct attempt_row *attempt)
{
    db_bind_int(s, 1, delivery);
    db_bind_int(s, 2, attempt->at_ms);
    db_bind_int(s, 3, attempt->ms);
    db_bind_text(s, 4, attempt->code);
    db_bind_text(s, 5, attempt->error);
    db_bind_text(s, 6, attempt->answer);
}

/* ---- Reading -------------------------------------------------------------------------------- */

static enum event_data data_kind_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(data_kinds); i++) {
        if (strcmp(name, data_kinds[i]) == 0)
            return (enum event_data)i;
    }
    return EVENT_DATA_BYTES;
}

struct event *row_event(sqlite3_stmt *s, enum event_state *state)
{
    const struct event_parts parts = {
        .channel = db_column_text(s, 1),
        .id = db_column_text(s, 2),
        .type = db_column_text(s, 3),
        .source = db_column_text(s, 4),
        .subject = db_column_text(s, 5),
        .time = db_column_text(s, 6),
        .key = db_column_text(s, 7),
        .attributes = db_column_text(s, 8),
        .data = db_column_blob(s, 9),
        .data_kind = data_kind_of(db_column_str(s, 10)),
        .received_ms = sqlite3_column_int64(s, 11),
        .has_own_id = sqlite3_column_int(s, 14) != 0,
        .replay_handler = db_column_text(s, 15),
    };
    int found = event_state_of(db_column_text(s, 12));
    *state = found < 0 ? EVENT_NEW : (enum event_state)found;
    struct event *event = event_new(&parts);
    event->seq = sqlite3_column_int64(s, 0);
    event->replay = (unsigned)sqlite3_column_int(s, 13);
    event->is_replay_forced = sqlite3_column_int(s, 16) != 0;
    return event;
}

void row_delivery(sqlite3_stmt *s, struct delivery_row *row)
{
    int state = delivery_state_of(db_column_text(s, 7));
    *row = (struct delivery_row){
        .seq = sqlite3_column_int64(s, 0),
        .id = db_column_text(s, 1),
        .connector = db_column_text(s, 2),
        .handler = db_column_text(s, 3),
        .key = db_column_text(s, 4),
        .has_key = sqlite3_column_type(s, 4) != SQLITE_NULL,
        .transformer = db_column_text(s, 5),
        .data = db_column_blob(s, 6),
        .state = state < 0 ? DELIVERY_NEW : (enum delivery_state)state,
        .cause = db_column_text(s, 8),
        .error = db_column_text(s, 9),
        .attempts = (unsigned)sqlite3_column_int(s, 10),
        .unknown = sqlite3_column_int(s, 11) != 0,
        .created_ms = sqlite3_column_int64(s, 12),
        .first_attempt_ms = sqlite3_column_int64(s, 13),
        .due_ms = sqlite3_column_int64(s, 14),
        .expires_ms = sqlite3_column_int64(s, 15),
        .ended_ms = sqlite3_column_int64(s, 16),
        .result = db_column_text(s, 17),
        .position = sqlite3_column_int64(s, 18),
        .script_version = sqlite3_column_int64(s, 19),
        .batch = db_column_text(s, 20),
        .written_ms = sqlite3_column_int64(s, 21),
        .stale_by = db_column_text(s, 22),
    };
}

void row_attempt(sqlite3_stmt *s, struct attempt_row *attempt)
{
    *attempt = (struct attempt_row){
        .n = (unsigned)sqlite3_column_int(s, 0),
        .at_ms = sqlite3_column_int64(s, 1),
        .ms = sqlite3_column_int64(s, 2),
        .code = db_column_text(s, 3),
        .error = db_column_text(s, 4),
        .answer = db_column_blob(s, 5),
    };
}
