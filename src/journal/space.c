/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "journal/space.h"

#include <sys/statvfs.h>

/* Shares of the limit, in percent. What is over goes from the first on; no events are taken from
   the second on, since deliveries that wait still write how their attempts end, and taken again
   below the third. */
#define PRESSED_PERCENT 80
#define FULL_PERCENT 95
#define ROOM_PERCENT 90

/* Set aside for the write-ahead log, which comes and goes: what is judged must not go with it. */
#define LOG_SHARE 8 /* of the limit, one part */
#define LOG_SHARE_MAX (INT64_C(64) << 20)

static int64_t ask_disk_free(const char *path)
{
    struct statvfs st;
    if (statvfs(path, &st) < 0)
        return -1;
    return (int64_t)st.f_bavail * (int64_t)st.f_frsize;
}

/* ---- Looking -------------------------------------------------------------------------------- */

static int64_t log_bytes(struct db *db)
{
    sqlite3_file *log = NULL;
    sqlite3_int64 size = 0;
    if (sqlite3_file_control(db->handle, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK ||
        !log || !log->pMethods || log->pMethods->xFileSize(log, &size) != SQLITE_OK)
        return 0;
    return size;
}

/* A pragma is compiled anew each time that it is run: the size, which stays, is asked for once. */
static int read_pages(struct space *s, struct db *db, int64_t *used, int64_t *unused,
                      struct err *err)
{
    int64_t pages, freed;
    if (s->page_size == 0 && db_get_int(db, SQL_PAGE_SIZE, &s->page_size, err) < 0)
        return -1;
    if (db_get_int(db, SQL_PAGE_COUNT, &pages, err) < 0 ||
        db_get_int(db, SQL_FREE_PAGES, &freed, err) < 0)
        return -1;
    *used = (pages - freed) * s->page_size;
    *unused = freed * s->page_size;
    return 0;
}

/* ---- Judging -------------------------------------------------------------------------------- */

/* Whether `value` is below `least`; once it was, whether it is below `again`. */
static bool is_below(int64_t value, int64_t least, int64_t again, bool was)
{
    return value < (was ? again : least);
}

static bool has_reached(const struct space *s, int64_t limit, int64_t percent)
{
    int64_t log = limit / LOG_SHARE < LOG_SHARE_MAX ? limit / LOG_SHARE : LOG_SHARE_MAX;
    if (s->log_bytes > log)
        log = s->log_bytes;
    return limit > 0 && s->shown.bytes - s->log_bytes + log >= limit / 100 * percent;
}

static bool is_full(const struct space *s, int64_t limit)
{
    return has_reached(s, limit, s->shown.room == JOURNAL_FULL ? ROOM_PERCENT : FULL_PERCENT);
}

static bool is_disk_short(const struct space *s, int64_t least)
{
    int64_t room = s->shown.disk_free + s->free_bytes;
    return s->shown.disk_free >= 0 &&
           is_below(room, least, least + least / 8, s->shown.room == JOURNAL_DISK_SHORT);
}

static bool is_pressed(const struct space *s, const struct journal_retention *retention)
{
    int64_t limit = retention->size_max, least = retention->disk_free_min;
    if (has_reached(s, limit, PRESSED_PERCENT))
        return true;
    /* The journal lives on in its own free pages, if it can have enough of them. */
    return s->shown.disk_free >= 0 && s->shown.disk_free < least &&
           s->shown.disk_free + s->free_bytes < least + least / 4;
}

int space_measure(struct space *s, struct db *db, const struct journal_retention *retention,
                  journal_disk_free_fn disk_free, struct err *err)
{
    int64_t used, unused;
    if (read_pages(s, db, &used, &unused, err) < 0)
        return -1;
    s->log_bytes = log_bytes(db);
    s->shown.bytes = used + s->log_bytes;
    s->free_bytes = unused;
    s->shown.disk_free = disk_free ? disk_free(db->path) : ask_disk_free(db->path);
    if (is_disk_short(s, retention->disk_free_min))
        s->shown.room = JOURNAL_DISK_SHORT;
    else
        s->shown.room = is_full(s, retention->size_max) ? JOURNAL_FULL : JOURNAL_HAS_ROOM;
    s->is_pressed = is_pressed(s, retention);
    s->is_urgent = s->is_pressed && (s->shown.room != JOURNAL_HAS_ROOM ||
                                     has_reached(s, retention->size_max, ROOM_PERCENT));
    return 0;
}
