/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Lua's patterns: the first line is the pattern, the second what gsub puts in place of matches, the
 * rest the text. What our four functions answer, LuaJIT's own do, errors included.
 */
#include "fuzz.h"
#include "pattern_oracle.h"

static struct pattern_oracle *oracle;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    oracle = pattern_oracle_new();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size), pattern = take_line(&text),
                 by = take_line(&text);
    if (!text.data)
        text = SLICE_LIT("");
    if (!pattern_oracle_ends(text, pattern))
        return 0;
    const char *difference = pattern_oracle_compare(oracle, text, pattern, by);
    if (difference)
        die("%s", difference);
    return 0;
}
