/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * loop/loop.h over an agenda, linked in place of the real one: timers are items of it, a turn that
 * would sleep goes to the next item, whatever that is about. There are no descriptors and no signals.
 */
#ifndef LIAISON_SIM_FAKE_LOOP_H
#define LIAISON_SIM_FAKE_LOOP_H

#include "agenda.h"
#include "loop/loop.h"

struct world;

/* `world` is what the requests made on this loop meet. */
struct loop *fake_loop_new(struct agenda *agenda, struct world *world);
struct agenda *fake_loop_agenda(struct loop *loop);
struct world *fake_loop_world(struct loop *loop);
/* Whether a turn has something to do before it sleeps. */
bool fake_loop_is_woken(const struct loop *loop);

#endif
