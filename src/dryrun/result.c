/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What came of a dry run, in words and as JSON. */
#include "base/base64.h"
#include "base/json.h"
#include "dryrun/dryrun.h"

const char *dryrun_outcome_name(enum outcome outcome)
{
    static const char *const names[] = {
        [OUTCOME_DELIVERED] = "delivered",
        [OUTCOME_SKIPPED] = "skipped",
        [OUTCOME_SUPERSEDED] = "superseded",
        [OUTCOME_RETRY] = "retry",
        [OUTCOME_DEAD] = "dead",
        [OUTCOME_PAUSE] = "pause",
    };
    return names[outcome];
}

/* ---- whether it worked ---- */

static bool is_failure(const struct dryrun_run *run)
{
    return run->end.outcome != OUTCOME_DELIVERED && run->end.outcome != OUTCOME_SKIPPED;
}

static bool has_failed_send(const struct dryrun_send *sends)
{
    for (const struct dryrun_send *s = sends; s; s = s->next)
        if (is_failure(&s->run))
            return true;
    return false;
}

bool dryrun_has_failed(const struct dryrun_result *result)
{
    for (const struct dryrun_handler *h = result->handlers; h; h = h->next)
        if (is_failure(&h->run) || has_failed_send(h->sends))
            return true;
    return has_failed_send(result->attempt);
}

/* ---- JSON ---- */

/* A member that isn't there where there is no text. */
static void add_text(struct json_writer *w, const char *name, struct slice text)
{
    if (text.data)
        json_member_string(w, name, text);
}

static void add_duration(struct json_writer *w, const char *name, int64_t ms)
{
    if (ms > 0)
        json_member_integer(w, name, ms);
}

/* As it is: JSON as `json`, other text as `body`, anything else as `base64`. */
static void add_body(struct json_writer *w, const struct dryrun_request *r)
{
    if (!r->has_body)
        return;
    if (json_check(r->body, NULL) == 0) {
        json_member_raw(w, "json", r->body);
    } else if (slice_is_utf8(r->body)) {
        json_member_string(w, "body", r->body);
    } else {
        struct buf encoded = {0};
        base64_add(&encoded, r->body);
        json_member_string(w, "base64", buf_slice(&encoded));
        buf_deinit(&encoded);
    }
}

static void add_header(struct json_writer *w, const struct script_header *header)
{
    struct buf name = {0};
    buf_add_slice(&name, header->name);
    json_member_string(w, name.data, header->value);
    buf_deinit(&name);
}

static void add_request(struct json_writer *w, const struct dryrun_request *r)
{
    json_object_begin(w, NULL);
    json_member_string(w, "method", r->method);
    json_member_string(w, "url", r->url);
    json_object_begin(w, "headers");
    for (size_t i = 0; i < r->n_headers; i++)
        add_header(w, &r->headers[i]);
    json_object_end(w);
    add_body(w, r);
    json_object_begin(w, "answer");
    if (r->failure.data)
        json_member_string(w, "failure", r->failure);
    else
        json_member_integer(w, "status", r->status);
    json_object_end(w);
    json_object_end(w);
}

static void add_line(struct json_writer *w, const struct dryrun_line *line)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    json_object_begin(w, NULL);
    json_member_cstr(w, "level", levels[line->level]);
    json_member_string(w, "text", line->text);
    if (line->fields.data)
        json_member_raw(w, "fields", line->fields);
    json_object_end(w);
}

static void add_run(struct json_writer *w, const struct dryrun_run *run)
{
    json_array_begin(w, "requests");
    for (const struct dryrun_request *r = run->requests; r; r = r->next)
        add_request(w, r);
    json_array_end(w);
    json_array_begin(w, "log");
    for (const struct dryrun_line *line = run->lines; line; line = line->next)
        add_line(w, line);
    json_array_end(w);
    json_member_cstr(w, "outcome", dryrun_outcome_name(run->end.outcome));
    if (run->end.cause)
        json_member_cstr(w, "cause", run->end.cause);
    add_text(w, "reason", run->end.reason);
}

static void add_send(struct json_writer *w, const char *name, const struct dryrun_send *s)
{
    json_object_begin(w, name);
    json_member_string(w, "connector", s->connector);
    json_member_string(w, "id", s->id);
    add_text(w, "key", s->key);
    add_text(w, "transformer", s->transformer);
    if (s->data.data)
        json_member_raw(w, "data", s->data);
    add_duration(w, "delayMs", s->delay_ms);
    add_duration(w, "expiresMs", s->expires_ms);
    add_run(w, &s->run);
    json_object_end(w);
}

static void add_handler(struct json_writer *w, const struct dryrun_handler *h)
{
    json_object_begin(w, NULL);
    json_member_string(w, "handler", h->name);
    add_text(w, "file", h->file);
    add_text(w, "key", h->key);
    json_member_bool(w, "filtered", h->is_filtered);
    json_array_begin(w, "sends");
    for (const struct dryrun_send *s = h->sends; s; s = s->next)
        add_send(w, NULL, s);
    json_array_end(w);
    add_run(w, &h->run);
    json_object_end(w);
}

void dryrun_add_json(struct buf *out, const struct dryrun_result *result)
{
    struct json_writer w = {.out = out};
    json_object_begin(&w, NULL);
    json_object_begin(&w, "event");
    json_member_string(&w, "id", result->event_id);
    json_member_string(&w, "type", result->event_type);
    json_object_end(&w);
    json_array_begin(&w, "handlers");
    for (const struct dryrun_handler *h = result->handlers; h; h = h->next)
        add_handler(&w, h);
    json_array_end(&w);
    if (result->nearest.data)
        json_member_string(&w, "nearest", result->nearest);
    if (result->attempt)
        add_send(&w, "attempt", result->attempt);
    json_object_end(&w);
}
