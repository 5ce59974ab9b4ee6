/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/commands.h"
#include "cli/help.h"

static int run(const struct invocation *in)
{
    const struct command *const *among = commands;
    const struct command *command = NULL;
    const char *of = "";
    for (size_t i = 0; i < in->options.n_operands; i++) {
        const char *name = in->options.operands[i];
        const struct command *found = among ? command_find(among, name) : NULL;
        if (!found && among)
            return command_unknown(among, of, name);
        if (!found)
            return command_misuse(in, "'%s' has no commands below it", of);
        command = found;
        among = command->verbs;
        of = command->name;
    }
    if (command)
        help_print_command(stdout, command);
    else
        help_print_overview(stdout);
    return EXIT_DONE;
}

const struct command command_help = {
    .name = "help",
    .summary = "print this list, or all about one command",
    .usage = "help [COMMAND]",
    .operands = "COMMAND",
    .operands_max = 2,
    .run = run,
};
