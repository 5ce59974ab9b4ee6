/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "cli/commands.h"
#include "cli/datadir.h"
#include "cli/json_view.h"
#include "cli/project.h"
#include "cli/table.h"
#include "script/script.h"

#define EXAMPLE_MAX ((size_t)64 * 1024)

struct connectors {
    char *data_dir;
    struct buf json; /* as script_describe_connectors has it */
};

/* ---- all of them ----------------------------------------------------------------------------- */

static void print_all(const struct connectors *c)
{
    static const struct table_column columns[] = {{.title = "CONNECTOR"},
                                                  {.title = "WHAT", .is_flexible = true}};
    struct json_items items;
    struct slice unused, connector;
    struct table t;
    table_init(&t, columns, ARRAY_LEN(columns));
    json_items_begin(&items, buf_slice(&c->json));
    while (json_items_next(&items, &unused, &connector)) {
        view_add_cell(&t, connector, "name");
        view_add_cell(&t, connector, "about");
    }
    json_items_end(&items);
    table_print(&t, stdout);
    table_deinit(&t);
}

/* ---- one ------------------------------------------------------------------------------------- */

/* In the syntax of Lua, which of these is JSON's; what has to be given has none. */
static void add_default(struct table *t, struct slice option)
{
    struct slice value = view_member(option, "default");
    if (view_is_true(option, "required"))
        table_add(t, SLICE_LIT("(needed)"));
    else
        table_add(t, value);
}

static void print_options(struct slice connector)
{
    static const struct table_column columns[] = {{.title = "OPTION"},
                                                  {.title = "TYPE"},
                                                  {.title = "DEFAULT"},
                                                  {.title = "WHAT", .is_flexible = true}};
    struct json_items items;
    struct slice unused, option;
    struct table t;
    table_init(&t, columns, ARRAY_LEN(columns));
    json_items_begin(&items, view_member(connector, "options"));
    while (json_items_next(&items, &unused, &option)) {
        view_add_cell(&t, option, "name");
        view_add_cell(&t, option, "type");
        add_default(&t, option);
        view_add_cell(&t, option, "help");
    }
    json_items_end(&items);
    table_print(&t, stdout);
    table_deinit(&t);
}

/* connectors/NAME/example.lua, where there is one. */
static void print_example(const struct connectors *c, const char *name)
{
    struct buf path = {0}, text = {0};
    struct err err = {0};
    buf_printf(&path, "%s/connectors/%s/example.lua", c->data_dir, name);
    if (buf_read_file(&text, path.data, EXAMPLE_MAX, &err) == 0)
        printf("\n%.*s", (int)text.len, text.data);
    buf_deinit(&path);
    buf_deinit(&text);
}

static void print_one(const struct connectors *c, struct slice connector, const char *name)
{
    struct buf about = {0};
    view_add(&about, connector, "about");
    printf("%s%s%.*s\n\n", name, about.len ? ": " : "", (int)about.len, about.data);
    print_options(connector);
    print_example(c, name);
    buf_deinit(&about);
}

/* ---- the command ----------------------------------------------------------------------------- */

static struct slice find(const struct connectors *c, const char *wanted)
{
    struct json_items items;
    struct slice unused, connector, found = SLICE_NULL;
    json_items_begin(&items, buf_slice(&c->json));
    while (!found.data && json_items_next(&items, &unused, &connector)) {
        struct buf name = {0};
        view_add(&name, connector, "name");
        if (slice_is_equal(buf_slice(&name), slice_str(wanted)))
            found = connector;
        buf_deinit(&name);
    }
    json_items_end(&items);
    return found;
}

static int fail_unknown(const struct connectors *c, const char *wanted)
{
    struct json_items items;
    struct slice unused, connector;
    struct buf names = {0};
    json_items_begin(&items, buf_slice(&c->json));
    while (json_items_next(&items, &unused, &connector)) {
        buf_add_str(&names, names.len ? ", " : "");
        view_add(&names, connector, "name");
    }
    json_items_end(&items);
    command_fail("no connector `%s` ships with Liaison; there is %s", wanted, names.data);
    buf_deinit(&names);
    return EXIT_FAILED;
}

static int print(const struct connectors *c, const struct invocation *in)
{
    const char *wanted = in->options.n_operands ? in->options.operands[0] : NULL;
    struct slice shown = wanted ? find(c, wanted) : buf_slice(&c->json);
    if (!shown.data)
        return fail_unknown(c, wanted);
    if (options_has(&in->options, "json"))
        printf("%.*s\n", (int)shown.len, shown.data);
    else if (wanted)
        print_one(c, shown, wanted);
    else
        print_all(c);
    return EXIT_DONE;
}

static int run(const struct invocation *in)
{
    struct connectors c = {.data_dir = datadir_find()};
    if (!c.data_dir)
        return command_fail("what ships with Liaison isn't where it was installed");
    int status = EXIT_FAILED;
    if (script_describe_connectors(c.data_dir, &c.json, project_say_problem, NULL) == 0)
        status = print(&c, in);
    free(c.data_dir);
    buf_deinit(&c.json);
    return status;
}

static const struct option_row options[] = {
    {"json", 0, NULL, "print a JSON document"},
    {0},
};

static const struct example_row examples[] = {
    {"liaison connectors", "what ships"},
    {"liaison connectors clickhouse", "its options, and a file to copy"},
    {0},
};

const struct command command_connectors = {
    .name = "connectors",
    .summary = "the connectors that ship, with their options",
    .usage = "connectors [NAME] [--json]",
    .operands = "NAME",
    .help = "Lists the connectors that ship with Liaison; with a NAME, the options that it takes,\n"
            "and an example. A file of connectors/ makes one of it:\n"
            "\n"
            "    return connector \"NAME\" { option = value }",
    .options = options,
    .examples = examples,
    .operands_max = 1,
    .run = run,
};
