/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What is recorded of events, deliveries and attempts: the states they pass through and the rows
 * that the journal keeps of them. delivery/ makes these, journal/ stores them.
 */
#ifndef LIAISON_EVENT_RECORD_H
#define LIAISON_EVENT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum event_state {
    EVENT_NEW,  /* no row yet */
    EVENT_OPEN, /* handlers have to run, or deliveries are neither ended nor written */
    EVENT_CLOSED,
    EVENT_DEAD,      /* a handler failed for good: its dead letter stands in deliveries */
    EVENT_DROPPED,   /* dead, and dropped by a person */
    EVENT_UNMATCHED, /* no handler takes its type */
    EVENT_MALFORMED, /* not an event at all: its bytes are a dead letter */
};

const char *event_state_name(enum event_state state); /* "open", … */
int event_state_of(struct slice name); /* an enum event_state; -1: none has that name */

enum delivery_state {
    DELIVERY_NEW,     /* no row yet */
    DELIVERY_WAITING, /* due (again) at due_ms */
    DELIVERY_DELIVERED,
    DELIVERY_DEAD,
    DELIVERY_SKIPPED,
    DELIVERY_SUPERSEDED,
    DELIVERY_DROPPED,
};

const char *delivery_state_name(enum delivery_state state);

/* The causes of dead letters. */
#define RECORD_CAUSES 6
extern const char *const record_causes[RECORD_CAUSES];
int delivery_state_of(struct slice name); /* an enum delivery_state; -1: none has that name */

/* A delivery's number: its event's seq and its place among that event's. Places from
   DELIVERY_PUBLICATIONS up are those of publications, which the journal's writer gives: what dies
   may have its row already, and then nobody remembers which places of its event are taken. */
#define DELIVERY_ORDINAL_BITS 20
#define DELIVERY_PUBLICATIONS (1 << (DELIVERY_ORDINAL_BITS - 1))
#define DELIVERY_ORDINAL_MAX (DELIVERY_PUBLICATIONS - 1)

static inline int64_t delivery_seq(int64_t event_seq, int64_t ordinal)
{
    return event_seq << DELIVERY_ORDINAL_BITS | ordinal;
}

static inline int64_t delivery_event_seq(int64_t seq)
{
    return seq >> DELIVERY_ORDINAL_BITS;
}

static inline int64_t delivery_ordinal(int64_t seq)
{
    return seq & ((1 << DELIVERY_ORDINAL_BITS) - 1);
}

/* The public id of the dead letter of a malformed message. */
#define MALFORMED_ID_SIZE (20 + sizeof("-malformed"))
void malformed_id(int64_t event_seq, char out[static MALFORMED_ID_SIZE]);

/* A delivery's row. A handler that failed has one too, without a connector: it waits for its next
   run, or is dead; a malformed message's has neither connector nor handler. */
struct delivery_row {
    int64_t seq;
    int64_t position;       /* its place in the order of what waits for its target */
    struct slice id;        /* the public one: EVENT-HASH */
    struct slice connector; /* absent: see above */
    struct slice handler;
    struct slice key;
    bool has_key;
    struct slice transformer; /* the send's own, by name; absent: the connector's */
    struct slice batch;       /* waiting: in which it is to be tried again; absent: by itself */
    struct slice data;        /* JSON; absent: the event's data as it stands */
    enum delivery_state state;
    struct slice cause; /* of a dead letter: one of record_causes; of a skipped one its reason */
    struct slice error; /* the last failure, in words, secrets masked */
    unsigned attempts;
    bool unknown;             /* any attempt's end was never seen: the other side may have it */
    int64_t created_ms;       /* all times are wall times in ms */
    int64_t first_attempt_ms; /* 0: none yet */
    int64_t due_ms;           /* when it may be attempted … */
    int64_t written_ms;       /* … by the clock as it was then; 0 while it doesn't wait */
    int64_t expires_ms;       /* 0: never */
    int64_t ended_ms;         /* 0 while it waits */
    int64_t
        script_version; /* of the scripts that attempted it last; 0: none did, or it isn't known */
    /* Dead: the id of a newer delivery of its connector and key that has succeeded; the journal's
       writer gives it. */
    struct slice stale_by;
    /* Superseded: the row of this number, which waits, stands at its position from now on, and is due
       then; 0: none does. */
    int64_t heir_seq, heir_due_ms;
    bool
        marks_waiting; /* delivered: older rows that wait, dead letters that are retried, are told, too */
    /* Delivered: what its connector returned, for the handler that awaits it, as JSON text of the
       script host's; absent: nothing. Kept only while its event is open or dead. */
    struct slice result;
};

/* The place of a row among those that expire: by time, and of one moment by number. */
struct delivery_expiry {
    int64_t at_ms, seq;
};

/* How an attempt went; kept for failures, the newest JOURNAL_ATTEMPTS_KEPT of a delivery. */
#define JOURNAL_ATTEMPTS_KEPT 20
struct attempt_row {
    unsigned n; /* 1 for the first; the journal numbers them on over retries by people */
    int64_t at_ms;
    int64_t ms;
    struct slice code; /* "503", or connect dns tls timeout script limit … */
    struct slice error;
    struct slice answer; /* at most the first KiB */
};

#endif
