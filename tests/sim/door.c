/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The exchange is http/server.h's, linked in place of the real one, as far as the embedded channel
 * asks for it.
 */
#include "door.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "channel/embedded.h"
#include "http/server.h"
#include "ledger.h"
#include "life.h"
#include "world.h"

#define KEYS 12
#define CALM_US (120 * US_PER_S) /* between two requests, in the mean */
#define GROUP_MAX 20
#define AGAIN_US (5 * US_PER_S)
#define CUT_PERMILLE 8 /* of answers, right behind which the power goes */

struct http_exchange {
    struct door *door;
    struct slice body;
};

struct door {
    struct world *world;
    struct agenda_item next, again;
    struct buf body;
    struct occurrence *group[GROUP_MAX]; /* in the request under way */
    size_t n_group;                      /* 0: there is none */
    struct http_exchange *exchange;      /* that waits for its answer, or NULL */
    unsigned n_of_key[KEYS], n_ticks, n_ids;
    bool is_quiet;
};

/* ---- what is posted ---- */

static void add_event(struct door *door)
{
    struct world *w = door->world;
    char id[24], key[24] = "";
    size_t types = 0;
    while (plan_door_types[types])
        types++;
    const char *type = plan_door_types[world_below(w, types)];
    bool has_key = type[0] != 't';
    uint64_t k = world_below(w, KEYS);
    unsigned n = has_key ? ++door->n_of_key[k] : ++door->n_ticks;
    if (has_key)
        snprintf(key, sizeof(key), "k%u", (unsigned)k);
    snprintf(id, sizeof(id), "d%u", ++door->n_ids);
    door->group[door->n_group++] = ledger_add(w->ledger, "embedded", type, id, key, n);
    buf_printf(&door->body,
               "%s{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/door\",\"type\":\"%s\"",
               door->body.len > 1 ? "," : "", id, type);
    if (has_key)
        buf_printf(&door->body, ",\"subject\":\"%s\"", key);
    buf_printf(&door->body, ",\"data\":{\"n\":%u}}", n);
}

static void post(struct door *door)
{
    struct channel *channel = life_door(door->world->life);
    if (!channel) {
        agenda_put(&door->world->agenda, &door->again, AGAIN_US);
        return;
    }
    door->exchange = mem_calloc(1, sizeof(*door->exchange));
    door->exchange->door = door;
    door->exchange->body = buf_slice(&door->body);
    world_say(door->world, "door: posts %zu from %s", door->n_group, door->group[0]->id);
    embedded_post(channel, door->exchange);
}

static void on_again(void *ctx)
{
    post(ctx);
}

static void wait_for_next(struct door *door)
{
    if (!door->is_quiet)
        agenda_put(&door->world->agenda, &door->next, world_wait_us(door->world, CALM_US));
}

static void on_next(void *ctx)
{
    struct door *door = ctx;
    struct world *w = door->world;
    size_t n = world_chance(w, 100) ? 1 + world_below(w, GROUP_MAX) : 1 + world_below(w, 3);
    buf_clear(&door->body);
    buf_add_char(&door->body, '[');
    while (door->n_group < n)
        add_event(door);
    buf_add_char(&door->body, ']');
    post(door);
}

/* ---- how it is answered ---- */

static void answered(struct door *door, int status)
{
    world_say(door->world, "door: %d", status);
    free(door->exchange);
    door->exchange = NULL;
    if (status != 202) {
        if (status != 503)
            world_broken(door->world, 1, "events were answered by %d", status);
        agenda_put(&door->world->agenda, &door->again, AGAIN_US);
        return;
    }
    for (size_t i = 0; i < door->n_group; i++)
        door->group[i]->is_accepted = true;
    door->n_group = 0;
    wait_for_next(door);
    if (world_chance(door->world, CUT_PERMILLE))
        life_cut(door->world->life);
}

void door_hang_up(struct door *door)
{
    if (!door->exchange)
        return;
    free(door->exchange);
    door->exchange = NULL;
    agenda_put(&door->world->agenda, &door->again, AGAIN_US);
}

struct slice http_exchange_header(const struct http_exchange *x, const char *name)
{
    (void)x;
    return slice_is_equal_nocase(slice_str(name), SLICE_LIT("Content-Type"))
               ? SLICE_LIT("application/cloudevents-batch+json")
               : SLICE_NULL;
}

struct http_headers http_exchange_headers(const struct http_exchange *x)
{
    (void)x;
    return (struct http_headers){NULL, 0};
}

struct slice http_exchange_body(const struct http_exchange *x)
{
    return x->body;
}

void http_exchange_add_header(struct http_exchange *x, const char *name, const char *value)
{
    (void)x, (void)name, (void)value;
}

void http_exchange_reply(struct http_exchange *x, int status, const char *content_type,
                         struct slice body)
{
    (void)content_type, (void)body;
    answered(x->door, status);
}

void http_exchange_problem(struct http_exchange *x, int status, const char *detail_fmt, ...)
{
    (void)detail_fmt;
    answered(x->door, status);
}

/* ---- its life ---- */

struct door *door_new(struct world *w)
{
    struct door *door = mem_calloc(1, sizeof(*door));
    door->world = w;
    door->next = (struct agenda_item){.fn = on_next, .ctx = door};
    door->again = (struct agenda_item){.fn = on_again, .ctx = door};
    wait_for_next(door);
    return door;
}

void door_free(struct door *door)
{
    if (!door)
        return;
    free(door->exchange);
    buf_deinit(&door->body);
    free(door);
}

void door_heal(struct door *door)
{
    door->is_quiet = true;
    agenda_remove(&door->world->agenda, &door->next);
}

bool door_is_through(const struct door *door)
{
    return door->n_group == 0;
}
