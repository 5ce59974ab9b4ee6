/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Secrets stay out of texts, in whatever form they stand there.
 */
#include "base/json.h"
#include "base/mask.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What `text` looks like when the secrets are masked, as may be known beforehand. */
#define assert_masked(mask, text, expected)                                                        \
    do {                                                                                           \
        struct buf b_ = {0};                                                                       \
        buf_add_slice(&b_, SLICE_LIT(text));                                                       \
        if (strcmp(text, expected) != 0)                                                           \
            assert_true(mask_may_change((mask), buf_slice(&b_)));                                  \
        mask_apply((mask), &b_, 0);                                                                \
        assert_string_equal(b_.data, expected);                                                    \
        assert_int_equal(b_.len, strlen(expected));                                                \
        buf_deinit(&b_);                                                                           \
    } while (0)

static struct mask *mask_of(const char *a, const char *b)
{
    struct mask *mask = mask_new();
    mask_add(mask, slice_str(a));
    mask_add(mask, slice_str(b));
    return mask;
}

static void each_occurrence_becomes_stars(void **state)
{
    (void)state;
    struct mask *mask = mask_of("hunter22", NULL);
    assert_masked(mask, "hunter22", "***");
    assert_masked(mask, "a hunter22, hunter22hunter22!", "a ***, ******!");
    assert_masked(mask, "hunter2 Hunter22 unter22", "hunter2 Hunter22 unter22");
    assert_masked(mask, "", "");
    mask_free(mask);
}

static void no_mask_and_an_empty_mask_change_nothing(void **state)
{
    (void)state;
    struct mask *mask = mask_new();
    struct buf empty = {0};
    assert_masked(mask, "hunter22 \\u0041 %41 +", "hunter22 \\u0041 %41 +");
    assert_masked(NULL, "hunter22", "hunter22");
    mask_apply(mask, &empty, 0);
    assert_null(empty.data);
    mask_free(mask);
    mask_free(NULL);
}

static void what_begins_as_no_secret_does_is_known_to_stay(void **state)
{
    (void)state;
    struct mask *mask = mask_of("hunter22", NULL), *empty = mask_new();
    assert_false(mask_may_change(NULL, SLICE_LIT("hunter22")));
    assert_false(mask_may_change(empty, SLICE_LIT("hunter22 \\u0041")));
    assert_false(mask_may_change(mask, SLICE_LIT("delivered")));
    assert_true(mask_may_change(mask, SLICE_LIT("a hunter22")));
    mask_add_passing(mask, SLICE_LIT("token"));
    assert_true(mask_may_change(mask, SLICE_LIT("token")));
    mask_free(mask);
    mask_free(empty);
}

static void fewer_than_four_bytes_are_no_secret(void **state)
{
    (void)state;
    struct mask *mask = mask_of("abc", "wxyz");
    mask_add(mask, SLICE_NULL);
    assert_masked(mask, "abc wxyz", "abc ***");
    mask_free(mask);
}

static void only_what_stands_behind_from_is_masked(void **state)
{
    (void)state;
    struct mask *mask = mask_of("hunter22", NULL);
    struct buf b = {0};
    buf_add_str(&b, "hunter22 hunter22");
    mask_apply(mask, &b, 9);
    assert_string_equal(b.data, "hunter22 ***");
    mask_apply(mask, &b, b.len);
    assert_string_equal(b.data, "hunter22 ***");
    buf_deinit(&b);
    mask_free(mask);
}

static void the_longest_of_several_wins(void **state)
{
    (void)state;
    struct mask *mask = mask_of("pass", "password-1");
    assert_masked(mask, "password-1 password pass", "*** ***word ***");
    mask_free(mask);
    mask = mask_of("password-1", "pass");
    assert_masked(mask, "password-1 password pass", "*** ***word ***");
    mask_free(mask);
}

static void overlapping_secrets_leave_no_end(void **state)
{
    (void)state;
    struct mask *mask = mask_of("abcdef", "efghijklmnop");
    assert_masked(mask, "<abcdefghijklmnop>", "<***>");
    assert_masked(mask, "<abcdefghij>", "<***ghij>");
    mask_free(mask);
    mask = mask_of("aaaa", NULL);
    assert_masked(mask, "aaaaaaaaa b aaa", "*** b aaa");
    mask_free(mask);
}

static void secrets_are_bytes(void **state)
{
    (void)state;
    struct mask *mask = mask_new();
    mask_add(mask, SLICE_LIT("\0\xFF\0\x80"));
    assert_masked(mask, "a\0\xFF\0\x80z", "a***z");
    mask_free(mask);
}

