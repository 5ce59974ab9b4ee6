/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/check: each planted fault is found, and nothing else.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "journal_fixture.h"

static void note_finding(void *ctx, const struct journal_finding *finding)
{
    buf_printf(ctx, "%s: %s\n", finding->code, finding->text);
}

/* Events 1 open, 2 closed, 3 dead, 4 malformed, 5 unmatched, with deliveries in various states. */
static void fill(struct fixture *f)
{
    const struct slice channel = SLICE_LIT(FIXTURE_CHANNEL);
    fixture_append(f, "a");
    fixture_append(f, "b");
    fixture_append(f, "c");
    const struct journal_append malformed = {
        .channel = channel, .malformed = SLICE_LIT("{"), .malformed_error = SLICE_LIT("no")};
    journal_append(f->journal, &malformed, NULL, NULL);
    fixture_append(f, "e");
    struct delivery_row row = fixture_delivery(1, 0, DELIVERY_WAITING);
    const struct attempt_row attempt = {.n = 1, .code = SLICE_LIT("503")};
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, &attempt, NULL, NULL);
    row = fixture_delivery(2, 0, DELIVERY_DELIVERED);
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
    row = fixture_delivery(3, 0, DELIVERY_DEAD);
    row.connector = SLICE_NULL;
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
    journal_set_event(f->journal, 2, channel, EVENT_OPEN, EVENT_CLOSED, NULL, NULL);
    journal_set_event(f->journal, 3, channel, EVENT_OPEN, EVENT_DEAD, NULL, NULL);
    journal_set_event(f->journal, 5, channel, EVENT_OPEN, EVENT_UNMATCHED, NULL, NULL);
    fixture_settle(f);
}

/* What fsck says, to be freed. */
static char *check(struct fixture *f)
{
    struct buf out = {0};
    struct err err = {0};
    struct journal_reader *r = fixture_reader(f);
    int n = journal_check(r, note_finding, &out, &err);
    journal_reader_close(r);
    if (n < 0)
        fail_msg("%s", err.message);
    assert_int_equal(n > 0, out.len > 0);
    return buf_take(&out);
}

static void assert_found(struct fixture *f, const char *fault, const char *expected)
{
    fill(f);
    fixture_exec(f, fault);
    char *found = check(f);
    if (!strstr(found, expected))
        fail_msg("\"%s\" isn't among: %s", expected, found);
    free(found);
}

static void a_sound_journal_has_no_faults(void **state)
{
    struct fixture *f = *state;
    fixture_check(f);
    fill(f);
    fixture_check(f);
}

static void rows_that_retention_removed_are_no_fault(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_exec(f, "DELETE FROM deliveries WHERE event = 2; DELETE FROM event_rows WHERE seq = 2");
    fixture_check(f);
}

static void sums_that_dont_add_up_are_found(void **state)
{
    assert_found(*state, "UPDATE sums SET value = 9 WHERE term = 'received'",
                 "sum: channel bus: received is 9, but what became of them adds up to 5");
}

static void a_connectors_sums_are_checked_too(void **state)
{
    assert_found(*state, "UPDATE sums SET value = 7 WHERE term = 'made'",
                 "sum: connector cal: made is 7, but what became of them adds up to 2");
}

static void open_events_that_arent_in_the_sum_are_found(void **state)
{
    assert_found(*state,
                 "UPDATE sums SET value = value + 1 WHERE term IN ('open', 'received') AND "
                 "scope = 'channel'",
                 "sum: channel bus: the sum open is 2, but there are 1 rows");
}

static void waiting_rows_that_are_missing_are_found(void **state)
{
    assert_found(*state, "DELETE FROM attempts; DELETE FROM deliveries WHERE state = 'waiting'",
                 "sum: connector cal: the sum waiting is 1, but there are 0 rows");
}

static void more_rows_than_the_sum_says_are_found(void **state)
{
    assert_found(*state,
                 "UPDATE sums SET value = value - 1 WHERE term IN ('closed', 'received') AND "
                 "scope = 'channel'",
                 "sum: channel bus: the sum closed is 0, but there are 1 rows");
}

static void a_sum_below_zero_is_found(void **state)
{
    assert_found(*state, "INSERT OR REPLACE INTO sums VALUES ('connector', 'cal', 'skipped', -1)",
                 "sum: connector cal: the sum skipped is below zero: -1");
}

static void a_sum_that_doesnt_exist_is_found(void **state)
{
    assert_found(*state, "INSERT INTO sums VALUES ('connector', 'cal', 'lost', 1)",
                 "sum: there is no sum lost of a connector (cal)");
}

static void sums_of_a_channel_that_are_all_missing_are_found(void **state)
{
    assert_found(*state, "DELETE FROM sums WHERE scope = 'channel'",
                 "sum: channel bus: the sum open is 0, but there are 1 rows");
}

