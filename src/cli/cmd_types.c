/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The shapes of recorded events as annotations of LuaLS: a class for each type, and `on` once more
 * for each, so that the parameter of a handler is of its class.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/lua_string.h"
#include "cli/recorded.h"
#include "cli/shape.h"
#include "new_project.h"

#define EVENTS_DEFAULT 500
#define EVENTS_MAX INT64_C(1000000)
#define TYPES_MAX 1000 /* what has more has an id in its type */

/* ---- what was seen --------------------------------------------------------------------------- */

struct type {
    struct map_node node;
    char *name;
    struct shape *data;
    struct shape *attributes; /* those beside CloudEvents' own */
};

struct types {
    struct map by_name;
    bool has_more; /* types than are told apart */
};

static struct type *type_of(struct types *types, struct slice name)
{
    struct map_node *node = map_find(&types->by_name, name);
    if (node)
        return container_of(node, struct type, node);
    types->has_more = types->by_name.len == TYPES_MAX;
    if (types->has_more)
        return NULL;
    struct type *t = mem_calloc(1, sizeof(*t));
    t->name = slice_dup(name);
    t->node.key = slice_str(t->name);
    t->data = shape_new();
    t->attributes = shape_new();
    map_insert(&types->by_name, &t->node);
    return t;
}

static void free_type(void *ctx, struct map_node *node)
{
    struct type *t = container_of(node, struct type, node);
    map_remove(ctx, node);
    shape_free(t->data);
    shape_free(t->attributes);
    free(t->name);
    free(t);
}

/* A recorded_fn whose ctx is struct types. */
static void note_event(void *ctx, struct slice event)
{
    struct buf name = {0};
    struct slice data;
    view_add(&name, event, "type");
    struct type *t = name.len ? type_of(ctx, buf_slice(&name)) : NULL;
    buf_deinit(&name);
    if (!t)
        return;
    if (json_get(event, "data", &data))
        shape_add(t->data, data);
    struct slice attributes = view_member(event, "attributes");
    shape_add(t->attributes, attributes.data ? attributes : SLICE_LIT("{}"));
}

/* ---- telling --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct type *const *left = a, *const *right = b;
    return slice_compare((*left)->node.key, (*right)->node.key);
}

/* In the order of their names; the caller frees the list. */
static struct type **sort_types(const struct types *types)
{
    struct type **list = mem_calloc(types->by_name.len + 1, sizeof(struct type *));
    size_t n = 0;
    for (struct map_node *node = types->by_name.oldest; node; node = node->newer)
        list[n++] = container_of(node, struct type, node);
    qsort(list, n, sizeof(struct type *), compare);
    return list;
}

/* "event.schedule.updated": so that no type can take the name of another class. */
static void add_class_name(struct buf *out, const struct type *t)
{
    buf_add_str(out, "event.");
    shape_add_class_name(out, t->node.key);
}

static void write_class(const struct type *t, struct buf *out)
{
    struct buf name = {0}, data = {0};
    add_class_name(&name, t);
    buf_printf(&data, "%s.data", name.data);
    buf_printf(out, "\n---@class %s: Event\n---@field type ", name.data);
    lua_string_add(out, t->node.key);
    buf_add_str(out, "\n---@field data ");
    shape_write_type(t->data, data.data, out);
    buf_add_char(out, '\n');
    shape_write_fields(t->attributes, name.data, out);
    shape_write_classes(t->data, data.data, out);
    buf_deinit(&name);
    buf_deinit(&data);
}

/* With options and without. */
static void write_on(struct slice pattern, const struct buf *event, struct buf *out)
{
    static const char *const options[] = {"", ", options: HandlerOptions"};
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        buf_add_str(out, "---@field on fun(self: SyncManager, type: ");
        lua_string_add(out, pattern);
        buf_printf(out, "%s, handler: fun(event: %s))\n", options[i], event->data);
    }
}

/* `list` begins with types of which each begins with `prefix`: how many do. */
static size_t count_beginning(struct type **list, struct slice prefix)
{
    size_t n = 0;
    while (list[n] && slice_has_prefix(list[n]->node.key, prefix))
        n++;
    return n;
}

/* "schedule.*" for the types that begin so, at the first of them. */
static void write_beginning(struct type **list, struct slice prefix, struct buf *out)
{
    struct buf pattern = {0}, event = {0};
    size_t n = count_beginning(list, prefix);
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_add_char(&event, '|');
        add_class_name(&event, list[i]);
    }
    buf_printf(&pattern, "%.*s*", SLICE_FMT(prefix));
    write_on(buf_slice(&pattern), &event, out);
    buf_deinit(&pattern);
    buf_deinit(&event);
}

