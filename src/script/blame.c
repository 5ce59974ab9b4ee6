/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/blame.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "script/bindings.h"
#include "script/excerpt.h"
#include "script/explain.h"
#include "script/machine.h"
#include "script/slips.h"
#include "script/watchdog.h"

#define LEVELS_MAX 200
#define OVERFLOW "stack overflow"
#define ENDLESS "does a function call itself without end?"
#define PARSED_MAX (1u << 20) /* bytes of a file that is worth a tree */

/* Where an error is said to be, and what is said there. */
struct place {
    const struct source *source; /* NULL: nowhere that is known */
    int line;
    struct slice message;
};

/* ---- places ---- */

/* "...end/of/its/path.lua": so Lua shortens long names. */
static bool is_shortened(struct slice shown, struct slice name)
{
    return slice_has_prefix(shown, SLICE_LIT("...")) &&
           slice_has_suffix(name, slice_from(shown, 3));
}

/* Takes "NAME:LINE: " off a message. */
static bool split_place(struct slice text, const struct source *source, struct place *place)
{
    struct slice rest = text, name = source->name;
    if (slice_has_prefix(text, name)) {
        rest = slice_from(text, name.len);
    } else {
        struct slice shown = slice_split(&rest, ':');
        if (!is_shortened(shown, name))
            return false;
        rest = slice_from(text, shown.len);
    }
    char number[16];
    int end = 0, line = 0;
    snprintf(number, sizeof(number), "%.*s", SLICE_FMT(rest));
    if (sscanf(number, ":%d: %n", &line, &end) < 1 || end == 0)
        return false;
    *place = (struct place){source, line, slice_from(rest, (size_t)end)};
    return true;
}

static struct place find_place_in(const struct script_machine *m, struct slice text)
{
    struct place place = {.message = text};
    size_t n = m->sources ? sources_count(m->sources) : 0;
    for (size_t i = 0; i < n; i++)
        if (split_place(text, sources_at(m->sources, i), &place))
            break;
    return place;
}

/* The innermost script's frame; its level, or -1. */
static int find_script(lua_State *L, int from, lua_Debug *ar)
{
    for (int level = from; level < LEVELS_MAX && lua_getstack(L, level, ar); level++) {
        lua_getinfo(L, "Sl", ar);
        if (*ar->source == '@')
            return level;
    }
    return -1;
}

/* Without the "base.lua:59: " that Lua puts before an error in a function of ours. */
static struct slice strip_own_place(lua_State *L, struct slice text)
{
    lua_Debug ar;
    if (!lua_getstack(L, 1, &ar) || !lua_getinfo(L, "Sl", &ar) || *ar.source != '=')
        return text;
    char own[sizeof(ar.short_src) + 16];
    snprintf(own, sizeof(own), "%s:%d: ", ar.short_src, ar.currentline);
    return slice_has_prefix(text, slice_str(own)) ? slice_from(text, strlen(own)) : text;
}

/* Where no script stands any more, what the run began with. */
static struct place find_beginning(lua_State *L)
{
    struct buf text = {0};
    machine_add_place(L, &text);
    struct place place = find_place_in(machine_of(L), buf_slice(&text));
    buf_deinit(&text);
    return place;
}

/* By the message's own words, else where the script is just now. */
static struct place find_place(lua_State *L, struct slice text)
{
    struct script_machine *m = machine_of(L);
    struct place place = find_place_in(m, strip_own_place(L, text));
    lua_Debug ar;
    if (place.source || !m->sources)
        return place;
    if (find_script(L, 1, &ar) < 0) {
        struct slice message = place.message;
        place = find_beginning(L);
        place.message = message;
        return place;
    }
    place.source = sources_find_name(m->sources, slice_str(ar.source + 1));
    place.line = ar.currentline;
    return place;
}

/* The function that isn't a script's and that one called just now. */
static struct slice find_callee(lua_State *L)
{
    lua_Debug ar;
    int level = find_script(L, 1, &ar);
    if (level < 2 || !lua_getstack(L, level - 1, &ar))
        return SLICE_NULL;
    lua_getinfo(L, "n", &ar);
    return slice_str(ar.name);
}

/* ---- a call that was a function's last act ---- */

static struct slice name_of_call(const struct node *call)
{
    if (call->kind == NODE_METHOD)
        return call->name;
    return call->first->kind == NODE_INDEX ? node_key(call->first) : call->first->name;
}

/* `return http.post(…)` has left the stack, and the error is told of the line that the function begins
   on. Where that has one such return, this is the one. */
static void find_tail_call(const struct syntax *s, struct failure *failure)
{
    const struct node *found = NULL, *n = syntax_root(s);
    for (; n && (n->kind != NODE_FUNCTION || n->line != failure->line); n = node_next(n))
        ;
    for (const struct node *function = n; n && node_is_within(n, function); n = node_next(n)) {
        const struct node *call = n->first;
        if (n->kind != NODE_RETURN || !call || call->next || node_function(n) != function ||
            (call->kind != NODE_CALL && call->kind != NODE_METHOD))
            continue;
        if (found)
            return;
        found = call;
    }
    if (!found)
        return;
    failure->line = found->name_line;
    failure->callee = name_of_call(found);
}

