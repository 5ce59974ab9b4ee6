/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * cli/options: options and operands in any order, and what is refused.
 */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct option_row own[] = {
    {"port", 'p', "N", "listen on port N"},
    {"fail", 0, "STATUS", "fail"},
    {"quiet", 'q', NULL, "print nothing"},
    {"verbose", 'v', NULL, "print all"},
    {0},
};
static const struct option_row common[] = {
    {"help", 'h', NULL, "print help"},
    {"directory", 'C', "DIR", "go there"},
    {0},
};

struct fixture {
    struct options options;
    struct err err;
};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    options_deinit(&f->options);
    return 0;
}

static int parse_words(struct fixture *f, bool stops, const char *const *words)
{
    char *argv[16] = {0};
    int argc = 0;
    options_deinit(&f->options);
    for (; words[argc]; argc++)
        argv[argc] = (char *)words[argc];
    struct options_scan scan = {own, common, stops, argc, argv};
    return options_parse(&f->options, &scan, &f->err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define parse(f, ...) parse_words(f, false, WORDS(__VA_ARGS__))
#define assert_refused(f, expected, ...)                                                           \
    do {                                                                                           \
        assert_int_equal(parse(f, __VA_ARGS__), -1);                                               \
        assert_int_equal((f)->err.code, ERR_INVALID);                                              \
        assert_string_equal((f)->err.message, expected);                                           \
    } while (0)

static void a_value_is_taken_in_all_four_forms(void **state)
{
    struct fixture *f = *state;
    const char *const *const forms[] = {WORDS("--port", "80"), WORDS("--port=80"),
                                        WORDS("-p", "80"), WORDS("-p80")};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        assert_int_equal(parse_words(f, false, forms[i]), 0);
        assert_string_equal(options_get(&f->options, "port"), "80");
        assert_int_equal(f->options.n_operands, 0);
    }
}

static void a_value_may_be_empty_or_look_like_an_option(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "--port=", "--fail", "--quiet"), 0);
    assert_string_equal(options_get(&f->options, "port"), "");
    assert_string_equal(options_get(&f->options, "fail"), "--quiet");
    assert_false(options_has(&f->options, "quiet"));
}

static void a_value_may_hold_an_equals_sign(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "--fail=a=b"), 0);
    assert_string_equal(options_get(&f->options, "fail"), "a=b");
}

static void a_flag_is_there_or_not(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "--quiet"), 0);
    assert_true(options_has(&f->options, "quiet"));
    assert_false(options_has(&f->options, "verbose"));
    assert_null(options_get(&f->options, "quiet"));
}

static void flags_share_a_word_and_a_value_ends_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "-qvp80"), 0);
    assert_true(options_has(&f->options, "quiet"));
    assert_true(options_has(&f->options, "verbose"));
    assert_string_equal(options_get(&f->options, "port"), "80");
}

static void many_flags_in_one_word_fit(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "-qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqvvvvvvvvvvvvvvvv"), 0);
    assert_int_equal(f->options.n_values, 48);
}

static void options_and_operands_mix(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "a", "--port", "80", "b", "-q", "c"), 0);
    assert_int_equal(f->options.n_operands, 3);
    assert_string_equal(f->options.operands[0], "a");
    assert_string_equal(f->options.operands[1], "b");
    assert_string_equal(f->options.operands[2], "c");
    assert_true(options_has(&f->options, "quiet"));
}

static void two_dashes_end_the_options(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "-q", "--", "--port", "-v", "--"), 0);
    assert_int_equal(f->options.n_operands, 3);
    assert_string_equal(f->options.operands[0], "--port");
    assert_string_equal(f->options.operands[2], "--");
    assert_false(options_has(&f->options, "verbose"));
}

static void one_dash_and_an_empty_word_are_operands(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "-", ""), 0);
    assert_int_equal(f->options.n_operands, 2);
    assert_string_equal(f->options.operands[0], "-");
    assert_string_equal(f->options.operands[1], "");
}

static void of_several_values_the_last_counts_and_each_can_be_had(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "--fail", "1", "-q", "--fail=2", "--fail", "3"), 0);
    assert_string_equal(options_get(&f->options, "fail"), "3");
    assert_string_equal(options_at(&f->options, "fail", 0), "1");
    assert_string_equal(options_at(&f->options, "fail", 1), "2");
    assert_string_equal(options_at(&f->options, "fail", 2), "3");
    assert_null(options_at(&f->options, "fail", 3));
}

static void common_options_are_known_too(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "-C", "/tmp", "--help"), 0);
    assert_string_equal(options_get(&f->options, "directory"), "/tmp");
    assert_true(options_has(&f->options, "help"));
}

static void it_stops_at_the_first_operand_when_told_to(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse_words(f, true, WORDS("-C", "/tmp", "sink", "--unknown")), 0);
    assert_int_equal(f->options.n_words, 2);
    assert_int_equal(f->options.n_operands, 0);
    assert_string_equal(options_get(&f->options, "directory"), "/tmp");
}

static void a_stopping_scan_without_operands_reads_all(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse_words(f, true, WORDS("-h")), 0);
    assert_int_equal(f->options.n_words, 1);
}

static void no_words_are_no_options(void **state)
{
    struct fixture *f = *state;
    const char *const none[] = {NULL};
    assert_int_equal(parse_words(f, false, none), 0);
    assert_int_equal(f->options.n_words, 0);
    assert_null(options_get(&f->options, "port"));
}

static void an_unknown_option_is_refused_with_the_nearest(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, "unknown option --prot: did you mean --port?", "--prot", "80");
    assert_refused(f, "unknown option --hepl: did you mean --help?", "--hepl");
    assert_refused(f, "unknown option --frobnicate", "--frobnicate=1");
    assert_refused(f, "unknown option -x", "-qx");
}

static void a_missing_value_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, "--port needs a value: --port N", "--port");
    assert_refused(f, "--port needs a value: --port N", "-qp");
}

static void a_value_for_a_flag_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, "--quiet takes no value", "--quiet=1");
    assert_refused(f, "--quiet takes no value", "--quiet=");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_value_is_taken_in_all_four_forms),
        TEST(a_value_may_be_empty_or_look_like_an_option),
        TEST(a_value_may_hold_an_equals_sign),
        TEST(a_flag_is_there_or_not),
        TEST(flags_share_a_word_and_a_value_ends_it),
        TEST(many_flags_in_one_word_fit),
        TEST(options_and_operands_mix),
        TEST(two_dashes_end_the_options),
        TEST(one_dash_and_an_empty_word_are_operands),
        TEST(of_several_values_the_last_counts_and_each_can_be_had),
        TEST(common_options_are_known_too),
        TEST(it_stops_at_the_first_operand_when_told_to),
        TEST(a_stopping_scan_without_operands_reads_all),
        TEST(no_words_are_no_options),
        TEST(an_unknown_option_is_refused_with_the_nearest),
        TEST(a_missing_value_is_refused),
        TEST(a_value_for_a_flag_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
