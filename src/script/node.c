/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/node.h"

const struct node *node_skip(const struct node *n)
{
    while (n && !n->next)
        n = n->parent;
    return n ? n->next : NULL;
}

const struct node *node_next(const struct node *n)
{
    return n->first ? n->first : node_skip(n);
}

const struct node *node_child(const struct node *n, unsigned i)
{
    const struct node *child = n->first;
    while (child && i-- > 0)
        child = child->next;
    return child;
}

const struct node *node_function(const struct node *n)
{
    do
        n = n->parent;
    while (n && n->kind != NODE_FUNCTION);
    return n;
}

bool node_is_within(const struct node *n, const struct node *outer)
{
    while (n && n != outer)
        n = n->parent;
    return n;
}

struct slice node_key(const struct node *n)
{
    if (n->name.data)
        return n->name;
    const struct node *key = n->kind == NODE_FIELD ? n->first : node_child(n, 1);
    return key && key->kind == NODE_STRING ? key->name : SLICE_NULL;
}

bool node_is_call(const struct node *n)
{
    return n->kind == NODE_CALL || n->kind == NODE_METHOD;
}

int node_code_line(const struct node *n)
{
    switch (n->kind) {
    case NODE_INDEX:
        return n->name.data ? n->name_line : n->last_line;
    case NODE_CALL:
    case NODE_METHOD:
        return n->name_line;
    default:
        return n->last_line;
    }
}

bool node_is_global(const struct node *n, const char *name)
{
    return n && n->kind == NODE_NAME && !n->declaration && slice_is_equal(n->name, slice_str(name));
}
