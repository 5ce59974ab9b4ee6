/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script_project.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- ports ---- */

static void note_part(struct buf *out, const char *name, struct slice value)
{
    if (value.data)
        buf_printf(out, "%s%s=%.*s", out->len > 0 ? " " : "", name, SLICE_FMT(value));
}

static void note_auth(struct buf *out, const struct script_auth *auth)
{
    struct buf list = {0};
    note_part(out, "bearer", auth->bearer);
    note_part(out, "user", auth->user);
    note_part(out, "password", auth->password);
    note_part(out, "token_url", auth->token_url);
    note_part(out, "client_id", auth->client_id);
    note_part(out, "client_secret", auth->client_secret);
    note_part(out, "scope", auth->scope);
    for (size_t i = 0; i < auth->n_params; i++)
        note_part(out, auth->params[i].name.data, auth->params[i].value);
    note_part(out, "in", auth->is_in_body ? SLICE_LIT("body") : SLICE_NULL);
    note_part(out, "aws_key", auth->aws_key);
    note_part(out, "aws_secret", auth->aws_secret);
    note_part(out, "aws_token", auth->aws_token);
    note_part(out, "aws_region", auth->aws_region);
    note_part(out, "aws_service", auth->aws_service);
    for (size_t i = 0; i < auth->n_secrets; i++)
        buf_printf(&list, "%s%.*s", i > 0 ? "," : "", SLICE_FMT(auth->secrets[i]));
    note_part(out, "secrets", buf_slice(&list));
    note_part(out, "cert", auth->identity.cert_path);
    note_part(out, "key", auth->identity.key_path);
    note_part(out, "ca", auth->identity.authorities_path);
    buf_deinit(&list);
}

static void *on_http_send(void *ctx, struct script_run *run, const struct script_request *request,
                          struct err *err)
{
    struct project *p = ctx;
    if (p->refuse_request) {
        err_set(err, ERR_INVALID, "%s", p->refuse_request);
        return NULL;
    }
    assert_true(p->n_requests < PROJECT_MAX);
    struct project_request *r = &p->requests[p->n_requests++];
    buf_printf(&r->text, "%.*s %.*s\n", SLICE_FMT(request->method), SLICE_FMT(request->url));
    for (size_t i = 0; i < request->n_headers; i++)
        buf_printf(&r->text, "%.*s: %.*s\n", SLICE_FMT(request->headers[i].name),
                   SLICE_FMT(request->headers[i].value));
    buf_printf(&r->text, "\n%.*s", SLICE_FMT(request->body));
    if (request->auth)
        note_auth(&r->auth, request->auth);
    r->has_body = request->has_body;
    r->timeout_ms = request->timeout_ms;
    r->max_age_ms = request->max_age_ms;
    r->follow = request->follow;
    r->compressed = request->compressed;
    r->run = run;
    return r;
}

static void on_http_cancel(void *ctx, void *handle)
{
    (void)ctx;
    struct project_request *r = handle;
    assert_false(r->is_answered);
    assert_false(r->is_cancelled);
    r->is_cancelled = true;
}

static int on_send(void *ctx, void *run_ctx, const struct script_send *send,
                   struct script_sent *sent, struct err *err)
{
    struct project *p = ctx;
    assert_ptr_equal(run_ctx, p);
    if (p->refuse_send)
        return err_set(err, ERR_FULL, "%s", p->refuse_send);
    assert_true(p->n_sends < PROJECT_MAX);
    struct project_send *s = &p->sends[p->n_sends++];
    buf_printf(&s->connector, "%.*s", SLICE_FMT(send->connector));
    buf_printf(&s->data, "%.*s", SLICE_FMT(send->data));
    buf_printf(&s->key, "%.*s", SLICE_FMT(send->key));
    buf_printf(&s->transformer, "%.*s", SLICE_FMT(send->transformer));
    s->has_data = send->data.data != NULL;
    s->has_key = send->key.data != NULL;
    s->delay_ms = send->delay_ms;
    s->expires_ms = send->expires_ms;
    buf_printf(sent->id, "sent-%zu", p->n_sends);
    return 0;
}

