/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A list as lines (NDJSON): all that matches, read page by page as the client takes it, so that it
 * may be long. Where a page can't be read, the answer breaks off without its end: part of a list must
 * not pass for the whole.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/routes.h"
#include "base/buf.h"

#define MEDIA "application/x-ndjson"
#define PAGE_ROWS 200

struct lines {
    struct pending pending;
    struct admin *admin;
    struct rendering *r; /* of the page that is being read or sent */
    size_t sent;         /* of it */
    int64_t left;        /* lines that are still wanted */
    bool has_begun;      /* the client has been answered */
    bool is_reading;
    bool is_gone; /* the client; the page that is being read is the last */
};

static void lines_free(void *self)
{
    struct lines *l = self;
    list_remove(&l->pending.link);
    rendering_free(l->r);
    free(l);
}

/* ---- on the reader's thread ---- */

static void render(struct journal_reader *reader, void *ctx)
{
    struct lines *l = ctx;
    listing_fill(l->r, reader);
}

/* ---- on the loop ---- */

static bool is_over(const struct lines *l)
{
    return l->left <= 0 || l->r->next == 0;
}

static void begin(struct lines *l);

static void on_page(void *ctx)
{
    struct lines *l = ctx;
    l->is_reading = false;
    l->left -= l->r->n_rows;
    if (l->is_gone)
        lines_free(l);
    else if (l->has_begun)
        http_exchange_feed_more(l->r->x);
    else
        begin(l);
}

static void read_page(struct lines *l)
{
    struct journal_filter *filter = &l->r->filter.journal;
    buf_clear(&l->r->out);
    l->sent = 0;
    l->r->n_rows = 0;
    filter->after_seq = l->r->next;
    filter->limit = l->left < PAGE_ROWS ? (unsigned)l->left : PAGE_ROWS;
    l->is_reading = true;
    journal_read(engine_journal(l->admin->engine), render, on_page, l);
}

static ssize_t read_lines(void *ctx, char *out, size_t max)
{
    struct lines *l = ctx;
    struct slice rest = slice_from(buf_slice(&l->r->out), l->sent);
    if (l->is_reading)
        return 0;
    if (rest.len > 0) {
        size_t n = rest.len < max ? rest.len : max;
        memcpy(out, rest.data, n);
        l->sent += n;
        return (ssize_t)n;
    }
    if (l->r->err.code != ERR_NONE)
        return HTTP_FEED_BROKEN;
    if (is_over(l))
        return HTTP_FEED_END;
    read_page(l);
    return 0;
}

static void on_gone(void *ctx)
{
    struct lines *l = ctx;
    l->is_gone = true;
    if (!l->is_reading)
        lines_free(l);
}

/* The first page is here. */
static void begin(struct lines *l)
{
    struct http_exchange *x = l->r->x;
    if (l->r->err.code != ERR_NONE) {
        answer_failure(x, &l->r->err);
        lines_free(l);
        return;
    }
    l->has_begun = true;
    http_exchange_feed(x, 200, MEDIA,
                       &(struct http_feed){.read = read_lines, .gone = on_gone, .ctx = l});
}

static bool is_asked_for(const struct http_exchange *x)
{
    struct slice accept = http_exchange_header(x, "Accept");
    while (accept.data) {
        struct slice media = http_media_type(slice_split(&accept, ','));
        if (slice_is_equal_nocase(media, SLICE_LIT(MEDIA)))
            return true;
    }
    return false;
}

bool lines_start(struct admin *a, struct rendering *r)
{
    if (!is_asked_for(r->x))
        return false;
    struct lines *l = pending_new(a, sizeof(*l), lines_free);
    l->admin = a;
    l->r = r;
    l->left = r->filter.limit_asked ? r->filter.limit_asked : INT64_MAX;
    listing_set_lines(r);
    r->next = r->filter.journal.after_seq;
    read_page(l);
    return true;
}
