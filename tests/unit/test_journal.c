/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: what is queued is kept, in order, with its sums, once.
 */
#include "journal/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal_fixture.h"

#define APPEND_MAX 8

static struct slice channel(void)
{
    return SLICE_LIT(FIXTURE_CHANNEL);
}

/* What an append was told. */
struct told {
    int times;
    size_t duplicates;
};

static void on_kept(void *ctx, size_t duplicates)
{
    struct told *told = ctx;
    told->times++;
    told->duplicates = duplicates;
}

/* Queues events of these ids, NULL behind the last; the caller unrefs them. */
static size_t queue_events(struct fixture *f, const char *const *ids, const char *position,
                           struct event **events, struct told *told)
{
    unsigned char identities[APPEND_MAX][16] = {{0}};
    bool has_identity[APPEND_MAX];
    size_t n = 0;
    for (; ids[n]; n++) {
        events[n] = fixture_event(ids[n]);
        has_identity[n] = ids[n][0] != '-';
        memcpy(identities[n], ids[n], strnlen(ids[n], sizeof(identities[n])));
    }
    const struct journal_append append = {
        .events = events,
        .n_events = n,
        .identities = (const unsigned char(*)[16])identities,
        .has_identity = has_identity,
        .channel = channel(),
        .position = slice_str(position),
    };
    journal_append(f->journal, &append, told ? on_kept : NULL, told);
    return n;
}

static void drop_events(struct event **events, size_t n)
{
    for (size_t i = 0; i < n; i++)
        event_unref(events[i]);
}

static void append_malformed(struct fixture *f, const char *bytes)
{
    const struct journal_append append = {
        .channel = channel(),
        .position = SLICE_LIT("p1"),
        .malformed = slice_str(bytes),
        .malformed_error = SLICE_LIT("not JSON"),
    };
    journal_append(f->journal, &append, NULL, NULL);
    fixture_settle(f);
}

static void set_event(struct fixture *f, int64_t seq, enum event_state from, enum event_state to)
{
    journal_set_event(f->journal, seq, channel(), from, to, NULL, NULL);
    fixture_settle(f);
}

static void put(struct fixture *f, const struct delivery_row *row, enum delivery_state from)
{
    journal_put_delivery(f->journal, row, from, NULL, NULL, NULL);
    fixture_settle(f);
}

/* ---- Events ---- */

static bool take_event(void *ctx, struct event *event, enum event_state state)
{
    struct event **taken = ctx;
    assert_int_equal(state, EVENT_OPEN);
    *taken = event_ref(event);
    return true;
}

static struct event *find_event(struct fixture *f, int64_t seq)
{
    struct event *event = NULL;
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_find_event(r, seq, take_event, &event, NULL), 0);
    journal_reader_close(r);
    assert_non_null(event);
    return event;
}

static void assert_same(struct slice a, struct slice b)
{
    assert_int_equal(a.data == NULL, b.data == NULL);
    assert_true(slice_is_equal(a, b));
}

static void an_event_is_there_as_it_was_after_its_done_and_reopening(void **state)
{
    struct fixture *f = *state;
    const struct event_parts parts = {
        .channel = channel(),
        .id = SLICE_LIT("1"),
        .type = SLICE_LIT("t"),
        .source = SLICE_LIT("/s"),
        .time = SLICE_LIT("2026-11-23T18:56:15Z"),
        .attributes = SLICE_LIT("{\"x\":1}"),
        .data = SLICE_LIT("\0\xFF"),
        .data_kind = EVENT_DATA_BYTES,
        .received_ms = 123,
    };
    struct told told = {0};
    struct event *event = event_new(&parts);
    const struct journal_append append = {.events = &event, .n_events = 1, .channel = channel()};
    journal_append(f->journal, &append, on_kept, &told);
    assert_int_equal(told.times, 0);
    fixture_settle(f);
    assert_int_equal(told.times, 1);
    assert_int_equal(told.duplicates, 0);
    fixture_reopen(f);
    struct event *found = find_event(f, event->seq);
    assert_int_equal(found->seq, event->seq);
    assert_same(found->channel, event->channel);
    assert_same(found->id, event->id);
    assert_same(found->type, event->type);
    assert_same(found->source, event->source);
    assert_same(found->subject, event->subject);
    assert_same(found->time, event->time);
    assert_same(found->key, event->key);
    assert_same(found->attributes, event->attributes);
    assert_same(found->data, event->data);
    assert_int_equal(found->data_kind, EVENT_DATA_BYTES);
    assert_int_equal(found->received_ms, 123);
    assert_false(found->has_own_id);
    assert_false(found->has_key);
    event_unref(found);
    event_unref(event);
}

