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
/* NULL: there is none of that name and term. */
struct figure *figures_find(const struct list *figures, struct slice name, struct slice term);
/* 0 where there is none. */
int64_t figures_value(const struct list *figures, struct slice name, struct slice term);
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

#endif
