/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The table of outcomes row by row, the codes that attempts are recorded by, and retries' delays.
 */
#include "delivery/outcome.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

#include <cmocka.h>

#define CASES LIAISON_SOURCE_DIR "/../shared/conformance/retry-after-cases.json"

static struct attempt_end end_of_kind(enum attempt_kind kind)
{
    return (struct attempt_end){.kind = kind, .after_ms = -1};
}

static struct verdict verdict_of(enum attempt_kind kind)
{
    struct attempt_end end = end_of_kind(kind);
    return outcome_of(&end, false, false);
}

static struct verdict status_verdict(int status, bool is_handler, bool was_unknown)
{
    struct attempt_end end = end_of_kind(ATTEMPT_STATUS);
    end.status = status;
    return outcome_of(&end, is_handler, was_unknown);
}

static struct verdict failure_verdict(const char *failure, bool is_handler)
{
    struct attempt_end end = end_of_kind(ATTEMPT_FAILURE);
    end.failure = failure;
    return outcome_of(&end, is_handler, false);
}

static void assert_verdict(struct verdict verdict, enum outcome outcome, const char *cause)
{
    assert_int_equal(verdict.outcome, outcome);
    if (cause)
        assert_string_equal(verdict.cause, cause);
    else
        assert_null(verdict.cause);
}

/* ---- the table ---- */

static void a_function_that_returns_has_delivered(void **state)
{
    (void)state;
    assert_verdict(verdict_of(ATTEMPT_RETURNED), OUTCOME_DELIVERED, NULL);
}

static void what_skips_is_skipped(void **state)
{
    (void)state;
    assert_verdict(verdict_of(ATTEMPT_SKIPPED), OUTCOME_SKIPPED, NULL);
    assert_verdict(verdict_of(ATTEMPT_OLDER), OUTCOME_SUPERSEDED, NULL);
}

static void retry_and_reject_do_as_they_say(void **state)
{
    (void)state;
    assert_verdict(verdict_of(ATTEMPT_RETRY), OUTCOME_RETRY, NULL);
    assert_verdict(verdict_of(ATTEMPT_REJECT), OUTCOME_DEAD, "refused");
}

static void an_error_in_a_script_is_dead_of_script(void **state)
{
    (void)state;
    assert_verdict(verdict_of(ATTEMPT_SCRIPT), OUTCOME_DEAD, "script");
}

static void over_the_limits_is_dead_of_limit(void **state)
{
    (void)state;
    assert_verdict(verdict_of(ATTEMPT_LIMIT), OUTCOME_DEAD, "limit");
}

static void without_an_answer_it_is_tried_again(void **state)
{
    (void)state;
    static const char *const failures[] = {"connect", "dns", "tls", "timeout", "broken"};
    for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
        assert_verdict(failure_verdict(failures[i], false), OUTCOME_RETRY, NULL);
        assert_verdict(failure_verdict(failures[i], true), OUTCOME_RETRY, NULL);
    }
    assert_verdict(failure_verdict(NULL, false), OUTCOME_RETRY, NULL);
}

static void a_token_that_cant_be_had_pauses_a_connector_and_retries_a_handler(void **state)
{
    (void)state;
    assert_verdict(failure_verdict("token", false), OUTCOME_PAUSE, NULL);
    assert_verdict(failure_verdict("token", true), OUTCOME_RETRY, NULL);
}

static void what_no_retry_mends_is_an_error_of_the_script(void **state)
{
    (void)state;
    assert_verdict(failure_verdict("url", false), OUTCOME_DEAD, "script");
    assert_verdict(failure_verdict("tooBig", false), OUTCOME_DEAD, "script");
}

static void what_a_connector_says_of_a_status_goes_before_the_table(void **state)
{
    (void)state;
    static const struct {
        enum attempt_said said;
        enum outcome outcome;
        const char *cause;
    } rows[] = {
        {SAID_RETRY, OUTCOME_RETRY, NULL},
        {SAID_REFUSE, OUTCOME_DEAD, "refused"},
        {SAID_PAUSE, OUTCOME_PAUSE, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int status = 100; status <= 599; status++) {
            struct attempt_end end = end_of_kind(ATTEMPT_STATUS);
            end.status = status;
            end.said = rows[i].said;
            assert_verdict(outcome_of(&end, false, false), rows[i].outcome, rows[i].cause);
            assert_verdict(outcome_of(&end, false, true), rows[i].outcome, rows[i].cause);
        }
    }
}

