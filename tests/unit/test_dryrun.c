/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What the scripts would do with an event: requests, ends, and why nothing was sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "dryrun/dryrun.h"
#include "script_project.h"

struct fixture {
    struct project *p;
    struct dryrun *d;
    struct dryrun_result *result;
    struct buf json;
};

static struct dryrun_options options_of(struct fixture *f)
{
    return (struct dryrun_options){.mask = f->p->mask};
}

static void set_up_with(struct fixture *f, const struct dryrun_options *options)
{
    f->d = dryrun_new(options);
    f->p->options.ports = dryrun_ports(f->d);
    f->p->options.clock = dryrun_clock(f->d);
}

static void set_up(struct fixture *f)
{
    *f = (struct fixture){.p = project_new()};
    const struct dryrun_options options = options_of(f);
    set_up_with(f, &options);
    project_write(f->p, "connectors/out.lua",
                  "return function(data) return http.post('http://x/out', { json = data }) end");
}

static void tear_down(struct fixture *f)
{
    dryrun_result_free(f->result);
    script_free(f->p->machine);
    f->p->machine = NULL;
    dryrun_free(f->d);
    project_free(f->p);
    buf_deinit(&f->json);
}

/* Loads a script whose one manager is `sync`, and tries an event of type "t". */
static void try_script(struct fixture *f, const char *script, const char *data)
{
    struct buf text = {0};
    buf_printf(&text, "local sync = SyncManager.new{}\n%s\nsync:start()\n", script);
    project_write(f->p, "scripts/main.lua", text.data);
    buf_deinit(&text);
    project_load_well(f->p);
    struct event *event = project_event("t", data);
    dryrun_result_free(f->result);
    f->result = dryrun_event(f->d, f->p->machine, event);
    event_unref(event);
}

/* The JSON form. */
static const char *shown(struct fixture *f)
{
    buf_clear(&f->json);
    dryrun_add_json(&f->json, f->result);
    return f->json.data;
}

static const struct dryrun_send *first_send(const struct fixture *f)
{
    assert_non_null(f->result->handlers);
    assert_non_null(f->result->handlers->sends);
    return f->result->handlers->sends;
}

#define assert_slice(got, text)                                                                    \
    do {                                                                                           \
        char *copied = slice_dup(got);                                                             \
        assert_string_equal(copied, (text));                                                       \
        free(copied);                                                                              \
    } while (0)

static const char *header_of(const struct dryrun_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (slice_is_equal(r->headers[i].name, slice_str(name)))
            return r->headers[i].value.data;
    return NULL;
}

#define SEND_DATA "sync:on('t', function(e) sync:send{ connector = 'out', data = e.data } end)"

/* ---- requests ---- */

static void test_shows_the_request_of_each_send(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    try_script(&f, SEND_DATA, "{\"a\":[]}");
    const struct dryrun_send *send = first_send(&f);
    const struct dryrun_request *r = send->run.requests;
    assert_slice(send->connector, "out");
    assert_slice(send->key, "s1");
    assert_slice(send->data, "{\"a\":[]}");
    assert_slice(r->method, "POST");
    assert_slice(r->url, "http://x/out");
    assert_slice(r->body, "{\"a\":[]}");
    assert_string_equal(header_of(r, "Content-Type"), "application/json");
    assert_string_equal(header_of(r, "Idempotency-Key"), send->id.data);
    assert_int_equal(r->status, 200);
    assert_null(r->next);
    assert_int_equal(send->run.end.outcome, OUTCOME_DELIVERED);
    assert_false(dryrun_has_failed(f.result));
    tear_down(&f);
}

static void test_the_same_event_gives_the_same_result(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    const char *script =
        "sync:on('t', function(e)\n"
        "  for i = 1, 2 do\n"
        "    sync:send{ connector = 'out', data = { math.random(), math.random() } }\n"
        "  end\n"
        "end)";
    try_script(&f, script, "{}");
    char *first = mem_strdup(shown(&f));
    assert_false(slice_is_equal(first_send(&f)->id, first_send(&f)->next->id));
    struct event *event = project_event("t", "{}");
    dryrun_result_free(f.result);
    f.result = dryrun_event(f.d, f.p->machine, event);
    event_unref(event);
    assert_string_equal(shown(&f), first);
    free(first);
    tear_down(&f);
}

static void test_transformers_come_before_connectors(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    project_write(f.p, "transformers/wrap.lua",
                  "return function(data) return { inner = data } end");
    try_script(&f,
               "sync:on('t', function(e)\n"
               "  sync:send{ connector = 'out', data = e.data.x, transformer = 'wrap' }\n"
               "end)",
               "{\"x\":1}");
    assert_slice(first_send(&f)->data, "1");
    assert_slice(first_send(&f)->run.requests->body, "{\"inner\":1}");
    tear_down(&f);
}

