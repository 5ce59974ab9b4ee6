/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the engine's own files share: the engine's parts, and what it keeps of an event while that
 * is open. Nobody else includes this.
 */
#ifndef LIAISON_ENGINE_PARTS_H
#define LIAISON_ENGINE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/rng.h"
#include "channel/channel.h"
#include "channel/embedded.h"
#include "crypto/hash.h"
#include "delivery/batch.h"
#include "delivery/lanes.h"
#include "engine/counts.h"
#include "engine/engine.h"
#include "engine/identity.h"
#include "engine/known.h"
#include "http/cache.h"
#include "http/client.h"
#include "script/script.h"

/* An event being handled. It is open on disk until its handlers have ended and each delivery they
   made has ended or has its row. */
struct work {
    struct map_node node; /* in engine.works, by `seq` */
    int64_t seq;
    struct event *event;
    unsigned pending;     /* items that have neither ended nor their row, and who is at work here */
    int64_t next_ordinal; /* of the next row */
    unsigned n_dead;      /* handlers that failed for good, and were neither retried nor dropped */
    unsigned n_away;      /* handlers' runs that are on disk alone */
    struct list lingering; /* in engine.lingering: nothing is pending, but for what is read now */
    bool is_again;         /* it was open when the process before ended */
    bool is_unmatched;     /* no handler takes it */
    struct counts sends;   /* identities of the sends made */
    struct counts stored;  /* … with their data, hashed (see send.c), of those not in `items` */
    struct list items;     /* deliveries made, by item.in_work, while they are in memory */
    bool has_results;      /* the journal may hold results of its deliveries */
};

/* A delivery, or a handler's run, in memory; one block with its texts behind it. */
struct item {
    struct delivery d;
    struct engine *engine;
    struct work *work; /* NULL once d has its row: the event doesn't wait for it any more */
    struct letter_request *letter; /* that retries it, until its row says so */
    char id[DELIVERY_ID_SIZE];
    struct script_run *run;      /* an attempt that waits */
    struct batch_attempt *batch; /* … or that is made along with others */
    int64_t started_us;          /* of the last attempt, monotonic … */
    int64_t run_us;              /* … and how long that took */
    int64_t ended_ms;            /* wall: when it did, as its row says; 0 while it waits */
    struct counts sent;          /* of a handler's run: how often to the same connector and key */
    struct err *early; /* its key or filter function failed: the run ends so at once; or NULL */
    struct wait *wait; /* of a handler's run: the one it is in, or NULL */
    struct list in_work;
    enum newest_mode {
        NEWEST_IGNORED, /* it is sent whatever else was */
        NEWEST_EVER,    /* of a replay: not where anything newer was delivered */
        NEWEST_SINCE,   /* a dead letter that is retried: not where that has happened since */
    } newest;
    struct list asks;         /* in newest.asking */
    unsigned version;         /* of the scripts that were asked about it last, or run for it */
    int64_t script_version;   /* … that attempted it last, as the journal knows it; 0: none did */
    bool is_again;            /* sent by a run that is made again, and with that one's key */
    bool keeps_result;        /* its handler may ask what became of it */
    struct buf result;        /* what its connector returned, if so */
    struct item *publication; /* of its death, until both are on disk */
    struct letter_reading *reading; /* of a publication: its letter is being read */
};

/* What is read from the journal for the loop, on its reader's thread, when all that was queued for it
   before is on disk. One that can't be read is asked for again after a while. */
struct page {
    struct list link; /* in engine.pages, while it is under way */
    struct engine *engine;
    void (*read)(struct page *page, struct journal_reader *reader); /* sets `err` when it can't */
    void (*take)(struct page *page);                                /* on the loop, once read */
    void (*free)(struct page *page); /* at the end of the process; NULL: its owner does */
    bool is_of_waiting;              /* it reads but what waits for a connector: see page.c */
    uint64_t n_unwatched;            /* the engine's, when it was asked */
    struct list found;               /* struct found, in order */
    size_t n_found, bytes;
    struct err err;
    struct loop_timer *again;
};

/* An event, or a delivery with its event. */
struct found {
    struct list link;
    size_t want;                    /* which of several questions it answers */
    struct event *event;            /* NULL: it is gone */
    struct list rows;               /* struct known_row: a delivery's own, or all of the event's */
    const struct delivery_row *row; /* the delivery's own of these */
};

