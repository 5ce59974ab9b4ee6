/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The conformance cases of server-sent events, each through a channel of its own over real sockets;
 * all run at the same time, then each is judged. Skipped where the cases aren't there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"
#include "channel/sse.h"
#include "channel/sse_parser.h"
#include "fake_host.h"
#include "scripted_server.h"

#include <openssl/sha.h>

#include <cmocka.h>

#define CASES LIAISON_SOURCE_DIR "/../shared/conformance/sse-cases.json"

/* How long the cases run: at least so long that what must not happen has had its time. */
#define RUN_LEAST_MS 3000
#define RUN_MOST_MS 60000
#define TICK_MS 20

/* Cases of level "should" that don't pass, each with its reason. One that passes has to go. */
static const struct {
    const char *name, *reason;
} known_failures[] = {
    {NULL, NULL}, /* none */
};

struct sse_case {
    char *name;
    struct slice expect; /* in the file's text */
    struct slice kind;
    bool is_must;
    struct script_answer *answers;
    size_t n_answers;
    struct fake_host fake;
    struct scripted_server *server;
    struct channel *channel;
    int64_t started_ms;
    const int64_t *late_ms; /* the suite's */
    struct buf wrong;       /* what was wrong; empty: nothing */
};

struct suite {
    struct buf text;
    struct fake_host fake;
    struct loop_timer *tick;
    int64_t tick_due_ms;
    int64_t late_ms; /* by which the machine held the loop up: no channel's fault */
    struct sse_case *cases;
    size_t n_cases;
};

/* ---- reading ---- */

typedef void (*element_fn)(void *ctx, struct slice element);

static void each_element(struct slice array, element_fn fn, void *ctx)
{
    struct json_reader r;
    json_reader_init(&r, array);
    assert_int_equal(json_next(&r), JSON_ARRAY_BEGIN);
    for (enum json_token t; (t = json_next(&r)) != JSON_ARRAY_END;) {
        struct slice element;
        assert_int_not_equal(t, JSON_ERROR);
        assert_int_equal(json_skip(&r, &element), 0);
        fn(ctx, element);
    }
    json_reader_deinit(&r);
}

static struct slice member(struct slice object, const char *name)
{
    struct slice value;
    return json_get(object, name, &value) ? value : SLICE_NULL;
}

static int64_t integer(struct slice object, const char *name, int64_t otherwise)
{
    int64_t value;
    struct slice text = member(object, name);
    return text.data && json_get_integer(text, &value) == 0 ? value : otherwise;
}

/* Its decoded bytes with a NUL behind them, the caller's; *len may be NULL. */
static char *string(struct slice object, const char *name, size_t *len)
{
    struct buf out = {0};
    struct slice text = member(object, name);
    if (text.data)
        assert_int_equal(json_get_string(text, &out), 0);
    if (len)
        *len = out.len;
    return buf_take(&out);
}

static bool is_string(struct slice object, const char *name, const char *value)
{
    char *text = string(object, name, NULL);
    bool is = strcmp(text, value) == 0;
    free(text);
    return is;
}

/* ---- from the file to scripts ---- */

static void read_part(void *ctx, struct slice part)
{
    struct script_answer *answer = ctx;
    struct script_part *parts =
        mem_realloc((void *)answer->parts, (answer->n_parts + 1) * sizeof(*parts));
    struct script_part *p = &parts[answer->n_parts++];
    answer->parts = parts;
    *p = (struct script_part){.count = (size_t)integer(part, "count", 1),
                              .delay_ms = integer(part, "delay_ms", 0)};
    if (member(part, "fill").data) {
        p->bytes.data = string(part, "fill", &p->bytes.len);
        return;
    }
    struct buf bytes = {0};
    char *base64 = string(part, "b64", NULL);
    assert_int_equal(base64_parse(slice_str(base64), &bytes), 0);
    free(base64);
    p->bytes.len = bytes.len;
    p->bytes.data = buf_take(&bytes);
}

static void add_headers(struct buf *head, struct slice headers)
{
    struct json_reader r;
    json_reader_init(&r, headers);
    assert_int_equal(json_next(&r), JSON_OBJECT_BEGIN);
    while (json_next(&r) == JSON_KEY) {
        buf_add_slice(head, r.text);
        assert_int_equal(json_next(&r), JSON_STRING);
        buf_printf(head, ": %.*s\r\n", SLICE_FMT(r.text));
    }
    json_reader_deinit(&r);
}

