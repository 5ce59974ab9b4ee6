/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The requests of one dry run in a row, or its sends, each with what it is known by, and in a form in which those
 * that do the same are the same. Read from the run's JSON form. For src/dryrun alone.
 */
#ifndef LIAISON_DRYRUN_ASKS_H
#define LIAISON_DRYRUN_ASKS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "dryrun/compare.h"

struct ask {
    struct slice handler;
    struct slice connector;   /* absent: the handler asks by itself */
    struct slice key;         /* absent: none */
    size_t n;                 /* which of the handler's sends to this connector and key, from 0 */
    size_t k;                 /* which request of that, from 0 */
    struct slice method, url; /* absent of a send */
    struct slice
        form; /* JSON: key, method, url, headers, body, without what each send has anew; of a
                          send key, transformer, data */
    struct ask *partner; /* of the other run; NULL: none */
};

/* In place. */
struct asks {
    struct slice run; /* borrowed: its JSON form */
    struct ask *items;
    size_t len, cap;
    struct arena arena;
};

/* -1 with ERR_INVALID when `run` isn't the JSON form of a dry run; to be deinitialised in any case. */
int asks_read(struct asks *a, enum compare_what what, struct slice run, struct err *err) must_check;
void asks_deinit(struct asks *a);

/* Why the run has no such request, as far as it says: appended in words, or nothing. */
void asks_add_reason(struct buf *out, const struct asks *a, const struct ask *missing);

#endif
