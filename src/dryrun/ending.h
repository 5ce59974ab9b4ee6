/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a script's end is to delivery/: one table for what is run and for what is tried.
 */
#ifndef LIAISON_DRYRUN_ENDING_H
#define LIAISON_DRYRUN_ENDING_H

#include "delivery/outcome.h"
#include "script/script.h"

/* Borrows from `result`. Of an answer's Retry-After it knows nothing: `after_ms` is that of `retry`,
   -1 without. `us` is 0. */
struct attempt_end ending_of(const struct script_result *result);

#endif
