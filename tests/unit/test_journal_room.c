/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: how often its room is measured, which costs as much as a part of a commit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "journal_fixture.h"

#define MB (INT64_C(1) << 20)
#define HOUR_MS INT64_C(3600000)

static int n_looks;

static int64_t look_at_disk(const char *path)
{
    (void)path;
    n_looks++;
    return INT64_C(1000000) * MB;
}

/* Each in a commit of its own. */
static void append(struct fixture *f, const char *name, int n)
{
    char id[16];
    for (int i = 0; i < n; i++) {
        snprintf(id, sizeof(id), "%s%d", name, i);
        fixture_append(f, id);
    }
}

static void with_room_it_is_measured_after_a_while_or_when_much_was_written(void **state)
{
    struct fixture *f = *state;
    f->disk_free = look_at_disk;
    f->retention = (struct journal_retention){.disk_free_min = 1024 * MB};
    fixture_open(f);
    append(f, "first", 10);
    clock_fake_advance(&f->clock, HOUR_MS); /* nothing is over, the sweep rests */
    fixture_settle(f);
    n_looks = 0;
    append(f, "soon", 20);
    assert_int_equal(n_looks, 0);
    clock_fake_advance(&f->clock, 100);
    append(f, "later", 1);
    assert_int_equal(n_looks, 1);
    append(f, "much", 2000);
    assert_in_range(n_looks, 2, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            with_room_it_is_measured_after_a_while_or_when_much_was_written, fixture_setup_closed,
            fixture_teardown),
    };
    return cmocka_run_group_tests_name("journal_room", tests, NULL, NULL);
}
