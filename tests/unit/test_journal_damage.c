/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: a damaged journal makes way for one that has what could still be read, once; what a log
 * has lost is told; and whatever bytes are flipped, a start comes to a journal that works.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"
#include "journal/mend.h"
#include "journal/note.h"
#include "journal/salvage.h"
#include "journal_fixture.h"

#define PAGE 8192
#define EVENTS 600
#define FLIPS 25 /* files with flipped bytes */

/* ---- A journal with something of everything -------------------------------------------------- */

static void put(struct fixture *f, int64_t event, int64_t ordinal, enum delivery_state state)
{
    struct delivery_row row = fixture_delivery(event, ordinal, state);
    const struct attempt_row attempt = {.n = 1, .code = SLICE_LIT("503")};
    row.data = SLICE_LIT("{\"text\":\"what is to be sent, of some length, so that pages fill\"}");
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, &attempt, NULL, NULL);
}

static void append(struct fixture *f, int i)
{
    char id[32], position[24];
    unsigned char identity[1][16] = {{0}};
    const bool has_identity = true;
    snprintf(id, sizeof(id), "event-%d", i);
    snprintf(position, sizeof(position), "p%d", i);
    memcpy(identity[0], id, strnlen(id, 16));
    struct event *event = fixture_event(id);
    const struct journal_append one = {.events = &event,
                                       .n_events = 1,
                                       .identities = (const unsigned char(*)[16])identity,
                                       .has_identity = &has_identity,
                                       .channel = SLICE_LIT(FIXTURE_CHANNEL),
                                       .position = slice_str(position)};
    journal_append(f->journal, &one, NULL, NULL);
    event_unref(event);
}

/* Of three events one is open with what it sent, one closed with a delivery that waits and one that
   is dead, and one closed. */
static void fill(struct fixture *f)
{
    const struct slice channel = SLICE_LIT(FIXTURE_CHANNEL);
    for (int i = 1; i <= EVENTS; i++) {
        append(f, i);
        if (i % 3 == 0)
            put(f, i, 0, DELIVERY_DELIVERED);
        if (i % 3 == 1) {
            put(f, i, 0, DELIVERY_WAITING);
            put(f, i, 1, DELIVERY_DEAD);
        }
        if (i % 3 != 0)
            journal_set_event(f->journal, i, channel, EVENT_OPEN, EVENT_CLOSED, NULL, NULL);
    }
    fixture_settle(f);
}

struct counts {
    int64_t open, waiting, dead, sent;
};

static const struct counts whole = {EVENTS / 3, EVENTS / 3, EVENTS / 3, EVENTS / 3};

static struct counts count(struct fixture *f)
{
    return (struct counts){
        .open = fixture_query(f, "SELECT count(*) FROM events WHERE state = 'open'"),
        .waiting = fixture_query(f, "SELECT count(*) FROM deliveries WHERE state = 'waiting'"),
        .dead = fixture_query(f, "SELECT count(*) FROM deliveries WHERE state = 'dead'"),
        .sent = fixture_query(f, "SELECT count(*) FROM deliveries d JOIN events e ON e.seq = event"
                                 " WHERE e.state = 'open' AND d.state = 'delivered'"),
    };
}

static int64_t total(struct counts c)
{
    return c.open + c.waiting + c.dead + c.sent;
}

/* ---- Files ---------------------------------------------------------------------------------- */

static struct buf path_of(struct fixture *f, const char *suffix)
{
    struct buf path = {0};
    buf_printf(&path, "%s%s", f->path.data, suffix);
    return path;
}

static void read_file(struct fixture *f, const char *suffix, struct buf *out)
{
    struct buf path = path_of(f, suffix);
    buf_clear(out);
    if (buf_read_file(out, path.data, SIZE_MAX, NULL) < 0)
        buf_clear(out);
    buf_deinit(&path);
}

