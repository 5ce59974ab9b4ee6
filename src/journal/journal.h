/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The durable store of it all: one SQLite file in WAL mode that an analyst may open and query.
 *
 * One writer thread commits what was queued, as one group, and a millisecond later takes the next, or
 * at once where more waits than a group holds. Every operation is atomic, they take effect in the
 * order in which they were queued, and its `done` runs on the loop thread, from journal_dispatch, after its commit has reached the
 * disk (synchronous=FULL). Counters (the sums) commit with the rows that they count.
 *
 *     struct journal *j = journal_open(&options, &err);
 *     journal_append(j, &append, on_kept, self);          // queued
 *     …the writer commits, calls options.notify from its thread…
 *     journal_dispatch(j);                                // on the loop: on_kept runs
 *
 * A commit that fails (full disk, I/O error) is tried again until it works or the journal is
 * closed: what was queued stays queued, journal_problem tells why, and callers stop taking events
 * meanwhile.
 *
 * Where the file itself is damaged (journal_damage), the operations that meet it, and what must not
 * come before these, stay queued until the journal is closed; appends do, all of them. The others
 * are committed. writer.h says which is which.
 */
#ifndef LIAISON_JOURNAL_JOURNAL_H
#define LIAISON_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/histogram.h"
#include "base/log.h"
#include "base/slice.h"
#include "event/event.h"
#include "event/record.h"

struct journal;

#define JOURNAL_ID_LEN 32     /* hex digits of a journal's own random id */
#define JOURNAL_RECENT 200000 /* newest ids of a channel among which duplicates are found */

/* How long what is over is kept, and how much room there is. All are upper bounds, 0 being none:
   from 80 % of the size on, and on a disk that is short, what is over goes before its time, the
   oldest first. What waits is never removed, and dead letters only by their own time. */
struct journal_retention {
    int64_t delivered_ms; /* events that are over, with all that belongs to them, from receipt on */
    int64_t dead_ms;      /* dead letters, from their end on: then they count as dropped */
    int64_t size_max;     /* bytes of pages in use and of the write-ahead log */
    int64_t disk_free_min; /* bytes that are to stay free on the file system */
};

/* Bytes left on the file system of `path`, -1: not known. From the writer's thread. */
typedef int64_t (*journal_disk_free_fn)(const char *path);

struct journal_options {
    const char *path;
    const char *owner; /* written into the lock for who finds it taken: "pid 12, listening on …" */
    struct clock clock;
    struct log *log;
    void (*notify)(void *ctx); /* from the writer or reader thread: journal_dispatch has work */
    void *ctx;
    bool stepped; /* no threads: journal_step does one group, for simulations */
    struct journal_retention retention;
    journal_disk_free_fn disk_free; /* NULL: asks the system */
};

/* Creates (mode 0600, with its folder) or opens; takes the lock; migrates an older schema, of which
   it leaves a copy beside. A damaged one is set aside (see aside.h), and a new one opened that has
   what could still be read; journal_unconfirmed tells. Fails with ERR_EXISTS naming the holder when
   it is locked, ERR_NEWER when a newer version wrote it, ERR_INVALID when it is somebody else's
   database, ERR_FULL or ERR_IO; then nothing has been changed. */
struct journal *journal_open(const struct journal_options *options, struct err *err) must_check;
/* Commits what is queued (gives up on a disk that refuses), ends the threads, releases the lock.
   `done`s that haven't run never will. Accepts NULL. */
void journal_close(struct journal *j);
/* Closes without committing what is queued, as if the process had ended there: for simulations. */
void journal_abandon(struct journal *j);
/* Runs the `done` of what was committed or read. */
void journal_dispatch(struct journal *j);
/* Commits one group of what is queued and answers queued reads, on this thread; true when something
   was done, false also when the disk refused. Only when `stepped`. */
bool journal_step(struct journal *j);

/* Whether a process has the journal of that path open; what it said as its `owner` is appended. */
bool journal_holder(const char *path, struct buf *owner);

/* The random id given at its creation, NUL-terminated. */
const char *journal_id(const struct journal *j);
/* The seq that the next event appended gets. */
int64_t journal_next_seq(const struct journal *j);
/* Operations queued and not committed. */
size_t journal_queued(const struct journal *j);
/* Why commits fail now, NULL while they don't; valid until the next journal_dispatch. */
const char *journal_problem(struct journal *j);
/* What kind that is: ERR_FULL, a full disk; ERR_NONE while commits don't fail. */
enum err_code journal_problem_code(struct journal *j);
/* Why the file was found damaged since it was opened, and how many operations that holds up; NULL
   where it wasn't. No more events should be handed to it, and the next start sets it aside. Valid
   until the next call. */
