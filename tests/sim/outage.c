/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "outage.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "bus.h"
#include "life.h"
#include "plan.h"
#include "receivers.h"
#include "simulate.h"
#include "traffic.h"

#define PER_S 10 /* events, each of which is a delivery */
#define BEFORE_S (10 * 60)
#define OUTAGE_S (30 * 60)
#define PROBE_MAX_S 40 /* a breaker's time, and a little */
#define FIRST_S 10
#define AFTER_MAX_S (60 * 60) /* by then all is worked off */
#define CAUTION 2             /* times what is usual, at most, in those first seconds */
#define FULL 4                /* … and at least, in some second later */
#define RECEIVER "ledger"

struct outage {
    struct world world;
    int connector;
    int second;
    unsigned most_at_first, most;
};

/* Attempts that were made in the next second. */
static unsigned run_second(struct outage *o, const char *phase)
{
    struct world *w = &o->world;
    int64_t until_us = ++o->second * US_PER_S;
    unsigned long before = traffic_count(w->traffic, o->connector);
    while (w->agenda.now_us < until_us && agenda_next_us(&w->agenda) <= until_us)
        life_turn(w->life);
    unsigned n = (unsigned)(traffic_count(w->traffic, o->connector) - before);
    if (w->wish.has_trace)
        printf("%d,%s,%u\n", o->second, phase, n);
    return n;
}

/* Up to the probe that finds it there again; which is in the first second that counts. */
static unsigned wait_for_probe(struct outage *o)
{
    for (int i = 0; i < PROBE_MAX_S; i++) {
        unsigned n = run_second(o, "back");
        if (n > 0)
            return n;
    }
    world_broken(&o->world, 6, "nothing is attempted in the %d s behind an outage", PROBE_MAX_S);
}

static void check_first(struct outage *o)
{
    o->most_at_first = wait_for_probe(o);
    for (int i = 1; i < FIRST_S; i++) {
        unsigned n = run_second(o, "back");
        if (n > o->most_at_first)
            o->most_at_first = n;
    }
    if (o->most_at_first > CAUTION * PER_S)
        world_broken(&o->world, 6, "%u attempts a second just behind an outage, %d are usual",
                     o->most_at_first, PER_S);
}

static void check_rest(struct outage *o)
{
    struct world *w = &o->world;
    int n_s = FIRST_S;
    bus_heal(w->bus);
    for (; !life_is_over(w->life); n_s++) {
        if (n_s > AFTER_MAX_S)
            world_broken(w, 6, "an outage isn't over %d s behind its end", n_s);
        unsigned n = run_second(o, "back");
        if (n > o->most)
            o->most = n;
    }
    if (o->most < FULL * PER_S)
        world_broken(w, 6, "%u attempts a second at most behind an outage, %d are usual", o->most,
                     PER_S);
    printf("outage: %d attempts a second before, at most %u in the %d s behind it, then up to %u; "
           "over after %d s\n",
           PER_S, o->most_at_first, FIRST_S, o->most, n_s);
}

void simulate_outage(const struct wish *wish)
{
    struct outage o = {.connector = plan_find_connector(SLICE_LIT(RECEIVER))};
    struct world *w = &o.world;
    world_make(w, wish);
    world_heal(w);
    bus_flow(w->bus, "order.moved", US_PER_S / PER_S);
    while (o.second < BEFORE_S)
        run_second(&o, "before");
    receivers_set_down(w->receivers, RECEIVER, true);
    while (o.second < BEFORE_S + OUTAGE_S)
        run_second(&o, "down");
    receivers_set_down(w->receivers, RECEIVER, false);
    check_first(&o);
    check_rest(&o);
    life_end(w->life);
    world_unmake(w);
}
