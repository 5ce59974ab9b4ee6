/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "admin/figures.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

/* Letters are counted anew after so many times as long as it took. */
#define LETTERS_REST 50

/* ---- lists of them ---- */

static struct slice put(char **place, struct slice s)
{
    struct slice copy = slice_of(*place, s.len);
    if (s.len > 0)
        memcpy(*place, s.data, s.len);
    *place += s.len;
    return copy;
}

struct figure *figures_add(struct list *figures, struct slice scope, struct slice name,
                           struct slice term, int64_t value)
{
    struct figure *f = mem_alloc(sizeof(*f) + scope.len + name.len + term.len);
    char *place = (char *)(f + 1);
    f->scope = put(&place, scope);
    f->name = put(&place, name);
    f->term = put(&place, term);
    f->value = value;
    list_add_tail(figures, &f->link);
    return f;
}

struct figure *figures_find(const struct list *figures, struct slice scope, struct slice name,
                            struct slice term)
{
    list_each (it, figures) {
        struct figure *f = list_entry(it, struct figure, link);
        if (slice_is_equal(f->term, term) && slice_is_equal(f->name, name) &&
            slice_is_equal(f->scope, scope))
            return f;
    }
    return NULL;
}

void figures_free(struct list *figures)
{
    list_each (it, figures) {
        struct figure *f = list_entry(it, struct figure, link);
        list_remove(it);
        free(f);
    }
}

void figures_init(struct figures *f)
{
    *f = (struct figures){0};
    list_init(&f->waiting);
    list_init(&f->sums);
    list_init(&f->letters);
}

void figures_deinit(struct figures *f)
{
    figures_free(&f->waiting);
    figures_free(&f->sums);
    figures_free(&f->letters);
}

/* ---- reading ---- */

static bool add_sum(void *ctx, const char *scope, const char *name, const char *term, int64_t value)
{
    struct figures *f = ctx;
    figures_add(&f->sums, slice_str(scope), slice_str(name), slice_str(term), value);
    return true;
}

/* The one found last stands first: letters of a kind lie together. */
static bool count_letter(void *ctx, struct slice connector, struct slice cause)
{
    struct figures *f = ctx;
    struct figure *counted = figures_find(&f->letters, SLICE_NULL, connector, cause);
    if (!counted)
        counted = figures_add(&f->letters, SLICE_NULL, connector, cause, 0);
    counted->value++;
    list_remove(&counted->link);
    list_add_head(&f->letters, &counted->link);
    return true;
}

static int count_letters(struct figures *f, struct journal_reader *reader)
{
    struct clock clock = clock_system();
    int64_t began_us = clock_mono_us(&clock);
    int rc = journal_dead_letters(reader, count_letter, f, &f->err);
    f->letters_us = clock_mono_us(&clock) - began_us;
    return rc;
}

static bool note_oldest(void *ctx, const struct delivery_row *row)
{
    struct figure *waiting = ctx;
    waiting->value = row->created_ms;
    return false;
}

static int find_oldest(struct figures *f, struct journal_reader *reader)
{
    const struct journal_range first = {.after = 0, .through = INT64_MAX, .limit = 1};
    list_each (it, &f->waiting) {
        struct figure *waiting = list_entry(it, struct figure, link);
        const struct journal_target target = {.name = waiting->name};
        if (journal_waiting_rows(reader, &target, &first, note_oldest, waiting, &f->err) < 0)
            return -1;
    }
    return 0;
}

void figures_read(struct figures *f, struct journal_reader *reader)
{
    int rc = journal_sums(reader, add_sum, f, &f->err);
    if (rc == 0)
        rc = find_oldest(f, reader);
    if (rc == 0 && f->counts_letters)
        rc = count_letters(f, reader);
    f->is_read = rc == 0;
    if (!f->is_read)
        figures_free(&f->sums); /* half of them would be wrong */
}

/* ---- dead letters ---- */

void letters_count_init(struct letters_count *c)
{
    *c = (struct letters_count){0};
    list_init(&c->found);
}

void letters_count_deinit(struct letters_count *c)
{
    figures_free(&c->found);
}

bool letters_count_is_due(const struct letters_count *c, int64_t now_us)
{
    return !c->is_known || now_us - c->at_us >= LETTERS_REST * c->took_us;
}

void letters_count_take(struct letters_count *c, struct figures *f, int64_t now_us)
{
    if (!f->is_read || !f->counts_letters)
        return;
    figures_free(&c->found);
    list_splice_tail(&c->found, &f->letters);
    c->is_known = true;
    c->at_us = now_us;
    c->took_us = f->letters_us;
}