const char *journal_damage(struct journal *j);
/* When that was, wall ms; 0 where it wasn't. */
int64_t journal_damage_ms(struct journal *j);
/* What was lost when it, or one before it, was opened, NULL when nothing was or a person has
   confirmed (journal_confirm, by whatever process). Valid until the next call. */
const char *journal_unconfirmed(struct journal *j);
/* When that was found, by whatever process, wall ms; 0 where nothing was. */
int64_t journal_unconfirmed_ms(struct journal *j);
/* How long the oldest queued operation has waited for its commit, in ms; 0 when none waits but for
   what damage holds up. */
int64_t journal_stalled_ms(struct journal *j);

/* ---- room ---- */

enum journal_room {
    JOURNAL_HAS_ROOM,
    JOURNAL_FULL,       /* it has reached its limit, but for what deliveries still write */
    JOURNAL_DISK_SHORT, /* less than disk_free_min is left, free pages of the journal included */
};

struct journal_space {
    int64_t bytes;     /* of pages in use and of the write-ahead log; 0: not looked at yet */
    int64_t disk_free; /* -1: not known */
    enum journal_room room;
    int64_t since_ms;  /* wall time at which `room` became so; 0: at the start */
    int64_t n_dropped; /* dead letters of connectors that went by age, since it was opened */
};

/* As of the last commit. */
void journal_space(struct journal *j, struct journal_space *space);
/* Why no more events are to be appended (all else goes on), NULL while they may be: there is no
   room, or commits fail. It ends by itself, and `notify` tells. Valid until the next call. */
const char *journal_refusal(struct journal *j);

/* How long each commit of what was queued took since it was opened, the disk's part included. */
void journal_commits(struct journal *j, struct histogram *out);

/* From now on, and for what there is; how long the write-ahead log may grow stays until the next open. */
void journal_set_retention(struct journal *j, const struct journal_retention *retention);
/* While held, retention drops no dead letter: for those who read one and then change it. What is
   read after an operation queued later stands until it is released. Counted. */
void journal_hold_letters(struct journal *j);
void journal_release_letters(struct journal *j);

/* ---- events ---- */

/* Called once for a whole append. `duplicates` of the events were known and dropped: those keep
   seq 0, the others have their seq. */
typedef void (*journal_append_fn)(void *ctx, size_t duplicates);

/* One message, or one request, of one channel, which is also that of the events. The journal takes
   its own references. An event is appended once. */
struct journal_append {
    struct event *const *events;
    size_t n_events;
    /* By event: what makes it a duplicate (16 bytes each), or NULL where none can be. */
    const unsigned char (*identities)[16];
    const bool *has_identity;
    const bool *is_unmatched; /* by event: no handler takes it, its end is here; NULL: none is */
    struct slice channel;
    struct slice position; /* the channel's position that these events cover; absent: unchanged */
    /* Instead of events: bytes that are no event, to be kept as a dead letter
       of cause malformed. */
    struct slice malformed;
    struct slice malformed_error;
    /* The row of the delivery that publishes that dead letter, NULL for none: its seq is the
       event's with ordinal DELIVERY_PUBLICATIONS. */
    const struct delivery_row *publication;
};

/* Queues; the events are kept (state open) when done is called. `position` may
   come without events. */
void journal_append(struct journal *j, const struct journal_append *append, journal_append_fn done,
                    void *ctx);

typedef void (*journal_done_fn)(void *ctx);

/* Moves an event from one state to the other, with the sums. `done` may be NULL. */
void journal_set_event(struct journal *j, int64_t seq, struct slice channel, enum event_state from,
                       enum event_state to, journal_done_fn done, void *ctx);

/* ---- deliveries ---- */

/* Writes the delivery's row as it stands now (`from` DELIVERY_NEW inserts it), with
   `attempt` when not NULL, and the sums of connector `row->connector`. Everything is copied.
   `done` may be NULL. */
void journal_put_delivery(struct journal *j, const struct delivery_row *row,
                          enum delivery_state from, const struct attempt_row *attempt,
                          journal_done_fn done, void *ctx);

/* As journal_put_delivery for a row that is dead from now on; and in one with it, torn apart by no
   crash, the first row of the delivery that publishes it. `publication->seq` is the writer's to
   give, in the order of an event's publications. `done` is told it: 0 where nothing was written,
   since `row` wasn't in `from`. */
