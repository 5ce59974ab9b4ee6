/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "dryrun/dryrun.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/map.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "dryrun/ending.h"
#include "dryrun/notes.h"
#include "event/pattern.h"

#define TIME_MAX_MS 60000
#define PATTERNS_MAX 256
#define ID_HASH_BYTES 12

/* A send with what its attempt needs: nothing of it masked. */
struct send {
    struct dryrun_send public;
    struct slice key, transformer;
    struct slice data;  /* absent: the event's */
    struct slice value; /* what its connector returned, as script_awaited takes it */
    bool is_done;       /* attempted */
};

/* A handler's run or an attempt, while it is under way. */
struct actor {
    struct dryrun *d;
    struct dryrun_run *run; /* what comes of it */
    struct script_run *script_run;
    /* Of a connector that takes batches: */
    struct script_batch_run *batch_run;
    struct script_attempt row;
    bool has_ended;

    /* What it waits for. */
    struct dryrun_request *request; /* an answer */
    struct send *awaited;           /* the end of what it sent */

    struct dryrun_handler *handler; /* NULL: it is an attempt … */
    struct send *send;              /* … at this */
};

struct dryrun {
    struct script_ports ports;
    struct clock_fake clock;
    struct dryrun_options options;
    struct buf id;

    /* While an event is tried: */
    struct script_machine *m;
    const struct event *event;
    struct slice channel; /* whose handlers take it; empty: any */
    struct notes *notes;
    struct actor *actor; /* whose run is on, or was last */
    int64_t until_us;
};

/* ---- lists ---- */

/* Appends `item` to the list that begins at *first, whose items begin with `next`. */
#define append(first, item)                                                                        \
    do {                                                                                           \
        __typeof__(first) place = (first);                                                         \
        while (*place)                                                                             \
            place = &(*place)->next;                                                               \
        *place = (item);                                                                           \
    } while (0)

/* ---- ends ---- */

static void set_end(struct actor *a, const struct attempt_end *end)
{
    bool was_unknown = a->send && a->send->public.was_unknown;
    struct verdict verdict = outcome_of(end, a->handler != NULL, was_unknown);
    a->has_ended = true;
    a->run->end = (struct dryrun_end){
        .outcome = verdict.outcome,
        .cause = verdict.cause,
        .reason = end->error.len > 0 ? notes_text(a->d->notes, end->error) : SLICE_NULL,
    };
}

static void on_end(void *ctx, const struct script_result *result)
{
    struct actor *a = ctx;
    struct attempt_end end = ending_of(result);
    set_end(a, &end);
    if (a->send)
        a->send->value = arena_copy(&a->d->notes->arena, result->value);
}

/* Of one row there is an end of its own, or that of the batch. */
static void on_batch_end(void *ctx, const struct script_result *result)
{
    struct actor *a = ctx;
    a->batch_run = NULL;
    if (result)
        on_end(ctx, result);
}

static void on_row_end(void *ctx, size_t row, const struct script_result *result)
{
    (void)row;
    on_end(ctx, result);
}

static bool is_left_out(void *ctx, size_t row)
{
    (void)ctx;
    (void)row;
    return false;
}

static void add_row_id(void *ctx, struct buf *id)
{
    const struct actor *a = ctx;
    buf_add_slice(id, a->row.id);
}

static void end_with(struct actor *a, enum attempt_kind kind, struct slice error)
{
    set_end(a, &(struct attempt_end){.kind = kind, .after_ms = -1, .error = error});
}

/* ---- ports ---- */

static void *on_http_send(void *ctx, struct script_run *run, const struct script_request *request,
                          struct err *err)
{
    struct dryrun *d = ctx;
    struct actor *a = d->actor;
    if (!a) {
        err_set(err, ERR_INVALID, "there is no network here");
        return NULL;
    }
    if (notes_take(d->notes, err) < 0)
        return NULL;
    a->script_run = run;
    a->request = notes_request(d->notes, request, d->clock.wall_ms);
    append(&a->run->requests, a->request);
    return a;
}

