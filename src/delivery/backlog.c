/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The backlog of a target: when it falls behind, what is read when, what is parked, and when all is
 * in memory again. The argument that nothing is lost or taken twice stands in backlog.h.
 */
#include "delivery/backlog.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "delivery/batch.h"
#include "delivery/batching.h"
#include "delivery/delivery.h"
#include "delivery/machine.h"
#include "delivery/room.h"

#define SCAN_ROWS 1000
void backlog_init(struct backlog *b)
{
    static_assert(ARRAY_LEN(b->n_lanes) == MORE_COUNT, "one count for each enum lane_more");
    *b = (struct backlog){.served_at = INT64_MIN};
    list_init(&b->reading);
    list_init(&b->resting);
    list_init(&b->wanting);
    list_init(&b->urgent);
    list_init(&b->full);
    expiry_init(&b->expiry);
}

void backlog_deinit(struct backlog *b)
{
    list_remove(&b->reading);
    list_remove(&b->full);
    free(b->wants);
    free(b->asked_for);
}

/* ---- how much is in memory ---- */

void backlog_changed(struct lanes *lanes, struct target *t)
{
    struct backlog *b = &t->backlog;
    if (b->is_behind) {
        if (!b->is_reading && list_is_empty(&b->reading))
            list_add_tail(&lanes->reading, &b->reading);
    } else if (list_is_empty(&b->full)) {
        if (room_is_full(lanes, t)) {
            b->full_at = machine_now(lanes);
            list_add_tail(&lanes->full, &b->full);
        }
    } else if (room_is_half_empty(lanes, t)) {
        list_remove(&b->full);
    }
}

/* ---- marks ---- */

/* The one place where a lane's `more` changes, and what is counted by it. */
static void set_more(struct lane *lane, enum lane_more more)
{
    struct backlog *b = &lane->target->backlog;
    if (lane->more != MORE_NONE)
        b->n_lanes[lane->more]--;
    list_remove(&lane->marked);
    lane->more = more;
    if (more != MORE_NONE)
        b->n_lanes[more]++;
    if (more == MORE_RESTING)
        list_add_tail(&b->resting, &lane->marked);
    else if (more == MORE_WANTING)
        list_add_tail(lane->has_turn ? &b->urgent : &b->wanting, &lane->marked);
}

static size_t count_marks(const struct backlog *b)
{
    return b->n_lanes[MORE_RESTING] + b->n_lanes[MORE_WANTING] + b->n_lanes[MORE_ASKED];
}

/* It could be served from what is on disk, and soon will have nothing else. */
static bool is_in_want(const struct lane *lane)
{
    if (lane->batch)
        return lane->batch->phase == BATCH_LOADING && lane->n_loaded < lane->n_of_batch;
    if (coalesce_wants(lane))
        return true;
    if (lane->is_parked || lane->n_loaded * 4 > lane->ask)
        return false;
    if (lane->n_loaded == 0)
        return true;
    const struct delivery *head = lane_head(lane);
    bool waits = head->phase == PHASE_LATER || head->phase == PHASE_BARRED;
    return !waits && !(head->batch && head->batch->phase == BATCH_LATER);
}

void backlog_lane_changed(struct lanes *lanes, struct lane *lane)
{
    bool is_marked = lane->more == MORE_RESTING || lane->more == MORE_WANTING;
    enum lane_more more = is_in_want(lane) ? MORE_WANTING : MORE_RESTING;
    if (is_marked && more != lane->more)
        set_more(lane, more);
    backlog_changed(lanes, lane->target);
}

void backlog_turn_changed(struct lanes *lanes, struct lane *lane)
{
    if (lane->more == MORE_RESTING || lane->more == MORE_WANTING)
        set_more(lane, is_in_want(lane) ? MORE_WANTING : MORE_RESTING);
    backlog_changed(lanes, lane->target);
}

static void park(struct lanes *lanes, struct lane *lane, int64_t due_at)
{
    lane->is_parked = true;
    lane->head_due_at = due_at;
    lane->ask = 1;
    if (due_at != NEVER)
        heap_insert(&lanes->parked, &lane->due, due_at);
    set_more(lane, MORE_RESTING);
}

static void unpark(struct lanes *lanes, struct lane *lane)
{
    lane->is_parked = false;
    heap_remove(&lanes->parked, &lane->due);
}

void backlog_lane_due(struct lanes *lanes, struct lane *lane)
{
    unpark(lanes, lane);
    backlog_lane_changed(lanes, lane);
}

