/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A journal checked from outside: first its files, without SQLite, which would begin to mend what
 * there is to see, then what they hold.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/buf.h"
#include "journal/files.h"
#include "journal/journal.h"
#include "journal/note.h"
#include "journal/wal.h"

struct fsck {
    const char *path;
    journal_finding_fn found;
    void *ctx;
    int findings;
};

static void report(struct fsck *f, const char *code, const char *fmt, ...) printf_like(3, 4);

static void report(struct fsck *f, const char *code, const char *fmt, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    f->findings++;
    f->found(f->ctx, &(struct journal_finding){code, text.data});
    buf_deinit(&text);
}

const char *journal_advice(const char *code)
{
    static const char *const advice[][2] = {
        {"lost", "look at the file that was set aside, and at what the senders still have; then go "
                 "on with this journal (liaison fsck --confirm), or bring back a backup. No events "
                 "are taken until then"},
        {"suspect", "restart the daemon: it checks the file, and sets it aside if it is damaged"},
        {"log", "the next start keeps a copy of the log and goes on with what was committed before "
                "the damage; a backup made later, or the senders, have the rest"},
        {"file", "the next start sets the files aside and begins a new journal; bring back a "
                 "backup instead where there is one"},
        {"page", "restart the daemon: it sets the file aside and goes on in a new one with what "
                 "can be read of it; or bring back a backup"},
        {"data", "such an event or delivery ends as a dead letter; a backup may have it whole"},
        {"row", "the journal goes on; keep a copy of it, this is a fault of Liaison or of who "
                "changed the file"},
        {"sum", "the journal goes on, its numbers are wrong; keep a copy of it, this is a fault of "
                "Liaison or of who changed the file"},
        {"mode", "mend the modes or the mount: a daemon on it does not start"},
    };
    for (size_t i = 0; i < ARRAY_LEN(advice); i++) {
        if (strcmp(advice[i][0], code) == 0)
            return advice[i][1];
    }
    return "keep a copy of the journal before anything is done about it";
}

/* ---- Files ---------------------------------------------------------------------------------- */

static void check_notes(struct fsck *f)
{
    char *lost = note_read(f->path, NOTE_UNCONFIRMED), *met = note_read(f->path, NOTE_SUSPECT);
    if (lost)
        report(f, "lost", "%s", lost);
    if (met)
        report(f, "suspect", "damage was met while a daemon ran: %s", met);
    free(lost);
    free(met);
}

static void check_mode(struct fsck *f, const struct stat *st)
{
    struct statvfs fs;
    if (!(st->st_mode & S_IWUSR))
        report(f, "mode", "%s may not be written by its owner", f->path);
    if (statvfs(f->path, &fs) == 0 && fs.f_flag & ST_RDONLY)
        report(f, "mode", "%s is on a file system that is mounted read-only", f->path);
}

static bool has_log(const struct fsck *f)
{
    struct buf log = {0};
    struct stat st;
    buf_printf(&log, "%s-wal", f->path);
    bool has = stat(log.data, &st) == 0 && st.st_size > 0;
    buf_deinit(&log);
    return has;
}

/* Whether what the files hold is worth looking at. */
static int check_files(struct fsck *f, bool *is_whole, struct err *err)
{
    struct stat st = {0};
    struct err log;
    bool exists = stat(f->path, &st) == 0;
    *is_whole = exists && st.st_size > 0;
    if (!exists && errno != ENOENT)
        return err_set_errno(err, ERR_IO, errno, "cannot open %s", f->path);
    if (exists)
        check_mode(f, &st);
    if (!*is_whole && has_log(f))
        report(f, "file", "%s is %s, while its log is there: it was truncated or removed", f->path,
               exists ? "empty" : "gone");
    else if (exists && !*is_whole)
        report(f, "file", "%s is empty: no daemon has written to it yet, or it was truncated",
               f->path);
    else if (!exists)
        return err_set_errno(err, ERR_NOT_FOUND, ENOENT, "cannot open the journal %s", f->path);
    /* With a daemon on it the log is in motion. */
    if (!*is_whole || files_is_locked(f->path, NULL) || wal_inspect(f->path, &log) == 0)
        return 0;
    if (log.code != ERR_CORRUPT)
        return err_set(err, log.code, "%s", log.message);
    report(f, "log", "%s", log.message);
    *is_whole = false;
    return 0;
}

/* ---- All of it ------------------------------------------------------------------------------ */

static int check_content(struct fsck *f, struct err *err)
{
    struct err why = {0};
    struct journal_reader *r = journal_reader_open(f->path, &why);
    int faults = r ? journal_check(r, f->found, f->ctx, &why) : -1;
    journal_reader_close(r);
    if (faults >= 0)
        f->findings += faults;
    else if (why.code == ERR_CORRUPT)
        report(f, "page", "%s", why.message);
    else
        return err_set(err, why.code, "%s", why.message);
    return 0;
}

int journal_fsck(const char *path, journal_finding_fn found, void *ctx, struct err *err)
{
    struct fsck f = {.path = path, .found = found, .ctx = ctx};
    bool is_whole;
    check_notes(&f);
    if (check_files(&f, &is_whole, err) < 0 || (is_whole && check_content(&f, err) < 0))
        return -1;
    return f.findings;
}
