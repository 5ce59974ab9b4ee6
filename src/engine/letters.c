/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Dead letters in the hands of people: retried, edited or dropped; and events that are handled again
 * as new. One request at a time for each event, so that what was read is still so when it is written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/parts.h"

enum verb {
    VERB_RETRY,
    VERB_DROP,
    VERB_EDIT,
    VERB_REPLAY,
};

struct letter_request {
    struct list link; /* in engine.letters, in the order of asking */
    struct engine *engine;
    enum verb verb;
    bool is_forced;
    bool is_started; /* no other one on this event is under way */
    char *id;        /* of a replay the event's number */
    char *text;      /* EDIT: the data; REPLAY: the handler, NULL: all */
    letter_fn done;
    void *ctx;
    struct err err;
    bool was_found;
    struct work *work; /* the event's while it is open in memory: kept so until this has ended */
    struct event *event;
    struct list rows; /* all deliveries of the event, as known_row */
    struct page page; /* REPLAY: nobody waits for an answer, so it is read until that succeeds */
};

#define STILL_OPEN "it is still being handled"

static const struct delivery_row *own_row(const struct letter_request *l)
{
    list_each (it, &l->rows) {
        const struct delivery_row *row = known_row_of(it);
        if (slice_is_equal(row->id, slice_str(l->id)))
            return row;
    }
    return NULL;
}

static int64_t event_of(const struct letter_request *l)
{
    return strtoll(l->id, NULL, 10);
}

static void request_free(struct letter_request *l)
{
    list_remove(&l->link);
    known_rows_free(&l->rows);
    event_unref(l->event);
    free(l->id);
    free(l->text);
    free(l);
}

static void answer(struct letter_request *l, enum letter_result result, const char *text)
{
    struct engine *e = l->engine;
    l->done(l->ctx, result, text);
    if (l->work)
        work_release(e, l->work);
    newest_release(e);
    journal_release_letters(e->journal);
    request_free(l);
    letters_resume(e);
}

/* ---- on the reader's thread ---- */

static bool find_seq(void *ctx, const struct delivery_row *row)
{
    *(int64_t *)ctx = row->seq;
    return false;
}

/* Of what was read before, nothing stands. */
static void forget(struct letter_request *l)
{
    known_rows_free(&l->rows);
    event_unref(l->event);
    l->event = NULL;
    l->was_found = false;
    l->err = (struct err){0};
}

static void read_letter(struct journal_reader *reader, void *ctx)
{
    struct letter_request *l = ctx;
    forget(l);
    int64_t seq = -1, event_seq = event_of(l);
    bool is_replay = l->verb == VERB_REPLAY;
    if (!is_replay &&
        (journal_find_delivery(reader, slice_str(l->id), find_seq, &seq, &l->err) < 0 || seq < 0))
        return;
    if (journal_find_event(reader, event_seq, known_event, &l->event, &l->err) < 0 || !l->event)
        return;
    if (journal_event_deliveries(reader, event_seq, known_rows_add, &l->rows, &l->err) < 0)
        return;
    l->was_found = is_replay || own_row(l) != NULL;
}

static void read_page(struct page *page, struct journal_reader *reader)
{
    struct letter_request *l = container_of(page, struct letter_request, page);
    read_letter(reader, l);
    page->err = l->err;
}

/* ---- retry ---- */

/* The event whose handler is to run again is open from now on, in memory and on disk; there it is
   already while other handlers' runs wait. */
static void reopen(struct letter_request *l)
{
    struct engine *e = l->engine;
    if (!l->work) {
        l->work = work_new(e, l->event);
        handle_learn(l->work, &l->rows);
        l->work->n_away = handle_count_waiting(&l->rows);
        if (l->work->n_away == 0)
            journal_set_event(e->journal, l->event->seq, l->event->channel, EVENT_DEAD, EVENT_OPEN,
                              NULL, NULL);
    }
    l->work->n_dead--;
}

/* Into its lane, as it was when it died, to be attempted anew: into its old place where it parked its
   key, else to the end. */