static bool is_one_of(int status, const int *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == status)
            return true;
    }
    return false;
}

static enum outcome expected_of(int status)
{
    static const int pausing[] = {401, 407};
    static const int retried[] = {408, 425, 429};
    static const int refused[] = {501, 505};
    if (is_one_of(status, pausing, ARRAY_LEN(pausing)))
        return OUTCOME_PAUSE;
    if (is_one_of(status, retried, ARRAY_LEN(retried)))
        return OUTCOME_RETRY;
    if (status >= 500 && !is_one_of(status, refused, ARRAY_LEN(refused)))
        return OUTCOME_RETRY;
    return OUTCOME_DEAD;
}

static void each_status_has_the_outcome_of_its_row(void **state)
{
    (void)state;
    for (int status = 300; status <= 599; status++) {
        enum outcome expected = expected_of(status);
        assert_verdict(status_verdict(status, false, false), expected,
                       expected == OUTCOME_DEAD ? "refused" : NULL);
    }
}

static void in_a_handler_refused_credentials_are_tried_again(void **state)
{
    (void)state;
    for (int status = 300; status <= 599; status++) {
        enum outcome expected = expected_of(status);
        if (expected == OUTCOME_PAUSE)
            expected = OUTCOME_RETRY;
        assert_verdict(status_verdict(status, true, false), expected,
                       expected == OUTCOME_DEAD ? "refused" : NULL);
    }
}

/* RFC 9110, 15: such a status is to be taken for a 5xx. */
static void a_status_that_is_none_is_tried_again(void **state)
{
    (void)state;
    static const int statuses[] = {0, 99, 600, 999};
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        assert_verdict(status_verdict(statuses[i], false, false), OUTCOME_RETRY, NULL);
}

static void a_conflict_is_tried_again_only_after_an_unknown_end(void **state)
{
    (void)state;
    assert_verdict(status_verdict(409, false, true), OUTCOME_RETRY, NULL);
    assert_verdict(status_verdict(409, false, false), OUTCOME_DEAD, "refused");
}

static void an_unknown_end_changes_nothing_else(void **state)
{
    (void)state;
    for (int status = 300; status <= 599; status++) {
        if (status != 409)
            assert_int_equal(status_verdict(status, false, true).outcome, expected_of(status));
    }
}

/* ---- codes ---- */

static void assert_code(struct attempt_end end, const char *expected)
{
    char code[OUTCOME_CODE_SIZE];
    int n = outcome_code(&end);
    assert_in_range(n, 0, OUTCOME_CODES - 1);
    outcome_code_format(n, code);
    assert_string_equal(code, expected);
}

static void an_attempt_is_recorded_by_status_failure_or_word(void **state)
{
    (void)state;
    assert_code((struct attempt_end){.kind = ATTEMPT_STATUS, .status = 503}, "503");
    assert_code((struct attempt_end){.kind = ATTEMPT_FAILURE, .failure = "dns"}, "dns");
    assert_code(end_of_kind(ATTEMPT_FAILURE), "failure");
    assert_code(end_of_kind(ATTEMPT_RETURNED), "ok");
    assert_code(end_of_kind(ATTEMPT_SKIPPED), "skip");
    assert_code(end_of_kind(ATTEMPT_RETRY), "retry");
    assert_code(end_of_kind(ATTEMPT_REJECT), "reject");
    assert_code(end_of_kind(ATTEMPT_SCRIPT), "script");
    assert_code(end_of_kind(ATTEMPT_LIMIT), "limit");
}

static void what_was_delivered_has_the_status_of_its_answer(void **state)
{
    (void)state;
    assert_code((struct attempt_end){.kind = ATTEMPT_RETURNED, .status = 201}, "201");
}

static void each_failure_has_its_code(void **state)
{
    (void)state;
    static const char *const failures[] = {"connect", "dns",   "tls", "timeout",
                                           "broken",  "token", "url", "tooBig"};
    for (size_t i = 0; i < ARRAY_LEN(failures); i++)
        assert_code((struct attempt_end){.kind = ATTEMPT_FAILURE, .failure = failures[i]},
                    failures[i]);
}

