/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A simulated world, all of which follows from its seed: the time, the daemon's lives, who sends it
 * events, what receives its deliveries, and the people who look after it. The daemon is the real
 * engine, with the real scripts and journal; loop and http client are replaced when this is linked.
 *
 *     bus, door ──events──▶ life (engine) ──requests──▶ receivers
 *                             ▲     │
 *            people, crashes ─┘     └──▶ ledger: what must hold, see laws.h
 */
#ifndef LIAISON_SIM_WORLD_H
#define LIAISON_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "agenda.h"
#include "base/attr.h"
#include "base/rng.h"
#include "base/slice.h"

struct bus;
struct disk;
struct door;
struct fate;
struct ledger;
struct life;
struct people;
struct receivers;
struct traffic;

/* What a simulation is asked for. */
struct wish {
    uint64_t seed;
    const char *root; /* a folder in which it makes its own */
    int64_t hours_us; /* so much time in which things go wrong; what is left then is worked off */
    bool has_trace;   /* what happens is printed */
    bool has_log;     /* … and what the daemon logs */
    bool is_outage;   /* outage.h's, in place of all that */
};

struct world {
    struct wish wish;
    struct rng rng;
    struct agenda agenda;
    struct disk *disk;
    char *folder;     /* the project's … */
    bool is_loadable; /* … which can be loaded as it is now */
    struct ledger *ledger;
    struct traffic *traffic;
    struct receivers *receivers;
    struct bus *bus;
    struct door *door;
    struct people *people;
    struct life *life;
    struct fate *fate;
    bool is_healed;     /* nothing goes wrong any more */
    bool is_unreadable; /* whoever reads the journal may fail */
    uint64_t hash;      /* of all that happened so far */
    uint64_t n_lines;
};

/* Something happened: a line of the trace. */
void world_say(struct world *w, const char *fmt, ...) printf_like(2, 3);
/* Law `law` of DESIGN is broken: says so, with the seed, and ends the process. */
_Noreturn void world_broken(struct world *w, int law, const char *fmt, ...) printf_like(3, 4);

/* From 0 to n - 1. */
uint64_t world_below(struct world *w, uint64_t n);
/* With a chance of so many in a thousand. */
bool world_chance(struct world *w, unsigned permille);
/* Between the two, small ones more often: from low by a random number of doublings. */
int64_t world_span_us(struct world *w, int64_t low_us, int64_t high_us);
/* Exponential, by its mean. */
int64_t world_wait_us(struct world *w, int64_t mean_us);

#endif
