/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Scripts tried beside the engine, on a thread of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "engine/trials.h"
#include "script_project.h"

#define TRIALS_MAX 40

struct ended {
    struct err err;
    struct buf json, finding;
};

struct fixture {
    struct project *p;
    struct loop *loop;
    struct trials *trials;
    struct slice delivery; /* of those that are started; absent: none */
    struct ended ended[TRIALS_MAX];
    size_t n_ended;
};

static void on_tried(void *ctx, const struct trial_end *end)
{
    struct fixture *f = ctx;
    struct ended *e = &f->ended[f->n_ended++];
    e->err = end->err;
    buf_add_slice(&e->json, end->json);
    if (end->n_findings > 0)
        buf_printf(&e->finding, "%s:%d: %s", end->findings[0].file, end->findings[0].line,
                   end->findings[0].text);
}

static void set_up(struct fixture *f)
{
    struct err err = {0};
    *f = (struct fixture){.p = project_new(), .loop = loop_new(&err)};
    f->trials = trials_new(f->loop);
    project_write(f->p, "connectors/out.lua",
                  "return function(data) return http.post('http://x/', { json = data }) end");
}

static void tear_down(struct fixture *f)
{
    trials_free(f->trials);
    loop_free(f->loop);
    for (size_t i = 0; i < f->n_ended; i++) {
        buf_deinit(&f->ended[i].json);
        buf_deinit(&f->ended[i].finding);
    }
    project_free(f->p);
}

/* The project's files with this script. */
static struct sources *sources_of(const struct fixture *f, const char *handler)
{
    struct sources *files = sources_read(&(struct sources_options){.project = f->p->dir});
    struct buf text = {0};
    buf_printf(&text, "local sync = SyncManager.new{}\nsync:on('t', %s)\nsync:start()", handler);
    struct sources *s = sources_with_script(files, SLICE_LIT("main"), buf_slice(&text));
    sources_unref(files);
    buf_deinit(&text);
    return s;
}

static struct dry_scripts scripts_of(struct sources *sources)
{
    return (struct dry_scripts){
        .sources = sources,
        .settings = SLICE_LIT("{}"),
        .handler_time_ms = 100,
        .memory_max = 32 << 20,
    };
}

/* Starts one, which has its own copy of all that it needs. */
static int start(struct fixture *f, const char *handler, const char *before, const char *events,
                 struct err *err)
{
    struct sources *sources = sources_of(f, handler);
    struct sources *others = before ? sources_of(f, before) : NULL;
    const struct dry_scripts old = scripts_of(others);
    const struct trial_wish wish = {
        .delivery = f->delivery,
        .scripts = scripts_of(sources),
        .before = before ? &old : NULL,
        .events = slice_str(events),
        .now_ms = 1700000000000,
    };
    int rc = trials_start(f->trials, &wish, on_tried, f, err);
    sources_unref(sources);
    sources_unref(others);
    return rc;
}

static void start_well(struct fixture *f, const char *handler, const char *before,
                       const char *events)
{
    struct err err = {0};
    if (start(f, handler, before, events, &err) < 0)
        fail_msg("%s", err.message);
}

static void wait_for(struct fixture *f, size_t n)
{
    while (f->n_ended < n)
        loop_turn(f->loop, true);
}

#define SEND(data) "function(e) sync:send{ connector = 'out', data = " data " } end"
#define EVENT "{\"type\":\"t\",\"data\":7}"

static void assert_contains(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("expected \"%s\" in:\n%s", part, text ? text : "nothing");
}

static void test_each_event_has_its_result(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    start_well(&f, SEND("{ e.data }"), NULL, "[" EVENT "," EVENT "]");
    wait_for(&f, 1);
    const char *json = f.ended[0].json.data;
    assert_int_equal(f.ended[0].err.code, ERR_NONE);
    assert_int_equal(*json, '[');
    assert_contains(json, "\"json\":[7],\"answer\":{\"status\":200}}]");
    assert_contains(strstr(json, "]},{") ? strstr(json, "]},{") : "", "\"json\":[7]");
    tear_down(&f);
}

