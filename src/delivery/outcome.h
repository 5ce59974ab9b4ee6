/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What an attempt's end means: the table of outcomes as one pure function, and the arithmetic of
 * retries. No state, no clock.
 */
#ifndef LIAISON_DELIVERY_OUTCOME_H
#define LIAISON_DELIVERY_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/slice.h"

/* How an attempt (or a handler's run) ended, as its owner saw it; borrowed. */
enum attempt_kind {
    ATTEMPT_RETURNED, /* the function returned */
    ATTEMPT_SKIPPED,  /* skip "reason" */
    ATTEMPT_OLDER,    /* nothing was sent, since something newer of its key was before */
    ATTEMPT_RETRY,    /* retry(reason, {after=}) */
    ATTEMPT_REJECT,   /* reject(reason) */
    ATTEMPT_STATUS,   /* an answer's status that is an error */
    ATTEMPT_FAILURE,  /* no answer that can be used: see `failure` */
    ATTEMPT_SCRIPT,   /* any other error in a script */
    ATTEMPT_LIMIT,    /* stopped: over its limit of time or memory */
    ATTEMPT_STARVED,  /* stopped: the memory ran out that others hold; it uses nothing up */
};

/* What its connector says of a status, in place of the table. */
enum attempt_said {
    SAID_NOTHING,
    SAID_RETRY,
    SAID_REFUSE,
    SAID_PAUSE,
};

struct attempt_end {
    enum attempt_kind kind;
    int status;             /* STATUS; RETURNED: of the last answer, 0: there was none */
    enum attempt_said said; /* STATUS; it may be any status, also 200 */
    const char *failure; /* FAILURE: connect dns tls timeout broken, which pass; token (credentials
                            that can't be had); url tooBig, which an attempt more won't mend */
    int64_t after_ms;    /* RETRY's after, or STATUS's Retry-After as a delay; -1: none */
    bool unknown;        /* the other side may have taken it: written and never answered */
    struct slice error;  /* in words; of SKIPPED, OLDER and REJECT the reason */
    struct slice answer; /* the first KiB of a failed answer */
    int64_t us;          /* from start to end */
};

enum outcome {
    OUTCOME_DELIVERED,
    OUTCOME_SKIPPED,
    OUTCOME_SUPERSEDED,
    OUTCOME_RETRY,
    OUTCOME_DEAD,
    OUTCOME_PAUSE, /* the whole connector pauses, the delivery waits */
};

struct verdict {
    enum outcome outcome;
    const char *cause; /* DEAD: refused script limit; static */
};

/* The table. `is_handler`: a handler's run never pauses (401 is a retry). `was_unknown`: the end of
   an earlier attempt was never seen, so that a 409 may be its echo and is a retry. */
struct verdict outcome_of(const struct attempt_end *end, bool is_handler, bool was_unknown);

/* The code an attempt is recorded and counted by: a status (503, also of what was delivered), or a
   number for a failure (connect …) or a word (ok skip older retry reject script limit memory). There are
   OUTCOME_CODES of them at most. */
#define OUTCOME_CODES 1018
int outcome_code(const struct attempt_end *end);
/* As text: "503", "connect". */
#define OUTCOME_CODE_SIZE 16
void outcome_code_format(int code, char out[static OUTCOME_CODE_SIZE]);

enum growth { GROWTH_CONSTANT, GROWTH_LINEAR, GROWTH_EXPONENTIAL };

struct retry_policy {
    unsigned attempts; /* in all; 0: as many as the age allows */
    int64_t base_ms;
    enum growth growth;
    double factor;  /* of GROWTH_EXPONENTIAL; below 1 or no number: 1 */
    int64_t cap_ms; /* 0: no bound */
    bool jitter;    /* full: evenly from 0 to the delay */
    int64_t age_ms; /* from the first attempt; 0: no bound */
};

/* The delay before the attempt that follows `attempts` failed ones (0 counts as 1), in ms: base,
   2 * base, … or base * factor^(n-1), at most cap; saturating, never negative. With jitter drawn
   from 0..that. */
int64_t retry_delay_ms(const struct retry_policy *policy, unsigned attempts, struct rng *rng);

#endif
