/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Attempts at batches in the script host: what `send` is given, each row's own end, items, and the
 * time that there is for all.
 */
#include "script/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "script_project.h"

#include <cmocka.h>

#define ROWS_MAX 400

/* A batch under way, and its ends as text: "2:skip no" for a row, "all:returned". */
struct batch {
    struct project *p;
    struct event *events[ROWS_MAX];
    struct script_attempt rows[ROWS_MAX];
    struct buf ends;
    bool is_left_out[ROWS_MAX];
    bool is_over;
    int64_t after_ms; /* that the whole asked for */
    struct script_batch_run *run;
};

static const char *const words[] = {
    [SCRIPT_RETURNED] = "returned", [SCRIPT_SKIP] = "skip", [SCRIPT_RETRY] = "retry",
    [SCRIPT_REJECT] = "reject",     [SCRIPT_HTTP] = "http", [SCRIPT_ERROR] = "error",
    [SCRIPT_LIMIT] = "limit",
};

static void add_word(struct batch *b, const char *who, const char *word)
{
    if (b->ends.len > 0)
        buf_add_str(&b->ends, ", ");
    buf_printf(&b->ends, "%s:%s", who, word);
}

static void add_end(struct batch *b, const char *who, const struct script_result *r)
{
    struct slice line = slice_upto(r->error, slice_find(r->error, '\n'));
    add_word(b, who, words[r->end]);
    if (line.len > 0)
        buf_printf(&b->ends, " %.*s", SLICE_FMT(line));
}

static void on_row(void *ctx, size_t row, const struct script_result *result)
{
    char who[24];
    snprintf(who, sizeof(who), "%zu", row);
    if (result)
        add_end(ctx, who, result);
    else
        add_word(ctx, who, "not now");
}

static void on_end(void *ctx, const struct script_result *result)
{
    struct batch *b = ctx;
    b->is_over = true;
    if (result)
        add_end(b, "all", result);
    b->after_ms = result ? result->after_ms : -1;
}

static bool leaves_out(void *ctx, size_t row)
{
    return ((struct batch *)ctx)->is_left_out[row];
}

static void add_id(void *ctx, struct buf *id)
{
    (void)ctx;
    buf_add_str(id, "2-ab");
}

