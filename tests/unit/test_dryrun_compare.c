/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Two versions of the scripts over the same event: which requests stay, change, are new or vanish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "dryrun/compare.h"
#include "dryrun/dryrun.h"
#include "script_project.h"

/* What the project does with an event by this script, as JSON; the caller frees it. */
static char *run_script(const char *handlers, const char *connector, const char *data)
{
    struct project *p = project_new();
    struct dryrun *d = dryrun_new(&(struct dryrun_options){0});
    struct buf script = {0}, json = {0};
    buf_printf(&script, "local sync = SyncManager.new{}\n%s\nsync:start()\n", handlers);
    p->options.ports = dryrun_ports(d);
    p->options.clock = dryrun_clock(d);
    project_write(p, "scripts/main.lua", script.data);
    project_write(p, "connectors/out.lua", connector);
    project_load_well(p);
    struct event *event = project_event("t", data);
    struct dryrun_result *result = dryrun_event(d, p->machine, event);
    dryrun_add_json(&json, result);
    dryrun_result_free(result);
    event_unref(event);
    script_free(p->machine);
    p->machine = NULL;
    dryrun_free(d);
    project_free(p);
    buf_deinit(&script);
    return buf_take(&json);
}

#define OUT                                                                                        \
    "return function(data) return http.post('http://x/' .. (data.path or ''), { json = data }) "   \
    "end"

/* "same changed new vanished" of the two scripts; the whole report in *report, if that isn't NULL. */
static void compare_scripts(const char *before, const char *after, struct buf *report,
                            char counted[static 64])
{
    struct compare *c = compare_new(COMPARE_REQUESTS);
    struct err err = {0};
    char *a = run_script(before, OUT, "{\"n\":1}"), *b = run_script(after, OUT, "{\"n\":1}");
    if (compare_add(c, slice_str(a), slice_str(b), &err) < 0)
        fail_msg("%s", err.message);
    struct compare_counts n = compare_counts(c);
    assert_int_equal(n.events, 1);
    snprintf(counted, 64, "%zu %zu %zu %zu", n.same, n.changed, n.new, n.vanished);
    if (report)
        compare_add_json(report, c);
    compare_free(c);
    free(a);
    free(b);
}

static void assert_counts(const char *before, const char *after, const char *expected)
{
    char counted[64];
    compare_scripts(before, after, NULL, counted);
    assert_string_equal(counted, expected);
}

/* The report has `part`. */
static void assert_report(const char *before, const char *after, const char *part)
{
    char counted[64];
    struct buf report = {0};
    compare_scripts(before, after, &report, counted);
    assert_int_equal(json_check(buf_slice(&report), NULL), 0);
    if (!strstr(report.data, part))
        fail_msg("expected %s in\n%s", part, report.data);
    buf_deinit(&report);
}

#define ON(name, body) "sync:on('t', { name = '" name "' }, function(e) " body " end)\n"
#define SEND(data) "sync:send{ connector = 'out', data = " data " } "
#define SEND_KEY(key, data) "sync:send{ connector = 'out', key = '" key "', data = " data " } "

static void test_the_same_scripts_change_nothing(void **state)
{
    (void)state;
    const char *script = ON("a", SEND("{ a = 1, b = { 2 } }") SEND("{ a = math.random() }"));
    assert_counts(script, script, "2 0 0 0");
    assert_report(script, script,
                  "{\"events\":1,\"same\":2,\"changed\":0,\"new\":0,\"vanished\":0,\"rows\":[{"
                  "\"handler\":\"a\",\"connector\":\"out\",\"same\":2,\"changed\":0,\"new\":0,"
                  "\"vanished\":0}],\"changes\":[]}");
}

static void test_a_change_is_shown_by_its_places(void **state)
{
    (void)state;
    const char *before = ON("a", SEND("{ a = 1, b = 1, path = 'old' }"));
    const char *after = ON("a", SEND("{ a = 2, c = 1, path = 'new' }"));
    assert_counts(before, after, "0 1 0 0");
    assert_report(before, after,
                  "\"changes\":[{\"event\":{\"id\":\"e1\",\"type\":\"t\"},\"handler\":\"a\","
                  "\"connector\":\"out\",\"key\":\"s1\",\"kind\":\"changed\",\"request\":{"
                  "\"method\":\"POST\",\"url\":\"http://x/old\"},\"differences\":["
                  "{\"path\":\"json.a\",\"before\":1,\"after\":2},"
                  "{\"path\":\"json.b\",\"before\":1},"
                  "{\"path\":\"json.c\",\"after\":1},"
                  "{\"path\":\"json.path\",\"before\":\"old\",\"after\":\"new\"},"
                  "{\"path\":\"url\",\"before\":\"http://x/old\",\"after\":\"http://x/new\"}]}]}");
}

