/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "dryrun/ending.h"

struct attempt_end ending_of(const struct script_result *result)
{
    static const enum attempt_kind kinds[] = {
        [SCRIPT_RETURNED] = ATTEMPT_RETURNED, [SCRIPT_SKIP] = ATTEMPT_SKIPPED,
        [SCRIPT_RETRY] = ATTEMPT_RETRY,       [SCRIPT_REJECT] = ATTEMPT_REJECT,
        [SCRIPT_HTTP] = ATTEMPT_STATUS,       [SCRIPT_ERROR] = ATTEMPT_SCRIPT,
        [SCRIPT_LIMIT] = ATTEMPT_LIMIT,       [SCRIPT_STARVED] = ATTEMPT_STARVED,
    };
    static const enum attempt_said said[] = {
        [SCRIPT_SAID_NOTHING] = SAID_NOTHING, [SCRIPT_SAID_ACCEPT] = SAID_NOTHING,
        [SCRIPT_SAID_RETRY] = SAID_RETRY,     [SCRIPT_SAID_REFUSE] = SAID_REFUSE,
        [SCRIPT_SAID_PAUSE] = SAID_PAUSE,
    };
    bool is_failure = result->end == SCRIPT_HTTP && result->failure;
    return (struct attempt_end){
        .kind = is_failure ? ATTEMPT_FAILURE : kinds[result->end],
        .status = result->status,
        .said = said[result->said],
        .failure = result->failure,
        .after_ms = result->after_ms,
        .unknown = result->unknown,
        .error = result->error,
        .answer = result->answer,
    };
}
