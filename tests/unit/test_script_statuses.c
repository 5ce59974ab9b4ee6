/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* A connector's `statuses`: which are taken, which row holds, what follows within the attempt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "script_project.h"

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in:\n%s", part, text);
}

/* A project whose connector "out" has these options and a function with that body. */
static struct project *write_project(const char *options, const char *body)
{
    struct project *p = project_new();
    struct buf text = {0};
    buf_printf(&text, "return {\n  %s,\n  send = function(data)\n%s\n  end,\n}", options, body);
    project_write(p, "connectors/out.lua", text.data);
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    buf_deinit(&text);
    return p;
}

/* Attempted, and its first request answered so. */
static struct project *answered(const char *options, const char *body, int status,
                                const char *answer)
{
    struct project *p = write_project(options, body);
    project_load_well(p);
    p->keeps_value = true;
    project_attempt(p, "out", "{}");
    project_answer(p, status, answer);
    return p;
}

static void assert_said(const char *options, int status, const char *answer, enum script_said said)
{
    struct project *p = answered(options, "return http.post('http://h/x')", status, answer);
    assert_int_equal(p->result.end, SCRIPT_HTTP);
    assert_int_equal(p->result.said, said);
    assert_int_equal(p->result.status, status);
    project_free(p);
}

static void assert_returns(const char *options, int status, const char *answer)
{
    struct project *p = answered(options, "return http.post('http://h/x')", status, answer);
    if (p->result.end != SCRIPT_RETURNED)
        fail_msg("%s: %s", options, project_error(p));
    assert_int_equal(p->result.status, status);
    project_free(p);
}

/* ---- which row holds ---- */

static void test_each_word_says_what_an_answer_means(void **state)
{
    (void)state;
    assert_said("statuses = { [403] = 'retry' }", 403, "{}", SCRIPT_SAID_RETRY);
    assert_said("statuses = { [500] = 'refuse' }", 500, "{}", SCRIPT_SAID_REFUSE);
    assert_said("statuses = { [402] = 'pause' }", 402, "{}", SCRIPT_SAID_PAUSE);
    assert_returns("statuses = { [409] = 'accept' }", 409, "{}");
    assert_said("statuses = { ['403'] = 'retry' }", 403, "{}", SCRIPT_SAID_RETRY);
}

static void test_what_no_row_is_about_goes_by_the_table(void **state)
{
    (void)state;
    assert_said("statuses = { [403] = 'retry' }", 404, "{}", SCRIPT_SAID_NOTHING);
    assert_said("statuses = {}", 500, "{}", SCRIPT_SAID_NOTHING);
    assert_said("statuses = { ['4xx'] = 'retry' }", 301, "{}", SCRIPT_SAID_NOTHING);
    assert_said("statuses = { ['5xx'] = 'retry' }", 600, "{}", SCRIPT_SAID_NOTHING);
    assert_returns("statuses = { [403] = 'retry' }", 204, "");
}

static void test_the_most_specific_row_holds(void **state)
{
    (void)state;
    static const char *const both[] = {
        "statuses = { ['4xx'] = 'refuse', [403] = 'retry', [409] = 'accept' }",
        "statuses = { [409] = 'accept', [403] = 'retry', ['4XX'] = 'refuse' }",
    };
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        assert_said(both[i], 403, "{}", SCRIPT_SAID_RETRY);
        assert_said(both[i], 400, "{}", SCRIPT_SAID_REFUSE);
        assert_said(both[i], 499, "{}", SCRIPT_SAID_REFUSE);
        assert_said(both[i], 401, "{}", SCRIPT_SAID_REFUSE);
        assert_said(both[i], 503, "{}", SCRIPT_SAID_NOTHING);
        assert_returns(both[i], 409, "{}");
    }
}

