/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Several deliveries in one attempt: when a batch is formed and of what, what its end means for each
 * member, how the bad ones among them are found, and that one that is tried again stays what it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include "lanes_fixture.h"

#include <cmocka.h>

/* Three at most, or after 200 ms. */
static int setup(void **state)
{
    lanes_setup(state);
    struct lanes_fixture *f = *state;
    f->policy.batch = (struct batch_policy){.size = 3, .bytes = 1000, .wait_ms = 200};
    set_policy(f);
    return 0;
}

/* Room for two in memory, and one in four of them at once. */
static int setup_small(void **state)
{
    const struct lanes_limits limits = {
        .in_flight = 100, .loaded = 4, .bytes = 1 << 20, .lanes = 99};
    setup(state);
    struct lanes_fixture *f = *state;
    f->policy.batch.size = 2;
    begin_within(f, &limits);
    return 0;
}

static const struct attempt_end scripted = {
    .kind = ATTEMPT_SCRIPT, .after_ms = -1, .error = SLICE_LIT("x.lua:1: it can't")};
static const struct attempt_end later = {
    .kind = ATTEMPT_RETRY, .after_ms = 5000, .error = SLICE_LIT("not yet")};
static const struct attempt_end skipped = {
    .kind = ATTEMPT_SKIPPED, .after_ms = -1, .error = SLICE_LIT("not this one")};

/* a1, b1 and c1 are attempted at once. */
static void begin_three(struct lanes_fixture *f)
{
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "c1", "c");
    turn(f);
    assert_trace(f, "+[a1,b1,c1]");
}

/* ---- when, and of what ---- */

static void a_batch_goes_when_it_is_full(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    turn(f);
    assert_trace(f, "");
    take(f, "c1", NULL);
    take(f, "d1", "d");
    turn(f);
    assert_trace(f, "+[a1,b1,c1]");
    succeed_batch(f, "a1");
    assert_trace(f, "a1:delivered b1:delivered c1:delivered");
    settle_all(f);
    assert_trace(f, "a1=delivered b1=delivered c1=delivered");
}

static void a_batch_goes_when_the_first_has_waited(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms + 200);
    pass(f, 150);
    take(f, "b1", "b");
    pass(f, 49);
    assert_trace(f, "");
    pass(f, 1);
    assert_trace(f, "+[a1,b1]");

    take(f, "c1", "c");
    turn(f);
    assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms + 200);
}

static struct parcel *take_bytes(struct lanes_fixture *f, const char *id, const char *key,
                                 size_t len)
{
    static const char zeros[2000];
    struct parcel *p = parcel_new(f, id, key, (struct take){0});
    p->d.data = slice_of(zeros, len);
    lanes_take(f->lanes, &p->d);
    return p;
}

static void a_batch_goes_when_it_has_so_many_bytes(void **state)
{
    struct lanes_fixture *f = *state;
    take_bytes(f, "a1", "a", 600);
    turn(f);
    assert_trace(f, "");
    take_bytes(f, "b1", "b", 600);
    turn(f);
    assert_trace(f, "+[a1]"); /* b1 has no room beside it */
    pass(f, 200);
    assert_trace(f, "+[b1]");
    take_bytes(f, "c1", "c", 1500);
    turn(f);
    assert_trace(f, "+[c1]");
}

static void several_of_one_key_go_along_in_their_order(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    take(f, "b1", "b");
    take(f, "a3", "a");
    take(f, "a4", "a");
    turn(f);
    assert_trace(f, "+[a1,a2,a3]");
    pass(f, 200);
    assert_trace(f, "+[b1]");
    succeed_batch(f, "a1");
    forget_trace(f);
    settle(f, "a1");
    settle(f, "a2");
    pass(f, 200);
    assert_trace(f, "a1=delivered a2=delivered"); /* a3's end isn't on disk yet */
    settle(f, "a3");
    pass(f, 200);
    assert_trace(f, "a3=delivered +[a4]");
}

static void a_delayed_follower_waits_for_itself(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take_so(f, "a2", "a", (struct take){.delay_ms = 500});
    take(f, "a3", "a");
    pass(f, 200);
    assert_trace(f, "+[a1]");
}

