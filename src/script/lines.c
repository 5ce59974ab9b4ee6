/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/lines.h"

#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "base/buf.h"
#include "script/line_counter.h"
#include "script/machine.h"
#include "script/spec_parts.h"

/* ---- sets ---- */

void lines_deinit(struct lines *lines)
{
    free(lines->bits);
    *lines = (struct lines){0};
}

void lines_add(struct lines *lines, size_t line)
{
    size_t need = line / 8 + 1;
    if (need > lines->cap) {
        size_t cap = need < 64 ? 64 : 2 * need;
        lines->bits = mem_realloc(lines->bits, cap);
        memset(lines->bits + lines->cap, 0, cap - lines->cap);
        lines->cap = cap;
    }
    lines->bits[line / 8] |= (unsigned char)(1u << line % 8);
    if (line > lines->last)
        lines->last = line;
}

void lines_add_all(struct lines *lines, const struct lines *others)
{
    for (size_t line = 1; others && line <= others->last; line++)
        if (lines_have(others, line))
            lines_add(lines, line);
}

bool lines_have(const struct lines *lines, size_t line)
{
    return lines && line <= lines->last && (lines->bits[line / 8] >> line % 8 & 1);
}

/* ---- what holds code: LuaJIT's own account of its bytecode, in a state where nothing runs ---- */

/* [-0, +1, e] Calls jit.util's `name`(prototype at `index`, n), or without n where it is 0. */
static void ask(lua_State *L, const char *name, int index, int n)
{
    lua_getfield(L, 1, name);
    lua_pushvalue(L, index);
    if (n != 0)
        lua_pushinteger(L, n);
    lua_call(L, n != 0 ? 2 : 1, 1);
}

/* [-0, +0, e] The integer member of the table on top, which it pops. */
static int pop_member(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    int value = (int)lua_tointeger(L, -1);
    lua_pop(L, 2);
    return value;
}

/* The function or prototype on top, and those within it. */
static void visit(lua_State *L, struct lines *code)
{
    int f = lua_gettop(L);
    luaL_checkstack(L, 8, "functions within functions");
    ask(L, "funcinfo", f, 0);
    int n = pop_member(L, "bytecodes");
    for (int pc = 1; pc < n; pc++) {
        ask(L, "funcinfo", f, pc);
        int line = pop_member(L, "currentline");
        if (line > 0)
            lines_add(code, (size_t)line);
    }
    for (int k = -1;; k--) {
        ask(L, "funck", f, k);
        bool is_end = lua_isnil(L, -1);
        if (strcmp(luaL_typename(L, -1), "proto") == 0)
            visit(L, code);
        lua_pop(L, 1);
        if (is_end)
            return;
    }
}

struct find_job {
    struct slice text;
    struct lines *code;
};

static int find_code(lua_State *L)
{
    struct find_job *job = lua_touserdata(L, 1);
    luaL_openlibs(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "jit.util");
    lua_call(L, 1, 1);
    lua_replace(L, 1);
    const char *text = job->text.data ? job->text.data : "";
    if (luaL_loadbufferx(L, text, job->text.len, "=file", "t") != 0)
        return lua_error(L);
    visit(L, job->code);
    return 0;
}

int lines_find_code(struct slice text, struct lines *code, struct err *err)
{
    lua_State *L = luaL_newstate();
    struct find_job job = {text, code};
    if (!L)
        return err_set(err, ERR_NO_MEMORY, "cannot make a LuaJIT state");
    int rc = 0;
    if (lua_cpcall(L, find_code, &job) != 0)
        rc = err_set(err, ERR_SCRIPT, "%s", lua_tostring(L, -1));
    lua_close(L);
    return rc;
}

/* ---- what ran ---- */

struct counted {
    struct map_node node; /* by the file's name */
    struct lines lines;
    char name[];
};

struct line_counter {
    struct map files;
    /* Whose line ran last: a source's text is the same pointer as long as its functions live. */
    const char *source;
    struct counted *file;
};

struct line_counter *line_counter_new(void)
{
    struct line_counter *counter = mem_calloc(1, sizeof(*counter));
    map_init(&counter->files);
    return counter;
}

static void free_file(void *ctx, struct map_node *node)
{
    struct counted *file = container_of(node, struct counted, node);
    map_remove(ctx, node);
    lines_deinit(&file->lines);
    free(file);
}

void line_counter_free(struct line_counter *counter)
{
    if (!counter)
        return;
    map_each(&counter->files, free_file, &counter->files);
    map_deinit(&counter->files);
    free(counter);
}

static struct counted *find_file(struct line_counter *counter, const char *name)
{
    struct map_node *node = map_find(&counter->files, slice_str(name));
    if (node)
        return container_of(node, struct counted, node);
    size_t len = strlen(name);
    struct counted *file = mem_calloc(1, sizeof(*file) + len + 1);
    memcpy(file->name, name, len);
    file->node.key = slice_of(file->name, len);
    map_insert(&counter->files, &file->node);
    return file;
}

/* Allocates nothing of Lua's, and raises nothing. */
static void on_line(lua_State *L, lua_Debug *ar)
{
    struct line_counter *counter = machine_of(L)->spec->counter;
    if (!lua_getinfo(L, "S", ar) || *ar->source != '@' || ar->currentline <= 0)
        return;
    if (ar->source != counter->source) {
        counter->source = ar->source;
        counter->file = find_file(counter, ar->source + 1);
    }
    lines_add(&counter->file->lines, (size_t)ar->currentline);
}

void line_counter_arm(lua_State *L)
{
    lua_sethook(L, on_line, LUA_MASKLINE, 0);
}

const struct lines *line_counter_find(const struct line_counter *counter, struct slice name)
{
    struct map_node *node = map_find(&counter->files, name);
    return node ? &container_of(node, struct counted, node)->lines : NULL;
}

const struct lines *script_lines_run(const struct script_machine *m, struct slice name)
{
    return m->spec && m->spec->counter ? line_counter_find(m->spec->counter, name) : NULL;
}
