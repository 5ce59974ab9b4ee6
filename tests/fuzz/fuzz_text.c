/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The notations of configuration and documents: durations, sizes, times, hexadecimal, base64,
 * UTF-8. The first byte of the input says which; what is taken means the same when it is written
 * anew.
 */
#include <stdlib.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "event/pattern.h"
#include "fuzz.h"

static void try_duration(struct slice text)
{
    struct err err = {0};
    struct buf written = {0};
    int64_t ms, again;
    if (text_parse_duration(text, &ms, &err) < 0) {
        require(err.code == ERR_INVALID && err.message[0]);
        return;
    }
    require(ms >= 0);
    text_add_duration(&written, ms);
    require(text_parse_duration(buf_slice(&written), &again, &err) == 0 && again == ms);
    buf_deinit(&written);
}

static void try_size(struct slice text)
{
    struct err err = {0};
    struct buf written = {0};
    int64_t bytes, again;
    if (text_parse_size(text, &bytes, &err) < 0) {
        require(err.code == ERR_INVALID && err.message[0]);
        return;
    }
    require(bytes >= 0);
    buf_printf(&written, "%lld", (long long)bytes);
    require(text_parse_size(buf_slice(&written), &again, &err) == 0 && again == bytes);
    buf_deinit(&written);
}

static void try_time(struct slice text)
{
    struct err err = {0};
    struct buf written = {0};
    int64_t ms, again;
    if (text_parse_time(text, &ms, &err) < 0) {
        require(err.code == ERR_INVALID && err.message[0]);
        return;
    }
    text_add_time(&written, ms);
    require(written.len == TEXT_TIME_LEN);
    require(text_parse_time(buf_slice(&written), &again, &err) == 0);
    /* By its offset a time may lie outside of the years that can be written. */
    if (ms >= text_days_from_civil(0, 1, 1) * 86400000 &&
        ms < text_days_from_civil(10000, 1, 1) * 86400000)
        require(again == ms);
    buf_deinit(&written);
}

static void try_hex(struct slice text)
{
    struct buf written = {0};
    char *bytes = mem_alloc(text.len / 2 + 1);
    if (text_parse_hex(text, bytes, text.len / 2) == 0) {
        text_add_hex(&written, bytes, text.len / 2);
        require(slice_is_equal_nocase(buf_slice(&written), text));
    }
    buf_clear(&written);
    text_add_hex(&written, text.data, text.len);
    free(bytes);
    bytes = mem_alloc(text.len + 1);
    require(text_parse_hex(buf_slice(&written), bytes, text.len) == 0);
    require(slice_is_equal(slice_of(bytes, text.len), text));
    free(bytes);
    buf_deinit(&written);
}

static void try_base64(struct slice text)
{
    struct buf bytes = {0}, written = {0};
    if (base64_parse(text, &bytes) == 0) {
        base64_add(&written, buf_slice(&bytes));
        require(slice_is_equal(buf_slice(&written), text));
    }
    buf_clear(&bytes);
    buf_clear(&written);
    base64_add(&written, text);
    require(base64_parse(buf_slice(&written), &bytes) == 0);
    require(slice_is_equal(buf_slice(&bytes), text));
    buf_deinit(&bytes);
    buf_deinit(&written);
}

static void try_utf8(struct slice text)
{
    struct buf repaired = {0}, again = {0};
    utf8_add_repaired(&repaired, text);
    require(slice_is_utf8(buf_slice(&repaired)));
    require(slice_is_utf8(text) == slice_is_equal(buf_slice(&repaired), text));
    utf8_add_repaired(&again, buf_slice(&repaired));
    require(slice_is_equal(buf_slice(&again), buf_slice(&repaired)));
    for (size_t len = 0; len <= repaired.len && len < 64; len++) {
        struct slice cut = utf8_cut(buf_slice(&repaired), len);
        require(cut.len <= len && len - cut.len <= 3 && slice_is_utf8(cut));
    }
    buf_deinit(&repaired);
    buf_deinit(&again);
}

/* The lines: pattern, type. A pattern takes the type that it is, and one with a beginning takes
   what begins so. */
static void try_pattern(struct slice text)
{
    struct err err = {0};
    struct slice pattern = take_line(&text);
    if (pattern_check(pattern, &err) < 0) {
        require(err.code == ERR_INVALID && err.message[0]);
        return;
    }
    bool takes = pattern_matches(pattern, text);
    bool is_star = pattern.data[pattern.len - 1] == '*';
    struct slice start = slice_upto(pattern, pattern.len - 1);
    if (!is_star)
        require(takes == slice_is_equal(pattern, text) && pattern_matches(pattern, pattern));
    else if (takes)
        require(slice_has_prefix(text, start) &&
                !slice_is_equal(text, SLICE_LIT(PATTERN_DEAD_LETTER)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(struct slice) = {
        try_duration, try_size, try_time, try_hex, try_base64, try_utf8, try_pattern,
    };
    if (size > 0)
        tries[data[0] % ARRAY_LEN(tries)](slice_of((const char *)data + 1, size - 1));
    return 0;
}
