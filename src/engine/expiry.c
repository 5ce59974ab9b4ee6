/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What has expired while it waited on disk alone, for lanes: the rows, with their events.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "engine/parts.h"

struct sweep {
    struct page page;
    struct target *target;
    struct journal_expiry_range range;
    size_t bytes_max;
    struct delivery_expiry passed; /* the last row that was read */
    bool is_all;
    int64_t next_ms;               /* if so */
    struct journal_reader *reader; /* on its thread */
};

/* ---- on the reader's thread ---- */

static bool add_row(void *ctx, const struct delivery_row *row)
{
    struct sweep *sweep = ctx;
    struct page *page = &sweep->page;
    struct found *f = page_add(page);
    page->bytes += row->data.len;
    sweep->passed = (struct delivery_expiry){row->expires_ms, row->seq};
    known_rows_add(&f->rows, row);
    if (page_find_event(page, sweep->reader, f, delivery_event_seq(row->seq)) < 0)
        return false;
    sweep->is_all = page->n_found < sweep->range.limit && page->bytes < sweep->bytes_max;
    return sweep->is_all;
}

static void read_sweep(struct page *page, struct journal_reader *reader)
{
    struct sweep *sweep = container_of(page, struct sweep, page);
    struct slice connector = slice_str(target_name(sweep->target));
    struct err err = {0};
    sweep->reader = reader;
    sweep->is_all = true;
    int rc = journal_expired_rows(reader, connector, &sweep->range, add_row, sweep, &err);
    if (rc == 0 && page->err.code == ERR_NONE)
        rc = journal_next_expiry(reader, connector, sweep->range.through_ms, &sweep->next_ms, &err);
    if (rc < 0)
        page->err = err;
}

/* ---- on the loop ---- */

static void sweep_free(struct page *page)
{
    free(container_of(page, struct sweep, page));
}

static void take_row(struct sweep *sweep, struct found *f)
{
    struct engine *e = sweep->page.engine;
    const struct delivery_row *row = known_row_of(f->rows.next);
    if (!f->event) {
        log_error(e->log, "the event of a delivery that expired is gone",
                  LOG_SLICE("delivery", row->id));
        return;
    }
    struct item *item = item_from_row(e, NULL, f->event, sweep->target, row);
    item->d.was_cut_off = backlog_was_cut_off(e, row);
    if (lanes_expired(e->lanes, sweep->target, &item->d, row))
        e->n_unwatched++;
    else
        item_free(item);
}

static void take_sweep(struct page *page)
{
    struct sweep *sweep = container_of(page, struct sweep, page);
    list_each (it, &page->found)
        take_row(sweep, list_entry(it, struct found, link));
    page_clear(page);
    lanes_expired_ended(page->engine->lanes, sweep->target, sweep->is_all ? NULL : &sweep->passed,
                        sweep->next_ms);
    sweep_free(page);
}

void expiry_find(void *ctx, struct target *t, const struct delivery_expiry *after,
                 int64_t through_ms, size_t limit, size_t bytes_max)
{
    struct sweep *sweep = mem_calloc(1, sizeof(*sweep));
    sweep->page =
        (struct page){.engine = ctx, .read = read_sweep, .take = take_sweep, .free = sweep_free};
    sweep->target = t;
    sweep->range = (struct journal_expiry_range){after->at_ms, after->seq, through_ms, limit};
    sweep->bytes_max = bytes_max;
    page_ask(&sweep->page);
}