/* So that they can be counted by it, whatever comes. */
static void what_is_not_known_has_the_code_of_its_kind(void **state)
{
    (void)state;
    assert_code((struct attempt_end){.kind = ATTEMPT_FAILURE, .failure = "somethingElse"},
                "failure");
    assert_code((struct attempt_end){.kind = ATTEMPT_STATUS, .status = INT32_MIN}, "status");
    assert_code((struct attempt_end){.kind = ATTEMPT_STATUS, .status = 1000}, "status");
}

/* ---- delays ---- */

static const struct retry_policy usual = {
    .base_ms = 200, .growth = GROWTH_EXPONENTIAL, .factor = 2, .cap_ms = 300000};

static int64_t delay(struct retry_policy policy, unsigned attempts)
{
    struct rng rng;
    rng_init(&rng, 1);
    return retry_delay_ms(&policy, attempts, &rng);
}

static void exponential_delays_grow_by_the_factor(void **state)
{
    (void)state;
    assert_int_equal(delay(usual, 1), 200);
    assert_int_equal(delay(usual, 2), 400);
    assert_int_equal(delay(usual, 3), 800);
    assert_int_equal(delay(usual, 11), 204800);
    struct retry_policy slow = usual;
    slow.factor = 1.5;
    assert_int_equal(delay(slow, 4), 675);
}

static void linear_delays_grow_by_the_base(void **state)
{
    (void)state;
    struct retry_policy policy = {.base_ms = 200, .growth = GROWTH_LINEAR};
    assert_int_equal(delay(policy, 1), 200);
    assert_int_equal(delay(policy, 2), 400);
    assert_int_equal(delay(policy, 3), 600);
}

static void constant_delays_stay(void **state)
{
    (void)state;
    struct retry_policy policy = {.base_ms = 200, .growth = GROWTH_CONSTANT, .factor = 9};
    assert_int_equal(delay(policy, 1), 200);
    assert_int_equal(delay(policy, 100), 200);
}

static void no_delay_is_over_the_cap(void **state)
{
    (void)state;
    struct retry_policy close = {.base_ms = 300001, .growth = GROWTH_CONSTANT, .cap_ms = 300000};
    static const unsigned attempts[] = {12, 63, 64, 65, 128, 1000000, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
        assert_int_equal(delay(usual, attempts[i]), 300000);
        struct retry_policy linear = usual;
        linear.growth = GROWTH_LINEAR;
        linear.base_ms = INT64_MAX / 2;
        assert_int_equal(delay(linear, attempts[i]), 300000);
    }
    assert_int_equal(delay(close, 1), 300000);
}

static void without_a_cap_delays_saturate(void **state)
{
    (void)state;
    struct retry_policy policy = usual;
    policy.cap_ms = 0;
    for (int growth = GROWTH_CONSTANT; growth <= GROWTH_EXPONENTIAL; growth++) {
        policy.growth = (enum growth)growth;
        int64_t before = 0;
        for (unsigned attempts = 1; attempts != 0; attempts <<= 1) {
            int64_t now = delay(policy, attempts);
            assert_true(now >= before);
            before = now;
        }
    }
}

static void a_policy_without_sense_gives_a_delay_all_the_same(void **state)
{
    (void)state;
    static const double factors[] = {0, -3, 0.5, (double)NAN};
    struct retry_policy policy = usual;
    for (size_t i = 0; i < ARRAY_LEN(factors); i++) {
        policy.factor = factors[i];
        assert_int_equal(delay(policy, 5), 200);
    }
    policy.factor = (double)INFINITY;
    assert_int_equal(delay(policy, 5), 300000);
    policy.base_ms = -1;
    assert_int_equal(delay(policy, 5), 0);
    policy.base_ms = 0;
    assert_int_equal(delay(policy, 5), 0);
    assert_int_equal(delay(usual, 0), 200);
}

static void jitter_draws_evenly_from_nothing_to_the_delay(void **state)
{
    (void)state;
    struct retry_policy policy = usual;
    struct rng rng;
    size_t low = 0, n = 4000;
    int64_t least = INT64_MAX, most = 0;
    rng_init(&rng, 1);
    policy.jitter = true;
    for (size_t i = 0; i < n; i++) {
        int64_t drawn = retry_delay_ms(&policy, 3, &rng);
        assert_true(drawn >= 0 && drawn <= 800);
        low += drawn < 400;
        least = drawn < least ? drawn : least;
        most = drawn > most ? drawn : most;
    }
    assert_true(least < 10 && most > 790);
    assert_true(low > n * 45 / 100 && low < n * 55 / 100);
}

