/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/faults.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/slice.h"

static int parse_share(struct fault *fault, struct slice percent)
{
    char *text = slice_dup(percent);
    char *end;
    double value = strtod(text, &end);
    bool is_share = percent.len > 0 && *end == '\0' && value > 0 && value <= 100;
    free(text);
    if (!is_share)
        return -1;
    fault->share = (uint64_t)(value / 100 * FAULT_SHARE_ALL + 0.5);
    return fault->share > 0 ? 0 : -1;
}

static int parse_extent(struct fault *fault, struct slice extent)
{
    int64_t n;
    if (slice_has_suffix(extent, SLICE_LIT("%")))
        return parse_share(fault, slice_upto(extent, extent.len - 1));
    if (json_get_integer(extent, &n) < 0 || n < 1)
        return -1;
    fault->left = (uint64_t)n;
    return 0;
}

int fault_parse(struct fault *fault, const char *text, struct err *err)
{
    struct slice extent = slice_str(text);
    struct slice status = slice_split(&extent, ':');
    int64_t code;
    *fault = (struct fault){.left = UINT64_MAX};
    if (json_get_integer(status, &code) < 0 || code < 300 || code > 599 ||
        (extent.data && parse_extent(fault, extent) < 0))
        return err_set(err, ERR_INVALID,
                       "'%s' says nothing of failures: write 503 (every request), 503:3 (the first "
                       "three) or 503:10%% (that share), with a status from 300 to 599",
                       text);
    fault->status = (int)code;
    return 0;
}

bool fault_strikes(struct fault *fault, struct rng *rng)
{
    if (fault->share)
        return rng_upto(rng, FAULT_SHARE_ALL - 1) < fault->share;
    if (fault->left == 0)
        return false;
    if (fault->left != UINT64_MAX)
        fault->left--;
    return true;
}