static void concurrency_counts_attempts(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    set_policy(f);
    begin_three(f);
    take(f, "d1", "d");
    pass(f, 1000);
    assert_trace(f, "");
    struct target_status status = calendar_status(f);
    assert_int_equal(status.in_flight, 1);
    assert_int_equal(status.waiting, 1);
    succeed_batch(f, "a1");
    forget_trace(f);
    turn(f);
    assert_trace(f, "+[d1]");
}

/* ---- own ends ---- */

static void the_end_of_a_row_is_its_own(void **state)
{
    struct lanes_fixture *f = *state;
    const struct attempt_end *const own[] = {&scripted, NULL, &later};
    begin_three(f);
    end_batch(f, "a1", (struct attempt_end){.kind = ATTEMPT_RETURNED, .after_ms = -1}, own);
    assert_trace(f, "a1:dead/script b1:delivered c1:waiting");
    assert_int_equal(f->row.due_ms, f->time.wall_ms + 5000);
    assert_int_equal(f->row.batch.len, 0);
    settle_all(f);
    assert_trace(f, "a1=dead/script b1=delivered c1~");
    pass(f, 5000);
    assert_trace(f, "");
    pass(f, 200);
    assert_trace(f, "+[c1]");
}

static void rows_may_all_have_an_end_of_their_own(void **state)
{
    struct lanes_fixture *f = *state;
    const struct attempt_end *const own[] = {&skipped, &scripted, &skipped};
    struct batch *b;
    begin_three(f);
    b = find_parcel(f, "a1")->d.batch;
    lanes_batch_ended(f->lanes, b, NULL, own);
    assert_trace(f, "a1:skipped/not this one b1:dead/script c1:skipped/not this one");
    settle_all(f);
    assert_int_equal(calendar_status(f).in_flight, 0);
}

/* ---- the bad ones are found ---- */

static void a_bad_row_is_found_and_takes_none_with_it(void **state)
{
    struct lanes_fixture *f = *state;
    begin_three(f);
    fail_batch(f, "a1", 422);
    assert_trace(f, "");
    turn(f);
    assert_trace(f, "+[a1,b1]");
    fail_batch(f, "a1", 422);
    turn(f);
    assert_trace(f, "+[a1]");
    succeed_batch(f, "a1");
    turn(f);
    assert_trace(f, "a1:delivered"); /* b1 waits until that is on disk */
    settle_all(f);
    assert_trace(f, "a1=delivered +[b1]");
    fail_batch(f, "b1", 422);
    assert_trace(f, "b1:dead/refused");
    assert_true(f->has_attempt);
    assert_int_equal(f->row.attempts, 1); /* what led here doesn't count */
    settle_all(f);
    assert_trace(f, "b1=dead/refused +[c1]");
    succeed_batch(f, "c1");
    settle_all(f);
    assert_trace(f, "c1:delivered c1=delivered");
}

static void rejected_stopped_and_failed_batches_are_split_too(void **state)
{
    static const enum attempt_kind kinds[] = {ATTEMPT_REJECT, ATTEMPT_SCRIPT, ATTEMPT_LIMIT};
    for (size_t i = 0; i < 3; i++) {
        struct lanes_fixture *f = *state;
        begin_with(f, 100);
        begin_three(f);
        end_batch(f, "a1", (struct attempt_end){.kind = kinds[i], .after_ms = -1}, NULL);
        turn(f);
        assert_trace(f, "+[a1,b1]");
    }
}

static void a_batch_that_is_too_large_is_split_whatever_is_said_of_that(void **state)
{
    struct lanes_fixture *f = *state;
    begin_three(f);
    fail_batch(f, "a1", 413);
    turn(f);
    assert_trace(f, "+[a1,b1]");
}

static void a_row_with_its_own_end_is_no_part_of_the_halves(void **state)
{
    struct lanes_fixture *f = *state;
    const struct attempt_end *const own[] = {NULL, &skipped, NULL};
    begin_three(f);
    end_batch(f, "a1", (struct attempt_end){.kind = ATTEMPT_REJECT, .after_ms = -1}, own);
    turn(f);
    assert_trace(f, "b1:skipped/not this one");
    settle_all(f);
    assert_trace(f, "b1=skipped/not this one +[a1]");
}

static void a_half_that_has_to_wait_lets_the_other_go(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "a2", "a");
    turn(f);
    fail_batch(f, "a1", 422);
    turn(f);
    assert_trace(f, "+[a1,b1,a2] +[a1,b1]");
    fail_batch(f, "a1", 422);
    turn(f);
    fail_batch(f, "a1", 503);
    settle_all(f);
    assert_trace(f, "+[a1] a1:waiting a1~");
    pass(f, 200);
    assert_trace(f, "+[b1]"); /* a2 waits behind a1 */
}