struct engine_channel {
    struct list link;
    struct channel *channel;
    struct hash128 wish;     /* its URL and headers, to see whether they change */
    const char *unpublished; /* why no dead letters are published on it, NULL: they are */
    uint64_t received, duplicate, malformed, unmatched; /* see struct engine_channel_view */
    /* Of the newest event that says its time: that, as it was sent, and when it came. */
    char last_time[40];
    int64_t last_received_ms;
};

/* A type that came and that no handler takes. */
struct unmatched {
    struct map_node node; /* by type */
    char *type;
    uint64_t count;
};

struct engine {
    struct config *config;
    struct loop *loop;
    struct log *log;
    struct mask *mask;
    struct clock clock;
    struct rng rng;
    int64_t started_ms;
    int64_t first_position; /* connectors' places since then are behind it */

    struct script_machine *machine;
    unsigned version;       /* of the machine: one more with each reload */
    int64_t script_version; /* … as the journal knows it: others have other hashes */
    struct reloads *reloads;
    struct script_ports ports;
    struct http_client *http;
    struct http_cache *cache; /* of what scripts look up; NULL until one does */
    struct trials *trials;    /* from the first one on */
    const char *module_dir;
    struct lanes *lanes;
    struct target **handlers; /* by the machine's index */

    struct journal *journal;
    bool steps_journal; /* see struct engine_options */
    int64_t n_dropped;  /* dead letters that went by age, as far as lanes were told */
    struct loop_wake *journal_wake;
    struct loop_prepare *pump;
    struct loop_timer *due;
    struct loop_timer *confirm; /* looks whether a person has confirmed what was lost */

    struct channel_host host;
    struct list channels; /* struct engine_channel */
    struct channel *embedded;

    struct map dropped; /* struct dropped_before, by connector */

    struct map works;     /* struct work by seq */
    struct map unmatched; /* struct unmatched by type */

    struct list lingering; /* struct work */
    size_t n_run_loads;    /* reads of handlers' runs under way */
    struct list pages;     /* struct page, under way */
    /* Rows of what waits for a connector, queued without anybody to be told when they are on disk; and
       how many of these are there for certain. */
    uint64_t n_unwatched, n_unwatched_kept;
    struct arrivals *arrivals;
    struct list acceptances; /* batches between a channel and the disk */
    engine_kept_fn on_kept;  /* NULL: nobody listens */
    void *on_kept_ctx;
    bool has_refused; /* a channel was refused and has to be told when it may go on */

    struct list letters; /* requests on dead letters under way */
    struct list confirmations;
    struct newest *newest;
    struct replay *replay; /* NULL: none is under way */
    struct ends *ends;     /* NULL: nobody follows along */
    struct awaits *awaits;

    bool is_draining;
    struct loop_timer *drain_limit;
    struct engine_drain drain;
    bool has_drained;
};

/* What the journal is to keep. */
static inline struct journal_retention retention_of(const struct config *config)
{
    return (struct journal_retention){
        .delivered_ms = config->retain_delivered_ms,
        .dead_ms = config->retain_dead_ms,
        .size_max = config->journal_max,
        .disk_free_min = config->disk_free_min,
    };
}

/* targets.c */
/* The targets as the machine has them: what it doesn't have is gone, and waits. */
void targets_set(struct engine *e);
/* Where it is written; absent: it is gone, or Liaison's own. */
struct slice targets_file(const struct engine *e, const struct target *t);
/* Whether it is gone, and nothing waits for it. */
bool targets_has_nothing(const struct target *t, const struct target_status *status);

/* channels.c */
/* NULL: the scripts have none of that name. */
struct engine_channel *engine_find_channel(const struct engine *e, struct slice name);
/* The channels as the machine asks for them: those it doesn't are closed, others opened where the
   journal says, or changed, and go on where they stand. -1 where one could not be. */
int channels_set(struct engine *e, struct journal_reader *reader, struct err *err) must_check;
/* Whether channels_set needs a reader for this machine. */
bool channels_need_reader(const struct engine *e, const struct script_machine *m);
/* Whether the manager's channel can be opened; -1 with ERR_INVALID. */
int channels_check(const struct script_manager *m, struct err *err) must_check;
void channels_free(struct engine *e);

/* view.c */
/* At the start: how far the sums are. */
int view_start(struct engine *e, struct journal_reader *reader, struct err *err);
void view_free(struct engine *e);

/* reload.c */
/* Loads the project for the first time, and tells each problem; -1 when it can't run. Changes of files
   are seen from now on, where the settings ask for that. */
int reload_first(struct engine *e, const struct engine_options *options, script_problem_fn problem,
                 void *ctx) must_check;
