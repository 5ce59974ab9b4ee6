/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A receiver to try deliveries on. It also stands for the other system in the performance tests, so
 * a request costs it no allocation of its own: answers that wait form a queue (all are delayed
 * alike) behind one timer, and lines are written once a turn of the loop.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/list.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/faults.h"
#include "cli/receipt.h"
#include "http/server.h"
#include "loop/loop.h"

#define FAULTS_MAX 8
#define BODY_MAX ((size_t)64 << 20)
#define COUNTS_EVERY_MS 1000

/* An answer that waits for its time. */
struct late {
    struct list link;
    struct http_exchange *x;
    int64_t due_ms;
    int status;
};

struct sink {
    struct loop *loop;
    struct http_server *server;
    struct log *log;
    struct loop_timer *delay, *counts;
    struct loop_signal *term, *interrupt;
    struct loop_prepare *flush;
    struct clock clock;
    struct rng rng;
    struct fault faults[FAULTS_MAX];
    size_t n_faults;
    int64_t port, delay_ms;
    bool hangs, is_quiet, is_json;
    struct slice answer; /* the body of each success */
    FILE *record;
    struct list waiting, unused; /* struct late, the first due first */
    struct buf out, recorded;    /* lines of this turn */
    uint64_t n_requests, n_ok, n_failed;
};

/* ---- what is shown --------------------------------------------------------------------------- */

static void print_counts(FILE *out, const struct sink *s)
{
    fprintf(out, "%" PRIu64 " requests, %" PRIu64 " ok, %" PRIu64 " failed\n", s->n_requests,
            s->n_ok, s->n_failed);
    fflush(out);
}

static void on_counts(void *ctx)
{
    const struct sink *s = ctx;
    print_counts(stdout, s);
}

/* A reader that has gone has seen enough. */
static void write_out(struct sink *s, FILE *to, struct buf *lines)
{
    if (lines->len == 0)
        return;
    if (fwrite(lines->data, 1, lines->len, to) != lines->len || fflush(to) != 0)
        loop_stop(s->loop);
    buf_clear(lines);
}

static void on_flush(void *ctx)
{
    struct sink *s = ctx;
    write_out(s, stdout, &s->out);
    if (s->record)
        write_out(s, s->record, &s->recorded);
}

static void show(struct sink *s, struct http_exchange *x, int status)
{
    if (s->is_quiet && !loop_timer_is_active(s->counts))
        loop_timer_start(s->counts, COUNTS_EVERY_MS);
    if (s->is_quiet && !s->record)
        return;
    const struct receipt receipt = {
        .at_ms = clock_wall_ms(&s->clock),
        .method = http_exchange_method(x),
        .path = http_exchange_target(x),
        .headers = http_exchange_headers(x),
        .body = http_exchange_body(x),
        .status = status,
    };
    if (s->record)
        receipt_add_json(&s->recorded, &receipt);
    if (s->is_quiet)
        return;
    if (s->is_json)
        receipt_add_json(&s->out, &receipt);
    else
        receipt_add_line(&s->out, &receipt);
}

/* ---- what is answered ------------------------------------------------------------------------ */

static void answer(const struct sink *s, struct http_exchange *x, int status)
{
    if (status < 300)
        http_exchange_reply(x, status, "application/json", s->answer);
    else
        http_exchange_problem(x, status, "the sink was told to fail");
}

static struct late *take_unused(struct sink *s)
{
    if (list_is_empty(&s->unused))
        return mem_calloc(1, sizeof(struct late));
    struct late *late = list_first(&s->unused, struct late, link);
    list_remove(&late->link);
    return late;
}

static void answer_later(struct sink *s, struct http_exchange *x, int status)
{
    struct late *late = take_unused(s);
    late->x = x;
    late->status = status;
    late->due_ms = clock_mono_ms(&s->clock) + s->delay_ms;
    list_add_tail(&s->waiting, &late->link);
    if (!loop_timer_is_active(s->delay))
        loop_timer_start(s->delay, s->delay_ms);
}

