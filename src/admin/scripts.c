/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What is loaded.
 */
#include <stdlib.h>

#include "admin/body.h"
#include "admin/routes.h"
#include "base/buf.h"
#include "script/sources.h"

/* ---- what is loaded ---- */

static void add_file(struct json_writer *w, const struct engine *e, const struct source *source)
{
    static const char *const kinds[] = {
        [SOURCE_TRANSFORMER] = "transformer",
        [SOURCE_CONNECTOR] = "connector",
        [SOURCE_SCRIPT] = "script",
        [SOURCE_LIB] = "lib",
        [SOURCE_DATA] = "data",
        [SOURCE_EXAMPLE] = "example",
        [SOURCE_SPEC] = "spec",
        [SOURCE_CONFIG] = "config",
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
    json_member_text(w, "lastError", error);
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

void scripts_add_loaded(struct json_writer *w, const struct engine_scripts *scripts)
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
    scripts_add_loaded(&w, &scripts);
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
