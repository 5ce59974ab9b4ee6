/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "simulate.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "bus.h"
#include "disk.h"
#include "door.h"
#include "entropy.h"
#include "laws.h"
#include "ledger.h"
#include "life.h"
#include "people.h"
#include "project.h"
#include "receivers.h"
#include "traffic.h"

#define START_MS INT64_C(1767225600000) /* 2026-01-01 */
#define STUCK_US (12 * US_PER_H)        /* by then all is over */

void world_make(struct world *w, const struct wish *wish)
{
    *w = (struct world){.wish = *wish, .hash = UINT64_C(0xcbf29ce484222325)};
    entropy_seed(wish->seed);
    rng_init(&w->rng, wish->seed ^ UINT64_C(0x5851f42d4c957f2d));
    w->agenda.wall_us = START_MS * US_PER_MS;
    w->disk = disk_new();
    project_make(w);
    w->ledger = ledger_new(w);
    w->traffic = traffic_new(w);
    w->receivers = receivers_new(w);
    w->bus = bus_new(w);
    w->door = door_new(w);
    w->life = life_new(w);
    w->people = people_new(w);
}

void world_unmake(struct world *w)
{
    people_free(w->people);
    life_free(w->life);
    door_free(w->door);
    bus_free(w->bus);
    receivers_free(w->receivers);
    traffic_free(w->traffic);
    ledger_free(w->ledger);
    agenda_deinit(&w->agenda);
    disk_free(w->disk);
    free(w->folder);
}

void world_heal(struct world *w)
{
    world_say(w, "the world heals");
    w->is_healed = true;
    receivers_heal(w->receivers);
    bus_heal(w->bus);
    door_heal(w->door);
    life_heal(w->life);
    people_heal(w->people);
}

static bool is_over(const struct world *w)
{
    return people_have_healed(w->people) && bus_is_through(w->bus) && door_is_through(w->door) &&
           life_is_over(w->life);
}

_Noreturn static void give_up(struct world *w)
{
    struct buf what = {0};
    life_describe(w->life, &what);
    world_broken(w, 6, "something is stuck %d hours behind all trouble:%s%s%s%s",
                 (int)(STUCK_US / US_PER_H), people_have_healed(w->people) ? "" : " people",
                 bus_is_through(w->bus) ? "" : " the bus",
                 door_is_through(w->door) ? "" : " the door", what.len > 0 ? what.data : "");
}

struct simulated simulate(const struct wish *wish)
{
    struct world w;
    world_make(&w, wish);
    life_begin(w.life);
    while (w.agenda.now_us < wish->hours_us)
        life_turn(w.life);
    world_heal(&w);
    int64_t healed_us = w.agenda.now_us;
    while (!is_over(&w)) {
        life_turn(w.life);
        if (w.agenda.now_us - healed_us > STUCK_US)
            give_up(&w);
    }
    struct simulated result = {.us = w.agenda.now_us, .n_lives = life_number(w.life)};
    life_end(w.life);
    laws_at_end(&w);
    result.hash = w.hash;
    result.n_lines = w.n_lines;
    world_unmake(&w);
    return result;
}
