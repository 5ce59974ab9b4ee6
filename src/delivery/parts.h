/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the files of delivery/ share: lanes, targets, and what one tells the other. Nobody else
 * includes this.
 */
#ifndef LIAISON_DELIVERY_PARTS_H
#define LIAISON_DELIVERY_PARTS_H

#include "delivery/lanes.h"

/* One target's deliveries of one key, or a single one without a key. */
struct lane {
    struct map_node node; /* in target->keyed, by key */
    struct target *target;
    struct list all;        /* in target->lanes */
    struct list ready;      /* in target->ready while its head may be attempted */
    struct list deliveries; /* in order */
    bool has_key;
    char key[]; /* its bytes */
};

/* How many attempts a target bears at once, found out by trying: one more for each round of
   successes at the limit, half as many when the other side fails under it. */
struct limit {
    unsigned max;
    unsigned successes; /* at the limit, since it last moved */
    int64_t cut_at;     /* monotonic ms of the last halving */
};

/* Why a target waits, and when it is tried whether it still has to. */
struct pause {
    enum target_pause why;
    char *reason;
    int64_t since;    /* monotonic ms */
    int64_t total_ms; /* of all pauses that have ended */
    int64_t probe_ms; /* until the probe after the next */
    struct heap_node probe;

    int refused_status;     /* of the dead letters in a row … */
    unsigned refused_count; /* … and how many */
    unsigned limit_count;   /* attempts in a row that were stopped */
    uint64_t successes;     /* ever */
};

struct target {
    struct map_node node; /* in lanes->connectors or ->handlers, by name */
    struct list link;     /* in lanes->targets */
    struct list serving;  /* in lanes->serving while an attempt may start */
    struct lanes *owner_lanes;
    char *name;
    bool is_handler;
    void *owner;
    struct target_policy policy;
    struct map keyed;  /* struct lane by key */
    struct list lanes; /* all of them */
    struct list ready; /* lanes, the longest ready first */
    size_t n_inside;   /* deliveries taken and not ended */
    size_t n_in_flight;
    struct limit limit;
    struct pause pause;
};

struct lanes {
    struct lanes_ports ports;
    struct clock clock;
    struct rng rng;
    struct map connectors, handlers;
    struct list targets;
    struct list serving; /* targets, served in turn */
    struct heap by_time; /* heads (struct delivery.due) */
    struct heap probes;  /* paused targets (struct pause.probe) */
    struct list to_tell; /* deliveries that ended or were kept */
    size_t in_flight_max, n_in_flight, n_settling;
    bool is_stopped;
};

/* target.c */
unsigned target_concurrency(const struct target *t);
/* Puts the target among those served, or takes it out, by what it has and may. */
void target_update_serving(struct target *t);
/* The lane of d, made where there is none. */
struct lane *lane_for(struct target *t, const struct delivery *d);
void lane_free(struct lane *lane);
static inline struct delivery *lane_head(const struct lane *lane)
{
    return list_first(&lane->deliveries, struct delivery, in_lane);
}

/* limit.c */
void limit_init(struct limit *l);
void limit_success(struct limit *l, size_t in_flight);
void limit_failure(struct limit *l, int64_t started_at, int64_t now);

/* pause.c */
bool target_is_paused(const struct target *t);
/* How long it has been paused in all, up to now. */
int64_t target_paused_ms(const struct target *t, int64_t now);
void target_pause_set(struct target *t, enum target_pause why, const char *reason);
void target_pause_end(struct target *t);
/* The next probe of a paused target, whose time has come, is put off further. */
void target_probe_later(struct target *t, int64_t now);
/* What an attempt's end tells of the target as a whole. `refused_dead`: it makes a dead letter of
   cause refused. True when the target keeps that one waiting instead, because it is paused. */
bool target_learn(struct target *t, struct delivery *d, const struct attempt_end *end,
                  const struct verdict *verdict);

#endif
