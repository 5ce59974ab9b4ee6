/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the files of routes share. A route gets the admin as its ctx.
 */
#ifndef LIAISON_ADMIN_ROUTES_H
#define LIAISON_ADMIN_ROUTES_H

#include "admin/admin.h"
#include "admin/filter.h"
#include "base/json.h"
#include "base/list.h"
#include "http/server.h"
#include "journal/journal.h"

struct admin {
    const struct config *config;
    struct loop *loop;
    struct log *log;
    struct metrics *metrics;
    struct engine *engine; /* NULL until admin_serve */
    struct http_server *server;
    struct streams *streams; /* from admin_serve on */
    struct list pending;     /* struct pending */
};

/* First member of what a request has while its answer is found by others: where the daemon ends before
   that, it is freed with the admin, when nobody reads for it any more. */
struct pending {
    struct list link; /* in admin.pending; what frees it removes it */
    void (*free)(void *self);
};
/* `size` bytes, zero but for the pending at their beginning. */
void *pending_new(struct admin *a, size_t size, void (*free_fn)(void *self));

/* access.c: who may do what. As http_server_options.admit. */
int access_admit(void *admin, struct http_exchange *x, const char **detail);

/* status.c */
void route_healthz(void *ctx, struct http_exchange *x);
void route_readyz(void *ctx, struct http_exchange *x);
void route_status(void *ctx, struct http_exchange *x);
void route_journal_confirm(void *ctx, struct http_exchange *x);

/* metrics.c */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *m); /* accepts NULL */
void route_metrics(void *ctx, struct http_exchange *x);

/* records.c */
void route_event_list(void *ctx, struct http_exchange *x);
void route_event(void *ctx, struct http_exchange *x);
void route_deliveries(void *ctx, struct http_exchange *x);
void route_delivery(void *ctx, struct http_exchange *x);
/* On the reader's thread: has `visit` see the event by Liaison's own number, else the newest that has `id`
   as the sender's. -1 with ERR_NOT_FOUND where there is none. */
int event_find(struct journal_reader *reader, struct slice id, journal_event_visit visit, void *ctx,
               struct err *err) must_check;

/* tail.c */
void route_tail(void *ctx, struct http_exchange *x);

/* letters.c */
void route_letters(void *ctx, struct http_exchange *x);
void route_letter(void *ctx, struct http_exchange *x);
void route_letter_retry(void *ctx, struct http_exchange *x);
void route_letter_drop(void *ctx, struct http_exchange *x);
void route_letter_edit(void *ctx, struct http_exchange *x);

/* letter_request.c */
void route_letter_request(void *ctx, struct http_exchange *x);

/* bulk.c */
void route_letters_retry(void *ctx, struct http_exchange *x);

/* replays.c */
void route_replay(void *ctx, struct http_exchange *x);
void route_replays(void *ctx, struct http_exchange *x);
void route_replay_stop(void *ctx, struct http_exchange *x);

/* try.c */
void route_try(void *ctx, struct http_exchange *x);

/* connectors.c */
void route_connectors(void *ctx, struct http_exchange *x);
void route_connector_pause(void *ctx, struct http_exchange *x);
void route_connector_resume(void *ctx, struct http_exchange *x);
/* An engine_target_fn: a connector as an array's element, to a struct json_writer. */
void connector_add_json(void *json_writer, const struct engine_target_view *connector);

/* scripts.c */
void route_scripts(void *ctx, struct http_exchange *x);
/* What of them an answer to a reload says, too. */
void scripts_add_loaded(struct json_writer *w, const struct engine_scripts *scripts);

/* reload.c */
void route_reload(void *ctx, struct http_exchange *x);

/* An array of { file, line, warning, text }. */
void findings_add_json(struct json_writer *w, const char *name,
                       const struct engine_finding *findings, size_t n);

/* An answer that the reader's thread writes: `render` fills in `out`, or `status` and `error`. */
struct rendering {
    struct pending pending; /* from rendering_start on */
    struct http_exchange *x;
    struct buf out;
    int status; /* 200 unless render says otherwise */
    struct err err;
    struct filter filter;
    char *id;
    struct json_writer writer;
    struct journal_reader *reader;
    /* A list's: */
    int64_t last_seq;
    unsigned n_rows;
    int64_t next;          /* where the next page begins; 0: nothing is left */
    bool is_lines;         /* each row stands on a line of its own … */
    struct buf line;       /* … and is written here first */
    struct unkept *unkept; /* deliveries in memory that had no row when they were looked at */
    size_t n_unkept, next_unkept, unkept_bytes;
    int64_t *in_flight; /* numbers of rows whose attempts are under way, in order */
    size_t n_in_flight;
};

struct unkept {
    int64_t place; /* among the numbers of rows */
    bool has_seq;  /* its row may have come to disk meanwhile */
    char *id;
    struct buf json;
};

/* Says by its code what failed: 404, 400 or 500. */
void answer_failure(struct http_exchange *x, const struct err *err);

/* Queues `render` with a struct rendering as its ctx, which is answered and freed after it. */
struct rendering *rendering_new(struct http_exchange *x);
void rendering_start(struct admin *a, struct rendering *r, journal_job_fn render);
/* Frees it unstarted. */
void rendering_free(struct rendering *r);

/* try.c */
/* What a trial that failed with this is answered with. */
int tried_status(enum err_code code);
/* Whether more events may be gathered behind these, to be tried; -1 with ERR_FULL. */
int tried_has_room(const struct buf *events, struct err *err) must_check;

/* listing.c: lists in pages, `{ items, next }`, or as lines. */
#define LISTING_LOOKED_AT 10000 /* rows that a page looks at, at most, whatever it finds */
/* A rendering with the query's filters; NULL when they were refused, and that was answered. */
struct rendering *listing_new(struct http_exchange *x, enum filter_kind kind) must_check;
/* Adds what is in memory, for the first page of a list of deliveries. */
void listing_add_unkept(struct rendering *r, struct engine *e);
/* Answers with a page, or with all that there is where lines are accepted, and frees the rendering. */
void listing_start(struct admin *a, struct rendering *r);
/* Has rows stand on lines. */
void listing_set_lines(struct rendering *r);
/* On the reader's thread: appends the rows of a page to `out`. */
void listing_fill(struct rendering *r, struct journal_reader *reader);

/* lines.c: whether the client asked for lines; then it is answered so, and the rendering taken over. */
bool lines_start(struct admin *a, struct rendering *r);

#endif