/* ---- the text ---- */

static void add_event(struct buf *out, const struct event *event)
{
    if (event)
        buf_printf(out, ", event %.*s (%.*s)", SLICE_FMT(event->id), SLICE_FMT(event->type));
}

/* "transformer NAME of " where one is at work. */
static void add_transformer(lua_State *L, struct buf *out)
{
    struct sources *sources = machine_of(L)->sources;
    lua_Debug ar;
    const struct source *outermost = NULL;
    for (int level = 0; sources && (level = find_script(L, level + 1, &ar)) >= 0;) {
        const struct source *source = sources_find_name(sources, slice_str(ar.source + 1));
        outermost = source && source->kind != SOURCE_LIB ? source : outermost;
    }
    if (outermost && outermost->kind == SOURCE_TRANSFORMER)
        buf_printf(out, "transformer %.*s of ", SLICE_FMT(outermost->module));
}

static void add_context(lua_State *L, const struct script_run *run, struct buf *out)
{
    if (!run->handler && !run->connector)
        return;
    buf_add_str(out, "\n  in ");
    if (run->kind == RUN_ATTEMPT)
        add_transformer(L, out);
    else if (run->kind == RUN_FUNCTION)
        buf_add_str(out,
                    run->function_ref == run->handler->key_ref ? "the key of " : "the filter of ");
    buf_printf(out, "%s %s", run->connector ? "connector" : "handler", run->what);
    add_event(out, run->event);
}

/* The first line and the excerpt. */
static void add_told(struct buf *out, const struct place *place, const struct explanation *e)
{
    buf_printf(out, "%.*s:%d: ", SLICE_FMT(place->source->name), e->mark_line);
    if (!e->is_whole)
        buf_add_slice(out, place->message);
    if (!e->is_whole && e->words.len > 0)
        buf_add_str(out, "; ");
    buf_add_slice(out, buf_slice(&e->words));
    struct buf label = {0};
    if (e->is_whole)
        buf_add_slice(&label, place->message);
    excerpt_add(out, place->source->text, e->mark_line, e->mark, label.data);
    buf_deinit(&label);
}

static void add_syntax_error(const struct place *place, struct buf *out)
{
    struct explanation e = {.mark_line = place->line};
    slips_find_syntax(place->source->text, place->line, place->message, &e.words, &e.mark,
                      &e.mark_line);
    e.is_whole = e.mark.data || e.mark_line != place->line;
    add_told(out, place, &e);
    buf_deinit(&e.words);
}

/* "bad argument #1 to '?'": Lua has no name for what was called last, and the text has. */
static void name_callee(struct slice message, struct slice callee, struct buf *out)
{
    static const char unknown[] = "to '?'";
    const char *at = memmem(message.data, message.len, unknown, sizeof(unknown) - 1);
    size_t end = at ? (size_t)(at - message.data) : message.len;
    buf_add_slice(out, slice_upto(message, end));
    if (at && callee.data)
        buf_printf(out, "to '%.*s'", SLICE_FMT(callee));
    else if (at)
        buf_add_str(out, unknown);
    buf_add_slice(out, slice_from(message, end + (at ? sizeof(unknown) - 1 : 0)));
}

static void add_explained(lua_State *L, const struct place *at, const struct syntax *syntax,
                          struct buf *out)
{
    struct place named = *at;
    struct buf message = {0};
    struct failure failure = {syntax, at->line, at->message, find_callee(L)};
    struct explanation e;
    struct frame frame;
    frame_find(&frame, L, at->source->name, at->line);
    if (!frame.stands)
        find_tail_call(syntax, &failure);
    name_callee(at->message, failure.callee, &message);
    named.message = failure.message = buf_slice(&message);
    explain(&e, &frame, &failure);
    add_told(out, &named, &e);
    buf_deinit(&e.words);
    buf_deinit(&message);
}

static void add_error(lua_State *L, const struct place *place, struct buf *out)
{
    struct slice text = place->source->text;
    struct syntax *syntax = text.len <= PARSED_MAX ? syntax_parse(text) : NULL;
    if (syntax)
        add_explained(L, place, syntax, out);
    else /* of a file that was required, or too large */
        add_syntax_error(place, out);
    syntax_free(syntax);
}

static bool is_overflow(struct slice message)
{
    return memmem(message.data, message.len, OVERFLOW, sizeof(OVERFLOW) - 1);
}

/* A stack that is full has no room for looking around. */
static void add_overflow(const struct place *place, struct buf *out)
{
    struct explanation e = {.mark_line = place->line};
    buf_add_str(&e.words, ENDLESS);
    add_told(out, place, &e);
    buf_deinit(&e.words);
}