static void no_data_empty_data_and_null_stay_what_they_are(void **state)
{
    struct fixture *f = *state;
    struct event_parts parts = {.channel = channel(), .id = SLICE_LIT("1")};
    static const enum event_data kinds[] = {EVENT_DATA_NONE, EVENT_DATA_BYTES, EVENT_DATA_JSON};
    const struct slice data[] = {SLICE_NULL, SLICE_LIT(""), SLICE_LIT("null")};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        parts.data_kind = kinds[i];
        parts.data = data[i];
        struct event *event = event_new(&parts);
        const struct journal_append append = {
            .events = &event, .n_events = 1, .channel = channel()};
        journal_append(f->journal, &append, NULL, NULL);
        fixture_settle(f);
        struct event *found = find_event(f, event->seq);
        assert_int_equal(found->data_kind, kinds[i]);
        assert_same(found->data, data[i]);
        event_unref(found);
        event_unref(event);
    }
}

static void numbers_go_on_after_reopening(void **state)
{
    struct fixture *f = *state;
    int64_t first = fixture_append(f, "a");
    fixture_reopen(f);
    assert_true(fixture_append(f, "b") > first);
    fixture_exec(f, "UPDATE schema SET last_seq = 1000; DELETE FROM event_rows");
    fixture_reopen(f);
    assert_int_equal(fixture_append(f, "c"), 1001);
}

static void a_duplicate_is_found_within_an_append(void **state)
{
    struct fixture *f = *state;
    struct event *events[APPEND_MAX];
    struct told told = {0};
    size_t n = queue_events(f, (const char *[]){"a", "b", "a", NULL}, NULL, events, &told);
    fixture_settle(f);
    assert_int_equal(told.duplicates, 1);
    assert_true(events[0]->seq > 0);
    assert_true(events[1]->seq > events[0]->seq);
    assert_int_equal(events[2]->seq, 0);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events"), 2);
    drop_events(events, n);
}

static void a_duplicate_is_found_among_appends_of_one_commit_and_later(void **state)
{
    struct fixture *f = *state;
    struct event *events[APPEND_MAX];
    struct told first = {0}, second = {0};
    size_t n = queue_events(f, (const char *[]){"a", NULL}, NULL, events, &first);
    n += queue_events(f, (const char *[]){"a", "b", NULL}, NULL, events + n, &second);
    fixture_settle(f);
    assert_int_equal(first.duplicates, 0);
    assert_int_equal(second.duplicates, 1);
    assert_int_equal(fixture_append(f, "b"), 0);
    assert_true(fixture_append(f, "c") > 0);
    drop_events(events, n);
}

static void a_duplicate_is_found_after_reopening(void **state)
{
    struct fixture *f = *state;
    fixture_append(f, "a");
    set_event(f, 1, EVENT_OPEN, EVENT_CLOSED);
    fixture_reopen(f);
    assert_int_equal(fixture_append(f, "a"), 0);
}

static void another_channels_event_is_no_duplicate(void **state)
{
    struct fixture *f = *state;
    fixture_append(f, "a");
    struct event *event = fixture_event("a");
    const unsigned char identity[1][16] = {"a"};
    const bool has_identity = true;
    const struct journal_append append = {
        .events = &event,
        .n_events = 1,
        .identities = identity,
        .has_identity = &has_identity,
        .channel = SLICE_LIT("other"),
    };
    journal_append(f->journal, &append, NULL, NULL);
    fixture_settle(f);
    assert_true(event->seq > 0);
    event_unref(event);
}

static void events_without_an_identity_are_never_duplicates(void **state)
{
    struct fixture *f = *state;
    struct event *events[APPEND_MAX];
    struct told told = {0};
    size_t n = queue_events(f, (const char *[]){"-a", "-a", NULL}, NULL, events, &told);
    fixture_settle(f);
    assert_int_equal(told.duplicates, 0);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events"), 2);
    drop_events(events, n);
}

/* ---- Order ---- */

