/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * POST /events: a request is one batch, its answer waits for the commit. The journal's writer makes
 * one commit of what many requests bring meanwhile.
 */
#include "channel/embedded.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/list.h"
#include "channel/batch.h"
#include "channel/identity.h"
#include "event/attribute.h"
#include "event/envelope.h"

/* Seconds after which a sender should try again what couldn't be taken. */
#define RETRY_AFTER_S "2"

struct embedded {
    struct channel base;
    bool is_paused;
    bool is_full; /* the host refused the newest batch */
    int64_t opened_ms, last_event_ms;
    struct batch batch; /* of the request that is being taken */
    size_t oversized;   /* number + 1 of its first event that passes the limit, 0: none */
    struct list unkept; /* struct posted: taken, not yet on disk */
    struct identity_source ids;
};

/* A request whose events are on their way to the disk. */
struct posted {
    struct list link;
    struct http_exchange *exchange;
    size_t n_events;
};

static struct embedded *embedded_of(const struct channel *c)
{
    return container_of(c, struct embedded, base);
}

/* ---- what the request is ---- */

/* Without its quotes, if it has any. */
static struct slice unquote(struct slice s)
{
    bool is_quoted = s.len >= 2 && s.data[0] == '"' && s.data[s.len - 1] == '"';
    return is_quoted ? slice_of(s.data + 1, s.len - 2) : s;
}

/* JSON is UTF-8 (RFC 8259, 8.1); a sender that says otherwise is believed, hence refused. */
static bool has_foreign_charset(struct slice content_type)
{
    slice_split(&content_type, ';');
    while (content_type.data) {
        struct slice value = slice_split(&content_type, ';');
        struct slice name = slice_trim(slice_split(&value, '='));
        if (slice_is_equal_nocase(name, SLICE_LIT("charset")))
            return !slice_is_equal_nocase(unquote(slice_trim(value)), SLICE_LIT("utf-8"));
    }
    return false;
}

static bool find_media(struct slice type, enum envelope_media *media)
{
    static const struct {
        const char *name;
        enum envelope_media media;
    } rows[] = {
        {"application/json", ENVELOPE_JSON},
        {"application/cloudevents+json", ENVELOPE_CE},
        {"application/cloudevents-batch+json", ENVELOPE_CE_BATCH},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!slice_is_equal_nocase(type, slice_str(rows[i].name)))
            continue;
        *media = rows[i].media;
        return true;
    }
    return false;
}

/* In which form a request brings events. */
struct form {
    bool is_binary;            /* one CloudEvent, whose attributes stand in the headers */
    enum envelope_media media; /* of a body that holds all, otherwise */
};

/* Says why this isn't taken, NULL when it is. A CloudEvents type says that all stands in the body;
   else the mark of binary mode decides. */
static const char *read_form(const struct http_exchange *x, struct form *form)
{
    struct slice content_type = http_exchange_header(x, "Content-Type");
    struct slice type = http_media_type(content_type);
    form->is_binary = http_exchange_header(x, "ce-specversion").data &&
                      !slice_has_prefix_nocase(type, SLICE_LIT("application/cloudevents"));
    if (!form->is_binary && !find_media(type, &form->media))
        return "Content-Type has to be application/json, application/cloudevents+json or "
               "application/cloudevents-batch+json, or ce- headers have to make a CloudEvent in "
               "binary mode";
    if (attribute_is_json_type(content_type) && has_foreign_charset(content_type))
        return "the body has to be UTF-8";
    return NULL;
}

/* ---- the answers ---- */

static void answer_kept(struct http_exchange *x, size_t n_events, size_t duplicates)
{
    struct buf body = {0};
    struct json_writer w = {.out = &body};
    json_object_begin(&w, NULL);
    json_member_integer(&w, "accepted", (int64_t)(n_events - duplicates));
    json_member_integer(&w, "duplicates", (int64_t)duplicates);
    json_object_end(&w);
    http_exchange_reply(x, 202, "application/json", buf_slice(&body));
    buf_deinit(&body);
}

static void answer_full(struct http_exchange *x, const char *why)
{
    http_exchange_add_header(x, "Retry-After", RETRY_AFTER_S);
    http_exchange_problem(x, 503, "%s", why);
}

static void on_kept(void *ctx, size_t duplicates)
{
    struct posted *posted = ctx;
    list_remove(&posted->link);
    answer_kept(posted->exchange, posted->n_events, duplicates);
    free(posted);
}

/* ---- a request ---- */

static void take_event(void *ctx, struct event *event)
{
    struct embedded *e = ctx;
    if (event->has_own_id) {
        struct channel_identity identity = identity_of_event(event);
        batch_add(&e->batch, event, &identity);
    } else {
        batch_add(&e->batch, event, NULL);
    }
    if (e->oversized == 0 && event_size(event) > e->base.host->message_max)
        e->oversized = e->batch.n_events;
}

