/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A replay: recorded events are handled again as new, the oldest first. Events are found in pages and
 * opened again in their order, each in one operation of the journal that also says how far the replay
 * has come: so it goes on after a crash where it stood. No more are opened than are worked off.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/parts.h"

#define AT_ONCE 32
#define PAGE_EVENTS 1000
#define PAGE_LOOKED_AT 10000
#define AGAIN_MS 50

struct replay {
    struct engine *engine;
    struct journal_filter filter; /* the slices point into `wish` */
    struct buf texts;
    struct slice handler;
    bool is_forced;
    int64_t rate_n, rate_ms; /* so many in that time; 0: any */
    struct buf wish;         /* as JSON: for the journal */
    int64_t *found;          /* a page's events … */
    size_t n_found, next;    /* … of which these were begun */
    bool is_reading, has_more;
    size_t n_under_way, n_replayed, n_refused;
    bool is_stopping, is_ending;
    int64_t not_before_ms; /* monotonic: the rate's */
    struct loop_timer *again;
    struct page page;
    replay_fn done; /* of its begin */
    void *ctx;
};

/* ---- the wish as JSON ---- */

static void write_wish(struct buf *out, const struct engine_replay *wish)
{
    struct json_writer w = {.out = out};
    const struct journal_filter *f = &wish->filter;
    json_object_begin(&w, NULL);
    json_member_given(&w, "type", f->type);
    json_member_given(&w, "connector", f->connector);
    json_member_given(&w, "channel", f->channel);
    json_member_given(&w, "key", f->key);
    json_member_given(&w, "id", f->id);
    if (f->state >= 0)
        json_member_cstr(&w, "state", event_state_name((enum event_state)f->state));
    if (f->since_ms)
        json_member_time(&w, "since", f->since_ms);
    if (f->until_ms)
        json_member_time(&w, "until", f->until_ms);
    json_member_given(&w, "handler", wish->handler);
    if (f->has_dead)
        json_member_bool(&w, "dead", true);
    if (wish->is_forced)
        json_member_bool(&w, "force", true);
    if (wish->rate_n) {
        json_member_integer(&w, "rateEvents", wish->rate_n);
        json_member_integer(&w, "rateMs", wish->rate_ms);
    }
    json_object_end(&w);
}

static struct slice read_text(struct replay *r, const char *name)
{
    struct slice value;
    size_t at = r->texts.len;
    if (!json_get(buf_slice(&r->wish), name, &value) || json_get_string(value, &r->texts) < 0)
        return SLICE_NULL;
    buf_add_char(&r->texts, '\0');
    return slice_of(r->texts.data + at, r->texts.len - at - 1);
}

static int64_t read_time(struct replay *r, const char *name)
{
    int64_t ms = 0;
    struct slice text = read_text(r, name);
    return text.data && text_parse_time(text, &ms, NULL) == 0 ? ms : 0;
}

static int64_t read_number(struct replay *r, const char *name)
{
    int64_t n = 0;
    struct slice value;
    return json_get(buf_slice(&r->wish), name, &value) && json_get_integer(value, &n) == 0 ? n : 0;
}

static bool read_flag(struct replay *r, const char *name)
{
    struct slice value;
    return json_get(buf_slice(&r->wish), name, &value) && slice_is_equal(value, SLICE_LIT("true"));
}

static void read_wish(struct replay *r)
{
    buf_reserve(&r->texts, r->wish.len + 16); /* at once: the slices into it must stay */
    struct slice state = read_text(r, "state");
    r->filter = (struct journal_filter){
        .type = read_text(r, "type"),
        .connector = read_text(r, "connector"),
        .channel = read_text(r, "channel"),
        .key = read_text(r, "key"),
        .id = read_text(r, "id"),
        .state = state.data ? event_state_of(state) : -1,
        .since_ms = read_time(r, "since"),
        .until_ms = read_time(r, "until"),
        .has_dead = read_flag(r, "dead"),
        .limit = PAGE_EVENTS,
    };
    r->handler = read_text(r, "handler");
    r->is_forced = read_flag(r, "force");
    r->rate_n = read_number(r, "rateEvents");
    r->rate_ms = read_number(r, "rateMs");
}

/* ---- its life ---- */

static void on_again(void *ctx);

static struct replay *replay_new(struct engine *e)
{
    struct replay *r = mem_calloc(1, sizeof(*r));
    r->engine = e;
    r->found = mem_calloc(PAGE_EVENTS, sizeof(*r->found));
    r->again = loop_timer_new(e->loop, on_again, r);
    r->has_more = true;
    return r;
}

void replay_free(struct replay *r)
{
    if (!r)
        return;
    loop_timer_free(r->again);
    buf_deinit(&r->wish);
    buf_deinit(&r->texts);
    free(r->found);
    free(r);
}

static void on_ended(void *ctx, bool was_done)
{
    (void)was_done;
    struct replay *r = ctx;
    struct engine *e = r->engine;
    log_info(e->log, r->is_stopping ? "the replay was stopped" : "the replay has ended",
             LOG_INT("replayed", (int64_t)r->n_replayed),
             LOG_INT("refused", (int64_t)r->n_refused));
    e->replay = NULL;
    replay_free(r);
}

static void end(struct replay *r)
{
    if (r->is_ending || r->n_under_way > 0 || r->is_reading)
        return;
    r->is_ending = true;
    journal_end_replay(r->engine->journal, on_ended, r);
}

