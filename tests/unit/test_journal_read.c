/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/query, journal/reader: what was kept is found again, by filter and in pages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal_fixture.h"

/* Ten events, e0 to e9: types a and b in turn, keys k0 to k2, a second apart. */
static void fill_events(struct fixture *f)
{
    for (int i = 0; i < 10; i++) {
        char id[16], key[16];
        snprintf(id, sizeof(id), "e%d", i);
        snprintf(key, sizeof(key), "k%d", i % 3);
        const struct event_parts parts = {
            .channel = i < 8 ? SLICE_LIT(FIXTURE_CHANNEL) : SLICE_LIT("other"),
            .id = slice_str(id),
            .type = i % 2 == 0 ? SLICE_LIT("a") : SLICE_LIT("b"),
            .key = slice_str(key),
            .received_ms = FIXTURE_WALL_MS + i * 1000,
        };
        struct event *event = event_new(&parts);
        const struct journal_append append = {
            .events = &event, .n_events = 1, .channel = parts.channel};
        journal_append(f->journal, &append, NULL, NULL);
        event_unref(event);
    }
    journal_set_event(f->journal, 4, SLICE_LIT(FIXTURE_CHANNEL), EVENT_OPEN, EVENT_CLOSED, NULL,
                      NULL);
    fixture_settle(f);
}

struct list_of {
    struct buf seqs;
    int left; /* visits until it says stop */
};

static bool note_event(void *ctx, struct event *event, enum event_state state)
{
    struct list_of *list = ctx;
    (void)state;
    buf_printf(&list->seqs, "%s%lld", list->seqs.len > 0 ? " " : "", (long long)event->seq);
    return --list->left != 0;
}

static bool note_delivery(void *ctx, const struct delivery_row *row)
{
    struct list_of *list = ctx;
    buf_printf(&list->seqs, "%s%lld.%lld", list->seqs.len > 0 ? " " : "",
               (long long)delivery_event_seq(row->seq), (long long)delivery_ordinal(row->seq));
    return --list->left != 0;
}

static void assert_events(struct fixture *f, struct journal_filter filter, const char *expected)
{
    struct list_of list = {0};
    struct err err = {0};
    struct journal_reader *r = fixture_reader(f);
    if (journal_list_events(r, &filter, note_event, &list, &err) < 0)
        fail_msg("%s", err.message);
    buf_reserve(&list.seqs, 0);
    assert_string_equal(list.seqs.data, expected);
    buf_deinit(&list.seqs);
    journal_reader_close(r);
}

static void assert_deliveries(struct fixture *f, struct journal_filter filter, const char *expected)
{
    struct list_of list = {0};
    struct err err = {0};
    struct journal_reader *r = fixture_reader(f);
    if (journal_list_deliveries(r, &filter, note_delivery, &list, &err) < 0)
        fail_msg("%s", err.message);
    buf_reserve(&list.seqs, 0);
    assert_string_equal(list.seqs.data, expected);
    buf_deinit(&list.seqs);
    journal_reader_close(r);
}

#define FILTER(...) ((struct journal_filter){.state = -1, __VA_ARGS__})
#define IN_STATE(s, ...) ((struct journal_filter){.state = (s), __VA_ARGS__})

static void events_are_listed_in_either_order(void **state)
{
    fill_events(*state);
    assert_events(*state, FILTER(.limit = 20), "1 2 3 4 5 6 7 8 9 10");
    assert_events(*state, FILTER(.newest_first = true), "10 9 8 7 6 5 4 3 2 1");
}

static void events_come_in_pages(void **state)
{
    fill_events(*state);
    assert_events(*state, FILTER(.limit = 3), "1 2 3");
    assert_events(*state, FILTER(.limit = 3, .after_seq = 3), "4 5 6");
    assert_events(*state, FILTER(.limit = 3, .after_seq = 9), "10");
    assert_events(*state, FILTER(.limit = 3, .newest_first = true), "10 9 8");
    assert_events(*state, FILTER(.limit = 3, .newest_first = true, .after_seq = 8), "7 6 5");
}

