/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/budget.h"

/* At once, by either. */
#define BURST 10
#define LEAST_PER_S 10
/* A fifth of all is a quarter of the first ones. */
#define SHARE_OF_FIRST 0.25

void budget_init(struct budget *b, int64_t now)
{
    bucket_set(&b->least, BURST, LEAST_PER_S / 1000.0, now);
    bucket_set(&b->share, BURST, 0, now);
    b->share.level = 0;
}

int64_t budget_opens_at(const struct budget *b, int64_t now)
{
    return bucket_opens_at(&b->share, now) <= now ? now : bucket_opens_at(&b->least, now);
}

void budget_start(struct budget *b, bool is_retry, int64_t now)
{
    if (!is_retry) {
        bucket_add(&b->share, SHARE_OF_FIRST);
        return;
    }
    bucket_take(&b->share, now);
    bucket_take(&b->least, now);
}
