/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: a damaged journal makes way for one that has what could still be read, once; what a log
 * has lost is told; and whatever bytes are flipped, a start comes to a journal that works.
 */
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"
#include "damage_fixture.h"
#include "journal/mend.h"
#include "journal/note.h"
#include "journal/salvage.h"
#include "journal_fixture.h"

#define FLIPS 12 /* files with flipped bytes */

static int setup(void **state)
{
    if (fixture_setup_closed(state) < 0)
        return -1;
    fixture_open(*state);
    return 0;
}

/* ---- Marks and confirming -------------------------------------------------------------------- */

static void what_was_lost_is_told_until_it_is_confirmed(void **state)
{
    struct fixture *f = *state;
    static const char text[] =
        "no database at all, but long enough to be taken for one: it has more than the hundred "
        "bytes of a header";
    struct err err = {0};
    fixture_close(f);
    damage_write(f, "", text, sizeof(text));
    fixture_open(f);
    damage_assert_lost(f, "is set aside as ");
    struct buf note = damage_path(f, ".unconfirmed");
    const struct timespec then = {.tv_sec = 1000}, times[2] = {then, then};
    assert_int_equal(utimensat(AT_FDCWD, note.data, times, 0), 0);
    buf_deinit(&note);
    fixture_reopen(f); /* no second one is set aside */
    assert_int_equal(journal_unconfirmed_ms(f->journal), 1000000);
    damage_assert_lost(f, "is set aside as ");
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
    struct damage_files files = {0};
    damage_fill(f);
    damage_files_take(f, &files);
    fixture_close(f);
    for (int i = 0; i < 2; i++) {
        struct buf kept = {0};
        damage_files_put(f, &files);
        if (i == 0)
            damage_write(f, "", "", 0);
        else
            damage_remove(f, "");
        fixture_open(f);
        damage_assert_lost(f, "the database file is empty or gone, while its log is there");
        damage_read(f, names[i], &kept);
        assert_int_equal(kept.len, files.wal.len);
        buf_deinit(&kept);
        fixture_close(f);
    }
    damage_files_deinit(&files);
    fixture_open(f);
}

/* ---- Pages ---------------------------------------------------------------------------------- */

/* One row of an event's page costs that event, what was sent of it, and its letters where they have
   no data of their own; one of a delivery's that delivery. Where it is lost which events are open, as
   many are. An index, attempts, positions and sums cost nothing that waits. */
static void assert_salvaged(struct fixture *f, const struct damage_page *page)
{
    struct damage_counts c = damage_count(f);
    int64_t lost = damage_total(damage_whole) - damage_total(c);
    if (strcmp(page->name, "open_events") == 0)
        lost -= damage_whole.sent - c.sent;
    if (strcmp(page->name, "event_rows") == 0)
        assert_in_range(damage_whole.open - c.open, 0, page->cells);
    else if (strcmp(page->name, "deliveries") == 0)
        assert_in_range(lost, 0, page->cells);
    else
        assert_int_equal(lost, 0);
    if (strcmp(page->name, "positions") != 0)
        assert_int_equal(fixture_query(f, "SELECT position = 'p600' FROM positions"), 1);
    if (strcmp(page->name, "sums") != 0)
        assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "received"), DAMAGE_EVENTS);
}

static void a_page_costs_its_own_rows_alone(void **state)
{
    struct fixture *f = *state;
    struct damage_files files = {0};
    struct rng rng;
    char id[JOURNAL_ID_LEN + 1];
    rng_init(&rng, 7);
    damage_fill(f);
    memcpy(id, journal_id(f->journal), sizeof(id));
    fixture_close(f);
    damage_files_take(f, &files);
    for (size_t number = 1; number <= files.db.len / DAMAGE_PAGE; number++) {
        damage_write(f, "", files.db.data, files.db.len);
        struct damage_page page = damage_page_of(f, (int64_t)number);
        damage_trash(f, &files.db, number, &rng);
        assert_int_equal(note_add(f->path.data, NOTE_SUSPECT, "a read met it", NULL), 0);
        fixture_open(f);
        damage_assert_lost(f, "is set aside as ");
        fixture_check(f);
        if (page.is_leaf || strcmp(page.name, "sums") == 0)
            assert_salvaged(f, &page);
        if (strcmp(page.name, "schema") != 0)
            assert_string_equal(journal_id(f->journal), id);
        assert_true(fixture_append(f, "new") > SALVAGE_GAP);
        if (strcmp(page.name, "event_rows") != 0)
            assert_int_equal(fixture_append(f, "event-600"), 0);
        assert_int_equal(journal_confirm(f->path.data, NULL), 0);
        fixture_reopen(f);
        assert_null(journal_unconfirmed(f->journal));
        fixture_close(f);
    }
    damage_files_deinit(&files);
    fixture_open(f);
}