static void members_are_known_by_the_one_before_them_in_their_lane(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "a2", "a");
    turn(f);
    const struct batch *b = find_parcel(f, "a1")->d.batch;
    assert_int_equal(lanes_member_before(b, 0), 0);
    assert_int_equal(lanes_member_before(b, 1), 1);
    assert_int_equal(lanes_member_before(b, 2), 0);
}

static void batches_dont_count_among_the_refusals_that_pause(void **state)
{
    struct lanes_fixture *f = *state;
    for (int i = 0; i < 19; i++) {
        take(f, numbered(f, "x", i), NULL);
        pass(f, 200);
        fail_batch(f, numbered(f, "x", i), 422);
        settle_all(f);
    }
    take(f, "a1", "a");
    take(f, "b1", "b");
    pass(f, 200);
    forget_trace(f);
    fail_batch(f, "a1", 422);
    turn(f);
    assert_trace(f, "+[a1]");
    fail_batch(f, "a1", 422);
    assert_trace(f, "!calendar=refusals a1:dead/refused");
}

/* ---- tried again ---- */

static void a_batch_that_is_tried_again_keeps_its_members(void **state)
{
    struct lanes_fixture *f = *state;
    begin_three(f);
    fail_batch(f, "a1", 503);
    assert_trace(f, "a1:waiting b1:waiting c1:waiting");
    assert_true(slice_is_equal(f->row.batch, SLICE_LIT("3-a1")));
    assert_true(f->has_attempt);
    int64_t due = f->row.due_ms;
    settle_all(f);
    take(f, "d1", "d");
    take(f, "a2", "a");
    forget_trace(f);
    pass(f, 200);
    assert_trace(f, "+[d1]");
    pass(f, due - f->time.wall_ms);
    assert_trace(f, "+[a1,b1,c1]");
    assert_string_equal(find_parcel(f, "a1")->d.batch->id, "3-a1");
    succeed_batch(f, "a1");
    settle_all(f);
    forget_trace(f);
    pass(f, 200);
    assert_trace(f, "+[a2]");
}

static void a_batch_of_one_that_is_tried_again_stays_alone(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    pass(f, 200);
    fail_batch(f, "a1", 503);
    settle_all(f);
    assert_true(slice_is_equal(f->row.batch, SLICE_LIT("1-a1")));
    int64_t due = f->row.due_ms;
    forget_trace(f);
    pass(f, due - f->time.wall_ms - 1);
    take(f, "b1", "b");
    take(f, "c1", "c");
    pass(f, 1);
    assert_trace(f, "+[a1]");
}

static void attempts_are_used_up_for_each(void **state)
{
    struct lanes_fixture *f = *state;
    begin_three(f);
    for (int i = 0; i < 2; i++) {
        fail_batch(f, "a1", 503);
        settle_all(f);
        pass(f, 1000);
    }
    forget_trace(f);
    fail_batch(f, "a1", 503);
    assert_trace(f, "a1:dead/exhausted b1:dead/exhausted c1:dead/exhausted");
}

static void a_member_that_expires_leaves_its_batch(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take_so(f, "b1", "b", (struct take){.expires_in_ms = 500});
    take(f, "c1", "c");
    turn(f);
    fail_batch(f, "a1", 503);
    settle_all(f);
    forget_trace(f);
    pass(f, 500);
    assert_trace(f, "b1:dead/expired");
    pass(f, 500);
    assert_trace(f, ""); /* until that is on disk */
    settle_all(f);
    assert_trace(f, "b1=dead/expired +[a1,c1]");
}

static void what_was_taken_back_is_the_same_batch(void **state)
{
    struct lanes_fixture *f = *state;
    begin_three(f);
    struct batch *b = find_parcel(f, "a1")->d.batch;
    for (size_t i = 0; i < b->n; i++)
        find_parcel(f, b->members[i]->id)->is_attempted = false;
    take(f, "d1", "d");
    lanes_take_back_batch(f->lanes, b, true);
    turn(f);
    assert_trace(f, "+[a1,b1,c1]");
    assert_true(find_parcel(f, "a1")->d.unknown);
}

