/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Calls: their options, a dot for a colon, and what waits where nothing can wait. */
#include <string.h>

#include "base/text.h"
#include "script/check.h"
#include "script/options.h"

/* ---- methods ---- */

static const char *const sync_methods[] = {"on", "send", "start"};
static const char *const delivery_methods[] = {"await"};

static bool is_among(struct slice name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (slice_is_equal(name, slice_str(names[i])))
            return true;
    return false;
}

static void tell_no_method(const struct check *c, const struct node *n, const char *const *names,
                           size_t n_names)
{
    struct buf text = {0};
    buf_printf(&text, "%.*s has no `%.*s`; it has ", SLICE_FMT(n->first->text), SLICE_FMT(n->name));
    for (size_t i = 0; i < n_names; i++)
        buf_printf(&text, "%s%s", i ? ", " : "", names[i]);
    check_tell(c, PROBLEM_FINDING, n, n->name, "%s", text.data);
    buf_deinit(&text);
}

/* At the top of a file a dot for a colon has failed already. */
static void check_method(const struct check *c, const struct node *n, const char *const *names,
                         size_t n_names)
{
    struct slice name = node_key(n), owner = n->first->text;
    bool is_there = is_among(name, names, n_names);
    const char *nearest = text_nearest(name, names, n_names);
    if (n->kind == NODE_INDEX && is_there && node_function(n)->parent)
        check_tell(c, PROBLEM_FINDING, n, n->text, "write %.*s:%.*s with a colon", SLICE_FMT(owner),
                   SLICE_FMT(name));
    else if (n->kind == NODE_METHOD && !is_there && nearest)
        check_tell(c, PROBLEM_FINDING, n, n->name, "%.*s has no `%.*s`: did you mean %.*s:%s?",
                   SLICE_FMT(owner), SLICE_FMT(name), SLICE_FMT(owner), nearest);
    else if (n->kind == NODE_METHOD && !is_there)
        tell_no_method(c, n, names, n_names);
}

static void check_methods(const struct check *c, const struct node *n)
{
    if ((n->kind != NODE_INDEX && n->kind != NODE_METHOD) || n->is_target)
        return;
    if (check_is_sync(n->first))
        check_method(c, n, sync_methods, ARRAY_LEN(sync_methods));
    else if (check_is_delivery(n->first))
        check_method(c, n, delivery_methods, ARRAY_LEN(delivery_methods));
}

/* ---- options ---- */

/* Whether a literal is of the type; what is no literal may be. */
static bool may_be(const struct node *value, enum option_type type)
{
    bool is_word = value->kind == NODE_WORD && *value->name.data != '.';
    bool is_nil = is_word && slice_is_equal(value->name, SLICE_LIT("nil"));
    if (is_nil || (!is_word && value->kind != NODE_STRING && value->kind != NODE_NUMBER &&
                   value->kind != NODE_TABLE && value->kind != NODE_FUNCTION))
        return true;
    switch (type) {
    case OPTION_STRING:
    case OPTION_TEXT:
        return value->kind == NODE_STRING;
    case OPTION_BOOLEAN:
        return is_word;
    case OPTION_NUMBER:
        return value->kind == NODE_NUMBER;
    case OPTION_DURATION:
        return value->kind == NODE_STRING || value->kind == NODE_NUMBER;
    case OPTION_TABLE:
        return value->kind == NODE_TABLE;
    case OPTION_FUNCTION:
        return value->kind == NODE_FUNCTION;
    default:
        return true;
    }
}

static void check_value(const struct check *c, const char *what, const struct option *row,
                        const struct node *value)
{
    struct err err = {0};
    int64_t ms;
    if (!may_be(value, row->type))
        check_tell(c, PROBLEM_FINDING, value, value->text, "%s: `%s` must be %s, not %.*s", what,
                   row->name, option_expects(row), SLICE_FMT(slice_upto(value->text, 40)));
    else if (row->type == OPTION_DURATION && value->kind == NODE_STRING &&
             text_parse_duration(value->name, &ms, &err) < 0)
        check_tell(c, PROBLEM_FINDING, value, value->text, "%s: `%s`: %s", what, row->name,
                   err.message);
}

static void check_options(const struct check *c, const char *what, const struct option_set *rows,
                          const struct node *table)
{
    struct option_set set = *rows;
    set.what = what;
    if (!table || table->kind != NODE_TABLE)
        return;
    for (const struct node *field = table->first; field; field = field->next) {
        if (field->kind != NODE_FIELD || !field->name.data)
            continue;
        const struct option *row = options_find(&set, field->name);
        if (row) {
            check_value(c, what, row, field->last);
            continue;
        }
        struct buf text = {0};
        options_add_unknown(&text, &set, field->name);
        check_tell(c, PROBLEM_FINDING, field, field->name, "%s", text.data);
        buf_deinit(&text);
    }
}

static void check_cache(const struct check *c, const char *what, const struct node *table)
{
    if (!table || table->kind != NODE_TABLE)
        return;
    for (const struct node *field = table->first; field; field = field->next)
        if (field->kind == NODE_FIELD && slice_is_equal(field->name, SLICE_LIT("cache")))
            check_tell(c, PROBLEM_FINDING, field, field->name, HTTP_CACHE_IS_FOR_GET, what);
}