static void events_are_filtered_by_what_they_are(void **state)
{
    fill_events(*state);
    assert_events(*state, FILTER(.type = SLICE_LIT("b")), "2 4 6 8 10");
    assert_events(*state, FILTER(.channel = SLICE_LIT("other")), "9 10");
    assert_events(*state, FILTER(.key = SLICE_LIT("k1")), "2 5 8");
    assert_events(*state, FILTER(.type = SLICE_LIT("a"), .key = SLICE_LIT("k1")), "5");
    assert_events(*state, FILTER(.type = SLICE_LIT("none")), "");
}

static void events_are_filtered_by_time(void **state)
{
    fill_events(*state);
    assert_events(*state, FILTER(.since_ms = FIXTURE_WALL_MS + 7000), "8 9 10");
    assert_events(*state, FILTER(.until_ms = FIXTURE_WALL_MS + 2000), "1 2");
}

static void events_are_filtered_by_state(void **state)
{
    fill_events(*state);
    assert_events(*state, IN_STATE(EVENT_CLOSED), "4");
    assert_events(*state, IN_STATE(EVENT_OPEN, .limit = 5), "1 2 3 5 6");
    assert_events(*state, IN_STATE(EVENT_OPEN, .newest_first = true, .after_seq = 6), "5 3 2 1");
    assert_events(*state, IN_STATE(EVENT_OPEN, .type = SLICE_LIT("b")), "2 6 8 10");
}

static void an_event_is_found_by_the_senders_id_or_our_own(void **state)
{
    fill_events(*state);
    assert_events(*state, FILTER(.id = SLICE_LIT("e3")), "4");
    assert_events(*state, FILTER(.id = SLICE_LIT("7")), "7");
    assert_events(*state, FILTER(.id = SLICE_LIT("99999999999999999999999")), "");
}

static void a_visit_that_says_stop_ends_the_list(void **state)
{
    struct fixture *f = *state;
    struct list_of list = {.left = 2};
    const struct journal_filter filter = FILTER(.limit = 0);
    fill_events(f);
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_list_events(r, &filter, note_event, &list, NULL), 0);
    assert_string_equal(list.seqs.data, "1 2");
    buf_deinit(&list.seqs);
    journal_reader_close(r);
}

/* ---- Deliveries ---- */

static void put(struct fixture *f, struct delivery_row row)
{
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
}

/* Of events 1 to 3 one each: waiting, delivered and dead of "cal" (key k); of 4 waiting of "dw"
   (key j), of 5 waiting and of 6 dead of a handler. */
static void fill_deliveries(struct fixture *f)
{
    fill_events(f);
    struct delivery_row row = fixture_delivery(1, 0, DELIVERY_WAITING);
    put(f, row);
    put(f, fixture_delivery(2, 0, DELIVERY_DELIVERED));
    row = fixture_delivery(3, 0, DELIVERY_DEAD);
    row.cause = SLICE_LIT("refused");
    put(f, row);
    row = fixture_delivery(4, 1, DELIVERY_WAITING);
    row.connector = SLICE_LIT("dw");
    row.key = SLICE_LIT("j");
    put(f, row);
    row = fixture_delivery(5, 0, DELIVERY_WAITING);
    row.connector = SLICE_NULL;
    put(f, row);
    row = fixture_delivery(6, 0, DELIVERY_DEAD);
    row.connector = SLICE_NULL;
    row.cause = SLICE_LIT("script");
    put(f, row);
    fixture_settle(f);
}

static void deliveries_are_filtered_by_state(void **state)
{
    fill_deliveries(*state);
    assert_deliveries(*state, FILTER(.limit = 50), "1.0 2.0 3.0 4.1 5.0 6.0");
    assert_deliveries(*state, FILTER(.newest_first = true), "6.0 5.0 4.1 3.0 2.0 1.0");
    assert_deliveries(*state, IN_STATE(DELIVERY_DELIVERED), "2.0");
    assert_deliveries(*state, IN_STATE(DELIVERY_WAITING), "1.0 4.1 5.0");
    assert_deliveries(*state, IN_STATE(DELIVERY_DEAD, .newest_first = true), "6.0 3.0");
}

static void waiting_deliveries_are_found_by_connector_and_key(void **state)
{
    fill_deliveries(*state);
    struct journal_filter filter = IN_STATE(DELIVERY_WAITING, .connector = SLICE_LIT("cal"));
    assert_deliveries(*state, filter, "1.0");
    filter.newest_first = true;
    assert_deliveries(*state, filter, "1.0");
    filter.key = SLICE_LIT("j");
    assert_deliveries(*state, filter, "");
    filter.connector = SLICE_LIT("dw");
    assert_deliveries(*state, filter, "4.1");
}

