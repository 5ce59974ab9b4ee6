/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A journal with something of everything, and its files and pages to be damaged, for the tests of
 * what becomes of it.
 */
#ifndef LIAISON_TESTS_DAMAGE_FIXTURE_H
#define LIAISON_TESTS_DAMAGE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/rng.h"
#include "journal_fixture.h"

#define DAMAGE_PAGE 8192
#define DAMAGE_EVENTS 600

/* Queues a new delivery with data and one attempt. */
void damage_put(struct fixture *f, int64_t event, int64_t ordinal, enum delivery_state state);
/* Queues event-I with its identity, and position pI. */
void damage_append(struct fixture *f, int i);
/* Events 1 to DAMAGE_EVENTS: of three one is open with what it sent, one closed with a delivery that
   waits and one that is dead, and one closed. */
void damage_fill(struct fixture *f);

/* What there is of that; `sent` are deliveries of open events. */
struct damage_counts {
    int64_t open, waiting, dead, sent;
};

extern const struct damage_counts damage_whole; /* after damage_fill */

struct damage_counts damage_count(struct fixture *f);
int64_t damage_total(struct damage_counts c);

/* Fails the test unless what is to be confirmed has these words. */
void damage_assert_lost(struct fixture *f, const char *words);

/* The file of that name behind the journal's; "" is the journal's own. */
struct buf damage_path(struct fixture *f, const char *suffix);
void damage_read(struct fixture *f, const char *suffix, struct buf *out);
void damage_write(struct fixture *f, const char *suffix, const char *bytes, size_t len);
void damage_remove(struct fixture *f, const char *suffix);
bool damage_exists(struct fixture *f, const char *suffix);

/* All that a journal consists of, as a process that is killed leaves it. */
struct damage_files {
    struct buf db, wal, shm;
};

void damage_files_take(struct fixture *f, struct damage_files *files);
/* And no notes beside it. */
void damage_files_put(struct fixture *f, const struct damage_files *files);
void damage_files_deinit(struct damage_files *files);

/* What stands on a page, by SQLite's own account. */
struct damage_page {
    char name[64];
    int64_t cells;
    bool is_leaf;
};

struct damage_page damage_page_of(struct fixture *f, int64_t number);
/* Puts `db` in place with noise for that page, and without a log. */
void damage_trash(struct fixture *f, const struct buf *db, size_t number, struct rng *rng);

#endif