static void check_http_options(const struct check *c, const struct node *call)
{
    static const char *const verbs[] = {"get", "post", "put", "patch", "delete"};
    struct slice name = node_key(call->first);
    unsigned at = is_among(name, verbs, ARRAY_LEN(verbs))      ? 2
                  : slice_is_equal(name, SLICE_LIT("request")) ? 3
                                                               : 0;
    struct buf what = {0};
    buf_printf(&what, "http.%.*s", SLICE_FMT(name));
    if (at > 0)
        check_options(c, what.data, &options_of_http, node_child(call, at));
    if (at == 2 && !slice_is_equal(name, SLICE_LIT("get")))
        check_cache(c, what.data, node_child(call, at));
    buf_deinit(&what);
}

/* sync:send("calendarApi", data) */
static void check_send(const struct check *c, const struct node *n)
{
    const struct node *first = node_child(n, 1);
    if (first && first->kind == NODE_STRING)
        check_tell(c, PROBLEM_FINDING, first, first->text, SEND_TAKES, SLICE_FMT(first->name));
    else
        check_options(c, "sync:send", &options_of_send, first);
}

static void check_call_options(const struct check *c, const struct node *n)
{
    if (n->kind == NODE_METHOD) {
        if (check_is_sync(n->first) && slice_is_equal(n->name, SLICE_LIT("send")))
            check_send(c, n);
        return;
    }
    if (n->kind != NODE_CALL)
        return;
    if (n->first->kind == NODE_INDEX && check_is_library(n->first->first, "http"))
        check_http_options(c, n);
    else if (check_is_function(n->first, NULL, "retry"))
        check_options(c, "retry", &options_of_retry, node_child(n, 2));
    else if (check_is_function(n->first, NULL, "reject"))
        check_options(c, "reject", &options_of_reject, node_child(n, 2));
}

/* ---- what waits ---- */

static bool is_call(const struct node *n)
{
    return n->kind == NODE_CALL || n->kind == NODE_METHOD;
}

static bool is_http_call(const struct node *n)
{
    return n->kind == NODE_CALL && n->first->kind == NODE_INDEX &&
           check_is_library(n->first->first, "http");
}

static bool is_await(const struct node *n)
{
    return n->kind == NODE_METHOD && slice_is_equal(n->name, SLICE_LIT("await"));
}

static bool is_send(const struct node *n)
{
    return n->kind == NODE_METHOD && check_is_sync(n->first) &&
           slice_is_equal(n->name, SLICE_LIT("send"));
}

static bool is_verdict(const struct node *n)
{
    return n->kind == NODE_CALL && (check_is_function(n->first, NULL, "skip") ||
                                    check_is_function(n->first, NULL, "retry") ||
                                    check_is_function(n->first, NULL, "reject"));
}

/* http.get, sync:send, delivery:await: without the arguments. */
static struct slice call_name(const struct node *call)
{
    if (call->kind == NODE_CALL)
        return call->first->text;
    const char *end = call->name.data + call->name.len;
    return slice_of(call->text.data, (size_t)(end - call->text.data));
}

/* In a function that must not wait; `ends` where sends and verdicts are wrong, too. */
static void check_waits(const struct check *c, const struct node *function, bool ends,
                        const char *where)
{
    for (const struct node *n = function; n && node_is_within(n, function); n = node_next(n)) {
        bool is_wrong = is_http_call(n) || is_await(n) || (ends && (is_send(n) || is_verdict(n)));
        if (is_wrong)
            check_tell(c, PROBLEM_FINDING, n, call_name(n), "%.*s can't be used in %s",
                       SLICE_FMT(call_name(n)), where);
    }
}

/* key and filter of sync:on. */
static void check_functions_of_on(const struct check *c, const struct node *on)
{
    const struct node *options = node_child(on, 2);
    for (const struct node *n = options ? options->first : NULL; n && options->kind == NODE_TABLE;
         n = n->next) {
        bool is_key = slice_is_equal(node_key(n), SLICE_LIT("key"));
        if (n->kind != NODE_FIELD || n->last->kind != NODE_FUNCTION ||
            (!is_key && !slice_is_equal(node_key(n), SLICE_LIT("filter"))))
            continue;
        check_waits(c, n->last, true,
                    is_key ? "a `key`, which only computes: it belongs into the handler"
                           : "a `filter`, which only computes: it belongs into the handler");
    }
}

static bool is_gsub(const struct node *n)
{
    return n->kind == NODE_METHOD ? slice_is_equal(n->name, SLICE_LIT("gsub"))
                                  : check_is_function(n->first, "string", "gsub");
}

/* Functions that are called back where nothing can wait. */
static void check_callbacks(const struct check *c, const struct node *n)
{
    if (!is_call(n) || !n->last || n->last == n->first || n->last->kind != NODE_FUNCTION)
        return;
    if (n->kind == NODE_CALL && check_is_function(n->first, "table", "sort"))
        check_waits(c, n->last, false,
                    "a comparator of table.sort, which can't wait: get what it compares before");
    else if (is_gsub(n))
        check_waits(c, n->last, false,
                    "a callback of gsub, which can't wait: get what it puts in before");
}

void check_calls(const struct check *c)
{
    for (const struct node *n = syntax_root(c->syntax); n; n = node_next(n)) {
        check_methods(c, n);
        check_call_options(c, n);
        check_callbacks(c, n);
        if (n->kind == NODE_METHOD && slice_is_equal(n->name, SLICE_LIT("on")) &&
            check_is_sync(n->first))
            check_functions_of_on(c, n);
    }
}
