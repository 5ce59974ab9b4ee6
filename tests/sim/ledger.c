/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "traffic.h"
#include "world.h"

/* A connector and key, of one that keeps order. */
struct ledger_lane {
    struct map_node node; /* by name */
    char *name;
    struct sent_id *now;  /* attempted at this moment, or NULL: the last one of a group */
    struct sent_id *last; /* attempted last */
    uint64_t group;       /* … with that one */
};

/* How far one handler has come with an event's key in one lane. */
struct place {
    struct map_node node; /* by name */
    char *name;
    uint64_t rank; /* of the last one attempted */
    uint64_t group;
};

struct ledger {
    struct world *world;
    struct map occurrences, sends, ids, lanes, places;
    struct list in_order;  /* struct occurrence, as they were sent */
    struct list unsettled; /* struct sent_id that have succeeded, which may not be on disk */
    unsigned life;
    uint64_t turn;
};

struct ledger *ledger_new(struct world *w)
{
    struct ledger *l = mem_calloc(1, sizeof(*l));
    l->world = w;
    map_init(&l->occurrences);
    map_init(&l->sends);
    map_init(&l->ids);
    map_init(&l->lanes);
    map_init(&l->places);
    list_init(&l->in_order);
    list_init(&l->unsettled);
    return l;
}

static void free_occurrence(void *ctx, struct map_node *node)
{
    (void)ctx;
    free(container_of(node, struct occurrence, node));
}

static void free_send(void *ctx, struct map_node *node)
{
    struct send *send = container_of(node, struct send, node);
    (void)ctx;
    free(send->name);
    free(send);
}

static void free_lane(void *ctx, struct map_node *node)
{
    struct ledger_lane *lane = container_of(node, struct ledger_lane, node);
    (void)ctx;
    free(lane->name);
    free(lane);
}

static void free_place(void *ctx, struct map_node *node)
{
    struct place *place = container_of(node, struct place, node);
    (void)ctx;
    free(place->name);
    free(place);
}

/* The entries go first, then the buckets, which don't look at them. */
static void free_all(struct map *map, map_visit_fn fn)
{
    while (map->oldest) {
        struct map_node *node = map->oldest;
        map_remove(map, node);
        fn(NULL, node);
    }
    map_deinit(map);
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    while (l->ids.oldest)
        map_remove(&l->ids, l->ids.oldest);
    map_deinit(&l->ids);
    free_all(&l->sends, free_send);
    free_all(&l->occurrences, free_occurrence);
    free_all(&l->lanes, free_lane);
    free_all(&l->places, free_place);
    free(l);
}

/* ---- events ---- */

struct occurrence *ledger_add(struct ledger *l, const char *channel, const char *type,
                              const char *id, const char *key, unsigned n)
{
    struct occurrence *o = mem_calloc(1, sizeof(*o));
    o->channel = channel;
    o->type = type;
    o->n = n;
    o->at_us = l->world->agenda.now_us;
    snprintf(o->id, sizeof(o->id), "%s", id);
    snprintf(o->key, sizeof(o->key), "%s", key);
    o->node.key = slice_str(o->id);
    map_insert(&l->occurrences, &o->node);
    list_add_tail(&l->in_order, &o->link);
    return o;
}

struct occurrence *ledger_find(struct ledger *l, struct slice id)
{
    struct map_node *node = map_find(&l->occurrences, id);
    return node ? container_of(node, struct occurrence, node) : NULL;
}

void ledger_each(struct ledger *l, occurrence_fn fn, void *ctx)
{
    list_each (it, &l->in_order)
        fn(ctx, list_entry(it, struct occurrence, link));
}

/* ---- what an attempt is about ---- */

static bool plans(const struct plan_handler *h, int connector, unsigned nth)
{
    for (const struct plan_send *s = h->sends; s->connector; s++) {
        if (s->nth == nth && strcmp(s->connector, plan_connectors[connector].name) == 0)
            return true;
    }
    return false;
}