static void write_beginnings(struct type **list, struct slice before, struct buf *out)
{
    struct slice type = list[0]->node.key;
    for (size_t i = 0; i < type.len; i++) {
        struct slice prefix = slice_upto(type, i + 1);
        if (type.data[i] == '.' && !slice_has_prefix(before, prefix))
            write_beginning(list, prefix, out);
    }
}

static void write_manager(struct type **list, struct buf *out)
{
    struct buf event = {0};
    struct slice before = SLICE_NULL;
    buf_add_str(out, "\n---@class SyncManager\n");
    for (; *list; list++) {
        buf_clear(&event);
        add_class_name(&event, *list);
        write_on((*list)->node.key, &event, out);
        write_beginnings(list, before, out);
        before = (*list)->node.key;
    }
    buf_deinit(&event);
}

static void write_types(const struct types *types, struct buf *out)
{
    struct type **list = sort_types(types);
    buf_add_str(out, "---@meta _\n"
                     "-- Made by `liaison types` of recorded events. Make it anew after new ones:\n"
                     "--     liaison types > types/events.lua\n");
    for (size_t i = 0; list[i]; i++)
        write_class(list[i], out);
    if (list[0])
        write_manager(list, out);
    free(list);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int print_api(void)
{
    for (size_t i = 0; i < new_project_files_count; i++) {
        if (slice_is_equal(slice_str(new_project_files[i].name), SLICE_LIT("api.lua"))) {
            command_print(slice_of(new_project_files[i].text, new_project_files[i].len));
            return EXIT_DONE;
        }
    }
    die("api.lua is not embedded");
}

static int read_last(const struct invocation *in, int64_t *n)
{
    const char *given = options_get(&in->options, "last");
    char *end = NULL;
    *n = given ? strtoll(given, &end, 10) : EVENTS_DEFAULT;
    if (given && (*end || end == given || *n < 1 || *n > EVENTS_MAX))
        return command_misuse(in, "--last: \"%s\" is no number from 1 to %" PRId64, given,
                              EVENTS_MAX);
    return EXIT_DONE;
}

static void print_types(const struct types *types)
{
    struct buf out = {0};
    if (types->by_name.len == 0)
        fputs("liaison: no event is on record yet: publish some, or name another --type\n", stderr);
    if (types->has_more)
        fprintf(stderr, "liaison: there are more than %d types: choose with --type\n", TYPES_MAX);
    write_types(types, &out);
    command_print(buf_slice(&out));
    buf_deinit(&out);
}

static int run(const struct invocation *in)
{
    struct client client = {0};
    struct types types = {0};
    if (options_has(&in->options, "api"))
        return print_api();
    int64_t n;
    int status = read_last(in, &n);
    if (status != EXIT_DONE)
        return status;
    map_init(&types.by_name);
    status = client_open(&client, in);
    if (status == EXIT_DONE)
        status = recorded_ask_newest(&client, options_get(&in->options, "type"), (size_t)n,
                                     note_event, &types);
    if (status == EXIT_DONE)
        print_types(&types);
    client_close(&client);
    map_each(&types.by_name, free_type, &types.by_name);
    map_deinit(&types.by_name);
    return status;
}

static const struct option_row options[] = {
    {"last", 0, "N", "look at the newest N events (500)"},
    {"type", 0, "TYPE", "events of this type, or of those that begin so: schedule.*"},
    {"api", 0, NULL, "print the annotations of Liaison's own functions instead"},
    DAEMON_OPTIONS,
    {0},
};

static const struct example_row examples[] = {
    {"liaison types > types/events.lua", "so that an editor completes event.data."},
    {"liaison types --api > types/liaison.lua", "after an upgrade of Liaison"},
    {0},
};

const struct command command_types = {
    .name = "types",
    .summary = "event shapes of recorded events, for editors",
    .usage = "types [--last N] [--type TYPE] > types/events.lua",
    .help = "Prints what the recorded events look like as annotations of LuaLS\n"
            "(lua-language-server): a class for each type, by which an editor completes\n"
            "`event.data.` in a handler of that type and shows what isn't there. A field that\n"
            "some events lack is marked so; no value of an event is printed.",
    .options = options,
    .examples = examples,
    .run = run,
};
