/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The functions of zsh's completion, one a command, each a call of _arguments.
 */
#include "cli/command.h"
#include "docs/shells.h"
#include "docs/value.h"
#include "docs/walk.h"

/* What completes a kind's values, as an action of _arguments; NULL where its words do. */
static const char *const actions[] = {
    [VALUE_FREE] = " ",
    [VALUE_FILE] = "_files",
    [VALUE_FOLDER] = "_files -/",
    [VALUE_PATH] = "_files -g \"*.lua\"",
    [VALUE_DATA] = "_liaison_data",
    [VALUE_CONNECTOR] = "_liaison_connectors",
    [VALUE_KEY] = "_liaison_keys",
    [VALUE_CAUSE] = NULL,
    [VALUE_COMMAND] = NULL,
    [VALUE_UNKNOWN] = " ",
};

/* Within single quotes, where _arguments also wants its own brackets and colons escaped. */
static void add_quoted(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\'')
            buf_add_str(out, "'\\''");
        else if (c == '[' || c == ']' || c == ':' || c == '\\')
            buf_printf(out, "\\%c", c);
        else
            buf_add_char(out, c);
    }
}

/* ":NAME:ACTION" */
static void add_value(struct buf *out, struct slice name)
{
    enum value_kind kind = value_kind(name);
    buf_add_char(out, ':');
    add_quoted(out, name);
    buf_add_char(out, ':');
    if (actions[kind]) {
        buf_add_str(out, actions[kind]);
        return;
    }
    struct buf words = {0};
    value_add_words(kind, &words);
    buf_printf(out, "(%.*s)", SLICE_FMT(buf_slice(&words)));
    buf_deinit(&words);
}

static void add_option(struct buf *out, const char *name, const struct option_row *row)
{
    (void)name;
    /* What takes a value may come again, the last one counting, and is offered again. */
    const char *again = row->argument ? "*" : "";
    buf_add_str(out, "        ");
    if (row->letter && row->argument)
        buf_printf(out, "'%s'{-%c+,--%s=}'[", again, row->letter, row->name);
    else if (row->letter)
        buf_printf(out, "'(-%c --%s)'{-%c,--%s}'[", row->letter, row->name, row->letter, row->name);
    else
        buf_printf(out, "'%s--%s%s[", again, row->name, row->argument ? "=" : "");
    add_quoted(out, slice_str(row->help));
    buf_add_char(out, ']');
    if (row->argument)
        add_value(out, slice_str(row->argument));
    buf_add_str(out, "' \\\n");
}

static void add_operands(struct buf *out, const struct command *command)
{
    struct slice operands = slice_str(command->operands ? command->operands : ""), operand;
    for (size_t n = 1; walk_operand(&operands, &operand); n++) {
        if (operands.len == 0 && command->operands_max == OPERANDS_MANY)
            buf_add_str(out, "        '*");
        else
            buf_printf(out, "        '%zu", n);
        add_value(out, operand);
        buf_add_str(out, "' \\\n");
    }
}

static void add_function_name(struct buf *out, const char *name)
{
    buf_add_str(out, "\n_liaison-");
    struct slice rest = slice_str(name);
    while (rest.len > 0) {
        buf_add_slice(out, slice_split(&rest, ' '));
        buf_add_str(out, rest.len > 0 ? "-" : "");
    }
    buf_add_str(out, "() {\n");
}

static void add_list(struct buf *out, const char *name, const struct command *const *rows)
{
    buf_printf(out, "    local -a commands=(\n");
    for (; *rows; rows++) {
        buf_printf(out, "        '%s:", (*rows)->name);
        add_quoted(out, slice_str((*rows)->summary));
        buf_add_str(out, "'\n");
    }
    buf_printf(out, "    )\n    _liaison_dispatch _liaison%s%s \\\n", *name ? "-" : "", name);
}

static void add_command(struct buf *out, const char *name, const struct command *command)
{
    add_function_name(out, name);
    if (command->verbs)
        add_list(out, name, command->verbs);
    else
        buf_add_str(out, "    _arguments -s -S \\\n");
    walk_options(name, command, add_option, out);
    if (!command->verbs)
        add_operands(out, command);
    buf_truncate(out, out->len - sizeof(" \\\n") + 1);
    buf_add_str(out, "\n}\n");
}

void zsh_add(struct buf *out)
{
    struct buf t = {0};
    buf_add_str(&t, "_liaison_keys() {\n    local -a keys=(");
    value_add_words(VALUE_KEY, &t);
    buf_add_str(&t, ")\n    compadd -S '' -a keys\n}\n");
    walk_commands(add_command, &t);
    buf_add_str(&t, "\n_liaison() {\n");
    add_list(&t, "", commands);
    walk_options("", NULL, add_option, &t);
    buf_truncate(&t, t.len - sizeof(" \\\n") + 1);
    buf_add_str(&t, "\n}\n");
    walk_fill(out, "_liaison", &t);
    buf_deinit(&t);
}
