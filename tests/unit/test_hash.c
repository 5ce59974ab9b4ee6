/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Identities, random bytes and UUIDs.
 */
#include "base/text.h"
#include "crypto/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define assert_hash(expected, ...)                                                                 \
    do {                                                                                           \
        const struct slice parts_[] = {__VA_ARGS__};                                               \
        struct hash128 hash_ = hash_parts(parts_, ARRAY_LEN(parts_));                              \
        struct buf hex_ = {0};                                                                     \
        text_add_hex(&hex_, hash_.bytes, sizeof(hash_.bytes));                                     \
        assert_string_equal(hex_.data, expected);                                                  \
        buf_deinit(&hex_);                                                                         \
    } while (0)

/* FIPS 180-4's SHA-256 of no bytes at all. */
static void no_parts_hash_as_the_empty_message(void **state)
{
    (void)state;
    struct hash128 hash = hash_parts(NULL, 0);
    unsigned char expected[16];
    assert_int_equal(text_parse_hex(SLICE_LIT("e3b0c44298fc1c149afbf4c8996fb924"), expected, 16),
                     0);
    assert_memory_equal(hash.bytes, expected, 16);
}

/* SHA-256 of each part behind its length in eight bytes, big-endian; made with Python's hashlib. */
static void parts_hash_behind_their_lengths(void **state)
{
    (void)state;
    assert_hash("c3494ca1a2cf8eeb8a11ded316fb55b8", SLICE_LIT("abc"));
    assert_hash("60ad1c52c5621d0ec6d6f4140b9abd53", SLICE_LIT("event-1"), SLICE_LIT("0"),
                SLICE_LIT("handler"), SLICE_LIT("calendarApi"), SLICE_LIT("key"), SLICE_LIT("1"));
    assert_hash("374708fff7719dd5979ec875d56cd228", SLICE_NULL, SLICE_NULL);
}

/* Long ones and short ones by turns, around what is gathered before it is hashed; made as above. */
static void parts_of_any_length_hash_alike(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        const char *expected;
    } rows[] = {
        {1, "bffda97e1878c930b1a4e54018defc28"},    {498, "8c9351ba2c965f1e6aa3e27eb3c7c16b"},
        {499, "c97d576371f47b76d8c59fc87a026323"},  {1005, "c889a43455a7f85ce8c05e3c231ae493"},
        {1016, "8717505afb11c0f965835db0bf87b460"}, {1017, "2152802b613b8f56d281c8976c2d8761"},
        {1024, "a5c3cb7c58892e889342e240a620d5fd"}, {1025, "42e204f7beca031e18691bb99e08e76a"},
        {5000, "b03549859ac84d5440ba55c10de1e3a2"},
    };
    char before[5000], behind[5000];
    memset(before, 'x', sizeof(before));
    memset(behind, 'y', sizeof(behind));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_hash(rows[i].expected, slice_of(before, rows[i].len), SLICE_LIT("abc"),
                    slice_of(behind, rows[i].len));
}

static void parts_do_not_run_into_each_other(void **state)
{
    (void)state;
    struct slice a[] = {SLICE_LIT("ab"), SLICE_LIT("c")}, b[] = {SLICE_LIT("a"), SLICE_LIT("bc")};
    struct slice c[] = {SLICE_LIT("abc")}, d[] = {SLICE_LIT("abc"), SLICE_NULL};
    struct hash128 hashes[] = {hash_parts(a, 2), hash_parts(b, 2), hash_parts(c, 1),
                               hash_parts(d, 2)};
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = i + 1; j < 4; j++)
            assert_memory_not_equal(&hashes[i], &hashes[j], sizeof(hashes[i]));
    }
}

static void random_bytes_fill_all_and_differ(void **state)
{
    (void)state;
    static unsigned char a[10000], b[10000];
    crypto_random(a, sizeof(a));
    crypto_random(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    for (size_t i = 0; i + 16 <= sizeof(a); i += 16)
        assert_memory_not_equal(a + i, b + i, 16);
    crypto_random(NULL, 0);
}

static void equal_compares_length_and_every_byte(void **state)
{
    (void)state;
    assert_true(crypto_is_equal(SLICE_LIT("a\0b"), SLICE_LIT("a\0b")));
    assert_false(crypto_is_equal(SLICE_LIT("a\0b"), SLICE_LIT("a\0c")));
    assert_false(crypto_is_equal(SLICE_LIT("x\0b"), SLICE_LIT("a\0b")));
    assert_false(crypto_is_equal(SLICE_LIT("ab"), SLICE_LIT("abc")));
    assert_true(crypto_is_equal(SLICE_NULL, SLICE_LIT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_parts_hash_as_the_empty_message),
        cmocka_unit_test(parts_hash_behind_their_lengths),
        cmocka_unit_test(parts_of_any_length_hash_alike),
        cmocka_unit_test(parts_do_not_run_into_each_other),
        cmocka_unit_test(random_bytes_fill_all_and_differ),
        cmocka_unit_test(equal_compares_length_and_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