static void write_file(struct fixture *f, const char *suffix, const char *bytes, size_t len)
{
    struct buf path = path_of(f, suffix);
    int fd = open(path.data, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (len > 0)
        assert_int_equal(write(fd, bytes, len), len);
    close(fd);
    buf_deinit(&path);
}

static void remove_file(struct fixture *f, const char *suffix)
{
    struct buf path = path_of(f, suffix);
    unlink(path.data);
    buf_deinit(&path);
}

static bool exists(struct fixture *f, const char *suffix)
{
    struct buf path = path_of(f, suffix);
    bool is = access(path.data, F_OK) == 0;
    buf_deinit(&path);
    return is;
}

/* All that a journal consists of, as a process that is killed leaves it. */
struct files {
    struct buf db, wal, shm;
};

static void files_take(struct fixture *f, struct files *files)
{
    read_file(f, "", &files->db);
    read_file(f, "-wal", &files->wal);
    read_file(f, "-shm", &files->shm);
}

static void files_put(struct fixture *f, const struct files *files)
{
    write_file(f, "", files->db.data, files->db.len);
    write_file(f, "-wal", files->wal.data, files->wal.len);
    write_file(f, "-shm", files->shm.data, files->shm.len);
    remove_file(f, ".unconfirmed");
    remove_file(f, ".suspect");
}

static void files_deinit(struct files *files)
{
    buf_deinit(&files->db);
    buf_deinit(&files->wal);
    buf_deinit(&files->shm);
}

static int setup(void **state)
{
    if (fixture_setup_closed(state) < 0)
        return -1;
    fixture_open(*state);
    return 0;
}

/* ---- Marks and confirming -------------------------------------------------------------------- */

static void assert_lost(struct fixture *f, const char *words)
{
    const char *text = journal_unconfirmed(f->journal);
    if (!text || !strstr(text, words))
        fail_msg("\"%s\" lacks \"%s\"", text ? text : "", words);
}

static void what_was_lost_is_told_until_it_is_confirmed(void **state)
{
    struct fixture *f = *state;
    static const char text[] =
        "no database at all, but long enough to be taken for one: it has more than the hundred "
        "bytes of a header";
    struct err err = {0};
    fixture_close(f);
    write_file(f, "", text, sizeof(text));
    fixture_open(f);
    assert_lost(f, "is set aside as ");
    fixture_reopen(f); /* no second one is set aside */
    assert_lost(f, "is set aside as ");
    assert_null(strstr(journal_unconfirmed(f->journal), "before that"));
    assert_int_equal(journal_confirm(f->path.data, &err), 0);
    assert_null(journal_unconfirmed(f->journal));
    assert_int_equal(journal_confirm(f->path.data, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    fixture_reopen(f);
    assert_null(journal_unconfirmed(f->journal));
}

static void a_log_without_its_database_is_set_aside_with_it(void **state)
{
    static const char *const names[] = {".damaged-20261123T185320Z-wal",
                                        ".damaged-20261123T185320Z-2-wal"};
    struct fixture *f = *state;
    struct files files = {0};
    fill(f);
    files_take(f, &files);
    fixture_close(f);
    for (int i = 0; i < 2; i++) {
        struct buf kept = {0};
        files_put(f, &files);
        if (i == 0)
            write_file(f, "", "", 0);
        else
            remove_file(f, "");
        fixture_open(f);
        assert_lost(f, "the database file is empty or gone, while its log is there");
        read_file(f, names[i], &kept);
        assert_int_equal(kept.len, files.wal.len);
        buf_deinit(&kept);
        fixture_close(f);
    }
    files_deinit(&files);
    fixture_open(f);
}

/* ---- Pages ---------------------------------------------------------------------------------- */

struct page {
    char name[64];
    int64_t cells;
    bool is_leaf;
};

/* What stands on a page, by SQLite's own account. */
static struct page page_of(struct fixture *f, int64_t number)
{
    struct page page = {0};
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open_v2(f->path.data, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT name, ncell, pagetype = 'leaf' FROM dbstat WHERE pageno = ?",
                           -1, &s, NULL),
        SQLITE_OK);
    sqlite3_bind_int64(s, 1, number);
    if (sqlite3_step(s) == SQLITE_ROW) {
        snprintf(page.name, sizeof(page.name), "%s", (const char *)sqlite3_column_text(s, 0));
        page.cells = sqlite3_column_int64(s, 1);
        page.is_leaf = sqlite3_column_int(s, 2) != 0;
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    return page;
}

static void trash(struct fixture *f, const struct buf *db, size_t number, struct rng *rng)
{
    char *bytes = slice_dup(buf_slice(db));
    for (size_t i = (number - 1) * PAGE; i < number * PAGE; i++)
        bytes[i] = (char)rng_next(rng);
    write_file(f, "", bytes, db->len);
    remove_file(f, "-wal");
    remove_file(f, "-shm");
    free(bytes);
}

/* One row of an event's page costs that event, what was sent of it, and its letters where they have
   no data of their own; one of a delivery's that delivery. An index, attempts, positions and sums
   cost nothing that waits. */
static void assert_salvaged(struct fixture *f, const struct page *page)
{
    struct counts c = count(f);
    int64_t lost = total(whole) - total(c);
    if (strcmp(page->name, "events") == 0)
        assert_in_range(whole.open - c.open, 0, page->cells);
    else if (strcmp(page->name, "deliveries") == 0)
        assert_in_range(lost, 0, page->cells);
    else
        assert_int_equal(lost, 0);
    if (strcmp(page->name, "positions") != 0)
        assert_int_equal(fixture_query(f, "SELECT position = 'p600' FROM positions"), 1);
    if (strcmp(page->name, "sums") != 0)
        assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "received"), EVENTS);
}

static void a_page_costs_its_own_rows_alone(void **state)
{
    struct fixture *f = *state;
    struct files files = {0};
    struct rng rng;
    char id[JOURNAL_ID_LEN + 1];
    rng_init(&rng, 7);
    fill(f);
    memcpy(id, journal_id(f->journal), sizeof(id));
    fixture_close(f);
    files_take(f, &files);
    for (size_t number = 1; number <= files.db.len / PAGE; number++) {
        write_file(f, "", files.db.data, files.db.len);
        struct page page = page_of(f, (int64_t)number);
        trash(f, &files.db, number, &rng);
        assert_int_equal(note_add(f->path.data, NOTE_SUSPECT, "a read met it", NULL), 0);
        fixture_open(f);
        assert_lost(f, "is set aside as ");
        fixture_check(f);
        if (page.is_leaf || strcmp(page.name, "sums") == 0)
            assert_salvaged(f, &page);
        if (strcmp(page.name, "schema") != 0)
            assert_string_equal(journal_id(f->journal), id);
        assert_true(fixture_append(f, "new") > SALVAGE_GAP);
        if (strcmp(page.name, "events") != 0)
            assert_int_equal(fixture_append(f, "event-600"), 0);
        assert_int_equal(journal_confirm(f->path.data, NULL), 0);
        fixture_reopen(f);
        assert_null(journal_unconfirmed(f->journal));
        fixture_close(f);
    }
    files_deinit(&files);
    fixture_open(f);
}

/* The first page says what tables there are, and their columns. */
static void names_that_changed_cost_no_rows(void **state)
{
    static const char *const names[] = {"expires_at", "deliveries", "data_kind", "term"};
    struct fixture *f = *state;
    struct files files = {0};
    fill(f);
    fixture_close(f);
    files_take(f, &files);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len = strlen(names[i]);
        struct files changed = {0};
        buf_add_slice(&changed.db, buf_slice(&files.db));
        for (size_t at = 100; at + len <= PAGE; at++) {
            if (memcmp(changed.db.data + at, names[i], len) == 0)
                changed.db.data[at + 3] ^= 1;
        }
        changed.db.data[63] ^= 1; /* the version in the header, by which it is found damaged */
        files_put(f, &changed);
        fixture_open(f);
        assert_lost(f, "is set aside as ");
        assert_int_equal(total(count(f)), total(whole));
        assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "received"), EVENTS);
        fixture_check(f);
        fixture_close(f);
        files_deinit(&changed);
    }
    files_deinit(&files);
    fixture_open(f);
}

