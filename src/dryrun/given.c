/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "dryrun/given.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "event/envelope.h"

/* ---- new ones ---- */

static void new_id(void *ctx, char out[37])
{
    (void)ctx;
    memcpy(out, GIVEN_ID, sizeof(GIVEN_ID));
}

static void take(void *ctx, struct event *event)
{
    *(struct event **)ctx = event;
}

static struct event *parse_new(struct slice json, int64_t now_ms, struct err *err)
{
    const struct envelope_context context = {
        .source = SLICE_LIT("embedded"), .received_ms = now_ms, .new_id = new_id};
    struct event *event = NULL;
    if (!json_is_object(slice_trim(json))) {
        err_set(err, ERR_INVALID, "an event is an object: {\"type\": …, \"data\": …}");
        return NULL;
    }
    if (envelope_parse_body(&context, ENVELOPE_JSON, json, take, &event, err) < 0)
        return NULL;
    return event;
}

struct event *given_data(struct slice json, struct slice type, int64_t now_ms, struct err *err)
{
    if (json_check(json, err) < 0) {
        err_prefix(err, "the data aren't JSON");
        return NULL;
    }
    return event_new(&(struct event_parts){
        .id = SLICE_LIT(GIVEN_ID),
        .type = type,
        .source = SLICE_LIT("embedded"),
        .data = slice_trim(json),
        .data_kind = EVENT_DATA_JSON,
        .received_ms = now_ms,
    });
}

/* ---- recorded ones ---- */

/* Texts of one, decoded. */
enum { CHANNEL, ID, TYPE, SOURCE, SUBJECT, TIME, KEY, RECEIVED, TEXTS };
static const char *const names[TEXTS] = {
    "channel", "id", "type", "source", "subject", "time", "key", "received",
};

struct recorded {
    struct buf texts[TEXTS], data;
    struct slice slices[TEXTS]; /* of those that are strings; else absent */
};

static void read_texts(struct recorded *r, struct slice json)
{
    struct slice value;
    for (int i = 0; i < TEXTS; i++) {
        buf_reserve(&r->texts[i], 0);
        if (json_get(json, names[i], &value) && json_get_string(value, &r->texts[i]) == 0)
            r->slices[i] = buf_slice(&r->texts[i]);
    }
}

/* What isn't JSON by its type is text that the sender sent. */
static bool is_text(struct slice attributes)
{
    struct buf type = {0};
    struct slice value;
    bool has_type =
        json_get(attributes, "datacontenttype", &value) && json_get_string(value, &type) == 0;
    bool is_json = memmem(type.data ? type.data : "", type.len, "json", 4) != NULL;
    buf_deinit(&type);
    return has_type && !is_json;
}

static void read_data(struct recorded *r, struct slice json, struct event_parts *parts)
{
    struct slice value;
    if (json_get(json, "attributes", &value) && json_is_object(value))
        parts->attributes = value;
    if (!json_get(json, "data", &value))
        return;
    parts->data = value;
    parts->data_kind = EVENT_DATA_JSON;
    buf_reserve(&r->data, 0);
    if (is_text(parts->attributes) && json_get_string(value, &r->data) == 0) {
        parts->data = buf_slice(&r->data);
        parts->data_kind = EVENT_DATA_BYTES;
    }
}

static struct event *make_recorded(struct recorded *r, struct slice json, int64_t seq,
                                   struct err *err)
{
    struct event_parts parts = {
        .channel = r->slices[CHANNEL],
        .id = r->slices[ID],
        .type = r->slices[TYPE],
        .source = r->slices[SOURCE],
        .subject = r->slices[SUBJECT],
        .time = r->slices[TIME],
        .key = r->slices[KEY],
    };
    if (text_parse_time(r->slices[RECEIVED], &parts.received_ms, err) < 0)
        return NULL;
    if (!parts.type.data || !parts.id.data) {
        err_set(err, ERR_INVALID, "the recorded event has no `id` or no `type`");
        return NULL;
    }
    read_data(r, json, &parts);
    struct event *event = event_new(&parts);
    event->seq = seq;
    return event;
}

static struct event *parse_recorded(struct slice json, int64_t seq, struct err *err)
{
    struct recorded r = {0};
    read_texts(&r, json);
    struct event *event = make_recorded(&r, json, seq, err);
    for (int i = 0; i < TEXTS; i++)
        buf_deinit(&r.texts[i]);
    buf_deinit(&r.data);
    return event;
}

/* Only what the HTTP interface shows has all of these. */
static bool is_recorded(struct slice json, int64_t *seq)
{
    struct slice value;
    return json_get(json, "received", &value) && json_get(json, "channel", &value) &&
           json_get(json, "seq", &value) && json_get_integer(value, seq) == 0;
}

struct event *given_event(struct slice json, int64_t now_ms, struct err *err)
{
    int64_t seq;
    if (json_check(json, err) < 0) {
        err_prefix(err, "the event isn't JSON");
        return NULL;
    }
    return is_recorded(json, &seq) ? parse_recorded(json, seq, err) : parse_new(json, now_ms, err);
}

/* ---- deliveries ---- */

void given_delivery_init(struct given_delivery *d, struct slice json)
{
    *d = (struct given_delivery){0};
    const struct {
        const char *name;
        struct slice *text;
    } members[] = {
        {"id", &d->wish.id},   {"connector", &d->wish.connector},     {"handler", &d->wish.handler},
        {"key", &d->wish.key}, {"transformer", &d->wish.transformer},
    };
    static_assert(ARRAY_LEN(members) == ARRAY_LEN(d->texts), "a text for each");
    struct slice value;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        buf_reserve(&d->texts[i], 0);
        if (json_get(json, members[i].name, &value) && json_get_string(value, &d->texts[i]) == 0)
            *members[i].text = buf_slice(&d->texts[i]);
    }
    if (json_get(json, "data", &value))
        d->wish.data = value;
    d->wish.was_unknown =
        json_get(json, "wasUnknown", &value) && slice_is_equal(value, SLICE_LIT("true"));
}

void given_delivery_deinit(struct given_delivery *d)
{
    for (size_t i = 0; i < ARRAY_LEN(d->texts); i++)
        buf_deinit(&d->texts[i]);
}