static void test_a_2xx_can_mean_something_else_too(void **state)
{
    (void)state;
    assert_said("statuses = { [202] = 'retry' }", 202, "{}", SCRIPT_SAID_RETRY);
    assert_said("statuses = { ['2xx'] = 'refuse', [200] = 'accept' }", 201, "{}",
                SCRIPT_SAID_REFUSE);
    assert_returns("statuses = { ['2xx'] = 'refuse', [200] = 'accept' }", 200, "{}");
}

/* ---- a function ---- */

static void test_a_function_is_asked_of_every_answer(void **state)
{
    (void)state;
    const char *options = "statuses = function(answer)\n"
                          "    if answer.json.error == 'locked' then return 'retry' end\n"
                          "    if answer.status == 500 and answer.headers['Vary'] == 'a, b' then "
                          "return 'refuse' end\n"
                          "    if answer.body:find 'gone' then return 'accept' end\n"
                          "  end";
    assert_said(options, 200, "{\"error\":\"locked\"}", SCRIPT_SAID_RETRY);
    assert_said(options, 500, "{\"error\":\"?\"}", SCRIPT_SAID_REFUSE);
    assert_said(options, 503, "{}", SCRIPT_SAID_NOTHING);
    assert_returns(options, 200, "{}");
    assert_returns(options, 404, "{\"why\":\"gone\"}");
}

static void assert_script_error(const char *options, const char *error)
{
    struct project *p = answered(options, "return http.post('http://h/x')", 200, "{}");
    assert_int_equal(p->result.end, SCRIPT_ERROR);
    assert_contains(project_error(p), error);
    project_free(p);
}

static void test_what_is_no_word_is_an_error_of_the_script(void **state)
{
    (void)state;
    assert_script_error("statuses = function(answer) return 'reject' end",
                        "`statuses` must return \"accept\", \"retry\", \"refuse\" or \"pause\", or "
                        "nil where it has nothing to say, not \"reject\"");
    assert_script_error("statuses = function(answer) return false end", "not false");
    assert_script_error("statuses = function(answer) return answer.json.a.b end",
                        "connectors/out.lua:2: answer.json.a.b: json has no a");
    assert_script_error("statuses = function() return http.get 'http://h' end", "http.get");
}

static void test_a_function_may_end_the_attempt_itself(void **state)
{
    (void)state;
    struct project *p = answered("statuses = function() retry('later', { after = '7s' }) end",
                                 "pcall(http.post, 'http://h/x')", 200, "{}");
    assert_int_equal(p->result.end, SCRIPT_RETRY);
    assert_int_equal(p->result.after_ms, 7000);
    project_free(p);
}

/* ---- within the attempt ---- */

static void test_code_after_an_accepted_answer_runs(void **state)
{
    (void)state;
    struct project *p = answered("statuses = { [404] = 'accept' }",
                                 "local found = http.get('http://h/1')\n"
                                 "if found.status == 404 then http.post('http://h/2') end",
                                 404, "{}");
    assert_string_equal(project_request_text(p, 1), "POST http://h/2\nIdempotency-Key: d1\n\n");
    project_answer(p, 201, "{}");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    project_free(p);
}

static void test_what_a_call_accepts_is_its_own_to_judge(void **state)
{
    (void)state;
    static const char *const accepted[] = {"404", "'4xx'", "{ 200, 404 }"};
    for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
        struct buf body = {0};
        buf_printf(&body, "return http.get('http://h/x', { accept = %s }).status", accepted[i]);
        struct project *p = answered("statuses = { ['4xx'] = 'refuse' }", body.data, 404, "{}");
        assert_int_equal(p->result.end, SCRIPT_RETURNED);
        assert_string_equal(p->result.value.data, "{\"value\":404}");
        project_free(p);
        buf_deinit(&body);
    }
}

