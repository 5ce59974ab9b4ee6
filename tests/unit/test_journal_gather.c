/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/gather.h: a commit is one write and one sync, and the database is what it is without.
 */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "disk.h"
#include "journal/gather.h"
#include "journal_fixture.h"

struct bed {
    struct fixture *f;
    struct disk *disk;
    sqlite3 *db;
};

static int set_up(void **state)
{
    struct bed *bed = mem_calloc(1, sizeof(*bed));
    void *fixture = NULL;
    bed->disk = disk_new();
    if (fixture_setup_closed(&fixture) < 0)
        return -1;
    bed->f = fixture;
    *state = bed;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *bed = *state;
    void *fixture = bed->f;
    sqlite3_close(bed->db);
    int rc = fixture_teardown(&fixture);
    disk_free(bed->disk);
    free(bed);
    return rc;
}

static void a_commit_is_one_write_and_one_sync(void **state)
{
    struct bed *bed = *state;
    fixture_open(bed->f);
    fixture_append(bed->f, "first");
    size_t before = disk_changes(bed->disk);
    fixture_append(bed->f, "second");
    assert_int_equal(disk_changes(bed->disk) - before, 2);
}

/* ---- Any use of a log ---- */

static int run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return value;
}

static sqlite3 *open_other(struct bed *bed)
{
    sqlite3 *db;
    struct buf path = {0};
    buf_printf(&path, "%s/log.db", bed->f->folder);
    assert_int_equal(sqlite3_open(path.data, &db), SQLITE_OK);
    buf_deinit(&path);
    return db;
}

/* With a cache so small that a transaction's pages go to the log before it ends. */
static void open_small(struct bed *bed)
{
    bed->db = open_other(bed);
    assert_int_equal(run(bed->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                  "PRAGMA cache_size = 10; CREATE TABLE t(n, x)"),
                     SQLITE_OK);
    gather_log(bed->db);
}

#define ADD                                                                                        \
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000) "              \
    "INSERT INTO t SELECT n, randomblob(500) FROM c"

static void what_is_written_before_the_commit_is_read_and_taken_back(void **state)
{
    struct bed *bed = *state;
    open_small(bed);
    sqlite3 *other = open_other(bed);
    assert_int_equal(run(bed->db, "BEGIN;" ADD), SQLITE_OK);
    assert_int_equal(ask(bed->db, "SELECT count(*) FROM t WHERE length(x) = 500"), 2000);
    assert_int_equal(ask(other, "SELECT count(*) FROM t"), 0);
    assert_int_equal(run(bed->db, "ROLLBACK"), SQLITE_OK);
    assert_int_equal(ask(bed->db, "SELECT count(*) FROM t"), 0);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(run(bed->db, "BEGIN;" ADD "; COMMIT"), SQLITE_OK);
        assert_int_equal(ask(other, "SELECT count(*) FROM t WHERE length(x) = 500"), 2000 * i);
        assert_int_equal(run(bed->db, "PRAGMA wal_checkpoint(RESTART)"), SQLITE_OK);
    }
    assert_int_equal(ask(other, "SELECT count(*) FROM pragma_integrity_check WHERE "
                                "integrity_check = 'ok'"),
                     1);
    sqlite3_close(other);
}

static void a_write_that_fails_fails_its_commit_alone(void **state)
{
    struct bed *bed = *state;
    open_small(bed);
    sqlite3 *other = open_other(bed);
    assert_int_equal(run(bed->db, "INSERT INTO t VALUES (1, 'kept')"), SQLITE_OK);
    disk_fail(bed->disk, DISK_WRITE, 0, 1, SQLITE_FULL);
    assert_int_equal(run(bed->db, "INSERT INTO t VALUES (2, 'lost')"), SQLITE_FULL);
    assert_int_equal(ask(other, "SELECT count(*) FROM t"), 1);
    assert_int_equal(run(bed->db, "INSERT INTO t VALUES (3, 'kept')"), SQLITE_OK);
    assert_int_equal(ask(other, "SELECT sum(n) FROM t"), 4);
    sqlite3_close(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_commit_is_one_write_and_one_sync),
        TEST(what_is_written_before_the_commit_is_read_and_taken_back),
        TEST(a_write_that_fails_fails_its_commit_alone),
    };
    return cmocka_run_group_tests_name("journal_gather", tests, NULL, NULL);
}