/* The journal is told what is loaded. */
int reload_start(struct engine *e, struct journal_reader *reader, struct err *err) must_check;
/* What the settings are read from; NULL: they stay. */
const struct config_source *reload_source(const struct engine *e);
/* The project's files as they are now; the caller's reference. */
struct sources *reload_read_sources(const struct engine *e, const struct config *config);
/* A script's function has ended a run by this error. */
void reload_note_error(struct engine *e, const struct target *t, struct slice error);
void reload_problems(struct engine *e, engine_problem_fn fn, void *ctx);
/* None is begun any more; who waits for one is told that it wasn't done. */
void reload_stop(struct engine *e);
/* With what runs on older scripts. */
void reload_free(struct engine *e);

/* try.c */
/* What may be shown of a trial's end, in `masked`: secrets have stand-ins in a trial, but for what stands in
   a settings' table, and events may hold what was sent to be kept a secret. ERR_INVALID where masking
   leaves no JSON. */
struct trial_end try_mask(const struct engine *e, const struct trial_end *end, struct buf *masked);

/* accept.c */
int accept_batch(void *ctx, const struct channel_batch *batch, channel_kept_fn kept, void *kept_ctx,
                 struct err *err);
/* After commits: channels that were refused may go on, where the journal takes events again. */
void accept_resume(struct engine *e);
/* The channel is about to be closed: it is told nothing any more. */
void accept_forget(struct engine *e, const struct engine_channel *channel);
void accept_free(struct engine *e);

/* arrivals.c */
/* From what the journal holds as open on. */
void arrivals_start(struct engine *e);
/* A channel has handed over so many events that will be handled; and they are on disk now, or were known
   already. */
void arrivals_expect(struct engine *e, size_t n_events, size_t bytes);
void arrivals_came(struct engine *e, size_t n_events, size_t bytes);
/* An event is kept. Takes the reference. */
void arrivals_add(struct engine *e, struct event *event);
/* Handles some of those that wait, until this time (monotonic) at the latest. */
void arrivals_pump(struct engine *e, int64_t until_ms);
/* Whether arrivals_pump has something to do now. */
bool arrivals_can_go_on(const struct engine *e);
/* Whether no more should come into memory now. */
bool arrivals_are_held(const struct engine *e);
/* Whether buses have been asked to pause. */
bool arrivals_has_paused(const struct engine *e);
/* Whether it came before the process began. */
bool arrivals_is_old(const struct engine *e, int64_t event_seq);
/* Whether it may be one that was open then, and its turn is still to come. */
bool arrivals_may_hold(const struct engine *e, int64_t event_seq);
void arrivals_free(struct engine *e);

/* handle.c */
/* Whether any handler takes events of its type and channel. */
bool handle_is_matched(const struct engine *e, const struct event *event);
/* Counts an event that none takes. */
void handle_unmatched(struct engine *e, const struct event *event);
/* Finds the event's handlers and queues their runs. Takes the reference. */
void handle_event(struct engine *e, struct event *event);
/* As handle_event for an event known to the journal: `rows` (struct known_row) are its deliveries
   so far. `is_again`: its handlers and their sends may have been under way. Takes the reference. */
void handle_again(struct engine *e, struct event *event, const struct list *rows, bool is_again);
/* Tells `work` what the rows know: sends made before, handlers that failed for good, ordinals. */
void handle_learn(struct work *work, const struct list *rows);
/* How many runs wait, by the rows of an event. */
unsigned handle_count_waiting(const struct list *rows);
/* The item of a run that waited on disk by itself; `rows` are all of its event's. */
struct item *handle_load(struct engine *e, struct target *target, struct event *event,
                         const struct delivery_row *row, const struct list *rows);
/* Runs one handler for a work: the way of a run that waits or is retried by a person. */
void handle_run(struct item *item);

/* await.c */
struct awaits *await_new(struct engine *e);
/* When all runs are gone. Accepts NULL. */
void await_free(struct awaits *awaits);
int await_begin(void *ctx, void *run_ctx, struct slice id, struct err *err);
/* A delivery has ended so: who awaits it goes on, or runs again. */
void await_ended(struct engine *e, const struct item *item, enum delivery_state final,
                 const char *cause);
/* Those that wait in memory run again on today's scripts. */
void await_run_all_again(struct engine *e);
/* The run is about to be freed. */
void await_forget(struct item *run);

