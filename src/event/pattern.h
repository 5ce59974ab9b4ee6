/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The types a handler takes: an exact type, a beginning ("schedule.*"), or all ("*").
 */
#ifndef LIAISON_EVENT_PATTERN_H
#define LIAISON_EVENT_PATTERN_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"

/* The type of dead letters that are published on a bus; only its exact pattern takes it. */
#define PATTERN_DEAD_LETTER "sync.deadletter"

/* -1 with ERR_INVALID for an empty pattern or a star elsewhere than at its end after a dot. */
int pattern_check(struct slice pattern, struct err *err) must_check;
bool pattern_matches(struct slice pattern, struct slice type);

#endif