void backlog_passed(struct lanes *lanes, struct lane *lane, int64_t position)
{
    if (!lane->is_parked || lane->through + 1 != position)
        return;
    lane->through = position;
    lane->head_due_at = NEVER;
    lane->pause_seen_ms = -1;
    if (batch_lane_passed(lanes, lane))
        backlog_lane_due(lanes, lane);
}

void backlog_want(struct lanes *lanes, struct lane *lane, unsigned n_rows)
{
    unpark(lanes, lane);
    lane->ask = n_rows;
    set_more(lane, MORE_WANTING);
}

void backlog_release(struct lanes *lanes, struct lane *lane, int64_t due_at)
{
    if (lane->is_parked && due_at > machine_now(lanes))
        heap_insert(&lanes->parked, &lane->due, due_at);
    else
        backlog_lane_due(lanes, lane);
}

/* ---- onto the disk ---- */

/* Its row, as written, is all that is left of it. */
static void send_away(struct lanes *lanes, struct delivery *d)
{
    if (d->is_ahead)
        machine_write(lanes, d);
    d->target->backlog.n_away++;
    expiry_note(lanes, d->target, d->expires_at);
    machine_move(lanes, d, PHASE_AWAY);
    machine_tell_spilled(lanes, d);
}

/* One that was to get its row first goes on as if it had. */
void backlog_write(struct lanes *lanes, struct delivery *d)
{
    if (d->state == DELIVERY_WAITING || d->phase == PHASE_SETTLING)
        return;
    if (d->state == DELIVERY_NEW)
        machine_add_errand(lanes, d);
    machine_write(lanes, d);
    if (lane_has_head(d->lane, d) && list_is_empty(&d->lane->ready))
        machine_head_arrived(lanes, d);
}

/* What it has in memory gets its rows: whatever has one comes, after a crash, before what has none,
   so nothing that has one may stand behind something without in its lane. */
static void fall_behind(struct lanes *lanes, struct target *t)
{
    struct backlog *b = &t->backlog;
    b->is_behind = true;
    list_remove(&b->full);
    b->cursor = b->through = t->last_position;
    list_each (it, &t->lanes) {
        struct lane *lane = list_entry(it, struct lane, link);
        list_each (in_lane, &lane->deliveries)
            backlog_write(lanes, list_entry(in_lane, struct delivery, in_lane));
    }
}

bool backlog_takes(struct lanes *lanes, struct target *t)
{
    if (!t->backlog.is_behind && room_is_full(lanes, t))
        fall_behind(lanes, t);
    return t->backlog.is_behind;
}

void backlog_spill(struct lanes *lanes, struct delivery *d, bool is_written)
{
    struct target *t = d->target;
    if (!is_written)
        machine_write(lanes, d);
    t->backlog.through = d->position;
    backlog_changed(lanes, t);
    send_away(lanes, d);
}

/* ---- out of memory for a while ---- */

/* A lane made when its target had an order of keys can't be told, on disk, from what came after. */
bool backlog_can_leave(const struct lane *lane)
{
    if (lane->more == MORE_ASKED || lane->n_leaving > 0 ||
        (lane->is_keyed && !lane->target->is_keyed))
        return false;
    list_each (it, &lane->deliveries) {
        const struct delivery *d = list_entry(it, struct delivery, in_lane);
        bool waits =
            d->phase == PHASE_QUEUED || d->phase == PHASE_LATER || d->phase == PHASE_BARRED;
        if (d->state != DELIVERY_WAITING || !waits)
            return false;
    }
    return true;
}

void backlog_leave(struct lanes *lanes, struct lane *lane)
{
    const struct delivery *head = lane_head(lane);
    int64_t through = lane->through;
    lane->pause_seen_ms = head->pause_seen_ms;
    lane->shelved_at = head->is_shelved ? head->parked_at : -1;
    bool is_timed = !lane->batch && head->phase != PHASE_BARRED;
    park(lanes, lane, is_timed ? head->due_at : NEVER);
    while (lane->n_loaded > 0) {
        struct delivery *d = lane_head(lane);
        if (d->position <= through)
            through = d->position - 1;
        send_away(lanes, d);
    }
    lane->through = through;
}

static void leave_all(struct lanes *lanes, struct target *t, struct list *waiting)
{
    list_each (it, waiting) {
        struct lane *lane = list_entry(it, struct lane, ready);
        if (room_is_half_empty(lanes, t))
            return;
        if (backlog_can_leave(lane))
            backlog_leave(lanes, lane);
    }
}

