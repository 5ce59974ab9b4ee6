/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a receiver sees through an outage, second by second: of Liaison's lanes, and of senders that
 * retry plainly. All time is virtual. For test_lanes_outage.c, and for the pictures of docs/
 * (tests/bench/outage.c).
 *
 * The receiver works off one request after the other. While it is away nobody can connect. What waits
 * in its queue for longer than 10 s was given up by who sent it, and takes its time nevertheless.
 *
 *     struct outage o = {.sender = OUTAGE_LIAISON, .from_s = 600, .to_s = 2400, .end_s = 3600, …};
 *     outage_run(&o);
 *     … o.seen[2400] …                                // the first second after it
 *     outage_deinit(&o);
 */
#ifndef LIAISON_TESTS_OUTAGE_H
#define LIAISON_TESTS_OUTAGE_H

#include <stddef.h>

/* The growing delays are those of a connector by default: 200 ms, doubled up to 5 minutes. */
enum outage_sender {
    OUTAGE_PLAIN,   /* each delivery by itself, after just these delays */
    OUTAGE_JITTER,  /* … after delays drawn between 0 and these */
    OUTAGE_BUDGET,  /* … and of all attempts a fifth are retries, or 10 a second */
    OUTAGE_LIAISON, /* lanes, as a connector has them that says nothing */
};
const char *outage_sender_name(enum outage_sender sender);

struct outage {
    /* What happens, from second 0 on: */
    enum outage_sender sender;
    int from_s, to_s; /* the receiver is away */
    int end_s;
    int steady;       /* deliveries made a second, 1 to 1,000; … */
    int many, many_s; /* … and so many at once at this second */
    int served;       /* what the receiver works off a second */

    /* What is seen: */
    unsigned *seen;     /* attempts in each second, end_s of them */
    unsigned seen_away; /* in all while it was away */
    unsigned given_up;  /* worked off in vain */
    int done_s;         /* when no more than a second's deliveries waited; 0: never */
    size_t waiting;     /* in the end */
};

void outage_run(struct outage *o);
void outage_deinit(struct outage *o);

#endif
