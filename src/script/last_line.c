/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/last_line.h"

#include "script/excerpt.h"
#include "script/machine.h"
#include "script/sources.h"

/* The `end` of a function of several lines, at which each of its ways ends. */
static bool is_closing(const lua_Debug *ar)
{
    return ar->currentline == ar->lastlinedefined && ar->linedefined != ar->lastlinedefined;
}

/* Allocates nothing of Lua's, and raises nothing. */
static void on_line(lua_State *L, lua_Debug *ar)
{
    struct script_run *run = machine_of(L)->current;
    if (!run || !lua_getinfo(L, "S", ar) || *ar->source != '@' || is_closing(ar))
        return;
    run->last_source =
        ar->source + 1; /* a function's own, which stands until the machine is freed */
    run->last_line = ar->currentline;
}

void script_note_lines(struct script_machine *m, bool notes)
{
    m->notes_lines = notes;
    if (!notes)
        lua_sethook(m->L, NULL, 0, 0);
}

void last_line_arm(lua_State *L)
{
    lua_sethook(L, on_line, LUA_MASKLINE, 0);
}

void last_line_add(const struct script_run *run, struct buf *out)
{
    const struct source *source =
        run->last_source ? sources_find_name(run->m->sources, slice_str(run->last_source)) : NULL;
    if (!source)
        return;
    buf_printf(out, "%s:%d", run->last_source, run->last_line);
    excerpt_add(out, source->text, run->last_line, SLICE_NULL, NULL);
}
