/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Operations are laid out by a cursor behind the struct: first what must be aligned, then bytes.
 */
#include "journal/op.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *op_kind_name(enum op_kind kind)
{
    static const char *const names[] = {
        [OP_APPEND] = "append",
        [OP_MALFORMED] = "append malformed",
        [OP_SET_EVENT] = "set event",
        [OP_PUT_DELIVERY] = "put delivery",
        [OP_PUT_LETTER] = "put dead letter",
        [OP_CLEAR_RESULTS] = "clear results",
        [OP_STEER] = "steer",
        [OP_FENCE] = "fence",
    };
    return names[kind];
}

static struct op op_base(enum op_kind kind, int64_t seq, void *ctx,
                         void (*finish)(struct task *task, bool tell))
{
    return (struct op){.task.finish = finish, .kind = kind, .seq = seq, .ctx = ctx};
}

static struct op *op_of(struct task *task)
{
    return container_of(task, struct op, task);
}

static void *take(char **at, size_t len)
{
    void *taken = *at;
    *at += len;
    return taken;
}

/* Replaces a borrowed slice by a copy. */
static void copy(char **at, struct slice *s)
{
    if (!s->data)
        return;
    char *to = take(at, s->len);
    memcpy(to, s->data, s->len);
    s->data = to;
}

static size_t row_len(const struct delivery_row *r)
{
    return r->id.len + r->connector.len + r->handler.len + r->key.len + r->transformer.len +
           r->batch.len + r->data.len + r->cause.len + r->error.len + r->result.len;
}

static void copy_row(struct delivery_row *r, char **at)
{
    copy(at, &r->id);
    copy(at, &r->connector);
    copy(at, &r->handler);
    copy(at, &r->key);
    copy(at, &r->transformer);
    copy(at, &r->batch);
    copy(at, &r->data);
    copy(at, &r->cause);
    copy(at, &r->error);
    copy(at, &r->result);
}

/* ---- Appending ------------------------------------------------------------------------------ */

/* The loop's part of an append: events that were found to be duplicates have no number. */
static void finish_append(struct task *task, bool tell)
{
    struct op_append *a = op_append(op_of(task));
    size_t duplicates = 0;
    for (size_t i = 0; tell && i < a->n_events; i++) {
        if (a->is_duplicate[i]) {
            a->events[i]->seq = 0;
            duplicates++;
        }
    }
    if (tell && a->done)
        a->done(a->op.ctx, duplicates);
    for (size_t i = 0; i < a->n_events; i++)
        event_unref(a->events[i]);
    free(a);
}

static void copy_events(struct op_append *a, const struct journal_append *from, char **at)
{
    size_t n = a->n_events = from->n_events;
    a->events = take(at, n * sizeof(void *));
    a->identities = take(at, n * sizeof(*a->identities));
    a->has_identity = take(at, n * sizeof(*a->has_identity));
    a->is_unmatched = take(at, n * sizeof(*a->is_unmatched));
    a->is_duplicate = take(at, n * sizeof(*a->is_duplicate));
    for (size_t i = 0; i < n; i++) {
        a->events[i] = event_ref(from->events[i]);
        a->events[i]->seq = a->op.seq + (int64_t)i;
        a->has_identity[i] = from->has_identity && from->has_identity[i];
        a->is_unmatched[i] = from->is_unmatched && from->is_unmatched[i];
        a->is_duplicate[i] = false;
        if (a->has_identity[i])
            memcpy(a->identities[i], from->identities[i], sizeof(a->identities[i]));
    }
}

static size_t publication_len(const struct delivery_row *row)
{
    return row ? sizeof(*row) + row_len(row) : 0;
}

static const struct delivery_row *copy_publication(const struct delivery_row *from, char **at)
{
    if (!from)
        return NULL;
    struct delivery_row *row = take(at, sizeof(*row));
    *row = *from;
    copy_row(row, at);
    return row;
}

struct op *op_new_append(const struct journal_append *append, int64_t seq, journal_append_fn done,
                         void *ctx)
{
    enum op_kind kind = append->malformed.data ? OP_MALFORMED : OP_APPEND;
    size_t per_event = sizeof(void *) + IDENTITY_LEN + 3 * sizeof(bool);
    size_t bytes = append->channel.len + append->position.len + append->malformed.len +
                   append->malformed_error.len + publication_len(append->publication);
    assert(kind == OP_APPEND || append->n_events == 0);
    assert(kind == OP_MALFORMED || !append->publication);
    struct op_append *a = mem_alloc(sizeof(*a) + append->n_events * per_event + bytes);
    char *at = (char *)(a + 1);
    *a = (struct op_append){
        .op = op_base(kind, seq, ctx, finish_append),
        .channel = append->channel,
        .position = append->position,
        .malformed = append->malformed,
        .malformed_error = append->malformed_error,
        .done = done,
    };
    copy_events(a, append, &at);
    a->publication = copy_publication(append->publication, &at); /* aligned: there are no events */
    copy(&at, &a->channel);
    copy(&at, &a->position);
    copy(&at, &a->malformed);
    copy(&at, &a->malformed_error);
    return &a->op;
}

