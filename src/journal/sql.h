/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * All SQL of the journal, as one table. What a statement's parameters and columns are stands with
 * it in sql.c.
 */
#ifndef LIAISON_JOURNAL_SQL_H
#define LIAISON_JOURNAL_SQL_H

#include <stddef.h>

enum sql {
    /* connections and transactions */
    SQL_CONFIGURE_WRITER,
    SQL_JOURNAL_MODE,
    SQL_BEGIN_WRITE,
    SQL_BEGIN_READ,
    SQL_COMMIT,
    SQL_ROLLBACK,

    /* the schema */
    SQL_APPLICATION_ID,
    SQL_USER_VERSION,
    SQL_COUNT_OBJECTS,
    SQL_INSERT_SCHEMA,
    SQL_SET_VERSION,
    SQL_MARK_FORMAT, /* for printf, with application id and version: pragmas take no parameters */
    SQL_JOURNAL_ID,
    SQL_LAST_SEQ,
    SQL_COPY,

    /* writing */
    SQL_INSERT_EVENT,
    SQL_SET_EVENT,
    SQL_INSERT_DELIVERY,
    SQL_UPDATE_DELIVERY,
    SQL_NEXT_PUBLICATION,
    SQL_PUT_ATTEMPT,
    SQL_TRIM_ATTEMPTS,
    SQL_CLEAR_RESULTS,
    SQL_PUT_POSITION,
    SQL_PUT_SUM,

    /* room and retention */
    SQL_PAGE_COUNT,
    SQL_FREE_PAGES,
    SQL_PAGE_SIZE,
    SQL_LOG_FORMAT, /* for printf, with pages and bytes */
    SQL_RETAIN_SPAN,
    SQL_RETAIN_AGE,
    SQL_RETAIN_HELD,
    SQL_RETAIN_IDENTITIES,
    SQL_KEEP_IDENTITY,
    SQL_OLDEST_IDENTITY,
    SQL_FORGET_IDENTITY,
    SQL_REMOVE_ATTEMPTS,
    SQL_REMOVE_DELIVERIES,
    SQL_REMOVE_EVENTS,
    SQL_SET_LAST_SEQ,
    SQL_RETAIN_LETTER,
    SQL_DROP_LETTER,
    SQL_DROP_EVENT,

    /* reading */
    SQL_CHANNELS,
    SQL_RECENT,
    SQL_SUMS,
    SQL_REACH,
    SQL_POSITION,
    SQL_EVENT,
    SQL_EVENTS_ALL, /* …_ALL and the like: upwards, and behind it downwards */
    SQL_EVENTS_ALL_DOWN,
    SQL_EVENTS_OPEN,
    SQL_EVENTS_OPEN_DOWN,
    SQL_DELIVERY,
    SQL_DELIVERIES_OF_EVENT,
    SQL_DELIVERIES_ALL,
    SQL_DELIVERIES_ALL_DOWN,
    SQL_DELIVERIES_DEAD,
    SQL_DELIVERIES_DEAD_DOWN,
    SQL_DELIVERIES_WAITING,
    SQL_DELIVERIES_WAITING_DOWN,
    SQL_DELIVERIES_OF_CONNECTOR,
    SQL_DELIVERIES_OF_CONNECTOR_DOWN,
    SQL_DELIVERIES_OF_KEY,
    SQL_DELIVERIES_OF_KEY_DOWN,
    SQL_DELIVERIES_OF_HANDLERS,
    SQL_DELIVERIES_OF_HANDLERS_DOWN,
    SQL_ATTEMPTS,

    /* checking */
    SQL_CHECK_PAGES,
    SQL_CHECK_EVENT_STATES,
    SQL_CHECK_DELIVERY_STATES,
    SQL_CHECK_ORPHANS,
    SQL_CHECK_ORPHAN_ATTEMPTS,
    SQL_CHECK_DEAD_EVENTS,
    SQL_CHECK_MALFORMED_EVENTS,
    SQL_CHECK_WAITING_RUNS,
    SQL_COUNT_EVENTS,
    SQL_COUNT_DELIVERIES,

    /* salvaging; …_FORMAT are for printf */
    SQL_SALVAGE_COLUMNS,
    SQL_SALVAGE_SEEK_FORMAT,
    SQL_SALVAGE_ROW_FORMAT,
    SQL_SALVAGE_ALL_FORMAT,
    SQL_SALVAGE_INSERT_FORMAT,
    SQL_SALVAGE_SCHEMA,
    SQL_SALVAGE_PUT_SCHEMA,
    SQL_SALVAGE_HAS_DELIVERY,
    SQL_SALVAGE_NEXT_OPEN,
    SQL_SALVAGE_NEXT_DELIVERY,
    SQL_SALVAGE_DROP_RUNS,
    SQL_SALVAGE_DROP_DELIVERIES,
    SQL_SALVAGE_ADD_EVENTS,
    SQL_SALVAGE_CLOSE_EVENTS,
    SQL_SALVAGE_DROP_EVENTS,
    SQL_SALVAGE_COUNTS,
    SQL_SALVAGE_FIT_EVENTS,
    SQL_SALVAGE_FIT_DELIVERIES,
    SQL_SALVAGE_FIT_OPEN,
    SQL_SALVAGE_FIT_WAITING,
    SQL_SALVAGE_FIT_TERMS,
    SQL_SALVAGE_FIT_DROPPED,
    SQL_SALVAGE_FIT_TOTALS,
    SQL_SKIP_SEQS,

    SQL_COUNT, /* their number */
};

extern const char *const sql_text[SQL_COUNT];

/* What makes each version of the schema from the one before it: [0] makes version 1 of nothing. */
extern const char *const sql_migrations[];
extern const size_t sql_migrations_count;

#define SQL_APPLICATION 0x4C696169 /* "Liai": tells our files from other SQLite databases */

#endif
