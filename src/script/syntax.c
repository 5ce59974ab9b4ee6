/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Lua 5.1's grammar with LuaJIT's additions, by recursive descent. */
#include "script/syntax.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "script/lexer.h"

#define CHUNK 128
#define DEPTH_MAX 250 /* LuaJIT takes 200 */
/* Steps that follow each other, as in a.b.c and a + b + c. LuaJIT takes any number, but who looks at
   the tree goes along them, again and again. */
#define STEPS_MAX 1000

struct chunk {
    struct chunk *next;
    size_t n;
    struct node nodes[CHUNK];
};

struct syntax {
    struct chunk *chunks;
    struct node *root;
};

struct parser {
    struct syntax *s;
    struct lexer x;
    struct token t, ahead; /* the next one, and the one behind it */
    const char *end;       /* of the token taken last … */
    int end_line;          /* … and its last line */
    struct node *function; /* whose body is being read */
    struct node **scope;   /* the locals that can be seen, the innermost last */
    size_t n_scope, cap_scope;
    unsigned depth;
    bool has_failed; /* then nothing but the end follows */
};

/* ---- tokens ---- */

static bool fail(struct parser *p)
{
    p->has_failed = true;
    p->t = p->ahead = (struct token){0};
    return false;
}

static void take(struct parser *p)
{
    if (p->has_failed)
        return;
    p->end = p->t.text.data + p->t.text.len;
    p->end_line = p->t.last_line;
    p->t = p->ahead;
    lexer_next(&p->x, &p->ahead);
}

static bool is(const struct parser *p, const char *text)
{
    return token_is(&p->t, text);
}

static bool take_if(struct parser *p, const char *text)
{
    if (!is(p, text))
        return false;
    take(p);
    return true;
}

static void expect(struct parser *p, const char *text)
{
    if (!take_if(p, text))
        fail(p);
}

/* ---- nodes ---- */

/* One that begins with the next token; it belongs nowhere yet. */
static struct node *make(struct parser *p, enum node_kind kind)
{
    struct chunk *chunk = p->s->chunks;
    if (!chunk || chunk->n == CHUNK) {
        chunk = mem_calloc(1, sizeof(*chunk));
        chunk->next = p->s->chunks;
        p->s->chunks = chunk;
    }
    struct node *n = &chunk->nodes[chunk->n++];
    n->kind = kind;
    n->text = slice_of(p->t.text.data, p->t.text.len);
    n->line = n->name_line = p->t.line;
    n->last_line = p->t.last_line;
    return n;
}

/* It ends with the token taken last. */
static struct node *finish(struct parser *p, struct node *n)
{
    if (p->has_failed || p->end < n->text.data)
        return n;
    n->text.len = (size_t)(p->end - n->text.data);
    n->last_line = p->end_line;
    return n;
}

static void attach(struct node *parent, struct node *n)
{
    n->parent = parent;
    if (parent->last)
        parent->last->next = n;
    else
        parent->first = n;
    parent->last = n;
}

/* A node that `n` is the beginning of. */
static struct node *wrap(struct parser *p, struct node *n, enum node_kind kind)
{
    struct node *outer = make(p, kind);
    outer->text = n->text;
    outer->line = n->line;
    outer->steps = n->steps + 1;
    attach(outer, n);
    if (outer->steps > STEPS_MAX)
        fail(p);
    return outer;
}

static void take_name(struct parser *p, struct node *n)
{
    if (p->t.kind != TOKEN_NAME) {
        fail(p);
        return;
    }
    n->name = p->t.text;
    n->name_line = p->t.line;
    take(p);
}

/* ---- what can be seen ---- */

static void see(struct parser *p, struct node *local)
{
    if (p->n_scope == p->cap_scope) {
        p->cap_scope = p->cap_scope ? 2 * p->cap_scope : 64;
        p->scope = mem_realloc(p->scope, p->cap_scope * sizeof(struct node *));
    }
    p->scope[p->n_scope++] = local;
}

/* Siblings, from the first to the last. */
static void see_all(struct parser *p, struct node *first, const struct node *last)
{
    for (struct node *local = first; local; local = local == last ? NULL : local->next)
        see(p, local);
}

static struct node *find_local(const struct parser *p, struct slice name)
{
    for (size_t i = p->n_scope; i > 0; i--)
        if (slice_is_equal(p->scope[i - 1]->name, name))
            return p->scope[i - 1];
    return NULL;
}

static struct node *make_local(struct parser *p)
{
    struct node *local = make(p, NODE_LOCAL);
    take_name(p, local);
    return finish(p, local);
}