static void on_http_cancel(void *ctx, void *handle)
{
    (void)ctx;
    struct actor *a = handle;
    a->request = NULL;
}

/* As the engine makes them, but for what only a journal knows: the same for the same send. */
static void add_id(struct dryrun *d, const struct dryrun_handler *h, const struct script_send *sent,
                   struct buf *out)
{
    int64_t n = 0;
    for (struct dryrun_send *s = h ? h->sends : NULL; s; s = s->next) {
        const struct send *other = container_of(s, struct send, public);
        n += slice_is_equal(s->connector, sent->connector) && slice_is_equal(other->key, sent->key);
    }
    const struct slice parts[] = {
        d->event->id,
        h ? h->name : SLICE_NULL,
        sent->connector,
        sent->key,
        slice_of((const char *)&n, sizeof(n)),
    };
    struct hash128 hash = hash_parts(parts, ARRAY_LEN(parts));
    buf_printf(out, "%" PRId64 "-", d->event->seq);
    text_add_hex(out, hash.bytes, ID_HASH_BYTES);
}

/* As JSON, to be shown. */
static struct slice show_data(struct notes *n, const struct event *event, struct slice own)
{
    if (own.data)
        return notes_json(n, own);
    if (event->data_kind == EVENT_DATA_JSON)
        return notes_json(n, event->data);
    if (event->data_kind == EVENT_DATA_NONE)
        return SLICE_NULL;
    struct buf string = {0};
    json_add_string(&string, event->data);
    struct slice kept = notes_json(n, buf_slice(&string));
    buf_deinit(&string);
    return kept;
}

static struct send *note_send(struct dryrun *d, const struct script_send *sent, struct slice id)
{
    struct notes *n = d->notes;
    struct send *send = arena_alloc(&n->arena, sizeof(*send));
    send->key = arena_copy(&n->arena, sent->key);
    send->transformer = arena_copy(&n->arena, sent->transformer);
    send->data = arena_copy(&n->arena, sent->data);
    send->public = (struct dryrun_send){
        .id = arena_copy(&n->arena, id),
        .connector = notes_text(n, sent->connector),
        .key = notes_text(n, sent->key),
        .transformer = notes_text(n, sent->transformer),
        .data = show_data(n, d->event, sent->data),
        .delay_ms = sent->delay_ms,
        .expires_ms = sent->expires_ms,
    };
    return send;
}

static int on_send(void *ctx, void *run_ctx, const struct script_send *sent,
                   struct script_sent *told, struct err *err)
{
    struct dryrun *d = ctx;
    struct actor *a = run_ctx;
    if (notes_take(d->notes, err) < 0)
        return -1;
    add_id(d, a->handler, sent, told->id);
    struct send *send = note_send(d, sent, buf_slice(told->id));
    append(&a->handler->sends, &send->public);
    return 0;
}

static int on_await(void *ctx, void *run_ctx, struct slice id, struct err *err)
{
    (void)ctx;
    struct actor *a = run_ctx;
    for (struct dryrun_send *s = a->handler->sends; s; s = s->next) {
        if (!slice_is_equal(s->id, id))
            continue;
        a->awaited = container_of(s, struct send, public);
        return 0;
    }
    return err_set(err, ERR_INVALID,
                   "this delivery was made by another handler, which alone can await it");
}

static void on_log(void *ctx, enum log_level level, struct slice text,
                   const struct log_field *fields, size_t n_fields)
{
    struct dryrun *d = ctx;
    struct err full = {0};
    if (!d->actor)
        log_write(d->options.log, level, text.data ? text.data : "", fields, n_fields);
    else if (notes_take(d->notes, &full) == 0)
        append(&d->actor->run->lines, notes_line(d->notes, level, text, fields, n_fields));
}

/* ---- running ---- */

static bool is_over(const struct dryrun *d)
{
    const struct clock real = clock_system();
    return clock_mono_us(&real) > d->until_us;
}

