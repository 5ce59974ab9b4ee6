/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "bus.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "world.h"

#define KEYS 12
#define CALM_US (80 * US_PER_S) /* between two events, in the mean */
#define BURST_US (100 * US_PER_MS)
#define LIFE_US (20 * US_PER_MIN) /* of a connection */

struct bus {
    struct world *world;
    char **blocks; /* of the stream; the id of one is its place, from 1 */
    size_t n_blocks, cap;
    unsigned n_of_key[KEYS];
    unsigned burst; /* events left in it */
    struct agenda_item next, push, trouble;
    struct http_stream *stream; /* NULL: nobody is connected */
    bool is_greeted;
    size_t sent; /* blocks, on this connection and before */
    size_t covered;
    bool is_quiet;
    const char *flow_type; /* see bus_flow */
    int64_t flow_us;
};

/* ---- what it sends ---- */

static void add_block(struct bus *bus, struct buf *text)
{
    if (bus->n_blocks == bus->cap) {
        bus->cap = bus->cap ? 2 * bus->cap : 256;
        bus->blocks = mem_realloc(bus->blocks, bus->cap * sizeof(*bus->blocks));
    }
    bus->blocks[bus->n_blocks++] = buf_take(text);
}

static void push_soon(struct bus *bus)
{
    if (bus->stream && !heap_has(&bus->push.node))
        agenda_put(&bus->world->agenda, &bus->push, world_span_us(bus->world, 100, 20 * US_PER_MS));
}

static void send_event(struct bus *bus, const char *type, const char *key, unsigned n)
{
    struct world *w = bus->world;
    char id[24];
    struct buf text = {0};
    snprintf(id, sizeof(id), "b%zu", bus->n_blocks + 1);
    buf_printf(&text, "id: %s\nevent: %s\ndata: {\"id\":\"%s\",\"n\":%u}\n\n", id, type, key, n);
    ledger_add(w->ledger, "bus", type, id, key, n);
    add_block(bus, &text);
    world_say(w, "bus: %s %s %s %u", id, type, key, n);
    push_soon(bus);
}

static void make_event(struct bus *bus)
{
    struct world *w = bus->world;
    uint64_t k = world_below(w, KEYS) * world_below(w, KEYS) / KEYS; /* some more often */
    size_t types = 0;
    while (plan_bus_types[types])
        types++;
    const char *type = plan_bus_types[world_below(w, types)];
    char key[24];
    snprintf(key, sizeof(key), "k%u", (unsigned)k);
    send_event(bus, type, key, ++bus->n_of_key[k]);
}

static void on_next(void *ctx)
{
    struct bus *bus = ctx;
    struct world *w = bus->world;
    make_event(bus);
    if (bus->burst > 0)
        bus->burst--;
    else if (world_chance(w, 15))
        bus->burst = (unsigned)world_span_us(w, 5, 300);
    agenda_put(&w->agenda, &bus->next, world_wait_us(w, bus->burst > 0 ? BURST_US : CALM_US));
}

static void on_flow(void *ctx)
{
    struct bus *bus = ctx;
    char key[24];
    snprintf(key, sizeof(key), "f%zu", bus->n_blocks);
    send_event(bus, bus->flow_type, key, 1);
    agenda_put(&bus->world->agenda, &bus->next, bus->flow_us);
}

void bus_flow(struct bus *bus, const char *type, int64_t apart_us)
{
    bus->flow_type = type;
    bus->flow_us = apart_us;
    bus->next.fn = on_flow;
    agenda_put(&bus->world->agenda, &bus->next, apart_us);
}

/* ---- the connection ---- */

static void end_stream(struct bus *bus, enum http_failure failure)
{
    struct http_stream *stream = bus->stream;
    agenda_remove(&bus->world->agenda, &bus->push);
    agenda_remove(&bus->world->agenda, &bus->trouble);
    bus->stream = NULL;
    world_say(bus->world, "bus: the stream ends %s", http_failure_name(failure));
    fake_stream_end(stream, failure);
}

static bool greet(struct bus *bus)
{
    struct world *w = bus->world;
    if (!bus->is_quiet && world_chance(w, 100)) {
        struct http_stream *stream = bus->stream;
        bus->stream = NULL;
        agenda_remove(&w->agenda, &bus->trouble);
        world_say(w, "bus: 503");
        fake_stream_head(stream, 503);
        return false;
    }
    bus->is_greeted = true;
    return fake_stream_head(bus->stream, 200);
}

