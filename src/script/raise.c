/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Errors with their place: what a script's author is told, in their files' lines alone. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/utf8.h"
#include "script/argument.h"
#include "script/check.h"
#include "script/codec.h"
#include "script/machine.h"
#include "script/secret.h"
#include "script/spec_parts.h"

#define FRAMES_MAX 20
#define ERROR_TEXT_MAX 1024

/* Frames of C and of the prelude (whose chunks are named "=…") are ours. */
static bool is_script(const lua_Debug *ar)
{
    return ar->source[0] == '@';
}

/* A function that calls one of ours as its last act (`return http.post(…)`) has left the stack.
   What is known then is the function that the run began with. */
static bool find_first_function(lua_State *L, const struct script_run *run, lua_Debug *ar)
{
    int ref = !run                        ? LUA_NOREF
              : run->kind == RUN_FUNCTION ? run->function_ref
              : run->is_verifying         ? run->connector->verify_ref
              : run->connector            ? run->connector->send_ref
              : run->handler              ? run->handler->run_ref
                                          : LUA_NOREF;
    if (ref == LUA_NOREF)
        return false;
    lua_rawgeti(L, LUA_REGISTRYINDEX, ref);
    lua_getinfo(L, ">S", ar);
    return is_script(ar);
}

/* Of a file, it is its last act. */
static void add_end(const struct script_run *run, struct buf *out)
{
    const struct source *source = sources_find_name(run->m->sources, slice_str(run->what));
    if (source)
        buf_printf(out, "%s:%d: ", run->what, check_find_return(source->text));
}

void machine_add_place(lua_State *L, struct buf *out)
{
    lua_Debug ar;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (!is_script(&ar))
            continue;
        buf_printf(out, "%s:%d: ", ar.source + 1, ar.currentline);
        return;
    }
    struct script_run *run = machine_of(L)->current;
    if (run && run->kind == RUN_SPEC)
        spec_add_place(run->m, out);
    else if (run && run->kind == RUN_FILE)
        add_end(run, out);
    else if (find_first_function(L, run, &ar))
        buf_printf(out, "%s:%d: ", ar.source + 1, ar.linedefined);
}

/* LuaJIT doesn't keep the line of the frame where it raised an error itself; the error's own text,
   "FILE:LINE: …" at the start of `out`, does. */
static int line_of(const lua_Debug *ar, const struct buf *out)
{
    size_t len = strlen(ar->source + 1);
    if (ar->currentline >= 0)
        return ar->currentline;
    if (out->len > len && memcmp(out->data, ar->source + 1, len) == 0 && out->data[len] == ':')
        return atoi(out->data + len + 1);
    return ar->linedefined;
}

static void add_frame(const lua_Debug *ar, struct buf *out)
{
    buf_printf(out, "\n  %s:%d: in ", ar->source + 1, line_of(ar, out));
    if (ar->name)
        buf_printf(out, "function '%s'", ar->name);
    else if (*ar->what == 'm')
        buf_add_str(out, "the file itself");
    else
        buf_printf(out, "the function of line %d", ar->linedefined);
}

void machine_add_traceback(const struct script_run *run, struct buf *out)
{
    lua_State *L = run->co;
    lua_Debug ar;
    int n = 0;
    for (int level = 0; n < FRAMES_MAX && lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Snl", &ar);
        if (!is_script(&ar))
            continue;
        if (level == 0 && run->stop_line > 0) /* LuaJIT's own is that of the instruction before */
            ar.currentline = run->stop_line;
        add_frame(&ar, out);
        n++;
    }
    if (n == 0 && find_first_function(run->m->L, run, &ar))
        buf_printf(out, "\n  %s:%d: in the function of line %d", ar.source + 1, ar.linedefined,
                   ar.linedefined);
}

_Noreturn void machine_raise(lua_State *L, const char *fmt, ...)
{
    struct buf *text = &machine_of(L)->text;
    buf_clear(text);
    machine_add_place(L, text);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(text, fmt, args);
    va_end(args);
    lua_pushlstring(L, text->data, text->len);
    lua_error(L);
    __builtin_unreachable();
}

_Noreturn void machine_raise_err(lua_State *L, const struct err *err)
{
    machine_raise(L, "%s", err->message);
}

_Noreturn void machine_raise_memory(lua_State *L, size_t bytes)
{
    lua_newuserdata(L, bytes);
    luaL_error(L, "not enough memory"); /* the host's own work has no limit */
    __builtin_unreachable();
}

/* Tables that are thrown: as JSON where they can be, or how it begins. */
static void add_table(lua_State *L, int index, struct buf *out)
{
    struct err err = {0};
    size_t from = out->len;
    if (codec_encode(L, index, CODEC_SHOW, ERROR_TEXT_MAX, NULL, out, &err) == 0)
        return;
    struct slice start = slice_from(buf_slice(out), from);
    bool is_cut = start.len > ERROR_TEXT_MAX / 2; /* what it refused was its size */
    buf_truncate(out, from + (is_cut ? utf8_cut(start, ERROR_TEXT_MAX).len : 0));
    buf_add_str(out, is_cut ? "…" : "an error that is a table");
}

void machine_add_error(lua_State *L, int index, struct buf *out)
{
    int type = lua_type(L, index);
    size_t len;
    if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        const char *text = lua_tolstring(L, index, &len);
        buf_add(out, text, len);
    } else if (machine_is(L, index, REF_HTTP_ERROR)) {
        lua_pushvalue(L, index);
        lua_pushliteral(L, "message");
        lua_rawget(L, -2);
        const char *text = lua_tolstring(L, -1, &len);
        buf_add(out, text ? text : "", text ? len : 0);
        lua_pop(L, 2);
    } else if (secret_is(L, index)) {
        buf_add_str(out, "***");
    } else if (type == LUA_TTABLE) {
        add_table(L, index, out);
    } else {
        buf_printf(out, "an error that is %s", argument_describe(L, index));
    }
}