static void note_append(void *ctx, size_t duplicates)
{
    (void)duplicates;
    buf_add_char(ctx, 'a');
}

static void note_done(void *ctx)
{
    buf_add_char(ctx, 'd');
}

static void note_other(void *ctx)
{
    buf_add_char(ctx, 'e');
}

static void dones_come_in_the_order_of_queueing(void **state)
{
    struct fixture *f = *state;
    struct buf order = {0};
    int64_t seq = fixture_append(f, "a");
    for (int i = 0; i < 3; i++) {
        const struct journal_append append = {.channel = channel(), .position = SLICE_LIT("p")};
        struct delivery_row row = fixture_delivery(seq, i, DELIVERY_WAITING);
        journal_append(f->journal, &append, note_append, &order);
        journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, note_done, &order);
        row.state = DELIVERY_DELIVERED;
        journal_put_delivery(f->journal, &row, DELIVERY_WAITING, NULL, note_other, &order);
    }
    assert_int_equal(order.len, 0);
    fixture_settle(f);
    assert_string_equal(order.data, "adeadeade");
    buf_deinit(&order);
}

struct chain {
    struct fixture *f;
    int left;
};

static void queue_next(void *ctx, size_t duplicates)
{
    struct chain *chain = ctx;
    const struct journal_append append = {.channel = channel(), .position = SLICE_LIT("p")};
    (void)duplicates;
    if (chain->left-- > 0)
        journal_append(chain->f->journal, &append, queue_next, chain);
}

static void a_done_may_queue_more(void **state)
{
    struct chain chain = {.f = *state, .left = 10};
    queue_next(&chain, 0);
    fixture_settle(chain.f);
    assert_int_equal(chain.left, -1);
    assert_int_equal(journal_queued(chain.f->journal), 0);
}

static void what_is_queued_is_counted_and_timed_until_its_commit(void **state)
{
    struct fixture *f = *state;
    const struct journal_append append = {.channel = channel(), .position = SLICE_LIT("p")};
    assert_int_equal(journal_stalled_ms(f->journal), 0);
    journal_append(f->journal, &append, NULL, NULL);
    clock_fake_advance(&f->clock, 700);
    journal_append(f->journal, &append, NULL, NULL);
    clock_fake_advance(&f->clock, 50);
    assert_int_equal(journal_queued(f->journal), 2);
    assert_int_equal(journal_stalled_ms(f->journal), 750);
    fixture_settle(f);
    assert_int_equal(journal_queued(f->journal), 0);
    assert_int_equal(journal_stalled_ms(f->journal), 0);
}

static void closing_commits_what_is_queued(void **state)
{
    struct fixture *f = *state;
    struct event *events[APPEND_MAX];
    struct told told = {0};
    size_t n = queue_events(f, (const char *[]){"a", "b", NULL}, NULL, events, &told);
    fixture_reopen(f);
    assert_int_equal(told.times, 0);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events"), 2);
    drop_events(events, n);
}

static void abandoning_commits_nothing_more(void **state)
{
    struct fixture *f = *state;
    struct event *events[APPEND_MAX];
    fixture_append(f, "kept");
    size_t n = queue_events(f, (const char *[]){"a", NULL}, NULL, events, NULL);
    journal_abandon(f->journal);
    fixture_open(f);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events"), 1);
    drop_events(events, n);
}

static void more_than_one_group_is_committed_whole(void **state)
{
    struct fixture *f = *state;
    struct told told = {0};
    struct event *event = fixture_event("x");
    const struct journal_append append = {.events = &event, .n_events = 1, .channel = channel()};
    for (int i = 0; i < 5000; i++)
        journal_append(f->journal, &append, on_kept, &told);
    assert_int_equal(journal_queued(f->journal), 5000);
    fixture_settle(f);
    assert_int_equal(told.times, 5000);
    event_unref(event);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "open"), 5000);
}

/* ---- Sums ---- */

static void assert_channel_sums(struct fixture *f, const char *expected)
{
    static const char *const terms[] = {"received", "duplicate", "malformed", "unmatched",
                                        "closed",   "dead",      "dropped",   "open"};
    struct buf sums = {0};
    for (size_t i = 0; i < ARRAY_LEN(terms); i++)
        buf_printf(&sums, "%s%lld", i > 0 ? " " : "",
                   (long long)fixture_sum(f, "channel", FIXTURE_CHANNEL, terms[i]));
    assert_string_equal(sums.data, expected);
    buf_deinit(&sums);
}

