/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How much room a journal takes, how much it has left, and what follows: whether what is over has
 * to go, and whether events can still be taken. Only looks and judges; for retain.c.
 *
 * Size is that of the pages in use and of the write-ahead log. Pages that became free stay in the
 * file and are used again before it grows, so that on a disk that runs short they count as room.
 * (`auto_vacuum` would give them back to the disk, but costs each page that is written a second
 * one's upkeep, and moves pages about; `VACUUM` does it when an operator wants it.)
 */
#ifndef LIAISON_JOURNAL_SPACE_H
#define LIAISON_JOURNAL_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "journal/db.h"
#include "journal/journal.h"

/* In place. */
struct space {
    struct journal_space shown; /* since_ms is the owner's to set */
    int64_t log_bytes;          /* of `shown.bytes` */
    int64_t free_bytes;         /* of pages in the file that hold nothing */
    int64_t page_size;          /* 0: not asked for yet */
    bool is_pressed;            /* what is over has to go, however young */
    bool is_urgent;             /* and at once: soon no events can be taken, or none are */
};

/* Looks again, within the writer's transaction or outside; what was found before decides within
   the margins that keep an answer from flapping. `disk_free` gives the bytes that are left for the
   file of that path, -1 where it can't tell; NULL: asks the system. On -1 `space` stands as it was. */
int space_measure(struct space *space, struct db *db, const struct journal_retention *retention,
                  journal_disk_free_fn disk_free, struct err *err) must_check;

#endif
