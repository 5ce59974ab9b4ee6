/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The JSON codec: what json_check takes, every other way to read it takes too, and it stays the
 * same document when it is compacted or written anew; what json_check refuses, nothing takes.
 */
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/json_number.h"
#include "fuzz.h"

/* A number that survives as a double is the same when that double is written. */
static void try_number(struct slice text, struct buf *out)
{
    double value;
    struct buf written = {0};
    bool exact = json_number_is_exact(text, &value);
    if (json_add_double(&written, value) == 0) {
        double again;
        json_number_is_exact(buf_slice(&written), &again);
        require(value == again && signbit(value) == signbit(again));
        require(!exact || decimal_is_equal(text, buf_slice(&written)));
    } else {
        require(!exact);
    }
    if (exact)
        buf_add_slice(out, buf_slice(&written));
    else
        buf_add_slice(out, text);
    buf_deinit(&written);
}

/* Writes the document anew from its tokens; false when the walk ends in an error. */
static bool rewrite(struct slice text, struct buf *out)
{
    struct json_reader r;
    enum json_token t;
    json_reader_init(&r, text);
    for (bool comma = false; (t = json_next(&r)) != JSON_END && t != JSON_ERROR;) {
        bool end = t == JSON_ARRAY_END || t == JSON_OBJECT_END;
        require(r.start < r.pos && r.pos <= text.len);
        if (comma && !end)
            buf_add_char(out, ',');
        comma = t != JSON_KEY && t != JSON_ARRAY_BEGIN && t != JSON_OBJECT_BEGIN;
        if (t == JSON_STRING || t == JSON_KEY)
            json_add_string(out, r.text);
        else if (t == JSON_NUMBER)
            try_number(r.text, out);
        else
            buf_add_slice(out, r.text);
        if (t == JSON_KEY)
            buf_add_char(out, ':');
    }
    if (t == JSON_ERROR)
        require(r.pos <= text.len && json_reader_error(&r));
    json_reader_deinit(&r);
    return t == JSON_END;
}

/* Skipping ends where reading does; each member that is seen can be got. */
static void try_members(struct slice text)
{
    struct json_reader r;
    struct slice value, got;
    json_reader_init(&r, text);
    require(json_skip(&r, &value) == 0 && json_next(&r) == JSON_END);
    require(json_check(value, NULL) == 0);
    json_reader_deinit(&r);

    json_reader_init(&r, text);
    if (json_next(&r) == JSON_OBJECT_BEGIN) {
        for (int n = 0; n < 20 && json_next(&r) == JSON_KEY; n++) {
            char *name = slice_dup(r.text);
            bool plain = strlen(name) == r.text.len;
            require(json_skip(&r, &value) == 0 && json_check(value, NULL) == 0);
            require(!plain || json_get(text, name, &got));
            free(name);
        }
    }
    json_reader_deinit(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size), unused;
    struct buf compact = {0}, again = {0}, anew = {0};
    struct err err = {0};
    if (json_check(text, &err) < 0) {
        require(err.code == ERR_INVALID && !rewrite(text, &anew) && !json_is_same(text, text));
        json_get(text, "a", &unused);
    } else {
        json_compact(&compact, text);
        require(compact.len <= size && json_check(buf_slice(&compact), NULL) == 0);
        require(json_is_same(text, buf_slice(&compact)));
        json_compact(&again, buf_slice(&compact));
        require(slice_is_equal(buf_slice(&compact), buf_slice(&again)));
        require(rewrite(text, &anew) && json_check(buf_slice(&anew), NULL) == 0);
        require(json_is_same(text, buf_slice(&anew)));
        try_members(text);
    }
    buf_deinit(&compact);
    buf_deinit(&again);
    buf_deinit(&anew);
    return 0;
}
