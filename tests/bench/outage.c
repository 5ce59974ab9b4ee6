/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An outage of half an hour as a receiver sees it, by senders of four kinds: attempts in each second,
 * as CSV behind a line of sums for each. tests/bench/plots.py makes the pictures of docs/ of it.
 */
#include <stdio.h>

#include "base/attr.h"
#include "outage.h"

#define MINUTE 60

static void print_sums(const struct outage *o)
{
    printf("# %s: %u attempts while it was away, %u worked off in vain, ",
           outage_sender_name(o->sender), o->seen_away, o->given_up);
    if (o->done_s > 0)
        printf("through %d s after it\n", o->done_s - o->to_s);
    else
        printf("%zu still wait %d s after it\n", o->waiting, o->end_s - o->to_s);
}

int main(void)
{
    struct outage outages[OUTAGE_LIAISON + 1];
    for (size_t i = 0; i < ARRAY_LEN(outages); i++) {
        outages[i] = (struct outage){
            .sender = (enum outage_sender)i,
            .from_s = 10 * MINUTE,
            .to_s = 40 * MINUTE,
            .end_s = 70 * MINUTE,
            .steady = 50,
            .many = 5000,
            .many_s = 15 * MINUTE,
            .served = 150,
        };
        outage_run(&outages[i]);
        print_sums(&outages[i]);
    }
    printf("second");
    for (size_t i = 0; i < ARRAY_LEN(outages); i++)
        printf(",%s", outage_sender_name(outages[i].sender));
    for (int second = 0; second < outages[0].end_s; second++) {
        printf("\n%d", second);
        for (size_t i = 0; i < ARRAY_LEN(outages); i++)
            printf(",%u", outages[i].seen[second]);
    }
    printf("\n");
    for (size_t i = 0; i < ARRAY_LEN(outages); i++)
        outage_deinit(&outages[i]);
    return 0;
}
