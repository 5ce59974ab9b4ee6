/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a handler's send is known by, and a handler's run: a hash that is the same whenever the handler
 * runs again, and another one once its event is replayed.
 */
#ifndef LIAISON_ENGINE_IDENTITY_H
#define LIAISON_ENGINE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct engine;
struct event;

/* EVENT-HASH: an event's number, a dash and 24 hex digits. */
#define DELIVERY_ID_SIZE (20 + 1 + 24 + 1)

struct identity {
    struct slice journal;
    int64_t event;
    unsigned replay;
    struct slice handler;
    struct slice connector; /* absent: the handler's own run */
    struct slice key;
    bool has_key;
    unsigned n; /* of the sends that are alike in all this */
};

/* The public id; what it returns is its 64-bit prefix, to find it by. */
uint64_t identity_format(const struct identity *identity, char out[static DELIVERY_ID_SIZE]);
/* That of a handler's run at an event as it stands. */
void identity_format_run(const struct engine *e, const struct event *event, struct slice handler,
                         char out[static DELIVERY_ID_SIZE]);
/* That prefix of a public id; 0 when it is none. */
uint64_t identity_prefix(struct slice id);
/* Finds out which of the first n_replays times, and which of n_sends then, an id is of; `identity` has the
   rest, and in `n` which send it may well be: the others are tried behind that one. False: none of them. */
bool identity_find(struct identity *identity, struct slice id, unsigned n_replays,
                   unsigned n_sends);

#endif
