/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "receivers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/map.h"
#include "bus.h"
#include "traffic.h"
#include "world.h"

enum weather {
    FAIR,
    SLOW,
    FAILING,      /* 500, often */
    BUSY,         /* 503 with Retry-After */
    LIMITING,     /* 429 beyond a rate */
    HANGING,      /* never answers */
    DOWN,         /* refuses connections */
    FORGETFUL,    /* takes it, and breaks the connection; or breaks it before */
    LYING,        /* 200, and nonsense */
    UNAUTHORIZED, /* 401 */
    REFUSING,     /* 422 to all */
    WEATHERS,
};

static const char *const weather_names[] = {"fair",   "slow",         "failing", "busy",
                                            "limits", "hangs",        "down",    "forgetful",
                                            "lies",   "unauthorized", "refuses"};

static const char *const names[] = {"ledger", "calendar", "mail",  "metrics",   "strict",
                                    "vault",  "digest",   "board", "warehouse", "lookup"};
enum { RECEIVERS = ARRAY_LEN(names) };

struct receiver {
    struct receivers *all;
    const char *name;
    enum weather weather;
    struct agenda_item change;
    int64_t window_us; /* of the rate limit: since when, and how many since then */
    unsigned n_in_window;
};

struct receivers {
    struct world *world;
    struct receiver each[RECEIVERS];
    uint64_t n_visits;
};

#define FAIR_US (50 * US_PER_MIN)
#define LIMIT_PER_S 5

/* ---- weather ---- */

static void set_weather(struct receiver *r, enum weather weather)
{
    struct world *w = r->all->world;
    if (r->weather != weather)
        world_say(w, "%s is %s", r->name, weather_names[weather]);
    r->weather = weather;
}

static void on_change(void *ctx)
{
    struct receiver *r = ctx;
    struct world *w = r->all->world;
    if (r->weather == FAIR) {
        set_weather(r, (enum weather)(1 + world_below(w, WEATHERS - 1)));
        agenda_put(&w->agenda, &r->change, world_span_us(w, 5 * US_PER_S, 40 * US_PER_MIN));
    } else {
        set_weather(r, FAIR);
        agenda_put(&w->agenda, &r->change, world_wait_us(w, FAIR_US));
    }
}

struct receivers *receivers_new(struct world *w)
{
    struct receivers *all = mem_calloc(1, sizeof(*all));
    all->world = w;
    for (size_t i = 0; i < RECEIVERS; i++) {
        struct receiver *r = &all->each[i];
        *r = (struct receiver){
            .all = all, .name = names[i], .change = {.fn = on_change, .ctx = r, .is_aside = true}};
        agenda_put(&w->agenda, &r->change, world_wait_us(w, FAIR_US));
    }
    return all;
}

void receivers_free(struct receivers *all)
{
    free(all);
}

void receivers_heal(struct receivers *all)
{
    for (size_t i = 0; i < RECEIVERS; i++) {
        agenda_remove(&all->world->agenda, &all->each[i].change);
        set_weather(&all->each[i], FAIR);
    }
}

void receivers_set_down(struct receivers *all, const char *name, bool is_down)
{
    for (size_t i = 0; i < RECEIVERS; i++) {
        if (strcmp(names[i], name) == 0)
            set_weather(&all->each[i], is_down ? DOWN : FAIR);
    }
}

/* ---- what becomes of a request ---- */

static void answer(struct visit *v, int status, int64_t retry_after_s)
{
    v->status = status;
    v->retry_after_s = retry_after_s;
}

static void fail(struct visit *v, enum http_failure failure)
{
    v->failure = failure;
    if (failure == HTTP_CONNECT)
        v->arrives_us = INT64_MAX;
}

static void hang(struct visit *v)
{
    v->answers_us = INT64_MAX;
}

static bool is_over_limit(struct receiver *r)
{
    int64_t now_us = r->all->world->agenda.now_us;
    if (now_us - r->window_us >= US_PER_S) {
        r->window_us = now_us;
        r->n_in_window = 0;
    }
    return ++r->n_in_window > LIMIT_PER_S;
}

/* Nothing is always well. */
static void decide_fair(struct visit *v)
{
    switch (v->world->is_healed ? UINT64_MAX : world_below(v->world, 300)) {
    case 0:
        answer(v, 500, 0);
        break;
    case 1:
        fail(v, HTTP_BROKEN); /* and taken */
        break;
    case 2:
        fail(v, HTTP_CONNECT);
        break;
    case 3:
        hang(v);
        break;
    case 4:
        answer(v, 422, 0);
        break;
    default:
        answer(v, 200, 0);
    }
}

