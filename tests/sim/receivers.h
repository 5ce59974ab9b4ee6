/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The systems that deliveries go to, http://NAME.sim/in: each has weather, which changes. In fair
 * weather nearly all is well; else it is slow, fails, is busy or limits the rate and says when to come
 * again, hangs, refuses connections or credentials, takes what it gets and loses the answer, or answers
 * nonsense. What each gets goes to the ledger.
 */
#ifndef LIAISON_SIM_RECEIVERS_H
#define LIAISON_SIM_RECEIVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "http/client.h"
#include "ledger.h"

struct receiver;
struct receivers;
struct world;

#define VISIT_ROWS 5

/* One request, from its sending to its end; in place. */
struct visit {
    struct world *world;
    struct receiver *receiver; /* NULL: it goes to the bus */
    struct attempt attempts[VISIT_ROWS];
    size_t n_attempts;  /* 0: it is none */
    bool is_probe;      /* of a connector that is paused */
    bool has_poison;    /* a row that the receiver refuses */
    char asks[48];      /* the delivery of which it asks whether it is there; or empty */
    char name[160];     /* for the trace */
    int64_t arrives_us; /* after so long it is there; INT64_MAX: never */
    int64_t answers_us; /* … and so long it is answered, or fails */
    enum http_failure failure;
    int status;
    int64_t retry_after_s; /* 0: none is said */
    const char *body;
};

struct receivers *receivers_new(struct world *w);
void receivers_free(struct receivers *all);
/* Fair weather from now on. */
void receivers_heal(struct receivers *all);
/* One of them refuses connections; or is there again. */
void receivers_set_down(struct receivers *all, const char *name, bool is_down);

/* Whether it is refused wherever it comes in a batch. */
bool receivers_poison(struct slice mark);

/* The daemon sends it: what will become of it. */
void visit_begin(struct visit *v, struct world *w, const struct http_request *request);
/* It is there. */
void visit_arrive(struct visit *v);
/* The daemon sees its end. */
void visit_end(struct visit *v, enum http_failure failure);
/* … or has given up before that: it timed out, was cancelled, or the daemon is no more. What was on
   its way is there, or never will be. */
void visit_give_up(struct visit *v, const char *why);

#endif