static void end_late(struct actor *a)
{
    if (a->batch_run)
        script_cancel_batch(a->batch_run);
    else
        script_cancel(a->script_run);
    end_with(a, ATTEMPT_LIMIT, SLICE_LIT("the dry run was stopped: it took too long in all"));
}

static void attempt(struct dryrun *d, struct slice handler, struct send *send);

static void answer_request(struct actor *a)
{
    static const struct script_header headers[] = {
        {{"Content-Type", sizeof("Content-Type") - 1},
         {"application/json", sizeof("application/json") - 1}},
    };
    struct dryrun *d = a->d;
    struct dryrun_request *request = a->request;
    struct script_answer answer = {
        .status = 200,
        .headers = headers,
        .n_headers = ARRAY_LEN(headers),
        .body = SLICE_LIT("{}"),
    };
    if (d->options.answer)
        d->options.answer(d->options.ctx, request, &answer);
    request->status = answer.failure ? 0 : answer.status;
    request->failure = notes_text(d->notes, slice_str(answer.failure));
    a->request = NULL;
    script_answer(a->script_run, &answer);
}

/* What would be tried again ends as if that had been done in vain. */
static void end_await(struct actor *a)
{
    struct send *send = a->awaited;
    assert(send); /* a run waits for nothing else */
    if (!send->is_done)
        attempt(a->d, a->handler->name, send);
    const struct dryrun_end *end = &send->public.run.end;
    const char *cause = end->outcome == OUTCOME_SKIPPED ? "skipped"
                        : end->outcome == OUTCOME_DEAD  ? end->cause
                        : end->outcome == OUTCOME_PAUSE ? "refused"
                                                        : "exhausted";
    const struct script_awaited told = {
        .is_delivered = end->outcome == OUTCOME_DELIVERED,
        .value = send->value,
        .cause = slice_str(cause),
        .error = end->reason,
        .attempts = 1,
    };
    a->awaited = NULL;
    a->d->actor = a;
    script_awaited(a->script_run, &told);
}

/* Answers what the run waits for until it has ended. */
static void run_on(struct actor *a)
{
    while (!a->has_ended) {
        if (is_over(a->d))
            end_late(a);
        else if (a->request)
            answer_request(a);
        else
            end_await(a);
    }
}

/* ---- attempts ---- */

/* A batch of this delivery alone. */
static void start_batch(struct actor *a, const struct script_connector *connector)
{
    const struct script_attempt *row = &a->row;
    const struct script_batch asked = {
        .attempt = row->attempt,
        .created_ms = row->created_ms,
        .last_error = row->last_error,
        .rows = row,
        .n_rows = 1,
        .keeps_value = row->keeps_value,
        .row_ended = on_row_end,
        .is_left_out = is_left_out,
        .add_id = add_row_id,
    };
    a->batch_run = script_attempt_batch(a->d->m, connector, &asked, on_batch_end, a);
}

static void start_attempt(struct actor *a, const struct script_connector *connector,
                          struct slice handler)
{
    struct dryrun *d = a->d;
    const struct send *send = a->send;
    a->row = (struct script_attempt){
        .event = d->event,
        .id = send->public.id,
        .attempt = 1,
        .key = send->key,
        .has_key = send->key.data != NULL,
        .handler = handler,
        .created_ms = d->clock.wall_ms,
        .data = send->data,
        .transformer = send->transformer,
        .was_unknown = send->public.was_unknown,
        .keeps_value = true,
    };
    if (connector->batch_size > 0)
        start_batch(a, connector);
    else
        a->script_run = script_attempt(d->m, connector, &a->row, on_end, a);
}

static void attempt(struct dryrun *d, struct slice handler, struct send *send)
{
    struct actor a = {.d = d, .run = &send->public.run, .send = send};
    struct actor *before = d->actor;
    send->is_done = true;
    d->actor = &a;
    if (is_over(d))
        end_late(&a);
    else
        start_attempt(&a, script_connector_find(d->m, send->public.connector), handler);
    run_on(&a);
    d->actor = before;
}

