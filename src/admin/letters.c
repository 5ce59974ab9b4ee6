/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Dead letters: listed, shown, retried, dropped.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/routes.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "engine/letter_json.h"
#include "event/record.h"

#define LIST_MAX 1000

static bool add_letter(void *ctx, const struct delivery_row *row)
{
    struct rendering *r = ctx;
    r->last_seq = row->seq;
    r->n_rows++;
    return letter_add_json(r->reader, &r->writer, row, LETTER_WHOLE, &r->err) == 0;
}

/* ---- the filter, from a query or a JSON body ---- */

/* A time, or an age before `now_ms`. */
static int parse_when(struct slice text, int64_t now_ms, int64_t *unix_ms, struct err *err)
{
    int64_t age_ms;
    if (text_parse_time(text, unix_ms, err) == 0)
        return 0;
    if (text_parse_duration(text, &age_ms, err) < 0)
        return err_set(err, ERR_INVALID,
                       "\"%.*s\" is no time: write 2026-11-23T18:00:00Z, or an age "
                       "such as 2h",
                       SLICE_FMT(text));
    *unix_ms = now_ms - age_ms;
    return 0;
}

static int parse_number(struct slice text, int64_t *number, struct err *err)
{
    if (json_get_integer(text, number) == 0 && *number >= 0)
        return 0;
    return err_set(err, ERR_INVALID, "\"%.*s\" is no whole number", SLICE_FMT(text));
}

/* A misspelt one would find nothing, as if all were well. */
static int check_cause(struct slice cause, struct err *err)
{
    for (size_t i = 0; i < RECORD_CAUSES; i++) {
        if (slice_is_equal(cause, slice_str(record_causes[i])))
            return 0;
    }
    const char *nearest = text_nearest(cause, record_causes, RECORD_CAUSES);
    return err_set(err, ERR_INVALID, "\"%.*s\" is no cause of a dead letter%s%s%s",
                   SLICE_FMT(cause), nearest ? ": did you mean " : "", nearest ? nearest : "",
                   nearest ? "?" : "");
}

/* One filter by its name; data NULL: not given. `room` keeps the text. */
static int set_filter(struct journal_filter *f, const char *name, struct slice value, char **room,
                      struct err *err)
{
    struct clock clock = clock_system();
    int64_t number = 0, now_ms = clock_wall_ms(&clock);
    if (!value.data)
        return 0;
    if (strcmp(name, "since") == 0)
        return parse_when(value, now_ms, &f->since_ms, err);
    if (strcmp(name, "until") == 0)
        return parse_when(value, now_ms, &f->until_ms, err);
    if (strcmp(name, "cause") == 0 && check_cause(value, err) < 0)
        return -1;
    if (strcmp(name, "cursor") == 0)
        return parse_number(value, &f->after_seq, err);
    if (strcmp(name, "limit") == 0) {
        if (parse_number(value, &number, err) < 0)
            return -1;
        f->limit = number < 1 ? 1 : number > LIST_MAX ? LIST_MAX : (unsigned)number;
        return 0;
    }
    free(*room);
    *room = slice_dup(value);
    struct slice kept = slice_str(*room);
    if (strcmp(name, "connector") == 0)
        f->connector = kept;
    else if (strcmp(name, "type") == 0)
        f->type = kept;
    else if (strcmp(name, "key") == 0)
        f->key = kept;
    else
        f->cause = kept;
    return 0;
}

static const char *const filter_names[] = {"connector", "type",  "key",    "cause",
                                           "since",     "until", "cursor", "limit"};

static int filter_from_query(struct rendering *r, struct http_exchange *x)
{
    for (size_t i = 0; i < ARRAY_LEN(filter_names); i++) {
        if (set_filter(&r->filter, filter_names[i], http_exchange_query(x, filter_names[i]),
                       i < ARRAY_LEN(r->text) ? &r->text[i] : NULL, &r->err) < 0)
            return -1;
    }
    return 0;
}

/* ---- list and show ---- */

