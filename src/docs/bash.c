/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The tables of bash's completion: functions that print what stands in them.
 */
#include "cli/command.h"
#include "docs/shells.h"
#include "docs/value.h"
#include "docs/walk.h"

static const char *const kinds[] = {
    [VALUE_FREE] = "free",       [VALUE_FILE] = "file",   [VALUE_FOLDER] = "folder",
    [VALUE_PATH] = "path",       [VALUE_DATA] = "data",   [VALUE_CONNECTOR] = "connector",
    [VALUE_KEY] = "key",         [VALUE_CAUSE] = "cause", [VALUE_COMMAND] = "command",
    [VALUE_UNKNOWN] = "unknown",
};

static void add_verbs(struct buf *out, const char *name, const struct command *command)
{
    if (!command->verbs)
        return;
    buf_printf(out, "    '%s') echo", name);
    for (const struct command *const *verb = command->verbs; *verb; verb++)
        buf_printf(out, " %s", (*verb)->name);
    buf_add_str(out, " ;;\n");
}

static void add_option(struct buf *out, const char *name, const struct option_row *row)
{
    (void)name;
    buf_printf(out, " --%s", row->name);
    if (row->letter)
        buf_printf(out, " -%c", row->letter);
}

static void add_options(struct buf *out, const char *name, const struct command *command)
{
    buf_printf(out, "    '%s') echo", name);
    walk_options(name, command, add_option, out);
    buf_add_str(out, " ;;\n");
}

static void add_value(struct buf *out, const char *name, const struct option_row *row)
{
    if (!row->argument)
        return;
    buf_printf(out, "    '%s --%s'", name, row->name);
    if (row->letter)
        buf_printf(out, " | '%s -%c'", name, row->letter);
    buf_printf(out, ") echo %s ;;\n", kinds[value_kind(slice_str(row->argument))]);
}

static void add_values(struct buf *out, const char *name, const struct command *command)
{
    walk_options(name, command, add_value, out);
}

static void add_operands(struct buf *out, const char *name, const struct command *command)
{
    struct slice operands = slice_str(command->operands ? command->operands : ""), operand;
    if (operands.len == 0)
        return;
    buf_printf(out, "    '%s') echo", name);
    while (walk_operand(&operands, &operand))
        buf_printf(out, " %s", kinds[value_kind(operand)]);
    buf_add_str(out, " ;;\n");
}

static void add_function(struct buf *out, const char *what, const char *name, const char *on)
{
    buf_printf(out, "\n# %s\n%s() {\n    case \"%s\" in\n", what, name, on);
}

static void end_function(struct buf *out)
{
    buf_add_str(out, "    esac\n}\n");
}

static void add_words(struct buf *out)
{
    add_function(out, "The words of a kind.", "_liaison_words", "$1");
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct buf words = {0};
        if (value_add_words((enum value_kind)i, &words))
            buf_printf(out, "    %s) echo '%.*s' ;;\n", kinds[i], SLICE_FMT(buf_slice(&words)));
        buf_deinit(&words);
    }
    end_function(out);
}

void bash_add(struct buf *out)
{
    struct buf t = {0};
    add_function(&t, "The commands below one; without a name, all.", "_liaison_commands", "$1");
    buf_add_str(&t, "    '') _liaison_words command ;;\n");
    walk_commands(add_verbs, &t);
    end_function(&t);

    add_function(&t, "A command's options.", "_liaison_options", "$1");
    add_options(&t, "", NULL);
    walk_commands(add_options, &t);
    end_function(&t);

    add_function(&t, "What kind of value an option of a command takes; nothing of a flag.",
                 "_liaison_value", "$1 $2");
    add_values(&t, "", NULL);
    walk_commands(add_values, &t);
    end_function(&t);

    add_function(&t, "The kinds of a command's operands, the last being that of all further.",
                 "_liaison_operands", "$1");
    walk_commands(add_operands, &t);
    end_function(&t);

    add_words(&t);
    walk_fill(out, "liaison.bash", &t);
    buf_deinit(&t);
}