/* send.c */
/* What tells the sends of an event from each other, with their data. */
uint64_t send_stored_hash(uint64_t prefix, struct slice data);
int handle_send(void *ctx, void *run_ctx, const struct script_send *send, struct script_sent *sent,
                struct err *err);

/* auth.c */
/* What scripts said, in *auth; NULL where they said nothing. Borrows from both. */
const struct http_auth *auth_of(const struct script_auth *said, struct http_auth *auth);

/* attempt.c */
void attempt_start(void *ctx, struct delivery *d);
/* What the end of its run means, borrowed from it; and the script's error in it is known. */
struct attempt_end attempt_end_of(struct engine *e, const struct script_result *result);
void attempt_note_error(const struct item *item, const struct script_result *result);
/* How today's scripts are told of it; borrowed from the item. */
struct script_attempt attempt_describe(struct item *item, struct slice data);
/* Runs the item's connector on `data`, JSON; absent: the event's. */
void attempt_connector(struct item *item, struct slice data);
/* The script's run of an item (ctx) has ended. */
void attempt_ended(void *ctx, const struct script_result *result);
void *attempt_http_send(void *ctx, struct script_run *run, const struct script_request *asked,
                        struct err *err);
void attempt_http_cancel(void *ctx, void *handle);

/* attempt_batch.c */
void batch_attempt_start(void *ctx, struct batch *b);
/* What newest.c found of a row; NULL: it may be sent. */
void batch_attempt_judged(struct item *item, const struct attempt_end *end);
/* The attempt that the item is in is gone, as by lanes_take_back. */
void batch_attempt_take_back(struct item *item, bool is_unknown);
/* How many deliveries a line about the end of the item's attempt stands for: 0 where there was one. */
size_t batch_attempt_to_log(const struct item *item);
/* The item is about to be freed. */
void batch_attempt_forget(struct item *item);

/* settle.c */
void settle_put(void *ctx, struct delivery *d, struct delivery_row *row, enum delivery_state from,
                const struct attempt_row *attempt);
void settle_ended(void *ctx, struct delivery *d, enum delivery_state final, const char *cause);
void settle_kept(void *ctx, struct delivery *d);
void settle_write(void *ctx, struct delivery *d, struct delivery_row *row,
                  enum delivery_state from);
void settle_spilled(void *ctx, struct delivery *d);
void settle_paused(void *ctx, struct target *t, enum target_pause why, const char *reason);
void settle_spared(void *ctx, struct target *t, int64_t ms);

/* publication.c */
/* The publication of an item that dies, whose row is `dead`; NULL where none is due. The caller's,
   until both rows are on disk. */
struct item *publication_of(struct item *item, const struct delivery_row *dead);
/* As publication_of for a malformed message that will be event `seq`. */
struct item *publication_of_malformed(struct engine *e, const struct channel_batch *batch,
                                      int64_t seq);
/* How it is first written; borrowed from it. */
struct delivery_row publication_row(const struct item *item);
/* Its row is on disk as number `seq` (0: it wasn't written): it takes its way. */
void publication_take(struct item *item, int64_t seq);
bool publication_is(const struct item *item);
void publication_attempt(struct item *item);
/* The bus of this one takes none. */
void publication_refused(struct item *item, struct slice reason);
/* Frees what `item` holds for publication.c. */
void publication_forget(struct item *item);
/* Why none are published on a channel by the scripts' word, or NULL. */
const char *publication_objection(const struct engine *e, struct slice channel);

/* backlog.c */
/* At the start: connectors for which something waits begin behind. */
int backlog_start(struct engine *e, struct journal_reader *reader, struct err *err) must_check;
void backlog_scan(void *ctx, struct target *t, int64_t after, int64_t through, size_t limit);
void backlog_load(void *ctx, struct target *t, const struct lane_want *wants, size_t n_wants,
                  size_t bytes_max);
/* Whether an attempt at what waits for a connector may have been under way when the process before
   ended. */
bool backlog_was_cut_off(const struct engine *e, const struct delivery_row *row);

/* expiry.c */
void expiry_find(void *ctx, struct target *t, const struct delivery_expiry *after,
                 int64_t through_ms, size_t limit, size_t bytes_max);

/* parking.c */
void parking_find(void *ctx, struct target *t, size_t limit);
/* A connector's dead letter was dropped, and is on disk so. */
void parking_dropped(struct engine *e, const struct delivery_row *row);
/* After commits: whether any were dropped by age. */
void parking_look(struct engine *e);

/* page.c */
void page_ask(struct page *page);
/* On the reader's thread: what was found is added; an event is read into `f`, 0, or -1 with
   page->err. */