static int on_await(void *ctx, void *run_ctx, struct slice id, struct err *err)
{
    struct project *p = ctx;
    assert_ptr_equal(run_ctx, p);
    if (p->refuse_await)
        return err_set(err, ERR_INVALID, "%s", p->refuse_await);
    buf_clear(&p->awaited);
    buf_printf(&p->awaited, "%.*s", SLICE_FMT(id));
    return 0;
}

static void on_problem(void *ctx, const struct script_problem *problem)
{
    struct project *p = ctx;
    buf_printf(&p->problems, "%s%s:%d: %s\n",
               problem->fails_check  ? "finding "
               : problem->is_warning ? "warning "
                                     : "",
               problem->file, problem->line, problem->text);
    if (problem->detail)
        buf_printf(&p->problems, "%s\n", problem->detail);
}

static void set(struct buf *b, struct slice s)
{
    buf_clear(b);
    buf_printf(b, "%.*s", SLICE_FMT(s));
}

static void on_result(void *ctx, const struct script_result *result)
{
    struct project *p = ctx;
    struct project_result *r = &p->result;
    r->count++;
    r->end = result->end;
    set(&r->error, result->error);
    set(&r->failure, slice_str(result->failure));
    set(&r->retry_after, result->retry_after);
    set(&r->date, result->date);
    set(&r->answer, result->answer);
    set(&r->value, result->value);
    r->has_value = result->value.data != NULL;
    r->has_failure = result->failure != NULL;
    r->unknown = result->unknown;
    r->after_ms = result->after_ms;
    r->status = result->status;
    r->said = result->said;
}

/* ---- life ---- */