static void what_was_only_suspected_is_checked_and_stays(void **state)
{
    struct fixture *f = *state;
    fill(f);
    assert_int_equal(note_add(f->path.data, NOTE_SUSPECT, "a read met it", NULL), 0);
    fixture_reopen(f);
    assert_null(journal_unconfirmed(f->journal));
    assert_int_equal(total(count(f)), total(whole));
    assert_int_equal(journal_next_seq(f->journal), EVENTS + 1);
    assert_false(exists(f, ".suspect"));
}

static void tables_that_were_moved_are_not_taken_for_others(void **state)
{
    static const char *const moves[] = {"VACUUM", "DROP INDEX deliveries_dead; VACUUM;"
                                                  "CREATE INDEX deliveries_dead ON deliveries(seq) "
                                                  "WHERE state = 'dead'; VACUUM"};
    struct fixture *f = *state;
    struct rng rng;
    rng_init(&rng, 7);
    fill(f);
    for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
        struct files files = {0};
        fixture_exec(f, moves[i]);
        fixture_close(f);
        files_take(f, &files);
        trash(f, &files.db, 1, &rng);
        fixture_open(f);
        assert_lost(f, "is set aside as ");
        fixture_check(f); /* whatever was found where tables begin elsewhere */
        fixture_close(f);
        files_put(f, &files);
        fixture_open(f);
        files_deinit(&files);
    }
}

