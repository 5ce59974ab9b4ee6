/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The names of states and the ids, as the journal stores them and users read them.
 */
#include "event/record.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/attr.h"

static const char *const event_names[] = {
    [EVENT_NEW] = "new",
    [EVENT_OPEN] = "open",
    [EVENT_CLOSED] = "closed",
    [EVENT_DEAD] = "dead",
    [EVENT_DROPPED] = "dropped",
    [EVENT_UNMATCHED] = "unmatched",
    [EVENT_MALFORMED] = "malformed",
};

static const char *const delivery_names[] = {
    [DELIVERY_NEW] = "new",
    [DELIVERY_WAITING] = "waiting",
    [DELIVERY_DELIVERED] = "delivered",
    [DELIVERY_DEAD] = "dead",
    [DELIVERY_SKIPPED] = "skipped",
    [DELIVERY_SUPERSEDED] = "superseded",
    [DELIVERY_DROPPED] = "dropped",
};

const char *const record_causes[RECORD_CAUSES] = {"refused", "exhausted", "expired",
                                                  "script",  "limit",     "malformed"};

static int find(const char *const *names, size_t n, struct slice name)
{
    for (size_t i = 0; i < n; i++) {
        if (slice_is_equal(name, slice_str(names[i])))
            return (int)i;
    }
    return -1;
}

const char *event_state_name(enum event_state state)
{
    assert((size_t)state < ARRAY_LEN(event_names));
    return event_names[state];
}

int event_state_of(struct slice name)
{
    return find(event_names, ARRAY_LEN(event_names), name);
}

const char *delivery_state_name(enum delivery_state state)
{
    assert((size_t)state < ARRAY_LEN(delivery_names));
    return delivery_names[state];
}

int delivery_state_of(struct slice name)
{
    return find(delivery_names, ARRAY_LEN(delivery_names), name);
}

void malformed_id(int64_t event_seq, char out[static MALFORMED_ID_SIZE])
{
    snprintf(out, MALFORMED_ID_SIZE, "%" PRId64 "-malformed", event_seq);
}