static void test_a_handlers_own_lookups_are_shown_and_answered(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    try_script(&f,
               "sync:on('t', function(e)\n"
               "  local answer = http.get('http://x/lookup')\n"
               "  sync:send{ connector = 'out', data = { answer.status, answer.json } }\n"
               "end)",
               "{}");
    assert_slice(f.result->handlers->run.requests->url, "http://x/lookup");
    assert_slice(first_send(&f)->data, "[200,{}]");
    tear_down(&f);
}

static void test_secrets_are_masked_wherever_they_stand(void **state)
{
    (void)state;
    struct fixture f;
    setenv("DRYRUN_TOKEN", "12345678", 1);
    set_up(&f);
    project_write(f.p, "connectors/out.lua",
                  "local token = secret 'DRYRUN_TOKEN'\n"
                  "return function(data)\n"
                  "  log.info('with 12345678', { a = 12345678 })\n"
                  "  return http.post('http://x/?t=' .. token,\n"
                  "    { headers = { A = token }, json = { n = data, t = token } })\n"
                  "end");
    try_script(&f, SEND_DATA, "[12345678]");
    assert_null(strstr(shown(&f), "12345678"));
    const struct dryrun_request *r = first_send(&f)->run.requests;
    assert_slice(r->url, "http://x/?t=***");
    assert_string_equal(header_of(r, "A"), "***");
    assert_slice(first_send(&f)->data, "\"[***]\"");
    assert_int_equal(json_check(buf_slice(&f.json), NULL), 0);
    tear_down(&f);
}

/* ---- ends ---- */

struct row {
    const char *code; /* of the connector */
    enum outcome outcome;
    const char *cause, *reason;
};

static void test_an_attempts_end_is_told_in_the_words_of_deliveries(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"skip 'not now'", OUTCOME_SKIPPED, NULL, "not now"},
        {"retry('busy')", OUTCOME_RETRY, NULL, "busy"},
        {"reject('bad')", OUTCOME_DEAD, "refused", "bad"},
        {"error('oops')", OUTCOME_DEAD, "script", "oops"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture f;
        struct buf code = {0};
        set_up(&f);
        buf_printf(&code, "return function() %s end", rows[i].code);
        project_write(f.p, "connectors/out.lua", code.data);
        try_script(&f, SEND_DATA, "{}");
        const struct dryrun_end *end = &first_send(&f)->run.end;
        assert_int_equal(end->outcome, rows[i].outcome);
        assert_string_equal(end->cause ? end->cause : "", rows[i].cause ? rows[i].cause : "");
        assert_non_null(strstr(end->reason.data, rows[i].reason));
        assert_int_equal(dryrun_has_failed(f.result), end->outcome != OUTCOME_SKIPPED);
        buf_deinit(&code);
        tear_down(&f);
    }
}

static void answer_503(void *ctx, const struct dryrun_request *request,
                       struct script_answer *answer)
{
    *(char **)ctx = slice_dup(request->url);
    answer->status = 503;
}

static void answer_nothing(void *ctx, const struct dryrun_request *request,
                           struct script_answer *answer)
{
    (void)ctx, (void)request;
    *answer = (struct script_answer){.failure = "connect", .error = SLICE_LIT("nobody there")};
}

static void test_a_caller_may_answer_requests_itself(void **state)
{
    (void)state;
    char *url = NULL;
    struct fixture f;
    set_up(&f);
    dryrun_free(f.d);
    set_up_with(&f, &(struct dryrun_options){.answer = answer_503, .ctx = &url});
    try_script(&f, SEND_DATA, "{}");
    assert_string_equal(url, "http://x/out");
    assert_int_equal(first_send(&f)->run.requests->status, 503);
    assert_int_equal(first_send(&f)->run.end.outcome, OUTCOME_RETRY);
    free(url);
    tear_down(&f);
}

static void test_a_request_may_fail(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    dryrun_free(f.d);
    set_up_with(&f, &(struct dryrun_options){.answer = answer_nothing});
    try_script(&f, SEND_DATA, "{}");
    assert_slice(first_send(&f)->run.requests->failure, "connect");
    assert_non_null(strstr(first_send(&f)->run.end.reason.data, "nobody there"));
    tear_down(&f);
}

/* ---- await ---- */

