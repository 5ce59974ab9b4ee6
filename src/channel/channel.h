/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The contract of a channel: the way events come in. A channel turns what its bus says into events
 * and hands them to its host; when the host says that they are kept, it tells the bus so (an
 * acknowledgement, a 202, a position to resume from), and never before.
 *
 * A kind of channel is a const literal in its own file, registered in channel.c's one array:
 *
 *     const struct channel_kind channel_sse = {
 *         .schemes = {"http", "https"}, .open = sse_open, .close = sse_close, …};
 *
 * All of it runs on the loop thread; a kind whose library has threads of its own passes messages.
 */
#ifndef LIAISON_CHANNEL_CHANNEL_H
#define LIAISON_CHANNEL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/slice.h"
#include "event/event.h"
#include "http/auth.h"
#include "http/client.h"
#include "http/message.h"
#include "loop/loop.h"

/* What makes an event a duplicate of another of its channel. */
struct channel_identity {
    unsigned char bytes[16];
};

/* Messages that arrived together and stand or fall together; borrowed during append, which takes
   its own references to the events. Either events or malformed, or only a position. */
struct channel_batch {
    struct slice channel; /* the channel's name */
    struct event *const *events;
    size_t n_events;
    const struct channel_identity *identities; /* by event; NULL: none can be a duplicate */
    const bool *has_identity;
    struct slice position;  /* where to resume behind these; absent: unchanged; empty with data
                               not NULL: from now on there is none */
    struct slice malformed; /* bytes that are no event, kept as a dead letter … */
    struct slice malformed_error; /* … and why they are none */
};

/* On disk. `duplicates` of the batch's events were known already and dropped. */
typedef void (*channel_kept_fn)(void *ctx, size_t duplicates);

/* What a channel may ask of its surroundings; outlives it. */
struct channel_host {
    /* -1 with ERR_FULL when nothing can be taken now (the journal's disk or limit): the channel
       must not lose the batch; the host calls the kind's `resume` when it can be tried again. */
    int (*append)(void *ctx, const struct channel_batch *batch, channel_kept_fn kept,
                  void *kept_ctx, struct err *err);
    void *ctx;
    struct loop *loop;
    struct http_client *http;
    struct log *log;
    struct clock clock;
    struct rng *rng;
    size_t message_max; /* bytes of one message; a longer one is malformed */
};

/* Copied by channel_open. */
struct channel_options {
    const char *name; /* unique; what events' `channel` and the sums say */
    const char *url;  /* "" or "embedded" for the embedded one */
    struct http_headers headers;
    const struct http_auth *auth; /* NULL: none */
    struct slice position;        /* stored for it, absent at first */
};

struct channel_status {
    bool is_connected;
    bool is_resumable;     /* the bus gives positions; false also before any was seen */
    bool has_resume_known; /* is_resumable is more than a guess: something came */
    bool is_stopped;       /* for good: the bus said so (204) */
    int64_t since_ms;      /* wall time of the last change of is_connected or is_stopped */
    int64_t last_event_ms; /* wall time, 0: none yet */
    const char *problem;   /* in words, NULL without one; borrowed until the loop turns */
};

/* Each kind's own struct begins with this. */
struct channel {
    const struct channel_kind *kind;
    const struct channel_host *host;
    char *name;
    char *url; /* as given, may hold credentials: never shown */
};

struct channel_kind {
    const char *schemes[4]; /* of URLs, NULL behind the last; "" for no URL at all, and a word that
                               stands in place of one */
    /* -1 with ERR_INVALID where the options are wrong: what passes here can be opened. NULL: nothing
       can be wrong. */
    int (*check)(const struct channel_options *options, struct err *err);
    /* Starts it; connecting is tried for ever, so that only wrong options fail. */
    struct channel *(*open)(const struct channel_options *options, const struct channel_host *host,
                            struct err *err);
    /* Goes on with these options, which were checked: what it has taken, and where it stands, stays. A
       connection made by the old ones is given up for one by the new ones. */
    void (*change)(struct channel *c, const struct channel_options *options);
    /* Stops taking from the bus until resume: the host has all it can bear. */
    void (*pause)(struct channel *c);
    /* Takes from the bus again; what append refused is tried first. */
    void (*resume)(struct channel *c);
    void (*status)(const struct channel *c, struct channel_status *out);
    /* Frees it, also half open. From here on the host runs none of its `kept` callbacks. */
    void (*close)(struct channel *c);
};

/* For kinds: fills the head of a new channel, and frees what it holds. */
void channel_init(struct channel *c, const struct channel_kind *kind,
                  const struct channel_options *options, const struct channel_host *host);
void channel_deinit(struct channel *c);
/* … takes name and URL of other options. */
void channel_rename(struct channel *c, const struct channel_options *options);

/* The kind for a URL's scheme, or -1 with ERR_INVALID that names the schemes there are. The message
   never shows more of the URL than its scheme, since the rest may hold credentials. */
int channel_kind_of(const char *url, const struct channel_kind **kind, struct err *err) must_check;

/* Whether a channel can be opened so; -1 with ERR_INVALID. */
int channel_check(const struct channel_options *options, struct err *err) must_check;
struct channel *channel_open(const struct channel_options *options, const struct channel_host *host,
                             struct err *err) must_check;
/* Has it go on with these options, which were checked. False where they ask for another kind: then it
   has to be closed, and that one opened. */
bool channel_change(struct channel *c, const struct channel_options *options);
void channel_pause(struct channel *c);
void channel_resume(struct channel *c);
void channel_status(const struct channel *c, struct channel_status *out);
void channel_close(struct channel *c); /* accepts NULL */

#endif
