/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What lists are filtered by, from a query or from a JSON object, for the journal and for what is in
 * memory. A name or a value that there isn't is an error that says what there is: it would find
 * nothing, as if all were well, or more than was meant.
 */
#ifndef LIAISON_ADMIN_FILTER_H
#define LIAISON_ADMIN_FILTER_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"
#include "engine/engine.h"
#include "event/event.h"
#include "http/server.h"
#include "journal/journal.h"

/* What is listed, and so which filters there are. */
enum filter_kind {
    FILTER_EVENTS,
    FILTER_DELIVERIES,
    FILTER_LETTERS,
    FILTER_ENDS,
};

#define FILTER_TEXTS 6
#define FILTER_DOUBTS 2
#define FILTER_LIMIT 100 /* rows of a page, unless asked otherwise … */
#define FILTER_LIMIT_MAX 1000

/* In place. */
struct filter {
    enum filter_kind kind;
    struct journal_filter journal; /* the newest first */
    int64_t limit_asked;           /* as it was, however large; 0: not at all */
    /* Of ends, whose journal.after_seq is how far engine_each_end has come: since when they are followed,
       wall, 0: from now on; and where the journal is being looked through for some, before which row that
       goes on, else 0. */
    int64_t followed_ms, before_seq;
    unsigned given;                    /* bits of those that were set */
    char *texts[FILTER_TEXTS];         /* what its slices point to */
    struct err *doubts[FILTER_DOUBTS]; /* see filter_doubt; NULL: none */
};

void filter_init(struct filter *f, enum filter_kind kind);
void filter_deinit(struct filter *f);
/* -1 with ERR_INVALID. `name` may be one of a page's own, cursor and limit. */
int filter_set(struct filter *f, struct slice name, struct slice value, struct err *err) must_check;
/* The same from a member of a body: `value` is its source text. */
int filter_set_json(struct filter *f, struct slice name, struct slice value,
                    struct err *err) must_check;
/* All that the query has. */
int filter_set_query(struct filter *f, const struct http_exchange *x, struct err *err) must_check;
/* Behind a page that was read in order, of n_rows rows, the last of which stands in journal.after_seq:
   whether there may be more, which the next page begins with. */
bool filter_turn_page(struct filter *f, size_t n_rows);
/* Whether there is a filter of that name for this kind, a page's own aside. */
bool filter_has(const struct filter *f, struct slice name);
/* A connector or channel that the engine doesn't know, and of which the journal has never counted
   anything, is mistyped. _doubt, on the loop, notes what the engine knows; _check, on the reader's thread
   and before anything is listed, gives -1 with ERR_INVALID and what was meant. */
void filter_doubt(struct filter *f, struct engine *e);
int filter_check(const struct filter *f, struct journal_reader *reader, struct err *err) must_check;
bool filter_has_doubts(const struct filter *f);
/* Of a delivery that isn't on disk; of an end the event's type is enough. */
bool filter_takes(const struct filter *f, const struct delivery_row *row,
                  const struct event *event);

#endif