/* ---- expressions ---- */

static struct node *read_expression(struct parser *p, int limit);
static void read_block(struct parser *p);

static void read_list(struct parser *p, struct node *parent)
{
    do
        attach(parent, read_expression(p, 0));
    while (take_if(p, ","));
}

static struct node *read_leaf(struct parser *p, enum node_kind kind)
{
    struct node *n = make(p, kind);
    n->name = kind == NODE_STRING ? p->t.value : p->t.text;
    take(p);
    return finish(p, n);
}

static void read_parameters(struct parser *p, struct node *function)
{
    expect(p, "(");
    while (!is(p, ")") && !p->has_failed) {
        if (take_if(p, "..."))
            break;
        struct node *local = make_local(p);
        local->is_parameter = true;
        attach(function, local);
        see(p, local);
        if (!take_if(p, ","))
            break;
    }
    expect(p, ")");
}

static void read_function_body(struct parser *p, struct node *function)
{
    struct node *outer = p->function;
    size_t seen = p->n_scope;
    if (function->is_method) {
        struct node *local = make(p, NODE_LOCAL);
        local->name = SLICE_LIT("self");
        local->is_parameter = true;
        attach(function, local);
        see(p, local);
    }
    p->function = function;
    read_parameters(p, function);
    read_block(p);
    expect(p, "end");
    finish(p, function);
    p->function = outer;
    p->n_scope = seen;
}

static struct node *read_function(struct parser *p)
{
    struct node *function = make(p, NODE_FUNCTION);
    take(p);
    read_function_body(p, function);
    return function;
}

static struct node *read_item(struct parser *p)
{
    bool has_name = p->t.kind == TOKEN_NAME && token_is(&p->ahead, "=");
    if (!has_name && !is(p, "["))
        return read_expression(p, 0);
    struct node *field = make(p, NODE_FIELD);
    if (has_name) {
        take_name(p, field);
    } else {
        take(p);
        attach(field, read_expression(p, 0));
        expect(p, "]");
    }
    expect(p, "=");
    attach(field, read_expression(p, 0));
    return finish(p, field);
}

static struct node *read_table(struct parser *p)
{
    struct node *table = make(p, NODE_TABLE);
    expect(p, "{");
    while (!is(p, "}") && !p->has_failed) {
        attach(table, read_item(p));
        if (!take_if(p, ",") && !take_if(p, ";"))
            break;
    }
    expect(p, "}");
    return finish(p, table);
}

static bool begins_arguments(const struct parser *p)
{
    return is(p, "(") || is(p, "{") || p->t.kind == TOKEN_STRING;
}

static void read_arguments(struct parser *p, struct node *call)
{
    if (p->t.kind == TOKEN_STRING) {
        attach(call, read_leaf(p, NODE_STRING));
    } else if (is(p, "{")) {
        attach(call, read_table(p));
    } else {
        expect(p, "(");
        if (!is(p, ")"))
            read_list(p, call);
        expect(p, ")");
    }
    finish(p, call);
}

/* What follows `n` of a chain: .name [key] :name(…) (…); NULL at its end. */
static struct node *read_suffix(struct parser *p, struct node *n)
{
    struct node *outer;
    if (is(p, ".")) {
        outer = wrap(p, n, NODE_INDEX);
        take(p);
        take_name(p, outer);
    } else if (is(p, "[")) {
        outer = wrap(p, n, NODE_INDEX);
        take(p);
        attach(outer, read_expression(p, 0));
        expect(p, "]");
    } else if (is(p, ":")) {
        outer = wrap(p, n, NODE_METHOD);
        take(p);
        take_name(p, outer);
        read_arguments(p, outer);
    } else if (begins_arguments(p)) {
        outer = wrap(p, n, NODE_CALL);
        read_arguments(p, outer);
    } else {
        return NULL;
    }
    return finish(p, outer);
}

static struct node *read_chain(struct parser *p)
{
    struct node *n;
    if (is(p, "(")) {
        const char *begin = p->t.text.data;
        take(p);
        n = read_expression(p, 0);
        expect(p, ")");
        n->text.data = begin;
        finish(p, n);
    } else {
        n = make(p, NODE_NAME);
        n->declaration = p->t.kind == TOKEN_NAME ? find_local(p, p->t.text) : NULL;
        take_name(p, n);
        finish(p, n);
    }
    for (struct node *outer; !p->has_failed && (outer = read_suffix(p, n));)
        n = outer;
    return n;
}

