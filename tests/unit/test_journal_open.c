/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: opening, locking, and what is refused; bringing an older schema up to date.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "journal/files.h"
#include "journal/schema.h"
#include "journal_fixture.h"

static struct journal *try_open(struct fixture *f, struct err *err)
{
    const struct journal_options options = {.path = f->path.data,
                                            .owner = "another",
                                            .clock = clock_of_fake(&f->clock),
                                            .stepped = true};
    return journal_open(&options, err);
}

static void assert_refused(struct fixture *f, enum err_code code, const char *why)
{
    struct err err = {0};
    assert_null(try_open(f, &err));
    if (!strstr(err.message, why))
        fail_msg("\"%s\" lacks \"%s\"", err.message, why);
    assert_int_equal(err.code, code);
}

static void write_file(struct fixture *f, const char *bytes, size_t len)
{
    int fd = open(f->path.data, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static mode_t mode_of(struct fixture *f, const char *suffix)
{
    struct buf path = {0};
    struct stat st = {0};
    buf_printf(&path, "%s%s", f->path.data, suffix);
    if (stat(path.data, &st) < 0)
        fail_msg("%s isn't there", path.data);
    buf_deinit(&path);
    return st.st_mode & 0777;
}

/* ---- Creating ---- */

static void folder_and_files_are_the_owners_alone(void **state)
{
    struct fixture *f = *state;
    fixture_append(f, "a");
    assert_int_equal(mode_of(f, ""), 0600);
    assert_int_equal(mode_of(f, "-wal"), 0600);
    assert_int_equal(mode_of(f, ".lock"), 0600);
    buf_truncate(&f->path, f->path.len - strlen("/journal.db"));
    assert_int_equal(mode_of(f, ""), 0700);
}

static void the_file_is_as_analysts_will_find_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_query(f, "PRAGMA page_size"), 8192);
    assert_int_equal(fixture_query(f, "SELECT version FROM schema"), schema_own().version);
    assert_int_equal(fixture_query(f, "PRAGMA user_version"), schema_own().version);
    assert_int_equal(fixture_query(f, "SELECT created_at FROM schema"), FIXTURE_WALL_MS);
    assert_int_equal(fixture_query(f, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
}

static void a_journal_has_an_id_of_its_own_that_stays(void **state)
{
    struct fixture *f = *state;
    char id[JOURNAL_ID_LEN + 1];
    memcpy(id, journal_id(f->journal), sizeof(id));
    assert_int_equal(strspn(id, "0123456789abcdef"), JOURNAL_ID_LEN);
    fixture_reopen(f);
    assert_string_equal(journal_id(f->journal), id);
    fixture_close(f);
    unlink(f->path.data);
    fixture_open(f);
    assert_string_not_equal(journal_id(f->journal), id);
}

static void an_empty_file_becomes_a_journal(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    write_file(f, "", 0);
    fixture_open(f);
    assert_true(fixture_append(f, "a") > 0);
}

/* ---- Refusing ---- */

static void a_second_one_is_told_who_holds_the_lock(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, ERR_EXISTS, "is in use by another Liaison: the test");
    assert_true(fixture_append(f, "a") > 0);
    fixture_close(f);
    struct err err = {0};
    f->journal = try_open(f, &err);
    assert_non_null(f->journal);
}

static void a_file_that_is_no_database_makes_way_and_stays(void **state)
{
    static const char text[] = "Dear diary, this is rather long for a header of a database, but it "
                               "must have a hundred bytes, or it would count as an empty one.";
    struct fixture *f = *state;
    struct buf after = {0}, aside = {0};
    fixture_close(f);
    write_file(f, text, sizeof(text));
    fixture_open(f);
    buf_printf(&aside, "%s.damaged-20261123T185320Z", f->path.data);
    assert_non_null(strstr(journal_unconfirmed(f->journal), "is no SQLite database"));
    assert_non_null(strstr(journal_unconfirmed(f->journal), aside.data));
    assert_int_equal(buf_read_file(&after, aside.data, 1000, NULL), 0);
    assert_int_equal(after.len, sizeof(text));
    assert_memory_equal(after.data, text, sizeof(text));
    buf_deinit(&after);
    buf_deinit(&aside);
}

static void somebody_elses_database_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    write_file(f, "", 0);
    fixture_exec(f, "CREATE TABLE addresses(name)");
    assert_refused(f, ERR_INVALID, "no journal of Liaison");
}

static void a_newer_one_is_refused_and_not_a_byte_of_it_changed(void **state)
{
    struct fixture *f = *state;
    struct buf before = {0}, after = {0};
    fixture_append(f, "a");
    fixture_exec(f, "PRAGMA user_version = 1000; UPDATE schema SET version = 1000");
    fixture_close(f);
    assert_int_equal(buf_read_file(&before, f->path.data, 1 << 20, NULL), 0);
    char expected[160];
    snprintf(
        expected, sizeof(expected),
        "was written by a newer Liaison (schema 1000, this one knows %zu): install that version "
        "or choose another journal",
        schema_own().version);
    assert_refused(f, ERR_NEWER, expected);
    assert_int_equal(buf_read_file(&after, f->path.data, 1 << 20, NULL), 0);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, after.len);
    struct err err = {0};
    assert_null(journal_reader_open(f->path.data, &err));
    assert_int_equal(err.code, ERR_NEWER);
    buf_deinit(&before);
    buf_deinit(&after);
}

