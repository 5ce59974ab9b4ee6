/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * One connection to the journal's database, used by one thread at a time, with its prepared
 * statements. What SQLite says becomes a struct err that tells an operator what to do.
 */
#ifndef LIAISON_JOURNAL_DB_H
#define LIAISON_JOURNAL_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"
#include "journal/sql.h"

struct db {
    sqlite3 *handle;
    char *path;
    sqlite3_stmt *statements[SQL_COUNT]; /* prepared when first used */
    struct err damage;                   /* the first failure that was ERR_CORRUPT */
};

enum db_mode {
    DB_READ,
    DB_MEND,  /* reads, and rolls back what an interrupted transaction left in the file */
    DB_WRITE, /* also sets what a writer needs */
};

/* Opens an existing file. db_close after failure, too. */
int db_open(struct db *db, const char *path, enum db_mode mode, struct err *err) must_check;
void db_close(struct db *db); /* of a zeroed one: nothing */

/* Keeps the write-ahead log small beside a journal of at most `size_max` bytes, and beside what has
   to stay free on its disk; 0: any. */
int db_bound_log(struct db *db, int64_t size_max, int64_t disk_free_min,
                 struct err *err) must_check;
/* Writes all that the log holds into the file, and syncs it. Closing does so too, but says nothing
   when it fails. */
int db_write_back(struct db *db, struct err *err) must_check;
/* By this connection since it was opened, what was committed to the write-ahead log. */
int64_t db_bytes_written(struct db *db);
/* Gives back the memory of pages that nothing uses just now. */
void db_trim(struct db *db);
/* Whether the system could not read what was asked for, since it was opened: SQLite may call that
   damage. */
bool db_was_unreadable(struct db *db);
/* Whether the last failure was that the file has to be opened as DB_MEND first. */
bool db_needs_mending(const struct db *db);

/* A statement of the table, reset and ready to be bound; NULL with err when it
   can't be prepared. */
sqlite3_stmt *db_statement(struct db *db, enum sql sql, struct err *err) must_check;
/* 1: a row stands in `s`; 0: no (more) rows, and `s` is reset; -1 with err, reset as well. */
int db_step(struct db *db, sqlite3_stmt *s, struct err *err) must_check;
/* Runs a statement that gives no rows. */
int db_run(struct db *db, sqlite3_stmt *s, struct err *err) must_check;
/* The same for a statement of the table that needs no parameters. */
int db_run_sql(struct db *db, enum sql sql, struct err *err) must_check;
/* Runs SQL text, of several statements maybe: schema.c's and pragmas. */
int db_exec(struct db *db, const char *sql, struct err *err) must_check;
/* The whole number that a one-row statement gives; NULL is 0. */
int db_get_int(struct db *db, enum sql sql, int64_t *value, struct err *err) must_check;

/* Binding borrows until the statement was run. What can't be bound ends the process: its size was
   bounded long before. */
void db_bind_text(sqlite3_stmt *s, int i, struct slice text); /* absent: NULL */
void db_bind_blob(sqlite3_stmt *s, int i, struct slice bytes);
void db_bind_str(sqlite3_stmt *s, int i, const char *text);
void db_bind_int(sqlite3_stmt *s, int i, int64_t value);
void db_bind_time(sqlite3_stmt *s, int i, int64_t ms); /* 0: NULL */

/* Borrowed until the statement's next step; NULL is absent (db_column_str: ""). */
struct slice db_column_text(sqlite3_stmt *s, int i);
struct slice db_column_blob(sqlite3_stmt *s, int i);
const char *db_column_str(sqlite3_stmt *s, int i);

#endif
