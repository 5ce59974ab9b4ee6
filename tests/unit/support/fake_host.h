/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A host for channels under test, with a real loop and http client: it takes batches, keeps a
 * record of their events, and says that they are kept at once, or when it is told to, or refuses
 * them.
 */
#ifndef LIAISON_TESTS_FAKE_HOST_H
#define LIAISON_TESTS_FAKE_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "channel/channel.h"

/* One event, or one malformed message, as it was handed over. */
struct taken {
    struct event *event; /* NULL: malformed */
    struct buf malformed, error;
    bool has_identity;
    struct channel_identity identity;
    size_t batch;      /* number of its batch, from 0 */
    bool has_position; /* the last one of a batch may have one: */
    struct buf told;
};

enum fake_host_mode {
    FAKE_KEEPS,   /* `kept` follows in the next turn of the loop */
    FAKE_HOLDS,   /* `kept` waits for fake_host_keep */
    FAKE_REFUSES, /* ERR_FULL */
    FAKE_FORGETS, /* `kept` never comes, nothing is recorded: for measuring */
};

struct fake_host {
    struct channel_host host;
    struct rng rng;
    enum fake_host_mode mode;
    size_t duplicates; /* what `kept` says */
    struct taken *taken;
    size_t n_taken, cap_taken, n_batches, n_refused;
    struct {
        channel_kept_fn fn;
        void *ctx;
    } * unkept;
    size_t n_unkept, cap_unkept;
    struct loop_prepare *prepare;
    struct loop_timer *deadline;
    bool is_late;
    bool is_guest; /* loop and client are another's */
};

void fake_host_init(struct fake_host *h);
/* One more on the loop and the client of `owner`, which outlives it. */
void fake_host_join(struct fake_host *h, const struct fake_host *owner);
void fake_host_deinit(struct fake_host *h);
/* Runs the `kept` of the oldest n batches that wait for it. */
void fake_host_keep(struct fake_host *h, size_t n);

/* Turns the loop until the condition holds; fails where it didn't within 50 s. Use as
   fake_host_wait(&h, h.n_taken == 3). */
#define fake_host_wait(h, condition)                                                               \
    do {                                                                                           \
        fake_host_start_wait(h, 50000);                                                            \
        while (!(condition) && !(h)->is_late)                                                      \
            loop_turn((h)->host.loop, true);                                                       \
        if (!(condition))                                                                          \
            fail_msg("not within 50 s: %s", #condition);                                           \
    } while (0)
/* Turns the loop for so long. */
void fake_host_spend(struct fake_host *h, int64_t ms);
void fake_host_start_wait(struct fake_host *h, int64_t ms);

#endif