static void queue_again(struct letter_request *l, struct target *target)
{
    struct engine *e = l->engine;
    struct delivery_row row = *own_row(l);
    row.expires_ms = 0;
    if (target_is_handler(target))
        row.position = 0;
    struct item *item =
        item_from_row(e, target_is_handler(target) ? l->work : NULL, l->event, target, &row);
    item->letter = l;
    if (l->is_forced)
        newest_set(item, NEWEST_IGNORED);
    else if (item->newest == NEWEST_IGNORED && item->d.key && !target_is_handler(target))
        newest_set(item, NEWEST_SINCE);
    lanes_restore(e->lanes, &item->d, &row);
}

void letters_retried(struct letter_request *l)
{
    answer(l, LETTER_DONE, NULL);
}

/* The receiver would be left with older data than it has. */
static void refuse_stale(struct letter_request *l, const struct delivery_row *dead)
{
    struct buf text = {0};
    buf_printf(&text,
               "it is stale: %.*s, a newer delivery of its connector and key, has succeeded, and "
               "this one would overwrite it: with `force` it is retried all the same",
               SLICE_FMT(dead->stale_by));
    answer(l, LETTER_REFUSED, text.data);
    buf_deinit(&text);
}

static bool is_like(const struct delivery_row *a, const struct delivery_row *b)
{
    return a->connector.data && slice_is_equal(a->connector, b->connector) &&
           slice_is_equal(a->handler, b->handler) && slice_is_equal(a->key, b->key) &&
           a->has_key == b->has_key;
}

/* Whether the event has a delivery of this id that was sent, or may be. */
static bool stands(const struct letter_request *l, const char *id)
{
    list_each (it, &l->rows) {
        const struct delivery_row *row = known_row_of(it);
        if (slice_is_equal(row->id, slice_str(id)))
            return row->state == DELIVERY_DELIVERED || row->state == DELIVERY_WAITING ||
                   row->state == DELIVERY_DEAD;
    }
    return l->work && work_find_item(l->work, slice_str(id));
}

/* Finds, for `id`, what the latest replay made of the same send; false: none did. */
static bool find_anew(const struct letter_request *l, const struct delivery_row *dead,
                      char id[static DELIVERY_ID_SIZE])
{
    struct identity send = {.journal = slice_str(journal_id(l->engine->journal)),
                            .event = l->event->seq,
                            .handler = dead->handler,
                            .connector = dead->connector,
                            .key = dead->key,
                            .has_key = dead->has_key};
    const unsigned n_replays = l->event->replay + 1;
    unsigned n_sends = 0, n_before = 0;
    if (l->event->replay == 0)
        return false;
    list_each (it, &l->rows) {
        const struct delivery_row *row = known_row_of(it);
        if (!is_like(row, dead))
            continue;
        n_sends++;
        n_before += row->seq < dead->seq;
    }
    const unsigned each_time = n_replays > 0 ? n_sends / n_replays : 0;
    send.n = each_time > 0 ? n_before % each_time : 0; /* most handlers send as much each time */
    if (!identity_find(&send, dead->id, n_replays, n_sends))
        return false;
    const unsigned own = send.replay;
    for (send.replay = l->event->replay; send.replay > own; send.replay--) {
        identity_format(&send, id);
        if (stands(l, id))
            return true;
    }
    return false;
}

/* The receiver would get twice what was to be sent once. */
static bool refuse_replayed(struct letter_request *l, const struct delivery_row *dead)
{
    char id[DELIVERY_ID_SIZE];
    struct buf text = {0};
    if (!find_anew(l, dead, id))
        return false;
    buf_printf(
        &text,
        "its event was replayed, and %s has taken its place: retry that one if it is dead, too; "
        "with `force` this one is retried all the same",
        id);
    answer(l, LETTER_REFUSED, text.data);
    buf_deinit(&text);
    return true;
}

static void retry(struct letter_request *l, const struct delivery_row *dead)
{
    struct engine *e = l->engine;
    bool is_run = !dead->connector.data;
    if (is_run && !dead->handler.data) {
        answer(l, LETTER_REFUSED,
               "it is no event, so no handler can take it: mend its sender, then drop it");
        return;
    }
    if (dead->stale_by.data && !l->is_forced) {
        refuse_stale(l, dead);
        return;
    }
    if (!l->is_forced && refuse_replayed(l, dead))
        return;
    struct target *target =
        lanes_find_target(e->lanes, is_run ? dead->handler : dead->connector, is_run);
    if (!target) {
        answer(l, LETTER_REFUSED,
               is_run ? "its handler is not registered any more: register it under the same name"
                      : "its connector does not exist any more: make it, then retry");
        return;
    }
    if (is_run)
        reopen(l);
    queue_again(l, target);
}

