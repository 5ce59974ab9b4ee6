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
    return arena_copy(&n->arena, slice_present(text));
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

#define AUTH_HEADERS_MAX 4
#define STARS "***"

struct headers {
    struct script_header *items;
    size_t len;
};

static void add_header(struct headers *h, struct slice name, struct slice value)
{
    h->items[h->len++] = (struct script_header){name, value};
}

static bool has_header(const struct script_request *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++)
        if (slice_is_equal_nocase(request->headers[i].name, slice_str(name)))
            return true;
    return false;
}

static struct slice unix_seconds(struct notes *n, int64_t wall_ms)
{
    buf_clear(&n->scratch);
    json_add_integer(&n->scratch, wall_ms / 1000);
    return arena_copy(&n->arena, buf_slice(&n->scratch));
}

static void add_signatures(struct notes *n, struct headers *h, const struct script_auth *auth,
                           int64_t wall_ms)
{
    buf_clear(&n->scratch);
    for (size_t i = 0; i < auth->n_secrets; i++) {
        bool is_ed25519 = slice_has_prefix(auth->secrets[i], SLICE_LIT("whsk_"));
        buf_printf(&n->scratch, "%sv1%s," STARS, i > 0 ? " " : "", is_ed25519 ? "a" : "");
    }
    struct slice signatures = arena_copy(&n->arena, buf_slice(&n->scratch));
    add_header(h, SLICE_LIT("webhook-signature"), signatures);
    add_header(h, SLICE_LIT("webhook-timestamp"), unix_seconds(n, wall_ms));
}

static void add_authorization(struct headers *h, const struct script_auth *auth)
{
    const struct slice value = auth->bearer.data || auth->token_url.data
                                   ? SLICE_LIT("Bearer " STARS)
                               : auth->user.data    ? SLICE_LIT("Basic " STARS)
                               : auth->aws_key.data ? SLICE_LIT("AWS4-HMAC-SHA256 " STARS)
                                                    : SLICE_NULL;
    if (value.data)
        add_header(h, SLICE_LIT("Authorization"), value);
    if (auth->aws_token.data)
        add_header(h, SLICE_LIT("X-Amz-Security-Token"), SLICE_LIT(STARS));
}

static struct headers copy_headers(struct notes *n, const struct script_request *request,
                                   int64_t wall_ms)
{
    const struct script_auth *auth = request->auth;
    struct headers h = {.len = 0};
    h.items = arena_alloc(&n->arena, (request->n_headers + AUTH_HEADERS_MAX) * sizeof(*h.items));
    for (size_t i = 0; i < request->n_headers; i++)
        add_header(&h, notes_text(n, request->headers[i].name),
                   notes_text(n, request->headers[i].value));
    if (auth && auth->n_secrets > 0 && has_header(request, "webhook-id"))
        add_signatures(n, &h, auth, wall_ms);
    if (auth && !has_header(request, "Authorization"))
        add_authorization(&h, auth);
    return h;
}

struct dryrun_request *notes_request(struct notes *n, const struct script_request *request,
                                     int64_t wall_ms)
{
    struct dryrun_request *r = arena_alloc(&n->arena, sizeof(*r));
    struct headers headers = copy_headers(n, request, wall_ms);
    r->method = notes_text(n, request->method);
    r->url = notes_text(n, request->url);
    r->headers = headers.items;
    r->n_headers = headers.len;
    if (request->auth) {
        r->cert = notes_text(n, request->auth->identity.cert_path);
        r->key = notes_text(n, request->auth->identity.key_path);
        r->authorities = notes_text(n, request->auth->identity.authorities_path);
    }
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
    line->text = notes_text(n, slice_present(text));
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
