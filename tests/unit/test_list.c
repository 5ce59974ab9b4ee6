/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The intrusive list.
 */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
    int value;
    struct list link;
};

/* The values in order, as the digits of a number. */
static int digits(struct list *l)
{
    int number = 0;
    list_each (it, l)
        number = number * 10 + list_entry(it, struct item, link)->value;
    return number;
}

static void keeps_the_order_of_both_ends(void **state)
{
    (void)state;
    struct list l;
    struct item items[] = {{.value = 1}, {.value = 2}, {.value = 3}};
    list_init(&l);
    assert_true(list_is_empty(&l));
    list_add_tail(&l, &items[1].link);
    list_add_tail(&l, &items[2].link);
    list_add_head(&l, &items[0].link);
    assert_int_equal(digits(&l), 123);
    assert_ptr_equal(list_first(&l, struct item, link), &items[0]);
}

static void a_link_may_be_removed_twice(void **state)
{
    (void)state;
    struct list l;
    struct item items[] = {{.value = 1}, {.value = 2}, {.value = 3}};
    list_init(&l);
    for (int i = 0; i < 3; i++)
        list_add_tail(&l, &items[i].link);
    list_remove(&items[1].link);
    list_remove(&items[1].link);
    assert_int_equal(digits(&l), 13);
    assert_true(list_is_empty(&items[1].link));
}

static void the_current_link_may_be_removed_while_walking(void **state)
{
    (void)state;
    struct list l;
    struct item items[] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
    list_init(&l);
    for (int i = 0; i < 4; i++)
        list_add_tail(&l, &items[i].link);
    list_each (it, &l) {
        if (list_entry(it, struct item, link)->value % 2 == 0)
            list_remove(it);
    }
    assert_int_equal(digits(&l), 13);
}

static void splice_moves_all_behind_the_last(void **state)
{
    (void)state;
    struct list a, b;
    struct item items[] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
    list_init(&a);
    list_init(&b);
    list_splice_tail(&a, &b);
    assert_true(list_is_empty(&a));
    for (int i = 0; i < 4; i++)
        list_add_tail(i < 2 ? &a : &b, &items[i].link);
    list_splice_tail(&a, &b);
    assert_int_equal(digits(&a), 1234);
    assert_true(list_is_empty(&b));
    list_splice_tail(&b, &a);
    assert_int_equal(digits(&b), 1234);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order_of_both_ends),
        cmocka_unit_test(a_link_may_be_removed_twice),
        cmocka_unit_test(the_current_link_may_be_removed_while_walking),
        cmocka_unit_test(splice_moves_all_behind_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
