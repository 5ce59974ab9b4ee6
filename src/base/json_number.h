/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The exact decimal value of a JSON number's text. For the JSON codec itself; all others use
 * json.h.
 */
#ifndef LIAISON_BASE_JSON_NUMBER_H
#define LIAISON_BASE_JSON_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* ±digits × 10^exponent, the digits without zeros at either end, so that each value has one form
   but for exponents of more than 18 digits. In place; borrows from the text. */
struct decimal {
    bool negative;       /* false for zero */
    struct slice digits; /* may have the '.' among them; empty for zero */
    size_t n_digits;     /* without that '.' */
    int64_t exponent;
    struct slice power;  /* more than 18 digits behind the 'e', which `exponent` then leaves out; */
    bool power_negative; /* and their sign */
};

/* `text` is a well-formed JSON number. */
struct decimal decimal_of(struct slice text);
bool decimal_is_equal(struct slice a, struct slice b);

#endif