static void decide_lossy(struct visit *v)
{
    uint64_t what = world_below(v->world, 4);
    if (what == 0)
        fail(v, HTTP_CONNECT);
    else if (what == 1)
        answer(v, 200, 0);
    else
        fail(v, HTTP_BROKEN);
}

static void decide(struct visit *v)
{
    struct world *w = v->world;
    switch (v->receiver->weather) {
    case SLOW:
        v->answers_us += world_span_us(w, US_PER_S, 12 * US_PER_S);
        decide_fair(v);
        break;
    case FAILING:
        answer(v, world_chance(w, 800) ? 500 : 200, 0);
        break;
    case BUSY:
        answer(v, 503, 1 + (int64_t)world_below(w, 120));
        break;
    case LIMITING:
        if (is_over_limit(v->receiver))
            answer(v, 429, (int64_t)world_below(w, 3));
        else
            answer(v, 200, 0);
        break;
    case HANGING:
        hang(v);
        break;
    case DOWN:
        fail(v, HTTP_CONNECT);
        break;
    case FORGETFUL:
        decide_lossy(v);
        break;
    case LYING:
        answer(v, 200, 0);
        v->body = "<html>OK!";
        break;
    case UNAUTHORIZED:
        answer(v, 401, 0);
        break;
    case REFUSING:
        answer(v, 422, 0);
        break;
    default:
        decide_fair(v);
    }
}

/* ---- its way ---- */

static struct slice between(struct slice s, const char *before, char after)
{
    size_t len = strlen(before);
    for (size_t i = 0; i + len <= s.len; i++) {
        if (memcmp(s.data + i, before, len) == 0) {
            struct slice rest = slice_from(s, i + len);
            return slice_upto(rest, slice_find(rest, after));
        }
    }
    return SLICE_NULL;
}

static struct receiver *find_receiver(struct receivers *all, struct slice url)
{
    struct slice name = between(url, "http://", '.');
    for (size_t i = 0; i < RECEIVERS; i++) {
        if (slice_is_equal(name, slice_str(names[i])))
            return &all->each[i];
    }
    return NULL;
}

/* Some rows are bad, and stay so. */
bool receivers_poison(struct slice mark)
{
    const uint64_t seed[2] = {1, 2};
    return hash_siphash(seed, mark) % 40 == 0;
}

static void add_row(struct visit *v, struct ledger_row row)
{
    row.connector = slice_str(v->receiver->name);
    row.group = v->receiver->all->n_visits;
    if (v->n_attempts == VISIT_ROWS)
        world_broken(v->world, 6, "%s gets more than %d rows", v->receiver->name, VISIT_ROWS);
    v->attempts[v->n_attempts++] = ledger_begin(v->world->ledger, &row);
}

/* What was put off together comes together, and alone; of what one row is left, that may go with others. */
static void check_kept_together(const struct visit *v)
{
    for (size_t i = 0; i < v->n_attempts; i++) {
        uint64_t group = v->attempts[i].kept_with;
        size_t n = 0;
        for (size_t k = 0; k < v->n_attempts; k++)
            n += group != 0 && v->attempts[k].kept_with == group;
        if (n > 0 && n < v->n_attempts)
            world_broken(v->world, 5,
                         "%s was put off in a batch, of which %zu rows come with %zu others",
                         v->attempts[i].send->name, n, v->n_attempts - n);
    }
}

/* "b17 rows 1;31-1a…;k3", a line each. */
static void begin_batch(struct visit *v, const struct http_request *request, struct slice batch)
{
    struct slice rest = request->body;
    while (rest.len > 0) {
        struct slice line = slice_split(&rest, '\n');
        struct ledger_row row = {.batch = batch};
        row.mark = slice_split(&line, ';');
        row.id = slice_split(&line, ';');
        row.key = line.len > 0 ? line : SLICE_NULL;
        v->has_poison = v->has_poison || (!v->world->is_healed && receivers_poison(row.mark));
        add_row(v, row);
    }
    check_kept_together(v);
    snprintf(v->name, sizeof(v->name), "%s %zu rows %.*s %.*s", v->receiver->name, v->n_attempts,
             SLICE_FMT(batch),
             SLICE_FMT(slice_upto(request->body, slice_find(request->body, '\n'))));
}

