/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Lua values to JSON, the same bytes for the same value every time. */
#include <math.h>

#include <lauxlib.h>

#include "base/utf8.h"
#include "script/codec.h"
#include "script/document.h"
#include "script/exact.h"
#include "script/instant.h"
#include "script/machine.h"
#include "script/secret.h"
#include "script/watchdog.h"

#define DEPTH_MAX JSON_DEPTH_MAX
/* So many members of an object are kept on Lua's stack while it is written, where that has room: to find
   one by its name costs more than all else. */
#define KEPT_MAX 32
#define STACK_KEPT_MAX 4000
/* A string of so many bytes is measured before it is written: six bytes may stand for one. */
#define MEASURED_LEN 65536
#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

/* Where in the document the encoder is: a chain on the C stack, read when something is wrong. */
struct place {
    const struct place *outer;
    struct slice name; /* of the member; data NULL: an element */
    int element;
};

struct encoder {
    lua_State *L;
    struct script_machine *m;
    struct buf *out;
    struct keys *keys;
    enum codec_mode mode;
    size_t end;       /* bytes that out may come to */
    size_t n_members; /* of all tables so far, each as often as it occurs */
    size_t max;       /* bytes of JSON */
    unsigned depth;
    struct err *err;
};

static int encode_value(struct encoder *e, int index, const struct place *at);

/* ---- what is wrong, and where ---- */

static bool is_plain_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                       (i > 0 && c >= '0' && c <= '9');
        if (!is_word)
            return false;
    }
    return s.len > 0;
}

static void add_place(struct buf *out, const struct place *at)
{
    if (!at)
        return;
    add_place(out, at->outer);
    if (!at->name.data) {
        buf_printf(out, "[%d]", at->element);
    } else if (is_plain_name(at->name)) {
        buf_printf(out, "%s%.*s", out->len > 0 ? "." : "", SLICE_FMT(at->name));
    } else {
        buf_add_char(out, '[');
        json_add_string(out, at->name);
        buf_add_char(out, ']');
    }
}

static int refuse(struct encoder *e, const struct place *at, const char *what)
{
    struct buf path = {0};
    add_place(&path, at);
    if (path.len > 0)
        err_set(e->err, ERR_INVALID, "%.*s: %s", SLICE_FMT(utf8_cut(buf_slice(&path), 200)), what);
    else
        err_set(e->err, ERR_INVALID, "%s", what);
    buf_deinit(&path);
    return -1;
}

/* What there is no JSON for. `rest` follows. */
static int refuse_kind(struct encoder *e, const struct place *at, const char *kind,
                       const char *rest)
{
    struct buf what = {0};
    buf_printf(&what, "%s %s%s", kind,
               e->mode == CODEC_CONFIG ? "can't stand in liaison.lua" : "can't be sent as JSON",
               rest);
    refuse(e, at, what.data);
    buf_deinit(&what);
    return -1;
}

static int refuse_size(struct encoder *e)
{
    bool is_own = e->max < e->m->memory.max;
    return err_set(e->err, is_own ? ERR_INVALID : ERR_NO_MEMORY,
                   "its JSON is larger than %zu bytes", e->max);
}

/* ---- scalars ---- */

static int encode_number(struct encoder *e, int index, const struct place *at)
{
    lua_Number n = lua_tonumber(e->L, index);
    if (n == floor(n) && fabs(n) <= WHOLE_MAX && !(n == 0 && signbit(n))) {
        json_add_integer(e->out, (int64_t)n);
        return 0;
    }
    if (json_add_double(e->out, n) < 0)
        return refuse_kind(e, at, isnan(n) ? "NaN" : "infinity", "");
    return 0;
}

static int encode_text(struct encoder *e, struct slice s, const struct place *at, const char *what)
{
    size_t len = s.len < MEASURED_LEN ? s.len : json_string_len(s);
    if (e->out->len + len > e->end) {
        if (e->mode == CODEC_SHOW && e->out->len < e->end)
            json_add_string(e->out, utf8_cut(s, e->end - e->out->len));
        return refuse_size(e);
    }
    return json_add_checked(e->out, s) ? 0 : refuse(e, at, what);
}

static int encode_string(struct encoder *e, int index, const struct place *at)
{
    struct slice s;
    s.data = lua_tolstring(e->L, index, &s.len);
    return encode_text(e, s, at, "it is not UTF-8 text; encode bytes as base64 or hex");
}