typedef void (*journal_letter_fn)(void *ctx, int64_t publication_seq);
void journal_put_letter(struct journal *j, const struct delivery_row *row, enum delivery_state from,
                        const struct attempt_row *attempt, const struct delivery_row *publication,
                        journal_letter_fn done, void *ctx);

/* ---- what people do ---- */

/* `was_done`: false where it could not be, since things stood otherwise; nothing was changed then. */
typedef void (*journal_steer_fn)(void *ctx, bool was_done);

/* A dead letter has these data from now on, JSON; what it had is kept (journal_edits). */
void journal_edit_letter(struct journal *j, int64_t seq, struct slice data, journal_steer_fn done,
                         void *ctx);
/* Remembers that a person has paused the connector, or that it goes on. */
void journal_set_paused(struct journal *j, struct slice connector, bool is_paused,
                        journal_steer_fn done, void *ctx);

/* Remembers that the connector takes batches. */
void journal_note_batches(struct journal *j, struct slice connector);

/* A replay: recorded events are handled again as new, one after the other, up to
   `through`. One at a time: it isn't done where another is under way. `wish` says what was asked for, to whoever goes
   on with it after a restart. */
void journal_begin_replay(struct journal *j, struct slice wish, int64_t through,
                          journal_steer_fn done, void *ctx);
/* An event that is over is open again, with a replay more, for this handler alone unless absent; its
   handlers' dead letters end as superseded, since they run again; the replay has come so far. Not done where
   it isn't over. */
void journal_replay_event(struct journal *j, int64_t seq, struct slice handler, bool is_forced,
                          journal_steer_fn done, void *ctx);
/* The replay has come so far without this many. */
void journal_pass_replay(struct journal *j, int64_t seq, int64_t n_refused);
void journal_end_replay(struct journal *j, journal_steer_fn done, void *ctx);

/* Scripts of this hash are at work from now on, as this version: what is put behind it may name that.
   The newest 10,000 versions are known. */
void journal_put_scripts(struct journal *j, int64_t version, struct slice hash);
/* Removes the results of an event's deliveries: no handler will ask for them any more. */
void journal_clear_results(struct journal *j, int64_t event_seq);

/* Calls `done` when all that was queued before is on disk: what is read from then on sees it. (But
   for appends that damage holds up, of whose events nobody was told.) */
void journal_when_kept(struct journal *j, journal_done_fn done, void *ctx);

/* ---- reading ---- */

/* A read-only view of one moment. Within journal_read it belongs to the reader thread; opened by
   path it is for commands that look at a journal, running or not. */
struct journal_reader;

typedef void (*journal_job_fn)(struct journal_reader *r, void *ctx);

/* Queues: `job` runs on the reader's thread, `done` on the loop after it. */
void journal_read(struct journal *j, journal_job_fn job, journal_done_fn done, void *ctx);

/* Within a job: what was read can't be what was written. It counts as damage of the file, as if a read
   had failed for it. */
void journal_reader_suspect(struct journal_reader *r, const char *fmt, ...) printf_like(2, 3);

struct journal_reader *journal_reader_open(const char *path, struct err *err) must_check;
void journal_reader_close(struct journal_reader *r);

/* Rows are borrowed during the visit; returning false ends it. All return 0, or -1 with err. */
typedef bool (*journal_event_visit)(void *ctx, struct event *event, enum event_state state);
typedef bool (*journal_delivery_visit)(void *ctx, const struct delivery_row *row);
typedef bool (*journal_attempt_visit)(void *ctx, const struct attempt_row *row);
typedef bool (*journal_sum_visit)(void *ctx, const char *scope, const char *name, const char *term,
                                  int64_t value);

struct journal_filter {
    int64_t after_seq; /* only rows behind this (or before it when newest_first); 0: from the end */
    int64_t through_seq; /* … and up to this one; 0: to the other end. See journal_bound_… */
    bool newest_first;
    /* Absent: any. A type may be a beginning, "schedule.*"; connector "": handlers' own; of events:
       who have a delivery's row for it. */
    struct slice type, connector, channel, key, cause;
    /* Events: the sender's id or Liaison's own. Deliveries: their own or one of their event's. */
    struct slice id;
    int state;                  /* enum event_state or delivery_state; -1: any */
    int64_t since_ms, until_ms; /* of receipt or creation, until exclusive; 0: open */
    bool is_of_ends;            /* deliveries: of their ends instead */
    bool has_dead;              /* events: only those with a dead letter */
    unsigned limit;             /* rows; 0: 100 */
};

/* Bounds what a list looks at to find its rows: sets through_seq so that it goes past `n_rows` rows
   at most, whatever of them the filter takes. It stays as it is where there are no more, or where it was nearer. What is left is found from behind through_seq on. */