/* A project with this connector, `out`, and a transformer `number`. */
static struct batch *load(const char *connector)
{
    struct batch *b = mem_calloc(1, sizeof(*b));
    b->p = project_new();
    project_write(b->p, "connectors/out.lua", connector);
    project_write(b->p, "transformers/number.lua",
                  "return function(data) return { n = data.n * 10 } end");
    project_write(b->p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(b->p);
    return b;
}

static void add_row(struct batch *b, size_t i, const char *data)
{
    b->events[i] = project_event("t", data);
    b->rows[i] = (struct script_attempt){
        .event = b->events[i], .id = SLICE_LIT("d"), .attempt = 2, .created_ms = 1000};
}

static void begin(struct batch *b, size_t n_rows)
{
    const struct script_batch asked = {
        .attempt = 3,
        .created_ms = 1000,
        .last_error = SLICE_LIT("before"),
        .rows = b->rows,
        .n_rows = n_rows,
        .row_ended = on_row,
        .is_left_out = leaves_out,
        .add_id = add_id,
    };
    b->run = script_attempt_batch(
        b->p->machine, script_connector_find(b->p->machine, SLICE_LIT("out")), &asked, on_end, b);
}

/* Attempts these data, up to NULL. */
static void attempt(struct batch *b, const char *const *data)
{
    size_t n = 0;
    for (; data[n]; n++)
        add_row(b, n, data[n]);
    begin(b, n);
}

static void assert_ends(struct batch *b, const char *expected)
{
    buf_reserve(&b->ends, 1);
    b->ends.data[b->ends.len] = '\0';
    assert_string_equal(b->ends.data, expected);
}

static void end(struct batch *b)
{
    for (size_t i = 0; i < ROWS_MAX; i++)
        event_unref(b->events[i]);
    buf_deinit(&b->ends);
    project_free(b->p);
    free(b);
}

/* That connector, with these data, has these ends. */
static void assert_batch(const char *connector, const char *const *data, const char *expected)
{
    struct batch *b = load(connector);
    attempt(b, data);
    assert_ends(b, expected);
    assert_true(b->is_over);
    end(b);
}

#define ROWS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SEND(body) "return { batch = {}, send = function(list, batch) " body " end }"
#define POST "http.post('http://h', { json = list })"

/* ---- what send is given ---- */

static void rows_that_nobody_touched_leave_as_they_came(void **state)
{
    (void)state;
    struct batch *b = load(SEND("return " POST));
    attempt(b, ROWS("{ \"a\": [], \"n\": 1.50 }", "[ 1 ]", "\"x\"", "{}"));
    assert_string_equal(project_request_text(b->p, 0),
                        "POST http://h\nContent-Type: application/json\nIdempotency-Key: 2-ab\n\n"
                        "[{ \"a\": [], \"n\": 1.50 },[1],\"x\",{}]");
    assert_ends(b, "");
    project_answer(b->p, 200, "{}");
    assert_ends(b, "all:returned");
    end(b);
}

static void a_row_that_is_looked_into_is_a_table_like_any_other(void **state)
{
    (void)state;
    struct batch *b = load(SEND("list[2].b = list[2].a + 1 "
                                "for k in pairs(list[3]) do list[3][k] = nil end " POST));
    attempt(b, ROWS("{ \"a\": 1 }", "{ \"a\": 2 }", "{ \"a\": 3 }", "{ \"a\": 4 }"));
    assert_string_equal(strstr(project_request_text(b->p, 0), "\n\n") + 2,
                        "[{ \"a\": 1 },{\"a\":2,\"b\":3},{},{ \"a\": 4 }]");
    end(b);
}

/* The texts of all are one object, which a row that is kept keeps. */
static void rows_may_be_looked_into_after_their_batch(void **state)
{
    (void)state;
    struct batch *b =
        load("local kept\n" SEND("if kept then reject(kept[1].a .. kept[2].a .. list[1].a) end\n"
                                 "kept = { list[3], list[1] }"));
    attempt(b, ROWS("{ \"a\": \"x\" }", "[]", "{ \"a\": \"y\" }"));
    assert_ends(b, "all:returned");
    for (size_t i = 0; i < 3; i++)
        event_unref(b->events[i]);
    buf_clear(&b->ends);
    attempt(b, ROWS("{ \"a\": \"z\" }", "{}"));
    b->events[2] = NULL;
    assert_ends(b, "all:reject yxz");
    end(b);
}

static void lines_of_rows_leave_as_they_came(void **state)
{
    (void)state;
    struct batch *b = load(SEND("return http.post('http://h', { body = json.lines(list) })"));
    attempt(b, ROWS("{ \"b\": 1, \"a\": 2 }", "{\n\"b\": 1, \"a\": 2 }"));
    assert_non_null(
        strstr(project_request_text(b->p, 0), "\n\n{ \"b\": 1, \"a\": 2 }\n{\"a\":2,\"b\":1}\n"));
    end(b);
}

static void a_batch_says_what_it_is(void **state)
{
    (void)state;
    struct batch *b = load(SEND("local d = batch.deliveries; http.post('http://h', { json = { "
                                "batch.id, batch.attempt, batch.connector, batch.createdAt, "
                                "batch.lastError, #d, d[2].id, d[2].attempt, d[2].event.data.n, "
                                "d[1].event.type, d == batch.deliveries } })"));
    attempt(b, ROWS("{\"n\":1}", "{\"n\":2}"));
    assert_non_null(
        strstr(project_request_text(b->p, 0),
               "[\"2-ab\",3,\"out\",\"1970-01-01T00:00:01.000Z\",\"before\",2,\"d\",2,2,"
               "\"t\",true]"));
    end(b);
}

static void each_row_is_transformed_by_its_own(void **state)
{
    (void)state;
    struct batch *b = load("return { batch = {}, transformer = function(data, event) return { t = "
                           "event.type, n = data.n } end, send = function(list) " POST " end }");
    add_row(b, 0, "{\"n\":1}");
    add_row(b, 1, "{\"n\":2}");
    b->rows[1].transformer = SLICE_LIT("number");
    begin(b, 2);
    assert_non_null(strstr(project_request_text(b->p, 0), "[{\"n\":1,\"t\":\"t\"},{\"n\":20}]"));
    end(b);
}

/* ---- own ends ---- */

#define TRANSFORMED(body)                                                                          \
    "return { batch = {}, transformer = function(data) " body                                      \
    " return data end, send = function(list)\n http.post('http://h', { json = list }) end }"

static void a_row_that_fails_leaves_the_others(void **state)
{
    (void)state;
    struct batch *b = load(TRANSFORMED("if data.n == 2 then error('no') end "
                                       "if data.n == 3 then skip 'not this' end "
                                       "if data.n == 4 then retry('later', { after = 5 }) end"));
    attempt(b, ROWS("{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}", "{\"n\":5}"));
    assert_non_null(strstr(project_request_text(b->p, 0), "[{\"n\":1},{\"n\":5}]"));
    assert_ends(b, "1:error connectors/out.lua:1: no, 2:skip not this, 3:retry later");
    project_answer(b->p, 500, "{}");
    assert_non_null(strstr(b->ends.data, ", all:http "));
    end(b);
}

static void nothing_is_sent_where_no_row_is_left(void **state)
{
    (void)state;
    assert_batch(TRANSFORMED("skip 'no'"), ROWS("{}", "{}"), "0:skip no, 1:skip no");
}

static void a_row_that_is_left_out_is_neither_transformed_nor_sent(void **state)
{
    (void)state;
    struct batch *b = load(TRANSFORMED("if data.n == 2 then error('no') end"));
    b->is_left_out[1] = true;
    attempt(b, ROWS("{\"n\":1}", "{\"n\":2}"));
    assert_non_null(strstr(project_request_text(b->p, 0), "[{\"n\":1}]"));
    assert_ends(b, "");
    end(b);
}

static void transformers_may_wait(void **state)
{
    (void)state;
    struct batch *b =
        load(TRANSFORMED("data = { n = data.n, found = http.get('http://l/' .. data.n).body }"));
    attempt(b, ROWS("{\"n\":1}", "{\"n\":2}"));
    for (int i = 0; i < 2; i++)
        project_answer(b->p, 200, "x");
    assert_non_null(strstr(project_request_text(b->p, 2),
                           "[{\"found\":\"x\",\"n\":1},{\"found\":\"x\",\"n\":2}]"));
    project_answer(b->p, 200, "");
    assert_ends(b, "all:returned");
    end(b);
}

static void what_is_there_already_isnt_sent_again(void **state)
{
    (void)state;
    struct batch *b = load("return { batch = {}, verify = function(data) return data.n == 1 end, "
                           "send = function(list) " POST " end }");
    add_row(b, 0, "{\"n\":1}");
    add_row(b, 1, "{\"n\":2}");
    b->rows[0].was_unknown = b->rows[1].was_unknown = true;
    begin(b, 2);
    assert_ends(b, "0:returned");
    assert_non_null(strstr(project_request_text(b->p, 0), "[{\"n\":2}]"));
    end(b);
}

/* ---- items ---- */

static void items_are_rows_by_their_numbers_or_by_themselves(void **state)
{
    (void)state;
    const char *const *rows = ROWS("{\"n\":1}", "{\"n\":2}", "{\"n\":3}");
    assert_batch(SEND("reject('bad', { items = { 1, list[3] } })"), rows,
                 "0:reject bad, 2:reject bad, all:returned");
    assert_batch(SEND("local third = table.remove(list); retry('so', { items = { third } })"), rows,
                 "2:retry so, all:returned");
    assert_batch(SEND("reject('bad', { items = {} })"), rows, "all:returned");
    assert_batch(SEND("reject('bad', { items = { 1, 2, 3 } })"), rows,
                 "0:reject bad, 1:reject bad, 2:reject bad");
    assert_batch(SEND("reject 'bad'"), rows, "all:reject bad");
}

static void items_count_what_is_in_the_list(void **state)
{
    (void)state;
    assert_batch(
        "return { batch = {}, transformer = function(data) if data.n == 1 then skip 'no' "
        "end return data end, send = function(list) reject('bad', { items = { 1 } }) end }",
        ROWS("{\"n\":1}", "{\"n\":2}", "{\"n\":3}"), "0:skip no, 1:reject bad, all:returned");
}

static void items_that_are_no_rows_are_an_error(void **state)
{
    (void)state;
    assert_batch(SEND("reject('bad', { items = { 2 } })"), ROWS("{}"),
                 "all:error connectors/out.lua:1: reject: item 1 is no row of the batch: those are "
                 "numbered from 1 to 1");
    assert_batch(SEND("retry('bad', { items = { {} } })"), ROWS("{}"),
                 "all:error connectors/out.lua:1: retry: item 1 is a table that isn't one of the "
                 "list's: name rows by their numbers, or by what stands in the list");
    assert_batch(SEND("reject('bad', { items = { [2] = true } })"), ROWS("{}", "{}"),
                 "all:error connectors/out.lua:1: reject: `items` must be a list of rows, as in "
                 "{ 1, 3 }; this one has other keys");
    assert_batch(SEND("retry('bad', { items = list[1] })"), ROWS("{\"n\":1}", "{}"),
                 "all:error connectors/out.lua:1: retry: `items` must be a list of rows, as in "
                 "{ 1, 3 }; this one has other keys");
}

/* A call that fails says nothing of any row. */
static void items_of_a_verdict_that_wasnt_given_count_for_nothing(void **state)
{
    (void)state;
    assert_batch(SEND("retry(nil, { items = { 1 } })"), ROWS("{}", "{}"),
                 "all:error connectors/out.lua:1: retry takes its reason as a string, as in "
                 "retry(\"…\")");
    assert_batch(SEND("pcall(retry, nil, { items = { 1 } }) error('no')"), ROWS("{}", "{}"),
                 "all:error connectors/out.lua:1: no");
    assert_batch(SEND("pcall(reject, nil, { items = { 1 } }) reject('all')"), ROWS("{}", "{}"),
                 "all:reject all");
}

static void a_wait_of_a_verdict_that_wasnt_given_counts_for_nothing(void **state)
{
    (void)state;
    struct batch *b = load(SEND("pcall(retry, 'x', { after = '90s', items = { 99 } }) retry('y')"));
    attempt(b, ROWS("{}", "{}"));
    assert_ends(b, "all:retry y");
    assert_int_equal(b->after_ms, -1);
    end(b);
}

/* ---- time ---- */

static void many_rows_have_more_time(void **state)
{
    (void)state;
    if (!PROJECT_CAN_STOP)
        skip();
    struct batch *b = load(SEND("while true do end"));
    for (size_t i = 0; i < ROWS_MAX; i++)
        add_row(b, i, "{}");
    begin(b, ROWS_MAX);
    struct buf expected = {0};
    buf_add_str(&expected, "all:limit out was stopped: it ran longer than ");
    text_add_duration(&expected, b->p->options.handler_time_ms * 4); /* a hundred rows each */
    buf_add_str(&expected, " (limits.handlerTime)");
    assert_non_null(strstr(b->ends.data, expected.data));
    buf_deinit(&expected);
    end(b);
}

static void a_row_that_never_ends_is_stopped_alone(void **state)
{
    (void)state;
    if (!PROJECT_CAN_STOP)
        skip();
    struct batch *b = load(TRANSFORMED("if data.n == 2 then while true do end end"));
    for (size_t i = 0; i < 200; i++)
        add_row(b, i, i == 1 ? "{\"n\":2}" : "{\"n\":1}");
    begin(b, 200);
    assert_non_null(strstr(b->ends.data, "1:limit out was stopped"));
    assert_int_equal(b->p->n_requests, 1);
    end(b);
}

static void rows_that_never_end_stop_the_batch(void **state)
{
    (void)state;
    if (!PROJECT_CAN_STOP)
        skip();
    struct batch *b = load(TRANSFORMED("while true do end"));
    for (size_t i = 0; i < ROWS_MAX; i++)
        add_row(b, i, "{}");
    begin(b, ROWS_MAX);
    assert_true(b->is_over);
    assert_non_null(strstr(b->ends.data, "1:limit out was stopped"));
    assert_non_null(strstr(b->ends.data, "all:limit out was stopped"));
    assert_null(strstr(b->ends.data, "3:limit"));
    end(b);
}

/* The second row's look-up takes all of the timeout: what is ready is sent, with a timeout of its own. */
static void rows_that_are_slow_to_get_ready_keep_none_from_being_sent(void **state)
{
    (void)state;
    struct batch *b = load(TRANSFORMED("http.get('http://l/' .. data.n)"));
    attempt(b, ROWS("{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}"));
    project_answer(b->p, 200, "");
    b->p->clock.mono_ms += 10000;
    project_answer(b->p, 200, "");
    assert_string_equal(project_request_text(b->p, 2),
                        "POST http://h\nContent-Type: application/json\nIdempotency-Key: 2-ab\n\n"
                        "[{\"n\":1},{\"n\":2}]");
    assert_int_equal(b->p->requests[2].timeout_ms, 10000);
    assert_ends(b, "2:not now, 3:not now");
    project_answer(b->p, 200, "");
    assert_ends(b, "2:not now, 3:not now, all:returned");
    end(b);
}

/* ---- without an end ---- */

static void a_cancelled_batch_is_silent(void **state)
{
    (void)state;
    struct batch *b = load(TRANSFORMED("http.get('http://l')"));
    attempt(b, ROWS("{}", "{}"));
    script_cancel_batch(b->run);
    assert_true(b->p->requests[0].is_cancelled);
    assert_ends(b, "");

    begin(b, 2);
    project_answer(b->p, 200, "");
    project_answer(b->p, 200, "");
    script_cancel_batch(b->run);
    assert_false(b->is_over);
    end(b);
}

static void a_machine_that_goes_takes_its_batches_with_it(void **state)
{
    (void)state;
    struct batch *b = load(SEND("return " POST));
    attempt(b, ROWS("{}", "{}"));
    end(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_nobody_touched_leave_as_they_came),
        cmocka_unit_test(a_row_that_is_looked_into_is_a_table_like_any_other),
        cmocka_unit_test(rows_may_be_looked_into_after_their_batch),
        cmocka_unit_test(lines_of_rows_leave_as_they_came),
        cmocka_unit_test(a_batch_says_what_it_is),
        cmocka_unit_test(each_row_is_transformed_by_its_own),
        cmocka_unit_test(a_row_that_fails_leaves_the_others),
        cmocka_unit_test(nothing_is_sent_where_no_row_is_left),
        cmocka_unit_test(a_row_that_is_left_out_is_neither_transformed_nor_sent),
        cmocka_unit_test(transformers_may_wait),
        cmocka_unit_test(what_is_there_already_isnt_sent_again),
        cmocka_unit_test(items_are_rows_by_their_numbers_or_by_themselves),
        cmocka_unit_test(items_count_what_is_in_the_list),
        cmocka_unit_test(items_that_are_no_rows_are_an_error),
        cmocka_unit_test(items_of_a_verdict_that_wasnt_given_count_for_nothing),
        cmocka_unit_test(a_wait_of_a_verdict_that_wasnt_given_counts_for_nothing),
        cmocka_unit_test(many_rows_have_more_time),
        cmocka_unit_test(a_row_that_never_ends_is_stopped_alone),
        cmocka_unit_test(rows_that_never_end_stop_the_batch),
        cmocka_unit_test(rows_that_are_slow_to_get_ready_keep_none_from_being_sent),
        cmocka_unit_test(a_cancelled_batch_is_silent),
        cmocka_unit_test(a_machine_that_goes_takes_its_batches_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
