/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the system and OpenSSL give as random is what the seed gives: seeds of maps and jitter, ids.
 * Takes their places when it is linked (getrandom(2), RAND_bytes(3)), so that it is the process's.
 */
#ifndef LIAISON_SIM_ENTROPY_H
#define LIAISON_SIM_ENTROPY_H

#include <stdint.h>

void entropy_seed(uint64_t seed);

#endif
