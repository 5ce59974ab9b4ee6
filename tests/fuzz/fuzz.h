/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What every target shares. A target is one file fuzz_NAME.c with LLVMFuzzerTestOneInput, which
 * either a fuzzer calls (`make fuzz`) or replay.c with the seeds in seeds/NAME (`make test`).
 */
#ifndef LIAISON_TESTS_FUZZ_H
#define LIAISON_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Optional: before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Ends the process where what has to hold doesn't. */
#define require(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            die("%s:%d: this doesn't hold: %s", __FILE__, __LINE__, #condition);                   \
    } while (0)

/* Cuts a line off the front of *input, without its end ("\n"); empty when there is none left. */
static inline struct slice take_line(struct slice *input)
{
    return slice_split(input, '\n');
}

#endif