/* Some blocks, cut anywhere: the rest of the last one comes with the next. */
static void on_push(void *ctx)
{
    struct bus *bus = ctx;
    struct world *w = bus->world;
    if (!bus->is_greeted && !greet(bus))
        return;
    if (fake_stream_is_paused(bus->stream))
        return;
    for (size_t n = 1 + world_below(w, 8); n > 0 && bus->sent < bus->n_blocks; n--) {
        struct slice text = slice_str(bus->blocks[bus->sent++]);
        size_t cut = world_below(w, text.len);
        if (!fake_stream_bytes(bus->stream, slice_upto(text, cut)) || !bus->stream ||
            !fake_stream_bytes(bus->stream, slice_from(text, cut)) || !bus->stream)
            return;
    }
    if (bus->sent < bus->n_blocks)
        push_soon(bus);
}

static void on_trouble(void *ctx)
{
    struct bus *bus = ctx;
    end_stream(bus, world_chance(bus->world, 500) ? HTTP_OK : HTTP_BROKEN);
}

static size_t place_of(const struct bus *bus, struct slice id)
{
    size_t place = id.len > 1 ? (size_t)atol(id.data + 1) : 0;
    if (place > bus->n_blocks)
        world_broken(bus->world, 1, "the bus is asked for what is behind %.*s, which it never sent",
                     SLICE_FMT(id));
    return place;
}

void bus_connect(struct bus *bus, struct http_stream *stream, struct slice last_id)
{
    struct world *w = bus->world;
    char *id = slice_dup(last_id);
    size_t place = place_of(bus, slice_str(id));
    free(id);
    if (place < bus->covered)
        world_broken(w, 1, "the bus is asked for what is behind %zu, which was %zu", place,
                     bus->covered);
    bus->covered = place;
    bus->sent = place;
    if (bus->sent > 0 && world_chance(w, 200))
        bus->sent -= world_below(w, bus->sent < 5 ? bus->sent : 5);
    world_say(w, "bus: connected behind %zu, goes on behind %zu", place, bus->sent);
    bus->stream = stream;
    bus->is_greeted = false;
    push_soon(bus);
    if (!bus->is_quiet)
        agenda_put(&w->agenda, &bus->trouble, world_wait_us(w, LIFE_US));
}

void bus_disconnect(struct bus *bus)
{
    if (!bus->stream)
        return;
    agenda_remove(&bus->world->agenda, &bus->push);
    agenda_remove(&bus->world->agenda, &bus->trouble);
    bus->stream = NULL;
}

void bus_resume(struct bus *bus)
{
    if (bus->sent < bus->n_blocks)
        push_soon(bus);
}

/* ---- dead letters ---- */

void bus_begin_letter(struct visit *v, const struct http_request *request)
{
    snprintf(v->name, sizeof(v->name), "bus %.*s",
             SLICE_FMT(http_header_get(request->headers, "Idempotency-Key")));
    if (v->world->bus->is_quiet)
        return;
    if (world_chance(v->world, 50))
        v->status = 503;
    else if (world_chance(v->world, 50))
        v->failure = HTTP_BROKEN;
}

void bus_take_letter(struct bus *bus, const struct visit *v)
{
    if (v->status != 200)
        return;
    struct buf text = {0};
    buf_printf(&text, "id: b%zu\nevent: sync.deadletter\ndata: {\"letter\":\"%s\"}\n\n",
               bus->n_blocks + 1, v->name);
    add_block(bus, &text);
    push_soon(bus);
}

/* ---- its life ---- */

struct bus *bus_new(struct world *w)
{
    struct bus *bus = mem_calloc(1, sizeof(*bus));
    bus->world = w;
    bus->next = (struct agenda_item){.fn = on_next, .ctx = bus, .is_aside = true};
    bus->push = (struct agenda_item){.fn = on_push, .ctx = bus};
    bus->trouble = (struct agenda_item){.fn = on_trouble, .ctx = bus};
    agenda_put(&w->agenda, &bus->next, world_wait_us(w, CALM_US));
    return bus;
}

void bus_free(struct bus *bus)
{
    if (!bus)
        return;
    for (size_t i = 0; i < bus->n_blocks; i++)
        free(bus->blocks[i]);
    free(bus->blocks);
    free(bus);
}

void bus_heal(struct bus *bus)
{
    bus->is_quiet = true;
    agenda_remove(&bus->world->agenda, &bus->next);
    agenda_remove(&bus->world->agenda, &bus->trouble);
}

bool bus_is_through(const struct bus *bus)
{
    return bus->stream && bus->is_greeted && bus->sent == bus->n_blocks;
}

size_t bus_covered(const struct bus *bus)
{
    return bus->covered;
}
