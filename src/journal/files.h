/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The journal's files as the system sees them: its folder, its lock, its modes.
 */
#ifndef LIAISON_JOURNAL_FILES_H
#define LIAISON_JOURNAL_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* Makes the folder of `path` (mode 0700) where there is none; the folder above must exist. */
int files_make_folder(const char *path, struct err *err) must_check;

/* Makes an empty file of mode 0600 that survives a power failure; nothing when it exists. */
int files_create(const char *path, struct err *err) must_check;

/* What was written to the file is on disk. */
int files_sync(const char *path, struct err *err) must_check;
/* The new names and removals in the folder of `path` are on disk. */
int files_sync_folder(const char *path, struct err *err) must_check;
bool files_exist(const char *path);
/* Gives a file another name, in the same folder; nothing when there is none. */
int files_move(const char *from, const char *to, struct err *err) must_check;
/* Nothing when there is none. */
int files_remove(const char *path, struct err *err) must_check;
/* Copies a file, mode 0600, on disk when it returns; `to` must not exist. */
int files_copy(const char *from, const char *to, struct err *err) must_check;
/* Writes a small file that is all there or not at all, whatever happens meanwhile. */
int files_put_text(const char *path, struct slice text, struct err *err) must_check;

/* Which files a journal that is open consists of. What is written to files that nobody will find
   again isn't kept. */
struct files_watch {
    char *paths[2]; /* the database and its write-ahead log */
    dev_t devices[2];
    ino_t inodes[2];
};

/* Remembers the files that stand there now. files_watch_deinit after failure, too. */
int files_watch_init(struct files_watch *w, const char *path, struct err *err) must_check;
void files_watch_deinit(struct files_watch *w); /* of a zeroed one: nothing */
/* -1 with ERR_IO when one of them isn't there any more, or another in its place. */
int files_watch_check(const struct files_watch *w, struct err *err) must_check;

/* Takes the lock `path`.lock for as long as the returned descriptor is open, and writes `owner`
   into it; -1 with ERR_EXISTS that names the owner when another process (or journal) holds it. The
   file stays: removing it would let two hold locks on two files of that name. */
int files_lock(const char *path, const char *owner, struct err *err) must_check;
/* Whether anybody holds it now. What the holder wrote, which may be nothing, is appended to `owner`, where
   that isn't NULL. */
bool files_is_locked(const char *path, struct buf *owner);
/* Empties the lock's text and lets it go. */
void files_unlock(int lock);

#endif
