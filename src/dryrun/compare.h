/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What two versions of the scripts send for the same events: which requests stay, change, are new or
 * vanish, handler by handler and connector by connector, and how the first ones differ.
 *
 *     struct compare *c = compare_new(COMPARE_REQUESTS);
 *     …                                            // for each event, its two results as JSON
 *     if (compare_add(c, before, after, &err) < 0) …
 *     struct compare_counts counts = compare_counts(c);
 *     compare_add_json(&out, c);
 *     compare_free(c);
 *
 * Of a handler and connector those belong together that are equal, then those of one key and place;
 * of what is left, those of one connector and key, so that a handler's new name changes nothing, and at
 * last those of one handler and connector. A difference of what each send has anew (the Idempotency-Key that Liaison gives, a
 * trace) is none, nor is the order of an object's members.
 */
#ifndef LIAISON_DRYRUN_COMPARE_H
#define LIAISON_DRYRUN_COMPARE_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/slice.h"

struct compare;

enum compare_what {
    COMPARE_REQUESTS, /* of handlers and attempts */
    COMPARE_SENDS,    /* what handlers send, as it is before transformers and connectors */
};

struct compare_counts {
    size_t events, same, changed, new, vanished; /* all but events: requests */
};

struct compare *compare_new(enum compare_what what);
void compare_free(struct compare *c); /* accepts NULL */

/* One event: what dryrun_add_json says of it by the one version and by the other. -1 with
   ERR_INVALID, and nothing counted, when that isn't what it is. */
int compare_add(struct compare *c, struct slice before, struct slice after,
                struct err *err) must_check;

struct compare_counts compare_counts(const struct compare *c);

/* Appends all of it as one JSON object: { events, same, changed, new, vanished, rows: [{ handler,
   connector, same, changed, new, vanished }], changes: [{ event, handler, connector, key, kind,
   request, differences: […], more, reason }] }. The connector is null of what handlers ask by
   themselves; of sends there is no `request`. `changes` has the first three of each row; `differences` is as in places.h, `more`
   being how many it leaves off. */
void compare_add_json(struct buf *out, const struct compare *c);
/* The same to an object that is open, for what says more in it. */
void compare_add_members(struct json_writer *w, const struct compare *c);

#endif
