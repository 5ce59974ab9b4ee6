/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * delivery:await(): a handler's run waits for the end of what it sent. First the event's deliveries
 * get their rows, so that they stand whatever happens to the run. For some seconds its coroutine
 * waits in memory; past that, or where too many wait, it is dropped: the run waits by its row, and is
 * made once more from the top when the delivery has ended. What it sends then is known by its
 * identity, and what it awaits is read from the journal. The same happens after a restart, except
 * that the run doesn't wait there: it comes to its await again by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/parts.h"

#define WAIT_MS 10000
/* Where a handler's waits are many, those that take long have to make room. */
#define CROWDED (LANES_PARKED_MAX / 2)
#define CROWDED_WAIT_MS 1000
#define PARKED_MAX 1000

#define NOT_OWN "this delivery was made by another handler, which alone can await it"

struct wait {
    struct map_node node;   /* in awaits.waits, by the delivery's id */
    struct heap_node until; /* in awaits.parked, by monotonic ms, while its coroutine is there */
    struct item *run;       /* so long; NULL: it waits by its row, which may be on disk alone … */
    struct target *target;
    int64_t position; /* … at this place */
    char *key;        /* … of this key; NULL: none */
    char id[DELIVERY_ID_SIZE];
};

struct awaits {
    struct engine *engine;
    struct map waits;
    struct heap parked;
    struct loop_timer *timer;
    struct list lookups;
};

/* Reads the row of a delivery that isn't in memory: it has ended, or waits on disk alone. */
struct lookup {
    struct list link; /* in awaits.lookups */
    struct awaits *awaits;
    struct list rows; /* one struct known_row */
    struct err err;
    char id[DELIVERY_ID_SIZE];
};

static void wait_free(struct awaits *a, struct wait *w)
{
    map_remove(&a->waits, &w->node);
    heap_remove(&a->parked, &w->until);
    if (w->run)
        w->run->wait = NULL;
    free(w->key);
    free(w);
}

/* ---- how long ---- */

static void arm(struct awaits *a)
{
    const struct heap_node *first = heap_min(&a->parked);
    if (!first) {
        loop_timer_stop(a->timer);
        return;
    }
    int64_t after_ms = first->rank - clock_mono_ms(&a->engine->clock);
    loop_timer_start(a->timer, after_ms > 0 && a->parked.len <= PARKED_MAX ? after_ms : 0);
}

static void shelve(struct awaits *a, struct wait *w)
{
    struct item *run = w->run;
    heap_remove(&a->parked, &w->until);
    log_debug(a->engine->log, "waits on without its run, which will be made once more",
              LOG_STR("handler", run->d.handler), LOG_STR("delivery", w->id));
    script_cancel(run->run);
    run->run = NULL;
    run->wait = NULL;
    w->run = NULL;
    w->position = run->d.position;
    w->key = run->d.key ? mem_strdup(run->d.key) : NULL;
    lanes_shelve(a->engine->lanes, &run->d);
}

/* The run goes, and is made once more at once. */
static void begin_again(struct awaits *a, struct wait *w)
{
    struct item *run = w->run;
    script_cancel(run->run);
    run->run = NULL;
    wait_free(a, w);
    lanes_take_back(a->engine->lanes, &run->d, false);
}

static void on_timer(void *ctx)
{
    struct awaits *a = ctx;
    if (a->engine->is_draining)
        return;
    int64_t now = clock_mono_ms(&a->engine->clock);
    struct heap_node *first;
    while ((first = heap_min(&a->parked)) && (first->rank <= now || a->parked.len > PARKED_MAX)) {
        struct wait *w = container_of(first, struct wait, until);
        if (w->run->version != a->engine->version)
            begin_again(a, w);
        else
            shelve(a, w);
    }
    arm(a);
}

/* One of older scripts doesn't wait on these. */
static int64_t wait_ms(struct engine *e, const struct item *run)
{
    struct target_status status;
    if (run->version != e->version)
        return 0;
    target_status(run->d.target, e->lanes, &status);
    return status.parked >= CROWDED ? CROWDED_WAIT_MS : WAIT_MS;
}

