/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* engine/: what is read of the journal for the loop, and behind what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "damage_fixture.h"
#include "engine/parts.h"

/* A page that counts what waits for the connector. */
struct counting {
    struct page page;
    int count; /* -1: not answered yet */
};

static bool count_one(void *ctx, const struct delivery_row *row)
{
    (void)row;
    ++*(int *)ctx;
    return true;
}

static void read_count(struct page *page, struct journal_reader *reader)
{
    struct counting *c = container_of(page, struct counting, page);
    const struct journal_target target = {SLICE_LIT("cal"), false};
    const struct journal_range range = {.through = INT64_MAX, .limit = 100};
    int found = 0;
    assert_int_equal(journal_waiting_rows(reader, &target, &range, count_one, &found, &page->err),
                     0);
    c->count = found;
}

static void take_count(struct page *page)
{
    assert_true(list_is_empty(&page->link));
}

static void ask(struct engine *e, struct counting *c, bool is_of_waiting)
{
    *c = (struct counting){.page = {.engine = e,
                                    .read = read_count,
                                    .take = take_count,
                                    .is_of_waiting = is_of_waiting},
                           .count = -1};
    page_ask(&c->page);
}

static void turn(struct engine *e)
{
    journal_step(e->journal);
    journal_dispatch(e->journal);
}

static void begin(struct engine *e, struct fixture *f)
{
    *e = (struct engine){.journal = f->journal};
    list_init(&e->pages);
    fixture_append(f, "a");
    fixture_append(f, "b");
}

static void put(struct fixture *f, int64_t event)
{
    const struct delivery_row row = fixture_delivery(event, 0, DELIVERY_WAITING);
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
}

/* As lanes do when something goes to disk. */
static void write_away(struct engine *e, int64_t event)
{
    struct delivery_row row = fixture_delivery(event, 0, DELIVERY_WAITING);
    struct item item = {.engine = e, .d = {.seq = row.seq, .id = (char *)"written"}};
    settle_write(e, &item.d, &row, DELIVERY_NEW);
}

static void what_was_queued_before_is_on_disk_when_a_page_is_read(void **state)
{
    struct engine e;
    struct counting c;
    begin(&e, *state);
    put(*state, 1);
    ask(&e, &c, false);
    turn(&e);
    assert_int_equal(c.count, -1);
    put(*state, 2);
    turn(&e);
    assert_int_equal(c.count, 2); /* more than what was asked for may be there */
}

static void what_waits_is_read_at_once_where_nothing_went_to_disk(void **state)
{
    struct engine e;
    struct counting c;
    begin(&e, *state);
    ask(&e, &c, true);
    turn(&e);
    assert_int_equal(c.count, 0);
}

static void what_went_to_disk_is_there_when_what_waits_is_read(void **state)
{
    struct engine e;
    struct counting c;
    begin(&e, *state);
    write_away(&e, 1);
    ask(&e, &c, true);
    turn(&e);
    assert_int_equal(c.count, -1);
    turn(&e);
    assert_int_equal(c.count, 1);
}

static void what_went_to_disk_behind_a_page_is_waited_for_by_the_next(void **state)
{
    struct engine e;
    struct counting first, second, third;
    begin(&e, *state);
    write_away(&e, 1);
    ask(&e, &first, true);
    journal_step(e.journal);
    write_away(&e, 2); /* before it is told that what was asked for is kept */
    journal_dispatch(e.journal);
    ask(&e, &second, true);
    assert_int_equal(journal_queued(e.journal), 2); /* the row, and what waits for it */
    turn(&e);
    turn(&e);
    assert_int_equal(second.count, 2);
    ask(&e, &third, true);
    assert_int_equal(journal_queued(e.journal), 0);
    turn(&e);
    assert_int_equal(third.count, 2);
}

/* ---- A damaged file ---- */

static const struct slice handler = SLICE_LIT("sync/schedule.updated#1");

/* A handler's run, the second of three rows, of which the first has a number now behind it: an index
   leads to the run, but who looks for its event's rows in order doesn't come to it. */
static void lose_a_run(struct fixture *f)
{
    static const char before[] = "\x81\x80\x80", after[] = "\x88\x80\x80"; /* 2 << 20, 8 << 21 */
    struct buf db = {0};
    int64_t number = 2;
    size_t at;
    struct delivery_row run = fixture_delivery(2, 1, DELIVERY_WAITING);
    run.connector = SLICE_NULL;
    run.handler = handler;
    damage_put(f, 2, 0, DELIVERY_DELIVERED);
    journal_put_delivery(f->journal, &run, DELIVERY_NEW, NULL, NULL, NULL);
    damage_put(f, 3, 0, DELIVERY_DELIVERED);
    fixture_settle(f);
    fixture_close(f);
    while (strcmp(damage_page_of(f, number).name, "deliveries") != 0)
        number++;
    damage_read(f, "", &db);
    for (at = (size_t)number * DAMAGE_PAGE - 4; memcmp(db.data + at, before, 4) != 0; at--)
        assert_in_range(at, (size_t)(number - 1) * DAMAGE_PAGE, db.len);
    memcpy(db.data + at, after, 4);
    damage_write(f, "", db.data, db.len);
    buf_deinit(&db);
    fixture_open(f);
}

static void a_run_that_a_damaged_file_has_half_of_is_left_out_and_told(void **state)
{
    struct fixture *f = *state;
    struct engine e;
    const struct lanes_ports ports = {.ctx = &e};
    const struct lanes_limits limits = lanes_limits_default(10);
    const struct target_policy policy = {.is_ordered = true, .concurrency = 1};
    const struct lane_want want = {.through = INT64_MAX, .limit = 10};
    begin(&e, f);
    lose_a_run(f);
    e.journal = f->journal;
    list_init(&e.lingering);
    e.lanes = lanes_new(&ports, clock_of_fake(&f->clock), 1, &limits);
    struct target *t = lanes_set_target(e.lanes, handler, true, &policy);
    backlog_load(&e, t, &want, 1, 1 << 20);
    assert_int_equal(e.n_run_loads, 1);
    turn(&e);
    turn(&e);
    assert_int_equal(e.n_run_loads, 0);
    assert_non_null(strstr(journal_damage(f->journal), "isn't among its event's"));
    lanes_free(e.lanes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_queued_before_is_on_disk_when_a_page_is_read),
        TEST(what_waits_is_read_at_once_where_nothing_went_to_disk),
        TEST(what_went_to_disk_is_there_when_what_waits_is_read),
        TEST(what_went_to_disk_behind_a_page_is_waited_for_by_the_next),
        TEST(a_run_that_a_damaged_file_has_half_of_is_left_out_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