/* "b17 fan 2" */
static struct send *read_mark(struct ledger *l, struct slice connector, struct slice mark)
{
    struct slice rest = mark;
    struct slice event = slice_split(&rest, ' ');
    struct slice handler = slice_split(&rest, ' ');
    struct send *send = mem_calloc(1, sizeof(*send));
    send->event = ledger_find(l, event);
    send->handler = plan_find_handler(handler);
    send->connector = plan_find_connector(connector);
    send->nth = (unsigned)atoi(rest.data ? rest.data : "0");
    if (!send->event || send->handler < 0 || send->connector < 0)
        world_broken(l->world, 5, "%.*s gets a delivery of nothing that was sent: %.*s",
                     SLICE_FMT(connector), SLICE_FMT(mark));
    const struct plan_handler *h = &plan_handlers[send->handler];
    if (!plans(h, send->connector, send->nth) ||
        !plan_takes(h, send->event->channel, send->event->type, send->event->n))
        world_broken(l->world, 5, "%.*s gets what no handler sends: %.*s", SLICE_FMT(connector),
                     SLICE_FMT(mark));
    return send;
}

static struct send *find_send(struct ledger *l, struct slice connector, struct slice mark)
{
    struct buf name = {0};
    buf_printf(&name, "%.*s > %.*s", SLICE_FMT(mark), SLICE_FMT(connector));
    struct map_node *node = map_find(&l->sends, buf_slice(&name));
    if (node) {
        buf_deinit(&name);
        return container_of(node, struct send, node);
    }
    struct send *send = read_mark(l, connector, mark);
    send->name = buf_take(&name);
    send->node.key = slice_str(send->name);
    map_insert(&l->sends, &send->node);
    return send;
}

/* Law 5: no other id than the one it had, but for replays. */
static struct sent_id *find_id(struct ledger *l, struct send *send, struct slice id)
{
    for (size_t i = 0; i < send->n_ids; i++) {
        if (slice_is_equal(slice_str(send->ids[i].id), id))
            return &send->ids[i];
    }
    if (send->n_ids > send->event->replays || send->n_ids == SEND_IDS)
        world_broken(l->world, 5, "%s is sent again as %.*s, was %s", send->name, SLICE_FMT(id),
                     send->ids[send->n_ids - 1].id);
    struct sent_id *sent = &send->ids[send->n_ids++];
    snprintf(sent->id, sizeof(sent->id), "%.*s", SLICE_FMT(id));
    sent->send = send;
    sent->node.key = slice_str(sent->id);
    list_init(&sent->link);
    if (map_find(&l->ids, sent->node.key))
        world_broken(l->world, 5, "%s has the id of another send, %s", send->name, sent->id);
    map_insert(&l->ids, &sent->node);
    return sent;
}

struct sent_id *ledger_find_id(struct ledger *l, struct slice delivery_id)
{
    struct map_node *node = map_find(&l->ids, delivery_id);
    return node ? container_of(node, struct sent_id, node) : NULL;
}

static struct ledger_lane *find_lane(struct ledger *l, const struct send *send, struct slice key)
{
    if (!key.data || !plan_connectors[send->connector].is_ordered)
        return NULL;
    struct buf name = {0};
    buf_printf(&name, "%s %.*s", plan_connectors[send->connector].name, SLICE_FMT(key));
    struct map_node *node = map_find(&l->lanes, buf_slice(&name));
    if (node) {
        buf_deinit(&name);
        return container_of(node, struct ledger_lane, node);
    }
    struct ledger_lane *lane = mem_calloc(1, sizeof(*lane));
    lane->name = buf_take(&name);
    lane->node.key = slice_str(lane->name);
    map_insert(&l->lanes, &lane->node);
    return lane;
}

static struct place *find_place(struct ledger *l, const struct ledger_lane *lane,
                                const struct send *send)
{
    struct buf name = {0};
    buf_printf(&name, "%s %s %s", lane->name, plan_handlers[send->handler].name, send->event->key);
    struct map_node *node = map_find(&l->places, buf_slice(&name));
    if (node) {
        buf_deinit(&name);
        return container_of(node, struct place, node);
    }
    struct place *place = mem_calloc(1, sizeof(*place));
    place->name = buf_take(&name);
    place->node.key = slice_str(place->name);
    map_insert(&l->places, &place->node);
    return place;
}

