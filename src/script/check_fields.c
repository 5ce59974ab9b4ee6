/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Fields of what scripts are given: answers of http, what sync:send returned, a connector's delivery or
   batch, the list of rows that it has with a batch. */
#include "base/text.h"
#include "script/check.h"

#define NAMES_MAX 10

struct shape {
    const char *what;
    const char *names[NAMES_MAX]; /* up to NULL */
};

static const struct shape answer = {"an answer of http", {"status", "headers", "body", "json"}};
static const struct shape sent = {"what sync:send returned", {"id", "connector", "key", "await"}};
static const struct shape delivery = {
    "a delivery",
    {"id", "attempt", "event", "key", "connector", "handler", "createdAt", "lastError"}};
static const struct shape batch = {
    "a batch", {"id", "attempt", "lastError", "connector", "createdAt", "deliveries"}};
static const struct shape list = {"the list of a batch's rows", {NULL}};

/* ---- what a name stands for ---- */

static const struct node *find_field(const struct node *table, const char *name)
{
    for (const struct node *n = table->first; n; n = n->next)
        if (n->kind == NODE_FIELD && slice_is_equal(node_key(n), slice_str(name)))
            return n->last;
    return NULL;
}

/* Whether the file returns it: return function(…) … end, or return { … }. */
static bool is_returned(const struct node *n)
{
    return n->parent && n->parent->kind == NODE_RETURN && !n->parent->parent->parent;
}

static bool takes_batches(const struct node *connector)
{
    const struct node *value = find_field(connector, "batch");
    return value && !slice_is_equal(value->text, SLICE_LIT("false"));
}

/* Of `send`, whose second parameter tells of the attempt, and whose first is the data: of those only a
   list of rows is known. */
static const struct shape *find_sent(const struct node *connector, bool is_first)
{
    bool is_batch = takes_batches(connector);
    if (is_first)
        return is_batch ? &list : NULL;
    return is_batch ? &batch : &delivery;
}

/* Of a parameter of a connector's `send` or `verify`; NULL where nothing is known of it. */
static const struct shape *find_attempted(const struct check *c, const struct node *parameter)
{
    const struct node *function = parameter->parent, *field = function->parent;
    bool is_first = parameter == node_child(function, 0);
    if (c->source->kind != SOURCE_CONNECTOR || (!is_first && parameter != node_child(function, 1)))
        return NULL;
    if (is_returned(function))
        return is_first ? NULL : &delivery;
    if (!field || field->kind != NODE_FIELD || !is_returned(field->parent))
        return NULL;
    if (slice_is_equal(node_key(field), SLICE_LIT("send")))
        return find_sent(field->parent, is_first);
    return !is_first && slice_is_equal(node_key(field), SLICE_LIT("verify")) ? &delivery : NULL;
}

static const struct shape *find_shape(const struct check *c, const struct node *n)
{
    if (n->kind != NODE_NAME || !n->declaration || n->declaration->is_reassigned)
        return NULL;
    if (n->declaration->is_parameter)
        return find_attempted(c, n->declaration);
    return check_is_answer(n) ? &answer : check_is_delivery(n) ? &sent : NULL;
}

/* ---- fields ---- */

/* Whether the file gives it that field itself. */
static bool is_given(const struct check *c, const struct node *wanted)
{
    for (const struct node *n = syntax_root(c->syntax); n; n = node_next(n))
        if (n->is_target && n->kind == NODE_INDEX &&
            n->first->declaration == wanted->first->declaration &&
            slice_is_equal(node_key(n), node_key(wanted)))
            return true;
    return false;
}

static void tell(const struct check *c, const struct node *n, const struct shape *shape,
                 size_t count)
{
    struct slice name = node_key(n);
    const char *names[NAMES_MAX];
    const char *nearest = text_nearest(name, shape->names, count);
    struct buf text = {0};
    buf_printf(&text, "%.*s is %s, which has no `%.*s`", SLICE_FMT(n->first->text), shape->what,
               SLICE_FMT(name));
    if (shape == &list) {
        buf_printf(&text, ": write %.*s[1].%.*s, or go over them: for _, row in ipairs(%.*s) do",
                   SLICE_FMT(n->first->text), SLICE_FMT(name), SLICE_FMT(n->first->text));
    } else if (shape == &answer && slice_is_equal(name, SLICE_LIT("data"))) {
        buf_printf(&text, ": write %.*s.json", SLICE_FMT(n->first->text));
    } else if (nearest) {
        buf_printf(&text, ": did you mean `%s`?", nearest);
    } else {
        buf_add_str(&text, "; it has ");
        for (size_t i = 0; i < count; i++)
            names[i] = shape->names[i];
        text_add_names(&text, names, count, NAMES_MAX);
    }
    check_tell(c, PROBLEM_FINDING, n, n->text, "%s", text.data);
    buf_deinit(&text);
}

static void check_field(const struct check *c, const struct node *n, const struct shape *shape)
{
    size_t count = 0;
    for (; count < NAMES_MAX && shape->names[count]; count++)
        if (slice_is_equal(node_key(n), slice_str(shape->names[count])))
            return;
    if (!is_given(c, n))
        tell(c, n, shape, count);
}

void check_fields(const struct check *c)
{
    for (const struct node *n = syntax_root(c->syntax); n; n = node_next(n)) {
        if (n->kind != NODE_INDEX || n->is_target || !node_key(n).data)
            continue;
        const struct shape *shape = find_shape(c, n->first);
        if (shape)
            check_field(c, n, shape);
    }
}