static void an_empty_connector_means_handlers(void **state)
{
    fill_deliveries(*state);
    assert_deliveries(*state, IN_STATE(DELIVERY_WAITING, .connector = SLICE_LIT("")), "5.0");
    assert_deliveries(*state, IN_STATE(DELIVERY_DEAD, .connector = SLICE_LIT("")), "6.0");
    assert_deliveries(*state,
                      IN_STATE(DELIVERY_WAITING, .connector = SLICE_LIT(""), .newest_first = true),
                      "5.0");
}

static void deliveries_are_filtered_by_cause_and_by_their_event(void **state)
{
    fill_deliveries(*state);
    assert_deliveries(*state, IN_STATE(DELIVERY_DEAD, .cause = SLICE_LIT("script")), "6.0");
    assert_deliveries(*state, FILTER(.type = SLICE_LIT("b")), "2.0 4.1 6.0");
    assert_deliveries(*state, FILTER(.channel = SLICE_LIT("other")), "");
    assert_deliveries(*state, FILTER(.key = SLICE_LIT("j")), "4.1");
}

static void deliveries_come_in_pages(void **state)
{
    fill_deliveries(*state);
    assert_deliveries(*state, FILTER(.limit = 2, .after_seq = delivery_seq(2, 0)), "3.0 4.1");
    assert_deliveries(*state, IN_STATE(DELIVERY_WAITING, .limit = 1), "1.0");
    assert_deliveries(
        *state, IN_STATE(DELIVERY_WAITING, .limit = 1, .after_seq = delivery_seq(1, 0)), "4.1");
}

static void a_type_may_be_a_beginning(void **state)
{
    fill_deliveries(*state);
    assert_events(*state, FILTER(.type = SLICE_LIT("a*"), .limit = 2), "1 3");
    assert_events(*state, FILTER(.type = SLICE_LIT("*"), .limit = 3), "1 2 3");
    assert_events(*state, FILTER(.type = SLICE_LIT("ab*")), "");
    assert_deliveries(*state, FILTER(.type = SLICE_LIT("b*")), "2.0 4.1 6.0");
}

static void events_are_found_by_the_connector_they_were_sent_to(void **state)
{
    fill_deliveries(*state);
    assert_events(*state, FILTER(.connector = SLICE_LIT("cal")), "1 2 3");
    assert_events(*state, FILTER(.connector = SLICE_LIT("dw"), .newest_first = true), "4");
}

#define ID_OF_2 "2-0123456789abcdef01234567"

static void deliveries_are_found_by_their_ids_and_their_events(void **state)
{
    struct fixture *f = *state;
    fill_deliveries(f);
    struct delivery_row row = fixture_delivery(2, 1, DELIVERY_DELIVERED);
    row.id = SLICE_LIT(ID_OF_2);
    put(f, row);
    fixture_settle(f);
    for (int down = 0; down < 2; down++) {
        assert_deliveries(f, FILTER(.id = SLICE_LIT(ID_OF_2), .newest_first = down), "2.1");
        assert_deliveries(f, IN_STATE(DELIVERY_DEAD, .id = row.id, .newest_first = down), "");
        assert_deliveries(f, FILTER(.id = SLICE_LIT("e3"), .newest_first = down), "4.1");
    }
    assert_deliveries(f, FILTER(.id = SLICE_LIT("2")), "2.0 2.1");
    assert_deliveries(f, FILTER(.id = row.id, .after_seq = delivery_seq(2, 1)), "");
    assert_deliveries(
        f, FILTER(.id = row.id, .newest_first = true, .after_seq = delivery_seq(2, 1)), "");
}

static void times_may_be_those_of_ends(void **state)
{
    struct fixture *f = *state;
    fill_events(f);
    struct delivery_row row = fixture_delivery(1, 0, DELIVERY_DEAD);
    row.created_ms = 1000;
    row.ended_ms = 5000;
    put(f, row);
    fixture_settle(f);
    assert_deliveries(f, FILTER(.since_ms = 4000), "");
    assert_deliveries(f, FILTER(.since_ms = 4000, .is_of_ends = true), "1.0");
    assert_deliveries(f, FILTER(.until_ms = 5000, .is_of_ends = true), "");
}

