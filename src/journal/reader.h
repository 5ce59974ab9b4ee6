/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Reading views (struct journal_reader, whose queries are journal.h's) and the thread that runs
 * queued reads on one.
 */
#ifndef LIAISON_JOURNAL_READER_H
#define LIAISON_JOURNAL_READER_H

#include "journal/db.h"
#include "journal/journal.h"
#include "journal/task.h"

struct journal_reader {
    struct db db;
};

/* The queue of reads, and its thread. */
struct reads;

struct reads_options {
    const char *path;
    struct mailbox *finished; /* where reads go that were run */
    void (*notify)(void *ctx);
    void (*damaged)(void *ctx, const char *text); /* the file was found damaged */
    void *ctx;
    struct log *log;
    bool stepped; /* no thread: reads_step works instead */
};

struct reads *reads_new(const struct reads_options *options, struct err *err) must_check;
/* Interrupts the read that runs, drops the others. Accepts NULL. */
void reads_free(struct reads *reads);
void reads_queue(struct reads *reads, journal_job_fn job, journal_done_fn done, void *ctx);
/* Only when stepped: runs what is queued; whether there was any. */
bool reads_step(struct reads *reads);

#endif
