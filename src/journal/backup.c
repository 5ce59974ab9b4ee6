/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A copy of the journal as it stands at one moment, made beside whoever writes to it. It is one
 * file, and is checked before it gets its name, so that a file of that name is one that a daemon
 * goes on with.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "journal/files.h"
#include "journal/journal.h"
#include "journal/reader.h"
#include "journal/salvage.h"

/* All pages in one step, which is one view of them. */
static int copy_pages(struct db *from, struct db *to, struct err *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->handle, "main", from->handle, "main");
    if (backup)
        sqlite3_backup_step(backup, -1);
    int code = backup ? sqlite3_backup_finish(backup) : sqlite3_errcode(to->handle);
    if (code == SQLITE_OK)
        return 0;
    return err_set(err, (code & 0xFF) == SQLITE_FULL ? ERR_FULL : ERR_IO,
                   "cannot copy %s to %s: %s", from->path, to->path, sqlite3_errstr(code));
}

/* What happens behind the copy isn't known to who goes back to it: the numbers given by then aren't
   given again, since ids are made of them. */
static int complete(struct db *to, struct err *err)
{
    if (db_run_sql(to, SQL_JOURNAL_MODE_DELETE, err) < 0)
        return -1;
    sqlite3_stmt *s = db_statement(to, SQL_SKIP_SEQS, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, SALVAGE_GAP);
    return db_run(to, s, err);
}

static int make_copy(struct journal_reader *r, const char *path, struct err *err)
{
    struct db to = {0};
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set_errno(err, errno == EEXIST ? ERR_EXISTS : ERR_IO, errno, "cannot make %s",
                             path);
    int rc = db_open(&to, path, DB_MEND, err);
    if (rc == 0)
        rc = copy_pages(&r->db, &to, err);
    if (rc == 0)
        rc = complete(&to, err);
    db_close(&to);
    if (rc == 0 && fsync(fd) < 0)
        rc = err_set_errno(err, ERR_IO, errno, "cannot write %s", path);
    close(fd);
    return rc;
}

static void take_damage(void *ctx, const struct journal_finding *finding)
{
    struct err *damage = ctx;
    if (damage->code == ERR_NONE && strcmp(finding->code, "page") == 0)
        err_set(damage, ERR_CORRUPT, "%s", finding->text);
}

/* What a daemon goes on with, such as sums that don't fit, is no reason to have no copy of it. */
static int check_copy(const char *path, int *faults, struct err *err)
{
    struct err damage = {0};
    struct journal_reader *copy = journal_reader_open(path, err);
    if (!copy)
        return -1;
    *faults = journal_check(copy, take_damage, &damage, err);
    journal_reader_close(copy);
    if (damage.code != ERR_NONE)
        return err_set(err, damage.code, "%s", damage.message);
    return *faults < 0 ? -1 : 0;
}

/* Under its name, unless that is taken by now. */
static int name_copy(const char *partial, const char *to, struct err *err)
{
    if (renameat2(AT_FDCWD, partial, AT_FDCWD, to, RENAME_NOREPLACE) < 0)
        return err_set_errno(err, errno == EEXIST ? ERR_EXISTS : ERR_IO, errno,
                             "cannot make %s of %s", to, partial);
    return files_sync_folder(to, err);
}

static int make_and_check(struct journal_reader *r, const char *partial, const char *to,
                          int *faults, struct err *err)
{
    int rc = make_copy(r, partial, err);
    if (rc < 0 && err->code == ERR_EXISTS)
        return err_set(err, ERR_EXISTS,
                       "%s is there: another backup makes it, or didn't finish, then remove it",
                       partial);
    if (rc == 0)
        rc = check_copy(partial, faults, err);
    if (rc == 0)
        rc = name_copy(partial, to, err);
    if (rc < 0)
        unlink(partial);
    if (rc < 0 && err->code == ERR_CORRUPT)
        err_prefix(err, "the journal is damaged, see liaison fsck; the first");
    return rc;
}

int journal_backup(const char *path, const char *to, struct err *err)
{
    int faults = 0;
    struct buf partial = {0};
    struct err why = {0};
    if (files_exist(to))
        return err_set(err, ERR_EXISTS, "%s is there already: choose another name", to);
    struct journal_reader *r = journal_reader_open(path, err);
    if (!r)
        return -1;
    buf_printf(&partial, "%s.partial", to);
    int rc = make_and_check(r, partial.data, to, &faults, &why);
    journal_reader_close(r);
    buf_deinit(&partial);
    return rc < 0 ? err_set(err, why.code, "%s", why.message) : faults;
}
