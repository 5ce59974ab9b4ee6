/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: a disk that refuses is told in words and waited for; it ends neither thread nor process.
 */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disk.h"
#include "journal_fixture.h"

struct fault {
    enum disk_op op;
    int code;
    const char *words;
    enum err_code err_code;
};

static const struct fault write_faults[] = {
    {DISK_WRITE, SQLITE_IOERR_WRITE, "input or output failed", ERR_IO},
    {DISK_WRITE, SQLITE_FULL, "the disk is full", ERR_FULL},
    {DISK_WRITE, SQLITE_READONLY, "it may not be written", ERR_IO},
    {DISK_SYNC, SQLITE_IOERR_FSYNC, "input or output failed", ERR_IO},
};

/* The fixture, and the disk it stands on. */
struct bed {
    struct fixture *f;
    struct disk *disk;
};

static int make(void **state, int (*setup)(void **state))
{
    struct bed *bed = mem_calloc(1, sizeof(*bed));
    void *fixture = NULL;
    bed->disk = disk_new();
    if (setup(&fixture) < 0)
        return -1;
    bed->f = fixture;
    *state = bed;
    return 0;
}

static int make_stepped(void **state)
{
    return make(state, fixture_setup);
}

static int make_threaded(void **state)
{
    return make(state, fixture_setup_threaded);
}

static int unmake(void **state)
{
    struct bed *bed = *state;
    void *fixture = bed->f;
    disk_mend(bed->disk);
    disk_release(bed->disk);
    fixture_teardown(&fixture);
    disk_free(bed->disk);
    free(bed);
    return 0;
}

static void count_kept(void *ctx, size_t duplicates)
{
    int *kept = ctx;
    assert_int_equal(duplicates, 0);
    ++*kept;
}

static void queue_one(struct fixture *f, int *kept)
{
    struct event *event = fixture_event("a");
    const struct journal_append append = {
        .events = &event, .n_events = 1, .channel = SLICE_LIT(FIXTURE_CHANNEL)};
    journal_append(f->journal, &append, count_kept, kept);
    event_unref(event);
}

/* ---- Writing -------------------------------------------------------------------------------- */

static void try_commit(struct bed *bed, const struct fault *fault, unsigned after)
{
    int kept = 0;
    size_t before = disk_failures(bed->disk);
    disk_fail(bed->disk, fault->op, after, DISK_FOREVER, fault->code);
    queue_one(bed->f, &kept);
    while (disk_failures(bed->disk) == before && !journal_problem(bed->f->journal)) {
        if (journal_step(bed->f->journal))
            queue_one(bed->f, &kept);
    }
    assert_false(journal_step(bed->f->journal));
    journal_dispatch(bed->f->journal);
    int told = kept;
    assert_int_equal(journal_queued(bed->f->journal), 1);
    const char *problem = journal_problem(bed->f->journal);
    if (!problem || !strstr(problem, fault->words))
        fail_msg("\"%s\" lacks \"%s\"", problem ? problem : "", fault->words);
    disk_mend(bed->disk);
    fixture_settle(bed->f);
    assert_int_equal(kept, told + 1);
    assert_null(journal_problem(bed->f->journal));
    fixture_check(bed->f);
}

static void a_commit_that_is_refused_is_told_and_made_when_it_can_be(void **state)
{
    struct bed *bed = *state;
    for (size_t i = 0; i < ARRAY_LEN(write_faults); i++) {
        for (unsigned after = 0; after < 8; after++)
            try_commit(bed, &write_faults[i], after);
    }
    int64_t events = fixture_query(bed->f, "SELECT count(*) FROM events");
    assert_int_equal(events, fixture_sum(bed->f, "channel", FIXTURE_CHANNEL, "open"));
    fixture_reopen(bed->f);
    assert_int_equal(fixture_query(bed->f, "SELECT count(*) FROM events"), events);
}

