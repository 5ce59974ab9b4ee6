/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/shape.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/map.h"
#include "cli/json_view.h"
#include "cli/lua_string.h"
#include "script/lexer.h"

/* In the order in which a type names them. */
enum {
    KIND_OBJECT = 1,
    KIND_ARRAY = 2,
    KIND_STRING = 4,
    KIND_INTEGER = 8,
    KIND_EXACT = 16, /* a whole number beyond what Lua's numbers hold */
    KIND_NUMBER = 32,
    KIND_BOOLEAN = 64,
    KIND_NULL = 128,
    KIND_ANY = 256, /* too deep to be told apart */
};

struct field {
    struct map_node node;
    struct shape *shape;
    size_t n_seen; /* in so many objects */
    char name[];
};

struct shape {
    unsigned kinds;
    size_t n_objects;
    struct map fields;     /* of objects; empty where they are tables by keys */
    struct shape *element; /* of arrays; NULL: all were empty */
    struct shape *value;   /* of tables by keys; NULL: they are none */
};

struct shape *shape_new(void)
{
    struct shape *s = mem_calloc(1, sizeof(*s));
    map_init(&s->fields);
    return s;
}

static void free_field(void *ctx, struct map_node *node)
{
    struct field *f = container_of(node, struct field, node);
    map_remove(ctx, node);
    shape_free(f->shape);
    free(f);
}

void shape_free(struct shape *s)
{
    if (!s)
        return;
    map_each(&s->fields, free_field, &s->fields);
    map_deinit(&s->fields);
    shape_free(s->element);
    shape_free(s->value);
    free(s);
}

/* ---- samples --------------------------------------------------------------------------------- */

static struct field *field_of(struct shape *s, struct slice name)
{
    struct map_node *node = map_find(&s->fields, name);
    if (node)
        return container_of(node, struct field, node);
    struct field *f = mem_calloc(1, sizeof(*f) + name.len + 1);
    memcpy(f->name, name.data, name.len);
    f->node.key = slice_of(f->name, name.len);
    f->shape = shape_new();
    map_insert(&s->fields, &f->node);
    return f;
}

static struct shape *made(struct shape **place)
{
    if (!*place)
        *place = shape_new();
    return *place;
}

static void merge(struct shape *into, struct shape *from);

static void merge_field(void *ctx, struct map_node *node)
{
    struct field *from = container_of(node, struct field, node);
    struct field *into = field_of(ctx, node->key);
    into->n_seen += from->n_seen;
    merge(into->shape, from->shape);
}

static void merge_into_value(void *ctx, struct map_node *node)
{
    struct shape *s = ctx;
    merge(made(&s->value), container_of(node, struct field, node)->shape);
    free_field(&s->fields, node);
}

/* Names that are so many are keys. */
static void settle_fields(struct shape *s)
{
    if (s->value || s->fields.len > SHAPE_FIELDS_MAX)
        map_each(&s->fields, merge_into_value, s);
}

static void merge(struct shape *into, struct shape *from)
{
    into->kinds |= from->kinds;
    into->n_objects += from->n_objects;
    if (from->element)
        merge(made(&into->element), from->element);
    if (from->value)
        merge(made(&into->value), from->value);
    map_each(&from->fields, merge_field, into);
    settle_fields(into);
}

static unsigned kind_of_number(struct slice text)
{
    double value;
    for (size_t i = 0; i < text.len; i++) {
        if (!isdigit((unsigned char)text.data[i]) && text.data[i] != '-')
            return KIND_NUMBER;
    }
    return json_number_is_exact(text, &value) ? KIND_INTEGER : KIND_EXACT;
}

static unsigned kind_of(struct slice json)
{
    switch (json.data[0]) {
    case '{':
        return KIND_OBJECT;
    case '[':
        return KIND_ARRAY;
    case '"':
        return KIND_STRING;
    case 't':
    case 'f':
        return KIND_BOOLEAN;
    case 'n':
        return KIND_NULL;
    default:
        return kind_of_number(json);
    }
}

static void add_at(struct shape *s, struct slice json, unsigned depth);

static void add_object(struct shape *s, struct slice json, unsigned depth)
{
    struct json_items items;
    struct slice name, value;
    s->n_objects++;
    json_items_begin(&items, json);
    while (json_items_next(&items, &name, &value)) {
        if (s->value) {
            add_at(s->value, value, depth + 1);
            continue;
        }
        struct field *f = field_of(s, name);
        f->n_seen++;
        add_at(f->shape, value, depth + 1);
        settle_fields(s);
    }
    json_items_end(&items);
}

static void add_array(struct shape *s, struct slice json, unsigned depth)
{
    struct json_items items;
    struct slice name, value;
    json_items_begin(&items, json);
    while (json_items_next(&items, &name, &value))
        add_at(made(&s->element), value, depth + 1);
    json_items_end(&items);
}

