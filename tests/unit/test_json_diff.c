/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json_diff.h"

struct told {
    struct buf text;
    size_t n, max;
};

static bool note(void *ctx, struct slice path, struct slice before, struct slice after)
{
    struct told *told = ctx;
    assert_non_null(path.data);
    buf_printf(&told->text, "%.*s: %.*s -> %.*s\n", SLICE_FMT(path),
               SLICE_FMT(before.data ? before : SLICE_LIT("nothing")),
               SLICE_FMT(after.data ? after : SLICE_LIT("nothing")));
    return ++told->n < told->max;
}

static void assert_diff(const char *before, const char *after, const char *expected)
{
    struct told told = {.max = 100};
    buf_add_str(&told.text, "");
    assert_true(json_diff(slice_str(before), slice_str(after), note, &told));
    assert_string_equal(told.text.data, expected);
    buf_deinit(&told.text);
}

static void tells_nothing_of_what_means_the_same(void **state)
{
    (void)state;
    assert_diff("{\"a\":[1,{}],\"b\":null}", " {\"b\" : null, \"a\":[1.0,{ }]}", "");
    assert_diff("1e2", "100", "");
}

static void tells_each_place(void **state)
{
    (void)state;
    assert_diff("{\"a\":{\"b\":[1,2],\"x y\":1,\"same\":1}}",
                "{\"a\":{\"b\":[1,3],\"x y\":2,\"same\":1}}",
                "a.b[2]: 2 -> 3\n"
                "a[\"x y\"]: 1 -> 2\n");
    assert_diff("[[1],\"1\"]", "[[2],1]", "[1][1]: 1 -> 2\n[2]: \"1\" -> 1\n");
}

static void tells_what_is_there_on_one_side(void **state)
{
    (void)state;
    assert_diff("{\"a\":1,\"c\":3,\"d\":[1,2]}", "{\"b\":{\"x\":1},\"c\":3,\"d\":[1]}",
                "a: 1 -> nothing\n"
                "b: nothing -> {\"x\":1}\n"
                "d[2]: 2 -> nothing\n");
    assert_diff("[]", "[null]", "[1]: nothing -> null\n");
}

static void tells_the_whole_of_different_kinds(void **state)
{
    (void)state;
    assert_diff("{}", "[]", ": {} -> []\n");
    assert_diff("{\"a\":{}}", "{\"a\":null}", "a: {} -> null\n");
}

static void takes_the_last_of_members_with_one_name(void **state)
{
    (void)state;
    assert_diff("{\"a\":1,\"a\":2,\"z\":0}", "{\"z\":1,\"a\":2}", "z: 0 -> 1\n");
    assert_diff("{\"\\u0061\":1}", "{\"a\":2}", "a: 1 -> 2\n");
}

static void ends_when_it_is_told_to(void **state)
{
    (void)state;
    struct told told = {.max = 2};
    assert_false(json_diff(SLICE_LIT("[1,[2,3],4]"), SLICE_LIT("[0,[0,0],0]"), note, &told));
    assert_int_equal(told.n, 2);
    buf_deinit(&told.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_nothing_of_what_means_the_same),
        cmocka_unit_test(tells_each_place),
        cmocka_unit_test(tells_what_is_there_on_one_side),
        cmocka_unit_test(tells_the_whole_of_different_kinds),
        cmocka_unit_test(takes_the_last_of_members_with_one_name),
        cmocka_unit_test(ends_when_it_is_told_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
