/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Reading beside the writer: in WAL mode neither waits for the other.
 */
#include "journal/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "journal/schema.h"

struct reads {
    struct reads_options options;
    struct journal_reader *reader;
    pthread_t thread;
    struct mailbox queue;
};

struct read {
    struct task task;
    journal_job_fn job;
    journal_done_fn done;
    void *ctx;
};

/* ---- Views ---------------------------------------------------------------------------------- */

/* The same moment for all that is read until the transaction ends. */
static int begin_view(struct journal_reader *r, struct err *err)
{
    return db_run_sql(&r->db, SQL_BEGIN_READ, err);
}

static struct journal_reader *open_reader(const char *path, struct err *err)
{
    struct journal_reader *r = mem_calloc(1, sizeof(*r));
    if (db_open(&r->db, path, DB_READ, err) == 0)
        return r;
    journal_reader_close(r);
    return NULL;
}

struct journal_reader *journal_reader_open(const char *path, struct err *err)
{
    struct schema schema = schema_own();
    size_t found;
    if (access(path, F_OK) < 0) {
        err_set_errno(err, ERR_NOT_FOUND, errno, "cannot open the journal %s", path);
        return NULL;
    }
    if (schema_inspect(path, &schema, &found, err) < 0)
        return NULL;
    if (found < schema.version) {
        err_set(err, ERR_INVALID,
                "%s is empty, or of an older Liaison: start the daemon on it once to bring it up "
                "to date",
                path);
        return NULL;
    }
    struct journal_reader *r = open_reader(path, err);
    if (r && begin_view(r, err) < 0) {
        journal_reader_close(r);
        return NULL;
    }
    return r;
}

void journal_reader_suspect(struct journal_reader *r, const char *fmt, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    if (r->db.damage.code == ERR_NONE)
        err_set(&r->db.damage, ERR_CORRUPT, "%s: %s", r->db.path, text.data);
    buf_deinit(&text);
}

void journal_reader_close(struct journal_reader *r)
{
    if (!r)
        return;
    db_close(&r->db);
    free(r);
}

/* ---- Queued reads --------------------------------------------------------------------------- */

static void finish_read(struct task *task, bool tell)
{
    struct read *read = container_of(task, struct read, task);
    if (tell && read->done)
        read->done(read->ctx);
    free(read);
}

static void end_view(struct reads *reads)
{
    struct db *db = &reads->reader->db;
    /* A job may have left a statement in the middle of its rows, which would keep the view. */
    for (size_t i = 0; i < ARRAY_LEN(db->statements); i++)
        sqlite3_reset(db->statements[i]);
    /* An I/O error has ended it already. */
    if (sqlite3_get_autocommit(db->handle))
        return;
    struct err err;
    if (db_run_sql(db, SQL_COMMIT, NULL) < 0 && !sqlite3_get_autocommit(db->handle) &&
        db_run_sql(db, SQL_ROLLBACK, &err) < 0)
        log_warn(reads->options.log, "journal: a view could not be ended",
                 LOG_STR("error", err.message));
}

static void run_read(struct reads *reads, struct task *task)
{
    struct read *read = container_of(task, struct read, task);
    struct err err = {0};
    /* Without its own view each query has one, which is worse, but not wrong. */
    bool begun = begin_view(reads->reader, &err) == 0;
    if (!begun)
        log_warn(reads->options.log, "journal: reading without a view of one moment",
                 LOG_STR("error", err.message));
    read->job(reads->reader, read->ctx);
    if (begun)
        end_view(reads);
    const struct err *damage = &reads->reader->db.damage;
    if (damage->code != ERR_NONE)
        reads->options.damaged(reads->options.ctx, damage->message);
    mailbox_push(reads->options.finished, task);
    reads->options.notify(reads->options.ctx);
}

static void run_all(struct reads *reads, struct list *tasks)
{
    while (!list_is_empty(tasks) && !mailbox_is_closed(&reads->queue)) {
        struct task *task = list_first(tasks, struct task, link);
        list_remove(&task->link);
        run_read(reads, task);
    }
}

static void *run(void *ctx)
{
    struct reads *reads = ctx;
    struct list tasks;
    list_init(&tasks);
    while (mailbox_wait(&reads->queue, &tasks))
        run_all(reads, &tasks);
    tasks_finish(&tasks, false);
    return NULL;
}

struct reads *reads_new(const struct reads_options *options, struct err *err)
{
    struct journal_reader *reader = open_reader(options->path, err);
    if (!reader)
        return NULL;
    struct reads *reads = mem_calloc(1, sizeof(*reads));
    reads->options = *options;
    reads->reader = reader;
    mailbox_init(&reads->queue);
    if (!options->stepped)
        tasks_start_thread(&reads->thread, "journal-reader", run, reads);
    return reads;
}

void reads_free(struct reads *reads)
{
    if (!reads)
        return;
    mailbox_close(&reads->queue);
    sqlite3_interrupt(reads->reader->db.handle);
    if (!reads->options.stepped)
        pthread_join(reads->thread, NULL);
    mailbox_deinit(&reads->queue);
    journal_reader_close(reads->reader);
    free(reads);
}

void reads_queue(struct reads *reads, journal_job_fn job, journal_done_fn done, void *ctx)
{
    struct read *read = mem_alloc(sizeof(*read));
    *read = (struct read){.task.finish = finish_read, .job = job, .done = done, .ctx = ctx};
    list_init(&read->task.link);
    mailbox_push(&reads->queue, &read->task);
}

bool reads_step(struct reads *reads)
{
    struct list tasks;
    list_init(&tasks);
    mailbox_take(&reads->queue, &tasks);
    bool any = !list_is_empty(&tasks);
    run_all(reads, &tasks);
    return any;
}