static void on_delay(void *ctx)
{
    struct sink *s = ctx;
    int64_t now_ms = clock_mono_ms(&s->clock);
    while (!list_is_empty(&s->waiting)) {
        struct late *late = list_first(&s->waiting, struct late, link);
        if (late->due_ms > now_ms) {
            loop_timer_start(s->delay, late->due_ms - now_ms);
            return;
        }
        list_remove(&late->link);
        list_add_head(&s->unused, &late->link);
        answer(s, late->x, late->status);
    }
}

static int choose_status(struct sink *s)
{
    for (size_t i = 0; i < s->n_faults; i++) {
        if (fault_strikes(&s->faults[i], &s->rng))
            return s->faults[i].status;
    }
    return 200;
}

static void on_request(void *ctx, struct http_exchange *x)
{
    struct sink *s = ctx;
    int status = s->hangs ? 0 : choose_status(s);
    s->n_requests++;
    if (status)
        *(status < 300 ? &s->n_ok : &s->n_failed) += 1;
    show(s, x, status);
    if (status && s->delay_ms > 0)
        answer_later(s, x, status);
    else if (status)
        answer(s, x, status);
}

static void on_stats(void *ctx, struct http_exchange *x)
{
    const struct sink *s = ctx;
    struct buf out = {0};
    struct json_writer w = {.out = &out};
    json_object_begin(&w, NULL);
    json_member_integer(&w, "requests", (int64_t)s->n_requests);
    json_member_integer(&w, "ok", (int64_t)s->n_ok);
    json_member_integer(&w, "failed", (int64_t)s->n_failed);
    json_object_end(&w);
    http_exchange_reply(x, 200, "application/json", buf_slice(&out));
    buf_deinit(&out);
}

static const struct http_route routes[] = {
    {"GET", "/stats", on_stats},
    {"*", "**", on_request},
};

/* ---- from start to end ----------------------------------------------------------------------- */

static int read_faults(struct sink *s, const struct options *options, struct err *err)
{
    const char *text;
    for (size_t i = 0; (text = options_at(options, "fail", i)); i++) {
        if (i == FAULTS_MAX)
            return err_set(err, ERR_INVALID, "--fail can be given %d times at most", FAULTS_MAX);
        if (fault_parse(&s->faults[s->n_faults++], text, err) < 0)
            return err_prefix(err, "--fail");
    }
    return 0;
}

static int read_number(const struct options *options, const char *name, int64_t max, int64_t *out,
                       struct err *err)
{
    const char *text = options_get(options, name);
    if (!text)
        return 0;
    if (json_get_integer(slice_str(text), out) < 0 || *out < 0 || *out > max)
        return err_set(err, ERR_INVALID,
                       "--%s needs a whole number from 0 to %" PRId64 ", not '%s'", name, max,
                       text);
    return 0;
}

static int read_options(struct sink *s, const struct options *options, struct err *err)
{
    const char *delay = options_get(options, "delay"), *body = options_get(options, "answer");
    int64_t seed = 1;
    s->port = 9999;
    s->hangs = options_has(options, "hang");
    s->is_quiet = options_has(options, "quiet");
    s->is_json = options_has(options, "json");
    s->answer = body ? slice_str(body) : SLICE_LIT("{\"ok\":true}");
    if (read_number(options, "port", 65535, &s->port, err) < 0 ||
        read_number(options, "seed", INT64_C(1) << 53, &seed, err) < 0 ||
        read_faults(s, options, err) < 0)
        return -1;
    if (delay && text_parse_duration(slice_str(delay), &s->delay_ms, err) < 0)
        return err_prefix(err, "--delay");
    if (json_check(s->answer, err) < 0)
        return err_prefix(err, "--answer takes JSON");
    rng_init(&s->rng, (uint64_t)seed);
    return 0;
}

static void on_stop(void *ctx)
{
    struct sink *s = ctx;
    loop_stop(s->loop);
}

static int open_record(struct sink *s, const char *path, struct err *err)
{
    s->record = path ? fopen(path, "we") : NULL;
    if (path && !s->record)
        return err_set_errno(err, ERR_IO, errno, "can't write to %s", path);
    return 0;
}