/* ---- finding events ---- */

static bool note_event(void *ctx, struct event *event, enum event_state state)
{
    (void)state;
    struct replay *r = ctx;
    r->found[r->n_found++] = event->seq;
    return true;
}

static void read_page(struct page *page, struct journal_reader *reader)
{
    struct replay *r = container_of(page, struct replay, page);
    struct journal_filter f = r->filter;
    int64_t through = f.through_seq;
    r->n_found = 0;
    if (journal_bound_events(reader, &f, PAGE_LOOKED_AT, &page->err) < 0 ||
        journal_list_events(reader, &f, note_event, r, &page->err) < 0)
        return;
    /* Behind the last one found where the page is full, else behind what was looked at. */
    bool is_full = r->n_found == f.limit;
    r->filter.after_seq = is_full ? r->found[r->n_found - 1] : f.through_seq;
    r->has_more = r->filter.after_seq < through;
}

static void go_on(struct replay *r);

static void on_page(struct page *page)
{
    struct replay *r = container_of(page, struct replay, page);
    r->is_reading = false;
    r->next = 0;
    go_on(r);
}

static void read_more(struct replay *r)
{
    r->is_reading = true;
    r->page = (struct page){.engine = r->engine, .read = read_page, .take = on_page};
    page_ask(&r->page);
}

/* ---- opening them again ---- */

static void on_event(void *ctx, enum letter_result result, const char *text)
{
    (void)text;
    struct replay *r = ctx;
    r->n_under_way--;
    if (result == LETTER_DONE)
        r->n_replayed++;
    else
        r->n_refused++;
    loop_timer_start(r->again, 0); /* not from within the letters' own turn */
}

/* When the next one may be opened, monotonic ms. */
static int64_t hold_until(struct replay *r, int64_t now)
{
    if (arrivals_are_held(r->engine) || !letters_is_free(r->engine, r->found[r->next]))
        return now + AGAIN_MS;
    return r->rate_n && r->not_before_ms > now ? r->not_before_ms : now;
}

static void open_next(struct replay *r, int64_t now)
{
    const struct letter_replay replay = {
        .handler = r->handler, .is_forced = r->is_forced, .done = on_event, .ctx = r};
    if (r->rate_n) {
        int64_t from = r->not_before_ms > now - r->rate_ms ? r->not_before_ms : now;
        int64_t every_ms = r->rate_ms / r->rate_n;
        r->not_before_ms = from + (every_ms > 0 ? every_ms : 1);
    }
    r->n_under_way++;
    letters_replay(r->engine, r->found[r->next++], &replay);
}

static void go_on(struct replay *r)
{
    struct engine *e = r->engine;
    if (e->is_draining || r->is_reading)
        return;
    while (r->next < r->n_found && r->n_under_way < AT_ONCE && !r->is_stopping) {
        int64_t now = clock_mono_ms(&e->clock), until = hold_until(r, now);
        if (until > now) {
            loop_timer_start(r->again, until - now);
            return;
        }
        open_next(r, now);
    }
    if (r->next < r->n_found && !r->is_stopping)
        return;
    if (r->has_more && !r->is_stopping)
        read_more(r);
    else
        end(r);
}

static void on_again(void *ctx)
{
    go_on(ctx);
}

/* ---- its beginnings ---- */

static void on_begun(void *ctx, bool was_done)
{
    struct replay *r = ctx;
    struct engine *e = r->engine;
    replay_fn done = r->done;
    void *done_ctx = r->ctx;
    if (was_done) {
        log_info(e->log, "a replay begins", LOG_SLICE("of", buf_slice(&r->wish)));
        done(done_ctx, true);
        go_on(r);
    } else {
        e->replay = NULL;
        replay_free(r);
        done(done_ctx, false);
    }
}

void engine_replay(struct engine *e, const struct engine_replay *wish, replay_fn done, void *ctx)
{
    if (e->replay || e->is_draining) {
        done(ctx, false);
        return;
    }
    struct replay *r = e->replay = replay_new(e);
    write_wish(&r->wish, wish);
    read_wish(r);
    r->filter.through_seq = journal_next_seq(e->journal) - 1;
    r->done = done;
    r->ctx = ctx;
    journal_begin_replay(e->journal, buf_slice(&r->wish), r->filter.through_seq, on_begun, r);
}

bool engine_stop_replay(struct engine *e)
{
    if (!e->replay)
        return false;
    e->replay->is_stopping = true;
    go_on(e->replay);
    return true;
}

static bool find_unfinished(void *ctx, const struct journal_replay *replay)
{
    struct engine *e = ctx;
    if (replay->ended_ms)
        return false;
    struct replay *r = e->replay = replay_new(e);
    buf_add_slice(&r->wish, replay->wish);
    read_wish(r);
    r->filter.after_seq = replay->cursor;
    r->filter.through_seq = replay->through;
    r->has_more = replay->cursor < replay->through;
    r->n_replayed = (size_t)replay->n_replayed;
    r->n_refused = (size_t)replay->n_refused;
    return false;
}

int replay_start(struct engine *e, struct journal_reader *reader, struct err *err)
{
    int rc = journal_replays(reader, find_unfinished, e, err);
    if (rc == 0 && e->replay) {
        log_info(e->log, "a replay goes on", LOG_SLICE("of", buf_slice(&e->replay->wish)));
        loop_timer_start(e->replay->again, 0);
    }
    return rc;
}
