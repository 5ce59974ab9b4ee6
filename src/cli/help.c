/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/help.h"

#include <string.h>

#define NAME_MAX_LEN 80

const struct option_row help_common_options[] = {
    {"directory", 'C', "DIR", "do as if called in DIR"},
    {"help", 'h', NULL, "print this help"},
    {0},
};

/* "-p, --port N"; returns its length. */
static int format_option(char out[static NAME_MAX_LEN], const struct option_row *row)
{
    char letter[8] = "    ";
    if (row->letter)
        snprintf(letter, sizeof(letter), "-%c, ", row->letter);
    return snprintf(out, NAME_MAX_LEN, "%s--%s%s%s", letter, row->name, row->argument ? " " : "",
                    row->argument ? row->argument : "");
}

static int width_of(const struct option_row *rows, int width)
{
    char name[NAME_MAX_LEN];
    for (; rows && rows->name; rows++) {
        int len = format_option(name, rows);
        width = len > width ? len : width;
    }
    return width;
}

static void print_options(FILE *out, const struct option_row *rows, int width)
{
    char name[NAME_MAX_LEN];
    for (; rows && rows->name; rows++) {
        format_option(name, rows);
        fprintf(out, "  %-*s  %s\n", width, name, rows->help);
    }
}

static void print_commands(FILE *out, const struct command *const *rows)
{
    int width = 0;
    for (const struct command *const *c = rows; *c; c++) {
        int len = (int)strlen((*c)->name);
        width = len > width ? len : width;
    }
    for (const struct command *const *c = rows; *c; c++)
        fprintf(out, "  %-*s  %s\n", width, (*c)->name, (*c)->summary);
}

void help_print_overview(FILE *out)
{
    fputs("Liaison keeps every event and delivers it to the systems that need it.\n\n"
          "Usage: liaison [-C DIR] COMMAND [OPTIONS]\n\n"
          "Commands:\n",
          out);
    print_commands(out, commands);
    int width = width_of(help_common_options, width_of(command_global_options, 0));
    fputs("\nOptions:\n", out);
    print_options(out, command_global_options, width);
    print_options(out, help_common_options, width);
    fputs("\n`liaison help COMMAND` tells more of one. Exit status: 0 done, 1 what was asked\n"
          "failed, 2 wrong usage, 69 no daemon answers, 78 the configuration was refused.\n",
          out);
}

/* What another layer documents by itself. */
static void print_more(FILE *out, const struct command *command)
{
    struct buf text = {0};
    if (!command->add_help)
        return;
    command->add_help(&text);
    fprintf(out, "\n%s", text.data);
    buf_deinit(&text);
}

void help_print_command(FILE *out, const struct command *command)
{
    fprintf(out, "Usage: liaison %s\n\n%s\n", command->usage,
            command->help ? command->help : command->summary);
    if (command->verbs) {
        fputs("\nCommands:\n", out);
        print_commands(out, command->verbs);
    }
    int width = width_of(help_common_options, width_of(command->options, 0));
    fputs("\nOptions:\n", out);
    print_options(out, command->options, width);
    print_options(out, help_common_options, width);
    print_more(out, command);
}