/* ---- Met while running ------------------------------------------------------------------------ */

static void damage_met_in_use_is_told_and_set_aside_by_the_next_start(void **state)
{
    struct fixture *f = *state;
    struct files files = {0};
    struct rng rng;
    rng_init(&rng, 7);
    fill(f);
    fixture_close(f);
    files_take(f, &files);
    size_t number = 2;
    while (strcmp(page_of(f, (int64_t)number).name, "deliveries_waiting") != 0)
        number++;
    trash(f, &files.db, number, &rng);
    fixture_open(f);
    assert_null(journal_unconfirmed(f->journal));
    assert_null(journal_damage(f->journal));
    put(f, EVENTS, 7, DELIVERY_WAITING);
    assert_false(journal_step(f->journal));
    assert_non_null(strstr(journal_damage(f->journal), "the file is damaged"));
    assert_non_null(journal_problem(f->journal));
    assert_true(exists(f, ".suspect"));
    fixture_reopen(f);
    assert_lost(f, "is set aside as ");
    assert_int_equal(total(count(f)), total(whole));
    assert_false(exists(f, ".suspect"));
    fixture_check(f);
    files_deinit(&files);
}

/* ---- The log -------------------------------------------------------------------------------- */

static void open_and_compare(struct fixture *f, int64_t kept, const char *words)
{
    fixture_open(f);
    int64_t found = fixture_query(f, "SELECT count(*) FROM events");
    if (found < kept)
        assert_lost(f, words);
    else
        assert_null(journal_unconfirmed(f->journal));
    assert_true(journal_next_seq(f->journal) > kept);
    fixture_check(f);
    fixture_close(f);
}

/* A few commits, all of them in the log. */
static void fill_log(struct fixture *f, struct files *files)
{
    for (int i = 1; i <= 8; i++) {
        append(f, i);
        fixture_settle(f);
    }
    files_take(f, files);
    fixture_close(f);
}

