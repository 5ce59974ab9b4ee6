/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Specs: files of a project that say in tests (describe, it, expect) what its scripts make of an
 * event. A machine that script_load made with script_options.spec has loaded the one that is among
 * its sources behind the project, with the globals that specs alone have, and a clock that stands
 * still.
 *
 *     options.sources = sources_with_spec(sources, "tests/calendar.lua");
 *     options.spec = &(struct script_spec_options){.set_time = on_set_time, .print = on_print};
 *     struct script_machine *m = script_load(&options, on_problem, self);
 *     for (size_t i = 0; i < script_spec_count(m); i++)
 *         script_spec_run(m, i, &host, on_spec_end, self);
 *
 * A test that says handle or deliver is parked while the host plays that through on this same
 * machine; requests that are made meanwhile may be answered by the test's fakes (script_spec_fake).
 */
#ifndef LIAISON_SCRIPT_SPEC_H
#define LIAISON_SCRIPT_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "script/script.h"

/* What makes a machine one for specs. */
struct script_spec_options {
    /* Sets script_options.clock, which stands still; called at the start of each test, too. */
    void (*set_time)(void *ctx, int64_t wall_ms);
    /* A line that the spec prints. */
    void (*print)(void *ctx, struct slice line);
    bool counts_lines; /* those that run, for script_lines_run: see lines.h */
    void *ctx;
};

/* A test. Its name is that of its describes and its own, joined by " › ". */
struct script_spec {
    struct slice name;
    int line; /* of its `it` in the file */
};
size_t script_spec_count(const struct script_machine *m);
const struct script_spec *script_spec_at(const struct script_machine *m, size_t i);

/* What a test asks for; borrowed. */
struct script_ask {
    bool is_delivery;   /* deliver, of which all is below the event; else handle */
    struct slice event; /* JSON, a CloudEvent */
    struct slice connector;
    struct slice transformer; /* absent: the connector's */
    struct slice key;         /* absent: the event's */
    struct slice data;        /* JSON; absent: the event's */
    bool was_unknown;         /* as in script_attempt */
};

struct script_spec_host {
    /* Plays it through, and appends {"eventKey": …, "result": …}, the latter as dryrun_add_json has
       it. -1 with err raises an error at the spec's line. */
    int (*ask)(void *ctx, const struct script_ask *ask, struct buf *answer, struct err *err);
    void *ctx;
};

/* How a test ended; borrowed during the callback. `differences` is a list of { path, expected, got, at }:
   the last says where in long texts, "line 3, column 5", and what isn't there is left out. */
struct script_spec_end {
    bool is_passed;
    struct slice remark; /* of one that passed and expects nothing: that; else empty */
    struct slice error;  /* what is wrong, "FILE:LINE: …", with a traceback where it was raised */
    struct slice differences; /* JSON, see below; empty where nothing was compared */
};
typedef void (*script_spec_fn)(void *ctx, const struct script_spec_end *end);

/* Runs test `i` to its end: `done` is called once, before this returns. */
void script_spec_run(struct script_machine *m, size_t i, const struct script_spec_host *host,
                     script_spec_fn done, void *ctx);

/* What a fake of the test that runs answers to a request: 1, and it stands in *answer, borrowed
   until the next call; 0 where there is none; -1 with err where the fake itself failed. */
int script_spec_fake(struct script_machine *m, const struct script_request *request,
                     struct script_answer *answer, struct err *err) must_check;

#endif