struct found *page_add(struct page *page);
int page_find_event(struct page *page, struct journal_reader *reader, struct found *f, int64_t seq);
/* Takes it back. */
void page_drop(struct page *page, struct found *f);
/* Frees what was found. */
void page_clear(struct page *page);
/* Why what waits can't be read now, or NULL. */
const char *page_problem(const struct engine *e);
void page_free_all(struct engine *e);

/* confirm.c */
/* Looks from now on whether what was lost is confirmed, where anything was. */
void confirm_start(struct engine *e);
void confirm_free(struct engine *e);

/* letters.c */
/* Starts the requests that waited for their event's turn at the start. */
void letters_resume(struct engine *e);
/* Handles an event that is over again as new, in its turn among the requests on it; the journal's
   replay has come so far then, whether it was done or refused. */
struct letter_replay {
    struct slice handler; /* for it alone; absent: all */
    bool is_forced;
    letter_fn done;
    void *ctx;
};
/* Whether a request on this event would begin at once. */
bool letters_is_free(const struct engine *e, int64_t event_seq);
void letters_replay(struct engine *e, int64_t event_seq, const struct letter_replay *replay);
/* What the request retries has its row. */
void letters_retried(struct letter_request *l);
void letters_free(struct engine *e);

/* newest.c: what a replay makes, or a person retries, isn't sent where the receiver has something
   newer of its key. */
struct newest *newest_new(struct engine *e);
void newest_free(struct newest *newest); /* accepts NULL */
/* What is to be asked of a new item; it is set by newest_set alone, and before the item is freed to
   NEWEST_IGNORED. */
enum newest_mode newest_mode_of(const struct item *item);
void newest_set(struct item *item, enum newest_mode mode);
/* From now on it is known what succeeds: for who reads a dead letter, and will retry it then. Counted. */
void newest_hold(struct engine *e);
void newest_release(struct engine *e);
/* Attempts it, or ends the attempt where it is older. */
void newest_attempt(struct item *item);
/* Whether anybody may ask for what succeeds. */
bool newest_is_used(const struct engine *e);
/* Something has succeeded. */
void newest_delivered(struct item *item);

/* replay.c */
/* Goes on with the one that was under way when the process before ended. */
int replay_start(struct engine *e, struct journal_reader *reader, struct err *err) must_check;
void replay_free(struct replay *replay); /* accepts NULL */

/* ends.c */
void ends_note(struct engine *e, const struct item *item, enum delivery_state final,
               const char *cause);
void ends_free(struct ends *ends); /* accepts NULL */

/* pauses.c */
/* At the start: connectors that people have paused wait. */
int pauses_start(struct engine *e, struct journal_reader *reader, struct err *err) must_check;

/* batchers.c */
/* At the start: which connectors took batches before. */
int batchers_start(struct engine *e, struct journal_reader *reader, struct err *err) must_check;
/* The machine's connectors may be others, or take batches now. */
void batchers_note(struct engine *e);

/* work.c */
struct work *work_new(struct engine *e, struct event *event);
struct work *work_find(struct engine *e, int64_t seq);
/* One more is pending. */
void work_hold(struct work *work);
/* One that was pending is no more; the last one closes the event, where nothing of it is on disk
   alone. */
void work_release(struct engine *e, struct work *work);
/* One of its items by its public id, or NULL. */
const struct item *work_find_item(const struct work *work, struct slice id);
/* The handler's run has ended well: it asks no more for what became of its sends. */
void work_asked_all(struct work *work, const char *handler);
/* No run is being read any more: frees those that were kept for that. */
void work_end_lingering(struct engine *e);
/* Without closing the event: at the end of the process. */
void work_free(struct engine *e, struct work *work);

struct item_parts {
    struct event *event; /* a reference is taken */
    struct target *target;
    struct slice key; /* data NULL: none */
    struct slice handler;
    struct slice transformer;
    struct slice data;
};
/* Counts as pending in `work`, which may be NULL. */
struct item *item_new(struct engine *e, struct work *work, const struct item_parts *parts);
/* From its row: id, seq and all. */
struct item *item_from_row(struct engine *e, struct work *work, struct event *event,
                           struct target *target, const struct delivery_row *row);
/* What stands in its row is its own from now on. */
void item_take_row(struct item *item, const struct delivery_row *row);
void item_free(struct item *item);
static inline struct item *item_of(struct delivery *d)
{
    return container_of(d, struct item, d);
}

#endif