static void what_a_truncated_log_lost_is_told_by_what_the_memory_knows(void **state)
{
    struct fixture *f = *state;
    struct files files = {0};
    fill_log(f, &files);
    for (size_t len = 0; len < files.wal.len; len += 2503) {
        files_put(f, &files);
        write_file(f, "-wal", files.wal.data, len);
        open_and_compare(f, 8, "committed");
    }
    files_put(f, &files);
    remove_file(f, "-wal");
    open_and_compare(f, 8, "isn't there");
    files_put(f, &files);
    open_and_compare(f, 8, "");
    files_deinit(&files);
    fixture_open(f);
}

/* A start that ends between the look at the log and the numbers that it leaves out; in between
   SQLite has read the log, and shows nothing of the loss any more. */
static void numbers_are_left_out_though_the_first_start_fails(void **state)
{
    struct fixture *f = *state;
    struct files files = {0};
    struct err err;
    fill_log(f, &files);
    files_put(f, &files);
    write_file(f, "-wal", files.wal.data, files.wal.len / 2);
    assert_int_equal(mend_before_open(f->path.data, FIXTURE_WALL_MS, NULL, &err), 0);
    int64_t kept = fixture_query(f, "SELECT count(*) FROM events");
    assert_in_range(kept, 1, 7);
    fixture_open(f);
    assert_lost(f, "committed");
    assert_true(journal_next_seq(f->journal) > SALVAGE_GAP);
    int64_t next = journal_next_seq(f->journal);
    fixture_reopen(f);
    assert_int_equal(journal_next_seq(f->journal), next);
    files_deinit(&files);
}

/* Without the memory, as after a power failure, commits behind the damage tell of it; in the last
   two a crash may have left the same. */
static void what_a_flipped_bit_in_the_log_lost_is_told(void **state)
{
    struct fixture *f = *state;
    struct files files = {0};
    fill_log(f, &files);
    for (size_t at = 0; at < files.wal.len; at += 1777) {
        files_put(f, &files);
        remove_file(f, "-shm");
        files.wal.data[at] ^= 0x10;
        write_file(f, "-wal", files.wal.data, files.wal.len);
        files.wal.data[at] ^= 0x10;
        fixture_open(f);
        int64_t found = fixture_query(f, "SELECT count(*) FROM events");
        if (found < 6)
            assert_lost(f, "damaged");
        if (found == 8)
            assert_null(journal_unconfirmed(f->journal));
        fixture_check(f);
        fixture_close(f);
    }
    files_deinit(&files);
    fixture_open(f);
}

/* ---- Interrupted ----------------------------------------------------------------------------- */

static void a_change_of_places_that_was_interrupted_is_finished(void **state)
{
    struct fixture *f = *state;
    struct files files = {0};
    fill(f);
    fixture_close(f);
    files_take(f, &files);
    write_file(f, ".new", files.db.data, files.db.len);
    write_file(f, "-wal", "of the one before", 17);
    write_file(f, ".aside", f->path.data, f->path.len);
    struct buf aside = path_of(f, ".aside");
    int fd = open(aside.data, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, ".damaged-then", 13), 13);
    close(fd);
    buf_deinit(&aside);
    remove_file(f, "");
    fixture_open(f);
    assert_int_equal(total(count(f)), total(whole));
    assert_true(exists(f, ".damaged-then-wal"));
    assert_false(exists(f, ".new"));
    assert_false(exists(f, ".aside"));
    files_deinit(&files);
}

static void a_new_one_that_was_not_finished_is_thrown_away(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_close(f);
    write_file(f, ".new", "half of it", 10);
    write_file(f, ".new-wal", "half of it", 10);
    fixture_open(f);
    assert_null(journal_unconfirmed(f->journal));
    assert_int_equal(total(count(f)), total(whole));
    assert_false(exists(f, ".new"));
    assert_false(exists(f, ".new-wal"));
}

