/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a journal would do, without one.
 */
#include "fake_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct taken *new_taken(struct fake_host *h)
{
    if (h->n_taken == h->cap_taken) {
        h->cap_taken = 2 * h->cap_taken + 8;
        h->taken = mem_realloc(h->taken, h->cap_taken * sizeof(*h->taken));
    }
    struct taken *t = &h->taken[h->n_taken++];
    *t = (struct taken){.batch = h->n_batches};
    return t;
}

static void record(struct fake_host *h, const struct channel_batch *batch)
{
    struct taken *t = NULL;
    for (size_t i = 0; i < batch->n_events; i++) {
        t = new_taken(h);
        t->event = event_ref(batch->events[i]);
        t->has_identity = batch->identities && batch->has_identity[i];
        if (t->has_identity)
            t->identity = batch->identities[i];
    }
    if (batch->malformed.data) {
        assert_int_equal(batch->n_events, 0);
        t = new_taken(h);
        buf_add_slice(&t->malformed, batch->malformed);
        buf_add_slice(&t->error, batch->malformed_error);
    }
    assert_non_null(t);
    t->has_position = batch->position.data != NULL;
    buf_add_slice(&t->told, batch->position);
    h->n_batches++;
}

static int append(void *ctx, const struct channel_batch *batch, channel_kept_fn kept,
                  void *kept_ctx, struct err *err)
{
    struct fake_host *h = ctx;
    if (h->mode == FAKE_REFUSES) {
        h->n_refused++;
        return err_set(err, ERR_FULL, "the disk is full");
    }
    if (h->mode == FAKE_FORGETS)
        return 0;
    record(h, batch);
    if (h->n_unkept == h->cap_unkept) {
        h->cap_unkept = 2 * h->cap_unkept + 8;
        h->unkept = mem_realloc(h->unkept, h->cap_unkept * sizeof(*h->unkept));
    }
    h->unkept[h->n_unkept].fn = kept;
    h->unkept[h->n_unkept++].ctx = kept_ctx;
    return 0;
}

void fake_host_keep(struct fake_host *h, size_t n)
{
    assert_true(n <= h->n_unkept);
    for (size_t i = 0; i < n; i++)
        h->unkept[i].fn(h->unkept[i].ctx, h->duplicates);
    h->n_unkept -= n;
    memmove(h->unkept, h->unkept + n, h->n_unkept * sizeof(*h->unkept));
}

static void on_turn(void *ctx)
{
    struct fake_host *h = ctx;
    if (h->mode == FAKE_KEEPS && h->n_unkept > 0) {
        fake_host_keep(h, h->n_unkept);
        loop_hurry(h->host.loop);
    }
}

static void on_deadline(void *ctx)
{
    struct fake_host *h = ctx;
    h->is_late = true;
}

static void init(struct fake_host *h, struct loop *loop, struct http_client *http)
{
    assert_non_null(loop);
    assert_non_null(http);
    *h = (struct fake_host){0};
    rng_init(&h->rng, 42);
    h->host = (struct channel_host){
        .append = append,
        .ctx = h,
        .loop = loop,
        .http = http,
        .clock = clock_system(),
        .rng = &h->rng,
        .message_max = 16 * 1024 * 1024,
    };
    h->prepare = loop_prepare_new(loop, on_turn, h);
    h->deadline = loop_timer_new(loop, on_deadline, h);
}

void fake_host_init(struct fake_host *h)
{
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    init(h, loop, http_client_new(loop, "liaison-tests", &err));
}

void fake_host_join(struct fake_host *h, const struct fake_host *owner)
{
    init(h, owner->host.loop, owner->host.http);
    h->is_guest = true;
}

void fake_host_deinit(struct fake_host *h)
{
    for (size_t i = 0; i < h->n_taken; i++) {
        event_unref(h->taken[i].event);
        buf_deinit(&h->taken[i].malformed);
        buf_deinit(&h->taken[i].error);
        buf_deinit(&h->taken[i].told);
    }
    free(h->taken);
    free(h->unkept);
    loop_timer_free(h->deadline);
    loop_prepare_free(h->prepare);
    if (h->is_guest)
        return;
    http_client_free(h->host.http);
    loop_free(h->host.loop);
}

void fake_host_start_wait(struct fake_host *h, int64_t ms)
{
    h->is_late = false;
    loop_timer_start(h->deadline, ms);
}

void fake_host_spend(struct fake_host *h, int64_t ms)
{
    fake_host_start_wait(h, ms);
    while (!h->is_late)
        loop_turn(h->host.loop, true);
}
