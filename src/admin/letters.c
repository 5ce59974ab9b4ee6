/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Dead letters: listed, shown, retried, dropped.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/routes.h"
#include "base/buf.h"
#include "engine/record_json.h"

/* ---- list and show ---- */

void route_letters(void *ctx, struct http_exchange *x)
{
    struct rendering *r = listing_new(x, FILTER_LETTERS);
    if (r)
        rendering_start(ctx, r, listing_render);
}

static bool add_dead_letter(void *ctx, const struct delivery_row *row)
{
    struct rendering *r = ctx;
    if (row->state != DELIVERY_DEAD)
        return false;
    r->n_rows++;
    if (letter_add_json(r->reader, &r->writer, row, LETTER_WHOLE, &r->err) < 0)
        r->status = 500;
    return false;
}

static void render_letter(struct journal_reader *reader, void *ctx)
{
    struct rendering *r = ctx;
    r->reader = reader;
    if (journal_find_delivery(reader, slice_str(r->id), add_dead_letter, r, &r->err) < 0)
        return;
    if (r->n_rows == 0)
        err_set(&r->err, ERR_NOT_FOUND, "there is no dead letter %s", r->id);
}

void route_letter(void *ctx, struct http_exchange *x)
{
    struct rendering *r = rendering_new(x);
    r->id = slice_dup(http_exchange_segment(x, 0));
    rendering_start(ctx, r, render_letter);
}

/* ---- one retried or dropped ---- */

static void on_letter(void *ctx, enum letter_result result, const char *text)
{
    static const int statuses[] = {
        [LETTER_DONE] = 200,    [LETTER_NOT_FOUND] = 404, [LETTER_NOT_DEAD] = 409,
        [LETTER_REFUSED] = 409, [LETTER_FAILED] = 503,
    };
    struct http_exchange *x = ctx;
    if (result == LETTER_DONE)
        http_exchange_reply(x, 200, "application/json", SLICE_LIT("{\"ok\":true}"));
    else
        http_exchange_problem(x, statuses[result], "%s", text);
}

void route_letter_retry(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    engine_retry_letter(a->engine, http_exchange_segment(x, 0), on_letter, x);
}

void route_letter_drop(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    engine_drop_letter(a->engine, http_exchange_segment(x, 0), on_letter, x);
}

/* ---- many retried ---- */

/* Letters found first, then retried a few at a time. */
struct bulk {
    struct admin *admin;
    struct http_exchange *x;
    struct filter filter;
    char **ids;
    size_t n_ids, next, under_way, n_retried, n_refused;
    bool has_more; /* to be found */
    bool is_dry;
    bool is_starting;
    struct err err;
};

#define BULK_AT_ONCE 32

static bool collect_id(void *ctx, const struct delivery_row *row)
{
    struct bulk *b = ctx;
    if ((b->n_ids & (b->n_ids - 1)) == 0) /* full at each power of two */
        b->ids = mem_realloc(b->ids, (b->n_ids ? b->n_ids * 2 : 1) * sizeof(char *));
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
    if (journal_bound_deliveries(reader, filter, LISTING_LOOKED_AT, &b->err) < 0 ||
        journal_list_deliveries(reader, filter, collect_id, b, &b->err) < 0)
        return;
    b->has_more = b->n_ids - before == filter->limit || filter->through_seq != 0;
    if (b->n_ids - before < filter->limit && filter->through_seq != 0)
        filter->after_seq = filter->through_seq;
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
        http_exchange_problem(b->x, 500, "%s", b->err.message);
    else
        http_exchange_reply(b->x, 200, "application/json", buf_slice(&out));
    buf_deinit(&out);
    for (size_t i = 0; i < b->n_ids; i++)
        free(b->ids[i]);
    free(b->ids);
    filter_deinit(&b->filter);
    free(b);
}

static void bulk_go_on(struct bulk *b);

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

static void bulk_go_on(struct bulk *b)
{
    b->is_starting = true;
    while (b->under_way < BULK_AT_ONCE && b->next < b->n_ids) {
        b->under_way++;
        engine_retry_letter(b->admin->engine, slice_str(b->ids[b->next++]), on_bulk_letter, b);
    }
    b->is_starting = false;
    if (b->under_way == 0)
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

static int take_flag(struct bulk *b, struct slice value, struct err *err)
{
    b->is_dry = slice_is_equal(value, SLICE_LIT("true"));
    if (b->is_dry || slice_is_equal(value, SLICE_LIT("false")))
        return 0;
    return err_set(err, ERR_INVALID, "\"dryRun\" must be true or false");
}

static int take_filter(struct bulk *b, struct slice name, struct slice value, struct err *err)
{
    struct buf text = {0};
    int result;
    if (json_get_string(value, &text) < 0)
        result = err_set(err, ERR_INVALID, "filter \"%.*s\" must be a string", SLICE_FMT(name));
    else
        result = filter_set(&b->filter, name, buf_slice(&text), err);
    buf_deinit(&text);
    return result;
}

/* One member; a name it doesn't know is refused, lest it retry more than was meant. */
static int take_member(struct bulk *b, struct slice name, struct slice value, struct err *err)
{
    if (slice_is_equal(name, SLICE_LIT("dryRun")))
        return take_flag(b, value, err);
    if (slice_is_equal(name, SLICE_LIT("cursor")) || slice_is_equal(name, SLICE_LIT("limit")))
        return err_set(err, ERR_INVALID, "\"%.*s\" is for lists: all that match are retried",
                       SLICE_FMT(name));
    return take_filter(b, name, value, err);
}

static int filter_from_body(struct bulk *b, struct slice body, struct err *err)
{
    struct json_reader reader;
    if (!json_is_object(slice_trim(body)))
        return err_set(err, ERR_INVALID, "send a filter as a JSON object");
    int result = json_check(body, err);
    json_reader_init(&reader, body);
    for (enum json_token t; result == 0 && (t = json_next(&reader)) != JSON_END;) {
        if (t != JSON_KEY)
            continue;
        char *name = slice_dup(reader.text);
        struct slice value;
        result = json_skip(&reader, &value) < 0 ? -1 : take_member(b, slice_str(name), value, err);
        free(name);
    }
    json_reader_deinit(&reader);
    return result;
}

void route_letters_retry(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct bulk *b = mem_calloc(1, sizeof(*b));
    b->admin = a;
    b->x = x;
    filter_init(&b->filter, FILTER_LETTERS);
    b->filter.journal.newest_first = false;
    b->filter.journal.limit = FILTER_LIMIT_MAX;
    struct err err = {0};
    if (filter_from_body(b, http_exchange_body(x), &err) < 0) {
        http_exchange_problem(x, 400, "%s", err.message);
        filter_deinit(&b->filter);
        free(b);
        return;
    }
    journal_read(engine_journal(a->engine), collect_ids, on_collected, b);
}
