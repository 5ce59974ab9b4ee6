/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/returned.h"

#include <string.h>

#include <lauxlib.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/utf8.h"
#include "script/answer.h"
#include "script/codec.h"
#include "script/machine.h"

/* ---- taking ---- */

struct taking {
    struct script_run *run;
    struct buf *out;
};

static void add_refusal(const struct taking *t, const char *why)
{
    struct buf text = {0};
    buf_printf(&text, "what the connector \"%s\" returned can't be kept: %s", t->run->what, why);
    mask_apply(t->run->m->mask, &text, 0);
    struct json_writer w = {.out = t->out};
    json_object_begin(&w, NULL);
    json_member_string(&w, "refused", buf_slice(&text));
    json_object_end(&w);
    buf_deinit(&text);
}

/* [-0, +0] Adds the body of the answer at `index`, the first of it. */
static void add_body(const struct taking *t, lua_State *L, int index, struct json_writer *w)
{
    struct slice body = SLICE_NULL;
    struct buf start = {0}, encoded = {0};
    lua_pushliteral(L, "body");
    lua_rawget(L, index);
    if (lua_type(L, -1) == LUA_TSTRING)
        body.data = lua_tolstring(L, -1, &body.len);
    answer_add_masked(t->run->m->mask, body, RETURNED_MAX, &start);
    if (slice_is_utf8(buf_slice(&start))) {
        json_member_string(w, "body", buf_slice(&start));
    } else {
        base64_add(&encoded, buf_slice(&start));
        json_member_string(w, "base64", buf_slice(&encoded));
    }
    if (body.len > RETURNED_MAX)
        json_member_bool(w, "cut", true);
    lua_pop(L, 1);
    buf_deinit(&start);
    buf_deinit(&encoded);
}

static void take_answer(const struct taking *t, lua_State *L, int index)
{
    struct json_writer w = {.out = t->out};
    json_object_begin(&w, NULL);
    json_object_begin(&w, "answer");
    lua_pushliteral(L, "status");
    lua_rawget(L, index);
    json_member_integer(&w, "status", (int64_t)lua_tonumber(L, -1));
    lua_pop(L, 1);
    add_body(t, L, index, &w);
    json_object_end(&w);
    json_object_end(&w);
}

static void take_value(const struct taking *t, lua_State *L, int index)
{
    struct err err = {0};
    size_t from = t->out->len;
    buf_add_str(t->out, "{\"value\":");
    int rc = codec_encode(L, index, CODEC_STRICT, RETURNED_MAX, "result", t->out, &err);
    buf_add_char(t->out, '}');
    mask_apply(t->run->m->mask, t->out, from);
    /* A secret that is a number, or part of one, leaves no JSON behind. */
    if (rc == 0)
        rc = json_check(slice_from(buf_slice(t->out), from), NULL);
    if (rc == 0)
        return;
    buf_truncate(t->out, from);
    add_refusal(t, *err.message ? err.message : "there is a secret in it");
}

/* take(value, taking), protected. */
static int take(lua_State *L)
{
    const struct taking *t = lua_touserdata(L, 2);
    if (machine_is(L, 1, REF_ANSWER))
        take_answer(t, L, 1);
    else
        take_value(t, L, 1);
    return 0;
}

void returned_take(struct script_run *run, struct buf *out)
{
    struct script_machine *m = run->m;
    lua_State *L = m->L;
    struct taking t = {run, out};
    size_t from = out->len;
    if (lua_gettop(run->co) == 0 || lua_isnil(run->co, 1))
        return;
    bool was_lifted = m->memory.is_lifted;
    m->memory.is_lifted = true;
    lua_pushcfunction(L, take);
    lua_pushvalue(run->co, 1);
    lua_xmove(run->co, L, 1);
    lua_pushlightuserdata(L, &t);
    if (lua_pcall(L, 2, 0, 0) != 0) {
        lua_pop(L, 1);
        buf_truncate(out, from);
        add_refusal(&t, "there is no memory left for it");
    }
    m->memory.is_lifted = was_lifted;
}

/* ---- giving ---- */

/* [-0, +1, e] Pushes a decoded string, or bytes from base64. */
static void push_bytes(lua_State *L, struct slice value, bool is_base64)
{
    struct script_machine *m = machine_of(L);
    buf_clear(&m->text);
    buf_clear(&m->body);
    if (json_get_string(value, &m->text) < 0 ||
        (is_base64 && base64_parse(buf_slice(&m->text), &m->body) < 0))
        machine_raise(L, "await: what the connector returned can't be read back");
    struct slice bytes = buf_slice(is_base64 ? &m->body : &m->text);
    lua_pushlstring(L, bytes.data ? bytes.data : "", bytes.len);
}

static void push_answer(lua_State *L, struct slice answer)
{
    struct slice value;
    int64_t status = 0;
    lua_createtable(L, 0, 3);
    if (json_get(answer, "status", &value) && json_get_integer(value, &status) == 0) {
        lua_pushinteger(L, (lua_Integer)status);
        lua_setfield(L, -2, "status");
    }
    bool is_base64 = json_get(answer, "base64", &value);
    if (is_base64 || json_get(answer, "body", &value)) {
        push_bytes(L, value, is_base64);
        lua_setfield(L, -2, "body");
    }
    if (json_get(answer, "cut", &value)) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "cut");
    }
    machine_mark(L, lua_gettop(L), REF_ANSWER);
}

void returned_push(lua_State *L, struct slice text)
{
    struct slice value;
    struct err err = {0};
    if (!text.data) {
        lua_pushboolean(L, 1);
    } else if (json_get(text, "answer", &value)) {
        push_answer(L, value);
    } else if (json_get(text, "refused", &value)) {
        push_bytes(L, value, false);
        machine_raise(L, "await: %s", lua_tostring(L, -1));
    } else if (!json_get(text, "value", &value) || codec_decode(L, value, &err) < 0) {
        machine_raise(L, "await: what the connector returned can't be read back");
    }
}
