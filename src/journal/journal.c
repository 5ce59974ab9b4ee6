/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The journal as its users see it: opening and closing, and what they queue handed to the writer
 * and the reader. All of it on the loop thread.
 */
#include "journal/journal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "journal/files.h"
#include "journal/gather.h"
#include "journal/mend.h"
#include "journal/note.h"
#include "journal/objects.h"
#include "journal/reader.h"
#include "journal/salvage.h"
#include "journal/schema.h"
#include "journal/writer.h"

struct journal {
    struct journal_options options;
    char *path; /* what options.path points to */
    char id[JOURNAL_ID_LEN + 1];
    int lock;
    struct db db; /* the writer's */
    struct files_watch files;
    struct feed *feed;
    struct sums *sums;
    struct recent *recent;
    struct retain *retain;
    struct writer *writer;
    struct reads *reads;
    struct mailbox finished;
    int64_t next_seq;
    struct buf problem, refusal, damage_text;
    char *unconfirmed; /* NULL: nothing is */
    pthread_mutex_t mutex;
    char *damage; /* the first that was met, and when; under the mutex */
    int64_t damage_ms;
};

/* ---- Opening -------------------------------------------------------------------------------- */

static int check_mode(struct db *db, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, SQL_JOURNAL_MODE, err);
    int rc = s ? db_step(db, s, err) : -1;
    if (rc < 0)
        return -1;
    if (strcmp(db_column_str(s, 0), "wal") != 0)
        rc = err_set(err, ERR_IO,
                     "the file system of %s can't hold a journal (no shared memory for SQLite's "
                     "WAL): choose a local one",
                     db->path);
    sqlite3_reset(s);
    return rc < 0 ? -1 : 0;
}

static int read_id(struct journal *j, struct err *err)
{
    sqlite3_stmt *s = db_statement(&j->db, SQL_JOURNAL_ID, err);
    int rc = s ? db_step(&j->db, s, err) : -1;
    if (rc < 0)
        return -1;
    if (rc == 0 || strlen(db_column_str(s, 0)) != JOURNAL_ID_LEN)
        return err_set(err, ERR_CORRUPT, "%s has lost its own id", j->db.path);
    memcpy(j->id, db_column_str(s, 0), JOURNAL_ID_LEN);
    sqlite3_reset(s);
    return 0;
}

static int load_recent(struct journal *j, struct err *err)
{
    sqlite3_stmt *s = db_statement(&j->db, SQL_CHANNELS, err);
    int rc = -1;
    while (s && (rc = db_step(&j->db, s, err)) > 0) {
        if (recent_load(j->recent, db_column_text(s, 0), &j->db, err) < 0)
            return -1;
    }
    return rc;
}

/* What the writer keeps in memory, and the number of the next event. */
static int load(struct journal *j, struct err *err)
{
    int64_t last_seq;
    j->feed = feed_new(&j->db);
    j->sums = sums_new();
    j->recent = recent_new(JOURNAL_RECENT);
    if (read_id(j, err) < 0 || sums_load(j->sums, &j->db, err) < 0 || load_recent(j, err) < 0 ||
        db_get_int(&j->db, SQL_LAST_SEQ, &last_seq, err) < 0)
        return -1;
    j->next_seq = last_seq + 1;
    return 0;
}

/* Numbers of events that were lost aren't given again. The note stands until that is on disk: once
   the log has been read, nothing else tells of the loss. What the log still holds of lost commits
   goes, so that the next start doesn't find them once more. */
static int leave_gap(struct journal *j, struct err *err)
{
    if (!note_exists(j->options.path, NOTE_GAP))
        return 0;
    sqlite3_stmt *s = db_statement(&j->db, SQL_SKIP_SEQS, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, SALVAGE_GAP);
    if (db_run(&j->db, s, err) < 0 || db_write_back(&j->db, err) < 0)
        return -1;
    return note_remove(j->options.path, NOTE_GAP, err);
}

/* Indexes and views say nothing that the tables don't. */
static int remake_objects(struct journal *j, const struct schema *schema, size_t found,
                          struct err *err)
{
    struct buf made = {0};
    int rc = objects_remake(&j->db, schema, found, &made, err);
    if (rc == 0 && made.len > 0)
        log_warn(j->options.log, "journal: indexes or views were gone and are made anew",
                 LOG_STR("objects", made.data));
    buf_deinit(&made);
    return rc;
}