/* ---- drop ---- */

static void on_dropped(void *ctx)
{
    struct letter_request *l = ctx;
    const struct delivery_row *row = own_row(l);
    if (row->connector.data)
        parking_dropped(l->engine, row);
    answer(l, LETTER_DONE, NULL);
}

/* Whether another dead letter of the same kind keeps the event dead. */
static bool has_other_dead(const struct letter_request *l, const struct delivery_row *own)
{
    list_each (it, &l->rows) {
        const struct delivery_row *row = known_row_of(it);
        if (row->seq != own->seq && !row->connector.data && row->state == DELIVERY_DEAD)
            return true;
    }
    return false;
}

static void close_dropped(struct letter_request *l, const struct delivery_row *dead)
{
    struct engine *e = l->engine;
    journal_set_event(e->journal, l->event->seq, l->event->channel,
                      dead->handler.data ? EVENT_DEAD : EVENT_MALFORMED, EVENT_DROPPED, NULL, NULL);
    journal_clear_results(e->journal, l->event->seq);
}

static void drop(struct letter_request *l, const struct delivery_row *dead)
{
    struct engine *e = l->engine;
    bool is_run = !dead->connector.data;
    struct delivery_row row = *dead;
    row.state = DELIVERY_DROPPED;
    if (is_run && l->work)
        l->work->n_dead--;
    else if (is_run && !has_other_dead(l, dead) && handle_count_waiting(&l->rows) == 0)
        close_dropped(l, dead);
    journal_put_delivery(e->journal, &row, DELIVERY_DEAD, NULL, on_dropped, l);
}

/* ---- edit ---- */

static void on_edited(void *ctx, bool was_done)
{
    answer(ctx, was_done ? LETTER_DONE : LETTER_NOT_DEAD, "it is no dead letter any more");
}

static void edit(struct letter_request *l, const struct delivery_row *dead)
{
    struct engine *e = l->engine;
    if (!dead->connector.data)
        answer(l, LETTER_REFUSED,
               dead->handler.data
                   ? "its handler failed, and takes the event as it came: mend the script, retry"
                   : "it is no event, and can't be retried: mend its sender, then drop it");
    else if (slice_is_equal(dead->connector, SLICE_LIT(SCRIPT_DEAD_LETTERS)))
        answer(l, LETTER_REFUSED, "it publishes another dead letter: edit that one");
    else
        journal_edit_letter(e->journal, dead->seq, slice_str(l->text), on_edited, l);
}

/* ---- replay ---- */

static void read_on(struct letter_request *l, void (*take)(struct page *page))
{
    l->page = (struct page){.engine = l->engine, .read = read_page, .take = take};
    page_ask(&l->page);
}

static void on_read_again(struct page *page)
{
    struct letter_request *l = container_of(page, struct letter_request, page);
    handle_again(l->engine, event_ref(l->event), &l->rows, false);
    answer(l, LETTER_DONE, NULL);
}

/* As it stands now: with its number of replays, and without what made way for this one. */
static void on_reopened(void *ctx, bool was_done)
{
    struct letter_request *l = ctx;
    if (was_done)
        read_on(l, on_read_again);
    else
        answer(l, LETTER_REFUSED, STILL_OPEN);
}

static void replay(struct letter_request *l)
{
    if (l->work) {
        journal_pass_replay(l->engine->journal, event_of(l), 1);
        answer(l, LETTER_REFUSED, STILL_OPEN);
        return;
    }
    journal_replay_event(l->engine->journal, event_of(l), slice_str(l->text), l->is_forced,
                         on_reopened, l);
}

/* ---- all ---- */

static void hold_work(struct letter_request *l)
{
    if (l->work)
        return;
    l->work = work_find(l->engine, event_of(l));
    if (l->work)
        work_hold(l->work);
}