static void read_connection(void *ctx, struct slice connection)
{
    struct sse_case *c = ctx;
    c->answers = mem_realloc(c->answers, (c->n_answers + 1) * sizeof(*c->answers));
    struct script_answer *answer = &c->answers[c->n_answers++];
    *answer = (struct script_answer){0};

    struct buf head = {0};
    char *reason = string(connection, "reason", NULL);
    buf_printf(&head, "HTTP/1.1 %d %s\r\n", (int)integer(connection, "status", 200),
               *reason ? reason : "Status");
    free(reason);
    add_headers(&head, member(connection, "headers"));
    buf_add_str(&head, "Connection: close\r\n\r\n");
    answer->head = buf_take(&head);
    answer->end = is_string(connection, "end", "hold")    ? SCRIPT_HOLD
                  : is_string(connection, "end", "reset") ? SCRIPT_RESET
                                                          : SCRIPT_CLOSE;
    each_element(member(connection, "parts"), read_part, answer);
}

static void read_case(void *ctx, struct slice text)
{
    struct suite *suite = ctx;
    suite->cases = mem_realloc(suite->cases, (suite->n_cases + 1) * sizeof(*suite->cases));
    struct sse_case *c = &suite->cases[suite->n_cases++];
    *c = (struct sse_case){
        .name = string(text, "name", NULL),
        .expect = member(text, "expect"),
        .kind = member(text, "kind"),
        .is_must = is_string(text, "level", "must"),
    };
    each_element(member(text, "connections"), read_connection, c);
}

/* ---- running ---- */

static void start(struct suite *suite, struct sse_case *c)
{
    struct err err = {0};
    fake_host_join(&c->fake, &suite->fake);
    c->server = scripted_server_new(suite->fake.host.loop, c->answers, c->n_answers);
    const struct channel_options options = {.name = c->name, .url = scripted_server_url(c->server)};
    c->late_ms = &suite->late_ms;
    c->started_ms = clock_mono_ms(&c->fake.host.clock);
    c->channel = channel_open(&options, &c->fake.host, &err);
    assert_non_null(c->channel);
}

static void count_element(void *ctx, struct slice element)
{
    (void)element;
    ++*(size_t *)ctx;
}

static size_t count(struct slice object, const char *name)
{
    size_t n = 0;
    if (member(object, name).data)
        each_element(member(object, name), count_element, &n);
    return n;
}

static size_t least_requests(const struct sse_case *c)
{
    size_t n = (size_t)integer(c->expect, "min_requests", 1);
    if (member(c->expect, "gap_ms").data && n < 2)
        n = 2;
    size_t listed = count(c->expect, "requests");
    return listed > n ? listed : n;
}

static bool is_done(const struct sse_case *c)
{
    return c->fake.n_taken >= count(c->expect, "events") &&
           scripted_server_requests(c->server) >= least_requests(c);
}

static bool are_done(const struct suite *suite)
{
    for (size_t i = 0; i < suite->n_cases; i++)
        if (!is_done(&suite->cases[i]))
            return false;
    return true;
}

static void tick_start(struct suite *suite)
{
    suite->tick_due_ms = clock_mono_ms(&suite->fake.host.clock) + TICK_MS;
    loop_timer_start(suite->tick, TICK_MS);
}

static void on_tick(void *ctx)
{
    struct suite *suite = ctx;
    suite->late_ms += clock_mono_ms(&suite->fake.host.clock) - suite->tick_due_ms;
    tick_start(suite);
}

static void run(struct suite *suite)
{
    suite->tick = loop_timer_new(suite->fake.host.loop, on_tick, suite);
    tick_start(suite);
    for (size_t i = 0; i < suite->n_cases; i++)
        start(suite, &suite->cases[i]);
    fake_host_spend(&suite->fake, RUN_LEAST_MS);
    fake_host_start_wait(&suite->fake, RUN_MOST_MS - RUN_LEAST_MS);
    while (!suite->fake.is_late && !are_done(suite))
        loop_turn(suite->fake.host.loop, true);
}

/* ---- judging ---- */

static void wrong(struct sse_case *c, const char *fmt, ...) printf_like(2, 3);

static void wrong(struct sse_case *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&c->wrong, fmt, args);
    va_end(args);
    buf_add_str(&c->wrong, "; ");
}

/* The event that is expected next, of those that are compared one by one. */
struct judge {
    struct sse_case *c;
    size_t n;
    const char *position; /* told last */
    struct buf storage;
};

static bool has_digest(struct slice data, struct slice expected)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct buf hex = {0};
    SHA256((const unsigned char *)data.data, data.len, digest);
    text_add_hex(&hex, digest, sizeof(digest));
    bool is = data.len == (size_t)integer(expected, "data_len", -1);
    char *want = string(expected, "data_sha256", NULL);
    is = is && slice_is_equal(buf_slice(&hex), slice_str(want));
    buf_deinit(&hex);
    free(want);
    return is;
}