static void assert_connector_sums(struct fixture *f, const char *expected)
{
    static const char *const terms[] = {"made",       "delivered", "dead",   "skipped",
                                        "superseded", "dropped",   "waiting"};
    struct buf sums = {0};
    for (size_t i = 0; i < ARRAY_LEN(terms); i++)
        buf_printf(&sums, "%s%lld", i > 0 ? " " : "",
                   (long long)fixture_sum(f, "connector", "cal", terms[i]));
    assert_string_equal(sums.data, expected);
    buf_deinit(&sums);
}

static void a_channels_sums_follow_each_event(void **state)
{
    struct fixture *f = *state;
    int64_t a = fixture_append(f, "a"), b = fixture_append(f, "b"), c = fixture_append(f, "c");
    assert_channel_sums(f, "3 0 0 0 0 0 0 3");
    fixture_append(f, "a");
    assert_channel_sums(f, "4 1 0 0 0 0 0 3");
    set_event(f, a, EVENT_OPEN, EVENT_CLOSED);
    assert_channel_sums(f, "4 1 0 0 1 0 0 2");
    set_event(f, b, EVENT_OPEN, EVENT_UNMATCHED);
    assert_channel_sums(f, "4 1 0 1 1 0 0 1");
    struct delivery_row row = fixture_delivery(c, 0, DELIVERY_DEAD);
    row.connector = SLICE_NULL;
    put(f, &row, DELIVERY_NEW);
    set_event(f, c, EVENT_OPEN, EVENT_DEAD);
    assert_channel_sums(f, "4 1 0 1 1 1 0 0");
    fixture_check(f);
    row.state = DELIVERY_DROPPED;
    put(f, &row, DELIVERY_DEAD);
    set_event(f, c, EVENT_DEAD, EVENT_DROPPED);
    assert_channel_sums(f, "4 1 0 1 1 0 1 0");
    set_event(f, a, EVENT_CLOSED, EVENT_OPEN);
    assert_channel_sums(f, "4 1 0 1 0 0 1 1");
    fixture_check(f);
    fixture_reopen(f);
    fixture_append(f, "d");
    assert_channel_sums(f, "5 1 0 1 0 0 1 2");
}

static void a_connectors_sums_follow_each_delivery(void **state)
{
    static const enum delivery_state ends[] = {DELIVERY_DELIVERED, DELIVERY_DEAD, DELIVERY_SKIPPED,
                                               DELIVERY_SUPERSEDED, DELIVERY_DROPPED};
    static const char *const expected[] = {"1 1 0 0 0 0 0", "2 1 1 0 0 0 0", "3 1 1 1 0 0 0",
                                           "4 1 1 1 1 0 0", "5 1 1 1 1 1 0"};
    struct fixture *f = *state;
    int64_t seq = fixture_append(f, "a");
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct delivery_row row = fixture_delivery(seq, (int64_t)i, ends[i]);
        put(f, &row, DELIVERY_NEW);
        assert_connector_sums(f, expected[i]);
    }
    struct delivery_row row = fixture_delivery(seq, 1, DELIVERY_WAITING);
    put(f, &row, DELIVERY_DEAD);
    assert_connector_sums(f, "5 1 0 1 1 1 1");
    row.attempts = 2;
    put(f, &row, DELIVERY_WAITING);
    assert_connector_sums(f, "5 1 0 1 1 1 1");
    row.state = DELIVERY_DELIVERED;
    put(f, &row, DELIVERY_WAITING);
    assert_connector_sums(f, "5 2 0 1 1 1 0");
    fixture_check(f);
}

static void a_handlers_row_is_in_no_sum(void **state)
{
    struct fixture *f = *state;
    struct delivery_row row = fixture_delivery(fixture_append(f, "a"), 0, DELIVERY_WAITING);
    row.connector = SLICE_NULL;
    put(f, &row, DELIVERY_NEW);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM sums WHERE scope = 'connector'"), 0);
    fixture_check(f);
}