/* Pages of a list that looks at two rows each time: what it finds, and where it stops. */
static void assert_bound_pages(struct fixture *f, struct journal_filter filter, bool of_events,
                               const char *expected)
{
    struct list_of list = {0};
    struct journal_reader *r = fixture_reader(f);
    do {
        filter.after_seq = filter.through_seq;
        filter.through_seq = 0;
        buf_add_str(&list.seqs, list.seqs.len ? " |" : "|");
        struct err err = {0};
        int rc = of_events ? journal_bound_events(r, &filter, 2, &err)
                           : journal_bound_deliveries(r, &filter, 2, &err);
        assert_int_equal(rc, 0);
        rc = of_events ? journal_list_events(r, &filter, note_event, &list, &err)
                       : journal_list_deliveries(r, &filter, note_delivery, &list, &err);
        assert_int_equal(rc, 0);
    } while (filter.through_seq);
    assert_string_equal(list.seqs.data, expected);
    buf_deinit(&list.seqs);
    journal_reader_close(r);
}

static void a_page_looks_at_so_many_rows_and_no_more(void **state)
{
    struct fixture *f = *state;
    fill_deliveries(f);
    assert_bound_pages(f, FILTER(.key = SLICE_LIT("k0")), true, "| 1 | 4 | | 7 | 10 |");
    assert_bound_pages(f, FILTER(.key = SLICE_LIT("k0"), .newest_first = true), true,
                       "| 10 | 7 | | 4 | 1 |");
    assert_bound_pages(f, IN_STATE(EVENT_OPEN, .key = SLICE_LIT("k1")), true, "| 2 | 5 | | 8 |");
    assert_bound_pages(f, FILTER(.connector = SLICE_LIT("dw")), false, "| | 4.1 | |");
    assert_bound_pages(f, IN_STATE(DELIVERY_DEAD, .cause = SLICE_LIT("script")), false, "| 6.0 |");
    assert_bound_pages(f, IN_STATE(DELIVERY_WAITING, .newest_first = true), false,
                       "| 5.0 4.1 | 1.0");
}

static bool take_row(void *ctx, const struct delivery_row *row)
{
    const struct delivery_row *expected = ctx;
    const struct slice pairs[][2] = {
        {row->id, expected->id},           {row->connector, expected->connector},
        {row->handler, expected->handler}, {row->key, expected->key},
        {row->data, expected->data},       {row->transformer, expected->transformer},
        {row->cause, expected->cause},     {row->error, expected->error},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        assert_int_equal(pairs[i][0].data == NULL, pairs[i][1].data == NULL);
        assert_true(slice_is_equal(pairs[i][0], pairs[i][1]));
    }
    assert_int_equal(row->seq, expected->seq);
    assert_int_equal(row->has_key, expected->has_key);
    assert_int_equal(row->state, expected->state);
    assert_int_equal(row->attempts, expected->attempts);
    assert_int_equal(row->unknown, expected->unknown);
    assert_int_equal(row->created_ms, expected->created_ms);
    assert_int_equal(row->first_attempt_ms, expected->first_attempt_ms);
    assert_int_equal(row->due_ms, expected->due_ms);
    assert_int_equal(row->written_ms, expected->written_ms);
    assert_int_equal(row->expires_ms, expected->expires_ms);
    assert_int_equal(row->ended_ms, expected->ended_ms);
    return true;
}

