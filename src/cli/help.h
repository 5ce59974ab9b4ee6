/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What `liaison help` and --help print, made of the commands' own tables; and what stands beside
 * them in the manual pages: exit statuses, variables, files.
 */
#ifndef LIAISON_CLI_HELP_H
#define LIAISON_CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

/* All commands, a line each. */
void help_print_overview(FILE *out);
/* One command: usage, text, verbs, options, examples. */
void help_print_command(FILE *out, const struct command *command);

/* The options that every command has. */
extern const struct option_row help_common_options[];

/* What Liaison is, in a sentence, and how it is called, without "liaison". */
extern const char help_tagline[];
extern const char help_usage[];
/* Said above the keys of liaison.lua. */
extern const char help_keys_title[];

/* Which commands a row is about. */
enum {
    HELP_ANY = 1,
    HELP_CLIENT = 2,  /* those that talk to a daemon */
    HELP_PROJECT = 4, /* those that open a project */
    HELP_RUN = 8,     /* the daemon itself */
};

/* A table of them ends with a row of zeros. */
struct help_row {
    const char *name;
    unsigned about; /* HELP_… */
    const char *help;
};

extern const struct help_row help_exit_statuses[];
extern const struct help_row help_variables[];
extern const struct help_row help_files[];

/* What a command is, HELP_… */
unsigned help_kind(const struct command *command);

#endif
