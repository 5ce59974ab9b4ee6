/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: power that ends at any moment takes nothing that was told as kept, on a disk that
 * forgets what wasn't synced and fails now and then. A failure names its seed; LIAISON_TEST_SEED
 * repeats it.
 */
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "disk.h"
#include "journal_fixture.h"

#define SEEDS 80
#define CUTS 3 /* of each seed's journal */
#define CHANGES_MAX 120
#define TURNS 400 /* of a life without cuts */

enum kind {
    KEPT_EVENT,
    KEPT_WAITING,   /* a delivery's first row */
    KEPT_DELIVERED, /* its last */
    KEPT_CLOSED,    /* the event's end */
};

/* An operation that was queued, in order; one of an event's life. */
struct deed {
    enum kind kind;
    int64_t seq;
    bool is_kept; /* told so */
    struct model *model;
    uint64_t position; /* an event's */
};

struct model {
    struct fixture *f;
    struct disk *disk;
    struct rng rng;
    struct deed *deeds[8000]; /* each lives as long as the model */
    size_t n;
    bool is_failing;
    uint64_t n_positions, kept_position; /* given, and told as kept */
};

static const struct slice channel = SLICE_LIT(FIXTURE_CHANNEL);

/* ---- Deeds ---------------------------------------------------------------------------------- */

static void on_done(void *ctx)
{
    struct deed *deed = ctx;
    deed->is_kept = true;
}

static void on_appended(void *ctx, size_t duplicates)
{
    struct deed *deed = ctx;
    assert_int_equal(duplicates, 0);
    on_done(deed);
    deed->model->kept_position = deed->position;
}

static struct deed *add_deed(struct model *m, enum kind kind, int64_t seq)
{
    struct deed *deed = mem_alloc(sizeof(*deed));
    *deed = (struct deed){.kind = kind, .seq = seq, .model = m};
    assert_true(m->n < ARRAY_LEN(m->deeds));
    return m->deeds[m->n++] = deed;
}

static void append(struct model *m)
{
    char id[24], position[24];
    snprintf(id, sizeof(id), "e%" PRIu64, rng_next(&m->rng));
    snprintf(position, sizeof(position), "%" PRIu64, ++m->n_positions);
    struct event *event = fixture_event(id);
    const struct journal_append one = {
        .events = &event, .n_events = 1, .channel = channel, .position = slice_str(position)};
    struct deed *deed = add_deed(m, KEPT_EVENT, journal_next_seq(m->f->journal));
    deed->position = m->n_positions;
    journal_append(m->f->journal, &one, on_appended, deed);
    event_unref(event);
}

static bool has_deed(const struct model *m, enum kind kind, int64_t seq)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->deeds[i]->kind == kind && m->deeds[i]->seq == seq)
            return true;
    }
    return false;
}

/* The next step in the life of an event that was appended. */
static void go_on(struct model *m)
{
    const struct deed *about = m->deeds[rng_upto(&m->rng, m->n - 1)];
    int64_t seq = about->seq;
    struct journal *j = m->f->journal;
    if (!has_deed(m, KEPT_WAITING, seq)) {
        struct delivery_row row = fixture_delivery(seq, 0, DELIVERY_WAITING);
        const struct attempt_row attempt = {.n = 1, .code = SLICE_LIT("503")};
        journal_put_delivery(j, &row, DELIVERY_NEW, &attempt, on_done,
                             add_deed(m, KEPT_WAITING, seq));
    } else if (!has_deed(m, KEPT_DELIVERED, seq)) {
        struct delivery_row row = fixture_delivery(seq, 0, DELIVERY_DELIVERED);
        journal_put_delivery(j, &row, DELIVERY_WAITING, NULL, on_done,
                             add_deed(m, KEPT_DELIVERED, seq));
    } else if (!has_deed(m, KEPT_CLOSED, seq)) {
        journal_set_event(j, seq, channel, EVENT_OPEN, EVENT_CLOSED, on_done,
                          add_deed(m, KEPT_CLOSED, seq));
    }
}

