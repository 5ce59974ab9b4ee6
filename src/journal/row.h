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

/* An event as a group adds it; what it points to is borrowed. */
struct event_row {
    const struct event *event;
    int64_t seq;
    struct slice channel;          /* the one whose sums are changed */
    const unsigned char *identity; /* IDENTITY_LEN; NULL: none */
    enum event_state state;        /* CLOSED: once it isn't open any more */
};

/* The value of a column of the tables new_events and new_deliveries, borrowed. */
void row_give_event(sqlite3_context *value, int column, const struct event_row *row);
void row_give_delivery(sqlite3_context *value, int column, const struct delivery_row *row);
/* Parameters 1 to 18 and 20 to 23 of SQL_UPDATE_DELIVERY. */
void row_bind_delivery(sqlite3_stmt *s, const struct delivery_row *row);
void row_bind_attempt(sqlite3_stmt *s, int64_t delivery, const struct attempt_row *attempt);

/* The event in a row, one reference the caller's. */
struct event *row_event(sqlite3_stmt *s, enum event_state *state);
/* Borrowed from the row. A state of no known name is read as new. */
void row_delivery(sqlite3_stmt *s, struct delivery_row *row);
void row_attempt(sqlite3_stmt *s, struct attempt_row *attempt);

#endif
