/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A result while it comes about, with the memory that it stands in: what is noted down has its
 * secrets masked, and is bounded. For src/dryrun alone.
 */
#ifndef LIAISON_DRYRUN_NOTES_H
#define LIAISON_DRYRUN_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "dryrun/dryrun.h"

struct notes {
    struct dryrun_result result; /* what others see of it */
    struct arena arena;
    const struct mask *mask;
    struct buf scratch;
    size_t n; /* requests, sends and lines */
};

struct notes *notes_new(const struct mask *mask);
void notes_free(struct notes *n);

/* Counts one more; -1 with err when there is no room for it. */
int notes_take(struct notes *n, struct err *err) must_check;

/* Copies, masked; absent stays absent. */
struct slice notes_text(struct notes *n, struct slice s);
/* The same of JSON, which it stays: what isn't any more, masked, becomes a string. */
struct slice notes_json(struct notes *n, struct slice json);

/* With the headers that its `auth` would come to at this time, what is secret in them masked. */
struct dryrun_request *notes_request(struct notes *n, const struct script_request *request,
                                     int64_t wall_ms);
struct dryrun_line *notes_line(struct notes *n, enum log_level level, struct slice text,
                               const struct log_field *fields, size_t n_fields);

#endif