static void test_await_gives_what_the_connector_returned(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    project_write(f.p, "connectors/book.lua",
                  "return function(data) return { n = data.n + 1 } end");
    try_script(&f,
               "sync:on('t', function(e)\n"
               "  local booked = sync:send{ connector = 'book', data = e.data }:await()\n"
               "  sync:send{ connector = 'out', data = booked }\n"
               "end)",
               "{\"n\":1}");
    assert_slice(first_send(&f)->next->run.requests->body, "{\"n\":2}");
    tear_down(&f);
}

static void test_await_tells_of_a_failure(void **state)
{
    (void)state;
    static const struct {
        const char *code, *told;
    } rows[] = {
        {"reject 'full'", "[\"refused\",\"full\",1]"},
        {"skip 'known'", "[\"skipped\",\"known\",1]"},
        {"retry 'busy'", "[\"exhausted\",\"busy\",1]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture f;
        struct buf code = {0};
        set_up(&f);
        buf_printf(&code, "return function() %s end", rows[i].code);
        project_write(f.p, "connectors/book.lua", code.data);
        try_script(
            &f,
            "sync:on('t', function(e)\n"
            "  local booked, why = sync:send{ connector = 'book', data = 1 }:await()\n"
            "  sync:send{ connector = 'out', data = { why.cause, why.error, why.attempts } }\n"
            "end)",
            "{}");
        assert_slice(first_send(&f)->next->data, rows[i].told);
        buf_deinit(&code);
        tear_down(&f);
    }
}

/* ---- why nothing was sent ---- */

static void test_no_handler_names_the_nearest_pattern(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    project_write(f.p, "scripts/main.lua",
                  "local sync = SyncManager.new{}\n"
                  "sync:on('schedule.updated', function() end)\n"
                  "sync:start()");
    project_load_well(f.p);
    struct event *event = project_event("schedule.update", "{}");
    f.result = dryrun_event(f.d, f.p->machine, event);
    event_unref(event);
    assert_null(f.result->handlers);
    assert_slice(f.result->nearest, "schedule.updated");
    tear_down(&f);
}

static void test_a_filter_lets_an_event_pass_by(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    try_script(&f,
               "sync:on('t', { filter = function(e) return e.data.x == 1 end }, function(e)\n"
               "  error('not run')\n"
               "end)",
               "{\"x\":2}");
    assert_true(f.result->handlers->is_filtered);
    assert_false(dryrun_has_failed(f.result));
    tear_down(&f);
}

static void test_a_handler_that_sends_nothing_shows_what_it_logged(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    try_script(&f,
               "sync:on('t', { key = function(e) return 'k' .. e.data.x end }, function(e)\n"
               "  log.warn('no room', { room = 7, floor = 'x' })\n"
               "  print('and', 'so')\n"
               "end)",
               "{\"x\":2}");
    const struct dryrun_line *line = f.result->handlers->run.lines;
    assert_int_equal(line->level, LOG_WARN);
    assert_slice(line->text, "no room");
    assert_slice(line->fields, "{\"floor\":\"x\",\"room\":7}");
    assert_slice(line->next->text, "and\tso");
    assert_null(line->next->fields.data);
    assert_slice(f.result->handlers->key, "k2");
    tear_down(&f);
}

/* Its second run leaves no trace; who fails, sends or is let by has no need of one. */
static void test_a_handler_that_sends_nothing_says_which_line_ran_last(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    dryrun_free(f.d);
    struct dryrun_options options = options_of(&f);
    options.says_where = true;
    set_up_with(&f, &options);
    try_script(&f,
               "local function forward(data)\n"
               "  if data.isNew then\n"
               "    sync:send{ connector = 'out', data = data }\n"
               "  end\n"
               "end\n"
               "sync:on('t', function(event)\n"
               "  log.info 'once'\n"
               "  http.get 'http://x/look'\n"
               "  forward(event.data)\n"
               "end)\n"
               "sync:on('t', function(event) sync:send{ connector = 'out', data = 1 } end)\n"
               "sync:on('t', function(event) skip 'no' end)\n"
               "sync:on('t', { filter = function() return false end }, function(event) end)\n"
               "sync:on('t', function(event) end)",
               "{\"isNew\":false}");
    const struct dryrun_handler *h = f.result->handlers;
    assert_slice(h->run.end.reason, "scripts/main.lua:3\n    3 | if data.isNew then");
    assert_null(h->run.requests->next);
    assert_null(h->run.lines->next);
    h = h->next;
    assert_null(h->run.end.reason.data);
    assert_null(h->sends->next);
    assert_slice(h->next->run.end.reason, "no");
    assert_null(h->next->next->run.end.reason.data);
    tear_down(&f);
}

/* As the daemon sends it: with the key of its run. */
static void test_sends_have_the_key_of_their_handler(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    try_script(&f,
               "sync:on('t', { key = function(e) return e.data.x end }, function(e)\n"
               "  local first = sync:send{ connector = 'out', data = 1 }\n"
               "  sync:send{ connector = 'out', data = { first.key or 'none' }, key = 'own' }\n"
               "end)",
               "{\"x\":\"a\"}");
    assert_slice(f.result->handlers->key, "a");
    assert_slice(first_send(&f)->key, "a");
    assert_slice(first_send(&f)->next->key, "own");
    assert_slice(first_send(&f)->next->data, "[\"a\"]");
    tear_down(&f);
}

static void test_a_key_function_that_returns_nil_leaves_sends_without_a_key(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    try_script(&f,
               "sync:on('t', { key = function() return nil end }, function(e)\n"
               "  local first = sync:send{ connector = 'out', data = 1 }\n"
               "  sync:send{ connector = 'out', data = { first.key or 'none' } }\n"
               "end)",
               "{}");
    assert_null(f.result->handlers->key.data);
    assert_null(first_send(&f)->key.data);
    assert_slice(first_send(&f)->next->data, "[\"none\"]");
    tear_down(&f);
}

static void test_a_failed_handler_keeps_what_it_sent_before(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    try_script(&f,
               "sync:on('t', function(e)\n"
               "  sync:send{ connector = 'out', data = 1 }\n"
               "  error('after it')\n"
               "end)",
               "{}");
    assert_non_null(first_send(&f)->run.requests);
    assert_string_equal(f.result->handlers->run.end.cause, "script");
    assert_non_null(strstr(f.result->handlers->run.end.reason.data, "main.lua:4"));
    assert_true(dryrun_has_failed(f.result));
    tear_down(&f);
}

static void test_one_handlers_failure_leaves_the_others(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    try_script(
        &f,
        "sync:on('t', { filter = function(e) return e.data.a.b end }, function() end)\n" SEND_DATA,
        "{}");
    const struct dryrun_handler *h = f.result->handlers;
    assert_string_equal(h->run.end.cause, "script");
    assert_int_equal(h->next->run.end.outcome, OUTCOME_DELIVERED);
    assert_slice(h->next->sends->run.requests->url, "http://x/out");
    tear_down(&f);
}

static void test_handlers_of_other_channels_are_left_out(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    project_write(f.p, "scripts/other.lua",
                  "local sync = SyncManager.new{ eventBusUrl = 'http://bus/' }\n"
                  "sync:on('t', { name = 'other' }, function() end)\n"
                  "sync:start()");
    try_script(&f, SEND_DATA, "{}");
    assert_null(f.result->handlers->next);
    const struct event_parts parts = {.id = SLICE_LIT("e"), .type = SLICE_LIT("t")};
    struct event *event = event_new(&parts);
    dryrun_result_free(f.result);
    f.result = dryrun_event(f.d, f.p->machine, event);
    event_unref(event);
    assert_slice(f.result->handlers->next->name, "other");

    const struct event_parts unknown = {
        .channel = SLICE_LIT("x"), .id = SLICE_LIT("e"), .type = SLICE_LIT("t")};
    event = event_new(&unknown);
    dryrun_result_free(f.result);
    f.result = dryrun_event(f.d, f.p->machine, event);
    event_unref(event);
    assert_non_null(f.result->handlers->next);
    tear_down(&f);
}

/* ---- bounds ---- */

static void test_requests_and_sends_are_bounded(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    f.p->options.handler_time_ms = 10000;
    try_script(&f,
               "sync:on('t', function(e)\n"
               "  while true do sync:send{ connector = 'out', data = 1 } end\n"
               "end)",
               "{}");
    assert_non_null(strstr(f.result->handlers->run.end.reason.data, "1000 requests"));
    assert_string_equal(first_send(&f)->run.end.cause, "script");
    tear_down(&f);
}

static void answer_slowly(void *ctx, const struct dryrun_request *request,
                          struct script_answer *answer)
{
    (void)ctx, (void)request, (void)answer;
    const struct clock real = clock_system();
    for (int64_t from = clock_mono_us(&real); clock_mono_us(&real) < from + 2000;)
        ;
}

static void test_time_is_bounded_over_all_runs(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    dryrun_free(f.d);
    set_up_with(&f, &(struct dryrun_options){.answer = answer_slowly, .time_max_ms = 1});
    try_script(&f,
               "sync:on('t', function(e) while true do http.get('http://x/') end end)\n" SEND_DATA,
               "{}");
    assert_string_equal(f.result->handlers->run.end.cause, "limit");
    assert_string_equal(f.result->handlers->next->run.end.cause, "limit");
    tear_down(&f);
}

/* ---- one attempt ---- */

static void test_one_attempt_by_itself(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = {0};
    set_up(&f);
    try_script(&f, SEND_DATA, "{}");
    struct event *event = project_event("t", "{}");
    const struct dryrun_send wish = {
        .connector = SLICE_LIT("out"), .data = SLICE_LIT("[7]"), .key = SLICE_LIT("k")};
    dryrun_result_free(f.result);
    f.result = dryrun_attempt(f.d, f.p->machine, event, &wish, &err);
    assert_slice(f.result->attempt->run.requests->body, "[7]");
    assert_slice(f.result->attempt->key, "k");

    assert_true(slice_has_prefix(f.result->attempt->id, SLICE_LIT("0-"))); /* a stand-in */
    const struct dryrun_send known = {
        .connector = SLICE_LIT("out"), .id = SLICE_LIT("7-abc"), .handler = SLICE_LIT("sync/t#1")};
    dryrun_result_free(f.result);
    f.result = dryrun_attempt(f.d, f.p->machine, event, &known, &err);
    assert_slice(f.result->attempt->id, "7-abc");

    const struct dryrun_send wrong = {.connector = SLICE_LIT("aut")};
    assert_null(dryrun_attempt(f.d, f.p->machine, event, &wrong, &err));
    assert_string_equal(err.message, "no connector \"aut\": did you mean \"out\"?");
    event_unref(event);
    tear_down(&f);
}

static void test_the_json_form_says_it_all(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    try_script(&f, SEND_DATA, "{\"a\":1}");
    struct buf expected = {0};
    const char *id = first_send(&f)->id.data;
    buf_printf(
        &expected,
        "{\"event\":{\"id\":\"e1\",\"type\":\"t\"},\"handlers\":[{\"handler\":\"main/t#1\","
        "\"file\":\"scripts/main.lua\",\"key\":\"s1\",\"filtered\":false,\"sends\":[{"
        "\"connector\":\"out\",\"id\":\"%s\",\"key\":\"s1\",\"data\":{\"a\":1},\"requests\":[{"
        "\"method\":\"POST\",\"url\":\"http://x/out\",\"headers\":{"
        "\"Content-Type\":\"application/json\",\"Idempotency-Key\":\"%s\"},\"json\":{\"a\":1},"
        "\"answer\":{\"status\":200}}],\"log\":[],\"outcome\":\"delivered\"}],\"requests\":[],"
        "\"log\":[],\"outcome\":\"delivered\"}]}",
        id, id);
    assert_string_equal(shown(&f), expected.data);
    buf_deinit(&expected);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shows_the_request_of_each_send),
        cmocka_unit_test(test_the_same_event_gives_the_same_result),
        cmocka_unit_test(test_transformers_come_before_connectors),
        cmocka_unit_test(test_a_handlers_own_lookups_are_shown_and_answered),
        cmocka_unit_test(test_secrets_are_masked_wherever_they_stand),
        cmocka_unit_test(test_an_attempts_end_is_told_in_the_words_of_deliveries),
        cmocka_unit_test(test_a_caller_may_answer_requests_itself),
        cmocka_unit_test(test_a_request_may_fail),
        cmocka_unit_test(test_await_gives_what_the_connector_returned),
        cmocka_unit_test(test_await_tells_of_a_failure),
        cmocka_unit_test(test_no_handler_names_the_nearest_pattern),
        cmocka_unit_test(test_a_filter_lets_an_event_pass_by),
        cmocka_unit_test(test_a_handler_that_sends_nothing_shows_what_it_logged),
        cmocka_unit_test(test_a_handler_that_sends_nothing_says_which_line_ran_last),
        cmocka_unit_test(test_sends_have_the_key_of_their_handler),
        cmocka_unit_test(test_a_key_function_that_returns_nil_leaves_sends_without_a_key),
        cmocka_unit_test(test_a_failed_handler_keeps_what_it_sent_before),
        cmocka_unit_test(test_one_handlers_failure_leaves_the_others),
        cmocka_unit_test(test_handlers_of_other_channels_are_left_out),
        cmocka_unit_test(test_requests_and_sends_are_bounded),
        cmocka_unit_test(test_time_is_bounded_over_all_runs),
        cmocka_unit_test(test_one_attempt_by_itself),
        cmocka_unit_test(test_the_json_form_says_it_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