static struct node *read_simple(struct parser *p)
{
    switch (p->t.kind) {
    case TOKEN_NUMBER:
        return read_leaf(p, NODE_NUMBER);
    case TOKEN_STRING:
        return read_leaf(p, NODE_STRING);
    default:
        if (is(p, "nil") || is(p, "true") || is(p, "false") || is(p, "..."))
            return read_leaf(p, NODE_WORD);
        if (is(p, "function"))
            return read_function(p);
        return is(p, "{") ? read_table(p) : read_chain(p);
    }
}

#define UNARY_PRIORITY 8

static const struct {
    const char *text;
    int left, right; /* a right one that is less binds to the right */
} operators[] = {
    {"or", 1, 1}, {"and", 2, 2}, {"<", 3, 3},  {">", 3, 3},  {"<=", 3, 3},
    {">=", 3, 3}, {"~=", 3, 3},  {"==", 3, 3}, {"..", 5, 4}, {"+", 6, 6},
    {"-", 6, 6},  {"*", 7, 7},   {"/", 7, 7},  {"%", 7, 7},  {"^", 10, 9},
};

static int find_operator(const struct parser *p)
{
    for (size_t i = 0; p->t.kind != TOKEN_STRING && i < ARRAY_LEN(operators); i++)
        if (is(p, operators[i].text))
            return (int)i;
    return -1;
}

static struct node *read_operand(struct parser *p)
{
    if (!is(p, "not") && !is(p, "-") && !is(p, "#"))
        return read_simple(p);
    struct node *n = make(p, NODE_UNARY);
    n->name = p->t.text;
    take(p);
    attach(n, read_expression(p, UNARY_PRIORITY));
    return finish(p, n);
}

/* With operators that bind more than `limit` does. */
static struct node *read_expression(struct parser *p, int limit)
{
    if (++p->depth > DEPTH_MAX)
        fail(p);
    struct node *n = p->has_failed ? make(p, NODE_WORD) : read_operand(p);
    for (int i; (i = find_operator(p)) >= 0 && operators[i].left > limit;) {
        n = wrap(p, n, NODE_BINARY);
        n->name = p->t.text;
        n->name_line = p->t.line;
        take(p);
        attach(n, read_expression(p, operators[i].right));
        finish(p, n);
    }
    p->depth--;
    return n;
}

/* ---- statements ---- */

static void read_scoped_block(struct parser *p, const char *end)
{
    size_t seen = p->n_scope;
    read_block(p);
    p->n_scope = seen;
    expect(p, end);
}

static void read_condition(struct parser *p)
{
    attach(p->function, read_expression(p, 0));
}

static void read_if(struct parser *p)
{
    size_t seen = p->n_scope;
    do {
        take(p);
        read_condition(p);
        expect(p, "then");
        read_block(p);
        p->n_scope = seen;
    } while (is(p, "elseif"));
    if (take_if(p, "else"))
        read_block(p);
    p->n_scope = seen;
    expect(p, "end");
}

static void read_for(struct parser *p)
{
    size_t seen = p->n_scope;
    struct node *first = NULL, *last;
    take(p);
    do {
        last = make_local(p);
        last->is_loop = true;
        attach(p->function, last);
        first = first ? first : last;
    } while (take_if(p, ","));
    if (!take_if(p, "="))
        expect(p, "in");
    read_list(p, p->function);
    expect(p, "do");
    see_all(p, first, last);
    read_scoped_block(p, "end");
    p->n_scope = seen;
}

static void read_repeat(struct parser *p)
{
    size_t seen = p->n_scope;
    take(p);
    read_block(p);
    expect(p, "until");
    read_condition(p);
    p->n_scope = seen;
}

static void read_local(struct parser *p)
{
    take(p);
    if (take_if(p, "function")) {
        struct node *local = make_local(p);
        attach(p->function, local);
        see(p, local);
        struct node *function = make(p, NODE_FUNCTION);
        attach(local, function);
        read_function_body(p, function);
        finish(p, local);
        return;
    }
    struct node *first = make_local(p), *last = first;
    attach(p->function, first);
    while (take_if(p, ",")) {
        last = make_local(p);
        attach(p->function, last);
    }
    struct node *local = first;
    if (take_if(p, "=")) {
        do {
            attach(local, read_expression(p, 0));
            finish(p, local);
            local = local->next ? local->next : local;
        } while (take_if(p, ","));
    }
    see_all(p, first, last);
}

