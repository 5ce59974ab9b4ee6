/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What tests of envelopes parse within. Include it behind cmocka.h.
 */
#ifndef LIAISON_TESTS_ENVELOPE_FIXTURE_H
#define LIAISON_TESTS_ENVELOPE_FIXTURE_H

#include <string.h>

#include "event/envelope.h"

#define FRESH_ID "01935a2c-0000-7000-8000-000000000000"

static inline void fresh_id(void *ctx, char out[37])
{
    (void)ctx;
    memcpy(out, FRESH_ID, sizeof(FRESH_ID));
}

static inline struct envelope_context context(void)
{
    return (struct envelope_context){
        .channel = SLICE_LIT("bus"),
        .source = SLICE_LIT("http://bus/events"),
        .received_ms = 99,
        .new_id = fresh_id,
    };
}

static inline void assert_slice(struct slice s, const char *expected)
{
    assert_non_null(s.data);
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.data, expected, s.len);
}

#endif
