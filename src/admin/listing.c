/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A list, page by page, on the reader's thread. A page is bounded three ways: by its number of rows,
 * by the bytes that it has come to, and by the rows that were looked at for it; `next` says where
 * the next one begins, also where this one is empty.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/routes.h"
#include "base/buf.h"
#include "engine/record_json.h"

#define PAGE_BYTES ((size_t)8 << 20)
#define UNKEPT_BYTES ((size_t)8 << 20) /* of what is in memory: the loop waits for it */

struct rendering *listing_new(struct http_exchange *x, enum filter_kind kind)
{
    struct rendering *r = rendering_new(x);
    struct err err = {0};
    filter_init(&r->filter, kind);
    json_object_begin(&r->writer, NULL);
    json_array_begin(&r->writer, "items");
    if (filter_set_query(&r->filter, x, &err) == 0)
        return r;
    http_exchange_problem(x, 400, "%s", err.message);
    rendering_free(r);
    return NULL;
}

/* ---- what is in memory, on the loop ---- */

/* Those without a number stand behind the rows of their event. */
static bool note_delivery(void *ctx, const struct engine_delivery *d)
{
    struct rendering *r = ctx;
    int64_t after = r->filter.journal.after_seq;
    if (d->has_row && d->is_in_flight) {
        r->in_flight = mem_grow(r->in_flight, r->n_in_flight, sizeof(*r->in_flight));
        r->in_flight[r->n_in_flight++] = d->row.seq;
    }
    if (d->has_row || (after && delivery_seq(d->event->seq, 0) >= after) ||
        r->unkept_bytes >= UNKEPT_BYTES || !filter_takes(&r->filter, &d->row, d->event))
        return true;
    int64_t place = d->row.seq ? d->row.seq : delivery_seq(d->event->seq + 1, 0) - 1;
    r->unkept = mem_grow(r->unkept, r->n_unkept, sizeof(*r->unkept));
    struct unkept *u = &r->unkept[r->n_unkept++];
    *u = (struct unkept){place, d->row.seq != 0, slice_dup(d->row.id), {0}};
    struct json_writer w = {.out = &u->json};
    delivery_add_json_unkept(&w, &d->row, d->event, d->is_in_flight);
    r->unkept_bytes += u->json.len;
    return true;
}

