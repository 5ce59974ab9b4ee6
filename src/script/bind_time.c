/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What library/time.lua is made of: instants, the calendar, the clock and zones. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "modules/zones.h"
#include "script/argument.h"
#include "script/bindings.h"
#include "script/instant.h"
#include "script/library.h"
#include "script/machine.h"
#include "script/module.h"

/* ---- instants ---- */

/* now() */
static int host_now(lua_State *L)
{
    int64_t ms = clock_wall_ms(&machine_of(L)->clock);
    struct instant t = {.s = ms / 1000, .ns = (int32_t)(ms % 1000) * 1000000};
    instant_push(L, t);
    return 1;
}

/* make(seconds, nanoseconds, what): numbers that are whole, the second not negative. */
static int host_make(lua_State *L)
{
    lua_Number s = luaL_checknumber(L, 1), ns = luaL_checknumber(L, 2);
    s += floor(ns / 1e9);
    if (!(s >= INSTANT_MIN_S && s <= INSTANT_MAX_S))
        machine_raise(L, "%s: the time lies outside the years 0 to 9999", luaL_checkstring(L, 3));
    instant_push(L, (struct instant){(int64_t)s, (int32_t)fmod(ns, 1e9)});
    return 1;
}

/* parts(t): seconds and nanoseconds, or nothing where it is no time. */
static int host_parts(lua_State *L)
{
    const struct instant *t = instant_at(L, 1);
    if (!t)
        return 0;
    lua_pushnumber(L, (lua_Number)t->s);
    lua_pushinteger(L, t->ns);
    return 2;
}

/* show(t, offset): RFC 3339 */
static int host_show(lua_State *L)
{
    struct buf *text = &machine_of(L)->text;
    const struct instant *t = instant_at(L, 1);
    buf_clear(text);
    instant_add(text, *t, (int)luaL_checkinteger(L, 2));
    lua_pushlstring(L, text->data, text->len);
    return 1;
}

/* ---- the calendar ---- */

/* days(year, month, day), and civil(days) back: the day's number from 1970-01-01. */
static int host_days(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)text_days_from_civil(luaL_checkinteger(L, 1),
                                                       (unsigned)luaL_checkinteger(L, 2),
                                                       (unsigned)luaL_checkinteger(L, 3)));
    return 1;
}

static int host_civil(lua_State *L)
{
    int64_t year;
    unsigned month, day;
    text_civil_from_days(luaL_checkinteger(L, 1), &year, &month, &day);
    lua_pushinteger(L, (lua_Integer)year);
    lua_pushinteger(L, (lua_Integer)month);
    lua_pushinteger(L, (lua_Integer)day);
    return 3;
}

/* ---- zones ---- */

struct zone_box {
    const struct zones_module *module;
    struct zone *zone;
};

static int zone_gc(lua_State *L)
{
    struct zone_box *box = lua_touserdata(L, 1);
    box->module->close(box->zone);
    box->zone = NULL;
    return 0;
}

/* For the name that is nearest to one that is none. */
struct search {
    struct slice word;
    char text[64]; /* the nearest so far, or "" */
};

static void look_at(void *ctx, const char *name)
{
    struct search *search = ctx;
    const char *both[] = {search->text, name};
    bool has_one = search->text[0] != '\0';
    const char *nearest = text_nearest(search->word, both + !has_one, has_one ? 2 : 1);
    if (nearest == name)
        snprintf(search->text, sizeof(search->text), "%s", name);
}

_Noreturn static void refuse_zone(lua_State *L, const struct zones_module *module,
                                  struct slice name, const char *what)
{
    struct search search = {.word = name};
    module->list(look_at, &search);
    if (search.text[0])
        machine_raise(L, "%s: there is no time zone \"%.*s\": did you mean \"%s\"?", what,
                      SLICE_FMT(name), search.text);
    machine_raise(
        L,
        "%s: there is no time zone \"%.*s\": write it as in \"Europe/Berlin\", \"UTC\" or "
        "\"+01:00\"",
        what, SLICE_FMT(name));
}

/* zone(name, what) */
static int host_zone(lua_State *L)
{
    struct slice name;
    const char *what = luaL_checkstring(L, 2);
    name.data = luaL_checklstring(L, 1, &name.len);
    const struct zones_module *module = module_find(L, MODULE_ZONES, what);
    struct zone_box *box = lua_newuserdata(L, sizeof(*box));
    *box = (struct zone_box){.module = module};
    machine_mark(L, lua_gettop(L), REF_ZONE);
    box->zone = strlen(name.data) == name.len ? module->open(name.data) : NULL;
    if (!box->zone)
        refuse_zone(L, module, name, what);
    return 1;
}

/* offset(zone, seconds): the seconds that it is east of UTC then, and its abbreviation. */
static int host_offset(lua_State *L)
{
    const struct zone_box *box = lua_touserdata(L, 1);
    struct zone_time at = box->module->at(box->zone, (int64_t)luaL_checknumber(L, 2));
    lua_pushinteger(L, at.offset_s);
    lua_pushstring(L, at.abbreviation);
    return 2;
}

static const luaL_Reg zone_metamethods[] = {{"__gc", zone_gc}, {NULL, NULL}};

static void open_time(lua_State *L)
{
    instant_open(L);
    bindings_add_metatable(L, REF_ZONE, zone_metamethods);
}

static const char *const names[] = {
    "time.add", "time.diff", "time.duration", "time.format", "time.fromUnix",
    "time.iso", "time.now",  "time.parse",    "time.unix",   NULL,
};

static const luaL_Reg functions[] = {
    {"time.now", host_now}, {"make", host_make},     {"parts", host_parts},
    {"show", host_show},    {"days", host_days},     {"civil", host_civil},
    {"zone", host_zone},    {"offset", host_offset}, {NULL, NULL},
};

const struct subject subject_time = {"time", names, functions, open_time};
