/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The engine: channels, journal, scripts, deliveries and http put together. Its files follow an
 * event's way:
 *
 *     accept.c   a channel's batch ─▶ journal; kept ─▶ the channel is told, the events are handled
 *     handle.c   an event ─▶ its handlers' runs ─▶ sync:send ─▶ deliveries in their lanes
 *     attempt.c  a delivery that is due ─▶ transformer, connector ─▶ http ─▶ how it ended
 *     await.c    a handler that waits for the end of what it sent, and goes on or runs again
 *     settle.c   how it ended ─▶ its row in the journal, the log line, the event's end
 *     arrivals.c kept events in their turn, those that wait on disk, too
 *     backlog.c  deliveries that wait on disk, back into memory
 *     letters.c  dead letters retried and dropped by people
 *     publication.c  … and published on the bus that their event came from
 *     replay.c   recorded events handled again as new
 *     newest.c   … of which nothing is sent that is older than what was delivered
 *     pauses.c   connectors that people have paused
 *     names.c    names that people give, which may be mistyped
 *     reload.c   the scripts and settings loaded anew while all this goes on
 *     ends.c     how deliveries ended lately, while somebody follows along
 *     try.c      what the scripts would do with an event, beside all this
 *
 *     struct engine *e = engine_new(&options, on_problem, self, &err);   // scripts are loaded
 *     engine_start(e, "pid 12, listening on …", &err);                   // journal, channels
 *     loop_run(loop);
 *     engine_drain(e, &drain);                                           // TERM: ends what runs
 *     engine_free(e);
 */
#ifndef LIAISON_ENGINE_ENGINE_H
#define LIAISON_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mask.h"
#include "base/slice.h"
#include "channel/channel.h"
#include "delivery/lanes.h"
#include "engine/config.h"
#include "engine/trials.h"
#include "event/record.h"
#include "journal/journal.h"
#include "loop/loop.h"
#include "script/script.h"

struct engine;

struct engine_options {
    struct config *config; /* outlives the engine; a reload brings it up to date */
    const struct config_source
        *source;                  /* what it is read from then, kept; NULL: it stays as it is */
    void (*on_reload)(void *ctx); /* behind each reload that was done; may be NULL */
    void *ctx;
    struct loop *loop;
    struct log *log;
    struct mask *mask;
    struct clock clock;
    const char *data_dir;   /* what ships with Liaison, may be NULL */
    const char *module_dir; /* see script_options */
    /* For simulations: */
    bool stepped;                      /* the journal has no threads, journal_step does its work */
    const struct lanes_limits *limits; /* of what waits in memory, but for in_flight, which is the
                                          settings'; NULL: lanes_limits_default */
};

/* Loads the project's scripts and tells each problem; NULL when it can't run. Opens nothing. */
struct engine *engine_new(const struct engine_options *options, script_problem_fn problem,
                          void *ctx, struct err *err) must_check;
/* Opens the journal, recovers, opens the channels. `owner` stands in the journal's lock. */
int engine_start(struct engine *e, const char *owner, struct err *err) must_check;
/* How a drain ends. */
struct engine_drain {
    bool (*is_clear)(void *ctx); /* the caller's own work has ended, too: answers have gone out */
    loop_fn done;                /* once, from the loop */
    void *ctx;
};
/* Takes no more events, starts no more attempts, calls `done` when all that runs has ended and is
   on disk, or limits.drain has passed. */
void engine_drain(struct engine *e, const struct engine_drain *drain);
/* Accepts NULL. */
void engine_free(struct engine *e);

/* The daemon's own channel, for POST /events. */
struct channel *engine_embedded(struct engine *e);
struct journal *engine_journal(struct engine *e);
const struct config *engine_config(const struct engine *e);
int64_t engine_started_ms(const struct engine *e); /* wall time */
int64_t engine_now_ms(const struct engine *e);     /* wall time by its clock */
/* Why events can't be taken now, NULL when they can; borrowed until the loop turns. */
const char *engine_refusal(struct engine *e);

/* The journal's writer has had work for so long without a commit: the process is ill. */
#define ENGINE_STALL_MS 30000
bool engine_is_stalled(struct engine *e);

/* Each event as it comes to be on disk, in order and without duplicates; borrowed. One listener,
   NULL: none. */
typedef void (*engine_kept_fn)(void *ctx, const struct event *event);
void engine_on_kept(struct engine *e, engine_kept_fn fn, void *ctx);

/* ---- what there is to see ---- */

/* A channel; borrowed until the loop turns. */
struct engine_channel_view {
    const char *name;
    struct channel_status status;
    /* What it brought since the process began, once that was on disk: */
    uint64_t received;  /* all of it, duplicates and malformed messages, too */
    uint64_t duplicate; /* of these */
    uint64_t malformed; /* … */
    uint64_t unmatched; /* events that no handler took, those of earlier processes, too */
    /* How old the newest event that says its time was when it came; below zero where the sender's
       clock is ahead. */
    bool has_lag;
    int64_t lag_ms;
};
typedef void (*engine_channel_fn)(void *ctx, const struct engine_channel_view *channel);
void engine_each_channel(struct engine *e, engine_channel_fn fn, void *ctx);