static bool is_data(struct slice data, struct slice expected)
{
    if (member(expected, "data_sha256").data)
        return has_digest(data, expected);
    struct slice want;
    want.data = string(expected, "data", &want.len);
    bool is = slice_is_equal(data, want);
    free((char *)want.data);
    return is;
}

/* A CloudEvent in the data has become the event. */
static bool is_cloudevent(const struct event *event, struct slice expected)
{
    size_t len;
    char *data = string(expected, "data", &len);
    struct slice object = slice_of(data, len);
    bool is = false;
    if (member(object, "specversion").data) {
        char *id = string(object, "id", NULL), *type = string(object, "type", NULL);
        is = slice_is_equal(event->id, slice_str(id)) &&
             slice_is_equal(event->type, slice_str(type)) &&
             json_is_same(event->data, member(object, "data"));
        free(id);
        free(type);
    }
    free(data);
    return is;
}

static bool is_expected(const struct taken *t, struct slice expected)
{
    if (!t->event)
        return is_data(buf_slice(&t->malformed), expected);
    if (is_cloudevent(t->event, expected))
        return true;
    char *type = string(expected, "type", NULL);
    bool is = slice_is_equal(t->event->type, slice_str(type)) && is_data(t->event->data, expected);
    free(type);
    return is;
}

/* The last event ID is seen where a batch ends, by the position that was told last. */
static void judge_id(struct judge *j, const struct taken *t, struct slice expected)
{
    if (t->has_position) {
        buf_clear(&j->storage);
        buf_add_slice(&j->storage, buf_slice(&t->told));
    }
    bool is_last = j->n + 1 == j->c->fake.n_taken || t[1].batch != t->batch;
    char *id = string(expected, "lastEventId", NULL);
    if (is_last && !slice_is_equal(buf_slice(&j->storage), slice_str(id)))
        wrong(j->c, "event %zu: last event ID \"%.*s\" instead of \"%s\"", j->n,
              SLICE_FMT(buf_slice(&j->storage)), id);
    free(id);
}

static void judge_event(void *ctx, struct slice expected)
{
    struct judge *j = ctx;
    if (j->n < j->c->fake.n_taken) {
        const struct taken *t = &j->c->fake.taken[j->n];
        if (!is_expected(t, expected))
            wrong(j->c, "event %zu is another", j->n);
        judge_id(j, t, expected);
    }
    j->n++;
}

static void judge_events(struct sse_case *c)
{
    struct judge j = {.c = c};
    each_element(member(c->expect, "events"), judge_event, &j);
    buf_deinit(&j.storage);
    bool may_repeat = is_string(c->expect, "events_mode", "prefix");
    if (c->fake.n_taken < j.n || (c->fake.n_taken > j.n && !may_repeat))
        wrong(c, "%zu events instead of %zu", c->fake.n_taken, j.n);
}

static void judge_request(void *ctx, struct slice expected)
{
    struct judge *j = ctx;
    size_t n = j->n++;
    if (n >= scripted_server_requests(j->c->server))
        return;
    struct json_reader r;
    json_reader_init(&r, expected);
    json_next(&r);
    while (json_next(&r) == JSON_KEY) {
        char *name = slice_dup(r.text);
        struct slice got = scripted_server_header(j->c->server, n, name);
        bool is = json_next(&r) == JSON_NULL ? !got.data : slice_is_equal(r.text, got);
        if (!is)
            wrong(j->c, "request %zu: %s is \"%.*s\"", n, name, SLICE_FMT(got));
        free(name);
    }
    json_reader_deinit(&r);
}

static void take_bound(void *ctx, struct slice element)
{
    struct judge *j = ctx;
    int64_t bound,
        gap_ms = scripted_server_at_ms(j->c->server, 1) - scripted_server_at_ms(j->c->server, 0);
    assert_int_equal(json_get_integer(element, &bound), 0);
    if (j->n++ == 0 ? gap_ms < bound : gap_ms > bound + *j->c->late_ms)
        wrong(j->c, "%lld ms between the requests", (long long)gap_ms);
}

/* Requests within the first so many milliseconds. */
static size_t requests_within(const struct sse_case *c, int64_t ms)
{
    size_t n = 0;
    while (n < scripted_server_requests(c->server) &&
           scripted_server_at_ms(c->server, n) - c->started_ms <= ms)
        n++;
    return n;
}