/* ---- the wait ---- */

static void wait_new(struct awaits *a, struct item *run, struct slice id)
{
    struct engine *e = a->engine;
    struct wait *w = mem_calloc(1, sizeof(*w));
    w->run = run;
    w->target = run->d.target;
    memcpy(w->id, id.data, id.len);
    w->node.key = slice_of(w->id, id.len);
    map_insert(&a->waits, &w->node);
    run->wait = w;
    lanes_park(e->lanes, &run->d);
    heap_insert(&a->parked, &w->until, clock_mono_ms(&e->clock) + wait_ms(e, run));
    arm(a);
}

static struct wait *find_wait(const struct awaits *a, struct slice id)
{
    struct map_node *node = map_find(&a->waits, id);
    return node ? container_of(node, struct wait, node) : NULL;
}

void await_forget(struct item *run)
{
    if (run->wait)
        wait_free(run->engine->awaits, run->wait);
}

/* ---- its end ---- */

/* It is made once more, wherever it is. */
static void run_again(struct awaits *a, struct wait *w)
{
    lanes_wake_place(a->engine->lanes, w->target, slice_str(w->key), w->position);
    wait_free(a, w);
}

/* Last in what is done with the run: it may end by it. */
static void go_on(struct awaits *a, struct wait *w, const struct script_awaited *end)
{
    struct engine *e = a->engine;
    struct item *run = w->run;
    if (e->is_draining) /* the next start finds it all */
        return;
    if (!run) {
        run_again(a, w);
        return;
    }
    wait_free(a, w);
    lanes_unpark(e->lanes, &run->d);
    script_awaited(run->run, end);
}

static struct script_awaited awaited(enum delivery_state state, struct slice cause,
                                     struct slice error, unsigned attempts)
{
    struct script_awaited end = {.cause = cause, .error = error, .attempts = attempts};
    if (state == DELIVERY_DELIVERED)
        return (struct script_awaited){.is_delivered = true};
    if (state == DELIVERY_SKIPPED || state == DELIVERY_SUPERSEDED)
        end.error = cause; /* the reason it gave, or why it wasn't sent */
    if (state != DELIVERY_DEAD)
        end.cause = slice_str(delivery_state_name(state));
    return end;
}

void await_ended(struct engine *e, const struct item *item, enum delivery_state final,
                 const char *cause)
{
    struct wait *w = e->awaits->waits.len > 0 ? find_wait(e->awaits, slice_str(item->d.id)) : NULL;
    if (!w)
        return;
    struct script_awaited end =
        awaited(final, slice_str(cause), slice_str(item->d.last_error), item->d.attempts);
    if (item->result.len > 0)
        end.value = buf_slice(&item->result);
    go_on(e->awaits, w, &end);
}

void await_run_all_again(struct engine *e)
{
    struct heap_node *first;
    while ((first = heap_min(&e->awaits->parked)))
        begin_again(e->awaits, container_of(first, struct wait, until));
    arm(e->awaits);
}

/* ---- what the journal knows of it ---- */

static void lookup_free(struct lookup *l)
{
    list_remove(&l->link);
    known_rows_free(&l->rows);
    free(l);
}

static void read_row(struct journal_reader *reader, void *ctx)
{
    struct lookup *l = ctx;
    struct err err = {0};
    if (journal_find_delivery(reader, slice_str(l->id), known_rows_add, &l->rows, &err) < 0)
        l->err = err;
}

/* The handler is tried again, as after any failure that passes. */
static void give_up(struct awaits *a, struct wait *w, const char *why)
{
    struct engine *e = a->engine;
    struct item *run = w->run;
    if (!run) {
        run_again(a, w);
        return;
    }
    wait_free(a, w);
    struct buf text = {0};
    buf_printf(&text, "await: the journal can't be read: %s", why);
    const struct attempt_end end = {
        .kind = ATTEMPT_RETRY, .after_ms = -1, .error = buf_slice(&text)};
    script_cancel(run->run);
    run->run = NULL;
    lanes_unpark(e->lanes, &run->d);
    lanes_attempt_ended(e->lanes, &run->d, &end);
    buf_deinit(&text);
}

