/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "crypto/uuid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

/* The time of the example in RFC 9562, appendix A.6: 017F22E2-79B0-7CC3-98C4-DC0C0C07398F. */
static void a_uuid_v7_has_the_layout_of_the_rfc(void **state)
{
    (void)state;
    struct uuid_source source = {0};
    for (int i = 0; i < 200; i++) {
        char text[UUID_LEN + 1];
        uuid_v7(&source, text, 0x017F22E279B0);
        assert_int_equal(strlen(text), UUID_LEN);
        assert_memory_equal(text, "017f22e2-79b0-7", 15);
        assert_int_equal(text[18], '-');
        assert_non_null(strchr("89ab", text[19]));
        assert_int_equal(text[23], '-');
        for (size_t k = 0; k < UUID_LEN; k++)
            assert_true(text[k] == '-' || (text_hex_digit(text[k]) >= 0));
    }
}

static void uuids_of_one_time_differ(void **state)
{
    (void)state;
    enum { MANY = 100 }; /* more than are drawn for at once */
    struct uuid_source source = {0};
    char made[MANY][UUID_LEN + 1];
    for (size_t i = 0; i < MANY; i++) {
        uuid_v7(&source, made[i], 1);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(made[i], made[k]);
    }
}

static void uuids_sort_by_time_and_start_at_the_epoch(void **state)
{
    (void)state;
    struct uuid_source source = {0};
    char before[UUID_LEN + 1], first[UUID_LEN + 1], last[UUID_LEN + 1];
    uuid_v7(&source, before, -5);
    uuid_v7(&source, first, 255);
    uuid_v7(&source, last, 256);
    assert_memory_equal(before, "00000000-0000-7", 15);
    assert_true(strcmp(first, last) < 0);
}

static void a_uuid_v4_is_random_but_for_its_marks(void **state)
{
    (void)state;
    struct uuid_source source = {0};
    char before[UUID_LEN + 1] = "";
    for (int i = 0; i < 200; i++) {
        char text[UUID_LEN + 1];
        uuid_v4(&source, text);
        assert_int_equal(text[14], '4');
        assert_non_null(strchr("89ab", text[19]));
        assert_string_not_equal(text, before);
        memcpy(before, text, sizeof(before));
    }
}

static void a_seed_repeats_them(void **state)
{
    (void)state;
    char text[2][3][UUID_LEN + 1];
    for (int round = 0; round < 2; round++) {
        struct rng rng;
        struct uuid_source source = {.rng = &rng};
        rng_init(&rng, 7);
        for (int i = 0; i < 3; i++)
            uuid_v4(&source, text[round][i]);
    }
    assert_memory_equal(text[0], text[1], sizeof(text[0]));
    assert_string_not_equal(text[0][0], text[0][1]);
}

/* RFC 9562, appendix A.4. */
static void a_uuid_v5_is_that_of_the_rfc(void **state)
{
    (void)state;
    unsigned char dns[UUID_SIZE];
    char text[UUID_LEN + 1];
    assert_int_equal(uuid_parse(SLICE_LIT("6BA7b810-9dad-11d1-80b4-00c04fd430c8"), dns), 0);
    assert_int_equal(uuid_v5(dns, SLICE_LIT("www.example.com"), text), 0);
    assert_string_equal(text, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

static void what_is_no_uuid_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c",
        "6ba7b8109-dad-11d1-80b4-00c04fd430c8",
        "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
        "6ba7b810x9dad-11d1-80b4-00c04fd430c8",
    };
    unsigned char out[UUID_SIZE];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(uuid_parse(slice_str(wrong[i]), out), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uuid_v7_has_the_layout_of_the_rfc),
        cmocka_unit_test(uuids_of_one_time_differ),
        cmocka_unit_test(uuids_sort_by_time_and_start_at_the_epoch),
        cmocka_unit_test(a_uuid_v4_is_random_but_for_its_marks),
        cmocka_unit_test(a_seed_repeats_them),
        cmocka_unit_test(a_uuid_v5_is_that_of_the_rfc),
        cmocka_unit_test(what_is_no_uuid_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
