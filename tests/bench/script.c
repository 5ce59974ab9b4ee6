/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a mapping costs: an event's data decoded, mapped into a new table by a function of Lua, and
 * that encoded; by the script host as the daemon runs it, or by lua-cjson in a bare Lua state that
 * does nothing else.
 *
 *     script FOLDER EVENTS host|cjson
 *
 * FOLDER is a project whose lib/mapping.lua returns the function, and whose one handler sends what
 * that makes of event.data.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>
#include <luajit.h>
#include <lualib.h>

#include "script/script.h"
#include "stand_in.h"

#define KEYS 10000
#define HANDLER_TIME_MS 100
#define MEMORY_MAX ((int64_t)64 << 20)
#define WARM_UP 2000 /* events before the clock runs */
#define TEXTS 1024   /* made before that, and taken in turns */

static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Handles an event; the bytes of JSON that came of it. */
typedef size_t (*handle_fn)(void *ctx, struct slice data);

static void measure(handle_fn handle, void *ctx, int64_t events)
{
    static char texts[TEXTS][EVENT_MAX];
    struct slice data[TEXTS];
    size_t bytes = 0;
    int64_t started_us = 0, cpu_before = 0;
    for (int64_t n = 0; n < TEXTS; n++)
        data[n] = slice_of(texts[n], event_data(texts[n], n, KEYS, now_us()));
    for (int64_t n = -WARM_UP; n < events; n++) {
        if (n == 0)
            started_us = now_us(), cpu_before = cpu_us(), bytes = 0;
        bytes += handle(ctx, data[n & (TEXTS - 1)]);
    }
    printf("{\"events\":%" PRId64 ",\"cpuUs\":%" PRId64 ",\"us\":%" PRId64 ",\"bytes\":%zu}\n",
           events, cpu_us() - cpu_before, now_us() - started_us, bytes);
}

/* ---- the script host ---- */

struct host {
    struct script_machine *machine;
    size_t sent; /* bytes of the event at hand */
};

static int on_send(void *ctx, void *run_ctx, const struct script_send *send,
                   struct script_sent *told, struct err *err)
{
    struct host *h = ctx;
    (void)run_ctx, (void)err;
    h->sent += send->data.len;
    buf_add_str(told->id, "1");
    return 0;
}

static void on_problem(void *ctx, const struct script_problem *problem)
{
    (void)ctx;
    die("%s:%d: %s", problem->file, problem->line, problem->text);
}

static void on_result(void *ctx, const struct script_result *result)
{
    (void)ctx;
    if (result->end != SCRIPT_RETURNED)
        die("%.*s", SLICE_FMT(result->error));
}

static size_t handle_by_host(void *ctx, struct slice data)
{
    struct host *h = ctx;
    const struct event_parts parts = {
        .channel = SLICE_LIT("embedded"),
        .id = SLICE_LIT("1"),
        .type = SLICE_LIT("schedule.updated"),
        .source = SLICE_LIT("/bench"),
        .data = data,
        .data_kind = EVENT_DATA_JSON,
    };
    struct event *event = event_new(&parts);
    h->sent = 0;
    script_handle(h->machine, 0, event, SLICE_NULL, on_result, h);
    event_unref(event);
    return h->sent;
}

static void measure_host(const char *folder, int64_t events)
{
    struct host h = {0};
    const struct script_ports ports = {.send = on_send, .ctx = &h};
    const struct script_options options = {
        .project = folder,
        .handler_time_ms = HANDLER_TIME_MS,
        .memory_max = MEMORY_MAX,
        .ports = &ports,
        .clock = clock_system(),
    };
    h.machine = script_load(&options, on_problem, NULL);
    if (!h.machine)
        die("%s can't be loaded", folder);
    measure(handle_by_host, &h, events);
    script_free(h.machine);
}

/* ---- lua-cjson ---- */

/* The stack is: decode, the mapping, encode. */
static size_t handle_by_cjson(void *ctx, struct slice data)
{
    lua_State *L = ctx;
    size_t len;
    lua_pushvalue(L, 3);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 1);
    lua_pushlstring(L, data.data, data.len);
    lua_call(L, 1, 1);
    lua_call(L, 1, 1);
    lua_call(L, 1, 1);
    lua_tolstring(L, -1, &len);
    lua_pop(L, 1);
    return len;
}

static void measure_cjson(const char *folder, int64_t events)
{
    char code[4096];
    lua_State *L = luaL_newstate();
    if (!L)
        die("cannot make a LuaJIT state");
    luaL_openlibs(L);
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    snprintf(code, sizeof(code),
             "local cjson = require 'cjson' return cjson.decode, dofile '%s/lib/mapping.lua', "
             "cjson.encode",
             folder);
    if (luaL_dostring(L, code) != 0)
        die("%s", lua_tostring(L, -1));
    measure(handle_by_cjson, L, events);
    lua_close(L);
}

int main(int argc, char **argv)
{
    int64_t events = argc == 4 ? strtoll(argv[2], NULL, 10) : 0;
    if (events > 0 && strcmp(argv[3], "host") == 0) {
        measure_host(argv[1], events);
    } else if (events > 0 && strcmp(argv[3], "cjson") == 0) {
        measure_cjson(argv[1], events);
    } else {
        fprintf(stderr, "usage: script FOLDER EVENTS host|cjson\n");
        return 2;
    }
    return 0;
}
