/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

const char *const tally_causes[TALLY_CAUSES] = {"refused", "exhausted", "expired", "script",
                                                "limit"};

void tally_init(struct tally *t, const struct histogram_scale *attempts)
{
    *t = (struct tally){.attempts.scale = attempts, .lives.scale = &histogram_lives};
}

void tally_deinit(struct tally *t)
{
    free(t->codes);
}

static struct tally_code *find_code(const struct tally *t, int code)
{
    for (size_t i = 0; i < t->n_codes; i++) {
        if (t->codes[i].code == code)
            return &t->codes[i];
    }
    return NULL;
}

static struct tally_code *add_code(struct tally *t, int code)
{
    t->codes = mem_realloc(t->codes, (t->n_codes + 1) * sizeof(*t->codes));
    struct tally_code *added = &t->codes[t->n_codes++];
    *added = (struct tally_code){.code = code};
    return added;
}

void tally_attempt(struct tally *t, const struct attempt_end *end)
{
    int code = outcome_code(end);
    struct tally_code *counted = find_code(t, code);
    if (!counted)
        counted = add_code(t, code);
    counted->n++;
    histogram_observe(&t->attempts, end->us);
}

void tally_end(struct tally *t, enum delivery_state final, const char *cause, int64_t lived_ms)
{
    t->ended[final]++;
    histogram_observe(&t->lives, lived_ms * 1000);
    if (final != DELIVERY_DEAD)
        return;
    for (size_t i = 0; i < TALLY_CAUSES; i++)
        t->dead[i] += strcmp(cause, tally_causes[i]) == 0;
}

uint64_t tally_of_code(const struct tally *t, int code)
{
    const struct tally_code *counted = find_code(t, code);
    return counted ? counted->n : 0;
}
