/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What is loaded, and loading it anew.
 */
#include <stdlib.h>

#include "admin/body.h"
#include "admin/routes.h"
#include "base/buf.h"
#include "script/sources.h"

static void add_text(struct json_writer *w, const char *name, struct slice text)
{
    if (text.data)
        json_member_string(w, name, text);
    else
        json_member_null(w, name);
}

/* ---- what is loaded ---- */

static void add_file(struct json_writer *w, const struct engine *e, const struct source *source)
{
    static const char *const kinds[] = {
        [SOURCE_TRANSFORMER] = "transformer",
        [SOURCE_CONNECTOR] = "connector",
        [SOURCE_SCRIPT] = "script",
        [SOURCE_LIB] = "lib",
        [SOURCE_DATA] = "data",
        [SOURCE_SPEC] = "spec",
    };
    static_assert(ARRAY_LEN(kinds) == SOURCE_KINDS, "each kind has its name");
    char hash[SOURCES_HASH_SIZE];
    struct slice error = SLICE_NULL;
    int64_t at_ms = 0;
    source_hash(source, hash);
    engine_script_error(e, source->name, &error, &at_ms);
    json_object_begin(w, NULL);
    json_member_string(w, "file", source->name);
    json_member_cstr(w, "kind", kinds[source->kind]);
    json_member_bool(w, "shipped", source->is_shipped);
    json_member_cstr(w, "hash", hash);
    add_text(w, "lastError", error);
    json_member_time(w, "lastErrorAt", at_ms);
    json_object_end(w);
}

static void add_files(struct json_writer *w, const struct engine *e,
                      const struct engine_scripts *scripts)
{
    json_array_begin(w, "items");
    for (size_t i = 0; i < sources_count(scripts->sources); i++)
        add_file(w, e, sources_at(scripts->sources, i));
    json_array_end(w);
    json_member_null(w, "next");
}

void findings_add_json(struct json_writer *w, const char *name,
                       const struct engine_finding *findings, size_t n)
{
    json_array_begin(w, name);
    for (size_t i = 0; i < n; i++) {
        const struct engine_finding *finding = &findings[i];
        json_object_begin(w, NULL);
        json_member_cstr(w, "file", finding->file);
        json_member_integer(w, "line", finding->line);
        json_member_bool(w, "warning", finding->is_warning);
        json_member_cstr(w, "text", finding->text);
        if (finding->detail)
            json_member_cstr(w, "detail", finding->detail);
        json_object_end(w);
    }
    json_array_end(w);
}

static void add_findings(struct json_writer *w, const char *name,
                         const struct engine_scripts *scripts)
{
    findings_add_json(w, name, scripts->findings, scripts->n_findings);
}

static void add_loaded(struct json_writer *w, const struct engine_scripts *scripts)
{
    json_member_cstr(w, "hash", scripts->hash);
    json_member_time(w, "loadedAt", scripts->loaded_ms);
    json_member_cstr(w, "restart", scripts->restart);
}

void route_scripts(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct engine_scripts scripts;
    struct buf out = {0};
    struct json_writer w = {.out = &out};
    engine_scripts(a->engine, &scripts);
    json_object_begin(&w, NULL);
    add_loaded(&w, &scripts);
    json_object_begin(&w, "reload");
    json_member_bool(&w, "done", scripts.was_done);
    json_member_time(&w, "at", scripts.tried_ms);
    add_findings(&w, "findings", &scripts);
    json_object_end(&w);
    add_files(&w, a->engine, &scripts);
    json_object_end(&w);
    http_exchange_reply(x, 200, "application/json", buf_slice(&out));
    buf_deinit(&out);
}

/* ---- loading it anew ---- */

struct reload_wish {
    struct admin *admin;
    struct http_exchange *x;
};

static void answer_done(struct http_exchange *x, const struct engine_scripts *scripts)
{
    struct buf out = {0};
    struct json_writer w = {.out = &out};
    json_object_begin(&w, NULL);
    json_member_bool(&w, "reloaded", true);
    add_loaded(&w, scripts);
    json_member_integer(&w, "files", (int64_t)sources_count(scripts->sources));
    add_findings(&w, "findings", scripts);
    json_object_end(&w);
    http_exchange_reply(x, 200, "application/json", buf_slice(&out));
    buf_deinit(&out);
}

static void answer_failed(struct http_exchange *x, const struct engine_scripts *scripts)
{
    struct buf findings = {0};
    struct json_writer w = {.out = &findings};
    size_t n_errors = 0;
    for (size_t i = 0; i < scripts->n_findings; i++)
        n_errors += !scripts->findings[i].is_warning;
    add_findings(&w, NULL, scripts);
    http_exchange_problem_with(x, 422, "findings", buf_slice(&findings),
                               "not reloaded, what was loaded before goes on: %zu error%s",
                               n_errors, n_errors == 1 ? "" : "s");
    buf_deinit(&findings);
}

static void on_reloaded(void *ctx, bool was_done)
{
    struct reload_wish *wish = ctx;
    struct engine_scripts scripts;
    engine_scripts(wish->admin->engine, &scripts);
    const char *refusal = engine_refusal(wish->admin->engine);
    if (was_done)
        answer_done(wish->x, &scripts);
    else if (scripts.was_done)
        http_exchange_problem(wish->x, 503, "not reloaded: %s", refusal ? refusal : "stopping");
    else
        answer_failed(wish->x, &scripts);
    free(wish);
}

static int take_member(void *ctx, struct slice name, struct slice value, struct err *err)
{
    (void)ctx, (void)value;
    return err_set(err, ERR_INVALID, "unknown member \"%.*s\": a reload takes none",
                   SLICE_FMT(name));
}

void route_reload(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct err err = {0};
    if (body_read(http_exchange_body(x), take_member, NULL, &err) < 0) {
        http_exchange_problem(x, 400, "%s", err.message);
        return;
    }
    struct reload_wish *wish = mem_alloc(sizeof(*wish));
    *wish = (struct reload_wish){a, x};
    engine_reload(a->engine, "asked for", on_reloaded, wish);
}
