/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a shell can offer for an option's value or an operand: known by what it is called in the
 * help, so that each FILE is completed alike.
 */
#ifndef LIAISON_DOCS_VALUE_H
#define LIAISON_DOCS_VALUE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

enum value_kind {
    VALUE_FREE, /* nobody knows: an id, a number, a time */
    VALUE_FILE,
    VALUE_FOLDER,
    VALUE_PATH,      /* a project: a folder, or one script */
    VALUE_DATA,      /* @FILE, or JSON */
    VALUE_CONNECTOR, /* those of the project's folder */
    VALUE_KEY,       /* KEY=VALUE of liaison.lua */
    VALUE_CAUSE,     /* of a dead letter */
    VALUE_COMMAND,   /* of Liaison */
    VALUE_UNKNOWN,   /* a name that isn't in the table yet */
};

enum value_kind value_kind(struct slice name);

/* Appends the words that are all there is, a space between them; false for a kind without such. */
bool value_add_words(enum value_kind kind, struct buf *out);

#endif
