/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Pages: what waits in the journal, read piece by piece. What was queued for the journal before is
 * on disk first, so that a page is never older than its question.
 *
 * That takes a commit or two, which is long where a backlog is drained. Of what waits for a connector
 * lanes ask for no row that is being settled, since its lane moves on only behind that; what they may
 * ask for is on disk but for rows that nobody is told of: those of what goes to disk, and ends of
 * what expired there. Where there was none since such a page was kept, the next is read at once.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "engine/parts.h"

#define AGAIN_MS 5000

/* ---- on the reader's thread ---- */

struct found *page_add(struct page *page)
{
    struct found *f = mem_calloc(1, sizeof(*f));
    list_init(&f->rows);
    list_add_tail(&page->found, &f->link);
    page->n_found++;
    return f;
}

void page_drop(struct page *page, struct found *f)
{
    list_remove(&f->link);
    known_rows_free(&f->rows);
    event_unref(f->event);
    free(f);
    page->n_found--;
}

/* Rows come mostly in the order of events: those of one share it. */
int page_find_event(struct page *page, struct journal_reader *reader, struct found *f, int64_t seq)
{
    struct list *before = f->link.prev;
    if (before != &page->found) {
        struct event *event = list_entry(before, struct found, link)->event;
        if (event && event->seq == seq) {
            f->event = event_ref(event);
            return 0;
        }
    }
    if (journal_find_event(reader, seq, known_event, &f->event, &page->err) < 0)
        return -1;
    if (f->event)
        page->bytes += event_size(f->event);
    return 0;
}

static void read_page(struct journal_reader *reader, void *ctx)
{
    struct page *page = ctx;
    page->read(page, reader);
}

/* ---- on the loop ---- */

void page_clear(struct page *page)
{
    list_each (it, &page->found)
        page_drop(page, list_entry(it, struct found, link));
    page->bytes = 0;
}

static void ask(void *ctx);

static void on_page(void *ctx)
{
    struct page *page = ctx;
    struct engine *e = page->engine;
    if (page->err.code == ERR_NONE) {
        loop_timer_free(page->again);
        page->again = NULL;
        list_remove(&page->link);
        page->take(page);
        return;
    }
    if (!page->again)
        page->again = loop_timer_new(e->loop, ask, page);
    log_error(e->log, "can't read what waits: it is tried again",
              LOG_STR("error", page->err.message));
    loop_timer_start(page->again, AGAIN_MS);
}

static void read_kept(struct page *page)
{
    journal_read(page->engine->journal, read_page, on_page, page);
}

static void on_kept(void *ctx)
{
    struct page *page = ctx;
    page->engine->n_unwatched_kept = page->n_unwatched;
    read_kept(page);
}

static void ask(void *ctx)
{
    struct page *page = ctx;
    page_clear(page);
    struct engine *e = page->engine;
    page->err = (struct err){0};
    page->n_unwatched = e->n_unwatched;
    if (page->is_of_waiting && e->n_unwatched == e->n_unwatched_kept)
        read_kept(page);
    else
        journal_when_kept(e->journal, on_kept, page);
}

void page_ask(struct page *page)
{
    list_init(&page->found);
    list_add_tail(&page->engine->pages, &page->link);
    ask(page);
}

const char *page_problem(const struct engine *e)
{
    list_each (it, &e->pages) {
        const struct page *page = list_entry(it, struct page, link);
        if (page->again)
            return page->err.message;
    }
    return NULL;
}

void page_free_all(struct engine *e)
{
    list_each (it, &e->pages) {
        struct page *page = list_entry(it, struct page, link);
        list_remove(it);
        loop_timer_free(page->again);
        page_clear(page);
        if (page->free)
            page->free(page);
    }
}
