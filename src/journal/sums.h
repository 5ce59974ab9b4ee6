/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The sums: how many events of each channel, and deliveries of each connector, are in which state.
 * The writer keeps them in memory, changes them as it changes rows, and writes the changed ones in
 * the transaction of those rows.
 */
#ifndef LIAISON_JOURNAL_SUMS_H
#define LIAISON_JOURNAL_SUMS_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"
#include "event/record.h"

struct db;
struct sums;

enum sum_scope {
    SUM_CHANNEL,
    SUM_CONNECTOR,
};

/* Of a channel: SUM_RECEIVED is the sum of those behind it. */
enum {
    SUM_RECEIVED,
    SUM_DUPLICATE,
    SUM_MALFORMED,
    SUM_UNMATCHED,
    SUM_CLOSED,
    SUM_EVENT_DEAD,
    SUM_EVENT_DROPPED,
    SUM_OPEN,
    SUM_CHANNEL_TERMS,
};

/* Of a connector: SUM_MADE is the sum of those behind it. */
enum {
    SUM_MADE,
    SUM_DELIVERED,
    SUM_DELIVERY_DEAD,
    SUM_SKIPPED,
    SUM_SUPERSEDED,
    SUM_DELIVERY_DROPPED,
    SUM_WAITING,
    SUM_CONNECTOR_TERMS,
};

#define SUM_TERMS_MAX 8

const char *sum_scope_name(enum sum_scope scope); /* "channel", "connector" */
int sum_scope_of(const char *name);               /* an enum sum_scope; -1: none has that name */
/* Terms of a scope, and their names; sum_term_of gives -1 for what is none. */
int sum_terms(enum sum_scope scope);
const char *sum_term_name(enum sum_scope scope, int term);
int sum_term_of(enum sum_scope scope, const char *name);
/* The term that counts the events or deliveries in a state; -1: none does (new ones). */
int sum_term_of_event(enum event_state state);
int sum_term_of_delivery(enum delivery_state state);

struct sums *sums_new(void);
void sums_free(struct sums *sums); /* accepts NULL */
/* Reads all that are stored. */
int sums_load(struct sums *sums, struct db *db, struct err *err) must_check;

/* Adds `by` to a term; nothing when term is -1. */
void sums_add(struct sums *sums, enum sum_scope scope, struct slice name, int term, int64_t by);

int64_t sums_value(struct sums *sums, enum sum_scope scope, struct slice name, int term);

/* Writes what was changed since the last sums_commit, in the open transaction. */
int sums_write(struct sums *sums, struct db *db, struct err *err) must_check;
void sums_commit(struct sums *sums);   /* what was written stands */
void sums_rollback(struct sums *sums); /* back to the last sums_commit */

#endif