struct project *project_new(void)
{
    struct project *p = mem_calloc(1, sizeof(*p));
    char template[] = "/tmp/liaison-script-XXXXXX";
    assert_non_null(mkdtemp(template));
    p->dir = mem_strdup(template);
    p->clock = (struct clock_fake){.wall_ms = 1700000000000, .mono_ms = 5000};
    p->mask = mask_new();
    p->ports = (struct script_ports){
        .http_send = on_http_send,
        .http_cancel = on_http_cancel,
        .send = on_send,
        .await = on_await,
        .ctx = p,
    };
    p->options = (struct script_options){
        .project = p->dir,
        .module_dir = LIAISON_MODULE_DIR,
        .handler_time_ms = 100,
        .memory_max = 32 << 20,
        .ports = &p->ports,
        .clock = clock_of_fake(&p->clock),
        .mask = p->mask,
    };
    return p;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void result_deinit(struct project_result *r)
{
    buf_deinit(&r->error);
    buf_deinit(&r->failure);
    buf_deinit(&r->retry_after);
    buf_deinit(&r->date);
    buf_deinit(&r->answer);
    buf_deinit(&r->value);
}

void project_free(struct project *p)
{
    script_free(p->machine);
    event_unref(p->row_event);
    mask_free(p->mask);
    nftw(p->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < p->n_requests; i++)
        buf_deinit(&p->requests[i].text), buf_deinit(&p->requests[i].auth);
    for (size_t i = 0; i < p->n_sends; i++) {
        buf_deinit(&p->sends[i].connector);
        buf_deinit(&p->sends[i].data);
        buf_deinit(&p->sends[i].key);
        buf_deinit(&p->sends[i].transformer);
    }
    result_deinit(&p->result);
    buf_deinit(&p->problems);
    buf_deinit(&p->awaited);
    free(p->dir);
    free(p);
}

void project_write(struct project *p, const char *path, const char *text)
{
    struct buf full = {0};
    buf_printf(&full, "%s/%s", p->dir, path);
    for (char *c = full.data + strlen(p->dir) + 1; (c = strchr(c, '/')); c++) {
        *c = '\0';
        mkdir(full.data, 0700);
        *c = '/';
    }
    FILE *f = fopen(full.data, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    buf_deinit(&full);
}

bool project_load(struct project *p)
{
    script_free(p->machine);
    buf_clear(&p->problems);
    buf_add_str(&p->problems, "");
    p->machine = script_load(&p->options, on_problem, p);
    return p->machine != NULL;
}

void project_load_well(struct project *p)
{
    if (!project_load(p))
        fail_msg("the project doesn't load:\n%s", p->problems.data);
}

/* ---- running ---- */

struct event *project_event(const char *type, const char *data)
{
    struct event_parts parts = {
        .channel = SLICE_LIT("embedded"),
        .id = SLICE_LIT("e1"),
        .type = slice_str(type),
        .source = SLICE_LIT("/test"),
        .time = SLICE_LIT("2026-11-23T10:00:00Z"),
        .subject = SLICE_LIT("s1"),
        .data = slice_str(data),
        .data_kind = data ? EVENT_DATA_JSON : EVENT_DATA_NONE,
        .received_ms = 1700000000000,
    };
    return event_new(&parts);
}

void project_handle_at(struct project *p, size_t handler, const char *data)
{
    struct event *event = project_event("t", data);
    p->run = script_handle(p->machine, handler, event, slice_str(p->key), on_result, p);
    event_unref(event);
}

void project_handle(struct project *p, const char *data)
{
    project_handle_at(p, 0, data);
}

static void on_row(void *ctx, size_t row, const struct script_result *result)
{
    (void)row;
    on_result(ctx, result);
}

static void on_batch(void *ctx, const struct script_result *result)
{
    if (result)
        on_result(ctx, result);
}

static bool is_left_out(void *ctx, size_t row)
{
    (void)ctx;
    (void)row;
    return false;
}

static void add_row_id(void *ctx, struct buf *id)
{
    (void)ctx;
    buf_add_str(id, "d1");
}

/* A batch of this delivery alone. */
static void attempt_batch(struct project *p, const struct script_connector *c,
                          const struct script_attempt *asked)
{
    event_unref(p->row_event);
    p->row_event = event_ref((struct event *)asked->event);
    p->row = *asked;
    const struct script_batch batch = {
        .attempt = asked->attempt,
        .created_ms = asked->created_ms,
        .rows = &p->row,
        .n_rows = 1,
        .keeps_value = asked->keeps_value,
        .row_ended = on_row,
        .is_left_out = is_left_out,
        .add_id = add_row_id,
    };
    script_attempt_batch(p->machine, c, &batch, on_batch, p);
}

static void attempt(struct project *p, const char *connector, const char *event_data,
                    const char *data)
{
    struct event *event = project_event("t", event_data);
    if (script_manager_count(p->machine) > 0)
        event->channel = script_manager_at(p->machine, 0)->channel;
    const struct script_attempt asked = {
        .event = event,
        .id = SLICE_LIT("d1"),
        .attempt = 2,
        .key = SLICE_LIT("k1"),
        .has_key = true,
        .handler = SLICE_LIT("main/t#1"),
        .created_ms = 1700000000000,
        .last_error = SLICE_LIT("it was busy"),
        .data = slice_str(data),
        .was_unknown = p->was_unknown,
        .keeps_value = p->keeps_value,
    };
    const struct script_connector *c =
        strcmp(connector, SCRIPT_DEAD_LETTERS) == 0
            ? script_dead_letters(p->machine)
            : script_connector_find(p->machine, slice_str(connector));
    assert_non_null(c);
    if (c->batch_size > 0)
        attempt_batch(p, c, &asked);
    else
        p->run = script_attempt(p->machine, c, &asked, on_result, p);
    event_unref(event);
}

void project_attempt(struct project *p, const char *connector, const char *data)
{
    attempt(p, connector, "{\"from\":\"event\"}", data);
}

void project_attempt_event(struct project *p, const char *connector, const char *event_data)
{
    attempt(p, connector, event_data, NULL);
}

void project_answer_with(struct project *p, const struct script_answer *answer)
{
    for (size_t i = p->n_requests; i-- > 0;) {
        struct project_request *r = &p->requests[i];
        if (r->is_answered || r->is_cancelled)
            continue;
        r->is_answered = true;
        script_answer(r->run, answer);
        return;
    }
    fail_msg("no request waits");
}

void project_answer(struct project *p, int status, const char *body)
{
    const struct script_header headers[] = {
        {SLICE_LIT("Content-Type"), SLICE_LIT("application/json")},
        {SLICE_LIT("Retry-After"), SLICE_LIT("7")},
        {SLICE_LIT("Date"), SLICE_LIT("Mon, 23 Nov 2026 10:00:00 GMT")},
        {SLICE_LIT("Vary"), SLICE_LIT("a")},
        {SLICE_LIT("vary"), SLICE_LIT("b")},
    };
    const struct script_answer answer = {
        .status = status,
        .headers = headers,
        .n_headers = sizeof(headers) / sizeof(headers[0]),
        .body = slice_str(body),
    };
    project_answer_with(p, &answer);
}

void project_end_awaited(struct project *p, const struct script_awaited *end)
{
    assert_non_null(p->run);
    script_awaited(p->run, end);
}

const char *project_error(const struct project *p)
{
    return p->result.error.data ? p->result.error.data : "";
}

const char *project_request_text(const struct project *p, size_t i)
{
    assert_true(i < p->n_requests);
    return p->requests[i].text.data;
}

char *project_eval(const char *code, const char *event_data)
{
    struct project *p = project_new();
    struct buf script = {0};
    buf_printf(&script,
               "local sync = SyncManager.new{}\n"
               "sync:on('t', function(event)\n"
               "local result = (function(event) %s\nend)(event)\n"
               "if result == nil then result = 'nil' end\n"
               "sync:send{ connector = 'out', data = { result } }\n"
               "end)\nsync:start()\n",
               code);
    p->options.handler_time_ms = 10000; /* slow under valgrind */
    project_write(p, "connectors/out.lua", "return function() end");
    project_write(p, "scripts/main.lua", script.data);
    project_load_well(p);
    project_handle(p, event_data);
    struct buf got = {0};
    if (p->n_sends == 1 && p->sends[0].data.len >= 2)
        buf_printf(&got, "%.*s", (int)p->sends[0].data.len - 2, p->sends[0].data.data + 1);
    else
        buf_printf(&got, "ERROR: %s", project_error(p));
    buf_deinit(&script);
    project_free(p);
    return buf_take(&got);
}

struct project *project_of_handler(const char *code, int64_t time_ms, int64_t memory_max)
{
    struct project *p = project_new();
    struct buf script = {0};
    buf_printf(&script,
               "local s = SyncManager.new{}\ns:on('t', function(event)\n%s\nend)\n"
               "s:on('u', function(event) s:send{ connector = 'out', data = 1 } end)\ns:start()",
               code);
    p->options.handler_time_ms = time_ms;
    if (memory_max > 0)
        p->options.memory_max = memory_max;
    project_write(p, "connectors/out.lua", "return function() end");
    project_write(p, "scripts/main.lua", script.data);
    project_load_well(p);
    buf_deinit(&script);
    return p;
}

void project_assert_works(struct project *p)
{
    size_t before = p->n_sends;
    project_handle_at(p, 1, "{\"list\":[1,2,3]}");
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_int_equal(p->n_sends, before + 1);
}

void project_assert_error(const char *code, const char *text)
{
    char *got = project_eval(code, "{}");
    if (strncmp(got, "ERROR: ", 7) != 0 || !strstr(got, text))
        fail_msg("no error \"%s\" of %s: %s", text, code, got);
    free(got);
}
