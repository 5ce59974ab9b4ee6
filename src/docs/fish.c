/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The lines of fish's completion, one an option.
 */
#include "cli/command.h"
#include "docs/shells.h"
#include "docs/value.h"
#include "docs/walk.h"

/* How a kind's values are offered; NULL where its words are. */
static const char *const offers[] = {
    [VALUE_FREE] = "",
    [VALUE_FILE] = " -F",
    [VALUE_FOLDER] = " -a '(__fish_complete_directories (commandline -ct))'",
    [VALUE_PATH] = " -k -a '(__fish_complete_suffix .lua)'",
    [VALUE_DATA] = " -a '(__liaison_data)'",
    [VALUE_CONNECTOR] = " -a '(__liaison_connectors)'",
    [VALUE_KEY] = NULL,
    [VALUE_CAUSE] = NULL,
    [VALUE_COMMAND] = NULL,
    [VALUE_UNKNOWN] = "",
};

/* Within single quotes. */
static void add_quoted(struct buf *out, const char *text)
{
    buf_add_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, *text);
    }
    buf_add_char(out, '\'');
}

static void add_offer(struct buf *out, struct slice name)
{
    enum value_kind kind = value_kind(name);
    struct buf words = {0};
    if (offers[kind]) {
        buf_add_str(out, offers[kind]);
        return;
    }
    value_add_words(kind, &words);
    buf_printf(out, " -a '%.*s'", SLICE_FMT(buf_slice(&words)));
    buf_deinit(&words);
}

/* A command's options belong to it alone; the program's own stand before any command. */
static void add_option(struct buf *out, const char *name, const struct option_row *row)
{
    buf_printf(out, "complete -c liaison -n '__liaison_is %s' -l %s", name, row->name);
    if (row->letter)
        buf_printf(out, " -s %c", row->letter);
    if (row->argument) {
        buf_add_str(out, value_kind(slice_str(row->argument)) == VALUE_FILE ? " -r" : " -x");
        add_offer(out, slice_str(row->argument));
    }
    buf_add_str(out, " -d ");
    add_quoted(out, row->help);
    buf_add_char(out, '\n');
}

static void add_operands(struct buf *out, const char *name, const struct command *command)
{
    struct slice operands = slice_str(command->operands ? command->operands : ""), operand;
    for (size_t n = 0; walk_operand(&operands, &operand); n++) {
        if (value_kind(operand) == VALUE_FREE)
            continue;
        buf_printf(out, "complete -c liaison -n '__liaison_is %s; and __liaison_has %zu'", name, n);
        add_offer(out, operand);
        buf_add_char(out, '\n');
    }
}

static void add_list(struct buf *out, const char *name, const struct command *const *rows)
{
    for (; *rows; rows++) {
        buf_printf(out, "complete -c liaison -n '__liaison_is %s; and __liaison_has 0' -a %s -d ",
                   name, (*rows)->name);
        add_quoted(out, (*rows)->summary);
        buf_add_char(out, '\n');
    }
}

static void add_command(struct buf *out, const char *name, const struct command *command)
{
    buf_add_char(out, '\n');
    walk_options(name, command, add_option, out);
    if (command->verbs)
        add_list(out, name, command->verbs);
    else
        add_operands(out, name, command);
}

static void add_names(struct buf *out, const char *name, const struct command *command)
{
    (void)command;
    buf_printf(out, " '%s'", name);
}

static void add_valued(struct buf *out, const char *name, const struct option_row *row)
{
    if (!row->argument)
        return;
    buf_printf(out, " '%s%s--%s'", name, *name ? " " : "", row->name);
    if (row->letter)
        buf_printf(out, " '%s%s-%c'", name, *name ? " " : "", row->letter);
}

static void add_command_valued(struct buf *out, const char *name, const struct command *command)
{
    walk_options(name, command, add_valued, out);
}

void fish_add(struct buf *out)
{
    struct buf t = {0};
    buf_add_str(&t, "set -g __liaison_names");
    walk_commands(add_names, &t);
    buf_add_str(&t, "\n# Options that take a value, each behind its command.\n"
                    "set -g __liaison_valued");
    walk_options("", NULL, add_valued, &t);
    walk_commands(add_command_valued, &t);
    buf_add_str(&t, "\n\n");
    walk_options("", NULL, add_option, &t);
    add_list(&t, "", commands);
    walk_commands(add_command, &t);
    walk_fill(out, "liaison.fish", &t);
    buf_deinit(&t);
}