static void checkpoint(struct model *m)
{
    static const char *const modes[] = {"PASSIVE", "RESTART", "TRUNCATE"};
    char sql[64];
    sqlite3 *db;
    snprintf(sql, sizeof(sql), "PRAGMA wal_checkpoint(%s)", modes[rng_upto(&m->rng, 2)]);
    if (sqlite3_open_v2(m->f->path.data, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
        sqlite3_exec(db, sql, NULL, NULL, NULL); /* whatever the power does to it */
    sqlite3_close(db);
}

static bool try_open(struct model *m)
{
    struct err err = {0};
    const struct journal_options options = {
        .path = m->f->path.data, .clock = clock_of_fake(&m->f->clock), .stepped = true};
    m->f->journal = journal_open(&options, &err);
    if (!m->f->journal && !disk_is_off(m->disk) && !m->is_failing)
        fail_msg("%s", err.message);
    return m->f->journal != NULL;
}

/* One kind of call fails for a while. */
static void fail_some(struct model *m)
{
    static const struct {
        enum disk_op op;
        int code;
    } faults[] = {
        {DISK_WRITE, SQLITE_IOERR_WRITE},       {DISK_WRITE, SQLITE_FULL},
        {DISK_WRITE, SQLITE_READONLY},          {DISK_SYNC, SQLITE_IOERR_FSYNC},
        {DISK_TRUNCATE, SQLITE_IOERR_TRUNCATE}, {DISK_READ, SQLITE_IOERR_READ},
        {DISK_OPEN, SQLITE_CANTOPEN},           {DISK_DELETE, SQLITE_IOERR_DELETE},
    };
    size_t which = rng_upto(&m->rng, ARRAY_LEN(faults) - 1);
    unsigned times = rng_upto(&m->rng, 3) == 0 ? DISK_FOREVER : 1;
    disk_fail(m->disk, faults[which].op, (unsigned)rng_upto(&m->rng, 9), times, faults[which].code);
    m->is_failing = true;
}

static void mend(struct model *m)
{
    disk_mend(m->disk);
    m->is_failing = false;
}

static void take_turn(struct model *m)
{
    uint64_t what = rng_upto(&m->rng, 99);
    if (what < 40 || m->n == 0)
        append(m);
    else if (what < 68)
        go_on(m);
    else if (what < 90)
        journal_step(m->f->journal);
    else if (what < 93)
        checkpoint(m);
    else if (what < 95)
        fail_some(m);
    else if (what < 98)
        mend(m);
    else if (journal_queued(m->f->journal) == 0)
        fixture_close(m->f);
    if (m->f->journal)
        journal_dispatch(m->f->journal);
}

/* For so many turns, or until the power ends. */
static void live(struct model *m, unsigned turns)
{
    for (unsigned i = 0; i < turns && !disk_is_off(m->disk); i++) {
        if (m->f->journal || try_open(m))
            take_turn(m);
        else
            mend(m);
    }
    mend(m);
}

/* ---- What is left --------------------------------------------------------------------------- */

static bool is_there(sqlite3 *db, const struct deed *deed)
{
    static const char *const sql[] = {
        [KEPT_EVENT] = "SELECT 1 FROM events WHERE seq = ?1",
        [KEPT_WAITING] = "SELECT 1 FROM deliveries JOIN attempts ON delivery = seq"
                         " WHERE seq = ?1 << 20",
        [KEPT_DELIVERED] = "SELECT 1 FROM deliveries WHERE seq = ?1 << 20 AND state = 'delivered'",
        [KEPT_CLOSED] = "SELECT 1 FROM events WHERE seq = ?1 AND state = 'closed'",
    };
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_prepare_v2(db, sql[deed->kind], -1, &s, NULL), SQLITE_OK);
    sqlite3_bind_int64(s, 1, deed->seq);
    int code = sqlite3_step(s);
    sqlite3_finalize(s);
    assert_true(code == SQLITE_ROW || code == SQLITE_DONE);
    return code == SQLITE_ROW;
}

/* What is there is a beginning of what was queued, and has all that was told as kept. What isn't
   there never was. */
static void look(struct model *m)
{
    sqlite3 *db;
    size_t n = 0;
    assert_int_equal(sqlite3_open_v2(m->f->path.data, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    while (n < m->n && is_there(db, m->deeds[n]))
        n++;
    for (size_t i = n; i < m->n; i++) {
        if (m->deeds[i]->is_kept)
            fail_msg("operation %zu of %zu (kind %d, event %" PRId64 ") was told as kept and is "
                     "gone",
                     i, m->n, (int)m->deeds[i]->kind, m->deeds[i]->seq);
        assert_false(is_there(db, m->deeds[i]));
        free(m->deeds[i]);
    }
    m->n = n;
    sqlite3_close(db);
    if (m->n_positions > 0 &&
        (uint64_t)fixture_query(m->f, "SELECT ifnull(max(CAST(position AS INTEGER)), 0) FROM "
                                      "positions") < m->kept_position)
        fail_msg("position %" PRIu64 " was told as kept and is gone", m->kept_position);
}

static void cut_once(struct model *m)
{
    disk_cut(m->disk, 1 + (unsigned)rng_upto(&m->rng, CHANGES_MAX));
    live(m, UINT_MAX);
    journal_abandon(m->f->journal);
    m->f->journal = NULL;
    disk_restart(m->disk, &m->rng);
    assert_true(try_open(m));
    look(m);
    assert_null(journal_unconfirmed(m->f->journal)); /* what a crash leaves is no damage */
    fixture_check(m->f);
    assert_true(journal_next_seq(m->f->journal) > (m->n > 0 ? m->deeds[m->n - 1]->seq : 0));
}

static void cut_again_and_again(struct model *m)
{
    for (int i = 0; i < CUTS; i++)
        cut_once(m);
}

/* However the disk failed, all that was queued is kept once it works. */
static void live_without_cuts(struct model *m)
{
    live(m, TURNS);
    if (!m->f->journal)
        assert_true(try_open(m));
    fixture_settle(m->f);
    assert_null(journal_problem(m->f->journal));
    assert_int_equal(journal_queued(m->f->journal), 0);
    for (size_t i = 0; i < m->n; i++)
        assert_true(m->deeds[i]->is_kept);
    fixture_reopen(m->f);
    size_t n = m->n;
    look(m);
    assert_int_equal(m->n, n);
    fixture_check(m->f);
}

static void try_seed(uint64_t seed, void (*life)(struct model *m))
{
    struct model m = {.disk = disk_new()};
    void *state = NULL;
    print_message("# LIAISON_TEST_SEED=%" PRIu64 "\n", seed);
    rng_init(&m.rng, seed);
    assert_int_equal(fixture_setup_closed(&state), 0);
    m.f = state;
    life(&m);
    fixture_teardown(&state);
    disk_free(m.disk);
    for (size_t i = 0; i < m.n; i++)
        free(m.deeds[i]);
}

static void try_seeds(void (*life)(struct model *m))
{
    const char *seed = getenv("LIAISON_TEST_SEED");
    struct rng rng;
    if (seed) {
        try_seed(strtoull(seed, NULL, 10), life);
        return;
    }
    rng_init_entropy(&rng);
    for (int i = 0; i < SEEDS; i++)
        try_seed(rng_next(&rng), life);
}

static void lost_power_takes_nothing_that_was_kept(void **state)
{
    (void)state;
    try_seeds(cut_again_and_again);
}

static void a_failing_disk_takes_nothing_that_was_queued(void **state)
{
    (void)state;
    try_seeds(live_without_cuts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_power_takes_nothing_that_was_kept),
        cmocka_unit_test(a_failing_disk_takes_nothing_that_was_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
