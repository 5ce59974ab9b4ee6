/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * admin/figures: what metrics read of a journal, and when letters are counted anew.
 */
#include "admin/figures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "journal_fixture.h"

static int64_t put(struct fixture *f, const char *connector, enum delivery_state state,
                   const char *cause, int64_t created_ms)
{
    static int n;
    char id[16];
    snprintf(id, sizeof(id), "e%d", n++);
    int64_t event_seq = fixture_append(f, id);
    struct delivery_row row = fixture_delivery(event_seq, 0, state);
    row.connector = slice_str(connector);
    row.cause = slice_str(cause);
    row.created_ms = created_ms;
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
    return event_seq;
}

static int64_t value(const struct list *figures, const char *scope, const char *name,
                     const char *term)
{
    const struct figure *f =
        figures_find(figures, slice_str(scope), slice_str(name), slice_str(term));
    return f ? f->value : -1;
}

static void read_all(struct fixture *f, struct figures *figures)
{
    fixture_settle(f);
    struct journal_reader *reader = fixture_reader(f);
    figures_read(figures, reader);
    journal_reader_close(reader);
}

static void sums_are_found_by_scope_name_and_term(void **state)
{
    struct fixture *f = *state;
    struct figures figures;
    put(f, FIXTURE_CHANNEL, DELIVERY_DEAD, "refused", 1); /* a connector of the channel's name */
    figures_init(&figures);
    read_all(f, &figures);
    assert_true(figures.is_read);
    assert_int_equal(value(&figures.sums, "channel", FIXTURE_CHANNEL, "received"), 1);
    assert_int_equal(value(&figures.sums, "channel", FIXTURE_CHANNEL, "dead"), 0);
    assert_int_equal(value(&figures.sums, "connector", FIXTURE_CHANNEL, "dead"), 1);
    assert_int_equal(value(&figures.sums, "connector", FIXTURE_CHANNEL, "received"), -1);
    assert_true(list_is_empty(&figures.letters)); /* it wasn't asked for them */
    figures_deinit(&figures);
}

static void letters_are_counted_by_connector_and_cause(void **state)
{
    struct fixture *f = *state;
    struct figures figures;
    for (int i = 0; i < 3; i++)
        put(f, "crm", DELIVERY_DEAD, "refused", 1);
    put(f, "erp", DELIVERY_DEAD, "refused", 1);
    put(f, "crm", DELIVERY_DEAD, "script", 1);
    put(f, NULL, DELIVERY_DEAD, "script", 1);
    put(f, "crm", DELIVERY_DEAD, "refused", 1);
    put(f, "crm", DELIVERY_DELIVERED, NULL, 1);
    figures_init(&figures);
    figures.counts_letters = true;
    read_all(f, &figures);
    assert_int_equal(value(&figures.letters, NULL, "crm", "refused"), 4);
    assert_int_equal(value(&figures.letters, NULL, "erp", "refused"), 1);
    assert_int_equal(value(&figures.letters, NULL, "crm", "script"), 1);
    assert_int_equal(value(&figures.letters, NULL, "", "script"), 1);
    figures_deinit(&figures);
}

static void the_oldest_is_the_first_in_order_of_those_asked_for(void **state)
{
    struct fixture *f = *state;
    struct figures figures;
    put(f, "crm", DELIVERY_DELIVERED, NULL, 100);
    put(f, "crm", DELIVERY_WAITING, NULL, 200);
    put(f, "erp", DELIVERY_WAITING, NULL, 300);
    put(f, "crm", DELIVERY_WAITING, NULL, 400);
    figures_init(&figures);
    figures_add(&figures.waiting, SLICE_NULL, SLICE_LIT("crm"), SLICE_NULL, 0);
    figures_add(&figures.waiting, SLICE_NULL, SLICE_LIT("idle"), SLICE_NULL, 0);
    read_all(f, &figures);
    assert_int_equal(value(&figures.waiting, NULL, "crm", NULL), 200);
    assert_int_equal(value(&figures.waiting, NULL, "idle", NULL), 0);
    assert_int_equal(value(&figures.waiting, NULL, "erp", NULL), -1);
    figures_deinit(&figures);
}

static void what_is_read_by_half_is_not_shown(void **state)
{
    struct fixture *f = *state;
    struct figures figures;
    put(f, "crm", DELIVERY_DEAD, "refused", 1);
    fixture_settle(f);
    fixture_exec(f, "DROP INDEX deliveries_dead");
    figures_init(&figures);
    figures.counts_letters = true;
    read_all(f, &figures);
    assert_false(figures.is_read);
    assert_int_not_equal(figures.err.code, ERR_NONE);
    assert_true(list_is_empty(&figures.sums));

    struct letters_count count;
    letters_count_init(&count);
    letters_count_take(&count, &figures, 0);
    assert_false(count.is_known);
    letters_count_deinit(&count);
    figures_deinit(&figures);
}

/* Counting that takes 10 ms may be done again half a second later. */
static void letters_are_counted_anew_in_proportion(void **state)
{
    (void)state;
    struct figures figures;
    struct letters_count count;
    figures_init(&figures);
    letters_count_init(&count);
    assert_true(letters_count_is_due(&count, 0));

    figures.is_read = figures.counts_letters = true;
    figures.letters_us = 10000;
    figures_add(&figures.letters, SLICE_NULL, SLICE_LIT("crm"), SLICE_LIT("refused"), 7);
    letters_count_take(&count, &figures, 1000000);
    assert_int_equal(value(&count.found, NULL, "crm", "refused"), 7);
    assert_true(list_is_empty(&figures.letters));
    assert_false(letters_count_is_due(&count, 1499999));
    assert_true(letters_count_is_due(&count, 1500000));

    figures.counts_letters = false; /* it wasn't: what is known stands */
    letters_count_take(&count, &figures, 2000000);
    assert_int_equal(value(&count.found, NULL, "crm", "refused"), 7);
    figures.counts_letters = true; /* there are none any more */
    letters_count_take(&count, &figures, 2000000);
    assert_int_equal(value(&count.found, NULL, "crm", "refused"), -1);
    letters_count_deinit(&count);
    figures_deinit(&figures);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(sums_are_found_by_scope_name_and_term),
        TEST(letters_are_counted_by_connector_and_cause),
        TEST(the_oldest_is_the_first_in_order_of_those_asked_for),
        TEST(what_is_read_by_half_is_not_shown),
        cmocka_unit_test(letters_are_counted_anew_in_proportion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
