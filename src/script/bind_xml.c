/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What xml.* needs of the module xml; the rest is in library/xml.lua. */
#include <string.h>

#include <lauxlib.h>

#include "base/json.h"
#include "modules/xml.h"
#include "script/argument.h"
#include "script/codec.h"
#include "script/library.h"
#include "script/machine.h"
#include "script/module.h"

/* Each level is an array within another; JSON ends at 512. */
#define DEPTH_MAX 500

/* The document as JSON: an element is ["name", {"attribute": "value"}, child …], a text a string. */
struct writer {
    lua_State *L;
    struct buf *out, *text; /* what has come of a text */
};

static void flush_text(struct writer *w)
{
    if (w->text->len == 0)
        return;
    buf_add_char(w->out, ',');
    json_add_string(w->out, buf_slice(w->text));
    buf_clear(w->text);
}

static void on_start(void *ctx, const char *name, const char *const *attributes)
{
    struct writer *w = ctx;
    flush_text(w);
    if (w->out->len > 0)
        buf_add_char(w->out, ',');
    buf_add_char(w->out, '[');
    json_add_string(w->out, slice_str(name));
    struct json_writer members = {.out = w->out, .comma = true};
    json_object_begin(&members, NULL);
    for (; *attributes; attributes += 2)
        json_member_cstr(&members, attributes[0], attributes[1]);
    json_object_end(&members);
}

static void on_end(void *ctx)
{
    struct writer *w = ctx;
    flush_text(w);
    buf_add_char(w->out, ']');
}

static void on_text(void *ctx, const char *text, size_t len)
{
    struct writer *w = ctx;
    buf_add(w->text, text, len);
}

static bool is_too_large(const struct writer *w)
{
    return w->out->len + w->text->len > machine_of(w->L)->memory.max;
}

static bool is_stopping(void *ctx)
{
    const struct writer *w = ctx;
    return machine_is_stopping(w->L) || is_too_large(w);
}

/* parse(text): the tree as above. */
static int parse(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    struct writer w = {L, &m->json, &m->body};
    const struct xml_sink sink = {on_start, on_end, on_text, is_stopping, &w, DEPTH_MAX};
    struct xml_fault fault;
    struct err err = {0};
    lua_settop(L, 1);
    struct slice text = argument_text(L, 1, "xml.decode", "text");
    const struct xml_module *xml = module_find(L, MODULE_XML, "xml.decode");
    buf_clear(w.out);
    buf_clear(w.text);
    if (xml->parse(text.data, text.len, &sink, &fault) < 0) {
        if (is_too_large(&w))
            machine_raise_memory(L, w.out->len);
        machine_raise(L, "xml.decode: line %lu, column %lu: %s", fault.line, fault.column,
                      fault.text);
    }
    if (codec_decode(L, buf_slice(w.out), &err) < 0)
        machine_raise(L, "xml.decode: %s", err.message);
    return 1;
}

static const char *const names[] = {"xml.decode", "xml.encode", NULL};
static const luaL_Reg functions[] = {{"parse", parse}, {NULL, NULL}};
const struct subject subject_xml = {"xml", names, functions, NULL};