/* Those whose heads wait for people, or for later, make room for others. */
static void make_room(struct lanes *lanes, struct target *t)
{
    leave_all(lanes, t, &t->barred);
    leave_all(lanes, t, &t->later);
    list_each (it, &t->batching.later) {
        if (room_is_half_empty(lanes, t))
            return;
        batch_leave(lanes, list_entry(it, struct batch, link));
    }
}

/* ---- dead letters that keep what stands behind them ---- */

void backlog_unbar(struct lanes *lanes, struct lane *lane)
{
    if (lane->is_parked && !lane->batch && !heap_has(&lane->due))
        backlog_lane_due(lanes, lane);
}

/* The lane is read from this place on. */
static void go_back(struct lanes *lanes, struct lane *lane, int64_t position)
{
    if (lane->n_loaded > 0)
        backlog_leave(lanes, lane);
    if (lane->is_parked)
        unpark(lanes, lane);
    if (lane->through >= position)
        lane->through = position - 1;
    lane->head_due_at = NEVER;
    lane->pause_seen_ms = lane->shelved_at = -1;
    lane->ask = 1;
    set_more(lane, MORE_RESTING);
    backlog_lane_changed(lanes, lane);
}

/* Behind the cursor a scan finds it. */
void backlog_put_back(struct lanes *lanes, struct delivery *d)
{
    struct target *t = d->target;
    struct slice key = slice_str(d->key);
    struct lane *lane = lane_find(t, key, d->position);
    assert(!t->backlog.is_reading);
    if (!lane && d->position <= t->backlog.cursor)
        lane = lane_mark(&lanes->pool, t, key, d->position);
    int64_t position = d->position;
    if (t->backlog.through < position)
        t->backlog.through = position;
    machine_write(lanes, d);
    send_away(lanes, d);
    if (lane)
        go_back(lanes, lane, position);
}

/* ---- back into memory ---- */

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static struct lane_want want_of(const struct lane *lane, size_t limit)
{
    return (struct lane_want){
        .key = lane->is_keyed ? lane->node.key : SLICE_NULL,
        .has_key = lane->is_keyed,
        .after = lane->through,
        .through = lane->is_keyed ? lane->target->backlog.cursor : lane->single,
        .limit = limit,
    };
}

static void make_wants(struct backlog *b, size_t n)
{
    if (b->cap_wants >= n)
        return;
    b->cap_wants = n;
    b->wants = mem_realloc(b->wants, n * sizeof(*b->wants));
    b->asked_for = mem_realloc(b->asked_for, n * sizeof(struct lane *));
}

/* Of what coalesces all but one row of a key leaves at once: few lanes at a time, and much of each. */
static size_t ask_of(const struct lane *lane, size_t share, size_t room)
{
    if (lane->target->policy.coalesces && lane->is_keyed && !lane->batch)
        return min_size(LANE_ASK_MAX, room);
    return min_size(lane->ask, share > 0 ? share : 1);
}

static size_t ask_lanes(struct backlog *b, const struct list *from, size_t share, size_t room)
{
    while (room > 0 && !list_is_empty(from)) {
        struct lane *lane = list_first(from, struct lane, marked);
        size_t limit = ask_of(lane, share, room);
        room -= limit;
        b->asked_for[b->n_asked] = lane;
        b->wants[b->n_asked++] = want_of(lane, limit);
        set_more(lane, MORE_ASKED);
    }
    return room;
}

/* What there is room for is shared among the lanes that want; turns come first. */
static void ask_load(struct lanes *lanes, struct target *t)
{
    struct backlog *b = &t->backlog;
    size_t room = room_loaded_max(lanes, t) - t->n_inside;
    size_t n_wanting = b->n_lanes[MORE_WANTING];
    size_t share = n_wanting > 0 ? room / n_wanting : room;
    make_wants(b, room_loaded_max(lanes, t));
    b->n_asked = 0;
    room = ask_lanes(b, &b->urgent, share, room);
    ask_lanes(b, &b->wanting, share, room);
    b->is_reading = true;
    lanes->ports.load(lanes->ports.ctx, t, b->wants, b->n_asked,
                      room_bytes_max(lanes, t) - t->bytes_inside);
}

/* For turns alone, where memory is full of what has none. */
static void ask_for_turns(struct lanes *lanes, struct target *t)
{
    struct backlog *b = &t->backlog;
    size_t room = room_turns_loaded_max(lanes, t) - t->n_inside;
    make_wants(b, room_turns_loaded_max(lanes, t));
    b->n_asked = 0;
    ask_lanes(b, &b->urgent, room, room);
    b->is_reading = true;
    lanes->ports.load(lanes->ports.ctx, t, b->wants, b->n_asked,
                      room_turns_bytes_max(lanes, t) - t->bytes_inside);
}

