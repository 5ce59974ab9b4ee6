/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An attempt at a batch, made of runs one after another: one for each row that has a transformer, so
 * that an error, or a limit, is that row's alone; then that of the connector's `send`, for the rows that
 * are left. For run.c and the bindings; others use script_attempt_batch (script.h).
 *
 * All of it may run for so long as limits.handlerTime says for each hundred rows that it has, but no
 * longer than ten times that: one batch holds nothing else up. Each of its runs has the connector's
 * timeout, within which all its rows have to be begun: it ends within three of them.
 */
#ifndef LIAISON_SCRIPT_BATCHRUN_H
#define LIAISON_SCRIPT_BATCHRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "script/machine.h"

struct script_batch_run {
    struct script_machine *m;
    const struct connector *connector;
    struct script_batch asked; /* what it points to stands as long as this */
    struct buf id, last_error;
    size_t next;     /* the row whose turn it is */
    size_t *places;  /* rows by their place in the list, from 0 on … */
    size_t n_places; /* … of which there are so many */
    int values_ref; /* a table: what the list's elements are, but for those that have no transformer */
    int rows_ref; /* … once it is a list: the place of each delivery's table in batch.deliveries */
    bool has_rows;
    struct script_run *run; /* that waits, or is send's */
    bool is_sending;        /* send has begun */
    bool is_working;        /* rows are being worked off further up the stack */
    bool is_over;           /* nothing more is begun … */
    struct buf stop;        /* … since it was stopped, by this error */
    bool is_cancelled;
    int64_t left_us;    /* of its running time */
    int64_t late_ms;    /* monotonic: no row is begun after */
    unsigned n_stopped; /* rows that were stopped */
    int last_status;    /* as in script_run, of the run that ended last */
    bool has_items;     /* retry or reject named some … */
    bool *items;        /* … by place */
    script_result_fn done;
    void *ctx;
};

/* One of its runs has ended so, and is about to go back to its pool. */
void batchrun_take(struct script_run *run, enum machine_result how,
                   const struct script_result *result);
/* … and has: what comes next. b may be gone after. */
void batchrun_go_on(struct script_batch_run *b, const struct script_result *result);
/* Without its end: the machine goes. */
void batchrun_free(struct script_batch_run *b);

/* [-0, +0, e] Notes that `items`, at `index`, are what the verdict of the run is about; raises an error
   that begins with `what` where they are no rows of it. */
void batchrun_read_items(lua_State *L, int index, struct script_run *run, const char *what);

/* The event of the delivery's table at `index`, one of batch.deliveries; NULL where it is none. */
const struct event *batchrun_event_of(lua_State *L, int index, const struct script_run *run);

#endif