static int open_database(struct journal *j, struct err *err)
{
    const char *path = j->options.path;
    struct schema schema = schema_own();
    size_t found;
    if (schema_inspect(path, &schema, &found, err) < 0 || files_create(path, err) < 0 ||
        db_open(&j->db, path, DB_WRITE, err) < 0 || check_mode(&j->db, err) < 0)
        return -1;
    const struct journal_retention *retention = &j->options.retention;
    if (db_bound_log(&j->db, retention->size_max, retention->disk_free_min, err) < 0)
        return -1;
    int64_t now = clock_wall_ms(&j->options.clock);
    if (remake_objects(j, &schema, found, err) < 0 ||
        schema_migrate(&j->db, &schema, found, now, err) < 0)
        return -1;
    if (found > 0 && found < schema.version)
        log_info(j->options.log, "journal: brought to a newer schema, a copy is beside it",
                 LOG_STR("path", path), LOG_INT("from", (int64_t)found));
    if (leave_gap(j, err) < 0)
        return -1;
    if (load(j, err) < 0)
        return -1;
    db_trim(&j->db); /* of what making or checking it took; a daemon may stay idle for long */
    /* The log is there since the first statement that read. */
    gather_log(j->db.handle);
    return files_watch_init(&j->files, path, err);
}

static void close_database(struct journal *j)
{
    sums_free(j->sums);
    recent_free(j->recent);
    db_close(&j->db);
    feed_free(j->feed);
    files_watch_deinit(&j->files);
    j->feed = NULL;
    j->sums = NULL;
    j->recent = NULL;
}

static int open_or_replace(struct journal *j, struct err *err)
{
    const char *path = j->options.path;
    int64_t now = clock_wall_ms(&j->options.clock);
    struct err why = {0};
    if (mend_before_open(path, now, j->options.log, err) < 0)
        return -1;
    if (open_database(j, &why) < 0) {
        if (why.code != ERR_CORRUPT)
            return err_set(err, why.code, "%s", why.message);
        close_database(j);
        if (mend_damaged(path, why.message, now, j->options.log, err) < 0 ||
            open_database(j, err) < 0)
            return -1;
    }
    j->unconfirmed = note_read(path, NOTE_UNCONFIRMED);
    return 0;
}

static void notify(void *ctx)
{
    struct journal *j = ctx;
    if (j->options.notify)
        j->options.notify(j->options.ctx);
}

/* From the writer's or the reader's thread. */
static void take_damage(void *ctx, const char *text)
{
    struct journal *j = ctx;
    pthread_mutex_lock(&j->mutex);
    bool is_first = !j->damage;
    if (is_first) {
        j->damage = mem_strdup(text);
        j->damage_ms = clock_wall_ms(&j->options.clock);
    }
    pthread_mutex_unlock(&j->mutex);
    if (!is_first)
        return;
    mend_suspect(j->options.path, text, j->options.log);
    notify(j);
}

/* The writer knows of its own, which it may meet before journal.writer is set. */
static void take_readers_damage(void *ctx, const char *text)
{
    struct journal *j = ctx;
    writer_tell_damage(j->writer);
    take_damage(j, text);
}

static int start(struct journal *j, struct err *err)
{
    const struct reads_options reading = {
        .path = j->options.path,
        .finished = &j->finished,
        .notify = notify,
        .damaged = take_readers_damage,
        .ctx = j,
        .log = j->options.log,
        .stepped = j->options.stepped,
    };
    const struct retain_options retention = {
        .retention = j->options.retention,
        .disk_free = j->options.disk_free,
        .clock = j->options.clock,
        .db = &j->db,
        .sums = j->sums,
        .recent = j->recent,
        .log = j->options.log,
    };
    j->retain = retain_new(&retention);
    const struct writer_options writing = {
        .committer = {.db = &j->db,
                      .feed = j->feed,
                      .sums = j->sums,
                      .recent = j->recent,
                      .files = &j->files,
                      .log = j->options.log},
        .retain = j->retain,
        .clock = j->options.clock,
        .committed = &j->finished,
        .notify = notify,
        .damaged = take_damage,
        .ctx = j,
        .stepped = j->options.stepped,
    };
    j->reads = reads_new(&reading, err);
    if (!j->reads)
        return -1;
    j->writer = writer_new(&writing);
    return 0;
}

struct journal *journal_open(const struct journal_options *options, struct err *err)
{
    struct journal *j = mem_calloc(1, sizeof(*j));
    j->options = *options;
    j->options.path = j->path = mem_strdup(options->path);
    j->lock = -1;
    pthread_mutex_init(&j->mutex, NULL);
    mailbox_init(&j->finished);
    if (files_make_folder(options->path, err) < 0)
        goto fail;
    j->lock = files_lock(options->path, options->owner, err);
    if (j->lock < 0 || open_or_replace(j, err) < 0 || start(j, err) < 0)
        goto fail;
    return j;
fail:
    journal_close(j);
    return NULL;
}

/* ---- Closing -------------------------------------------------------------------------------- */