static void a_delivery_is_found_by_its_public_id_as_it_was_put(void **state)
{
    struct fixture *f = *state;
    fill_events(f);
    struct delivery_row row = fixture_delivery(7, 3, DELIVERY_WAITING);
    row.transformer = SLICE_LIT("trim");
    row.data = SLICE_LIT("{\"a\":[]}");
    row.error = SLICE_LIT("503");
    row.unknown = true;
    row.attempts = 4;
    row.first_attempt_ms = 11;
    row.due_ms = 12;
    row.written_ms = 10;
    row.expires_ms = 13;
    put(f, row);
    struct delivery_row keyless = fixture_delivery(7, 4, DELIVERY_DELIVERED);
    keyless.id = SLICE_LIT("7-hash4");
    keyless.has_key = false;
    keyless.key = SLICE_NULL;
    keyless.ended_ms = 14;
    put(f, keyless);
    fixture_settle(f);
    row.id = SLICE_LIT("7-hash3");
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_find_delivery(r, row.id, take_row, &row, NULL), 0);
    assert_int_equal(journal_find_delivery(r, keyless.id, take_row, &keyless, NULL), 0);
    struct list_of list = {0};
    assert_int_equal(journal_find_delivery(r, SLICE_LIT("7-hash3"), note_delivery, &list, NULL), 0);
    assert_string_equal(list.seqs.data, "7.3");
    buf_clear(&list.seqs);
    assert_int_equal(journal_find_delivery(r, SLICE_LIT("8-hash3"), note_delivery, &list, NULL), 0);
    assert_int_equal(journal_find_delivery(r, SLICE_LIT("x"), note_delivery, &list, NULL), 0);
    assert_int_equal(list.seqs.len, 0);
    assert_int_equal(journal_event_deliveries(r, 7, note_delivery, &list, NULL), 0);
    assert_string_equal(list.seqs.data, "7.3 7.4");
    buf_deinit(&list.seqs);
    journal_reader_close(r);
}

static bool note_attempt(void *ctx, const struct attempt_row *attempt)
{
    buf_printf(ctx, "%u@%lld %lld %.*s %.*s;", attempt->n, (long long)attempt->at_ms,
               (long long)attempt->ms, SLICE_FMT(attempt->code), SLICE_FMT(attempt->answer));
    return true;
}

static void attempts_are_listed_in_order(void **state)
{
    struct fixture *f = *state;
    struct buf out = {0};
    fill_events(f);
    const struct delivery_row row = fixture_delivery(1, 0, DELIVERY_WAITING);
    const struct attempt_row first = {.n = 1, .at_ms = 5, .ms = 2, .code = SLICE_LIT("connect")};
    const struct attempt_row second = {
        .n = 2, .at_ms = 9, .ms = 3, .code = SLICE_LIT("503"), .answer = SLICE_LIT("no")};
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, &first, NULL, NULL);
    journal_put_delivery(f->journal, &row, DELIVERY_WAITING, &second, NULL, NULL);
    fixture_settle(f);
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_attempts(r, row.seq, note_attempt, &out, NULL), 0);
    assert_string_equal(out.data, "1@5 2 connect ;2@9 3 503 no;");
    journal_reader_close(r);
    buf_deinit(&out);
}

/* ---- Queued reads ---- */

struct job {
    struct list_of list;
    bool done;
};

static void run_job(struct journal_reader *r, void *ctx)
{
    struct job *job = ctx;
    const struct journal_filter filter = FILTER(.limit = 50);
    assert_int_equal(journal_list_events(r, &filter, note_event, &job->list, NULL), 0);
}

static void job_done(void *ctx)
{
    struct job *job = ctx;
    job->done = true;
}

static void a_queued_read_runs_and_is_told_from_dispatch(void **state)
{
    struct fixture *f = *state;
    struct job job = {.done = false};
    fill_events(f);
    journal_read(f->journal, run_job, job_done, &job);
    assert_false(job.done);
    assert_true(journal_step(f->journal));
    assert_false(job.done);
    journal_dispatch(f->journal);
    assert_true(job.done);
    assert_string_equal(job.list.seqs.data, "1 2 3 4 5 6 7 8 9 10");
    buf_deinit(&job.list.seqs);
}

static void a_view_stays_what_it_was_while_others_write(void **state)
{
    struct fixture *f = *state;
    struct list_of list = {0};
    fixture_append(f, "a");
    struct journal_reader *r = fixture_reader(f);
    const struct journal_filter filter = FILTER(.limit = 50);
    assert_int_equal(journal_list_events(r, &filter, note_event, &list, NULL), 0);
    fixture_append(f, "b");
    assert_int_equal(journal_list_events(r, &filter, note_event, &list, NULL), 0);
    assert_string_equal(list.seqs.data, "1 1");
    journal_reader_close(r);
    buf_deinit(&list.seqs);
    assert_events(f, filter, "1 2");
}

static void reading_and_writing_go_on_beside_each_other(void **state)
{
    struct fixture *f = *state;
    struct job jobs[50] = {{.done = false}};
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
        char id[16];
        snprintf(id, sizeof(id), "e%zu", i);
        journal_read(f->journal, run_job, job_done, &jobs[i]);
        assert_true(fixture_append(f, id) > 0);
    }
    while (!jobs[ARRAY_LEN(jobs) - 1].done) {
        sem_wait(&f->notified);
        journal_dispatch(f->journal);
    }
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
        assert_true(jobs[i].done);
        buf_deinit(&jobs[i].list.seqs);
    }
}

