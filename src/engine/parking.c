/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What lanes ask for of dead letters that keep their followers (`onDead = "park"`), and what they
 * are told of those that are none any more.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "engine/parts.h"

/* One letter; its key lies in question.keys. */
struct letter {
    struct journal_barrier row;
    size_t key;
};

struct question {
    struct page page;
    struct target *target;
    size_t limit;
    struct letter *letters;
    size_t n, cap, n_all;
    struct buf keys;
};

/* ---- on the reader's thread ---- */

static bool add_letter(void *ctx, const struct journal_barrier *row)
{
    struct question *q = ctx;
    if (q->n_all++ >= q->limit)
        return true;
    if (q->n == q->cap) {
        q->cap = q->cap ? q->cap * 2 : 64;
        q->letters = mem_realloc(q->letters, q->cap * sizeof(*q->letters));
    }
    q->letters[q->n++] = (struct letter){*row, q->keys.len};
    buf_add_slice(&q->keys, row->key);
    return true;
}

static void read_letters(struct page *page, struct journal_reader *reader)
{
    struct question *q = container_of(page, struct question, page);
    struct err err = {0};
    q->n = q->n_all = 0;
    buf_clear(&q->keys);
    if (journal_barriers(reader, slice_str(target_name(q->target)), add_letter, q, &err) < 0)
        page->err = err;
}

/* ---- on the loop ---- */

static void question_free(struct page *page)
{
    struct question *q = container_of(page, struct question, page);
    buf_deinit(&q->keys);
    free(q->letters);
    free(q);
}

static void take_letters(struct page *page)
{
    struct question *q = container_of(page, struct question, page);
    struct lane_barrier *found = mem_calloc(q->n + 1, sizeof(*found));
    const char *keys = q->keys.data ? q->keys.data : "";
    for (size_t i = 0; i < q->n; i++) {
        const struct journal_barrier *row = &q->letters[i].row;
        found[i] = (struct lane_barrier){.key = slice_of(keys + q->letters[i].key, row->key.len),
                                         .position = row->position,
                                         .seq = row->seq,
                                         .at_ms = row->ended_ms};
    }
    lanes_barriers_found(page->engine->lanes, q->target, found, q->n, q->n_all);
    free(found);
    question_free(page);
}

void parking_find(void *ctx, struct target *t, size_t limit)
{
    struct question *q = mem_calloc(1, sizeof(*q));
    q->page = (struct page){
        .engine = ctx, .read = read_letters, .take = take_letters, .free = question_free};
    q->target = t;
    q->limit = limit;
    page_ask(&q->page);
}

/* ---- those that are none any more ---- */

void parking_dropped(struct engine *e, const struct delivery_row *row)
{
    struct target *t = lanes_find_target(e->lanes, row->connector, false);
    if (t && row->has_key)
        lanes_letter_gone(e->lanes, t, slice_present(row->key), row->position);
}

static void ask_again(void *ctx, struct target *t)
{
    struct engine *e = ctx;
    lanes_ask_barriers(e->lanes, t);
}

void parking_look(struct engine *e)
{
    struct journal_space space;
    journal_space(e->journal, &space);
    if (space.n_dropped == e->n_dropped)
        return;
    e->n_dropped = space.n_dropped;
    lanes_each_target(e->lanes, ask_again, e);
}
