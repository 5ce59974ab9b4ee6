/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Dead letters: listed, shown, retried, edited, dropped.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/body.h"
#include "admin/routes.h"
#include "base/buf.h"
#include "engine/record_json.h"

/* ---- list and show ---- */

void route_letters(void *ctx, struct http_exchange *x)
{
    struct rendering *r = listing_new(x, FILTER_LETTERS);
    if (r)
        listing_start(ctx, r);
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

/* ---- one retried, edited or dropped ---- */

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

static bool note_there(void *ctx, const struct delivery_row *row)
{
    struct rendering *r = ctx;
    r->n_rows += row->state == DELIVERY_DEAD;
    return false;
}

/* What isn't there is told before what is wrong with the wish. */
static void render_refusal(struct journal_reader *reader, void *ctx)
{
    struct rendering *r = ctx;
    struct err err = {0};
    if (journal_find_delivery(reader, slice_str(r->id), note_there, r, &err) < 0)
        r->err = err;
    else if (r->n_rows == 0)
        err_set(&r->err, ERR_NOT_FOUND, "there is no dead letter %s", r->id);
}

static void refuse(struct admin *a, struct http_exchange *x, const struct err *err)
{
    struct rendering *r = rendering_new(x);
    r->id = slice_dup(http_exchange_segment(x, 0));
    r->err = *err;
    rendering_start(a, r, render_refusal);
}

static int take_force(void *ctx, struct slice name, struct slice value, struct err *err)
{
    static const char *const names[] = {"force"};
    if (slice_is_equal(name, slice_str(names[0])))
        return body_take_flag(names[0], value, ctx, err);
    return body_refuse(name, names, ARRAY_LEN(names), err);
}

void route_letter_retry(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct err err = {0};
    bool is_forced = false;
    if (body_read(http_exchange_body(x), take_force, &is_forced, &err) < 0)
        refuse(a, x, &err);
    else
        engine_retry_letter(a->engine, http_exchange_segment(x, 0), is_forced, on_letter, x);
}

static int take_data(void *ctx, struct slice name, struct slice value, struct err *err)
{
    static const char *const names[] = {"data"};
    if (!slice_is_equal(name, slice_str(names[0])))
        return body_refuse(name, names, ARRAY_LEN(names), err);
    *(struct slice *)ctx = value;
    return 0;
}

void route_letter_edit(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct err err = {0};
    struct slice data = SLICE_NULL;
    if (body_read(http_exchange_body(x), take_data, &data, &err) == 0 && !data.data)
        err_set(&err, ERR_INVALID, "send {\"data\": …}, the data that it is to have");
    if (err.code != ERR_NONE)
        refuse(a, x, &err);
    else
        engine_edit_letter(a->engine, http_exchange_segment(x, 0), data, on_letter, x);
}

void route_letter_drop(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    engine_drop_letter(a->engine, http_exchange_segment(x, 0), on_letter, x);
}