int journal_bound_events(struct journal_reader *r, struct journal_filter *filter, unsigned n_rows,
                         struct err *err) must_check;
int journal_bound_deliveries(struct journal_reader *r, struct journal_filter *filter,
                             unsigned n_rows, struct err *err) must_check;

int journal_find_event(struct journal_reader *r, int64_t seq, journal_event_visit visit, void *ctx,
                       struct err *err) must_check;
int journal_list_events(struct journal_reader *r, const struct journal_filter *filter,
                        journal_event_visit visit, void *ctx, struct err *err) must_check;
/* By its public id. */
int journal_find_delivery(struct journal_reader *r, struct slice id, journal_delivery_visit visit,
                          void *ctx, struct err *err) must_check;
/* `type` and `channel` are the event's. State dead lists dead letters of all three kinds. */
int journal_list_deliveries(struct journal_reader *r, const struct journal_filter *filter,
                            journal_delivery_visit visit, void *ctx, struct err *err) must_check;
/* All deliveries of one event, in order. */
int journal_event_deliveries(struct journal_reader *r, int64_t event_seq,
                             journal_delivery_visit visit, void *ctx, struct err *err) must_check;
/* What waits for a connector, or for a handler to run. */
struct journal_target {
    struct slice name;
    bool is_handler;
};

/* Which of it: by position, and by key where there is one. */
struct journal_range {
    int64_t after, through;
    struct slice key; /* absent: any */
    size_t limit;
};

/* Where rows stand that wait, in order. */
struct journal_place {
    int64_t position;
    struct slice key;
    bool has_key;
    int64_t due_ms, written_ms; /* as in its row … */
    struct slice batch;         /* … */
};
typedef bool (*journal_place_visit)(void *ctx, const struct journal_place *place);
int journal_waiting_places(struct journal_reader *r, const struct journal_target *target,
                           const struct journal_range *range, journal_place_visit visit, void *ctx,
                           struct err *err) must_check;
int journal_waiting_rows(struct journal_reader *r, const struct journal_target *target,
                         const struct journal_range *range, journal_delivery_visit visit, void *ctx,
                         struct err *err) must_check;
/* What waits for a connector and has expired: in order of time and, of one moment, number, from behind
   the row (after_ms, after_seq) up to this wall time. */
struct journal_expiry_range {
    int64_t after_ms, after_seq;
    int64_t through_ms;
    size_t limit;
};
int journal_expired_rows(struct journal_reader *r, struct slice connector,
                         const struct journal_expiry_range *range, journal_delivery_visit visit,
                         void *ctx, struct err *err) must_check;
/* When the first of what expires later than that does, wall ms; 0: none does. */
int journal_next_expiry(struct journal_reader *r, struct slice connector, int64_t after_ms,
                        int64_t *next_ms, struct err *err) must_check;
/* The connectors for which something waits, each with the last position of that and how many they
   are. */
typedef bool (*journal_waiting_visit)(void *ctx, struct slice connector, int64_t last_position,
                                      int64_t count);
int journal_waiting_connectors(struct journal_reader *r, journal_waiting_visit visit, void *ctx,
                               struct err *err) must_check;
int journal_attempts(struct journal_reader *r, int64_t delivery_seq, journal_attempt_visit visit,
                     void *ctx, struct err *err) must_check;
/* What a dead letter's data were before it was edited, the oldest first; absent: the event's. */
typedef bool (*journal_edit_visit)(void *ctx, int64_t at_ms, struct slice data);
int journal_edits(struct journal_reader *r, int64_t delivery_seq, journal_edit_visit visit,
                  void *ctx, struct err *err) must_check;
/* When people retried a dead letter, the oldest first, and of what it had died; died_ms 0: it isn't known. */
typedef bool (*journal_retry_visit)(void *ctx, int64_t at_ms, int64_t died_ms, struct slice cause);
int journal_retries(struct journal_reader *r, int64_t delivery_seq, journal_retry_visit visit,
                    void *ctx, struct err *err) must_check;
/* The connectors that people have paused, since when. */
typedef bool (*journal_pause_visit)(void *ctx, struct slice connector, int64_t at_ms);
int journal_pauses(struct journal_reader *r, journal_pause_visit visit, void *ctx,
                   struct err *err) must_check;
/* The connectors that take batches, or did at any time. */
typedef bool (*journal_batcher_visit)(void *ctx, struct slice connector);
int journal_batchers(struct journal_reader *r, journal_batcher_visit visit, void *ctx,
                     struct err *err) must_check;
