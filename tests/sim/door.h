/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Somebody who posts events to the daemon's own POST /events, a request at a time, and again until it
 * is answered by 202: from then on they are kept (law 1).
 */
#ifndef LIAISON_SIM_DOOR_H
#define LIAISON_SIM_DOOR_H

#include <stdbool.h>

struct channel;
struct door;
struct world;

struct door *door_new(struct world *w);
void door_free(struct door *door);
/* No more new events; what was refused is still posted again. */
void door_heal(struct door *door);
bool door_is_through(const struct door *door);
/* The daemon is no more: the request that waits for its answer gets none. */
void door_hang_up(struct door *door);

#endif