static int open_sink(struct sink *s, const struct options *options, struct err *err)
{
    char listen[32];
    snprintf(listen, sizeof(listen), "127.0.0.1:%" PRId64, s->port);
    if (open_record(s, options_get(options, "record"), err) < 0)
        return -1;
    s->loop = loop_new(err);
    if (!s->loop)
        return -1;
    s->log = log_new(
        &(struct log_options){.fd = STDERR_FILENO, .level = LOG_WARN, .clock = clock_system()});
    const struct http_server_options server = {
        .listen = listen,
        .routes = routes,
        .n_routes = ARRAY_LEN(routes),
        .ctx = s,
        .body_max = BODY_MAX,
        .log = s->log,
    };
    s->server = http_server_new(s->loop, &server, err);
    if (!s->server && err->code == ERR_EXISTS)
        return err_set(err, ERR_EXISTS,
                       "%s is in use by another program; choose another port with --port, 0 being "
                       "any free one",
                       listen);
    if (!s->server)
        return -1;
    s->delay = loop_timer_new(s->loop, on_delay, s);
    s->counts = loop_timer_new(s->loop, on_counts, s);
    s->term = loop_signal_new(s->loop, SIGTERM, on_stop, s);
    s->interrupt = loop_signal_new(s->loop, SIGINT, on_stop, s);
    s->flush = loop_prepare_new(s->loop, on_flush, s);
    return 0;
}

static void free_late(struct list *from)
{
    list_each (it, from) {
        free(list_entry(it, struct late, link));
    }
}

static void close_sink(struct sink *s)
{
    http_server_free(s->server);
    loop_timer_free(s->delay);
    loop_timer_free(s->counts);
    loop_signal_free(s->term);
    loop_signal_free(s->interrupt);
    loop_prepare_free(s->flush);
    loop_free(s->loop);
    log_free(s->log);
    if (s->record)
        fclose(s->record);
    free_late(&s->waiting);
    free_late(&s->unused);
    buf_deinit(&s->out);
    buf_deinit(&s->recorded);
}

static int run(const struct invocation *in)
{
    struct sink s = {.clock = clock_system()};
    struct err err = {0};
    int status = EXIT_DONE;
    list_init(&s.waiting);
    list_init(&s.unused);
    if (read_options(&s, &in->options, &err) < 0)
        return command_misuse(in, "%s", err.message);
    if (open_sink(&s, &in->options, &err) < 0) {
        status = command_fail("%s", err.message);
    } else {
        fprintf(stderr, "listening on http://%s\n", http_server_address(s.server));
        loop_run(s.loop);
        on_flush(&s);
        print_counts(s.is_quiet ? stdout : stderr, &s);
    }
    close_sink(&s);
    return status;
}

static const struct option_row options[] = {
    {"port", 'p', "N", "listen on port N of this machine (9999); 0 takes a free one"},
    {"answer", 0, "JSON", "answer so instead of {\"ok\":true}"},
    {"fail", 0, "STATUS[:N]", "fail every request, the first N, or N% of them; may be repeated"},
    {"seed", 0, "N", "another draw of the N% (1)"},
    {"delay", 0, "TIME", "answer so much later, such as 200ms"},
    {"hang", 0, NULL, "never answer"},
    {"quiet", 'q', NULL, "print counts only"},
    {"record", 0, "FILE", "write each request to FILE as a line of JSON"},
    {"json", 0, NULL, "print each request as a line of JSON"},
    {0},
};

static const struct example_row examples[] = {
    {"liaison sink --fail 503:3", "the first three requests get 503"},
    {"liaison sink --fail 429:10%", "one in ten gets 429"},
    {"liaison sink --delay 2s", "a slow one"},
    {0},
};

const struct command command_sink = {
    .name = "sink",
    .summary = "a local receiver that prints what it gets",
    .usage = "sink [--port N] [--answer JSON] [--fail 503:3] [--delay 2s] [--hang] [--quiet]",
    .help =
        "Takes any request, prints it and answers 200, or fails as it is told. GET /stats answers\n"
        "{\"requests\":N,\"ok\":N,\"failed\":N}. Stopped by Ctrl-C.",
    .options = options,
    .examples = examples,
    .run = run,
};