/* A connector or handler; borrowed until the loop turns. */
struct engine_target_view {
    const struct target *target; /* for its name, kind and tally */
    struct slice file;           /* where it is written; absent: it is gone, or Liaison's own */
    struct target_status status;
    int64_t now_ms; /* wall, when it was looked at */
};
typedef void (*engine_target_fn)(void *ctx, const struct engine_target_view *target);
/* Connectors, then handlers, by name. */
void engine_each_target(struct engine *e, engine_target_fn fn, void *ctx);

/* Whether there is one of that name: 0, or -1 with ERR_NOT_FOUND, whose message names what was meant, or
   what there is. A connector that is gone is there while anything of it is in memory. */
int engine_check_connector(struct engine *e, struct slice name, struct err *err) must_check;
int engine_check_channel(struct engine *e, struct slice name, struct err *err) must_check;
int engine_check_handler(struct engine *e, struct slice name, struct err *err) must_check;

/* How many deliveries of a connector were dropped as dead letters before the process began. */
int64_t engine_dropped_before(const struct engine *e, struct slice connector);

/* A delivery, or handler's run, in memory. */
struct engine_delivery {
    struct delivery_row row; /* as it would be written now; seq 0 where no number was given yet */
    const struct event *event;
    bool has_row; /* its row on disk says that it waits */
    bool is_in_flight;
};
/* Those are looked at that a bounded walk meets: 20,000 keys. Borrowed; false ends it. */
typedef bool (*engine_delivery_fn)(void *ctx, const struct engine_delivery *d);
void engine_each_delivery(struct engine *e, engine_delivery_fn fn, void *ctx);

/* Deliveries as they end, for who asks again within a minute: those that ended since `after`, what the
   question before returned, at most the last 1,000; *has_missed: there were more. 0 begins. Borrowed. */
struct engine_end {
    struct delivery_row row; /* what end_add_json shows of it, and no more of its texts */
    struct slice type;       /* its event's */
    int64_t ms;              /* its last attempt's */
};
typedef void (*engine_end_fn)(void *ctx, const struct engine_end *end);
/* What is remembered begins here: what ended since a question with a lower `after`, of before a restart
   or more than a minute ago, is in the journal alone, from engine_end_ms on (wall ms). */
int64_t engine_ends_began(struct engine *e);
static inline int64_t engine_end_ms(int64_t after)
{
    return after / 1000;
}
int64_t engine_each_end(struct engine *e, int64_t after, bool *has_missed, engine_end_fn fn,
                        void *ctx);

/* Types that came and that no handler takes; at most 100 are remembered. `nearest` may be NULL. */
typedef void (*engine_unmatched_fn)(void *ctx, struct slice type, uint64_t count,
                                    const char *nearest);
void engine_each_unmatched(struct engine *e, engine_unmatched_fn fn, void *ctx);

/* All that engine_problem.code may be. */
enum problem_code {
    PROBLEM_JOURNAL,
    PROBLEM_JOURNAL_FULL,
    PROBLEM_DISK_FULL,
    PROBLEM_JOURNAL_DAMAGED,
    PROBLEM_JOURNAL_LOST,
    PROBLEM_RECOVERY,
    PROBLEM_CHANNEL,
    PROBLEM_CONNECTOR_BREAKER,
    PROBLEM_CONNECTOR_AUTH,
    PROBLEM_CONNECTOR_REFUSED,
    PROBLEM_CONNECTOR_SET_ASIDE,
    PROBLEM_CONNECTOR_GONE,
    PROBLEM_CONNECTOR_PAUSED,
    PROBLEM_CONNECTOR_SPARED,
    PROBLEM_KEYS_PARKED,
    PROBLEM_HANDLER_SET_ASIDE,
    PROBLEM_HANDLER_GONE,
    PROBLEM_SCRIPTS_MEMORY,
    PROBLEM_RELOAD,
    PROBLEM_RESTART,
    PROBLEM_CODES, /* their number */
};
const char *engine_problem_name(enum problem_code code); /* "journal-full" */

/* What needs a person's eye. `since_ms` is wall time. */
struct engine_problem {
    enum problem_code code;
    const char *about; /* which one */
    int64_t since_ms;
    const char *text;
};
typedef void (*engine_problem_fn)(void *ctx, const struct engine_problem *problem);
/* Those of connectors and handlers by name, and of one in the order of the codes. */
void engine_each_problem(struct engine *e, engine_problem_fn fn, void *ctx);

/* Says that what was lost of the journal was seen: events are taken again when `done` is called, once,
   with code ERR_NONE; ERR_NOT_FOUND when nothing was. */
typedef void (*confirm_fn)(void *ctx, const struct err *err);
void engine_confirm(struct engine *e, confirm_fn done, void *ctx);

/* ---- what is loaded, and loading it anew ---- */

