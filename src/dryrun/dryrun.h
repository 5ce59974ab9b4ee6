/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Dry runs: what the scripts would do with an event, without the world. Each handler that takes the
 * event is run, then each thing that it sent is attempted once, by its transformer and connector;
 * requests are noted down and answered by stand-ins. Nothing waits, nothing is kept, and the same
 * event gives the same result: the clock stands at the event's receipt, and what is random begins
 * anew with it. For `try`, for specs, and for comparing scripts over recorded events.
 *
 *     struct dryrun *d = dryrun_new(&(struct dryrun_options){.mask = mask});
 *     script_options.ports = dryrun_ports(d);
 *     script_options.clock = dryrun_clock(d);
 *     struct script_machine *m = script_load(&script_options, on_problem, self);
 *     struct dryrun_result *r = dryrun_event(d, m, event);
 *     for (const struct dryrun_handler *h = r->handlers; h; h = h->next)
 *         for (const struct dryrun_send *s = h->sends; s; s = s->next)
 *             …                                  // s->run.requests, s->run.end.outcome
 *     dryrun_result_free(r);
 *     script_free(m);
 *     dryrun_free(d);
 *
 * A run of the machine that waits meanwhile (a spec's) is left alone. All on the machine's thread.
 */
#ifndef LIAISON_DRYRUN_DRYRUN_H
#define LIAISON_DRYRUN_DRYRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mask.h"
#include "base/slice.h"
#include "delivery/outcome.h"
#include "event/event.h"
#include "script/script.h"

struct dryrun;

/* ---- what comes of it: a tree that lives until dryrun_result_free, its secrets masked ---- */

/* A line that a script logged. */
struct dryrun_line {
    struct dryrun_line *next;
    enum log_level level;
    struct slice text;
    struct slice fields; /* a JSON object; absent: none */
};

/* A request as it would be sent. */
struct dryrun_request {
    struct dryrun_request *next;
    struct slice method, url;
    const struct script_header
        *headers; /* Idempotency-Key among them, where there would be one, and
                                            stand-ins for those of `auth` */
    size_t n_headers;
    struct slice cert, key, authorities; /* the files of auth.tls; absent: none */
    struct slice body;
    bool has_body;
    unsigned follow; /* redirects */
    bool compressed;
    int status;           /* how it was answered … */
    struct slice failure; /* … or why it wasn't; absent: it was */
};

/* How a run would end, in the words of deliveries. */
struct dryrun_end {
    enum outcome outcome; /* OUTCOME_DELIVERED of a handler: it came to its end */
    const char *cause;    /* OUTCOME_DEAD: refused script limit */
    struct slice
        reason; /* the error, or what skip, retry or reject said; of a handler that came to its
                             end and sent nothing, the line that ran last; absent: none */
};

/* A handler's run, or an attempt. */
struct dryrun_run {
    struct dryrun_request *requests; /* in order, as all lists here */
    struct dryrun_line *lines;
    struct dryrun_end end;
};

/* A sync:send, and the first attempt at it. */
struct dryrun_send {
    struct dryrun_send *next;
    struct slice id; /* of the delivery: a stand-in, the same for the same send */
    struct slice connector;
    struct slice handler;     /* of dryrun_attempt's wish alone: that once sent it; absent: none */
    struct slice key;         /* absent: none */
    struct slice transformer; /* its own; absent: the connector's */
    struct slice data;        /* JSON, before the transformer; absent: the event brought none */
    int64_t delay_ms;
    int64_t expires_ms; /* from the send; 0: never */
    bool was_unknown;   /* an attempt before this one was never answered: `verify` is asked */
    struct dryrun_run run;
};

/* A handler that takes events of this type. */
struct dryrun_handler {
    struct dryrun_handler *next;
    struct slice name, file;
    struct slice key;      /* of its run; absent: none */
    bool is_filtered;      /* its filter let the event pass by: it wasn't run */
    struct dryrun_run run; /* a failed `key` or `filter` ends it, too */
    struct dryrun_send *sends;
};

struct dryrun_result {
    struct slice event_id, event_type;
    struct dryrun_handler *handlers; /* NULL: none takes the type … */
    struct slice nearest;        /* … and what is nearest to it of what they do take, or absent */
    struct dryrun_send *attempt; /* of dryrun_attempt alone */
};

/* Accepts NULL. */
void dryrun_result_free(struct dryrun_result *result);

/* Appends it as one JSON object, as POST /api/try answers; see docs/HTTP.md. */
void dryrun_add_json(struct buf *out, const struct dryrun_result *result);

/* Whether a handler or an attempt failed. */
bool dryrun_has_failed(const struct dryrun_result *result);

/* "delivered" "skipped" "retry" "dead" "pause". */
const char *dryrun_outcome_name(enum outcome outcome);

/* ---- running ---- */

/* Answers a request. `answer` is 200 with the JSON object {} and may be changed, what it borrows
   being the function's own until it is called again. May run other functions of the machine. */
typedef void (*dryrun_answer_fn)(void *ctx, const struct dryrun_request *request,
                                 struct script_answer *answer);

struct dryrun_options {
    const struct mask *mask; /* borrowed; NULL: nothing is masked */
    dryrun_answer_fn answer; /* NULL: as above */
    void *ctx;
    bool says_where;     /* a handler that sends nothing ended: it is run once more for that */
    int64_t time_max_ms; /* that all runs of an event may take together; 0: a minute */
    struct log *log;     /* takes what the machine's other runs log; may be NULL */
};

struct dryrun *dryrun_new(const struct dryrun_options *options);
/* After the machine. Accepts NULL. */
void dryrun_free(struct dryrun *d);

/* For script_options of the machine: borrowed, and the machine must not outlive `d`. */
const struct script_ports *dryrun_ports(struct dryrun *d);
/* Stands where it was set last: by dryrun_event at the receipt of its event. */
struct clock dryrun_clock(struct dryrun *d);
void dryrun_set_time(struct dryrun *d, int64_t wall_ms);

/* Runs all handlers that take the event: those of its channel; of any where it has none, or one that
   the scripts don't know, as where the bus's URL is a secret that has a stand-in. Never NULL.
   Beyond a thousand requests, sends and log lines, or 64 MB of them, scripts get errors; beyond
   `time_max_ms` runs end over their limit. */
struct dryrun_result *dryrun_event(struct dryrun *d, struct script_machine *m,
                                   const struct event *event);

/* An attempt by itself: its connector, key, transformer, data and was_unknown are those of `wish`, data
   absent being the event's, and so are its id and handler, where it has them. NULL with err where there
   is no such connector. */
struct dryrun_result *dryrun_attempt(struct dryrun *d, struct script_machine *m,
                                     const struct event *event, const struct dryrun_send *wish,
                                     struct err *err) must_check;

#endif
