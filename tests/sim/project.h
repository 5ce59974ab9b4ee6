/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The project on disk: a copy of tests/sim/project in a folder of its own, which people change.
 */
#ifndef LIAISON_SIM_PROJECT_H
#define LIAISON_SIM_PROJECT_H

struct world;

/* Makes w->folder in wish.root, and fills it. */
void project_make(struct world *w);
/* Something in it is another than before, and not always right. */
void project_change(struct world *w);
/* All of it is right. */
void project_mend(struct world *w);

#endif
