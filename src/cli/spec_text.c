/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/spec_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/json_view.h"
#include "cli/lua_string.h"

#define REQUESTS_MAX 20

/* ---- literals of Lua ---- */

static bool holds(struct slice text, struct slice part)
{
    return text.len > 0 && memmem(text.data, text.len, part.data, part.len) != NULL;
}

/* "]]" becomes "]=]", and so on. */
static void grow(struct buf *end)
{
    buf_truncate(end, end->len - 1);
    buf_add_str(end, "=]");
}

/* json.decode [[…]], with as many = in its brackets as the text needs. */
static void add_json(struct buf *out, struct slice json)
{
    struct buf text = {0}, end = {0};
    buf_add_str(&end, "]]");
    json_pretty(&text, json, 0);
    while (holds(buf_slice(&text), buf_slice(&end)))
        grow(&end);
    struct slice level = slice_of(end.data + 1, end.len - 2);
    buf_printf(out, "json.decode [%.*s[\n%s\n%s", SLICE_FMT(level), text.data, end.data);
    buf_deinit(&text);
    buf_deinit(&end);
}

/* A comment of one line. */
static void add_comment(struct buf *out, const char *margin, const char *before, struct slice text)
{
    buf_printf(out, "%s-- %s", margin, before);
    view_add_safe(out, text, false);
    buf_add_char(out, '\n');
}

/* ---- sends, as spec/world.lua gives them ---- */

static void add_seconds(struct json_writer *w, const char *name, int64_t ms)
{
    struct buf text = {0};
    if (ms > 0 && json_add_double(&text, (double)ms / 1000) == 0)
        json_member_raw(w, name, buf_slice(&text));
    buf_deinit(&text);
}

/* Where it isn't the event's; null: it has none, though the event has. */
static void add_key(struct json_writer *w, struct slice key, const struct event *event)
{
    if (!key.data && event->has_key)
        json_member_null(w, "key");
    else if (key.data && !(event->has_key && slice_is_equal(key, event->key)))
        json_member_string(w, "key", key);
}

static void add_send(struct json_writer *w, const struct dryrun_send *send,
                     const struct event *event)
{
    json_object_begin(w, NULL);
    json_member_string(w, "connector", send->connector);
    if (send->data.data)
        json_member_raw(w, "data", send->data);
    add_key(w, send->key, event);
    if (send->transformer.data)
        json_member_string(w, "transformer", send->transformer);
    add_seconds(w, "delay", send->delay_ms);
    add_seconds(w, "expires", send->expires_ms);
    json_object_end(w);
}

static void add_sends(struct buf *out, const struct dryrun_result *result,
                      const struct event *event)
{
    struct json_writer w = {.out = out};
    json_array_begin(&w, NULL);
    for (const struct dryrun_handler *h = result->handlers; h; h = h->next)
        for (const struct dryrun_send *s = h->sends; s; s = s->next)
            add_send(&w, s, event);
    json_array_end(&w);
}

/* ---- tests ---- */

static bool is_failure(const struct dryrun_run *run)
{
    return run->end.outcome != OUTCOME_DELIVERED && run->end.outcome != OUTCOME_SKIPPED;
}

/* Where a handler fails, what should be sent is for people to say. */
static bool add_failures(struct buf *out, const struct dryrun_result *result)
{
    bool has_failed = false;
    for (const struct dryrun_handler *h = result->handlers; h; h = h->next) {
        if (!is_failure(&h->run))
            continue;
        has_failed = true;
        add_comment(out, "    ", "Today this handler fails: ", h->name);
        add_comment(out, "    ", "",
                    slice_upto(h->run.end.reason, slice_find(h->run.end.reason, '\n')));
    }
    if (has_failed)
        buf_add_str(out, "    -- Write what should be sent.\n");
    return has_failed;
}

/* What handlers asked for was answered by a stand-in. */
static void add_fakes(struct buf *out, const struct dryrun_result *result)
{
    for (const struct dryrun_handler *h = result->handlers; h; h = h->next) {
        for (const struct dryrun_request *r = h->run.requests; r; r = r->next) {
            buf_add_str(out, "    http.fake(");
            lua_string_add(out, r->method);
            buf_add_str(out, ", ");
            lua_string_add(out, r->url);
            buf_add_str(out, ", { status = 200, json = {} }) -- say what it answers\n");
        }
    }
}

