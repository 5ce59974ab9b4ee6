/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/dryrun_view.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/json_view.h"

#define STRONG "\033[1m"
#define GOOD "\033[32m"
#define BAD "\033[31m"
#define PLAIN "\033[0m"

#define IN_HANDLER 2
#define IN_SEND 4

struct view {
    struct buf *out;
    bool has_color;
    size_t n_requests, n_sends, n_failed;
};

/* ---- words ----------------------------------------------------------------------------------- */

static void add_margin(struct view *v, size_t width)
{
    for (size_t i = 0; i < width; i++)
        buf_add_char(v->out, ' ');
}

static void add_color(struct view *v, const char *color)
{
    if (v->has_color)
        buf_add_str(v->out, color);
}

static void add_colored(struct view *v, const char *color, struct slice text)
{
    add_color(v, color);
    view_add_safe(v->out, text, false);
    add_color(v, PLAIN);
}

/* Lines of text from outside, ended as on any system, all but the first behind a margin. */
static void add_lines(struct view *v, struct slice text, size_t margin)
{
    bool is_first = true;
    for (struct slice rest = text; is_first || rest.data; is_first = false) {
        struct slice line = slice_split(&rest, '\n');
        if (line.len > 0 && line.data[line.len - 1] == '\r')
            line.len--;
        if (!is_first) {
            buf_add_char(v->out, '\n');
            add_margin(v, line.len > 0 ? margin : 0);
        }
        view_add_safe(v->out, line, false);
    }
}

static void add_key(struct view *v, struct slice key)
{
    if (!key.data)
        return;
    buf_add_str(v->out, ", key ");
    view_add_safe(v->out, key, false);
}

/* ---- requests -------------------------------------------------------------------------------- */

/* What a trace is continued by says nothing of the mapping. */
static bool is_shown(struct slice header)
{
    return !slice_is_equal_nocase(header, SLICE_LIT("traceparent")) &&
           !slice_is_equal_nocase(header, SLICE_LIT("tracestate"));
}

static void add_body(struct view *v, struct slice body, size_t margin)
{
    if (json_check(body, NULL) == 0) {
        struct buf pretty = {0};
        json_pretty(&pretty, body, 0);
        add_lines(v, buf_slice(&pretty), margin);
        buf_deinit(&pretty);
    } else if (slice_is_utf8(body)) {
        add_lines(v, body, margin);
    } else {
        buf_printf(v->out, "(%zu bytes that are no text)", body.len);
    }
}

static void add_request(struct view *v, const struct dryrun_request *r, size_t margin)
{
    v->n_requests++;
    add_margin(v, margin);
    add_colored(v, STRONG, r->method);
    buf_add_char(v->out, ' ');
    add_colored(v, STRONG, r->url);
    buf_add_char(v->out, '\n');
    for (size_t i = 0; i < r->n_headers; i++) {
        if (!is_shown(r->headers[i].name))
            continue;
        add_margin(v, margin);
        view_add_safe(v->out, r->headers[i].name, false);
        buf_add_str(v->out, ": ");
        view_add_safe(v->out, r->headers[i].value, false);
        buf_add_char(v->out, '\n');
    }
    if (r->body.len > 0) {
        buf_add_char(v->out, '\n');
        add_margin(v, margin);
        add_body(v, r->body, margin);
        buf_add_char(v->out, '\n');
    }
    buf_add_char(v->out, '\n');
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void add_log(struct view *v, const struct dryrun_run *run, size_t margin)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    for (const struct dryrun_line *line = run->lines; line; line = line->next) {
        add_margin(v, margin);
        buf_printf(v->out, "log.%s: ", levels[line->level]);
        add_lines(v, line->text, margin + 2);
        if (line->fields.data) {
            buf_add_char(v->out, ' ');
            view_add_safe(v->out, line->fields, false);
        }
        buf_add_char(v->out, '\n');
    }
}

