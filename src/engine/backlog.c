/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What lanes ask for of the rows that wait: where they stand, and then the rows themselves with
 * their events, in pages.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/parts.h"

/* Where one row stands; its texts lie in scan.texts. */
struct place {
    int64_t position, due_ms, written_ms;
    size_t key, key_len, batch_len; /* the batch behind the key */
    bool has_key;
};

struct scan {
    struct page page;
    struct target *target;
    struct journal_range range;
    struct place *places;
    size_t n_places;
    struct buf texts;
};

struct load {
    struct page page;
    struct target *target;
    size_t n_wants, bytes_max;
    struct journal_range *ranges; /* by want; their keys lie in `keys` */
    bool *has_more;
    size_t n_rows; /* of the want that is being read */
    struct buf keys;
    struct journal_reader *reader; /* on its thread */
};

static struct journal_target journal_target_of(const struct target *t)
{
    return (struct journal_target){slice_str(target_name(t)), target_is_handler(t)};
}

/* ---- scans ---- */

static bool add_place(void *ctx, const struct journal_place *found)
{
    struct scan *scan = ctx;
    scan->places[scan->n_places++] = (struct place){
        .position = found->position,
        .due_ms = found->due_ms,
        .written_ms = found->written_ms,
        .key = scan->texts.len,
        .key_len = found->key.len,
        .batch_len = found->batch.len,
        .has_key = found->has_key,
    };
    buf_add_slice(&scan->texts, found->key);
    buf_add_slice(&scan->texts, found->batch);
    return scan->n_places < scan->range.limit;
}

static void read_scan(struct page *page, struct journal_reader *reader)
{
    struct scan *scan = container_of(page, struct scan, page);
    const struct journal_target target = journal_target_of(scan->target);
    struct err err = {0};
    scan->n_places = 0;
    buf_clear(&scan->texts);
    if (journal_waiting_places(reader, &target, &scan->range, add_place, scan, &err) < 0)
        page->err = err;
}

static void scan_free(struct page *page)
{
    struct scan *scan = container_of(page, struct scan, page);
    buf_deinit(&scan->texts);
    free(scan->places);
    free(scan);
}

static void take_scan(struct page *page)
{
    struct scan *scan = container_of(page, struct scan, page);
    struct lane_place *places = mem_calloc(scan->n_places + 1, sizeof(*places));
    for (size_t i = 0; i < scan->n_places; i++) {
        const struct place *p = &scan->places[i];
        const char *texts = scan->texts.data ? scan->texts.data : "";
        places[i] = (struct lane_place){
            .position = p->position,
            .key = slice_of(texts + p->key, p->key_len),
            .has_key = p->has_key,
            .due_ms = p->due_ms,
            .written_ms = p->written_ms,
            .batch = slice_of(texts + p->key + p->key_len, p->batch_len),
        };
    }
    lanes_scanned(page->engine->lanes, scan->target, places, scan->n_places,
                  scan->n_places < scan->range.limit);
    free(places);
    scan_free(page);
}

void backlog_scan(void *ctx, struct target *t, int64_t after, int64_t through, size_t limit)
{
    struct scan *scan = mem_calloc(1, sizeof(*scan));
    scan->page =
        (struct page){.engine = ctx, .read = read_scan, .take = take_scan, .free = scan_free};
    scan->page.is_of_waiting = !target_is_handler(t);
    scan->target = t;
    scan->range = (struct journal_range){.after = after, .through = through, .limit = limit};
    scan->places = mem_calloc(limit, sizeof(*scan->places));
    page_ask(&scan->page);
}

/* ---- loads: on the reader's thread ---- */

static const struct delivery_row *find_row(struct list *rows, int64_t seq)
{
    list_each (it, rows) {
        if (known_row_of(it)->seq == seq)
            return known_row_of(it);
    }
    return NULL;
}

/* Of a run all rows of its event tell what it sent before. Where its own isn't among them, the file is
   damaged: without knowing what it sent it can't be made. */
static bool add_row(void *ctx, const struct delivery_row *row)
{
    struct load *load = ctx;
    struct page *page = &load->page;
    struct found *f = page_add(page);
    int64_t event_seq = delivery_event_seq(row->seq);
    page->bytes += row->data.len;
    load->n_rows++;
    if (!target_is_handler(load->target))
        known_rows_add(&f->rows, row);
    else if (journal_event_deliveries(load->reader, event_seq, known_rows_add, &f->rows,
                                      &page->err) < 0)
        return false;
    f->row = find_row(&f->rows, row->seq);
    if (!f->row) {
        journal_reader_suspect(load->reader, "delivery %.*s waits, but isn't among its event's",
                               SLICE_FMT(row->id));
        page_drop(page, f);
        return true;
    }
    return page_find_event(page, load->reader, f, event_seq) == 0 && page->bytes < load->bytes_max;
}