static int compare_seqs(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int compare_unkept(const void *a, const void *b)
{
    const struct unkept *x = a, *y = b;
    int order = compare_seqs(&y->place, &x->place);
    return order ? order : strcmp(x->id, y->id);
}

/* Several of one event have a place each, so that a page may end between them. */
static void place_unkept(struct rendering *r)
{
    if (r->n_unkept > 1)
        qsort(r->unkept, r->n_unkept, sizeof(*r->unkept), compare_unkept);
    for (size_t i = 1; i < r->n_unkept; i++) {
        if (r->unkept[i].place >= r->unkept[i - 1].place)
            r->unkept[i].place = r->unkept[i - 1].place - 1;
    }
}

void listing_add_unkept(struct rendering *r, struct engine *e)
{
    engine_each_delivery(e, note_delivery, r);
    place_unkept(r);
    if (r->n_in_flight > 1)
        qsort(r->in_flight, r->n_in_flight, sizeof(*r->in_flight), compare_seqs);
}

static bool note_there(void *ctx, const struct delivery_row *row)
{
    (void)row;
    *(bool *)ctx = true;
    return false;
}

/* Whether its row has come to disk meanwhile: then it is found there. */
static bool is_there(struct rendering *r, const struct unkept *u)
{
    bool found = false;
    struct err err = {0};
    if (u->has_seq &&
        journal_find_delivery(r->reader, slice_str(u->id), note_there, &found, &err) < 0)
        r->err = err;
    return found;
}

/* ---- rows ---- */

static bool is_full(const struct rendering *r)
{
    return r->n_rows >= r->filter.journal.limit || r->out.len >= PAGE_BYTES;
}

/* Data may have lines of their own. */
static void end_line(struct rendering *r)
{
    if (r->err.code == ERR_NONE) {
        json_compact(&r->out, buf_slice(&r->line));
        buf_add_char(&r->out, '\n');
    }
    buf_clear(&r->line);
    r->writer.comma = false;
}

/* Whether there is room for more. */
static bool note_row(struct rendering *r, int64_t seq)
{
    if (r->is_lines)
        end_line(r);
    r->last_seq = seq;
    r->n_rows++;
    return r->err.code == ERR_NONE && !is_full(r);
}

/* What is in memory and stands before the row `seq`; false when the page is full. */
static bool add_unkept(struct rendering *r, int64_t seq)
{
    for (; r->next_unkept < r->n_unkept && r->unkept[r->next_unkept].place > seq;
         r->next_unkept++) {
        const struct unkept *u = &r->unkept[r->next_unkept];
        if (is_there(r, u) ||
            (r->filter.journal.after_seq && u->place >= r->filter.journal.after_seq))
            continue;
        json_member_raw(&r->writer, NULL, buf_slice(&u->json));
        if (!note_row(r, u->place)) {
            r->next_unkept++;
            return false;
        }
    }
    return true;
}

static bool add_event(void *ctx, struct event *event, enum event_state state)
{
    struct rendering *r = ctx;
    event_add_json(&r->writer, event, state);
    return note_row(r, event->seq);
}

static bool is_in_flight(const struct rendering *r, int64_t seq)
{
    return r->n_in_flight > 0 &&
           bsearch(&seq, r->in_flight, r->n_in_flight, sizeof(seq), compare_seqs) != NULL;
}

static bool add_delivery(void *ctx, const struct delivery_row *row)
{
    struct rendering *r = ctx;
    struct err err = {0};
    if (!add_unkept(r, row->seq))
        return false;
    bool flies = row->state == DELIVERY_WAITING && is_in_flight(r, row->seq);
    int rc = r->filter.kind == FILTER_LETTERS
                 ? letter_add_json(r->reader, &r->writer, row, LETTER_WHOLE, &err)
                 : delivery_add_json(r->reader, &r->writer, row, flies, &err);
    if (rc < 0)
        r->err = err;
    return note_row(r, row->seq);
}

/* ---- the page ---- */

static int add_rows(struct rendering *r, struct journal_filter *filter, struct err *err)
{
    bool is_of_events = r->filter.kind == FILTER_EVENTS;
    if (filter_check(&r->filter, r->reader, err) < 0)
        return -1;
    if (is_of_events ? journal_bound_events(r->reader, filter, LISTING_LOOKED_AT, err) < 0
                     : journal_bound_deliveries(r->reader, filter, LISTING_LOOKED_AT, err) < 0)
        return -1;
    int rc = is_of_events ? journal_list_events(r->reader, filter, add_event, r, err)
                          : journal_list_deliveries(r->reader, filter, add_delivery, r, err);
    if (rc == 0 && !is_full(r))
        add_unkept(r, filter->through_seq - 1);
    return rc;
}

void listing_fill(struct rendering *r, struct journal_reader *reader)
{
    struct journal_filter filter = r->filter.journal;
    struct err err = {0};
    r->reader = reader;
    if (add_rows(r, &filter, &err) < 0)
        r->err = err;
    /* Behind the last row where this page is full, else behind what was looked at. */
    r->next = is_full(r) ? r->last_seq : filter.through_seq;
}

static void render_page(struct journal_reader *reader, void *rendering)
{
    struct rendering *r = rendering;
    char next[24];
    listing_fill(r, reader);
    json_array_end(&r->writer);
    snprintf(next, sizeof(next), "%" PRId64, r->next);
    json_member_cstr(&r->writer, "next", r->next ? next : NULL);
    json_object_end(&r->writer);
}

void listing_set_lines(struct rendering *r)
{
    r->is_lines = true;
    r->writer = (struct json_writer){.out = &r->line};
    buf_clear(&r->out);
}

void listing_start(struct admin *a, struct rendering *r)
{
    filter_doubt(&r->filter, a->engine);
    if (!lines_start(a, r))
        rendering_start(a, r, render_page);
}
