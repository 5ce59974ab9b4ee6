/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "dryrun/notes.h"

#include <stdlib.h>

#include "base/json.h"

#define NOTES_MAX 1000
#define BYTES_MAX ((size_t)64 << 20)

struct notes *notes_new(const struct mask *mask)
{
    struct notes *n = mem_calloc(1, sizeof(*n));
    n->mask = mask;
    return n;
}

void notes_free(struct notes *n)
{
    if (!n)
        return;
    arena_deinit(&n->arena);
    buf_deinit(&n->scratch);
    free(n);
}

void dryrun_result_free(struct dryrun_result *result)
{
    notes_free(result ? container_of(result, struct notes, result) : NULL);
}

int notes_take(struct notes *n, struct err *err)
{
    if (n->n >= NOTES_MAX)
        return err_set(err, ERR_FULL, "a dry run takes %d requests, sends and log lines at most",
                       NOTES_MAX);
    if (n->arena.used > BYTES_MAX)
        return err_set(err, ERR_FULL, "a dry run takes %zu MB at most", BYTES_MAX >> 20);
    n->n++;
    return 0;
}

/* ---- texts ---- */

static struct slice masked(struct notes *n, struct slice s)
{
    buf_clear(&n->scratch);
    buf_add_slice(&n->scratch, s);
    mask_apply(n->mask, &n->scratch, 0);
    return buf_slice(&n->scratch);
}

struct slice notes_text(struct notes *n, struct slice s)
{
    if (!s.data)
        return SLICE_NULL;
    struct slice text = masked(n, s);
    return arena_copy(&n->arena, slice_of(text.data ? text.data : "", text.len));
}

/* A secret that is a number, or part of one, leaves no JSON behind. */
struct slice notes_json(struct notes *n, struct slice json)
{
    if (!json.data)
        return SLICE_NULL;
    struct slice text = masked(n, json);
    if (slice_is_equal(text, json) || json_check(text, NULL) == 0)
        return arena_copy(&n->arena, text);
    struct buf string = {0};
    json_add_string(&string, text);
    struct slice kept = arena_copy(&n->arena, buf_slice(&string));
    buf_deinit(&string);
    return kept;
}

/* ---- requests ---- */

static const struct script_header *copy_headers(struct notes *n,
                                                const struct script_request *request)
{
    struct script_header *headers = arena_alloc(&n->arena, request->n_headers * sizeof(*headers));
    for (size_t i = 0; i < request->n_headers; i++) {
        headers[i].name = notes_text(n, request->headers[i].name);
        headers[i].value = notes_text(n, request->headers[i].value);
    }
    return headers;
}

struct dryrun_request *notes_request(struct notes *n, const struct script_request *request)
{
    struct dryrun_request *r = arena_alloc(&n->arena, sizeof(*r));
    r->method = notes_text(n, request->method);
    r->url = notes_text(n, request->url);
    r->headers = copy_headers(n, request);
    r->n_headers = request->n_headers;
    r->has_body = request->has_body;
    r->follow = request->follow;
    r->compressed = request->compressed;
    if (json_check(request->body, NULL) == 0)
        r->body = notes_json(n, request->body);
    else
        r->body = notes_text(n, request->body);
    return r;
}

/* ---- lines ---- */

static void add_field(struct json_writer *w, const struct log_field *field)
{
    switch (field->kind) {
    case LOG_KIND_STRING:
    case LOG_KIND_LINES:
        json_member_string(w, field->name, field->text);
        break;
    case LOG_KIND_INT:
        json_member_integer(w, field->name, field->number);
        break;
    case LOG_KIND_JSON:
        json_member_raw(w, field->name, field->text);
        break;
    }
}

struct dryrun_line *notes_line(struct notes *n, enum log_level level, struct slice text,
                               const struct log_field *fields, size_t n_fields)
{
    struct dryrun_line *line = arena_alloc(&n->arena, sizeof(*line));
    line->level = level;
    line->text = notes_text(n, slice_of(text.data ? text.data : "", text.len));
    if (n_fields == 0)
        return line;
    struct buf json = {0};
    struct json_writer w = {.out = &json};
    json_object_begin(&w, NULL);
    for (size_t i = 0; i < n_fields; i++)
        add_field(&w, &fields[i]);
    json_object_end(&w);
    line->fields = notes_json(n, buf_slice(&json));
    buf_deinit(&json);
    return line;
}