static void on_read(void *ctx)
{
    struct letter_request *l = ctx;
    const struct delivery_row *row = own_row(l);
    hold_work(l); /* it may have come into memory meanwhile */
    if (l->err.code != ERR_NONE) {
        answer(l, LETTER_FAILED, l->err.message);
    } else if (!l->was_found || !l->event) {
        answer(l, LETTER_NOT_FOUND, "there is no such dead letter");
    } else if (l->verb == VERB_REPLAY) {
        replay(l);
    } else if (row->state != DELIVERY_DEAD) {
        struct buf text = {0};
        buf_printf(&text, "it is no dead letter: it is %s", delivery_state_name(row->state));
        answer(l, LETTER_NOT_DEAD, text.data);
        buf_deinit(&text);
    } else if (l->verb == VERB_DROP) {
        drop(l, row);
    } else if (l->verb == VERB_EDIT) {
        edit(l, row);
    } else {
        retry(l, row);
    }
}

static void on_page(struct page *page)
{
    on_read(container_of(page, struct letter_request, page));
}

/* ---- one at a time for each event ---- */

static void read_when_settled(void *ctx)
{
    struct letter_request *l = ctx;
    journal_read(l->engine->journal, read_letter, on_read, l);
}

/* What is read must be what stands: it is read when all that was queued before is on disk, and
   retention keeps its hands off it. */
static void start(struct letter_request *l)
{
    l->is_started = true;
    journal_hold_letters(l->engine->journal);
    newest_hold(l->engine);
    hold_work(l);
    if (l->verb == VERB_REPLAY)
        read_on(l, on_page);
    else
        journal_when_kept(l->engine->journal, read_when_settled, l);
}

static bool is_busy(const struct engine *e, int64_t event_seq)
{
    list_each (it, &e->letters) {
        const struct letter_request *l = list_entry(it, struct letter_request, link);
        if (l->is_started && event_of(l) == event_seq)
            return true;
    }
    return false;
}

bool letters_is_free(const struct engine *e, int64_t event_seq)
{
    list_each (it, &e->letters) {
        if (event_of(list_entry(it, struct letter_request, link)) == event_seq)
            return false;
    }
    return !arrivals_may_hold(e, event_seq);
}

void letters_resume(struct engine *e)
{
    list_each (it, &e->letters) {
        struct letter_request *l = list_entry(it, struct letter_request, link);
        if (!l->is_started && !arrivals_may_hold(e, event_of(l)) && !is_busy(e, event_of(l)))
            start(l);
    }
}

/* `like` has what the verb needs. */
static void request(struct engine *e, struct slice id, const struct letter_request *like,
                    struct slice text)
{
    struct letter_request *l = mem_calloc(1, sizeof(*l));
    *l = *like;
    l->engine = e;
    l->id = slice_dup(id);
    l->text = text.data ? slice_dup(text) : NULL;
    list_init(&l->link);
    list_init(&l->rows);
    list_add_tail(&e->letters, &l->link);
    letters_resume(e);
}

void engine_retry_letter(struct engine *e, struct slice id, bool is_forced, letter_fn done,
                         void *ctx)
{
    request(e, id,
            &(struct letter_request){
                .verb = VERB_RETRY, .is_forced = is_forced, .done = done, .ctx = ctx},
            SLICE_NULL);
}

void engine_drop_letter(struct engine *e, struct slice id, letter_fn done, void *ctx)
{
    request(e, id, &(struct letter_request){.verb = VERB_DROP, .done = done, .ctx = ctx},
            SLICE_NULL);
}

void engine_edit_letter(struct engine *e, struct slice id, struct slice data, letter_fn done,
                        void *ctx)
{
    request(e, id, &(struct letter_request){.verb = VERB_EDIT, .done = done, .ctx = ctx}, data);
}

void letters_replay(struct engine *e, int64_t event_seq, const struct letter_replay *replay)
{
    char id[24];
    snprintf(id, sizeof(id), "%lld", (long long)event_seq);
    request(e, slice_str(id),
            &(struct letter_request){.verb = VERB_REPLAY,
                                     .is_forced = replay->is_forced,
                                     .done = replay->done,
                                     .ctx = replay->ctx},
            replay->handler);
}

void letters_free(struct engine *e)
{
    list_each (it, &e->letters)
        request_free(list_entry(it, struct letter_request, link));
}
