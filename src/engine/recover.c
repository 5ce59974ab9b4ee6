/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * At start: what the journal holds as unfinished goes on where it stood. First the deliveries that
 * wait, in order; then the events that are open, whose handlers run again and whose sends are known
 * by their ids. So a lane has what was written before what is made anew. All of it is read in pages
 * on the reader's thread; what arrives meanwhile queues behind.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/parts.h"

#define PAGE_ROWS 1000
#define PAGE_BYTES (32 << 20)
#define AGAIN_MS 5000

/* A delivery that waits, or an open event with its deliveries so far. */
struct found {
    struct list link;
    struct event *event;
    struct list rows; /* struct known_row */
};

struct recovery {
    struct engine *engine;
    bool has_deliveries; /* all that waits is in its lane */
    int64_t before_seq;  /* events from here on came after the start */
    int64_t after_seq;   /* rows read so far */
    int64_t page_seq;    /* rows taken so far */
    struct list found;   /* struct found, of one page */
    size_t n_found;
    size_t bytes;                  /* of that page */
    bool is_page_full;             /* there may be more behind it */
    size_t n_deliveries, n_events; /* in all */
    struct journal_reader *reader; /* on its thread */
    struct loop_timer *again;      /* after a page that could not be read */
    struct err err;
    struct err told; /* what was logged last */
};

/* ---- on the reader's thread ---- */

static void found_free(struct found *f)
{
    list_remove(&f->link);
    known_rows_free(&f->rows);
    event_unref(f->event);
    free(f);
}

static struct found *found_new(struct recovery *r)
{
    struct found *f = mem_calloc(1, sizeof(*f));
    list_init(&f->rows);
    list_add_tail(&r->found, &f->link);
    r->n_found++;
    return f;
}

/* Rows come in the order of events: those of one share it. */
static bool find_event(struct journal_reader *reader, struct recovery *r, struct found *f,
                       int64_t seq)
{
    struct list *before = f->link.prev;
    if (before != &r->found) {
        struct event *event = list_entry(before, struct found, link)->event;
        if (event && event->seq == seq) {
            f->event = event_ref(event);
            return true;
        }
    }
    if (journal_find_event(reader, seq, known_event, &f->event, &r->err) < 0)
        return false;
    if (f->event)
        r->bytes += event_size(f->event);
    return true;
}

static bool find_delivery(void *ctx, const struct delivery_row *row)
{
    struct recovery *r = ctx;
    struct found *f = found_new(r);
    known_rows_add(&f->rows, row);
    r->after_seq = row->seq;
    r->bytes += row->data.len;
    if (!find_event(r->reader, r, f, delivery_event_seq(row->seq)))
        return false;
    r->is_page_full = r->n_found == PAGE_ROWS || r->bytes > PAGE_BYTES;
    return !r->is_page_full;
}

static void read_deliveries(struct journal_reader *reader, struct recovery *r)
{
    const struct journal_filter filter = {
        .after_seq = r->after_seq, .state = DELIVERY_WAITING, .limit = PAGE_ROWS};
    struct err err = {0};
    if (journal_list_deliveries(reader, &filter, find_delivery, r, &err) < 0)
        r->err = err;
}

static bool find_open(void *ctx, struct event *event, enum event_state state, int64_t closed_ms)
{
    (void)state;
    (void)closed_ms;
    struct recovery *r = ctx;
    if (event->seq >= r->before_seq)
        return false;
    found_new(r)->event = event_ref(event);
    r->after_seq = event->seq;
    r->bytes += event_size(event);
    r->is_page_full = r->n_found == PAGE_ROWS || r->bytes > PAGE_BYTES;
    return !r->is_page_full;
}

static void read_events(struct journal_reader *reader, struct recovery *r)
{
    const struct journal_filter filter = {
        .after_seq = r->after_seq, .state = EVENT_OPEN, .limit = PAGE_ROWS};
    if (journal_list_events(reader, &filter, find_open, r, &r->err) < 0)
        return;
    list_each (it, &r->found) {
        struct found *f = list_entry(it, struct found, link);
        if (journal_event_deliveries(reader, f->event->seq, known_rows_add, &f->rows, &r->err) < 0)
            return;
    }
}

