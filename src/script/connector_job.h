/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A connector on its way from its file into the machine, and what reads its options: a value that
 * is wrong is told as a problem, at the line where it is written, and leaves the default in place.
 * For connector.c and the files beside it that each read one option.
 */
#ifndef LIAISON_SCRIPT_CONNECTOR_JOB_H
#define LIAISON_SCRIPT_CONNECTOR_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include <lua.h>

#include "base/attr.h"
#include "script/load.h"

struct connector_job {
    struct loader *l;
    lua_State *L;
    const struct source *source;
    struct connector *connector;
    int ref; /* what the file returned */
    bool is_ok;
};

/* Tells a problem of `option`, NULL for what the file returns. */
void connector_tell(struct connector_job *job, const char *option, const char *text);
/* The same, at that line. */
void connector_tell_at(struct connector_job *job, int line, const char *text);
void connector_tellf(struct connector_job *job, const char *option, const char *fmt, ...)
    printf_like(3, 4);
/* An option_offence_fn whose ctx is the job. */
void connector_offence(void *ctx, const char *name, const char *text);

/* ---- options with a file of their own; the value stands at `index` ---- */

/* connector_breaker.c: `breaker = { failures =, open = }` or false. */
void connector_read_breaker(struct connector_job *job, int index);
/* connector_rate.c: `rate = "50/s"` or false. */
void connector_read_rate(struct connector_job *job, int index);

/* ---- values ---- */

/* `what` is shown, "retry.base"; its last part is searched for in the file. */

/* The duration at `index`, at least `min`; nil leaves *ms as it is. */
void connector_read_duration(struct connector_job *job, int index, const char *what, int64_t min,
                             int64_t *ms);
/* Whether a whole number from 1 up stands at `index`; tells nothing. */
bool connector_read_count(lua_State *L, int index, unsigned *count);
/* The place of the string at `index` among `words`, or -1 when it is none of them. */
int connector_read_choice(struct connector_job *job, int index, const char *what,
                          const char *expects, const char *const *words, int n_words);

#endif
