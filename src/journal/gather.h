/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * SQLite writes each page of a commit to its write-ahead log by two calls, one for a header and one
 * for the page. Here those that follow one another are gathered, and handed on as one before anything
 * else is done with the file: a commit is one write and one sync.
 *
 *     db_open(&db, path, DB_WRITE, &err) …  // synchronous = FULL
 *     …a statement that reads                // opens the log
 *     gather_log(db.handle);
 *
 * Only for a connection that syncs each commit: then no other one hears of a page before it is in the
 * file. A write that fails is told by the sync, which fails the commit in the same way.
 */
#ifndef LIAISON_JOURNAL_GATHER_H
#define LIAISON_JOURNAL_GATHER_H

#include <sqlite3.h>

/* Until SQLite closes the log. Does nothing where there is none yet, or where a commit may go on
   writing behind its sync, as it does on files in whose sectors a write leaves nothing alone. */
void gather_log(sqlite3 *handle);

#endif