/* ---- handlers ---- */

static struct slice find_channel(const struct script_machine *m, struct slice name)
{
    for (size_t i = 0; i < script_manager_count(m); i++) {
        if (slice_is_equal(script_manager_at(m, i)->channel, name))
            return name;
    }
    return SLICE_NULL;
}

static bool takes(const struct dryrun *d, const struct script_handler *handler)
{
    return (d->channel.len == 0 || slice_is_equal(handler->channel, d->channel)) &&
           pattern_matches(handler->pattern, d->event->type);
}

static void end_early(struct actor *a, const struct err *err)
{
    end_with(a, err->code == ERR_TIMEOUT ? ATTEMPT_LIMIT : ATTEMPT_SCRIPT, slice_str(err->message));
}

/* Asks its filter and key; returns the key of its run, as it is. */
static struct slice ask(struct actor *a, size_t index)
{
    struct dryrun *d = a->d;
    struct script_asked asked;
    script_handler_ask(d->m, index, d->event, &asked);
    struct slice key = arena_copy(&d->notes->arena, asked.key);
    a->handler->key = notes_text(d->notes, key);
    a->handler->is_filtered = !asked.passes;
    if (asked.err.code != ERR_NONE)
        end_early(a, &asked.err);
    script_asked_deinit(&asked);
    return key;
}

static void handle(struct actor *a, size_t index, struct slice key)
{
    a->script_run = script_handle(a->d->m, index, a->d->event, key, on_end, a);
    run_on(a);
}

static bool is_silent(const struct dryrun_handler *h)
{
    return !h->is_filtered && h->run.end.outcome == OUTCOME_DELIVERED && !h->sends;
}

/* Runs one that sent nothing once more, and notes its lines: not the first time, since it may be too slow
   then for its limit. */
static void find_last_line(struct dryrun *d, size_t index, struct slice key,
                           struct dryrun_handler *h)
{
    struct dryrun_handler again = {.name = h->name, .file = h->file};
    struct actor a = {.d = d, .run = &again.run, .handler = &again};
    /* cppcheck-suppress autoVariables */
    d->actor = &a; /* while it runs */
    script_note_lines(d->m, true);
    handle(&a, index, key);
    script_note_lines(d->m, false);
    if (again.run.end.outcome == OUTCOME_DELIVERED && !again.sends)
        h->run.end.reason = again.run.end.reason;
}

static void run_handler(struct dryrun *d, size_t index)
{
    const struct script_handler *handler = script_handler_at(d->m, index);
    struct dryrun_handler *h = arena_alloc(&d->notes->arena, sizeof(*h));
    struct actor a = {.d = d, .run = &h->run, .handler = h};
    h->name = arena_copy(&d->notes->arena, handler->name);
    h->file = arena_copy(&d->notes->arena, handler->file);
    append(&d->notes->result.handlers, h);
    /* cppcheck-suppress autoVariables */
    d->actor = &a; /* while it runs */
    struct slice key = SLICE_NULL;
    if (is_over(d))
        end_late(&a);
    else
        key = ask(&a, index);
    if (!a.has_ended && !h->is_filtered)
        handle(&a, index, key);
    if (d->options.says_where && is_silent(h))
        find_last_line(d, index, key, h);
    for (struct dryrun_send *s = h->sends; s; s = s->next) {
        struct send *send = container_of(s, struct send, public);
        if (!send->is_done)
            attempt(d, h->name, send);
    }
}

/* The pattern that was perhaps meant. */
static void find_nearest(struct dryrun *d)
{
    const char *patterns[PATTERNS_MAX];
    size_t n = script_handler_count(d->m);
    n = n < PATTERNS_MAX ? n : PATTERNS_MAX;
    for (size_t i = 0; i < n; i++)
        patterns[i] = script_handler_at(d->m, i)->pattern.data;
    const char *nearest = text_nearest(d->event->type, patterns, n);
    d->notes->result.nearest = arena_copy(&d->notes->arena, slice_str(nearest));
}

