/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An event as it is given to be tried: a CloudEvent, an object with type and data, or a recorded one
 * as the HTTP interface shows it, which keeps its number, channel and receipt. And a delivery of one.
 */
#ifndef LIAISON_DRYRUN_GIVEN_H
#define LIAISON_DRYRUN_GIVEN_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "dryrun/dryrun.h"
#include "event/event.h"

/* The id of events that bring none: always the same, so that trying repeats itself. */
#define GIVEN_ID "00000000-0000-7000-8000-000000000000"

/* `now_ms` is the receipt of what isn't recorded. The caller's reference; NULL with ERR_INVALID. */
struct event *given_event(struct slice json, int64_t now_ms, struct err *err) must_check;
/* One of this type, whose data `json` is. */
struct event *given_data(struct slice json, struct slice type, int64_t now_ms,
                         struct err *err) must_check;

/* In place. */
struct given_delivery {
    struct dryrun_send wish; /* for dryrun_attempt */
    struct buf texts[5];     /* what it borrows, and of the JSON its data */
};
/* Of an object: strings `id`, `connector`, `handler`, `key` and `transformer`, `data` of any kind, and the
   flag `wasUnknown`; what isn't there is absent. */
void given_delivery_init(struct given_delivery *d, struct slice json);
void given_delivery_deinit(struct given_delivery *d);

#endif
