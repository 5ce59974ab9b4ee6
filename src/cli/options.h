/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What stands behind a command's name: options, told by a table of rows, and operands between them
 * in any order. The same table makes the help.
 *
 *     static const struct option_row rows[] = {
 *         {"port", 'p', "N", "listen on port N"},
 *         {"quiet", 'q', NULL, "print nothing"},
 *         {0},
 *     };
 *     struct options o;
 *     if (options_parse(&o, &scan, &err) < 0) …               // "unknown option --prot: did you …"
 *     const char *port = options_get(&o, "port");             // --port 80, --port=80, -p 80, -p80
 *     options_deinit(&o);
 */
#ifndef LIAISON_CLI_OPTIONS_H
#define LIAISON_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/* A flat literal; a table of them ends with a row of zeros. */
struct option_row {
    const char *name;     /* the long form without its dashes */
    char letter;          /* the short form, 0: none */
    const char *argument; /* what its value is called in the help; NULL: it takes none */
    const char *help;     /* one line */
};

/* What is parsed, and by which rows. */
struct options_scan {
    const struct option_row *own;    /* a command's, may be NULL */
    const struct option_row *common; /* those of all commands, may be NULL */
    bool stops_at_operand;           /* the first operand ends it: what follows is another's */
    int argc;                        /* of the words below */
    char *const *argv;               /* without the command's own name; borrowed */
};

struct option_value {
    const struct option_row *row;
    const char *text; /* NULL for a flag */
};

/* In place; borrows rows and words. */
struct options {
    const struct option_row *tables[2];
    struct option_value *values; /* as given, in their order */
    size_t n_values;
    const char **operands; /* as given; "-" is one, and all behind "--" */
    size_t n_operands;
    int n_words; /* read from argv: fewer than argc only where it stopped at an operand */
};

/* -1 with ERR_INVALID, which names the option and, for an unknown one, the nearest known. *o can be
   deinitialised in any case. */
int options_parse(struct options *o, const struct options_scan *scan, struct err *err) must_check;
void options_deinit(struct options *o);

/* `name` is in the tables: asking for another ends the process. */
bool options_has(const struct options *o, const char *name);
/* Its value, the last one where it was given several times; NULL when it wasn't. */
const char *options_get(const struct options *o, const char *name);
/* The value it was given the nth time (from 0), NULL beyond the last. */
const char *options_at(const struct options *o, const char *name, size_t n);

#endif