/* The newest version of the scripts, 0 where there is none, and its hash, appended. */
int journal_last_scripts(struct journal_reader *r, int64_t *version, struct buf *hash,
                         struct err *err) must_check;
/* The hash of one, appended; nothing where it isn't known. */
int journal_scripts(struct journal_reader *r, int64_t version, struct buf *hash,
                    struct err *err) must_check;
/* The last 20 replays, the newest first; one that is under way has ended_ms 0. */
struct journal_replay {
    int64_t id;
    struct slice wish;
    int64_t cursor, through; /* events */
    int64_t n_replayed, n_refused;
    int64_t at_ms, ended_ms;
};
typedef bool (*journal_replay_visit)(void *ctx, const struct journal_replay *replay);
int journal_replays(struct journal_reader *r, journal_replay_visit visit, void *ctx,
                    struct err *err) must_check;
/* Of up to n_rows deliveries behind *after_seq, which is moved on to the last one, those that were
   delivered, or are dead and older than what was: for connector and key that one's number, or the
   first that its event may have. *is_end: there are no more. */
typedef void (*journal_delivered_visit)(void *ctx, struct slice connector, struct slice key,
                                        int64_t seq);
int journal_delivered(struct journal_reader *r, int64_t *after_seq, unsigned n_rows, bool *is_end,
                      journal_delivered_visit visit, void *ctx, struct err *err) must_check;
/* scope "channel": received duplicate malformed unmatched closed dead dropped open;
   scope "connector": made delivered dead skipped superseded dropped waiting. */
int journal_sums(struct journal_reader *r, journal_sum_visit visit, void *ctx,
                 struct err *err) must_check;
/* Each dead letter there is, in the order of their numbers: connector absent is a handler's run, or a
   malformed message. Costs a microsecond or two each. */
typedef bool (*journal_letter_visit)(void *ctx, struct slice connector, struct slice cause);
int journal_dead_letters(struct journal_reader *r, journal_letter_visit visit, void *ctx,
                         struct err *err) must_check;
/* The dead letters of a connector that have a key, and that no newer delivery of that has made void; with where they stood
   when they waited (0: it isn't known). */
struct journal_barrier {
    struct slice key;
    int64_t position, seq, ended_ms;
};
typedef bool (*journal_barrier_visit)(void *ctx, const struct journal_barrier *barrier);
int journal_barriers(struct journal_reader *r, struct slice connector, journal_barrier_visit visit,
                     void *ctx, struct err *err) must_check;
/* How far back the record reaches; 0: no such event. Wall times of receipt. */
struct journal_reach {
    int64_t oldest_ms;   /* of the oldest event there is */
    int64_t complete_ms; /* from this event on nothing has been removed */
};
int journal_reach(struct journal_reader *r, struct journal_reach *reach,
                  struct err *err) must_check;
/* The position stored for a channel, appended to `position`. An empty one is one, too: `position`
   has data then, but no length. */
int journal_position(struct journal_reader *r, struct slice channel, struct buf *position,
                     bool *has_position, struct err *err) must_check;

/* ---- damage ---- */

/* Says that the loss which journal_unconfirmed tells of `path` was seen; a running daemon notices.
   ERR_NOT_FOUND when there is nothing to confirm. */
int journal_confirm(const char *path, struct err *err) must_check;
bool journal_is_unconfirmed(const char *path);

/* Makes `to`, one file of mode 0600, a copy of the journal `path` as it stands at this moment; a
   daemon may be running on it. The copy is checked: returns the number of its faults, which are the
   journal's. -1 with ERR_CORRUPT when it is damaged, with ERR_EXISTS when `to` is there already. */
int journal_backup(const char *path, const char *to, struct err *err) must_check;

/* ---- checking ---- */

struct journal_finding {
    const char *code; /* "page", "row", "sum", "data"; of journal_fsck also "lost", "suspect",
                         "log", "file", "mode" */
    const char *text; /* what is wrong and what it means */
};
typedef void (*journal_finding_fn)(void *ctx, const struct journal_finding *finding);

/* Checks pages, rows that belong together, and that the sums hold and fit the rows. Calls `found`
   for each fault; returns their number, or -1 with err when it could not be read. */
int journal_check(struct journal_reader *r, journal_finding_fn found, void *ctx,
                  struct err *err) must_check;
/* The same for the journal of that path, with its files looked at before, whatever state they are
   in. */
int journal_fsck(const char *path, journal_finding_fn found, void *ctx, struct err *err) must_check;
/* What to do about findings of a code. */
const char *journal_advice(const char *code);

#endif
