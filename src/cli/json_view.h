/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Looking into a daemon's answer: members by name, values as a human reads them. The documents are
 * well-formed (client.h has checked them); a member that isn't there reads as nothing. Lists and
 * objects are walked by base/json_items.h.
 */
#ifndef LIAISON_CLI_JSON_VIEW_H
#define LIAISON_CLI_JSON_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/json_items.h"
#include "base/slice.h"
#include "cli/table.h"

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
/* The next cell of a table: the same, or "-". */
void view_add_cell(struct table *t, struct slice object, const char *name);
/* "2026-11-23 18:56:15" of a member that is an RFC 3339 time; nothing without one. */
void view_add_time(struct buf *out, struct slice object, const char *name);

/* How a connector of /api/status is, in a word: "ok", "paused", "breaker" while that isn't closed. */
const char *view_connector_state(struct slice connector);

/* Appends text from outside for a terminal: control characters become spaces, broken UTF-8 is
   repaired. Line feeds are kept where `keeps_lines`. */
void view_add_safe(struct buf *out, struct slice text, bool keeps_lines);

#endif
