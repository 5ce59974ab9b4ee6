/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A disk that fails when it is told to, and that loses its power: a layer over SQLite's own files,
 * the default one of the process while it is there, so that the journal under test is opened as
 * ever.
 *
 *     struct disk *disk = disk_new();
 *     disk_fail(disk, DISK_SYNC, 2, 1, SQLITE_IOERR_FSYNC);  // the third sync from now fails
 *     disk_cut(disk, 40);                                    // the power ends with the 40th change
 *     …work until disk_is_off(disk), then close what is open…
 *     disk_restart(disk, &rng);                              // the files are what power left of them
 *
 * Until a file is synced, nothing of what was written to it is sure: after a cut any part of it may
 * be there, by sectors, in any order, over all files; its length is one of those that it had since.
 * A file made or removed is so for sure when a file made later, or it, was synced (SQLite syncs the
 * folder then), or the removal asked for it; what isn't sure of that happened up to some point.
 * The shared memory beside a database is as it was when the power ended, or gone.
 * What a write leaves alone in a sector stays (SQLITE_IOCAP_POWERSAFE_OVERWRITE).
 */
#ifndef LIAISON_TESTS_DISK_H
#define LIAISON_TESTS_DISK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rng.h"

struct disk;

enum disk_op {
    DISK_OPEN,
    DISK_READ,
    DISK_WRITE,
    DISK_SYNC,
    DISK_TRUNCATE,
    DISK_DELETE,
    DISK_OPS,
};

#define DISK_SECTOR 512
#define DISK_FOREVER ((unsigned)-1)

/* Takes its place above the default files of SQLite; one at a time. */
struct disk *disk_new(void);
/* After all that was opened through it is closed. */
void disk_free(struct disk *disk);

/* Of the calls from now on `after` work, and `times` after those give `code`; a write of which half
   is done first, by sectors, as a disk with an error in its middle would. Ends an earlier order for `op`. */
void disk_fail(struct disk *disk, enum disk_op op, unsigned after, unsigned times, int code);
/* All works again. */
void disk_mend(struct disk *disk);
/* How many calls failed by order. */
size_t disk_failures(struct disk *disk);

/* Syncs wait from now on, until they are released. */
void disk_hang(struct disk *disk);
void disk_release(struct disk *disk);

/* The power ends with the n-th call from now that changes anything: it and all after it fail. */
void disk_cut(struct disk *disk, unsigned n);
bool disk_is_off(struct disk *disk);
/* Calls that changed anything so far. */
size_t disk_changes(struct disk *disk);
/* The process ends here: all that changes anything fails from now on, and nothing of what was written
   is lost. */
void disk_freeze(struct disk *disk);
/* Power is back: each file is what is left of it. Nothing may be open. */
void disk_restart(struct disk *disk, struct rng *rng);
/* … and another process begins after disk_freeze: each file is as it was. */
void disk_thaw(struct disk *disk);

#endif