static void test_a_handlers_new_name_changes_nothing(void **state)
{
    (void)state;
    assert_counts(ON("a", SEND("{ a = 1 }")), ON("b", SEND("{ a = 1 }")), "1 0 0 0");
}

static void test_one_left_out_leaves_the_others(void **state)
{
    (void)state;
    const char *three = ON("a", SEND("{ a = 1 }") SEND("{ a = 2 }") SEND("{ a = 3 }"));
    const char *two = ON("a", SEND("{ a = 1 }") SEND("{ a = 3 }"));
    assert_counts(three, two, "2 0 0 1");
    assert_counts(two, three, "2 0 1 0");
}

static void test_another_key_is_a_change(void **state)
{
    (void)state;
    const char *before = ON("a", SEND_KEY("k", "{ a = 1 }"));
    const char *after = ON("a", SEND_KEY("l", "{ a = 1 }"));
    assert_counts(before, after, "0 1 0 0");
    assert_report(before, after,
                  "\"differences\":[{\"path\":\"key\",\"before\":\"k\",\"after\":\"l\"}]");
}

static void test_what_vanishes_says_why(void **state)
{
    (void)state;
    const char *sends = ON("a", SEND("{ a = 1 }"));
    assert_report(sends, ON("a", ""),
                  "\"kind\":\"vanished\",\"request\":{\"method\":\"POST\","
                  "\"url\":\"http://x/\"}}]");
    assert_report(sends, ON("a", "skip 'not now'"), "\"reason\":\"skipped: not now\"");
    assert_report(sends, ON("a", "error('oops')"),
                  "\"reason\":\"dead, script: scripts/main.lua:2: oops\"");
    assert_report(sends, ON("a", SEND("1")), "\"reason\":\"dead, script: connectors/out.lua:1");
    assert_report(sends, "", "\"reason\":\"no handler of that name takes the event\"");
    assert_report(
        sends, "sync:on('t', { name = 'a', filter = function() return false end }, function() end)",
        "\"reason\":\"the filter lets the event pass by\"");
}

static void test_what_is_new_says_why_it_was_not(void **state)
{
    (void)state;
    assert_report(ON("a", "skip 'not yet'"), ON("a", SEND("{ a = 1 }")),
                  "\"kind\":\"new\",\"request\":{\"method\":\"POST\",\"url\":\"http://x/\"},"
                  "\"reason\":\"skipped: not yet\"");
}

static void test_what_handlers_ask_counts_too(void **state)
{
    (void)state;
    assert_report(ON("a", "http.get('http://x/1')"), ON("a", "http.get('http://x/2')"),
                  "\"rows\":[{\"handler\":\"a\",\"connector\":null,\"same\":0,\"changed\":1,");
}

static void test_examples_are_few_for_each_connector(void **state)
{
    (void)state;
    struct compare *c = compare_new(COMPARE_REQUESTS);
    struct buf report = {0};
    struct err err = {0};
    char *a = run_script(ON("a", SEND("{ a = 1 }")), OUT, "{}");
    char *b = run_script(ON("a", SEND("{ a = 2 }")), OUT, "{}");
    for (int i = 0; i < 10; i++)
        assert_int_equal(compare_add(c, slice_str(a), slice_str(b), &err), 0);
    compare_add_json(&report, c);
    size_t n = 0;
    for (const char *at = report.data; (at = strstr(at, "\"kind\"")); at++)
        n++;
    assert_int_equal(n, 3);
    assert_int_equal(compare_counts(c).changed, 10);
    compare_free(c);
    buf_deinit(&report);
    free(a);
    free(b);
}

