/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A journal in a folder of its own, for the tests of the journal. Stepped unless a test asks for
 * threads; the clock stands still.
 */
#ifndef LIAISON_TESTS_JOURNAL_FIXTURE_H
#define LIAISON_TESTS_JOURNAL_FIXTURE_H

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "journal/journal.h"

#define FIXTURE_CHANNEL "bus"
#define FIXTURE_WALL_MS 1795460000000

struct fixture {
    char folder[64]; /* the journal's own lies one below */
    struct buf path;
    struct clock_fake clock;
    bool threaded;
    struct journal_retention retention; /* and disk_free: as of the next fixture_open */
    journal_disk_free_fn disk_free;
    sem_t notified;
    struct journal *journal;
};

/* For cmocka: *state is the fixture, its journal open. */
int fixture_setup(void **state);
int fixture_setup_threaded(void **state);
/* Not opened yet, and where there is a folder in memory, in that: for tests that sync often. */
int fixture_setup_closed(void **state);
int fixture_teardown(void **state);

void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
void fixture_reopen(struct fixture *f);
/* Until all that is queued is on disk, and told, and retention has nothing to do at this time. */
void fixture_settle(struct fixture *f);

/* An event of that id, and the identity made of it. */
struct event *fixture_event(const char *id);
/* Appends one and settles; its seq, 0 for a duplicate. */
int64_t fixture_append(struct fixture *f, const char *id);
/* A delivery's row of connector "cal" in the given state. */
struct delivery_row fixture_delivery(int64_t event_seq, int64_t ordinal, enum delivery_state state);

/* What is stored, seen by a connection of its own. */
int64_t fixture_query(struct fixture *f, const char *sql);
void fixture_exec(struct fixture *f, const char *sql);
int64_t fixture_sum(struct fixture *f, const char *scope, const char *name, const char *term);
/* Fails the test unless fsck finds nothing. */
void fixture_check(struct fixture *f);
struct journal_reader *fixture_reader(struct fixture *f);

#endif
