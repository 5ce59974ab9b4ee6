/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Which requests `liaison sink` answers with a failure: "503" every one, "503:3" the first three,
 * "503:10%" that share of them, drawn by a generator that a seed repeats. Pure.
 */
#ifndef LIAISON_CLI_FAULTS_H
#define LIAISON_CLI_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/rng.h"

/* In place. */
struct fault {
    int status;
    uint64_t left;  /* requests that still fail; UINT64_MAX: every one */
    uint64_t share; /* of FAULT_SHARE_ALL; 0: none is drawn, `left` counts */
};

#define FAULT_SHARE_ALL 1000000

/* -1 with ERR_INVALID that shows the notation. Statuses are 300 to 599. */
int fault_parse(struct fault *fault, const char *text, struct err *err) must_check;
/* Whether the next request fails by it. */
bool fault_strikes(struct fault *fault, struct rng *rng);

#endif