/* An event whose attributes stand in the headers. */
static int take_binary(struct embedded *e, const struct http_exchange *x,
                       const struct envelope_context *context, struct err *err)
{
    struct http_headers found = http_exchange_headers(x);
    struct envelope_header *headers = mem_calloc(found.len, sizeof(*headers));
    struct event *event = NULL;
    for (size_t i = 0; i < found.len; i++)
        headers[i] = (struct envelope_header){found.items[i].name, found.items[i].value};
    int rc = envelope_parse_binary(context, headers, found.len, http_exchange_body(x), &event, err);
    free(headers);
    if (rc == 0)
        take_event(e, event);
    return rc;
}

/* Gathers the events of the request. Returns 0, or -1 when the exchange has been answered. */
static int take_request(struct embedded *e, struct http_exchange *x, const struct form *form)
{
    e->ids.now_ms = clock_wall_ms(&e->base.host->clock);
    const struct envelope_context context = {
        .channel = slice_str(e->base.name),
        .source = slice_str(e->base.name),
        .traceparent = http_exchange_header(x, "traceparent"),
        .tracestate = http_exchange_header(x, "tracestate"),
        .received_ms = e->ids.now_ms,
        .new_id = identity_new_id,
        .ctx = &e->ids,
    };
    struct err err = {0};
    e->oversized = 0;
    int rc = form->is_binary ? take_binary(e, x, &context, &err)
                             : envelope_parse_body(&context, form->media, http_exchange_body(x),
                                                   take_event, e, &err);
    if (rc < 0) {
        http_exchange_problem(x, 400, "%s", err.message);
        return -1;
    }
    if (e->oversized > 0) {
        http_exchange_problem(x, 413, "events[%zu]: longer than limits.message, %zu bytes",
                              e->oversized - 1, e->base.host->message_max);
        return -1;
    }
    return 0;
}

/* Hands the gathered events over; the answer follows when they are kept. */
static void append(struct embedded *e, struct http_exchange *x)
{
    struct posted *posted = mem_alloc(sizeof(*posted));
    *posted = (struct posted){.exchange = x, .n_events = e->batch.n_events};
    list_add_tail(&e->unkept, &posted->link);

    struct err err = {0};
    e->is_full = false;
    if (batch_append(&e->batch, &e->base, on_kept, posted, &err) == 0) {
        e->last_event_ms = clock_wall_ms(&e->base.host->clock);
        return;
    }
    e->is_full = true;
    list_remove(&posted->link);
    free(posted);
    answer_full(x, err.message);
}

void embedded_post(struct channel *c, struct http_exchange *x)
{
    struct embedded *e = embedded_of(c);
    struct form form = {0};
    const char *refusal = read_form(x, &form);
    if (refusal) {
        http_exchange_problem(x, 415, "%s", refusal);
        return;
    }
    if (e->is_paused) {
        answer_full(x, "no events are taken at present");
        return;
    }
    if (take_request(e, x, &form) == 0) {
        if (batch_is_empty(&e->batch))
            answer_kept(x, 0, 0);
        else
            append(e, x);
    }
    batch_clear(&e->batch);
}

/* ---- the kind ---- */

static struct channel *embedded_open(const struct channel_options *options,
                                     const struct channel_host *host, struct err *err)
{
    (void)err; /* there is nothing that could be wrong */
    struct embedded *e = mem_calloc(1, sizeof(*e));
    channel_init(&e->base, &channel_embedded, options, host);
    e->opened_ms = clock_wall_ms(&host->clock);
    list_init(&e->unkept);
    return &e->base;
}

/* What was posted before keeps the name by which it came. */
static void embedded_change(struct channel *c, const struct channel_options *options)
{
    channel_rename(c, options);
}

static void embedded_pause(struct channel *c)
{
    embedded_of(c)->is_paused = true;
}

static void embedded_resume(struct channel *c)
{
    struct embedded *e = embedded_of(c);
    e->is_paused = e->is_full = false;
}

/* Senders are told what is kept, so that none of it can be lost unseen: resumable. */
static void embedded_status(const struct channel *c, struct channel_status *out)
{
    const struct embedded *e = embedded_of(c);
    *out = (struct channel_status){
        .is_connected = true,
        .is_resumable = true,
        .has_resume_known = true,
        .since_ms = e->opened_ms,
        .last_event_ms = e->last_event_ms,
        .problem = e->is_full ? "senders are refused: the journal takes nothing" : NULL,
    };
}

/* Answers that are still owed are dropped with their exchanges, by the server. */
static void embedded_close(struct channel *c)
{
    struct embedded *e = embedded_of(c);
    list_each (it, &e->unkept)
        free(container_of(it, struct posted, link));
    batch_deinit(&e->batch);
    channel_deinit(&e->base);
    free(e);
}

const struct channel_kind channel_embedded = {
    .schemes = {"", CHANNEL_EMBEDDED_NAME},
    .open = embedded_open,
    .change = embedded_change,
    .pause = embedded_pause,
    .resume = embedded_resume,
    .status = embedded_status,
    .close = embedded_close,
};
