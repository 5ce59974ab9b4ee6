/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A project's scripts loaded and checked as a whole, the same for `run` and for `check`.
 */
#ifndef LIAISON_ENGINE_PROJECT_H
#define LIAISON_ENGINE_PROJECT_H

#include "base/attr.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mask.h"
#include "engine/config.h"
#include "script/script.h"

struct project_options {
    const struct config *config;
    const char *data_dir;             /* what ships with Liaison, may be NULL */
    const char *module_dir;           /* see script_options */
    const struct script_ports *ports; /* kept; NULL where nothing is run */
    struct clock clock;
    struct log *log;
    struct mask *mask;
    bool has_stand_ins;      /* as in script_options */
    struct sources *sources; /* load these files, see script/sources.h; NULL: those on disk */
    const struct script_spec_options *spec; /* the specs among them, see script/spec.h; or NULL */
};

/* Tells each problem, those of channels included: a bus of a kind that is not there. NULL when one
   was more than a warning. */
struct script_machine *project_load(const struct project_options *options,
                                    script_problem_fn problem, void *ctx) must_check;

#endif