static void test_an_error_says_what_it_means_and_means_it_when_it_is_raised_again(void **state)
{
    (void)state;
    struct project *p = answered("statuses = { [200] = 'pause' }",
                                 "local ok, failure = pcall(http.post, 'http://h/x')\n"
                                 "data.outcome = failure.outcome error(failure)",
                                 200, "not today");
    assert_int_equal(p->result.end, SCRIPT_HTTP);
    assert_int_equal(p->result.said, SCRIPT_SAID_PAUSE);
    assert_string_equal(project_error(p),
                        "POST http://h/x answered 200 (`statuses`: pause): not today");
    assert_string_equal(p->result.answer.data, "not today");
    assert_string_equal(p->result.retry_after.data, "7");
    project_free(p);
    p = answered("statuses = { [200] = 'pause' }",
                 "local ok, failure = pcall(http.post, 'http://h/x') return failure.outcome", 200,
                 "{}");
    assert_string_equal(p->result.value.data, "{\"value\":\"pause\"}");
    project_free(p);
}

static void test_no_answer_is_none_of_its_business(void **state)
{
    (void)state;
    struct project *p =
        write_project("statuses = function() return 'accept' end", "http.post('http://h/x')");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    project_answer_with(p, &(struct script_answer){.failure = "timeout", .was_written = true});
    assert_int_equal(p->result.end, SCRIPT_HTTP);
    assert_true(p->result.has_failure);
    assert_int_equal(p->result.said, SCRIPT_SAID_NOTHING);
    project_free(p);
}

/* ---- wrong ones ---- */

static void assert_problem(const char *options, const char *problem)
{
    struct project *p = write_project(options, "");
    assert_false(project_load(p));
    assert_contains(p->problems.data, problem);
    project_free(p);
}

static void test_wrong_rows_are_told_with_their_lines(void **state)
{
    (void)state;
    assert_problem(
        "statuses = {\n[409] = 'accept',\n[403] = 'retyr' }",
        "connectors/out.lua:4: statuses: 403 must be \"accept\", \"retry\", \"refuse\" or "
        "\"pause\", not \"retyr\"");
    assert_problem(
        "statuses = {\n['5xx'] = true }",
        "connectors/out.lua:3: statuses: 5xx must be \"accept\", \"retry\", \"refuse\" or "
        "\"pause\", not true");
    assert_problem(
        "statuses = {\n['6xx'] = 'retry' }",
        "connectors/out.lua:3: statuses: a row says of a status or of a class of them, as "
        "[403] or [\"4xx\"], one of \"accept\", \"retry\", \"refuse\" or \"pause\"; there "
        "is 6xx");
    assert_problem("statuses = { 403 }", "connectors/out.lua:2: statuses: a row says");
    assert_problem("statuses = { [99] = 'retry' }", "there is 99");
    assert_problem("statuses = { retry = 403 }", "there is retry");
    assert_problem("statuses = 403",
                   "connectors/out.lua:2: statuses must be a table, as in { [403] = "
                   "\"retry\" }, or a function of the answer");
    assert_problem("statuses = {\n[1] = 'x', [2] = 'y' }", "there is 2");
}

static void test_rows_that_are_computed_have_the_line_of_the_option(void **state)
{
    (void)state;
    assert_problem("retry = {},\nstatuses = { [400 + 3] = 'no' }",
                   "connectors/out.lua:3: statuses: 403 must be");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_word_says_what_an_answer_means),
        cmocka_unit_test(test_what_no_row_is_about_goes_by_the_table),
        cmocka_unit_test(test_the_most_specific_row_holds),
        cmocka_unit_test(test_a_2xx_can_mean_something_else_too),
        cmocka_unit_test(test_a_function_is_asked_of_every_answer),
        cmocka_unit_test(test_what_is_no_word_is_an_error_of_the_script),
        cmocka_unit_test(test_a_function_may_end_the_attempt_itself),
        cmocka_unit_test(test_code_after_an_accepted_answer_runs),
        cmocka_unit_test(test_what_a_call_accepts_is_its_own_to_judge),
        cmocka_unit_test(test_an_error_says_what_it_means_and_means_it_when_it_is_raised_again),
        cmocka_unit_test(test_no_answer_is_none_of_its_business),
        cmocka_unit_test(test_wrong_rows_are_told_with_their_lines),
        cmocka_unit_test(test_rows_that_are_computed_have_the_line_of_the_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