static void ask_scan(struct lanes *lanes, struct target *t)
{
    struct backlog *b = &t->backlog;
    b->is_reading = true;
    b->asked = b->through;
    lanes->ports.scan(lanes->ports.ctx, t, b->cursor, b->asked, SCAN_ROWS);
}

/* Nothing but lanes that rest is on disk: where they are few they come in, so that what comes from
   now on needs no disk. They don't while there is as much in memory as make_room would leave. */
static void bring_home(struct lanes *lanes, struct target *t)
{
    struct backlog *b = &t->backlog;
    if (!room_is_hungry(lanes, t) || count_marks(b) > room_loaded_max(lanes, t) / 4)
        return;
    struct lane *lane = list_first(&b->resting, struct lane, marked);
    if (lane->batch)
        batch_fetch(lanes, lane->batch);
    else
        backlog_want(lanes, lane, LANE_ASK_MAX);
    ask_load(lanes, t);
}

static void catch_up(struct lanes *lanes, struct target *t)
{
    t->backlog.is_behind = false;
    t->backlog.n_away = 0;
    expiry_forget(lanes, t);
    t->is_keyed = t->policy.is_ordered;
}

bool backlog_is_scanned(const struct lanes *lanes, const struct target *t, int64_t through)
{
    return t->backlog.cursor >= through || t->n_lanes >= lanes->limits.lanes;
}

/* What the turns that have come wait for: first, whether there is anything. */
static bool read_for_turns(struct lanes *lanes, struct target *t)
{
    struct backlog *b = &t->backlog;
    if (list_is_empty(&t->held))
        return false;
    const struct lane *first = list_first(&t->held, struct lane, ready);
    bool has_room = room_has_for_turns(lanes, t);
    if (!backlog_is_scanned(lanes, t, first->turn_through))
        ask_scan(lanes, t);
    else if (has_room && !list_is_empty(&b->urgent))
        ask_for_turns(lanes, t);
    else if (!has_room)
        coalesce_look(lanes, t);
    return b->is_reading;
}

static void read_for(struct lanes *lanes, struct target *t)
{
    struct backlog *b = &t->backlog;
    if (expiry_ask(lanes, t) || read_for_turns(lanes, t))
        return;
    bool is_through = b->cursor >= b->through;
    bool wants = b->n_lanes[MORE_WANTING] > 0;
    bool can_scan = !backlog_is_scanned(lanes, t, b->through);
    if (wants || can_scan || !list_is_empty(&t->batching.wanted))
        make_room(lanes, t);
    if (!room_is_half_empty(lanes, t))
        return;
    if (batch_fetch_due(lanes, t) || b->n_lanes[MORE_WANTING] > 0)
        ask_load(lanes, t);
    else if (can_scan)
        ask_scan(lanes, t);
    else if (is_through && b->n_lanes[MORE_RESTING] > 0)
        bring_home(lanes, t);
    else if (is_through)
        catch_up(lanes, t);
}

void backlog_read(struct lanes *lanes)
{
    while (!list_is_empty(&lanes->reading)) {
        struct target *t = list_first(&lanes->reading, struct target, backlog.reading);
        list_remove(&t->backlog.reading);
        if (t->backlog.is_behind && !t->backlog.is_reading)
            read_for(lanes, t);
    }
}

/* ---- what was read ---- */

static void mark(struct lanes *lanes, struct target *t, const struct lane_place *place,
                 struct moment now)
{
    struct slice key = place->has_key ? place->key : SLICE_NULL;
    struct lane *lane = lane_find(t, key, place->position);
    if (lane) {
        batch_mark_more(lane, place);
    } else {
        lane = lane_mark(&lanes->pool, t, key, place->position);
        if (barred_is_place(t, key, place->position)) {
            park(lanes, lane, NEVER);
            return;
        }
        int64_t due_at = moment_due_of(now, place->due_ms, place->written_ms);
        if (batch_mark(lanes, lane, place, due_at)) {
            park(lanes, lane, NEVER);
            return;
        }
        if (due_at > now.mono_ms) {
            park(lanes, lane, due_at);
            return;
        }
    }
    if (lane->more == MORE_NONE && place->position > lane->through) {
        set_more(lane, MORE_RESTING);
        backlog_lane_changed(lanes, lane);
    }
}

