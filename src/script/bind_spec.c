/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What spec/ calls of the host: values as they are shown, failures, the clock, what a test asks for. */
#include <string.h>

#include <lauxlib.h>

#include "base/text.h"
#include "base/utf8.h"
#include "script/argument.h"
#include "script/bindings.h"
#include "script/codec.h"
#include "script/document.h"
#include "script/exact.h"
#include "script/machine.h"
#include "script/secret.h"
#include "script/spec_parts.h"

#define BRIEF_MAX 200
/* Each test draws the same numbers. */
#define SEED 1

static struct spec *spec_of(lua_State *L)
{
    return machine_of(L)->spec;
}

static struct slice text_at(lua_State *L, int index)
{
    struct slice text = SLICE_NULL;
    if (lua_type(L, index) == LUA_TSTRING)
        text.data = lua_tolstring(L, index, &text.len);
    return text;
}

/* ---- values ---- */

/* kind(value): "nil" "null" "boolean" "number" "string" "list" "object" … */
static int spec_kind(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_istable(L, 1)) {
        document_read(L, 1);
        bool is_list = machine_is(L, 1, REF_ARRAY) || lua_objlen(L, 1) > 0;
        lua_pushstring(L, is_list ? "list" : "object");
    } else if (codec_is_null(L, 1)) {
        lua_pushliteral(L, "null");
    } else if (exact_is(L, 1)) {
        lua_pushliteral(L, "number");
    } else {
        lua_pushstring(L, secret_is(L, 1) ? "secret" : luaL_typename(L, 1));
    }
    return 1;
}

/* The value at 1 as JSON into the machine's scratch; in words where it has none. */
static bool show(lua_State *L, struct buf *out)
{
    struct err err = {0};
    buf_clear(out);
    if (codec_encode(L, 1, CODEC_SHOW, CODEC_MAX, NULL, out, &err) == 0)
        return true;
    buf_clear(out);
    if (lua_isnil(L, 1)) {
        buf_add_str(out, "nothing");
    } else if (lua_type(L, 1) == LUA_TNUMBER) {
        buf_printf(out, "%g", lua_tonumber(L, 1));
    } else if (lua_type(L, 1) == LUA_TSTRING) {
        json_add_string(out, text_at(L, 1));
        buf_add_str(out, ", which isn't UTF-8");
    } else {
        buf_add_str(out, argument_describe(L, 1));
    }
    return false;
}

/* shown(value): itself where JSON can hold it, else words for it; nil stays nil. */
static int spec_shown(lua_State *L)
{
    struct buf *out = &machine_of(L)->json;
    lua_settop(L, 1);
    if (!lua_isnil(L, 1) && !show(L, out))
        lua_pushlstring(L, out->data, out->len);
    return 1;
}

/* brief(value [, max]): its JSON, cut behind so many bytes. */
static int spec_brief(lua_State *L)
{
    struct buf *out = &machine_of(L)->json;
    lua_settop(L, 2);
    lua_Number given = luaL_optnumber(L, 2, BRIEF_MAX);
    size_t max = given < (lua_Number)INT32_MAX ? (size_t)given : SIZE_MAX;
    show(L, out);
    if (out->len > max) {
        buf_truncate(out, utf8_cut(buf_slice(out), max).len);
        buf_add_str(out, "…");
    }
    lua_pushlstring(L, out->data, out->len);
    return 1;
}

/* encode(what, value): JSON; raises an error that begins with `what`. */
static int spec_encode(lua_State *L)
{
    struct buf *out = &machine_of(L)->json;
    struct err err = {0};
    buf_clear(out);
    if (codec_encode(L, 2, CODEC_STRICT, CODEC_MAX, NULL, out, &err) < 0)
        machine_raise(L, "%s: %s", lua_tostring(L, 1), err.message);
    lua_pushlstring(L, out->data, out->len);
    return 1;
}

/* json(text): what it says, nil where it is no JSON. */
static int spec_json(lua_State *L)
{
    struct err err = {0};
    struct slice text = text_at(L, 1);
    if (!text.data || codec_decode(L, text, &err) < 0)
        lua_pushnil(L);
    return 1;
}

/* ---- failures ---- */

/* line(): of the script that runs. */
static int spec_line(lua_State *L)
{
    lua_Debug ar;
    int line = 0;
    for (int level = 0; line == 0 && lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (*ar.source == '@')
            line = ar.currentline;
    }
    lua_pushinteger(L, line);
    return 1;
}

/* raise(text): an error at the script's line. */
static int spec_raise(lua_State *L)
{
    machine_raise(L, "%s", luaL_checkstring(L, 1));
}

/* fail(text, differences): what is raised where something isn't as expected. */
static int spec_fail(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    struct buf *text = &m->text;
    lua_settop(L, 2);
    if (!m->current || m->current->kind != RUN_SPEC)
        machine_raise(L, "expect works within a test: write it into the function given to `it`");
    buf_clear(text);
    machine_add_place(L, text);
    buf_add_slice(text, text_at(L, 1));
    lua_createtable(L, 0, 2);
    lua_pushlstring(L, text->data, text->len);
    lua_setfield(L, 3, "message");
    lua_pushvalue(L, 2);
    lua_setfield(L, 3, "differences");
    machine_mark(L, 3, REF_SPEC_FAILURE);
    return lua_error(L);
}

