/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The places at which two requests differ, as JSON, within bounds. A text that holds a JSON document
 * on both sides is looked into. For src/dryrun alone.
 */
#ifndef LIAISON_DRYRUN_PLACES_H
#define LIAISON_DRYRUN_PLACES_H

#include <stddef.h>

#include "base/json.h"
#include "base/slice.h"

/* Appends each place to an array that is open, as { path, before, after, at }, at most twenty; returns
   how many more there are. A side that hasn't the place has no value. `at` is where two long texts
   part: "line 3, column 5"; of very long ones there is what stands around. Within a text that is
   JSON the path goes on behind " (as JSON)". */
size_t places_add_json(struct json_writer *w, struct slice before, struct slice after);

#endif