void lanes_scanned(struct lanes *lanes, struct target *t, const struct lane_place *places,
                   size_t n_places, bool is_all)
{
    struct backlog *b = &t->backlog;
    struct moment now = moment_now(&lanes->clock);
    for (size_t i = 0; i < n_places; i++)
        mark(lanes, t, &places[i], now);
    b->is_reading = false;
    b->cursor = is_all || n_places == 0 ? b->asked : places[n_places - 1].position;
    coalesce_look(lanes, t);
    backlog_changed(lanes, t);
}

/* Of the head that was parked the lane knows what its row doesn't, or says by a clock that was set. */
static void resume(struct lane *lane, struct delivery *d)
{
    if (lane->head_due_at < d->due_at)
        d->due_at = lane->head_due_at;
    if (lane->pause_seen_ms >= 0)
        d->pause_seen_ms = lane->pause_seen_ms;
    if (lane->shelved_at >= 0)
        delivery_shelve(d, lane->shelved_at);
    lane->head_due_at = NEVER;
    lane->pause_seen_ms = lane->shelved_at = -1;
}

/* What stands before the next one was there when the process before ended, and was to be attempted
   first. */
static bool is_behind(const struct lane *lane)
{
    return lane->n_loaded > 0 && !target_took_batches(lane->target);
}

void lanes_loaded(struct lanes *lanes, struct target *t, size_t want, struct delivery *d,
                  const struct delivery_row *row)
{
    struct lane *lane = t->backlog.asked_for[want];
    d->position = row->position;
    d->was_cut_off = d->was_cut_off && !is_behind(lane);
    machine_init(lanes, d, row);
    resume(lane, d);
    t->backlog.n_away--;
    batch_take_back_in(d, lane, row->batch);
    lane_append(lane, d);
    machine_enter(lanes, d);
    coalesce_came(lanes, d);
}

/* One that is waited for and isn't there will not come any more. */
static void end_load(struct lanes *lanes, struct lane *lane, bool has_more)
{
    set_more(lane, has_more ? MORE_RESTING : MORE_NONE);
    if (lane->ask < LANE_ASK_MAX)
        lane->ask *= 2;
    if (lane->n_loaded == 0 && !has_more)
        lane->woken = 0;
    batch_lane_read(lanes, lane, has_more);
    if (!lane_free_idle(&lanes->pool, lane))
        backlog_lane_changed(lanes, lane);
}

void lanes_load_ended(struct lanes *lanes, struct target *t, const bool *has_more)
{
    struct backlog *b = &t->backlog;
    for (size_t i = 0; i < b->n_asked; i++)
        end_load(lanes, b->asked_for[i], has_more[i]);
    b->n_asked = 0;
    b->is_reading = false;
    coalesce_look(lanes, t);
    backlog_changed(lanes, t);
}

/* ---- what is due before its time ---- */

static void wake_head(struct lanes *lanes, struct lane *lane, struct delivery *head)
{
    lane->woken = head->position;
    if (head->phase == PHASE_QUEUED) { /* it is ready already */
        lane->woken = 0;
    } else if (head->phase == PHASE_LATER) {
        machine_move(lanes, head, PHASE_QUEUED);
        machine_head_arrived(lanes, head);
    }
}

/* Where its lane hasn't been found yet there is one from now on: the scan that is to come marks it,
   or the load that follows misses it. */
static void wake_unseen(struct lanes *lanes, struct target *t, struct slice key, int64_t position)
{
    const struct backlog *b = &t->backlog;
    if (!b->is_behind || position <= b->cursor || position > b->through)
        return;
    struct lane *lane = lane_mark(&lanes->pool, t, key, position);
    if (lane->is_keyed)
        lane->through = b->cursor;
    lane->woken = position;
}

void lanes_wake_place(struct lanes *lanes, struct target *t, struct slice key, int64_t position)
{
    struct lane *lane = lane_find(t, key, position);
    if (!lane) {
        wake_unseen(lanes, t, key, position);
    } else if (lane->n_loaded > 0 && lane_head(lane)->position == position) {
        wake_head(lanes, lane, lane_head(lane));
    } else if (lane->is_parked && lane->through + 1 == position) {
        lane->woken = position;
        backlog_lane_due(lanes, lane);
    } else if (position > lane->through || lane->n_loaded > 0) {
        lane->woken = position;
    }
}

/* ---- at the start ---- */

void lanes_begin_behind(struct lanes *lanes, struct target *t, int64_t through, int64_t count)
{
    struct backlog *b = &t->backlog;
    b->is_behind = true;
    b->n_away = count;
    expiry_come(lanes, t);
    b->through = through;
    if (t->last_position < through)
        t->last_position = through;
    backlog_changed(lanes, t);
}