static void test_long_values_are_cut(void **state)
{
    (void)state;
    assert_report(ON("a", SEND("{ a = ('x'):rep(5000) }")), ON("a", SEND("{ a = 1 }")),
                  "xxx…\",\"after\":1");
    assert_report(ON("a", SEND("{ a = ('x'):rep(5000) .. 'old' }")),
                  ON("a", SEND("{ a = ('x'):rep(5000) .. 'new' }")), "xxxnew\"}");
}

static void test_texts_that_are_json_are_looked_into(void **state)
{
    (void)state;
    assert_report(ON("a", SEND("{ a = '{\"n\":[1,2],\"s\":\"x\"}' }")),
                  ON("a", SEND("{ a = ' {\"s\":\"y\",\"n\":[1,3]}' }")),
                  "[{\"path\":\"json.a (as JSON).n[2]\",\"before\":2,\"after\":3},"
                  "{\"path\":\"json.a (as JSON).s\",\"before\":\"x\",\"after\":\"y\"}]");
    assert_report(ON("a", SEND("{ a = '[1]' }")), ON("a", SEND("{ a = '[1 ]' }")),
                  "[{\"path\":\"json.a\",\"before\":\"[1]\",\"after\":\"[1 ]\"}]");
}

static void test_of_long_texts_it_says_where_they_part(void **state)
{
    (void)state;
    assert_report(ON("a", SEND("{ a = ('x'):rep(50) .. '\\nß' }")),
                  ON("a", SEND("{ a = ('x'):rep(50) .. '\\nÜ' }")),
                  "\"path\":\"json.a\",\"at\":\"line 2, column 1\",");
}

static void test_it_says_how_many_places_are_left_off(void **state)
{
    (void)state;
    assert_report(
        ON("a",
           SEND("(function() local t = {} for i = 1, 30 do t['k' .. i] = i end return t end)()")),
        ON("a", SEND("{ b = 1 }")), "],\"more\":11}");
}

static void test_of_sends_what_reaches_connectors_is_compared(void **state)
{
    (void)state;
    struct compare *c = compare_new(COMPARE_SENDS);
    struct buf report = {0};
    struct err err = {0};
    char *a = run_script(ON("a", "http.get('http://x/1') " SEND("{ a = 1 }")), OUT, "{}");
    char *b = run_script(ON("a", SEND("{ a = 2 }")), "return function() end", "{}");
    assert_int_equal(compare_add(c, slice_str(a), slice_str(b), &err), 0);
    compare_add_json(&report, c);
    assert_int_equal(compare_counts(c).changed, 1);
    assert_int_equal(compare_counts(c).vanished, 0);
    assert_non_null(strstr(report.data, "\"kind\":\"changed\",\"differences\":"
                                        "[{\"path\":\"data.a\",\"before\":1,\"after\":2}]"));
    compare_free(c);
    buf_deinit(&report);
    free(a);
    free(b);
}

static void test_what_is_no_result_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "{", "{}", "[]", "{\"handlers\":7}"};
    struct compare *c = compare_new(COMPARE_REQUESTS);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct err err = {0};
        assert_int_equal(compare_add(c, SLICE_LIT("{\"handlers\":[]}"), slice_str(wrong[i]), &err),
                         -1);
        assert_int_equal(err.code, ERR_INVALID);
    }
    assert_int_equal(compare_counts(c).events, 0);
    compare_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_scripts_change_nothing),
        cmocka_unit_test(test_a_change_is_shown_by_its_places),
        cmocka_unit_test(test_a_handlers_new_name_changes_nothing),
        cmocka_unit_test(test_one_left_out_leaves_the_others),
        cmocka_unit_test(test_another_key_is_a_change),
        cmocka_unit_test(test_what_vanishes_says_why),
        cmocka_unit_test(test_what_is_new_says_why_it_was_not),
        cmocka_unit_test(test_what_handlers_ask_counts_too),
        cmocka_unit_test(test_examples_are_few_for_each_connector),
        cmocka_unit_test(test_long_values_are_cut),
        cmocka_unit_test(test_texts_that_are_json_are_looked_into),
        cmocka_unit_test(test_of_long_texts_it_says_where_they_part),
        cmocka_unit_test(test_it_says_how_many_places_are_left_off),
        cmocka_unit_test(test_of_sends_what_reaches_connectors_is_compared),
        cmocka_unit_test(test_what_is_no_result_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