static void judge_requests(struct sse_case *c)
{
    struct judge j = {.c = c};
    size_t n = scripted_server_requests(c->server);
    if (n < least_requests(c)) {
        wrong(c, "%zu requests", n);
        return;
    }
    if (member(c->expect, "requests").data)
        each_element(member(c->expect, "requests"), judge_request, &j);
    j.n = 0;
    if (member(c->expect, "gap_ms").data)
        each_element(member(c->expect, "gap_ms"), take_bound, &j);
    int64_t observe_ms = integer(c->expect, "observe_ms", RUN_LEAST_MS);
    if ((int64_t)requests_within(c, observe_ms) > integer(c->expect, "max_requests", INT32_MAX))
        wrong(c, "%zu requests", n);
    int64_t rate = integer(c->expect, "max_rate_per_s", 1000);
    if ((int64_t)requests_within(c, 1000) > rate || (int64_t)requests_within(c, 2000) > 2 * rate)
        wrong(c, "%zu requests in two seconds", requests_within(c, 2000));
}

static void judge_outcome(struct sse_case *c)
{
    struct channel_status status;
    channel_status(c->channel, &status);
    bool is_stop = is_string(c->expect, "outcome", "stop");
    if (is_stop != status.is_stopped)
        wrong(c, is_stop ? "it goes on" : "it has stopped");
    if (member(c->expect, "outcome").data && !is_stop && !status.problem)
        wrong(c, "no error is reported");
}

static void judge_distinct(struct sse_case *c)
{
    size_t want = count(c->expect, "distinct_ids"), distinct = 0;
    if (want == 0)
        return;
    for (size_t i = 0; i < c->fake.n_taken; i++) {
        const struct taken *t = c->fake.taken;
        bool is_new = t[i].has_identity;
        for (size_t k = 0; k < i; k++)
            is_new = is_new && memcmp(&t[i].identity, &t[k].identity, sizeof(t[i].identity)) != 0;
        distinct += is_new;
    }
    if (distinct != want)
        wrong(c, "%zu distinct events instead of %zu", distinct, want);
}

static const char *reason_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(known_failures); i++)
        if (known_failures[i].name && strcmp(known_failures[i].name, name) == 0)
            return known_failures[i].reason;
    return NULL;
}

static void test_case(void **state)
{
    struct sse_case *c = *state;
    judge_events(c);
    judge_requests(c);
    judge_outcome(c);
    judge_distinct(c);
    const char *reason = c->is_must ? NULL : reason_of(c->name);
    if (reason && c->wrong.len == 0)
        fail_msg("passes: take it off the list of known failures");
    if (!reason && c->wrong.len > 0)
        fail_msg("%s", c->wrong.data);
    if (reason)
        print_message("%s doesn't pass: %s\n", c->name, reason);
}

/* ---- all of them ---- */

static void case_free(struct sse_case *c)
{
    channel_close(c->channel);
    scripted_server_free(c->server);
    fake_host_deinit(&c->fake);
    for (size_t i = 0; i < c->n_answers; i++) {
        for (size_t k = 0; k < c->answers[i].n_parts; k++)
            free((char *)c->answers[i].parts[k].bytes.data);
        free((void *)c->answers[i].parts);
        free((char *)c->answers[i].head);
    }
    free(c->answers);
    free(c->name);
    buf_deinit(&c->wrong);
}

static void test_nothing(void **state)
{
    (void)state;
    print_message("skipped: there are no cases at %s\n", CASES);
    skip();
}

static int skip_all(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    struct suite suite = {0};
    struct err err = {0};
    if (access(CASES, R_OK) != 0)
        return skip_all();
    if (buf_read_file(&suite.text, CASES, 64 << 20, &err) < 0)
        die("%s", err.message);
    fake_host_init(&suite.fake);
    each_element(member(buf_slice(&suite.text), "cases"), read_case, &suite);
    run(&suite);

    struct CMUnitTest *tests = mem_calloc(suite.n_cases, sizeof(*tests));
    for (size_t i = 0; i < suite.n_cases; i++)
        tests[i] = (struct CMUnitTest){suite.cases[i].name, test_case, NULL, NULL, &suite.cases[i]};
    int failed = _cmocka_run_group_tests("server-sent events", tests, suite.n_cases, NULL, NULL);

    free(tests);
    for (size_t i = 0; i < suite.n_cases; i++)
        case_free(&suite.cases[i]);
    free(suite.cases);
    loop_timer_free(suite.tick);
    fake_host_deinit(&suite.fake);
    buf_deinit(&suite.text);
    return failed;
}