static void render_letters(struct journal_reader *reader, void *ctx)
{
    struct rendering *r = ctx;
    r->reader = reader;
    json_object_begin(&r->writer, NULL);
    json_array_begin(&r->writer, "items");
    struct err err = {0};
    if (journal_list_deliveries(reader, &r->filter, add_letter, r, &err) < 0)
        r->err = err;
    json_array_end(&r->writer);
    char next[24];
    snprintf(next, sizeof(next), "%" PRId64, r->last_seq);
    json_member_cstr(&r->writer, "next", r->n_rows == r->filter.limit ? next : NULL);
    json_object_end(&r->writer);
}

void route_letters(void *ctx, struct http_exchange *x)
{
    struct rendering *r = rendering_new(x);
    r->filter = (struct journal_filter){.state = DELIVERY_DEAD, .newest_first = true, .limit = 100};
    if (filter_from_query(r, x) < 0) {
        http_exchange_problem(x, 400, "%s", r->err.message);
        rendering_free(r);
        return;
    }
    rendering_start(ctx, r, render_letters);
}

static bool add_dead_letter(void *ctx, const struct delivery_row *row)
{
    struct rendering *r = ctx;
    if (row->state == DELIVERY_DEAD)
        add_letter(r, row);
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
    struct rendering *filter; /* holds the filter and its texts */
    char **ids;
    size_t n_ids, next, under_way, n_retried, n_refused;
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
    b->filter->filter.after_seq = row->seq;
    return true;
}

static void collect_ids(struct journal_reader *reader, void *ctx)
{
    struct bulk *b = ctx;
    size_t before;
    do {
        before = b->n_ids;
        if (journal_list_deliveries(reader, &b->filter->filter, collect_id, b, &b->err) < 0)
            return;
    } while (b->n_ids - before == b->filter->filter.limit);
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
    rendering_free(b->filter);
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

static int take_filter(struct rendering *r, size_t i, struct slice value)
{
    struct buf text = {0};
    int result;
    if (i >= ARRAY_LEN(r->text))
        result = err_set(&r->err, ERR_INVALID, "\"%s\" is for lists: all that match are retried",
                         filter_names[i]);
    else if (json_get_string(value, &text) < 0)
        result = err_set(&r->err, ERR_INVALID, "filter \"%s\" must be a string", filter_names[i]);
    else
        result = set_filter(&r->filter, filter_names[i], buf_slice(&text), &r->text[i], &r->err);
    buf_deinit(&text);
    return result;
}

/* One member; a name it doesn't know is refused, lest it retry more than was meant. */
static int take_member(struct bulk *b, struct slice name, struct slice value)
{
    struct rendering *r = b->filter;
    if (slice_is_equal(name, SLICE_LIT("dryRun")))
        return take_flag(b, value, &r->err);
    for (size_t i = 0; i < ARRAY_LEN(filter_names); i++) {
        if (slice_is_equal(name, slice_str(filter_names[i])))
            return take_filter(r, i, value);
    }
    return err_set(&r->err, ERR_INVALID, "unknown filter \"%.*s\"", SLICE_FMT(name));
}

static int filter_from_body(struct bulk *b, struct slice body)
{
    struct json_reader reader;
    struct rendering *r = b->filter;
    if (!json_is_object(slice_trim(body)))
        return err_set(&r->err, ERR_INVALID, "send a filter as a JSON object");
    int result = json_check(body, &r->err);
    json_reader_init(&reader, body);
    for (enum json_token t; result == 0 && (t = json_next(&reader)) != JSON_END;) {
        if (t != JSON_KEY)
            continue;
        char *name = slice_dup(reader.text);
        struct slice value;
        result = json_skip(&reader, &value) < 0 ? -1 : take_member(b, slice_str(name), value);
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
    b->filter = rendering_new(x);
    b->filter->filter = (struct journal_filter){.state = DELIVERY_DEAD, .limit = LIST_MAX};
    if (filter_from_body(b, http_exchange_body(x)) < 0) {
        http_exchange_problem(x, 400, "%s", b->filter->err.message);
        rendering_free(b->filter);
        free(b);
        return;
    }
    journal_read(engine_journal(a->engine), collect_ids, on_collected, b);
}
