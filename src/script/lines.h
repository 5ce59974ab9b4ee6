/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Which lines of scripts hold code, and which of them ran: for the coverage of specs. What ran is
 * noted by a hook at each line, which costs a multiple of the script's own time, in a machine that
 * script_spec_options asked it of, and in no other.
 *
 *     struct lines code = {0};
 *     if (lines_find_code(source->text, &code, &err) == 0)
 *         for (size_t line = 1; line <= code.last; line++)
 *             if (lines_have(&code, line) && !lines_have(script_lines_run(m, source->name), line))
 *                 …                                                  // it never ran
 *     lines_deinit(&code);
 */
#ifndef LIAISON_SCRIPT_LINES_H
#define LIAISON_SCRIPT_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"

struct script_machine;

/* A set of line numbers, from 1; in place. */
struct lines {
    unsigned char *bits;
    size_t cap; /* bytes */
    size_t last;
};

void lines_deinit(struct lines *lines);
void lines_add(struct lines *lines, size_t line);
void lines_add_all(struct lines *lines, const struct lines *others);
/* False for NULL, too. */
bool lines_have(const struct lines *lines, size_t line);

/* Adds the lines of a Lua file that hold code, those of all functions in it. -1 with err where it
   isn't Lua. */
int lines_find_code(struct slice text, struct lines *code, struct err *err) must_check;

/* The lines that ran of the file that is shown by that name; NULL where none did. The machine's. */
const struct lines *script_lines_run(const struct script_machine *m, struct slice name);

#endif
