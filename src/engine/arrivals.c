/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Kept events wait for their handlers in the order in which they came: some in a ring, and where
 * they are too many the others on disk, where they are open. Those are read back in pages behind a
 * cursor, and what comes meanwhile stands behind them. At the start all that is open waits so.
 */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/parts.h"

#define RING_MAX 8192 /* a power of two */
#define RING_BYTES (16 << 20)
#define PAGE_EVENTS 1000
#define PAGE_BYTES (8 << 20)
/* No more at once: what is made for an event is soon used by its runs, and should still be at hand. */
#define STEP_MAX 128
/* Events in memory, at least, whatever limits.inFlight says. */
#define WORKS_MIN 2000

struct arrival {
    struct event *event;
    bool is_known;    /* it was open when the process began … */
    struct list rows; /* … and these are its deliveries (struct known_row) */
};

struct arrivals {
    struct page page; /* being read */
    bool is_reading;
    bool is_page_full;
    int64_t old_through; /* the last event that came before the process began */
    int64_t cursor;      /* all up to here are in the ring, or were */
    int64_t asked;       /* how far the page goes */
    int64_t through;     /* the last one that is on disk alone */
    int64_t handled;     /* the last one that left the ring */
    size_t first, n, bytes;
    size_t n_coming, bytes_coming; /* handed over by channels, and not on disk yet */
    size_t n_known;                /* in the ring */
    int64_t n_open, n_again;       /* … */
    bool has_paused;               /* channels, until there is room again */
    struct arrival ring[RING_MAX]; /* the last member: what isn't used of it takes no memory */
};

/* ---- the ring ---- */

static bool is_behind(const struct arrivals *a)
{
    return a->cursor < a->through;
}

/* More than one part of so many of the ring. */
static bool is_more_than(size_t n, size_t bytes, unsigned parts)
{
    return n > RING_MAX / parts || bytes > RING_BYTES / parts;
}

static bool is_recovering(const struct arrivals *a)
{
    return a->cursor < a->old_through || a->n_known > 0;
}

static struct arrival *put(struct arrivals *a, struct event *event)
{
    assert(a->n < RING_MAX);
    struct arrival *arrival = &a->ring[(a->first + a->n++) % RING_MAX];
    *arrival = (struct arrival){.event = event};
    list_init(&arrival->rows);
    a->bytes += event_size(event);
    return arrival;
}

/* The first one; its rows go to the end of `rows`. */
static struct event *take(struct arrivals *a, struct list *rows, bool *is_known)
{
    struct arrival *arrival = &a->ring[a->first];
    list_splice_tail(rows, &arrival->rows);
    *is_known = arrival->is_known;
    a->n--;
    a->first = a->n > 0 ? (a->first + 1) % RING_MAX : 0; /* where its memory is warm */
    a->bytes -= event_size(arrival->event);
    a->n_known -= arrival->is_known;
    a->handled = arrival->event->seq;
    return arrival->event;
}

void arrivals_add(struct engine *e, struct event *event)
{
    struct arrivals *a = e->arrivals;
    bool is_full = a->n == RING_MAX || a->bytes >= RING_BYTES;
    if (!is_behind(a) && !is_full) {
        put(a, event);
        return;
    }
    if (!is_behind(a))
        a->cursor = event->seq - 1;
    a->through = event->seq;
    event_unref(event);
}

/* ---- a page: on the reader's thread ---- */

static bool find_open(void *ctx, struct event *event, enum event_state state)
{
    (void)state;
    struct arrivals *a = ctx;
    struct page *page = &a->page;
    if (event->seq > a->asked)
        return false;
    page_add(page)->event = event_ref(event);
    page->bytes += event_size(event);
    a->is_page_full = page->n_found == PAGE_EVENTS || page->bytes > PAGE_BYTES;
    return !a->is_page_full;
}

static void read_events(struct page *page, struct journal_reader *reader)
{
    struct arrivals *a = container_of(page, struct arrivals, page);
    const struct journal_filter filter = {
        .after_seq = a->cursor, .state = EVENT_OPEN, .limit = PAGE_EVENTS};
    a->is_page_full = false;
    if (journal_list_events(reader, &filter, find_open, a, &page->err) < 0)
        return;
    list_each (it, &page->found) {
        struct found *f = list_entry(it, struct found, link);
        if (f->event->seq <= a->old_through &&
            journal_event_deliveries(reader, f->event->seq, known_rows_add, &f->rows, &page->err) <
                0)
            return;
    }
}

/* ---- a page: on the loop ---- */

static void nothing_to_free(struct page *page)
{
    (void)page;
}