static void refuse(struct awaits *a, struct wait *w, const char *why)
{
    const struct script_awaited end = {.refusal = slice_str(why)};
    go_on(a, w, &end);
}

/* One that waits still is told by await_ended. */
static void take_row(struct awaits *a, struct wait *w, const struct delivery_row *row)
{
    if (!slice_is_equal(row->handler, slice_str(target_name(w->target)))) {
        refuse(a, w, NOT_OWN);
        return;
    }
    if (row->state == DELIVERY_WAITING)
        return;
    struct script_awaited end = awaited(row->state, row->cause, row->error, row->attempts);
    end.value = row->result;
    go_on(a, w, &end);
}

/* The wait may be over by now. */
static void on_row(void *ctx)
{
    struct lookup *l = ctx;
    struct awaits *a = l->awaits;
    struct wait *w = find_wait(a, slice_str(l->id));
    if (w && !list_is_empty(&l->rows))
        take_row(a, w, known_row_of(l->rows.next));
    else if (w && l->err.code != ERR_NONE)
        give_up(a, w, l->err.message);
    else if (w)
        refuse(a, w, "this delivery is not in the journal any more");
    lookup_free(l);
}

static void read_when_kept(void *ctx)
{
    struct lookup *l = ctx;
    journal_read(l->awaits->engine->journal, read_row, on_row, l);
}

static void look_up(struct awaits *a, struct slice id)
{
    struct lookup *l = mem_calloc(1, sizeof(*l));
    l->awaits = a;
    memcpy(l->id, id.data, id.len);
    list_init(&l->rows);
    list_add_tail(&a->lookups, &l->link);
    journal_when_kept(a->engine->journal, read_when_kept, l);
}

/* ---- its beginning ---- */

/* Whether a wait is left of the same run, which was made once more for another reason. */
static bool is_of(const struct wait *w, const struct item *run)
{
    return !w->run && w->target == run->d.target && w->position == run->d.position;
}

static void keep_all(struct engine *e, struct work *work)
{
    list_each (it, &work->items)
        lanes_keep(e->lanes, &list_entry(it, struct item, in_work)->d);
}

int await_begin(void *ctx, void *run_ctx, struct slice id, struct err *err)
{
    struct engine *e = ctx;
    struct item *run = run_ctx;
    uint64_t prefix = identity_prefix(id);
    if (id.len >= DELIVERY_ID_SIZE || prefix == 0 || counts_get(&run->work->sends, prefix) == 0)
        return err_set(err, ERR_INVALID,
                       "this delivery was not made for this event: a handler awaits what it sent "
                       "in the same run");
    const struct item *item = work_find_item(run->work, id);
    struct wait *before = find_wait(e->awaits, id);
    bool is_others = item && strcmp(item->d.handler, run->d.handler) != 0;
    if (is_others || (before && !is_of(before, run))) /* by its own handler, whose one run waits */
        return err_set(err, ERR_INVALID, NOT_OWN);
    if (before)
        wait_free(e->awaits, before);
    keep_all(e, run->work);
    wait_new(e->awaits, run, id);
    if (!item)
        look_up(e->awaits, id);
    return 0;
}

/* ---- its life ---- */

struct awaits *await_new(struct engine *e)
{
    struct awaits *a = mem_calloc(1, sizeof(*a));
    a->engine = e;
    map_init(&a->waits);
    list_init(&a->lookups);
    a->timer = loop_timer_new(e->loop, on_timer, a);
    return a;
}

static void free_wait(void *ctx, struct map_node *node)
{
    wait_free(ctx, container_of(node, struct wait, node));
}

void await_free(struct awaits *a)
{
    if (!a)
        return;
    map_each(&a->waits, free_wait, a);
    list_each (it, &a->lookups)
        lookup_free(list_entry(it, struct lookup, link));
    map_deinit(&a->waits);
    heap_deinit(&a->parked);
    loop_timer_free(a->timer);
    free(a);
}
