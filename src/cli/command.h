/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The frame of the command line: a command is one const struct in its own file, a row of one array.
 * main hands the words to command_main, which finds the command, reads its options and runs it.
 *
 *     static int run_version(const struct invocation *in) { …; return EXIT_DONE; }
 *
 *     const struct command command_version = {
 *         .name = "version",
 *         .summary = "print the version",
 *         .usage = "version [--json]",
 *         .run = run_version,
 *     };
 *
 * Data goes to standard output, all else to standard error.
 */
#ifndef LIAISON_CLI_COMMAND_H
#define LIAISON_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"
#include "cli/options.h"

/* What a command returns; 69 and 78 are those of sysexits.h. */
enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,     /* what was asked failed */
    EXIT_MISUSED = 2,    /* the command line is wrong */
    EXIT_NO_DAEMON = 69, /* no daemon answers */
    EXIT_REFUSED = 78,   /* `run` refused the configuration */
};

struct invocation;

/* A table of them ends with a row of zeros. */
struct example_row {
    const char *command; /* "liaison …" */
    const char *what;
};

/* Its texts make the help, the manual pages and the completions: see help.h and docs/. */
struct command {
    const char *name;
    const char *summary;  /* a few words, for the list of all */
    const char *usage;    /* without "liaison" */
    const char *operands; /* what each is called, the last being that of all further: "TYPE DATA" */
    const char *help;     /* paragraphs for its own help; may be NULL */
    const struct option_row *options;   /* beside --help and -C; may be NULL */
    const struct example_row *examples; /* may be NULL */
    bool lists_keys;                    /* its help ends with the keys of liaison.lua */
    const struct command *const *verbs; /* commands below it, ended by NULL; then it has no run */
    size_t operands_min, operands_max;  /* how many it takes; OPERANDS_MANY: any number */
    int (*run)(const struct invocation *in); /* returns an exit_status */
};

#define OPERANDS_MANY ((size_t)-1)

/* One call of a command; borrowed while it runs. */
struct invocation {
    const struct command *command;
    const char *name; /* as it was called: "dead list" */
    struct options options;
};

/* All commands, ended by NULL. */
extern const struct command *const commands[];

/* The options that stand before a command only. */
extern const struct option_row command_global_options[];

/* The command of that name among `among`; NULL when there is none. */
const struct command *command_find(const struct command *const *among, const char *name);
/* Says that there is no such command, and which was perhaps meant; returns EXIT_MISUSED. */
int command_unknown(const struct command *const *among, const char *of, const char *name);

/* Runs what the words say (argv[0] being the program) and returns the exit status. */
int command_main(int argc, char **argv);

/* Writes to standard output, as it stands; whether that went well is seen at the command's end. */
void command_print(struct slice text);
/* What a command says on standard error: "liaison: …". */
int command_fail(const char *fmt, ...) printf_like(1, 2); /* returns EXIT_FAILED */
/* Also says where the help is; returns EXIT_MISUSED. */
int command_misuse(const struct invocation *in, const char *fmt, ...) printf_like(2, 3);

#endif
