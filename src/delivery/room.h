/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How much of a target's deliveries may be in memory, and how much is. For the machine's own files.
 */
#ifndef LIAISON_DELIVERY_ROOM_H
#define LIAISON_DELIVERY_ROOM_H

#include <stdbool.h>
#include <stddef.h>

struct lanes;
struct target;

/* Deliveries, and what they and their events hold. */
size_t room_loaded_max(const struct lanes *lanes, const struct target *t);
size_t room_bytes_max(const struct lanes *lanes, const struct target *t);
/* For what is read for turns (coalesce.h): half as much again, as most of that leaves at once. */
size_t room_turns_loaded_max(const struct lanes *lanes, const struct target *t);
size_t room_turns_bytes_max(const struct lanes *lanes, const struct target *t);
bool room_has_for_turns(const struct lanes *lanes, const struct target *t);

bool room_is_full(const struct lanes *lanes, const struct target *t);
bool room_is_half_empty(const struct lanes *lanes, const struct target *t);
/* It has a quarter, and may soon have nothing to do. */
bool room_is_hungry(const struct lanes *lanes, const struct target *t);

#endif
