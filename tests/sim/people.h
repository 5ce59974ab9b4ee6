/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Those who look after the daemon: they retry, edit and drop dead letters, one or all, pause connectors
 * and forget it for a while, have events replayed, and load the scripts anew, which aren't always right.
 */
#ifndef LIAISON_SIM_PEOPLE_H
#define LIAISON_SIM_PEOPLE_H

#include <stdbool.h>

struct people;
struct world;

struct people *people_new(struct world *w);
void people_free(struct people *p);
/* They let all connectors go on, mend the scripts, and do nothing any more. */
void people_heal(struct people *p);
/* Whether that is done. */
bool people_have_healed(const struct people *p);

#endif
