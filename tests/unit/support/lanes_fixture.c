/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "lanes_fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#include <cmocka.h>

/* ---- the trace ---- */

static void traced(struct lanes_fixture *f, const char *fmt, ...) printf_like(2, 3);
static void traced(struct lanes_fixture *f, const char *fmt, ...)
{
    va_list args;
    if (f->trace.len > 0)
        buf_add_char(&f->trace, ' ');
    va_start(args, fmt);
    buf_vprintf(&f->trace, fmt, args);
    va_end(args);
}

void assert_trace(struct lanes_fixture *f, const char *words)
{
    buf_reserve(&f->trace, 1);
    f->trace.data[f->trace.len] = '\0';
    assert_string_equal(f->trace.data, words);
    buf_clear(&f->trace);
}

void forget_trace(struct lanes_fixture *f)
{
    buf_clear(&f->trace);
}

/* ---- ports ---- */

static struct parcel *parcel_of(struct delivery *d)
{
    return container_of(d, struct parcel, d);
}

static void on_attempt(void *ctx, struct delivery *d)
{
    struct lanes_fixture *f = ctx;
    struct parcel *p = parcel_of(d);
    assert_false(p->is_attempted || p->is_unsettled);
    p->is_attempted = true;
    traced(f, "+%s", d->id);
    if (f->on_attempt)
        f->on_attempt(f, p);
}

static void on_attempt_batch(void *ctx, struct batch *b)
{
    struct lanes_fixture *f = ctx;
    traced(f, "+[");
    for (size_t i = 0; i < b->n; i++) {
        struct parcel *p = parcel_of(b->members[i]);
        assert_false(p->is_attempted || p->is_unsettled);
        p->is_attempted = true;
        buf_printf(&f->trace, "%s%s", i > 0 ? "," : "", p->d.id);
    }
    buf_add_char(&f->trace, ']');
    snprintf(b->id, sizeof(b->id), "%zu-%s", b->n, b->members[0]->id);
}

static struct slice keep(struct lanes_fixture *f, struct slice s)
{
    if (!s.data)
        return s;
    size_t at = f->texts.len;
    buf_add_slice(&f->texts, s);
    buf_add_char(&f->texts, '\0');
    return slice_of(f->texts.data + at, s.len);
}

static void remember_row(struct lanes_fixture *f, const struct delivery_row *row,
                         enum delivery_state from, const struct attempt_row *attempt)
{
    buf_clear(&f->texts);
    buf_reserve(&f->texts, 4096);
    f->row = *row;
    f->from = from;
    f->row.cause = keep(f, row->cause);
    f->row.batch = keep(f, row->batch);
    f->row.error = keep(f, row->error);
    f->has_attempt = attempt != NULL;
    if (attempt) {
        f->attempt = *attempt;
        f->attempt.code = keep(f, attempt->code);
        f->attempt.error = keep(f, attempt->error);
        f->attempt.answer = keep(f, attempt->answer);
    }
}

static void on_put(void *ctx, struct delivery *d, struct delivery_row *row,
                   enum delivery_state from, const struct attempt_row *attempt)
{
    struct lanes_fixture *f = ctx;
    struct parcel *p = parcel_of(d);
    assert_false(p->is_unsettled);
    clock_fake_advance(&f->time, f->put_takes_ms);
    if (d->seq == 0)
        d->seq = ++f->next_seq;
    row->seq = d->seq;
    remember_row(f, row, from, attempt);
    if (row->cause.data)
        traced(f, "%s:%s/%.*s", d->id, delivery_state_name(row->state), SLICE_FMT(row->cause));
    else
        traced(f, "%s:%s", d->id, delivery_state_name(row->state));
    p->is_unsettled = !f->settles_at_once;
    if (f->settles_at_once)
        lanes_settled(f->lanes, d);
}

static void parcel_free(struct parcel *p)
{
    list_remove(&p->link);
    free(p->d.id);
    free(p->d.key);
    free(p);
}

static void on_ended(void *ctx, struct delivery *d, enum delivery_state final, const char *cause)
{
    struct lanes_fixture *f = ctx;
    const char *name = final == DELIVERY_NEW ? "new" : delivery_state_name(final);
    if (cause)
        traced(f, "%s=%s/%s", d->id, name, cause);
    else
        traced(f, "%s=%s", d->id, name);
    parcel_free(parcel_of(d));
}

static void on_kept(void *ctx, struct delivery *d)
{
    traced(ctx, "%s~", d->id);
}