static void rows_that_say_so_come_back_as_one_batch(void **state)
{
    struct lanes_fixture *f = *state;
    const struct delivery_row row = {.batch = SLICE_LIT("2-x"), .attempts = 1};
    struct delivery_row a = row, b = row;
    lanes_begin_behind(f->lanes, f->calendar, 5, 4);
    turn(f);
    scanned(f, "a1@2-x c2 b3@2-x a5", true);
    turn(f);
    assert_trace(f, "?calendar:0-5 ?calendar/c:1-5*1 ?calendar/a:0-5*1 ?calendar/b:2-5*1");
    a.position = 1;
    b.position = 3;
    loaded(f, 0, "c1", "c", (struct delivery_row){.position = 2});
    loaded(f, 1, "a1", "a", a);
    loaded(f, 2, "b1", "b", b);
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false, true, false});
    turn(f);
    assert_trace(f, "?calendar/a:1-5*64 +[a1,b1]");
    pass(f, 200);
    assert_trace(f, "+[c1]");
}

static void a_batch_may_leave_memory_and_comes_back_whole(void **state)
{
    struct lanes_fixture *f = *state;
    for (int i = 0; i < 8; i += 2) {
        take(f, numbered(f, "a", i), NULL);
        take(f, numbered(f, "a", i + 1), NULL);
        turn(f);
    }
    assert_trace(f, "+[a0,a1] +[a2,a3] +[a4,a5] +[a6,a7]");
    take(f, "b1", "b");
    forget_trace(f);
    for (int i = 0; i < 8; i += 2) {
        fail_batch(f, numbered(f, "a", i), 503);
        settle_all(f);
    }
    /* b1 is on disk alone: half of what is in memory makes room for it. */
    assert_non_null(strstr(f->trace.data, "a0^ a1^ a2:waiting a3:waiting a2^ a3^ ?calendar:8-9"));
    assert_null(strstr(f->trace.data, "a4^"));
    forget_trace(f);
    scanned(f, "b9", true);
    pass(f, 1000);
    assert_trace(f, "?calendar/b:8-9*1 ?calendar/:0-1*1 ?calendar/:1-2*1 +[a4,a5] +[a6,a7]");
    const struct delivery_row row = {.batch = SLICE_LIT("2-a0")};
    struct delivery_row a0 = row, a1 = row;
    a0.position = 1;
    a1.position = 2;
    loaded(f, 0, "b1", "b", (struct delivery_row){.position = 9});
    loaded(f, 1, "a0", NULL, a0);
    loaded(f, 2, "a1", NULL, a1);
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false, false, false});
    turn(f);
    assert_trace(f, "+[a0,a1]");
}

/* ---- pauses and reloads ---- */

static void a_paused_target_is_probed_by_a_single_row(void **state)
{
    struct lanes_fixture *f = *state;
    begin_three(f);
    fail_batch(f, "a1", 401);
    settle_all(f);
    take(f, "d1", "d");
    take(f, "e1", "e");
    forget_trace(f);
    pass(f, 5000);
    assert_trace(f, "+[d1]");
    succeed_batch(f, "d1");
    settle_all(f);
    assert_trace(f, "!calendar=none d1:delivered d1=delivered +[a1,b1,c1] +[e1]");
}

static void a_batch_that_alone_is_refused_is_split(void **state)
{
    struct lanes_fixture *f = *state;
    begin_three(f);
    fail_batch(f, "a1", 401);
    settle_all(f);
    take(f, "d1", "d");
    pass(f, 5000);
    succeed_batch(f, "d1");
    settle_all(f);
    forget_trace(f);
    fail_batch(f, "a1", 401);
    turn(f);
    assert_trace(f, "+[a1,b1]");
}

static void a_reload_may_end_batches(void **state)
{
    struct lanes_fixture *f = *state;
    begin_three(f);
    take(f, "d1", "d");
    take(f, "d2", "d");
    fail_batch(f, "a1", 503);
    settle_all(f);
    forget_trace(f);
    f->policy.batch.size = 0;
    set_policy(f);
    turn(f);
    assert_trace(f, "+d1");
    pass(f, 1000);
    assert_trace(f, "+a1 +b1 +c1");
}

static void a_reload_may_begin_batches(void **state)
{
    struct lanes_fixture *f = *state;
    const struct batch_policy batch = f->policy.batch;
    f->policy.batch.size = 0;
    f->policy.concurrency = 1;
    set_policy(f);
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "b2", "b");
    turn(f);
    assert_trace(f, "+a1");
    f->policy.batch = batch;
    set_policy(f);
    deliver(f, "a1");
    forget_trace(f);
    pass(f, 200);
    assert_trace(f, "+[b1,b2]");
}