/* "would be a dead letter, script: main.lua:3: …" */
static void add_end(struct view *v, const struct dryrun_end *end, const char *success,
                    size_t margin)
{
    bool is_good = end->outcome == OUTCOME_DELIVERED, is_bad = false;
    add_margin(v, margin);
    switch (end->outcome) {
    case OUTCOME_DELIVERED:
        add_colored(v, GOOD, slice_str(success));
        break;
    case OUTCOME_SKIPPED:
    case OUTCOME_SUPERSEDED:
        buf_add_str(v->out, "skipped");
        break;
    case OUTCOME_RETRY:
        add_colored(v, BAD, SLICE_LIT("would be tried again"));
        is_bad = true;
        break;
    case OUTCOME_DEAD:
        add_colored(v, BAD, SLICE_LIT("would be a dead letter"));
        buf_printf(v->out, ", %s", end->cause);
        is_bad = true;
        break;
    case OUTCOME_PAUSE:
        add_colored(v, BAD, SLICE_LIT("would pause the connector"));
        is_bad = true;
        break;
    }
    if (end->reason.len > 0) {
        buf_add_str(v->out, is_good ? "; the line that ran last is " : ": ");
        add_lines(v, end->reason, margin + 2);
    }
    v->n_failed += is_bad;
    buf_add_char(v->out, '\n');
}

/* ---- sends ----------------------------------------------------------------------------------- */

static void add_options(struct view *v, const struct dryrun_send *s)
{
    add_key(v, s->key);
    if (!s->key.data)
        buf_add_str(v->out, ", no key: not ordered");
    if (s->transformer.data) {
        buf_add_str(v->out, ", transformer ");
        view_add_safe(v->out, s->transformer, false);
    }
    if (s->delay_ms > 0) {
        buf_add_str(v->out, ", delay ");
        text_add_duration(v->out, s->delay_ms);
    }
    if (s->expires_ms > 0) {
        buf_add_str(v->out, ", expires ");
        text_add_duration(v->out, s->expires_ms);
    }
}

static void add_send(struct view *v, const struct dryrun_send *s)
{
    v->n_sends++;
    add_margin(v, IN_HANDLER);
    buf_add_str(v->out, "to ");
    add_colored(v, STRONG, s->connector);
    add_options(v, s);
    buf_add_char(v->out, '\n');
    add_log(v, &s->run, IN_SEND);
    for (const struct dryrun_request *r = s->run.requests; r; r = r->next)
        add_request(v, r, IN_SEND);
    if (!s->run.requests && s->data.data) {
        add_margin(v, IN_SEND);
        add_body(v, s->data, IN_SEND);
        buf_add_str(v->out, "\n\n");
    }
    add_end(v, &s->run.end,
            s->run.requests ? "would be delivered" : "would be delivered, without a request",
            IN_SEND);
    buf_add_char(v->out, '\n');
}

/* ---- handlers -------------------------------------------------------------------------------- */

static void add_handler_end(struct view *v, const struct dryrun_handler *h)
{
    if (h->is_filtered) {
        add_margin(v, IN_HANDLER);
        buf_add_str(v->out, "its filter lets the event pass by\n\n");
    } else if (h->run.end.outcome != OUTCOME_DELIVERED || !h->sends) {
        add_end(v, &h->run.end, "sends nothing", IN_HANDLER);
        buf_add_char(v->out, '\n');
    }
}

static void add_handler(struct view *v, const struct dryrun_handler *h)
{
    add_colored(v, STRONG, h->name);
    if (h->file.data) {
        buf_add_str(v->out, " in ");
        view_add_safe(v->out, h->file, false);
    }
    add_key(v, h->key);
    buf_add_char(v->out, '\n');
    add_log(v, &h->run, IN_HANDLER);
    for (const struct dryrun_request *r = h->run.requests; r; r = r->next)
        add_request(v, r, IN_HANDLER);
    for (const struct dryrun_send *s = h->sends; s; s = s->next)
        add_send(v, s);
    add_handler_end(v, h);
}

static void add_unhandled(struct buf *out, const struct dryrun_result *result)
{
    buf_add_str(out, "no handler takes ");
    view_add_safe(out, result->event_type, false);
    if (result->nearest.data) {
        buf_add_str(out, ": did you mean ");
        view_add_safe(out, result->nearest, false);
        buf_add_char(out, '?');
    }
    buf_add_char(out, '\n');
}

static void add_summary(struct view *v)
{
    buf_printf(v->out, "%zu send%s, %zu request%s", v->n_sends, v->n_sends == 1 ? "" : "s",
               v->n_requests, v->n_requests == 1 ? "" : "s");
    if (v->n_failed)
        buf_printf(v->out, ", %zu failed", v->n_failed);
    buf_add_str(v->out, "; nothing was sent\n");
}

void dryrun_view_add(struct buf *out, const struct dryrun_result *result, bool has_color)
{
    struct view v = {.out = out, .has_color = has_color};
    if (!result->handlers) {
        add_unhandled(out, result);
        return;
    }
    for (const struct dryrun_handler *h = result->handlers; h; h = h->next)
        add_handler(&v, h);
    add_summary(&v);
}