static void close_with(struct journal *j, bool flush)
{
    if (!j)
        return;
    reads_free(j->reads);
    writer_free(j->writer, flush);
    mailbox_deinit(&j->finished);
    retain_free(j->retain);
    close_database(j);
    files_unlock(j->lock);
    pthread_mutex_destroy(&j->mutex);
    buf_deinit(&j->problem);
    buf_deinit(&j->refusal);
    buf_deinit(&j->damage_text);
    free(j->unconfirmed);
    free(j->damage);
    free(j->path);
    free(j);
}

void journal_close(struct journal *j)
{
    close_with(j, true);
}

void journal_abandon(struct journal *j)
{
    close_with(j, false);
}

/* ---- The loop's side ------------------------------------------------------------------------ */

void journal_dispatch(struct journal *j)
{
    struct list tasks;
    list_init(&tasks);
    mailbox_take(&j->finished, &tasks);
    tasks_finish(&tasks, true);
}

bool journal_step(struct journal *j)
{
    assert(j->options.stepped);
    bool wrote = writer_step(j->writer);
    return reads_step(j->reads) || wrote;
}

bool journal_holder(const char *path, struct buf *owner)
{
    return files_is_locked(path, owner);
}

const char *journal_id(const struct journal *j)
{
    return j->id;
}

int64_t journal_next_seq(const struct journal *j)
{
    return j->next_seq;
}

size_t journal_queued(const struct journal *j)
{
    return writer_queued(j->writer);
}

const char *journal_problem(struct journal *j)
{
    return writer_problem(j->writer, &j->problem) ? j->problem.data : NULL;
}

enum err_code journal_problem_code(struct journal *j)
{
    return writer_problem_code(j->writer);
}

void journal_space(struct journal *j, struct journal_space *space)
{
    writer_space(j->writer, space);
}

void journal_commits(struct journal *j, struct histogram *out)
{
    writer_commits(j->writer, out);
}

/* Deliveries go on and what is over goes, so that each of these ends. */
static void explain_room(const struct journal_retention *retention,
                         const struct journal_space *space, struct buf *out)
{
    buf_clear(out);
    if (space->room == JOURNAL_FULL) {
        buf_add_str(out, "the journal is full: it holds ");
        text_add_size(out, space->bytes);
        buf_add_str(out, " of limits.journal, ");
        text_add_size(out, retention->size_max);
        buf_add_str(out, "; events are taken again when enough of what waits, and of the dead "
                         "letters, has ended");
    } else {
        buf_add_str(out, "the disk is short of room: ");
        text_add_size(out, space->disk_free);
        buf_add_str(out, " are free, limits.diskFree is ");
        text_add_size(out, retention->disk_free_min);
        buf_add_str(out, "; events are taken again when there is more, or enough in the journal "
                         "is over");
    }
}

const char *journal_refusal(struct journal *j)
{
    struct journal_space space;
    const char *problem = journal_problem(j);
    if (problem)
        return problem;
    writer_space(j->writer, &space);
    if (space.room == JOURNAL_HAS_ROOM)
        return NULL;
    explain_room(&j->options.retention, &space, &j->refusal);
    return j->refusal.data;
}

/* Where nothing has changed, the sweep under way goes on: reloads would begin it anew again and again. */
void journal_set_retention(struct journal *j, const struct journal_retention *retention)
{
    static_assert(sizeof(*retention) == 4 * sizeof(int64_t), "it has no gaps to compare");
    if (memcmp(&j->options.retention, retention, sizeof(*retention)) == 0)
        return;
    j->options.retention = *retention;
    writer_set_retention(j->writer, retention);
}

void journal_hold_letters(struct journal *j)
{
    writer_hold_letters(j->writer, 1);
}

void journal_release_letters(struct journal *j)
{
    writer_hold_letters(j->writer, -1);
}

const char *journal_damage(struct journal *j)
{
    pthread_mutex_lock(&j->mutex);
    const char *damage = j->damage; /* set once */
    pthread_mutex_unlock(&j->mutex);
    size_t n_held = writer_held(j->writer);
    if (!damage || n_held == 0)
        return damage;
    buf_clear(&j->damage_text);
    buf_printf(&j->damage_text, "%s; operations that can't be written, or wait behind such: %zu",
               damage, n_held);
    return j->damage_text.data;
}

int64_t journal_damage_ms(struct journal *j)
{
    pthread_mutex_lock(&j->mutex);
    int64_t ms = j->damage_ms;
    pthread_mutex_unlock(&j->mutex);
    return ms;
}

const char *journal_unconfirmed(struct journal *j)
{
    if (j->unconfirmed && !note_exists(j->options.path, NOTE_UNCONFIRMED)) {
        free(j->unconfirmed);
        j->unconfirmed = NULL;
    }
    return j->unconfirmed;
}

int64_t journal_unconfirmed_ms(struct journal *j)
{
    return j->unconfirmed ? note_written_ms(j->options.path, NOTE_UNCONFIRMED) : 0;
}

bool journal_is_unconfirmed(const char *path)
{
    return note_exists(path, NOTE_UNCONFIRMED);
}