static void a_hanging_disk_is_seen_by_how_long_work_waits(void **state)
{
    struct bed *bed = *state;
    int kept = 0;
    disk_hang(bed->disk);
    queue_one(bed->f, &kept);
    clock_fake_advance(&bed->f->clock, 31000);
    assert_int_equal(journal_stalled_ms(bed->f->journal), 31000);
    journal_dispatch(bed->f->journal);
    assert_int_equal(kept, 0);
    disk_release(bed->disk);
    fixture_settle(bed->f);
    assert_int_equal(kept, 1);
    assert_int_equal(journal_stalled_ms(bed->f->journal), 0);
}

/* ---- Files that went away ---- */

static void move(struct bed *bed, const char *from, const char *to)
{
    struct buf old = {0}, new = {0};
    buf_printf(&old, "%s%s", bed->f->path.data, from);
    buf_printf(&new, "%s%s", bed->f->path.data, to);
    assert_int_equal(rename(old.data, new.data), 0);
    buf_deinit(&old);
    buf_deinit(&new);
}

static void assert_missed(struct bed *bed, int *kept)
{
    queue_one(bed->f, kept);
    assert_false(journal_step(bed->f->journal));
    journal_dispatch(bed->f->journal);
    assert_int_equal(*kept, 0);
    assert_non_null(strstr(journal_problem(bed->f->journal), "was moved or removed"));
}

static void nothing_is_kept_in_files_that_were_moved_away(void **state)
{
    static const char *const files[] = {"", "-wal"};
    struct bed *bed = *state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        int kept = 0;
        move(bed, files[i], "-moved");
        assert_missed(bed, &kept);
        move(bed, "-moved", files[i]);
        fixture_settle(bed->f);
        assert_int_equal(kept, 1);
    }
    fixture_check(bed->f);
}

static void closing_saves_what_a_removed_log_held(void **state)
{
    struct bed *bed = *state;
    int kept = 0;
    fixture_append(bed->f, "a");
    move(bed, "-wal", "-moved");
    assert_missed(bed, &kept);
    fixture_reopen(bed->f);
    assert_int_equal(fixture_append(bed->f, "a"), 0);
}

/* ---- Reading -------------------------------------------------------------------------------- */

struct reading {
    int rc;
    int n_events;
    struct err err;
};

static bool count_event(void *ctx, struct event *event, enum event_state state)
{
    struct reading *r = ctx;
    (void)event;
    (void)state;
    r->n_events++;
    return true;
}

static void read_events(struct journal_reader *reader, void *ctx)
{
    struct reading *r = ctx;
    const struct journal_filter filter = {.state = -1, .limit = 200};
    r->rc = journal_list_events(reader, &filter, count_event, r, &r->err);
}

/* The `after`-th read of pages and all behind it fail; whether there were so many. */
static bool try_read(struct bed *bed, unsigned after, int code)
{
    struct reading failed = {0}, worked = {0};
    size_t before = disk_failures(bed->disk);
    fixture_reopen(bed->f); /* nothing is in memory */
    disk_fail(bed->disk, DISK_READ, after, DISK_FOREVER, code);
    journal_read(bed->f->journal, read_events, NULL, &failed);
    fixture_settle(bed->f);
    disk_mend(bed->disk);
    if (disk_failures(bed->disk) == before)
        return false;
    assert_int_equal(failed.rc, -1);
    assert_int_equal(failed.err.code, ERR_IO);
    assert_non_null(strstr(failed.err.message, "input or output failed"));
    journal_read(bed->f->journal, read_events, NULL, &worked);
    fixture_settle(bed->f);
    assert_int_equal(worked.rc, 0);
    assert_int_equal(worked.n_events, 200);
    return true;
}

static void a_read_that_fails_is_told_and_the_next_one_works(void **state)
{
    struct bed *bed = *state;
    int kept = 0;
    unsigned after = 0;
    for (int i = 0; i < 200; i++)
        queue_one(bed->f, &kept);
    fixture_settle(bed->f);
    /* The second is what SQLite makes of a sector that can't be read; it then calls it damage. */
    while (try_read(bed, after, SQLITE_IOERR_READ) && try_read(bed, after, SQLITE_IOERR_CORRUPTFS))
        after++;
    assert_true(after > 2);
    assert_null(journal_damage(bed->f->journal));
}