static void add_target(struct node *assign, struct node *target)
{
    target->is_target = true;
    if (target->declaration)
        target->declaration->is_reassigned = true;
    attach(assign, target);
}

/* function a.b:c() … end */
static void read_named_function(struct parser *p)
{
    struct node *assign = make(p, NODE_ASSIGN), *target, *function;
    take(p);
    target = make(p, NODE_NAME);
    target->declaration = find_local(p, p->t.text);
    take_name(p, target);
    bool is_method = false;
    while (!p->has_failed && !is_method && (is(p, ".") || is(p, ":"))) {
        is_method = is(p, ":");
        target = wrap(p, finish(p, target), NODE_INDEX);
        take(p);
        take_name(p, target);
    }
    add_target(assign, finish(p, target));
    function = make(p, NODE_FUNCTION);
    function->line = assign->line;
    function->is_method = is_method;
    attach(assign, function);
    read_function_body(p, function);
    attach(p->function, finish(p, assign));
}

/* A call, or an assignment. */
static void read_other(struct parser *p)
{
    struct node *n = read_chain(p);
    if (!is(p, "=") && !is(p, ",")) {
        if (n->kind != NODE_CALL && n->kind != NODE_METHOD)
            fail(p);
        attach(p->function, n);
        return;
    }
    struct node *assign = wrap(p, n, NODE_ASSIGN);
    assign->first = assign->last = NULL;
    add_target(assign, n);
    while (take_if(p, ","))
        add_target(assign, read_chain(p));
    expect(p, "=");
    read_list(p, assign);
    attach(p->function, finish(p, assign));
}

static void read_return(struct parser *p)
{
    struct node *n = make(p, NODE_RETURN);
    take(p);
    if (p->t.kind != TOKEN_END && !is(p, "end") && !is(p, "else") && !is(p, "elseif") &&
        !is(p, "until") && !is(p, ";"))
        read_list(p, n);
    take_if(p, ";");
    attach(p->function, finish(p, n));
}

static void read_while(struct parser *p)
{
    take(p);
    read_condition(p);
    expect(p, "do");
    read_scoped_block(p, "end");
}

static void read_do(struct parser *p)
{
    take(p);
    read_scoped_block(p, "end");
}

/* Anywhere else it is a name, as LuaJIT has it. */
static bool begins_goto(const struct parser *p)
{
    return is(p, "goto") && p->ahead.kind == TOKEN_NAME && !token_is(&p->ahead, "goto");
}

static void read_goto(struct parser *p)
{
    take(p);
    if (p->t.kind != TOKEN_NAME)
        fail(p);
    take(p);
}

static void read_label(struct parser *p)
{
    read_goto(p);
    expect(p, "::");
}

static const struct {
    const char *first;
    void (*read)(struct parser *p);
} statements[] = {
    {"if", read_if},       {"for", read_for},
    {"while", read_while}, {"repeat", read_repeat},
    {"local", read_local}, {"function", read_named_function},
    {"do", read_do},       {"return", read_return},
    {"::", read_label},    {"break", take},
    {";", take},
};

static void read_statement(struct parser *p)
{
    if (begins_goto(p)) {
        read_goto(p);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        if (is(p, statements[i].first)) {
            statements[i].read(p);
            return;
        }
    }
    read_other(p);
}

static bool ends_block(const struct parser *p)
{
    return p->t.kind == TOKEN_END || is(p, "end") || is(p, "else") || is(p, "elseif") ||
           is(p, "until");
}

static void read_block(struct parser *p)
{
    if (++p->depth > DEPTH_MAX)
        fail(p);
    while (!ends_block(p))
        read_statement(p);
    p->depth--;
}

/* ---- the whole ---- */

struct syntax *syntax_parse(struct slice text)
{
    struct syntax *s = mem_calloc(1, sizeof(*s));
    struct parser p = {.s = s, .x = lexer_of(text)};
    lexer_next(&p.x, &p.t);
    lexer_next(&p.x, &p.ahead);
    p.end = text.data;
    s->root = p.function = make(&p, NODE_FUNCTION);
    s->root->line = 0;
    read_block(&p);
    bool is_whole = p.t.kind == TOKEN_END && !p.has_failed;
    finish(&p, s->root);
    free(p.scope);
    if (is_whole)
        return s;
    syntax_free(s);
    return NULL;
}

void syntax_free(struct syntax *s)
{
    if (!s)
        return;
    for (struct chunk *chunk = s->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(s);
}

const struct node *syntax_root(const struct syntax *s)
{
    return s->root;
}
