/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * SQLite, as far as the journal needs it.
 */
#include "journal/db.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* Extended result codes tell I/O errors apart; the low byte is the primary one. */
static int primary(int code)
{
    return code & 0xFF;
}

static enum err_code err_code_of(int code, int system)
{
    switch (primary(code)) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return system == 0 ? ERR_CORRUPT : ERR_IO;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_IOERR:
        return system == ENOSPC || system == EDQUOT || system == EFBIG ? ERR_FULL : ERR_IO;
    default:
        return ERR_IO;
    }
}

static const char *reason_of(int code)
{
    switch (primary(code)) {
    case SQLITE_CORRUPT:
        return "the file is damaged";
    case SQLITE_NOTADB:
        return "the file is no SQLite database";
    case SQLITE_FULL:
        return "the disk is full";
    case SQLITE_BUSY:
        return "another program holds a lock on it";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return "it may not be written";
    case SQLITE_CANTOPEN:
        return "it can't be opened";
    case SQLITE_IOERR:
        return "input or output failed";
    default:
        return NULL;
    }
}

/* What the system said last of the write-ahead log, or else of the database; 0: nothing. */
static int files_errno(struct db *db)
{
    int system = 0;
    sqlite3_file *log = NULL;
    if (sqlite3_file_control(db->handle, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
        log && log->pMethods)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &system);
    if (system == 0)
        sqlite3_file_control(db->handle, NULL, SQLITE_FCNTL_LAST_ERRNO, &system);
    return system;
}

/* The system's errno behind an error, 0: none is known. Of a COMMIT's SQLite keeps it only with the
   file that was written to. What the system can't read SQLite calls damaged, too: so where that was
   the system's word since the connection was made, damage isn't believed. */
static int system_errno(struct db *db, int code)
{
    int system = sqlite3_system_errno(db->handle);
    if (primary(code) == SQLITE_CORRUPT || primary(code) == SQLITE_NOTADB) {
        system = files_errno(db);
        return system == EIO || system == ENXIO || system == ERANGE ? system : 0;
    }
    return system != 0 ? system : files_errno(db);
}

/* The last result code. For a header that names a format of schemas which doesn't exist SQLite has
   words alone (sqlite3InitOne): no journal of ours was made so, it is damaged. */
static int last_code(struct db *db)
{
    int code = sqlite3_extended_errcode(db->handle);
    bool is_format =
        code == SQLITE_ERROR && strcmp(sqlite3_errmsg(db->handle), "unsupported file format") == 0;
    return is_format ? SQLITE_CORRUPT : code;
}

/* Fills `err` with what went wrong last, "what PATH: reason"; returns -1. */
static int fail(struct db *db, struct err *err, const char *what)
{
    int code = last_code(db);
    int system = system_errno(db, code);
    enum err_code err_code = err_code_of(code, system);
    if (err_code == ERR_IO && (primary(code) == SQLITE_CORRUPT || primary(code) == SQLITE_NOTADB))
        code = SQLITE_IOERR;
    const char *reason = reason_of(code);
    bool by_system = primary(code) == SQLITE_IOERR || primary(code) == SQLITE_CANTOPEN;
    if (err_code == ERR_CORRUPT && db->damage.code == ERR_NONE)
        err_set(&db->damage, err_code, "%s %s: %s", what, db->path, reason);
    if (by_system && system != 0)
        return err_set_errno(err, err_code, system, "%s %s: %s", what, db->path, reason);
    return err_set(err, err_code, "%s %s: %s", what, db->path,
                   reason ? reason : sqlite3_errmsg(db->handle));
}

/* ---- Connections ---------------------------------------------------------------------------- */

static int configure(struct db *db, enum db_mode mode, struct err *err)
{
    sqlite3_busy_timeout(db->handle, 5000);
    if (mode != DB_WRITE)
        return 0;
    return db_exec(db, sql_text[SQL_CONFIGURE_WRITER], err);
}

int db_open(struct db *db, const char *path, enum db_mode mode, struct err *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    *db = (struct db){.path = mem_strdup(path)};
    /* Nobody asks how much SQLite has allocated, and counting it takes a mutex at each allocation. A
       connection's cache gets its pages one by one, as it needs them, not the first twenty at once.
       Refused once SQLite is in use, when it was done before. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
    int rc = sqlite3_open_v2(path, &db->handle, flags, NULL);
    if (!db->handle)
        die("out of memory for a database connection");
    if (rc != SQLITE_OK)
        return fail(db, err, "cannot open");
    return configure(db, mode, err);
}

bool db_was_unreadable(struct db *db)
{
    return system_errno(db, SQLITE_CORRUPT) != 0;
}

bool db_needs_mending(const struct db *db)
{
    return db->handle && sqlite3_extended_errcode(db->handle) == SQLITE_READONLY_ROLLBACK;
}

#define LOG_PAGES_MIN 16
#define LOG_PAGES_MAX 4000 /* written back at once, so that it seldom has to be */
#define LOG_BYTES_MIN (256 << 10)
#define LOG_BYTES_MAX (64 << 20) /* it may grow, and is cut to that */
#define LOG_PAGE_SIZE 8192

static int64_t bound(int64_t value, int64_t least, int64_t most)
{
    if (value < least)
        return least;
    return value > most ? most : value;
}

int db_bound_log(struct db *db, int64_t size_max, int64_t disk_free_min, struct err *err)
{
    char pragmas[128];
    int64_t share = size_max > 0 ? size_max / 32 : LOG_BYTES_MAX;
    if (disk_free_min > 0 && disk_free_min / 8 < share)
        share = disk_free_min / 8;
    int64_t pages = bound(share / LOG_PAGE_SIZE, LOG_PAGES_MIN, LOG_PAGES_MAX);
    int64_t bytes = bound(2 * share, LOG_BYTES_MIN, LOG_BYTES_MAX);
    sqlite3_snprintf(sizeof(pragmas), pragmas, sql_text[SQL_LOG_FORMAT], (int)pages,
                     (long long)bytes);
    return db_exec(db, pragmas, err);
}

int db_write_back(struct db *db, struct err *err)
{
    if (sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) !=
        SQLITE_OK)
        return fail(db, err, "cannot write");
    return 0;
}