/* ---- the laws at an attempt ---- */

/* What a person or a replay has sent again comes when it comes. */
static bool is_in_order(const struct send *send, const struct sent_id *id)
{
    return !id->was_retried && send->event->replays == 0 && !send->event->is_handled_by_hand;
}

/* Rows of one request are attempted together, and when they are again, or in two halves, from the first one
   on. */
static void check_order(struct ledger *l, struct ledger_lane *lane, const struct send *send,
                        const struct sent_id *id, uint64_t group)
{
    if (lane->now && lane->group != group)
        world_broken(l->world, 3, "%s is attempted while %s is: both in the lane %s", send->name,
                     lane->now->send->name, lane->name);
    if (!is_in_order(send, id))
        return;
    struct place *place = find_place(l, lane, send);
    uint64_t rank = (uint64_t)send->event->n * 16 + send->nth;
    if (rank < place->rank && (id->group == 0 || id->group != place->group))
        world_broken(l->world, 3, "%s (event %u of its key) is attempted behind event %u: %s",
                     send->name, send->event->n, (unsigned)(place->rank / 16), place->name);
    place->rank = rank;
    place->group = group;
}

/* What was attempted before it in its lane is over, one way or the other, or people have sent it on. */
static void check_parked(struct ledger *l, const struct ledger_lane *lane, const struct send *send,
                         const struct sent_id *id)
{
    const struct sent_id *last = lane->last;
    if (!plan_connectors[send->connector].parks || !last || last == id)
        return;
    if (last->has_succeeded || last->was_dropped || !is_in_order(last->send, last) ||
        !is_in_order(send, id))
        return;
    world_broken(l->world, 3, "%s is attempted, and %s before it neither succeeded nor was dropped",
                 send->name, last->send->name);
}

static void check_repeat(struct ledger *l, const struct send *send, struct sent_id *id)
{
    if (!id->has_succeeded)
        return;
    const char *why = id->life == l->life ? "in the same life"
                      : id->is_settled    ? "and that was on disk"
                      : !id->may_repeat   ? "and its lane had gone on before the crash"
                                          : NULL;
    if (why)
        world_broken(l->world, 4, "%s (%s) is attempted though it was seen to succeed, %s",
                     send->name, id->id, why);
    id->has_succeeded = false;
    list_remove(&id->link);
}

/* What the receiver has, as it would have said when it was asked. */
static void check_verified(struct ledger *l, const struct send *send, const struct sent_id *id)
{
    if (plan_connectors[send->connector].verifies && id->was_taken)
        world_broken(l->world, 4, "%s (%s) is sent again, and was there", send->name, id->id);
}

/* What people have changed goes out as they did. */
static void check_edited(struct ledger *l, const struct send *send, const struct sent_id *id,
                         struct slice data)
{
    if (id->was_edited && data.data &&
        !memmem(data.data, data.len, LEDGER_EDITED, strlen(LEDGER_EDITED)))
        world_broken(l->world, 5, "%s (%s) is sent as it was before people changed it", send->name,
                     id->id);
}

/* What was put off together, or alone, and is tried again so, but for what has died or expired; 0: it may be
   with others now. */
static uint64_t take_kept(struct ledger *l, struct sent_id *id, const struct ledger_row *row)
{
    bool is_kept = id->is_put_off && id->life == l->life;
    snprintf(id->batch, sizeof(id->batch), "%.*s", SLICE_FMT(row->batch));
    id->is_put_off = false;
    return is_kept ? id->group : 0;
}