static void read_more(struct engine *e)
{
    struct arrivals *a = e->arrivals;
    if (a->is_reading || !is_behind(a) || is_more_than(a->n, a->bytes, 2))
        return;
    a->is_reading = true;
    a->asked = a->through;
    page_ask(&a->page);
}

static void take_events(struct page *page)
{
    struct arrivals *a = container_of(page, struct arrivals, page);
    struct engine *e = page->engine;
    list_each (it, &page->found) {
        struct found *f = list_entry(it, struct found, link);
        struct arrival *arrival = put(a, event_ref(f->event));
        arrival->is_known = f->event->seq <= a->old_through;
        a->n_known += arrival->is_known;
        a->n_again += arrival->is_known;
        list_splice_tail(&arrival->rows, &f->rows);
    }
    a->cursor = a->is_page_full ? a->ring[(a->first + a->n - 1) % RING_MAX].event->seq : a->asked;
    a->is_reading = false;
    page_clear(page);
    letters_resume(e);
}

/* ---- back-pressure ---- */

void arrivals_expect(struct engine *e, size_t n_events, size_t bytes)
{
    e->arrivals->n_coming += n_events;
    e->arrivals->bytes_coming += bytes;
}

void arrivals_came(struct engine *e, size_t n_events, size_t bytes)
{
    e->arrivals->n_coming -= n_events;
    e->arrivals->bytes_coming -= bytes;
}

/* A bus keeps what it has until it is asked for; what is posted is taken and stays on disk. A bus is
   paused while the ring has room for what was handed over already and for what one more turn may
   bring, since to read that back from the disk would cost more than to wait. */
static void press_back(struct engine *e)
{
    struct arrivals *a = e->arrivals;
    bool pauses = is_behind(a) || is_more_than(a->n + a->n_coming, a->bytes + a->bytes_coming,
                                               a->has_paused ? 4 : 2);
    if (pauses == a->has_paused || e->is_draining)
        return;
    a->has_paused = pauses;
    list_each (it, &e->channels) {
        struct channel *c = list_entry(it, struct engine_channel, link)->channel;
        if (c == e->embedded)
            continue;
        if (pauses)
            channel_pause(c);
        else
            channel_resume(c);
    }
}

bool arrivals_has_paused(const struct engine *e)
{
    return e->arrivals->has_paused;
}

/* ---- handling ---- */

bool arrivals_are_held(const struct engine *e)
{
    size_t works_max = (size_t)e->config->in_flight;
    if (works_max < WORKS_MIN)
        works_max = WORKS_MIN;
    return e->works.len >= works_max || lanes_should_hold(e->lanes);
}

bool arrivals_can_go_on(const struct engine *e)
{
    return e->arrivals->n > 0 && !arrivals_are_held(e);
}

static void handle_next(struct engine *e)
{
    struct list rows;
    bool is_known;
    list_init(&rows);
    struct event *event = take(e->arrivals, &rows, &is_known);
    if (is_known)
        handle_again(e, event, &rows, true);
    else
        handle_event(e, event);
    known_rows_free(&rows);
}

void arrivals_pump(struct engine *e, int64_t until_ms)
{
    struct arrivals *a = e->arrivals;
    bool was_recovering = is_recovering(a);
    for (int i = 0; i < STEP_MAX && arrivals_can_go_on(e) && clock_mono_ms(&e->clock) < until_ms;
         i++) {
        handle_next(e);
        clock_renew(&e->clock);
    }
    read_more(e);
    press_back(e);
    if (was_recovering && !is_recovering(a) && a->n_again > 0)
        log_info(e->log, "goes on where it stood", LOG_INT("events", a->n_again));
    if (was_recovering)
        letters_resume(e);
}

bool arrivals_is_old(const struct engine *e, int64_t event_seq)
{
    return event_seq <= e->arrivals->old_through;
}

bool arrivals_may_hold(const struct engine *e, int64_t event_seq)
{
    return is_recovering(e->arrivals) && event_seq > e->arrivals->handled;
}

/* ---- beginning and end ---- */

void arrivals_start(struct engine *e)
{
    struct arrivals *a = e->arrivals = mem_alloc(sizeof(*a));
    memset(a, 0, offsetof(struct arrivals, ring)); /* each of these is made when it is put there */
    a->page = (struct page){
        .engine = e, .read = read_events, .take = take_events, .free = nothing_to_free};
    a->old_through = a->through = journal_next_seq(e->journal) - 1;
    read_more(e);
}

void arrivals_free(struct engine *e)
{
    struct arrivals *a = e->arrivals;
    struct list rows;
    bool is_known;
    list_init(&rows);
    while (a && a->n > 0)
        event_unref(take(a, &rows, &is_known));
    known_rows_free(&rows);
    free(a);
}
