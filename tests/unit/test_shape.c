/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What values have in common, as annotations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/shape.h"

#define SAMPLES(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct shape *shape_of(const char *const *samples)
{
    struct shape *s = shape_new();
    for (; *samples; samples++)
        shape_add(s, slice_str(*samples));
    return s;
}

static void expect_type(const char *const *samples, const char *expected)
{
    struct shape *s = shape_of(samples);
    struct buf out = {0};
    shape_write_type(s, "x", &out);
    assert_string_equal(out.data, expected);
    buf_deinit(&out);
    shape_free(s);
}

static void expect_classes(const char *const *samples, const char *expected)
{
    struct shape *s = shape_of(samples);
    struct buf out = {0};
    shape_write_classes(s, "x", &out);
    assert_string_equal(out.data, expected);
    buf_deinit(&out);
    shape_free(s);
}

static void a_type_is_what_all_samples_were(void **state)
{
    (void)state;
    expect_type(SAMPLES("\"a\"", " \"b\" "), "string");
    expect_type(SAMPLES("\"a\"", "null"), "string|Null");
    expect_type(SAMPLES("true", "7", "false"), "integer|boolean");
    expect_type(SAMPLES("{\"a\":1}", "[]", "\"s\""), "x|any[]|string");
    expect_type(SAMPLES("{}"), "table");
    expect_type((const char *const[]){NULL}, "any");
}

static void numbers_are_whole_exact_or_any(void **state)
{
    (void)state;
    expect_type(SAMPLES("-7", "9007199254740992"), "integer");
    expect_type(SAMPLES("7", "1.5"), "number");
    expect_type(SAMPLES("1e3"), "number");
    expect_type(SAMPLES("7", "12345678901234567890"), "integer|ExactNumber");
}

static void a_list_is_of_all_that_its_elements_were(void **state)
{
    (void)state;
    expect_type(SAMPLES("[]"), "any[]");
    expect_type(SAMPLES("[1, 2]"), "integer[]");
    expect_type(SAMPLES("[1, \"a\"]", "[null]"), "(string|integer|Null)[]");
    expect_type(SAMPLES("[[1], []]"), "integer[][]");
    expect_type(SAMPLES("[{\"a\":1}]"), "x[]");
}

static void a_field_that_some_objects_lack_is_marked(void **state)
{
    (void)state;
    expect_classes(SAMPLES("{\"a\":1,\"b\":null}", "{\"a\":2}"), "\n---@class x\n"
                                                                 "---@field a integer\n"
                                                                 "---@field b? Null\n");
}

static void an_object_in_an_object_or_list_is_a_class_of_its_own(void **state)
{
    (void)state;
    expect_classes(SAMPLES("{\"room\":{\"no\":1},\"slots\":[{\"from\":\"9\"},{}]}"),
                   "\n---@class x\n"
                   "---@field room x.room\n"
                   "---@field slots x.slots[]\n"
                   "\n---@class x.room\n"
                   "---@field no integer\n"
                   "\n---@class x.slots\n"
                   "---@field from? string\n");
}

static void a_name_that_lua_would_not_take_is_quoted(void **state)
{
    (void)state;
    expect_classes(
        SAMPLES("{\"end\":1,\"odd name\":2,\"a\\\"b\\\\\\n\":3,\"\":4,\"7\":5,\"zürich\":6}"),
        "\n---@class x\n"
        "---@field [\"end\"] integer\n"
        "---@field [\"odd name\"] integer\n"
        "---@field [\"a\\\"b\\\\\\010\"] integer\n"
        "---@field [\"\"] integer\n"
        "---@field [\"7\"] integer\n"
        "---@field [\"zürich\"] integer\n");
}

static void a_class_is_named_by_what_may_stand_in_a_name(void **state)
{
    (void)state;
    expect_classes(SAMPLES("{\"a b\":{\"c\":1}}"), "\n---@class x\n"
                                                   "---@field [\"a b\"] x.a_b\n"
                                                   "\n---@class x.a_b\n"
                                                   "---@field c integer\n");
}

/* {"k0":{"n":0},"k1":{"n":1},…} */
static struct shape *shape_of_many(size_t n)
{
    struct buf json = {0};
    struct shape *s = shape_new();
    buf_add_char(&json, '{');
    for (size_t i = 0; i < n; i++)
        buf_printf(&json, "%s\"k%zu\":{\"n\":%zu}", i ? "," : "", i, i);
    buf_add_char(&json, '}');
    shape_add(s, buf_slice(&json));
    buf_deinit(&json);
    return s;
}

static void an_object_of_very_many_names_is_a_table_by_keys(void **state)
{
    (void)state;
    struct shape *s = shape_of_many(SHAPE_FIELDS_MAX + 1);
    struct buf out = {0};
    shape_add(s, SLICE_LIT("{\"other\":{\"m\":true}}"));
    shape_write_type(s, "x", &out);
    assert_string_equal(out.data, "table<string, x>");
    buf_clear(&out);
    shape_write_classes(s, "x", &out);
    assert_string_equal(out.data, "\n---@class x\n---@field n? integer\n---@field m? boolean\n");
    buf_deinit(&out);
    shape_free(s);

    s = shape_of_many(SHAPE_FIELDS_MAX);
    shape_write_type(s, "x", &out);
    assert_string_equal(out.data, "x");
    buf_deinit(&out);
    shape_free(s);
}

static void what_lies_too_deep_is_anything(void **state)
{
    (void)state;
    struct buf json = {0}, expected = {0};
    for (size_t i = 0; i < SHAPE_DEPTH_MAX + 5; i++)
        buf_add_char(&json, '[');
    for (size_t i = 0; i < SHAPE_DEPTH_MAX + 5; i++)
        buf_add_char(&json, ']');
    buf_add_str(&expected, "any");
    for (size_t i = 0; i < SHAPE_DEPTH_MAX; i++)
        buf_add_str(&expected, "[]");
    expect_type(SAMPLES(json.data), expected.data);
    buf_deinit(&json);
    buf_deinit(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_is_what_all_samples_were),
        cmocka_unit_test(numbers_are_whole_exact_or_any),
        cmocka_unit_test(a_list_is_of_all_that_its_elements_were),
        cmocka_unit_test(a_field_that_some_objects_lack_is_marked),
        cmocka_unit_test(an_object_in_an_object_or_list_is_a_class_of_its_own),
        cmocka_unit_test(a_name_that_lua_would_not_take_is_quoted),
        cmocka_unit_test(a_class_is_named_by_what_may_stand_in_a_name),
        cmocka_unit_test(an_object_of_very_many_names_is_a_table_by_keys),
        cmocka_unit_test(what_lies_too_deep_is_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
