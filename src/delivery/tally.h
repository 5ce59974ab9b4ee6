/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What happened at a target since the process began, counted for people: nothing is decided by it.
 * The machine counts, whoever shows it reads target_tally (lanes.h).
 */
#ifndef LIAISON_DELIVERY_TALLY_H
#define LIAISON_DELIVERY_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "delivery/outcome.h"
#include "event/record.h"

/* Attempts that ended by one code. */
struct tally_code {
    int code; /* outcome_code's */
    uint64_t n;
};

#define TALLY_CAUSES 5
extern const char *const tally_causes[TALLY_CAUSES];

/* In place; between tally_init and tally_deinit. */
struct tally {
    struct tally_code *codes; /* those that there were, OUTCOME_CODES at most */
    size_t n_codes;
    uint64_t ended[DELIVERY_DROPPED + 1]; /* deliveries, by enum delivery_state: as machine_settle
                                             hands them to the journal */
    uint64_t dead[TALLY_CAUSES];          /* of the dead ones, by tally_causes */
    struct histogram attempts;            /* from an attempt's, or a run's, start to its end */
    struct histogram lives; /* from the receipt of a delivery's event to the delivery's end */
};

void tally_init(struct tally *t, const struct histogram_scale *attempts);
void tally_deinit(struct tally *t);
void tally_attempt(struct tally *t, const struct attempt_end *end);
/* `cause` is one of tally_causes where it is dead. */
void tally_end(struct tally *t, enum delivery_state final, const char *cause, int64_t lived_ms);
/* How many attempts ended by a code. */
uint64_t tally_of_code(const struct tally *t, int code);

#endif
