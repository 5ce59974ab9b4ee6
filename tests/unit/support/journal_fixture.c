/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The tests' journal.
 */
#include "journal_fixture.h"

#include <ftw.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void notify(void *ctx)
{
    struct fixture *f = ctx;
    sem_post(&f->notified);
}

void fixture_open(struct fixture *f)
{
    struct err err = {0};
    const struct journal_options options = {
        .path = f->path.data,
        .owner = "the test",
        .clock = clock_of_fake(&f->clock),
        .notify = notify,
        .ctx = f,
        .stepped = !f->threaded,
        .retention = f->retention,
        .disk_free = f->disk_free,
    };
    f->journal = journal_open(&options, &err);
    if (!f->journal)
        fail_msg("%s", err.message);
}

void fixture_close(struct fixture *f)
{
    journal_close(f->journal);
    f->journal = NULL;
}

void fixture_reopen(struct fixture *f)
{
    fixture_close(f);
    fixture_open(f);
}

static int make(void **state, const char *folder)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    snprintf(f->folder, sizeof(f->folder), "%s/liaison-test-XXXXXX", folder);
    if (!mkdtemp(f->folder))
        return -1;
    buf_printf(&f->path, "%s/var/journal.db", f->folder);
    f->clock = (struct clock_fake){.wall_ms = FIXTURE_WALL_MS, .mono_ms = 5000};
    sem_init(&f->notified, 0, 0);
    *state = f;
    return 0;
}

int fixture_setup_closed(void **state)
{
    return make(state, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

static int setup(void **state, bool threaded)
{
    if (make(state, "/tmp") < 0)
        return -1;
    struct fixture *f = *state;
    f->threaded = threaded;
    fixture_open(f);
    return 0;
}

int fixture_setup(void **state)
{
    return setup(state, false);
}

int fixture_setup_threaded(void **state)
{
    return setup(state, true);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    journal_close(f->journal);
    nftw(f->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    sem_destroy(&f->notified);
    buf_deinit(&f->path);
    free(f);
    return 0;
}

static void wait_for_notice(struct fixture *f)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    if (sem_timedwait(&f->notified, &until) < 0)
        fail_msg("the journal did nothing for 20 s");
}

void fixture_settle(struct fixture *f)
{
    while (f->threaded && journal_queued(f->journal) > 0) {
        wait_for_notice(f);
        journal_dispatch(f->journal);
    }
    while (!f->threaded && journal_step(f->journal))
        journal_dispatch(f->journal);
    journal_dispatch(f->journal);
}

struct event *fixture_event(const char *id)
{
    struct buf data = {0};
    buf_printf(&data, "{\"id\":\"%s\"}", id);
    const struct event_parts parts = {
        .channel = SLICE_LIT(FIXTURE_CHANNEL),
        .id = slice_str(id),
        .type = SLICE_LIT("schedule.updated"),
        .source = SLICE_LIT("/rooms"),
        .data = buf_slice(&data),
        .data_kind = EVENT_DATA_JSON,
        .has_own_id = true,
        .received_ms = FIXTURE_WALL_MS,
    };
    struct event *event = event_new(&parts);
    buf_deinit(&data);
    return event;
}

int64_t fixture_append(struct fixture *f, const char *id)
{
    struct event *event = fixture_event(id);
    unsigned char identity[1][16] = {{0}};
    const bool has_identity = true;
    memcpy(identity[0], id, strnlen(id, sizeof(identity[0])));
    const struct journal_append append = {
        .events = &event,
        .n_events = 1,
        .identities = (const unsigned char(*)[16])identity,
        .has_identity = &has_identity,
        .channel = SLICE_LIT(FIXTURE_CHANNEL),
    };
    journal_append(f->journal, &append, NULL, NULL);
    fixture_settle(f);
    int64_t seq = event->seq;
    event_unref(event);
    return seq;
}

struct delivery_row fixture_delivery(int64_t event_seq, int64_t ordinal, enum delivery_state state)
{
    static char id[64]; /* copied before the next one is made */
    snprintf(id, sizeof(id), "%lld-hash%lld", (long long)event_seq, (long long)ordinal);
    return (struct delivery_row){
        .position = delivery_seq(event_seq, ordinal),
        .seq = delivery_seq(event_seq, ordinal),
        .id = slice_str(id),
        .connector = SLICE_LIT("cal"),
        .handler = SLICE_LIT("sync/schedule.updated#1"),
        .key = SLICE_LIT("k"),
        .has_key = true,
        .state = state,
        .attempts = 1,
        .created_ms = FIXTURE_WALL_MS,
    };
}

/* ---- What is stored ---- */

static sqlite3 *connect(struct fixture *f)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(f->path.data, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    return db;
}

int64_t fixture_query(struct fixture *f, const char *sql)
{
    sqlite3 *db = connect(f);
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return value;
}

void fixture_exec(struct fixture *f, const char *sql)
{
    sqlite3 *db = connect(f);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

struct journal_reader *fixture_reader(struct fixture *f)
{
    struct err err = {0};
    struct journal_reader *r = journal_reader_open(f->path.data, &err);
    if (!r)
        fail_msg("%s", err.message);
    return r;
}

struct wanted {
    const char *scope, *name, *term;
    int64_t value;
};

static bool take_sum(void *ctx, const char *scope, const char *name, const char *term,
                     int64_t value)
{
    struct wanted *w = ctx;
    if (strcmp(scope, w->scope) == 0 && strcmp(name, w->name) == 0 && strcmp(term, w->term) == 0)
        w->value = value;
    return true;
}

int64_t fixture_sum(struct fixture *f, const char *scope, const char *name, const char *term)
{
    struct wanted w = {scope, name, term, 0};
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_sums(r, take_sum, &w, NULL), 0);
    journal_reader_close(r);
    return w.value;
}

static void show_finding(void *ctx, const struct journal_finding *finding)
{
    (void)ctx;
    print_error("%s: %s\n", finding->code, finding->text);
}

void fixture_check(struct fixture *f)
{
    struct journal_reader *r = fixture_reader(f);
    struct err err = {0};
    int findings = journal_check(r, show_finding, NULL, &err);
    journal_reader_close(r);
    if (findings < 0)
        fail_msg("%s", err.message);
    assert_int_equal(findings, 0);
}
