/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Whether two JSON texts mean the same.
 */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"

static void assert_same(const char *a, const char *b, bool same)
{
    if (json_is_same(slice_str(a), slice_str(b)) != same ||
        json_is_same(slice_str(b), slice_str(a)) != same)
        fail_msg("%s and %s", a, b);
}

static void scalars_are_the_same_by_value(void **state)
{
    (void)state;
    assert_same("null", " null ", true);
    assert_same("true", "false", false);
    assert_same("null", "false", false);
    assert_same("1", "1.0", true);
    assert_same("1", "true", false);
    assert_same("1", "\"1\"", false);
    assert_same("-1", "1", false);
    assert_same("10000000000000000000001", "10000000000000000000002", false);
    assert_same("\"a\"", "\"\\u0061\"", true);
    assert_same("\"\\u20ac\\n\"", "\"\xE2\x82\xAC\\u000a\"", true);
    assert_same("\"a\"", "\"b\"", false);
    assert_same("\"\\u0000\"", "\"\"", false);
    assert_same("[]", "{}", false);
    assert_same("[]", "null", false);
}

static void arrays_are_the_same_in_order(void **state)
{
    (void)state;
    assert_same("[1,[2],3]", "[1.0, [2e0] ,3]", true);
    assert_same("[1,2]", "[2,1]", false);
    assert_same("[1,2]", "[1,2,3]", false);
    assert_same("[]", "[null]", false);
    assert_same("[[],[1]]", "[[1],[]]", false);
}

