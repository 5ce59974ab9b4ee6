/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Answers of a token's server. What is taken can stand in a header, is added behind what was there,
 * and is the same from the same JSON written without white space; what isn't leaves nothing.
 */
#include <stdint.h>

#include "base/json.h"
#include "fuzz.h"
#include "http/token.h"

#define BEFORE "before"

static bool read_token(struct slice json, struct buf *value, int64_t *expires_in_s)
{
    struct err err = {0};
    buf_add_str(value, BEFORE);
    bool is_taken = token_parse(json, value, expires_in_s, &err) == 0;
    require(slice_has_prefix(buf_slice(value), SLICE_LIT(BEFORE)));
    require(is_taken == (err.code == ERR_NONE));
    return is_taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice json = slice_of((const char *)data, size);
    struct buf value = {0}, again = {0}, compact = {0};
    int64_t expires_in_s = 0, expires_again_s = 0;
    if (read_token(json, &value, &expires_in_s)) {
        require(value.len > sizeof(BEFORE) - 1 && expires_in_s >= -1);
        for (size_t i = 0; i < value.len; i++)
            require(value.data[i] > ' ' && value.data[i] < 0x7f);
        json_compact(&compact, json);
        require(read_token(buf_slice(&compact), &again, &expires_again_s));
        require(slice_is_equal(buf_slice(&value), buf_slice(&again)));
        require(expires_in_s == expires_again_s);
    } else {
        require(value.len == sizeof(BEFORE) - 1);
    }
    buf_deinit(&value);
    buf_deinit(&again);
    buf_deinit(&compact);
    return 0;
}