/* Of which SQLite says that it isn't supported, and not that it is damaged. */
static void a_format_that_does_not_exist_makes_way_too(void **state)
{
    enum { SCHEMA_FORMAT = 47 }; /* the last byte of the number in the header */
    struct fixture *f = *state;
    struct files files = {0};
    fill(f);
    fixture_close(f);
    files_take(f, &files);
    files.db.data[SCHEMA_FORMAT] = 9;
    files_put(f, &files);
    fixture_open(f);
    assert_non_null(journal_unconfirmed(f->journal));
    assert_int_equal(total(count(f)), total(whole));
    files_deinit(&files);
}

/* ---- Anything -------------------------------------------------------------------------------- */

static void flip(struct buf *b, struct rng *rng, bool in_header)
{
    size_t end = in_header ? 100 : b->len;
    if (b->len >= end && end > 0)
        b->data[rng_upto(rng, end - 1)] ^= (char)(1 << rng_upto(rng, 7));
}

static void try_flips(struct fixture *f, const struct files *files, uint64_t seed)
{
    struct rng rng;
    struct files flipped = {0};
    rng_init(&rng, seed);
    buf_add_slice(&flipped.db, buf_slice(&files->db));
    buf_add_slice(&flipped.wal, buf_slice(&files->wal));
    buf_add_slice(&flipped.shm, buf_slice(&files->shm));
    uint64_t where = rng_upto(&rng, 3);
    for (uint64_t n = rng_upto(&rng, 40) + 1; n > 0; n--)
        flip(where == 0 ? &flipped.wal : where == 1 ? &flipped.shm : &flipped.db, &rng, where == 3);
    files_put(f, &flipped);
    for (int i = 0; i < 2; i++) {
        fixture_open(f);
        struct err err = {0};
        struct journal_reader *r = journal_reader_open(f->path.data, &err);
        journal_reader_close(r);
        append(f, 100000 + i);
        journal_step(f->journal); /* may meet damage, and then says so */
        journal_dispatch(f->journal);
        fixture_close(f);
    }
    files_deinit(&flipped);
}

static void whatever_is_flipped_a_start_comes_to_a_journal(void **state)
{
    struct fixture *f = *state;
    struct files files[2] = {{{0}, {0}, {0}}, {{0}, {0}, {0}}};
    const char *seed = getenv("LIAISON_TEST_SEED");
    struct rng rng;
    fill(f);
    files_take(f, &files[0]); /* in the log mostly */
    fixture_close(f);
    files_take(f, &files[1]); /* in the database */
    rng_init_entropy(&rng);
    for (int i = 0; i < (seed ? 1 : FLIPS); i++) {
        uint64_t s = seed ? strtoull(seed, NULL, 10) : rng_next(&rng);
        print_message("# LIAISON_TEST_SEED=%" PRIu64 "\n", s);
        try_flips(f, &files[0], s);
        try_flips(f, &files[1], s);
    }
    files_deinit(&files[0]);
    files_deinit(&files[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_lost_is_told_until_it_is_confirmed),
        TEST(a_log_without_its_database_is_set_aside_with_it),
        TEST(a_page_costs_its_own_rows_alone),
        TEST(tables_that_were_moved_are_not_taken_for_others),
        TEST(names_that_changed_cost_no_rows),
        TEST(what_was_only_suspected_is_checked_and_stays),
        TEST(damage_met_in_use_is_told_and_set_aside_by_the_next_start),
        TEST(what_a_truncated_log_lost_is_told_by_what_the_memory_knows),
        TEST(numbers_are_left_out_though_the_first_start_fails),
        TEST(what_a_flipped_bit_in_the_log_lost_is_told),
        TEST(a_change_of_places_that_was_interrupted_is_finished),
        TEST(a_new_one_that_was_not_finished_is_thrown_away),
        TEST(a_format_that_does_not_exist_makes_way_too),
        TEST(whatever_is_flipped_a_start_comes_to_a_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