static int encode_secret(struct encoder *e, int index, const struct place *at)
{
    struct slice value = secret_value(e->L, index);
    switch (e->mode) {
    case CODEC_STRICT:
        return refuse(e, at,
                      "a secret can't be part of data; use it in the connector, where it is sent");
    case CODEC_SHOW:
        json_add_string(e->out, SLICE_LIT("***"));
        return 0;
    case CODEC_SECRETS:
        json_add_string(e->out, value);
        return 0;
    case CODEC_CONFIG:
        buf_add_str(e->out, "{\"secret\":");
        json_add_string(e->out, value);
        buf_add_char(e->out, '}');
        return 0;
    }
    return 0;
}

/* ---- tables ---- */

/* What a table holds; its string keys are pushed on e->keys. */
struct shape {
    int table; /* stack index */
    size_t first_key, n_keys;
    size_t n_elements; /* keys that are whole numbers >= 1 */
    bool keeps_values; /* those of the keys stand above the table, in the order of these */
};

static int add_key(struct encoder *e, int index, struct shape *s, const struct place *at)
{
    if (lua_type(e->L, index) == LUA_TSTRING) {
        struct slice key;
        key.data = lua_tolstring(e->L, index, &key.len);
        keys_push(e->keys, key);
        return 0;
    }
    lua_Number n = lua_type(e->L, index) == LUA_TNUMBER ? lua_tonumber(e->L, index) : 0;
    if (!(n >= 1 && n == floor(n)))
        return refuse_kind(e, at, "a name that is neither a string nor a list's position", "");
    s->n_elements++;
    return 0;
}

/* The value on top goes below its key, to stay there, or away. */
static void put_aside(struct encoder *e, struct shape *s)
{
    lua_State *L = e->L;
    s->keeps_values = s->keeps_values && s->n_elements == 0;
    if (!s->keeps_values) {
        lua_pop(L, 1);
        return;
    }
    lua_insert(L, -2);
    if (e->keys->len - s->first_key < KEPT_MAX)
        return;
    s->keeps_values = false;
    lua_replace(L, s->table + 1);
    lua_settop(L, s->table + 1);
}

/* Finds the shape of the table on top. */
static int read_shape(struct encoder *e, struct shape *s, const struct place *at)
{
    lua_State *L = e->L;
    int table = lua_gettop(L);
    *s = (struct shape){.table = table, .first_key = e->keys->len};
    s->keeps_values = table < STACK_KEPT_MAX;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (add_key(e, lua_gettop(L) - 1, s, at) < 0)
            return -1;
        if (++e->n_members > e->max / 2) /* each makes two bytes at least */
            return refuse_size(e);
        put_aside(e, s);
    }
    s->n_keys = e->keys->len - s->first_key;
    if (s->n_keys > 0 && s->n_elements > 0)
        return refuse_kind(e, at, "a table with both names and list positions", "; use two");
    return 0;
}

static int refuse_hole(struct encoder *e, int element, const struct place *at)
{
    struct place hole = {at, SLICE_NULL, element};
    return refuse(e, &hole,
                  "this element of the list is missing (nil); write null where it is meant");
}

static int encode_list(struct encoder *e, const struct shape *s, const struct place *at)
{
    buf_add_char(e->out, '[');
    for (int i = 1; i <= (int)s->n_elements; i++) {
        if (i > 1)
            buf_add_char(e->out, ',');
        lua_rawgeti(e->L, s->table, i);
        if (lua_isnil(e->L, -1))
            return refuse_hole(e, i, at);
        struct place here = {at, SLICE_NULL, i};
        if (encode_value(e, lua_gettop(e->L), &here) < 0)
            return -1;
        lua_pop(e->L, 1);
    }
    buf_add_char(e->out, ']');
    return 0;
}

static int encode_member(struct encoder *e, const struct shape *s, const struct key *key,
                         const struct place *at)
{
    if (s->keeps_values)
        return encode_value(e, s->table + 1 + (int)(key->order - s->first_key), at);
    lua_pushlstring(e->L, key->name.data, key->name.len);
    lua_rawget(e->L, s->table);
    if (encode_value(e, lua_gettop(e->L), at) < 0)
        return -1;
    lua_pop(e->L, 1);
    return 0;
}

static int encode_object(struct encoder *e, const struct shape *s, const struct place *at)
{
    keys_sort(e->keys, s->first_key);
    buf_add_char(e->out, '{');
    for (size_t i = 0; i < s->n_keys; i++) {
        struct key key = e->keys->items[s->first_key + i];
        struct place here = {at, key.name, 0};
        if (i > 0)
            buf_add_char(e->out, ',');
        if (encode_text(e, key.name, at, "a name in it is not UTF-8 text") < 0)
            return -1;
        buf_add_char(e->out, ':');
        if (encode_member(e, s, &key, &here) < 0)
            return -1;
    }
    buf_add_char(e->out, '}');
    return 0;
}

