/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What can still be read of a damaged journal, copied into a new one: the journal's id, positions,
 * sums, what waits, what is dead, what is open, and the newest events, among which duplicates are
 * found. Rows are looked for by number, so that a page that can't be read costs its own rows alone.
 * The sums are then made to fit what was found: what is gone counts as dropped.
 */
#ifndef LIAISON_JOURNAL_SALVAGE_H
#define LIAISON_JOURNAL_SALVAGE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "journal/db.h"

/* Rows copied, and how many more the sums knew of. */
struct salvage {
    int64_t n_open, n_waiting, n_dead;
    int64_t n_open_lost, n_waiting_lost;
    int64_t
        n_open_guessed; /* of those open: it couldn't be read which were, so these are the newest */
};

/* Numbers that are left out behind a loss: more than events can have come in the meantime. */
#define SALVAGE_GAP INT64_C(1000000000)

/* Whether `from` has a journal's tables, of this version or an older one, and no other columns: what
   names them may be damaged as well. 1, 0, or -1 with err when that can't be read for another reason.
   `to` is an empty journal of this version. */
int salvage_knows_tables(struct db *from, struct db *to, struct err *err) must_check;

/* Puts the first page of `model`, an empty journal of this version, in place of that of `path`. */
int salvage_put_page(const char *path, const char *model, struct err *err) must_check;

/* `to` is an empty journal of this version. All of it is one transaction. -1 when `to` can't be
   written or `from` can't be read for another reason than its damage. */
int salvage_copy(struct db *from, struct db *to, struct salvage *out, struct err *err) must_check;

#endif
