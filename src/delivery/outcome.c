/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The table of outcomes, read from top to bottom as users read it, and the retries' delays.
 */
#include "delivery/outcome.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"

/* ---- the table ---- */

static const struct verdict delivered = {OUTCOME_DELIVERED, NULL};
static const struct verdict skipped = {OUTCOME_SKIPPED, NULL};
static const struct verdict superseded = {OUTCOME_SUPERSEDED, NULL};
static const struct verdict retry = {OUTCOME_RETRY, NULL};
static const struct verdict refused_by_all = {OUTCOME_PAUSE, NULL};
static const struct verdict refused = {OUTCOME_DEAD, "refused"};
static const struct verdict script = {OUTCOME_DEAD, "script"};
static const struct verdict limit = {OUTCOME_DEAD, "limit"};

static struct verdict verdict_of_status(int status, bool is_handler, bool was_unknown)
{
    switch (status) {
    case 401:
    case 407:
        return is_handler ? retry : refused_by_all;
    case 408:
    case 425:
    case 429:
        return retry;
    case 409: /* it may be the echo of an attempt that was taken after all */
        return was_unknown ? retry : refused;
    case 501:
    case 505:
        return refused;
    default: /* what isn't a status at all is taken for a 5xx (RFC 9110, 15) */
        return status >= 500 || status < 100 ? retry : refused;
    }
}

/* What the connector says goes before the table. */
static struct verdict verdict_of_answer(const struct attempt_end *end, bool is_handler,
                                        bool was_unknown)
{
    switch (end->said) {
    case SAID_RETRY:
        return retry;
    case SAID_REFUSE:
        return refused;
    case SAID_PAUSE:
        return refused_by_all;
    case SAID_NOTHING:
        break;
    }
    return verdict_of_status(end->status, is_handler, was_unknown);
}

static bool is_failure(const struct attempt_end *end, const char *failure)
{
    return end->failure && strcmp(end->failure, failure) == 0;
}

static struct verdict verdict_of_failure(const struct attempt_end *end, bool is_handler)
{
    if (is_failure(end, "token"))
        return is_handler ? retry : refused_by_all;
    if (is_failure(end, "url") || is_failure(end, "tooBig"))
        return script;
    return retry;
}

struct verdict outcome_of(const struct attempt_end *end, bool is_handler, bool was_unknown)
{
    switch (end->kind) {
    case ATTEMPT_RETURNED:
        return delivered;
    case ATTEMPT_SKIPPED:
        return skipped;
    case ATTEMPT_OLDER:
        return superseded;
    case ATTEMPT_RETRY:
    case ATTEMPT_STARVED:
        return retry;
    case ATTEMPT_REJECT:
        return refused;
    case ATTEMPT_STATUS:
        return verdict_of_answer(end, is_handler, was_unknown);
    case ATTEMPT_FAILURE:
        return verdict_of_failure(end, is_handler);
    case ATTEMPT_LIMIT:
        return limit;
    case ATTEMPT_SCRIPT:
        break;
    }
    return script;
}

/* ---- codes ---- */

#define STATUSES 1000

/* First by enum attempt_kind, for ends that have no word of their own; then the failures. */
static const char *const code_words[] = {
    [ATTEMPT_RETURNED] = "ok",
    [ATTEMPT_SKIPPED] = "skip",
    [ATTEMPT_OLDER] = "older",
    [ATTEMPT_RETRY] = "retry",
    [ATTEMPT_REJECT] = "reject",
    [ATTEMPT_STATUS] = "status",
    [ATTEMPT_FAILURE] = "failure",
    [ATTEMPT_SCRIPT] = "script",
    [ATTEMPT_LIMIT] = "limit",
    [ATTEMPT_STARVED] = "memory",
    "connect",
    "dns",
    "tls",
    "timeout",
    "broken",
    "token",
    "url",
    "tooBig",
};
static_assert(STATUSES + ARRAY_LEN(code_words) == OUTCOME_CODES, "each code has its number");

static int code_of_failure(const char *failure)
{
    for (size_t i = ATTEMPT_STARVED + 1; i < ARRAY_LEN(code_words); i++) {
        if (strcmp(code_words[i], failure) == 0)
            return STATUSES + (int)i;
    }
    return STATUSES + ATTEMPT_FAILURE;
}

int outcome_code(const struct attempt_end *end)
{
    bool has_status = end->kind == ATTEMPT_STATUS || end->kind == ATTEMPT_RETURNED;
    if (has_status && end->status > 0 && end->status < STATUSES)
        return end->status;
    if (end->kind == ATTEMPT_FAILURE && end->failure)
        return code_of_failure(end->failure);
    return STATUSES + (int)end->kind;
}

void outcome_code_format(int code, char out[static OUTCOME_CODE_SIZE])
{
    if (code < STATUSES)
        snprintf(out, OUTCOME_CODE_SIZE, "%d", code);
    else
        snprintf(out, OUTCOME_CODE_SIZE, "%s", code_words[code - STATUSES]);
}

/* ---- retries ---- */

static int64_t grow_linear(int64_t base_ms, unsigned attempts)
{
    int64_t delay;
    return __builtin_mul_overflow(base_ms, (int64_t)attempts, &delay) ? INT64_MAX : delay;
}

/* Beyond 2^53 ms a double rounds, which nobody waits to see; beyond 2^63 it saturates. */
static int64_t grow_exponential(int64_t base_ms, double factor, unsigned attempts)
{
    if (!(factor > 1))
        return base_ms;
    double delay = (double)base_ms * pow(factor, (double)attempts - 1);
    return delay < (double)INT64_MAX ? (int64_t)delay : INT64_MAX;
}

static int64_t grow(const struct retry_policy *policy, unsigned attempts)
{
    if (policy->base_ms <= 0)
        return 0;
    switch (policy->growth) {
    case GROWTH_LINEAR:
        return grow_linear(policy->base_ms, attempts);
    case GROWTH_EXPONENTIAL:
        return grow_exponential(policy->base_ms, policy->factor, attempts);
    case GROWTH_CONSTANT:
        break;
    }
    return policy->base_ms;
}

int64_t retry_delay_ms(const struct retry_policy *policy, unsigned attempts, struct rng *rng)
{
    int64_t delay = grow(policy, attempts > 0 ? attempts : 1);
    if (policy->cap_ms > 0 && delay > policy->cap_ms)
        delay = policy->cap_ms;
    return policy->jitter ? (int64_t)rng_upto(rng, (uint64_t)delay) : delay;
}
