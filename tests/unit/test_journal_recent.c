/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/recent: the newest identities of a channel.
 */
#include "journal/recent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"

static bool add_to(struct recent *r, const char *channel, uint64_t n)
{
    unsigned char identity[IDENTITY_LEN] = {0};
    memcpy(identity, &n, sizeof(n));
    return recent_add(r, slice_str(channel), identity);
}

static bool add(struct recent *r, uint64_t n)
{
    return add_to(r, "a", n);
}

static void what_was_added_is_known(void **state)
{
    (void)state;
    struct recent *r = recent_new(10);
    assert_true(add(r, 1));
    assert_false(add(r, 1));
    assert_true(add(r, 2));
    recent_commit(r);
    assert_false(add(r, 1));
    assert_false(add(r, 2));
    assert_int_equal(recent_count(r, SLICE_LIT("a")), 2);
    recent_free(r);
}

static void channels_dont_know_each_others(void **state)
{
    (void)state;
    struct recent *r = recent_new(10);
    assert_true(add_to(r, "a", 1));
    assert_true(add_to(r, "b", 1));
    assert_false(add_to(r, "a", 1));
    assert_int_equal(recent_count(r, SLICE_LIT("c")), 0);
    recent_free(r);
}

static void beyond_the_capacity_the_oldest_is_forgotten(void **state)
{
    (void)state;
    struct recent *r = recent_new(100);
    for (uint64_t n = 0; n < 100; n++)
        assert_true(add(r, n));
    recent_commit(r);
    assert_false(add(r, 0));
    assert_true(add(r, 100));
    recent_commit(r);
    assert_false(add(r, 1));
    assert_true(add(r, 0));
    assert_int_equal(recent_count(r, SLICE_LIT("a")), 100);
    recent_free(r);
}

static void the_bound_holds_within_a_group_too(void **state)
{
    (void)state;
    struct recent *r = recent_new(3);
    for (uint64_t n = 0; n < 4; n++)
        assert_true(add(r, n));
    assert_false(add(r, 1));
    assert_true(add(r, 0)); /* the fourth newest before, and now the newest */
    assert_false(add(r, 0));
    assert_true(add(r, 1));
    recent_commit(r);
    assert_false(add(r, 3));
    assert_false(add(r, 0));
    assert_false(add(r, 1));
    assert_true(add(r, 2));
    recent_free(r);
}

static void a_rollback_takes_back_what_came_since_the_commit(void **state)
{
    (void)state;
    struct recent *r = recent_new(3);
    for (uint64_t n = 0; n < 3; n++)
        assert_true(add(r, n));
    recent_commit(r);
    for (uint64_t n = 10; n < 15; n++)
        assert_true(add(r, n));
    recent_rollback(r);
    for (uint64_t n = 0; n < 3; n++)
        assert_false(add(r, n));
    assert_true(add(r, 10));
    recent_free(r);
}

static bool enters(struct recent *r, int64_t seq)
{
    return recent_enters_block(r, SLICE_LIT("a"), recent_block(seq));
}

static void a_block_is_entered_once_and_again_when_that_was_taken_back(void **state)
{
    (void)state;
    struct recent *r = recent_new(3);
    assert_true(enters(r, 1));
    assert_false(enters(r, 63));
    recent_rollback(r);
    assert_true(enters(r, 1));
    recent_commit(r);
    assert_true(enters(r, 64));
    assert_false(enters(r, 65));
    recent_rollback(r);
    assert_false(enters(r, 2));
    assert_true(recent_enters_block(r, SLICE_LIT("b"), 0));
    recent_free(r);
}

/* A slow model: the newest `capacity` numbers in a row. */
struct model {
    uint64_t numbers[4000];
    size_t len, committed, capacity;
};

static bool model_add(struct model *m, uint64_t n)
{
    size_t oldest = m->len > m->capacity ? m->len - m->capacity : 0;
    for (size_t i = oldest; i < m->len; i++) {
        if (m->numbers[i] == n)
            return false;
    }
    m->numbers[m->len++] = n;
    return true;
}

static void it_does_as_a_plain_list_does_whatever_comes(void **state)
{
    struct rng rng;
    struct model m = {.capacity = 150};
    struct recent *r = recent_new(m.capacity);
    (void)state;
    rng_init(&rng, 7);
    for (int i = 0; i < 3900; i++) {
        uint64_t n = rng_upto(&rng, 400);
        assert_int_equal(add(r, n), model_add(&m, n));
        uint64_t what = rng_upto(&rng, 20);
        if (what == 0) {
            recent_commit(r);
            m.committed = m.len;
        } else if (what == 1) {
            recent_rollback(r);
            m.len = m.committed;
        }
    }
    assert_true(m.len > 1000);
    recent_free(r);
}

static void two_hundred_thousand_are_held(void **state)
{
    (void)state;
    struct recent *r = recent_new(200000);
    for (uint64_t n = 0; n < 200001; n++) {
        assert_true(add(r, n));
        if (n % 1000 == 0)
            recent_commit(r);
    }
    recent_commit(r);
    assert_false(add(r, 1));
    assert_true(add(r, 0));
    recent_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_known),
        cmocka_unit_test(channels_dont_know_each_others),
        cmocka_unit_test(beyond_the_capacity_the_oldest_is_forgotten),
        cmocka_unit_test(the_bound_holds_within_a_group_too),
        cmocka_unit_test(a_rollback_takes_back_what_came_since_the_commit),
        cmocka_unit_test(a_block_is_entered_once_and_again_when_that_was_taken_back),
        cmocka_unit_test(it_does_as_a_plain_list_does_whatever_comes),
        cmocka_unit_test(two_hundred_thousand_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
