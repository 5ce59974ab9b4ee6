/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Operations: what the writer commits, copied from what callers of journal.h hand in. Each is one
 * block of memory, so that making one costs the loop thread one allocation.
 */
#ifndef LIAISON_JOURNAL_OP_H
#define LIAISON_JOURNAL_OP_H

#include "base/attr.h"
#include "journal/journal.h"
#include "journal/recent.h"
#include "journal/task.h"

enum op_kind {
    OP_APPEND,
    OP_MALFORMED,
    OP_SET_EVENT,
    OP_PUT_DELIVERY,
    OP_PUT_LETTER,
    OP_CLEAR_RESULTS, /* a struct op alone */
    OP_STEER,         /* what people do: see steer.c */
    OP_FENCE,         /* changes nothing: tells when all before it is on disk */
};

const char *op_kind_name(enum op_kind kind); /* for logs */

/* What each kind begins with. */
struct op {
    struct task task;
    enum op_kind kind;
    int64_t queued_ms; /* monotonic */
    int64_t at_ms;     /* wall */
    int64_t seq;       /* of the (first) event */
    void *ctx;
};

struct op_append {
    struct op op; /* OP_APPEND or OP_MALFORMED */
    struct slice channel;
    struct event **events;
    size_t n_events;
    unsigned char (*identities)[IDENTITY_LEN]; /* of those with has_identity */
    bool *has_identity;
    bool *is_unmatched;
    bool *is_duplicate; /* the writer's finding */
    struct slice position;
    struct slice malformed, malformed_error;
    const struct delivery_row *publication; /* of the malformed; NULL: none */
    journal_append_fn done;
};

struct op_set_event {
    struct op op;
    struct slice channel;
    enum event_state from, to;
    journal_done_fn done;
};

struct op_put_delivery {
    struct op op;
    enum delivery_state from;
    journal_done_fn done;
    struct delivery_row row;
    const struct attempt_row *attempt; /* NULL: none */
};

struct op_put_letter {
    struct op_put_delivery put; /* OP_PUT_LETTER; its own `done` is NULL */
    struct delivery_row publication;
    int64_t publication_seq; /* the writer's finding; 0: nothing was written */
    journal_letter_fn done;
};

/* What each of them needs; the rest is 0 or absent. */
struct op_steer {
    struct op op; /* seq: of the event */
    enum steer {
        STEER_EDIT,         /* delivery `number` has the data `text` from now on */
        STEER_PAUSE,        /* connector `text` */
        STEER_RESUME,       /* … */
        STEER_BATCHER,      /* … takes batches */
        STEER_BEGIN_REPLAY, /* `text`: what was asked for; through the event */
        STEER_REPLAY,       /* the event is open again; `text`: for this handler alone */
        STEER_PASS,         /* up to the event, `number` were refused */
        STEER_END_REPLAY,
        STEER_SCRIPTS, /* version `number` has the hash `text` */
    } kind;
    int64_t number;
    bool is_forced;
    bool was_done; /* the writer's finding */
    struct slice text;
    journal_steer_fn done; /* NULL: nobody asks */
};

struct op_fence {
    struct op op;
    journal_done_fn done;
};

static inline bool op_is_append(const struct op *op)
{
    return op->kind == OP_APPEND || op->kind == OP_MALFORMED;
}

static inline struct op_append *op_append(struct op *op)
{
    return container_of(op, struct op_append, op);
}

static inline struct op_set_event *op_set_event(struct op *op)
{
    return container_of(op, struct op_set_event, op);
}

static inline struct op_put_delivery *op_put_delivery(struct op *op)
{
    return container_of(op, struct op_put_delivery, op);
}

static inline struct op_put_letter *op_put_letter(struct op *op)
{
    return container_of(op_put_delivery(op), struct op_put_letter, put);
}

/* The events, or the malformed message, get numbers from `seq` on. */
struct op *op_new_append(const struct journal_append *append, int64_t seq, journal_append_fn done,
                         void *ctx);
struct op *op_new_set_event(int64_t seq, struct slice channel, enum event_state from,
                            enum event_state to, journal_done_fn done, void *ctx);
struct op *op_new_put_delivery(const struct delivery_row *row, enum delivery_state from,
                               const struct attempt_row *attempt, journal_done_fn done, void *ctx);
struct op *op_new_put_letter(const struct delivery_row *row, enum delivery_state from,
                             const struct attempt_row *attempt,
                             const struct delivery_row *publication, journal_letter_fn done,
                             void *ctx);

struct op *op_new_clear_results(int64_t event_seq);

/* Copies `like`. */
struct op *op_new_steer(const struct op_steer *like, int64_t seq, journal_steer_fn done, void *ctx);

struct op *op_new_fence(journal_done_fn done, void *ctx);

/* Rows it touches, by which groups are bounded. */
size_t op_weight(struct op *op);

#endif
