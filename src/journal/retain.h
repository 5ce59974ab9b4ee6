/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Retention: what is over is removed when its time has come or room is needed, and dead letters
 * are dropped when theirs has. For the writer, which lets it do a slice of a few milliseconds in
 * the transaction of each group, so that it costs no sync of its own while there is work.
 *
 * Sweeps go over the events by number, from the oldest on, and by date only as far as that agrees:
 * the clock may have been ahead or behind. An event goes, with its deliveries and
 * attempts, when nothing of it is open, waiting or dead; its identity stays while it is among its
 * channel's newest, so that a duplicate of it is known after a restart, too. The sums stand: they
 * count what was. A dead letter that is dropped counts as dropped, as if a person had done it, so
 * that dead remains the number of those that are there.
 *
 *     retain_slice(r, &err)                     // in the group's transaction
 *     retain_commit(r) or retain_rollback(r)    // with it
 *     …again at retain_next_ms(r), if no group comes before
 */
#ifndef LIAISON_JOURNAL_RETAIN_H
#define LIAISON_JOURNAL_RETAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "journal/db.h"
#include "journal/journal.h"
#include "journal/recent.h"
#include "journal/sums.h"

struct retain;

/* What is pointed to is borrowed, and the writer's. */
struct retain_options {
    struct journal_retention retention;
    journal_disk_free_fn disk_free; /* NULL: asks the system */
    struct clock clock;
    struct db *db;
    struct sums *sums;
    struct recent *recent;
    struct log *log;
};

struct retain *retain_new(const struct retain_options *options);
void retain_free(struct retain *r); /* accepts NULL */

/* From now on, and for what there is: it is looked at anew. */
void retain_set(struct retain *r, const struct journal_retention *retention);
/* While held, no dead letter is dropped. */
void retain_hold_letters(struct retain *r, bool hold);

/* Measures the journal, and removes what is due, for a few milliseconds. */
int retain_slice(struct retain *r, struct err *err) must_check;
void retain_commit(struct retain *r);
void retain_rollback(struct retain *r);

/* When there is something to do though nothing is written: monotonic ms, INT64_MAX: never. */
int64_t retain_next_ms(const struct retain *r);
/* As last measured and committed. */
const struct journal_space *retain_space(const struct retain *r);

#endif