static void objects_are_the_same_in_any_order(void **state)
{
    (void)state;
    assert_same("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true);
    assert_same("{\"a\":1,\"b\":2}", "{\"b\":1,\"a\":2}", false);
    assert_same("{\"a\":{\"c\":[{}],\"d\":2},\"b\":2}", "{\"b\":2,\"a\":{\"d\":2,\"c\":[{}]}}",
                true);
    assert_same("{\"\\u0061\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true);
    assert_same("{\"a\":1}", "{\"a\":1,\"b\":2}", false);
    assert_same("{\"a\":null}", "{}", false);
    assert_same("{\"a\":1}", "{\"aa\":1}", false);
    assert_same("{\"\":1}", "{}", false);
}

static void of_members_with_one_name_the_last_counts(void **state)
{
    (void)state;
    assert_same("{\"a\":1,\"a\":2}", "{\"a\":2}", true);
    assert_same("{\"a\":1,\"a\":2}", "{\"a\":1}", false);
    assert_same("{\"a\":1,\"b\":0,\"\\u0061\":2}", "{\"b\":0,\"a\":2}", true);
    assert_same("{\"a\":2,\"a\":1}", "{\"a\":1,\"a\":2}", false);
}

static void malformed_text_is_the_same_as_nothing(void **state)
{
    (void)state;
    assert_same("[1", "[1", false);
    assert_same("", "", false);
    assert_same("[1", "[1]", false);
    assert_same("1 1", "1", false);
}

static void add_members(struct buf *b, size_t n, size_t step)
{
    buf_add_char(b, '{');
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%s\"name%zu\":%zu", i > 0 ? "," : "", i * step % n, i * step % n);
    buf_add_char(b, '}');
}

/* 200,000 members in another order: comparing each with each would take minutes. */
static void large_objects_take_no_quadratic_time(void **state)
{
    (void)state;
    struct buf a = {0}, b = {0};
    add_members(&a, 200000, 1);
    add_members(&b, 200000, 77777);
    assert_true(json_is_same(buf_slice(&a), buf_slice(&b)));
    buf_deinit(&a);
    buf_deinit(&b);
}

/* ---- Generated documents -------------------------------------------------------------------- */

static void add_scalar(struct rng *rng, struct buf *out)
{
    static const char *const scalars[] = {
        "null",  "true", "false",         "0",           "-1.50",
        "1e300", "\"\"", "\"a\\\"b\\n\"", "\"\\u20ac\"", "12345678901234567890"};
    buf_add_str(out, scalars[rng_upto(rng, ARRAY_LEN(scalars) - 1)]);
}

static void add_space(struct rng *rng, struct buf *out)
{
    static const char *const spaces[] = {"", "", " ", "\n\t", "\r\n"};
    buf_add_str(out, spaces[rng_upto(rng, ARRAY_LEN(spaces) - 1)]);
}

/* Any document. */
static void add_value(struct rng *rng, struct buf *out, unsigned depth)
{
    uint64_t kind = rng_upto(rng, 3);
    add_space(rng, out);
    if (depth == 0 || kind < 2) {
        add_scalar(rng, out);
    } else {
        buf_add_char(out, kind == 2 ? '[' : '{');
        for (uint64_t i = 0, n = rng_upto(rng, 5); i < n; i++) {
            if (i > 0)
                buf_add_char(out, ',');
            add_space(rng, out);
            if (kind == 3)
                buf_printf(out, "\"k%u\\u006%u\" :", (unsigned)i, (unsigned)rng_upto(rng, 9));
            add_value(rng, out, depth - 1);
        }
        add_space(rng, out);
        buf_add_char(out, kind == 2 ? ']' : '}');
    }
    add_space(rng, out);
}

/* Writes the value that follows anew from what the reader gives: members in reverse, strings
   escaped anew. */
static void rewrite(struct slice value, struct buf *out)
{
    struct json_reader r;
    json_reader_init(&r, value);
    enum json_token t = json_next(&r);
    struct buf part = {0}, all = {0};
    while (t == JSON_OBJECT_BEGIN || t == JSON_ARRAY_BEGIN) {
        enum json_token next = json_next(&r);
        if (next == JSON_OBJECT_END || next == JSON_ARRAY_END)
            break;
        bool member = next == JSON_KEY;
        struct slice source;
        buf_clear(&part);
        if (member) {
            json_add_string(&part, r.text);
            buf_add_char(&part, ':');
        }
        assert_int_equal(json_skip(&r, &source), 0);
        rewrite(source, &part);
        if (all.len > 0)
            buf_add_char(member ? &part : &all, ',');
        if (member)
            buf_add_slice(&part, buf_slice(&all));
        else
            buf_add_slice(&all, buf_slice(&part));
        if (member) {
            buf_clear(&all);
            buf_add_slice(&all, buf_slice(&part));
        }
    }
    if (t == JSON_OBJECT_BEGIN || t == JSON_ARRAY_BEGIN)
        buf_printf(out, t == JSON_OBJECT_BEGIN ? "{%.*s}" : "[%.*s]", SLICE_FMT(buf_slice(&all)));
    else if (t == JSON_STRING)
        json_add_string(out, r.text);
    else
        buf_add_slice(out, r.text);
    buf_deinit(&part);
    buf_deinit(&all);
    json_reader_deinit(&r);
}

static void a_document_stays_the_same_when_it_is_written_anew(void **state)
{
    (void)state;
    struct rng rng;
    struct buf doc = {0}, compact = {0}, anew = {0};
    rng_init(&rng, 2026);
    for (int round = 0; round < 5000; round++) {
        buf_clear(&doc);
        buf_clear(&compact);
        buf_clear(&anew);
        add_value(&rng, &doc, 5);
        assert_int_equal(json_check(buf_slice(&doc), NULL), 0);
        json_compact(&compact, buf_slice(&doc));
        assert_true(json_is_same(buf_slice(&doc), buf_slice(&compact)));
        rewrite(slice_trim(buf_slice(&doc)), &anew);
        assert_int_equal(json_check(buf_slice(&anew), NULL), 0);
        if (!json_is_same(buf_slice(&doc), buf_slice(&anew)))
            fail_msg("%s and %s", doc.data, anew.data);
    }
    buf_deinit(&doc);
    buf_deinit(&compact);
    buf_deinit(&anew);
}

/* One digit or letter changed: never the same document any more. */
static void a_document_with_one_scalar_changed_is_another(void **state)
{
    (void)state;
    struct rng rng;
    struct buf doc = {0}, other = {0};
    size_t changed = 0;
    rng_init(&rng, 2027);
    for (int round = 0; round < 5000; round++) {
        buf_clear(&doc);
        buf_clear(&other);
        add_value(&rng, &doc, 5);
        buf_add_slice(&other, buf_slice(&doc));
        char *at = strstr(other.data, "345678");
        if (!at)
            continue;
        *at = '4';
        changed++;
        assert_false(json_is_same(buf_slice(&doc), buf_slice(&other)));
    }
    assert_true(changed > 100);
    buf_deinit(&doc);
    buf_deinit(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_the_same_by_value),
        cmocka_unit_test(arrays_are_the_same_in_order),
        cmocka_unit_test(objects_are_the_same_in_any_order),
        cmocka_unit_test(of_members_with_one_name_the_last_counts),
        cmocka_unit_test(malformed_text_is_the_same_as_nothing),
        cmocka_unit_test(large_objects_take_no_quadratic_time),
        cmocka_unit_test(a_document_stays_the_same_when_it_is_written_anew),
        cmocka_unit_test(a_document_with_one_scalar_changed_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