static void what_was_only_suspected_is_checked_and_stays(void **state)
{
    struct fixture *f = *state;
    damage_fill(f);
    assert_int_equal(note_add(f->path.data, NOTE_SUSPECT, "a read met it", NULL), 0);
    fixture_reopen(f);
    assert_null(journal_unconfirmed(f->journal));
    assert_int_equal(damage_total(damage_count(f)), damage_total(damage_whole));
    assert_int_equal(journal_next_seq(f->journal), DAMAGE_EVENTS + 1);
    assert_false(damage_exists(f, ".suspect"));
}

static void tables_that_were_moved_are_not_taken_for_others(void **state)
{
    static const char *const moves[] = {"VACUUM", "DROP INDEX deliveries_dead; VACUUM;"
                                                  "CREATE INDEX deliveries_dead ON deliveries(seq) "
                                                  "WHERE state = 'dead'; VACUUM"};
    struct fixture *f = *state;
    struct rng rng;
    rng_init(&rng, 7);
    damage_fill(f);
    for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
        struct damage_files files = {0};
        fixture_exec(f, moves[i]);
        fixture_close(f);
        damage_files_take(f, &files);
        damage_trash(f, &files.db, 1, &rng);
        fixture_open(f);
        damage_assert_lost(f, "is set aside as ");
        fixture_check(f); /* whatever was found where tables begin elsewhere */
        fixture_close(f);
        damage_files_put(f, &files);
        fixture_open(f);
        damage_files_deinit(&files);
    }
}

/* ---- Met while running ------------------------------------------------------------------------ */

static void damage_met_in_use_is_told_and_set_aside_by_the_next_start(void **state)
{
    struct fixture *f = *state;
    struct damage_files files = {0};
    struct rng rng;
    rng_init(&rng, 7);
    damage_fill(f);
    fixture_close(f);
    damage_files_take(f, &files);
    size_t number = 2;
    while (strcmp(damage_page_of(f, (int64_t)number).name, "deliveries_waiting") != 0)
        number++;
    damage_trash(f, &files.db, number, &rng);
    fixture_open(f);
    assert_null(journal_unconfirmed(f->journal));
    assert_null(journal_damage(f->journal));
    damage_put(f, DAMAGE_EVENTS, 7, DELIVERY_WAITING);
    f->clock.wall_ms += 7000;
    fixture_settle(f);
    f->clock.wall_ms += 7000;
    assert_non_null(strstr(journal_damage(f->journal), "the file is damaged"));
    assert_int_equal(journal_damage_ms(f->journal), FIXTURE_WALL_MS + 7000);
    assert_int_equal(journal_queued(f->journal), 1);
    assert_true(damage_exists(f, ".suspect"));
    fixture_reopen(f);
    damage_assert_lost(f, "is set aside as ");
    assert_int_equal(damage_total(damage_count(f)), damage_total(damage_whole));
    assert_false(damage_exists(f, ".suspect"));
    fixture_check(f);
    damage_files_deinit(&files);
}

/* ---- The log -------------------------------------------------------------------------------- */

static void open_and_compare(struct fixture *f, int64_t kept, const char *words)
{
    fixture_open(f);
    int64_t found = fixture_query(f, "SELECT count(*) FROM events");
    if (found < kept)
        damage_assert_lost(f, words);
    else
        assert_null(journal_unconfirmed(f->journal));
    assert_true(journal_next_seq(f->journal) > kept);
    fixture_check(f);
    fixture_close(f);
}

/* A few commits, all of them in the log. */
static void fill_log(struct fixture *f, struct damage_files *files)
{
    for (int i = 1; i <= 8; i++) {
        damage_append(f, i);
        fixture_settle(f);
    }
    damage_files_take(f, files);
    fixture_close(f);
}

static void what_a_truncated_log_lost_is_told_by_what_the_memory_knows(void **state)
{
    struct fixture *f = *state;
    struct damage_files files = {0};
    fill_log(f, &files);
    for (size_t len = 0; len < files.wal.len; len += 2503) {
        damage_files_put(f, &files);
        damage_write(f, "-wal", files.wal.data, len);
        open_and_compare(f, 8, "committed");
    }
    damage_files_put(f, &files);
    damage_remove(f, "-wal");
    open_and_compare(f, 8, "isn't there");
    damage_files_put(f, &files);
    open_and_compare(f, 8, "");
    damage_files_deinit(&files);
    fixture_open(f);
}