struct attempt ledger_begin(struct ledger *l, const struct ledger_row *row)
{
    struct send *send = find_send(l, row->connector, row->mark);
    struct sent_id *sent = find_id(l, send, row->id);
    struct ledger_lane *lane = find_lane(l, send, row->key);
    check_repeat(l, send, sent);
    check_verified(l, send, sent);
    check_edited(l, send, sent, row->data);
    bool is_retry = sent->is_put_off && !sent->was_retried;
    uint64_t kept_with = take_kept(l, sent, row);
    if (lane) {
        check_order(l, lane, send, sent, row->group);
        check_parked(l, lane, send, sent);
        lane->now = lane->last = sent;
        lane->group = row->group;
    }
    sent->group = row->group;
    sent->lane = lane;
    sent->n_attempts++;
    return (struct attempt){send, sent, lane, kept_with, is_retry};
}

void ledger_taken(struct attempt *a)
{
    a->id->was_taken = true;
}

void ledger_end(struct ledger *l, struct attempt *a, enum seen seen)
{
    if (a->lane)
        a->lane->now = NULL;
    a->id->is_put_off = seen == SEEN_FAILURE;
    a->id->life = l->life;
    if (seen != SEEN_SUCCESS)
        return;
    a->id->has_succeeded = true;
    a->id->is_settled = false;
    a->id->turn = l->turn;
    list_add_tail(&l->unsettled, &a->id->link);
}

/* ---- what happens around them ---- */

void ledger_turn(struct ledger *l)
{
    l->turn++;
}

void ledger_settled(struct ledger *l)
{
    list_each (it, &l->unsettled) {
        struct sent_id *id = list_entry(it, struct sent_id, link);
        if (id->turn >= l->turn)
            break;
        id->is_settled = true;
        list_remove(&id->link);
    }
}

static void forget_now(void *ctx, struct map_node *node)
{
    (void)ctx;
    container_of(node, struct ledger_lane, node)->now = NULL;
}

void ledger_crashed(struct ledger *l)
{
    l->life++;
    traffic_crashed(l->world->traffic);
    map_each(&l->lanes, forget_now, NULL);
    list_each (it, &l->unsettled) {
        struct sent_id *id = list_entry(it, struct sent_id, link);
        id->may_repeat = !id->lane || id->lane->group == id->group;
        list_remove(it);
    }
}

void ledger_retried(struct ledger *l, struct slice delivery_id, struct slice event_id)
{
    struct sent_id *id = ledger_find_id(l, delivery_id);
    struct occurrence *event = ledger_find(l, event_id);
    if (id) {
        id->was_retried = true;
        id->is_put_off = false;
    } else if (event) { /* of a handler's run, or never attempted */
        event->is_handled_by_hand = true;
    }
}

void ledger_edited(struct ledger *l, struct slice delivery_id)
{
    struct sent_id *id = ledger_find_id(l, delivery_id);
    if (id)
        id->was_edited = true;
}

void ledger_dropped(struct ledger *l, struct slice delivery_id)
{
    struct sent_id *id = ledger_find_id(l, delivery_id);
    if (id)
        id->was_dropped = true;
}

bool ledger_replays(struct ledger *l, const char *channel, const char *key)
{
    unsigned most = 0;
    list_each (it, &l->in_order) {
        const struct occurrence *o = list_entry(it, struct occurrence, link);
        if (strcmp(o->channel, channel) == 0 && strcmp(o->key, key) == 0 && o->replays > most)
            most = o->replays;
    }
    if (most + 2 > SEND_IDS)
        return false;
    list_each (it, &l->in_order) {
        struct occurrence *o = list_entry(it, struct occurrence, link);
        if (strcmp(o->channel, channel) == 0 && strcmp(o->key, key) == 0)
            o->replays++;
    }
    return true;
}

bool ledger_is_newest(struct ledger *l, const struct occurrence *o)
{
    size_t len = slice_find(slice_str(o->type), '.');
    list_each (it, &l->in_order) {
        const struct occurrence *other = list_entry(it, struct occurrence, link);
        if (other->n > o->n && other->channel == o->channel && strcmp(other->key, o->key) == 0 &&
            strncmp(other->type, o->type, len) == 0)
            return false;
    }
    return true;
}
