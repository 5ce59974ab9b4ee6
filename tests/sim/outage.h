/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * One receiver is down for half an hour, while events come on as before; nothing else goes wrong. What it
 * sees once it was found to be back, second by second: no more than twice what it is used to in the first
 * ten seconds, and from there as much as it bears, until all that had piled up is worked off.
 */
#ifndef LIAISON_SIM_OUTAGE_H
#define LIAISON_SIM_OUTAGE_H

#include "world.h"

/* In a process of its own, as simulate(); with wish.has_trace it prints the attempts of each second, as CSV. */
void simulate_outage(const struct wish *wish);

#endif