static void add_at(struct shape *s, struct slice json, unsigned depth)
{
    json = slice_trim(json);
    if (depth == SHAPE_DEPTH_MAX) {
        s->kinds |= KIND_ANY;
        return;
    }
    unsigned kind = kind_of(json);
    s->kinds |= kind;
    if (kind == KIND_OBJECT)
        add_object(s, json, depth);
    else if (kind == KIND_ARRAY)
        add_array(s, json, depth);
}

void shape_add(struct shape *s, struct slice json)
{
    add_at(s, json, 0);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Editors' language servers take goto for a keyword everywhere. */
static bool is_reserved(struct slice name)
{
    return lexer_is_keyword(name) || slice_is_equal(name, SLICE_LIT("goto"));
}

static bool is_identifier(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (c != '_' &&
            !(isascii(c) && (i ? isalnum((unsigned char)c) : isalpha((unsigned char)c))))
            return false;
    }
    return name.len > 0 && !is_reserved(name);
}

void shape_add_class_name(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool may_stand =
            isascii(c) && (isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-');
        if (!may_stand)
            c = '_';
        buf_add_char(out, c);
    }
}

/* ---- annotations ----------------------------------------------------------------------------- */

static void add_or(struct buf *out, size_t from, const char *type)
{
    if (out->len > from)
        buf_add_char(out, '|');
    buf_add_str(out, type);
}

static void add_array_type(const struct shape *s, const char *name, struct buf *out)
{
    struct buf element = {0};
    if (s->element)
        shape_write_type(s->element, name, &element);
    else
        buf_add_str(&element, "any");
    bool is_union = slice_find(buf_slice(&element), '|') < element.len;
    buf_printf(out, is_union ? "(%s)[]" : "%s[]", element.data);
    buf_deinit(&element);
}

static void add_table_type(const struct shape *s, const char *name, struct buf *out)
{
    buf_add_str(out, "table<string, ");
    shape_write_type(s->value, name, out);
    buf_add_char(out, '>');
}

static void add_object_type(const struct shape *s, const char *name, struct buf *out)
{
    if (s->value)
        add_table_type(s, name, out);
    else
        buf_add_str(out, s->fields.len ? name : "table");
}

void shape_write_type(const struct shape *s, const char *name, struct buf *out)
{
    size_t from = out->len;
    if (s->kinds == 0 || s->kinds & KIND_ANY) {
        buf_add_str(out, "any");
        return;
    }
    if (s->kinds & KIND_OBJECT)
        add_object_type(s, name, out);
    if (s->kinds & KIND_ARRAY) {
        add_or(out, from, "");
        add_array_type(s, name, out);
    }
    if (s->kinds & KIND_STRING)
        add_or(out, from, "string");
    if (s->kinds & KIND_NUMBER)
        add_or(out, from, "number");
    else if (s->kinds & KIND_INTEGER)
        add_or(out, from, "integer");
    if (s->kinds & KIND_EXACT)
        add_or(out, from, "ExactNumber");
    if (s->kinds & KIND_BOOLEAN)
        add_or(out, from, "boolean");
    if (s->kinds & KIND_NULL)
        add_or(out, from, "Null");
}

/* The class of what stands in a field. */
static void add_inner_name(struct buf *out, const char *name, struct slice field)
{
    buf_printf(out, "%s.", name);
    shape_add_class_name(out, field);
}

static void write_field(const struct field *f, bool may_lack, const char *name, struct buf *out)
{
    struct buf inner = {0};
    add_inner_name(&inner, name, f->node.key);
    buf_add_str(out, "---@field ");
    if (is_identifier(f->node.key)) {
        buf_add_slice(out, f->node.key);
    } else {
        buf_add_char(out, '[');
        lua_string_add(out, f->node.key);
        buf_add_char(out, ']');
    }
    buf_add_str(out, may_lack ? "? " : " ");
    shape_write_type(f->shape, inner.data, out);
    buf_add_char(out, '\n');
    buf_deinit(&inner);
}

void shape_write_fields(const struct shape *s, const char *name, struct buf *out)
{
    for (struct map_node *node = s->fields.oldest; node; node = node->newer) {
        const struct field *f = container_of(node, struct field, node);
        write_field(f, f->n_seen < s->n_objects, name, out);
    }
}

static void write_inner_classes(const struct field *f, const char *name, struct buf *out)
{
    struct buf inner = {0};
    add_inner_name(&inner, name, f->node.key);
    shape_write_classes(f->shape, inner.data, out);
    buf_deinit(&inner);
}

void shape_write_classes(const struct shape *s, const char *name, struct buf *out)
{
    if (s->kinds & KIND_ANY)
        return;
    if (s->fields.len) {
        buf_printf(out, "\n---@class %s\n", name);
        shape_write_fields(s, name, out);
    }
    for (struct map_node *node = s->fields.oldest; node; node = node->newer)
        write_inner_classes(container_of(node, struct field, node), name, out);
    if (s->element)
        shape_write_classes(s->element, name, out);
    if (s->value)
        shape_write_classes(s->value, name, out);
}
