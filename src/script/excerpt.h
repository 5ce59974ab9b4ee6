/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The line of a file that something is said about, with a mark below what is meant:
 *
 *        12 |   data = { room = event.data.room.name },
 *           |                   ^^^^^^^^^^^^^^^ attempt to index field 'room' (a nil value)
 */
#ifndef LIAISON_SCRIPT_EXCERPT_H
#define LIAISON_SCRIPT_EXCERPT_H

#include "base/buf.h"
#include "base/slice.h"

/* Line `line` (from 1) of `text`, without its end; absent when there are fewer. */
struct slice excerpt_line(struct slice text, int line);

/* Appends both lines, each behind a newline. `mark` is a part of `text` that begins on that line (what
   goes beyond its end isn't marked); an absent one gives the first line alone. `label` follows the
   mark; NULL: none. Nothing is appended where the line isn't there, or is blank. */
void excerpt_add(struct buf *out, struct slice text, int line, struct slice mark,
                 const char *label);

#endif