static void compose(lua_State *L, const struct script_run *run, struct buf *out)
{
    struct buf raised = {0};
    machine_add_error(L, 1, &raised);
    struct place place = find_place(L, buf_slice(&raised));
    if (!place.source)
        buf_add_slice(out, buf_slice(&raised));
    else if (is_overflow(place.message))
        add_overflow(&place, out);
    else
        add_error(L, &place, out);
    add_context(L, run, out);
    buf_deinit(&raised);
}

/* ---- the handler ---- */

/* note(error) -> error */
static int note(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    struct script_run *run = m->current;
    bool was_lifted = m->memory.is_lifted;
    lua_settop(L, 1);
    if (!run || run->blame.is_kept)
        return 1;
    m->memory.is_lifted = true;
    blame_deinit(&run->blame);
    run->blame.is_noted = true;
    machine_add_traceback(run, &run->blame.frames);
    if (run->pause != PAUSE_VERDICT && !watchdog_is_stopping(m->watchdog) &&
        !machine_is(L, 1, REF_HTTP_ERROR))
        compose(L, run, &run->blame.text);
    m->memory.is_lifted = was_lifted;
    lua_settop(L, 1);
    return 1;
}

static const luaL_Reg host_functions[] = {{"note", note}, {NULL, NULL}};

void blame_open(lua_State *L)
{
    bindings_add_host(L, host_functions);
    lua_getfield(L, LUA_GLOBALSINDEX, "xpcall");
    machine_set(L, REF_PROTECT);
    lua_pushcfunction(L, note);
    machine_set(L, REF_NOTE);
}

void blame_wrap(lua_State *co)
{
    machine_push(co, REF_PROTECT);
    lua_insert(co, 1);
    machine_push(co, REF_NOTE);
    lua_insert(co, 3);
}

bool blame_unwrap(lua_State *co)
{
    bool is_well = lua_toboolean(co, 1);
    lua_remove(co, 1);
    return is_well;
}

/* ---- memory ---- */

void blame_note_memory(struct script_run *run)
{
    blame_deinit(&run->blame);
    machine_add_traceback(run, &run->blame.frames);
}

bool blame_is_memory(const struct script_run *run, lua_State *co)
{
    return !run->blame.is_noted && lua_type(co, -1) == LUA_TSTRING &&
           strcmp(lua_tostring(co, -1), "not enough memory") == 0;
}

/* ---- what was noted ---- */

void blame_add_frames(const struct script_run *run, struct buf *out)
{
    if (run->blame.frames.len > 0)
        buf_add_slice(out, buf_slice(&run->blame.frames));
    else if (!run->blame.is_noted)
        machine_add_traceback(run, out);
}

/* The first of the frames, "\n  FILE:LINE: in …", says where. */
void blame_add_stop(const struct script_run *run, struct buf *out)
{
    struct buf frames = {0};
    blame_add_frames(run, &frames);
    struct place place = find_place_in(run->m, slice_trim(buf_slice(&frames)));
    if (place.source)
        excerpt_add(out, place.source->text, place.line, SLICE_NULL, NULL);
    buf_add_slice(out, buf_slice(&frames));
    buf_deinit(&frames);
}

bool blame_has_way(const struct script_run *run)
{
    const struct buf *frames = &run->blame.frames;
    return frames->len > 0 && memchr(frames->data + 1, '\n', frames->len - 1);
}

/* Where the stack had no room for a handler either, the way there is that to what was called first. */
static void place_overflow(struct script_run *run, struct buf *error)
{
    struct buf frames = {0};
    machine_add_traceback(run, &frames);
    struct place place = find_place_in(run->m, slice_trim(buf_slice(&frames)));
    buf_clear(error);
    if (place.source)
        buf_printf(error, "%.*s:%d: ", SLICE_FMT(place.source->name), place.line);
    buf_add_str(error, OVERFLOW "; " ENDLESS);
    buf_deinit(&frames);
}

void blame_take(struct script_run *run, struct buf *error)
{
    if (run->blame.text.len > 0) {
        buf_clear(error);
        buf_add_slice(error, buf_slice(&run->blame.text));
    } else if (slice_is_equal(buf_slice(error), SLICE_LIT(OVERFLOW))) {
        place_overflow(run, error);
    }
    if (run->kind != RUN_FILE || blame_has_way(run)) /* else a file's own line says it all */
        blame_add_frames(run, error);
}

void blame_deinit(struct blame *blame)
{
    buf_deinit(&blame->text);
    buf_deinit(&blame->frames);
    *blame = (struct blame){0};
}

/* ---- what can't be compiled ---- */

void blame_add_syntax_error(struct script_machine *m, struct slice message, struct buf *out)
{
    struct place place = find_place_in(m, message);
    if (place.source)
        add_syntax_error(&place, out);
    else
        buf_add_slice(out, message);
}