/* a2 died between a1 and a3 when nothing kept what is behind it. */
static void a_letter_that_comes_to_be_known_parts_what_could_go_together(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take_so(f, "a2", "a", (struct take){.expires_in_ms = 50});
    pass(f, 50);
    settle(f, "a2");
    take(f, "a3", "a");
    turn(f);
    assert_trace(f, "a2:dead/expired a2=dead/expired");
    f->policy.parks = true;
    set_policy(f);
    turn(f);
    dead_found(f, "a2");
    forget_trace(f);
    pass(f, 200);
    assert_trace(f, "+[a1]");
    succeed_batch(f, "a1");
    settle_all(f);
    assert_trace(f, "a1:delivered a1=delivered a3:waiting");
}

/* a1, a2 and a3 are on disk alone, to be tried again together. */
static void a_member_that_dies_on_disk_parts_those_around_it(void **state)
{
    struct lanes_fixture *f = *state;
    const struct delivery_row row = {.batch = SLICE_LIT("3-x"), .attempts = 1};
    struct delivery_row rows[] = {row, row, row};
    struct lane_place places[3];
    for (int i = 0; i < 3; i++) {
        rows[i].position = i + 1;
        places[i] = (struct lane_place){.position = i + 1,
                                        .key = SLICE_LIT("a"),
                                        .has_key = true,
                                        .due_ms = f->time.wall_ms + 2000,
                                        .batch = row.batch};
    }
    f->policy.parks = true;
    set_policy(f);
    turn(f);
    dead_found(f, "");
    f->has_expired = true;
    lanes_begin_behind(f->lanes, f->calendar, 3, 3);
    turn(f);
    lanes_expired_ended(f->lanes, f->calendar, NULL, f->time.wall_ms + 1000);
    turn(f);
    lanes_scanned(f->lanes, f->calendar, places, 3, true);
    pass(f, 1000);
    assert_true(expired(f, "a2", "a", rows[1]));
    lanes_expired_ended(f->lanes, f->calendar, NULL, 0);
    forget_trace(f);
    settle(f, "a2");
    assert_trace(f, "a2=dead/expired ?calendar/a:0-3*3");
    loaded(f, 0, "a1", "a", rows[0]);
    loaded(f, 0, "a3", "a", rows[2]);
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    pass(f, 1000);
    assert_trace(f, "+[a1]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_batch_goes_when_it_is_full),
        TEST(a_batch_goes_when_the_first_has_waited),
        TEST(a_batch_goes_when_it_has_so_many_bytes),
        TEST(several_of_one_key_go_along_in_their_order),
        TEST(a_delayed_follower_waits_for_itself),
        TEST(concurrency_counts_attempts),
        TEST(the_end_of_a_row_is_its_own),
        TEST(rows_may_all_have_an_end_of_their_own),
        TEST(a_bad_row_is_found_and_takes_none_with_it),
        TEST(rejected_stopped_and_failed_batches_are_split_too),
        TEST(a_batch_that_is_too_large_is_split_whatever_is_said_of_that),
        TEST(a_row_with_its_own_end_is_no_part_of_the_halves),
        TEST(a_half_that_has_to_wait_lets_the_other_go),
        TEST(members_are_known_by_the_one_before_them_in_their_lane),
        TEST(batches_dont_count_among_the_refusals_that_pause),
        TEST(a_batch_that_is_tried_again_keeps_its_members),
        TEST(a_batch_of_one_that_is_tried_again_stays_alone),
        TEST(attempts_are_used_up_for_each),
        TEST(a_member_that_expires_leaves_its_batch),
        TEST(what_was_taken_back_is_the_same_batch),
        TEST(rows_that_say_so_come_back_as_one_batch),
        cmocka_unit_test_setup_teardown(a_batch_may_leave_memory_and_comes_back_whole, setup_small,
                                        lanes_teardown),
        TEST(a_paused_target_is_probed_by_a_single_row),
        TEST(a_batch_that_alone_is_refused_is_split),
        TEST(a_reload_may_end_batches),
        TEST(a_reload_may_begin_batches),
        TEST(a_letter_that_comes_to_be_known_parts_what_could_go_together),
        TEST(a_member_that_dies_on_disk_parts_those_around_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
