/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a group adds and closes, gathered for the committer: one statement takes all of it, where one
 * for each row would open and close the tables and their indexes each time. To SQLite the gathered
 * rows are tables, new_events and new_deliveries, on the writer's connection alone.
 *
 *     feed_add_event(feed, &row);          // nothing has happened yet
 *     feed_close_event(feed, seq);
 *     rc = feed_flush(feed, &err);         // now it has; the feed is empty again
 */
#ifndef LIAISON_JOURNAL_FEED_H
#define LIAISON_JOURNAL_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "event/event.h"
#include "event/record.h"
#include "journal/db.h"
#include "journal/row.h"

struct feed;

/* Makes the tables known to the connection, which has to be closed before the feed is freed. */
struct feed *feed_new(struct db *db);
void feed_free(struct feed *feed); /* accepts NULL */

/* What is added is borrowed until the flush. Before each: is there room? */
bool feed_is_full(const struct feed *feed);
void feed_add_event(struct feed *feed, const struct event_row *row);
void feed_add_delivery(struct feed *feed, const struct delivery_row *row);
/* An open event ends well. */
void feed_close_event(struct feed *feed, int64_t seq);

/* 1: all of it was done, and the feed is empty. 0: something was done, but a delivery's number was
   taken or an event wasn't open. -1 with err. In neither case is it known which: the transaction
   has to be rolled back, or the feed to have had but one thing in it. */
int feed_flush(struct feed *feed, struct err *err) must_check;
void feed_clear(struct feed *feed);

#endif