static void a_delivery_without_its_event_is_found(void **state)
{
    assert_found(*state, "DELETE FROM event_rows WHERE seq = 2",
                 "row: delivery 2-hash0 belongs to event 2, which isn't there");
}

static void an_attempt_without_its_delivery_is_found(void **state)
{
    assert_found(*state, "INSERT INTO attempts VALUES (1, 1, 1, 1, '503', NULL, NULL)",
                 "row: attempt 1 belongs to delivery number 1, which isn't there");
}

static void unknown_states_are_found(void **state)
{
    assert_found(*state, "UPDATE event_rows SET state = 'lost' WHERE seq = 5",
                 "row: event 5 is in a state that doesn't exist: 'lost'");
    fixture_exec(*state, "UPDATE deliveries SET state = 'gone' WHERE event = 2");
    char *found = check(*state);
    assert_non_null(strstr(found, "row: delivery 2-hash0 is in a state that doesn't exist"));
    free(found);
}

static void an_open_event_that_isnt_there_or_ended_is_found(void **state)
{
    assert_found(*state, "INSERT INTO open_events VALUES (3), (9)",
                 "row: event 9 is open, but isn't there");
    char *found = check(*state);
    assert_non_null(strstr(found, "row: event 3 is open, but dead"));
    free(found);
}

static void an_identity_that_no_start_would_find_is_found(void **state)
{
    assert_found(*state, "DELETE FROM identity_blocks",
                 "row: event 1 has an identity that no start would find");
}

static void a_dead_event_without_its_dead_letter_is_found(void **state)
{
    assert_found(*state, "DELETE FROM deliveries WHERE event = 3",
                 "row: event 3 is dead, but has no dead letter of a handler");
}

static void a_malformed_event_without_its_dead_letter_is_found(void **state)
{
    assert_found(*state, "DELETE FROM deliveries WHERE event = 4",
                 "row: event 4 is malformed, but has no dead letter that says so");
}

static void a_waiting_run_of_an_event_that_isnt_open_is_found(void **state)
{
    struct fixture *f = *state;
    struct delivery_row run = fixture_delivery(fixture_append(f, "z"), 0, DELIVERY_WAITING);
    run.connector = SLICE_NULL;
    journal_put_delivery(f->journal, &run, DELIVERY_NEW, NULL, NULL, NULL);
    fixture_settle(f);
    fixture_check(f);
    journal_set_event(f->journal, 1, SLICE_LIT(FIXTURE_CHANNEL), EVENT_OPEN, EVENT_CLOSED, NULL,
                      NULL);
    fixture_settle(f);
    char *found = check(f);
    assert_string_equal(found, "row: delivery 1-hash0 waits to run a handler again, but event 1 "
                               "isn't open and so is never handled again\n");
    free(found);
}

static void what_waits_without_a_place_is_found(void **state)
{
    struct fixture *f = *state;
    struct delivery_row row = fixture_delivery(fixture_append(f, "z"), 0, DELIVERY_WAITING);
    row.position = 0;
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
    fixture_settle(f);
    char *found = check(f);
    assert_string_equal(found,
                        "row: delivery 1-hash0 waits, but has no place among what waits, and "
                        "so is never attempted\n");
    free(found);
}

static void damaged_pages_are_found(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_close(f);
    char junk[4096];
    memset(junk, 0x5A, sizeof(junk));
    int fd = open(f->path.data, O_WRONLY);
    off_t size = lseek(fd, 0, SEEK_END);
    for (off_t at = 2 * 8192; at < size; at += 8192)
        assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
    close(fd);
    char *found = check(f);
    assert_non_null(strstr(found, "page: "));
    assert_null(strstr(found, "row: "));
    free(found);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_sound_journal_has_no_faults),
        TEST(rows_that_retention_removed_are_no_fault),
        TEST(sums_that_dont_add_up_are_found),
        TEST(a_connectors_sums_are_checked_too),
        TEST(open_events_that_arent_in_the_sum_are_found),
        TEST(waiting_rows_that_are_missing_are_found),
        TEST(more_rows_than_the_sum_says_are_found),
        TEST(a_sum_below_zero_is_found),
        TEST(a_sum_that_doesnt_exist_is_found),
        TEST(sums_of_a_channel_that_are_all_missing_are_found),
        TEST(a_delivery_without_its_event_is_found),
        TEST(an_attempt_without_its_delivery_is_found),
        TEST(unknown_states_are_found),
        TEST(an_open_event_that_isnt_there_or_ended_is_found),
        TEST(an_identity_that_no_start_would_find_is_found),
        TEST(a_dead_event_without_its_dead_letter_is_found),
        TEST(a_malformed_event_without_its_dead_letter_is_found),
        TEST(a_waiting_run_of_an_event_that_isnt_open_is_found),
        TEST(what_waits_without_a_place_is_found),
        TEST(damaged_pages_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
