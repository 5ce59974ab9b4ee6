/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Dead letters as the daemon's interface tells them: found by ids or filters, page by page, shown,
 * retried and dropped. For `liaison dead`. What returns an int returns an exit status, having said
 * what was wrong.
 */
#ifndef LIAISON_CLI_DEAD_H
#define LIAISON_CLI_DEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"
#include "cli/client.h"
#include "cli/command.h"

#define DEAD_FILTERS_MAX 6

/* Rows for a command's table. */
#define DEAD_FILTERS                                                                               \
    {"cause", 0, "CAUSE", "refused, exhausted, expired, script, limit or malformed"},              \
        {"connector", 0, "CONNECTOR", "of this connector"},                                        \
        {"type", 0, "TYPE", "of events of this type"}, {"key", 0, "KEY", "of this key"},           \
        {"since", 0, "TIME", "dead since then: 2026-11-23T18:00:00Z, or an age such as 2h"},       \
    {                                                                                              \
        "until", 0, "TIME", "dead before then"                                                     \
    }

struct dead_filter {
    const char *name;
    struct buf value;
};

/* In place; to be closed in any case. */
struct dead {
    const struct invocation *in;
    struct client client;
    struct dead_filter filters[DEAD_FILTERS_MAX];
    size_t n_filters;
    size_t limit;     /* letters at most; SIZE_MAX: all */
    bool is_forced;   /* stale ones are retried, too */
    bool tells_stale; /* in lists: they would be refused */
    const char *rate; /* "10/s"; NULL: any … */
    int64_t every_ms; /* … and what that makes */
};

int dead_open(struct dead *dead, const struct invocation *in) must_check;
void dead_close(struct dead *dead);
/* From the options, which have DEAD_FILTERS. */
int dead_read_filters(struct dead *dead) must_check;

/* One letter as JSON. */
int dead_find(struct dead *dead, const char *id, struct buf *letter) must_check;

/* What the ids, or else the filters, name: a table, or with --json an array. */
int dead_print(struct dead *dead) must_check;
/* All about one letter, for people. */
void dead_print_letter(struct slice letter);

/* What a retry of a connector's letter would send, by the scripts at work, as JSON. */
int dead_find_request(struct dead *dead, const char *id, struct buf *attempt) must_check;
/* The same for people; dead_request.c. */
void dead_print_request(struct slice attempt);

/* All that the filters name, one JSON document a line. */
int dead_export(struct dead *dead) must_check;
/* Gives one letter other data, JSON. */
int dead_edit(struct dead *dead, const char *id, struct slice data) must_check;

struct dead_result {
    int64_t done, refused;
};

/* What the ids, or else the filters, name. A refused id is said and counted, and the
   others go on. */
int dead_retry(struct dead *dead, struct dead_result *result) must_check;
int dead_drop(struct dead *dead, struct dead_result *result) must_check;

#endif