int journal_confirm(const char *path, struct err *err)
{
    return note_remove(path, NOTE_UNCONFIRMED, err);
}

int64_t journal_stalled_ms(struct journal *j)
{
    int64_t queued_ms;
    if (!writer_oldest(j->writer, &queued_ms))
        return 0;
    int64_t ms = clock_mono_ms(&j->options.clock) - queued_ms;
    return ms > 0 ? ms : 0;
}

static void queue(struct journal *j, struct op *op)
{
    op->queued_ms = clock_mono_ms(&j->options.clock);
    op->at_ms = clock_wall_ms(&j->options.clock);
    writer_queue(j->writer, op);
}

void journal_append(struct journal *j, const struct journal_append *append, journal_append_fn done,
                    void *ctx)
{
    assert(append->channel.data);
    struct op *op = op_new_append(append, j->next_seq, done, ctx);
    j->next_seq += (int64_t)append->n_events + (append->malformed.data != NULL);
    queue(j, op);
}

void journal_set_event(struct journal *j, int64_t seq, struct slice channel, enum event_state from,
                       enum event_state to, journal_done_fn done, void *ctx)
{
    assert(channel.data && from != EVENT_NEW && to != EVENT_NEW);
    queue(j, op_new_set_event(seq, channel, from, to, done, ctx));
}

void journal_put_delivery(struct journal *j, const struct delivery_row *row,
                          enum delivery_state from, const struct attempt_row *attempt,
                          journal_done_fn done, void *ctx)
{
    assert(row->id.data && row->state != DELIVERY_NEW);
    queue(j, op_new_put_delivery(row, from, attempt, done, ctx));
}

void journal_put_letter(struct journal *j, const struct delivery_row *row, enum delivery_state from,
                        const struct attempt_row *attempt, const struct delivery_row *publication,
                        journal_letter_fn done, void *ctx)
{
    assert(row->id.data && row->state == DELIVERY_DEAD && publication->connector.data);
    queue(j, op_new_put_letter(row, from, attempt, publication, done, ctx));
}

static void steer(struct journal *j, const struct op_steer *like, int64_t seq,
                  journal_steer_fn done, void *ctx)
{
    queue(j, op_new_steer(like, seq, done, ctx));
}

void journal_edit_letter(struct journal *j, int64_t seq, struct slice data, journal_steer_fn done,
                         void *ctx)
{
    const struct op_steer edit = {.kind = STEER_EDIT, .number = seq, .text = data};
    steer(j, &edit, delivery_event_seq(seq), done, ctx);
}

void journal_set_paused(struct journal *j, struct slice connector, bool is_paused,
                        journal_steer_fn done, void *ctx)
{
    const struct op_steer pause = {.kind = is_paused ? STEER_PAUSE : STEER_RESUME,
                                   .text = connector};
    steer(j, &pause, 0, done, ctx);
}

void journal_note_batches(struct journal *j, struct slice connector)
{
    const struct op_steer batcher = {.kind = STEER_BATCHER, .text = connector};
    steer(j, &batcher, 0, NULL, NULL);
}

void journal_begin_replay(struct journal *j, struct slice wish, int64_t through,
                          journal_steer_fn done, void *ctx)
{
    const struct op_steer begin = {.kind = STEER_BEGIN_REPLAY, .text = wish};
    steer(j, &begin, through, done, ctx);
}

void journal_replay_event(struct journal *j, int64_t seq, struct slice handler, bool is_forced,
                          journal_steer_fn done, void *ctx)
{
    const struct op_steer replay = {.kind = STEER_REPLAY, .is_forced = is_forced, .text = handler};
    steer(j, &replay, seq, done, ctx);
}

void journal_pass_replay(struct journal *j, int64_t seq, int64_t n_refused)
{
    const struct op_steer pass = {.kind = STEER_PASS, .number = n_refused};
    steer(j, &pass, seq, NULL, NULL);
}

void journal_end_replay(struct journal *j, journal_steer_fn done, void *ctx)
{
    const struct op_steer end = {.kind = STEER_END_REPLAY};
    steer(j, &end, 0, done, ctx);
}

void journal_put_scripts(struct journal *j, int64_t version, struct slice hash)
{
    const struct op_steer scripts = {.kind = STEER_SCRIPTS, .number = version, .text = hash};
    steer(j, &scripts, 0, NULL, NULL);
}

void journal_clear_results(struct journal *j, int64_t event_seq)
{
    queue(j, op_new_clear_results(event_seq));
}

void journal_when_kept(struct journal *j, journal_done_fn done, void *ctx)
{
    queue(j, op_new_fence(done, ctx));
}

void journal_read(struct journal *j, journal_job_fn job, journal_done_fn done, void *ctx)
{
    reads_queue(j->reads, job, done, ctx);
}
