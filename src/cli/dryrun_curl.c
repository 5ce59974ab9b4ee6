/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Requests of a dry run as command lines. */
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "cli/dryrun_view.h"
#include "cli/json_view.h"

/* One word of a POSIX shell. */
static void add_quoted(struct buf *out, struct slice s)
{
    buf_add_char(out, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '\'')
            buf_add_str(out, "'\\''");
        else
            buf_add_char(out, s.data[i]);
    }
    buf_add_char(out, '\'');
}

static void add_option(struct buf *out, const char *option, struct slice value)
{
    buf_printf(out, " \\\n  %s ", option);
    add_quoted(out, value);
}

static void add_file(struct buf *out, const char *option, struct slice path)
{
    if (path.data)
        add_option(out, option, path);
}

/* A comment stays on its line. */
static void add_comment(struct buf *out, const char *what, struct slice text)
{
    buf_printf(out, "# %s", what);
    view_add_safe(out, text, false);
    buf_add_char(out, '\n');
}

/* curl leaves out a header without a value, unless it ends with a semicolon. */
static void add_header(struct buf *out, const struct script_header *h)
{
    struct buf line = {0};
    buf_printf(&line, "%.*s", SLICE_FMT(h->name));
    if (h->value.len > 0)
        buf_printf(&line, ": %.*s", SLICE_FMT(h->value));
    else
        buf_add_char(&line, ';');
    add_option(out, "-H", buf_slice(&line));
    buf_deinit(&line);
}

static bool has_header(const struct dryrun_request *r, struct slice name)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (slice_is_equal_nocase(r->headers[i].name, name))
            return true;
    return false;
}

/* Bytes that no word of a command line can hold. */
static bool needs_pipe(const struct dryrun_request *r)
{
    return r->has_body && (!slice_is_utf8(r->body) || slice_find(r->body, '\0') < r->body.len);
}

static void add_body(struct buf *out, const struct dryrun_request *r)
{
    if (!r->has_body)
        return;
    if (!has_header(r, SLICE_LIT("content-type"))) /* which curl would make up */
        add_option(out, "-H", SLICE_LIT("Content-Type:"));
    if (needs_pipe(r))
        buf_add_str(out, " \\\n  --data-binary @-");
    else
        add_option(out, "--data-raw", r->body);
}

static void add_pipe(struct buf *out, struct slice body)
{
    buf_add_str(out, "printf %s ");
    struct buf encoded = {0};
    base64_add(&encoded, body);
    add_quoted(out, buf_slice(&encoded));
    buf_add_str(out, " | base64 -d | ");
    buf_deinit(&encoded);
}

static void add_method(struct buf *out, const struct dryrun_request *r)
{
    bool is_get = slice_is_equal(r->method, SLICE_LIT("GET"));
    if (slice_is_equal(r->method, SLICE_LIT("HEAD")))
        buf_add_str(out, " --head");
    else if (!is_get || r->has_body)
        buf_printf(out, " -X %.*s", SLICE_FMT(r->method));
}

static void add_request(struct buf *out, const struct dryrun_request *r)
{
    if (needs_pipe(r))
        add_pipe(out, r->body);
    buf_add_str(out, "curl");
    add_method(out, r);
    if (r->follow > 0)
        buf_printf(out, " --location --max-redirs %u", r->follow);
    if (r->compressed)
        buf_add_str(out, " --compressed");
    for (size_t i = 0; i < r->url.len; i++) {
        if (!strchr("[]{}", r->url.data[i]))
            continue;
        buf_add_str(out, " --globoff"); /* they are meant as they stand */
        break;
    }
    buf_add_char(out, ' ');
    add_quoted(out, r->url);
    add_file(out, "--cert", r->cert);
    add_file(out, "--key", r->key);
    add_file(out, "--cacert", r->authorities);
    for (size_t i = 0; i < r->n_headers; i++)
        add_header(out, &r->headers[i]);
    add_body(out, r);
    buf_add_str(out, "\n");
}

static void add_end(struct buf *out, const struct dryrun_end *end)
{
    if (end->outcome == OUTCOME_DELIVERED)
        return;
    struct buf what = {0};
    buf_printf(&what, "%s%s%s: ", dryrun_outcome_name(end->outcome), end->cause ? ", " : "",
               end->cause ? end->cause : "");
    add_comment(out, what.data, end->reason);
    buf_deinit(&what);
}

static void add_run(struct buf *out, const struct dryrun_run *run)
{
    for (const struct dryrun_request *r = run->requests; r; r = r->next)
        add_request(out, r);
    add_end(out, &run->end);
}

static void add_handler(struct buf *out, const struct dryrun_handler *h)
{
    add_comment(out, "", h->name);
    add_run(out, &h->run);
    if (h->is_filtered)
        add_comment(out, "its filter lets the event pass by", SLICE_NULL);
    else if (!h->sends)
        add_comment(out, "sends nothing", SLICE_NULL);
    for (const struct dryrun_send *s = h->sends; s; s = s->next) {
        buf_add_char(out, '\n');
        add_comment(out, "to ", s->connector);
        add_run(out, &s->run);
    }
}

void dryrun_view_add_curl(struct buf *out, const struct dryrun_result *result)
{
    for (const struct dryrun_handler *h = result->handlers; h; h = h->next) {
        add_handler(out, h);
        if (h->next)
            buf_add_char(out, '\n');
    }
    if (!result->handlers)
        add_comment(out, "no handler takes ", result->event_type);
}