static void on_write(void *ctx, struct delivery *d, struct delivery_row *row,
                     enum delivery_state from)
{
    struct lanes_fixture *f = ctx;
    assert_int_equal(row->state, DELIVERY_WAITING);
    if (d->seq == 0)
        d->seq = ++f->next_seq;
    row->seq = d->seq;
    remember_row(f, row, from, NULL);
    traced(f, "%s:written", d->id);
}

static void on_spilled(void *ctx, struct delivery *d)
{
    traced(ctx, "%s^", d->id);
    parcel_free(parcel_of(d));
}

static void on_scan(void *ctx, struct target *t, int64_t after, int64_t through, size_t limit)
{
    (void)limit;
    traced(ctx, "?%s:%" PRId64 "-%" PRId64, target_name(t), after, through);
}

static void on_load(void *ctx, struct target *t, const struct lane_want *wants, size_t n_wants,
                    size_t bytes_max)
{
    (void)bytes_max;
    for (size_t i = 0; i < n_wants; i++)
        traced(ctx, "?%s/%.*s:%" PRId64 "-%" PRId64 "*%zu", target_name(t),
               SLICE_FMT(wants[i].has_key ? wants[i].key : SLICE_LIT("")), wants[i].after,
               wants[i].through, wants[i].limit);
}

static void on_find_expired(void *ctx, struct target *t, const struct delivery_expiry *after,
                            int64_t through_ms, size_t limit, size_t bytes_max)
{
    struct lanes_fixture *f = ctx;
    (void)limit;
    (void)bytes_max;
    assert_int_equal(through_ms, f->time.wall_ms);
    if (!f->has_expired)
        lanes_expired_ended(f->lanes, t, NULL, 0);
    else if (after->seq > 0)
        traced(f, "?%s:expired>%" PRId64, target_name(t), after->seq);
    else
        traced(f, "?%s:expired", target_name(t));
}

static void on_find_barriers(void *ctx, struct target *t, size_t limit)
{
    (void)limit;
    traced(ctx, "?%s:dead", target_name(t));
}

static void on_paused(void *ctx, struct target *t, enum target_pause why, const char *reason)
{
    static const char *const words[] = {
        [PAUSE_NONE] = "none",         [PAUSE_BREAKER] = "breaker",     [PAUSE_AUTH] = "auth",
        [PAUSE_REFUSALS] = "refusals", [PAUSE_SET_ASIDE] = "set-aside", [PAUSE_GONE] = "gone",
    };
    struct lanes_fixture *f = ctx;
    assert_true((reason == NULL) == (why == PAUSE_NONE));
    traced(f, "!%s=%s", target_name(t), words[why]);
    snprintf(f->pause_reason, sizeof(f->pause_reason), "%s", reason ? reason : "");
}

static void on_spared(void *ctx, struct target *t, int64_t ms)
{
    struct lanes_fixture *f = ctx;
    (void)t;
    assert_true(ms > 0);
    f->n_spared++;
}

/* ---- its life ---- */

void set_policy(struct lanes_fixture *f)
{
    struct target_policy of_handler = f->policy;
    of_handler.parks = false;
    f->calendar = lanes_set_target(f->lanes, SLICE_LIT("calendar"), false, &f->policy);
    f->handler = lanes_set_target(f->lanes, SLICE_LIT("calendar"), true, &of_handler);
}

void begin_with(struct lanes_fixture *f, size_t in_flight_max)
{
    const struct lanes_limits limits = lanes_limits_default(in_flight_max);
    begin_within(f, &limits);
}

void begin_within(struct lanes_fixture *f, const struct lanes_limits *limits)
{
    const struct lanes_ports ports = {
        .attempt = on_attempt,
        .attempt_batch = on_attempt_batch,
        .put = on_put,
        .ended = on_ended,
        .kept = on_kept,
        .write = on_write,
        .spilled = on_spilled,
        .scan = on_scan,
        .load = on_load,
        .find_expired = on_find_expired,
        .find_barriers = on_find_barriers,
        .paused = on_paused,
        .spared = on_spared,
        .ctx = f,
    };
    let_go_all(f);
    f->lanes = lanes_new(&ports, clock_of_fake(&f->time), 1, limits);
    set_policy(f);
    forget_trace(f);
}

int lanes_setup(void **state)
{
    struct lanes_fixture *f = mem_calloc(1, sizeof(*f));
    f->time = (struct clock_fake){.wall_ms = 1700000000000, .mono_ms = 1000000};
    f->policy = (struct target_policy){
        .retry = {.attempts = 3, .base_ms = 1000, .growth = GROWTH_CONSTANT, .age_ms = 3600000},
        .is_ordered = true,
        .concurrency = 100,
    };
    list_init(&f->parcels);
    begin_with(f, 1000);
    *state = f;
    return 0;
}