static void jitter_bears_the_longest_delay(void **state)
{
    (void)state;
    struct retry_policy policy = {
        .base_ms = INT64_MAX, .growth = GROWTH_EXPONENTIAL, .factor = 1e300, .jitter = true};
    struct rng rng;
    rng_init(&rng, 1);
    for (unsigned i = 1; i < 100; i++)
        assert_true(retry_delay_ms(&policy, i, &rng) >= 0);
}

/* ---- conformance cases ---- */

static int64_t integer_member(struct slice object, const char *name)
{
    struct slice value;
    int64_t number = 0;
    if (!json_get(object, name, &value) || json_get_integer(value, &number) < 0)
        fail_msg("no number %s in %.*s", name, SLICE_FMT(object));
    return number;
}

/* The case counts retries from 0, and we count attempts that failed from 1. */
static void assert_backoff(struct slice test)
{
    const struct retry_policy policy = {
        .base_ms = integer_member(test, "min_s") * 1000,
        .growth = GROWTH_EXPONENTIAL,
        .factor = 2,
        .cap_ms = integer_member(test, "max_s") * 1000,
    };
    unsigned attempts = (unsigned)integer_member(test, "attempt") + 1;
    assert_int_equal(delay(policy, attempts), integer_member(test, "delay_s") * 1000);
}

static void delays_meet_the_conformance_cases(void **state)
{
    (void)state;
    if (access(CASES, R_OK) != 0) {
        print_message(
            "no ../shared/conformance/retry-after-cases.json beside the checkout: skipped\n");
        skip();
    }
    struct buf file = {0};
    struct err err = {0};
    if (buf_read_file(&file, CASES, 1 << 20, &err) < 0)
        fail_msg("%s", err.message);
    struct slice cases, test;
    assert_true(json_get(buf_slice(&file), "backoff", &cases));

    struct json_reader r;
    size_t n = 0;
    json_reader_init(&r, cases);
    assert_int_equal(json_next(&r), JSON_ARRAY_BEGIN);
    while (json_next(&r) == JSON_OBJECT_BEGIN) {
        assert_int_equal(json_skip(&r, &test), 0);
        assert_backoff(test);
        n++;
    }
    assert_true(n >= 2);
    json_reader_deinit(&r);
    buf_deinit(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_connector_says_of_a_status_goes_before_the_table),
        cmocka_unit_test(a_function_that_returns_has_delivered),
        cmocka_unit_test(what_skips_is_skipped),
        cmocka_unit_test(retry_and_reject_do_as_they_say),
        cmocka_unit_test(an_error_in_a_script_is_dead_of_script),
        cmocka_unit_test(over_the_limits_is_dead_of_limit),
        cmocka_unit_test(without_an_answer_it_is_tried_again),
        cmocka_unit_test(a_token_that_cant_be_had_pauses_a_connector_and_retries_a_handler),
        cmocka_unit_test(what_no_retry_mends_is_an_error_of_the_script),
        cmocka_unit_test(each_status_has_the_outcome_of_its_row),
        cmocka_unit_test(in_a_handler_refused_credentials_are_tried_again),
        cmocka_unit_test(a_status_that_is_none_is_tried_again),
        cmocka_unit_test(a_conflict_is_tried_again_only_after_an_unknown_end),
        cmocka_unit_test(an_unknown_end_changes_nothing_else),
        cmocka_unit_test(an_attempt_is_recorded_by_status_failure_or_word),
        cmocka_unit_test(what_was_delivered_has_the_status_of_its_answer),
        cmocka_unit_test(each_failure_has_its_code),
        cmocka_unit_test(what_is_not_known_has_the_code_of_its_kind),
        cmocka_unit_test(exponential_delays_grow_by_the_factor),
        cmocka_unit_test(linear_delays_grow_by_the_base),
        cmocka_unit_test(constant_delays_stay),
        cmocka_unit_test(no_delay_is_over_the_cap),
        cmocka_unit_test(without_a_cap_delays_saturate),
        cmocka_unit_test(a_policy_without_sense_gives_a_delay_all_the_same),
        cmocka_unit_test(jitter_draws_evenly_from_nothing_to_the_delay),
        cmocka_unit_test(jitter_bears_the_longest_delay),
        cmocka_unit_test(delays_meet_the_conformance_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