/* A start that ends between the look at the log and the numbers that it leaves out; in between
   SQLite has read the log, and shows nothing of the loss any more. */
static void numbers_are_left_out_though_the_first_start_fails(void **state)
{
    struct fixture *f = *state;
    struct damage_files files = {0};
    struct err err;
    fill_log(f, &files);
    damage_files_put(f, &files);
    damage_write(f, "-wal", files.wal.data, files.wal.len / 4 * 3); /* it begins with the schema */
    assert_int_equal(mend_before_open(f->path.data, FIXTURE_WALL_MS, NULL, &err), 0);
    int64_t kept = fixture_query(f, "SELECT count(*) FROM events");
    assert_in_range(kept, 1, 7);
    fixture_open(f);
    damage_assert_lost(f, "committed");
    assert_true(journal_next_seq(f->journal) > SALVAGE_GAP);
    int64_t next = journal_next_seq(f->journal);
    fixture_reopen(f);
    assert_int_equal(journal_next_seq(f->journal), next);
    damage_files_deinit(&files);
}

static size_t count_kept_logs(struct fixture *f)
{
    struct buf pattern = damage_path(f, ".damaged-*-wal");
    glob_t found;
    size_t n = glob(pattern.data, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    buf_deinit(&pattern);
    return n;
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A service manager starts it again and again. */
static void starts_that_fail_fill_no_disk_with_logs(void **state)
{
    struct fixture *f = *state;
    struct damage_files files = {{0}, {0}, {0}};
    struct err err;
    fill_log(f, &files);
    damage_files_put(f, &files);
    damage_write(f, "-wal", files.wal.data, files.wal.len / 2);
    limit_files(files.wal.len / 4);
    assert_int_equal(mend_before_open(f->path.data, FIXTURE_WALL_MS, NULL, &err), -1);
    limit_files(RLIM_INFINITY);
    assert_int_equal(err.code, ERR_FULL);
    assert_int_equal(count_kept_logs(f), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(mend_before_open(f->path.data, FIXTURE_WALL_MS + i * 5000, NULL, &err), 0);
    assert_int_equal(count_kept_logs(f), 1);
    fixture_open(f);
    damage_assert_lost(f, "committed");
    assert_null(strstr(journal_unconfirmed(f->journal), "before that"));
    damage_files_deinit(&files);
}

/* Without the memory, as after a power failure, commits behind the damage tell of it; in the last
   two a crash may have left the same. */
static void what_a_flipped_bit_in_the_log_lost_is_told(void **state)
{
    struct fixture *f = *state;
    struct damage_files files = {0};
    fill_log(f, &files);
    for (size_t at = 0; at < files.wal.len; at += 1777) {
        damage_files_put(f, &files);
        damage_remove(f, "-shm");
        files.wal.data[at] ^= 0x10;
        damage_write(f, "-wal", files.wal.data, files.wal.len);
        files.wal.data[at] ^= 0x10;
        fixture_open(f);
        int64_t found = fixture_query(f, "SELECT count(*) FROM events");
        if (found < 6)
            damage_assert_lost(f, "damaged");
        if (found == 8)
            assert_null(journal_unconfirmed(f->journal));
        fixture_check(f);
        fixture_close(f);
    }
    damage_files_deinit(&files);
    fixture_open(f);
}

#define LOG_HEADER 32
#define LOG_FRAME (24 + DAMAGE_PAGE)

/* The frame behind the last of the n-th commit in a log; 0 is the first. */
static size_t frame_behind(const struct buf *log, int n)
{
    size_t frame = 0;
    for (; n > 0; frame++) {
        const char *size = log->data + LOG_HEADER + frame * LOG_FRAME + 4; /* of the database */
        n -= memcmp(size, "\0\0\0\0", 4) != 0;
    }
    return frame;
}

/* As power leaves it that fails while a commit is written of which only this frame isn't there. */
static void tear(struct fixture *f, struct damage_files *files, size_t frame)
{
    assert_in_range(LOG_HEADER + (frame + 2) * LOG_FRAME, 0, files->wal.len); /* isn't its last */
    memset(files->wal.data + LOG_HEADER + frame * LOG_FRAME + 24, 0x5a, DAMAGE_PAGE);
    damage_files_put(f, files);
    damage_remove(f, "-shm");
}

/* Behind the second one stands what is left of the first, which was longer. */
static void what_two_power_failures_leave_in_the_log_is_no_loss(void **state)
{
    struct fixture *f = *state;
    struct damage_files files = {{0}, {0}, {0}};
    for (int i = 1; i <= 3; i++) {
        damage_append(f, i);
        fixture_settle(f);
    }
    for (int i = 4; i <= 100; i++)
        damage_append(f, i);
    fixture_settle(f);
    damage_files_take(f, &files);
    fixture_close(f);
    int n = 0; /* of commits: those that made the journal, and four */
    while (LOG_HEADER + frame_behind(&files.wal, n) * LOG_FRAME < files.wal.len)
        n++;
    tear(f, &files, frame_behind(&files.wal, n - 1));
    fixture_open(f);
    assert_null(journal_unconfirmed(f->journal));
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events"), 3);
    damage_append(f, 4);
    fixture_settle(f);
    damage_files_take(f, &files);
    fixture_close(f);
    assert_true(frame_behind(&files.wal, n) * LOG_FRAME + LOG_HEADER < files.wal.len);
    tear(f, &files, frame_behind(&files.wal, n - 1));
    fixture_open(f);
    assert_null(journal_unconfirmed(f->journal));
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events"), 3);
    damage_files_deinit(&files);
}

/* Commits behind the one that was destroyed are sound still, but nobody's. */
static void what_a_log_lost_is_told_once(void **state)
{
    struct fixture *f = *state;
    struct damage_files files = {{0}, {0}, {0}};
    fill_log(f, &files);
    tear(f, &files, frame_behind(&files.wal, 4));
    fixture_open(f);
    damage_assert_lost(f, "damaged at its page");
    assert_int_equal(journal_confirm(f->path.data, NULL), 0);
    damage_append(f, 9);
    fixture_settle(f);
    damage_files_take(f, &files);
    fixture_close(f);
    damage_files_put(f, &files);
    damage_remove(f, "-shm");
    fixture_open(f);
    assert_null(journal_unconfirmed(f->journal));
    damage_files_deinit(&files);
}

/* ---- Interrupted ----------------------------------------------------------------------------- */

/* The damaged journal is gone from its place, and the new one isn't there yet. */
static void interrupt(struct fixture *f, const struct damage_files *files, const char *loss)
{
    struct buf plan = {0};
    damage_files_put(f, files);
    damage_write(f, ".new", files->db.data, files->db.len);
    damage_write(f, "-wal", "of the one before", 17);
    damage_remove(f, "");
    buf_printf(&plan, "%s.damaged-then%s", f->path.data, loss);
    damage_write(f, ".aside", plan.data, plan.len);
    buf_deinit(&plan);
}

static void a_change_of_places_that_was_interrupted_is_finished(void **state)
{
    struct fixture *f = *state;
    struct damage_files files = {{0}, {0}, {0}};
    damage_fill(f);
    fixture_close(f);
    damage_files_take(f, &files);
    for (int i = 0; i < 4; i++) {
        interrupt(f, &files, i == 0 ? "" : "\na page");
        if (i == 2)
            damage_write(f, ".unconfirmed", "a page", 6);
        if (i == 3)
            damage_remove(f, ".aside");
        fixture_open(f);
        assert_int_equal(damage_total(damage_count(f)), damage_total(damage_whole));
        damage_assert_lost(f, i % 3 == 0 ? "set aside as " : "a page");
        assert_null(strstr(journal_unconfirmed(f->journal), "before that"));
        assert_true(damage_exists(f, ".damaged-then-wal"));
        assert_false(damage_exists(f, ".new"));
        assert_false(damage_exists(f, ".aside"));
        fixture_close(f);
    }
    damage_files_deinit(&files);
    fixture_open(f);
}

/* Which the machine's own fault may have been, found damaged once. */
static void a_change_of_places_that_did_not_begin_is_nothing_to_confirm(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct buf in_the_way = damage_path(f, ".aside.next");
    damage_fill(f);
    fixture_close(f);
    assert_int_equal(mkdir(in_the_way.data, 0700), 0);
    assert_int_equal(mend_damaged(f->path.data, "for once", FIXTURE_WALL_MS, NULL, &err), -1);
    assert_int_equal(rmdir(in_the_way.data), 0);
    fixture_open(f);
    assert_null(journal_unconfirmed(f->journal));
    assert_int_equal(damage_total(damage_count(f)), damage_total(damage_whole));
    buf_deinit(&in_the_way);
}

static void a_new_one_that_was_not_finished_is_thrown_away(void **state)
{
    struct fixture *f = *state;
    damage_fill(f);
    fixture_close(f);
    damage_write(f, ".new", "half of it", 10);
    damage_write(f, ".new-wal", "half of it", 10);
    fixture_open(f);
    assert_null(journal_unconfirmed(f->journal));
    assert_int_equal(damage_total(damage_count(f)), damage_total(damage_whole));
    assert_false(damage_exists(f, ".new"));
    assert_false(damage_exists(f, ".new-wal"));
}

/* Of which SQLite says that it isn't supported, and not that it is damaged. */
static void a_format_that_does_not_exist_makes_way_too(void **state)
{
    enum { SCHEMA_FORMAT = 47 }; /* the last byte of the number in the header */
    struct fixture *f = *state;
    struct damage_files files = {0};
    damage_fill(f);
    fixture_close(f);
    damage_files_take(f, &files);
    files.db.data[SCHEMA_FORMAT] = 9;
    damage_files_put(f, &files);
    fixture_open(f);
    assert_non_null(journal_unconfirmed(f->journal));
    assert_int_equal(damage_total(damage_count(f)), damage_total(damage_whole));
    damage_files_deinit(&files);
}

/* ---- Anything -------------------------------------------------------------------------------- */

/* A bit of its first `end` bytes. */
static void flip(struct buf *b, struct rng *rng, size_t end)
{
    if (b->len >= end && end > 0)
        b->data[rng_upto(rng, end - 1)] ^= (char)(1 << rng_upto(rng, 7));
}

static void try_flips(struct fixture *f, const struct damage_files *files, uint64_t seed)
{
    struct rng rng;
    struct damage_files flipped = {0};
    rng_init(&rng, seed);
    buf_add_slice(&flipped.db, buf_slice(&files->db));
    buf_add_slice(&flipped.wal, buf_slice(&files->wal));
    buf_add_slice(&flipped.shm, buf_slice(&files->shm));
    struct buf *const places[] = {&flipped.wal, &flipped.shm, &flipped.db, &flipped.db,
                                  &flipped.db};
    size_t where = rng_upto(&rng, ARRAY_LEN(places) - 1);
    size_t end = where == 3 ? 100 : where == 4 ? DAMAGE_PAGE : places[where]->len;
    for (uint64_t n = rng_upto(&rng, 40) + 1; n > 0; n--)
        flip(places[where], &rng, end);
    damage_files_put(f, &flipped);
    for (int i = 0; i < 2; i++) {
        fixture_open(f);
        struct err err = {0};
        struct journal_reader *r = journal_reader_open(f->path.data, &err);
        journal_reader_close(r);
        damage_append(f, 100000 + i);
        journal_step(f->journal); /* may meet damage, and then says so */
        journal_dispatch(f->journal);
        fixture_close(f);
    }
    damage_files_deinit(&flipped);
}

static void whatever_is_flipped_a_start_comes_to_a_journal(void **state)
{
    struct fixture *f = *state;
    struct damage_files files[2] = {{{0}, {0}, {0}}, {{0}, {0}, {0}}};
    const char *seed = getenv("LIAISON_TEST_SEED");
    struct rng rng;
    damage_fill(f);
    damage_files_take(f, &files[0]); /* in the log mostly */
    fixture_close(f);
    damage_files_take(f, &files[1]); /* in the database */
    rng_init_entropy(&rng);
    for (int i = 0; i < (seed ? 1 : FLIPS); i++) {
        uint64_t s = seed ? strtoull(seed, NULL, 10) : rng_next(&rng);
        print_message("# LIAISON_TEST_SEED=%" PRIu64 "\n", s);
        try_flips(f, &files[0], s);
        try_flips(f, &files[1], s);
    }
    damage_files_deinit(&files[0]);
    damage_files_deinit(&files[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_lost_is_told_until_it_is_confirmed),
        TEST(a_log_without_its_database_is_set_aside_with_it),
        TEST(a_page_costs_its_own_rows_alone),
        TEST(tables_that_were_moved_are_not_taken_for_others),
        TEST(what_was_only_suspected_is_checked_and_stays),
        TEST(damage_met_in_use_is_told_and_set_aside_by_the_next_start),
        TEST(what_a_truncated_log_lost_is_told_by_what_the_memory_knows),
        TEST(numbers_are_left_out_though_the_first_start_fails),
        TEST(starts_that_fail_fill_no_disk_with_logs),
        TEST(what_a_flipped_bit_in_the_log_lost_is_told),
        TEST(what_two_power_failures_leave_in_the_log_is_no_loss),
        TEST(what_a_log_lost_is_told_once),
        TEST(a_change_of_places_that_was_interrupted_is_finished),
        TEST(a_change_of_places_that_did_not_begin_is_nothing_to_confirm),
        TEST(a_new_one_that_was_not_finished_is_thrown_away),
        TEST(a_format_that_does_not_exist_makes_way_too),
        TEST(whatever_is_flipped_a_start_comes_to_a_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
