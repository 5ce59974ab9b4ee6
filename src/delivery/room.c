/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/room.h"

#include "delivery/machine.h"

/* Some batches must have room, while others are formed. */
#define BATCHES_LOADED 4

size_t room_loaded_max(const struct lanes *lanes, const struct target *t)
{
    size_t batches = BATCHES_LOADED * t->policy.batch.size;
    return batches > lanes->limits.loaded ? batches : lanes->limits.loaded;
}

size_t room_bytes_max(const struct lanes *lanes, const struct target *t)
{
    return lanes->limits.bytes + BATCHES_LOADED * t->policy.batch.bytes;
}

bool room_is_full(const struct lanes *lanes, const struct target *t)
{
    return t->n_inside >= room_loaded_max(lanes, t) || t->bytes_inside >= room_bytes_max(lanes, t);
}

bool room_is_half_empty(const struct lanes *lanes, const struct target *t)
{
    return t->n_inside <= room_loaded_max(lanes, t) / 2 &&
           t->bytes_inside <= room_bytes_max(lanes, t) / 2;
}

size_t room_turns_loaded_max(const struct lanes *lanes, const struct target *t)
{
    size_t max = room_loaded_max(lanes, t);
    return max + max / 2;
}

size_t room_turns_bytes_max(const struct lanes *lanes, const struct target *t)
{
    size_t max = room_bytes_max(lanes, t);
    return max + max / 2;
}

bool room_has_for_turns(const struct lanes *lanes, const struct target *t)
{
    return t->n_inside < room_turns_loaded_max(lanes, t) &&
           t->bytes_inside < room_turns_bytes_max(lanes, t);
}

bool room_is_hungry(const struct lanes *lanes, const struct target *t)
{
    return t->n_inside <= room_loaded_max(lanes, t) / 4 &&
           t->bytes_inside <= room_bytes_max(lanes, t) / 4;
}
