/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The nodes of a tree that syntax.h makes of a file's text, and the ways through it.
 */
#ifndef LIAISON_SCRIPT_NODE_H
#define LIAISON_SCRIPT_NODE_H

#include <stdbool.h>

#include "base/slice.h"

enum node_kind {
    NODE_FUNCTION, /* its parameters as NODE_LOCAL, then its body; also the file as a whole */
    NODE_LOCAL,    /* a local name; child: what it begins with, where that is written */
    NODE_ASSIGN,   /* targets, then values; see is_target */
    NODE_RETURN,
    NODE_NAME,
    NODE_STRING,
    NODE_NUMBER,
    NODE_WORD,   /* nil true false ... */
    NODE_INDEX,  /* the object, and for a[b] the key; a.b has its name in `name` */
    NODE_CALL,   /* the function, the arguments */
    NODE_METHOD, /* the object, the arguments; the method in `name` */
    NODE_TABLE,  /* NODE_FIELDs and elements */
    NODE_FIELD,  /* the value; before it the key, unless that is a `name` */
    NODE_BINARY, /* the operator in `name` */
    NODE_UNARY,
};

struct node {
    enum node_kind kind;
    struct slice text; /* where it stands, first to last character */
    struct slice name; /* see the kinds; of a string what is between its quotes. Absent: none */
    int line;          /* where it begins … */
    int last_line;     /* … and ends */
    int name_line;     /* where `name` stands, else `line` */
    int steps;         /* a.b.c has 2: nodes that begin with one another, this one the last */
    struct node *parent, *first, *last, *next;
    struct node *declaration; /* of a name: its NODE_LOCAL; NULL: a global */
    bool is_target;           /* of an assignment */
    bool is_parameter;        /* of a NODE_LOCAL */
    bool is_loop;             /* of a NODE_LOCAL: `for` gives it its values */
    bool is_method;           /* of a function: `function a:b()`, which has `self` */
    bool is_reassigned;       /* of a NODE_LOCAL: assigned to somewhere */
};

/* The next node in the order of the text, children first; NULL after the last. */
const struct node *node_next(const struct node *n);
/* The next one that isn't below `n`. */
const struct node *node_skip(const struct node *n);
/* The child at `i`, from 0; NULL when there are fewer. */
const struct node *node_child(const struct node *n, unsigned i);
/* The function that it stands in, the file included; NULL for the file itself. */
const struct node *node_function(const struct node *n);
/* Whether it is `outer`, or stands in it. */
bool node_is_within(const struct node *n, const struct node *outer);
/* The constant name that an index, a method or a field has: .a, ["a"], a = …; absent: none. */
struct slice node_key(const struct node *n);
/* Whether it calls something: f(…) or a:b(…). */
bool node_is_call(const struct node *n);
/* The line that LuaJIT has its instruction on, and names where it fails. */
int node_code_line(const struct node *n);
/* Whether it is the global `name`. */
bool node_is_global(const struct node *n, const char *name);

#endif