static int encode_table(struct encoder *e, int index, const struct place *at)
{
    if (e->depth >= DEPTH_MAX)
        return refuse(e, NULL, "it is nested deeper than 512 tables; does one contain itself?");
    luaL_checkstack(e->L, KEPT_MAX + 6, "JSON");
    struct slice text;
    if (e->mode == CODEC_SECRETS && document_is_unread(e->L, index, &text)) {
        buf_add_slice(e->out, text); /* within what is sent it leaves as it came */
        return 0;
    }
    document_read(e->L, index);
    bool is_array = machine_is(e->L, index, REF_ARRAY);
    lua_pushvalue(e->L, index);
    struct shape s;
    if (read_shape(e, &s, at) < 0)
        return -1;
    if (is_array && s.n_keys > 0)
        return refuse(e, at, "an array can't have names; it can't be sent as JSON");
    e->depth++;
    int rc = is_array || s.n_elements > 0 ? encode_list(e, &s, at) : encode_object(e, &s, at);
    e->depth--;
    e->keys->len = s.first_key;
    lua_settop(e->L, s.table - 1);
    return rc;
}

bool codec_is_list(lua_State *L, int index)
{
    document_read(L, index);
    if (machine_is(L, index, REF_ARRAY))
        return true;
    lua_pushvalue(L, index);
    lua_pushnil(L);
    if (!lua_next(L, -2)) {
        lua_pop(L, 1);
        return false;
    }
    bool has_positions = lua_type(L, -2) == LUA_TNUMBER;
    lua_pop(L, 3);
    return has_positions;
}

static int refuse_type(struct encoder *e, int index, const struct place *at)
{
    struct buf kind = {0};
    buf_printf(&kind, "a %s", lua_typename(e->L, lua_type(e->L, index)));
    refuse_kind(e, at, kind.data, "");
    buf_deinit(&kind);
    return -1;
}

/* A table may occur in itself, or so often that its text never ends: each value is asked for. */
static int encode_value(struct encoder *e, int index, const struct place *at)
{
    if (e->out->len > e->end)
        return refuse_size(e);
    if (watchdog_is_stopping(e->m->watchdog))
        return refuse(e, at, "stopped");
    switch (lua_type(e->L, index)) {
    case LUA_TBOOLEAN:
        buf_add_str(e->out, lua_toboolean(e->L, index) ? "true" : "false");
        return 0;
    case LUA_TNUMBER:
        return encode_number(e, index, at);
    case LUA_TSTRING:
        return encode_string(e, index, at);
    case LUA_TTABLE:
        return encode_table(e, index, at);
    default:
        break;
    }
    if (codec_is_null(e->L, index)) {
        buf_add_str(e->out, "null");
        return 0;
    }
    if (secret_is(e->L, index))
        return encode_secret(e, index, at);
    if (exact_is(e->L, index)) {
        exact_add(e->L, index, e->out);
        return 0;
    }
    const struct instant *t = instant_at(e->L, index);
    if (t) {
        buf_add_char(e->out, '"');
        instant_add(e->out, *t, 0);
        buf_add_char(e->out, '"');
        return 0;
    }
    return refuse_type(e, index, at);
}

int codec_encode(lua_State *L, int index, enum codec_mode mode, size_t max, const char *root,
                 struct buf *out, struct err *err)
{
    struct script_machine *m = machine_of(L);
    int top = lua_gettop(L);
    size_t first_key = m->keys.len, memory_max = m->memory.max;
    struct encoder e = {.L = L, .m = m, .out = out, .keys = &m->keys, .mode = mode, .err = err};
    struct place at = {NULL, slice_str(root), 0};
    if (index < 0)
        index = top + 1 + index;
    e.max = max == CODEC_MAX || max > memory_max ? memory_max : max;
    e.end = e.max < SIZE_MAX - out->len ? out->len + e.max : SIZE_MAX;
    int rc = encode_value(&e, index, root ? &at : NULL);
    if (rc == 0 && out->len > e.end)
        rc = refuse_size(&e);
    lua_settop(L, top);
    m->keys.len = first_key;
    return rc;
}

void codec_raise(lua_State *L, const char *what, const struct err *err)
{
    if (err->code == ERR_NO_MEMORY)
        machine_raise_memory(L, machine_of(L)->memory.max);
    machine_raise(L, "%s: %s", what, err->message);
}