/* ---- Changing ------------------------------------------------------------------------------- */

static void finish_set_event(struct task *task, bool tell)
{
    struct op_set_event *set = op_set_event(op_of(task));
    if (tell && set->done)
        set->done(set->op.ctx);
    free(set);
}

struct op *op_new_set_event(int64_t seq, struct slice channel, enum event_state from,
                            enum event_state to, journal_done_fn done, void *ctx)
{
    struct op_set_event *set = mem_alloc(sizeof(*set) + channel.len);
    char *at = (char *)(set + 1);
    *set = (struct op_set_event){
        .op = op_base(OP_SET_EVENT, seq, ctx, finish_set_event),
        .channel = channel,
        .from = from,
        .to = to,
        .done = done,
    };
    copy(&at, &set->channel);
    return &set->op;
}

static void finish_put_delivery(struct task *task, bool tell)
{
    struct op_put_delivery *put = op_put_delivery(op_of(task));
    if (tell && put->done)
        put->done(put->op.ctx);
    free(put);
}

static size_t attempt_len(const struct attempt_row *a)
{
    return a ? sizeof(*a) + a->code.len + a->error.len + a->answer.len : 0;
}

static const struct attempt_row *copy_attempt(const struct attempt_row *from, char **at)
{
    if (!from)
        return NULL;
    struct attempt_row *a = take(at, sizeof(*a));
    *a = *from;
    copy(at, &a->code);
    copy(at, &a->error);
    copy(at, &a->answer);
    return a;
}

struct op *op_new_put_delivery(const struct delivery_row *row, enum delivery_state from,
                               const struct attempt_row *attempt, journal_done_fn done, void *ctx)
{
    struct op_put_delivery *put = mem_alloc(sizeof(*put) + row_len(row) + attempt_len(attempt));
    char *at = (char *)(put + 1);
    *put = (struct op_put_delivery){
        .op = op_base(OP_PUT_DELIVERY, delivery_event_seq(row->seq), ctx, finish_put_delivery),
        .from = from,
        .done = done,
        .row = *row,
        .attempt = copy_attempt(attempt, &at),
    };
    copy_row(&put->row, &at);
    return &put->op;
}

static void finish_put_letter(struct task *task, bool tell)
{
    struct op_put_letter *letter = op_put_letter(op_of(task));
    if (tell)
        letter->done(letter->put.op.ctx, letter->publication_seq);
    free(letter);
}

struct op *op_new_put_letter(const struct delivery_row *row, enum delivery_state from,
                             const struct attempt_row *attempt,
                             const struct delivery_row *publication, journal_letter_fn done,
                             void *ctx)
{
    struct op_put_letter *letter =
        mem_alloc(sizeof(*letter) + row_len(row) + attempt_len(attempt) + row_len(publication));
    char *at = (char *)(letter + 1);
    *letter = (struct op_put_letter){
        .put =
            {
                .op = op_base(OP_PUT_LETTER, delivery_event_seq(row->seq), ctx, finish_put_letter),
                .from = from,
                .row = *row,
                .attempt = copy_attempt(attempt, &at),
            },
        .publication = *publication,
        .done = done,
    };
    copy_row(&letter->put.row, &at);
    copy_row(&letter->publication, &at);
    return &letter->put.op;
}

static void finish_clear_results(struct task *task, bool tell)
{
    (void)tell;
    free(op_of(task));
}

struct op *op_new_clear_results(int64_t event_seq)
{
    struct op *op = mem_alloc(sizeof(*op));
    *op = op_base(OP_CLEAR_RESULTS, event_seq, NULL, finish_clear_results);
    return op;
}

static void finish_steer(struct task *task, bool tell)
{
    struct op_steer *steer = container_of(op_of(task), struct op_steer, op);
    if (tell && steer->done)
        steer->done(steer->op.ctx, steer->was_done);
    free(steer);
}

struct op *op_new_steer(const struct op_steer *like, int64_t seq, journal_steer_fn done, void *ctx)
{
    struct op_steer *steer = mem_alloc(sizeof(*steer) + like->text.len);
    char *at = (char *)(steer + 1);
    *steer = *like;
    steer->op = op_base(OP_STEER, seq, ctx, finish_steer);
    steer->done = done;
    copy(&at, &steer->text);
    return &steer->op;
}

static void finish_fence(struct task *task, bool tell)
{
    struct op_fence *fence = container_of(op_of(task), struct op_fence, op);
    if (tell)
        fence->done(fence->op.ctx);
    free(fence);
}

struct op *op_new_fence(journal_done_fn done, void *ctx)
{
    struct op_fence *fence = mem_alloc(sizeof(*fence));
    *fence = (struct op_fence){.op = op_base(OP_FENCE, 0, ctx, finish_fence), .done = done};
    return &fence->op;
}

size_t op_weight(struct op *op)
{
    return op->kind == OP_APPEND ? 1 + op_append(op)->n_events : 1;
}