static void a_path_that_cant_be_is_refused_with_its_reason(void **state)
{
    struct fixture *f = *state;
    struct buf journal = f->path;
    f->path = (struct buf){0};
    buf_printf(&f->path, "%s/no/such/journal.db", f->folder);
    assert_refused(f, ERR_IO, "cannot make the folder");
    buf_clear(&f->path);
    buf_printf(&f->path, "%s/var", f->folder);
    assert_refused(f, ERR_INVALID, "is no file");
    buf_clear(&f->path);
    buf_printf(&f->path, "%s/journal.db", journal.data);
    assert_refused(f, ERR_IO, "Not a directory");
    buf_clear(&f->path);
    buf_printf(&f->path, "%s/var/link.db", f->folder);
    assert_int_equal(symlink(journal.data, f->path.data), 0);
    assert_refused(f, ERR_INVALID, "is a symbolic link");
    buf_deinit(&f->path);
    f->path = journal;
}

/* ---- Migrating ---- */

static const char with_notes[] = "CREATE TABLE notes(text); INSERT INTO notes VALUES(7)";
static const char with_mistake[] = "CREATE TABLE notes(text); CREATE TABLE notes(text)";

/* Brings the journal to a schema that has one more migration than ours. */
static int migrate(struct fixture *f, const char *migration, struct err *err)
{
    struct db db;
    struct schema own = schema_own();
    const char *migrations[64];
    assert_true(own.version < ARRAY_LEN(migrations));
    memcpy(migrations, own.migrations, own.version * sizeof(*migrations));
    migrations[own.version] = migration;
    const struct schema schema = {.migrations = migrations, .version = own.version + 1};
    size_t found = 0;
    assert_int_equal(schema_inspect(f->path.data, &schema, &found, err), 0);
    assert_int_equal(found, own.version);
    assert_int_equal(db_open(&db, f->path.data, DB_WRITE, err), 0);
    int rc = schema_migrate(&db, &schema, found, FIXTURE_WALL_MS, err);
    db_close(&db);
    return rc;
}

