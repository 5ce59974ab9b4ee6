/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a connector's receiver sees of it by time, in one life of the daemon:
 *
 *     a connector that is paused by itself (its breaker, refusals) is probed by one attempt at a time
 *     a rate isn't passed, nor the limit of what may be in flight
 *     of its attempts no more than a fifth, or 10 a second, are retries
 */
#ifndef LIAISON_SIM_TRAFFIC_H
#define LIAISON_SIM_TRAFFIC_H

#include <stdbool.h>

struct traffic;
struct world;

struct traffic *traffic_new(struct world *w);
void traffic_free(struct traffic *t);
/* An attempt of a connector (its place in plan_connectors) begins; `is_retry`: not its delivery's first. Says
   whether it is a probe, to traffic_end. */
bool traffic_begin(struct traffic *t, int connector, bool is_retry);
void traffic_end(struct traffic *t, int connector, bool is_probe);
/* The daemon is no more: it remembers none of it. */
void traffic_crashed(struct traffic *t);
/* So many attempts were made so far. */
unsigned long traffic_count(const struct traffic *t, int connector);

#endif
