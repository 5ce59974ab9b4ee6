/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/send.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "base/text.h"
#include "script/argument.h"
#include "script/bindings.h"
#include "script/codec.h"
#include "script/digits.h"
#include "script/machine.h"
#include "script/options.h"
#include "script/secret.h"

enum { SEND_CONNECTOR, SEND_DATA, SEND_KEY, SEND_TRANSFORMER, SEND_DELAY, SEND_EXPIRES };
static const struct option send_rows[] = {
    {"connector", OPTION_STRING, "the name of a file in connectors/"},
    {"data", OPTION_ANY, NULL},
    {"key", OPTION_ANY, NULL},
    {"transformer", OPTION_STRING, "the name of a file in transformers/"},
    {"delay", OPTION_DURATION, NULL},
    {"expires", OPTION_DURATION, NULL},
};
const struct option_set options_of_send = OPTION_SET("sync:send", send_rows);

#define FIRST 3 /* stack index of the first option's value */

static struct slice read_connector(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    struct slice name = secret_or_text(L, FIRST + SEND_CONNECTOR);
    if (!name.data)
        machine_raise(L, "sync:send: `connector` is missing: the name of a file in connectors/");
    if (slice_is_equal(name, SLICE_LIT(SCRIPT_DEAD_LETTERS)))
        machine_raise(L, "sync:send: nothing is sent to the connector " SCRIPT_DEAD_LETTERS
                         ": dead letters are published by themselves");
    if (!map_find(&m->connector_map, name)) {
        const char *nearest = script_connector_nearest(m, name);
        if (nearest)
            machine_raise(L, "sync:send: no connector \"%.*s\": did you mean \"%s\"?",
                          SLICE_FMT(name), nearest);
        machine_raise(L, "sync:send: no connector \"%.*s\": make connectors/%.*s.lua",
                      SLICE_FMT(name), SLICE_FMT(name));
    }
    return name;
}

/* Whether the value at `index` is the event's data as it came. A table has to be the very one: that a
   new one says the same is too seldom to look for it each time. */
static bool is_event_data(lua_State *L, int index, const struct script_run *run)
{
    const struct event *event = run->event;
    switch (event->data_kind) {
    case EVENT_DATA_JSON:
        return (!lua_istable(L, index) || lua_topointer(L, index) == run->data) &&
               codec_is_same(L, index, event->data);
    case EVENT_DATA_BYTES:
        return lua_type(L, index) == LUA_TSTRING &&
               slice_is_equal(secret_or_text(L, index), event->data);
    default:
        return lua_isnil(L, index);
    }
}

/* The data as JSON, or absent where it is what the event brought: that is stored once. */
static struct slice read_data(lua_State *L, const struct script_run *run)
{
    struct script_machine *m = run->m;
    int index = FIRST + SEND_DATA;
    if (is_event_data(L, index, run))
        return SLICE_NULL;
    if (lua_isnil(L, index))
        machine_raise(L, "sync:send: `data` is missing (nil); write null where nothing is meant");
    struct err err = {0};
    buf_clear(&m->json);
    if (codec_encode(L, index, CODEC_STRICT, CODEC_MAX, "data", &m->json, &err) < 0)
        codec_raise(L, "sync:send", &err);
    return buf_slice(&m->json);
}

/* A key is text; numbers become what JSON would show of them. Where none is given, it is the run's. */
static struct slice read_key(lua_State *L, const struct script_run *run)
{
    struct script_machine *m = run->m;
    int index = FIRST + SEND_KEY;
    if (lua_isnil(L, index))
        return run->key;
    buf_clear(&m->url);
    if (!argument_add_key(L, index, &m->url))
        machine_raise(L, "sync:send: `key` must be a string or a number, not %s",
                      argument_describe(L, index));
    digits_check(L, buf_slice(&m->url), "sync:send", "the key");
    return slice_present(buf_slice(&m->url));
}

static void read_transformer(lua_State *L, struct script_send *send)
{
    struct script_machine *m = machine_of(L);
    send->transformer = secret_or_text(L, FIRST + SEND_TRANSFORMER);
    if (send->transformer.data && !map_find(&m->transformer_map, send->transformer))
        machine_raise(L, "sync:send: no transformer \"%.*s\": make transformers/%.*s.lua",
                      SLICE_FMT(send->transformer), SLICE_FMT(send->transformer));
}

static int64_t read_duration(lua_State *L, int option)
{
    int64_t ms = 0;
    if (lua_isnil(L, FIRST + option))
        return 0;
    struct err err = {0};
    if (option_duration(L, FIRST + option, &ms, &err) < 0)
        machine_raise(L, "sync:send: `%s`: %s", send_rows[option].name, err.message);
    return ms;
}

/* What the script gets: { id, connector, key }. */
static void push_delivery(lua_State *L, struct slice id, struct slice key)
{
    machine_push(L, REF_NEW_SENT);
    lua_pushlstring(L, id.data ? id.data : "", id.len);
    lua_pushvalue(L, FIRST + SEND_CONNECTOR);
    if (key.data)
        lua_pushlstring(L, key.data, key.len);
    else
        lua_pushnil(L);
    lua_call(L, 3, 1);
    machine_mark(L, lua_gettop(L), REF_SENT);
}

static struct script_run *sending_run(lua_State *L)
{
    struct script_run *run = machine_of(L)->current;
    if (!run || run->kind != RUN_HANDLER)
        machine_raise(
            L, "sync:send works inside a handler only: it belongs into the function given to "
               "sync:on");
    return run;
}

int send_from_script(lua_State *L)
{
    struct script_run *run = sending_run(L);
    struct script_machine *m = run->m;
    struct script_send send = {0};
    struct script_sent sent = {.id = &m->id};
    struct err err;
    lua_settop(L, 2);
    if (lua_isnil(L, 2))
        machine_raise(L, SEND_TAKES, SLICE_FMT(SLICE_LIT("…")));
    if (lua_type(L, 2) == LUA_TSTRING)
        machine_raise(L, SEND_TAKES, SLICE_FMT(secret_or_text(L, 2)));
    options_read_or_raise(L, 2, &options_of_send);
    send.connector = read_connector(L);
    read_transformer(L, &send);
    send.delay_ms = read_duration(L, SEND_DELAY);
    send.expires_ms = read_duration(L, SEND_EXPIRES);
    if (!lua_isnil(L, FIRST + SEND_EXPIRES) && send.expires_ms == 0)
        machine_raise(L, "sync:send: `expires` must be more than 0");
    send.key = read_key(L, run);
    send.data = read_data(L, run);

    buf_clear(&m->id);
    err_clear(&err);
    machine_hold(L, run, send.data.len);
    if (m->ports->send(m->ports->ctx, run->ctx, &send, &sent, &err) < 0)
        machine_raise(L, "sync:send: %s", err.message);
    push_delivery(L, buf_slice(&m->id), send.key);
    return 1;
}

/* ---- what it returned ---- */

static const luaL_Reg metamethods[] = {{NULL, NULL}};

void send_open(lua_State *L)
{
    bindings_add_metatable(L, REF_SENT, metamethods);
}
