/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the simulated project (tests/sim/project) is to do with each event, once more in C: the scripts'
 * oracle. Whoever changes the scripts changes it.
 */
#ifndef LIAISON_SIM_PLAN_H
#define LIAISON_SIM_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct plan_send {
    const char *connector; /* NULL behind the last */
    unsigned nth;          /* of the handler's sends to this connector */
};

struct plan_handler {
    const char *name;
    const char *channel;
    const char *pattern; /* as in sync:on */
    unsigned every;      /* its filter: only events whose n is a multiple of this; 0: all */
    struct plan_send sends[4];
};

struct plan_connector {
    const char *name;
    bool is_ordered;
    size_t rate_n;   /* attempts … */
    int64_t rate_ms; /* … in this time; 0: as many as may be */
    bool parks;      /* a dead letter keeps what follows of its key */
    bool coalesces;  /* of what waits only the newest is sent */
    bool batches;    /* several rows in one attempt */
    bool verifies;   /* asks whether it is there, before it sends again what may be */
};

#define PLAN_HANDLERS 15
#define PLAN_CONNECTORS 9
extern const struct plan_handler plan_handlers[PLAN_HANDLERS];
extern const struct plan_connector plan_connectors[PLAN_CONNECTORS];

/* -1: there is none of that name. */
int plan_find_handler(struct slice name);
int plan_find_connector(struct slice name);
/* Whether the handler takes an event of this channel, type and number. */
bool plan_takes(const struct plan_handler *h, const char *channel, const char *type, unsigned n);

/* The types of the events that are made, NULL behind the last. */
extern const char *const plan_bus_types[];
extern const char *const plan_door_types[];

#endif
