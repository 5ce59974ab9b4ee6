/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "docs/walk.h"

#include <string.h>

#include "cli/help.h"
#include "completion.h"

#define PLACE "@TABLES@\n"

void walk_commands(walk_fn fn, struct buf *out)
{
    for (const struct command *const *c = commands; *c; c++) {
        fn(out, (*c)->name, *c);
        for (const struct command *const *verb = (*c)->verbs; verb && *verb; verb++) {
            struct buf name = {0};
            buf_printf(&name, "%s %s", (*c)->name, (*verb)->name);
            fn(out, name.data, *verb);
            buf_deinit(&name);
        }
    }
}

void walk_options(const char *name, const struct command *command, walk_option_fn fn,
                  struct buf *out)
{
    const struct option_row *tables[] = {command ? command->options : command_global_options,
                                         help_common_options};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        for (const struct option_row *row = tables[i]; row && row->name; row++)
            fn(out, name, row);
    }
}

bool walk_operand(struct slice *operands, struct slice *name)
{
    *name = slice_split(operands, ' ');
    return name->len > 0;
}

static const char *find_template(const char *name)
{
    for (size_t i = 0; i < completion_files_count; i++) {
        if (strcmp(completion_files[i].name, name) == 0)
            return completion_files[i].text;
    }
    die("%s is not embedded", name);
}

void walk_fill(struct buf *out, const char *template_name, const struct buf *tables)
{
    const char *text = find_template(template_name);
    const char *place = strstr(text, PLACE);
    if (place) {
        buf_add(out, text, (size_t)(place - text));
        buf_add_slice(out, buf_slice(tables));
        buf_add_str(out, place + strlen(PLACE));
    } else {
        die("%s has no place for the tables", template_name);
    }
}