int lanes_setup_small(void **state)
{
    const struct lanes_limits limits = {
        .in_flight = 100, .loaded = 4, .bytes = 1 << 20, .lanes = 9};
    lanes_setup(state);
    begin_within(*state, &limits);
    return 0;
}

void let_go_all(struct lanes_fixture *f)
{
    lanes_free(f->lanes);
    f->lanes = NULL;
    assert_true(list_is_empty(&f->parcels));
}

int lanes_teardown(void **state)
{
    struct lanes_fixture *f = *state;
    let_go_all(f);
    buf_deinit(&f->trace);
    buf_deinit(&f->texts);
    free(f);
    return 0;
}

/* ---- taking in ---- */

struct parcel *parcel_new(struct lanes_fixture *f, const char *id, const char *key,
                          struct take take)
{
    struct parcel *p = mem_calloc(1, sizeof(*p));
    p->fixture = f;
    p->d.target = take.target ? take.target : f->calendar;
    p->d.id = mem_strdup(id);
    p->d.key = key ? mem_strdup(key) : NULL;
    p->d.handler = (char *)"onUpdate";
    p->d.created_ms = f->time.wall_ms;
    p->d.delay_ms = take.delay_ms;
    p->d.expires_ms = take.expires_in_ms ? f->time.wall_ms + take.expires_in_ms : 0;
    list_add_tail(&f->parcels, &p->link);
    return p;
}

struct parcel *take_so(struct lanes_fixture *f, const char *id, const char *key, struct take take)
{
    struct parcel *p = parcel_new(f, id, key, take);
    lanes_take(f->lanes, &p->d);
    return p;
}

struct parcel *take(struct lanes_fixture *f, const char *id, const char *key)
{
    return take_so(f, id, key, (struct take){0});
}

struct parcel *take_run(struct lanes_fixture *f, const char *id, const char *key)
{
    return take_so(f, id, key, (struct take){.target = f->handler});
}

struct parcel *restore(struct lanes_fixture *f, const char *id, const char *key,
                       struct delivery_row row)
{
    struct parcel *p = parcel_new(f, id, key, (struct take){0});
    p->d.seq = row.seq = ++f->next_seq;
    row.position = row.seq;
    p->d.expires_ms = row.expires_ms;
    row.id = slice_str(p->d.id);
    lanes_restore(f->lanes, &p->d, &row);
    return p;
}

void scanned(struct lanes_fixture *f, const char *places, bool is_all)
{
    struct lane_place list[32];
    size_t n = 0;
    for (const char *p = places; *p; n++) {
        char *end;
        list[n] = (struct lane_place){.key = slice_of(p, 1), .has_key = *p != '-'};
        list[n].position = strtoll(p + 1, &end, 10);
        size_t batch_len = strcspn(end, " ");
        if (*end == '@')
            list[n].batch = slice_of(end + 1, batch_len - 1);
        p = end + batch_len + (end[batch_len] != '\0');
    }
    lanes_scanned(f->lanes, f->calendar, list, n, is_all);
}

struct parcel *loaded(struct lanes_fixture *f, size_t want, const char *id, const char *key,
                      struct delivery_row row)
{
    struct parcel *p = parcel_new(f, id, key, (struct take){0});
    p->d.seq = row.seq = ++f->next_seq;
    row.state = DELIVERY_WAITING;
    lanes_loaded(f->lanes, f->calendar, want, &p->d, &row);
    return p;
}

bool expired(struct lanes_fixture *f, const char *id, const char *key, struct delivery_row row)
{
    struct parcel *p = parcel_new(f, id, key, (struct take){0});
    p->d.seq = row.seq = ++f->next_seq;
    p->d.expires_ms = row.expires_ms = f->time.wall_ms;
    row.state = DELIVERY_WAITING;
    if (lanes_expired(f->lanes, f->calendar, &p->d, &row))
        return true;
    parcel_free(p);
    return false;
}

void dead_found(struct lanes_fixture *f, const char *places)
{
    struct lane_barrier list[32];
    size_t n = 0;
    for (const char *p = places; *p; n++) {
        char *end;
        list[n] = (struct lane_barrier){.key = slice_of(p, 1)};
        list[n].position = list[n].seq = strtoll(p + 1, &end, 10);
        p = *end ? end + 1 : end;
    }
    lanes_barriers_found(f->lanes, f->calendar, list, n, n);
}