static void a_row_in_another_state_than_believed_is_left_alone(void **state)
{
    struct fixture *f = *state;
    int64_t seq = fixture_append(f, "a");
    set_event(f, seq, EVENT_DEAD, EVENT_DROPPED);
    set_event(f, 77, EVENT_OPEN, EVENT_CLOSED);
    struct delivery_row row = fixture_delivery(seq, 0, DELIVERY_WAITING);
    put(f, &row, DELIVERY_NEW);
    row.state = DELIVERY_DELIVERED;
    put(f, &row, DELIVERY_NEW);
    put(f, &row, DELIVERY_DEAD);
    assert_channel_sums(f, "1 0 0 0 0 0 0 1");
    assert_connector_sums(f, "1 0 0 0 0 0 1");
    fixture_check(f);
}

static void malformed_bytes_are_kept_as_a_dead_letter(void **state)
{
    struct fixture *f = *state;
    append_malformed(f, "{\"a\":");
    assert_channel_sums(f, "1 0 1 0 0 0 0 0");
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events WHERE state = 'malformed' AND "
                                      "CAST(data AS TEXT) = '{\"a\":' AND id IS NULL"),
                     1);
    assert_int_equal(
        fixture_query(f, "SELECT count(*) FROM deliveries WHERE state = 'dead' AND id = "
                         "event || '-malformed' AND cause = 'malformed' AND error = 'not JSON'"),
        1);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM positions WHERE position = 'p1'"), 1);
    fixture_check(f);
}

/* ---- Positions ---- */

static void assert_position(struct fixture *f, const char *expected)
{
    struct buf position = {0};
    bool has_position;
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_position(r, channel(), &position, &has_position, NULL), 0);
    assert_int_equal(has_position, expected != NULL);
    assert_int_equal(position.data != NULL, expected != NULL);
    if (expected)
        assert_string_equal(position.data, expected);
    journal_reader_close(r);
    buf_deinit(&position);
}

static void a_position_is_kept_with_its_events_or_alone(void **state)
{
    struct fixture *f = *state;
    struct event *events[APPEND_MAX];
    assert_position(f, NULL);
    size_t n = queue_events(f, (const char *[]){"a", NULL}, "7", events, NULL);
    fixture_settle(f);
    assert_position(f, "7");
    n += queue_events(f, (const char *[]){"b", NULL}, NULL, events + n, NULL);
    fixture_settle(f);
    assert_position(f, "7");
    queue_events(f, (const char *[]){NULL}, "8", events + n, NULL);
    queue_events(f, (const char *[]){NULL}, "9", events + n, NULL);
    fixture_reopen(f);
    assert_position(f, "9");
    drop_events(events, n);
}

static void positions_of_channels_in_one_commit_dont_mix(void **state)
{
    struct fixture *f = *state;
    static const char *const positions[][2] = {{"bus", "1"}, {"b", "2"}, {"bus", "3"}, {"b", "4"}};
    for (size_t i = 0; i < ARRAY_LEN(positions); i++) {
        const struct journal_append append = {.channel = slice_str(positions[i][0]),
                                              .position = slice_str(positions[i][1])};
        journal_append(f->journal, &append, NULL, NULL);
    }
    fixture_settle(f);
    assert_position(f, "3");
    assert_int_equal(fixture_query(f, "SELECT position FROM positions WHERE channel = 'b'"), 4);
}

static void an_empty_position_is_one(void **state)
{
    struct fixture *f = *state;
    const struct journal_append append = {.channel = channel(), .position = SLICE_LIT("")};
    journal_append(f->journal, &append, NULL, NULL);
    fixture_settle(f);
    assert_position(f, "");
}

static void a_position_that_cant_be_read_isnt_taken_for_none(void **state)
{
    struct fixture *f = *state;
    struct buf position = {0};
    struct err err = {0};
    bool has_position;
    struct journal_reader *r = fixture_reader(f);
    fixture_exec(f, "DROP TABLE positions");
    assert_int_equal(journal_position(r, channel(), &position, &has_position, &err), -1);
    assert_non_null(strstr(err.message, "positions"));
    journal_reader_close(r);
}

/* ---- Attempts ---- */

