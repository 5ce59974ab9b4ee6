/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/outcome.h"

#include <math.h>
#include <stdio.h>

/* ---- the table ---- */

static struct verdict dead(const char *cause)
{
    return (struct verdict){OUTCOME_DEAD, cause};
}

static struct verdict verdict_of_status(int status, bool is_handler, bool was_unknown)
{
    const struct verdict retry = {OUTCOME_RETRY, NULL};
    switch (status) {
    case 401:
    case 407:
        return is_handler ? retry : (struct verdict){OUTCOME_PAUSE, NULL};
    case 408:
    case 425:
    case 429:
        return retry;
    case 409:
        return was_unknown ? retry : dead("refused");
    case 501:
    case 505:
        return dead("refused");
    default:
        return status >= 500 ? retry : dead("refused");
    }
}

struct verdict outcome_of(const struct attempt_end *end, bool is_handler, bool was_unknown)
{
    switch (end->kind) {
    case ATTEMPT_RETURNED:
        return (struct verdict){OUTCOME_DELIVERED, NULL};
    case ATTEMPT_SKIPPED:
        return (struct verdict){OUTCOME_SKIPPED, NULL};
    case ATTEMPT_RETRY:
    case ATTEMPT_FAILURE:
        return (struct verdict){OUTCOME_RETRY, NULL};
    case ATTEMPT_REJECT:
        return dead("refused");
    case ATTEMPT_STATUS:
        return verdict_of_status(end->status, is_handler, was_unknown);
    case ATTEMPT_SCRIPT:
        return dead("script");
    case ATTEMPT_LIMIT:
        return dead("limit");
    }
    return dead("script");
}

void outcome_code(const struct attempt_end *end, char out[static 16])
{
    static const char *const words[] = {
        [ATTEMPT_RETURNED] = "ok",     [ATTEMPT_SKIPPED] = "skip",  [ATTEMPT_RETRY] = "retry",
        [ATTEMPT_REJECT] = "reject",   [ATTEMPT_STATUS] = "status", [ATTEMPT_FAILURE] = "failure",
        [ATTEMPT_SCRIPT] = "script",   [ATTEMPT_LIMIT] = "limit",
    };
    if (end->kind == ATTEMPT_STATUS)
        snprintf(out, 16, "%d", end->status);
    else
        snprintf(out, 16, "%s",
                 end->kind == ATTEMPT_FAILURE && end->failure ? end->failure : words[end->kind]);
}

/* ---- retries ---- */

/* A delay that no cap bounds ends here: some 290 million years, and sums of two still fit. */
#define DELAY_MAX (INT64_MAX / 4)

static double grown(const struct retry_policy *policy, unsigned attempts)
{
    switch (policy->growth) {
    case GROWTH_CONSTANT:
        return (double)policy->base_ms;
    case GROWTH_LINEAR:
        return (double)policy->base_ms * attempts;
    case GROWTH_EXPONENTIAL:
        break;
    }
    double factor = policy->factor >= 1 ? policy->factor : 1; /* NaN, too, doesn't grow */
    return (double)policy->base_ms * pow(factor, (double)attempts - 1);
}

int64_t retry_delay_ms(const struct retry_policy *policy, unsigned attempts, struct rng *rng)
{
    double wanted = grown(policy, attempts > 0 ? attempts : 1);
    int64_t delay = wanted < (double)DELAY_MAX ? (int64_t)wanted : DELAY_MAX;
    if (policy->cap_ms > 0 && delay > policy->cap_ms)
        delay = policy->cap_ms;
    if (delay < 0)
        delay = 0;
    return policy->jitter ? (int64_t)rng_upto(rng, (uint64_t)delay) : delay;
}