int64_t db_bytes_written(struct db *db)
{
    int pages = 0, most;
    sqlite3_db_status(db->handle, SQLITE_DBSTATUS_CACHE_WRITE, &pages, &most, 0);
    return (int64_t)pages * LOG_PAGE_SIZE;
}

void db_trim(struct db *db)
{
    sqlite3_db_release_memory(db->handle);
}

void db_close(struct db *db)
{
    for (size_t i = 0; i < ARRAY_LEN(db->statements); i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->handle);
    free(db->path);
    *db = (struct db){0};
}

/* ---- Statements ----------------------------------------------------------------------------- */

sqlite3_stmt *db_statement(struct db *db, enum sql sql, struct err *err)
{
    sqlite3_stmt **s = &db->statements[sql];
    if (*s)
        sqlite3_reset(*s);
    else if (sqlite3_prepare_v3(db->handle, sql_text[sql], -1, SQLITE_PREPARE_PERSISTENT, s,
                                NULL) != SQLITE_OK)
        fail(db, err, "cannot use");
    return *s;
}

/* What a statement was about when it failed. To SQLite COMMIT only reads. */
static const char *failure_of(const struct db *db, sqlite3_stmt *s)
{
    if (s == db->statements[SQL_COMMIT])
        return "cannot commit to";
    return sqlite3_stmt_readonly(s) ? "cannot read" : "cannot write";
}

int db_step(struct db *db, sqlite3_stmt *s, struct err *err)
{
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        return 1;
    /* Filled in before the reset, which could change what is known of the error. */
    int rc = code == SQLITE_DONE ? 0 : fail(db, err, failure_of(db, s));
    sqlite3_reset(s);
    return rc;
}

int db_run(struct db *db, sqlite3_stmt *s, struct err *err)
{
    int rc = db_step(db, s, err);
    if (rc <= 0)
        return rc;
    sqlite3_reset(s);
    return 0;
}

int db_run_sql(struct db *db, enum sql sql, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql, err);
    return s ? db_run(db, s, err) : -1;
}

int db_exec(struct db *db, const char *sql, struct err *err)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fail(db, err, "cannot use");
    return 0;
}

int db_get_int(struct db *db, enum sql sql, int64_t *value, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql, err);
    int rc = s ? db_step(db, s, err) : -1;
    if (rc < 0)
        return -1;
    *value = rc > 0 ? sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return 0;
}

/* ---- Values --------------------------------------------------------------------------------- */

static void check_bound(int code)
{
    if (code != SQLITE_OK)
        die("cannot bind a value of a statement: %s", sqlite3_errstr(code));
}

void db_bind_text(sqlite3_stmt *s, int i, struct slice text)
{
    check_bound(sqlite3_bind_text64(s, i, text.data, text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void db_bind_blob(sqlite3_stmt *s, int i, struct slice bytes)
{
    check_bound(sqlite3_bind_blob64(s, i, bytes.data, bytes.len, SQLITE_STATIC));
}

void db_bind_str(sqlite3_stmt *s, int i, const char *text)
{
    db_bind_text(s, i, slice_str(text));
}

void db_bind_int(sqlite3_stmt *s, int i, int64_t value)
{
    check_bound(sqlite3_bind_int64(s, i, value));
}

void db_bind_time(sqlite3_stmt *s, int i, int64_t ms)
{
    if (ms == 0)
        check_bound(sqlite3_bind_null(s, i));
    else
        db_bind_int(s, i, ms);
}

static struct slice column(sqlite3_stmt *s, int i, const void *data)
{
    if (sqlite3_column_type(s, i) == SQLITE_NULL)
        return SLICE_NULL;
    /* An empty blob has no bytes to point to, but isn't absent. */
    return slice_of(data ? data : "", (size_t)sqlite3_column_bytes(s, i));
}

struct slice db_column_text(sqlite3_stmt *s, int i)
{
    return column(s, i, sqlite3_column_text(s, i));
}

struct slice db_column_blob(sqlite3_stmt *s, int i)
{
    return column(s, i, sqlite3_column_blob(s, i));
}

const char *db_column_str(sqlite3_stmt *s, int i)
{
    const unsigned char *text = sqlite3_column_text(s, i);
    return text ? (const char *)text : "";
}
