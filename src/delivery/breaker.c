/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/breaker.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

/* Who asks for more is asked again before its time. */
#define ASKED_MAX_MS (INT64_C(60) * 60 * 1000)

void breaker_deinit(struct breaker *b)
{
    free(b->failed);
}

/* ---- what an end says ---- */

static bool is_down_by_status(int status)
{
    return status == 408 || status == 429 || status >= 500 || status < 100;
}

static bool is_down_by_failure(const char *failure)
{
    static const char *const failures[] = {"connect", "dns", "tls", "timeout", "broken"};
    for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
        if (failure && strcmp(failure, failures[i]) == 0)
            return true;
    }
    return false;
}

/* A status that isn't tried again is about what was sent, whichever it is. */
enum breaker_sign breaker_sign_of(const struct attempt_end *end, const struct verdict *verdict)
{
    bool may_pass = verdict->outcome == OUTCOME_RETRY;
    switch (end->kind) {
    case ATTEMPT_RETURNED:
        return BREAKER_SAYS_UP;
    case ATTEMPT_STATUS:
        return may_pass && is_down_by_status(end->status) ? BREAKER_SAYS_DOWN : BREAKER_SAYS_UP;
    case ATTEMPT_FAILURE:
        return may_pass && is_down_by_failure(end->failure) ? BREAKER_SAYS_DOWN
                                                            : BREAKER_SAYS_NOTHING;
    default:
        return BREAKER_SAYS_NOTHING;
    }
}

/* ---- counting ---- */

static bool is_known(const struct breaker *b, int64_t position)
{
    for (unsigned i = 0; i < b->n; i++) {
        if (b->failed[i] == position)
            return true;
    }
    return false;
}

static void add(struct breaker *b, int64_t position)
{
    if (b->n == b->room) {
        b->room = b->room > 0 ? b->room * 2 : 8;
        b->failed = mem_realloc(b->failed, b->room * sizeof(*b->failed));
    }
    b->failed[b->n++] = position;
}

bool breaker_learn(struct breaker *b, enum breaker_sign sign, int64_t position, int64_t started_at,
                   int64_t now, unsigned failures)
{
    if (sign == BREAKER_SAYS_UP) {
        b->n = 0;
        b->up_at = now;
    }
    if (sign != BREAKER_SAYS_DOWN || failures == 0 || started_at < b->up_at)
        return false;
    if (!is_known(b, position))
        add(b, position);
    if (b->n < failures)
        return false;
    b->n = 0;
    return true;
}

void breaker_add_reason(struct buf *b, unsigned failures, const struct attempt_end *end)
{
    buf_printf(b, failures > 1 ? "%u deliveries in a row failed, the last " : "%u delivery failed ",
               failures);
    if (end->kind == ATTEMPT_STATUS)
        buf_printf(b, "with %d", end->status);
    else
        buf_printf(b, "by %s", end->failure);
}

int64_t breaker_wait_ms(const struct breaker_policy *policy, const struct attempt_end *end,
                        struct rng *rng)
{
    int64_t asked_ms = end->after_ms < ASKED_MAX_MS ? end->after_ms : ASKED_MAX_MS;
    int64_t wait_ms = policy->open_ms + (int64_t)rng_upto(rng, (uint64_t)policy->open_ms / 10);
    return asked_ms > wait_ms ? asked_ms : wait_ms;
}
