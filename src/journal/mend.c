/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "journal/mend.h"

#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "journal/aside.h"
#include "journal/db.h"
#include "journal/files.h"
#include "journal/note.h"
#include "journal/wal.h"

int mend_damaged(const char *path, const char *why, int64_t now_ms, struct log *log,
                 struct err *err)
{
    if (aside_replace(path, why, now_ms, err) < 0)
        return err_prefix(err, "the journal is damaged (%s), and can't be set aside", why);
    log_error(log, "journal: damaged and set aside, a new one goes on with what could be read",
              LOG_STR("path", path), LOG_STR("error", why));
    return 0;
}

void mend_suspect(const char *path, const char *why, struct log *log)
{
    struct err err;
    log_error(log, "journal: found damaged, the next start sets it aside", LOG_STR("error", why));
    if (note_add(path, NOTE_SUSPECT, why, &err) < 0)
        log_error(log, "journal: the next start can't be told of the damage",
                  LOG_STR("error", err.message));
}

/* ---- Before opening ------------------------------------------------------------------------- */

static int64_t size_of(const char *path, const char *suffix)
{
    struct buf file = {0};
    struct stat st = {0};
    buf_printf(&file, "%s%s", path, suffix);
    int64_t size = stat(file.data, &st) < 0 ? 0 : (int64_t)st.st_size;
    buf_deinit(&file);
    return size;
}

/* A log is begun when the database has its first page on disk. Opened, SQLite would remove it. */
static int look_for_orphan(const char *path, int64_t now_ms, struct log *log, struct err *err)
{
    if (size_of(path, "") > 0 || size_of(path, "-wal") == 0)
        return 0;
    return mend_damaged(path, "the database file is empty or gone, while its log is there", now_ms,
                        log, err);
}

static int look_at_log(const char *path, int64_t now_ms, struct log *log, struct err *err)
{
    struct err found;
    if (wal_inspect(path, &found) == 0)
        return 0;
    if (found.code != ERR_CORRUPT)
        return err_set(err, found.code, "%s", found.message);
    /* An earlier start has, and came no further. */
    if (note_exists(path, NOTE_GAP))
        return 0;
    log_error(log, "journal: commits were lost, goes on with those before them",
              LOG_STR("error", found.message));
    return aside_keep_log(path, found.message, now_ms, err);
}

/* The first thing that SQLite's own check says; "ok" when nothing is wrong. */
static int check_pages(const char *path, struct err *verdict)
{
    struct db db;
    int rc = db_open(&db, path, DB_READ, verdict);
    sqlite3_stmt *s = rc == 0 ? db_statement(&db, SQL_CHECK_PAGES, verdict) : NULL;
    if (!s || db_step(&db, s, verdict) < 0)
        rc = -1;
    else if (db_was_unreadable(&db))
        rc = err_set(verdict, ERR_IO, "cannot read %s: input or output failed", path);
    else if (strcmp(db_column_str(s, 0), "ok") != 0)
        rc =
            err_set(verdict, ERR_CORRUPT, "SQLite finds %s damaged: %s", path, db_column_str(s, 0));
    db_close(&db);
    return rc;
}

/* What was met in use may have been the machine's, not the file's. */
static int look_at_suspect(const char *path, int64_t now_ms, struct log *log, struct err *err)
{
    struct err verdict = {0};
    if (!note_exists(path, NOTE_SUSPECT))
        return 0;
    log_info(log, "journal: was found damaged while it ran, is checked before it is used again");
    if (check_pages(path, &verdict) == 0)
        log_info(log, "journal: is sound");
    else if (verdict.code != ERR_CORRUPT)
        return err_set(err, verdict.code, "%s", verdict.message);
    else if (mend_damaged(path, verdict.message, now_ms, log, err) < 0)
        return -1;
    return note_remove(path, NOTE_SUSPECT, err);
}

int mend_before_open(const char *path, int64_t now_ms, struct log *log, struct err *err)
{
    if (aside_resume(path, now_ms, err) < 0 || look_for_orphan(path, now_ms, log, err) < 0)
        return -1;
    if (look_at_log(path, now_ms, log, err) < 0)
        return -1;
    return look_at_suspect(path, now_ms, log, err);
}
