/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a terminal can show, and how much room text takes there.
 */
#ifndef LIAISON_CLI_TERMINAL_H
#define LIAISON_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/slice.h"

/* Whether what is written to `fd` is seen on a terminal that takes control sequences. */
bool terminal_takes_controls(int fd);
/* The same, and nobody has asked for no colours (https://no-color.org). */
bool terminal_has_color(int fd);

/* Columns that a line of `out` has room for: COLUMNS, else the terminal's; SIZE_MAX where nobody
   says. */
size_t terminal_line_width(FILE *out);

/* Columns that UTF-8 text takes: two for a wide character, none for a combining one. */
size_t terminal_text_width(struct slice text);
/* The longest beginning that takes `width` columns at most. */
struct slice terminal_cut(struct slice text, size_t width);

#endif
