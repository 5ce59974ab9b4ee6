/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a comparison of two versions of the scripts says (dryrun/compare.h), for people to read.
 */
#ifndef LIAISON_CLI_COMPARE_VIEW_H
#define LIAISON_CLI_COMPARE_VIEW_H

#include <stdbool.h>

#include "base/slice.h"

/* Prints the report to standard output: the counts, a row for each handler and connector, and the
   first of what differs, place by place, and what is to be known of the comparison. */
void compare_view_print(struct slice report, bool has_color);

#endif