static void json_escapes_are_seen_through(void **state)
{
    (void)state;
    struct mask *mask = mask_of("p\"a\\s/s\n\xC3\xA4\xF0\x9F\x98\x80", NULL);
    struct buf json = {0};
    json_add_string(&json, SLICE_LIT("p\"a\\s/s\n\xC3\xA4\xF0\x9F\x98\x80"));
    mask_apply(mask, &json, 0);
    assert_string_equal(json.data, "\"***\"");
    buf_deinit(&json);
    assert_masked(mask, "\"p\\\"a\\\\s\\/s\\n\\u00e4\\ud83d\\ude00\"", "\"***\"");
    assert_masked(mask, "\"\\u0070\\u0022a\\u005Cs/s\\u000A\\u00E4\\uD83D\\uDE00\"", "\"***\"");
    assert_masked(mask, "p\"a\\s/s\n\xC3\xA4\xF0\x9F\x98\x80", "***");
    mask_free(mask);
}

static void broken_escapes_are_no_secret_and_no_harm(void **state)
{
    (void)state;
    struct mask *mask = mask_of("\xF0\x9F\x98\x80", "abcd");
    assert_masked(mask, "\\ud83d \\ud83d\\u0041 \\ude00 \\u12 \\x \\",
                  "\\ud83d \\ud83d\\u0041 \\ude00 \\u12 \\x \\");
    assert_masked(mask, "%6 %zz %", "%6 %zz %");
    assert_masked(mask, "ab\\u006", "ab\\u006");
    mask_free(mask);
}

static void a_secret_that_looks_escaped_is_found_as_it_stands(void **state)
{
    (void)state;
    struct mask *mask = mask_of("%41+\\n\\u0041", NULL);
    assert_masked(mask, "<%41+\\n\\u0041>", "<***>");
    assert_masked(mask, "<%2541%2B%5Cn%5Cu0041>", "<***>");
    assert_masked(mask, "<%41+\\\\n\\\\u0041>", "<***>");
    assert_masked(mask, "<A \\nA>", "<A \\nA>");
    mask_free(mask);
}

static void percent_encoding_is_seen_through(void **state)
{
    (void)state;
    struct mask *mask = mask_of("a b+c/d~\xC3\xA4", NULL);
    assert_masked(mask, "?k=a%20b%2Bc%2Fd%7E%C3%A4&x", "?k=***&x");
    assert_masked(mask, "?k=a%20b%2bc%2fd~%c3%a4&x", "?k=***&x");
    assert_masked(mask, "?k=a+b%2Bc%2Fd~%C3%A4&x", "?k=***&x");
    assert_masked(mask, "?k=%61%20%62%2B%63/d~%C3%A4&x", "?k=***&x");
    mask_free(mask);
}

static void base64_is_known_padded_or_not(void **state)
{
    (void)state;
    struct mask *mask = mask_of("hunter22", NULL);
    assert_masked(mask, "x aHVudGVyMjI= y", "x *** y");
    assert_masked(mask, "x aHVudGVyMjI y", "x *** y");
    assert_masked(mask, "%61HVudGVyMjI%3D", "***");
    mask_free(mask);
}

static void base64_for_urls_is_known(void **state)
{
    (void)state;
    struct mask *mask = mask_of("?\?>>~~", NULL);
    assert_masked(mask, "Pz8+Pn5+", "***");
    assert_masked(mask, "Pz8-Pn5-", "***");
    assert_masked(mask, "Pz8%2BPn5%2b", "***");
    mask_free(mask);
}

static void json_escapes_in_base64_are_seen_through(void **state)
{
    (void)state;
    struct mask *mask = mask_of("\xFF\xFF\xFE>>>", NULL);
    assert_masked(mask, "\"\\/\\/\\/+Pj4+\"", "\"***\"");
    mask_free(mask);
}

/* base64 of "u:hunter22", "us:hunter22", "use:hunter22", each alone and with "!" behind. */
static void base64_is_known_wherever_it_lies_in_longer_bytes(void **state)
{
    (void)state;
    struct mask *mask = mask_of("hunter22", NULL);
    assert_masked(mask, "Basic dTpodW50ZXIyMg==", "Basic dTp***");
    assert_masked(mask, "Basic dXM6aHVudGVyMjI=", "Basic dXM6***");
    assert_masked(mask, "Basic dXNlOmh1bnRlcjIy", "Basic dXNlOm***");
    assert_masked(mask, "Basic dXNlOmh1bnRlcjIyIQ==", "Basic dXNlOm***IQ==");
    mask_free(mask);
}

static void adding_twice_is_adding_once(void **state)
{
    (void)state;
    struct mask *mask = mask_of("hunter22", "hunter22");
    assert_masked(mask, "hunter22 aHVudGVyMjI=", "*** ***");
    mask_free(mask);
}

