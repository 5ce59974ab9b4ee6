/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Tables of named options, as scripts pass them: each function has one literal of rows that checks,
 * reads and documents what it takes. What isn't in it is an error that names the nearest row.
 */
#ifndef LIAISON_SCRIPT_OPTIONS_H
#define LIAISON_SCRIPT_OPTIONS_H

#include <stdint.h>

#include <lua.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum option_type {
    OPTION_ANY,
    OPTION_STRING,
    OPTION_TEXT, /* a string or a secret */
    OPTION_BOOLEAN,
    OPTION_NUMBER,
    OPTION_DURATION, /* a string or a number of seconds, see option_duration */
    OPTION_TABLE,
    OPTION_FUNCTION,
};

struct option {
    const char *name;
    enum option_type type;
    const char *expects; /* in errors: "a string"; NULL: the type's own words */
};

struct option_set {
    const char *what; /* begins each error: "sync:send" */
    const struct option *rows;
    int n_rows;
    const char *hint; /* follows the list of what there is; or NULL */
};

#define OPTION_SET(what, rows)                                                                     \
    {                                                                                              \
        (what), (rows), (int)ARRAY_LEN(rows), NULL                                                 \
    }

/* The row of that name, or NULL. */
const struct option *options_find(const struct option_set *set, struct slice name);
/* What its value must be: "a table". */
const char *option_expects(const struct option *row);
/* Appends "SET: there is no option `name`" with the nearest, or with all there are. */
void options_add_unknown(struct buf *out, const struct option_set *set, struct slice name);

/* Where a connector's name stands alone; its one argument is that, as SLICE_FMT. */
#define SEND_TAKES "sync:send takes a table: write sync:send{ connector = \"%.*s\", data = … }"

/* Where another request than a GET has it; its one argument is the function. */
#define HTTP_CACHE_IS_FOR_GET                                                                      \
    "%s: `cache` is for GET alone: what changes something has to be sent each time"

/* What `check` looks at without a call; those of http are the same for all its functions. */
extern const struct option_set options_of_http, options_of_send, options_of_retry,
    options_of_reject;

/* Told of each offence: the option's name, or NULL, and a sentence. May raise an error. */
typedef void (*option_offence_fn)(void *ctx, const char *name, const char *text);

/* [-0, +n_rows, e] Checks the table at `index`, and pushes for each row its value, or nil. Every
   offence is told; an offending value is pushed as nil. */
void options_read(lua_State *L, int index, const struct option_set *set, option_offence_fn offence,
                  void *ctx);
/* [-0, +n_rows, e] As above; raises the first offence as an error at the script's line. Nothing or
   nil at `index` is an empty table. */
void options_read_or_raise(lua_State *L, int index, const struct option_set *set);

/* [-0, +0] The duration at `index` in milliseconds. -1 with err. */
int option_duration(lua_State *L, int index, int64_t *ms, struct err *err) must_check;

#endif
