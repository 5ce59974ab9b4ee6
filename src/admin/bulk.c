/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Many dead letters retried by one request.
 */
#include <stdlib.h>

#include "admin/body.h"
#include "admin/routes.h"
#include "base/buf.h"
#include "base/clock.h"

/* Letters found first, then retried a few at a time. */
struct bulk {
    struct pending pending;
    struct admin *admin;
    struct http_exchange *x;
    struct filter filter;
    char **ids;
    size_t n_ids, next, under_way, n_retried, n_refused;
    bool has_more; /* to be found */
    bool is_dry, is_forced;
    int64_t rate_n, rate_ms; /* so many in that time; 0: any */
    int64_t not_before_ms;   /* monotonic: the rate's */
    struct loop_timer *again;
    bool is_starting;
    struct err err;
};

#define BULK_AT_ONCE 32

static bool collect_id(void *ctx, const struct delivery_row *row)
{
    struct bulk *b = ctx;
    b->ids = mem_grow(b->ids, b->n_ids, sizeof(char *));
    b->ids[b->n_ids++] = slice_dup(row->id);
    b->filter.journal.after_seq = row->seq;
    return true;
}

/* One page, so that others are answered between two. */
static void collect_ids(struct journal_reader *reader, void *ctx)
{
    struct bulk *b = ctx;
    struct journal_filter *filter = &b->filter.journal;
    size_t before = b->n_ids;
    filter->through_seq = 0;
    if (filter_check(&b->filter, reader, &b->err) < 0 ||
        journal_bound_deliveries(reader, filter, LISTING_LOOKED_AT, &b->err) < 0 ||
        journal_list_deliveries(reader, filter, collect_id, b, &b->err) < 0)
        return;
    b->has_more = filter_turn_page(&b->filter, b->n_ids - before);
}

static void bulk_free(void *self)
{
    struct bulk *b = self;
    for (size_t i = 0; i < b->n_ids; i++)
        free(b->ids[i]);
    free(b->ids);
    filter_deinit(&b->filter);
    loop_timer_free(b->again);
    list_remove(&b->pending.link);
    free(b);
}

static void bulk_end(struct bulk *b)
{
    struct buf out = {0};
    struct json_writer w = {.out = &out};
    json_object_begin(&w, NULL);
    json_member_integer(&w, "matching", (int64_t)b->n_ids);
    json_member_integer(&w, "retried", (int64_t)b->n_retried);
    json_member_integer(&w, "refused", (int64_t)b->n_refused);
    json_object_end(&w);
    if (b->err.code != ERR_NONE)
        answer_failure(b->x, &b->err);
    else
        http_exchange_reply(b->x, 200, "application/json", buf_slice(&out));
    buf_deinit(&out);
    bulk_free(b);
}

static void bulk_go_on(void *ctx);

static void on_bulk_letter(void *ctx, enum letter_result result, const char *text)
{
    (void)text;
    struct bulk *b = ctx;
    b->under_way--;
    if (result == LETTER_DONE)
        b->n_retried++;
    else
        b->n_refused++;
    if (!b->is_starting) /* else it was refused at once, and the loop below goes on by itself */
        bulk_go_on(b);
}

/* Whether the rate lets one more begin; else it goes on when it does. */
static bool may_start(struct bulk *b)
{
    struct clock clock = clock_system();
    int64_t now = clock_mono_ms(&clock), every_ms = b->rate_n ? b->rate_ms / b->rate_n : 0;
    if (every_ms == 0)
        return true;
    if (b->not_before_ms > now) {
        if (!b->again)
            b->again = loop_timer_new(b->admin->loop, bulk_go_on, b);
        loop_timer_start(b->again, b->not_before_ms - now);
        return false;
    }
    b->not_before_ms = now + every_ms;
    return true;
}

static void bulk_go_on(void *ctx)
{
    struct bulk *b = ctx;
    b->is_starting = true;
    while (b->under_way < BULK_AT_ONCE && b->next < b->n_ids && may_start(b)) {
        b->under_way++;
        engine_retry_letter(b->admin->engine, slice_str(b->ids[b->next++]), b->is_forced,
                            on_bulk_letter, b);
    }
    b->is_starting = false;
    if (b->under_way == 0 && b->next == b->n_ids)
        bulk_end(b);
}

static void on_collected(void *ctx)
{
    struct bulk *b = ctx;
    if (b->has_more && b->err.code == ERR_NONE) {
        b->has_more = false;
        journal_read(engine_journal(b->admin->engine), collect_ids, on_collected, b);
        return;
    }
    if (b->is_dry || b->err.code != ERR_NONE)
        b->next = b->n_ids;
    bulk_go_on(b);
}

/* What has just died counts, too. */
static void on_kept(void *ctx)
{
    struct bulk *b = ctx;
    journal_read(engine_journal(b->admin->engine), collect_ids, on_collected, b);
}

/* ---- what is asked for ---- */

/* The filters, of which an empty object has none: then all are meant. */
static int take_filter(void *ctx, struct slice name, struct slice value, struct err *err)
{
    struct bulk *b = ctx;
    if (slice_is_equal(name, SLICE_LIT("cursor")) || slice_is_equal(name, SLICE_LIT("limit")))
        return err_set(err, ERR_INVALID, "\"%.*s\" is for lists: all that match are retried",
                       SLICE_FMT(name));
    return filter_set_json(&b->filter, name, value, err);
}

/* Filters may stand in "filter", or beside the rest. */
static int take_member(void *ctx, struct slice name, struct slice value, struct err *err)
{
    struct bulk *b = ctx;
    if (slice_is_equal(name, SLICE_LIT("dryRun")))
        return body_take_flag("dryRun", value, &b->is_dry, err);
    if (slice_is_equal(name, SLICE_LIT("force")))
        return body_take_flag("force", value, &b->is_forced, err);
    if (slice_is_equal(name, SLICE_LIT("rate")))
        return body_take_rate(value, &b->rate_n, &b->rate_ms, err);
    if (!slice_is_equal(name, SLICE_LIT("filter")))
        return take_filter(b, name, value, err);
    if (json_is_object(value))
        return body_read(value, take_filter, b, err);
    return err_set(err, ERR_INVALID, "\"filter\" must be an object");
}

void route_letters_retry(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct err err = {0};
    struct bulk *b = pending_new(a, sizeof(*b), bulk_free);
    b->admin = a;
    b->x = x;
    filter_init(&b->filter, FILTER_LETTERS);
    b->filter.journal.newest_first = false;
    b->filter.journal.limit = FILTER_LIMIT_MAX;
    if (http_exchange_body(x).len == 0)
        err_set(&err, ERR_INVALID, "send a JSON object: {\"filter\": {…}}, or {} for all");
    else if (body_read(http_exchange_body(x), take_member, b, &err) == 0) {
        filter_doubt(&b->filter, a->engine);
        journal_when_kept(engine_journal(a->engine), on_kept, b);
        return;
    }
    http_exchange_problem(x, 400, "%s", err.message);
    bulk_free(b);
}
