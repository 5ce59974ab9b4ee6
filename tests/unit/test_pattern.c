/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * event/pattern: which types a handler takes.
 */
#include "event/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool matches(const char *pattern, const char *type)
{
    return pattern_matches(slice_str(pattern), slice_str(type));
}

static void assert_refused(const char *pattern, const char *why)
{
    struct err err = {0};
    assert_int_equal(pattern_check(slice_str(pattern), &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.message, why));
}

static void a_type_matches_itself_alone(void **state)
{
    (void)state;
    assert_true(matches("schedule.updated", "schedule.updated"));
    assert_false(matches("schedule.updated", "schedule.updated2"));
    assert_false(matches("schedule.updated", "schedule.update"));
    assert_false(matches("schedule.updated", "Schedule.updated"));
}

static void a_beginning_matches_what_begins_so_up_to_its_dot(void **state)
{
    (void)state;
    assert_true(matches("schedule.*", "schedule.updated"));
    assert_true(matches("schedule.*", "schedule.a.b"));
    assert_false(matches("schedule.*", "schedules"));
    assert_false(matches("schedule.*", "schedule"));
    assert_false(matches("schedule.*", "reschedule.updated"));
}

static void a_star_matches_every_type(void **state)
{
    (void)state;
    assert_true(matches("*", "schedule.updated"));
    assert_true(matches("*", "x"));
}

static void dead_letters_are_taken_by_their_exact_type_alone(void **state)
{
    (void)state;
    assert_true(matches("sync.deadletter", "sync.deadletter"));
    assert_false(matches("*", "sync.deadletter"));
    assert_false(matches("sync.*", "sync.deadletter"));
    assert_true(matches("sync.*", "sync.deadletters"));
}

static void types_beginnings_and_a_star_are_patterns(void **state)
{
    static const char *const good[] = {"a", "a.b", "a.*", "a.b.*", "*"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_int_equal(pattern_check(slice_str(good[i]), NULL), 0);
}

static void a_star_elsewhere_is_refused_with_the_way_to_write_it(void **state)
{
    static const char *const bad[] = {"schedule*", "*.updated", "a.*.b", "a.**", "**", ".*"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_refused(bad[i], "as in \"schedule.*\"");
}

static void an_empty_pattern_is_refused(void **state)
{
    (void)state;
    assert_refused("", "the type is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_matches_itself_alone),
        cmocka_unit_test(a_beginning_matches_what_begins_so_up_to_its_dot),
        cmocka_unit_test(a_star_matches_every_type),
        cmocka_unit_test(dead_letters_are_taken_by_their_exact_type_alone),
        cmocka_unit_test(types_beginnings_and_a_star_are_patterns),
        cmocka_unit_test(a_star_elsewhere_is_refused_with_the_way_to_write_it),
        cmocka_unit_test(an_empty_pattern_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
