/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Looking into a daemon's answer: members by name, lists and objects one by one, values as a human
 * reads them. The documents are well-formed (client.h has checked them); a member that isn't there
 * reads as nothing.
 *
 *     struct json_items items;
 *     struct slice name, letter;
 *     json_items_begin(&items, view_member(answer, "items"));
 *     while (json_items_next(&items, &name, &letter))
 *         …
 *     json_items_end(&items);
 */
#ifndef LIAISON_CLI_JSON_VIEW_H
#define LIAISON_CLI_JSON_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/slice.h"

/* In place; borrows the document. */
struct json_items {
    struct json_reader reader;
};

void json_items_begin(struct json_items *items, struct slice container);
/* The next element, or member with its name (absent in an array); false behind the last, and for
   what is neither array nor object. Both are valid until the next call. */
bool json_items_next(struct json_items *items, struct slice *name, struct slice *value);
void json_items_end(struct json_items *items);
/* Elements or members of a container. */
size_t json_items_count(struct slice container);

/* A member as source text; data NULL when it isn't there or is null. */
struct slice view_member(struct slice object, const char *name);
/* A member that is a whole number, else `fallback`. */
int64_t view_integer(struct slice object, const char *name, int64_t fallback);
bool view_is_true(struct slice object, const char *name);
/* Appends a value to be read: a string as its text, anything else as it is written, without white
   space; nothing for an absent one. */
void view_add_value(struct buf *out, struct slice value);
/* The same of a member. */
void view_add(struct buf *out, struct slice object, const char *name);
/* "2026-11-23 18:56:15" of a member that is an RFC 3339 time; nothing without one. */
void view_add_time(struct buf *out, struct slice object, const char *name);

/* Appends text from outside for a terminal: control characters become spaces, broken UTF-8 is
   repaired. Line feeds are kept where `keeps_lines`. */
void view_add_safe(struct buf *out, struct slice text, bool keeps_lines);

#endif