/* Something wrong in the project when it was loaded last. */
struct engine_finding {
    bool is_warning;
    char *file; /* NULL: it is about none */
    int line;   /* 0: the file as a whole */
    char *text;
    char *detail; /* more lines: what stands there; NULL: none */
};

/* Borrowed until the loop turns. */
struct engine_scripts {
    const char *hash;                      /* of all that is loaded: script_hash */
    int64_t loaded_ms;                     /* when it was, wall */
    struct sources *sources;               /* it: script/sources.h */
    uint64_t n_done, n_failed;             /* reloads, by how they ended */
    bool was_done;                         /* the last one; true before the first */
    int64_t tried_ms;                      /* when that was, wall; before the first the start */
    const struct engine_finding *findings; /* then */
    size_t n_findings;
    const char
        *restart; /* keys of liaison.lua that have to wait for one: "listen, journal"; or NULL */
};
void engine_scripts(const struct engine *e, struct engine_scripts *out);
/* The last error that a file's functions ended a run with since it was loaded; false without one. */
bool engine_script_error(const struct engine *e, struct slice file, struct slice *error,
                         int64_t *at_ms);

/* Loads scripts and settings anew, all or nothing (engine_scripts tells how it went): at once, or, where
   the scripts of two reloads before are still at work, when one of these has ended, within a minute.
   `done` is called once, perhaps before this returns; it may be NULL. `why` is for the log, static. */
typedef void (*engine_reload_fn)(void *ctx, bool was_done);
void engine_reload(struct engine *e, const char *why, engine_reload_fn done, void *ctx);
/* The same of these files, as they were read before; of those on disk where somebody else waits for that. */
void engine_reload_from(struct engine *e, const char *why, struct sources *sources,
                        engine_reload_fn done, void *ctx);

/* ---- dead letters ---- */

enum letter_result {
    LETTER_DONE,
    LETTER_NOT_FOUND, /* no delivery of that id */
    LETTER_NOT_DEAD,  /* it is no dead letter (any more) */
    LETTER_REFUSED,   /* it can't be retried: see text */
    LETTER_FAILED,    /* the journal could not be read */
};
/* On disk when DONE. `text` says why where it isn't; borrowed. */
typedef void (*letter_fn)(void *ctx, enum letter_result result, const char *text);

/* Attempts the dead letter's data anew, or handles its event again where the handler failed. One that
   a newer delivery of its key has made void is refused, unless forced. */
void engine_retry_letter(struct engine *e, struct slice id, bool is_forced, letter_fn done,
                         void *ctx);
/* Gives it other data, well-formed JSON; what it had is kept. */
void engine_edit_letter(struct engine *e, struct slice id, struct slice data, letter_fn done,
                        void *ctx);
void engine_drop_letter(struct engine *e, struct slice id, letter_fn done, void *ctx);

/* ---- replays ---- */

/* Which events are handled again as new, and how. Borrowed. */
struct engine_replay {
    struct journal_filter filter; /* of events */
    struct slice handler;         /* for this one alone; absent: all that take the event */
    bool is_forced;               /* sends also what is older than what was delivered of its key */
    int64_t rate_n, rate_ms;      /* so many events in that time at most; 0: any */
};
/* Whether it has begun, on disk: it goes on by itself then, also after a restart. It doesn't where
   another is under way, or the daemon stops. */
typedef void (*replay_fn)(void *ctx, bool has_begun);
void engine_replay(struct engine *e, const struct engine_replay *wish, replay_fn done, void *ctx);
/* Ends the one that is under way, once what it has begun is open; false when there is none. */
bool engine_stop_replay(struct engine *e);

/* ---- pauses by people ---- */

/* Has a connector wait, or lets it go on, from now on and over restarts; `done`, once it is on disk.
   -1 with ERR_NOT_FOUND, and no `done`, when there is no such connector. */
int engine_set_paused(struct engine *e, struct slice connector, bool is_paused,
                      journal_steer_fn done, void *ctx, struct err *err) must_check;

/* ---- trials ---- */

/* What today's scripts, as they were loaded, would do with events; beside all that is live. */
struct engine_trial {
    struct slice events;   /* a JSON array, as in engine/trials.h */
    struct slice delivery; /* as there */
    struct slice source; /* the text of one script that is tried in place of theirs; absent: none */
};
/* As trials_start; secrets are masked in what `done` gets. */
int engine_try(struct engine *e, const struct engine_trial *wish, trial_fn done, void *ctx,
               struct err *err) must_check;

/* What the project as it is on disk would send for recorded events, beside what is loaded: `end` has what
   compare_add_json says, or ERR_INVALID where others were loaded meanwhile. The files as they were read
   are borrowed, for engine_reload_from. -1, and no `done`, where the settings can't be read, or too many
   wait (ERR_FULL). */
typedef void (*engine_compared_fn)(void *ctx, struct sources *sources, const struct trial_end *end);
int engine_compare(struct engine *e, struct slice events, engine_compared_fn done, void *ctx,
                   struct err *err) must_check;

#endif