static void reads_left_at_the_end_are_dropped(void **state)
{
    struct fixture *f = *state;
    struct job job = {.done = false};
    journal_read(f->journal, run_job, job_done, &job);
    fixture_close(f);
    assert_false(job.done);
    buf_deinit(&job.list.seqs);
}

/* ---- what is shown of it all ---- */

static void put_dead(struct fixture *f, int64_t event_seq, const char *connector, const char *cause)
{
    struct delivery_row row = fixture_delivery(event_seq, 0, DELIVERY_DEAD);
    row.connector = slice_str(connector);
    row.cause = slice_str(cause);
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
}

static bool note_letter(void *ctx, struct slice connector, struct slice cause)
{
    struct list_of *list = ctx;
    buf_printf(&list->seqs, "%.*s/%.*s ", SLICE_FMT(connector), SLICE_FMT(cause));
    return --list->left != 0;
}

static void dead_letters_are_told_with_connector_and_cause(void **state)
{
    struct fixture *f = *state;
    struct list_of list = {0};
    struct err err = {0};
    for (int i = 0; i < 4; i++) {
        char id[16];
        snprintf(id, sizeof(id), "e%d", i);
        fixture_append(f, id);
    }
    put_dead(f, 1, "cal", "refused");
    put_dead(f, 2, NULL, "script");
    put_dead(f, 3, "out", "expired");
    struct delivery_row row = fixture_delivery(4, 0, DELIVERY_WAITING);
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
    row = fixture_delivery(3, 0, DELIVERY_DROPPED);
    journal_put_delivery(f->journal, &row, DELIVERY_DEAD, NULL, NULL, NULL);
    fixture_settle(f);
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_dead_letters(r, note_letter, &list, &err), 0);
    assert_string_equal(list.seqs.data, "cal/refused /script ");
    buf_deinit(&list.seqs);
    journal_reader_close(r);
}

static void each_commit_is_timed(void **state)
{
    struct fixture *f = *state;
    struct histogram commits;
    journal_commits(f->journal, &commits);
    assert_int_equal(histogram_count(&commits), 0);
    fixture_append(f, "a");
    fixture_append(f, "b");
    fixture_settle(f); /* nothing is queued: none */
    journal_commits(f->journal, &commits);
    assert_int_equal(histogram_count(&commits), 2);
}

static void a_missing_journal_cant_be_read(void **state)
{
    struct err err = {0};
    (void)state;
    assert_null(journal_reader_open("/nonexistent/journal.db", &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(events_are_listed_in_either_order),
        TEST(events_come_in_pages),
        TEST(events_are_filtered_by_what_they_are),
        TEST(events_are_filtered_by_time),
        TEST(events_are_filtered_by_state),
        TEST(an_event_is_found_by_the_senders_id_or_our_own),
        TEST(a_visit_that_says_stop_ends_the_list),
        TEST(deliveries_are_filtered_by_state),
        TEST(waiting_deliveries_are_found_by_connector_and_key),
        TEST(an_empty_connector_means_handlers),
        TEST(deliveries_are_filtered_by_cause_and_by_their_event),
        TEST(deliveries_come_in_pages),
        TEST(a_type_may_be_a_beginning),
        TEST(events_are_found_by_the_connector_they_were_sent_to),
        TEST(deliveries_are_found_by_their_ids_and_their_events),
        TEST(times_may_be_those_of_ends),
        TEST(a_page_looks_at_so_many_rows_and_no_more),
        TEST(a_delivery_is_found_by_its_public_id_as_it_was_put),
        TEST(attempts_are_listed_in_order),
        TEST(a_queued_read_runs_and_is_told_from_dispatch),
        TEST(a_view_stays_what_it_was_while_others_write),
        cmocka_unit_test_setup_teardown(reading_and_writing_go_on_beside_each_other,
                                        fixture_setup_threaded, fixture_teardown),
        TEST(reads_left_at_the_end_are_dropped),
        TEST(dead_letters_are_told_with_connector_and_cause),
        TEST(each_commit_is_timed),
        cmocka_unit_test(a_missing_journal_cant_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
