/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Between rows and structs: the parameters of the statements that write them, and the columns of
 * those that read them (see sql.c).
 */
#ifndef LIAISON_JOURNAL_ROW_H
#define LIAISON_JOURNAL_ROW_H

#include "event/event.h"
#include "event/record.h"
#include "journal/db.h"

/* Parameters 1 to 14 of SQL_INSERT_EVENT; the event's state is open. */
void row_bind_event(sqlite3_stmt *s, const struct event *event);
/* All of them, for a message that is no event. */
void row_bind_malformed(sqlite3_stmt *s, int64_t seq, struct slice channel, struct slice bytes,
                        int64_t at_ms);
/* Parameters 1 to 18 and 20 of SQL_INSERT_DELIVERY and SQL_UPDATE_DELIVERY. */
void row_bind_delivery(sqlite3_stmt *s, const struct delivery_row *row);
void row_bind_attempt(sqlite3_stmt *s, int64_t delivery, const struct attempt_row *attempt);

/* The event in a row, one reference the caller's. */
struct event *row_event(sqlite3_stmt *s, enum event_state *state);
/* Borrowed from the row. A state of no known name is read as new. */
void row_delivery(sqlite3_stmt *s, struct delivery_row *row);
void row_attempt(sqlite3_stmt *s, struct attempt_row *attempt);

#endif