static void read_want(struct load *load, size_t want)
{
    struct page *page = &load->page;
    const struct journal_target target = journal_target_of(load->target);
    struct list *last = page->found.prev;
    struct err err = {0};
    load->n_rows = 0;
    if (journal_waiting_rows(load->reader, &target, &load->ranges[want], add_row, load, &err) < 0)
        page->err = err;
    for (struct list *it = last->next; it != &page->found; it = it->next)
        list_entry(it, struct found, link)->want = want;
    load->has_more[want] =
        load->n_rows == load->ranges[want].limit || page->bytes >= load->bytes_max;
}

static void read_load(struct page *page, struct journal_reader *reader)
{
    struct load *load = container_of(page, struct load, page);
    load->reader = reader;
    for (size_t i = 0; i < load->n_wants; i++)
        load->has_more[i] = true;
    for (size_t i = 0; i < load->n_wants && page->err.code == ERR_NONE; i++) {
        if (page->bytes < load->bytes_max)
            read_want(load, i);
    }
}

/* ---- loads: on the loop ---- */

static void load_free(struct page *page)
{
    struct load *load = container_of(page, struct load, page);
    buf_deinit(&load->keys);
    free(load->ranges);
    free(load->has_more);
    free(load);
}

/* What waited at the start, and was due: the clock may have been set since, back also before that. */
bool backlog_was_cut_off(const struct engine *e, const struct delivery_row *row)
{
    bool was_due = row->due_ms <= e->started_ms || row->created_ms > e->started_ms;
    return row->position <= e->first_position && was_due;
}

static void take_row(struct load *load, struct found *f)
{
    struct engine *e = load->page.engine;
    const struct delivery_row *row = f->row;
    struct item *item;
    if (!f->event) {
        log_error(e->log, "the event of a delivery that waits is gone",
                  LOG_SLICE("delivery", row->id));
        return;
    }
    if (target_is_handler(load->target)) {
        item = handle_load(e, load->target, f->event, row, &f->rows);
    } else {
        item = item_from_row(e, NULL, f->event, load->target, row);
        item->d.was_cut_off = backlog_was_cut_off(e, row);
    }
    lanes_loaded(e->lanes, load->target, f->want, &item->d, row);
}

static void take_load(struct page *page)
{
    struct load *load = container_of(page, struct load, page);
    struct engine *e = page->engine;
    bool is_handler = target_is_handler(load->target);
    list_each (it, &page->found)
        take_row(load, list_entry(it, struct found, link));
    page_clear(page);
    lanes_load_ended(e->lanes, load->target, load->has_more);
    load_free(page);
    if (is_handler && --e->n_run_loads == 0)
        work_end_lingering(e);
}

void backlog_load(void *ctx, struct target *t, const struct lane_want *wants, size_t n_wants,
                  size_t bytes_max)
{
    struct engine *e = ctx;
    struct load *load = mem_calloc(1, sizeof(*load));
    load->page =
        (struct page){.engine = e, .read = read_load, .take = take_load, .free = load_free};
    load->page.is_of_waiting = !target_is_handler(t);
    load->target = t;
    load->n_wants = n_wants;
    load->bytes_max = bytes_max;
    load->ranges = mem_calloc(n_wants, sizeof(*load->ranges));
    load->has_more = mem_calloc(n_wants, sizeof(*load->has_more));
    size_t total = 0;
    for (size_t i = 0; i < n_wants; i++)
        total += wants[i].key.len;
    buf_reserve(&load->keys, total + 1); /* at once: the slices into it must stay */
    for (size_t i = 0; i < n_wants; i++) {
        const char *key = load->keys.data + load->keys.len;
        load->ranges[i] = (struct journal_range){
            .after = wants[i].after,
            .through = wants[i].through,
            .key = wants[i].has_key ? slice_of(key, wants[i].key.len) : SLICE_NULL,
            .limit = wants[i].limit,
        };
        buf_add_slice(&load->keys, wants[i].key);
    }
    if (target_is_handler(t))
        e->n_run_loads++;
    page_ask(&load->page);
}

/* ---- at the start ---- */

static bool begin_behind(void *ctx, struct slice connector, int64_t last_position, int64_t count)
{
    struct engine *e = ctx;
    struct target *target = lanes_find_target(e->lanes, connector, false);
    if (!target) /* its connector is gone: it waits until there is one again */
        target = lanes_set_target(e->lanes, connector, false, NULL);
    lanes_begin_behind(e->lanes, target, last_position, count);
    return true;
}

int backlog_start(struct engine *e, struct journal_reader *reader, struct err *err)
{
    e->first_position = delivery_seq(journal_next_seq(e->journal), 0);
    lanes_begin_at(e->lanes, e->first_position);
    return journal_waiting_connectors(reader, begin_behind, e, err);
}
