/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The write-ahead log, looked at without SQLite and before it: SQLite takes the commits up to the
 * first one that it can't read and forgets those behind it without a word, since a crash leaves
 * such a tail, too. Here the tail that a crash leaves is told from commits that were destroyed.
 *
 * The format: https://www.sqlite.org/fileformat2.html#walformat, and walformat.html for the shared
 * memory, which outlives a process that was killed and knows how much it had committed.
 */
#ifndef LIAISON_JOURNAL_WAL_H
#define LIAISON_JOURNAL_WAL_H

#include "base/attr.h"
#include "base/err.h"

/* Looks at the files beside the database `path`, which nobody may have open. 0: no commit is known
   to be lost. -1 with ERR_CORRUPT that says what is, or ERR_IO. */
int wal_inspect(const char *path, struct err *err) must_check;

#endif
