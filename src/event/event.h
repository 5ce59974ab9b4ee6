/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The envelope: one thing that happened, as CloudEvents 1.0 names it. An event never changes once
 * made, holds its own memory in one block, and is shared by counting references; the counting
 * belongs to the loop thread, reading is free to all.
 */
#ifndef LIAISON_EVENT_EVENT_H
#define LIAISON_EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"

/* What `data` holds. */
enum event_data {
    EVENT_DATA_NONE,  /* the sender gave none */
    EVENT_DATA_JSON,  /* one well-formed JSON value, as it came */
    EVENT_DATA_BYTES, /* anything else, as it came (CloudEvents' data_base64 decoded) */
};

/* Parts of an event, borrowed while it is made. An absent one has data NULL. */
struct event_parts {
    struct slice channel; /* the name of the channel it came by */
    struct slice id;      /* the sender's id, or the UUIDv7 given in its place */
    struct slice type;
    struct slice source;
    struct slice subject;
    struct slice time;       /* RFC 3339 as sent */
    struct slice key;        /* what orders it; absent: event_new derives it (see below) */
    struct slice attributes; /* a JSON object of all other attributes, or absent */
    struct slice data;
    struct slice
        data_id;        /* source text of data's member "id", or absent, for who knows it already */
    bool knows_data_id; /* else data is looked through */
    struct slice replay_handler; /* as in struct event */
    enum event_data data_kind;
    bool has_own_id;     /* the sender gave the id */
    bool has_inner_id;   /* and in the message itself, not beside it */
    int64_t received_ms; /* wall time */
};

struct event {
    int64_t seq; /* its number in the journal, Liaison's own id; 0 until appended */
    struct slice channel, id, type, source, subject, time, key, attributes, data;
    enum event_data data_kind;
    bool has_own_id;
    bool has_inner_id; /* as in its parts; not kept in the journal */
    bool has_key;      /* without one there is no order, `key` is empty */
    int64_t received_ms;
    unsigned replay;             /* how often it was handled anew by a replay */
    struct slice replay_handler; /* the one that its last replay was for; absent: all */
    bool is_replay_forced;       /* … which sends also what is older than what was delivered */
    unsigned refs;               /* see event_ref */
};

/* Copies `parts`. Without a key given it is the `partitionkey` attribute, else the subject, else
   data.id where that is a string or a whole number, else there is none. One reference is the
   caller's. */
struct event *event_new(const struct event_parts *parts);
struct event *event_ref(struct event *event);
void event_unref(struct event *event); /* accepts NULL */

/* Its key; absent where it has none, and only there. Borrowed from the event. */
struct slice event_key(const struct event *event);

/* Bytes this event holds, for limits. */
size_t event_size(const struct event *event);

#endif
