/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Goes through the commands for those who write about them.
 */
#ifndef LIAISON_DOCS_WALK_H
#define LIAISON_DOCS_WALK_H

#include "base/buf.h"
#include "base/slice.h"
#include "cli/command.h"

/* `name` as it is called: "dead list". */
typedef void (*walk_fn)(struct buf *out, const char *name, const struct command *command);

/* Each command, followed by its verbs. */
void walk_commands(walk_fn fn, struct buf *out);

typedef void (*walk_option_fn)(struct buf *out, const char *name, const struct option_row *row);

/* Each option of a command, its own before those of all; the program's own for a NULL command. */
void walk_options(const char *name, const struct command *command, walk_option_fn fn,
                  struct buf *out);

/* The name of the next operand, split off `*operands`; false behind the last. */
bool walk_operand(struct slice *operands, struct slice *name);

/* Appends a template of src/docs/completion, `tables` in place of its line @TABLES@. */
void walk_fill(struct buf *out, const char *template_name, const struct buf *tables);

#endif