static void read_page(struct journal_reader *reader, void *ctx)
{
    struct recovery *r = ctx;
    r->reader = reader;
    r->n_found = r->bytes = 0;
    r->is_page_full = false;
    if (r->has_deliveries)
        read_events(reader, r);
    else
        read_deliveries(reader, r);
}

/* ---- on the loop ---- */

/* A handler's waiting run belongs to its open event, which comes later. */
static void restore_delivery(struct engine *e, struct found *f)
{
    const struct delivery_row *row = known_row_of(f->rows.next);
    if (!row->connector.data || !f->event)
        return;
    struct target *target = lanes_find_target(e->lanes, row->connector, false);
    if (!target) /* its connector is gone: it waits until there is one again */
        target = lanes_set_target(e->lanes, row->connector, false, NULL);
    struct item *item = item_from_row(e, NULL, f->event, target, row);
    item->d.was_cut_off = row->due_ms <= e->started_ms;
    lanes_restore(e->lanes, &item->d, row);
}

static void finish(struct recovery *r)
{
    struct engine *e = r->engine;
    if (r->n_deliveries || r->n_events)
        log_info(e->log, "goes on where it stood", LOG_INT("deliveries", (int64_t)r->n_deliveries),
                 LOG_INT("events", (int64_t)r->n_events));
    e->recovery = NULL;
    recover_free(r);
    letters_resume(e);
}

static void on_page(void *ctx);

static void next_page(struct recovery *r)
{
    journal_read(r->engine->journal, read_page, on_page, r);
}

static void take_page(struct recovery *r)
{
    list_each (it, &r->found) {
        struct found *f = list_entry(it, struct found, link);
        if (r->has_deliveries) {
            handle_again(r->engine, event_ref(f->event), &f->rows);
            r->n_events++;
        } else {
            restore_delivery(r->engine, f);
            r->n_deliveries++;
        }
        found_free(f);
    }
}

static void drop_page(struct recovery *r)
{
    list_each (it, &r->found)
        found_free(list_entry(it, struct found, link));
}

static void read_again(void *ctx)
{
    struct recovery *r = ctx;
    r->err = (struct err){0};
    r->after_seq = r->page_seq;
    next_page(r);
}

/* A disk that stays ill says so once. */
static void tell_once(struct recovery *r)
{
    if (strcmp(r->told.message, r->err.message) == 0)
        return;
    r->told = r->err;
    log_error(r->engine->log, "can't read what was left unfinished: it is tried again",
              LOG_STR("error", r->err.message));
}

static void on_page(void *ctx)
{
    struct recovery *r = ctx;
    if (r->err.code != ERR_NONE) {
        /* Nothing new is handled before: it would overtake what is to be restored. */
        tell_once(r);
        drop_page(r);
        loop_timer_start(r->again, AGAIN_MS);
        return;
    }
    take_page(r);
    r->page_seq = r->after_seq;
    if (r->is_page_full) {
        next_page(r);
    } else if (!r->has_deliveries) {
        r->has_deliveries = true;
        r->after_seq = r->page_seq = 0;
        next_page(r);
    } else {
        finish(r);
    }
}

const char *recover_problem(const struct recovery *r)
{
    return r && r->err.code != ERR_NONE ? r->err.message : NULL;
}

void recover_start(struct engine *e)
{
    struct recovery *r = mem_calloc(1, sizeof(*r));
    r->engine = e;
    r->before_seq = journal_next_seq(e->journal);
    list_init(&r->found);
    r->again = loop_timer_new(e->loop, read_again, r);
    e->recovery = r;
    next_page(r);
}

void recover_free(struct recovery *r)
{
    if (!r)
        return;
    drop_page(r);
    loop_timer_free(r->again);
    free(r);
}
