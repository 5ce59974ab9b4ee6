/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * One group of operations, one transaction. Knows rows and sums, but neither threads nor time.
 */
#ifndef LIAISON_JOURNAL_COMMIT_H
#define LIAISON_JOURNAL_COMMIT_H

#include "base/attr.h"
#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "journal/db.h"
#include "journal/feed.h"
#include "journal/files.h"
#include "journal/recent.h"
#include "journal/retain.h"
#include "journal/sums.h"

/* What the writer's connection and memory consist of; all borrowed. */
struct committer {
    struct db *db;
    struct feed *feed;
    struct sums *sums;
    struct recent *recent;
    const struct files_watch *files;
    struct log *log;
    bool one_by_one;  /* nothing is gathered */
    bool was_refused; /* something that was gathered wasn't as it was believed to be */
};

/* Applies the ops (struct op by task.link) in order, does a slice of retention unless `retain` is
   NULL, and commits. On -1 nothing has happened, neither on disk nor in memory. */
int commit_group(struct committer *c, struct list *ops, struct retain *retain,
                 struct err *err) must_check;

#endif