static void an_older_schema_is_brought_up_to_date_beside_a_copy(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    fixture_append(f, "a");
    fixture_close(f);
    if (migrate(f, with_notes, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(fixture_query(f, "SELECT text FROM notes"), 7);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events"), 1);
    int64_t own = (int64_t)schema_own().version;
    char copy[32];
    assert_int_equal(fixture_query(f, "SELECT version FROM schema"), own + 1);
    assert_int_equal(fixture_query(f, "PRAGMA user_version"), own + 1);
    snprintf(copy, sizeof(copy), ".schema-%d", (int)own);
    assert_int_equal(mode_of(f, copy), 0600);
    buf_add_str(&f->path, copy);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events"), 1);
    assert_int_equal(fixture_query(f, "PRAGMA user_version"), own);
}

#define BEFORE_PLACES 3

/* Of that version, with those rows. */
static void make_older(struct fixture *f, size_t version, const char *rows)
{
    struct db db;
    struct err err = {0};
    const struct schema older = {schema_own().migrations, version};
    assert_int_equal(files_make_folder(f->path.data, &err), 0);
    assert_int_equal(files_create(f->path.data, &err), 0);
    assert_int_equal(db_open(&db, f->path.data, DB_WRITE, &err), 0);
    assert_int_equal(schema_migrate(&db, &older, 0, FIXTURE_WALL_MS, &err), 0);
    assert_int_equal(db_exec(&db, rows, &err), 0);
    db_close(&db);
}

static void what_waited_before_there_were_places_waits_by_its_number(void **state)
{
    struct fixture *f = *state;
    make_older(f, BEFORE_PLACES,
               "INSERT INTO deliveries(seq, id, connector, state, attempts, unknown, created_at)"
               " VALUES (7, 'a', 'cal', 'waiting', 0, 0, 1), (8, 'b', 'cal', 'dead', 0, 0, 1)");
    fixture_open(f);
    assert_int_equal(fixture_query(f, "SELECT position FROM deliveries WHERE state = 'waiting'"),
                     7);
    assert_int_equal(fixture_query(f, "SELECT count(position) FROM deliveries"), 1);
}

/* How much of the copy before a migration was on disk when it was synced last. */
static off_t copy_synced;

int fsync(int fd)
{
    char link[64], path[4096];
    struct stat st;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = 0;
    if (strstr(path, ".schema-") && fstat(fd, &st) == 0)
        copy_synced = st.st_size;
    return (int)syscall(SYS_fsync, fd);
}

/* This migration fails: what is on disk after it was before. */
static void the_copy_is_on_disk_before_the_schema_is_changed(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct stat st;
    fixture_append(f, "a");
    fixture_close(f);
    copy_synced = 0;
    assert_int_equal(migrate(f, with_mistake, &err), -1);
    buf_printf(&f->path, ".schema-%d", (int)schema_own().version);
    assert_int_equal(stat(f->path.data, &st), 0);
    assert_true(st.st_size > 0);
    assert_int_equal(copy_synced, st.st_size);
}

#define BEFORE_OPEN_EVENTS 5

/* Identities as fixture_append makes them. */
static void what_was_open_and_known_in_rows_alone_is_so_still(void **state)
{
    const struct slice channel = SLICE_LIT(FIXTURE_CHANNEL);
    struct fixture *f = *state;
    make_older(f, BEFORE_OPEN_EVENTS,
               "INSERT INTO events(seq, channel, data_kind, received_at, state, closed_at, own_id,"
               " identity) VALUES"
               " (1, 'bus', 'none', 1, 'open', NULL, 0, CAST('a' || zeroblob(15) AS BLOB)),"
               " (70, 'bus', 'none', 1, 'closed', 7, 0, CAST('b' || zeroblob(15) AS BLOB)),"
               " (71, 'bus', 'none', 1, 'dead', 8, 0, NULL);"
               "INSERT INTO deliveries(seq, id, state, attempts, unknown, created_at)"
               " VALUES (71 << 20, '71-a', 'dead', 0, 0, 1);"
               "INSERT INTO sums VALUES ('channel', 'bus', 'received', 3),"
               " ('channel', 'bus', 'open', 1), ('channel', 'bus', 'closed', 1),"
               " ('channel', 'bus', 'dead', 1)");
    fixture_open(f);
    fixture_check(f);
    assert_int_equal(fixture_query(f, "SELECT seq FROM events WHERE state = 'open'"), 1);
    assert_int_equal(fixture_query(f, "SELECT seq FROM events WHERE closed_at = 7"), 70);
    assert_int_equal(fixture_query(f, "SELECT seq FROM events WHERE state = 'dead'"), 71);
    assert_int_equal(fixture_append(f, "a"), 0);
    assert_int_equal(fixture_append(f, "b"), 0);
    journal_set_event(f->journal, 1, channel, EVENT_OPEN, EVENT_CLOSED, NULL, NULL);
    journal_set_event(f->journal, 71, channel, EVENT_DEAD, EVENT_OPEN, NULL, NULL);
    fixture_settle(f);
    assert_int_equal(fixture_query(f, "SELECT seq FROM events WHERE state = 'open'"), 71);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events WHERE state = 'closed'"), 2);
    fixture_check(f);
}

/* Which would else be made to read the rows alone, or stand in the way of the renaming. */
static void views_of_others_read_what_they_read_before(void **state)
{
    struct fixture *f = *state;
    make_older(f, BEFORE_OPEN_EVENTS,
               "INSERT INTO events(seq, channel, data_kind, received_at, state, own_id) VALUES"
               " (1, 'bus', 'none', 1, 'open', 0), (2, 'bus', 'none', 1, 'closed', 0);"
               "INSERT INTO sums VALUES ('channel', 'bus', 'received', 2),"
               " ('channel', 'bus', 'open', 1), ('channel', 'bus', 'closed', 1);"
               "CREATE VIEW mine AS SELECT seq FROM events WHERE state = 'open';"
               "CREATE VIEW stale AS SELECT * FROM what_is_gone;"
               "CREATE INDEX by_type ON events(type)");
    fixture_open(f);
    assert_int_equal(fixture_query(f, "SELECT seq FROM mine"), 1);
    fixture_check(f);
}

static void a_migration_that_fails_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    fixture_append(f, "a");
    fixture_close(f);
    assert_int_equal(migrate(f, with_mistake, &err), -1);
    assert_int_equal(fixture_query(f, "PRAGMA user_version"), schema_own().version);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM sqlite_schema WHERE name = 'notes'"),
                     0);
    fixture_open(f);
    assert_int_equal(fixture_append(f, "a"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(folder_and_files_are_the_owners_alone),
        TEST(the_file_is_as_analysts_will_find_it),
        TEST(a_journal_has_an_id_of_its_own_that_stays),
        TEST(an_empty_file_becomes_a_journal),
        TEST(a_second_one_is_told_who_holds_the_lock),
        TEST(a_file_that_is_no_database_makes_way_and_stays),
        TEST(somebody_elses_database_is_refused),
        TEST(a_newer_one_is_refused_and_not_a_byte_of_it_changed),
        TEST(a_path_that_cant_be_is_refused_with_its_reason),
        TEST(an_older_schema_is_brought_up_to_date_beside_a_copy),
        cmocka_unit_test_setup_teardown(what_waited_before_there_were_places_waits_by_its_number,
                                        fixture_setup_closed, fixture_teardown),
        TEST(the_copy_is_on_disk_before_the_schema_is_changed),
        cmocka_unit_test_setup_teardown(what_was_open_and_known_in_rows_alone_is_so_still,
                                        fixture_setup_closed, fixture_teardown),
        cmocka_unit_test_setup_teardown(views_of_others_read_what_they_read_before,
                                        fixture_setup_closed, fixture_teardown),
        TEST(a_migration_that_fails_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
