/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What metrics tell that the journal alone knows, read on its reader's thread.
 */
#ifndef LIAISON_ADMIN_FIGURES_H
#define LIAISON_ADMIN_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "base/slice.h"
#include "journal/journal.h"

/* A number by its names; one block with its texts behind it. */
struct figure {
    struct list link;
    struct slice scope, name, term;
    int64_t value;
};

struct figure *figures_add(struct list *figures, struct slice scope, struct slice name,
                           struct slice term, int64_t value);
/* NULL: there is none of those names. */
struct figure *figures_find(const struct list *figures, struct slice scope, struct slice name,
                            struct slice term);
void figures_free(struct list *figures);

/* A reading, and what came of it; between figures_init and figures_deinit. */
struct figures {
    struct list
        waiting; /* asked for: the connectors of which something waits on disk alone (name); found:
                             when the first of that was made (value, wall ms; 0: nothing waits) */
    bool counts_letters; /* asked for */
    struct list sums;    /* scope, name, term */
    struct list letters; /* the dead ones that there are, by connector (name) and cause (term) */
    int64_t letters_us;  /* how long it took to count them */
    bool is_read;        /* all that was asked for */
    struct err err;      /* why it isn't */
};

void figures_init(struct figures *f);
void figures_deinit(struct figures *f);
/* On the reader's thread. */
void figures_read(struct figures *f, struct journal_reader *reader);

/* The dead letters as they were counted last: by connector (name, empty: of a handler or a message
   that is no event) and cause (term). In place, between _init and _deinit. */
struct letters_count {
    struct list found; /* struct figure */
    bool is_known;
    int64_t at_us, took_us; /* when that was, monotonic, and how long it took */
};

void letters_count_init(struct letters_count *c);
void letters_count_deinit(struct letters_count *c);
/* Whether to count anew: in proportion to what that costs, a second or two for a million. */
bool letters_count_is_due(const struct letters_count *c, int64_t now_us);
/* Takes over what was counted, if it was. */
void letters_count_take(struct letters_count *c, struct figures *f, int64_t now_us);

#endif