struct parcel *find_parcel(struct lanes_fixture *f, const char *id)
{
    list_each (it, &f->parcels) {
        struct parcel *p = list_entry(it, struct parcel, link);
        if (strcmp(p->d.id, id) == 0)
            return p;
    }
    fail_msg("no delivery %s is left", id);
    return NULL;
}

const char *numbered(struct lanes_fixture *f, const char *word, int n)
{
    snprintf(f->number, sizeof(f->number), "%s%d", word, n);
    return f->number;
}

/* ---- what happens ---- */

void turn(struct lanes_fixture *f)
{
    lanes_pump(f->lanes);
}

void pass(struct lanes_fixture *f, int64_t ms)
{
    clock_fake_advance(&f->time, ms);
    turn(f);
}

void end_attempt(struct lanes_fixture *f, const char *id, struct attempt_end end)
{
    struct parcel *p = find_parcel(f, id);
    assert_true(p->is_attempted);
    p->is_attempted = false;
    lanes_attempt_ended(f->lanes, &p->d, &end);
}

void fail_by(struct lanes_fixture *f, const char *id, enum attempt_kind kind)
{
    end_attempt(
        f, id, (struct attempt_end){.kind = kind, .after_ms = -1, .error = SLICE_LIT("so it was")});
}

void succeed(struct lanes_fixture *f, const char *id)
{
    end_attempt(f, id, (struct attempt_end){.kind = ATTEMPT_RETURNED, .after_ms = -1});
}

void fail_with(struct lanes_fixture *f, const char *id, int status)
{
    end_attempt(f, id,
                (struct attempt_end){.kind = ATTEMPT_STATUS,
                                     .status = status,
                                     .after_ms = -1,
                                     .error = SLICE_LIT("it was refused")});
}

void end_batch(struct lanes_fixture *f, const char *id, struct attempt_end end,
               const struct attempt_end *const *own)
{
    struct batch *b = find_parcel(f, id)->d.batch;
    assert_non_null(b);
    for (size_t i = 0; i < b->n; i++)
        parcel_of(b->members[i])->is_attempted = false;
    lanes_batch_ended(f->lanes, b, &end, own);
}

void fail_batch(struct lanes_fixture *f, const char *id, int status)
{
    end_batch(f, id,
              (struct attempt_end){.kind = ATTEMPT_STATUS,
                                   .status = status,
                                   .after_ms = -1,
                                   .error = SLICE_LIT("it was refused")},
              NULL);
}

void succeed_batch(struct lanes_fixture *f, const char *id)
{
    end_batch(f, id, (struct attempt_end){.kind = ATTEMPT_RETURNED, .after_ms = -1}, NULL);
}

/* In their order, as the journal does. */
void settle_all(struct lanes_fixture *f)
{
    list_each (it, &f->parcels) {
        struct parcel *p = list_entry(it, struct parcel, link);
        if (!p->is_unsettled)
            continue;
        p->is_unsettled = false;
        lanes_settled(f->lanes, &p->d);
    }
    turn(f);
}

void settle(struct lanes_fixture *f, const char *id)
{
    struct parcel *p = find_parcel(f, id);
    assert_true(p->is_unsettled);
    p->is_unsettled = false;
    lanes_settled(f->lanes, &p->d);
    turn(f);
}

void refuse(struct lanes_fixture *f, const char *id, int status)
{
    fail_with(f, id, status);
    settle(f, id);
}

void deliver(struct lanes_fixture *f, const char *id)
{
    succeed(f, id);
    settle(f, id);
}

struct target_status calendar_status(const struct lanes_fixture *f)
{
    struct target_status status;
    target_status(f->calendar, f->lanes, &status);
    return status;
}

void fall_behind(struct lanes_fixture *f)
{
    for (int i = 1; i <= 4; i++)
        take(f, numbered(f, "a", i), "a");
    turn(f);
    take(f, "a5", "a");
    turn(f);
    assert_trace(f,
                 "+a1 a1:written a2:written a3:written a4:written a5:written a5^ a1~ a2~ a3~ a4~");
}

void refuse_many(struct lanes_fixture *f, int n, int status)
{
    for (int i = 0; i < n; i++) {
        take(f, "x", NULL);
        turn(f);
        refuse(f, "x", status);
    }
}

void pause_by_a1(struct lanes_fixture *f)
{
    f->policy.concurrency = 1;
    set_policy(f);
    take(f, "a1", "a");
    take(f, "b1", "b");
    turn(f);
    refuse(f, "a1", 401);
    assert_trace(f, "+a1 !calendar=auth a1:waiting a1~");
}