static void add_test_of_sends(struct buf *out, const struct dryrun_result *result,
                              const struct event *event)
{
    struct buf sends = {0};
    buf_add_str(out, "  it(\"sends what it sent\", function()\n");
    add_fakes(out, result);
    bool has_failed = add_failures(out, result);
    add_sends(&sends, result, event);
    buf_add_str(out, "    expect(handle(event)):equals");
    if (has_failed || slice_is_equal(buf_slice(&sends), SLICE_LIT("[]"))) {
        buf_add_str(out, " {}\n");
    } else {
        buf_add_str(out, "(");
        add_json(out, buf_slice(&sends));
        buf_add_str(out, ")\n");
    }
    buf_add_str(out, "  end)\n");
    buf_deinit(&sends);
}

static void add_request(struct buf *out, const struct dryrun_request *r, size_t send, size_t n)
{
    struct buf line = {0};
    buf_printf(&line, "%.*s %.*s", SLICE_FMT(r->method), SLICE_FMT(r->url));
    buf_printf(out, "    request = sends[%zu].requests[%zu]\n", send, n);
    buf_add_str(out, "    expect(request.method .. \" \" .. request.url):is ");
    lua_string_add(out, buf_slice(&line));
    buf_add_char(out, '\n');
    if (r->has_body && json_check(r->body, NULL) == 0) {
        buf_add_str(out, "    expect(request.json):equals(");
        add_json(out, r->body);
        buf_add_str(out, ")\n");
    } else if (r->has_body && slice_is_utf8(r->body)) {
        buf_add_str(out, "    expect(request.body):equals ");
        lua_string_add(out, r->body);
        buf_add_char(out, '\n');
    }
    buf_deinit(&line);
}

static void add_send_requests(struct buf *out, const struct dryrun_send *s, size_t send,
                              size_t *left)
{
    size_t n = 0;
    for (const struct dryrun_request *r = s->run.requests; r && *left > 0; r = r->next, (*left)--)
        add_request(out, r, send, ++n);
    if (is_failure(&s->run)) {
        buf_printf(out, "    -- sends[%zu] ends as %s today.\n", send,
                   dryrun_outcome_name(s->run.end.outcome));
    }
}

static void add_test_of_requests(struct buf *out, const struct dryrun_result *result)
{
    struct buf requests = {0};
    size_t send = 0, left = REQUESTS_MAX;
    for (const struct dryrun_handler *h = result->handlers; h; h = h->next)
        for (const struct dryrun_send *s = h->sends; s; s = s->next)
            add_send_requests(&requests, s, ++send, &left);
    if (requests.len > 0 && left < REQUESTS_MAX) {
        buf_add_str(out, "\n  it(\"makes the requests that it made\", function()\n");
        add_fakes(out, result);
        buf_add_str(out, "    local sends, request = handle(event)\n");
        buf_add_slice(out, buf_slice(&requests));
        buf_add_str(out, "  end)\n");
    }
    buf_deinit(&requests);
}

/* ---- the file ---- */

static bool has_failed_handler(const struct dryrun_result *result)
{
    for (const struct dryrun_handler *h = result->handlers; h; h = h->next)
        if (is_failure(&h->run))
            return true;
    return false;
}

void spec_text_add(struct buf *out, const struct event *recorded, const struct event *event,
                   struct slice json, const struct dryrun_result *result)
{
    buf_printf(out,
               "-- Recorded event %" PRId64
               ", and what the scripts sent for it when this was written.\n\n",
               recorded->seq);
    buf_add_str(out, "clock \"");
    text_add_time(out, recorded->received_ms);
    buf_add_str(out, "\"\n\nlocal event = ");
    add_json(out, json);
    buf_add_str(out, "\n\ndescribe(");
    lua_string_add(out, event->type);
    buf_add_str(out, ", function()\n");
    add_test_of_sends(out, result, event);
    if (!has_failed_handler(result))
        add_test_of_requests(out, result);
    buf_add_str(out, "end)\n");
}
