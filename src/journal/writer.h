/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The writer: a thread that takes what is queued, commits it as a group, and takes the next. A
 * group that can't be committed is kept and tried again.
 *
 * Damage is no matter of time, and of a place: an operation that meets it is held, and the others
 * are committed without it. From then on so are held
 *
 *     whatever comes behind one that is held and is of the same event: its state tells what of it is
 *         still to be done, and its deliveries follow from one another
 *     fences behind any of these: who asks would read what is out of date
 *     all appends: none is acknowledged, and no position covers one that isn't there
 *
 * until the writer ends, without a word to who waits for them; and nothing is removed any more. For
 * a lane that is as if its last settle took that long. Where the sums can't be written, or nothing
 * at all, all is held in the end.
 */
#ifndef LIAISON_JOURNAL_WRITER_H
#define LIAISON_JOURNAL_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/histogram.h"
#include "journal/commit.h"
#include "journal/op.h"
#include "journal/task.h"

struct writer;

#define WRITER_GROUP_MAX 2000 /* rows a commit, so that none takes long */
#define WRITER_RETRY_MS 1000

struct writer_options {
    struct committer committer; /* what it points to outlives the writer */
    struct retain *retain;      /* likewise */
    struct clock clock;
    /* Where ops go whose commit is on disk, and what is called then, and when a problem comes or
       goes, or room does. From the writer's thread. */
    struct mailbox *committed;
    void (*notify)(void *ctx);
    void (*damaged)(void *ctx, const char *text); /* the file was found damaged */
    void *ctx;
    bool stepped; /* no thread: writer_step works instead */
};

struct writer *writer_new(const struct writer_options *options);
/* Drops what is queued, after committing it if `flush` and the disk doesn't
   refuse. Accepts NULL. */
void writer_free(struct writer *writer, bool flush);

void writer_queue(struct writer *writer, struct op *op);
/* Only when stepped: commits one group on this thread, without waiting; whether
   one was committed. */
bool writer_step(struct writer *writer);

/* Operations queued and not committed. */
size_t writer_queued(struct writer *writer);
/* How many of these are held. */
size_t writer_held(struct writer *writer);
/* When the oldest of the others was queued (its queued_ms); false when there is none. */
bool writer_oldest(struct writer *writer, int64_t *queued_ms);
/* Why commits fail now, put into `text`; false, and `text` empty, while they don't. */
bool writer_problem(struct writer *writer, struct buf *text);
/* What kind of problem that is; ERR_NONE while there is none. */
enum err_code writer_problem_code(struct writer *writer);
/* As of the last commit. */
void writer_space(struct writer *writer, struct journal_space *space);
/* How long commits of what was queued took, so far. */
void writer_commits(struct writer *writer, struct histogram *out);
/* The file was found damaged elsewhere: what isn't committed yet is held as if it had been here. */
void writer_tell_damage(struct writer *writer);
/* Retention follows this from now on. */
void writer_set_retention(struct writer *writer, const struct journal_retention *retention);
/* Adds to the number of those who hold dead letters. */
void writer_hold_letters(struct writer *writer, int by);

#endif
