/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What `liaison help` and --help print, made of the commands' own tables.
 */
#ifndef LIAISON_CLI_HELP_H
#define LIAISON_CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

/* All commands, a line each. */
void help_print_overview(FILE *out);
/* One command: usage, text, verbs and options. */
void help_print_command(FILE *out, const struct command *command);

/* The options that every command has. */
extern const struct option_row help_common_options[];

#endif