/* ---- one event ---- */

static void begin(struct dryrun *d, struct script_machine *m, const struct event *event)
{
    static const uint64_t seed[2] = {0, 0}; /* nobody gains by a clash */
    const struct clock real = clock_system();
    int64_t time_max_ms = d->options.time_max_ms > 0 ? d->options.time_max_ms : TIME_MAX_MS;
    assert(!d->notes);
    d->m = m;
    d->event = event;
    d->channel = find_channel(m, event->channel);
    d->notes = notes_new(d->options.mask);
    d->notes->result.event_id = notes_text(d->notes, event->id);
    d->notes->result.event_type = notes_text(d->notes, event->type);
    d->until_us = clock_mono_us(&real) + time_max_ms * 1000;
    dryrun_set_time(d, event->received_ms);
    script_seed(m, hash_siphash(seed, event->id));
}

static struct dryrun_result *end(struct dryrun *d)
{
    struct dryrun_result *result = &d->notes->result;
    d->actor = NULL;
    d->notes = NULL;
    d->event = NULL;
    return result;
}

struct dryrun_result *dryrun_event(struct dryrun *d, struct script_machine *m,
                                   const struct event *event)
{
    begin(d, m, event);
    for (size_t i = 0; i < script_handler_count(m); i++) {
        if (takes(d, script_handler_at(m, i)))
            run_handler(d, i);
    }
    if (!d->notes->result.handlers)
        find_nearest(d);
    return end(d);
}

static int no_connector(const struct script_machine *m, struct slice name, struct err *err)
{
    const char *nearest = script_connector_nearest(m, name);
    if (nearest)
        return err_set(err, ERR_NOT_FOUND, "no connector \"%.*s\": did you mean \"%s\"?",
                       SLICE_FMT(name), nearest);
    return err_set(err, ERR_NOT_FOUND, "no connector \"%.*s\": make connectors/%.*s.lua",
                   SLICE_FMT(name), SLICE_FMT(name));
}

struct dryrun_result *dryrun_attempt(struct dryrun *d, struct script_machine *m,
                                     const struct event *event, const struct dryrun_send *wish,
                                     struct err *err)
{
    if (!script_connector_find(m, wish->connector)) {
        no_connector(m, wish->connector, err);
        return NULL;
    }
    begin(d, m, event);
    const struct script_send sent = {
        .connector = wish->connector,
        .transformer = wish->transformer,
        .data = wish->data,
        .key = wish->key,
    };
    buf_clear(&d->id);
    if (wish->id.data)
        buf_add_slice(&d->id, wish->id);
    else
        add_id(d, NULL, &sent, &d->id);
    struct send *send = note_send(d, &sent, buf_slice(&d->id));
    send->public.was_unknown = wish->was_unknown;
    d->notes->result.attempt = &send->public;
    attempt(d, wish->handler, send);
    return end(d);
}

/* ---- life ---- */

struct dryrun *dryrun_new(const struct dryrun_options *options)
{
    struct dryrun *d = mem_calloc(1, sizeof(*d));
    d->options = *options;
    d->ports = (struct script_ports){
        .http_send = on_http_send,
        .http_cancel = on_http_cancel,
        .send = on_send,
        .await = on_await,
        .log = on_log,
        .ctx = d,
    };
    return d;
}

void dryrun_free(struct dryrun *d)
{
    if (!d)
        return;
    buf_deinit(&d->id);
    free(d);
}

const struct script_ports *dryrun_ports(struct dryrun *d)
{
    return &d->ports;
}

struct clock dryrun_clock(struct dryrun *d)
{
    return clock_of_fake(&d->clock);
}

void dryrun_set_time(struct dryrun *d, int64_t wall_ms)
{
    d->clock.wall_ms = wall_ms;
}