static void begin_attempt(struct visit *v, const struct http_request *request)
{
    const struct ledger_row row = {
        .mark = between(request->body, "\"mark\":\"", '"'),
        .id = http_header_get(request->headers, "X-Delivery"),
        .key = http_header_get(request->headers, "X-Key"),
        .data = request->body,
    };
    struct slice once = http_header_get(request->headers, "Idempotency-Key");
    if (!slice_is_equal(row.id, once))
        world_broken(v->world, 5, "%s: delivery %.*s is sent as %.*s", v->receiver->name,
                     SLICE_FMT(row.id), SLICE_FMT(once));
    snprintf(v->name, sizeof(v->name), "%s %.*s %.*s", v->receiver->name, SLICE_FMT(row.mark),
             SLICE_FMT(row.id));
    add_row(v, row);
}

static void begin_attempts(struct visit *v, const struct http_request *request)
{
    struct slice batch = http_header_get(request->headers, "X-Batch");
    bool is_retry = true;
    v->receiver->all->n_visits++;
    if (batch.data)
        begin_batch(v, request, batch);
    else
        begin_attempt(v, request);
    for (size_t i = 0; i < v->n_attempts; i++)
        is_retry = is_retry && v->attempts[i].is_retry;
    v->is_probe = traffic_begin(v->world->traffic, v->attempts[0].send->connector, is_retry);
}

static void begin_question(struct visit *v, const struct http_request *request)
{
    struct slice id = between(request->url, "/has?id=", '&');
    snprintf(v->asks, sizeof(v->asks), "%.*s", SLICE_FMT(id));
    snprintf(v->name, sizeof(v->name), "%.*s", SLICE_FMT(request->url));
}

/* Those that get rows refuse for these alone, so that what dies of it is known. */
static void decide_rows(struct visit *v)
{
    if (v->status == 422)
        answer(v, 200, 0);
    if (v->has_poison && v->status == 200 && v->failure == HTTP_OK)
        answer(v, 422, 0);
}

void visit_begin(struct visit *v, struct world *w, const struct http_request *request)
{
    *v = (struct visit){
        .world = w,
        .receiver = find_receiver(w->receivers, request->url),
        .arrives_us = world_span_us(w, 200, 40 * US_PER_MS),
        .status = 200,
        .body = "{\"ok\":true}",
    };
    v->answers_us = v->arrives_us + world_span_us(w, US_PER_MS, 400 * US_PER_MS);
    if (!v->receiver)
        bus_begin_letter(v, request);
    else if (slice_is_equal(request->method, SLICE_LIT("POST")))
        begin_attempts(v, request);
    else
        begin_question(v, request);
    if (v->receiver)
        decide(v);
    if (v->n_attempts > 0 && plan_connectors[v->attempts[0].send->connector].batches)
        decide_rows(v);
    world_say(w, "> %s", v->name);
}

/* What is there, whatever the weather. */
static void answer_question(struct visit *v)
{
    const struct sent_id *sent = ledger_find_id(v->world->ledger, slice_str(v->asks));
    v->body = sent && sent->was_taken ? "{\"there\":true}" : "{\"there\":false}";
}

void visit_arrive(struct visit *v)
{
    v->arrives_us = INT64_MAX;
    for (size_t i = 0; i < v->n_attempts && v->status < 300; i++)
        ledger_taken(&v->attempts[i]);
    if (v->asks[0])
        answer_question(v);
    if (!v->receiver)
        bus_take_letter(v->world->bus, v);
}

static void close(struct visit *v, enum seen seen)
{
    for (size_t i = 0; i < v->n_attempts; i++)
        ledger_end(v->world->ledger, &v->attempts[i], seen);
    if (v->n_attempts > 0)
        traffic_end(v->world->traffic, v->attempts[0].send->connector, v->is_probe);
}

void visit_end(struct visit *v, enum http_failure failure)
{
    if (failure == HTTP_OK)
        world_say(v->world, "< %s %d", v->name, v->status);
    else
        world_say(v->world, "< %s %s", v->name, http_failure_name(failure));
    bool is_success = failure == HTTP_OK && v->status < 300;
    bool is_refusal = failure == HTTP_OK && v->status >= 400 && v->status < 429;
    close(v, is_success ? SEEN_SUCCESS : is_refusal ? SEEN_NOTHING : SEEN_FAILURE);
}

void visit_give_up(struct visit *v, const char *why)
{
    bool is_there = v->arrives_us != INT64_MAX && world_chance(v->world, 500);
    if (is_there)
        visit_arrive(v);
    world_say(v->world, "< %s %s%s", v->name, why, is_there ? ", and came" : "");
    close(v, SEEN_NOTHING);
}