static void test_a_delivery_alone_is_attempted(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    f.delivery = SLICE_LIT("{\"id\":\"9-ab\",\"connector\":\"out\",\"data\":[8]}");
    start_well(&f, SEND("{ e.data }"), NULL, "[" EVENT "]");
    f.delivery = SLICE_LIT("{\"connector\":\"aut\"}");
    start_well(&f, SEND("{ e.data }"), NULL, "[" EVENT "]");
    wait_for(&f, 2);
    assert_contains(f.ended[0].json.data, "\"handlers\":[],\"attempt\":{\"connector\":\"out\",");
    assert_contains(f.ended[0].json.data, "\"Idempotency-Key\":\"9-ab\"},\"json\":[8],");
    assert_int_equal(f.ended[1].err.code, ERR_NOT_FOUND);
    assert_contains(f.ended[1].err.message, "did you mean \"out\"?");
    tear_down(&f);
}

static void test_two_versions_are_compared(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    start_well(&f, SEND("{ 2 }"), SEND("{ 1 }"), "[" EVENT "]");
    wait_for(&f, 1);
    assert_contains(f.ended[0].json.data, "{\"events\":1,\"same\":0,\"changed\":1,");
    assert_contains(f.ended[0].json.data, "\"path\":\"json[1]\",\"before\":1,\"after\":2");
    tear_down(&f);
}

static void test_scripts_that_do_not_load_say_why(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    start_well(&f, "(", NULL, "[" EVENT "]");
    wait_for(&f, 1);
    assert_int_equal(f.ended[0].err.code, ERR_SCRIPT);
    assert_contains(f.ended[0].err.message, "scripts/main.lua:2: ");
    assert_contains(f.ended[0].finding.data, "scripts/main.lua:2: ");
    tear_down(&f);
}

static void test_what_is_no_event_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    start_well(&f, SEND("1"), NULL, "[" EVENT ",{\"x\":1}]");
    wait_for(&f, 1);
    assert_int_equal(f.ended[0].err.code, ERR_INVALID);
    assert_int_equal(f.ended[0].json.len, 0);
    tear_down(&f);
}

static void test_secrets_have_stand_ins(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    project_write(
        f.p, "connectors/out.lua",
        "local token = secret 'NOWHERE_AT_ALL'\n"
        "return function() return http.post('http://x/', { headers = { A = token } }) end");
    start_well(&f, SEND("1"), NULL, "[" EVENT "]");
    wait_for(&f, 1);
    assert_contains(f.ended[0].json.data, "\"A\":\"***\"");
    tear_down(&f);
}

static void test_an_endless_handler_ends_its_run_alone(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    if (PROJECT_CAN_STOP) {
        start_well(&f, "function() while true do end end", NULL, "[" EVENT "]");
        start_well(&f, SEND("1"), NULL, "[" EVENT "]");
        wait_for(&f, 2);
        assert_contains(f.ended[0].json.data, "\"cause\":\"limit\"");
        assert_contains(f.ended[1].json.data, "\"outcome\":\"delivered\"");
    }
    tear_down(&f);
}

static void test_others_wait_and_too_many_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = {0};
    size_t n = 0;
    set_up(&f);
    while (n < TRIALS_MAX && start(&f, SEND("1"), NULL, "[" EVENT "]", &err) == 0)
        n++;
    assert_int_equal(n, 17); /* one runs, no loop turns that would let the next begin */
    assert_int_equal(err.code, ERR_FULL);
    wait_for(&f, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(f.ended[i].err.code, ERR_NONE);
    start_well(&f, SEND("1"), NULL, "[]");
    wait_for(&f, n + 1);
    assert_string_equal(f.ended[n].json.data, "[]");
    tear_down(&f);
}

static void test_those_that_are_freed_tell_it(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    for (int i = 0; i < 3; i++)
        start_well(&f, SEND("1"), NULL, "[" EVENT "]");
    trials_free(f.trials);
    f.trials = NULL;
    assert_int_equal(f.n_ended, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(f.ended[i].err.code, ERR_CANCELLED);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_event_has_its_result),
        cmocka_unit_test(test_a_delivery_alone_is_attempted),
        cmocka_unit_test(test_two_versions_are_compared),
        cmocka_unit_test(test_scripts_that_do_not_load_say_why),
        cmocka_unit_test(test_what_is_no_event_is_refused),
        cmocka_unit_test(test_secrets_have_stand_ins),
        cmocka_unit_test(test_an_endless_handler_ends_its_run_alone),
        cmocka_unit_test(test_others_wait_and_too_many_are_refused),
        cmocka_unit_test(test_those_that_are_freed_tell_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