static void a_passing_secret_is_known_until_it_is_removed(void **state)
{
    (void)state;
    struct mask *mask = mask_of("hunter22", NULL);
    mask_add_passing(mask, SLICE_LIT("to/ken1"));
    mask_add_passing(mask, SLICE_LIT("to/ken2"));
    mask_add_passing(mask, SLICE_LIT("to/ken2"));
    assert_masked(mask, "to/ken1 to/ken2 hunter22 to\\/ken1 to%2Fken2", "*** *** *** *** ***");
    mask_remove_passing(mask, SLICE_LIT("to/ken1"));
    mask_remove_passing(mask, SLICE_LIT("to/ken2"));
    mask_remove_passing(mask, SLICE_LIT("hunter22"));
    assert_masked(mask, "to/ken1 to/ken2 hunter22", "to/ken1 *** ***");
    mask_remove_passing(mask, SLICE_LIT("to/ken2"));
    assert_masked(mask, "to/ken2", "to/ken2");
    mask_add_passing(mask, SLICE_LIT("abc"));
    assert_masked(mask, "abc", "abc");
    mask_add_passing(NULL, SLICE_LIT("to/ken1"));
    mask_remove_passing(NULL, SLICE_LIT("to/ken1"));
    mask_free(mask);
}

static void many_secrets_are_all_found(void **state)
{
    (void)state;
    struct mask *mask = mask_new();
    char secret[32];
    for (int i = 1000; i < 1300; i++) {
        snprintf(secret, sizeof(secret), "secret-%d-x", i);
        mask_add(mask, slice_str(secret));
    }
    for (int i = 999; i <= 1300; i++) {
        struct buf b = {0};
        buf_printf(&b, "<secret-%d-x>", i);
        mask_apply(mask, &b, 0);
        assert_int_equal(strcmp(b.data, "<***>") == 0, i >= 1000 && i < 1300);
        buf_deinit(&b);
    }
    mask_free(mask);
}

struct reader {
    struct mask *mask;
    atomic_bool is_done;
    atomic_int leaks;
};

/* Masks by turns a secret that was known from the start. */
static void *read_on(void *arg)
{
    struct reader *reader = arg;
    do {
        struct buf b = {0};
        buf_add_str(&b, "first-secret of many: first-secret");
        mask_apply(reader->mask, &b, 0);
        if (strcmp(b.data, "*** of many: ***") != 0)
            atomic_fetch_add(&reader->leaks, 1);
        buf_deinit(&b);
    } while (!atomic_load(&reader->is_done));
    return NULL;
}

static void other_threads_may_mask_while_secrets_come_and_go(void **state)
{
    (void)state;
    struct reader reader = {.mask = mask_of("first-secret", NULL)};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &reader), 0);
    char secret[32];
    for (int i = 0; i < 500; i++) {
        snprintf(secret, sizeof(secret), "filler=%d=secret", i);
        mask_add(reader.mask, slice_str(secret));
        mask_add_passing(reader.mask, slice_str(secret));
        mask_remove_passing(reader.mask, slice_str(secret));
    }
    atomic_store(&reader.is_done, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&reader.leaks), 0);
    mask_free(reader.mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_occurrence_becomes_stars),
        cmocka_unit_test(no_mask_and_an_empty_mask_change_nothing),
        cmocka_unit_test(what_begins_as_no_secret_does_is_known_to_stay),
        cmocka_unit_test(fewer_than_four_bytes_are_no_secret),
        cmocka_unit_test(only_what_stands_behind_from_is_masked),
        cmocka_unit_test(the_longest_of_several_wins),
        cmocka_unit_test(overlapping_secrets_leave_no_end),
        cmocka_unit_test(secrets_are_bytes),
        cmocka_unit_test(json_escapes_are_seen_through),
        cmocka_unit_test(broken_escapes_are_no_secret_and_no_harm),
        cmocka_unit_test(a_secret_that_looks_escaped_is_found_as_it_stands),
        cmocka_unit_test(percent_encoding_is_seen_through),
        cmocka_unit_test(base64_is_known_padded_or_not),
        cmocka_unit_test(base64_for_urls_is_known),
        cmocka_unit_test(json_escapes_in_base64_are_seen_through),
        cmocka_unit_test(base64_is_known_wherever_it_lies_in_longer_bytes),
        cmocka_unit_test(adding_twice_is_adding_once),
        cmocka_unit_test(a_passing_secret_is_known_until_it_is_removed),
        cmocka_unit_test(many_secrets_are_all_found),
        cmocka_unit_test(other_threads_may_mask_while_secrets_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