/* ---- Starting ------------------------------------------------------------------------------- */

/* Fails the calls of a start one after the other, until none is left to fail. */
static void try_starts(struct bed *bed, enum disk_op op, int code)
{
    for (unsigned after = 0;; after++) {
        struct err err = {0};
        const struct journal_options options = {
            .path = bed->f->path.data, .clock = clock_of_fake(&bed->f->clock), .stepped = true};
        size_t before = disk_failures(bed->disk);
        disk_fail(bed->disk, op, after, 1, code);
        bed->f->journal = journal_open(&options, &err);
        disk_mend(bed->disk);
        bool failed = disk_failures(bed->disk) > before;
        if (!bed->f->journal)
            assert_true(failed && err.code == ERR_IO);
        fixture_close(bed->f);
        if (!failed)
            return;
    }
}

static void a_start_that_fails_leaves_the_journal_as_it_was(void **state)
{
    struct bed *bed = *state;
    fixture_append(bed->f, "a");
    fixture_append(bed->f, "b");
    fixture_close(bed->f);
    try_starts(bed, DISK_OPEN, SQLITE_CANTOPEN);
    try_starts(bed, DISK_READ, SQLITE_IOERR_READ);
    try_starts(bed, DISK_READ, SQLITE_IOERR_CORRUPTFS);
    try_starts(bed, DISK_WRITE, SQLITE_IOERR_WRITE);
    try_starts(bed, DISK_SYNC, SQLITE_IOERR_FSYNC);
    try_starts(bed, DISK_WRITE, SQLITE_READONLY);
    fixture_open(bed->f);
    assert_int_equal(fixture_query(bed->f, "SELECT count(*) FROM events"), 2);
    assert_int_equal(fixture_append(bed->f, "a"), 0);
    fixture_check(bed->f);
}

/* The header that doesn't fit what is in the file is damage, whose end is a salvage. */
static bool try_salvage(struct bed *bed, const struct fault *fault, unsigned after)
{
    struct fixture *f = bed->f;
    struct err err = {0};
    const struct journal_options options = {
        .path = f->path.data, .clock = clock_of_fake(&f->clock), .stepped = true};
    fixture_open(f);
    fixture_exec(f, "PRAGMA user_version = 99");
    fixture_close(f);
    size_t before = disk_failures(bed->disk);
    disk_fail(bed->disk, fault->op, after, DISK_FOREVER, fault->code);
    f->journal = journal_open(&options, &err);
    bool failed = disk_failures(bed->disk) > before;
    if (!f->journal)
        assert_int_equal(err.code, fault->err_code);
    disk_mend(bed->disk);
    fixture_reopen(f);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events"), 200);
    fixture_check(f);
    fixture_close(f);
    return failed;
}

static void no_journal_makes_way_for_a_part_of_what_could_be_read(void **state)
{
    static const struct fault *const faults[] = {&write_faults[1], &write_faults[3]};
    struct bed *bed = *state;
    int kept = 0;
    for (int i = 0; i < 200; i++)
        queue_one(bed->f, &kept);
    fixture_settle(bed->f);
    fixture_close(bed->f);
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        unsigned after = 0;
        while (try_salvage(bed, faults[i], after))
            after++;
        assert_true(after > 2);
    }
}

int main(void)
{
#define STEPPED(name) cmocka_unit_test_setup_teardown(name, make_stepped, unmake)
#define THREADED(name) cmocka_unit_test_setup_teardown(name, make_threaded, unmake)
    const struct CMUnitTest tests[] = {
        STEPPED(a_commit_that_is_refused_is_told_and_made_when_it_can_be),
        THREADED(a_hanging_disk_is_seen_by_how_long_work_waits),
        STEPPED(nothing_is_kept_in_files_that_were_moved_away),
        STEPPED(closing_saves_what_a_removed_log_held),
        STEPPED(a_read_that_fails_is_told_and_the_next_one_works),
        STEPPED(a_start_that_fails_leaves_the_journal_as_it_was),
        STEPPED(no_journal_makes_way_for_a_part_of_what_could_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
