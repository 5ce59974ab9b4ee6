/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Messages and request bodies. What is malformed says why; any other message is an event whose
 * parts hold what they promise, and a CloudEvent is the same one when it is written anew, and
 * whichever way it comes in.
 */
#include "base/json.h"
#include "events.h"
#include "fuzz.h"

static bool is_cloudevent(struct slice message)
{
    struct slice version, text = slice_trim(message);
    return json_is_object(text) && json_get(text, "specversion", &version) &&
           !slice_is_equal(version, SLICE_LIT("null"));
}

/* What came of a body: its number of events, and the last of them. */
struct taken {
    size_t n;
    struct event *last;
};

static void take(void *ctx, struct event *event)
{
    struct taken *t = ctx;
    events_check(event);
    event_unref(t->last);
    t->last = event;
    t->n++;
}

/* The number of events, -1 when it is refused; *last is the caller's. */
static int try_body(struct slice body, enum envelope_media media, struct event **last)
{
    struct taken t = {0};
    struct err err = {0};
    int rc = envelope_parse_body(&events_context, media, body, take, &t, &err);
    require(rc == 0 ? t.n == 0 || t.last : err.code == ERR_INVALID && err.message[0]);
    *last = t.last;
    return rc < 0 ? -1 : (int)t.n;
}

/* A form of CloudEvents takes nothing that the common one doesn't take as the same. */
static void try_bodies(struct slice body)
{
    struct event *plain, *structured, *batch;
    int n_plain = try_body(body, ENVELOPE_JSON, &plain);
    int n_structured = try_body(body, ENVELOPE_CE, &structured);
    int n_batch = try_body(body, ENVELOPE_CE_BATCH, &batch);
    require(n_structured < 0 || n_batch < 0);
    if (n_structured >= 0)
        require(n_structured == 1 && n_plain == 1 && events_are_same(plain, structured));
    if (n_batch >= 0)
        require(n_plain == n_batch && (n_batch == 0 || events_are_same(plain, batch)));
    event_unref(plain);
    event_unref(structured);
    event_unref(batch);
}

static void try_message(struct slice message)
{
    struct event *event = NULL, *body;
    struct err err = {0};
    if (envelope_parse(&events_context, message, &event, &err) < 0) {
        require(err.code == ERR_INVALID && err.message[0] && !event);
        return;
    }
    events_check(event);
    events_check_json(event, is_cloudevent(message));
    if (is_cloudevent(message)) {
        require(try_body(message, ENVELOPE_CE, &body) == 1 && events_are_same(event, body));
        event_unref(body);
    }
    event_unref(event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_of((const char *)data, size);
    try_message(input);
    try_bodies(input);
    return 0;
}