/* errorText(value): of what was raised. */
static int spec_error_text(lua_State *L)
{
    struct buf text = {0};
    lua_settop(L, 1);
    if (machine_is(L, 1, REF_SPEC_FAILURE)) {
        lua_getfield(L, 1, "message");
        return 1;
    }
    machine_add_error(L, 1, &text);
    mask_apply(machine_of(L)->mask, &text, 0);
    struct buf *kept = &machine_of(L)->text; /* an error raised below leaks nothing */
    buf_clear(kept);
    buf_add_slice(kept, buf_slice(&text));
    buf_deinit(&text);
    lua_pushlstring(L, kept->data ? kept->data : "", kept->len);
    return 1;
}

/* ---- time, chance, functions of the project ---- */

/* parseTime("2026-01-01T00:00:00Z"): milliseconds. */
static int spec_parse_time(lua_State *L)
{
    int64_t ms;
    lua_settop(L, 1);
    struct slice text = text_at(L, 1);
    if (!text.data || text_parse_time(text, &ms, NULL) < 0)
        machine_raise(L, "clock takes a time as in \"2026-01-01T00:00:00Z\"");
    lua_pushnumber(L, (lua_Number)ms);
    return 1;
}

static int spec_set_clock(lua_State *L)
{
    const struct script_spec_options *options = &spec_of(L)->options;
    options->set_time(options->ctx, (int64_t)luaL_checknumber(L, 1));
    return 0;
}

/* say(line): what a spec prints, its secrets masked. */
static int spec_say(lua_State *L)
{
    const struct script_spec_options *options = &spec_of(L)->options;
    struct buf *line = &machine_of(L)->text;
    buf_clear(line);
    machine_add_place(L, line);
    buf_add_slice(line, text_at(L, 1));
    mask_apply(machine_of(L)->mask, line, 0);
    options->print(options->ctx, buf_slice(line));
    return 0;
}

static int spec_now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)clock_wall_ms(&machine_of(L)->clock));
    return 1;
}

static int spec_reseed(lua_State *L)
{
    script_seed(machine_of(L), SEED);
    return 0;
}

/* transformer(name): the function. */
static int spec_transformer(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    const char *name = luaL_checkstring(L, 1);
    struct map_node *node = map_find(&m->transformer_map, slice_str(name));
    const struct transformer *t = node        ? container_of(node, struct transformer, node)
                                  : m->loader ? transformer_find(m->loader, name)
                                              : NULL;
    if (t) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, t->list_ref);
        lua_rawgeti(L, -1, 1);
        return 1;
    }
    if (m->loader)
        machine_raise(L, "no transformer \"%s\": make transformers/%s.lua", name, name);
    machine_raise(L,
                  "no transformer \"%s\" is loaded: write transformer \"%s\" at the top of the "
                  "file, and make transformers/%s.lua where there is none",
                  name, name, name);
}

/* ---- what a test asks for ---- */

static struct slice keep(lua_State *L, int index, struct buf *to)
{
    struct slice text = text_at(L, index);
    buf_clear(to);
    if (!text.data)
        return SLICE_NULL;
    buf_add_slice(to, text);
    return slice_present(buf_slice(to));
}

/* startAsk(kind, event, connector, data, transformer, key, unknown): gives control back until there is an answer. */
static int spec_start_ask(lua_State *L)
{
    struct script_run *run = machine_of(L)->current;
    struct spec *spec = spec_of(L);
    const char *kind = luaL_checkstring(L, 1);
    lua_settop(L, 7);
    if (!run || run->kind != RUN_SPEC)
        machine_raise(L, "%s works within a test: write it into the function given to `it`", kind);
    if (!lua_isyieldable(L))
        machine_raise(L,
                      "%s is not possible within a comparator of table.sort or a callback of "
                      "string.gsub",
                      kind);
    spec->ask = (struct script_ask){
        .is_delivery = *kind == 'd',
        .event = keep(L, 2, &spec->event),
        .connector = keep(L, 3, &spec->connector),
        .data = keep(L, 4, &spec->data),
        .transformer = keep(L, 5, &spec->transformer),
        .key = keep(L, 6, &spec->key),
        .was_unknown = lua_toboolean(L, 7),
    };
    run->pause = PAUSE_ASK;
    return lua_yield(L, 0);
}

/* finishAsk(): its answer, JSON. */
static int spec_finish_ask(lua_State *L)
{
    struct spec *spec = spec_of(L);
    if (spec->refusal.code != ERR_NONE)
        machine_raise(L, "%s", spec->refusal.message);
    lua_pushlstring(L, spec->answer.data ? spec->answer.data : "", spec->answer.len);
    return 1;
}

static const luaL_Reg functions[] = {
    {"kind", spec_kind},
    {"shown", spec_shown},
    {"brief", spec_brief},
    {"encode", spec_encode},
    {"json", spec_json},
    {"nearest", argument_nearest},
    {"line", spec_line},
    {"raise", spec_raise},
    {"fail", spec_fail},
    {"errorText", spec_error_text},
    {"parseTime", spec_parse_time},
    {"setClock", spec_set_clock},
    {"say", spec_say},
    {"now", spec_now},
    {"reseed", spec_reseed},
    {"transformer", spec_transformer},
    {"startAsk", spec_start_ask},
    {"finishAsk", spec_finish_ask},
    {NULL, NULL},
};

static const luaL_Reg no_metamethods[] = {{NULL, NULL}};

void bind_spec_open(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
    bindings_add_metatable(L, REF_SPEC_FAILURE, no_metamethods);
}
