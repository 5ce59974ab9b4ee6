/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The newest identities of each channel, among which duplicates are found: in memory, in the order
 * of their arrival, with a hash table over them. For the writer, whose groups may fail: what was
 * added since the last recent_commit is taken back by recent_rollback.
 */
#ifndef LIAISON_JOURNAL_RECENT_H
#define LIAISON_JOURNAL_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"

#define IDENTITY_LEN 16

struct db;
struct recent;

/* Remembers `capacity` identities of each channel. */
struct recent *recent_new(size_t capacity);
void recent_free(struct recent *recent); /* accepts NULL */

/* Adds a channel's newest identities as they are stored, those of events that are gone among them,
   and commits them. */
int recent_load(struct recent *recent, struct slice channel, struct db *db,
                struct err *err) must_check;

/* Adds the identity as the channel's newest, unless it is one of its newest `capacity` already;
   whether it was added. */
bool recent_add(struct recent *recent, struct slice channel,
                const unsigned char identity[static IDENTITY_LEN]);
/* Whether it is one of the channel's newest `capacity`. */
bool recent_has(struct recent *recent, struct slice channel,
                const unsigned char identity[static IDENTITY_LEN]);
/* Events are found by blocks of 64 numbers in which their channel has identities. */
static inline int64_t recent_block(int64_t seq)
{
    return seq >> 6;
}
/* Notes that the channel's next identity belongs to that block; whether it is the first of its block
   that is known to do so. */
bool recent_enters_block(struct recent *recent, struct slice channel, int64_t block);

/* How many of a channel's identities are known. */
size_t recent_count(struct recent *recent, struct slice channel);

void recent_commit(struct recent *recent);
void recent_rollback(struct recent *recent);

#endif