static void the_newest_twenty_attempts_are_kept(void **state)
{
    struct fixture *f = *state;
    struct delivery_row row = fixture_delivery(fixture_append(f, "a"), 0, DELIVERY_WAITING);
    put(f, &row, DELIVERY_NEW);
    for (unsigned n = 1; n <= 25; n++) {
        const struct attempt_row attempt = {.n = n, .at_ms = n, .ms = 3, .code = SLICE_LIT("503")};
        journal_put_delivery(f->journal, &row, DELIVERY_WAITING, &attempt, NULL, NULL);
    }
    fixture_settle(f);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM attempts"), 20);
    assert_int_equal(fixture_query(f, "SELECT min(n) FROM attempts"), 6);
    fixture_check(f);
}

/* A dead letter that a person retries begins at 1 again. */
static void attempts_after_a_retry_by_hand_are_numbered_on(void **state)
{
    struct fixture *f = *state;
    const struct attempt_row attempt = {.n = 1, .at_ms = 1, .ms = 3, .code = SLICE_LIT("503")};
    struct delivery_row row = fixture_delivery(fixture_append(f, "a"), 0, DELIVERY_WAITING);
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, &attempt, NULL, NULL);
    journal_put_delivery(f->journal, &row, DELIVERY_WAITING, &attempt, NULL, NULL);
    fixture_settle(f);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM attempts"), 2);
    assert_int_equal(fixture_query(f, "SELECT max(n) FROM attempts"), 2);
    fixture_check(f);
}

static void retries_by_hand_keep_the_newest_twenty_too(void **state)
{
    struct fixture *f = *state;
    struct delivery_row row = fixture_delivery(fixture_append(f, "a"), 0, DELIVERY_WAITING);
    put(f, &row, DELIVERY_NEW);
    for (unsigned i = 0; i < 36; i++) {
        const struct attempt_row attempt = {.n = 1 + i % 12, .at_ms = i, .code = SLICE_LIT("503")};
        journal_put_delivery(f->journal, &row, DELIVERY_WAITING, &attempt, NULL, NULL);
    }
    fixture_settle(f);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM attempts"), 20);
    assert_int_equal(fixture_query(f, "SELECT min(n) FROM attempts"), 17);
    fixture_check(f);
}

/* ---- With threads ---- */

static void the_writers_thread_keeps_what_is_queued(void **state)
{
    struct fixture *f = *state;
    struct buf order = {0};
    assert_true(fixture_append(f, "a") > 0);
    assert_int_equal(fixture_append(f, "a"), 0);
    for (int i = 0; i < 1000; i++) {
        const struct journal_append append = {.channel = channel(), .position = SLICE_LIT("p")};
        journal_append(f->journal, &append, note_append, &order);
    }
    fixture_settle(f);
    assert_int_equal(order.len, 1000);
    buf_deinit(&order);
    fixture_check(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_event_is_there_as_it_was_after_its_done_and_reopening),
        TEST(no_data_empty_data_and_null_stay_what_they_are),
        TEST(numbers_go_on_after_reopening),
        TEST(a_duplicate_is_found_within_an_append),
        TEST(a_duplicate_is_found_among_appends_of_one_commit_and_later),
        TEST(a_duplicate_is_found_after_reopening),
        TEST(another_channels_event_is_no_duplicate),
        TEST(events_without_an_identity_are_never_duplicates),
        TEST(dones_come_in_the_order_of_queueing),
        TEST(a_done_may_queue_more),
        TEST(what_is_queued_is_counted_and_timed_until_its_commit),
        TEST(closing_commits_what_is_queued),
        TEST(abandoning_commits_nothing_more),
        TEST(more_than_one_group_is_committed_whole),
        TEST(a_channels_sums_follow_each_event),
        TEST(a_connectors_sums_follow_each_delivery),
        TEST(a_handlers_row_is_in_no_sum),
        TEST(a_row_in_another_state_than_believed_is_left_alone),
        TEST(malformed_bytes_are_kept_as_a_dead_letter),
        TEST(a_position_is_kept_with_its_events_or_alone),
        TEST(positions_of_channels_in_one_commit_dont_mix),
        TEST(an_empty_position_is_one),
        TEST(a_position_that_cant_be_read_isnt_taken_for_none),
        TEST(the_newest_twenty_attempts_are_kept),
        TEST(attempts_after_a_retry_by_hand_are_numbered_on),
        TEST(retries_by_hand_keep_the_newest_twenty_too),
        cmocka_unit_test_setup_teardown(the_writers_thread_keeps_what_is_queued,
                                        fixture_setup_threaded, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
